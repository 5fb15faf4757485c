/* The verdict: evidence in, ten findings out. The order of the rules is the protocol's: bug before all,
   representation, solver and objective, the reasons, precision, overfitting, remedies. */
#include "verdict/rules.h"

#include <deepid/statistics.h>

#include <math.h>
#include <string.h>

/* ---- after the rules ------------------------------------------------------------------------- */

/* Holm over every p that is quoted: the harm's and each finding's. */
static int32_t adjust(dpid_judge *j)
{
    dpid_finding *where[DPID_HYPOTHESES + 1];
    const char *name[DPID_HYPOTHESES + 1];
    double p[DPID_HYPOTHESES + 1];
    int64_t n = 0;
    for (int32_t i = 0; i <= DPID_HYPOTHESES; i++) {
        const bool harm = i == DPID_HYPOTHESES;
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
    for (int32_t h = DPID_BUG + 1; h < DPID_HYPOTHESES; h++) {
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

typedef int32_t (*rule_fn)(dpid_judge *j);

static int32_t fill(dpid_judge *j)
{
    static const rule_fn rules[] = {
        dpid_judge_prepare,
        dpid_rule_bug,
        dpid_rule_representation,
        dpid_rule_solver,
        dpid_rule_reasons,
        dpid_rule_representation_found,
        dpid_rule_precision,
        dpid_rule_overfitting,
        dpid_rule_remedies,
        adjust,
        put_bug_first,
        dpid_write_answer,
        dpid_write_text,
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        DPID_TRY(rules[i](j));
    return DEEPID_OK;
}

static int32_t judge(deepid_ctx *ctx, const dpid_evidence *evidence, const dpid_thresholds *thresholds,
                     deepid_verdict **out)
{
    const dpid_estimate unknown = {(double)NAN, (double)NAN, (double)NAN};
    dpid_judge j = {.ctx = ctx, .e = evidence, .t = thresholds ? *thresholds : dpid_thresholds_default()};
    if (!evidence || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "verdict: evidence and out must not be NULL");
    DPID_TRY(dpid_alloc(ctx, 1, sizeof *j.v, "verdict", &j.v));
    j.v->head = (dpid_head){DPID_MAGIC_VERDICT, ctx};
    j.v->arena.ctx = ctx;
    j.skip.share = j.alike = unknown;
    for (int32_t h = 0; h < DPID_HYPOTHESES; h++) {
        j.v->finding[h].effect = j.v->finding[h].share = j.best[h].share = unknown;
        j.v->finding[h].status = DPID_UNDECIDED;
    }
    const int32_t status = fill(&j);
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
