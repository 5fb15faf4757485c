/* The operators of ONNX that become layers: a row each. Activations without numbers of their own are not here, they
   are known by what they compute (activation.c); nor is Add where branches meet (block.c). */
#include "onnx/onnx.h"

#include <math.h>
#include <string.h>

/* ---- helpers --------------------------------------------------------------------------------- */

static int32_t refuse_layout(dpid_onnx_walk *w, const dpid_onnx_step *s)
{
    int64_t now[DPID_RANK_MAX];
    const int32_t rank = dpid_onnx_extents(&s->in, now);
    return dpid_onnx_refuse(&w->graph, s->node, "takes features, and samples are %s here: a Flatten is missing",
                            dpid_shape_text(rank, now).text);
}

/* word=number as the file's float says it */
static int32_t add_with(dpid_onnx_walk *w, dpid_onnx_step *s, const dpid_kind *kind, const char *key, double value)
{
    char *options = NULL;
    DPID_TRY(dpid_onnx_text(w, &options, "%s=%s", key, dpid_number_f32((float)value).text));
    return dpid_onnx_add(w, s, kind, options, NULL);
}

/* ---- changes of the layer before ------------------------------------------------------------- */

/* y = (x - mean) gamma / sqrt(variance + eps) + beta that changes nothing yet, at the net's input: what is done to it
   goes there. */
static int32_t add_still_batchnorm(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    enum { GAMMA, BETA, MEAN, VARIANCE, PARAMETERS };
    dpid_onnx_item *item = NULL;
    dpid_op op;
    DPID_TRY(dpid_onnx_add(w, s, &dpid_kind_batchnorm, "", &item));
    DPID_TRY(dpid_onnx_op(w, item, &op));
    for (int32_t k = 0; k < PARAMETERS; k++)
        item->source[k] = (dpid_onnx_constant){.count = 1, .fill = k == GAMMA};
    item->source[VARIANCE].fill = 1 - op.option[0].r; /* eps */
    s->value = s->makes;
    w->normalises = true;
    return DEEPID_OK;
}

/* The value that the node makes is what its branch gives to the join. */
static bool ends_branch(const dpid_onnx_walk *w, const dpid_onnx_step *s)
{
    int32_t reader = DPID_ONNX_NONE;
    return s->scope != 0 && dpid_onnx_readers(&w->graph, s->makes, s->scope, &reader) == 0;
}

/* A parameter of its own: an initializer that nobody else reads. Of parameters that begin alike PyTorch's older
   exporter makes one, and an Identity for each of the others. "val_0" is PyTorch's name for a constant. */
static bool is_trained(const dpid_onnx_graph *g, int32_t value)
{
    const dpid_onnx_value *v = &g->value[value];
    int32_t readers = 0;
    for (int32_t k = 0; k < v->readers; k++)
        readers += !dpid_onnx_is(dpid_onnx_node_at(g, g->reader[v->first_reader + k]), "Identity");
    if (v->maker >= 0 && dpid_onnx_is(dpid_onnx_node_at(g, v->maker), "Identity") &&
        dpid_onnx_input(g, v->maker, 0) >= 0)
        v = &g->value[dpid_onnx_input(g, v->maker, 0)];
    const bool constant = strncmp(v->name, "val_", 4) == 0 && v->name[4 + strspn(v->name + 4, "0123456789")] == 0;
    return v->initializer && readers == 1 && !constant;
}

/* A parameter that multiplies at the end of a branch is a trained scale (ReZero, LayerScale), and so is one where no
   layer before could take it. A skip is weighed instead: block.c. */
static bool is_scale(const dpid_onnx_walk *w, const dpid_onnx_step *s, int32_t by)
{
    return dpid_onnx_is(s->proto, "Mul") && is_trained(&w->graph, by) &&
           (ends_branch(w, s) ? s->list->first != NULL : !dpid_onnx_takes_changes(s));
}

static int32_t take_scale(dpid_onnx_walk *w, dpid_onnx_step *s, const dpid_onnx_constant *by)
{
    dpid_onnx_item *item = NULL;
    DPID_TRY(dpid_onnx_add(w, s, &dpid_kind_scale, by->count == 1 ? "" : "per=channel", &item));
    item->source[0] = *by;
    return DEEPID_OK;
}

