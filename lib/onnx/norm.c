/* Normalisations over the channels by what they compute. Before operator set 17 there is no node for one, and people
   write their own: means, squares and a root. So such nodes are run on some numbers, like those of activations:
     y = a (x - m) / sqrt(v + eps)    layernorm: m = mean(x), v = mean((x - m)^2)    rmsnorm: m = 0, v = mean(x^2) */
#include "onnx/region.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 6, CHANNELS_MOST = 1 << 14 };
/* Constants are floats in the file. */
#define TOLERANCE 2e-6
#define EPS_MOST 1e6

/* ---- the formula ----------------------------------------------------------------------------- */

/* A row whose deviation is 1, one where eps decides, and some with a mean. */
static void fill_rows(double *x, int64_t channels)
{
    static const double scale[ROWS] = {1, 1e-3, 0.03, 2, 0.3, 1};
    static const double offset[ROWS] = {0, 0, 0.5, 3, -1, 0.2};
    for (int64_t i = 0; i < ROWS * channels; i++)
        x[i] = offset[i / channels] + scale[i / channels] * sin(0.5 + 1.618 * (double)i);
}

typedef struct {
    double m, v;
} moments;

static moments moments_of(const double *x, int64_t channels, bool centred)
{
    moments s = {0};
    for (int64_t i = 0; centred && i < channels; i++)
        s.m += x[i] / (double)channels;
    for (int64_t i = 0; i < channels; i++)
        s.v += (x[i] - s.m) * (x[i] - s.m) / (double)channels;
    return s;
}

/* Where the first two rows say most. */
static int64_t clearest(const double *y, int64_t channels)
{
    int64_t best = 0;
    for (int64_t i = 1; i < channels; i++)
        if (fabs(y[i] * y[channels + i]) > fabs(y[best] * y[channels + best]))
            best = i;
    return best;
}

/* Two rows give eps, a^2 (x - m)^2 / y^2 = v + eps, the first gives a of each channel; then all have to agree. */
static bool fit(const dpid_onnx_region *r, bool centred, double *eps, double *a)
{
    const int64_t c = r->row;
    const double *x = r->y[0];
    const double *y = r->y[r->count - 1];
    const int64_t at = clearest(y, c);
    const moments s[2] = {moments_of(x, c, centred), moments_of(x + c, c, centred)};
    double q[2];
    for (int k = 0; k < 2; k++)
        q[k] = (x[k * c + at] - s[k].m) / y[k * c + at] * ((x[k * c + at] - s[k].m) / y[k * c + at]);
    *eps = (s[0].v - s[1].v) / (q[0] - q[1]) * q[1] - s[1].v;
    *eps = fabs(*eps) < 1e-16 ? 0 : *eps; /* what rounding leaves */
    bool same = *eps >= 0 && *eps <= EPS_MOST;
    for (int64_t i = 0; same && i < c; i++)
        a[i] = y[i] * sqrt(s[0].v + *eps) / (x[i] - s[0].m);
    for (int64_t row = 0; same && row < ROWS; row++) {
        const moments of = moments_of(x + row * c, c, centred);
        for (int64_t i = 0; same && i < c; i++) {
            const double is = a[i] * (x[row * c + i] - of.m) / sqrt(of.v + *eps);
            same = fabs(y[row * c + i] - is) <= TOLERANCE * (fabs(a[i]) + fabs(is));
        }
    }
    return same;
}

/* ---- the layer ------------------------------------------------------------------------------- */

/* As a factor behind it: none, one, or one a channel. */
static int32_t add_factor(dpid_onnx_walk *w, dpid_onnx_step *s, const double *a, int64_t channels)
{
    dpid_onnx_constant by = {
        .rank = 1, .extents = {channels}, .count = channels, .dtype = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT};
    double off = 0;
    double spread = 0;
    float *numbers = NULL;
    for (int64_t i = 0; i < channels; i++) {
        off = fmax(off, fabs(a[i] - 1));
        spread = fmax(spread, fabs(a[i] - a[0]));
    }
    if (off <= TOLERANCE)
        return DEEPID_OK;
    if (spread <= TOLERANCE * fabs(a[0]))
        by = (dpid_onnx_constant){.count = 1, .fill = a[0]};
    else
        DPID_TRY(dpid_arena_alloc(w->arena, channels, sizeof *numbers, "ONNX graph", &numbers));
    for (int64_t i = 0; numbers && i < channels; i++)
        numbers[i] = (float)a[i];
    by.data = numbers;
    return dpid_onnx_change_last(w, s, &by, true, false, 1);
}

