/* Reader of net texts:      text = "input" shape { ";" item } ;
   item = [N "*"] word options [ "{" items "}" options ].      "#" starts a comment. */
#include "net/spec.h"

#include <stdio.h>
#include <string.h>

/* ---- a cursor over the text ------------------------------------------------------ */

enum { S, SHORTCUT, PROJECTION, AFTER, OUT, STRIDE, NORM, ORDER, SURVIVE, GATE, BLOCK_OPTIONS };
enum { WORDS_MAX = 64, CHOICE_BYTES = 1024 };

/* Layers that an option may name. */
typedef struct {
    const char *word[WORDS_MAX]; /* [0] NULL: none */
    char choices[CHOICE_BYTES];  /* "none|relu|tanh" */
} choice;

/* What a block may say. after= takes each activation that is listed in lib/ops and norm= each normalisation, so the
   lists are made when a text is read. */
typedef struct {
    dpid_option option[BLOCK_OPTIONS + 1];
    choice after, norm;
} block_grammar;

typedef struct {
    dpid_arena *arena;
    const block_grammar *blocks;
    const char *whole, *at, *end;
    bool inside; /* a block's braces */
    bool series; /* what goes in is one */
    int64_t layers;
} reader;

static deepid_ctx *ctx_of(const reader *r)
{
    return r->arena->ctx;
}

static dpid_span span_at(const reader *r, const char *from, const char *to)
{
    return (dpid_span){from, to - from, r->whole};
}

static bool is_mark(char c)
{
    return c == ';' || c == '{' || c == '}' || c == '*';
}

static void skip_blanks(reader *r)
{
    while (r->at < r->end && dpid_is_blank(*r->at))
        r->at++;
}

static bool take(reader *r, char mark)
{
    skip_blanks(r);
    if (r->at >= r->end || *r->at != mark)
        return false;
    r->at++;
    return true;
}

static dpid_span take_word(reader *r)
{
    skip_blanks(r);
    const char *start = r->at;
    while (r->at < r->end && !dpid_is_blank(*r->at) && !is_mark(*r->at))
        r->at++;
    return span_at(r, start, r->at);
}

/* Everything up to the next mark. */
static dpid_span take_options(reader *r)
{
    skip_blanks(r);
    const char *start = r->at;
    while (r->at < r->end && !is_mark(*r->at))
        r->at++;
    return span_at(r, start, r->at);
}

/* ---- blocks ------------------------------------------------------------------------ */

static bool is_complete(const dpid_kind *kind)
{
    for (const dpid_option *o = kind->options; o && o->key; o++)
        if (o->required)
            return false;
    return true;
}

/* Elementwise, the same in training, complete without options, nothing trained. */
static bool is_activation(deepid_ctx *ctx, const dpid_kind *kind)
{
    const dpid_shape one = {.rank = 1, .extent = {1}};
    dpid_op op;
    if (!(kind->flags & DPID_KIND_ELEMENTWISE) || (kind->flags & DPID_KIND_MODE) || !is_complete(kind))
        return false;
    return dpid_op_create(ctx, kind, dpid_span_of(""), &one, &op) == DEEPID_OK && op.parameters == 0;
}

static bool is_norm(deepid_ctx *ctx, const dpid_kind *kind)
{
    (void)ctx;
    return (kind->flags & DPID_KIND_NORM) && is_complete(kind);
}

static void list_words(deepid_ctx *ctx, bool (*is)(deepid_ctx *ctx, const dpid_kind *kind), choice *out)
{
    int32_t words = 1;
    strcpy(out->choices, "none");
    for (int64_t i = 0; dpid_kind_at(i) && words < WORDS_MAX; i++) {
        const char *word = dpid_kind_at(i)->word;
        if (!is(ctx, dpid_kind_at(i)) || strlen(out->choices) + strlen(word) + 2 > sizeof out->choices)
            continue;
        out->word[words++] = word;
        strcat(strcat(out->choices, "|"), word);
    }
}

