/* Parts of a batch side by side: every stage runs for all of them before the next one does, so that batch-norms can
   take the statistics of the whole batch. Each part has a plan of its own, for all keep their values until backward. */
#ifndef DPID_NET_LOCKSTEP_H
#define DPID_NET_LOCKSTEP_H

#include "net/net.h"

/* Samples first .. first + n - 1 of the batch. */
typedef struct {
    dpid_plan *plan; /* of dpid_lockstep_plan, for n samples or more */
    void *gradients; /* like net->gradients, overwritten */
    int64_t first, n;
    dpid_net_loss loss;
    void (*load)(void *arg); /* fills the net's input; loss.arg */
} dpid_lockstep_part;

/* The batch of `samples` has `shards` parts, each ceil or floor of their mean; those from `begin` on are here. */
typedef struct {
    int64_t samples, shards, begin, count;
    dpid_lockstep_part *part; /* count of them */
    const dpid_plan *plan;    /* one of the plans, which are all for as many samples: also where count is 0 */
    /* All parts' statistics of one batch-norm, [shards][2][c]: those of the parts that are here are filled in, and in
       the end all are. */
    int32_t (*share)(void *arg, double *statistics, int64_t width);
    void *arg;
    double *statistics; /* room for the widest batch-norm: dpid_lockstep_room numbers */
} dpid_lockstep;

int64_t dpid_lockstep_first(int64_t samples, int64_t shards, int64_t shard); /* its first sample */
int64_t dpid_lockstep_room(const deepid_net *net, int64_t shards);
/* A plan for training beside net->plan, for so many samples, of a net without recomputation; and its end. */
int32_t dpid_lockstep_plan(deepid_net *net, int64_t samples, dpid_plan **out);
void dpid_lockstep_drop(deepid_net *net, dpid_plan *plan);
/* Forward, loss and backward of all parts. What share returns ends it. */
int32_t dpid_lockstep_run(deepid_net *net, const dpid_lockstep *lockstep);
/* dpid_net_commit, of the forward of one part. */
void dpid_lockstep_commit(deepid_net *net, const dpid_lockstep_part *part);

#endif
