/**
 * @defgroup table Tables
 * A table: named columns of doubles, rows with a name. What every inspection returns.
 * @{
 */
#ifndef DEEPID_TABLE_H
#define DEEPID_TABLE_H

#include <deepid/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A table. Rows and columns are counted from 0. */
typedef struct deepid_table deepid_table;

/**
 * Make a table without rows.
 *
 * @param[in,out] ctx          the context
 * @param[in]     row_heading  the heading over the row names, such as "layer"; copied
 * @param[in]     columns      the columns' names separated by commas, "mean,variance"; "" = no column; copied
 * @param[out]    out          the new table; destroy it with deepid_table_destroy
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  an argument is NULL
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the names.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_table_create(deepid_ctx *ctx, const char *row_heading, const char *columns,
                                       deepid_table **out);

/**
 * Destroy a table.
 *
 * @param[in] table  NULL is fine
 *
 * @cost   none.
 * @thread Safe as long as no other thread uses the table.
 */
DEEPID_API void deepid_table_destroy(deepid_table *table);

/**
 * Add a row at the end.
 *
 * @param[in,out] table   the table
 * @param[in]     name    the row's name; copied
 * @param[in]     values  one double a column, NaN and infinity allowed; copied; may be NULL when there is no column
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  name or values is NULL
 * @retval DEEPID_ERR_MEMORY    no memory; the table is as it was
 *
 * @cost   constant on average; room grows by doubling.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_table_append(deepid_table *table, const char *name, const double *values);

/**
 * The number of rows.
 *
 * @param[in] table  the table
 *
 * @return 0 or more; 0 when table is no table.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the table.
 */
DEEPID_API int64_t deepid_table_rows(const deepid_table *table);

/**
 * The number of columns.
 *
 * @param[in] table  the table
 *
 * @return 0 or more; 0 when table is no table.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the table.
 */
DEEPID_API int64_t deepid_table_columns(const deepid_table *table);

/**
 * A column's name.
 *
 * @param[in] table   the table
 * @param[in] column  0 to columns - 1
 *
 * @return The name, borrowed from the table; NULL when there is no such column.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the table.
 */
DEEPID_API const char *deepid_table_column_name(const deepid_table *table, int64_t column);

/**
 * A row's name.
 *
 * @param[in] table  the table
 * @param[in] row    0 to rows - 1
 *
 * @return The name, borrowed from the table; NULL when there is no such row.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the table.
 */
DEEPID_API const char *deepid_table_row_name(const deepid_table *table, int64_t row);

/**
 * The heading over the row names.
 *
 * @param[in] table  the table
 *
 * @return The heading, borrowed from the table; NULL when table is no table.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the table.
 */
DEEPID_API const char *deepid_table_row_heading(const deepid_table *table);

/**
 * Which column has a name.
 *
 * @param[in] table  the table
 * @param[in] name   as given to deepid_table_create
 *
 * @return The first such column; -1 when there is none.
 *
 * @cost   one comparison a column.
 * @thread Safe as long as no other thread changes the table.
 */
DEEPID_API int64_t deepid_table_find_column(const deepid_table *table, const char *name);

/**
 * One value.
 *
 * @param[in] table   the table
 * @param[in] row     0 to rows - 1
 * @param[in] column  0 to columns - 1
 *
 * @return The value; NaN when there is no such place.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the table.
 */
DEEPID_API double deepid_table_get(const deepid_table *table, int64_t row, int64_t column);

/**
 * Change one value.
 *
 * @param[in,out] table   the table
 * @param[in]     row     0 to rows - 1
 * @param[in]     column  0 to columns - 1
 * @param[in]     value   NaN and infinity are allowed
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  there is no such row or column
 *
 * @cost   none.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_table_set(deepid_table *table, int64_t row, int64_t column, double value);

/**
 * One column as an array.
 *
 * @param[in] table   the table
 * @param[in] column  0 to columns - 1
 *
 * @return As many doubles as there are rows, borrowed until the next append; NULL when there is no such column or
 * not yet a row.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the table.
 */
DEEPID_API const double *deepid_table_column(const deepid_table *table, int64_t column);

/**
 * The table as people read it: a line of headings, then a line a row, columns aligned, whole numbers whole and
 * others with four significant digits.
 *
 * @param[in,out] table  the table, which keeps the text
 *
 * @return UTF-8, each line with its line end; borrowed until the next call for this table. "" when it cannot be
 * made; deepid_ctx_error says why.
 *
 * @cost   one pass over the table and its memory as text.
 * @thread One thread at a time for each context.
 */
DEEPID_API const char *deepid_table_text(deepid_table *table);

/**
 * Write the table as CSV: the header line first, numbers that read back exactly with '.' in every locale, `nan`,
 * `inf` and `-inf` as words. A name that a spreadsheet would run as a formula gets an apostrophe in front.
 *
 * @param[in] table  the table
 * @param[in] path   the file; replaced as a whole or not at all; a symbolic link is replaced and not followed
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  path is NULL
 * @retval DEEPID_ERR_IO        the file cannot be written, or what is there is no regular file
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the table as text in memory, and two disk flushes.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_table_write_csv(const deepid_table *table, const char *path);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
