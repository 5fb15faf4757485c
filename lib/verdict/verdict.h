/* A verdict's inside: one finding a hypothesis. rules/<name>.c fills it. */
#ifndef DPID_VERDICT_VERDICT_H
#define DPID_VERDICT_VERDICT_H

#include "verdict/evidence.h"

enum {
    DPID_BUG,
    DPID_REPRESENTATION,
    DPID_SOLVER,
    DPID_BUDGET,
    DPID_CONDITIONING,
    DPID_OPTIMISER,
    DPID_OBJECTIVE,
    DPID_ROUNDING,
    DPID_RANGE,
    DPID_OVERFITTING,
    DPID_HYPOTHESES
};

/* From weakest to strongest, so that the best member of a set is the largest. */
typedef enum {
    DPID_NOT_APPLICABLE,
    DPID_REFUTED,
    DPID_UNDECIDED,
    DPID_CONTRIBUTES,
    DPID_CONFIRMED
} dpid_verdict_status;

enum { DPID_NUMBERS_MAX = 48, DPID_REMEDIES_MAX = 32 };

typedef struct {
    const char *name; /* in the verdict's arena, or a constant */
    double value;
} dpid_named_number;

/* An estimate with its interval. */
typedef struct {
    double value, low, high;
} dpid_estimate;

typedef struct {
    dpid_verdict_status status;
    const char *rule;                 /* a constant */
    char *arm, *sentence, *to_settle; /* in the arena; NULL: "" */
    dpid_estimate effect, share;
    dpid_named_number number[DPID_NUMBERS_MAX];
    int32_t numbers;
} dpid_finding;

typedef struct {
    char *arm;
    dpid_estimate share;
} dpid_remedy;

struct deepid_verdict {
    dpid_head head;
    dpid_arena arena;
    dpid_finding finding[DPID_HYPOTHESES];
    dpid_remedy remedy[DPID_REMEDIES_MAX];
    int32_t remedies;
    char *answer, *scope;
    char *text[2]; /* plain, coloured */
};

const char *dpid_hypothesis_word(int32_t hypothesis);
const char *dpid_status_word(dpid_verdict_status status);

#endif
