/* Studies: nets, seeds, recipe, folder; the numbered tasks that follow. */
#include "study/study.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- create, destroy -------------------------------------------------------------------- */

static const dpid_study_text defaults[DPID_STUDY_TEXTS] = {
    {"init", "he"}, {"optimizer", "sgd momentum=0.9"}, {"schedule", "step at=0.75 factor=0.1"}, {"loss", ""}, {"augmentation", "none"}};

static int32_t study_create(deepid_ctx *ctx, const deepid_dataset *train, const deepid_dataset *valid, deepid_study **out)
{
    enum { SEEDS = 8, EPOCHS = 100, POINTS = 40, BATCH = 64 };
    const double usual_rate = 0.03;
    deepid_study *study = NULL;
    if (!out || !dpid_is(train, DPID_MAGIC_DATASET) || (valid && !dpid_is(valid, DPID_MAGIC_DATASET)))
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "study: %s", out ? "train and valid must be datasets (valid may be NULL)" : "out is NULL");
    if (valid && (!dpid_shape_equal(&train->sample, &valid->sample) || train->target_width != valid->target_width || (train->labels != NULL) != (valid->labels != NULL)))
        return dpid_fail(ctx, DEEPID_ERR_SHAPE, "study: train has samples of %s, valid of %s, or only one of them has labels", dpid_shape_text(train->sample.rank, train->sample.extent).text,
                         dpid_shape_text(valid->sample.rank, valid->sample.extent).text);
    DPID_TRY(dpid_alloc(ctx, 1, sizeof *study, "study", &study));
    *study = (deepid_study){.head = {DPID_MAGIC_STUDY, ctx}, .arena = {.ctx = ctx}, .train = train, .valid = valid, .first_seed = 1, .seeds = SEEDS, .rate = usual_rate, .epochs = EPOCHS,
                            .history_points = POINTS, .batch = train->count < BATCH ? train->count : BATCH, .dtype = DEEPID_F32, .shards = 1};
    memcpy(study->text, defaults, sizeof defaults);
    for (int i = 0; i < DPID_STUDY_TEXTS; i++) {
        const int32_t status = dpid_arena_text(&study->arena, defaults[i].value, (int64_t)strlen(defaults[i].value), &study->text[i].value);
        if (status != DEEPID_OK) {
            deepid_study_destroy(study);
            return status;
        }
    }
    *out = study;
    return DEEPID_OK;
}

int32_t deepid_study_create(deepid_ctx *ctx, const deepid_dataset *train, const deepid_dataset *valid, deepid_study **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, study_create(ctx, train, valid, out));
}

void dpid_study_forget(deepid_study *study)
{
    for (int64_t i = 0; i < study->tasks; i++) {
        dpid_task *task = &study->task[i];
        dpid_free(study->head.ctx, task->config);
        dpid_free(task->ctx ? task->ctx : study->head.ctx, task->history);
        deepid_net_destroy(task->trained);
        deepid_ctx_destroy(task->ctx);
    }
    dpid_free(study->head.ctx, study->task);
    study->task = NULL;
    study->tasks = 0;
}

void deepid_study_destroy(deepid_study *study)
{
    if (!dpid_is(study, DPID_MAGIC_STUDY))
        return;
    dpid_study_forget(study);
    dpid_arena_release(&study->arena);
    study->head.magic = 0;
    dpid_free(study->head.ctx, study);
}

/* ---- settings ------------------------------------------------------------------------------ */

static int32_t keep(deepid_study *study, const char *text, char **out)
{
    return dpid_arena_text(&study->arena, text, (int64_t)strlen(text), out);
}

/* The net is made once here, so that a bad text is refused now and not in a worker. */
static int32_t check_net(deepid_study *study, const char *text, char **canonical)
{
    deepid_net *net = NULL;
    DPID_TRY(deepid_net_create(study->head.ctx, text, study->dtype, &net));
    const dpid_shape *in = &net->value[0].shape;
    int32_t status = keep(study, net->text, canonical);
    if (status == DEEPID_OK && !dpid_shape_equal(in, &study->train->sample))
        status = dpid_fail(study->head.ctx, DEEPID_ERR_SHAPE, "the net takes %s, the data has samples of %s", dpid_shape_text(in->rank, in->extent).text,
                           dpid_shape_text(study->train->sample.rank, study->train->sample.extent).text);
    deepid_net_destroy(net);
    return status;
}

