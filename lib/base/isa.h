/* Instruction sets: files over `real` are compiled once for each that the build knows; a context picks one at run time.
   What the baseline is depends on the machine: SSE2 on x86-64, and there alone the other two exist. */
#ifndef DPID_BASE_ISA_H
#define DPID_BASE_ISA_H

#include <stdbool.h>

typedef enum { DPID_ISA_BASELINE = 0, DPID_ISA_AVX2, DPID_ISA_AVX512, DPID_ISAS } dpid_isa;

const char *dpid_isa_word(dpid_isa isa);
bool dpid_isa_runs(dpid_isa isa); /* built, and this CPU has it */
dpid_isa dpid_isa_best(void);
/* AVX512-BF16, beside DPID_ISA_AVX512: lib/tensor/bf16_product.h. Built, and this CPU has it. */
bool dpid_isa_has_bf16(void);

/* DECLARE(suffix, real) for every compilation of a file over `real`: f32, f32_avx2, ... A long double is computed by
   the baseline alone. */
/* clang-format off */
#ifdef DPID_X86_ISAS
#define DPID_ISA_EACH(DECLARE)                                                        \
    DECLARE(f32, float) DECLARE(f64, double) DECLARE(f80, long double)                \
    DECLARE(f32_avx2, float) DECLARE(f64_avx2, double)                                \
    DECLARE(f32_avx512, float) DECLARE(f64_avx512, double)
#else
#define DPID_ISA_EACH(DECLARE) DECLARE(f32, float) DECLARE(f64, double) DECLARE(f80, long double)
#endif
/* clang-format on */

/* A table [DPID_ISAS][DPID_PRECISIONS] of the functions name_f32, name_f32_avx2, ... */
#ifdef DPID_X86_ISAS
#define DPID_ISA_TABLE(name)                                                                                           \
    {                                                                                                                  \
        {name##_f32, name##_f64, name##_f80}, {name##_f32_avx2, name##_f64_avx2, name##_f80},                          \
        {                                                                                                              \
            name##_f32_avx512, name##_f64_avx512, name##_f80                                                           \
        }                                                                                                              \
    }
#else
#define DPID_ISA_TABLE(name)                                                                                           \
    {                                                                                                                  \
        {name##_f32, name##_f64, name##_f80},                                                                          \
    }
#endif

#endif
