/* Buffers and order of calls: nothing allocated after prepare, the same bits for any number of threads, lifetimes
   that never meet, calls in the wrong order. */
#include "support/support.h"

#include "net/net.h"
#include "net/plan.h"

#include <math.h>

/* ---- a net with its tensors --------------------------------------------------------------- */

typedef struct {
    deepid_net *net;
    deepid_tensor *x, *y, *dy, *dx;
} bench;

static void shape_of(const deepid_net *net, bool output, int64_t n, int64_t *extents)
{
    extents[0] = n;
    for (int32_t i = 0; i < 3; i++)
        extents[i + 1] = output ? deepid_net_output_extent(net, i) : deepid_net_input_extent(net, i);
}

static bench set_up(deepid_ctx *ctx, const char *text, int32_t dtype, int64_t n)
{
    bench b = {NULL};
    int64_t in[4];
    int64_t out[4];
    OK(deepid_net_create(ctx, text, dtype, &b.net));
    OK(deepid_net_init(b.net, "he", 5));
    shape_of(b.net, false, n, in);
    shape_of(b.net, true, n, out);
    OK(deepid_tensor_create(ctx, dtype, 1 + deepid_net_input_rank(b.net), in, &b.x));
    OK(deepid_tensor_create(ctx, dtype, 1 + deepid_net_output_rank(b.net), out, &b.y));
    OK(deepid_tensor_clone(b.x, &b.dx));
    OK(deepid_tensor_clone(b.y, &b.dy));
    const int64_t count = deepid_tensor_count(b.x) + deepid_tensor_count(b.y);
    double *values = malloc(sizeof *values * (size_t)count);
    random_array(6, count, -1, 1, values);
    OK(deepid_tensor_copy_in(b.x, DEEPID_F64, values, NULL));
    OK(deepid_tensor_copy_in(b.dy, DEEPID_F64, values + deepid_tensor_count(b.x), NULL));
    free(values);
    return b;
}

static void tear_down(bench *b)
{
    deepid_tensor_destroy(b->dx);
    deepid_tensor_destroy(b->dy);
    deepid_tensor_destroy(b->y);
    deepid_tensor_destroy(b->x);
    deepid_net_destroy(b->net);
}

static uint64_t tensor_bits(const deepid_tensor *t)
{
    return bits(deepid_tensor_data((deepid_tensor *)t),
                deepid_tensor_count(t) * (deepid_tensor_dtype(t) == DEEPID_F32 ? 4 : 8));
}

static uint64_t gradient_bits(bench *b)
{
    return bits(deepid_net_trained_gradient(b->net),
                deepid_net_trained_count(b->net) * (deepid_net_dtype(b->net) == DEEPID_F32 ? 4 : 8));
}

static void once(deepid_ctx *ctx, bench *b)
{
    OK(deepid_net_forward(b->net, b->x, b->y));
    OK(deepid_net_zero_gradients(b->net));
    OK(deepid_tensor_fill(b->dx, 77));
    OK(deepid_net_backward(b->net, b->dy, b->dx));
}

