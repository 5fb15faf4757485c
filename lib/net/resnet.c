/* Families of nets, written as text. */
#include <deepid/resnet.h>

#include "net/net.h"

#include <string.h>

/* ---- what a block text says: "identity shortcut=A" -------------------------------------- */

typedef struct {
    const dpid_variant *row;
    const dpid_order *order;
    char options[96];
} block_words;

static int32_t fail_unknown(deepid_ctx *ctx, dpid_span word)
{
    dpid_string known = {.ctx = ctx};
    dpid_set_print(&known, &dpid_variants);
    const int32_t status = known.status == DEEPID_OK
                               ? dpid_fail(ctx, DEEPID_ERR_SPEC, "unknown block '%.*s'; known: %s", (int)word.length,
                                           word.text, known.text)
                               : known.status;
    dpid_string_release(&known);
    return status;
}

/* Where the text has the option `key=`: its value; else an empty span. */
static dpid_span option_of(dpid_span options, const char *key)
{
    dpid_span rest;
    for (dpid_span word = dpid_first_word(options, &rest); word.length > 0; word = dpid_first_word(rest, &rest))
        if (word.length > (int64_t)strlen(key) && strncmp(word.text, key, strlen(key)) == 0)
            return (dpid_span){word.text + strlen(key), word.length - (int64_t)strlen(key), options.whole};
    return (dpid_span){.text = NULL};
}

/* One that is unknown is refused with the text of the net. */
static const dpid_order *order_of(const dpid_variant *row, dpid_span options)
{
    const dpid_span word = option_of(options, "order=");
    for (int i = 0; i < DPID_ORDERS; i++)
        if (word.length > 0 && dpid_span_is(word, dpid_orders[i].word))
            return &dpid_orders[i];
    return &dpid_orders[row->order];
}

/* The word, and the options with the family's usual shortcut where none is given. */
static int32_t split_block(deepid_ctx *ctx, const char *block, const char *usual, block_words *out)
{
    dpid_span rest;
    const dpid_span word = dpid_first_word(dpid_span_of(block), &rest);
    enum { LONGEST = 31 };
    if (!block || word.length == 0 || word.length > LONGEST ||
        rest.length + (int64_t)strlen(usual) + 2 > (int64_t)sizeof out->options)
        return dpid_fail(ctx, DEEPID_ERR_SPEC,
                         "block is '%s', expected a block word with options, such as 'identity shortcut=A'",
                         block ? block : "NULL");
    out->row = dpid_set_find(&dpid_variants, word);
    if (!out->row)
        return fail_unknown(ctx, word);
    out->order = order_of(out->row, rest);
    const bool has_shortcut = option_of(rest, "shortcut=").length > 0;
    out->options[0] = 0;
    if (rest.length > 0) {
        strcat(out->options, " ");
        strncat(out->options, rest.text, (size_t)rest.length);
    }
    if (!has_shortcut)
        strcat(out->options, usual);
    return DEEPID_OK;
}

/* Blocks that begin with a part of this leave it out of the net's own beginning, and it comes behind them. */
static const char normed[] = "; batchnorm; relu";

static int stem_length(const block_words *b)
{
    return (int)(strlen(normed) - strlen(b->order->before));
}

static int32_t check_range(deepid_ctx *ctx, const char *what, int64_t value, int64_t low, int64_t high)
{
    if (value >= low && value <= high)
        return DEEPID_OK;
    return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "%s is %lld, expected %lld to %lld", what, (long long)value,
                     (long long)low, (long long)high);
}

enum { WIDTH_MAX = 1 << 16, BLOCKS_MAX = 100000, PICTURE_MAX = 1 << 14 };

/* ---- mlp --------------------------------------------------------------------------------- */

