/* Frozen nets are the same function as the net they were made from, within a bound; nets like others, but for
   evaluation only. */
#include "net/frozen_examples.h"

#include "tensor/tensor.h"

#include <math.h>

/* ---- the same function ----------------------------------------------------------------------- */

/* f32: each layer rounds by about 1e-6 of its output (Winograd's bound, compute.h), and layers of these small nets
   pass it on; f64 alike, from 1e-15. */
static const double allowed[] = {[DEEPID_F32] = 2e-5, [DEEPID_F64] = 4e-14};

static void same_function(const char *isa, int32_t threads, const example *e, int32_t dtype, int64_t n)
{
    deepid_ctx *ctx = new_ctx(threads);
    OK(deepid_ctx_set_isa(ctx, isa));
    deepid_net *net = random_net(ctx, e->text, dtype, 11);
    deepid_net *frozen = NULL;
    OK(deepid_net_freeze(net, &frozen));
    assert_int_equal(deepid_net_frozen(frozen), 1);
    assert_int_equal(deepid_net_frozen(net), 0);
    if (e->frozen)
        assert_string_equal(deepid_net_describe(frozen), e->frozen);
    deepid_tensor *y = outputs_of(ctx, net, n, 5);
    deepid_tensor *z = outputs_of(ctx, frozen, n, 5);
    const double d = distance(z, y);
    if (!(d <= allowed[dtype]))
        fail_msg("%s, %d threads, batch %lld, %s: frozen outputs are off by %g of the largest, allowed %g\n  %s", isa,
                 threads, (long long)n, dtype == DEEPID_F32 ? "f32" : "f64", d, allowed[dtype],
                 deepid_net_describe(net));
    deepid_tensor_destroy(z);
    deepid_tensor_destroy(y);
    deepid_net_destroy(frozen);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

static void frozen_nets_are_the_same_function(void **state)
{
    static const int64_t batches[] = {1, 2, 3, 17, 40};
    (void)state;
    for (dpid_isa isa = 0; isa < DPID_ISAS; isa++)
        for (size_t i = 0; dpid_isa_runs(isa) && i < EXAMPLES; i++)
            for (size_t b = 0; b < sizeof batches / sizeof *batches; b++)
                for (int32_t dtype = DEEPID_F32; dtype <= DEEPID_F64; dtype++)
                    same_function(dpid_isa_word(isa), 1 + (int32_t)(b % 3), &examples[i], dtype, batches[b]);
}

/* ---- families --------------------------------------------------------------------------------- */

static void families_are_the_same_function(void **state)
{
    static const char *const blocks[] = {"identity",
                                         "plain",
                                         "preact",
                                         "preact_plain",
                                         "bottleneck",
                                         "identity shortcut=B",
                                         "identity shortcut=C",
                                         "preact shortcut=B",
                                         "preact shortcut=B projection=bare",
                                         "identity shortcut=C projection=bias"};
    (void)state;
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        for (int32_t dtype = DEEPID_F32; dtype <= DEEPID_F64; dtype++) {
            deepid_ctx *ctx = new_ctx(2);
            deepid_net *family = NULL;
            OK(deepid_resnet_cifar(ctx, 20, blocks[i], dtype, &family));
            const example e = {deepid_net_describe(family), NULL};
            same_function("baseline", 2, &e, dtype, 2);
            same_function(dpid_isa_word(dpid_isa_best()), 2, &e, dtype, 9);
            deepid_net_destroy(family);
            deepid_ctx_destroy(ctx);
        }
    }
}

/* ---- one layer: the rounding of its numbers -------------------------------------------------------- */

/* All numbers of `convolution; batchnorm` by their size, signs so that nothing cancels: its outputs for |x| are the
   sizes of the sums. */
static void make_absolute(deepid_net *net)
{
    for (int32_t i = 0; i < net->parameters; i++) {
        const dpid_parameter *p = &net->parameter[i];
        const double sign = p->spec.role == DPID_ROLE_MEAN ? -1 : 1;
        for (int64_t k = 0; k < p->count; k++)
            dpid_store(DPID_P64, dpid_net_parameter_at(net, i), k,
                       sign * fabs(dpid_fetch(DPID_P64, dpid_net_parameter_at(net, i), k)));
    }
}

