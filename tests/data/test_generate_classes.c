/* Tasks with classes against their formulas: what is planted in a calibration task is really there. */
#include "support/support.h"

#include "data/data.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

/* Without noise a point at radius r has the angle 3 pi r / 2, and half a turn more on the second arm; (r / 2)^2 is
   uniform: mean 1/2, deviation of the mean of 1000 sqrt(1 / 12000). */
static void spirals_have_three_half_turns_to_radius_two(void **state)
{
    (void)state;
    enum { N = 1000 };
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = generated(ctx, "spirals n=1000 noise=0", 5);
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

/* Without noise class k lies on the circle of radius k + 1. */
static void rings_have_the_radius_of_their_class(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = generated(ctx, "rings n=30 noise=0 classes=3", 4);
    for (int64_t i = 0; i < 30; i++) {
        const double r = hypot(dpid_dataset_feature(data, i, 0), dpid_dataset_feature(data, i, 1));
        assert_int_equal(data->labels[i], i % 3);
        if (!(fabs(r - (double)(1 + i % 3)) < 1e-6)) /* f32 coordinates up to 3 */
            fail_msg("point %lld of class %d is at radius %.9g", (long long)i, data->labels[i], r);
    }
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* Vector i has -1 where bit k of i is set; the class is whether their number is odd: of 3 bits 0 1 1 0 1 0 0 1. */
static void parity_has_every_vector_once(void **state)
{
    (void)state;
    static const int expected[] = {0, 1, 1, 0, 1, 0, 0, 1};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = generated(ctx, "parity bits=3", 1);
    assert_int_equal(data->count, 8);
    for (int64_t i = 0; i < 8; i++) {
        assert_int_equal(data->labels[i], expected[i]);
        for (int64_t k = 0; k < 3; k++)
            assert_true(dpid_dataset_feature(data, i, k) == (i >> k & 1 ? -1 : 1));
    }
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
    deepid_dataset *data = generated(ctx, "gratings n=40 noise=0", 3);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spirals_have_three_half_turns_to_radius_two),
        cmocka_unit_test(rings_have_the_radius_of_their_class),
        cmocka_unit_test(parity_has_every_vector_once),
        cmocka_unit_test(gratings_are_waves_in_their_direction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
