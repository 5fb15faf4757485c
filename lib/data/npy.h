/* Arrays of NumPy: one .npy, wherever its bytes come from; x and y joined to a dataset. */
#ifndef DPID_DATA_NPY_H
#define DPID_DATA_NPY_H

#include "data/data.h"

enum { DPID_NPY_RANK_MAX = 4, DPID_NPY_PREFIX_MAX = 12, DPID_NPY_HEADER_MAX = 10000 /* as NumPy's own reader */ };
enum { DPID_LAYOUT_UNSAID, DPID_LAYOUT_NHWC, DPID_LAYOUT_NCHW, DPID_LAYOUT_NLC, DPID_LAYOUT_NCL };
#define DPID_LAYOUT_OPTION                                                                                             \
    {                                                                                                                  \
        "layout", DPID_CHOICE, 0, 0, 0, "unsaid|nhwc|nchw|nlc|ncl", false, "order of the axes of pictures or series"   \
    }

typedef struct {
    const uint8_t *data;
    int32_t rank;
    int64_t extents[DPID_NPY_RANK_MAX];
    int64_t step[DPID_NPY_RANK_MAX]; /* elements from one to the next along an axis */
    int64_t count;
    char type; /* f, i, u, b */
    int32_t size;
    bool big, fortran;
} dpid_npy;

/* The prefix and header of an array, from its first bytes: they need not hold the data. *need: the bytes of all of it.
   `path` begins the sentences. */
int32_t dpid_npy_parse(deepid_ctx *ctx, const char *path, const uint8_t *b, int64_t bytes, dpid_npy *f, int64_t *need);
/* The dataset of x and y, whose classes are numbered as in `like` unless it is NULL. */
int32_t dpid_npy_join(deepid_ctx *ctx, const char *x_name, dpid_npy *x, const char *y_name, const dpid_npy *y,
                      int64_t layout, const deepid_dataset *like, deepid_dataset **out);
/* Two files; options "layout=nchw". */
int32_t dpid_npy_load(deepid_ctx *ctx, const char *x_path, const char *y_path, const char *options,
                      const deepid_dataset *like, deepid_dataset **out);
/* An archive; options "x=data y=label layout=nchw". */
int32_t dpid_npz_load(deepid_ctx *ctx, const char *path, const char *options, const deepid_dataset *like,
                      deepid_dataset **out);

#endif
