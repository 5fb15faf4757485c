/* Values that do not depend on the input: initializers, and what a few nodes make of them. Also the integers that
   exporters work out from shapes: x.view(x.size(0), -1) becomes Shape, Gather, Unsqueeze, Concat, Reshape. */
#include "onnx/onnx.h"

#include <string.h>

enum { DEPTH_MOST = 24, STEPS_MOST = 4096 };
/* ConstantOfShape: numbers that the file does not hold. A VGG-19 has 144 million. */
#define FILLED_MOST ((int64_t)1 << 28)

typedef struct {
    dpid_onnx_walk *w;
    int32_t steps; /* so far: a small graph can name the same value very often */
} asker;

/* A few integers, or a matrix of them with so many columns. */
typedef struct {
    int32_t count, wide; /* wide 0: no matrix */
    int64_t v[DPID_RANK_MAX];
} integers;

/* ---- tensors --------------------------------------------------------------------------------- */

static int32_t tensor_at(asker *a, int32_t v, int32_t depth, dpid_onnx_constant *out, bool *known);
static int32_t ints_at(asker *a, int32_t v, int32_t depth, integers *out, bool *known);

/* Constant says its value in one of several attributes. */
static int32_t constant_node(dpid_onnx_walk *w, const dpid_onnx_node *node, dpid_onnx_constant *out, bool *known)
{
    const dpid_onnx_attribute *a = node->n_attribute == 1 ? node->attribute[0] : NULL;
    *out = (dpid_onnx_constant){.count = 1};
    *known = true;
    if (a && a->t && strcmp(a->name ? a->name : "", "value") == 0)
        return dpid_onnx_constant_of_tensor(w->file, a->t, out);
    if (a && a->n_floats > 0)
        *out = (dpid_onnx_constant){
            1, {(int64_t)a->n_floats}, (int64_t)a->n_floats, a->floats, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, 0, 0, 0};
    else if (a && a->n_ints > 0)
        *out = (dpid_onnx_constant){
            1, {(int64_t)a->n_ints}, (int64_t)a->n_ints, a->ints, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, 0, 0, 0};
    else if (a && a->has_f)
        out->fill = (double)a->f;
    else if (a && a->has_i)
        out->fill = (double)a->i;
    else
        *known = false;
    return DEEPID_OK;
}

static int32_t filled(asker *a, int32_t node, const integers *shape, double number, dpid_onnx_constant *out)
{
    *out = (dpid_onnx_constant){.rank = shape->count, .fill = number};
    memcpy(out->extents, shape->v, sizeof shape->v);
    if (!dpid_product(out->rank, out->extents, &out->count) || !dpid_add(a->w->filled, out->count, &a->w->filled) ||
        a->w->filled > FILLED_MOST)
        return dpid_onnx_refuse(&a->w->graph, node, "more than %lld numbers that the file does not hold",
                                (long long)FILLED_MOST);
    return DEEPID_OK;
}

static int32_t constant_of_shape(asker *a, int32_t node, int32_t depth, dpid_onnx_constant *out, bool *known)
{
    const dpid_onnx_attribute *value = dpid_onnx_attribute_of(dpid_onnx_node_at(&a->w->graph, node), "value");
    dpid_onnx_constant one = {.fill = 0};
    integers shape;
    DPID_TRY(ints_at(a, dpid_onnx_input(&a->w->graph, node, 0), depth + 1, &shape, known));
    if (!*known)
        return DEEPID_OK;
    if (value && value->t) {
        DPID_TRY(dpid_onnx_constant_of_tensor(a->w->file, value->t, &one));
        if (one.count != 1)
            return dpid_onnx_refuse(&a->w->graph, node, "its value has %lld numbers, expected 1", (long long)one.count);
    }
    return filled(a, node, &shape, value && value->t ? dpid_onnx_number(&one, 0) : 0, out);
}

/* One number many times, or nothing new. */
static int32_t expanded(asker *a, int32_t node, int32_t depth, dpid_onnx_constant *c, bool *known)
{
    integers shape;
    DPID_TRY(ints_at(a, dpid_onnx_input(&a->w->graph, node, 1), depth + 1, &shape, known));
    *known = *known && c->count == 1 && shape.count >= c->rank;
    return *known ? filled(a, node, &shape, dpid_onnx_number(c, 0), c) : DEEPID_OK;
}

