/* Numbers of tensors: raw bytes or typed lists, in the file or in one beside it. All is checked once; afterwards every
   number below count is there. */
#include "onnx/onnx.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FLOAT = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT,
    INT32 = ONNX__TENSOR_PROTO__DATA_TYPE__INT32,
    INT64 = ONNX__TENSOR_PROTO__DATA_TYPE__INT64,
    BOOL = ONNX__TENSOR_PROTO__DATA_TYPE__BOOL,
    FLOAT16 = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16,
    DOUBLE = ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE,
    BFLOAT16 = ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16
};

static int32_t refuse(const dpid_onnx_file *file, const dpid_onnx_tensor *t, int32_t status, const char *what)
{
    return dpid_fail(file->arena.ctx, status, "'%s': tensor '%.80s' %s", file->path, t->name ? t->name : "", what);
}

static int64_t bytes_of(int32_t dtype)
{
    switch (dtype) {
    case FLOAT:
    case INT32:
        return sizeof(float);
    case DOUBLE:
    case INT64:
        return sizeof(double);
    case FLOAT16:
    case BFLOAT16:
        return sizeof(uint16_t);
    case BOOL:
        return 1;
    default:
        return 0;
    }
}

/* ---- files beside it ------------------------------------------------------------------------- */

struct dpid_onnx_data {
    dpid_onnx_data *next;
    const char *name;
    const uint8_t *bytes;
    int64_t count;
};

static const char *entry_of(const dpid_onnx_tensor *t, const char *key)
{
    for (size_t i = 0; i < t->n_external_data; i++)
        if (t->external_data[i]->key && strcmp(t->external_data[i]->key, key) == 0)
            return t->external_data[i]->value;
    return NULL;
}

/* A name without folders, so that a stranger's file reads nothing of others; no link either. */
static int32_t path_beside(dpid_onnx_file *file, const dpid_onnx_tensor *t, const char *name, char **out)
{
    const char *slash = strrchr(file->path, '/');
    struct stat about;
    dpid_string s = {.ctx = file->arena.ctx};
    if (!*name || strchr(name, '/') || strchr(name, '\\') || strcmp(name, "..") == 0 || strcmp(name, ".") == 0)
        return refuse(file, t, DEEPID_ERR_FORMAT,
                      "lies in a file that is not named as one in the same folder; only such a one is read");
    dpid_string_add_span(&s, file->path, slash ? slash - file->path + 1 : 0);
    dpid_string_add(&s, name);
    const int32_t status = s.status == DEEPID_OK ? dpid_arena_text(&file->arena, s.text, s.length, out) : s.status;
    dpid_string_release(&s);
    DPID_TRY(status);
    if (lstat(*out, &about) == 0 && S_ISLNK(about.st_mode))
        return refuse(file, t, DEEPID_ERR_FORMAT, "lies in a file that is a link; only the file itself is read");
    return DEEPID_OK;
}

static int32_t read_beside(dpid_onnx_file *file, const char *path, dpid_onnx_data *out)
{
    deepid_ctx *ctx = file->arena.ctx;
    uint8_t *bytes = NULL;
    int fd = -1;
    DPID_TRY(dpid_file_open(ctx, path, &fd, &out->count));
    int32_t status = dpid_arena_alloc(&file->arena, out->count, 1, path, &bytes);
    if (status == DEEPID_OK)
        status = dpid_file_read_some(ctx, path, fd, bytes, out->count, &out->count);
    close(fd);
    out->bytes = bytes;
    return status;
}

static int32_t find_beside(dpid_onnx_file *file, const dpid_onnx_tensor *t, const char *name,
                           const dpid_onnx_data **out)
{
    dpid_onnx_data *data = file->data;
    char *path = NULL;
    while (data && strcmp(data->name, name) != 0)
        data = data->next;
    *out = data;
    if (data)
        return DEEPID_OK;
    DPID_TRY(path_beside(file, t, name, &path));
    DPID_TRY(dpid_arena_alloc(&file->arena, 1, sizeof *data, "ONNX file", &data));
    DPID_TRY(read_beside(file, path, data));
    data->name = name;
    data->next = file->data;
    file->data = data;
    *out = data;
    return DEEPID_OK;
}

