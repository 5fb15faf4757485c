/* The report: the answer, the table, the curves, depth, the certificate, what it is about, how to repeat it. */
#include "depth_study.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRY(call)                                                                                                                                                                            \
    do {                                                                                                                                                                                     \
        const int32_t status_ = (call);                                                                                                                                                      \
        if (status_ != DEEPID_OK)                                                                                                                                                            \
            return status_;                                                                                                                                                                  \
    } while (0)

typedef struct {
    deepid_ctx *ctx;
    const options *o;
    const deepid_table *results, *history;
    const certificate *certificate;
    deepid_page *page;
} page;

/* ---- curves ---------------------------------------------------------------------------------- */

/* Points of the history of one arm and seed. */
static int64_t curve_of(const page *p, int64_t arm, int64_t seed, const char *column, double *x, double *y)
{
    const int64_t arm_column = deepid_table_find_column(p->history, "arm");
    const int64_t seed_column = deepid_table_find_column(p->history, "seed");
    const int64_t epoch_column = deepid_table_find_column(p->history, "epoch");
    const int64_t value_column = deepid_table_find_column(p->history, column);
    int64_t n = 0;
    for (int64_t row = 0; row < deepid_table_rows(p->history); row++) {
        if ((int64_t)deepid_table_get(p->history, row, arm_column) != arm || (int64_t)deepid_table_get(p->history, row, seed_column) != seed)
            continue;
        x[n] = deepid_table_get(p->history, row, epoch_column);
        y[n++] = deepid_table_get(p->history, row, value_column);
    }
    return n;
}

static const char *depth_role(const options *o, int depth)
{
    static const char *const roles[] = {"depth1", "depth2", "depth3"};
    return roles[o->depth_count < 2 ? 2 : depth * 2 / (o->depth_count - 1)];
}

/* A thin line a seed and the thick median of one net. */
static int32_t add_net_curves(const page *p, deepid_chart *chart, int block, int depth, const char *column, bool dash)
{
    const options *o = p->o;
    const int64_t room = deepid_table_rows(p->history) + 1;
    double *x = calloc((size_t)(3 * room), sizeof *x);
    double *y = x + room;
    double *median = y + room;
    double *at = calloc((size_t)(room * o->seeds), sizeof *at);
    char style[80];
    char label[48];
    char title[120];
    int64_t shortest = room;
    int32_t status = DEEPID_OK;
    for (int64_t seed = 0; seed < o->seeds && status == DEEPID_OK; seed++) {
        const int64_t n = curve_of(p, o->arm[block][depth], seed + 1, column, x, y);
        for (int64_t i = 0; i < n; i++)
            at[i * o->seeds + seed] = y[i];
        shortest = n < shortest ? n : shortest;
        snprintf(style, sizeof style, "role=%s weight=thin dash=%d", depth_role(o, depth), dash);
        snprintf(title, sizeof title, "%s depth %lld, seed %lld: ends at %.6g", o->blocks[block], (long long)o->depths[depth], (long long)seed + 1, n ? y[n - 1] : NAN);
        status = deepid_chart_line(chart, style, NULL, title, n, x, y);
    }
    for (int64_t i = 0; i < shortest; i++)
        median[i] = spread_of(at + i * o->seeds, o->seeds).median;
    snprintf(style, sizeof style, "role=%s weight=thick dash=%d", depth_role(o, depth), dash);
    snprintf(label, sizeof label, "depth %lld", (long long)o->depths[depth]);
    snprintf(title, sizeof title, "%s depth %lld, median of %lld seeds: ends at %.6g", o->blocks[block], (long long)o->depths[depth], (long long)o->seeds,
             shortest ? median[shortest - 1] : NAN);
    if (status == DEEPID_OK)
        status = deepid_chart_line(chart, style, label, title, shortest, x, median);
    free(at);
    free(x);
    return status;
}

static void range_of(const page *p, const char *column, double *low, double *high)
{
    const int64_t k = deepid_table_find_column(p->history, column);
    *low = INFINITY;
    *high = 0;
    for (int64_t row = 0; row < deepid_table_rows(p->history); row++) {
        const double value = deepid_table_get(p->history, row, k);
        if (!isfinite(value) || value <= 0)
            continue;
        *low = fmin(*low, value);
        *high = fmax(*high, value);
    }
}

