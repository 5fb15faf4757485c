/**
 * @defgroup allreduce One net on many ranks
 * Data-parallel training: each rank (a process, a machine, a thread with its own context) holds the same net and the
 * same data, computes a part of every batch, and all make the same update. The same bits for any number of ranks. What
 * carries numbers between ranks is the caller's: MPI_Allreduce, NCCL, Gloo, sockets, shared memory.
 * @{
 */
#ifndef DEEPID_ALLREDUCE_H
#define DEEPID_ALLREDUCE_H

#include <deepid/train.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a deepid_allreduce_fn does with the numbers of the ranks; a number keeps its meaning for ever. */
enum {
    DEEPID_ALLREDUCE_SUM = 0, /**< adds them; sums of this library stay below 2^63 */
    DEEPID_ALLREDUCE_MAX = 1  /**< takes the largest */
};

/**
 * Replaces each number by the sum or the largest of that number on all ranks. Numbers are whole, so ranks may be taken
 * in any order and grouping: the bits are the same. Every rank calls it equally often, with the same how and count; it
 * returns when this rank's numbers are replaced.
 *
 * It has to end on each rank, also when another rank died: with a time limit, which is the caller's to choose.
 *
 * @param[in,out] user     what came with the function
 * @param[in]     how      DEEPID_ALLREDUCE_SUM or DEEPID_ALLREDUCE_MAX, of signed numbers of 64 bits
 * @param[in,out] numbers  count of them
 * @param[in]     count    1 or more, the same on all ranks; deepid_trainer_set_allreduce says how many come
 * @param[out]    why      when it fails: may be set to a sentence that says why, borrowed until the trainer's call ends
 *
 * @return 0 = done; anything else ends the trainer's call with DEEPID_ERR_CALLBACK, before the step has changed
 * anything.
 *
 * @thread Runs on the thread that called the trainer. It must not call for the trainer.
 */
typedef int32_t (*deepid_allreduce_fn)(void *user, int32_t how, int64_t *numbers, int64_t count, const char **why);

/**
 * Set how many samples run at once. A batch of n is cut into ceil(n / samples) shards whose sizes differ by one at
 * most. Each shard gives its gradient; their sum is taken exactly (docs/design/0012-allreduce.md) and rounded once.
 * This is what ranks share, and takes less memory on one.
 *
 * What comes out is as with the whole batch, to rounding: loss, gradient, order of samples, augmentation, dropout's
 * masks. But batch-norm takes the statistics of each shard for itself, unless deepid_trainer_set_batchnorm says
 * otherwise.
 *
 * @param[in,out] trainer  the trainer; a checkpoint keeps the number
 * @param[in]     samples  1 or more, or 0 = the whole batch at once; default 0, and 32 once
 *                         deepid_trainer_set_allreduce was called
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  samples is negative, or is 0 and the trainer has an allreduce
 *
 * @cost   the buffers of the old batch are given back. A step then keeps the gradient of each shard of this rank, and 8
 *         bytes a parameter.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_trainer_set_shards(deepid_trainer *trainer, int64_t samples);

/**
 * Choose what batch-norm takes mean and variance of, where the batch is in shards.
 *
 * - "shard": each shard for itself, and so other values than with the whole batch ("ghost" batches, Hoffer et al.
 *   2017). Running statistics take the mean over the shards, weighted by their samples.
 * - "batch": the whole batch, to rounding as without shards ("synchronised"). All shards of a rank run side by side,
 *   so that their values are in memory at once, and the statistics are exchanged at each batch-norm, forward and back.
 *
 * @param[in,out] trainer  the trainer; a checkpoint keeps the word
 * @param[in]     over     "shard" (the default) or "batch"
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_SPEC  neither of the two words; also for NULL
 *
 * @cost   the buffers of the old batch are given back. "batch" adds two exchanges a batch-norm and step, of two
 *         numbers a channel and shard; a step refuses a net with recompute.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_trainer_set_batchnorm(deepid_trainer *trainer, const char *over);

/**
 * Train with other ranks. Rank r of R computes the shards floor(r S / R) .. floor((r + 1) S / R) - 1 of the S shards
 * of each batch (deepid_trainer_set_shards), so more ranks than shards are of no use. Steps, losses, norms, events,
 * running statistics and checkpoints are the same on all ranks, and have the same bits for any number of them, by any
 * allreduce, on CPUs of one kind. A checkpoint goes on with another number of ranks.
 *
 * Every rank calls the same functions for its trainer: deepid_trainer_fit with the same steps, settings alike. A step
 * first compares the ranks: library, instruction set, net, settings, data, place in training, values of the net and
 * of the optimiser; what differs is refused by name on all of them. deepid_trainer_request_stop on one rank stops all
 * after the same step. A rank that fails (no memory, say) is named by the others, with its status.
 *
 * @param[in,out] trainer  the trainer
 * @param[in]     fn       the exchange; NULL = none, with ranks 1: the shards stay
 * @param[in,out] user     passed to fn; NULL is fine
 * @param[in]     rank     0 to ranks - 1, another one on each rank
 * @param[in]     ranks    1 or more
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  ranks is below 1, rank is out of range, or fn is NULL with more than one rank
 *
 * @cost   none. The first step reads the data once. Each step exchanges 20 numbers, one a parameter and sample, and one
 *         an element of all parameters and states: 8 bytes each, whatever the batch and the ranks.
 * @thread One thread at a time for each context.
 * @see    docs/distributed.md
 */
DEEPID_API int32_t deepid_trainer_set_allreduce(deepid_trainer *trainer, deepid_allreduce_fn fn, void *user,
                                                int32_t rank, int32_t ranks);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
