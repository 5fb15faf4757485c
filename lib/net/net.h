/* The inside of a net that the layers above (train, inspect, identity, study) build on. */
#ifndef DPID_NET_NET_H
#define DPID_NET_NET_H

#include <deepid/builder.h>
#include <deepid/compute.h>
#include <deepid/net.h>
#include <deepid/parameter.h>
#include <deepid/precision.h>

#include "base/base.h"
#include "net/storage.h"
#include "ops/op.h"

typedef struct dpid_plan dpid_plan; /* buffers, lifetimes; lib/net/plan.h */

/* One named parameter. Trained ones lie one after the other, without gaps, in net->values (and net->gradients),
   states in net->states; offsets in reals. */
typedef struct {
    const char *name; /* "block3.dense.weight" */
    dpid_parameter_spec spec;
    int32_t layer; /* index into net->layer */
    int64_t offset, count;
} dpid_parameter;

/* A row of the block table: plain and identity differ in s alone. */
typedef struct {
    const char *word, *help;
    double s;           /* weight of the skip when the text says nothing */
    int32_t order;      /* of the template where the text says nothing */
    const char *branch; /* template for a block without a body; {conv} = conv1d or conv2d, {before}, {behind}, {out},
                           {wide} = 4 out, {stride} */
    int32_t layers;     /* with weights, of the template */
    bool wide;          /* the template gives 4 out channels */
    const char *twin;   /* the row that differs in s alone */
    double gate;        /* the bias that its gate starts with when the text says nothing; 0: it has no gate */
} dpid_variant;
extern const dpid_set dpid_variants;
const dpid_variant *dpid_variant_at(int64_t i); /* NULL past the end */

/* Where the normalisations and rectifiers of a template stand: before the first layer with weights, behind the last
   one, and behind the sum. */
typedef struct {
    const char *word, *before, *behind, *norm, *after;
} dpid_order;
enum { DPID_ORDER_ORIGINAL = 0, DPID_ORDER_PREACT = 4, DPID_ORDERS };
#define DPID_ORDER_CHOICES "original|norm_after|relu_before|relu_preact|preact"
extern const dpid_order dpid_orders[DPID_ORDERS];

/* One op where it stands. */
typedef struct {
    dpid_op op;
    const char *name;                          /* "block3.dense" */
    int32_t block;                             /* 0 = outside; 1.. = block number */
    bool shortcut;                             /* part of a projection shortcut, or of a gate */
    bool gate;                                 /* part of a highway block's gate */
    bool behind;                               /* behind the sum: norm= or after= of its block */
    int32_t parameter[DPID_OP_PARAMETERS_MAX]; /* index into net->parameter */
    uint32_t noise_substream;                  /* hash of name */
} dpid_layer;

/* A value is a batch that flows: the input, a layer's output, a join's output. values 0 = the net's input. A step
   computes one value from one (layer) or two (join, gate). */
typedef enum { DPID_STEP_LAYER = 1, DPID_STEP_JOIN, DPID_STEP_GATE } dpid_step_type;
typedef struct {
    dpid_step_type type;
    int32_t layer;    /* DPID_STEP_LAYER */
    int32_t in, skip; /* value numbers; skip: join and gate only, -1 else */
    double s;         /* join: out = in + s * skip, exact skip where in is zero; gate: out = in * skip */
    int32_t out;      /* value number */
    int32_t block;    /* as in dpid_layer */
} dpid_step;
typedef struct {
    dpid_shape shape;
    const char *name; /* "input", layer's name, "block3" for what leaves a block, "block3.join" before its `after` */
    /* steps: the one that makes it (-1: none, the net's input), the first and the last that read it, and how many do;
       the caller reads the net's output, as step `steps`, uncounted */
    int32_t maker, first_reader, last_reader, readers;
} dpid_value_info;

/* A block where it stands: value numbers of what enters and what leaves (after `after`), and of the branch's end. */
typedef struct {
    int32_t variant; /* row of the block table */
    int32_t in, branch, out;
    double s;
    const char *name; /* "block3" */
} dpid_block_info;

