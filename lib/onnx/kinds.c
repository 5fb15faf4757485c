/* Layer kinds as nodes of ONNX: a row each. */
#include "onnx/save.h"

#include "ops/conv2d/conv2d.h"

#include <string.h>

enum { ROWS_LAST = 17 }; /* the operator set that has all but what a row says */

/* One layer to be written. */
typedef struct {
    const dpid_layer *layer;
    const dpid_op *op;
    const char *name, *in, *out;
} call;

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- parameters ------------------------------------------------------------------------------ */

static const char *parameter_name(const dpid_onnx_writer *w, const call *c, int32_t k)
{
    return w->net->parameter[c->layer->parameter[k]].name;
}

/* As it lies, with these extents; returns its name. */
static const char *add_parameter(dpid_onnx_writer *w, const call *c, int32_t k, const int64_t *extents, int32_t rank)
{
    const char *name = parameter_name(w, c, k);
    dpid_onnx_add_tensor(w, name, dpid_onnx_real(w->net), extents, rank,
                         dpid_net_parameter_at(w->net, c->layer->parameter[k]));
    return name;
}

static const char *add_vector(dpid_onnx_writer *w, const call *c, int32_t k)
{
    return add_parameter(w, c, k, c->op->parameter[k].extents, c->op->parameter[k].rank);
}

/* [out, h, w, in] to [out, in, h, w], [out, k, in] to [out, in, k] */
static const char *add_kernels(dpid_onnx_writer *w, const call *c)
{
    const int64_t *e = c->op->parameter[0].extents;
    const int32_t rank = c->op->parameter[0].rank;
    const int64_t in = e[rank - 1];
    const int64_t turned[] = {e[0], in, e[1], e[2]};
    const int64_t taps = rank == 4 ? e[1] * e[2] : e[1];
    const char *name = parameter_name(w, c, 0);
    const void *from = dpid_net_parameter_at(w->net, c->layer->parameter[0]);
    void *to = dpid_onnx_add_tensor(w, name, dpid_onnx_real(w->net), turned, rank, NULL);
    for (int64_t i = 0; to && i < e[0] * in * taps; i++)
        dpid_store(w->net->precision, to, (i / (taps * in) * in + i % in) * taps + i / in % taps,
                   dpid_fetch(w->net->precision, from, i));
    return name;
}

/* ---- kinds ----------------------------------------------------------------------------------- */

static void write_dense(dpid_onnx_writer *w, const call *c)
{
    const char *weight = add_vector(w, c, 0);
    const char *bias = c->op->parameters > 1 ? add_vector(w, c, 1) : NULL;
    dpid_onnx_add_int(w, dpid_onnx_add_node(w, "Gemm", c->name, NAMES(c->in, weight, bias), c->out), "transB", 1);
}

/* Of a series the second number alone. */
static void add_axes(dpid_onnx_writer *w, dpid_onnx_node *node, const call *c, const char *name, const int64_t *pair)
{
    const int32_t series = c->op->in.rank == 2;
    dpid_onnx_add_ints(w, node, name, pair + series, 2 - series);
}

static void add_window(dpid_onnx_writer *w, dpid_onnx_node *node, const call *c, const dpid_window *g)
{
    const int64_t ends[] = {g->left, g->right};
    const int64_t kernel[] = {g->kernel_h, g->kernel_w};
    const int64_t strides[] = {g->stride_h, g->stride_w};
    const int64_t pads[] = {g->top, g->left, g->bottom, g->right};
    add_axes(w, node, c, "kernel_shape", kernel);
    add_axes(w, node, c, "strides", strides);
    dpid_onnx_add_ints(w, node, "pads", c->op->in.rank == 2 ? ends : pads, c->op->in.rank == 2 ? 2 : 4);
}

static void write_conv(dpid_onnx_writer *w, const call *c)
{
    dpid_conv2d g;
    (void)dpid_conv2d_make(NULL, c->op, &g); /* cannot fail: it succeeded when the op was made */
    const int64_t dilations[] = {g.window.dilation_h, g.window.dilation_w};
    const char *weight = add_kernels(w, c);
    const char *bias = c->op->parameters > 1 ? add_vector(w, c, 1) : NULL;
    dpid_onnx_node *node = dpid_onnx_add_node(w, "Conv", c->name, NAMES(c->in, weight, bias), c->out);
    add_window(w, node, c, &g.window);
    add_axes(w, node, c, "dilations", dilations);
    dpid_onnx_add_int(w, node, "group", g.groups);
}

