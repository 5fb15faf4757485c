/* The registries of a study, arms (arm.c) and probes (probes.c). A row says all that there is to know of one; how arms
   are called and shown: verdict/arms.h. */
#ifndef DPID_STUDY_REGISTRY_H
#define DPID_STUDY_REGISTRY_H

#include <deepid/study.h>

#include "base/base.h"
#include "evidence/evidence.h"

/* ---- arms ----------------------------------------------------------------------------------- */

typedef enum { DPID_ARM_SHALLOW, DPID_ARM_DEEP, DPID_ARM_TWIN, DPID_ARM_ADDED } dpid_arm_net;

/* Up to QUESTION: S and D, which every budget buys. Up to DECISION: what has to be there before anything else is
   bought. TUNING and PROBES: what a budget buys between the arms. */
enum {
    DPID_PRIORITY_QUESTION = 2,
    DPID_PRIORITY_DECISION = 4,
    DPID_PRIORITY_TUNING = 11,
    DPID_PRIORITY_PROBES = 13,
    DPID_PRIORITIES = 15
};

/* What the fields of a row cannot say: it sets the arm's text and optimiser. reason: why it is no way for this net and
   recipe; NULL: it is one. */
struct dpid_study_arm;
typedef int32_t dpid_arm_change(deepid_study *study, struct dpid_study_arm *arm, const char **reason);

/* A row of the registry, arm.c. To add an arm is to add a row. */
typedef struct {
    const char *word, *help;
    int32_t
        priority; /* at which a budget buys it, 1 .. DPID_PRIORITIES; those of one priority in the order of the rows */
    dpid_arm_net net;
    double skip;                  /* of the twin */
    const char *init, *optimizer; /* NULL: the recipe's */
    double steps;                 /* times the recipe's; 0: not trained */
    double rate;                  /* times the rate of rate_of */
    int32_t dtype;                /* 0: the recipe's */
    const char *storage;          /* of the net's numbers (deepid_net_set_storage); NULL: the recipe's */
    const char *loss_scale;       /* NULL: the recipe's */
    const char *parent;           /* the arm whose trained net it starts from; NULL: from init */
    bool embeds;                  /* from the deep net that contains the parent's net and identity layers */
    const char *rate_of;          /* the arm whose rate it takes; NULL: a rate of its own, tuned */
    const char *tunes;            /* it is that arm at the rate that tuning finds, where that is a better one */
    bool fixed;                   /* a rate of its own, the recipe's, as it stands */
    bool tried;              /* run at the tuning seeds too, at its one rate: the best of its set is chosen by it */
    double batch;            /* times the recipe's; 0: once */
    bool extra;              /* only in studies that ask for it by its word */
    dpid_arm_change *change; /* NULL: none */
} dpid_arm_row;
const dpid_arm_row *dpid_arm_at(int64_t i); /* NULL past the end */

/* tell.c: all that a study tells without being done, into evidence that is empty. */
int32_t dpid_study_tell(deepid_study *study, deepid_evidence *e);
/* Adds what D stores its numbers in, nothing where that is the run's precision. */
int32_t dpid_study_say_storage(const deepid_study *study, dpid_string *s);

/* ---- probes --------------------------------------------------------------------------------- */

typedef struct {
    const char *word, *arms; /* arms: a list, as the text "arms" */
    bool trained;            /* looks at trained nets; else at the start */
    bool rated;              /* takes the option rate: the recipe's */
    bool recipe;             /* and those of its optimiser, loss scale and clipping */
} dpid_probe_row;
const dpid_probe_row *dpid_probe_at(int64_t i);

#endif