static int32_t write_mlp(dpid_string *s, int64_t in, int64_t width, int64_t blocks, int64_t classes, const char *block,
                         const char *layer)
{
    block_words b;
    DPID_TRY(check_range(s->ctx, "mlp: in", in, 1, WIDTH_MAX));
    DPID_TRY(check_range(s->ctx, "mlp: width", width, 1, WIDTH_MAX));
    DPID_TRY(check_range(s->ctx, "mlp: blocks", blocks, 0, BLOCKS_MAX));
    DPID_TRY(check_range(s->ctx, "mlp: classes", classes, 1, WIDTH_MAX));
    DPID_TRY(split_block(s->ctx, block, "", &b));
    const char *row = layer ? layer : "batchnorm; relu";
    dpid_string_format(s, "input %lld; dense out=%lld; %s", (long long)in, (long long)width, row);
    if (blocks > 0)
        dpid_string_format(s, "; %lld * %s%s { dense out=%lld; %s }", (long long)blocks, b.row->word, b.options,
                           (long long)width, row);
    dpid_string_format(s, "; dense out=%lld", (long long)classes);
    return s->status;
}

/* ---- pictures: 6n+2 (He et al. 2015, section 4.2) ------------------------------------------- */

static int32_t write_pictures(dpid_string *s, int64_t depth, const char *block, int64_t h, int64_t w, int64_t c,
                              int64_t width, int64_t classes)
{
    enum { STAGES = 3 };
    block_words b;
    DPID_TRY(split_block(s->ctx, block, " shortcut=A", &b));
    const bool bottleneck = b.row->wide;
    const int64_t layers = b.row->layers;
    DPID_TRY(check_range(s->ctx, "pictures: height", h, 4, PICTURE_MAX));
    DPID_TRY(check_range(s->ctx, "pictures: width", w, 4, PICTURE_MAX));
    DPID_TRY(check_range(s->ctx, "pictures: channels", c, 1, WIDTH_MAX));
    DPID_TRY(check_range(s->ctx, "pictures: base width", width, 1, WIDTH_MAX));
    DPID_TRY(check_range(s->ctx, "pictures: classes", classes, 1, WIDTH_MAX));
    if (depth < STAGES * layers + 2 || (depth - 2) % (STAGES * layers) != 0 || depth > BLOCKS_MAX)
        return dpid_fail(s->ctx, DEEPID_ERR_ARGUMENT,
                         "depth is %lld, expected %lldn + 2 for %s blocks: %lld, %lld, %lld, ...", (long long)depth,
                         (long long)(STAGES * layers), b.row->word, (long long)(STAGES * layers + 2),
                         (long long)(2 * STAGES * layers + 2), (long long)(3 * STAGES * layers + 2));
    const int64_t n = (depth - 2) / (STAGES * layers);
    dpid_string_format(s, "input %lldx%lldx%lld; conv2d out=%lld kernel=3 bias=0%.*s", (long long)h, (long long)w,
                       (long long)c, (long long)width, stem_length(&b), normed);
    for (int64_t stage = 0; stage < STAGES; stage++) {
        const int64_t out = width << stage;
        if (stage > 0 || bottleneck)
            dpid_string_format(s, "; %s out=%lld%s%s", b.row->word, (long long)out, stage > 0 ? " stride=2" : "",
                               b.options);
        const int64_t rest = stage > 0 || bottleneck ? n - 1 : n;
        if (rest > 0)
            dpid_string_format(s, "; %lld * %s out=%lld%s", (long long)rest, b.row->word, (long long)out, b.options);
    }
    dpid_string_format(s, "%s; global_avgpool; dense out=%lld", normed + stem_length(&b), (long long)classes);
    return s->status;
}

/* ---- imagenet (He et al. 2015, table 1) --------------------------------------------------------- */

