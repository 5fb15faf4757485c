/**
 * @defgroup study Studies
 * A study: why is a deep net worse than a shallow one? Arms x seeds, numbered tasks, resumable, one net per core. A
 * guide: docs/design/0005-study.md
 * @{
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

/**
 * Two nets, data, a recipe, arms, seeds, a folder.
 *
 * The first call after a setting that needs the arms or tasks makes the plan: it reads the data once for its hash,
 * starts both nets by the recipe, makes each arm's net once, times a few steps when there is a budget, and reads the
 * results that the folder holds; it writes nothing. The calls that say so below can therefore fail with:
 *
 * - DEEPID_ERR_NUMERIC: a value of the data is not finite: names it;
 * - DEEPID_ERR_SPEC: a word of the recipe is unknown;
 * - DEEPID_ERR_STATE: the folder holds another study: names the setting that differs;
 * - DEEPID_ERR_FORMAT: a file of the folder is damaged: names it;
 * - DEEPID_ERR_IO: a file of the folder cannot be read or written: names it;
 * - DEEPID_ERR_SHAPE, DEEPID_ERR_UNSUPPORTED: a recipe that does not fit the nets or the data;
 * - DEEPID_ERR_LIMIT: too many tasks, or beyond a limit of the context;
 * - DEEPID_ERR_MEMORY: no memory.
 */
typedef struct deepid_study deepid_study;

/**
 * A study of two nets: the question is why deep is worse than shallow. Recipe: He's start, SGD with momentum 0.9, rate
 * 0.03, divided by 10 after 75 % of the steps, batches of 64 (all samples when fewer), 100 epochs; seeds 1 to 10; all
 * arms that apply.
 *
 * @param[in,out] ctx      lent for the study's life
 * @param[in]     shallow  a net's text
 * @param[in]     deep     a net's text, with more layers that have weights
 * @param[in]     train    lent for the study's life
 * @param[out]    out      the new study; destroy it with deepid_study_destroy
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  shallow, deep, train or out is NULL, or the deep net has no more layers with weights
 *                              than the shallow one: says both numbers
 * @retval DEEPID_ERR_SPEC      a text does not parse: line and column
 * @retval DEEPID_ERR_SHAPE     a layer does not fit the one before it, or a net's input or output does not fit the data
 * @retval DEEPID_ERR_LABEL     a class without a sample: names it
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   both nets are made once.
 * @thread One thread at a time for each context.
 * @see    docs/study.md, examples/06_verdict.c
 */
DEEPID_API int32_t deepid_study_create(deepid_ctx *ctx, const char *shallow, const char *deep,
                                       const deepid_dataset *train, deepid_study **out);

/**
 * Destroy a study. Tables, nets and verdicts handed out stay, and so does what is in the folder.
 *
 * @param[in] study  NULL is fine
 *
 * @cost   gives back all results in memory.
 * @thread Safe as long as no other thread uses the study.
 */
DEEPID_API void deepid_study_destroy(deepid_study *study);

/* ---- settings: each is checked at once, and forgets what ran in memory ------------------------------------------ */