static const char *const nets[] = {
    "input 9; dense out=33; batchnorm; relu; 3 * identity { dense out=33; batchnorm; relu; dropout p=0.3; dense out=33 "
    "} after=gelu; plain { dense out=20; layernorm; tanh }; dense out=5",
    "input 12x10x3; conv2d out=8 kernel=3 bias=0; batchnorm; relu; 2 * identity out=8; identity out=16 stride=2 "
    "shortcut=A; preact out=16 shortcut=C; bottleneck out=4 shortcut=B s=0.5;"
    "identity out=24 stride=2 shortcut=B; maxpool kernel=2; global_avgpool; dense out=10",
    "input 9x7x3; conv2d out=16 kernel=3; batchnorm; leaky_relu; 2 * identity out=16; 2 * plain out=17; identity "
    "out=17 s=0.5; plain { conv2d out=16 kernel=3 stride=3; batchnorm } after=leaky_relu;"
    "identity { conv2d out=16 kernel=3; batchnorm } after=none; global_avgpool; dense out=4",
    "input 9x7x3; conv2d out=8 kernel=3; batchnorm eps=0.01 backward_eps=1; relu; 2 * identity { conv2d out=8 "
    "kernel=3; batchnorm backward_eps=1; relu; gradient_cast; conv2d out=8 kernel=3 } after=relu;"
    "global_avgpool; dense out=4; batchnorm backward_eps=1",
    "input 9; dense out=33; relu; 3 * identity { dense out=33; relu; dense out=33 }; 2 * plain { dense out=20; tanh; "
    "dense out=20 bias=0 }; dense out=20; gelu; identity { dense out=20; sigmoid } s=0.5;"
    "dense out=20; relu; dense out=7; relu; dense out=5",
    "input 300; dense out=300; relu; 3 * identity { dense out=300; relu; dense out=300; relu } after=none; 2 * plain { "
    "dense out=300; tanh }; dense out=10; relu",
    "input 8x8x2; 4 * identity { conv2d out=2 kernel=3; tanh }; avgpool kernel=2; flatten; identity shortcut=B { dense "
    "out=7; prelu }",
    "input 6x6x8; identity s=0.3 { conv2d out=8 kernel=1; batchnorm } after=leaky_relu; identity { conv2d out=8 "
    "kernel=1 stride=4; conv2d out=8 kernel=5 padding=4 }; flatten", /* the convolution that loads what
        the first block gives does not look at its last column and row; the skip does */
};
enum { NETS = sizeof nets / sizeof *nets, SAMPLES = 19 };

/* ---- memory ------------------------------------------------------------------------------------ */

static void nothing_is_allocated_after_prepare(void **state)
{
    (void)state;
    for (int i = 0; i < NETS; i++) {
        failing_alloc f = {0};
        deepid_ctx *ctx = NULL;
        assert_int_equal(deepid_ctx_create_with_allocator(failing_alloc_take, failing_alloc_give, &f, &ctx), DEEPID_OK);
        OK(deepid_ctx_set_threads(ctx, 2));
        bench b = set_up(ctx, nets[i], DEEPID_F32, SAMPLES);
        OK(deepid_net_prepare(b.net, SAMPLES, 1));
        OK(deepid_net_set_mode(b.net, DEEPID_TRAIN));
        const int64_t calls = f.calls;
        once(ctx, &b);
        OK(deepid_net_set_mode(b.net, DEEPID_EVAL));
        once(ctx, &b);
        OK(deepid_net_prepare(b.net, SAMPLES - 1, 0));
        if (f.calls != calls)
            fail_msg("net %d: %lld allocations after prepare", i, (long long)(f.calls - calls));
        tear_down(&b);
        deepid_ctx_destroy(ctx);
        assert_int_equal(f.live, 0);
    }
}

/* In evaluation a chain needs two places, however long it is, and transposed weights of no more layers than fit the
   cache. */
static void evaluation_shares_buffers(void **state)
{
    (void)state;
    enum { N = 256 };
    deepid_ctx *ctx = new_ctx(1);
    bench shallow = set_up(ctx, "input 50; 40 * plain { dense out=50; tanh }", DEEPID_F32, N);
    bench deep = set_up(ctx, "input 50; 90 * plain { dense out=50; tanh }", DEEPID_F32, N);
    OK(deepid_net_prepare(shallow.net, N, 0));
    OK(deepid_net_prepare(deep.net, N, 0));
    assert_int_equal(dpid_net_buffer_bytes(shallow.net), dpid_net_buffer_bytes(deep.net));
    assert_true(dpid_net_buffer_bytes(deep.net) < 1000 * 1000);
    OK(deepid_net_prepare(deep.net, N, 1));
    /* training keeps what every layer gave */
    assert_true(dpid_net_buffer_bytes(deep.net) > 90 * N * 50 * (int64_t)sizeof(float));
    tear_down(&deep);
    tear_down(&shallow);
    deepid_ctx_destroy(ctx);
}

