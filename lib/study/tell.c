/* What a study tells, be it done or not: its arms with what tuning found, runs, curves, probes, and the words that a
   page has for it. What a verdict asks beyond that is in collect.c. */
#include "study/study.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- words ------------------------------------------------------------------------------------ */

static const char *text_of(deepid_study *study, const char *key)
{
    const char *text = deepid_study_text(study, key);
    return text ? text : "";
}

/* "spirals, 256 samples · own nets, depth 2 against 30 · 10 seeds · sgd momentum=0.9, rate 0.03, 400 steps ·
   float32, stored in bf16" */
static int32_t tell_subject(deepid_study *study, deepid_evidence *e)
{
    dpid_string s = {.ctx = study->head.ctx};
    dpid_string stored = {.ctx = study->head.ctx};
    const char *data = text_of(study, "subject");
    const char *family = text_of(study, "family");
    const double seeds = deepid_study_number(study, "seeds");
    if (*data)
        dpid_string_add(&s, data);
    else
        dpid_string_format(&s, "%s training samples", dpid_number(deepid_study_number(study, "train_samples")).text);
    dpid_string_format(&s, " \xc2\xb7 %s%sdepth %lld against %lld", family, *family ? " nets, " : "",
                       (long long)study->arm[dpid_arm_find(study, "S")].depth,
                       (long long)study->arm[dpid_arm_find(study, "D")].depth);
    dpid_string_format(&s, " \xc2\xb7 %s seed%s \xc2\xb7 %s, rate %s, %s steps \xc2\xb7 start %s",
                       dpid_number(seeds).text, seeds == 1 ? "" : "s", text_of(study, "optimizer"),
                       dpid_number(deepid_study_number(study, "learning_rate")).text,
                       dpid_number(deepid_study_number(study, "steps")).text, text_of(study, "init"));
    dpid_string_add(&s, deepid_study_number(study, "dtype") == DEEPID_F64 ? " \xc2\xb7 float64" : " \xc2\xb7 float32");
    int32_t status = dpid_study_say_storage(study, &stored);
    if (status == DEEPID_OK && stored.length > 0)
        dpid_string_format(&s, ", stored in %s", stored.text);
    if (status == DEEPID_OK)
        status = s.status == DEEPID_OK ? dpid_evidence_keep(e, s.text, &e->page.subject) : s.status;
    dpid_string_release(&stored);
    dpid_string_release(&s);
    return status;
}

static int32_t tell_words(deepid_study *study, deepid_evidence *e)
{
    char machine[128];
    const char *files = "results.csv, history.csv, tuning.csv, probes/, plan.json, study.json, verdict.json; "
                        "figures/ has each figure as a picture";
    snprintf(machine, sizeof machine, "deepid %s. Configuration, build and machine: study.json.", deepid_version());
    e->page = (dpid_page_words){.question = "Do the added layers hurt, and why?",
                                .machine = machine,
                                .command = text_of(study, "replay"),
                                .files = *text_of(study, "folder") ? files : "",
                                .deep = text_of(study, "deep"),
                                .budget = text_of(study, "budget"),
                                .data = text_of(study, "data")};
    DPID_TRY(dpid_facts_keep(e));
    return tell_subject(study, e);
}

/* ---- arms --------------------------------------------------------------------------------------- */

/* Of S and D, which run at the recipe's rate: what tuning found for them, at that rate. */
static void tell_tuning(const deepid_study *study, const dpid_study_arm *arm, dpid_filed_arm *to)
{
    const dpid_study_arm *tuned = arm->better >= 0 ? &study->arm[arm->better] : arm;
    const dpid_tuning_summary sum = dpid_tuning_sum_up(study, tuned, dpid_arm_rate(study, arm));
    dpid_arm_take(to, DPID_ARM_TUNING_LOSS, sum.loss);
    dpid_arm_take(to, DPID_ARM_RATES_TRIED, (double)sum.rates);
    dpid_arm_take(to, DPID_ARM_RATES_DIVERGED, (double)sum.diverged);
    dpid_arm_take(to, DPID_ARM_LOWEST_RATE, sum.lowest);
    dpid_arm_take(to, DPID_ARM_HIGHEST_RATE, sum.highest);
    dpid_arm_take(to, DPID_ARM_OTHER_RATE, sum.other);
    dpid_arm_take(to, DPID_ARM_OTHER_GAIN, sum.gain);
    dpid_arm_take(to, DPID_ARM_NOISE, tuned->noise);
}

static const char *left_out(const dpid_study_arm *arm, const char *reason, bool spared)
{
    return arm->alien || spared              ? "no_question"
           : arm->impossible                 ? "impossible"
           : reason && reason == arm->reason ? "possible"
           : reason                          ? "impossible"
                                             : NULL;
}

/* An arm without one result is one that was left out; its first seed says why. */
static int32_t tell_arm(deepid_study *study, int32_t i, deepid_evidence *e)
{
    const dpid_study_arm *arm = &study->arm[i];
    const dpid_task *first = arm->first_task >= 0 ? &study->task[arm->first_task] : NULL;
    const bool spared = dpid_arm_is_spared(arm);
    dpid_filed_arm *to = NULL;
    bool results = false;
    for (int64_t k = 0; first && !arm->reason && !spared && k < study->seeds; k++)
        results = results || dpid_task_has_result(&first[k]);
    const char *reason = deepid_study_arm_reason(study, i);
    reason = !reason && !results && first ? first->reason : reason;
    DPID_TRY(dpid_evidence_arm(e, arm->word, &to));
    for (int k = 0; k < DPID_ARM_NUMBERS; k++)
        to->given[k] = true;
    dpid_arm_take(to, DPID_ARM_DEPTH, (double)arm->depth);
    dpid_arm_take(to, DPID_ARM_RATE, dpid_arm_rate(study, arm));
    dpid_arm_take(to, DPID_ARM_UPDATES, (double)arm->steps);
    if (results)
        tell_tuning(study, arm, to);
    DPID_TRY(dpid_evidence_keep(e, arm->block, &to->text[DPID_ARM_BLOCK]));
    DPID_TRY(dpid_evidence_keep(e, arm->said, &to->text[DPID_ARM_SAID]));
    DPID_TRY(dpid_evidence_keep(e, reason, &to->text[DPID_ARM_REASON]));
    return dpid_evidence_keep(e, left_out(arm, reason, spared), &to->text[DPID_ARM_LEFT_OUT]);
}

