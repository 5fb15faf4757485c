/* A trained net with 1, 10, 100 blocks more, filled with witnesses: the loss stays within the certificate's bound;
   the bits stay where theory says so. */
#include "support/support.h"

#include <math.h>

#define DENSE "input 2; dense out=8; "
static const char spirals[] = "spirals n=96 noise=0.1";
static const char gratings[] = "gratings n=48";

typedef struct {
    const char *name, *data, *shallow, *block, *how;
    bool on_data; /* the witness is for what flows on these samples */
    /* equal to the last bit in evaluation: in the net's dtype, or also when it is run in the other one (var + eps =
       1 holds in one of them) */
    enum { NONE, OWN, BOTH } bits;
    bool bits_train;  /* the same in training mode, in both dtypes */
    double tolerance; /* of the loss, where the bits are not the same */
} promise;

static const promise promises[] = {
    {"relu, W = I", spirals, DENSE "relu; 2 * plain { dense out=8; relu }; dense out=2", "plain { dense out=8; relu }",
     "witness", false, BOTH, true, 0},
    {"relu, no bias", spirals, DENSE "relu; dense out=2", "plain { dense out=8 bias=0; relu }", "witness", false, BOTH,
     true, 0},
    {"relu, spread", spirals, DENSE "relu; 2 * plain { dense out=8; relu }; dense out=2", "plain { dense out=8; relu }",
     "witness place=spread", false, BOTH, true, 0},
    {"batch-norm", spirals, DENSE "batchnorm; relu; 2 * plain { dense out=8; batchnorm; relu }; dense out=2",
     "plain { dense out=8; batchnorm; relu }", "witness", false, OWN, false, 1e-3},
    {"batch-norm with the statistics of the samples", spirals,
     DENSE "batchnorm; relu; 2 * plain { dense out=8; batchnorm; relu }; dense out=2",
     "plain { dense out=8; batchnorm; relu }", "witness", true, NONE, false, 1e-3},
    {"tanh", spirals, DENSE "tanh; plain { dense out=8; tanh }; dense out=2",
     "plain { dense out=8; tanh; dense out=8 }", "witness", false, NONE, false, 1e-3},
    {"leaky relu", spirals, DENSE "leaky_relu; plain { dense out=8; leaky_relu }; dense out=2",
     "plain { dense out=8; leaky_relu; dense out=8; leaky_relu; dense out=8 }", "witness", false, NONE, false, 1e-3},
    {"plain convolution, delta", gratings,
     "input 8x8x1; conv2d out=3 kernel=3; relu; 2 * plain { conv2d out=3 kernel=3; relu }; global_avgpool; dense out=4",
     "plain { conv2d out=3 kernel=3; relu }", "witness", false, BOTH, true, 0},
    {"plain convolution, batch-norm", gratings,
     "input 8x8x1; conv2d out=3 kernel=3 bias=0; batchnorm; relu; 2 * plain out=3; global_avgpool; dense out=4",
     "plain", "witness", false, OWN, false, 1e-3},
    {"plain convolution, where Winograd would run", "gratings n=32 size=16",
     "input 16x16x1; conv2d out=16 kernel=3 bias=0; batchnorm; relu; 2 * plain out=16; global_avgpool; dense out=4",
     "plain", "witness", false, OWN, false, 1e-3},
    {"the same, on samples", "gratings n=32 size=16",
     "input 16x16x1; conv2d out=16 kernel=3 bias=0; batchnorm; relu; 2 * plain out=16; global_avgpool; dense out=4",
     "plain", "witness", true, NONE, false, 1e-2},
    {"residual, after=relu", gratings,
     "input 8x8x1; conv2d out=3 kernel=3 bias=0; batchnorm; relu; 2 * identity out=3; global_avgpool; dense out=4",
     "identity", "witness", false, BOTH, true, 0},
    {"residual, pre-activation", gratings,
     "input 8x8x1; conv2d out=3 kernel=3; 2 * preact out=3; global_avgpool; dense out=4", "preact",
     "witness place=spread", false, BOTH, true, 0},
    {"residual, dense", spirals,
     DENSE "relu; identity { dense out=8; batchnorm; relu; dense out=8; batchnorm } after=relu; dense out=2",
     "identity { dense out=8; batchnorm; relu; dense out=8; batchnorm } after=relu", "witness", false, BOTH, true, 0},
};
enum { PROMISES = sizeof promises / sizeof *promises };