/* Products summed one by one, weight and bias rounded once each, gain twice: at most (terms + 5) half units of the
   sum of sizes. */
static void a_folded_layer_has_the_error_of_its_sums(void **state)
{
    enum { TERMS = 3 * 3 * 20 + 1, N = 3 };
    (void)state;
    for (dpid_isa isa = 0; isa < DPID_ISAS; isa++) {
        if (!dpid_isa_runs(isa))
            continue;
        deepid_ctx *ctx = new_ctx(2);
        deepid_net *net = random_net(ctx, "input 9x10x20 exact=1; conv2d out=21 kernel=3; batchnorm", DEEPID_F32, 3);
        deepid_net *frozen = NULL;
        deepid_net *precise = NULL;
        deepid_net *sizes = NULL;
        OK(deepid_ctx_set_isa(ctx, dpid_isa_word(isa)));
        OK(deepid_net_freeze(net, &frozen));
        OK(deepid_net_clone(net, DEEPID_F64, &precise));
        OK(deepid_net_clone(net, DEEPID_F64, &sizes));
        make_absolute(sizes);
        deepid_tensor *x[3] = {batch_of(ctx, frozen, false, N), batch_of(ctx, precise, false, N),
                               batch_of(ctx, precise, false, N)};
        deepid_tensor *y[3] = {batch_of(ctx, frozen, true, N), batch_of(ctx, precise, true, N),
                               batch_of(ctx, precise, true, N)};
        fill_random(x[0], 9);
        for (int64_t i = 0; i < x[0]->count; i++) {
            ((double *)x[1]->data)[i] = value_at(x[0], i);
            ((double *)x[2]->data)[i] = fabs(value_at(x[0], i));
        }
        OK(deepid_net_forward(frozen, x[0], y[0]));
        OK(deepid_net_forward(precise, x[1], y[1]));
        OK(deepid_net_forward(sizes, x[2], y[2]));
        for (int64_t i = 0; i < y[0]->count; i++) {
            const double bound = (TERMS + 5) * 0x1p-24 * value_at(y[2], i);
            if (!(fabs(value_at(y[0], i) - value_at(y[1], i)) <= bound))
                fail_msg("%s: output %lld is %.9g, expected %.17g within %.3g", dpid_isa_word(isa), (long long)i,
                         value_at(y[0], i), value_at(y[1], i), bound);
        }
        for (int i = 0; i < 3; i++) {
            deepid_tensor_destroy(x[i]);
            deepid_tensor_destroy(y[i]);
        }
        deepid_net_destroy(sizes);
        deepid_net_destroy(precise);
        deepid_net_destroy(frozen);
        deepid_net_destroy(net);
        deepid_ctx_destroy(ctx);
    }
}

/* gamma = sqrt(var + eps), mean and beta 0: the gain is exactly 1, the weights stay, and a delta kernel returns its
   input bit for bit. */
