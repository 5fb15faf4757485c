/* CSV as people write it: a row a sample, columns of features and of a label or of targets. What is in a column is
   found in its cells, and told; what does not fit is refused with its place. The parts: csv.h. */
#include "data/csv.h"

#include <math.h>
#include <string.h>

enum { FIRST = 4096 }; /* bytes that tell a text */

/* ---- from the table to a dataset ------------------------------------------------------------------ */

/* The features of a row; `to` may be the row's own place in the table, or in front of it. */
static void write_row(const dpid_csv *csv, const dpid_legend *legend, const double *row, double *to)
{
    const dpid_legend_column *c = legend->column;
    const double *mean = legend->mean;
    for (int64_t k = 0; k < csv->columns; k++) {
        if (csv->column[k].role != DPID_CSV_FEATURE)
            continue;
        const double cell = row[csv->column[k].slot];
        const int64_t width = c->kind == DPID_LEGEND_CATEGORIES ? c->categories : 1;
        for (int64_t i = 0; i < width; i++)
            to[i] = isnan(cell) ? mean[i] : width == 1 && !c->categories ? cell : (double)i == cell;
        to += width;
        mean = mean ? mean + width : NULL;
        c++;
    }
}

static void write_labels(const dpid_csv *csv, const double *row, int64_t i, deepid_dataset *data)
{
    if (data->labels)
        data->labels[i] = (int32_t)row[csv->column[csv->class_column[0]].slot];
    for (int64_t k = 0; k < csv->targets; k++)
        ((double *)data->owned_targets)[i * csv->targets + k] = row[csv->column[csv->target_column[k]].slot];
}

static int32_t sample_shape(deepid_ctx *ctx, const dpid_csv *csv, int64_t features, dpid_shape *out)
{
    const bool series = csv->asked.series.given;
    const dpid_value *asked = series ? &csv->asked.series : &csv->asked.shape;
    *out = (dpid_shape){1, {features}};
    if (!asked->given)
        return DEEPID_OK;
    *out = (dpid_shape){series ? 2 : 3,
                        {asked->list[0], asked->count > 1 ? asked->list[1] : 1, asked->count > 2 ? asked->list[2] : 1}};
    if (dpid_shape_count(out) == features)
        return DEEPID_OK;
    return dpid_fail(ctx, DEEPID_ERR_SHAPE, "'%s' has %lld features, expected %lld for %s=%s", csv->path,
                     (long long)features, (long long)dpid_shape_count(out), series ? "series" : "shape",
                     dpid_shape_text(asked->count, asked->list).text);
}

/* The columns of each channel stand together: seen as [length, channels]. */
static void see_channels_first(deepid_dataset *data)
{
    data->stride[1] = 1;
    data->stride[2] = data->sample.extent[0];
}

/* The table becomes the features where each of them is one of its columns. */
static int32_t take_arrays(deepid_ctx *ctx, dpid_csv *csv, const dpid_legend *legend, deepid_dataset *data)
{
    int64_t elements = 0;
    if (!dpid_mul(csv->rows, legend->features, &elements))
        return dpid_fail(ctx, DEEPID_ERR_LIMIT, "'%s' has more features than can be counted", csv->path);
    if (csv->class_columns > 0)
        DPID_TRY(dpid_alloc(ctx, csv->rows, sizeof *data->labels, "labels", &data->labels));
    if (csv->targets > 0)
        DPID_TRY(dpid_alloc(ctx, csv->rows * csv->targets, sizeof(double), "targets", &data->owned_targets));
    if (legend->features > legend->columns)
        DPID_TRY(dpid_alloc(ctx, elements, sizeof(double), csv->path, &data->owned_x));
    double *to = data->owned_x ? data->owned_x : csv->table;
    for (int64_t i = 0; i < csv->rows; i++) {
        const double *row = csv->table + i * csv->used;
        write_labels(csv, row, i, data);
        write_row(csv, legend, row, to + i * legend->features);
    }
    if (!data->owned_x) {
        data->owned_x = csv->table;
        csv->table = NULL;
    }
    return DEEPID_OK;
}

static int32_t make_dataset(deepid_ctx *ctx, dpid_csv *csv, deepid_dataset **out)
{
    dpid_legend *legend = NULL;
    dpid_shape sample;
    DPID_TRY(dpid_legend_create(ctx, &legend));
    int32_t status = dpid_csv_legend(ctx, csv, legend);
    if (status == DEEPID_OK)
        status = sample_shape(ctx, csv, legend->features, &sample);
    if (status == DEEPID_OK)
        status = dpid_dataset_new(ctx, csv->rows, &sample, out);
    if (status != DEEPID_OK) {
        dpid_legend_destroy(legend);
        return status;
    }
    deepid_dataset *data = *out;
    data->legend = legend;
    if (csv->asked.channels_first)
        see_channels_first(data);
    DPID_TRY(take_arrays(ctx, csv, legend, data));
    data->dtype = data->target_dtype = DEEPID_F64;
    data->x = data->owned_x;
    data->targets = data->owned_targets;
    data->classes = legend->classes;
    data->target_width = csv->targets;
    return DEEPID_OK;
}

/* ---- from the text to a table -------------------------------------------------------------------------- */

