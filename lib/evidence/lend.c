/* From the object to what a verdict looks at: arrays by arm and seed. */
#include "evidence/evidence.h"

#include "statistics/statistics.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

typedef struct {
    const deepid_evidence *from;
    dpid_arena *arena;
    dpid_evidence *to;
    double *seed; /* all that have a run, ascending; to->seeds of them */
    bool valid;   /* something was validated */
    dpid_arm_evidence *arm;
} lending;

const char dpid_not_tried[] = "not tried";

bool dpid_arm_is_added(const char *word)
{
    const dpid_arm_words *words = dpid_arm_words_of(word);
    return words && !*words->label;
}

/* ---- seeds ---------------------------------------------------------------------------------- */

static int32_t find_seeds(lending *l)
{
    const int64_t rows = deepid_table_rows(l->from->runs);
    DPID_TRY(dpid_arena_alloc(l->arena, rows, sizeof *l->seed, "evidence", &l->seed));
    for (int64_t i = 0; i < rows; i++)
        l->seed[i] = deepid_table_get(l->from->runs, i, DPID_RUN_SEED);
    if (rows > 0)
        dpid_sort(rows, l->seed);
    l->to->seeds = 0;
    for (int64_t i = 0; i < rows; i++)
        if (l->to->seeds == 0 || l->seed[l->to->seeds - 1] != l->seed[i])
            l->seed[l->to->seeds++] = l->seed[i];
    return DEEPID_OK;
}

/* -1: none. */
static int64_t place_of(const lending *l, double seed)
{
    int64_t low = 0;
    int64_t high = l->to->seeds;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (l->seed[middle] < seed)
            low = middle + 1;
        else
            high = middle;
    }
    return low < l->to->seeds && l->seed[low] == seed ? low : -1;
}

/* ---- one number a seed -------------------------------------------------------------------------- */

/* NULL where no run has one. */
static int32_t lend_column(const lending *l, const dpid_filed_arm *arm, int column, const double **out)
{
    double *values = NULL;
    bool known = false;
    DPID_TRY(dpid_arena_alloc(l->arena, l->to->seeds, sizeof *values, "evidence", &values));
    for (int64_t i = 0; i < l->to->seeds; i++)
        values[i] = (double)NAN;
    for (int64_t i = 0; i < arm->runs; i++) {
        const double value = deepid_table_get(l->from->runs, arm->row[i], column);
        values[place_of(l, deepid_table_get(l->from->runs, arm->row[i], DPID_RUN_SEED))] = value;
        known = known || !isnan(value);
    }
    *out = known || column == DPID_RUN_TRAIN_LOSS ? values : NULL;
    return DEEPID_OK;
}

static int32_t lend_flags(const lending *l, const dpid_filed_arm *arm, int column, const uint8_t **out)
{
    uint8_t *flags = NULL;
    DPID_TRY(dpid_arena_alloc(l->arena, l->to->seeds, sizeof *flags, "evidence", &flags));
    for (int64_t i = 0; i < arm->runs; i++) {
        const double seed = deepid_table_get(l->from->runs, arm->row[i], DPID_RUN_SEED);
        flags[place_of(l, seed)] = deepid_table_get(l->from->runs, arm->row[i], column) == 1;
    }
    *out = flags;
    return DEEPID_OK;
}

static int32_t lend_columns(const lending *l, const dpid_filed_arm *arm, dpid_arm_evidence *a)
{
    const struct {
        const double **to;
        int column;
    } columns[] = {{&a->train_loss, DPID_RUN_TRAIN_LOSS},   {&a->train_error, DPID_RUN_TRAIN_ERROR},
                   {&a->valid_loss, DPID_RUN_VALID_LOSS},   {&a->valid_error, DPID_RUN_VALID_ERROR},
                   {&a->penalty, DPID_RUN_PENALTY},         {&a->best_valid_loss, DPID_RUN_BEST_VALID_LOSS},
                   {&a->objective, DPID_RUN_OBJECTIVE},     {&a->batch_loss, DPID_RUN_BATCH_LOSS},
                   {&a->batch8_loss, DPID_RUN_BATCH8_LOSS}, {&a->moving_loss, DPID_RUN_MOVING_LOSS}};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        DPID_TRY(lend_column(l, arm, columns[i].column, columns[i].to));
    return lend_flags(l, arm, DPID_RUN_DIVERGED, &a->diverged);
}

