/**
 * @defgroup data Datasets
 * Datasets: samples with class labels or with targets; generators, readers, the caller's own arrays.
 * @{
 */
#ifndef DEEPID_DATA_H
#define DEEPID_DATA_H

#include <deepid/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Samples with class labels or with targets. */
typedef struct deepid_dataset deepid_dataset;

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

/* ---- files ------------------------------------------------------------------------------------------- */

/**
 * IDX files of bytes, integers or floats, plain or .gz (MNIST and its kin). Checked by length before anything is
 * allocated by what they say, and read no further than that.
 *
 * This and the other readers take regular files: a pipe, such as a shell's <(...), a device or a folder is refused
 * and never waited for. A .gz may have several members; each is checked.
 *
 * @param[in]  ctx          lent
 * @param[in]  images_path  rank 2 [samples, features], 3 [samples, h, w] or 4 [samples, h, w, channels]
 * @param[in]  labels_path  as many labels, integers of rank 1, or of rank 2 with the label in front (QMNIST); their
 *                          different values are the classes, by size
 * @param[out] out          yours; of the type of the file
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL
 * @retval DEEPID_ERR_IO        a file cannot be read: names it
 * @retval DEEPID_ERR_FORMAT    not IDX, truncated, too long, empty, counts that differ, or a number that is not finite
 * @retval DEEPID_ERR_LIMIT     larger than file_bytes of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   both files in memory once, unpacked
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_dataset_load_idx(deepid_ctx *ctx, const char *images_path, const char *labels_path,
                                           deepid_dataset **out);

/**
 * The two parts of a folder with published names: train-images-idx3-ubyte, train-labels-idx1-ubyte,
 * t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, those of QMNIST or of one of the sets of EMNIST, each plain or with
 * .gz behind. Classes of the second part are numbered as in the first. Of a folder with several sets
 * deepid_dataset_open takes one: "idx:FOLDER set=emnist-letters".
 *
 * @param[in]  ctx     lent
 * @param[in]  folder  where the four are
 * @param[out] train   yours
 * @param[out] test    yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL
 * @retval DEEPID_ERR_SPEC      several sets are there
 * @retval DEEPID_ERR_IO        a file cannot be read: names it
 * @retval DEEPID_ERR_FORMAT    as deepid_dataset_load_idx
 * @retval DEEPID_ERR_LABEL     the second part has a label that the first has not
 * @retval DEEPID_ERR_LIMIT     larger than file_bytes of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   as deepid_dataset_load_idx, twice.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_dataset_load_idx_folder(deepid_ctx *ctx, const char *folder, deepid_dataset **train,
                                                  deepid_dataset **test);

/**
 * One file of CIFAR-10 in its binary version: records of a label and three planes of 32 x 32 bytes, which become
 * channels-last; plain or .gz.
 *
 * @param[in]  ctx   lent
 * @param[in]  path  the file, such as data_batch_1.bin
 * @param[out] out   yours; samples [32, 32, 3] of values 0 to 255, 10 classes
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL
 * @retval DEEPID_ERR_IO        the file cannot be read, or is no regular file: names it
 * @retval DEEPID_ERR_FORMAT    empty, or no whole number of records; a damaged .gz
 * @retval DEEPID_ERR_LABEL     a label above 9: names the record
 * @retval DEEPID_ERR_LIMIT     larger than file_bytes of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the file in memory twice while it is read, once afterwards.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_dataset_load_cifar10(deepid_ctx *ctx, const char *path, deepid_dataset **out);

/**
 * The two parts of a folder with data_batch_1.bin to data_batch_5.bin and test_batch.bin.
 *
 * @param[in]  ctx     lent
 * @param[in]  folder  where the six are
 * @param[out] train   yours; the five in one
 * @param[out] test    yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL
 * @retval DEEPID_ERR_IO        a file cannot be read, or is no regular file: names it
 * @retval DEEPID_ERR_FORMAT    a file is empty, or no whole number of records
 * @retval DEEPID_ERR_LABEL     a label above 9: names file and record
 * @retval DEEPID_ERR_LIMIT     a file larger than file_bytes of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   as deepid_dataset_load_cifar10; 184 MB for the published files, twice that while they are read.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_dataset_load_cifar10_folder(deepid_ctx *ctx, const char *folder, deepid_dataset **train,
                                                      deepid_dataset **test);

/**
 * Two .npy files, plain or .gz: numpy.save of floats (2, 4 or 8 bytes), integers or booleans, in C or Fortran order, of
 * either byte order. Every number must be finite. Pictures have their channels last: an array that seems to have them
 * first is refused, and deepid_dataset_open takes "npy:X,Y layout=nchw", which turns it, or layout=nhwc.
 *
 * @param[in]  ctx     lent
 * @param[in]  x_path  [n, features], [n, h, w] or [n, h, w, channels]; kept as F32 where it has at most 4 bytes a
 *                     number, else as F64; integers as F64
 * @param[in]  y_path  labels: [n] or [n, 1] integers of -65535 to 65535, whose different values are the classes, by
 *                     size; or targets: [n] or [n, width] floats, kept as F32
 * @param[out] out     yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL
 * @retval DEEPID_ERR_IO        a file cannot be read, or is no regular file: names it
 * @retval DEEPID_ERR_FORMAT    not .npy, truncated, too long, empty; Python objects and pickles; shapes that do not fit
 *                              each other; a number that is not finite: names the file, the row and the element
 * @retval DEEPID_ERR_LABEL     a label out of range: names the row
 * @retval DEEPID_ERR_SHAPE     channels seem to come first
 * @retval DEEPID_ERR_LIMIT     larger than file_bytes of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   both files in memory, and the dataset.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_dataset_load_npy(deepid_ctx *ctx, const char *x_path, const char *y_path,
                                           deepid_dataset **out);

/**
 * A .npz archive, of numpy.savez or numpy.savez_compressed, with two arrays as deepid_dataset_load_npy has them.
 *
 * @param[in]  ctx      lent
 * @param[in]  path     the file
 * @param[in]  options  "x=data y=label layout=nchw": the names of the two arrays (by default the first there is of x,
 *                      X, x_train, data, images, arr_0, and of y, Y, y_train, label, labels, targets, arr_1), and the
 *                      order of the axes of pictures, nhwc or nchw; NULL or "": none
 * @param[out] out      yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     a NULL
 * @retval DEEPID_ERR_SPEC         an unknown option, or no array of that name: lists what is there
 * @retval DEEPID_ERR_IO           the file cannot be read, or is no regular file
 * @retval DEEPID_ERR_FORMAT       no archive, damaged, an array that claims more bytes than its packed ones can hold;
 *                                 as deepid_dataset_load_npy
 * @retval DEEPID_ERR_LABEL        as deepid_dataset_load_npy
 * @retval DEEPID_ERR_SHAPE        as deepid_dataset_load_npy
 * @retval DEEPID_ERR_LIMIT        the file or an array larger than file_bytes of the context
 * @retval DEEPID_ERR_UNSUPPORTED  the library was built without libzip
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   the file and both arrays in memory, and the dataset; libzip's own memory is the C library's.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_dataset_load_npz(deepid_ctx *ctx, const char *path, const char *options,
                                           deepid_dataset **out);

/**
 * CSV (RFC 4180) as people write it, plain or .gz: a row a sample; columns of numbers, of texts, of a label or targets.
 *
 * Cells may be in quotes, with "" for a quote inside, and have blanks around; lines end with LF, CR LF or CR; a byte
 * order mark of UTF-8 and empty lines are passed over. Numbers are decimal in every locale; inf, hexadecimal and what
 * is too large for a double are refused, what is too small is 0. A column holds numbers or texts: the cell that does
 * not fit is refused with its line and column. What was found is said by deepid_dataset_about, what looks wrong by
 * deepid_dataset_warnings. The guide is docs/data.md.
 *
 * Columns are named by their names, or by their places from 1: "drop=id,7"; a name with a blank or a comma stands
 * between double quotes: drop="sepal length (cm)",id.
 *
 * @param[in]  ctx      lent
 * @param[in]  path     the file
 * @param[in]  options  words key=value with blanks between; NULL or "": none. They are
 *                      - delimiter: comma, semicolon, tab, bar, blank (any run of them), or one of , ; |; default:
 *                        found by looking at the first 100 rows
 *                      - decimal: point or comma, default point
 *                      - header: auto, yes, no; default auto: the first row is names when no cell of it is a number,
 *                        one begins as a name does, and, where no column has numbers, none comes again below itself
 *                      - comment: a character; lines that begin with it are passed over
 *                      - label: a column, first or last (the default; of those not dropped). Whole numbers or texts
 *                        become classes from 0 on, numbers by size, then texts by their bytes. Several columns are one
 *                        a class, 1 in one of them and 0 in the others, in the order in which they are listed
 *                      - targets: columns of numbers to be predicted, instead of label
 *                      - drop, keep: columns that are no features; that are, and no others
 *                      - categories: columns to take as texts, such as codes
 *                      - missing: refuse (the default), drop (its row), mean (that of the column, for features).
 *                        Missing is a cell that is empty, ?, or na, n/a, nan, nat, null, none in any case
 *                      - shape: 8x8x1, of samples that are pictures
 *
 *                      A column of texts becomes one feature a category (at most 256), sorted as classes are; one of
 *                      true and false becomes 1 and 0.
 * @param[out] out      yours; F64
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL
 * @retval DEEPID_ERR_SPEC      an unknown option, or a column that is not there
 * @retval DEEPID_ERR_IO        the file cannot be read, or is no regular file
 * @retval DEEPID_ERR_FORMAT    no number, a missing cell, lines of another length, broken quotes, UTF-16, no rows:
 *                              names the line and column
 * @retval DEEPID_ERR_LABEL     a label that is no whole number and no text, or more than 65536 different ones: names
 *                              the line
 * @retval DEEPID_ERR_SHAPE     shape is not that of the features
 * @retval DEEPID_ERR_LIMIT     larger than file_bytes of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the file in memory and 8 bytes a cell; one pass over the text, one over the cells
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_dataset_load_csv(deepid_ctx *ctx, const char *path, const char *options,
                                           deepid_dataset **out);

/**
 * Open a source as the command line names it.
 *
 * @param[in]  ctx     lent
 * @param[in]  source  a generator, "gratings n=512"; "idx:FOLDER" (set=qmnist and such behind a blank, where
 *                     several are there); "cifar10:FOLDER"; "cifar100:FOLDER" of train.bin and test.bin
 *                     (labels=coarse: 20 classes, else 100); "csv:FILE", options of
 *                     deepid_dataset_load_csv behind a blank, a name with blanks in double quotes; "csv:FOLDER" with
 *                     one *.tra and one *.tes (shape=8x8x1 unless options say otherwise); "npy:X,Y" and
 *                     "npz:FILE", options behind a blank
 * @param[in]  seed    of a generator; files do not need it
 * @param[out] train   yours
 * @param[out] valid   yours: the test part of a folder, or four times as many samples from the generator; NULL comes
 *                     out where the source has only one part (csv:FILE, npy:X,Y, npz:FILE)
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL
 * @retval DEEPID_ERR_SPEC      an unknown source or option
 * @retval DEEPID_ERR_IO        a file cannot be read, or is not there: names it
 * @retval DEEPID_ERR_FORMAT    as the reader of this kind of file
 * @retval DEEPID_ERR_LABEL     as the reader of this kind of file
 * @retval DEEPID_ERR_SHAPE     as deepid_dataset_load_csv
 * @retval DEEPID_ERR_LIMIT     a file larger than file_bytes of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   as the generator's or the reader's function.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_dataset_open(deepid_ctx *ctx, const char *source, uint64_t seed, deepid_dataset **train,
                                       deepid_dataset **valid);

/**
 * Open a source whose classes and categories have the numbers that they have in other data: to validate on. A class, a
 * category or a column that the other data lack is refused; missing=mean takes their means.
 *
 * @param[in]  ctx     lent
 * @param[in]  source  as deepid_dataset_open; only tables have names
 * @param[in]  seed    as deepid_dataset_open
 * @param[in]  like    the training data
 * @param[out] train   yours
 * @param[out] valid   yours, or NULL, as deepid_dataset_open
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL
 * @retval DEEPID_ERR_SPEC      as deepid_dataset_open
 * @retval DEEPID_ERR_IO        as deepid_dataset_open
 * @retval DEEPID_ERR_FORMAT    as the reader of this kind of file; a column or a category that like has not
 * @retval DEEPID_ERR_LABEL     as the reader of this kind of file; a class that like has not
 * @retval DEEPID_ERR_SHAPE     as deepid_dataset_open
 * @retval DEEPID_ERR_LIMIT     as deepid_dataset_open
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   as deepid_dataset_open
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_dataset_open_like(deepid_ctx *ctx, const char *source, uint64_t seed,
                                            const deepid_dataset *like, deepid_dataset **train, deepid_dataset **valid);

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
 * @return 1 (features) or 3 (height, width, channels); -1 for NULL.
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
 * @return The line, borrowed for the dataset's life; "" where the source is no table; NULL for NULL.
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
 * @return 64 bits (XXH3); 0 for NULL.
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
 *                           1e30, by is required), or "none"
 * @param[in]     reference  what is measured, with samples of the same shape: data itself, or the training part; not
 *                           read by "scale" and "none", and may be NULL then
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  reference is NULL where one is needed
 * @retval DEEPID_ERR_SPEC      how is NULL or does not parse
 * @retval DEEPID_ERR_SHAPE     reference is no dataset, or has samples of another shape
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