static int32_t add(deepid_study *study, const char *arm, const char *family, const char *block, int64_t depth, const char *net_text)
{
    enum { FIRST = 16 };
    char *copies[3] = {NULL};
    char *text = NULL;
    if (!arm || !family || !block || !net_text)
        return dpid_fail(study->head.ctx, DEEPID_ERR_ARGUMENT, "study: arm, family, block and net_text must not be NULL");
    DPID_TRY(check_net(study, net_text, &text));
    DPID_TRY(keep(study, arm, &copies[0]));
    DPID_TRY(keep(study, family, &copies[1]));
    DPID_TRY(keep(study, block, &copies[2]));
    if (study->nets == study->net_room) {
        dpid_study_net *grown = NULL;
        const int64_t room = study->net_room ? 2 * study->net_room : FIRST;
        DPID_TRY(dpid_arena_alloc(&study->arena, room, sizeof *grown, "study", &grown));
        if (study->nets)
            memcpy(grown, study->net, sizeof *grown * (size_t)study->nets);
        study->net = grown;
        study->net_room = room;
    }
    dpid_study_forget(study);
    study->net[study->nets++] = (dpid_study_net){copies[0], copies[1], copies[2], text, depth};
    return DEEPID_OK;
}

int32_t deepid_study_add(deepid_study *study, const char *arm, const char *family, const char *block, int64_t depth, const char *net_text)
{
    DPID_TRY(dpid_enter(study, DPID_MAGIC_STUDY));
    return dpid_leave(study->head.ctx, add(study, arm, family, block, depth, net_text));
}

static int32_t set_seeds(deepid_study *study, uint64_t first, int64_t count)
{
    if (count < 1 || count > 100000)
        return dpid_fail(study->head.ctx, DEEPID_ERR_ARGUMENT, "study: %lld seeds, expected 1 to 100000", (long long)count);
    dpid_study_forget(study);
    study->first_seed = first;
    study->seeds = count;
    return DEEPID_OK;
}

int32_t deepid_study_set_seeds(deepid_study *study, uint64_t first, int64_t count)
{
    DPID_TRY(dpid_enter(study, DPID_MAGIC_STUDY));
    return dpid_leave(study->head.ctx, set_seeds(study, first, count));
}

static int32_t set_text(deepid_study *study, const char *key, const char *value)
{
    for (int i = 0; key && value && i < DPID_STUDY_TEXTS; i++) {
        if (strcmp(study->text[i].key, key) != 0)
            continue;
        dpid_study_forget(study);
        return keep(study, value, &study->text[i].value);
    }
    return dpid_fail(study->head.ctx, DEEPID_ERR_ARGUMENT, "study: unknown text '%s'; known: init, optimizer, schedule, loss, augmentation", key ? key : "NULL");
}

int32_t deepid_study_set_text(deepid_study *study, const char *key, const char *value)
{
    DPID_TRY(dpid_enter(study, DPID_MAGIC_STUDY));
    return dpid_leave(study->head.ctx, set_text(study, key, value));
}

static int32_t set_number(deepid_study *study, const char *key, double value)
{
    const struct {
        const char *key;
        double low, high;
        int64_t *whole;
        double *number;
    } list[] = {
        {"learning_rate", 1e-300, 1e300, NULL, &study->rate},
        {"clip", 0, 1e300, NULL, &study->clip},
        {"batch", 1, (double)study->train->count, &study->batch, NULL},
        {"steps", 0, 1e12, &study->steps, NULL},
        {"epochs", 1, 1e9, &study->epochs, NULL},
        {"history_points", 1, 1e6, &study->history_points, NULL},
        {"threads", 0, 1024, &study->threads, NULL},
        {"shards", 1, 1e6, &study->shards, NULL},
        {"shard", 0, 1e6, &study->shard, NULL},
    };
    for (size_t i = 0; key && i < sizeof list / sizeof *list; i++) {
        if (strcmp(key, list[i].key) != 0)
            continue;
        if (!(value >= list[i].low && value <= list[i].high) || (list[i].whole && value != floor(value)))
            return dpid_fail(study->head.ctx, DEEPID_ERR_ARGUMENT, "study: %s is %s, expected %s%s to %s", key, dpid_number(value).text, list[i].whole ? "a whole number " : "",
                             dpid_number(list[i].low).text, dpid_number(list[i].high).text);
        dpid_study_forget(study);
        if (list[i].whole)
            *list[i].whole = (int64_t)value;
        else
            *list[i].number = value;
        return DEEPID_OK;
    }
    if (key && strcmp(key, "dtype") == 0) {
        if (value != DEEPID_F32 && value != DEEPID_F64)
            return dpid_fail(study->head.ctx, DEEPID_ERR_DTYPE, "study: dtype is %s, expected DEEPID_F32 (1) or DEEPID_F64 (2)", dpid_number(value).text);
        dpid_study_forget(study);
        study->dtype = (int32_t)value;
        return DEEPID_OK;
    }
    return dpid_fail(study->head.ctx, DEEPID_ERR_ARGUMENT,
                     "study: unknown number '%s'; known: learning_rate, clip, batch, steps, epochs, history_points, threads, shards, shard, dtype", key ? key : "NULL");
}

