/* One task, start to end, in a context of its own: a start, training with looks at loss and error on the way; or a
   witness net; or a probe. */
#include "study/study.h"

#include "base/numbers.h"
#include "identity/embed.h"
#include "net/plan.h"
#include "train/trainer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    dpid_job *job;
    deepid_trainer *trainer;
    void *states;                  /* running statistics, put back after a look */
    int64_t steps, points, looked; /* looked: points of the history that are taken */
    int32_t status;                /* of a look inside the callback */
} training;

/* ---- the net a task starts with ------------------------------------------------------------ */

/* From another context's memory. */
static int32_t copy_net(deepid_ctx *ctx, const deepid_net *from, deepid_net **out)
{
    DPID_TRY(deepid_net_create(ctx, from->text, from->dtype, out));
    const int64_t bytes = dpid_precision_bytes(from->precision);
    memcpy((*out)->values, from->values, (size_t)(from->values_reals * bytes));
    memcpy((*out)->states, from->states, (size_t)(from->states_reals * bytes));
    return DEEPID_OK;
}

int32_t dpid_task_net(deepid_ctx *ctx, const deepid_study *study, const dpid_task *task, deepid_net **out)
{
    if (task->trained)
        return copy_net(ctx, task->trained, out);
    dpid_string path = {.ctx = ctx};
    dpid_string_format(&path, "%s/nets/%s.safetensors", study->folder ? study->folder : ".", task->name);
    const int32_t status =
        path.status == DEEPID_OK ? dpid_net_load_of(ctx, path.text, 0, task->name, out) : path.status;
    dpid_string_release(&path);
    return status;
}

/* There is no result, and that is the result. */
static int32_t leave_out(dpid_job *job, const char *reason)
{
    return dpid_copy_text(job->ctx, reason, &job->task->reason);
}

/* The parent's net; or the task is left out, because there is none. */
static int32_t take_parent(dpid_job *job, deepid_net **out)
{
    const dpid_task *parent = &job->study->task[dpid_task_parent(job->study, job->task)];
    char reason[96];
    if (parent->reason)
        return leave_out(job, parent->reason);
    if (!parent->diverged)
        return dpid_task_net(job->ctx, job->study, parent, out);
    snprintf(reason, sizeof reason, "%s diverged at seed %llu", job->study->arm[parent->arm].word,
             (unsigned long long)parent->seed);
    return leave_out(job, reason);
}

/* Has every output the same bits? In evaluation, as both nets run. */
static int32_t compare(dpid_job *job, deepid_net *shallow)
{
    enum { BATCH = 64 };
    int64_t order[BATCH];
    const deepid_net *deep = job->net;
    const size_t bytes = (size_t)(dpid_shape_count(&deep->value[deep->step[deep->steps - 1].out].shape) *
                                  dpid_precision_bytes(deep->precision));
    job->task->outcome.equal = 1;
    DPID_TRY(dpid_net_prepare(shallow, BATCH, false));
    DPID_TRY(dpid_net_prepare(job->net, BATCH, false));
    for (int64_t first = 0; first < job->train->count; first += BATCH) {
        const int64_t n = job->train->count - first < BATCH ? job->train->count - first : BATCH;
        for (int64_t i = 0; i < n; i++)
            order[i] = first + i;
        dpid_dataset_gather(
            NULL, job->train,
            &(dpid_gathered){.order = order, .n = n, .precision = deep->precision, .x = dpid_net_input(shallow)});
        dpid_dataset_gather(
            NULL, job->train,
            &(dpid_gathered){.order = order, .n = n, .precision = deep->precision, .x = dpid_net_input(job->net)});
        DPID_TRY(dpid_net_run_forward(shallow, DPID_EVAL, n));
        DPID_TRY(dpid_net_run_forward(job->net, DPID_EVAL, n));
        if (memcmp(dpid_net_output(shallow), dpid_net_output(job->net), (size_t)n * bytes) != 0)
            job->task->outcome.equal = 0;
    }
    return DEEPID_OK;
}

/* The parent's net inside the arm's deep one: to be measured as it is, or to be trained on. */
static int32_t embed(dpid_job *job)
{
    dpid_embedding found;
    deepid_net *shallow = NULL;
    DPID_TRY(take_parent(job, &shallow));
    if (job->task->reason)
        return DEEPID_OK;
    const int32_t status =
        dpid_embed(shallow, job->arm->text, job->train,
                   job->arm->steps > 0 ? DPID_EMBED_TRAINING : DPID_EMBED_EVALUATION, &found, &job->net);
    const int32_t compared = status == DEEPID_OK && job->net && job->arm->steps == 0 ? compare(job, shallow) : status;
    deepid_net_destroy(shallow);
    DPID_TRY(compared);
    return job->net ? DEEPID_OK : leave_out(job, found.sentence);
}

