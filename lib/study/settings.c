/* The settings of a study: two tables of keys, each with its default and its range. */
#include "study/study.h"

#include "train/loss_scale.h"

#include <math.h>
#include <string.h>

int32_t dpid_study_enter_to_change(deepid_study *study)
{
    DPID_TRY(dpid_enter(study, DPID_MAGIC_STUDY));
    if (!study->at_work)
        return DEEPID_OK;
    return dpid_leave(study->head.ctx, dpid_fail(study->head.ctx, DEEPID_ERR_STATE,
                                                 "study: it runs; its callback can stop it, but not change it"));
}

int32_t dpid_study_blame(deepid_ctx *ctx, const char *key, int32_t status)
{
    return status == DEEPID_OK || status == DEEPID_ERR_MEMORY
               ? status
               : dpid_fail(ctx, status, "study: %s: %s", key, deepid_ctx_error(ctx));
}

/* ---- texts ---------------------------------------------------------------------------------- */

typedef struct {
    const char *key, *value; /* value: the default */
    bool decides;            /* results depend on it */
    bool grows;              /* which tasks there are, not what one of them does: may change in the same folder */
} text_row;

static const text_row texts[DPID_TEXTS] = {
    [DPID_TEXT_INIT] = {"init", "he", true},
    [DPID_TEXT_OPTIMIZER] = {"optimizer", "sgd momentum=0.9", true},
    [DPID_TEXT_SCHEDULE] = {"schedule", "step at=0.75 factor=0.1", true},
    [DPID_TEXT_LOSS] = {"loss", "", true},
    [DPID_TEXT_AUGMENTATION] = {"augmentation", "none", true},
    [DPID_TEXT_STORAGE] = {"storage", "", true},
    [DPID_TEXT_LOSS_SCALE] = {"loss_scale", "none", true},
    [DPID_TEXT_ARMS] = {"arms", "", true, true},
    [DPID_TEXT_PROBES] = {"probes", "", true, true},
    [DPID_TEXT_FAMILY] = {"family", "own", true},
    [DPID_TEXT_BLOCK] = {"block", "", true},
    [DPID_TEXT_SUBJECT] = {"subject", "", false},
    [DPID_TEXT_REPLAY] = {"replay", "", false},
};

static int find_text(const char *key)
{
    for (int i = 0; key && i < DPID_TEXTS; i++)
        if (strcmp(texts[i].key, key) == 0)
            return i;
    return -1;
}

static const char *text_word(int i)
{
    return i < DPID_TEXTS ? texts[i].key : NULL;
}

/* "study: unknown text 'x'; known: init, optimizer, ..." */
static int32_t unknown(deepid_study *study, const char *key, const char *what, const char * or,
                       const char *(*word)(int))
{
    dpid_string s = {.ctx = study->head.ctx};
    for (int i = 0; word(i); i++)
        dpid_string_format(&s, "%s%s", i ? ", " : "", word(i));
    if (strcmp(what, "number") == 0)
        dpid_string_add(&s, ", and the verdict's thresholds");
    const int32_t status = s.status != DEEPID_OK
                               ? s.status
                               : dpid_fail(s.ctx, DEEPID_ERR_ARGUMENT, "study: unknown %s '%s%s; known: %s", what,
                                           key ? key : "NULL", or, s.text);
    dpid_string_release(&s);
    return status;
}

static int32_t set_text(deepid_study *study, const char *key, const char *value)
{
    const int i = find_text(key);
    dpid_storage storage;
    dpid_loss_scale scale;
    if (i < 0 || !value)
        return unknown(study, key, "text", "', or its value is NULL", text_word);
    if (strchr(value, '\n'))
        return dpid_fail(study->head.ctx, DEEPID_ERR_ARGUMENT, "study: %s has a line end, expected one line", key);
    if (i == DPID_TEXT_ARMS)
        DPID_TRY(dpid_study_blame(study->head.ctx, key, dpid_arms_check(study, value)));
    if (i == DPID_TEXT_PROBES)
        DPID_TRY(dpid_study_blame(study->head.ctx, key, dpid_probes_check(study, value)));
    if (i == DPID_TEXT_STORAGE)
        DPID_TRY(dpid_study_blame(study->head.ctx, key, dpid_storage_parse(study->head.ctx, value, &storage)));
    if (i == DPID_TEXT_LOSS_SCALE)
        DPID_TRY(dpid_study_blame(study->head.ctx, key, dpid_loss_scale_read(study->head.ctx, value, &scale)));
    if (texts[i].decides)
        dpid_study_forget(study);
    return dpid_arena_text(&study->arena, value, (int64_t)strlen(value), &study->text[i]);
}

