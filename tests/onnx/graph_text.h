/* ONNX files from short texts, written byte by byte without protobuf: for graphs that no exporter would make.
     in x n 3 8 8; w k 4 3 3 3; Conv c x k > y pads=1,1,1,1 group=1; out y
   in NAME EXTENTS (n: open), w NAME EXTENTS: floats, v NAME NUMBERS: integers, f NAME NUMBER: one float,
   h NAME BITS: a column of f16, t and i: as w and v, typed instead of raw, out NAME;
   all else is OP NAME INPUTS > OUTPUTS KEY=VALUES, with "-" for an input left out. A value is integers (1,1 or 1,), a
   float (f0.5) or a word ('constant). opset 9 in front of all: the operator set, else 17. */
#ifndef DPID_TESTS_GRAPH_TEXT_H
#define DPID_TESTS_GRAPH_TEXT_H

#include "support/support.h"

#include <math.h>

enum { MESSAGE_MOST = 1 << 18 };

typedef struct {
    size_t count;
    uint8_t bytes[MESSAGE_MOST];
} message;

static void put_byte(message *m, uint8_t byte)
{
    assert_true(m->count < MESSAGE_MOST);
    m->bytes[m->count++] = byte;
}

static void put_number(message *m, uint64_t value)
{
    for (; value > 0x7f; value >>= 7)
        put_byte(m, (uint8_t)(value | 0x80));
    put_byte(m, (uint8_t)value);
}

static void put_varint(message *m, int field, int64_t value)
{
    put_number(m, (uint64_t)field << 3);
    put_number(m, (uint64_t)value);
}

static void put_bytes(message *m, int field, const void *bytes, size_t count)
{
    put_number(m, (uint64_t)field << 3 | 2);
    put_number(m, count);
    for (size_t i = 0; i < count; i++)
        put_byte(m, ((const uint8_t *)bytes)[i]);
}

static void put_word(message *m, int field, const char *word)
{
    put_bytes(m, field, word, strlen(word));
}

/* ---- the messages of ONNX, by their field numbers -------------------------------------------- */

enum { MODEL_IR = 1, MODEL_GRAPH = 7, MODEL_OPSET = 8, OPSET_VERSION = 2 };
enum { GRAPH_NODE = 1, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP = 4, NODE_ATTRIBUTE = 5, NODE_DOMAIN = 7 };
enum { TENSOR_DIMS = 1, TENSOR_TYPE = 2, TENSOR_NAME = 8, TENSOR_RAW = 9, TENSOR_FLOATS = 4, TENSOR_INTS = 7 };
enum { FLOAT = 1, INT64 = 7, FLOAT16 = 10 };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_F = 2, ATTRIBUTE_I = 3, ATTRIBUTE_S = 4, ATTRIBUTE_INTS = 8, ATTRIBUTE_TYPE = 20 };

