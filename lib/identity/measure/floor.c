/* Floor of affine nets: sum of squares = |Y - P Y|^2 + sum over i > r of sigma_i(P Y)^2, P the projection on the
   columns of X, both centred. */
#include "identity/floor.h"

#include "identity/witness/chain.h"
#include "tensor/linear_algebra.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- is the net affine, and how wide is it? -------------------------------------------------------------- */

static bool affine(const dpid_op *op)
{
    return op->kind == &dpid_kind_dense || op->kind == &dpid_kind_flatten;
}

/* Nets with skips are left out: past a skip, the rank is not limited by the narrowest layer. */
static bool look(const deepid_net *net, dpid_floor *out)
{
    out->rank = dpid_shape_count(&net->value[0].shape);
    for (int32_t i = 0; i < net->steps; i++) {
        const dpid_step *step = &net->step[i];
        if (step->type != DPID_STEP_LAYER || !affine(&net->layer[step->layer].op)) {
            snprintf(out->sentence, sizeof out->sentence, "no floor is known: %s is not an affine layer in a chain",
                     step->type == DPID_STEP_JOIN   ? "a skip"
                     : step->type == DPID_STEP_GATE ? "a gate"
                                                    : net->layer[step->layer].name);
            return false;
        }
        const int64_t width = dpid_shape_count(&net->value[step->out].shape);
        out->rank = width < out->rank ? width : out->rank;
    }
    return true;
}

/* ---- least squares, columns one after the other ------------------------------------------------------------ */

static void centre(double *a, int64_t n)
{
    double mean = 0;
    for (int64_t i = 0; i < n; i++)
        mean += a[i] / (double)n;
    for (int64_t i = 0; i < n; i++)
        a[i] -= mean;
}

/* fitted [n, k] row-major: the projection of y (columns) on q; returns the squares that are left. */
static double project(const double *q, int64_t columns, const double *y, int64_t n, int64_t k, double *fitted)
{
    double left = 0;
    for (int64_t t = 0; t < k; t++) {
        const double *target = y + t * n;
        for (int64_t j = 0; j < columns; j++) {
            const double length = dpid_dot(n, target, q + j * n);
            for (int64_t i = 0; i < n; i++)
                fitted[i * k + t] += length * q[j * n + i];
        }
        for (int64_t i = 0; i < n; i++)
            left += (target[i] - fitted[i * k + t]) * (target[i] - fitted[i * k + t]);
    }
    return left;
}

static void read_columns(const deepid_dataset *data, double *x, int64_t features, double *y)
{
    for (int64_t i = 0; i < data->count; i++) {
        for (int64_t k = 0; k < features; k++)
            x[k * data->count + i] = dpid_dataset_feature(data, i, k);
        for (int64_t k = 0; k < data->target_width; k++)
            y[k * data->count + i] = dpid_dataset_target(data, i, k);
    }
}

static int32_t regress(dpid_arena *arena, const deepid_dataset *data, dpid_floor *out)
{
    const int64_t n = data->count;
    const int64_t k = data->target_width;
    const int64_t features = dpid_shape_count(&data->sample);
    double *x = NULL, *y = NULL, *fitted = NULL, *sigma = NULL, *v = NULL;
    DPID_TRY(dpid_arena_alloc(arena, features * n, sizeof *x, "floor", &x));
    DPID_TRY(dpid_arena_alloc(arena, k * n, sizeof *y, "floor", &y));
    DPID_TRY(dpid_arena_alloc(arena, k * n, sizeof *fitted, "floor", &fitted));
    DPID_TRY(dpid_arena_alloc(arena, k, sizeof *sigma, "floor", &sigma));
    DPID_TRY(dpid_arena_alloc(arena, k * k, sizeof *v, "floor", &v));
    read_columns(data, x, features, y);
    for (int64_t j = 0; j < features; j++)
        centre(x + j * n, n);
    for (int64_t j = 0; j < k; j++)
        centre(y + j * n, n);
    const double left = project(x, dpid_orthonormalise(n, features, x), y, n, k, fitted);
    DPID_TRY(dpid_right_singular(arena->ctx, n, k, fitted, sigma, v));
    double behind = 0;
    for (int64_t i = out->rank; i < k; i++)
        behind += sigma[i] * sigma[i];
    out->free_loss = left / (double)(n * k);
    out->loss = (left + behind) / (double)(n * k);
    out->proven = true;
    snprintf(out->sentence, sizeof out->sentence,
             "an affine net whose narrowest layer has %lld units cannot go below a mean squared error of %s on these "
             "%lld samples; without the bottleneck it is %s",
             (long long)out->rank, dpid_number_rounded(out->loss, 4).text, (long long)n,
             dpid_number_rounded(out->free_loss, 4).text);
    return DEEPID_OK;
}

int32_t dpid_affine_floor(deepid_ctx *ctx, const char *text, const deepid_dataset *data, dpid_floor *out)
{
    deepid_net *net = NULL;
    dpid_arena arena = {.ctx = ctx};
    *out = (dpid_floor){.loss = (double)NAN, .free_loss = (double)NAN};
    if (data->target_width == 0) {
        snprintf(out->sentence, sizeof out->sentence, "no floor is known for class labels");
        return DEEPID_OK;
    }
    DPID_TRY(dpid_net_create_within(ctx, text, DEEPID_F64, -1, &net));
    const int32_t status = look(net, out) ? regress(&arena, data, out) : DEEPID_OK;
    dpid_arena_release(&arena);
    deepid_net_destroy(net);
    return status;
}
