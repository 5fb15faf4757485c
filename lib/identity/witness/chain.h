/* A block as a chain of parts: one part a layer, from the block's input to its output. At a residual block the chain
   follows the skip, and the branch is set to 0. The parts between two activations are a run: linear layers and
   normalisations, which together can become any affine map of x that their shapes allow.

   A witness is found by deciding, at each activation, which affine map of x it shall see. Such a decision is a move;
   the ways of deciding are the constructions. What a layer gives during the walk is a code of x: numbers from which x
   can be had back by an affine map. */
#ifndef DPID_IDENTITY_CHAIN_H
#define DPID_IDENTITY_CHAIN_H

#include "identity/identity.h"

/* False: it is no activation. */
bool dpid_activation_of(const dpid_op *op, dpid_activation *out);

/* ---- the chain ----------------------------------------------------------------------------------- */

typedef enum {
    DPID_PART_LINEAR = 1, /* dense, conv2d */
    DPID_PART_NORM,       /* batchnorm */
    DPID_PART_SCALE,      /* scale */
    DPID_PART_ACTIVATION,
    DPID_PART_KEEP, /* flatten of 1x1, windows of one pixel, dropout in eval, channel_pad without stride */
    DPID_PART_LAYERNORM,
    DPID_PART_JOIN /* the sum of a residual block: skip weight s */
} dpid_part_type;

typedef struct {
    dpid_part_type type;
    int32_t step;
    const dpid_layer *layer; /* NULL for a join */
    const dpid_step *join;
    dpid_activation activation;
} dpid_part;

typedef struct {
    const deepid_net *net;
    dpid_part *part;
    int32_t parts;
    int32_t in, out; /* value numbers */
} dpid_chain;

/* The chain from value `in` to value `out`. reason: DEEPID_REASON_NONE, or why there is none (shape, noise). */
int32_t dpid_chain_make(dpid_arena *arena, const deepid_net *net, int32_t in, int32_t out, dpid_mode mode,
                        dpid_chain *chain, int32_t *reason);
int64_t dpid_channels(const dpid_shape *shape);
int64_t dpid_pixels(const dpid_shape *shape);

/* ---- what flows: codes of x ---------------------------------------------------------------------- */

typedef enum {
    DPID_CODE_PLAIN = 1, /* h = a x + c */
    DPID_CODE_HALF,      /* h = phi(x): the first of a two-slope pair */
    DPID_CODE_PAIR,      /* h+ = a x, h- = -a x */
    DPID_CODE_PAIR_PHI   /* h+ = phi(x), h- = phi(-x) */
} dpid_code_form;

typedef struct {
    dpid_code_form form;
    double a, c;
    int64_t carriers;              /* how many numbers are coded: channels of x, or dimensions of the basis */
    int64_t *plus, *minus;         /* [carriers] channel where each lies */
    double low, high;              /* range of the coded numbers */
    const double *mean, *variance; /* [carriers] of data, or NULL */
} dpid_code;                       /* PAIR_PHI: h+ - h- = a x */

/* What the parts of a run can do together. */
typedef struct {
    bool scale, shift, linear;
    int64_t width; /* channels that its last linear layer gives; 0: has none */
} dpid_ability;

/* What a construction looks at: an activation of the chain and what stands around it. */
typedef struct {
    const dpid_code *code;
    const dpid_activation *activation;
    const dpid_activation *next; /* the next activation; NULL: none */
    dpid_ability here, between;  /* the run before this activation; the run behind it */
    dpid_ability later;          /* all runs behind it together */
    bool borders;                /* some kernel reaches beyond its pixel: 0 should stay 0 */
    int32_t curved;              /* activations of the chain that have no line: they share the tolerance */
    const dpid_identity_options *options;
} dpid_place;

/* A move: the run makes t = scale x + shift in this form, and the activation makes of it the code `after`. */
typedef struct {
    double scale, shift;
    dpid_code_form form;
    dpid_code_form after_form;
    double after_a, after_c;
    double real_error; /* in units of x */
    double rounding;   /* in units of u, as an error of x */
    double eps, floor;
    bool bitwise, zero_preserving, approximate;
} dpid_move;

