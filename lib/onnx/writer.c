/* Making the messages of an ONNX graph. */
#include "onnx/save.h"

#include <string.h>

/* Zeros of the arena, or NULL after a failure. */
static void *take(dpid_onnx_writer *w, int64_t count, int64_t size)
{
    void *out = NULL;
    if (w->status == DEEPID_OK)
        w->status = dpid_arena_alloc(w->arena, count, size, "ONNX graph", &out);
    return w->status == DEEPID_OK ? out : NULL;
}

/* Protobuf-c's fields are not const; what they point to is only read. */
static char *lend(const char *text)
{
    union {
        const char *in;
        char *out;
    } u = {text};
    return u.out;
}

static char *keep(dpid_onnx_writer *w, const char *text)
{
    const size_t bytes = strlen(text) + 1;
    char *copy = take(w, (int64_t)bytes, 1);
    return copy ? memcpy(copy, text, bytes) : NULL;
}

void dpid_onnx_writer_start(dpid_onnx_writer *w, int64_t nodes, int64_t initializers)
{
    onnx__graph_proto__init(&w->graph);
    w->graph.node = take(w, nodes, sizeof *w->graph.node);
    w->graph.initializer = take(w, initializers, sizeof *w->graph.initializer);
}

const char *dpid_onnx_join_name(dpid_onnx_writer *w, const char *name, const char *what)
{
    dpid_string s = {.ctx = w->ctx};
    dpid_string_format(&s, "%s.%s", name, what);
    const char *joined = s.status == DEEPID_OK ? keep(w, s.text) : NULL;
    if (w->status == DEEPID_OK)
        w->status = s.status;
    dpid_string_release(&s);
    return joined ? joined : "";
}

/* ---- nodes ----------------------------------------------------------------------------------- */

dpid_onnx_node *dpid_onnx_add_node(dpid_onnx_writer *w, const char *op, const char *name, const char *const *inputs,
                                   const char *output)
{
    dpid_onnx_node *node = take(w, 1, sizeof *node);
    char **in = take(w, DPID_ONNX_INPUTS, sizeof *in);
    char **out = take(w, 1, sizeof *out);
    dpid_onnx_attribute **attributes = take(w, DPID_ONNX_ATTRIBUTES, sizeof *attributes);
    if (!attributes)
        return NULL;
    onnx__node_proto__init(node);
    node->op_type = lend(op);
    node->name = lend(name);
    node->input = in;
    node->output = out;
    node->attribute = attributes;
    for (; inputs[node->n_input]; node->n_input++)
        in[node->n_input] = lend(inputs[node->n_input]);
    out[node->n_output++] = lend(output);
    w->graph.node[w->graph.n_node++] = node;
    return node;
}

static dpid_onnx_attribute *add_attribute(dpid_onnx_writer *w, dpid_onnx_node *node, const char *name,
                                          Onnx__AttributeProto__AttributeType type)
{
    dpid_onnx_attribute *a = take(w, 1, sizeof *a);
    if (!a || !node)
        return NULL;
    onnx__attribute_proto__init(a);
    a->name = lend(name);
    a->has_type = true;
    a->type = type;
    node->attribute[node->n_attribute++] = a;
    return a;
}

