/* Ranks that are threads: each with a context, a net, data and a trainer of its own, and an allreduce between them. */
#ifndef DPID_TESTS_RANKS_H
#define DPID_TESTS_RANKS_H

#include "support/support.h"

enum { RANKS_MOST = 8 };

/* Where they exchange numbers: added in the order in which the threads happen to come. */
typedef struct hall hall;
hall *open_hall(int32_t ranks);
void close_hall(hall *h);
/* A deepid_allreduce_fn, user is the hall. Ends after ten minutes with 7 when a rank lacks; with 5 for all, where one
   left by break_hall. */
int32_t exchange_in_hall(void *user, int32_t how, int64_t *numbers, int64_t count, const char **why);
void break_hall(hall *h);
/* So many exchanges were made, of so many numbers. */
int64_t hall_calls(const hall *h);
int64_t hall_numbers(const hall *h);

/* What and how it is trained; NULL and 0: the defaults. */
typedef struct {
    const char *net, *data, *optimizer, *loss, *augmentation, *nonfinite, *schedule, *norm;
    int32_t dtype; /* 0: F32 */
    int64_t batch, shard, steps;
    double rate, clip;
    int32_t keep_last;
    deepid_dataset *(*make_data)(deepid_ctx *ctx, const deepid_net *net); /* in place of data */
} recipe;

/* One rank, and what became of it. */
typedef struct {
    const recipe *recipe;
    hall *hall;
    int32_t rank, ranks;
    deepid_ctx *ctx;
    deepid_net *net;
    deepid_dataset *data;
    deepid_trainer *trainer;
    void (*change)(void *arg, int32_t rank, deepid_trainer *trainer); /* before training; NULL: nothing */
    void *arg;
    int64_t steps; /* to do */
    int32_t status;
    char sentence[512];
    uint64_t losses; /* the bits of the loss and the norm of all steps */
    int64_t done;
} rank_run;

/* Opens them, on 1 to 3 threads each; ranks 1 with hall NULL: by itself. */
void open_ranks(rank_run *r, hall *h, int32_t ranks, const recipe *recipe);
/* Each in its thread, until all are back. */
void fit_ranks(rank_run *r, int32_t ranks);
/* All ended with this status and a sentence that has this in it. */
void all_ended(const rank_run *r, int32_t ranks, int32_t status, const char *part);
/* Of all that training leaves; fails where the ranks differ. */
uint64_t bits_of_ranks(const rank_run *r, int32_t ranks);
void close_ranks(rank_run *r, int32_t ranks);
/* All of it. */
uint64_t train_on_ranks(const recipe *recipe, int32_t ranks);

#endif
