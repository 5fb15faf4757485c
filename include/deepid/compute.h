/**
 * @defgroup compute Computing
 * How a net is computed: what rounding, what memory may be spent for speed. Results are the same net's; these settings
 * stand in its text.
 * @{
 */
#ifndef DEEPID_COMPUTE_H
#define DEEPID_COMPUTE_H

#include <deepid/net.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Whether convolutions are plain sums over the taps in a fixed order (1), or may go through Winograd's transform
 * F(4x4, 3x3) (0, the default), which is about twice as fast and, in f32, has an error of up to 3e-6 (rms) and 3e-5
 * (largest) of the output's rms instead of 3e-7. It is part of the net's text ("input 32x32x3 exact=1; ..."), so
 * files and copies keep it; deepid_net_summary says which layers it concerns. Plain sums return their input bit for
 * bit where the kernel is a delta.
 *
 * @param[in,out] net    any
 * @param[in]     exact  0 or 1
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  exact is another number
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the net's text is written anew; a frozen net gives its buffers back
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_net_set_exact(deepid_net *net, int32_t exact);

/**
 * Trade time for memory in training: keep only what leaves every so many blocks (with the layers behind them, up to
 * the next block), and work out the values between them again on the way back. The results have the same bits. It is
 * part of the net's text ("input 32x32x3 recompute=4; ..."), so files and copies keep it. Method: Chen et al. 2016,
 * arXiv:1604.06174.
 *
 * @param[in,out] net     any; its buffers are given back, the next use makes new ones
 * @param[in]     blocks  0 (the default: keep everything) to 1048576; the square root of the number of blocks needs
 * the least memory
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  blocks is outside its range
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   of a training step: one forward more, about a quarter to a third of its time
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_net_set_recompute(deepid_net *net, int64_t blocks);

/* ---- for evaluation only ------------------------------------------------------------------- */

/**
 * A net for evaluation only, of the same function as this one in DEEPID_EVAL, and faster, most of all for single
 * pictures (docs/performance.md): each batch-norm directly behind a convolution or dense layer is taken into it
 * (Jacob et al. 2018, arXiv:1712.05877, section 3.2), dropout is left out, weights are packed once instead of in
 * each forward, and each picture goes through the whole net while it is in the cache. With the net's parameters as
 * they are now; the two have nothing in common afterwards.
 *
 * The outputs of both differ by rounding: at most 2e-5 (DEEPID_F32) and 4e-14 (DEEPID_F64) of the largest output in
 * nets of 20 layers; see docs/performance.md. NaN that enters comes out.
 *
 * A frozen net is a net: deepid_net_forward, deepid_net_evaluate, deepid_net_describe, deepid_net_save,
 * deepid_net_clone and reading parameters work as ever. Its text says "frozen=1" and has bias=1 where a batch-norm
 * was; files keep it, and deepid_net_load makes a frozen net of them. Whatever trains, or wants gradients or the
 * values inside, is DEEPID_ERR_STATE. Values that are written through deepid_net_parameter_data are packed by the
 * next deepid_net_prepare.
 *
 * @param[in]  net  any; unchanged
 * @param[out] out  yours; of the same context and dtype
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     a NULL
 * @retval DEEPID_ERR_UNSUPPORTED  a batch-norm's numbers are not finite, or so small that products with them lose
 * digits: names it and the channel; or the net has a storage other than f32 (precision.h)
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   one pass over the parameters; deepid_net_prepare of the new net packs them, 4 times their size for 3x3
 * convolutions that go through Winograd's transform
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_net_freeze(const deepid_net *net, deepid_net **out);

/**
 * Whether a net is for evaluation only.
 *
 * @param[in] net  any
 *
 * @return 1 for a frozen net; 0 for another, and for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the net.
 */
DEEPID_API int32_t deepid_net_frozen(const deepid_net *net);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
