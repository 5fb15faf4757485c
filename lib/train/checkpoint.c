/* Checkpoints: the net's file plus the optimiser's arrays, counters and settings. Going on from one gives the same
   bits as never having stopped. */
#include "train/trainer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define KEY "deepid.trainer."
#define STATE "trainer.state%d"
enum { NUMBERS = 15, TEXTS = 4, SHARDS = 12, BATCHNORM };

/* ---- the numbers and texts by name ---------------------------------------------------------- */

typedef struct {
    const char *key;
    dpid_number_text text;
} number;

static void collect_numbers(const deepid_trainer *t, number *out)
{
    const struct {
        const char *key;
        double value;
    } list[NUMBERS] = {
        {KEY "learning_rate", t->rate},
        {KEY "clip", t->clip},
        {KEY "batch", (double)t->batch},
        {KEY "total_steps", (double)t->total_steps},
        {KEY "keep_last", t->keep_last},
        {KEY "record", t->record},
        {KEY "step", (double)t->step},
        {KEY "epoch", (double)t->epoch},
        {KEY "position", (double)t->position},
        {KEY "nonfinite", (double)t->nonfinite},
        {KEY "samples", (double)t->data->count},
        {KEY "since", (double)t->since},
        {KEY "shards", (double)t->shard},
        {KEY "batchnorm_of_batch", t->whole_norm},
        {KEY "loss", t->last_loss},
    };
    for (int i = 0; i < NUMBERS; i++)
        out[i] = (number){list[i].key, dpid_number(list[i].value)};
}

/* ---- loss scaling: keys of its own, only where there is some -------------------------------------- */

enum { SCALE_NUMBERS = 3, SCALE_KEYS = SCALE_NUMBERS + 1 };
static const char *const scale_keys[SCALE_KEYS] = {KEY "scale", KEY "scale_finite", KEY "scale_skipped",
                                                   KEY "loss_scale"};

static int64_t add_scale(const deepid_trainer *t, dpid_number_text *room, dpid_file_text *out)
{
    const double list[SCALE_NUMBERS] = {t->loss_scale.scale, (double)t->loss_scale.finite,
                                        (double)t->loss_scale.skipped};
    if (strcmp(t->loss_scale.how->word, "none") == 0)
        return 0;
    for (int i = 0; i < SCALE_NUMBERS; i++) {
        room[i] = dpid_number(list[i]);
        out[i] = (dpid_file_text){scale_keys[i], room[i].text};
    }
    out[SCALE_NUMBERS] = (dpid_file_text){scale_keys[SCALE_NUMBERS], t->loss_scale_text};
    return SCALE_KEYS;
}

/* ---- save --------------------------------------------------------------------------------------- */

static int32_t save(const deepid_trainer *t, const char *path)
{
    enum { USUAL = NUMBERS + TEXTS + 2, MOST = USUAL + SCALE_KEYS };
    deepid_ctx *ctx = t->head.ctx;
    static const char *const state_names[DPID_OPTIMIZER_STATES] = {"trainer.state0", "trainer.state1"};
    number numbers[NUMBERS];
    dpid_number_text scale[SCALE_NUMBERS];
    char seed[32];
    dpid_arena arena = {.ctx = ctx};
    dpid_file_tensor *net_tensors = NULL;
    dpid_file_tensor *tensors = NULL;
    int64_t count = 0;
    if (!path)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "trainer: path is NULL");
    if (t->optimizer->whole)
        return dpid_fail(ctx, DEEPID_ERR_UNSUPPORTED,
                         "a trainer with lbfgs cannot be saved: liblbfgs keeps its memory to itself");
    collect_numbers(t, numbers);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)t->seed);
    dpid_file_text texts[MOST] = {{"deepid.net", t->net->text},         {KEY "seed", seed},
                                  {KEY "optimizer", t->optimizer_text}, {KEY "schedule", t->schedule_text},
                                  {KEY "loss", t->loss_text},           {KEY "augmentation", t->augment_text}};
    for (int i = 0; i < NUMBERS - 1; i++)
        texts[2 + TEXTS + i] = (dpid_file_text){numbers[i].key, numbers[i].text.text};
    texts[USUAL - 1] = (dpid_file_text){KEY "last_loss", numbers[NUMBERS - 1].text.text};
    const int64_t texts_used = USUAL + add_scale(t, scale, texts + USUAL);
    int32_t status = dpid_net_file_entries(t->net, &arena, &net_tensors, &count);
    if (status == DEEPID_OK)
        status = dpid_arena_alloc(&arena, count + DPID_OPTIMIZER_STATES, sizeof *tensors, "checkpoint", &tensors);
    if (status == DEEPID_OK) {
        memcpy(tensors, net_tensors, sizeof *tensors * (size_t)count);
        for (int32_t i = 0; i < t->optimizer->states; i++)
            if (t->state[i])
                tensors[count++] = (dpid_file_tensor){.name = state_names[i],
                                                      .dtype = t->net->dtype,
                                                      .rank = 1,
                                                      .extents = {t->net->values_reals},
                                                      .data = t->state[i]};
        status = dpid_safetensors_write(ctx, path, tensors, count, texts, texts_used);
    }
    dpid_arena_release(&arena);
    return status;
}

