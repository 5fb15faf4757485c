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

/* "": the usual loss of the data. */
static const char *score_words(deepid_study *study)
{
    const char *loss = deepid_study_text(study, "loss");
    return !*loss || strncmp(loss, "squared_error", strlen("squared_error")) == 0 ? "R^2" : "explained";
}

/* ---- the table on the terminal ------------------------------------------------------------------------ */

/* Losses are wide; beside them stands the accuracy in per cent, or of targets R^2. */
typedef struct {
    const char *format;
    int first, width;
} look;
static const look loss = {"%*.3g", 9, 8};
static const look accuracy = {"%*.1f", 5, 5};
static const look explained = {"%*.2f", 5, 5};

/* A net that diverged has no accuracy. */
static void print_cell(FILE *to, double value, const look *as, int width)
{
    if (isnan(value))
        fprintf(to, "%*s", width, "-");
    else
        fprintf(to, as->format, width, value);
}

static void print_spread(FILE *to, spread s, const look *as)
{
    fprintf(to, "  ");
    print_cell(to, s.median, as, as->first);
    fprintf(to, " [");
    print_cell(to, s.low, as, as->width);
    fprintf(to, ", ");
    print_cell(to, s.high, as, as->width);
    fprintf(to, "]");
}

static bool has_targets(const deepid_study *study)
{
    return deepid_study_number(study, "targets") > 0;
}

/* Errors become accuracies in per cent; of targets losses become 1 - loss / loss of the mean. */
static void say_how_good(const deepid_study *study, int column, double *values, int64_t n)
{
    const bool targets = has_targets(study);
    const double constant = deepid_study_number(study, column < 2 ? "const_loss" : "valid_const_loss");
    for (int64_t i = 0; i < n; i++)
        values[i] = targets ? 1 - values[i] / constant : 100 * (1 - values[i]);
}

static void print_arm(FILE *to, deepid_study *study, const deepid_table *results, int64_t arm)
{
    static const char *const columns[2][4] = {{"train_loss", "train_error", "valid_loss", "valid_error"},
                                              {"train_loss", "train_loss", "valid_loss", "valid_loss"}};
    const bool targets = has_targets(study);
    double *values = calloc((size_t)deepid_study_number(study, "seeds"), sizeof *values);
    int64_t n = seed_values(results, arm, columns[targets][0], values);
    if (n > 0)
        fprintf(to, "%-24s %5lld", deepid_study_arm_word(study, arm), (long long)deepid_study_arm_depth(study, arm));
    for (int k = 0; n > 0 && k < shown_columns(study); k++) {
        n = seed_values(results, arm, columns[targets][k], values);
        if (k % 2)
            say_how_good(study, k, values, n);
        print_spread(to, spread_of(values, n), k % 2 == 0 ? &loss : targets ? &explained : &accuracy);
    }
    if (n > 0)
        fprintf(to, "\n");
    free(values);
}

static void print_heading(FILE *to, const char *where, const char *score)
{
    char words[2][32];
    snprintf(words[0], sizeof words[0], "%s loss", where);
    snprintf(words[1], sizeof words[1], "%s %s", where, score);
    fprintf(to, "  %30s  %20s", words[0], words[1]);
}

void summary_print(FILE *to, deepid_study *study, const deepid_table *results)
{
    const double seeds = deepid_study_number(study, "seeds");
    fprintf(to, "median [lowest, highest] over %g seed%s\n", seeds, seeds == 1 ? "" : "s");
    const bool targets = has_targets(study);
    fprintf(to, "%-24s %5s", "arm", "depth");
    print_heading(to, "training", targets ? score_words(study) : "accuracy %");
    if (shown_columns(study) > 2)
        print_heading(to, "validation", targets ? score_words(study) : "acc. %");
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
