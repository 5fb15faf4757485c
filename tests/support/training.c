#include "support/training.h"

#include <math.h>

const char long_mlp[] = "input 2; dense out=32; batchnorm; relu; 6 * identity { dense out=32; batchnorm; relu; "
                        "dropout p=0.1 }; dense out=3";
const char long_resnet[] = "input 8x8x2; conv2d out=8 kernel=3 bias=0; batchnorm; relu; 2 * identity out=8; identity "
                           "out=16 stride=2 shortcut=B; global_avgpool; dense out=3";

void open_run(deepid_ctx *ctx, run *r, const char *text, const char *data, int32_t dtype, uint64_t seed)
{
    *r = (run){.net = NULL};
    OK(deepid_net_create(ctx, text, dtype, &r->net));
    OK(deepid_net_init(r->net, "he", seed));
    OK(deepid_dataset_generate(ctx, data, 77, &r->data));
    OK(deepid_trainer_create(r->net, r->data, &r->trainer));
    OK(deepid_trainer_set_seed(r->trainer, seed));
}

void open_linear_run(deepid_ctx *ctx, run *r, const char *text, const char *optimizer, double rate)
{
    *r = (run){.net = NULL};
    OK(deepid_net_create(ctx, text, DEEPID_F64, &r->net));
    OK(deepid_dataset_generate(ctx, "linear n=32 in=3 out=2 target=gaussian", 5, &r->data));
    OK(deepid_trainer_create(r->net, r->data, &r->trainer));
    OK(deepid_trainer_set_batch(r->trainer, 0));
    OK(deepid_trainer_set_optimizer(r->trainer, optimizer));
    OK(deepid_trainer_set_learning_rate(r->trainer, rate));
    r->n = deepid_net_trained_count(r->net);
    assert_true(r->n <= 64);
    random_array(8, r->n, 0.3, 0.9, deepid_net_trained_data(r->net));
}

void open_long_run(run *r, const char *text, int32_t threads, int32_t dtype, const char *optimizer)
{
    deepid_ctx *ctx = new_ctx(threads);
    *r = (run){.ctx = ctx};
    OK(deepid_net_create(ctx, text, dtype, &r->net));
    OK(deepid_net_init(r->net, "he", 5));
    OK(deepid_dataset_generate(
        ctx, text == long_resnet ? "gratings n=150 channels=2 classes=3" : "spirals n=300 classes=3", 9, &r->data));
    OK(deepid_trainer_create(r->net, r->data, &r->trainer));
    OK(deepid_trainer_set_optimizer(r->trainer, optimizer));
    OK(deepid_trainer_set_learning_rate(r->trainer, 0.01));
    OK(deepid_trainer_set_schedule(r->trainer, "cosine warmup=5"));
    OK(deepid_trainer_set_total_steps(r->trainer, 50));
    OK(deepid_trainer_set_batch(r->trainer, 64));
    OK(deepid_trainer_set_keep_last(r->trainer, 1));
    OK(deepid_trainer_set_seed(r->trainer, 1234567890123456789u));
    if (text == long_resnet)
        OK(deepid_trainer_set_augmentation(r->trainer, "crop pad=2 flip=1"));
}

void close_run(run *r)
{
    deepid_trainer_destroy(r->trainer);
    deepid_dataset_destroy(r->data);
    deepid_net_destroy(r->net);
    deepid_ctx_destroy(r->ctx);
}

void step_run(deepid_ctx *ctx, run *r)
{
    memcpy(r->before, deepid_net_trained_data(r->net), sizeof(double) * (size_t)r->n);
    OK(deepid_trainer_step(r->trainer));
}

void moved_by(const run *r, const char *what, int64_t i, double expected)
{
    const double moved = ((const double *)deepid_net_trained_data(r->net))[i] - r->before[i];
    if (!(fabs(moved - expected) <= 1e-15)) /* weights below 1: one rounding of the sum */
        fail_msg("%s: parameter %lld moves by %.17g, expected %.17g", what, (long long)i, moved, expected);
}

uint64_t bits_of(const run *r)
{
    uint64_t hash = 0;
    const int64_t size = deepid_net_dtype(r->net) == DEEPID_F32 ? 4 : 8;
    for (int64_t i = 0; i < deepid_net_parameter_count(r->net); i++) {
        int64_t count = 1;
        for (int32_t axis = 0; axis < deepid_net_parameter_rank(r->net, i); axis++)
            count *= deepid_net_parameter_extent(r->net, i, axis);
        hash = hash * 31 + bits(deepid_net_parameter_data(r->net, deepid_net_parameter_name(r->net, i)), count * size);
    }
    return hash;
}
