/* Learned identity of each block B: |B(X) - X| / |X| (Frobenius norms), and R^2 of the affine regression X -> B(X):
   is the block the identity, or the identity up to an affine map? Rows of X are samples, for pictures pixels;
   columns are features, for pictures channels. Evaluation mode, population statistics. */
#include "inspect/probe.h"

#include "tensor/gemm.h"
#include "tensor/linear_algebra.h"

#include <math.h>
#include <string.h>

static const dpid_option options[] = {DPID_PROBE_SAMPLES, {0}};

/* One block: x, y [rows, c], centred once the change is known. */
typedef struct {
    int64_t rows, c;
    double *x, *y;
} pair;

/* ---- |Y - X| / |X| -------------------------------------------------------------------- */

static double relative_change(const pair *p)
{
    double moved = 0;
    double length = 0;
    for (int64_t i = 0; i < p->rows * p->c; i++) {
        const double d = p->y[i] - p->x[i];
        moved += d * d;
        length += p->x[i] * p->x[i];
    }
    return moved == 0 && length == 0 ? 0 : sqrt(moved / length);
}

/* ---- R^2: a Cholesky factorisation of [X Y]^T X, pivots in X ------------------------------- */

static void centre(int64_t rows, int64_t c, double *x, double *mean)
{
    memset(mean, 0, (size_t)c * sizeof *mean);
    for (int64_t i = 0; i < rows * c; i++)
        mean[i % c] += x[i] / (double)rows;
    for (int64_t i = 0; i < rows * c; i++)
        x[i] -= mean[i % c];
}

static void sum_squares(int64_t rows, int64_t c, const double *x, double *sums)
{
    memset(sums, 0, (size_t)c * sizeof *sums);
    for (int64_t i = 0; i < rows * c; i++)
        sums[i % c] += x[i] * x[i];
}

static double sum(int64_t n, const double *x)
{
    double total = 0;
    for (int64_t i = 0; i < n; i++)
        total += x[i];
    return total;
}

/* The column of X of which the largest share is left; -1 when what is left of each is rounding. Values that came
   through an f32 net carry about 1e-7: squared below this. */
static int64_t find_pivot(int64_t c, const double *left, const double *all)
{
    const double noise = 1e-12;
    double most = noise;
    int64_t found = -1;
    for (int64_t j = 0; j < c; j++) {
        if (!(all[j] > 0 && left[j] / all[j] > most))
            continue;
        most = left[j] / all[j];
        found = j;
    }
    return found;
}

/* 1 - (what is left of Y) / Y.   work: 4 c^2 + 3 c */
static double affine_r2(dpid_pool *pool, const pair *p, double *work, int64_t *rank)
{
    const int64_t c = p->c;
    double *s = work; /* [X Y]^T X */
    double *factor = s + 2 * c * c;
    double *left = factor + 2 * c * c; /* of X, then of Y */
    double *all = left + 2 * c;
    centre(p->rows, c, p->x, left);
    centre(p->rows, c, p->y, left);
    sum_squares(p->rows, c, p->x, left);
    sum_squares(p->rows, c, p->y, left + c);
    memcpy(all, left, (size_t)c * sizeof *all);
    const double before = sum(c, left + c);
    *rank = 0;
    if (!isfinite(sum(2 * c, left)) || before == 0)
        return (double)NAN;
    dpid_gemm_tn_f64(pool, c, c, p->rows, p->x, c, p->x, c, false, s, c);
    dpid_gemm_tn_f64(pool, c, c, p->rows, p->y, c, p->x, c, false, s + c * c, c);
    for (int64_t pivot; *rank < c && *rank < p->rows - 1 && (pivot = find_pivot(c, left, all)) >= 0; ++*rank)
        dpid_cholesky_column(2 * c, c, s, pivot, *rank, factor,
                             left); /* what it explains is taken out of all columns */
    double after = 0;
    for (int64_t j = c; j < 2 * c; j++)
        after += left[j] > 0 ? left[j] : 0;
    return 1 - after / before;
}

/* ---- the table ------------------------------------------------------------------------------- */

static double *fetch_all(const deepid_net *net, const void *values, int64_t n, double *out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = dpid_fetch(net->precision, values, i);
    return out;
}

static int32_t find_point(const int32_t *points, int32_t value)
{
    int32_t k = 0;
    while (points[k] != value)
        k++;
    return k;
}

static int32_t measure_block(dpid_probe_run *run, const void *x, const void *y, const dpid_shape *shape, double *row)
{
    deepid_ctx *ctx = run->net->head.ctx;
    const int64_t c = shape->extent[shape->rank - 1];
    const int64_t values = run->n * dpid_shape_count(shape);
    double *memory = NULL;
    int64_t rank;
    DPID_TRY(dpid_alloc(ctx, 2 * values + 4 * c * c + 3 * c, sizeof *memory, "learned_identity", &memory));
    const pair p = {values / c, c, fetch_all(run->net, x, values, memory),
                    fetch_all(run->net, y, values, memory + values)};
    row[0] = relative_change(&p);
    row[1] = affine_r2(dpid_ctx_pool(ctx), &p, memory + 2 * values, &rank);
    row[2] = (double)rank;
    dpid_free(ctx, memory);
    return DEEPID_OK;
}

static int32_t measure(dpid_probe_run *run, dpid_arena *arena)
{
    const deepid_net *net = run->net;
    int32_t *points = NULL;
    int32_t count = 0;
    void **x = NULL;
    DPID_TRY(dpid_points_find(net, arena, &points, &count));
    DPID_TRY(dpid_points_collect(run->net, run->data, run->n, points, count, arena, &x));
    for (int32_t b = 0; b < net->blocks; b++) {
        const dpid_block_info *block = &net->block[b];
        const dpid_shape *shape = &net->value[block->in].shape;
        double row[] = {(double)NAN, (double)NAN, (double)NAN};
        if (dpid_shape_equal(shape, &net->value[block->out].shape))
            DPID_TRY(
                measure_block(run, x[find_point(points, block->in)], x[find_point(points, block->out)], shape, row));
        DPID_TRY(deepid_table_append(run->table, block->name, row));
    }
    return DEEPID_OK;
}

static int32_t fill_learned_identity(dpid_probe_run *run)
{
    dpid_arena arena = {.ctx = run->net->head.ctx};
    const int32_t status = measure(run, &arena);
    dpid_arena_release(&arena);
    return status;
}

const dpid_probe dpid_probe_learned_identity = {
    .word = "learned_identity",
    .help = "|B(x) - x| / |x| of each block B, R^2 of the affine regression x -> B(x), and the rank of x; NaN where "
            "the block changes the shape; options: samples=256",
    .heading = "block",
    .columns = "relative_change,affine_r2,input_rank",
    .options = options,
    .fill = fill_learned_identity,
    .evaluates = true,
};
