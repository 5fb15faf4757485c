/**
 * @defgroup train Trainers
 * Training: a pull loop (step) and fit, a loop over it; evaluation; checkpoints.
 * @{
 */
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
/** What a callback can ask about a step just done: deepid_event_step and the others. Valid during the callback. */
typedef struct deepid_event deepid_event;

/**
 * Hears of each step of deepid_trainer_fit. It may read the event and call deepid_trainer_request_stop; it must destroy
 * nothing that is in use.
 *
 * @param[in,out] user   what came with the function
 * @param[in]     event  the step; borrowed for the call
 *
 * @return 0 = go on; anything else ends the call with DEEPID_ERR_CALLBACK.
 *
 * @thread Runs on the thread that called deepid_trainer_fit.
 */
typedef int32_t (*deepid_event_fn)(void *user, const deepid_event *event);

/**
 * Steps that the trainer has done so far, also by earlier calls.
 *
 * @param[in] event  as the callback got it
 *
 * @return 1 or more; -1 when event is none.
 *
 * @cost   none.
 * @thread The callback's own.
 */
DEEPID_API int64_t deepid_event_step(const deepid_event *event);

/**
 * Steps that were asked of this deepid_trainer_fit.
 *
 * @param[in] event  as the callback got it
 *
 * @return 1 or more; -1 when event is none.
 *
 * @cost   none.
 * @thread The callback's own.
 */
DEEPID_API int64_t deepid_event_steps(const deepid_event *event);

/**
 * Passes over the data so far: steps done / steps per epoch.
 *
 * @param[in] event  as the callback got it
 *
 * @return Above 0, with its fraction; NaN when event is none.
 *
 * @cost   none.
 * @thread The callback's own.
 */
DEEPID_API double deepid_event_epoch(const deepid_event *event);

/**
 * Mean loss of the step's batch, before its update.
 *
 * @param[in] event  as the callback got it
 *
 * @return The loss, maybe not finite when the step was skipped; NaN when event is none.
 *
 * @cost   none.
 * @thread The callback's own.
 */
DEEPID_API double deepid_event_loss(const deepid_event *event);

/**
 * The learning rate of the next step.
 *
 * @param[in] event  as the callback got it
 *
 * @return 0 or more; NaN when event is none.
 *
 * @cost   none.
 * @thread The callback's own.
 */
DEEPID_API double deepid_event_learning_rate(const deepid_event *event);

/**
 * Seconds since deepid_trainer_fit began.
 *
 * @param[in] event  as the callback got it
 *
 * @return 0 or more; NaN when event is none.
 *
 * @cost   none.
 * @thread The callback's own.
 */
DEEPID_API double deepid_event_seconds(const deepid_event *event);

/**
 * Make a trainer. Defaults: plain SGD with rate 0.1, batches of 64 (all samples when fewer), constant schedule, no
 * clipping, no augmentation, seed 1; the loss by the data: cross_entropy of labels (of two classes by one output:
 * binary_cross_entropy), squared_error of targets.
 *
 * @param[in,out] net   lent for the trainer's life; its parameters are trained where they are
 * @param[in]     data  lent for the trainer's life; of the same context
 * @param[out]    out   the new trainer; destroy it with deepid_trainer_destroy
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  data or out is NULL, or net and data are of different contexts
 * @retval DEEPID_ERR_SHAPE     the net's input or output does not fit the data
 * @retval DEEPID_ERR_STATE     the net is frozen
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   a few kilobytes; buffers come with the first step.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_trainer_create(deepid_net *net, const deepid_dataset *data, deepid_trainer **out);

/**
 * Destroy a trainer. Its net and data stay.
 *
 * @param[in] trainer  NULL is fine
 *
 * @cost   none.
 * @thread Safe as long as no other thread uses the trainer.
 */
DEEPID_API void deepid_trainer_destroy(deepid_trainer *trainer);

/* ---- settings: each is checked at once; a call that fails leaves the old one ------------------------------------ */

