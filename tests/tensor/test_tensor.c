/* Tensors: copies with any strides and types; products against plain loops, the same bits for any number of threads. */
#include "support/support.h"

#include "base/base.h"
#include "tensor/gemm.h"

#include <math.h>

/* ---- copies ------------------------------------------------------------------------------- */

static void copies_take_any_type_and_stride(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const uint8_t u8[] = {0, 1, 2, 3, 4, 255};
    const int16_t i16[] = {-3, 1, 2, 3, 4, 32767};
    const int64_t i64[] = {-3, 1, 2, 3, 4, 5};
    const double f64[] = {-3, 1, 0.5, 3, 4, 5};
    const struct {
        int32_t dtype;
        const void *data;
        double first, last;
    } rows[] = {{DEEPID_U8, u8, 0, 255}, {DEEPID_I16, i16, -3, 32767}, {DEEPID_I64, i64, -3, 5}, {DEEPID_F64, f64, -3, 5}};
    const int64_t extents[] = {2, 3};
    deepid_tensor *t = NULL;
    OK(deepid_tensor_create(ctx, DEEPID_F32, 2, extents, &t));
    float *x = deepid_tensor_data(t);
    for (size_t i = 0; i < 4; i++) {
        OK(deepid_tensor_copy_in(t, rows[i].dtype, rows[i].data, NULL));
        assert_true(x[0] == (float)rows[i].first && x[5] == (float)rows[i].last);
    }
    const int64_t transposed[] = {1, 2};
    OK(deepid_tensor_copy_in(t, DEEPID_F64, f64, transposed));
    assert_true(x[1] == 0.5f && x[3] == 1);
    const int64_t backwards[] = {-3, -1};
    OK(deepid_tensor_copy_in(t, DEEPID_F64, f64 + 5, backwards));
    assert_true(x[0] == 5 && x[5] == -3);
    double back[6];
    OK(deepid_tensor_copy_out(t, DEEPID_F64, back, transposed));
    assert_true(back[0] == 5 && back[2] == 4 && back[4] == 3 && back[1] == 0.5);
    REFUSED(deepid_tensor_copy_in(t, 99, f64, NULL), DEEPID_ERR_DTYPE, "dtype of the source is 99");
    REFUSED(deepid_tensor_copy_in(t, DEEPID_F64, NULL, NULL), DEEPID_ERR_ARGUMENT, "source is NULL");
    REFUSED(deepid_tensor_copy_out(t, DEEPID_U8, back, NULL), DEEPID_ERR_DTYPE, "expected DEEPID_F32 or DEEPID_F64");
    deepid_tensor_destroy(t);
    deepid_ctx_destroy(ctx);
}

static void impossible_shapes_are_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_tensor *t = NULL;
    const int64_t negative[] = {-1};
    const int64_t huge[] = {1 << 30, 1 << 30, 1 << 30};
    double one = 1;
    REFUSED(deepid_tensor_create(ctx, DEEPID_U8, 0, NULL, &t), DEEPID_ERR_DTYPE, "dtype is 3 (u8)");
    REFUSED(deepid_tensor_create(ctx, DEEPID_F32, 9, huge, &t), DEEPID_ERR_SHAPE, "rank is 9");
    REFUSED(deepid_tensor_create(ctx, DEEPID_F32, 1, negative, &t), DEEPID_ERR_SHAPE, "extent 0 is -1");
    REFUSED(deepid_tensor_create(ctx, DEEPID_F32, 3, huge, &t), DEEPID_ERR_LIMIT, "tensor_elements");
    REFUSED(deepid_tensor_wrap(ctx, DEEPID_F64, 0, NULL, NULL, &t), DEEPID_ERR_ARGUMENT, "data is NULL");
    REFUSED(deepid_tensor_wrap(ctx, DEEPID_F64, 0, NULL, (char *)&one + 1, &t), DEEPID_ERR_ARGUMENT, "not aligned");
    assert_null(t);
    deepid_ctx_destroy(ctx);
}

/* ---- products --------------------------------------------------------------------------------- */

typedef void (*product)(dpid_pool *, int64_t, int64_t, int64_t, const double *, int64_t, const double *, int64_t, bool, double *, int64_t);

