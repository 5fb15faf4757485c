/* NumPy's .npy, versions 1 to 3, plain or .gz: magic, version, length of the header, a Python dict as text, the
   data. */
#include "data/data.h"

#include <math.h>
#include <string.h>

enum { MAGIC = 6, PREFIX_MAX = MAGIC + 6, HEADER_MAX = 10000 /* as NumPy's own reader */, RANK_MAX = 4 };

typedef struct {
    uint8_t *bytes;
    const uint8_t *data;
    int32_t rank;
    int64_t extents[RANK_MAX];
    int64_t count;
    char type; /* f, i, u, b */
    int32_t size;
    bool big, fortran;
} npy;

static int32_t broken(deepid_ctx *ctx, const char *path, const char *what)
{
    return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' is not a .npy file that can be read: %s", path, what);
}

/* ---- the header's dict ------------------------------------------------------------------ */

static const char *value_of(const char *header, const char *key)
{
    const char *p = strstr(header, key);
    p = p ? strchr(p, ':') : NULL;
    for (p = p ? p + 1 : NULL; p && *p == ' ';)
        p++;
    return p;
}

static int32_t parse_descr(deepid_ctx *ctx, const char *path, const char *p, npy *f)
{
    if (!p || *p != '\'' || !strchr("<>|=", p[1]) || !p[1] || !strchr("fiub", p[2]) || !p[2] || p[3] < '1' ||
        p[3] > '8' || p[4] != '\'')
        return broken(ctx, path, "descr is not one number type");
    f->big = p[1] == '>';
    f->type = p[2];
    f->size = p[3] - '0';
    const bool fits = f->type == 'f'   ? f->size == 4 || f->size == 8
                      : f->type == 'b' ? f->size == 1
                                       : f->size == 1 || f->size == 2 || f->size == 4 || f->size == 8;
    return fits ? DEEPID_OK : broken(ctx, path, "descr is a number type that is not supported");
}

static int32_t parse_shape(deepid_ctx *ctx, const char *path, const char *p, npy *f)
{
    if (!p || *p++ != '(')
        return broken(ctx, path, "shape is missing");
    while (*p && *p != ')') {
        const size_t digits = strspn(p, "0123456789");
        if (digits == 0 || f->rank == RANK_MAX || !dpid_parse_int(p, (int64_t)digits, &f->extents[f->rank++]))
            return broken(ctx, path, "shape is not a list of 1 to 4 numbers");
        p += digits;
        p += strspn(p, ", ");
    }
    return *p == ')' && f->rank > 0 ? DEEPID_OK : broken(ctx, path, "shape is not a list of 1 to 4 numbers");
}

static int32_t parse_header(deepid_ctx *ctx, const char *path, const char *header, npy *f)
{
    DPID_TRY(parse_descr(ctx, path, value_of(header, "'descr'"), f));
    DPID_TRY(parse_shape(ctx, path, value_of(header, "'shape'"), f));
    const char *fortran = value_of(header, "'fortran_order'");
    f->fortran = fortran && strncmp(fortran, "True", 4) == 0;
    return f->fortran || (fortran && strncmp(fortran, "False", 5) == 0)
               ? DEEPID_OK
               : broken(ctx, path, "fortran_order is neither True nor False");
}

/* The file's prefix and header, from its first bytes: they need not hold the data. *need: the bytes of the whole
   file. */
static int32_t parse(deepid_ctx *ctx, const char *path, const uint8_t *b, int64_t bytes, npy *f, int64_t *need)
{
    if (bytes < PREFIX_MAX || memcmp(b, "\x93NUMPY", MAGIC) != 0 || b[6] < 1 || b[6] > 3)
        return broken(ctx, path, "it does not begin with \\x93NUMPY and version 1 to 3");
    const int64_t prefix = b[6] == 1 ? MAGIC + 4 : PREFIX_MAX;
    const int64_t length = b[8] | (int64_t)b[9] << 8 | (b[6] == 1 ? 0 : (int64_t)b[10] << 16 | (int64_t)b[11] << 24);
    if (length > HEADER_MAX || length > bytes - prefix)
        return broken(ctx, path, "its header is longer than the file or than 10000 bytes");
    char *header = NULL; /* not on the stack: a host's thread may have little */
    DPID_TRY(dpid_alloc(ctx, length + 1, 1, "npy header", &header));
    memcpy(header, b + prefix, (size_t)length);
    const int32_t status = parse_header(ctx, path, header, f);
    dpid_free(ctx, header);
    DPID_TRY(status);
    f->data = b + prefix + length;
    if (!dpid_product(f->rank, f->extents, &f->count) || !dpid_mul(f->count, f->size, need) ||
        !dpid_add(*need, prefix + length, need))
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' says %s of %d bytes, more than can be counted", path,
                         dpid_shape_text(f->rank, f->extents).text, f->size);
    return f->count > 0 ? DEEPID_OK : broken(ctx, path, "it is empty");
}