static int32_t make_curves(const page *p, int block, const char *column, bool dash, deepid_chart **out)
{
    double low;
    double high;
    TRY(deepid_chart_create(p->ctx, "epoch", dash ? "validation loss" : "training loss", "y=log", out));
    range_of(p, column, &low, &high);
    if (low < high)
        TRY(deepid_chart_set_y_range(*out, low, high));
    for (int depth = 0; depth < p->o->depth_count; depth++)
        if (p->o->arm[block][depth] >= 0)
            TRY(add_net_curves(p, *out, block, depth, column, dash));
    return DEEPID_OK;
}

/* Is the deepest net worse than the shallowest at every seed, by this column? */
static void curve_headline(const page *p, const char *column, const char *what, char *text, size_t size)
{
    const options *o = p->o;
    double *a = calloc((size_t)(2 * o->seeds), sizeof *a);
    double *b = a + o->seeds;
    size_t used = 0;
    text[0] = 0;
    for (int block = 0; block < o->block_count && used < size; block++) {
        const int64_t n = seed_values(p->results, o->arm[block][0], column, a);
        int64_t worse = 0;
        seed_values(p->results, o->arm[block][o->depth_count - 1], column, b);
        for (int64_t i = 0; i < n; i++)
            worse += b[i] > a[i];
        used += (size_t)snprintf(text + used, size - used, "%s%s: depth %lld ends with a higher %s loss than depth %lld at %lld of %lld seeds", block ? "; " : "", o->blocks[block],
                                 (long long)o->depths[o->depth_count - 1], what, (long long)o->depths[0], (long long)worse, (long long)n);
    }
    free(a);
}

static int32_t add_curves(page *p, const char *column, const char *what, bool dash)
{
    char headline[512];
    deepid_chart *charts[2] = {NULL, NULL};
    const int shown = p->o->block_count < 2 ? p->o->block_count : 2;
    int32_t status = DEEPID_OK;
    for (int block = 0; block < shown && status == DEEPID_OK; block++)
        status = make_curves(p, block, column, dash, &charts[block]);
    curve_headline(p, column, what, headline, sizeof headline);
    char how[200];
    snprintf(how, sizeof how, "%s loss over the whole set, with population statistics in batch-norm, on a log axis. Thin: one seed. Thick: the median of %lld.",
             dash ? "Validation" : "Training", (long long)p->o->seeds);
    if (status == DEEPID_OK)
        status = deepid_page_figure(p->page, headline, how, charts[0], p->o->blocks[0], charts[1], shown > 1 ? p->o->blocks[1] : NULL, NULL, "history.csv");
    deepid_chart_destroy(charts[1]);
    deepid_chart_destroy(charts[0]);
    return status;
}

/* ---- final loss against depth --------------------------------------------------------------------- */

static int32_t add_block_depths(const page *p, deepid_chart *chart, int block, const char *column)
{
    const options *o = p->o;
    double *values = calloc((size_t)o->seeds, sizeof *values);
    double *where = calloc((size_t)o->seeds, sizeof *where);
    double x[DEPTHS_MAX];
    double median[DEPTHS_MAX];
    char style[64];
    const bool identity = strcmp(o->blocks[block], "plain") != 0 && !strstr(o->blocks[block], "_plain");
    int32_t status = DEEPID_OK;
    for (int depth = 0; depth < o->depth_count && status == DEEPID_OK; depth++) {
        const int64_t n = seed_values(p->results, o->arm[block][depth], column, values);
        x[depth] = (double)o->depths[depth];
        median[depth] = spread_of(values, n).median;
        for (int64_t i = 0; i < n; i++)
            where[i] = x[depth];
        snprintf(style, sizeof style, "role=%s mark=%s", identity ? "identity" : "plain", identity ? "diamond" : "dot");
        status = deepid_chart_points(chart, style, NULL, NULL, n, where, values);
    }
    snprintf(style, sizeof style, "role=%s weight=thick", identity ? "identity" : "plain");
    if (status == DEEPID_OK)
        status = deepid_chart_line(chart, style, o->blocks[block], "median", o->depth_count, x, median);
    free(where);
    free(values);
    return status;
}