struct deepid_net {
    dpid_head head;
    int32_t dtype;
    dpid_precision precision;
    dpid_mode mode;
    dpid_arena arena; /* everything below that is not a big buffer */
    char *text;       /* describe */
    int32_t layers, steps, values_count, parameters, trained, blocks;
    dpid_layer *layer;
    dpid_step *step; /* in forward order; the last step's out is the net's output */
    dpid_value_info *value;
    dpid_parameter *parameter; /* trained first: 0..trained-1 */
    dpid_block_info *block;
    int64_t values_reals, states_reals; /* sizes of the two parameter arrays */
    void *values, *gradients, *states;  /* gradients NULL until prepared for training */
    bool exact;                         /* no Winograd */
    bool frozen;                        /* evaluation only, weights packed once */
    bool packed;                        /* they are: cleared when values change */
    /* blocks of a segment whose values are worked out again on the way back; 0: none */
    int64_t recompute;
    dpid_storage storage;
    char *storage_text;     /* of deepid_net_storage */
    bool *wide;             /* of each value: storage leaves it in f32 */
    void *rounded;          /* weights as products read them, in the places of `values`; NULL: those are read */
    dpid_plan *plan;        /* NULL until prepared */
    dpid_mode forward_mode; /* of the last forward, with forward_n samples; 0: none yet */
    int64_t forward_n;
    uint64_t noise_seed, noise_step; /* dropout's counter; the trainer sets them */
    int64_t noise_first;             /* of a part of a batch: its first sample's number in the batch */
    dpid_norm_parts *norm;           /* of the stage that runs; NULL but in lockstep.c */
    bool still;                      /* layers that draw numbers do in training as in evaluation */
};

/* All precisions: dtype F32/F64 through the public create; the f80 twin of a net for the gradient-accuracy probe. */
/* A copy in another precision has no storage: nothing is rounded. */
int32_t dpid_net_clone_as(const deepid_net *net, dpid_precision precision, deepid_net **out);

/* An f64 net of a text with storage does without. For texts that come from files: a net of more than most numbers, or
   of layers beyond build.h's DPID_FILE_LAYERS and most, is DEEPID_ERR_FORMAT before it is built; -1: any. Inside an
   entered context. */
int32_t dpid_net_create_within(deepid_ctx *ctx, const char *text, int32_t dtype, int64_t most, deepid_net **out);

/* Where parameter i lies: in values or states. */
void *dpid_net_parameter_at(const deepid_net *net, int32_t i);
/* DEEPID_ERR_STATE when the net is frozen: for whatever trains or keeps gradients. */
int32_t dpid_net_refuse_frozen(const deepid_net *net);
/* Every parameter and state to its spec's start value. */
void dpid_net_start_values(deepid_net *net);

/* ---- running: raw pointers, no entry, no commit -------------------------------------------- */

int32_t dpid_net_prepare(deepid_net *net, int64_t batch, bool train);
/* Where the caller writes the input batch (n samples of value 0), after prepare. */
void *dpid_net_input(deepid_net *net);
void *dpid_net_output(deepid_net *net);
int64_t dpid_net_outputs(const deepid_net *net); /* numbers that a sample gives */
/* d loss / d output goes here before backward. */
void *dpid_net_output_gradient(deepid_net *net);
/* n <= prepared batch. DEEPID_ERR_SHAPE from a kind that cannot train on n samples (batchnorm with one value a
   channel). */
int32_t dpid_net_run_forward(deepid_net *net, dpid_mode mode, int64_t n);
/* Of a net that keeps all: the steps up to `step`, a batch-norm, as in training, but for the batch-norms before it,
   which take their running statistics. */
int32_t dpid_net_run_to_norm(deepid_net *net, int32_t step, int64_t n);
/* Adds to net->gradients; dx NULL or n samples of the input's shape. */
void dpid_net_run_backward(deepid_net *net, dpid_mode mode, int64_t n, void *dx);
/* What writes the gradient of the output of samples first .. first + n - 1: a loss. Parts of a batch may be asked
   for at the same time, by several threads. */
typedef struct {
    void (*run)(void *arg, int64_t first, int64_t n);
    void *arg;
} dpid_net_loss;

/* Forward, loss and backward in one: the same bits as one after the other with the gradients cleared before, with no
   pass over them for it. After it only what training keeps is there of the forward. */