static void write_pool(dpid_onnx_writer *w, const call *c)
{
    enum { CEIL_MODE = 3, COUNT_INCLUDE_PAD };
    const bool largest = c->op->kind == &dpid_kind_maxpool;
    const dpid_window g = dpid_pool_window(c->op);
    const int64_t dilations[] = {g.dilation_h, g.dilation_w};
    dpid_onnx_node *node = dpid_onnx_add_node(w, largest ? "MaxPool" : "AveragePool", c->name, NAMES(c->in), c->out);
    add_window(w, node, c, &g);
    if (c->op->option[CEIL_MODE].i)
        dpid_onnx_add_int(w, node, "ceil_mode", 1);
    if (largest)
        add_axes(w, node, c, "dilations", dilations);
    else if (c->op->option[COUNT_INCLUDE_PAD].i)
        dpid_onnx_add_int(w, node, "count_include_pad", 1);
}

static void write_global_avgpool(dpid_onnx_writer *w, const call *c)
{
    const char *pixel = dpid_onnx_join_name(w, c->name, "pixel");
    dpid_onnx_add_node(w, "GlobalAveragePool", c->name, NAMES(c->in), pixel);
    dpid_onnx_add_node(w, "Flatten", dpid_onnx_join_name(w, c->name, "features"), NAMES(pixel), c->out);
}

static const char *transpose(dpid_onnx_writer *w, const call *c, const char *in, const char *out, bool to_last)
{
    static const int64_t last[] = {0, 2, 3, 1};
    static const int64_t planes[] = {0, 3, 1, 2};
    static const int64_t exchanged[] = {0, 2, 1}; /* of series, either way */
    const bool series = c->op->in.rank == 2;
    dpid_onnx_node *node = dpid_onnx_add_node(
        w, "Transpose", dpid_onnx_join_name(w, c->name, to_last ? "last" : "planes"), NAMES(in), out);
    dpid_onnx_add_ints(w, node, "perm", series ? exchanged : to_last ? last : planes, series ? 3 : 4);
    return out;
}

/* Channels last before they become features, so that weights behind it stay as they are. */
static void write_flatten(dpid_onnx_writer *w, const call *c)
{
    const dpid_shape *in = &c->op->in;
    const char *from = c->in;
    if (in->rank > 1 && in->extent[in->rank - 1] > 1 && dpid_shape_count(in) > in->extent[in->rank - 1])
        from = transpose(w, c, c->in, dpid_onnx_join_name(w, c->name, "pixels"), true);
    dpid_onnx_add_node(w, "Flatten", c->name, NAMES(from), c->out);
}

static void write_batchnorm(dpid_onnx_writer *w, const call *c)
{
    const char *in[4];
    for (int32_t k = 0; k < 4; k++)
        in[k] = add_vector(w, c, k);
    dpid_onnx_node *node =
        dpid_onnx_add_node(w, "BatchNormalization", c->name, NAMES(c->in, in[0], in[1], in[2], in[3]), c->out);
    dpid_onnx_add_float(w, node, "epsilon", c->op->option[0].r);
    dpid_onnx_add_float(w, node, "momentum", 1 - c->op->option[1].r); /* ONNX says how much stays */
}

/* Over the channels of each pixel. */
static void write_layernorm(dpid_onnx_writer *w, const call *c)
{
    const bool picture = c->op->in.rank > 1;
    const char *gamma = add_vector(w, c, 0);
    const char *beta = add_vector(w, c, 1);
    const char *in = picture ? transpose(w, c, c->in, dpid_onnx_join_name(w, c->name, "pixels"), true) : c->in;
    const char *out = picture ? dpid_onnx_join_name(w, c->name, "normed") : c->out;
    dpid_onnx_node *node = dpid_onnx_add_node(w, "LayerNormalization", c->name, NAMES(in, gamma, beta), out);
    dpid_onnx_add_int(w, node, "axis", -1);
    dpid_onnx_add_float(w, node, "epsilon", c->op->option[0].r);
    if (picture)
        transpose(w, c, out, c->out, false);
}

