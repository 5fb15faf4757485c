/* Tensors from inside the library; internal precisions. */
#ifndef DPID_TENSOR_TENSOR_H
#define DPID_TENSOR_TENSOR_H

#include <deepid/tensor.h>

#include "base/base.h"

enum { DPID_RANK_MAX = 8 };

/* Precisions of kernels: index into tables of kernels. F80 is internal: the trust bound of f64. */
typedef enum { DPID_P32 = 0, DPID_P64 = 1, DPID_P80 = 2, DPID_PRECISIONS = 3 } dpid_precision;
int64_t dpid_precision_bytes(dpid_precision p);     /* 4, 8, sizeof(long double) */
const char *dpid_dtype_name(int32_t dtype);         /* "f32", "u8", "unknown" */
int64_t dpid_dtype_bytes(int32_t dtype);            /* 0 when unknown */
bool dpid_dtype_is_real(int32_t dtype);             /* F32 or F64 */
dpid_precision dpid_dtype_precision(int32_t dtype); /* F32 -> P32, F64 -> P64 */

/* Element i of an array of the precision's reals. */
void dpid_store(dpid_precision p, void *array, int64_t i, double value);
double dpid_fetch(dpid_precision p, const void *array, int64_t i);
/* Without loss. */
long double dpid_fetch_wide(dpid_precision p, const void *array, int64_t i);

struct deepid_tensor {
    dpid_head head;
    int32_t dtype, rank;
    int64_t extents[DPID_RANK_MAX];
    int64_t count;
    void *data;
    bool owned;
};

/* Check a tensor argument: kind, dtype equal to `dtype` (0 = any), and shape; the sentence names op and argument. A
   rank of -1 skips the shape. */
int32_t dpid_tensor_check(deepid_ctx *ctx, const char *op, const char *argument, const deepid_tensor *tensor,
                          int32_t dtype, int32_t rank, const int64_t *extents);

/* out[i] = source element i of any dtype, as double; strided copy with conversion between any two dtypes (targets:
   F32, F64). */
void dpid_copy_strided(int32_t rank, const int64_t *extents, int32_t to_dtype, void *to, const int64_t *to_strides,
                       int32_t from_dtype, const void *from, const int64_t *from_strides);

#endif
