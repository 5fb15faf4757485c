/* Numbers run through elementwise nodes, and through means over the channels: what a graph computes, whatever way its
   exporter wrote it. */
#include "onnx/region.h"

#include <math.h>
#include <string.h>

/* ---- what the nodes compute ------------------------------------------------------------------ */

static double logistic(double x)
{
    return 1 / (1 + exp(-x));
}

static double softplus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

/* One number, by the names and defaults of ONNX. */
static double of_one(const dpid_onnx_node *n, const char *op, double x)
{
    const double alpha = dpid_onnx_float(n, "alpha", strcmp(op, "HardSigmoid") == 0 ? 0.2 : 1);
    const dpid_onnx_attribute *form = dpid_onnx_attribute_of(n, "approximate");
    switch (op[0]) {
    case 'A':
        return fabs(x);
    case 'C':
        if (strcmp(op, "Celu") != 0) /* Cast, CastLike */
            return dpid_onnx_int(n, "to", 0) == ONNX__TENSOR_PROTO__DATA_TYPE__BOOL ? x != 0 : x;
        return x > 0 ? x : alpha * expm1(x / alpha);
    case 'E':
        return strcmp(op, "Erf") == 0 ? erf(x) : strcmp(op, "Exp") == 0 ? exp(x) : x > 0 ? x : alpha * expm1(x);
    case 'G': /* Gelu */
        return form && form->s.len == 4 && memcmp(form->s.data, "tanh", 4) == 0
                   ? x / 2 * (1 + tanh(0.79788456080286536 * (x + 0.044715 * x * x * x)))
                   : x / 2 * (1 + erf(x / sqrt(2)));
    case 'H':
        return strcmp(op, "HardSwish") == 0 ? x * fmin(fmax(x / 6 + 0.5, 0), 1)
                                            : fmin(fmax(alpha * x + dpid_onnx_float(n, "beta", 0.5), 0), 1);
    case 'L':
        return strcmp(op, "Log") == 0 ? log(x) : x > 0 ? x : dpid_onnx_float(n, "alpha", 0.01F) * x;
    case 'M': /* Mish */
        return x * tanh(softplus(x));
    case 'N':
        return strcmp(op, "Not") == 0 ? x == 0 : -x;
    case 'R':
        return strcmp(op, "Relu") == 0 ? fmax(x, 0) : 1 / x;
    case 'T':
        return tanh(x);
    default:
        return strcmp(op, "Sigmoid") == 0    ? logistic(x)
               : strcmp(op, "Softplus") == 0 ? softplus(x)
               : strcmp(op, "Softsign") == 0 ? x / (1 + fabs(x))
               : strcmp(op, "Swish") == 0    ? x * logistic(alpha * x)
               : strcmp(op, "Sqrt") == 0
                   ? sqrt(x)
                   : dpid_onnx_float(n, "gamma", 1.05070102214813232) *
                         (x > 0 ? x : dpid_onnx_float(n, "alpha", 1.67326319217681885) * expm1(x));
    }
}

static double of_two(const char *op, double a, double b)
{
    switch (op[0]) {
    case 'A':
        return strcmp(op, "And") == 0 ? a != 0 && b != 0 : a + b;
    case 'O': /* Or */
        return a != 0 || b != 0;
    case 'S':
        return op[2] == 'b' ? a - b : a + b;
    case 'D':
        return a / b;
    case 'G':
        return strcmp(op, "Greater") == 0 ? a > b : a >= b;
    case 'L':
        return strcmp(op, "Less") == 0 ? a < b : a <= b;
    case 'P':
        return pow(a, b);
    default:
        return strcmp(op, "Mul") == 0 ? a * b : strcmp(op, "Max") == 0 ? fmax(a, b) : fmin(a, b);
    }
}

/* Clip: x, low, high; Where: condition, if so, if not. */
static double of_three(const char *op, const double *x)
{
    return op[0] == 'C' ? fmin(fmax(x[0], x[1]), x[2]) : x[0] != 0 ? x[1] : x[2];
}

static bool is_among(const dpid_onnx_node *node, const char *const *words)
{
    for (; *words; words++)
        if (dpid_onnx_is(node, *words))
            return true;
    return false;
}

static const char *const ones[] = {"Abs",         "Celu",       "Elu",       "Erf",     "Exp",      "Gelu",
                                   "HardSigmoid", "HardSwish",  "LeakyRelu", "Log",     "Mish",     "Neg",
                                   "Relu",        "Reciprocal", "Tanh",      "Sigmoid", "Softplus", "Softsign",
                                   "Swish",       "Sqrt",       "Selu",      "Not",     NULL};