/* No operator of these sets: x / sqrt(mean(x^2) + eps) gamma over the channels, node by node. */
static void write_rmsnorm(dpid_onnx_writer *w, const call *c)
{
    static const int64_t channels[] = {1};
    const int64_t extents[] = {dpid_op_channels(c->op), 1, 1};
    const char *gamma = add_parameter(w, c, 0, extents, c->op->in.rank);
    const char *axes = dpid_onnx_add_integers(w, dpid_onnx_join_name(w, c->name, "axes"), channels, 1);
    const char *eps = dpid_onnx_add_number(w, dpid_onnx_join_name(w, c->name, "eps"), c->op->option[0].r);
    const char *square = dpid_onnx_join_name(w, c->name, "square");
    const char *mean = dpid_onnx_join_name(w, c->name, "mean");
    const char *sum = dpid_onnx_join_name(w, c->name, "sum");
    const char *root = dpid_onnx_join_name(w, c->name, "root");
    const char *normed = dpid_onnx_join_name(w, c->name, "normed");
    dpid_onnx_add_node(w, "Mul", square, NAMES(c->in, c->in), square);
    dpid_onnx_add_node(w, "ReduceMean", mean, NAMES(square, axes), mean);
    dpid_onnx_add_node(w, "Add", sum, NAMES(mean, eps), sum);
    dpid_onnx_add_node(w, "Sqrt", root, NAMES(sum), root);
    dpid_onnx_add_node(w, "Div", normed, NAMES(c->in, root), normed);
    dpid_onnx_add_node(w, "Mul", c->name, NAMES(normed, gamma), c->out);
}

/* gamma and beta, 1 and 0 where they are not trained */
static void norm_vectors(dpid_onnx_writer *w, const call *c, const char *names[2])
{
    const int64_t channels = dpid_op_channels(c->op);
    for (int32_t k = 0; k < 2; k++) {
        if (c->op->parameters > 0) {
            names[k] = add_vector(w, c, k);
            continue;
        }
        names[k] = dpid_onnx_join_name(w, c->name, k == 0 ? "weight" : "bias");
        void *to = dpid_onnx_add_tensor(w, names[k], dpid_onnx_real(w->net), &channels, 1, NULL);
        for (int64_t i = 0; to && i < channels; i++)
            dpid_store(w->net->precision, to, i, k == 0);
    }
}

static void write_norm(dpid_onnx_writer *w, const call *c)
{
    const bool groups = c->op->kind == &dpid_kind_groupnorm;
    const char *vector[2];
    norm_vectors(w, c, vector);
    dpid_onnx_node *node = dpid_onnx_add_node(w, groups ? "GroupNormalization" : "InstanceNormalization", c->name,
                                              NAMES(c->in, vector[0], vector[1]), c->out);
    dpid_onnx_add_float(w, node, "epsilon", c->op->option[1].r);
    if (groups)
        dpid_onnx_add_int(w, node, "num_groups", c->op->option[0].i);
}

static void write_leaky_relu(dpid_onnx_writer *w, const call *c)
{
    dpid_onnx_add_float(w, dpid_onnx_add_node(w, "LeakyRelu", c->name, NAMES(c->in), c->out), "alpha",
                        c->op->option[0].r);
}

static void write_elu(dpid_onnx_writer *w, const call *c)
{
    dpid_onnx_add_float(w, dpid_onnx_add_node(w, "Elu", c->name, NAMES(c->in), c->out), "alpha", c->op->option[0].r);
}

/* ONNX has Celu of floats alone; of doubles: alpha elu(x / alpha). */
static void write_celu(dpid_onnx_writer *w, const call *c)
{
    const double alpha = c->op->option[0].r;
    if (dpid_onnx_real(w->net) == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT) {
        dpid_onnx_add_float(w, dpid_onnx_add_node(w, "Celu", c->name, NAMES(c->in), c->out), "alpha", alpha);
        return;
    }
    const char *number = dpid_onnx_add_number(w, dpid_onnx_join_name(w, c->name, "alpha"), alpha);
    const char *share = dpid_onnx_join_name(w, c->name, "share");
    const char *elu = dpid_onnx_join_name(w, c->name, "elu");
    dpid_onnx_add_node(w, "Div", share, NAMES(c->in, number), share);
    dpid_onnx_add_node(w, "Elu", elu, NAMES(share), elu);
    dpid_onnx_add_node(w, "Mul", c->name, NAMES(elu, number), c->out);
}

