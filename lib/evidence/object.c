/* The object: made and destroyed, arms found by word, runs that nobody doubts. */
#include "evidence/evidence.h"

#include <math.h>
#include <string.h>

/* ---- create, destroy --------------------------------------------------------------------------- */

static int32_t make_table(deepid_ctx *ctx, const dpid_column *column, int count, deepid_table **out)
{
    dpid_string names = {.ctx = ctx};
    for (int i = 0; i < count; i++)
        dpid_string_format(&names, "%s%s", i ? "," : "", column[i].name);
    const int32_t status = names.status != DEEPID_OK ? names.status : deepid_table_create(ctx, "arm", names.text, out);
    dpid_string_release(&names);
    return status;
}

static int32_t make(deepid_ctx *ctx, deepid_evidence **out)
{
    deepid_evidence *e = NULL;
    if (!out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "evidence: out is NULL");
    DPID_TRY(dpid_alloc(ctx, 1, sizeof *e, "evidence", &e));
    e->head = (dpid_head){DPID_MAGIC_EVIDENCE, ctx};
    e->arena.ctx = ctx;
    e->advice.ctx = ctx;
    e->fact = dpid_evidence_none(0, (double)NAN);
    e->thresholds = dpid_thresholds_default();
    int32_t status = make_table(ctx, dpid_run_columns, DPID_RUN_COLUMNS, &e->runs);
    if (status == DEEPID_OK)
        status = make_table(ctx, dpid_point_columns, DPID_POINT_COLUMNS, &e->points);
    if (status == DEEPID_OK)
        status = make_table(ctx, dpid_try_columns, DPID_TRY_COLUMNS, &e->tries);
    if (status == DEEPID_OK)
        *out = e;
    else
        deepid_evidence_destroy(e);
    return status;
}

int32_t deepid_evidence_create(deepid_ctx *ctx, deepid_evidence **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, make(ctx, out));
}

void deepid_evidence_destroy(deepid_evidence *evidence)
{
    if (!dpid_is(evidence, DPID_MAGIC_EVIDENCE))
        return;
    deepid_ctx *ctx = evidence->head.ctx;
    for (int64_t i = 0; i < evidence->arms; i++) {
        dpid_free(ctx, evidence->arm[i]->row);
        dpid_free(ctx, evidence->arm[i]->line);
    }
    for (int64_t i = 0; i < evidence->probes; i++)
        deepid_table_destroy(evidence->probe[i].table);
    dpid_free(ctx, evidence->arm);
    deepid_table_destroy(evidence->runs);
    deepid_table_destroy(evidence->points);
    deepid_table_destroy(evidence->tries);
    dpid_string_release(&evidence->advice);
    dpid_arena_release(&evidence->arena);
    evidence->head.magic = 0;
    dpid_free(ctx, evidence);
}

/* ---- arms ------------------------------------------------------------------------------------------- */

int32_t dpid_evidence_keep(deepid_evidence *e, const char *text, const char **out)
{
    char *kept = NULL;
    if (text)
        DPID_TRY(dpid_arena_text(&e->arena, text, (int64_t)strlen(text), &kept));
    *out = kept;
    return DEEPID_OK;
}

/* Names stand between ", ". */
bool dpid_files_name(const char *files, const char *name)
{
    const size_t length = strlen(name);
    for (const char *p = files; p && (p = strstr(p, name)); p += length)
        if ((p == files || p[-1] == ' ') && (p[length] == 0 || p[length] == ','))
            return true;
    return false;
}

int32_t dpid_evidence_note_file(deepid_evidence *e, const char *name)
{
    dpid_string s = {.ctx = e->head.ctx};
    if (dpid_files_name(e->files, name))
        return DEEPID_OK;
    dpid_string_format(&s, "%s%s%s", e->files ? e->files : "", e->files ? ", " : "", name);
    const int32_t status = s.status == DEEPID_OK ? dpid_evidence_keep(e, s.text, &e->files) : s.status;
    dpid_string_release(&s);
    return status;
}

dpid_filed_arm *dpid_evidence_find(const deepid_evidence *e, const char *word)
{
    for (int64_t i = 0; i < e->arms; i++)
        if (strcmp(e->arm[i]->word, word) == 0)
            return e->arm[i];
    return NULL;
}

int32_t dpid_evidence_arm(deepid_evidence *e, const char *word, dpid_filed_arm **out)
{
    enum { FIRST = 16 };
    dpid_filed_arm *arm = dpid_evidence_find(e, word);
    if (!arm) {
        const int64_t room = e->arms_room ? 2 * e->arms_room : FIRST;
        if (e->arms == e->arms_room) {
            DPID_TRY(dpid_grow(e->head.ctx, &e->arm, e->arms, room, sizeof *e->arm, "evidence"));
            e->arms_room = room;
        }
        DPID_TRY(dpid_arena_alloc(&e->arena, 1, sizeof *arm, "evidence", &arm));
        DPID_TRY(dpid_evidence_keep(e, word, &arm->word));
        for (int i = 0; i < DPID_ARM_NUMBERS; i++)
            arm->number[i] = (double)NAN;
        e->arm[e->arms++] = arm;
    }
    *out = arm;
    return DEEPID_OK;
}

void dpid_arm_take(dpid_filed_arm *arm, int number, double value)
{
    arm->number[number] = value;
    arm->given[number] = true;
}

/* ---- runs ---------------------------------------------------------------------------------------------- */

static int32_t make_room(deepid_ctx *ctx, dpid_filed_arm *arm)
{
    enum { FIRST = 16 };
    const int64_t room = arm->room ? 2 * arm->room : FIRST;
    if (arm->runs < arm->room)
        return DEEPID_OK;
    DPID_TRY(dpid_grow(ctx, &arm->row, arm->runs, room, sizeof *arm->row, "evidence"));
    DPID_TRY(dpid_grow(ctx, &arm->line, arm->runs, room, sizeof *arm->line, "evidence"));
    arm->room = room;
    return DEEPID_OK;
}

int32_t dpid_evidence_add_run(deepid_evidence *e, dpid_filed_arm *arm, const double *row, int64_t line)
{
    DPID_TRY(make_room(e->head.ctx, arm));
    DPID_TRY(deepid_table_append(e->runs, arm->word, row));
    arm->line[arm->runs] = line;
    arm->row[arm->runs++] = deepid_table_rows(e->runs) - 1;
    return DEEPID_OK;
}

/* ---- probes ------------------------------------------------------------------------------------------ */

int32_t dpid_evidence_add_probe(deepid_evidence *e, const char *arm, const char *word, deepid_table *table)
{
    if (e->probes == DPID_PROBES_MAX)
        return dpid_fail(e->head.ctx, DEEPID_ERR_LIMIT, "evidence: more than %d tables of probes", DPID_PROBES_MAX);
    dpid_filed_probe *p = &e->probe[e->probes];
    DPID_TRY(dpid_evidence_keep(e, arm, &p->arm));
    DPID_TRY(dpid_evidence_keep(e, word, &p->word));
    p->table = table;
    e->probes++;
    return DEEPID_OK;
}
