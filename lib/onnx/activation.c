/* Activations by what they compute. Exporters write one activation in many ways: SiLU as x Sigmoid(x), GELU by Erf or
   Tanh and a row of products. So elementwise nodes between one value and another are run on some numbers, and the
   result is compared with each activation that the library has. A new one is known here by being listed. */
#include "onnx/region.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { POINTS = 48, CURVES_MOST = 128, OPTIONS_BYTES = 48 };
/* Constants are floats in the file: 0.70710677 for 1/sqrt(2). */
#define TOLERANCE 2e-6

typedef double curve[POINTS];

/* Up to 8 on both sides, some near 0, and a few far out, where an activation that is cut off shows it. Beyond FAR what
   files write with Exp is infinite in floats. */
#define FAR DPID_ONNX_FAR
enum { FARS = 6 };
static void fill_points(curve x)
{
    static const double far[FARS] = {-FAR, -25, -12, 12, 25, FAR};
    for (int i = 0; i < POINTS; i++)
        x[i] = 8 * sin(0.5 + 1.618 * i) * ((i % 3 + 1) / 3.0);
    memcpy(x, far, sizeof far);
}

/* ---- what the library has -------------------------------------------------------------------- */

typedef struct {
    const dpid_kind *kind;
    char options[OPTIONS_BYTES];
    curve y;
} known_curve;

typedef struct {
    int32_t count;
    known_curve known[CURVES_MOST];
} curves;

/* As a layer of POINTS features. */
static int32_t run(deepid_ctx *ctx, const char *text, curve out)
{
    deepid_net *net = NULL;
    DPID_TRY(dpid_net_create_within(ctx, text, DEEPID_F64, -1, &net));
    int32_t status = dpid_net_prepare(net, 1, false);
    if (status == DEEPID_OK) {
        fill_points(dpid_net_input(net));
        status = dpid_net_run_forward(net, DPID_EVAL, 1);
    }
    if (status == DEEPID_OK)
        memcpy(out, dpid_net_output(net), sizeof(curve));
    deepid_net_destroy(net);
    return status;
}

static int32_t add_curve(dpid_onnx_walk *w, curves *all, const dpid_kind *kind, const char *options)
{
    char *text = NULL;
    known_curve *next = &all->known[all->count];
    if (all->count == CURVES_MOST || strlen(options) >= OPTIONS_BYTES)
        return DEEPID_OK;
    DPID_TRY(dpid_onnx_text(w, &text, "input %d; %s %s", POINTS, kind->word, options));
    DPID_TRY(run(w->ctx, text, next->y));
    next->kind = kind;
    memcpy(next->options, options, strlen(options) + 1);
    all->count++;
    return DEEPID_OK;
}

/* gelu form=erf|tanh: one curve for each choice, the usual one by no word at all. */
static int32_t add_choices(dpid_onnx_walk *w, curves *all, const dpid_kind *kind, const dpid_option *option)
{
    int32_t number = 0;
    for (const char *word = option->choices; *word; number++) {
        const int length = (int)strcspn(word, "|");
        char *text = NULL;
        DPID_TRY(dpid_onnx_text(w, &text, "%s=%.*s", option->key, length, word));
        if (number != (int32_t)option->fallback)
            DPID_TRY(add_curve(w, all, kind, text));
        word += length + (word[length] == '|');
    }
    return DEEPID_OK;
}

/* Elementwise, the same in training, nothing trained, nothing that has to be said. */
static bool is_plain(deepid_ctx *ctx, const dpid_kind *kind)
{
    const dpid_shape one = {.rank = 1, .extent = {1}};
    dpid_op op;
    if (!(kind->flags & DPID_KIND_ELEMENTWISE) || (kind->flags & (DPID_KIND_MODE | DPID_KIND_ROUGH)))
        return false;
    for (const dpid_option *o = kind->options; o && o->key; o++)
        if (o->required)
            return false;
    return dpid_op_create(ctx, kind, dpid_span_of(""), &one, &op) == DEEPID_OK && op.parameters == 0;
}

static int32_t make_curves(dpid_onnx_walk *w)
{
    curves *all = NULL;
    DPID_TRY(dpid_arena_alloc(w->arena, 1, sizeof *all, "activations", &all));
    for (int64_t i = 0; dpid_kind_at(i); i++) {
        const dpid_kind *kind = dpid_kind_at(i);
        if (!is_plain(w->ctx, kind))
            continue;
        DPID_TRY(add_curve(w, all, kind, ""));
        for (const dpid_option *o = kind->options; o && o->key; o++)
            if (o->type == DPID_CHOICE)
                DPID_TRY(add_choices(w, all, kind, o));
    }
    w->curves = all;
    return DEEPID_OK;
}

static bool same_curve(const curve y, const curve known)
{
    bool same = true;
    for (int k = 0; k < POINTS && same; k++)
        same = fabs(y[k] - known[k]) <= TOLERANCE * (1 + fabs(known[k]));
    return same;
}