int32_t dpid_net_run_through_loss(deepid_net *net, dpid_mode mode, int64_t n, const dpid_net_loss *loss);
/* The sum of the squares of all gradients, right after a backward anew. */
double dpid_net_gradient_squares(const deepid_net *net);
/* Running statistics take the last training forward in. */
void dpid_net_commit(deepid_net *net);
void dpid_net_clear_gradients(deepid_net *net);
/* Value v of the last forward with buffers kept (prepared for training, or kept by dpid_net_keep_all), n samples;
 * NULL when it is not kept. And d loss / d value of the last backward: only when kept by dpid_net_keep_all(net,
 * true) before prepare. */
const void *dpid_net_value(const deepid_net *net, int32_t v);
const void *dpid_net_value_gradient(const deepid_net *net, int32_t v);
/* A plan that keeps every value, and every gradient when it is one for training, and so fuses nothing: the same
   bits, more memory, less speed. It runs step by step. */
int32_t dpid_net_keep_all(deepid_net *net, bool keep);
/* Steps step, step + 1, .. of the last forward once more, on values that may have been changed: with every value
   kept. */
void dpid_net_run_from(deepid_net *net, int32_t step, dpid_mode mode, int64_t n);
/* First layer, in forward order, whose output (what = "output"), or in backward order whose parameter gradient (what
 * = "gradient") is not finite: its name, or NULL. After the last forward, or its backward; with recomputation the
 * forward runs once more for it. */
const char *dpid_net_find_nonfinite(deepid_net *net, const char *what, int64_t n);
int64_t dpid_net_buffer_bytes(const deepid_net *net);

/* Read or write the weights, states and extra metadata as safetensors: the checkpoint adds its own tensors and keys. */
typedef struct {
    const char *name;
    int32_t dtype; /* 0 when read and none of ours */
    int32_t rank;
    int64_t extents[DPID_RANK_MAX]; /* the first ones, where rank is more */
    const void *data;
    const char *word;     /* when read: the file's word for the dtype, */
    int64_t count, bytes; /* the elements, and the bytes of them */
} dpid_file_tensor;
typedef struct {
    const char *key, *value;
} dpid_file_text;
/* The metadata are led by a checksum of the whole file and deepid.format. */
int32_t dpid_safetensors_write(deepid_ctx *ctx, const char *path, const dpid_file_tensor *tensors, int64_t count,
                               const dpid_file_text *metadata, int64_t metadata_count);
/* The whole file in memory (arena), checked: the checksum where the file is ours, sizes, order, no gap, no overlap,
   text metadata. */
typedef struct {
    dpid_arena arena;
    uint8_t *bytes;
    dpid_file_tensor *tensor;
    int64_t count;
    dpid_file_text *metadata;
    int64_t metadata_count;
} dpid_safetensors;
int32_t dpid_safetensors_read(deepid_ctx *ctx, const char *path, dpid_safetensors *out);
void dpid_safetensors_release(dpid_safetensors *file);
const dpid_file_tensor *dpid_safetensors_find(const dpid_safetensors *file, const char *name);
const char *dpid_safetensors_text(const dpid_safetensors *file, const char *key); /* NULL when absent */
/* The text of the net that the file is of, of an older one in today's words; *out NULL when it has none. */
int32_t dpid_safetensors_net(dpid_safetensors *file, const char **out);
/* The net's own tensors and text as file entries (arena), to be joined with others. */
int32_t dpid_net_file_entries(const deepid_net *net, dpid_arena *arena, dpid_file_tensor **tensors, int64_t *count);
int32_t dpid_net_from_safetensors(deepid_ctx *ctx, dpid_safetensors *file, const char *path, int32_t dtype,
                                  deepid_net **out);
int32_t dpid_net_read_values(deepid_net *net, const dpid_safetensors *file, const char *path);
/* deepid_net_save and deepid_net_load; the file says which task of a study it is the net of, and that of another is
   refused. task NULL: of none, of any. */
int32_t dpid_net_save_of(const deepid_net *net, const char *path, const char *task);
int32_t dpid_net_load_of(deepid_ctx *ctx, const char *path, int32_t dtype, const char *task, deepid_net **out);

#endif