int32_t deepid_trainer_save(const deepid_trainer *trainer, const char *path)
{
    DPID_TRY(dpid_enter(trainer, DPID_MAGIC_TRAINER));
    return dpid_leave(trainer->head.ctx, save(trainer, path));
}

/* ---- load: everything is read and checked into a second trainer, then taken over --------------------- */

static int32_t missing(const deepid_trainer *t, const char *path, const char *key)
{
    return dpid_fail(t->head.ctx, DEEPID_ERR_FORMAT,
                     "'%s' is not a checkpoint of a trainer: %s is missing or no number", path, key);
}

/* absent: what an older file, which lacks it, means; NULL: each has it */
static int32_t read_number(const deepid_trainer *t, const dpid_safetensors *file, const char *path, const char *key,
                           const char *absent, double *out)
{
    const char *found = dpid_safetensors_text(file, key);
    const char *text = found ? found : absent;
    return text && dpid_parse_double(text, (int64_t)strlen(text), out) ? DEEPID_OK : missing(t, path, key);
}

static int32_t read_texts(deepid_trainer *fresh, const dpid_safetensors *file, const char *path)
{
    const struct {
        const char *key;
        int32_t (*set)(deepid_trainer *, const char *);
    } list[TEXTS] = {{KEY "optimizer", deepid_trainer_set_optimizer},
                     {KEY "schedule", deepid_trainer_set_schedule},
                     {KEY "loss", deepid_trainer_set_loss},
                     {KEY "augmentation", deepid_trainer_set_augmentation}};
    for (int i = 0; i < TEXTS; i++) {
        const char *text = dpid_safetensors_text(file, list[i].key);
        if (!text)
            return missing(fresh, path, list[i].key);
        DPID_TRY(list[i].set(fresh, text));
    }
    return DEEPID_OK;
}

static bool parse_seed(const char *text, uint64_t *out)
{
    uint64_t seed = 0;
    for (const char *p = text; *p; p++)
        if (*p < '0' || *p > '9' || __builtin_mul_overflow(seed, 10, &seed) ||
            __builtin_add_overflow(seed, (uint64_t)(*p - '0'), &seed))
            return false;
    *out = seed;
    return *text != 0;
}

static int32_t read_numbers(deepid_trainer *fresh, const dpid_safetensors *file, const char *path)
{
    number numbers[NUMBERS];
    double value[NUMBERS];
    collect_numbers(fresh, numbers);
    for (int i = 0; i < NUMBERS - 1; i++)
        DPID_TRY(read_number(fresh, file, path, numbers[i].key, i >= SHARDS ? "0" : NULL, &value[i]));
    DPID_TRY(read_number(fresh, file, path, KEY "last_loss", NULL, &fresh->last_loss));
    const char *seed_text = dpid_safetensors_text(file, KEY "seed");
    if (!seed_text || !parse_seed(seed_text, &fresh->seed))
        return missing(fresh, path, KEY "seed");
    if (value[10] != (double)fresh->data->count)
        return dpid_fail(fresh->head.ctx, DEEPID_ERR_SHAPE, "'%s' was trained on %s samples, the data has %lld", path,
                         dpid_number(value[10]).text, (long long)fresh->data->count);
    if (!(value[2] >= 0 && value[2] <= value[10] && value[8] >= 0 && value[8] < value[10] && value[6] >= 0 &&
          value[7] >= 0 && value[11] >= 0 && value[11] <= value[6] && value[SHARDS] >= 0 &&
          value[SHARDS] < (double)INT64_MAX))
        return dpid_fail(fresh->head.ctx, DEEPID_ERR_FORMAT,
                         "'%s': batch, position, step, since, shards or epoch is out of range", path);
    fresh->rate = value[0];
    fresh->clip = value[1];
    fresh->batch = (int64_t)value[2];
    fresh->total_steps = (int64_t)value[3];
    fresh->keep_last = value[4] != 0;
    fresh->record = value[5] != 0;
    fresh->step = (int64_t)value[6];
    fresh->epoch = (int64_t)value[7];
    fresh->position = (int64_t)value[8];
    fresh->nonfinite = (int64_t)value[9];
    fresh->since = (int64_t)value[11];
    fresh->shard = (int64_t)value[SHARDS];
    fresh->whole_norm = value[BATCHNORM] != 0;
    return DEEPID_OK;
}

