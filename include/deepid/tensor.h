/** @file tensor.h  Dense tensors, row-major; pictures are channels-last [n, h, w, c]. */
#ifndef DEEPID_TENSOR_H
#define DEEPID_TENSOR_H

#include <deepid/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Element types. Tensors and nets hold DEEPID_F32 or DEEPID_F64; the others are accepted where data comes in. */
enum {
    DEEPID_F32 = 1, /**< float */
    DEEPID_F64 = 2, /**< double */
    DEEPID_U8 = 3,  /**< uint8_t */
    DEEPID_I8 = 4,  /**< int8_t */
    DEEPID_U16 = 5, /**< uint16_t */
    DEEPID_I16 = 6, /**< int16_t */
    DEEPID_I32 = 7, /**< int32_t */
    DEEPID_I64 = 8  /**< int64_t */
};

/** A dense array with a shape. */
typedef struct deepid_tensor deepid_tensor;

/** rank 0..8; zero-filled. */
DEEPID_API int32_t deepid_tensor_create(deepid_ctx *ctx, int32_t dtype, int32_t rank, const int64_t *extents, deepid_tensor **out);
/** The caller's memory, not copied: dense row-major, dtype F32 or F64, alive as long as the tensor. */
DEEPID_API int32_t deepid_tensor_wrap(deepid_ctx *ctx, int32_t dtype, int32_t rank, const int64_t *extents, void *data, deepid_tensor **out);
/** NULL is fine. Wrapped memory is left alone. */
DEEPID_API void deepid_tensor_destroy(deepid_tensor *tensor);
/** A copy with its own memory. */
DEEPID_API int32_t deepid_tensor_clone(const deepid_tensor *tensor, deepid_tensor **out);
/** Fill from any memory: dtype of the source, strides in elements (NULL = dense row-major; negative and 0 are allowed), same extents as tensor. */
DEEPID_API int32_t deepid_tensor_copy_in(deepid_tensor *tensor, int32_t dtype, const void *source, const int64_t *strides);
/** The reverse of copy_in; dtype F32 or F64. */
DEEPID_API int32_t deepid_tensor_copy_out(const deepid_tensor *tensor, int32_t dtype, void *target, const int64_t *strides);
/** Every element becomes value; NaN is allowed. */
DEEPID_API int32_t deepid_tensor_fill(deepid_tensor *tensor, double value);
/** 0 for NULL. */
DEEPID_API int32_t deepid_tensor_dtype(const deepid_tensor *tensor);
/** -1 for NULL. */
DEEPID_API int32_t deepid_tensor_rank(const deepid_tensor *tensor);
/** -1 when out of range. */
DEEPID_API int64_t deepid_tensor_extent(const deepid_tensor *tensor, int32_t axis);
/** Elements; -1 for NULL. */
DEEPID_API int64_t deepid_tensor_count(const deepid_tensor *tensor);
/** The elements, row-major. Borrowed. */
DEEPID_API void *deepid_tensor_data(deepid_tensor *tensor);
/** The same, read only. */
DEEPID_API const void *deepid_tensor_data_const(const deepid_tensor *tensor);
/** c = a b, c = a b^T, c = a^T b for matrices; form "nn", "nt" or "tn". c must not overlap a or b. Same bits for any number of threads. */
DEEPID_API int32_t deepid_tensor_matmul(const char *form, const deepid_tensor *a, const deepid_tensor *b, deepid_tensor *c);

#ifdef __cplusplus
}
#endif
#endif