static int32_t reshaped(asker *a, int32_t node, int32_t depth, dpid_onnx_constant *c, bool *known)
{
    integers shape;
    int64_t rest = 1;
    int64_t asked = 0;
    DPID_TRY(ints_at(a, dpid_onnx_input(&a->w->graph, node, 1), depth + 1, &shape, known));
    int64_t *extents = shape.v;
    const int32_t rank = shape.count;
    *known = *known && !c->turned;
    for (int32_t i = 0; *known && i < rank; i++) {
        extents[i] = i < c->rank && extents[i] == 0 ? c->extents[i] : extents[i];
        if (extents[i] != -1 && !dpid_mul(rest, extents[i], &rest))
            *known = false;
    }
    for (int32_t i = 0; *known && i < rank; i++)
        extents[i] = extents[i] == -1 && rest > 0 ? c->count / rest : extents[i];
    if (!*known || !dpid_product(rank, extents, &asked) || asked != c->count) {
        *known = false;
        return DEEPID_OK;
    }
    c->rank = rank;
    memcpy(c->extents, extents, sizeof shape.v);
    return DEEPID_OK;
}

/* Which axes of rank the node names, in its attribute or second input; all for a Squeeze that names none. */
static int32_t named_axes(asker *a, int32_t node, int32_t depth, int64_t rank, bool *named, bool *known)
{
    const dpid_onnx_attribute *axes = dpid_onnx_attribute_of(dpid_onnx_node_at(&a->w->graph, node), "axes");
    integers list = {.count = 0};
    *known = true;
    if (axes && axes->n_ints <= DPID_RANK_MAX)
        for (; list.count < (int32_t)axes->n_ints; list.count++)
            list.v[list.count] = axes->ints[list.count];
    else
        DPID_TRY(ints_at(a, dpid_onnx_input(&a->w->graph, node, 1), depth + 1, &list, known));
    for (int32_t i = 0; *known && i < list.count; i++) {
        const int64_t axis = list.v[i] < 0 ? list.v[i] + rank : list.v[i];
        *known = axis >= 0 && axis < rank && !named[axis];
        if (*known)
            named[axis] = true;
    }
    return DEEPID_OK;
}

static int32_t unsqueezed(asker *a, int32_t node, int32_t depth, dpid_onnx_constant *c, bool *known)
{
    const dpid_onnx_attribute *axes = dpid_onnx_attribute_of(dpid_onnx_node_at(&a->w->graph, node), "axes");
    integers list = {.count = axes && axes->n_ints <= DPID_RANK_MAX ? (int32_t)axes->n_ints : 0};
    bool added[DPID_RANK_MAX] = {false};
    int64_t extents[DPID_RANK_MAX] = {0};
    *known = true;
    if (!axes)
        DPID_TRY(ints_at(a, dpid_onnx_input(&a->w->graph, node, 1), depth + 1, &list, known));
    *known = *known && !c->turned && c->rank + list.count <= DPID_RANK_MAX;
    if (*known)
        DPID_TRY(named_axes(a, node, depth, c->rank + list.count, added, known));
    for (int32_t i = 0, k = 0; *known && i < c->rank + list.count; i++)
        extents[i] = added[i] ? 1 : c->extents[k++];
    c->rank += *known ? list.count : 0;
    memcpy(c->extents, extents, sizeof extents);
    return DEEPID_OK;
}

static int32_t squeezed(asker *a, int32_t node, int32_t depth, dpid_onnx_constant *c, bool *known)
{
    const bool all = dpid_onnx_node_at(&a->w->graph, node)->n_input < 2 &&
                     !dpid_onnx_attribute_of(dpid_onnx_node_at(&a->w->graph, node), "axes");
    bool dropped[DPID_RANK_MAX] = {false};
    int32_t rank = 0;
    *known = !c->turned;
    if (!all && *known)
        DPID_TRY(named_axes(a, node, depth, c->rank, dropped, known));
    for (int32_t i = 0; *known && i < c->rank; i++)
        if (c->extents[i] != 1 || !(all || dropped[i]))
            c->extents[rank++] = c->extents[i];
    c->rank = rank;
    return DEEPID_OK;
}

