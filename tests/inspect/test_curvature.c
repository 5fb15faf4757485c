/* Curvature by Lanczos: a quadratic that can be worked out, the dense matrix of a small net, the limit of gradient
   descent, edges. */
#include "support/nets.h"
#include "support/support.h"

#include "inspect/batch.h"

#include <math.h>

enum { SEED = 77 };

static double number(const deepid_table *t, const char *name)
{
    assert_true(deepid_table_find_column(t, name) >= 0);
    return deepid_table_get(t, 0, deepid_table_find_column(t, name));
}

/* L = mean of (w . x - t)^2 over x = (1,0), (0,2): Hessian diag(1, 4) wherever w is. Two steps of Lanczos span the
   plane. */
static void a_quadratic_has_its_eigenvalues(void **state)
{
    (void)state;
    static const float x[] = {1, 0, 0, 2};
    static const float targets[] = {3, -1};
    const int64_t extents[] = {2, 2};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    deepid_net *net = NULL;
    deepid_table *t = NULL;
    OK(deepid_dataset_wrap_targets(ctx, DEEPID_F32, x, 2, extents, NULL, DEEPID_F32, targets, 1, &data));
    OK(deepid_net_create(ctx, "input 2; dense out=1 bias=0", DEEPID_F32, &net));
    OK(deepid_net_init(net, "he", SEED));
    OK(deepid_net_inspect(net, data, "curvature rate=0.2", &t));
    /* differences: rounding 2^-53 over steps of 1e-6 */
    assert_true(fabs(number(t, "lambda_max") - 4) < 1e-8 && fabs(number(t, "lambda_min") - 1) < 1e-8);
    assert_true(number(t, "bound_max") < 1e-8 && number(t, "iterations") == 2 &&
                fabs(number(t, "lambda_over_limit") - 0.4) < 1e-8);
    deepid_table_destroy(t);
    /* one Rayleigh quotient, and an eigenvalue within its bound */
    OK(deepid_net_inspect(net, data, "curvature iterations=1", &t));
    const double quotient = number(t, "lambda_max");
    assert_true(quotient >= 1 && quotient <= 4 &&
                fmin(4 - quotient, quotient - 1) <= number(t, "bound_max") * (1 + 1e-8));
    deepid_table_destroy(t);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* Hessian diag(100, 1, 1.1, .., 1.9): five steps find the one that stands apart to better than 1e-4 and say so; the
   bound holds at every number of steps. */
static void bounds_hold_and_are_small_where_a_value_is_known(void **state)
{
    (void)state;
    enum { N = 11 };
    deepid_ctx *ctx = new_ctx(1);
    double x[N * N] = {0};
    double targets[N] = {0};
    double lambda[N];
    const int64_t extents[] = {N, N};
    deepid_dataset *data = NULL;
    deepid_net *net = NULL;
    for (int i = 0; i < N; i++) {
        lambda[i] = i == 0 ? 100 : 0.9 + 0.1 * i;
        x[i * N + i] = sqrt(lambda[i] * N / 2); /* L = mean (w . x_i)^2 */
    }
    OK(deepid_dataset_wrap_targets(ctx, DEEPID_F64, x, 2, extents, NULL, DEEPID_F64, targets, 1, &data));
    OK(deepid_net_create(ctx, "input 11; dense out=1 bias=0", DEEPID_F64, &net));
    OK(deepid_net_init(net, "he", SEED));
    for (int steps = 1; steps < N; steps++) {
        char probe[40];
        deepid_table *t = NULL;
        snprintf(probe, sizeof probe, "curvature iterations=%d", steps);
        OK(deepid_net_inspect(net, data, probe, &t));
        for (int end = 0; end < 2; end++) {
            const double value = number(t, end ? "lambda_min" : "lambda_max");
            const double bound = number(t, end ? "bound_min" : "bound_max");
            double away = (double)INFINITY;
            for (int i = 0; i < N; i++)
                away = fmin(away, fabs(value - lambda[i]));
            if (!(away <= bound + 1e-6)) /* differences of the gradient, of numbers up to 100 */
                fail_msg("%s: %g is %g from an eigenvalue, its bound says %g", probe, value, away, bound);
        }
        if (steps >= 5 && !(number(t, "bound_max") < 1e-4))
            fail_msg("%s: the bound of %.9g is %g", probe, number(t, "lambda_max"), number(t, "bound_max"));
        deepid_table_destroy(t);
    }
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- the dense matrix ------------------------------------------------------------------------- */

/* Fourth-order differences of the gradient, column by column. */
static double *dense_hessian(deepid_ctx *ctx, const dpid_batch *b)
{
    static const double where[] = {-2, -1, 1, 2};
    static const double weight[] = {1, -8, 8, -1};
    const double h = 1e-4;
    const int64_t n = b->net->values_reals;
    double *w = b->net->values;
    double *matrix = calloc((size_t)(n * n), sizeof *matrix);
    for (int64_t j = 0; j < n; j++) {
        const double kept = w[j];
        for (int k = 0; k < 4; k++) {
            w[j] = kept + where[k] * h;
            OK(dpid_batch_run((dpid_batch *)b));
            for (int64_t i = 0; i < n; i++)
                matrix[i * n + j] += weight[k] * ((const double *)b->net->gradients)[i] / (12 * h);
        }
        w[j] = kept;
    }
    return matrix;
}

/* Largest eigenvalue of sign A by power iteration on sign A + |A|_F I. */
static double largest(const double *a, int64_t n, double sign)
{
    double shift = 0;
    double *v = malloc(2 * (size_t)n * sizeof *v);
    double *y = v + n;
    double value = 0;
    for (int64_t i = 0; i < n * n; i++)
        shift += a[i] * a[i];
    shift = sqrt(shift);
    random_array(SEED, n, -1, 1, v);
    for (int step = 0; step < 20000; step++) {
        double size = 0;
        for (int64_t i = 0; i < n; i++) {
            y[i] = shift * v[i];
            for (int64_t j = 0; j < n; j++)
                y[i] += sign * a[i * n + j] * v[j];
            size += y[i] * y[i];
        }
        value = sqrt(size) - shift;
        for (int64_t i = 0; i < n; i++)
            v[i] = y[i] / sqrt(size);
    }
    free(v);
    return value;
}

static void lanczos_agrees_with_the_dense_matrix(void **state)
{
    (void)state;
    static const char *const texts[] = {"input 2; dense out=6; tanh; identity { dense out=6; tanh }; dense out=2",
                                        "input 2; dense out=5; batchnorm; gelu; dense out=2"};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    OK(deepid_dataset_generate(ctx, "spirals n=60 noise=0.06", SEED, &data));
    for (int i = 0; i < 2; i++) {
        deepid_net *net = NULL;
        deepid_table *t = NULL;
        dpid_batch b;
        OK(deepid_net_create(ctx, texts[i], DEEPID_F64, &net));
        OK(deepid_net_init(net, "glorot", SEED));
        OK(dpid_batch_open(net, data, DPID_P64, DPID_TRAIN, 60, false, &b));
        double *matrix = dense_hessian(ctx, &b);
        const double most = largest(matrix, b.net->values_reals, 1);
        const double least = -largest(matrix, b.net->values_reals, -1);
        OK(deepid_net_inspect(net, data, "curvature iterations=80", &t));
        const double tolerance = 1e-6 * fmax(fabs(most), fabs(least)); /* differences of second order on one side */
        if (!(fabs(number(t, "lambda_max") - most) <= tolerance + number(t, "bound_max") &&
              fabs(number(t, "lambda_min") - least) <= tolerance + number(t, "bound_min") &&
              number(t, "bound_max") < 1e-3 * most))
            fail_msg("%s, seed %d: dense %.9g and %.9g\n%s", texts[i], SEED, most, least, deepid_table_text(t));
        free(matrix);
        deepid_table_destroy(t);
        dpid_batch_close(&b);
        deepid_net_destroy(net);
    }
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- edges ----------------------------------------------------------------------------------------- */

static void bits_do_not_depend_on_threads_and_nan_is_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    deepid_net *net = NULL;
    deepid_table *t = NULL;
    double first[6] = {0};
    OK(deepid_dataset_generate(ctx, "gratings n=30", SEED, &data));
    OK(deepid_net_create(
        ctx, "input 8x8x1; conv2d out=4 kernel=3; batchnorm; relu; identity out=4; global_avgpool; dense out=4",
        DEEPID_F32, &net));
    OK(deepid_net_init(net, "he", SEED));
    for (int threads = 1; threads <= 3; threads++) {
        OK(deepid_ctx_set_threads(ctx, threads));
        OK(deepid_net_inspect(net, data, "curvature iterations=8", &t));
        for (int c = 0; c < 6; c++) {
            const double here = deepid_table_get(t, 0, c);
            first[c] = threads == 1 ? here : first[c];
            assert_true(here == first[c]);
        }
        deepid_table_destroy(t);
    }
    ((float *)deepid_net_parameter_data(net, "conv2d.weight"))[0] = NAN;
    REFUSED(deepid_net_inspect(net, data, "curvature", &t), DEEPID_ERR_NUMERIC,
            "curvature: the output of conv2d is not finite");
    deepid_net_destroy(net);
    OK(deepid_net_create(ctx, "input 8x8x1; global_avgpool; channel_pad out=4", DEEPID_F32, &net));
    REFUSED(deepid_net_inspect(net, data, "curvature", &t), DEEPID_ERR_UNSUPPORTED, "no trained parameters");
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

static void memory_that_runs_out_is_told(void **state)
{
    (void)state;
    const char *net = "input 2; dense out=3; tanh; dense out=2";
    probe_survives_every_failing_allocation(net, "curvature iterations=3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quadratic_has_its_eigenvalues),
        cmocka_unit_test(bounds_hold_and_are_small_where_a_value_is_known),
        cmocka_unit_test(lanczos_agrees_with_the_dense_matrix),
        cmocka_unit_test(bits_do_not_depend_on_threads_and_nan_is_refused),
        cmocka_unit_test(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
