/* The updates of each precision, and where their options stand. */
#ifndef DPID_TRAIN_UPDATE_H
#define DPID_TRAIN_UPDATE_H

#include "train/optimizer.h"

enum { DPID_SGD_MOMENTUM, DPID_SGD_NESTEROV, DPID_SGD_DECAY, DPID_SGD_DECAY_ALL };
enum { DPID_ADAM_BETA1, DPID_ADAM_BETA2, DPID_ADAM_EPS, DPID_ADAM_DECAY, DPID_ADAM_DECAY_ALL };

#define DPID_UPDATE_DECLARE(name)                        \
    void dpid_update_##name##_f32(const dpid_update *u); \
    void dpid_update_##name##_f64(const dpid_update *u); \
    void dpid_update_##name##_f80(const dpid_update *u);
DPID_UPDATE_DECLARE(sgd)
DPID_UPDATE_DECLARE(adam)
DPID_UPDATE_DECLARE(adamw)

#endif
