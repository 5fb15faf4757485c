/* Two arrays of NumPy become a dataset: x numbers, y labels (whole numbers) or targets. */
#include "data/npy.h"

#include "tensor/half.h"

#include <math.h>
#include <string.h>

/* ---- elements ------------------------------------------------------------------------------ */

static double element(const dpid_npy *f, int64_t i)
{
    uint64_t raw = 0;
    for (int32_t k = 0; k < f->size; k++)
        raw |= (uint64_t)f->data[i * f->size + k] << 8 * (f->big ? f->size - 1 - k : k);
    if (f->type == 'f' && f->size == 2)
        return (double)dpid_f16_value((uint16_t)raw);
    if (f->type == 'f' && f->size == 8) {
        double value;
        memcpy(&value, &raw, sizeof value);
        return value;
    }
    if (f->type == 'f') {
        const uint32_t half = (uint32_t)raw;
        float value;
        memcpy(&value, &half, sizeof value);
        return (double)value;
    }
    if (f->type == 'i') {
        const int unused = 64 - 8 * f->size;
        return (double)((int64_t)(raw << unused) >> unused);
    }
    return (double)raw;
}

/* Place in the array of element i counted in the order of its axes. */
static int64_t place(const dpid_npy *f, int64_t i)
{
    int64_t at = 0;
    for (int32_t axis = f->rank - 1; axis >= 0; axis--) {
        at += i % f->extents[axis] * f->step[axis];
        i /= f->extents[axis];
    }
    return at;
}

static bool in_order(const dpid_npy *f)
{
    int64_t step = 1;
    bool same = true;
    for (int32_t axis = f->rank - 1; axis >= 0; axis--) {
        same = same && f->step[axis] == step;
        step *= f->extents[axis];
    }
    return same;
}

/* In order, as float or double; every number is finite there. */
static int32_t numbers_of(deepid_ctx *ctx, const char *path, const dpid_npy *f, int32_t dtype, void *to)
{
    const int64_t row = f->count / f->extents[0];
    const bool dense = in_order(f);
    for (int64_t i = 0; i < f->count; i++) {
        const double value = element(f, dense ? i : place(f, i));
        const bool fits = isfinite(dtype == DEEPID_F32 ? (double)(float)value : value);
        if (!fits)
            return dpid_fail(ctx, DEEPID_ERR_FORMAT,
                             "'%s': element %lld of row %lld is %s, expected a finite %s (both are counted from 0)",
                             path, (long long)(i % row), (long long)(i / row), dpid_number(value).text,
                             dtype == DEEPID_F32 ? "float" : "number");
        if (dtype == DEEPID_F32)
            ((float *)to)[i] = (float)value;
        else
            ((double *)to)[i] = value;
    }
    return DEEPID_OK;
}

/* ---- labels ------------------------------------------------------------------------------------ */

static int32_t find_classes(deepid_ctx *ctx, const char *path, const dpid_npy *y, dpid_distinct *values,
                            dpid_legend *legend)
{
    for (int64_t i = 0; i < y->count; i++) {
        const double value = element(y, i);
        if (fabs(value) >= DPID_CLASSES_MAX)
            return dpid_fail(ctx, DEEPID_ERR_LABEL, "'%s': label of row %lld is %s, expected %d to %d", path,
                             (long long)i, dpid_number(value).text, 1 - DPID_CLASSES_MAX, DPID_CLASSES_MAX - 1);
        DPID_TRY(dpid_distinct_add(&legend->arena, values, value, path));
    }
    return dpid_legend_number_classes(legend, values->value, values->count);
}

/* As those of a CSV: classes are the different numbers by their size. */
static int32_t labels_of(deepid_ctx *ctx, const char *path, const dpid_npy *y, const dpid_legend *like,
                         deepid_dataset *data)
{
    dpid_legend *legend = data->legend;
    dpid_distinct values = {NULL, 0, 0};
    int64_t *number = NULL;
    DPID_TRY(find_classes(ctx, path, y, &values, legend));
    DPID_TRY(dpid_arena_alloc(&legend->arena, values.count, sizeof *number, "classes", &number));
    for (int64_t k = 0; k < values.count; k++)
        number[k] = k;
    if (like && like->classes > 0)
        DPID_TRY(dpid_legend_match_classes(legend, like, path, number));
    for (int64_t i = 0; i < y->count; i++)
        data->labels[i] = (int32_t)number[dpid_distinct_find(&values, element(y, i))];
    data->classes = legend->classes;
    return DEEPID_OK;
}

/* ---- what is said of them ------------------------------------------------------------------------ */

