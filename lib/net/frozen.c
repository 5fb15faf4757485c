/* Making the program of a frozen net.   What for: frozen.h */
#include "net/frozen.h"

#include <string.h>

enum { LINE = 16 };                         /* reals that every part of memory is rounded up to */
enum { CACHE_BYTES = 160 << 10 };           /* of the values that one instruction reads and writes at a time */
enum { MOST_PICTURES = 8, MOST_ROWS = 64 }; /* of a group: of a net with convolutions, of one without */
enum { LEAST_GROUPS = 4 };                  /* of a batch */
/* of all that a worker needs: far beyond any memory, far below overflow */
static const int64_t most_reals = INT64_MAX / 65536;

typedef struct {
    const deepid_net *net;
    dpid_arena *arena, brief; /* of the plan; gone when the program is made */
    dpid_frozen *f;
    int64_t batch;
    int32_t *count, *reader; /* of each value: steps that read it, the net's end counted; one of them */
    bool *absorbed;          /* of each step: it is part of a chain that began before it */
    int32_t *start;          /* of each step: the first step of the chain that ends here; -1 */
    bool *planar;            /* of each value: only instructions that take room around pictures touch it */
    int32_t *made, *last;    /* of each place: the instruction that writes it, the last that reads it */
} making;

static const dpid_op *op_of(const deepid_net *net, int32_t t)
{
    return &net->layer[net->step[t].layer].op;
}

static bool is_layer(const deepid_net *net, int32_t t, const char *word)
{
    return net->step[t].type == DPID_STEP_LAYER && strcmp(op_of(net, t)->kind->word, word) == 0;
}

