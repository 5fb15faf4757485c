/* Storage: what is rounded and what stays f32, known answers, words and files, and what is refused. Bits over threads
   and plans: test_random.c. */
#include "support/nets.h"

#include "net/pass.h"
#include "net/plan.h"
#include "net/rounding.h"
#include "tensor/half.h"

#include <math.h>

enum { BATCH = 5, SEED = 17 };

/* ---- words ---------------------------------------------------------------------------------- */

static void a_text_keeps_its_storage(void **state)
{
    deepid_ctx *ctx = *state;
    static const struct {
        const char *text, *said;
    } nets[] = {
        {"input 4 storage=f32; relu", "input 4; relu"},
        {"input 4 storage=bf16 rounding=nearest weights=master; relu", "input 4 storage=bf16; relu"},
        {"input 4 exact=1 recompute=2 storage=f8e4m3 gradients=f8e5m2 weight_gradients=f32; relu", NULL},
        {"input 4 storage=f16 rounding=stochastic subnormals=flush overflow=saturate weights=format norms=format "
         "input=format output=f32; relu",
         NULL},
        {"input 4 weights=f32 storage=tf32; relu", "input 4 storage=tf32 weights=f32; relu"},
    };
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        deepid_net *net = NULL;
        deepid_net *again = NULL;
        OK(deepid_net_create(ctx, nets[i].text, DEEPID_F32, &net));
        assert_string_equal(deepid_net_describe(net), nets[i].said ? nets[i].said : nets[i].text);
        OK(deepid_net_create(ctx, "input 4 exact=1; relu", DEEPID_F32, &again));
        OK(deepid_net_set_storage(again, deepid_net_storage(net)));
        assert_string_equal(deepid_net_storage(again), deepid_net_storage(net));
        OK(deepid_net_set_storage(again, "f32"));
        assert_string_equal(deepid_net_describe(again), "input 4 exact=1; relu");
        deepid_net_destroy(again);
        deepid_net_destroy(net);
    }
    assert_string_equal(deepid_net_storage(NULL), "");
    assert_string_equal(deepid_storage_word(1), "bf16");
    assert_null(deepid_storage_word(6));
    assert_null(deepid_storage_help("f64"));
}

static void what_makes_no_sense_is_refused(void **state)
{
    deepid_ctx *ctx = *state;
    deepid_net *net = NULL;
    deepid_net *frozen = NULL;
    REFUSED(deepid_net_create(ctx, "input 4 storage=bf17; relu", DEEPID_F32, &net), DEEPID_ERR_SPEC, "bf16");
    REFUSED(deepid_net_create(ctx, "input 4 rounding=stochastic; relu", DEEPID_F32, &net), DEEPID_ERR_SPEC,
            "rounding= says how numbers are stored, and storage is f32");
    REFUSED(deepid_net_create(ctx, "input 4 storage=bf16 frozen=1; relu", DEEPID_F32, &net), DEEPID_ERR_SPEC,
            "exclude each other");
    REFUSED(deepid_net_create(ctx, "input 4 storage=bf16; relu", DEEPID_F64, &net), DEEPID_ERR_UNSUPPORTED,
            "storage is bf16, and the net computes in f64");
    OK(deepid_net_create(ctx, "input 4; dense out=2", DEEPID_F64, &net));
    REFUSED(deepid_net_set_storage(net, "f16"), DEEPID_ERR_UNSUPPORTED, "storage is f16");
    deepid_net_destroy(net);
    OK(deepid_net_create(ctx, "input 4; dense out=2", DEEPID_F32, &net));
    REFUSED(deepid_net_set_storage(net, NULL), DEEPID_ERR_ARGUMENT, "NULL");
    REFUSED(deepid_net_set_storage(net, "half"), DEEPID_ERR_SPEC, "unknown storage 'half'");
    REFUSED(deepid_net_set_storage(net, "bf16 rounding=up"), DEEPID_ERR_SPEC, "rounding");
    REFUSED(deepid_net_set_storage(net, "f32 weights=format"), DEEPID_ERR_SPEC, "weights=");
    assert_string_equal(deepid_net_describe(net), "input 4; dense out=2");
    OK(deepid_net_set_storage(net, "bf16"));
    REFUSED(deepid_net_freeze(net, &frozen), DEEPID_ERR_UNSUPPORTED, "set storage f32 first");
    OK(deepid_net_set_storage(net, ""));
    OK(deepid_net_freeze(net, &frozen));
    REFUSED(deepid_net_set_storage(frozen, "bf16"), DEEPID_ERR_STATE, "frozen");
    OK(deepid_net_set_storage(frozen, "f32"));
    deepid_net_destroy(frozen);
    deepid_net_destroy(net);
}

