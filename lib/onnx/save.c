/* A net to an ONNX file: a node or a few for each step, its numbers as initializers. Pictures are by planes there, as
   ONNX has them. */
#include "onnx/save.h"

#include <deepid/context.h>
#include <deepid/onnx.h>

/* out = branch + s skip */
static void write_join(dpid_onnx_writer *w, const dpid_step *step)
{
    const char *out = w->net->value[step->out].name;
    const char *branch = w->net->value[step->in].name;
    const char *skip = w->net->value[step->skip].name;
    if (step->s != 1) {
        const char *scaled = dpid_onnx_join_name(w, out, "skip");
        const char *s = dpid_onnx_add_number(w, dpid_onnx_join_name(w, out, "s"), step->s);
        dpid_onnx_add_node(w, "Mul", scaled, (const char *const[]){skip, s, NULL}, scaled);
        skip = scaled;
    }
    dpid_onnx_add_node(w, "Add", out, (const char *const[]){branch, skip, NULL}, out);
}

/* out = in skip */
static void write_gate(dpid_onnx_writer *w, const dpid_step *step)
{
    const char *out = w->net->value[step->out].name;
    dpid_onnx_add_node(w, "Mul", out,
                       (const char *const[]){w->net->value[step->in].name, w->net->value[step->skip].name, NULL}, out);
}

static int32_t write_steps(dpid_onnx_writer *w)
{
    for (int32_t i = 0; i < w->net->steps && w->status == DEEPID_OK; i++) {
        const dpid_step *step = &w->net->step[i];
        if (step->type == DPID_STEP_JOIN)
            write_join(w, step);
        else if (step->type == DPID_STEP_GATE)
            write_gate(w, step);
        else
            DPID_TRY(
                dpid_onnx_write_layer(w, step->layer, w->net->value[step->in].name, w->net->value[step->out].name));
    }
    return w->status;
}

static int32_t write_model(dpid_onnx_writer *w, const char *path)
{
    static char producer[] = "deepid";
    static char empty[] = "";
    enum { IR_VERSION = 8 };
    Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
    Onnx__OperatorSetIdProto opset = ONNX__OPERATOR_SET_ID_PROTO__INIT;
    Onnx__OperatorSetIdProto *opsets[] = {&opset};
    opset.domain = empty;
    opset.has_version = true;
    opset.version = w->opset;
    model.has_ir_version = true;
    model.ir_version = IR_VERSION;
    model.producer_name = producer;
    model.n_opset_import = 1;
    model.opset_import = opsets;
    model.graph = &w->graph;
    return dpid_onnx_write(w->ctx, path, &model);
}

static int32_t write_net(const deepid_net *net, dpid_arena *arena, const char *path)
{
    enum { NODES = 6, INITIALIZERS = 8 }; /* the most of one step */
    const dpid_value_info *last = &net->value[net->step[net->steps - 1].out];
    dpid_onnx_writer w = {.ctx = net->head.ctx, .arena = arena, .net = net, .opset = 0};
    static char name[] = "net";
    dpid_onnx_writer_start(&w, (int64_t)net->steps * NODES, (int64_t)net->steps * INITIALIZERS);
    Onnx__ValueInfoProto *in[] = {dpid_onnx_value_info(&w, net->value[0].name, &net->value[0].shape)};
    Onnx__ValueInfoProto *out[] = {dpid_onnx_value_info(&w, last->name, &last->shape)};
    DPID_TRY(w.status);
    w.graph.name = name;
    w.graph.n_input = 1;
    w.graph.input = in;
    w.graph.n_output = 1;
    w.graph.output = out;
    DPID_TRY(write_steps(&w));
    return write_model(&w, path);
}

static int32_t save(const deepid_net *net, const char *path)
{
    dpid_arena arena = {.ctx = net->head.ctx};
    if (!path)
        return dpid_fail(net->head.ctx, DEEPID_ERR_ARGUMENT, "net: path is NULL");
    if (net->storage.on)
        dpid_log(net->head.ctx, 2, "'%s': the net's storage, %s, is left out: the layers of the file compute in f32",
                 path, net->storage_text);
    const int32_t status = write_net(net, &arena, path);
    dpid_arena_release(&arena);
    return status;
}

int32_t deepid_net_save_onnx(const deepid_net *net, const char *path)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, save(net, path));
}
