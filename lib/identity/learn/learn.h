/* What can be learnt, beside what can be represented: fitting the identity, coming back to a witness. */
#ifndef DPID_IDENTITY_LEARN_H
#define DPID_IDENTITY_LEARN_H

#include <deepid/basin.h>
#include <deepid/fit.h>

#include "train/trainer.h"

/* A copy of the net whose batch-norm has the population statistics of data: what is looked at. */
int32_t dpid_net_settled(const deepid_net *net, const deepid_dataset *data, deepid_net **out);

struct deepid_fit {
    dpid_head head;
    deepid_table *curve;
    double rms, max, tolerance;
    int64_t reached, steps; /* first look below the tolerance, -1: none; steps done */
    bool diverged;
    char *sentence;
};

struct deepid_basin {
    dpid_head head;
    deepid_table *table;
    double radius, low, high; /* median, smallest, largest over the seeds */
    char *sentence;
};

#endif
