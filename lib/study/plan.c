/* The plan of a study: its arms, and the graph of tasks that follows from them. Trainings and witnesses come first,
   arm by arm and seed by seed, then tuning runs, then probes. A task's configuration names its parents' choices: the
   rate that tuning found, the net it starts from. So it is written when the parents are done. */
#include "study/study.h"

#include "base/numbers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- numbers ------------------------------------------------------------------------------- */

static dpid_task *add_task(deepid_study *study, dpid_task_kind kind, int32_t arm, uint64_t seed)
{
    dpid_task *task = &study->task[study->tasks];
    const double none = (double)NAN;
    task->task = study->tasks++;
    task->kind = kind;
    task->arm = arm;
    task->seed = seed;
    task->parent = -1;
    task->outcome =
        (dpid_outcome){none, none, none, none, none, none, none, none, none, none, 0, none, none, none, none};
    return task;
}

static void add_nets(deepid_study *study)
{
    const int64_t points = dpid_study_int(study, DPID_NUMBER_POINTS);
    for (int32_t a = 0; a < study->arms; a++) {
        dpid_study_arm *arm = &study->arm[a];
        if (arm->reason)
            continue;
        arm->first_task = study->tasks;
        for (int64_t i = 0; i < study->seeds; i++) {
            dpid_task *task = add_task(study, arm->steps > 0 ? DPID_TASK_TRAIN : DPID_TASK_WITNESS, a,
                                       (uint64_t)(dpid_study_int(study, DPID_NUMBER_FIRST_SEED) + i));
            task->cost = (double)arm->steps * arm->step_cost + (double)(points + 2) * arm->look_cost;
            if (arm->parent >= 0)
                task->parent = study->arm[arm->parent].first_task + i;
        }
    }
    study->nets = study->tasks;
}

static void add_tuning(deepid_study *study)
{
    enum { FIRST_TUNING_SEED = 1000001 }; /* apart from the study's */
    for (int32_t a = 0; a < study->arms; a++) {
        dpid_study_arm *arm = &study->arm[a];
        arm->first_tuning = study->tasks;
        for (int64_t i = 0; i < dpid_tuning_runs(study, arm); i++) {
            dpid_task *task =
                add_task(study, DPID_TASK_TUNE, a, (uint64_t)(FIRST_TUNING_SEED + i % study->tuning_seeds));
            task->rate = (int32_t)(arm->tuned ? i / study->tuning_seeds : DPID_RATE_OWN);
            task->cost = (double)arm->steps * arm->step_cost + 2 * arm->look_cost;
        }
    }
}

static int64_t probed_seeds(const deepid_study *study)
{
    return study->probe_seeds < study->seeds ? study->probe_seeds : study->seeds;
}

static void add_probes(deepid_study *study)
{
    for (int32_t a = 0; a < study->arms; a++) {
        for (int32_t p = 0; dpid_probe_at(p); p++) {
            const dpid_study_arm *arm = &study->arm[a];
            if (arm->reason || !dpid_probe_applies(study, dpid_probe_at(p), arm))
                continue;
            for (int64_t i = 0; i < probed_seeds(study); i++) {
                dpid_task *task =
                    add_task(study, DPID_TASK_PROBE, a, (uint64_t)(dpid_study_int(study, DPID_NUMBER_FIRST_SEED) + i));
                task->probe = p;
                task->cost = DPID_PROBE_STEPS * arm->step_cost;
                task->parent = dpid_probe_at(p)->trained ? arm->first_task + i : -1;
            }
        }
    }
}

static int32_t number_tasks(deepid_study *study)
{
    enum { TASKS_MAX = 10000000, PROBES_MAX = 32 };
    const int64_t each = study->seeds + DPID_RATES_MOST * DPID_TUNING_SEEDS_MAX + PROBES_MAX * probed_seeds(study);
    int64_t most;
    if (!dpid_mul(study->arms, each, &most) || most > TASKS_MAX)
        return dpid_fail(study->head.ctx, DEEPID_ERR_LIMIT, "study: %d arms x %lld seeds are too many tasks",
                         study->arms, (long long)study->seeds);
    DPID_TRY(dpid_arena_alloc(&study->plan, most, sizeof *study->task, "study", &study->task));
    add_nets(study);
    add_tuning(study);
    add_probes(study);
    return DEEPID_OK;
}

/* ---- parents ----------------------------------------------------------------------------------- */

/* The arm whose tuning decides the rate of a task, -1: none does. Of a run that tunes: its own, for the wider grid. */
static int32_t tuning_of(const deepid_study *study, const dpid_task *task)
{
    const dpid_study_arm *arm = &study->arm[task->arm];
    if (task->kind == DPID_TASK_TUNE && arm->tuned)
        return task->arm;
    if ((task->kind != DPID_TASK_TRAIN && task->kind != DPID_TASK_TUNE) || arm->rate_of < 0 ||
        (arm->rate_of == task->arm && arm->row->fixed))
        return -1;
    const int32_t better = study->arm[arm->rate_of].better;
    return better >= 0 ? better : arm->rate_of;
}

