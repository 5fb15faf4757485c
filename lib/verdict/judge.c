/* The verdict: evidence in, findings out. Hypotheses are judged in the order of their registry, which is the
   protocol's: bug before all, representation, solver, its reasons, precision, overfitting. Some take a second look
   when the reasons are known. */
#include "verdict/ladder.h"

#include <deepid/statistics.h>

#include <math.h>
#include <string.h>

/* ---- after the rules ------------------------------------------------------------------------- */

/* Holm over every p that is quoted: the harm's and each finding's. */
static int32_t adjust(dpid_judge *j)
{
    dpid_finding *where[DPID_FINDINGS_MAX + 1];
    const char *name[DPID_FINDINGS_MAX + 1];
    double p[DPID_FINDINGS_MAX + 1];
    int64_t n = 0;
    for (int32_t i = 0; i <= j->v->findings; i++) {
        const bool harm = i == j->v->findings;
        const double value = deepid_verdict_number_named(j->v, harm ? DPID_SOLVER : i, harm ? "harm_p" : "p");
        if (isnan(value))
            continue;
        where[n] = &j->v->finding[harm ? DPID_SOLVER : i];
        name[n] = harm ? "harm_p_holm" : "p_holm";
        p[n++] = value;
    }
    if (n == 0)
        return DEEPID_OK;
    DPID_TRY(deepid_statistics_holm(j->ctx, n, p, p));
    for (int64_t i = 0; i < n; i++)
        dpid_set_number(where[i], name[i], p[i]);
    return DEEPID_OK;
}

/* Wrong gradients explain anything, so nothing else can be explained. */
static int32_t put_bug_first(dpid_judge *j)
{
    if (j->v->finding[DPID_BUG].status != DPID_CONFIRMED)
        return DEEPID_OK;
    j->v->ladder = NULL;
    for (int32_t h = DPID_BUG + 1; h < j->v->findings; h++) {
        dpid_finding *f = &j->v->finding[h];
        f->status = DPID_NOT_APPLICABLE;
        f->rule = "bug.first";
        f->to_settle = NULL;
        DPID_TRY(dpid_set_text(
            j, &f->sentence, "Not judged: the gradients are wrong, and whatever was trained with them shows nothing."));
    }
    return DEEPID_OK;
}

/* ---- judge --------------------------------------------------------------------------------------- */

/* What the registry has beyond those, where its arm, or one of its set, was run. */
static void add_others(dpid_judge *j)
{
    for (int64_t i = DPID_HYPOTHESES; dpid_hypothesis_at(i); i++)
        if (dpid_was_asked(j, dpid_hypothesis_at(i)))
            dpid_verdict_add(j->v, dpid_hypothesis_at(i));
}

static int32_t judge_all(dpid_judge *j)
{
    for (int32_t i = 0; i < j->v->findings; i++) {
        dpid_finding *f = &j->v->finding[i];
        if (f->hypothesis->judge)
            DPID_TRY(f->hypothesis->judge(j, f));
        if (j->best[i].from)
            DPID_TRY(dpid_set_text(j, &f->beyond, "%s", j->best[i].from->word));
    }
    for (int32_t i = 0; i < j->v->findings; i++) {
        dpid_finding *f = &j->v->finding[i];
        if (f->hypothesis->again)
            DPID_TRY(f->hypothesis->again(j, f));
    }
    return DEEPID_OK;
}

static void note_harm(const dpid_pair *pair, dpid_harm_on *out)
{
    for (int scale = 0; scale < DPID_SCALES; scale++) {
        const dpid_view *view = &pair->view[scale];
        out[scale] = (dpid_harm_on){view->median_s, view->median_d, view->harm.rank, view->margin, view->state};
    }
}

static int32_t note_runs(dpid_judge *j)
{
    DPID_TRY(dpid_arena_alloc(&j->v->arena, j->e->arms, sizeof *j->v->run, "verdict", &j->v->run));
    for (int64_t i = 0; i < j->e->arms; i++) {
        const dpid_arm_evidence *arm = &j->e->arm[i];
        const dpid_series loss = dpid_arm_loss(j, arm);
        dpid_arm_run *run = &j->v->run[i];
        *run = (dpid_arm_run){.rate = arm->learning_rate,
                              .updates = arm->updates,
                              .rates_tried = arm->rates_tried,
                              .rates_diverged = arm->rates_diverged,
                              .lowest_rate = arm->lowest_rate,
                              .highest_rate = arm->highest_rate};
        run->diverged = dpid_arm_diverged(j, arm, &run->runs);
        DPID_TRY(dpid_series_median(j, &loss, &run->median));
        DPID_TRY(dpid_set_text(j, &run->word, "%s", arm->word));
        j->v->runs = i + 1;
    }
    return DEEPID_OK;
}

static int32_t fill_findings(dpid_judge *j)
{
    DPID_TRY(dpid_judge_prepare(j));
    note_harm(&j->base, j->v->harm);
    note_harm(&j->recipe, j->v->recipe_harm);
    j->v->scale = j->on;
    j->v->tuned = j->tuned;
    j->v->margin = j->margin;
    DPID_TRY(note_runs(j));
    DPID_TRY(dpid_judge_ladder(j));
    add_others(j);
    DPID_TRY(judge_all(j));
    DPID_TRY(dpid_find_remedies(j));
    DPID_TRY(adjust(j));
    DPID_TRY(put_bug_first(j));
    DPID_TRY(dpid_write_answer(j));
    return dpid_write_text(j);
}

static int32_t judge(deepid_ctx *ctx, const dpid_evidence *evidence, const dpid_thresholds *thresholds,
                     deepid_verdict **out)
{
    const dpid_estimate unknown = {(double)NAN, (double)NAN, (double)NAN};
    dpid_series_room room = {.arena = {.ctx = ctx}};
    dpid_judge j = {
        .ctx = ctx, .e = evidence, .t = thresholds ? *thresholds : dpid_thresholds_default(), .room = &room};
    if (!evidence || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "verdict: evidence and out must not be NULL");
    DPID_TRY(dpid_verdict_make(ctx, &j.v));
    j.skip.share = j.order.share = j.alike = j.shallow_gain = unknown;
    for (int32_t i = 0; i < DPID_FINDINGS_MAX; i++)
        j.best[i].share = j.best[i].valid_share = unknown;
    int32_t status = fill_findings(&j);
    status = status == DEEPID_OK ? room.status : status;
    dpid_arena_release(&room.arena);
    if (status == DEEPID_OK)
        *out = j.v;
    else
        deepid_verdict_destroy(j.v);
    return status;
}

int32_t dpid_verdict_judge(deepid_ctx *ctx, const dpid_evidence *evidence, const dpid_thresholds *thresholds,
                           deepid_verdict **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, judge(ctx, evidence, thresholds, out));
}