static int32_t depth_chart(const page *p, const char *column, const char *name, deepid_chart **out)
{
    TRY(deepid_chart_create(p->ctx, "depth", name, "y=log", out));
    for (int block = 0; block < p->o->block_count; block++)
        TRY(add_block_depths(p, *out, block, column));
    return DEEPID_OK;
}

/* "Median training loss from depth 2 to 30: plain 0.00777 to 0.526, identity 0.00726 to 0.00161" */
static void depth_headline(const page *p, char *text, size_t size)
{
    const options *o = p->o;
    double *values = calloc((size_t)o->seeds, sizeof *values);
    size_t used = (size_t)snprintf(text, size, "Median training loss from depth %lld to %lld:", (long long)o->depths[0], (long long)o->depths[o->depth_count - 1]);
    for (int block = 0; block < o->block_count && used < size; block++) {
        const spread first = spread_of(values, seed_values(p->results, o->arm[block][0], "train_loss", values));
        const spread last = spread_of(values, seed_values(p->results, o->arm[block][o->depth_count - 1], "train_loss", values));
        used += (size_t)snprintf(text + used, size - used, "%s %s %s to %s", block ? "," : "", o->blocks[block], number_word(first.median).text, number_word(last.median).text);
    }
    free(values);
}

static int32_t add_depths(page *p)
{
    deepid_chart *train = NULL;
    deepid_chart *valid = NULL;
    int32_t status = depth_chart(p, "train_loss", "training loss", &train);
    if (status == DEEPID_OK)
        status = depth_chart(p, "valid_loss", "validation loss", &valid);
    char headline[400];
    depth_headline(p, headline, sizeof headline);
    if (status == DEEPID_OK)
        status = deepid_page_figure(p->page, headline, "Final loss on a log axis. Marks: seeds (dots plain, diamonds with a skip). Line: median.", train, "training", valid, "validation",
                                    NULL, "results.csv");
    deepid_chart_destroy(valid);
    deepid_chart_destroy(train);
    return status;
}

/* ---- certificate -------------------------------------------------------------------------------------- */

static int32_t certificate_chart(const page *p, deepid_chart **out)
{
    const certificate *c = p->certificate;
    double *x = calloc((size_t)c->seeds, sizeof *x);
    for (int64_t i = 0; i < c->seeds; i++)
        x[i] = (double)i + 1;
    int32_t status = deepid_chart_create(p->ctx, "seed", "training loss", "y=log", out);
    if (status == DEEPID_OK)
        status = deepid_chart_points(*out, "role=plain weight=thick mark=dot", "deep, from scratch", NULL, c->seeds, x, c->scratch);
    if (status == DEEPID_OK)
        status = deepid_chart_points(*out, "role=shallow weight=thick mark=tick", "shallow", NULL, c->seeds, x, c->shallow);
    if (status == DEEPID_OK)
        status = deepid_chart_points(*out, "role=witness weight=thick mark=diamond", "shallow + identity", NULL, c->seeds, x, c->witness);
    free(x);
    return status;
}

static int32_t add_certificate(page *p)
{
    const certificate *c = p->certificate;
    deepid_chart *chart = NULL;
    char headline[256];
    char how[512];
    if (c->seeds == 0)
        return deepid_page_paragraph(p->page, "No certificate here: no layers were found that leave the trained shallow net as it is.");
    snprintf(headline, sizeof headline, "A deep net as good as the shallow one exists: training from scratch leaves %s [%s, %s] on the table", number_word(c->gap.median).text,
             number_word(c->gap.low).text, number_word(c->gap.high).text);
    snprintf(how, sizeof how,
             "The trained net of depth %lld with %lld identity blocks inserted (W = I, b = 0, batch-norm that changes nothing) has its training loss: largest difference %s, equal to the "
             "last bit at "
             "%lld of %lld seeds. What the same deep net loses against it when trained from scratch is the optimiser's error, at least. Median and range over seeds.",
             (long long)p->o->depths[0], (long long)(p->o->depths[p->o->depth_count - 1] - p->o->depths[0]), number_word(c->largest_difference).text, (long long)c->equal,
             (long long)c->seeds);
    int32_t status = certificate_chart(p, &chart);
    if (status == DEEPID_OK)
        status = deepid_page_figure(p->page, headline, how, chart, NULL, NULL, NULL, NULL, NULL);
    deepid_chart_destroy(chart);
    return status;
}

