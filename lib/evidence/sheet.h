/* One CSV file with names in its first row, read row by row; what is wrong is refused with file, line and column. */
#ifndef DPID_EVIDENCE_SHEET_H
#define DPID_EVIDENCE_SHEET_H

#include "evidence/evidence.h"

enum { DPID_SHEET_COLUMNS = 48 };

typedef struct {
    deepid_ctx *ctx;
    const char *path;          /* as messages name it; lent */
    const dpid_column *column; /* those that are asked for */
    int columns;
    int64_t at[DPID_SHEET_COLUMNS]; /* where each stands in the file; -1: it does not */
    bool strict;                    /* a column that nobody asks for is refused */
    uint8_t *bytes;
    dpid_csv_text text;
    int64_t width;       /* cells of a row */
    dpid_span *name;     /* of the file's columns */
    dpid_csv_cell *cell; /* of the row at hand */
} dpid_sheet;

/* Reads a file and its first row. names NULL: columns have their own names; else names[k] is that of column k, NULL for
   one that is not asked for. Release in any case. */
int32_t dpid_sheet_open(deepid_ctx *ctx, const char *path, const dpid_column *column, int columns,
                        const char *const *names, bool strict, dpid_sheet *out);
void dpid_sheet_release(dpid_sheet *sheet);
/* To the next row; *more false: there is none. */
int32_t dpid_sheet_next(dpid_sheet *sheet, bool *more);
/* Of the row at hand. NaN where the file has no such column, the cell is empty or says that its value is missing. */
int32_t dpid_sheet_number(const dpid_sheet *sheet, int column, double *out);
/* In the arena, without quotes; "" as above. */
int32_t dpid_sheet_text(const dpid_sheet *sheet, int column, dpid_arena *arena, const char **out);
/* DEEPID_ERR_FORMAT: "'FILE', line 3, column 2 (seed): ..." */
int32_t dpid_sheet_refuse(const dpid_sheet *sheet, int column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
