/* Contrasts between two arms, and what an intervention repairs.
   Statistics of ranks take losses as they are; a diverged run has the loss infinity and so the worst rank. Means need
   numbers: a training loss above the constant predictor's counts as the constant predictor's. */
#include "verdict/rules.h"

#include "statistics/statistics.h"

#include <math.h>
#include <string.h>

static const dpid_estimate unknown = {(double)NAN, (double)NAN, (double)NAN};

typedef struct {
    int64_t n;
    double *a, *b, *c, *difference; /* in one block */
} joint;

/* The seeds where all are known; c may be NULL. Two diverged runs are as bad as each other. */
static int32_t join(const dpid_judge *j, const dpid_series *a, const dpid_series *b, const dpid_series *c, joint *out)
{
    const int64_t seeds = j->e->seeds;
    out->n = 0;
    out->a = NULL;
    DPID_TRY(dpid_alloc(j->ctx, 4 * seeds, sizeof *out->a, "verdict", &out->a));
    out->b = out->a + seeds;
    out->c = out->b + seeds;
    out->difference = out->c + seeds;
    for (int64_t s = 0; s < seeds; s++) {
        if (isnan(a->at[s]) || isnan(b->at[s]) || (c && isnan(c->at[s])))
            continue;
        out->a[out->n] = a->at[s];
        out->b[out->n] = b->at[s];
        out->c[out->n] = c ? c->at[s] : 0;
        out->difference[out->n++] = a->at[s] == b->at[s] ? 0 : a->at[s] - b->at[s];
    }
    return DEEPID_OK;
}

static void part(const dpid_judge *j, joint *joined)
{
    dpid_free(j->ctx, joined->a);
}

static void cap(double most, int64_t n, double *x)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = fmin(x[i], most);
}

/* ---- two arms ------------------------------------------------------------------------------------ */

/* Draws for p and the mean take as long for any number of seeds: as many as MANY seeds have, of more by so much
   fewer. */
enum { MANY = 100, DRAWS_MIN = 999 };

static int64_t draws_for(int64_t n)
{
    const int64_t fewer = DPID_DRAWS * MANY / n;
    return n <= MANY ? 0 : fewer > DRAWS_MIN ? fewer : DRAWS_MIN;
}

static int32_t capped_means(const dpid_judge *j, double most, joint *both, dpid_contrast *out)
{
    cap(most, both->n, both->a);
    cap(most, both->n, both->b);
    for (int64_t i = 0; i < both->n; i++)
        both->difference[i] = both->a[i] - both->b[i];
    DPID_TRY(deepid_statistics_sign_flip(j->ctx, both->n, both->difference, draws_for(both->n), (uint64_t)j->t.seed,
                                         &out->p));
    if (both->n > MANY)
        dpid_mean_expanded(both->n, both->difference, j->level, &out->mean.value, &out->mean.low, &out->mean.high);
    if (both->n < j->least_seeds || both->n > MANY)
        return DEEPID_OK;
    return deepid_statistics_bootstrap_mean(j->ctx, both->n, both->difference, j->level, (int64_t)j->t.resamples,
                                            (uint64_t)j->t.seed, &out->mean.value, &out->mean.low, &out->mean.high);
}

static int32_t contrast_joined(const dpid_judge *j, double most, joint *both, dpid_contrast *out)
{
    double statistic;
    out->n = both->n;
    if (both->n == 0)
        return DEEPID_OK;
    DPID_TRY(deepid_statistics_hodges_lehmann(j->ctx, both->n, both->difference, j->level, &out->rank.value,
                                              &out->rank.low, &out->rank.high));
    if (isfinite(most))
        return capped_means(j, most, both, out);
    if (isnan(most))
        return DEEPID_OK;
    return deepid_statistics_signed_rank(j->ctx, both->n, both->difference, &statistic, &out->p);
}

/* most: the cap of means; infinity: ranks only, NaN: their interval alone, without p */
static int32_t contrast(const dpid_judge *j, double most, const dpid_series *a, const dpid_series *b,
                        dpid_contrast *out)
{
    joint both;
    *out = (dpid_contrast){.rank = unknown, .mean = unknown, .p = (double)NAN};
    int32_t status = join(j, a, b, NULL, &both);
    if (status == DEEPID_OK)
        status = contrast_joined(j, most, &both, out);
    part(j, &both);
    return status;
}

