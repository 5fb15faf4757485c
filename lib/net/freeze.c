/* Freezing: the same function as a net for evaluation only. Its text is the net's without what draws in training, and
   with each batch-norm or trained scale behind a convolution or dense layer taken into it:
     (x w^T + b - mean) gain + beta = x (gain w)^T + (b - mean) gain + beta,   gain = gamma / sqrt(var + eps)
   (Jacob et al. 2018, arXiv:1712.05877, section 3.2). Each number is rounded once. How a frozen net runs: program.h */
#include "net/net.h"
#include "net/spec.h"
#include "ops/batchnorm/batchnorm.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static bool takes_norm(const dpid_kind *kind)
{
    return kind && kind->flags & DPID_KIND_WEIGHT;
}

/* Can the layer before it take it in? */
static bool can_go(const dpid_kind *kind)
{
    return kind == &dpid_kind_batchnorm || (kind && kind->flags & DPID_KIND_SCALE);
}

/* ---- the text --------------------------------------------------------------------------------- */

/* The last of several equal layers gets a bias: it becomes an item of its own. */
static int32_t fold_into(dpid_arena *arena, dpid_item *item)
{
    if (item->count > 1) {
        dpid_item *last = NULL;
        DPID_TRY(dpid_arena_alloc(arena, 1, sizeof *last, "net text", &last));
        *last = *item;
        last->count = 1;
        item->count--;
        item->next = last;
        item = last;
    }
    return dpid_item_set(arena, item, "bias", 1);
}

static dpid_item *last_of(dpid_item *item)
{
    while (item && item->next)
        item = item->next;
    return item;
}

/* Bodies of blocks likewise. A list that would be empty keeps its noise: blocks have a branch, nets have layers. */
static int32_t fold_items(dpid_arena *arena, dpid_item **items)
{
    dpid_item *const old = *items;
    dpid_item *kept = NULL; /* the new list, and its end */
    dpid_item *end = NULL;
    dpid_item *next;
    for (dpid_item *item = old; item; item = next) {
        next = item->next;
        const bool folds = can_go(item->kind) && end && takes_norm(end->kind);
        if (item->count == 0 || (item->kind && item->kind->flags & DPID_KIND_NOISE))
            continue;
        if (folds) {
            DPID_TRY(fold_into(arena, end));
            end = last_of(end);
            continue;
        }
        item->next = NULL;
        if (end)
            end->next = item;
        else
            kept = item;
        end = item;
        if (!item->kind) {
            item->projection = DPID_PROJECTION_USUAL; /* all have a bias and no batch-norm */
            DPID_TRY(fold_items(arena, &item->body));
        }
    }
    if (kept)
        *items = kept;
    return DEEPID_OK;
}

static int32_t make_text(const deepid_net *net, dpid_arena *arena, dpid_string *text)
{
    dpid_spec spec = {.items = NULL};
    DPID_TRY(dpid_spec_parse(arena, net->text, &spec));
    DPID_TRY(fold_items(arena, &spec.items));
    spec.frozen = true;
    spec.recompute = 0;
    dpid_spec_print(text, &spec);
    return text->status;
}

/* ---- the numbers ---------------------------------------------------------------------------------- */

typedef struct {
    const deepid_net *from;
    deepid_net *to;
    void *saved; /* of a batch-norm */
} folding;

static void store(dpid_precision p, void *array, int64_t i, long double value)
{
    if (p == DPID_P80)
        ((long double *)array)[i] = value;
    else if (p == DPID_P64)
        ((double *)array)[i] = (double)value;
    else
        ((float *)array)[i] = (float)value;
}

static void *parameter_at(const deepid_net *net, const dpid_layer *layer, int32_t k)
{
    return dpid_net_parameter_at(net, layer->parameter[k]);
}

/* As the layer is; a bias that it has not is 0 already. */
static void copy_layer(const folding *f, const dpid_layer *from, const dpid_layer *to)
{
    for (int32_t k = 0; k < from->op.parameters; k++)
        memcpy(parameter_at(f->to, to, k), parameter_at(f->from, from, k),
               (size_t)(f->to->parameter[to->parameter[k]].count * dpid_precision_bytes(f->to->precision)));
}

static double smallest_normal(dpid_precision p)
{
    return p == DPID_P32 ? 0x1p-126 : 0x1p-1022;
}

/* Channel c of the layer takes its gain. False when a number is not finite, or all are too small to be exact. */
static bool fold_channel(const folding *f, const dpid_layer *to, int64_t c, long double mean, long double gain,
                         long double beta)
{
    const dpid_precision p = f->to->precision;
    void *w = parameter_at(f->to, to, 0);
    void *b = parameter_at(f->to, to, 1);
    const int64_t patch = f->to->parameter[to->parameter[0]].count / f->to->parameter[to->parameter[1]].count;
    long double before = 0;
    long double after = 0;
    bool finite = true;
    for (int64_t k = c * patch; k < (c + 1) * patch; k++) {
        before = fmaxl(before, fabsl(dpid_fetch_wide(p, w, k)));
        store(p, w, k, dpid_fetch_wide(p, w, k) * gain);
        after = fmaxl(after, fabsl(dpid_fetch_wide(p, w, k)));
        finite &= isfinite(dpid_fetch_wide(p, w, k)) != 0;
    }
    store(p, b, c, (dpid_fetch_wide(p, b, c) - mean) * gain + beta);
    return finite && isfinite(dpid_fetch_wide(p, b, c)) &&
           (before == 0 || gain == 0 || after >= (long double)smallest_normal(p));
}

