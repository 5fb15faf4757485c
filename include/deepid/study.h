/** @file study.h  A study: nets x seeds trained by one recipe; numbered tasks, resumable, one net per core. */
#ifndef DEEPID_STUDY_H
#define DEEPID_STUDY_H

#include <deepid/data.h>
#include <deepid/net.h>
#include <deepid/table.h>
#include <deepid/train.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Nets, seeds, a recipe, a folder. */
typedef struct deepid_study deepid_study;

/** train and valid are lent for the study's life. valid may be NULL. */
DEEPID_API int32_t deepid_study_create(deepid_ctx *ctx, const deepid_dataset *train, const deepid_dataset *valid, deepid_study **out);
/** NULL is fine. Nets handed out stay. */
DEEPID_API void deepid_study_destroy(deepid_study *study);
/** One net of the study. arm: "D", "S", "D_res" ...; family, block: words for the tables; depth: blocks or layers. */
DEEPID_API int32_t deepid_study_add(deepid_study *study, const char *arm, const char *family, const char *block, int64_t depth, const char *net_text);
/** Seeds first..first+count-1; default 1..8. */
DEEPID_API int32_t deepid_study_set_seeds(deepid_study *study, uint64_t first, int64_t count);
/** The recipe, each as in train.h and net.h. key: "init", "optimizer", "schedule", "loss", "augmentation"; value: its text. */
DEEPID_API int32_t deepid_study_set_text(deepid_study *study, const char *key, const char *value);
/** key: "learning_rate", "batch", "steps", "epochs" (steps wins when above 0), "clip", "history_points", "threads" (nets at a time; 0 = one per core), "dtype", "shard", "shards". */
DEEPID_API int32_t deepid_study_set_number(deepid_study *study, const char *key, double value);
/** Results go here, one file a task, named by the hash of its configuration; what is there is not done again. NULL: nothing is written. */
DEEPID_API int32_t deepid_study_set_folder(deepid_study *study, const char *folder);

/** What a study's callback can ask of its event. Tasks run in other threads; the callback runs on the caller's. */
typedef struct deepid_study_event deepid_study_event;
/** 0 = go on; anything else ends the run with DEEPID_ERR_CALLBACK. Runs on the caller's thread. */
typedef int32_t (*deepid_study_fn)(void *user, const deepid_study_event *event);
/** Tasks in all. */
DEEPID_API int64_t deepid_study_event_tasks(const deepid_study_event *event);
/** Tasks done, those of earlier runs included. */
DEEPID_API int64_t deepid_study_event_tasks_done(const deepid_study_event *event);
/** Share of the whole work that is done, 0..1, running tasks counted in part. */
DEEPID_API double deepid_study_event_share(const deepid_study_event *event);
/** Seconds since this run began. */
DEEPID_API double deepid_study_event_seconds(const deepid_study_event *event);
/** NaN until it can be told. */
DEEPID_API double deepid_study_event_seconds_left(const deepid_study_event *event);
/** Words on what runs now: "identity K=30 seed 4". */
DEEPID_API const char *deepid_study_event_text(const deepid_study_event *event);

/**
 * Train what is not done, dearest nets first, one net a worker. Results do not depend on the number of workers, on order or on interruptions.
 *
 * @param[in,out] study     its tasks; with a folder every result is a file there at once
 * @param[in]     progress  may be NULL; about ten times a second and at each task's end, on this thread
 * @param[in]     user      passed to progress
 *
 * @retval DEEPID_OK            everything of this shard is done (a task that another living process holds is left to it)
 * @retval DEEPID_STOPPED       after deepid_study_request_stop; done tasks are kept, running ones begin again next time
 * @retval DEEPID_ERR_CALLBACK  progress returned non-zero
 * @retval DEEPID_ERR_STATE     no net was added, or the folder holds another study: names the setting that differs
 * @retval DEEPID_ERR_FORMAT    a damaged result file: names it
 * @retval DEEPID_ERR_IO        the folder cannot be written
 * @retval DEEPID_ERR_THREAD    no thread could be started
 * @retval DEEPID_ERR_SPEC      a word of the recipe is unknown
 *
 * @cost   the trainings, plus a look over all data at each point of the history
 * @thread one thread at a time for each context; each worker has a context of its own with the default allocator
 */
DEEPID_API int32_t deepid_study_run(deepid_study *study, deepid_study_fn progress, void *user);
/** One atomic store; running tasks end at their next step. */
DEEPID_API void deepid_study_request_stop(deepid_study *study);
/** Nets times seeds. */
DEEPID_API int64_t deepid_study_task_count(const deepid_study *study);
/** How many of them are done. */
DEEPID_API int64_t deepid_study_tasks_done(const deepid_study *study);
/** One row a trained net, named by its arm: task,depth,seed,epochs,train_loss,train_error,valid_loss,valid_error,diverged,seconds, and net = index of deepid_study_add. */
DEEPID_API int32_t deepid_study_results(deepid_study *study, deepid_table **out);
/** Rows named by arm: task,epoch,train_loss,train_error,valid_loss,valid_error,lr. */
DEEPID_API int32_t deepid_study_history(deepid_study *study, deepid_table **out);
/** The trained net of a task (kept in memory while the study lives, in the folder when there is one). */
DEEPID_API int32_t deepid_study_net(deepid_study *study, int64_t task, deepid_net **out);
/** results.csv, history.csv and study.json (configuration, versions, machine, seeds, replay command) into the folder. replay: the command line to put into study.json. */
DEEPID_API int32_t deepid_study_write(deepid_study *study, const char *replay);

#ifdef __cplusplus
}
#endif
#endif
