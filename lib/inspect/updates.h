/* Updates that do nothing: of the optimiser's step, those that leave a weight as it was. */
#ifndef DPID_INSPECT_UPDATES_H
#define DPID_INSPECT_UPDATES_H

#include "inspect/batch.h"

typedef struct {
    const char *optimizer; /* as deepid_trainer_set_optimizer takes it */
    double rate;           /* 0: the optimiser's own */
    double clip;           /* of the gradient's norm; 0: none */
} dpid_update_recipe;

/* Of updates that are not 0: how many there are, and how many leave the weight as it was. */
typedef struct {
    int64_t updates, lost;
} dpid_update_count;

/* The optimiser's first step along the gradient in the batch's net, and the rounding of weights that are kept in their
   format; the net has its new weights afterwards. of: a count for each parameter. No step is made, and nothing counted,
   where the gradient is not finite, as in training, and by L-BFGS, which has steps of its own. */
int32_t dpid_updates_count(dpid_batch *batch, const dpid_update_recipe *recipe, dpid_update_count *of);

#endif
