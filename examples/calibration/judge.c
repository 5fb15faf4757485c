/* One task: data, study, verdict; then what was found against what was planted. */
#include "calibration.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const char *const outcome_words[] = {"right", "undecided", "wrong"};

typedef struct {
    deepid_ctx *ctx;
    deepid_dataset *train, *valid;
    deepid_study *study;
    deepid_verdict *verdict;
} bench;

/* ---- data and study --------------------------------------------------------------------------------- */

static int32_t make_data(bench *b, const task *t)
{
    enum { DATA_SEED = 77, NOISE_SEED = 78 };
    int32_t status = deepid_dataset_open(b->ctx, t->data, DATA_SEED, &b->train, &b->valid);
    if (status == DEEPID_OK && t->label_noise > 0)
        status = deepid_dataset_add_label_noise(b->train, t->label_noise, NOISE_SEED);
    return status;
}

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
    } numbers[] = {{"learning_rate", t->rate},  {"clip", t->clip},         {"batch", (double)t->batch},
                   {"steps", (double)t->steps}, {"history_points", LOOKS}, {"threads", (double)s->threads}};
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

static int32_t run_study(bench *b, const task *t, const settings *s)
{
    int32_t status = make_data(b, t);
    if (status == DEEPID_OK)
        status = deepid_study_create(b->ctx, t->shallow, t->deep, b->train, &b->study);
    if (status == DEEPID_OK)
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

/* ---- found against planted ------------------------------------------------------------------------------ */

static bool in_list(const char *list, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = list; at && (at = strstr(at, word)); at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == 0 || at[length] == ' ' || at[length] == '='))
            return true;
    return false;
}

/* "solver=confirmed conditioning=confirmed|contributes": what is asked of a hypothesis; "" when nothing is. */
static void asked(const char *must, const char *hypothesis, char *out, size_t size)
{
    char key[64];
    out[0] = 0;
    snprintf(key, sizeof key, "%s=", hypothesis);
    const char *at = strstr(must, key);
    if (at)
        snprintf(out, size, "%.*s", (int)strcspn(at + strlen(key), " "), at + strlen(key));
}

static void add(char *text, size_t size, const char *more)
{
    const size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%s", used ? "; " : "", more);
}

static void note_found(judgement *out, const deepid_verdict *v, int64_t i)
{
    char line[160];
    const double share = deepid_verdict_share(v, i);
    if (isnan(deepid_verdict_low(v, i)))
        snprintf(line, sizeof line, "%s %.3g", deepid_verdict_hypothesis(v, i), deepid_verdict_effect(v, i));
    else if (isnan(share))
        snprintf(line, sizeof line, "%s %.3g [%.3g, %.3g]", deepid_verdict_hypothesis(v, i),
                 deepid_verdict_effect(v, i), deepid_verdict_low(v, i), deepid_verdict_high(v, i));
    else
        snprintf(line, sizeof line, "%s%s %.2f [%.2f, %.2f]", deepid_verdict_hypothesis(v, i),
                 strcmp(deepid_verdict_status(v, i), "contributes") == 0 ? " (part)" : "", share,
                 deepid_verdict_share_low(v, i), deepid_verdict_share_high(v, i));
    add(out->found, sizeof out->found, line);
}

static outcome worse(outcome a, outcome b)
{
    return a > b ? a : b;
}

static outcome judge_finding(const task *t, const deepid_verdict *v, int64_t i, judgement *out)
{
    char wanted[64];
    const char *hypothesis = deepid_verdict_hypothesis(v, i);
    const char *status = deepid_verdict_status(v, i);
    const bool positive = strcmp(status, "confirmed") == 0 || strcmp(status, "contributes") == 0;
    outcome result = RIGHT;
    asked(t->must, hypothesis, wanted, sizeof wanted);
    if (positive)
        note_found(out, v, i);
    if (wanted[0] && !strstr(wanted, status)) {
        const bool opposite = strcmp(status, "undecided") != 0 && !(positive && strstr(wanted, "confirmed"));
        result = opposite ? WRONG : UNDECIDED;
    } else if (!wanted[0] && positive && !in_list(t->may, hypothesis)) {
        result = strcmp(status, "confirmed") == 0 || strcmp(t->planted, "none") == 0 ? WRONG : UNDECIDED;
    } else if (strcmp(t->planted, "none") == 0 && strcmp(status, "undecided") == 0 && !in_list(t->may, hypothesis)) {
        result = UNDECIDED;
    }
    if (result != RIGHT) {
        char line[512];
        snprintf(line, sizeof line, "%s is %s: %.380s", hypothesis, status, deepid_verdict_sentence(v, i));
        add(out->why, sizeof out->why, line);
    }
    return result;
}

static void compare(const task *t, const deepid_verdict *v, judgement *out)
{
    for (int64_t i = 0; i < deepid_verdict_count(v); i++)
        out->result = worse(out->result, judge_finding(t, v, i, out));
    if (!out->found[0])
        add(out->found, sizeof out->found, "none");
    snprintf(out->answer, sizeof out->answer, "%s", deepid_verdict_answer(v));
}

bool run_task(const task *t, const settings *s, judgement *out)
{
    bench b = {0};
    struct timespec from, to;
    *out = (judgement){0};
    clock_gettime(CLOCK_MONOTONIC, &from);
    int32_t status = deepid_ctx_create(&b.ctx);
    if (status == DEEPID_OK)
        status = run_study(&b, t, s);
    if (isatty(2))
        fprintf(stderr, "\r\033[K");
    if (status == DEEPID_OK)
        compare(t, b.verdict, out);
    else
        fprintf(stderr, "calibration: %s: %s\n", t->id, b.ctx ? deepid_ctx_error(b.ctx) : "no memory");
    clock_gettime(CLOCK_MONOTONIC, &to);
    out->seconds = (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
    deepid_verdict_destroy(b.verdict);
    deepid_study_destroy(b.study);
    deepid_dataset_destroy(b.valid);
    deepid_dataset_destroy(b.train);
    deepid_ctx_destroy(b.ctx);
    return status == DEEPID_OK;
}
