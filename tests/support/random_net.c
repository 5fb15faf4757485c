/* Nets by chance.   What for: random_net.h
   A net grows piece by piece - a layer, a usual row of layers, a block - and every piece is tried first: the library
   itself says whether it fits the shape so far, and what it makes of it. */
#include "support/random_net.h"

#include "support/nets.h"

#include "base/random.h"
#include "ops/conv2d/conv2d.h"
#include "ops/op.h"

enum { PIECE = 1024, TRIES = 12, PIECES_MOST = 7 };
enum { MACS_MOST = 500 * 1000, VALUES_MOST = 20 * 1000, PARAMETERS_MOST = 30 * 1000 }; /* of one sample */
enum { BATCH_MACS_MOST = 2 * 1000 * 1000, BATCH_VALUES_MOST = 200 * 1000 };            /* of a batch */

typedef struct {
    deepid_ctx *ctx;
    dpid_random random;
    drawn_net *net;
    dpid_shape shape; /* of what the text so far gives */
    int64_t macs, values, parameters;
} drawing;

/* ---- chance ------------------------------------------------------------------------------ */

static int64_t below(drawing *d, int64_t n)
{
    return dpid_random_below(&d->random, n);
}

static bool chance(drawing *d, double share)
{
    return dpid_random_uniform(&d->random) < share;
}

#define ONE_OF(d, list) ((list)[below((d), (int64_t)(sizeof(list) / sizeof *(list)))])

/* Few and many, primes, and just beside the widths of vectors and blocks. */
static int64_t channels(drawing *d)
{
    static const int64_t list[] = {1, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 24, 31, 32, 33, 40, 48};
    return ONE_OF(d, list);
}

static int64_t features(drawing *d)
{
    static const int64_t list[] = {1, 2, 3, 5, 7, 8, 13, 16, 17, 24, 31, 32, 33, 40, 64, 65, 100, 130};
    return ONE_OF(d, list);
}

static int64_t side(drawing *d)
{
    static const int64_t list[] = {1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 14};
    return ONE_OF(d, list);
}

/* ---- text ---------------------------------------------------------------------------------- */

static void add_text(char *text, const char *format, ...)
{
    va_list arguments;
    const size_t length = strlen(text);
    va_start(arguments, format);
    const int more = vsnprintf(text + length, PIECE - length, format, arguments);
    va_end(arguments);
    assert_true(more >= 0 && (size_t)more < PIECE - length);
}

/* ---- options: by what the kind's table says of each --------------------------------------------- */

static void draw_extents(drawing *d, char *text, const dpid_option *o, int64_t most)
{
    const int64_t first = (int64_t)o->min + below(d, most);
    if (chance(d, 0.6))
        add_text(text, " %s=%lld", o->key, (long long)first);
    else
        add_text(text, " %s=%lldx%lld", o->key, (long long)first, (long long)o->min + below(d, most));
}

static void draw_padding(drawing *d, char *text, const dpid_option *o)
{
    enum { MOST = 5 };
    static const char *const words[] = {"same", "same_upper", "symmetric"};
    switch (below(d, 5)) {
    case 0:
        add_text(text, " %s=%s", o->key, ONE_OF(d, words));
        break;
    case 1:
        add_text(text, " %s=valid", o->key);
        break;
    case 2:
        add_text(text, " %s=%lldx%lldx%lldx%lld", o->key, (long long)below(d, MOST), (long long)below(d, MOST),
                 (long long)below(d, MOST), (long long)below(d, MOST));
        break;
    default:
        draw_extents(d, text, o, MOST);
    }
}

static void draw_integer(drawing *d, char *text, const dpid_option *o)
{
    int64_t value = o->max - o->min < 8 ? (int64_t)o->min + below(d, (int64_t)(o->max - o->min) + 1) : 1 + below(d, 4);
    if (strcmp(o->key, "out") == 0)
        value = d->shape.rank > 1 ? channels(d) : features(d);
    if (strcmp(o->key, "groups") == 0 && chance(d, 0.5))
        value = d->shape.extent[d->shape.rank - 1]; /* each channel by itself */
    add_text(text, " %s=%lld", o->key, (long long)value);
}

/* Within what makes ordinary numbers; never the end itself, which may be no use (eps=0). */
static void draw_real(drawing *d, char *text, const dpid_option *o)
{
    const double low = o->min < -2 ? -2 : o->min;
    const double high = o->max > 2 ? 2 : o->max;
    add_text(text, " %s=%.3g", o->key, low + (high - low) * dpid_random_uniform(&d->random));
}

