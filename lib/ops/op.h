/* A layer kind, and an op: one kind with its options and shapes. To add a kind: one folder lib/ops/<kind>/ and one
   line in kinds.h. */
#ifndef DPID_OPS_OP_H
#define DPID_OPS_OP_H

#include "base/base.h"
#include "base/isa.h"
#include "ops/facts.h"
#include "ops/kinds.h"
#include "tensor/tensor.h"

typedef struct dpid_kind dpid_kind;

enum { DPID_SHAPE_RANK_MAX = 3, DPID_OP_PARAMETERS_MAX = 6, DPID_PARAMETER_RANK_MAX = 4 };

/* The shape of one sample: [features], a series [l, c] or a picture [h, w, c]. A batch is n of them, dense. */
typedef struct {
    int32_t rank;
    int64_t extent[DPID_SHAPE_RANK_MAX];
} dpid_shape;
int64_t dpid_shape_count(const dpid_shape *shape);
bool dpid_shape_equal(const dpid_shape *a, const dpid_shape *b);
/* The same numbers as a picture [h, w, c]: a series is one row, features are one pixel. */
dpid_shape dpid_shape_picture(const dpid_shape *shape);
/* A picture of h x w x c in the rank of `like`: a series of length w, c features. */
dpid_shape dpid_shape_like(const dpid_shape *like, int64_t h, int64_t w, int64_t c);

/* What a parameter is; initialisation and weight decay go by it. */
typedef enum {
    DPID_ROLE_WEIGHT = 1, /* a linear map: dense [out,in], conv1d [out,k,in/groups], conv2d [out,kh,kw,in/groups] */
    DPID_ROLE_BIAS,       /* added constant, starts at 0 */
    DPID_ROLE_SCALE,      /* normalisation's gamma, starts at 1; a trained scale */
    DPID_ROLE_SHIFT,      /* normalisation's beta, starts at 0 */
    DPID_ROLE_SLOPE,      /* prelu's slope */
    DPID_ROLE_MEAN,       /* state: running mean, starts at 0 */
    DPID_ROLE_VARIANCE    /* state: running variance, starts at 1 */
} dpid_role;

typedef struct {
    const char *name; /* "weight", "bias", "running_mean": the field's names */
    dpid_role role;
    bool trained; /* false: state, moved by commit and not by the optimiser */
    int32_t rank;
    int64_t extents[DPID_PARAMETER_RANK_MAX];
    int64_t fan_in, fan_out; /* DPID_ROLE_WEIGHT only: inputs of one output; outputs of one input */
    double start;            /* initial value where no initialisation word says otherwise */
} dpid_parameter_spec;

/* One kind, its options, its shapes. Plain data, copied freely; infer fills what is below the line. */
typedef struct {
    const dpid_kind *kind;
    dpid_value option[DPID_OPTIONS_MAX]; /* in the order of kind->options */
    dpid_shape in;
    /* ---- */
    dpid_shape out;
    int32_t parameters; /* trained and state */
    dpid_parameter_spec parameter[DPID_OP_PARAMETERS_MAX];
    int64_t saved_fixed, saved_per_sample; /* reals kept from forward to backward */
    int64_t macs;                          /* multiply-adds a sample */
} dpid_op;

typedef enum { DPID_EVAL = 0, DPID_TRAIN = 1 } dpid_mode;

/* Batch-norm of a batch in parts (net/lockstep.h). Forward, and backward, come twice: the first gives the sums
   of the part, the second takes those of the whole batch. */
typedef enum { DPID_NORM_MEASURE = 1, DPID_NORM_USE } dpid_norm_phase;
typedef struct {
    dpid_norm_phase phase;
    /* [2][c]. Forward: mean, and the squares around it. Backward: sum g, sum g xhat */
    double *own;
    const double *all;
    int64_t total; /* values a channel of the whole batch */
} dpid_norm_parts;

/* What one forward or backward of one op gets. All arrays are of the kernels' real, dense, DPID_ALIGN-aligned is not
   promised. forward writes y and saved. backward OVERWRITES dx, ADDS to dparam, and skips each that is NULL; it may
   use x, y, saved. x and y never overlap; dy and dx never overlap. Parameters are in the order of op->parameter;
   dparam of a state is ignored. forward never writes a state: commit does, from saved. */
