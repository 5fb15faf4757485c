/* Convolutions whose windows leave pixels out or see padding alone, inside of nets: fused, step by step and frozen
   are the same net. */
#include "support/nets.h"

#include <math.h>

static const char *const nets[] = {
    /* the first convolution behind a block leaves out rows and columns of what the block gives; here a skip reads
       all of them */
    "input 4x4x3; identity { conv2d out=3 kernel=3; batchnorm } after=relu; identity { conv2d out=3 kernel=1 stride=2; "
    "batchnorm; relu; conv2d out=3 kernel=1 padding=1; batchnorm } after=relu; "
    "global_avgpool; dense out=3",
    "input 8x7x3; conv2d out=4 kernel=3; batchnorm; relu; identity { conv2d out=4 kernel=3; batchnorm } after=relu; "
    "conv2d out=6 kernel=1 stride=2; batchnorm; relu; global_avgpool; dense out=3",
    "input 8x8x3; identity { conv2d out=3 kernel=3; batchnorm } after=relu; identity shortcut=B { conv2d out=6 "
    "kernel=1 stride=2; batchnorm; relu; conv2d out=6 kernel=3; batchnorm } after=relu; "
    "global_avgpool; dense out=3",
    "input 6x6x2; conv2d out=4 kernel=3; batchnorm; relu; identity { conv2d out=4 kernel=3; batchnorm } after=relu; "
    "plain { conv2d out=4 kernel=3 stride=4 padding=5x4x4x5; batchnorm; relu; conv2d out=4 kernel=3; batchnorm }; "
    "global_avgpool; dense out=3",
    "input 2x2x3; conv2d kernel=1 stride=4 padding=1 out=4; batchnorm; relu; conv2d out=4 kernel=1 stride=30 "
    "padding=1x1x0x3; leaky_relu; flatten; dense out=3",
    "input 5x4x3; conv2d kernel=2 stride=31 padding=3 dilation=2 out=4; relu; plain { conv2d out=4 kernel=1 padding=2 "
    "stride=5; batchnorm } after=relu; flatten; dense out=3",
};
enum { NETS = sizeof nets / sizeof *nets, N = 5 };

typedef struct {
    uint64_t y, dx, gradient;
} outcome;

static outcome train_once(deepid_ctx *ctx, const char *text, int32_t dtype, bool whole)
{
    deepid_net *net = random_net(ctx, text, dtype, 4);
    deepid_tensor *x = batch_of(ctx, net, false, N);
    deepid_tensor *y = batch_of(ctx, net, true, N);
    deepid_tensor *dx = batch_of(ctx, net, false, N);
    const int64_t bytes = dtype == DEEPID_F32 ? 4 : 8;
    fill_random(x, 5);
    OK(deepid_net_set_mode(net, DEEPID_TRAIN));
    OK(deepid_net_prepare(net, N, 1));
    OK(dpid_net_keep_all(net, whole));
    OK(deepid_net_forward(net, x, y));
    OK(deepid_net_zero_gradients(net));
    OK(deepid_net_backward(net, y, dx));
    const outcome o = {bits(y->data, y->count * bytes), bits(dx->data, dx->count * bytes),
                       bits(deepid_net_trained_gradient(net), deepid_net_trained_count(net) * bytes)};
    deepid_tensor_destroy(dx);
    deepid_tensor_destroy(y);
    deepid_tensor_destroy(x);
    deepid_net_destroy(net);
    return o;
}

static void fused_and_unfused_nets_have_the_same_bits(void **state)
{
    static const int32_t dtypes[] = {DEEPID_F32, DEEPID_F64};
    (void)state;
    for (int isa = 0; deepid_isa_word(isa); isa++) {
        deepid_ctx *ctx = new_ctx(1);
        OK(deepid_ctx_set_isa(ctx, deepid_isa_word(isa)));
        for (int i = 0; i < NETS; i++) {
            for (int d = 0; d < 2; d++) {
                const outcome plain = train_once(ctx, nets[i], dtypes[d], true);
                const outcome fused = train_once(ctx, nets[i], dtypes[d], false);
                if (plain.y != fused.y || plain.dx != fused.dx || plain.gradient != fused.gradient)
                    fail_msg("%s, %s: fused differs in%s%s%s\n  %s", deepid_isa_word(isa), d ? "f64" : "f32",
                             plain.y != fused.y ? " y" : "", plain.dx != fused.dx ? " dx" : "",
                             plain.gradient != fused.gradient ? " gradients" : "", nets[i]);
            }
        }
        deepid_ctx_destroy(ctx);
    }
}

static void frozen_nets_give_the_same(void **state)
{
    (void)state;
    for (int isa = 0; deepid_isa_word(isa); isa++) {
        deepid_ctx *ctx = new_ctx(2);
        OK(deepid_ctx_set_isa(ctx, deepid_isa_word(isa)));
        for (int i = 0; i < NETS; i++) {
            deepid_net *net = random_net(ctx, nets[i], DEEPID_F64, 6);
            deepid_net *frozen = NULL;
            OK(deepid_net_freeze(net, &frozen));
            deepid_tensor *y = outputs_of(ctx, net, N, 7);
            deepid_tensor *z = outputs_of(ctx, frozen, N, 7);
            if (!(distance(z, y) <= 1e-12)) /* batch-norms are folded into weights: rounding alone */
                fail_msg("%s: frozen is %.3g away\n  %s", deepid_isa_word(isa), distance(z, y), nets[i]);
            deepid_tensor_destroy(z);
            deepid_tensor_destroy(y);
            deepid_net_destroy(frozen);
            deepid_net_destroy(net);
        }
        deepid_ctx_destroy(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fused_and_unfused_nets_have_the_same_bits),
        cmocka_unit_test(frozen_nets_give_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