static int32_t take_start(dpid_job *job)
{
    if (job->arm->row->embeds && job->task->kind != DPID_TASK_PROBE)
        return embed(job);
    if (job->task->parent >= 0)
        return take_parent(job, &job->net);
    DPID_TRY(deepid_net_create(job->ctx, job->arm->text, job->arm->dtype, &job->net));
    return deepid_net_init_data(job->net, job->train, job->arm->init, job->task->seed);
}

/* ---- look: loss and error with population statistics, then the net as it was ------------------ */

/* NULL: the usual loss. */
static const char *loss_text(const char *loss)
{
    return *loss ? loss : NULL;
}

static int32_t evaluate(dpid_job *job, dpid_history *h)
{
    h->valid_loss = h->valid_error = (double)NAN;
    const char *loss = loss_text(job->study->told_loss);
    DPID_TRY(deepid_net_evaluate(job->net, job->train, loss, &h->train_loss, &h->train_error));
    if (job->valid)
        DPID_TRY(deepid_net_evaluate(job->net, job->valid, loss, &h->valid_loss, &h->valid_error));
    return DEEPID_OK;
}

static int32_t look(training *t, bool last)
{
    dpid_job *job = t->job;
    const size_t bytes = (size_t)(job->net->states_reals * dpid_precision_bytes(job->net->precision));
    dpid_history h = {.epoch = (double)deepid_trainer_steps_done(t->trainer) /
                               (double)deepid_trainer_steps_per_epoch(t->trainer),
                      .rate = deepid_trainer_current_rate(t->trainer)};
    memcpy(t->states, job->net->states, bytes);
    DPID_TRY(deepid_net_measure_statistics(job->net, job->reference));
    DPID_TRY(evaluate(job, &h));
    if (!last)
        memcpy(job->net->states, t->states, bytes);
    return dpid_task_add_point(job->ctx, job->task, h);
}

/* ---- train ---------------------------------------------------------------------------------------- */

static int32_t set_recipe(training *t)
{
    const dpid_job *job = t->job;
    const deepid_study *s = job->study;
    DPID_TRY(deepid_trainer_set_optimizer(t->trainer, job->arm->optimizer));
    DPID_TRY(deepid_trainer_set_schedule(t->trainer, s->text[DPID_TEXT_SCHEDULE]));
    if (loss_text(job->arm->loss))
        DPID_TRY(deepid_trainer_set_loss(t->trainer, loss_text(job->arm->loss)));
    DPID_TRY(deepid_trainer_set_augmentation(t->trainer, job->arm->augmentation));
    DPID_TRY(deepid_trainer_set_loss_scale(t->trainer, job->arm->loss_scale));
    if (isfinite(job->task->outcome.rate))
        DPID_TRY(deepid_trainer_set_learning_rate(t->trainer, job->task->outcome.rate));
    DPID_TRY(deepid_trainer_set_clip(t->trainer, s->number[DPID_NUMBER_CLIP]));
    DPID_TRY(deepid_trainer_set_batch(t->trainer, job->arm->batch));
    DPID_TRY(deepid_trainer_set_total_steps(t->trainer, t->steps));
    return deepid_trainer_set_seed(t->trainer, job->task->seed);
}

/* Looks are taken here and not between calls, for L-BFGS keeps its memory of curvature for the length of a call. */
static int32_t after_step(void *user, const deepid_event *event)
{
    training *t = user;
    const int64_t step = deepid_event_step(event);
    atomic_store(&t->job->task->share, (double)step / (double)t->steps);
    if (step < t->steps && t->looked < t->points && step >= t->steps * t->looked / t->points) {
        t->looked++;
        t->status = look(t, false);
    }
    return t->status != DEEPID_OK || atomic_load(&t->job->study->stop) || atomic_load(&t->job->task->dropped) ||
           atomic_load(&t->job->task->elsewhere);
}

static int32_t fit(training *t)
{
    dpid_task *task = t->job->task;
    if (t->points > 0)
        DPID_TRY(look(t, false));
    t->looked = 1;
    const int32_t status = deepid_trainer_fit(t->trainer, t->steps, after_step, t);
    if (status == DEEPID_ERR_CALLBACK)
        return t->status != DEEPID_OK ? t->status : DEEPID_STOPPED;
    task->diverged = status == DEEPID_ERR_NUMERIC;
    if (task->diverged)
        return DEEPID_OK;
    DPID_TRY(status);
    return look(t, true);
}

