/* Filling it: runs, points, tuning runs and facts as a caller gives them, each checked at once. */
#include "evidence/evidence.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- runs ---------------------------------------------------------------------------------------------- */

/* -1: none. */
static int64_t run_of(const deepid_evidence *e, const dpid_filed_arm *arm, double seed)
{
    const double *seeds = deepid_table_column(e->runs, DPID_RUN_SEED);
    for (int64_t i = 0; i < arm->runs; i++)
        if (seeds[arm->row[i]] == seed)
            return i;
    return -1;
}

bool dpid_evidence_has_run(const deepid_evidence *e, const char *word, double seed)
{
    const dpid_filed_arm *arm = dpid_evidence_find(e, word);
    return arm && run_of(e, arm, seed) >= 0;
}

static bool seed_fits(const deepid_evidence *e, const dpid_filed_arm *arm, double seed, char *why)
{
    const int64_t twin = isnan(seed) ? -1 : run_of(e, arm, seed);
    if (isnan(seed))
        snprintf(why, DPID_JSON_WHY, "it is missing; expected %s", dpid_run_columns[DPID_RUN_SEED].expected);
    else if (twin >= 0 && arm->line[twin] > 0)
        snprintf(why, DPID_JSON_WHY, "arm %s has seed %s twice; the first stands in line %lld", arm->word,
                 dpid_number(seed).text, (long long)arm->line[twin]);
    else if (twin >= 0)
        snprintf(why, DPID_JSON_WHY, "arm %s has seed %s already", arm->word, dpid_number(seed).text);
    else if (arm->runs == DPID_SEEDS_MAX)
        snprintf(why, DPID_JSON_WHY, "arm %s has more than %d seeds", arm->word, DPID_SEEDS_MAX);
    else
        return true;
    return false;
}

/* What only one arm can have, in this one; NULL: it may. */
static const char *owner_refused(const char *word, int column, double value)
{
    return column == DPID_RUN_DIFFERENCE && !isnan(value) && strcmp(word, "W0") != 0
               ? "it is given, expected nothing: it is of W0 alone, whose outputs are compared with those of S"
               : NULL;
}

/* NULL: it may be. Losses of a run that diverged may be anything. */
static const char *loss_refused(const double *row)
{
    const double loss = row[DPID_RUN_TRAIN_LOSS];
    if (row[DPID_RUN_DIVERGED] == 1 || isfinite(loss))
        return NULL;
    return isnan(loss) ? "it is missing or no number; a run that diverged has 1 in the column diverged, one that was "
                         "not made has no row"
                       : "it is infinite; a run that diverged has 1 in the column diverged";
}

bool dpid_evidence_fits(const deepid_evidence *e, const dpid_filed_arm *arm, const double *row, int *column, char *why)
{
    const bool diverged = row[DPID_RUN_DIVERGED] == 1;
    for (*column = 0; *column < DPID_RUN_COLUMNS; (*column)++) {
        const double value = row[*column];
        const bool known = !isnan(value) && (!diverged || *column == DPID_RUN_SEED || *column == DPID_RUN_DIVERGED);
        const char *expected = known ? dpid_column_refuses(&dpid_run_columns[*column], value) : NULL;
        if (expected) {
            snprintf(why, DPID_JSON_WHY, "it is %s, expected %s", dpid_number(value).text, expected);
            return false;
        }
        const char *owner = owner_refused(arm->word, *column, value);
        if (owner) {
            snprintf(why, DPID_JSON_WHY, "%s", owner);
            return false;
        }
    }
    *column = DPID_RUN_SEED;
    if (!seed_fits(e, arm, row[DPID_RUN_SEED], why))
        return false;
    *column = DPID_RUN_TRAIN_LOSS;
    const char *refused = loss_refused(row);
    if (refused)
        snprintf(why, DPID_JSON_WHY, "%s", refused);
    return !refused;
}

static int32_t need(deepid_evidence *e, const void *a, const void *b)
{
    return a && b ? DEEPID_OK
                  : dpid_fail(e->head.ctx, DEEPID_ERR_ARGUMENT, "evidence: a word or a value is NULL, expected a text");
}

int32_t dpid_refuse_word(deepid_ctx *ctx, const char *what, const char *word, const char *const *words)
{
    char sentence[DPID_ERROR_MAX];
    const int32_t status = dpid_fail_word(ctx, what, dpid_span_of(word), words);
    snprintf(sentence, sizeof sentence, "%s", deepid_ctx_error(ctx));
    const char *from = strstr(sentence, "unknown ");
    return from ? dpid_fail(ctx, status, "evidence: %s", from) : status;
}