int32_t deepid_study_set_text(deepid_study *study, const char *key, const char *value)
{
    DPID_TRY(dpid_study_enter_to_change(study));
    return dpid_leave(study->head.ctx, set_text(study, key, value));
}

const char *deepid_study_text(const deepid_study *study, const char *key)
{
    const int i = find_text(key);
    if (!dpid_is(study, DPID_MAGIC_STUDY) || !key)
        return NULL;
    if (strcmp(key, "folder") == 0)
        return study->folder ? study->folder : "";
    if (strcmp(key, "budget") == 0)
        return study->choice.said ? study->choice.said : "";
    if (strcmp(key, "data") == 0)
        return deepid_dataset_about(study->train);
    if (strcmp(key, "shallow") == 0)
        return study->shallow;
    if (strcmp(key, "deep") == 0)
        return study->deep;
    return i >= 0 ? study->text[i] : NULL;
}

/* ---- numbers ---------------------------------------------------------------------------------- */

typedef struct {
    const char *key;
    double value, low, high;    /* low excluded when real */
    bool whole, decides, grows; /* as for texts */
} number_row;

enum { COUNT_MAX = 1000000000, SEEDS_MAX = 100000, BUDGET_MAX = 100000000 };
static const number_row numbers[DPID_NUMBERS] = {
    [DPID_NUMBER_RATE] = {"learning_rate", 0.03, 0, (double)INFINITY, false, true},
    [DPID_NUMBER_CLIP] = {"clip", 0, -1e-300, (double)INFINITY, false, true},
    [DPID_NUMBER_BATCH] = {"batch", 64, 0, COUNT_MAX, true, true},
    [DPID_NUMBER_STEPS] = {"steps", 0, 0, 1e12, true, true},
    [DPID_NUMBER_EPOCHS] = {"epochs", 100, 1, COUNT_MAX, true, true},
    [DPID_NUMBER_POINTS] = {"history_points", 20, 1, COUNT_MAX, true, true},
    [DPID_NUMBER_DTYPE] = {"dtype", DEEPID_F32, DEEPID_F32, DEEPID_F64, true, true},
    [DPID_NUMBER_FIRST_SEED] = {"first_seed", 1, 0, 1e15, true, true},
    [DPID_NUMBER_SEEDS] = {"seeds", 10, 1, SEEDS_MAX, true, true, true},
    [DPID_NUMBER_TUNING_SEEDS] = {"tuning_seeds", 3, 0, DPID_TUNING_SEEDS_MAX, true, true, true},
    [DPID_NUMBER_PROBE_SEEDS] = {"probe_seeds", 3, 0, SEEDS_MAX, true, true, true},
    [DPID_NUMBER_SHALLOW_DEPTH] = {"shallow_depth", -1, -1, COUNT_MAX, true, true},
    [DPID_NUMBER_DEEP_DEPTH] = {"deep_depth", -1, -1, COUNT_MAX, true, true},
    [DPID_NUMBER_BUDGET] = {"budget", 0, -1e-300, BUDGET_MAX, false, true, true},
    [DPID_NUMBER_THREADS] = {"threads", 0, 0, 1024, true, false},
    [DPID_NUMBER_SHARD] = {"shard", 0, 0, COUNT_MAX, true, false},
    [DPID_NUMBER_SHARDS] = {"shards", 1, 1, COUNT_MAX, true, false},
    [DPID_NUMBER_TASK] = {"task", -1, -1, COUNT_MAX, true, false},
    [DPID_NUMBER_TAKEOVER] = {"takeover", 60, 1, COUNT_MAX, true, false},
};

