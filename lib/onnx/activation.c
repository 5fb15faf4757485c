/* Activations by what they compute. Exporters write one activation in many ways: SiLU as x Sigmoid(x), GELU by Erf or
   Tanh and a row of products. So elementwise nodes between one value and another are run on some numbers, and the
   result is compared with each activation that the library has. A new one is known here by being listed. */
#include "onnx/onnx.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { POINTS = 48, NODES_MOST = 16, CURVES_MOST = 128, OPTIONS_BYTES = 48 };
/* Constants are floats in the file: 0.70710677 for 1/sqrt(2). */
#define TOLERANCE 2e-6

typedef double curve[POINTS];

/* Up to 8 on both sides, some near 0, and a few far out, where an activation that is cut off shows it. Beyond FAR what
   files write with Exp is infinite in floats. */
#define FAR 60.0
enum { FARS = 6 };
static void fill_points(curve x)
{
    static const double far[FARS] = {-FAR, -25, -12, 12, 25, FAR};
    for (int i = 0; i < POINTS; i++)
        x[i] = 8 * sin(0.5 + 1.618 * i) * ((i % 3 + 1) / 3.0);
    memcpy(x, far, sizeof far);
}

/* ---- what the library has -------------------------------------------------------------------- */

typedef struct {
    const dpid_kind *kind;
    char options[OPTIONS_BYTES];
    curve y;
} known_curve;

typedef struct {
    int32_t count;
    known_curve known[CURVES_MOST];
} curves;

/* As a layer of POINTS features. */
static int32_t run(deepid_ctx *ctx, const char *text, curve out)
{
    deepid_net *net = NULL;
    DPID_TRY(dpid_net_create_within(ctx, text, DEEPID_F64, -1, &net));
    int32_t status = dpid_net_prepare(net, 1, false);
    if (status == DEEPID_OK) {
        fill_points(dpid_net_input(net));
        status = dpid_net_run_forward(net, DPID_EVAL, 1);
    }
    if (status == DEEPID_OK)
        memcpy(out, dpid_net_output(net), sizeof(curve));
    deepid_net_destroy(net);
    return status;
}

static int32_t add_curve(dpid_onnx_walk *w, curves *all, const dpid_kind *kind, const char *options)
{
    char *text = NULL;
    known_curve *next = &all->known[all->count];
    if (all->count == CURVES_MOST || strlen(options) >= OPTIONS_BYTES)
        return DEEPID_OK;
    DPID_TRY(dpid_onnx_text(w, &text, "input %d; %s %s", POINTS, kind->word, options));
    DPID_TRY(run(w->ctx, text, next->y));
    next->kind = kind;
    memcpy(next->options, options, strlen(options) + 1);
    all->count++;
    return DEEPID_OK;
}

/* gelu form=erf|tanh: one curve for each choice, the usual one by no word at all. */
static int32_t add_choices(dpid_onnx_walk *w, curves *all, const dpid_kind *kind, const dpid_option *option)
{
    int32_t number = 0;
    for (const char *word = option->choices; *word; number++) {
        const int length = (int)strcspn(word, "|");
        char *text = NULL;
        DPID_TRY(dpid_onnx_text(w, &text, "%s=%.*s", option->key, length, word));
        if (number != (int32_t)option->fallback)
            DPID_TRY(add_curve(w, all, kind, text));
        word += length + (word[length] == '|');
    }
    return DEEPID_OK;
}

/* Elementwise, the same in training, nothing trained, nothing that has to be said. */
static bool is_plain(deepid_ctx *ctx, const dpid_kind *kind)
{
    const dpid_shape one = {.rank = 1, .extent = {1}};
    dpid_op op;
    if (!(kind->flags & DPID_KIND_ELEMENTWISE) || (kind->flags & (DPID_KIND_MODE | DPID_KIND_ROUGH)))
        return false;
    for (const dpid_option *o = kind->options; o && o->key; o++)
        if (o->required)
            return false;
    return dpid_op_create(ctx, kind, dpid_span_of(""), &one, &op) == DEEPID_OK && op.parameters == 0;
}

static int32_t make_curves(dpid_onnx_walk *w)
{
    curves *all = NULL;
    DPID_TRY(dpid_arena_alloc(w->arena, 1, sizeof *all, "activations", &all));
    for (int64_t i = 0; dpid_kind_at(i); i++) {
        const dpid_kind *kind = dpid_kind_at(i);
        if (!is_plain(w->ctx, kind))
            continue;
        DPID_TRY(add_curve(w, all, kind, ""));
        for (const dpid_option *o = kind->options; o && o->key; o++)
            if (o->type == DPID_CHOICE)
                DPID_TRY(add_choices(w, all, kind, o));
    }
    w->curves = all;
    return DEEPID_OK;
}

static bool same_curve(const curve y, const curve known)
{
    bool same = true;
    for (int k = 0; k < POINTS && same; k++)
        same = fabs(y[k] - known[k]) <= TOLERANCE * (1 + fabs(known[k]));
    return same;
}

