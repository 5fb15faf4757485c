/* A batch in shards, shared between ranks. Each shard gives an image: its gradient, and what the net's states would
   become with it alone, times its share of the samples. Images are added exactly (fixed.h), by all ranks together. */
#include "train/shards.h"

#include "tensor/vector.h"
#include "train/fixed.h"
#include "train/meeting.h"

#include <math.h>
#include <string.h>

/* ---- cuts ----------------------------------------------------------------------------------------- */

static int64_t shards_in(const deepid_trainer *t, int64_t n)
{
    return (n - 1) / t->shard + 1;
}

dpid_shards dpid_shards_of(const deepid_trainer *t, int64_t n)
{
    const int64_t count = shards_in(t, n);
    const int32_t ranks = t->others.ranks;
    return (dpid_shards){
        .n = n, .count = count, .begin = t->others.rank * count / ranks, .end = (t->others.rank + 1) * count / ranks};
}

int64_t dpid_shards_largest(const deepid_trainer *t, int64_t n)
{
    const int64_t count = shards_in(t, n);
    return (n + count - 1) / count;
}

dpid_part dpid_shard_at(deepid_trainer *t, const dpid_shards *s, const int64_t *order, int64_t k, double total)
{
    const int64_t first = dpid_lockstep_first(s->n, s->count, k);
    return (dpid_part){.trainer = t,
                       .order = order,
                       .first = first,
                       .n = dpid_lockstep_first(s->n, s->count, k + 1) - first,
                       .total = total};
}

/* ---- images and messages -------------------------------------------------------------------------- */

static int64_t image_reals(const deepid_net *net)
{
    return net->values_reals + net->states_reals;
}

/* Each begins on a cache line, so that a shard meets the same alignment on any rank. */
static int64_t image_bytes(const deepid_net *net)
{
    return (image_reals(net) * dpid_precision_bytes(net->precision) / DPID_ALIGN + 1) * DPID_ALIGN;
}

char *dpid_shard_image(const deepid_trainer *t, int64_t i)
{
    return t->shards.images + i * image_bytes(t->net);
}

/* Where parameter i of the net begins in an image. */
static int64_t place_of(const deepid_net *net, int32_t i)
{
    return net->parameter[i].offset + (i < net->trained ? 0 : net->values_reals);
}

/* The message: a status, an exponent for each parameter, and for each sample the bits of its loss. */
enum { STATUS, EXPONENTS };

static int64_t *exponents_of(const deepid_trainer *t)
{
    return t->shards.message + EXPONENTS;
}

static int64_t *losses_of(const deepid_trainer *t)
{
    return t->shards.message + EXPONENTS + t->net->parameters;
}

int32_t dpid_shards_prepare(deepid_trainer *t)
{
    deepid_ctx *ctx = t->head.ctx;
    const deepid_net *net = t->net;
    const int64_t n = dpid_trainer_batch(t);
    const int64_t most = shards_in(t, n) / t->others.ranks + 1; /* of a rank, in any batch up to n */
    const int64_t bytes = dpid_precision_bytes(net->precision);
    dpid_shard_buffers *s = &t->shards;
    if (!s->images)
        DPID_TRY(dpid_alloc(ctx, most, image_bytes(net), "shards", &s->images));
    if (!s->sum)
        DPID_TRY(dpid_alloc(ctx, image_reals(net), sizeof *s->sum, "shards", &s->sum));
    if (!s->message)
        DPID_TRY(dpid_alloc(ctx, EXPONENTS + net->parameters + n, sizeof *s->message, "shards", &s->message));
    if (!s->states)
        DPID_TRY(dpid_alloc(ctx, net->states_reals, bytes, "shards", &s->states));
    return t->whole_norm ? dpid_whole_norm_prepare(t, most, shards_in(t, n), dpid_shards_largest(t, n)) : DEEPID_OK;
}

void dpid_shards_drop(deepid_trainer *t)
{
    dpid_whole_norm_drop(t);
    dpid_free(t->head.ctx, t->shards.images);
    dpid_free(t->head.ctx, t->shards.sum);
    dpid_free(t->head.ctx, t->shards.message);
    dpid_free(t->head.ctx, t->shards.states);
    t->shards = (dpid_shard_buffers){.images = NULL};
}

/* ---- this rank's shards --------------------------------------------------------------------------- */

static void weigh(dpid_precision p, void *x, int64_t n, double share)
{
    for (int64_t i = 0; i < n; i++)
        dpid_store(p, x, i, dpid_fetch(p, x, i) * share);
}

/* The net's gradients for this time, so that nothing has to be copied. */
static int32_t run_into(dpid_part *part, char *image)
{
    deepid_net *net = part->trainer->net;
    void *own = net->gradients;
    net->gradients = image;
    const int32_t status = dpid_part_run(part);
    net->gradients = own;
    return status;
}

