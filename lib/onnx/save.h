/* The graph that becomes an ONNX file: nodes and initializers, all in one arena. */
#ifndef DPID_ONNX_SAVE_H
#define DPID_ONNX_SAVE_H

#include "onnx/onnx.h"

typedef struct {
    deepid_ctx *ctx;
    dpid_arena *arena;
    const deepid_net *net;
    Onnx__GraphProto graph;
    int32_t opset;
    int32_t status; /* of the first failure: what follows does nothing */
} dpid_onnx_writer;

enum { DPID_ONNX_INPUTS = 5, DPID_ONNX_ATTRIBUTES = 8 };

/* Room for so many nodes and initializers. */
void dpid_onnx_writer_start(dpid_onnx_writer *w, int64_t nodes, int64_t initializers);
/* inputs: names up to a NULL; "" for one left out. Returns the node; NULL after a failure, which all below take. */
dpid_onnx_node *dpid_onnx_add_node(dpid_onnx_writer *w, const char *op, const char *name, const char *const *inputs,
                                   const char *output);
void dpid_onnx_add_int(dpid_onnx_writer *w, dpid_onnx_node *node, const char *name, int64_t value);
void dpid_onnx_add_ints(dpid_onnx_writer *w, dpid_onnx_node *node, const char *name, const int64_t *values,
                        int32_t count);
void dpid_onnx_add_float(dpid_onnx_writer *w, dpid_onnx_node *node, const char *name, double value);
void dpid_onnx_add_word(dpid_onnx_writer *w, dpid_onnx_node *node, const char *name, const char *value);
/* "name.what"; never NULL. */
const char *dpid_onnx_join_name(dpid_onnx_writer *w, const char *name, const char *what);
/* An initializer. data lies until the file is written; NULL: room is made and returned. */
void *dpid_onnx_add_tensor(dpid_onnx_writer *w, const char *name, int32_t dtype, const int64_t *extents, int32_t rank,
                           const void *data);
/* Integers; one number in the net's type. Both return the name. */
const char *dpid_onnx_add_integers(dpid_onnx_writer *w, const char *name, const int64_t *values, int32_t count);
const char *dpid_onnx_add_number(dpid_onnx_writer *w, const char *name, double value);
/* FLOAT or DOUBLE, as the net is. */
int32_t dpid_onnx_real(const deepid_net *net);
/* An input or output: [n, c, h, w] or [n, f]. */
Onnx__ValueInfoProto *dpid_onnx_value_info(dpid_onnx_writer *w, const char *name, const dpid_shape *shape);

/* Layer i of the net as nodes that read value `in` and make value `out`, both by name: kinds.c. */
int32_t dpid_onnx_write_layer(dpid_onnx_writer *w, int32_t layer, const char *in, const char *out);

#endif