int32_t dpid_arm_refuse(deepid_ctx *ctx, const char *word)
{
    enum { MOST = 64 };
    const char *words[MOST] = {NULL};
    for (int i = 0; i < MOST - 1 && dpid_arm_words_at(i); i++)
        words[i] = dpid_arm_words_at(i);
    return dpid_refuse_word(ctx, "arm", word, words);
}

static int32_t word_is_known(deepid_evidence *e, const char *word)
{
    return dpid_arm_words_of(word) ? DEEPID_OK : dpid_arm_refuse(e->head.ctx, word);
}

static int32_t add(deepid_evidence *e, const char *word, int64_t seed, double train_loss, double valid_loss)
{
    double row[DPID_RUN_COLUMNS];
    char why[DPID_JSON_WHY];
    int column;
    dpid_filed_arm *arm = NULL;
    DPID_TRY(need(e, word, word));
    DPID_TRY(word_is_known(e, word));
    DPID_TRY(dpid_evidence_arm(e, word, &arm));
    for (int i = 0; i < DPID_RUN_COLUMNS; i++)
        row[i] = (double)NAN;
    row[DPID_RUN_SEED] = (double)seed;
    row[DPID_RUN_TRAIN_LOSS] = train_loss;
    row[DPID_RUN_VALID_LOSS] = valid_loss;
    row[DPID_RUN_DIVERGED] = isinf(train_loss) && train_loss > 0;
    if (!dpid_evidence_fits(e, arm, row, &column, why))
        return dpid_fail(e->head.ctx, DEEPID_ERR_ARGUMENT, "evidence: %s of arm %s, seed %lld: %s",
                         dpid_run_columns[column].name, word, (long long)seed, why);
    return dpid_evidence_add_run(e, arm, row, 0);
}

int32_t deepid_evidence_add(deepid_evidence *evidence, const char *arm, int64_t seed, double train_loss,
                            double valid_loss)
{
    DPID_TRY(dpid_enter(evidence, DPID_MAGIC_EVIDENCE));
    return dpid_leave(evidence->head.ctx, add(evidence, arm, seed, train_loss, valid_loss));
}

/* ---- one number of a run, of an arm ------------------------------------------------------------------------- */

static int column_of(const dpid_column *column, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(column[i].name, name) == 0)
            return i;
    return -1;
}

static int32_t refuse_column(deepid_evidence *e, const dpid_column *column, int count, const char *name)
{
    const char *words[DPID_RUN_COLUMNS + DPID_ARM_NUMBERS + 1] = {NULL};
    for (int i = 0; i < count; i++)
        words[i] = column[i].name;
    return dpid_refuse_word(e->head.ctx, "column", name, words);
}

static int32_t set_run(deepid_evidence *e, const char *word, int64_t seed, const char *name, double value)
{
    DPID_TRY(need(e, word, name));
    const dpid_filed_arm *arm = dpid_evidence_find(e, word);
    const int64_t run = arm ? run_of(e, arm, (double)seed) : -1;
    const int column = column_of(dpid_run_columns, DPID_RUN_COLUMNS, name);
    if (run < 0)
        return dpid_fail(e->head.ctx, DEEPID_ERR_ARGUMENT, "evidence: arm %s has no seed %lld; add the run first", word,
                         (long long)seed);
    if (column < 0)
        return refuse_column(e, dpid_run_columns, DPID_RUN_COLUMNS, name);
    const char *expected = dpid_column_refuses(&dpid_run_columns[column], value);
    if (column == DPID_RUN_SEED || column == DPID_RUN_TRAIN_LOSS || expected)
        return dpid_fail(e->head.ctx, DEEPID_ERR_ARGUMENT, "evidence: %s of arm %s, seed %lld is %s, expected %s", name,
                         word, (long long)seed, dpid_number(value).text,
                         expected ? expected : "to be given when the run is added");
    const char *owner = owner_refused(word, column, value);
    if (owner)
        return dpid_fail(e->head.ctx, DEEPID_ERR_ARGUMENT, "evidence: %s of arm %s, seed %lld: %s", name, word,
                         (long long)seed, owner);
    return deepid_table_set(e->runs, arm->row[run], column, value);
}

int32_t deepid_evidence_set_run(deepid_evidence *evidence, const char *arm, int64_t seed, const char *column,
                                double value)
{
    DPID_TRY(dpid_enter(evidence, DPID_MAGIC_EVIDENCE));
    return dpid_leave(evidence->head.ctx, set_run(evidence, arm, seed, column, value));
}

