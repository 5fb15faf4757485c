/* Dense tensors: create, wrap, copy in and out with any strides and types. */
#include "tensor/tensor.h"

#include "tensor/gemm.h"

#include <string.h>

/* ---- element types -------------------------------------------------------------- */

static const struct {
    const char *name;
    int64_t bytes;
} types[] = {
    [DEEPID_F32] = {"f32", 4}, [DEEPID_F64] = {"f64", 8}, [DEEPID_U8] = {"u8", 1},   [DEEPID_I8] = {"i8", 1},
    [DEEPID_U16] = {"u16", 2}, [DEEPID_I16] = {"i16", 2}, [DEEPID_I32] = {"i32", 4}, [DEEPID_I64] = {"i64", 8},
};

static bool known_type(int32_t dtype)
{
    return dtype >= 1 && dtype < (int32_t)(sizeof types / sizeof *types);
}

const char *dpid_dtype_name(int32_t dtype)
{
    return known_type(dtype) ? types[dtype].name : "unknown";
}

int64_t dpid_dtype_bytes(int32_t dtype)
{
    return known_type(dtype) ? types[dtype].bytes : 0;
}

bool dpid_dtype_is_real(int32_t dtype)
{
    return dtype == DEEPID_F32 || dtype == DEEPID_F64;
}

dpid_precision dpid_dtype_precision(int32_t dtype)
{
    return dtype == DEEPID_F32 ? DPID_P32 : DPID_P64;
}

void dpid_store(dpid_precision p, void *array, int64_t i, double value)
{
    if (p == DPID_P32)
        ((float *)array)[i] = (float)value;
    else if (p == DPID_P64)
        ((double *)array)[i] = value;
    else
        ((long double *)array)[i] = (long double)value;
}

double dpid_fetch(dpid_precision p, const void *array, int64_t i)
{
    return p == DPID_P32   ? (double)((const float *)array)[i]
           : p == DPID_P64 ? ((const double *)array)[i]
                           : (double)((const long double *)array)[i];
}

long double dpid_fetch_wide(dpid_precision p, const void *array, int64_t i)
{
    return p == DPID_P80 ? ((const long double *)array)[i] : (long double)dpid_fetch(p, array, i);
}

int64_t dpid_precision_bytes(dpid_precision p)
{
    return p == DPID_P32   ? (int64_t)sizeof(float)
           : p == DPID_P64 ? (int64_t)sizeof(double)
                           : (int64_t)sizeof(long double);
}

/* ---- create, wrap, destroy -------------------------------------------------------- */

static int32_t check_shape(deepid_ctx *ctx, int32_t dtype, int32_t rank, const int64_t *extents, int64_t *count)
{
    if (!dpid_dtype_is_real(dtype))
        return dpid_fail(ctx, DEEPID_ERR_DTYPE, "tensor: dtype is %d (%s), expected DEEPID_F32 or DEEPID_F64", dtype,
                         dpid_dtype_name(dtype));
    if (rank < 0 || rank > DPID_RANK_MAX)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE, "tensor: rank is %d, expected 0 to %d", rank, DPID_RANK_MAX);
    if (rank > 0 && !extents)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "tensor: extents is NULL");
    for (int32_t i = 0; i < rank; i++)
        if (extents[i] < 0 || extents[i] > INT32_MAX)
            return dpid_fail(ctx, DEEPID_ERR_SHAPE, "tensor: extent %d is %lld, expected 0 to %d", i,
                             (long long)extents[i], INT32_MAX);
    if (!dpid_product(rank, extents, count) || *count > ctx->limits.tensor_elements)
        return dpid_fail(ctx, DEEPID_ERR_LIMIT, "tensor: %s has more elements than the limit tensor_elements %lld",
                         dpid_shape_text(rank, extents).text, (long long)ctx->limits.tensor_elements);
    return DEEPID_OK;
}

/* data NULL: allocate */
static int32_t tensor_make(deepid_ctx *ctx, int32_t dtype, int32_t rank, const int64_t *extents, void *data,
                           deepid_tensor **out)
{
    int64_t count = 0;
    if (!out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "tensor: out is NULL");
    DPID_TRY(check_shape(ctx, dtype, rank, extents, &count));
    deepid_tensor *tensor = NULL;
    DPID_TRY(dpid_alloc(ctx, 1, sizeof *tensor, "tensor", &tensor));
    tensor->head = (dpid_head){DPID_MAGIC_TENSOR, ctx};
    tensor->dtype = dtype;
    tensor->rank = rank;
    tensor->count = count;
    tensor->data = data;
    tensor->owned = data == NULL;
    if (rank > 0)
        memcpy(tensor->extents, extents, sizeof *extents * (size_t)rank);
    if (tensor->owned) {
        const int32_t status = dpid_alloc(ctx, count, dpid_dtype_bytes(dtype), "tensor", &tensor->data);
        if (status != DEEPID_OK) {
            dpid_free(ctx, tensor);
            return status;
        }
    }
    *out = tensor;
    return DEEPID_OK;
}