static int32_t write_imagenet(dpid_string *s, int64_t depth, const char *block)
{
    enum { STAGES = 4, FIRST_WIDTH = 64, CLASSES = 1000 };
    static const struct {
        int64_t depth;
        bool bottleneck;
        int64_t blocks[STAGES];
    } rows[] = {{18, false, {2, 2, 2, 2}},
                {34, false, {3, 4, 6, 3}},
                {50, true, {3, 4, 6, 3}},
                {101, true, {3, 4, 23, 3}},
                {152, true, {3, 8, 36, 3}}};
    block_words b;
    DPID_TRY(split_block(s->ctx, block, " shortcut=B", &b));
    int found = -1;
    for (int i = 0; i < (int)(sizeof rows / sizeof *rows); i++)
        found = rows[i].depth == depth ? i : found;
    if (found < 0)
        return dpid_fail(s->ctx, DEEPID_ERR_ARGUMENT, "depth is %lld, expected 18, 34, 50, 101 or 152",
                         (long long)depth);
    if (rows[found].bottleneck ? b.row->order != DPID_ORDER_ORIGINAL : b.row->wide)
        return dpid_fail(s->ctx, DEEPID_ERR_ARGUMENT, "depth %lld has %s blocks, expected %s", (long long)depth,
                         rows[found].bottleneck ? "bottleneck" : "basic",
                         rows[found].bottleneck ? "identity or plain, perhaps with order=preact"
                                                : "identity, plain, preact or preact_plain");
    const char *word = rows[found].bottleneck ? (b.row->s == 0 ? "bottleneck_plain" : "bottleneck") : b.row->word;
    dpid_string_add(s, "input 224x224x3; conv2d out=64 kernel=7 stride=2 padding=3 bias=0; batchnorm; relu; maxpool "
                       "kernel=3 padding=1");
    for (int stage = 0; stage < STAGES; stage++) {
        const long long out = FIRST_WIDTH << stage;
        dpid_string_format(s, "; %s out=%lld%s%s; %lld * %s out=%lld%s", word, out, stage ? " stride=2" : "", b.options,
                           (long long)rows[found].blocks[stage] - 1, word, out, b.options);
    }
    dpid_string_format(s, "%s; global_avgpool; dense out=%d", normed + stem_length(&b), CLASSES);
    return s->status;
}

/* ---- public ---------------------------------------------------------------------------------------- */

static int32_t net_of(dpid_string *s, int32_t status, int32_t dtype, deepid_net **out)
{
    if (status == DEEPID_OK)
        status = deepid_net_create(s->ctx, s->text, dtype, out);
    dpid_string_release(s);
    return status;
}

int32_t deepid_resnet_mlp(deepid_ctx *ctx, int64_t in, int64_t width, int64_t blocks, int64_t classes,
                          const char *block, const char *layer, int32_t dtype, deepid_net **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    dpid_string s = {.ctx = ctx};
    return dpid_leave(ctx, net_of(&s, write_mlp(&s, in, width, blocks, classes, block, layer), dtype, out));
}

int32_t deepid_resnet_cifar(deepid_ctx *ctx, int64_t depth, const char *block, int32_t dtype, deepid_net **out)
{
    enum { SIDE = 32, COLOURS = 3, WIDTH = 16, CLASSES = 10 };
    return deepid_resnet_pictures(ctx, depth, block, SIDE, SIDE, COLOURS, WIDTH, CLASSES, dtype, out);
}

int32_t deepid_resnet_pictures(deepid_ctx *ctx, int64_t depth, const char *block, int64_t h, int64_t w, int64_t c,
                               int64_t width, int64_t classes, int32_t dtype, deepid_net **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    dpid_string s = {.ctx = ctx};
    return dpid_leave(ctx, net_of(&s, write_pictures(&s, depth, block, h, w, c, width, classes), dtype, out));
}

int32_t deepid_resnet_imagenet(deepid_ctx *ctx, int64_t depth, const char *block, int32_t dtype, deepid_net **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    dpid_string s = {.ctx = ctx};
    return dpid_leave(ctx, net_of(&s, write_imagenet(&s, depth, block), dtype, out));
}