/* What is not said is ONNX's own, 0.2 and 0.5. */
static void write_hardsigmoid(dpid_onnx_writer *w, const call *c)
{
    dpid_onnx_node *node = dpid_onnx_add_node(w, "HardSigmoid", c->name, NAMES(c->in), c->out);
    dpid_onnx_add_float(w, node, "alpha", c->op->option[0].r);
    dpid_onnx_add_float(w, node, "beta", c->op->option[1].r);
}

static void write_selu(dpid_onnx_writer *w, const call *c)
{
    dpid_onnx_node *node = dpid_onnx_add_node(w, "Selu", c->name, NAMES(c->in), c->out);
    dpid_onnx_add_float(w, node, "alpha", c->op->option[0].r);
    dpid_onnx_add_float(w, node, "gamma", c->op->option[1].r);
}

static void write_prelu(dpid_onnx_writer *w, const call *c)
{
    const int64_t extents[] = {dpid_op_channels(c->op), 1, 1};
    const char *slope = add_parameter(w, c, 0, extents, c->op->in.rank);
    dpid_onnx_add_node(w, "PRelu", c->name, NAMES(c->in, slope), c->out);
}

static void write_scale(dpid_onnx_writer *w, const call *c)
{
    const int64_t extents[] = {c->op->parameter[0].extents[0], 1, 1};
    const char *weight = add_parameter(w, c, 0, extents, c->op->in.rank);
    dpid_onnx_add_node(w, "Mul", c->name, NAMES(c->in, weight), c->out);
}

static void write_gelu(dpid_onnx_writer *w, const call *c)
{
    dpid_onnx_add_word(w, dpid_onnx_add_node(w, "Gelu", c->name, NAMES(c->in), c->out), "approximate",
                       c->op->option[0].i ? "tanh" : "none");
}

static void write_silu(dpid_onnx_writer *w, const call *c)
{
    const char *gate = dpid_onnx_join_name(w, c->name, "gate");
    dpid_onnx_add_node(w, "Sigmoid", gate, NAMES(c->in), gate);
    dpid_onnx_add_node(w, "Mul", c->name, NAMES(c->in, gate), c->out);
}

static void write_hardtanh(dpid_onnx_writer *w, const call *c)
{
    const char *low = dpid_onnx_add_number(w, dpid_onnx_join_name(w, c->name, "min"), c->op->option[0].r);
    const char *high = dpid_onnx_add_number(w, dpid_onnx_join_name(w, c->name, "max"), c->op->option[1].r);
    dpid_onnx_add_node(w, "Clip", c->name, NAMES(c->in, low, high), c->out);
}

static void write_dropout(dpid_onnx_writer *w, const call *c)
{
    const char *ratio = dpid_onnx_add_number(w, dpid_onnx_join_name(w, c->name, "ratio"), c->op->option[0].r);
    dpid_onnx_add_node(w, "Dropout", c->name, NAMES(c->in, ratio), c->out);
}

/* Every stride-th pixel, then zeros for the new channels, half of them before. */
static void write_channel_pad(dpid_onnx_writer *w, const call *c)
{
    static const int64_t starts[] = {0, 0};
    static const int64_t ends[] = {INT64_MAX, INT64_MAX};
    static const int64_t axes[] = {2, 3};
    const int64_t more = c->op->option[0].i - dpid_op_channels(c->op);
    const int64_t stride = c->op->option[1].i;
    const int64_t steps[] = {stride, stride};
    const int32_t rank = 1 + c->op->in.rank;
    const int32_t sides = c->op->in.rank - 1;
    int64_t pads[8] = {0};
    pads[1] = more / 2;
    pads[rank + 1] = more - more / 2;
    const char *in = c->in;
    if (stride > 1) {
        const char *pixels = dpid_onnx_join_name(w, c->name, "pixels");
        const char *from = dpid_onnx_add_integers(w, dpid_onnx_join_name(w, c->name, "starts"), starts, sides);
        const char *to = dpid_onnx_add_integers(w, dpid_onnx_join_name(w, c->name, "ends"), ends, sides);
        const char *which = dpid_onnx_add_integers(w, dpid_onnx_join_name(w, c->name, "axes"), axes, sides);
        const char *step = dpid_onnx_add_integers(w, dpid_onnx_join_name(w, c->name, "steps"), steps, sides);
        dpid_onnx_add_node(w, "Slice", pixels, NAMES(in, from, to, which, step), pixels);
        in = pixels;
    }
    const char *list = dpid_onnx_add_integers(w, dpid_onnx_join_name(w, c->name, "pads"), pads, 2 * rank);
    dpid_onnx_add_node(w, "Pad", c->name, NAMES(in, list), c->out);
}

