/* Validity radius: how far a step along the gradient goes before the gradient is another one, r = max{a : cos(g(w),
   g(w - a g)) >= 1/2}. In f64, on the whole batch. */
#include "inspect/batch.h"
#include "inspect/probe.h"

#include "tensor/linear_algebra.h"

#include <math.h>
#include <string.h>

enum { SAMPLES, RATE };
static const dpid_option options[] = {
    DPID_PROBE_SAMPLES,
    {"rate", DPID_REAL, 0.1, 1e-30, 1e30, NULL, false, "learning rate that the radius is compared with"},
    {0},
};

enum { DOUBLINGS = 100, BISECTIONS = 16 };

typedef struct {
    dpid_batch batch;
    int64_t n;
    double *w, *g;
} line;

/* cos(g(w), g(w - a g)); -1 where the loss is not finite any more */
static int32_t cosine_at(line *l, double a, double *cosine)
{
    double *w = l->batch.net->values;
    const double *g = l->batch.net->gradients;
    for (int64_t i = 0; i < l->n; i++)
        w[i] = l->w[i] - a * l->g[i];
    DPID_TRY(dpid_batch_run(&l->batch));
    const double size = dpid_length(l->n, g);
    *cosine = dpid_dot(l->n, g, l->g) / size / dpid_length(l->n, l->g);
    if (!isfinite(*cosine))
        *cosine = size == 0 ? 0 : -1;
    return DEEPID_OK;
}

/* From `start` by doubling or halving to a pair valid <= r < beyond, then bisected by ratio. beyond stays infinite,
   or valid 0, where no end is found. */
static int32_t find(line *l, double start, double *valid, double *beyond)
{
    double cosine;
    *valid = 0;
    *beyond = (double)INFINITY;
    double a = start;
    for (int i = 0; i < DOUBLINGS && (*valid == 0 || isinf(*beyond)); i++) {
        DPID_TRY(cosine_at(l, a, &cosine));
        if (cosine >= 0.5)
            *valid = a;
        else
            *beyond = a;
        a = cosine >= 0.5 ? 2 * a : a / 2;
    }
    for (int i = 0; i<BISECTIONS && * valid> 0 && isfinite(*beyond); i++) {
        const double middle = sqrt(*valid) * sqrt(*beyond);
        DPID_TRY(cosine_at(l, middle, &cosine));
        *(cosine >= 0.5 ? valid : beyond) = middle;
    }
    return DEEPID_OK;
}

static int32_t measure(dpid_probe_run *run, line *l)
{
    deepid_ctx *ctx = run->net->head.ctx;
    const double rate = run->option[RATE].r;
    double valid;
    double beyond;
    DPID_TRY(dpid_batch_open(run->net, run->data, DPID_P64, DPID_TRAIN, run->n, false, &l->batch));
    l->n = l->batch.net->values_reals;
    DPID_TRY(dpid_alloc(ctx, l->n, sizeof(double), "probe", &l->w));
    DPID_TRY(dpid_alloc(ctx, l->n, sizeof(double), "probe", &l->g));
    DPID_TRY(dpid_batch_run(&l->batch));
    DPID_TRY(dpid_batch_check_finite(&l->batch, "validity_radius"));
    memcpy(l->w, l->batch.net->values, (size_t)l->n * sizeof(double));
    memcpy(l->g, l->batch.net->gradients, (size_t)l->n * sizeof(double));
    const double gradient = dpid_length(l->n, l->g);
    const double weight = dpid_length(l->n, l->w);
    const double rounding = (run->net->precision == DPID_P32 ? 0x1p-24 : 0x1p-53) * weight;
    if (gradient > 0)
        DPID_TRY(find(l, rate, &valid, &beyond));
    else
        valid = beyond = (double)NAN; /* a stationary point has no direction */
    const double radius = isinf(beyond) ? (double)INFINITY : valid;
    const double row[] = {radius,   radius / rate, radius * gradient, rounding, radius * gradient / rounding,
                          gradient, weight};
    return deepid_table_append(run->table, "net", row);
}

static int32_t fill_validity_radius(dpid_probe_run *run)
{
    line l = {.n = 0};
    const int32_t status = measure(run, &l);
    dpid_free(run->net->head.ctx, l.g);
    dpid_free(run->net->head.ctx, l.w);
    dpid_batch_close(&l.batch);
    return status;
}

const dpid_probe dpid_probe_validity_radius = {
    .word = "validity_radius",
    .help = "the largest step along the gradient after which the gradient still points the same way (cosine 1/2), "
            "beside the learning rate and the rounding of the weights; options: "
            "samples=256, rate=0.1",
    .heading = "net",
    .columns = "radius,radius_over_rate,distance,rounding_radius,distance_over_rounding,gradient_norm,weight_norm",
    .options = options,
    .fill = fill_validity_radius,
    .own = true,
};