/**
 * Set the validation data.
 *
 * @param[in,out] study  the study
 * @param[in]     valid  lent for the study's life; NULL (the default) = none
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_STATE     it runs: its callback can stop it, but not change it
 * @retval DEEPID_ERR_ARGUMENT  valid is no dataset
 * @retval DEEPID_ERR_SHAPE     samples, targets or classes do not fit the training data
 *
 * @cost   none.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_study_set_validation(deepid_study *study, const deepid_dataset *valid);

/**
 * One more net, for the curve over depth: it becomes the arm "depth:BLOCK:DEPTH".
 *
 * @param[in,out] study     the study
 * @param[in]     block     a word for tables, such as "plain" or "identity"; at most 31 characters, no comma
 * @param[in]     depth     blocks or layers, 0 or more
 * @param[in]     net_text  the net's text; its input and output fit the data
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_STATE     it runs: its callback can stop it, but not change it
 * @retval DEEPID_ERR_ARGUMENT  block or net_text is NULL, block or depth is out of range, or there is an arm of that
 *                              word already
 * @retval DEEPID_ERR_SPEC      the text does not parse: line and column
 * @retval DEEPID_ERR_SHAPE     a layer does not fit the one before it, or the net does not fit the data
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the net is made once.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_study_add_net(deepid_study *study, const char *block, int64_t depth, const char *net_text);

/**
 * Set how many seeds each arm has: first_seed, first_seed + 1, ... (the number "first_seed").
 *
 * @param[in,out] study  the study
 * @param[in]     count  1 to 100000, default 10; a verdict takes at most 100
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_STATE     it runs: its callback can stop it, but not change it
 * @retval DEEPID_ERR_ARGUMENT  count is out of range
 *
 * @cost   none.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_study_set_seeds(deepid_study *study, int64_t count);

/**
 * Set a text of the study. The recipe's texts are those of train.h and net.h.
 *
 * | key            | default                   | what it is |
 * | -------------- | ------------------------- | --- |
 * | "init"         | "he"                      | the recipe's start |
 * | "optimizer"    | "sgd momentum=0.9"        | the recipe's optimiser |
 * | "schedule"     | "step at=0.75 factor=0.1" | the recipe's schedule |
 * | "loss"         | "" = by the data          | the recipe's loss |
 * | "augmentation" | "none"                    | the recipe's augmentation |
 * | "storage"      | "" = as nets' texts say   | what nets store their numbers in (precision.h) |
 * | "loss_scale"   | "none"                    | the recipe's loss scale (precision.h) |
 * | "arms"         | "" = all that apply       | words of deepid_arm_word, comma-separated |
 * | "probes"       | "" = all                  | words of deepid_probe_word, comma-separated, or "none" |
 * | "family"       | "own"                     | a word for tables: what kind of nets |
 * | "block"        | "" = by the net           | a word for tables: the blocks of both nets |
 * | "subject"      | ""                        | a line on the data, for reports |
 * | "replay"       | ""                        | the command that makes this study again, for reports |
 *
 * A word of arms stands for itself and all of its set, "D_start" for "D_start:he" and the others. S and D, and what a
 * chosen arm stands on, are always in.
 *
 * Results in memory are forgotten, except for subject and replay.
 *
 * @param[in,out] study  the study
 * @param[in]     key    one of the above
 * @param[in]     value  one line; copied. "" = the default of arms, probes, loss and block
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_STATE     it runs: its callback can stop it, but not change it
 * @retval DEEPID_ERR_ARGUMENT  an unknown key, NULL, or a line end in value
 * @retval DEEPID_ERR_SPEC      an unknown arm, probe, storage or loss scale; other words are checked when the plan is
 * made
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the text, copied.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_study_set_text(deepid_study *study, const char *key, const char *value);

/**
 * Set a number of the study.
 *
 * | key              | range                  | default    | what it is |
 * | ---------------- | ---------------------- | ---------- | --- |
 * | "learning_rate"  | above 0                | 0.03       | the recipe's, of S and D; rates are tuned around it |
 * | "batch"          | 0 to the samples       | 64, or all | samples a step; 0 = all |
 * | "epochs"         | 1 or more              | 100        | passes over the data |
 * | "steps"          | 0 or more              | 0          | steps; when above 0 it wins over epochs |
 * | "clip"           | 0 or more              | 0          | largest norm of the gradient; 0 = no clipping |
 * | "dtype"          | DEEPID_F32, DEEPID_F64 | DEEPID_F32 | what nets are trained in |
 * | "seeds"          | 1 to 100000            | 10         | seeds of each arm |
 * | "first_seed"     | 0 to 10^15             | 1          | the first of them |
 * | "tuning_seeds"   | 0 to 16                | 3          | seeds that tune a rate; 0 = every arm at the recipe's |
 * | "probe_seeds"    | 0 to 100000            | 3          | seeds whose nets are probed |
 * | "history_points" | 1 or more              | 20         | looks at the losses while training |
 * | "shallow_depth"  | -1 or more             | -1         | for tables, where both are given; see below |
 * | "deep_depth"     | -1 or more             | -1         | the same of the deep net |
 * | "budget"         | 0 or more              | 0          | seconds for all, as docs/study.md says; 0 = everything  |
 * | "threads"        | 0 to 1024              | 0          | nets at a time; 0 = one a core |
 * | "shards"         | 1 or more              | 1          | processes that share the tasks |
 * | "shard"          | 0 to shards - 1        | 0          | which of them this one is |
 * | "task"           | -1 or more             | -1         | do this task alone, with what it stands on; -1 = all |
 * | "takeover"       | 1 or more              | 60         | seconds without a sign of life; see below |
 *
 * Depths that are not both given are counted: blocks where both nets have some and the deep one more, else layers with
 * weights.
 *
 * A process writes a sign of life for each task that it works on, six times in the takeover time and every 10 seconds
 * at least. Another process that waits for the task and sees none for the takeover time, by its own clock, does it
 * itself: docs/study.md. Processes that share a folder should have the same.
 *
 * Words of deepid_verdict_threshold_word are keys too: the thresholds of the verdict.
 *
 * Results in memory are forgotten, except for threads, shards, shard, task, takeover and the thresholds. Of these
 * "margin_share" forgets them while rates are tuned, since tuning keeps the recipe's rate within the margin.
 *
 * @param[in,out] study  the study
 * @param[in]     key    one of the above
 * @param[in]     value  in its range; a whole number where it counts
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_STATE     it runs: its callback can stop it, but not change it
 * @retval DEEPID_ERR_ARGUMENT  an unknown key, or a value out of its range: says the range
 *
 * @cost   none.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_study_set_number(deepid_study *study, const char *key, double value);

/**
 * Set where results go: one file a task, named by the hash of its configuration; what is there is not done again.
 * Several processes may work in one folder.
 *
 * @param[in,out] study   the study
 * @param[in]     folder  made when the study runs; copied. NULL (the default): all in memory
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_STATE   it runs: its callback can stop it, but not change it
 * @retval DEEPID_ERR_LIMIT   beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY  no memory
 *
 * @cost   none.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_study_set_folder(deepid_study *study, const char *folder);

/**
 * A text as it was set.
 *
 * @param[in] study  the study
 * @param[in] key    of deepid_study_set_text; also "folder", "shallow" and "deep"; "data", deepid_dataset_about of the
 *                   training data; and "budget": a sentence on what the budget bought, and after the run on how long it
 *                   took
 *
 * @return Borrowed until it is set anew; "" when unset; NULL for an unknown key or study.
 *
 * @cost   none.
 * @thread Safe as long as no other thread is inside a call for the study.
 */
