/* Contrasts between two arms, and what an intervention repairs.
   Statistics of ranks take losses as they are; a diverged run has the loss infinity and so the worst rank. Means need
   numbers: a training loss above the constant predictor's counts as the constant predictor's. */
#include "verdict/rules.h"

#include <deepid/statistics.h>

#include <math.h>

static const dpid_estimate unknown = {(double)NAN, (double)NAN, (double)NAN};

typedef struct {
    int64_t n;
    double a[DPID_SEEDS_MAX], b[DPID_SEEDS_MAX], c[DPID_SEEDS_MAX], difference[DPID_SEEDS_MAX];
} joint;

/* The seeds where all are known; c may be NULL. Two diverged runs are as bad as each other. */
static void join(const dpid_judge *j, const dpid_series *a, const dpid_series *b, const dpid_series *c, joint *out)
{
    out->n = 0;
    for (int64_t s = 0; s < j->e->seeds; s++) {
        if (isnan(a->at[s]) || isnan(b->at[s]) || (c && isnan(c->at[s])))
            continue;
        out->a[out->n] = a->at[s];
        out->b[out->n] = b->at[s];
        out->c[out->n] = c ? c->at[s] : 0;
        out->difference[out->n++] = a->at[s] == b->at[s] ? 0 : a->at[s] - b->at[s];
    }
}

static void cap(const dpid_judge *j, int64_t n, double *x)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = fmin(x[i], j->e->const_loss);
}

/* ---- two arms ------------------------------------------------------------------------------------ */

static int32_t capped_means(const dpid_judge *j, joint *both, dpid_contrast *out)
{
    cap(j, both->n, both->a);
    cap(j, both->n, both->b);
    for (int64_t i = 0; i < both->n; i++)
        both->difference[i] = both->a[i] - both->b[i];
    DPID_TRY(deepid_statistics_sign_flip(j->ctx, both->n, both->difference, 0, (uint64_t)j->t.seed, &out->p));
    if (both->n < j->least_seeds)
        return DEEPID_OK;
    return deepid_statistics_bootstrap_mean(j->ctx, both->n, both->difference, j->t.level, (int64_t)j->t.resamples,
                                            (uint64_t)j->t.seed, &out->mean.value, &out->mean.low, &out->mean.high);
}

int32_t dpid_contrast_of(const dpid_judge *j, const dpid_series *a, const dpid_series *b, dpid_means means,
                         dpid_contrast *out)
{
    joint both;
    double statistic;
    *out = (dpid_contrast){.rank = unknown, .mean = unknown, .p = (double)NAN};
    join(j, a, b, NULL, &both);
    out->n = both.n;
    if (both.n == 0)
        return DEEPID_OK;
    DPID_TRY(deepid_statistics_hodges_lehmann(j->ctx, both.n, both.difference, j->t.level, &out->rank.value,
                                              &out->rank.low, &out->rank.high));
    if (means == DPID_CAPPED)
        return capped_means(j, &both, out);
    return deepid_statistics_signed_rank(j->ctx, both.n, both.difference, &statistic, &out->p);
}

/* D and an arm whose pairing by seed means nothing. */
static int32_t contrast_apart(const dpid_judge *j, const dpid_series *a, const dpid_series *b, dpid_contrast *out)
{
    joint first;
    joint second;
    *out = (dpid_contrast){.rank = unknown, .mean = unknown, .p = (double)NAN};
    join(j, a, a, NULL, &first);
    join(j, b, b, NULL, &second);
    out->n = first.n < second.n ? first.n : second.n;
    if (out->n == 0)
        return DEEPID_OK;
    DPID_TRY(deepid_statistics_shift(j->ctx, first.n, first.a, second.n, second.a, j->t.level, &out->rank.value,
                                     &out->rank.low, &out->rank.high));
    if (isnan(out->rank.value))
        out->rank.value = 0;
    cap(j, first.n, first.a);
    cap(j, second.n, second.a);
    return deepid_statistics_permutation(j->ctx, first.n, first.a, second.n, second.a, 0, (uint64_t)j->t.seed, &out->p);
}

