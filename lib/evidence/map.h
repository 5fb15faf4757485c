/* A map of what runs are called elsewhere, and what is being read by it. */
#ifndef DPID_EVIDENCE_MAP_H
#define DPID_EVIDENCE_MAP_H

#include "evidence/sheet.h"

enum { DPID_MAP_ARM = DPID_RUN_COLUMNS, DPID_MAP_EPOCH, DPID_MAP_COLUMNS, DPID_MAP_NAMES = 64 };

typedef struct {
    const char *column; /* as the file has it, of TensorBoard's the tag; NULL: not asked for */
    bool complement;    /* 1 - x */
    bool percent;       /* x / 100 */
} dpid_map_source;

/* One number along the training of a run. */
typedef struct {
    const char *word; /* of the arm */
    double seed, step, value;
    int64_t order; /* as it was read */
    int column;    /* of DPID_RUN_COLUMNS */
} dpid_sample;

typedef struct {
    deepid_evidence *e;
    const char *path;
    const char *file; /* what files of a folder are called, "{arm}_s{seed}-{tag}.csv"; NULL: path is one file */
    dpid_map_source from[DPID_MAP_COLUMNS];
    const char *word[DPID_MAP_NAMES], *name[DPID_MAP_NAMES]; /* of arms */
    bool used[DPID_MAP_NAMES];                               /* a row has that name */
    int names;
    dpid_column column[DPID_MAP_COLUMNS];
    dpid_sheet sheet;
    int64_t runs;
    int64_t passed;    /* rows that say nothing; where a row is a run: without a training loss */
    int64_t untrained; /* runs along training without a training loss */
    dpid_string lines; /* of rows that were passed over */
    dpid_sample *sample;
    int64_t samples, room;
} dpid_mapping;

/* The arm that is called so; where the map names none, of that word. NULL: there is none. */
const char *dpid_map_word(dpid_mapping *m, const char *text);
/* Refused where '1-' or '%' was taken off the name of a column that is no share. */
int32_t dpid_map_turns(const dpid_mapping *m, int column);
double dpid_map_turn(const dpid_map_source *from, double value);
/* join.c: a number of the runs that dpid_map_join makes of all that were kept */
int32_t dpid_map_keep(dpid_mapping *m, dpid_sample taken);
int32_t dpid_map_join(dpid_mapping *m);
/* board.c: all files of the folder that fit */
int32_t dpid_map_board(dpid_mapping *m);

#endif
