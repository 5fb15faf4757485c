/* What the parts of depth_study share. Everything below stands on the public API alone. */
#ifndef DEPTH_STUDY_H
#define DEPTH_STUDY_H

#include <deepid/deepid.h>

#include <stdbool.h>
#include <stddef.h>

enum { DEPTHS_MAX = 16, BLOCKS_MAX = 8, DONE = 0, FAILED = 1, USAGE = 2, INTERRUPTED = 130 };

/* The command line, defaults filled in once the data are known. */
typedef struct {
    const char *data, *net, *shallow, *deep, *optimizer, *init, *arms, *out;
    int64_t depths[DEPTHS_MAX], samples, seeds, tuning, probes, epochs, steps, batch, width, threads, shard, shards,
        task;
    int depth_count, block_count;
    char blocks[BLOCKS_MAX][32];
    double rate, clip, budget;
    int32_t dtype;
    bool quick;
    char *command; /* to be typed again: without --threads, --shard and --task, on which no result depends */
} options;

/* -1: go on; else the exit code. */
int options_read(options *o, int argc, char **argv);
void options_fill(options *o, bool pictures);

typedef struct {
    deepid_dataset *train, *valid;
    bool pictures;
    char words[256]; /* "spirals: 256 training and 1024 validation samples" */
} task_data;
int32_t data_open(deepid_ctx *ctx, const options *o, task_data *out);
void data_close(task_data *data);

/* The text of one net; free() it. NULL with the context's sentence. */
char *net_text(deepid_ctx *ctx, const options *o, const task_data *data, const char *block, int64_t depth);
const char *net_family(const options *o, const task_data *data);

/* Medians and ranges over seeds of every arm, on standard output. */
void summary_print(deepid_study *study, const deepid_table *results);

#endif
