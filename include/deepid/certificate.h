/**
 * @file certificate.h  Certificates: a deep net has the loss of a shallow one, with a bound, in f32 and f64; on
 * paper (JSON and two nets) and replayed from it.
 */
#ifndef DEEPID_CERTIFICATE_H
#define DEEPID_CERTIFICATE_H

#include <deepid/data.h>
#include <deepid/net.h>
#include <deepid/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What was measured when a deep net and a shallow one ran on the same samples. */
typedef struct deepid_certificate deepid_certificate;

/**
 * Run both nets on all samples, in f32 and in f64, in evaluation and in training mode, and compare: logit
 * differences dz, losses, and a bound on the difference of the losses. cross_entropy: |L_deep - L_shallow| <= 2 max
 * |dz|, since the gradient in the logits has l1 norm at most 2. squared_error: <= D (2 sqrt(L_shallow) + D) with D =
 * max |dz|. Convolutions are computed directly, without Winograd's transform, so that a kernel that is the identity
 * returns every bit; a net that runs as usual may round differently. To both the rounding of the two printed losses
 * is added (about 1e-16 n L); with dz = 0 the bound is 0. Training mode: batch-norm uses the statistics of each
 * batch; the samples in order, in batches of at most 64 that are as equal as they can be. Where no layer knows the
 * mode, training numbers are those of evaluation.
 *
 * @param[in]  shallow  trained or loaded; not changed
 * @param[in]  deep     the same input and output; not changed; usually from deepid_net_deepen, but any net will do
 * @param[in]  data     samples the nets take; classes, or targets; of the same context
 * @param[out] out      yours; keeps copies of both nets
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL, or handles of different contexts
 * @retval DEEPID_ERR_SHAPE     the nets do not agree, or do not fit the data
 * @retval DEEPID_ERR_STATE     all weights of a net are 0: it was never given a start
 * @retval DEEPID_ERR_NUMERIC   a parameter or an output is not finite: names the net and the place
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   four forwards of each net over the data, half of them in f64
 * @thread one thread at a time for each context; the same bits for any number of its threads
 */
DEEPID_API int32_t deepid_certificate_create(const deepid_net *shallow, const deepid_net *deep,
                                             const deepid_dataset *data, deepid_certificate **out);

/**
 * Destroy a certificate.
 *
 * @param[in] certificate  NULL is fine
 */
DEEPID_API void deepid_certificate_destroy(deepid_certificate *certificate);

/**
 * The result in words, with the numbers of the shallow net's dtype: "The net of 31 blocks (93 layers) has the loss
 * 0.0118 of the net of 3 blocks (13 layers) within 2.4e-05 on these 256 samples ...", and what follows from it.
 *
 * @param[in] certificate  any
 *
 * @return Borrowed; "" for NULL.
 */
DEEPID_API const char *deepid_certificate_sentence(const deepid_certificate *certificate);

/* ---- the numbers: dtype is DEEPID_F32 or DEEPID_F64 (of the computation), mode is DEEPID_EVAL or DEEPID_TRAIN
   --------------------------------------------------------------------
   NaN for another dtype or mode, for NULL, and in training mode where the batches are too small for batch statistics.
   -------------------------------------------------------------- */

/** Largest |logit of the deep net - logit of the shallow net| over samples and outputs. */
DEEPID_API double deepid_certificate_difference(const deepid_certificate *certificate, int32_t dtype, int32_t mode);
/** Root of the mean square of the same differences. */
DEEPID_API double deepid_certificate_difference_rms(const deepid_certificate *certificate, int32_t dtype, int32_t mode);
/** What the difference of the two losses cannot exceed: see deepid_certificate_create. */
DEEPID_API double deepid_certificate_bound(const deepid_certificate *certificate, int32_t dtype, int32_t mode);
/** Mean loss of the shallow net: cross_entropy of classes (nats), squared_error of targets. */
DEEPID_API double deepid_certificate_loss_shallow(const deepid_certificate *certificate, int32_t dtype, int32_t mode);
/** Mean loss of the deep net. */
DEEPID_API double deepid_certificate_loss_deep(const deepid_certificate *certificate, int32_t dtype, int32_t mode);
/** 1: every logit of the two nets has the same bits; else 0. */
DEEPID_API int32_t deepid_certificate_equal(const deepid_certificate *certificate, int32_t dtype, int32_t mode);
/** 1: a layer of one of the nets computes something else in training (batch-norm, dropout); else 0. */
DEEPID_API int32_t deepid_certificate_trains(const deepid_certificate *certificate);

/* ---- files ------------------------------------------------------------------------------------------------ */

/**
 * Write a folder: certificate.json (every number, the texts of the nets, hashes of the nets and the data),
 * shallow.safetensors, deep.safetensors. The JSON comes last, each file is replaced as a whole and carries a
 * checksum.
 *
 * @param[in] certificate  any
 * @param[in] folder       made when it is not there
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  folder is NULL
 * @retval DEEPID_ERR_IO        a file cannot be written: names it
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   both nets on disk
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_certificate_write(const deepid_certificate *certificate, const char *folder);

/**
 * Replay a folder of deepid_certificate_write: load both nets, run them on data, compare every number with the
 * written one.
 *
 * @param[in]  ctx     lent
 * @param[in]  folder  as written
 * @param[in]  data    the samples of the certificate: known by their hash
 * @param[out] out     yours: a row for each number that differs ("f32.eval.loss_deep"), columns written and
 * replayed; no row: the same to the last bit. Another processor or release may
 *                     round differently.
 *
 * @retval DEEPID_OK            it was replayed, whatever came out
 * @retval DEEPID_ERR_ARGUMENT  a NULL, or other data
 * @retval DEEPID_ERR_IO        a file cannot be read: names it
 * @retval DEEPID_ERR_FORMAT    a file is damaged, cut, or not the net that the certificate is about: names it
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   as deepid_certificate_create
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_certificate_verify(deepid_ctx *ctx, const char *folder, const deepid_dataset *data,
                                             deepid_table **out);

#ifdef __cplusplus
}
#endif
#endif
