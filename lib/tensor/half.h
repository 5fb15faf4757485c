/* Sixteen bits: IEEE 754 binary16 and bfloat16 as storage, rounded to nearest even. Written plainly: they are what an experiment does to gradients, not a fast path. */
#ifndef DPID_TENSOR_HALF_H
#define DPID_TENSOR_HALF_H

#include <stdint.h>

/* The nearest binary16: 1 sign, 5 exponent and 10 significand bits. From 65520 on infinity; subnormal below 2^-14; 0 up to 2^-25; NaN stays NaN. */
uint16_t dpid_f16_of(float x);
float dpid_f16_value(uint16_t bits);
/* The nearest bfloat16: the upper half of a float. */
uint16_t dpid_bf16_of(float x);
float dpid_bf16_value(uint16_t bits);

#endif
