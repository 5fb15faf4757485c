/* A table: columns of doubles, each one array; rows have a name. */
#include "base/table.h"

#include "base/file.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

struct deepid_table {
    dpid_head head;
    dpid_arena arena; /* names */
    char *row_heading;
    int64_t columns, rows, capacity;
    char **column_name;
    char **row_name;
    double **column;
    dpid_string text;
};

/* ---- create, destroy ------------------------------------------------------------ */

static int64_t count_names(const char *names)
{
    int64_t count = *names != 0;
    for (; *names; names++)
        count += *names == ',';
    return count;
}

static int32_t copy_names(deepid_table *table, const char *names)
{
    for (int64_t i = 0; i < table->columns; i++) {
        const int64_t length = (int64_t)strcspn(names, ",");
        DPID_TRY(dpid_arena_text(&table->arena, names, length, &table->column_name[i]));
        names += length + 1;
    }
    return DEEPID_OK;
}

static int32_t table_create(deepid_ctx *ctx, const char *row_heading, const char *columns, deepid_table **out)
{
    if (!row_heading || !columns || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "table: row_heading, columns and out must not be NULL");
    deepid_table *table = NULL;
    DPID_TRY(dpid_alloc(ctx, 1, sizeof *table, "table", &table));
    table->head = (dpid_head){DPID_MAGIC_TABLE, ctx};
    table->arena.ctx = ctx;
    table->text.ctx = ctx;
    table->columns = count_names(columns);
    int32_t status = dpid_arena_text(&table->arena, row_heading, (int64_t)strlen(row_heading), &table->row_heading);
    if (status == DEEPID_OK)
        status =
            dpid_arena_alloc(&table->arena, table->columns, sizeof *table->column_name, "table", &table->column_name);
    if (status == DEEPID_OK)
        status = dpid_arena_alloc(&table->arena, table->columns, sizeof *table->column, "table", &table->column);
    if (status == DEEPID_OK)
        status = copy_names(table, columns);
    if (status != DEEPID_OK)
        deepid_table_destroy(table);
    else
        *out = table;
    return status;
}

int32_t deepid_table_create(deepid_ctx *ctx, const char *row_heading, const char *columns, deepid_table **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, table_create(ctx, row_heading, columns, out));
}

void deepid_table_destroy(deepid_table *table)
{
    if (!dpid_is(table, DPID_MAGIC_TABLE))
        return;
    deepid_ctx *ctx = table->head.ctx;
    for (int64_t i = 0; table->column && i < table->columns; i++)
        dpid_free(ctx, table->column[i]);
    dpid_free(ctx, table->row_name);
    dpid_string_release(&table->text);
    dpid_arena_release(&table->arena);
    table->head.magic = 0;
    dpid_free(ctx, table);
}

/* ---- rows ------------------------------------------------------------------------- */

static int32_t make_room(deepid_table *table)
{
    enum { FIRST = 16 };
    if (table->rows < table->capacity)
        return DEEPID_OK;
    const int64_t capacity = table->capacity ? 2 * table->capacity : FIRST;
    deepid_ctx *ctx = table->head.ctx;
    for (int64_t i = 0; i < table->columns; i++)
        DPID_TRY(dpid_grow(ctx, &table->column[i], table->rows, capacity, sizeof(double), "table"));
    DPID_TRY(dpid_grow(ctx, &table->row_name, table->rows, capacity, sizeof *table->row_name, "table"));
    table->capacity = capacity;
    return DEEPID_OK;
}

static int32_t table_append(deepid_table *table, const char *name, const double *values)
{
    if (!name || (!values && table->columns > 0))
        return dpid_fail(table->head.ctx, DEEPID_ERR_ARGUMENT, "table: name and values must not be NULL");
    DPID_TRY(make_room(table));
    char *copy = table->rows > 0 ? table->row_name[table->rows - 1] : NULL; /* rows of one name share it */
    if (!copy || strcmp(copy, name) != 0)
        DPID_TRY(dpid_arena_text(&table->arena, name, (int64_t)strlen(name), &copy));
    for (int64_t i = 0; i < table->columns; i++)
        table->column[i][table->rows] = values[i];
    table->row_name[table->rows++] = copy;
    return DEEPID_OK;
}

int32_t deepid_table_append(deepid_table *table, const char *name, const double *values)
{
    DPID_TRY(dpid_enter(table, DPID_MAGIC_TABLE));
    return dpid_leave(table->head.ctx, table_append(table, name, values));
}

static int32_t table_set(deepid_table *table, int64_t row, int64_t column, double value)
{
    if (row < 0 || row >= table->rows || column < 0 || column >= table->columns)
        return dpid_fail(table->head.ctx, DEEPID_ERR_ARGUMENT, "table: row %lld, column %lld is outside %lld x %lld",
                         (long long)row, (long long)column, (long long)table->rows, (long long)table->columns);
    table->column[column][row] = value;
    return DEEPID_OK;
}

int32_t deepid_table_set(deepid_table *table, int64_t row, int64_t column, double value)
{
    DPID_TRY(dpid_enter(table, DPID_MAGIC_TABLE));
    return dpid_leave(table->head.ctx, table_set(table, row, column, value));
}

/* ---- reads -------------------------------------------------------------------------- */

int64_t deepid_table_rows(const deepid_table *table)
{
    return dpid_is(table, DPID_MAGIC_TABLE) ? table->rows : 0;
}

int64_t deepid_table_columns(const deepid_table *table)
{
    return dpid_is(table, DPID_MAGIC_TABLE) ? table->columns : 0;
}

const char *deepid_table_column_name(const deepid_table *table, int64_t column)
{
    return column >= 0 && column < deepid_table_columns(table) ? table->column_name[column] : NULL;
}

