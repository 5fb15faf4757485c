/* From the tree of a net's text to layers, values and steps. */
#include "net/build.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- growing lists ----------------------------------------------------------------- */

typedef struct {
    deepid_net *net;
    bool frozen;  /* projections have a bias instead of a batch-norm */
    int64_t most; /* numbers, -1: any */
    int64_t numbers;
    int32_t layer_room, step_room, value_room, block_room, parameter_room;
} builder;

/* Room for one more; old arrays stay in the arena until the net goes (a doubling, so at most as much again). */
static int32_t room(builder *b, void *array, int32_t used, int32_t *capacity, int64_t size)
{
    enum { FIRST = 16 };
    void **slot = array;
    if (used < *capacity)
        return DEEPID_OK;
    void *grown = NULL;
    const int32_t larger = *capacity ? 2 * *capacity : FIRST;
    DPID_TRY(dpid_arena_alloc(&b->net->arena, larger, size, "net", &grown));
    if (*slot)
        memcpy(grown, *slot, (size_t)(used * size));
    *slot = grown;
    *capacity = larger;
    return DEEPID_OK;
}

static int32_t copy_name(builder *b, const char *prefix, const char *name, int64_t number, char **out)
{
    char text[160];
    const int length = number > 0 ? snprintf(text, sizeof text, "%s%s%lld", prefix, name, (long long)number)
                                  : snprintf(text, sizeof text, "%s%s", prefix, name);
    return dpid_arena_text(&b->net->arena, text, length, out);
}

static int32_t add_value(builder *b, const dpid_shape *shape, const char *name, int32_t *out)
{
    deepid_net *net = b->net;
    DPID_TRY(room(b, &net->value, net->values_count, &b->value_room, sizeof *net->value));
    net->value[net->values_count] = (dpid_value_info){.shape = *shape, .name = name};
    *out = net->values_count++;
    return DEEPID_OK;
}

static int32_t add_step(builder *b, dpid_step step)
{
    deepid_net *net = b->net;
    DPID_TRY(room(b, &net->step, net->steps, &b->step_room, sizeof *net->step));
    net->step[net->steps++] = step;
    return DEEPID_OK;
}

/* ---- layers --------------------------------------------------------------------------- */

typedef struct {
    const char *prefix; /* "block3." */
    int32_t block;
    bool shortcut;
} place;

/* Says which layer when the shapes do not fit. */
static int32_t fail_layer(deepid_ctx *ctx, const char *name, int32_t status)
{
    char sentence[DPID_ERROR_MAX];
    snprintf(sentence, sizeof sentence, "%s", ctx->error);
    return dpid_fail(ctx, status, "%s: %s", name, sentence);
}

/* Counted as the layers come: a file's text that repeats a block is refused at the first layer too many. */
static int32_t count_numbers(builder *b, const dpid_op *op)
{
    for (int32_t k = 0; k < op->parameters; k++) {
        int64_t count = 1;
        (void)dpid_product(op->parameter[k].rank, op->parameter[k].extents, &count); /* checked when the op was made */
        if (b->most >= 0 && (!dpid_add(b->numbers, count, &b->numbers) || b->numbers > b->most))
            return dpid_fail(b->net->head.ctx, DEEPID_ERR_FORMAT,
                             "the net's text asks for more numbers than its file has, which are %lld",
                             (long long)b->most);
    }
    return DEEPID_OK;
}

static int32_t add_layer(builder *b, place where, const dpid_kind *kind, dpid_span options, const char *word,
                         int64_t number, int32_t in, int32_t *out)
{
    deepid_net *net = b->net;
    deepid_ctx *ctx = net->head.ctx;
    char *name = NULL;
    if (net->layers >= ctx->limits.layers)
        return dpid_fail(ctx, DEEPID_ERR_LIMIT, "the net has more than the limit layers %lld",
                         (long long)ctx->limits.layers);
    DPID_TRY(room(b, &net->layer, net->layers, &b->layer_room, sizeof *net->layer));
    DPID_TRY(copy_name(b, where.prefix, word, number, &name));
    dpid_layer *layer = &net->layer[net->layers];
    *layer = (dpid_layer){.name = name,
                          .block = where.block,
                          .shortcut = where.shortcut,
                          .noise_substream = dpid_hash32(name, (int64_t)strlen(name))};
    const int32_t status = dpid_op_create(ctx, kind, options, &net->value[in].shape, &layer->op);
    if (status == DEEPID_ERR_SHAPE)
        return fail_layer(ctx, name, status);
    DPID_TRY(status);
    DPID_TRY(count_numbers(b, &layer->op));
    DPID_TRY(add_value(b, &layer->op.out, name, out));
    return add_step(
        b,
        (dpid_step){
            .type = DPID_STEP_LAYER, .layer = net->layers++, .in = in, .skip = -1, .out = *out, .block = where.block});
}

