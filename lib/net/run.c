/* Forward and backward over the steps of a net. Backward walks the same list from its end. */
#include "net/join.h"
#include "net/net.h"
#include "net/plan.h"
#include "tensor/vector.h"

#include <string.h>

/* ---- places ------------------------------------------------------------------------ */

static void *at(const deepid_net *net, int64_t offset)
{
    return net->plan->memory + offset;
}

void *dpid_plan_value(const deepid_net *net, int32_t v)
{
    return net->plan->value[v] >= 0 ? at(net, net->plan->value[v]) : NULL;
}

void *dpid_plan_gradient(const deepid_net *net, int32_t v)
{
    return net->plan->gradient[v] >= 0 ? at(net, net->plan->gradient[v]) : NULL;
}

static int32_t output_of(const deepid_net *net)
{
    return net->step[net->steps - 1].out;
}

void *dpid_net_input(deepid_net *net)
{
    return dpid_plan_value(net, 0);
}

void *dpid_net_output(deepid_net *net)
{
    return dpid_plan_value(net, output_of(net));
}

void *dpid_net_output_gradient(deepid_net *net)
{
    return dpid_plan_gradient(net, output_of(net));
}

const void *dpid_net_value(const deepid_net *net, int32_t v)
{
    const bool kept = net->plan && net->plan->train && v >= 0 && v < net->values_count;
    return kept ? dpid_plan_value(net, v) : NULL;
}

const void *dpid_net_value_gradient(const deepid_net *net, int32_t v)
{
    const bool kept = net->plan && net->plan->train && net->plan->whole && v >= 0 && v < net->values_count;
    return kept ? dpid_plan_gradient(net, v) : NULL;
}

/* ---- one step ----------------------------------------------------------------------- */

dpid_pass dpid_plan_pass(const deepid_net *net, int32_t t, dpid_mode mode, int64_t n)
{
    const dpid_step *step = &net->step[t];
    const dpid_layer *layer = &net->layer[step->layer];
    dpid_pass pass = {.op = &layer->op,
                      .mode = mode,
                      .n = n,
                      .x = dpid_plan_value(net, step->in),
                      .y = dpid_plan_value(net, step->out),
                      .saved = at(net, net->plan->saved[step->layer]),
                      .scratch = net->plan->scratch,
                      .pool = dpid_ctx_pool(net->head.ctx),
                      .exact = net->exact,
                      .noise_seed = net->noise_seed,
                      .noise_substream = layer->noise_substream,
                      .noise_step = net->noise_step};
    for (int32_t k = 0; k < layer->op.parameters; k++)
        pass.parameter[k] = dpid_net_parameter_at(net, layer->parameter[k]);
    return pass;
}

void dpid_plan_add_gradients(const deepid_net *net, int32_t t, dpid_pass *pass)
{
    const dpid_layer *layer = &net->layer[net->step[t].layer];
    for (int32_t k = 0; k < layer->op.parameters; k++) {
        const dpid_parameter *p = &net->parameter[layer->parameter[k]];
        pass->dparameter[k] = p->spec.trained ? (char *)net->gradients + p->offset * dpid_precision_bytes(net->precision) : NULL;
    }
}

static const dpid_kernels *kernels_of(const deepid_net *net, const dpid_step *step)
{
    return net->layer[step->layer].op.kind->kernels[net->head.ctx->isa][net->precision];
}

static int64_t reals_of(const deepid_net *net, int32_t v, int64_t n)
{
    return n * dpid_shape_count(&net->value[v].shape);
}

static void join_forward(const deepid_net *net, const dpid_step *step, int64_t n)
{
    deepid_ctx *ctx = net->head.ctx;
    dpid_join_forward[ctx->isa][net->precision](dpid_ctx_pool(ctx), reals_of(net, step->out, n), dpid_plan_value(net, step->in), dpid_plan_value(net, step->skip), step->s, dpid_plan_value(net, step->out));
}

static void join_backward(const deepid_net *net, const dpid_step *step, int64_t n, bool add)
{
    deepid_ctx *ctx = net->head.ctx;
    dpid_join_backward[ctx->isa][net->precision](dpid_ctx_pool(ctx), reals_of(net, step->out, n), dpid_plan_gradient(net, step->out), step->s, add, dpid_plan_gradient(net, step->in),
                                                 dpid_plan_gradient(net, step->skip));
}

void dpid_plan_skip_gradient(const deepid_net *net, int32_t t, const void *dout, int64_t n)
{
    deepid_ctx *ctx = net->head.ctx;
    const dpid_step *step = &net->step[t];
    dpid_join_backward[ctx->isa][net->precision](dpid_ctx_pool(ctx), reals_of(net, step->out, n), dout, step->s, !net->reads_last[t], NULL, dpid_plan_gradient(net, step->skip));
}

