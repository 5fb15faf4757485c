/**
 * @defgroup tensor Tensors
 * Dense tensors, row-major; pictures are channels-last [n, h, w, c].
 * @{
 */
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

/** A tensor: a shape of 0 to 8 extents and its elements, the last extent's next to each other. */
typedef struct deepid_tensor deepid_tensor;

/**
 * Make a tensor of zeros.
 *
 * @param[in,out] ctx      the context
 * @param[in]     dtype    DEEPID_F32 or DEEPID_F64
 * @param[in]     rank     0 (one element) to 8
 * @param[in]     extents  rank numbers from 0 to 2147483647; may be NULL when rank is 0
 * @param[out]    out      the new tensor; destroy it with deepid_tensor_destroy
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  extents or out is NULL
 * @retval DEEPID_ERR_DTYPE     dtype is another
 * @retval DEEPID_ERR_SHAPE     rank or an extent is outside its range
 * @retval DEEPID_ERR_LIMIT     beyond the limit tensor_elements or memory_bytes
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   its elements, 64-byte-aligned, and one pass.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_tensor_create(deepid_ctx *ctx, int32_t dtype, int32_t rank, const int64_t *extents,
                                        deepid_tensor **out);

/**
 * Make a tensor of the caller's memory, which is not copied.
 *
 * @param[in,out] ctx      the context
 * @param[in]     dtype    DEEPID_F32 or DEEPID_F64
 * @param[in]     rank     0 to 8
 * @param[in]     extents  as in deepid_tensor_create
 * @param[in]     data     the elements, dense and row-major, aligned as its type is; has to live as long as the
 * tensor, and is never freed by it
 * @param[out]    out      the new tensor
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  data, extents or out is NULL, or data is not aligned
 * @retval DEEPID_ERR_DTYPE     dtype is another
 * @retval DEEPID_ERR_SHAPE     rank or an extent is outside its range
 * @retval DEEPID_ERR_LIMIT     beyond the limit tensor_elements
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   some 200 bytes.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_tensor_wrap(deepid_ctx *ctx, int32_t dtype, int32_t rank, const int64_t *extents, void *data,
                                      deepid_tensor **out);

/**
 * Destroy a tensor, and its elements unless they are the caller's.
 *
 * @param[in] tensor  NULL is fine
 *
 * @cost   none.
 * @thread Safe as long as no other thread uses the tensor.
 */
DEEPID_API void deepid_tensor_destroy(deepid_tensor *tensor);

/**
 * Copy a tensor; the copy has its own elements.
 *
 * @param[in]  tensor  any
 * @param[out] out     the new tensor
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  out is NULL
 * @retval DEEPID_ERR_LIMIT     beyond the limit tensor_elements or memory_bytes
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   its elements, and one pass.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_tensor_clone(const deepid_tensor *tensor, deepid_tensor **out);

/**
 * Fill a tensor from any memory: tensor[i, j, ...] = source[i strides[0] + j strides[1] + ...], converted to the
 * tensor's type (rounded to nearest, never scaled).
 *
 * @param[in,out] tensor   any shape; every element is overwritten
 * @param[in]     dtype    type of the source's elements, DEEPID_F32 to DEEPID_I64
 * @param[in]     source   element [0, 0, ...]; at any address; must not overlap the tensor
 * @param[in]     strides  one a dimension, in elements; negative and 0 are allowed; NULL = dense row-major. Memory
 * must exist wherever they lead.
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  source is NULL
 * @retval DEEPID_ERR_DTYPE     dtype is none
 *
 * @cost   one pass; allocates nothing.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_tensor_copy_in(deepid_tensor *tensor, int32_t dtype, const void *source,
                                         const int64_t *strides);

/**
 * The reverse of deepid_tensor_copy_in: target[i strides[0] + j strides[1] + ...] = tensor[i, j, ...].
 *
 * @param[in]  tensor   any shape
 * @param[in]  dtype    type of the target's elements, DEEPID_F32 or DEEPID_F64
 * @param[out] target   element [0, 0, ...]; at any address; must not overlap the tensor
 * @param[in]  strides  as in deepid_tensor_copy_in
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  target is NULL
 * @retval DEEPID_ERR_DTYPE     dtype is another
 *
 * @cost   one pass; allocates nothing.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_tensor_copy_out(const deepid_tensor *tensor, int32_t dtype, void *target,
                                          const int64_t *strides);

/**
 * Fill a tensor with one value.
 *
 * @param[in,out] tensor  any shape; every element becomes value
 * @param[in]     value   NaN and infinity are allowed; rounded to the tensor's type
 *
 * @retval DEEPID_OK
 *
 * @cost   one pass; allocates nothing.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_tensor_fill(deepid_tensor *tensor, double value);

/**
 * The element type.
 *
 * @param[in] tensor  the tensor
 *
 * @return DEEPID_F32 or DEEPID_F64; 0 when tensor is no tensor.
 *
 * @cost   none.
 * @thread Safe as long as no other thread destroys the tensor.
 */