/* Add, Sub, Mul, Div with numbers by channel, or one for all. */
static int32_t take_arithmetic(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    const int32_t other = dpid_onnx_input(&w->graph, s->node, 0) == s->value;
    const bool inverted = dpid_onnx_is(s->proto, "Sub") || dpid_onnx_is(s->proto, "Div");
    const bool multiplies = dpid_onnx_is(s->proto, "Mul") || dpid_onnx_is(s->proto, "Div");
    dpid_onnx_constant by;
    if (s->proto->n_input == 1) /* a Sum of one */
        return DEEPID_OK;
    if (s->proto->n_input != 2 || (inverted && other == 0) || s->in.padded)
        return dpid_onnx_refuse(&w->graph, s->node, "computes with known numbers as no layer of deepid does");
    DPID_TRY(dpid_onnx_weights(w, s, other, -1, &by));
    if (!dpid_onnx_is_by_channel(&s->in, &by))
        return dpid_onnx_refuse(&w->graph, s->node, "computes with known numbers of %s, expected one, or one a channel",
                                dpid_shape_text(by.rank, by.extents).text);
    if (by.count == 1 && dpid_onnx_number(&by, 0) == (multiplies ? 1 : 0) && !dpid_onnx_takes_changes(s))
        return DEEPID_OK;
    if (is_scale(w, s, dpid_onnx_input(&w->graph, s->node, other)))
        return take_scale(w, s, &by);
    s->out.not_negative = false;
    if (multiplies && by.count == 1 && s->scale && !dpid_onnx_takes_changes(s)) {
        *s->scale *= inverted ? 1 / dpid_onnx_number(&by, 0) : dpid_onnx_number(&by, 0);
        return DEEPID_OK;
    }
    if (s->list == &w->net && !s->list->last)
        DPID_TRY(add_still_batchnorm(w, s));
    const dpid_onnx_item *last = s->list->last;
    if (multiplies && w->scaled == DPID_ONNX_NONE && last && last->kind && (last->kind->flags & DPID_KIND_WEIGHT))
        w->scaled = s->node;
    return dpid_onnx_change_last(w, s, &by, multiplies, inverted, 1);
}

/* ---- linear maps ----------------------------------------------------------------------------- */

static int32_t add_dense(dpid_onnx_walk *w, dpid_onnx_step *s, dpid_onnx_constant *weight)
{
    char *options = NULL;
    dpid_onnx_item *item = NULL;
    const bool pixels = s->in.layout == DPID_ONNX_LAST && s->in.shape.rank > 1;
    const dpid_kind *pointwise = s->in.series ? &dpid_kind_conv1d : &dpid_kind_conv2d;
    if (!pixels && s->in.layout != DPID_ONNX_FEATURES && !(s->in.layout == DPID_ONNX_LAST && s->in.shape.rank == 1))
        return refuse_layout(w, s);
    if (weight->rank != 2 || weight->extents[1] != dpid_onnx_channels(&s->in))
        return dpid_onnx_refuse(&w->graph, s->node, "its weights are %s (outputs, inputs), and %lld numbers come in",
                                dpid_shape_text(weight->rank, weight->extents).text,
                                (long long)dpid_onnx_channels(&s->in));
    DPID_TRY(dpid_onnx_text(w, &options, "out=%lld%s", (long long)weight->extents[0], pixels ? " kernel=1" : ""));
    DPID_TRY(dpid_onnx_add(w, s, pixels ? pointwise : &dpid_kind_dense, options, &item));
    item->source[0] = *weight;
    return DEEPID_OK;
}