/* ---- along training --------------------------------------------------------------------------------- */

/* The arm that a row of points belongs to; *arm: where to look first. -1: one that has no runs. */
static int64_t arm_of(const lending *l, const char *word, int64_t *arm)
{
    if (*arm >= 0 && strcmp(l->arm[*arm].word, word) == 0)
        return *arm;
    for (int64_t i = 0; i < l->to->arms; i++)
        if (strcmp(l->arm[i].word, word) == 0)
            return *arm = i;
    return -1;
}

/* Walks over all points of runs; visit gets the arm, the place of the seed, and which point of that run it is. */
typedef void visit(lending *l, int64_t row, int64_t arm, int64_t seed, int64_t point);
static int32_t walk(lending *l, visit *see)
{
    const deepid_table *t = l->from->points;
    int64_t *count = NULL;
    int64_t arm = -1;
    DPID_TRY(dpid_alloc(l->arena->ctx, l->to->arms * l->to->seeds, sizeof *count, "evidence", &count));
    for (int64_t row = 0; row < deepid_table_rows(t); row++) {
        const int64_t at = arm_of(l, deepid_table_row_name(t, row), &arm);
        const int64_t seed = at < 0 ? -1 : place_of(l, deepid_table_get(t, row, DPID_POINT_SEED));
        if (seed >= 0 && l->arm[at].updates != 0)
            see(l, row, at, seed, count[at * l->to->seeds + seed]++);
    }
    dpid_free(l->arena->ctx, count);
    return DEEPID_OK;
}

static void count_point(lending *l, int64_t row, int64_t arm, int64_t seed, int64_t point)
{
    (void)seed;
    l->valid = l->valid || !isnan(deepid_table_get(l->from->points, row, DPID_POINT_VALID_LOSS));
    if (point >= l->arm[arm].points)
        l->arm[arm].points = point + 1;
}

/* The arrays are ours until they are lent. */
static void put(const double *to, int64_t at, double value)
{
    if (to)
        ((double *)(uintptr_t)to)[at] = value;
}

static void take_point(lending *l, int64_t row, int64_t arm, int64_t seed, int64_t point)
{
    const deepid_table *t = l->from->points;
    dpid_arm_evidence *a = &l->arm[arm];
    const int64_t at = seed * a->points + point;
    put(a->curve_train, at, deepid_table_get(t, row, DPID_POINT_TRAIN_LOSS));
    put(a->curve_valid, at, deepid_table_get(t, row, DPID_POINT_VALID_LOSS));
    put(a->curve_valid_error, at, deepid_table_get(t, row, DPID_POINT_VALID_ERROR));
}

static int32_t make_curve(const lending *l, const dpid_arm_evidence *a, const double **out)
{
    double *values = NULL;
    DPID_TRY(dpid_arena_alloc(l->arena, l->to->seeds * a->points, sizeof *values, "evidence", &values));
    for (int64_t i = 0; i < l->to->seeds * a->points; i++)
        values[i] = (double)NAN;
    *out = values;
    return DEEPID_OK;
}

static int32_t lend_curves(lending *l)
{
    bool errors = false;
    DPID_TRY(walk(l, count_point));
    for (int64_t i = 0; i < l->to->arms; i++)
        errors = errors || l->arm[i].valid_error;
    for (int64_t i = 0; i < l->to->arms; i++) {
        dpid_arm_evidence *a = &l->arm[i];
        if (a->points == 0)
            continue;
        DPID_TRY(make_curve(l, a, &a->curve_train));
        if (l->valid)
            DPID_TRY(make_curve(l, a, &a->curve_valid));
        if (l->valid && errors)
            DPID_TRY(make_curve(l, a, &a->curve_valid_error));
    }
    return walk(l, take_point);
}

/* ---- arms -------------------------------------------------------------------------------------------- */

static int64_t count_of(double number)
{
    return isnan(number) ? 0 : (int64_t)number;
}