DEEPID_API const char *deepid_study_text(const deepid_study *study, const char *key);

/**
 * A number as it was set.
 *
 * @param[in] study  the study
 * @param[in] key    of deepid_study_set_number, thresholds aside; also "train_samples", "valid_samples" (0 without),
 *                   "const_loss" and "valid_const_loss" (of the best constant predictor), "largest_class" and
 *                   "valid_largest_class" (its share of the samples; NaN without labels), "targets" (of a sample; 0
 *                   with labels). "steps" is how many a training takes; seeds are those that the budget bought
 *
 * @return The number; NaN for an unknown key or study.
 *
 * @cost   none; of losses and shares a pass over labels or targets.
 * @thread Safe as long as no other thread is inside a call for the study.
 */
DEEPID_API double deepid_study_number(const deepid_study *study, const char *key);

/* ---- arms ------------------------------------------------------------------------------------------------------- */

/**
 * The words of all arms that there are: "S", "D", "S_fine", "W0", ...
 *
 * @param[in] i  from 0
 *
 * @return A constant; NULL past the end.
 *
 * @cost   none.
 * @thread Safe from any thread.
 * @see    docs/verdict.md: what each arm asks.
 */
DEEPID_API const char *deepid_arm_word(int64_t i);

/**
 * What an arm asks.
 *
 * @param[in] word  of deepid_arm_word
 *
 * @return One line, a constant; NULL for NULL or when there is no such word.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_arm_help(const char *word);

/**
 * How many arms this study has, those left out included; "depth:..." of added nets come last.
 *
 * @param[in,out] study  the study
 *
 * @return The number; -1 when the plan cannot be made (deepid_ctx_error says why).
 *
 * @cost   none; the first time the plan (deepid_study).
 * @thread One thread at a time for each context.
 */
