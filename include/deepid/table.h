/** @file table.h  A table: named columns of doubles, rows with a name. What every inspection returns. */
#ifndef DEEPID_TABLE_H
#define DEEPID_TABLE_H

#include <deepid/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Named columns of doubles, rows with a name. */
typedef struct deepid_table deepid_table;

/** columns: names separated by commas, "mean,variance"; row_heading: the heading over the row names, "layer". */
DEEPID_API int32_t deepid_table_create(deepid_ctx *ctx, const char *row_heading, const char *columns, deepid_table **out);
/** NULL is fine. */
DEEPID_API void deepid_table_destroy(deepid_table *table);
/** values: one double a column; copied. name: copied. */
DEEPID_API int32_t deepid_table_append(deepid_table *table, const char *name, const double *values);
/** 0 for NULL. */
DEEPID_API int64_t deepid_table_rows(const deepid_table *table);
/** 0 for NULL. */
DEEPID_API int64_t deepid_table_columns(const deepid_table *table);
/** NULL when out of range. */
DEEPID_API const char *deepid_table_column_name(const deepid_table *table, int64_t column);
/** Borrowed; NULL when out of range. */
DEEPID_API const char *deepid_table_row_name(const deepid_table *table, int64_t row);
/** What stands over the row names. Borrowed. */
DEEPID_API const char *deepid_table_row_heading(const deepid_table *table);
/** -1 when there is no such column. */
DEEPID_API int64_t deepid_table_find_column(const deepid_table *table, const char *name);
/** NaN when out of range. */
DEEPID_API double deepid_table_get(const deepid_table *table, int64_t row, int64_t column);
/** DEEPID_ERR_ARGUMENT when out of range. */
DEEPID_API int32_t deepid_table_set(deepid_table *table, int64_t row, int64_t column, double value);
/** One column as an array of rows doubles; borrowed until the next append. NULL when out of range. */
DEEPID_API const double *deepid_table_column(const deepid_table *table, int64_t column);
/** The table as people read it: aligned, four significant digits. Borrowed until the table changes. */
DEEPID_API const char *deepid_table_text(deepid_table *table);
/** Header line first; numbers read back exactly; inf and nan as words. Atomic. */
DEEPID_API int32_t deepid_table_write_csv(const deepid_table *table, const char *path);

#ifdef __cplusplus
}
#endif
#endif
