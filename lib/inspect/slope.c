/* Groups of layers that repeat, a line through their logarithms, and what theory expects of it.   What: slope.h */
#include "inspect/slope.h"

#include <math.h>
#include <string.h>

/* ---- groups --------------------------------------------------------------------------- */

/* "block12.dense2" is "dense2" of any block; "dense3" outside blocks is "dense". */
static const char *key_of(const dpid_layer *layer, size_t *size)
{
    const char *dot = layer->block > 0 ? strchr(layer->name, '.') : NULL;
    const char *key = dot ? dot + 1 : layer->name;
    *size = strlen(key);
    while (!dot && *size > 0 && key[*size - 1] >= '0' && key[*size - 1] <= '9')
        --*size;
    return key;
}

static bool same_group(const dpid_layer *a, const dpid_layer *b)
{
    size_t size_a;
    size_t size_b;
    const char *key_a = key_of(a, &size_a);
    const char *key_b = key_of(b, &size_b);
    return (a->block > 0) == (b->block > 0) && a->op.kind == b->op.kind && size_a == size_b &&
           memcmp(key_a, key_b, size_a) == 0 && dpid_shape_equal(&a->op.out, &b->op.out) &&
           dpid_shape_equal(&a->op.in, &b->op.in);
}

int32_t dpid_layer_groups(const deepid_net *net, dpid_arena *arena, int32_t **group, int32_t **place, int32_t *groups)
{
    DPID_TRY(dpid_arena_alloc(arena, net->layers, sizeof **group, "probe", group));
    DPID_TRY(dpid_arena_alloc(arena, net->layers, sizeof **place, "probe", place));
    *groups = 0;
    for (int32_t i = 0; i < net->layers; i++) {
        int32_t before = i - 1;
        while (before >= 0 && !same_group(&net->layer[before], &net->layer[i]))
            before--;
        (*group)[i] = before >= 0 ? (*group)[before] : (*groups)++;
        (*place)[i] = net->layer[i].block > 0 ? net->layer[i].block : before >= 0 ? (*place)[before] + 1 : 1;
    }
    return DEEPID_OK;
}

/* ---- a line -------------------------------------------------------------------------------- */

dpid_fit_line dpid_fit(const double *x, const double *y, int32_t n)
{
    enum { FEWEST = 3 };
    double mean_x = 0;
    double mean_y = 0;
    double xx = 0;
    double xy = 0;
    for (int32_t i = 0; i < n; i++) {
        mean_x += x[i] / n;
        mean_y += y[i] / n;
    }
    for (int32_t i = 0; i < n; i++) {
        xx += (x[i] - mean_x) * (x[i] - mean_x);
        xy += (x[i] - mean_x) * (y[i] - mean_y);
    }
    const double slope = n < FEWEST ? (double)NAN : xy / xx;
    return (dpid_fit_line){slope, mean_y - slope * mean_x};
}

/* ---- theory ----------------------------------------------------------------------------------- */

/* fan_out E[w^2]: what a linear layer makes of the squared gradient's size, on average over independent weights */
static double linear_growth(const deepid_net *net, const dpid_layer *layer)
{
    const dpid_parameter *p = &net->parameter[layer->parameter[0]];
    const void *w = dpid_net_parameter_at(net, layer->parameter[0]);
    double squares = 0;
    for (int64_t i = 0; i < p->count; i++)
        squares += dpid_fetch(net->precision, w, i) * dpid_fetch(net->precision, w, i);
    return (double)p->spec.fan_out * squares / (double)p->count;
}

typedef struct {
    int32_t linear, norm, relu, other;
    double growth; /* of the square, without batch-norm */
} stretch;

static void see(const deepid_net *net, const dpid_step *step, stretch *s)
{
    const dpid_layer *layer = step->type == DPID_STEP_LAYER ? &net->layer[step->layer] : NULL;
    const uint32_t flags = layer ? layer->op.kind->flags : 0;
    if (!layer) {
        s->other += step->s != 0;
    } else if (flags & DPID_KIND_WEIGHT) {
        s->linear++;
        s->growth *= linear_growth(net, layer);
    } else if ((flags & DPID_KIND_NORM) && (flags & DPID_KIND_BATCH)) {
        s->norm++;
    } else if (layer->op.kind->gain > 0) {
        s->relu += layer->op.kind == &dpid_kind_relu;
        s->growth *= layer->op.kind->gain;
    } else {
        s->other++;
    }
}

double dpid_expected_growth(const deepid_net *net, int32_t first, int32_t last)
{
    const double pi = acos(-1);
    stretch s = {.growth = 1};
    bool inside = false;
    for (int32_t t = 0; t < net->steps; t++) {
        if (inside)
            see(net, &net->step[t], &s);
        if (net->step[t].type == DPID_STEP_LAYER && net->step[t].layer == first)
            inside = true;
        if (net->step[t].type == DPID_STEP_LAYER && net->step[t].layer == last)
            break;
    }
    if (s.other > 0 || (s.norm > 0 && (s.norm != s.relu || s.norm != s.linear)))
        return (double)NAN;
    return s.norm > 0 ? pow(pi / (pi - 1), s.norm / 2.0) : sqrt(s.growth);
}