static const char *number_word(int i)
{
    return i < DPID_NUMBERS ? numbers[i].key : NULL;
}

static int find_number(const char *key)
{
    for (int i = 0; key && i < DPID_NUMBERS; i++)
        if (strcmp(numbers[i].key, key) == 0)
            return i;
    return -1;
}

/* Tuning keeps the recipe's rate within the margin, so another margin may choose other rates. */
static int32_t set_threshold(deepid_study *study, const char *key, double value)
{
    const double margin_share = study->thresholds.margin_share;
    DPID_TRY(dpid_thresholds_set(study->head.ctx, &study->thresholds, key, value));
    if (study->thresholds.margin_share != margin_share && study->number[DPID_NUMBER_TUNING_SEEDS] > 0)
        dpid_study_forget(study);
    return DEEPID_OK;
}

static int32_t set_number(deepid_study *study, const char *key, double value)
{
    deepid_ctx *ctx = study->head.ctx;
    const int i = find_number(key);
    if (i < 0 && key && deepid_verdict_threshold_help(key))
        return set_threshold(study, key, value);
    if (i < 0)
        return unknown(study, key, "number", "'", number_word);
    const number_row *row = &numbers[i];
    const double high =
        i == DPID_NUMBER_BATCH && row->high > (double)study->train->count ? (double)study->train->count : row->high;
    const bool fits = row->whole ? value == floor(value) && value >= row->low : value > row->low;
    if (!isfinite(value) || !fits || value > high)
        return row->whole
                   ? dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "study: %s is %s, expected a whole number from %s to %s", key,
                               dpid_number(value).text, dpid_number(row->low).text, dpid_number(high).text)
                   : dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "study: %s is %s, expected a finite number %s", key,
                               dpid_number(value).text, row->low < 0 ? "from 0 on" : "above 0");
    if (i == DPID_NUMBER_DTYPE && value != DEEPID_F32 && value != DEEPID_F64)
        return dpid_fail(ctx, DEEPID_ERR_DTYPE, "study: dtype is %s, expected DEEPID_F32 or DEEPID_F64",
                         dpid_number(value).text);
    if (row->decides)
        dpid_study_forget(study);
    study->number[i] = value;
    return DEEPID_OK;
}

int32_t deepid_study_set_number(deepid_study *study, const char *key, double value)
{
    DPID_TRY(dpid_study_enter_to_change(study));
    return dpid_leave(study->head.ctx, set_number(study, key, value));
}

int32_t deepid_study_set_seeds(deepid_study *study, int64_t count)
{
    return deepid_study_set_number(study, "seeds", (double)count);
}

double deepid_study_number(const deepid_study *study, const char *key)
{
    const int i = find_number(key);
    if (!dpid_is(study, DPID_MAGIC_STUDY) || !key)
        return (double)NAN;
    if (strcmp(key, "train_samples") == 0)
        return (double)study->train->count;
    if (strcmp(key, "valid_samples") == 0)
        return study->valid ? (double)study->valid->count : 0;
    if (strcmp(key, "const_loss") == 0)
        return dpid_study_constant_loss(study, study->train);
    if (strcmp(key, "valid_const_loss") == 0)
        return dpid_study_constant_loss(study, study->valid);
    if (strcmp(key, "largest_class") == 0)
        return dpid_dataset_largest_class(study->train);
    if (strcmp(key, "valid_largest_class") == 0)
        return dpid_dataset_largest_class(study->valid);
    if (strcmp(key, "targets") == 0)
        return (double)study->train->target_width;
    if (i == DPID_NUMBER_STEPS)
        return (double)dpid_study_steps(study);
    if (study->task && (i == DPID_NUMBER_SEEDS || i == DPID_NUMBER_TUNING_SEEDS || i == DPID_NUMBER_PROBE_SEEDS))
        return (double)(i == DPID_NUMBER_SEEDS          ? study->seeds
                        : i == DPID_NUMBER_TUNING_SEEDS ? study->tuning_seeds
                                                        : study->probe_seeds);
    return i >= 0 ? study->number[i] : (double)NAN;
}

