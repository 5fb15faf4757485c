/* Optimisers one after another, schedules against their formulas and at their ends. */
#include "support/training.h"

#include <math.h>

/* Adam's first step moves each parameter by the rate, g / (|g| + eps), whatever another optimiser did before; and
   SGD's first by rate g. */
static void another_optimiser_starts_afresh(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *path = temporary("changed.safetensors");
    for (int saved = 0; saved < 2; saved++) { /* the same, by way of a file */
        run r;
        open_linear_run(ctx, &r, "input 3; dense out=2", "sgd momentum=0.9", 1e-3);
        OK(deepid_trainer_fit(r.trainer, 5, NULL, NULL));
        OK(deepid_trainer_set_optimizer(r.trainer, "adam"));
        if (saved) {
            OK(deepid_trainer_save(r.trainer, path));
            OK(deepid_trainer_load(r.trainer, path));
        }
        const double *g = NULL;
        double m[64];
        for (int k = 1; k <= 2; k++) {
            step_run(ctx, &r);
            g = deepid_net_trained_gradient(r.net);
            for (int64_t i = 0; i < r.n; i++) {
                if (k == 1) {
                    moved_by(&r, "the first step of adam", i, -1e-3 * g[i] / (fabs(g[i]) + 1e-8));
                    m[i] = g[i];
                    continue;
                }
                const double mean = (0.9 * 0.1 * m[i] + 0.1 * g[i]) / (1 - 0.81);
                const double square = (0.999 * 0.001 * m[i] * m[i] + 0.001 * g[i] * g[i]) / (1 - 0.999 * 0.999);
                moved_by(&r, "the second step of adam", i, -1e-3 * mean / (sqrt(square) + 1e-8));
            }
            if (saved && k == 1) { /* and from between its steps */
                OK(deepid_trainer_save(r.trainer, path));
                OK(deepid_trainer_load(r.trainer, path));
            }
        }
        OK(deepid_trainer_set_optimizer(r.trainer, "sgd momentum=0.9"));
        step_run(ctx, &r);
        for (int64_t i = 0; i < r.n; i++)
            moved_by(&r, "the first step of sgd", i, -1e-3 * g[i]);
        close_run(&r);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- schedules -------------------------------------------------------------------------------------------------- */

static void schedules_follow_their_formulas(void **state)
{
    (void)state;
    static const struct {
        const char *schedule;
        int64_t step;
        double expected;
    } rows[] = {{"constant", 70, 1},
                {"constant warmup=10", 4, 0.5},
                {"step", 74, 1},
                {"step", 75, 0.1},
                {"step at=0.5 at2=0.9 factor=0.2", 90, 0.04},
                {"cosine", 50, 0.5},
                {"cosine floor=0.2", 100, 0.2}};
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        run r;
        open_run(ctx, &r, "input 4; dense out=4", "linear n=16", DEEPID_F32, 1);
        OK(deepid_trainer_set_batch(r.trainer, 0));
        OK(deepid_trainer_set_learning_rate(r.trainer, 1e-3));
        OK(deepid_trainer_set_total_steps(r.trainer, 100));
        OK(deepid_trainer_set_schedule(r.trainer, rows[i].schedule));
        OK(deepid_trainer_fit(r.trainer, rows[i].step, NULL, NULL));
        const double got = deepid_trainer_current_rate(r.trainer);
        if (fabs(got - 1e-3 * rows[i].expected) > 1e-15)
            fail_msg("%s at step %lld: %g, expected %g", rows[i].schedule, (long long)rows[i].step, got,
                     1e-3 * rows[i].expected);
        close_run(&r);
    }
    deepid_ctx_destroy(ctx);
}

static double rate_after(deepid_ctx *ctx, const char *schedule, int64_t alone, int64_t first, int64_t second)
{
    run r;
    open_linear_run(ctx, &r, "input 3; dense out=2", "sgd", 1e-3);
    OK(deepid_trainer_set_schedule(r.trainer, schedule));
    for (int64_t i = 0; i < alone; i++)
        OK(deepid_trainer_step(r.trainer));
    OK(deepid_trainer_fit(r.trainer, first, NULL, NULL));
    OK(deepid_trainer_fit(r.trainer, second, NULL, NULL));
    const double rate = deepid_trainer_current_rate(r.trainer);
    close_run(&r);
    return rate / 1e-3;
}

/* The first fit says how many steps there are in all, with those before it; behind the last one the rate stays. */
static void schedules_hold_at_their_ends(void **state)
{
    (void)state;
    const double pi = acos(-1);
    static const struct {
        const char *schedule;
        int64_t alone, first, second;
        double share; /* of half a cosine; below 0: the factor is 1 */
    } rows[] = {
        {"constant warmup=10", 0, 9, 0, -1},
        {"constant warmup=10", 0, 10, 0, -1},
        {"constant warmup=10", 0, 11, 0, -1},
        {"cosine", 0, 20, 0, 1},
        {"cosine", 0, 20, 10, 1},
        {"cosine", 10, 20, 0, 1},
        {"cosine", 10, 0, 0, 1},
        {"cosine", 0, 20, 20, 1},
    };
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const double expected = rows[i].share < 0 ? 1 : (1 + cos(pi * rows[i].share)) / 2;
        const double got = rate_after(ctx, rows[i].schedule, rows[i].alone, rows[i].first, rows[i].second);
        if (!(fabs(got - expected) < 1e-12))
            fail_msg("%s after %lld, %lld and %lld steps: factor %.17g, expected %.17g", rows[i].schedule,
                     (long long)rows[i].alone, (long long)rows[i].first, (long long)rows[i].second, got, expected);
    }
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_optimiser_starts_afresh),
        cmocka_unit_test(schedules_follow_their_formulas),
        cmocka_unit_test(schedules_hold_at_their_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