static int32_t read_scale(deepid_trainer *fresh, const dpid_safetensors *file, const char *path)
{
    double value[SCALE_NUMBERS];
    const char *text = dpid_safetensors_text(file, scale_keys[SCALE_NUMBERS]);
    if (!text)
        return DEEPID_OK;
    DPID_TRY(deepid_trainer_set_loss_scale(fresh, text));
    for (int i = 0; i < SCALE_NUMBERS; i++)
        DPID_TRY(read_number(fresh, file, path, scale_keys[i], NULL, &value[i]));
    if (!(value[0] > 0 && value[0] <= 0x1p126 && value[1] >= 0 && value[1] <= (double)fresh->step && value[2] >= 0 &&
          value[2] <= (double)fresh->step))
        return dpid_fail(fresh->head.ctx, DEEPID_ERR_FORMAT,
                         "'%s': the loss scale or its counts of steps are out of range", path);
    fresh->loss_scale.scale = value[0];
    fresh->loss_scale.finite = (int64_t)value[1];
    fresh->loss_scale.skipped = (int64_t)value[2];
    return DEEPID_OK;
}

static int32_t read_states(deepid_trainer *fresh, const dpid_safetensors *file, const char *path)
{
    deepid_net *net = fresh->net;
    const int64_t bytes = dpid_precision_bytes(net->precision);
    for (int32_t i = 0; i < fresh->optimizer->states; i++) {
        char name[32];
        snprintf(name, sizeof name, STATE, i);
        const dpid_file_tensor *t = dpid_safetensors_find(file, name);
        if (!t && fresh->step == fresh->since) /* no step yet with this optimiser */
            continue;
        if (!t || t->dtype != net->dtype || t->rank != 1 || t->extents[0] != net->values_reals)
            return dpid_fail(fresh->head.ctx, DEEPID_ERR_FORMAT, "'%s': %s is missing or does not fit the net", path,
                             name);
        DPID_TRY(dpid_alloc(fresh->head.ctx, net->values_reals, bytes, "optimiser", &fresh->state[i]));
        memcpy(fresh->state[i], t->data, (size_t)(net->values_reals * bytes));
    }
    return DEEPID_OK;
}

/* Ranks are no part of a checkpoint. One without shards leaves those that the ranks need. */
static void take_ranks(deepid_trainer *fresh, const deepid_trainer *t)
{
    fresh->others = t->others;
    if (t->others.fn && fresh->shard == 0) {
        fresh->shard = t->shard;
        fresh->whole_norm = t->whole_norm;
    }
}

/* The settings and state of fresh move into t; t's own go with fresh. */
static void take_over(deepid_trainer *t, deepid_trainer *fresh)
{
    deepid_trainer old;
    memcpy(&old, t, sizeof old);
    memcpy(t, fresh, sizeof *t);
    memcpy(fresh, &old, sizeof old);
}

/* Says the two texts from a little before the first place where they differ: deep nets begin alike. */
static int32_t check_net(const deepid_trainer *t, dpid_safetensors *file, const char *path)
{
    enum { BEFORE = 20 };
    const char *text = NULL;
    DPID_TRY(dpid_safetensors_net(file, &text));
    if (!text)
        return dpid_fail(t->head.ctx, DEEPID_ERR_SHAPE, "'%s' holds another net: it names none, expected '%.60s...'",
                         path, t->net->text);
    int64_t place = 0;
    while (text[place] && text[place] == t->net->text[place])
        place++;
    if (text[place] == t->net->text[place])
        return DEEPID_OK;
    const int64_t from = place > BEFORE ? place - BEFORE : 0;
    return dpid_fail(t->head.ctx, DEEPID_ERR_SHAPE,
                     "'%s' holds another net: from character %lld on it is '%.60s', expected '%.60s'", path,
                     (long long)from, text + from, t->net->text + from);
}

static int32_t load_file(deepid_trainer *t, dpid_safetensors *file, const char *path)
{
    deepid_trainer *fresh = NULL;
    DPID_TRY(check_net(t, file, path));
    DPID_TRY(deepid_trainer_create(t->net, t->data, &fresh));
    int32_t status = read_texts(fresh, file, path);
    if (status == DEEPID_OK)
        status = read_numbers(fresh, file, path);
    take_ranks(fresh, t);
    if (status == DEEPID_OK)
        status = read_scale(fresh, file, path);
    if (status == DEEPID_OK)
        status = read_states(fresh, file, path);
    if (status == DEEPID_OK)
        status = dpid_trainer_prepare(fresh);
    if (status == DEEPID_OK)
        status = dpid_net_read_values(t->net, file, path);
    if (status == DEEPID_OK)
        take_over(t, fresh);
    deepid_trainer_destroy(fresh);
    return status;
}

static int32_t load(deepid_trainer *t, const char *path)
{
    dpid_safetensors file;
    if (!path)
        return dpid_fail(t->head.ctx, DEEPID_ERR_ARGUMENT, "trainer: path is NULL");
    DPID_TRY(dpid_safetensors_read(t->head.ctx, path, &file));
    const int32_t status = load_file(t, &file, path);
    dpid_safetensors_release(&file);
    return status;
}

int32_t deepid_trainer_load(deepid_trainer *trainer, const char *path)
{
    DPID_TRY(dpid_enter(trainer, DPID_MAGIC_TRAINER));
    return dpid_leave(trainer->head.ctx, load(trainer, path));
}
