/* A net, its data and its trainer, as the tests of training use them. */
#ifndef DPID_TESTS_TRAINING_H
#define DPID_TESTS_TRAINING_H

#include "support/support.h"

typedef struct {
    deepid_ctx *ctx; /* NULL: the caller's */
    deepid_net *net;
    deepid_dataset *data;
    deepid_trainer *trainer;
    int64_t n; /* of trained parameters, where before holds them */
    double before[64];
} run;

/* A net started by "he", data from a generator. */
void open_run(deepid_ctx *ctx, run *r, const char *text, const char *data, int32_t dtype, uint64_t seed);

/* All of 32 samples of a linear map of 3 features to 2 a step, in f64; at most 64 parameters of no special value. */
void open_linear_run(deepid_ctx *ctx, run *r, const char *text, const char *optimizer, double rate);

/* 50 steps over five epochs with everything on; pictures for long_resnet, which are augmented. */
extern const char long_mlp[], long_resnet[];
void open_long_run(run *r, const char *text, int32_t threads, int32_t dtype, const char *optimizer);

void close_run(run *r);

/* Of a linear run: leaves the parameters as they were in before, and the step's gradient in the net. */
void step_run(deepid_ctx *ctx, run *r);
/* What the step has added to parameter i. */
void moved_by(const run *r, const char *what, int64_t i, double expected);

/* Of all parameters and states. */
uint64_t bits_of(const run *r);

#endif