static void draw_choice(drawing *d, char *text, const dpid_option *o)
{
    const char *word = o->choices;
    int64_t count = 1;
    for (const char *c = o->choices; *c; c++)
        count += *c == '|';
    for (int64_t skip = below(d, count); skip > 0; skip--)
        word = strchr(word, '|') + 1;
    add_text(text, " %s=%.*s", o->key, (int)strcspn(word, "|"), word);
}

static void draw_option(drawing *d, char *text, const dpid_option *o)
{
    switch (o->type) {
    case DPID_INT:
        draw_integer(d, text, o);
        break;
    case DPID_REAL:
        draw_real(d, text, o);
        break;
    case DPID_CHOICE:
        draw_choice(d, text, o);
        break;
    case DPID_EXTENTS: /* strides beyond a small picture, too */
        draw_extents(d, text, o,
                     strcmp(o->key, "stride") == 0   ? (chance(d, 0.3) ? 9 : 2)
                     : strcmp(o->key, "kernel") == 0 ? 5
                                                     : 3);
        break;
    case DPID_PADDING:
        draw_padding(d, text, o);
        break;
    case DPID_TEXT: /* no layer has one */
        break;
    }
}

/* Half of the options that need not be given are not; what plants a fault seldom is. */
static void draw_layer_of(drawing *d, const dpid_kind *kind, char *text)
{
    add_text(text, "%s", kind->word);
    for (const dpid_option *o = kind->options; o && o->key; o++)
        if (o->required || chance(d, strcmp(o->key, "backward_eps") == 0 ? 0.05
                                     : strcmp(o->key, "bias") == 0       ? 0.5
                                                                         : 0.35))
            draw_option(d, text, o);
}

static void draw_layer(drawing *d, char *text)
{
    int64_t kinds = 0;
    while (dpid_kind_at(kinds))
        kinds++;
    draw_layer_of(d, dpid_kind_at(below(d, kinds)), text);
}

/* What people write: these are what is fused. */
static void draw_row(drawing *d, char *text)
{
    static const char *const of_pictures[] = {
        "conv2d batchnorm relu", "conv2d batchnorm", "conv2d batchnorm leaky_relu", "batchnorm relu conv2d",
        "conv2d relu",           "conv2d",           "conv2d conv2d batchnorm"};
    static const char *const of_features[] = {
        "dense relu",       "dense",      "dense tanh",           "dense batchnorm relu",
        "dense relu dense", "relu dense", "dense gelu dense relu"};
    static const char *const of_series[] = {"conv1d batchnorm relu",  "conv1d batchnorm", "conv1d batchnorm leaky_relu",
                                            "batchnorm relu conv1d",  "conv1d relu",      "conv1d",
                                            "conv1d conv1d batchnorm"};
    const char *row = d->shape.rank == 3   ? ONE_OF(d, of_pictures)
                      : d->shape.rank == 2 ? ONE_OF(d, of_series)
                                           : ONE_OF(d, of_features);
    for (const char *word = row; *word;) {
        const int length = (int)strcspn(word, " ");
        char one[32] = "";
        memcpy(one, word, (size_t)length);
        if (word != row)
            add_text(text, "; ");
        draw_layer_of(d, dpid_kind_find(dpid_span_of(one)), text);
        word += length + (word[length] == ' ');
    }
}

/* Something that keeps the shape where the rest of the branch does. */
static void draw_keeper(drawing *d, char *text)
{
    const long long out = d->shape.extent[d->shape.rank - 1];
    if (d->shape.rank > 1)
        add_text(text, "conv%dd out=%lld kernel=%d%s", d->shape.rank - 1, out, chance(d, 0.7) ? 3 : 1,
                 chance(d, 0.5) ? " bias=0" : "");
    else
        add_text(text, "dense out=%lld", out);
}

/* ---- blocks ------------------------------------------------------------------------------------------ */

static void draw_branch(drawing *d, char *text)
{
    const int64_t pieces = 1 + below(d, 4);
    add_text(text, " { ");
    for (int64_t i = 0; i < pieces; i++) {
        if (i > 0)
            add_text(text, "; ");
        if (i == pieces - 1 && chance(d, 0.7))
            draw_keeper(d, text);
        else if (chance(d, 0.4))
            draw_row(d, text);
        else
            draw_layer(d, text);
    }
    add_text(text, " }");
}

