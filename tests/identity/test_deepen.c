/* Deeper nets: where blocks go, whose parameters they keep, what is refused. The promise of witnesses:
   test_witnessed_nets.c. */
#include "support/support.h"

#include "net/net.h"

#include <math.h>

static deepid_net *start(deepid_ctx *ctx, const char *text, int32_t dtype)
{
    deepid_net *net = NULL;
    OK(deepid_net_create(ctx, text, dtype, &net));
    OK(deepid_net_init(net, "he", 3));
    for (int32_t i = net->trained; i < net->parameters; i++) /* statistics that are not those of a start */
        for (int64_t k = 0; k < net->parameter[i].count; k++)
            dpid_store(net->precision, dpid_net_parameter_at(net, i), k, 0.5 + 0.125 * (double)k);
    return net;
}

static const char residual[] = "identity { dense out=4; relu; dense out=4 } after=relu";
static const char stages[] = "input 8x8x1; conv2d out=2 kernel=3; batchnorm; relu; 3 * identity { conv2d out=2 "
                             "kernel=3; batchnorm } after=relu; "
                             "identity shortcut=A { conv2d out=4 kernel=3 stride=2 padding=1 } after=relu; 2 * "
                             "identity { conv2d out=4 kernel=3 } after=relu; global_avgpool; dense out=2";

/* ---- places ------------------------------------------------------------------------------------------ */

static void check_text(deepid_ctx *ctx, const char *from, int64_t where, const char *block, int64_t count,
                       const char *how, const char *expected)
{
    deepid_net *net = start(ctx, from, DEEPID_F32);
    deepid_net *deeper = NULL;
    OK(deepid_net_deepen(net, where, block, count, how, &deeper));
    assert_string_equal(deepid_net_describe(deeper), expected);
    assert_int_equal(deepid_net_block_count(deeper), deepid_net_block_count(net) + count);
    deepid_net_destroy(deeper);
    deepid_net_destroy(net);
}

#define BODY "{ dense out=4; relu; dense out=4 } after=relu"
#define NEW "identity { dense out=4 } after=relu"

static void blocks_go_where_they_are_told(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static const char three[] = "input 2; dense out=4; relu; 3 * identity " BODY "; dense out=2";
    check_text(ctx, three, 0, NEW, 2, "random",
               "input 2; dense out=4; relu; 2 * " NEW "; 3 * identity " BODY "; dense out=2");
    check_text(ctx, three, 1, NEW, 1, "random",
               "input 2; dense out=4; relu; identity " BODY "; " NEW "; 2 * identity " BODY "; dense out=2");
    check_text(ctx, three, 3, NEW, 5, "random",
               "input 2; dense out=4; relu; 3 * identity " BODY "; 5 * " NEW "; dense out=2");
    check_text(ctx, three, 2, "identity " BODY, 2, "random",
               "input 2; dense out=4; relu; 5 * identity " BODY "; dense out=2");
    check_text(ctx, three, -1, NEW, 2, "random place=early",
               "input 2; dense out=4; relu; 2 * " NEW "; 3 * identity " BODY "; dense out=2");
    check_text(ctx, three, -1, NEW, 2, "random place=late",
               "input 2; dense out=4; relu; 3 * identity " BODY "; 2 * " NEW "; dense out=2");
    check_text(ctx, three, -1, NEW, 4, "random place=spread",
               "input 2; dense out=4; relu; " NEW "; identity " BODY "; " NEW "; identity " BODY "; " NEW
               "; identity " BODY "; " NEW "; dense out=2");
    /* places 1 and 3: floor(2 (j + 1) / 4) - floor(2 j / 4) */
    check_text(ctx, three, -1, NEW, 2, "random place=spread",
               "input 2; dense out=4; relu; identity " BODY "; " NEW "; 2 * identity " BODY "; " NEW "; dense out=2");
    /* without blocks: in front of the last layer with parameters, also out of a repeated one */
    check_text(ctx, "input 2; dense out=4; relu; dense out=2", 0, NEW, 2, "random",
               "input 2; dense out=4; relu; 2 * " NEW "; dense out=2");
    check_text(ctx, "input 4; 3 * dense out=4; tanh", 0, NEW, 1, "random",
               "input 4; 2 * dense out=4; " NEW "; dense out=4; tanh");
    /* stages: only where the shape fits; a word alone takes the channels that are there */
    check_text(ctx, stages, -1, "plain { conv2d out=4 kernel=3 }", 3, "random place=spread",
               "input 8x8x1; conv2d out=2 kernel=3; batchnorm; relu; 3 * identity { conv2d out=2 kernel=3; batchnorm } "
               "after=relu; identity shortcut=A { conv2d out=4 kernel=3 stride=2 padding=1 } "
               "after=relu; plain { conv2d out=4 kernel=3 }; identity { conv2d out=4 kernel=3 } after=relu; plain { "
               "conv2d out=4 kernel=3 }; identity { conv2d out=4 kernel=3 } after=relu; "
               "plain { conv2d out=4 kernel=3 }; global_avgpool; dense out=2");
    check_text(ctx, "input 4x4x3; 2 * plain { conv2d out=3 kernel=1 }; flatten; dense out=2", 1, "preact", 1, "random",
               "input 4x4x3; plain { conv2d out=3 kernel=1 }; preact { batchnorm; relu; conv2d out=3 kernel=3 bias=0; "
               "batchnorm; relu; conv2d out=3 kernel=3 bias=0 }; plain { conv2d out=3 "
               "kernel=1 }; flatten; dense out=2");
    deepid_ctx_destroy(ctx);
}

