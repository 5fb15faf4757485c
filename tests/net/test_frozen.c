/* How frozen nets run: the same bits however the work is cut, NaN stays with its sample, nothing is allocated. */
#include "net/frozen_examples.h"

#include "tensor/tensor.h"

#include <math.h>

/* ---- the same bits -------------------------------------------------------------------------------------- */

/* Few pictures are cut by rows and channels, many by groups: by the number of threads. */
static void the_bits_do_not_depend_on_threads(void **state)
{
    static const int64_t batches[] = {1, 2, 3, 5, 16, 33};
    (void)state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
            uint64_t first = 0;
            for (int32_t threads = 1; threads <= 7; threads++) {
                deepid_ctx *ctx = new_ctx(threads);
                deepid_net *net = random_net(ctx, examples[i].text, DEEPID_F32, 2);
                deepid_net *frozen = NULL;
                OK(deepid_net_freeze(net, &frozen));
                deepid_tensor *y = outputs_of(ctx, frozen, batches[b], 3);
                const uint64_t now = bits(y->data, y->count * (int64_t)sizeof(float));
                first = threads == 1 ? now : first;
                if (now != first)
                    fail_msg("batch %lld: %d threads give other bits than 1\n  %s", (long long)batches[b], threads,
                             examples[i].text);
                deepid_tensor_destroy(y);
                deepid_net_destroy(frozen);
                deepid_net_destroy(net);
                deepid_ctx_destroy(ctx);
            }
        }
    }
}

/* Nets of pictures: the outputs of one do not depend on the others in its batch. (The matrix products behind dense
   layers may choose other kernels for other batches.) */
static void a_picture_has_the_bits_that_it_has_alone(void **state)
{
    enum { N = 37 };
    (void)state;
    for (dpid_isa isa = 0; isa < DPID_ISAS; isa++) {
        if (!dpid_isa_runs(isa))
            continue;
        deepid_ctx *ctx = new_ctx(2);
        OK(deepid_ctx_set_isa(ctx, dpid_isa_word(isa)));
        deepid_net *net = random_net(
            ctx,
            "input 16x16x3; conv2d out=16 kernel=3; batchnorm; relu; 2 * identity { " BODY
            " } after=relu; identity shortcut=A { conv2d out=64 kernel=3 stride=2 "
            "padding=1 bias=0; batchnorm; relu; conv2d out=64 kernel=3; batchnorm } after=relu; global_avgpool",
            DEEPID_F32, 21);
        deepid_net *frozen = NULL;
        OK(deepid_net_freeze(net, &frozen));
        deepid_tensor *x = batch_of(ctx, frozen, false, N);
        deepid_tensor *y = batch_of(ctx, frozen, true, N);
        deepid_tensor *one = batch_of(ctx, frozen, false, 1);
        deepid_tensor *alone = batch_of(ctx, frozen, true, 1);
        fill_random(x, 6);
        OK(deepid_net_forward(frozen, x, y));
        for (int64_t i = 0; i < N; i++) {
            memcpy(one->data, (float *)x->data + i * one->count, (size_t)one->count * sizeof(float));
            OK(deepid_net_forward(frozen, one, alone));
            if (memcmp(alone->data, (float *)y->data + i * alone->count, (size_t)alone->count * sizeof(float)) != 0)
                fail_msg("%s: picture %lld of %d has other bits alone", dpid_isa_word(isa), (long long)i, N);
        }
        deepid_tensor_destroy(one);
        deepid_tensor_destroy(alone);
        deepid_tensor_destroy(x);
        deepid_tensor_destroy(y);
        deepid_net_destroy(frozen);
        deepid_net_destroy(net);
        deepid_ctx_destroy(ctx);
    }
}

