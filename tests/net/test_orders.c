/* The five orders of He et al. 2016 (figure 4): what a block of each is, PyTorch's outputs, twins, frozen nets, added
   blocks. */
#include "support/support.h"

#include "net/net.h"
#include "net/twin.h"

#include <math.h>

/* ---- what is typed ------------------------------------------------------------------------------------- */

#define CONV(more) "conv2d out=4 kernel=3" more " bias=0"
#define BETWEEN "; batchnorm; relu; "

static const struct {
    const char *typed, *is;
} texts[] = {
    {"identity out=4", "identity { " CONV("") BETWEEN CONV("") "; batchnorm } after=relu"},
    {"identity out=4 order=original", "identity { " CONV("") BETWEEN CONV("") "; batchnorm } after=relu"},
    {"identity out=4 order=norm_after", "identity { " CONV("") BETWEEN CONV("") " } norm=batchnorm after=relu"},
    {"identity out=4 order=relu_before", "identity { " CONV("") BETWEEN CONV("") "; batchnorm; relu }"},
    {"identity out=4 order=relu_preact", "identity { relu; " CONV("") BETWEEN CONV("") "; batchnorm }"},
    {"identity out=4 order=preact", "identity { batchnorm; relu; " CONV("") BETWEEN CONV("") " }"},
    {"preact out=4", "preact { batchnorm; relu; " CONV("") BETWEEN CONV("") " }"},
    {"preact out=4 order=original", "preact { " CONV("") BETWEEN CONV("") "; batchnorm } after=relu"},
    {"plain out=4 order=relu_preact stride=2",
     "plain { relu; " CONV(" stride=2 padding=1") BETWEEN CONV("") "; batchnorm }"},
    {"bottleneck out=1 order=preact", "bottleneck { batchnorm; relu; conv2d out=1 kernel=1 bias=0" BETWEEN
                                      "conv2d out=1 kernel=3 bias=0" BETWEEN "conv2d out=4 kernel=1 bias=0 }"},
    {"identity out=4 order=norm_after after=tanh norm=none", "identity { " CONV("") BETWEEN CONV("") " } after=tanh"},
    {"identity { dense out=4 } norm=layernorm", "identity { dense out=4 } norm=layernorm"},
};

static void an_order_says_where_layers_stand(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *input = strstr(texts[i].is, "conv2d") ? "input 6x6x4; " : "input 4; ";
        char typed[256];
        char is[512];
        deepid_net *net = NULL;
        snprintf(typed, sizeof typed, "%s%s", input, texts[i].typed);
        snprintf(is, sizeof is, "%s%s", input, texts[i].is);
        OK(deepid_net_create(ctx, typed, DEEPID_F32, &net));
        assert_string_equal(deepid_net_describe(net), is);
        deepid_net_destroy(net);
        OK(deepid_net_create(ctx, is, DEEPID_F32, &net));
        assert_string_equal(deepid_net_describe(net), is);
        deepid_net_destroy(net);
    }
    deepid_net *net = NULL;
    REFUSED(deepid_net_create(ctx, "input 4; identity order=preact { dense out=4 }", DEEPID_F32, &net), DEEPID_ERR_SPEC,
            "order belong to a block without a body");
    REFUSED(deepid_net_create(ctx, "input 6x6x4; identity out=4 order=post", DEEPID_F32, &net), DEEPID_ERR_SPEC,
            "expected one of original|norm_after|relu_before|relu_preact|preact");
    REFUSED(deepid_net_create(ctx, "input 4; identity { dense out=4 } norm=relu", DEEPID_F32, &net), DEEPID_ERR_SPEC,
            "norm is 'relu', expected one of none|batchnorm|layernorm|");
    deepid_ctx_destroy(ctx);
}

/* ---- PyTorch -------------------------------------------------------------------------------------------- */

enum { SAMPLES = 2, CLASSES = 2, SIDE = 8 };

