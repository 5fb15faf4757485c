/* ONNX files: read whole, unpacked by protobuf-c into the context's memory, checked; and written. */
#include "onnx/onnx.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory: protobuf-c takes it from an arena, so that one release frees all of it ---------- */

enum { PIECE = 1 << 16, PIECE_ALIGN = 16 };
/* What a message takes unpacked, by the bytes that it has packed. Graphs of many small nodes take about five. */
enum { GROWTH_MOST = 16, GROWTH_FREE = 1 << 20 };

typedef struct {
    dpid_arena *arena;
    char *piece;
    int64_t left; /* bytes of the piece */
    int64_t allowed;
    int32_t status;
} memory;

static void *take(void *user, size_t bytes)
{
    memory *m = user;
    int64_t size = (int64_t)bytes;
    void *out = NULL;
    if (m->status != DEEPID_OK || bytes > INT_MAX || !dpid_round_up(size, PIECE_ALIGN, &size))
        return NULL;
    m->allowed -= size;
    if (m->allowed < 0) {
        m->status = DEEPID_ERR_FORMAT;
        return NULL;
    }
    if (size > PIECE / 2) {
        m->status = dpid_arena_alloc(m->arena, size, 1, "ONNX file", &out);
        return out;
    }
    if (size > m->left) {
        m->status = dpid_arena_alloc(m->arena, PIECE, 1, "ONNX file", &m->piece);
        m->left = m->status == DEEPID_OK ? PIECE : 0;
        if (m->status != DEEPID_OK)
            return NULL;
    }
    m->left -= size;
    return m->piece + m->left;
}

/* The arena frees all at once. */
static void give(void *user, void *block)
{
    (void)user;
    (void)block;
}

/* ---- reading --------------------------------------------------------------------------------- */

static int32_t check_opset(deepid_ctx *ctx, const char *path, const Onnx__ModelProto *model, int64_t *opset)
{
    *opset = -1;
    for (size_t i = 0; i < model->n_opset_import; i++) {
        const Onnx__OperatorSetIdProto *set = model->opset_import[i];
        if (!set->domain || !*set->domain || strcmp(set->domain, "ai.onnx") == 0)
            *opset = set->version > *opset ? set->version : *opset;
    }
    if (*opset < 0)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' names no operator set of ONNX", path);
    if (*opset < DPID_ONNX_OPSET_FIRST || *opset > DPID_ONNX_OPSET_LAST)
        return dpid_fail(ctx, DEEPID_ERR_UNSUPPORTED,
                         "'%s' has operator set %lld, expected %d to %d; torch.onnx.export takes opset_version=18",
                         path, (long long)*opset, DPID_ONNX_OPSET_FIRST, DPID_ONNX_OPSET_LAST);
    return DEEPID_OK;
}

static int32_t unpack(deepid_ctx *ctx, const uint8_t *bytes, int64_t count, dpid_onnx_file *out)
{
    memory m = {.arena = &out->arena, .allowed = count * GROWTH_MOST + GROWTH_FREE};
    ProtobufCAllocator allocator = {take, give, &m};
    if (count > INT_MAX)
        return dpid_fail(
            ctx, DEEPID_ERR_FORMAT,
            "'%s' has %lld bytes, and an ONNX file less than 2 GiB: larger weights lie in a file beside it", out->path,
            (long long)count);
    DPID_TRY(dpid_onnx_check_depth(ctx, out->path, bytes, count));
    const Onnx__ModelProto *model = onnx__model_proto__unpack(&allocator, (size_t)count, bytes);
    if (m.status == DEEPID_ERR_FORMAT)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' would take more than %d times its %lld bytes unpacked",
                         out->path, GROWTH_MOST, (long long)count);
    DPID_TRY(m.status);
    if (!model || !model->graph)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' is not a complete ONNX file: %s", out->path,
                         model ? "it has no graph" : "protobuf-c does not take it");
    out->graph = model->graph;
    return check_opset(ctx, out->path, model, &out->opset);
}

int32_t dpid_onnx_read(deepid_ctx *ctx, const char *path, dpid_onnx_file *out)
{
    uint8_t *bytes = NULL;
    int64_t count = 0;
    *out = (dpid_onnx_file){.arena = {.ctx = ctx}, .path = path};
    DPID_TRY(dpid_file_read(ctx, path, &bytes, &count));
    const int32_t status = unpack(ctx, bytes, count, out);
    dpid_free(ctx, bytes);
    return status;
}

/* ---- writing --------------------------------------------------------------------------------- */

int32_t dpid_onnx_write(deepid_ctx *ctx, const char *path, const Onnx__ModelProto *model)
{
    uint8_t *bytes = NULL;
    const size_t size = onnx__model_proto__get_packed_size(model);
    if (size > INT_MAX)
        return dpid_fail(ctx, DEEPID_ERR_LIMIT, "'%s' would have %lld bytes, and an ONNX file has less than 2 GiB",
                         path, (long long)size);
    DPID_TRY(dpid_alloc(ctx, (int64_t)size, 1, "ONNX file", &bytes));
    onnx__model_proto__pack(model, bytes);
    const int32_t status = dpid_file_replace(ctx, path, bytes, (int64_t)size);
    dpid_free(ctx, bytes);
    return status;
}