DEEPID_API int64_t deepid_study_arm_count(deepid_study *study);

/**
 * The place of an arm.
 *
 * @param[in,out] study  the study
 * @param[in]     word   such as "D_start:he"; NULL is fine
 *
 * @return 0 or more; -1 when there is none, or when the plan cannot be made.
 *
 * @cost   none; the first time the plan (deepid_study).
 * @thread One thread at a time for each context.
 */
DEEPID_API int64_t deepid_study_arm_find(deepid_study *study, const char *word);

/**
 * An arm's word, such as "D_start:looks_linear".
 *
 * @param[in,out] study  the study
 * @param[in]     arm    0 to deepid_study_arm_count - 1
 *
 * @return Borrowed until a setting changes; NULL when there is no such arm.
 *
 * @cost   none; the first time the plan (deepid_study).
 * @thread One thread at a time for each context.
 */
DEEPID_API const char *deepid_study_arm_word(deepid_study *study, int64_t arm);

/**
 * The text of an arm's net.
 *
 * @param[in,out] study  the study
 * @param[in]     arm    0 to deepid_study_arm_count - 1
 *
 * @return Borrowed until a setting changes; "" when it could not be made; NULL when there is no such arm.
 *
 * @cost   none; the first time the plan (deepid_study).
 * @thread One thread at a time for each context.
 */
DEEPID_API const char *deepid_study_arm_text(deepid_study *study, int64_t arm);

/**
 * The word of an arm's blocks, for tables.
 *
 * @param[in,out] study  the study
 * @param[in]     arm    0 to deepid_study_arm_count - 1
 *
 * @return Borrowed until a setting changes; NULL when there is no such arm.
 *
 * @cost   none; the first time the plan (deepid_study).
 * @thread One thread at a time for each context.
 */
DEEPID_API const char *deepid_study_arm_block(deepid_study *study, int64_t arm);

/**
 * An arm's depth: as it was set, or else blocks, or layers with weights where there are no blocks.
 *
 * @param[in,out] study  the study
 * @param[in]     arm    0 to deepid_study_arm_count - 1
 *
 * @return 0 or more; -1 when there is no such arm.
 *
 * @cost   none; the first time the plan (deepid_study).
 * @thread One thread at a time for each context.
 */
DEEPID_API int64_t deepid_study_arm_depth(deepid_study *study, int64_t arm);

/**
 * The dtype that an arm trains in.
 *
 * @param[in,out] study  the study
 * @param[in]     arm    0 to deepid_study_arm_count - 1
 *
 * @return DEEPID_F32 or DEEPID_F64; 0 when there is no such arm.
 *
 * @cost   none; the first time the plan (deepid_study).
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_study_arm_dtype(deepid_study *study, int64_t arm);

/**
 * The words of an arm's start: "he", or "trained S" where it stands on another arm.
 *
 * @param[in,out] study  the study
 * @param[in]     arm    0 to deepid_study_arm_count - 1
 *
 * @return Borrowed until a setting changes; NULL when there is no such arm.
 *
 * @cost   none; the first time the plan (deepid_study).
 * @thread One thread at a time for each context.
 */
DEEPID_API const char *deepid_study_arm_start(deepid_study *study, int64_t arm);

/**
 * The words of an arm's optimiser.
 *
 * @param[in,out] study  the study
 * @param[in]     arm    0 to deepid_study_arm_count - 1
 *
 * @return Borrowed until a setting changes; "" for a net that is not trained; NULL when there is no such arm.
 *
 * @cost   none; the first time the plan (deepid_study).
 * @thread One thread at a time for each context.
 */
