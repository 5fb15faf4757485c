/* The optimisers' updates, one for each precision and instruction set; and the places of their options. */
#ifndef DPID_TRAIN_UPDATE_H
#define DPID_TRAIN_UPDATE_H

#include "train/optimizer.h"

enum { DPID_SGD_MOMENTUM, DPID_SGD_NESTEROV, DPID_SGD_DECAY, DPID_SGD_DECAY_ALL };
enum { DPID_ADAM_BETA1, DPID_ADAM_BETA2, DPID_ADAM_EPS, DPID_ADAM_DECAY, DPID_ADAM_DECAY_ALL };
enum { DPID_RMSPROP_ALPHA, DPID_RMSPROP_EPS, DPID_RMSPROP_MOMENTUM, DPID_RMSPROP_DECAY, DPID_RMSPROP_DECAY_ALL };

#define DPID_UPDATE_DECLARE(suffix, real)                                                                              \
    void dpid_update_sgd_##suffix(const dpid_update *u);                                                               \
    void dpid_update_adam_##suffix(const dpid_update *u);                                                              \
    void dpid_update_adamw_##suffix(const dpid_update *u);                                                             \
    void dpid_update_rmsprop_##suffix(const dpid_update *u);
DPID_ISA_EACH(DPID_UPDATE_DECLARE)

#endif
