/* Dense layers by chunks of samples (fusion_stretch.c): how large a chunk is depends on the number of workers, so no
   bit may depend on the chunk. */
#include "support/nets.h"

#include "net/fusion.h"
#include "net/plan.h"
#include "tensor/tensor.h"

#include <math.h>

/* Every kind of step; an input that two steps read; weights of more layers than are transposed at a time, so more
   stages than one. */
static const char *const nets[] = {
    "input 9; dense out=33; relu; 3 * identity { dense out=33; relu; dense out=33 }; 2 * plain { dense out=20; tanh; "
    "dense out=20 bias=0 }; dense out=20; gelu; identity { dense out=20; "
    "sigmoid } s=0.5;"
    "dense out=20; relu; dense out=7; relu; dense out=5",
    "input 7; 3 * identity { dense out=7; tanh; dense out=7 } after=none; dense out=3",
    "input 19; 4 * identity { dense out=19; relu } after=none; identity { dense out=19 } after=none; 2 * identity { "
    "dense out=19; relu } s=0.3 after=none; dense out=12; relu; "
    "2 * identity { dense out=40; relu; dense out=12; relu } after=none; identity { dense out=12; gelu } after=none; "
    "dense out=6",
    "input 40; 3 * identity { relu; dense out=40 } after=none; 9 * identity { dense out=130; relu; dense out=40; relu "
    "} after=none; dense out=3",
    "input 40; 7 * plain { dense out=130; relu }; identity shortcut=B { dense out=31; relu }; dense out=10",
    /* 64 samples are turned, 128 are not */
    "input 144; 2 * identity { dense out=144; relu } after=none; plain { dense out=160; tanh }; identity shortcut=B { "
    "dense out=144; relu; dense out=176 } s=0.5; dense out=10",
};
enum { NETS = sizeof nets / sizeof *nets, ONE_STAGE = 3 };

/* 1 worker takes chunks of 128 samples, 2 of 64, 3 of 56, 4 of 40, 7 of 24: none divides this. */
enum { N = 150 };
static const int32_t counts[] = {1, 2, 3, 4, 7};
enum { COUNTS = sizeof counts / sizeof *counts };

static const int32_t dtypes[] = {DEEPID_F32, DEEPID_F64};

typedef struct {
    deepid_ctx *ctx;
    deepid_net *net;
    deepid_tensor *x, *y, *dy, *dx;
} bench;

static bench set_up(const char *text, dpid_isa isa, int32_t threads, int32_t dtype, int64_t n)
{
    deepid_ctx *ctx = new_ctx(threads);
    OK(deepid_ctx_set_isa(ctx, dpid_isa_word(isa)));
    bench b = {.ctx = ctx, .net = random_net(ctx, text, dtype, 5)};
    b.x = batch_of(ctx, b.net, false, n);
    b.dx = batch_of(ctx, b.net, false, n);
    b.y = batch_of(ctx, b.net, true, n);
    b.dy = batch_of(ctx, b.net, true, n);
    fill_random(b.x, 6);
    fill_random(b.dy, 7);
    OK(deepid_net_set_mode(b.net, DEEPID_TRAIN));
    OK(deepid_net_prepare(b.net, n, 1));
    return b;
}

static void tear_down(bench *b)
{
    deepid_tensor_destroy(b->dx);
    deepid_tensor_destroy(b->dy);
    deepid_tensor_destroy(b->y);
    deepid_tensor_destroy(b->x);
    deepid_net_destroy(b->net);
    deepid_ctx_destroy(b->ctx);
}

static void once(bench *b)
{
    deepid_ctx *ctx = b->ctx;
    OK(deepid_tensor_fill(b->y, (double)NAN));
    OK(deepid_tensor_fill(b->dx, (double)NAN));
    OK(deepid_net_forward(b->net, b->x, b->y));
    OK(deepid_net_zero_gradients(b->net));
    OK(deepid_net_backward(b->net, b->dy, b->dx));
}

static int64_t size_of(const bench *b)
{
    return dpid_precision_bytes(b->net->precision);
}

static uint64_t gradient_bits(const bench *b)
{
    return bits(b->net->gradients, b->net->values_reals * size_of(b));
}

/* y, dx, dw, db */
static uint64_t all_bits(const bench *b)
{
    return bits(b->y->data, b->y->count * size_of(b)) +
           31 * (bits(b->dx->data, b->dx->count * size_of(b)) + 31 * gradient_bits(b));
}

/* ---- the same bits ---------------------------------------------------------------------------------------- */

