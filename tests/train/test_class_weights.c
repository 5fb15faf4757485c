/* Weights of classes: a sample of weight 3 is three samples of weight 1; only the quotients of weights count. */
#include "support/training.h"

#include "train/trainer.h"

#include <math.h>

enum { N = 40, IN = 3, OUT = 6, TIMES = 3, MOST = N * TIMES };

static double x[MOST * IN];
static int32_t labels[MOST];

/* N samples, a quarter of them of class 1; *all: each of those TIMES times. */
static int64_t draw(bool all, uint64_t seed)
{
    double one[N * IN];
    int64_t count = 0;
    random_array(seed, N * IN, -1, 1, one);
    for (int64_t i = 0; i < N; i++)
        for (int k = 0; k < (all && i % 4 == 0 ? TIMES : 1); k++, count++) {
            for (int j = 0; j < IN; j++)
                x[count * IN + j] = one[i * IN + j];
            labels[count] = i % 4 == 0;
        }
    return count;
}

typedef struct {
    double loss, constant;
    double weight[IN * OUT]; /* of the first layer */
} result;

/* Ten steps of all samples at once. */
static result train(deepid_ctx *ctx, const char *net_text, const char *loss, bool all)
{
    result r;
    const int64_t count = draw(all, 5);
    const int64_t extents[] = {count, IN};
    deepid_dataset *data = NULL;
    deepid_net *net = NULL;
    deepid_trainer *trainer = NULL;
    OK(deepid_dataset_wrap(ctx, DEEPID_F64, x, 2, extents, NULL, labels, 2, &data));
    OK(deepid_net_create(ctx, net_text, DEEPID_F64, &net));
    OK(deepid_net_init(net, "he", 3));
    OK(deepid_trainer_create(net, data, &trainer));
    OK(deepid_trainer_set_loss(trainer, loss));
    OK(deepid_trainer_set_batch(trainer, 0));
    OK(deepid_trainer_set_learning_rate(trainer, 0.3));
    for (int i = 0; i < 10; i++)
        OK(deepid_trainer_step(trainer));
    OK(deepid_net_evaluate(net, data, loss, &r.loss, NULL));
    memcpy(r.weight, deepid_net_parameter_data(net, "dense1.weight"), sizeof r.weight);
    dpid_arena arena = {.ctx = ctx};
    dpid_value option[DPID_OPTIONS_MAX] = {{0}};
    const dpid_loss *kind;
    OK(dpid_dataset_loss(&arena, data, loss, dpid_net_outputs(net), &kind, option));
    r.constant = dpid_dataset_constant_loss(data, kind, option);
    dpid_arena_release(&arena);
    deepid_trainer_destroy(trainer);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    return r;
}

/* Sums of other order: some rounding. */
static void same(const char *what, result a, result b)
{
    const double rounding = 1e-12;
    bool equal = fabs(a.loss - b.loss) < rounding && fabs(a.constant - b.constant) < rounding;
    for (int i = 0; i < IN * OUT; i++)
        equal = equal && fabs(a.weight[i] - b.weight[i]) < rounding;
    if (!equal)
        fail_msg("%s: loss %.17g and %.17g, of the best constant %.17g and %.17g, a weight %g and %g", what, a.loss,
                 b.loss, a.constant, b.constant, a.weight[0], b.weight[0]);
}

static void a_weight_is_so_many_samples(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *two = "input 3; dense out=6; tanh; dense out=2";
    const char *one = "input 3; dense out=6; tanh; dense out=1";
    same("two outputs", train(ctx, two, "cross_entropy weights=1,3", false), train(ctx, two, "cross_entropy", true));
    same("balanced", train(ctx, two, "cross_entropy weights=balanced", false),
         train(ctx, two, "cross_entropy", true)); /* 30 and 10 become 30 and 30 */
    same("one output", train(ctx, one, "binary_cross_entropy weights=1,3", false),
         train(ctx, one, "binary_cross_entropy", true));
    same("one output, balanced", train(ctx, one, "binary_cross_entropy weights=balanced", false),
         train(ctx, one, "binary_cross_entropy", true));
    same("quotients", train(ctx, two, "cross_entropy smoothing=0.1 weights=2,6", false),
         train(ctx, two, "cross_entropy weights=0.5,1.5 smoothing=0.1", false));
    const result balanced = train(ctx, two, "cross_entropy weights=balanced", false);
    assert_true(fabs(balanced.constant - log(2)) < 1e-15);
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

/* Parts of a batch are of one mean: whatever the plan cuts, and in batches of other sums of weights. */
static void a_step_tells_the_mean_of_its_batch(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(2);
    const int64_t count = draw(false, 6);
    const int64_t extents[] = {count, IN};
    deepid_dataset *data = NULL;
    deepid_net *net = NULL;
    deepid_trainer *trainer = NULL;
    double loss;
    OK(deepid_dataset_wrap(ctx, DEEPID_F64, x, 2, extents, NULL, labels, 2, &data));
    OK(deepid_net_create(ctx, "input 3; dense out=6; relu; dense out=2", DEEPID_F64, &net));
    OK(deepid_net_init(net, "he", 3));
    OK(deepid_trainer_create(net, data, &trainer));
    OK(deepid_trainer_set_loss(trainer, "cross_entropy weights=0.2,7"));
    OK(deepid_trainer_set_batch(trainer, 0));
    OK(deepid_net_evaluate(net, data, "cross_entropy weights=0.2,7", &loss, NULL));
    OK(deepid_trainer_step(trainer));
    if (!(fabs(trainer->last_loss - loss) < 1e-13))
        fail_msg("the step says %.17g, the evaluation %.17g", trainer->last_loss, loss);
    REFUSED(deepid_trainer_set_loss(trainer, "cross_entropy weights=1,2,3"), DEEPID_ERR_SPEC, "3 weights, expected");
    REFUSED(deepid_trainer_set_loss(trainer, "binary_cross_entropy weights=1,2"), DEEPID_ERR_UNSUPPORTED,
            "needs a net with one output");
    OK(deepid_trainer_step(trainer)); /* the loss is as it was */
    deepid_trainer_destroy(trainer);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

static int32_t set_and_step(deepid_ctx *ctx, void *arg)
{
    deepid_dataset *data = NULL;
    deepid_net *net = NULL;
    deepid_trainer *trainer = NULL;
    const int64_t extents[] = {N, IN};
    (void)arg;
    int32_t status = deepid_dataset_wrap(ctx, DEEPID_F64, x, 2, extents, NULL, labels, 2, &data);
    if (status == DEEPID_OK)
        status = deepid_net_create(ctx, "input 3; dense out=2", DEEPID_F64, &net);
    if (status == DEEPID_OK)
        status = deepid_trainer_create(net, data, &trainer);
    if (status == DEEPID_OK)
        status = deepid_trainer_set_loss(trainer, "cross_entropy weights=balanced");
    if (status == DEEPID_OK)
        status = deepid_trainer_step(trainer);
    if (status == DEEPID_OK)
        status = deepid_net_evaluate(net, data, "cross_entropy weights=1,2", NULL, NULL);
    deepid_trainer_destroy(trainer);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    return status;
}

static void every_failing_allocation_is_survived(void **state)
{
    (void)state;
    draw(false, 7);
    survives_every_failing_allocation("weights of classes", set_and_step, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_weight_is_so_many_samples),
        cmocka_unit_test(a_step_tells_the_mean_of_its_batch),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
