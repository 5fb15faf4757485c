/* safetensors: 8 bytes length of the header (little-endian), a JSON header, the data. Strict reader: what does not
   fit exactly is refused. Our own files begin with HEAD and a checksum of all their bytes, where the checksum's own
   place counts as BLANK. So a turned bit anywhere is found: one in HEAD itself leaves a file that is not JSON, or
   one whose deepid.format asks for a checksum that it has not. */
#include "net/net.h"
#include "net/old_text.h"

#include <stdlib.h>
#include <string.h>

#define KEY_CHECKSUM "deepid.checksum"
#define KEY_FORMAT "deepid.format"
#define KEY_NET "deepid.net"
#define FORMAT "4"
#define FORMAT_WITHOUT_CHECKSUM "3" /* of programs that write files for deepid */
#define HEAD "{\"__metadata__\":{\"" KEY_CHECKSUM "\":\""
#define BLANK "xxh3:0000000000000000"
enum {
    NAME_MAX_BYTES = 1024,
    LENGTH_BYTES = 8,
    HEAD_BYTES = sizeof HEAD - 1,
    CHECKSUM_AT = LENGTH_BYTES + HEAD_BYTES,
    CHECKSUM_END = CHECKSUM_AT + DPID_CHECKSUM_BYTES
};

/* All of the format; those without a number of ours are only ever left aside. Bits, because some are smaller than a
   byte. */
static const struct {
    const char *word;
    int32_t bits, dtype;
} dtypes[] = {{"F32", 32, DEEPID_F32}, {"F64", 64, DEEPID_F64}, {"U8", 8, DEEPID_U8},    {"I8", 8, DEEPID_I8},
              {"U16", 16, DEEPID_U16}, {"I16", 16, DEEPID_I16}, {"I32", 32, DEEPID_I32}, {"I64", 64, DEEPID_I64},
              {"BOOL", 8, 0},          {"F16", 16, 0},          {"BF16", 16, 0},         {"U32", 32, 0},
              {"U64", 64, 0},          {"C64", 64, 0},          {"F8_E5M2", 8, 0},       {"F8_E4M3", 8, 0},
              {"F8_E8M0", 8, 0},       {"F6_E2M3", 6, 0},       {"F6_E3M2", 6, 0},       {"F4", 4, 0}};
enum { DTYPES = sizeof dtypes / sizeof *dtypes };

static const char *dtype_word(int32_t dtype)
{
    for (int i = 0; i < DTYPES; i++)
        if (dtypes[i].dtype == dtype)
            return dtypes[i].word;
    return "";
}

/* 1 and 2 are 3 and 4 of a deepid whose texts of nets meant another padding (old_text.c). */
static const struct {
    const char *word;
    bool checksum, old_text;
} formats[] = {{"1", false, true}, {"2", true, true}, {FORMAT_WITHOUT_CHECKSUM, false, false}, {FORMAT, true, false}};
enum { FORMATS = sizeof formats / sizeof *formats };

/* FORMATS: none of them. */
static int format_of(const dpid_safetensors *file)
{
    const char *word = dpid_safetensors_text(file, KEY_FORMAT);
    int i = 0;
    while (i < FORMATS && (!word || strcmp(word, formats[i].word) != 0))
        i++;
    return i;
}

/* ---- writing ---------------------------------------------------------------------- */

static int64_t tensor_bytes(const dpid_file_tensor *t)
{
    int64_t count = 1;
    (void)dpid_product(t->rank, t->extents, &count); /* it lies in memory */
    return count * dpid_dtype_bytes(t->dtype);
}

static void add_text(dpid_string *s, const char *key, const char *value)
{
    dpid_string_add(s, ",");
    dpid_string_json(s, key);
    dpid_string_add(s, ":");
    dpid_string_json(s, value);
}

static void header_text(dpid_string *s, const dpid_file_tensor *tensors, int64_t count, const dpid_file_text *metadata,
                        int64_t metadata_count)
{
    int64_t offset = 0;
    dpid_string_add(s, HEAD BLANK "\"");
    add_text(s, KEY_FORMAT, FORMAT);
    for (int64_t i = 0; i < metadata_count; i++)
        add_text(s, metadata[i].key, metadata[i].value);
    dpid_string_add(s, "}");
    for (int64_t i = 0; i < count; i++) {
        dpid_string_add(s, ",");
        dpid_string_json(s, tensors[i].name);
        dpid_string_format(s, ":{\"dtype\":\"%s\",\"shape\":[", dtype_word(tensors[i].dtype));
        for (int32_t axis = 0; axis < tensors[i].rank; axis++)
            dpid_string_format(s, "%s%lld", axis ? "," : "", (long long)tensors[i].extents[axis]);
        dpid_string_format(s, "],\"data_offsets\":[%lld,%lld]}", (long long)offset,
                           (long long)(offset + tensor_bytes(&tensors[i])));
        offset += tensor_bytes(&tensors[i]);
    }
    dpid_string_add(s, "}");
    while (s->status == DEEPID_OK && s->length % LENGTH_BYTES)
        dpid_string_add(s, " ");
}

