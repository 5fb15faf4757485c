/* Rounding arrays of floats to a format: the numbers of dpid_round_one, without a branch, so that it runs by vectors.
   Bits of a float's size grow with the size, so a cut of its lowest bits, with something added before, rounds; a carry
   runs into the exponent. Where the format is subnormal and a float is not, numbers are multiples of one unit.
   What: format.h */
#include "tensor/real.h"

#if DPID_PRECISION == 32
#include "tensor/format.h"
#include "tensor/half.h"
#include "tensor/philox.h"

#include <stddef.h>
#include <string.h>

enum { CHUNK = 1 << 14, BLOCKS = 32, GROUP = 4 * BLOCKS, STEP_SHIFT = 40 };
enum { FLOAT_BITS = 23, FLOAT_BIAS = 127, SUBNORMAL_BITS = 21 };
static const uint32_t infinity = 0x7f800000, quiet_nan = 0x7fc00000, sign = 0x80000000;

void DPID_T(dpid_round_array)(dpid_pool *pool, const dpid_rounding *rounding, const dpid_rounding_key *key, int64_t n,
                              const float *x, float *y);

/* A row as the loops want it; sizes are those of floats, as bits. */
typedef struct {
    uint32_t shift, mask;             /* of the bits that go */
    uint32_t small;                   /* below it numbers are multiples of `unit` */
    uint32_t largest, beyond, normal; /* the largest, what is beyond it, below what size numbers are flushed */
    float magic;                      /* adding it to a small number rounds to a multiple of the unit */
    float units, unit;                /* 2^21 / unit, unit / 2^21 */
} cut;

/* 2^e, normal */
static float power(int e)
{
    return dpid_bits_float((uint32_t)(e + FLOAT_BIAS) << FLOAT_BITS);
}

static cut cut_of(const dpid_rounding *rounding)
{
    const dpid_format *f = rounding->format;
    const dpid_overflow overflow = rounding->overflow == DPID_OVERFLOW_USUAL ? f->overflow : rounding->overflow;
    const bool narrow = f->least > 1 - FLOAT_BIAS; /* than a float */
    cut c = {.shift = (uint32_t)(FLOAT_BITS - f->fraction), .largest = dpid_float_bits(f->largest)};
    c.mask = ((uint32_t)1 << c.shift) - 1;
    c.beyond = overflow == DPID_OVERFLOW_SATURATE ? c.largest : f->infinite ? infinity : quiet_nan;
    c.small = narrow ? dpid_float_bits(power(f->least)) : 0;
    c.normal = rounding->flush ? dpid_float_bits(power(f->least)) : 0;
    c.magic = narrow ? power(f->least - f->fraction + FLOAT_BITS) : 0;
    c.units = narrow ? power(SUBNORMAL_BITS - f->least + f->fraction) : 0;
    c.unit = narrow ? power(f->least - f->fraction - SUBNORMAL_BITS) : 0;
    return c;
}

static inline float finish(const cut *c, uint32_t bits, uint32_t result)
{
    const uint32_t size = bits & ~sign;
    const uint32_t known = result > c->largest ? c->beyond : result < c->normal ? 0 : result;
    return dpid_bits_float((bits & sign) | (size > infinity ? quiet_nan : known));
}

static void nearest(const cut *c, int64_t n, float *x)
{
    const cut k = *c;
    for (int64_t i = 0; i < n; i++) {
        const uint32_t bits = dpid_float_bits(x[i]);
        const uint32_t size = bits & ~sign;
        const uint32_t large = (size + (k.mask >> 1) + (size >> k.shift & 1)) & ~k.mask;
        const uint32_t small = dpid_float_bits((dpid_bits_float(size) + k.magic) - k.magic);
        x[i] = finish(&k, bits, size < k.small ? small : large);
    }
}

/* random[i] for x[i]; fewer than 2^31 units fit below the least normal number */
static void stochastic(const cut *c, int64_t n, const uint32_t *restrict random, float *restrict x)
{
    const cut k = *c;
    for (int64_t i = 0; i < n; i++) {
        const uint32_t bits = dpid_float_bits(x[i]);
        const uint32_t size = bits & ~sign;
        const uint32_t large = (size + (random[i] >> (32 - k.shift))) & ~k.mask;
        const float counted = dpid_bits_float(size < k.small ? size : 0) * k.units;
        const uint32_t units = (uint32_t)(int32_t)counted + (random[i] >> (32 - SUBNORMAL_BITS));
        const uint32_t whole = units >> SUBNORMAL_BITS << SUBNORMAL_BITS;
        const uint32_t small = dpid_float_bits((float)(int32_t)(whole >> 1) * (2 * k.unit));
        x[i] = finish(&k, bits, size < k.small ? small : large);
    }
}

/* ---- by chunks ------------------------------------------------------------------------------- */

typedef struct {
    const dpid_rounding *rounding;
    const dpid_rounding_key *key;
    cut how;
    int64_t n;
    const float *x;
    float *y;
} run;

static void draw(const dpid_rounding_key *key, int64_t first, uint32_t *random)
{
    dpid_philox(key->seed, DPID_STREAM_STORAGE, key->substream,
                (key->step << STEP_SHIFT) + (uint64_t)(first / GROUP * BLOCKS), BLOCKS, random, random + BLOCKS,
                random + 2 * (ptrdiff_t)BLOCKS, random + 3 * (ptrdiff_t)BLOCKS);
}

static void round_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const run *r = arg;
    uint32_t random[GROUP];
    const int64_t end = (chunk + 1) * CHUNK < r->n ? (chunk + 1) * CHUNK : r->n;
    (void)worker;
    const int64_t begin = chunk * CHUNK;
    if (r->x != r->y)
        memcpy(r->y + begin, r->x + begin, (size_t)(end - begin) * sizeof *r->y);
    if (!r->rounding->stochastic)
        nearest(&r->how, end - begin, r->y + begin);
    for (int64_t first = begin; r->rounding->stochastic && first < end; first += GROUP) {
        draw(r->key, first, random);
        stochastic(&r->how, end - first < GROUP ? end - first : GROUP, random, r->y + first);
    }
}

void DPID_T(dpid_round_array)(dpid_pool *pool, const dpid_rounding *rounding, const dpid_rounding_key *key, int64_t n,
                              const float *x, float *y)
{
    run r = {.rounding = rounding, .key = key, .n = n, .x = x, .y = y};
    if (rounding->format->fraction == FLOAT_BITS) {
        memmove(y, x, (size_t)n * sizeof *x);
        return;
    }
    r.how = cut_of(rounding);
    dpid_pool_run(pool, (n + CHUNK - 1) / CHUNK, round_chunk, &r);
}

#if DPID_ISA == 0
#ifdef DPID_X86_ISAS
void dpid_round_array_f32_avx2(dpid_pool *pool, const dpid_rounding *rounding, const dpid_rounding_key *key, int64_t n,
                               const float *x, float *y);
void dpid_round_array_f32_avx512(dpid_pool *pool, const dpid_rounding *rounding, const dpid_rounding_key *key,
                                 int64_t n, const float *x, float *y);
const dpid_round_fn dpid_round[DPID_ISAS] = {dpid_round_array_f32, dpid_round_array_f32_avx2,
                                             dpid_round_array_f32_avx512};
#else
const dpid_round_fn dpid_round[DPID_ISAS] = {dpid_round_array_f32};
#endif
#endif
#endif
