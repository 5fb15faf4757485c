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

/* Without validation samples the last two are empty. */
static int shown_columns(const deepid_study *study)
{
    return deepid_study_number(study, "valid_samples") > 0 ? 4 : 2;
}

/* ---- the table on the terminal ------------------------------------------------------------------------ */

/* A net that diverged has no accuracy. */
static void print_cell(FILE *to, double value, bool accuracy, int width)
{
    if (isnan(value))
        fprintf(to, "%*s", width, "-");
    else
        fprintf(to, accuracy ? "%*.1f" : "%*.3g", width, value);
}

static void print_spread(FILE *to, spread s, bool accuracy)
{
    fprintf(to, "  ");
    print_cell(to, s.median, accuracy, accuracy ? 5 : 9);
    fprintf(to, " [");
    print_cell(to, s.low, accuracy, accuracy ? 5 : 8);
    fprintf(to, ", ");
    print_cell(to, s.high, accuracy, accuracy ? 5 : 8);
    fprintf(to, "]");
}

static void print_arm(FILE *to, deepid_study *study, const deepid_table *results, int64_t arm)
{
    static const char *const columns[] = {"train_loss", "train_error", "valid_loss", "valid_error"};
    double *values = calloc((size_t)deepid_study_number(study, "seeds"), sizeof *values);
    int64_t n = seed_values(results, arm, columns[0], values);
    if (n > 0)
        fprintf(to, "%-24s %5lld", deepid_study_arm_word(study, arm), (long long)deepid_study_arm_depth(study, arm));
    for (int k = 0; n > 0 && k < shown_columns(study); k++) {
        n = seed_values(results, arm, columns[k], values);
        for (int64_t i = 0; i < n && k % 2; i++)
            values[i] = 100 * (1 - values[i]); /* accuracy in per cent */
        print_spread(to, spread_of(values, n), k % 2);
    }
    if (n > 0)
        fprintf(to, "\n");
    free(values);
}

void summary_print(FILE *to, deepid_study *study, const deepid_table *results)
{
    const double seeds = deepid_study_number(study, "seeds");
    fprintf(to, "median [lowest, highest] over %g seed%s\n", seeds, seeds == 1 ? "" : "s");
    fprintf(to, "%-24s %5s  %30s  %20s", "arm", "depth", "training loss", "training accuracy %");
    if (shown_columns(study) > 2)
        fprintf(to, "  %30s  %20s", "validation loss", "validation acc. %");
    fprintf(to, "\n");
    for (int64_t arm = 0; arm < deepid_study_arm_count(study); arm++)
        print_arm(to, study, results, arm);
}

/* ---- which arms there are, and why the others are not -------------------------------------------------------- */

void summary_arms(FILE *to, deepid_study *study)
{
    for (int64_t arm = 0; arm < deepid_study_arm_count(study); arm++) {
        const char *reason = deepid_study_arm_reason(study, arm);
        const char *optimizer = deepid_study_arm_optimizer(study, arm);
        const double rate = deepid_study_arm_rate(study, arm);
        fprintf(to, "  %-24s ", deepid_study_arm_word(study, arm));
        if (reason)
            fprintf(to, "left out: %s\n", reason);
        else
            fprintf(to, "start %s%s%s", deepid_study_arm_start(study, arm), *optimizer ? "; " : "; not trained",
                    optimizer);
        if (!reason && isfinite(rate))
            fprintf(to, ", rate %g", rate);
        if (!reason)
            fprintf(to, "\n");
    }
}

/* ---- which flag would tell more ---------------------------------------------------------------------- */

/* The most seeds that an open finding asks for; 0 when none does, or when there is no such number of them. */
static double seeds_to_settle(const deepid_verdict *verdict, double seeds)
{
    const double enough = 6;  /* below, no exact interval at 95 % */
    const double limit = 100; /* of a verdict */
    double most = 0;
    for (int64_t i = 0; i < deepid_verdict_count(verdict); i++) {
        const double asked = deepid_verdict_number_named(verdict, i, "seeds_to_settle");
        const double wanted = seeds < enough ? enough : asked;
        if (strcmp(deepid_verdict_status(verdict, i), "undecided") == 0 && wanted > seeds && wanted <= limit)
            most = fmax(most, wanted);
    }
    return most;
}

void summary_advice(FILE *to, deepid_study *study, const deepid_verdict *verdict)
{
    const double more = seeds_to_settle(verdict, deepid_study_number(study, "seeds"));
    const double asked = 6; /* of pictures, without --seeds */
    const bool budget = deepid_study_number(study, "budget") > 0;
    if (more > 0 && budget && more <= asked)
        fprintf(to, "To settle what is open: the same command with a larger --budget.\n");
    else if (more > 0)
        fprintf(to, "To settle what is open: the same command with --seeds %.0f%s.\n", more,
                budget ? " and a larger --budget" : "");
}
