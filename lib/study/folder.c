/* The folder of a study: CSV files, study.json, and whose folder it is. */
#include "study/study.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

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
        if (t->state != DPID_TASK_DONE || t->reason)
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
    dpid_string_add(s, "task,epoch,train_loss,train_error,valid_loss,valid_error,lr\n");
    for (int64_t i = 0; i < study->nets; i++) {
        const dpid_task *t = &study->task[i];
        for (int64_t k = 0; t->state == DPID_TASK_DONE && !t->reason && k < t->points; k++) {
            const dpid_history *h = &t->history[k];
            const double values[DPID_HISTORY_COLUMNS] = {h->epoch,      h->train_loss,  h->train_error,
                                                         h->valid_loss, h->valid_error, h->rate};
            dpid_string_format(s, "%lld", (long long)t->task);
            add_numbers(s, values, DPID_HISTORY_COLUMNS);
            dpid_string_add(s, "\n");
        }
    }
}

static int32_t write_text(const deepid_study *study, const char *name, dpid_string *text)
{
    dpid_string path = {.ctx = study->head.ctx};
    dpid_string_format(&path, "%s/%s", study->folder, name);
    int32_t status = text->status != DEEPID_OK ? text->status : path.status;
    if (status == DEEPID_OK)
        status = dpid_file_replace(study->head.ctx, path.text, text->text, text->length);
    dpid_string_release(&path);
    dpid_string_release(text);
    return status;
}

/* ---- study.json ---------------------------------------------------------------------------------- */

enum { FORMAT = 2 };
static const dpid_sealed_kind sealed = {"description of a study",
                                        "remove it to have it written again, or take another folder", FORMAT};

static void add_config(const deepid_study *study, dpid_string *s)
{
    dpid_string lines = {.ctx = s->ctx};
    dpid_study_config(study, &lines);
    if (s->status == DEEPID_OK)
        s->status = lines.status;
    dpid_string_add(s, "\"configuration\": {");
    for (char *line = lines.text; s->status == DEEPID_OK && line && *line;) {
        char *end = strchr(line, '\n');
        char *equals = strchr(line, '=');
        *end = 0;
        *equals = 0;
        dpid_string_add(s, line == lines.text ? "\n  " : ",\n  ");
        dpid_string_json(s, line);
        dpid_string_add(s, ": ");
        dpid_string_json(s, equals + 1);
        line = end + 1;
    }
    dpid_string_add(s, "\n}");
    dpid_string_release(&lines);
}

int32_t dpid_study_write_json(deepid_study *study, const char *replay)
{
    struct utsname machine = {.sysname = ""};
    dpid_string s = {.ctx = study->head.ctx};
    uname(&machine);
    dpid_string_format(&s, "{\"format\": %d,\n", FORMAT);
    add_config(study, &s);
    dpid_string_format(&s, ",\n\"build\": %s,\n\"machine\": {\"system\": ", deepid_build_info());
    dpid_string_json(&s, machine.sysname);
    dpid_string_add(&s, ", \"architecture\": ");
    dpid_string_json(&s, machine.machine);
    dpid_string_format(&s, ", \"cpus\": %d},\n\"seeds\": [", dpid_cpu_count());
    for (int64_t i = 0; i < study->seeds; i++)
        dpid_string_format(&s, "%s%lld", i ? ", " : "", (long long)(dpid_study_int(study, DPID_NUMBER_FIRST_SEED) + i));
    dpid_string_add(&s, "],\n\"replay\": ");
    if (replay)
        dpid_string_json(&s, replay);
    else
        dpid_string_add(&s, "null");
    dpid_string_seal(&s);
    return write_text(study, "study.json", &s);
}

