/* Number formats that values are stored in while sums are made in f32: each is a row. Rounding gives the number of the
   format back as a float. Sources: IEEE 754 (f16), Kalamkar et al. 2019, arXiv:1905.12322 (bf16), NVIDIA's A100 white
   paper (tf32), Micikevicius et al. 2022, arXiv:2209.05433, and OCP's 8-bit floating point specification (f8). */
#ifndef DPID_TENSOR_FORMAT_H
#define DPID_TENSOR_FORMAT_H

#include "base/isa.h"
#include "base/pool.h"
#include "base/random.h"

/* What becomes of numbers beyond the largest. USUAL: as PyTorch's cast to the format has it. */
typedef enum {
    DPID_OVERFLOW_USUAL,
    DPID_OVERFLOW_NONFINITE, /* infinity; NaN where the format has none */
    DPID_OVERFLOW_SATURATE   /* the largest, of infinity too */
} dpid_overflow;

/* A number is s 2^(e - fraction) with a whole s below 2^(fraction + 1) and least <= e <= most. */
typedef struct {
    const char *word, *help;
    int fraction;           /* bits behind the point; the significand has one more */
    int least, most;        /* exponents of normal numbers */
    float largest;          /* 2^most (2 - 2^-fraction), but of f8e4m3, whose last code is NaN */
    bool infinite;          /* it has infinity */
    dpid_overflow overflow; /* what USUAL is */
} dpid_format;

/* f32, bf16, f16, tf32, f8e4m3, f8e5m2; NULL past the end. */
enum { DPID_FORMAT_F32 = 0 };
#define DPID_FORMAT_CHOICES "f32|bf16|f16|tf32|f8e4m3|f8e5m2"
const dpid_format *dpid_format_at(int64_t i);
/* The unit roundoff u = 2^-(fraction + 1): half of the distance from 1 to the next number. */
double dpid_format_unit(const dpid_format *format);

typedef struct {
    const dpid_format *format;
    bool stochastic; /* up with the probability that keeps the mean; else to nearest, ties to even */
    bool flush;      /* what would be subnormal becomes 0 with its sign */
    dpid_overflow overflow;
} dpid_rounding;

/* ---- one number, plainly -------------------------------------------------------------------- */

/* x in the format. NaN stays NaN. Numbers of the format never move. random: 32 bits, for stochastic rounding: with x
   between neighbours, a share f of the way up, the upper one is taken when the highest bits of `random`, as a number
   in [0, 1), are at least 1 - f: 23 - fraction of them, which give the probability f exactly; where an f16 or f8 would
   be subnormal 21 of them, and f is cut to as many. */
float dpid_round_one(const dpid_rounding *rounding, float x, uint32_t random);

/* ---- arrays, fast ------------------------------------------------------------------------------- */

/* Which random numbers: entry i of an array has one of its own in (seed, substream, step), for any number of
   threads. */
typedef struct {
    uint64_t seed;
    uint32_t substream;
    uint64_t step; /* below 2^24 */
} dpid_rounding_key;

/* y[i] = dpid_round_one(x[i]), the same bits; y may be x. pool NULL: this thread alone. */
typedef void (*dpid_round_fn)(dpid_pool *pool, const dpid_rounding *rounding, const dpid_rounding_key *key, int64_t n,
                              const float *x, float *y);
extern const dpid_round_fn dpid_round[DPID_ISAS];
/* The random number of entry i. */
uint32_t dpid_rounding_random(const dpid_rounding_key *key, int64_t i);

#endif