/* ---- lists of items --------------------------------------------------------------------- */

enum { KINDS_MAX = 128 };

typedef struct {
    int64_t all[KINDS_MAX], seen[KINDS_MAX]; /* layers of each kind in a list */
} tally;

static int32_t kind_index(const dpid_kind *kind)
{
    int32_t i = 0;
    while (dpid_kind_at(i) != kind)
        i++;
    assert(i < KINDS_MAX);
    return i;
}

static void count_kinds(const dpid_item *items, tally *list)
{
    memset(list, 0, sizeof *list);
    for (const dpid_item *item = items; item; item = item->next)
        if (item->kind)
            list->all[kind_index(item->kind)] += item->count;
}

static int32_t build_block(builder *b, const dpid_item *item, int32_t in, int32_t *out);

/* A layer's name has a number only where its list holds several of its kind. */
static int32_t build_layers(builder *b, place where, const dpid_item *item, tally *list, int32_t *value)
{
    const int32_t kind = kind_index(item->kind);
    for (int64_t i = 0; i < item->count; i++) {
        const int64_t number = ++list->seen[kind];
        DPID_TRY(add_layer(b, where, item->kind, item->options, item->kind->word, list->all[kind] > 1 ? number : 0,
                           *value, value));
    }
    return DEEPID_OK;
}

static int32_t build_items(builder *b, place where, const dpid_item *items, int32_t in, int32_t *out)
{
    tally list;
    count_kinds(items, &list);
    *out = in;
    for (const dpid_item *item = items; item; item = item->next) {
        if (item->kind)
            DPID_TRY(build_layers(b, where, item, &list, out));
        for (int64_t i = 0; !item->kind && i < item->count; i++)
            DPID_TRY(build_block(b, item, *out, out));
    }
    return DEEPID_OK;
}

/* ---- blocks ------------------------------------------------------------------------------ */

static bool has_batchnorm(const dpid_item *body)
{
    for (; body; body = body->next)
        if (body->kind == &dpid_kind_batchnorm && body->count > 0)
            return true;
    return false;
}

static bool projects_with_batchnorm(const dpid_item *item)
{
    return item->projection == DPID_PROJECTION_BATCHNORM ||
           (item->projection == DPID_PROJECTION_USUAL && has_batchnorm(item->body));
}

static int32_t shortcut_layer(builder *b, place where, const dpid_kind *kind, const char *options, int32_t in,
                              int32_t *out)
{
    char *kept = NULL;
    DPID_TRY(dpid_arena_text(&b->net->arena, options, (int64_t)strlen(options), &kept));
    return add_layer(b, where, kind, dpid_span_of(kept), kind->word, 0, in, out);
}

static int64_t stride_of(const dpid_op *op)
{
    for (int32_t i = 0; op->kind->options && op->kind->options[i].key; i++)
        if (strcmp(op->kind->options[i].key, "stride") == 0)
            return op->kind->options[i].type == DPID_INT ? op->option[i].i : op->option[i].list[0];
    return 1;
}

/* In all but the channels. */
static bool is_strided(const dpid_shape *from, const dpid_shape *to, int64_t stride)
{
    bool strided = true;
    for (int32_t i = 0; i < from->rank - 1; i++)
        strided &= (from->extent[i] + stride - 1) / stride == to->extent[i];
    return strided;
}

/* The strides of the branch, the layers from `first` on, multiplied; where that does not give its shape (it pads
   less, or more), the smallest stride that does. One as long as the picture takes a pixel. */
