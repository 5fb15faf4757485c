/* Datasets from inside the library; batches for the trainer. */
#ifndef DPID_DATA_DATA_H
#define DPID_DATA_DATA_H

#include <deepid/data.h>

#include "base/base.h"
#include "data/legend.h"
#include "ops/loss.h"
#include "ops/op.h"
#include "tensor/tensor.h"

enum { DPID_CLASSES_MAX = 65536 }; /* a label in a file that is larger was read from a column of something else */

struct deepid_dataset {
    dpid_head head;
    int64_t count, classes, target_width;
    dpid_shape sample;                       /* [features] or [h,w,c]; a [h,w] source becomes [h,w,1] */
    int32_t dtype;                           /* of x */
    const void *x;                           /* borrowed when wrapped, else owned */
    int64_t stride[1 + DPID_SHAPE_RANK_MAX]; /* elements */
    int32_t *labels;                         /* owned; NULL with targets */
    int32_t target_dtype;
    const void *targets; /* [count, target_width] */
    void *owned_x, *owned_targets;
    /* NULL, or row of x / targets for sample i: splits share the parent's memory through owner */
    int64_t *index;
    deepid_dataset *owner; /* keeps a reference: memory of splits lives as long as the last of them */
    int32_t references;
    double *shift, *scale;               /* NULL or per feature of a sample: value = (x - shift) * scale */
    double *target_shift, *target_scale; /* the same of targets */
    dpid_legend *legend; /* owned; NULL: labels and features have no names. That of a part is its owner's */
    char *about;         /* the legend's words and the units of normalised targets; NULL: as the legend says */
    char *warnings;      /* what deepid_dataset_warnings said last; NULL: it was not asked */
};

/* A dataset that has no arrays yet; its strides are those of dense samples. */
int32_t dpid_dataset_new(deepid_ctx *ctx, int64_t count, const dpid_shape *sample, deepid_dataset **out);
/* A dataset with arrays of its own: x of dtype, labels where classes > 0, targets (f32) where target_width > 0. The
   caller fills owned_x, labels and owned_targets. */
int32_t dpid_dataset_owned(deepid_ctx *ctx, int32_t dtype, int64_t count, const dpid_shape *sample, int64_t classes,
                           int64_t target_width, deepid_dataset **out);
/* What the numbers of data, or of what it is a part of, stand for; NULL: nothing is known. */
const dpid_legend *dpid_dataset_legend(const deepid_dataset *data);
/* The loss of a text, or the usual one for NULL, that fits these data and a net of so many outputs; balanced weights
   are by the labels of these data, and live in the arena. */
int32_t dpid_dataset_loss(dpid_arena *arena, const deepid_dataset *data, const char *text, int64_t outputs,
                          const dpid_loss **loss, dpid_value *option);
/* A net that gives `out` can be trained on these data by some loss. */
bool dpid_dataset_fits(const deepid_dataset *data, const dpid_shape *out);
/* The loss of the best constant predictor by this loss; of labels without smoothing, with its weights. */
double dpid_dataset_constant_loss(const deepid_dataset *data, const dpid_loss *loss, const dpid_value *option);
/* Of labels: -sum p log p, p the share of a class by these weights of classes; NULL: by its samples. */
double dpid_dataset_label_entropy(const deepid_dataset *data, const double *weights);
/* The share of the samples that the largest class has; NaN without labels, and for NULL. */
double dpid_dataset_largest_class(const deepid_dataset *data);
/* train.bin and test.bin of CIFAR-100; options "labels=fine|coarse". */
int32_t dpid_cifar100_load_folder(deepid_ctx *ctx, const char *folder, const char *options, deepid_dataset **train,
                                  deepid_dataset **test);
/* As deepid_dataset_load_csv; classes and categories have the numbers that they have in like, unless it is NULL. */
int32_t dpid_csv_load(deepid_ctx *ctx, const char *path, const char *options, const deepid_dataset *like,
                      deepid_dataset **out);
/* Samples rows[0..count-1] of data; shares its memory. */
int32_t dpid_dataset_part(const deepid_dataset *data, const int64_t *rows, int64_t count, deepid_dataset **out);
/* Feature k (channels-last) of sample i, and target k; after normalisation. */
double dpid_dataset_feature(const deepid_dataset *data, int64_t i, int64_t k);
double dpid_dataset_target(const deepid_dataset *data, int64_t i, int64_t k);
/* DEEPID_ERR_NUMERIC when a feature or target is no finite number in the precision. The sentence begins with `what`,
   such as "study: the training data", and names the place; rows are those of the source, counted from 0. */
int32_t dpid_dataset_check_finite(deepid_ctx *ctx, const deepid_dataset *data, const char *what,
                                  dpid_precision precision);
/* DEEPID_ERR_LABEL when all labels, or all targets, are the same. The sentence begins with `what`. */
int32_t dpid_dataset_check_varied(deepid_ctx *ctx, const deepid_dataset *data, const char *what);
/* The sentences of deepid_dataset_warnings; "" when there are none. */
void dpid_dataset_warn(const deepid_dataset *data, dpid_string *out);
/* The same data for another context, which another thread works with. It shares the large arrays of data, so data must
   outlive it and stay as it is. */
int32_t dpid_dataset_view(deepid_ctx *ctx, const deepid_dataset *data, deepid_dataset **out);

/* Augmentation of pictures: "crop pad=4 flip=1"; drawn by (seed, epoch, sample's number). */
typedef struct {
    int32_t pad;
    bool flip;
    uint64_t seed;
} dpid_augment;
int32_t dpid_augment_parse(deepid_ctx *ctx, const char *text,
                           dpid_augment *out); /* "", "none", "crop pad=4", "crop pad=4 flip=1" */

/* What dpid_dataset_gather fills: samples order[0..n-1] into x (n dense samples of the precision's real), their labels
   and targets where these are not NULL. augment NULL: pictures as they are. */
typedef struct {
    const int64_t *order;
    int64_t n;
    const dpid_augment *augment;
    uint64_t epoch; /* of the augmentation */
    dpid_precision precision;
    void *x;
    int32_t *labels;
    void *targets;
} dpid_gathered;
void dpid_dataset_gather(dpid_pool *pool, const deepid_dataset *data, const dpid_gathered *to);

/* The order of one epoch: a permutation by (seed, DPID_STREAM_ORDER, epoch). */
void dpid_epoch_order(uint64_t seed, uint64_t epoch, int64_t count, int64_t *order);

#endif