static deepid_net *trained(deepid_ctx *ctx, const promise *p, const deepid_dataset *data, int32_t dtype, uint64_t seed)
{
    deepid_net *net = NULL;
    deepid_trainer *trainer = NULL;
    OK(deepid_net_create(ctx, p->shallow, dtype, &net));
    OK(deepid_net_init(net, "he", seed));
    OK(deepid_trainer_create(net, data, &trainer));
    OK(deepid_trainer_set_optimizer(trainer, "sgd momentum=0.9"));
    OK(deepid_trainer_set_learning_rate(trainer, 0.02));
    OK(deepid_trainer_set_batch(trainer, 32));
    OK(deepid_trainer_fit(trainer, 60, NULL, NULL));
    deepid_trainer_destroy(trainer);
    return net;
}

static void check_mode(const promise *p, const deepid_certificate *cert, int32_t dtype, int32_t mode, bool bits,
                       const char *run)
{
    const double change =
        fabs(deepid_certificate_loss_deep(cert, dtype, mode) - deepid_certificate_loss_shallow(cert, dtype, mode));
    const double bound = deepid_certificate_bound(cert, dtype, mode);
    const char *words = dtype == DEEPID_F32 ? "f32" : "f64";
    if (!(change <= bound))
        fail_msg("%s, %s, %s, mode %d: the loss changes by %g, the bound is %g", p->name, run, words, mode, change,
                 bound);
    if (mode == DEEPID_EVAL && !bits && !(bound <= p->tolerance))
        fail_msg("%s, %s, %s: the bound is %g, expected at most %g", p->name, run, words, bound, p->tolerance);
    if (bits && !(deepid_certificate_equal(cert, dtype, mode) && bound == 0))
        fail_msg("%s, %s, %s, mode %d: logits differ by %g, expected the same bits", p->name, run, words, mode,
                 deepid_certificate_difference(cert, dtype, mode));
}

static void check_numbers(const promise *p, const deepid_certificate *cert, int32_t own, const char *run)
{
    for (int32_t dtype = DEEPID_F32; dtype <= DEEPID_F64; dtype++) {
        check_mode(p, cert, dtype, DEEPID_EVAL, p->bits == BOTH || (p->bits == OWN && dtype == own), run);
        check_mode(p, cert, dtype, DEEPID_TRAIN, p->bits_train, run);
    }
}

static void check_deeper(deepid_ctx *ctx, const promise *p, const deepid_net *net, const deepid_dataset *data,
                         int64_t count, const char *start)
{
    deepid_net *deeper = NULL;
    deepid_certificate *cert = NULL;
    const int64_t where = strstr(p->how, "place=") ? -1 : deepid_net_block_count(net) > 0;
    OK(p->on_data ? deepid_net_deepen_on(net, data, where, p->block, count, p->how, &deeper)
                  : deepid_net_deepen(net, where, p->block, count, p->how, &deeper));
    assert_int_equal(deepid_net_block_count(deeper), deepid_net_block_count(net) + count);
    OK(deepid_certificate_create(net, deeper, data, &cert));
    char run[64];
    snprintf(run, sizeof run, "%lld blocks, %s", (long long)count, start);
    check_numbers(p, cert, deepid_net_dtype(net), run);
    deepid_certificate_destroy(cert);
    deepid_net_destroy(deeper);
}

