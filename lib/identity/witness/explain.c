/* Why no weights make this block the identity: the theorem that applies, and a sentence with its numbers. */
#include "identity/witness/chain.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    const dpid_chain *chain;
    const dpid_domain *domain;
    dpid_witness *out;
    bool open;                        /* the domain has an inside: theorems on open sets hold */
    int32_t activations, first, last; /* parts; -1: none */
    int64_t channels;
} question;

static bool answer(question *q, int32_t reason, bool proved, const char *theorem, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
static bool answer(question *q, int32_t reason, bool proved, const char *theorem, const char *format, ...)
{
    va_list arguments;
    q->out->reason = reason;
    q->out->proved = proved;
    q->out->theorem = theorem;
    va_start(arguments, format);
    vsnprintf(q->out->sentence, sizeof q->out->sentence, format, arguments);
    va_end(arguments);
    return true;
}

static const char *word_of(const dpid_part *part)
{
    return part->layer->op.kind->word;
}

static const char *name_of_domain(const dpid_domain *d)
{
    static const char *const names[] = {"", "R^n", "x >= 0", "this box", "this data"};
    return names[d->type];
}

/* ---- what stands in the way before any weight is chosen --------------------------------------- */

static bool shape(question *q)
{
    const deepid_net *net = q->chain->net;
    const dpid_shape *in = &net->value[q->chain->in].shape;
    const dpid_shape *out = &net->value[q->chain->out].shape;
    if (dpid_shape_equal(in, out))
        return answer(q, DEEPID_REASON_SHAPE, true, "T0",
                      "shape: a layer inside shrinks the picture, or no tap of its kernel stands on the pixel itself");
    return answer(q, DEEPID_REASON_SHAPE, true, "T0", "shape: the block turns %s into %s",
                  dpid_shape_text(in->rank, in->extent).text, dpid_shape_text(out->rank, out->extent).text);
}

static const dpid_part *normalisation(const dpid_chain *chain)
{
    for (int32_t i = 0; i < chain->parts; i++)
        if (chain->part[i].type == DPID_PART_LAYERNORM || chain->part[i].type == DPID_PART_NORM)
            return &chain->part[i];
    return NULL;
}

static bool is_kind(const dpid_part *part, const dpid_kind *kind)
{
    return part && part->layer && part->layer->op.kind == kind;
}

static bool has_kind(const dpid_chain *chain, const dpid_kind *kind)
{
    for (int32_t i = 0; i < chain->parts; i++)
        if (is_kind(&chain->part[i], kind))
            return true;
    return false;
}

static bool by_obstacle(question *q, int32_t obstacle)
{
    switch (obstacle) {
    case DEEPID_REASON_SHAPE:
        return shape(q);
    case DEEPID_REASON_RANK:
        return answer(q, obstacle, q->open && has_kind(q->chain, &dpid_kind_maxpool), "T0",
                      "rank: a pool makes one number of a window of several");
    case DEEPID_REASON_NOISE:
        return answer(q, obstacle, true, "T7",
                      "noise: in training it sets what it draws to 0; in evaluation it is the identity");
    case DEEPID_REASON_INVARIANCE:
        return answer(q, obstacle, q->open, "T7",
                      "invariance: %s gives the same for x and for a x + b%s, so it cannot return both",
                      word_of(normalisation(q->chain)),
                      normalisation(q->chain)->type == DPID_PART_NORM ? " (batches in training mode)"
                                                                      : " (each sample by itself)");
    default:
        return false;
    }
}

/* A norm without a mean, y = gamma x / r(x): its length is bounded, and r is constant on no open set. What lies before
   it may make r nearly constant, what lies behind may undo it: of that nothing is said. */
static bool root_mean_square(question *q)
{
    const dpid_part *part = normalisation(q->chain);
    if (!part || !(part->layer->op.kind->flags & DPID_KIND_KEEPS_MEAN))
        return false;
    if (isinf(q->domain->high))
        return answer(q, DEEPID_REASON_BOUNDED, true, "T6",
                      "bounded: what %s gives is at most sqrt(%lld) times its largest factor long, the domain is "
                      "unbounded",
                      word_of(part), (long long)dpid_channels(&part->layer->op.in));
    if (!q->open || part != q->chain->part || q->activations > 0)
        return false;
    return answer(q, DEEPID_REASON_CURVED, true, "T6",
                  "curved: on %s x / sqrt(mean(x^2) + eps) would have to be a line, and its root is not constant",
                  name_of_domain(q->domain));
}

/* ---- rank ---------------------------------------------------------------------------------------- */

static const dpid_part *narrowest(const dpid_chain *chain)
{
    const dpid_part *found = NULL;
    for (int32_t i = 0; i < chain->parts; i++) {
        const dpid_part *part = &chain->part[i];
        const bool linear = part->type == DPID_PART_LINEAR;
        if (linear && (!found || dpid_channels(&part->layer->op.out) < dpid_channels(&found->layer->op.out)))
            found = part;
    }
    return found;
}

static bool rank(question *q)
{
    const dpid_part *part = narrowest(q->chain);
    const int64_t width = part ? dpid_channels(&part->layer->op.out) : q->channels;
    if (width >= q->channels)
        return false;
    if (!q->open)
        return answer(q, DEEPID_REASON_RANK, false, "T0",
                      "rank: the data here has affine rank %lld of %lld, the block's narrowest layer %lld channels",
                      (long long)q->domain->rank, (long long)q->channels, (long long)width);
    return answer(q, DEEPID_REASON_RANK, true, "T0",
                  "rank: a %lld-%lld-%lld bottleneck cannot return %lld independent values", (long long)q->channels,
                  (long long)width, (long long)q->channels, (long long)q->channels);
}

/* ---- activations ----------------------------------------------------------------------------------- */

static bool bounded(question *q)
{
    if (!isinf(q->domain->high))
        return false;
    for (int32_t i = 0; i < q->chain->parts; i++) {
        const dpid_part *part = &q->chain->part[i];
        if (part->type == DPID_PART_ACTIVATION && !isinf(part->activation.least) && !isinf(part->activation.most))
            return answer(q, DEEPID_REASON_BOUNDED, true, "T6",
                          "bounded: %s gives %s to %s only, the domain is unbounded", word_of(part),
                          dpid_number_rounded(part->activation.least, 3).text,
                          dpid_number_rounded(part->activation.most, 3).text);
    }
    return false;
}

static bool ends_in_activation(const question *q)
{
    return q->last >= 0 && q->last == q->chain->parts - 1;
}

static bool range(question *q)
{
    const dpid_domain *d = q->domain;
    if (!ends_in_activation(q))
        return false;
    const dpid_part *part = &q->chain->part[q->last];
    const dpid_activation *a = &part->activation;
    if (d->low >= a->least && d->high <= a->most)
        return false;
    return answer(q, DEEPID_REASON_RANGE, true, "T6",
                  "range: the block ends in %s, which gives %s to %s; here x goes from %s to %s", word_of(part),
                  dpid_number_rounded(a->least, 3).text, dpid_number_rounded(a->most, 3).text,
                  dpid_number_rounded(d->low, 3).text, dpid_number_rounded(d->high, 3).text);
}

/* With one activation, and one unit for each carrier, phi(w x + b) would have to be affine on the domain. */
static bool single(question *q)
{
    const dpid_part *part = q->first >= 0 ? &q->chain->part[q->first] : NULL;
    if (q->activations != 1 || !q->open || dpid_channels(&part->layer->op.in) >= 2 * q->channels)
        return false;
    const bool exact = dpid_channels(&part->layer->op.in) == q->channels;
    const char *domain = name_of_domain(q->domain);
    if (part->activation.kinks > 0)
        return answer(q, DEEPID_REASON_KINK, exact, "T3",
                      "kink: on %s %s bends inside; one layer of it takes 2 x %lld units to cancel that, here are %lld",
                      domain, word_of(part), (long long)q->channels, (long long)dpid_channels(&part->layer->op.in));
    return answer(q, DEEPID_REASON_CURVED, exact, "T6",
                  "curved: on %s one layer of %s at width %lld would have to be a line, and no constant or scale "
                  "around it makes it one",
                  domain, word_of(part), (long long)dpid_channels(&part->layer->op.in));
}

/* The first relu layer has to be injective, or different x become equal. */
static bool first_relu(question *q)
{
    const dpid_part *part = q->first >= 0 ? &q->chain->part[q->first] : NULL;
    if (!is_kind(part, &dpid_kind_relu) || q->domain->type != DPID_DOMAIN_REAL ||
        dpid_channels(&part->layer->op.in) >= 2 * q->channels)
        return false;
    return answer(q, DEEPID_REASON_KINK, true, "T3",
                  "kink: on R^n the first relu layer must keep all of x, which takes 2 x %lld units; here are %lld",
                  (long long)q->channels, (long long)dpid_channels(&part->layer->op.in));
}

/* The block ends in W h without a constant, h >= 0, W square: then h(x) = W^-1 x and h(-x) = -W^-1 x are both >= 0,
   so both 0. */
static bool no_constant(question *q)
{
    const dpid_part *part = q->last >= 0 ? &q->chain->part[q->last] : NULL;
    if (!part || part->activation.least < 0 || q->domain->low >= 0 || !q->open ||
        dpid_channels(&part->layer->op.out) != q->channels)
        return false;
    for (int32_t i = q->last + 1; i < q->chain->parts; i++)
        if (dpid_part_has_bias(&q->chain->part[i]))
            return false;
    return answer(
        q, DEEPID_REASON_RANGE, true, "T6",
        "range: behind the last %s, which gives %s and more, there is no constant; so x and -x cannot both come out",
        word_of(part), dpid_number_rounded(part->activation.least, 3).text);
}

/* ---- in order ----------------------------------------------------------------------------------------- */

static void find_activations(question *q)
{
    q->first = q->last = -1;
    for (int32_t i = 0; i < q->chain->parts; i++) {
        if (q->chain->part[i].type != DPID_PART_ACTIVATION)
            continue;
        q->first = q->first < 0 ? i : q->first;
        q->last = i;
        q->activations++;
    }
}

void dpid_explain(const dpid_chain *chain, int32_t obstacle, const dpid_domain *domain,
                  const dpid_identity_options *options, dpid_witness *out)
{
    question q = {.chain = chain,
                  .domain = domain,
                  .out = out,
                  .open = domain->type != DPID_DOMAIN_DATA,
                  .channels = dpid_channels(&chain->net->value[chain->in].shape)};
    *out = (dpid_witness){.status = DEEPID_IDENTITY_N};
    find_activations(&q);
    if (by_obstacle(&q, obstacle))
        return;
    if (options->construction) {
        answer(&q, DEEPID_REASON_UNKNOWN, false, "none", "unknown: the construction %s does not fit this block on %s",
               options->construction, name_of_domain(domain));
        return;
    }
    if (root_mean_square(&q) || rank(&q) || bounded(&q) || range(&q) || first_relu(&q) || no_constant(&q) || single(&q))
        return;
    answer(&q, DEEPID_REASON_UNKNOWN, false, "none",
           "unknown: no construction of ours makes this block the identity on %s; that is no proof",
           name_of_domain(domain));
}
