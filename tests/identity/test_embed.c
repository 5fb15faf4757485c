/* A given deep net that contains a given trained one, and the floor of affine nets. */
#include "support/support.h"

#include "identity/embed.h"
#include "identity/floor.h"

#include <math.h>

static deepid_net *trained(deepid_ctx *ctx, const char *text, deepid_dataset *data)
{
    enum { STEPS = 30 };
    deepid_net *net = NULL;
    deepid_trainer *trainer = NULL;
    OK(deepid_net_create(ctx, text, DEEPID_F32, &net));
    OK(deepid_net_init(net, "he", 3));
    OK(deepid_trainer_create(net, data, &trainer));
    OK(deepid_trainer_set_learning_rate(trainer, 0.01));
    OK(deepid_trainer_fit(trainer, STEPS, NULL, NULL));
    OK(deepid_net_measure_statistics(net, data));
    deepid_trainer_destroy(trainer);
    return net;
}

/* How far the deep net is from the shallow one: largest difference of a logit, in evaluation or in training mode. */
static double distance(deepid_ctx *ctx, const deepid_net *shallow, const deepid_net *deep, const deepid_dataset *data,
                       int32_t mode)
{
    deepid_certificate *c = NULL;
    OK(deepid_certificate_create(shallow, deep, data, &c));
    const double difference = deepid_certificate_difference(c, DEEPID_F32, mode);
    deepid_certificate_destroy(c);
    return difference;
}

static void contains(deepid_ctx *ctx, const char *source, const char *shallow_text, const char *deep_text,
                     int64_t blocks, double most)
{
    deepid_dataset *data = NULL;
    deepid_net *deep = NULL;
    dpid_embedding found;
    OK(deepid_dataset_generate(ctx, source, 5, &data));
    deepid_net *shallow = trained(ctx, shallow_text, data);
    OK(dpid_embed(shallow, deep_text, data, DPID_EMBED_EVALUATION, &found, &deep));
    if (!deep)
        fail_msg("%s in %s: %s", shallow_text, deep_text, found.sentence);
    assert_true(found.nested);
    assert_int_equal(found.blocks, blocks);
    const double difference = distance(ctx, shallow, deep, data, DEEPID_EVAL);
    if (!(difference <= most))
        fail_msg("%s in %s: logits differ by %g, expected at most %g", shallow_text, deep_text, difference, most);
    deepid_net_destroy(deep);
    deepid_net_destroy(shallow);
    deepid_dataset_destroy(data);
}

#define PICTURES "gratings n=64 size=8 classes=4"

static void added_blocks_are_found_wherever_they_are(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    contains(ctx, "spirals n=64",
             "input 2; dense out=8; batchnorm; relu; 2 * plain { dense out=8; batchnorm; relu }; dense out=2",
             "input 2; dense out=8; batchnorm; relu; 30 * plain { dense out=8; batchnorm; relu }; dense out=2", 28, 0);
    contains(ctx, "spirals n=64", "input 2; dense out=8; relu; dense out=2",
             "input 2; dense out=8; relu; 5 * identity { dense out=8; relu; dense out=8 } after=relu; dense out=2", 5,
             0);
    /* two stages, blocks behind each */
    contains(ctx, PICTURES,
             "input 8x8x1; conv2d out=4 kernel=3 bias=0; relu; plain { conv2d out=4 kernel=3 bias=0; relu }; plain { "
             "conv2d out=6 kernel=3 stride=2 padding=1; relu }; global_avgpool; dense out=4",
             "input 8x8x1; conv2d out=4 kernel=3 bias=0; relu; 3 * plain { conv2d out=4 kernel=3 bias=0; relu }; plain "
             "{ conv2d out=6 kernel=3 stride=2 padding=1; relu }; "
             "2 * plain { conv2d out=6 kernel=3 bias=0; relu }; global_avgpool; dense out=4",
             4, 0);
    /* two kinds of blocks in one run */
    contains(
        ctx, "spirals n=64", "input 2; dense out=8; relu; dense out=2",
        "input 2; dense out=8; relu; plain { dense out=8; relu }; 2 * identity { dense out=8 } after=relu; dense out=2",
        3, 0);
    deepid_ctx_destroy(ctx);
}

