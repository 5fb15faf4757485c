/* Stages: stretches of steps that run together. A plan cuts the list of steps into stages; forward walks them,
   backward walks them from the end. To add a type: one file stage_<word>.c and one line in stage.c, before the types
   that shall take less. */
#ifndef DPID_NET_STAGE_H
#define DPID_NET_STAGE_H

#include "net/net.h"

typedef struct dpid_stage_type dpid_stage_type;

typedef struct {
    const dpid_stage_type *type;
    int32_t first, count; /* steps first .. first + count - 1 */
    const void *own;      /* what the type's `make` left */
} dpid_stage;

/* One forward or backward of a stage. All gradients of what a stage gives are complete when its backward starts; it
   gives those of what its steps read. */
typedef struct {
    deepid_net *net;
    const dpid_stage *stage;
    dpid_mode mode;
    int64_t n;
    bool want_input; /* backward: the gradient of the net's input too */
    bool anew;       /* backward: what stands in the parameters' gradients counts as zero */
} dpid_stage_run;

/* Step by step, when values and gradients are needed: gradients when the way back comes by. */
typedef struct dpid_lifetimes dpid_lifetimes;
void dpid_use_value(const dpid_lifetimes *l, int32_t v, int32_t step);
void dpid_use_gradient(const dpid_lifetimes *l, int32_t v, int32_t step);

struct dpid_stage_type {
    const char *word;
    /* How many steps from `first` on it runs as one stage; 0: none of it. Fewer of them have to do as well: a stage
       ends where a segment ends. The plan's batch, train, whole and fusion are known, places are not. */
    int32_t (*take)(const deepid_net *net, const dpid_plan *plan, int32_t first);
    /* Lists of its own in the plan's arena; values and gradients that it can do without may be struck from
       plan->fusion. NULL: nothing. */
    int32_t (*make)(const deepid_net *net, dpid_plan *plan, dpid_stage *stage);
    /* backward knows `anew`; others find their gradients cleared */
    bool knows_anew;
    /* After a backward anew: sums of squares of pieces of its parameters' gradients, taken while they were at hand,
       those of the last layer first, and where all of those parameters lie. The pieces are the same ones wherever
       stages are cut. Returns their number; 0: none is known. NULL: the same. */
    int32_t (*squares)(const deepid_net *net, const dpid_stage *stage, const double **pieces, int64_t *first,
                       int64_t *end);
    /* Which values and gradients it needs, and when. NULL: all that its steps touch, from its first step to its
       last. */
    void (*use)(const deepid_net *net, const dpid_plan *plan, const dpid_stage *stage, const dpid_lifetimes *lifetimes);
    /* Reals of scratch for forward or backward (the larger) of n samples with this many workers. NULL: none. */
    int64_t (*scratch)(const deepid_net *net, const dpid_stage *stage, int64_t n, int32_t workers);
    void (*forward)(const dpid_stage_run *run);
    void (*backward)(const dpid_stage_run *run);
    /* Of the last stage: forward, `turn`, backward in one, so that samples can turn back while they are in the
       cache. NULL: one after the other, over the whole batch. */
    void (*turn)(const dpid_stage_run *run, const dpid_turn *turn);
};

extern const dpid_stage_type dpid_stage_frozen; /* all steps of a frozen net */
extern const dpid_stage_type dpid_stage_fused;  /* one step that is fused into convolutions, or is one */
/* small dense layers with what stands between them, by chunks of samples */
extern const dpid_stage_type dpid_stage_stretch;
extern const dpid_stage_type dpid_stage_step; /* one step, over the whole batch */

/* The stages of a net: at most net->steps of them. Returns their number. */
int32_t dpid_stages_find(const deepid_net *net, const dpid_plan *plan, dpid_stage *stages);
int64_t dpid_stage_scratch(const deepid_net *net, const dpid_stage *stage, int64_t n, int32_t workers);

/* ---- what stages are made of ------------------------------------------------------- */

/* NULL where a value or gradient has no buffer. */
void *dpid_value_at(const deepid_net *net, int32_t v);
void *dpid_gradient_at(const deepid_net *net, int32_t v);
int64_t dpid_value_reals(const deepid_net *net, int32_t v, int64_t n);
/* y += x, n reals. */
void dpid_add_values(const deepid_net *net, void *y, const void *x, int64_t n);
const dpid_kernels *dpid_kernels_of(const deepid_net *net, const dpid_step *step);
/* What a layer's kernels get, over the whole batch; its parameters' gradients; and the same with dy, dx and those.
   dx goes to `joined` when somebody behind has written the gradient already. */
dpid_pass dpid_pass_of(const deepid_net *net, const dpid_step *step, dpid_mode mode, int64_t n);
void dpid_add_parameter_gradients(const deepid_net *net, const dpid_layer *layer, dpid_pass *pass);
dpid_pass dpid_backward_pass_of(const deepid_net *net, int32_t t, dpid_mode mode, int64_t n, bool want_input);
/* Whether all is finite that the batch-norm at step t, which is fused into convolutions, gave in the last forward:
   worked out again, for it stands nowhere. */
bool dpid_fused_norm_is_finite(const deepid_net *net, int32_t t, int64_t n);

#endif
