/* Which layers do the same: linear CKA of every pair, the mean over seeds. */
#include "report/study_page.h"

#include "base/words.h"

#include <math.h>
#include <string.h>

enum { PLACES_MAX = 4096, SIDE_MAX = 20 };

/* Every step-th place, so that a page stays small. */
typedef struct {
    int64_t n, step;
    double *value;
} matrix;

static matrix matrix_of(dpid_study_page *p, const char *arm)
{
    const dpid_layers i = dpid_layers_of(p, arm, "cka", "i", false);
    const dpid_layers j = dpid_layers_of(p, arm, "cka", "j", false);
    const dpid_layers cka = dpid_layers_of(p, arm, "cka", "cka", false);
    int64_t n = 0;
    if (cka.n == 0 || i.n != cka.n || j.n != cka.n)
        return (matrix){0};
    for (int64_t k = 0; k < i.n; k++)
        n = i.median[k] >= (double)n && i.median[k] < PLACES_MAX ? (int64_t)i.median[k] + 1 : n;
    if (n < 3)
        return (matrix){0};
    const int64_t step = (n - 2) / (SIDE_MAX - 1) + 1;
    n = (n - 1) / step + 1;
    double *value = dpid_room(p, n * n);
    for (int64_t k = 0; value && k < n * n; k++)
        value[k] = (double)NAN;
    for (int64_t k = 0; value && k < cka.n; k++) {
        const int64_t row = (int64_t)i.median[k];
        const int64_t column = (int64_t)j.median[k];
        if (row >= 0 && column >= 0 && row % step == 0 && column % step == 0 && row / step < n && column / step < n)
            value[row / step * n + column / step] = cka.median[k];
    }
    return (matrix){value ? n : 0, step, value};
}

/* The mean over neighbours. */
static double neighbours(const matrix *m)
{
    double sum = 0;
    for (int64_t i = 1; i < m->n; i++)
        sum += m->value[i * m->n + i - 1];
    return sum / (double)(m->n - 1);
}

static deepid_chart *draw(dpid_study_page *p, const matrix *m, const char *style)
{
    deepid_chart *chart = dpid_new_chart(p, "place in the net, 0: the input", "similarity (CKA)", "");
    const char **names = NULL;
    if (chart)
        dpid_note(p, dpid_arena_alloc(&p->arena, m->n, sizeof *names, "report", &names));
    for (int64_t i = 0; names && i < m->n; i++)
        names[i] = dpid_say(p, "%lld", (long long)(i * m->step));
    if (p->status == DEEPID_OK)
        dpid_note(p, deepid_chart_heatmap(chart, style, m->n, m->n, m->value, names, names));
    if (p->status == DEEPID_OK)
        dpid_note(p, deepid_chart_set_y_range(chart, 0, 1));
    return chart;
}

/* A row a place of a net, a column a place. */
static void add_numbers(dpid_study_page *p, deepid_table *table, const matrix *m, const char *name, int64_t columns)
{
    double row[SIDE_MAX + 1];
    for (int64_t i = 0; i < m->n && p->status == DEEPID_OK; i++) {
        for (int64_t k = 0; k < columns; k++)
            row[k] = k < m->n ? m->value[i * m->n + k] : (double)NAN;
        dpid_note(p, deepid_table_append(table, dpid_say(p, "%s, %lld", name, (long long)(i * m->step)), row));
    }
}

static deepid_table *numbers_of(dpid_study_page *p, const matrix *deep, const matrix *skip)
{
    const matrix *wider = deep->n >= skip->n ? deep : skip;
    const char *columns = "0";
    for (int64_t i = 1; i < wider->n; i++)
        columns = dpid_say(p, "%s,%lld", columns, (long long)(i * wider->step));
    deepid_table *table = dpid_new_table(p, "place", columns);
    add_numbers(p, table, deep, "without a skip", wider->n);
    add_numbers(p, table, skip, "identity skip", wider->n);
    return table;
}

void dpid_figure_cka(dpid_study_page *p)
{
    const matrix deep = matrix_of(p, "D");
    const matrix skip = matrix_of(p, "D_res");
    if (deep.n + skip.n == 0) {
        dpid_leave_out(p, "similarity of layers", "not probed");
        return;
    }
    deepid_chart *first = draw(p, deep.n ? &deep : &skip, deep.n ? "role=plain" : "role=identity");
    deepid_chart *second = deep.n && skip.n ? draw(p, &skip, "role=identity") : NULL;
    const int64_t step = (deep.n ? &deep : &skip)->step;
    const char *stride = step > 1 ? dpid_say(p, " (every %lld places)", (long long)step) : "";
    const double ends = (deep.n ? &deep : &skip)->value[(deep.n ? deep.n : skip.n) - 1];
    const char *with = second ? dpid_say(p, "; with the skip %s and %s", dpid_words(neighbours(&skip)).text,
                                         dpid_words(skip.value[skip.n - 1]).text)
                              : "";
    dpid_add_figure_pair(p,
                         dpid_say(p, "Similarity is %s between neighbours, %s between first and last%s.",
                                  dpid_words(neighbours(deep.n ? &deep : &skip)).text, dpid_words(ends).text, with),
                         dpid_say(p,
                                  "Linear CKA of what passes each pair of places of the trained nets%s, 1: the same up "
                                  "to rotation and scale; the median over seeds.",
                                  stride),
                         first, deep.n ? dpid_arm_name(p, "D") : "identity skip", second, "identity skip",
                         numbers_of(p, &deep, &skip), "probes/D.cka.csv");
}
