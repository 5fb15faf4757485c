/* What tasks cost, and how long a choice of them takes. A task's price is what tasks of its arm and kind took, or else
   follows from the pace of S and D and from how far that was wrong so far. */
#include "study/study.h"

#include <math.h>
#include <stdlib.h>

enum { KINDS = (int)DPID_TASK_PROBE + 1 };

/* ---- prices: seconds of one core ---------------------------------------------------------- */

static dpid_pace pace_of(const deepid_study *study, const dpid_study_arm *arm)
{
    const bool shallow = arm->row->net == DPID_ARM_SHALLOW;
    const dpid_pace known = shallow ? study->choice.shallow : study->choice.deep;
    const dpid_study_arm *like = &study->arm[dpid_arm_find(study, shallow ? "S" : "D")];
    return (dpid_pace){known.step * arm->step_cost / like->step_cost, known.look * arm->look_cost / like->look_cost};
}

/* An L-BFGS step looks at all samples, and a little more than once. */
static double planned(const deepid_study *study, const dpid_task *task)
{
    enum { TUNING_LOOKS = 2, WITNESS_LOOKS = 4 };
    const double trials = 1.3;
    const dpid_study_arm *arm = &study->arm[task->arm];
    const dpid_pace a = pace_of(study, arm);
    const double each = dpid_steps_alone(arm->optimizer) ? trials * (double)dpid_study_steps_per_epoch(study) : 1;
    const double steps = (double)arm->steps * each * a.step;
    const double looks[KINDS] = {[DPID_TASK_TRAIN] = (double)dpid_study_int(study, DPID_NUMBER_POINTS) + 1,
                                 [DPID_TASK_WITNESS] = WITNESS_LOOKS,
                                 [DPID_TASK_TUNE] = TUNING_LOOKS};
    return task->kind == DPID_TASK_PROBE ? DPID_PROBE_STEPS * a.step : steps + looks[task->kind] * a.look;
}

/* Runs that diverged ended early, and tell nothing. */
static bool teaches(const dpid_task *task)
{
    return dpid_task_has_result(task) && !task->diverged && task->outcome.seconds > 0;
}

static void learn(dpid_market *m)
{
    double took = 0;
    double thought = 0;
    for (int64_t i = 0; i < m->study->tasks; i++) {
        const dpid_task *task = &m->study->task[i];
        dpid_experience *e = &m->known[task->arm * KINDS + (int32_t)task->kind];
        if (!teaches(task))
            continue;
        e->seconds += task->outcome.seconds;
        e->tasks++;
        took += task->outcome.seconds;
        thought += planned(m->study, task);
    }
    m->factor = thought > 0 ? took / thought : 1;
}

static double price_of(const dpid_market *m, const dpid_task *task)
{
    const dpid_experience *e = &m->known[task->arm * KINDS + (int32_t)task->kind];
    return e->tasks > 0 ? e->seconds / e->tasks : m->factor * planned(m->study, task);
}

/* Of one that runs: by the share that it has done, or else by the time that it has taken. */
static double rest_of(const dpid_market *m, const dpid_task *task)
{
    const double told = 0.05; /* a share that says something */
    const double price = price_of(m, task);
    const double share = atomic_load(&task->share);
    const double taken = m->now - task->began;
    if (task->state != DPID_TASK_RUNNING)
        return price;
    return share > told ? taken * (1 - share) / share : fmax(price - taken, 0);
}

int64_t dpid_task_place(const deepid_study *study, const dpid_task *task)
{
    return (int64_t)(task->seed - (uint64_t)dpid_study_int(study, DPID_NUMBER_FIRST_SEED));
}

/* ---- choices ----------------------------------------------------------------------------------- */

/* Does the choice have this task? */
bool dpid_market_has(const dpid_market *m, const dpid_task *task)
{
    const dpid_choice *c = m->choice;
    if (c->left_out[task->arm] || m->study->arm[task->arm].reason)
        return false;
    if (task->kind == DPID_TASK_TUNE)
        return c->tuning_seeds > 0;
    const int64_t place = dpid_task_place(m->study, task);
    return place < c->seeds && (task->kind != DPID_TASK_PROBE || place < c->probe_seeds);
}

bool dpid_market_open(const dpid_market *m, const dpid_task *task)
{
    return task->wanted && task->state != DPID_TASK_DONE && dpid_market_has(m, task) &&
           dpid_task_is_needed(m->study, task);
}

/* Seconds of the clock for all that is open: each task in turn goes to the worker that is free first. */
dpid_bill dpid_market_price(const dpid_market *m)
{
    dpid_bill bill = {0, 0};
    for (int64_t w = 0; w < m->workers; w++)
        m->busy[w] = 0;
    for (int64_t i = 0; i < m->study->tasks; i++) {
        int64_t first = 0;
        if (!dpid_market_open(m, m->line[i]))
            continue;
        for (int64_t w = 1; w < m->workers; w++)
            first = m->busy[w] < m->busy[first] ? w : first;
        const double rest = rest_of(m, m->line[i]);
        m->busy[first] += rest;
        bill.work += rest;
        bill.clock = fmax(bill.clock, m->busy[first]);
    }
    return bill;
}

static int by_turn(const void *a, const void *b)
{
    const dpid_task *x = *(const dpid_task *const *)a;
    const dpid_task *y = *(const dpid_task *const *)b;
    const bool begun[] = {x->state == DPID_TASK_RUNNING, y->state == DPID_TASK_RUNNING};
    if (begun[0] != begun[1])
        return begun[1] - begun[0];
    if (x->turn != y->turn)
        return x->turn < y->turn ? -1 : 1;
    return x->cost != y->cost ? (x->cost > y->cost ? -1 : 1) : (x->task > y->task) - (x->task < y->task);
}

void dpid_market_close(dpid_market *m)
{
    dpid_free(m->study->head.ctx, m->known);
    dpid_free(m->study->head.ctx, m->line);
    dpid_free(m->study->head.ctx, m->busy);
}

int64_t dpid_budget_workers(const deepid_study *study)
{
    const int64_t wished = dpid_study_int(study, DPID_NUMBER_THREADS);
    return wished > 0 ? wished : dpid_cpu_count();
}

int32_t dpid_market_make(deepid_study *study, double now, double left, dpid_market *m)
{
    deepid_ctx *ctx = study->head.ctx;
    *m = (dpid_market){
        .study = study, .choice = &study->choice, .now = now, .left = left, .workers = dpid_budget_workers(study)};
    int32_t status = dpid_alloc(ctx, study->arms * KINDS, sizeof *m->known, "budget", &m->known);
    if (status == DEEPID_OK)
        status = dpid_alloc(ctx, study->tasks, sizeof *m->line, "budget", &m->line);
    if (status == DEEPID_OK)
        status = dpid_alloc(ctx, m->workers, sizeof *m->busy, "budget", &m->busy);
    if (status != DEEPID_OK) {
        dpid_market_close(m);
        return status;
    }
    for (int64_t i = 0; i < study->tasks; i++)
        m->line[i] = &study->task[i];
    qsort(m->line, (size_t)study->tasks, sizeof *m->line, by_turn);
    learn(m);
    return DEEPID_OK;
}
