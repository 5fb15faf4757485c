/* Two nets on the same samples: dz = z_deep - z_shallow, and what it does to the loss: at most the bound of
   the loss (its row in lib/ops) for D = max |dz|. */
#include "identity/certificate/certificate.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { BATCH = 64 }; /* the trainer's default, and what evaluation uses */

/* ---- names ------------------------------------------------------------------------------ */

double *dpid_comparison_number(dpid_comparison *c, int32_t i, const char **name)
{
    const struct {
        const char *name;
        double *place;
    } list[] = {
        {"difference", &c->difference},           {"difference_rms", &c->difference_rms}, {"bound", &c->bound},
        {"loss_shallow", &c->loss[DPID_SHALLOW]}, {"loss_deep", &c->loss[DPID_DEEP]},     {"equal", &c->equal},
    };
    if (i < 0 || i >= (int32_t)(sizeof list / sizeof *list))
        return NULL;
    *name = list[i].name;
    return list[i].place;
}

/* ---- checks ------------------------------------------------------------------------------- */

const dpid_shape *dpid_net_output_shape(const deepid_net *net)
{
    return &net->value[net->step[net->steps - 1].out].shape;
}

bool dpid_net_has_modes(const deepid_net *net)
{
    for (int32_t i = 0; i < net->layers; i++)
        if (net->layer[i].op.kind->flags & DPID_KIND_MODE)
            return true;
    return false;
}

int32_t dpid_check_weights(const deepid_net *net, const char *what)
{
    bool weights = false;
    bool zero = true;
    for (int32_t i = 0; i < net->parameters; i++) {
        const dpid_parameter *p = &net->parameter[i];
        weights |= p->spec.role == DPID_ROLE_WEIGHT;
        for (int64_t k = 0; k < p->count; k++) {
            const double value = dpid_fetch(net->precision, dpid_net_parameter_at(net, i), k);
            if (!isfinite(value))
                return dpid_fail(net->head.ctx, DEEPID_ERR_NUMERIC,
                                 "%s: %s holds %s at place %lld, expected finite numbers", what, p->name,
                                 dpid_number(value).text, (long long)k);
            zero &= p->spec.role != DPID_ROLE_WEIGHT || value == 0;
        }
    }
    if (weights && zero)
        return dpid_fail(net->head.ctx, DEEPID_ERR_STATE,
                         "%s: all weights are 0, as a new net's are; give it a start and train it, or load it, first",
                         what);
    return DEEPID_OK;
}

int32_t dpid_check_samples(const deepid_net *net, const deepid_dataset *data, const char *who)
{
    deepid_ctx *ctx = net->head.ctx;
    const dpid_shape *in = &net->value[0].shape;
    if (!dpid_is(data, DPID_MAGIC_DATASET))
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "%s: data is %s, expected a dataset", who,
                         data ? "not a dataset" : "NULL");
    if (data->head.ctx != ctx)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "%s: the net and the data belong to different contexts", who);
    if (!dpid_shape_equal(in, &data->sample))
        return dpid_fail(ctx, DEEPID_ERR_SHAPE, "%s: the net takes %s, the data has samples of %s", who,
                         dpid_shape_text(in->rank, in->extent).text,
                         dpid_shape_text(data->sample.rank, data->sample.extent).text);
    return DEEPID_OK;
}

uint64_t dpid_net_hash(const deepid_net *net)
{
    const int64_t bytes = dpid_precision_bytes(net->precision);
    const uint64_t text = dpid_hash64(net->text, (int64_t)strlen(net->text), 0);
    return dpid_hash64(net->states, net->states_reals * bytes,
                       dpid_hash64(net->values, net->values_reals * bytes, text));
}

/* ---- one batch after the other -------------------------------------------------------------- */

typedef struct {
    deepid_net *const *net;
    const deepid_dataset *data;
    const dpid_loss *loss;
    dpid_value option[DPID_OPTIONS_MAX];
    dpid_mode mode;
    int64_t width;
    int64_t *order;
    int32_t *labels;
    void *targets, *first;               /* first: the shallow net's logits */
    double squares, top, sum[DPID_PAIR]; /* top: largest |logit| */
    dpid_comparison *out;
} comparison;

static int32_t run_net(comparison *c, int which, int64_t first, int64_t n)
{
    static const char *const names[DPID_PAIR] = {"shallow", "deep"};
    deepid_net *net = c->net[which];
    const dpid_precision p = net->precision;
    dpid_dataset_gather(dpid_ctx_pool(net->head.ctx), c->data,
                        &(dpid_gathered){.order = c->order,
                                         .n = n,
                                         .precision = p,
                                         .x = dpid_net_input(net),
                                         .labels = c->labels,
                                         .targets = c->targets});
    DPID_TRY(dpid_net_run_forward(net, c->mode, n));
    const void *z = dpid_net_output(net);
    for (int64_t i = 0; i < n * c->width; i++) {
        const double value = dpid_fetch(p, z, i);
        c->top = fmax(c->top, fabs(value));
        if (!isfinite(value))
            return dpid_fail(net->head.ctx, DEEPID_ERR_NUMERIC,
                             "certificate: output %lld of the %s net is %s in %s at sample %lld",
                             (long long)(i % c->width), names[which], dpid_number(value).text,
                             p == DPID_P32 ? "f32" : "f64", (long long)(first + i / c->width));
    }
    dpid_loss_pass pass = {
        .option = c->option, .n = n, .width = c->width, .z = z, .labels = c->labels, .targets = c->targets};
    c->loss->run[net->head.ctx->isa][p](&pass);
    c->sum[which] += pass.loss_sum;
    return DEEPID_OK;
}

