/* One task, start to end, in a context of its own: init, train in pieces, look at loss and error between them. */
#include "study/study.h"

#include "net/plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { STATISTICS_SAMPLES = 1024 };

typedef struct {
    deepid_study *study;
    dpid_task *task;
    deepid_ctx *ctx;
    deepid_dataset *train, *valid, *reference; /* views; reference: what batch-norm's statistics are measured on */
    deepid_net *net;
    deepid_trainer *trainer;
    void *states; /* running statistics, put back after a look */
    int64_t steps;
} job;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- set up ------------------------------------------------------------------------------ */

static int32_t set_recipe(job *j)
{
    const deepid_study *s = j->study;
    deepid_trainer *t = j->trainer;
    DPID_TRY(deepid_trainer_set_optimizer(t, dpid_study_text_of(s, "optimizer")));
    DPID_TRY(deepid_trainer_set_schedule(t, dpid_study_text_of(s, "schedule")));
    if (*dpid_study_text_of(s, "loss"))
        DPID_TRY(deepid_trainer_set_loss(t, dpid_study_text_of(s, "loss")));
    DPID_TRY(deepid_trainer_set_augmentation(t, dpid_study_text_of(s, "augmentation")));
    DPID_TRY(deepid_trainer_set_learning_rate(t, s->rate));
    DPID_TRY(deepid_trainer_set_clip(t, s->clip));
    DPID_TRY(deepid_trainer_set_batch(t, s->batch));
    DPID_TRY(deepid_trainer_set_total_steps(t, j->steps > 0 ? j->steps : 1));
    return deepid_trainer_set_seed(t, j->task->seed);
}

/* The first samples, as they stand: enough for batch-norm's statistics. */
static int32_t make_reference(job *j)
{
    int64_t *rows = NULL;
    const int64_t count = j->train->count < STATISTICS_SAMPLES ? j->train->count : STATISTICS_SAMPLES;
    DPID_TRY(dpid_alloc(j->ctx, count, sizeof *rows, "study", &rows));
    for (int64_t i = 0; i < count; i++)
        rows[i] = i;
    const int32_t status = dpid_dataset_part(j->train, rows, count, &j->reference);
    dpid_free(j->ctx, rows);
    return status;
}

static int32_t set_up(job *j)
{
    const deepid_study *s = j->study;
    DPID_TRY(deepid_ctx_set_threads(j->ctx, 1));
    DPID_TRY(dpid_dataset_view(j->ctx, s->train, &j->train));
    if (s->valid)
        DPID_TRY(dpid_dataset_view(j->ctx, s->valid, &j->valid));
    DPID_TRY(make_reference(j));
    DPID_TRY(deepid_net_create(j->ctx, j->task->net->text, s->dtype, &j->net));
    DPID_TRY(deepid_net_init(j->net, dpid_study_text_of(s, "init"), j->task->seed));
    DPID_TRY(deepid_trainer_create(j->net, j->train, &j->trainer));
    DPID_TRY(dpid_alloc(j->ctx, j->net->states_reals, dpid_precision_bytes(j->net->precision), "study", &j->states));
    return set_recipe(j);
}

static void tear_down(job *j)
{
    deepid_trainer_destroy(j->trainer);
    dpid_free(j->ctx, j->states);
    deepid_dataset_destroy(j->reference);
    deepid_dataset_destroy(j->valid);
    deepid_dataset_destroy(j->train);
}

/* ---- look: loss and error with population statistics, then the net as it was ------------------ */

static const char *loss_of(const job *j)
{
    const char *loss = dpid_study_text_of(j->study, "loss");
    return *loss ? loss : NULL;
}

