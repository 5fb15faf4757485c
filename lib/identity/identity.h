/* The inside of the identity layer: a domain, and the weights that make a block return what enters it.

   How a caller uses it:

       deepid_net *block;
       // f64: "input 16; plain { dense out=16; batchnorm; relu } after=none", made by deepid_net_create
       dpid_domain domain = dpid_domain_box(-1, 1);           // or _real, _orthant, or dpid_domain_measure on data
       dpid_identity_options options = dpid_identity_defaults();
       dpid_witness witness;
       DPID_TRY(dpid_identity_construct(block, &domain, &options, &witness));
       if (witness.status == DEEPID_IDENTITY_N) ...           // witness.sentence says why; the block is as it was
       else ...      // block holds the weights, f64; copy them by parameter index into a net of any dtype

   The block net is everything behind "input <shape>;": layers, one block, several. Each parameter and state of it is
   set. */
#ifndef DPID_IDENTITY_IDENTITY_H
#define DPID_IDENTITY_IDENTITY_H

#include <deepid/identity.h>

#include "data/data.h"
#include "net/net.h"

/* ---- where: the set on which B(x) = x is asked for -------------------------------------------- */

typedef enum {
    DPID_DOMAIN_REAL = 1, /* R^n */
    DPID_DOMAIN_ORTHANT,  /* x >= 0 */
    DPID_DOMAIN_BOX,      /* low <= x <= high */
    DPID_DOMAIN_DATA      /* these samples */
} dpid_domain_type;

typedef struct {
    dpid_domain_type type;
    double low, high; /* of every entry; infinite where unbounded */
    /* below: DPID_DOMAIN_DATA */
    int64_t samples, rows, channels; /* rows: samples times pixels; channels: the last axis */
    const double *x;                 /* [rows, channels]; owned by whoever measured */
    double *mean, *variance;         /* [channels], biased */
    double zero_share;               /* entries that are 0 */
    int64_t rank;                    /* of the rows minus their mean: their affine rank, at most channels */
} dpid_domain;

dpid_domain dpid_domain_real(void);
dpid_domain dpid_domain_orthant(void);
dpid_domain dpid_domain_box(double low, double high);
/* x [samples, shape] doubles, kept by the caller. DEEPID_ERR_NUMERIC when one is not finite. Release with
   dpid_domain_release. */
int32_t dpid_domain_measure(deepid_ctx *ctx, int64_t samples, const dpid_shape *shape, const double *x,
                            dpid_domain *out);
void dpid_domain_release(deepid_ctx *ctx, dpid_domain *domain);

/* ---- how ----------------------------------------------------------------------------------------- */

typedef struct {
    int32_t dtype; /* DEEPID_F32 or F64: whose rounding decides eps, shifts and floors */
    /* DPID_TRAIN: asked for batches in training mode, so batchnorm and dropout on the path are refused */
    dpid_mode mode;
    double tolerance; /* largest real error of approximate constructions, relative to max(1, |x|) */
    double eps;       /* 0: chosen; else the scale of the small-scale construction */
    /* batchnorm: false: mean 0, var + eps = 1, gamma 1 (bit-exact in eval); true: the data's mean and variance, so that
       training mode and re-estimated statistics stay near the identity too (needs DPID_DOMAIN_DATA) */
    bool data_statistics;
    const char *construction; /* NULL: any; else only this word of deepid_construction_word (and direct) */
    uint64_t seed;            /* start of what the identity leaves free: branches behind a zero */
} dpid_identity_options;
/* f32, eval, tolerance 1e-5, eps chosen, fixed statistics, seed 1 */
dpid_identity_options dpid_identity_defaults(void);