static void make_grammar(deepid_ctx *ctx, block_grammar *g)
{
    static const dpid_option options[BLOCK_OPTIONS + 1] = {
        {"s", DPID_REAL, -1, 0, 1, NULL, false, "weight of the skip: 0 plain, 1 residual"},
        {"shortcut", DPID_CHOICE, 0, 0, 0, "identity|A|B|C", false, "how the skip changes shape"},
        {"projection", DPID_CHOICE, DPID_PROJECTION_USUAL, 0, 0, DPID_PROJECTIONS, false,
         "of shortcut B and C: a batch-norm where the branch has one; none; none, but a bias; always one"},
        {"after", DPID_CHOICE, 0, 0, 0, NULL, false, "activation behind the sum, and behind norm"},
        {"out", DPID_INT, 0, 1, 1 << 20, NULL, false, "channels, for a block without a body"},
        {"stride", DPID_INT, 1, 1, 1 << 12, NULL, false, "step, for a block without a body"},
        {"norm", DPID_CHOICE, 0, 0, 0, NULL, false, "normalisation behind the sum"},
        {"order", DPID_CHOICE, 0, 0, 0, DPID_ORDER_CHOICES, false,
         "where the layers stand, for a block without a body"},
        {"survive", DPID_REAL, 1, 0.001, 1, NULL, false, "probability that a sample takes the branch in training"},
        {"gate", DPID_REAL, -2, -1000, 1000, NULL, false, "of highway: the bias that the gate starts with"},
        {0},
    };
    memcpy(g->option, options, sizeof options);
    list_words(ctx, is_activation, &g->after);
    list_words(ctx, is_norm, &g->norm);
    g->option[AFTER].choices = g->after.choices;
    g->option[NORM].choices = g->norm.choices;
}

static int32_t find_variant(dpid_span word)
{
    for (int32_t i = 0; dpid_variant_at(i); i++)
        if (dpid_span_is(word, dpid_variant_at(i)->word))
            return i;
    return -1;
}

/* The row's template with its places filled in. */
static int32_t fill_template(reader *r, const dpid_variant *row, const dpid_order *order, int64_t out, int64_t stride,
                             char **text)
{
    dpid_string s = {.ctx = ctx_of(r)};
    for (const char *p = row->branch; *p;) {
        const char *brace = strchrnul(p, '{');
        dpid_string_add_span(&s, p, brace - p);
        if (!*brace)
            break;
        if (strncmp(brace, "{conv}", 6) == 0)
            dpid_string_add(&s, r->series ? "conv1d" : "conv2d");
        else if (strncmp(brace, "{stride}", 8) == 0 && stride != 1)
            dpid_string_format(&s, " stride=%lld padding=1", (long long)stride);
        else if (brace[1] == 'b')
            dpid_string_add(&s, strncmp(brace, "{before}", 8) == 0 ? order->before : order->behind);
        else if (strncmp(brace, "{stride}", 8) != 0)
            dpid_string_format(&s, "%lld", (long long)(brace[1] == 'w' ? 4 * out : out));
        p = strchr(brace, '}') + 1;
    }
    const int32_t status = s.status == DEEPID_OK ? dpid_arena_text(r->arena, s.text, s.length, text) : s.status;
    dpid_string_release(&s);
    return status;
}

static int32_t read_items(reader *r, dpid_item **out);

/* A block without a body takes its row's. */
static int32_t use_template(reader *r, dpid_item *item, const dpid_value *values)
{
    const dpid_variant *row = dpid_variant_at(item->variant);
    char *text = NULL;
    if (!values[OUT].given)
        return dpid_fail_at(ctx_of(r), item->where, "%s needs a body { ... }, or out=... for the usual one", row->word);
    const dpid_order *order = &dpid_orders[values[ORDER].given ? values[ORDER].i : row->order];
    DPID_TRY(fill_template(r, row, order, values[OUT].i, values[STRIDE].i, &text));
    if (!values[AFTER].given)
        item->after = strcmp(order->after, "none") == 0 ? NULL : order->after;
    if (!values[NORM].given)
        item->norm = strcmp(order->norm, "none") == 0 ? NULL : order->norm;
    reader body = {.arena = r->arena,
                   .blocks = r->blocks,
                   .whole = text,
                   .at = text,
                   .end = text + strlen(text),
                   .inside = true,
                   .series = r->series,
                   .layers = r->layers};
    DPID_TRY(read_items(&body, &item->body));
    r->layers = body.layers;
    return DEEPID_OK;
}