static const char *const twos[] = {
    "Add",         "Sum", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Greater", "Less", "GreaterOrEqual",
    "LessOrEqual", "And", "Or",  NULL};
static const char *const threes[] = {"Clip", "Where", NULL};
/* Of a row of channels one number, which then stands for all of the row; and what changes nothing about that. */
static const char *const spreads[] = {"Expand", "Unsqueeze", "Reshape", NULL};
static const char *const reductions[] = {"ReduceMean", "ReduceSum", "ReduceSumSquare", "ReduceL2", NULL};

/* ---- what goes in ---------------------------------------------------------------------------- */

static int32_t place_in(const dpid_onnx_region *r, int32_t value)
{
    for (int32_t i = 0; i < r->count; i++)
        if (r->value[i] == value)
            return i;
    return DPID_ONNX_NONE;
}

/* One number for all, or in rows one a channel. A far one would tell nothing of what the points show. */
static int32_t known_numbers(const dpid_onnx_region *r, int32_t value, double *out, bool *full, bool *known)
{
    dpid_onnx_walk *w = r->w;
    dpid_onnx_constant c = {.count = 0};
    const int32_t maker = w->graph.value[value].maker; /* -0.5 as Neg of a constant */
    const bool negative = maker >= 0 && dpid_onnx_is(dpid_onnx_node_at(&w->graph, maker), "Neg");
    if (negative)
        value = dpid_onnx_input(&w->graph, maker, 0);
    DPID_TRY(dpid_onnx_constant_at(w, value, &c, known));
    const bool by_channel = r->row > 1 && dpid_onnx_is_by_channel(&w->flow[r->value[0]], &c);
    *known = *known && (by_channel || (c.count == 1 && (r->row || fabs(dpid_onnx_number(&c, 0)) <= DPID_ONNX_FAR)));
    *full |= c.rank > 1 || c.count > 1;
    for (int64_t i = 0; *known && i < r->points; i++) {
        const double number = dpid_onnx_number(&c, c.count == 1 ? 0 : i % r->row);
        out[i] = negative ? -number : number;
    }
    return DEEPID_OK;
}

/* An end of Clip that is not an input: an attribute, or no end at all. */
static double end_of(const dpid_onnx_node *node, int32_t place)
{
    const double none = place == 1 ? -(double)INFINITY : (double)INFINITY;
    return dpid_onnx_float(node, place == 1 ? "min" : "max", none);
}

/* Input k of an elementwise node; *x is in the region, or in its room for operands. bare, full: whether it has the axis
   of channels or not; one number goes with both. */
static int32_t operand(dpid_onnx_region *r, int32_t node, int32_t k, int32_t count, const double **x, bool *bare,
                       bool *full, bool *known)
{
    const int32_t v = dpid_onnx_input(&r->w->graph, node, k);
    const int32_t at = v >= 0 ? place_in(r, v) : DPID_ONNX_NONE;
    *x = at >= 0 ? r->y[at] : r->operand[k];
    *known = at >= 0;
    if (at >= 0)
        *(r->bare[at] ? bare : full) = true;
    if (at >= 0)
        return DEEPID_OK;
    if (v >= 0)
        return known_numbers(r, v, r->operand[k], full, known);
    const double end = end_of(dpid_onnx_node_at(&r->w->graph, node), k);
    *known = k > 0 && count == 3 && (isinf(end) || fabs(end) <= DPID_ONNX_FAR);
    for (int64_t i = 0; i < r->points; i++)
        r->operand[k][i] = end;
    return DEEPID_OK;
}

/* To real numbers or truth values, which stay what they are. */
static bool is_cast(const dpid_onnx_node *node)
{
    const int64_t to = dpid_onnx_int(node, "to", 0);
    if (dpid_onnx_is(node, "CastLike"))
        return node->n_input == 2;
    return dpid_onnx_is(node, "Cast") && node->n_input == 1 &&
           (to == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT || to == ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE ||
            to == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16 || to == ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16 ||
            to == ONNX__TENSOR_PROTO__DATA_TYPE__BOOL);
}

/* How many inputs an operator of these has; 0: it is none of them. */
static int32_t operands(const dpid_onnx_node *node)
{
    if (is_cast(node))
        return 1;
    const int32_t count = is_among(node, ones) ? 1 : is_among(node, twos) ? 2 : is_among(node, threes) ? 3 : 0;
    const bool open = dpid_onnx_is(node, "Clip") && node->n_input >= 1 && node->n_input <= 3;
    return open || (int32_t)node->n_input == count ? count : 0;
}