/* ResNet-1202: its text, its parameters, no activations. */
static void a_very_deep_net_is_made_without_buffers(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    OK(deepid_resnet_cifar(ctx, 1202, "identity", DEEPID_F32, &net));
    assert_int_equal(deepid_net_block_count(net), 600);
    assert_int_equal(dpid_net_buffer_bytes(net), 0);
    /* 78 MB of values; 64 samples' activations would be 50 times as much */
    assert_true(deepid_ctx_memory(ctx) < 200 * 1000 * 1000);
    OK(deepid_ctx_set_limit(ctx, "memory_bytes", deepid_ctx_memory(ctx) + 10 * 1000 * 1000));
    REFUSED(deepid_net_prepare(net, 64, 1), DEEPID_ERR_LIMIT, "memory_bytes");
    assert_int_equal(dpid_net_buffer_bytes(net), 0);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

static void batches_beyond_counting_are_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    bench b = set_up(ctx, nets[1], DEEPID_F32, 2);
    REFUSED(deepid_net_prepare(b.net, INT64_MAX, 1), DEEPID_ERR_LIMIT, "net");
    REFUSED(deepid_net_prepare(b.net, INT64_MAX / 100000, 1), DEEPID_ERR_LIMIT, "net");
    REFUSED(deepid_net_prepare(b.net, -1, 1), DEEPID_ERR_ARGUMENT, "batch is -1");
    OK(deepid_net_forward(b.net, b.x, b.y));
    tear_down(&b);
    deepid_ctx_destroy(ctx);
}

