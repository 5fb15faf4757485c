/* Generators against their formulas: what is planted in a calibration task is really there. */
#include "support/support.h"

#include "data/data.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

static deepid_dataset *data_of(deepid_ctx *ctx, const char *text, uint64_t seed)
{
    deepid_dataset *data = NULL;
    OK(deepid_dataset_generate(ctx, text, seed, &data));
    return data;
}

/* Without noise a point at radius r has the angle 3 pi r / 2, and half a turn more on the second arm; (r / 2)^2 is
   uniform: mean 1/2, deviation of the mean of 1000 sqrt(1 / 12000). */
static void spirals_have_three_half_turns_to_radius_two(void **state)
{
    (void)state;
    enum { N = 1000 };
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = data_of(ctx, "spirals n=1000 noise=0", 5);
    double squares = 0;
    for (int64_t i = 0; i < N; i++) {
        const double x = dpid_dataset_feature(data, i, 0);
        const double y = dpid_dataset_feature(data, i, 1);
        const double r = sqrt(x * x + y * y);
        const double angle = 1.5 * pi * r + pi * data->labels[i];
        /* f32 coordinates below 2, times the 5 radians a unit of radius */
        if (!(r <= 2.000001) || !(hypot(x - r * cos(angle), y - r * sin(angle)) < 1e-5))
            fail_msg("point %lld of class %d is (%.9g, %.9g), off its arm", (long long)i, data->labels[i], x, y);
        squares += r * r / 4 / N;
    }
    if (fabs(squares - 0.5) > 4 * sqrt(1.0 / 12 / N))
        fail_msg("mean of (r / 2)^2 is %g, expected 0.5", squares);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- linear: A from the first samples, A = Y X^-1 by elimination -------------------------------------- */

enum { WIDEST = 8 };

/* a [n, n] so that a x_i = y_i for the first n samples; returns its determinant. Both eliminations are of n random
   points in double. */
static double solve_map(const deepid_dataset *data, int n, double a[WIDEST][WIDEST])
{
    double m[WIDEST][2 * WIDEST]; /* rows: samples; x, then y */
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < n; k++) {
            m[i][k] = dpid_dataset_feature(data, i, k);
            m[i][n + k] = dpid_dataset_target(data, i, k);
        }
    }
    for (int j = 0; j < n; j++) {
        int pivot = j;
        for (int i = j; i < n; i++)
            pivot = fabs(m[i][j]) > fabs(m[pivot][j]) ? i : pivot;
        for (int k = 0; k < 2 * n; k++) {
            const double kept = m[j][k];
            m[j][k] = m[pivot][k];
            m[pivot][k] = kept;
        }
        for (int i = 0; i < n; i++) {
            const double factor = m[i][j] / m[j][j];
            for (int k = 0; i != j && k < 2 * n; k++)
                m[i][k] -= factor * m[j][k];
        }
    }
    for (int j = 0; j < n; j++)
        for (int k = 0; k < n; k++)
            a[k][j] = m[j][n + k] / m[j][j];
    double d[WIDEST][WIDEST];
    double determinant = 1;
    memcpy(d, a, sizeof d);
    /* a random orthogonal matrix needs no pivot but by bad luck, which the test would show */
    for (int j = 0; j < n; j++) {
        determinant *= d[j][j];
        for (int i = j + 1; i < n; i++)
            for (int k = n - 1; k >= j; k--)
                d[i][k] -= d[i][j] / d[j][j] * d[j][k];
    }
    return determinant;
}

static void check_map(const deepid_dataset *data, int n, double a[WIDEST][WIDEST], const char *what)
{
    for (int64_t i = 0; i < data->count; i++) {
        for (int o = 0; o < n; o++) {
            double y = 0;
            for (int k = 0; k < n; k++)
                y += a[o][k] * dpid_dataset_feature(data, i, k);
            /* f32 targets of about 1; the map comes from n samples, whose condition is some hundreds */
            if (!(fabs(y - dpid_dataset_target(data, i, o)) < 1e-4))
                fail_msg("%s, sample %lld: target %d is %.9g, expected %.9g", what, (long long)i, o,
                         dpid_dataset_target(data, i, o), y);
        }
    }
}

