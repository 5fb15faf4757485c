/* Tasks with a known cause: text files, one a task; what a study of each must find; and simulated studies. */
#ifndef CALIBRATION_H
#define CALIBRATION_H

#include <deepid/deepid.h>

#include <stdbool.h>

/* ---- tasks: task.c ------------------------------------------------------------------------------------ */

/* One task, as its file says it; what each key means stands in tasks/README.md. Texts that are NULL are the study's
   defaults. */
typedef struct {
    char *id; /* the file's name */
    char *path;
    char *what, *planted, *data, *normalise, *shallow, *deep, *init, *optimizer, *schedule, *loss, *arms;
    char *must, *may, *says, *tells, *never, *set;
    double noise, rate, clip, batch, steps, samples, valid, tuning;
} task;

typedef struct {
    task *at;
    int count;
} task_list;

/* Reads every *.txt of a folder, in the order of their names (C2 before C10). False: an error, told on standard error
   with file and line. Free it in any case. */
bool tasks_read(const char *folder, task_list *out);
void tasks_free(task_list *list);
/* "word1 word2": is word one of them? */
bool in_list(const char *list, const char *word, char between);
/* Every hypothesis of must and may is known to this library; else told. */
bool task_known(const task *t);

/* ---- one task: study.c, judge.c -------------------------------------------------------------------------- */

typedef struct {
    int64_t seeds, threads;
    const char *out;  /* a folder, or NULL */
    const char *data; /* what {data} stands for in a task's data; NULL: tasks of real data are skipped */
} settings;

typedef enum { RIGHT, UNDECIDED, WRONG, SKIPPED } outcome;
extern const char *const outcome_words[];

typedef struct {
    outcome result;
    double seconds;
    char found[512];  /* what was confirmed, contributes or is minor, with intervals */
    char why[2048];   /* for each `must` that was not met and each false alarm: the finding's sentence */
    char losses[256]; /* medians of S, D, W0 */
    char answer[4096];
} judgement;

/* Runs the study of a task. False: an error, told on standard error. */
bool run_task(const task *t, const settings *s, judgement *out);
/* What was found against what was planted. */
void judge_task(const task *t, const deepid_verdict *v, judgement *out);

/* ---- simulated studies: simulate.c ------------------------------------------------------------------------ */

/* Tables on standard output, studies a row; the exit code: 1 where a promise is surely broken. */
int simulate_null(int64_t studies);
int simulate_coverage(int64_t studies);

#endif
