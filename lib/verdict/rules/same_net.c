/* Arms that train the deep net itself in another way: what one of them reaches, the net can represent and its
   gradients can find. Not among them: the arm that is judged, W0, which nobody trained, and nets that compute something
   else: with a skip, with their layers in another order, or with coarser numbers. */
#include "verdict/rules.h"

#include <math.h>
#include <string.h>

bool dpid_arm_is_retrained(const dpid_judge *j, const dpid_arm_evidence *arm)
{
    if (arm == j->d || !strcmp(arm->word, "D_res") || dpid_arm_in_set(arm, "D_order") || dpid_arm_is_coarser(arm))
        return false;
    return arm->word[0] == 'D' || !strncmp(arm->word, "WT", 2);
}

int32_t dpid_reaches_shallow(const dpid_judge *j, const char *first, const dpid_arm_evidence **out,
                             dpid_contrast *above)
{
    *out = NULL;
    for (int64_t i = 0; i < j->e->arms && !isinf(j->median_s); i++) {
        const dpid_arm_evidence *arm = &j->e->arm[i];
        const dpid_series on = dpid_arm_on(j, j->on, arm);
        dpid_contrast x;
        if (!dpid_arm_is_retrained(j, arm))
            continue;
        DPID_TRY(dpid_contrast_of(j, &on, &j->base.view[j->on].s, DPID_INTERVAL_ONLY, &x));
        const bool foremost = first && !strcmp(arm->word, first);
        if (!(x.rank.high < j->on_margin) || (*out && !foremost && !(x.rank.value < above->rank.value)))
            continue;
        *out = arm;
        *above = x;
        if (foremost)
            break;
    }
    if (!*out)
        return DEEPID_OK;
    const dpid_series on = dpid_arm_on(j, j->on, *out);
    return dpid_contrast_on(j, j->on, &on, &j->base.view[j->on].s, above);
}
