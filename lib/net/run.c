/* Forward and backward over the stages of a net. Backward walks the same list from its end. */
#include "net/run.h"

#include "net/graph.h"
#include "net/pass.h"
#include "net/plan.h"
#include "net/rounding.h"
#include "tensor/vector.h"

#include <string.h>

/* ---- places ------------------------------------------------------------------------ */

void *dpid_net_input(deepid_net *net)
{
    return dpid_value_at(net, 0);
}

void *dpid_net_output(deepid_net *net)
{
    return dpid_value_at(net, dpid_graph_output(net));
}

int64_t dpid_net_outputs(const deepid_net *net)
{
    return dpid_shape_count(&net->value[net->step[net->steps - 1].out].shape);
}

void *dpid_net_output_gradient(deepid_net *net)
{
    return dpid_gradient_at(net, dpid_graph_output(net));
}

const void *dpid_net_value(const deepid_net *net, int32_t v)
{
    const bool kept = net->plan && (net->plan->train || net->plan->whole) && v >= 0 && v < net->values_count &&
                      !net->plan->segments.inside[v];
    return kept ? dpid_value_at(net, v) : NULL;
}

const void *dpid_net_value_gradient(const deepid_net *net, int32_t v)
{
    const bool kept = net->plan && net->plan->train && net->plan->whole && v >= 0 && v < net->values_count;
    return kept ? dpid_gradient_at(net, v) : NULL;
}

/* ---- forward --------------------------------------------------------------------------- */

static int32_t check_batch(const deepid_net *net, dpid_mode mode, int64_t n)
{
    for (int32_t i = 0; i < net->layers; i++)
        DPID_TRY(dpid_op_check_batch(net->head.ctx, &net->layer[i].op, mode, n));
    return DEEPID_OK;
}

void dpid_run_forward_stage(deepid_net *net, int32_t i, dpid_mode mode, int64_t n)
{
    const dpid_stage *stage = &net->plan->stage[i];
    stage->fusion->forward(&(dpid_stage_call){.net = net, .stage = stage, .mode = mode, .n = n});
}

int32_t dpid_run_start(deepid_net *net, dpid_mode mode, int64_t n)
{
    DPID_TRY(check_batch(net, mode, n));
    DPID_TRY(dpid_plan_fit_threads(net));
    net->forward_mode = mode;
    net->forward_n = n;
    net->plan->segments.tail_there = true;
    dpid_round_weights(net);
    dpid_round_value(net, 0, n);
    return DEEPID_OK;
}

int32_t dpid_net_run_forward(deepid_net *net, dpid_mode mode, int64_t n)
{
    DPID_TRY(dpid_run_start(net, mode, n));
    for (int32_t i = 0; i < net->plan->stages; i++)
        dpid_run_forward_stage(net, i, mode, n);
    return DEEPID_OK;
}

void dpid_net_run_from(deepid_net *net, int32_t step, dpid_mode mode, int64_t n)
{
    for (int32_t i = step; i < net->plan->stages; i++) /* stage i is step i */
        dpid_run_forward_stage(net, i, mode, n);
}

/* Stage i is step i. */
int32_t dpid_net_run_to_norm(deepid_net *net, int32_t step, int64_t n)
{
    DPID_TRY(dpid_run_start(net, DPID_TRAIN, n));
    for (int32_t i = 0; i <= step; i++) {
        const bool settled =
            i < step && net->step[i].type == DPID_STEP_LAYER && dpid_kernels_of(net, &net->step[i])->commit;
        dpid_run_forward_stage(net, i, settled ? DPID_EVAL : DPID_TRAIN, n);
    }
    return DEEPID_OK;
}

void dpid_net_commit(deepid_net *net)
{
    for (int32_t t = 0; t < net->steps; t++) {
        const dpid_step *step = &net->step[t];
        if (step->type != DPID_STEP_LAYER || !dpid_kernels_of(net, step)->commit)
            continue;
        const dpid_pass pass = dpid_pass_of(net, step, DPID_TRAIN, net->forward_n);
        dpid_kernels_of(net, step)->commit(&pass);
    }
}

/* ---- backward ----------------------------------------------------------------------------- */

static int32_t segment_of(const deepid_net *net, int32_t stage)
{
    return net->plan->segments.of_step[net->plan->stage[stage].first];
}

/* Walking back, a segment is entered here. */
static bool enters_segment(const deepid_net *net, int32_t stage)
{
    const int32_t segment = segment_of(net, stage);
    return segment >= 0 && (stage + 1 == net->plan->stages || segment_of(net, stage + 1) != segment);
}

