/* Memory whose ends are watched: every block lies between two pages that nobody may touch, at the one or at the
   other. One byte too far is a fault of the processor, and who it happened to is told by the sentence that stood in
   guard_where. */
#ifndef DPID_TESTS_GUARD_H
#define DPID_TESTS_GUARD_H

#include "support/support.h"

enum { GUARD_WHERE = 8192 };
extern char guard_where[GUARD_WHERE]; /* printed when the process crashes */

/* Printing it begins here, and what was told of crashes before goes on to be. */
void guard_watch_crashes(void);

/* For deepid_ctx_create_with_allocator. user: a bool that says whether blocks begin behind the page before them
   (true) or end at the page behind them (false). Fresh memory is poisoned. */
void *guard_take(void *user, uint64_t bytes, uint64_t alignment);
void guard_give(void *user, void *memory, uint64_t bytes);

/* Bytes that are NaN in every precision, and -1 as a number. */
void poison(void *memory, int64_t bytes);

#endif