bool dpid_onnx_is_elementwise(const dpid_onnx_node *node)
{
    return operands(node) > 0;
}

bool dpid_onnx_is_reduction(const dpid_onnx_node *node)
{
    return is_among(node, reductions);
}

/* ---- what comes out -------------------------------------------------------------------------- */

/* The numbers that an elementwise node makes; *known is false where it is none, or reads something else. */
static int32_t compute(dpid_onnx_region *r, int32_t node, double *y, bool *known)
{
    const dpid_onnx_node *proto = dpid_onnx_node_at(&r->w->graph, node);
    const int32_t count = operands(proto);
    const double *x[DPID_ONNX_OPERANDS] = {NULL};
    bool bare = false;
    bool full = false;
    *known = count > 0;
    for (int32_t k = 0; *known && k < count; k++)
        DPID_TRY(operand(r, node, k, count, &x[k], &bare, &full, known));
    *known = *known && !(bare && full);
    r->bare[r->count] = bare;
    for (int64_t i = 0; *known && i < r->points; i++) {
        const double all[DPID_ONNX_OPERANDS] = {x[0][i], count > 1 ? x[1][i] : 0, count > 2 ? x[2][i] : 0};
        y[i] = count == 1   ? of_one(proto, proto->op_type, all[0])
               : count == 2 ? of_two(proto->op_type, all[0], all[1])
                            : of_three(proto->op_type, all);
    }
    return DEEPID_OK;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* Axes of value[0] in the file, and which the channels are. */
static int64_t axes_of(const dpid_onnx_region *r, int64_t *channels)
{
    const dpid_onnx_layout layout = r->w->flow[r->value[0]].layout;
    *channels = layout == DPID_ONNX_LAST ? 3 : 1;
    return layout == DPID_ONNX_FEATURES ? 2 : 4;
}

/* The node says as its axes the channels, and these alone. */
static int32_t names_channels(const dpid_onnx_region *r, int32_t node, bool *does)
{
    const dpid_onnx_step s = {.node = node, .proto = dpid_onnx_node_at(&r->w->graph, node)};
    int64_t axes[DPID_RANK_MAX];
    int64_t channels;
    int32_t count;
    const int64_t rank = axes_of(r, &channels);
    DPID_TRY(dpid_onnx_ints(r->w, &s, "axes", 1, axes, &count));
    *does = count == 1 && (axes[0] == channels || axes[0] == channels - rank);
    return DEEPID_OK;
}

/* ReduceMean, ReduceSum, ReduceSumSquare, ReduceL2 (the root of that). */
static double reduced(const char *op, const double *x, int64_t count)
{
    const bool squares = strcmp(op, "ReduceSumSquare") == 0 || strcmp(op, "ReduceL2") == 0;
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += squares ? x[i] * x[i] : x[i];
    return strcmp(op, "ReduceMean") == 0 ? sum / (double)count : strcmp(op, "ReduceL2") == 0 ? sqrt(sum) : sum;
}

static int32_t reduce(dpid_onnx_region *r, int32_t node, int32_t at, bool *known)
{
    const dpid_onnx_node *proto = dpid_onnx_node_at(&r->w->graph, node);
    double *y = r->y[r->count];
    *known = !r->bare[at];
    if (*known)
        DPID_TRY(names_channels(r, node, known));
    for (int64_t i = 0; *known && i < r->points; i++)
        y[i] = i % r->row ? y[i - 1] : reduced(proto->op_type, r->y[at] + i, r->row);
    r->bare[r->count] = dpid_onnx_int(proto, "keepdims", 1) == 0;
    if (*known && r->bare[r->count] && r->w->flow[r->value[0]].layout == DPID_ONNX_FEATURES)
        r->w->flow[dpid_onnx_output(&r->w->graph, node, 0)].layout = DPID_ONNX_SAMPLES; /* for a Shape of it */
    return DEEPID_OK;
}

/* A row's number gets its axis again (Unsqueeze, Reshape), or is repeated along it (Expand): here it is already. */
static int32_t spread(dpid_onnx_region *r, int32_t node, int32_t at, bool *known)
{
    const dpid_onnx_node *proto = dpid_onnx_node_at(&r->w->graph, node);
    const bool expands = dpid_onnx_is(proto, "Expand");
    int64_t shape[DPID_RANK_MAX];
    int64_t now[DPID_RANK_MAX];
    int64_t channels;
    int32_t count = 0;
    const int64_t rank = axes_of(r, &channels);
    memcpy(r->y[r->count], r->y[at], (size_t)r->points * sizeof **r->y);
    *known = expands != r->bare[at];
    if (*known && dpid_onnx_is(proto, "Unsqueeze"))
        return names_channels(r, node, known);
    if (*known)
        DPID_TRY(dpid_onnx_ints_at(r->w, dpid_onnx_input(&r->w->graph, node, 1), shape, &count, known));
    *known = *known && count == rank && dpid_onnx_extents(&r->w->flow[r->value[0]], now) == rank - 1;
    for (int64_t i = 1; *known && i < rank; i++)
        *known = (i != channels && shape[i] == now[i - 1]) || (i == channels && shape[i] == 1) ||
                 (expands && (shape[i] == now[i - 1] || shape[i] == 1));
    return DEEPID_OK;
}

/* One node on rows. */
static int32_t run_rows(dpid_onnx_region *r, int32_t node, bool *known)
{
    const int32_t v = dpid_onnx_input(&r->w->graph, node, 0);
    const int32_t at = v >= 0 ? place_in(r, v) : DPID_ONNX_NONE;
    *known = at >= 0 && r->row > 0;
    if (!*known)
        return DEEPID_OK;
    return is_among(dpid_onnx_node_at(&r->w->graph, node), reductions) ? reduce(r, node, at, known)
                                                                       : spread(r, node, at, known);
}

/* ---- regions --------------------------------------------------------------------------------- */

int32_t dpid_onnx_region_create(dpid_onnx_walk *w, int32_t v, int32_t scope, int64_t points, int64_t row,
                                dpid_onnx_region *out)
{
    enum { ALL = DPID_ONNX_REGION_VALUES + DPID_ONNX_OPERANDS };
    int32_t node = DPID_ONNX_NONE;
    dpid_onnx_region r = {.w = w, .scope = scope, .points = points, .row = row, .count = 1, .value = {v}};
    *out = r;
    DPID_TRY(dpid_alloc(w->ctx, ALL * points, sizeof *r.memory, "ONNX graph", &r.memory));
    for (int32_t i = 0; i < ALL; i++)
        *(i < DPID_ONNX_REGION_VALUES ? &r.y[i] : &r.operand[i - DPID_ONNX_REGION_VALUES]) = r.memory + i * points;
    r.open[0] = dpid_onnx_readers(&w->graph, v, scope, &node);
    *out = r;
    return DEEPID_OK;
}

void dpid_onnx_region_destroy(dpid_onnx_region *r)
{
    dpid_free(r->w->ctx, r->memory);
}

int32_t dpid_onnx_region_next(const dpid_onnx_region *r, int32_t behind)
{
    const dpid_onnx_graph *g = &r->w->graph;
    int32_t best = DPID_ONNX_NONE;
    for (int32_t i = 0; r->count < DPID_ONNX_REGION_VALUES && i < r->count; i++) {
        const dpid_onnx_value *v = &g->value[r->value[i]];
        for (int32_t k = 0; r->open[i] > 0 && k < v->readers; k++) {
            const int32_t node = g->reader[v->first_reader + k];
            if (node > behind && g->scope[node] == r->scope && (best < 0 || node < best))
                best = node;
        }
    }
    return best;
}

int32_t dpid_onnx_region_grow(dpid_onnx_region *r, int32_t node, bool *known)
{
    const dpid_onnx_graph *g = &r->w->graph;
    const int32_t out = dpid_onnx_output(g, node, 0);
    int32_t first;
    *known = out >= 0;
    r->bare[r->count] = false;
    if (*known && (dpid_onnx_is_reduction(dpid_onnx_node_at(g, node)) || is_among(dpid_onnx_node_at(g, node), spreads)))
        DPID_TRY(run_rows(r, node, known));
    else if (*known)
        DPID_TRY(compute(r, node, r->y[r->count], known));
    if (!*known)
        return DEEPID_OK;
    for (int32_t i = 0; i < r->count; i++)
        r->open[i] -= dpid_onnx_reads(g, node, r->value[i]);
    r->value[r->count] = out;
    r->open[r->count++] = dpid_onnx_readers(g, out, r->scope, &first) + (out == g->output);
    return DEEPID_OK;
}

bool dpid_onnx_region_is_closed(const dpid_onnx_region *r)
{
    for (int32_t i = 0; i < r->count - 1; i++)
        if (r->open[i] != 0)
            return false;
    return true;
}