static int32_t lend_arm(const lending *l, const dpid_filed_arm *arm, dpid_arm_evidence *a)
{
    const deepid_evidence *e = l->from;
    *a = dpid_arm_evidence_none(arm->word);
    a->said = arm->text[DPID_ARM_SAID];
    a->learning_rate = dpid_filed_number(e, arm, DPID_ARM_RATE);
    a->updates = dpid_filed_number(e, arm, DPID_ARM_UPDATES);
    a->tuning_loss = dpid_filed_number(e, arm, DPID_ARM_TUNING_LOSS);
    a->rates_tried = count_of(dpid_filed_number(e, arm, DPID_ARM_RATES_TRIED));
    a->rates_diverged = count_of(dpid_filed_number(e, arm, DPID_ARM_RATES_DIVERGED));
    a->lowest_rate = dpid_filed_number(e, arm, DPID_ARM_LOWEST_RATE);
    a->highest_rate = dpid_filed_number(e, arm, DPID_ARM_HIGHEST_RATE);
    a->other_rate = dpid_filed_number(e, arm, DPID_ARM_OTHER_RATE);
    a->other_gain = dpid_filed_number(e, arm, DPID_ARM_OTHER_GAIN);
    a->noise = dpid_filed_number(e, arm, DPID_ARM_NOISE) == 1;
    a->own_untried = a->rates_tried > 0 && isnan(a->tuning_loss);
    a->other_everywhere = a->other_gain > 0 && !e->depth_study && dpid_other_rate_everywhere(e, arm);
    return lend_columns(l, arm, a);
}

/* ---- arms without runs ------------------------------------------------------------------------------ */

typedef struct {
    const char **word, **reason;
    uint8_t *possible;
} left_out;

static bool is(const dpid_filed_arm *arm, const char *why)
{
    const char *text = arm->text[DPID_ARM_LEFT_OUT];
    return text && strcmp(text, why) == 0;
}

static void leave_out(lending *l, left_out *to, const char *word, const char *reason, bool possible)
{
    const int64_t k = l->to->left_outs++;
    to->word[k] = word;
    to->reason[k] = reason;
    to->possible[k] = possible;
}

static bool has(const deepid_evidence *e, const char *word, bool set)
{
    const size_t length = strlen(word);
    for (int64_t i = 0; i < e->arms; i++)
        if (strncmp(e->arm[i]->word, word, length) == 0 &&
            (e->arm[i]->word[length] == 0 || (set && e->arm[i]->word[length] == ':')))
            return true;
    return false;
}

/* Does the recipe have what the arm of this hypothesis takes away? */
static bool is_asked(const deepid_evidence *e, int64_t hypothesis)
{
    const dpid_evidence *f = &e->fact;
    if (hypothesis == DPID_REGULARISATION)
        return f->dropout[1] || f->decay || f->smoothing || f->augmentation;
    return hypothesis != DPID_NORMALISATION || f->batchnorm;
}

/* Where nobody says which arms were left out, those that decide a hypothesis and are not there. */
static void leave_out_untried(lending *l, left_out *to)
{
    const char *const always[] = {"W0", "D_res"};
    bool told = false;
    for (int64_t i = 0; i < l->from->arms; i++)
        told = told || l->from->arm[i]->runs == 0;
    for (size_t i = 0; !told && i < sizeof always / sizeof *always; i++)
        if (!has(l->from, always[i], false))
            leave_out(l, to, always[i], dpid_not_tried, true);
    for (int64_t i = 0; !told && i < DPID_HYPOTHESES; i++) {
        const dpid_hypothesis *h = dpid_hypothesis_at(i);
        if (h->arm && is_asked(l->from, i) && !has(l->from, h->arm, h->set))
            leave_out(l, to, h->arm, dpid_not_tried, true);
    }
}

static int32_t lend_left_outs(lending *l)
{
    const deepid_evidence *from = l->from;
    const int64_t room = from->arms + DPID_FINDINGS_MAX;
    left_out to;
    DPID_TRY(dpid_arena_alloc(l->arena, room, sizeof *to.word, "evidence", &to.word));
    DPID_TRY(dpid_arena_alloc(l->arena, room, sizeof *to.reason, "evidence", &to.reason));
    DPID_TRY(dpid_arena_alloc(l->arena, room, sizeof *to.possible, "evidence", &to.possible));
    for (int64_t i = 0; i < from->arms; i++) {
        const dpid_filed_arm *arm = from->arm[i];
        const char *reason = arm->text[DPID_ARM_REASON];
        if (arm->runs == 0 && !dpid_arm_is_added(arm->word) && !is(arm, "no_question"))
            leave_out(l, &to, arm->word, reason ? reason : dpid_not_tried, !is(arm, "impossible"));
    }
    leave_out_untried(l, &to);
    l->to->left_out = to.word;
    l->to->left_out_reason = to.reason;
    l->to->left_out_possible = to.possible;
    return DEEPID_OK;
}

