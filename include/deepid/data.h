/**
 * @defgroup data Datasets
 * Datasets: samples with class labels or with targets; generators, the caller's own arrays. Readers: data_files.h.
 * @{
 */
#ifndef DEEPID_DATA_H
#define DEEPID_DATA_H

#include <deepid/data_files.h> /* deepid_dataset, and what reads one */
#include <deepid/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- made up ------------------------------------------------------------------------------------ */

/**
 * Draw a dataset from a generator.
 *
 * @param[in]  ctx   lent for the dataset's life
 * @param[in]  spec  a generator's word and its options: "spirals n=256 noise=0.06"; see deepid_generator_word and
 *                   deepid_generator_help
 * @param[in]  seed  any; the same seed gives the same bits
 * @param[out] out   yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  out is NULL
 * @retval DEEPID_ERR_SPEC      spec is NULL, names no generator, or its options do not parse
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   its samples.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_dataset_generate(deepid_ctx *ctx, const char *spec, uint64_t seed, deepid_dataset **out);

/**
 * The words of generators, one after the other: spirals, rings, parity, gratings, teacher, linear, identity.
 *
 * @param[in] i  from 0
 *
 * @return The word, a constant; NULL past the end.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_generator_word(int64_t i);

/**
 * What a generator draws, and its options.
 *
 * @param[in] word  as deepid_generator_word; NULL is no word
 *
 * @return One line, a constant; NULL when there is no such word.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_generator_help(const char *word);

/* ---- the caller's arrays -------------------------------------------------------------------------- */

/**
 * A dataset over the caller's memory, which is not copied and must outlive it; labels are copied.
 *
 * @param[in]  ctx      lent
 * @param[in]  dtype    of data: DEEPID_F32 ... DEEPID_I64
 * @param[in]  data     the first element, aligned as its type is; a number that is not finite is named with its row by
 *                      whoever trains on it
 * @param[in]  rank     2 [samples, features], 3 [samples, h, w] or 4 [samples, h, w, channels]
 * @param[in]  extents  rank numbers, 1 to 2147483647
 * @param[in]  strides  rank numbers in elements, any sign; NULL: dense row-major
 * @param[in]  labels   extents[0] numbers of 0 to classes - 1
 * @param[in]  classes  1 to 2147483647
 * @param[out] out      yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  data, extents, labels or out is NULL, or classes out of range
 * @retval DEEPID_ERR_DTYPE     an unknown dtype
 * @retval DEEPID_ERR_SHAPE     rank or an extent out of range
 * @retval DEEPID_ERR_LABEL     a label out of range: names the row
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   a copy of the labels
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_dataset_wrap(deepid_ctx *ctx, int32_t dtype, const void *data, int32_t rank,
                                       const int64_t *extents, const int64_t *strides, const int32_t *labels,
                                       int64_t classes, deepid_dataset **out);

/**
 * A dataset with targets instead of labels, for the mean squared error; neither is copied, both must outlive it.
 *
 * @param[in]  ctx           lent
 * @param[in]  dtype         of data: DEEPID_F32 ... DEEPID_I64
 * @param[in]  data          as deepid_dataset_wrap
 * @param[in]  rank          as deepid_dataset_wrap
 * @param[in]  extents       as deepid_dataset_wrap
 * @param[in]  strides       as deepid_dataset_wrap
 * @param[in]  target_dtype  of targets: DEEPID_F32 ... DEEPID_I64
 * @param[in]  targets       [samples, width], dense row-major, aligned as its type is
 * @param[in]  width         targets of one sample, 1 to 2147483647
 * @param[out] out           yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  data, extents, targets or out is NULL, or width out of range
 * @retval DEEPID_ERR_DTYPE     an unknown dtype
 * @retval DEEPID_ERR_SHAPE     rank or an extent out of range
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   some 200 bytes.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_dataset_wrap_targets(deepid_ctx *ctx, int32_t dtype, const void *data, int32_t rank,
                                               const int64_t *extents, const int64_t *strides, int32_t target_dtype,
                                               const void *targets, int64_t width, deepid_dataset **out);

/**
 * See the samples as series, for nets of conv1d: h x w x 1 becomes length h with w channels, and features become a
 * series of one channel. So [samples, length, channels] is wrapped as pictures, and then told to be series; where the
 * channels come first in memory, strides say so. Nothing is moved or copied. To be called before the data is split,
 * normalised or trained on.
 *
 * @param[in,out] data  its samples are h x w x 1, features, or series already
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  data is NULL
 * @retval DEEPID_ERR_SHAPE     its samples are pictures of several channels
 *
 * @cost   none.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_dataset_set_series(deepid_dataset *data);

/* ---- what is in it ------------------------------------------------------------------------------------- */