/* torch_orders.py: outputs in evaluation, and in training */
static const struct {
    const char *word;
    double evaluated[SAMPLES * CLASSES], trained[SAMPLES * CLASSES];
} expected[] = {
    {"original",
     {0.316111269475197, -0.177169885668557, 0.342374939280092, -0.261329822323342},
     {0.964873608555875, -0.117173480832717, 0.790129522930506, -0.199056028251306}},
    {"norm_after",
     {0.379591365696517, -0.136596024767744, 0.429448088082869, -0.181397360698082},
     {0.749884009609993, -0.0273636047341734, 0.842897245504598, 0.0758538842843746}},
    {"relu_before",
     {0.335374628741025, -0.133053616337156, 0.300163116767548, -0.159269906630097},
     {1.0005815952008, -0.0657850824160389, 0.987775966677541, -0.230897396553051}},
    {"relu_preact",
     {0.285731950212327, -0.203454528217474, 0.287795091281446, -0.359801134650863},
     {0.880016937740377, 0.0484703528958816, 0.833504222389898, -0.228888614807688}},
    {"preact",
     {0.314407673555175, -0.157955505591997, 0.411361122611587, -0.244707300711084},
     {0.574329991711529, 0.0140092817311526, 1.00543865644796, 0.0832529738515669}},
};

static deepid_net *family(deepid_ctx *ctx, int i, const char *variant)
{
    char block[64];
    deepid_net *net = NULL;
    snprintf(block, sizeof block, "%s order=%s%s", variant, expected[i].word,
             strcmp(variant, "identity") == 0 ? " shortcut=B" : "");
    OK(deepid_resnet_pictures(ctx, 8, block, SIDE, SIDE, 1, 2, CLASSES, DEEPID_F64, &net));
    return net;
}

/* As torch_orders.py does. */
static void fill(deepid_net *net)
{
    int module = 0;
    for (int32_t i = 0; i < net->layers; i++) {
        const dpid_layer *layer = &net->layer[i];
        for (int32_t k = 0; k < layer->op.parameters; k++) {
            const dpid_parameter *p = &net->parameter[layer->parameter[k]];
            const dpid_role role = p->spec.role;
            const double low = role == DPID_ROLE_SCALE ? 1 : role == DPID_ROLE_VARIANCE ? 1.2 : 0;
            const double size = role == DPID_ROLE_WEIGHT     ? 0.5
                                : role == DPID_ROLE_SCALE    ? 0.3
                                : role == DPID_ROLE_VARIANCE ? 0.5
                                                             : 0.2;
            double *values = dpid_net_parameter_at(net, layer->parameter[k]);
            for (int64_t j = 0; j < p->count; j++)
                values[j] = low + size * sin(1.7 * (double)(j + 1) + 0.37 * module + 0.11 * k);
        }
        module += layer->op.parameters > 0;
    }
}

static void run(deepid_net *net, dpid_mode mode, double *out)
{
    deepid_ctx *ctx = net->head.ctx;
    OK(dpid_net_prepare(net, SAMPLES, mode == DPID_TRAIN));
    for (int i = 0; i < SAMPLES * SIDE * SIDE; i++)
        ((double *)dpid_net_input(net))[i] = sin(0.9 * i);
    OK(dpid_net_run_forward(net, mode, SAMPLES));
    memcpy(out, dpid_net_output(net), SAMPLES * CLASSES * sizeof *out);
}

static void near_all(const char *what, const double *got, const double *want, double tolerance)
{
    for (int i = 0; i < SAMPLES * CLASSES; i++)
        near_at(what, got[i], want[i], tolerance);
}

/* f64 on both sides: what differs is the order of sums. */
static void each_order_gives_the_outputs_of_pytorch(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int i = 0; i < DPID_ORDERS; i++) {
        double out[SAMPLES * CLASSES];
        deepid_net *net = family(ctx, i, "identity");
        deepid_net *frozen = NULL;
        assert_string_equal(expected[i].word, dpid_orders[i].word);
        fill(net);
        run(net, DPID_EVAL, out);
        near_all(expected[i].word, out, expected[i].evaluated, 1e-13);
        run(net, DPID_TRAIN, out);
        near_all(expected[i].word, out, expected[i].trained, 1e-13);
        OK(deepid_net_freeze(net, &frozen));
        run(frozen, DPID_EVAL, out);
        near_all("frozen", out, expected[i].evaluated, 1e-13);
        deepid_net_destroy(frozen);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- what other parts of the library make of them -------------------------------------------------------- */

static void the_twin_of_each_is_the_family_s_plain_net(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int i = 0; i < DPID_ORDERS; i++) {
        char *twin = NULL;
        deepid_net *plain = family(ctx, i, "plain");
        OK(dpid_twin_text(ctx, deepid_net_describe(plain), 1, &twin));
        deepid_net *net = NULL;
        OK(deepid_net_create(ctx, twin, DEEPID_F64, &net));
        dpid_free(ctx, twin);
        OK(dpid_twin_text(ctx, deepid_net_describe(net), 0, &twin));
        assert_string_equal(twin, deepid_net_describe(plain));
        dpid_free(ctx, twin);
        deepid_net_destroy(net);
        deepid_net_destroy(plain);
    }
    deepid_ctx_destroy(ctx);
}

