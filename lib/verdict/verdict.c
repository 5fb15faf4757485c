/* A verdict as a handle: what can be read from it. The rules that fill it: rules/<name>.c, in the order of judge.c. */
#include "verdict/verdict.h"

#include <math.h>
#include <string.h>

/* ---- words ------------------------------------------------------------------------------- */

static const char *const status_words[] = {
    [DPID_NOT_APPLICABLE] = "not_applicable", [DPID_REFUTED] = "refuted",         [DPID_MINOR] = "minor",
    [DPID_UNDECIDED] = "undecided",           [DPID_CONTRIBUTES] = "contributes", [DPID_CONFIRMED] = "confirmed"};

/* ---- make, destroy --------------------------------------------------------------------------- */

static const dpid_estimate unknown = {(double)NAN, (double)NAN, (double)NAN};

void dpid_verdict_add(deepid_verdict *verdict, const dpid_hypothesis *hypothesis)
{
    if (verdict->findings < DPID_FINDINGS_MAX)
        verdict->finding[verdict->findings++] = (dpid_finding){.hypothesis = hypothesis,
                                                               .status = DPID_UNDECIDED,
                                                               .effect = unknown,
                                                               .share = unknown,
                                                               .valid_share = unknown};
}

int32_t dpid_verdict_make(deepid_ctx *ctx, deepid_verdict **out)
{
    deepid_verdict *v = NULL;
    DPID_TRY(dpid_alloc(ctx, 1, sizeof *v, "verdict", &v));
    v->head = (dpid_head){DPID_MAGIC_VERDICT, ctx};
    v->arena.ctx = ctx;
    for (int32_t h = 0; h < DPID_HYPOTHESES; h++)
        dpid_verdict_add(v, dpid_hypothesis_at(h));
    *out = v;
    return DEEPID_OK;
}

void deepid_verdict_destroy(deepid_verdict *verdict)
{
    if (!dpid_is(verdict, DPID_MAGIC_VERDICT))
        return;
    deepid_ctx *ctx = verdict->head.ctx;
    dpid_arena_release(&verdict->arena);
    verdict->head.magic = 0;
    dpid_free(ctx, verdict);
}

/* ---- reads: what is not there is an empty text, 0 or NaN ------------------------------------- */

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static const dpid_finding *finding_of(const deepid_verdict *v, int64_t i)
{
    return dpid_is(v, DPID_MAGIC_VERDICT) && i >= 0 && i < v->findings ? &v->finding[i] : NULL;
}

static const dpid_remedy *remedy_of(const deepid_verdict *v, int64_t i)
{
    return dpid_is(v, DPID_MAGIC_VERDICT) && i >= 0 && i < v->remedies ? &v->remedy[i] : NULL;
}

static const dpid_named_number *number_of(const deepid_verdict *v, int64_t i, int64_t k)
{
    const dpid_finding *f = finding_of(v, i);
    return f && k >= 0 && k < f->numbers ? &f->number[k] : NULL;
}

const char *deepid_verdict_answer(const deepid_verdict *verdict)
{
    return dpid_is(verdict, DPID_MAGIC_VERDICT) ? or_empty(verdict->answer) : "";
}

const char *deepid_verdict_scope(const deepid_verdict *verdict)
{
    return dpid_is(verdict, DPID_MAGIC_VERDICT) ? or_empty(verdict->scope) : "";
}

int64_t deepid_verdict_count(const deepid_verdict *verdict)
{
    return dpid_is(verdict, DPID_MAGIC_VERDICT) ? verdict->findings : 0;
}

int64_t deepid_verdict_find(const deepid_verdict *verdict, const char *hypothesis)
{
    for (int32_t i = 0; hypothesis && dpid_is(verdict, DPID_MAGIC_VERDICT) && i < verdict->findings; i++)
        if (!strcmp(hypothesis, verdict->finding[i].hypothesis->word))
            return i;
    return -1;
}

const char *deepid_verdict_hypothesis(const deepid_verdict *verdict, int64_t finding)
{
    const dpid_finding *f = finding_of(verdict, finding);
    return f ? f->hypothesis->word : "";
}

const char *deepid_verdict_status(const deepid_verdict *verdict, int64_t finding)
{
    const dpid_finding *f = finding_of(verdict, finding);
    return f ? status_words[f->status] : "";
}

