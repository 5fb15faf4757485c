/* The report of evidence, a study's or anybody's: its tables, arms and probes are laid before the page. */
#include <deepid/report.h>

#include "report/study_page.h"

#include <math.h>
#include <string.h>

typedef struct {
    deepid_ctx *ctx;
    const deepid_evidence *from;
    dpid_arena arena;
    dpid_material material;
} gathered;

/* ---- words ------------------------------------------------------------------------------------- */

static const char *or_else(const char *text, const char *other)
{
    return text ? text : other;
}

/* Where nobody said what was studied: "plain, depth 20 against 56 · 12 runs of 4 arms". */
static int32_t make_subject(gathered *g)
{
    dpid_string s = {.ctx = g->ctx};
    const dpid_filed_arm *shallow = dpid_evidence_find(g->from, "S");
    const dpid_filed_arm *deep = dpid_evidence_find(g->from, "D");
    const int64_t runs = deepid_table_rows(g->from->runs);
    char *kept = NULL;
    const double from = shallow ? dpid_filed_number(g->from, shallow, DPID_ARM_DEPTH) : (double)NAN;
    const double to = deep ? dpid_filed_number(g->from, deep, DPID_ARM_DEPTH) : (double)NAN;
    if (!isnan(from) && !isnan(to))
        dpid_string_format(&s, "depth %s against %s \xc2\xb7 ", dpid_number(from).text, dpid_number(to).text);
    dpid_string_format(&s, "%lld run%s of %lld arm%s", (long long)runs, runs == 1 ? "" : "s", (long long)g->from->arms,
                       g->from->arms == 1 ? "" : "s");
    const int32_t status = s.status == DEEPID_OK ? dpid_arena_text(&g->arena, s.text, s.length, &kept) : s.status;
    g->material.subject = kept;
    dpid_string_release(&s);
    return status;
}

static int32_t gather_words(gathered *g)
{
    const dpid_page_words *words = &g->from->page;
    dpid_material *m = &g->material;
    m->question = or_else(words->question, "Do the added layers hurt, and why?");
    m->command = or_else(words->command, "");
    m->machine = or_else(words->machine, "");
    m->files = or_else(words->files, or_else(g->from->files, ""));
    m->there = g->from->depth_study ? NULL : or_else(g->from->files, m->files);
    m->deep_text = or_else(words->deep, "");
    m->budget = or_else(words->budget, "");
    m->data = or_else(words->data, "");
    m->subject = words->subject;
    return m->subject ? DEEPID_OK : make_subject(g);
}

/* ---- arms and probes ----------------------------------------------------------------------------------- */

static int32_t gather_arms(gathered *g)
{
    const deepid_evidence *from = g->from;
    dpid_page_arm *arm = NULL;
    dpid_page_probe *probe = NULL;
    DPID_TRY(dpid_arena_alloc(&g->arena, from->arms, sizeof *arm, "report", &arm));
    DPID_TRY(dpid_arena_alloc(&g->arena, from->probes, sizeof *probe, "report", &probe));
    for (int64_t i = 0; i < from->arms; i++) {
        const dpid_filed_arm *a = from->arm[i];
        const double depth = dpid_filed_number(from, a, DPID_ARM_DEPTH);
        arm[i] = (dpid_page_arm){a->word, or_else(a->text[DPID_ARM_BLOCK], ""), a->text[DPID_ARM_REASON],
                                 isnan(depth) ? 0 : (int64_t)depth, dpid_filed_number(from, a, DPID_ARM_RATE)};
    }
    for (int64_t i = 0; i < from->probes; i++)
        probe[i] = (dpid_page_probe){from->probe[i].arm, from->probe[i].word, from->probe[i].table};
    g->material.arm = arm;
    g->material.arms = from->arms;
    g->material.probe = probe;
    g->material.probes = from->probes;
    return DEEPID_OK;
}

static int32_t gather(gathered *g, const deepid_verdict *verdict)
{
    g->material.const_loss = g->from->fact.const_loss;
    g->material.margin = verdict ? verdict->margin : (double)NAN;
    g->material.thresholds = &g->from->thresholds;
    g->material.verdict = verdict;
    g->material.results = g->from->runs;
    g->material.history = g->from->points;
    DPID_TRY(gather_words(g));
    return gather_arms(g);
}

/* ---- the doors --------------------------------------------------------------------------------------------- */

static int32_t check(deepid_ctx *ctx, const deepid_verdict *verdict, const char *path)
{
    return path && (!verdict || dpid_is(verdict, DPID_MAGIC_VERDICT))
               ? DEEPID_OK
               : dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "report: %s", !path ? "path is NULL" : "verdict is no verdict");
}

static int32_t write_evidence(deepid_ctx *ctx, const deepid_evidence *e, const deepid_verdict *verdict,
                              const char *path)
{
    gathered g = {.ctx = ctx, .from = e, .arena = {.ctx = ctx}};
    int32_t status = check(ctx, verdict, path);
    if (status == DEEPID_OK)
        status = gather(&g, verdict);
    if (status == DEEPID_OK)
        status = dpid_study_page_write(ctx, &g.material, path);
    dpid_arena_release(&g.arena);
    return status;
}

int32_t deepid_report_write_evidence(const deepid_evidence *evidence, const deepid_verdict *verdict, const char *path)
{
    DPID_TRY(dpid_enter(evidence, DPID_MAGIC_EVIDENCE));
    deepid_ctx *ctx = ((const dpid_head *)evidence)->ctx;
    return dpid_leave(ctx, write_evidence(ctx, evidence, verdict, path));
}

static int32_t write_study(deepid_study *study, const deepid_verdict *verdict, const char *path)
{
    deepid_ctx *ctx = ((const dpid_head *)study)->ctx;
    deepid_evidence *e = NULL;
    DPID_TRY(check(ctx, verdict, path));
    DPID_TRY(deepid_evidence_create(ctx, &e));
    int32_t status = dpid_study_tell(study, e);
    if (status == DEEPID_OK)
        status = write_evidence(ctx, e, verdict, path);
    deepid_evidence_destroy(e);
    return status;
}

int32_t deepid_report_write(deepid_study *study, const deepid_verdict *verdict, const char *path)
{
    DPID_TRY(dpid_enter(study, DPID_MAGIC_STUDY));
    deepid_ctx *ctx = ((const dpid_head *)study)->ctx;
    return dpid_leave(ctx, write_study(study, verdict, path));
}