/* Those with a number of their own: far out the curve says what it would be. */
static int32_t fit_curve(dpid_onnx_walk *w, const curve y, const dpid_kind **kind, const char **options)
{
    enum { LEAKY, ELU, CELU, HARDTANH, FITS };
    static const dpid_kind *const kinds[] = {&dpid_kind_leaky_relu, &dpid_kind_elu, &dpid_kind_celu,
                                             &dpid_kind_hardtanh};
    const double low = y[0];         /* at -FAR */
    const double high = y[FARS - 1]; /* at FAR */
    curve x;
    curve fit[FITS];
    char *text = NULL;
    fill_points(x);
    for (int i = 0; i < POINTS; i++) {
        fit[LEAKY][i] = x[i] > 0 ? x[i] : x[i] * low / -FAR;
        fit[ELU][i] = x[i] > 0 ? x[i] : -low * expm1(x[i]);
        fit[CELU][i] = x[i] > 0 ? x[i] : -low * expm1(x[i] / -low);
        fit[HARDTANH][i] = fmin(fmax(x[i], low), high);
    }
    int which = 0;
    while (which < FITS && !same_curve(y, fit[which]))
        which++;
    const bool cut = low > -FAR && low < high && high < FAR;
    if (which == FITS || (which == LEAKY && low == -FAR) || (which == HARDTANH && !cut)) {
        *kind = NULL;
        return DEEPID_OK;
    }
    *kind = kinds[which];
    if (which == HARDTANH)
        DPID_TRY(dpid_onnx_text(w, &text, "min=%s max=%s", dpid_number_f32((float)low).text,
                                dpid_number_f32((float)high).text));
    else
        DPID_TRY(dpid_onnx_text(w, &text, "%s=%s", which == LEAKY ? "slope" : "alpha",
                                dpid_number_f32((float)(which == LEAKY ? low / -FAR : -low)).text));
    *options = text;
    return DEEPID_OK;
}

static int32_t find_curve(dpid_onnx_walk *w, const curve y, const dpid_kind **kind, const char **options)
{
    const curves *all = w->curves;
    for (int32_t i = 0; i < all->count; i++)
        if (same_curve(y, all->known[i].y)) {
            *kind = all->known[i].kind;
            *options = all->known[i].options;
            return DEEPID_OK;
        }
    return fit_curve(w, y, kind, options);
}

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
/* What a run behind an activation may be made of and still be one with it. */
static const char *const arithmetic[] = {"Add", "Sub", "Mul", "Div", "Cast", "CastLike", NULL};
static const char *const threes[] = {"Clip", "Where", NULL};

/* ---- regions --------------------------------------------------------------------------------- */

/* Values that depend on value[0] alone, and how many of their readings lie outside. */
typedef struct {
    int32_t count;
    int32_t value[NODES_MOST + 1], open[NODES_MOST + 1];
    curve y[NODES_MOST + 1];
} region;

static int32_t place_in(const region *r, int32_t value)
{
    for (int32_t i = 0; i < r->count; i++)
        if (r->value[i] == value)
            return i;
    return DPID_ONNX_NONE;
}

/* The numbers of an input: of a value in the region, or of one constant. A far one would tell nothing of what the
   points show. */
static int32_t input_curve(dpid_onnx_walk *w, const region *r, int32_t value, curve out, bool *known)
{
    const int32_t at = place_in(r, value);
    dpid_onnx_constant c = {.count = 0};
    *known = at >= 0;
    if (at >= 0) {
        memcpy(out, r->y[at], sizeof(curve));
        return DEEPID_OK;
    }
    const int32_t maker = w->graph.value[value].maker; /* -0.5 as Neg of a constant */
    const bool negative = maker >= 0 && dpid_onnx_is(dpid_onnx_node_at(&w->graph, maker), "Neg");
    if (negative)
        value = dpid_onnx_input(&w->graph, maker, 0);
    DPID_TRY(dpid_onnx_constant_at(w, value, &c, known));
    *known = *known && c.count == 1 && fabs(dpid_onnx_number(&c, 0)) <= FAR;
    for (int i = 0; *known && i < POINTS; i++)
        out[i] = negative ? -dpid_onnx_number(&c, 0) : dpid_onnx_number(&c, 0);
    return DEEPID_OK;
}

