/* Probes: a word, its options, and a function that fills a table from a net of its own (a clone that may be run and changed). */
#ifndef DPID_INSPECT_PROBE_H
#define DPID_INSPECT_PROBE_H

#include <deepid/inspect.h>

#include "data/data.h"
#include "net/net.h"

typedef struct {
    deepid_net *net; /* a clone, prepared for training with all gradients kept; forward and backward of one batch have run */
    const deepid_dataset *data;
    const dpid_value *option;
    int64_t n; /* samples of the batch */
    deepid_table *table;
} dpid_probe_run;

typedef struct {
    const char *word, *help, *heading, *columns;
    const dpid_option *options; /* the first is always samples */
    int32_t (*fill)(dpid_probe_run *run);
} dpid_probe;

extern const dpid_probe dpid_probe_signal, dpid_probe_gradient_norm, dpid_probe_response;
#define DPID_PROBE_SAMPLES {"samples", DPID_INT, 256, 1, 1 << 20, NULL, false, "size of the batch looked at"}

#endif
