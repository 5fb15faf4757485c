/* ONNX files: what reading and writing them share. The messages are those of Debian's onnx.proto, made into C by
   protobuf-c at build time. All of lib/onnx becomes one object that shows its functions alone
   (lib/packaging/library.cmake). */
#ifndef DPID_ONNX_ONNX_H
#define DPID_ONNX_ONNX_H

#include "net/net.h"

#include <onnx.pb-c.h>

/* Operator sets whose meaning is known here. */
enum { DPID_ONNX_OPSET_FIRST = 9, DPID_ONNX_OPSET_LAST = 22 };

/* ONNX's word for an axis of channels, written of series. */
#define DPID_ONNX_CHANNEL "DATA_CHANNEL"

typedef Onnx__NodeProto dpid_onnx_node;
typedef Onnx__AttributeProto dpid_onnx_attribute;
typedef Onnx__TensorProto dpid_onnx_tensor;

/* ---- bytes: file.c --------------------------------------------------------------------------- */

/* What a file holds, in the arena. opset is that of the default domain. */
typedef struct dpid_onnx_data dpid_onnx_data;
typedef struct {
    dpid_arena arena;
    const char *path;
    const Onnx__GraphProto *graph;
    int64_t opset;
    dpid_onnx_data *data; /* files beside it that hold weights, read when first asked for */
} dpid_onnx_file;

/* Release out->arena after any outcome. */
int32_t dpid_onnx_read(deepid_ctx *ctx, const char *path, dpid_onnx_file *out);
int32_t dpid_onnx_write(deepid_ctx *ctx, const char *path, const Onnx__ModelProto *model);

/* ---- messages: message.c --------------------------------------------------------------------- */

/* Refuses, before anything is allocated, what unpacking could not bear: messages in messages without end. */
int32_t dpid_onnx_check_depth(deepid_ctx *ctx, const char *path, const uint8_t *bytes, int64_t count);

/* ---- numbers: number.c ----------------------------------------------------------------------- */

/* Numbers that are known: a tensor of the file, or one number many times. */
typedef struct {
    int32_t rank;
    int64_t extents[DPID_RANK_MAX];
    int64_t count;
    const void *data; /* NULL: all are `fill` */
    int32_t dtype;    /* Onnx__TensorProto__DataType of the numbers at data */
    bool in_ints;     /* those of sixteen bits and less lie in an int32 each */
    bool turned;      /* a matrix that is stored by columns */
    double fill;
} dpid_onnx_constant;

/* A tensor checked: type, extents, and that all its numbers are there. who: for messages. */
int32_t dpid_onnx_constant_of_tensor(dpid_onnx_file *file, const dpid_onnx_tensor *tensor, dpid_onnx_constant *out);
/* Number i in the order of the extents; i < count. */
double dpid_onnx_number(const dpid_onnx_constant *c, int64_t i);
/* A matrix by its columns: c of rank 2. */
void dpid_onnx_turn(dpid_onnx_constant *c);
/* All of them, or NULL when they do not lie there as floats. */
const float *dpid_onnx_floats(const dpid_onnx_constant *c);

/* ---- the graph: graph.c ---------------------------------------------------------------------- */

enum { DPID_ONNX_NONE = -1 };

typedef struct {
    const char *name;
    int32_t maker; /* node; DPID_ONNX_NONE: an input or initializer */
    const dpid_onnx_tensor *initializer;
    bool data;                     /* depends on the input */
    int32_t first_reader, readers; /* places in graph->reader: live nodes that compute with it */
} dpid_onnx_value;

/* Of the nodes: those from which the output depends are live; the others are as if they were not there. */
typedef struct {
    dpid_onnx_file *file;
    int32_t nodes, values;
    dpid_onnx_value *value;
    int32_t *edge;       /* values: inputs of a node, then its outputs; DPID_ONNX_NONE: left out */
    int32_t *first_edge; /* by node */
    bool *live;          /* by node */
    int32_t *scope;      /* by node: which branch of which block it belongs to; 0: none */
    int32_t *reader;     /* nodes */
    int32_t input, output;
    const Onnx__ValueInfoProto *input_info;
} dpid_onnx_graph;