static int64_t skip_stride(const deepid_net *net, int32_t first, const dpid_shape *from, const dpid_shape *to)
{
    const int64_t longest = from->rank == 2 ? from->extent[0] : dpid_larger(from->extent[0], from->extent[1]);
    int64_t stride = 1;
    for (int32_t i = first; i < net->layers && stride < longest; i++)
        stride *= stride_of(&net->layer[i].op);
    if (stride > longest)
        stride = longest;
    return is_strided(from, to, stride) ? stride : (from->extent[0] + to->extent[0] - 1) / to->extent[0];
}

/* The skip in the branch's shape: itself, A: subsampled and padded, B and C: projected. first: the first layer of
   the branch. */
static int32_t build_shortcut(builder *b, const dpid_item *item, place where, int32_t first, int32_t in, int32_t branch,
                              int32_t *out)
{
    const dpid_shape from = b->net->value[in].shape;
    const dpid_shape to = b->net->value[branch].shape;
    const bool same = dpid_shape_equal(&from, &to);
    const long long wide = to.extent[to.rank - 1];
    *out = in;
    if (same && item->shortcut != DPID_SHORTCUT_C)
        return DEEPID_OK;
    if (from.rank != to.rank || item->shortcut == DPID_SHORTCUT_IDENTITY)
        return dpid_fail(b->net->head.ctx, DEEPID_ERR_SHAPE,
                         "%.*s: the branch turns %s into %s, so the skip needs shortcut=A, B or C",
                         (int)strlen(where.prefix) - 1, where.prefix, dpid_shape_text(from.rank, from.extent).text,
                         dpid_shape_text(to.rank, to.extent).text);
    const long long stride = from.rank > 1 ? skip_stride(b->net, first, &from, &to) : 1;
    const bool bias = b->frozen || item->projection == DPID_PROJECTION_BIAS;
    char options[96];
    if (item->shortcut == DPID_SHORTCUT_A)
        snprintf(options, sizeof options, "out=%lld stride=%lld", wide, stride);
    else if (from.rank > 1)
        snprintf(options, sizeof options, "out=%lld kernel=1 stride=%lld bias=%d", wide, stride, bias);
    else
        snprintf(options, sizeof options, "out=%lld bias=%d", wide, bias);
    const dpid_kind *kind = item->shortcut == DPID_SHORTCUT_A ? &dpid_kind_channel_pad
                            : from.rank == 3                  ? &dpid_kind_conv2d
                            : from.rank == 2                  ? &dpid_kind_conv1d
                                                              : &dpid_kind_dense;
    DPID_TRY(shortcut_layer(b, where, kind, options, in, out));
    if (item->shortcut != DPID_SHORTCUT_A && !b->frozen && projects_with_batchnorm(item))
        DPID_TRY(shortcut_layer(b, where, &dpid_kind_batchnorm, "", *out, out));
    if (!dpid_shape_equal(&b->net->value[*out].shape, &to))
        return dpid_fail(b->net->head.ctx, DEEPID_ERR_SHAPE, "%.*s: no stride turns %s into %s",
                         (int)strlen(where.prefix) - 1, where.prefix, dpid_shape_text(from.rank, from.extent).text,
                         dpid_shape_text(to.rank, to.extent).text);
    return DEEPID_OK;
}

/* *value = in + s skip, or in * skip */
static int32_t add_pair(builder *b, dpid_step_type type, const char *name, int32_t block, int32_t in, int32_t skip,
                        double s, int32_t *value)
{
    DPID_TRY(add_value(b, &b->net->value[in].shape, name, value));
    return add_step(
        b, (dpid_step){.type = type, .layer = -1, .in = in, .skip = skip, .s = s, .out = *value, .block = block});
}

static int32_t build_join(builder *b, const dpid_item *item, const char *prefix, const char *name, int32_t block,
                          int32_t first, int32_t in, int32_t *out)
{
    char *join = NULL;
    char *shortcut = NULL;
    int32_t skip;
    DPID_TRY(copy_name(b, prefix, "shortcut.", 0, &shortcut));
    DPID_TRY(build_shortcut(b, item, (place){shortcut, block, true}, first, in, *out, &skip));
    DPID_TRY(copy_name(b, prefix, "join", 0, &join));
    return add_pair(b, DPID_STEP_JOIN, item->norm || item->after ? join : name, block, *out, skip, item->s, out);
}

/* ---- gates ------------------------------------------------------------------------------- */

