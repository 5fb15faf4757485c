/* The inside of a study. Tasks are numbered net x seed; each has a record, filled by a worker or from the folder. */
#ifndef DPID_STUDY_STUDY_H
#define DPID_STUDY_STUDY_H

#include <deepid/study.h>

#include "base/base.h"
#include "data/data.h"
#include "net/net.h"

enum { DPID_HISTORY_COLUMNS = 6, DPID_STUDY_TEXTS = 5 };

typedef struct {
    const char *arm, *family, *block, *text; /* text: canonical */
    int64_t depth;
} dpid_study_net;

typedef struct {
    double epoch, train_loss, train_error, valid_loss, valid_error, rate;
} dpid_history;

typedef struct {
    int64_t task;
    uint64_t seed;
    const dpid_study_net *net;
    char *config;  /* all that decides the result, one "key=value" a line */
    char name[17]; /* its hash in hexadecimal: the result file's name */
    bool done, diverged;
    double epochs, train_loss, train_error, valid_loss, valid_error, seconds;
    int64_t points, room;
    dpid_history *history;
    deepid_ctx *ctx; /* of a net trained by this process, alive until the study goes */
    deepid_net *trained;
    _Atomic double share; /* of its work */
} dpid_task;

typedef struct {
    const char *key;
    char *value;
} dpid_study_text;

struct deepid_study {
    dpid_head head;
    dpid_arena arena;
    const deepid_dataset *train, *valid; /* lent; valid may be NULL */
    dpid_study_net *net;
    int64_t nets, net_room;
    uint64_t first_seed;
    int64_t seeds;
    dpid_study_text text[DPID_STUDY_TEXTS];
    double rate, clip;
    int64_t batch, steps, epochs, history_points, threads, shard, shards;
    int32_t dtype;
    char *folder;
    dpid_task *task; /* made by dpid_study_plan, dropped by any set */
    int64_t tasks;
    atomic_int stop;
};

/* Number the tasks and read what the folder holds. */
int32_t dpid_study_plan(deepid_study *study);
void dpid_study_forget(deepid_study *study);
const char *dpid_study_text_of(const deepid_study *study, const char *key);
int64_t dpid_study_steps(const deepid_study *study);

/* The folder: OUT/study.json says whose it is. */
int32_t dpid_study_check_folder(deepid_study *study);
/* key=value lines of everything that the study's results depend on. */
void dpid_study_config(const deepid_study *study, dpid_string *out);
int32_t dpid_study_write_json(deepid_study *study, const char *replay);

/* One result file. ctx: whose errors and memory (a worker's or the study's). */
int32_t dpid_task_publish(deepid_ctx *ctx, const deepid_study *study, const dpid_task *task);
/* task->done tells whether there was one. */
int32_t dpid_task_read(deepid_ctx *ctx, const deepid_study *study, dpid_task *task);
/* True when this process may do it; a claim of a process that is gone is taken over. */
bool dpid_task_claim(const deepid_study *study, const dpid_task *task);
void dpid_task_unclaim(const deepid_study *study, const dpid_task *task);

/* Train it, in a context of its own. DEEPID_STOPPED when the study was asked to stop. */
int32_t dpid_task_run(deepid_study *study, dpid_task *task, char *error, int64_t error_bytes);
int32_t dpid_task_add_point(deepid_ctx *ctx, dpid_task *task, dpid_history point);

#endif
