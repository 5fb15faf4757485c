/* Highway blocks: what they are, PyTorch's outputs and gradients, exact identities, frozen nets, twins, what is
   refused. */
#include "support/nets.h"

#include "net/twin.h"

#include <math.h>

enum { SAMPLES = 2, WIDTH = 3, MOST = 24 };

/* torch_highway.py, in f64 */
static const struct {
    const char *input, *layer;
    int count;
    double y[MOST], dx[MOST], weight[WIDTH]; /* weight: the gradient of the first gate's first row */
} expected[] = {
    {"input 3",
     "dense out=3",
     6,
     {-0.165523314349005, 0.0229469801853724, 0.347205913403517, 0.443250519767425, 0.0425506335084884,
      0.359062437441874},
     {0.506212639389624, 0.279194771480287, -0.103937915751419, -0.498009487950223, -0.118580195599303,
      0.34365784164868},
     {-0.033431468487765, 0.020493539559273, 0.0589094454381516}},
    {"input 2x3",
     "conv1d out=3 kernel=3",
     12,
     {-0.0258647603893206, 0.172422763701917, 0.250973000866766, 0.173094711254475, -0.35435858404215,
      0.143251104377275, -0.287289342002513, -0.148174207450188, 0.170277744382793, 0.444850036730702,
      -0.183779520057028, 0.260288298703156},
     {0.291845427532685, 0.508227566819476, 0.07476689419224, -0.281919989349666, -0.217767587378637,
      0.0702603697890452, -0.103901956905618, 0.0152639098139525, 0.166464694249664, 0.316399036032333,
      0.266732515331661, -0.0288654405281675},
     {-0.0844395376152678, -0.0762913699776202, -0.0104074145269602}},
    {"input 2x2x3",
     "conv2d out=3 kernel=3",
     24,
     {-0.0386938751856356, 0.194802535788153,  0.301117746354261,  0.200732915823495,  -0.286831710965061,
      -0.138612192510935,  -0.181512360770686, -0.296008417850563, 0.325035345674065,  0.382176227939677,
      -0.253138460965956,  0.282829200694743,  -0.165647516812521, -0.620271789972886, 0.273347220233137,
      0.368403298422169,   -0.01443419949374,  0.363252569107767,  -0.10591574453028,  -0.434042838202406,
      -0.191402642183791,  0.124215063917455,  0.15990533540407,   0.142489621735706},
     {0.666948057250057,    0.348767893718806,   -0.293921498090349, 0.156030576994975,  0.226034091104621,
      -0.373386822727933,   -0.484644192743726,  -0.134587746692111, 0.556879972122578,  0.13463355717459,
      -0.22891168568484,    0.250812474290333,   -0.27839084982615,  -0.569443075191423, 0.0200117711037477,
      0.0875466222691975,   -0.0229141410342125, -0.108992012626578, 0.217710790642375,  0.407441255441949,
      -0.00628083010208311, -0.387821772272675,  -0.469830144001904, -0.0342281879003452},
     {-0.00939473985963346, 0.0456070465658978, 0.0660943293971267}},
};

/* As torch_highway.py does: H, then T, of each block. */
static void fill(deepid_net *net)
{
    for (int32_t i = 0; i < net->trained; i++)
        for (int64_t k = 0; k < net->parameter[i].count; k++)
            dpid_store(net->precision, dpid_net_parameter_at(net, i), k, 0.5 * sin(1.7 * (double)(k + 1) + 0.37 * i));
}

static void near_all(deepid_net *net, const void *got, const double *want, int count, double tolerance)
{
    for (int i = 0; i < count; i++)
        near_at(deepid_net_describe(net), dpid_fetch(net->precision, got, i), want[i], tolerance);
}