/* The values of the segment that ends with this stage, once more. */
static void recompute(deepid_net *net, int32_t last, dpid_mode mode, int64_t n)
{
    int32_t first = last;
    while (first > 0 && segment_of(net, first - 1) == segment_of(net, last))
        first--;
    for (int32_t i = first; i <= last; i++)
        dpid_run_forward_stage(net, i, mode, n);
}

static void clear_gradients_of(const deepid_net *net, const dpid_stage *stage)
{
    const int64_t bytes = dpid_precision_bytes(net->precision);
    for (int32_t t = stage->first; t < stage->first + stage->count; t++) {
        const dpid_layer *layer = net->step[t].type == DPID_STEP_LAYER ? &net->layer[net->step[t].layer] : NULL;
        for (int32_t k = 0; layer && k < layer->op.parameters; k++) {
            const dpid_parameter *p = &net->parameter[layer->parameter[k]];
            if (p->spec.trained)
                memset((char *)net->gradients + p->offset * bytes, 0, (size_t)(p->count * bytes));
        }
    }
}

void dpid_run_backward_stage(const dpid_stage_call *call, int32_t i)
{
    const dpid_stage *stage = &call->net->plan->stage[i];
    dpid_stage_call of = *call;
    of.stage = stage;
    if (call->anew && !stage->fusion->knows_anew)
        clear_gradients_of(call->net, stage);
    stage->fusion->backward(&of);
}

/* From stage `last` on. */
static void backward_from(deepid_net *net, int32_t last, const dpid_stage_call *call)
{
    dpid_round_gradient(net, dpid_graph_output(net), call->n);
    for (int32_t i = last; i >= 0; i--) {
        if (enters_segment(net, i) && !(i == net->plan->stages - 1 && net->plan->segments.tail_there))
            recompute(net, i, call->mode, call->n);
        dpid_run_backward_stage(call, i);
    }
    net->plan->segments.tail_there = false;
}

void dpid_net_run_backward(deepid_net *net, dpid_mode mode, int64_t n, void *dx)
{
    backward_from(net, net->plan->stages - 1,
                  &(dpid_stage_call){.net = net, .mode = mode, .n = n, .want_input = dx != NULL});
    if (dx)
        memcpy(dx, dpid_gradient_at(net, 0),
               (size_t)(dpid_value_reals(net, 0, n) * dpid_precision_bytes(net->precision)));
}

int32_t dpid_net_run_through_loss(deepid_net *net, dpid_mode mode, int64_t n, const dpid_net_loss *loss)
{
    const int32_t last = net->plan->stages - 1;
    const dpid_stage *stage = &net->plan->stage[last];
    const dpid_stage_call call = {.net = net, .stage = stage, .mode = mode, .n = n, .anew = true};
    DPID_TRY(dpid_run_start(net, mode, n));
    for (int32_t i = 0; i < last; i++)
        dpid_run_forward_stage(net, i, mode, n);
    if (stage->fusion->through_loss) {
        stage->fusion->through_loss(&call, loss);
        backward_from(net, last - 1, &call);
    } else {
        dpid_run_forward_stage(net, last, mode, n);
        loss->run(loss->arg, 0, n);
        backward_from(net, last, &call);
    }
    return DEEPID_OK;
}

static double squares_of(const deepid_net *net, int64_t first, int64_t end)
{
    const char *gradients = (const char *)net->gradients + first * dpid_precision_bytes(net->precision);
    return end > first ? dpid_sum_squares_by[net->head.ctx->isa][net->precision](dpid_ctx_pool(net->head.ctx),
                                                                                 gradients, end - first)
                       : 0;
}

/* Sums of stages that know theirs, and passes over what lies between, from the end of the net on. One by one: stages
   are cut elsewhere with recomputation, and the sum has to have the same bits. */
double dpid_net_gradient_squares(const deepid_net *net)
{
    double sum = 0;
    int64_t done = net->values_reals;
    for (int32_t i = net->plan->stages - 1; i >= 0; i--) {
        const dpid_stage *stage = &net->plan->stage[i];
        const double *part;
        int64_t first;
        int64_t end;
        const int32_t parts = stage->fusion->squares ? stage->fusion->squares(stage, &part, &first, &end) : 0;
        if (parts == 0)
            continue;
        sum += squares_of(net, end, done);
        for (int32_t k = 0; k < parts; k++)
            sum += part[k];
        done = first;
    }
    return sum + squares_of(net, 0, done);
}

void dpid_net_clear_gradients(deepid_net *net)
{
    memset(net->gradients, 0, (size_t)(net->values_reals * dpid_precision_bytes(net->precision)));
}

