/* CSV of numbers: a row a sample, one column of class labels. */
#include "data/data.h"

#include <math.h>
#include <string.h>

enum { LABEL_LAST, LABEL_FIRST };
enum { HEADER_AUTO, HEADER_YES, HEADER_NO };
static const dpid_option options[] = {
    {"label", DPID_CHOICE, 0, 0, 0, "last|first", false, "column of the class labels"},
    {"header", DPID_CHOICE, 0, 0, 0, "auto|yes|no", false, "whether the first line is names"},
    {"separator", DPID_CHOICE, 0, 0, 0, "comma|semicolon|tab", false, "between numbers"},
    {"shape", DPID_EXTENTS, 0, 1, 1 << 16, NULL, false, "height x width x channels of a sample that is a picture"},
    {0},
};

typedef struct {
    deepid_ctx *ctx;
    const char *path, *at, *end;
    char separator;
    int64_t line, columns, rows;
} reader;

/* ---- lines and fields ----------------------------------------------------------------- */

static bool next_line(reader *r, dpid_span *line)
{
    while (r->at < r->end) {
        const char *stop = memchr(r->at, '\n', (size_t)(r->end - r->at));
        const char *start = r->at;
        stop = stop ? stop : r->end;
        r->at = stop < r->end ? stop + 1 : r->end;
        r->line++;
        while (stop > start && (stop[-1] == '\r' || stop[-1] == ' '))
            stop--;
        *line = (dpid_span){start, stop - start, start};
        if (line->length > 0)
            return true;
    }
    return false;
}

static dpid_span next_field(const reader *r, dpid_span *line)
{
    const char *stop = memchr(line->text, r->separator, (size_t)line->length);
    const int64_t length = stop ? stop - line->text : line->length;
    dpid_span field = {line->text, length, line->whole};
    line->text += stop ? length + 1 : length;
    line->length -= stop ? length + 1 : length;
    while (field.length > 0 && *field.text == ' ') {
        field.text++;
        field.length--;
    }
    while (field.length > 0 && field.text[field.length - 1] == ' ')
        field.length--;
    return field;
}

static int64_t count_fields(const reader *r, dpid_span line)
{
    int64_t count = 1;
    for (int64_t i = 0; i < line.length; i++)
        count += line.text[i] == r->separator;
    return count;
}

static bool is_header(const reader *r, dpid_span line)
{
    double value;
    const dpid_span field = next_field(r, &line);
    return !dpid_parse_double(field.text, field.length, &value);
}

/* ---- two passes: count, then read ---------------------------------------------------------- */

static int32_t read_row(reader *r, dpid_span line, int64_t label_column, deepid_dataset *data, int64_t row)
{
    double *x = data ? (double *)data->owned_x + row * (r->columns - 1) : NULL;
    if (count_fields(r, line) != r->columns)
        return dpid_fail(r->ctx, DEEPID_ERR_FORMAT, "'%s', line %lld: %lld numbers, expected %lld as in the lines before", r->path, (long long)r->line, (long long)count_fields(r, line),
                         (long long)r->columns);
    for (int64_t k = 0; k < r->columns; k++) {
        const dpid_span field = next_field(r, &line);
        double value;
        if (!dpid_parse_double(field.text, field.length, &value))
            return dpid_fail(r->ctx, DEEPID_ERR_FORMAT, "'%s', line %lld, column %lld: '%.*s' is not a number", r->path, (long long)r->line, (long long)k + 1,
                             (int)(field.length > 40 ? 40 : field.length), field.text);
        if (k == label_column && !(value >= 0 && value < 1e6 && value == floor(value)))
            return dpid_fail(r->ctx, DEEPID_ERR_LABEL, "'%s', line %lld: the label is %s, expected a whole number from 0", r->path, (long long)r->line, dpid_number(value).text);
        if (k == label_column && data)
            data->labels[row] = (int32_t)value;
        else if (k != label_column && data)
            *x++ = value;
    }
    return DEEPID_OK;
}

static int32_t read_rows(reader *r, const char *start, int64_t header, int64_t label, deepid_dataset *data)
{
    dpid_span line;
    r->at = start;
    r->line = r->rows = 0;
    for (bool first = true; next_line(r, &line); first = false) {
        if (first && (header == HEADER_YES || (header == HEADER_AUTO && is_header(r, line))))
            continue;
        if (r->rows == 0)
            r->columns = count_fields(r, line);
        if (r->columns < 2)
            return dpid_fail(r->ctx, DEEPID_ERR_FORMAT, "'%s', line %lld: %lld number, expected features and a label", r->path, (long long)r->line, (long long)r->columns);
        DPID_TRY(read_row(r, line, label == LABEL_LAST ? r->columns - 1 : 0, data, r->rows));
        r->rows++;
    }
    return r->rows > 0 ? DEEPID_OK : dpid_fail(r->ctx, DEEPID_ERR_FORMAT, "'%s' has no rows", r->path);
}

static int32_t sample_shape(const reader *r, const dpid_value *shape, dpid_shape *out)
{
    *out = (dpid_shape){1, {r->columns - 1}};
    if (!shape->given)
        return DEEPID_OK;
    *out = (dpid_shape){3, {shape->list[0], shape->count > 1 ? shape->list[1] : 1, shape->count > 2 ? shape->list[2] : 1}};
    if (dpid_shape_count(out) == r->columns - 1)
        return DEEPID_OK;
    return dpid_fail(r->ctx, DEEPID_ERR_SHAPE, "'%s' has %lld features, expected %lld for shape=%s", r->path, (long long)r->columns - 1, (long long)dpid_shape_count(out),
                     dpid_shape_text(shape->count, shape->list).text);
}

static int32_t read_all(reader *r, const dpid_value *values, deepid_dataset **out)
{
    static const char separators[] = ",;\t";
    const char *start = r->at;
    dpid_shape sample;
    r->separator = separators[values[2].i];
    DPID_TRY(read_rows(r, start, values[1].i, values[0].i, NULL));
    DPID_TRY(sample_shape(r, &values[3], &sample));
    DPID_TRY(dpid_dataset_owned(r->ctx, DEEPID_F64, r->rows, &sample, 1, 0, out));
    DPID_TRY(read_rows(r, start, values[1].i, values[0].i, *out));
    for (int64_t i = 0; i < (*out)->count; i++)
        (*out)->classes = (*out)->labels[i] >= (*out)->classes ? (*out)->labels[i] + 1 : (*out)->classes;
    return DEEPID_OK;
}

static int32_t load_csv(deepid_ctx *ctx, const char *path, const char *text, deepid_dataset **out)
{
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    uint8_t *bytes = NULL;
    int64_t count = 0;
    if (!path || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "csv: %s is NULL", path ? "out" : "path");
    DPID_TRY(dpid_options_parse(ctx, "csv", dpid_span_of(text), options, values));
    DPID_TRY(dpid_file_read_gz(ctx, path, &bytes, &count));
    reader r = {.ctx = ctx, .path = path, .at = (const char *)bytes, .end = (const char *)bytes + count};
    deepid_dataset *data = NULL;
    const int32_t status = read_all(&r, values, &data);
    dpid_free(ctx, bytes);
    if (status == DEEPID_OK)
        *out = data;
    else
        deepid_dataset_destroy(data);
    return status;
}

int32_t deepid_dataset_load_csv(deepid_ctx *ctx, const char *path, const char *csv_options, deepid_dataset **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, load_csv(ctx, path, csv_options, out));
}