static void like_pytorch(deepid_ctx *ctx, int e, int32_t dtype, double tolerance)
{
    char text[128];
    char dx[MOST * sizeof(double)];
    deepid_net *net = NULL;
    deepid_net *frozen = NULL;
    snprintf(text, sizeof text, "%s; 2 * highway { %s; tanh }", expected[e].input, expected[e].layer);
    OK(deepid_net_create(ctx, text, dtype, &net));
    fill(net);
    OK(dpid_net_prepare(net, SAMPLES, true));
    for (int i = 0; i < expected[e].count; i++)
        dpid_store(net->precision, dpid_net_input(net), i, sin(0.9 * i));
    OK(dpid_net_run_forward(net, DPID_TRAIN, SAMPLES));
    near_all(net, dpid_net_output(net), expected[e].y, expected[e].count, tolerance);
    for (int i = 0; i < expected[e].count; i++)
        dpid_store(net->precision, dpid_net_output_gradient(net), i, cos(0.7 * i));
    dpid_net_run_backward(net, DPID_TRAIN, SAMPLES, dx);
    near_all(net, dx, expected[e].dx, expected[e].count, tolerance);
    near_all(net, (char *)net->gradients + net->parameter[2].offset * dpid_precision_bytes(net->precision),
             expected[e].weight, WIDTH, tolerance);
    OK(deepid_net_freeze(net, &frozen));
    OK(dpid_net_prepare(frozen, SAMPLES, false));
    for (int i = 0; i < expected[e].count; i++)
        dpid_store(net->precision, dpid_net_input(frozen), i, sin(0.9 * i));
    OK(dpid_net_run_forward(frozen, DPID_EVAL, SAMPLES));
    near_all(frozen, dpid_net_output(frozen), expected[e].y, expected[e].count, tolerance);
    deepid_net_destroy(frozen);
    deepid_net_destroy(net);
}

