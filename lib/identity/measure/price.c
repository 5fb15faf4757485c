/* The price of a witness: how sharp the loss is there, what sits on kinks, what moves first, what weight decay
   takes.
   Gauss-Newton matrix of the loss L(z), z = head(B(x)), in the block's parameters: G = J^T H J.
   J v by central differences of z (continuous also at kinks), J^T by backward. */
#include "identity/witness/chain.h"
#include "tensor/linear_algebra.h"

#include <math.h>
#include <string.h>

enum { ITERATIONS = 40 };
#define STEP 1e-6
#define SETTLED 1e-4

typedef struct {
    deepid_net *block; /* f64 copy, prepared for training */
    deepid_net *head;  /* NULL: z = B(x) */
    const dpid_price_task *task;
    int64_t n, width;                  /* z is [n, width] */
    int64_t count;                     /* trained numbers */
    double *start, *direction, *image; /* parameters; [count]; [2 n width] */
    double *logits, *slope;            /* z and dL/dz at the witness */
} pricing;

/* ---- running ------------------------------------------------------------------------------ */

static int32_t run_forward(const pricing *p, double *z)
{
    deepid_net *last = p->head ? p->head : p->block;
    const int64_t out = p->n * dpid_shape_count(&p->block->value[0].shape);
    memcpy(dpid_net_input(p->block), p->task->x, (size_t)out * sizeof *z);
    DPID_TRY(dpid_net_run_forward(p->block, DPID_EVAL, p->n));
    if (p->head) {
        memcpy(dpid_net_input(p->head), dpid_net_output(p->block), (size_t)out * sizeof *z);
        DPID_TRY(dpid_net_run_forward(p->head, DPID_EVAL, p->n));
    }
    memcpy(z, dpid_net_output(last), (size_t)(p->n * p->width) * sizeof *z);
    return DEEPID_OK;
}

/* block->gradients = J^T dz, for the last forward. */
static void run_backward(const pricing *p, const double *dz)
{
    dpid_net_clear_gradients(p->block);
    if (p->head) {
        memcpy(dpid_net_output_gradient(p->head), dz, (size_t)(p->n * p->width) * sizeof *dz);
        dpid_net_run_backward(p->head, DPID_EVAL, p->n, dpid_net_output_gradient(p->block));
    } else {
        memcpy(dpid_net_output_gradient(p->block), dz, (size_t)(p->n * p->width) * sizeof *dz);
    }
    dpid_net_run_backward(p->block, DPID_EVAL, p->n, NULL);
}

static double *values_of(const pricing *p)
{
    return p->block->values;
}

static void move_to(const pricing *p, double along)
{
    for (int64_t i = 0; i < p->count; i++)
        values_of(p)[i] = p->start[i] + along * p->direction[i];
}

/* ---- the loss's slope and curvature in z --------------------------------------------------- */

static void softmax(const double *z, int64_t width, double *share)
{
    double most = z[0];
    double sum = 0;
    for (int64_t k = 1; k < width; k++)
        most = fmax(most, z[k]);
    for (int64_t k = 0; k < width; k++)
        sum += share[k] = exp(z[k] - most);
    for (int64_t k = 0; k < width; k++)
        share[k] /= sum;
}

/* Of one logit the share of class 1, with which the slope and the curvature are the same expressions. */
static void find_shares(const pricing *p, const double *z, double *share)
{
    if (p->task->one_logit)
        share[0] = 1 / (1 + exp(-z[0]));
    else
        softmax(z, p->width, share);
}

/* H u = (p u - p (p.u)) / n for cross-entropy, 2 u / (n width) for targets, u / n for 1/2 mean |B(x) - x|^2; in
   place */
static void curve(const pricing *p, double *u)
{
    double *share = p->image + p->n * p->width;
    const double whole = p->task->targets ? 2 / (double)(p->n * p->width) : 1 / (double)p->n;
    for (int64_t i = 0; i < p->n; i++) {
        double *row = u + i * p->width;
        double mean = 0;
        if (p->task->labels)
            find_shares(p, p->logits + i * p->width, share);
        for (int64_t k = 0; k < p->width && p->task->labels; k++)
            mean += share[k] * row[k];
        for (int64_t k = 0; k < p->width; k++)
            row[k] = (p->task->labels ? share[k] * (row[k] - mean) : row[k]) * whole;
    }
}