static void files_and_copies_keep_it(void **state)
{
    deepid_ctx *ctx = *state;
    const char *text = "input 6 storage=f16 rounding=stochastic; dense out=5; relu; dense out=2";
    const char *path = temporary("stored.safetensors");
    deepid_net *copy[3] = {NULL};
    deepid_net *net = random_net(ctx, text, DEEPID_F32, SEED);
    deepid_tensor *y = outputs_of(ctx, net, BATCH, SEED);
    OK(deepid_net_save(net, path));
    OK(deepid_net_load(ctx, path, 0, &copy[0]));
    OK(deepid_net_clone(net, 0, &copy[1]));
    OK(deepid_net_clone(net, DEEPID_F64, &copy[2]));
    for (int i = 0; i < 2; i++) {
        deepid_tensor *same = outputs_of(ctx, copy[i], BATCH, SEED);
        assert_string_equal(deepid_net_describe(copy[i]), text);
        assert_memory_equal(deepid_tensor_data(same), deepid_tensor_data(y), y->count * 4);
        deepid_tensor_destroy(same);
    }
    assert_string_equal(deepid_net_describe(copy[2]), "input 6; dense out=5; relu; dense out=2");
    for (int i = 0; i < 3; i++)
        deepid_net_destroy(copy[i]);
    deepid_tensor_destroy(y);
    deepid_net_destroy(net);
}

/* ---- known answers --------------------------------------------------------------------------- */

static float bf16(double x)
{
    return dpid_bf16_rounded((float)x);
}

/* One number each: y = r(r(w) r(x) + r(b)); dx = r(r(dy) r(w)), dw = r(r(dy) r(x)), db = r(dy), and what is added to
   is f32. */
static void a_dense_layer_in_bf16(void **state)
{
    deepid_ctx *ctx = *state;
    const float w = 1.2345678F;
    const float b = 0.0271828F;
    const float x = 3.1415927F;
    const float dy = 0.7182818F;
    deepid_net *net = NULL;
    OK(deepid_net_create(ctx, "input 1 storage=bf16; dense out=1", DEEPID_F32, &net));
    set_parameter(net, "dense.weight", &w, 1);
    set_parameter(net, "dense.bias", &b, 1);
    deepid_tensor *in = batch_of(ctx, net, false, 1);
    deepid_tensor *out = batch_of(ctx, net, true, 1);
    OK(deepid_net_prepare(net, 1, 1));
    *(float *)in->data = x;
    OK(deepid_net_forward(net, in, out));
    assert_true(*(float *)out->data == bf16((double)bf16(w) * (double)bf16(x) + (double)bf16(b)));
    *(float *)out->data = dy;
    *(float *)deepid_net_parameter_gradient(net, "dense.weight") = 1.00001F;
    OK(deepid_net_backward(net, out, in));
    assert_true(*(float *)in->data == bf16((double)bf16(dy) * (double)bf16(w)));
    assert_true(*(float *)deepid_net_parameter_gradient(net, "dense.weight") ==
                1.00001F + bf16((double)bf16(dy) * (double)bf16(x)));
    assert_true(*(float *)deepid_net_parameter_gradient(net, "dense.bias") == bf16(dy));
    assert_true(*(float *)deepid_net_parameter_data(net, "dense.weight") == w); /* the master copy */
    OK(deepid_net_set_storage(net, "bf16 weights=format"));
    assert_true(*(float *)deepid_net_parameter_data(net, "dense.weight") == bf16(w));
    deepid_tensor_destroy(out);
    deepid_tensor_destroy(in);
    deepid_net_destroy(net);
}

/* ---- what is in the format ------------------------------------------------------------------- */

