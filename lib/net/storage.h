/* Storage: values that flow, their gradients and the weights that products read are rounded to a number format, while
   sums, statistics and losses stay f32. What PyTorch's autocast keeps in f32 stays so, each by an option. This is the
   words; where the rounding happens: rounding.h */
#ifndef DPID_NET_STORAGE_H
#define DPID_NET_STORAGE_H

#include "base/options.h"
#include "tensor/format.h"

typedef enum { DPID_WEIGHTS_MASTER, DPID_WEIGHTS_FORMAT, DPID_WEIGHTS_F32 } dpid_storage_weights;

enum {
    DPID_STORAGE_FORMAT,
    DPID_STORAGE_ROUNDING,
    DPID_STORAGE_SUBNORMALS,
    DPID_STORAGE_OVERFLOW,
    DPID_STORAGE_WEIGHTS,
    DPID_STORAGE_GRADIENTS,
    DPID_STORAGE_WEIGHT_GRADIENTS,
    DPID_STORAGE_NORMS,
    DPID_STORAGE_INPUT,
    DPID_STORAGE_OUTPUT,
    DPID_STORAGE_PRODUCTS,
    DPID_STORAGE_OPTIONS
};

/* What was said, an index into the choices of each option, and what follows from it. */
typedef struct {
    int8_t said[DPID_STORAGE_OPTIONS];
    bool on; /* false: f32, and nothing below counts */
    dpid_rounding values, gradients;
    dpid_storage_weights weights;
    bool weight_gradients;     /* are rounded, */
    bool norms, input, output; /* and these */
    bool native;               /* products by the CPU's instructions for the format, where it has them */
} dpid_storage;

/* DPID_STORAGE_OPTIONS rows, storage= first; then the end. */
extern const dpid_option dpid_storage_options[DPID_STORAGE_OPTIONS + 1];
/* Of parsed values of these options. where: for the message when an option is given and no storage. */
int32_t dpid_storage_take(deepid_ctx *ctx, dpid_span where, const dpid_value *values, dpid_storage *out);
/* "bf16 rounding=stochastic"; NULL, "" and "f32": none. */
int32_t dpid_storage_parse(deepid_ctx *ctx, const char *text, dpid_storage *out);
/* Options that were not said are as in another storage. */
void dpid_storage_inherit(dpid_storage *storage, const dpid_storage *from);
/* "bf16 rounding=stochastic"; "f32" for none. */
void dpid_storage_print(dpid_string *s, const dpid_storage *storage);

#endif