static int32_t transposed(asker *a, int32_t node, int32_t depth, dpid_onnx_constant *c, bool *known)
{
    const dpid_onnx_attribute *perm = dpid_onnx_attribute_of(dpid_onnx_node_at(&a->w->graph, node), "perm");
    (void)depth;
    *known = c->rank == 2 && (!perm || (perm->n_ints == 2 && perm->ints[0] == 1 && perm->ints[1] == 0));
    if (*known)
        dpid_onnx_turn(c);
    return DEEPID_OK;
}

static int32_t as_it_is(asker *a, int32_t node, int32_t depth, dpid_onnx_constant *c, bool *known)
{
    (void)a;
    (void)node;
    (void)depth;
    (void)c;
    (void)known;
    return DEEPID_OK;
}

static const struct {
    const char *op;
    int32_t (*change)(asker *a, int32_t node, int32_t depth, dpid_onnx_constant *c, bool *known);
} changes[] = {{"Identity", as_it_is}, {"Cast", as_it_is},   {"CastLike", as_it_is},    {"Reshape", reshaped},
               {"Squeeze", squeezed},  {"Expand", expanded}, {"Unsqueeze", unsqueezed}, {"Transpose", transposed}};

/* What such a node makes of its first input. */
static int32_t changed(asker *a, int32_t node, int32_t depth, dpid_onnx_constant *out, bool *known)
{
    const size_t count = sizeof changes / sizeof *changes;
    size_t i = 0;
    while (i < count && !dpid_onnx_is(dpid_onnx_node_at(&a->w->graph, node), changes[i].op))
        i++;
    *known = i < count;
    if (*known)
        DPID_TRY(tensor_at(a, dpid_onnx_input(&a->w->graph, node, 0), depth + 1, out, known));
    return *known ? changes[i].change(a, node, depth, out, known) : DEEPID_OK;
}

static int32_t tensor_at(asker *a, int32_t v, int32_t depth, dpid_onnx_constant *out, bool *known)
{
    const dpid_onnx_graph *g = &a->w->graph;
    *known = v >= 0 && !g->value[v].data && depth < DEPTH_MOST && a->steps++ < STEPS_MOST;
    *out = (dpid_onnx_constant){.count = 0};
    if (!*known)
        return DEEPID_OK;
    if (g->value[v].initializer)
        return dpid_onnx_constant_of_tensor(a->w->file, g->value[v].initializer, out);
    const int32_t node = g->value[v].maker;
    *known = node >= 0;
    if (!*known)
        return DEEPID_OK;
    if (dpid_onnx_is(dpid_onnx_node_at(g, node), "Constant"))
        return constant_node(a->w, dpid_onnx_node_at(g, node), out, known);
    if (dpid_onnx_is(dpid_onnx_node_at(g, node), "ConstantOfShape"))
        return constant_of_shape(a, node, depth, out, known);
    return changed(a, node, depth, out, known);
}

int32_t dpid_onnx_constant_at(dpid_onnx_walk *w, int32_t v, dpid_onnx_constant *out, bool *known)
{
    asker a = {.w = w};
    return tensor_at(&a, v, 0, out, known);
}

/* ---- integers -------------------------------------------------------------------------------- */

/* Extents of a value on the way, or of known numbers; rank 0: not known. */
static int32_t extents_of(asker *a, int32_t v, int32_t depth, int64_t *all, int64_t *rank)
{
    const dpid_onnx_flow *flow = &a->w->flow[v];
    dpid_onnx_constant c;
    bool known = false;
    all[0] = DPID_ONNX_BATCH;
    *rank = flow->layout ? 1 + dpid_onnx_extents(flow, all + 1) : 0;
    if (flow->layout)
        return DEEPID_OK;
    DPID_TRY(tensor_at(a, v, depth + 1, &c, &known));
    *rank = known ? c.rank : 0;
    memcpy(all, c.extents, sizeof c.extents);
    return DEEPID_OK;
}

static int32_t shape_of(asker *a, int32_t node, int32_t depth, integers *out, bool *known)
{
    const dpid_onnx_node *proto = dpid_onnx_node_at(&a->w->graph, node);
    int64_t all[DPID_RANK_MAX];
    int64_t rank;
    DPID_TRY(extents_of(a, dpid_onnx_input(&a->w->graph, node, 0), depth, all, &rank));
    int64_t from = dpid_onnx_int(proto, "start", 0);
    int64_t to = dpid_onnx_int(proto, "end", rank);
    from = from < 0 ? from + rank : from;
    to = to < 0 ? to + rank : to > rank ? rank : to;
    *known = rank > 0 && from >= 0 && from <= to;
    for (int64_t i = from; *known && i < to; i++)
        out->v[out->count++] = all[i];
    return DEEPID_OK;
}