static bool in_format(const dpid_rounding *rounding, const float *x, int64_t n)
{
    bool all = true;
    for (int64_t i = 0; i < n; i++)
        all &= dpid_round_one(&(dpid_rounding){.format = rounding->format}, x[i], 0) == x[i];
    return all;
}

static void run_both_ways(deepid_ctx *ctx, deepid_net *net)
{
    deepid_tensor *x = batch_of(ctx, net, false, BATCH);
    deepid_tensor *y = batch_of(ctx, net, true, BATCH);
    fill_random(x, SEED);
    OK(dpid_net_keep_all(net, true));
    OK(deepid_net_prepare(net, BATCH, 1));
    OK(deepid_net_set_mode(net, DEEPID_TRAIN));
    OK(deepid_net_forward(net, x, y));
    fill_random(y, SEED + 1);
    OK(deepid_net_zero_gradients(net));
    OK(deepid_net_backward(net, y, x));
    deepid_tensor_destroy(y);
    deepid_tensor_destroy(x);
}

/* Which values of a net stay f32: by name. */
static bool is_listed(const char *list, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = strstr(list, name); at; at = strstr(at + 1, name))
        if ((at[length] == ' ' || at[length] == 0) && (at == list || at[-1] == ' '))
            return true;
    return false;
}

static void check_values(deepid_ctx *ctx, const char *text, const char *wide)
{
    deepid_net *net = random_net(ctx, text, DEEPID_F32, SEED);
    run_both_ways(ctx, net);
    for (int32_t v = 0; v < net->values_count; v++) {
        const char *name = net->value[v].name;
        const int64_t n = dpid_value_reals(net, v, BATCH);
        const bool value = in_format(&net->storage.values, dpid_net_value(net, v), n);
        const bool gradient = in_format(&net->storage.gradients, dpid_net_value_gradient(net, v), n);
        if (value == is_listed(wide, name))
            fail_msg("%s: %s is %sin the format", text, name, value ? "" : "not ");
        if (!gradient && !is_listed(wide, name))
            fail_msg("%s: the gradient of %s is not in the format", text, name);
    }
    for (int32_t i = 0; i < net->trained; i++) {
        const dpid_parameter *p = &net->parameter[i];
        const bool product = p->spec.role == DPID_ROLE_WEIGHT || p->spec.role == DPID_ROLE_BIAS;
        if (product != in_format(&net->storage.gradients, (const float *)net->gradients + p->offset, p->count))
            fail_msg("%s: the gradient of %s is %sin the format", text, p->name, product ? "not " : "");
    }
    deepid_net_destroy(net);
}

/* The table of docs/precision.md, row by row. */
static void autocast_decides_what_stays_f32(void **state)
{
    deepid_ctx *ctx = *state;
    check_values(ctx, "input 6 storage=bf16; dense out=7; relu; dense out=3", "input");
    check_values(ctx, "input 6 storage=f16 input=format; relu; identity { dense out=6; tanh }; dense out=3", "");
    check_values(ctx, "input 6 storage=bf16; tanh; dense out=7; dense out=3", "input tanh");
    check_values(ctx, "input 6 storage=bf16 output=f32; dense out=7; dense out=3", "input dense2");
    check_values(ctx, "input 6 storage=bf16; dense out=8; layernorm; relu; dense out=3", "input layernorm relu");
    check_values(ctx, "input 6 storage=bf16 norms=format; dense out=8; layernorm; relu; dense out=3", "input");
    check_values(ctx, "input 6x6x3 storage=f16; conv2d out=4 kernel=3; batchnorm; relu; flatten; dense out=3", "input");
    check_values(ctx, "input 6 storage=bf16; dense out=8; identity { dense out=8; scale init=0.3 }; tanh; dense out=3",
                 "input block1.scale block1 tanh");
    check_values(ctx, "input 6 storage=f8e4m3 gradients=f8e5m2; dense out=8; sigmoid; dense out=3", "input");
}