/* Blocks of the same order are put in without a change of any output: by a branch that is silent, behind which only
   the normalisation of norm_after stands, and by a witness, which undoes that too. */
static void blocks_of_each_order_can_be_added(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int i = 0; i < DPID_ORDERS; i++) {
        for (int witness = 0; witness < 2; witness++) {
            char block[64];
            double out[SAMPLES * CLASSES];
            deepid_net *deeper = NULL;
            deepid_net *net = family(ctx, i, "identity");
            fill(net);
            snprintf(block, sizeof block, "identity out=2 order=%s", expected[i].word);
            const int32_t status =
                deepid_net_deepen(net, 1, block, 1, witness ? "witness" : "zero_branch place=here", &deeper);
            if (strcmp(expected[i].word, "norm_after") == 0 && !witness) {
                REFUSED(status, DEEPID_ERR_UNSUPPORTED, "with a zero branch 'identity out=2 order=norm_after' still");
            } else {
                OK(status);
                assert_int_equal(deepid_net_block_count(deeper), 4);
                run(deeper, DPID_EVAL, out);
                near_all(expected[i].word, out, expected[i].evaluated, 1e-13);
            }
            deepid_net_destroy(deeper);
            deepid_net_destroy(net);
        }
    }
    deepid_ctx_destroy(ctx);
}

/* Starts that make blocks the identity leave the normalisation behind the sum alone; its name says where it stands. */
static void the_normalisation_behind_the_sum_is_none_of_the_branch(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    OK(deepid_net_create(ctx, "input 4; identity { dense out=4; batchnorm } norm=batchnorm after=relu; dense out=2",
                         DEEPID_F32, &net));
    OK(deepid_net_init(net, "zero_last", 1));
    assert_true(*(float *)deepid_net_parameter_data(net, "block1.batchnorm.weight") == 0);
    assert_true(*(float *)deepid_net_parameter_data(net, "block1.norm.weight") == 1);
    OK(deepid_net_save_weights(net, temporary("norm.safetensors"), "pytorch", NULL));
    dpid_safetensors file;
    OK(dpid_safetensors_read(ctx, temporary("norm.safetensors"), &file));
    assert_non_null(dpid_safetensors_find(&file, "0.norm.running_mean"));
    assert_non_null(dpid_safetensors_find(&file, "1.weight"));
    dpid_safetensors_release(&file);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

static void probes_answer_for_each_order(void **state)
{
    (void)state;
    static const char *const words[] = {"signal", "gradient_norm", "response", "lesion"};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = generated(ctx, "gratings n=20 size=8", 1);
    for (int i = 0; i < DPID_ORDERS; i++) {
        char block[64];
        deepid_net *net = NULL;
        snprintf(block, sizeof block, "identity order=%s", expected[i].word);
        OK(deepid_resnet_pictures(ctx, 8, block, SIDE, SIDE, 1, 2, 4, DEEPID_F32, &net));
        OK(deepid_net_init(net, "he", 1));
        for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
            deepid_table *table = NULL;
            OK(deepid_net_inspect(net, data, words[k], &table));
            assert_true(deepid_table_rows(table) > 0);
            deepid_table_destroy(table);
        }
        deepid_net_destroy(net);
    }
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_says_where_layers_stand),
        cmocka_unit_test(each_order_gives_the_outputs_of_pytorch),
        cmocka_unit_test(the_twin_of_each_is_the_family_s_plain_net),
        cmocka_unit_test(blocks_of_each_order_can_be_added),
        cmocka_unit_test(the_normalisation_behind_the_sum_is_none_of_the_branch),
        cmocka_unit_test(probes_answer_for_each_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
