/* `key=value ...`: what is read, what is written back, and where an error says it is. */
#include "support/support.h"

#include "base/base.h"

#include <math.h>

enum { OUT, RATE, MODE, KERNEL, PADDING, BIAS, COUNT };

static const dpid_option options[] = {
    [OUT] = {"out", DPID_INT, 0, 1, 1048576, NULL, true, "number of outputs"},
    [RATE] = {"rate", DPID_REAL, 0.1, 0, 10, NULL, false, "learning rate"},
    [MODE] = {"mode", DPID_CHOICE, 1, 0, 2, "none|relu|tanh", false, "activation"},
    [KERNEL] = {"kernel", DPID_EXTENTS, 3, 1, 99, NULL, false, "kernel"},
    [PADDING] = {"padding", DPID_PADDING, DPID_PADDING_SYMMETRIC, 0, 99, NULL, false, "padding"},
    [BIAS] = {"bias", DPID_INT, 1, 0, 1, NULL, false, "1: with bias"},
    [COUNT] = {NULL, DPID_INT, 0, 0, 0, NULL, false, NULL},
};

static int32_t parse(deepid_ctx *ctx, const char *text, dpid_value *values)
{
    return dpid_options_parse(ctx, "dense", dpid_span_of(text), options, values);
}

static void values_are_read_and_the_rest_falls_back(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    dpid_value v[COUNT];
    OK(parse(ctx, "  rate=2.5e-1\n\tout=16 mode=tanh kernel=3x5 ", v));
    assert_int_equal(v[OUT].i, 16);
    assert_true(v[RATE].r == 0.25);
    assert_int_equal(v[MODE].i, 2);
    assert_int_equal(v[KERNEL].count, 2);
    assert_int_equal(v[KERNEL].list[0], 3);
    assert_int_equal(v[KERNEL].list[1], 5);
    assert_false(v[PADDING].given);
    assert_int_equal(v[PADDING].i, DPID_PADDING_SYMMETRIC);
    assert_int_equal(v[BIAS].i, 1);
    OK(parse(ctx, "out=1 padding=valid", v));
    assert_int_equal(v[PADDING].i, DPID_PADDING_VALID);
    OK(parse(ctx, "out=1 padding=0x1x2x3", v));
    assert_int_equal(v[PADDING].i, 0);
    assert_int_equal(v[PADDING].count, 4);
    assert_int_equal(v[PADDING].list[3], 3);
    assert_true(v[RATE].r == 0.1 && v[KERNEL].count == 1 && v[KERNEL].list[0] == 3);
    OK(parse(ctx, "out=1048576 rate=10 kernel=99 bias=0", v)); /* the ends of the ranges belong to them */
    assert_true(v[OUT].i == 1048576 && v[RATE].r == 10 && v[KERNEL].list[0] == 99 && v[BIAS].i == 0);
    deepid_ctx_destroy(ctx);
}

