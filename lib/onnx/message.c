/* Messages of protobuf looked through without unpacking them. What protobuf-c cannot be trusted with is refused here:
   it goes as deep as the bytes ask for, and it takes a message that comes twice for two halves of one. */
#include "onnx/onnx.h"

enum {
    DEPTH_MOST = 10, /* a tensor of an attribute of a node of a graph lies 5 deep, a named extent of a type 7 */
    VARINT_BYTES = 10,
    WIRE_BITS = 3,
    WIRE_MASK = 7
};
enum { VARINT = 0, FIXED64 = 1, LENGTH = 2, FIXED32 = 5 };

typedef struct {
    deepid_ctx *ctx;
    const char *path;
    const uint8_t *begin;
} looker;

static int32_t broken(const looker *l, const uint8_t *at, const char *what)
{
    return dpid_fail(l->ctx, DEEPID_ERR_FORMAT, "'%s' is not a complete ONNX file: %s at byte %lld", l->path, what,
                     (long long)(at - l->begin));
}

static bool take_varint(const uint8_t **at, const uint8_t *end, uint64_t *out)
{
    *out = 0;
    for (int i = 0; i < VARINT_BYTES && *at < end; i++) {
        const uint8_t byte = *(*at)++;
        *out |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessageDescriptor *message, uint64_t number)
{
    return number <= UINT32_MAX ? protobuf_c_message_descriptor_get_field(message, (unsigned)number) : NULL;
}

static int32_t look(const looker *l, const ProtobufCMessageDescriptor *message, const uint8_t *at, const uint8_t *end,
                    int32_t depth);

/* A message inside; of those that come once only, seen has a bit for each. */
static int32_t look_inside(const looker *l, const ProtobufCMessageDescriptor *message,
                           const ProtobufCFieldDescriptor *field, uint64_t *seen, const uint8_t *at, uint64_t bytes,
                           int32_t depth)
{
    const uint64_t bit = (uint64_t)1 << (field - message->fields);
    if (field->label != PROTOBUF_C_LABEL_REPEATED && *seen & bit)
        return broken(l, at, "a message comes twice");
    *seen |= bit;
    if (depth == DEPTH_MOST)
        return broken(l, at, "messages in messages, more than any graph of ours needs,");
    return look(l, field->descriptor, at, at + bytes, depth + 1);
}

static int32_t look(const looker *l, const ProtobufCMessageDescriptor *message, const uint8_t *at, const uint8_t *end,
                    int32_t depth)
{
    uint64_t seen = 0; /* messages of ONNX have less than 64 fields */
    while (at < end) {
        const uint8_t *start = at;
        uint64_t tag;
        uint64_t bytes = 0;
        if (!take_varint(&at, end, &tag) || tag >> WIRE_BITS == 0)
            return broken(l, start, "no field");
        const ProtobufCFieldDescriptor *field = field_of(message, tag >> WIRE_BITS);
        const int wire = (int)(tag & WIRE_MASK);
        if (wire == VARINT ? !take_varint(&at, end, &tag) : wire == LENGTH && !take_varint(&at, end, &bytes))
            return broken(l, start, "a number without an end");
        bytes = wire == FIXED64 ? sizeof(int64_t) : wire == FIXED32 ? sizeof(int32_t) : bytes;
        if (wire > FIXED32 || (wire > LENGTH && wire < FIXED32) || bytes > (uint64_t)(end - at))
            return broken(l, start, "a field that is cut off or of no known kind");
        if (field && wire == LENGTH && field->type == PROTOBUF_C_TYPE_MESSAGE)
            DPID_TRY(look_inside(l, message, field, &seen, at, bytes, depth));
        at += bytes;
    }
    return DEEPID_OK;
}

int32_t dpid_onnx_check_depth(deepid_ctx *ctx, const char *path, const uint8_t *bytes, int64_t count)
{
    const looker l = {ctx, path, bytes};
    if (count == 0)
        return broken(&l, bytes, "nothing");
    return look(&l, &onnx__model_proto__descriptor, bytes, bytes + count, 0);
}
