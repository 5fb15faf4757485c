/* Finding lazy values.   What for: lazy.h */
#include "net/lazy.h"

#include "net/graph.h"
#include "net/plan.h"
#include "net/rounding.h"
#include "ops/conv2d/conv2d.h"

/* A batch-norm behind a convolution, and what can be worked out with it. */
enum { CONV, NORM, JOIN, KINK };

/* The way back tells its slope from the value. */
static bool is_invertible_kink(const deepid_net *net, int32_t t)
{
    return dpid_step_is_kink(net, t) && (dpid_step_is_relu(net, t) || dpid_step_kink(net, t).below > 0);
}

static const dpid_pattern pattern = {.link = {[CONV] = {.is = dpid_step_is_conv},
                                              [NORM] = {.is = dpid_step_is_norm},
                                              [JOIN] = {.is = dpid_step_is_join, .optional = true},
                                              [KINK] = {.is = is_invertible_kink, .optional = true}}};

typedef struct {
    const deepid_net *net;
    dpid_plan *plan;
    dpid_lazies *f;
    int32_t end; /* the step behind the segment that is looked into */
} search;

static dpid_lazy lazy_of(const deepid_net *net, const dpid_chain *chain)
{
    dpid_lazy lazy = {.x = net->step[chain->step[CONV]].out, .norm = chain->step[NORM], .skip = -1, .end = chain->last};
    if (chain->step[JOIN] >= 0) {
        lazy.skip = net->step[chain->step[JOIN]].skip;
        lazy.s = net->step[chain->step[JOIN]].s;
    }
    if (chain->step[KINK] >= 0)
        lazy.kink = dpid_step_kink(net, chain->step[KINK]);
    return lazy;
}

/* Step t loads what a chain makes: all of it, when it is kept for others to read. */
static bool loads(const search *s, int32_t t, bool kept)
{
    if (t >= s->end || !dpid_step_is_conv(s->net, t))
        return false;
    return !kept || dpid_conv2d_sees_all(dpid_step_op(s->net, t));
}

/* With storage: rounded all along. What stays f32 in between is left to the steps. */
static bool is_rounded(const deepid_net *net, const dpid_chain *chain)
{
    for (int k = CONV; k <= KINK; k++)
        if (chain->step[k] >= 0 && net->storage.on && !dpid_rounding_of_value(net, net->step[chain->step[k]].out))
            return false;
    return true;
}

static void take_chain(search *s, const dpid_chain *chain)
{
    const deepid_net *net = s->net;
    dpid_lazies *f = s->f;
    const int32_t v = net->step[chain->last].out;
    const dpid_value_info *value = &net->value[v];
    dpid_lazy lazy = lazy_of(net, chain);
    const bool kept = value->readers > 1 || lazy.skip >= 0;
    const bool loaded = loads(s, value->first_reader, kept);
    lazy.load = loaded ? value->first_reader : -1;
    lazy.keep = !loaded || kept;
    f->lazy[v] = lazy;
    f->statistics[chain->step[CONV]] = lazy.norm;
    for (int k = NORM; k <= KINK; k++) {
        const int32_t t = chain->step[k];
        if (t < 0)
            continue;
        f->role[t] = k == NORM ? DPID_ROLE_NORM : DPID_ROLE_ABSORBED;
        f->chain[t] = v;
        s->plan->stored[net->step[t].out] = s->plan->gradient_stored[net->step[t].out] = false;
    }
    s->plan->stored[v] = lazy.keep;
    s->plan->gradient_stored[v] = true;
    s->plan->gradient_stored[lazy.x] = false;
    s->plan->keeps_saved[lazy.norm] = true;
}

/* ---- skips: the gradient of a value that a convolution and a fused join read needs no pass of its own ------ */

static void take_skip(search *s, int32_t t)
{
    const deepid_net *net = s->net;
    dpid_lazies *f = s->f;
    const dpid_value_info *skip = &net->value[net->step[t].skip];
    const int32_t first = skip->first_reader;
    const bool two = skip->readers == 2 && f->role[first] == DPID_ROLE_CONV && f->addend[first] < 0;
    f->skip_now[t] = !two;
    if (two)
        f->addend[first] = f->chain[t];
}

/* ---- all -------------------------------------------------------------------------------------------------------- */

static int32_t make_lists(const deepid_net *net, dpid_arena *arena, dpid_lazies *f)
{
    DPID_TRY(dpid_arena_alloc(arena, net->steps, sizeof *f->role, "net", &f->role));
    DPID_TRY(dpid_arena_alloc(arena, net->steps, sizeof *f->chain, "net", &f->chain));
    DPID_TRY(dpid_arena_alloc(arena, net->steps, sizeof *f->statistics, "net", &f->statistics));
    DPID_TRY(dpid_arena_alloc(arena, net->steps, sizeof *f->addend, "net", &f->addend));
    DPID_TRY(dpid_arena_alloc(arena, net->steps, sizeof *f->skip_now, "net", &f->skip_now));
    DPID_TRY(dpid_arena_alloc(arena, net->steps, sizeof *f->sums, "net", &f->sums));
    return dpid_arena_alloc(arena, net->values_count, sizeof *f->lazy, "net", &f->lazy);
}

int32_t dpid_lazies_find(const deepid_net *net, dpid_plan *plan, void **out)
{
    dpid_lazies *f = NULL;
    const int32_t *segment = plan->segments.of_step;
    if (net->frozen)
        return DEEPID_OK;
    DPID_TRY(dpid_arena_alloc(&plan->arena, 1, sizeof *f, "net", &f));
    DPID_TRY(make_lists(net, &plan->arena, f));
    search s = {.net = net, .plan = plan, .f = f};
    for (int32_t t = 0; t < net->steps; t++) {
        f->chain[t] = f->statistics[t] = f->addend[t] = -1;
        f->role[t] = dpid_step_is_conv(net, t) ? DPID_ROLE_CONV : DPID_ROLE_PLAIN;
    }
    for (int32_t v = 0; v < net->values_count; v++)
        f->lazy[v].x = -1;
    for (int32_t t = 0; t < net->steps; t++) {
        dpid_chain chain;
        while (s.end < net->steps && (s.end <= t || segment[s.end] == segment[t]))
            s.end++;
        if (dpid_chain_find(net, &pattern, t, s.end, &chain) && is_rounded(net, &chain))
            take_chain(&s, &chain);
    }
    for (int32_t t = 0; t < net->steps; t++)
        if (f->role[t] == DPID_ROLE_ABSORBED && dpid_step_is_join(net, t))
            take_skip(&s, t);
    *out = f;
    return DEEPID_OK;
}