/* One trained net, made deeper by each number of blocks. */
static void check(const promise *p, int32_t dtype, const int64_t *counts, int n, uint64_t seed)
{
    deepid_ctx *ctx = new_ctx(2);
    deepid_dataset *data = NULL;
    if (seed == 2)
        OK(deepid_ctx_set_isa(ctx, "baseline")); /* seed 1: the best that is here */
    OK(deepid_dataset_generate(ctx, p->data, seed, &data));
    deepid_net *net = trained(ctx, p, data, dtype, seed);
    char start[48];
    snprintf(start, sizeof start, "%s net, seed %d", dtype == DEEPID_F32 ? "f32" : "f64", (int)seed);
    for (int i = 0; i < n; i++)
        check_deeper(ctx, p, net, data, counts[i], start);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

static void the_loss_stays_within_the_bound(void **state)
{
    static const int64_t counts[] = {1, 10, 100};
    (void)state;
    for (int i = 0; i < PROMISES; i++)
        for (uint64_t seed = 1; seed <= 2; seed++)
            check(&promises[i], seed == 1 ? DEEPID_F32 : DEEPID_F64, counts, 3, seed);
}

/* 10 batch-norms with the statistics of the samples: training mode stays near (a batch of 48 has other statistics
   than all 96), while mean 0 and variance 1 take it away. */
static void batch_statistics_stay_near_with_those_of_the_samples(void **state)
{
    (void)state;
    static const char block[] = "plain { dense out=8; batchnorm; relu }";
    double sum[2] = {0, 0};
    for (uint64_t seed = 1; seed <= 4; seed++) {
        const promise p = {"",    spirals, DENSE "batchnorm; relu; plain { dense out=8; batchnorm; relu }; dense out=2",
                           block, "",      true,
                           NONE,  false,   0};
        double change[2];
        deepid_ctx *ctx = new_ctx(1);
        deepid_dataset *data = NULL;
        OK(deepid_dataset_generate(ctx, spirals, seed, &data));
        deepid_net *net = trained(ctx, &p, data, DEEPID_F32, seed);
        OK(deepid_net_measure_statistics(net, data));
        for (int unit = 0; unit < 2; unit++) {
            deepid_net *deeper = NULL;
            deepid_certificate *cert = NULL;
            OK(deepid_net_deepen_on(net, data, 1, block, 10, unit ? "witness statistics=unit" : "witness", &deeper));
            OK(deepid_certificate_create(net, deeper, data, &cert));
            change[unit] = fabs(deepid_certificate_loss_deep(cert, DEEPID_F32, DEEPID_TRAIN) -
                                deepid_certificate_loss_shallow(cert, DEEPID_F32, DEEPID_TRAIN));
            assert_true(deepid_certificate_bound(cert, DEEPID_F32, DEEPID_EVAL) < 1e-3);
            deepid_certificate_destroy(cert);
            deepid_net_destroy(deeper);
        }
        if (!(change[0] < 0.05))
            fail_msg("seed %d: the loss in training mode changes by %g with the samples' statistics", (int)seed,
                     change[0]);
        sum[0] += change[0];
        sum[1] += change[1];
        deepid_net_destroy(net);
        deepid_dataset_destroy(data);
        deepid_ctx_destroy(ctx);
    }
    if (!(sum[1] > 3 * sum[0]))
        fail_msg("seeds 1 to 4: in training mode the losses change by %g with the samples' statistics, by %g with mean "
                 "0 and variance 1",
                 sum[0], sum[1]);
}

/* ---- refusals: a reason, and nothing made ----------------------------------------------------------- */

static void blocks_without_a_witness_are_refused_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *net, *block, *words;
    } cases[] = {
        {DENSE "relu; dense out=2", "plain { dense out=4; relu; dense out=8; relu }", "rank"},
        {DENSE "tanh; dense out=2", "plain { dense out=8; tanh }", "no witness for"},
        {DENSE "relu; dense out=2", "plain { dense out=8; tanh; dense out=8 }", "deepid_net_deepen_on takes samples"},
        {DENSE "dense out=8; plain { dense out=8 }; dense out=2", "plain { dense out=8; relu }", "no witness for"},
        {DENSE "relu; dense out=2", "plain { dense out=8; layernorm; relu }", "no witness for"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        deepid_ctx *ctx = new_ctx(1);
        deepid_net *net = NULL;
        deepid_net *out = NULL;
        OK(deepid_net_create(ctx, cases[i].net, DEEPID_F32, &net));
        OK(deepid_net_init(net, "he", 1));
        REFUSED(deepid_net_deepen(net, deepid_net_block_count(net) > 0, cases[i].block, 3, "witness", &out),
                DEEPID_ERR_UNSUPPORTED, cases[i].words);
        assert_null(out);
        deepid_net_destroy(net);
        deepid_ctx_destroy(ctx);
    }
}

/* Behind a relu flows what it may: a tanh block has a witness on the samples, not on all of [0, inf). */
static void samples_allow_more_than_ranges_do(void **state)
{
    (void)state;
    const promise p = {"tanh behind relu, on samples",
                       spirals,
                       DENSE "relu; dense out=2",
                       "plain { dense out=8; tanh; dense out=8 }",
                       "witness",
                       true,
                       NONE,
                       false,
                       1e-3};
    const int64_t count = 10;
    check(&p, DEEPID_F32, &count, 1, 1);
    check(&p, DEEPID_F64, &count, 1, 2);
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    deepid_net *out = NULL;
    OK(deepid_net_create(ctx, p.shallow, DEEPID_F32, &net));
    OK(deepid_net_init(net, "he", 1));
    REFUSED(deepid_net_deepen(net, 0, "plain { dense out=8; batchnorm; relu }", 3, "witness statistics=data", &out),
            DEEPID_ERR_UNSUPPORTED, "statistics=data needs samples");
    REFUSED(deepid_net_deepen(net, 0, "plain { dense out=8; batchnorm; relu }", 3, "witness mode=train", &out),
            DEEPID_ERR_UNSUPPORTED, "no witness for");
    REFUSED(deepid_net_deepen(net, 0, "plain { dense out=8; relu }", 3, "witness tolerance=0", &out), DEEPID_ERR_SPEC,
            "tolerance");
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_loss_stays_within_the_bound),
        cmocka_unit_test(batch_statistics_stay_near_with_those_of_the_samples),
        cmocka_unit_test(blocks_without_a_witness_are_refused_with_the_reason),
        cmocka_unit_test(samples_allow_more_than_ranges_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
