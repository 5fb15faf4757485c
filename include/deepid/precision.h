/**
 * @defgroup precision Precision
 * Number formats with fewer bits than f32: what is stored in them, and the loss's scale that goes with them.
 * docs/precision.md has the tables and an example.
 * @{
 */
#ifndef DEEPID_PRECISION_H
#define DEEPID_PRECISION_H

#include <deepid/net.h>
#include <deepid/train.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- storage of a net -------------------------------------------------------------------------- */

/**
 * Store the numbers of a net in another format than f32, as hardware with 16 or 8 bits does: values that flow, their
 * gradients, and weights as products read them are rounded at the end of each step; sums stay f32, and so do
 * batch-norm's statistics, losses, and what PyTorch's autocast leaves in f32. It tells what a format does to training
 * and is not meant to be faster; products=native may be. It is part of the net's text ("input 32x32x3 storage=bf16;
 * ..."), so files and copies keep it; an f64 copy has none. docs/precision.md has the table of formats and of what
 * stays f32.
 *
 * @param[in,out] net      f32 and not frozen; its buffers are given back, the next use makes new ones
 * @param[in]     storage  "f32" (the default: nothing is rounded), "bf16", "f16", "tf32", "f8e4m3" or "f8e5m2", and
 * behind it any of rounding=nearest|stochastic, subnormals=keep|flush, overflow=usual|nonfinite|saturate,
 * weights=master|format|f32 (format: they are rounded now and after each update), gradients=format or a format of
 * their own, weight_gradients=format|f32, norms=f32|format, input=f32|format, output=format|f32, products=f32|native;
 * the first is the default. native: dense layers of at least 16384 weights and direct convolutions (not Winograd's; an
 * even number of channels) whose input, weights and output gradient are bf16 are multiplied by the CPU's instruction
 * for bf16, where the context's instruction set is "avx512" and the CPU has AVX512-BF16: sums within
 * 2 k 2^-24 sum |a b| of those in f32 (docs/design/0013-storage.md), the same bits for any number of threads, other
 * bits than elsewhere
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     storage is NULL
 * @retval DEEPID_ERR_SPEC         an unknown word or option: lists the known ones
 * @retval DEEPID_ERR_UNSUPPORTED  the net is f64
 * @retval DEEPID_ERR_STATE        the net is frozen
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   of a training step: where convolutions run with their batch-norms, rounding on the way; elsewhere a pass over
 * each value, gradient and weight. rounding=stochastic: always such passes (docs/precision.md has figures)
 * @thread One thread at a time for each context; rounding gives the same bits for any number of threads
 */
DEEPID_API int32_t deepid_net_set_storage(deepid_net *net, const char *storage);

/**
 * The storage of a net, as deepid_net_set_storage takes it.
 *
 * @param[in] net  any
 *
 * @return "f32", "bf16 rounding=stochastic", ...: options only where they differ from the default. Borrowed until the
 * storage is set or the net destroyed; "" for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the net.
 */
DEEPID_API const char *deepid_net_storage(const deepid_net *net);

/**
 * The formats of deepid_net_set_storage, one after the other.
 *
 * @param[in] i  from 0
 *
 * @return A constant; NULL past the end.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_storage_word(int64_t i);

/**
 * What a format is.
 *
 * @param[in] word  of deepid_storage_word
 *
 * @return One line, a constant; NULL for NULL or when there is no such word.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_storage_help(const char *word);

/* ---- the loss's scale -------------------------------------------------------------------------- */

/**
 * Multiply the loss's gradient on its way back, and divide it out before clipping and the update: what small gradients
 * need where storage has a short range (deepid_net_set_storage; Micikevicius et al. 2018, arXiv:1710.03740, section
 * 3.2). Losses and norms are told without the scale.
 *
 * - "none" (the default): 1.
 * - "static scale=65536": always that.
 * - "dynamic init=65536 growth=2 backoff=0.5 interval=2000": as torch.amp.GradScaler, with its defaults. A step whose
 * loss or gradient is not finite is skipped and counted (deepid_trainer_skipped_steps): parameters, the optimiser and,
 * unlike PyTorch, running statistics stay as they were, and the scale takes the factor backoff; after `interval` finite
 * steps in a row it takes the factor growth.
 *
 * @param[in,out] trainer     the trainer; the scale and its counts start anew
 * @param[in]     loss_scale  a word and its options
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_SPEC  an unknown word or option: lists the known ones
 * @retval DEEPID_ERR_MEMORY  no memory
 *
 * @cost   of a step: a pass over the net's output and one over the parameters' gradients. A dynamic scale that falls
 * below 2^-126 ends the fit with DEEPID_ERR_NUMERIC. L-BFGS refuses "dynamic".
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_trainer_set_loss_scale(deepid_trainer *trainer, const char *loss_scale);

/**
 * The scale that the next step multiplies the loss's gradient by (deepid_trainer_set_loss_scale).
 *
 * @param[in] trainer  the trainer
 *
 * @return Above 0, 1 without scaling; NaN for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread trains.
 */
DEEPID_API double deepid_trainer_loss_scale(const deepid_trainer *trainer);

/**
 * Steps that dynamic loss scaling has skipped.
 *
 * @param[in] trainer  the trainer
 *
 * @return 0 or more; -1 for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread trains.
 */
DEEPID_API int64_t deepid_trainer_skipped_steps(const deepid_trainer *trainer);

/**
 * The words of deepid_trainer_set_loss_scale, one after the other.
 *
 * @param[in] i  from 0
 *
 * @return A constant; NULL past the end.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_loss_scale_word(int64_t i);

/**
 * What a way to scale the loss does, and its options.
 *
 * @param[in] word  of deepid_loss_scale_word
 *
 * @return One line, a constant; NULL for NULL or when there is no such word.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_loss_scale_help(const char *word);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