/* gated: of a block with a gate, which has no shortcut to choose. */
static void draw_block_options(drawing *d, char *text, bool gated)
{
    static const char *const dial[] = {"0", "0.3", "0.5", "1", "0.37"};
    static const char *const shortcuts[] = {"identity", "A", "B", "C"};
    static const char *const projections[] = {"bare", "bias", "batchnorm"};
    const char *shortcut = shortcuts[0];
    int64_t kinds = 0;
    while (dpid_kind_at(kinds))
        kinds++;
    if (chance(d, 0.4))
        add_text(text, " s=%s", ONE_OF(d, dial));
    if (gated && chance(d, 0.5))
        add_text(text, " gate=%.3g", 4 * dpid_random_uniform(&d->random) - 3);
    if (!gated && chance(d, 0.7))
        add_text(text, " shortcut=%s", shortcut = ONE_OF(d, shortcuts));
    if (strchr("BC", *shortcut) && chance(d, 0.4))
        add_text(text, " projection=%s", ONE_OF(d, projections));
    if (chance(d, 0.2))
        add_text(text, " norm=%s", chance(d, 0.5) ? "batchnorm" : "layernorm");
    if (chance(d, 0.5))
        add_text(text, " after=%s", chance(d, 0.5) ? "none" : dpid_kind_at(below(d, kinds))->word);
}

static void draw_block(drawing *d, char *text)
{
    int64_t variants = 0;
    while (dpid_variant_at(variants))
        variants++;
    if (chance(d, 0.4))
        add_text(text, "%lld * ", 1 + (long long)below(d, 4));
    const dpid_variant *variant = dpid_variant_at(below(d, variants));
    add_text(text, "%s", variant->word);
    draw_block_options(d, text, variant->gate != 0);
    if (d->shape.rank > 1 && chance(d, 0.4)) {
        add_text(text, " out=%lld%s", (long long)(chance(d, 0.4) ? d->shape.extent[d->shape.rank - 1] : channels(d)),
                 chance(d, 0.3)   ? " stride=2"
                 : chance(d, 0.1) ? " stride=3"
                                  : "");
        if (chance(d, 0.5))
            add_text(text, " order=%s", dpid_orders[below(d, DPID_ORDERS)].word);
    } else
        draw_branch(d, text);
}

/* ---- a net ---------------------------------------------------------------------------------------------- */

static void write_input(char *text, const dpid_shape *s)
{
    add_text(text, "input %s", dpid_shape_text(s->rank, s->extent).text);
}

static bool is_welcome(const drawing *d, const deepid_net *net, int64_t *macs, int64_t *values)
{
    *macs = *values = 0;
    for (int32_t i = 0; i < net->layers; i++)
        *macs += net->layer[i].op.macs;
    for (int32_t v = 1; v < net->values_count; v++)
        *values += dpid_shape_count(&net->value[v].shape);
    return d->macs + *macs <= MACS_MOST && d->values + *values <= VALUES_MOST &&
           d->parameters + net->values_reals <= PARAMETERS_MOST;
}

/* The net of this piece alone, or NULL where it does not fit. */
static deepid_net *tried(drawing *d, const char *piece)
{
    char text[PIECE] = "";
    deepid_net *net = NULL;
    write_input(text, &d->shape);
    if (strlen(text) + strlen(piece) + 3 > PIECE)
        return NULL;
    add_text(text, "; %s", piece);
    const int32_t status = deepid_net_create(d->ctx, text, DEEPID_F32, &net);
    if (status != DEEPID_OK && status != DEEPID_ERR_SPEC && status != DEEPID_ERR_SHAPE && status != DEEPID_ERR_LIMIT)
        fail_msg("seed %llu: '%s' gives %s: %s", (unsigned long long)d->net->seed, text, deepid_status_name(status),
                 deepid_ctx_error(d->ctx));
    return net;
}

static bool take_piece(drawing *d, const char *piece)
{
    int64_t macs;
    int64_t values;
    char *text = d->net->text;
    deepid_net *net = tried(d, piece);
    const bool welcome =
        net && is_welcome(d, net, &macs, &values) && strlen(text) + strlen(piece) + 3 < RANDOM_NET_TEXT;
    if (welcome) {
        strcat(strcat(text, "; "), piece);
        d->shape = net->value[net->step[net->steps - 1].out].shape;
        d->macs += macs;
        d->values += values;
        d->parameters += net->values_reals;
    }
    deepid_net_destroy(net);
    return welcome;
}

static bool draw_piece(drawing *d)
{
    for (int i = 0; i < TRIES; i++) {
        char piece[PIECE] = "";
        if (chance(d, 0.45))
            draw_block(d, piece);
        else if (chance(d, 0.5))
            draw_row(d, piece);
        else
            draw_layer(d, piece);
        if (take_piece(d, piece))
            return true;
    }
    return false;
}

