/* Which machine and which process this is, in words that other processes can compare with their own. */
#ifndef DPID_BASE_PLACE_H
#define DPID_BASE_PLACE_H

#include <stdint.h>

enum { DPID_HOST_MAX = 65, DPID_WORD_DIGITS = 16 };

typedef struct {
    char host[DPID_HOST_MAX]; /* the machine's name, without blanks; "?" where it has none */
    uint64_t boot;            /* of its name and of the system since it was started */
    /* Of equal words, who writes them sees the same processes by the same numbers. "?": /proc does not tell. */
    char processes[DPID_WORD_DIGITS + 1];
} dpid_place;
dpid_place dpid_place_here(void);

/* When a process began, in ticks since the machine did. DPID_PROCESS_ENDED: it has ended, and was not yet waited for.
   DPID_PROCESS_UNKNOWN: /proc does not tell. */
enum { DPID_PROCESS_UNKNOWN = -1, DPID_PROCESS_ENDED = -2 };
int64_t dpid_process_start(int64_t pid);

#endif