/* The arm whose tuning decides which net a task starts from, -1: none does. */
static int32_t start_of(const deepid_study *study, const dpid_task *task)
{
    const int32_t parent = task->kind == DPID_TASK_PROBE ? -1 : study->arm[task->arm].parent;
    return parent >= 0 ? study->arm[parent].better : -1;
}

int64_t dpid_task_parent(const deepid_study *study, const dpid_task *task)
{
    if (task->parent < 0 || task->kind == DPID_TASK_PROBE)
        return task->parent;
    const int32_t parent = study->arm[task->arm].parent;
    const int32_t stand_in = dpid_arm_stand_in(study, parent);
    return task->parent - study->arm[parent].first_task + study->arm[stand_in].first_task;
}

static bool is_settled(const deepid_study *study, int32_t arm)
{
    return arm < 0 || !study->arm[arm].tuned || study->arm[arm].settled;
}

bool dpid_task_ready(const deepid_study *study, const dpid_task *task)
{
    if (task->kind == DPID_TASK_TUNE && study->arm[task->arm].tuned)
        return dpid_task_is_needed(study, task);
    if (!is_settled(study, tuning_of(study, task)) || !is_settled(study, start_of(study, task)))
        return false;
    const int64_t parent = dpid_task_parent(study, task);
    return parent < 0 || study->task[parent].state == DPID_TASK_DONE;
}

static void want_tuning(deepid_study *study, int32_t arm)
{
    const int64_t count = arm >= 0 && study->arm[arm].tuned ? dpid_tuning_runs(study, &study->arm[arm]) : 0;
    for (int64_t i = 0; i < count; i++)
        study->task[study->arm[arm].first_tuning + i].wanted = true;
}

/* The task and all that it stands on; S's tuning gives the margin that a better rate must pass. */
static void want(deepid_study *study, dpid_task *task)
{
    if (task->wanted)
        return;
    task->wanted = true;
    const int32_t tuning = tuning_of(study, task);
    const int32_t start = start_of(study, task);
    want_tuning(study, tuning);
    want_tuning(study, start);
    if (tuning >= 0 || start >= 0)
        want_tuning(study, dpid_arm_find(study, "S_rate"));
    if (task->parent >= 0)
        want(study, &study->task[task->parent]);
    if (start >= 0)
        want(study, &study->task[study->arm[start].first_task + task->parent -
                                 study->arm[study->arm[task->arm].parent].first_task]);
}

void dpid_study_want(deepid_study *study)
{
    const int64_t shard = dpid_study_int(study, DPID_NUMBER_SHARD);
    const int64_t shards = dpid_study_int(study, DPID_NUMBER_SHARDS);
    const int64_t one = dpid_study_int(study, DPID_NUMBER_TASK);
    for (int64_t i = 0; i < study->tasks; i++)
        study->task[i].wanted = false;
    for (int64_t i = 0; i < study->tasks; i++)
        if (one >= 0 ? i == one : i % shards == shard)
            want(study, &study->task[i]);
}

/* ---- configuration: the order of keys is part of the hash ------------------------------------------ */

static void write_start(const deepid_study *study, const dpid_task *task, dpid_string *s)
{
    const dpid_study_arm *arm = &study->arm[task->arm];
    dpid_string_format(s, "net=%s\ndtype=%s\n", arm->text, dpid_dtype_name(arm->dtype));
    const int64_t parent = dpid_task_parent(study, task);
    if (parent >= 0)
        dpid_string_format(s, "start=%s %s\n", arm->row->embeds && task->kind != DPID_TASK_PROBE ? "embedded" : "net",
                           study->task[parent].name);
    else
        dpid_string_format(s, "start=%s\n", arm->init);
}

static void write_training(const deepid_study *study, const dpid_task *task, dpid_string *s)
{
    const dpid_study_arm *arm = &study->arm[task->arm];
    dpid_string_format(s,
                       "optimizer=%s\nschedule=%s\naugmentation=%s\nlearning_rate=%s\nclip=%s\nbatch=%lld\nsteps=%"
                       "lld\nhistory_points=%lld\n",
                       arm->optimizer, study->text[DPID_TEXT_SCHEDULE], arm->augmentation,
                       dpid_number(task->outcome.rate).text, dpid_number(study->number[DPID_NUMBER_CLIP]).text,
                       (long long)arm->batch, (long long)arm->steps,
                       (long long)(task->kind == DPID_TASK_TUNE ? 0 : dpid_study_int(study, DPID_NUMBER_POINTS)));
}

