/* One task: its data, its study, its verdict. */
#include "calibration.h"
#include "common/flags.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    deepid_ctx *ctx;
    deepid_dataset *train, *valid;
    deepid_study *study;
    deepid_verdict *verdict;
} bench;

/* ---- data ---------------------------------------------------------------------------------------------- */

/* "{data}/optdigits" with the folder in its place; NULL: there is none. free() it. */
static char *source_of(const task *t, const settings *s)
{
    static const char mark[] = "{data}";
    const char *at = strstr(t->data, mark);
    char *out = NULL;
    if (!at)
        return strdup(t->data);
    if (!s->data || asprintf(&out, "%.*s%s%s", (int)(at - t->data), t->data, s->data, at + strlen(mark)) < 0)
        return NULL;
    const char *path = out + (at - t->data);
    const size_t length = strcspn(path, " ");
    char *folder = strndup(path, length);
    const bool there = folder && access(folder, R_OK) == 0;
    free(folder);
    if (!there) {
        free(out);
        return NULL;
    }
    return out;
}

/* A part of what is there; the whole is let go. count 0: all of it. */
static int32_t take(deepid_dataset **data, double count, uint64_t seed)
{
    deepid_dataset *part = NULL;
    if (count == 0 || !*data)
        return DEEPID_OK;
    const int32_t status = deepid_dataset_sample(*data, (int64_t)count, seed, &part);
    if (status == DEEPID_OK) {
        deepid_dataset_destroy(*data);
        *data = part;
    }
    return status;
}

static int32_t normalise(bench *b, const char *how)
{
    int32_t status = DEEPID_OK;
    if (how && b->valid)
        status = deepid_dataset_normalize(b->valid, how, b->train);
    if (how && status == DEEPID_OK)
        status = deepid_dataset_normalize(b->train, how, b->train);
    return status;
}

static int32_t make_data(bench *b, const task *t, const char *source)
{
    enum { DATA_SEED = 77, NOISE_SEED = 78, TRAIN_SEED = 1, VALID_SEED = 2 };
    int32_t status = deepid_dataset_open(b->ctx, source, DATA_SEED, &b->train, &b->valid);
    if (status == DEEPID_OK)
        status = take(&b->train, t->samples, TRAIN_SEED);
    if (status == DEEPID_OK)
        status = take(&b->valid, t->valid, VALID_SEED);
    if (status == DEEPID_OK)
        status = normalise(b, t->normalise);
    if (status == DEEPID_OK && t->noise > 0)
        status = deepid_dataset_add_label_noise(b->train, t->noise, NOISE_SEED);
    return status;
}

/* ---- study --------------------------------------------------------------------------------------------- */

static int32_t set_texts(deepid_study *study, const task *t)
{
    const char *const texts[][2] = {{"init", t->init},
                                    {"optimizer", t->optimizer},
                                    {"schedule", t->schedule},
                                    {"loss", t->loss},
                                    {"arms", t->arms}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const int32_t status = texts[i][1] ? deepid_study_set_text(study, texts[i][0], texts[i][1]) : DEEPID_OK;
        if (status != DEEPID_OK)
            return status;
    }
    return DEEPID_OK;
}

static int32_t set_numbers(deepid_study *study, const task *t, const settings *s)
{
    enum { LOOKS = 5 }; /* at the losses while training: they would cost more than the training */
    const struct {
        const char *key;
        double value;
    } numbers[] = {{"learning_rate", t->rate}, {"clip", t->clip},         {"batch", t->batch},
                   {"steps", t->steps},        {"history_points", LOOKS}, {"threads", (double)s->threads},
                   {"tuning_seeds", t->tuning}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const int32_t status = deepid_study_set_number(study, numbers[i].key, numbers[i].value);
        if (status != DEEPID_OK)
            return status;
    }
    return deepid_study_set_seeds(study, s->seeds);
}

static int32_t set_folder(deepid_study *study, const task *t, const settings *s)
{
    char folder[4096];
    if (!s->out)
        return DEEPID_OK;
    snprintf(folder, sizeof folder, "%s/%s", s->out, t->id);
    return deepid_study_set_folder(study, folder);
}

static int32_t show_progress(void *user, const deepid_study_event *event)
{
    const task *t = user;
    if (isatty(2))
        fprintf(stderr, "\r%-4s %3.0f %%  %-40.40s", t->id, 100 * deepid_study_event_share(event),
                deepid_study_event_text(event));
    return 0;
}

static int32_t run_study(bench *b, const task *t, const settings *s, const char *source)
{
    int32_t status = make_data(b, t, source);
    if (status == DEEPID_OK)
        status = deepid_study_create(b->ctx, t->shallow, t->deep, b->train, &b->study);
    if (status == DEEPID_OK && b->valid)
        status = deepid_study_set_validation(b->study, b->valid);
    if (status == DEEPID_OK)
        status = set_texts(b->study, t);
    if (status == DEEPID_OK)
        status = set_numbers(b->study, t, s);
    if (status == DEEPID_OK)
        status = set_folder(b->study, t, s);
    if (status == DEEPID_OK)
        status = deepid_study_run(b->study, show_progress, (void *)t);
    if (status == DEEPID_OK)
        status = deepid_study_judge(b->study, &b->verdict);
    return status;
}

/* ---- one task ------------------------------------------------------------------------------------------- */

static double seconds_since(const struct timespec *from)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - from->tv_sec) + 1e-9 * (double)(now.tv_nsec - from->tv_nsec);
}

bool run_task(const task *t, const settings *s, judgement *out)
{
    bench b = {0};
    struct timespec from;
    *out = (judgement){0};
    char *source = source_of(t, s);
    if (!source) {
        out->result = SKIPPED;
        return true;
    }
    clock_gettime(CLOCK_MONOTONIC, &from);
    int32_t status = deepid_ctx_create(&b.ctx);
    if (status == DEEPID_OK)
        status = run_study(&b, t, s, source);
    if (isatty(2))
        fprintf(stderr, "\r\033[K");
    if (status == DEEPID_OK)
        judge_task(t, b.verdict, out);
    else
        wrong("%s: %s", t->path, b.ctx ? deepid_ctx_error(b.ctx) : "no memory");
    out->seconds = seconds_since(&from);
    free(source);
    deepid_verdict_destroy(b.verdict);
    deepid_study_destroy(b.study);
    deepid_dataset_destroy(b.valid);
    deepid_dataset_destroy(b.train);
    deepid_ctx_destroy(b.ctx);
    return status == DEEPID_OK;
}
