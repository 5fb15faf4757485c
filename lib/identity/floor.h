/* The least mean squared error that a net of affine layers can reach: a proof that added layers cost something. */
#ifndef DPID_IDENTITY_FLOOR_H
#define DPID_IDENTITY_FLOOR_H

#include "data/data.h"
#include "net/net.h"

typedef struct {
    bool proven;      /* false: the net is not a chain of affine layers, or the data have labels; sentence says which */
    double loss;      /* mean over samples and targets of (z - target)^2 */
    double free_loss; /* the same without the bottleneck: ordinary least squares */
    int64_t rank;     /* at most, of the net's matrix: its narrowest layer */
    char sentence[400];
} dpid_floor;

/* Reduced-rank regression: among y = A x + b with rank A <= r the least squares are those of the regression plus the
   squares of its fitted values' singular values behind the r-th (Eckart and Young 1936; Izenman 1975). Biases count
   as free, so it is a floor whatever biases the layers have. Cost: about 2 n in^2 + n in out multiply-adds. */
int32_t dpid_affine_floor(deepid_ctx *ctx, const char *text, const deepid_dataset *data, dpid_floor *out);

#endif