static int32_t set_arm(deepid_evidence *e, const char *word, const char *name, double value)
{
    dpid_filed_arm *arm = NULL;
    DPID_TRY(need(e, word, name));
    DPID_TRY(word_is_known(e, word));
    const int column = column_of(dpid_arm_columns, DPID_ARM_NUMBERS, name);
    if (column < 0)
        return refuse_column(e, dpid_arm_columns, DPID_ARM_NUMBERS, name);
    const char *expected = dpid_column_refuses(&dpid_arm_columns[column], value);
    if (expected)
        return dpid_fail(e->head.ctx, DEEPID_ERR_ARGUMENT, "evidence: %s of arm %s is %s, expected %s", name, word,
                         dpid_number(value).text, expected);
    DPID_TRY(dpid_evidence_arm(e, word, &arm));
    dpid_arm_take(arm, column, value);
    return DEEPID_OK;
}

int32_t deepid_evidence_set_arm(deepid_evidence *evidence, const char *arm, const char *column, double value)
{
    DPID_TRY(dpid_enter(evidence, DPID_MAGIC_EVIDENCE));
    return dpid_leave(evidence->head.ctx, set_arm(evidence, arm, column, value));
}

static int32_t leave_out(deepid_evidence *e, const char *word, const char *reason)
{
    dpid_filed_arm *arm = NULL;
    DPID_TRY(need(e, word, reason));
    DPID_TRY(word_is_known(e, word));
    DPID_TRY(dpid_evidence_arm(e, word, &arm));
    return dpid_evidence_keep(e, reason, &arm->text[DPID_ARM_REASON]);
}

int32_t deepid_evidence_leave_out(deepid_evidence *evidence, const char *arm, const char *reason)
{
    DPID_TRY(dpid_enter(evidence, DPID_MAGIC_EVIDENCE));
    return dpid_leave(evidence->head.ctx, leave_out(evidence, arm, reason));
}

/* ---- points, tuning runs ------------------------------------------------------------------------------------- */

static int32_t add_row(deepid_evidence *e, deepid_table *to, const dpid_column *column, int count, const char *word,
                       const double *row)
{
    DPID_TRY(need(e, word, word));
    DPID_TRY(word_is_known(e, word));
    for (int i = 0; i < count; i++) {
        const char *expected = dpid_column_refuses(&column[i], row[i]);
        if (expected)
            return dpid_fail(e->head.ctx, DEEPID_ERR_ARGUMENT, "evidence: %s of arm %s is %s, expected %s",
                             column[i].name, word, dpid_number(row[i]).text, expected);
    }
    return deepid_table_append(to, word, row);
}

int32_t deepid_evidence_add_point(deepid_evidence *evidence, const char *arm, int64_t seed, double epoch,
                                  double train_loss, double valid_loss)
{
    const double none = (double)NAN;
    const double row[DPID_POINT_COLUMNS] = {(double)seed, epoch, train_loss, none, valid_loss, none, none};
    DPID_TRY(dpid_enter(evidence, DPID_MAGIC_EVIDENCE));
    return dpid_leave(evidence->head.ctx,
                      add_row(evidence, evidence->points, dpid_point_columns, DPID_POINT_COLUMNS, arm, row));
}

const char *dpid_try_word(const char *word)
{
    return strcmp(word, "S") == 0 ? "S_rate" : strcmp(word, "D") == 0 ? "D_rate" : word;
}

int64_t dpid_try_find(const deepid_evidence *e, const char *word, const double *row)
{
    const double *rate = deepid_table_column(e->tries, DPID_TRY_RATE);
    const double *seed = deepid_table_column(e->tries, DPID_TRY_SEED);
    for (int64_t i = 0; i < deepid_table_rows(e->tries); i++)
        if (seed[i] == row[DPID_TRY_SEED] &&
            (rate[i] == row[DPID_TRY_RATE] || (isnan(rate[i]) && isnan(row[DPID_TRY_RATE]))) &&
            strcmp(deepid_table_row_name(e->tries, i), word) == 0)
            return i;
    return -1;
}

static int32_t add_try(deepid_evidence *e, const char *word, const double *row)
{
    DPID_TRY(need(e, word, word));
    word = dpid_try_word(word);
    if (dpid_try_find(e, word, row) >= 0)
        return dpid_fail(e->head.ctx, DEEPID_ERR_ARGUMENT, "evidence: arm %s has rate %s and seed %s of tuning already",
                         word, dpid_number(row[DPID_TRY_RATE]).text, dpid_number(row[DPID_TRY_SEED]).text);
    return add_row(e, e->tries, dpid_try_columns, DPID_TRY_COLUMNS, word, row);
}

