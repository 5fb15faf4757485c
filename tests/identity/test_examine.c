/* Examining a trained net on its data: answers, refusals, prices, bad input. */
#include "support/support.h"

#include <math.h>
#include <time.h>

enum { WIDTH = 16 };

typedef struct {
    deepid_ctx *ctx;
    deepid_dataset *data;
    deepid_net *net;
} fixture;

static fixture trained(const char *text)
{
    deepid_ctx *ctx = new_ctx(1);
    fixture f = {.ctx = ctx};
    deepid_trainer *trainer = NULL;
    OK(deepid_dataset_generate(ctx, "spirals n=256 noise=0.06", 77, &f.data));
    OK(deepid_net_create(ctx, text, DEEPID_F32, &f.net));
    OK(deepid_net_init(f.net, "he", 1));
    OK(deepid_trainer_create(f.net, f.data, &trainer));
    OK(deepid_trainer_set_optimizer(trainer, "sgd momentum=0.9"));
    OK(deepid_trainer_set_learning_rate(trainer, 0.03));
    OK(deepid_trainer_fit(trainer, 60, NULL, NULL));
    deepid_trainer_destroy(trainer);
    return f;
}

static fixture spirals(void)
{
    return trained("input 2; dense out=16; batchnorm; relu; 3 * plain { dense out=16; batchnorm; relu }; dense out=2");
}

static void release(fixture *f)
{
    deepid_net_destroy(f->net);
    deepid_dataset_destroy(f->data);
    deepid_ctx_destroy(f->ctx);
}

static deepid_identity *ask(fixture *f, int64_t where, const char *block, const char *options)
{
    deepid_ctx *ctx = f->ctx;
    deepid_identity *answer = NULL;
    OK(deepid_identity_examine_with(f->net, where, block, f->data, options, &answer));
    return answer;
}

static void status_is(deepid_identity *answer, int32_t status, int32_t reason)
{
    if (deepid_identity_status(answer) != status || deepid_identity_reason(answer) != reason)
        fail_msg("%s\n  expected %s %s", deepid_identity_sentence(answer), deepid_identity_status_word(status),
                 deepid_identity_reason_word(reason));
}

/* ---- answers ------------------------------------------------------------------------------ */

static void a_plain_block_behind_a_relu_is_the_identity_to_the_bit(void **state)
{
    (void)state;
    fixture f = spirals();
    deepid_ctx *ctx = f.ctx;
    deepid_identity *answer = NULL;
    OK(deepid_identity_examine(f.net, 3, "plain { dense out=16; batchnorm; relu }", f.data, &answer));
    status_is(answer, DEEPID_IDENTITY_E_BIT, DEEPID_REASON_NONE);
    assert_true(deepid_identity_error(answer) == 0);
    assert_non_null(strstr(deepid_identity_sentence(answer), "on the 256 x 16 values seen here (0 to "));
    assert_non_null(strstr(deepid_identity_sentence(answer), "W = I is exact: max error 0, 0 ulp"));
    /* W = I on zeros sits on the kink: its share is the share of zeros */
    assert_true(deepid_identity_number(answer, "zero_share") > 0.1);
    assert_true(deepid_identity_number(answer, "kink_mass") == deepid_identity_number(answer, "zero_share"));
    /* 16 ones of weight 1, decay 1e-4: 1e-4 / 2 * 16 */
    assert_true(fabs(deepid_identity_number(answer, "decay_cost") - 8e-4) < 1e-15);
    assert_true(deepid_identity_number(answer, "escape_gradient") > 0 &&
                deepid_identity_number(answer, "dead_saddle") == 0);
    assert_true(deepid_identity_number(answer, "extra_width") == 0);
    deepid_identity_destroy(answer);
    release(&f);
}

/* The loss that the price speaks of is that of the whole net. */
static void the_loss_with_the_block_is_the_net_s_loss(void **state)
{
    (void)state;
    fixture f = spirals();
    deepid_ctx *ctx = f.ctx;
    double loss = 0;
    OK(deepid_net_evaluate(f.net, f.data, NULL, &loss, NULL));
    for (int64_t where = 0; where <= 3; where++) {
        deepid_identity *answer = ask(&f, where, "plain { dense out=16; batchnorm; relu }", "samples=256");
        /* the net computes in f32, the price in f64 */
        if (!(fabs(deepid_identity_number(answer, "loss") - loss) < 1e-5))
            fail_msg("behind block %lld the loss is %g, expected %g", (long long)where,
                     deepid_identity_number(answer, "loss"), loss);
        deepid_identity_destroy(answer);
    }
    release(&f);
}