/**
 * Choose the optimiser. It starts afresh, without what another one has kept.
 *
 * - "sgd momentum=0 nesterov=0 weight_decay=0 decay=weights|all": v = momentum v + g, w -= rate v; with nesterov=1 the
 *   step is along g + momentum v. momentum is 0 to 0.9999.
 * - "adam beta1=0.9 beta2=0.999 eps=1e-8 weight_decay=0 decay=weights|all": Kingma and Ba 2015, algorithm 1.
 * - "adamw", with the options of adam: decoupled weight decay (Loshchilov and Hutter 2019).
 * - "rmsprop alpha=0.99 eps=1e-8 momentum=0 weight_decay=0 decay=weights|all": Tieleman and Hinton 2012, lecture 6e, as
 *   PyTorch has it, not centred: v = alpha v + (1-alpha) g^2, m = momentum m + g / (sqrt(v) + eps), w -= rate m.
 * - "lbfgs memory=10": L-BFGS on all samples (Nocedal 1980, by liblbfgs), 1 to 1000 pairs kept; an iteration is a step.
 *
 * weight_decay adds weight_decay / 2 |w|^2 to what is minimised (adamw takes rate times weight_decay of w a step
 * instead); decay says of which parameters: weights only (the default), or biases and scales too.
 *
 * @param[in,out] trainer    the trainer
 * @param[in]     optimizer  a word of deepid_optimizer_word and its options; default "sgd"
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_SPEC    an unknown optimiser or option, or a value out of its range; also for NULL
 * @retval DEEPID_ERR_LIMIT   beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY  no memory
 *
 * @cost   the text, copied; the arrays of the old optimiser are given back.
 * @thread One thread at a time for each context.
 * @see    deepid_optimizer_help
 */
DEEPID_API int32_t deepid_trainer_set_optimizer(deepid_trainer *trainer, const char *optimizer);

/**
 * Set the learning rate, which the schedule multiplies. L-BFGS has none and leaves it unused.
 *
 * @param[in,out] trainer  the trainer
 * @param[in]     rate     above 0 and finite; default 0.1 for sgd, 0.001 for adam, adamw and rmsprop
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  rate is not above 0, or not finite
 *
 * @cost   none.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_trainer_set_learning_rate(deepid_trainer *trainer, double rate);

/**
 * Choose the learning rate's schedule: a factor by the share of the total steps that is done.
 *
 * - "constant": 1.
 * - "step at=0.75 at2=2 factor=0.1": factor from the share `at` on, and again from `at2` on (2 = never).
 * - "cosine floor=0": floor + (1 - floor) (1 + cos(pi share)) / 2 (Loshchilov and Hutter 2017, equation 5).
 *
 * Each takes warmup=STEPS (default 0): in the first steps the rate rises in a line.
 *
 * @param[in,out] trainer   the trainer
 * @param[in]     schedule  a word of deepid_schedule_word and its options; default "constant"
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_SPEC    an unknown schedule or option, or a value out of its range; also for NULL
 * @retval DEEPID_ERR_LIMIT   beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY  no memory
 *
 * @cost   the text, copied.
 * @thread One thread at a time for each context.
 * @see    deepid_trainer_set_total_steps, deepid_schedule_help
 */
DEEPID_API int32_t deepid_trainer_set_schedule(deepid_trainer *trainer, const char *schedule);

