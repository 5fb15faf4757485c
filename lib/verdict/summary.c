/* What the runs of a study come to: losses by arm and seed, medians, how far arms lie apart. */
#include "verdict/summary.h"

#include <deepid/statistics.h>

#include "statistics/statistics.h"

#include <math.h>
#include <string.h>

static void note(dpid_summary *s, int32_t status)
{
    if (s->status == DEEPID_OK)
        s->status = status;
}

static double *room_of(dpid_summary *s, int64_t count)
{
    double *room = NULL;
    if (s->status == DEEPID_OK)
        note(s, dpid_arena_alloc(&s->arena, count, sizeof *room, "summary", &room));
    return room;
}

/* ---- seeds, margin ------------------------------------------------------------------------------- */

static void find_seeds(dpid_summary *s)
{
    const int64_t column = deepid_table_find_column(s->results, "seed");
    const int64_t rows = column >= 0 ? deepid_table_rows(s->results) : 0;
    s->seed = room_of(s, rows);
    for (int64_t row = 0; s->seed && row < rows; row++)
        s->seed[row] = deepid_table_get(s->results, row, column);
    if (s->seed && rows > 0)
        dpid_sort(rows, s->seed);
    for (int64_t i = 0; s->seed && i < rows; i++)
        if (s->seeds == 0 || s->seed[s->seeds - 1] != s->seed[i])
            s->seed[s->seeds++] = s->seed[i];
}

int32_t dpid_summary_make(deepid_ctx *ctx, const deepid_table *results, double const_loss, double margin,
                          const dpid_thresholds *thresholds, dpid_summary *out)
{
    const dpid_thresholds used = thresholds ? *thresholds : dpid_thresholds_default();
    *out = (dpid_summary){.ctx = ctx, .arena = {.ctx = ctx}, .results = results, .const_loss = const_loss};
    find_seeds(out);
    const double shallow = dpid_median_of(out, out->seeds, dpid_arm_values(out, "S", "train_loss"));
    out->margin = isnan(margin) ? dpid_margin_of(&used, const_loss, const_loss, shallow) : margin;
    return out->status;
}

void dpid_summary_release(dpid_summary *s)
{
    dpid_arena_release(&s->arena);
}

/* ---- by seed ---------------------------------------------------------------------------------------- */

int64_t dpid_seed_place(const dpid_summary *s, double seed)
{
    int64_t low = 0;
    int64_t high = s->seeds;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (s->seed[middle] < seed)
            low = middle + 1;
        else
            high = middle;
    }
    return low < s->seeds && s->seed[low] == seed ? low : -1;
}

bool dpid_rows_are(const deepid_table *t, int64_t row, const char *word, dpid_row_name *last)
{
    const char *name = deepid_table_row_name(t, row);
    if (name != last->name)
        *last = (dpid_row_name){name, strcmp(name, word) == 0};
    return last->is;
}

/* A run that diverged is the worst of a loss that others have; what no run has was not measured. */
static bool is_measured(const deepid_table *t, const char *column, const double *value)
{
    if (strcmp(column, "train_loss") == 0)
        return true;
    for (int64_t row = 0; value && row < deepid_table_rows(t); row++)
        if (!isnan(value[row]))
            return true;
    return false;
}

const double *dpid_arm_values(dpid_summary *s, const char *word, const char *column)
{
    const deepid_table *t = s->results;
    const double *seed = deepid_table_column(t, deepid_table_find_column(t, "seed"));
    const double *value = deepid_table_column(t, deepid_table_find_column(t, column));
    const double *diverged = deepid_table_column(t, deepid_table_find_column(t, "diverged"));
    double *values = value ? room_of(s, s->seeds) : NULL;
    const bool loss = strstr(column, "loss") != NULL && is_measured(t, column, value);
    dpid_row_name last = {NULL, false};
    int64_t found = 0;
    for (int64_t i = 0; values && i < s->seeds; i++)
        values[i] = (double)NAN;
    for (int64_t row = 0; values && row < deepid_table_rows(t); row++) {
        const int64_t at = seed && dpid_rows_are(t, row, word, &last) ? dpid_seed_place(s, seed[row]) : -1;
        if (at < 0)
            continue;
        values[at] = loss && diverged && diverged[row] == 1 ? (double)INFINITY : value[row];
        found += !isnan(values[at]);
    }
    return found > 0 ? values : NULL;
}

double dpid_median_of(dpid_summary *s, int64_t n, const double *values)
{
    double median = (double)NAN;
    if (s->status == DEEPID_OK)
        note(s, dpid_median_known(s->ctx, n, values, &median));
    return median;
}

void dpid_interval_of(dpid_summary *s, int64_t n, const double *values, double *low, double *high)
{
    *low = *high = (double)NAN;
    if (s->status == DEEPID_OK)
        note(s, dpid_median_interval(s->ctx, n, values, low, high));
}

dpid_spread dpid_spread_of(int64_t n, const double *values)
{
    dpid_spread out = {0, 0, (double)INFINITY, -(double)INFINITY};
    for (int64_t i = 0; values && i < n; i++) {
        if (isnan(values[i]))
            continue;
        out.runs++;
        out.finite += isfinite(values[i]) != 0;
        out.lowest = fmin(out.lowest, values[i]);
        out.highest = fmax(out.highest, values[i]);
    }
    return out;
}

/* ---- between arms -------------------------------------------------------------------------------------- */

int64_t dpid_times_above(int64_t n, const double *a, const double *b, int64_t *both)
{
    int64_t above = 0;
    *both = 0;
    for (int64_t i = 0; i < n; i++) {
        *both += !isnan(a[i]) && !isnan(b[i]);
        above += a[i] > b[i];
    }
    return above;
}

dpid_distance dpid_distance_of(int64_t n, const double *a, const double *b)
{
    dpid_distance out = {0, 0, 0};
    for (int64_t i = 0; i < n; i++) {
        const double difference = fabs(a[i] - b[i]);
        if (!isfinite(difference))
            continue;
        out.pairs++;
        out.equal += difference == 0;
        out.largest = fmax(out.largest, difference);
    }
    return out;
}

double dpid_gap_of_gaps(dpid_summary *s, const char *shallow, const char *deep)
{
    const double *st = dpid_arm_values(s, shallow, "train_loss");
    const double *sv = dpid_arm_values(s, shallow, "valid_loss");
    const double *dt = dpid_arm_values(s, deep, "train_loss");
    const double *dv = dpid_arm_values(s, deep, "valid_loss");
    double *gap = st && sv && dt && dv ? room_of(s, s->seeds) : NULL;
    for (int64_t i = 0; gap && i < s->seeds; i++)
        gap[i] = (dv[i] - dt[i]) - (sv[i] - st[i]);
    return dpid_median_of(s, s->seeds, gap);
}