static void layers_without_blocks_count_as_one(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    contains(ctx, "spirals n=64", "input 2; dense out=8; relu; dense out=2",
             "input 2; dense out=8; relu; dense out=8; relu; dense out=8; relu; dense out=2", 0, 0);
    /* a wide detour keeps the rank */
    contains(ctx, "linear n=64 in=4 out=4", "input 4; dense out=4", "input 4; dense out=4; dense out=9; dense out=4", 0,
             1e-5);
    deepid_ctx_destroy(ctx);
}

/* Blocks here and layers there are the same layers, whichever net has the blocks. */
static void blocks_and_layers_are_compared_by_their_layers(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    contains(ctx, "spirals n=64", "input 2; dense out=8; relu; dense out=8; relu; dense out=2",
             "input 2; dense out=8; relu; 6 * plain { dense out=8; relu }; dense out=2", 0, 0);
    contains(ctx, "spirals n=64", "input 2; dense out=8; relu; 2 * plain { dense out=8; relu }; dense out=2",
             "input 2; dense out=8; relu; dense out=8; relu; dense out=8; relu; dense out=8; relu; dense out=8; relu; "
             "dense out=2",
             0, 0);
    contains(ctx, PICTURES,
             "input 8x8x1; conv2d out=4 kernel=3 bias=0; relu; conv2d out=4 kernel=3 bias=0; relu; global_avgpool; "
             "dense out=4",
             "input 8x8x1; 5 * plain { conv2d out=4 kernel=3 bias=0; relu }; global_avgpool; dense out=4", 0, 0);
    /* a block with a skip is no row of layers */
    contains(ctx, "spirals n=64", "input 2; dense out=8; relu; dense out=8; relu; dense out=2",
             "input 2; dense out=8; relu; 2 * plain { dense out=8; relu }; identity { dense out=8 } after=relu; dense "
             "out=2",
             1, 0);
    deepid_ctx_destroy(ctx);
}

/* Fifteen layers of one width are five copies of three, as five blocks would be. */
static void a_long_row_of_layers_is_many_copies(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    contains(ctx, "spirals n=64", "input 2; dense out=8; batchnorm; relu; dense out=2",
             "input 2; dense out=8; batchnorm; relu; dense out=8; batchnorm; relu; dense out=8; batchnorm; relu; dense "
             "out=8; batchnorm; relu; dense out=8; batchnorm; relu; dense out=8; batchnorm; relu; dense out=2",
             0, 0);
    deepid_ctx_destroy(ctx);
}

/* 16 tanh blocks: eps tanh(x / eps), so near and not equal. */
static void a_stack_of_approximations_stays_near(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    contains(ctx, "spirals n=64", "input 2; dense out=8; tanh; dense out=2",
             "input 2; dense out=8; tanh; 16 * plain { dense out=8; tanh; dense out=8 }; dense out=2", 16, 1e-4);
    deepid_ctx_destroy(ctx);
}

/* With unit statistics a batch-norm witness is far from the identity when batches normalise; with those of the data
   it is near. */