/**
 * Set what the shares of a schedule refer to. When it was not set, the first deepid_trainer_fit sets it to the steps
 * done and its own.
 *
 * @param[in,out] trainer  the trainer
 * @param[in]     steps    1 or more
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  steps is below 1
 *
 * @cost   none.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_trainer_set_total_steps(deepid_trainer *trainer, int64_t steps);

/**
 * Set how many samples a step takes. L-BFGS always takes all.
 *
 * @param[in,out] trainer  the trainer
 * @param[in]     batch    1 to the samples of the data, or 0 = all of them; default 64, or all when they are fewer
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  batch is out of range
 *
 * @cost   the buffers of the old batch are given back.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_trainer_set_batch(deepid_trainer *trainer, int64_t batch);

/**
 * Say whether the last batch of an epoch is used when it is shorter than the others.
 *
 * @param[in,out] trainer  the trainer
 * @param[in]     keep     0 (the default): it is dropped; else it is used
 *
 * @retval DEEPID_OK
 *
 * @cost   none.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_trainer_set_keep_last(deepid_trainer *trainer, int32_t keep);

/**
 * Set the largest norm that the whole gradient may have: a longer one is scaled down to it before the update.
 *
 * @param[in,out] trainer  the trainer
 * @param[in]     norm     0 or more and finite; 0 (the default) = no clipping
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  norm is negative or not finite
 *
 * @cost   none.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_trainer_set_clip(deepid_trainer *trainer, double norm);

/**
 * Set the seed of the samples' order, of augmentation and of noise (dropout). The running epoch goes on in the new
 * seed's order.
 *
 * @param[in,out] trainer  the trainer
 * @param[in]     seed     any; default 1
 *
 * @retval DEEPID_OK
 *
 * @cost   none.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_trainer_set_seed(deepid_trainer *trainer, uint64_t seed);

/**
 * Choose the loss that is minimised.
 *
 * @param[in,out] trainer  the trainer
 * @param[in]     loss     "cross_entropy smoothing=0" (labels), "binary_cross_entropy" (labels of two classes, a
 *                         net of one output), "squared_error" or "huber delta=1" (targets): see losses.h; default by
 *                         the data and the net. Labels can have weights by class, "weights=1,2.5" or
 *                         "weights=balanced", by the labels of the trainer's data; the loss of a batch is then the
 *                         mean by the weights of its labels
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_SPEC         an unknown loss or option, or a value out of its range; also for NULL
 * @retval DEEPID_ERR_UNSUPPORTED  a loss of labels and the data has targets, or the reverse; or the net has too few
 *                                 outputs for it, or one too many
 * @retval DEEPID_ERR_LIMIT        beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   the text, copied.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_trainer_set_loss(deepid_trainer *trainer, const char *loss);

/**
 * Choose how pictures are varied each time they are taken. "crop pad=4 flip=0" puts a frame of `pad` zeros (0 to 64)
 * around each, cuts out the old size at a random place, and with flip=1 mirrors half of them (He et al. 2015, section
 * 4.2).
 *
 * @param[in,out] trainer       the trainer
 * @param[in]     augmentation  "none" (the default, also for NULL or ""), or "crop" and its options
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_SPEC         an unknown augmentation or option, or a value out of its range
 * @retval DEEPID_ERR_UNSUPPORTED  the data is no pictures
 * @retval DEEPID_ERR_LIMIT        beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   the text, copied.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_trainer_set_augmentation(deepid_trainer *trainer, const char *augmentation);

/**
 * Say what happens when a step meets a loss or gradient that is not finite. In both cases its update does not take
 * place.
 *
 * @param[in,out] trainer  the trainer
 * @param[in]     what     "stop" (the default): the step returns DEEPID_ERR_NUMERIC, naming layer and step; "record":
 *                         the step is skipped and counted, and training goes on
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_SPEC  neither of the two words; also for NULL
 *
 * @cost   none.
 * @thread One thread at a time for each context.
 * @see    deepid_trainer_nonfinite_steps
 */
DEEPID_API int32_t deepid_trainer_set_nonfinite(deepid_trainer *trainer, const char *what);

/* ---- training --------------------------------------------------------------------------------------------------- */

/**
 * One step: the next batch in the epoch's order, forward, loss, backward, clipping, update. A step that meets a loss or
 * gradient that is not finite changes nothing (see deepid_trainer_set_nonfinite).
 *
 * @param[in,out] trainer  its net's parameters and states, the optimiser's state and the counters move
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_NUMERIC  not finite: names layer and step; nothing changed
 * @retval DEEPID_ERR_SHAPE    a batch with a single value a channel for batch-norm
 * @retval DEEPID_STOPPED      only with lbfgs: asked to stop; the step is done
 * @retval DEEPID_ERR_CALLBACK only with an allreduce (allreduce.h): it failed; nothing changed
 * @retval DEEPID_ERR_STATE    only with an allreduce: the ranks differ, names in what; nothing changed
 * @retval DEEPID_ERR_LIMIT    only in the first step: beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY   only in the first step, or with lbfgs: no memory
 *
 * @cost   about three forwards of a batch; allocates nothing after the first step. With lbfgs a run of one iteration,
 * which keeps no curvature.
 * @thread One thread at a time for each context; the same bits for any number of its threads.
 */
DEEPID_API int32_t deepid_trainer_step(deepid_trainer *trainer);

/**
 * Do so many more steps: a loop over deepid_trainer_step that calls back after each. With lbfgs one run of liblbfgs,
 * which ends early where it finds no better point.
 *
 * @param[in,out] trainer   the first fit also sets the schedule's total steps, unless they are set
 * @param[in]     steps     0 or more
 * @param[in]     progress  called after each step; NULL = nobody
 * @param[in,out] user      passed to progress; NULL is fine
 *
 * @retval DEEPID_OK
 * @retval DEEPID_STOPPED       asked to stop: ended after a step; the next call goes on
 * @retval DEEPID_ERR_CALLBACK  progress returned another number than 0 (deepid_ctx_callback_code); its step is done.
 * Or an allreduce did (allreduce.h); its step has changed nothing
 * @retval DEEPID_ERR_STATE     only with an allreduce: see deepid_trainer_step
 * @retval DEEPID_ERR_NUMERIC   see deepid_trainer_step; the steps before are done
 * @retval DEEPID_ERR_SHAPE     a batch with a single value a channel for batch-norm
 * @retval DEEPID_ERR_ARGUMENT  steps is negative
 * @retval DEEPID_ERR_LIMIT     only in the first step: beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    only in the first step, or with lbfgs: no memory
 *
 * @cost   steps times a step.
 * @thread One thread at a time for each context; the same bits for any number of its threads.
 */