int32_t dpid_contrast_of(const dpid_judge *j, const dpid_series *a, const dpid_series *b, dpid_means means,
                         dpid_contrast *out)
{
    const double most[] = {[DPID_INTERVAL_ONLY] = NAN, [DPID_RANKS_ONLY] = HUGE_VAL, [DPID_CAPPED] = j->e->const_loss};
    return contrast(j, most[means], a, b, out);
}

int32_t dpid_contrast_on(const dpid_judge *j, dpid_scale scale, const dpid_series *a, const dpid_series *b,
                         dpid_contrast *out)
{
    return contrast(j, dpid_scale_cap(j, scale), a, b, out);
}

static int32_t contrast_parted(const dpid_judge *j, double most, joint *first, joint *second, dpid_contrast *out)
{
    out->n = first->n < second->n ? first->n : second->n;
    if (out->n == 0)
        return DEEPID_OK;
    DPID_TRY(deepid_statistics_shift(j->ctx, first->n, first->a, second->n, second->a, j->level, &out->rank.value,
                                     &out->rank.low, &out->rank.high));
    if (isnan(most))
        return DEEPID_OK;
    cap(most, first->n, first->a);
    cap(most, second->n, second->a);
    return deepid_statistics_permutation(j->ctx, first->n, first->a, second->n, second->a, draws_for(first->n),
                                         (uint64_t)j->t.seed, &out->p);
}

/* D and an arm whose pairing by seed means nothing. most as above. */
static int32_t contrast_apart(const dpid_judge *j, double most, const dpid_series *a, const dpid_series *b,
                              dpid_contrast *out)
{
    joint first;
    joint second = {.a = NULL};
    *out = (dpid_contrast){.rank = unknown, .mean = unknown, .p = (double)NAN};
    int32_t status = join(j, a, a, NULL, &first);
    if (status == DEEPID_OK)
        status = join(j, b, b, NULL, &second);
    if (status == DEEPID_OK)
        status = contrast_parted(j, most, &first, &second, out);
    part(j, &first);
    part(j, &second);
    return status;
}

/* ---- shares --------------------------------------------------------------------------------------- */

