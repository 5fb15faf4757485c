/** @file train.h  Training: a pull loop (step) and fit, a loop over it; evaluation; checkpoints. */
#ifndef DEEPID_TRAIN_H
#define DEEPID_TRAIN_H

#include <deepid/data.h>
#include <deepid/losses.h>
#include <deepid/net.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Trains one net on one dataset. */
typedef struct deepid_trainer deepid_trainer;
/** What a callback can ask: see deepid_event_... */
typedef struct deepid_event deepid_event;
/** 0 = go on; anything else ends the call with DEEPID_ERR_CALLBACK. Runs on the caller's thread. */
typedef int32_t (*deepid_event_fn)(void *user, const deepid_event *event);

/** Steps done so far. */
DEEPID_API int64_t deepid_event_step(const deepid_event *event);
/** Steps of this fit. */
DEEPID_API int64_t deepid_event_steps(const deepid_event *event);
/** Passes over the data so far, with fraction. */
DEEPID_API double deepid_event_epoch(const deepid_event *event);
/** Mean loss of the step's batch, before its update. */
DEEPID_API double deepid_event_loss(const deepid_event *event);
/** The rate of the next step. */
DEEPID_API double deepid_event_learning_rate(const deepid_event *event);
/** Seconds since fit began. */
DEEPID_API double deepid_event_seconds(const deepid_event *event);

/**
 * A trainer: plain SGD with rate 0.1, batches of 64 (all samples when fewer), constant schedule, seed 1; the loss by
 * the data.
 *
 * @param[in]  net   lent for the trainer's life; its parameters are trained where they are
 * @param[in]  data  lent for the trainer's life; of the same context
 * @param[out] out   yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL, or net and data of different contexts
 * @retval DEEPID_ERR_SHAPE     the net's input or output does not fit the data
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   little; buffers come with the first step
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_trainer_create(deepid_net *net, const deepid_dataset *data, deepid_trainer **out);
/** NULL is fine; net and data stay. */
DEEPID_API void deepid_trainer_destroy(deepid_trainer *trainer);
/**
 * "sgd momentum=0.9 nesterov=0 weight_decay=1e-4 decay=weights|all", "adam beta1=0.9 beta2=0.999 eps=1e-8
 * weight_decay=0", "adamw ...", "lbfgs memory=10" (full batch). It starts afresh: without what another one has kept.
 */
DEEPID_API int32_t deepid_trainer_set_optimizer(deepid_trainer *trainer, const char *optimizer);
/** Above 0; default 0.1 for sgd, 0.001 for adam and adamw. */
DEEPID_API int32_t deepid_trainer_set_learning_rate(deepid_trainer *trainer, double rate);
/**
 * "constant", "step at=0.75 factor=0.1" (shares of the total steps; several: at=0.5 then at2=0.75), "cosine
 * floor=0", each with warmup=STEPS. Total steps: deepid_trainer_set_total_steps or fit's.
 */
DEEPID_API int32_t deepid_trainer_set_schedule(deepid_trainer *trainer, const char *schedule);
/** What the shares of a schedule refer to, 1 or more; set by the first fit otherwise. */
DEEPID_API int32_t deepid_trainer_set_total_steps(deepid_trainer *trainer, int64_t steps);
/**
 * Samples a step, default 64; the last batch of an epoch is dropped when shorter, unless keep_last. 0 = all samples
 * (full batch).
 */
DEEPID_API int32_t deepid_trainer_set_batch(deepid_trainer *trainer, int64_t batch);
/** keep != 0: the last, shorter batch of an epoch is used too. Default 0. */
DEEPID_API int32_t deepid_trainer_set_keep_last(deepid_trainer *trainer, int32_t keep);
/** Largest norm of the whole gradient; 0 = no clipping (default). */
DEEPID_API int32_t deepid_trainer_set_clip(deepid_trainer *trainer, double norm);
/** Seeds of order, augmentation and noise; default 1. */
DEEPID_API int32_t deepid_trainer_set_seed(deepid_trainer *trainer, uint64_t seed);
/** "cross_entropy smoothing=0.1", "squared_error". */
DEEPID_API int32_t deepid_trainer_set_loss(deepid_trainer *trainer, const char *loss);
/** "none", "crop pad=4 flip=1". */
DEEPID_API int32_t deepid_trainer_set_augmentation(deepid_trainer *trainer, const char *augmentation);
/**
 * stop (default): a step that meets a non-finite loss or gradient changes nothing and returns DEEPID_ERR_NUMERIC,
 * naming layer and step. record: the step is skipped, counted, and training goes on.
 */
DEEPID_API int32_t deepid_trainer_set_nonfinite(deepid_trainer *trainer, const char *what);

/**
 * One step: the next batch in the epoch's order, forward, loss, backward, clipping, update. A step that meets a
 * non-finite loss or gradient changes nothing.
 *
 * @param[in,out] trainer  its net's parameters and states, the optimiser's state and the counters move
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  trainer is NULL
 * @retval DEEPID_ERR_NUMERIC   not finite: names layer and step; nothing changed (see deepid_trainer_set_nonfinite)
 * @retval DEEPID_ERR_SHAPE     a batch too small for batch-norm
 * @retval DEEPID_ERR_MEMORY    only in the first step: no memory for buffers
 *
 * @cost   about three forwards of a batch; allocates nothing after the first
 * @thread one thread at a time for each context; the same bits for any number of its threads
 */