static int32_t lend_arms(lending *l)
{
    const deepid_evidence *from = l->from;
    DPID_TRY(dpid_arena_alloc(l->arena, from->arms, sizeof *l->arm, "evidence", &l->arm));
    for (int64_t i = 0; i < from->arms; i++)
        if (from->arm[i]->runs > 0 && !dpid_arm_is_added(from->arm[i]->word))
            DPID_TRY(lend_arm(l, from->arm[i], &l->arm[l->to->arms++]));
    l->to->arm = l->arm;
    return lend_left_outs(l);
}

/* ---- witnesses ------------------------------------------------------------------------------------------- */

static int32_t lend_witnesses(lending *l)
{
    const dpid_filed_arm *witness = dpid_evidence_find(l->from, "W0");
    const dpid_filed_arm *shallow = dpid_evidence_find(l->from, "S_rate");
    const double *w = NULL;
    const double *s = NULL;
    double *difference = NULL;
    if (!shallow || shallow->runs == 0)
        shallow = dpid_evidence_find(l->from, "S");
    if (!witness || witness->runs == 0 || !shallow || shallow->runs == 0)
        return DEEPID_OK;
    DPID_TRY(lend_column(l, witness, DPID_RUN_TRAIN_LOSS, &w));
    DPID_TRY(lend_column(l, shallow, DPID_RUN_TRAIN_LOSS, &s));
    DPID_TRY(dpid_arena_alloc(l->arena, l->to->seeds, sizeof *difference, "evidence", &difference));
    for (int64_t i = 0; i < l->to->seeds; i++)
        difference[i] = fabs(w[i] - s[i]);
    l->to->witness_difference = difference;
    DPID_TRY(lend_column(l, witness, DPID_RUN_DIFFERENCE, &l->to->witness_outputs));
    return lend_flags(l, witness, DPID_RUN_EQUAL, &l->to->witness_equal);
}

/* ---- the recipe: what is not said follows from S and D ----------------------------------------------- */

static double number_of(const deepid_evidence *e, const char *word, int number)
{
    const dpid_filed_arm *arm = dpid_evidence_find(e, word);
    return arm ? dpid_filed_number(e, arm, number) : (double)NAN;
}

static void lend_recipe(const deepid_evidence *e, dpid_evidence *out)
{
    const dpid_filed_arm *deep = dpid_evidence_find(e, "D");
    if (isnan(out->recipe_rate))
        out->recipe_rate = number_of(e, "D", DPID_ARM_RATE);
    if (out->updates == 0)
        out->updates = count_of(number_of(e, "D", DPID_ARM_UPDATES));
    if (out->shallow_depth == 0)
        out->shallow_depth = count_of(number_of(e, "S", DPID_ARM_DEPTH));
    if (out->deep_depth == 0)
        out->deep_depth = count_of(number_of(e, "D", DPID_ARM_DEPTH));
    if (!out->block_word && deep)
        out->block_word = deep->text[DPID_ARM_BLOCK];
}

int32_t dpid_evidence_lend(const deepid_evidence *e, dpid_arena *arena, dpid_evidence *out)
{
    lending l = {.from = e, .arena = arena, .to = out};
    *out = e->fact;
    out->counted = out->counted || !isnan(out->zeros) || !isnan(out->subnormals) || !isnan(out->infinities);
    out->compared = out->compared || !isnan(out->min_cosine) || !isnan(out->max_relative_error);
    out->explanation = e->explanation;
    out->explanations = e->explanations;
    lend_recipe(e, out);
    out->by_others = !e->depth_study;
    out->regularisers_unknown =
        out->by_others && !(dpid_fact_said(e, "dropout_deep") && dpid_fact_said(e, "decay") &&
                            dpid_fact_said(e, "smoothing") && dpid_fact_said(e, "augmentation"));
    out->batchnorm_unknown = out->by_others && !dpid_fact_said(e, "batchnorm");
    out->nets_unknown = !e->page.deep && out->deep_narrowest == 0;
    DPID_TRY(find_seeds(&l));
    DPID_TRY(lend_arms(&l));
    DPID_TRY(lend_curves(&l));
    return lend_witnesses(&l);
}