static void add_to(const deepid_net *net, void *y, const void *x, int64_t n)
{
    if (net->precision == DPID_P32)
        dpid_add_to_f32(y, x, n);
    else if (net->precision == DPID_P64)
        dpid_add_to_f64(y, x, n);
    else
        dpid_add_to_f80(y, x, n);
}

/* ---- forward --------------------------------------------------------------------------- */

static int32_t check_batch(const deepid_net *net, dpid_mode mode, int64_t n)
{
    for (int32_t i = 0; i < net->layers; i++)
        DPID_TRY(dpid_op_check_batch(net->head.ctx, &net->layer[i].op, mode, n));
    return DEEPID_OK;
}

int32_t dpid_net_run_forward(deepid_net *net, dpid_mode mode, int64_t n)
{
    DPID_TRY(check_batch(net, mode, n));
    DPID_TRY(dpid_plan_fit_threads(net));
    for (int32_t t = 0; t < net->steps; t++) {
        const dpid_step *step = &net->step[t];
        if (net->plan->fusion.role[t] != DPID_ROLE_PLAIN) {
            dpid_fused_forward(net, t, mode, n);
            continue;
        }
        if (step->type == DPID_STEP_JOIN) {
            join_forward(net, step, n);
            continue;
        }
        const dpid_pass pass = dpid_plan_pass(net, t, mode, n);
        kernels_of(net, step)->forward(&pass);
    }
    net->forward_mode = mode;
    net->forward_n = n;
    return DEEPID_OK;
}

void dpid_net_commit(deepid_net *net)
{
    for (int32_t t = 0; t < net->steps; t++) {
        const dpid_step *step = &net->step[t];
        if (step->type != DPID_STEP_LAYER || !kernels_of(net, step)->commit)
            continue;
        const dpid_pass pass = dpid_plan_pass(net, t, DPID_TRAIN, net->forward_n);
        kernels_of(net, step)->commit(&pass);
    }
}

/* ---- backward ----------------------------------------------------------------------------- */

static void layer_backward(deepid_net *net, int32_t t, dpid_mode mode, int64_t n, bool want_input)
{
    const dpid_step *step = &net->step[t];
    dpid_pass pass = dpid_plan_pass(net, t, mode, n);
    const bool add = !net->reads_last[t];
    pass.dy = dpid_plan_gradient(net, step->out);
    if (step->in != 0 || want_input)
        pass.dx = add ? at(net, net->plan->joined) : dpid_plan_gradient(net, step->in);
    dpid_plan_add_gradients(net, t, &pass);
    kernels_of(net, step)->backward(&pass);
    if (pass.dx && add)
        add_to(net, dpid_plan_gradient(net, step->in), pass.dx, reals_of(net, step->in, n)); /* branch + skip */
}

void dpid_net_run_backward(deepid_net *net, dpid_mode mode, int64_t n, void *dx)
{
    for (int32_t t = net->steps - 1; t >= 0; t--) {
        if (net->plan->fusion.role[t] != DPID_ROLE_PLAIN)
            dpid_fused_backward(net, t, mode, n, dx != NULL);
        else if (net->step[t].type == DPID_STEP_JOIN)
            join_backward(net, &net->step[t], n, !net->reads_last[t]);
        else
            layer_backward(net, t, mode, n, dx != NULL);
    }
    if (dx)
        memcpy(dx, dpid_plan_gradient(net, 0), (size_t)(reals_of(net, 0, n) * dpid_precision_bytes(net->precision)));
}

/* A value that two steps read gets its gradient in two parts. Walking back, the reader that stands last in the net writes, the other adds. */
int32_t dpid_net_find_readers(deepid_net *net)
{
    bool *read = NULL;
    DPID_TRY(dpid_arena_alloc(&net->arena, net->steps, sizeof *net->reads_last, "net", &net->reads_last));
    DPID_TRY(dpid_arena_alloc(&net->arena, net->values_count, sizeof *read, "net", &read));
    for (int32_t t = net->steps - 1; t >= 0; t--) {
        const dpid_step *step = &net->step[t];
        net->reads_last[t] = !read[step->type == DPID_STEP_JOIN ? step->skip : step->in];
        read[step->in] = true;
        if (step->skip >= 0)
            read[step->skip] = true;
    }
    return DEEPID_OK;
}

void dpid_net_clear_gradients(deepid_net *net)
{
    memset(net->gradients, 0, (size_t)(net->values_reals * dpid_precision_bytes(net->precision)));
}

/* ---- what is not finite ----------------------------------------------------------------------- */