/* An end of Clip that is not an input: an attribute, or no end at all. */
static double end_of(const dpid_onnx_node *node, int32_t place)
{
    const double none = place == 1 ? -(double)INFINITY : (double)INFINITY;
    return dpid_onnx_float(node, place == 1 ? "min" : "max", none);
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

/* The numbers that a node makes; *known is false where it is none of these, or reads something else. */
static int32_t node_curve(dpid_onnx_walk *w, int32_t node, const region *r, curve y, bool *known)
{
    const dpid_onnx_node *proto = dpid_onnx_node_at(&w->graph, node);
    const int32_t count = operands(proto);
    curve x[3];
    *known = count > 0;
    for (int32_t k = 0; *known && k < count; k++) {
        const int32_t v = dpid_onnx_input(&w->graph, node, k);
        if (v >= 0)
            DPID_TRY(input_curve(w, r, v, x[k], known));
        else
            for (int i = 0; i < POINTS; i++)
                x[k][i] = end_of(proto, k);
        const double end = v < 0 ? x[k][0] : 0;
        *known = *known && (v >= 0 || (k > 0 && count == 3 && (isinf(end) || fabs(end) <= FAR)));
    }
    for (int i = 0; *known && i < POINTS; i++) {
        const double all[3] = {x[0][i], count > 1 ? x[1][i] : 0, count > 2 ? x[2][i] : 0};
        y[i] = count == 1   ? of_one(proto, proto->op_type, all[0])
               : count == 2 ? of_two(proto->op_type, all[0], all[1])
                            : of_three(proto->op_type, all);
    }
    return DEEPID_OK;
}

/* The first node, in the file's order, that reads the region and is not in it yet. */
static int32_t next_node(const dpid_onnx_walk *w, const region *r, int32_t scope, int32_t behind)
{
    int32_t best = DPID_ONNX_NONE;
    for (int32_t i = 0; i < r->count; i++) {
        const dpid_onnx_value *v = &w->graph.value[r->value[i]];
        for (int32_t k = 0; r->open[i] > 0 && k < v->readers; k++) {
            const int32_t node = w->graph.reader[v->first_reader + k];
            if (node > behind && w->graph.scope[node] == scope && (best < 0 || node < best))
                best = node;
        }
    }
    return best;
}

static void add_node(const dpid_onnx_walk *w, region *r, int32_t node, int32_t scope, const curve y)
{
    const int32_t out = dpid_onnx_output(&w->graph, node, 0);
    int32_t first;
    for (int32_t i = 0; i < r->count; i++)
        r->open[i] -= dpid_onnx_reads(&w->graph, node, r->value[i]);
    r->value[r->count] = out;
    r->open[r->count] = dpid_onnx_readers(&w->graph, out, scope, &first) + (out == w->graph.output);
    memcpy(r->y[r->count], y, sizeof(curve));
    r->count++;
}

/* Nothing but the last value is read outside. */
static bool is_closed(const region *r)
{
    for (int32_t i = 0; i < r->count - 1; i++)
        if (r->open[i] != 0)
            return false;
    return true;
}

/* One node more; *known is false where it is none that is run here. */
static int32_t grow(dpid_onnx_walk *w, region *r, int32_t node, int32_t scope, bool *known)
{
    curve y;
    DPID_TRY(node_curve(w, node, r, y, known));
    *known = *known && dpid_onnx_output(&w->graph, node, 0) >= 0;
    if (*known)
        add_node(w, r, node, scope, y);
    return DEEPID_OK;
}

static void begin_region(const dpid_onnx_walk *w, region *r, int32_t v, int32_t scope)
{
    int32_t node = DPID_ONNX_NONE;
    r->count = 1;
    r->value[0] = v;
    r->open[0] = dpid_onnx_readers(&w->graph, v, scope, &node);
    fill_points(r->y[0]);
}

int32_t dpid_onnx_activation(dpid_onnx_walk *w, int32_t v, int32_t scope, const dpid_kind **kind, const char **options,
                             int32_t *end)
{
    region r;
    int32_t node = DPID_ONNX_NONE;
    *kind = NULL;
    begin_region(w, &r, v, scope);
    while (r.count <= NODES_MOST && (node = next_node(w, &r, scope, node)) >= 0) {
        const dpid_kind *found = NULL;
        bool known;
        if (*kind && !is_among(dpid_onnx_node_at(&w->graph, node), arithmetic))
            return DEEPID_OK;
        DPID_TRY(grow(w, &r, node, scope, &known));
        if (!known)
            return DEEPID_OK;
        if (!w->curves)
            DPID_TRY(make_curves(w));
        if (is_closed(&r))
            DPID_TRY(find_curve(w, r.y[r.count - 1], &found, options));
        if (!found)
            continue;
        *kind = found;
        *end = r.value[r.count - 1];
    }
    return DEEPID_OK;
}

/* ---- what is none ---------------------------------------------------------------------------- */

int32_t dpid_onnx_refuse_activation(dpid_onnx_walk *w, int32_t v, int32_t scope, int32_t last)
{
    enum { BYTES = 200 };
    char words[BYTES] = "";
    region r;
    bool known = true;
    int32_t node = DPID_ONNX_NONE;
    begin_region(w, &r, v, scope);
    while (r.count <= NODES_MOST && node != last && (node = next_node(w, &r, scope, node)) >= 0) {
        const size_t used = strlen(words);
        DPID_TRY(grow(w, &r, node, scope, &known));
        if (!known)
            return DEEPID_OK;
        snprintf(words + used, BYTES - used, "%s%.20s", used ? ", " : "", dpid_onnx_node_at(&w->graph, node)->op_type);
    }
    if (node != last || !is_closed(&r))
        return DEEPID_OK;
    return dpid_onnx_refuse(
        &w->graph, last, "ends nodes that together are one activation (%s), and deepid has none that computes this%s",
        words, strstr(words, "Softplus") ? "; its softplus has no beta" : "");
}

bool dpid_onnx_is_elementwise(const dpid_onnx_node *node)
{
    return operands(node) > 0;
}
