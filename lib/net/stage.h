/* Stages: stretches of steps that run together. A plan cuts the list of steps into stages; forward walks them, backward walks them from the end.
   To add a type: one file stage_<word>.c and one line in stage.c, before the types that shall take less. */
#ifndef DPID_NET_STAGE_H
#define DPID_NET_STAGE_H

#include "net/net.h"

typedef struct dpid_stage_type dpid_stage_type;

typedef struct {
    const dpid_stage_type *type;
    int32_t first, count; /* steps first .. first + count - 1 */
} dpid_stage;

/* One forward or backward of a stage. All gradients of what a stage gives are complete when its backward starts; it gives those of what its steps read. */
typedef struct {
    deepid_net *net;
    const dpid_stage *stage;
    dpid_mode mode;
    int64_t n;
    bool want_input; /* backward: the gradient of the net's input too */
} dpid_stage_run;

struct dpid_stage_type {
    const char *word;
    /* How many steps from `first` on it runs as one stage; 0: none of it. The plan's batch, train and keep_gradients are known, places are not. */
    int32_t (*take)(const deepid_net *net, const dpid_plan *plan, int32_t first);
    /* Reals of scratch for forward or backward (the larger) of n samples with this many workers. NULL: none. */
    int64_t (*scratch)(const deepid_net *net, const dpid_stage *stage, int64_t n, int32_t workers);
    void (*forward)(const dpid_stage_run *run);
    void (*backward)(const dpid_stage_run *run);
};

extern const dpid_stage_type dpid_stage_step; /* one step, over the whole batch */

/* The stages of a net: at most net->steps of them. Returns their number. */
int32_t dpid_stages_find(const deepid_net *net, const dpid_plan *plan, dpid_stage *stages);
int64_t dpid_stage_scratch(const deepid_net *net, const dpid_stage *stage, int64_t n, int32_t workers);

/* ---- what stages are made of ------------------------------------------------------- */

void *dpid_value_at(const deepid_net *net, int32_t v);
void *dpid_gradient_at(const deepid_net *net, int32_t v);
int64_t dpid_value_reals(const deepid_net *net, int32_t v, int64_t n);
const dpid_kernels *dpid_kernels_of(const deepid_net *net, const dpid_step *step);
/* What a layer's kernels get, over the whole batch; and the same with dy, dx and parameter gradients. dx goes to `joined` when somebody behind has written the gradient already. */
dpid_pass dpid_pass_of(const deepid_net *net, const dpid_step *step, dpid_mode mode, int64_t n);
dpid_pass dpid_backward_pass_of(const deepid_net *net, int32_t t, dpid_mode mode, int64_t n, bool want_input);

#endif
