/* Threads: a region is a fixed number of tasks that do not know the thread count; threads take tickets. */
#ifndef DPID_BASE_POOL_H
#define DPID_BASE_POOL_H

#include "base/context.h"

/* worker 0 is the calling thread; worker < dpid_pool_workers(pool). */
typedef void (*dpid_task_fn)(void *arg, int64_t task, int32_t worker);

/* Run fn for task 0..tasks-1, in any order, and return when all are done. pool may be NULL: then all run here, in
   order. A region inside a region runs in the thread of its task, with that task's worker number. */
void dpid_pool_run(dpid_pool *pool, int64_t tasks, dpid_task_fn fn, void *arg);
int32_t dpid_pool_workers(const dpid_pool *pool); /* 1 for NULL */
int32_t dpid_pool_create(deepid_ctx *ctx, int32_t threads, dpid_pool **out);
void dpid_pool_destroy(dpid_pool *pool);
/* CPUs that this process may use (affinity, cgroup quota), at least 1. */
int32_t dpid_cpu_count(void);

#endif
