/* Multiply-adds a cycle, measured.   Promises: units.h */
#include "base/units.h"

#include "base/isa.h"

#include <stdatomic.h>
#include <time.h>

static _Atomic int32_t measured;
static _Atomic int32_t forced;

#ifdef DPID_X86_ISAS
enum { ROUNDS = 32, STEPS = 256 };

/* 12 multiply-adds a step, in one chain: zmm1 += zmm0 zmm0. */
__attribute__((target("avx512f"), noinline)) static void run_chain(int64_t steps)
{
    __asm__ volatile("vpxord %%zmm0, %%zmm0, %%zmm0\n\t"
                     "vpxord %%zmm1, %%zmm1, %%zmm1\n\t"
                     "1:\n\t"
                     ".rept 12\n\t"
                     "vfmadd231ps %%zmm0, %%zmm0, %%zmm1\n\t"
                     ".endr\n\t"
                     "dec %0\n\t"
                     "jnz 1b\n\t"
                     "vzeroupper"
                     : "+r"(steps)
                     :
                     : "cc", "xmm0", "xmm1");
}

/* 12 a step, in chains of their own: zmm1 to zmm12. */
__attribute__((target("avx512f"), noinline)) static void run_chains(int64_t steps)
{
    __asm__ volatile(".irp r, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12\n\t"
                     "vpxord %%zmm\\r, %%zmm\\r, %%zmm\\r\n\t"
                     ".endr\n\t"
                     "1:\n\t"
                     ".irp r, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12\n\t"
                     "vfmadd231ps %%zmm0, %%zmm0, %%zmm\\r\n\t"
                     ".endr\n\t"
                     "dec %0\n\t"
                     "jnz 1b\n\t"
                     "vzeroupper"
                     : "+r"(steps)
                     :
                     : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
                       "xmm11", "xmm12");
}

static double seconds_of(void (*run)(int64_t steps))
{
    struct timespec start;
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    run(STEPS);
    clock_gettime(CLOCK_MONOTONIC, &end);
    return (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
}

/* 1/4 of the chain's time with one unit, 1/8 with two. */
static int32_t measure(void)
{
    const double between = 0.18;
    double chain = 1;
    double chains = 1;
    if (!dpid_isa_runs(DPID_ISA_AVX512))
        return 2;
    for (int i = 0; i < ROUNDS; i++) {
        const double waiting = seconds_of(run_chain);
        const double free = seconds_of(run_chains);
        chain = waiting < chain ? waiting : chain;
        chains = free < chains ? free : chains;
    }
    return chains > between * chain ? 1 : 2;
}
#else
static int32_t measure(void)
{
    return 2;
}
#endif

int32_t dpid_units(void)
{
    if (forced > 0)
        return forced;
    if (measured == 0) /* two threads may measure at once: no harm */
        measured = measure();
    return measured;
}

void dpid_units_force(int32_t units)
{
    forced = units;
}