int32_t deepid_study_set_number(deepid_study *study, const char *key, double value)
{
    DPID_TRY(dpid_enter(study, DPID_MAGIC_STUDY));
    return dpid_leave(study->head.ctx, set_number(study, key, value));
}

static int32_t set_folder(deepid_study *study, const char *folder)
{
    dpid_study_forget(study);
    study->folder = NULL;
    return folder ? keep(study, folder, &study->folder) : DEEPID_OK;
}

int32_t deepid_study_set_folder(deepid_study *study, const char *folder)
{
    DPID_TRY(dpid_enter(study, DPID_MAGIC_STUDY));
    return dpid_leave(study->head.ctx, set_folder(study, folder));
}

/* ---- tasks ------------------------------------------------------------------------------------ */

const char *dpid_study_text_of(const deepid_study *study, const char *key)
{
    for (int i = 0; i < DPID_STUDY_TEXTS; i++)
        if (strcmp(study->text[i].key, key) == 0)
            return study->text[i].value;
    return "";
}

int64_t dpid_study_steps(const deepid_study *study)
{
    return study->steps > 0 ? study->steps : study->epochs * (study->train->count / study->batch);
}

/* What all tasks share, key=value lines. The order of keys is part of the hash: append only. */
static void shared_config(const deepid_study *study, dpid_string *s)
{
    dpid_string_format(s, "format=1\ntrain=%016llx\nvalid=%016llx\ndtype=%s\n", (unsigned long long)deepid_dataset_hash(study->train),
                       (unsigned long long)(study->valid ? deepid_dataset_hash(study->valid) : 0), dpid_dtype_name(study->dtype));
    for (int i = 0; i < DPID_STUDY_TEXTS; i++)
        dpid_string_format(s, "%s=%s\n", study->text[i].key, study->text[i].value);
    dpid_string_format(s, "learning_rate=%s\nclip=%s\nbatch=%lld\nsteps=%lld\nhistory_points=%lld\n", dpid_number(study->rate).text, dpid_number(study->clip).text, (long long)study->batch,
                       (long long)dpid_study_steps(study), (long long)study->history_points);
}

void dpid_study_config(const deepid_study *study, dpid_string *out)
{
    shared_config(study, out);
    dpid_string_format(out, "seeds=%llu+%lld\n", (unsigned long long)study->first_seed, (long long)study->seeds);
    for (int64_t i = 0; i < study->nets; i++) {
        const dpid_study_net *net = &study->net[i];
        dpid_string_format(out, "net%lld=%s %s %s %lld: %s\n", (long long)i, net->arm, net->family, net->block, (long long)net->depth, net->text);
    }
}

static int32_t name_task(deepid_study *study, const char *shared, dpid_task *task)
{
    dpid_string s = {.ctx = study->head.ctx};
    dpid_string_add(&s, shared);
    dpid_string_format(&s, "seed=%llu\narm=%s\nnet=%s\n", (unsigned long long)task->seed, task->net->arm, task->net->text);
    const int32_t status = s.status == DEEPID_OK ? dpid_copy_text(s.ctx, s.text, &task->config) : s.status;
    if (status == DEEPID_OK)
        snprintf(task->name, sizeof task->name, "%016llx", (unsigned long long)dpid_hash64(s.text, s.length, 0));
    dpid_string_release(&s);
    return status;
}

