/* ONNX files that are cut, changed or made to hurt: refused with a sentence, or read; never more than that. */
#include "graph_text.h"

#include "net/net.h"

static const char *kept(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, DEEPID_TESTS "/onnx/files/%s", name);
    return path;
}

/* A new file each time: some file systems wait for the disk when one is written over. */
static const char *put_new(const char *name, const void *bytes, size_t count)
{
    remove(temporary(name));
    return put_file(name, bytes, count);
}

static int32_t load(deepid_ctx *ctx, const char *path)
{
    deepid_net *net = NULL;
    const int32_t status = deepid_net_load_onnx(ctx, path, &net);
    assert_true((net != NULL) == (status == DEEPID_OK));
    if (status != DEEPID_OK && (status == DEEPID_ERR_MEMORY || !strstr(deepid_ctx_error(ctx), ".onnx'")))
        fail_msg("%s: %s", deepid_status_name(status), deepid_ctx_error(ctx));
    deepid_net_destroy(net);
    return status;
}

/* Where the file ends with what nobody needs, a cut may still be a file. */
static void every_cut_is_refused_or_read(void **state)
{
    (void)state;
    size_t bytes;
    int32_t taken = 0;
    deepid_ctx *ctx = new_ctx(1);
    char *file = read_bytes(kept("flat_script.onnx"), &bytes);
    for (size_t cut = 0; cut < bytes; cut++)
        taken += load(ctx, put_new("cut.onnx", file, cut)) == DEEPID_OK;
    assert_true(taken <= 2);
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    free(file);
    deepid_ctx_destroy(ctx);
}

/* Each byte in three ways: a bit, all bits, and gone. */
static void every_changed_byte_is_refused_or_read(void **state)
{
    (void)state;
    size_t bytes;
    deepid_ctx *ctx = new_ctx(1);
    OK(deepid_ctx_set_limit(ctx, "memory_bytes", 64 << 20));
    OK(deepid_ctx_set_limit(ctx, "tensor_elements", 1 << 20));
    char *file = read_bytes(kept("mlp_dynamo.onnx"), &bytes);
    for (size_t at = 0; at < bytes; at++) {
        const char was = file[at];
        file[at] ^= (char)(1 << at % 8);
        (void)load(ctx, put_new("turned.onnx", file, bytes));
        file[at] = (char)~was;
        (void)load(ctx, put_new("turned.onnx", file, bytes));
        file[at] = was;
    }
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    free(file);
    deepid_ctx_destroy(ctx);
}

/* Graphs in attributes of nodes of graphs: protobuf-c would take as much stack as there are bytes. */
static void messages_without_end_are_refused(void **state)
{
    (void)state;
    enum { DEPTH = 3000 };
    static message inner, outer;
    static const int fields[] = {6, NODE_ATTRIBUTE, GRAPH_NODE}; /* AttributeProto.g, NodeProto, GraphProto */
    deepid_ctx *ctx = new_ctx(1);
    inner.count = 0;
    put_word(&inner, NODE_NAME, "deep");
    for (int i = 0; i < DEPTH; i++) {
        outer.count = 0;
        put_bytes(&outer,
                  fields[(DEPTH - 1 - i) % 3 == 0   ? 2
                         : (DEPTH - 1 - i) % 3 == 1 ? 1
                                                    : 0],
                  inner.bytes, inner.count);
        inner = outer;
    }
    outer.count = 0;
    put_bytes(&outer, MODEL_GRAPH, inner.bytes, inner.count);
    deepid_net *net = NULL;
    REFUSED(deepid_net_load_onnx(ctx, put_file("deep.onnx", outer.bytes, outer.count), &net), DEEPID_ERR_FORMAT,
            "messages in messages");
    deepid_ctx_destroy(ctx);
}

/* Two bytes a node: unpacked they are sixty times as much. */
static void many_empty_messages_are_refused(void **state)
{
    (void)state;
    enum { NODES = 100000 };
    static message graph, model;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    graph.count = model.count = 0;
    for (int i = 0; i < NODES; i++)
        put_bytes(&graph, GRAPH_NODE, "", 0);
    put_bytes(&model, MODEL_GRAPH, graph.bytes, graph.count);
    REFUSED(deepid_net_load_onnx(ctx, put_file("empty.onnx", model.bytes, model.count), &net), DEEPID_ERR_FORMAT,
            "would take more than 16 times its");
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

/* What a graph asks for and the file does not hold meets the limits of the context. */
static void numbers_that_are_not_there_are_limited(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    static const char graph[] = "in x n 4000; v s 4000 4000; ConstantOfShape k s > w; Gemm g x w > y; out y";
    OK(deepid_ctx_set_limit(ctx, "memory_bytes", 16 << 20));
    REFUSED(deepid_net_load_onnx(ctx, graph_file(graph), &net), DEEPID_ERR_LIMIT, "limit memory_bytes");
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

/* Rows of no numbers, joined: each of twenty names eight times the one before. */
static void names_that_multiply_are_bounded(void **state)
{
    (void)state;
    static char text[8192] = "in x n 4 6 6; v v0; ";
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    for (int i = 1; i <= 20; i++) {
        sprintf(text + strlen(text), "Concat a%d", i);
        for (int k = 0; k < 8; k++)
            sprintf(text + strlen(text), " v%d", i - 1);
        sprintf(text + strlen(text), " > v%d axis=0; ", i);
    }
    strcat(text, "Reshape r x v20 > y; out y");
    REFUSED(deepid_net_load_onnx(ctx, graph_file(text), &net), DEEPID_ERR_UNSUPPORTED,
            "shape is made in a way that is not worked out here");
    deepid_ctx_destroy(ctx);
}

static int32_t load_and_save(deepid_ctx *ctx, void *arg)
{
    deepid_net *net = NULL;
    int32_t status = deepid_net_load_onnx(ctx, arg, &net);
    if (status == DEEPID_OK)
        status = deepid_net_save_onnx(net, temporary("saved.onnx"));
    deepid_net_destroy(net);
    return status;
}

static void no_memory_is_survived(void **state)
{
    (void)state;
    static const char *const names[] = {"sixteen.onnx", "flat_script.onnx"};
    for (size_t i = 0; i < 2; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s", kept(names[i]));
        survives_every_failing_allocation(names[i], load_and_save, path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_is_refused_or_read),
        cmocka_unit_test(every_changed_byte_is_refused_or_read),
        cmocka_unit_test(messages_without_end_are_refused),
        cmocka_unit_test(many_empty_messages_are_refused),
        cmocka_unit_test(numbers_that_are_not_there_are_limited),
        cmocka_unit_test(names_that_multiply_are_bounded),
        cmocka_unit_test(no_memory_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
