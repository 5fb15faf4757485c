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

int64_t seed_values(const deepid_table *results, int64_t net, const char *column, double *values)
{
    const int64_t net_column = deepid_table_find_column(results, "net");
    const int64_t value_column = deepid_table_find_column(results, column);
    int64_t n = 0;
    for (int64_t row = 0; row < deepid_table_rows(results); row++)
        if ((int64_t)deepid_table_get(results, row, net_column) == net)
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

/* dense and batch-norm blocks can be the identity on what a relu gives: W = I, b = 0, and batch-norm's running variance such that var + eps = 1. */
static int32_t insert_identity(deepid_ctx *ctx, const char *deep_text, int32_t dtype, const deepid_net *shallow, deepid_net **out)
{
    const double eps = 1e-5;
    deepid_net *deep = NULL;
    int32_t status = deepid_net_create(ctx, deep_text, dtype, &deep);
    if (status == DEEPID_OK)
        status = deepid_net_init(deep, "identity", 1);
    for (int64_t i = 0; status == DEEPID_OK && i < deepid_net_parameter_count(deep); i++) {
        const char *name = deepid_net_parameter_name(deep, i);
        const size_t length = strlen(name);
        if (length < 11 || strcmp(name + length - 11, "running_var") != 0)
            continue;
        for (int64_t k = 0; k < deepid_net_parameter_extent(deep, i, 0); k++) {
            if (dtype == DEEPID_F32)
                ((float *)deepid_net_parameter_data(deep, name))[k] = (float)(1 - eps);
            else
                ((double *)deepid_net_parameter_data(deep, name))[k] = 1 - eps;
        }
    }
    if (status == DEEPID_OK)
        status = deepid_net_copy_parameters(deep, shallow, NULL);
    if (status == DEEPID_OK)
        *out = deep;
    else
        deepid_net_destroy(deep);
    return status;
}

static int32_t one_seed(deepid_ctx *ctx, const options *o, const task_data *data, deepid_study *study, int64_t shallow_task, const char *deep_text, double *shallow_loss, double *witness_loss)
{
    deepid_net *shallow = NULL;
    deepid_net *witness = NULL;
    int32_t status = deepid_study_net(study, shallow_task, &shallow);
    if (status == DEEPID_OK)
        status = insert_identity(ctx, deep_text, o->dtype, shallow, &witness);
    if (status == DEEPID_OK)
        status = deepid_net_evaluate(shallow, data->train, NULL, shallow_loss, NULL);
    if (status == DEEPID_OK)
        status = deepid_net_evaluate(witness, data->train, NULL, witness_loss, NULL);
    deepid_net_destroy(witness);
    deepid_net_destroy(shallow);
    return status;
}

static void compare(certificate *c)
{
    double *gap = malloc(sizeof *gap * (size_t)c->seeds);
    c->bit_equal = 0;
    c->largest_difference = 0;
    for (int64_t i = 0; i < c->seeds; i++) {
        gap[i] = c->scratch[i] - c->witness[i];
        c->bit_equal += c->witness[i] == c->shallow[i];
        c->largest_difference = fmax(c->largest_difference, fabs(c->witness[i] - c->shallow[i]));
    }
    c->gap = spread_of(gap, c->seeds);
    c->witness_loss = spread_of(c->witness, c->seeds);
    free(gap);
}

int32_t certificate_make(deepid_ctx *ctx, const options *o, const task_data *data, deepid_study *study, const deepid_table *results, certificate *out)
{
    const int plain = find_block(o, "plain");
    *out = (certificate){0};
    if (plain < 0 || o->depth_count < 2 || strcmp(net_family(o, data), "mlp") != 0 || deepid_study_tasks_done(study) < deepid_study_task_count(study))
        return DEEPID_OK;
    const int64_t first = plain * o->depth_count;
    const int64_t last = first + o->depth_count - 1;
    double *all = calloc((size_t)(3 * o->seeds), sizeof *all);
    char *deep_text = net_text(ctx, o, data, "plain", o->depths[o->depth_count - 1]);
    out->shallow = all;
    out->witness = all + o->seeds;
    out->scratch = all + 2 * o->seeds;
    out->shallow_depth = o->depths[0];
    out->deep_depth = o->depths[o->depth_count - 1];
    out->seeds = seed_values(results, last, "train_loss", out->scratch);
    double *diverged = calloc((size_t)o->seeds, sizeof *diverged);
    int32_t status = DEEPID_OK;
    seed_values(results, first, "diverged", diverged);
    bool possible = true;
    for (int64_t i = 0; i < out->seeds; i++)
        possible = possible && diverged[i] == 0;
    for (int64_t i = 0; possible && status == DEEPID_OK && i < out->seeds; i++)
        status = one_seed(ctx, o, data, study, first * o->seeds + i, deep_text, &out->shallow[i], &out->witness[i]);
    out->made = possible && status == DEEPID_OK;
    if (out->made)
        compare(out);
    free(diverged);
    free(deep_text);
    return status;
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
    const long long worse = worse_at(o, results, plain * o->depth_count, plain * o->depth_count + o->depth_count - 1, &a, &b);
    used += (size_t)snprintf(text + used, size - used, "%s: %s nets of depth %lld end at a training loss of %s, depth %lld at %s (medians); the deeper one is worse at %lld of %lld seeds.",
                             worse == o->seeds ? "Added layers hurt, already in training" : worse == 0 ? "Added layers do not hurt in training here" : "Added layers hurt at some seeds", o->blocks[plain],
                             deep, number_word(b).text, shallow, number_word(a).text, worse, (long long)o->seeds);
    if (identity >= 0 && identity != plain && used < size) {
        const long long same = worse_at(o, results, identity * o->depth_count, identity * o->depth_count + o->depth_count - 1, &a, &b);
        used += (size_t)snprintf(text + used, size - used, " With an identity skip depth %lld ends at %s, depth %lld at %s (worse at %lld of %lld).", deep, number_word(b).text, shallow,
                                 number_word(a).text, same, (long long)o->seeds);
    }
    if (c->made && used < size)
        snprintf(text + used, size - used,
                 " It is not that the deep net could not do it: the trained net of depth %lld with %lld identity blocks inserted has a training loss of %s, so at least %s [%s, %s] of the deep "
                 "net's loss is the optimiser's error.",
                 shallow, deep - shallow, number_word(c->witness_loss.median).text, number_word(c->gap.median).text, number_word(c->gap.low).text, number_word(c->gap.high).text);
}

/* ---- the table on the terminal ------------------------------------------------------------------------ */

static void print_net(const options *o, const deepid_table *results, int block, int depth)
{
    static const char *const columns[] = {"train_loss", "train_error", "valid_loss", "valid_error"};
    double *values = calloc((size_t)o->seeds, sizeof *values);
    const int64_t net = block * o->depth_count + depth;
    printf("%-16s %5lld", o->blocks[block], (long long)o->depths[depth]);
    for (int k = 0; k < 4; k++) {
        const int64_t n = seed_values(results, net, columns[k], values);
        for (int64_t i = 0; i < n && k % 2; i++)
            values[i] = 100 * (1 - values[i]); /* accuracy in per cent */
        const spread s = spread_of(values, n);
        printf(k % 2 ? "  %5.1f [%5.1f, %5.1f]" : "  %9.3g [%8.3g, %8.3g]", s.median, s.low, s.high);
    }
    printf("\n");
    free(values);
}

void summary_print(const options *o, const deepid_table *results, const certificate *c)
{
    printf("\nmedian [lowest, highest] over %lld seeds\n", (long long)o->seeds);
    printf("%-16s %5s  %30s  %20s  %30s  %20s\n", "arm", "K", "training loss", "training accuracy %", "validation loss", "validation acc. %");
    for (int block = 0; block < o->block_count; block++)
        for (int depth = 0; depth < o->depth_count; depth++)
            print_net(o, results, block, depth);
    if (c->made)
        printf("\ncertificate: the trained plain net of depth %lld with %lld identity blocks inserted has the training loss of the shallow net: largest difference %.3g, equal to the last bit at %lld of "
               "%lld seeds.\nThe same net of depth %lld trained from scratch loses %.3g [%.3g, %.3g] more: that much, at least, is the optimiser's error.\n",
               (long long)c->shallow_depth, (long long)(c->deep_depth - c->shallow_depth), c->largest_difference, (long long)c->bit_equal, (long long)c->seeds, (long long)c->deep_depth, c->gap.median,
               c->gap.low, c->gap.high);
}
