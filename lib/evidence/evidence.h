/* The inside of evidence: an object that anybody fills and a folder that anybody writes, with what dpid_verdict_judge
   looks at and what a page shows beside it. Three tables by arm (runs, points along training, tuning runs), one row an
   arm, facts by word, tables of probes. It knows no net and no study. Format: docs/evidence.md */
#ifndef DPID_EVIDENCE_EVIDENCE_H
#define DPID_EVIDENCE_EVIDENCE_H

#include <deepid/evidence.h>
#include <deepid/table.h>

#include "base/base.h"
#include "verdict/evidence.h"
#include "verdict/rules.h"

/* ---- columns ----------------------------------------------------------------------------------- */

typedef enum { DPID_CELL_NUMBER, DPID_CELL_TEXT, DPID_CELL_IGNORED } dpid_cell_type;

/* A column of one of the files. Numbers of it lie in [min, max], and a column that a file lacks is not known. */
typedef struct {
    const char *name;
    dpid_cell_type type;
    double min, max;
    bool whole;
    const char *expected; /* "a loss, 0 or more" */
} dpid_column;

/* Those of the tables, in the order of their numbers. */
enum {
    DPID_RUN_SEED,
    DPID_RUN_TRAIN_LOSS,
    DPID_RUN_TRAIN_ERROR,
    DPID_RUN_VALID_LOSS,
    DPID_RUN_VALID_ERROR,
    DPID_RUN_BEST_VALID_LOSS,
    DPID_RUN_DIVERGED,
    DPID_RUN_PENALTY,
    DPID_RUN_OBJECTIVE,
    DPID_RUN_BATCH_LOSS,
    DPID_RUN_BATCH8_LOSS,
    DPID_RUN_MOVING_LOSS,
    DPID_RUN_EQUAL,
    DPID_RUN_DIFFERENCE,
    DPID_RUN_EPOCHS,
    DPID_RUN_UPDATES,
    DPID_RUN_RATE,
    DPID_RUN_SECONDS,
    DPID_RUN_COLUMNS
};
enum {
    DPID_POINT_SEED,
    DPID_POINT_EPOCH,
    DPID_POINT_TRAIN_LOSS,
    DPID_POINT_TRAIN_ERROR,
    DPID_POINT_VALID_LOSS,
    DPID_POINT_VALID_ERROR,
    DPID_POINT_RATE,
    DPID_POINT_COLUMNS
};
enum {
    DPID_TRY_RATE,
    DPID_TRY_SEED,
    DPID_TRY_TRAIN_LOSS,
    DPID_TRY_DIVERGED,
    DPID_TRY_CHOSEN,
    DPID_TRY_NOISE,
    DPID_TRY_COLUMNS
};
/* Numbers of arms.csv, then its texts. */
enum {
    DPID_ARM_DEPTH,
    DPID_ARM_RATE,
    DPID_ARM_UPDATES,
    DPID_ARM_TUNING_LOSS,
    DPID_ARM_RATES_TRIED,
    DPID_ARM_RATES_DIVERGED,
    DPID_ARM_LOWEST_RATE,
    DPID_ARM_HIGHEST_RATE,
    DPID_ARM_OTHER_RATE,
    DPID_ARM_OTHER_GAIN,
    DPID_ARM_NOISE,
    DPID_ARM_NUMBERS
};
enum { DPID_ARM_BLOCK, DPID_ARM_SAID, DPID_ARM_REASON, DPID_ARM_LEFT_OUT, DPID_ARM_TEXTS };

extern const dpid_column dpid_run_columns[DPID_RUN_COLUMNS], dpid_point_columns[DPID_POINT_COLUMNS],
    dpid_try_columns[DPID_TRY_COLUMNS], dpid_arm_columns[DPID_ARM_NUMBERS + DPID_ARM_TEXTS];
/* NULL: value may stand in this column. Else what was expected; NaN may stand anywhere. */
const char *dpid_column_refuses(const dpid_column *column, double value);

/* ---- the object ------------------------------------------------------------------------------------ */

typedef struct {
    const char *word;
    double number[DPID_ARM_NUMBERS];
    bool given[DPID_ARM_NUMBERS]; /* said, be it that it is not known; else it follows from the runs */
    const char *text[DPID_ARM_TEXTS];
    int64_t runs, room;
    int64_t *row;  /* of the runs, in the table */
    int64_t *line; /* in the file; 0: there is none */
} dpid_filed_arm;

typedef struct {
    const char *arm, *word;
    deepid_table *table; /* owned */
} dpid_filed_probe;

/* Words for people, behind the numbers of dpid_evidence. */
typedef struct {
    const char *question, *subject, *command, *machine, *files, *data, *budget, *deep;
} dpid_page_words;

enum { DPID_EXPLANATIONS_MAX = 16, DPID_PROBES_MAX = 128 };

struct deepid_evidence {
    dpid_head head;
    dpid_arena arena;     /* texts */
    dpid_evidence fact;   /* its numbers and texts; its arrays stay empty: dpid_evidence_lend makes them */
    dpid_page_words page; /* NULL: not said */
    uint64_t said;        /* a bit for each fact of a number that was given, be it 0: dpid_fact_said */
    bool depth_study;     /* who trained: sentences name its flags */
    dpid_thresholds thresholds;
    dpid_filed_arm **arm;
    int64_t arms, arms_room;
    deepid_table *runs, *points, *tries;
    dpid_explanation explanation[DPID_EXPLANATIONS_MAX];
    int64_t explanations;
    dpid_filed_probe probe[DPID_PROBES_MAX];
    int64_t probes;
    const char *files; /* that it was read from, "evidence.json, results.csv"; NULL: none */
    dpid_string advice;
};