static bool number_of(const char *text, int64_t otherwise, int64_t *out)
{
    *out = otherwise;
    return !text || (dpid_parse_int(text, (int64_t)strlen(text), out) && *out >= 0);
}

static int32_t point_beside(dpid_onnx_file *file, const dpid_onnx_tensor *t, int64_t bytes, dpid_onnx_constant *c)
{
    const char *name = entry_of(t, "location");
    const dpid_onnx_data *data = NULL;
    int64_t offset;
    int64_t length;
    if (!name || !number_of(entry_of(t, "offset"), 0, &offset) || !number_of(entry_of(t, "length"), bytes, &length))
        return refuse(file, t, DEEPID_ERR_FORMAT, "lies in another file, and location, offset or length is not clear");
    DPID_TRY(find_beside(file, t, name, &data));
    if (length != bytes)
        return dpid_fail(file->arena.ctx, DEEPID_ERR_FORMAT,
                         "'%s': tensor '%.80s' has %lld bytes of numbers, and length says %lld", file->path,
                         t->name ? t->name : "", (long long)bytes, (long long)length);
    if (offset > data->count || length > data->count - offset)
        return dpid_fail(file->arena.ctx, DEEPID_ERR_FORMAT,
                         "'%s': tensor '%.80s' should be %lld bytes at %lld of '%.80s', which has %lld", file->path,
                         t->name ? t->name : "", (long long)bytes, (long long)offset, name, (long long)data->count);
    c->data = data->bytes + offset;
    return DEEPID_OK;
}

/* ---- in the file ----------------------------------------------------------------------------- */

/* The list that this type is typed in, and how many numbers it has. */
static int64_t typed(const dpid_onnx_tensor *t, dpid_onnx_constant *c)
{
    switch (c->dtype) {
    case FLOAT:
        c->data = t->float_data;
        return (int64_t)t->n_float_data;
    case DOUBLE:
        c->data = t->double_data;
        return (int64_t)t->n_double_data;
    case INT64:
        c->data = t->int64_data;
        return (int64_t)t->n_int64_data;
    default:
        c->in_ints = c->dtype != INT32;
        c->data = t->int32_data;
        return (int64_t)t->n_int32_data;
    }
}

