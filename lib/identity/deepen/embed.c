/* Embedding: the items of two texts are matched in order. Matched items take the weights, those between become the
   identity. A piece is one item, each copy of a repeated block apart; a unit is a piece, or several, that can be the
   identity by itself. Where the texts do not match as they are written, plain blocks are opened: a net may be written
   with blocks and the other without. */
#include "identity/embed.h"

#include "identity/deepen.h"

#include <stdio.h>
#include <string.h>

/* ---- pieces: the items of a text, repetitions apart ------------------------------------------------- */

typedef struct {
    const dpid_item *item;
    const char *text;      /* canonical */
    int32_t first, layers; /* of the net */
    int32_t out;           /* value behind it */
    int32_t match;         /* of the deep net: the shallow net's piece; -1: added */
} piece;

typedef struct {
    const deepid_net *net;
    piece *piece;
    int32_t count;
} row;

typedef struct {
    deepid_ctx *ctx;
    dpid_arena arena;
    const deepid_net *shallow;
    deepid_net *deep;
    const deepid_dataset *data;
    dpid_embed_for what_for;
    row from, to;
    int64_t units; /* copies of identity blocks in all: errors of a stack add up */
    dpid_embedding *found;
} embedding;

static int32_t text_of(embedding *e, const dpid_item *item, const char **out)
{
    dpid_spec spec = {.input = e->shallow->value[0].shape};
    dpid_item one = *item;
    dpid_string s = {.ctx = e->ctx};
    char *text = NULL;
    one.count = 1;
    one.next = NULL;
    spec.items = &one;
    dpid_spec_print(&s, &spec);
    const char *behind = s.status == DEEPID_OK ? strchr(s.text, ';') : NULL; /* the input's item is not part of it */
    const int32_t status =
        s.status == DEEPID_OK ? dpid_arena_text(&e->arena, behind + 2, (int64_t)strlen(behind + 2), &text) : s.status;
    dpid_string_release(&s);
    *out = text;
    return status;
}

static int32_t value_behind(const deepid_net *net, int32_t layer)
{
    int32_t i = 0;
    while (net->step[i].type != DPID_STEP_LAYER || net->step[i].layer != layer)
        i++;
    return net->step[i].out;
}

/* Which layers of the net a piece is, and the value that leaves it. */
static void place_piece(const deepid_net *net, int32_t *layer, int32_t *block, piece *p)
{
    p->first = *layer;
    if (p->item->kind) {
        p->out = value_behind(net, *layer);
        (*layer)++;
    } else {
        p->out = net->block[*block].out;
        (*block)++;
        while (*layer < net->layers && net->layer[*layer].block == *block)
            (*layer)++;
    }
    p->layers = *layer - p->first;
    p->match = -1;
}

/* A block that is nothing but its layers: no skip, nothing behind, no block inside. */
static bool opens(const dpid_item *item)
{
    if (item->kind || item->s != 0 || item->norm || item->after)
        return false;
    for (const dpid_item *inside = item->body; inside; inside = inside->next)
        if (!inside->kind)
            return false;
    return item->body != NULL;
}

/* Where a cut has come to. */
typedef struct {
    embedding *e;
    row *out;
    int32_t layer, block;
    bool open; /* blocks that are nothing but their layers are those */
} cutting;

static int64_t count_pieces(const dpid_item *items, bool open)
{
    int64_t count = 0;
    for (const dpid_item *item = items; item; item = item->next)
        count += item->count * (open && opens(item) ? count_pieces(item->body, open) : 1);
    return count;
}

static int32_t cut_items(cutting *c, const dpid_item *items)
{
    for (const dpid_item *item = items; item; item = item->next) {
        const bool open = c->open && opens(item);
        const char *text = NULL;
        DPID_TRY(text_of(c->e, item, &text));
        for (int64_t i = 0; i < item->count; i++) {
            if (open) {
                c->block++;
                DPID_TRY(cut_items(c, item->body));
                continue;
            }
            piece *p = &c->out->piece[c->out->count++];
            *p = (piece){.item = item, .text = text};
            place_piece(c->out->net, &c->layer, &c->block, p);
        }
    }
    return DEEPID_OK;
}

