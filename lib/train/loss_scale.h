/* Loss scaling (Micikevicius et al. 2018, arXiv:1710.03740, section 3.2): the loss's gradient times a scale on its way
   back, so that small ones are not lost in the format; divided out before the update. */
#ifndef DPID_TRAIN_LOSS_SCALE_H
#define DPID_TRAIN_LOSS_SCALE_H

#include "base/base.h"

enum { DPID_SCALE_START = 0, DPID_SCALE_GROWTH, DPID_SCALE_BACKOFF, DPID_SCALE_INTERVAL }; /* options */

typedef struct {
    const char *word, *help;
    const dpid_option *options;
    bool dynamic; /* a step whose gradient is not finite is skipped, and the scale adapts */
} dpid_loss_scaling;
/* none, static, dynamic */
extern const dpid_set dpid_loss_scalings;

typedef struct {
    const dpid_loss_scaling *how;
    dpid_value option[DPID_OPTIONS_MAX];
    double scale;            /* of the next step */
    int64_t finite, skipped; /* steps since the scale changed; all that were skipped */
} dpid_loss_scale;

int32_t dpid_loss_scale_read(deepid_ctx *ctx, const char *text, dpid_loss_scale *out);
/* After a step of dynamic scaling, as torch.amp.GradScaler.update. False: so small that no scale will do. */
bool dpid_loss_scale_adapt(dpid_loss_scale *s, bool finite);

#endif