static bool all_finite(int64_t n, const double *x)
{
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

static int32_t share_apart(const dpid_judge *j, double most, const joint *pair, const dpid_series *by,
                           dpid_estimate *out)
{
    joint alone;
    int32_t status = join(j, by, by, NULL, &alone);
    if (status == DEEPID_OK)
        cap(most, alone.n, alone.a);
    if (status == DEEPID_OK && alone.n >= j->least_seeds && all_finite(alone.n, alone.a))
        status = deepid_statistics_share_independent(j->ctx, pair->n, pair->a, pair->c, alone.n, alone.a, j->level,
                                                     &out->value, &out->low, &out->high);
    part(j, &alone);
    return status;
}

/* by NULL: it is in the joint. */
static int32_t share_joined(const dpid_judge *j, double most, joint *pair, const dpid_series *by, dpid_estimate *out)
{
    cap(most, pair->n, pair->a);
    cap(most, pair->n, pair->b);
    cap(most, pair->n, pair->c);
    if (pair->n < j->least_seeds || !all_finite(pair->n, pair->a) || !all_finite(pair->n, pair->b) ||
        !all_finite(pair->n, pair->c))
        return DEEPID_OK;
    if (by)
        return share_apart(j, most, pair, by, out);
    return deepid_statistics_share(j->ctx, pair->n, pair->a, pair->b, pair->c, j->level, &out->value, &out->low,
                                   &out->high);
}

int32_t dpid_share_on(const dpid_judge *j, dpid_scale scale, const dpid_series *from, const dpid_series *by,
                      const dpid_series *to, bool independent, dpid_estimate *out)
{
    joint pair;
    *out = unknown;
    int32_t status = join(j, from, independent ? from : by, to, &pair);
    if (status == DEEPID_OK)
        status = share_joined(j, dpid_scale_cap(j, scale), &pair, independent ? by : NULL, out);
    part(j, &pair);
    return status;
}

static bool gap_is_sure(const dpid_judge *j)
{
    return j->harm_state == DPID_HARM && j->gap.mean.low >= j->on_margin;
}

/* (D - x) / (D - reference), where harm was found and the gap below is surely more than its margin */
static int32_t set_share(const dpid_judge *j, const dpid_series *x, bool independent, dpid_estimate *out)
{
    *out = unknown;
    if (!gap_is_sure(j))
        return DEEPID_OK;
    return dpid_share_on(j, j->on, &j->base.view[j->on].d, x, &j->reference, independent, out);
}

/* The same of the gap in validation to S. */
static int32_t set_valid_share(const dpid_judge *j, const dpid_arm_evidence *arm, bool independent, dpid_estimate *out)
{
    const dpid_view *view = &j->base.view[j->base.valid_on];
    const dpid_series x = dpid_arm_on(j, j->base.valid_on, arm);
    *out = unknown;
    if (j->base.valid != DPID_HARM)
        return DEEPID_OK;
    DPID_TRY(dpid_share_on(j, j->base.valid_on, &view->d, &x, &view->s, independent, out));
    if (!isfinite(out->low) || !isfinite(out->high)) /* a gap that some draws of seeds do not have */
        *out = unknown;
    return DEEPID_OK;
}

/* 2 / 2^n <= 1 - level */
int64_t dpid_seeds_of_level(double level)
{
    const double slack = 1e-12;
    int64_t n = 1;
    for (double p = 1; p > 1 - level + slack; p /= 2)
        n++;
    return n;
}

/* ---- interventions -------------------------------------------------------------------------------- */

/* The lower end of the effect at a level that leaves room for every cause that is asked, and of a set for as many looks
   at each: at most (1 - level) of studies then say "contributes" of an arm that changes less than the margin. */
static int32_t set_sure_low(const dpid_judge *j, const dpid_series *d, const dpid_series *x, bool independent,
                            int64_t room, dpid_intervention *out)
{
    const double one = 2 * (1 - j->t.level) / (double)((j->asked > 0 ? j->asked : 1) * room);
    dpid_judge strict = *j;
    dpid_contrast effect;
    out->sure_low = out->effect.rank.low;
    strict.level = fmax(1 - one, j->level);
    out->least_seeds = dpid_seeds_of_level(strict.level);
    if (strict.level <= j->level || out->effect.n == 0)
        return DEEPID_OK;
    DPID_TRY(independent ? contrast_apart(&strict, NAN, d, x, &effect) : contrast(&strict, NAN, d, x, &effect));
    out->sure_low = effect.rank.low;
    return DEEPID_OK;
}

/* The margin as a share of the gap: what repairs surely less repairs nothing to talk about. */
double dpid_margin_of_gap(const dpid_judge *j)
{
    return j->gap.mean.value > 0 ? j->on_margin / j->gap.mean.value : 0;
}

/* confirmed: surely repairs more than half; contributes: surely more than the margin; refuted: surely less than the
   margin; minor: surely less than half, and maybe more than the margin. Runs that all diverged show nothing. */
static dpid_verdict_status status_of(const dpid_judge *j, const dpid_intervention *x)
{
    if (x->all_diverged)
        return DPID_UNDECIDED;
    if (x->share.low > j->t.share)
        return DPID_CONFIRMED;
    if (x->sure_low > j->on_margin)
        return DPID_CONTRIBUTES;
    if (x->effect.rank.high < j->on_margin || x->share.high < dpid_margin_of_gap(j))
        return DPID_REFUTED;
    return x->share.high < j->t.share ? DPID_MINOR : DPID_UNDECIDED;
}

/* The effect, with what a finding shows of it (p, the mean), which decides nothing and takes thousands of draws. */
static int32_t set_effect(dpid_judge *j, bool independent, bool shown, int64_t room, dpid_intervention *out)
{
    const dpid_series x = dpid_arm_on(j, j->on, out->arm);
    const dpid_series *d = &j->base.view[j->on].d;
    const double level = j->level;
    j->level = 1 - (1 - j->t.level) / (double)room;
    const int32_t status = independent ? contrast_apart(j, dpid_scale_cap(j, j->on), d, &x, &out->effect)
                           : shown     ? dpid_contrast_on(j, j->on, d, &x, &out->effect)
                                       : contrast(j, HUGE_VAL, d, &x, &out->effect);
    j->level = level;
    return status;
}

/* At a level that leaves room for so many looks. */
static int32_t intervene(dpid_judge *j, const dpid_arm_evidence *arm, bool independent, bool shown, int64_t room,
                         dpid_intervention *out)
{
    const dpid_series x = dpid_arm_on(j, j->on, arm);
    const dpid_series loss = dpid_arm_loss(j, arm);
    *out = (dpid_intervention){.arm = arm, .share = unknown, .valid_share = unknown, .best_of = 1};
    out->all_diverged = arm && dpid_arm_all_diverged(j, arm);
    DPID_TRY(dpid_series_median(j, &loss, &out->median));
    DPID_TRY(set_effect(j, independent, shown, room, out));
    j->level = 1 - (1 - j->t.level) / (double)room;
    if (out->effect.n > 0 && !out->all_diverged) {
        DPID_TRY(set_share(j, &x, independent, &out->share));
        DPID_TRY(set_valid_share(j, arm, independent, &out->valid_share));
    }
    DPID_TRY(set_sure_low(j, &j->base.view[j->on].d, &x, independent, room, out));
    j->level = j->t.level;
    out->status = status_of(j, out);
    return DEEPID_OK;
}

int32_t dpid_intervene(dpid_judge *j, const dpid_arm_evidence *arm, bool independent, dpid_intervention *out)
{
    return intervene(j, arm, independent, true, 1, out);
}

int32_t dpid_intervene_briefly(dpid_judge *j, const dpid_arm_evidence *arm, dpid_intervention *out)
{
    return intervene(j, arm, false, false, 1, out);
}

int32_t dpid_intervene_among(dpid_judge *j, const dpid_arm_evidence *arm, int64_t room, dpid_intervention *out)
{
    DPID_TRY(intervene(j, arm, false, true, room, out));
    out->best_of = room;
    return DEEPID_OK;
}

static double capped(double x, double most)
{
    return x > most ? most : x; /* NaN stays */
}

/* (from - x) / (D - reference): D is moved as far as from is by x. Moved, it may pass the cap. */
static int32_t share_of_step(const dpid_judge *j, const dpid_series *from, const dpid_series *x, dpid_estimate *out)
{
    const double most = dpid_scale_cap(j, j->on);
    const dpid_series d = dpid_series_make(j);
    const dpid_series moved = dpid_series_make(j);
    const dpid_series to = dpid_series_make(j);
    joint all;
    *out = unknown;
    if (!gap_is_sure(j))
        return DEEPID_OK;
    for (int64_t s = 0; s < j->e->seeds; s++) {
        d.at[s] = capped(j->base.view[j->on].d.at[s], most);
        moved.at[s] = d.at[s] - capped(from->at[s], most) + capped(x->at[s], most);
        to.at[s] = capped(j->reference.at[s], most);
    }
    int32_t status = join(j, &d, &moved, &to, &all);
    if (status == DEEPID_OK && all.n >= j->least_seeds)
        status =
            deepid_statistics_share(j->ctx, all.n, all.a, all.b, all.c, j->level, &out->value, &out->low, &out->high);
    part(j, &all);
    return status;
}

int32_t dpid_intervene_on(dpid_judge *j, const dpid_arm_evidence *from, const dpid_arm_evidence *arm,
                          dpid_intervention *out)
{
    const dpid_series before = dpid_arm_on(j, j->on, from);
    const dpid_series x = dpid_arm_on(j, j->on, arm);
    const dpid_series loss = dpid_arm_loss(j, arm);
    *out = (dpid_intervention){.arm = arm, .from = from, .share = unknown, .valid_share = unknown, .best_of = 1};
    out->all_diverged = dpid_arm_all_diverged(j, arm);
    DPID_TRY(dpid_series_median(j, &loss, &out->median));
    DPID_TRY(dpid_contrast_on(j, j->on, &before, &x, &out->effect));
    if (out->effect.n > 0 && !out->all_diverged)
        DPID_TRY(share_of_step(j, &before, &x, &out->share));
    DPID_TRY(set_sure_low(j, &before, &x, false, 1, out));
    out->status = status_of(j, out);
    return DEEPID_OK;
}

/* ---- what repairs validation ---------------------------------------------------------------------------- */

int32_t dpid_best_in_validation(dpid_judge *j, dpid_intervention *out)
{
    int64_t k = 0;
    *out = (dpid_intervention){.share = unknown, .valid_share = unknown};
    for (int64_t i = 0; i < j->e->arms; i++)
        k += dpid_arm_changes_deep(j, &j->e->arm[i]);
    for (int64_t i = 0; i < j->e->arms && j->base.valid == DPID_HARM; i++) {
        dpid_intervention x;
        if (!dpid_arm_changes_deep(j, &j->e->arm[i]))
            continue;
        DPID_TRY(intervene(j, &j->e->arm[i], false, false, k, &x));
        x.best_of = k;
        if (x.valid_share.low > j->t.share && !(x.valid_share.low <= out->valid_share.low))
            *out = x;
    }
    return out->arm ? set_effect(j, false, true, k, out) : DEEPID_OK;
}

/* ---- sets: the best member ----------------------------------------------------------------------------- */

static bool in_family(const dpid_judge *j, const dpid_arm_evidence *arm, const char *word, bool set)
{
    return set ? dpid_arm_in_set(arm, word) : arm == dpid_judge_arm(j, word);
}

/* By status, then by what it repairs, then by word. */
static bool better(const dpid_intervention *a, const dpid_intervention *b)
{
    if (!b->arm || a->status != b->status)
        return !b->arm || a->status > b->status;
    const bool shares = !isnan(a->share.value) && !isnan(b->share.value);
    const double of_a = shares ? a->share.value : a->effect.rank.value;
    const double of_b = shares ? b->share.value : b->effect.rank.value;
    return of_a != of_b ? of_a > of_b : strcmp(a->arm->word, b->arm->word) < 0;
}

/* How many members were run; how many of them were tuned; the one that tuning liked best. */
static const dpid_arm_evidence *survey(const dpid_judge *j, const char *word, bool set, int64_t *run, int64_t *tuned)
{
    const dpid_arm_evidence *best = NULL;
    *run = *tuned = 0;
    for (int64_t i = 0; i < j->e->arms; i++) {
        const dpid_arm_evidence *arm = &j->e->arm[i];
        if (!in_family(j, arm, word, set) || dpid_arm_shared(j, arm) == 0)
            continue;
        ++*run;
        *tuned += !isnan(arm->tuning_loss);
        if (!isnan(arm->tuning_loss) && (!best || arm->tuning_loss < best->tuning_loss ||
                                         (arm->tuning_loss == best->tuning_loss && strcmp(arm->word, best->word) < 0)))
            best = arm;
    }
    return best;
}

/* The best of k by the study's own losses, each with an interval that leaves room for so many looks, k at least. */
static int32_t best_of_all(dpid_judge *j, const char *word, bool set, int64_t k, int64_t room, dpid_intervention *out)
{
    *out = (dpid_intervention){.share = unknown, .valid_share = unknown, .best_of = 1};
    for (int64_t i = 0; i < j->e->arms; i++) {
        const dpid_arm_evidence *arm = &j->e->arm[i];
        dpid_intervention x;
        if (!in_family(j, arm, word, set) || dpid_arm_shared(j, arm) == 0)
            continue;
        DPID_TRY(intervene(j, arm, false, false, room, &x));
        x.best_of = k;
        if (better(&x, out))
            *out = x;
    }
    return out->arm ? set_effect(j, false, true, room, out) : DEEPID_OK;
}

/* Tuning may have liked another than the one that repairs. While the interval of the one it took is open, the others
   are looked at with a tenth of the level, so that both looks together miss hardly more often than one; where it is
   surely no main cause, or shows nothing, with all of it. */
int32_t dpid_intervene_best(dpid_judge *j, const char *word, bool set, dpid_intervention *out, int64_t *tried)
{
    enum { STRICT = 10 };
    dpid_intervention other;
    int64_t tuned;
    const dpid_arm_evidence *chosen = survey(j, word, set, tried, &tuned);
    if (!chosen || tuned < *tried || *tried == 1)
        return best_of_all(j, word, set, *tried, *tried, out);
    DPID_TRY(intervene(j, chosen, false, true, 1, out));
    if (out->status >= DPID_CONTRIBUTES)
        return DEEPID_OK;
    const bool open = out->status == DPID_UNDECIDED && !out->all_diverged;
    DPID_TRY(best_of_all(j, word, set, *tried, open ? STRICT * *tried : *tried, &other));
    if (other.status >= DPID_CONTRIBUTES)
        *out = other;
    return DEEPID_OK;
}
