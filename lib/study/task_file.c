/* One result file a task, OUT/tasks/<hash>.json: taken by an atomic create, published by a rename. So running twice, resuming, shards and several processes all work. */
#include "study/study.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const keys[] = {"epochs", "train_loss", "train_error", "valid_loss", "valid_error", "seconds"};
enum { KEYS = sizeof keys / sizeof *keys };

static double *field(dpid_task *t, int i)
{
    double *const fields[] = {&t->epochs, &t->train_loss, &t->train_error, &t->valid_loss, &t->valid_error, &t->seconds};
    return fields[i];
}

static int32_t path_of(deepid_ctx *ctx, const deepid_study *study, const dpid_task *task, const char *ending, dpid_string *out)
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

static void write_task(dpid_string *s, const dpid_task *task)
{
    dpid_string_format(s, "{\"format\": 1, \"diverged\": %d", task->diverged);
    for (int i = 0; i < KEYS; i++) {
        dpid_string_format(s, ", \"%s\": ", keys[i]);
        add_number(s, *field((dpid_task *)task, i));
    }
    dpid_string_add(s, ",\n\"config\": ");
    dpid_string_json(s, task->config);
    dpid_string_add(s, ",\n\"history\": [");
    for (int64_t i = 0; i < task->points; i++) {
        const dpid_history *h = &task->history[i];
        const double row[DPID_HISTORY_COLUMNS] = {h->epoch, h->train_loss, h->train_error, h->valid_loss, h->valid_error, h->rate};
        for (int k = 0; k < DPID_HISTORY_COLUMNS; k++) {
            dpid_string_add(s, k ? ", " : i ? ",\n[" : "[");
            add_number(s, row[k]);
        }
        dpid_string_add(s, "]");
    }
    dpid_string_add(s, "]}\n");
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

static bool get_number(json_t *value, double *out)
{
    if (json_is_string(value))
        return dpid_parse_double(json_string_value(value), (int64_t)strlen(json_string_value(value)), out);
    *out = json_number_value(value);
    return json_is_number(value);
}

int32_t dpid_task_add_point(deepid_ctx *ctx, dpid_task *task, dpid_history point)
{
    enum { FIRST = 16 };
    if (task->points == task->room) {
        const int64_t room = task->room ? 2 * task->room : FIRST;
        DPID_TRY(dpid_grow(ctx, &task->history, task->points, room, sizeof *task->history, "history"));
        task->room = room;
    }
    task->history[task->points++] = point;
    return DEEPID_OK;
}

static int32_t damaged(deepid_ctx *ctx, const char *path, const char *what)
{
    return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' is a damaged result file (%s); remove it to run its task again", path, what);
}

static int32_t read_history(deepid_ctx *ctx, const char *path, json_t *rows, dpid_task *task)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        double value[DPID_HISTORY_COLUMNS];
        json_t *row = json_array_get(rows, i);
        for (size_t k = 0; k < DPID_HISTORY_COLUMNS; k++)
            if (json_array_size(row) != DPID_HISTORY_COLUMNS || !get_number(json_array_get(row, k), &value[k]))
                return damaged(ctx, path, "a row of its history");
        DPID_TRY(dpid_task_add_point(ctx, task, (dpid_history){value[0], value[1], value[2], value[3], value[4], value[5]}));
    }
    return DEEPID_OK;
}

static int32_t read_root(deepid_ctx *ctx, const char *path, json_t *root, dpid_task *task)
{
    const char *config = json_string_value(json_object_get(root, "config"));
    if (!config || strcmp(config, task->config) != 0)
        return damaged(ctx, path, "its configuration is not the one of its name");
    for (int i = 0; i < KEYS; i++)
        if (!get_number(json_object_get(root, keys[i]), field(task, i)))
            return damaged(ctx, path, keys[i]);
    task->diverged = json_integer_value(json_object_get(root, "diverged")) != 0;
    DPID_TRY(read_history(ctx, path, json_object_get(root, "history"), task));
    task->done = true;
    atomic_store(&task->share, 1);
    return DEEPID_OK;
}

static int32_t read_file(deepid_ctx *ctx, const char *path, dpid_task *task)
{
    uint8_t *bytes = NULL;
    int64_t count = 0;
    DPID_TRY(dpid_file_read(ctx, path, &bytes, &count));
    json_t *root = json_loadb((const char *)bytes, (size_t)count, JSON_REJECT_DUPLICATES, NULL);
    const int32_t status = root ? read_root(ctx, path, root, task) : damaged(ctx, path, "not JSON");
    json_decref(root);
    dpid_free(ctx, bytes);
    return status;
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

/* ---- claims ---------------------------------------------------------------------------------------- */

static bool owner_is_gone(const char *path)
{
    char text[32] = "";
    int64_t pid = 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t length = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    if (length < 1 || !dpid_parse_int(text, length, &pid) || pid < 1)
        return length >= 0; /* an empty claim: its writer was killed at once */
    return kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

static bool create_claim(const char *path)
{
    char text[32];
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return errno != EEXIST; /* a folder that cannot be written is told when the result is published */
    const int length = snprintf(text, sizeof text, "%ld", (long)getpid());
    const bool written = write(fd, text, (size_t)length) == length;
    close(fd);
    return written;
}

bool dpid_task_claim(const deepid_study *study, const dpid_task *task)
{
    char path[4096];
    if (!study->folder || snprintf(path, sizeof path, "%s/tasks/%s.taken", study->folder, task->name) >= (int)sizeof path)
        return true;
    if (create_claim(path))
        return true;
    if (!owner_is_gone(path))
        return false;
    unlink(path);
    return create_claim(path);
}

void dpid_task_unclaim(const deepid_study *study, const dpid_task *task)
{
    char path[4096];
    if (study->folder && snprintf(path, sizeof path, "%s/tasks/%s.taken", study->folder, task->name) < (int)sizeof path)
        unlink(path);
}
