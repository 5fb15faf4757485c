/* What the numbers of a dataset stand for: classes and categories by name, and a line on what was read. */
#ifndef DPID_DATA_LEGEND_H
#define DPID_DATA_LEGEND_H

#include "base/base.h"

typedef enum { DPID_LEGEND_NUMBER, DPID_LEGEND_TRUTH, DPID_LEGEND_CATEGORIES } dpid_legend_kind;

/* A column that became features: one of a number, one of a truth (false is 0, true is 1), one a category. */
typedef struct {
    const char *name;
    dpid_legend_kind kind;
    int64_t categories;
    const char **category;
} dpid_legend_column;

typedef struct {
    dpid_arena arena;
    int64_t classes; /* 0: of targets */
    const char **class_name;
    bool mapped; /* the classes have other names than 0, 1, 2, ... */
    int64_t columns, features;
    dpid_legend_column *column;
    int64_t answers;          /* columns that became labels or targets; 0: not of a table */
    const char **answer_name; /* "" where there are no names */
    double *mean;             /* [features], of the samples that have them; NULL: nothing is filled in */
    const char *about;        /* one line on what was read */
    const char *warnings;     /* sentences, one a line */
} dpid_legend;

int32_t dpid_legend_create(deepid_ctx *ctx, dpid_legend **out);
void dpid_legend_destroy(dpid_legend *legend);
/* Keeps a text that was put together, and releases it. */
int32_t dpid_legend_keep(dpid_legend *legend, dpid_string *text, const char **out);
/* "a = 0, b = 1, ... k = 9": the first and the last of many. */
void dpid_legend_print_classes(const dpid_legend *legend, dpid_string *out);
/* Classes of the whole numbers value[0..count-1], sorted by size, each once; makes class_name and mapped. */
int32_t dpid_legend_number_classes(dpid_legend *legend, const double *values, int64_t count);
/* The number that each of our classes has in `like`, which ours takes over; DEEPID_ERR_LABEL names one that is not
   there. */
int32_t dpid_legend_match_classes(dpid_legend *legend, const dpid_legend *like, const char *path, int64_t *number);

/* Different whole numbers, sorted. */
typedef struct {
    double *value;
    int64_t count, room;
} dpid_distinct;
/* DEEPID_ERR_LABEL when there are more than DPID_CLASSES_MAX; `what` begins the sentence. */
int32_t dpid_distinct_add(dpid_arena *arena, dpid_distinct *set, double value, const char *what);
int64_t dpid_distinct_find(const dpid_distinct *set, double value);

#endif
