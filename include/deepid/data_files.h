/**
 * @defgroup data_files Datasets from files
 * Readers of data files: IDX, CIFAR, NumPy, CSV, folders of pictures; sources as the command line names them. The guide
 * is docs/data.md.
 * @{
 */
#ifndef DEEPID_DATA_FILES_H
#define DEEPID_DATA_FILES_H

#include <deepid/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Samples with class labels or with targets. */
typedef struct deepid_dataset deepid_dataset;

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
 * One file of CIFAR-100 in its binary version: records of two labels, the superclass in front, and three planes as
 * those of deepid_dataset_load_cifar10; plain or .gz.
 *
 * @param[in]  ctx      lent
 * @param[in]  path     the file, such as train.bin
 * @param[in]  options  "labels=fine" (the default) or "labels=coarse"; NULL or "": none
 * @param[out] out      yours; samples [32, 32, 3] of values 0 to 255, 100 classes, or the 20 superclasses
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL
 * @retval DEEPID_ERR_SPEC      an unknown option
 * @retval DEEPID_ERR_IO        the file cannot be read, or is no regular file: names it
 * @retval DEEPID_ERR_FORMAT    empty, or no whole number of records; a damaged .gz
 * @retval DEEPID_ERR_LABEL     a label above 99, or above 19: names the record
 * @retval DEEPID_ERR_LIMIT     larger than file_bytes of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   as deepid_dataset_load_cifar10
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_dataset_load_cifar100(deepid_ctx *ctx, const char *path, const char *options,
                                                deepid_dataset **out);

