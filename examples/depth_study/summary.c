/* Numbers over seeds, the certificate, the two sentences. */
#include "depth_study.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

word number_word(double value)
{
    word w = {""};
    deepid_format_number(value, w.text, sizeof w.text);
    return w;
}

/* ---- over seeds ---------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return isnan(x) || isnan(y) ? isnan(x) - isnan(y) : (x > y) - (x < y);
}

spread spread_of(const double *values, int64_t n)
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

int64_t seed_values(const deepid_table *results, int64_t arm, const char *column, double *values)
{
    const int64_t arm_column = deepid_table_find_column(results, "arm");
    const int64_t value_column = deepid_table_find_column(results, column);
    int64_t n = 0;
    for (int64_t row = 0; row < deepid_table_rows(results); row++)
        if ((int64_t)deepid_table_get(results, row, arm_column) == arm)
            values[n++] = deepid_table_get(results, row, value_column);
    return n;
}

static int find_block(const options *o, const char *word)
{
    for (int b = 0; b < o->block_count; b++)
        if (strcmp(o->blocks[b], word) == 0)
            return b;
    return -1;
}

/* ---- certificate ------------------------------------------------------------------------------ */

/* The loss of one arm at one seed; NaN where there is none. */
static double loss_at(const deepid_table *results, int64_t arm, double seed)
{
    const int64_t arm_column = deepid_table_find_column(results, "arm");
    const int64_t seed_column = deepid_table_find_column(results, "seed");
    for (int64_t row = 0; row < deepid_table_rows(results); row++)
        if ((int64_t)deepid_table_get(results, row, arm_column) == arm && deepid_table_get(results, row, seed_column) == seed)
            return deepid_table_get(results, row, deepid_table_find_column(results, "train_loss"));
    return NAN;
}

static void compare(certificate *c)
{
    double *gap = calloc((size_t)c->seeds + 1, sizeof *gap);
    for (int64_t i = 0; i < c->seeds; i++) {
        gap[i] = c->scratch[i] - c->witness[i];
        c->equal += c->witness[i] == c->shallow[i];
        c->largest_difference = fmax(c->largest_difference, fabs(c->witness[i] - c->shallow[i]));
    }
    c->gap = spread_of(gap, c->seeds);
    c->witness_loss = spread_of(c->witness, c->seeds);
    free(gap);
}

void certificate_make(deepid_study *study, const deepid_table *results, certificate *out)
{
    const int64_t seeds = (int64_t)deepid_study_number(study, "seeds");
    const double first = deepid_study_number(study, "first_seed");
    double *all = calloc((size_t)(3 * seeds), sizeof *all);
    *out = (certificate){.shallow = all, .witness = all + seeds, .scratch = all + 2 * seeds};
    for (int64_t i = 0; i < seeds; i++) {
        const double shallow = loss_at(results, deepid_study_arm_find(study, "S"), first + (double)i);
        const double witness = loss_at(results, deepid_study_arm_find(study, "W0"), first + (double)i);
        const double scratch = loss_at(results, deepid_study_arm_find(study, "D"), first + (double)i);
        if (!isfinite(shallow) || !isfinite(witness) || isnan(scratch))
            continue;
        out->shallow[out->seeds] = shallow;
        out->witness[out->seeds] = witness;
        out->scratch[out->seeds++] = scratch;
    }
    compare(out);
}

void certificate_free(certificate *c)
{
    free(c->shallow);
}

/* ---- words ---------------------------------------------------------------------------------------- */

/* At how many seeds does net b end with a higher training loss than net a? */
static int64_t worse_at(const options *o, const deepid_table *results, int64_t a, int64_t b, double *median_a, double *median_b)
{
    double *x = calloc((size_t)(2 * o->seeds), sizeof *x);
    double *y = x + o->seeds;
    const int64_t n = seed_values(results, a, "train_loss", x);
    int64_t worse = 0;
    seed_values(results, b, "train_loss", y);
    for (int64_t i = 0; i < n; i++)
        worse += y[i] > x[i];
    *median_a = spread_of(x, n).median;
    *median_b = spread_of(y, n).median;
    free(x);
    return worse;
}

void answer_write(const options *o, const deepid_table *results, const certificate *c, char *text, size_t size)
{
    const int plain = find_block(o, "plain") >= 0 ? find_block(o, "plain") : 0;
    const int identity = find_block(o, "identity");
    const long long shallow = o->depths[0];
    const long long deep = o->depths[o->depth_count - 1];
    double a;
    double b;
    size_t used = 0;
    if (o->depth_count < 2) {
        snprintf(text, size, "One depth was trained, so nothing can be said about depth.");
        return;
    }
    const long long worse = worse_at(o, results, o->arm[plain][0], o->arm[plain][o->depth_count - 1], &a, &b);
    used += (size_t)snprintf(text + used, size - used, "%s: %s nets of depth %lld end at a training loss of %s, depth %lld at %s (medians); the deeper one is worse at %lld of %lld seeds.",
                             worse == o->seeds ? "Added layers hurt, already in training"
                             : worse == 0      ? "Added layers do not hurt in training here"
                                               : "Added layers hurt at some seeds",
                             o->blocks[plain], deep, number_word(b).text, shallow, number_word(a).text, worse, (long long)o->seeds);
    if (identity >= 0 && identity != plain && o->arm[identity][0] >= 0 && used < size) {
        const long long same = worse_at(o, results, o->arm[identity][0], o->arm[identity][o->depth_count - 1], &a, &b);
        used += (size_t)snprintf(text + used, size - used, " With an identity skip depth %lld ends at %s, depth %lld at %s (worse at %lld of %lld).", deep, number_word(b).text, shallow,
                                 number_word(a).text, same, (long long)o->seeds);
    }
    if (c->seeds > 0 && used < size)
        snprintf(
            text + used, size - used,
            " It is not that the deep net could not do it: the trained net of depth %lld with %lld identity blocks inserted has a training loss of %s, so at least %s [%s, %s] of the deep "
            "net's loss is the optimiser's error.",
            shallow, deep - shallow, number_word(c->witness_loss.median).text, number_word(c->gap.median).text, number_word(c->gap.low).text, number_word(c->gap.high).text);
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
    printf("%-24s %5s  %30s  %20s  %30s  %20s\n", "arm", "depth", "training loss", "training accuracy %", "validation loss", "validation acc. %");
    for (int64_t arm = 0; arm < deepid_study_arm_count(study); arm++)
        print_arm(study, results, arm);
}
