/* safetensors: 8 bytes length of the header (little-endian), a JSON header, the data. Strict reader: what does not fit exactly is refused. */
#include "net/net.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 1024, LENGTH_BYTES = 8 };

static const struct {
    const char *word;
    int32_t dtype;
} dtypes[] = {{"F32", DEEPID_F32}, {"F64", DEEPID_F64}, {"U8", DEEPID_U8}, {"I8", DEEPID_I8}, {"U16", DEEPID_U16}, {"I16", DEEPID_I16}, {"I32", DEEPID_I32}, {"I64", DEEPID_I64}};
enum { DTYPES = sizeof dtypes / sizeof *dtypes };

static const char *dtype_word(int32_t dtype)
{
    for (int i = 0; i < DTYPES; i++)
        if (dtypes[i].dtype == dtype)
            return dtypes[i].word;
    return "";
}

static int64_t tensor_bytes(const dpid_file_tensor *t)
{
    int64_t count = 0;
    int64_t bytes = -1;
    if (!dpid_product(t->rank, t->extents, &count) || !dpid_mul(count, dpid_dtype_bytes(t->dtype), &bytes))
        return -1;
    return bytes;
}

/* ---- writing ---------------------------------------------------------------------- */

static void header_text(dpid_string *s, const dpid_file_tensor *tensors, int64_t count, const dpid_file_text *metadata, int64_t metadata_count)
{
    int64_t offset = 0;
    dpid_string_add(s, "{\"__metadata__\":{");
    for (int64_t i = 0; i < metadata_count; i++) {
        dpid_string_add(s, i ? "," : "");
        dpid_string_json(s, metadata[i].key);
        dpid_string_add(s, ":");
        dpid_string_json(s, metadata[i].value);
    }
    dpid_string_add(s, "}");
    for (int64_t i = 0; i < count; i++) {
        dpid_string_add(s, ",");
        dpid_string_json(s, tensors[i].name);
        dpid_string_format(s, ":{\"dtype\":\"%s\",\"shape\":[", dtype_word(tensors[i].dtype));
        for (int32_t axis = 0; axis < tensors[i].rank; axis++)
            dpid_string_format(s, "%s%lld", axis ? "," : "", (long long)tensors[i].extents[axis]);
        dpid_string_format(s, "],\"data_offsets\":[%lld,%lld]}", (long long)offset, (long long)(offset + tensor_bytes(&tensors[i])));
        offset += tensor_bytes(&tensors[i]);
    }
    dpid_string_add(s, "}");
    while (s->status == DEEPID_OK && s->length % LENGTH_BYTES)
        dpid_string_add(s, " ");
}

static int32_t write_parts(dpid_writer *writer, const dpid_string *header, const dpid_file_tensor *tensors, int64_t count)
{
    uint8_t length[LENGTH_BYTES];
    for (int i = 0; i < LENGTH_BYTES; i++)
        length[i] = (uint8_t)((uint64_t)header->length >> (8 * i));
    DPID_TRY(dpid_writer_write(writer, length, LENGTH_BYTES));
    DPID_TRY(dpid_writer_write(writer, header->text, header->length));
    for (int64_t i = 0; i < count; i++)
        DPID_TRY(dpid_writer_write(writer, tensors[i].data, tensor_bytes(&tensors[i])));
    return dpid_writer_commit(writer);
}

int32_t dpid_safetensors_write(deepid_ctx *ctx, const char *path, const dpid_file_tensor *tensors, int64_t count, const dpid_file_text *metadata, int64_t metadata_count)
{
    dpid_string header = {.ctx = ctx};
    dpid_writer writer = {.ctx = ctx, .fd = -1};
    header_text(&header, tensors, count, metadata, metadata_count);
    int32_t status = header.status;
    if (status == DEEPID_OK && header.length > ctx->limits.header_bytes)
        status =
            dpid_fail(ctx, DEEPID_ERR_LIMIT, "'%s': the header would have %lld bytes, the limit header_bytes is %lld", path, (long long)header.length, (long long)ctx->limits.header_bytes);
    if (status == DEEPID_OK)
        status = dpid_writer_open(ctx, path, &writer);
    if (status == DEEPID_OK)
        status = write_parts(&writer, &header, tensors, count);
    dpid_writer_discard(&writer);
    dpid_string_release(&header);
    return status;
}