/* y = alpha x B + beta C */
static int32_t take_gemm(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    dpid_onnx_constant weight;
    dpid_onnx_constant bias;
    const double alpha = dpid_onnx_float(s->proto, "alpha", 1);
    const dpid_onnx_constant factor = {.count = 1, .fill = alpha};
    if (dpid_onnx_int(s->proto, "transA", 0))
        return dpid_onnx_refuse(&w->graph, s->node, "samples lie by columns (transA)");
    DPID_TRY(dpid_onnx_weights(w, s, 1, -1, &weight));
    if (weight.rank == 2 && !dpid_onnx_int(s->proto, "transB", 0))
        dpid_onnx_turn(&weight);
    DPID_TRY(add_dense(w, s, &weight));
    s->value = s->makes;
    if (alpha != 1)
        DPID_TRY(dpid_onnx_change_last(w, s, &factor, true, false, 1));
    if (dpid_onnx_input(&w->graph, s->node, 2) < 0)
        return DEEPID_OK;
    DPID_TRY(dpid_onnx_weights(w, s, 2, weight.extents[0], &bias));
    if (!dpid_onnx_is_by_channel(&s->out, &bias))
        return dpid_onnx_refuse(&w->graph, s->node, "its input 2 '%.60s' is %s, expected one number, or one an output",
                                w->graph.value[dpid_onnx_input(&w->graph, s->node, 2)].name,
                                dpid_shape_text(bias.rank, bias.extents).text);
    return dpid_onnx_change_last(w, s, &bias, false, false, dpid_onnx_float(s->proto, "beta", 1));
}

static int32_t take_matmul(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    dpid_onnx_constant weight;
    DPID_TRY(dpid_onnx_weights(w, s, 1, -1, &weight));
    if (weight.rank == 2)
        dpid_onnx_turn(&weight);
    return add_dense(w, s, &weight);
}

/* ---- activations with numbers ---------------------------------------------------------------- */

static int32_t take_prelu(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    dpid_onnx_item *item = NULL;
    DPID_TRY(dpid_onnx_add(w, s, &dpid_kind_prelu, "", &item));
    DPID_TRY(dpid_onnx_weights(w, s, 1, dpid_onnx_channels(&s->in), &item->source[0]));
    if (!dpid_onnx_is_by_channel(&s->in, &item->source[0]))
        return dpid_onnx_refuse(&w->graph, s->node, "its slopes are %s, expected one, or one a channel",
                                dpid_shape_text(item->source[0].rank, item->source[0].extents).text);
    return DEEPID_OK;
}

/* From one number to another, or to none: relu when it is 0 and none. */
static int32_t take_clip(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    double end[2] = {dpid_onnx_float(s->proto, "min", -(double)INFINITY),
                     dpid_onnx_float(s->proto, "max", (double)INFINITY)};
    char *options = NULL;
    for (int k = 0; k < 2; k++) {
        dpid_onnx_constant c;
        if (dpid_onnx_input(&w->graph, s->node, 1 + k) < 0)
            continue;
        DPID_TRY(dpid_onnx_weights(w, s, 1 + k, 1, &c));
        end[k] = c.count == 1 ? dpid_onnx_number(&c, 0) : (double)NAN;
    }
    if (!(end[0] > -1e30 && end[1] < 1e30 && end[0] < end[1]))
        return dpid_onnx_refuse(&w->graph, s->node,
                                "keeps between %s and %s, expected two finite numbers, the lesser first",
                                dpid_number(end[0]).text, dpid_number(end[1]).text);
    DPID_TRY(dpid_onnx_text(w, &options, "min=%s max=%s", dpid_number_f32((float)end[0]).text,
                            dpid_number_f32((float)end[1]).text));
    return dpid_onnx_add(w, s, &dpid_kind_hardtanh, options, NULL);
}

/* ---- what computes nothing ------------------------------------------------------------------- */

static int32_t take_identity(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    (void)w;
    dpid_onnx_pass(s);
    return DEEPID_OK;
}

static int32_t take_cast(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    const int64_t to = dpid_onnx_int(s->proto, "to", 0);
    if (to != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT && to != ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE &&
        to != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16 && to != ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16)
        return dpid_onnx_refuse(&w->graph, s->node, "makes numbers of type %lld, expected real ones", (long long)to);
    return take_identity(w, s);
}

static int32_t take_dropout(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    dpid_onnx_constant c;
    double share = dpid_onnx_float(s->proto, "ratio", 0.5);
    if (dpid_onnx_input(&w->graph, s->node, 1) >= 0) {
        DPID_TRY(dpid_onnx_weights(w, s, 1, 1, &c));
        share = c.count == 1 ? dpid_onnx_number(&c, 0) : share;
    }
    return share == 0 ? take_identity(w, s) : add_with(w, s, &dpid_kind_dropout, "p", share);
}

