/* Two nets, S and D, compared on all scales: which harm is sure, and on which scale. */
#include "verdict/rules.h"

#include <math.h>

static double margin_of(const dpid_judge *j, dpid_scale scale, double median_s)
{
    const double given = scale == DPID_BY_LOSS ? j->e->margin : scale == DPID_BY_VALID_LOSS ? j->e->valid_margin : 0;
    switch (scale) {
    case DPID_BY_RATIO:
        return log(j->t.margin_ratio);
    case DPID_BY_ERROR:
        return j->t.margin_error;
    case DPID_BY_VALID_ERROR:
        return j->t.margin_valid_error;
    default:
        return isnan(given) ? dpid_margin_of(&j->t, j->e->const_loss, dpid_learnable(j->e), median_s) : given;
    }
}

static int32_t look(const dpid_judge *j, dpid_scale scale, const dpid_pair *pair, dpid_view *out)
{
    const dpid_series plain[2] = {dpid_arm_plain(j, scale, pair->s), dpid_arm_plain(j, scale, pair->d)};
    DPID_TRY(dpid_series_median(j, &plain[0], &out->median_s));
    DPID_TRY(dpid_series_median(j, &plain[1], &out->median_d));
    out->s = dpid_arm_on(j, scale, pair->s);
    out->d = dpid_arm_on(j, scale, pair->d);
    out->margin = margin_of(j, scale, out->median_s);
    DPID_TRY(dpid_contrast_on(j, scale, &out->d, &out->s, &out->harm));
    out->state = out->harm.n == 0 || isinf(out->median_s) ? DPID_HARM_UNKNOWN
                 : out->harm.rank.low > out->margin       ? DPID_HARM
                 : out->harm.rank.high < out->margin      ? DPID_HARM_NONE
                                                          : DPID_HARM_UNSURE;
    return DEEPID_OK;
}

/* On any scale; loss first. No harm: not on the loss, and not surely on another. */
static void sum_up_training(dpid_pair *pair)
{
    pair->on = DPID_BY_LOSS;
    pair->state = pair->view[DPID_BY_LOSS].state;
    for (int scale = DPID_TRAINING_SCALES - 1; scale >= 0; scale--) {
        if (pair->view[scale].state != DPID_HARM)
            continue;
        pair->state = DPID_HARM;
        pair->on = (dpid_scale)scale;
    }
}

static void sum_up_validation(dpid_pair *pair)
{
    const dpid_harm error = pair->view[DPID_BY_VALID_ERROR].state;
    const dpid_harm loss = pair->view[DPID_BY_VALID_LOSS].state;
    pair->valid = error > loss ? error : loss; /* from unknown to harm */
    pair->valid_on = error == pair->valid && error != DPID_HARM_UNKNOWN ? DPID_BY_VALID_ERROR : DPID_BY_VALID_LOSS;
}

int32_t dpid_pair_of(dpid_judge *j, const dpid_arm_evidence *s, const dpid_arm_evidence *d, dpid_pair *out)
{
    *out = (dpid_pair){.s = s, .d = d};
    for (int scale = 0; scale < DPID_SCALES; scale++)
        DPID_TRY(look(j, (dpid_scale)scale, out, &out->view[scale]));
    /* a shallow net that training only harmed is nothing to compare with */
    const bool harmed = dpid_worse_than_constant(j, out->view[DPID_BY_LOSS].median_s);
    for (int scale = 0; scale < DPID_SCALES && harmed; scale++)
        out->view[scale].state = DPID_HARM_UNKNOWN;
    sum_up_training(out);
    sum_up_validation(out);
    return DEEPID_OK;
}