/* ---- reading ------------------------------------------------------------------------- */

typedef struct {
    deepid_ctx *ctx;
    const char *path;
    dpid_safetensors *out;
    const uint8_t *data;
    int64_t data_bytes;
} reader;

static int32_t broken(const reader *r, const char *what)
{
    return dpid_fail(r->ctx, DEEPID_ERR_FORMAT, "'%s' is not a complete safetensors file: %s", r->path, what);
}

static int32_t read_shape(const reader *r, json_t *entry, dpid_file_tensor *t)
{
    json_t *shape = json_object_get(entry, "shape");
    if (!json_is_array(shape) || json_array_size(shape) > DPID_RANK_MAX)
        return broken(r, "a shape is not a list of at most 8 numbers");
    t->rank = (int32_t)json_array_size(shape);
    for (int32_t axis = 0; axis < t->rank; axis++) {
        json_t *extent = json_array_get(shape, (size_t)axis);
        if (!json_is_integer(extent) || json_integer_value(extent) < 0)
            return broken(r, "an extent is not a number of 0 or more");
        t->extents[axis] = json_integer_value(extent);
    }
    return DEEPID_OK;
}

static int32_t read_dtype(const reader *r, json_t *entry, dpid_file_tensor *t)
{
    const char *word = json_string_value(json_object_get(entry, "dtype"));
    for (int i = 0; word && i < DTYPES; i++)
        if (strcmp(word, dtypes[i].word) == 0)
            t->dtype = dtypes[i].dtype;
    return t->dtype ? DEEPID_OK : broken(r, "a dtype is unknown");
}

static int32_t read_tensor(const reader *r, const char *name, json_t *entry, dpid_file_tensor *t)
{
    json_t *offsets = json_object_get(entry, "data_offsets");
    char *copy = NULL;
    if (!json_is_object(entry) || json_object_size(entry) != 3 || strlen(name) > NAME_MAX_BYTES)
        return broken(r, "an entry is not {dtype, shape, data_offsets}");
    DPID_TRY(read_dtype(r, entry, t));
    DPID_TRY(read_shape(r, entry, t));
    if (!json_is_array(offsets) || json_array_size(offsets) != 2 || !json_is_integer(json_array_get(offsets, 0)) || !json_is_integer(json_array_get(offsets, 1)))
        return broken(r, "data_offsets is not a pair of numbers");
    const int64_t begin = json_integer_value(json_array_get(offsets, 0));
    const int64_t end = json_integer_value(json_array_get(offsets, 1));
    if (begin < 0 || end < begin || end > r->data_bytes || end - begin != tensor_bytes(t))
        return broken(r, "data_offsets do not fit the shape or the file");
    t->data = r->data + begin;
    DPID_TRY(dpid_arena_text(&r->out->arena, name, (int64_t)strlen(name), &copy));
    t->name = copy;
    return DEEPID_OK;
}

static int32_t read_metadata(const reader *r, json_t *metadata)
{
    const char *key;
    json_t *value;
    if (!json_is_object(metadata))
        return broken(r, "__metadata__ is not an object");
    DPID_TRY(dpid_arena_alloc(&r->out->arena, (int64_t)json_object_size(metadata), sizeof *r->out->metadata, r->path, &r->out->metadata));
    json_object_foreach(metadata, key, value)
    {
        char *key_copy = NULL;
        char *copy = NULL;
        if (!json_is_string(value))
            return broken(r, "a value of __metadata__ is not a text");
        DPID_TRY(dpid_arena_text(&r->out->arena, key, (int64_t)strlen(key), &key_copy));
        DPID_TRY(dpid_arena_text(&r->out->arena, json_string_value(value), (int64_t)strlen(json_string_value(value)), &copy));
        r->out->metadata[r->out->metadata_count++] = (dpid_file_text){key_copy, copy};
    }
    return DEEPID_OK;
}