static void an_identity_stays_exact(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    deepid_net *frozen = NULL;
    OK(deepid_net_create(ctx, "input 6x5x16 exact=1; conv2d out=16 kernel=3 bias=0; batchnorm", DEEPID_F32, &net));
    float *w = deepid_net_parameter_data(net, "conv2d.weight");
    float *gamma = deepid_net_parameter_data(net, "batchnorm.weight");
    float *var = deepid_net_parameter_data(net, "batchnorm.running_var");
    for (int c = 0; c < 16; c++) {
        w[(c * 9 + 4) * 16 + c] = 1;
        var[c] = 0.37f * (float)(c + 1);
        gamma[c] = sqrtf(var[c] + 1e-5f);
    }
    OK(deepid_net_freeze(net, &frozen));
    deepid_tensor *x = batch_of(ctx, net, false, 3);
    deepid_tensor *y = batch_of(ctx, net, true, 3);
    fill_random(x, 4);
    OK(deepid_net_forward(frozen, x, y));
    assert_memory_equal(x->data, y->data, (size_t)x->count * sizeof(float));
    deepid_tensor_destroy(x);
    deepid_tensor_destroy(y);
    deepid_net_destroy(frozen);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* ---- a net like others, but for evaluation only ------------------------------------------------------------- */

static const char small[] = "input 8x8x3; conv2d out=16 kernel=3 bias=0; batchnorm; relu; identity { " BODY
                            " } after=relu; global_avgpool; dense out=4";

static void whatever_trains_is_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = random_net(ctx, small, DEEPID_F32, 2);
    deepid_net *frozen = NULL;
    deepid_dataset *data = NULL;
    deepid_trainer *trainer = NULL;
    deepid_table *table = NULL;
    OK(deepid_net_freeze(net, &frozen));
    OK(deepid_dataset_generate(ctx, "gratings n=8 size=8 channels=3 classes=4", 1, &data));
    REFUSED(deepid_net_set_mode(frozen, DEEPID_TRAIN), DEEPID_ERR_STATE, "it is frozen: for evaluation only");
    REFUSED(deepid_net_prepare(frozen, 4, 1), DEEPID_ERR_STATE, "it is frozen");
    REFUSED(deepid_trainer_create(frozen, data, &trainer), DEEPID_ERR_STATE, "train the net that it was made from");
    REFUSED(deepid_net_inspect(frozen, data, "signal", &table), DEEPID_ERR_STATE, "it is frozen");
    REFUSED(deepid_net_zero_gradients(frozen), DEEPID_ERR_STATE, "it is frozen");
    deepid_tensor *y = outputs_of(ctx, frozen, 2, 3);
    REFUSED(deepid_net_backward(frozen, y, NULL), DEEPID_ERR_STATE, "it is frozen");
    REFUSED(deepid_net_freeze(frozen, NULL), DEEPID_ERR_ARGUMENT, "out is NULL");
    assert_int_equal(deepid_net_mode(frozen), DEEPID_EVAL);
    assert_null(deepid_net_trained_gradient(frozen));
    double loss[2];
    OK(deepid_net_evaluate(net, data, NULL, &loss[0], NULL));
    OK(deepid_net_evaluate(frozen, data, NULL, &loss[1], NULL));
    assert_true(fabs(loss[0] - loss[1]) <= 1e-5 * fabs(loss[0])); /* of logits within 2e-5 */
    deepid_tensor_destroy(y);
    deepid_dataset_destroy(data);
    deepid_net_destroy(frozen);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

static void same_bits(deepid_ctx *ctx, deepid_net *a, deepid_net *b)
{
    deepid_tensor *y = outputs_of(ctx, a, 5, 8);
    deepid_tensor *z = outputs_of(ctx, b, 5, 8);
    assert_memory_equal(y->data, z->data, (size_t)y->count * (y->dtype == DEEPID_F32 ? sizeof(float) : sizeof(double)));
    deepid_tensor_destroy(y);
    deepid_tensor_destroy(z);
}

/* twice frozen, copied, written and read: the same text, the same bits */
static void a_frozen_net_is_copied_and_stored_as_such(void **state)
{
    (void)state;
    for (int32_t dtype = DEEPID_F32; dtype <= DEEPID_F64; dtype++) {
        deepid_ctx *ctx = new_ctx(2);
        deepid_net *net = random_net(ctx,
                                     "input 9x8x3; identity shortcut=C { conv2d out=16 kernel=3 bias=0; batchnorm; "
                                     "relu; conv2d out=16 kernel=3; batchnorm } after=relu",
                                     dtype, 2);
        deepid_net *frozen[4] = {NULL};
        OK(deepid_net_freeze(net, &frozen[0]));
        OK(deepid_net_freeze(frozen[0], &frozen[1]));
        OK(deepid_net_clone(frozen[0], 0, &frozen[2]));
        OK(deepid_net_save(frozen[0], temporary("frozen.safetensors")));
        OK(deepid_net_load(ctx, temporary("frozen.safetensors"), 0, &frozen[3]));
        assert_string_equal(deepid_net_describe(frozen[0]), "input 9x8x3 frozen=1; identity shortcut=C { conv2d out=16 "
                                                            "kernel=3; relu; conv2d out=16 kernel=3 } after=relu");
        assert_int_equal(deepid_net_parameter_find(frozen[0], "block1.shortcut.batchnorm.weight"), -1);
        assert_true(deepid_net_parameter_find(frozen[0], "block1.shortcut.conv2d.bias") >= 0);
        for (int i = 1; i < 4; i++) {
            assert_string_equal(deepid_net_describe(frozen[i]), deepid_net_describe(frozen[0]));
            assert_int_equal(deepid_net_frozen(frozen[i]), 1);
            same_bits(ctx, frozen[i], frozen[0]);
        }
        for (int i = 0; i < 4; i++)
            deepid_net_destroy(frozen[i]);
        deepid_net_destroy(net);
        deepid_ctx_destroy(ctx);
    }
}

/* A copy has packed nothing yet. */
static void packed_as_a_copy(deepid_ctx *ctx, deepid_net *net)
{
    deepid_net *fresh = NULL;
    OK(deepid_net_clone(net, 0, &fresh));
    same_bits(ctx, net, fresh);
    deepid_net_destroy(fresh);
}

/* Packed weights follow every call that changes the values, and an instruction set or a kind of sum that is chosen
   later. */
static void packed_weights_follow_the_values(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(2);
    deepid_net *net[2] = {random_net(ctx, small, DEEPID_F32, 2), random_net(ctx, small, DEEPID_F32, 99)};
    deepid_net *a = NULL;
    deepid_net *b = NULL;
    OK(deepid_net_freeze(net[0], &a));
    OK(deepid_net_freeze(net[1], &b));
    OK(deepid_net_save(b, temporary("values.safetensors")));
    packed_as_a_copy(ctx, a);
    OK(deepid_net_copy_parameters(a, b, NULL));
    packed_as_a_copy(ctx, a);
    OK(deepid_net_init(a, "glorot", 3));
    packed_as_a_copy(ctx, a);
    OK(deepid_net_load_weights(a, temporary("values.safetensors"), "deepid"));
    packed_as_a_copy(ctx, a);
    ((float *)deepid_net_parameter_data(a, "block1.conv2d1.weight"))[3] += 1;
    OK(deepid_net_prepare(a, 1, 0));
    packed_as_a_copy(ctx, a);
    OK(deepid_net_set_exact(a, 1));
    packed_as_a_copy(ctx, a);
    assert_non_null(strstr(deepid_net_describe(a), "exact=1 frozen=1"));
    OK(deepid_net_set_exact(a, 0));
    for (dpid_isa isa = 0; isa < DPID_ISAS; isa++) {
        if (!dpid_isa_runs(isa))
            continue;
        OK(deepid_ctx_set_isa(ctx, dpid_isa_word(isa)));
        packed_as_a_copy(ctx, a);
    }
    deepid_net_destroy(a);
    deepid_net_destroy(b);
    deepid_net_destroy(net[0]);
    deepid_net_destroy(net[1]);
    deepid_ctx_destroy(ctx);
}

static void numbers_that_do_not_fold_are_named(void **state)
{
    static const struct {
        const char *parameter;
        double value;
    } bad[] = {{"block1.batchnorm2.running_var", -1},
               {"block1.batchnorm2.weight", 1e38},
               {"block1.batchnorm2.weight", 1e-42},
               {"block1.batchnorm2.running_mean", (double)NAN},
               {"block1.batchnorm2.bias", (double)INFINITY}};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        deepid_ctx *ctx = new_ctx(1);
        deepid_net *net = random_net(ctx, small, DEEPID_F32, 2);
        deepid_net *frozen = NULL;
        ((float *)deepid_net_parameter_data(net, "block1.conv2d2.weight"))[3 * 144] = 1e3f;
        ((float *)deepid_net_parameter_data(net, bad[i].parameter))[3] = (float)bad[i].value;
        REFUSED(deepid_net_freeze(net, &frozen), DEEPID_ERR_UNSUPPORTED,
                "block1.batchnorm2 cannot be taken into the layer before it: channel 3");
        assert_null(frozen);
        deepid_net_destroy(net);
        deepid_ctx_destroy(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frozen_nets_are_the_same_function),
        cmocka_unit_test(families_are_the_same_function),
        cmocka_unit_test(a_folded_layer_has_the_error_of_its_sums),
        cmocka_unit_test(an_identity_stays_exact),
        cmocka_unit_test(whatever_trains_is_refused),
        cmocka_unit_test(a_frozen_net_is_copied_and_stored_as_such),
        cmocka_unit_test(packed_weights_follow_the_values),
        cmocka_unit_test(numbers_that_do_not_fold_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
