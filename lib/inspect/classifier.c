/* Multinomial logistic regression with a ridge:
   f(W, b) = mean_i -log softmax(W x_i + b)[label_i]  +  lambda / 2 |W|^2.

   f is convex and its second derivative is nowhere above I - 1 1^T / classes times A = X^T X / (2 n) + lambda
   (Boehning 1992, theorem 1): with A = U^T U and phi = U theta it is below about the identity, so L-BFGS in phi
   takes few steps, however X is scaled. The bias has no ridge. */
#include "inspect/classifier.h"

#include "tensor/gemm.h"
#include "tensor/linear_algebra.h"
#include "tensor/vector.h"

#include <lbfgs.h>
#include <math.h>
#include <string.h>

/* ---- softmax -------------------------------------------------------------------------------- */

/* Row of scores to probabilities; the cross-entropy of the label. */
static double softmax(int64_t classes, double *z, int32_t label)
{
    double most = z[0];
    double sum = 0;
    for (int64_t c = 1; c < classes; c++)
        most = z[c] > most ? z[c] : most;
    const double own = z[label] - most;
    for (int64_t c = 0; c < classes; c++)
        sum += z[c] = exp(z[c] - most);
    for (int64_t c = 0; c < classes; c++)
        z[c] /= sum;
    /* cppcheck-suppress invalidFunctionArg ; the largest score alone gives 1 */
    return log(sum) - own;
}

static int64_t largest(int64_t classes, const double *z)
{
    int64_t top = 0;
    for (int64_t c = 1; c < classes; c++)
        top = z[c] > z[top] ? c : top;
    return top;
}

static bool is_trained_on(const dpid_classifier *c, int64_t i)
{
    return !c->fold || c->fold[i] != c->held;
}

/* ---- f and its gradient ------------------------------------------------------------------------ */

/* scores: dz = (p - onehot) / samples, zeros for the held fold. Returns the mean cross-entropy. */
static double cross_entropy(dpid_classifier *c)
{
    const dpid_sheet *s = c->sheet;
    double samples = 0;
    double loss = 0;
    for (int64_t i = 0; i < s->n; i++)
        samples += is_trained_on(c, i);
    for (int64_t i = 0; i < s->n; i++) {
        double *z = c->scores + i * s->classes;
        if (!is_trained_on(c, i)) {
            memset(z, 0, (size_t)s->classes * sizeof *z);
            continue;
        }
        loss += softmax(s->classes, z, s->labels[i]);
        z[s->labels[i]] -= 1;
        dpid_scale_f64(z, s->classes, 1 / samples);
    }
    return loss / samples;
}

static lbfgsfloatval_t evaluate(void *instance, const lbfgsfloatval_t *phi, lbfgsfloatval_t *g, int count,
                                lbfgsfloatval_t step)
{
    dpid_classifier *c = instance;
    const dpid_sheet *s = c->sheet;
    const int64_t rows = s->d + 1;
    dpid_pool *pool = dpid_ctx_pool(c->arena->ctx);
    (void)step;
    memcpy(c->theta, phi, (size_t)count * sizeof *phi);
    dpid_upper_solve(rows, s->classes, c->factor, c->theta);
    dpid_gemm_nn_f64(pool, s->n, s->classes, rows, s->x, rows, c->theta, s->classes, false, c->scores, s->classes);
    double f = cross_entropy(c);
    dpid_gemm_tn_f64(pool, rows, s->classes, s->n, s->x, rows, c->scores, s->classes, false, g, s->classes);
    for (int64_t k = 0; k < s->d * s->classes; k++) {
        f += c->lambda / 2 * c->theta[k] * c->theta[k];
        g[k] += c->lambda * c->theta[k];
    }
    dpid_upper_solve_transposed(rows, s->classes, c->factor, g);
    return f;
}

/* ---- make, set, fit, score ------------------------------------------------------------------------ */

int32_t dpid_classifier_make(const dpid_sheet *sheet, dpid_arena *arena, dpid_classifier *out)
{
    const int64_t rows = sheet->d + 1;
    *out = (dpid_classifier){.sheet = sheet, .arena = arena};
    DPID_TRY(dpid_arena_alloc(arena, rows * rows, sizeof *out->factor, "linear probe", &out->factor));
    DPID_TRY(dpid_arena_alloc(arena, rows * sheet->classes, sizeof *out->theta, "linear probe", &out->theta));
    return dpid_arena_alloc(arena, sheet->n * sheet->classes, sizeof *out->scores, "linear probe", &out->scores);
}

void dpid_classifier_set_lambda(dpid_classifier *c, double lambda)
{
    const dpid_sheet *s = c->sheet;
    const int64_t rows = s->d + 1;
    c->lambda = lambda;
    dpid_gemm_tn_f64(dpid_ctx_pool(c->arena->ctx), rows, rows, s->n, s->x, rows, s->x, rows, false, c->factor, rows);
    for (int64_t i = 0; i < rows; i++) {
        dpid_scale_f64(c->factor + i * rows, rows, 0.5 / (double)s->n);
        c->factor[i * rows + i] += i < s->d ? lambda : 0;
    }
    dpid_cholesky(rows, c->factor);
}

int32_t dpid_classifier_fit(dpid_classifier *c, double *theta)
{
    enum { ITERATIONS = 100 };
    const int64_t rows = c->sheet->d + 1;
    const int64_t count = rows * c->sheet->classes;
    lbfgs_parameter_t parameter;
    lbfgs_parameter_init(&parameter);
    parameter.max_iterations = ITERATIONS;
    parameter.epsilon = 1e-3; /* of the gradient: classes are counted, not digits */
    lbfgsfloatval_t *phi = lbfgs_malloc((int)count);
    if (!phi)
        return dpid_fail(c->arena->ctx, DEEPID_ERR_MEMORY, "linear probe: no memory for %lld parameters",
                         (long long)count);
    memcpy(phi, theta, (size_t)count * sizeof *phi);
    dpid_upper_multiply(rows, c->sheet->classes, c->factor, phi);
    /* a search that finds nothing lower leaves its best point, which is what is asked for */
    const int code = lbfgs((int)count, phi, NULL, evaluate, NULL, c, &parameter);
    memcpy(theta, phi, (size_t)count * sizeof *phi);
    dpid_upper_solve(rows, c->sheet->classes, c->factor, theta);
    lbfgs_free(phi);
    return code == LBFGSERR_OUTOFMEMORY ? dpid_fail(c->arena->ctx, DEEPID_ERR_MEMORY, "linear probe: no memory")
                                        : DEEPID_OK;
}

void dpid_classifier_score(const dpid_classifier *c, const double *theta, int64_t n, const double *x,
                           const int32_t *labels, const int32_t *which, double *scores, double *loss, int64_t *right)
{
    const int64_t classes = c->sheet->classes;
    const int64_t rows = c->sheet->d + 1;
    dpid_gemm_nn_f64(dpid_ctx_pool(c->arena->ctx), n, classes, rows, x, rows, theta, classes, false, scores, classes);
    *loss = 0;
    *right = 0;
    for (int64_t i = 0; i < n; i++) {
        if (which && which[i] != c->held)
            continue;
        *right += largest(classes, scores + i * classes) == labels[i];
        *loss += softmax(classes, scores + i * classes, labels[i]);
    }
}
