/* The text of nets: what parses, what is refused where, builders. */
#include "support/support.h"

#include "net/net.h"

#include <time.h>

static void texts_are_stable(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"input 2;dense out=16;relu", "input 2; dense out=16; relu"},
        {" input 3 ; # a comment; with a mark\n dense bias=0 out=4;\n\n3*identity{dense out=4}after=relu;;",
         "input 3; dense out=4 bias=0; 3 * identity { dense out=4 } after=relu"},
        {"input 4; plain { relu }; 4 * plain {relu;}; 0 * plain { relu }; plain { tanh }; relu; relu",
         "input 4; 5 * plain { relu }; plain { tanh }; relu; relu"},
        {"input 4; identity shortcut=A s=1.0 { dense out=6 bias=1 }; identity s=0 { tanh } after=none",
         "input 4; identity shortcut=A { dense out=6 }; identity s=0 { tanh }"},
        {"input 8x8x1; conv2d out=4 kernel=3 padding=1x2x0x1; maxpool kernel=2; flatten; dropout p=0.25; dense out=3",
         NULL},
        {"input 4; 2 * plain s=0.5 { dense out=4; tanh } after=silu; dense out=1",
         "input 4; 2 * plain s=0.5 { dense out=4; tanh } after=silu; dense out=1"},
        {"input 4; identity shortcut=B { dense out=6; batchnorm } projection=bare; identity { dense out=7 } "
         "projection=batchnorm shortcut=B; identity shortcut=C projection=usual { dense out=7 }",
         "input 4; identity shortcut=B projection=bare { dense out=6; batchnorm }; identity shortcut=B "
         "projection=batchnorm { dense out=7 }; identity shortcut=C { dense out=7 }"},
        {"input 8x8x4; identity out=4; bottleneck out=1 after=gelu shortcut=C", NULL},
        {"input 3; 0 * plain { dense out=3 }; dense out=2", "input 3; 0 * plain { dense out=3 }; dense out=2"},
    };
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        deepid_net *net = NULL;
        deepid_net *again = NULL;
        OK(deepid_net_create(ctx, rows[i][0], DEEPID_F32, &net));
        if (rows[i][1])
            assert_string_equal(deepid_net_describe(net), rows[i][1]);
        OK(deepid_net_create(ctx, deepid_net_describe(net), DEEPID_F32, &again));
        assert_string_equal(deepid_net_describe(net), deepid_net_describe(again));
        deepid_net_destroy(again);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

typedef struct {
    const char *text, *part;
    int32_t status;
} bad_text;

static void refused_with_their_place(const bad_text *rows, size_t count)
{
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < count; i++) {
        deepid_net *net = NULL;
        const int32_t status = deepid_net_create(ctx, rows[i].text, DEEPID_F32, &net);
        if (status != rows[i].status || !strstr(deepid_ctx_error(ctx), rows[i].part))
            fail_msg("'%s': %s \"%s\", expected \"%s\"", rows[i].text, deepid_status_name(status),
                     deepid_ctx_error(ctx), rows[i].part);
        assert_null(net);
    }
    deepid_ctx_destroy(ctx);
}