/**
 * The two parts of a folder with train.bin and test.bin.
 *
 * @param[in]  ctx      lent
 * @param[in]  folder   where the two are
 * @param[in]  options  as deepid_dataset_load_cifar100
 * @param[out] train    yours
 * @param[out] test     yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL
 * @retval DEEPID_ERR_SPEC      an unknown option
 * @retval DEEPID_ERR_IO        a file cannot be read, or is no regular file: names it
 * @retval DEEPID_ERR_FORMAT    a file is empty, or no whole number of records
 * @retval DEEPID_ERR_LABEL     a label above 99, or above 19: names file and record
 * @retval DEEPID_ERR_LIMIT     a file larger than file_bytes of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   as deepid_dataset_load_cifar100; 184 MB for the published files, twice that while they are read.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_dataset_load_cifar100_folder(deepid_ctx *ctx, const char *folder, const char *options,
                                                       deepid_dataset **train, deepid_dataset **test);

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
 * order mark of UTF-8, empty lines and a first line "sep=;" are passed over, and so are nameless columns at the end
 * that are empty in every row. A text that is not UTF-8 is read as Windows-1252; UTF-16 is refused. Numbers are decimal
 * in every locale; inf, hexadecimal and what is too large for a double are refused, what is too small is 0. A column
 * holds numbers or texts: the cell that does not fit is refused with its line and column. What was found is said by
 * deepid_dataset_about, what looks wrong by deepid_dataset_warnings. The guide is docs/data.md.
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
 *                      - skip: 0 (the default) to 1048576 lines above the table
 *                      - comment: a character; lines that begin with it are passed over
 *                      - label: a column, first or last (the default; of those not dropped). Whole numbers or texts
 *                        become classes from 0 on, numbers by size, texts by their bytes: labels 1, 2, 3 are the
 *                        classes 0, 1, 2, and -1, +1 are 0, 1; deepid_dataset_class_name gives them back. True and
 *                        false are two classes in whatever case. Several columns are one a class, 1 in one of them and
 *                        0 in the others, in the order in which they are listed
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
 * A folder of PNG and JPEG files, a folder a class: the classes are the folders by their names, numbers by size, then
 * texts by their bytes; the samples are their files by class, then by path, those of folders within them too.
 *
 * A folder that has a folder train (or training) of such folders is two parts: the second is the first there is of
 * valid, val, validation, test, testing. A file is a picture by its first bytes, whatever it is called; one that is
 * called a picture and is none (.gif, .webp, damaged, empty) is refused, others are passed over, and so is what is
 * hidden (begins with a dot). A folder without pictures is no class. Links are followed. Nothing is turned by EXIF, no
 * gamma or colour profile is applied.
 *
 * @param[in]  ctx      lent
 * @param[in]  folder   the folder of the classes, or of the two parts
 * @param[in]  options  words key=value with blanks between; NULL or "": none. They are
 *                      - size: HxW, or N for a square; 1 to 16384. By default all must have one size
 *                      - fit: stretch (the default), or crop, which takes the largest part in the middle that has the
 *                        proportions of size. Then the triangle filter makes it smaller or larger, as BILINEAR of
 *                        PIL.Image.resize does
 *                      - channels: 1 gray (0.299 r + 0.587 g + 0.114 b), 3 colours, 4 colours and alpha; default auto:
 *                        1 when all pictures are gray, else 3. Without 4 alpha is left out
 *                      - damaged: refuse (the default), or drop: leaves such files out, and tells how many
 * @param[out] train    yours; samples [h, w, channels] of values 0 to 255, U8; F32 when one has 16 bits a channel, v /
 *                      257
 * @param[out] valid    yours, with the classes of train; NULL comes out where the folder is one part
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     a NULL
 * @retval DEEPID_ERR_SPEC         an unknown option, or fit without size
 * @retval DEEPID_ERR_IO           a file or folder cannot be read: names it
 * @retval DEEPID_ERR_FORMAT       a damaged or truncated picture, one that is none, or one that claims more pixels
 *                                 than its bytes can hold: names it; no pictures in folders
 * @retval DEEPID_ERR_SHAPE        pictures of two sizes: names one of each
 * @retval DEEPID_ERR_LABEL        more than 65536 classes, or a class of the second part that the first has not
 * @retval DEEPID_ERR_LIMIT        a file larger than file_bytes of the context, a picture of more than 2^27 pixels, or
 *                                 folders more than 8 deep in a class
 * @retval DEEPID_ERR_UNSUPPORTED  the library was built without libspng and libjpeg
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   each file is read twice, and decoded once; the dataset, and the largest picture decoded: 4 bytes a pixel, 8
 *         for 16 bits; the libraries' own memory is the C library's.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_dataset_load_pictures(deepid_ctx *ctx, const char *folder, const char *options,
                                                deepid_dataset **train, deepid_dataset **valid);

/**
 * Open a source as the command line names it.
 *
 * @param[in]  ctx     lent
 * @param[in]  source  a generator, "gratings n=512"; "idx:FOLDER" (set=qmnist and such behind a blank, where
 *                     several are there); "cifar10:FOLDER"; "cifar100:FOLDER" of train.bin and test.bin
 *                     (labels=coarse: 20 classes, else 100); "csv:FILE", options of
 *                     deepid_dataset_load_csv behind a blank, a name with blanks in double quotes; "csv:FOLDER" with
 *                     one *.tra and one *.tes (shape=8x8x1 unless options say otherwise); "npy:X,Y" and
 *                     "npz:FILE", options behind a blank; "pictures:FOLDER", options of
 *                     deepid_dataset_load_pictures behind a blank
 * @param[in]  seed    of a generator; files do not need it
 * @param[out] train   yours
 * @param[out] valid   yours: the test part of a folder, or four times as many samples from the generator; NULL comes
 *                     out where the source has only one part (csv:FILE, npy:X,Y, npz:FILE, pictures:FOLDER)
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL
 * @retval DEEPID_ERR_SPEC      an unknown source or option
 * @retval DEEPID_ERR_IO        a file cannot be read, or is not there: names it
 * @retval DEEPID_ERR_FORMAT    as the reader of this kind of file
 * @retval DEEPID_ERR_LABEL     as the reader of this kind of file
 * @retval DEEPID_ERR_SHAPE     as deepid_dataset_load_csv and deepid_dataset_load_pictures
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
 * @param[in]  source  as deepid_dataset_open; tables, labels of files and folders of pictures have names
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

#ifdef __cplusplus
}
#endif
/** @} */
#endif