/* ---- interventions -------------------------------------------------------------------------------- */

/* (L_D - L_x) / (L_D - L_ref), where the gap below is surely more than m */
static int32_t set_share(const dpid_judge *j, const dpid_series *x, bool independent, dpid_estimate *out)
{
    joint pair;
    *out = unknown;
    if (!(j->gap.mean.low >= j->margin))
        return DEEPID_OK;
    join(j, &j->loss_d, independent ? &j->loss_d : x, &j->reference, &pair);
    cap(j, pair.n, pair.a);
    cap(j, pair.n, pair.b);
    cap(j, pair.n, pair.c);
    if (pair.n < j->least_seeds)
        return DEEPID_OK;
    if (!independent)
        return deepid_statistics_bootstrap_share(j->ctx, pair.n, pair.a, pair.b, pair.c, j->t.level,
                                                 (int64_t)j->t.resamples, (uint64_t)j->t.seed, &out->value, &out->low,
                                                 &out->high);
    joint alone;
    join(j, x, x, NULL, &alone);
    cap(j, alone.n, alone.a);
    if (alone.n < j->least_seeds)
        return DEEPID_OK;
    return deepid_statistics_bootstrap_share_independent(j->ctx, pair.n, pair.a, pair.c, alone.n, alone.a, j->t.level,
                                                         (int64_t)j->t.resamples, (uint64_t)j->t.seed, &out->value,
                                                         &out->low, &out->high);
}

/* confirmed: surely repairs more than half; contributes: surely more than m; refuted: surely less than half, or less
   than m */
static dpid_verdict_status status_of(const dpid_judge *j, const dpid_intervention *x)
{
    if (x->share.low > j->t.share)
        return DPID_CONFIRMED;
    if (x->effect.rank.low > j->margin)
        return DPID_CONTRIBUTES;
    if (x->share.high < j->t.share || x->effect.rank.high < j->margin)
        return DPID_REFUTED;
    return DPID_UNDECIDED;
}

int32_t dpid_intervene(dpid_judge *j, const dpid_arm_evidence *arm, bool independent, dpid_intervention *out)
{
    const dpid_series x = dpid_arm_loss(j, arm);
    *out = (dpid_intervention){.arm = arm, .share = unknown};
    DPID_TRY(dpid_series_median(j, &x, &out->median));
    DPID_TRY(independent ? contrast_apart(j, &j->loss_d, &x, &out->effect)
                         : dpid_contrast_of(j, &j->loss_d, &x, DPID_CAPPED, &out->effect));
    if (out->effect.n > 0)
        DPID_TRY(set_share(j, &x, independent, &out->share));
    out->status = status_of(j, out);
    return DEEPID_OK;
}

/* By status, then by what it repairs. */
static bool better(const dpid_intervention *a, const dpid_intervention *b)
{
    if (!b->arm || a->status != b->status)
        return !b->arm || a->status > b->status;
    return !isnan(a->share.value) && !isnan(b->share.value) ? a->share.value > b->share.value
                                                            : a->effect.rank.value > b->effect.rank.value;
}

int32_t dpid_intervene_best(dpid_judge *j, const char *word, bool set, dpid_intervention *out, int64_t *tried)
{
    *out = (dpid_intervention){.share = unknown};
    *tried = 0;
    for (int64_t i = 0; i < j->e->arms; i++) {
        const dpid_arm_evidence *arm = &j->e->arm[i];
        dpid_intervention x;
        if (set ? !dpid_arm_in_set(arm, word) : arm != dpid_judge_arm(j, word))
            continue;
        DPID_TRY(dpid_intervene(j, arm, false, &x));
        if (x.effect.n == 0)
            continue;
        ++*tried;
        if (better(&x, out))
            *out = x;
    }
    return DEEPID_OK;
}