/* Storage stands in the net's text. */
static void write_scale(const dpid_study_arm *arm, dpid_string *s)
{
    if (strcmp(arm->loss_scale, "none") != 0)
        dpid_string_format(s, "loss_scale=%s\n", arm->loss_scale);
}

static double rate_of(const deepid_study *study, const dpid_task *task)
{
    const dpid_study_arm *arm = &study->arm[task->arm];
    if (task->kind == DPID_TASK_TUNE && arm->tuned)
        return dpid_tuning_rate(arm, task->rate);
    return task->kind == DPID_TASK_TRAIN || task->kind == DPID_TASK_TUNE ? dpid_arm_rate(study, arm) : (double)NAN;
}

int32_t dpid_task_configure(deepid_study *study, dpid_task *task)
{
    static const char *const kinds[] = {"train", "witness", "tune", "probe"};
    dpid_string s = {.ctx = study->head.ctx};
    if (task->config)
        return DEEPID_OK;
    task->outcome.rate = rate_of(study, task);
    dpid_string_format(&s, "format=3\nkind=%s\n%sloss=%s\nobjective=%s\n", kinds[task->kind], study->data,
                       study->arm[task->arm].loss, study->text[DPID_TEXT_OPTIMIZER]);
    write_start(study, task, &s);
    if (task->kind == DPID_TASK_TRAIN || task->kind == DPID_TASK_TUNE) {
        write_training(study, task, &s);
        write_scale(&study->arm[task->arm], &s);
    }
    if (task->kind == DPID_TASK_PROBE) {
        dpid_string_add(&s, "probe=");
        dpid_probe_print(&s, study, dpid_probe_at(task->probe), &study->arm[task->arm]);
        dpid_string_add(&s, "\n");
    }
    dpid_string_format(&s, "seed=%llu\n", (unsigned long long)task->seed);
    const int32_t status = s.status == DEEPID_OK ? dpid_copy_text(s.ctx, s.text, &task->config) : s.status;
    if (status == DEEPID_OK)
        snprintf(task->name, sizeof task->name, "%016llx", (unsigned long long)dpid_hash64(s.text, s.length, 0));
    dpid_string_release(&s);
    return status;
}

/* ---- the plan ------------------------------------------------------------------------------------------ */

/* Tasks that a plan before this one has done; count 0: none. */
typedef struct {
    dpid_task *task;
    int64_t count;
} old_tasks;

/* Of the same configuration: all but its place in the plan is taken over. */
static bool take_over(deepid_study *study, dpid_task *task, const old_tasks *old)
{
    for (int64_t i = 0; i < old->count; i++) {
        dpid_task *was = &old->task[i];
        if (was->state != DPID_TASK_DONE || !was->config || strcmp(was->name, task->name) != 0)
            continue;
        const dpid_task now = *task;
        dpid_free(study->head.ctx, task->config);
        *task = *was;
        task->task = now.task;
        task->arm = now.arm;
        task->rate = now.rate;
        task->parent = now.parent;
        task->cost = now.cost;
        was->state = DPID_TASK_WAITING; /* what it held is no more its own */
        was->config = was->reason = NULL;
        was->history = NULL;
        was->table = NULL;
        was->trained = NULL;
        was->ctx = NULL;
        return true;
    }
    return false;
}

/* Parents before those that stand on them. */
static int32_t take_listed(deepid_study *study, const old_tasks *old, const dpid_listing *listing)
{
    for (bool more = true; more;) {
        more = false;
        dpid_tuning_settle(study);
        for (int64_t i = 0; i < study->tasks; i++) {
            dpid_task *task = &study->task[i];
            if (task->config || task->spared || !dpid_task_ready(study, task))
                continue;
            DPID_TRY(dpid_task_configure(study, task));
            if (!take_over(study, task, old) && dpid_listing_has(listing, task))
                DPID_TRY(dpid_task_read(study->head.ctx, study, task));
            more = more || task->state == DPID_TASK_DONE;
        }
    }
    return DEEPID_OK;
}

/* What is done already. */
static int32_t take_results(deepid_study *study, const old_tasks *old)
{
    dpid_listing listing;
    int32_t status = dpid_listing_read(study, &listing);
    if (status == DEEPID_OK)
        status = take_listed(study, old, &listing);
    dpid_listing_release(study, &listing);
    return status;
}

/* Found here, and not as a net that diverges. */
static int32_t check_data(const deepid_study *study)
{
    const dpid_precision precision = dpid_dtype_precision((int32_t)study->number[DPID_NUMBER_DTYPE]);
    DPID_TRY(dpid_dataset_check_finite(study->head.ctx, study->train, "study: the training data", precision));
    DPID_TRY(dpid_dataset_check_varied(study->head.ctx, study->train, "study: the training data"));
    return study->valid
               ? dpid_dataset_check_finite(study->head.ctx, study->valid, "study: the validation data", precision)
               : DEEPID_OK;
}