/* ---- parameters ------------------------------------------------------------------------------------------ */

/* Every old parameter and statistic is in the deeper net with the same bits, layer by layer, whatever it is called
   now. */
static void check_kept(deepid_ctx *ctx, const char *text, int32_t dtype, int64_t where, const char *block,
                       const char *how)
{
    deepid_net *net = start(ctx, text, dtype);
    deepid_net *deeper = NULL;
    OK(deepid_net_set_mode(net, DEEPID_TRAIN));
    OK(deepid_net_deepen(net, where, block, 3, how, &deeper));
    assert_int_equal(deepid_net_mode(deeper), DEEPID_TRAIN);
    assert_int_equal(deepid_net_dtype(deeper), dtype);
    for (int32_t i = 0; i < net->parameters; i++) {
        const dpid_parameter *p = &net->parameter[i];
        int64_t number = 0;
        char name[128];
        if (sscanf(p->name, "block%lld", (long long *)&number) == 1 && number > where)
            snprintf(name, sizeof name, "block%lld%s", (long long)number + 3, strchr(p->name, '.'));
        else
            snprintf(name, sizeof name, "%s", p->name);
        const void *there = deepid_net_parameter_data(deeper, name);
        if (!there || memcmp(there, dpid_net_parameter_at(net, i),
                             (size_t)(p->count * dpid_precision_bytes(net->precision))) != 0)
            fail_msg("%s, where %d, %s: %s is not what %s was", text, (int)where, how, name, p->name);
    }
    deepid_net_destroy(deeper);
    deepid_net_destroy(net);
}

static void old_parameters_keep_their_bits(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int d = 0; d < 2; d++)
        for (int64_t where = 0; where <= 3; where++) {
            check_kept(ctx,
                       "input 4; dense out=4; batchnorm; relu; 3 * identity { dense out=4; batchnorm; relu; dense "
                       "out=4 } after=relu; dense out=2",
                       d ? DEEPID_F64 : DEEPID_F32, where, residual, "random seed=7");
            check_kept(ctx, stages, d ? DEEPID_F64 : DEEPID_F32, where,
                       "identity { conv2d out=2 kernel=3; batchnorm } after=relu", "zero_branch");
        }
    deepid_ctx_destroy(ctx);
}

/* ---- zero branches: bit for bit, in both modes ------------------------------------------------------------ */

