/* What the machine can do at most: multiply-adds from registers, and bytes a second of plain loops over arrays, by
   the size of the arrays. The floors of bench_ops are made of these. An array is counted as often as a loop reads or
   writes it; what the hardware moves besides (the line that a store fetches first) is not counted. Loops use the
   vectors of the instruction set. A limit is the fastest of its rounds. */
#ifndef DPID_BENCH_LIMITS_H
#define DPID_BENCH_LIMITS_H

#include <stdint.h>

typedef enum { TRAFFIC_READ, TRAFFIC_COPY, TRAFFIC_TRIAD, TRAFFICS } traffic; /* sum of x; y = s x; z = x + s y */

enum { LIMIT_SIZES = 7 };

typedef struct {
    int32_t threads;
    double flops_f32, flops_f64; /* a second, of all threads; a multiply-add is two */
    /* bytes of all arrays of all threads, ascending: in the first cache, in the second, then from the third's to
       memory's */
    double size[LIMIT_SIZES];
    double bytes[TRAFFICS][LIMIT_SIZES]; /* a second, of all threads */
} limits;

/* isa: "baseline", "avx2", "avx512"; the machine has to have it. Takes one to two seconds. */
void limits_measure(const char *isa, int32_t threads, int64_t rounds, limits *out);
/* Bytes a second at this size: between two measured ones in a straight line over the logarithm of the size. */
double limits_bandwidth(const limits *l, traffic kind, double size);
/* Least seconds for reading and writing so many bytes where all arrays together have this size. */
double limits_traffic_seconds(const limits *l, double reads, double writes, double size);

#endif
