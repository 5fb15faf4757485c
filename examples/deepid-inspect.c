/* Look into a net with one probe.   deepid-inspect NET --data SPEC --probe "WORD OPTIONS" [--csv FILE]

   A word in, a table out: what flows, what gradients do, what number formats make of them. docs/probes.md has them
   all. */
#include "common/flags.h"
#include "common/open.h"

#include <signal.h>
#include <stdio.h>

typedef struct {
    const char *net, *data, *normalise, *probe, *csv;
    bool quiet;
} options;

#define AT(member) .place = offsetof(options, member)

static const flag flags[] = {
    {"data", "SPEC", "samples, as for deepid-study: \"spirals n=256\"", AT(data)},
    {"normalise", "HOW", "feature | channel | global | \"scale by=X\", as the net was trained (none)", AT(normalise)},
    {"probe", "WORDS", "a probe and its options (signal)", AT(probe), .known = deepid_probe_word,
     .says = deepid_probe_help},
    {"csv", "FILE", "the table, to a file as well", AT(csv)},
    {"quiet", NULL, "nothing on standard output", AT(quiet), .letter = 'q'},
    {NULL},
};

static const program self = {
    .usage = "NET --data SPEC [--probe WORDS] [--csv FILE] [-q]",
    .about = "Looks into a net with one probe and prints its table.",
    .names = "  NET                  NAME.safetensors of deepid, NAME.onnx, or the text of a net, started by he\n",
    .ends = "0 done, 1 failed, 2 wrong use",
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
    deepid_net *net;
    deepid_dataset *data, *valid;
    deepid_table *table;
} work;

static int32_t inspect(const options *o, work *w)
{
    const uint64_t seed = 77; /* of generators, as deepid-study has it */
    TRY(open_net(w->ctx, o->net, &w->net));
    TRY(deepid_dataset_open(w->ctx, o->data, seed, &w->data, &w->valid));
    TRY(deepid_dataset_normalize(w->data, o->normalise, w->data));
    TRY(deepid_net_inspect(w->net, w->data, o->probe, &w->table));
    if (!o->quiet)
        printf("%s", deepid_table_text(w->table));
    return o->csv ? deepid_table_write_csv(w->table, o->csv) : DEEPID_OK;
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
    options o = {.probe = "signal", .normalise = "none"};
    work w = {0};
    const int code = flags_read(&self, argc, argv, &o);
    if (code >= 0)
        return code;
    if (!o.net || !o.data)
        return wrong("a net and --data are needed; try deepid-inspect --help");
    signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is an error of writing, with a sentence */
    const int32_t status = deepid_ctx_create(&w.ctx) == DEEPID_OK ? inspect(&o, &w) : DEEPID_ERR_MEMORY;
    if (status != DEEPID_OK)
        wrong("%s", w.ctx ? deepid_ctx_error(w.ctx) : "no memory");
    deepid_table_destroy(w.table);
    deepid_dataset_destroy(w.valid);
    deepid_dataset_destroy(w.data);
    deepid_net_destroy(w.net);
    deepid_ctx_destroy(w.ctx);
    return printed(exit_code(status));
}
