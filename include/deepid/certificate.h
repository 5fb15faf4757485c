/**
 * @defgroup certificate Certificates
 * Certificates: a deep net has the loss of a shallow one, with a bound, in f32 and f64; on paper (JSON and two nets)
 * and replayed from it.
 * @{
 */
#ifndef DEEPID_CERTIFICATE_H
#define DEEPID_CERTIFICATE_H

#include <deepid/data.h>
#include <deepid/net.h>
#include <deepid/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What was measured when a deep net and a shallow one ran on the same samples. It does not change any more. */
typedef struct deepid_certificate deepid_certificate;

/**
 * Run both nets on all samples, in f32 and in f64, in evaluation and in training mode, and compare: logit differences
 * dz = z_deep - z_shallow, losses, and a bound on the difference of the losses. With D = max |dz|:
 *
 * - cross_entropy: |L_deep - L_shallow| <= 2 D, since the gradient in the logits has l1 norm at most 2;
 * - binary_cross_entropy (two classes, one output): |L_deep - L_shallow| <= D;
 * - squared_error: |L_deep - L_shallow| <= D (2 sqrt(L_shallow) + D), by Cauchy and Schwarz.
 *
 * To each the rounding of the two losses is added (about 1e-16 n L for n samples); with D = 0 the bound is 0.
 * Convolutions are computed directly, without Winograd's transform, so that a kernel that is the identity returns every
 * bit; a net that runs as usual may round differently. Training mode: batch-norm uses the statistics of each batch, the
 * samples in order, in batches of at most 64 that are as equal as they can be. Where no layer knows the mode, training
 * numbers are those of evaluation.
 *
 * @param[in]  shallow  trained or loaded; not changed
 * @param[in]  deep     the same input and output, of the same context; not changed. Usually from deepid_net_deepen, but
 *                      any net will do
 * @param[in]  data     samples that the nets take, with classes or targets; of the same context
 * @param[out] out      yours; keeps copies of both nets
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  deep, data or out is NULL, or handles are of different contexts
 * @retval DEEPID_ERR_SHAPE     the nets do not take or give the same, or do not fit the data
 * @retval DEEPID_ERR_STATE     all weights of a net are 0: it was never given a start
 * @retval DEEPID_ERR_NUMERIC   a parameter or an output is not finite: names the net and the place
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   four forwards of each net over the data, half of them in f64; two where no layer knows the mode.
 * @thread One thread at a time for each context; the same bits for any number of its threads.
 * @see    docs/deepen.md, examples/04_deepen.c
 */
DEEPID_API int32_t deepid_certificate_create(const deepid_net *shallow, const deepid_net *deep,
                                             const deepid_dataset *data, deepid_certificate **out);

/**
 * Destroy a certificate.
 *
 * @param[in] certificate  NULL is fine
 *
 * @cost   none.
 * @thread Safe as long as no other thread uses the certificate.
 */
DEEPID_API void deepid_certificate_destroy(deepid_certificate *certificate);

/**
 * The result in words, with the numbers of the shallow net's dtype: "The net of 31 blocks (93 layers) has the loss
 * 0.0118 of the net of 3 blocks (13 layers) within 2.4e-05 on these 256 samples ...", and what follows from it.
 *
 * @param[in] certificate  the certificate
 *
 * @return Borrowed from the certificate; "" for NULL.
 *
 * @cost   none.
 * @thread Safe from any thread while the certificate lives.
 */
DEEPID_API const char *deepid_certificate_sentence(const deepid_certificate *certificate);

/* ---- the numbers, of one dtype and mode. All are NaN for another dtype or mode, for NULL, and in training mode where
   the smallest batch has too few values a channel for batch statistics. -------------------------------------------- */

/**
 * D = max |z_deep - z_shallow| over samples and outputs.
 *
 * @param[in] certificate  the certificate
 * @param[in] dtype        DEEPID_F32 or DEEPID_F64: of the computation
 * @param[in] mode         DEEPID_EVAL or DEEPID_TRAIN
 *
 * @return 0 or more; NaN for another dtype or mode, for NULL, and where a batch is too small for batch statistics.
 *
 * @cost   none.
 * @thread Safe from any thread while the certificate lives.
 */
DEEPID_API double deepid_certificate_difference(const deepid_certificate *certificate, int32_t dtype, int32_t mode);

/**
 * Root of the mean of (z_deep - z_shallow)^2 over samples and outputs.
 *
 * @param[in] certificate  the certificate
 * @param[in] dtype        DEEPID_F32 or DEEPID_F64: of the computation
 * @param[in] mode         DEEPID_EVAL or DEEPID_TRAIN
 *
 * @return 0 or more; NaN for another dtype or mode, for NULL, and where a batch is too small for batch statistics.
 *
 * @cost   none.
 * @thread Safe from any thread while the certificate lives.
 */
