/* All files of a study: what results.csv, history.csv, tuning.csv, plan.json and probes/ hold. */
#include "study/study.h"

#include <string.h>

/* ---- CSV: the columns of the programs' contract --------------------------------------------- */

static void add_numbers(dpid_string *s, const double *values, int count)
{
    for (int i = 0; i < count; i++) {
        dpid_string_add(s, ",");
        dpid_string_number(s, values[i]);
    }
}

static void results_csv(const deepid_study *study, dpid_string *s)
{
    dpid_string_add(s, "task,arm,family,block,depth,seed,dtype,epochs,train_loss,train_error,valid_loss,valid_error,"
                       "diverged,seconds\n");
    for (int64_t i = 0; i < study->nets; i++) {
        const dpid_task *t = &study->task[i];
        const dpid_outcome *o = &t->outcome;
        const dpid_study_arm *arm = &study->arm[t->arm];
        const double values[] = {o->epochs,      o->train_loss, o->train_error, o->valid_loss,
                                 o->valid_error, t->diverged,   o->seconds};
        if (!dpid_task_has_result(t))
            continue;
        dpid_string_format(s, "%lld,", (long long)t->task);
        dpid_string_csv(s, arm->word);
        dpid_string_add(s, ",");
        dpid_string_csv(s, study->text[DPID_TEXT_FAMILY]);
        dpid_string_add(s, ",");
        dpid_string_csv(s, arm->block);
        dpid_string_format(s, ",%lld,%llu,%s", (long long)arm->depth, (unsigned long long)t->seed,
                           dpid_dtype_name(arm->dtype));
        add_numbers(s, values, 7);
        dpid_string_add(s, "\n");
    }
}

static void history_csv(const deepid_study *study, dpid_string *s)
{
    dpid_string_add(s, "task,arm,seed,epoch,train_loss,train_error,valid_loss,valid_error,lr\n");
    for (int64_t i = 0; i < study->nets; i++) {
        const dpid_task *t = &study->task[i];
        for (int64_t k = 0; dpid_task_has_result(t) && k < t->points; k++) {
            const dpid_history *h = &t->history[k];
            const double values[DPID_HISTORY_COLUMNS] = {h->epoch,      h->train_loss,  h->train_error,
                                                         h->valid_loss, h->valid_error, h->rate};
            dpid_string_format(s, "%lld,", (long long)t->task);
            dpid_string_csv(s, study->arm[t->arm].word);
            dpid_string_format(s, ",%llu", (unsigned long long)t->seed);
            add_numbers(s, values, DPID_HISTORY_COLUMNS);
            dpid_string_add(s, "\n");
        }
    }
}

/* ---- write ------------------------------------------------------------------------------- */

static int32_t write_table(const deepid_study *study, const char *name, const deepid_table *table)
{
    dpid_string text = {.ctx = study->head.ctx};
    dpid_table_csv(table, &text);
    return dpid_study_write_text(study, name, &text);
}

static int32_t write_tuning(deepid_study *study)
{
    deepid_table *table = NULL;
    DPID_TRY(deepid_study_tuning(study, &table));
    const int32_t status = write_table(study, "tuning.csv", table);
    deepid_table_destroy(table);
    return status;
}

/* probes/ARM.WORD.csv, with '-' for the colon of a set's member. */
static int32_t write_probe(deepid_study *study, int32_t arm, int32_t probe)
{
    deepid_table *table = NULL;
    dpid_string name = {.ctx = study->head.ctx};
    int32_t status = dpid_probe_table(study, arm, probe, &table);
    if (status == DEEPID_ERR_STATE)
        return DEEPID_OK;
    DPID_TRY(status);
    dpid_string_format(&name, "probes/%s.%s.csv", study->arm[arm].word, dpid_probe_at(probe)->word);
    for (char *p = name.text; p && *p; p++)
        *p = *p == ':' ? '-' : *p;
    status = name.status == DEEPID_OK ? write_table(study, name.text, table) : name.status;
    dpid_string_release(&name);
    deepid_table_destroy(table);
    return status;
}

static int32_t study_write(deepid_study *study, const char *replay)
{
    dpid_string text = {.ctx = study->head.ctx};
    if (!study->folder)
        return dpid_fail(study->head.ctx, DEEPID_ERR_STATE, "study: there is no folder; call deepid_study_set_folder");
    DPID_TRY(dpid_study_plan(study));
    DPID_TRY(dpid_study_make_folders(study));
    results_csv(study, &text);
    DPID_TRY(dpid_study_write_text(study, "results.csv", &text));
    history_csv(study, &text);
    DPID_TRY(dpid_study_write_text(study, "history.csv", &text));
    DPID_TRY(write_tuning(study));
    for (int32_t arm = 0; arm < study->arms; arm++)
        for (int32_t probe = 0; dpid_probe_at(probe); probe++)
            DPID_TRY(write_probe(study, arm, probe));
    dpid_plan_write(study, &text);
    DPID_TRY(dpid_study_write_text(study, "plan.json", &text));
    return dpid_study_write_json(study, replay);
}

int32_t deepid_study_write(deepid_study *study, const char *replay)
{
    DPID_TRY(dpid_enter(study, DPID_MAGIC_STUDY));
    return dpid_leave(study->head.ctx, study_write(study, replay));
}
