/* Rounding vectors of floats to a format, to nearest with ties to even, without a branch: for loops that round what
   they have at hand. The numbers of dpid_round_one.
   Bits of a float's size grow with the size, so a cut of its lowest bits, with something added before, rounds; a carry
   runs into the exponent. Where the format is subnormal and a float is not, numbers are multiples of one unit.
   Of other reals than float nothing is rounded. */
#ifndef DPID_TENSOR_CUT_H
#define DPID_TENSOR_CUT_H

#include "tensor/format.h"
#include "tensor/half.h"
#include "tensor/simd.h"

/* How much there is to do: PLAIN for a format of a float's range that keeps subnormals and has infinity. A constant
   where it is used. */
typedef enum { DPID_CUT_NONE = 0, DPID_CUT_PLAIN, DPID_CUT_ANY } dpid_cut_how;

/* A rounding as the loops want it; sizes are those of floats, as bits. */
typedef struct {
    uint32_t shift, mask;     /* of the bits that go */
    uint32_t small;           /* below it numbers are multiples of `unit` */
    uint32_t largest, beyond; /* and what is beyond the largest */
    uint32_t normal;          /* below what size numbers are flushed */
    float magic;              /* adding it to a small number rounds to a multiple of the unit */
    float units, unit;        /* 2^21 / unit, unit / 2^21 */
    dpid_cut_how how;
} dpid_cut;

enum { DPID_FLOAT_BITS = 23, DPID_FLOAT_BIAS = 127, DPID_SUBNORMAL_BITS = 21 };
#define DPID_FLOAT_INFINITY 0x7f800000U
#define DPID_FLOAT_NAN 0x7fc00000U
#define DPID_FLOAT_SIGN 0x80000000U

/* 2^e, normal */
static inline float dpid_cut_power(int e)
{
    return dpid_bits_float((uint32_t)(e + DPID_FLOAT_BIAS) << DPID_FLOAT_BITS);
}

/* rounding NULL, or to f32: nothing is rounded. */
static inline dpid_cut dpid_cut_of(const dpid_rounding *rounding)
{
    const dpid_format *f = rounding ? rounding->format : NULL;
    if (!f || f->fraction == DPID_FLOAT_BITS)
        return (dpid_cut){.how = DPID_CUT_NONE};
    const dpid_overflow overflow = rounding->overflow == DPID_OVERFLOW_USUAL ? f->overflow : rounding->overflow;
    const bool narrow = f->least > 1 - DPID_FLOAT_BIAS; /* than a float */
    dpid_cut c = {.shift = (uint32_t)(DPID_FLOAT_BITS - f->fraction), .largest = dpid_float_bits(f->largest)};
    c.mask = ((uint32_t)1 << c.shift) - 1;
    c.beyond = overflow == DPID_OVERFLOW_SATURATE ? c.largest : f->infinite ? DPID_FLOAT_INFINITY : DPID_FLOAT_NAN;
    c.small = narrow ? dpid_float_bits(dpid_cut_power(f->least)) : 0;
    c.normal = rounding->flush ? dpid_float_bits(dpid_cut_power(f->least)) : 0;
    c.magic = narrow ? dpid_cut_power(f->least - f->fraction + DPID_FLOAT_BITS) : 0;
    c.units = narrow ? dpid_cut_power(DPID_SUBNORMAL_BITS - f->least + f->fraction) : 0;
    c.unit = narrow ? dpid_cut_power(f->least - f->fraction - DPID_SUBNORMAL_BITS) : 0;
    c.how = narrow || rounding->flush || c.beyond != DPID_FLOAT_INFINITY ? DPID_CUT_ANY : DPID_CUT_PLAIN;
    return c;
}

/* Calls fn(how, ...) with `how` a constant, as this rounding needs it. Of other reals than float: as none needs it. */
#define DPID_CUT_CALL(rounding, fn, ...)                                                                               \
    do {                                                                                                               \
        const dpid_cut_how how_ = DPID_PRECISION == 32 ? dpid_cut_of(rounding).how : DPID_CUT_NONE;                    \
        if (how_ == DPID_CUT_NONE)                                                                                     \
            fn(DPID_CUT_NONE, __VA_ARGS__);                                                                            \
        else if (how_ == DPID_CUT_PLAIN)                                                                               \
            fn(DPID_CUT_PLAIN, __VA_ARGS__);                                                                           \
        else                                                                                                           \
            fn(DPID_CUT_ANY, __VA_ARGS__);                                                                             \
    } while (0)

#if DPID_PRECISION == 32
typedef uint32_t dpid_cut_words __attribute__((vector_size(sizeof(vec_bits))));

/* Sizes are below 2^31, so that signed words compare as they do; only that of a NaN may pass it here. */
DPID_INLINE vec_bits dpid_cut_size(const dpid_cut *k, vec_bits size)
{
    const vec_bits mask = (vec_bits){0} + (int32_t)k->mask;
    const vec_bits half = (mask >> 1) + (size >> (int32_t)k->shift & 1);
    return (vec_bits)((dpid_cut_words)size + (dpid_cut_words)half) & ~mask;
}

DPID_INLINE vec_bits dpid_cut_choose(vec_bits condition, vec_bits yes, vec_bits no)
{
    return (condition & yes) | (~condition & no);
}

/* Of a number's size that is cut already: what is subnormal, too large, flushed. */
DPID_INLINE vec_bits dpid_cut_ends(const dpid_cut *k, vec_bits size, vec_bits large)
{
    const vec_bits zero = {0};
    const vec magic = vec_all(k->magic);
    const vec_bits small = (vec_bits)(((vec)size + magic) - magic);
    const vec_bits cut = dpid_cut_choose(size < zero + (int32_t)k->small, small, large);
    const vec_bits known = dpid_cut_choose(cut > zero + (int32_t)k->largest, zero + (int32_t)k->beyond, cut);
    return known & ~(known < zero + (int32_t)k->normal);
}

DPID_INLINE vec dpid_cut_round(const dpid_cut_how how, const dpid_cut *k, vec x)
{
    if (how == DPID_CUT_NONE)
        return x;
    const vec_bits sign = (vec_bits)x & (int32_t)DPID_FLOAT_SIGN;
    const vec_bits size = (vec_bits)x & (int32_t)~DPID_FLOAT_SIGN;
    const vec_bits large = dpid_cut_size(k, size);
    const vec_bits known = how == DPID_CUT_PLAIN ? large : dpid_cut_ends(k, size, large);
    return (vec)(sign | dpid_cut_choose(x == x, known, (vec_bits){0} + (int32_t)DPID_FLOAT_NAN));
}
#else
DPID_INLINE vec dpid_cut_round(const dpid_cut_how how, const dpid_cut *k, vec x)
{
    (void)how;
    (void)k;
    return x;
}
#endif

#endif
