/* CSV cut into cells, with their places: rows, quotes, numbers, and what says that a value is missing. */
#ifndef DPID_BASE_CSV_H
#define DPID_BASE_CSV_H

#include "base/options.h"

/* A place in the text. */
typedef struct {
    deepid_ctx *ctx;
    const char *path;
    const char *at, *end;
    char delimiter; /* ' ': any run of blanks */
    char point;     /* of decimal numbers */
    char comment;   /* lines that begin with it are passed over; 0: none is */
    int64_t line;   /* of the row at hand, from 1 */
    int64_t next;   /* of what stands at `at` */
} dpid_csv_text;

typedef struct {
    bool number;
    double value;   /* of a number */
    dpid_span text; /* without the blanks and quotes around */
    bool doubled;   /* "" stands for " in it */
    bool broken;    /* its quotes do not end, or something follows them */
    bool last;      /* of its row */
} dpid_csv_cell;

static inline bool dpid_csv_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}
/* To the first cell of the next row that is no empty line and no comment; false: there is none. */
bool dpid_csv_row(dpid_csv_text *t);
void dpid_csv_next(dpid_csv_text *t, dpid_csv_cell *cell);
int64_t dpid_csv_count(dpid_csv_text t); /* cells of the row at hand */
/* Does the cell say that its value is missing: empty, NA, nan, null, ?, ... */
bool dpid_csv_missing(const dpid_csv_cell *cell);
/* Is it meant as a number all the same: 0x10, 1,5, inf, 5 kg, a typographic minus, 40-49. */
bool dpid_csv_numberlike(dpid_span text);
/* Is it a number with separators of thousands: 1,234,567.8, 1 234, 1.234,5, 1'234; a date: 2024-05-01, 1/5/2024. */
bool dpid_csv_thousands(dpid_span text);
bool dpid_csv_date(dpid_span text);
/* Begins with a letter of any script, and is no word for a value. */
bool dpid_csv_is_name(const dpid_csv_cell *cell);

#endif