static void check_product(dpid_pool *pool, int form, int64_t m, int64_t n, int64_t k, bool add)
{
    static const product products[] = {dpid_gemm_nn_f64, dpid_gemm_nt_f64, dpid_gemm_tn_f64};
    double *a = malloc(sizeof *a * (size_t)(m * k + 1));
    double *b = malloc(sizeof *b * (size_t)(n * k + 1));
    double *c = malloc(sizeof *c * (size_t)(m * n));
    random_array(1, m * k, -1, 1, a);
    random_array(2, n * k, -1, 1, b);
    for (int64_t i = 0; i < m * n; i++)
        c[i] = add ? 1 : (double)NAN;
    const int64_t lda = form == 2 ? m : k;
    const int64_t ldb = form == 1 ? k : n;
    products[form](pool, m, n, k, a, lda > 0 ? lda : 1, b, ldb > 0 ? ldb : 1, add, c, n);
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j += n > 50 ? 7 : 1) {
            double sum = add;
            double size = 1;
            for (int64_t p = 0; p < k; p++) {
                const double term = (form == 2 ? a[p * m + i] : a[i * k + p]) * (form == 1 ? b[j * k + p] : b[p * n + j]);
                sum += term;
                size += fabs(term);
            }
            if (!(fabs(c[i * n + j] - sum) <= 1e-15 * (double)(k + 2) * size))
                fail_msg("form %d, %lld x %lld x %lld: c[%lld,%lld] is %.17g, expected %.17g", form, (long long)m, (long long)n, (long long)k, (long long)i, (long long)j, c[i * n + j], sum);
        }
    }
    free(a);
    free(b);
    free(c);
}

static void products_match_plain_loops(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1, 2, 7, 17, 33, 129, 300};
    deepid_ctx *ctx = new_ctx(3);
    for (int form = 0; form < 3; form++)
        for (int i = 0; i < 7; i++)
            for (int j = 0; j < 7; j++)
                for (int k = 0; k < 6; k++)
                    check_product(dpid_ctx_pool(ctx), form, sizes[i], sizes[j], k == 5 ? 0 : sizes[k], (i + j + k) % 2);
    deepid_ctx_destroy(ctx);
}

static void products_have_the_same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    static const int32_t threads[] = {1, 2, 3, 4, 7};
    enum { M = 700, N = 90, K = 130 };
    double *values = malloc(sizeof *values * (M + N) * K);
    random_array(4, (M + N) * K, -1, 1, values);
    uint64_t first = 0;
    for (int t = 0; t < 5; t++) {
        deepid_ctx *ctx = new_ctx(threads[t]);
        deepid_tensor *a = NULL;
        deepid_tensor *b = NULL;
        deepid_tensor *c = NULL;
        const int64_t ea[] = {M, K};
        const int64_t eb[] = {N, K};
        const int64_t ec[] = {M, N};
        OK(deepid_tensor_create(ctx, DEEPID_F32, 2, ea, &a));
        OK(deepid_tensor_create(ctx, DEEPID_F32, 2, eb, &b));
        OK(deepid_tensor_create(ctx, DEEPID_F32, 2, ec, &c));
        OK(deepid_tensor_copy_in(a, DEEPID_F64, values, NULL));
        OK(deepid_tensor_copy_in(b, DEEPID_F64, values + M * K, NULL));
        OK(deepid_tensor_matmul("nt", a, b, c));
        const uint64_t hash = bits(deepid_tensor_data(c), 4 * M * N);
        first = t ? first : hash;
        if (hash != first)
            fail_msg("%d threads give other bits than 1", threads[t]);
        REFUSED(deepid_tensor_matmul("nn", a, b, c), DEEPID_ERR_SHAPE, "inner extent of 130");
        REFUSED(deepid_tensor_matmul("tt", a, b, c), DEEPID_ERR_SPEC, "expected nn, nt or tn");
        deepid_tensor_destroy(c);
        deepid_tensor_destroy(b);
        deepid_tensor_destroy(a);
        deepid_ctx_destroy(ctx);
    }
    free(values);
}

/* Many threads multiply at once: the serial OpenBLAS needs our lock for that (lib/tensor/blas_memory.c). */
static void *multiply_much(void *arg)
{
    (void)arg;
    for (int i = 0; i < 40; i++)
        check_product(NULL, i % 3, 1 + i % 40, 1 + i * 7 % 40, 1 + i * 13 % 150, false);
    return NULL;
}

static void products_of_many_threads_are_right(void **state)
{
    (void)state;
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, multiply_much, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_take_any_type_and_stride),
        cmocka_unit_test(impossible_shapes_are_refused),
        cmocka_unit_test(products_match_plain_loops),
        cmocka_unit_test(products_have_the_same_bits_for_any_number_of_threads),
        cmocka_unit_test(products_of_many_threads_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