DEEPID_API int32_t deepid_trainer_step(deepid_trainer *trainer);
/**
 * steps more steps; a loop over deepid_trainer_step that calls back after each.
 *
 * @param[in,out] trainer   the first fit also sets the schedule's total steps, unless they are set
 * @param[in]     steps     0 or more
 * @param[in]     progress  may be NULL; runs on this thread; it may ask the event and call
 * deepid_trainer_request_stop, and must destroy nothing
 * @param[in]     user      passed to progress
 *
 * @retval DEEPID_OK
 * @retval DEEPID_STOPPED       asked to stop: ended after its step; the next call goes on
 * @retval DEEPID_ERR_CALLBACK  progress returned non-zero (deepid_ctx_callback_code); its step is done
 * @retval DEEPID_ERR_NUMERIC   see deepid_trainer_step
 * @retval DEEPID_ERR_ARGUMENT  trainer is NULL or steps is negative
 *
 * @cost   steps times a step; with lbfgs, steps iterations of one run of liblbfgs
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_trainer_fit(deepid_trainer *trainer, int64_t steps, deepid_event_fn progress, void *user);
/**
 * One atomic store: from any thread, a signal handler, a callback. The call under way ends after its step with
 * DEEPID_STOPPED.
 */
DEEPID_API void deepid_trainer_request_stop(deepid_trainer *trainer);

/** -1 for NULL. */
DEEPID_API int64_t deepid_trainer_steps_done(const deepid_trainer *trainer);
/** By the batch and keep_last. */
DEEPID_API int64_t deepid_trainer_steps_per_epoch(const deepid_trainer *trainer);
/** Mean loss of the last step's batch, before its update. NaN before the first. */
DEEPID_API double deepid_trainer_loss(const deepid_trainer *trainer);
/** Norm of the last step's gradient before clipping. */
DEEPID_API double deepid_trainer_gradient_norm(const deepid_trainer *trainer);
/** The learning rate of the next step. */
DEEPID_API double deepid_trainer_current_rate(const deepid_trainer *trainer);
/** Steps that were skipped under "record". */
DEEPID_API int64_t deepid_trainer_nonfinite_steps(const deepid_trainer *trainer);

/**
 * Mean loss and share of wrong answers over all of data, in DEEPID_EVAL, in batches of 64; sums in double and in order.
 *
 * @param[in,out] net        its buffers are used, its mode stays
 * @param[in]     data       samples of the net's input shape
 * @param[in]     loss       "cross_entropy", "squared_error"; NULL: by the data
 * @param[out]    mean_loss  may be NULL
 * @param[out]    error      0 to 1; NaN for targets; may be NULL
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     net or data is NULL
 * @retval DEEPID_ERR_SHAPE        the net's input or output does not fit the data
 * @retval DEEPID_ERR_SPEC         an unknown loss
 * @retval DEEPID_ERR_UNSUPPORTED  a loss that needs labels on targets, or the reverse
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   one forward of all samples
 * @thread one thread at a time for each context; the same bits for any number of its threads
 */
DEEPID_API int32_t deepid_net_evaluate(deepid_net *net, const deepid_dataset *data, const char *loss, double *mean_loss,
                                       double *error);
/**
 * Population statistics of every batchnorm from all of data (He et al. 2015 test with these, not with moving
 * averages): evaluation then gives what training mode gives on all of data in one batch, to rounding, at any depth.
 * So the variances are those that training normalises by, 1/n; the running ones that training leaves are unbiased,
 * 1/(n - 1), as PyTorch's are.
 *
 * @param[in,out] net   its running statistics are replaced; its mode stays
 * @param[in]     data  samples of the net's input shape
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  net or data is NULL
 * @retval DEEPID_ERR_SHAPE     the net's input does not fit the data; one value a channel in a batch
 * @retval DEEPID_ERR_MEMORY    no memory; the statistics are as they were, as after every failure
 *
 * @cost   one forward of up to 1024 vectors, or pictures of 131072 pixels together (128 to 1024 of them). More go in
 * batches, each up to every batchnorm in turn: about half as many forwards of all
 *         of data as there are batchnorms, on a copy of the net.
 * @thread one thread at a time for each context; the same bits for any number of its threads
 */
DEEPID_API int32_t deepid_net_measure_statistics(deepid_net *net, const deepid_dataset *data);

/**
 * Everything needed to go on bit for bit, also in mid-epoch: parameters, states, optimiser, counters, settings.
 * safetensors, with a checksum, atomic.
 */
DEEPID_API int32_t deepid_trainer_save(const deepid_trainer *trainer, const char *path);
/**
 * Into a trainer with the same net and data size: settings and state are taken from the file. A damaged file, also
 * by one bit, is DEEPID_ERR_FORMAT and changes nothing.
 */
DEEPID_API int32_t deepid_trainer_load(deepid_trainer *trainer, const char *path);

/** The i-th optimiser's word; NULL past the end. */
DEEPID_API const char *deepid_optimizer_word(int64_t i);
/** One line on an optimiser and its options; NULL when unknown. */
DEEPID_API const char *deepid_optimizer_help(const char *word);
/** The i-th schedule's word; NULL past the end. */
DEEPID_API const char *deepid_schedule_word(int64_t i);
/** One line on a schedule and its options; NULL when unknown. */
DEEPID_API const char *deepid_schedule_help(const char *word);

#ifdef __cplusplus
}
#endif
#endif