/* ---- runs, points, tuning runs --------------------------------------------------------------------- */

static int32_t tell_run(const deepid_study *study, const dpid_task *task, dpid_filed_arm *arm, deepid_evidence *e)
{
    const double none = (double)NAN;
    const dpid_outcome *o = &task->outcome;
    const bool labels = study->train->labels != NULL;
    const bool valid = study->valid != NULL;
    const double row[DPID_RUN_COLUMNS] = {
        [DPID_RUN_SEED] = (double)task->seed,
        [DPID_RUN_TRAIN_LOSS] = o->train_loss,
        [DPID_RUN_TRAIN_ERROR] = labels ? o->train_error : none,
        [DPID_RUN_VALID_LOSS] = valid ? o->valid_loss : none,
        [DPID_RUN_VALID_ERROR] = valid && labels ? o->valid_error : none,
        [DPID_RUN_BEST_VALID_LOSS] = valid ? o->best_valid_loss : none,
        [DPID_RUN_DIVERGED] = task->diverged,
        [DPID_RUN_PENALTY] = o->penalty,
        [DPID_RUN_OBJECTIVE] = o->objective,
        [DPID_RUN_BATCH_LOSS] = o->batch_loss,
        [DPID_RUN_BATCH8_LOSS] = o->batch8_loss,
        [DPID_RUN_MOVING_LOSS] = o->moving_loss,
        [DPID_RUN_EQUAL] = o->equal,
        [DPID_RUN_DIFFERENCE] = none, /* bits say more */
        [DPID_RUN_EPOCHS] = o->epochs,
        [DPID_RUN_UPDATES] = o->updates,
        [DPID_RUN_RATE] = o->rate,
        [DPID_RUN_SECONDS] = o->seconds,
    };
    DPID_TRY(dpid_evidence_add_run(e, arm, row, 0));
    for (int64_t k = 0; k < task->points; k++) {
        const dpid_history *h = &task->history[k];
        const double point[DPID_POINT_COLUMNS] = {(double)task->seed, h->epoch,       h->train_loss, h->train_error,
                                                  h->valid_loss,      h->valid_error, h->rate};
        DPID_TRY(deepid_table_append(e->points, arm->word, point));
    }
    return DEEPID_OK;
}

static int32_t tell_tries(deepid_study *study, deepid_evidence *e)
{
    deepid_table *table = NULL;
    double row[DPID_TRY_COLUMNS];
    DPID_TRY(deepid_study_tuning(study, &table));
    int32_t status = DEEPID_OK;
    for (int64_t i = 0; i < deepid_table_rows(table) && status == DEEPID_OK; i++) {
        for (int k = 0; k < DPID_TRY_COLUMNS; k++)
            row[k] = deepid_table_get(table, i, deepid_table_find_column(table, dpid_try_columns[k].name));
        status = deepid_table_append(e->tries, deepid_table_row_name(table, i), row);
    }
    deepid_table_destroy(table);
    return status;
}

/* ---- probes ------------------------------------------------------------------------------------------ */

/* A probe that was not made is no failure: a page says that its figure is left out. */
static int32_t tell_probe(deepid_study *study, const char *arm, const char *word, deepid_evidence *e)
{
    deepid_table *table = NULL;
    int32_t status = deepid_study_probe(study, arm, word, &table);
    if (status != DEEPID_OK)
        return status == DEEPID_ERR_MEMORY || status == DEEPID_ERR_IO || status == DEEPID_ERR_FORMAT ? status
                                                                                                     : DEEPID_OK;
    status = dpid_evidence_add_probe(e, arm, word, table);
    if (status != DEEPID_OK)
        deepid_table_destroy(table);
    return status;
}

static int32_t tell_probes(deepid_study *study, deepid_evidence *e)
{
    static const char *const arms[] = {"D", "D_res"};
    for (size_t a = 0; a < sizeof arms / sizeof *arms; a++)
        for (int64_t w = 0; dpid_probe_at(w); w++)
            DPID_TRY(tell_probe(study, arms[a], dpid_probe_at(w)->word, e));
    return DEEPID_OK;
}

int32_t dpid_study_tell(deepid_study *study, deepid_evidence *e)
{
    DPID_TRY(dpid_study_plan(study));
    e->thresholds = study->thresholds;
    e->depth_study = true;
    e->fact.const_loss = dpid_study_constant_loss(study, study->train);
    DPID_TRY(tell_words(study, e));
    for (int32_t i = 0; i < study->arms; i++)
        DPID_TRY(tell_arm(study, i, e));
    for (int64_t i = 0; i < study->nets; i++)
        if (dpid_task_has_result(&study->task[i]))
            DPID_TRY(tell_run(study, &study->task[i], dpid_evidence_find(e, study->arm[study->task[i].arm].word), e));
    DPID_TRY(tell_tries(study, e));
    return tell_probes(study, e);
}