DEEPID_API int32_t deepid_tensor_dtype(const deepid_tensor *tensor);

/**
 * The number of dimensions.
 *
 * @param[in] tensor  the tensor
 *
 * @return 0 to 8; -1 when tensor is no tensor.
 *
 * @cost   none.
 * @thread Safe as long as no other thread destroys the tensor.
 */
DEEPID_API int32_t deepid_tensor_rank(const deepid_tensor *tensor);

/**
 * One extent.
 *
 * @param[in] tensor  the tensor
 * @param[in] axis    0 to rank - 1
 *
 * @return 0 or more; -1 when there is no such axis.
 *
 * @cost   none.
 * @thread Safe as long as no other thread destroys the tensor.
 */
DEEPID_API int64_t deepid_tensor_extent(const deepid_tensor *tensor, int32_t axis);

/**
 * The number of elements, the product of the extents.
 *
 * @param[in] tensor  the tensor
 *
 * @return 0 or more; -1 when tensor is no tensor.
 *
 * @cost   none.
 * @thread Safe as long as no other thread destroys the tensor.
 */
DEEPID_API int64_t deepid_tensor_count(const deepid_tensor *tensor);

/**
 * The elements, dense and row-major, to read and write between calls.
 *
 * @param[in] tensor  the tensor
 *
 * @return float or double by the tensor's type; borrowed for as long as the tensor lives; NULL when tensor is no
 * tensor.
 *
 * @cost   none.
 * @thread Safe as long as no other thread destroys the tensor; the elements are guarded by nothing.
 */
DEEPID_API void *deepid_tensor_data(deepid_tensor *tensor);

/**
 * The elements, dense and row-major, to read.
 *
 * @param[in] tensor  the tensor
 *
 * @return As deepid_tensor_data.
 *
 * @cost   none.
 * @thread Safe as long as no other thread destroys the tensor; the elements are guarded by nothing.
 */
DEEPID_API const void *deepid_tensor_data_const(const deepid_tensor *tensor);

/**
 * A product of matrices: c = a b, c = a bᵀ or c = aᵀ b. NaN that enters comes out.
 *
 * @param[in]  form  "nn": a [m,k], b [k,n] · "nt": a [m,k], b [n,k] · "tn": a [k,m], b [k,n]
 * @param[in]  a     rank 2
 * @param[in]  b     rank 2, of a's type
 * @param[out] c     [m,n], of a's type; overwritten; must not overlap a or b
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a, b or c is no tensor, or c overlaps one of the others
 * @retval DEEPID_ERR_SPEC      form is none of the three
 * @retval DEEPID_ERR_DTYPE     the types differ
 * @retval DEEPID_ERR_SHAPE     the shapes do not fit
 *
 * @cost   2 m n k operations by OpenBLAS, one single-threaded call a tile of a fixed grid; allocates nothing but,
 * once, the context's threads.
 * @thread The context is c's. The bits are the same for any number of threads.
 */
DEEPID_API int32_t deepid_tensor_matmul(const char *form, const deepid_tensor *a, const deepid_tensor *b,
                                        deepid_tensor *c);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
