/* Which instruction sets this build and this CPU have. */
#include "base/isa.h"

static const char *const words[DPID_ISAS] = {"baseline", "avx2", "avx512"};

const char *dpid_isa_word(dpid_isa isa)
{
    return words[isa];
}

bool dpid_isa_runs(dpid_isa isa)
{
#ifdef DPID_X86_ISAS
    __builtin_cpu_init();
    if (isa == DPID_ISA_AVX2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (isa == DPID_ISA_AVX512)
        return dpid_isa_runs(DPID_ISA_AVX2) && __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl");
#endif
    return isa == DPID_ISA_BASELINE;
}

dpid_isa dpid_isa_best(void)
{
    return dpid_isa_runs(DPID_ISA_AVX512) ? DPID_ISA_AVX512
           : dpid_isa_runs(DPID_ISA_AVX2) ? DPID_ISA_AVX2
                                          : DPID_ISA_BASELINE;
}

bool dpid_isa_has_bf16(void)
{
#ifdef DPID_X86_ISAS
    return dpid_isa_runs(DPID_ISA_AVX512) && __builtin_cpu_supports("avx512bf16");
#else
    return false;
#endif
}
