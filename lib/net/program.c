/* Making the program of a frozen net.   What for: program.h */
#include "net/program.h"

#include "net/graph.h"
#include "net/place.h"
#include "net/plan.h"

#include <string.h>

enum { LINE = 16 };                         /* reals that every part of memory is rounded up to */
enum { CACHE_BYTES = 160 << 10 };           /* of the values that one instruction reads and writes at a time */
enum { MOST_PICTURES = 8, MOST_ROWS = 64 }; /* of a chunk: of a net with convolutions, of one without */
enum { LEAST_CHUNKS = 4 };                  /* of a batch */
/* of all that a worker needs: far beyond any memory, far below overflow */
static const int64_t most_reals = INT64_MAX / 65536;

typedef struct {
    const deepid_net *net;
    dpid_arena *arena, brief; /* of the plan; gone when the program is made */
    dpid_program *f;
    int64_t batch;
    bool *absorbed;      /* of each step: it is part of a chain that began before it */
    int32_t *start;      /* of each step: the first step of the chain that ends here; -1 */
    bool *planar;        /* of each value: only instructions that take room around pictures touch it */
    int32_t *made;       /* of each place: the instruction that writes it */
    dpid_lifetime *life; /* of what each instruction writes: it reads at twice its number, and then writes */
    int32_t *slot;       /* for dpid_place_by_class */
} making;

/* ---- chains: a layer, [a join,] [a rectifier] ------------------------------------------------- */

enum { LAYER, JOIN, KINK };

static bool has_epilogue(const deepid_net *net, int32_t t)
{
    return dpid_step_is_conv(net, t) || dpid_step_is_norm(net, t);
}

static const dpid_pattern pattern = {.link = {[LAYER] = {.is = has_epilogue, .optional = true},
                                              [JOIN] = {.is = dpid_step_is_join, .optional = true},
                                              [KINK] = {.is = dpid_step_is_kink, .optional = true}}};

/* A layer that nothing can be done with is a chain by itself. */
static dpid_chain chain_from(const deepid_net *net, int32_t t)
{
    dpid_chain c;
    if (!dpid_chain_find(net, &pattern, t, net->steps, &c))
        c.step[LAYER] = c.last = t;
    return c;
}

static void find_chains(making *m)
{
    for (int32_t t = 0; t < m->net->steps; t++)
        m->start[t] = -1;
    for (int32_t t = 0; t < m->net->steps; t++) {
        if (m->absorbed[t])
            continue;
        const dpid_chain c = chain_from(m->net, t);
        m->start[c.last] = t;
        for (int k = JOIN; k <= KINK; k++)
            if (c.step[k] >= 0)
                m->absorbed[c.step[k]] = true;
    }
}

/* ---- instructions: each runs where its chain ends, there its skip is known ------------------------ */

static dpid_instruction_type type_of(const deepid_net *net, int32_t layer)
{
    if (layer < 0 || dpid_step_is_norm(net, layer))
        return DPID_INSTRUCTION_POINT;
    if (dpid_step_is_conv(net, layer))
        return DPID_INSTRUCTION_CONV;
    if (dpid_step_is_pad(net, layer) && dpid_step_op(net, layer)->in.rank > 1)
        return DPID_INSTRUCTION_PAD;
    return dpid_step_is_dense(net, layer) ? DPID_INSTRUCTION_DENSE : DPID_INSTRUCTION_OP;
}

static dpid_instruction gate_of(const dpid_step *step)
{
    return (dpid_instruction){
        .type = DPID_INSTRUCTION_GATE, .layer = -1, .in = step->in, .skip = step->skip, .out = step->out, .packed = -1};
}

static dpid_instruction step_of(const deepid_net *net, int32_t first, const dpid_chain *c)
{
    if (net->step[first].type == DPID_STEP_GATE)
        return gate_of(&net->step[first]);
    dpid_instruction s = {.type = type_of(net, c->step[LAYER]),
                          .layer = -1,
                          .in = net->step[first].in,
                          .skip = -1,
                          .out = net->step[c->last].out,
                          .packed = -1};
    if (c->step[LAYER] >= 0)
        s.layer = net->step[c->step[LAYER]].layer;
    if (c->step[JOIN] >= 0) {
        s.skip = net->step[c->step[JOIN]].skip;
        s.s = net->step[c->step[JOIN]].s;
    }
    if (c->step[KINK] >= 0)
        s.kink = dpid_step_kink(net, c->step[KINK]);
    return s;
}

