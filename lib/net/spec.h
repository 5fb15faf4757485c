/* The text of a net as a tree: a list of items; a block is an item with a list of its own. */
#ifndef DPID_NET_SPEC_H
#define DPID_NET_SPEC_H

#include "net/net.h"

enum { DPID_SHORTCUT_IDENTITY, DPID_SHORTCUT_A, DPID_SHORTCUT_B, DPID_SHORTCUT_C };
/* What a projection of B and C consists of; usual: no bias, a batch-norm where the branch has one. */
enum { DPID_PROJECTION_USUAL, DPID_PROJECTION_BARE, DPID_PROJECTION_BIAS, DPID_PROJECTION_BATCHNORM };
#define DPID_PROJECTIONS "usual|bare|bias|batchnorm"

typedef struct dpid_item dpid_item;
struct dpid_item {
    dpid_item *next;
    dpid_span where;       /* the item's word, for messages */
    const dpid_kind *kind; /* a layer, */
    dpid_span options;     /* its options; */
    int32_t variant;       /* or a block: row of the table, */
    int64_t count;         /* how many times, */
    double s, gate;        /* gate: of a variant that has one, the bias that it starts with */
    int64_t shortcut, projection;
    const char *norm, *after; /* layer words, or NULL for none */
    dpid_item *body;
};

typedef struct {
    dpid_shape input;
    bool exact;        /* of the input item: no Winograd in the net's convolutions, */
    int64_t recompute; /* blocks of a segment, */
    bool frozen;       /* and whether batch-norms of projections are folded away, evaluation only */
    dpid_storage storage;
    dpid_item *items;
} dpid_spec;

/* All in arena; text is copied there. DEEPID_ERR_SPEC with line and column. */
int32_t dpid_spec_parse(dpid_arena *arena, const char *text, dpid_spec *out);
/* The layer's options with another number for one of them. */
int32_t dpid_item_set(dpid_arena *arena, dpid_item *item, const char *key, double number);
/* The canonical text: what parses to the same again. */
void dpid_spec_print(dpid_string *s, const dpid_spec *spec);

#endif
