/* What the parts of the CSV reader share. A file goes through them in this order: csv_options.c says what the caller
   asked for; csv_encoding.c makes UTF-8 of it; csv_look.c finds delimiter, names and what stands around the table;
   csv_roles.c says what each column is for; csv_table.c reads the cells, base/csv.c cuts them; csv_legend.c gives
   classes and categories their numbers; csv.c makes the dataset. */
#ifndef DPID_DATA_CSV_H
#define DPID_DATA_CSV_H

#include "base/csv.h"
#include "data/data.h"
#include "data/legend.h"
#include "data/lexicon.h"

/* ---- what was asked for: csv_options.c --------------------------------------------------------- */

enum { DPID_CSV_AUTO, DPID_CSV_YES, DPID_CSV_NO };      /* header */
enum { DPID_CSV_REFUSE, DPID_CSV_DROP, DPID_CSV_MEAN }; /* missing */

typedef struct {
    char delimiter; /* 0: to be found */
    char point, comment;
    int64_t header, missing;
    int64_t skip;                                     /* lines above the table */
    dpid_span label, targets, drop, keep, categories; /* lists of columns; empty: not given */
    dpid_value shape, series;
    bool channels_first; /* of series */
} dpid_csv_options;

int32_t dpid_csv_options_read(deepid_ctx *ctx, const char *text, dpid_csv_options *out);
/* The next name of a list "a,"b c",d"; false: there is none. */
bool dpid_csv_list_next(dpid_span *rest, dpid_span *name);

/* ---- UTF-8: csv_encoding.c ------------------------------------------------------------------------ */

/* A text that is no UTF-8 is taken as Windows-1252, of which Latin-1 is nearly a part: *bytes is replaced then, and
   *converted becomes true. */
int32_t dpid_csv_encode(deepid_ctx *ctx, uint8_t **bytes, int64_t *count, bool *converted);
/* What is no text of bytes is known by its first ones: archives, UTF-16 and UTF-32. */
int32_t dpid_csv_check_first(deepid_ctx *ctx, const char *path, const uint8_t *first, int64_t count);

/* ---- what is found by looking: csv_look.c -------------------------------------------------------- */

/* Tab, semicolon, bar or comma: what cuts the first rows alike, into the most numbers. */
char dpid_csv_find_delimiter(dpid_csv_text t);
/* Is the first row names? It is not as soon as a cell is a number. */
bool dpid_csv_has_names(dpid_csv_text t);
/* Past a byte order mark, past so many lines, and past the line "sep=;" of Excel, which says the delimiter. */
void dpid_csv_begin(dpid_csv_text *t, int64_t skip);
/* Columns without those behind the last that has a name or a cell, as a delimiter at the end of each row makes them;
   `names`: the row of names, or NULL; rows: where the first one begins. *spare: how many of them each row has. */
int64_t dpid_csv_columns(const dpid_csv_text *names, dpid_csv_text rows, int64_t *spare);
/* Line and cells of the first row that has as many as most rows below the first, when that has fewer, as a title has;
   0: it is none. */
int64_t dpid_csv_title(dpid_csv_text first, int64_t *cells);

/* ---- columns: csv_roles.c ------------------------------------------------------------------------- */

typedef enum { DPID_CSV_DROPPED, DPID_CSV_FEATURE, DPID_CSV_CLASS, DPID_CSV_TARGET } dpid_csv_role;

typedef struct {
    const char *name; /* "" where there are no names */
    dpid_csv_role role;
    int64_t slot; /* in a row of the table; of classes and targets their order as named */
    bool as_text; /* `categories` names it */
    bool numbers; /* one was read */
    dpid_lexicon texts;
    int64_t text_line; /* of the first text */
    int64_t gaps;      /* missing cells */
} dpid_csv_column;

typedef struct {
    dpid_arena arena;
    dpid_csv_options asked;
    const char *path;
    const dpid_legend *like; /* of the training data; NULL: it is not read like others */
    char delimiter;
    bool names;            /* the first row is names, of as many columns */
    bool converted;        /* from Windows-1252 */
    int64_t first_line;    /* of the first row */
    int64_t columns, used; /* used: not dropped */
    int64_t spare;         /* nameless and empty ones behind them, which are no columns */
    int64_t likely;        /* a column with the name of a label, where another is taken unasked; -1: there is none */
    dpid_csv_column *column;
    int64_t *class_column, class_columns; /* one, or one a class */
    int64_t *target_column, targets;
    int64_t rows, left_out; /* left out for a missing cell */
    double *table;          /* [rows, used]; a text is its number in the lexicon, NaN is missing */
} dpid_csv;

/* Names from the row at hand, if csv->names; what each of csv->columns is for. */
int32_t dpid_csv_roles(deepid_ctx *ctx, dpid_csv *csv, dpid_csv_text t);
/* What the caller may write for a column: its name, in quotes where it must be; its number where it has none. */
dpid_number_text dpid_csv_called(const dpid_csv *csv, int64_t k);
/* "line 3, column 2 (age)" */
dpid_number_text dpid_csv_place(const dpid_csv *csv, int64_t line, int64_t column);

/* ---- the table: csv_table.c ------------------------------------------------------------------------ */

int32_t dpid_csv_read(deepid_ctx *ctx, dpid_csv *csv, dpid_csv_text *t);

/* ---- classes and categories: csv_legend.c; what is said of them: csv_words.c ---------------------------- */

/* Puts classes and categories into their order, and numbers them in the table; by csv->like where it is not NULL. */
int32_t dpid_csv_legend(deepid_ctx *ctx, dpid_csv *csv, dpid_legend *legend);
/* The line on what was read, and the warnings. The table must be numbered. */
int32_t dpid_csv_words(const dpid_csv *csv, dpid_legend *legend);

#endif
