/* What a certificate holds: two nets, and how far apart they are in each precision and mode. */
#ifndef DPID_IDENTITY_CERTIFICATE_H
#define DPID_IDENTITY_CERTIFICATE_H

#include <deepid/certificate.h>

#include "data/data.h"
#include "net/net.h"

enum { DPID_SHALLOW, DPID_DEEP, DPID_PAIR };
enum { DPID_MODES = 2, DPID_CERTIFIED = 2 }; /* modes; precisions f32 and f64 */

/* Both nets on all samples. Written to files by name, so the order may change and the names may not. */
typedef struct {
    double difference, difference_rms; /* of the logits: largest, root mean square */
    double bound;                      /* on the difference of the losses */
    double loss[DPID_PAIR];
    double equal; /* 1: every logit has the same bits */
} dpid_comparison;

/* The numbers of a comparison, one after the other, with their names. NULL past the end. */
double *dpid_comparison_number(dpid_comparison *c, int32_t i, const char **name);

/* Nets of one precision; mode as dpid_mode; batches of the default size. DEEPID_ERR_NUMERIC names the net and the
   sample. A batch too small for batch statistics: all numbers NaN. */
int32_t dpid_compare(deepid_net *const *pair, const deepid_dataset *data, const char *loss, dpid_mode mode,
                     dpid_comparison *out);

/* DEEPID_ERR_NUMERIC for a parameter that is not finite, DEEPID_ERR_STATE when all weights are 0: what: "the shallow
   net". */
int32_t dpid_check_weights(const deepid_net *net, const char *what);
/* DEEPID_ERR_SHAPE, DEEPID_ERR_ARGUMENT: the samples are not what the net takes. */
int32_t dpid_check_samples(const deepid_net *net, const deepid_dataset *data, const char *who);
/* Some layer computes something else in training. */
bool dpid_net_has_modes(const deepid_net *net);
const dpid_shape *dpid_net_output_shape(const deepid_net *net);
/* A copy that runs without Winograd: a delta kernel returns its input bit for bit. */
int32_t dpid_net_exact_clone(const deepid_net *net, dpid_precision precision, deepid_net **out);
/* Text, parameters and states. */
uint64_t dpid_net_hash(const deepid_net *net);

struct deepid_certificate {
    dpid_head head;
    deepid_net *net[DPID_PAIR]; /* copies */
    int64_t samples, classes;   /* classes 0: targets */
    uint64_t data_hash;
    bool trains; /* training mode differs from evaluation */
    dpid_comparison number[DPID_CERTIFIED][DPID_MODES];
    char *sentence;
};

#endif