DEEPID_API int32_t deepid_trainer_fit(deepid_trainer *trainer, int64_t steps, deepid_event_fn progress, void *user);

/**
 * Ask the deepid_trainer_fit under way, or else the next one, to end after its step with DEEPID_STOPPED.
 *
 * @param[in,out] trainer  NULL is fine
 *
 * @cost   one atomic store.
 * @thread Safe from any thread, in a signal handler and in a callback, while the trainer lives.
 */
DEEPID_API void deepid_trainer_request_stop(deepid_trainer *trainer);

/**
 * Steps done so far, those that were skipped included.
 *
 * @param[in] trainer  the trainer
 *
 * @return 0 or more; -1 for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread is inside a call for the trainer.
 */
DEEPID_API int64_t deepid_trainer_steps_done(const deepid_trainer *trainer);

/**
 * Steps of a pass over the data, by the batch and keep_last.
 *
 * @param[in] trainer  the trainer
 *
 * @return 1 or more; -1 for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread is inside a call for the trainer.
 */
DEEPID_API int64_t deepid_trainer_steps_per_epoch(const deepid_trainer *trainer);

/**
 * Mean loss of the last step's batch, before its update.
 *
 * @param[in] trainer  the trainer
 *
 * @return The loss, maybe not finite when that step was skipped; NaN before the first step and for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread is inside a call for the trainer.
 */
DEEPID_API double deepid_trainer_loss(const deepid_trainer *trainer);

/**
 * Euclidean norm of the last step's whole gradient, before clipping.
 *
 * @param[in] trainer  the trainer
 *
 * @return 0 or more, not finite when that step was skipped; NaN before the first step, after deepid_trainer_load and
 * for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread is inside a call for the trainer.
 */
DEEPID_API double deepid_trainer_gradient_norm(const deepid_trainer *trainer);

/**
 * The learning rate of the next step: rate, warm-up and schedule.
 *
 * @param[in] trainer  the trainer
 *
 * @return 0 or more; NaN for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread is inside a call for the trainer.
 */
DEEPID_API double deepid_trainer_current_rate(const deepid_trainer *trainer);

/**
 * Steps that were skipped under "record" (deepid_trainer_set_nonfinite).
 *
 * @param[in] trainer  the trainer
 *
 * @return 0 or more; -1 for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread is inside a call for the trainer.
 */
DEEPID_API int64_t deepid_trainer_nonfinite_steps(const deepid_trainer *trainer);

/* ---- starts that look at data ------------------------------------------------------------------------------------ */

/**
 * As deepid_net_init, and for starts that look at data too: "lsuv" (layer-sequential unit variance, Mishkin and Matas
 * 2016, algorithm 1). Those run a batch of 256 samples (all, where there are fewer) spread evenly over the data, in
 * training mode and in f64. A failed call leaves the net as it was.
 *
 * @param[in,out] net   all parameters and states are set
 * @param[in]     data  samples of the net's input shape; other starts do not look at it
 * @param[in]     init  a word of deepid_init_word with its options
 * @param[in]     seed  any; F32 and F64 nets start equal
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     data or init is NULL
 * @retval DEEPID_ERR_SPEC         an unknown word or option: lists the known ones and the nearest
 * @retval DEEPID_ERR_SHAPE        samples of another shape; a batch-norm with one value a channel; what deepid_net_init
 * refuses
 * @retval DEEPID_ERR_UNSUPPORTED  as deepid_net_init
 * @retval DEEPID_ERR_LIMIT        beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   lsuv: about four forwards of the batch in f64, and a copy of the net with every value kept
 * @thread One thread at a time for each context; the same bits for any number of its threads.
 */
DEEPID_API int32_t deepid_net_init_data(deepid_net *net, const deepid_dataset *data, const char *init, uint64_t seed);

/* ---- evaluation ------------------------------------------------------------------------------------------------- */

/**
 * Mean loss and share of wrong answers over all of data, in DEEPID_EVAL, in batches of 64; sums in double and in order.
 *
 * @param[in,out] net        its buffers are used, its mode stays
 * @param[in]     data       samples of the net's input shape
 * @param[in]     loss       "cross_entropy", "squared_error" and others, with options; NULL: by the data. Weights of
 *                           classes make it the mean by the weights of the labels; "weights=balanced" is by the labels
 *                           of these data, so say numbers to compare data of other shares
 * @param[out]    mean_loss  the loss, of cross_entropy in nats; may be NULL
 * @param[out]    error      0 to 1; NaN for targets; may be NULL
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     data is NULL
 * @retval DEEPID_ERR_SHAPE        the net's input or output does not fit the data
 * @retval DEEPID_ERR_SPEC         an unknown loss or option
 * @retval DEEPID_ERR_UNSUPPORTED  a loss of labels and the data has targets, or the reverse
 * @retval DEEPID_ERR_LIMIT        beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   one forward of all samples.
 * @thread One thread at a time for each context; the same bits for any number of its threads.
 */
