/* Remedies: nets with an identity skip, and weaker ones, and with their layers in another order, by the share of the
   gap that they repair. They are other nets, so they are no causes. */
#include "verdict/rules.h"

#include <string.h>

static int32_t add(dpid_judge *j, const dpid_arm_evidence *arm, const char *word)
{
    deepid_verdict *v = j->v;
    dpid_intervention x;
    DPID_TRY(dpid_intervene_briefly(j, arm, &x));
    if (x.effect.n == 0 || v->remedies == DPID_REMEDIES_MAX)
        return DEEPID_OK;
    if (!strcmp(arm->word, "D_res"))
        j->skip = x;
    DPID_TRY(dpid_set_text(j, &v->remedy[v->remedies].arm, "%s", word));
    v->remedy[v->remedies].valid_share = x.valid_share;
    v->remedy[v->remedies++].share = x.share;
    return DEEPID_OK;
}

int32_t dpid_find_remedies(dpid_judge *j)
{
    const dpid_arm_evidence *skip = dpid_judge_arm(j, "D_res");
    int64_t orders;
    if (skip && j->d)
        DPID_TRY(add(j, skip, "skip"));
    for (int64_t i = 0; i < j->e->arms && j->d; i++)
        if (dpid_arm_in_set(&j->e->arm[i], "dial") || dpid_arm_in_set(&j->e->arm[i], "D_order"))
            DPID_TRY(add(j, &j->e->arm[i], j->e->arm[i].word));
    return j->d ? dpid_intervene_best(j, "D_order", true, &j->order, &orders) : DEEPID_OK;
}