static int32_t gathered(asker *a, int32_t node, int32_t depth, integers *out, bool *known)
{
    integers from;
    DPID_TRY(ints_at(a, dpid_onnx_input(&a->w->graph, node, 0), depth + 1, &from, known));
    if (*known)
        DPID_TRY(ints_at(a, dpid_onnx_input(&a->w->graph, node, 1), depth + 1, out, known));
    for (int32_t i = 0; *known && i < out->count; i++) {
        const int64_t at = out->v[i] < 0 ? out->v[i] + from.count : out->v[i];
        *known = at >= 0 && at < from.count && from.wide == 0;
        out->v[i] = *known ? from.v[at] : 0;
    }
    return DEEPID_OK;
}

/* One number that a Slice says in an attribute or an input; otherwise where it says nothing. */
static int32_t slice_number(asker *a, int32_t node, int32_t depth, const char *name, int32_t input, int64_t otherwise,
                            int64_t *out, bool *known)
{
    const dpid_onnx_attribute *said = dpid_onnx_attribute_of(dpid_onnx_node_at(&a->w->graph, node), name);
    const int32_t v = dpid_onnx_input(&a->w->graph, node, input);
    integers one = {.count = 1, .v = {otherwise}};
    if (said && said->n_ints == 1)
        one.v[0] = said->ints[0];
    else if (v >= 0 && *known)
        DPID_TRY(ints_at(a, v, depth + 1, &one, known));
    *known = *known && one.count == 1 && (!said || said->n_ints == 1);
    *out = one.v[0];
    return DEEPID_OK;
}

/* Along the first axis: numbers, or rows of a matrix. */
static int32_t sliced(asker *a, int32_t node, int32_t depth, integers *out, bool *known)
{
    integers all;
    int64_t from;
    int64_t to;
    int64_t axis;
    int64_t step;
    DPID_TRY(ints_at(a, dpid_onnx_input(&a->w->graph, node, 0), depth + 1, &all, known));
    DPID_TRY(slice_number(a, node, depth, "starts", 1, 0, &from, known));
    DPID_TRY(slice_number(a, node, depth, "ends", 2, 0, &to, known));
    DPID_TRY(slice_number(a, node, depth, "axes", 3, 0, &axis, known));
    DPID_TRY(slice_number(a, node, depth, "steps", 4, 1, &step, known));
    const int64_t each = all.wide ? all.wide : 1;
    const int64_t rows = *known ? all.count / each : 0;
    *known = *known && axis == 0 && (step == 1 || step == -1);
    out->wide = all.wide;
    from = from < 0 ? (from < -rows ? -1 : from + rows) : from < rows ? from : step > 0 ? rows : rows - 1;
    to = to < 0 ? (to < -rows ? -1 : to + rows) : to < rows ? to : rows;
    for (int64_t i = from; *known && i >= 0 && i < rows && (step > 0 ? i < to : i > to); i += step)
        for (int64_t k = 0; k < each; k++)
            out->v[out->count++] = all.v[i * each + k];
    return DEEPID_OK;
}

static int32_t joined(asker *a, int32_t node, int32_t depth, integers *out, bool *known)
{
    *known = true;
    for (int32_t k = 0; *known && k < (int32_t)dpid_onnx_node_at(&a->w->graph, node)->n_input; k++) {
        integers part;
        DPID_TRY(ints_at(a, dpid_onnx_input(&a->w->graph, node, k), depth + 1, &part, known));
        *known = *known && out->count + part.count <= DPID_RANK_MAX && part.wide == 0;
        for (int32_t i = 0; *known && i < part.count; i++)
            out->v[out->count++] = part.v[i];
    }
    return DEEPID_OK;
}

