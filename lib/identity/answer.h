/* An answer's inside. */
#ifndef DPID_IDENTITY_ANSWER_H
#define DPID_IDENTITY_ANSWER_H

#include "identity/identity.h"

struct deepid_identity {
    dpid_head head;
    int32_t status;
    int32_t dtype;
    dpid_domain domain; /* x and statistics already released */
    dpid_witness witness;
    deepid_net *block;                /* f64; NULL: no witness */
    dpid_measurement f32, f64, train; /* on the data or on drawn values; train: one batch, in dtype */
    dpid_price price;
    double stability;
    deepid_table *ulps, *parameters;
    char sentence[1024];
};

/* Writes status and sentence from what was measured. */
void dpid_answer_conclude(deepid_identity *answer, const dpid_measurement *probes, int64_t values);
const char *dpid_domain_word(dpid_domain_type type);

#endif