static int32_t add_norm(dpid_onnx_step *s, const dpid_onnx_region *r, bool centred, double eps, const double *a)
{
    enum { DIGITS = 6 };
    char *options = NULL;
    dpid_onnx_item *item = NULL;
    s->makes = r->value[r->count - 1];
    DPID_TRY(dpid_onnx_text(r->w, &options, "eps=%s", dpid_number_rounded(eps, DIGITS).text));
    DPID_TRY(dpid_onnx_add(r->w, s, centred ? &dpid_kind_layernorm : &dpid_kind_rmsnorm, options, &item));
    item->source[0] = (dpid_onnx_constant){.count = 1, .fill = 1};
    s->value = s->makes;
    return add_factor(r->w, s, a, r->row);
}

static int32_t find_norm(dpid_onnx_step *s, dpid_onnx_region *r, bool *taken)
{
    int32_t node = DPID_ONNX_NONE;
    bool reduced = false;
    double *const a = r->operand[0]; /* nothing is run while it is used */
    fill_rows(r->y[0], r->row);
    while ((node = dpid_onnx_region_next(r, node)) >= 0) {
        bool known;
        double eps;
        DPID_TRY(dpid_onnx_region_grow(r, node, &known));
        if (!known)
            return DEEPID_OK;
        reduced |= dpid_onnx_is_reduction(dpid_onnx_node_at(&r->w->graph, node));
        for (int centred = 0; centred < 2 && reduced && dpid_onnx_region_is_closed(r); centred++)
            if (fit(r, centred, &eps, a)) {
                *taken = true;
                return add_norm(s, r, centred, eps, a);
            }
    }
    return DEEPID_OK;
}

/* Channels of what a normalisation could be of; 0: of none. */
static int64_t channels_of(const dpid_onnx_flow *flow)
{
    const bool has =
        flow->layout == DPID_ONNX_FEATURES || flow->layout == DPID_ONNX_PLANES || flow->layout == DPID_ONNX_LAST;
    const int64_t channels = has ? flow->shape.extent[flow->shape.rank - 1] : 0;
    return channels <= CHANNELS_MOST ? channels : 0;
}

int32_t dpid_onnx_take_norm(dpid_onnx_walk *w, dpid_onnx_step *s, bool *taken)
{
    dpid_onnx_region r;
    const dpid_onnx_node *first = dpid_onnx_node_at(&w->graph, s->node);
    const int64_t channels = channels_of(&s->in);
    *taken = false;
    if (channels < 1 || !(dpid_onnx_is_reduction(first) || dpid_onnx_is_elementwise(first)))
        return DEEPID_OK;
    int32_t status = dpid_onnx_region_create(w, s->value, s->scope, ROWS * channels, channels, &r);
    if (status == DEEPID_OK)
        status = find_norm(s, &r, taken);
    dpid_onnx_region_destroy(&r);
    return status;
}

/* ---- what is none ---------------------------------------------------------------------------- */

static int32_t refuse_region(dpid_onnx_region *r, int32_t last)
{
    enum { BYTES = 200 };
    char words[BYTES] = "";
    bool known = true;
    bool reduced = false;
    int32_t node = DPID_ONNX_NONE;
    while (node != last && (node = dpid_onnx_region_next(r, node)) >= 0) {
        const dpid_onnx_node *proto = dpid_onnx_node_at(&r->w->graph, node);
        const size_t used = strlen(words);
        DPID_TRY(dpid_onnx_region_grow(r, node, &known));
        if (!known)
            return DEEPID_OK;
        reduced |= dpid_onnx_is_reduction(proto);
        snprintf(words + used, BYTES - used, "%s%.20s", used ? ", " : "", proto->op_type);
    }
    if (node != last || !dpid_onnx_region_is_closed(r))
        return DEEPID_OK;
    if (reduced)
        return dpid_onnx_refuse(&r->w->graph, last,
                                "ends nodes that together normalise (%s), and not as deepid's layernorm, (x - mean) / "
                                "sqrt(var + eps), or rmsnorm, x / sqrt(mean(x^2) + eps), do",
                                words);
    return dpid_onnx_refuse(
        &r->w->graph, last,
        "ends nodes that together are one activation (%s), and deepid has none that computes this%s", words,
        strstr(words, "Softplus") ? "; its softplus has no beta" : "");
}

int32_t dpid_onnx_refuse_region(dpid_onnx_walk *w, int32_t v, int32_t scope, int32_t last)
{
    dpid_onnx_region r;
    const int64_t channels = channels_of(&w->flow[v]);
    int32_t status = dpid_onnx_region_create(w, v, scope, channels ? channels : 1, channels, &r);
    if (status == DEEPID_OK)
        status = refuse_region(&r, last);
    dpid_onnx_region_destroy(&r);
    return status;
}
