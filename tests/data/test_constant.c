/* The best constant predictor, by losses of which it is not the mean. */
#include "support/support.h"

#include "data/data.h"
#include "ops/loss.h"

#include <math.h>

static double constant_by(deepid_ctx *ctx, const deepid_dataset *data, const char *words)
{
    dpid_value option[DPID_OPTIONS_MAX] = {{0}};
    const dpid_loss *loss = NULL;
    OK(dpid_set_read(ctx, &dpid_losses, dpid_span_of(words), &loss, option));
    return dpid_dataset_constant_loss(data, loss, option);
}

/* Of 0, 0, 0, 10 with delta 1: 3 c = 1, so c = 1/3 and the loss (3 (1/18) + 29/3 - 1/2) / 4 = 7/3. The second output is
   3 everywhere. With a large delta c is the mean, 5/2, and the loss half of the variance, 75/4. */
static void hubers_constant_is_between_median_and_mean(void **state)
{
    (void)state;
    const float x[4] = {1, 2, 3, 4};
    const float targets[8] = {0, 3, 0, 3, 10, 3, 0, 3};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = wrapped_targets(ctx, 4, 1, x, 2, targets);
    near_at("huber", constant_by(ctx, data, "huber"), 7 / 3.0 / 2, 1e-14);
    near_at("huber delta=100", constant_by(ctx, data, "huber delta=100"), 75 / 8.0 / 2, 1e-14);
    near_at("squared_error", constant_by(ctx, data, "squared_error"), 75 / 4.0 / 2, 1e-14);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* No constant of 4000 over the range of random targets does better, and the best of them hardly worse. */
static void no_other_constant_does_better(void **state)
{
    (void)state;
    enum { N = 25, STEPS = 4000 };
    deepid_ctx *ctx = new_ctx(1);
    for (uint64_t seed = 1; seed <= 5; seed++) {
        double drawn[N];
        float x[N], targets[N];
        double best = HUGE_VAL;
        random_array(seed, N, -2, 2, drawn);
        for (int i = 0; i < N; i++) {
            x[i] = (float)i;
            targets[i] = (float)(drawn[i] * drawn[i] * drawn[i]); /* far ones too */
        }
        deepid_dataset *data = wrapped_targets(ctx, N, 1, x, 1, targets);
        for (int k = 0; k <= STEPS; k++) {
            double loss = 0;
            for (int i = 0; i < N; i++) {
                const double d = fabs(-8 + 16.0 * k / STEPS - (double)targets[i]);
                loss += (d <= 0.5 ? d * d / 2 : 0.5 * (d - 0.25)) / N;
            }
            best = fmin(best, loss);
        }
        const double found = constant_by(ctx, data, "huber delta=0.5");
        if (!(found <= best + 1e-14 && found >= best - 1e-5))
            fail_msg("seed %llu: the constant's loss is %.17g, the best of %d is %.17g", (unsigned long long)seed,
                     found, STEPS, best);
        deepid_dataset_destroy(data);
    }
    deepid_ctx_destroy(ctx);
}

/* What a study calls the constant predictor's loss is told in the study's loss. */
static void a_study_tells_the_constant_in_its_loss(void **state)
{
    (void)state;
    const float x[4] = {1, 2, 3, 4};
    const float targets[4] = {0, 0, 10, 0};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = wrapped_targets(ctx, 4, 1, x, 1, targets);
    deepid_study *study = NULL;
    OK(deepid_study_create(ctx, "input 1; dense out=1", "input 1; dense out=2; relu; dense out=1", data, &study));
    near_at("by the data", deepid_study_number(study, "const_loss"), 75 / 4.0, 1e-14);
    OK(deepid_study_set_text(study, "loss", "huber"));
    near_at("huber", deepid_study_number(study, "const_loss"), 7 / 3.0, 1e-14);
    assert_true(isnan(deepid_study_number(study, "valid_const_loss")));
    deepid_study_destroy(study);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hubers_constant_is_between_median_and_mean),
        cmocka_unit_test(no_other_constant_does_better),
        cmocka_unit_test(a_study_tells_the_constant_in_its_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
