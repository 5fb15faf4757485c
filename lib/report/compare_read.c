/* A folder that was judged, read back: verdict.json, the runs, and the settings: of a study what study.json says, of
   others' runs the facts of evidence.json. */
#include "report/compare.h"

#include "base/file.h"
#include "base/json.h"
#include "evidence/evidence.h"

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

/* *there: the folder has a file of that name. */
static int32_t look_for(deepid_ctx *ctx, const char *folder, const char *name, bool *there)
{
    dpid_string path = {.ctx = ctx};
    dpid_string_format(&path, "%s/%s", folder, name);
    *there = path.status == DEEPID_OK && dpid_file_exists(path.text);
    const int32_t status = path.status;
    dpid_string_release(&path);
    return status;
}

/* It is there, and it was judged. */
static int32_t check_folder(deepid_ctx *ctx, dpid_told_study *out)
{
    bool runs;
    bool verdict;
    DPID_TRY(look_for(ctx, out->folder, "study.json", &out->study));
    DPID_TRY(look_for(ctx, out->folder, "results.csv", &runs));
    DPID_TRY(look_for(ctx, out->folder, "verdict.json", &verdict));
    if (!runs && !out->study)
        return dpid_fail(ctx, DEEPID_ERR_IO,
                         "'%s' is no folder of a study nor of evidence: it has neither study.json nor results.csv",
                         out->folder);
    if (out->study && !(runs && verdict))
        return dpid_fail(ctx, DEEPID_ERR_IO, "the study in '%s' is not done: it has no %s; run its command to the end",
                         out->folder, verdict ? "results.csv" : "verdict.json");
    return verdict ? DEEPID_OK
                   : dpid_fail(ctx, DEEPID_ERR_IO,
                               "'%s' was not judged: it has no verdict.json; deepid-judge writes it", out->folder);
}

static int32_t read_text(deepid_ctx *ctx, const char *folder, const char *name, uint8_t **text, int64_t *bytes)
{
    dpid_string path = {.ctx = ctx};
    dpid_string_format(&path, "%s/%s", folder, name);
    int32_t status = path.status;
    if (status == DEEPID_OK)
        status = dpid_file_read(ctx, path.text, text, bytes);
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

/* ---- the runs, and what evidence.json says ------------------------------------------------------------- */

/* Runs of one arm, as they were told. Of one that diverged the training loss is infinite, and the rest not known. */
static int32_t take_arm(dpid_arena *arena, const deepid_evidence *e, const dpid_filed_arm *arm, dpid_told_arm *out)
{
    static const int columns[DPID_TOLD] = {DPID_RUN_TRAIN_LOSS, DPID_RUN_TRAIN_ERROR, DPID_RUN_VALID_LOSS,
                                           DPID_RUN_VALID_ERROR};
    const double *diverged = deepid_table_column(e->runs, DPID_RUN_DIVERGED);
    DPID_TRY(keep(arena, arm->word, &out->word));
    out->n = arm->runs;
    for (int k = 0; k < DPID_TOLD; k++) {
        const double *value = deepid_table_column(e->runs, columns[k]);
        const bool error = k == DPID_TOLD_TRAIN_ERROR || k == DPID_TOLD_VALID_ERROR;
        DPID_TRY(dpid_arena_alloc(arena, out->n, sizeof(double), "comparison", &out->value[k]));
        for (int64_t i = 0; i < out->n; i++) {
            const double end = k == DPID_TOLD_TRAIN_LOSS ? (double)INFINITY : (double)NAN;
            const double x = diverged[arm->row[i]] == 1 ? end : value[arm->row[i]];
            out->value[k][i] = error ? 100 * (1 - x) : x;
        }
    }
    return DEEPID_OK;
}

static int32_t take_runs(dpid_arena *arena, const deepid_evidence *e, dpid_told_study *out)
{
    DPID_TRY(dpid_arena_alloc(arena, e->arms, sizeof *out->arm, "comparison", &out->arm));
    for (int64_t i = 0; i < e->arms; i++)
        if (e->arm[i]->runs > 0)
            DPID_TRY(take_arm(arena, e, e->arm[i], &out->arm[out->arms++]));
    return out->arms > 0 ? DEEPID_OK
                         : dpid_fail(arena->ctx, DEEPID_ERR_FORMAT, "'%s/results.csv' has no run", out->folder);
}

/* Facts are the settings of evidence. */
static int32_t take_fact(dpid_arena *arena, const deepid_evidence *e, const dpid_fact *fact, dpid_told_study *out)
{
    const dpid_number_text number = dpid_number(dpid_fact_number(e, fact));
    dpid_told_setting *s = &out->setting[out->settings++];
    s->key = fact->word;
    return keep(arena,
                fact->type == DPID_FACT_TEXT   ? dpid_fact_text(e, fact)
                : fact->type == DPID_FACT_FLAG ? "yes"
                                               : number.text,
                &s->value);
}

static int32_t take_facts(dpid_arena *arena, const deepid_evidence *e, dpid_told_study *out)
{
    int64_t count = 0;
    while (dpid_fact_at(count))
        count++;
    DPID_TRY(dpid_arena_alloc(arena, count, sizeof *out->setting, "comparison", &out->setting));
    for (int64_t i = 0; i < count; i++)
        if (dpid_fact_known(e, dpid_fact_at(i)) && strcmp(dpid_fact_at(i)->word, "command") != 0)
            DPID_TRY(take_fact(arena, e, dpid_fact_at(i), out));
    return keep(arena, e->page.command ? e->page.command : "", &out->command);
}

static int32_t read_evidence(dpid_arena *arena, dpid_told_study *out)
{
    deepid_evidence *e = NULL;
    DPID_TRY(deepid_evidence_create(arena->ctx, &e));
    int32_t status = dpid_evidence_read_files(e, out->folder);
    if (status == DEEPID_OK)
        status = take_runs(arena, e, out);
    if (status == DEEPID_OK && !out->study)
        status = take_facts(arena, e, out);
    deepid_evidence_destroy(e);
    return status;
}

int32_t dpid_told_read(dpid_arena *arena, const char *folder, dpid_told_study *out)
{
    DPID_TRY(keep(arena, folder, &out->folder));
    DPID_TRY(check_folder(arena->ctx, out));
    if (out->study)
        DPID_TRY(read_json(arena, "study.json", take_settings, out));
    DPID_TRY(read_json(arena, "verdict.json", take_findings, out));
    return read_evidence(arena, out);
}