/* The file in order: length, header, data of each tensor. */
static void list_parts(const uint8_t *length, const dpid_string *header, const dpid_file_tensor *tensors, int64_t count,
                       dpid_piece *parts)
{
    parts[0] = (dpid_piece){length, LENGTH_BYTES};
    parts[1] = (dpid_piece){header->text, header->length};
    for (int64_t i = 0; i < count; i++)
        parts[2 + i] = (dpid_piece){tensors[i].data, tensor_bytes(&tensors[i])};
}

static int32_t write_parts(deepid_ctx *ctx, const char *path, const dpid_piece *parts, int64_t count)
{
    dpid_writer writer = {.ctx = ctx, .fd = -1};
    int32_t status = dpid_writer_open(ctx, path, &writer);
    for (int64_t i = 0; i < count && status == DEEPID_OK; i++)
        status = dpid_writer_write(&writer, parts[i].data, parts[i].bytes);
    if (status == DEEPID_OK)
        status = dpid_writer_commit(&writer);
    dpid_writer_discard(&writer);
    return status;
}

static int32_t write_file(deepid_ctx *ctx, const char *path, dpid_string *header, const dpid_file_tensor *tensors,
                          int64_t count)
{
    uint8_t length[LENGTH_BYTES];
    dpid_piece *parts = NULL;
    if (header->length > ctx->limits.header_bytes)
        return dpid_fail(ctx, DEEPID_ERR_LIMIT,
                         "'%s': the header would have %lld bytes, the limit header_bytes is %lld", path,
                         (long long)header->length, (long long)ctx->limits.header_bytes);
    DPID_TRY(dpid_alloc(ctx, count + 2, sizeof *parts, path, &parts));
    for (int i = 0; i < LENGTH_BYTES; i++)
        length[i] = (uint8_t)((uint64_t)header->length >> (8 * i));
    list_parts(length, header, tensors, count, parts);
    memcpy(header->text + HEAD_BYTES, dpid_checksum_of(parts, count + 2).text, DPID_CHECKSUM_BYTES);
    const int32_t status = write_parts(ctx, path, parts, count + 2);
    dpid_free(ctx, parts);
    return status;
}