DEEPID_API const char *deepid_study_arm_optimizer(deepid_study *study, int64_t arm);

/**
 * An arm's learning rate.
 *
 * @param[in,out] study  the study
 * @param[in]     arm    0 to deepid_study_arm_count - 1
 *
 * @return Above 0; NaN until it is tuned, where there is none, and when there is no such arm.
 *
 * @cost   none; the first time the plan (deepid_study).
 * @thread One thread at a time for each context.
 */
DEEPID_API double deepid_study_arm_rate(deepid_study *study, int64_t arm);

/**
 * Why an arm is left out.
 *
 * @param[in,out] study  the study
 * @param[in]     arm    0 to deepid_study_arm_count - 1
 *
 * @return A sentence, borrowed until a setting changes; NULL when the arm is in the study. For an arm that is not
 * there, that it is not.
 *
 * @cost   none; the first time the plan (deepid_study).
 * @thread One thread at a time for each context.
 */
DEEPID_API const char *deepid_study_arm_reason(deepid_study *study, int64_t arm);

/* ---- running ---------------------------------------------------------------------------------------------------- */

/** What a study's callback can ask. Tasks run in other threads; the callback runs on the caller's. */
typedef struct deepid_study_event deepid_study_event;

/**
 * Hears how a deepid_study_run gets on, about ten times a second. It may read the event and call
 * deepid_study_request_stop; it must not call anything else for the study.
 *
 * @param[in,out] user   what came with the function
 * @param[in]     event  borrowed for the call
 *
 * @return 0 = go on; anything else ends the run with DEEPID_ERR_CALLBACK.
 *
 * @thread Runs on the thread that called deepid_study_run.
 */
typedef int32_t (*deepid_study_fn)(void *user, const deepid_study_event *event);

/**
 * Tasks that this run is about: all, or those of its shard.
 *
 * @param[in] event  as the callback got it
 *
 * @return 0 or more; -1 when event is none.
 *
 * @cost   none.
 * @thread The callback's own.
 */
DEEPID_API int64_t deepid_study_event_tasks(const deepid_study_event *event);

/**
 * How many of these tasks are done, those of earlier runs included.
 *
 * @param[in] event  as the callback got it
 *
 * @return 0 or more; -1 when event is none.
 *
 * @cost   none.
 * @thread The callback's own.
 */
DEEPID_API int64_t deepid_study_event_tasks_done(const deepid_study_event *event);

/**
 * Share of the whole work that is done, by its cost, running tasks counted in part.
 *
 * @param[in] event  as the callback got it
 *
 * @return 0 to 1; NaN when event is none.
 *
 * @cost   none.
 * @thread The callback's own.
 */
DEEPID_API double deepid_study_event_share(const deepid_study_event *event);

/**
 * Seconds since this run began.
 *
 * @param[in] event  as the callback got it
 *
 * @return 0 or more; NaN when event is none.
 *
 * @cost   none.
 * @thread The callback's own.
 */
DEEPID_API double deepid_study_event_seconds(const deepid_study_event *event);

/**
 * Seconds that the rest will take, if it goes on as so far.
 *
 * @param[in] event  as the callback got it
 *
 * @return 0 or more; NaN until it can be told, and when event is none.
 *
 * @cost   none.
 * @thread The callback's own.
 */
DEEPID_API double deepid_study_event_seconds_left(const deepid_study_event *event);

/**
 * What runs now, in words: "D_start:he, seed 4".
 *
 * @param[in] event  as the callback got it
 *
 * @return Valid during the callback; "" when event is none.
 *
 * @cost   none.
 * @thread The callback's own.
 */
DEEPID_API const char *deepid_study_event_text(const deepid_study_event *event);

