/* Probes: a word, its options, and a function that fills a table from a net of its own (a clone that may be run and
   changed). Most look at one training batch. Probes of representation look at the function as it stands: evaluation
   mode, population statistics; they run it themselves. */
#ifndef DPID_INSPECT_PROBE_H
#define DPID_INSPECT_PROBE_H

#include <deepid/inspect.h>

#include "data/data.h"
#include "net/net.h"

typedef struct {
    /* a clone that keeps every value (but see `own`). A probe that `evaluates` runs it itself, dpid_probe_chunk samples
       at a time. For the others forward and backward of one training batch have run, and all gradients are kept too */
    deepid_net *net;
    const deepid_dataset *data;
    const dpid_value *option;
    int64_t n; /* samples looked at: the first of the data */
    deepid_table *table;
} dpid_probe_run;

typedef struct {
    const char *word, *help;
    const dpid_option *options; /* the first is always samples; 0: all */
    const char *heading, *columns;
    int32_t (*fill)(dpid_probe_run *run);
    bool evaluates;
    bool own; /* runs batches of its own (batch.h): the clone has no buffers */
} dpid_probe;

/* The probes, one line each; each is dpid_probe_<word>. */
#define DPID_PROBES(X)                                                                                                 \
    X(signal)                                                                                                          \
    X(gradient_norm)                                                                                                   \
    X(response)                                                                                                        \
    X(learned_identity)                                                                                                \
    X(lesion)                                                                                                          \
    X(linear_probe)                                                                                                    \
    X(cka)                                                                                                             \
    X(gradient_check)                                                                                                  \
    X(gradient_accuracy)                                                                                               \
    X(formats)                                                                                                         \
    X(range)                                                                                                           \
    X(shattering)                                                                                                      \
    X(validity_radius)                                                                                                 \
    X(curvature)                                                                                                       \
    X(weight_norms)
#define DPID_PROBE_DECLARE(word) extern const dpid_probe dpid_probe_##word;
DPID_PROBES(DPID_PROBE_DECLARE)

#define DPID_PROBE_SAMPLES_OF(count)                                                                                   \
    {                                                                                                                  \
        "samples", DPID_INT, count, 1, 1 << 20, NULL, false, "size of the batch looked at"                             \
    }
#define DPID_PROBE_SAMPLES DPID_PROBE_SAMPLES_OF(256)

/* ---- the net as it stands (points.c) ---------------------------------------------- */

/* How many samples run at a time. It depends on the net alone. */
int64_t dpid_probe_chunk(const deepid_net *net);
/* Makes buffers for a chunk and keeps every value of it; refuses data that does not fit. */
int32_t dpid_probe_prepare(deepid_net *net, const deepid_dataset *data);
/* Runs samples 0..n-1 of data through the net, a chunk at a time. After each chunk, take finds samples
   first..first+count-1 in the net's values. labels and targets: room for a chunk of them, as in dpid_dataset_gather, or
   NULL. */
typedef int32_t (*dpid_chunk_fn)(void *user, int64_t first, int64_t count);
int32_t dpid_probe_chunks(deepid_net *net, const deepid_dataset *data, int64_t n, int32_t *labels, void *targets,
                          dpid_chunk_fn take, void *user);

/* The values where representations are compared: the input, what enters a block, what leaves it, the output. Each
   comes once, in the order of the net. */
int32_t dpid_points_find(const deepid_net *net, dpid_arena *arena, int32_t **points, int32_t *count);
/* "block3" for what leaves block 3; else the value's name. */
const char *dpid_point_name(const deepid_net *net, int32_t value);
/* Collects the values of all points: x[k] holds n samples of point k, in the net's precision. They lie in the arena. */
int32_t dpid_points_collect(deepid_net *net, const deepid_dataset *data, int64_t n, const int32_t *points,
                            int32_t count, dpid_arena *arena, void ***x);

#endif