/* A product reads what a norm gives in f32 as rounded numbers: the same as where the norm's output is rounded. */
static void products_read_rounded_numbers(void **state)
{
    deepid_ctx *ctx = *state;
    const char *wide = "input 6 storage=bf16; dense out=8; layernorm; dense out=3";
    deepid_net *a = random_net(ctx, wide, DEEPID_F32, SEED);
    deepid_net *b = random_net(ctx, wide, DEEPID_F32, SEED);
    OK(deepid_net_set_storage(b, "bf16 norms=format input=format"));
    run_both_ways(ctx, a);
    run_both_ways(ctx, b);
    assert_memory_equal(dpid_net_output(a), dpid_net_output(b), sizeof(float) * BATCH * 3);
    assert_memory_equal(a->gradients, b->gradients, sizeof(float) * (size_t)a->values_reals);
    deepid_net_destroy(b);
    deepid_net_destroy(a);
}

/* As dropout: by seed and step, and nothing else. */
static void chance_goes_by_seed_and_step(void **state)
{
    deepid_ctx *ctx = *state;
    uint64_t seen[3];
    deepid_net *net = random_net(ctx, "input 6 storage=bf16 rounding=stochastic; dense out=40", DEEPID_F32, SEED);
    for (int k = 0; k < 3; k++) {
        net->noise_step = k == 2;
        deepid_tensor *y = outputs_of(ctx, net, BATCH, SEED);
        assert_true(in_format(&net->storage.values, y->data, y->count));
        seen[k] = bits(y->data, y->count * 4);
        deepid_tensor_destroy(y);
    }
    assert_true(seen[0] == seen[1] && seen[0] != seen[2]);
    deepid_net_destroy(net);
}

/* ---- inside of fusions ---------------------------------------------------------------------------------- */

/* The gradients of a plan that keeps all, and those of one that fuses. */
static void same_bits_fused(deepid_ctx *ctx, const char *text)
{
    deepid_net *net = random_net(ctx, text, DEEPID_F32, SEED);
    run_both_ways(ctx, net);
    float *whole = malloc(sizeof *whole * (size_t)net->values_reals);
    memcpy(whole, net->gradients, sizeof *whole * (size_t)net->values_reals);
    deepid_tensor *x = batch_of(ctx, net, false, BATCH);
    deepid_tensor *y = batch_of(ctx, net, true, BATCH);
    fill_random(x, SEED);
    OK(dpid_net_keep_all(net, false));
    OK(deepid_net_forward(net, x, y));
    fill_random(y, SEED + 1);
    OK(deepid_net_zero_gradients(net));
    OK(deepid_net_backward(net, y, NULL));
    if (memcmp(net->gradients, whole, sizeof *whole * (size_t)net->values_reals) != 0)
        fail_msg("fused, %s has other gradients (seed %d)", text, SEED);
    deepid_tensor_destroy(y);
    deepid_tensor_destroy(x);
    free(whole);
    deepid_net_destroy(net);
}

#define BRANCH "{ relu; conv2d out=6 kernel=3; batchnorm }"
#define HEAD "; global_avgpool; dense out=3"

/* What random nets seldom have: a skip that nobody's convolution adds up, shorter than 1; bf16's own instruction; a
   format that stores gradients otherwise than values. */
static void fused_nets_round_alike(void **state)
{
    deepid_ctx *ctx = *state;
    same_bits_fused(ctx, "input 7x7x4 storage=bf16; conv2d out=6 kernel=3; 2 * identity s=0.3 " BRANCH HEAD);
    same_bits_fused(ctx, "input 7x7x4 storage=f8e4m3 gradients=f8e5m2; conv2d out=6 kernel=3; batchnorm; leaky_relu; "
                         "identity s=0.7 " BRANCH " after=leaky_relu" HEAD);
    same_bits_fused(ctx, "input 7x7x4 storage=bf16 products=native; conv2d out=6 kernel=3 stride=2; batchnorm; relu; "
                         "2 * identity { conv2d out=6 kernel=1; batchnorm } after=relu" HEAD);
}

/* ---- products by the CPU's instruction ------------------------------------------------------------------- */

enum { WIDE_IN = 150, WIDE_OUT = 130, WIDE_REALS = WIDE_OUT * (WIDE_IN + 1) };
#define WIDE_NET "input 150 storage=bf16 weight_gradients=f32%s; dense out=130"