static void put_attribute(message *node, const char *name, const char *value)
{
    static message a;
    a.count = 0;
    put_word(&a, ATTRIBUTE_NAME, name);
    if (*value == '\'') {
        put_word(&a, ATTRIBUTE_S, value + 1);
        put_varint(&a, ATTRIBUTE_TYPE, 3);
    } else if (*value == 'f') {
        const float number = strtof(value + 1, NULL);
        put_number(&a, ATTRIBUTE_F << 3 | 5);
        for (size_t i = 0; i < sizeof number; i++)
            put_byte(&a, ((const uint8_t *)&number)[i]);
        put_varint(&a, ATTRIBUTE_TYPE, 1);
    } else if (!strchr(value, ',')) {
        put_varint(&a, ATTRIBUTE_I, strtoll(value, NULL, 10));
        put_varint(&a, ATTRIBUTE_TYPE, 2);
    } else {
        for (const char *p = value; p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
            if (*p)
                put_varint(&a, ATTRIBUTE_INTS, strtoll(p, NULL, 10));
        put_varint(&a, ATTRIBUTE_TYPE, 7);
    }
    put_bytes(node, NODE_ATTRIBUTE, a.bytes, a.count);
}

static void put_node(message *graph, char *op, char **rest)
{
    static message node;
    bool behind = false;
    node.count = 0;
    char *dot = strchr(op, '.');
    if (dot) {
        *dot = 0;
        put_word(&node, NODE_DOMAIN, op);
    }
    put_word(&node, NODE_OP, dot ? dot + 1 : op);
    put_word(&node, NODE_NAME, strtok_r(NULL, " ", rest));
    for (char *word; (word = strtok_r(NULL, " ", rest));) {
        char *equal = strchr(word, '=');
        if (strcmp(word, ">") == 0)
            behind = true;
        else if (!equal)
            put_word(&node, behind ? NODE_OUTPUT : NODE_INPUT, strcmp(word, "-") == 0 ? "" : word);
        else
            *equal = 0, put_attribute(&node, word, equal + 1);
    }
    put_bytes(graph, GRAPH_NODE, node.bytes, node.count);
}

static void put_tensor(message *graph, char kind, char **rest)
{
    static message t;
    t.count = 0;
    int64_t count = 1;
    int64_t numbers[16];
    int words = 0;
    put_word(&t, TENSOR_NAME, strtok_r(NULL, " ", rest));
    float scalar = 0;
    for (char *word; (word = strtok_r(NULL, " ", rest)); words++) {
        scalar = strtof(word, NULL);
        numbers[words] = strtoll(word, NULL, 0);
        count *= kind == 'w' || kind == 't' ? numbers[words] : 1;
        if (kind == 'w' || kind == 't')
            put_varint(&t, TENSOR_DIMS, numbers[words]);
    }
    put_varint(&t, TENSOR_TYPE, kind == 'v' || kind == 'i' ? INT64 : kind == 'h' ? FLOAT16 : FLOAT);
    if (kind == 'h') {
        uint16_t halves[16];
        for (int i = 0; i < words; i++)
            halves[i] = (uint16_t)numbers[i];
        put_varint(&t, TENSOR_DIMS, words);
        put_varint(&t, TENSOR_DIMS, 1);
        put_bytes(&t, TENSOR_RAW, halves, (size_t)words * sizeof *halves);
    } else if (kind == 'i') {
        put_varint(&t, TENSOR_DIMS, words);
        for (int i = 0; i < words; i++)
            put_varint(&t, TENSOR_INTS, numbers[i]);
    } else if (kind == 'v') {
        put_varint(&t, TENSOR_DIMS, words);
        put_bytes(&t, TENSOR_RAW, numbers, (size_t)words * sizeof *numbers);
    } else {
        float *values = calloc((size_t)count, sizeof *values);
        for (int64_t i = 0; i < count; i++)
            values[i] = kind == 'f' ? scalar : (float)fabs(sin(0.7 * (double)i + 0.3));
        put_bytes(&t, kind == 't' ? TENSOR_FLOATS : TENSOR_RAW, values, (size_t)count * sizeof *values);
        free(values);
    }
    put_bytes(graph, GRAPH_INITIALIZER, t.bytes, t.count);
}

static void put_value(message *graph, int field, char **rest)
{
    static message value, shape, dim, wrap;
    value.count = shape.count = wrap.count = 0;
    put_word(&value, 1, strtok_r(NULL, " ", rest));
    for (char *word; (word = strtok_r(NULL, " ", rest));) {
        dim.count = 0;
        if (*word >= '0' && *word <= '9')
            put_varint(&dim, 1, strtoll(word, NULL, 10));
        else
            put_word(&dim, 2, word);
        put_bytes(&shape, 1, dim.bytes, dim.count);
    }
    put_varint(&wrap, 1, FLOAT); /* TypeProto.Tensor: elem_type, shape; TypeProto: tensor_type */
    put_bytes(&wrap, 2, shape.bytes, shape.count);
    dim.count = 0;
    put_bytes(&dim, 1, wrap.bytes, wrap.count);
    put_bytes(&value, 2, dim.bytes, dim.count);
    put_bytes(graph, field, value.bytes, value.count);
}

/* The file of a text; borrowed like temporary's. */
static const char *graph_file(const char *text)
{
    static message graph, model, opset;
    int64_t version = 17;
    char *copy = strdup(text);
    char *items;
    graph.count = model.count = opset.count = 0;
    for (char *item = strtok_r(copy, ";", &items); item; item = strtok_r(NULL, ";", &items)) {
        char *rest;
        char *word = strtok_r(item, " ", &rest);
        if (strcmp(word, "opset") == 0)
            version = strtoll(strtok_r(NULL, " ", &rest), NULL, 10);
        else if (strcmp(word, "in") == 0 || strcmp(word, "out") == 0)
            put_value(&graph, *word == 'i' ? GRAPH_INPUT : GRAPH_OUTPUT, &rest);
        else if (strlen(word) == 1)
            put_tensor(&graph, *word, &rest);
        else
            put_node(&graph, word, &rest);
    }
    free(copy);
    put_varint(&model, MODEL_IR, 8);
    put_bytes(&model, MODEL_GRAPH, graph.bytes, graph.count);
    put_varint(&opset, OPSET_VERSION, version);
    put_bytes(&model, MODEL_OPSET, opset.bytes, opset.count);
    return put_file("graph.onnx", model.bytes, model.count);
}

#endif