int32_t deepid_tensor_create(deepid_ctx *ctx, int32_t dtype, int32_t rank, const int64_t *extents, deepid_tensor **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, tensor_make(ctx, dtype, rank, extents, NULL, out));
}

static int32_t tensor_wrap(deepid_ctx *ctx, int32_t dtype, int32_t rank, const int64_t *extents, void *data,
                           deepid_tensor **out)
{
    if (!data)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "tensor: data is NULL");
    if (dpid_dtype_is_real(dtype) && (uintptr_t)data % (uintptr_t)dpid_dtype_bytes(dtype) != 0)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "tensor: data is not aligned to %lld bytes",
                         (long long)dpid_dtype_bytes(dtype));
    return tensor_make(ctx, dtype, rank, extents, data, out);
}

int32_t deepid_tensor_wrap(deepid_ctx *ctx, int32_t dtype, int32_t rank, const int64_t *extents, void *data,
                           deepid_tensor **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, tensor_wrap(ctx, dtype, rank, extents, data, out));
}

void deepid_tensor_destroy(deepid_tensor *tensor)
{
    if (!dpid_is(tensor, DPID_MAGIC_TENSOR))
        return;
    if (tensor->owned)
        dpid_free(tensor->head.ctx, tensor->data);
    tensor->head.magic = 0;
    dpid_free(tensor->head.ctx, tensor);
}

static int32_t tensor_clone(const deepid_tensor *tensor, deepid_tensor **out)
{
    deepid_tensor *copy = NULL;
    if (!out)
        return dpid_fail(tensor->head.ctx, DEEPID_ERR_ARGUMENT, "tensor: out is NULL");
    DPID_TRY(tensor_make(tensor->head.ctx, tensor->dtype, tensor->rank, tensor->extents, NULL, &copy));
    memcpy(copy->data, tensor->data, (size_t)(tensor->count * dpid_dtype_bytes(tensor->dtype)));
    *out = copy;
    return DEEPID_OK;
}

int32_t deepid_tensor_clone(const deepid_tensor *tensor, deepid_tensor **out)
{
    DPID_TRY(dpid_enter(tensor, DPID_MAGIC_TENSOR));
    return dpid_leave(tensor->head.ctx, tensor_clone(tensor, out));
}

/* ---- strided copies ------------------------------------------------------------------- */

/* A caller's element may stand at any address, so it is copied and not pointed at. */
#define LOAD(type)                                                                                                     \
    do {                                                                                                               \
        type value;                                                                                                    \
        memcpy(&value, at, sizeof value);                                                                              \
        return (double)value;                                                                                          \
    } while (0)

static double load(int32_t dtype, const void *at)
{
    switch (dtype) {
    case DEEPID_F32:
        LOAD(float);
    case DEEPID_F64:
        LOAD(double);
    case DEEPID_U8:
        LOAD(uint8_t);
    case DEEPID_I8:
        LOAD(int8_t);
    case DEEPID_U16:
        LOAD(uint16_t);
    case DEEPID_I16:
        LOAD(int16_t);
    case DEEPID_I32:
        LOAD(int32_t);
    default:
        LOAD(int64_t);
    }
}

static void store(int32_t dtype, void *at, double value)
{
    const float narrow = (float)value;
    if (dtype == DEEPID_F32)
        memcpy(at, &narrow, sizeof narrow);
    else
        memcpy(at, &value, sizeof value);
}

static void copy_row(int64_t n, int32_t to_dtype, char *to, int64_t to_step, int32_t from_dtype, const char *from,
                     int64_t from_step)
{
    for (int64_t i = 0; i < n; i++)
        store(to_dtype, to + i * to_step, load(from_dtype, from + i * from_step));
}

