/* Different texts, each with the number of its first coming. */
#ifndef DPID_DATA_LEXICON_H
#define DPID_DATA_LEXICON_H

#include "base/base.h"

/* Start with {.arena = arena}, in which all of it lives. */
typedef struct {
    dpid_arena *arena;
    const char **word; /* [count], each ends with a NUL */
    int64_t count, room;
    int32_t *slot; /* [slots]: a word's number + 1; 0: free */
    int64_t slots;
} dpid_lexicon;

/* The number of text[0..length), which is added when it is new. */
int32_t dpid_lexicon_add(dpid_lexicon *lexicon, const char *text, int64_t length, int64_t *number);
/* Its number; -1: it is not there. */
int64_t dpid_lexicon_find(const dpid_lexicon *lexicon, const char *text, int64_t length);
/* Order of classes and categories: numbers by their size, then texts by their bytes. As of qsort, on const char **. */
int dpid_lexicon_compare(const void *a, const void *b);

#endif