int32_t dpid_onnx_graph_make(dpid_onnx_file *file, dpid_onnx_graph *out);
const dpid_onnx_node *dpid_onnx_node_at(const dpid_onnx_graph *g, int32_t node);
/* Value numbers; DPID_ONNX_NONE where the node has none in this place. */
int32_t dpid_onnx_input(const dpid_onnx_graph *g, int32_t node, int32_t i);
int32_t dpid_onnx_output(const dpid_onnx_graph *g, int32_t node, int32_t i);
/* The same of an input whose numbers count; Shape and CastLike only ask about theirs. */
int32_t dpid_onnx_number_input(const dpid_onnx_graph *g, int32_t node, int32_t i);
/* How many of the node's inputs are this value. */
int32_t dpid_onnx_reads(const dpid_onnx_graph *g, int32_t node, int32_t value);

const dpid_onnx_attribute *dpid_onnx_attribute_of(const dpid_onnx_node *node, const char *name);
int64_t dpid_onnx_int(const dpid_onnx_node *node, const char *name, int64_t otherwise);
double dpid_onnx_float(const dpid_onnx_node *node, const char *name, double otherwise);
bool dpid_onnx_is(const dpid_onnx_node *node, const char *op);

/* "'net.onnx': node 'Concat_12' (Concat): ..." DEEPID_ERR_UNSUPPORTED */
int32_t dpid_onnx_refuse(const dpid_onnx_graph *g, int32_t node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same around the sentence that is there, with its status; what is no fault of the file stays as it is. */
int32_t dpid_onnx_name_node(const dpid_onnx_graph *g, int32_t node, int32_t status);

/* ---- from the graph to layers: walk.c and those below it ---------- */

/* How the axes of a value in the file are those of a sample here. */
typedef enum {
    DPID_ONNX_FEATURES = 1, /* [n, f] */
    DPID_ONNX_PLANES,       /* [n, c, h, w], [n, c, l]; of rank 1 here: [n, c, 1, 1], [n, c, 1] */
    DPID_ONNX_LAST,         /* [n, h, w, c], [n, l, c]; [n, 1, 1, c], [n, 1, c] */
    DPID_ONNX_MATRIX,       /* [n, h, w], a picture of one channel here */
    DPID_ONNX_SAMPLES       /* [n], one feature here */
} dpid_onnx_layout;

typedef struct {
    dpid_onnx_layout layout; /* 0: not reached */
    dpid_shape shape;
    bool series;       /* PLANES, LAST: with one axis beside the channels; a [n, c, 1, l] has two */
    dpid_shape order;  /* of features: the picture that they were by planes in the file; rank 0: the same order */
    int64_t groups;    /* above 0: counted [n, groups, rest], for a normalisation of groups */
    bool padded;       /* a Pad stands before, */
    int64_t pad[4];    /* of so many rows and columns: top, left, bottom, right */
    int64_t step[2];   /* a Slice does: every so manieth row and column; 0: none does */
    bool not_negative; /* no number is below 0 */
} dpid_onnx_flow;

/* What stands behind a layer and is taken into it: y = number y, or y = y + number, by channel. */
typedef struct dpid_onnx_change dpid_onnx_change;
struct dpid_onnx_change {
    dpid_onnx_change *next;
    bool multiplies, inverted; /* inverted: divides, subtracts */
    double factor;
    dpid_onnx_constant by;
};

enum { DPID_ONNX_SOURCES = 4 };

/* A layer, or a block of layers. */
typedef struct dpid_onnx_item dpid_onnx_item;
typedef struct {
    dpid_onnx_item *first, *last;
} dpid_onnx_list;
struct dpid_onnx_item {
    dpid_onnx_item *next;
    int32_t node;
    int32_t value;         /* what comes out, in the file */
    const dpid_kind *kind; /* NULL: a block */
    const char *options;   /* without bias= */
    dpid_shape in;
    dpid_onnx_constant source[DPID_ONNX_SOURCES]; /* of the parameters in their order; rank -1: none */
    dpid_onnx_change *changes, *last_change;
    const dpid_onnx_change *before; /* of a batch-norm: what was added to what goes in */
    dpid_shape in_order, order;     /* of what goes in, of what comes out */
    dpid_onnx_list branch, skip;
    double s;
    const char *shortcut;   /* "A", "B", "C" or NULL */
    const char *projection; /* "bare", "bias", "batchnorm" or NULL */
    const char *after;      /* or NULL */
};

typedef struct {
    deepid_ctx *ctx;
    dpid_onnx_file *file;
    dpid_arena *arena;
    dpid_onnx_graph graph;
    dpid_onnx_flow *flow;    /* by value */
    int32_t *region;         /* by value: the last branching that it lay behind */
    int32_t regions, scopes; /* so far */
    int64_t filled;          /* numbers that the file says once for many */
    void *curves;            /* activation.c */
    bool series;             /* the graph has windows of one axis */
    bool softmax;            /* one was left out at the end */
    bool trains;             /* a batch-norm takes the statistics of its batch */
    bool normalises;         /* known numbers on the input became a batch-norm */
    int32_t scaled;          /* the first node whose factor went into the weights before it; DPID_ONNX_NONE */
    dpid_onnx_list net;
} dpid_onnx_walk;

static inline int64_t dpid_onnx_channels(const dpid_onnx_flow *flow)
{
    return flow->shape.extent[flow->shape.rank - 1];
}
/* Extents of a value in the file without the first one; returns how many. */
int32_t dpid_onnx_extents(const dpid_onnx_flow *flow, int64_t *extents);
/* Nodes of this scope that read the value, each as often as it does; *node is the first. */
int32_t dpid_onnx_readers(const dpid_onnx_graph *g, int32_t value, int32_t scope, int32_t *node);

/* One step: a node, what goes in, where its layers go. A row of the table turns in into out. */
typedef struct {
    int32_t node, value, scope;
    int32_t makes; /* value */
    const dpid_onnx_node *proto;
    dpid_onnx_flow in, out;
    dpid_onnx_list *list;
    double *scale; /* of a skip without layers; NULL elsewhere */
} dpid_onnx_step;

/* Fills walk->net. The caller releases the file. */
int32_t dpid_onnx_walk_graph(dpid_onnx_walk *walk);

/* Where a value goes two ways that meet again. */
typedef struct {
    dpid_onnx_walk *w;
    int32_t scope, at;
    int32_t join;      /* node */
    int32_t end[2];    /* its inputs: values */
    int32_t scopes[2]; /* of the nodes between */
    dpid_onnx_list way[2];
    double scale[2];
    int skip; /* which way */
} dpid_onnx_fork;
/* From w, scope and at: where they meet, and which nodes lie on which. */
int32_t dpid_onnx_find_ways(dpid_onnx_fork *f);
/* A block of the layers on both ways; *end is what leaves it. */
int32_t dpid_onnx_make_block(dpid_onnx_fork *f, dpid_onnx_list *out, int32_t *end);

/* One node by its row. */
int32_t dpid_onnx_take(dpid_onnx_walk *w, dpid_onnx_step *s);
/* Rows that change how axes are counted, and no number: shapes.c. */
int32_t dpid_onnx_take_flatten(dpid_onnx_walk *w, dpid_onnx_step *s);
int32_t dpid_onnx_take_reshape(dpid_onnx_walk *w, dpid_onnx_step *s);
int32_t dpid_onnx_take_gather(dpid_onnx_walk *w, dpid_onnx_step *s);
int32_t dpid_onnx_take_squeeze(dpid_onnx_walk *w, dpid_onnx_step *s);
int32_t dpid_onnx_take_transpose(dpid_onnx_walk *w, dpid_onnx_step *s);
int32_t dpid_onnx_take_pad(dpid_onnx_walk *w, dpid_onnx_step *s);
int32_t dpid_onnx_take_slice(dpid_onnx_walk *w, dpid_onnx_step *s);
int32_t dpid_onnx_take_reduction(dpid_onnx_walk *w, dpid_onnx_step *s);
/* The op of a layer; the node is named when it cannot be. */
int32_t dpid_onnx_op(dpid_onnx_walk *w, const dpid_onnx_item *item, dpid_op *out);
/* Every so manieth pixel, where a Slice stands last. */
int32_t dpid_onnx_finish_slice(dpid_onnx_walk *w, dpid_onnx_step *s, int64_t channels);
/* The same for whatever comes next; zeros around a picture are refused. */
int32_t dpid_onnx_finish_pending(dpid_onnx_walk *w, dpid_onnx_step *s);
/* Adds a layer; s->out gets its shape. */
int32_t dpid_onnx_add(dpid_onnx_walk *w, dpid_onnx_step *s, const dpid_kind *kind, const char *options,
                      dpid_onnx_item **item);
/* Normalisations by their nodes: norm_nodes.c. */
int32_t dpid_onnx_take_batchnorm(dpid_onnx_walk *w, dpid_onnx_step *s);
int32_t dpid_onnx_take_layernorm(dpid_onnx_walk *w, dpid_onnx_step *s);
int32_t dpid_onnx_take_groupnorm(dpid_onnx_walk *w, dpid_onnx_step *s);
int32_t dpid_onnx_take_instancenorm(dpid_onnx_walk *w, dpid_onnx_step *s);
/* Whether the node counts its samples as [groups, rest] for an InstanceNormalization that reads it alone, or the other
   way behind one: s->out says so then. */
bool dpid_onnx_groups(const dpid_onnx_walk *w, dpid_onnx_step *s, const int64_t *asked, int32_t rank);
/* Windows: conv2d and pools, window.c. */
int32_t dpid_onnx_take_conv(dpid_onnx_walk *w, dpid_onnx_step *s);
int32_t dpid_onnx_take_pool(dpid_onnx_walk *w, dpid_onnx_step *s);
int32_t dpid_onnx_take_global_pool(dpid_onnx_walk *w, dpid_onnx_step *s);
/* A maxpool over the whole picture or series. */
int32_t dpid_onnx_add_largest(dpid_onnx_walk *w, dpid_onnx_step *s);
/* The value comes right from a layer that can take a factor or summand. */
bool dpid_onnx_takes_changes(const dpid_onnx_step *s);
/* Puts a number or one for each channel behind the last layer. */
int32_t dpid_onnx_change_last(dpid_onnx_walk *w, dpid_onnx_step *s, const dpid_onnx_constant *by, bool multiplies,
                              bool inverted, double factor);
/* What the node makes is what the last layer made, counted otherwise: changes behind it are still that layer's. */
void dpid_onnx_pass(dpid_onnx_step *s);
/* Numbers of input i; refused where they are not known, or have not this many (-1: any). */
int32_t dpid_onnx_weights(dpid_onnx_walk *w, const dpid_onnx_step *s, int32_t i, int64_t count,
                          dpid_onnx_constant *out);
/* One number, or one for each channel of what flows. */
bool dpid_onnx_is_by_channel(const dpid_onnx_flow *flow, const dpid_onnx_constant *c);
/* "kernel=3x1" and such; *text is in the arena. */
int32_t dpid_onnx_text(dpid_onnx_walk *w, char **text, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The known numbers of value v. *known is false where it depends on the input. */
int32_t dpid_onnx_constant_at(dpid_onnx_walk *w, int32_t v, dpid_onnx_constant *out, bool *known);
/* Integers of value v, such as a shape: at most DPID_RANK_MAX. The number of samples is DPID_ONNX_BATCH. */
#define DPID_ONNX_BATCH INT64_MAX
int32_t dpid_onnx_ints_at(dpid_onnx_walk *w, int32_t v, int64_t *out, int32_t *count, bool *known);
/* Integers of an attribute, or where there is none of an input; *count is -1 when there is neither. */
int32_t dpid_onnx_ints(dpid_onnx_walk *w, const dpid_onnx_step *s, const char *attribute, int32_t input, int64_t *out,
                       int32_t *count);
/* Nodes from value v on that together are one activation: *kind (NULL: they are none), its options, where it ends: as
   far as factors and summands change nothing. */
int32_t dpid_onnx_activation(dpid_onnx_walk *w, int32_t v, int32_t scope, const dpid_kind **kind, const char **options,
                             int32_t *end);

/* The same of a normalisation over the channels, which becomes a layer: norm.c. */
int32_t dpid_onnx_take_norm(dpid_onnx_walk *w, dpid_onnx_step *s, bool *taken);
/* Refuses nodes from v to `last` that compute of each number another one, or of each row, and are no layer; DEEPID_OK:
   they do not. */
int32_t dpid_onnx_refuse_region(dpid_onnx_walk *w, int32_t v, int32_t scope, int32_t last);
/* One of the operators that an activation may be written with. */
bool dpid_onnx_is_elementwise(const dpid_onnx_node *node);
/* One of those that make of a row of channels one number. */
bool dpid_onnx_is_reduction(const dpid_onnx_node *node);
/* Refuses a graph with an operator that no row and no activation knows, wherever it stands. */
int32_t dpid_onnx_check_operators(dpid_onnx_walk *w);

/* ---- to a net: fill.c, load.c ---------------------------------------------------------------- */

/* The numbers of a layer into a net's parameters. */
int32_t dpid_onnx_fill(const dpid_onnx_walk *w, deepid_net *net, int32_t layer, const dpid_onnx_item *item);

#endif
