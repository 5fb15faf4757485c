/* Finding what can be fused.   What for: fuse.h */
#include "net/fuse.h"

#include "ops/conv2d/conv2d.h"

#include <string.h>

typedef struct {
    int32_t count, first; /* steps that read it, the net's end counted as one; the first of them */
} readers;

typedef struct {
    const deepid_net *net;
    dpid_fusion *f;
    readers *read;
    const int32_t *segment;
} search;

static bool is_layer(const deepid_net *net, int32_t t, const char *word)
{
    return net->step[t].type == DPID_STEP_LAYER && strcmp(net->layer[net->step[t].layer].op.kind->word, word) == 0;
}

static void count_readers(search *s)
{
    const deepid_net *net = s->net;
    for (int32_t v = 0; v < net->values_count; v++)
        s->read[v] = (readers){0, -1};
    for (int32_t t = net->steps - 1; t >= 0; t--) {
        const int32_t both[2] = {net->step[t].in, net->step[t].skip};
        for (int k = 0; k < 2; k++) {
            if (both[k] < 0)
                continue;
            s->read[both[k]].count++;
            s->read[both[k]].first = t;
        }
    }
    s->read[net->step[net->steps - 1].out].count++;
}

/* The step that alone reads v, in the segment of step t; or -1. */
static int32_t only_reader(const search *s, int32_t v, int32_t t)
{
    const readers read = s->read[v];
    return read.count == 1 && read.first >= 0 && s->segment[read.first] == s->segment[t] ? read.first : -1;
}

/* ---- chains: conv2d, batchnorm [, join] [, relu or leaky_relu] ------------------------------- */

static bool rectifies(const deepid_net *net, int32_t t, dpid_kink *kink)
{
    const bool relu = is_layer(net, t, "relu");
    const bool leaky = is_layer(net, t, "leaky_relu");
    if (relu || leaky)
        *kink = (dpid_kink){true, leaky ? net->layer[net->step[t].layer].op.option[0].r : 0};
    return relu || (leaky && kink->below > 0); /* the slope can be told from the value */
}

/* The chain that begins at convolution t, as far as it goes; x -1 when there is none. */
static dpid_lazy follow(const search *s, int32_t t, int32_t *value)
{
    const deepid_net *net = s->net;
    dpid_lazy lazy = {.x = -1, .skip = -1, .load = -1};
    int32_t at = only_reader(s, net->step[t].out, t);
    if (at < 0 || !is_layer(net, at, "batchnorm"))
        return lazy;
    lazy.x = net->step[t].out;
    lazy.norm = lazy.end = at;
    *value = net->step[at].out;
    at = only_reader(s, *value, t);
    if (at >= 0 && net->step[at].type == DPID_STEP_JOIN && net->step[at].in == *value) {
        lazy.skip = net->step[at].skip;
        lazy.s = net->step[at].s;
        lazy.end = at;
        *value = net->step[at].out;
        at = only_reader(s, *value, t);
    }
    dpid_kink kink;
    if (at >= 0 && rectifies(net, at, &kink)) {
        lazy.kink = kink;
        lazy.end = at;
        *value = net->step[at].out;
    }
    return lazy;
}

/* Step t loads what the chain from convolution `first` makes: all of it, when it is kept for others to read. */
static bool loads(const search *s, int32_t first, int32_t t, bool kept)
{
    if (t < 0 || !is_layer(s->net, t, "conv2d") || s->segment[t] != s->segment[first])
        return false;
    return !kept || dpid_conv2d_sees_all(&s->net->layer[s->net->step[t].layer].op);
}

static bool in_chain(const deepid_net *net, const dpid_lazy *lazy, int32_t t)
{
    const dpid_step *step = &net->step[t];
    if (t == lazy->norm || t == lazy->end)
        return true;
    return lazy->skip >= 0 && step->type == DPID_STEP_JOIN && step->in == net->step[lazy->norm].out;
}

