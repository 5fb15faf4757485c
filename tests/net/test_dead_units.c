/* Dead units inside of nets: an infinite or NaN gradient stops at them in every plan - step by step, fused into
   convolutions, in stretches of dense layers with their masks. */
#include "support/nets.h"

#include <math.h>

enum { N = 9 };

/* Layer `dead` gives negative numbers alone, for its bias, or its batch-norm's, is -1000: the rectifier behind it is
   dead, so its own gradient and that of all before it is 0, whatever comes. */
static const struct {
    const char *text, *dead;
} nets[] = {
    {"input 5; dense out=16; relu; dense out=3", "dense1.bias"},
    {"input 5; dense out=16; relu; dense out=16; relu; dense out=16; relu; dense out=3", "dense3.bias"},
    {"input 5; dense out=16; relu; identity { dense out=16; relu; dense out=16; relu } after=none; dense out=3",
     "block1.dense2.bias"},
    {"input 5; plain { dense out=16 } after=relu; plain { dense out=16 } after=relu; dense out=3", "block2.dense.bias"},
    {"input 6x6x3; conv2d out=16 kernel=3; batchnorm; relu; conv2d out=8 kernel=3; global_avgpool; dense out=3",
     "batchnorm.bias"},
    {"input 6x6x3; plain { conv2d out=16 kernel=3; batchnorm } after=relu; conv2d out=8 kernel=3; global_avgpool; "
     "dense out=3",
     "block1.batchnorm.bias"},
    {"input 6x6x3; conv2d out=8 kernel=3; batchnorm; relu; plain { conv2d out=16 kernel=3; batchnorm; relu; conv2d "
     "out=8 kernel=3; batchnorm }; global_avgpool; dense out=3",
     "block1.batchnorm1.bias"},
    {"input 6x6x3; conv2d out=8 kernel=3; relu; conv2d out=8 kernel=3; relu; global_avgpool; dense out=3",
     "conv2d2.bias"},
    {"input 6x6x3; conv2d out=8 kernel=3; batchnorm; hardtanh; conv2d out=8 kernel=3; global_avgpool; dense out=3",
     "batchnorm.bias"},
};

static void set_bias(deepid_net *net, const char *name)
{
    bool found = false;
    for (int32_t i = 0; i < net->parameters; i++)
        for (int64_t k = 0; strcmp(net->parameter[i].name, name) == 0 && k < net->parameter[i].count; k++, found = true)
            dpid_store(net->precision, dpid_net_parameter_at(net, i), k, -1000);
    assert_true(found);
}

/* In the order of parameters: all up to the dead bias have no gradient. In a block with a skip that is those of its
   branch. */
static void check_gradients(const deepid_net *net, const char *dead, const char *where)
{
    const bool block = strncmp(dead, "block1.dense2", 13) == 0;
    for (int32_t i = 0; i < net->trained; i++) {
        const dpid_parameter *p = &net->parameter[i];
        for (int64_t k = 0; k < p->count && (!block || strncmp(p->name, "block1", 6) == 0); k++)
            if (dpid_fetch(net->precision, net->gradients, p->offset + k) != 0)
                fail_msg("%s: the gradient of %s is %g behind a dead unit", where, p->name,
                         dpid_fetch(net->precision, net->gradients, p->offset + k));
        if (strcmp(p->name, dead) == 0)
            return;
    }
}

static void check_net(deepid_ctx *ctx, size_t which, int32_t dtype, double value, bool whole)
{
    char where[400];
    deepid_net *net = random_net(ctx, nets[which].text, dtype, 3);
    deepid_tensor *x = batch_of(ctx, net, false, N);
    deepid_tensor *y = batch_of(ctx, net, true, N);
    snprintf(where, sizeof where, "%s, %s, %s, dy %g\n  %s", deepid_ctx_isa(ctx), dtype == DEEPID_F32 ? "f32" : "f64",
             whole ? "step by step" : "fused", value, nets[which].text);
    set_bias(net, nets[which].dead);
    fill_random(x, 4);
    OK(deepid_net_set_mode(net, DEEPID_TRAIN));
    OK(deepid_net_prepare(net, N, 1));
    OK(dpid_net_keep_all(net, whole));
    OK(deepid_net_forward(net, x, y));
    OK(deepid_net_zero_gradients(net));
    OK(deepid_tensor_fill(y, value));
    OK(deepid_net_backward(net, y, NULL));
    check_gradients(net, nets[which].dead, where);
    deepid_tensor_destroy(y);
    deepid_tensor_destroy(x);
    deepid_net_destroy(net);
}

static void infinite_gradients_stop_at_dead_units_in_every_plan(void **state)
{
    static const double values[] = {(double)INFINITY, -(double)INFINITY, (double)NAN};
    (void)state;
    for (int isa = 0; deepid_isa_word(isa); isa++) {
        deepid_ctx *ctx = new_ctx(2);
        OK(deepid_ctx_set_isa(ctx, deepid_isa_word(isa)));
        for (size_t i = 0; i < sizeof nets / sizeof *nets; i++)
            for (int v = 0; v < 3; v++)
                for (int32_t dtype = DEEPID_F32; dtype <= DEEPID_F64; dtype++)
                    for (int whole = 0; whole < 2; whole++)
                        check_net(ctx, i, dtype, values[v], whole);
        deepid_ctx_destroy(ctx);
    }
}

/* A channel without deviation and eps=0, fused and not: training and evaluation give the shift, and finite
   gradients. */
static void constant_channels_without_eps_are_finite_in_every_plan(void **state)
{
    static const char *const text = "input 4x4x2; conv2d out=4 kernel=1; batchnorm eps=0; relu; conv2d out=4 kernel=3; "
                                    "batchnorm eps=0; global_avgpool; dense out=2";
    deepid_ctx *ctx = new_ctx(1);
    (void)state;
    for (int whole = 0; whole < 2; whole++) {
        deepid_net *net = random_net(ctx, text, DEEPID_F32, 8);
        deepid_tensor *x = batch_of(ctx, net, false, N);
        deepid_tensor *y = batch_of(ctx, net, true, N);
        /* the first batch-norm sees constants alone, the second one the border of a constant, where the first is
           positive */
        OK(deepid_tensor_fill(x, 0.7));
        OK(deepid_net_set_mode(net, DEEPID_TRAIN));
        OK(deepid_net_prepare(net, N, 1));
        OK(dpid_net_keep_all(net, whole));
        OK(deepid_net_forward(net, x, y));
        OK(deepid_net_zero_gradients(net));
        OK(deepid_net_backward(net, y, NULL));
        for (int64_t i = 0; i < deepid_tensor_count(y); i++)
            assert_true(isfinite(value_at(y, i)));
        for (int64_t i = 0; i < deepid_net_trained_count(net); i++)
            assert_true(isfinite(dpid_fetch(net->precision, net->gradients, i)));
        deepid_tensor_destroy(y);
        deepid_tensor_destroy(x);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(infinite_gradients_stop_at_dead_units_in_every_plan),
        cmocka_unit_test(constant_channels_without_eps_are_finite_in_every_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
