/* Public primitives: an op made for the tensors at hand, checked, run once, forgotten. */
#include "ops/op.h"

#include <string.h>

/* What one call needs beside the caller's tensors. */
typedef struct {
    deepid_ctx *ctx;
    dpid_op op;
    dpid_pass pass;
    void *saved, *scratch, *y; /* owned */
} call;

/* ---- checks ---------------------------------------------------------------------- */

/* [n, features], [n, l, c] or [n, h, w, c]; elementwise kinds take any rank and see each sample as features. */
static int32_t sample_shape(deepid_ctx *ctx, const dpid_kind *kind, const deepid_tensor *x, dpid_shape *out)
{
    const bool any = kind->flags & DPID_KIND_ELEMENTWISE;
    if (x->rank < 1 || (!any && (x->rank < 2 || x->rank > 4)))
        return dpid_fail(ctx, DEEPID_ERR_SHAPE, "%s: x is %s, expected [n, features], [n, l, c] or [n, h, w, c]",
                         kind->word, dpid_shape_text(x->rank, x->extents).text);
    for (int32_t i = 0; i < x->rank; i++)
        if (x->extents[i] < 1)
            return dpid_fail(ctx, DEEPID_ERR_SHAPE, "%s: x is %s, expected no empty extent", kind->word,
                             dpid_shape_text(x->rank, x->extents).text);
    if (x->rank == 4)
        *out = (dpid_shape){3, {x->extents[1], x->extents[2], x->extents[3]}};
    else if (x->rank == 3 && !any)
        *out = (dpid_shape){2, {x->extents[1], x->extents[2]}};
    else
        *out = (dpid_shape){1, {x->count / x->extents[0]}};
    return DEEPID_OK;
}

static int32_t check_like_output(const call *c, const char *name, const deepid_tensor *t, const deepid_tensor *x)
{
    int64_t extents[DPID_RANK_MAX] = {x->extents[0]};
    if (c->op.kind->flags & DPID_KIND_ELEMENTWISE)
        return dpid_tensor_check(c->ctx, c->op.kind->word, name, t, x->dtype, x->rank, x->extents);
    memcpy(extents + 1, c->op.out.extent, sizeof *extents * (size_t)c->op.out.rank);
    return dpid_tensor_check(c->ctx, c->op.kind->word, name, t, x->dtype, c->op.out.rank + 1, extents);
}

static int32_t check_parameters(const call *c, const char *prefix, const deepid_tensor *const *parameters,
                                int32_t dtype, bool optional)
{
    for (int32_t i = 0; i < c->op.parameters; i++) {
        const dpid_parameter_spec *spec = &c->op.parameter[i];
        char name[64] = "";
        strncat(name, prefix, sizeof name - 1);
        strncat(name, spec->name, sizeof name - strlen(name) - 1);
        if (optional && (!parameters[i] || !spec->trained))
            continue;
        DPID_TRY(dpid_tensor_check(c->ctx, c->op.kind->word, name, parameters[i], dtype, spec->rank, spec->extents));
    }
    return DEEPID_OK;
}

static bool overlaps(const deepid_tensor *a, const deepid_tensor *b)
{
    const int64_t a_bytes = a->count * dpid_dtype_bytes(a->dtype);
    const int64_t b_bytes = b->count * dpid_dtype_bytes(b->dtype);
    return (const char *)a->data < (const char *)b->data + b_bytes &&
           (const char *)b->data < (const char *)a->data + a_bytes;
}

static int32_t check_apart(const call *c, const char *names, const deepid_tensor *a, const deepid_tensor *b)
{
    return overlaps(a, b) ? dpid_fail(c->ctx, DEEPID_ERR_ARGUMENT, "%s: %s overlap", c->op.kind->word, names)
                          : DEEPID_OK;
}

/* ---- a call ------------------------------------------------------------------------- */