/* ---- the table ------------------------------------------------------------------------------- */

/* op: one node of that name says it all. opset: the first that has it, where that is not ROWS_LAST. */
static const struct {
    const dpid_kind *kind;
    const char *op;
    void (*write)(dpid_onnx_writer *w, const call *c);
    int32_t opset;
} rows[] = {
    {&dpid_kind_dense, NULL, write_dense, 0},
    {&dpid_kind_conv2d, NULL, write_conv, 0},
    {&dpid_kind_conv1d, NULL, write_conv, 0},
    {&dpid_kind_batchnorm, NULL, write_batchnorm, 0},
    {&dpid_kind_layernorm, NULL, write_layernorm, 0},
    {&dpid_kind_rmsnorm, NULL, write_rmsnorm, 18},
    {&dpid_kind_scale, NULL, write_scale, 0},
    {&dpid_kind_groupnorm, NULL, write_norm, 21},
    {&dpid_kind_instancenorm, NULL, write_norm, 0},
    {&dpid_kind_relu, "Relu", NULL, 0},
    {&dpid_kind_leaky_relu, NULL, write_leaky_relu, 0},
    {&dpid_kind_prelu, NULL, write_prelu, 0},
    {&dpid_kind_elu, NULL, write_elu, 0},
    {&dpid_kind_selu, NULL, write_selu, 0},
    {&dpid_kind_celu, NULL, write_celu, 0},
    {&dpid_kind_tanh, "Tanh", NULL, 0},
    {&dpid_kind_sigmoid, "Sigmoid", NULL, 0},
    {&dpid_kind_gelu, NULL, write_gelu, 20},
    {&dpid_kind_silu, NULL, write_silu, 0},
    {&dpid_kind_mish, "Mish", NULL, 18},
    {&dpid_kind_softplus, "Softplus", NULL, 0},
    {&dpid_kind_hardtanh, NULL, write_hardtanh, 0},
    {&dpid_kind_hardsigmoid, NULL, write_hardsigmoid, 0},
    {&dpid_kind_hardswish, "HardSwish", NULL, 0},
    {&dpid_kind_softsign, "Softsign", NULL, 0},
    {&dpid_kind_maxpool, NULL, write_pool, 0},
    {&dpid_kind_avgpool, NULL, write_pool, 0},
    {&dpid_kind_global_avgpool, NULL, write_global_avgpool, 0},
    {&dpid_kind_flatten, NULL, write_flatten, 0},
    {&dpid_kind_dropout, NULL, write_dropout, 0},
    {&dpid_kind_stochastic_depth, "Identity", NULL, 0},
    {&dpid_kind_channel_pad, NULL, write_channel_pad, 0},
};

int32_t dpid_onnx_write_layer(dpid_onnx_writer *w, int32_t layer, const char *in, const char *out)
{
    const dpid_layer *l = &w->net->layer[layer];
    const call c = {l, &l->op, l->name, in, out};
    size_t i = 0;
    while (i < sizeof rows / sizeof *rows && rows[i].kind != l->op.kind)
        i++;
    if (i == sizeof rows / sizeof *rows)
        return dpid_fail(w->ctx, DEEPID_ERR_UNSUPPORTED, "layer '%s' (%s): ONNX has no operator for it", l->name,
                         l->op.kind->word);
    const int32_t opset = rows[i].opset ? rows[i].opset : ROWS_LAST;
    w->opset = opset > w->opset ? opset : w->opset;
    if (rows[i].op)
        dpid_onnx_add_node(w, rows[i].op, l->name, NAMES(in), out);
    else
        rows[i].write(w, &c);
    return w->status;
}
