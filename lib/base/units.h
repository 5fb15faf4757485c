/* How many multiply-adds of 512 bits this CPU starts in a cycle: 1 (Zen 4 runs each as two halves; small chips of
   Intel have one unit) or 2. The convolutions choose the shapes of their products by it; all shapes give the same bits.

   A processor's name does not tell, so it is measured at first use, in a fifth of a millisecond: n multiply-adds that
   wait for each other take n times the latency of 4 cycles, n that do not take n cycles or n / 2. The quotient does not
   depend on the clock, and of each the fastest round counts, so that other load does not matter. */
#ifndef DPID_BASE_UNITS_H
#define DPID_BASE_UNITS_H

#include <stdint.h>

int32_t dpid_units(void);             /* 2 also where there is no AVX-512 */
void dpid_units_force(int32_t units); /* for tests: what dpid_units returns from now on; 0: what was measured */

#endif