/**
 * Do what is not done: tuning, trainings, witnesses, probes. One net a worker, the dearest first of those whose parents
 * are done. Results do not depend on the number of workers, on order or on interruptions.
 *
 * @param[in,out] study     with a folder every result is a file there at once
 * @param[in]     progress  about ten times a second and at the end; NULL = nobody
 * @param[in,out] user      passed to progress; NULL is fine
 *
 * @retval DEEPID_OK               everything is done, or everything of this shard (what another living process holds is
 *                                 waited for)
 * @retval DEEPID_STOPPED          asked to stop; done tasks are kept, running ones begin again next time
 * @retval DEEPID_ERR_CALLBACK     progress returned another number than 0 (deepid_ctx_callback_code); as after a stop
 * @retval DEEPID_ERR_ARGUMENT     shard or task is out of range: says the range
 * @retval DEEPID_ERR_STATE        the folder holds another study: names the setting that differs
 * @retval DEEPID_ERR_SPEC         a word of the recipe is unknown
 * @retval DEEPID_ERR_NUMERIC      a value of the data is not finite: names it. A training that meets one is no failure:
 *                                 its net diverged
 * @retval DEEPID_ERR_SHAPE        the recipe does not fit the nets: a batch too small for batch-norm
 * @retval DEEPID_ERR_UNSUPPORTED  the recipe does not fit the data: its loss or augmentation
 * @retval DEEPID_ERR_FORMAT       a file of the folder is damaged: names it
 * @retval DEEPID_ERR_IO           the folder cannot be read or written, or a task's claim cannot be removed: names it
 * @retval DEEPID_ERR_THREAD       no thread could be started
 * @retval DEEPID_ERR_LIMIT        too many tasks, or beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   the plan (deepid_study), the trainings, and a look over all data at each point of the history.
 * @thread One thread at a time for each context. Each worker has a context of its own, with this one's allocator and
 * limits.
 * @see    docs/study.md
 */
DEEPID_API int32_t deepid_study_run(deepid_study *study, deepid_study_fn progress, void *user);

/**
 * Ask the deepid_study_run under way, or else the next one, to end: running tasks end at their next step.
 *
 * @param[in,out] study  NULL is fine
 *
 * @cost   one atomic store.
 * @thread Safe from any thread, in a signal handler and in a callback, while the study lives.
 */
DEEPID_API void deepid_study_request_stop(deepid_study *study);

/**
 * How many tasks there are in all: trainings, witnesses, tuning runs, probes. Those that tuning turns out not to need
 * are among them; they are done at no cost.
 *
 * @param[in,out] study  the study
 *
 * @return The number; -1 when the plan cannot be made (deepid_ctx_error says why).
 *
 * @cost   none; the first time the plan (deepid_study).
 * @thread One thread at a time for each context.
 */
DEEPID_API int64_t deepid_study_task_count(deepid_study *study);

/**
 * How many of all tasks are done.
 *
 * @param[in,out] study  the study
 *
 * @return The number; -1 when the plan cannot be made (deepid_ctx_error says why).
 *
 * @cost   one look a task; the first time also the plan (deepid_study).
 * @thread One thread at a time for each context.
 */
DEEPID_API int64_t deepid_study_tasks_done(deepid_study *study);

/* ---- results ---------------------------------------------------------------------------------------------------- */