/* ---- folder, start ------------------------------------------------------------------------------- */

static int32_t set_folder(deepid_study *study, const char *folder)
{
    dpid_study_forget(study);
    study->folder = NULL;
    return folder ? dpid_arena_text(&study->arena, folder, (int64_t)strlen(folder), &study->folder) : DEEPID_OK;
}

int32_t deepid_study_set_folder(deepid_study *study, const char *folder)
{
    DPID_TRY(dpid_study_enter_to_change(study));
    return dpid_leave(study->head.ctx, set_folder(study, folder));
}

int32_t dpid_settings_start(deepid_study *study)
{
    for (int i = 0; i < DPID_TEXTS; i++)
        DPID_TRY(dpid_arena_text(&study->arena, texts[i].value, (int64_t)strlen(texts[i].value), &study->text[i]));
    for (int i = 0; i < DPID_NUMBERS; i++)
        study->number[i] = numbers[i].value;
    study->thresholds = dpid_thresholds_default();
    if (study->train->count < (int64_t)study->number[DPID_NUMBER_BATCH])
        study->number[DPID_NUMBER_BATCH] = (double)study->train->count;
    return DEEPID_OK;
}

bool dpid_study_setting_grows(const char *key)
{
    const int text = find_text(key);
    const int number = find_number(key);
    return strncmp(key, "depth:", 6) == 0 || (text >= 0 && texts[text].grows) || (number >= 0 && numbers[number].grows);
}

/* ---- what follows ---------------------------------------------------------------------------------- */

int64_t dpid_study_int(const deepid_study *study, dpid_study_number key)
{
    return (int64_t)study->number[key];
}

int64_t dpid_study_steps_per_epoch(const deepid_study *study)
{
    const int64_t batch = dpid_study_int(study, DPID_NUMBER_BATCH);
    return batch > 0 ? study->train->count / batch : 1;
}

int64_t dpid_study_steps(const deepid_study *study)
{
    const int64_t steps = dpid_study_int(study, DPID_NUMBER_STEPS);
    return steps > 0 ? steps : dpid_study_int(study, DPID_NUMBER_EPOCHS) * dpid_study_steps_per_epoch(study);
}

/* Keys that older studies do not have are left out where nobody set them: their folders go on. */
static bool is_new(const deepid_study *study, int i)
{
    return (i == DPID_TEXT_STORAGE || i == DPID_TEXT_LOSS_SCALE) && strcmp(study->text[i], texts[i].value) == 0;
}

void dpid_study_config(const deepid_study *study, dpid_string *out)
{
    dpid_string_format(out, "format=3\ntrain=%016llx\nvalid=%016llx\nshallow=%s\ndeep=%s\n",
                       (unsigned long long)deepid_dataset_hash(study->train),
                       (unsigned long long)(study->valid ? deepid_dataset_hash(study->valid) : 0), study->shallow,
                       study->deep);
    for (int i = 0; i < DPID_TEXTS; i++)
        if (texts[i].decides && !is_new(study, i))
            dpid_string_format(out, "%s=%s\n", texts[i].key, study->text[i]);
    for (int i = 0; i < DPID_NUMBERS; i++)
        if (numbers[i].decides && i != DPID_NUMBER_EPOCHS && i != DPID_NUMBER_STEPS && i != DPID_NUMBER_DTYPE)
            dpid_string_format(out, "%s=%s\n", numbers[i].key, dpid_number(study->number[i]).text);
    dpid_string_format(out, "steps=%lld\ndtype=%s\n", (long long)dpid_study_steps(study),
                       dpid_dtype_name((int32_t)study->number[DPID_NUMBER_DTYPE]));
    for (int64_t i = 0; i < study->added_count; i++)
        dpid_string_format(out, "%s=%s\n", study->added[i].word, study->added[i].text);
}
