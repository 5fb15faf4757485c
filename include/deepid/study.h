/**
 * @file study.h  A study: why is a deep net worse than a shallow one? Arms x seeds, numbered tasks, resumable, one
 * net per core. A guide: docs/design/0005-study.md
 */
#ifndef DEEPID_STUDY_H
#define DEEPID_STUDY_H

#include <deepid/data.h>
#include <deepid/net.h>
#include <deepid/table.h>
#include <deepid/train.h>
#include <deepid/verdict.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Two nets, data, a recipe, arms, seeds, a folder. */
typedef struct deepid_study deepid_study;

/**
 * A study of two nets: the question is why deep is worse than shallow. Recipe: He's start, SGD with momentum 0.9,
 * rate 0.03, divided by 10 after 75 % of the steps, batches of 64, 100 epochs; seeds 1 to 10; all arms that apply.
 *
 * @param[in]  ctx      lent for the study's life
 * @param[in]  shallow  a net's text
 * @param[in]  deep     a net's text, with more layers that have weights
 * @param[in]  train    lent for the study's life
 * @param[out] out      yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL, or the shallow net has as many layers as the deep one or more: says both
 * numbers
 * @retval DEEPID_ERR_SPEC      a text does not parse
 * @retval DEEPID_ERR_SHAPE     a net's input or output does not fit the data
 * @retval DEEPID_ERR_LABEL     a class without a sample: names it
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   both nets are made once
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_study_create(deepid_ctx *ctx, const char *shallow, const char *deep,
                                       const deepid_dataset *train, deepid_study **out);
/** NULL is fine. Nets handed out stay. */
DEEPID_API void deepid_study_destroy(deepid_study *study);

/* ---- settings: each is checked at once, and forgets what ran in memory -------------------------- */

/**
 * Validation data, lent for the study's life; NULL: none (the default). Refused with DEEPID_ERR_SHAPE when samples
 * or classes differ from the training data's.
 */
DEEPID_API int32_t deepid_study_set_validation(deepid_study *study, const deepid_dataset *valid);
/**
 * One more net, for the curve over depth: the arm "depth:BLOCK:DEPTH". block: "plain", "identity", ... for tables;
 * depth: blocks or layers.
 */
DEEPID_API int32_t deepid_study_add_net(deepid_study *study, const char *block, int64_t depth, const char *net_text);
/** Seeds first .. first+count-1, first by the number "first_seed"; 1 to 100000. */
DEEPID_API int32_t deepid_study_set_seeds(deepid_study *study, int64_t count);
/**
 * A text of the study: "init", "optimizer", "schedule", "loss", "augmentation" (the recipe, each as in train.h and
 * net.h); "arms" (words of deepid_arm_word, comma-separated: a word stands for itself and all of its set, "D_start"
 * for "D_start:he" and the others; S and D, and what a chosen arm stands on, are always in; "" = all that apply);
 * "probes" (words of deepid_probe_word, comma-separated; "" = all, "none"); "family", "block" (words for tables),
 * "subject" (a line on the data, for reports), "replay" (the command that makes this study again, for reports).
 */
DEEPID_API int32_t deepid_study_set_text(deepid_study *study, const char *key, const char *value);
/**
 * A number of the study: "learning_rate", "batch" (0 = all samples), "steps", "epochs" (steps wins when above 0),
 * "clip", "dtype", "history_points" (looks at the losses while training), "first_seed", "tuning_seeds" (3; 0 = every
 * arm at the recipe's rate), "probe_seeds" (nets of so many seeds are probed, 3), "shallow_depth", "deep_depth" (for
 * tables; default the number of blocks), "budget" (seconds; 0 = everything), "threads" (nets at a time; 0 = one per
 * core), "shard" and "shards" (a share of the tasks), "task" (this one alone, with what it stands on; -1 = all).
 */
DEEPID_API int32_t deepid_study_set_number(deepid_study *study, const char *key, double value);
/**
 * Results go here, one file a task, named by the hash of its configuration; what is there is not done again. NULL
 * (the default): all in memory.
 */
DEEPID_API int32_t deepid_study_set_folder(deepid_study *study, const char *folder);
/**
 * A text as it was set; "arms", "init", ...; "folder", "shallow", "deep" too. Borrowed until it is set anew; "" when
 * unset, NULL for an unknown key.
 */
DEEPID_API const char *deepid_study_text(const deepid_study *study, const char *key);
/**
 * A number as it was set; also "seeds", "train_samples", "valid_samples", "const_loss" (of the best constant
 * predictor). "steps" are those of a training. NaN for an unknown key.
 */
DEEPID_API double deepid_study_number(const deepid_study *study, const char *key);

/* ---- arms --------------------------------------------------------------------------------------- */

/** The i-th arm of the registry: "S", "D", "S_fine", "W0", ...; NULL past the end. */
DEEPID_API const char *deepid_arm_word(int64_t i);
/** What an arm asks, in a line; NULL when unknown. */
DEEPID_API const char *deepid_arm_help(const char *word);
/**
 * Arms of this study, those left out included; "depth:..." of added nets last. -1 when the arms cannot be made
 * (deepid_ctx_error).
 */
