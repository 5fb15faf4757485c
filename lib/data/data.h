/* Datasets from inside the library; batches for the trainer. */
#ifndef DPID_DATA_DATA_H
#define DPID_DATA_DATA_H

#include <deepid/data.h>

#include "base/base.h"
#include "ops/op.h"
#include "tensor/tensor.h"

struct deepid_dataset {
    dpid_head head;
    int64_t count, classes, target_width;
    dpid_shape sample;     /* [features] or [h,w,c]; a [h,w] source becomes [h,w,1] */
    int32_t dtype;         /* of x */
    const void *x;         /* borrowed when wrapped, else owned */
    int64_t stride[1 + DPID_SHAPE_RANK_MAX]; /* elements */
    int32_t *labels;       /* owned; NULL with targets */
    int32_t target_dtype;
    const void *targets;   /* [count, target_width] */
    void *owned_x, *owned_targets;
    int64_t *index;        /* NULL, or row of x / targets for sample i: splits share the parent's memory through owner */
    deepid_dataset *owner; /* keeps a reference: memory of splits lives as long as the last of them */
    int32_t references;
    double *shift, *scale; /* NULL or per feature of a sample: value = (x - shift) * scale */
};

/* Augmentation of pictures: "crop pad=4 flip=1"; drawn by (seed, epoch, sample's number). */
typedef struct {
    int32_t pad;
    bool flip;
    uint64_t seed;
} dpid_augment;
int32_t dpid_augment_parse(deepid_ctx *ctx, const char *text, dpid_augment *out); /* "", "none", "crop pad=4", "crop pad=4 flip=1" */

/* Samples order[0..n-1] into x (n dense samples of the precision's real), labels and targets where not NULL. augment may be NULL. */
void dpid_dataset_gather(const deepid_dataset *data, const int64_t *order, int64_t n, const dpid_augment *augment, uint64_t epoch, dpid_precision precision, void *x, int32_t *labels, void *targets);

/* The order of one epoch: a permutation by (seed, DPID_STREAM_ORDER, epoch). */
void dpid_epoch_order(uint64_t seed, uint64_t epoch, int64_t count, int64_t *order);

#endif
