/* One stage at a time: what run.c walks over, for who walks otherwise (lockstep.c). */
#ifndef DPID_NET_RUN_H
#define DPID_NET_RUN_H

#include "net/fusion.h"

/* Before the first stage: DEEPID_ERR_SHAPE from a kind that cannot train on n samples. */
int32_t dpid_run_start(deepid_net *net, dpid_mode mode, int64_t n);
void dpid_run_forward_stage(deepid_net *net, int32_t i, dpid_mode mode, int64_t n);
/* Not of a segment that was given away. */
void dpid_run_backward_stage(const dpid_stage_call *call, int32_t i);

#endif