/* Add, Sub, Mul, Div: number by number, or one with all. */
static int32_t computed(asker *a, int32_t node, int32_t depth, integers *out, bool *known)
{
    const char *op = dpid_onnx_node_at(&a->w->graph, node)->op_type;
    integers x = {.count = 0};
    integers y = {.count = 0};
    DPID_TRY(ints_at(a, dpid_onnx_input(&a->w->graph, node, 0), depth + 1, &x, known));
    if (*known)
        DPID_TRY(ints_at(a, dpid_onnx_input(&a->w->graph, node, 1), depth + 1, &y, known));
    *known = *known && x.wide == 0 && y.wide == 0 && (x.count == y.count || x.count == 1 || y.count == 1);
    out->count = !*known ? 0 : x.count > y.count ? x.count : y.count;
    for (int32_t i = 0; *known && i < out->count; i++) {
        const int64_t p = x.v[x.count == 1 ? 0 : i];
        const int64_t q = y.v[y.count == 1 ? 0 : i];
        *known = op[0] == 'A'   ? !__builtin_add_overflow(p, q, &out->v[i])
                 : op[0] == 'S' ? !__builtin_sub_overflow(p, q, &out->v[i])
                 : op[0] == 'M' ? !__builtin_mul_overflow(p, q, &out->v[i])
                                : p >= 0 && q > 0;
        if (op[0] == 'D' && *known)
            out->v[i] = p / q;
        *known = *known && p != DPID_ONNX_BATCH && q != DPID_ONNX_BATCH;
    }
    return DEEPID_OK;
}

/* Reshape makes a matrix of so many columns, or a row again; Transpose turns a matrix. PyTorch does both to pads. */
static int32_t rearranged(asker *a, int32_t node, int32_t depth, integers *out, bool *known)
{
    const bool turns = dpid_onnx_is(dpid_onnx_node_at(&a->w->graph, node), "Transpose");
    integers from;
    integers shape = {.count = 0};
    DPID_TRY(ints_at(a, dpid_onnx_input(&a->w->graph, node, 0), depth + 1, &from, known));
    if (*known && !turns)
        DPID_TRY(ints_at(a, dpid_onnx_input(&a->w->graph, node, 1), depth + 1, &shape, known));
    *out = from;
    const int64_t rows = from.wide ? from.count / from.wide : 0;
    if (!*known)
        return DEEPID_OK;
    if (turns) {
        for (int32_t i = 0; i < from.count && from.wide; i++)
            out->v[i % from.wide * rows + i / from.wide] = from.v[i];
        out->wide = (int32_t)rows;
        return DEEPID_OK;
    }
    const int64_t wide = shape.count == 2 ? shape.v[1] : 0;
    *known = shape.count <= 2 && wide >= 0 && wide <= DPID_RANK_MAX && (wide == 0 || from.count % wide == 0);
    out->wide = (int32_t)wide;
    return DEEPID_OK;
}

/* The largest one says "to the end" in a Slice, and here the number of samples: it is made one less. */
static bool integer(const dpid_onnx_constant *c, int64_t i, int64_t *out)
{
    const double most = 9007199254740992.0; /* 2^53: doubles hold all integers up to here */
    const double number = dpid_onnx_number(c, i);
    const bool fits = number >= -most && number <= most;
    if (c->data && c->dtype == ONNX__TENSOR_PROTO__DATA_TYPE__INT64 && !c->turned) {
        memcpy(out, (const char *)c->data + i * (int64_t)sizeof *out, sizeof *out);
        *out -= *out == DPID_ONNX_BATCH;
        return true;
    }
    *out = fits ? (int64_t)number : 0;
    return fits && number == (double)*out;
}

static int32_t ints_of_tensor(asker *a, int32_t v, int32_t depth, integers *out, bool *known)
{
    dpid_onnx_constant c;
    DPID_TRY(tensor_at(a, v, depth, &c, known));
    *known = *known && c.count <= DPID_RANK_MAX && c.rank <= 1;
    out->count = *known ? (int32_t)c.count : 0;
    for (int32_t i = 0; *known && i < out->count; i++)
        *known = integer(&c, i, &out->v[i]);
    return DEEPID_OK;
}

/* Expand to a row: one number so many times, or the row that was there. */
static int32_t repeated(asker *a, int32_t node, int32_t depth, integers *out, bool *known)
{
    integers shape;
    DPID_TRY(ints_at(a, dpid_onnx_input(&a->w->graph, node, 1), depth + 1, &shape, known));
    if (*known)
        DPID_TRY(ints_at(a, dpid_onnx_input(&a->w->graph, node, 0), depth + 1, out, known));
    const int64_t asked = shape.count == 1 ? shape.v[0] : 0;
    const bool repeats = out->count == 1 && asked > 1 && asked <= DPID_RANK_MAX;
    *known = *known && out->wide == 0 && (repeats || asked == 1 || asked == out->count);
    for (; *known && repeats && out->count < asked; out->count++)
        out->v[out->count] = out->v[0];
    return DEEPID_OK;
}