static void weights_to_train_from_are_near_in_training_mode(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static const char deep_text[] =
        "input 2; dense out=8; batchnorm; relu; 12 * plain { dense out=8; batchnorm; relu }; dense out=2";
    deepid_dataset *data = NULL;
    dpid_embedding found;
    double far[2];
    /* one batch: the statistics of the batch are those of the data */
    OK(deepid_dataset_generate(ctx, "spirals n=64", 5, &data));
    deepid_net *shallow = trained(
        ctx, "input 2; dense out=8; batchnorm; relu; 2 * plain { dense out=8; batchnorm; relu }; dense out=2", data);
    for (int how = DPID_EMBED_EVALUATION; how <= DPID_EMBED_TRAINING; how++) {
        deepid_net *deep = NULL;
        OK(dpid_embed(shallow, deep_text, data, how, &found, &deep));
        assert_non_null(deep);
        far[how - 1] = distance(ctx, shallow, deep, data, DEEPID_TRAIN);
        deepid_net_destroy(deep);
    }
    /* not equal: a batch-norm divides the rounding of a nearly silent unit by its standard deviation, twelve times */
    if (!(far[0] > 1 && far[1] < 0.1))
        fail_msg("in training mode the logits differ by %g with unit statistics (expected above 1), by %g with those "
                 "of the data (expected below 0.1)",
                 far[0], far[1]);
    deepid_net_destroy(shallow);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

static void no_witness_is_an_answer_with_its_reason(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    deepid_net *deep = NULL;
    dpid_embedding found;
    OK(deepid_dataset_generate(ctx, "linear n=64 in=8 out=8", 5, &data));
    deepid_net *shallow = trained(ctx, "input 8; dense out=8", data);
    OK(dpid_embed(shallow, "input 8; dense out=8; dense out=4; dense out=8", data, DPID_EMBED_EVALUATION, &found,
                  &deep));
    assert_null(deep);
    assert_true(found.nested);
    assert_int_equal(found.status, DEEPID_IDENTITY_N);
    assert_int_equal(found.reason, DEEPID_REASON_RANK);
    assert_true(found.proved);
    if (!strstr(found.sentence, "8-4-8"))
        fail_msg("the sentence does not name the bottleneck: %s", found.sentence);
    deepid_net_destroy(shallow);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

static void a_net_that_is_not_inside_is_told_apart(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    deepid_net *deep = NULL;
    dpid_embedding found;
    OK(deepid_dataset_generate(ctx, "spirals n=64", 5, &data));
    deepid_net *shallow = trained(ctx, "input 2; dense out=8; relu; dense out=2", data);
    OK(dpid_embed(shallow, "input 2; dense out=8; tanh; dense out=8; tanh; dense out=2", data, DPID_EMBED_EVALUATION,
                  &found, &deep));
    assert_null(deep);
    assert_false(found.nested);
    if (!strstr(found.sentence, "'relu'"))
        fail_msg("%s", found.sentence);
    /* equal words, other widths in front */
    OK(dpid_embed(shallow, "input 2; dense out=4; dense out=8; relu; dense out=2", data, DPID_EMBED_EVALUATION, &found,
                  &deep));
    assert_null(deep);
    assert_false(found.nested);
    REFUSED(dpid_embed(shallow, "input 2; dens out=8", data, DPID_EMBED_EVALUATION, &found, &deep), DEEPID_ERR_SPEC,
            "dens");
    deepid_net_destroy(shallow);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- the floor ------------------------------------------------------------------------------------ */

/* x = +-e_k sqrt(2), k = 1..4, so centred with covariance I/2 x ... : 8 samples, x_k^2 sums to 4. y_k = k x_k:
   fitted singular values are 2 k; with rank 2 the two smallest (k = 1, 2) are lost: (4 + 16) / (8 samples x 4
   targets) = 0.625. */
static void the_floor_is_what_singular_values_say(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    enum { N = 8, D = 4 };
    double x[N * D] = {0};
    double y[N * D] = {0};
    deepid_dataset *data = NULL;
    dpid_floor floor;
    for (int i = 0; i < N; i++) {
        x[i * D + i / 2] = (i % 2 ? -1 : 1) * sqrt(2);
        y[i * D + i / 2] = (i / 2 + 1) * x[i * D + i / 2];
    }
    const int64_t extents[] = {N, D};
    OK(deepid_dataset_wrap_targets(ctx, DEEPID_F64, x, 2, extents, NULL, DEEPID_F64, y, D, &data));
    OK(dpid_affine_floor(ctx, "input 4; dense out=9; dense out=2; dense out=4", data, &floor));
    assert_true(floor.proven);
    assert_int_equal(floor.rank, 2);
    assert_true(fabs(floor.loss - 0.625) < 1e-12);
    assert_true(fabs(floor.free_loss) < 1e-12);
    OK(dpid_affine_floor(ctx, "input 4; dense out=4; plain { dense out=4 }; dense out=4", data, &floor));
    assert_true(floor.proven && fabs(floor.loss) < 1e-12);
    OK(dpid_affine_floor(ctx, "input 4; dense out=2; relu; dense out=4", data, &floor));
    assert_false(floor.proven);
    OK(dpid_affine_floor(ctx, "input 4; identity { dense out=2; dense out=4 }", data, &floor));
    assert_false(floor.proven);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* No training goes below it, and long training comes near. */
static void training_ends_on_the_floor(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    deepid_net *net = NULL;
    deepid_trainer *trainer = NULL;
    dpid_floor floor;
    double loss;
    static const char text[] = "input 6; dense out=2; dense out=6";
    OK(deepid_dataset_generate(ctx, "linear n=64 in=6 out=6", 11, &data));
    OK(dpid_affine_floor(ctx, text, data, &floor));
    OK(deepid_net_create(ctx, text, DEEPID_F64, &net));
    OK(deepid_net_init(net, "orthogonal", 1));
    OK(deepid_trainer_create(net, data, &trainer));
    OK(deepid_trainer_set_optimizer(trainer, "lbfgs"));
    OK(deepid_trainer_fit(trainer, 500, NULL, NULL));
    OK(deepid_net_evaluate(net, data, NULL, &loss, NULL));
    if (!(floor.proven && loss >= floor.loss * (1 - 1e-9) && loss <= floor.loss * 1.001))
        fail_msg("after L-BFGS the loss is %.12g, the floor %.12g (seed 11)", loss, floor.loss);
    deepid_trainer_destroy(trainer);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

static int32_t embed_and_floor(deepid_ctx *ctx, void *arg)
{
    deepid_dataset *data = NULL;
    deepid_net *shallow = NULL;
    deepid_net *deep = NULL;
    dpid_embedding found;
    dpid_floor floor;
    (void)arg;
    int32_t status = deepid_dataset_generate(ctx, "linear n=16 in=3 out=3", 5, &data);
    if (status == DEEPID_OK)
        status = deepid_net_create(ctx, "input 3; dense out=3", DEEPID_F32, &shallow);
    if (status == DEEPID_OK)
        status = deepid_net_init(shallow, "he", 1);
    if (status == DEEPID_OK)
        status = dpid_embed(shallow, "input 3; dense out=3; 2 * plain { dense out=3 }", data, DPID_EMBED_TRAINING,
                            &found, &deep);
    if (status == DEEPID_OK)
        status = dpid_affine_floor(ctx, "input 3; dense out=3", data, &floor);
    deepid_net_destroy(deep);
    deepid_net_destroy(shallow);
    deepid_dataset_destroy(data);
    return status;
}

static void memory_that_runs_out_is_told(void **state)
{
    (void)state;
    survives_every_failing_allocation("embed", embed_and_floor, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(added_blocks_are_found_wherever_they_are),
        cmocka_unit_test(layers_without_blocks_count_as_one),
        cmocka_unit_test(blocks_and_layers_are_compared_by_their_layers),
        cmocka_unit_test(a_long_row_of_layers_is_many_copies),
        cmocka_unit_test(a_stack_of_approximations_stays_near),
        cmocka_unit_test(weights_to_train_from_are_near_in_training_mode),
        cmocka_unit_test(no_witness_is_an_answer_with_its_reason),
        cmocka_unit_test(a_net_that_is_not_inside_is_told_apart),
        cmocka_unit_test(the_floor_is_what_singular_values_say),
        cmocka_unit_test(training_ends_on_the_floor),
        cmocka_unit_test(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
