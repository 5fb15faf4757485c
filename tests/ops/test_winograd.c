/* Winograd's product has two shapes, of which one CPU takes only one (dpid_units): both are run here. */
#undef DPID_PRECISION
#define DPID_PRECISION 32
#define DPID_ISA 2
#include "ops/conv2d/winograd.h"

#include "support/support.h"

#include "base/isa.h"

#ifdef DPID_X86_ISAS
enum { SEED = 51 };

static float *uniform(uint64_t seed, int64_t n)
{
    double *x = malloc((size_t)n * sizeof *x);
    float *y = malloc((size_t)n * sizeof *y);
    random_array(seed, n, -1, 1, x);
    for (int64_t i = 0; i < n; i++)
        y[i] = (float)x[i];
    free(x);
    return y;
}

static float *multiply(const float *v, const float *u, int64_t in_blocks, int64_t out_blocks, int64_t tiles,
                       bool narrow)
{
    const dpid_prefetch nothing = {.count = 0};
    const int64_t reals = DPID_POSITIONS * dpid_position(out_blocks, tiles);
    float *m = malloc((size_t)reals * sizeof *m);
    for (int64_t i = 0; i < reals; i++)
        m[i] = -7; /* what must not be written still stands there */
    dpid_winograd_multiply_f32_avx512(v, u, in_blocks, out_blocks, tiles, narrow, &nothing, m);
    return m;
}

static void compare_shapes(int64_t in_blocks, int64_t out_blocks, int64_t count)
{
    const int64_t tiles = dpid_winograd_round_f32_avx512(count);
    float *v = uniform(SEED, DPID_POSITIONS * dpid_position(in_blocks, tiles));
    float *u = uniform(SEED + 1, DPID_POSITIONS * dpid_weight_position(in_blocks, out_blocks));
    float *narrow = multiply(v, u, in_blocks, out_blocks, tiles, true);
    float *wide = multiply(v, u, in_blocks, out_blocks, tiles, false);
    for (int64_t i = 0; i < DPID_POSITIONS * dpid_position(out_blocks, tiles); i++)
        if (memcmp(&narrow[i], &wide[i], sizeof *wide) != 0)
            fail_msg("seed %d, %lld to %lld blocks, %lld tiles: number %lld is %a in the narrow shape and %a in the "
                     "wide one",
                     SEED, (long long)in_blocks, (long long)out_blocks, (long long)tiles, (long long)i,
                     (double)narrow[i], (double)wide[i]);
    free(wide);
    free(narrow);
    free(u);
    free(v);
}

static void both_shapes_have_the_same_bits(void **state)
{
    (void)state;
    if (!dpid_isa_runs(DPID_ISA_AVX512)) {
        print_message("skipped: this CPU has no AVX-512\n");
        skip();
    }
    for (int64_t in = 1; in <= 4; in++)
        for (int64_t out = 1; out <= 4; out++)
            for (int64_t count = 1; count <= 40; count += 13)
                compare_shapes(in, out, count);
}
#else
static void both_shapes_have_the_same_bits(void **state)
{
    (void)state;
    skip(); /* no AVX-512 in this build, so one shape alone */
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_shapes_have_the_same_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