/* dL/dz and L; without labels and targets a random direction stands for what a loss would ask. */
static double loss_slope(const pricing *p)
{
    const double n = (double)p->n;
    double *share = p->image + p->n * p->width;
    double loss = 0;
    dpid_random r = dpid_random_make(1, DPID_STREAM_DATA, 1);
    for (int64_t i = 0; i < p->n; i++) {
        const double *z = p->logits + i * p->width;
        double *dz = p->slope + i * p->width;
        if (p->task->labels)
            find_shares(p, z, share);
        for (int64_t k = 0; k < p->width; k++) {
            const double away = p->task->targets ? z[k] - p->task->targets[i * p->width + k] : 0;
            const bool label = p->task->labels && p->task->labels[i] == (p->task->one_logit ? 1 : k);
            dz[k] = (p->task->labels    ? share[k] - label
                     : p->task->targets ? 2 * away / (double)p->width
                                        : dpid_random_normal(&r)) /
                    n;
            loss += p->task->targets     ? away * away / (n * (double)p->width)
                    : label              ? -log(share[k]) / n
                    : p->task->one_logit ? -log1p(-share[k]) / n
                                         : 0;
        }
    }
    return p->task->labels || p->task->targets ? loss : (double)NAN;
}

/* ---- sharpness: power iteration on G ---------------------------------------------------------- */

/* image = J direction */
static int32_t push(const pricing *p)
{
    double *ahead = p->image;
    double *back = p->image + p->n * p->width;
    move_to(p, STEP);
    DPID_TRY(run_forward(p, ahead));
    move_to(p, -STEP);
    DPID_TRY(run_forward(p, back));
    move_to(p, 0);
    for (int64_t i = 0; i < p->n * p->width; i++)
        ahead[i] = (ahead[i] - back[i]) / (2 * STEP);
    return DEEPID_OK;
}

/* direction = G direction / its length; *length = v.G v before */
static int32_t iterate(const pricing *p, double *rayleigh)
{
    DPID_TRY(push(p));
    memcpy(p->image + 2 * p->n * p->width, p->image, (size_t)(p->n * p->width) * sizeof *p->image);
    double *curved = p->image + 2 * p->n * p->width;
    curve(p, curved);
    *rayleigh = 0;
    for (int64_t i = 0; i < p->n * p->width; i++)
        *rayleigh += p->image[i] * curved[i];
    DPID_TRY(run_forward(p, p->image));
    run_backward(p, curved);
    const double length = dpid_length(p->count, p->block->gradients);
    for (int64_t i = 0; i < p->count; i++)
        p->direction[i] = length > 0 ? ((const double *)p->block->gradients)[i] / length : 0;
    return DEEPID_OK;
}

static int32_t sharpness(const pricing *p, double *out)
{
    dpid_random r = dpid_random_make(1, DPID_STREAM_DATA, 2);
    double before = 0;
    for (int64_t i = 0; i < p->count; i++)
        p->direction[i] = dpid_random_normal(&r);
    const double length = dpid_length(p->count, p->direction);
    for (int64_t i = 0; i < p->count; i++)
        p->direction[i] /= length;
    *out = 0;
    for (int k = 0; k < ITERATIONS; k++) {
        DPID_TRY(iterate(p, out));
        if (fabs(*out - before) <= SETTLED * fabs(*out))
            break;
        before = *out;
    }
    return DEEPID_OK;
}

/* ---- kinks, width, decay ------------------------------------------------------------------------ */

static double kink_mass(const pricing *p)
{
    int64_t at = 0;
    int64_t all = 0;
    for (int32_t t = 0; t < p->block->steps; t++) {
        const dpid_step *step = &p->block->step[t];
        dpid_activation a;
        if (step->type != DPID_STEP_LAYER || !dpid_activation_of(&p->block->layer[step->layer].op, &a) || a.kinks == 0)
            continue;
        const double *x = dpid_net_value(p->block, step->in);
        const int64_t count = p->n * dpid_shape_count(&p->block->value[step->in].shape);
        for (int64_t i = 0; i < count; i++)
            at += x[i] == a.kink[0] || (a.kinks > 1 && x[i] == a.kink[1]);
        all += count;
    }
    return all > 0 ? (double)at / (double)all : 0;
}