void dpid_copy_strided(int32_t rank, const int64_t *extents, int32_t to_dtype, void *to, const int64_t *to_strides,
                       int32_t from_dtype, const void *from, const int64_t *from_strides)
{
    const int64_t to_bytes = dpid_dtype_bytes(to_dtype);
    const int64_t from_bytes = dpid_dtype_bytes(from_dtype);
    if (rank == 0) {
        copy_row(1, to_dtype, to, 0, from_dtype, from, 0);
        return;
    }
    if (rank == 1) {
        copy_row(extents[0], to_dtype, to, to_strides[0] * to_bytes, from_dtype, from, from_strides[0] * from_bytes);
        return;
    }
    for (int64_t i = 0; i < extents[0]; i++)
        dpid_copy_strided(rank - 1, extents + 1, to_dtype, (char *)to + i * to_strides[0] * to_bytes, to_strides + 1,
                          from_dtype, (const char *)from + i * from_strides[0] * from_bytes, from_strides + 1);
}

static void dense_strides(const deepid_tensor *tensor, int64_t *strides)
{
    int64_t step = 1;
    for (int32_t i = tensor->rank - 1; i >= 0; i--) {
        strides[i] = step;
        step *= tensor->extents[i];
    }
}

static int32_t copy_in(deepid_tensor *tensor, int32_t dtype, const void *source, const int64_t *strides)
{
    int64_t dense[DPID_RANK_MAX];
    if (!source)
        return dpid_fail(tensor->head.ctx, DEEPID_ERR_ARGUMENT, "tensor: source is NULL");
    if (!known_type(dtype))
        return dpid_fail(tensor->head.ctx, DEEPID_ERR_DTYPE,
                         "tensor: dtype of the source is %d, expected DEEPID_F32 (1) to DEEPID_I64 (8)", dtype);
    dense_strides(tensor, dense);
    if (tensor->count > 0)
        dpid_copy_strided(tensor->rank, tensor->extents, tensor->dtype, tensor->data, dense, dtype, source,
                          strides ? strides : dense);
    return DEEPID_OK;
}

int32_t deepid_tensor_copy_in(deepid_tensor *tensor, int32_t dtype, const void *source, const int64_t *strides)
{
    DPID_TRY(dpid_enter(tensor, DPID_MAGIC_TENSOR));
    return dpid_leave(tensor->head.ctx, copy_in(tensor, dtype, source, strides));
}

static int32_t copy_out(const deepid_tensor *tensor, int32_t dtype, void *target, const int64_t *strides)
{
    int64_t dense[DPID_RANK_MAX];
    if (!target)
        return dpid_fail(tensor->head.ctx, DEEPID_ERR_ARGUMENT, "tensor: target is NULL");
    if (!dpid_dtype_is_real(dtype))
        return dpid_fail(tensor->head.ctx, DEEPID_ERR_DTYPE,
                         "tensor: dtype of the target is %d, expected DEEPID_F32 or DEEPID_F64", dtype);
    dense_strides(tensor, dense);
    if (tensor->count > 0)
        dpid_copy_strided(tensor->rank, tensor->extents, dtype, target, strides ? strides : dense, tensor->dtype,
                          tensor->data, dense);
    return DEEPID_OK;
}

int32_t deepid_tensor_copy_out(const deepid_tensor *tensor, int32_t dtype, void *target, const int64_t *strides)
{
    DPID_TRY(dpid_enter(tensor, DPID_MAGIC_TENSOR));
    return dpid_leave(tensor->head.ctx, copy_out(tensor, dtype, target, strides));
}

int32_t deepid_tensor_fill(deepid_tensor *tensor, double value)
{
    static const int64_t still[DPID_RANK_MAX] = {0};
    return deepid_tensor_copy_in(tensor, DEEPID_F64, &value, still);
}

/* ---- reads ------------------------------------------------------------------------------ */

int32_t deepid_tensor_dtype(const deepid_tensor *tensor)
{
    return dpid_is(tensor, DPID_MAGIC_TENSOR) ? tensor->dtype : 0;
}

int32_t deepid_tensor_rank(const deepid_tensor *tensor)
{
    return dpid_is(tensor, DPID_MAGIC_TENSOR) ? tensor->rank : -1;
}

int64_t deepid_tensor_extent(const deepid_tensor *tensor, int32_t axis)
{
    return axis >= 0 && axis < deepid_tensor_rank(tensor) ? tensor->extents[axis] : -1;
}

int64_t deepid_tensor_count(const deepid_tensor *tensor)
{
    return dpid_is(tensor, DPID_MAGIC_TENSOR) ? tensor->count : -1;
}