DEEPID_API int64_t deepid_study_arm_count(deepid_study *study);
/** Its place; -1 when there is none. */
DEEPID_API int64_t deepid_study_arm_find(deepid_study *study, const char *word);
/** "D_start:looks_linear". */
DEEPID_API const char *deepid_study_arm_word(deepid_study *study, int64_t arm);
/** The text of its net; "" when it could not be made. */
DEEPID_API const char *deepid_study_arm_text(deepid_study *study, int64_t arm);
/** The block's word for tables. */
DEEPID_API const char *deepid_study_arm_block(deepid_study *study, int64_t arm);
/** Blocks or layers. */
DEEPID_API int64_t deepid_study_arm_depth(deepid_study *study, int64_t arm);
/** DEEPID_F32 or DEEPID_F64. */
DEEPID_API int32_t deepid_study_arm_dtype(deepid_study *study, int64_t arm);
/** The words of its start: "he", or "trained S" where it stands on another arm. */
DEEPID_API const char *deepid_study_arm_start(deepid_study *study, int64_t arm);
/** The words of its optimiser; "" for a net that is not trained. */
DEEPID_API const char *deepid_study_arm_optimizer(deepid_study *study, int64_t arm);
/** Its learning rate, NaN until it is tuned. */
DEEPID_API double deepid_study_arm_rate(deepid_study *study, int64_t arm);
/** NULL: it is in the study; else why it is left out, in a sentence. */
DEEPID_API const char *deepid_study_arm_reason(deepid_study *study, int64_t arm);

/* ---- running --------------------------------------------------------------------------------------- */

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
/** Words on what runs now: "D_start:he, seed 4". */
DEEPID_API const char *deepid_study_event_text(const deepid_study_event *event);

/**
 * Do what is not done: tuning, trainings, witnesses, probes, one net a worker, the dearest first of those whose
 * parents are done. Results do not depend on the number of workers, on order or on interruptions.
 *
 * @param[in,out] study     its tasks; with a folder every result is a file there at once
 * @param[in]     progress  may be NULL; about ten times a second and at each task's end, on this thread
 * @param[in]     user      passed to progress
 *
 * @retval DEEPID_OK            everything is done, or everything of this shard (what another living process holds is
 * waited for)
 * @retval DEEPID_STOPPED       after deepid_study_request_stop; done tasks are kept, running ones begin again next
 * time
 * @retval DEEPID_ERR_CALLBACK  progress returned non-zero
 * @retval DEEPID_ERR_STATE     the folder holds another study: names the setting that differs
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
/** Tasks in all: trainings, witnesses, tuning runs, probes. -1 when they cannot be numbered (deepid_ctx_error). */
DEEPID_API int64_t deepid_study_task_count(deepid_study *study);
/** How many of them are done. */
DEEPID_API int64_t deepid_study_tasks_done(deepid_study *study);

/* ---- results ------------------------------------------------------------------------------------------ */

/**
 * One row a net, named by its arm:
 * task,arm,depth,seed,epochs,updates,rate,train_loss,train_error,valid_loss,valid_error,best_valid_loss,penalty,
 * diverged,seconds;
 * arm = its place in deepid_study_arm_...; best_valid_loss: the least of the history; penalty: weight_decay / 2
 * times the sum of squares of the weights that the recipe's optimiser decays.
 */
DEEPID_API int32_t deepid_study_results(deepid_study *study, deepid_table **out);
/** Rows named by arm: task,arm,depth,seed,epoch,train_loss,train_error,valid_loss,valid_error,lr. */
DEEPID_API int32_t deepid_study_history(deepid_study *study, deepid_table **out);
/**
 * One row a tuning run, named by its arm: rate,seed,train_loss,diverged,chosen,noise; chosen 1: the arm's rate;
 * noise 1: no rate leaves the constant predictor, the choice means nothing.
 */
DEEPID_API int32_t deepid_study_tuning(deepid_study *study, deepid_table **out);
/**
 * The table of one probe word, all probed seeds of one arm, with the column seed in front. DEEPID_ERR_STATE with the
 * reason when there is none.
 */
DEEPID_API int32_t deepid_study_probe(deepid_study *study, const char *arm, const char *word, deepid_table **out);
/**
 * The trained net of an arm and a seed (kept in memory while the study lives, or in the folder when there is one).
 * DEEPID_ERR_STATE when it did not run or diverged.
 */
DEEPID_API int32_t deepid_study_net(deepid_study *study, const char *arm, uint64_t seed, deepid_net **out);
/**
 * The verdict: ten findings, each with the numbers that made it (verdict.h). Thresholds are numbers of the study, by
 * the words of deepid_verdict_threshold_word.
 *
 * @param[in,out] study  has run
 * @param[out]    out    yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  out is NULL
 * @retval DEEPID_ERR_STATE     a net has not run yet: names it
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   bootstraps over seeds; one embedding of a shallow net
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_study_judge(deepid_study *study, deepid_verdict **out);
/**
 * results.csv, history.csv, tuning.csv, plan.json, probes/ARM.WORD.csv and study.json (configuration, versions,
 * machine, seeds, replay command) into the folder. replay: the command line to put into study.json.
 */
DEEPID_API int32_t deepid_study_write(deepid_study *study, const char *replay);

#ifdef __cplusplus
}
#endif
#endif
