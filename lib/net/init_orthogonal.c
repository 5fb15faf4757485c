/* Orthogonal weights: lengths survive each linear map (Saxe et al. 2014; for convolutions Xiao et al. 2018). */
#include "net/init.h"

static const dpid_option options[] = {
    {"gain", DPID_REAL, 1, 0, 1e3, NULL, false, "factor of every weight; sqrt 2 for relu"},
    DPID_INIT_BIAS_OPTION,
    {0},
};

int32_t dpid_init_orthogonal_weight(dpid_init_run *run, int32_t i, double gain)
{
    const dpid_parameter *p = &run->net->parameter[i];
    deepid_ctx *ctx = run->net->head.ctx;
    double *q = NULL;
    DPID_TRY(dpid_alloc(ctx, p->count, sizeof *q, "orthogonal matrix", &q));
    dpid_random r = dpid_init_stream(run, p);
    const int32_t status = dpid_random_orthogonal(ctx, &r, p->spec.extents[0], p->count / p->spec.extents[0], gain, q);
    for (int64_t k = 0; status == DEEPID_OK && k < p->count; k++)
        dpid_init_set(run, i, k, q[k]);
    dpid_free(ctx, q);
    return status;
}

static int32_t apply_orthogonal(dpid_init_run *run)
{
    dpid_net_start_values(run->net);
    for (int32_t i = 0; i < run->net->trained; i++)
        if (dpid_init_is_weight(run->net, i))
            DPID_TRY(dpid_init_orthogonal_weight(run, i, run->option[0].r));
    dpid_init_biases(run, run->option[1].r);
    return DEEPID_OK;
}

const dpid_init dpid_init_orthogonal = {
    "orthogonal", "orthonormal rows or columns of [out, rest] (Saxe et al. 2014); options: gain=1, bias=0", options,
    apply_orthogonal, false};

/* ---- delta_orthogonal: an orthogonal matrix in the kernel's centre, zeros around it -------------- */

static int32_t delta_weight(dpid_init_run *run, int32_t i)
{
    const dpid_parameter *p = &run->net->parameter[i];
    deepid_ctx *ctx = run->net->head.ctx;
    if (p->spec.rank < 3)
        return dpid_init_orthogonal_weight(run, i, run->option[0].r);
    const int64_t out = p->spec.extents[0];
    const int64_t in = p->spec.extents[p->spec.rank - 1];
    const int64_t taps = dpid_init_taps(&p->spec);
    double *q = NULL;
    DPID_TRY(dpid_alloc(ctx, out * in, sizeof *q, "orthogonal matrix", &q));
    dpid_random r = dpid_init_stream(run, p);
    const int32_t status = dpid_random_orthogonal(ctx, &r, out, in, run->option[0].r, q);
    dpid_init_fill(run, i, 0);
    for (int64_t o = 0; status == DEEPID_OK && o < out; o++)
        for (int64_t c = 0; c < in; c++)
            dpid_init_set(run, i, (o * taps + dpid_init_centre(&p->spec)) * in + c, q[o * in + c]);
    dpid_free(ctx, q);
    return status;
}

static int32_t apply_delta(dpid_init_run *run)
{
    dpid_net_start_values(run->net);
    for (int32_t i = 0; i < run->net->trained; i++)
        if (dpid_init_is_weight(run->net, i))
            DPID_TRY(delta_weight(run, i));
    dpid_init_biases(run, run->option[1].r);
    return DEEPID_OK;
}

const dpid_init dpid_init_delta_orthogonal = {
    "delta_orthogonal",
    "an orthogonal matrix in the centre tap, zeros around it (Xiao et al. 2018); options: gain=1, bias=0", options,
    apply_delta, false};
