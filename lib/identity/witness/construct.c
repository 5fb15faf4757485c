/* From a block to its witness. Each search (search.c) writes into a fresh copy: first with all constructions, then
   without the first of them, and so on; at last through a basis of the data. */
#include "identity/witness/search.h"

#include <math.h>
#include <string.h>

enum { DIRECT = 0 };

/* ---- attempts: on a copy, so that a block without a witness stays what it was -------------------------- */

static int32_t begin(dpid_search *s, deepid_net *work)
{
    const dpid_shape *in = &s->chain->net->value[s->chain->in].shape;
    const dpid_domain *d = s->domain;
    int64_t widest = dpid_channels(in);
    for (int32_t v = 0; v < s->chain->net->values_count; v++)
        if (widest < dpid_channels(&s->chain->net->value[v].shape))
            widest = dpid_channels(&s->chain->net->value[v].shape);
    s->writing.net = work;
    s->writing.data_statistics = s->options->data_statistics;
    s->code = (dpid_code){.form = DPID_CODE_PLAIN,
                          .a = 1,
                          .carriers = dpid_channels(in),
                          .low = d->low,
                          .high = d->high,
                          .mean = d->mean,
                          .variance = d->variance};
    DPID_TRY(dpid_arena_alloc(s->arena, widest, sizeof *s->code.plus, "identity code", &s->code.plus));
    DPID_TRY(dpid_arena_alloc(s->arena, widest, sizeof *s->code.minus, "identity code", &s->code.minus));
    for (int64_t i = 0; i < s->code.carriers; i++)
        s->code.plus[i] = i;
    *s->witness = (dpid_witness){.status = DEEPID_IDENTITY_E,
                                 .bitwise = true,
                                 .zero_preserving = true,
                                 .train_exact = true,
                                 .relative = isinf(d->low) || isinf(d->high)};
    s->joins = false;
    s->worst = -1;
    return DEEPID_OK;
}

static void name_construction(dpid_search *s)
{
    dpid_witness *w = s->witness;
    const dpid_construction *c = dpid_construction_at(s->worst);
    const bool joins = s->joins && s->worst <= DIRECT;
    w->construction = s->writing.basis ? "data_basis" : joins ? "zero_branch" : c ? c->word : "direct";
    w->theorem = s->writing.basis ? "T0" : joins ? "blocks" : c ? c->theorem : "T1";
    if (!s->writing.basis)
        return;
    w->basis = s->writing.basis->dimensions;
    w->real_error += s->writing.basis->error;
    w->rounding += 4 * (double)(s->domain->channels + 4) * fmax(1, fmax(fabs(s->domain->low), fabs(s->domain->high)));
    w->bitwise = false;
    if (s->writing.basis->error > 1e-5 * fmax(1, fmax(fabs(s->domain->low), fabs(s->domain->high)))) {
        w->status = DEEPID_IDENTITY_F;
        w->floor = s->writing.basis->error;
    }
}

/* One search over a fresh copy; *found: the copy's values are in block. */
static int32_t attempt(dpid_search *s, deepid_net *block, bool *found)
{
    deepid_net *work = NULL;
    const size_t real = (size_t)dpid_precision_bytes(block->precision);
    DPID_TRY(dpid_net_clone_as(block, block->precision, &work));
    int32_t status = begin(s, work);
    if (status == DEEPID_OK)
        status = deepid_net_init(work, "he", s->options->seed);
    s->writing.status = &status;
    *found = status == DEEPID_OK && dpid_search_solve(s) && status == DEEPID_OK;
    if (*found) {
        name_construction(s);
        memcpy(block->values, work->values, (size_t)block->values_reals * real);
        memcpy(block->states, work->states, (size_t)block->states_reals * real);
    }
    deepid_net_destroy(work);
    return status;
}