static void a_nan_that_enters_comes_out(void **state)
{
    enum { N = 9 };
    (void)state;
    for (size_t i = 0; i + 1 < EXAMPLES; i++) {
        for (int64_t bad = 0; bad < N; bad += 4) {
            deepid_ctx *ctx = new_ctx(2);
            deepid_net *net = random_net(ctx, examples[i].text, DEEPID_F32, 2);
            deepid_net *frozen = NULL;
            OK(deepid_net_freeze(net, &frozen));
            deepid_tensor *x = batch_of(ctx, frozen, false, N);
            deepid_tensor *y[2] = {batch_of(ctx, frozen, true, N), batch_of(ctx, frozen, true, N)};
            fill_random(x, 6);
            ((float *)x->data)[bad * (x->count / N) + x->count / N / 2] = NAN;
            OK(deepid_net_forward(net, x, y[0]));
            OK(deepid_net_forward(frozen, x, y[1]));
            for (int64_t k = 0; k < y[0]->count; k++) {
                const bool expected = isnan(value_at(y[0], k));
                const bool mine = k / (y[0]->count / N) == bad;
                if (expected && !isnan(value_at(y[1], k)))
                    fail_msg("sample %lld: output %lld is a number, NaN in the net that is not frozen\n  %s",
                             (long long)bad, (long long)k, examples[i].text);
                if (!mine && isnan(value_at(y[1], k)))
                    fail_msg("a NaN of sample %lld came out at %lld, of another sample\n  %s", (long long)bad,
                             (long long)k, examples[i].text);
            }
            deepid_tensor_destroy(x);
            deepid_tensor_destroy(y[0]);
            deepid_tensor_destroy(y[1]);
            deepid_net_destroy(frozen);
            deepid_net_destroy(net);
            deepid_ctx_destroy(ctx);
        }
    }
}

static const char small[] = "input 8x8x3; conv2d out=16 kernel=3 bias=0; batchnorm; relu; identity { " BODY
                            " } after=relu; global_avgpool; dense out=4";

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static void nothing_is_allocated_in_a_forward(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        failing_alloc f = {0};
        deepid_ctx *ctx = NULL;
        assert_int_equal(deepid_ctx_create_with_allocator(failing_alloc_take, failing_alloc_give, &f, &ctx), DEEPID_OK);
        OK(deepid_ctx_set_threads(ctx, 2));
        deepid_net *net = random_net(ctx, examples[i].text, DEEPID_F32, 2);
        deepid_net *frozen = NULL;
        OK(deepid_net_freeze(net, &frozen));
        OK(deepid_net_prepare(frozen, 20, 0));
        deepid_tensor *x = batch_of(ctx, frozen, false, 20);
        deepid_tensor *y = batch_of(ctx, frozen, true, 20);
        const int64_t calls = f.calls;
        OK(deepid_net_forward(frozen, x, y));
        OK(deepid_net_forward(frozen, x, y));
        if (f.calls != calls)
            fail_msg("%lld allocations in a forward\n  %s", (long long)(f.calls - calls), examples[i].text);
        deepid_tensor_destroy(x);
        deepid_tensor_destroy(y);
        deepid_net_destroy(frozen);
        deepid_net_destroy(net);
        deepid_ctx_destroy(ctx);
        assert_int_equal(f.live, 0);
    }
}

static int32_t freeze_and_run(deepid_ctx *ctx, void *arg)
{
    const int64_t in[] = {2, 8, 8, 3};
    const int64_t out[] = {2, 4};
    deepid_net *net = NULL;
    deepid_net *frozen = NULL;
    deepid_tensor *x = NULL;
    deepid_tensor *y = NULL;
    (void)arg;
    int32_t status = deepid_net_create(ctx, small, DEEPID_F32, &net);
    status = status ? status : deepid_net_freeze(net, &frozen);
    status = status ? status : deepid_tensor_create(ctx, DEEPID_F32, 4, in, &x);
    status = status ? status : deepid_tensor_create(ctx, DEEPID_F32, 2, out, &y);
    status = status ? status : deepid_net_forward(frozen, x, y);
    deepid_tensor_destroy(x);
    deepid_tensor_destroy(y);
    deepid_net_destroy(frozen);
    deepid_net_destroy(net);
    return status;
}

static void memory_that_runs_out_is_told(void **state)
{
    (void)state;
    survives_every_failing_allocation("freeze and forward", freeze_and_run, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bits_do_not_depend_on_threads), cmocka_unit_test(a_picture_has_the_bits_that_it_has_alone),
        cmocka_unit_test(a_nan_that_enters_comes_out),       cmocka_unit_test(nothing_is_allocated_in_a_forward),
        cmocka_unit_test(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