static void bad_words_are_refused_with_their_place(void **state)
{
    (void)state;
    static const bad_text rows[] = {
        {"", "line 1, column 1: a net begins with 'input'", DEEPID_ERR_SPEC},
        {"output 2", "found 'output'", DEEPID_ERR_SPEC},
        {"input", "input is ''", DEEPID_ERR_SPEC},
        {"input 2x3x4x5; relu", "input is '2x3x4x5', expected features", DEEPID_ERR_SPEC},
        {"input 0; relu", "input is '0'", DEEPID_ERR_SPEC},
        {"input 2", "no layers", DEEPID_ERR_SPEC},
        {"input 2;\ndens out=3", "line 2, column 1: unknown layer or block 'dens'", DEEPID_ERR_SPEC},
        {"input 2; dens out=3", "(nearest: dense)", DEEPID_ERR_SPEC},
        {"input 2; dense", "dense needs out=...", DEEPID_ERR_SPEC},
        {"input 2; dense out=0", "dense: out is 0, expected 1 to", DEEPID_ERR_SPEC},
        {"input 2; dense out=3 out=4", "column 22: dense: out is given twice", DEEPID_ERR_SPEC},
        {"input 2; dense out=3 size=4", "unknown option of dense 'size'", DEEPID_ERR_SPEC},
        {"input 2; relu slope=1", "relu takes no options", DEEPID_ERR_SPEC},
        {"input 2; 3 dense out=3", "expected '*' behind the count 3", DEEPID_ERR_SPEC},
        {"input 2; 3 * plain { dense out=2", "column 20: this { has no }", DEEPID_ERR_SPEC},
        {"input 2; plain { }", "the braces are empty", DEEPID_ERR_SPEC},
        {"input 2; plain", "needs a body", DEEPID_ERR_SPEC},
        {"input 2; relu }", "'}' without its {", DEEPID_ERR_SPEC},
        {"input 2; dense { relu }", "dense is a layer: only blocks have braces", DEEPID_ERR_SPEC},
        {"input 2; plain { plain { relu } }", "blocks do not nest", DEEPID_ERR_SPEC},
        {"input 2; identity s=2 { relu }", "s is 2, expected 0 to 1", DEEPID_ERR_SPEC},
        {"input 2; relu;\n  plain { 0 * relu }", "line 2, column 3: block1: its branch has no layers", DEEPID_ERR_SPEC},
        {"input 2; plain { relu } after=dense", "line 1, column 31: plain: after is 'dense', expected one of none|relu",
         DEEPID_ERR_SPEC},
        {"input 2; plain s=0.5 { relu } s=1", "plain: s is given twice", DEEPID_ERR_SPEC},
        {"input 2; plain out=3 { relu }", "out, stride and order belong to a block without a body", DEEPID_ERR_SPEC},
        {"input 2; \xc3\xa9 * relu; dens", "line 1, column 10: unknown layer or block", DEEPID_ERR_SPEC},
    };
    refused_with_their_place(rows, sizeof rows / sizeof *rows);
}

static void shapes_that_do_not_fit_are_refused_with_their_place(void **state)
{
    (void)state;
    static const bad_text rows[] = {
        {"input 2; identity { dense out=3 }",
         "block1.shortcut: the branch turns 2 into 3, so the skip needs shortcut=A, B or C", DEEPID_ERR_SHAPE},
        {"input 4x4x1; dense out=3", "dense: dense: input is 4x4x1, expected features", DEEPID_ERR_SHAPE},
        {"input 2; conv2d out=1 kernel=3", "conv2d: input is 2, expected height x width x channels", DEEPID_ERR_SHAPE},
        {"input 4x4x1; conv2d out=1 kernel=5 padding=valid", "the kernel reaches over 5 rows, expected at most 4",
         DEEPID_ERR_SHAPE},
        {"input 4x4x3; conv2d out=4 kernel=1 groups=2",
         "groups is 2, expected a divisor of the 3 input and 4 output channels", DEEPID_ERR_SHAPE},
        {"input 4x4x1; maxpool kernel=2 padding=2", "not smaller than the kernel", DEEPID_ERR_SHAPE},
        {"input 4x4x1; conv2d out=1 kernel=1x1x1", "kernel has 3 numbers", DEEPID_ERR_SPEC},
        {"input 4x4x1; conv2d out=1 kernel=1 stride=0", "stride is 0, expected 1", DEEPID_ERR_SPEC},
        {"input 8x8x2; identity shortcut=A { conv2d out=1 kernel=3 }", "channel_pad: out is 1", DEEPID_ERR_SHAPE},
        {"input 7x7x2; identity shortcut=B { conv2d out=3 kernel=3 padding=valid }",
         "block1.shortcut: no stride turns 7x7x2 into 5x5x3", DEEPID_ERR_SHAPE},
        {"input 2; identity shortcut=A projection=bare { dense out=3 }",
         "projection= says what shortcut=B or C consists of, and none is given", DEEPID_ERR_SPEC},
        {"input 2; 100001 * relu", "the count is 100001", DEEPID_ERR_SPEC},
        {"input 2; 90000 * relu; 90000 * relu", "limit layers", DEEPID_ERR_LIMIT},
        {"input 16777216; dense out=16777216", "limit tensor_elements", DEEPID_ERR_LIMIT},
    };
    refused_with_their_place(rows, sizeof rows / sizeof *rows);
}

