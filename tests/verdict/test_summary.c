/* What the runs of a study come to, from a table made by hand: three seeds, of which D diverges at one. */
#include "support/support.h"

#include "verdict/summary.h"

#include <math.h>

static const struct {
    const char *arm;
    double seed, train, valid;
    int diverged;
} runs[] = {{"S", 3, 0.1, 0.3, 0}, {"S", 1, 0.2, 0.3, 0}, {"S", 2, 0.3, 0.4, 0},  {"D", 1, 0.6, 0.9, 0},
            {"D", 2, 0.7, 1.0, 0}, {"D", 3, 9, 9, 1},     {"WT", 2, 0.1, 0.2, 0}, {"x", 1, 0.4, 0.5, 0},
            {"x", 2, 0.4, 0.5, 0}, {"x", 3, 0.4, 0.5, 0}};
enum { RUNS = sizeof runs / sizeof *runs };

static deepid_table *make_results(deepid_ctx *ctx)
{
    deepid_table *table = NULL;
    OK(deepid_table_create(ctx, "arm", "seed,train_loss,valid_loss,diverged", &table));
    for (int i = 0; i < RUNS; i++) {
        const double row[] = {runs[i].seed, runs[i].train, runs[i].valid, runs[i].diverged};
        OK(deepid_table_append(table, runs[i].arm, row));
    }
    return table;
}

/* m = 0.05 (1 - 0.2), the median of S being 0.2 */
static void seeds_and_margin_come_from_the_table(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_table *results = make_results(ctx);
    dpid_summary s;
    OK(dpid_summary_make(ctx, results, 1, (double)NAN, NULL, &s));
    assert_int_equal(s.seeds, 3);
    assert_true(s.seed[0] == 1 && s.seed[1] == 2 && s.seed[2] == 3);
    assert_true(fabs(s.margin - 0.04) < 1e-15);
    const double *deep = dpid_arm_values(&s, "D", "train_loss");
    assert_true(deep[0] == 0.6 && deep[1] == 0.7 && isinf(deep[2]));
    assert_null(dpid_arm_values(&s, "D64", "train_loss"));
    const dpid_spread spread = dpid_spread_of(3, deep);
    assert_true(spread.runs == 3 && spread.finite == 2 && spread.lowest == 0.6 && isinf(spread.highest));
    dpid_summary_release(&s);
    deepid_table_destroy(results);
    deepid_ctx_destroy(ctx);
}

/* Overfitting: (0.9 - 0.6) - (0.3 - 0.2) at seed 1, (1 - 0.7) - (0.4 - 0.3) at seed 2. */
static void the_gap_of_gaps_is_a_median_over_seeds(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_table *results = make_results(ctx);
    dpid_summary s;
    OK(dpid_summary_make(ctx, results, 1, (double)NAN, NULL, &s));
    assert_true(fabs(dpid_gap_of_gaps(&s, "S", "D") - 0.2) < 1e-12);
    dpid_summary_release(&s);
    deepid_table_destroy(results);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds_and_margin_come_from_the_table),
        cmocka_unit_test(the_gap_of_gaps_is_a_median_over_seeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