/* Fixed statistics are exact in evaluation and wrong in training; the data's are near in both: on the batch they
   come from, eps and rounding are all that is left. */
static void batchnorm_with_the_data_s_statistics_is_near_in_training_too(void **state)
{
    (void)state;
    fixture f = spirals();
    deepid_identity *fixed = ask(&f, 3, "plain { dense out=16; batchnorm; relu }", "");
    deepid_identity *measured = ask(&f, 3, "plain { dense out=16; batchnorm; relu }", "statistics=data");
    deepid_identity *training = ask(&f, 3, "plain { dense out=16; batchnorm; relu }", "domain=orthant mode=train");
    status_is(measured, DEEPID_IDENTITY_E, DEEPID_REASON_NONE);
    status_is(training, DEEPID_IDENTITY_N, DEEPID_REASON_INVARIANCE);
    assert_true(deepid_identity_error(measured) > 0 &&
                deepid_identity_error(measured) <= deepid_identity_number(measured, "bound_f32"));
    assert_true(deepid_identity_number(fixed, "train_error") > 0.1 &&
                deepid_identity_number(measured, "train_error") < 1e-4);
    assert_true(deepid_identity_number(fixed, "train_exact") == 0);
    deepid_identity_destroy(fixed);
    deepid_identity_destroy(measured);
    deepid_identity_destroy(training);
    release(&f);
}

/* relu'(0) = 0: a branch that ends in relu and is closed by zeros never moves. */
static void a_dead_saddle_is_told_from_a_live_one(void **state)
{
    (void)state;
    fixture f = spirals();
    deepid_identity *dead = ask(&f, 2, "identity { dense out=16; relu }", "");
    deepid_identity *live = ask(&f, 2, "identity { dense out=16; relu; dense out=16 }", "");
    status_is(dead, DEEPID_IDENTITY_E_BIT, DEEPID_REASON_NONE);
    status_is(live, DEEPID_IDENTITY_E_BIT, DEEPID_REASON_NONE);
    assert_true(deepid_identity_number(dead, "dead_saddle") == 1 &&
                deepid_identity_number(dead, "escape_gradient") == 0);
    assert_true(deepid_identity_number(live, "dead_saddle") == 0);
    /* only the last weight and bias move first: behind a zero weight no gradient arrives */
    deepid_table *parameters = deepid_identity_parameters(live);
    for (int64_t i = 0; i < deepid_table_rows(parameters); i++) {
        const bool last = strstr(deepid_table_row_name(parameters, i), "dense2") != NULL;
        assert_true(last == (deepid_table_get(parameters, i, 1) > 0));
    }
    deepid_identity_destroy(dead);
    deepid_identity_destroy(live);
    release(&f);
}

static void a_variant_s_word_stands_for_its_usual_body(void **state)
{
    (void)state;
    fixture f = spirals();
    for (int64_t i = 0; deepid_block_word(i); i++) {
        deepid_identity *answer = ask(&f, 3, deepid_block_word(i), "domain=orthant");
        const bool narrow = strcmp(deepid_block_word(i), "bottleneck_plain") == 0;
        const bool product = strcmp(deepid_block_word(i), "highway_plain") == 0;
        status_is(answer, narrow || product ? DEEPID_IDENTITY_N : DEEPID_IDENTITY_E_BIT,
                  narrow    ? DEEPID_REASON_RANK
                  : product ? DEEPID_REASON_UNKNOWN
                            : DEEPID_REASON_NONE);
        deepid_identity_destroy(answer);
    }
    release(&f);
}

/* ---- data of low rank ------------------------------------------------------------------------ */

