/* Tasks with a planted cause: what was planted, the recipe, and what a study must find. */
#ifndef CALIBRATION_H
#define CALIBRATION_H

#include <deepid/deepid.h>

#include <stdbool.h>

/* One task. Texts that are NULL are the study's defaults. */
typedef struct {
    const char *id, *planted; /* planted: the hypothesis, or "none" */
    const char *what;         /* a line for people */
    const char *data;         /* a generator's words; validation is of the same task, four times as many samples */
    double label_noise;       /* of the training labels */
    const char *shallow, *deep;
    const char *init, *optimizer, *schedule, *loss, *arms;
    double rate, clip;
    int64_t batch, steps; /* batch 0: all samples */
    const char *must;     /* "solver=confirmed conditioning=confirmed": all of them, or the task is not right */
    const char *may;      /* hypotheses that may be confirmed or contribute besides; all others are false alarms */
    bool fast;            /* part of the subset that the default tests run */
} task;

extern const task tasks[];
extern const int task_count;

typedef struct {
    int64_t seeds, threads;
    const char *out; /* a folder, or NULL */
    bool csv;
} settings;

typedef enum { RIGHT, UNDECIDED, WRONG } outcome;
extern const char *const outcome_words[];

typedef struct {
    outcome result;
    double seconds;
    char found[256]; /* what was confirmed or contributes, with intervals */
    char why[1024];  /* for each `must` that was not met and each false alarm: the finding's sentence */
    char answer[2048];
} judgement;

/* Runs the study of a task. False: an error, told on standard error. */
bool run_task(const task *t, const settings *s, judgement *out);

#endif
