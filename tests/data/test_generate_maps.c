/* Tasks made by a known map: the map is found again. A from the first samples, A = Y X^-1 by elimination. */
#include "support/support.h"

#include "data/data.h"

#include <math.h>

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
    deepid_dataset *data = generated(ctx, "linear n=50 target=reflection", 3);
    for (int64_t i = 0; i < 50; i++)
        for (int64_t k = 0; k < 4; k++)
            if (dpid_dataset_target(data, i, k) != (k == 3 ? -1 : 1) * dpid_dataset_feature(data, i, k))
                fail_msg("sample %lld, target %lld", (long long)i, (long long)k);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

static void the_identitys_targets_are_its_inputs(void **state)
{
    (void)state;
    static const char *const texts[] = {"identity n=20 in=3", "identity n=20 in=3 dist=uniform",
                                        "identity n=20 in=3 dist=orthant"};
    static const double low[] = {-10, -1, 0};
    static const double high[] = {10, 1, 10};
    deepid_ctx *ctx = new_ctx(1);
    for (int d = 0; d < 3; d++) {
        deepid_dataset *data = generated(ctx, texts[d], 6);
        for (int64_t i = 0; i < 20; i++)
            for (int64_t k = 0; k < 3; k++) {
                const double x = dpid_dataset_feature(data, i, k);
                if (!(x >= low[d] && x <= high[d]) || dpid_dataset_target(data, i, k) != x)
                    fail_msg("%s: feature %lld of sample %lld is %g, its target %g", texts[d], (long long)k,
                             (long long)i, x, dpid_dataset_target(data, i, k));
            }
        deepid_dataset_destroy(data);
    }
    deepid_ctx_destroy(ctx);
}

/* A teacher's classes are the largest of its outputs: all of them come, and a wider map is no longer square. */
static void a_teacher_uses_its_classes(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = generated(ctx, "teacher n=400 classes=3", 2);
    int64_t members[3] = {0};
    for (int64_t i = 0; i < 400; i++)
        members[data->labels[i]]++;
    assert_true(members[0] && members[1] && members[2]);
    deepid_dataset_destroy(data);
    data = generated(ctx, "linear n=5 in=2 out=3 target=gaussian noise=0.1", 2);
    assert_int_equal(data->target_width, 3);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_targets_are_rotations_that_validation_shares),
        cmocka_unit_test(a_reflection_turns_the_last_feature_round),
        cmocka_unit_test(the_identitys_targets_are_its_inputs),
        cmocka_unit_test(a_teacher_uses_its_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