/**
 * Destroy a dataset. Its parts, made by deepid_dataset_split and deepid_dataset_sample, stay valid.
 *
 * @param[in] data  NULL is fine
 *
 * @cost   none; the memory goes with the last part that uses it.
 * @thread Safe as long as no other thread uses the dataset or a part of it.
 */
DEEPID_API void deepid_dataset_destroy(deepid_dataset *data);

/**
 * The number of samples.
 *
 * @param[in] data  any
 *
 * @return 1 or more; -1 for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the dataset.
 */
DEEPID_API int64_t deepid_dataset_count(const deepid_dataset *data);

/**
 * Rank of one sample.
 *
 * @param[in] data  any
 *
 * @return 1 (features), 2 (length, channels) or 3 (height, width, channels); -1 for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the dataset.
 */
DEEPID_API int32_t deepid_dataset_rank(const deepid_dataset *data);

/**
 * One extent of a sample.
 *
 * @param[in] data  any
 * @param[in] axis  from 0
 *
 * @return The extent; -1 when axis is out of range.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the dataset.
 */
DEEPID_API int64_t deepid_dataset_extent(const deepid_dataset *data, int32_t axis);

/**
 * The number of classes.
 *
 * @param[in] data  any
 *
 * @return 1 or more; 0 for a dataset with targets; -1 for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the dataset.
 */
DEEPID_API int64_t deepid_dataset_classes(const deepid_dataset *data);

/**
 * The name of a class, where the source had other words for it than 0, 1, 2, ...
 *
 * @param[in] data  any
 * @param[in] k     0 to classes - 1
 *
 * @return The name, borrowed for the dataset's life; NULL where the class is called by its number, or there is none.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the dataset.
 */
DEEPID_API const char *deepid_dataset_class_name(const deepid_dataset *data, int64_t k);

/**
 * What was read, in one line: rows, columns, what the classes are called, what was dropped, turned into categories,
 * left out or filled in. Of a part: what was read of the whole.
 *
 * @param[in] data  any
 *
 * @return The line, borrowed for the dataset's life; "" where the source tells nothing; NULL for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the dataset.
 */
DEEPID_API const char *deepid_dataset_about(const deepid_dataset *data);

/**
 * The number of targets of one sample.
 *
 * @param[in] data  any
 *
 * @return 1 or more; 0 for a dataset with labels; -1 for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the dataset.
 */
DEEPID_API int64_t deepid_dataset_target_width(const deepid_dataset *data);

/**
 * The labels, one a sample.
 *
 * @param[in] data  any
 *
 * @return Borrowed for the dataset's life; NULL for a dataset with targets, and for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the dataset.
 */
DEEPID_API const int32_t *deepid_dataset_labels(const deepid_dataset *data);

/**
 * Copy samples first .. first + count - 1, normalised, into a tensor.
 *
 * @param[in]  data   any
 * @param[in]  first  from 0
 * @param[in]  count  1 or more
 * @param[out] x      [count, sample...], F32 or F64: overwritten
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x is no tensor, or there are no such samples
 * @retval DEEPID_ERR_SHAPE     x has another shape
 * @retval DEEPID_ERR_MEMORY    no memory for their order
 *
 * @cost   one pass over these samples.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_dataset_copy(const deepid_dataset *data, int64_t first, int64_t count, deepid_tensor *x);

/**
 * The loss of the best constant predictor: the entropy of the labels in nats, or the variance of the targets (mean over
 * outputs). A net above it has learned nothing.
 *
 * @param[in] data  any
 *
 * @return The loss; NaN for NULL.
 *
 * @cost   one pass over the labels for every 256 classes, or two over the targets.
 * @thread Safe as long as no other thread changes the dataset.
 */
