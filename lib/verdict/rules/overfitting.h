/* What the files of the rule of overfitting share. */
#ifndef DPID_VERDICT_RULES_OVERFITTING_H
#define DPID_VERDICT_RULES_OVERFITTING_H

#include "verdict/rules.h"

/* One scale of validation: its loss, or the share of wrong classes. */
typedef struct {
    dpid_series deep, shallow;
    double median_d, median_s;
    dpid_contrast harm, gap; /* D_val, G */
    dpid_contrast matched;   /* D less S at the same training loss; n = 0: there are no curves */
    dpid_contrast beyond;    /* that, less half of D_val */
    double margin;
    bool found; /* validation is worse, and no worse fit is to blame */
} dpid_validation_scale;

/* matched and beyond of both scales, loss then error; level: the median over seeds of that training loss */
int32_t dpid_match_fits(const dpid_judge *j, dpid_validation_scale scale[2], double *level);

/* The same net trained otherwise, that fits as well and validates better. */
typedef struct {
    const dpid_arm_evidence *arm; /* NULL: none does */
    bool half;                    /* surely by more than half of the harm */
    bool by_error;                /* on which scale */
    dpid_contrast better;         /* D less arm, on it */
    double train, valid;          /* medians: training loss, and on the scale */
} dpid_retrained;

int32_t dpid_retrained_best(const dpid_judge *j, const dpid_validation_scale scale[2], dpid_retrained *out);

#endif