static void outputs_and_gradients_are_those_of_pytorch(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(2);
    for (int e = 0; e < 3; e++) {
        like_pytorch(ctx, e, DEEPID_F64, 1e-13);
        like_pytorch(ctx, e, DEEPID_F32, 1e-5);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- identities ------------------------------------------------------------------------------------------ */

/* A gate that underflows gives x with every bit, -0 and subnormals too; so does H = x, whatever the gate. */
static void a_closed_gate_gives_x_bit_for_bit(void **state)
{
    (void)state;
    static const double x[6] = {-0.0, 0.0, 1, -2, 5e-324, -0.0};
    static const char *const texts[] = {"input 3; highway { dense out=3; relu }; dense out=3",
                                        "input 1x1x3; highway { conv2d out=3 kernel=1; relu }",
                                        "input 3; highway { relu; relu } gate=0.3; dense out=3"};
    deepid_ctx *ctx = new_ctx(1);
    for (int k = 0; k < 6; k++) {
        const int32_t dtype = k % 2 ? DEEPID_F64 : DEEPID_F32;
        const bool shut = k < 4;
        deepid_net *net = NULL;
        OK(deepid_net_create(ctx, texts[k / 2], dtype, &net));
        OK(deepid_net_init(net, "pytorch_default", 5));
        for (int32_t i = 0; i < net->trained; i++)
            for (int64_t j = 0; shut && net->layer[net->parameter[i].layer].gate && j < net->parameter[i].count; j++)
                dpid_store(net->precision, dpid_net_parameter_at(net, i), j,
                           net->parameter[i].spec.role == DPID_ROLE_BIAS ? -900 : 0);
        OK(dpid_net_prepare(net, 2, true));
        OK(dpid_net_keep_all(net, true));
        for (int i = 0; i < 6; i++)
            dpid_store(net->precision, dpid_net_input(net), i, shut ? x[i] : fabs(x[i]));
        OK(dpid_net_run_forward(net, DPID_EVAL, 2));
        assert_memory_equal(dpid_net_value(net, net->block[0].out), dpid_net_input(net),
                            (size_t)(6 * dpid_precision_bytes(net->precision)));
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- texts ----------------------------------------------------------------------------------------------- */

static void says(deepid_ctx *ctx, const char *typed, const char *is)
{
    deepid_net *net = NULL;
    OK(deepid_net_create(ctx, typed, DEEPID_F32, &net));
    assert_string_equal(deepid_net_describe(net), is);
    deepid_net_destroy(net);
}

static void twin_is(deepid_ctx *ctx, const char *text, double s, const char *expects)
{
    char *twin = NULL;
    OK(dpid_twin_text(ctx, text, s, &twin));
    assert_string_equal(twin, expects);
    dpid_free(ctx, twin);
}

static void texts_and_twins_keep_the_gate(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    says(ctx, "input 4; highway gate=-2 s=1 { dense out=4 }", "input 4; highway { dense out=4 }");
    says(ctx, "input 4; highway { dense out=4 } gate=-3 after=relu",
         "input 4; highway gate=-3 { dense out=4 } after=relu");
    says(ctx, "input 4; highway gate=0 { dense out=4 }", "input 4; highway gate=0 { dense out=4 }");
    twin_is(ctx, "input 4; highway { dense out=4 }", 0, "input 4; highway_plain { dense out=4 }");
    twin_is(ctx, "input 4; highway_plain { dense out=4 }", 1, "input 4; highway { dense out=4 }");
    twin_is(ctx, "input 4; highway gate=-1 { dense out=4 }", 0, "input 4; highway_plain gate=1 { dense out=4 }");
    twin_is(ctx, "input 4; highway gate=0 { dense out=4 }", 0, "input 4; highway_plain gate=0 { dense out=4 }");
    twin_is(ctx, "input 4; highway { dense out=4 }", 0.5, "input 4; highway s=0.5 { dense out=4 }");
    deepid_ctx_destroy(ctx);
}

/* Whatever starts the rest, a gate's bias is what the text says. */
static void every_start_leaves_the_gate_as_open_as_said(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    OK(deepid_net_create(ctx, "input 4; highway gate=-1.5 { dense out=4; relu }; dense out=2", DEEPID_F64, &net));
    for (int64_t i = 0; deepid_init_word(i); i++) {
        const int32_t status = deepid_net_init(net, deepid_init_word(i), 3);
        if (status != DEEPID_OK) {
            assert_int_equal(status, DEEPID_ERR_UNSUPPORTED);
            continue;
        }
        const double *bias = deepid_net_parameter_data(net, "block1.gate.dense.bias");
        for (int k = 0; k < 4; k++)
            assert_true(bias[k] == -1.5);
    }
    REFUSED(deepid_net_init(net, "zero_last", 1), DEEPID_ERR_UNSUPPORTED, "block1.gate.dense is part of a gate");
    REFUSED(deepid_net_init(net, "fixup", 1), DEEPID_ERR_UNSUPPORTED, "block1.gate.dense is part of a gate");
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

static void what_cannot_be_gated_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
        int32_t status;
    } rows[] = {
        {"input 4; identity gate=-1 { dense out=4 }", "identity: gate= is the start of", DEEPID_ERR_SPEC},
        {"input 4; highway shortcut=A { dense out=6 }", "shortcut=A, B and C are not for", DEEPID_ERR_SPEC},
        {"input 4; highway survive=0.5 { dense out=4 }", "survive= is not for blocks with a gate", DEEPID_ERR_SPEC},
        {"input 4; highway { dense out=6 }", "block1: the branch turns 4 into 6, and a gate", DEEPID_ERR_SHAPE},
        {"input 4; highway_plain { dense out=6 }", "block1: the branch turns 4 into 6, and a gate", DEEPID_ERR_SHAPE},
        {"input 4x4x2; highway { flatten }", "block1: the branch turns 4x4x2 into 32", DEEPID_ERR_SHAPE},
        {"input 4; highway gate=nan { dense out=4 }", "gate", DEEPID_ERR_SPEC},
        {"input 4; highway gate=-2000 { dense out=4 }", "gate", DEEPID_ERR_SPEC},
    };
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        deepid_net *net = NULL;
        REFUSED(deepid_net_create(ctx, rows[i].text, DEEPID_F32, &net), rows[i].status, rows[i].part);
    }
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_and_gradients_are_those_of_pytorch),
        cmocka_unit_test(a_closed_gate_gives_x_bit_for_bit),
        cmocka_unit_test(texts_and_twins_keep_the_gate),
        cmocka_unit_test(every_start_leaves_the_gate_as_open_as_said),
        cmocka_unit_test(what_cannot_be_gated_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