/* ---- table ------------------------------------------------------------------------------------------------ */

static int32_t add_table(page *p)
{
    static const char *const columns[] = {"train_loss", "train_error", "valid_loss", "valid_error", "diverged"};
    const options *o = p->o;
    deepid_table *table = NULL;
    double *values = calloc((size_t)o->seeds, sizeof *values);
    int32_t status = deepid_table_create(p->ctx, "net", "depth,training loss,lowest,highest,training error,validation loss,validation error,diverged", &table);
    for (int net = 0; net < o->block_count * o->depth_count && status == DEEPID_OK; net++) {
        double row[8] = {(double)o->depths[net % o->depth_count]};
        for (int k = 0; k < 5; k++) {
            const int64_t n = seed_values(p->results, o->arm[net / o->depth_count][net % o->depth_count], columns[k], values);
            const spread s = spread_of(values, n);
            double sum = 0;
            for (int64_t i = 0; i < n; i++)
                sum += values[i];
            row[k == 0 ? 1 : k + 3] = k == 4 ? sum : s.median;
            if (k == 0) {
                row[2] = s.low;
                row[3] = s.high;
            }
        }
        status = deepid_table_append(table, o->blocks[net / o->depth_count], row);
    }
    if (status == DEEPID_OK)
        status = deepid_page_table(p->page, "The nets: medians over seeds", table, NULL);
    deepid_table_destroy(table);
    free(values);
    return status;
}

/* ---- the page ----------------------------------------------------------------------------------------------- */

static int32_t add_end(page *p)
{
    char text[640];
    TRY(deepid_page_heading(p->page, "What this is about, and what not"));
    TRY(deepid_page_paragraph(p->page, "About these nets, these data, this optimiser and this budget."));
    if (p->certificate->seeds > 0)
        TRY(deepid_page_paragraph(p->page, "The certificate is about training loss, in the function that batch-norm computes in evaluation."));
    TRY(deepid_page_heading(p->page, "To repeat it"));
    TRY(deepid_page_code(p->page, p->o->command));
    snprintf(text, sizeof text, "deepid %s. Numbers: results.csv (a row a net), history.csv (the curves), study.json (configuration, versions, machine, seeds); weights in nets/.",
             deepid_version());
    return deepid_page_paragraph(p->page, text);
}

static int32_t add_all(page *p)
{
    char answer[1500];
    answer_write(p->o, p->results, p->certificate, answer, sizeof answer);
    TRY(deepid_page_answer(p->page, answer, NULL));
    TRY(add_table(p));
    TRY(add_curves(p, "train_loss", "training", false));
    TRY(add_certificate(p));
    TRY(add_depths(p));
    TRY(add_curves(p, "valid_loss", "validation", true));
    return add_end(p);
}

int32_t page_write(deepid_ctx *ctx, const options *o, const task_data *data, const deepid_table *results, const deepid_table *history, const certificate *c, const char *path)
{
    page p = {ctx, o, results, history, c, NULL};
    char subject[700];
    size_t used = (size_t)snprintf(subject, sizeof subject, "%s \xc2\xb7 %s nets, width %lld, depths", data->words, net_family(o, data), (long long)o->width);
    for (int i = 0; i < o->depth_count && used < sizeof subject; i++)
        used += (size_t)snprintf(subject + used, sizeof subject - used, "%s %lld", i ? "," : "", (long long)o->depths[i]);
    char budget[48];
    snprintf(budget, sizeof budget, "%lld %s", (long long)(o->steps ? o->steps : o->epochs), o->steps ? "steps" : "epochs");
    if (used < sizeof subject)
        snprintf(subject + used, sizeof subject - used, " \xc2\xb7 %lld seeds \xc2\xb7 %s, rate %g, %s, %s start, %s", (long long)o->seeds, o->optimizer, o->rate, budget, o->init,
                 o->dtype == DEEPID_F64 ? "float64" : "float32");
    TRY(deepid_page_create(ctx, "Do added layers hurt here, and is it the optimiser?", subject, &p.page));
    int32_t status = add_all(&p);
    if (status == DEEPID_OK)
        status = deepid_page_write(p.page, path);
    deepid_page_destroy(p.page);
    return status;
}
