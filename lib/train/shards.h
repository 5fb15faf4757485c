/* A batch in parts, and the sum of what they give. */
#ifndef DPID_TRAIN_SHARDS_H
#define DPID_TRAIN_SHARDS_H

#include "train/trainer.h"

/* ---- a part: samples first .. first + n - 1 of a batch, which run at once (gradient.c) ------------ */

struct dpid_part {
    deepid_trainer *trainer;
    const int64_t *order; /* of the batch */
    int64_t first, n;
    double total; /* of the batch: what its loss is divided by */
};

/* Takes the labels of a whole batch. Returns its total. */
double dpid_part_begin(const deepid_trainer *trainer, const int64_t *order, int64_t n);
/* The part's gradient, of the batch's mean loss, is in the net afterwards, its losses in trainer->losses. */
int32_t dpid_part_run(dpid_part *part);
/* Its two ends, for who runs the net otherwise; arg is the part. */
void dpid_part_load(void *arg);
void dpid_part_add_loss(void *arg, int64_t first, int64_t n);
/* In the order of the samples, whatever parts the losses came in. */
double dpid_part_mean_loss(const deepid_trainer *trainer, int64_t n, double total);
/* After dpid_part_run, whose loss is not finite: the first layer that gives such a value, or NULL. */
int32_t dpid_part_find_nonfinite(const dpid_part *part, const char **where);
/* The norm, or at least all of the net's gradient, is finite. */
int32_t dpid_part_check_gradient(const deepid_trainer *trainer, double norm);
/* DEEPID_ERR_NUMERIC: "step 5: QUANTITY WHERE is not finite". */
int32_t dpid_part_fail_nonfinite(const deepid_trainer *trainer, const char *quantity, const char *where);

/* ---- shards: parts that depend on the batch and the setting alone (shards.c) ---------------------- */

/* Those of a batch of n, and which are this rank's. */
typedef struct {
    int64_t n, count, begin, end;
} dpid_shards;
dpid_shards dpid_shards_of(const deepid_trainer *trainer, int64_t n);
dpid_part dpid_shard_at(deepid_trainer *trainer, const dpid_shards *shards, const int64_t *order, int64_t k,
                        double total);
/* Where what shard number i of this rank gives goes. */
char *dpid_shard_image(const deepid_trainer *trainer, int64_t i);
/* Samples of the largest. */
int64_t dpid_shards_largest(const deepid_trainer *trainer, int64_t n);
int32_t dpid_shards_prepare(deepid_trainer *trainer);
void dpid_shards_drop(deepid_trainer *trainer);
/* dpid_trainer_gradient and dpid_trainer_commit, by shards. */
int32_t dpid_shards_gradient(deepid_trainer *trainer, const int64_t *order, int64_t n, double *loss_mean, double *norm);
void dpid_shards_commit(deepid_trainer *trainer);

/* ---- batch-norm over the whole batch: shards in lockstep (whole_norm.c) ----------------------------- */

/* For so many shards of this rank, of so many in all, of so many samples. */
int32_t dpid_whole_norm_prepare(deepid_trainer *trainer, int64_t here, int64_t shards, int64_t samples);
void dpid_whole_norm_drop(deepid_trainer *trainer);
/* The gradients of this rank's shards into their images; trainer->shards.part says how they ran. */
int32_t dpid_whole_norm_run(deepid_trainer *trainer, const dpid_shards *shards, const int64_t *order, double total);

#endif