void *deepid_tensor_data(deepid_tensor *tensor)
{
    return dpid_is(tensor, DPID_MAGIC_TENSOR) ? tensor->data : NULL;
}

const void *deepid_tensor_data_const(const deepid_tensor *tensor)
{
    return dpid_is(tensor, DPID_MAGIC_TENSOR) ? tensor->data : NULL;
}

/* ---- for the layers above ------------------------------------------------------------------ */

int32_t dpid_tensor_check(deepid_ctx *ctx, const char *op, const char *argument, const deepid_tensor *tensor,
                          int32_t dtype, int32_t rank, const int64_t *extents)
{
    if (!dpid_is(tensor, DPID_MAGIC_TENSOR))
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "%s: %s is %s, expected a tensor", op, argument,
                         tensor ? "not a tensor" : "NULL");
    if (dtype && tensor->dtype != dtype)
        return dpid_fail(ctx, DEEPID_ERR_DTYPE, "%s: %s is %s, expected %s", op, argument,
                         dpid_dtype_name(tensor->dtype), dpid_dtype_name(dtype));
    if (rank < 0)
        return DEEPID_OK;
    bool same = tensor->rank == rank;
    for (int32_t i = 0; same && i < rank; i++)
        same = tensor->extents[i] == extents[i];
    if (!same)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE, "%s: %s is %s, expected %s", op, argument,
                         dpid_shape_text(tensor->rank, tensor->extents).text, dpid_shape_text(rank, extents).text);
    return DEEPID_OK;
}

/* ---- matmul ---------------------------------------------------------------------------------- */

static bool overlap(const deepid_tensor *a, const deepid_tensor *b)
{
    const uintptr_t a_first = (uintptr_t)a->data;
    const uintptr_t b_first = (uintptr_t)b->data;
    return a_first < b_first + (uintptr_t)(b->count * dpid_dtype_bytes(b->dtype)) &&
           b_first < a_first + (uintptr_t)(a->count * dpid_dtype_bytes(a->dtype));
}

static int32_t matmul(const char *form, const deepid_tensor *a, const deepid_tensor *b, deepid_tensor *c)
{
    deepid_ctx *ctx = c->head.ctx;
    const bool tn = form && strcmp(form, "tn") == 0;
    const bool nt = form && strcmp(form, "nt") == 0;
    if (!form || (!tn && !nt && strcmp(form, "nn") != 0))
        return dpid_fail(ctx, DEEPID_ERR_SPEC, "matmul: form is '%s', expected nn, nt or tn", form ? form : "NULL");
    DPID_TRY(dpid_tensor_check(ctx, "matmul", "a", a, c->dtype, -1, NULL));
    DPID_TRY(dpid_tensor_check(ctx, "matmul", "b", b, c->dtype, -1, NULL));
    if (a->rank != 2 || b->rank != 2)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE, "matmul: a and b have rank %d and %d, expected 2", a->rank, b->rank);
    const int64_t m = a->extents[tn];
    const int64_t k = a->extents[!tn];
    const int64_t n = b->extents[!nt];
    if (b->extents[nt] != k)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE, "matmul: b is %s, expected an inner extent of %lld",
                         dpid_shape_text(2, b->extents).text, (long long)k);
    const int64_t expected[] = {m, n};
    DPID_TRY(dpid_tensor_check(ctx, "matmul", "c", c, c->dtype, 2, expected));
    if (overlap(a, c) || overlap(b, c))
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "matmul: c overlaps a or b");
    dpid_pool *pool = dpid_ctx_pool(ctx);
    const int64_t lda = a->extents[1];
    const int64_t ldb = b->extents[1];
    if (c->dtype == DEEPID_F32)
        (tn   ? dpid_gemm_tn_f32
         : nt ? dpid_gemm_nt_f32
              : dpid_gemm_nn_f32)(pool, m, n, k, a->data, lda, b->data, ldb, false, c->data, n);
    else
        (tn   ? dpid_gemm_tn_f64
         : nt ? dpid_gemm_nt_f64
              : dpid_gemm_nn_f64)(pool, m, n, k, a->data, lda, b->data, ldb, false, c->data, n);
    return DEEPID_OK;
}

int32_t deepid_tensor_matmul(const char *form, const deepid_tensor *a, const deepid_tensor *b, deepid_tensor *c)
{
    DPID_TRY(dpid_enter(c, DPID_MAGIC_TENSOR));
    return dpid_leave(c->head.ctx, matmul(form, a, b, c));
}
