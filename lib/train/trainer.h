/* The inside of a trainer. */
#ifndef DPID_TRAIN_TRAINER_H
#define DPID_TRAIN_TRAINER_H

#include <deepid/allreduce.h>
#include <deepid/precision.h>
#include <deepid/train.h>

#include "data/data.h"
#include "net/lockstep.h"
#include "ops/loss.h"
#include "train/loss_scale.h"
#include "train/optimizer.h"

typedef struct dpid_part dpid_part; /* train/shards.h */

/* With shards alone. An image has the net's parameters and then its states, as values and states lie there. */
typedef struct {
    char *images;     /* what each shard of this rank gives: the gradient, and the states times the shard's share */
    int64_t *sum;     /* of one image, in quanta (train/fixed.h) */
    int64_t *message; /* status; exponent of each parameter; the loss of each sample */
    char *states;     /* those of the net, and then what they become with this step */
    /* with whole_norm */
    dpid_lockstep_part *part;
    dpid_part *loads; /* of the parts */
    dpid_plan **plan;
    int64_t plans;
    double *statistics;
    int64_t *bits; /* of statistics, under way */
} dpid_shard_buffers;

/* The other ranks; train/meeting.h. fn NULL: there are none. */
typedef struct {
    deepid_allreduce_fn fn;
    void *user;
    int32_t rank, ranks;
    bool stop;       /* some rank was asked to stop: all end after this step */
    uint64_t data;   /* hash of the data, */
    bool data_known; /* once a step asked for it */
} dpid_ranks;

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
    dpid_loss_scale loss_scale;
    char *loss_text, *optimizer_text, *schedule_text, *augment_text, *loss_scale_text;
    double rate; /* 0: the optimiser's default */
    double clip;
    int64_t batch, total_steps;
    int64_t shard;   /* samples that run at once, at most; 0: the whole batch */
    bool whole_norm; /* batch-norm of shards takes the statistics of the batch */
    dpid_ranks others;
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
    dpid_shard_buffers shards;
};

struct deepid_event {
    dpid_head head;
    const deepid_trainer *trainer;
    int64_t steps; /* of this fit */
    double seconds;
};

/* Makes buffers for the batch and the optimiser. Steps allocate nothing after it. */
int32_t dpid_trainer_prepare(deepid_trainer *trainer);
void dpid_trainer_drop_buffers(deepid_trainer *trainer); /* those for the batch */
/* Forward, loss and backward of the given samples. The gradient is in the net afterwards, without the loss's scale, its
   norm in *norm, the mean loss in *loss_mean. Where one is not finite: DEEPID_ERR_NUMERIC, naming the layer; only
   buffers have changed. */
int32_t dpid_trainer_gradient(deepid_trainer *trainer, const int64_t *order, int64_t n, double *loss_mean,
                              double *norm);
/* The running statistics take the last gradient's forward in. */
void dpid_trainer_commit(deepid_trainer *trainer);
/* The optimiser's step along the gradient in the net, whose norm is for clipping. */
void dpid_trainer_update(deepid_trainer *trainer, double norm);
/* The weight decay of a parameter. */
double dpid_trainer_decay_of(const deepid_trainer *trainer, const dpid_parameter *parameter);
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
