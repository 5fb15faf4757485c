/* The folder of a study, read back: study.json, verdict.json, results.csv. */
#include "report/compare.h"

#include "base/file.h"
#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int32_t keep(dpid_arena *arena, const char *text, const char **out)
{
    char *kept = NULL;
    DPID_TRY(dpid_arena_text(arena, text, (int64_t)strlen(text), &kept));
    *out = kept;
    return DEEPID_OK;
}

/* ---- files ------------------------------------------------------------------------------------ */

static int32_t refuse(deepid_ctx *ctx, const char *folder, const char *name)
{
    if (strcmp(name, "study.json") == 0)
        return dpid_fail(ctx, DEEPID_ERR_IO, "'%s' is no folder of a study: it has no study.json", folder);
    return dpid_fail(ctx, DEEPID_ERR_IO, "the study in '%s' is not done: it has no %s; run its command to the end",
                     folder, name);
}

static int32_t read_text(deepid_ctx *ctx, const char *folder, const char *name, uint8_t **text, int64_t *bytes)
{
    dpid_string path = {.ctx = ctx};
    dpid_string_format(&path, "%s/%s", folder, name);
    int32_t status = path.status;
    if (status == DEEPID_OK)
        status = dpid_file_exists(path.text) ? dpid_file_read(ctx, path.text, text, bytes) : refuse(ctx, folder, name);
    dpid_string_release(&path);
    return status;
}

static int32_t damaged(deepid_ctx *ctx, const char *folder, const char *name, const char *why)
{
    return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s/%s' is not what a study writes: %s", folder, name, why);
}

/* ---- JSON --------------------------------------------------------------------------------------- */

static const char *text_of(const dpid_json *object, const char *key)
{
    const char *text = dpid_json_string(dpid_json_get(object, key));
    return text ? text : "";
}

static int32_t take_settings(dpid_arena *arena, const dpid_json *root, dpid_told_study *out)
{
    const dpid_json *configuration = dpid_json_get(root, "configuration");
    const char *key = NULL;
    if (!dpid_json_is_object(configuration))
        return damaged(arena->ctx, out->folder, "study.json", "it has no configuration");
    DPID_TRY(keep(arena, text_of(root, "replay"), &out->command));
    DPID_TRY(
        dpid_arena_alloc(arena, dpid_json_count(configuration), sizeof *out->setting, "comparison", &out->setting));
    for (const dpid_json *value; (value = dpid_json_next(configuration, &key));) {
        dpid_told_setting *s = &out->setting[out->settings++];
        DPID_TRY(keep(arena, key, &s->key));
        DPID_TRY(keep(arena, text_of(configuration, key), &s->value));
    }
    return DEEPID_OK;
}

static int32_t take_findings(dpid_arena *arena, const dpid_json *root, dpid_told_study *out)
{
    const dpid_json *findings = dpid_json_get(root, "findings");
    if (!dpid_json_is_array(findings) || !dpid_json_string(dpid_json_get(root, "answer")))
        return damaged(arena->ctx, out->folder, "verdict.json", "it has no answer or no findings");
    DPID_TRY(keep(arena, text_of(root, "answer"), &out->answer));
    DPID_TRY(dpid_arena_alloc(arena, dpid_json_count(findings), sizeof *out->finding, "comparison", &out->finding));
    for (int64_t i = 0; i < dpid_json_count(findings); i++) {
        const dpid_json *from = dpid_json_at(findings, i);
        dpid_told_finding *f = &out->finding[out->findings++];
        DPID_TRY(keep(arena, text_of(from, "hypothesis"), &f->hypothesis));
        DPID_TRY(keep(arena, text_of(from, "status"), &f->status));
        if (!dpid_json_number(dpid_json_get(from, "share"), &f->share))
            f->share = (double)NAN;
    }
    return DEEPID_OK;
}

typedef int32_t taker(dpid_arena *arena, const dpid_json *root, dpid_told_study *out);

static int32_t read_json(dpid_arena *arena, const char *name, taker *take, dpid_told_study *out)
{
    uint8_t *text = NULL;
    int64_t bytes;
    dpid_json_text json;
    DPID_TRY(read_text(arena->ctx, out->folder, name, &text, &bytes));
    int32_t status = dpid_json_read(arena->ctx, (const char *)text, bytes, &json);
    if (status == DEEPID_OK && !json.root)
        status = damaged(arena->ctx, out->folder, name, json.why);
    if (status == DEEPID_OK)
        status = take(arena, json.root, out);
    dpid_json_release(&json);
    dpid_free(arena->ctx, text);
    return status;
}

/* ---- results.csv: a row a trained net ---------------------------------------------------------------- */

enum { CELLS_MAX = 64 };

/* The cells of one line, which is cut up for them; a quoted cell keeps its commas. Returns how many; *next: the line
   behind. */
static int cut(char *line, char **cell, char **next)
{
    int count = 0;
    char *end = line + strcspn(line, "\n");
    *next = *end ? end + 1 : end;
    *end = 0;
    for (char *p = line; count < CELLS_MAX;) {
        const bool quoted = *p == '"';
        char *stop = quoted ? strchr(p + 1, '"') : p + strcspn(p, ",\r");
        if (!stop)
            return -1;
        cell[count++] = quoted ? p + 1 : p;
        char *behind = quoted ? stop + 1 : stop;
        const bool more = *behind == ',';
        *stop = *behind = 0;
        if (!more)
            return count;
        p = behind + 1;
    }
    return -1;
}

