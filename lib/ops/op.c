/* Ops: made from a kind, its options and an input shape; printed back as text. */
#include "ops/op.h"

#include <string.h>

/* ---- shapes ------------------------------------------------------------------ */

int64_t dpid_shape_count(const dpid_shape *shape)
{
    int64_t count = 1;
    for (int32_t i = 0; i < shape->rank; i++)
        count *= shape->extent[i];
    return count;
}

bool dpid_shape_equal(const dpid_shape *a, const dpid_shape *b)
{
    bool equal = a->rank == b->rank;
    for (int32_t i = 0; equal && i < a->rank; i++)
        equal = a->extent[i] == b->extent[i];
    return equal;
}

dpid_shape dpid_shape_picture(const dpid_shape *shape)
{
    const int64_t *e = shape->extent;
    if (shape->rank == 3)
        return *shape;
    return shape->rank == 2 ? (dpid_shape){3, {1, e[0], e[1]}} : (dpid_shape){3, {1, 1, e[0]}};
}

dpid_shape dpid_shape_like(const dpid_shape *like, int64_t h, int64_t w, int64_t c)
{
    return like->rank == 3   ? (dpid_shape){3, {h, w, c}}
           : like->rank == 2 ? (dpid_shape){2, {w, c}}
                             : (dpid_shape){1, {c}};
}

/* A sample has at least one element and few enough that sizes in bytes can be counted. */
static int32_t check_shape(deepid_ctx *ctx, const char *what, const char *which, const dpid_shape *shape)
{
    int64_t count = 0;
    bool positive = shape->rank >= 1 && shape->rank <= DPID_SHAPE_RANK_MAX;
    for (int32_t i = 0; positive && i < shape->rank; i++)
        positive = shape->extent[i] > 0;
    if (!positive)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE,
                         "%s: %s is %s, expected features, length x channels or height x width x channels, each at "
                         "least 1",
                         what, which, dpid_shape_text(shape->rank < 0 ? 0 : shape->rank, shape->extent).text);
    if (!dpid_product(shape->rank, shape->extent, &count) || count > ctx->limits.tensor_elements)
        return dpid_fail(ctx, DEEPID_ERR_LIMIT, "%s: %s %s has more elements than the limit tensor_elements %lld", what,
                         which, dpid_shape_text(shape->rank, shape->extent).text,
                         (long long)ctx->limits.tensor_elements);
    return DEEPID_OK;
}

int32_t dpid_infer_same(deepid_ctx *ctx, dpid_op *op)
{
    (void)ctx;
    op->out = op->in;
    return DEEPID_OK;
}

/* ---- create --------------------------------------------------------------------- */

static int32_t check_parameters(deepid_ctx *ctx, const dpid_op *op)
{
    for (int32_t i = 0; i < op->parameters; i++) {
        int64_t count = 0;
        if (!dpid_product(op->parameter[i].rank, op->parameter[i].extents, &count) ||
            count > ctx->limits.tensor_elements)
            return dpid_fail(ctx, DEEPID_ERR_LIMIT, "%s: %s %s has more elements than the limit tensor_elements %lld",
                             op->kind->word, op->parameter[i].name,
                             dpid_shape_text(op->parameter[i].rank, op->parameter[i].extents).text,
                             (long long)ctx->limits.tensor_elements);
    }
    return DEEPID_OK;
}

int32_t dpid_op_create(deepid_ctx *ctx, const dpid_kind *kind, dpid_span options, const dpid_shape *in, dpid_op *out)
{
    dpid_op op = {.kind = kind, .in = *in};
    DPID_TRY(dpid_options_parse(ctx, kind->word, options, kind->options, op.option));
    DPID_TRY(check_shape(ctx, kind->word, "input", in));
    DPID_TRY(kind->infer(ctx, &op));
    DPID_TRY(check_shape(ctx, kind->word, "output", &op.out));
    DPID_TRY(check_parameters(ctx, &op));
    *out = op;
    return DEEPID_OK;
}

void dpid_op_print(dpid_string *s, const dpid_op *op)
{
    dpid_string_add(s, op->kind->word);
    dpid_options_print(s, op->kind->options, op->option);
}

int64_t dpid_op_scratch(const dpid_op *op, int64_t n, int32_t workers)
{
    return op->kind->scratch ? op->kind->scratch(op, n, workers) : 0;
}

int32_t dpid_op_check_batch(deepid_ctx *ctx, const dpid_op *op, dpid_mode mode, int64_t n)
{
    const int64_t channels = op->in.extent[op->in.rank - 1];
    const int64_t values = n * (dpid_shape_count(&op->in) / channels);
    if (mode != DPID_TRAIN || values >= op->kind->train_values)
        return DEEPID_OK;
    return dpid_fail(ctx, DEEPID_ERR_SHAPE,
                     "%s: %lld value a channel in training, expected at least %lld (a larger batch)", op->kind->word,
                     (long long)values, (long long)op->kind->train_values);
}
