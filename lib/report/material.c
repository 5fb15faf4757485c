/* What figures look up: arms, their losses by seed, medians. */
#include "report/study_page.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- texts and room ------------------------------------------------------------------------ */

void dpid_note(dpid_study_page *p, int32_t status)
{
    if (p->status == DEEPID_OK)
        p->status = status;
}

const char *dpid_say(dpid_study_page *p, const char *format, ...)
{
    va_list list;
    char *text = NULL;
    va_start(list, format);
    const int length = vsnprintf(NULL, 0, format, list);
    va_end(list);
    if (length < 0 || p->status != DEEPID_OK)
        return "";
    const int32_t status = dpid_arena_alloc(&p->arena, length + 1, 1, "report", &text);
    if (status != DEEPID_OK) {
        dpid_note(p, status);
        return "";
    }
    va_start(list, format);
    vsnprintf(text, (size_t)length + 1, format, list);
    va_end(list);
    return text;
}

const char *dpid_counted(dpid_study_page *p, int64_t n, const char *thing)
{
    return dpid_say(p, "%lld %s%s", (long long)n, thing, n == 1 ? "" : "s");
}

double *dpid_room(dpid_study_page *p, int64_t count)
{
    double *room = NULL;
    if (p->status == DEEPID_OK)
        dpid_note(p, dpid_arena_alloc(&p->arena, count, sizeof *room, "report", &room));
    return room;
}

void dpid_leave_out(dpid_study_page *p, const char *figure, const char *why)
{
    dpid_string_format(&p->left_out, "%s%s (%s)", p->left_out.length ? "; " : "", figure, why);
}

/* ---- numbers ---------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Without NaN, sorted; returns how many. */
static int64_t sort_numbers(dpid_study_page *p, int64_t n, const double *values, double **out)
{
    int64_t count = 0;
    *out = values ? dpid_room(p, n) : NULL;
    for (int64_t i = 0; *out && i < n; i++)
        if (!isnan(values[i]))
            (*out)[count++] = values[i];
    if (count > 0)
        qsort(*out, (size_t)count, sizeof **out, compare);
    return count;
}

double dpid_median_of(dpid_study_page *p, int64_t n, const double *values)
{
    double *sorted;
    const int64_t count = sort_numbers(p, n, values, &sorted);
    if (count == 0)
        return (double)NAN;
    const double low = sorted[(count - 1) / 2];
    const double high = sorted[count / 2];
    return low == high ? low : low / 2 + high / 2;
}

/* [x_(k), x_(n+1-k)] with the largest k of 2 P(Binomial(n, 1/2) < k) <= 0.05. */
void dpid_median_interval(dpid_study_page *p, int64_t n, const double *values, double *low, double *high)
{
    const double tail = 0.025;
    double *sorted;
    const int64_t count = sort_numbers(p, n, values, &sorted);
    double one = pow(0.5, (double)count); /* P(B = k) */
    double below = one;                   /* P(B <= k) */
    int64_t k = 0;
    *low = *high = (double)NAN;
    while (k < count && below <= tail) {
        k++;
        one *= (double)(count - k + 1) / (double)k;
        below += one;
    }
    if (k == 0)
        return;
    *low = sorted[k - 1];
    *high = sorted[count - k];
}

int64_t dpid_count_finite(int64_t n, const double *values)
{
    int64_t count = 0;
    for (int64_t i = 0; values && i < n; i++)
        count += isfinite(values[i]) != 0;
    return count;
}

/* ---- arms ----------------------------------------------------------------------------------------- */

const dpid_page_arm *dpid_find_arm(const dpid_study_page *p, const char *word)
{
    for (int64_t i = 0; i < p->m->arms; i++)
        if (strcmp(p->m->arm[i].word, word) == 0)
            return &p->m->arm[i];
    return NULL;
}

static int64_t seed_index(const dpid_study_page *p, double seed)
{
    for (int64_t i = 0; i < p->seeds; i++)
        if (p->seed[i] == seed)
            return i;
    return -1;
}

const double *dpid_arm_values(dpid_study_page *p, const char *word, const char *column)
{
    const deepid_table *t = p->m->results;
    const int64_t seed = deepid_table_find_column(t, "seed");
    const int64_t value = deepid_table_find_column(t, column);
    const int64_t diverged = deepid_table_find_column(t, "diverged");
    double *values = value >= 0 ? dpid_room(p, p->seeds) : NULL;
    int64_t found = 0;
    for (int64_t i = 0; values && i < p->seeds; i++)
        values[i] = (double)NAN;
    for (int64_t row = 0; values && row < deepid_table_rows(t); row++) {
        const int64_t at = seed_index(p, deepid_table_get(t, row, seed));
        if (at < 0 || strcmp(deepid_table_row_name(t, row), word) != 0)
            continue;
        const bool lost = deepid_table_get(t, row, diverged) == 1 && strstr(column, "loss");
        values[at] = lost ? (double)INFINITY : deepid_table_get(t, row, value);
        found += !isnan(values[at]);
    }
    return found > 0 ? values : NULL;
}

bool dpid_arm_is_plain(const dpid_study_page *p, const dpid_page_arm *arm)
{
    const dpid_arm_row *row = dpid_arm_row_of(arm->word);
    const dpid_page_arm *deep = dpid_find_arm(p, "D");
    if (row && row->net == DPID_ARM_ADDED)
        return !deep || strcmp(arm->block, deep->block) == 0;
    return !row || strcmp(row->role, "identity") != 0;
}

bool dpid_arm_shows(const char *word, int32_t where)
{
    const dpid_arm_row *row = dpid_arm_row_of(word);
    return row ? (row->shows & where) != 0 : where == DPID_SHOW_LOSS;
}

const char *dpid_arm_name(dpid_study_page *p, const char *word)
{
    const dpid_arm_row *row = dpid_arm_row_of(word);
    const dpid_page_arm *arm = dpid_find_arm(p, word);
    if (!row || !(row->shows & DPID_SHOW_CURVE))
        return row ? row->label : word;
    const bool named = row->net != DPID_ARM_TWIN && arm && arm->block && *arm->block;
    return dpid_say(p, "%s, depth %lld", named ? arm->block : row->label, arm ? (long long)arm->depth : 0);
}

const char *dpid_arm_style(dpid_study_page *p, const char *word)
{
    const dpid_arm_row *row = dpid_arm_row_of(word);
    const char *role = row ? row->role : "plain";
    return dpid_say(p, "role=%s mark=%s", role, strcmp(role, "plain") == 0 ? "dot" : "diamond");
}