static void no_text_is_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    REFUSED(deepid_net_create(ctx, NULL, DEEPID_F32, &net), DEEPID_ERR_ARGUMENT, "text is NULL");
    REFUSED(deepid_net_create(ctx, "input 2; relu", DEEPID_U8, &net), DEEPID_ERR_DTYPE, "dtype is 3");
    OK(deepid_ctx_set_limit(ctx, "text_bytes", 5));
    REFUSED(deepid_net_create(ctx, "input 2; relu", DEEPID_F32, &net), DEEPID_ERR_LIMIT, "text_bytes 5");
    deepid_ctx_destroy(ctx);
}

/* What is listed in lib/ops and acts on each number alone can stand behind a block. */
static void every_activation_can_stand_behind_a_block(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    char text[128];
    for (int64_t i = -1; i < dpid_kinds.count; i++) {
        const dpid_kind *kind = dpid_kind_at(i);
        if (kind && (!(kind->flags & DPID_KIND_ELEMENTWISE) || (kind->flags & DPID_KIND_MODE)))
            continue;
        deepid_net *net = NULL;
        snprintf(text, sizeof text, "input 2; identity { dense out=2 } after=%s", kind ? kind->word : "none");
        OK(deepid_net_create(ctx, text, DEEPID_F32, &net));
        if (kind)
            assert_string_equal(deepid_net_describe(net), text);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* A name is found in one walk: texts at the limits take moments, not minutes. */
static void the_longest_texts_are_read_in_moments(void **state)
{
    (void)state;
    enum { ITEMS = 90000 };
    deepid_ctx *ctx = new_ctx(1);
    char *text = malloc(ITEMS * 6 + 16);
    char *end = text + sprintf(text, "input 2");
    for (int i = 0; i < ITEMS; i++)
        end += sprintf(end, i % 2 ? ";tanh" : ";relu");
    deepid_net *net = NULL;
    const clock_t start = clock();
    OK(deepid_net_create(ctx, text, DEEPID_F32, &net));
    OK(deepid_net_prepare(net, 2, 1));
    assert_string_equal(net->layer[ITEMS - 1].name, "tanh45000");
    if (clock() - start > 20 * CLOCKS_PER_SEC) /* 0.1 s here */
        fail_msg("%d items took %ld ms", ITEMS, (long)((clock() - start) / (CLOCKS_PER_SEC / 1000)));
    deepid_net_destroy(net);
    free(text);
    deepid_ctx_destroy(ctx);
}

static void a_builder_writes_the_same_text(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_builder *b = NULL;
    deepid_net *net = NULL;
    const int64_t extents[] = {2};
    OK(deepid_builder_create(ctx, 1, extents, &b));
    OK(deepid_builder_layer(b, "dense out=16"));
    OK(deepid_builder_block_begin(b, 3, "identity", "s=0.5"));
    OK(deepid_builder_layer(b, "dense out=16"));
    OK(deepid_builder_layer(b, "relu"));
    REFUSED(deepid_builder_net(b, DEEPID_F32, &net), DEEPID_ERR_STATE, "still open");
    REFUSED(deepid_builder_block_begin(b, 1, "plain", NULL), DEEPID_ERR_STATE, "do not nest");
    OK(deepid_builder_block_end(b));
    REFUSED(deepid_builder_block_end(b), DEEPID_ERR_STATE, "no block is open");
    REFUSED(deepid_builder_layer(b, "relu; relu"), DEEPID_ERR_SPEC, "holds one of");
    OK(deepid_builder_net(b, DEEPID_F64, &net));
    assert_string_equal(deepid_net_describe(net), "input 2; dense out=16; 3 * identity s=0.5 { dense out=16; relu }");
    deepid_net_destroy(net);
    deepid_builder_destroy(b);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_stable),
        cmocka_unit_test(bad_words_are_refused_with_their_place),
        cmocka_unit_test(shapes_that_do_not_fit_are_refused_with_their_place),
        cmocka_unit_test(no_text_is_refused),
        cmocka_unit_test(every_activation_can_stand_behind_a_block),
        cmocka_unit_test(the_longest_texts_are_read_in_moments),
        cmocka_unit_test(a_builder_writes_the_same_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