/* Its output and gradients; the output has BATCH * WIDE_OUT numbers, the gradients WIDE_REALS. */
static void run_wide(deepid_ctx *ctx, const char *options, const char *isa, float *y, float *dw)
{
    char text[96];
    snprintf(text, sizeof text, WIDE_NET, options);
    OK(deepid_ctx_set_isa(ctx, isa));
    deepid_net *net = random_net(ctx, text, DEEPID_F32, SEED);
    run_both_ways(ctx, net);
    memcpy(y, dpid_net_output(net), sizeof *y * BATCH * WIDE_OUT);
    memcpy(dw, net->gradients, sizeof *dw * WIDE_REALS);
    deepid_net_destroy(net);
    OK(deepid_ctx_set_isa(ctx, "auto"));
}

/* Neighbours of bf16 are 2^-7 of their size apart; sums of a few terms of size 1 differ by 1e-6 before they are
   rounded. How many differ. */
static int64_t count_differences(int64_t n, const float *a, const float *b, const char *what)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        count += a[i] != b[i];
        if (!(fabs((double)a[i] - (double)b[i]) <= 0.008 * fabs((double)a[i]) + 1e-5))
            fail_msg("%s[%lld] is %g by the instruction, and %g by sums in float (seed %d)", what, (long long)i,
                     (double)b[i], (double)a[i], SEED);
    }
    return count;
}

/* products=native is near the default, off where the instruction set is another, and has the same bits for any number
   of threads. */
static void native_products_are_near(void **state)
{
    static float y[3][BATCH * WIDE_OUT], dw[3][WIDE_REALS];
    deepid_ctx *ctx = *state;
    run_wide(ctx, "", "auto", y[0], dw[0]);
    run_wide(ctx, " products=native", dpid_isa_runs(DPID_ISA_AVX2) ? "avx2" : "baseline", y[1], dw[1]);
    if (dpid_isa_runs(DPID_ISA_AVX2)) {
        assert_memory_equal(y[0], y[1], sizeof y[0]);
        assert_memory_equal(dw[0], dw[1], sizeof dw[0]);
    }
    run_wide(ctx, " products=native", "auto", y[1], dw[1]);
    (void)count_differences(BATCH * WIDE_OUT, y[0], y[1], "y");
    const int64_t other = count_differences(WIDE_REALS, dw[0], dw[1], "dw");
    assert_int_equal(other > 0, dpid_isa_has_bf16()); /* it adds pairs: some of 19630 sums end otherwise */
    deepid_ctx *three = new_ctx(3);
    run_wide(three, " products=native", "auto", y[2], dw[2]);
    assert_memory_equal(y[1], y[2], sizeof y[1]);
    assert_memory_equal(dw[1], dw[2], sizeof dw[1]);
    deepid_ctx_destroy(three);
}

/* Where something that a product reads is not of bf16, it stays with float. */
static void native_products_take_bf16_alone(void **state)
{
    static const char *const others[] = {"f16 products=native", "bf16 products=native weights=f32",
                                         "bf16 products=native gradients=f32", "bf16 products=native output=f32",
                                         "bf16 products=f32"};
    deepid_ctx *ctx = *state;
    deepid_net *net = random_net(ctx, "input 150 storage=bf16 products=native; dense out=130", DEEPID_F32, SEED);
    assert_int_equal(dpid_has_native_product(net, &net->step[0]), dpid_isa_has_bf16());
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        OK(deepid_net_set_storage(net, others[i]));
        assert_false(dpid_has_native_product(net, &net->step[0]));
    }
    deepid_net_destroy(net);
}

static int open_ctx(void **state)
{
    *state = new_ctx(2);
    return 0;
}

static int close_ctx(void **state)
{
    deepid_ctx_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_keeps_its_storage),        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(files_and_copies_keep_it),        cmocka_unit_test(a_dense_layer_in_bf16),
        cmocka_unit_test(autocast_decides_what_stays_f32), cmocka_unit_test(products_read_rounded_numbers),
        cmocka_unit_test(chance_goes_by_seed_and_step),    cmocka_unit_test(native_products_are_near),
        cmocka_unit_test(native_products_take_bf16_alone), cmocka_unit_test(fused_nets_round_alike),
    };
    return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
