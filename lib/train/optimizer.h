/* Optimisers of one streaming pass: a word, its options, how many state arrays, and the update of one stretch of
   parameters. */
#ifndef DPID_TRAIN_OPTIMIZER_H
#define DPID_TRAIN_OPTIMIZER_H

#include "base/base.h"
#include "base/isa.h"
#include "tensor/tensor.h"

enum { DPID_OPTIMIZER_STATES = 2 };

/* The update of one stretch of parameters: n values w with gradient g, and the optimiser's states m and v (NULL where
   it has none). step counts from 1, since the optimiser was set. */
typedef struct {
    const dpid_value *option;
    int64_t n, step;
    double rate, weight_decay, scale; /* scale: what clipping multiplies the gradient by */
    void *w;
    const void *g;
    void *m, *v;
} dpid_update;

typedef struct {
    const char *word, *help;
    const dpid_option *options;
    int32_t states;
    double default_rate;
    int32_t decay_key, decay_all_key; /* options: weight_decay, decay=weights|all; -1: none */
    bool whole; /* it sees all samples at once and makes steps of its own (lbfgs); then update is empty */
    void (*update[DPID_ISAS][DPID_PRECISIONS])(const dpid_update *u);
} dpid_optimizer;

extern const dpid_set dpid_optimizers;

/* A learning-rate schedule: what the rate is multiplied by at a step. */
typedef struct {
    const char *word, *help;
    const dpid_option *options;
    double (*factor)(const dpid_value *option, double share); /* share = step / total steps, 0..1 */
} dpid_schedule;
extern const dpid_set dpid_schedules;
enum { DPID_SCHEDULE_WARMUP = 0 }; /* the first option of each */

#endif
