/* Loops over arrays: against plain loops, sums accurate far beyond the element type, NaN in and NaN out. */
#include "support/support.h"

#include "base/base.h"
#include "tensor/tensor.h"
#include "tensor/vector.h"

#include <float.h>
#include <math.h>

static const int64_t lengths[] = {0, 1, 7, 8, 9, 127, 128, 129, 255, 257, 1000, 4096, 4099, 100003};
enum { LENGTHS = sizeof lengths / sizeof *lengths, LONGEST = 100003 };

#define EACH(X) X(f32, float, FLT_EPSILON) X(f64, double, DBL_EPSILON) X(f80, long double, LDBL_EPSILON)

/* ---- sums ------------------------------------------------------------------------------------- */

/* The exact sum by long double; a pairwise sum in double errs by at most about (log2 n + 8) 2^-53 sum |x| (Higham,
   4.2), plus the rounding of the result. */
#define TEST_SUMS(suffix, real, eps)                                                                                   \
    static void sums_are_accurate_##suffix(void **state)                                                               \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        double *source = malloc(sizeof(double) * LONGEST);                                                             \
        real *x = malloc(sizeof(real) * LONGEST);                                                                      \
        random_array(5, LONGEST, -1, 1.5, source);                                                                     \
        dpid_from_double_##suffix(source, LONGEST, x);                                                                 \
        for (int l = 0; l < LENGTHS; l++) {                                                                            \
            long double sum = 0, squares = 0, size = 0;                                                                \
            for (int64_t i = 0; i < lengths[l]; i++) {                                                                 \
                sum += (long double)x[i];                                                                              \
                squares += (long double)x[i] * (long double)x[i];                                                      \
                size += fabsl((long double)x[i]);                                                                      \
            }                                                                                                          \
            const double bound = 26 * DBL_EPSILON;                                                                     \
            if (!(fabsl(dpid_sum_##suffix(x, lengths[l]) - sum) <= bound * size))                                      \
                fail_msg(#suffix ": the sum of %lld is off by %Lg (seed 5)", (long long)lengths[l],                    \
                         dpid_sum_##suffix(x, lengths[l]) - sum);                                                      \
            if (!(fabsl(dpid_sum_squares_##suffix(x, lengths[l]) - squares) <= bound * squares))                       \
                fail_msg(#suffix ": the sum of %lld squares is off by %Lg (seed 5)", (long long)lengths[l],            \
                         dpid_sum_squares_##suffix(x, lengths[l]) - squares);                                          \
        }                                                                                                              \
        free(x);                                                                                                       \
        free(source);                                                                                                  \
    }
EACH(TEST_SUMS)

/* The tree of the sum is the same, whoever works out its parts. */
#define TEST_POOLED(suffix, real, eps)                                                                                 \
    static void pooled_squares_have_the_same_bits_##suffix(void **state)                                               \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        enum { MOST = 3000011 };                                                                                       \
        static const int64_t counts[] = {0, 1, 511, 512, 513, 16384, 16385, 100003, 1048577, MOST};                    \
        deepid_ctx *ctx = new_ctx(3);                                                                                  \
        double *source = malloc(sizeof(double) * MOST);                                                                \
        real *x = malloc(sizeof(real) * MOST);                                                                         \
        random_array(9, MOST, -1, 1, source);                                                                          \
        dpid_from_double_##suffix(source, MOST, x);                                                                    \
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)                                                    \
            if (dpid_sum_squares_by_##suffix(dpid_ctx_pool(ctx), x, counts[i]) !=                                      \
                dpid_sum_squares_##suffix(x, counts[i]))                                                               \
                fail_msg(#suffix ": %lld squares by a pool differ (seed 9)", (long long)counts[i]);                    \
        free(x);                                                                                                       \
        free(source);                                                                                                  \
        deepid_ctx_destroy(ctx);                                                                                       \
    }
EACH(TEST_POOLED)

/* sums[j] += ..., so what was there stays; rows are padded; the bound is that of a sum in order in double, rounded
   once to the type */
#define TEST_COLUMNS(suffix, real, eps)                                                                                \
    static void column_sums_are_added_##suffix(void **state)                                                           \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        static const int64_t shapes[][2] = {{0, 3}, {1, 1}, {3, 64}, {7, 65}, {1001, 3}, {17, 200}};                   \
        for (int s = 0; s < 6; s++) {                                                                                  \
            const int64_t rows = shapes[s][0], cols = shapes[s][1], ld = cols + 2;                                     \
            double *source = malloc(sizeof(double) * (size_t)(rows * ld + 1));                                         \
            real *x = malloc(sizeof(real) * (size_t)(rows * ld + 1));                                                  \
            real *sums = malloc(sizeof(real) * (size_t)(cols + 1));                                                    \
            random_array(6, rows *ld, -1, 1, source);                                                                  \
            dpid_from_double_##suffix(source, rows *ld, x);                                                            \
            dpid_fill_##suffix(sums, cols + 1, 1);                                                                     \
            dpid_column_sums_##suffix(rows, cols, x, ld, sums);                                                        \
            for (int64_t j = 0; j < cols; j++) {                                                                       \
                long double sum = 1;                                                                                   \
                for (int64_t i = 0; i < rows; i++)                                                                     \
                    sum += (long double)x[i * ld + j];                                                                 \
                if (!(fabsl((long double)sums[j] - sum) <=                                                             \
                      fabsl(sum) * eps + (long double)rows * (long double)rows * DBL_EPSILON))                         \
                    fail_msg(#suffix " %lldx%lld: column %lld is %Lg, expected %Lg (seed 6)", (long long)rows,         \
                             (long long)cols, (long long)j, (long double)sums[j], sum);                                \
            }                                                                                                          \
            assert_true(sums[cols] == 1);                                                                              \
            free(source);                                                                                              \
            free(x);                                                                                                   \
            free(sums);                                                                                                \
        }                                                                                                              \
    }
EACH(TEST_COLUMNS)

/* Ten million times 0.1f added up in float would give 1087937; in double it is right to the last digits of a float. */
static void a_long_sum_of_floats_is_kept_in_double(void **state)
{
    (void)state;
    const int64_t n = 10000000;
    float *x = malloc(sizeof *x * (size_t)n);
    dpid_fill_f32(x, n, 0.1);
    assert_true(fabs(dpid_sum_f32(x, n) - (double)0.1f * (double)n) < 1e-6);
    free(x);
}

/* ---- not a number ---------------------------------------------------------------------------------- */

/* Every place of a block and of what is left over; the neighbours in memory do not count. */
#define TEST_NAN(suffix, real, eps)                                                                                    \
    static void nan_and_infinity_are_seen_anywhere_##suffix(void **state)                                              \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        enum { N = 300 };                                                                                              \
        real x[N + 1];                                                                                                 \
        dpid_fill_##suffix(x, N, -2);                                                                                  \
        x[N] = (real)NAN;                                                                                              \
        assert_true(dpid_all_finite_##suffix(x, N));                                                                   \
        assert_true(dpid_max_abs_##suffix(x, N) == 2);                                                                 \
        assert_true(dpid_max_abs_##suffix(x, 0) == 0 && dpid_all_finite_##suffix(x, 0));                               \
        for (int64_t i = 0; i < N; i++) {                                                                              \
            x[i] = (real)NAN;                                                                                          \
            assert_true(isnan(dpid_max_abs_##suffix(x, N)) && isnan(dpid_sum_##suffix(x, N)) &&                        \
                        isnan(dpid_sum_squares_##suffix(x, N)));                                                       \
            assert_false(dpid_all_finite_##suffix(x, N));                                                              \
            x[i] = -(real)INFINITY;                                                                                    \
            assert_true(isinf(dpid_max_abs_##suffix(x, N)) && dpid_sum_##suffix(x, N) == -(double)INFINITY);           \
            assert_false(dpid_all_finite_##suffix(x, N));                                                              \
            x[i] = -2;                                                                                                 \
        }                                                                                                              \
    }
EACH(TEST_NAN)

/* ---- element by element ------------------------------------------------------------------------------ */

#define TEST_LOOPS(suffix, real, eps)                                                                                  \
    static void loops_touch_every_element_once_##suffix(void **state)                                                  \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        for (int l = 0; l < LENGTHS; l++) {                                                                            \
            const int64_t n = lengths[l];                                                                              \
            real *x = malloc(sizeof(real) * (size_t)(n + 1));                                                          \
            real *y = malloc(sizeof(real) * (size_t)(n + 1));                                                          \
            double *z = malloc(sizeof(double) * (size_t)(n + 1));                                                      \
            for (int64_t i = 0; i <= n; i++) {                                                                         \
                x[i] = (real)i;                                                                                        \
                y[i] = 1;                                                                                              \
                z[i] = -1;                                                                                             \
            }                                                                                                          \
            dpid_add_to_##suffix(y, x, n);                                                                             \
            dpid_scale_##suffix(y, n, 0.5);                                                                            \
            dpid_to_double_##suffix(y, n, z);                                                                          \
            dpid_from_double_##suffix(z, n, x);                                                                        \
            for (int64_t i = 0; i < n; i++)                                                                            \
                assert_true(y[i] == (real)(0.5 * (double)(i + 1)) && x[i] == y[i] && z[i] == (double)y[i]);            \
            assert_true(y[n] == 1 && z[n] == -1 && x[n] == (real)n);                                                   \
            dpid_fill_##suffix(y, n, 0.25);                                                                            \
            for (int64_t i = 0; i < n; i++)                                                                            \
                assert_true(y[i] == (real)0.25);                                                                       \
            assert_true(y[n] == 1);                                                                                    \
            free(x);                                                                                                   \
            free(y);                                                                                                   \
            free(z);                                                                                                   \
        }                                                                                                              \
    }
EACH(TEST_LOOPS)

#define ROWS(suffix, real, eps)                                                                                        \
    cmocka_unit_test(sums_are_accurate_##suffix), cmocka_unit_test(pooled_squares_have_the_same_bits_##suffix),        \
        cmocka_unit_test(column_sums_are_added_##suffix),                                                              \
        cmocka_unit_test(nan_and_infinity_are_seen_anywhere_##suffix),                                                 \
        cmocka_unit_test(loops_touch_every_element_once_##suffix),

int main(void)
{
    const struct CMUnitTest tests[] = {EACH(ROWS) cmocka_unit_test(a_long_sum_of_floats_is_kept_in_double)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