static int32_t number_tasks(deepid_study *study)
{
    dpid_string shared = {.ctx = study->head.ctx};
    shared_config(study, &shared);
    int32_t status = shared.status;
    for (int64_t i = 0; i < study->tasks && status == DEEPID_OK; i++) {
        dpid_task *task = &study->task[i];
        task->task = i;
        task->seed = study->first_seed + (uint64_t)(i % study->seeds);
        task->net = &study->net[i / study->seeds];
        task->train_loss = task->train_error = task->valid_loss = task->valid_error = (double)NAN;
        status = name_task(study, shared.text, task);
        if (status == DEEPID_OK && study->folder)
            status = dpid_task_read(study->head.ctx, study, task);
    }
    dpid_string_release(&shared);
    return status;
}

int32_t dpid_study_plan(deepid_study *study)
{
    int64_t tasks;
    if (study->task)
        return DEEPID_OK;
    if (study->nets == 0)
        return dpid_fail(study->head.ctx, DEEPID_ERR_STATE, "study: there is no net; call deepid_study_add");
    if (!dpid_mul(study->nets, study->seeds, &tasks) || tasks > 10000000)
        return dpid_fail(study->head.ctx, DEEPID_ERR_LIMIT, "study: %lld nets x %lld seeds are too many tasks", (long long)study->nets, (long long)study->seeds);
    if (study->folder)
        DPID_TRY(dpid_study_check_folder(study));
    DPID_TRY(dpid_alloc(study->head.ctx, tasks, sizeof *study->task, "study", &study->task));
    study->tasks = tasks;
    const int32_t status = number_tasks(study);
    if (status != DEEPID_OK)
        dpid_study_forget(study);
    return status;
}

int64_t deepid_study_task_count(const deepid_study *study)
{
    return dpid_is(study, DPID_MAGIC_STUDY) ? study->nets * study->seeds : -1;
}

int64_t deepid_study_tasks_done(const deepid_study *study)
{
    int64_t done = 0;
    for (int64_t i = 0; dpid_is(study, DPID_MAGIC_STUDY) && i < study->tasks; i++)
        done += study->task[i].done;
    return done;
}

void deepid_study_request_stop(deepid_study *study)
{
    if (study)
        atomic_store(&study->stop, 1);
}

/* ---- a trained net --------------------------------------------------------------------------------- */

/* From the worker's context into the study's. */
static int32_t copy_trained(deepid_ctx *ctx, const deepid_net *from, deepid_net **out)
{
    DPID_TRY(deepid_net_create(ctx, from->text, from->dtype, out));
    const int64_t bytes = dpid_precision_bytes(from->precision);
    memcpy((*out)->values, from->values, (size_t)(from->values_reals * bytes));
    memcpy((*out)->states, from->states, (size_t)(from->states_reals * bytes));
    return DEEPID_OK;
}

static int32_t study_net(deepid_study *study, int64_t index, deepid_net **out)
{
    deepid_ctx *ctx = study->head.ctx;
    DPID_TRY(dpid_study_plan(study));
    if (!out || index < 0 || index >= study->tasks)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "study: task is %lld, expected 0 to %lld", (long long)index, (long long)study->tasks - 1);
    const dpid_task *task = &study->task[index];
    if (!task->done)
        return dpid_fail(ctx, DEEPID_ERR_STATE, "study: task %lld has not run yet", (long long)index);
    if (task->trained)
        return copy_trained(ctx, task->trained, out);
    if (task->diverged)
        return dpid_fail(ctx, DEEPID_ERR_STATE, "study: task %lld diverged; there is no trained net", (long long)index);
    dpid_string path = {.ctx = ctx};
    dpid_string_format(&path, "%s/nets/%s.safetensors", study->folder ? study->folder : ".", task->name);
    const int32_t status = path.status == DEEPID_OK ? deepid_net_load(ctx, path.text, 0, out) : path.status;
    dpid_string_release(&path);
    return status;
}

int32_t deepid_study_net(deepid_study *study, int64_t task, deepid_net **out)
{
    DPID_TRY(dpid_enter(study, DPID_MAGIC_STUDY));
    return dpid_leave(study->head.ctx, study_net(study, task, out));
}