static bool takes_room(const dpid_instruction *s)
{
    return s->type == DPID_INSTRUCTION_CONV || s->type == DPID_INSTRUCTION_POINT || s->type == DPID_INSTRUCTION_PAD;
}

static void find_steps(making *m)
{
    const deepid_net *net = m->net;
    dpid_program *f = m->f;
    for (int32_t t = 0; t < net->steps; t++) {
        if (m->start[t] < 0)
            continue;
        const dpid_chain c = chain_from(net, m->start[t]);
        f->step[f->steps++] = step_of(net, m->start[t], &c);
    }
    for (int32_t v = 0; v < net->values_count; v++)
        m->planar[v] = net->value[v].shape.rank > 1 && v != 0 && v != dpid_graph_output(net);
    for (int32_t i = 0; i < f->steps; i++) {
        const dpid_instruction *s = &f->step[i];
        m->planar[s->in] &= takes_room(s);
        m->planar[s->out] &= takes_room(s);
        if (s->skip >= 0)
            m->planar[s->skip] &= takes_room(s);
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
    for (int32_t t = 0; t < m->net->steps; t++) {
        if (!dpid_step_is_conv(m->net, t) || !dpid_shape_equal(&dpid_step_op(m->net, t)->in, shape))
            continue;
        const dpid_margin own = dpid_packed_conv_margin(dpid_step_op(m->net, t), m->net->exact);
        most = (dpid_margin){dpid_larger(most.top, own.top), dpid_larger(most.bottom, own.bottom),
                             dpid_larger(most.left, own.left), dpid_larger(most.right, own.right),
                             dpid_larger(most.pitch, own.pitch)};
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

static int32_t set_reals(const making *m, dpid_program_place *p)
{
    const dpid_shape shape = dpid_shape_picture(&p->shape);
    const int64_t extents[3] = {p->margin.top + shape.extent[0] + p->margin.bottom,
                                p->margin.left + shape.extent[1] + p->margin.right, p->margin.pitch};
    if (!dpid_product(3, extents, &p->reals) || p->reals > most_reals)
        return fail_size(m);
    return DEEPID_OK;
}

static int32_t make_places(making *m)
{
    const deepid_net *net = m->net;
    dpid_program *f = m->f;
    for (int32_t v = 0; v < net->values_count; v++, f->places++) {
        const dpid_shape *shape = &net->value[v].shape;
        f->place[v] = (dpid_program_place){.shape = *shape,
                                           .margin = m->planar[v] ? margin_near(m, v, shape) : dense(shape),
                                           .outside = v == 0 || v == dpid_graph_output(net)};
        DPID_TRY(set_reals(m, &f->place[v]));
    }
    return DEEPID_OK;
}

/* A convolution of a value that lies dense, and has to have room: a copy goes before it. */
static int32_t add_copies(making *m)
{
    dpid_program *f = m->f;
    const int32_t steps = f->steps;
    dpid_instruction *from = f->step + steps; /* the list has room for twice as many */
    memmove(from, f->step, (size_t)steps * sizeof *from);
    f->steps = 0;
    for (int32_t i = 0; i < steps; i++) {
        dpid_instruction s = from[i];
        if (s.type == DPID_INSTRUCTION_CONV && !m->planar[s.in]) {
            const dpid_margin own = dpid_packed_conv_margin(&m->net->layer[s.layer].op, m->net->exact);
            const dpid_margin none = dense(&f->place[s.in].shape);
            if (!same_margin(&own, &none)) {
                f->place[f->places] = (dpid_program_place){.shape = f->place[s.in].shape,
                                                           .margin = margin_near(m, f->places, &f->place[s.in].shape)};
                DPID_TRY(set_reals(m, &f->place[f->places]));
                f->step[f->steps++] = (dpid_instruction){.type = DPID_INSTRUCTION_POINT,
                                                         .layer = -1,
                                                         .in = s.in,
                                                         .skip = -1,
                                                         .out = f->places,
                                                         .packed = -1};
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

int64_t dpid_program_chunk(const dpid_program *f, int64_t n)
{
    return dpid_smaller(f->chunk, power_below(dpid_larger(1, n / LEAST_CHUNKS)));
}

/* As many as stay in the cache; a chunk is the most of them. */
static void choose_together(making *m)
{
    dpid_program *f = m->f;
    const int64_t bytes = dpid_precision_bytes(m->net->precision);
    bool pictures = false;
    for (int32_t i = 0; i < f->steps; i++)
        pictures |= f->step[i].type == DPID_INSTRUCTION_CONV;
    const int64_t most = pictures ? MOST_PICTURES : MOST_ROWS;
    f->chunk = 1;
    for (int32_t i = 0; i < f->steps; i++) {
        dpid_instruction *s = &f->step[i];
        s->together = dpid_smaller(
            most, power_below(dpid_larger(1, CACHE_BYTES / bytes / (f->place[s->in].reals + f->place[s->out].reals))));
        f->chunk = dpid_larger(f->chunk, s->together);
    }
    f->chunk = dpid_program_chunk(f, m->batch);
    for (int32_t i = 0; i < f->steps; i++) {
        dpid_instruction *s = &f->step[i];
        s->together = dpid_smaller(s->together, f->chunk);
        s->stretch = i == 0 ? 0 : f->step[i - 1].stretch + (s->together != f->step[i - 1].together);
    }
}

/* ---- where values lie ---------------------------------------------------------------------------------------- */

/* An instruction that sees its arrays pixel by pixel may write its result where it reads. */
static bool writes_in_place(const dpid_instruction *s, int32_t place)
{
    return s->type == DPID_INSTRUCTION_POINT ||
           (s->type == DPID_INSTRUCTION_CONV && place == s->skip && place != s->in);
}

static void read_at(making *m, int32_t place, int32_t i)
{
    dpid_program *f = m->f;
    if (place <= 0)
        return;
    f->place[place].whole |= f->step[m->made[place]].stretch != f->step[i].stretch;
    dpid_lifetime_use(&m->life[m->made[place]], 2 * i + !writes_in_place(&f->step[i], place));
}

static void find_lives(making *m)
{
    const dpid_program *f = m->f;
    for (int32_t i = 0; i < f->steps; i++) {
        const dpid_instruction *s = &f->step[i];
        m->made[s->out] = i;
        m->life[i].first = m->life[i].last = 2 * i + 1;
        read_at(m, s->in, i);
        read_at(m, s->skip, i);
    }
    for (int32_t p = 0; p < f->places; p++)
        f->place[p].pictures = f->place[p].whole ? f->chunk : f->step[m->made[p]].together;
}

static bool fits(const dpid_program_place *a, const dpid_program_place *b)
{
    return dpid_shape_equal(&a->shape, &b->shape) && same_margin(&a->margin, &b->margin) &&
           a->pictures == b->pictures && a->whole == b->whole && !a->outside && !b->outside;
}

/* Values of the same shape, room and number of pictures take each other's place: so margins stay 0. */
static void find_classes(making *m)
{
    const dpid_program *f = m->f;
    int32_t classes = 0; /* slot: the first instruction of each */
    for (int32_t i = 0; i < f->steps; i++) {
        const dpid_program_place *p = &f->place[f->step[i].out];
        int32_t class = 0;
        while (class < classes && !fits(&f->place[f->step[m->slot[class]].out], p))
            class ++;
        if (class == classes)
            m->slot[classes++] = i;
        m->life[i].class = class;
        m->life[i].size = p->outside ? 0 : (p->reals * p->pictures + LINE - 1) / LINE * LINE;
    }
}

static int32_t place_all(making *m)
{
    dpid_program *f = m->f;
    find_classes(m);
    if (!dpid_place_by_class(m->life, f->steps, m->slot, &f->values) || f->values > most_reals)
        return fail_size(m);
    for (int32_t i = 0; i < f->steps; i++)
        f->place[f->step[i].out].offset = m->life[i].offset;
    return DEEPID_OK;
}

/* ---- packed numbers, and what a worker needs beside the values -----------------------------------------------------
 */

static int32_t make_conv(making *m, dpid_instruction *s)
{
    const dpid_op *op = &m->net->layer[s->layer].op;
    const dpid_program_place *in = &m->f->place[s->in];
    const int64_t width = dpid_shape_picture(&in->shape).extent[1];
    char *memory = NULL;
    DPID_TRY(dpid_arena_alloc(m->arena, dpid_packed_conv_bytes(op), 1, "net", &memory));
    dpid_packed_conv_make(op, m->net->exact, (in->margin.left + width + in->margin.right) * in->margin.pitch,
                          in->margin.pitch, memory, &s->conv);
    m->f->room = dpid_larger(m->f->room, s->conv.scratch);
    return DEEPID_OK;
}

static int64_t packed_reals(const deepid_net *net, const dpid_instruction *s)
{
    if (s->layer < 0)
        return 0;
    const dpid_op *op = &net->layer[s->layer].op;
    return s->type == DPID_INSTRUCTION_CONV    ? s->conv.packed
           : s->type == DPID_INSTRUCTION_DENSE ? op->macs
           : s->type == DPID_INSTRUCTION_POINT ? op->saved_fixed
                                               : 0;
}

static int32_t add_step_memory(making *m, dpid_instruction *s)
{
    dpid_program *f = m->f;
    if (s->type == DPID_INSTRUCTION_CONV)
        DPID_TRY(make_conv(m, s));
    s->packed = f->packed_reals;
    f->packed_reals += (packed_reals(m->net, s) + LINE - 1) / LINE * LINE;
    if (s->type == DPID_INSTRUCTION_OP) {
        const dpid_op *op = &m->net->layer[s->layer].op;
        int64_t saved;
        if (!dpid_mul(op->saved_per_sample, s->together, &saved) || !dpid_add(saved, op->saved_fixed, &saved))
            return fail_size(m);
        f->saved = dpid_larger(f->saved, saved);
    }
    return f->packed_reals > most_reals || f->room > most_reals || f->saved > most_reals ? fail_size(m) : DEEPID_OK;
}

int64_t dpid_program_scratch(const deepid_net *net, const dpid_program *f, int32_t workers)
{
    int64_t most = 0;
    for (int32_t i = 0; i < f->steps; i++)
        if (f->step[i].type == DPID_INSTRUCTION_OP)
            most = dpid_larger(most, dpid_op_scratch(&net->layer[f->step[i].layer].op, f->step[i].together, workers));
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
    DPID_TRY(dpid_arena_alloc(brief, net->values_count, sizeof *m->planar, "net", &m->planar));
    DPID_TRY(dpid_arena_alloc(brief, net->steps, sizeof *m->absorbed, "net", &m->absorbed));
    DPID_TRY(dpid_arena_alloc(brief, net->steps, sizeof *m->start, "net", &m->start));
    DPID_TRY(dpid_arena_alloc(brief, 2 * (int64_t)net->steps, sizeof *m->life, "net", &m->life));
    DPID_TRY(dpid_arena_alloc(brief, 2 * (int64_t)net->steps, sizeof *m->slot, "net", &m->slot));
    return dpid_arena_alloc(brief, net->values_count + (int64_t)net->steps, sizeof *m->made, "net", &m->made);
}

static int32_t fill_program(making *m)
{
    DPID_TRY(make_lists(m));
    find_chains(m);
    find_steps(m);
    DPID_TRY(make_places(m));
    DPID_TRY(add_copies(m));
    choose_together(m);
    find_lives(m);
    DPID_TRY(place_all(m));
    for (int32_t i = 0; i < m->f->steps; i++)
        DPID_TRY(add_step_memory(m, &m->f->step[i]));
    m->f->alone = dpid_program_scratch(m->net, m->f, 1);
    return dpid_arena_alloc(m->arena, m->f->packed_reals, dpid_precision_bytes(m->net->precision),
                            "net's packed weights", &m->f->packed);
}

static void strike_values(const deepid_net *net, dpid_plan *plan)
{
    for (int32_t v = 0; v < net->values_count; v++)
        plan->stored[v] = v == 0 || v == dpid_graph_output(net);
}

int32_t dpid_program_find(const deepid_net *net, dpid_plan *plan, void **out)
{
    making m = {.net = net, .arena = &plan->arena, .brief = {.ctx = net->head.ctx}, .batch = plan->batch};
    if (!net->frozen)
        return DEEPID_OK;
    strike_values(net, plan);
    DPID_TRY(dpid_arena_alloc(m.arena, 1, sizeof *m.f, "net", &m.f));
    *out = m.f;
    m.f->isa = DPID_ISAS;
    const int32_t status = fill_program(&m);
    dpid_arena_release(&m.brief);
    return status;
}