static int32_t length_of(deepid_ctx *ctx, const char *path, const uint8_t *first, int64_t count, int64_t *bytes)
{
    npy f = {0};
    return parse(ctx, path, first, count, &f, bytes);
}

static int32_t read_npy(deepid_ctx *ctx, const char *path, npy *f)
{
    int64_t bytes = 0;
    int64_t need = 0;
    *f = (npy){0};
    DPID_TRY(dpid_file_read_gz(ctx, path, PREFIX_MAX + HEADER_MAX, length_of, &f->bytes, &bytes));
    const int32_t status = parse(ctx, path, f->bytes, bytes, f, &need);
    if (status != DEEPID_OK)
        dpid_free(ctx, f->bytes);
    return status;
}

/* ---- elements ------------------------------------------------------------------------------ */

static double element(const npy *f, int64_t i)
{
    uint64_t raw = 0;
    for (int32_t k = 0; k < f->size; k++)
        raw |= (uint64_t)f->data[i * f->size + k] << 8 * (f->big ? f->size - 1 - k : k);
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

/* Place in the file of element i counted in C order. */
static int64_t place(const npy *f, int64_t i)
{
    if (!f->fortran)
        return i;
    int64_t at = 0;
    int64_t rest = i;
    for (int32_t axis = f->rank - 1; axis >= 0; axis--) {
        int64_t step = 1;
        for (int32_t k = 0; k < axis; k++)
            step *= f->extents[k];
        at += rest % f->extents[axis] * step;
        rest /= f->extents[axis];
    }
    return at;
}

/* ---- a dataset ------------------------------------------------------------------------------- */

static int32_t labels_of(deepid_ctx *ctx, const char *path, const npy *y, deepid_dataset *data)
{
    for (int64_t i = 0; i < y->count; i++) {
        const double value = element(y, i);
        if (value < 0 || value >= DPID_CLASSES_MAX)
            return dpid_fail(ctx, DEEPID_ERR_LABEL, "'%s': label of row %lld is %s, expected 0 to %d", path,
                             (long long)i, dpid_number(value).text, DPID_CLASSES_MAX - 1);
        data->labels[i] = (int32_t)value;
        data->classes = value >= (double)data->classes ? (int64_t)value + 1 : data->classes;
    }
    return DEEPID_OK;
}

/* In C order, as float or double; every number is finite there. */
static int32_t numbers_of(deepid_ctx *ctx, const char *path, const npy *f, int32_t dtype, void *to)
{
    const int64_t row = f->count / f->extents[0];
    for (int64_t i = 0; i < f->count; i++) {
        const double value = element(f, place(f, i));
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

static int32_t check_shapes(deepid_ctx *ctx, const npy *x, const char *y_path, const npy *y)
{
    if (x->rank >= 2 && y->extents[0] == x->extents[0] && (y->rank == 1 || (y->type == 'f' && y->rank == 2)))
        return DEEPID_OK;
    return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' is %s, expected labels [n] or targets [n, width] for x of %s",
                     y_path, dpid_shape_text(y->rank, y->extents).text, dpid_shape_text(x->rank, x->extents).text);
}

static int32_t join(deepid_ctx *ctx, const char *x_path, const npy *x, const char *y_path, const npy *y,
                    deepid_dataset **out)
{
    const bool targets = y->type == 'f';
    DPID_TRY(check_shapes(ctx, x, y_path, y));
    const int64_t *e = x->extents;
    const dpid_shape sample =
        x->rank == 2 ? (dpid_shape){1, {e[1]}} : (dpid_shape){3, {e[1], e[2], x->rank == 4 ? e[3] : 1}};
    const int32_t dtype = x->type == 'f' && x->size == 4 ? DEEPID_F32 : DEEPID_F64;
    deepid_dataset *data = NULL;
    DPID_TRY(dpid_dataset_owned(ctx, dtype, e[0], &sample, !targets, targets ? y->count / y->extents[0] : 0, &data));
    int32_t status =
        targets ? numbers_of(ctx, y_path, y, DEEPID_F32, data->owned_targets) : labels_of(ctx, y_path, y, data);
    if (status == DEEPID_OK)
        status = numbers_of(ctx, x_path, x, dtype, data->owned_x);
    if (status == DEEPID_OK)
        *out = data;
    else
        deepid_dataset_destroy(data);
    return status;
}

static int32_t load_npy(deepid_ctx *ctx, const char *x_path, const char *y_path, deepid_dataset **out)
{
    npy x;
    npy y;
    if (!x_path || !y_path || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "npy: x_path, y_path and out must not be NULL");
    DPID_TRY(read_npy(ctx, x_path, &x));
    int32_t status = read_npy(ctx, y_path, &y);
    if (status == DEEPID_OK) {
        status = join(ctx, x_path, &x, y_path, &y, out);
        dpid_free(ctx, y.bytes);
    }
    dpid_free(ctx, x.bytes);
    return status;
}

int32_t deepid_dataset_load_npy(deepid_ctx *ctx, const char *x_path, const char *y_path, deepid_dataset **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, load_npy(ctx, x_path, y_path, out));
}
