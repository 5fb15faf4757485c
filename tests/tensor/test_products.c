/* Products against plain loops; the same bits for any number of threads; right when many threads multiply at once. */
#include "support/support.h"

#include "base/base.h"
#include "tensor/gemm.h"

#include <math.h>

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
        cmocka_unit_test(products_match_plain_loops),
        cmocka_unit_test(products_have_the_same_bits_for_any_number_of_threads),
        cmocka_unit_test(products_of_many_threads_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