/* ---- what is not finite ----------------------------------------------------------------------- */

static bool all_finite(const deepid_net *net, const void *x, int64_t n)
{
    return net->precision == DPID_P32   ? dpid_all_finite_f32(x, n)
           : net->precision == DPID_P64 ? dpid_all_finite_f64(x, n)
                                        : dpid_all_finite_f80(x, n);
}

/* A batch-norm that runs inside a convolution has its output nowhere, and the layer that reads it must not be blamed
   for it. Any other value without a buffer is part of one that has. */
static bool gives_nonfinite(deepid_net *net, const dpid_stage *stage, int32_t t, int64_t n)
{
    const int32_t v = net->step[t].out;
    const dpid_stage_call call = {.net = net, .stage = stage, .mode = net->forward_mode, .n = n};
    if (dpid_value_at(net, v))
        return !all_finite(net, dpid_value_at(net, v), dpid_value_reals(net, v, n));
    return stage->fusion->is_finite && !stage->fusion->is_finite(&call, t);
}

/* The first of the steps of stages first .. end - 1. */
static const char *name_nonfinite(deepid_net *net, int32_t first, int32_t end, int64_t n)
{
    for (int32_t i = first; i < end; i++) {
        const dpid_stage *stage = &net->plan->stage[i];
        for (int32_t t = stage->first; t < stage->first + stage->count; t++)
            if (gives_nonfinite(net, stage, t, n))
                return net->value[net->step[t].out].name;
    }
    return NULL;
}

/* Of a recomputed segment only what leaves it is left: all segments run forward again, and each is looked into
   before the next one takes its place. */
static const char *name_nonfinite_again(deepid_net *net, int64_t n)
{
    const char *name = NULL;
    int32_t first = 0;
    for (int32_t i = 0; i < net->plan->stages && !name; i++) {
        dpid_run_forward_stage(net, i, net->forward_mode, n);
        if (i + 1 < net->plan->stages && segment_of(net, i + 1) == segment_of(net, i))
            continue;
        name = name_nonfinite(net, first, i + 1, n);
        first = i + 1;
    }
    net->plan->segments.tail_there = !name;
    return name;
}

static const char *find_output(deepid_net *net, int64_t n)
{
    if (!all_finite(net, dpid_value_at(net, 0), dpid_value_reals(net, 0, n)))
        return net->value[0].name;
    const bool whole = segment_of(net, net->plan->stages - 1) < 0;
    return whole ? name_nonfinite(net, 0, net->plan->stages, n) : name_nonfinite_again(net, n);
}

static const char *find_gradient(const deepid_net *net)
{
    for (int32_t i = net->trained - 1; i >= 0; i--) {
        const dpid_parameter *p = &net->parameter[i];
        if (!all_finite(net, (const char *)net->gradients + p->offset * dpid_precision_bytes(net->precision), p->count))
            return p->name;
    }
    return NULL;
}

const char *dpid_net_find_nonfinite(deepid_net *net, const char *what, int64_t n)
{
    return strcmp(what, "output") == 0 ? find_output(net, n) : find_gradient(net);
}

/* ---- public ------------------------------------------------------------------------------------- */

static int32_t check_batch_tensor(const deepid_net *net, const char *argument, const deepid_tensor *t,
                                  const dpid_shape *shape, int64_t n)
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
    DPID_TRY(check_batch_tensor(net, "y", y, &net->value[dpid_graph_output(net)].shape, n));
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
    DPID_TRY(dpid_net_refuse_frozen(net));
    if (!net->plan || !net->plan->train || n == 0)
        return dpid_fail(net->head.ctx, DEEPID_ERR_STATE,
                         "net: backward needs a forward before it, with the net prepared for training");
    DPID_TRY(check_batch_tensor(net, "dy", dy, &net->value[dpid_graph_output(net)].shape, n));
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
    DPID_TRY(dpid_net_refuse_frozen(net));
    if (!net->gradients)
        return dpid_fail(net->head.ctx, DEEPID_ERR_STATE,
                         "net: there are no gradients yet; prepare for training first");
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
        return dpid_fail(net->head.ctx, DEEPID_ERR_ARGUMENT,
                         "net: mode is %d, expected DEEPID_EVAL (0) or DEEPID_TRAIN (1)", mode);
    DPID_TRY(mode == DEEPID_TRAIN ? dpid_net_refuse_frozen(net) : DEEPID_OK);
    net->mode = (dpid_mode)mode;
    return DEEPID_OK;
}

int32_t deepid_net_set_mode(deepid_net *net, int32_t mode)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, set_mode(net, mode));
}