static double widest(const deepid_net *net)
{
    int64_t most = 0;
    for (int32_t v = 0; v < net->values_count; v++)
        most = dpid_shape_count(&net->value[v].shape) > most ? dpid_shape_count(&net->value[v].shape) : most;
    return (double)most / (double)dpid_shape_count(&net->value[0].shape) - 1;
}

static double weight_squares(const deepid_net *net)
{
    double squares = 0;
    for (int32_t i = 0; i < net->trained; i++) {
        const double length = dpid_length(net->parameter[i].count, dpid_net_parameter_at(net, i));
        squares += net->parameter[i].spec.role == DPID_ROLE_WEIGHT ? length * length : 0;
    }
    return squares;
}

/* A row a parameter: its norm and its gradient's. */
static int32_t list_parameters(const pricing *p, deepid_table *table)
{
    for (int32_t i = 0; i < p->block->trained; i++) {
        const dpid_parameter *one = &p->block->parameter[i];
        const double row[] = {dpid_length(one->count, values_of(p) + one->offset),
                              dpid_length(one->count, (const double *)p->block->gradients + one->offset)};
        DPID_TRY(deepid_table_append(table, one->name, row));
    }
    return DEEPID_OK;
}

/* ---- all of it ------------------------------------------------------------------------------------ */

static int32_t prepare(pricing *p)
{
    deepid_ctx *ctx = p->block->head.ctx;
    const deepid_net *last = p->head ? p->head : p->block;
    p->n = p->task->samples;
    p->width = dpid_shape_count(&last->value[last->step[last->steps - 1].out].shape);
    p->count = p->block->values_reals;
    DPID_TRY(dpid_net_prepare(p->block, p->n, true));
    DPID_TRY(dpid_net_keep_all(p->block, true));
    if (p->head)
        DPID_TRY(dpid_net_prepare(p->head, p->n, true));
    DPID_TRY(
        dpid_alloc(ctx, 2 * p->count + 5 * p->n * p->width + p->width, sizeof *p->start, "identity price", &p->start));
    p->direction = p->start + p->count;
    p->logits = p->direction + p->count;
    p->slope = p->logits + p->n * p->width;
    p->image = p->slope + p->n * p->width;
    memcpy(p->start, p->block->values, (size_t)p->count * sizeof *p->start);
    return DEEPID_OK;
}

static int32_t fill_price(pricing *p, dpid_price *out, deepid_table *table)
{
    DPID_TRY(run_forward(p, p->logits));
    out->kink_mass = kink_mass(p);
    out->loss = loss_slope(p);
    run_backward(p, p->slope);
    out->escape_gradient = dpid_length(p->count, p->block->gradients);
    out->dead_saddle = p->count > 0 && out->escape_gradient == 0 && dpid_length(p->n * p->width, p->slope) > 0;
    out->decay_cost = p->task->decay / 2 * weight_squares(p->block);
    out->extra_width = widest(p->block);
    DPID_TRY(list_parameters(p, table));
    return p->count > 0 ? sharpness(p, &out->sharpness) : DEEPID_OK;
}

int32_t dpid_identity_price(const deepid_net *block, const dpid_price_task *task, dpid_price *out,
                            deepid_table **parameters)
{
    pricing p = {.head = task->head, .task = task};
    deepid_table *table = NULL;
    dpid_price price = {0};
    DPID_TRY(dpid_net_clone_as(block, DPID_P64, &p.block));
    int32_t status = prepare(&p);
    if (status == DEEPID_OK)
        status = deepid_table_create(block->head.ctx, "parameter", "norm,gradient", &table);
    if (status == DEEPID_OK)
        status = fill_price(&p, &price, table);
    if (status == DEEPID_OK) {
        *out = price;
        *parameters = table;
    } else {
        deepid_table_destroy(table);
    }
    dpid_free(block->head.ctx, p.start);
    deepid_net_destroy(p.block);
    return status;
}
