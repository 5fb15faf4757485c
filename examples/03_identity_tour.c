/* Which layers and blocks can be the identity map? Every layer kind and block variant, on R^n, on x >= 0 and on the
   box [-1, 1], in f32 and f64; or one block of your own behind a net of your own. Installed as deepid-tour.
   Usage: 03_identity_tour            for people: status, error, price, one sentence for each refusal
          03_identity_tour --csv      kind,variant,domain,dtype,status,error_max,bound,reason
          03_identity_tour --table    the table of docs/identity.md: statuses alone
          03_identity_tour --help     the rest */
#include "common/flags.h"
#include "common/open.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const domains[] = {"real", "orthant", "box"};
static const char *const dtypes[] = {"f32", "f64"};

typedef void (*show_fn)(int64_t entry, const char *domain, const char *dtype, deepid_identity *answer);

static void show_csv(int64_t i, const char *domain, const char *dtype, deepid_identity *answer)
{
    char bound[16];
    snprintf(bound, sizeof bound, "bound_%s", dtype);
    const char *variant = deepid_identity_entry_variant(i);
    const char *quote = strchr(variant, ',') ? "\"" : "";
    printf("%s,%s%s%s,%s,%s,%s,%.17g,%.17g,%s\n", deepid_identity_entry_kind(i), quote, variant, quote, domain, dtype,
           deepid_identity_status_word(deepid_identity_status(answer)), fabs(deepid_identity_error(answer)),
           fabs(deepid_identity_number(answer, bound)), deepid_identity_reason_word(deepid_identity_reason(answer)));
}

static void show_line(int64_t i, const char *domain, const char *dtype, deepid_identity *answer)
{
    if (strcmp(dtype, "f64") == 0)
        return;
    printf("%-14s %-28s %-8s ", deepid_identity_entry_kind(i), deepid_identity_entry_variant(i), domain);
    if (deepid_identity_status(answer) == DEEPID_IDENTITY_N) {
        printf("N      %s\n", strchr(deepid_identity_sentence(answer), ' ') + 1);
        return;
    }
    printf("%-6s %-12s error f32 %-8.2g f64 %-8.2g sharpness %-8.2g kinks %3.0f %%%s%s%s\n",
           deepid_identity_status_word(deepid_identity_status(answer)), deepid_identity_construction(answer),
           deepid_identity_number(answer, "error_f32"), deepid_identity_number(answer, "error_f64"),
           deepid_identity_number(answer, "sharpness"), 100 * deepid_identity_number(answer, "kink_mass"),
           deepid_identity_number(answer, "dead_saddle") > 0 ? ", dead saddle" : "",
           deepid_identity_number(answer, "border_safe") > 0 ? "" : ", not at zero-padded borders",
           deepid_identity_number(answer, "train_exact") > 0 ? "" : ", evaluation mode only");
}

/* One row an entry: a status a domain, the reason with N. */
static void show_cell(int64_t i, const char *domain, const char *dtype, deepid_identity *answer)
{
    if (strcmp(dtype, "f64") == 0)
        return;
    if (strcmp(domain, domains[0]) == 0)
        printf("| %s | %s | `%s` |", deepid_identity_entry_kind(i), deepid_identity_entry_variant(i),
               deepid_identity_entry_block(i));
    const int32_t reason = deepid_identity_reason(answer);
    printf(" %s%s%s |%s", deepid_identity_status_word(deepid_identity_status(answer)), reason ? " " : "",
           reason ? deepid_identity_reason_word(reason) : "", strcmp(domain, domains[2]) == 0 ? "\n" : "");
}

/* kind NULL: all */
static int32_t tour(deepid_ctx *ctx, show_fn show, const char *kind)
{
    for (int64_t i = 0; i < deepid_identity_entry_count(); i++) {
        for (int k = 0; k < 6; k++) {
            char options[64];
            deepid_identity *answer = NULL;
            if (kind && strcmp(kind, deepid_identity_entry_kind(i)) != 0)
                continue;
            snprintf(options, sizeof options, "domain=%s dtype=%s", domains[k / 2], dtypes[k % 2]);
            const int32_t status = deepid_identity_entry_examine(ctx, i, options, &answer);
            if (status != DEEPID_OK)
                return status;
            show(i, domains[k / 2], dtypes[k % 2], answer);
            deepid_identity_destroy(answer);
        }
    }
    return DEEPID_OK;
}

/* ---- a net of the caller's --------------------------------------------------------------------- */

typedef struct {
    const char *kind, *net, *block, *data, *ask;
    int64_t where;
    bool csv, table;
} options;

static void show_answer(deepid_identity *answer)
{
    puts(deepid_identity_sentence(answer));
    for (int64_t i = 0; deepid_identity_number_word(i); i++) {
        const char *word = deepid_identity_number_word(i);
        const double number = deepid_identity_number(answer, word);
        if (!isnan(number))
            printf("  %-15s %-12.5g %s\n", word, number, deepid_identity_number_help(word));
    }
}

