/* Was it the training? The same net, trained in another way, fits the sample at least as well as D and validates
   surely better: then the net is not to blame for what D validates. W0 is not asked: it is the shallow net in other
   clothes, and validates as that does. */
#include "verdict/rules/overfitting.h"

/* Surely no higher than D's, by the loss and by the ratio. */
static int32_t fits_as_well(const dpid_judge *j, const dpid_arm_evidence *arm, bool *fits)
{
    *fits = true;
    for (int scale = DPID_BY_LOSS; scale <= (int)DPID_BY_RATIO; scale++) {
        const dpid_view *view = &j->base.view[scale];
        const dpid_series x = dpid_arm_on(j, (dpid_scale)scale, arm);
        dpid_contrast above;
        DPID_TRY(dpid_contrast_of(j, &x, &view->d, DPID_INTERVAL_ONLY, &above));
        *fits = *fits && above.rank.high < view->margin;
    }
    return DEEPID_OK;
}

static int32_t validates_better(const dpid_judge *j, const dpid_arm_evidence *arm, const dpid_validation_scale *scale,
                                bool by_error, dpid_retrained *out)
{
    const dpid_series x = dpid_arm_series(j, arm, by_error ? arm->valid_error : arm->valid_loss);
    const dpid_series middle = dpid_series_make(j); /* half of the way from D to S */
    dpid_contrast beyond;
    for (int64_t s = 0; s < j->e->seeds; s++)
        middle.at[s] = (scale->deep.at[s] + scale->shallow.at[s]) / 2;
    DPID_TRY(dpid_contrast_of(j, &scale->deep, &x, DPID_RANKS_ONLY, &out->better));
    DPID_TRY(dpid_contrast_of(j, &middle, &x, DPID_RANKS_ONLY, &beyond));
    if (!(out->better.rank.low > scale->margin))
        return DEEPID_OK;
    out->arm = arm;
    out->half = beyond.rank.low > 0;
    out->by_error = by_error;
    DPID_TRY(dpid_series_median(j, &x, &out->valid));
    const dpid_series loss = dpid_arm_loss(j, arm);
    return dpid_series_median(j, &loss, &out->train);
}

/* One that repairs half before one that does not, then by what it repairs. */
static bool stronger(const dpid_retrained *a, const dpid_retrained *b)
{
    if (!a->arm || !b->arm || a->half != b->half)
        return a->arm && (!b->arm || a->half);
    return a->by_error == b->by_error && a->better.rank.value > b->better.rank.value;
}

int32_t dpid_retrained_best(const dpid_judge *j, const dpid_validation_scale scale[2], dpid_retrained *out)
{
    *out = (dpid_retrained){.arm = NULL};
    for (int64_t i = 0; i < j->e->arms; i++) {
        const dpid_arm_evidence *arm = &j->e->arm[i];
        bool fits;
        if (!dpid_arm_is_retrained(j, arm))
            continue;
        DPID_TRY(fits_as_well(j, arm, &fits));
        for (int k = 0; fits && k < 2; k++) {
            dpid_retrained x = {.arm = NULL};
            if (scale[k].found)
                DPID_TRY(validates_better(j, arm, &scale[k], k == 1, &x));
            if (stronger(&x, out))
                *out = x;
        }
    }
    return DEEPID_OK;
}
