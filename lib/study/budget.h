/* A budget: what its seconds buy of a study, and what it gives up when they run short. The choice is kept in
   OUT/plan.json and no clock decides twice. pace.c measures · market.c prices · budget.c buys and gives up ·
   plan_file.c keeps */
#ifndef DPID_STUDY_BUDGET_H
#define DPID_STUDY_BUDGET_H

#include <deepid/study.h>

#include "base/base.h"

enum { DPID_PROBE_STEPS = 50 }; /* what a probe costs, about, in steps of training */

/* Seconds of one step and of one look over all data, on one core. */
typedef struct {
    double step, look;
} dpid_pace;

typedef struct {
    bool made;     /* there is a choice, and the plan follows it */
    bool anew;     /* while more is bought: the plan holds all that is asked for, by the rates of the choice */
    bool finished; /* all that it bought is done: no clock changes it any more */
    dpid_pace shallow, deep;
    double before;  /* seconds of work that was done when it was made: it costs nothing */
    double spent;   /* seconds of the clock, by this process before its run, or by earlier ones */
    double seconds; /* what it was to take when it was made */
    double used;    /* what it took; when finished */
    int64_t seeds, tuning_seeds, probe_seeds;
    int32_t arms;
    const char **left_out; /* by arm: why the budget does not buy it; NULL: it does */
    /* why there are fewer than asked for; NULL: there are not */
    const char *fewer_seeds, *no_tuning, *no_probes;
    const char *said; /* a sentence on all of it, for people; NULL: none */
    dpid_arena arena; /* the texts */
} dpid_choice;

/* ---- market.c: prices ------------------------------------------------------------------------- */

typedef struct {
    double seconds, tasks;
} dpid_experience;

typedef struct dpid_market {
    deepid_study *study;
    dpid_choice *choice;
    dpid_experience *known;        /* what tasks of an arm and a kind took: arms x kinds */
    double factor;                 /* what done tasks took, by what they were thought to take */
    double left, now;              /* of the clock; now: seconds since the run began */
    const struct dpid_task **line; /* all tasks, in the order in which they begin */
    double *busy;                  /* of each worker */
    int64_t workers;
    bool undecided; /* what decides could not be bought, so nothing else is */
} dpid_market;

/* Seconds: of the clock, and of all cores. */
typedef struct {
    double clock, work;
} dpid_bill;

int64_t dpid_task_place(const deepid_study *study, const struct dpid_task *task); /* of its seed, from 0 */
int64_t dpid_budget_workers(const deepid_study *study);                           /* nets at a time */
int32_t dpid_market_make(deepid_study *study, double now, double left, dpid_market *out);
void dpid_market_close(dpid_market *m);
bool dpid_market_has(const dpid_market *m, const struct dpid_task *task);  /* is it of the choice? */
bool dpid_market_open(const dpid_market *m, const struct dpid_task *task); /* is it, and not done? */
dpid_bill dpid_market_price(const dpid_market *m);                         /* of all that is open */

/* ---- the choice ---------------------------------------------------------------------------------- */

/* pace.c: a few steps of S and of D are timed. */
int32_t dpid_pace_measure(deepid_study *study);

/* budget.c. left: seconds of the clock. The plan has to hold all that is asked for. */
int32_t dpid_budget_buy(deepid_study *study, double left);
/* Before arms are linked: the choice's seeds, and its reasons at the arms. */
void dpid_budget_apply(deepid_study *study);
/* After the tasks are numbered: the order in which a budget has them done. */
void dpid_budget_order(deepid_study *study);
/* While it runs, under its lock: gives up what does not fit any more, after so many seconds. *changed: something was;
   *again: rates are given up, the plan must be made anew. */
int32_t dpid_budget_keep(deepid_study *study, double elapsed, bool *changed, bool *again);
/* Seconds of the clock that are left; what it takes to tell of a study comes off. */
double dpid_budget_left(const deepid_study *study, double elapsed);
double dpid_budget_work_done(const deepid_study *study); /* seconds of all tasks that are done */

/* plan_file.c: OUT/plan.json. */
void dpid_plan_write(const deepid_study *study, dpid_string *s);
/* Is there a plan in the folder for what is asked now? Then it is the choice. */
int32_t dpid_plan_read(deepid_study *study);
/* first: of processes that choose at once one wins, and the others take its choice. */
int32_t dpid_plan_keep(deepid_study *study, bool first);
/* The sentence of the choice. */
int32_t dpid_plan_say(deepid_study *study);
void dpid_choice_forget(deepid_study *study);

#endif