/* survive=q: the branch ends in stochastic_depth p=1-q. */
static int32_t add_depth(reader *r, dpid_item *item, double survive)
{
    enum { DIGITS = 12 };
    char options[128];
    char *text = NULL;
    dpid_item **tail = &item->body;
    if (survive == 1)
        return DEEPID_OK;
    if (item->s == 0)
        return dpid_fail_at(
            ctx_of(r), item->where,
            "%s: survive is %s and the block has no skip: a sample that leaves the branch out would be 0",
            dpid_variant_at(item->variant)->word, dpid_number(survive).text);
    snprintf(options, sizeof options, "p=%s", dpid_number_rounded(1 - survive, DIGITS).text);
    DPID_TRY(dpid_arena_text(r->arena, options, (int64_t)strlen(options), &text));
    while (*tail)
        tail = &(*tail)->next;
    DPID_TRY(dpid_arena_alloc(r->arena, 1, sizeof **tail, "net text", tail));
    **tail = (dpid_item){.where = item->where,
                         .kind = &dpid_kind_stochastic_depth,
                         .options = dpid_span_of(text),
                         .variant = -1,
                         .count = 1};
    r->layers++;
    return DEEPID_OK;
}

/* A gate carries x on: it needs both in one shape, and noise behind the branch would not be the way past it. */
static int32_t read_gate(const reader *r, dpid_item *item, dpid_span before, const dpid_value *values)
{
    const dpid_variant *row = dpid_variant_at(item->variant);
    item->gate = values[GATE].given ? values[GATE].r : row->gate;
    if (row->gate == 0 && values[GATE].given)
        return dpid_fail_at(ctx_of(r), before, "%s: gate= is the start of a highway block's gate, and it has none",
                            row->word);
    if (row->gate != 0 && values[SHORTCUT].i != DPID_SHORTCUT_IDENTITY)
        return dpid_fail_at(ctx_of(r), before,
                            "%s: shortcut=A, B and C are not for blocks with a gate, which keep the "
                            "shape; change it with a layer before the block",
                            row->word);
    if (row->gate != 0 && values[SURVIVE].r < 1)
        return dpid_fail_at(ctx_of(r), before,
                            "%s: survive= is not for blocks with a gate: without the branch they give (1 - T) x, not x",
                            row->word);
    return DEEPID_OK;
}

/* `key=value` before and behind the braces are one list. */
static int32_t read_block_options(reader *r, dpid_item *item, dpid_span before, dpid_span behind, bool has_body)
{
    const dpid_variant *row = dpid_variant_at(item->variant);
    const dpid_option *options = r->blocks->option;
    dpid_value values[DPID_OPTIONS_MAX];
    dpid_value more[DPID_OPTIONS_MAX];
    DPID_TRY(dpid_options_parse(ctx_of(r), row->word, before, options, values));
    DPID_TRY(dpid_options_parse(ctx_of(r), row->word, behind, options, more));
    for (int32_t i = 0; options[i].key; i++) {
        if (values[i].given && more[i].given)
            return dpid_fail_at(ctx_of(r), behind, "%s: %s is given twice", row->word, options[i].key);
        if (more[i].given)
            values[i] = more[i];
    }
    if (has_body && (values[OUT].given || values[STRIDE].given || values[ORDER].given))
        return dpid_fail_at(
            ctx_of(r), before,
            "%s: out, stride and order belong to a block without a body; the layers in the braces say them", row->word);
    item->s = values[S].given ? values[S].r : row->s;
    item->shortcut = values[SHORTCUT].i;
    item->projection = values[PROJECTION].i;
    if (values[PROJECTION].given && item->shortcut != DPID_SHORTCUT_B && item->shortcut != DPID_SHORTCUT_C)
        return dpid_fail_at(ctx_of(r), before,
                            "%s: projection= says what shortcut=B or C consists of, and none is given", row->word);
    DPID_TRY(read_gate(r, item, before, values));
    item->norm = r->blocks->norm.word[values[NORM].i];
    item->after = r->blocks->after.word[values[AFTER].i];
    if (!has_body)
        DPID_TRY(use_template(r, item, values));
    return add_depth(r, item, values[SURVIVE].r);
}