/* 4 directions in 8 numbers, plus a constant. */
static fixture low_rank(int32_t directions)
{
    deepid_ctx *ctx = new_ctx(1);
    fixture f = {.ctx = ctx};
    enum { N = 100, FEATURES = 8, MOST = 8 };
    double draws[N * MOST];
    double mix[MOST * FEATURES];
    static float x[N * FEATURES];
    static int32_t labels[N];
    const int64_t extents[] = {N, FEATURES};
    random_array(5, N * MOST, -1, 1, draws);
    random_array(6, MOST * FEATURES, -1, 1, mix);
    for (int i = 0; i < N * FEATURES; i++) {
        double sum = 0.25 * (i % FEATURES);
        for (int k = 0; k < directions; k++)
            sum += draws[i / FEATURES * MOST + k] * mix[k * FEATURES + i % FEATURES];
        x[i] = (float)sum;
        labels[i / FEATURES] = sum > 0;
    }
    OK(deepid_dataset_wrap(ctx, DEEPID_F32, x, 2, extents, NULL, labels, 2, &f.data));
    OK(deepid_net_create(ctx, "input 8; dense out=2", DEEPID_F32, &f.net));
    OK(deepid_net_init(f.net, "he", 1));
    return f;
}

static void a_narrow_block_passes_data_of_its_rank(void **state)
{
    (void)state;
    for (int32_t rank = 1; rank <= 6; rank++) {
        fixture f = low_rank(rank);
        deepid_identity *answer = ask(&f, 0, "dense out=4; relu; dense out=8", "");
        assert_true(deepid_identity_number(answer, "rank") == rank);
        if (rank <= 4) {
            status_is(answer, DEEPID_IDENTITY_E, DEEPID_REASON_NONE);
            assert_string_equal(deepid_identity_construction(answer), "data_basis");
            assert_true(deepid_identity_number(answer, "basis") == rank);
            if (!(deepid_identity_error(answer) <= deepid_identity_number(answer, "bound_f32")))
                fail_msg("rank %d: the error %.3g is above the bound %.3g (real part %.3g)", rank,
                         deepid_identity_error(answer), deepid_identity_number(answer, "bound_f32"),
                         deepid_identity_number(answer, "real_error"));
            assert_true(deepid_identity_number(answer, "error_f64") < 1e-6); /* the data itself is rounded to f32 */
        } else {
            status_is(answer, DEEPID_IDENTITY_N, DEEPID_REASON_RANK);
            assert_int_equal(deepid_identity_proved(answer), 0); /* finitely many points are no open set */
        }
        deepid_identity_destroy(answer);
        answer = ask(&f, 0, "dense out=4; relu; dense out=8", "domain=box");
        status_is(answer, DEEPID_IDENTITY_N, DEEPID_REASON_RANK);
        assert_int_equal(deepid_identity_proved(answer), 1);
        deepid_identity_destroy(answer);
        release(&f);
    }
}

/* ---- refusals ---------------------------------------------------------------------------------- */

static void what_cannot_be_is_refused_with_its_reason(void **state)
{
    (void)state;
    fixture f = spirals();
    deepid_ctx *ctx = f.ctx;
    deepid_net *picture = NULL;
    deepid_identity *answer = NULL;
    struct timespec start;
    struct timespec end;
    OK(deepid_net_create(ctx, "input 8x8x4; plain { conv2d out=16 kernel=3 }; flatten; dense out=2", DEEPID_F32,
                         &picture));
    clock_gettime(CLOCK_MONOTONIC, &start);
    static const struct {
        const char *block, *words;
        int32_t reason;
    } cases[] = {
        {"plain { dense out=8; relu; dense out=8; relu; dense out=16 } after=relu",
         "a 16-8-16 bottleneck cannot return 16 independent values", DEEPID_REASON_RANK},
        {"plain { dense out=16; layernorm; relu }", "layernorm gives the same for x and for a x + b",
         DEEPID_REASON_INVARIANCE},
        {"dense out=12", "the block turns 16 into 12", DEEPID_REASON_SHAPE},
    };
    for (int i = 0; i < 3; i++) {
        answer = ask(&f, 3, cases[i].block, "domain=orthant");
        status_is(answer, DEEPID_IDENTITY_N, cases[i].reason);
        assert_non_null(strstr(deepid_identity_sentence(answer), cases[i].words));
        assert_int_equal(deepid_identity_proved(answer), 1);
        deepid_identity_destroy(answer);
    }
    OK(deepid_identity_examine_with(picture, 0, "conv2d out=4 kernel=2 padding=1", NULL, "domain=box", &answer));
    status_is(answer, DEEPID_IDENTITY_N, DEEPID_REASON_SHAPE);
    assert_non_null(strstr(deepid_identity_sentence(answer), "8x8x4 into 9x9x4"));
    clock_gettime(CLOCK_MONOTONIC, &end);
    print_message("four refusals: %g s\n",
                  (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec));
    deepid_identity_destroy(answer);
    deepid_net_destroy(picture);
    release(&f);
}

