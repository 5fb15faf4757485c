/* Open sets: layer kinds, losses, optimisers, probes ... Each is one table of rows. Words, helps, "known: ..." and the
   reading of `word key=value ...` come from the table alone. */
#ifndef DPID_BASE_SET_H
#define DPID_BASE_SET_H

#include "base/options.h"

/* How a row begins; what follows is the set's own. Sets without options do not have the third. */
typedef struct {
    const char *word, *help;
    const dpid_option *options; /* ends with key NULL; may be NULL */
} dpid_row_head;

typedef struct {
    const char *what; /* "optimizer": for "unknown optimizer 'sdg'" */
    const void *const *row;
    int64_t count;
} dpid_set;
/* rows: `static const void *const rows[]`, pointers to the rows in the order of the listing. */
#define DPID_SET(what, rows)                                                                                           \
    {                                                                                                                  \
        what, rows, (int64_t)(sizeof rows / sizeof *rows)                                                              \
    }

const void *dpid_set_at(const dpid_set *set, int64_t i);        /* NULL past the ends */
const void *dpid_set_find(const dpid_set *set, dpid_span word); /* NULL when unknown */
const char *dpid_set_word(const dpid_set *set, int64_t i);      /* NULL past the ends */
const char *dpid_set_help(const dpid_set *set, const char *word);
/* "spirals, rings, parity" */
void dpid_set_print(dpid_string *s, const dpid_set *set);

/* The row of a text `word key=value ...` and the values of its options. row: address of a pointer to a row.
   DEEPID_ERR_SPEC: the word or an option is unknown. */
int32_t dpid_set_read(deepid_ctx *ctx, const dpid_set *set, dpid_span text, void *row, dpid_value *values);
/* The same of the word alone. */
int32_t dpid_set_take(deepid_ctx *ctx, const dpid_set *set, dpid_span word, void *row);

#endif
