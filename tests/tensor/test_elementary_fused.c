/* The tests of test_elementary.c with fused multiply-adds, as the kernels for AVX2 and AVX-512 have them; here the C
   library's. */
#define DPID_FUSED
#include "test_elementary.c"