/* Slope, and value at 0, of the line through the points between 0 and 1; slope 0: there are no two. */
static double fit_line(const curve x, const curve y, double *beta)
{
    int left = 0; /* the first and the last of them */
    int right = 0;
    for (int i = 0; i < POINTS; i++)
        if (y[i] > 0 && y[i] < 1) {
            left = !(y[left] > 0 && y[left] < 1) || x[i] < x[left] ? i : left;
            right = !(y[right] > 0 && y[right] < 1) || x[i] > x[right] ? i : right;
        }
    const double slope = left == right ? 0 : (y[right] - y[left]) / (x[right] - x[left]);
    *beta = y[left] - slope * x[left];
    return slope;
}

/* Those with numbers of their own: far out, and between two ends, the curve says what they would be. */
static int32_t fit_curve(dpid_onnx_walk *w, const curve y, const dpid_kind **kind, const char **options)
{
    enum { LEAKY, ELU, CELU, SELU, HARDTANH, LINE, FITS };
    static const dpid_kind *const kinds[] = {&dpid_kind_leaky_relu, &dpid_kind_elu,      &dpid_kind_celu,
                                             &dpid_kind_selu,       &dpid_kind_hardtanh, &dpid_kind_hardsigmoid};
    static const char *const keys[FITS][2] = {{"slope="},        {"alpha="},          {"alpha="}, {"alpha=", " gamma="},
                                              {"min=", " max="}, {"alpha=", " beta="}};
    const double low = y[0];         /* at -FAR */
    const double high = y[FARS - 1]; /* at FAR */
    const double gamma = high / FAR;
    const double alpha = gamma > 0 ? -low / gamma : 0;
    double beta;
    curve x;
    curve fit[FITS];
    char *text = NULL;
    fill_points(x);
    const double slope = fit_line(x, y, &beta);
    for (int i = 0; i < POINTS; i++) {
        fit[LEAKY][i] = x[i] > 0 ? x[i] : x[i] * low / -FAR;
        fit[ELU][i] = x[i] > 0 ? x[i] : -low * expm1(x[i]);
        fit[CELU][i] = x[i] > 0 ? x[i] : -low * expm1(x[i] / -low);
        fit[SELU][i] = gamma * (x[i] > 0 ? x[i] : alpha * expm1(x[i]));
        fit[HARDTANH][i] = fmin(fmax(x[i], low), high);
        fit[LINE][i] = fmin(fmax(slope * x[i] + beta, 0), 1);
    }
    const bool may[FITS] = {low != -FAR, true, true, alpha > 0, low > -FAR && low < high && high<FAR, slope> 0};
    const double number[FITS][2] = {{low / -FAR}, {-low}, {-low}, {alpha, gamma}, {low, high}, {slope, beta}};
    int which = 0;
    while (which < FITS && !(may[which] && same_curve(y, fit[which])))
        which++;
    *kind = which < FITS ? kinds[which] : NULL;
    if (which == FITS)
        return DEEPID_OK;
    DPID_TRY(dpid_onnx_text(w, &text, "%s%s%s%s", keys[which][0], dpid_number_f32((float)number[which][0]).text,
                            keys[which][1] ? keys[which][1] : "",
                            keys[which][1] ? dpid_number_f32((float)number[which][1]).text : ""));
    *options = text;
    return DEEPID_OK;
}

static int32_t find_curve(dpid_onnx_walk *w, const curve y, const dpid_kind **kind, const char **options)
{
    const curves *all = w->curves;
    for (int32_t i = 0; i < all->count; i++)
        if (same_curve(y, all->known[i].y)) {
            *kind = all->known[i].kind;
            *options = all->known[i].options;
            return DEEPID_OK;
        }
    return fit_curve(w, y, kind, options);
}

/* ---- what the nodes compute ------------------------------------------------------------------ */

/* What a run behind an activation may be made of and still be one with it. */
static bool is_arithmetic(const dpid_onnx_node *node)
{
    static const char *const words[] = {"Add", "Sub", "Mul", "Div", "Cast", "CastLike"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (dpid_onnx_is(node, words[i]))
            return true;
    return false;
}

static int32_t find_activation(dpid_onnx_region *r, const dpid_kind **kind, const char **options, int32_t *end)
{
    dpid_onnx_walk *w = r->w;
    int32_t node = DPID_ONNX_NONE;
    fill_points(r->y[0]);
    while ((node = dpid_onnx_region_next(r, node)) >= 0) {
        const dpid_kind *found = NULL;
        bool known;
        if (*kind && !is_arithmetic(dpid_onnx_node_at(&w->graph, node)))
            return DEEPID_OK;
        DPID_TRY(dpid_onnx_region_grow(r, node, &known));
        if (!known)
            return DEEPID_OK;
        if (!w->curves)
            DPID_TRY(make_curves(w));
        if (dpid_onnx_region_is_closed(r))
            DPID_TRY(find_curve(w, r->y[r->count - 1], &found, options));
        if (!found)
            continue;
        *kind = found;
        *end = r->value[r->count - 1];
    }
    return DEEPID_OK;
}

int32_t dpid_onnx_activation(dpid_onnx_walk *w, int32_t v, int32_t scope, const dpid_kind **kind, const char **options,
                             int32_t *end)
{
    dpid_onnx_region r;
    *kind = NULL;
    int32_t status = dpid_onnx_region_create(w, v, scope, POINTS, 0, &r);
    if (status == DEEPID_OK)
        status = find_activation(&r, kind, options, end);
    dpid_onnx_region_destroy(&r);
    return status;
}