static int32_t fail_gain(const folding *f, const dpid_layer *layer, int64_t c, long double gain)
{
    return dpid_fail(f->from->head.ctx, DEEPID_ERR_UNSUPPORTED,
                     "%s cannot be taken into the layer before it: channel %lld has the gain %s, and not all products "
                     "with it are ordinary numbers",
                     layer->name, (long long)c, dpid_number((double)gain).text);
}

static int32_t fold_scale(const folding *f, const dpid_layer *scale, const dpid_layer *to)
{
    const int64_t factors = f->from->parameter[scale->parameter[0]].count;
    for (int64_t c = 0; c < dpid_op_channels(&scale->op); c++) {
        const long double gain = dpid_fetch_wide(f->from->precision, parameter_at(f->from, scale, 0), c % factors);
        if (!fold_channel(f, to, c, 0, gain, 0))
            return fail_gain(f, scale, c, gain);
    }
    return DEEPID_OK;
}

static int32_t fold_norm(const folding *f, const dpid_layer *norm, const dpid_layer *to)
{
    const dpid_precision p = f->from->precision;
    dpid_pass pass = {.op = &norm->op, .mode = DPID_EVAL, .saved = f->saved};
    for (int32_t k = 0; k < norm->op.parameters; k++)
        pass.parameter[k] = parameter_at(f->from, norm, k);
    dpid_batchnorm_prepare[DPID_ISA_BASELINE][p](&pass, NULL, 0, 0);
    const dpid_batchnorm_arrays a = dpid_batchnorm_arrays_of[DPID_ISA_BASELINE][p](&pass);
    const int64_t channels = f->from->parameter[norm->parameter[0]].count;
    for (int64_t c = 0; c < channels; c++) {
        const long double gain = dpid_fetch_wide(p, a.gain, c);
        if (!fold_channel(f, to, c, dpid_fetch_wide(p, a.mean, c), gain, dpid_fetch_wide(p, a.shift, c)))
            return fail_gain(f, norm, c, gain);
    }
    return DEEPID_OK;
}

static bool same_block(const dpid_layer *a, const dpid_layer *b)
{
    return a->block == b->block && a->shortcut == b->shortcut && a->behind == b->behind;
}

/* Both nets' layers side by side: a batch-norm or scale that the frozen one lacks went into the layer before it. */
static int32_t fill_values(const folding *f)
{
    int32_t j = 0;
    for (int32_t i = 0; i < f->from->layers; i++) {
        const dpid_layer *from = &f->from->layer[i];
        const dpid_layer *to = j < f->to->layers ? &f->to->layer[j] : NULL;
        const bool there = to && to->op.kind == from->op.kind && same_block(from, to);
        if (there) {
            copy_layer(f, from, to);
            j++;
        } else if (can_go(from->op.kind)) {
            assert(j > 0 && takes_norm(f->to->layer[j - 1].op.kind));
            DPID_TRY((from->op.kind == &dpid_kind_batchnorm ? fold_norm : fold_scale)(f, from, &f->to->layer[j - 1]));
        }
    }
    assert(j == f->to->layers);
    return DEEPID_OK;
}

static int32_t make_saved(const deepid_net *net, dpid_arena *arena, void **saved)
{
    int64_t most = 0;
    for (int32_t i = 0; i < net->layers; i++)
        if (net->layer[i].op.kind == &dpid_kind_batchnorm && net->layer[i].op.saved_fixed > most)
            most = net->layer[i].op.saved_fixed;
    return dpid_arena_alloc(arena, most, dpid_precision_bytes(net->precision), "freeze", saved);
}

/* ---- all ---------------------------------------------------------------------------------------------- */

static int32_t fill_folded(const deepid_net *net, dpid_arena *arena, dpid_string *text, deepid_net **made)
{
    folding f = {.from = net};
    DPID_TRY(make_text(net, arena, text));
    DPID_TRY(make_saved(net, arena, &f.saved));
    DPID_TRY(dpid_net_create_within(net->head.ctx, text->text, net->dtype, -1, made));
    f.to = *made;
    return fill_values(&f);
}

static int32_t freeze(const deepid_net *net, deepid_net **out)
{
    deepid_ctx *ctx = net->head.ctx;
    dpid_arena arena = {.ctx = ctx};
    dpid_string text = {.ctx = ctx};
    deepid_net *made = NULL;
    if (!out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "freeze: out is NULL");
    if (net->storage.on)
        return dpid_fail(ctx, DEEPID_ERR_UNSUPPORTED,
                         "freeze: the net's storage is %s, and a frozen net keeps f32 between its layers; set storage "
                         "f32 first",
                         net->storage_text);
    const int32_t status = fill_folded(net, &arena, &text, &made);
    dpid_string_release(&text);
    dpid_arena_release(&arena);
    if (status == DEEPID_OK)
        *out = made;
    else
        deepid_net_destroy(made);
    return status;
}

int32_t deepid_net_freeze(const deepid_net *net, deepid_net **out)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, freeze(net, out));
}

int32_t deepid_net_frozen(const deepid_net *net)
{
    return dpid_is(net, DPID_MAGIC_NET) && net->frozen;
}