DEEPID_API int32_t deepid_net_evaluate(deepid_net *net, const deepid_dataset *data, const char *loss, double *mean_loss,
                                       double *error);

/**
 * Population statistics of every batch-norm from all of data, instead of moving averages. He et al. (2015) test with
 * these: evaluation then gives what training mode gives on all of data in one batch, to rounding, at any depth. So the
 * variances are those that training normalises by, 1/n; the running ones that training leaves are unbiased, 1/(n - 1),
 * as PyTorch's are. Batches are merged by Chan, Golub and LeVeque's formula (1979).
 *
 * @param[in,out] net   its running statistics are replaced; its mode stays. Without batch-norm nothing happens
 * @param[in]     data  samples of the net's input shape; labels and targets play no part
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  data is NULL
 * @retval DEEPID_ERR_SHAPE     the net's input does not fit the data, or a batch-norm gets a single value a channel in
 *                              a batch
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context; the statistics are as they were
 * @retval DEEPID_ERR_MEMORY    no memory; the statistics are as they were
 *
 * @cost   one forward of up to 1024 vectors, or pictures of 131072 pixels together (128 to 1024 of them). More go in
 * batches, each up to every batch-norm in turn: about half as many forwards of all of data as there are batch-norms, on
 * a copy of the net.
 * @thread One thread at a time for each context; the same bits for any number of its threads.
 */
DEEPID_API int32_t deepid_net_measure_statistics(deepid_net *net, const deepid_dataset *data);

/* ---- checkpoints ------------------------------------------------------------------------------------------------ */

/**
 * Write everything that is needed to go on bit for bit, also in mid-epoch: parameters, states, optimiser, counters,
 * settings. A safetensors file with a checksum, which deepid_net_load reads as a net too.
 *
 * @param[in] trainer  the trainer
 * @param[in] path     the file; replaced as a whole or not at all
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     path is NULL
 * @retval DEEPID_ERR_UNSUPPORTED  the optimiser is lbfgs: liblbfgs keeps its memory to itself
 * @retval DEEPID_ERR_IO           the file cannot be written: names it
 * @retval DEEPID_ERR_LIMIT        beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   the net and the optimiser's arrays on disk, and two disk flushes.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_trainer_save(const deepid_trainer *trainer, const char *path);

/**
 * Go on from a file of deepid_trainer_save: settings and state are taken from it.
 *
 * @param[in,out] trainer  has the same net, dtype and number of samples; as it was when the call fails
 * @param[in]     path     the file
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     path is NULL
 * @retval DEEPID_ERR_IO           the file cannot be read: names it
 * @retval DEEPID_ERR_FORMAT       it is damaged, also by one bit, or no checkpoint of such a trainer: names what is
 *                                 wrong
 * @retval DEEPID_ERR_SHAPE        it is of another net or another number of samples
 * @retval DEEPID_ERR_SPEC         it names an optimiser, schedule, loss or augmentation that is unknown here
 * @retval DEEPID_ERR_UNSUPPORTED  its loss or augmentation does not fit the data
 * @retval DEEPID_ERR_DTYPE        a tensor of it is neither F32 nor F64
 * @retval DEEPID_ERR_LIMIT        beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   the file in memory, and buffers for a step.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_trainer_load(deepid_trainer *trainer, const char *path);

/* ---- words ------------------------------------------------------------------------------------------------------ */

/**
 * The words of the optimisers, one after the other.
 *
 * @param[in] i  from 0
 *
 * @return A constant; NULL past the end.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_optimizer_word(int64_t i);

/**
 * What an optimiser does, with its formula or source, and its options.
 *
 * @param[in] word  of deepid_optimizer_word
 *
 * @return One line, a constant; NULL for NULL or when there is no such word.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_optimizer_help(const char *word);

/**
 * The words of the schedules, one after the other.
 *
 * @param[in] i  from 0
 *
 * @return A constant; NULL past the end.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_schedule_word(int64_t i);

/**
 * What a schedule does, with its formula or source, and its options.
 *
 * @param[in] word  of deepid_schedule_word
 *
 * @return One line, a constant; NULL for NULL or when there is no such word.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_schedule_help(const char *word);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