static const char *const columns[DPID_TOLD] = {"train_loss", "train_error", "valid_loss", "valid_error"};

typedef struct {
    int64_t arm;
    double value[DPID_TOLD];
} row;

/* The arm of that word, made when it is new. */
static int32_t arm_of(dpid_arena *arena, const char *word, dpid_told_study *study, int64_t *arm)
{
    for (*arm = 0; *arm < study->arms; (*arm)++)
        if (strcmp(study->arm[*arm].word, word) == 0)
            return DEEPID_OK;
    return keep(arena, word, &study->arm[study->arms++].word);
}

static bool take_values(row *r, char **cell, const int *place)
{
    for (int k = 0; k < DPID_TOLD; k++) {
        const bool error = k == DPID_TOLD_TRAIN_ERROR || k == DPID_TOLD_VALID_ERROR;
        if (!dpid_parse_double(cell[place[k]], (int64_t)strlen(cell[place[k]]), &r->value[k]))
            return false;
        r->value[k] = error ? 100 * (1 - r->value[k]) : r->value[k];
    }
    return true;
}

/* Rows in their order, each to its arm. */
static int32_t hand_out(dpid_arena *arena, const row *rows, int64_t count, dpid_told_study *out)
{
    for (int64_t i = 0; i < count; i++)
        out->arm[rows[i].arm].n++;
    for (int64_t a = 0; a < out->arms; a++) {
        for (int k = 0; k < DPID_TOLD; k++)
            DPID_TRY(dpid_arena_alloc(arena, out->arm[a].n, sizeof(double), "comparison", &out->arm[a].value[k]));
        out->arm[a].n = 0;
    }
    for (int64_t i = 0; i < count; i++) {
        dpid_told_arm *arm = &out->arm[rows[i].arm];
        for (int k = 0; k < DPID_TOLD; k++)
            arm->value[k][arm->n] = rows[i].value[k];
        arm->n++;
    }
    return DEEPID_OK;
}

/* Where each column stands; false when one is not there. */
static bool find_columns(char **cell, int count, int *arm, int *place)
{
    bool all = true;
    *arm = -1;
    for (int k = 0; k < DPID_TOLD; k++)
        place[k] = -1;
    for (int i = 0; i < count; i++) {
        *arm = strcmp(cell[i], "arm") == 0 ? i : *arm;
        for (int k = 0; k < DPID_TOLD; k++)
            place[k] = strcmp(cell[i], columns[k]) == 0 ? i : place[k];
    }
    for (int k = 0; k < DPID_TOLD; k++)
        all = all && place[k] >= 0;
    return all && *arm >= 0;
}

static int64_t count_lines(const char *text)
{
    int64_t lines = 0;
    for (const char *p = text; (p = strchr(p, '\n')); p++)
        lines++;
    return lines;
}

static int32_t take_results(dpid_arena *arena, char *text, dpid_told_study *out)
{
    char *cell[CELLS_MAX];
    char why[64];
    int place[DPID_TOLD];
    int word;
    row *rows = NULL;
    int64_t count = 0;
    const int64_t lines = count_lines(text);
    const int columns_count = cut(text, cell, &text);
    if (!find_columns(cell, columns_count, &word, place))
        return damaged(arena->ctx, out->folder, "results.csv", "it lacks the column arm, or a loss or an error");
    DPID_TRY(dpid_arena_alloc(arena, lines, sizeof *out->arm, "comparison", &out->arm));
    DPID_TRY(dpid_arena_alloc(arena, lines, sizeof *rows, "comparison", &rows));
    for (; *text && count < lines; count++) {
        if (cut(text, cell, &text) != columns_count || !take_values(&rows[count], cell, place)) {
            snprintf(why, sizeof why, "line %lld", (long long)count + 2);
            return damaged(arena->ctx, out->folder, "results.csv", why);
        }
        DPID_TRY(arm_of(arena, cell[word], out, &rows[count].arm));
    }
    return hand_out(arena, rows, count, out);
}

static int32_t read_results(dpid_arena *arena, dpid_told_study *out)
{
    uint8_t *text = NULL;
    int64_t bytes;
    DPID_TRY(read_text(arena->ctx, out->folder, "results.csv", &text, &bytes));
    const int32_t status = (int64_t)strlen((const char *)text) == bytes
                               ? take_results(arena, (char *)text, out)
                               : damaged(arena->ctx, out->folder, "results.csv", "it holds a zero byte");
    dpid_free(arena->ctx, text);
    return status;
}

int32_t dpid_told_read(dpid_arena *arena, const char *folder, dpid_told_study *out)
{
    DPID_TRY(keep(arena, folder, &out->folder));
    DPID_TRY(read_json(arena, "study.json", take_settings, out));
    DPID_TRY(read_json(arena, "verdict.json", take_findings, out));
    return read_results(arena, out);
}
