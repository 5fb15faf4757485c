/* The folder of a study: study.json says whose it is. */
#include "study/study.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

int32_t dpid_study_write_text(const deepid_study *study, const char *name, dpid_string *text)
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

enum { FORMAT = 3 }; /* 2: strided convolutions without padding= meant same_upper */
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

/* What was read, and what the classes are called where it is not 0, 1, 2, ... */
static void add_data(const deepid_study *study, dpid_string *s)
{
    const char *about = deepid_dataset_about(study->train);
    dpid_string_add(s, "\"data\": {\"about\": ");
    dpid_string_json(s, about ? about : "");
    dpid_string_add(s, ", \"classes\": [");
    for (int64_t k = 0; deepid_dataset_class_name(study->train, k); k++) {
        dpid_string_add(s, k ? ", " : "");
        dpid_string_json(s, deepid_dataset_class_name(study->train, k));
    }
    dpid_string_add(s, "]},\n");
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
    dpid_string_add(&s, "],\n");
    add_data(study, &s);
    dpid_string_add(&s, "\"replay\": ");
    if (replay)
        dpid_string_json(&s, replay);
    else
        dpid_string_add(&s, "null");
    dpid_string_seal(&s);
    return dpid_study_write_text(study, "study.json", &s);
}

/* Compare the folder's configuration with ours, key by key. What only says which tasks there are may differ: tasks have
   names of their own, so what is done is kept. */
static int32_t compare(deepid_study *study, const char *path, const dpid_json *theirs)
{
    dpid_string lines = {.ctx = study->head.ctx};
    dpid_study_config(study, &lines);
    int32_t status = lines.status;
    for (char *line = lines.text; status == DEEPID_OK && line && *line;) {
        char *end = strchr(line, '\n');
        char *equals = strchr(line, '=');
        *end = 0;
        *equals = 0;
        const char *value = dpid_json_string(dpid_json_get(theirs, line));
        if (!dpid_study_setting_grows(line) && (!value || strcmp(value, equals + 1) != 0))
            status = dpid_fail(study->head.ctx, DEEPID_ERR_STATE,
                               "'%s' holds another study: its %s is '%.100s', here it is '%.100s'; take another folder",
                               path, line, value ? value : "missing", equals + 1);
        line = end + 1;
    }
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

/* ---- folders ------------------------------------------------------------------------------------------- */

static const char *const folders[] = {"tasks", "nets", "probes"};
enum { FOLDERS = sizeof folders / sizeof *folders };

static int32_t make_folder(const deepid_study *study, const char *path)
{
    DPID_TRY(dpid_folder_make_own(study->head.ctx, path));
    dpid_folder_sweep(path);
    return DEEPID_OK;
}

/* The report makes this one, when it has figures, and refuses a link there; nor is one followed here. */
static int32_t sweep_figures(const deepid_study *study)
{
    struct stat info;
    dpid_string path = {.ctx = study->head.ctx};
    dpid_string_format(&path, "%s/figures", study->folder);
    const int32_t status = path.status;
    if (status == DEEPID_OK && lstat(path.text, &info) == 0 && S_ISDIR(info.st_mode))
        dpid_folder_sweep(path.text);
    dpid_string_release(&path);
    return status;
}

int32_t dpid_study_make_folders(const deepid_study *study)
{
    dpid_folder_sweep(study->folder);
    DPID_TRY(sweep_figures(study));
    for (int i = 0; i < FOLDERS; i++) {
        dpid_string path = {.ctx = study->head.ctx};
        dpid_string_format(&path, "%s/%s", study->folder, folders[i]);
        const int32_t status = path.status == DEEPID_OK ? make_folder(study, path.text) : path.status;
        dpid_string_release(&path);
        DPID_TRY(status);
    }
    return DEEPID_OK;
}
