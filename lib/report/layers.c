/* Probes by layer: a line a seed, the median, the factor from layer to layer. */
#include "report/study_page.h"

#include "base/words.h"
#include "statistics/statistics.h"

#include <math.h>
#include <string.h>

static const deepid_table *find_probe(const dpid_study_page *p, const char *arm, const char *word)
{
    for (int64_t i = 0; i < p->m->probes; i++)
        if (strcmp(p->m->probe[i].arm, arm) == 0 && strcmp(p->m->probe[i].word, word) == 0)
            return p->m->probe[i].table;
    return NULL;
}

/* Layers with weights: of what other layers do, theories speak in their names. */
static bool has_weights(const deepid_table *t, int64_t row)
{
    const char *name = deepid_table_row_name(t, row);
    return strstr(name, "dense") || strstr(name, "conv");
}

/* Rows come seed by seed, each seed's in the order of the net. */
static int64_t count_rows(const deepid_table *t, int64_t seed_column, double seed, bool weights)
{
    int64_t n = 0;
    for (int64_t row = 0; row < deepid_table_rows(t); row++)
        n += deepid_table_get(t, row, seed_column) == seed && (!weights || has_weights(t, row));
    return n;
}

static void fill_layers(dpid_study_page *p, const deepid_table *t, int64_t seed_column, int64_t column, bool weights,
                        dpid_layers *out)
{
    double last = (double)NAN;
    int64_t seed = -1;
    int64_t i = 0;
    for (int64_t row = 0; row < deepid_table_rows(t); row++) {
        const double of = deepid_table_get(t, row, seed_column);
        if (weights && !has_weights(t, row))
            continue;
        if (of != last) {
            seed++;
            i = 0;
        }
        last = of;
        if (seed >= out->seeds || i >= out->n)
            continue;
        out->name[i] = deepid_table_row_name(t, row);
        out->value[seed * out->n + i++] = deepid_table_get(t, row, column);
    }
    for (i = 0; i < out->n; i++)
        out->x[i] = (double)i + 1;
    dpid_note(p, dpid_medians_known(p->ctx, out->seeds, out->n, out->value, out->median));
}

dpid_layers dpid_layers_of(dpid_study_page *p, const char *arm, const char *word, const char *column, bool weights)
{
    const deepid_table *t = find_probe(p, arm, word);
    const int64_t seed_column = t ? deepid_table_find_column(t, "seed") : -1;
    const int64_t value_column = t ? deepid_table_find_column(t, column) : -1;
    dpid_layers out = {0};
    if (seed_column < 0 || value_column < 0 || deepid_table_rows(t) == 0)
        return out;
    int64_t seeds = 1;
    for (int64_t row = 1; row < deepid_table_rows(t); row++)
        seeds += deepid_table_get(t, row, seed_column) != deepid_table_get(t, row - 1, seed_column);
    const int64_t n = count_rows(t, seed_column, deepid_table_get(t, 0, seed_column), weights);
    double *room = dpid_room(p, (2 + seeds) * n);
    if (n > 0 && p->status == DEEPID_OK)
        dpid_note(p, dpid_arena_alloc(&p->arena, n, sizeof *out.name, "report", &out.name));
    if (n == 0 || p->status != DEEPID_OK)
        return (dpid_layers){0};
    out = (dpid_layers){n, seeds, room, room + 2 * n, room + n, out.name};
    for (int64_t i = 0; i < seeds * n; i++)
        out.value[i] = (double)NAN;
    fill_layers(p, t, seed_column, value_column, weights, &out);
    return out;
}

void dpid_draw_layers(dpid_study_page *p, deepid_chart *chart, const char *style, const char *label,
                      const dpid_layers *layers)
{
    if (layers->n == 0 || p->status != DEEPID_OK)
        return;
    for (int64_t s = 0; s < layers->seeds; s++)
        dpid_note(p, deepid_chart_line(
                         chart, style, NULL,
                         dpid_say(p, "%s, seed %lld of %lld", label, (long long)s + 1, (long long)layers->seeds),
                         layers->n, layers->x, layers->value + s * layers->n));
    const char *thick = dpid_say(p, "%s weight=thick", style);
    dpid_note(p, deepid_chart_line(chart, thick, label,
                                   dpid_say(p, "%s, median of %s", label, dpid_counted(p, layers->seeds, "seed")),
                                   layers->n, layers->x, layers->median));
    if (layers->n > 128)
        return; /* dots would be one line */
    const char **titles = NULL;
    if (p->status == DEEPID_OK)
        dpid_note(p, dpid_arena_alloc(&p->arena, layers->n, sizeof *titles, "report", &titles));
    for (int64_t i = 0; titles && i < layers->n; i++)
        titles[i] = dpid_say(p, "%s, %s: %s", label, layers->name[i], dpid_words_digits(layers->median[i], 6).text);
    if (titles && p->status == DEEPID_OK)
        dpid_note(p, deepid_chart_points(chart, dpid_say(p, "%s mark=bead", thick), NULL, titles, layers->n, layers->x,
                                         layers->median));
}

/* Layers counted from 1; ticks where a reader looks for them. */
void dpid_count_ticks(dpid_study_page *p, deepid_chart *chart, int64_t n)
{
    enum { MOST = 6 };
    double ticks[MOST + 2] = {1};
    int64_t count = 1;
    static const int64_t steps[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};
    size_t k = 0;
    while (k + 1 < sizeof steps / sizeof *steps && n / steps[k] > MOST)
        k++;
    for (int64_t at = steps[k]; at <= n && count < MOST + 2; at += steps[k])
        if (at > 1)
            ticks[count++] = (double)at;
    dpid_note(p, deepid_chart_set_x_ticks(chart, count, ticks));
}

deepid_table *dpid_layers_table(dpid_study_page *p, const char *columns, int64_t count,
                                const dpid_layers *const *series)
{
    enum { SERIES_MAX = 4 };
    const dpid_layers *longest = series[0];
    deepid_table *table = dpid_new_table(p, "layer", columns);
    for (int64_t k = 1; k < count; k++)
        longest = series[k]->n > longest->n ? series[k] : longest;
    for (int64_t i = 0; i < longest->n && p->status == DEEPID_OK; i++) {
        double row[SERIES_MAX];
        for (int64_t k = 0; k < count && k < SERIES_MAX; k++)
            row[k] = i < series[k]->n ? series[k]->median[i] : (double)NAN;
        dpid_note(p, deepid_table_append(table, longest->name[i], row));
    }
    return table;
}