static int32_t point(dpid_onnx_file *file, const dpid_onnx_tensor *t, dpid_onnx_constant *c)
{
    static const uint8_t none[1] = {0};
    const int64_t bytes = c->count * bytes_of(c->dtype);
    if (t->has_data_location && t->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
        return point_beside(file, t, bytes, c);
    const int64_t there = t->has_raw_data ? (int64_t)t->raw_data.len : typed(t, c);
    if (t->has_raw_data)
        c->data = t->raw_data.data;
    if (there != (t->has_raw_data ? bytes : c->count))
        return dpid_fail(file->arena.ctx, DEEPID_ERR_FORMAT, "'%s': tensor '%.80s' of %s has %lld %s, expected %lld",
                         file->path, t->name ? t->name : "", dpid_shape_text(c->rank, c->extents).text,
                         (long long)there, t->has_raw_data ? "bytes" : "numbers",
                         (long long)(t->has_raw_data ? bytes : c->count));
    if (c->count == 0)
        c->data = none;
    return DEEPID_OK;
}

int32_t dpid_onnx_constant_of_tensor(dpid_onnx_file *file, const dpid_onnx_tensor *t, dpid_onnx_constant *out)
{
    dpid_onnx_constant c = {.rank = (int32_t)t->n_dims, .dtype = t->data_type};
    int64_t bytes;
    if (t->n_dims > DPID_RANK_MAX)
        return refuse(file, t, DEEPID_ERR_UNSUPPORTED, "has more than 8 axes");
    for (int32_t i = 0; i < c.rank; i++)
        c.extents[i] = t->dims[i];
    if (!dpid_product(c.rank, c.extents, &c.count) || !dpid_mul(c.count, (int64_t)sizeof(double), &bytes))
        return refuse(file, t, DEEPID_ERR_FORMAT, "has extents below 0, or more numbers than can be counted");
    if (bytes_of(c.dtype) == 0)
        return dpid_fail(
            file->arena.ctx, DEEPID_ERR_UNSUPPORTED,
            "'%s': tensor '%.80s' has the type %d, expected FLOAT (1), DOUBLE (11), FLOAT16 (10), BFLOAT16 "
            "(16), INT32 (6) or INT64 (7)",
            file->path, t->name ? t->name : "", c.dtype);
    if (t->segment)
        return refuse(file, t, DEEPID_ERR_UNSUPPORTED, "comes in segments");
    DPID_TRY(point(file, t, &c));
    *out = c;
    return DEEPID_OK;
}

/* ---- one of them ----------------------------------------------------------------------------- */

/* IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction. */
static double from_f16(uint16_t bits)
{
    enum { FRACTION = 10, FRACTION_MASK = 0x3ff, EXPONENT_MASK = 0x1f, BIAS = 15, SIGN = 0x8000 };
    const int exponent = bits >> FRACTION & EXPONENT_MASK;
    const int fraction = bits & FRACTION_MASK;
    double value;
    if (exponent == EXPONENT_MASK)
        value = fraction ? (double)NAN : (double)INFINITY;
    else if (exponent == 0)
        value = ldexp(fraction, 1 - BIAS - FRACTION);
    else
        value = ldexp(fraction + FRACTION_MASK + 1, exponent - BIAS - FRACTION);
    return bits & SIGN ? -value : value;
}

/* The upper half of a float. */
static double from_bf16(uint16_t bits)
{
    const uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return (double)value;
}

static int64_t place(const dpid_onnx_constant *c, int64_t i)
{
    return c->turned ? i % c->extents[1] * c->extents[0] + i / c->extents[1] : i;
}

#define READ(type)                                                                                                     \
    type value;                                                                                                        \
    memcpy(&value, (const char *)c->data + k * (int64_t)sizeof value, sizeof value)

static uint16_t half_at(const dpid_onnx_constant *c, int64_t k)
{
    if (c->in_ints) {
        READ(int32_t);
        return (uint16_t)value;
    }
    READ(uint16_t);
    return value;
}

double dpid_onnx_number(const dpid_onnx_constant *c, int64_t i)
{
    const int64_t k = place(c, i);
    if (!c->data)
        return c->fill;
    if (c->dtype == FLOAT) {
        READ(float);
        return (double)value;
    }
    if (c->dtype == DOUBLE) {
        READ(double);
        return value;
    }
    if (c->dtype == INT64) {
        READ(int64_t);
        return (double)value;
    }
    if (c->dtype == FLOAT16)
        return from_f16(half_at(c, k));
    if (c->dtype == BFLOAT16)
        return from_bf16(half_at(c, k));
    if (c->dtype == BOOL && !c->in_ints)
        return ((const uint8_t *)c->data)[k] != 0;
    READ(int32_t);
    return value;
}

void dpid_onnx_turn(dpid_onnx_constant *c)
{
    const int64_t rows = c->extents[0];
    c->extents[0] = c->extents[1];
    c->extents[1] = rows;
    c->turned = !c->turned;
}

const float *dpid_onnx_floats(const dpid_onnx_constant *c)
{
    return c->dtype == FLOAT && !c->turned && (uintptr_t)c->data % _Alignof(float) == 0 ? c->data : NULL;
}