static void check_zero(deepid_ctx *ctx, const char *text, const char *data_spec, int64_t where, const char *block,
                       int64_t count, const char *how)
{
    deepid_dataset *data = NULL;
    deepid_net *net = start(ctx, text, DEEPID_F32);
    deepid_net *deeper = NULL;
    deepid_certificate *cert = NULL;
    OK(deepid_dataset_generate(ctx, data_spec, 2, &data));
    OK(deepid_net_measure_statistics(net, data));
    OK(deepid_net_deepen(net, where, block, count, how, &deeper));
    OK(deepid_certificate_create(net, deeper, data, &cert));
    for (int32_t mode = DEEPID_EVAL; mode <= DEEPID_TRAIN; mode++)
        if (!deepid_certificate_equal(cert, DEEPID_F32, mode) || !deepid_certificate_equal(cert, DEEPID_F64, mode))
            fail_msg("%s + %lld * %s, %s: mode %d differs by %g", text, (long long)count, block, how, mode,
                     deepid_certificate_difference(cert, DEEPID_F32, mode));
    deepid_certificate_destroy(cert);
    deepid_net_destroy(deeper);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
}

static void zero_branches_change_no_bit(void **state)
{
    (void)state;
    static const int64_t counts[] = {1, 10, 100};
    deepid_ctx *ctx = new_ctx(1);
    for (int i = 0; i < 3; i++) {
        check_zero(ctx, "input 2; dense out=4; relu; 2 * identity " BODY "; dense out=2", "spirals n=70", 1, residual,
                   counts[i], "zero_branch");
        check_zero(ctx, "input 2; dense out=4; batchnorm; 2 * preact { batchnorm; relu; dense out=4 }; dense out=2",
                   "spirals n=70", -1, "preact { batchnorm; relu; dense out=4; batchnorm; relu; dense out=4 }",
                   counts[i], "zero_branch place=spread init=glorot");
        check_zero(ctx, "input 2; dense out=4; relu; dense out=2", "spirals n=70", 0,
                   "identity { dense out=4; batchnorm } after=relu", counts[i], "zero_branch init=orthogonal seed=3");
        check_zero(ctx,
                   "input 8x8x1; conv2d out=3 kernel=3; batchnorm; relu; identity out=3; global_avgpool; dense out=4",
                   "gratings n=20", 1, "identity", counts[i], "zero_branch place=here");
        check_zero(ctx, "input 2; dense out=4; tanh; dense out=2", "spirals n=70", 0,
                   "identity { dense out=4; tanh; dense out=4; scale init=0 }", counts[i], "zero_branch");
    }
    deepid_ctx_destroy(ctx);
}

