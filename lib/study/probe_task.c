/* Probes as tasks: which probe looks at which arms, at the start or at the trained net; and the tables of an arm,
   all seeds in one. */
#include "study/study.h"

#include <deepid/inspect.h>

#include <stdio.h>
#include <string.h>

/* ---- which ------------------------------------------------------------------------------------ */

static const dpid_probe_row rows[] = {
    {.word = "gradient_check", .arms = "S,D,D_res"},
    {.word = "signal", .arms = "S,D,D_res,D_start"},
    {.word = "gradient_norm", .arms = "S,D,D_res,D_start"},
    {.word = "gradient_accuracy", .arms = "S,D,D_res"},
    {.word = "range", .arms = "S,D,D_res", .rated = true},
    {.word = "shattering", .arms = "S,D,D_res"},
    {.word = "response", .arms = "D,D_res", .trained = true},
    {.word = "learned_identity", .arms = "D,D_res", .trained = true},
    {.word = "lesion", .arms = "D,D_res", .trained = true},
    {.word = "linear_probe", .arms = "D,D_res", .trained = true},
    {.word = "cka", .arms = "D,D_res", .trained = true},
    {.word = "validity_radius", .arms = "D,D_res", .trained = true, .rated = true},
};
enum { ROWS = sizeof rows / sizeof *rows };

const dpid_probe_row *dpid_probe_at(int64_t i)
{
    return i >= 0 && i < ROWS ? &rows[i] : NULL;
}

bool dpid_probe_applies(const deepid_study *study, const dpid_probe_row *probe, const dpid_study_arm *arm)
{
    const char *list = study->text[DPID_TEXT_PROBES];
    return deepid_probe_help(probe->word) && (!*list || dpid_arm_chosen(list, probe->word)) &&
           dpid_arm_chosen(probe->arms, arm->word);
}

int32_t dpid_probes_check(deepid_study *study, const char *list)
{
    const char *words[ROWS + 2] = {"none"};
    dpid_span word;
    for (int i = 0; i < ROWS; i++)
        words[i + 1] = rows[i].word;
    for (const char *p = list; dpid_list_next(&p, &word);) {
        bool known = false;
        for (int i = 0; i <= ROWS; i++)
            known = known || dpid_span_is(word, words[i]);
        if (!known)
            return dpid_fail_word(study->head.ctx, "probe", word, words);
    }
    return DEEPID_OK;
}

dpid_probe_text dpid_probe_text_of(const dpid_probe_row *probe, const dpid_study_arm *arm)
{
    dpid_probe_text out;
    snprintf(out.text, sizeof out.text, probe->rated ? "%s rate=%s" : "%s", probe->word,
             dpid_number(arm->base_rate).text);
    return out;
}

/* ---- one ---------------------------------------------------------------------------------------- */

/* A probe that cannot look at this net says why, and that is its result. */
int32_t dpid_probe_run_task(dpid_job *job)
{
    const int32_t status = deepid_net_inspect(
        job->net, job->train, dpid_probe_text_of(&rows[job->task->probe], job->arm).text, &job->task->table);
    if (status == DEEPID_OK || status == DEEPID_ERR_MEMORY || status == DEEPID_ERR_IO || status == DEEPID_ERR_THREAD)
        return status;
    return dpid_copy_text(job->ctx, deepid_ctx_error(job->ctx), &job->task->reason);
}

/* ---- tables --------------------------------------------------------------------------------------- */

static int32_t start_table(deepid_study *study, const deepid_table *like, deepid_table **out)
{
    dpid_string columns = {.ctx = study->head.ctx};
    dpid_string_add(&columns, "seed");
    for (int64_t k = 0; k < deepid_table_columns(like); k++)
        dpid_string_format(&columns, ",%s", deepid_table_column_name(like, k));
    int32_t status = columns.status;
    if (status == DEEPID_OK)
        status = deepid_table_create(study->head.ctx, deepid_table_row_heading(like), columns.text, out);
    dpid_string_release(&columns);
    return status;
}

static int32_t add_rows(deepid_study *study, const dpid_task *task, deepid_table *table)
{
    const int64_t columns = deepid_table_columns(task->table);
    double *row = NULL;
    int32_t status = dpid_alloc(study->head.ctx, columns + 1, sizeof *row, "study", &row);
    for (int64_t i = 0; status == DEEPID_OK && i < deepid_table_rows(task->table); i++) {
        row[0] = (double)task->seed;
        for (int64_t k = 0; k < columns; k++)
            row[k + 1] = deepid_table_get(task->table, i, k);
        status = deepid_table_append(table, deepid_table_row_name(task->table, i), row);
    }
    dpid_free(study->head.ctx, row);
    return status;
}

static int32_t collect(deepid_study *study, int32_t arm, int32_t probe, deepid_table **table, const char **reason)
{
    int32_t status = DEEPID_OK;
    for (int64_t i = study->nets; i < study->tasks && status == DEEPID_OK; i++) {
        const dpid_task *task = &study->task[i];
        if (task->kind != DPID_TASK_PROBE || task->arm != arm || task->probe != probe || task->state != DPID_TASK_DONE)
            continue;
        if (task->reason)
            *reason = task->reason;
        if (task->table && !*table)
            status = start_table(study, task->table, table);
        if (task->table && status == DEEPID_OK)
            status = add_rows(study, task, *table);
    }
    return status;
}

int32_t dpid_probe_table(deepid_study *study, int32_t arm, int32_t probe, deepid_table **out)
{
    deepid_table *table = NULL;
    const char *reason = "it was not run";
    int32_t status = collect(study, arm, probe, &table, &reason);
    if (status == DEEPID_OK && !table)
        status = dpid_fail(study->head.ctx, DEEPID_ERR_STATE, "study: no %s of %s: %s", rows[probe].word,
                           study->arm[arm].word, reason);
    if (status == DEEPID_OK)
        *out = table;
    else
        deepid_table_destroy(table);
    return status;
}

static int32_t study_probe(deepid_study *study, const char *arm, const char *word, deepid_table **out)
{
    int32_t probe = 0;
    if (!out || !arm || !word)
        return dpid_fail(study->head.ctx, DEEPID_ERR_ARGUMENT, "study: arm, word or out is NULL");
    DPID_TRY(dpid_study_plan(study));
    while (probe < ROWS && strcmp(rows[probe].word, word) != 0)
        probe++;
    const int32_t index = dpid_arm_find(study, arm);
    if (index < 0 || probe == ROWS)
        return dpid_fail(study->head.ctx, DEEPID_ERR_ARGUMENT, "study: there is no %s '%s'",
                         index < 0 ? "arm" : "probe of a study", index < 0 ? arm : word);
    return dpid_probe_table(study, index, probe, out);
}

int32_t deepid_study_probe(deepid_study *study, const char *arm, const char *word, deepid_table **out)
{
    DPID_TRY(dpid_enter(study, DPID_MAGIC_STUDY));
    return dpid_leave(study->head.ctx, study_probe(study, arm, word, out));
}
