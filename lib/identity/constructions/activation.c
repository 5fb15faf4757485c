/* What each activation offers to a witness: a straight stretch, two slopes, a linear odd part, a smooth point, a
   straight tail, its range. */
#include "identity/witness/chain.h"

#include <math.h>
#include <string.h>

/* phi(t) = t for |t| beyond these, up to half an ulp of the result's scale (docs/identity.md, T5) */
#define GELU_TAIL_F32 5.6
#define GELU_TAIL_F64 8.5
#define SILU_TAIL_F32 19.6
#define SILU_TAIL_F64 40.4
#define SOFTPLUS_TAIL_F32 17.0
#define SOFTPLUS_TAIL_F64 37.0
#define GELU_LEAST (-0.1701)
#define SILU_LEAST (-0.2785)
#define GELU_BEND 0.79788456080286536 /* 2 / sqrt(2 pi) */
#define SELU_LAMBDA 1.0507009873554804934193349852946
#define SELU_ALPHA 1.6732632423543772848170429916717
#define HARDSWISH_END 3

static dpid_activation nothing(void)
{
    return (dpid_activation){.line = {.low = 1, .high = -1}, .least = -INFINITY, .most = INFINITY};
}

/* A line from 0 to infinity, with a kink at 0. */
static dpid_activation half_line(double slope)
{
    dpid_activation a = nothing();
    a.line = (dpid_line){0, INFINITY, slope, 0};
    a.kinks = 1;
    return a;
}

static dpid_activation relu(const dpid_value *o)
{
    (void)o;
    dpid_activation a = half_line(1);
    a.kappa = 1;
    a.least = 0;
    return a;
}

static dpid_activation leaky_relu(const dpid_value *o)
{
    dpid_activation a = half_line(1);
    a.down = o[0].r;
    a.up = 1;
    a.kappa = 1 + o[0].r;
    if (o[0].r == 1) /* the identity itself */
        a.line.low = -INFINITY, a.kinks = 0;
    if (o[0].r <= 0)
        a.least = 0;
    return a;
}

static dpid_activation prelu(const dpid_value *o)
{
    (void)o;
    dpid_activation a = nothing();
    a.line = (dpid_line){-INFINITY, INFINITY, 1, 0};
    a.trained = true;
    return a;
}

static dpid_activation elu(const dpid_value *o)
{
    dpid_activation a = half_line(1);
    a.least = -o[0].r;
    if (o[0].r == 1) { /* once differentiable at 0 */
        a.kinks = 0;
        a.slope = 1;
        a.bend = 1;
        a.order = 2;
    }
    return a;
}

static dpid_activation selu(const dpid_value *o)
{
    (void)o;
    dpid_activation a = half_line(SELU_LAMBDA);
    a.least = -SELU_LAMBDA * SELU_ALPHA;
    a.rounds = true;
    return a;
}

static dpid_activation smooth(double slope, double value, int32_t order, double bend)
{
    dpid_activation a = nothing();
    a.slope = slope;
    a.value = value;
    a.order = order;
    a.bend = bend;
    a.rounds = true;
    return a;
}

/* |tanh'''| <= 2 */
static dpid_activation tanh_(const dpid_value *o)
{
    (void)o;
    dpid_activation a = smooth(1, 0, 3, 2);
    a.least = -1;
    a.most = 1;
    return a;
}

/* |sigmoid'''| <= 1/8 */
static dpid_activation sigmoid(const dpid_value *o)
{
    (void)o;
    dpid_activation a = smooth(0.25, 0.5, 3, 0.125);
    a.least = 0;
    a.most = 1;
    return a;
}

static dpid_activation gelu(const dpid_value *o)
{
    (void)o;
    dpid_activation a = smooth(0.5, 0, 2, GELU_BEND);
    a.kappa = 1;
    a.tail_f32 = GELU_TAIL_F32;
    a.tail_f64 = GELU_TAIL_F64;
    a.least = GELU_LEAST;
    return a;
}

static dpid_activation silu(const dpid_value *o)
{
    (void)o;
    dpid_activation a = smooth(0.5, 0, 2, 0.5);
    a.kappa = 1;
    a.tail_f32 = SILU_TAIL_F32;
    a.tail_f64 = SILU_TAIL_F64;
    a.least = SILU_LEAST;
    return a;
}

/* |softplus''| <= 1/4 */
static dpid_activation softplus(const dpid_value *o)
{
    (void)o;
    dpid_activation a = smooth(0.5, 0.69314718055994531, 2, 0.25);
    a.kappa = 1;
    a.tail_f32 = SOFTPLUS_TAIL_F32;
    a.tail_f64 = SOFTPLUS_TAIL_F64;
    a.least = 0;
    return a;
}

static dpid_activation hardtanh(const dpid_value *o)
{
    dpid_activation a = nothing();
    a.line = (dpid_line){o[0].r, o[1].r, 1, 0};
    a.least = a.kink[0] = o[0].r;
    a.most = a.kink[1] = o[1].r;
    a.kinks = 2;
    return a;
}

static dpid_activation hardswish(const dpid_value *o)
{
    (void)o;
    dpid_activation a = nothing();
    a.line = (dpid_line){HARDSWISH_END, INFINITY, 1, 0};
    a.kappa = 1;
    a.least = -0.375;
    a.kink[0] = -HARDSWISH_END;
    a.kink[1] = HARDSWISH_END;
    a.kinks = 2;
    return a;
}

static const struct {
    const char *word;
    dpid_activation (*of)(const dpid_value *option);
} activations[] = {
    {"relu", relu},         {"leaky_relu", leaky_relu}, {"prelu", prelu}, {"elu", elu},   {"selu", selu},
    {"tanh", tanh_},        {"sigmoid", sigmoid},       {"gelu", gelu},   {"silu", silu}, {"softplus", softplus},
    {"hardtanh", hardtanh}, {"hardswish", hardswish},
};

bool dpid_activation_of(const dpid_op *op, dpid_activation *out)
{
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
        if (strcmp(op->kind->word, activations[i].word) == 0) {
            *out = activations[i].of(op->option);
            return true;
        }
    return false;
}