/* The others have a start, and gradients that reach the zeros: the block can be trained away. */
static void zero_branches_are_only_zero_at_the_end(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = start(ctx, "input 2; dense out=4; relu; dense out=2", DEEPID_F32);
    deepid_net *deeper = NULL;
    OK(deepid_net_deepen(net, 0, residual, 1, "zero_branch", &deeper));
    const float *first = deepid_net_parameter_data(deeper, "block1.dense1.weight");
    const float *last = deepid_net_parameter_data(deeper, "block1.dense2.weight");
    double sum = 0;
    for (int i = 0; i < 16; i++) {
        sum += fabs((double)first[i]);
        assert_true(last[i] == 0);
    }
    assert_true(sum > 1);
    deepid_net_destroy(deeper);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* What can flow behind the last layer: after=hardtanh is harmless behind hardtanh, not behind one with other ends,
   nor behind a sum whose skip is unbounded. */
static void ranges_follow_the_layers_in_front(void **state)
{
    (void)state;
    static const struct {
        const char *front, *after;
        bool fine;
    } cases[] = {
        {"relu", "relu", true},
        {"relu", "elu", true},
        {"elu", "elu", false},
        {"hardtanh", "hardtanh", true},
        {"hardtanh min=-5 max=5", "hardtanh", false},
        {"tanh", "hardtanh", true},
        {"sigmoid", "relu", true},
        {"batchnorm", "relu", false},
        {"relu; dropout p=0.5", "relu", false}, /* not followed: refused, though it would do */
        {"relu; identity { dense out=4; relu }", "relu", true},
        {"batchnorm; identity { dense out=4; relu }", "relu", false},
        {"relu; identity { dense out=4; batchnorm }", "relu", false},
    };
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        char block[64];
        deepid_net *deeper = NULL;
        snprintf(text, sizeof text, "input 2; dense out=4; %s; dense out=2", cases[i].front);
        snprintf(block, sizeof block, "identity { dense out=4 } after=%s", cases[i].after);
        deepid_net *net = start(ctx, text, DEEPID_F32);
        const int32_t status = deepid_net_deepen(net, deepid_net_block_count(net), block, 1, "zero_branch", &deeper);
        if ((status == DEEPID_OK) != cases[i].fine)
            fail_msg("%s behind %s: %s", block, cases[i].front, status ? deepid_ctx_error(ctx) : "taken");
        deepid_net_destroy(deeper);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- random: by seed and word -------------------------------------------------------------------------------- */

static void random_blocks_go_by_word_and_seed(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = start(ctx, "input 2; dense out=4; relu; dense out=2", DEEPID_F32);
    for (int64_t i = 0; deepid_init_word(i); i++) { /* every word is an option */
        char how[64];
        deepid_net *deeper = NULL;
        snprintf(how, sizeof how, "random init=%s seed=5", deepid_init_word(i));
        if (strcmp(deepid_init_word(i), "lsuv") == 0) { /* it looks at data, and here are none */
            REFUSED(deepid_net_deepen(net, 0, residual, 2, how, &deeper), DEEPID_ERR_UNSUPPORTED, "looks at data");
            continue;
        }
        OK(deepid_net_deepen(net, 0, residual, 2, how, &deeper));
        deepid_net *same = NULL;
        OK(deepid_net_create(ctx, deepid_net_describe(deeper), DEEPID_F32, &same));
        OK(deepid_net_init(same, deepid_init_word(i), 5));
        assert_memory_equal(deepid_net_parameter_data(same, "block2.dense1.weight"),
                            deepid_net_parameter_data(deeper, "block2.dense1.weight"), 64);
        deepid_net_destroy(same);
        deepid_net_destroy(deeper);
    }
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* ---- refusals ------------------------------------------------------------------------------------------------- */

static deepid_net *started(deepid_ctx *ctx)
{
    return start(ctx, "input 2; dense out=4; relu; 3 * identity " BODY "; dense out=2", DEEPID_F32);
}

/* A refusal has changed nothing. */
static void still_started(deepid_net *net)
{
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *fresh = started(ctx);
    const int64_t bytes = 4 * deepid_net_trained_count(net);
    assert_true(bits(deepid_net_trained_data(fresh), bytes) == bits(deepid_net_trained_data(net), bytes));
    deepid_net_destroy(fresh);
    deepid_ctx_destroy(ctx);
}

static void a_place_that_is_none_is_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = started(ctx);
    deepid_net *out = NULL;
    REFUSED(deepid_net_deepen(net, 4, residual, 1, "random", &out), DEEPID_ERR_ARGUMENT, "where is 4, expected 0 to 3");
    REFUSED(deepid_net_deepen(net, -1, residual, 1, "random", &out), DEEPID_ERR_ARGUMENT,
            "or -1 with place=early, late or spread");
    REFUSED(deepid_net_deepen(net, 2, residual, 1, "random place=late", &out), DEEPID_ERR_ARGUMENT,
            "expected where = -1");
    REFUSED(deepid_net_deepen(net, 1, residual, 0, "random", &out), DEEPID_ERR_ARGUMENT, "count is 0, expected 1 to");
    REFUSED(deepid_net_deepen(net, 1, residual, -3, "random", &out), DEEPID_ERR_ARGUMENT, "count is -3, expected 1 to");
    REFUSED(deepid_net_deepen(net, 1, residual, INT64_MAX, "random", &out), DEEPID_ERR_ARGUMENT,
            "count is 9223372036854775807");
    still_started(net);
    assert_null(out);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

static void words_that_are_none_are_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = started(ctx);
    deepid_net *out = NULL;
    REFUSED(deepid_net_deepen(net, 1, residual, 1, "magic", &out), DEEPID_ERR_SPEC, "unknown way to deepen 'magic'");
    REFUSED(deepid_net_deepen(net, 1, residual, 1, "", &out), DEEPID_ERR_SPEC, "unknown way to deepen ''");
    REFUSED(deepid_net_deepen(net, 1, residual, 1, "random init=she", &out), DEEPID_ERR_SPEC, "init is 'she'");
    REFUSED(deepid_net_deepen(net, 1, "residual { dense out=4 }", 1, "random", &out), DEEPID_ERR_SPEC,
            "block: line 1, column 1: unknown layer or block 'residual'");
    REFUSED(deepid_net_deepen(net, 1, "plain {\n dense aut=4 }", 1, "random", &out), DEEPID_ERR_SPEC,
            "block: line 2, column 8");
    REFUSED(deepid_net_deepen(net, 1, "dense out=4", 1, "random", &out), DEEPID_ERR_SPEC, "expected one block");
    REFUSED(deepid_net_deepen(net, 1, "", 1, "random", &out), DEEPID_ERR_SPEC, "expected one block");
    REFUSED(deepid_net_deepen(net, 1, "plain { relu }; dense out=4", 1, "random", &out), DEEPID_ERR_SPEC,
            "expected one block");
    REFUSED(deepid_net_deepen(net, 1, "2 * plain { relu }", 1, "random", &out), DEEPID_ERR_SPEC,
            "it is repeated 2 times");
    REFUSED(deepid_net_deepen(net, 1, "plain", 1, "random", &out), DEEPID_ERR_SPEC, "plain { dense out=4; relu }");
    still_started(net);
    assert_null(out);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

static void blocks_that_change_the_shape_are_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = started(ctx);
    deepid_net *out = NULL;
    REFUSED(deepid_net_deepen(net, 1, "plain { dense out=5; relu }", 1, "random", &out), DEEPID_ERR_SHAPE,
            "turns 4 into 5: only a block that keeps the shape");
    REFUSED(deepid_net_deepen(net, -1, "plain { dense out=5; relu }", 1, "random place=late", &out), DEEPID_ERR_SHAPE,
            "into 5: only a block that keeps the shape");
    REFUSED(deepid_net_deepen(net, 1, "plain { conv2d out=4 kernel=3 }", 1, "random", &out), DEEPID_ERR_SHAPE,
            "conv2d");
    still_started(net);
    assert_null(out);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

static void a_branch_that_cannot_be_zero_is_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = started(ctx);
    deepid_net *out = NULL;
    deepid_net *bare = start(ctx, "input 2; dense out=2; relu", DEEPID_F32);
    REFUSED(deepid_net_deepen(net, 1, "plain { dense out=4; relu }", 1, "zero_branch", &out), DEEPID_ERR_UNSUPPORTED,
            "has no skip");
    REFUSED(deepid_net_deepen(net, 1, "identity { dense out=4 } after=tanh", 1, "zero_branch", &out),
            DEEPID_ERR_UNSUPPORTED, "still changes values in 0 to inf");
    REFUSED(deepid_net_deepen(net, 1, "identity s=0.5 { dense out=4 }", 1, "zero_branch", &out), DEEPID_ERR_UNSUPPORTED,
            "a skip of s=1");
    REFUSED(deepid_net_deepen(net, 1, "identity shortcut=C { dense out=4 }", 1, "zero_branch", &out),
            DEEPID_ERR_UNSUPPORTED, "without projection");
    REFUSED(deepid_net_deepen(net, 1, "identity { dense out=4; sigmoid }", 1, "zero_branch", &out),
            DEEPID_ERR_UNSUPPORTED, "ends in a layer with parameters");
    REFUSED(deepid_net_deepen(net, 1, "identity { relu }", 1, "zero_branch", &out), DEEPID_ERR_UNSUPPORTED,
            "no parameters that could be 0");
    /* raw inputs */
    REFUSED(deepid_net_deepen(bare, 0, "identity { dense out=2 } after=relu", 1, "zero_branch", &out),
            DEEPID_ERR_UNSUPPORTED, "still changes values in -inf to inf");
    still_started(net);
    assert_null(out);
    deepid_net_destroy(bare);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

static void what_is_missing_or_does_not_fit_is_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = started(ctx);
    deepid_net *out = NULL;
    deepid_net *fresh = NULL;
    deepid_dataset *wide = NULL;
    OK(deepid_net_create(ctx, "input 2; dense out=4; relu; dense out=2", DEEPID_F32, &fresh));
    OK(deepid_dataset_generate(ctx, "teacher n=20", 1, &wide));
    REFUSED(deepid_net_deepen(fresh, 0, residual, 1, "random", &out), DEEPID_ERR_STATE, "all weights are 0");
    REFUSED(deepid_net_deepen(net, 1, NULL, 1, "random", &out), DEEPID_ERR_ARGUMENT, "block is NULL");
    REFUSED(deepid_net_deepen(net, 1, residual, 1, NULL, &out), DEEPID_ERR_ARGUMENT, "how is NULL");
    REFUSED(deepid_net_deepen(net, 1, residual, 1, "random", NULL), DEEPID_ERR_ARGUMENT, "out is NULL");
    REFUSED(deepid_net_deepen_on(net, NULL, 1, residual, 1, "random", &out), DEEPID_ERR_ARGUMENT, "data is NULL");
    REFUSED(deepid_net_deepen_on(net, wide, 1, residual, 1, "random", &out), DEEPID_ERR_SHAPE,
            "the net takes 2, the data has samples of 8");
    assert_int_equal(deepid_net_deepen(NULL, 1, residual, 1, "random", &out), DEEPID_ERR_ARGUMENT);
    still_started(net);
    assert_null(out);
    deepid_dataset_destroy(wide);
    deepid_net_destroy(fresh);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

static void limits_and_numbers_that_are_not_finite_are_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = started(ctx);
    deepid_net *out = NULL;
    OK(deepid_ctx_set_limit(ctx, "layers", 20));
    REFUSED(deepid_net_deepen(net, 1, residual, 9, "random", &out), DEEPID_ERR_LIMIT, "layers 20");
    OK(deepid_ctx_set_limit(ctx, "layers", 1000));
    still_started(net);
    ((float *)deepid_net_parameter_data(net, "block2.dense1.bias"))[1] = NAN;
    REFUSED(deepid_net_deepen(net, 1, residual, 1, "random", &out), DEEPID_ERR_NUMERIC,
            "block2.dense1.bias holds nan at place 1");
    assert_null(out);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

static void words_are_listed_with_help(void **state)
{
    (void)state;
    int64_t count = 0;
    while (deepid_deepen_word(count)) {
        assert_non_null(deepid_deepen_help(deepid_deepen_word(count)));
        count++;
    }
    assert_int_equal(count, 3);
    assert_null(deepid_deepen_help("magic"));
    assert_null(deepid_deepen_help(NULL));
    assert_null(deepid_deepen_word(-1));
}

/* ---- memory --------------------------------------------------------------------------------------------------------
 */

static int32_t deepen_twice(deepid_ctx *ctx, void *arg)
{
    deepid_dataset *data = NULL;
    deepid_net *net = NULL;
    deepid_net *one = NULL;
    deepid_net *two = NULL;
    (void)arg;
    int32_t status = deepid_dataset_generate(ctx, "spirals n=8", 1, &data);
    if (status == DEEPID_OK)
        status = deepid_net_create(ctx, "input 2; dense out=2; relu; identity { dense out=2 } after=relu; dense out=2",
                                   DEEPID_F32, &net);
    if (status == DEEPID_OK)
        status = deepid_net_init(net, "he", 1);
    if (status == DEEPID_OK)
        status = deepid_net_deepen(net, -1, "identity { dense out=2 } after=relu", 3, "zero_branch place=spread", &one);
    if (status == DEEPID_OK)
        status = deepid_net_deepen_on(one, data, 1, "identity { dense out=2; batchnorm } after=relu", 1, "zero_branch",
                                      &two);
    deepid_net_destroy(two);
    deepid_net_destroy(one);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    return status;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    survives_every_failing_allocation("deepen", deepen_twice, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_go_where_they_are_told),
        cmocka_unit_test(old_parameters_keep_their_bits),
        cmocka_unit_test(zero_branches_change_no_bit),
        cmocka_unit_test(zero_branches_are_only_zero_at_the_end),
        cmocka_unit_test(ranges_follow_the_layers_in_front),
        cmocka_unit_test(random_blocks_go_by_word_and_seed),
        cmocka_unit_test(a_place_that_is_none_is_refused),
        cmocka_unit_test(words_that_are_none_are_refused),
        cmocka_unit_test(blocks_that_change_the_shape_are_refused),
        cmocka_unit_test(a_branch_that_cannot_be_zero_is_refused),
        cmocka_unit_test(what_is_missing_or_does_not_fit_is_refused),
        cmocka_unit_test(limits_and_numbers_that_are_not_finite_are_refused),
        cmocka_unit_test(words_are_listed_with_help),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