/**
 * One row a net that ran, named by its arm. Columns: task, arm (its place in deepid_study_arm_...), depth, seed,
 * epochs, updates, rate, train_loss, train_error, valid_loss, valid_error, best_valid_loss (the least of the history),
 * penalty (weight_decay / 2 times the sum of squares of the weights that the recipe's optimiser decays), diverged (0 or
 * 1), seconds. What was not measured is NaN.
 *
 * @param[in,out] study  the study
 * @param[out]    out    the table, yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     out is NULL
 * @retval DEEPID_ERR_STATE        the folder holds another study: names the setting that differs
 * @retval DEEPID_ERR_NUMERIC      a value of the data is not finite: names it
 * @retval DEEPID_ERR_SPEC         a word of the recipe is unknown
 * @retval DEEPID_ERR_FORMAT       a file of the folder is damaged: names it
 * @retval DEEPID_ERR_IO           a file of the folder cannot be read or written: names it
 * @retval DEEPID_ERR_UNSUPPORTED  the recipe does not fit the data: its loss or augmentation
 * @retval DEEPID_ERR_SHAPE        the recipe does not fit the nets: a batch too small for batch-norm
 * @retval DEEPID_ERR_LIMIT        too many tasks, or beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   the table; the first time also the plan (deepid_study).
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_study_results(deepid_study *study, deepid_table **out);

/**
 * One row a look at a net while it trained, named by its arm. Columns: task, arm, depth, seed, epoch, train_loss,
 * train_error, valid_loss, valid_error, lr (the learning rate).
 *
 * @param[in,out] study  the study
 * @param[out]    out    the table, yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     out is NULL
 * @retval DEEPID_ERR_STATE        the folder holds another study: names the setting that differs
 * @retval DEEPID_ERR_NUMERIC      a value of the data is not finite: names it
 * @retval DEEPID_ERR_SPEC         a word of the recipe is unknown
 * @retval DEEPID_ERR_FORMAT       a file of the folder is damaged: names it
 * @retval DEEPID_ERR_IO           a file of the folder cannot be read or written: names it
 * @retval DEEPID_ERR_UNSUPPORTED  the recipe does not fit the data: its loss or augmentation
 * @retval DEEPID_ERR_SHAPE        the recipe does not fit the nets: a batch too small for batch-norm
 * @retval DEEPID_ERR_LIMIT        too many tasks, or beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   the table; the first time also the plan (deepid_study).
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_study_history(deepid_study *study, deepid_table **out);

/**
 * One row a tuning run, named by its arm. Columns: rate, seed, train_loss, diverged, chosen (1: the arm's rate), noise
 * (1: no rate leaves the constant predictor, the choice means nothing).
 *
 * @param[in,out] study  the study
 * @param[out]    out    the table, yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     out is NULL
 * @retval DEEPID_ERR_STATE        the folder holds another study: names the setting that differs
 * @retval DEEPID_ERR_NUMERIC      a value of the data is not finite: names it
 * @retval DEEPID_ERR_SPEC         a word of the recipe is unknown
 * @retval DEEPID_ERR_FORMAT       a file of the folder is damaged: names it
 * @retval DEEPID_ERR_IO           a file of the folder cannot be read or written: names it
 * @retval DEEPID_ERR_UNSUPPORTED  the recipe does not fit the data: its loss or augmentation
 * @retval DEEPID_ERR_SHAPE        the recipe does not fit the nets: a batch too small for batch-norm
 * @retval DEEPID_ERR_LIMIT        too many tasks, or beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   the table; the first time also the plan (deepid_study).
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_study_tuning(deepid_study *study, deepid_table **out);

/**
 * The table of one probe, all probed seeds of one arm, with the column seed in front.
 *
 * @param[in,out] study  the study
 * @param[in]     arm    an arm's word
 * @param[in]     word   a probe's word
 * @param[out]    out    the table, yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     a NULL, no such arm, or no probe that a study makes
 * @retval DEEPID_ERR_STATE        the probe was not made, with the reason; or the folder holds another study: names the
 *                                 setting that differs
 * @retval DEEPID_ERR_NUMERIC      a value of the data is not finite: names it
 * @retval DEEPID_ERR_SPEC         a word of the recipe is unknown
 * @retval DEEPID_ERR_FORMAT       a file of the folder is damaged: names it
 * @retval DEEPID_ERR_IO           a file of the folder cannot be read or written: names it
 * @retval DEEPID_ERR_UNSUPPORTED  the recipe does not fit the data: its loss or augmentation
 * @retval DEEPID_ERR_SHAPE        the recipe does not fit the nets: a batch too small for batch-norm
 * @retval DEEPID_ERR_LIMIT        too many tasks, or beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   the table; the first time also the plan (deepid_study).
 * @thread One thread at a time for each context.
 * @see    docs/probes.md
 */
