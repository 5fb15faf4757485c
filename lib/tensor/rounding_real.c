/* Rounding arrays of floats to a format: the numbers of dpid_round_one, by vectors.   How: cut.h   What: format.h */
#include "tensor/real.h"

#if DPID_PRECISION == 32
#include "tensor/cut.h"
#include "tensor/philox.h"

#include <stddef.h>
#include <string.h>

enum { CHUNK = 1 << 14, BLOCKS = 32, GROUP = 4 * BLOCKS, STEP_SHIFT = 40 };

void DPID_T(dpid_round_array)(dpid_pool *pool, const dpid_rounding *rounding, const dpid_rounding_key *key, int64_t n,
                              const float *x, float *y);

DPID_INLINE void nearest(const dpid_cut_how how, const dpid_cut *c, int64_t n, const float *x, float *y)
{
    const dpid_cut k = *c;
    float part[VL] = {0};
    int64_t i = 0;
    for (; i + VL <= n; i += VL)
        vec_store(y + i, dpid_cut_round(how, &k, vec_load(x + i)));
    if (i == n)
        return;
    memcpy(part, x + i, (size_t)(n - i) * sizeof *x);
    vec_store(part, dpid_cut_round(how, &k, vec_load(part)));
    memcpy(y + i, part, (size_t)(n - i) * sizeof *x);
}

static inline float finish(const dpid_cut *c, uint32_t bits, uint32_t result)
{
    const uint32_t size = bits & ~DPID_FLOAT_SIGN;
    const uint32_t known = result > c->largest ? c->beyond : result < c->normal ? 0 : result;
    return dpid_bits_float((bits & DPID_FLOAT_SIGN) | (size > DPID_FLOAT_INFINITY ? DPID_FLOAT_NAN : known));
}

/* random[i] for x[i]; fewer than 2^31 units fit below the least normal number */
static void stochastic(const dpid_cut *c, int64_t n, const uint32_t *restrict random, const float *x, float *y)
{
    const dpid_cut k = *c;
    for (int64_t i = 0; i < n; i++) {
        const uint32_t bits = dpid_float_bits(x[i]);
        const uint32_t size = bits & ~DPID_FLOAT_SIGN;
        const uint32_t large = (size + (random[i] >> (32 - k.shift))) & ~k.mask;
        const float counted = dpid_bits_float(size < k.small ? size : 0) * k.units;
        const uint32_t units = (uint32_t)(int32_t)counted + (random[i] >> (32 - DPID_SUBNORMAL_BITS));
        const uint32_t whole = units >> DPID_SUBNORMAL_BITS << DPID_SUBNORMAL_BITS;
        const uint32_t small = dpid_float_bits((float)(int32_t)(whole >> 1) * (2 * k.unit));
        y[i] = finish(&k, bits, size < k.small ? small : large);
    }
}

/* ---- by chunks ------------------------------------------------------------------------------- */

typedef struct {
    const dpid_rounding *rounding;
    const dpid_rounding_key *key;
    dpid_cut how;
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
    if (!r->rounding->stochastic)
        DPID_CUT_CALL(r->rounding, nearest, &r->how, end - begin, r->x + begin, r->y + begin);
    for (int64_t first = begin; r->rounding->stochastic && first < end; first += GROUP) {
        draw(r->key, first, random);
        stochastic(&r->how, end - first < GROUP ? end - first : GROUP, random, r->x + first, r->y + first);
    }
}

void DPID_T(dpid_round_array)(dpid_pool *pool, const dpid_rounding *rounding, const dpid_rounding_key *key, int64_t n,
                              const float *x, float *y)
{
    run r = {.rounding = rounding, .key = key, .how = dpid_cut_of(rounding), .n = n, .x = x, .y = y};
    if (r.how.how == DPID_CUT_NONE) {
        memmove(y, x, (size_t)n * sizeof *x);
        return;
    }
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