/* The last batch of an epoch is smaller, and cut into other tasks. */
static void room_for_a_batch_is_enough_for_a_smaller_one(void **state)
{
    (void)state;
    enum { MOST = 140, WORKERS = 3 };
    static const char *const layers[] = {"conv2d out=5 kernel=3",
                                         "conv2d out=32 kernel=3",
                                         "conv2d out=8 kernel=3 stride=2",
                                         "batchnorm",
                                         "layernorm",
                                         "maxpool kernel=2",
                                         "dropout"};
    deepid_ctx *ctx = new_ctx(WORKERS);
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        char text[64];
        deepid_net *net = NULL;
        snprintf(text, sizeof text, "input 9x8x16; %s", layers[i]);
        OK(deepid_net_create(ctx, text, DEEPID_F32, &net));
        int64_t before = 0;
        for (int64_t n = 1; n <= MOST; n++) {
            const int64_t reals = dpid_op_scratch(&net->layer[0].op, n, WORKERS);
            if (reals < before)
                fail_msg("%s: scratch for %lld samples is %lld reals, for one less %lld", layers[i], (long long)n,
                         (long long)reals, (long long)before);
            before = reals;
        }
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- lifetimes ------------------------------------------------------------------------------------ */

/* A place given away too early would show: the same net with all its buffers apart gives the same bits. */
static void shared_buffers_give_the_bits_of_separate_ones(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(2);
    for (int i = 0; i < NETS; i++) {
        bench apart = set_up(ctx, nets[i], DEEPID_F64, SAMPLES);
        bench shared = set_up(ctx, nets[i], DEEPID_F64, SAMPLES);
        OK(dpid_net_keep_all(apart.net, true));
        OK(deepid_net_prepare(apart.net, SAMPLES, 1));
        OK(deepid_net_forward(apart.net, apart.x, apart.y)); /* evaluation: the shared net has two or three places */
        OK(deepid_net_forward(shared.net, shared.x, shared.y));
        if (tensor_bits(apart.y) != tensor_bits(shared.y))
            fail_msg("net %d: evaluation with shared buffers differs", i);
        OK(deepid_net_set_mode(apart.net, DEEPID_TRAIN));
        OK(deepid_net_set_mode(shared.net, DEEPID_TRAIN));
        once(ctx, &apart);
        OK(deepid_net_prepare(shared.net, SAMPLES, 1));
        once(ctx, &shared);
        if (tensor_bits(apart.y) != tensor_bits(shared.y) || tensor_bits(apart.dx) != tensor_bits(shared.dx) ||
            gradient_bits(&apart) != gradient_bits(&shared))
            fail_msg("net %d: training with shared buffers differs", i);
        assert_non_null(dpid_net_value_gradient(apart.net, 1));
        assert_null(dpid_net_value_gradient(shared.net, 1));
        /* values and gradients; scratch goes by kernels, not by lifetimes */
        assert_true(shared.net->plan->bytes < apart.net->plan->bytes);
        tear_down(&shared);
        tear_down(&apart);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- recomputation ---------------------------------------------------------------------------------- */

static const char *const deep_nets[] = {
    "input 12x10x3; conv2d out=16 kernel=3 bias=0; batchnorm; relu; 5 * identity out=16; identity out=24 stride=2 "
    "shortcut=A; 2 * plain out=24; identity out=32 stride=2 shortcut=B; preact out=32;"
    "global_avgpool; dense out=10",
    "input 7; 9 * identity { dense out=7; tanh; dropout p=0.2; dense out=7 } after=none; dense out=3",
};

static void recomputed_values_give_the_same_bits_in_less_memory(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(2);
    for (size_t i = 0; i < sizeof deep_nets / sizeof *deep_nets; i++) {
        bench kept = set_up(ctx, deep_nets[i], DEEPID_F32, SAMPLES);
        OK(deepid_net_set_mode(kept.net, DEEPID_TRAIN));
        once(ctx, &kept);
        for (int64_t blocks = 1; blocks <= 4; blocks++) {
            bench again = set_up(ctx, deep_nets[i], DEEPID_F32, SAMPLES);
            OK(deepid_net_set_recompute(again.net, blocks));
            OK(deepid_net_set_mode(again.net, DEEPID_TRAIN));
            once(ctx, &again);
            once(ctx, &again); /* nothing is left over from the first */
            if (tensor_bits(again.y) != tensor_bits(kept.y) || tensor_bits(again.dx) != tensor_bits(kept.dx) ||
                gradient_bits(&again) != gradient_bits(&kept))
                fail_msg("net %zu: recomputing %lld blocks changes bits", i, (long long)blocks);
            if (blocks > 1)
                assert_true(dpid_net_buffer_bytes(again.net) < dpid_net_buffer_bytes(kept.net));
            tear_down(&again);
        }
        tear_down(&kept);
    }
    deepid_ctx_destroy(ctx);
}

/* Layers between the blocks of a segment cut it in pieces whose values lie over each other. */
static void layers_between_blocks_leave_recomputation_right(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(2);
    const char *text = "input 7; plain { dense out=9; tanh; dense out=9; batchnorm }; dense out=8; gelu; 2 * identity "
                       "{ dense out=8; batchnorm; relu; dense out=8 }; layernorm; "
                       "identity { dense out=8; silu; dense out=8 }; dense out=3";
    bench kept = set_up(ctx, text, DEEPID_F32, SAMPLES);
    OK(deepid_net_set_mode(kept.net, DEEPID_TRAIN));
    once(ctx, &kept);
    for (int64_t blocks = 1; blocks <= 4; blocks++) {
        bench again = set_up(ctx, text, DEEPID_F32, SAMPLES);
        OK(deepid_net_set_recompute(again.net, blocks));
        OK(deepid_net_set_mode(again.net, DEEPID_TRAIN));
        once(ctx, &again);
        if (tensor_bits(again.dx) != tensor_bits(kept.dx) || gradient_bits(&again) != gradient_bits(&kept))
            fail_msg("recomputing %lld blocks changes bits", (long long)blocks);
        tear_down(&again);
    }
    tear_down(&kept);
    deepid_ctx_destroy(ctx);
}

/* The loss sum dy y at w + h along. */
static double loss_at(deepid_ctx *ctx, bench *b, const double *w, const double *along, double h)
{
    double sum = 0;
    double *here = deepid_net_trained_data(b->net);
    for (int64_t i = 0; i < deepid_net_trained_count(b->net); i++)
        here[i] = w[i] + h * along[i];
    OK(deepid_net_forward(b->net, b->x, b->y));
    for (int64_t i = 0; i < deepid_tensor_count(b->y); i++)
        sum += ((const double *)deepid_tensor_data(b->dy))[i] * ((const double *)deepid_tensor_data(b->y))[i];
    return sum;
}

/* The derivative along a direction by central differences. */
static double slope_along(deepid_ctx *ctx, bench *b, const double *along, double h)
{
    const int64_t n = deepid_net_trained_count(b->net);
    double *w = malloc((size_t)n * sizeof *w);
    memcpy(w, deepid_net_trained_data(b->net), (size_t)n * sizeof *w);
    const double slope = (loss_at(ctx, b, w, along, h) - loss_at(ctx, b, w, along, -h)) / (2 * h);
    loss_at(ctx, b, w, along, 0);
    free(w);
    return slope;
}

/* A block of preact_plain begins with the batch-norm of what the block before has left: fused, that one reads across
   the end of a segment. Also the family's other members. */
static void families_have_their_gradients_with_blocks_recomputed(void **state)
{
    (void)state;
    enum { BATCH = 3, DEPTH = 20, DEPTH_OF_BOTTLENECKS = 29 };
    deepid_ctx *ctx = new_ctx(2);
    for (int64_t i = 0; deepid_block_word(i); i++) {
        bench b = {NULL};
        const char *word = deepid_block_word(i);
        if (dpid_variant_at(i)->gate != 0) /* families change the shape */
            continue;
        const int64_t depth = strncmp(word, "bottleneck", 10) == 0 ? DEPTH_OF_BOTTLENECKS : DEPTH;
        OK(deepid_resnet_pictures(ctx, depth, word, 8, 8, 3, 4, 10, DEEPID_F64, &b.net));
        bench text = set_up(ctx, deepid_net_describe(b.net), DEEPID_F64, BATCH);
        deepid_net_destroy(b.net);
        OK(deepid_net_set_mode(text.net, DEEPID_TRAIN));
        once(ctx, &text);
        const int64_t count = deepid_net_trained_count(text.net);
        double *along = malloc((size_t)count * sizeof *along);
        double sum = 0;
        random_array(9, count, -1, 1, along);
        for (int64_t k = 0; k < count; k++)
            sum += along[k] * ((const double *)deepid_net_trained_gradient(text.net))[k];
        const uint64_t gradient = gradient_bits(&text);
        double right = slope_along(ctx, &text, along, 1e-6);
        /* a kink may stand between the two ends: the nearer, the less likely */
        for (double h = 1e-7; h > 1e-9 && !(fabs(sum - right) <= 1e-6 * fabs(right)); h /= 10)
            right = slope_along(ctx, &text, along, h);
        if (!(fabs(sum - right) <= 1e-6 * fabs(right)))
            fail_msg("%s: the derivative along a direction is %.9g, by differences %.9g", word, sum, right);
        for (int64_t blocks = 1; blocks <= 4; blocks++) {
            OK(deepid_net_set_recompute(text.net, blocks));
            once(ctx, &text);
            if (gradient_bits(&text) != gradient)
                fail_msg("%s: recomputing %lld blocks changes bits of the gradient", word, (long long)blocks);
        }
        free(along);
        tear_down(&text);
    }
    deepid_ctx_destroy(ctx);
}

/* The way back gives away what the last segment held. */
static void backward_may_be_called_again(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(2);
    for (size_t i = 0; i < sizeof deep_nets / sizeof *deep_nets; i++) {
        for (int64_t blocks = 0; blocks <= 3; blocks++) {
            bench b = set_up(ctx, deep_nets[i], DEEPID_F32, SAMPLES);
            OK(deepid_net_set_recompute(b.net, blocks));
            OK(deepid_net_set_mode(b.net, DEEPID_TRAIN));
            once(ctx, &b);
            const uint64_t dx = tensor_bits(b.dx);
            const uint64_t gradient = gradient_bits(&b);
            OK(deepid_net_zero_gradients(b.net));
            OK(deepid_net_backward(b.net, b.dy, b.dx));
            if (tensor_bits(b.dx) != dx || gradient_bits(&b) != gradient)
                fail_msg("net %zu: a second backward differs, %lld blocks recomputed", i, (long long)blocks);
            tear_down(&b);
        }
    }
    deepid_ctx_destroy(ctx);
}

/* Blocks share the places of what is inside them: NaN from the second block lies where the first one's values were. */
static void what_is_not_finite_is_named_inside_segments_too(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    bench b =
        set_up(ctx, "input 7; 3 * identity { layernorm; dense out=7; layernorm; dense out=7 } after=none; dense out=3",
               DEEPID_F32, SAMPLES);
    for (int64_t blocks = 0; blocks <= 1; blocks++) {
        OK(deepid_net_set_recompute(b.net, blocks));
        OK(deepid_net_set_mode(b.net, DEEPID_TRAIN));
        once(ctx, &b);
        assert_null(dpid_net_find_nonfinite(b.net, "output", SAMPLES));
        for (int32_t i = 0; i < b.net->parameters; i++)
            if (strcmp(b.net->parameter[i].name, "block2.dense1.weight") == 0)
                dpid_store(DPID_P32, dpid_net_parameter_at(b.net, i), 0, (double)NAN);
        OK(deepid_net_forward(b.net, b.x, b.y));
        assert_string_equal(dpid_net_find_nonfinite(b.net, "output", SAMPLES), "block2.dense1");
        OK(deepid_net_init(b.net, "he", 5));
    }
    tear_down(&b);
    deepid_ctx_destroy(ctx);
}

static void how_a_net_is_computed_stands_in_its_text(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    deepid_net *copy = NULL;
    OK(deepid_net_create(ctx, "input 8x8x3 recompute=2 exact=1; 3 * identity { conv2d out=3 kernel=3 }", DEEPID_F32,
                         &net));
    assert_string_equal(deepid_net_describe(net),
                        "input 8x8x3 exact=1 recompute=2; 3 * identity { conv2d out=3 kernel=3 }");
    OK(deepid_net_clone(net, 0, &copy));
    assert_string_equal(deepid_net_describe(copy), deepid_net_describe(net));
    OK(deepid_net_set_exact(net, 0));
    OK(deepid_net_set_recompute(net, 0));
    assert_string_equal(deepid_net_describe(net), "input 8x8x3; 3 * identity { conv2d out=3 kernel=3 }");
    REFUSED(deepid_net_set_exact(net, 2), DEEPID_ERR_ARGUMENT, "exact is 2, expected 0 or 1");
    REFUSED(deepid_net_set_recompute(net, -1), DEEPID_ERR_ARGUMENT, "blocks is -1");
    assert_int_equal(deepid_net_set_exact(NULL, 1), DEEPID_ERR_ARGUMENT);
    assert_int_equal(deepid_net_set_recompute(NULL, 1), DEEPID_ERR_ARGUMENT);
    deepid_net *bad = NULL;
    REFUSED(deepid_net_create(ctx, "input 8 exact=7; relu", DEEPID_F32, &bad), DEEPID_ERR_SPEC, "exact");
    REFUSED(deepid_net_create(ctx, "input 8 exakt=1; relu", DEEPID_F32, &bad), DEEPID_ERR_SPEC, "exakt");
    deepid_net_destroy(copy);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* ---- threads ------------------------------------------------------------------------------------------ */

static void any_number_of_threads_gives_the_same_bits(void **state)
{
    (void)state;
    static const int32_t counts[] = {1, 2, 3, 4, 7};
    enum { COUNTS = sizeof counts / sizeof *counts };
    static const int32_t dtypes[] = {DEEPID_F32, DEEPID_F64};
    for (int i = 0; i < NETS * 2; i++) {
        uint64_t y[COUNTS];
        uint64_t dx[COUNTS];
        uint64_t gradient[COUNTS];
        uint64_t states[COUNTS];
        for (int t = 0; t < COUNTS; t++) {
            deepid_ctx *ctx = new_ctx(counts[t]);
            bench b = set_up(ctx, nets[i / 2], dtypes[i % 2], SAMPLES);
            OK(deepid_net_set_mode(b.net, DEEPID_TRAIN));
            once(ctx, &b);
            y[t] = tensor_bits(b.y);
            dx[t] = tensor_bits(b.dx);
            gradient[t] = gradient_bits(&b);
            states[t] = bits(b.net->states, b.net->states_reals * (i % 2 ? 8 : 4));
            tear_down(&b);
            deepid_ctx_destroy(ctx);
            if (y[t] != y[0] || dx[t] != dx[0] || gradient[t] != gradient[0] || states[t] != states[0])
                fail_msg("net %d, dtype %d: %d threads differ from 1 (y %d, dx %d, gradient %d, states %d)", i / 2,
                         dtypes[i % 2], counts[t], y[t] != y[0], dx[t] != dx[0], gradient[t] != gradient[0],
                         states[t] != states[0]);
        }
    }
}

/* Scratch is by worker: more of them than there were at prepare must not share. */
static void threads_may_be_added_after_prepare(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int i = 0; i < NETS; i++) {
        OK(deepid_ctx_set_threads(ctx, 1));
        bench b = set_up(ctx, nets[i], DEEPID_F32, SAMPLES);
        OK(deepid_net_set_mode(b.net, DEEPID_TRAIN));
        OK(deepid_net_prepare(b.net, SAMPLES, 1));
        once(ctx, &b);
        const uint64_t y = tensor_bits(b.y);
        const uint64_t gradient = gradient_bits(&b);
        OK(deepid_net_zero_gradients(b.net));
        OK(deepid_ctx_set_threads(ctx, 3));
        OK(deepid_net_backward(b.net, b.dy, NULL));
        assert_int_equal(gradient_bits(&b), gradient);
        OK(deepid_ctx_set_threads(ctx, 4));
        once(ctx, &b);
        assert_int_equal(tensor_bits(b.y), y);
        assert_int_equal(gradient_bits(&b), gradient);
        tear_down(&b);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- order of calls --------------------------------------------------------------------------------------- */

static void parameter_gradients_are_added_to(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    bench b = set_up(ctx, nets[1], DEEPID_F64, SAMPLES);
    OK(deepid_net_set_mode(b.net, DEEPID_TRAIN));
    once(ctx, &b);
    const int64_t count = deepid_net_trained_count(b.net);
    double *first = malloc(sizeof *first * (size_t)count);
    memcpy(first, deepid_net_trained_gradient(b.net), sizeof *first * (size_t)count);
    OK(deepid_net_backward(b.net, b.dy, b.dx));
    const double *twice = deepid_net_trained_gradient(b.net);
    for (int64_t i = 0; i < count; i++)
        if (!(twice[i] >= 2 * first[i] - 1e-12 && twice[i] <= 2 * first[i] + 1e-12))
            fail_msg("gradient %lld is %.17g after two calls, %.17g after one", (long long)i, twice[i], first[i]);
    free(first);
    tear_down(&b);
    deepid_ctx_destroy(ctx);
}

static void larger_buffers_forget_the_last_forward(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    bench b = set_up(ctx, nets[0], DEEPID_F32, SAMPLES);
    OK(deepid_net_set_mode(b.net, DEEPID_TRAIN));
    once(ctx, &b);
    OK(deepid_net_prepare(b.net, SAMPLES, 1)); /* nothing new */
    OK(deepid_net_backward(b.net, b.dy, NULL));
    OK(deepid_net_prepare(b.net, SAMPLES + 1, 1));
    REFUSED(deepid_net_backward(b.net, b.dy, NULL), DEEPID_ERR_STATE, "needs a forward before it");
    tear_down(&b);
    deepid_ctx_destroy(ctx);
}

/* Batch-norm of one sample is refused in training; the gradient of the batch before it is still there to be had. */
static void a_refused_forward_leaves_the_last_one(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    bench b = set_up(ctx, nets[0], DEEPID_F32, SAMPLES);
    bench one = set_up(ctx, nets[0], DEEPID_F32, 1);
    OK(deepid_net_set_mode(b.net, DEEPID_TRAIN));
    once(ctx, &b);
    const uint64_t gradient = gradient_bits(&b);
    OK(deepid_tensor_fill(one.x, 3)); /* nothing like the first sample of b */
    REFUSED(deepid_net_forward(b.net, one.x, one.y), DEEPID_ERR_SHAPE,
            "batchnorm: 1 value a channel in training, expected at least 2");
    OK(deepid_net_zero_gradients(b.net));
    OK(deepid_net_backward(b.net, b.dy, NULL));
    assert_int_equal(gradient_bits(&b), gradient);
    tear_down(&one);
    tear_down(&b);
    deepid_ctx_destroy(ctx);
}

static void running_statistics_move_in_training_only(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    bench b = set_up(ctx, nets[0], DEEPID_F64, SAMPLES);
    const uint64_t start = bits(b.net->states, b.net->states_reals * 8);
    OK(deepid_net_forward(b.net, b.x, b.y));
    assert_int_equal(bits(b.net->states, b.net->states_reals * 8), start);
    OK(deepid_net_set_mode(b.net, DEEPID_TRAIN));
    OK(deepid_net_forward(b.net, b.x, b.y));
    const uint64_t moved = bits(b.net->states, b.net->states_reals * 8);
    assert_true(moved != start);
    OK(deepid_net_backward(b.net, b.dy, NULL));
    assert_int_equal(bits(b.net->states, b.net->states_reals * 8), moved);
    tear_down(&b);
    deepid_ctx_destroy(ctx);
}

static void backward_wants_a_forward_in_a_net_prepared_for_training(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    bench b = set_up(ctx, nets[2], DEEPID_F32, 2);
    REFUSED(deepid_net_backward(b.net, b.dy, NULL), DEEPID_ERR_STATE, "needs a forward before it");
    REFUSED(deepid_net_zero_gradients(b.net), DEEPID_ERR_STATE, "no gradients yet");
    assert_null(deepid_net_trained_gradient(b.net));
    OK(deepid_net_forward(b.net, b.x, b.y));
    REFUSED(deepid_net_backward(b.net, b.dy, NULL), DEEPID_ERR_STATE, "prepared for training");
    OK(deepid_net_prepare(b.net, 2, 1));
    OK(deepid_net_zero_gradients(b.net));
    REFUSED(deepid_net_backward(b.net, b.dy, NULL), DEEPID_ERR_STATE, "needs a forward before it");
    OK(deepid_net_forward(b.net, b.x, b.y)); /* evaluation has a gradient too */
    OK(deepid_net_backward(b.net, b.dy, b.dx));
    tear_down(&b);
    deepid_ctx_destroy(ctx);
}

static void a_clone_has_the_same_values_and_its_own_buffers(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int i = 0; i < NETS; i++) {
        bench b = set_up(ctx, nets[i], DEEPID_F32, SAMPLES);
        deepid_net *copy = NULL;
        deepid_net *wide = NULL;
        deepid_net *back = NULL;
        OK(deepid_net_set_mode(b.net, DEEPID_TRAIN));
        once(ctx, &b);
        OK(deepid_net_set_mode(b.net, DEEPID_EVAL));
        OK(deepid_net_forward(b.net, b.x, b.y));
        const uint64_t y = tensor_bits(b.y);
        OK(deepid_net_clone(b.net, 0, &copy));
        OK(deepid_net_clone(b.net, DEEPID_F64, &wide));
        OK(deepid_net_clone(wide, DEEPID_F32, &back));
        assert_int_equal(deepid_net_dtype(wide), DEEPID_F64);
        assert_string_equal(deepid_net_describe(copy), deepid_net_describe(b.net));
        const int64_t bytes = 4 * deepid_net_trained_count(b.net);
        assert_int_equal(bits(deepid_net_trained_data(back), bytes), bits(deepid_net_trained_data(b.net), bytes));
        memset(deepid_net_trained_data(b.net), 0, (size_t)bytes);
        OK(deepid_net_forward(copy, b.x, b.y));
        assert_int_equal(tensor_bits(b.y), y);
        OK(deepid_net_forward(back, b.x, b.y));
        assert_int_equal(tensor_bits(b.y), y);
        deepid_net_destroy(back);
        deepid_net_destroy(wide);
        deepid_net_destroy(copy);
        tear_down(&b);
    }
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_allocated_after_prepare),
        cmocka_unit_test(evaluation_shares_buffers),
        cmocka_unit_test(a_very_deep_net_is_made_without_buffers),
        cmocka_unit_test(batches_beyond_counting_are_refused),
        cmocka_unit_test(room_for_a_batch_is_enough_for_a_smaller_one),
        cmocka_unit_test(shared_buffers_give_the_bits_of_separate_ones),
        cmocka_unit_test(recomputed_values_give_the_same_bits_in_less_memory),
        cmocka_unit_test(layers_between_blocks_leave_recomputation_right),
        cmocka_unit_test(families_have_their_gradients_with_blocks_recomputed),
        cmocka_unit_test(backward_may_be_called_again),
        cmocka_unit_test(what_is_not_finite_is_named_inside_segments_too),
        cmocka_unit_test(how_a_net_is_computed_stands_in_its_text),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(threads_may_be_added_after_prepare),
        cmocka_unit_test(parameter_gradients_are_added_to),
        cmocka_unit_test(larger_buffers_forget_the_last_forward),
        cmocka_unit_test(a_refused_forward_leaves_the_last_one),
        cmocka_unit_test(running_statistics_move_in_training_only),
        cmocka_unit_test(backward_wants_a_forward_in_a_net_prepared_for_training),
        cmocka_unit_test(a_clone_has_the_same_values_and_its_own_buffers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
