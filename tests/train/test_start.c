/* Starts that look at data: lsuv gives every layer variance 1, the same in f32 and f64, and leaves alone what gives a
   constant. */
#include "support/support.h"

#include "net/net.h"

#include <deepid/inspect.h>
#include <deepid/train.h>

#include <math.h>

enum { SEED = 5 };

static deepid_net *make(deepid_ctx *ctx, const char *text, int32_t dtype)
{
    deepid_net *net = NULL;
    OK(deepid_net_create(ctx, text, dtype, &net));
    return net;
}

/* 200 samples: the start and the probe look at all of them. */
static deepid_dataset *samples(deepid_ctx *ctx, const char *generator)
{
    deepid_dataset *data = NULL;
    OK(deepid_dataset_generate(ctx, generator, SEED, &data));
    return data;
}

/* Variance over all values, as the probe `signal` measures it, of every layer with weights. The start ends within a
   hundredth; f32 rounds the weights and the forward. */
static void every_layer_gives_variance_one(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"spirals n=200", "input 2; dense out=12; relu; 30 * plain { dense out=12; relu }; dense out=2"},
        {"spirals n=200", "input 2; dense out=12; sigmoid; 9 * plain { dense out=12; sigmoid }; dense out=2"},
        {"spirals n=200",
         "input 2; dense out=12; relu; 9 * identity { dense out=12; relu; dense out=12 }; dense out=2"},
        {"spirals n=200", "input 2; dense out=12; batchnorm; dropout p=0.2; tanh; dense out=2"},
        {"gratings n=200", "input 8x8x1; conv2d out=6 kernel=3; gelu; conv2d out=6 kernel=3 stride=2; gelu; flatten; "
                           "dense out=4"}};
    deepid_ctx *ctx = new_ctx(2);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        deepid_dataset *data = samples(ctx, rows[i][0]);
        deepid_net *net = make(ctx, rows[i][1], DEEPID_F32);
        deepid_table *t = NULL;
        int64_t seen = 0;
        OK(deepid_net_init_data(net, data, "lsuv", SEED));
        OK(deepid_net_inspect(net, data, "signal", &t));
        for (int64_t row = 0; row < deepid_table_rows(t); row++) {
            const char *name = deepid_table_row_name(t, row);
            const double variance = deepid_table_get(t, row, deepid_table_find_column(t, "variance"));
            if (!strstr(name, "dense") && !strstr(name, "conv2d"))
                continue;
            seen++;
            /* the probe draws other dropout: behind it the variance is of another mask */
            if (fabs(variance - 1) > (strstr(rows[i][1], "dropout") ? 0.2 : 0.02))
                fail_msg("%s, seed %d: the variance of %s is %g", rows[i][1], SEED, name, variance);
        }
        assert_true(seen > 1);
        deepid_table_destroy(t);
        deepid_net_destroy(net);
        deepid_dataset_destroy(data);
    }
    deepid_ctx_destroy(ctx);
}