static int compare_data(const void *a, const void *b)
{
    const char *x = ((const dpid_file_tensor *)a)->data;
    const char *y = ((const dpid_file_tensor *)b)->data;
    const int64_t x_bytes = tensor_bytes(a);
    const int64_t y_bytes = tensor_bytes(b);
    return x != y ? (x > y) - (x < y) : (x_bytes > y_bytes) - (x_bytes < y_bytes);
}

/* Every byte belongs to one tensor: no hole, no overlap, the last ends where the file does. */
static int32_t check_cover(const reader *r)
{
    int64_t at = 0;
    qsort(r->out->tensor, (size_t)r->out->count, sizeof *r->out->tensor, compare_data);
    for (int64_t i = 0; i < r->out->count; i++) {
        if ((const uint8_t *)r->out->tensor[i].data != r->data + at)
            return broken(r, "the tensors overlap or leave a hole");
        at += tensor_bytes(&r->out->tensor[i]);
    }
    return at == r->data_bytes ? DEEPID_OK : broken(r, "bytes are left behind the last tensor");
}

static int32_t read_header(const reader *r, json_t *header)
{
    const char *name;
    json_t *entry;
    if (!json_is_object(header))
        return broken(r, "the header is not an object");
    DPID_TRY(dpid_arena_alloc(&r->out->arena, (int64_t)json_object_size(header) + 1, sizeof *r->out->tensor, r->path, &r->out->tensor));
    json_object_foreach(header, name, entry)
    {
        if (strcmp(name, "__metadata__") == 0)
            DPID_TRY(read_metadata(r, entry));
        else
            DPID_TRY(read_tensor(r, name, entry, &r->out->tensor[r->out->count++]));
    }
    return check_cover(r);
}

static int32_t read_file(deepid_ctx *ctx, const char *path, dpid_safetensors *out)
{
    uint8_t *bytes = NULL;
    int64_t count = 0;
    DPID_TRY(dpid_file_read(ctx, path, &bytes, &count));
    out->bytes = bytes;
    reader r = {.ctx = ctx, .path = path, .out = out};
    uint64_t length = 0;
    for (int i = 0; i < LENGTH_BYTES && count >= LENGTH_BYTES; i++)
        length |= (uint64_t)bytes[i] << (8 * i);
    if (count < LENGTH_BYTES || length > (uint64_t)(count - LENGTH_BYTES))
        return broken(&r, "the header is longer than the file");
    if (length > (uint64_t)ctx->limits.header_bytes)
        return dpid_fail(ctx, DEEPID_ERR_LIMIT, "'%s': the header has %llu bytes, the limit header_bytes is %lld", path, (unsigned long long)length, (long long)ctx->limits.header_bytes);
    r.data = bytes + LENGTH_BYTES + length;
    r.data_bytes = count - LENGTH_BYTES - (int64_t)length;
    json_t *header = json_loadb((const char *)bytes + LENGTH_BYTES, (size_t)length, JSON_REJECT_DUPLICATES, NULL);
    const int32_t status = header ? read_header(&r, header) : broken(&r, "the header is not JSON");
    json_decref(header);
    return status;
}

int32_t dpid_safetensors_read(deepid_ctx *ctx, const char *path, dpid_safetensors *out)
{
    *out = (dpid_safetensors){.arena = {.ctx = ctx}};
    const int32_t status = read_file(ctx, path, out);
    if (status != DEEPID_OK)
        dpid_safetensors_release(out);
    return status;
}

void dpid_safetensors_release(dpid_safetensors *file)
{
    deepid_ctx *ctx = file->arena.ctx;
    dpid_free(ctx, file->bytes);
    dpid_arena_release(&file->arena);
    *file = (dpid_safetensors){.arena = {.ctx = ctx}};
}

const dpid_file_tensor *dpid_safetensors_find(const dpid_safetensors *file, const char *name)
{
    for (int64_t i = 0; i < file->count; i++)
        if (strcmp(file->tensor[i].name, name) == 0)
            return &file->tensor[i];
    return NULL;
}

const char *dpid_safetensors_text(const dpid_safetensors *file, const char *key)
{
    for (int64_t i = 0; i < file->metadata_count; i++)
        if (strcmp(file->metadata[i].key, key) == 0)
            return file->metadata[i].value;
    return NULL;
}