static int32_t make_plan(deepid_study *study, const old_tasks *old)
{
    DPID_TRY(dpid_arms_make(study));
    if (study->number[DPID_NUMBER_BUDGET] > 0 && !study->choice.made)
        DPID_TRY(dpid_plan_read(study));
    dpid_budget_apply(study);
    dpid_arms_link(study);
    DPID_TRY(number_tasks(study));
    DPID_TRY(take_results(study, old));
    return dpid_plan_say(study);
}

int32_t dpid_study_plan_again(deepid_study *study)
{
    deepid_study was = *study;
    study->plan = (dpid_arena){.ctx = study->head.ctx};
    study->arm = NULL;
    study->task = NULL;
    study->arms = 0;
    study->tasks = study->nets = 0;
    const int32_t status = make_plan(study, &(old_tasks){was.task, was.tasks});
    dpid_tasks_forget(&was);
    if (status != DEEPID_OK)
        dpid_study_forget(study);
    return status;
}

/* All that is asked for is planned, then what the budget buys of it. */
static int32_t choose(deepid_study *study, double begin)
{
    DPID_TRY(dpid_pace_measure(study));
    study->choice.spent = dpid_seconds_now() - begin;
    DPID_TRY(dpid_budget_buy(study, dpid_budget_left(study, 0)));
    study->choice.made = true;
    DPID_TRY(dpid_plan_keep(study, true));
    return dpid_study_plan_again(study);
}

/* A choice that is there goes on by what its tasks took, not by when they did. */
static int32_t follow_budget(deepid_study *study, double begin)
{
    dpid_choice *c = &study->choice;
    if (study->number[DPID_NUMBER_BUDGET] == 0)
        return DEEPID_OK;
    if (!c->made)
        return choose(study, begin);
    c->spent = fmax(dpid_budget_work_done(study) - c->before, 0) / (double)dpid_budget_workers(study);
    return DEEPID_OK;
}

int32_t dpid_study_plan(deepid_study *study)
{
    const double begin = dpid_seconds_now();
    if (study->task)
        return DEEPID_OK;
    DPID_TRY(check_data(study));
    DPID_TRY(dpid_recipe_check(study));
    if (study->folder)
        DPID_TRY(dpid_study_check_folder(study));
    snprintf(study->data, sizeof study->data, "train=%016llx\nvalid=%016llx\n",
             (unsigned long long)deepid_dataset_hash(study->train),
             (unsigned long long)(study->valid ? deepid_dataset_hash(study->valid) : 0));
    int32_t status = make_plan(study, &(old_tasks){NULL, 0});
    if (status == DEEPID_OK)
        status = follow_budget(study, begin);
    if (status != DEEPID_OK)
        dpid_study_forget(study);
    return status;
}

/* With all that was asked for in view; then the plan of what was bought. */
int32_t dpid_study_buy_more(deepid_study *study, double elapsed, bool *more)
{
    dpid_choice *c = &study->choice;
    *more = false;
    c->anew = true;
    int32_t status = dpid_study_plan_again(study);
    if (status == DEEPID_OK)
        status = dpid_budget_buy(study, dpid_budget_left(study, elapsed));
    study->choice.anew = false;
    if (status == DEEPID_OK)
        status = dpid_study_plan_again(study);
    for (int64_t i = 0; status == DEEPID_OK && i < study->tasks; i++)
        *more = *more || study->task[i].state != DPID_TASK_DONE;
    return status;
}

static int64_t task_count(deepid_study *study)
{
    return dpid_study_plan(study) == DEEPID_OK ? study->tasks : -1;
}

int64_t deepid_study_task_count(deepid_study *study)
{
    if (dpid_enter(study, DPID_MAGIC_STUDY) != DEEPID_OK)
        return -1;
    const int64_t tasks = task_count(study);
    dpid_leave(study->head.ctx, DEEPID_OK);
    return tasks;
}

int64_t deepid_study_tasks_done(deepid_study *study)
{
    int64_t done = 0;
    if (deepid_study_task_count(study) < 0)
        return -1;
    for (int64_t i = 0; i < study->tasks; i++)
        done += study->task[i].state == DPID_TASK_DONE;
    return done;
}

const dpid_task *dpid_study_find_net(const deepid_study *study, int32_t arm, uint64_t seed)
{
    const uint64_t first = (uint64_t)dpid_study_int(study, DPID_NUMBER_FIRST_SEED);
    if (arm < 0 || arm >= study->arms || study->arm[arm].first_task < 0 || seed < first ||
        seed - first >= (uint64_t)study->seeds)
        return NULL;
    return &study->task[study->arm[arm].first_task + (int64_t)(seed - first)];
}