int32_t dpid_safetensors_write(deepid_ctx *ctx, const char *path, const dpid_file_tensor *tensors, int64_t count,
                               const dpid_file_text *metadata, int64_t metadata_count)
{
    dpid_string header = {.ctx = ctx};
    header_text(&header, tensors, count, metadata, metadata_count);
    const int32_t status = header.status == DEEPID_OK ? write_file(ctx, path, &header, tensors, count) : header.status;
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

static int32_t read_shape(const reader *r, const dpid_json *entry, dpid_file_tensor *t)
{
    const dpid_json *shape = dpid_json_get(entry, "shape");
    if (!dpid_json_is_array(shape) || dpid_json_count(shape) > INT32_MAX)
        return broken(r, "a shape is not a list of numbers");
    t->rank = (int32_t)dpid_json_count(shape);
    t->count = 1;
    for (int32_t axis = 0; axis < t->rank; axis++) {
        int64_t extent;
        if (!dpid_json_int(dpid_json_at(shape, axis), &extent) || extent < 0)
            return broken(r, "an extent is not a number of 0 or more");
        if (axis < DPID_RANK_MAX)
            t->extents[axis] = extent;
        if (!dpid_mul(t->count, extent, &t->count))
            return broken(r, "data_offsets do not fit the shape or the file");
    }
    return DEEPID_OK;
}

/* A dtype of tomorrow is taken to be what its offsets say. */
static bool fits_dtype(const dpid_file_tensor *t)
{
    int64_t bits = 0;
    for (int i = 0; i < DTYPES; i++)
        if (strcmp(t->word, dtypes[i].word) == 0)
            return dpid_mul(t->count, dtypes[i].bits, &bits) && bits % 8 == 0 && bits / 8 == t->bytes;
    return true;
}

static int32_t read_dtype(const reader *r, const dpid_json *entry, dpid_file_tensor *t)
{
    const char *word = dpid_json_string(dpid_json_get(entry, "dtype"));
    char *copy = NULL;
    if (!word)
        return broken(r, "a dtype is not a text");
    for (int i = 0; i < DTYPES; i++)
        if (strcmp(word, dtypes[i].word) == 0)
            t->dtype = dtypes[i].dtype;
    DPID_TRY(dpid_arena_text(&r->out->arena, word, (int64_t)strlen(word), &copy));
    t->word = copy;
    return DEEPID_OK;
}

static int32_t read_tensor(const reader *r, const char *name, const dpid_json *entry, dpid_file_tensor *t)
{
    const dpid_json *offsets = dpid_json_get(entry, "data_offsets");
    char *copy = NULL;
    int64_t begin;
    int64_t end;
    if (!dpid_json_is_object(entry) || dpid_json_count(entry) != 3 || strlen(name) > NAME_MAX_BYTES)
        return broken(r, "an entry is not {dtype, shape, data_offsets}");
    DPID_TRY(read_dtype(r, entry, t));
    DPID_TRY(read_shape(r, entry, t));
    if (dpid_json_count(offsets) != 2 || !dpid_json_int(dpid_json_at(offsets, 0), &begin) ||
        !dpid_json_int(dpid_json_at(offsets, 1), &end))
        return broken(r, "data_offsets is not a pair of numbers");
    t->bytes = end - begin;
    if (begin < 0 || end < begin || end > r->data_bytes || !fits_dtype(t))
        return broken(r, "data_offsets do not fit the shape or the file");
    t->data = r->data + begin;
    DPID_TRY(dpid_arena_text(&r->out->arena, name, (int64_t)strlen(name), &copy));
    t->name = copy;
    return DEEPID_OK;
}

static int32_t read_metadata(const reader *r, const dpid_json *metadata)
{
    const dpid_json *value;
    if (!dpid_json_is_object(metadata))
        return broken(r, "__metadata__ is not an object");
    DPID_TRY(dpid_arena_alloc(&r->out->arena, dpid_json_count(metadata), sizeof *r->out->metadata, r->path,
                              &r->out->metadata));
    for (const char *key = NULL; (value = dpid_json_next(metadata, &key));) {
        const char *text = dpid_json_string(value);
        char *key_copy = NULL;
        char *copy = NULL;
        if (!text)
            return broken(r, "a value of __metadata__ is not a text");
        DPID_TRY(dpid_arena_text(&r->out->arena, key, (int64_t)strlen(key), &key_copy));
        DPID_TRY(dpid_arena_text(&r->out->arena, text, (int64_t)strlen(text), &copy));
        r->out->metadata[r->out->metadata_count++] = (dpid_file_text){key_copy, copy};
    }
    return DEEPID_OK;
}

static int compare_data(const void *a, const void *b)
{
    const dpid_file_tensor *x = a;
    const dpid_file_tensor *y = b;
    const char *at_x = x->data;
    const char *at_y = y->data;
    return at_x != at_y ? (at_x > at_y) - (at_x < at_y) : (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

/* Every byte belongs to one tensor: no hole, no overlap, the last ends where the file does. */
static int32_t check_cover(const reader *r)
{
    int64_t at = 0;
    qsort(r->out->tensor, (size_t)r->out->count, sizeof *r->out->tensor, compare_data);
    for (int64_t i = 0; i < r->out->count; i++) {
        if ((const uint8_t *)r->out->tensor[i].data != r->data + at)
            return broken(r, "the tensors overlap or leave a hole");
        at += r->out->tensor[i].bytes;
    }
    return at == r->data_bytes ? DEEPID_OK : broken(r, "bytes are left behind the last tensor");
}

static int32_t read_header(const reader *r, const dpid_json *header)
{
    const dpid_json *entry;
    if (!dpid_json_is_object(header))
        return broken(r, "the header is not an object");
    DPID_TRY(dpid_arena_alloc(&r->out->arena, dpid_json_count(header) + 1, sizeof *r->out->tensor, r->path,
                              &r->out->tensor));
    for (const char *name = NULL; (entry = dpid_json_next(header, &name));) {
        if (strcmp(name, "__metadata__") == 0)
            DPID_TRY(read_metadata(r, entry));
        else
            DPID_TRY(read_tensor(r, name, entry, &r->out->tensor[r->out->count++]));
    }
    return check_cover(r);
}

static int32_t parse_header(const reader *r, const char *text, int64_t bytes)
{
    dpid_json_text header;
    DPID_TRY(dpid_json_read(r->ctx, text, bytes, &header));
    const int32_t status =
        header.root ? read_header(r, header.root)
                    : dpid_fail(r->ctx, DEEPID_ERR_FORMAT, "'%s' is not a complete safetensors file: the header: %s",
                                r->path, header.why);
    dpid_json_release(&header);
    return status;
}

/* ---- the checksum ------------------------------------------------------------------------ */

static bool begins_as_ours(const uint8_t *bytes, int64_t count)
{
    return count >= CHECKSUM_END && memcmp(bytes + LENGTH_BYTES, HEAD, HEAD_BYTES) == 0;
}

static int32_t check_sum(const reader *r, const uint8_t *bytes, int64_t count)
{
    const dpid_piece parts[] = {
        {bytes, CHECKSUM_AT}, {BLANK, DPID_CHECKSUM_BYTES}, {bytes + CHECKSUM_END, count - CHECKSUM_END}};
    const dpid_checksum found = dpid_checksum_of(parts, 3);
    if (memcmp(bytes + CHECKSUM_AT, found.text, DPID_CHECKSUM_BYTES) == 0)
        return DEEPID_OK;
    return dpid_fail(r->ctx, DEEPID_ERR_FORMAT,
                     "'%s' is damaged, or changed by a program that kept its metadata: its content has the checksum "
                     "%s, its metadata say %.*s",
                     r->path, found.text, DPID_CHECKSUM_BYTES, (const char *)bytes + CHECKSUM_AT);
}

static int32_t check_format(const reader *r)
{
    const char *word = dpid_safetensors_text(r->out, KEY_FORMAT);
    if (!word || format_of(r->out) < FORMATS)
        return DEEPID_OK;
    return dpid_fail(r->ctx, DEEPID_ERR_FORMAT, "'%s' has format '%s', expected 1 to " FORMAT, r->path, word);
}

/* Of a file that does not begin as ours do. */
static int32_t check_foreign(const reader *r)
{
    const int format = format_of(r->out);
    if (dpid_safetensors_text(r->out, KEY_CHECKSUM))
        return dpid_fail(r->ctx, DEEPID_ERR_FORMAT,
                         "'%s' was written anew by another program, so its " KEY_CHECKSUM
                         " says nothing: leave it out and make " KEY_FORMAT " " FORMAT_WITHOUT_CHECKSUM,
                         r->path);
    if (format < FORMATS && formats[format].checksum)
        return dpid_fail(r->ctx, DEEPID_ERR_FORMAT,
                         "'%s' is damaged: a file of " KEY_FORMAT " %s has a " KEY_CHECKSUM
                         " in front, and this has none",
                         r->path, formats[format].word);
    return check_format(r);
}

static int32_t read_file(deepid_ctx *ctx, const char *path, dpid_safetensors *out)
{
    int64_t count = 0;
    DPID_TRY(dpid_file_read(ctx, path, &out->bytes, &count));
    const uint8_t *bytes = out->bytes;
    const bool ours = begins_as_ours(bytes, count);
    reader r = {.ctx = ctx, .path = path, .out = out};
    uint64_t length = 0;
    for (int i = 0; i < LENGTH_BYTES && count >= LENGTH_BYTES; i++)
        length |= (uint64_t)bytes[i] << (8 * i);
    if (ours)
        DPID_TRY(check_sum(&r, bytes, count));
    if (count < LENGTH_BYTES || length > (uint64_t)(count - LENGTH_BYTES))
        return broken(&r, "the header is longer than the file");
    if (length > (uint64_t)ctx->limits.header_bytes)
        return dpid_fail(ctx, DEEPID_ERR_LIMIT, "'%s': the header has %llu bytes, the limit header_bytes is %lld", path,
                         (unsigned long long)length, (long long)ctx->limits.header_bytes);
    r.data = bytes + LENGTH_BYTES + length;
    r.data_bytes = count - LENGTH_BYTES - (int64_t)length;
    DPID_TRY(parse_header(&r, (const char *)bytes + LENGTH_BYTES, (int64_t)length));
    return ours ? check_format(&r) : check_foreign(&r);
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

int32_t dpid_safetensors_net(dpid_safetensors *file, const char **out)
{
    const int format = format_of(file);
    *out = dpid_safetensors_text(file, KEY_NET);
    if (!*out || format == FORMATS || !formats[format].old_text)
        return DEEPID_OK;
    return dpid_net_renew_text(&file->arena, *out, out);
}