static bool all_finite(const deepid_net *net, const void *x, int64_t n)
{
    return net->precision == DPID_P32 ? dpid_all_finite_f32(x, n) : net->precision == DPID_P64 ? dpid_all_finite_f64(x, n) : dpid_all_finite_f80(x, n);
}

const char *dpid_net_find_nonfinite(const deepid_net *net, const char *what, int64_t n)
{
    if (strcmp(what, "output") == 0) {
        for (int32_t v = 0; v < net->values_count; v++)
            if (dpid_plan_value(net, v) && !all_finite(net, dpid_plan_value(net, v), reals_of(net, v, n)))
                return net->value[v].name;
        return NULL;
    }
    for (int32_t i = net->trained - 1; i >= 0; i--) {
        const dpid_parameter *p = &net->parameter[i];
        if (!all_finite(net, (const char *)net->gradients + p->offset * dpid_precision_bytes(net->precision), p->count))
            return p->name;
    }
    return NULL;
}

/* ---- public ------------------------------------------------------------------------------------- */

static int32_t check_batch_tensor(const deepid_net *net, const char *argument, const deepid_tensor *t, const dpid_shape *shape, int64_t n)
{
    int64_t extents[DPID_RANK_MAX] = {n};
    memcpy(extents + 1, shape->extent, sizeof *extents * (size_t)shape->rank);
    return dpid_tensor_check(net->head.ctx, "net", argument, t, net->dtype, shape->rank + 1, extents);
}

static int32_t forward(deepid_net *net, const deepid_tensor *x, deepid_tensor *y)
{
    DPID_TRY(dpid_tensor_check(net->head.ctx, "net", "x", x, net->dtype, -1, NULL));
    const int64_t n = x->rank > 0 ? x->extents[0] : 0;
    const bool train = net->mode == DPID_TRAIN;
    DPID_TRY(check_batch_tensor(net, "x", x, &net->value[0].shape, n));
    DPID_TRY(check_batch_tensor(net, "y", y, &net->value[output_of(net)].shape, n));
    DPID_TRY(check_batch(net, net->mode, n)); /* before anything of the last forward is lost */
    DPID_TRY(dpid_net_prepare(net, n, train));
    memcpy(dpid_net_input(net), x->data, (size_t)(x->count * dpid_precision_bytes(net->precision)));
    DPID_TRY(dpid_net_run_forward(net, net->mode, n));
    memcpy(y->data, dpid_net_output(net), (size_t)(y->count * dpid_precision_bytes(net->precision)));
    if (train)
        dpid_net_commit(net);
    return DEEPID_OK;
}

int32_t deepid_net_forward(deepid_net *net, const deepid_tensor *x, deepid_tensor *y)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, forward(net, x, y));
}

static int32_t backward(deepid_net *net, const deepid_tensor *dy, deepid_tensor *dx)
{
    const int64_t n = net->forward_n;
    if (!net->plan || !net->plan->train || n == 0)
        return dpid_fail(net->head.ctx, DEEPID_ERR_STATE, "net: backward needs a forward before it, with the net prepared for training");
    DPID_TRY(check_batch_tensor(net, "dy", dy, &net->value[output_of(net)].shape, n));
    if (dx)
        DPID_TRY(check_batch_tensor(net, "dx", dx, &net->value[0].shape, n));
    DPID_TRY(dpid_plan_fit_threads(net));
    memcpy(dpid_net_output_gradient(net), dy->data, (size_t)(dy->count * dpid_precision_bytes(net->precision)));
    dpid_net_run_backward(net, net->forward_mode, n, dx ? dx->data : NULL);
    return DEEPID_OK;
}

int32_t deepid_net_backward(deepid_net *net, const deepid_tensor *dy, deepid_tensor *dx)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, backward(net, dy, dx));
}

static int32_t zero_gradients(deepid_net *net)
{
    if (!net->gradients)
        return dpid_fail(net->head.ctx, DEEPID_ERR_STATE, "net: there are no gradients yet; prepare for training first");
    dpid_net_clear_gradients(net);
    return DEEPID_OK;
}

int32_t deepid_net_zero_gradients(deepid_net *net)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, zero_gradients(net));
}

static int32_t set_mode(deepid_net *net, int32_t mode)
{
    if (mode != DEEPID_EVAL && mode != DEEPID_TRAIN)
        return dpid_fail(net->head.ctx, DEEPID_ERR_ARGUMENT, "net: mode is %d, expected DEEPID_EVAL (0) or DEEPID_TRAIN (1)", mode);
    net->mode = (dpid_mode)mode;
    return DEEPID_OK;
}

int32_t deepid_net_set_mode(deepid_net *net, int32_t mode)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, set_mode(net, mode));
}
