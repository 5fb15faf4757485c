/* Deepening: what was asked for, and the ways of filling the added blocks. */
#ifndef DPID_IDENTITY_DEEPEN_H
#define DPID_IDENTITY_DEEPEN_H

#include <deepid/deepen.h>

#include "data/data.h"
#include "identity/identity.h"
#include "identity/deepen/splice.h"

enum { DPID_PLACE_HERE, DPID_PLACE_EARLY, DPID_PLACE_LATE, DPID_PLACE_SPREAD };

typedef struct {
    const deepid_net *net;
    const deepid_dataset *data; /* NULL: whatever the layers in front can give */
    const char *block;          /* as it was typed */
    int64_t where, count;
    dpid_value *option;
    dpid_arena arena;
    deepid_net *unit;   /* one block, f64, for the shape at the places */
    int64_t *places;    /* blocks to be added at each place, 0 to blocks of net */
    deepid_net *longer; /* what comes out */
    const bool *added;  /* which blocks of longer are new */
} dpid_deepen;

/* A way to fill: a word, its options (the first is always place), and what it does. */
typedef struct {
    const char *word, *help;
    const dpid_option *options;
    int32_t (*fill)(dpid_deepen *d);
} dpid_filling;
/* The ways, one line each; each is dpid_filling_<word>. */
#define DPID_FILLINGS(X)                                                                                               \
    X(witness)                                                                                                         \
    X(zero_branch)                                                                                                     \
    X(random)
#define DPID_FILLING_DECLARE(word) extern const dpid_filling dpid_filling_##word;
DPID_FILLINGS(DPID_FILLING_DECLARE)
#define DPID_PLACE_OPTION                                                                                              \
    {                                                                                                                  \
        "place", DPID_CHOICE, 0, 0, 0, "here|early|late|spread", false,                                                \
            "here: as `where` says; early, late: the first or last place that the block fits; spread: all of them"     \
    }

/* Splice, with a start for the new blocks; init NULL: start values. */
int32_t dpid_deepen_splice(dpid_deepen *d, const char *init, uint64_t seed);
/* The layers of to from `first` on are those of unit, in order: they get its parameters and states, rounded to to's
   precision. */
void dpid_unit_install(const deepid_net *unit, deepid_net *to, int32_t first);
/* Copies the unit's parameters into each added block of this place. */
void dpid_deepen_install(dpid_deepen *d, int64_t place);

/* What can flow: samples [n, count] of value v in double, from the data (all, or as many as fit, evenly) or,
   without, drawn from the range that the layers in front can give. */
typedef struct {
    double low, high; /* of all samples; without data of the range, and maybe infinite */
    int64_t n, count;
    double *x;
} dpid_flow;
int32_t dpid_flow_at(const deepid_net *net, const deepid_dataset *data, int32_t value, dpid_arena *arena,
                     dpid_flow *out);
/* Runs block on the samples in a precision: largest |y - x|; *equal: same bits. DEEPID_ERR_NUMERIC where an output
   is not finite. */
int32_t dpid_block_error(const deepid_net *block, dpid_precision precision, const dpid_flow *flow, double *error,
                         bool *equal);
/* By the layers in front: R^n, [0, inf) or a box; by the samples kept, in the box of all of them
   (dpid_domain_release). */
dpid_domain dpid_flow_domain(const dpid_flow *flow);
int32_t dpid_flow_domain_by_data(deepid_ctx *ctx, const dpid_flow *flow, const dpid_shape *shape, dpid_domain *out);
/* The construction, and what it promises looked at on the flow before it is used: DEEPID_ERR_NUMERIC where it is not
   kept. N is DEEPID_OK. text: the block, for that sentence. */
int32_t dpid_witness_make(deepid_net *unit, const char *text, const dpid_flow *flow, const dpid_domain *domain,
                          const dpid_identity_options *options, dpid_witness *out);
/* The range of value v by what its layers can give at all. */
int32_t dpid_value_range(const deepid_net *net, int32_t value, double *low, double *high);

#endif
