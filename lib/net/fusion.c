/* The table of fusions, and the cutting of a net's steps into stages. */
#include "net/fusion.h"

#include "net/graph.h"
#include "net/plan.h"
#include "net/rounding.h"

/* A whole plan is looked into and entered at any step: it runs step by step, by the last fusion. */
#define POINTER(word) &dpid_fusion_##word,
static const dpid_fusion *const fusions[] = {DPID_FUSIONS(POINTER)};
enum { FUSIONS = sizeof fusions / sizeof *fusions };

/* ---- cutting ------------------------------------------------------------------------- */

/* A stage ends where a segment ends. */
static int32_t within_segment(const dpid_plan *plan, int32_t first, int32_t count)
{
    int32_t inside = count > 0 ? 1 : 0;
    while (inside < count && plan->segments.of_step[first + inside] == plan->segments.of_step[first])
        inside++;
    return inside;
}

/* Rounding stands between steps: the last fusion does it, and those that round themselves. */
static bool may_run(const deepid_net *net, int32_t i)
{
    return !net->storage.on || i == FUSIONS - 1 || (fusions[i]->rounds && dpid_rounds_inside(net));
}

static dpid_stage stage_from(const deepid_net *net, const dpid_plan *plan, int32_t begin, int32_t first)
{
    dpid_stage stage = {.first = first};
    for (int32_t i = begin; i < FUSIONS && stage.count == 0; i++) {
        stage.fusion = fusions[i];
        stage.own = plan->found[i];
        if (may_run(net, i))
            stage.count = within_segment(plan, first, fusions[i]->take(net, plan, stage.own, first));
    }
    return stage;
}

int32_t dpid_stages_make(const deepid_net *net, dpid_plan *plan)
{
    const int32_t begin = plan->whole ? FUSIONS - 1 : 0;
    DPID_TRY(dpid_arena_alloc(&plan->arena, net->steps, sizeof *plan->stage, "net", &plan->stage));
    DPID_TRY(dpid_arena_alloc(&plan->arena, FUSIONS, sizeof *plan->found, "net", &plan->found));
    for (int32_t i = begin; i < FUSIONS; i++)
        if (fusions[i]->find && may_run(net, i))
            DPID_TRY(fusions[i]->find(net, plan, &plan->found[i]));
    for (int32_t t = 0; t < net->steps; t += plan->stage[plan->stages++].count)
        plan->stage[plan->stages] = stage_from(net, plan, begin, t);
    for (int32_t i = 0; i < plan->stages; i++)
        if (plan->stage[i].fusion->make)
            DPID_TRY(plan->stage[i].fusion->make(net, plan, &plan->stage[i]));
    return DEEPID_OK;
}

/* ---- asking --------------------------------------------------------------------------- */

bool dpid_stages_reserve(const deepid_net *net, dpid_plan *plan)
{
    for (int32_t i = 0; i < FUSIONS; i++)
        if (fusions[i]->reserve && plan->found[i] && !fusions[i]->reserve(net, plan, plan->found[i]))
            return false;
    return true;
}

int64_t dpid_stage_scratch(const deepid_net *net, const dpid_stage *stage, int64_t n, int32_t workers)
{
    const dpid_op *op = dpid_step_op(net, stage->first);
    return stage->fusion->scratch ? stage->fusion->scratch(net, stage, n, workers)
           : op                   ? dpid_op_scratch(op, n, workers)
                                  : 0;
}

/* Everything the stage's steps touch lives from its first to its last. */
static void use_all(const deepid_net *net, const dpid_stage *stage, const dpid_lifetimes *lifetimes)
{
    const int32_t first = stage->first;
    const int32_t last = first + stage->count - 1;
    for (int32_t t = first; t <= last; t++) {
        const int32_t used[] = {net->step[t].out, net->step[t].in, net->step[t].skip};
        for (int k = 0; k < 3 && used[k] >= 0; k++) {
            dpid_use_value(lifetimes, used[k], first);
            dpid_use_value(lifetimes, used[k], last);
            dpid_use_gradient(lifetimes, used[k], first);
            dpid_use_gradient(lifetimes, used[k], last);
        }
    }
}

void dpid_stage_use(const deepid_net *net, const dpid_stage *stage, const dpid_lifetimes *lifetimes)
{
    (stage->fusion->use ? stage->fusion->use : use_all)(net, stage, lifetimes);
}
