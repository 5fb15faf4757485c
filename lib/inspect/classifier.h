/* A linear classifier with a ridge: what linear probes train. */
#ifndef DPID_INSPECT_CLASSIFIER_H
#define DPID_INSPECT_CLASSIFIER_H

#include "base/base.h"

/* Samples to train on: x [n, d + 1], whose last column is 1, for the bias; labels 0..classes-1. */
typedef struct {
    int64_t n, d, classes;
    const double *x;
    const int32_t *labels;
} dpid_sheet;

/* Work memory for fits on a sheet, and what depends on lambda alone. */
typedef struct {
    const dpid_sheet *sheet;
    dpid_arena *arena;
    double lambda;
    double *factor;      /* [d + 1, d + 1] upper triangle U: U^T U = X^T X / (2 n) + lambda */
    double *theta;       /* [d + 1, classes] */
    double *scores;      /* [n, classes] */
    const int32_t *fold; /* NULL, or each sample's fold of the cross-validation; fold `held` is not trained on */
    int32_t held;
} dpid_classifier;

int32_t dpid_classifier_make(const dpid_sheet *sheet, dpid_arena *arena, dpid_classifier *out);
void dpid_classifier_set_lambda(dpid_classifier *c, double lambda);
/* Minimises mean cross-entropy of softmax(W x + b) + lambda / 2 |W|^2. It starts from theta = (W; b)^T [d + 1, classes]
   and writes the minimum there. */
int32_t dpid_classifier_fit(dpid_classifier *c, double *theta);
/* Scores n rows of x: *loss is the sum of their cross-entropies, *right how many have the right class on top. With
   `which`, only rows of fold `held` count: which[i] == held. */
void dpid_classifier_score(const dpid_classifier *c, const double *theta, int64_t n, const double *x,
                           const int32_t *labels, const int32_t *which, double *scores, double *loss, int64_t *right);

#endif
