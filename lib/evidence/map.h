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
    int64_t rows, runs, passed; /* passed over: without a training loss */
    dpid_string lines;          /* of those */
} dpid_mapping;

/* The arm that is called so; NULL: none of those that the map names, or no word. */
const char *dpid_map_word(dpid_mapping *m, const char *text);
double dpid_map_turn(const dpid_map_source *from, double value);
/* board.c: all files of the folder that fit */
int32_t dpid_map_board(dpid_mapping *m);

#endif