/* T(x) = sigmoid(W x + b) of the block's width: W dense, or a convolution with kernel 1 of pictures and series. */
static int32_t build_gate(builder *b, const dpid_item *item, place where, int32_t in, int32_t *out)
{
    deepid_net *net = b->net;
    const dpid_shape shape = net->value[in].shape;
    const int32_t first = net->layers;
    char options[64];
    snprintf(options, sizeof options, "out=%lld%s", (long long)shape.extent[shape.rank - 1],
             shape.rank > 1 ? " kernel=1" : "");
    const dpid_kind *kind = shape.rank == 3   ? &dpid_kind_conv2d
                            : shape.rank == 2 ? &dpid_kind_conv1d
                                              : &dpid_kind_dense;
    DPID_TRY(shortcut_layer(b, where, kind, options, in, out));
    net->layer[first].op.parameter[1].start = item->gate;
    DPID_TRY(shortcut_layer(b, where, &dpid_kind_sigmoid, "", *out, out));
    for (int32_t i = first; i < net->layers; i++)
        net->layer[i].gate = true;
    return DEEPID_OK;
}

/* T F + s (1 - T) x = T (F - s x) + s x: a join, a product, a join. */
static int32_t build_highway(builder *b, const dpid_item *item, const char *prefix, const char *name, int32_t block,
                             int32_t in, int32_t *out)
{
    const dpid_shape *from = &b->net->value[in].shape;
    const dpid_shape *to = &b->net->value[*out].shape;
    char *gate = NULL;
    char *change = NULL;
    char *product = NULL;
    char *join = NULL;
    int32_t t;
    if (!dpid_shape_equal(from, to))
        return dpid_fail(b->net->head.ctx, DEEPID_ERR_SHAPE,
                         "%s: the branch turns %s into %s, and a gate needs both in one shape; change it with a layer "
                         "before the block",
                         name, dpid_shape_text(from->rank, from->extent).text,
                         dpid_shape_text(to->rank, to->extent).text);
    DPID_TRY(copy_name(b, prefix, "gate.", 0, &gate));
    DPID_TRY(copy_name(b, prefix, "change", 0, &change));
    DPID_TRY(copy_name(b, prefix, "product", 0, &product));
    DPID_TRY(copy_name(b, prefix, "join", 0, &join));
    DPID_TRY(build_gate(b, item, (place){gate, block, true}, in, &t));
    const char *last = item->norm || item->after ? join : name;
    if (item->s == 0)
        return add_pair(b, DPID_STEP_GATE, last, block, t, *out, 0, out);
    DPID_TRY(add_pair(b, DPID_STEP_JOIN, change, block, *out, in, -item->s, out));
    DPID_TRY(add_pair(b, DPID_STEP_GATE, product, block, t, *out, 0, out));
    return add_pair(b, DPID_STEP_JOIN, last, block, *out, in, item->s, out);
}

/* What stands behind the sum. */
static int32_t add_behind(builder *b, place where, const char *kind, const char *word, int32_t *value)
{
    const dpid_span none = dpid_span_of("");
    DPID_TRY(add_layer(b, where, dpid_kind_find(dpid_span_of(kind)), none, word, 0, *value, value));
    b->net->layer[b->net->layers - 1].behind = true;
    return DEEPID_OK;
}

/* y = after(norm(F(x) + s shortcut(x))), or with a gate after(norm(T(x) F(x) + s (1 - T(x)) x)) */
static int32_t build_block(builder *b, const dpid_item *item, int32_t in, int32_t *out)
{
    deepid_net *net = b->net;
    char *name = NULL;
    char *prefix = NULL;
    DPID_TRY(room(b, &net->block, net->blocks, &b->block_room, sizeof *net->block));
    const int32_t number = ++net->blocks;
    DPID_TRY(copy_name(b, "", "block", number, &name));
    DPID_TRY(copy_name(b, name, ".", 0, &prefix));
    const int32_t first = net->layers;
    int32_t branch;
    DPID_TRY(build_items(b, (place){prefix, number, false}, item->body, in, &branch));
    if (branch == in)
        return dpid_fail_at(net->head.ctx, item->where, "%s: its branch has no layers", name);
    int32_t end = branch;
    if (dpid_variant_at(item->variant)->gate != 0)
        DPID_TRY(build_highway(b, item, prefix, name, number, in, &end));
    else if (item->s > 0)
        DPID_TRY(build_join(b, item, prefix, name, number, first, in, &end));
    if (item->norm)
        DPID_TRY(add_behind(b, (place){prefix, number, false}, item->norm, "norm", &end));
    if (item->after)
        DPID_TRY(add_behind(b, (place){prefix, number, false}, item->after, "after", &end));
    net->block[number - 1] =
        (dpid_block_info){.variant = item->variant, .in = in, .branch = branch, .out = end, .s = item->s, .name = name};
    *out = end;
    return DEEPID_OK;
}

