/* Sixteen bits: IEEE 754 binary16 and bfloat16 as storage, rounded to nearest even. Functions of bits are written
   plainly; those that give the rounded value back as a float have no branch, so that loops over arrays run by
   vectors. */
#ifndef DPID_TENSOR_HALF_H
#define DPID_TENSOR_HALF_H

#include <stdint.h>
#include <string.h>

static inline uint32_t dpid_float_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float dpid_bits_float(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The nearest binary16: 1 sign, 5 exponent and 10 significand bits. From 65520 on infinity; subnormal below 2^-14; 0
   up to 2^-25; NaN stays NaN. */
uint16_t dpid_f16_of(float x);
float dpid_f16_value(uint16_t bits);
/* The nearest bfloat16: the upper half of a float. */
uint16_t dpid_bf16_of(float x);
float dpid_bf16_value(uint16_t bits);

/* ---- there and back: the value of the nearest one, NaN quiet ---------------------------------------- */

/* dpid_f16_value(dpid_f16_of(x)): 13 bits of the significand go, ties to even. Below 2^-14 the unit is 2^-24, that
   of a float from 0.5 to 1, so adding 0.5 rounds. */
static inline float dpid_f16_rounded(float x)
{
    const uint32_t infinity = 0x7f800000, overflow = 0x477ff000, normal = 0x38800000; /* as floats: 65520, 2^-14 */
    uint32_t bits, least;
    memcpy(&bits, &x, sizeof bits);
    const uint32_t size = bits & 0x7fffffff;
    float small;
    memcpy(&small, &size, sizeof small);
    small = (small + 0.5f) - 0.5f;
    memcpy(&least, &small, sizeof least);
    const uint32_t cut = (size + 0xfff + (size >> 13 & 1)) & ~(uint32_t)0x1fff;
    const uint32_t finite = size < normal ? least : cut;
    const uint32_t known = size >= overflow ? infinity : finite;
    const uint32_t result = (bits & 0x80000000) | (size > infinity ? 0x7fc00000 : known);
    memcpy(&x, &result, sizeof x);
    return x;
}

/* dpid_bf16_value(dpid_bf16_of(x)): 16 bits go, a carry runs into the exponent, up to infinity. */
static inline float dpid_bf16_rounded(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint32_t cut = bits + 0x7fff + (bits >> 16 & 1);
    const uint32_t result = ((bits & 0x7fffffff) > 0x7f800000 ? bits | 0x400000 : cut) & 0xffff0000;
    memcpy(&x, &result, sizeof x);
    return x;
}

#endif