typedef struct {
    const dpid_op *op;
    dpid_mode mode;
    int64_t n;
    const void *x;
    void *y;
    const void *dy;
    void *dx;
    void *parameter[DPID_OP_PARAMETERS_MAX];
    void *dparameter[DPID_OP_PARAMETERS_MAX];
    void *saved;           /* op->saved_fixed + n * op->saved_per_sample reals */
    void *scratch;         /* dpid_op_scratch(op, n, workers) reals, content undefined */
    dpid_pool *pool;       /* may be NULL */
    dpid_norm_parts *norm; /* NULL: a batch-norm takes the n samples for the whole batch */
    bool exact;            /* no kernel that trades rounding for speed (Winograd) */
    void *native;          /* not NULL: operands are bf16 numbers, to be multiplied by the CPU's instruction for them;
                                 here they are packed (net/rounding.h) */
    uint64_t noise_seed;   /* dropout: DPID_STREAM_NOISE of this seed, */
    uint32_t noise_substream; /* which layer, */
    uint64_t noise_step;      /* which training step, */
    int64_t noise_first;      /* which sample of the step's batch the first one here is */
} dpid_pass;

typedef struct {
    void (*forward)(const dpid_pass *pass);
    void (*backward)(const dpid_pass *pass);
    /* NULL: no state. After forward in DPID_TRAIN: batch statistics into running ones */
    void (*commit)(const dpid_pass *pass);
} dpid_kernels;

enum {
    DPID_KIND_ELEMENTWISE = 1,     /* y[i] depends on x[i] alone (and parameters); any shape */
    DPID_KIND_MODE = 2,            /* train differs from eval */
    DPID_KIND_KINKED = 4,          /* not differentiable somewhere: gradient tests keep away from kinks() */
    DPID_KIND_BATCH = 8,           /* in DPID_TRAIN samples of a batch influence each other */
    DPID_KIND_ROUGH = 16,          /* rounds its f32 gradient to sixteen bits on purpose */
    DPID_KIND_SLOPE_OF_VALUE = 32, /* elementwise: backward gives the same with y in the place of x */
    DPID_KIND_AFFINE = 64,         /* an affine map, the same for every sample (batchnorm: given its statistics) */
    DPID_KIND_WEIGHT = 128,        /* a trained linear map: parameter 0 is its weight */
    DPID_KIND_NORM = 256,         /* normalises: with DPID_KIND_BATCH channels over the batch, else each sample alone */
    DPID_KIND_RECTIFIER = 512,    /* y = x for x >= 0, a multiple of x below */
    DPID_KIND_GATE = 1024,        /* the sign of x chooses between two slopes */
    DPID_KIND_SELECT = 2048,      /* sends the gradient on or stops it by more than the sign of x */
    DPID_KIND_WINDOW = 4096,      /* one number of each window of a picture */
    DPID_KIND_KEEPS_RANGE = 8192, /* what comes out lies between the least and the largest that come in */
    DPID_KIND_NOISE = 16384,      /* draws numbers in DPID_TRAIN */
    DPID_KIND_KEEPS_MEAN = 32768, /* a DPID_KIND_NORM that is not blind to x + b: it has no mean to take away */
    DPID_KIND_SCALE = 65536,      /* multiplies by its parameter 0, one number or one a channel */
    DPID_KIND_CONVOLUTION = 131072, /* the kernels, options and geometry of conv2d (ops/conv2d/conv2d.h) */
    DPID_KIND_WIDE = 262144         /* PyTorch's autocast gives its output in f32 (net/storage.h) */
};

