/* A probe as a task, and the tables of an arm: all its seeds in one. */
#include "study/study.h"

#include <deepid/inspect.h>

/* ---- one ---------------------------------------------------------------------------------------- */

/* A probe that cannot look at this net says why, and that is its result. */
int32_t dpid_probe_run_task(dpid_job *job)
{
    dpid_string probe = {.ctx = job->ctx};
    dpid_probe_print(&probe, job->study, dpid_probe_at(job->task->probe), job->arm);
    const int32_t status = probe.status == DEEPID_OK
                               ? deepid_net_inspect(job->net, job->train, probe.text, &job->task->table)
                               : probe.status;
    dpid_string_release(&probe);
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
        status = dpid_fail(study->head.ctx, DEEPID_ERR_STATE, "study: no %s of %s: %s", dpid_probe_at(probe)->word,
                           study->arm[arm].word, reason);
    if (status == DEEPID_OK)
        *out = table;
    else
        deepid_table_destroy(table);
    return status;
}
