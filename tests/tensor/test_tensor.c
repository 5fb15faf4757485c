/* Tensors: made, wrapped, filled from any memory; every wrong argument gets a sentence. */
#include "support/support.h"

#include "tensor/tensor.h"

#include <math.h>

/* ---- create, wrap, clone -------------------------------------------------------------------- */

static void a_new_tensor_is_zero_and_knows_its_shape(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const int32_t types[] = {DEEPID_F32, DEEPID_F64};
    for (int t = 0; t < 2; t++) {
        deepid_tensor *x = NULL;
        OK(deepid_tensor_create(ctx, types[t], 4, (const int64_t[]){2, 3, 5, 7}, &x));
        assert_int_equal(deepid_tensor_dtype(x), types[t]);
        assert_int_equal(deepid_tensor_rank(x), 4);
        assert_int_equal(deepid_tensor_count(x), 210);
        assert_int_equal(deepid_tensor_extent(x, 3), 7);
        assert_int_equal(deepid_tensor_extent(x, 4), -1);
        assert_int_equal(deepid_tensor_extent(x, -1), -1);
        assert_ptr_equal(deepid_tensor_data(x), deepid_tensor_data_const(x));
        for (int i = 0; i < 210; i++)
            assert_true(t == 0 ? ((float *)deepid_tensor_data(x))[i] == 0 : ((double *)deepid_tensor_data(x))[i] == 0);
        deepid_tensor_destroy(x);
    }
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

static void scalars_and_empty_tensors_are_tensors(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_tensor *scalar = NULL;
    deepid_tensor *empty = NULL;
    OK(deepid_tensor_create(ctx, DEEPID_F64, 0, NULL, &scalar));
    assert_int_equal(deepid_tensor_count(scalar), 1);
    OK(deepid_tensor_fill(scalar, 2.5));
    assert_true(*(double *)deepid_tensor_data(scalar) == 2.5);
    OK(deepid_tensor_create(ctx, DEEPID_F32, 2, (const int64_t[]){INT32_MAX, 0}, &empty));
    assert_int_equal(deepid_tensor_count(empty), 0);
    assert_non_null(deepid_tensor_data(empty));
    OK(deepid_tensor_fill(empty, 1)); /* no element, so no loop over two thousand million rows */
    deepid_tensor_destroy(scalar);
    deepid_tensor_destroy(empty);
    deepid_ctx_destroy(ctx);
}

static void wrong_shapes_and_types_are_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_tensor *x = NULL;
    double memory[4] = {0};
    const int64_t two[] = {2, 2};
    REFUSED(deepid_tensor_create(ctx, DEEPID_U8, 2, two, &x), DEEPID_ERR_DTYPE,
            "tensor: dtype is 3 (u8), expected DEEPID_F32 or DEEPID_F64");
    REFUSED(deepid_tensor_create(ctx, 0, 2, two, &x), DEEPID_ERR_DTYPE, "dtype is 0 (unknown)");
    REFUSED(deepid_tensor_create(ctx, DEEPID_F32, 9, two, &x), DEEPID_ERR_SHAPE, "rank is 9, expected 0 to 8");
    REFUSED(deepid_tensor_create(ctx, DEEPID_F32, -1, two, &x), DEEPID_ERR_SHAPE, "rank is -1");
    REFUSED(deepid_tensor_create(ctx, DEEPID_F32, 2, NULL, &x), DEEPID_ERR_ARGUMENT, "extents is NULL");
    REFUSED(deepid_tensor_create(ctx, DEEPID_F32, 2, two, NULL), DEEPID_ERR_ARGUMENT, "out is NULL");
    REFUSED(deepid_tensor_create(ctx, DEEPID_F32, 2, (const int64_t[]){3, -1}, &x), DEEPID_ERR_SHAPE, "extent 1 is -1");
    REFUSED(deepid_tensor_create(ctx, DEEPID_F32, 1, (const int64_t[]){(int64_t)1 << 31}, &x), DEEPID_ERR_SHAPE,
            "extent 0 is 2147483648");
    REFUSED(deepid_tensor_create(ctx, DEEPID_F32, 3, (const int64_t[]){INT32_MAX, INT32_MAX, INT32_MAX}, &x),
            DEEPID_ERR_LIMIT, "2147483647x2147483647x2147483647 has more elements");
    OK(deepid_ctx_set_limit(ctx, "tensor_elements", 3));
    REFUSED(deepid_tensor_create(ctx, DEEPID_F32, 2, two, &x), DEEPID_ERR_LIMIT,
            "2x2 has more elements than the limit tensor_elements 3");
    OK(deepid_ctx_set_limit(ctx, "tensor_elements", 4));
    REFUSED(deepid_tensor_wrap(ctx, DEEPID_F64, 2, two, NULL, &x), DEEPID_ERR_ARGUMENT, "data is NULL");
    REFUSED(deepid_tensor_wrap(ctx, DEEPID_F64, 2, two, (char *)memory + 4, &x), DEEPID_ERR_ARGUMENT,
            "not aligned to 8 bytes");
    assert_null(x);
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

static void a_wrapped_tensor_is_the_callers_memory(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    float memory[6] = {1, 2, 3, 4, 5, 6};
    deepid_tensor *x = NULL;
    deepid_tensor *copy = NULL;
    OK(deepid_tensor_wrap(ctx, DEEPID_F32, 2, (const int64_t[]){2, 3}, memory, &x));
    assert_ptr_equal(deepid_tensor_data(x), memory);
    OK(deepid_tensor_clone(x, &copy));
    OK(deepid_tensor_fill(x, -1));
    assert_true(memory[5] == -1);
    assert_true(((float *)deepid_tensor_data(copy))[5] == 6);
    deepid_tensor_destroy(x);
    assert_true(memory[0] == -1); /* still ours */
    deepid_tensor_destroy(copy);
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

static void null_and_wrong_handles_are_refused_by_every_function(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_tensor *const wrong[] = {NULL, (deepid_tensor *)(void *)ctx};
    deepid_tensor *x = NULL;
    double memory[1] = {0};
    OK(deepid_tensor_create(ctx, DEEPID_F64, 2, (const int64_t[]){1, 1}, &x));
    for (int i = 0; i < 2; i++) {
        deepid_tensor *out = NULL;
        assert_int_equal(deepid_tensor_clone(wrong[i], &out), DEEPID_ERR_ARGUMENT);
        assert_int_equal(deepid_tensor_copy_in(wrong[i], DEEPID_F64, memory, NULL), DEEPID_ERR_ARGUMENT);
        assert_int_equal(deepid_tensor_copy_out(wrong[i], DEEPID_F64, memory, NULL), DEEPID_ERR_ARGUMENT);
        assert_int_equal(deepid_tensor_fill(wrong[i], 1), DEEPID_ERR_ARGUMENT);
        assert_int_equal(deepid_tensor_dtype(wrong[i]), 0);
        assert_int_equal(deepid_tensor_rank(wrong[i]), -1);
        assert_int_equal(deepid_tensor_extent(wrong[i], 0), -1);
        assert_int_equal(deepid_tensor_count(wrong[i]), -1);
        assert_null(deepid_tensor_data(wrong[i]));
        assert_null(deepid_tensor_data_const(wrong[i]));
        assert_int_equal(deepid_tensor_matmul("nn", x, x, wrong[i]), DEEPID_ERR_ARGUMENT);
        REFUSED(deepid_tensor_matmul("nn", wrong[i], x, x), DEEPID_ERR_ARGUMENT, "matmul: a is");
        REFUSED(deepid_tensor_matmul("nn", x, wrong[i], x), DEEPID_ERR_ARGUMENT,
                i ? "matmul: b is not a tensor" : "matmul: b is NULL");
        deepid_tensor_destroy(wrong[i]);
    }
    REFUSED(deepid_tensor_clone(x, NULL), DEEPID_ERR_ARGUMENT, "out is NULL");
    REFUSED(deepid_tensor_copy_in(x, DEEPID_F64, NULL, NULL), DEEPID_ERR_ARGUMENT, "source is NULL");
    REFUSED(deepid_tensor_copy_in(x, 9, memory, NULL), DEEPID_ERR_DTYPE, "dtype of the source is 9");
    REFUSED(deepid_tensor_copy_out(x, DEEPID_F64, NULL, NULL), DEEPID_ERR_ARGUMENT, "target is NULL");
    REFUSED(deepid_tensor_copy_out(x, DEEPID_U8, memory, NULL), DEEPID_ERR_DTYPE, "dtype of the target is 3");
    deepid_tensor_destroy(x);
    deepid_ctx_destroy(ctx);
}

/* ---- copy in and out --------------------------------------------------------------------------- */

enum { A = 3, B = 4, C = 5, ROOM = 4096 };

/* A source of any type whose element i holds value_of(i); values fit every type. */
static double value_of(int64_t i)
{
    return (double)(i * 37 % 101);
}

static void put(int32_t dtype, char *memory, int64_t i, double value)
{
    switch (dtype) {
#define PUT(word, type)                                                                                                \
    case word: {                                                                                                       \
        const type typed = (type)value;                                                                                \
        memcpy(memory + i * (int64_t)sizeof typed, &typed, sizeof typed);                                              \
        break;                                                                                                         \
    }
        PUT(DEEPID_F32, float)
        PUT(DEEPID_F64, double)
        PUT(DEEPID_U8, uint8_t)
        PUT(DEEPID_I8, int8_t)
        PUT(DEEPID_U16, uint16_t)
        PUT(DEEPID_I16, int16_t)
        PUT(DEEPID_I32, int32_t)
        PUT(DEEPID_I64, int64_t)
    }
}

static double get(const deepid_tensor *x, int64_t i)
{
    return deepid_tensor_dtype(x) == DEEPID_F32 ? (double)((const float *)deepid_tensor_data_const(x))[i]
                                                : ((const double *)deepid_tensor_data_const(x))[i];
}

static void copy_in_reads_every_type_with_any_strides(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static const int64_t strides[][3] = {{20, 5, 1}, {1, 3, 12}, {-20, 5, 1}, {20, -5, -1}, {40, 10, 2},
                                         {0, 5, 1},  {7, 0, 0},  {53, 13, 3}, {-1, -3, -12}};
    char *memory = malloc(ROOM * 8 + 1);
    for (int32_t dtype = DEEPID_F32; dtype <= DEEPID_I64; dtype++) {
        for (int odd = 0; odd < 2; odd++) { /* also from an address that nothing divides */
            for (int64_t i = 0; i < ROOM; i++)
                put(dtype, memory + odd, i, value_of(i));
            for (int32_t to = DEEPID_F32; to <= DEEPID_F64; to++) {
                deepid_tensor *x = NULL;
                OK(deepid_tensor_create(ctx, to, 3, (const int64_t[]){A, B, C}, &x));
                for (size_t s = 0; s < sizeof strides / sizeof *strides; s++) {
                    const int64_t origin = 1000;
                    OK(deepid_tensor_fill(x, (double)NAN));
                    OK(deepid_tensor_copy_in(x, dtype, memory + odd + origin * dpid_dtype_bytes(dtype), strides[s]));
                    for (int64_t i = 0; i < A * B * C; i++) {
                        const double expected = value_of(origin + i / (B * C) * strides[s][0] +
                                                         i / C % B * strides[s][1] + i % C * strides[s][2]);
                        if (get(x, i) != expected)
                            fail_msg("%s to %s, strides %lld %lld %lld, element %lld: %g, expected %g",
                                     dpid_dtype_name(dtype), dpid_dtype_name(to), (long long)strides[s][0],
                                     (long long)strides[s][1], (long long)strides[s][2], (long long)i, get(x, i),
                                     expected);
                    }
                }
                OK(deepid_tensor_copy_in(x, dtype, memory + odd, NULL)); /* NULL: dense */
                for (int64_t i = 0; i < A * B * C; i++)
                    assert_true(get(x, i) == value_of(i));
                deepid_tensor_destroy(x);
            }
        }
    }
    free(memory);
    deepid_ctx_destroy(ctx);
}

static void copy_in_keeps_signs_extremes_and_nan(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_tensor *x = NULL;
    OK(deepid_tensor_create(ctx, DEEPID_F64, 1, (const int64_t[]){3}, &x));
    const double *y = deepid_tensor_data(x);
    OK(deepid_tensor_copy_in(x, DEEPID_I8, (const int8_t[]){-128, -1, 127}, NULL));
    assert_true(y[0] == -128 && y[1] == -1 && y[2] == 127);
    OK(deepid_tensor_copy_in(x, DEEPID_U16, (const uint16_t[]){65535, 1, 0}, NULL));
    assert_true(y[0] == 65535);
    OK(deepid_tensor_copy_in(x, DEEPID_I64, (const int64_t[]){INT64_MIN, -1, (int64_t)1 << 53}, NULL));
    assert_true(y[0] == -0x1p63 && y[2] == 0x1p53);
    OK(deepid_tensor_copy_in(x, DEEPID_F32, (const float[]){NAN, -INFINITY, -0.0f}, NULL));
    assert_true(isnan(y[0]) && y[1] == -(double)INFINITY && y[2] == 0 && signbit(y[2]));
    deepid_tensor_destroy(x);
    deepid_ctx_destroy(ctx);
}

static void copy_out_undoes_copy_in_and_touches_nothing_else(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const int64_t strides[] = {2, -11, 60};
    for (int32_t from = DEEPID_F32; from <= DEEPID_F64; from++) {
        for (int32_t to = DEEPID_F32; to <= DEEPID_F64; to++) {
            deepid_tensor *x = NULL;
            double memory[ROOM / 4];
            for (int i = 0; i < ROOM / 4; i++)
                put(to, (char *)memory, i, -7);
            OK(deepid_tensor_create(ctx, from, 3, (const int64_t[]){A, B, C}, &x));
            for (int64_t i = 0; i < A * B * C; i++)
                put(from, deepid_tensor_data(x), i, value_of(i));
            char *origin = (char *)memory + 200 * dpid_dtype_bytes(to);
            OK(deepid_tensor_copy_out(x, to, origin, strides));
            int64_t touched = 0;
            for (int64_t i = 0; i < ROOM / 4; i++)
                touched += (to == DEEPID_F32 ? (double)((float *)memory)[i] : memory[i]) != -7;
            assert_int_equal(touched, A * B * C);
            OK(deepid_tensor_fill(x, 0));
            OK(deepid_tensor_copy_in(x, to, origin, strides));
            for (int64_t i = 0; i < A * B * C; i++)
                assert_true(get(x, i) == value_of(i));
            deepid_tensor_destroy(x);
        }
    }
    deepid_ctx_destroy(ctx);
}

/* ---- matmul: the public door (the products themselves: test_gemm.c) ---------------------------------- */

static deepid_tensor *matrix(deepid_ctx *ctx, int32_t dtype, int64_t rows, int64_t columns)
{
    deepid_tensor *x = NULL;
    OK(deepid_tensor_create(ctx, dtype, 2, (const int64_t[]){rows, columns}, &x));
    return x;
}

/* [1 2; 3 4] [5 6; 7 8] = [19 22; 43 50], with the second transposed [17 23; 39 53], with the first transposed [26
   30; 38 44] */
static void matmul_gives_the_products_done_by_hand(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(2);
    const struct {
        const char *form;
        double c[4];
    } cases[] = {{"nn", {19, 22, 43, 50}}, {"nt", {17, 23, 39, 53}}, {"tn", {26, 30, 38, 44}}};
    for (int32_t dtype = DEEPID_F32; dtype <= DEEPID_F64; dtype++) {
        deepid_tensor *a = matrix(ctx, dtype, 2, 2);
        deepid_tensor *b = matrix(ctx, dtype, 2, 2);
        deepid_tensor *c = matrix(ctx, dtype, 2, 2);
        OK(deepid_tensor_copy_in(a, DEEPID_F64, (const double[]){1, 2, 3, 4}, NULL));
        OK(deepid_tensor_copy_in(b, DEEPID_F64, (const double[]){5, 6, 7, 8}, NULL));
        for (int i = 0; i < 3; i++) {
            OK(deepid_tensor_fill(c, (double)NAN));
            OK(deepid_tensor_matmul(cases[i].form, a, b, c));
            for (int j = 0; j < 4; j++)
                assert_true(get(c, j) == cases[i].c[j]);
        }
        deepid_tensor_destroy(a);
        deepid_tensor_destroy(b);
        deepid_tensor_destroy(c);
    }
    deepid_ctx_destroy(ctx);
}

static void matmul_checks_forms_shapes_types_and_overlap(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_tensor *a = matrix(ctx, DEEPID_F64, 2, 3);
    deepid_tensor *b = matrix(ctx, DEEPID_F64, 3, 4);
    deepid_tensor *c = matrix(ctx, DEEPID_F64, 2, 4);
    deepid_tensor *single = matrix(ctx, DEEPID_F32, 3, 4);
    deepid_tensor *vector = NULL;
    deepid_tensor *part = NULL;
    OK(deepid_tensor_create(ctx, DEEPID_F64, 1, (const int64_t[]){3}, &vector));
    OK(deepid_tensor_matmul("nn", a, b, c));
    REFUSED(deepid_tensor_matmul("tt", a, b, c), DEEPID_ERR_SPEC, "matmul: form is 'tt', expected nn, nt or tn");
    REFUSED(deepid_tensor_matmul(NULL, a, b, c), DEEPID_ERR_SPEC, "form is 'NULL'");
    REFUSED(deepid_tensor_matmul("nt", a, b, c), DEEPID_ERR_SHAPE, "b is 3x4, expected an inner extent of 3");
    REFUSED(deepid_tensor_matmul("tn", a, b, c), DEEPID_ERR_SHAPE, "b is 3x4, expected an inner extent of 2");
    REFUSED(deepid_tensor_matmul("nn", a, b, a), DEEPID_ERR_SHAPE, "matmul: c is 2x3, expected 2x4");
    REFUSED(deepid_tensor_matmul("nn", a, single, c), DEEPID_ERR_DTYPE, "matmul: b is f32, expected f64");
    REFUSED(deepid_tensor_matmul("nn", vector, b, c), DEEPID_ERR_SHAPE, "have rank 1 and 2, expected 2");
    OK(deepid_tensor_wrap(ctx, DEEPID_F64, 2, (const int64_t[]){2, 4}, deepid_tensor_data(b), &part));
    REFUSED(deepid_tensor_matmul("nn", a, b, part), DEEPID_ERR_ARGUMENT, "c overlaps a or b");
    deepid_tensor_destroy(part);
    deepid_tensor_destroy(vector);
    deepid_tensor_destroy(single);
    deepid_tensor_destroy(c);
    deepid_tensor_destroy(b);
    deepid_tensor_destroy(a);
    deepid_ctx_destroy(ctx);
}

/* ---- no memory --------------------------------------------------------------------------------------------- */

static int32_t create_and_clone(deepid_ctx *ctx, void *arg)
{
    (void)arg;
    deepid_tensor *x = NULL;
    deepid_tensor *y = NULL;
    deepid_tensor *z = NULL;
    float memory[4] = {0};
    int32_t status = deepid_tensor_create(ctx, DEEPID_F32, 2, (const int64_t[]){3, 4}, &x);
    if (status == DEEPID_OK)
        status = deepid_tensor_clone(x, &y);
    if (status == DEEPID_OK)
        status = deepid_tensor_wrap(ctx, DEEPID_F32, 1, (const int64_t[]){4}, memory, &z);
    assert_true((status == DEEPID_OK) == (z != NULL));
    deepid_tensor_destroy(z);
    deepid_tensor_destroy(y);
    deepid_tensor_destroy(x);
    return status;
}

static void create_clone_and_wrap_survive_every_failing_allocation(void **state)
{
    (void)state;
    survives_every_failing_allocation("tensor", create_and_clone, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_tensor_is_zero_and_knows_its_shape),
        cmocka_unit_test(scalars_and_empty_tensors_are_tensors),
        cmocka_unit_test(wrong_shapes_and_types_are_refused),
        cmocka_unit_test(a_wrapped_tensor_is_the_callers_memory),
        cmocka_unit_test(null_and_wrong_handles_are_refused_by_every_function),
        cmocka_unit_test(copy_in_reads_every_type_with_any_strides),
        cmocka_unit_test(copy_in_keeps_signs_extremes_and_nan),
        cmocka_unit_test(copy_out_undoes_copy_in_and_touches_nothing_else),
        cmocka_unit_test(matmul_gives_the_products_done_by_hand),
        cmocka_unit_test(matmul_checks_forms_shapes_types_and_overlap),
        cmocka_unit_test(create_clone_and_wrap_survive_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
