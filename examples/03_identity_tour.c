/* Which layers and blocks can be the identity map? Every layer kind and block variant, on R^n, on x >= 0 and on the
   box [-1, 1], in f32 and f64.
   Usage: 03_identity_tour            for people: status, error, price, one sentence for each refusal
          03_identity_tour --csv      kind,variant,domain,dtype,status,error_max,bound,reason
          03_identity_tour --table    the table of docs/identity.md: statuses alone */
#include <deepid/deepid.h>

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

static int32_t tour(deepid_ctx *ctx, show_fn show)
{
    for (int64_t i = 0; i < deepid_identity_entry_count(); i++) {
        for (int k = 0; k < 6; k++) {
            char options[64];
            deepid_identity *answer = NULL;
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

int main(int argc, char **argv)
{
    deepid_ctx *ctx = NULL;
    show_fn show = show_line;
    if (argc > 2 || (argc == 2 && strcmp(argv[1], "--csv") != 0 && strcmp(argv[1], "--table") != 0)) {
        fprintf(stderr, "03_identity_tour: expected nothing, --csv or --table\n");
        return 2;
    }
    if (argc == 2 && strcmp(argv[1], "--csv") == 0) {
        show = show_csv;
        puts("kind,variant,domain,dtype,status,error_max,bound,reason");
    } else if (argc == 2) {
        show = show_cell;
        puts("| kind | form | block | R^n | x >= 0 | [-1, 1] |\n| --- | --- | --- | --- | --- | --- |");
    }
    if (deepid_ctx_create(&ctx) != DEEPID_OK)
        return 1;
    const int32_t status = tour(ctx, show);
    if (status != DEEPID_OK)
        fprintf(stderr, "%s\n", deepid_ctx_error(ctx));
    deepid_ctx_destroy(ctx);
    return status != DEEPID_OK;
}