int32_t deepid_evidence_add_tuning(deepid_evidence *evidence, const char *arm, double rate, int64_t seed,
                                   double train_loss)
{
    const double none = (double)NAN;
    const double row[DPID_TRY_COLUMNS] = {rate, (double)seed, train_loss, !isfinite(train_loss), none, none};
    DPID_TRY(dpid_enter(evidence, DPID_MAGIC_EVIDENCE));
    return dpid_leave(evidence->head.ctx, add_try(evidence, arm, row));
}

/* ---- facts --------------------------------------------------------------------------------------------------- */

static int32_t refuse_fact(deepid_evidence *e, const char *word)
{
    enum { MOST = 128 };
    const char *words[MOST] = {NULL};
    for (int i = 0; i < MOST - 1 && dpid_fact_at(i); i++)
        words[i] = dpid_fact_at(i)->word;
    return dpid_refuse_word(e->head.ctx, "fact", word, words);
}

static int32_t set_classes(deepid_evidence *e, double classes)
{
    char why[DPID_JSON_WHY];
    return dpid_classes_take(e, classes, why)
               ? DEEPID_OK
               : dpid_fail(e->head.ctx, DEEPID_ERR_ARGUMENT, "evidence: classes: %s", why);
}

static int32_t set_number(deepid_evidence *e, const char *word, double value)
{
    char why[DPID_JSON_WHY];
    const dpid_fact *fact = dpid_fact_of(word);
    DPID_TRY(need(e, word, word));
    if (strcmp(word, "classes") == 0)
        return set_classes(e, value);
    if (!fact && deepid_verdict_threshold_help(word))
        return dpid_thresholds_set(e->head.ctx, &e->thresholds, word, value);
    if (!fact)
        return refuse_fact(e, word);
    return dpid_fact_take(e, fact, value, why) ? DEEPID_OK
                                               : dpid_fail(e->head.ctx, DEEPID_ERR_ARGUMENT, "evidence: %s is %s, %s",
                                                           word, dpid_number(value).text, why);
}

int32_t deepid_evidence_set_number(deepid_evidence *evidence, const char *key, double value)
{
    DPID_TRY(dpid_enter(evidence, DPID_MAGIC_EVIDENCE));
    return dpid_leave(evidence->head.ctx, set_number(evidence, key, value));
}

static int32_t set_text(deepid_evidence *e, const char *word, const char *text)
{
    const dpid_fact *fact = dpid_fact_of(word);
    DPID_TRY(need(e, word, text));
    if (!fact && deepid_verdict_threshold_help(word))
        return dpid_fail(e->head.ctx, DEEPID_ERR_ARGUMENT, "evidence: threshold %s is '%.40s', expected a number: %s",
                         word, text, deepid_verdict_threshold_help(word));
    if (!fact || fact->type != DPID_FACT_TEXT)
        return fact ? dpid_fail(e->head.ctx, DEEPID_ERR_ARGUMENT, "evidence: %s is '%.40s', expected a number", word,
                                text)
                    : refuse_fact(e, word);
    return dpid_fact_take_text(e, fact, text);
}

int32_t deepid_evidence_set_text(deepid_evidence *evidence, const char *key, const char *text)
{
    DPID_TRY(dpid_enter(evidence, DPID_MAGIC_EVIDENCE));
    return dpid_leave(evidence->head.ctx, set_text(evidence, key, text));
}

const char *deepid_evidence_fact_word(int64_t i)
{
    return dpid_fact_at(i) ? dpid_fact_at(i)->word : NULL;
}

const char *deepid_evidence_fact_help(const char *word)
{
    return dpid_fact_of(word) ? dpid_fact_of(word)->help : NULL;
}

/* ---- explanations ------------------------------------------------------------------------------------------- */

static int32_t explain(deepid_evidence *e, const char *name, double before, double after)
{
    DPID_TRY(need(e, name, name));
    if (e->explanations == DPID_EXPLANATIONS_MAX)
        return dpid_fail(e->head.ctx, DEEPID_ERR_LIMIT, "evidence: more than %d explanations", DPID_EXPLANATIONS_MAX);
    dpid_explanation *x = &e->explanation[e->explanations];
    *x = (dpid_explanation){.before = before, .after = after};
    DPID_TRY(dpid_evidence_keep(e, name, &x->name));
    e->explanations++;
    return DEEPID_OK;
}

int32_t deepid_evidence_explain(deepid_evidence *evidence, const char *name, double before, double after)
{
    DPID_TRY(dpid_enter(evidence, DPID_MAGIC_EVIDENCE));
    return dpid_leave(evidence->head.ctx, explain(evidence, name, before, after));
}