typedef struct {
    int32_t status;           /* DEEPID_IDENTITY_E, A, F or N; E_BIT is a measurement (verify) */
    int32_t reason;           /* why N; DEEPID_REASON_NONE else */
    bool proved;              /* N: a theorem stands behind it; false: no construction of ours fits */
    bool bitwise;             /* in theory: every step copies or scales by powers of two */
    bool zero_preserving;     /* 0 stays 0 inside, so zero padding is right at the borders */
    bool train_exact;         /* the same in training mode, batch by batch */
    bool relative;            /* bounds are relative to max(1, |x|): the domain is unbounded */
    const char *construction; /* "direct", "zero_branch", ...; the last one that was needed; NULL for N */
    const char *theorem;      /* "T1": docs/identity.md */
    double eps;               /* of the small-scale construction; 0: not used */
    double shift;             /* largest constant added inside */
    double real_error;        /* bound in exact arithmetic */
    double rounding;          /* bound of rounding, in units of the dtype's u */
    double floor;             /* F: the smallest bound any eps gives in options->dtype */
    int64_t basis;            /* data-restricted: dimensions kept; 0: all */
    char sentence[320];
} dpid_witness;

/* Fills the parameters and states of block with a witness for this domain, or says N and leaves it as it was.
   DEEPID_OK in both cases; another status only for bad input or no memory. Cost: one pass over the parameters;
   data-restricted ones an eigenvalue problem of channels x channels. */
int32_t dpid_identity_construct(deepid_net *block, const dpid_domain *domain, const dpid_identity_options *options,
                                dpid_witness *out);

/* The bound in a dtype: real_error + rounding u. */
double dpid_witness_bound(const dpid_witness *witness, int32_t dtype);

/* ---- measuring ---------------------------------------------------------------------------------- */

enum { DPID_ULP_BINS = 8 }; /* 0, 1, 2, up to 4, 8, 16, 256, more */
typedef struct {
    double error, relative; /* max |y - x|, max |y - x| / max(1, |x|); NaN when one is */
    double ulp_max;         /* in units of the last place of x (of the smallest normal number below that) */
    int64_t ulps[DPID_ULP_BINS];
    int64_t values;
    bool bitwise; /* all bits, a zero's sign aside */
    bool keeps_sign_of_zero;
} dpid_measurement;

/* y = block(x) in a dtype: x [samples, shape] doubles, rounded to it first. In DPID_TRAIN the samples are one batch. */
int32_t dpid_identity_measure(const deepid_net *block, int32_t dtype, dpid_mode mode, int64_t samples, const double *x,
                              dpid_measurement *out);
/* What counts values that lie on the border of the dtype: -0, subnormal, ends of the domain, large ones; the rest
   drawn from the domain by seed. samples * count of shape doubles. */
void dpid_domain_draw(const dpid_domain *domain, uint64_t seed, int64_t values, double *x);

/* What the witness costs. */
typedef struct {
    double sharpness;       /* largest eigenvalue of the Gauss-Newton matrix of the loss in the block's parameters */
    double kink_mass;       /* share of (unit, sample) exactly at a kink */
    double escape_gradient; /* |dL/d(block's parameters)| */
    bool dead_saddle;       /* that is 0 where dL/dy is not */
    double decay_cost;      /* decay / 2 |weights|^2 */
    double extra_width;     /* widest value inside over the block's input, minus 1 */
    double loss;            /* of the net with the block; NaN without labels or targets */
} dpid_price;

/* head: what stands behind the block, f64 (NULL: nothing); labels or targets [samples, width] of its output, or both
   NULL: the loss is then 1/2 mean |B(x) - x|^2. */
typedef struct {
    deepid_net *head;
    int64_t samples;
    const double *x;
    const int32_t *labels;
    bool one_logit; /* labels are 0 or 1 by the sign of one output */
    const double *targets;
    double decay;
} dpid_price_task;
int32_t dpid_identity_price(const deepid_net *block, const dpid_price_task *task, dpid_price *out,
                            deepid_table **parameters);

/* What stands behind block `where` (0: in front of block 1, or of the whole net), as a net of its own in f64; *out
   NULL: nothing does. *value: the number of the value there. */
int32_t dpid_identity_head(const deepid_net *net, int64_t where, int32_t *value, deepid_net **out);

#endif
