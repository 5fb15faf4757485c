/* What the initialisation words share: streams, fills, orthogonal matrices. */
#include "net/init.h"

#include "tensor/linear_algebra.h"

#include <string.h>

dpid_random dpid_init_stream(const dpid_init_run *run, const dpid_parameter *p)
{
    return dpid_random_make(run->seed, DPID_STREAM_INIT, dpid_hash32(p->name, (int64_t)strlen(p->name)));
}

void dpid_init_set(const dpid_init_run *run, int32_t parameter, int64_t i, double value)
{
    dpid_store(run->net->precision, dpid_net_parameter_at(run->net, parameter), i, (double)(float)value);
}

void dpid_init_fill(const dpid_init_run *run, int32_t parameter, double value)
{
    for (int64_t i = 0; i < run->net->parameter[parameter].count; i++)
        dpid_init_set(run, parameter, i, value);
}

void dpid_init_draw_normal(const dpid_init_run *run, int32_t parameter, double std)
{
    dpid_random r = dpid_init_stream(run, &run->net->parameter[parameter]);
    for (int64_t i = 0; i < run->net->parameter[parameter].count; i++)
        dpid_init_set(run, parameter, i, std * dpid_random_normal(&r));
}

void dpid_init_draw_uniform(const dpid_init_run *run, int32_t parameter, double bound)
{
    dpid_random r = dpid_init_stream(run, &run->net->parameter[parameter]);
    for (int64_t i = 0; i < run->net->parameter[parameter].count; i++)
        dpid_init_set(run, parameter, i, bound * (2 * dpid_random_uniform(&r) - 1));
}

void dpid_init_biases(const dpid_init_run *run, double value)
{
    for (int32_t i = 0; value != 0 && i < run->net->trained; i++)
        if (run->net->parameter[i].spec.role == DPID_ROLE_BIAS)
            dpid_init_fill(run, i, value);
}

bool dpid_init_is_weight(const deepid_net *net, int32_t parameter)
{
    return net->parameter[parameter].spec.role == DPID_ROLE_WEIGHT;
}

int64_t dpid_init_taps(const dpid_parameter_spec *spec)
{
    int64_t taps = 1;
    for (int32_t i = 1; i < spec->rank - 1; i++)
        taps *= spec->extents[i];
    return taps;
}

int64_t dpid_init_centre(const dpid_parameter_spec *spec)
{
    int64_t centre = 0;
    for (int32_t i = 1; i < spec->rank - 1; i++)
        centre = centre * spec->extents[i] + (spec->extents[i] - 1) / 2;
    return centre;
}

/* Rows of Gaussians, each made orthogonal to those before it (twice, so that rounding does not count) and given
   length 1. The smaller side is the rows. */
static void orthonormalise(int64_t rows, int64_t cols, dpid_random *r, double *q)
{
    for (int64_t i = 0; i < rows; i++) {
        double *row = q + i * cols;
        for (int64_t k = 0; k < cols; k++)
            row[k] = dpid_random_normal(r);
        for (int again = 0; again < 2; again++)
            for (int64_t j = 0; j < i; j++)
                dpid_take_away(cols, q + j * cols, row);
        const double length = dpid_length(cols, row);
        for (int64_t k = 0; k < cols; k++)
            row[k] /= length;
    }
}

int32_t dpid_random_orthogonal(deepid_ctx *ctx, dpid_random *r, int64_t rows, int64_t cols, double gain, double *out)
{
    const int64_t small = rows < cols ? rows : cols;
    const int64_t large = rows < cols ? cols : rows;
    double *q = NULL;
    DPID_TRY(dpid_alloc(ctx, small * large, sizeof *q, "orthogonal matrix", &q));
    orthonormalise(small, large, r, q);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++)
            out[i * cols + j] = gain * (rows < cols ? q[i * large + j] : q[j * large + i]);
    dpid_free(ctx, q);
    return DEEPID_OK;
}
