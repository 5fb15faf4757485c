/* One source, three precisions: a file that includes this is compiled for float, double and long double.
   DPID_PRECISION is 32, 64 or 80 and comes from the build (CMakeLists.txt lists which files). */
#ifndef DPID_TENSOR_REAL_H
#define DPID_TENSOR_REAL_H

#include <float.h>
#include <tgmath.h>

#define DPID_JOIN_(a, b) a##b
#define DPID_JOIN(a, b) DPID_JOIN_(a, b)

#if DPID_PRECISION == 32
typedef float real;
#define DPID_T(name) DPID_JOIN(name, _f32)
#define REAL_MIN FLT_MIN
#define REAL_EPSILON FLT_EPSILON
#elif DPID_PRECISION == 64
typedef double real;
#define DPID_T(name) DPID_JOIN(name, _f64)
#define REAL_MIN DBL_MIN
#define REAL_EPSILON DBL_EPSILON
#elif DPID_PRECISION == 80
typedef long double real;
#define DPID_T(name) DPID_JOIN(name, _f80)
#define REAL_MIN LDBL_MIN
#define REAL_EPSILON LDBL_EPSILON
#else
#error "DPID_PRECISION must be 32, 64 or 80"
#endif

/* What does not depend on the precision stands in the same file and is compiled once. */
#define DPID_ONCE (DPID_PRECISION == 64)

#endif
