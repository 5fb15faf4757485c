/* The first half of a step: loss and gradient of some samples. It computes everything and changes nothing. */
#include "train/trainer.h"

#include "tensor/vector.h"

#include <math.h>
#include <stdio.h>

static bool all_finite(dpid_precision p, const void *x, int64_t n)
{
    return p == DPID_P32   ? dpid_all_finite_f32(x, n)
           : p == DPID_P64 ? dpid_all_finite_f64(x, n)
                           : dpid_all_finite_f80(x, n);
}

static int32_t fail_nonfinite(const deepid_trainer *t, const char *what, const char *quantity, int64_t n)
{
    char step[64];
    snprintf(step, sizeof step, "step %lld: the data", (long long)t->step + 1);
    const char *where = dpid_net_find_nonfinite(t->net, what, n);
    DPID_TRY(dpid_dataset_check_finite(t->head.ctx, t->data, step, t->net->precision));
    return dpid_fail(t->head.ctx, DEEPID_ERR_NUMERIC,
                     "step %lld: %s %s is not finite (learning rate %s); nothing was changed", (long long)t->step + 1,
                     quantity, where ? where : "the loss",
                     dpid_number_rounded(dpid_trainer_rate_at(t, t->step), 4).text);
}

typedef struct {
    const deepid_trainer *trainer;
    int64_t width;
    double total; /* weights of the samples of the batch */
} batch_loss;

static void add_loss(void *arg, int64_t first, int64_t n)
{
    const batch_loss *b = arg;
    const deepid_trainer *t = b->trainer;
    const int64_t offset = first * b->width * dpid_precision_bytes(t->net->precision);
    dpid_loss_pass pass = {
        .option = t->loss_option, .n = n, .width = b->width, .total = b->total, .each = t->losses + first};
    pass.z = (char *)dpid_net_output(t->net) + offset;
    pass.dz = (char *)dpid_net_output_gradient(t->net) + offset;
    pass.labels = t->labels ? t->labels + first : NULL;
    pass.targets = t->targets ? (char *)t->targets + offset : NULL;
    t->loss->run[t->head.ctx->isa][t->net->precision](&pass);
}

/* In the order of the samples, whatever parts the losses came in. */
static double mean_loss(const deepid_trainer *t, int64_t n, double total)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += t->losses[i];
    return sum / total;
}

int32_t dpid_trainer_gradient(deepid_trainer *t, const int64_t *order, int64_t n, double *loss_mean, double *norm)
{
    deepid_net *net = t->net;
    const dpid_precision p = net->precision;
    const bool augmented = t->augment.pad > 0 || t->augment.flip;
    t->augment.seed = t->seed;
    net->noise_seed = t->seed;
    net->noise_step = (uint64_t)t->step;
    dpid_dataset_gather(dpid_ctx_pool(net->head.ctx), t->data,
                        &(dpid_gathered){.order = order,
                                         .n = n,
                                         .augment = augmented ? &t->augment : NULL,
                                         .epoch = (uint64_t)t->epoch,
                                         .precision = p,
                                         .x = dpid_net_input(net),
                                         .labels = t->labels,
                                         .targets = t->targets});
    const batch_loss batch = {t, dpid_shape_count(&net->value[net->step[net->steps - 1].out].shape),
                              dpid_loss_total(t->loss, t->loss_option, t->labels, n)};
    DPID_TRY(dpid_net_run_through_loss(net, DPID_TRAIN, n, &(dpid_net_loss){add_loss, (void *)&batch}));
    *loss_mean = mean_loss(t, n, batch.total);
    if (!isfinite(*loss_mean)) {
        DPID_TRY(dpid_net_run_forward(net, DPID_TRAIN, n)); /* for all values to be there */
        return fail_nonfinite(t, "output", "the output of", n);
    }
    *norm = sqrt(dpid_net_gradient_squares(net));
    if (!isfinite(*norm) && !all_finite(p, net->gradients, net->values_reals))
        return fail_nonfinite(t, "gradient", "the gradient of", n);
    return DEEPID_OK;
}
