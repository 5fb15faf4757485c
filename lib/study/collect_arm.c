/* From the tasks of one arm to its row of the evidence: one number a seed, the curves along training, and what tuning
   found. */
#include "study/study.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

typedef struct {
    const deepid_study *study;
    const dpid_study_arm *arm;
    dpid_arena *arena;
    int64_t seeds;
} gathering;

static const dpid_task *task_of(const gathering *g, int64_t seed)
{
    return &g->study->task[g->arm->first_task + seed];
}

/* ---- one number a seed ----------------------------------------------------------------------- */

/* NaN where the seed was not run; NULL when no seed has a number. */
static int32_t column(const gathering *g, size_t field, const double **out)
{
    double *values = NULL;
    bool known = false;
    DPID_TRY(dpid_arena_alloc(g->arena, g->seeds, sizeof *values, "evidence", &values));
    for (int64_t i = 0; i < g->seeds; i++) {
        values[i] = (double)NAN;
        if (dpid_task_has_result(task_of(g, i)))
            memcpy(&values[i], (const char *)&task_of(g, i)->outcome + field, sizeof *values);
        known = known || !isnan(values[i]);
    }
    *out = known ? values : NULL;
    return DEEPID_OK;
}

static int32_t gather_columns(const gathering *g, dpid_arm_evidence *a)
{
    const bool labels = g->study->train->labels != NULL;
    const bool valid = g->study->valid != NULL;
    const struct {
        const double **to;
        size_t field;
        bool asked;
    } columns[] = {{&a->train_loss, offsetof(dpid_outcome, train_loss), true},
                   {&a->train_error, offsetof(dpid_outcome, train_error), labels},
                   {&a->valid_loss, offsetof(dpid_outcome, valid_loss), valid},
                   {&a->valid_error, offsetof(dpid_outcome, valid_error), valid && labels},
                   {&a->best_valid_loss, offsetof(dpid_outcome, best_valid_loss), valid},
                   {&a->penalty, offsetof(dpid_outcome, penalty), true},
                   {&a->objective, offsetof(dpid_outcome, objective), true},
                   {&a->batch_loss, offsetof(dpid_outcome, batch_loss), true},
                   {&a->batch8_loss, offsetof(dpid_outcome, batch8_loss), true},
                   {&a->moving_loss, offsetof(dpid_outcome, moving_loss), true}};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        if (columns[i].asked)
            DPID_TRY(column(g, columns[i].field, columns[i].to));
    return DEEPID_OK;
}

static int32_t gather_diverged(const gathering *g, dpid_arm_evidence *a)
{
    uint8_t *diverged = NULL;
    DPID_TRY(dpid_arena_alloc(g->arena, g->seeds, sizeof *diverged, "evidence", &diverged));
    for (int64_t i = 0; i < g->seeds; i++)
        diverged[i] = dpid_task_has_result(task_of(g, i)) && task_of(g, i)->diverged;
    a->diverged = diverged;
    return DEEPID_OK;
}

/* ---- along training ------------------------------------------------------------------------------ */

static int32_t curve(const gathering *g, int64_t points, size_t field, const double **out)
{
    double *values = NULL;
    DPID_TRY(dpid_arena_alloc(g->arena, g->seeds * points, sizeof *values, "evidence", &values));
    for (int64_t i = 0; i < g->seeds * points; i++) {
        const dpid_task *task = task_of(g, i / points);
        values[i] = (double)NAN;
        if (dpid_task_has_result(task) && i % points < task->points)
            memcpy(&values[i], (const char *)&task->history[i % points] + field, sizeof *values);
    }
    *out = values;
    return DEEPID_OK;
}

static int32_t gather_curves(const gathering *g, dpid_arm_evidence *a)
{
    int64_t points = 0;
    for (int64_t i = 0; i < g->seeds; i++)
        if (dpid_task_has_result(task_of(g, i)) && task_of(g, i)->points > points)
            points = task_of(g, i)->points;
    if (points == 0 || g->arm->steps == 0)
        return DEEPID_OK;
    a->points = points;
    DPID_TRY(curve(g, points, offsetof(dpid_history, train_loss), &a->curve_train));
    if (!g->study->valid)
        return DEEPID_OK;
    DPID_TRY(curve(g, points, offsetof(dpid_history, valid_loss), &a->curve_valid));
    return g->study->train->labels ? curve(g, points, offsetof(dpid_history, valid_error), &a->curve_valid_error)
                                   : DEEPID_OK;
}

/* ---- tuning, and all of it ------------------------------------------------------------------------ */

/* Of S and D, which run at the recipe's rate: what tuning found for them, at that rate. */
static void gather_tuning(const gathering *g, dpid_arm_evidence *a)
{
    const dpid_study_arm *tuned = g->arm->better >= 0 ? &g->study->arm[g->arm->better] : g->arm;
    const dpid_tuning_summary sum = dpid_tuning_sum_up(g->study, tuned, dpid_arm_rate(g->study, g->arm));
    a->tuning_loss = sum.loss;
    a->rates_tried = sum.rates;
    a->rates_diverged = sum.diverged;
    a->lowest_rate = sum.lowest;
    a->highest_rate = sum.highest;
    a->other_rate = sum.other;
    a->other_gain = sum.gain;
    a->noise = tuned->noise;
}

int32_t dpid_collect_arm(const deepid_study *study, const dpid_study_arm *arm, dpid_arena *arena,
                         dpid_arm_evidence *out)
{
    const gathering g = {.study = study, .arm = arm, .arena = arena, .seeds = study->seeds};
    *out = dpid_arm_evidence_none(arm->word);
    out->said = arm->said;
    DPID_TRY(gather_columns(&g, out));
    DPID_TRY(gather_diverged(&g, out));
    DPID_TRY(gather_curves(&g, out));
    gather_tuning(&g, out);
    out->learning_rate = dpid_arm_rate(study, arm);
    out->updates = (double)arm->steps;
    return DEEPID_OK;
}