/* ---- parameters: trained ones first ---------------------------------------------------------- */

static int32_t add_parameters(builder *b, bool trained, int64_t *offset)
{
    deepid_net *net = b->net;
    *offset = 0;
    for (int32_t i = 0; i < net->layers; i++) {
        dpid_layer *layer = &net->layer[i];
        for (int32_t k = 0; k < layer->op.parameters; k++) {
            const dpid_parameter_spec *spec = &layer->op.parameter[k];
            char *name = NULL;
            int64_t count = 1;
            if (spec->trained != trained)
                continue;
            DPID_TRY(room(b, &net->parameter, net->parameters, &b->parameter_room, sizeof *net->parameter));
            DPID_TRY(copy_name(b, layer->name, ".", 0, &name));
            DPID_TRY(copy_name(b, name, spec->name, 0, &name));
            (void)dpid_product(spec->rank, spec->extents, &count); /* checked when the op was made */
            layer->parameter[k] = net->parameters;
            net->parameter[net->parameters++] =
                (dpid_parameter){.name = name, .spec = *spec, .layer = i, .offset = *offset, .count = count};
            if (!dpid_add(*offset, count, offset) || *offset > net->head.ctx->limits.tensor_elements)
                return dpid_fail(net->head.ctx, DEEPID_ERR_LIMIT,
                                 "the net has more parameters than the limit tensor_elements %lld",
                                 (long long)net->head.ctx->limits.tensor_elements);
        }
    }
    return DEEPID_OK;
}

/* ---- the whole --------------------------------------------------------------------------------- */

/* Layers of a list, those of shortcuts left out; INT64_MAX when they are beyond counting. */
static int64_t count_layers(const dpid_item *items)
{
    int64_t sum = 0;
    for (const dpid_item *item = items; item; item = item->next) {
        const int64_t each = item->kind ? 1 : count_layers(item->body) + (item->norm != NULL) + (item->after != NULL);
        int64_t all;
        if (!dpid_mul(item->count, each, &all) || !dpid_add(sum, all, &sum))
            return INT64_MAX;
    }
    return sum;
}

/* Before anything is built. The list of layers, by far the longest, gets its room at once. */
static int32_t check_layers(builder *b, int64_t layers)
{
    deepid_ctx *ctx = b->net->head.ctx;
    if (layers > ctx->limits.layers || layers > INT32_MAX / 2)
        return dpid_fail(ctx, DEEPID_ERR_LIMIT, "the net has more than the limit layers %lld",
                         (long long)ctx->limits.layers);
    if (b->most >= 0 && layers > DPID_FILE_LAYERS && layers > b->most)
        return dpid_fail(
            ctx, DEEPID_ERR_FORMAT,
            "the net's text asks for %lld layers, its file has %lld numbers: beyond %d layers it needs one for each",
            (long long)layers, (long long)b->most, DPID_FILE_LAYERS);
    b->layer_room = (int32_t)layers;
    return dpid_arena_alloc(&b->net->arena, layers, sizeof *b->net->layer, "net", &b->net->layer);
}

int32_t dpid_net_build(deepid_net *net, const dpid_spec *spec, int64_t most)
{
    builder b = {.net = net, .frozen = spec->frozen, .most = most};
    int32_t out;
    DPID_TRY(check_layers(&b, count_layers(spec->items)));
    DPID_TRY(add_value(&b, &spec->input, "input", &out));
    DPID_TRY(build_items(&b, (place){"", 0, false}, spec->items, 0, &out));
    if (net->layers == 0)
        return dpid_fail(net->head.ctx, DEEPID_ERR_SPEC, "the net has no layers");
    DPID_TRY(add_parameters(&b, true, &net->values_reals));
    net->trained = net->parameters;
    return add_parameters(&b, false, &net->states_reals);
}