/* A title is no row of the table. With header=yes it is passed over where it has another count of cells; else only
   the caller knows. */
static int32_t refuse_title(deepid_ctx *ctx, const dpid_csv *csv, dpid_csv_text first)
{
    int64_t cells;
    const int64_t own = dpid_csv_count(first);
    const int64_t line = dpid_csv_title(first, &cells);
    if (line == 0 || cells == csv->columns + csv->spare)
        return DEEPID_OK;
    return dpid_fail(ctx, DEEPID_ERR_FORMAT,
                     "'%s', line %lld: %lld cell%s, line %lld and most others have %lld: skip=%lld leaves out what "
                     "stands above the table%s",
                     csv->path, (long long)first.line, (long long)own, own == 1 ? "" : "s", (long long)line,
                     (long long)cells, (long long)line - 1,
                     csv->names && cells == own + 1 && line == first.line + 1
                         ? "; where each row begins with its own name, as R writes them, skip=1 header=no drop=1"
                         : "");
}

static int32_t fail_no_rows(deepid_ctx *ctx, const dpid_csv *csv)
{
    if (csv->asked.skip > 0)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' has no rows behind the %lld lines that skip leaves out",
                         csv->path, (long long)csv->asked.skip);
    return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' has no rows", csv->path);
}

/* The first row is asked for names; those of another count of cells than the next row has are a title, where header=yes
   says that it is no sample. */
static int32_t read_names(deepid_ctx *ctx, dpid_csv *csv, dpid_csv_text *t)
{
    dpid_csv_text first = *t;
    if (!dpid_csv_row(&first))
        return fail_no_rows(ctx, csv);
    csv->first_line = first.line;
    csv->names = csv->asked.header == DPID_CSV_YES || (csv->asked.header == DPID_CSV_AUTO && dpid_csv_has_names(first));
    if (csv->names) {
        dpid_csv_cell cell = {.last = false};
        *t = first;
        while (!cell.last)
            dpid_csv_next(t, &cell);
    }
    csv->columns = dpid_csv_columns(csv->names ? &first : NULL, *t, &csv->spare);
    if (csv->asked.header == DPID_CSV_YES) {
        dpid_csv_text second = *t;
        csv->names = !dpid_csv_row(&second) || dpid_csv_count(second) == csv->columns + csv->spare;
        if (!csv->names)
            csv->columns = dpid_csv_columns(NULL, *t, &csv->spare);
    } else {
        DPID_TRY(refuse_title(ctx, csv, first));
    }
    return dpid_csv_roles(ctx, csv, first);
}

static int32_t read_text(deepid_ctx *ctx, dpid_csv *csv, const uint8_t *bytes, int64_t count)
{
    dpid_csv_text t = {.ctx = ctx,
                       .path = csv->path,
                       .at = (const char *)bytes,
                       .end = (const char *)bytes + count,
                       .delimiter = csv->asked.delimiter,
                       .point = csv->asked.point,
                       .comment = csv->asked.comment,
                       .next = 1};
    dpid_csv_begin(&t, csv->asked.skip);
    if (!t.delimiter)
        t.delimiter = dpid_csv_find_delimiter(t);
    csv->delimiter = t.delimiter;
    DPID_TRY(read_names(ctx, csv, &t));
    return dpid_csv_read(ctx, csv, &t);
}

static int32_t length_of(deepid_ctx *ctx, const char *path, const uint8_t *first, int64_t count, int64_t *bytes)
{
    *bytes = DPID_LENGTH_UNSAID;
    return dpid_csv_check_first(ctx, path, first, count);
}

/* ---- the door --------------------------------------------------------------------------------------------- */

static int32_t read_file(deepid_ctx *ctx, dpid_csv *csv)
{
    uint8_t *bytes = NULL;
    int64_t count = 0;
    DPID_TRY(dpid_file_read_gz(ctx, csv->path, FIRST, length_of, &bytes, &count));
    int32_t status = dpid_csv_encode(ctx, &bytes, &count, &csv->converted);
    if (status == DEEPID_OK)
        status = read_text(ctx, csv, bytes, count);
    dpid_free(ctx, bytes);
    return status;
}

int32_t dpid_csv_load(deepid_ctx *ctx, const char *path, const char *text, const deepid_dataset *like,
                      deepid_dataset **out)
{
    dpid_csv csv = {.arena = {.ctx = ctx}, .path = path, .likely = -1, .like = dpid_dataset_legend(like)};
    deepid_dataset *data = NULL;
    if (!path || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "csv: %s is NULL", path ? "out" : "path");
    int32_t status = dpid_csv_options_read(ctx, text, &csv.asked);
    if (status == DEEPID_OK)
        status = read_file(ctx, &csv);
    if (status == DEEPID_OK)
        status = make_dataset(ctx, &csv, &data);
    dpid_free(ctx, csv.table);
    dpid_arena_release(&csv.arena);
    if (status == DEEPID_OK)
        *out = data;
    else
        deepid_dataset_destroy(data);
    return status;
}

int32_t deepid_dataset_load_csv(deepid_ctx *ctx, const char *path, const char *csv_options, deepid_dataset **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, dpid_csv_load(ctx, path, csv_options, NULL, out));
}