static int32_t read_block(reader *r, dpid_item *item)
{
    const dpid_span before = take_options(r);
    const char *open = r->at;
    dpid_span behind = span_at(r, r->at, r->at);
    const bool has_body = take(r, '{');
    if (r->inside)
        return dpid_fail_at(ctx_of(r), item->where, "%s inside a block: blocks do not nest",
                            dpid_variant_at(item->variant)->word);
    if (has_body) {
        r->inside = true;
        DPID_TRY(read_items(r, &item->body));
        r->inside = false;
        if (!take(r, '}'))
            return dpid_fail_at(ctx_of(r), span_at(r, open, open + 1), "this { has no }");
        if (!item->body)
            return dpid_fail_at(ctx_of(r), span_at(r, open, open + 1), "%s: the braces are empty, expected layers",
                                dpid_variant_at(item->variant)->word);
        behind = take_options(r);
    }
    return read_block_options(r, item, before, behind, has_body);
}

/* ---- items ------------------------------------------------------------------------------ */

/* "9 *" in front of a word. */
static int32_t read_count(reader *r, dpid_span *word, int64_t *count)
{
    *count = 1;
    *word = take_word(r);
    int64_t number;
    if (!dpid_parse_int(word->text, word->length, &number))
        return DEEPID_OK;
    if (number < 0 || number > ctx_of(r)->limits.layers)
        return dpid_fail_at(ctx_of(r), *word, "the count is %lld, expected 0 to %lld", (long long)number,
                            (long long)ctx_of(r)->limits.layers);
    if (!take(r, '*'))
        return dpid_fail_at(ctx_of(r), *word, "expected '*' behind the count %lld", (long long)number);
    *count = number;
    *word = take_word(r);
    return DEEPID_OK;
}

static int32_t fail_unknown(reader *r, dpid_span word)
{
    enum { MOST = 64 };
    const char *words[MOST + 1];
    int32_t used = 0;
    for (int64_t i = 0; i < dpid_kinds.count && used < MOST; i++)
        words[used++] = dpid_set_word(&dpid_kinds, i);
    for (int64_t i = 0; i < dpid_variants.count && used < MOST; i++)
        words[used++] = dpid_set_word(&dpid_variants, i);
    words[used] = NULL;
    return dpid_fail_word(ctx_of(r), "layer or block", word, words);
}

static int32_t read_item(reader *r, dpid_item *item)
{
    DPID_TRY(read_count(r, &item->where, &item->count));
    const dpid_span word = item->where;
    if (word.length == 0)
        return dpid_fail_at(ctx_of(r), word, "expected a layer or block%s%.1s%s", r->at < r->end ? ", found '" : "",
                            r->at < r->end ? r->at : "", r->at < r->end ? "'" : "");
    item->kind = dpid_kind_find(word);
    item->variant = item->kind ? -1 : find_variant(word);
    r->layers++;
    if (!item->kind && item->variant < 0)
        return fail_unknown(r, word);
    if (!item->kind)
        return read_block(r, item);
    item->options = take_options(r);
    if (r->at < r->end && *r->at == '{')
        return dpid_fail_at(ctx_of(r), span_at(r, r->at, r->at + 1), "%s is a layer: only blocks have braces",
                            item->kind->word);
    return DEEPID_OK;
}

