/* Embedding: a trained shallow net inside a given deep one. Layers that both have take the trained weights; added
   layers become the identity, or there is a reason why they cannot. */
#ifndef DPID_IDENTITY_EMBED_H
#define DPID_IDENTITY_EMBED_H

#include "data/data.h"
#include "identity/identity.h"

/* What was found, the weakest of all added layers. */
typedef struct {
    bool nested; /* the deep net's text contains the shallow one's, layer by layer */
    /* DEEPID_IDENTITY_E, A, F (by construction; whether every bit is the same is for a certificate to measure) or N;
       0 when not nested */
    int32_t status;
    int32_t reason;           /* why N */
    bool proved;              /* N: a theorem stands behind it */
    const char *theorem;      /* "T1"; static; NULL: none */
    const char *construction; /* static; NULL: none */
    int64_t blocks, layers;   /* added */
    char sentence[512];
} dpid_embedding;

typedef enum {
    /* weights for evaluation: batch-norms with unit statistics, exact to the bit where that can be */
    DPID_EMBED_EVALUATION = 1,
    /* weights from which training goes on: batch-norms with the statistics of the data, so training mode is near the
       identity too */
    DPID_EMBED_TRAINING
} dpid_embed_for;

/* The texts are compared item by item; a repeated block is as many items. The shallow net's items must occur in the
   deep net in the same order. Each is matched with the first equal item behind the last match; all others are added.
   Added layers that are not in a block count as one block, up to the next matched item. *out: the deep net in shallow's
   dtype and mode; NULL when found says why there is none (which is DEEPID_OK). DEEPID_ERR_SPEC, DEEPID_ERR_SHAPE:
   deep_text is no net, or takes other samples. Cost: a few forwards of shallow over data, and a construction for each
   run of equal blocks. */
int32_t dpid_embed(const deepid_net *shallow, const char *deep_text, const deepid_dataset *data,
                   dpid_embed_for what_for, dpid_embedding *found, deepid_net **out);

#endif
