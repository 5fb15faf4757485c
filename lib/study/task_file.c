/* One result file a task, OUT/tasks/<hash>.json, published by a rename. So running twice, resuming, shards and
   several processes all work. */
#include "study/study.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const keys[] = {
    "epochs",  "updates", "rate",    "train_loss", "train_error", "valid_loss",  "valid_error", "best_valid_loss",
    "penalty", "equal",   "seconds", "objective",  "batch_loss",  "batch8_loss", "moving_loss"};
enum { KEYS = sizeof keys / sizeof *keys, FORMAT = 5, PATH_MAX_BYTES = 4096 };
static const dpid_sealed_kind sealed = {"result file", "remove it to run its task again", FORMAT};

static double *field(dpid_outcome *o, int i)
{
    double *const fields[] = {&o->epochs,      &o->updates,     &o->rate,        &o->train_loss,
                              &o->train_error, &o->valid_loss,  &o->valid_error, &o->best_valid_loss,
                              &o->penalty,     &o->equal,       &o->seconds,     &o->objective,
                              &o->batch_loss,  &o->batch8_loss, &o->moving_loss};
    return fields[i];
}

static int32_t path_of(deepid_ctx *ctx, const deepid_study *study, const dpid_task *task, const char *ending,
                       dpid_string *out)
{
    *out = (dpid_string){.ctx = ctx};
    dpid_string_format(out, "%s/tasks/%s%s", study->folder, task->name, ending);
    return out->status;
}

/* ---- out: numbers that are not finite are texts --------------------------------------------- */

static void add_number(dpid_string *s, double value)
{
    const dpid_number_text text = dpid_number(value);
    dpid_string_format(s, isfinite(value) ? "%s" : "\"%s\"", text.text);
}

static void write_row(dpid_string *s, const double *row, int64_t count, bool first)
{
    dpid_string_add(s, first ? "[" : ",\n[");
    for (int64_t k = 0; k < count; k++) {
        dpid_string_add(s, k ? ", " : "");
        add_number(s, row[k]);
    }
    dpid_string_add(s, "]");
}

static void write_table(dpid_string *s, const deepid_table *table)
{
    dpid_string_add(s, ",\n\"heading\": ");
    dpid_string_json(s, deepid_table_row_heading(table));
    dpid_string_add(s, ", \"columns\": [");
    for (int64_t k = 0; k < deepid_table_columns(table); k++) {
        dpid_string_add(s, k ? ", " : "");
        dpid_string_json(s, deepid_table_column_name(table, k));
    }
    dpid_string_add(s, "],\n\"rows\": [");
    for (int64_t i = 0; i < deepid_table_rows(table); i++) {
        dpid_string_add(s, i ? ",\n[" : "[");
        dpid_string_json(s, deepid_table_row_name(table, i));
        for (int64_t k = 0; k < deepid_table_columns(table); k++) {
            dpid_string_add(s, ", ");
            add_number(s, deepid_table_get(table, i, k));
        }
        dpid_string_add(s, "]");
    }
    dpid_string_add(s, "]");
}

static void write_task(dpid_string *s, const dpid_task *task)
{
    dpid_outcome outcome = task->outcome;
    dpid_string_format(s, "{\"format\": %d, \"diverged\": %d", FORMAT, task->diverged);
    for (int i = 0; i < KEYS; i++) {
        dpid_string_format(s, ", \"%s\": ", keys[i]);
        add_number(s, *field(&outcome, i));
    }
    dpid_string_add(s, ",\n\"config\": ");
    dpid_string_json(s, task->config);
    if (task->reason) {
        dpid_string_add(s, ",\n\"reason\": ");
        dpid_string_json(s, task->reason);
    }
    dpid_string_add(s, ",\n\"history\": [");
    for (int64_t i = 0; i < task->points; i++) {
        const dpid_history *h = &task->history[i];
        const double row[DPID_HISTORY_COLUMNS] = {h->epoch,      h->train_loss,  h->train_error,
                                                  h->valid_loss, h->valid_error, h->rate};
        write_row(s, row, DPID_HISTORY_COLUMNS, i == 0);
    }
    dpid_string_add(s, "]");
    if (task->table)
        write_table(s, task->table);
    dpid_string_seal(s);
}

int32_t dpid_task_publish(deepid_ctx *ctx, const deepid_study *study, const dpid_task *task)
{
    dpid_string path;
    dpid_string text = {.ctx = ctx};
    int32_t status = path_of(ctx, study, task, ".json", &path);
    write_task(&text, task);
    if (status == DEEPID_OK)
        status = text.status;
    if (status == DEEPID_OK)
        status = dpid_file_replace(ctx, path.text, text.text, text.length);
    dpid_string_release(&text);
    dpid_string_release(&path);
    return status;
}

/* ---- in ------------------------------------------------------------------------------------------ */

static bool get_number(const dpid_json *value, double *out)
{
    const char *text = dpid_json_string(value);
    return text ? dpid_parse_double(text, (int64_t)strlen(text), out) : dpid_json_number(value, out);
}

static int32_t damaged(deepid_ctx *ctx, const char *path, const char *what)
{
    return dpid_sealed_damaged(ctx, path, &sealed, what);
}