static int32_t cut(embedding *e, const deepid_net *net, bool open, row *out)
{
    dpid_spec spec = {.items = NULL};
    cutting c = {.e = e, .out = out, .open = open};
    *out = (row){.net = net};
    DPID_TRY(dpid_spec_parse(&e->arena, net->text, &spec));
    DPID_TRY(dpid_arena_alloc(&e->arena, count_pieces(spec.items, open), sizeof *out->piece, "embed", &out->piece));
    return cut_items(&c, spec.items);
}

/* ---- the match ------------------------------------------------------------------------------------- */

/* Each piece of the shallow net at the first equal one behind the last. False: there is none for some piece. */
static bool match(embedding *e)
{
    int32_t at = 0;
    for (int32_t i = 0; i < e->from.count; i++, at++) {
        while (at < e->to.count && strcmp(e->to.piece[at].text, e->from.piece[i].text) != 0)
            at++;
        if (at == e->to.count) {
            snprintf(e->found->sentence, sizeof e->found->sentence,
                     "the deep net does not contain the shallow one: item %d of the shallow net, '%.200s', has no "
                     "counterpart behind the items before it",
                     i + 1, e->from.piece[i].text);
            return false;
        }
        e->to.piece[at].match = i;
    }
    return true;
}

static bool same_parameters(const dpid_parameter *a, const dpid_parameter *b)
{
    return a->spec.rank == b->spec.rank && a->count == b->count &&
           memcmp(a->spec.extents, b->spec.extents, (size_t)a->spec.rank * sizeof *a->spec.extents) == 0;
}

static bool copy_layer(const deepid_net *from, int32_t i, deepid_net *to, int32_t j)
{
    const dpid_op *op = &from->layer[i].op;
    for (int32_t k = 0; k < op->parameters; k++) {
        const int32_t p = from->layer[i].parameter[k];
        const int32_t q = to->layer[j].parameter[k];
        if (!same_parameters(&from->parameter[p], &to->parameter[q]))
            return false;
        memcpy(dpid_net_parameter_at(to, q), dpid_net_parameter_at(from, p),
               (size_t)(from->parameter[p].count * dpid_precision_bytes(from->precision)));
    }
    return true;
}

static bool carry_over(embedding *e)
{
    for (int32_t i = 0; i < e->to.count; i++) {
        const piece *p = &e->to.piece[i];
        const piece *old = p->match >= 0 ? &e->from.piece[p->match] : NULL;
        for (int32_t k = 0; old && k < p->layers; k++) {
            if (copy_layer(e->shallow, old->first + k, e->deep, p->first + k))
                continue;
            snprintf(e->found->sentence, sizeof e->found->sentence,
                     "the deep net does not contain the shallow one: %s has other parameters than %s",
                     e->deep->layer[p->first + k].name, e->shallow->layer[old->first + k].name);
            return false;
        }
    }
    return true;
}

/* ---- the added pieces: units -------------------------------------------------------------------------- */

/* The shape behind a piece of the deep net; before the first: the input's. */
static const dpid_shape *shape_behind(const embedding *e, int32_t i)
{
    return &e->deep->value[i < 0 ? 0 : e->to.piece[i].out].shape;
}

static bool keeps_shape(const embedding *e, int32_t first, int32_t end)
{
    return dpid_shape_equal(shape_behind(e, first - 1), shape_behind(e, end - 1));
}

/* Are the pieces first .. end - 1 the first `period` of them, again and again? */
static bool repeats(const embedding *e, int32_t first, int32_t end, int32_t period)
{
    if ((end - first) % period != 0 || !keeps_shape(e, first, first + period))
        return false;
    for (int32_t i = first + period; i < end; i++)
        if (strcmp(e->to.piece[i].text, e->to.piece[i - period].text) != 0)
            return false;
    return true;
}