/* The loss of a classifier has it; a net here gives what goes into it. */
static int32_t take_softmax(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    int64_t now[DPID_RANK_MAX];
    const int64_t rank = 1 + dpid_onnx_extents(&s->in, now);
    const int64_t axis = dpid_onnx_int(s->proto, "axis", w->file->opset < 13 ? 1 : -1);
    if (s->makes != w->graph.output || s->in.shape.rank != 1 ||
        (axis != 1 && axis != 1 - rank && !(axis == -1 && s->in.layout == DPID_ONNX_FEATURES)))
        return dpid_onnx_refuse(&w->graph, s->node,
                                "is no layer of deepid; left out where it is the last, over classes");
    w->softmax = true;
    return DEEPID_OK;
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct {
    const char *op;
    int32_t (*take)(dpid_onnx_walk *w, dpid_onnx_step *s);
    bool any_place; /* the input may be any operand */
} rows[] = {
    {"Conv", dpid_onnx_take_conv, false},
    {"Gemm", take_gemm, false},
    {"MatMul", take_matmul, false},
    {"BatchNormalization", dpid_onnx_take_batchnorm, false},
    {"LayerNormalization", dpid_onnx_take_layernorm, false},
    {"GroupNormalization", dpid_onnx_take_groupnorm, false},
    {"InstanceNormalization", dpid_onnx_take_instancenorm, false},
    {"PRelu", take_prelu, false},
    {"Clip", take_clip, false},
    {"MaxPool", dpid_onnx_take_pool, false},
    {"AveragePool", dpid_onnx_take_pool, false},
    {"GlobalAveragePool", dpid_onnx_take_global_pool, false},
    {"GlobalMaxPool", dpid_onnx_take_global_pool, false},
    {"ReduceMean", dpid_onnx_take_reduction, false},
    {"ReduceMax", dpid_onnx_take_reduction, false},
    {"Flatten", dpid_onnx_take_flatten, false},
    {"Reshape", dpid_onnx_take_reshape, false},
    {"Squeeze", dpid_onnx_take_squeeze, false},
    {"Unsqueeze", dpid_onnx_take_squeeze, false},
    {"Transpose", dpid_onnx_take_transpose, false},
    {"Gather", dpid_onnx_take_gather, false},
    {"Pad", dpid_onnx_take_pad, false},
    {"Slice", dpid_onnx_take_slice, false},
    {"Dropout", take_dropout, false},
    {"Identity", take_identity, false},
    {"Cast", take_cast, false},
    {"CastLike", take_identity, false},
    {"Softmax", take_softmax, false},
    {"LogSoftmax", take_softmax, false},
    {"Add", take_arithmetic, true},
    {"Sum", take_arithmetic, true},
    {"Sub", take_arithmetic, true},
    {"Mul", take_arithmetic, true},
    {"Div", take_arithmetic, true},
};

static const struct {
    const char *op, *why;
} reasons[] = {
    {"Concat", "joins branches by concatenation; deepid's nets are chains with residual blocks"},
    {"Einsum", "multiplies branches; deepid's nets are chains with residual blocks"},
    {"RandomUniformLike", "draws numbers otherwise than a Dropout does (Dropout2d, AlphaDropout and such)"},
    {"RandomNormalLike", "draws numbers, and deepid has no such layer"},
    {"Bernoulli", "draws numbers otherwise than a Dropout does (Dropout2d, AlphaDropout and such)"},
    {"LRN", "normalises over neighbouring channels, and deepid has no such layer"},
    {"If", "chooses between graphs"},
    {"Loop", "repeats a graph"},
    {"Scan", "repeats a graph"},
    {"Split", "splits a value in parts; deepid's nets are chains with residual blocks"},
    {"SplitToSequence", "splits a value in parts; deepid's nets are chains with residual blocks"},
    {"GatherND", "takes parts of a value by their place"},
    {"Resize", "makes a picture larger or smaller, and deepid has no such layer"},
    {"Upsample", "makes a picture larger or smaller, and deepid has no such layer"},
    {"DepthToSpace", "makes pixels of channels (PixelShuffle), and deepid has no such layer"},
    {"SpaceToDepth", "makes channels of pixels, and deepid has no such layer"},
    {"LSTM", "is recurrent"},
    {"GRU", "is recurrent"},
    {"RNN", "is recurrent"},
    {"ConvTranspose", "is a transposed convolution, and deepid has no such layer"},
    {"QuantizeLinear", "makes integers of numbers"},
    {"DequantizeLinear", "makes numbers of integers"},
};

static bool is_function(const dpid_onnx_node *node)
{
    static const char *const others[] = {"Sin",  "Cos",   "Tan",   "Asin",  "Acos",  "Atan",
                                         "Sinh", "Cosh",  "Asinh", "Acosh", "Atanh", "ThresholdedRelu",
                                         "Sign", "Floor", "Round", "Ceil",  "Shrink"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (dpid_onnx_is(node, others[i]))
            return true;
    return dpid_onnx_is_elementwise(node);
}

static int32_t refuse_unknown(dpid_onnx_walk *w, int32_t node)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (dpid_onnx_is(dpid_onnx_node_at(&w->graph, node), reasons[i].op))
            return dpid_onnx_refuse(&w->graph, node, "%s", reasons[i].why);
    if (is_function(dpid_onnx_node_at(&w->graph, node)))
        return dpid_onnx_refuse(&w->graph, node, "computes of each number what no activation of deepid does");
    return dpid_onnx_refuse(&w->graph, node, "no layer of deepid does this");
}

static bool has_row(const dpid_onnx_node *node)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (dpid_onnx_is(node, rows[i].op))
            return true;
    return false;
}

