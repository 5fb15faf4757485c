/** @file data.h  Datasets: samples with class labels or with targets; generators, readers, the caller's own arrays. */
#ifndef DEEPID_DATA_H
#define DEEPID_DATA_H

#include <deepid/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Samples with class labels or with targets. */
typedef struct deepid_dataset deepid_dataset;

/**
 * spec: "spirals n=256 noise=0.06 turns=1.5 classes=2", "rings", "parity", "gratings", "teacher", "linear",
 * "identity": see deepid_generator_help.
 */
DEEPID_API int32_t deepid_dataset_generate(deepid_ctx *ctx, const char *spec, uint64_t seed, deepid_dataset **out);
/** The i-th generator's word; NULL past the end. */
DEEPID_API const char *deepid_generator_word(int64_t i);
/** One line on a generator and its options; NULL when unknown. */
DEEPID_API const char *deepid_generator_help(const char *word);

/**
 * A dataset over the caller's memory, which is not copied and must outlive it; labels are copied.
 *
 * @param[in]  ctx      lent
 * @param[in]  dtype    of data: DEEPID_F32 ... DEEPID_I64
 * @param[in]  data     the first element; a number that is not finite is named with its row by whoever trains on it
 * @param[in]  rank     2 [samples, features], 3 [samples, h, w] or 4 [samples, h, w, channels]
 * @param[in]  extents  rank numbers, each at least 1
 * @param[in]  strides  rank numbers in elements, any sign; NULL: dense
 * @param[in]  labels   extents[0] numbers of 0..classes-1
 * @param[in]  classes  at least 1
 * @param[out] out      yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL, or classes below 1
 * @retval DEEPID_ERR_DTYPE     an unknown dtype
 * @retval DEEPID_ERR_SHAPE     rank or an extent out of range
 * @retval DEEPID_ERR_LABEL     a label out of range: names the row
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   a copy of the labels
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_dataset_wrap(deepid_ctx *ctx, int32_t dtype, const void *data, int32_t rank,
                                       const int64_t *extents, const int64_t *strides, const int32_t *labels,
                                       int64_t classes, deepid_dataset **out);
/** Targets [samples, width] instead of labels (mean squared error); not copied. */
DEEPID_API int32_t deepid_dataset_wrap_targets(deepid_ctx *ctx, int32_t dtype, const void *data, int32_t rank,
                                               const int64_t *extents, const int64_t *strides, int32_t target_dtype,
                                               const void *targets, int64_t width, deepid_dataset **out);
/**
 * IDX files of bytes, plain or .gz (MNIST, Fashion-MNIST). Checked by length before anything is allocated by what
 * they say, and read no further than that.
 *
 * This and the other readers take regular files: a pipe, such as a shell's <(...), a device or a folder is refused
 * and never waited for. A .gz may have several members; each is checked.
 *
 * @param[in]  ctx          lent
 * @param[in]  images_path  rank 2 [samples, features], 3 [samples, h, w] or 4 [samples, h, w, channels]
 * @param[in]  labels_path  rank 1, as many labels; classes = the largest + 1
 * @param[out] out          yours; values 0 to 255
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL
 * @retval DEEPID_ERR_IO        a file cannot be read: names it
 * @retval DEEPID_ERR_FORMAT    not IDX, truncated, too long, empty, or counts that differ
 * @retval DEEPID_ERR_LIMIT     larger than file_bytes of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   both files in memory once, unpacked
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_dataset_load_idx(deepid_ctx *ctx, const char *images_path, const char *labels_path,
                                           deepid_dataset **out);
/** The two parts of a folder with the four published names (train-images-idx3-ubyte[.gz] ...). */
DEEPID_API int32_t deepid_dataset_load_idx_folder(deepid_ctx *ctx, const char *folder, deepid_dataset **train,
                                                  deepid_dataset **test);
/** CIFAR-10 binary: one file, or a folder with data_batch_1.bin ... test_batch.bin. Planes become channels-last. */
DEEPID_API int32_t deepid_dataset_load_cifar10(deepid_ctx *ctx, const char *path, deepid_dataset **out);
/** The two parts of a folder with data_batch_1.bin to data_batch_5.bin and test_batch.bin. */
DEEPID_API int32_t deepid_dataset_load_cifar10_folder(deepid_ctx *ctx, const char *folder, deepid_dataset **train,
                                                      deepid_dataset **test);
/**
 * Two .npy files, plain or .gz. Every number must be finite; DEEPID_ERR_FORMAT names the file, the row and the
 * element.
 *
 * x [n, ...] of any number type; y: labels [n] integers of 0 to 65535 (classes = largest + 1), or targets [n, width]
 * floats, kept as F32.
 */
