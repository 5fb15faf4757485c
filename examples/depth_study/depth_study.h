/* What the parts of depth_study share. Everything below stands on the public API alone. */
#ifndef DEPTH_STUDY_H
#define DEPTH_STUDY_H

#include <deepid/deepid.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { DEPTHS_MAX = 16, BLOCKS_MAX = 8, MARGINS_MAX = 32, DONE = 0, FAILED = 1, USAGE = 2, INTERRUPTED = 130 };

typedef struct {
    char word[32]; /* of deepid_verdict_threshold_word */
    double value;
} margin;

/* The flags, defaults filled in once the data are known. */
typedef struct {
    const char *data, *valid, *normalise, *net, *shallow, *deep, *optimizer, *schedule, *loss, *augmentation, *init,
        *storage, *loss_scale, *arms, *out, *evidence, *config, *probe_words; /* "": all */
    int64_t depths[DEPTHS_MAX], samples, seeds, tuning, probes, epochs, steps, batch, width, threads, shard, shards,
        task, takeover;
    int depth_count, block_count, margin_count;
    char blocks[BLOCKS_MAX][32];
    margin margins[MARGINS_MAX];
    double rate, clip, budget, holdout, noise; /* holdout NaN: as the data has it */
    int32_t dtype;
    bool raw_targets, quick, quiet, verbose, json, help, version;
    char *text;    /* of the file of --config: values point into it */
    char *command; /* to be typed again: without those flags on which no result depends */
} options;

/* A row of the table of flags. */
typedef struct flag {
    const char *word;
    const char *help; /* its line of --help, after the dashes; NULL where the line above tells of this one too */
    int (*read)(const struct flag *f, options *o, const char *value); /* -1: go on; else the exit code */
    size_t place;                                                     /* in options, where the value goes */
    double low, high;                                                 /* what a number may be, how long a text */
    const char *expected;
    const char *(*known)(int64_t i); /* the words it takes, which "help" lists; NULL: no list */
    const char *(*says)(const char *word);
    bool bare;  /* no value follows */
    bool idle;  /* no result depends on it: it is not part of the command that repeats the study */
    bool alone; /* makes no sense in a file of flags */
    char letter;
} flag;

/* options.c: the table, and what was not said. -1: go on; else the exit code */
const flag *flag_at(int i); /* NULL past the end */
int options_read(options *o, int argc, char **argv);
void options_fill(options *o, bool pictures, int64_t samples); /* samples: of training */
void options_end(options *o);

/* words.c: from the command line and a file to the table's readers. */
int words_read(options *o, int argc, char **argv);
/* "depth_study: FILE, line 3: ..." on standard error; USAGE. */
int wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* For a call of the library: when it failed, its sentence is about this flag. Returns status. */
int32_t blame(const char *flag, int32_t status);
/* The library's sentence on standard error, behind the flag that it is about and the line of the file that has it. */
void tell_failure(const char *sentence);
/* The word of words that is most like text; NULL: none is. */
const char *nearest(const char *text, const char *(*words)(int64_t i));

typedef struct {
    deepid_dataset *train, *valid; /* valid NULL: none */
    bool pictures;
    char words[512]; /* "spirals: 256 training and 1024 validation samples" */
    char scaled[64]; /* "as they are" */
} task_data;
int32_t data_open(deepid_ctx *ctx, const options *o, task_data *out);
void data_close(task_data *data);
/* Two lines on what was read, of a table three, and warnings, on standard error. */
void data_tell(const options *o, const task_data *data);

/* The text of one net; free() it. NULL with the context's sentence. */
char *net_text(deepid_ctx *ctx, const options *o, const task_data *data, const char *block, int64_t depth);
/* That of --shallow or --deep: the text itself, or that of the net in an ONNX file, which is told with what reading
   changed. free() it; NULL with the context's sentence. */
char *own_text(deepid_ctx *ctx, const options *o, const char *text);
const char *net_family(const options *o, const task_data *data);

/* summary.c: medians and ranges over seeds of every arm; which arms there are; which flag would tell more. */
void summary_print(FILE *to, deepid_study *study, const deepid_table *results);
void summary_arms(FILE *to, deepid_study *study);
void summary_advice(FILE *to, deepid_study *study, const deepid_verdict *verdict);

#endif
