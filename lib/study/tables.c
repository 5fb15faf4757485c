/* What a study found, as tables; its trained nets; its arms. */
#include "study/study.h"

#include <math.h>
#include <string.h>

/* ---- tables ------------------------------------------------------------------------------ */

static int32_t fill_results(deepid_study *study, deepid_table *table)
{
    for (int64_t i = 0; i < study->nets; i++) {
        const dpid_task *t = &study->task[i];
        const dpid_outcome *o = &t->outcome;
        const dpid_study_arm *arm = &study->arm[t->arm];
        const double row[] = {(double)t->task,
                              t->arm,
                              (double)arm->depth,
                              (double)t->seed,
                              o->epochs,
                              o->updates,
                              o->rate,
                              o->train_loss,
                              o->train_error,
                              o->valid_loss,
                              o->valid_error,
                              o->best_valid_loss,
                              o->penalty,
                              (double)t->diverged,
                              o->seconds};
        if (dpid_task_has_result(t))
            DPID_TRY(deepid_table_append(table, arm->word, row));
    }
    return DEEPID_OK;
}

static int32_t fill_history(deepid_study *study, deepid_table *table)
{
    for (int64_t i = 0; i < study->nets; i++) {
        const dpid_task *t = &study->task[i];
        const dpid_study_arm *arm = &study->arm[t->arm];
        for (int64_t k = 0; dpid_task_has_result(t) && k < t->points; k++) {
            const dpid_history *h = &t->history[k];
            const double row[] = {(double)t->task, t->arm,         (double)arm->depth, (double)t->seed, h->epoch,
                                  h->train_loss,   h->train_error, h->valid_loss,      h->valid_error,  h->rate};
            DPID_TRY(deepid_table_append(table, arm->word, row));
        }
    }
    return DEEPID_OK;
}

static int32_t make_table(deepid_study *study, const char *columns, int32_t (*fill)(deepid_study *, deepid_table *),
                          deepid_table **out)
{
    deepid_table *table = NULL;
    if (!out)
        return dpid_fail(study->head.ctx, DEEPID_ERR_ARGUMENT, "study: out is NULL");
    DPID_TRY(dpid_study_plan(study));
    DPID_TRY(deepid_table_create(study->head.ctx, "arm", columns, &table));
    const int32_t status = fill(study, table);
    if (status == DEEPID_OK)
        *out = table;
    else
        deepid_table_destroy(table);
    return status;
}

static int32_t fill_tuning(deepid_study *study, deepid_table *table)
{
    for (int32_t a = 0; a < study->arms; a++) {
        const dpid_study_arm *arm = &study->arm[a];
        for (int64_t i = 0; i < dpid_tuning_runs(study, arm); i++) {
            const dpid_task *task = &study->task[arm->first_tuning + i];
            const double rate = arm->tuned ? dpid_tuning_rate(arm, task->rate) : task->outcome.rate;
            const double row[] = {rate,
                                  (double)task->seed,
                                  task->outcome.train_loss,
                                  task->diverged,
                                  !arm->tuned || (arm->settled && rate == arm->rate),
                                  arm->noise};
            if (dpid_task_has_result(task))
                DPID_TRY(deepid_table_append(table, arm->word, row));
        }
    }
    return DEEPID_OK;
}

int32_t deepid_study_results(deepid_study *study, deepid_table **out)
{
    DPID_TRY(dpid_enter(study, DPID_MAGIC_STUDY));
    return dpid_leave(study->head.ctx, make_table(study,
                                                  "task,arm,depth,seed,epochs,updates,rate,train_loss,train_error,"
                                                  "valid_loss,valid_error,best_valid_loss,penalty,diverged,seconds",
                                                  fill_results, out));
}

int32_t deepid_study_history(deepid_study *study, deepid_table **out)
{
    DPID_TRY(dpid_enter(study, DPID_MAGIC_STUDY));
    return dpid_leave(study->head.ctx,
                      make_table(study, "task,arm,depth,seed,epoch,train_loss,train_error,valid_loss,valid_error,lr",
                                 fill_history, out));
}

int32_t deepid_study_tuning(deepid_study *study, deepid_table **out)
{
    DPID_TRY(dpid_enter(study, DPID_MAGIC_STUDY));
    return dpid_leave(study->head.ctx,
                      make_table(study, "rate,seed,train_loss,diverged,chosen,noise", fill_tuning, out));
}

static int32_t study_probe(deepid_study *study, const char *arm, const char *word, deepid_table **out)
{
    int32_t probe = 0;
    if (!out || !arm || !word)
        return dpid_fail(study->head.ctx, DEEPID_ERR_ARGUMENT, "study: arm, word or out is NULL");
    DPID_TRY(dpid_study_plan(study));
    while (dpid_probe_at(probe) && strcmp(dpid_probe_at(probe)->word, word) != 0)
        probe++;
    const int32_t index = dpid_arm_find(study, arm);
    if (index < 0 || !dpid_probe_at(probe))
        return dpid_fail(study->head.ctx, DEEPID_ERR_ARGUMENT, "study: there is no %s '%s'",
                         index < 0 ? "arm" : "probe of a study", index < 0 ? arm : word);
    return dpid_probe_table(study, index, probe, out);
}

