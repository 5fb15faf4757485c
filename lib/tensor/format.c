/* The number formats, one row each, and the plain way to round.   What: format.h */
#include "tensor/format.h"

#include <math.h>
#include <stddef.h>

static const dpid_format formats[] = {
    {"f32", "IEEE binary32: nothing is rounded", 23, -126, 127, 0x1.fffffep127F, true, DPID_OVERFLOW_NONFINITE},
    {"bf16", "bfloat16: the range of f32, 8 bits of precision", 7, -126, 127, 0x1.fep127F, true,
     DPID_OVERFLOW_NONFINITE},
    {"f16", "IEEE binary16: 11 bits of precision, up to 65504", 10, -14, 15, 65504, true, DPID_OVERFLOW_NONFINITE},
    {"tf32", "TensorFloat-32: the range of f32, 11 bits of precision", 10, -126, 127, 0x1.ffcp127F, true,
     DPID_OVERFLOW_NONFINITE},
    {"f8e4m3", "OCP E4M3 (PyTorch's float8_e4m3fn): 4 bits of precision, up to 448, no infinity", 3, -6, 8, 448, false,
     DPID_OVERFLOW_SATURATE},
    {"f8e5m2", "OCP E5M2: 3 bits of precision, up to 57344", 2, -14, 15, 57344, true, DPID_OVERFLOW_NONFINITE},
};

const dpid_format *dpid_format_at(int64_t i)
{
    return i >= 0 && i < (int64_t)(sizeof formats / sizeof *formats) ? &formats[i] : NULL;
}

double dpid_format_unit(const dpid_format *format)
{
    return ldexp(1, -format->fraction - 1);
}

uint32_t dpid_rounding_random(const dpid_rounding_key *key, int64_t i)
{
    enum { GROUP = 128, BLOCKS = 32, STEP_SHIFT = 40 };
    const int64_t in = i % GROUP;
    const uint64_t block = (key->step << STEP_SHIFT) + (uint64_t)(i / GROUP * BLOCKS + in % BLOCKS);
    const int64_t word = in / BLOCKS; /* of the four of a block */
    const uint64_t two = dpid_random_at(key->seed, DPID_STREAM_STORAGE, key->substream, 2 * block + (uint64_t)word / 2);
    return (uint32_t)(word % 2 ? two >> 32 : two);
}

/* Is the upper neighbour taken, when x is a share `up` of the way to it? odd: the lower one's last bit is 1. */
static bool goes_up(const dpid_rounding *rounding, double up, bool odd, int bits, uint32_t random)
{
    if (!rounding->stochastic)
        return up > 0.5 || (up == 0.5 && odd);
    return floor(ldexp(up, bits)) + (double)(random >> (32 - bits)) >= ldexp(1, bits);
}

float dpid_round_one(const dpid_rounding *rounding, float x, uint32_t random)
{
    enum { SUBNORMAL_BITS = 21, FLOAT_BITS = 23, FLOAT_LEAST = -126 };
    const dpid_format *f = rounding->format;
    const dpid_overflow overflow = rounding->overflow == DPID_OVERFLOW_USUAL ? f->overflow : rounding->overflow;
    const double size = fabs((double)x);
    if (isnan(x) || f->fraction == FLOAT_BITS)
        return x;
    const int e = size >= ldexp(1, f->least) ? ilogb(size) : f->least;
    const int bits = size < ldexp(1, f->least) && f->least > FLOAT_LEAST ? SUBNORMAL_BITS : FLOAT_BITS - f->fraction;
    double result = size;
    if (isfinite(x)) {
        const double unit = ldexp(1, e - f->fraction);
        const double down = floor(size / unit);
        result = unit * (down + goes_up(rounding, size / unit - down, fmod(down, 2) == 1, bits, random));
    }
    if (result > (double)f->largest)
        result =
            overflow == DPID_OVERFLOW_SATURATE ? (double)f->largest : (f->infinite ? (double)INFINITY : (double)NAN);
    if (rounding->flush && result < ldexp(1, f->least))
        result = 0;
    return copysignf((float)result, x);
}
