/* Where every buffer of a net lies: one block of memory, places shared by what is never alive at the same time. */
#ifndef DPID_NET_PLAN_H
#define DPID_NET_PLAN_H

#include "net/fuse.h"
#include "net/net.h"

struct dpid_plan {
    int64_t batch; /* samples it is made for */
    bool train;
    bool whole; /* every value and gradient has a buffer: nothing is fused */
    dpid_arena arena; /* the lists */
    dpid_fusion fusion;
    char *memory;
    int64_t bytes;
    int64_t *value;    /* byte offset of each value; -1 where there is none */
    int64_t *gradient; /* and of its gradient; -1 where there is none */
    int64_t *saved;    /* of each layer */
    int64_t *parts;    /* of each layer: sums over pictures of a fused batch-norm; -1 */
    int64_t joined;    /* a second gradient on its way into a sum */
    void *scratch;     /* for this many workers */
    int64_t scratch_reals;
    int32_t workers;
};

void dpid_plan_destroy(deepid_net *net);
/* A value's and a gradient's buffer, NULL where there is none. */
void *dpid_plan_value(const deepid_net *net, int32_t v);
void *dpid_plan_gradient(const deepid_net *net, int32_t v);
/* What step t, a layer, gets: all but gradients; then those of its parameters too. */
dpid_pass dpid_plan_pass(const deepid_net *net, int32_t t, dpid_mode mode, int64_t n);
void dpid_plan_add_gradients(const deepid_net *net, int32_t t, dpid_pass *pass);
/* d loss / d skip of join t (+)= s dout */
void dpid_plan_skip_gradient(const deepid_net *net, int32_t t, const void *dout, int64_t n);
/* Steps whose role is not plain. */
void dpid_fused_forward(const deepid_net *net, int32_t t, dpid_mode mode, int64_t n);
void dpid_fused_backward(const deepid_net *net, int32_t t, dpid_mode mode, int64_t n, bool want_input);
/* Larger scratch when the context has got more threads since. */
int32_t dpid_plan_fit_threads(deepid_net *net);

#endif