static int32_t open_call(const dpid_kind *kind, const char *options, dpid_mode mode, const deepid_tensor *x,
                         const deepid_tensor *const *parameters, call *c)
{
    dpid_shape in;
    DPID_TRY(sample_shape(c->ctx, kind, x, &in));
    DPID_TRY(dpid_op_create(c->ctx, kind, dpid_span_of(options), &in, &c->op));
    DPID_TRY(check_parameters(c, "", parameters, x->dtype, false));
    const int64_t n = x->extents[0];
    DPID_TRY(dpid_op_check_batch(c->ctx, &c->op, mode, n));
    c->pass =
        (dpid_pass){.op = &c->op, .mode = mode, .n = n, .x = x->data, .pool = dpid_ctx_pool(c->ctx), .exact = true};
    for (int32_t i = 0; i < c->op.parameters; i++)
        c->pass.parameter[i] = parameters[i]->data;
    const int64_t bytes = dpid_dtype_bytes(x->dtype);
    DPID_TRY(dpid_alloc(c->ctx, c->op.saved_fixed + n * c->op.saved_per_sample, bytes, kind->word, &c->saved));
    DPID_TRY(dpid_alloc(c->ctx, dpid_op_scratch(&c->op, n, dpid_pool_workers(c->pass.pool)), bytes, kind->word,
                        &c->scratch));
    c->pass.saved = c->saved;
    c->pass.scratch = c->scratch;
    return DEEPID_OK;
}

static int32_t close_call(call *c, int32_t status)
{
    dpid_free(c->ctx, c->y);
    dpid_free(c->ctx, c->scratch);
    dpid_free(c->ctx, c->saved);
    return status;
}

static const dpid_kernels *kernels_of(const dpid_kind *kind, const deepid_tensor *x)
{
    return kind->kernels[x->head.ctx->isa][dpid_dtype_precision(x->dtype)];
}

static int32_t forward(call *c, const dpid_kind *kind, const char *options, dpid_mode mode, const deepid_tensor *x,
                       const deepid_tensor *const *parameters, deepid_tensor *y)
{
    DPID_TRY(open_call(kind, options, mode, x, parameters, c));
    DPID_TRY(check_like_output(c, "y", y, x));
    DPID_TRY(check_apart(c, "x and y", x, y));
    c->pass.y = y->data;
    const dpid_kernels *kernels = kernels_of(kind, x);
    kernels->forward(&c->pass);
    if (mode == DPID_TRAIN && kernels->commit)
        kernels->commit(&c->pass);
    return DEEPID_OK;
}

int32_t dpid_primitive_forward(const dpid_kind *kind, const char *options, dpid_mode mode, const deepid_tensor *x,
                               const deepid_tensor *const *parameters, deepid_tensor *y)
{
    DPID_TRY(dpid_enter(x, DPID_MAGIC_TENSOR));
    call c = {.ctx = x->head.ctx};
    return dpid_leave(c.ctx, close_call(&c, forward(&c, kind, options, mode, x, parameters, y)));
}

static int32_t backward(call *c, const dpid_kind *kind, const char *options, dpid_mode mode, const deepid_tensor *x,
                        const deepid_tensor *const *parameters, const deepid_tensor *dy, deepid_tensor *dx,
                        deepid_tensor *const *dparameters)
{
    DPID_TRY(open_call(kind, options, mode, x, parameters, c));
    DPID_TRY(check_like_output(c, "dy", dy, x));
    DPID_TRY(check_parameters(c, "gradient of ", (const deepid_tensor *const *)dparameters, x->dtype, true));
    if (dx) {
        DPID_TRY(dpid_tensor_check(c->ctx, kind->word, "dx", dx, x->dtype, x->rank, x->extents));
        DPID_TRY(check_apart(c, "x and dx", x, dx));
        DPID_TRY(check_apart(c, "dy and dx", dy, dx));
    }
    DPID_TRY(dpid_alloc(c->ctx, dy->count, dpid_dtype_bytes(x->dtype), kind->word, &c->y));
    const dpid_kernels *kernels = kernels_of(kind, x);
    c->pass.y = c->y;
    kernels->forward(&c->pass); /* fills y and what is saved */
    c->pass.dy = dy->data;
    c->pass.dx = dx ? dx->data : NULL;
    for (int32_t i = 0; i < c->op.parameters; i++)
        c->pass.dparameter[i] = c->op.parameter[i].trained && dparameters[i] ? dparameters[i]->data : NULL;
    kernels->backward(&c->pass);
    return DEEPID_OK;
}

int32_t dpid_primitive_backward(const dpid_kind *kind, const char *options, dpid_mode mode, const deepid_tensor *x,
                                const deepid_tensor *const *parameters, const deepid_tensor *dy, deepid_tensor *dx,
                                deepid_tensor *const *dparameters)
{
    DPID_TRY(dpid_enter(x, DPID_MAGIC_TENSOR));
    call c = {.ctx = x->head.ctx};
    return dpid_leave(c.ctx, close_call(&c, backward(&c, kind, options, mode, x, parameters, dy, dx, dparameters)));
}