static int32_t sum_up(dpid_job *job, double updates, double epochs)
{
    dpid_task *task = job->task;
    dpid_outcome *o = &task->outcome;
    o->epochs = epochs;
    o->updates = updates;
    /* finite steps, and statistics of all samples that are not */
    task->diverged = task->diverged || !isfinite(task->history[task->points - 1].train_loss);
    if (task->diverged) {
        o->train_loss = (double)INFINITY;
        o->valid_loss = job->valid ? (double)INFINITY : (double)NAN;
    } else {
        const dpid_history *last = &task->history[task->points - 1];
        o->train_loss = last->train_loss;
        o->train_error = last->train_error;
        o->valid_loss = job->valid && isnan(last->valid_loss) ? (double)INFINITY : last->valid_loss;
        o->valid_error = last->valid_error;
        DPID_TRY(dpid_measure_penalty(job, job->net, &o->penalty));
    }
    o->best_valid_loss = o->valid_loss;
    for (int64_t i = 0; i < task->points; i++)
        o->best_valid_loss = fmin(o->best_valid_loss, task->history[i].valid_loss);
    return DEEPID_OK;
}

static int32_t run_training(training *t)
{
    dpid_job *job = t->job;
    DPID_TRY(deepid_trainer_create(job->net, job->train, &t->trainer));
    DPID_TRY(
        dpid_alloc(job->ctx, job->net->states_reals, dpid_precision_bytes(job->net->precision), "study", &t->states));
    DPID_TRY(set_recipe(t));
    DPID_TRY(fit(t));
    const double done = (double)deepid_trainer_steps_done(t->trainer);
    DPID_TRY(sum_up(job, done, done / (double)deepid_trainer_steps_per_epoch(t->trainer)));
    if (job->task->kind == DPID_TASK_TUNE || job->task->diverged)
        return DEEPID_OK;
    DPID_TRY(dpid_measure_objective(job, job->net, &job->task->outcome.objective));
    return dpid_measure_batches(job, t->states, &job->task->outcome); /* states: as the last step left them */
}

static int32_t train(dpid_job *job)
{
    const int64_t wanted = job->task->kind == DPID_TASK_TUNE ? 0 : dpid_study_int(job->study, DPID_NUMBER_POINTS);
    training t = {.job = job, .steps = job->arm->steps, .points = wanted < job->arm->steps ? wanted : job->arm->steps};
    DPID_TRY(take_start(job));
    if (job->task->reason)
        return DEEPID_OK;
    const int32_t status = run_training(&t);
    deepid_trainer_destroy(t.trainer);
    dpid_free(job->ctx, t.states);
    return status;
}

/* ---- witness: measured as it was built, with no step and no other statistics ------------------------- */

/* The objective of the witness as training would begin with it: with batch-norm that is another net. */
static int32_t measure_start(dpid_job *job)
{
    double *objective = &job->task->outcome.objective;
    dpid_embedding found;
    deepid_net *shallow = NULL;
    deepid_net *start = NULL;
    if (!dpid_net_has(job->net, DPID_KIND_BATCH | DPID_KIND_NORM))
        return dpid_measure_objective(job, job->net, objective);
    DPID_TRY(take_parent(job, &shallow));
    int32_t status = dpid_embed(shallow, job->arm->text, job->train, DPID_EMBED_TRAINING, &found, &start);
    if (status == DEEPID_OK && start)
        status = dpid_measure_objective(job, start, objective);
    deepid_net_destroy(start);
    deepid_net_destroy(shallow);
    return status;
}

static int32_t build_witness(dpid_job *job)
{
    dpid_history h = {.rate = (double)NAN};
    DPID_TRY(take_start(job));
    if (job->task->reason)
        return DEEPID_OK;
    DPID_TRY(evaluate(job, &h));
    DPID_TRY(dpid_task_add_point(job->ctx, job->task, h));
    DPID_TRY(sum_up(job, 0, 0));
    return job->task->diverged ? DEEPID_OK : measure_start(job);
}

/* ---- set up, run, keep ---------------------------------------------------------------------------------- */