DEEPID_API int32_t deepid_dataset_load_npy(deepid_ctx *ctx, const char *x_path, const char *y_path,
                                           deepid_dataset **out);
/**
 * CSV (RFC 4180), plain or .gz: one row a sample, finite decimal numbers in every cell.
 *
 * The first line is names when no cell of it is a number and one begins as a name does, with a letter; a cell that
 * is something else is refused with its line and column, in the first line too: no sample is left out in silence.
 * Cells may be in quotes and have blanks around; lines end with LF, CR LF or CR; a byte order mark of UTF-8 and
 * empty lines are passed over. Numbers have '.' in every locale; inf, nan, hexadecimal and what is too large for a
 * double are refused, what is too small is 0.
 *
 * @param[in]  ctx      lent
 * @param[in]  path     the file
 * @param[in]  options  "label=last|first header=auto|yes|no separator=comma|semicolon|tab shape=8x8x1"; NULL or ""
 * as the first of each
 * @param[out] out      yours; labels are whole numbers of 0 to 65535, classes = the largest + 1
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL
 * @retval DEEPID_ERR_SPEC      an unknown option
 * @retval DEEPID_ERR_IO        the file cannot be read, or is no regular file
 * @retval DEEPID_ERR_FORMAT    no number, not finite, lines of another length, UTF-16, no rows: names the line
 * @retval DEEPID_ERR_LABEL     a label that is none: names the line
 * @retval DEEPID_ERR_SHAPE     shape is not that of the features
 * @retval DEEPID_ERR_LIMIT     larger than file_bytes of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the file in memory, and two passes
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_dataset_load_csv(deepid_ctx *ctx, const char *path, const char *options,
                                           deepid_dataset **out);
/**
 * A source as the command line names it: "spirals", "gratings n=512", "idx:FOLDER", "cifar10:FOLDER", "csv:FILE",
 * "npy:X,Y". valid may come out NULL when the source has no part of its own for it.
 */
DEEPID_API int32_t deepid_dataset_open(deepid_ctx *ctx, const char *source, uint64_t seed, deepid_dataset **train,
                                       deepid_dataset **valid);

/** NULL is fine. Parts made by split and sample stay valid. */
DEEPID_API void deepid_dataset_destroy(deepid_dataset *data);
/** Samples; -1 for NULL. */
DEEPID_API int64_t deepid_dataset_count(const deepid_dataset *data);
/** Rank of one sample: 1 features, 3 height x width x channels. */
DEEPID_API int32_t deepid_dataset_rank(const deepid_dataset *data);
/** Extent of one sample along an axis counted from 0; -1 when out of range. */
DEEPID_API int64_t deepid_dataset_extent(const deepid_dataset *data, int32_t axis);
/** 0 for a dataset with targets. */
DEEPID_API int64_t deepid_dataset_classes(const deepid_dataset *data);
/** Targets of one sample; 0 for a dataset with labels. */
DEEPID_API int64_t deepid_dataset_target_width(const deepid_dataset *data);
/** NULL for a dataset with targets. Borrowed. */
DEEPID_API const int32_t *deepid_dataset_labels(const deepid_dataset *data);
/** Samples first..first+count-1 (after normalisation) into tensor [count, sample...]. */
DEEPID_API int32_t deepid_dataset_copy(const deepid_dataset *data, int64_t first, int64_t count, deepid_tensor *x);

/**
 * A random part and the rest, shuffled by seed; with classes the shares of the classes are kept (stratified). first
 * = samples of *a.
 */
DEEPID_API int32_t deepid_dataset_split(const deepid_dataset *data, int64_t first, uint64_t seed, deepid_dataset **a,
                                        deepid_dataset **b);
/** count random samples (all when count is not smaller). */
DEEPID_API int32_t deepid_dataset_sample(const deepid_dataset *data, int64_t count, uint64_t seed,
                                         deepid_dataset **out);
/**
 * how: "none", "feature" (mean 0, std 1 each feature), "channel" (each channel of pictures), "global", "scale
 * by=0.00392". Measured on reference, which may be data itself.
 */
DEEPID_API int32_t deepid_dataset_normalize(deepid_dataset *data, const char *how, const deepid_dataset *reference);
/** Replace labels of share of the samples by another class, drawn by seed. */
DEEPID_API int32_t deepid_dataset_add_label_noise(deepid_dataset *data, double share, uint64_t seed);
/**
 * Loss of the best constant predictor: entropy of the labels (nats), or variance of the targets (mean over outputs);
 * NaN without memory.
 */
DEEPID_API double deepid_dataset_constant_loss(const deepid_dataset *data);
/** Hash of contents, 64 bit: what a study's configuration names. */
DEEPID_API uint64_t deepid_dataset_hash(const deepid_dataset *data);

#ifdef __cplusplus
}
#endif
#endif
