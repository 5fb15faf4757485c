/* One source, three precisions, several instruction sets: a file that includes this is compiled for float, double
   and long double, and float and double for each instruction set. DPID_PRECISION is 32, 64 or 80, DPID_ISA is 0
   (baseline), 1 (AVX2 with FMA) or 2 (AVX-512); both come from the build (library.cmake says which files).
   DPID_T(name) is this compilation's own name_f32, name_f32_avx2, ...; DPID_P(name) goes by the precision alone. */
#ifndef DPID_TENSOR_REAL_H
#define DPID_TENSOR_REAL_H

#include <float.h>
#include <tgmath.h>

#define DPID_JOIN_(a, b) a##b
#define DPID_JOIN(a, b) DPID_JOIN_(a, b)

#if DPID_PRECISION == 32
typedef float real;
#define DPID_P(name) DPID_JOIN(name, _f32)
#define REAL_MIN FLT_MIN
#define REAL_EPSILON FLT_EPSILON
#elif DPID_PRECISION == 64
typedef double real;
#define DPID_P(name) DPID_JOIN(name, _f64)
#define REAL_MIN DBL_MIN
#define REAL_EPSILON DBL_EPSILON
#elif DPID_PRECISION == 80
typedef long double real;
#define DPID_P(name) DPID_JOIN(name, _f80)
#define REAL_MIN LDBL_MIN
#define REAL_EPSILON LDBL_EPSILON
#else
#error "DPID_PRECISION must be 32, 64 or 80"
#endif

#if DPID_ISA == 0
#define DPID_T(name) DPID_P(name)
#elif DPID_ISA == 1
#define DPID_T(name) DPID_JOIN(DPID_P(name), _avx2)
#elif DPID_ISA == 2
#define DPID_T(name) DPID_JOIN(DPID_P(name), _avx512)
#else
#error "DPID_ISA must be 0, 1 or 2"
#endif

/* What depends on neither stands in the same file and is compiled once. */
#define DPID_ONCE (DPID_PRECISION == 64 && DPID_ISA == 0)

#endif