/* The end of the unit that begins at `first`, in a run of added pieces: a block is a unit, and so are the layers up to
   the next block, or as many as they are copies of. */
static int32_t unit_end(const embedding *e, int32_t first, int32_t end)
{
    int32_t i = first + 1;
    while (e->to.piece[first].item->kind && i < end && e->to.piece[i].item->kind)
        i++;
    for (int32_t period = 1; period < i - first; period++)
        if (repeats(e, first, i, period))
            return first + period;
    return i;
}

/* Do all units of the run keep the shape? Otherwise the run as a whole is one. */
static bool splits(const embedding *e, int32_t first, int32_t end)
{
    for (int32_t next = first; first < end; first = next) {
        next = unit_end(e, first, end);
        if (!keeps_shape(e, first, next))
            return false;
    }
    return true;
}

static int32_t make_unit(embedding *e, int32_t first, int32_t end, dpid_string *text, deepid_net **out)
{
    const dpid_shape *shape = shape_behind(e, first - 1);
    dpid_string_format(text, "input %s", dpid_shape_text(shape->rank, shape->extent).text);
    for (int32_t i = first; i < end; i++)
        dpid_string_format(text, "; %s", e->to.piece[i].text);
    DPID_TRY(text->status);
    return dpid_net_create_within(e->ctx, text->text, DEEPID_F64, -1, out);
}

static dpid_identity_options options_of(const embedding *e)
{
    dpid_identity_options o = dpid_identity_defaults();
    o.dtype = e->shallow->dtype;
    o.tolerance /= (double)e->units;
    o.data_statistics = e->what_for == DPID_EMBED_TRAINING;
    return o;
}

/* First for everything that the layers in front can give. If that has no witness, or if the data's statistics are asked
   for, then for what these samples give. */
static int32_t find_witness(embedding *e, int32_t value, const char *text, deepid_net *unit, dpid_witness *w)
{
    const dpid_identity_options options = options_of(e);
    dpid_flow flow = {0};
    *w = (dpid_witness){.status = DEEPID_IDENTITY_N};
    if (!options.data_statistics) {
        DPID_TRY(dpid_flow_at(e->shallow, NULL, value, &e->arena, &flow));
        const dpid_domain domain = dpid_flow_domain(&flow);
        DPID_TRY(dpid_witness_make(unit, text, &flow, &domain, &options, w));
    }
    if (w->status != DEEPID_IDENTITY_N)
        return DEEPID_OK;
    const dpid_witness by_layers = *w;
    dpid_domain domain = {0};
    DPID_TRY(dpid_flow_at(e->shallow, e->data, value, &e->arena, &flow));
    DPID_TRY(dpid_flow_domain_by_data(e->ctx, &flow, &unit->value[0].shape, &domain));
    const int32_t status = dpid_witness_make(unit, text, &flow, &domain, &options, w);
    dpid_domain_release(e->ctx, &domain);
    if (status == DEEPID_OK && w->status == DEEPID_IDENTITY_N && by_layers.proved)
        *w = by_layers; /* a theorem about all inputs says more than a search on some */
    return status;
}

/* The result for all units is that of the weakest. */
static void note(embedding *e, const dpid_witness *w, const char *place, const char *text)
{
    dpid_embedding *f = e->found;
    if (w->status <= f->status)
        return;
    f->status = w->status;
    f->reason = w->reason;
    f->proved = w->proved;
    f->theorem = w->theorem;
    f->construction = w->construction;
    snprintf(f->sentence, sizeof f->sentence, "%.120s behind %.60s: %s", text, place, w->sentence);
}

/* Where the values are measured: behind the last piece of the shallow net in front. */
static int32_t value_in_front(const embedding *e, int32_t first)
{
    int32_t i = first - 1;
    while (i >= 0 && e->to.piece[i].match < 0)
        i--;
    return i < 0 ? 0 : e->from.piece[e->to.piece[i].match].out;
}

