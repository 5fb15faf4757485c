/* From the steps of a net to a chain of parts. The way back from the output follows the skip of every residual
   block. */
#include "identity/witness/chain.h"

#include "ops/conv2d/conv2d.h"

int64_t dpid_channels(const dpid_shape *shape)
{
    return shape->extent[shape->rank - 1];
}

int64_t dpid_pixels(const dpid_shape *shape)
{
    return dpid_shape_count(shape) / dpid_channels(shape);
}

/* A window that sees one pixel and steps by one. */
static bool is_single_pixel(const dpid_op *op)
{
    const dpid_window w = dpid_pool_window(op);
    return w.kernel_h == 1 && w.kernel_w == 1 && w.stride_h == 1 && w.stride_w == 1;
}

bool dpid_activation_of(const dpid_op *op, dpid_activation *out)
{
    if (op->kind->activation)
        *out = op->kind->activation(op->option);
    return op->kind->activation != NULL;
}

/* ---- one part ------------------------------------------------------------------------- */

static dpid_part_type type_of(const dpid_op *op, dpid_activation *activation)
{
    const uint32_t flags = op->kind->flags;
    if (flags & DPID_KIND_WEIGHT)
        return DPID_PART_LINEAR;
    if (flags & DPID_KIND_NORM)
        return flags & DPID_KIND_BATCH ? DPID_PART_NORM : DPID_PART_LAYERNORM;
    if (flags & DPID_KIND_SCALE)
        return DPID_PART_SCALE;
    return dpid_activation_of(op, activation) ? DPID_PART_ACTIVATION : DPID_PART_KEEP;
}

/* What cannot be passed whatever the weights are: pictures that shrink, sums over windows, noise. */
static int32_t obstacle(const dpid_op *op, dpid_part_type type, dpid_mode mode)
{
    if (dpid_pixels(&op->in) != dpid_pixels(&op->out))
        return DEEPID_REASON_SHAPE;
    if ((op->kind->flags & DPID_KIND_WINDOW) && !is_single_pixel(op))
        return DEEPID_REASON_RANK;
    if ((op->kind->flags & DPID_KIND_NOISE) && mode == DPID_TRAIN && op->option[0].r > 0)
        return DEEPID_REASON_NOISE;
    if (op->kind->flags & DPID_KIND_KEEPS_MEAN)
        return DEEPID_REASON_UNKNOWN;
    if ((type == DPID_PART_NORM && mode == DPID_TRAIN) || type == DPID_PART_LAYERNORM)
        return DEEPID_REASON_INVARIANCE;
    return DEEPID_REASON_NONE;
}

/* The delta's tap: row top / dilation, column left / dilation, when they are taps (docs/identity.md, convolutions). */
static bool has_centre(const dpid_op *op)
{
    dpid_conv2d g;
    if (!(op->kind->flags & DPID_KIND_CONVOLUTION))
        return true;
    (void)dpid_conv2d_make(NULL, op, &g);
    const dpid_window *w = &g.window;
    return w->stride_h == 1 && w->stride_w == 1 && w->top % w->dilation_h == 0 && w->left % w->dilation_w == 0 &&
           w->top / w->dilation_h < w->kernel_h && w->left / w->dilation_w < w->kernel_w && w->out_h == w->h &&
           w->out_w == w->w;
}

/* ---- the way ---------------------------------------------------------------------------- */

static void fill_part(const deepid_net *net, const dpid_step *step, dpid_mode mode, dpid_part *part, int32_t *reason)
{
    *part = (dpid_part){.type = DPID_PART_JOIN, .step = (int32_t)(step - net->step), .join = step};
    if (step->type == DPID_STEP_JOIN)
        return;
    const dpid_layer *layer = &net->layer[step->layer];
    part->join = NULL;
    part->layer = layer;
    part->type = type_of(&layer->op, &part->activation);
    int32_t found = obstacle(&layer->op, part->type, mode);
    if (found == DEEPID_REASON_NONE && part->type == DPID_PART_LINEAR && !has_centre(&layer->op))
        found = DEEPID_REASON_SHAPE;
    if (found != DEEPID_REASON_NONE)
        *reason = found;
}

static void reverse(dpid_part *part, int32_t parts)
{
    for (int32_t i = 0; i < parts / 2; i++) {
        const dpid_part kept = part[i];
        part[i] = part[parts - 1 - i];
        part[parts - 1 - i] = kept;
    }
}

int32_t dpid_chain_make(dpid_arena *arena, const deepid_net *net, int32_t in, int32_t out, dpid_mode mode,
                        dpid_chain *chain, int32_t *reason)
{
    *chain = (dpid_chain){.net = net, .in = in, .out = out};
    *reason = DEEPID_REASON_NONE;
    DPID_TRY(dpid_arena_alloc(arena, net->steps + 1, sizeof *chain->part, "identity chain", &chain->part));
    for (int32_t value = out; value != in;) {
        const int32_t maker = net->value[value].maker;
        const dpid_step *step = maker < 0 ? NULL : &net->step[maker];
        if (!step || step->type == DPID_STEP_GATE) { /* the way back passes `in` by, or a product is all there is */
            *reason = DEEPID_REASON_UNKNOWN;
            return DEEPID_OK;
        }
        fill_part(net, step, mode, &chain->part[chain->parts++], reason);
        value = step->type == DPID_STEP_JOIN ? step->skip : step->in;
    }
    reverse(chain->part, chain->parts);
    if (!dpid_shape_equal(&net->value[in].shape, &net->value[out].shape))
        *reason = DEEPID_REASON_SHAPE;
    return DEEPID_OK;
}
