/* How the numbers of a net lie in a file of weights: as ours, or as PyTorch has them, channels first. */
#ifndef DPID_NET_WEIGHTS_LAYOUT_H
#define DPID_NET_WEIGHTS_LAYOUT_H

#include "net/net.h"

/* "pytorch match=order"; NULL is refused. */
int32_t dpid_weights_options(deepid_ctx *ctx, const char *options, bool *pytorch, bool *by_order);

/* What comes into a layer is a picture that was flattened, features in the order of the pixels; pixels 0: it is not. */
typedef struct {
    int64_t pixels, channels;
} dpid_flat;

typedef struct {
    bool pytorch;
    const dpid_flat *flat; /* of each layer; NULL unless pytorch */
} dpid_weights_layout;

/* DEEPID_ERR_UNSUPPORTED: a skip leads a flattened picture past a dense layer, or groups are made of one, so that no
   order of features is PyTorch's and ours. */
int32_t dpid_weights_layout_make(dpid_arena *arena, const deepid_net *net, bool pytorch, dpid_weights_layout *out);
/* Extents as the file has them. */
void dpid_weights_extents(const dpid_weights_layout *layout, const dpid_parameter *p, int64_t *extents);
/* Is any number of p at another place there? Where is number i of ours? */
bool dpid_weights_turned(const dpid_weights_layout *layout, const dpid_parameter *p);
int64_t dpid_weights_place(const dpid_weights_layout *layout, const dpid_parameter *p, int64_t i);

/* Number i of a tensor of a file; NULL when its dtype is none of F64, F32, F16, BF16. */
typedef double dpid_file_number(const void *data, int64_t i);
dpid_file_number *dpid_file_numbers(const dpid_file_tensor *t);

/* Warns in the log of the first parameter that holds infinities or NaN; such files are read as they are. */
void dpid_weights_warn(const deepid_net *net, const char *path);

#endif