/* The first samples, as they stand: as many as one forward takes are enough for batch-norm's statistics. */
static int32_t make_reference(dpid_job *job)
{
    int64_t *rows = NULL;
    const int64_t most = dpid_statistics_batch(job->train);
    const int64_t count = job->train->count < most ? job->train->count : most;
    DPID_TRY(dpid_alloc(job->ctx, count, sizeof *rows, "study", &rows));
    for (int64_t i = 0; i < count; i++)
        rows[i] = i;
    const int32_t status = dpid_dataset_part(job->train, rows, count, &job->reference);
    dpid_free(job->ctx, rows);
    return status;
}

static int32_t set_up(dpid_job *job)
{
    const deepid_study *s = job->study;
    DPID_TRY(deepid_ctx_set_threads(job->ctx, 1));
    DPID_TRY(deepid_ctx_set_isa(job->ctx, deepid_ctx_isa(s->head.ctx)));
    DPID_TRY(dpid_dataset_view(job->ctx, s->train, &job->train));
    if (s->valid && job->task->kind != DPID_TASK_TUNE)
        DPID_TRY(dpid_dataset_view(job->ctx, s->valid, &job->valid));
    return make_reference(job);
}

static int32_t probe(dpid_job *job)
{
    DPID_TRY(take_start(job));
    return job->task->reason ? DEEPID_OK : dpid_probe_run_task(job);
}

static int32_t save(dpid_job *job)
{
    const dpid_task *task = job->task;
    const bool keeps = job->net && (task->kind == DPID_TASK_TRAIN || task->kind == DPID_TASK_WITNESS) &&
                       !task->diverged && !task->reason;
    dpid_string path = {.ctx = job->ctx};
    int32_t status = DEEPID_OK;
    if (!job->study->folder || dpid_result_exists(job->study, task->name)) /* took over, or was taken over from */
        return DEEPID_OK;
    if (keeps) {
        dpid_string_format(&path, "%s/nets/%s.safetensors", job->study->folder, task->name);
        status = path.status == DEEPID_OK ? dpid_net_save_of(job->net, path.text, task->name) : path.status;
        dpid_string_release(&path);
    }
    return status == DEEPID_OK ? dpid_task_publish(job->ctx, job->study, task) : status;
}

/* What stays: with a folder the result alone; without one the trained net too, and not its buffers. */
static void keep(dpid_job *job)
{
    const bool in_memory =
        !job->study->folder && job->net && job->task->kind != DPID_TASK_TUNE && job->task->kind != DPID_TASK_PROBE;
    job->task->ctx = job->ctx;
    if (in_memory) {
        dpid_plan_destroy(job->net);
        job->task->trained = job->net;
    } else {
        deepid_net_destroy(job->net);
    }
    dpid_ctx_rest(job->ctx);
    atomic_store(&job->task->share, 1);
}

/* The context is this thread's for the whole task, also between public calls. */
static int32_t run_inside(dpid_job *job)
{
    static int32_t (*const kinds[])(dpid_job *) = {[DPID_TASK_TRAIN] = train,
                                                   [DPID_TASK_WITNESS] = build_witness,
                                                   [DPID_TASK_TUNE] = train,
                                                   [DPID_TASK_PROBE] = probe};
    DPID_TRY(dpid_enter(job->ctx, DPID_MAGIC_CTX));
    return dpid_leave(job->ctx, kinds[job->task->kind](job));
}

int32_t dpid_task_run(deepid_study *study, dpid_task *task, char *error, int64_t error_bytes)
{
    dpid_job job = {.study = study, .task = task, .arm = &study->arm[task->arm]};
    const double start = dpid_seconds_now();
    if (dpid_ctx_create_for(study->head.ctx, &job.ctx) != DEEPID_OK) {
        snprintf(error, (size_t)error_bytes, "no memory for a worker's context");
        return DEEPID_ERR_MEMORY;
    }
    int32_t status = set_up(&job);
    if (status == DEEPID_OK)
        status = run_inside(&job);
    task->outcome.seconds = dpid_seconds_now() - start;
    if (status == DEEPID_OK)
        status = save(&job);
    if (status != DEEPID_OK)
        snprintf(error, (size_t)error_bytes, "%s", deepid_ctx_error(job.ctx));
    deepid_dataset_destroy(job.reference);
    deepid_dataset_destroy(job.valid);
    deepid_dataset_destroy(job.train);
    if (status == DEEPID_OK) {
        keep(&job);
        return DEEPID_OK;
    }
    deepid_net_destroy(job.net);
    task->ctx = job.ctx;
    dpid_task_forget(study, task);
    atomic_store(&task->share, 0);
    return status;
}
