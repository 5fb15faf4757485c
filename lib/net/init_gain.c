/* gain: orthogonal weights, each times the gain that keeps the gradient's norm through the activation before it, and a
   bias that takes away that activation's value at 0.
   A layer z' = g W (phi(z) - phi(0)) sends gradients back with the factor g^2 E[phi'(z)^2] for their squares, z of
   N(0, q): so g = E[phi'(z)^2]^(-1/2), and the next q = g^2 E[(phi(z) - phi(0))^2]. q starts at 1; the expectations are
   sums over a grid. relu: sqrt 2. tanh: 1.47 where q = 1, less where it is smaller. sigmoid, which is
   1/2 + tanh(z/2) / 2: 4 and more, and without the bias its mean of 1/2 would drive the units into saturation.
   (Saxe et al. 2014; Schoenholz et al. 2017, Pennington et al. 2017 for the factors) */
#include "net/init.h"

#include <math.h>

enum { GRID = 1600 }; /* middles of intervals: a kink at 0 lies between two of them */
#define REACH 8.0     /* standard deviations, on both sides */

/* What is known of a value: its mean square about offset, the mean square of the slopes since the last weight. */
typedef struct {
    double offset, square, slope;
} flow;

/* ---- an activation by quadrature ------------------------------------------------------------------ */

typedef struct {
    double x[GRID + 1], y[GRID + 1], dy[GRID + 1], dx[GRID + 1]; /* the last is at 0 */
} grid;

static double place(int i)
{
    return REACH * ((2.0 * i + 1) / GRID - 1);
}

/* phi and phi' on the grid, by the layer's own kernels; a trained slope has its start value. */
static void run_on_grid(const dpid_init_run *run, const dpid_op *op, grid *g)
{
    dpid_op one = *op;
    one.in = one.out = (dpid_shape){1, {1}};
    double start = op->parameters > 0 ? op->parameter[0].start : 0;
    const dpid_kernels *kernels = op->kind->kernels[run->net->head.ctx->isa][DPID_P64];
    dpid_pass pass = {.op = &one, .mode = DPID_EVAL, .n = GRID + 1, .x = g->x, .y = g->y, .parameter = {&start}};
    kernels->forward(&pass);
    pass.dy = g->dy;
    pass.dx = g->dx;
    kernels->backward(&pass);
}

static flow through(const dpid_init_run *run, const dpid_op *op, flow in)
{
    grid g;
    flow out = {0, 0, 0};
    double all = 0;
    for (int i = 0; i <= GRID; i++) {
        g.x[i] = i < GRID ? sqrt(in.square) * place(i) : 0;
        g.dy[i] = 1;
    }
    run_on_grid(run, op, &g);
    out.offset = g.y[GRID];
    for (int i = 0; i < GRID; i++) {
        const double weight = exp(-place(i) * place(i) / 2);
        all += weight;
        out.square += weight * (g.y[i] - out.offset) * (g.y[i] - out.offset);
        out.slope += weight * g.dx[i] * g.dx[i];
    }
    out.square /= all;
    out.slope *= in.slope / all;
    return out;
}

/* ---- a layer with weights ------------------------------------------------------------------------------ */

/* b = -offset (sum of the row) */
static void centre(const dpid_init_run *run, int32_t weight, int32_t bias, double offset)
{
    const deepid_net *net = run->net;
    const int64_t rows = net->parameter[bias].count;
    const int64_t cols = net->parameter[weight].count / rows;
    const void *w = dpid_net_parameter_at(net, weight);
    for (int64_t o = 0; o < rows; o++) {
        double sum = 0;
        for (int64_t k = 0; k < cols; k++)
            sum += dpid_fetch(net->precision, w, o * cols + k);
        dpid_init_set(run, bias, o, -offset * sum);
    }
}

static int32_t start_layer(dpid_init_run *run, const dpid_layer *layer, flow in, flow *out)
{
    const double least = 1e-6; /* of a slope: nothing comes through, and no gain helps */
    const deepid_net *net = run->net;
    const int32_t weight = layer->parameter[0];
    const int32_t bias = layer->op.parameters > 1 ? layer->parameter[1] : -1;
    const bool centred = bias >= 0 && net->parameter[bias].spec.role == DPID_ROLE_BIAS;
    const double gain = 1 / sqrt(fmax(in.slope, least));
    const double cols = (double)(net->parameter[weight].count / net->parameter[weight].spec.extents[0]);
    const double rows = (double)net->parameter[weight].spec.extents[0];
    DPID_TRY(dpid_init_orthogonal_weight(run, weight, gain));
    if (centred && in.offset != 0)
        centre(run, weight, bias, in.offset);
    const double square = in.square + (centred ? 0 : in.offset * in.offset);
    *out = (flow){0, gain * gain * square * fmin(1, cols / rows), 1};
    return DEEPID_OK;
}

static flow join(const dpid_step *step, flow branch, flow skip)
{
    return (flow){branch.offset + step->s * skip.offset, branch.square + step->s * step->s * skip.square, 1};
}

/* Independent of each other, and the other's mean is 0. */
static flow gated(flow t, flow h)
{
    return (flow){0, (t.square + t.offset * t.offset) * (h.square + h.offset * h.offset), 1};
}

/* A factor's square is in what flows; the next weight does not undo it on the way back. */
static flow scaled(const dpid_op *op, flow in)
{
    const double w = op->parameter[0].start;
    return (flow){w * in.offset, w * w * in.square, in.slope};
}

static int32_t apply_gain(dpid_init_run *run)
{
    const deepid_net *net = run->net;
    flow *flows = NULL;
    int32_t status = dpid_alloc(net->head.ctx, net->values_count, sizeof *flows, "start", &flows);
    dpid_net_start_values(run->net);
    if (status == DEEPID_OK)
        flows[0] = (flow){0, 1, 1};
    for (int32_t t = 0; status == DEEPID_OK && t < net->steps; t++) {
        const dpid_step *step = &net->step[t];
        const flow in = flows[step->in];
        flow *out = &flows[step->out];
        const dpid_layer *layer = step->type == DPID_STEP_LAYER ? &net->layer[step->layer] : NULL;
        if (step->type == DPID_STEP_GATE)
            *out = gated(in, flows[step->skip]);
        else if (!layer)
            *out = join(step, in, flows[step->skip]);
        else if (layer->op.kind->flags & DPID_KIND_WEIGHT)
            status = start_layer(run, layer, in, out);
        else if (layer->op.kind->flags & DPID_KIND_NORM)
            *out = (flow){0, 1, 1};
        else if (layer->op.kind->flags & DPID_KIND_SCALE)
            *out = scaled(&layer->op, in);
        else
            *out = layer->op.kind->activation ? through(run, &layer->op, in) : in;
    }
    dpid_free(net->head.ctx, flows);
    return status;
}

const dpid_init dpid_init_gain = {
    "gain",
    "orthogonal, with the gain that keeps the gradient's norm through the activation before (by quadrature; Saxe et "
    "al. 2014) and the bias that centres it",
    NULL, apply_gain, false};