/* N has no weights, no errors, no price. */
static void a_refusal_has_no_numbers(void **state)
{
    (void)state;
    fixture f = spirals();
    deepid_identity *answer = ask(&f, 3, "bottleneck_plain", "domain=real");
    assert_null(deepid_identity_block(answer));
    assert_null(deepid_identity_ulps(answer));
    assert_null(deepid_identity_parameters(answer));
    assert_true(isnan(deepid_identity_error(answer)) && isnan(deepid_identity_number(answer, "sharpness")));
    assert_string_equal(deepid_identity_construction(answer), "");
    assert_string_equal(deepid_identity_theorem(answer), "T0");
    deepid_identity_destroy(answer);
    release(&f);
}

/* ---- bad input ------------------------------------------------------------------------------------ */

static void bad_input_gets_a_sentence_and_changes_nothing(void **state)
{
    (void)state;
    fixture f = spirals();
    deepid_ctx *ctx = f.ctx;
    deepid_dataset *wrong = NULL;
    deepid_identity *answer = (deepid_identity *)&f; /* must stay */
    const char *block = "plain { dense out=16; batchnorm; relu }";
    OK(deepid_dataset_generate(ctx, "gratings n=16", 1, &wrong));
    const uint64_t before = bits(deepid_net_trained_data(f.net), 4 * deepid_net_trained_count(f.net));
    REFUSED(deepid_identity_examine(f.net, 3, block, wrong, &answer), DEEPID_ERR_SHAPE, "expected the net's input 2");
    REFUSED(deepid_identity_examine(f.net, 4, block, f.data, &answer), DEEPID_ERR_ARGUMENT,
            "where is 4, expected 0 to 3");
    REFUSED(deepid_identity_examine(f.net, -1, block, f.data, &answer), DEEPID_ERR_ARGUMENT, "where is -1");
    REFUSED(deepid_identity_examine(f.net, 3, "plane { relu }", f.data, &answer), DEEPID_ERR_SPEC,
            "line 1, column 1: unknown layer or block 'plane'");
    REFUSED(deepid_identity_examine(f.net, 3, "plain {\n dense out=16; rellu }", f.data, &answer), DEEPID_ERR_SPEC,
            "line 2, column 16");
    REFUSED(deepid_identity_examine(f.net, 3, "conv2d out=4 kernel=3", f.data, &answer), DEEPID_ERR_SHAPE, "conv2d");
    REFUSED(deepid_identity_examine(f.net, 3, NULL, f.data, &answer), DEEPID_ERR_ARGUMENT, "block is NULL");
    REFUSED(deepid_identity_examine(f.net, 3, block, NULL, &answer), DEEPID_ERR_ARGUMENT, "data is NULL");
    REFUSED(deepid_identity_examine(f.net, 3, block, (deepid_dataset *)f.net, &answer), DEEPID_ERR_ARGUMENT,
            "data is not a dataset");
    REFUSED(deepid_identity_examine(f.net, 3, block, f.data, NULL), DEEPID_ERR_ARGUMENT, "out is NULL");
    REFUSED(deepid_identity_examine_with(f.net, 3, block, f.data, "domain=ball", &answer), DEEPID_ERR_SPEC, "ball");
    REFUSED(deepid_identity_examine_with(f.net, 3, block, f.data, "colour=1", &answer), DEEPID_ERR_SPEC, "colour");
    REFUSED(deepid_identity_examine_with(f.net, 3, block, f.data, "domain=box low=2 high=1", &answer), DEEPID_ERR_SPEC,
            "low below high");
    assert_int_equal(deepid_identity_examine(NULL, 3, block, f.data, &answer), DEEPID_ERR_ARGUMENT);
    assert_ptr_equal(answer, (deepid_identity *)&f);
    assert_true(before == bits(deepid_net_trained_data(f.net), 4 * deepid_net_trained_count(f.net)));
    deepid_dataset_destroy(wrong);
    release(&f);
}