static void linear_targets_are_rotations_that_validation_shares(void **state)
{
    (void)state;
    static const int widths[] = {1, 4, 8};
    for (int w = 0; w < 3; w++) {
        for (uint64_t seed = 1; seed <= 10; seed++) {
            deepid_ctx *ctx = new_ctx(1);
            deepid_dataset *train = NULL;
            deepid_dataset *valid = NULL;
            char text[60];
            double a[WIDEST][WIDEST];
            const int n = widths[w];
            snprintf(text, sizeof text, "linear n=64 in=%d out=%d", n, n);
            OK(deepid_dataset_open(ctx, text, seed, &train, &valid));
            const double determinant = solve_map(train, n, a);
            if (!(fabs(determinant - 1) < 1e-3))
                fail_msg("width %d, seed %llu: determinant %g, expected 1", n, (unsigned long long)seed, determinant);
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    double product = 0;
                    for (int k = 0; k < n; k++)
                        product += a[i][k] * a[j][k];
                    if (!(fabs(product - (i == j)) < 1e-3))
                        fail_msg("width %d, seed %llu: rows %d and %d have the product %g", n, (unsigned long long)seed,
                                 i, j, product);
                }
            }
            assert_int_equal(valid->count, 4 * train->count);
            check_map(train, n, a, text);
            check_map(valid, n, a, text);
            deepid_dataset_destroy(valid);
            deepid_dataset_destroy(train);
            deepid_ctx_destroy(ctx);
        }
    }
}

static void a_reflection_turns_the_last_feature_round(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = data_of(ctx, "linear n=50 target=reflection", 3);
    for (int64_t i = 0; i < 50; i++)
        for (int64_t k = 0; k < 4; k++)
            if (dpid_dataset_target(data, i, k) != (k == 3 ? -1 : 1) * dpid_dataset_feature(data, i, k))
                fail_msg("sample %lld, target %lld", (long long)i, (long long)k);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- gratings: class k of 4 turns the wave by k 45 degrees ----------------------------------------------- */

static void gratings_are_waves_in_their_direction(void **state)
{
    (void)state;
    enum { SIZE = 8 };
    /* along (rows, columns) the picture of a class does not change */
    static const int same[4][2] = {{1, 0}, {1, -1}, {0, 1}, {1, 1}};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = data_of(ctx, "gratings n=40 noise=0", 3);
    for (int64_t i = 0; i < 40; i++) {
        const int *s = same[data->labels[i]];
        double moved = 0;
        for (int r = 0; r + s[0] < SIZE; r++) {
            for (int c = s[1] < 0; c < SIZE && c + s[1] < SIZE; c++) {
                const double here = dpid_dataset_feature(data, i, r * SIZE + c);
                const double there = dpid_dataset_feature(data, i, (r + s[0]) * SIZE + c + s[1]);
                if (!(fabs(here - there) < 1e-5)) /* f32 values below 1 of a sine whose argument is about 10 */
                    fail_msg("picture %lld of class %d changes at row %d, column %d", (long long)i, data->labels[i], r,
                             c);
                moved = fmax(moved, fabs(here));
            }
        }
        assert_true(moved > 0.5); /* a wave of period 4 at whole pixels */
    }
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- labels --------------------------------------------------------------------------------------------------- */

static void label_noise_changes_the_share_it_says(void **state)
{
    (void)state;
    static const double shares[] = {0, 0.2, 0.5, 1};
    for (int k = 0; k < 4; k++) {
        deepid_ctx *ctx = new_ctx(1);
        deepid_dataset *clean = data_of(ctx, "spirals n=256", 7);
        deepid_dataset *noisy = data_of(ctx, "spirals n=256", 7);
        int64_t changed = 0;
        OK(deepid_dataset_add_label_noise(noisy, shares[k], 9));
        for (int64_t i = 0; i < 256; i++)
            changed += clean->labels[i] != noisy->labels[i];
        assert_int_equal(changed, llround(256 * shares[k])); /* two classes: 0.5 leaves labels that say nothing */
        deepid_dataset_destroy(noisy);
        deepid_dataset_destroy(clean);
        deepid_ctx_destroy(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spirals_have_three_half_turns_to_radius_two),
        cmocka_unit_test(linear_targets_are_rotations_that_validation_shares),
        cmocka_unit_test(a_reflection_turns_the_last_feature_round),
        cmocka_unit_test(gratings_are_waves_in_their_direction),
        cmocka_unit_test(label_noise_changes_the_share_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
