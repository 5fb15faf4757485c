/* Updates against their formulas, replayed in long double from the same gradients, and against PyTorch's. */
#include "support/training.h"

#include "train/files/pytorch_optimizers.h"

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

/* A dense layer of 2 inputs and 2 outputs on 5 samples, all of them a step; numbers as in pytorch_optimizers.py. */
static void open_as_in_pytorch(deepid_ctx *ctx, run *r, double *x, double *t)
{
    const int64_t extents[] = {5, 2};
    for (int k = 0; k < 10; k++) {
        x[k] = (7 * k % 11 - 5) / 4.0;
        t[k] = (5 * k % 7 - 3) / 2.0;
    }
    *r = (run){.net = NULL};
    OK(deepid_net_create(ctx, "input 2; dense out=2", DEEPID_F64, &r->net));
    OK(deepid_dataset_wrap_targets(ctx, DEEPID_F64, x, 2, extents, NULL, DEEPID_F64, t, 2, &r->data));
    OK(deepid_trainer_create(r->net, r->data, &r->trainer));
    OK(deepid_trainer_set_batch(r->trainer, 0));
    double *w = deepid_net_trained_data(r->net);
    for (int k = 0; k < 6; k++)
        w[k] = (3 * k % 5 - 2) / 4.0;
}

/* Sums in another order: a rounding a step. Near the minimum RMSprop steps by signs, and magnifies it: 6e-7 after 100
   steps, so only 30 are compared. */
static void every_optimiser_goes_the_way_of_pytorchs(void **state)
{
    (void)state;
    double x[10];
    double t[10];
    deepid_ctx *ctx = new_ctx(1);
    for (size_t o = 0; o < sizeof pytorch / sizeof *pytorch; o++) {
        run r;
        open_as_in_pytorch(ctx, &r, x, t);
        OK(deepid_trainer_set_optimizer(r.trainer, pytorch[o].optimizer));
        OK(deepid_trainer_set_learning_rate(r.trainer, 0.01));
        const double *w = deepid_net_trained_data(r.net);
        for (size_t k = 0; k < sizeof pytorch_steps / sizeof *pytorch_steps; k++) {
            OK(deepid_trainer_fit(r.trainer, pytorch_steps[k] - (k ? pytorch_steps[k - 1] : 0), NULL, NULL));
            for (int i = 0; i < 6; i++)
                if (!(fabs(w[i] - pytorch[o].after[k][i]) < 1e-12))
                    fail_msg("%s, parameter %d after %lld steps: %.17g, PyTorch has %.17g", pytorch[o].optimizer, i,
                             (long long)pytorch_steps[k], w[i], pytorch[o].after[k][i]);
        }
        close_run(&r);
    }
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(updates_follow_their_formulas),
        cmocka_unit_test(every_optimiser_goes_the_way_of_pytorchs),
        cmocka_unit_test(weight_decay_acts_on_what_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