static void print_array(const dpid_npy *f, dpid_string *s)
{
    static const char *const types[] = {"float", "int", "uint", "bool"};
    const char *type = types[strchr("fiub", f->type) - "fiub"];
    dpid_string_format(s, "%s of %s", dpid_shape_text(f->rank, f->extents).text, type);
    if (f->type != 'b')
        dpid_string_format(s, "%d", 8 * f->size);
}

/* Targets that are a few whole numbers may be classes that became floats on the way. */
static void warn_targets(const dpid_npy *y, dpid_string *s)
{
    enum { FEW = 20, MEMBERS = 10 };
    double largest = 0;
    bool whole = y->type == 'f' && y->count == y->extents[0];
    for (int64_t i = 0; i < y->count && whole; i++) {
        const double value = element(y, i);
        whole = value == floor(value) && value >= 0;
        largest = fmax(largest, value);
    }
    if (whole && largest > 0 && largest < FEW && MEMBERS * (largest + 1) <= (double)y->count)
        dpid_string_format(s,
                           "The targets are whole numbers from 0 to %s: if they are classes, save them as integers, "
                           "y.astype('int64').\n",
                           dpid_number(largest).text);
}

static bool is_turned(int64_t layout)
{
    return layout == DPID_LAYOUT_NCHW || layout == DPID_LAYOUT_NCL;
}

static bool is_series(int64_t layout)
{
    return layout == DPID_LAYOUT_NLC || layout == DPID_LAYOUT_NCL;
}

static int32_t describe(const dpid_npy *x, const dpid_npy *y, int64_t layout, deepid_dataset *data)
{
    dpid_legend *legend = data->legend;
    dpid_string about = {.ctx = legend->arena.ctx};
    dpid_string warnings = {.ctx = legend->arena.ctx};
    dpid_string_add(&about, "x ");
    print_array(x, &about);
    dpid_string_format(&about, "%s, %s ", is_turned(layout) ? ", turned from channels first" : "",
                       data->labels ? "labels" : "targets");
    print_array(y, &about);
    if (legend->mapped) {
        dpid_string_add(&about, ": ");
        dpid_legend_print_classes(legend, &about);
    }
    warn_targets(y, &warnings);
    const int32_t status = dpid_legend_keep(legend, &about, &legend->about);
    const int32_t other = dpid_legend_keep(legend, &warnings, &legend->warnings);
    return status != DEEPID_OK ? status : other;
}

/* ---- a dataset ----------------------------------------------------------------------------------------- */

static int32_t check_shapes(deepid_ctx *ctx, const char *x_name, const dpid_npy *x, const char *y_name,
                            const dpid_npy *y)
{
    if (x->rank < 2)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT,
                         "'%s' is %s, expected [n, features], [n, h, w] or [n, h, w, channels]; x.reshape(-1, 1) has "
                         "one feature a sample",
                         x_name, dpid_shape_text(x->rank, x->extents).text);
    const bool column = y->rank == 1 || (y->rank == 2 && (y->extents[1] == 1 || y->type == 'f'));
    if (y->extents[0] == x->extents[0] && column)
        return DEEPID_OK;
    if (y->extents[0] == x->extents[0] && y->rank == 2)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT,
                         "'%s' is %s of integers, expected labels [n]; of one column a class they are y.argmax(1)",
                         y_name, dpid_shape_text(y->rank, y->extents).text);
    return dpid_fail(ctx, DEEPID_ERR_FORMAT,
                     "'%s' is %s, expected labels [n] or [n, 1], or targets [n] or [n, width], for x of %s", y_name,
                     dpid_shape_text(y->rank, y->extents).text, dpid_shape_text(x->rank, x->extents).text);
}

/* Few channels stand where rows are expected: 3 x 32 x 32. */
static int32_t check_layout(deepid_ctx *ctx, const char *name, const dpid_npy *x, int64_t layout)
{
    enum { CHANNELS = 4 };
    const int64_t *e = x->extents;
    if (layout == DPID_LAYOUT_NCHW && x->rank != 4)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE, "'%s' is %s, expected [n, channels, h, w] for layout=nchw", name,
                         dpid_shape_text(x->rank, e).text);
    if (is_series(layout) && x->rank != 2 && x->rank != 3)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE, "'%s' is %s, expected series: %s, or [n, length] of one channel", name,
                         dpid_shape_text(x->rank, e).text,
                         layout == DPID_LAYOUT_NCL ? "[n, channels, length] for layout=ncl"
                                                   : "[n, length, channels] for layout=nlc");
    if (layout != DPID_LAYOUT_UNSAID || x->rank != 4 || e[1] > CHANNELS || e[3] <= CHANNELS || e[2] <= e[1])
        return DEEPID_OK;
    return dpid_fail(ctx, DEEPID_ERR_SHAPE,
                     "'%s' is %s: channels seem to come first. Say layout=nchw, which turns them, or layout=nhwc for "
                     "pictures of %lld x %lld with %lld channels",
                     name, dpid_shape_text(x->rank, e).text, (long long)e[1], (long long)e[2], (long long)e[3]);
}