/* Without data the answer is about drawn values of a domain: all numbers, unless --ask says which. */
static int32_t examine(deepid_ctx *ctx, const options *o)
{
    deepid_net *net = NULL;
    deepid_dataset *data = NULL;
    deepid_dataset *other = NULL;
    deepid_identity *answer = NULL;
    const char *ask = o->ask ? o->ask : o->data ? "" : "domain=real";
    int32_t status = open_net(ctx, o->net, &net);
    if (status == DEEPID_OK && o->data)
        status = deepid_dataset_open(ctx, o->data, 77, &data, &other);
    if (status == DEEPID_OK) {
        const int64_t where = o->where < 0 ? deepid_net_block_count(net) : o->where;
        status = deepid_identity_examine_with(net, where, o->block, data, ask, &answer);
    }
    if (status == DEEPID_OK)
        show_answer(answer);
    deepid_identity_destroy(answer);
    deepid_dataset_destroy(other);
    deepid_dataset_destroy(data);
    deepid_net_destroy(net);
    return status;
}

/* ---- the command line -------------------------------------------------------------------------- */

/* Entries of one kind stand together: the next kind is where it changes. */
static const char *kind_word(int64_t i)
{
    int64_t entry = 0;
    for (int64_t k = 0; entry < deepid_identity_entry_count(); entry++) {
        const bool first =
            entry == 0 || strcmp(deepid_identity_entry_kind(entry), deepid_identity_entry_kind(entry - 1)) != 0;
        if (first && k++ == i)
            return deepid_identity_entry_kind(entry);
    }
    return NULL;
}

#define AT(member) .place = offsetof(options, member)

static const flag flags[] = {
    {"csv", NULL, "kind,variant,domain,dtype,status,error_max,bound,reason", AT(csv)},
    {"table", NULL, "the statuses alone, as a table of Markdown", AT(table)},
    {"kind", "WORD", "this kind of layer or block alone", AT(kind), .known = kind_word},
    {"net", "NET", "a net of your own: its text, NAME.safetensors or NAME.onnx", AT(net)},
    {"block", "BLOCK", "can this be the identity there: \"plain { dense out=16; tanh; dense out=16 }\"", AT(block)},
    {"where", "N", "behind block N of the net, 0: in front of the first (the last)", AT(where), 0, 1000000000},
    {"data", "SPEC", "on the values that these samples have there, as for deepid-study (all numbers)", AT(data)},
    {"ask", "OPTIONS", "what is asked: \"domain=box low=-1 high=1 dtype=f64\"; docs/identity.md", AT(ask)},
    {NULL},
};

static const program self = {
    .usage = "[--csv | --table] [--kind WORD]\n--net NET --block BLOCK [--where N] [--data SPEC] [--ask OPTIONS]",
    .about = "Which layers and blocks can be the identity map: every kind and variant, or one behind a net of your "
             "own.\nStatuses: E_BIT to the bit, E exact but for rounding, A as near as wanted, F near, N not.",
    .ends = "0 done, 1 failed, 2 wrong use",
    .flags = flags,
};

/* -1: fine; else the exit code */
static int check(const options *o)
{
    bool known = !o->kind;
    for (int64_t i = 0; !known && kind_word(i); i++)
        known = strcmp(kind_word(i), o->kind) == 0;
    if (!known)
        return wrong("--kind: there is no '%s'; --kind help lists the words", o->kind);
    if (!o->net != !o->block)
        return wrong("give --net and --block together");
    if (o->net && (o->csv || o->table || o->kind))
        return wrong("give --net and --block, or --csv, --table, --kind");
    if (o->csv && o->table)
        return wrong("give --csv or --table, not both");
    if (!o->net && (o->data || o->ask || o->where >= 0))
        return wrong("--%s is about a net: give --net and --block", o->data ? "data" : o->ask ? "ask" : "where");
    return -1;
}

static int32_t run(deepid_ctx *ctx, const options *o)
{
    if (o->net)
        return examine(ctx, o);
    if (o->csv)
        puts("kind,variant,domain,dtype,status,error_max,bound,reason");
    if (o->table)
        puts("| kind | form | block | R^n | x >= 0 | [-1, 1] |\n| --- | --- | --- | --- | --- | --- |");
    return tour(ctx, o->csv ? show_csv : o->table ? show_cell : show_line, o->kind);
}

int main(int argc, char **argv)
{
    options o = {.where = -1};
    deepid_ctx *ctx = NULL;
    int code = flags_read(&self, argc, argv, &o);
    code = code >= 0 ? code : check(&o);
    if (code >= 0)
        return code;
    const int32_t status = deepid_ctx_create(&ctx) == DEEPID_OK ? run(ctx, &o) : DEEPID_ERR_MEMORY;
    if (status != DEEPID_OK)
        wrong("%s", ctx ? deepid_ctx_error(ctx) : "no memory");
    deepid_ctx_destroy(ctx);
    return printed(status == DEEPID_OK ? DONE : o.net ? USAGE : FAILED);
}