typedef struct {
    const char *word, *help, *theorem;
    bool (*fits)(const dpid_place *place, dpid_move *move); /* NULL: not a choice at an activation */
} dpid_construction;
/* The constructions, one line each; each is dpid_construction_<word>. Choices at an activation in the order in which
   they are tried: bitwise first, then those that keep 0, then exact ones with constants, then approximate ones. */
#define DPID_CONSTRUCTIONS(X)                                                                                          \
    X(direct)                                                                                                          \
    X(scale)                                                                                                           \
    X(two_slope)                                                                                                       \
    X(doubled)                                                                                                         \
    X(shift)                                                                                                           \
    X(small_scale)                                                                                                     \
    X(tail)                                                                                                            \
    X(zero_branch)                                                                                                     \
    X(data_basis)
#define DPID_CONSTRUCTION_DECLARE(word) extern const dpid_construction dpid_construction_##word;
DPID_CONSTRUCTIONS(DPID_CONSTRUCTION_DECLARE)
/* "|direct|scale|...", behind another choice of an option. */
#define DPID_CONSTRUCTION_CHOICE(word) "|" #word
extern const dpid_set dpid_constructions;
const dpid_construction *dpid_construction_at(int64_t i); /* a choice at an activation; NULL past the last */

double dpid_unit(int32_t dtype);              /* u = 2^-24 or 2^-53 */
double dpid_magnitude(const dpid_code *code); /* largest |x|; 1 on unbounded domains, where errors are relative */
double dpid_power_below(double x);            /* the largest power of two <= x */

/* ---- writing weights --------------------------------------------------------------------------------- */

/* x = mean + basis^T z, z = basis (x - mean): rows of basis are orthonormal. NULL: x itself. */
typedef struct {
    int64_t dimensions, channels;
    double *vector;     /* [dimensions, channels] */
    double *mean;       /* [channels]; zeros where there is no bias to carry it */
    double *low, *high; /* [dimensions]: range of the codes */
    double *code_mean, *code_variance;
    double error; /* largest |x - mean - basis^T basis (x - mean)| */
} dpid_basis;
/* The first `most` principal directions of the domain's rows, fewer where the rest is rounding. Needs
   DPID_DOMAIN_DATA. */
int32_t dpid_basis_make(dpid_arena *arena, const dpid_domain *domain, int64_t most, bool centred, dpid_basis *out);

typedef struct {
    deepid_net *net;         /* gets the weights */
    const dpid_basis *basis; /* NULL: none */
    bool data_statistics;
    int32_t *status; /* stays DEEPID_OK unless memory runs out; then what was written counts for nothing */
} dpid_writing;

/* What one part of a run shall do to the code. */
typedef struct {
    double factor;     /* h is multiplied by it */
    bool expand;       /* linear: plain to pair */
    bool enter, leave; /* linear: the first and the last of a chain change to the basis and back */
    bool whole;        /* linear: carrier i goes to channel i */
} dpid_task;

/* One linear layer; code is what enters and becomes what leaves. False when groups do not let the carriers through. */
bool dpid_write_linear(const dpid_writing *writing, const dpid_part *part, dpid_task task, dpid_code *code);
/* Adds constant + vector[i] (NULL: 0) to the carriers at an affine part: its bias, or batchnorm's beta. */
void dpid_write_constant(const dpid_writing *writing, const dpid_part *part, const dpid_code *code, double constant,
                         const double *vector);
/* batchnorm as the identity, times factor. True when it is so bit for bit. */
bool dpid_write_norm(const dpid_writing *writing, const dpid_part *part, const dpid_code *code, double factor);
/* prelu: all slopes 1; scale: all factors this one. */
void dpid_write_slope(const dpid_writing *writing, const dpid_part *part, double value);
/* Make the branch of this join 0: its last scale or weight, and all constants behind that, become zero. False if a
   layer behind does not map 0 to 0. */
bool dpid_write_zero_branch(deepid_net *net, const dpid_step *join);
/* A bias or beta that can carry a constant. */
bool dpid_part_has_bias(const dpid_part *part);

/* Why the search failed: reason, proved, theorem and sentence. */
void dpid_explain(const dpid_chain *chain, int32_t obstacle, const dpid_domain *domain,
                  const dpid_identity_options *options, dpid_witness *out);

#endif