/* How many times the unit stands here, one behind the other. */
static int32_t copies_of(const embedding *e, int32_t first, int32_t next, int32_t end)
{
    const int32_t length = next - first;
    int32_t copies = 1;
    while (next + length <= end && repeats(e, first, next + length, length)) {
        copies++;
        next += length;
    }
    return copies;
}

static int32_t fill_unit(embedding *e, int32_t first, int32_t next, int32_t copies)
{
    const int32_t value = value_in_front(e, first);
    dpid_string text = {.ctx = e->ctx};
    deepid_net *unit = NULL;
    dpid_witness w;
    int32_t status = make_unit(e, first, next, &text, &unit);
    if (status == DEEPID_OK)
        status = find_witness(e, value, text.text, unit, &w);
    if (status == DEEPID_OK)
        note(e, &w, e->shallow->value[value].name, strchr(text.text, ';') + 2);
    for (int32_t i = 0; status == DEEPID_OK && w.status != DEEPID_IDENTITY_N && i < copies; i++)
        dpid_unit_install(unit, e->deep, e->to.piece[first + i * (next - first)].first);
    deepid_net_destroy(unit);
    dpid_string_release(&text);
    return status;
}

/* Every run of added pieces. With fill false only counts. */
static int32_t walk(embedding *e, bool fill)
{
    for (int32_t i = 0; i < e->to.count; i++) {
        int32_t end = i;
        while (end < e->to.count && e->to.piece[end].match < 0)
            end++;
        const bool whole = !splits(e, i, end);
        while (i < end) {
            const int32_t next = whole ? end : unit_end(e, i, end);
            const int32_t copies = whole ? 1 : copies_of(e, i, next, end);
            if (fill)
                DPID_TRY(fill_unit(e, i, next, copies));
            else
                e->units += copies;
            i += copies * (next - i);
        }
    }
    return DEEPID_OK;
}

static void count_added(embedding *e)
{
    for (int32_t i = 0; i < e->to.count; i++) {
        const piece *p = &e->to.piece[i];
        e->found->layers += p->match < 0 ? p->layers : 0;
        e->found->blocks += p->match < 0 && !p->item->kind;
    }
}

/* ---- the whole ---------------------------------------------------------------------------------------- */

static int32_t embed(embedding *e, const char *deep_text)
{
    DPID_TRY(dpid_net_create_within(e->ctx, deep_text, e->shallow->dtype, -1, &e->deep));
    for (int open = 0; open < 2 && !e->found->nested; open++) {
        DPID_TRY(cut(e, e->shallow, open, &e->from));
        DPID_TRY(cut(e, e->deep, open, &e->to));
        e->found->nested = match(e) && carry_over(e);
    }
    if (!e->found->nested)
        return DEEPID_OK;
    e->deep->mode = e->shallow->mode;
    e->found->status = DEEPID_IDENTITY_E_BIT; /* nothing added changes nothing */
    count_added(e);
    DPID_TRY(walk(e, false));
    return walk(e, true);
}

int32_t dpid_embed(const deepid_net *shallow, const char *deep_text, const deepid_dataset *data,
                   dpid_embed_for what_for, dpid_embedding *found, deepid_net **out)
{
    *found = (dpid_embedding){.status = 0};
    embedding e = {.ctx = shallow->head.ctx,
                   .arena = {.ctx = shallow->head.ctx},
                   .shallow = shallow,
                   .data = data,
                   .what_for = what_for,
                   .found = found};
    const int32_t status = embed(&e, deep_text);
    if (status == DEEPID_OK && found->nested && found->status != DEEPID_IDENTITY_N) {
        *out = e.deep;
        e.deep = NULL;
    }
    deepid_net_destroy(e.deep);
    dpid_arena_release(&e.arena);
    return status;
}