/* Compare the folder's configuration with ours, key by key. */
static int32_t compare(deepid_study *study, const char *path, const dpid_json *theirs)
{
    dpid_string lines = {.ctx = study->head.ctx};
    int32_t status = DEEPID_OK;
    dpid_study_config(study, &lines);
    status = lines.status;
    int64_t ours = 0;
    for (char *line = lines.text; status == DEEPID_OK && line && *line; ours++) {
        char *end = strchr(line, '\n');
        char *equals = strchr(line, '=');
        *end = 0;
        *equals = 0;
        const char *value = dpid_json_string(dpid_json_get(theirs, line));
        if (!value || strcmp(value, equals + 1) != 0)
            status = dpid_fail(study->head.ctx, DEEPID_ERR_STATE,
                               "'%s' holds another study: its %s is '%.100s', here it is '%.100s'; take another folder",
                               path, line, value ? value : "missing", equals + 1);
        line = end + 1;
    }
    if (status == DEEPID_OK && dpid_json_count(theirs) != ours)
        status = dpid_fail(study->head.ctx, DEEPID_ERR_STATE,
                           "'%s' holds another study: %lld settings, here %lld; take another folder", path,
                           (long long)dpid_json_count(theirs), (long long)ours);
    dpid_string_release(&lines);
    return status;
}

static int32_t read_and_compare(deepid_study *study, const char *path)
{
    dpid_json_text text;
    if (!dpid_file_exists(path))
        return DEEPID_OK;
    DPID_TRY(dpid_sealed_read(study->head.ctx, path, &sealed, &text));
    const dpid_json *theirs = dpid_json_get(text.root, "configuration");
    const int32_t status = dpid_json_is_object(theirs)
                               ? compare(study, path, theirs)
                               : dpid_sealed_damaged(study->head.ctx, path, &sealed, "it has no configuration");
    dpid_json_release(&text);
    return status;
}

int32_t dpid_study_check_folder(deepid_study *study)
{
    dpid_string path = {.ctx = study->head.ctx};
    dpid_string_format(&path, "%s/study.json", study->folder);
    const int32_t status = path.status == DEEPID_OK ? read_and_compare(study, path.text) : path.status;
    dpid_string_release(&path);
    return status;
}

/* ---- write ------------------------------------------------------------------------------------------- */

static const char *const folders[] = {"tasks", "nets", "probes"};
enum { FOLDERS = sizeof folders / sizeof *folders };

/* A folder of its own: a link would take the files elsewhere. */
static int32_t make_folder(const deepid_study *study, const char *path)
{
    struct stat info;
    DPID_TRY(dpid_folder_make(study->head.ctx, path));
    if (lstat(path, &info) == 0 && S_ISLNK(info.st_mode))
        return dpid_fail(study->head.ctx, DEEPID_ERR_IO, "'%s' is a link, expected a folder", path);
    dpid_folder_sweep(path);
    return DEEPID_OK;
}

int32_t dpid_study_make_folders(const deepid_study *study)
{
    dpid_folder_sweep(study->folder);
    for (int i = 0; i < FOLDERS; i++) {
        dpid_string path = {.ctx = study->head.ctx};
        dpid_string_format(&path, "%s/%s", study->folder, folders[i]);
        const int32_t status = path.status == DEEPID_OK ? make_folder(study, path.text) : path.status;
        dpid_string_release(&path);
        DPID_TRY(status);
    }
    return DEEPID_OK;
}

static int32_t write_table(const deepid_study *study, const char *name, const deepid_table *table)
{
    dpid_string text = {.ctx = study->head.ctx};
    dpid_table_csv(table, &text);
    return write_text(study, name, &text);
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
    DPID_TRY(write_text(study, "results.csv", &text));
    history_csv(study, &text);
    DPID_TRY(write_text(study, "history.csv", &text));
    DPID_TRY(write_tuning(study));
    for (int32_t arm = 0; arm < study->arms; arm++)
        for (int32_t probe = 0; dpid_probe_at(probe); probe++)
            DPID_TRY(write_probe(study, arm, probe));
    dpid_budget_write(study, &text);
    DPID_TRY(write_text(study, "plan.json", &text));
    return dpid_study_write_json(study, replay);
}

int32_t deepid_study_write(deepid_study *study, const char *replay)
{
    DPID_TRY(dpid_enter(study, DPID_MAGIC_STUDY));
    return dpid_leave(study->head.ctx, study_write(study, replay));
}