/* What the states would become with shard number i, times its share; the net's own stay. */
static void take_states(const deepid_trainer *t, int64_t i, double share)
{
    deepid_net *net = t->net;
    const int64_t real = dpid_precision_bytes(net->precision);
    const size_t bytes = (size_t)(net->states_reals * real);
    char *states = dpid_shard_image(t, i) + net->values_reals * real;
    memcpy(t->shards.states, net->states, bytes);
    if (t->whole_norm)
        dpid_lockstep_commit(net, &t->shards.part[i]);
    else
        dpid_net_commit(net);
    memcpy(states, net->states, bytes);
    memcpy(net->states, t->shards.states, bytes);
    weigh(net->precision, states, net->states_reals, share);
}

static int32_t run_shards(deepid_trainer *t, const dpid_shards *s, const int64_t *order, double total)
{
    if (t->whole_norm)
        DPID_TRY(dpid_whole_norm_run(t, s, order, total));
    for (int64_t k = s->begin; k < s->end; k++) {
        dpid_part part = dpid_shard_at(t, s, order, k, total);
        if (!t->whole_norm)
            DPID_TRY(run_into(&part, dpid_shard_image(t, k - s->begin)));
        take_states(t, k - s->begin, (double)part.n / (double)s->n);
    }
    return DEEPID_OK;
}

/* ---- what all ranks know then: statuses, losses, exponents ---------------------------------------- */

#define NO_LOSS INT64_MIN /* the bits of -0.0, which is written as 0 */

static int64_t loss_bits(double loss)
{
    int64_t bits;
    loss += 0.0;
    memcpy(&bits, &loss, sizeof bits);
    return bits;
}

static void write_losses(const deepid_trainer *t, const dpid_shards *s)
{
    const int64_t begin = dpid_lockstep_first(s->n, s->count, s->begin);
    const int64_t end = dpid_lockstep_first(s->n, s->count, s->end);
    for (int64_t i = 0; i < s->n; i++)
        losses_of(t)[i] = i >= begin && i < end ? loss_bits(t->losses[i]) : NO_LOSS;
}

static int32_t read_losses(const deepid_trainer *t, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        if (losses_of(t)[i] == NO_LOSS)
            return dpid_fail(t->head.ctx, DEEPID_ERR_STATE,
                             "step %lld: no rank gave sample %lld of the batch: the %d ranks have to have the numbers "
                             "0 to %d, each once; nothing was changed",
                             (long long)t->step + 1, (long long)i, t->others.ranks, t->others.ranks - 1);
        memcpy(&t->losses[i], &losses_of(t)[i], sizeof t->losses[i]);
    }
    return DEEPID_OK;
}

typedef struct {
    const deepid_trainer *trainer;
    const dpid_shards *shards;
} over_parameters;

/* Of one parameter, over this rank's shards. */
static void write_exponent(void *arg, int64_t i, int32_t worker)
{
    const over_parameters *o = arg;
    const deepid_net *net = o->trainer->net;
    const dpid_parameter *parameter = &net->parameter[i];
    const int64_t at = place_of(net, (int32_t)i) * dpid_precision_bytes(net->precision);
    int64_t most = DPID_FIXED_ZERO;
    (void)worker;
    for (int64_t k = 0; k < o->shards->end - o->shards->begin; k++)
        most = dpid_larger(most,
                           dpid_fixed_exponent(net->precision, dpid_shard_image(o->trainer, k) + at, parameter->count));
    exponents_of(o->trainer)[i] = most;
}

static void add_parameter(void *arg, int64_t i, int32_t worker)
{
    const over_parameters *o = arg;
    const deepid_trainer *t = o->trainer;
    const deepid_net *net = t->net;
    const int64_t count = net->parameter[i].count;
    const int64_t place = place_of(net, (int32_t)i);
    const int64_t at = place * dpid_precision_bytes(net->precision);
    const int32_t digits = dpid_fixed_digits(exponents_of(t)[i], o->shards->count);
    int64_t *sum = t->shards.sum + place;
    (void)worker;
    memset(sum, 0, (size_t)count * sizeof *sum);
    for (int64_t k = 0; k < o->shards->end - o->shards->begin; k++)
        dpid_fixed_add(net->precision, dpid_shard_image(t, k) + at, count, digits, sum);
}

static void take_parameter(void *arg, int64_t i, int32_t worker)
{
    const over_parameters *o = arg;
    const deepid_trainer *t = o->trainer;
    const deepid_net *net = t->net;
    const bool trained = i < net->trained;
    char *to = trained ? net->gradients : t->shards.states;
    (void)worker;
    dpid_fixed_take(net->precision, t->shards.sum + place_of(net, (int32_t)i), net->parameter[i].count,
                    dpid_fixed_digits(exponents_of(t)[i], o->shards->count),
                    to + net->parameter[i].offset * dpid_precision_bytes(net->precision));
}

