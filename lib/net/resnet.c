/* Families of nets, written as text. */
#include <deepid/resnet.h>

#include "net/net.h"

#include <stdio.h>
#include <string.h>

/* ---- what a block text says: "identity shortcut=A" -------------------------------------- */

typedef struct {
    const dpid_variant *row;
    const dpid_order *order;
    char options[96];
    double survive;                 /* of the last block; 1: no stochastic depth */
    int64_t blocks, blocks_written; /* of the net; so far */
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

#define LEAST_SURVIVE 0.001

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

/* All but survive=, which goes by the block; one that is no probability is refused with the text of the net. */
static void take_options(block_words *out, dpid_span options)
{
    const dpid_span survive = option_of(options, "survive=");
    dpid_span rest;
    const bool falls = survive.length > 0 && dpid_parse_double(survive.text, survive.length, &out->survive) &&
                       out->survive >= LEAST_SURVIVE && out->survive <= 1;
    if (!falls)
        out->survive = 1;
    out->options[0] = 0;
    for (dpid_span word = dpid_first_word(options, &rest); word.length > 0; word = dpid_first_word(rest, &rest)) {
        if (falls && strncmp(word.text, "survive=", 8) == 0)
            continue;
        strcat(out->options, " ");
        strncat(out->options, word.text, (size_t)word.length);
    }
}

/* "; 3 * identity out=16 shortcut=A", each block for itself where they survive differently: of L blocks the l-th with
   probability 1 - (1 - survive) l / L (Huang et al. 2016, eq. 4). */
static void write_blocks(dpid_string *s, block_words *b, int64_t count, const char *word, const char *more,
                         const char *body)
{
    enum { DIGITS = 12 };
    if (b->survive == 1 && count > 0)
        dpid_string_format(s, "; %lld * %s%s%s%s", (long long)count, word, more, b->options, body);
    for (int64_t i = 0; b->survive < 1 && i < count; i++) {
        const double share = (double)++b->blocks_written / (double)b->blocks;
        dpid_string_format(s, "; %s%s%s survive=%s%s", word, more, b->options,
                           dpid_number_rounded(1 - (1 - b->survive) * share, DIGITS).text, body);
    }
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
    take_options(out, rest);
    if (option_of(rest, "shortcut=").length == 0)
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

/* n blocks, of which the first may take steps of two pixels. */
static void write_stage(dpid_string *s, block_words *b, int64_t n, const char *word, int64_t out, bool strided)
{
    char more[64];
    snprintf(more, sizeof more, " out=%lld%s", (long long)out, strided ? " stride=2" : "");
    write_blocks(s, b, strided ? 1 : n, word, more, "");
    snprintf(more, sizeof more, " out=%lld", (long long)out);
    write_blocks(s, b, strided ? n - 1 : 0, word, more, "");
}

enum { WIDTH_MAX = 1 << 16, BLOCKS_MAX = 100000, PICTURE_MAX = 1 << 14 };

/* ---- mlp --------------------------------------------------------------------------------- */

static int32_t write_mlp(dpid_string *s, int64_t in, int64_t width, int64_t blocks, int64_t classes, const char *block,
                         const char *layer)
{
    block_words b = {.blocks = blocks};
    dpid_string body = {.ctx = s->ctx};
    DPID_TRY(check_range(s->ctx, "mlp: in", in, 1, WIDTH_MAX));
    DPID_TRY(check_range(s->ctx, "mlp: width", width, 1, WIDTH_MAX));
    DPID_TRY(check_range(s->ctx, "mlp: blocks", blocks, 0, BLOCKS_MAX));
    DPID_TRY(check_range(s->ctx, "mlp: classes", classes, 1, WIDTH_MAX));
    DPID_TRY(split_block(s->ctx, block, "", &b));
    const char *row = layer ? layer : "batchnorm; relu";
    dpid_string_format(s, "input %lld; dense out=%lld; %s", (long long)in, (long long)width, row);
    dpid_string_format(&body, " { dense out=%lld; %s }", (long long)width, row);
    if (body.status == DEEPID_OK)
        write_blocks(s, &b, blocks, b.row->word, "", body.text);
    dpid_string_format(s, "; dense out=%lld", (long long)classes);
    const int32_t status = body.status != DEEPID_OK ? body.status : s->status;
    dpid_string_release(&body);
    return status;
}

/* ---- pictures: 6n+2 (He et al. 2015, section 4.2) ------------------------------------------- */

static int32_t write_pictures(dpid_string *s, int64_t depth, const char *block, int64_t h, int64_t w, int64_t c,
                              int64_t width, int64_t classes)
{
    enum { STAGES = 3 };
    block_words b = {.blocks = 0};
    DPID_TRY(split_block(s->ctx, block, " shortcut=A", &b));
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
    b.blocks = STAGES * n;
    dpid_string_format(s, "input %lldx%lldx%lld; conv2d out=%lld kernel=3 bias=0%.*s", (long long)h, (long long)w,
                       (long long)c, (long long)width, stem_length(&b), normed);
    for (int64_t stage = 0; stage < STAGES; stage++) {
        write_stage(s, &b, n, b.row->word, width << stage, stage > 0);
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
    block_words b = {.blocks = 0};
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
    for (int stage = 0; stage < STAGES; stage++)
        b.blocks += rows[found].blocks[stage];
    for (int stage = 0; stage < STAGES; stage++)
        write_stage(s, &b, rows[found].blocks[stage], word, FIRST_WIDTH << stage, stage > 0);
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