const char *deepid_verdict_sentence(const deepid_verdict *verdict, int64_t finding)
{
    const dpid_finding *f = finding_of(verdict, finding);
    return f ? or_empty(f->sentence) : "";
}

const char *deepid_verdict_to_settle(const deepid_verdict *verdict, int64_t finding)
{
    const dpid_finding *f = finding_of(verdict, finding);
    return f ? or_empty(f->to_settle) : "";
}

const char *deepid_verdict_rule(const deepid_verdict *verdict, int64_t finding)
{
    const dpid_finding *f = finding_of(verdict, finding);
    return f ? or_empty(f->rule) : "";
}

const char *deepid_verdict_arm(const deepid_verdict *verdict, int64_t finding)
{
    const dpid_finding *f = finding_of(verdict, finding);
    return f ? or_empty(f->arm) : "";
}

double deepid_verdict_effect(const deepid_verdict *verdict, int64_t finding)
{
    const dpid_finding *f = finding_of(verdict, finding);
    return f ? f->effect.value : (double)NAN;
}

double deepid_verdict_low(const deepid_verdict *verdict, int64_t finding)
{
    const dpid_finding *f = finding_of(verdict, finding);
    return f ? f->effect.low : (double)NAN;
}

double deepid_verdict_high(const deepid_verdict *verdict, int64_t finding)
{
    const dpid_finding *f = finding_of(verdict, finding);
    return f ? f->effect.high : (double)NAN;
}

double deepid_verdict_share(const deepid_verdict *verdict, int64_t finding)
{
    const dpid_finding *f = finding_of(verdict, finding);
    return f ? f->share.value : (double)NAN;
}

double deepid_verdict_share_low(const deepid_verdict *verdict, int64_t finding)
{
    const dpid_finding *f = finding_of(verdict, finding);
    return f ? f->share.low : (double)NAN;
}

double deepid_verdict_share_high(const deepid_verdict *verdict, int64_t finding)
{
    const dpid_finding *f = finding_of(verdict, finding);
    return f ? f->share.high : (double)NAN;
}

int64_t deepid_verdict_number_count(const deepid_verdict *verdict, int64_t finding)
{
    const dpid_finding *f = finding_of(verdict, finding);
    return f ? f->numbers : 0;
}

const char *deepid_verdict_number_name(const deepid_verdict *verdict, int64_t finding, int64_t k)
{
    const dpid_named_number *number = number_of(verdict, finding, k);
    return number ? number->name : "";
}

double deepid_verdict_number(const deepid_verdict *verdict, int64_t finding, int64_t k)
{
    const dpid_named_number *number = number_of(verdict, finding, k);
    return number ? number->value : (double)NAN;
}

double deepid_verdict_number_named(const deepid_verdict *verdict, int64_t finding, const char *name)
{
    const dpid_finding *f = finding_of(verdict, finding);
    for (int32_t k = 0; f && name && k < f->numbers; k++)
        if (!strcmp(f->number[k].name, name))
            return f->number[k].value;
    return (double)NAN;
}

int64_t deepid_verdict_remedy_count(const deepid_verdict *verdict)
{
    return dpid_is(verdict, DPID_MAGIC_VERDICT) ? verdict->remedies : 0;
}

const char *deepid_verdict_remedy_arm(const deepid_verdict *verdict, int64_t remedy)
{
    const dpid_remedy *r = remedy_of(verdict, remedy);
    return r ? or_empty(r->arm) : "";
}

double deepid_verdict_remedy_share(const deepid_verdict *verdict, int64_t remedy)
{
    const dpid_remedy *r = remedy_of(verdict, remedy);
    return r ? r->share.value : (double)NAN;
}

double deepid_verdict_remedy_low(const deepid_verdict *verdict, int64_t remedy)
{
    const dpid_remedy *r = remedy_of(verdict, remedy);
    return r ? r->share.low : (double)NAN;
}

double deepid_verdict_remedy_high(const deepid_verdict *verdict, int64_t remedy)
{
    const dpid_remedy *r = remedy_of(verdict, remedy);
    return r ? r->share.high : (double)NAN;
}

const char *deepid_verdict_text(const deepid_verdict *verdict, int32_t colour)
{
    return dpid_is(verdict, DPID_MAGIC_VERDICT) ? or_empty(verdict->text[colour != 0]) : "";
}