void dpid_onnx_add_int(dpid_onnx_writer *w, dpid_onnx_node *node, const char *name, int64_t value)
{
    dpid_onnx_attribute *a = add_attribute(w, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    if (!a)
        return;
    a->has_i = true;
    a->i = value;
}

void dpid_onnx_add_ints(dpid_onnx_writer *w, dpid_onnx_node *node, const char *name, const int64_t *values,
                        int32_t count)
{
    dpid_onnx_attribute *a = add_attribute(w, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    int64_t *copy = take(w, count, sizeof *copy);
    if (!a || !copy)
        return;
    a->ints = memcpy(copy, values, (size_t)count * sizeof *copy);
    a->n_ints = (size_t)count;
}

void dpid_onnx_add_float(dpid_onnx_writer *w, dpid_onnx_node *node, const char *name, double value)
{
    dpid_onnx_attribute *a = add_attribute(w, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    if (!a)
        return;
    a->has_f = true;
    a->f = (float)value;
}

void dpid_onnx_add_word(dpid_onnx_writer *w, dpid_onnx_node *node, const char *name, const char *value)
{
    dpid_onnx_attribute *a = add_attribute(w, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);
    char *copy = keep(w, value);
    if (!a || !copy)
        return;
    a->has_s = true;
    a->s = (ProtobufCBinaryData){strlen(value), (uint8_t *)copy};
}

/* ---- initializers ---------------------------------------------------------------------------- */

int32_t dpid_onnx_real(const deepid_net *net)
{
    return net->precision == DPID_P32 ? ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT : ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE;
}

void *dpid_onnx_add_tensor(dpid_onnx_writer *w, const char *name, int32_t dtype, const int64_t *extents, int32_t rank,
                           const void *data)
{
    const int64_t size = dtype == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT ? sizeof(float) : sizeof(int64_t);
    union {
        const void *in;
        uint8_t *out;
    } u = {data};
    int64_t count = 1;
    dpid_onnx_tensor *t = take(w, 1, sizeof *t);
    int64_t *dims = take(w, rank, sizeof *dims);
    (void)dpid_product(rank, extents, &count); /* it lies in memory */
    if (!data)
        u.out = take(w, count, size);
    if (w->status != DEEPID_OK)
        return NULL;
    onnx__tensor_proto__init(t);
    t->name = lend(name);
    t->has_data_type = true;
    t->data_type = dtype;
    t->n_dims = (size_t)rank;
    t->dims = memcpy(dims, extents, (size_t)rank * sizeof *dims);
    t->has_raw_data = true;
    t->raw_data = (ProtobufCBinaryData){(size_t)(count * size), u.out};
    w->graph.initializer[w->graph.n_initializer++] = t;
    return u.out;
}

const char *dpid_onnx_add_integers(dpid_onnx_writer *w, const char *name, const int64_t *values, int32_t count)
{
    const int64_t extent = count;
    int64_t *to = dpid_onnx_add_tensor(w, name, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, &extent, 1, NULL);
    if (to)
        memcpy(to, values, (size_t)count * sizeof *to);
    return name;
}

const char *dpid_onnx_add_number(dpid_onnx_writer *w, const char *name, double value)
{
    const int64_t none = 1;
    void *to = dpid_onnx_add_tensor(w, name, dpid_onnx_real(w->net), &none, 0, NULL);
    if (to)
        dpid_store(w->net->precision, to, 0, value);
    return name;
}

/* ---- inputs and outputs ---------------------------------------------------------------------- */

/* 0: the samples, whose number stays open. */
static Onnx__TensorShapeProto__Dimension *dimension(dpid_onnx_writer *w, int64_t extent)
{
    Onnx__TensorShapeProto__Dimension *d = take(w, 1, sizeof *d);
    if (!d)
        return NULL;
    onnx__tensor_shape_proto__dimension__init(d);
    if (extent > 0) {
        d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        d->dim_value = extent;
    } else {
        d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
        d->dim_param = lend("n");
    }
    return d;
}

static Onnx__TensorShapeProto *shape_of(dpid_onnx_writer *w, const dpid_shape *shape)
{
    const int64_t *e = shape->extent;
    const int64_t planes[] = {0, e[shape->rank - 1], e[0], e[1]};
    Onnx__TensorShapeProto *out = take(w, 1, sizeof *out);
    Onnx__TensorShapeProto__Dimension **dims = take(w, 1 + shape->rank, sizeof *dims);
    if (!dims)
        return NULL;
    onnx__tensor_shape_proto__init(out);
    out->dim = dims;
    for (int32_t i = 0; i <= shape->rank; i++)
        out->dim[out->n_dim++] = dimension(w, planes[i]);
    if (shape->rank == 2 && w->status == DEEPID_OK) /* [n, h, w] looks the same */
        out->dim[1]->denotation = lend(DPID_ONNX_CHANNEL);
    return out;
}

Onnx__ValueInfoProto *dpid_onnx_value_info(dpid_onnx_writer *w, const char *name, const dpid_shape *shape)
{
    Onnx__ValueInfoProto *info = take(w, 1, sizeof *info);
    Onnx__TypeProto *type = take(w, 1, sizeof *type);
    Onnx__TypeProto__Tensor *tensor = take(w, 1, sizeof *tensor);
    Onnx__TensorShapeProto *extents = shape_of(w, shape);
    if (w->status != DEEPID_OK)
        return NULL;
    onnx__value_info_proto__init(info);
    onnx__type_proto__init(type);
    onnx__type_proto__tensor__init(tensor);
    tensor->has_elem_type = true;
    tensor->elem_type = dpid_onnx_real(w->net);
    tensor->shape = extents;
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    info->name = lend(name);
    info->type = type;
    return info;
}