DEEPID_API double deepid_certificate_difference_rms(const deepid_certificate *certificate, int32_t dtype, int32_t mode);

/**
 * What the difference of the two losses cannot exceed: the bound of deepid_certificate_create.
 *
 * @param[in] certificate  the certificate
 * @param[in] dtype        DEEPID_F32 or DEEPID_F64: of the computation
 * @param[in] mode         DEEPID_EVAL or DEEPID_TRAIN
 *
 * @return 0 or more, in units of the loss; NaN for another dtype or mode, for NULL, and where a batch is too small for
 * batch statistics.
 *
 * @cost   none.
 * @thread Safe from any thread while the certificate lives.
 */
DEEPID_API double deepid_certificate_bound(const deepid_certificate *certificate, int32_t dtype, int32_t mode);

/**
 * Mean loss of the shallow net: cross_entropy of classes (in nats; binary_cross_entropy of two by one output),
 * squared_error of targets.
 *
 * @param[in] certificate  the certificate
 * @param[in] dtype        DEEPID_F32 or DEEPID_F64: of the computation
 * @param[in] mode         DEEPID_EVAL or DEEPID_TRAIN
 *
 * @return The loss; NaN for another dtype or mode, for NULL, and where a batch is too small for batch statistics.
 *
 * @cost   none.
 * @thread Safe from any thread while the certificate lives.
 */
DEEPID_API double deepid_certificate_loss_shallow(const deepid_certificate *certificate, int32_t dtype, int32_t mode);

/**
 * Mean loss of the deep net: cross_entropy of classes (in nats; binary_cross_entropy of two by one output),
 * squared_error of targets.
 *
 * @param[in] certificate  the certificate
 * @param[in] dtype        DEEPID_F32 or DEEPID_F64: of the computation
 * @param[in] mode         DEEPID_EVAL or DEEPID_TRAIN
 *
 * @return The loss; NaN for another dtype or mode, for NULL, and where a batch is too small for batch statistics.
 *
 * @cost   none.
 * @thread Safe from any thread while the certificate lives.
 */
DEEPID_API double deepid_certificate_loss_deep(const deepid_certificate *certificate, int32_t dtype, int32_t mode);

/**
 * Whether every logit of the two nets has the same bits.
 *
 * @param[in] certificate  the certificate
 * @param[in] dtype        DEEPID_F32 or DEEPID_F64: of the computation
 * @param[in] mode         DEEPID_EVAL or DEEPID_TRAIN
 *
 * @return 1 when they have; else 0, also where the other numbers are NaN.
 *
 * @cost   none.
 * @thread Safe from any thread while the certificate lives.
 */
DEEPID_API int32_t deepid_certificate_equal(const deepid_certificate *certificate, int32_t dtype, int32_t mode);

/**
 * Whether training mode differs from evaluation: a layer of one of the nets computes something else there (batch-norm,
 * dropout).
 *
 * @param[in] certificate  the certificate
 *
 * @return 1 when it does; else 0, also for NULL.
 *
 * @cost   none.
 * @thread Safe from any thread while the certificate lives.
 */
DEEPID_API int32_t deepid_certificate_trains(const deepid_certificate *certificate);

/* ---- files ------------------------------------------------------------------------------------------------------ */

/**
 * Write a folder: certificate.json (every number, the texts of the nets, hashes of the nets and the data),
 * shallow.safetensors, deep.safetensors. The JSON comes last; each file is replaced as a whole and carries a checksum.
 *
 * @param[in] certificate  the certificate
 * @param[in] folder       made when it is not there
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  folder is NULL
 * @retval DEEPID_ERR_IO        a file cannot be written: names it
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   both nets on disk.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_certificate_write(const deepid_certificate *certificate, const char *folder);

/**
 * Replay a folder of deepid_certificate_write: load both nets, run them on data, compare every number with the written
 * one. The same processor and release give the same bits; others may round differently.
 *
 * @param[in]  ctx     makes the nets and the table
 * @param[in]  folder  as written
 * @param[in]  data    the samples of the certificate, known by their hash; of this context
 * @param[out] out     yours: a row for each number that differs ("f32.eval.loss_deep"), columns written and replayed.
 *                     No row: the same to the last bit
 *
 * @retval DEEPID_OK            it was replayed, whatever came out
 * @retval DEEPID_ERR_ARGUMENT  folder, data or out is NULL; data is of another context or not the certificate's
 * @retval DEEPID_ERR_IO        a file cannot be read: names it
 * @retval DEEPID_ERR_FORMAT    a file is damaged, cut, or not the net that the certificate is about: names it
 * @retval DEEPID_ERR_SHAPE     the nets do not fit each other or the data
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   both nets from disk, and deepid_certificate_create.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_certificate_verify(deepid_ctx *ctx, const char *folder, const deepid_dataset *data,
                                             deepid_table **out);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