/* The reference goes step by step over the whole batch, with every value kept. */
static void no_bit_depends_on_the_size_of_a_chunk(void **state)
{
    (void)state;
    for (int i = 0; i < NETS * 2 * DPID_ISAS; i++) {
        const char *text = nets[i / 2 / DPID_ISAS];
        const int32_t dtype = dtypes[i / DPID_ISAS % 2];
        const dpid_isa isa = (dpid_isa)(i % DPID_ISAS);
        if (!dpid_isa_runs(isa))
            continue;
        bench whole = set_up(text, isa, 1, dtype, N);
        deepid_ctx *ctx = whole.ctx;
        OK(dpid_net_keep_all(whole.net, true));
        assert_int_equal(whole.net->plan->stages, whole.net->steps);
        once(&whole);
        for (int t = 0; t < COUNTS; t++) {
            bench b = set_up(text, isa, counts[t], dtype, N);
            assert_true(i / 2 / DPID_ISAS < ONE_STAGE ? b.net->plan->stages == 1 : b.net->plan->stages > 1);
            for (int32_t k = 0; k < b.net->plan->stages; k++)
                assert_ptr_equal(b.net->plan->stage[k].fusion, &dpid_fusion_stretch);
            once(&b);
            if (all_bits(&b) != all_bits(&whole))
                fail_msg("%s, %s: %d threads give other bits than step by step (seeds 5, 6, 7)\n  %s",
                         dpid_isa_word(isa), dtype == DEEPID_F32 ? "f32" : "f64", counts[t], text);
            tear_down(&b);
        }
        tear_down(&whole);
    }
}

static bool is_sample(const deepid_tensor *alone, const deepid_tensor *all, int64_t i, int64_t size)
{
    return memcmp(alone->data, (const char *)all->data + i * alone->count * size, (size_t)(alone->count * size)) == 0;
}

static void put_sample(deepid_tensor *alone, const deepid_tensor *all, int64_t i, int64_t size)
{
    memcpy(alone->data, (const char *)all->data + i * alone->count * size, (size_t)(alone->count * size));
}

/* What chunks of any size stand on. */
static void a_sample_has_the_bits_that_it_has_alone(void **state)
{
    (void)state;
    for (int i = 0; i < NETS * 2 * DPID_ISAS; i++) {
        const char *text = nets[i / 2 / DPID_ISAS];
        const dpid_isa isa = (dpid_isa)(i % DPID_ISAS);
        if (!dpid_isa_runs(isa))
            continue;
        bench all = set_up(text, isa, 2, dtypes[i / DPID_ISAS % 2], N);
        bench one = set_up(text, isa, 1, dtypes[i / DPID_ISAS % 2], 1);
        once(&all);
        for (int64_t k = 0; k < N; k++) {
            put_sample(one.x, all.x, k, size_of(&all));
            put_sample(one.dy, all.dy, k, size_of(&all));
            once(&one);
            if (!is_sample(one.y, all.y, k, size_of(&all)) || !is_sample(one.dx, all.dx, k, size_of(&all)))
                fail_msg("%s: sample %lld of %d has other bits alone (seeds 5, 6, 7)\n  %s", dpid_isa_word(isa),
                         (long long)k, N, text);
        }
        tear_down(&one);
        tear_down(&all);
    }
}

/* In evaluation what only the stage reads lies with the worker. */
static void evaluation_gives_the_bits_of_training(void **state)
{
    (void)state;
    for (int i = 0; i < NETS; i++) {
        bench b = set_up(nets[i], dpid_isa_best(), 2, DEEPID_F32, N);
        deepid_ctx *ctx = b.ctx;
        once(&b);
        for (int t = 0; t < COUNTS; t++) {
            deepid_net *net = NULL;
            OK(deepid_ctx_set_threads(ctx, counts[t]));
            OK(deepid_net_clone(b.net, 0, &net));
            OK(deepid_net_set_mode(net, DEEPID_EVAL));
            deepid_tensor *y = outputs_of(ctx, net, N, 6);
            assert_false(net->plan->train);
            assert_memory_equal(y->data, b.y->data, (size_t)(y->count * size_of(&b)));
            deepid_tensor_destroy(y);
            deepid_net_destroy(net);
        }
        tear_down(&b);
    }
}

/* ---- gradients ---------------------------------------------------------------------------------------------- */

static void give_gradient(void *arg, int64_t first, int64_t n)
{
    const bench *b = arg;
    const int64_t row = b->dy->count / N * size_of(b);
    memcpy((char *)dpid_net_output_gradient(b->net) + first * row, (const char *)b->dy->data + first * row,
           (size_t)(n * row));
}

/* Training runs forward and back in one and clears no gradients: the way back writes every one, whatever stands
   there. */
