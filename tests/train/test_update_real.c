/* Updates against their formulas, replayed in long double from the same gradients. */
#include "support/training.h"

#include <math.h>

typedef struct {
    long double w, m, v;
} replayed;

static void replay(const char *optimizer, int step, long double g, replayed *p)
{
    const long double rate = 0.01L;
    const long double decay = 0.1L;
    if (optimizer[0] == 's') { /* momentum 0.9, nesterov, weight decay 0.1 on all */
        g += decay * p->w;
        p->m = 0.9L * p->m + g;
        p->w -= rate * (g + 0.9L * p->m);
        return;
    }
    if (optimizer[0] == 'r') { /* alpha 0.9, momentum 0.5 */
        g += decay * p->w;
        p->v = 0.9L * p->v + 0.1L * g * g;
        p->m = 0.5L * p->m + g / (sqrtl(p->v) + 1e-8L);
        p->w -= rate * p->m;
        return;
    }
    const bool decoupled = strncmp(optimizer, "adamw", 5) == 0;
    g += decoupled ? 0 : decay * p->w;
    p->m = 0.9L * p->m + 0.1L * g;
    p->v = 0.999L * p->v + 0.001L * g * g;
    const long double mhat = p->m / (1 - powl(0.9L, step));
    const long double vhat = p->v / (1 - powl(0.999L, step));
    p->w = (decoupled ? 1 - rate * decay : 1) * p->w - rate * mhat / (sqrtl(vhat) + 1e-8L);
}

static void updates_follow_their_formulas(void **state)
{
    (void)state;
    static const char *const optimizers[] = {"sgd momentum=0.9 nesterov=1 weight_decay=0.1 decay=all",
                                             "adam weight_decay=0.1 decay=all", "adamw weight_decay=0.1 decay=all",
                                             "rmsprop alpha=0.9 momentum=0.5 weight_decay=0.1 decay=all"};
    deepid_ctx *ctx = new_ctx(1);
    for (int o = 0; o < 4; o++) {
        run r;
        open_run(ctx, &r, "input 4; dense out=4", "linear n=32", DEEPID_F64, 3);
        OK(deepid_trainer_set_optimizer(r.trainer, optimizers[o]));
        OK(deepid_trainer_set_learning_rate(r.trainer, 0.01));
        OK(deepid_trainer_set_batch(r.trainer, 0));
        const int64_t n = deepid_net_trained_count(r.net);
        replayed p[20];
        const double *w = deepid_net_trained_data(r.net);
        for (int64_t i = 0; i < n; i++)
            p[i] = (replayed){w[i], 0, 0};
        for (int step = 1; step <= 1000; step++) {
            OK(deepid_trainer_step(r.trainer));
            const double *g = deepid_net_trained_gradient(r.net);
            for (int64_t i = 0; i < n; i++) {
                replay(optimizers[o], step, g[i], &p[i]);
                /* 1000 steps of one rounding each, at most 1e-13 a step */
                if (!(fabsl(p[i].w - w[i]) <= 1e-11L * (1 + fabsl(p[i].w))))
                    fail_msg("%s, step %d, parameter %lld: %.17g, expected %.17Lg", optimizers[o], step, (long long)i,
                             w[i], p[i].w);
            }
        }
        close_run(&r);
    }
    deepid_ctx_destroy(ctx);
}

static bool is_weight(const char *name)
{
    return strstr(name, "dense") && strstr(name, ".weight");
}

/* decay=weights, the default: matrices shrink; biases, scales and shifts go by their gradient alone. decay=all: all
   shrink. */
static void weight_decay_acts_on_what_it_says(void **state)
{
    (void)state;
    static const char *const optimizers[] = {"sgd weight_decay=0.5", "sgd weight_decay=0.5 decay=all",
                                             "adamw weight_decay=0.5", "adamw weight_decay=0.5 decay=all"};
    const double rate = 1e-3;
    deepid_ctx *ctx = new_ctx(1);
    for (int o = 0; o < 4; o++) {
        run r;
        int64_t at = 0;
        open_linear_run(ctx, &r, "input 3; dense out=4; batchnorm; tanh; dense out=2", optimizers[o], rate);
        step_run(ctx, &r);
        const double *g = deepid_net_trained_gradient(r.net);
        for (int64_t p = 0; p < deepid_net_parameter_count(r.net); p++) {
            const char *name = deepid_net_parameter_name(r.net, p);
            int64_t count = deepid_net_parameter_trained(r.net, p);
            for (int32_t axis = 0; axis < deepid_net_parameter_rank(r.net, p); axis++)
                count *= deepid_net_parameter_extent(r.net, p, axis);
            for (int64_t i = at; i < at + count; i++) {
                const double decay = is_weight(name) || o % 2 ? rate * 0.5 * r.before[i] : 0;
                const double along = o < 2 ? g[i] : g[i] / (fabs(g[i]) + 1e-8); /* Adam's first step */
                moved_by(&r, name, i, -decay - rate * along);
            }
            at += count;
        }
        assert_int_equal(at, r.n);
        close_run(&r);
    }
    deepid_ctx_destroy(ctx);
}

/* The first step divides g by sqrt(0.01 g^2) = |g| / 10: ten times the rate along its sign, as torch.optim.RMSprop
   with its defaults does. The second: v = 0.99 0.01 a^2 + 0.01 b^2. */
static void the_first_steps_of_rmsprop_are_those_of_pytorch(void **state)
{
    (void)state;
    const double rate = 1e-3;
    deepid_ctx *ctx = new_ctx(1);
    run r;
    double first[64];
    open_linear_run(ctx, &r, "input 3; dense out=4; tanh; dense out=2", "rmsprop", rate);
    step_run(ctx, &r);
    const double *g = deepid_net_trained_gradient(r.net);
    for (int64_t i = 0; i < r.n; i++) {
        moved_by(&r, "the first step", i, -rate * g[i] / (0.1 * fabs(g[i]) + 1e-8));
        first[i] = g[i];
    }
    step_run(ctx, &r);
    for (int64_t i = 0; i < r.n; i++)
        moved_by(&r, "the second step", i,
                 -rate * g[i] / (sqrt(0.0099 * first[i] * first[i] + 0.01 * g[i] * g[i]) + 1e-8));
    close_run(&r);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(updates_follow_their_formulas),
        cmocka_unit_test(the_first_steps_of_rmsprop_are_those_of_pytorch),
        cmocka_unit_test(weight_decay_acts_on_what_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