static int32_t look(job *j, dpid_history *h)
{
    const size_t bytes = (size_t)(j->net->states_reals * dpid_precision_bytes(j->net->precision));
    h->epoch = (double)deepid_trainer_steps_done(j->trainer) / (double)deepid_trainer_steps_per_epoch(j->trainer);
    h->rate = deepid_trainer_current_rate(j->trainer);
    h->valid_loss = h->valid_error = (double)NAN;
    memcpy(j->states, j->net->states, bytes);
    DPID_TRY(deepid_net_measure_statistics(j->net, j->reference));
    DPID_TRY(deepid_net_evaluate(j->net, j->train, loss_of(j), &h->train_loss, &h->train_error));
    if (j->valid)
        DPID_TRY(deepid_net_evaluate(j->net, j->valid, loss_of(j), &h->valid_loss, &h->valid_error));
    if (deepid_trainer_steps_done(j->trainer) < j->steps)
        memcpy(j->net->states, j->states, bytes);
    return dpid_task_add_point(j->ctx, j->task, *h);
}

/* ---- train ---------------------------------------------------------------------------------------- */

static int32_t after_step(void *user, const deepid_event *event)
{
    const job *j = user;
    atomic_store(&j->task->share, (double)deepid_event_step(event) / (double)j->steps);
    return atomic_load(&j->study->stop);
}

static void diverge(job *j)
{
    dpid_task *t = j->task;
    t->diverged = true;
    t->train_loss = (double)INFINITY;
    t->valid_loss = j->valid ? (double)INFINITY : (double)NAN;
    t->train_error = t->valid_error = (double)NAN;
}

static int32_t train(job *j)
{
    const int64_t points = j->study->history_points < j->steps ? j->study->history_points : j->steps;
    dpid_history h = {0};
    DPID_TRY(look(j, &h));
    for (int64_t p = 1; p <= points; p++) {
        const int64_t piece = j->steps * p / points - j->steps * (p - 1) / points;
        const int32_t status = deepid_trainer_fit(j->trainer, piece, after_step, j);
        if (status == DEEPID_ERR_CALLBACK)
            return DEEPID_STOPPED;
        if (status == DEEPID_ERR_NUMERIC) {
            diverge(j);
            break;
        }
        DPID_TRY(status);
        DPID_TRY(look(j, &h));
    }
    dpid_task *t = j->task;
    t->epochs = (double)deepid_trainer_steps_done(j->trainer) / (double)deepid_trainer_steps_per_epoch(j->trainer);
    if (!t->diverged) {
        t->train_loss = h.train_loss;
        t->train_error = h.train_error;
        t->valid_loss = h.valid_loss;
        t->valid_error = h.valid_error;
    }
    return DEEPID_OK;
}

static int32_t save(job *j)
{
    dpid_string path = {.ctx = j->ctx};
    if (!j->study->folder)
        return DEEPID_OK;
    dpid_string_format(&path, "%s/nets/%s.safetensors", j->study->folder, j->task->name);
    int32_t status = path.status;
    if (status == DEEPID_OK)
        status = deepid_net_save(j->net, path.text);
    dpid_string_release(&path);
    return status == DEEPID_OK ? dpid_task_publish(j->ctx, j->study, j->task) : status;
}

int32_t dpid_task_run(deepid_study *study, dpid_task *task, char *error, int64_t error_bytes)
{
    job j = {.study = study, .task = task, .steps = dpid_study_steps(study)};
    const double start = now();
    if (deepid_ctx_create(&j.ctx) != DEEPID_OK) {
        snprintf(error, (size_t)error_bytes, "no memory for a worker's context");
        return DEEPID_ERR_MEMORY;
    }
    int32_t status = set_up(&j);
    if (status == DEEPID_OK)
        status = train(&j);
    task->seconds = now() - start;
    if (status == DEEPID_OK)
        status = save(&j);
    if (status != DEEPID_OK)
        snprintf(error, (size_t)error_bytes, "%s", deepid_ctx_error(j.ctx));
    tear_down(&j);
    if (status == DEEPID_OK) {
        dpid_plan_destroy(j.net); /* the weights stay, the buffers go */
        task->ctx = j.ctx;
        task->trained = j.net;
        task->done = true;
        atomic_store(&task->share, 1);
        return DEEPID_OK;
    }
    dpid_free(j.ctx, task->history);
    task->history = NULL;
    task->points = task->room = 0;
    task->diverged = false;
    atomic_store(&task->share, 0);
    deepid_net_destroy(j.net);
    deepid_ctx_destroy(j.ctx);
    return status;
}
