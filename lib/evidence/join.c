/* Numbers along training, one at a time as they are read, joined into runs: those of one run and step are one point,
   and the run ends with the last known value of each column. */
#include "evidence/map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int32_t dpid_map_keep(dpid_mapping *m, dpid_sample taken)
{
    enum { FIRST = 1024 };
    const int64_t room = m->room ? 2 * m->room : FIRST;
    if (m->samples == m->room) {
        DPID_TRY(dpid_grow(m->e->head.ctx, &m->sample, m->samples, room, sizeof *m->sample, "evidence"));
        m->room = room;
    }
    taken.order = m->samples;
    m->sample[m->samples++] = taken;
    return DEEPID_OK;
}

/* ---- order -------------------------------------------------------------------------------------- */

static int by_run_and_step(const void *a, const void *b)
{
    const dpid_sample *x = a;
    const dpid_sample *y = b;
    const int word = x->word == y->word ? 0 : strcmp(x->word, y->word);
    return word                 ? word
           : x->seed != y->seed ? (x->seed > y->seed) - (x->seed < y->seed)
           : x->step != y->step ? (x->step > y->step) - (x->step < y->step)
                                : (x->order > y->order) - (x->order < y->order);
}

static bool same_run(const dpid_sample *a, const dpid_sample *b)
{
    return a->seed == b->seed && strcmp(a->word, b->word) == 0;
}

/* ---- one run: samples first .. end - 1, by step ---------------------------------------------------- */

static void clear(double *row, double seed)
{
    for (int k = 0; k < DPID_RUN_COLUMNS; k++)
        row[k] = (double)NAN;
    row[DPID_RUN_SEED] = seed;
}

static int32_t add_point(const dpid_mapping *m, const dpid_filed_arm *arm, double step, const double *row)
{
    const double point[DPID_POINT_COLUMNS] = {row[DPID_RUN_SEED],       step,
                                              row[DPID_RUN_TRAIN_LOSS], row[DPID_RUN_TRAIN_ERROR],
                                              row[DPID_RUN_VALID_LOSS], row[DPID_RUN_VALID_ERROR],
                                              row[DPID_RUN_RATE]};
    return deepid_table_append(m->e->points, arm->word, point);
}

static bool is_trained(const dpid_mapping *m, int64_t first, int64_t end)
{
    for (int64_t i = first; i < end; i++)
        if (m->sample[i].column == DPID_RUN_TRAIN_LOSS ||
            (m->sample[i].column == DPID_RUN_DIVERGED && m->sample[i].value == 1))
            return true;
    return false;
}

/* Samples from i on that have its step, in a row; where they end. */
static int64_t take_step(const dpid_mapping *m, int64_t i, int64_t end, double *row, double *last)
{
    const double step = m->sample[i].step;
    bool broke = false;
    clear(row, m->sample[i].seed);
    for (; i < end && m->sample[i].step == step; i++) {
        const dpid_sample *s = &m->sample[i];
        row[s->column] = isnan(s->value) ? row[s->column] : s->value;
        broke = broke || (s->column == DPID_RUN_TRAIN_LOSS && isnan(s->value));
    }
    for (int k = 0; k < DPID_RUN_COLUMNS; k++)
        if (!isnan(row[k]) || (k == DPID_RUN_TRAIN_LOSS && broke))
            last[k] = row[k];
    return i;
}

static int32_t add_run(dpid_mapping *m, int64_t first, int64_t end)
{
    dpid_filed_arm *arm = NULL;
    double last[DPID_RUN_COLUMNS];
    double row[DPID_RUN_COLUMNS];
    char why[DPID_JSON_WHY];
    int column;
    if (!is_trained(m, first, end)) {
        m->untrained++;
        return DEEPID_OK;
    }
    DPID_TRY(dpid_evidence_arm(m->e, m->sample[first].word, &arm));
    clear(last, m->sample[first].seed);
    for (int64_t i = first; i < end;) {
        const double step = m->sample[i].step;
        i = take_step(m, i, end, row, last);
        DPID_TRY(add_point(m, arm, step, row));
    }
    last[DPID_RUN_DIVERGED] = isnan(last[DPID_RUN_TRAIN_LOSS]) || last[DPID_RUN_DIVERGED] == 1;
    if (!dpid_evidence_fits(m->e, arm, last, &column, why))
        return dpid_fail(m->e->head.ctx, DEEPID_ERR_FORMAT, "'%s', arm %s, seed %s, %s: %s", m->path, arm->word,
                         dpid_number(last[DPID_RUN_SEED]).text, m->column[column].name, why);
    m->runs++;
    return dpid_evidence_add_run(m->e, arm, last, 0);
}

int32_t dpid_map_join(dpid_mapping *m)
{
    int64_t end;
    if (m->samples > 0)
        qsort(m->sample, (size_t)m->samples, sizeof *m->sample, by_run_and_step);
    for (int64_t first = 0; first < m->samples; first = end) {
        for (end = first + 1; end < m->samples && same_run(&m->sample[first], &m->sample[end]);)
            end++;
        DPID_TRY(add_run(m, first, end));
    }
    return DEEPID_OK;
}