/* [n, c, h, w] as [n, h, w, c], [n, c, l] as [n, l, c]; [n, l] stays. */
static void turn(dpid_npy *x)
{
    const dpid_npy old = *x;
    for (int32_t axis = 1; axis < x->rank && x->rank > 2; axis++) {
        const int32_t from = axis < x->rank - 1 ? axis + 1 : 1;
        x->extents[axis] = old.extents[from];
        x->step[axis] = old.step[from];
    }
}

static int32_t fill(deepid_ctx *ctx, const char *x_name, const dpid_npy *x, const char *y_name, const dpid_npy *y,
                    int64_t layout, const dpid_legend *like, deepid_dataset *data)
{
    DPID_TRY(dpid_legend_create(ctx, &data->legend));
    if (data->labels)
        DPID_TRY(labels_of(ctx, y_name, y, like, data));
    else
        DPID_TRY(numbers_of(ctx, y_name, y, DEEPID_F32, data->owned_targets));
    DPID_TRY(numbers_of(ctx, x_name, x, data->dtype, data->owned_x));
    return describe(x, y, layout, data);
}

int32_t dpid_npy_join(deepid_ctx *ctx, const char *x_name, dpid_npy *x, const char *y_name, const dpid_npy *y,
                      int64_t layout, const deepid_dataset *like, deepid_dataset **out)
{
    const bool targets = y->type == 'f';
    DPID_TRY(check_shapes(ctx, x_name, x, y_name, y));
    DPID_TRY(check_layout(ctx, x_name, x, layout));
    if (is_turned(layout))
        turn(x);
    const int64_t *e = x->extents;
    const dpid_shape sample = is_series(layout) ? (dpid_shape){2, {e[1], x->rank == 3 ? e[2] : 1}}
                              : x->rank == 2    ? (dpid_shape){1, {e[1]}}
                                                : (dpid_shape){3, {e[1], e[2], x->rank == 4 ? e[3] : 1}};
    const int32_t dtype = x->type == 'f' && x->size <= 4 ? DEEPID_F32 : DEEPID_F64;
    deepid_dataset *data = NULL;
    DPID_TRY(dpid_dataset_owned(ctx, dtype, e[0], &sample, !targets, targets ? y->count / y->extents[0] : 0, &data));
    const int32_t status = fill(ctx, x_name, x, y_name, y, layout, dpid_dataset_legend(like), data);
    if (status == DEEPID_OK)
        *out = data;
    else
        deepid_dataset_destroy(data);
    return status;
}

/* ---- two files, plain or .gz ------------------------------------------------------------------------------- */

static int32_t length_of(deepid_ctx *ctx, const char *path, const uint8_t *first, int64_t count, int64_t *bytes)
{
    dpid_npy f;
    return dpid_npy_parse(ctx, path, first, count, &f, bytes);
}

static int32_t read_npy(deepid_ctx *ctx, const char *path, uint8_t **bytes, dpid_npy *f)
{
    int64_t count = 0;
    int64_t need = 0;
    DPID_TRY(dpid_file_read_gz(ctx, path, DPID_NPY_PREFIX_MAX + DPID_NPY_HEADER_MAX, length_of, bytes, &count));
    return dpid_npy_parse(ctx, path, *bytes, count, f, &need);
}

static const dpid_option layouts[] = {
    DPID_LAYOUT_OPTION,
    {0},
};

int32_t dpid_npy_load(deepid_ctx *ctx, const char *x_path, const char *y_path, const char *options,
                      const deepid_dataset *like, deepid_dataset **out)
{
    dpid_npy x;
    dpid_npy y;
    uint8_t *x_bytes = NULL;
    uint8_t *y_bytes = NULL;
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    if (!x_path || !y_path || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "npy: x_path, y_path and out must not be NULL");
    DPID_TRY(dpid_options_parse(ctx, "npy", dpid_span_of(options), layouts, values));
    int32_t status = read_npy(ctx, x_path, &x_bytes, &x);
    if (status == DEEPID_OK)
        status = read_npy(ctx, y_path, &y_bytes, &y);
    if (status == DEEPID_OK)
        status = dpid_npy_join(ctx, x_path, &x, y_path, &y, values[0].i, like, out);
    dpid_free(ctx, y_bytes);
    dpid_free(ctx, x_bytes);
    return status;
}

int32_t deepid_dataset_load_npy(deepid_ctx *ctx, const char *x_path, const char *y_path, deepid_dataset **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, dpid_npy_load(ctx, x_path, y_path, NULL, NULL, out));
}