static void gradients_anew_are_those_of_cleared_ones(void **state)
{
    (void)state;
    static const char *const more[] = {
        "input 6; dense out=12; batchnorm; relu; identity { dense out=12; layernorm; prelu; dense out=12 bias=0 }; "
        "dense out=3",
        "input 6x5x2; conv2d out=4 kernel=3; batchnorm; relu; flatten; dense out=9; relu; dense out=3",
        "input 600; dense out=600; relu; dense out=4",
        "input 7; 5 * identity { dense out=7; tanh; dense out=7 } after=none" /* the last stage is in a segment */};
    for (size_t i = 0; i < NETS + sizeof more / sizeof *more; i++) {
        bench b = set_up(i < NETS ? nets[i] : more[i - NETS], dpid_isa_best(), 3, DEEPID_F32, N);
        deepid_ctx *ctx = b.ctx;
        once(&b);
        const uint64_t cleared = gradient_bits(&b);
        for (int64_t blocks = 2; blocks >= 0; blocks--) {
            OK(deepid_net_set_recompute(b.net, blocks));
            OK(deepid_net_prepare(b.net, N, 1));
            for (int64_t k = 0; k < b.net->values_reals; k++)
                dpid_store(b.net->precision, b.net->gradients, k, (double)NAN);
            memcpy(dpid_net_input(b.net), b.x->data, (size_t)(b.x->count * size_of(&b)));
            OK(dpid_net_run_through_loss(b.net, DPID_TRAIN, N, &(dpid_net_loss){give_gradient, &b}));
            if (gradient_bits(&b) != cleared)
                fail_msg("gradients written anew differ, %lld blocks recomputed (seeds 5, 6, 7)\n  %s",
                         (long long)blocks, deepid_net_describe(b.net));
        }
        double sum = 0;
        for (int64_t k = 0; k < b.net->values_reals; k++)
            sum += (double)((const float *)b.net->gradients)[k] * (double)((const float *)b.net->gradients)[k];
        if (!(fabs(dpid_net_gradient_squares(b.net) - sum) <= 1e-12 * sum))
            fail_msg("the squares of the gradient are %.17g, expected %.17g (seeds 5, 6, 7)\n  %s",
                     dpid_net_gradient_squares(b.net), sum, deepid_net_describe(b.net));
        tear_down(&b);
    }
}

/* A segment's end cuts a stage in two, and the second half finds what it reads. */
static void recomputed_blocks_give_the_same_bits(void **state)
{
    (void)state;
    for (int i = 0; i < NETS; i++) {
        bench kept = set_up(nets[i], dpid_isa_best(), 2, DEEPID_F32, N);
        once(&kept);
        for (int64_t blocks = 1; blocks <= 4; blocks++) {
            bench again = set_up(nets[i], dpid_isa_best(), 3, DEEPID_F32, N);
            deepid_ctx *ctx = again.ctx;
            OK(deepid_net_set_recompute(again.net, blocks));
            once(&again);
            once(&again); /* nothing is left over from the first */
            if (all_bits(&again) != all_bits(&kept))
                fail_msg("recomputing %lld blocks changes bits (seeds 5, 6, 7)\n  %s", (long long)blocks, nets[i]);
            tear_down(&again);
        }
        tear_down(&kept);
    }
}

/* ---- numbers that are none -------------------------------------------------------------------------------- */

static void nan_stays_with_its_sample(void **state)
{
    (void)state;
    enum { BAD = 70 };
    for (int i = 0; i < NETS; i++) {
        bench b = set_up(nets[i], dpid_isa_best(), 2, DEEPID_F32, N);
        const int64_t in = b.x->count / N;
        const int64_t out = b.y->count / N;
        once(&b);
        float *before = malloc((size_t)b.y->count * sizeof *before);
        memcpy(before, b.y->data, (size_t)b.y->count * sizeof *before);
        ((float *)b.x->data)[BAD * in] = NAN;
        once(&b);
        const float *y = b.y->data;
        for (int64_t k = 0; k < b.y->count; k++)
            if (k / out == BAD ? !isnan(y[k]) : y[k] != before[k])
                fail_msg("output %lld is %g with a NaN in sample %d, %g without\n  %s", (long long)k, (double)y[k], BAD,
                         (double)before[k], nets[i]);
        free(before);
        tear_down(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_bit_depends_on_the_size_of_a_chunk),
        cmocka_unit_test(a_sample_has_the_bits_that_it_has_alone),
        cmocka_unit_test(evaluation_gives_the_bits_of_training),
        cmocka_unit_test(gradients_anew_are_those_of_cleared_ones),
        cmocka_unit_test(recomputed_blocks_give_the_same_bits),
        cmocka_unit_test(nan_stays_with_its_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