static void every_mistake_says_where_and_what_was_expected(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const struct {
        const char *text, *sentence;
    } cases[] = {
        {"out=0", "line 1, column 5: dense: out is 0, expected 1 to 1048576"},
        {"out=1048577", "line 1, column 5: dense: out is 1048577, expected 1 to 1048576"},
        {"out=99999999999999999999", "line 1, column 5: dense: out is '99999999999999999999', expected a whole number"},
        {"out=1.5", "dense: out is '1.5', expected a whole number"},
        {"out=1\n  rate=fast", "line 2, column 8: dense: rate is 'fast', expected a number"},
        {"out=1 rate=nan", "dense: rate is nan, expected 0 to 10"},
        {"out=1 rate=-1", "dense: rate is -1, expected 0 to 10"},
        {"out=1 mode=gelu", "line 1, column 12: dense: mode is 'gelu', expected one of none|relu|tanh"},
        {"out=1 mode=rel", "expected one of none|relu|tanh"},
        {"out=1 kernel=3x", "line 1, column 16: dense: kernel is '', expected a whole number"},
        {"out=1 kernel=3x0", "line 1, column 16: dense: kernel is 0, expected 1 to 99"},
        {"out=1 kernel=1x1x1x1x1", "expected at most 4 numbers joined by x"},
        {"out=1 padding=some", "dense: padding is 'some', expected a whole number"},
        {"out=1 out=2", "line 1, column 7: dense: out is given twice"},
        {"out", "dense: out needs a value: out=..."},
        {"out=", "dense: out needs a value: out=..."},
        {"rate=1", "dense needs out=... (number of outputs)"},
        {"out=1 kernl=3", "line 1, column 7: unknown option of dense 'kernl'; known: out, rate, mode, kernel, padding, "
                          "bias (nearest: kernel)"},
        {"out=1 colour=3", "unknown option of dense 'colour'; known: out, rate, mode, kernel, padding, bias"},
        {"out=1 \xc3\xb6\xc3\xb6 q=1", "line 1, column 7: unknown option of dense '\xc3\xb6\xc3\xb6'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dpid_value v[COUNT];
        REFUSED(parse(ctx, cases[i].text, v), DEEPID_ERR_SPEC, cases[i].sentence);
    }
    deepid_ctx_destroy(ctx);
}

static void a_far_word_is_not_called_near(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    dpid_value v[COUNT];
    REFUSED(parse(ctx, "out=1 q=3", v), DEEPID_ERR_SPEC, "unknown option");
    assert_null(strstr(deepid_ctx_error(ctx), "nearest"));
    REFUSED(parse(ctx, "out=1 something=3", v), DEEPID_ERR_SPEC, "unknown option");
    assert_null(strstr(deepid_ctx_error(ctx), "nearest"));
    deepid_ctx_destroy(ctx);
}

static void columns_count_characters_from_the_whole_text(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *whole = "\xc3\xa4\xc3\xb6; dense out=x";
    dpid_value v[COUNT];
    dpid_span rest;
    const dpid_span word = dpid_first_word((dpid_span){whole + 6, (int64_t)strlen(whole) - 6, whole}, &rest);
    assert_true(dpid_span_is(word, "dense") && !dpid_span_is(word, "dens") && !dpid_span_is(word, "dense2"));
    REFUSED(dpid_options_parse(ctx, "dense", rest, options, v), DEEPID_ERR_SPEC,
            "line 1, column 15: dense: out is 'x'");
    deepid_ctx_destroy(ctx);
}

static void long_words_leave_room_for_what_was_expected(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    char text[2000] = "out=";
    dpid_value v[COUNT];
    memset(text + 4, '7', 1900);
    REFUSED(parse(ctx, text, v), DEEPID_ERR_SPEC, "expected a whole number");
    memset(text, 'k', 1900);
    REFUSED(parse(ctx, text, v), DEEPID_ERR_SPEC, "known: out, rate");
    deepid_ctx_destroy(ctx);
}

static void a_long_list_of_known_words_ends_in_dots(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *words[101] = {NULL};
    for (int i = 0; i < 100; i++)
        words[i] = i == 99 ? "dense" : "a_rather_long_word";
    REFUSED(dpid_fail_word(ctx, "layer", dpid_span_of("dens"), words), DEEPID_ERR_SPEC,
            "line 1, column 1: unknown layer 'dens'; known: a_rather_long_word, ");
    assert_non_null(strstr(deepid_ctx_error(ctx), "a_rather_long_word, ... (nearest: dense)"));
    deepid_ctx_destroy(ctx);
}

static void words_without_options_say_so(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    OK(dpid_options_parse(ctx, "relu", dpid_span_of("  "), NULL, NULL));
    OK(dpid_options_parse(ctx, "relu", dpid_span_of(NULL), NULL, NULL));
    REFUSED(dpid_options_parse(ctx, "relu", dpid_span_of("slope=1"), NULL, NULL), DEEPID_ERR_SPEC,
            "relu takes no options, found 'slope'");
    deepid_ctx_destroy(ctx);
}

/* print(parse(text)) is the shortest text of the same values, and stable. */
static void what_is_printed_reads_back(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *const pairs[][2] = {
        {"out=16", " out=16"},
        {"bias=0 out=16 rate=0.1 mode=relu", " out=16 bias=0"},
        {"out=2 rate=1e-3 mode=none kernel=3x3 padding=symmetric", " out=2 rate=0.001 mode=none kernel=3x3"},
        {"out=2 padding=same", " out=2 padding=same"},
        {"out=2 padding=same_upper", " out=2 padding=same_upper"},
        {"out=2 kernel=3 padding=valid", " out=2 padding=valid"},
        {"out=2 padding=1x0x2x3", " out=2 padding=1x0x2x3"},
        {"out=2 padding=0", " out=2 padding=0"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        dpid_value v[COUNT];
        dpid_string first = {.ctx = ctx};
        dpid_string second = {.ctx = ctx};
        OK(parse(ctx, pairs[i][0], v));
        dpid_options_print(&first, options, v);
        assert_string_equal(first.text, pairs[i][1]);
        OK(parse(ctx, first.text, v));
        dpid_options_print(&second, options, v);
        assert_string_equal(second.text, first.text);
        dpid_string_release(&first);
        dpid_string_release(&second);
    }
    deepid_ctx_destroy(ctx);
}

/* Any bytes: an answer or a sentence, never a read outside (the sanitizers watch). */
static void garbage_is_refused_politely(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static const char alphabet[] = "outraempdingkl=x0123456789. \n\t-+|,\xc3\xff";
    for (uint64_t i = 0; i < 20000; i++) {
        char text[24] = "";
        const uint64_t length = dpid_random_at(4, 1000, (uint32_t)i, 0) % sizeof text;
        for (uint64_t j = 0; j < length; j++)
            text[j] = alphabet[dpid_random_at(4, 1000, (uint32_t)i, j + 1) % (sizeof alphabet - 1)];
        char *exact = malloc((size_t)length + 1); /* so that reading past the end is seen */
        memcpy(exact, text, (size_t)length);
        dpid_value v[COUNT];
        const int32_t status = dpid_options_parse(ctx, "dense", (dpid_span){exact, (int64_t)length, exact}, options, v);
        if (status != DEEPID_OK && (status != DEEPID_ERR_SPEC || !strstr(deepid_ctx_error(ctx), "line ")))
            fail_msg("text %llu (seed 4): %s", (unsigned long long)i, deepid_ctx_error(ctx));
        free(exact);
    }
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read_and_the_rest_falls_back),
        cmocka_unit_test(every_mistake_says_where_and_what_was_expected),
        cmocka_unit_test(a_far_word_is_not_called_near),
        cmocka_unit_test(columns_count_characters_from_the_whole_text),
        cmocka_unit_test(long_words_leave_room_for_what_was_expected),
        cmocka_unit_test(a_long_list_of_known_words_ends_in_dots),
        cmocka_unit_test(words_without_options_say_so),
        cmocka_unit_test(what_is_printed_reads_back),
        cmocka_unit_test(garbage_is_refused_politely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
