/* One search for a chain's witness: what is wanted, the code at the place that the walk has reached, what was found. */
#ifndef DPID_IDENTITY_SEARCH_H
#define DPID_IDENTITY_SEARCH_H

#include "identity/witness/chain.h"

typedef struct {
    const dpid_chain *chain;
    const dpid_domain *domain;
    const dpid_identity_options *options;
    dpid_arena *arena;
    dpid_writing writing;
    dpid_code code;
    double gain;                       /* what the chain is to give: gain x */
    int32_t first_linear, last_linear; /* parts; -1: none */
    int32_t first_move;                /* constructions before this one are not tried (direct always) */
    int32_t curved;
    bool joins;
    dpid_witness *witness;
    int32_t worst; /* the last construction, in their order, that was used */
} dpid_search;

/* Walks the chain and writes weights; false: some activation has no construction that fits. */
bool dpid_search_solve(dpid_search *s);
/* Are there biases that can subtract the data's mean in front, and add it behind? */
bool dpid_search_centred(const dpid_search *s);
/* Activations that are not lines; the first or last linear part, -1: none. */
int32_t dpid_search_curved(const dpid_chain *chain);
int32_t dpid_search_linear(const dpid_chain *chain, bool first);

#endif
