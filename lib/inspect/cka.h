/* Linear centred kernel alignment (CKA) of activations: how alike two representations of the same samples are. */
#ifndef DPID_INSPECT_CKA_H
#define DPID_INSPECT_CKA_H

#include "inspect/probe.h"

/* The Gram matrix K = Xc Xc^T of activations X [n, p], whose columns are centred; and the sums that the unbiased
   estimator needs. */
typedef struct {
    int64_t n;
    double *k;    /* [n, n] */
    double *rows; /* [n] sums of rows without the diagonal */
    double total; /* sum of all without the diagonal */
} dpid_gram;

/* x: n rows of p reals of the precision. The arrays of out lie in the arena. */
int32_t dpid_gram_make(dpid_arena *arena, dpid_precision precision, const void *x, int64_t n, int64_t p,
                       dpid_gram *out);
/* Both numbers are NaN where one of the two does not vary; the unbiased one also below four samples. */
void dpid_gram_compare(const dpid_gram *a, const dpid_gram *b, double *cka, double *unbiased);

/* Every point of net a beside every point of net b (dpid_points_find), on the first n samples of data; both prepared
   by dpid_probe_prepare; b may be a. Rows "block1:block2" with columns i, j (numbers of the points), cka,
   cka_unbiased. */
int32_t dpid_cka(deepid_net *a, deepid_net *b, const deepid_dataset *data, int64_t n, deepid_table *table);

#endif