static void each_parameter(const deepid_trainer *t, const dpid_shards *s, dpid_task_fn task)
{
    dpid_pool_run(dpid_ctx_pool(t->head.ctx), t->net->parameters, task, &(over_parameters){t, s});
}

static int32_t exchange_message(deepid_trainer *t, const dpid_shards *s, int32_t status)
{
    t->shards.message[STATUS] = dpid_status_written(t, status);
    if (status == DEEPID_OK) {
        write_losses(t, s);
        each_parameter(t, s, write_exponent);
    }
    DPID_TRY(dpid_exchange(t, DEEPID_ALLREDUCE_MAX, t->shards.message, EXPONENTS + t->net->parameters + s->n,
                           "losses and scales"));
    DPID_TRY(dpid_status_read(t, status, t->shards.message[STATUS]));
    return read_losses(t, s->n);
}

/* ---- what is not finite: all ranks name the same layer -------------------------------------------- */

static bool shard_is_finite(const deepid_trainer *t, const dpid_part *part)
{
    bool finite = true;
    for (int64_t i = part->first; i < part->first + part->n; i++)
        finite &= isfinite(t->losses[i]) != 0;
    return finite;
}

/* Values are counted from the last one, so that the largest number is the first value in forward order; 0: none. */
static int64_t value_number(const deepid_net *net, const char *name)
{
    for (int32_t v = 0; name && v < net->values_count; v++)
        if (net->value[v].name == name)
            return net->values_count - v;
    return 0;
}

static int32_t fail_output(deepid_trainer *t, const dpid_shards *s, const int64_t *order, double total)
{
    int64_t most = 0;
    int32_t status = DEEPID_OK;
    for (int64_t k = s->begin; k < s->end && status == DEEPID_OK; k++) {
        dpid_part part = dpid_shard_at(t, s, order, k, total);
        const char *where = NULL;
        if (shard_is_finite(t, &part))
            continue;
        status = dpid_part_run(&part);
        if (status == DEEPID_OK)
            status = dpid_part_find_nonfinite(&part, &where);
        most = dpid_larger(most, value_number(t->net, where));
    }
    DPID_TRY(dpid_exchange(t, DEEPID_ALLREDUCE_MAX, &most, 1, "what is not finite"));
    DPID_TRY(status);
    const bool named = most > 0 && most <= t->net->values_count;
    return dpid_part_fail_nonfinite(t, "the output of", named ? t->net->value[t->net->values_count - most].name : NULL);
}

static int32_t check_exponents(const deepid_trainer *t)
{
    const deepid_net *net = t->net;
    for (int32_t i = 0; i < net->parameters; i++)
        if (!dpid_fixed_is_exponent(exponents_of(t)[i]))
            return dpid_fail(t->head.ctx, DEEPID_ERR_STATE,
                             "step %lld: the allreduce gave %lld, which no rank can have given; nothing was changed",
                             (long long)t->step + 1, (long long)exponents_of(t)[i]);
    for (int32_t i = net->trained - 1; i >= 0; i--)
        if (exponents_of(t)[i] == DPID_FIXED_NONFINITE)
            return dpid_part_fail_nonfinite(t, "the gradient of", net->parameter[i].name);
    for (int32_t i = net->trained; i < net->parameters; i++)
        if (exponents_of(t)[i] == DPID_FIXED_NONFINITE)
            return dpid_part_fail_nonfinite(t, "what becomes of", net->parameter[i].name);
    return DEEPID_OK;
}

/* ---- all of it ------------------------------------------------------------------------------------ */

int32_t dpid_shards_gradient(deepid_trainer *t, const int64_t *order, int64_t n, double *loss_mean, double *norm)
{
    const deepid_net *net = t->net;
    const dpid_shards s = dpid_shards_of(t, n);
    DPID_TRY(dpid_meet(t, DEEPID_OK));
    const double total = dpid_part_begin(t, order, n);
    const int32_t status = run_shards(t, &s, order, total);
    if (status == DEEPID_ERR_CALLBACK) /* nobody is there to be told */
        return status;
    DPID_TRY(exchange_message(t, &s, status));
    *loss_mean = dpid_part_mean_loss(t, n, total);
    if (!isfinite(*loss_mean))
        return fail_output(t, &s, order, total);
    DPID_TRY(check_exponents(t));
    each_parameter(t, &s, add_parameter);
    DPID_TRY(dpid_exchange(t, DEEPID_ALLREDUCE_SUM, t->shards.sum, image_reals(net), "gradients"));
    each_parameter(t, &s, take_parameter);
    *norm = sqrt(dpid_sum_squares_by[net->head.ctx->isa][net->precision](dpid_ctx_pool(net->head.ctx), net->gradients,
                                                                         net->values_reals));
    return dpid_part_check_gradient(t, *norm);
}

void dpid_shards_commit(deepid_trainer *t)
{
    memcpy(t->net->states, t->shards.states, (size_t)(t->net->states_reals * dpid_precision_bytes(t->net->precision)));
}