static int32_t read_history(deepid_ctx *ctx, const char *path, const dpid_json *rows, dpid_task *task)
{
    for (int64_t i = 0; i < dpid_json_count(rows); i++) {
        double value[DPID_HISTORY_COLUMNS];
        const dpid_json *row = dpid_json_at(rows, i);
        for (int64_t k = 0; k < DPID_HISTORY_COLUMNS; k++)
            if (dpid_json_count(row) != DPID_HISTORY_COLUMNS || !get_number(dpid_json_at(row, k), &value[k]))
                return damaged(ctx, path, "a row of its history");
        DPID_TRY(
            dpid_task_add_point(ctx, task, (dpid_history){value[0], value[1], value[2], value[3], value[4], value[5]}));
    }
    return DEEPID_OK;
}

static int32_t read_row(deepid_ctx *ctx, const char *path, const dpid_json *row, double *values, deepid_table *table)
{
    const int64_t columns = deepid_table_columns(table);
    const char *name = dpid_json_string(dpid_json_at(row, 0));
    for (int64_t k = 0; k < columns; k++)
        if (dpid_json_count(row) != columns + 1 || !name || !get_number(dpid_json_at(row, k + 1), &values[k]))
            return damaged(ctx, path, "a row of its table");
    return deepid_table_append(table, name, values);
}

static int32_t read_rows(deepid_ctx *ctx, const char *path, const dpid_json *rows, deepid_table *table)
{
    double *values = NULL;
    int32_t status = dpid_alloc(ctx, deepid_table_columns(table) + 1, sizeof *values, "study", &values);
    for (int64_t i = 0; i < dpid_json_count(rows) && status == DEEPID_OK; i++)
        status = read_row(ctx, path, dpid_json_at(rows, i), values, table);
    dpid_free(ctx, values);
    return status;
}

static int32_t read_table(deepid_ctx *ctx, const char *path, const dpid_json *root, dpid_task *task)
{
    const dpid_json *columns = dpid_json_get(root, "columns");
    const char *heading = dpid_json_string(dpid_json_get(root, "heading"));
    dpid_string names = {.ctx = ctx};
    dpid_string_add(&names, "");
    for (int64_t i = 0; i < dpid_json_count(columns); i++) {
        const char *name = dpid_json_string(dpid_json_at(columns, i));
        dpid_string_format(&names, "%s%s", i ? "," : "", name ? name : "");
    }
    int32_t status = names.status;
    if (status == DEEPID_OK)
        status = heading ? deepid_table_create(ctx, heading, names.text ? names.text : "", &task->table)
                         : damaged(ctx, path, "it has neither a table nor a reason");
    dpid_string_release(&names);
    return status == DEEPID_OK ? read_rows(ctx, path, dpid_json_get(root, "rows"), task->table) : status;
}

static int32_t read_root(deepid_ctx *ctx, const char *path, const dpid_json *root, dpid_task *task)
{
    const char *config = dpid_json_string(dpid_json_get(root, "config"));
    const char *reason = dpid_json_string(dpid_json_get(root, "reason"));
    if (!config || strcmp(config, task->config) != 0)
        return damaged(ctx, path, "its configuration is not the one of its name");
    for (int i = 0; i < KEYS; i++)
        if (!get_number(dpid_json_get(root, keys[i]), field(&task->outcome, i)))
            return damaged(ctx, path, keys[i]);
    int64_t diverged;
    if (!dpid_json_int(dpid_json_get(root, "diverged"), &diverged))
        return damaged(ctx, path, "diverged");
    task->diverged = diverged != 0;
    DPID_TRY(read_history(ctx, path, dpid_json_get(root, "history"), task));
    if (reason)
        DPID_TRY(dpid_copy_text(ctx, reason, &task->reason));
    if (task->kind == DPID_TASK_PROBE && !reason)
        DPID_TRY(read_table(ctx, path, root, task));
    task->state = DPID_TASK_DONE;
    atomic_store(&task->share, 1);
    return DEEPID_OK;
}

static int32_t read_file(deepid_ctx *ctx, const char *path, dpid_task *task)
{
    dpid_json_text text;
    DPID_TRY(dpid_sealed_read(ctx, path, &sealed, &text));
    const int32_t status = read_root(ctx, path, text.root, task);
    dpid_json_release(&text);
    return status;
}

bool dpid_result_exists(const deepid_study *study, const char *name)
{
    char path[PATH_MAX_BYTES];
    return study->folder && snprintf(path, sizeof path, "%s/tasks/%s.json", study->folder, name) < (int)sizeof path &&
           dpid_file_exists(path);
}

/* To open a folder makes a client of NFS ask whether it has changed, and forget that a name was not there. */
void dpid_study_ask_anew(const deepid_study *study)
{
    char path[PATH_MAX_BYTES];
    if (!study->folder || snprintf(path, sizeof path, "%s/tasks", study->folder) >= (int)sizeof path)
        return;
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
}

int32_t dpid_task_read(deepid_ctx *ctx, const deepid_study *study, dpid_task *task)
{
    dpid_string path;
    int32_t status = path_of(ctx, study, task, ".json", &path);
    if (status == DEEPID_OK && dpid_file_exists(path.text))
        status = read_file(ctx, path.text, task);
    dpid_string_release(&path);
    return status;
}