/* ---- facts: facts.c ------------------------------------------------------------------------------------ */

typedef enum { DPID_FACT_NUMBER, DPID_FACT_COUNT, DPID_FACT_CODE, DPID_FACT_FLAG, DPID_FACT_TEXT } dpid_fact_type;

/* A member of evidence.json. */
typedef struct {
    const char *word, *help;
    dpid_fact_type type;
    size_t place; /* in a deepid_evidence */
    double min, max;
} dpid_fact;
const dpid_fact *dpid_fact_at(int64_t i); /* NULL past the end */
const dpid_fact *dpid_fact_of(const char *word);
/* Of a number, count, code or flag. NaN: not known. */
double dpid_fact_number(const deepid_evidence *e, const dpid_fact *fact);
const char *dpid_fact_text(const deepid_evidence *e, const dpid_fact *fact); /* NULL: not known */
bool dpid_fact_known(const deepid_evidence *e, const dpid_fact *fact);       /* flags and counts: not 0 */
bool dpid_fact_said(const deepid_evidence *e, const char *word);             /* a flag too that is false */
/* why, of at least DPID_JSON_WHY bytes: what is wrong with it, when the return is false. */
bool dpid_fact_take(deepid_evidence *e, const dpid_fact *fact, double value, char *why);
int32_t dpid_fact_take_text(deepid_evidence *e, const dpid_fact *fact, const char *text);

/* classes: how many there are. Where const_loss is known the two have to agree; else it follows. why as above. */
bool dpid_classes_take(deepid_evidence *e, double classes, char *why);
int32_t dpid_facts_keep(deepid_evidence *e); /* copies texts that were lent */
/* read.c: the files of a folder, with S and D or without */
int32_t dpid_evidence_read_files(deepid_evidence *e, const char *folder);
/* facts_read.c: evidence.json, where the folder has one */
int32_t dpid_facts_read(deepid_evidence *e, const char *folder);

/* ---- filling it: object.c, fill.c; for the files too ------------------------------------------------------------ */

int32_t dpid_evidence_keep(deepid_evidence *e, const char *text, const char **out); /* in its arena; NULL stays NULL */
int32_t dpid_evidence_note_file(deepid_evidence *e, const char *name);              /* it was read; once each */
bool dpid_files_name(const char *files, const char *name);                          /* it stands in that list */
/* The arm of that word, made when it is new. */
int32_t dpid_evidence_arm(deepid_evidence *e, const char *word, dpid_filed_arm **out);
void dpid_arm_take(dpid_filed_arm *arm, int number, double value);              /* one of DPID_ARM_NUMBERS, given */
dpid_filed_arm *dpid_evidence_find(const deepid_evidence *e, const char *word); /* NULL: none */
/* A row of DPID_RUN_COLUMNS numbers that nobody doubts. line: of a file, or 0. */
int32_t dpid_evidence_add_run(deepid_evidence *e, dpid_filed_arm *arm, const double *row, int64_t line);
/* False: there can be no such run, in *column, and why (DPID_JSON_WHY bytes) says the rest. */
bool dpid_evidence_fits(const deepid_evidence *e, const dpid_filed_arm *arm, const double *row, int *column, char *why);
bool dpid_evidence_has_run(const deepid_evidence *e, const char *word, double seed);
/* What looked for a rate of S or D stands under S_rate or D_rate. */
const char *dpid_try_word(const char *word);
/* The tuning run of that arm with the rate and seed of this row; -1: none. */
int64_t dpid_try_find(const deepid_evidence *e, const char *word, const double *row);
/* Takes the table. */
int32_t dpid_evidence_add_probe(deepid_evidence *e, const char *arm, const char *word, deepid_table *table);
/* probes.c: probes/ARM.WORD.csv of a folder, with '-' for the colon of a set's member */
int32_t dpid_probe_read(deepid_evidence *e, const char *folder, const char *arm, const char *word);
void dpid_probe_path(dpid_string *path, const char *folder, const char *arm, const char *word);
/* DEEPID_ERR_ARGUMENT: "unknown arm 'D_star'; known: ..." */
int32_t dpid_arm_refuse(deepid_ctx *ctx, const char *word);
/* "evidence: unknown fact 'batsch'; known: ...", of a word that stands in no text */
int32_t dpid_refuse_word(deepid_ctx *ctx, const char *what, const char *word, const char *const *words);
/* derive.c: one of DPID_ARM_NUMBERS, as it was given, else as the runs tell; NaN: not known. */
double dpid_filed_number(const deepid_evidence *e, const dpid_filed_arm *arm, int number);

/* The best other rate has the lower loss at every tuning seed. */
bool dpid_other_rate_everywhere(const deepid_evidence *e, const dpid_filed_arm *arm);

/* ---- from it to what a verdict looks at: lend.c ----------------------------------------------------------- */

/* Arrays in the arena, texts lent by the evidence. */
int32_t dpid_evidence_lend(const deepid_evidence *e, dpid_arena *arena, dpid_evidence *out);
extern const char dpid_not_tried[];
bool dpid_arm_is_added(const char *word); /* a net of the curve over depth, that no rule asks about */

#endif