int32_t deepid_study_probe(deepid_study *study, const char *arm, const char *word, deepid_table **out)
{
    DPID_TRY(dpid_enter(study, DPID_MAGIC_STUDY));
    return dpid_leave(study->head.ctx, study_probe(study, arm, word, out));
}

/* ---- a trained net --------------------------------------------------------------------------------- */

static int32_t study_net(deepid_study *study, const char *word, uint64_t seed, deepid_net **out)
{
    deepid_ctx *ctx = study->head.ctx;
    if (!out || !word)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "study: %s is NULL", out ? "arm" : "out");
    DPID_TRY(dpid_study_plan(study));
    const int32_t arm = dpid_arm_find(study, word);
    if (arm < 0)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "study: there is no arm '%s'", word);
    if (study->arm[arm].reason)
        return dpid_fail(ctx, DEEPID_ERR_STATE, "study: %s is left out: %s", word, study->arm[arm].reason);
    const dpid_task *task = dpid_study_find_net(study, arm, seed);
    if (!task)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "study: seed is %llu, expected %lld to %lld",
                         (unsigned long long)seed, (long long)dpid_study_int(study, DPID_NUMBER_FIRST_SEED),
                         (long long)(dpid_study_int(study, DPID_NUMBER_FIRST_SEED) + study->seeds - 1));
    if (task->state != DPID_TASK_DONE || task->reason || task->spared || task->diverged)
        return dpid_fail(ctx, DEEPID_ERR_STATE, "study: there is no trained net of %s, seed %llu: %s", word,
                         (unsigned long long)seed,
                         task->state != DPID_TASK_DONE ? "it has not run yet"
                         : task->spared                ? dpid_arm_spared_words
                         : task->reason                ? task->reason
                                                       : "it diverged");
    return dpid_task_net(ctx, study, task, out);
}

int32_t deepid_study_net(deepid_study *study, const char *arm, uint64_t seed, deepid_net **out)
{
    DPID_TRY(dpid_enter(study, DPID_MAGIC_STUDY));
    return dpid_leave(study->head.ctx, study_net(study, arm, seed, out));
}

/* ---- arms -------------------------------------------------------------------------------------------- */

int64_t deepid_study_arm_count(deepid_study *study)
{
    return deepid_study_task_count(study) < 0 ? -1 : study->arms;
}

static const dpid_study_arm *arm_at(deepid_study *study, int64_t arm)
{
    return arm >= 0 && arm < deepid_study_arm_count(study) ? &study->arm[arm] : NULL;
}

int64_t deepid_study_arm_find(deepid_study *study, const char *word)
{
    return deepid_study_arm_count(study) < 0 ? -1 : dpid_arm_find(study, word);
}

const char *deepid_study_arm_word(deepid_study *study, int64_t arm)
{
    const dpid_study_arm *a = arm_at(study, arm);
    return a ? a->word : NULL;
}

const char *deepid_study_arm_text(deepid_study *study, int64_t arm)
{
    const dpid_study_arm *a = arm_at(study, arm);
    return a ? a->text : NULL;
}

const char *deepid_study_arm_block(deepid_study *study, int64_t arm)
{
    const dpid_study_arm *a = arm_at(study, arm);
    return a ? a->block : NULL;
}

int64_t deepid_study_arm_depth(deepid_study *study, int64_t arm)
{
    const dpid_study_arm *a = arm_at(study, arm);
    return a ? a->depth : -1;
}

int32_t deepid_study_arm_dtype(deepid_study *study, int64_t arm)
{
    const dpid_study_arm *a = arm_at(study, arm);
    return a ? a->dtype : 0;
}

const char *deepid_study_arm_start(deepid_study *study, int64_t arm)
{
    const dpid_study_arm *a = arm_at(study, arm);
    return a ? a->start : NULL;
}

const char *deepid_study_arm_optimizer(deepid_study *study, int64_t arm)
{
    const dpid_study_arm *a = arm_at(study, arm);
    return a ? a->optimizer : NULL;
}

double deepid_study_arm_rate(deepid_study *study, int64_t arm)
{
    const dpid_study_arm *a = arm_at(study, arm);
    return a ? dpid_arm_rate(study, a) : (double)NAN;
}

const char *deepid_study_arm_reason(deepid_study *study, int64_t arm)
{
    const dpid_study_arm *a = arm_at(study, arm);
    if (!a)
        return "there is no such arm";
    if (dpid_arm_is_spared(a))
        return study->tuning_seeds > 0 ? dpid_arm_spared_words : "no other rate was looked for";
    return a->reason;
}