static void take_chain(search *s, int32_t t)
{
    const deepid_net *net = s->net;
    dpid_fusion *f = s->f;
    int32_t v = -1;
    dpid_lazy lazy = follow(s, t, &v);
    if (lazy.x < 0)
        return;
    const readers read = s->read[v];
    const bool kept = read.count > 1 || lazy.skip >= 0;
    const bool loaded = loads(s, t, read.first, kept);
    lazy.load = loaded ? read.first : -1;
    lazy.keep = !loaded || kept;
    f->lazy[v] = lazy;
    f->statistics[t] = lazy.norm;
    for (int32_t k = lazy.norm; k <= lazy.end; k++) {
        if (!in_chain(net, &lazy, k))
            continue;
        f->role[k] = k == lazy.norm ? DPID_ROLE_NORM : DPID_ROLE_ABSORBED;
        f->chain[k] = v;
        f->stored[net->step[k].out] = f->gradient[net->step[k].out] = false;
    }
    f->stored[v] = lazy.keep;
    f->gradient[v] = true;
    f->gradient[lazy.x] = false;
}

/* ---- skips: the gradient of a value that a convolution and a fused join read needs no pass of its own ------ */

static void take_skip(search *s, int32_t t)
{
    const deepid_net *net = s->net;
    dpid_fusion *f = s->f;
    const dpid_step *join = &net->step[t];
    const readers read = s->read[join->skip];
    const bool two =
        read.count == 2 && read.first >= 0 && f->role[read.first] == DPID_ROLE_CONV && f->addend[read.first] < 0;
    f->skip_now[t] = !two;
    if (two)
        f->addend[read.first] = f->chain[t];
}

/* ---- all -------------------------------------------------------------------------------------------------------- */

static int32_t make_lists(const deepid_net *net, dpid_arena *arena, dpid_fusion *f, readers **read)
{
    DPID_TRY(dpid_arena_alloc(arena, net->steps, sizeof *f->role, "net", &f->role));
    DPID_TRY(dpid_arena_alloc(arena, net->steps, sizeof *f->chain, "net", &f->chain));
    DPID_TRY(dpid_arena_alloc(arena, net->steps, sizeof *f->statistics, "net", &f->statistics));
    DPID_TRY(dpid_arena_alloc(arena, net->steps, sizeof *f->addend, "net", &f->addend));
    DPID_TRY(dpid_arena_alloc(arena, net->steps, sizeof *f->skip_now, "net", &f->skip_now));
    DPID_TRY(dpid_arena_alloc(arena, net->values_count, sizeof *f->lazy, "net", &f->lazy));
    DPID_TRY(dpid_arena_alloc(arena, net->values_count, sizeof *f->stored, "net", &f->stored));
    DPID_TRY(dpid_arena_alloc(arena, net->values_count, sizeof *f->gradient, "net", &f->gradient));
    return dpid_arena_alloc(arena, net->values_count, sizeof **read, "net", read);
}

int32_t dpid_fuse(const deepid_net *net, bool whole, const int32_t *segment, dpid_arena *arena, dpid_fusion *out)
{
    search s = {.net = net, .f = out, .segment = segment};
    DPID_TRY(make_lists(net, arena, out, &s.read));
    for (int32_t t = 0; t < net->steps; t++)
        out->chain[t] = out->statistics[t] = out->addend[t] = -1;
    for (int32_t v = 0; v < net->values_count; v++) {
        out->lazy[v].x = -1;
        out->stored[v] = out->gradient[v] = true;
    }
    count_readers(&s);
    for (int32_t t = 0; !whole && t < net->steps; t++)
        if (is_layer(net, t, "conv2d"))
            out->role[t] = DPID_ROLE_CONV;
    for (int32_t t = 0; !whole && t < net->steps; t++)
        if (out->role[t] == DPID_ROLE_CONV)
            take_chain(&s, t);
    for (int32_t t = 0; t < net->steps; t++)
        if (out->role[t] == DPID_ROLE_ABSORBED && net->step[t].type == DPID_STEP_JOIN)
            take_skip(&s, t);
    return DEEPID_OK;
}
