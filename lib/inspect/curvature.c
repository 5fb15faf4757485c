/* Curvature: the ends of the Hessian's spectrum of the batch's loss, by Lanczos with full reorthogonalisation (Paige
 * 1972), with bounds. H v by central differences of the gradient, in f64.
 */
#include "inspect/batch.h"
#include "inspect/probe.h"

#include "tensor/linear_algebra.h"

#include <math.h>
#include <string.h>

enum { SAMPLES, MODE, ITERATIONS, RATE, SEED };
static const dpid_option options[] = {
    DPID_PROBE_SAMPLES,
    {"mode", DPID_CHOICE, 1, 0, 0, "eval|train", false, "of batchnorm and dropout"},
    {"iterations", DPID_INT, 50, 1, 1000, NULL, false, "gradients are taken twice as often"},
    {"rate", DPID_REAL, 0.1, 1e-30, 1e30, NULL, false,
     "learning rate whose limit 2 / rate the curvature is compared with"},
    {"seed", DPID_INT, 1, 0, 1e15, NULL, false, "of the first vector"},
    {0},
};

#define STEP 1e-6     /* of the length of the weights */
#define NOTHING 1e-10 /* of the largest entry of T: the Krylov space ends */

typedef struct {
    dpid_batch batch;
    int64_t n; /* weights */
    int32_t m, most;
    double *w, *v, *image; /* weights; [most][n] orthonormal; [n] */
    double *alpha, *beta;  /* T: diagonal; beta[j] between j and j + 1, the last one beyond it */
    double *t, *s;         /* [most][most]: T, then its eigenvalues on the diagonal; eigenvectors, a column each */
} lanczos;

/* ---- H v ---------------------------------------------------------------------------- */

static int32_t gradient_at(lanczos *l, const double *v, double h)
{
    double *w = l->batch.net->values;
    for (int64_t i = 0; i < l->n; i++)
        w[i] = l->w[i] + h * v[i];
    return dpid_batch_run(&l->batch);
}

/* image = (g(w + h v) - g(w - h v)) / (2 h) */
static int32_t apply(lanczos *l, const double *v)
{
    const double size = dpid_length(l->n, l->w);
    const double h = STEP * (size > 0 ? size : 1);
    const double *g = l->batch.net->gradients;
    DPID_TRY(gradient_at(l, v, h));
    memcpy(l->image, g, (size_t)l->n * sizeof *g);
    DPID_TRY(gradient_at(l, v, -h));
    for (int64_t i = 0; i < l->n; i++)
        l->image[i] = (l->image[i] - g[i]) / (2 * h);
    return DEEPID_OK;
}

/* ---- the tridiagonal matrix ------------------------------------------------------------ */

/* Twice is enough (Kahan, Parlett). */
static void make_orthogonal(lanczos *l)
{
    for (int pass = 0; pass < 2; pass++) {
        for (int32_t k = 0; k < l->m; k++)
            dpid_take_away(l->n, l->v + k * l->n, l->image);
    }
}

static void start(lanczos *l, uint64_t seed)
{
    dpid_random r = dpid_random_make(seed, DPID_STREAM_NOISE, 0);
    for (int64_t i = 0; i < l->n; i++)
        l->v[i] = dpid_random_normal(&r);
    const double size = dpid_length(l->n, l->v);
    for (int64_t i = 0; i < l->n; i++)
        l->v[i] /= size;
}

static int32_t iterate(lanczos *l)
{
    double largest = 0;
    for (l->m = 0; l->m < l->most;) {
        const double *v = l->v + l->m * l->n;
        DPID_TRY(apply(l, v));
        l->alpha[l->m] = dpid_dot(l->n, v, l->image);
        l->m++;
        make_orthogonal(l);
        const double beta = dpid_length(l->n, l->image);
        l->beta[l->m - 1] = beta;
        largest = fmax(largest, fmax(fabs(l->alpha[l->m - 1]), beta));
        if (!(beta > NOTHING * largest) || l->m == l->n)
            break;
        for (int64_t i = 0; i < l->n && l->m < l->most; i++)
            l->v[l->m * l->n + i] = l->image[i] / beta;
    }
    return DEEPID_OK;
}

