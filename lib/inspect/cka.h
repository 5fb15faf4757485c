/* Linear centred kernel alignment of activations. */
#ifndef DPID_INSPECT_CKA_H
#define DPID_INSPECT_CKA_H

#include "inspect/probe.h"

/* K = Xc Xc^T of activations X [n, p], centred feature by feature; and the sums that the unbiased estimator takes. */
typedef struct {
    int64_t n;
    double *k;    /* [n, n] */
    double *rows; /* [n] sums of rows without the diagonal */
    double total; /* sum of all without the diagonal */
} dpid_gram;

/* x: n rows of p reals of the precision. In the arena. */
int32_t dpid_gram_make(dpid_arena *arena, dpid_precision precision, const void *x, int64_t n, int64_t p,
                       dpid_gram *out);
/* NaN where one of them does not vary; unbiased: also below four samples. */
void dpid_gram_compare(const dpid_gram *a, const dpid_gram *b, double *cka, double *unbiased);

/* Every point of net a beside every point of net b (dpid_points_find), on the first n samples of data; both prepared
   by dpid_probe_prepare; b may be a. Rows "block1:block2" with columns i, j (numbers of the points), cka,
   cka_unbiased. */
int32_t dpid_cka(deepid_net *a, deepid_net *b, const deepid_dataset *data, int64_t n, deepid_table *table);

#endif
