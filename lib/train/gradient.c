/* The first half of a step: loss and gradient of some samples. It computes everything and changes nothing. */
#include "train/shards.h"

#include "tensor/vector.h"

#include <math.h>
#include <stdio.h>

static bool all_finite(dpid_precision p, const void *x, int64_t n)
{
    return p == DPID_P32   ? dpid_all_finite_f32(x, n)
           : p == DPID_P64 ? dpid_all_finite_f64(x, n)
                           : dpid_all_finite_f80(x, n);
}

static void multiply(dpid_precision p, void *x, int64_t n, double factor)
{
    if (p == DPID_P32)
        dpid_scale_f32(x, n, factor);
    else if (p == DPID_P64)
        dpid_scale_f64(x, n, factor);
    else
        dpid_scale_f80(x, n, factor);
}

int32_t dpid_part_fail_nonfinite(const deepid_trainer *t, const char *quantity, const char *where)
{
    char step[64];
    snprintf(step, sizeof step, "step %lld: the data", (long long)t->step + 1);
    DPID_TRY(dpid_dataset_check_finite(t->head.ctx, t->data, step, t->net->precision));
    return dpid_fail(t->head.ctx, DEEPID_ERR_NUMERIC,
                     "step %lld: %s %s is not finite (learning rate %s); nothing was changed", (long long)t->step + 1,
                     quantity, where ? where : "the loss",
                     dpid_number_rounded(dpid_trainer_rate_at(t, t->step), 4).text);
}

void dpid_part_load(void *arg)
{
    const dpid_part *part = arg;
    deepid_trainer *t = part->trainer;
    deepid_net *net = t->net;
    const bool augmented = t->augment.pad > 0 || t->augment.flip;
    const int64_t target_bytes = t->data->target_width * dpid_precision_bytes(net->precision);
    t->augment.seed = t->seed;
    net->noise_seed = t->seed;
    net->noise_step = (uint64_t)t->step;
    dpid_dataset_gather(
        dpid_ctx_pool(net->head.ctx), t->data,
        &(dpid_gathered){.order = part->order + part->first,
                         .n = part->n,
                         .augment = augmented ? &t->augment : NULL,
                         .epoch = (uint64_t)t->epoch,
                         .precision = net->precision,
                         .x = dpid_net_input(net),
                         .targets = t->targets ? (char *)t->targets + part->first * target_bytes : NULL});
}

void dpid_part_add_loss(void *arg, int64_t first, int64_t n)
{
    const dpid_part *part = arg;
    const deepid_trainer *t = part->trainer;
    const int64_t width = dpid_net_outputs(t->net);
    const int64_t bytes = width * dpid_precision_bytes(t->net->precision);
    const int64_t at = part->first + first;
    dpid_loss_pass pass = {
        .option = t->loss_option, .n = n, .width = width, .total = part->total, .each = t->losses + at};
    pass.z = (char *)dpid_net_output(t->net) + first * bytes;
    pass.dz = (char *)dpid_net_output_gradient(t->net) + first * bytes;
    pass.labels = t->labels ? t->labels + at : NULL;
    pass.targets = t->targets ? (char *)t->targets + at * bytes : NULL;
    t->loss->run[t->head.ctx->isa][t->net->precision](&pass);
    if (t->loss_scale.scale != 1)
        multiply(t->net->precision, pass.dz, n * width, t->loss_scale.scale);
}

int32_t dpid_part_run(dpid_part *part)
{
    deepid_net *net = part->trainer->net;
    dpid_part_load(part);
    net->noise_first = part->first;
    const int32_t status =
        dpid_net_run_through_loss(net, DPID_TRAIN, part->n, &(dpid_net_loss){dpid_part_add_loss, part});
    net->noise_first = 0;
    return status;
}

double dpid_part_begin(const deepid_trainer *t, const int64_t *order, int64_t n)
{
    for (int64_t i = 0; t->labels && i < n; i++)
        t->labels[i] = t->data->labels[order[i]];
    return dpid_loss_total(t->loss, t->loss_option, t->labels, n);
}

double dpid_part_mean_loss(const deepid_trainer *t, int64_t n, double total)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += t->losses[i];
    return sum / total;
}

int32_t dpid_part_find_nonfinite(const dpid_part *part, const char **where)
{
    const deepid_trainer *t = part->trainer;
    t->net->noise_first = part->first;
    DPID_TRY(dpid_net_run_forward(t->net, DPID_TRAIN, part->n)); /* for all values to be there */
    *where = dpid_net_find_nonfinite(t->net, "output", part->n);
    t->net->noise_first = 0;
    return DEEPID_OK;
}

int32_t dpid_part_check_gradient(const deepid_trainer *t, double norm)
{
    return isfinite(norm) || all_finite(t->net->precision, t->net->gradients, t->net->values_reals)
               ? DEEPID_OK
               : dpid_part_fail_nonfinite(t, "the gradient of", dpid_net_find_nonfinite(t->net, "gradient", 0));
}

static int32_t whole_gradient(deepid_trainer *t, const int64_t *order, int64_t n, double *loss_mean, double *norm)
{
    dpid_part part = {.trainer = t, .order = order, .n = n, .total = dpid_part_begin(t, order, n)};
    DPID_TRY(dpid_part_run(&part));
    *loss_mean = dpid_part_mean_loss(t, n, part.total);
    if (!isfinite(*loss_mean)) {
        const char *where;
        DPID_TRY(dpid_part_find_nonfinite(&part, &where));
        return dpid_part_fail_nonfinite(t, "the output of", where);
    }
    *norm = sqrt(dpid_net_gradient_squares(t->net));
    return dpid_part_check_gradient(t, *norm);
}

int32_t dpid_trainer_gradient(deepid_trainer *t, const int64_t *order, int64_t n, double *loss_mean, double *norm)
{
    DPID_TRY(t->shard > 0 ? dpid_shards_gradient(t, order, n, loss_mean, norm)
                          : whole_gradient(t, order, n, loss_mean, norm));
    *norm /= t->loss_scale.scale;
    if (t->loss_scale.scale != 1)
        multiply(t->net->precision, t->net->gradients, t->net->values_reals, 1 / t->loss_scale.scale);
    return DEEPID_OK;
}

void dpid_trainer_commit(deepid_trainer *t)
{
    if (t->shard > 0)
        dpid_shards_commit(t);
    else
        dpid_net_commit(t->net);
}