DEEPID_API double deepid_dataset_constant_loss(const deepid_dataset *data);

/**
 * A hash of the contents, normalised as they are: shapes, classes, values, labels or targets. A study's configuration
 * names it.
 *
 * @param[in] data  any
 *
 * @return 64 bits (FNV-1a); 0 for NULL.
 *
 * @cost   one pass.
 * @thread Safe as long as no other thread changes the dataset.
 */
DEEPID_API uint64_t deepid_dataset_hash(const deepid_dataset *data);

/**
 * What is wrong with data before anybody trains on it, one sentence a line: inputs or targets that are not finite,
 * labels or targets that are all the same, inputs whose scales (largest magnitudes) differ by a factor of 1e6 or more;
 * of tables a first column that counts the rows, and a label that looks like a number to be predicted.
 *
 * @param[in,out] data  any; values are looked at as they are read, normalised
 *
 * @return Lines that end in '\n', "" when there is nothing to say; borrowed, until the next call or the end of the
 *         dataset. NULL for NULL, and when there is no memory.
 *
 * @cost   a few passes.
 * @thread One thread at a time for each context.
 */
DEEPID_API const char *deepid_dataset_warnings(deepid_dataset *data);

/* ---- parts and changes --------------------------------------------------------------------------------- */

/**
 * A random part and the rest. With labels the shares of the classes are kept (stratified), but for what rounding
 * leaves. Both see the samples of data, which are not copied, and keep them alive.
 *
 * @param[in]  data   any
 * @param[in]  first  samples of *a, 1 to count - 1
 * @param[in]  seed   any; the same seed gives the same parts
 * @param[out] a      yours
 * @param[out] b      yours: the other samples
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a or b is NULL, or first is out of range
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the order and the labels are copied.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_dataset_split(const deepid_dataset *data, int64_t first, uint64_t seed, deepid_dataset **a,
                                        deepid_dataset **b);

/**
 * A random part, stratified as deepid_dataset_split does it.
 *
 * @param[in]  data   any
 * @param[in]  count  1 or more; all samples, shuffled, when there are no more
 * @param[in]  seed   any; the same seed gives the same part
 * @param[out] out    yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  out is NULL, or count is below 1
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the order and the labels are copied.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_dataset_sample(const deepid_dataset *data, int64_t count, uint64_t seed,
                                         deepid_dataset **out);

/**
 * Normalise: value = (x - mean) / std, on top of what an earlier call did. A constant feature becomes 0. Nothing is
 * rewritten: values change as they are read.
 *
 * @param[in,out] data       any
 * @param[in]     how        what a mean and std are taken over: "feature" (each feature for itself), "channel" (each
 *                           channel of pictures), "global" (all values); or "scale by=0.00392" (a factor, -1e30 to
 *                           1e30, by is required), or "none"; or "targets": each target for itself, and no values. The
 *                           squared error of one target is then in units of its variance in the reference, which
 *                           leaves R^2 as it is; deepid_dataset_about tells shift and factor
 * @param[in]     reference  what is measured, with samples of the same shape: data itself, or the training part; not
 *                           read by "scale" and "none", and may be NULL then
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  reference is NULL where one is needed
 * @retval DEEPID_ERR_SPEC      how is NULL or does not parse
 * @retval DEEPID_ERR_SHAPE     reference is no dataset, or has samples of another shape
 * @retval DEEPID_ERR_UNSUPPORTED  "targets" of data with labels, or of a reference with other targets
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   two passes over reference, in double.
 * @thread One thread at a time for each context, which is data's.
 */
DEEPID_API int32_t deepid_dataset_normalize(deepid_dataset *data, const char *how, const deepid_dataset *reference);

/**
 * Give a share of the samples, drawn by seed, the label of another class, drawn too.
 *
 * @param[in,out] data   with labels of 2 classes or more; parts made before keep their labels
 * @param[in]     share  0 to 1; rounded to a whole number of samples
 * @param[in]     seed   any; the same seed gives the same labels
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     share is out of range
 * @retval DEEPID_ERR_UNSUPPORTED  data has targets, or one class
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   one pass over the labels.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_dataset_add_label_noise(deepid_dataset *data, double share, uint64_t seed);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