const char *deepid_table_row_name(const deepid_table *table, int64_t row)
{
    return row >= 0 && row < deepid_table_rows(table) ? table->row_name[row] : NULL;
}

const char *deepid_table_row_heading(const deepid_table *table)
{
    return dpid_is(table, DPID_MAGIC_TABLE) ? table->row_heading : NULL;
}

int64_t deepid_table_find_column(const deepid_table *table, const char *name)
{
    for (int64_t i = 0; name && i < deepid_table_columns(table); i++)
        if (strcmp(table->column_name[i], name) == 0)
            return i;
    return -1;
}

const double *deepid_table_column(const deepid_table *table, int64_t column)
{
    return column >= 0 && column < deepid_table_columns(table) ? table->column[column] : NULL;
}

double deepid_table_get(const deepid_table *table, int64_t row, int64_t column)
{
    const double *values = deepid_table_column(table, column);
    return values && row >= 0 && row < table->rows ? values[row] : (double)NAN;
}

/* ---- text ------------------------------------------------------------------------------ */

enum { DIGITS = 4, GAP = 2 };

/* Whole numbers stay whole, the rest gets four significant digits. */
static dpid_number_text people_number(double value)
{
    const double largest_whole = 1e15;
    return fabs(value) < largest_whole && value == floor(value) ? dpid_number(value)
                                                                : dpid_number_rounded(value, DIGITS);
}

/* Characters, not bytes: names may be any UTF-8. */
static int64_t text_width(const char *text)
{
    int64_t width = 0;
    for (; *text; text++)
        width += (*text & 0xc0) != 0x80;
    return width;
}

static void add_padded(dpid_string *s, const char *text, int64_t width, bool right)
{
    if (!right)
        dpid_string_add(s, text);
    for (int64_t i = text_width(text); i < width; i++)
        dpid_string_add_span(s, " ", 1);
    if (right)
        dpid_string_add(s, text);
}

static int64_t longer(int64_t width, const char *text)
{
    const int64_t length = text_width(text);
    return length > width ? length : width;
}

static int64_t column_width(const deepid_table *table, int64_t column)
{
    int64_t width = text_width(table->column_name[column]);
    for (int64_t row = 0; row < table->rows; row++)
        width = longer(width, people_number(table->column[column][row]).text);
    return width + GAP;
}

static void add_column(deepid_table *table, dpid_string *lines, int64_t column)
{
    const int64_t width = column_width(table, column);
    add_padded(&lines[0], table->column_name[column], width, true);
    for (int64_t row = 0; row < table->rows; row++)
        add_padded(&lines[row + 1], people_number(table->column[column][row]).text, width, true);
}

/* Lines grow column by column, then are joined. */
static int32_t render(deepid_table *table, dpid_string *lines)
{
    int64_t width = text_width(table->row_heading);
    for (int64_t row = 0; row < table->rows; row++)
        width = longer(width, table->row_name[row]);
    for (int64_t i = 0; i <= table->rows; i++)
        add_padded(&lines[i], i ? table->row_name[i - 1] : table->row_heading, width, false);
    for (int64_t column = 0; column < table->columns; column++)
        add_column(table, lines, column);
    dpid_string_release(&table->text);
    for (int64_t i = 0; i <= table->rows; i++) {
        DPID_TRY(lines[i].status);
        dpid_string_add(&table->text, lines[i].text ? lines[i].text : "");
        dpid_string_add(&table->text, "\n");
    }
    return table->text.status;
}

static int32_t table_text(deepid_table *table)
{
    deepid_ctx *ctx = table->head.ctx;
    dpid_string *lines = NULL;
    DPID_TRY(dpid_alloc(ctx, table->rows + 1, sizeof *lines, "table text", &lines));
    for (int64_t i = 0; i <= table->rows; i++)
        lines[i].ctx = ctx;
    const int32_t status = render(table, lines);
    for (int64_t i = 0; i <= table->rows; i++)
        dpid_string_release(&lines[i]);
    dpid_free(ctx, lines);
    return status;
}

const char *deepid_table_text(deepid_table *table)
{
    if (dpid_enter(table, DPID_MAGIC_TABLE) != DEEPID_OK)
        return "";
    const int32_t status = dpid_leave(table->head.ctx, table_text(table));
    return status == DEEPID_OK ? table->text.text : "";
}

/* ---- CSV -------------------------------------------------------------------------------- */

void dpid_table_csv(const deepid_table *table, dpid_string *out)
{
    dpid_string_csv(out, table->row_heading);
    for (int64_t column = 0; column < table->columns; column++) {
        dpid_string_add(out, ",");
        dpid_string_csv(out, table->column_name[column]);
    }
    dpid_string_add(out, "\n");
    for (int64_t row = 0; row < table->rows; row++) {
        dpid_string_csv(out, table->row_name[row]);
        for (int64_t column = 0; column < table->columns; column++) {
            dpid_string_add(out, ",");
            dpid_string_number(out, table->column[column][row]);
        }
        dpid_string_add(out, "\n");
    }
}

static int32_t write_csv(const deepid_table *table, const char *path)
{
    deepid_ctx *ctx = table->head.ctx;
    if (!path)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "table: path must not be NULL");
    dpid_string text = {.ctx = ctx};
    dpid_table_csv(table, &text);
    const int32_t status =
        text.status == DEEPID_OK ? dpid_file_replace(ctx, path, text.text, text.length) : text.status;
    dpid_string_release(&text);
    return status;
}

int32_t deepid_table_write_csv(const deepid_table *table, const char *path)
{
    DPID_TRY(dpid_enter(table, DPID_MAGIC_TABLE));
    return dpid_leave(table->head.ctx, write_csv(table, path));
}
