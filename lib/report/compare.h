/* The inside of a comparison: what the files of two studies tell. compare_read.c reads them, compare.c sets them
   beside each other and says it, compare_page.c makes the page. */
#ifndef DPID_REPORT_COMPARE_H
#define DPID_REPORT_COMPARE_H

#include <deepid/compare.h>

#include "base/base.h"

/* What is compared of an arm: columns of results.csv. */
enum { DPID_TOLD_TRAIN_LOSS, DPID_TOLD_TRAIN_ERROR, DPID_TOLD_VALID_LOSS, DPID_TOLD_VALID_ERROR, DPID_TOLD };

typedef struct {
    const char *word;
    int64_t n;                /* seeds */
    double *value[DPID_TOLD]; /* n each; errors as accuracies in per cent */
} dpid_told_arm;

typedef struct {
    const char *key, *value;
} dpid_told_setting;

typedef struct {
    const char *hypothesis, *status;
    double share; /* NaN: none */
} dpid_told_finding;

typedef struct {
    const char *folder, *command, *answer;
    bool study; /* its settings are of study.json; else facts of evidence.json */
    dpid_told_setting *setting;
    dpid_told_finding *finding;
    dpid_told_arm *arm;
    int64_t settings, findings, arms;
} dpid_told_study;

/* Everything of one folder, in the arena. */
int32_t dpid_told_read(dpid_arena *arena, const char *folder, dpid_told_study *out);

/* ---- side by side: an index of each, -1 where a study has none ---------------------------------------- */

typedef struct {
    int64_t of[2];
} dpid_both;

typedef struct {
    double median[2], low[2], high[2]; /* NaN: none */
    double shift, shift_low, shift_high;
} dpid_beside;

struct deepid_comparison {
    dpid_head head;
    dpid_arena arena;
    dpid_told_study study[2];
    dpid_both *setting, *finding, *arm; /* setting: those that differ */
    bool other_kinds;                   /* a study and evidence: their settings have other names */
    int64_t settings, findings, arms;
    dpid_beside *beside[DPID_TOLD]; /* of each arm; NULL: neither study measured it */
    const char *caution;            /* why losses are not to be compared; NULL: they are */
    dpid_string text;
};

/* "training loss", "training accuracy, %", ... */
const char *dpid_told_name(int column);
/* "learning_rate" of study k, "-" where it has none. */
const char *dpid_compared_setting(const deepid_comparison *c, int64_t i, int k);
const char *dpid_compared_key(const deepid_comparison *c, int64_t i);
const char *dpid_compared_name(const deepid_comparison *c, int64_t i); /* for people */
const char *dpid_compared_arm(const deepid_comparison *c, int64_t i);
const char *dpid_compared_hypothesis(const deepid_comparison *c, int64_t i);
/* "confirmed, 98 %"; "-" where the study does not ask it. */
dpid_number_text dpid_compared_status(const deepid_comparison *c, int64_t i, int k);

#endif