static void subtract(comparison *c, int64_t count)
{
    const dpid_precision p = c->net[DPID_DEEP]->precision;
    const void *deep = dpid_net_output(c->net[DPID_DEEP]);
    if (memcmp(deep, c->first, (size_t)(count * dpid_precision_bytes(p))) != 0)
        c->out->equal = 0;
    for (int64_t i = 0; i < count; i++) {
        const double d = dpid_fetch(p, deep, i) - dpid_fetch(p, c->first, i);
        c->out->difference = fmax(c->out->difference, fabs(d));
        c->squares += d * d;
    }
}

static int32_t run_batch(comparison *c, int64_t first, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        c->order[i] = first + i;
    DPID_TRY(run_net(c, DPID_SHALLOW, first, n));
    memcpy(c->first, dpid_net_output(c->net[DPID_SHALLOW]),
           (size_t)(n * c->width * dpid_precision_bytes(c->net[DPID_SHALLOW]->precision)));
    DPID_TRY(run_net(c, DPID_DEEP, first, n));
    subtract(c, n * c->width);
    return DEEPID_OK;
}

/* Evaluation: whole batches and a rest. Training: batches as equal as they can be, so that none is a single sample
   without need. */
static int32_t run_all(comparison *c)
{
    const int64_t count = c->data->count;
    const int64_t batches = (count + BATCH - 1) / BATCH;
    for (int64_t b = 0; b < batches; b++) {
        const int64_t first = c->mode == DPID_TRAIN ? count * b / batches : b * BATCH;
        const int64_t end = c->mode == DPID_TRAIN   ? count * (b + 1) / batches
                            : first + BATCH < count ? first + BATCH
                                                    : count;
        DPID_TRY(run_batch(c, first, end - first));
    }
    return DEEPID_OK;
}

/* ---- the numbers --------------------------------------------------------------------------------- */

/* Rounding of the two mean losses themselves, as the loss kernels add them up in double: n + width terms of a sum
   each, logits of size top. */
static double rounding(const comparison *c)
{
    const double u = DBL_EPSILON / 2;
    const double terms = (double)(c->data->count + c->width + 8);
    return u * (terms * (c->out->loss[DPID_SHALLOW] + c->out->loss[DPID_DEEP]) + 8 * (c->top + 1));
}

static void finish(comparison *c)
{
    dpid_comparison *o = c->out;
    const double n = (double)c->data->count;
    o->difference_rms = sqrt(c->squares / (n * (double)c->width));
    for (int i = 0; i < DPID_PAIR; i++)
        o->loss[i] = c->sum[i] / dpid_loss_total(c->loss, c->option, c->data->labels, c->data->count);
    const double d = o->difference;
    o->bound = c->loss->bound(c->option, o->loss[DPID_SHALLOW], d);
    if (d > 0)
        o->bound += rounding(c);
}

static int32_t take_memory(comparison *c, dpid_arena *arena)
{
    const int64_t bytes = dpid_precision_bytes(c->net[DPID_SHALLOW]->precision);
    DPID_TRY(dpid_arena_alloc(arena, BATCH, sizeof *c->order, "certificate", &c->order));
    DPID_TRY(dpid_arena_alloc(arena, BATCH, sizeof *c->labels, "certificate", &c->labels));
    DPID_TRY(dpid_arena_alloc(arena, BATCH * c->data->target_width, bytes, "certificate", &c->targets));
    DPID_TRY(dpid_arena_alloc(arena, BATCH * c->width, bytes, "certificate", &c->first));
    for (int i = 0; i < DPID_PAIR; i++)
        DPID_TRY(dpid_net_prepare(c->net[i], BATCH, c->mode == DPID_TRAIN));
    return DEEPID_OK;
}

/* Batch statistics exist: every layer gets enough values in the smallest batch. */
static bool can_train(const deepid_net *net, int64_t n)
{
    for (int32_t i = 0; i < net->layers; i++) {
        const dpid_op *op = &net->layer[i].op;
        if (n * (dpid_shape_count(&op->in) / op->in.extent[op->in.rank - 1]) < op->kind->train_values)
            return false;
    }
    return true;
}

int32_t dpid_compare(deepid_net *const *pair, const deepid_dataset *data, const char *loss, dpid_mode mode,
                     dpid_comparison *out)
{
    comparison c = {.net = pair,
                    .data = data,
                    .mode = mode,
                    .width = dpid_shape_count(dpid_net_output_shape(pair[DPID_SHALLOW])),
                    .out = out};
    dpid_arena arena = {.ctx = data->head.ctx};
    const int64_t smallest = data->count / ((data->count + BATCH - 1) / BATCH);
    const double nan = (double)NAN;
    *out = (dpid_comparison){nan, nan, nan, {nan, nan}, nan};
    int32_t status = dpid_dataset_loss(&arena, data, loss, c.width, &c.loss, c.option);
    const bool can =
        mode != DPID_TRAIN || (can_train(pair[DPID_SHALLOW], smallest) && can_train(pair[DPID_DEEP], smallest));
    if (status != DEEPID_OK || !can) {
        dpid_arena_release(&arena);
        return status;
    }
    *out = (dpid_comparison){.equal = 1};
    status = take_memory(&c, &arena);
    if (status == DEEPID_OK)
        status = run_all(&c);
    if (status == DEEPID_OK)
        finish(&c);
    dpid_arena_release(&arena);
    return status;
}