struct dpid_kind {
    const char *word;           /* "dense" */
    const char *help;           /* "y = x w^T + b" */
    const dpid_option *options; /* ends with key NULL; may be NULL */
    uint32_t flags;
    /* From op->option and op->in: fill the lower half of op, or fail with a sentence that starts with the word. */
    int32_t (*infer)(deepid_ctx *ctx, dpid_op *op);
    /* Smallest number of values a channel that DPID_TRAIN needs; 0: no demand. */
    int64_t train_values;
    double gain;                                             /* mean square of the slope around 0; 0: not known */
    dpid_activation (*activation)(const dpid_value *option); /* NULL: it is no activation */
    const dpid_identity_claim *claims;                       /* can it be the identity? Ends with variant NULL */
    /* Reals of scratch for forward or backward (the larger) of up to n samples with up to this many workers. NULL:
       none. */
    int64_t (*scratch)(const dpid_op *op, int64_t n, int32_t workers);
    const dpid_kernels *kernels[DPID_ISAS][DPID_PRECISIONS];
};

/* kernels of one kind in all precisions and instruction sets: DPID_KERNELS_DECLARE(dense) in dense.c, then
   DPID_KERNELS(dense) in its dpid_kind, and `const dpid_kernels DPID_T(dpid_kernels_dense) = {forward, backward,
   NULL};` in the part that is compiled for each. */
#ifdef DPID_X86_ISAS
#define DPID_KERNELS_DECLARE(kind)                                                                                     \
    extern const dpid_kernels dpid_kernels_##kind##_f32, dpid_kernels_##kind##_f64, dpid_kernels_##kind##_f80,         \
        dpid_kernels_##kind##_f32_avx2, dpid_kernels_##kind##_f64_avx2, dpid_kernels_##kind##_f32_avx512,              \
        dpid_kernels_##kind##_f64_avx512
#else
#define DPID_KERNELS_DECLARE(kind)                                                                                     \
    extern const dpid_kernels dpid_kernels_##kind##_f32, dpid_kernels_##kind##_f64, dpid_kernels_##kind##_f80
#endif
#define DPID_KERNELS(kind) DPID_ISA_TABLE(&dpid_kernels_##kind)

/* ---- registry: the list is kinds.h ------------------------------------------ */

#define DPID_KIND_DECLARE(word) extern const dpid_kind dpid_kind_##word;
DPID_KINDS(DPID_KIND_DECLARE)
extern const dpid_set dpid_kinds;
const dpid_kind *dpid_kind_at(int64_t i);        /* NULL past the end */
const dpid_kind *dpid_kind_find(dpid_span word); /* NULL when unknown */

/* Make an op: parse options, check the input shape, infer. options: span of `key=value ...`. */
int32_t dpid_op_create(deepid_ctx *ctx, const dpid_kind *kind, dpid_span options, const dpid_shape *in, dpid_op *out);
/* "dense out=16": what would create it again. */
void dpid_op_print(dpid_string *s, const dpid_op *op);
int64_t dpid_op_scratch(const dpid_op *op, int64_t n, int32_t workers);
/* The last axis of what goes in. */
static inline int64_t dpid_op_channels(const dpid_op *op)
{
    return op->in.extent[op->in.rank - 1];
}
/* DEEPID_ERR_SHAPE when this kind cannot train on n samples (batch statistics of one value). */
int32_t dpid_op_check_batch(deepid_ctx *ctx, const dpid_op *op, dpid_mode mode, int64_t n);
/* infer for kinds whose output has the input's shape. */
int32_t dpid_infer_same(deepid_ctx *ctx, dpid_op *op);

/* ---- public primitives ---------------------------------------------------- */

/* A public primitive is an op made for these tensors and run once: shapes and dtypes checked, scratch allocated and
   freed. x is [n, features], [n, l, c] or [n, h, w, c] (elementwise kinds: any rank >= 1, first extent = samples).
   parameters:
   op->parameters tensors in their order (a NULL where the kind allows none). Inside an entered context. */
int32_t dpid_primitive_forward(const dpid_kind *kind, const char *options, dpid_mode mode, const deepid_tensor *x,
                               const deepid_tensor *const *parameters, deepid_tensor *y);
/* Runs the forward first where saved values are needed. dx, dparameters[i]: NULL = not wanted. */
int32_t dpid_primitive_backward(const dpid_kind *kind, const char *options, dpid_mode mode, const deepid_tensor *x,
                                const deepid_tensor *const *parameters, const deepid_tensor *dy, deepid_tensor *dx,
                                deepid_tensor *const *dparameters);

#endif