static void diagonalise(lanczos *l)
{
    const int32_t m = l->m;
    for (int32_t i = 0; i < m; i++) {
        l->t[i * m + i] = l->alpha[i];
        l->s[i * m + i] = 1;
        if (i + 1 < m)
            l->t[i * m + i + 1] = l->t[(i + 1) * m + i] = l->beta[i];
    }
    dpid_eigen(m, l->t, l->s);
}

/* ---- the row ---------------------------------------------------------------------------------- */

/* An eigenvalue of H lies within |beta_m s_m| of each eigenvalue of T, s_m the last entry of its vector. */
static double bound_of(const lanczos *l, int32_t which)
{
    return fabs(l->beta[l->m - 1] * l->s[(l->m - 1) * l->m + which]);
}

static int32_t append(const dpid_probe_run *run, const lanczos *l)
{
    int32_t top = 0;
    int32_t bottom = 0;
    for (int32_t i = 1; i < l->m; i++) {
        top = l->t[i * l->m + i] > l->t[top * l->m + top] ? i : top;
        bottom = l->t[i * l->m + i] < l->t[bottom * l->m + bottom] ? i : bottom;
    }
    const double most = l->t[top * l->m + top];
    const double least = l->t[bottom * l->m + bottom];
    const double row[] = {most,        bound_of(l, top), least, bound_of(l, bottom), most * run->option[RATE].r / 2,
                          (double)l->m};
    return deepid_table_append(run->table, "net", row);
}

static int32_t measure(dpid_probe_run *run, lanczos *l, dpid_arena *arena)
{
    DPID_TRY(dpid_batch_open(run->net, run->data, DPID_P64, (dpid_mode)run->option[MODE].i, run->n, false, &l->batch));
    l->n = l->batch.net->values_reals;
    if (l->n == 0)
        return dpid_fail(run->net->head.ctx, DEEPID_ERR_UNSUPPORTED, "curvature: the net has no trained parameters");
    l->most = (int32_t)(run->option[ITERATIONS].i < l->n ? run->option[ITERATIONS].i : l->n);
    DPID_TRY(dpid_arena_alloc(arena, l->n, sizeof(double), "probe", &l->w));
    DPID_TRY(dpid_arena_alloc(arena, l->n, sizeof(double), "probe", &l->image));
    DPID_TRY(dpid_arena_alloc(arena, l->n, l->most * (int64_t)sizeof(double), "probe", &l->v));
    DPID_TRY(dpid_arena_alloc(arena, l->most, sizeof(double), "probe", &l->alpha));
    DPID_TRY(dpid_arena_alloc(arena, l->most, sizeof(double), "probe", &l->beta));
    DPID_TRY(dpid_arena_alloc(arena, l->most, l->most * (int64_t)sizeof(double), "probe", &l->t));
    DPID_TRY(dpid_arena_alloc(arena, l->most, l->most * (int64_t)sizeof(double), "probe", &l->s));
    DPID_TRY(dpid_batch_run(&l->batch));
    DPID_TRY(dpid_batch_check_finite(&l->batch, "curvature"));
    memcpy(l->w, l->batch.net->values, (size_t)l->n * sizeof(double));
    start(l, (uint64_t)run->option[SEED].i);
    DPID_TRY(iterate(l));
    diagonalise(l);
    return append(run, l);
}

static int32_t fill_curvature(dpid_probe_run *run)
{
    lanczos l = {.n = 0};
    dpid_arena arena = {.ctx = run->net->head.ctx};
    const int32_t status = measure(run, &l, &arena);
    dpid_arena_release(&arena);
    dpid_batch_close(&l.batch);
    return status;
}

const dpid_probe dpid_probe_curvature = {
    .word = "curvature",
    .help = "largest and least eigenvalue of the batch loss's Hessian, with bounds (Lanczos), beside the limit 2 / "
            "rate; options: samples=256, mode=train|eval, iterations=50, rate=0.1, seed=1",
    .heading = "net",
    .columns = "lambda_max,bound_max,lambda_min,bound_min,lambda_over_limit,iterations",
    .options = options,
    .fill = fill_curvature,
    .own = true,
};