static int32_t read_items(reader *r, dpid_item **out)
{
    dpid_item **tail = out;
    for (;;) {
        while (take(r, ';'))
            continue;
        skip_blanks(r);
        if (r->at >= r->end || (*r->at == '}' && r->inside))
            return DEEPID_OK;
        DPID_TRY(dpid_arena_alloc(r->arena, 1, sizeof **tail, "net text", tail));
        DPID_TRY(read_item(r, *tail));
        tail = &(*tail)->next;
        skip_blanks(r);
        if (r->at < r->end && *r->at == '}' && !r->inside)
            return dpid_fail_at(ctx_of(r), span_at(r, r->at, r->at + 1), "'}' without its {");
        if (r->at < r->end && *r->at != ';' && *r->at != '}')
            return dpid_fail_at(ctx_of(r), span_at(r, r->at, r->at + 1), "expected ';', found '%.1s'", r->at);
        if (r->layers > ctx_of(r)->limits.layers)
            return dpid_fail(ctx_of(r), DEEPID_ERR_LIMIT, "the net has more than the limit layers %lld",
                             (long long)ctx_of(r)->limits.layers);
    }
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* Comments become blanks, so that places stay what they were. */
static void blank_comments(char *text)
{
    for (; *text; text++)
        for (bool comment = *text == '#'; comment && *text && *text != '\n'; text++)
            *text = ' ';
}

static const dpid_option input_options[] = {
    {"exact", DPID_INT, 0, 0, 1, NULL, false,
     "1: convolutions are sums in the order of the taps, without Winograd's transform"},
    {"recompute", DPID_INT, 0, 0, 1 << 20, NULL, false,
     "blocks between kept values; the others are worked out again on the way back"},
    {"frozen", DPID_INT, 0, 0, 1, NULL, false,
     "1: for evaluation only; projections of shortcuts have a bias and no batch-norm"},
    {0}};

static int32_t read_input_options(reader *r, dpid_spec *out)
{
    enum { OWN = sizeof input_options / sizeof *input_options - 1 };
    dpid_option options_known[OWN + DPID_STORAGE_OPTIONS + 1];
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    memcpy(options_known, input_options, OWN * sizeof *input_options);
    memcpy(options_known + OWN, dpid_storage_options, sizeof dpid_storage_options);
    skip_blanks(r);
    const char *start = r->at;
    while (r->at < r->end && *r->at != ';' && *r->at != '{' && *r->at != '}')
        r->at++;
    const dpid_span options = span_at(r, start, r->at);
    if (r->at < r->end && *r->at != ';')
        return dpid_fail_at(ctx_of(r), span_at(r, r->at, r->at + 1), "expected ';' behind the input");
    DPID_TRY(dpid_options_parse(ctx_of(r), "input", options, options_known, values));
    out->exact = values[0].i == 1;
    out->recompute = values[1].i;
    out->frozen = values[2].i == 1;
    DPID_TRY(dpid_storage_take(ctx_of(r), options, values + OWN, &out->storage));
    if (out->frozen && out->storage.on)
        return dpid_fail_at(ctx_of(r), options,
                            "frozen=1 and storage= exclude each other: a frozen net keeps f32 between its layers");
    return DEEPID_OK;
}

static int32_t read_input(reader *r, dpid_shape *out)
{
    const dpid_span word = take_word(r);
    if (!dpid_span_is(word, "input"))
        return dpid_fail_at(ctx_of(r), word, "a net begins with 'input', found '%.*s'",
                            (int)(word.length > 40 ? 40 : word.length), word.text);
    const dpid_span extents = take_word(r);
    const char *p = extents.text;
    out->rank = 0;
    for (const char *stop = extents.text + extents.length; p < stop && out->rank < DPID_SHAPE_RANK_MAX; out->rank++) {
        const char *x = memchr(p, 'x', (size_t)(stop - p));
        int64_t *extent = &out->extent[out->rank];
        if (!dpid_parse_int(p, (x ? x : stop) - p, extent) || *extent < 1)
            break;
        p = x ? x + 1 : stop;
    }
    if (p != extents.text + extents.length || out->rank < 1 || p[-1] == 'x')
        return dpid_fail_at(
            ctx_of(r), extents,
            "input is '%.*s', expected features (such as 2), length x channels (such as 128x3) or height x width x "
            "channels (such as 32x32x3)",
            (int)(extents.length > 40 ? 40 : extents.length), extents.text);
    return DEEPID_OK;
}

int32_t dpid_spec_parse(dpid_arena *arena, const char *text, dpid_spec *out)
{
    deepid_ctx *ctx = arena->ctx;
    const int64_t length = (int64_t)strnlen(text, (size_t)ctx->limits.text_bytes + 1);
    char *copy = NULL;
    if (length > ctx->limits.text_bytes)
        return dpid_fail(ctx, DEEPID_ERR_LIMIT, "the net's text is longer than the limit text_bytes %lld",
                         (long long)ctx->limits.text_bytes);
    DPID_TRY(dpid_arena_text(arena, text, length, &copy));
    blank_comments(copy);
    block_grammar blocks = {.after = {.choices = ""}};
    make_grammar(ctx, &blocks);
    reader r = {.arena = arena, .blocks = &blocks, .whole = copy, .at = copy, .end = copy + length};
    DPID_TRY(read_input(&r, &out->input));
    r.series = out->input.rank == 2;
    DPID_TRY(read_input_options(&r, out));
    DPID_TRY(read_items(&r, &out->items));
    return DEEPID_OK;
}