/* One search for each first construction, because a move that fits may leave a code that no layer behind can undo. */
static int32_t attempt_all(dpid_search *s, deepid_net *block, bool *found)
{
    *found = false;
    for (s->first_move = 0; !*found && dpid_construction_at(s->first_move); s->first_move++)
        DPID_TRY(attempt(s, block, found));
    return DEEPID_OK;
}

static int64_t narrowest(const dpid_chain *chain)
{
    int64_t least = dpid_channels(&chain->net->value[chain->in].shape);
    for (int32_t i = 0; i < chain->parts; i++)
        if (chain->part[i].type == DPID_PART_LINEAR && dpid_channels(&chain->part[i].layer->op.out) < least)
            least = dpid_channels(&chain->part[i].layer->op.out);
    return least;
}

/* Through fewer dimensions than channels, for data that lie in such a subspace. */
static int32_t attempt_basis(dpid_search *s, deepid_net *block, bool *found)
{
    dpid_basis basis;
    if (s->domain->type != DPID_DOMAIN_DATA || s->first_linear < 0 || s->first_linear == s->last_linear)
        return DEEPID_OK;
    DPID_TRY(dpid_basis_make(s->arena, s->domain, narrowest(s->chain), dpid_search_centred(s), &basis));
    const double most = fmax(1e-5, s->options->tolerance) * fmax(1, fmax(fabs(s->domain->low), fabs(s->domain->high)));
    if (basis.error > most)
        return DEEPID_OK;
    s->writing.basis = &basis;
    DPID_TRY(attempt_all(s, block, found));
    s->writing.basis = NULL;
    return DEEPID_OK;
}

static int32_t construct(dpid_arena *arena, deepid_net *block, const dpid_domain *domain,
                         const dpid_identity_options *options, dpid_witness *out)
{
    dpid_chain chain;
    int32_t obstacle;
    bool found = false;
    DPID_TRY(dpid_chain_make(arena, block, 0, block->step[block->steps - 1].out, options->mode, &chain, &obstacle));
    dpid_search s = {.chain = &chain,
                     .domain = domain,
                     .options = options,
                     .arena = arena,
                     .gain = 1,
                     .witness = out,
                     .curved = dpid_search_curved(&chain)};
    s.first_linear = dpid_search_linear(&chain, true);
    s.last_linear = dpid_search_linear(&chain, false);
    const bool basis_only = options->construction && strcmp(options->construction, "data_basis") == 0;
    if (obstacle == DEEPID_REASON_NONE && !basis_only)
        DPID_TRY(attempt_all(&s, block, &found));
    if (obstacle == DEEPID_REASON_NONE && !found)
        DPID_TRY(attempt_basis(&s, block, &found));
    if (!found)
        dpid_explain(&chain, obstacle, domain, options, out);
    return DEEPID_OK;
}

/* ---- the door --------------------------------------------------------------------------------------------- */

dpid_identity_options dpid_identity_defaults(void)
{
    return (dpid_identity_options){.dtype = DEEPID_F32, .mode = DPID_EVAL, .tolerance = 1e-5, .seed = 1};
}

double dpid_witness_bound(const dpid_witness *witness, int32_t dtype)
{
    return witness->real_error + witness->rounding * dpid_unit(dtype);
}

int32_t dpid_identity_construct(deepid_net *block, const dpid_domain *domain, const dpid_identity_options *options,
                                dpid_witness *out)
{
    dpid_arena arena = {.ctx = block->head.ctx};
    const int64_t channels = dpid_channels(&block->value[0].shape);
    dpid_witness witness = {0};
    if (domain->type == DPID_DOMAIN_DATA && domain->channels != channels)
        return dpid_fail(block->head.ctx, DEEPID_ERR_SHAPE,
                         "identity: the data has %lld channels, expected the block's %lld", (long long)domain->channels,
                         (long long)channels);
    const int32_t status = construct(&arena, block, domain, options, &witness);
    if (status == DEEPID_OK)
        *out = witness;
    dpid_arena_release(&arena);
    return status;
}
