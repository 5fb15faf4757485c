/** @file compute.h  How a net is computed: what rounding, what memory may be spent for speed. Results are the same net's; these settings stand in its text. */
#ifndef DEEPID_COMPUTE_H
#define DEEPID_COMPUTE_H

#include <deepid/net.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Whether convolutions are plain sums over the taps in a fixed order (1), or may go through Winograd's transform F(4x4, 3x3) (0, the default), which is about twice as fast and, in f32, has an error of
 * up to 3e-6 (rms) and 3e-5 (largest) of the output's rms instead of 3e-7. It is part of the net's text ("input 32x32x3 exact=1; ..."), so files and copies keep it; deepid_net_summary says which layers
 * it concerns. Plain sums return their input bit for bit where the kernel is a delta.
 *
 * @param[in,out] net    any
 * @param[in]     exact  0 or 1
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  exact is another number
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_net_set_exact(deepid_net *net, int32_t exact);

/**
 * Trade time for memory in training: keep only what leaves every so many blocks, and work out the values between them again on the way back. The results have the same bits. It is part of the net's text
 * ("input 32x32x3 recompute=4; ..."), so files and copies keep it. Method: Chen et al. 2016, arXiv:1604.06174.
 *
 * @param[in,out] net     any; its buffers are given back, the next use makes new ones
 * @param[in]     blocks  0 (the default: keep everything) to 1048576; the square root of the number of blocks needs the least memory
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  blocks is outside its range
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   of a training step: one forward more, about a quarter to a third of its time
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_net_set_recompute(deepid_net *net, int64_t blocks);

#ifdef __cplusplus
}
#endif
#endif
