/* Threads. A region of work is a fixed number of tasks, which do not know how many threads there are; threads take them
   by tickets. So bits do not depend on the number of threads. */
#ifndef DPID_BASE_POOL_H
#define DPID_BASE_POOL_H

#include "base/context.h"

/* worker 0 is the calling thread; worker < dpid_pool_workers(pool). */
typedef void (*dpid_task_fn)(void *arg, int64_t task, int32_t worker);

/* Runs fn for task 0..tasks-1, in any order, and returns when all are done. With pool NULL all run here, in order. A
   region that a task starts runs in that task's thread, with its worker number. */
void dpid_pool_run(dpid_pool *pool, int64_t tasks, dpid_task_fn fn, void *arg);
int32_t dpid_pool_workers(const dpid_pool *pool); /* 1 for NULL */
int32_t dpid_pool_create(deepid_ctx *ctx, int32_t threads, dpid_pool **out);
void dpid_pool_destroy(dpid_pool *pool);

/* CPUs that this process may use, by its affinity and its control groups; 1 to 1024. In cpus.c, as the next one. */
int32_t dpid_cpu_count(void);
/* By the control groups alone. root: "" for this system's files; a folder that has proc/ and sys/ for others. */
int32_t dpid_cgroup_cpus(const char *root);

#endif
