/* The inside of a trainer. */
#ifndef DPID_TRAIN_TRAINER_H
#define DPID_TRAIN_TRAINER_H

#include <deepid/train.h>

#include "data/data.h"
#include "net/net.h"
#include "ops/loss.h"
#include "train/optimizer.h"

struct deepid_trainer {
    dpid_head head;
    deepid_net *net;            /* lent */
    const deepid_dataset *data; /* lent */
    /* settings, with the texts that made them */
    const dpid_loss *loss;
    dpid_value loss_option[DPID_OPTIONS_MAX];
    dpid_arena loss_weights; /* of the classes, in loss_option */
    const dpid_optimizer *optimizer;
    dpid_value optimizer_option[DPID_OPTIONS_MAX];
    const dpid_schedule *schedule;
    dpid_value schedule_option[DPID_OPTIONS_MAX];
    dpid_augment augment;
    char *loss_text, *optimizer_text, *schedule_text, *augment_text;
    double rate; /* 0: the optimiser's default */
    double clip;
    int64_t batch, total_steps;
    uint64_t seed;
    bool keep_last, record;
    /* state */
    int64_t step, epoch, position; /* done steps; the running epoch and the next sample in its order */
    int64_t since;                 /* the step at which the optimiser was set: its corrections count from there */
    int64_t nonfinite;
    double last_loss, last_norm;
    atomic_int stop;
    int64_t *order;
    int64_t order_epoch; /* what order holds; -1: nothing yet */
    int32_t *labels;
    double *losses; /* of each sample of the batch */
    void *targets;
    void *state[DPID_OPTIMIZER_STATES];
};

struct deepid_event {
    dpid_head head;
    const deepid_trainer *trainer;
    int64_t steps; /* of this fit */
    double seconds;
};

/* Makes buffers for the batch and the optimiser. Steps allocate nothing after it. */
int32_t dpid_trainer_prepare(deepid_trainer *trainer);
/* Forward, loss and backward of the given samples. The gradient is in the net afterwards, its norm in *norm, the mean
   loss in *loss_mean. Where one is not finite: DEEPID_ERR_NUMERIC, naming the layer; only buffers have changed. */
int32_t dpid_trainer_gradient(deepid_trainer *trainer, const int64_t *order, int64_t n, double *loss_mean,
                              double *norm);
/* The learning rate of a step, with warm-up and schedule. */
double dpid_trainer_rate_at(const deepid_trainer *trainer, int64_t step);
int64_t dpid_trainer_batch(const deepid_trainer *trainer); /* samples of a full step */
/* deepid_trainer_fit for L-BFGS: so many iterations. */
int32_t dpid_trainer_lbfgs(deepid_trainer *trainer, int64_t steps, deepid_event_fn progress, deepid_event *event,
                           void *user);
/* Calls the caller back after a step, and hears of a stop: DEEPID_OK, DEEPID_STOPPED or DEEPID_ERR_CALLBACK. */
int32_t dpid_trainer_report(deepid_trainer *trainer, deepid_event_fn progress, deepid_event *event, void *user);

/* How many samples deepid_net_measure_statistics takes in one forward at most. */
int64_t dpid_statistics_batch(const deepid_dataset *data);

#endif
