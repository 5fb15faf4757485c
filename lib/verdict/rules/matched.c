/* Validation at the same fit. At each seed the larger of the two nets' last training losses is a loss that both have
   passed; where each first falls to it, what does it validate? */
#include "verdict/rules/overfitting.h"

#include <float.h>
#include <math.h>

/* The training loss of the last point; NaN: there is none. */
static double last_loss(const dpid_arm_evidence *arm, const dpid_series *loss, int64_t seed)
{
    int64_t k = arm->points;
    if (!isfinite(loss->at[seed]))
        return (double)NAN;
    while (k > 0 && isnan(arm->curve_train[seed * arm->points + k - 1]))
        k--;
    return k > 0 ? arm->curve_train[seed * arm->points + k - 1] : (double)NAN;
}

/* A curve where the training loss first falls to level, linear in its logarithm between two points. */
static double at_level(const dpid_arm_evidence *arm, const double *curve, int64_t seed, double level)
{
    const double *train = arm->curve_train + seed * arm->points;
    const double *y = curve + seed * arm->points;
    int64_t k = 0;
    while (k < arm->points && !(train[k] <= level))
        k++;
    if (k == arm->points)
        return (double)NAN;
    if (k == 0)
        return y[0];
    const double before = log(train[k - 1]);
    const double way = (before - log(fmax(level, DBL_MIN))) / (before - log(fmax(train[k], DBL_MIN)));
    return way >= 0 && way < 1 ? y[k - 1] + way * (y[k] - y[k - 1]) : y[k];
}

static int32_t match(const dpid_judge *j, const dpid_series *level, const double *deep, const double *shallow,
                     dpid_validation_scale *v)
{
    const bool curves = deep && shallow;
    const dpid_series at[2] = {dpid_series_make(j), dpid_series_make(j)};
    const dpid_series matched = dpid_series_make(j);
    const dpid_series half = dpid_series_make(j);
    for (int64_t s = 0; s < j->e->seeds; s++) {
        const bool known = curves && !isnan(level->at[s]);
        at[0].at[s] = known ? at_level(j->d, deep, s, level->at[s]) : (double)NAN;
        at[1].at[s] = known ? at_level(j->s, shallow, s, level->at[s]) : (double)NAN;
        matched.at[s] = at[0].at[s] - at[1].at[s];
        half.at[s] = (v->deep.at[s] - v->shallow.at[s]) / 2;
    }
    DPID_TRY(dpid_contrast_of(j, &at[0], &at[1], DPID_RANKS_ONLY, &v->matched));
    return dpid_contrast_of(j, &matched, &half, DPID_RANKS_ONLY, &v->beyond);
}

int32_t dpid_match_fits(const dpid_judge *j, dpid_validation_scale scale[2], double *level)
{
    const dpid_arm_evidence *d = j->d;
    const dpid_arm_evidence *s = j->s;
    const bool curves = d && s && d->curve_train && s->curve_train;
    const dpid_series loss[2] = {dpid_arm_loss(j, d), dpid_arm_loss(j, s)};
    const dpid_series both = dpid_series_make(j);
    for (int64_t i = 0; i < j->e->seeds; i++) {
        const double last[2] = {curves ? last_loss(d, &loss[0], i) : (double)NAN,
                                curves ? last_loss(s, &loss[1], i) : (double)NAN};
        both.at[i] = isnan(last[0]) || isnan(last[1]) ? (double)NAN : fmax(last[0], last[1]);
    }
    DPID_TRY(dpid_series_median(j, &both, level));
    DPID_TRY(match(j, &both, curves ? d->curve_valid : NULL, curves ? s->curve_valid : NULL, &scale[0]));
    return match(j, &both, curves ? d->curve_valid_error : NULL, curves ? s->curve_valid_error : NULL, &scale[1]);
}
