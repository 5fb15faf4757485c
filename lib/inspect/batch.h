/* One batch for probes that look at a net in a precision of their choice: the first n samples, loss and gradients as
   a trainer computes them. Unlike a trainer it refuses nothing that comes out: infinities and NaN stay. */
#ifndef DPID_INSPECT_BATCH_H
#define DPID_INSPECT_BATCH_H

#include "train/trainer.h"

typedef struct {
    deepid_net *net;         /* a clone */
    deepid_trainer *trainer; /* its loss, labels and targets */
    int64_t n;
    dpid_mode mode;
    double loss; /* mean, of the last forward */
    void *dx;    /* d loss / d input */
} dpid_batch;

/* Makes a clone of net in this precision, prepared, with the batch in its input. The samples are rounded to the net's
   own precision first, so that a higher one starts from the same numbers. whole: every value and gradient has a buffer
   of its own. */
int32_t dpid_batch_open(const deepid_net *net, const deepid_dataset *data, dpid_precision precision, dpid_mode mode,
                        int64_t n, bool whole, dpid_batch *out);
/* Forward, loss, d loss / d output. */
int32_t dpid_batch_forward(dpid_batch *batch);
/* Forward, then all gradients; those of parameters start at 0. */
int32_t dpid_batch_run(dpid_batch *batch);
/* Refuses a loss or gradients that are not finite, naming the probe and the layer. */
int32_t dpid_batch_check_finite(const dpid_batch *batch, const char *probe);
void dpid_batch_close(dpid_batch *batch);

/* The gradient of parameter i, where the optimiser finds it. */
void *dpid_parameter_gradient_at(const deepid_net *net, int32_t i);
int64_t dpid_value_count(const dpid_batch *batch, int32_t v); /* numbers of value v in the batch */

#endif
