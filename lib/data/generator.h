/* Generators of tasks: a word, its options, and a function that fills a dataset. Values are rounded to f32, so f32
   and f64 nets see the same numbers. */
#ifndef DPID_DATA_GENERATOR_H
#define DPID_DATA_GENERATOR_H

#include "data/data.h"

typedef struct {
    deepid_ctx *ctx;
    const dpid_value *option;
    dpid_random random; /* stream DATA; substream 0 training, 1 validation of the same task */
    dpid_random task;   /* what both parts share: a teacher's weights, a target map */
    int64_t count;      /* samples; 0: the generator's own number */
    deepid_dataset *out;
} dpid_generator_run;

typedef struct {
    const char *word, *help;
    const dpid_option *options; /* the first is always n */
    int32_t (*make)(dpid_generator_run *run);
} dpid_generator;

/* The generators, one line each; each is dpid_generator_<word>. */
#define DPID_GENERATORS(X)                                                                                             \
    X(spirals)                                                                                                         \
    X(rings)                                                                                                           \
    X(parity)                                                                                                          \
    X(gratings)                                                                                                        \
    X(teacher)                                                                                                         \
    X(linear)                                                                                                          \
    X(identity)
#define DPID_GENERATOR_DECLARE(word) extern const dpid_generator dpid_generator_##word;
DPID_GENERATORS(DPID_GENERATOR_DECLARE)
extern const dpid_set dpid_generators;

/* Makes a dataset by its text. substream 0 is the training part, 1 the validation part of the same task. count is how
   many samples it has; 0: as many as the text says. */
int32_t dpid_generate(deepid_ctx *ctx, const char *spec, uint64_t seed, uint32_t substream, int64_t count,
                      deepid_dataset **out);

#endif
