/* A net from an ONNX file: its text from the layers that the walk found, then its numbers. */
#include "onnx/onnx.h"

#include "net/weights_layout.h"
#include "ops/conv2d/conv2d.h"

#include <deepid/onnx.h>

/* ---- text ------------------------------------------------------------------------------------ */

static bool has_bias(const dpid_onnx_item *item)
{
    for (const dpid_onnx_change *c = item->changes; c; c = c->next)
        if (!c->multiplies)
            return true;
    return false;
}

static void write_items(dpid_string *s, const dpid_onnx_list *list);

static void write_block(dpid_string *s, const dpid_onnx_item *block)
{
    dpid_string_add(s, "identity");
    if (block->s != 1)
        dpid_string_format(s, " s=%s", dpid_number(block->s).text);
    if (block->shortcut)
        dpid_string_format(s, " shortcut=%s", block->shortcut);
    if (block->projection)
        dpid_string_format(s, " projection=%s", block->projection);
    dpid_string_add(s, " { ");
    write_items(s, &block->branch);
    dpid_string_add(s, " }");
    if (block->after)
        dpid_string_format(s, " after=%s", block->after);
}

static void write_items(dpid_string *s, const dpid_onnx_list *list)
{
    for (const dpid_onnx_item *item = list->first; item; item = item->next) {
        if (!item->kind)
            write_block(s, item);
        else
            dpid_string_format(s, "%s %s", item->kind->word, item->options);
        if (item->kind && (item->kind->flags & DPID_KIND_WEIGHT) && !has_bias(item))
            dpid_string_add(s, " bias=0");
        if (item->next)
            dpid_string_add(s, "; ");
    }
}

static int32_t write_text(const dpid_onnx_walk *w, dpid_string *s)
{
    const dpid_shape *in = &w->flow[w->graph.input].shape;
    dpid_string_format(s, "input %s; ", dpid_shape_text(in->rank, in->extent).text);
    write_items(s, &w->net);
    return s->status;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static bool has_f64(const dpid_onnx_list *list)
{
    for (const dpid_onnx_item *item = list->first; item; item = item->next) {
        for (int k = 0; item->kind && k < DPID_ONNX_SOURCES; k++)
            if (item->source[k].rank >= 0 && item->source[k].dtype == ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE)
                return true;
        for (const dpid_onnx_change *c = item->changes; c; c = c->next)
            if (c->by.data && c->by.dtype == ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE)
                return true;
        if (!item->kind && (has_f64(&item->branch) || has_f64(&item->skip)))
            return true;
    }
    return false;
}

/* The library chose this layer of a shortcut: it has to be the file's. */
static int32_t check_shortcut(dpid_onnx_walk *w, const dpid_op *ours, const dpid_onnx_item *item)
{
    dpid_op op;
    DPID_TRY(dpid_onnx_op(w, item, &op));
    bool same = ours->kind == item->kind && dpid_shape_equal(&ours->out, &op.out);
    if (same && (item->kind->flags & DPID_KIND_CONVOLUTION)) {
        dpid_conv2d a;
        dpid_conv2d b;
        DPID_TRY(dpid_conv2d_make(w->ctx, ours, &a));
        DPID_TRY(dpid_conv2d_make(w->ctx, &op, &b));
        same = a.window.stride_h == b.window.stride_h && a.window.stride_w == b.window.stride_w;
    }
    if (same && item->kind == &dpid_kind_channel_pad)
        same = ours->option[1].i == op.option[1].i; /* stride */
    if (same)
        return DEEPID_OK;
    return dpid_onnx_refuse(&w->graph, item->node, "this shortcut is '%s %s'; deepid's beside such a branch is another",
                            item->kind->word, item->options);
}

/* Layers stand in the net as in the lists: those of a branch, of its skip, what comes after. */
static int32_t fill_items(dpid_onnx_walk *w, deepid_net *net, const dpid_onnx_list *list, bool skip, int32_t *layer)
{
    for (const dpid_onnx_item *item = list->first; item; item = item->next) {
        if (!item->kind) {
            DPID_TRY(fill_items(w, net, &item->branch, false, layer));
            DPID_TRY(fill_items(w, net, &item->skip, true, layer));
            *layer += item->after != NULL;
            continue;
        }
        if (*layer >= net->layers || (!skip && net->layer[*layer].op.kind != item->kind))
            return dpid_onnx_refuse(&w->graph, item->node, "its place in the net's text is not clear");
        if (skip)
            DPID_TRY(check_shortcut(w, &net->layer[*layer].op, item));
        DPID_TRY(dpid_onnx_fill(w, net, (*layer)++, item));
    }
    return DEEPID_OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void say_what_differs(const dpid_onnx_walk *w)
{
    if (w->softmax)
        dpid_log(w->ctx, 1, "'%s' ends with a softmax; the net gives what goes into it, as losses expect",
                 w->file->path);
    if (w->trains)
        dpid_log(w->ctx, 2,
                 "'%s' was exported for training, its batch-norms take the statistics of the batch; in evaluation the "
                 "net takes the running ones",
                 w->file->path);
    if (w->normalises)
        dpid_log(w->ctx, 2,
                 "'%s' begins with known numbers on its input (a normalisation); here they are a batch-norm's, which "
                 "training changes",
                 w->file->path);
    if (w->scaled != DPID_ONNX_NONE)
        dpid_log(
            w->ctx, 2,
            "'%s': node '%.80s' multiplies what a layer gives (LayerScale, ReZero, a fixed factor); that went into "
            "the layer's weights, and a net that starts anew has no such factor",
            w->file->path, dpid_onnx_node_at(&w->graph, w->scaled)->name);
}

static int32_t make_net(dpid_onnx_walk *w, deepid_net **out)
{
    dpid_string text = {.ctx = w->ctx};
    deepid_net *net = NULL;
    int32_t layer = 0;
    int32_t status = write_text(w, &text);
    if (status == DEEPID_OK)
        status = dpid_net_create_within(w->ctx, text.text, has_f64(&w->net) ? DEEPID_F64 : DEEPID_F32, -1, &net);
    dpid_string_release(&text);
    DPID_TRY(status);
    status = fill_items(w, net, &w->net, false, &layer);
    if (status == DEEPID_OK) {
        say_what_differs(w);
        dpid_weights_warn(net, w->file->path);
    }
    if (status == DEEPID_OK)
        *out = net;
    else
        deepid_net_destroy(net);
    return status;
}

static int32_t load(deepid_ctx *ctx, const char *path, deepid_net **out)
{
    dpid_onnx_file file = {.path = path};
    if (!path || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "net: %s is NULL", path ? "out" : "path");
    int32_t status = dpid_onnx_read(ctx, path, &file);
    dpid_onnx_walk walk = {.ctx = ctx, .file = &file, .arena = &file.arena, .scaled = DPID_ONNX_NONE};
    if (status == DEEPID_OK)
        status = dpid_onnx_walk_graph(&walk);
    if (status == DEEPID_OK)
        status = make_net(&walk, out);
    dpid_arena_release(&file.arena);
    return status;
}

int32_t deepid_net_load_onnx(deepid_ctx *ctx, const char *path, deepid_net **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, load(ctx, path, out));
}
