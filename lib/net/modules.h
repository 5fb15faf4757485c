/* Tensors by module, as PyTorch names them ("layer1.0.conv1" has a weight), and the layers of a net in the same
   form. */
#ifndef DPID_NET_MODULES_H
#define DPID_NET_MODULES_H

#include "net/weights_layout.h"

typedef struct {
    const char *suffix;             /* "weight" */
    int32_t parameter;              /* of a net, */
    const dpid_file_tensor *tensor; /* of a file */
    bool alone;                     /* of a file: a parameter of its own, "block.alpha", of any shape of a vector */
} dpid_module_part;

typedef struct {
    const char *prefix;     /* "layer1.0.conv1"; of a net the layer's name */
    const char *shapes;     /* "bias 64, weight 64x3x7x7", as the file has them: equal texts fit each other */
    dpid_module_part *part; /* by suffix */
    int32_t parts;
    bool shortcut;        /* of a net: part of a projection */
    int32_t layer, block; /* of a net: which, and in which block, 0: in none */
    bool has_batches;     /* of a list of names: num_batches_tracked stands there */
} dpid_module;

typedef struct {
    dpid_module *module;
    int32_t count;
    int32_t left_aside; /* num_batches_tracked and such, which nobody needs */
} dpid_modules;

/* All in arena. Of a net: its layers that have parameters, in their order. Of a file: in the order of
   dpid_name_compare; where the net has trained scales, a vector whose last name no parameter has ("alpha") is a module.
   Of names, one a line, tensors or modules: in the order of their first line; parts only where tensors are named. */
int32_t dpid_modules_of_net(dpid_arena *arena, const deepid_net *net, const dpid_weights_layout *layout,
                            dpid_modules *out);
int32_t dpid_modules_of_file(dpid_arena *arena, const deepid_net *net, const dpid_safetensors *file, dpid_modules *out);
int32_t dpid_modules_of_names(dpid_arena *arena, const deepid_net *net, const char *names, dpid_modules *out);

/* Has it one axis at most that is not 1? */
bool dpid_tensor_is_vector(const dpid_file_tensor *t);

/* Names by components ("layer1", "0", "conv1"), each first by its text without the digits, then by its numbers. */
int dpid_name_compare(const char *a, const char *b);
/* Of two components of such lengths: are they equal but for their numbers? */
bool dpid_name_same_stem(const char *a, size_t a_length, const char *b, size_t b_length);

/* "conv2d1 [weight 64x3x7x7], ..." from the module `first` on, to about `most` bytes. */
void dpid_modules_print(dpid_string *s, const dpid_modules *modules, int32_t first, int64_t most);

#endif
