/* Memory: sizes that would overflow are refused, every byte is counted, failure leaves nothing behind. */
#include "support/support.h"

#include "base/base.h"

/* ---- sizes ----------------------------------------------------------------------- */

static void arithmetic_refuses_what_does_not_fit(void **state)
{
    (void)state;
    const struct {
        int64_t a, b;
        bool product, sum;
    } cases[] = {
        {0, 0, true, true},
        {INT64_MAX, 1, true, false},
        {INT64_MAX, 0, true, true},
        {INT64_MAX / 2, 2, true, true},
        {INT64_MAX / 2 + 1, 2, false, true},
        {(int64_t)1 << 32, (int64_t)1 << 31, false, true},
        {(int64_t)1 << 31, (int64_t)1 << 31, true, true},
        {-1, 1, false, false},
        {1, -1, false, false},
        {-1, -1, false, false},
        {INT64_MIN, INT64_MIN, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t out = 77;
        if (dpid_mul(cases[i].a, cases[i].b, &out) != cases[i].product || (!cases[i].product && out != 77))
            fail_msg("%lld * %lld: expected %s and out %s", (long long)cases[i].a, (long long)cases[i].b,
                     cases[i].product ? "true" : "false", cases[i].product ? "written" : "untouched");
        if (cases[i].product)
            assert_true(out == cases[i].a * cases[i].b);
        out = 77;
        if (dpid_add(cases[i].a, cases[i].b, &out) != cases[i].sum || (!cases[i].sum && out != 77))
            fail_msg("%lld + %lld: expected %s and out %s", (long long)cases[i].a, (long long)cases[i].b,
                     cases[i].sum ? "true" : "false", cases[i].sum ? "written" : "untouched");
    }
}

static void a_product_of_extents_is_checked_at_every_step(void **state)
{
    (void)state;
    int64_t out = 77;
    assert_true(dpid_product(0, NULL, &out));
    assert_int_equal(out, 1);
    assert_true(dpid_product(3, (const int64_t[]){2, 3, 5}, &out));
    assert_int_equal(out, 30);
    assert_false(dpid_product(3, (const int64_t[]){(int64_t)1 << 31, (int64_t)1 << 31, 4}, &out));
    assert_false(dpid_product(2, (const int64_t[]){3, -1}, &out));
    assert_int_equal(out, 30);
    assert_true(dpid_round_up(65, 64, &out));
    assert_int_equal(out, 128);
    assert_true(dpid_round_up(64, 64, &out));
    assert_int_equal(out, 64);
    assert_false(dpid_round_up(INT64_MAX - 3, 64, &out));
}

/* ---- blocks ----------------------------------------------------------------------- */

static void blocks_are_aligned_zeroed_and_counted(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const int64_t before = deepid_ctx_memory(ctx);
    const int64_t counts[] = {0, 1, 63, 64, 65, 1000003};
    char *blocks[6];
    for (int i = 0; i < 6; i++) {
        OK(dpid_alloc(ctx, counts[i], 1, "block", &blocks[i]));
        assert_int_equal((uintptr_t)blocks[i] % DPID_ALIGN, 0);
        for (int64_t j = 0; j < counts[i]; j++)
            if (blocks[i][j] != 0)
                fail_msg("byte %lld of a block of %lld is %d, expected 0", (long long)j, (long long)counts[i],
                         blocks[i][j]);
        memset(blocks[i], 0xff, (size_t)counts[i]);
    }
    assert_true(deepid_ctx_memory(ctx) - before >= 1000003 + 65 + 64 + 63 + 1);
    for (int i = 0; i < 6; i++)
        dpid_free(ctx, blocks[i]);
    dpid_free(ctx, NULL);
    assert_int_equal(deepid_ctx_memory(ctx), before);
    deepid_ctx_destroy(ctx);
}

static void sizes_beyond_counting_are_refused_with_their_name(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    void *block = NULL;
    REFUSED(dpid_alloc(ctx, INT64_MAX, 8, "weights", &block), DEEPID_ERR_LIMIT,
            "weights: 9223372036854775807 x 8 bytes");
    REFUSED(dpid_alloc(ctx, INT64_MAX - 10, 1, "weights", &block), DEEPID_ERR_LIMIT, "weights");
    REFUSED(dpid_alloc(ctx, -1, 8, "weights", &block), DEEPID_ERR_LIMIT, "weights: -1 x 8 bytes");
    assert_null(block);
    deepid_ctx_destroy(ctx);
}

static void the_memory_limit_names_what_is_held(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    char *kept = NULL;
    char *more = NULL;
    OK(deepid_ctx_set_limit(ctx, "memory_bytes", 4096));
    OK(dpid_alloc(ctx, 2048, 1, "first", &kept));
    REFUSED(dpid_alloc(ctx, 2048, 1, "second", &more), DEEPID_ERR_LIMIT,
            "second: 2112 bytes would exceed the limit memory_bytes 4096 (2112 are held)");
    assert_null(more);
    OK(deepid_ctx_set_limit(ctx, "memory_bytes", 2 * 2112)); /* just enough */
    OK(dpid_alloc(ctx, 2048, 1, "second", &more));
    dpid_free(ctx, more);
    OK(deepid_ctx_set_limit(ctx, "memory_bytes", 1)); /* below what is held: nothing more, but what is there stays */
    REFUSED(dpid_alloc(ctx, 1, 1, "third", &more), DEEPID_ERR_LIMIT, "third");
    dpid_free(ctx, kept);
    deepid_ctx_destroy(ctx);
}

static void growing_keeps_what_was_there_and_clears_the_rest(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    int32_t *a = NULL;
    OK(dpid_grow(ctx, &a, 0, 3, sizeof *a, "a"));
    for (int32_t i = 0; i < 3; i++)
        a[i] = i + 1;
    OK(dpid_grow(ctx, &a, 3, 200, sizeof *a, "a"));
    for (int32_t i = 0; i < 200; i++)
        assert_int_equal(a[i], i < 3 ? i + 1 : 0);
    int32_t *const before = a;
    REFUSED(dpid_grow(ctx, &a, 200, INT64_MAX, sizeof *a, "a"), DEEPID_ERR_LIMIT, "a");
    assert_ptr_equal(a, before);
    OK(dpid_grow(ctx, &a, 200, 2, sizeof *a, "a")); /* smaller: as many as fit */
    assert_int_equal(a[1], 2);
    dpid_free(ctx, a);
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

/* ---- the caller's allocator ----------------------------------------------------------- */

typedef struct {
    int64_t live, bytes, shift;
} own_heap;

static void *own_take(void *user, uint64_t bytes, uint64_t alignment)
{
    own_heap *h = user;
    h->live++;
    h->bytes += (int64_t)bytes;
    assert_int_equal(alignment, 64);
    return (char *)aligned_alloc(alignment, bytes + 64) + h->shift;
}

static void own_give(void *user, void *memory, uint64_t bytes)
{
    own_heap *h = user;
    assert_non_null(memory);
    h->live--;
    h->bytes -= (int64_t)bytes;
    free((char *)memory - h->shift);
}

static void all_memory_comes_from_the_callers_allocator_and_goes_back(void **state)
{
    (void)state;
    own_heap heap = {0};
    deepid_ctx *ctx = NULL;
    deepid_tensor *x = NULL;
    assert_int_equal(deepid_ctx_create_with_allocator(own_take, own_give, &heap, &ctx), DEEPID_OK);
    OK(deepid_ctx_set_threads(ctx, 3));
    OK(deepid_tensor_create(ctx, DEEPID_F64, 2, (const int64_t[]){300, 300}, &x));
    OK(deepid_tensor_fill(x, 1));
    assert_true(heap.bytes > 300 * 300 * 8);
    deepid_tensor_destroy(x);
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    assert_int_equal(heap.live, 1);
    deepid_ctx_destroy(ctx);
    assert_int_equal(heap.live, 0);
    assert_int_equal(heap.bytes, 0);
}

static void an_allocator_that_does_not_align_is_found_out(void **state)
{
    (void)state;
    own_heap heap = {.shift = 16};
    deepid_ctx *ctx = NULL;
    assert_int_equal(deepid_ctx_create_with_allocator(own_take, own_give, &heap, &ctx), DEEPID_ERR_MEMORY);
    assert_null(ctx);
    assert_int_equal(heap.live, 0);
}

/* ---- arena ------------------------------------------------------------------------------ */

static void an_arena_gives_aligned_zeroed_pieces_and_frees_at_once(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    dpid_arena arena = {.ctx = ctx};
    for (int64_t i = 0; i < 500; i++) {
        unsigned char *piece = NULL;
        const int64_t bytes = i % 50 == 49 ? 100000 : i;
        OK(dpid_arena_alloc(&arena, bytes, 1, "piece", &piece));
        assert_int_equal((uintptr_t)piece % DPID_ALIGN, 0);
        for (int64_t j = 0; j < bytes; j++)
            if (piece[j] != 0)
                fail_msg("byte %lld of piece %lld is %d: it overlaps another", (long long)j, (long long)i, piece[j]);
        memset(piece, 0xff, (size_t)bytes);
    }
    char *text = NULL;
    OK(dpid_arena_text(&arena, "identity", 4, &text));
    assert_string_equal(text, "iden");
    void *huge = NULL;
    REFUSED(dpid_arena_alloc(&arena, INT64_MAX, 2, "huge", &huge), DEEPID_ERR_LIMIT, "huge");
    dpid_arena_release(&arena);
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    dpid_arena_release(&arena);
    deepid_ctx_destroy(ctx);
}

static int32_t use_arena(deepid_ctx *ctx, void *arg)
{
    (void)arg;
    dpid_arena arena = {.ctx = ctx};
    void *piece = NULL;
    int32_t status = DEEPID_OK;
    for (int64_t i = 0; status == DEEPID_OK && i < 4; i++)
        status = dpid_arena_alloc(&arena, 40000, 1, "piece", &piece);
    dpid_arena_release(&arena);
    return status;
}

static void an_arena_survives_every_failing_allocation(void **state)
{
    (void)state;
    survives_every_failing_allocation("arena", use_arena, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arithmetic_refuses_what_does_not_fit),
        cmocka_unit_test(a_product_of_extents_is_checked_at_every_step),
        cmocka_unit_test(blocks_are_aligned_zeroed_and_counted),
        cmocka_unit_test(sizes_beyond_counting_are_refused_with_their_name),
        cmocka_unit_test(the_memory_limit_names_what_is_held),
        cmocka_unit_test(growing_keeps_what_was_there_and_clears_the_rest),
        cmocka_unit_test(all_memory_comes_from_the_callers_allocator_and_goes_back),
        cmocka_unit_test(an_allocator_that_does_not_align_is_found_out),
        cmocka_unit_test(an_arena_gives_aligned_zeroed_pieces_and_frees_at_once),
        cmocka_unit_test(an_arena_survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