static int32_t same_ints(asker *a, int32_t node, int32_t depth, integers *out, bool *known)
{
    return ints_at(a, dpid_onnx_input(&a->w->graph, node, 0), depth + 1, out, known);
}

/* Range: start, start + delta, ... before limit */
static int32_t ranged(asker *a, int32_t node, int32_t depth, integers *out, bool *known)
{
    integers of[3] = {{.count = 0}}; /* start, limit, delta */
    *known = true;
    for (int32_t k = 0; *known && k < 3; k++) {
        DPID_TRY(ints_at(a, dpid_onnx_input(&a->w->graph, node, k), depth + 1, &of[k], known));
        *known = *known && of[k].count == 1 && of[k].v[0] >= -DPID_RANK_MAX && of[k].v[0] <= DPID_RANK_MAX;
    }
    *known = *known && of[2].v[0] > 0;
    for (int64_t x = of[0].v[0]; *known && x < of[1].v[0] && out->count < DPID_RANK_MAX; x += of[2].v[0])
        out->v[out->count++] = x;
    return DEEPID_OK;
}

static const struct {
    const char *op;
    int32_t (*make)(asker *a, int32_t node, int32_t depth, integers *out, bool *known);
} makers[] = {{"Shape", shape_of},      {"Gather", gathered},      {"Slice", sliced},    {"Concat", joined},
              {"Add", computed},        {"Sub", computed},         {"Mul", computed},    {"Div", computed},
              {"Reshape", rearranged},  {"Transpose", rearranged}, {"Cast", same_ints},  {"Identity", same_ints},
              {"Unsqueeze", same_ints}, {"Squeeze", same_ints},    {"Expand", repeated}, {"Range", ranged}};

static int32_t ints_at(asker *a, int32_t v, int32_t depth, integers *out, bool *known)
{
    const dpid_onnx_graph *g = &a->w->graph;
    *out = (integers){.count = 0};
    *known = v >= 0 && !g->value[v].data && depth < DEPTH_MOST && a->steps++ < STEPS_MOST;
    const int32_t node = *known ? g->value[v].maker : DPID_ONNX_NONE;
    for (size_t i = 0; node >= 0 && i < sizeof makers / sizeof *makers; i++)
        if (dpid_onnx_is(dpid_onnx_node_at(g, node), makers[i].op) && dpid_onnx_input(g, node, 0) >= 0)
            return makers[i].make(a, node, depth, out, known);
    return *known ? ints_of_tensor(a, v, depth, out, known) : DEEPID_OK;
}

int32_t dpid_onnx_ints_at(dpid_onnx_walk *w, int32_t v, int64_t *out, int32_t *count, bool *known)
{
    asker a = {.w = w};
    integers all;
    DPID_TRY(ints_at(&a, v, 0, &all, known));
    *known = *known && all.wide == 0;
    *count = all.count;
    memcpy(out, all.v, sizeof all.v);
    return DEEPID_OK;
}

int32_t dpid_onnx_ints(dpid_onnx_walk *w, const dpid_onnx_step *s, const char *attribute, int32_t input, int64_t *out,
                       int32_t *count)
{
    const dpid_onnx_attribute *a = dpid_onnx_attribute_of(s->proto, attribute);
    const int32_t v = input >= 0 ? dpid_onnx_input(&w->graph, s->node, input) : DPID_ONNX_NONE;
    bool known = true;
    *count = -1;
    if (a && a->n_ints > DPID_RANK_MAX)
        return dpid_onnx_refuse(&w->graph, s->node, "%s has %lld numbers, expected at most %d", attribute,
                                (long long)a->n_ints, DPID_RANK_MAX);
    if (a) {
        *count = (int32_t)a->n_ints;
        if (a->n_ints > 0)
            memcpy(out, a->ints, a->n_ints * sizeof *out);
        return DEEPID_OK;
    }
    if (v < 0)
        return DEEPID_OK;
    DPID_TRY(dpid_onnx_ints_at(w, v, out, count, &known));
    if (known)
        return DEEPID_OK;
    return dpid_onnx_refuse(&w->graph, s->node, "%s is %s", attribute,
                            w->graph.value[v].data ? "worked out from data, expected numbers that are known"
                                                   : "made in a way that is not worked out here");
}