DEEPID_API int32_t deepid_study_probe(deepid_study *study, const char *arm, const char *word, deepid_table **out);

/**
 * The trained net of an arm and a seed, kept in memory while the study lives, or in the folder when there is one.
 *
 * @param[in,out] study  the study
 * @param[in]     arm    an arm's word
 * @param[in]     seed   one of the study's
 * @param[out]    out    a copy, yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     a NULL, no such arm, or no such seed: says the range
 * @retval DEEPID_ERR_STATE        the arm is left out, or the net did not run or diverged: says which; or the folder
 *                                 holds another study: names the setting that differs
 * @retval DEEPID_ERR_NUMERIC      a value of the data is not finite: names it
 * @retval DEEPID_ERR_SPEC         a word of the recipe is unknown
 * @retval DEEPID_ERR_FORMAT       a file of the folder is damaged: names it
 * @retval DEEPID_ERR_IO           a file of the folder cannot be read or written: names it
 * @retval DEEPID_ERR_UNSUPPORTED  the recipe does not fit the data: its loss or augmentation
 * @retval DEEPID_ERR_SHAPE        the recipe does not fit the nets: a batch too small for batch-norm
 * @retval DEEPID_ERR_LIMIT        too many tasks, or beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   a copy of the net; the first time also the plan (deepid_study).
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_study_net(deepid_study *study, const char *arm, uint64_t seed, deepid_net **out);

/**
 * The verdict: a finding for each hypothesis, with the numbers that made it (verdict.h). Thresholds are numbers of the
 * study, by the words of deepid_verdict_threshold_word.
 *
 * @param[in,out] study  has run
 * @param[out]    out    the verdict, yours; destroy it with deepid_verdict_destroy
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     out is NULL, or the study has more than 100 seeds
 * @retval DEEPID_ERR_STATE        a net has not run yet: names it; or the folder holds another study: names the setting
 *                                 that differs
 * @retval DEEPID_ERR_NUMERIC      a value of the data is not finite: names it
 * @retval DEEPID_ERR_SPEC         a word of the recipe is unknown
 * @retval DEEPID_ERR_FORMAT       a file of the folder is damaged: names it
 * @retval DEEPID_ERR_IO           a file of the folder cannot be read or written: names it
 * @retval DEEPID_ERR_UNSUPPORTED  the recipe does not fit the data: its loss or augmentation
 * @retval DEEPID_ERR_SHAPE        the recipe does not fit the nets: a batch too small for batch-norm
 * @retval DEEPID_ERR_LIMIT        too many tasks, or beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   bootstraps over seeds, and one embedding of a shallow net in the deep one; the first time also the plan
 * (deepid_study).
 * @thread One thread at a time for each context.
 * @see    docs/verdict.md
 */
DEEPID_API int32_t deepid_study_judge(deepid_study *study, deepid_verdict **out);

/**
 * Write results.csv, history.csv, tuning.csv, plan.json, probes/ARM.WORD.csv and study.json (configuration, versions,
 * machine, seeds, replay command) into the folder. What has not run is missing in them.
 *
 * @param[in,out] study   the study
 * @param[in]     replay  the command line to put into study.json; NULL = none
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_STATE        there is no folder, or it holds another study: names the setting that differs
 * @retval DEEPID_ERR_NUMERIC      a value of the data is not finite: names it
 * @retval DEEPID_ERR_SPEC         a word of the recipe is unknown
 * @retval DEEPID_ERR_FORMAT       a file of the folder is damaged: names it
 * @retval DEEPID_ERR_IO           a file of the folder cannot be read or written: names it
 * @retval DEEPID_ERR_UNSUPPORTED  the recipe does not fit the data: its loss or augmentation
 * @retval DEEPID_ERR_SHAPE        the recipe does not fit the nets: a batch too small for batch-norm
 * @retval DEEPID_ERR_LIMIT        too many tasks, or beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   the tables as text, and two disk flushes a file; the first time also the plan (deepid_study).
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_study_write(deepid_study *study, const char *replay);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
