/* A trained net made deeper, with the proof that it computes the same.   deepid-deepen --help

   The added blocks are the identity, so the deeper net has the loss of the given one: training that leaves a net of
   that depth worse was not short of a solution. As a program to read: 04_deepen.c; a guide: docs/deepen.md. */
#include "common/flags.h"
#include "common/open.h"

#include <signal.h>
#include <stdio.h>

typedef struct {
    const char *net, *block, *how, *data, *normalise, *certificate, *out, *verify;
    int64_t where, count, samples;
    bool on_data;
} options;

#define AT(member) .place = offsetof(options, member)

enum { MOST = 1000000000 };

static const flag flags[] = {
    {"block", "BLOCK", "what is added: \"plain { dense out=16; relu }\"; for pictures also a word, identity",
     AT(block)},
    {"count", "N", "how many (1)", AT(count), 1, MOST},
    {"where", "N", "behind block N, 0: in front of the first (the last); -1: as place= of --how says", AT(where), -1,
     MOST},
    {"how", "WORDS", "what the new blocks are (witness)", AT(how), .known = deepid_deepen_word,
     .says = deepid_deepen_help},
    {"data", "SPEC", "samples, as for deepid-study: both nets run on them, and are compared", AT(data)},
    {"normalise", "HOW", "feature | channel | global | \"scale by=X\", as the net was trained (none)", AT(normalise)},
    {"samples", "N", "that many of them, drawn", AT(samples), 1, MOST},
    {"on-data", NULL, "ask for the identity only on what flows on the samples", AT(on_data)},
    {"out", "FILE", "the deeper net, NAME.safetensors or NAME.onnx (deeper.safetensors)", AT(out)},
    {"certificate", "FOLDER", "keep both nets and every number of the comparison", AT(certificate)},
    {"verify", "FOLDER", "replay a certificate on the samples of --data instead", AT(verify)},
    {NULL},
};

static const program self = {
    .usage = "NET --block BLOCK [flags]\n--verify FOLDER --data SPEC [flags]",
    .about = "Makes a trained net deeper by blocks that are the identity, and shows on samples that it computes the "
             "same.",
    .names = "  NET                  a trained net: NAME.safetensors of deepid, or NAME.onnx\n",
    .ends = "0 done, 1 failed, or a replay differs, 2 wrong use",
    .flags = flags,
    .place = offsetof(options, net),
    .most = 1,
};

#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        const int32_t status_ = (call);                                                                                \
        if (status_ != DEEPID_OK)                                                                                      \
            return status_;                                                                                            \
    } while (0)

typedef struct {
    deepid_ctx *ctx;
    deepid_net *net, *deeper;
    deepid_dataset *data;
    deepid_certificate *certificate;
    deepid_table *differences;
} work;

static int32_t open_data(const options *o, work *w)
{
    deepid_dataset *other = NULL;
    deepid_dataset *part = NULL;
    const uint64_t seed = 77; /* of generators, as deepid-study has it */
    const int32_t status = deepid_dataset_open(w->ctx, o->data, seed, &w->data, &other);
    deepid_dataset_destroy(other);
    TRY(status);
    TRY(deepid_dataset_normalize(w->data, o->normalise, w->data));
    if (o->samples == 0)
        return DEEPID_OK;
    TRY(deepid_dataset_sample(w->data, o->samples, 1, &part));
    deepid_dataset_destroy(w->data);
    w->data = part;
    return DEEPID_OK;
}

static int32_t certify(const options *o, work *w)
{
    TRY(deepid_certificate_create(w->net, w->deeper, w->data, &w->certificate));
    printf("%s\n", deepid_certificate_sentence(w->certificate));
    if (!o->certificate)
        return DEEPID_OK;
    TRY(deepid_certificate_write(w->certificate, o->certificate));
    printf("certificate: %s\n", o->certificate);
    return DEEPID_OK;
}

static int32_t deepen(const options *o, work *w)
{
    enum { LAST = -2 };
    TRY(open_net(w->ctx, o->net, &w->net));
    const int64_t where = o->where == LAST ? deepid_net_block_count(w->net) : o->where;
    if (o->on_data)
        TRY(deepid_net_deepen_on(w->net, w->data, where, o->block, o->count, o->how, &w->deeper));
    else
        TRY(deepid_net_deepen(w->net, where, o->block, o->count, o->how, &w->deeper));
    TRY(o->data ? certify(o, w) : DEEPID_OK);
    TRY(save_net(w->deeper, o->out));
    printf("net: %s\n", o->out);
    return DEEPID_OK;
}

/* Leaves a row for each number that differs. */
static int32_t verify(const options *o, work *w)
{
    TRY(deepid_certificate_verify(w->ctx, o->verify, w->data, &w->differences));
    const int64_t rows = deepid_table_rows(w->differences);
    printf("%lld numbers differ from the certificate.\n", (long long)rows);
    if (rows)
        printf("%s", deepid_table_text(w->differences));
    return DEEPID_OK;
}

static int32_t run(const options *o, work *w)
{
    TRY(o->data ? open_data(o, w) : DEEPID_OK);
    return o->verify ? verify(o, w) : deepen(o, w);
}

/* -1: fine; else the exit code */
static int check(const options *o)
{
    static const char more[] = "try deepid-deepen --help";
    if (o->verify && !o->data)
        return wrong("--verify needs the samples: --data SPEC; %s", more);
    if (o->verify)
        return o->net || o->block ? wrong("give NET and --block, or --verify; %s", more) : -1;
    if (!o->net || !o->block)
        return wrong("a net and --block are needed; %s", more);
    if (!o->data && (o->on_data || o->certificate))
        return wrong("--%s needs samples: --data SPEC; %s", o->on_data ? "on-data" : "certificate", more);
    return -1;
}

/* Words of the caller's that the library refuses are wrong use; the rest failed. */
static int exit_code(int32_t status)
{
    const bool usage = status == DEEPID_ERR_ARGUMENT || status == DEEPID_ERR_SPEC || status == DEEPID_ERR_SHAPE ||
                       status == DEEPID_ERR_UNSUPPORTED;
    return status == DEEPID_OK ? DONE : usage ? USAGE : FAILED;
}

int main(int argc, char **argv)
{
    options o = {.how = "witness", .normalise = "none", .out = "deeper.safetensors", .where = -2, .count = 1};
    work w = {0};
    int code = flags_read(&self, argc, argv, &o);
    code = code >= 0 ? code : check(&o);
    if (code >= 0)
        return code;
    signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is an error of writing, with a sentence */
    const int32_t status = deepid_ctx_create(&w.ctx) == DEEPID_OK ? run(&o, &w) : DEEPID_ERR_MEMORY;
    if (status != DEEPID_OK)
        wrong("%s", w.ctx ? deepid_ctx_error(w.ctx) : "no memory");
    code = w.differences && deepid_table_rows(w.differences) ? FAILED : exit_code(status);
    deepid_table_destroy(w.differences);
    deepid_certificate_destroy(w.certificate);
    deepid_net_destroy(w.deeper);
    deepid_net_destroy(w.net);
    deepid_dataset_destroy(w.data);
    deepid_ctx_destroy(w.ctx);
    return printed(code);
}