static int32_t output_of(const deepid_net *net)
{
    return net->step[net->steps - 1].out;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- chains: a layer, [a join,] [a rectifier] ------------------------------------------------- */

static void count_readers(making *m)
{
    const deepid_net *net = m->net;
    for (int32_t t = 0; t < net->steps; t++) {
        const int32_t both[2] = {net->step[t].in, net->step[t].skip};
        for (int k = 0; k < 2; k++) {
            if (both[k] < 0)
                continue;
            m->count[both[k]]++;
            m->reader[both[k]] = t;
        }
    }
    m->count[output_of(net)]++;
}

/* The step that alone reads the output of step t, or -1. */
static int32_t next_of(const making *m, int32_t t)
{
    const int32_t v = m->net->step[t].out;
    return m->count[v] == 1 && v != output_of(m->net) ? m->reader[v] : -1;
}

static bool rectifies(const deepid_net *net, int32_t t)
{
    return is_layer(net, t, "relu") || is_layer(net, t, "leaky_relu");
}

typedef struct {
    int32_t layer, join, kink, end; /* steps; -1: none */
} chain;

static chain chain_from(const making *m, int32_t t)
{
    const deepid_net *net = m->net;
    chain c = {.layer = -1, .join = -1, .kink = -1, .end = t};
    if (rectifies(net, t))
        c.kink = t;
    else if (net->step[t].type == DPID_STEP_JOIN)
        c.join = t;
    else
        c.layer = t;
    if (c.kink >= 0 || (c.layer >= 0 && !is_layer(net, t, "conv2d") && !is_layer(net, t, "batchnorm")))
        return c;
    int32_t next = next_of(m, c.end);
    if (c.join < 0 && next >= 0 && net->step[next].type == DPID_STEP_JOIN &&
        net->step[next].in == net->step[c.end].out) {
        c.join = c.end = next;
        next = next_of(m, c.end);
    }
    if (next >= 0 && rectifies(net, next))
        c.kink = c.end = next;
    return c;
}

static void find_chains(making *m)
{
    for (int32_t t = 0; t < m->net->steps; t++)
        m->start[t] = -1;
    for (int32_t t = 0; t < m->net->steps; t++) {
        if (m->absorbed[t])
            continue;
        const chain c = chain_from(m, t);
        m->start[c.end] = t;
        if (c.join >= 0)
            m->absorbed[c.join] = true;
        if (c.kink >= 0)
            m->absorbed[c.kink] = true;
    }
}

/* ---- instructions: each runs where its chain ends, there its skip is known ------------------------ */

static dpid_frozen_type type_of(const deepid_net *net, const chain *c)
{
    if (c->layer < 0 || is_layer(net, c->layer, "batchnorm"))
        return DPID_FROZEN_POINT;
    if (is_layer(net, c->layer, "conv2d"))
        return DPID_FROZEN_CONV;
    if (is_layer(net, c->layer, "channel_pad") && op_of(net, c->layer)->in.rank == 3)
        return DPID_FROZEN_PAD;
    return is_layer(net, c->layer, "dense") ? DPID_FROZEN_DENSE : DPID_FROZEN_OP;
}

static dpid_frozen_step step_of(const deepid_net *net, int32_t first, const chain *c)
{
    dpid_frozen_step s = {.type = type_of(net, c),
                          .layer = -1,
                          .in = net->step[first].in,
                          .skip = -1,
                          .out = net->step[c->end].out,
                          .packed = -1};
    if (c->layer >= 0)
        s.layer = net->step[c->layer].layer;
    if (c->join >= 0) {
        s.skip = net->step[c->join].skip;
        s.s = net->step[c->join].s;
    }
    if (c->kink >= 0)
        s.kink = (dpid_kink){true, is_layer(net, c->kink, "leaky_relu") ? op_of(net, c->kink)->option[0].r : 0};
    return s;
}

static bool takes_room(const dpid_frozen_step *s)
{
    return s->type == DPID_FROZEN_CONV || s->type == DPID_FROZEN_POINT || s->type == DPID_FROZEN_PAD;
}

static void find_steps(making *m)
{
    const deepid_net *net = m->net;
    dpid_frozen *f = m->f;
    for (int32_t t = 0; t < net->steps; t++) {
        if (m->start[t] < 0)
            continue;
        const chain c = chain_from(m, m->start[t]);
        f->step[f->steps++] = step_of(net, m->start[t], &c);
    }
    for (int32_t v = 0; v < net->values_count; v++)
        m->planar[v] = net->value[v].shape.rank == 3 && v != 0 && v != output_of(net);
    for (int32_t i = 0; i < f->steps; i++) {
        const dpid_frozen_step *s = &f->step[i];
        m->planar[s->in] &= takes_room(s);
        m->planar[s->out] &= takes_room(s);
    }
}

/* ---- places ------------------------------------------------------------------------------------------ */

static bool same_margin(const dpid_margin *a, const dpid_margin *b)
{
    return a->top == b->top && a->bottom == b->bottom && a->left == b->left && a->right == b->right &&
           a->pitch == b->pitch;
}

static dpid_margin dense(const dpid_shape *shape)
{
    return (dpid_margin){.pitch = shape->extent[shape->rank - 1]};
}

/* All planar values of one shape have the room that any of their readers needs: so they can take each other's place. */
static dpid_margin margin_of(const making *m, const dpid_shape *shape)
{
    dpid_margin most = dense(shape);
    for (int32_t i = 0; i < m->net->layers; i++) {
        const dpid_op *op = &m->net->layer[i].op;
        if (strcmp(op->kind->word, "conv2d") != 0 || !dpid_shape_equal(&op->in, shape))
            continue;
        const dpid_margin own = dpid_frozen_conv_margin(op, m->net->exact);
        most = (dpid_margin){larger(most.top, own.top), larger(most.bottom, own.bottom), larger(most.left, own.left),
                             larger(most.right, own.right), larger(most.pitch, own.pitch)};
    }
    return most;
}

/* Shapes repeat: one that an earlier place has needs no search. */
static dpid_margin margin_near(const making *m, int32_t places, const dpid_shape *shape)
{
    enum { NEAR = 64 };
    for (int32_t p = places - 1; p >= 0 && p >= places - NEAR; p--)
        if (dpid_shape_equal(&m->f->place[p].shape, shape) && (p >= m->net->values_count || m->planar[p]))
            return m->f->place[p].margin;
    return margin_of(m, shape);
}

static int32_t fail_size(const making *m)
{
    return dpid_fail(m->net->head.ctx, DEEPID_ERR_LIMIT,
                     "net: the buffers of %lld samples are more than can be counted", (long long)m->batch);
}

static int32_t set_reals(const making *m, dpid_frozen_place *p)
{
    const int64_t *e = p->shape.extent;
    const bool picture = p->shape.rank == 3;
    const int64_t extents[3] = {picture ? p->margin.top + e[0] + p->margin.bottom : 1,
                                picture ? p->margin.left + e[1] + p->margin.right : 1, p->margin.pitch};
    if (!dpid_product(3, extents, &p->reals) || p->reals > most_reals)
        return fail_size(m);
    return DEEPID_OK;
}

static int32_t make_places(making *m)
{
    const deepid_net *net = m->net;
    dpid_frozen *f = m->f;
    for (int32_t v = 0; v < net->values_count; v++, f->places++) {
        const dpid_shape *shape = &net->value[v].shape;
        f->place[v] = (dpid_frozen_place){.shape = *shape,
                                          .margin = m->planar[v] ? margin_near(m, v, shape) : dense(shape),
                                          .outside = v == 0 || v == output_of(net)};
        DPID_TRY(set_reals(m, &f->place[v]));
    }
    return DEEPID_OK;
}

/* A convolution of a value that lies dense, and has to have room: a copy goes before it. */
static int32_t add_copies(making *m)
{
    dpid_frozen *f = m->f;
    const int32_t steps = f->steps;
    dpid_frozen_step *from = f->step + steps; /* the list has room for twice as many */
    memmove(from, f->step, (size_t)steps * sizeof *from);
    f->steps = 0;
    for (int32_t i = 0; i < steps; i++) {
        dpid_frozen_step s = from[i];
        if (s.type == DPID_FROZEN_CONV && !m->planar[s.in]) {
            const dpid_margin own = dpid_frozen_conv_margin(&m->net->layer[s.layer].op, m->net->exact);
            const dpid_margin none = dense(&f->place[s.in].shape);
            if (!same_margin(&own, &none)) {
                f->place[f->places] = (dpid_frozen_place){.shape = f->place[s.in].shape,
                                                          .margin = margin_near(m, f->places, &f->place[s.in].shape)};
                DPID_TRY(set_reals(m, &f->place[f->places]));
                f->step[f->steps++] = (dpid_frozen_step){
                    .type = DPID_FROZEN_POINT, .layer = -1, .in = s.in, .skip = -1, .out = f->places, .packed = -1};
                s.in = f->places++;
            }
        }
        f->step[f->steps++] = s;
    }
    return DEEPID_OK;
}

/* ---- how many pictures at a time ------------------------------------------------------------------------- */

static int64_t power_below(int64_t x)
{
    int64_t p = 1;
    while (2 * p <= x)
        p *= 2;
    return p;
}

int64_t dpid_frozen_group(const dpid_frozen *f, int64_t n)
{
    return smaller(f->group, power_below(larger(1, n / LEAST_GROUPS)));
}

/* As many as stay in the cache; the group is the most of them. */
static void choose_together(making *m)
{
    dpid_frozen *f = m->f;
    const int64_t bytes = dpid_precision_bytes(m->net->precision);
    bool pictures = false;
    for (int32_t i = 0; i < f->steps; i++)
        pictures |= f->step[i].type == DPID_FROZEN_CONV;
    const int64_t most = pictures ? MOST_PICTURES : MOST_ROWS;
    f->group = 1;
    for (int32_t i = 0; i < f->steps; i++) {
        dpid_frozen_step *s = &f->step[i];
        s->together = smaller(
            most, power_below(larger(1, CACHE_BYTES / bytes / (f->place[s->in].reals + f->place[s->out].reals))));
        f->group = larger(f->group, s->together);
    }
    f->group = dpid_frozen_group(f, m->batch);
    for (int32_t i = 0; i < f->steps; i++) {
        dpid_frozen_step *s = &f->step[i];
        s->together = smaller(s->together, f->group);
        s->segment = i == 0 ? 0 : f->step[i - 1].segment + (s->together != f->step[i - 1].together);
    }
}

/* ---- where values lie ---------------------------------------------------------------------------------------- */

static void find_lives(making *m)
{
    const dpid_frozen *f = m->f;
    for (int32_t i = 0; i < f->steps; i++) {
        const dpid_frozen_step *s = &f->step[i];
        const int32_t read[2] = {s->in, s->skip};
        m->made[s->out] = i;
        for (int k = 0; k < 2; k++) {
            if (read[k] < 0)
                continue;
            m->last[read[k]] = i;
            f->place[read[k]].whole |= f->step[m->made[read[k]]].segment != s->segment;
        }
    }
    for (int32_t p = 0; p < f->places; p++)
        f->place[p].pictures = f->place[p].whole ? f->group : f->step[m->made[p]].together;
}

static bool fits(const dpid_frozen_place *a, const dpid_frozen_place *b)
{
    return dpid_shape_equal(&a->shape, &b->shape) && same_margin(&a->margin, &b->margin) &&
           a->pictures == b->pictures && a->whole == b->whole && !a->outside && !b->outside;
}

/* What is read for the last time by the instruction that writes may take the result where both are seen pixel by
   pixel. */
static bool dies_at(const making *m, int32_t place, int32_t i)
{
    const dpid_frozen_step *s = &m->f->step[i];
    const bool in_place = (s->type == DPID_FROZEN_POINT && (place == s->in || place == s->skip)) ||
                          (s->type == DPID_FROZEN_CONV && place == s->skip && place != s->in);
    return m->last[place] < i || (m->last[place] == i && in_place);
}

/* A free place of the same shape and room, or a new one: so margins stay 0. holder: of each slot, the place in it. */
static int32_t place_all(making *m)
{
    dpid_frozen *f = m->f;
    int32_t *holder = NULL;
    int32_t slots = 0;
    DPID_TRY(dpid_arena_alloc(&m->brief, f->places, sizeof *holder, "net", &holder));
    for (int32_t i = 0; i < f->steps; i++) {
        const int32_t out = f->step[i].out;
        dpid_frozen_place *p = &f->place[out];
        int32_t slot = 0;
        if (p->outside)
            continue;
        while (slot < slots && !(fits(&f->place[holder[slot]], p) && dies_at(m, holder[slot], i)))
            slot++;
        p->offset = slot < slots ? f->place[holder[slot]].offset : f->values;
        holder[slot] = out;
        if (slot < slots)
            continue;
        slots++;
        f->values += (p->reals * p->pictures + LINE - 1) / LINE * LINE;
        if (f->values > most_reals)
            return fail_size(m);
    }
    return DEEPID_OK;
}

/* ---- packed numbers, and what a worker needs beside the values -----------------------------------------------------
 */

static int32_t make_conv(making *m, dpid_frozen_step *s)
{
    const dpid_op *op = &m->net->layer[s->layer].op;
    const dpid_frozen_place *in = &m->f->place[s->in];
    char *memory = NULL;
    DPID_TRY(dpid_arena_alloc(m->arena, dpid_frozen_conv_bytes(op), 1, "net", &memory));
    dpid_frozen_conv_make(op, m->net->exact,
                          (in->margin.left + in->shape.extent[1] + in->margin.right) * in->margin.pitch,
                          in->margin.pitch, memory, &s->conv);
    m->f->room = larger(m->f->room, s->conv.room);
    return DEEPID_OK;
}

static int64_t packed_reals(const deepid_net *net, const dpid_frozen_step *s)
{
    if (s->layer < 0)
        return 0;
    const dpid_op *op = &net->layer[s->layer].op;
    return s->type == DPID_FROZEN_CONV    ? s->conv.packed
           : s->type == DPID_FROZEN_DENSE ? op->macs
           : s->type == DPID_FROZEN_POINT ? op->saved_fixed
                                          : 0;
}

static int32_t add_step_memory(making *m, dpid_frozen_step *s)
{
    dpid_frozen *f = m->f;
    if (s->type == DPID_FROZEN_CONV)
        DPID_TRY(make_conv(m, s));
    s->packed = f->packed_reals;
    f->packed_reals += (packed_reals(m->net, s) + LINE - 1) / LINE * LINE;
    if (s->type == DPID_FROZEN_OP) {
        const dpid_op *op = &m->net->layer[s->layer].op;
        int64_t saved;
        if (!dpid_mul(op->saved_per_sample, s->together, &saved) || !dpid_add(saved, op->saved_fixed, &saved))
            return fail_size(m);
        f->saved = larger(f->saved, saved);
    }
    return f->packed_reals > most_reals || f->room > most_reals || f->saved > most_reals ? fail_size(m) : DEEPID_OK;
}

int64_t dpid_frozen_scratch(const deepid_net *net, const dpid_frozen *f, int32_t workers)
{
    int64_t most = 0;
    for (int32_t i = 0; i < f->steps; i++)
        if (f->step[i].type == DPID_FROZEN_OP)
            most = larger(most, dpid_op_scratch(&net->layer[f->step[i].layer].op, f->step[i].together, workers));
    return most;
}

/* ---- all ------------------------------------------------------------------------------------------------------------
 */

static int32_t make_lists(making *m)
{
    const deepid_net *net = m->net;
    dpid_arena *brief = &m->brief;
    DPID_TRY(dpid_arena_alloc(m->arena, 2 * (int64_t)net->steps, sizeof *m->f->step, "net", &m->f->step));
    DPID_TRY(
        dpid_arena_alloc(m->arena, net->values_count + (int64_t)net->steps, sizeof *m->f->place, "net", &m->f->place));
    DPID_TRY(dpid_arena_alloc(brief, net->values_count, sizeof *m->count, "net", &m->count));
    DPID_TRY(dpid_arena_alloc(brief, net->values_count, sizeof *m->reader, "net", &m->reader));
    DPID_TRY(dpid_arena_alloc(brief, net->values_count, sizeof *m->planar, "net", &m->planar));
    DPID_TRY(dpid_arena_alloc(brief, net->steps, sizeof *m->absorbed, "net", &m->absorbed));
    DPID_TRY(dpid_arena_alloc(brief, net->steps, sizeof *m->start, "net", &m->start));
    DPID_TRY(dpid_arena_alloc(brief, net->values_count + (int64_t)net->steps, sizeof *m->made, "net", &m->made));
    return dpid_arena_alloc(brief, net->values_count + (int64_t)net->steps, sizeof *m->last, "net", &m->last);
}

static int32_t fill(making *m)
{
    DPID_TRY(make_lists(m));
    count_readers(m);
    find_chains(m);
    find_steps(m);
    DPID_TRY(make_places(m));
    DPID_TRY(add_copies(m));
    choose_together(m);
    find_lives(m);
    DPID_TRY(place_all(m));
    for (int32_t i = 0; i < m->f->steps; i++)
        DPID_TRY(add_step_memory(m, &m->f->step[i]));
    m->f->alone = dpid_frozen_scratch(m->net, m->f, 1);
    return dpid_alloc(m->net->head.ctx, m->f->packed_reals, dpid_precision_bytes(m->net->precision),
                      "net's packed weights", &m->f->packed);
}

int32_t dpid_frozen_make(const deepid_net *net, int64_t n, dpid_arena *arena, dpid_frozen **out)
{
    making m = {.net = net, .arena = arena, .brief = {.ctx = net->head.ctx}, .batch = n};
    DPID_TRY(dpid_arena_alloc(arena, 1, sizeof *m.f, "net", &m.f));
    *out = m.f; /* in the plan already when something fails: released with it */
    m.f->isa = DPID_ISAS;
    const int32_t status = fill(&m);
    dpid_arena_release(&m.brief);
    return status;
}

void dpid_frozen_release(deepid_ctx *ctx, dpid_frozen *f)
{
    if (f)
        dpid_free(ctx, f->packed);
}
