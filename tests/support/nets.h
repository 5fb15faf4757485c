/* What tests of whole nets share: nets whose batch-norms have numbers of every kind, batches, outputs, distances. */
#ifndef DPID_TESTS_NETS_H
#define DPID_TESTS_NETS_H

#include "support/support.h"

#include "net/net.h"

/* Weights by `he`, and batch-norms of every kind of numbers: gains of both signs, means and shifts off 0, variances
   from small to large. */
deepid_net *random_net(deepid_ctx *ctx, const char *text, int32_t dtype, uint64_t seed);
/* n samples of the input's or the output's shape; yours. */
deepid_tensor *batch_of(deepid_ctx *ctx, const deepid_net *net, bool output, int64_t n);
double value_at(const deepid_tensor *t, int64_t i);
void fill_random(deepid_tensor *t, uint64_t seed);
/* Outputs for n samples of a seed; yours. */
deepid_tensor *outputs_of(deepid_ctx *ctx, deepid_net *net, int64_t n, uint64_t seed);
/* Largest difference by the largest output; NaN in either is infinity. */
double distance(const deepid_tensor *a, const deepid_tensor *b);
/* Small whole numbers and powers of two: nothing rounds, forward and back, in formats of 8 bits and more. Yours. */
void open_exact(deepid_ctx *ctx, deepid_net **net, deepid_dataset **data);
/* Of a net and 8 spirals. */
void probe_survives_every_failing_allocation(const char *net, const char *words);

#endif