static void draw_input(drawing *d)
{
    if (chance(d, 0.2))
        d->shape = (dpid_shape){2, {side(d) * side(d), channels(d)}};
    else if (chance(d, 0.65))
        d->shape = (dpid_shape){3, {side(d), side(d), channels(d)}};
    else
        d->shape = (dpid_shape){1, {features(d)}};
    write_input(d->net->text, &d->shape);
    if (chance(d, 0.25))
        strcat(d->net->text, " exact=1");
}

/* The largest batches that are not too much are as likely as the small ones. */
static void draw_batch(drawing *d)
{
    static const int64_t batches[] = {1, 2, 3, 7, 33, 129};
    int64_t most = 1;
    while (most < 6 && batches[most] * d->macs <= BATCH_MACS_MOST && batches[most] * d->values <= BATCH_VALUES_MOST)
        most++;
    d->net->batch = batches[below(d, most)];
}

static void look_at(deepid_ctx *ctx, drawn_net *out)
{
    deepid_net *net = NULL;
    OK(deepid_net_create(ctx, out->text, DEEPID_F32, &net));
    out->trains = true;
    for (int32_t i = 0; i < net->layers; i++) {
        const dpid_op *op = &net->layer[i].op;
        out->trains &= dpid_op_check_batch(ctx, op, DPID_TRAIN, out->batch) == DEEPID_OK;
        out->kinked |= (op->kind->flags & DPID_KIND_KINKED) != 0;
        out->has_planted |= (op->kind->flags & DPID_KIND_ROUGH) != 0;
        out->winograd |= !net->exact && strcmp(op->kind->word, "conv2d") == 0 && dpid_conv2d_has_winograd(op);
        for (int32_t k = 0; op->kind->options && op->kind->options[k].key; k++)
            out->has_planted |= strcmp(op->kind->options[k].key, "backward_eps") == 0 && op->option[k].given;
    }
    deepid_net_destroy(net);
}

void draw_net(deepid_ctx *ctx, uint64_t seed, drawn_net *out)
{
    enum { STREAM = 1001 };
    *out = (drawn_net){.seed = seed};
    drawing d = {.ctx = ctx, .random = dpid_random_make(seed, STREAM, 0), .net = out};
    draw_input(&d);
    int64_t pieces = 0;
    for (int64_t wanted = 1 + below(&d, PIECES_MOST); pieces < wanted;)
        if (draw_piece(&d) || pieces == 0)
            pieces += d.values > 0;
        else
            break;
    draw_batch(&d);
    look_at(ctx, out);
}

void take_net(deepid_ctx *ctx, const char *text, int64_t batch, uint64_t seed, drawn_net *out)
{
    *out = (drawn_net){.seed = seed, .batch = batch};
    snprintf(out->text, sizeof out->text, "%s", text);
    look_at(ctx, out);
}

/* ---- classifiers --------------------------------------------------------------------------------- */

enum { CLASSES = 3 };

void draw_classifier(deepid_ctx *ctx, uint64_t seed, drawn_net *out)
{
    static char text[RANDOM_NET_TEXT];
    drawn_net body;
    draw_net(ctx, seed, &body);
    deepid_net *net = random_net(ctx, body.text, DEEPID_F32, seed);
    const bool flat = net->value[net->steps > 0 ? net->step[net->steps - 1].out : 0].shape.rank == 1;
    deepid_net_destroy(net);
    snprintf(text, sizeof text, "%.4000s; %sdense out=%d", body.text, flat ? "" : "flatten; ", CLASSES);
    take_net(ctx, text, body.batch, seed, out);
}

void random_classes(deepid_ctx *ctx, const drawn_net *drawn, const deepid_net *net, double **x, deepid_dataset **out)
{
    const dpid_shape *in = &net->value[0].shape;
    const int64_t extents[4] = {drawn->batch, in->extent[0], in->rank > 1 ? in->extent[1] : 1,
                                in->rank > 2 ? in->extent[2] : 1};
    const int64_t numbers = drawn->batch * dpid_shape_count(in);
    int32_t labels[256];
    assert_true(drawn->batch <= 256);
    *x = malloc((size_t)numbers * sizeof **x);
    assert_non_null(*x);
    random_array(drawn->seed + 1, numbers, -1, 1, *x);
    for (int64_t i = 0; i < drawn->batch; i++)
        labels[i] = (int32_t)(i % CLASSES);
    OK(deepid_dataset_wrap(ctx, DEEPID_F64, *x, in->rank + 1, extents, NULL, labels, CLASSES, out));
    if (in->rank == 2)
        OK(deepid_dataset_set_series(*out));
}
