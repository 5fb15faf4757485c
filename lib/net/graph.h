/* The graph of a net: who makes and who reads each value, and which steps follow each other as a chain. Whatever plans
   a net asks here. Makers and readers stand with the values (dpid_value_info). */
#ifndef DPID_NET_GRAPH_H
#define DPID_NET_GRAPH_H

#include "net/net.h"
#include "ops/picture.h"

/* Fills the makers and readers of all values; once, when the steps are known. */
void dpid_graph_find(deepid_net *net);

/* The value that the net gives. */
int32_t dpid_graph_output(const deepid_net *net);
/* The step that alone reads v. -1: several do, or the caller does, because it is the output. */
int32_t dpid_graph_only_reader(const deepid_net *net, int32_t v);
/* Does no step behind t read its input (of a join: its skip)? The gradient of a value with two readers comes in two
   parts. On the way back the reader that stands last writes, the other adds. */
bool dpid_graph_reads_last(const deepid_net *net, int32_t t);

/* ---- kinds of steps ------------------------------------------------------------------ */

const dpid_op *dpid_step_op(const deepid_net *net, int32_t t); /* NULL: a join has none */
bool dpid_step_is_join(const deepid_net *net, int32_t t);
bool dpid_step_is_conv(const deepid_net *net, int32_t t);
bool dpid_step_is_norm(const deepid_net *net, int32_t t); /* a batch-norm */
bool dpid_step_is_dense(const deepid_net *net, int32_t t);
bool dpid_step_is_pad(const deepid_net *net, int32_t t); /* the shortcut without parameters */
bool dpid_step_is_relu(const deepid_net *net, int32_t t);
/* relu or leaky_relu; and which one */
bool dpid_step_is_kink(const deepid_net *net, int32_t t);
dpid_kink dpid_step_kink(const deepid_net *net, int32_t t);

/* ---- chains ----------------------------------------------------------------------------- */

enum { DPID_LINKS_MAX = 4 };

/* What steps a chain has, in their order. Each reads what the one before it gives (a join: as its branch), and
   nobody else reads that. */
typedef struct {
    struct {
        bool (*is)(const deepid_net *net, int32_t t);
        bool optional;
    } link[DPID_LINKS_MAX]; /* is NULL: the end */
    bool adjacent;          /* no other step stands between them */
} dpid_pattern;

typedef struct {
    int32_t step[DPID_LINKS_MAX]; /* of each link; -1: it is left out */
    int32_t last;                 /* the last step */
} dpid_chain;

/* The longest chain of this pattern that begins at step t and ends before step `limit`. False: there is none. */
bool dpid_chain_find(const deepid_net *net, const dpid_pattern *pattern, int32_t t, int32_t limit, dpid_chain *out);

#endif