static void a_nan_weight_is_named(void **state)
{
    (void)state;
    fixture f = spirals();
    deepid_ctx *ctx = f.ctx;
    deepid_identity *answer = NULL;
    ((float *)deepid_net_parameter_data(f.net, "block2.dense.weight"))[5] = NAN;
    REFUSED(deepid_identity_examine(f.net, 3, "identity", f.data, &answer), DEEPID_ERR_NUMERIC,
            "block2.dense.weight[5] of the net is nan");
    assert_null(answer);
    release(&f);
}

static void words_are_listed_and_explained(void **state)
{
    (void)state;
    fixture f = spirals();
    for (int64_t i = 0; deepid_construction_word(i); i++) {
        char options[96];
        deepid_identity *answer = NULL;
        assert_non_null(deepid_construction_help(deepid_construction_word(i)));
        /* every word is an option */
        snprintf(options, sizeof options, "construction=%s domain=orthant", deepid_construction_word(i));
        answer = ask(&f, 3, "identity { dense out=16; relu; dense out=16 }", options);
        assert_true(deepid_identity_status(answer) != 0);
        deepid_identity_destroy(answer);
    }
    for (int64_t i = 0; deepid_identity_number_word(i); i++)
        assert_non_null(deepid_identity_number_help(deepid_identity_number_word(i)));
    for (int32_t i = DEEPID_REASON_NONE; i <= DEEPID_REASON_UNKNOWN; i++)
        assert_true(deepid_identity_reason_word(i) && deepid_identity_reason_help(i));
    assert_null(deepid_identity_reason_word(DEEPID_REASON_UNKNOWN + 1));
    assert_null(deepid_identity_status_word(0));
    assert_null(deepid_construction_help("magic"));
    assert_true(isnan(deepid_identity_number(NULL, "eps")));
    deepid_identity_destroy(NULL);
    release(&f);
}

/* ---- memory ----------------------------------------------------------------------------------------- */

static int32_t one_examination(deepid_ctx *ctx, void *arg)
{
    deepid_net *net = NULL;
    deepid_dataset *data = NULL;
    deepid_identity *answer = NULL;
    int32_t status = deepid_dataset_generate(ctx, "spirals n=8", 1, &data);
    status = status ? status
                    : deepid_net_create(ctx, "input 2; dense out=4; relu; plain { dense out=4; relu }; dense out=2",
                                        DEEPID_F32, &net);
    status = status ? status : deepid_net_init(net, "he", 1);
    status = status ? status : deepid_identity_examine_with(net, 1, arg, data, "samples=4", &answer);
    deepid_identity_destroy(answer);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    return status;
}

static void every_failing_allocation_is_an_error_and_leaves_nothing(void **state)
{
    (void)state;
    survives_every_failing_allocation("examine a plain block", one_examination, (void *)"dense out=4; batchnorm; relu");
    survives_every_failing_allocation("examine a dial", one_examination,
                                      (void *)"identity s=0.5 { dense out=4; relu; dense out=4 }");
    survives_every_failing_allocation("examine a narrow block", one_examination,
                                      (void *)"dense out=2; tanh; dense out=4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_block_behind_a_relu_is_the_identity_to_the_bit),
        cmocka_unit_test(the_loss_with_the_block_is_the_net_s_loss),
        cmocka_unit_test(batchnorm_with_the_data_s_statistics_is_near_in_training_too),
        cmocka_unit_test(a_dead_saddle_is_told_from_a_live_one),
        cmocka_unit_test(a_variant_s_word_stands_for_its_usual_body),
        cmocka_unit_test(a_narrow_block_passes_data_of_its_rank),
        cmocka_unit_test(what_cannot_be_is_refused_with_its_reason),
        cmocka_unit_test(a_refusal_has_no_numbers),
        cmocka_unit_test(bad_input_gets_a_sentence_and_changes_nothing),
        cmocka_unit_test(a_nan_weight_is_named),
        cmocka_unit_test(words_are_listed_and_explained),
        cmocka_unit_test(every_failing_allocation_is_an_error_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