static void lsuv_starts_equal_in_f32_and_f64_by_its_seed_for_any_threads(void **state)
{
    (void)state;
    static const char *const text =
        "input 2; dense out=12; batchnorm; elu; 4 * plain { dense out=12; elu }; dense out=2";
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = samples(ctx, "spirals n=700");
    deepid_net *f32 = make(ctx, text, DEEPID_F32);
    deepid_net *f64 = make(ctx, text, DEEPID_F64);
    OK(deepid_net_init_data(f32, data, "lsuv", SEED));
    OK(deepid_ctx_set_threads(ctx, 3));
    OK(deepid_net_init_data(f64, data, "lsuv", SEED));
    const float *x = deepid_net_trained_data(f32);
    double *y = deepid_net_trained_data(f64);
    for (int64_t i = 0; i < deepid_net_trained_count(f32); i++)
        if ((double)x[i] != y[i])
            fail_msg("number %lld: %.9g in f32, %.17g in f64", (long long)i, (double)x[i], y[i]);
    const double first = y[0];
    OK(deepid_net_init_data(f64, data, "lsuv", SEED + 1));
    assert_true(y[0] != first);
    deepid_net_destroy(f64);
    deepid_net_destroy(f32);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* Inputs that are 0: every layer gives 0, nothing can be scaled, and the orthogonal weights stay. */
static void layers_that_give_a_constant_stay_as_they_are(void **state)
{
    (void)state;
    static const float zeros[6][2] = {{0}};
    static const int32_t labels[6] = {0, 1, 0, 1, 0, 1};
    const int64_t extents[2] = {6, 2};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    OK(deepid_dataset_wrap(ctx, DEEPID_F32, zeros, 2, extents, NULL, labels, 2, &data));
    deepid_net *net = make(ctx, "input 2; dense out=6; relu; dense out=6; relu; dense out=2", DEEPID_F32);
    deepid_net *orthogonal = make(ctx, "input 2; dense out=6; relu; dense out=6; relu; dense out=2", DEEPID_F32);
    OK(deepid_net_init_data(net, data, "lsuv", SEED));
    OK(deepid_net_init_data(orthogonal, data, "orthogonal", SEED));
    assert_memory_equal(deepid_net_trained_data(net), deepid_net_trained_data(orthogonal),
                        (size_t)deepid_net_trained_count(net) * sizeof(float));
    REFUSED(deepid_net_init_data(net, data, "lsuv gain=2", 2), DEEPID_ERR_SPEC, "gain");
    deepid_net_destroy(orthogonal);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

static void other_starts_are_those_of_deepid_net_init(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = samples(ctx, "gratings n=20"); /* of another shape: nobody looks at it */
    deepid_net *net = make(ctx, "input 2; dense out=6; tanh; dense out=2", DEEPID_F32);
    OK(deepid_net_init(net, "he bias=0.5", SEED));
    const int64_t bytes = 4 * deepid_net_trained_count(net);
    const uint64_t expected = bits(deepid_net_trained_data(net), bytes);
    OK(deepid_net_init_data(net, data, "he bias=0.5", SEED));
    assert_true(bits(deepid_net_trained_data(net), bytes) == expected);
    REFUSED(deepid_net_init(net, "lsuv", 2), DEEPID_ERR_UNSUPPORTED, "lsuv: this start looks at data");
    REFUSED(deepid_net_init_data(net, data, "lsuv", 2), DEEPID_ERR_SHAPE, "the net takes 2, the data has samples of");
    REFUSED(deepid_net_init_data(net, NULL, "lsuv", 2), DEEPID_ERR_ARGUMENT, "data is NULL");
    REFUSED(deepid_net_init_data(net, data, NULL, 2), DEEPID_ERR_ARGUMENT, "init is NULL");
    REFUSED(deepid_net_init_data(net, data, "lsuw", 2), DEEPID_ERR_SPEC, "nearest: lsuv");
    assert_true(bits(deepid_net_trained_data(net), bytes) == expected);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

static int32_t start_once(deepid_ctx *ctx, void *arg)
{
    deepid_dataset *data = NULL;
    deepid_net *net = NULL;
    (void)arg;
    int32_t status = deepid_dataset_generate(ctx, "spirals n=8", SEED, &data);
    if (status == DEEPID_OK)
        status = deepid_net_create(ctx, "input 2; dense out=3; relu; dense out=2", DEEPID_F32, &net);
    if (status == DEEPID_OK)
        status = deepid_net_init_data(net, data, "lsuv", 1);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    return status;
}

static void memory_that_runs_out_is_told(void **state)
{
    (void)state;
    survives_every_failing_allocation("lsuv", start_once, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layer_gives_variance_one),
        cmocka_unit_test(lsuv_starts_equal_in_f32_and_f64_by_its_seed_for_any_threads),
        cmocka_unit_test(layers_that_give_a_constant_stay_as_they_are),
        cmocka_unit_test(other_starts_are_those_of_deepid_net_init),
        cmocka_unit_test(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
