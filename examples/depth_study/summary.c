/* The table on the terminal: every arm, medians and ranges over seeds. */
#include "depth_study.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- over seeds ---------------------------------------------------------------------------- */

typedef struct {
    double median, low, high;
} spread;

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return isnan(x) || isnan(y) ? isnan(x) - isnan(y) : (x > y) - (x < y);
}

static spread spread_of(const double *values, int64_t n)
{
    if (n == 0)
        return (spread){NAN, NAN, NAN};
    double *sorted = malloc(sizeof *sorted * (size_t)n);
    memcpy(sorted, values, sizeof *sorted * (size_t)n);
    qsort(sorted, (size_t)n, sizeof *sorted, ascending);
    const spread s = {(sorted[(n - 1) / 2] + sorted[n / 2]) / 2, sorted[0], sorted[n - 1]};
    free(sorted);
    return s;
}

/* values[seed] of column for one arm; returns how many. */
static int64_t seed_values(const deepid_table *results, int64_t arm, const char *column, double *values)
{
    const int64_t arm_column = deepid_table_find_column(results, "arm");
    const int64_t value_column = deepid_table_find_column(results, column);
    int64_t n = 0;
    for (int64_t row = 0; row < deepid_table_rows(results); row++)
        if ((int64_t)deepid_table_get(results, row, arm_column) == arm)
            values[n++] = deepid_table_get(results, row, value_column);
    return n;
}

/* ---- the table on the terminal ------------------------------------------------------------------------ */

static void print_arm(deepid_study *study, const deepid_table *results, int64_t arm)
{
    static const char *const columns[] = {"train_loss", "train_error", "valid_loss", "valid_error"};
    double *values = calloc((size_t)deepid_study_number(study, "seeds"), sizeof *values);
    int64_t n = seed_values(results, arm, columns[0], values);
    if (n > 0)
        printf("%-24s %5lld", deepid_study_arm_word(study, arm), (long long)deepid_study_arm_depth(study, arm));
    for (int k = 0; n > 0 && k < 4; k++) {
        n = seed_values(results, arm, columns[k], values);
        for (int64_t i = 0; i < n && k % 2; i++)
            values[i] = 100 * (1 - values[i]); /* accuracy in per cent */
        const spread s = spread_of(values, n);
        printf(k % 2 ? "  %5.1f [%5.1f, %5.1f]" : "  %9.3g [%8.3g, %8.3g]", s.median, s.low, s.high);
    }
    if (n > 0)
        printf("\n");
    free(values);
}

void summary_print(deepid_study *study, const deepid_table *results)
{
    printf("median [lowest, highest] over %g seeds\n", deepid_study_number(study, "seeds"));
    printf("%-24s %5s  %30s  %20s  %30s  %20s\n", "arm", "depth", "training loss", "training accuracy %",
           "validation loss", "validation acc. %");
    for (int64_t arm = 0; arm < deepid_study_arm_count(study); arm++)
        print_arm(study, results, arm);
}