static bool draws(const dpid_onnx_node *node)
{
    return dpid_onnx_is(node, "RandomUniformLike") || dpid_onnx_is(node, "RandomNormalLike") ||
           dpid_onnx_is(node, "Bernoulli");
}

int32_t dpid_onnx_check_operators(dpid_onnx_walk *w)
{
    const dpid_onnx_graph *g = &w->graph;
    for (int32_t node = 0; node < g->nodes; node++) {
        const dpid_onnx_node *proto = dpid_onnx_node_at(g, node);
        bool data = false;
        for (int32_t k = 0; g->live[node] && k < (int32_t)proto->n_input; k++)
            data |= dpid_onnx_number_input(g, node, k) >= 0 && g->value[dpid_onnx_number_input(g, node, k)].data;
        if ((data || draws(proto)) && !has_row(proto) && !dpid_onnx_is_elementwise(proto) &&
            !dpid_onnx_is_reduction(proto) && !dpid_onnx_is(proto, "Expand"))
            return refuse_unknown(w, node);
    }
    return DEEPID_OK;
}

/* What goes in stands in the first place alone, and nobody reads a second output. */
static int32_t check_edges(dpid_onnx_walk *w, const dpid_onnx_step *s, bool any_place)
{
    for (int32_t k = 0; k < (int32_t)s->proto->n_input; k++) {
        const int32_t v = dpid_onnx_number_input(&w->graph, s->node, k);
        if (v >= 0 && w->graph.value[v].data && (v != s->value || (k > 0 && !any_place)))
            return dpid_onnx_refuse(&w->graph, s->node,
                                    "its input %d '%.60s' is worked out from data, expected known numbers", k,
                                    w->graph.value[v].name);
    }
    if (dpid_onnx_reads(&w->graph, s->node, s->value) != 1)
        return dpid_onnx_refuse(&w->graph, s->node, "reads the same value twice");
    for (int32_t k = 1; k < (int32_t)s->proto->n_output; k++) {
        const int32_t v = dpid_onnx_output(&w->graph, s->node, k);
        if (v >= 0 && (w->graph.value[v].readers > 0 || v == w->graph.output))
            return dpid_onnx_refuse(&w->graph, s->node, "its output %d is read; a layer of deepid has one", k);
    }
    if (s->makes < 0)
        return dpid_onnx_refuse(&w->graph, s->node, "has no first output");
    return DEEPID_OK;
}

int32_t dpid_onnx_take(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!dpid_onnx_is(s->proto, rows[i].op))
            continue;
        DPID_TRY(check_edges(w, s, rows[i].any_place));
        return rows[i].take(w, s);
    }
    return refuse_unknown(w, s->node);
}
