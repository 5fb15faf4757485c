/* Evidence, judged: the same rules whoever trained. */
#include "evidence/evidence.h"

#include <math.h>

static int32_t const_loss_is_known(const deepid_evidence *e)
{
    if (!isnan(e->fact.const_loss))
        return DEEPID_OK;
    return dpid_fail(e->head.ctx, DEEPID_ERR_NUMERIC,
                     "evidence: const_loss is not known, the training loss of the best constant predictor: of K equal "
                     "classes log K (of 10 2.302585), of targets the loss of their mean; say the fact classes (or "
                     "--classes K), or const_loss itself");
}

static int32_t judge(const deepid_evidence *e, deepid_verdict **out)
{
    dpid_arena arena = {.ctx = e->head.ctx};
    dpid_evidence lent;
    if (!out)
        return dpid_fail(e->head.ctx, DEEPID_ERR_ARGUMENT, "evidence: out is NULL");
    DPID_TRY(const_loss_is_known(e));
    int32_t status = dpid_evidence_lend(e, &arena, &lent);
    if (status == DEEPID_OK)
        status = dpid_verdict_judge(e->head.ctx, &lent, &e->thresholds, out);
    dpid_arena_release(&arena);
    return status;
}

int32_t deepid_evidence_judge(const deepid_evidence *evidence, deepid_verdict **out)
{
    DPID_TRY(dpid_enter(evidence, DPID_MAGIC_EVIDENCE));
    return dpid_leave(evidence->head.ctx, judge(evidence, out));
}
