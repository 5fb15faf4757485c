/* Text: numbers read back exactly in any locale; what is escaped is safe whatever bytes come in. */
#include "support/support.h"

#include "base/base.h"

#include <float.h>
#include <jansson.h>
#include <locale.h>
#include <math.h>

/* ---- numbers -------------------------------------------------------------------------- */

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void expect_back(double value)
{
    const dpid_number_text text = dpid_number(value);
    double back = 0;
    if (!dpid_parse_double(text.text, (int64_t)strlen(text.text), &back) || !same_bits(back, value))
        fail_msg("%a was written '%s' and read %a", value, text.text, back);
    if (strchr(text.text, ','))
        fail_msg("%a was written '%s' with a comma", value, text.text);
}

static void numbers_read_back_exactly(void **state)
{
    (void)state;
    const double special[] = {0.0,
                              -0.0,
                              0.1,
                              1.0 / 3,
                              1e23,
                              5e-324,
                              DBL_MIN,
                              DBL_MAX,
                              -DBL_MAX,
                              9007199254740993.0,
                              123456789012345678.0,
                              (double)INFINITY,
                              -(double)INFINITY,
                              2.5e-15,
                              4.35,
                              0x1.fffffffffffffp-1};
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        expect_back(special[i]);
    for (uint64_t i = 0; i < 20000; i++) {
        const uint64_t bits = dpid_random_at(1, 1000, 0, i);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (!isnan(value))
            expect_back(value);
    }
    double back = 0;
    assert_true(dpid_parse_double("nan", 3, &back) && isnan(back));
    /* fifteen digits read back, so there are no more */
    assert_string_equal(dpid_number(5e-324).text, "4.94065645841247e-324");
    assert_string_equal(dpid_number((double)NAN).text, "nan");
    assert_string_equal(dpid_number(-(double)NAN).text, "nan");
}

static void floats_read_back_exactly_and_short(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 20000; i++) {
        const uint32_t bits = (uint32_t)dpid_random_at(2, 1000, 0, i);
        float value;
        memcpy(&value, &bits, sizeof value);
        const dpid_number_text text = dpid_number_f32(value);
        double back = 0;
        if (!isnan(value) && (!dpid_parse_double(text.text, (int64_t)strlen(text.text), &back) ||
                              (float)back != value || strlen(text.text) > 15))
            fail_msg("%a was written '%s'", (double)value, text.text);
    }
    assert_string_equal(dpid_number_f32(0.1f).text, "0.1");
    assert_string_equal(dpid_number_f32(16777216.0f).text, "16777216");
}

static void numbers_are_written_short(void **state)
{
    (void)state;
    const struct {
        double value;
        const char *text;
    } cases[] = {{0.1, "0.1"},
                 {1e-300, "1e-300"},
                 {3, "3"},
                 {-2.5, "-2.5"},
                 {(double)INFINITY, "inf"},
                 {-(double)INFINITY, "-inf"},
                 {100000, "100000"},
                 {1.0 / 3, "0.3333333333333333"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(dpid_number(cases[i].value).text, cases[i].text);
    assert_string_equal(dpid_number_rounded(1234.5678, 4).text, "1235");
    assert_string_equal(dpid_number_rounded(0.000123456, 3).text, "0.000123");
}

static void only_whole_texts_are_numbers(void **state)
{
    (void)state;
    const char *const bad[] = {"", " 1", "1 ", "1,5", "1.5x", "x", "--1", "1e", ".", "+", "0.1.2"};
    double value = 77;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (dpid_parse_double(bad[i], (int64_t)strlen(bad[i]), &value) || value != 77)
            fail_msg("'%s' was read as %g", bad[i], value);
    assert_false(dpid_parse_double("1\0002", 3, &value));
    assert_true(dpid_parse_double("12345", 2, &value)); /* the length decides, not the end of the string */
    assert_true(value == 12);
    assert_true(dpid_parse_double("+1.5e3", 6, &value) && value == 1500);

    int64_t whole = 77;
    const char *const not_whole[] = {
        "",    "-", "+", "1.0", "1e3", " 1", "9223372036854775808", "-9223372036854775809", "99999999999999999999",
        "0x10"};
    for (size_t i = 0; i < sizeof not_whole / sizeof *not_whole; i++)
        if (dpid_parse_int(not_whole[i], (int64_t)strlen(not_whole[i]), &whole) || whole != 77)
            fail_msg("'%s' was read as %lld", not_whole[i], (long long)whole);
    assert_true(dpid_parse_int("9223372036854775807", 19, &whole) && whole == INT64_MAX);
    assert_true(dpid_parse_int("-9223372036854775808", 20, &whole) && whole == INT64_MIN);
    assert_true(dpid_parse_int("+12", 3, &whole) && whole == 12);
}

/* A locale of our own, because the machine may have none with a comma: made by libc's localedef. */
static bool make_comma_locale(void)
{
    char command[700];
    FILE *file = fopen(temporary("comma.src"), "w");
    if (!file)
        return false;
    fputs("comment_char %\nescape_char /\nLC_NUMERIC\ndecimal_point \",\"\nthousands_sep \".\"\ngrouping 3;3\nEND "
          "LC_NUMERIC\n",
          file);
    fclose(file);
    snprintf(command, sizeof command, "localedef -c -i %s %s >/dev/null 2>&1", temporary("comma.src"),
             temporary("comma"));
    if (system(command) == -1)
        return false;
    snprintf(command, sizeof command, "%s", temporary("comma"));
    *strrchr(command, '/') = 0;
    setenv("LOCPATH", command, 1);
    return setlocale(LC_NUMERIC, "comma") != NULL;
}

static void a_locale_with_a_comma_changes_nothing(void **state)
{
    if (!make_comma_locale() && !setlocale(LC_NUMERIC, "de_DE.UTF-8")) {
        print_message("skipped: no locale with a decimal comma, and localedef makes none\n");
        skip();
    }
    char host[16];
    snprintf(host, sizeof host, "%g", 1.5);
    assert_string_equal(host, "1,5"); /* the locale is really at work */
    numbers_read_back_exactly(state);
    assert_string_equal(dpid_number(1234567.5).text, "1234567.5");
    assert_string_equal(dpid_number_rounded(0.25, 4).text, "0.25");
    double value = 0;
    assert_true(dpid_parse_double("0.25", 4, &value) && value == 0.25);
    assert_false(dpid_parse_double("0,25", 4, &value));
    snprintf(host, sizeof host, "%g", 1.5);
    assert_string_equal(host, "1,5"); /* and the host keeps it */
    setlocale(LC_NUMERIC, "C");
}

static void shapes_are_joined_by_x(void **state)
{
    (void)state;
    const int64_t large[8] = {INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX};
    assert_string_equal(dpid_shape_text(3, (const int64_t[]){2, 3, 4}).text, "2x3x4");
    assert_string_equal(dpid_shape_text(1, (const int64_t[]){7}).text, "7");
    assert_string_equal(dpid_shape_text(0, NULL).text, "scalar");
    assert_int_equal(strlen(dpid_shape_text(8, large).text), 8 * 10 + 7);
}

/* ---- a growing string ---------------------------------------------------------------------- */

static int32_t grow_string(deepid_ctx *ctx, void *arg)
{
    (void)arg;
    dpid_string s = {.ctx = ctx};
    for (int i = 0; i < 300; i++)
        dpid_string_format(&s, "%d,", i);
    dpid_string_format(&s, "%0600d", 1); /* longer than the small buffer */
    dpid_string_number(&s, 0.5);
    const int32_t status = s.status;
    if (status == DEEPID_OK)
        assert_int_equal(s.length, (int64_t)strlen(s.text));
    dpid_string_release(&s);
    assert_null(s.text);
    return status;
}

static void a_string_grows_and_survives_every_failing_allocation(void **state)
{
    (void)state;
    survives_every_failing_allocation("string", grow_string, NULL);
}

/* ---- escaping -------------------------------------------------------------------------------- */

static void expect_escaped(void (*escape)(dpid_string *, const char *), const char *text, const char *expected)
{
    deepid_ctx *ctx = new_ctx(1);
    dpid_string s = {.ctx = ctx};
    escape(&s, text);
    assert_int_equal(s.status, DEEPID_OK);
    assert_string_equal(s.text ? s.text : "", expected);
    dpid_string_release(&s);
    deepid_ctx_destroy(ctx);
}

#define BAD "\xef\xbf\xbd"

static void html_is_safe(void **state)
{
    (void)state;
    expect_escaped(dpid_string_html, "<b a=\"1\">'&", "&lt;b a=&quot;1&quot;&gt;&#39;&amp;");
    expect_escaped(dpid_string_html,
                   "Gr\xc3\xb6\xc3\x9f"
                   "e \xe2\x88\x9e \xf0\x9d\x92\xb3",
                   "Gr\xc3\xb6\xc3\x9f"
                   "e \xe2\x88\x9e \xf0\x9d\x92\xb3");
    expect_escaped(dpid_string_html,
                   "a\x01"
                   "b\x7f"
                   "c\xff",
                   "a" BAD "b" BAD "c" BAD);
    expect_escaped(dpid_string_html, "\xc0\xaf", BAD BAD);                 /* an overlong slash */
    expect_escaped(dpid_string_html, "\xed\xa0\x80", BAD BAD BAD);         /* half a surrogate pair */
    expect_escaped(dpid_string_html, "\xf4\x90\x80\x80", BAD BAD BAD BAD); /* beyond U+10FFFF */
    expect_escaped(dpid_string_html,
                   "a\xe2\x80\xae"
                   "b",
                   "a" BAD BAD BAD "b"); /* text that runs backwards */
    expect_escaped(dpid_string_html, "cut \xe2\x88", "cut " BAD BAD);
    expect_escaped(dpid_string_html, "", "");
}

static void json_strings_read_back(void **state)
{
    (void)state;
    expect_escaped(dpid_string_json, "a\"b\\c\nd\te", "\"a\\\"b\\\\c\\nd\\te\"");
    deepid_ctx *ctx = new_ctx(1);
    for (uint64_t i = 0; i < 2000; i++) { /* any bytes give valid JSON */
        char text[33] = "";
        for (uint64_t j = 0; j < 4; j++) {
            const uint64_t bits = dpid_random_at(9, 1000, (uint32_t)i, j);
            memcpy(text + 8 * j, &bits, 8);
        }
        dpid_string s = {.ctx = ctx};
        dpid_string_json(&s, text);
        json_error_t error;
        json_t *value = json_loads(s.text, JSON_DECODE_ANY, &error);
        if (!value)
            fail_msg("text %llu (seed 9) gave JSON that does not read: %s", (unsigned long long)i, error.text);
        json_decref(value);
        dpid_string_release(&s);
    }
    deepid_ctx_destroy(ctx);
}

static void csv_fields_are_quoted_where_they_must_be_and_never_formulas(void **state)
{
    (void)state;
    expect_escaped(dpid_string_csv, "plain", "plain");
    expect_escaped(dpid_string_csv, "a,b", "\"a,b\"");
    expect_escaped(dpid_string_csv, "say \"x\"", "\"say \"\"x\"\"\"");
    expect_escaped(dpid_string_csv, "two\nlines", "\"two lines\"");
    expect_escaped(dpid_string_csv, "=1+1", "\"'=1+1\"");
    expect_escaped(dpid_string_csv, "@cmd", "\"'@cmd\"");
    expect_escaped(dpid_string_csv, "-x", "\"'-x\"");
    expect_escaped(dpid_string_csv, "-1.5", "-1.5");
    expect_escaped(dpid_string_csv, "+3e5", "+3e5");
    expect_escaped(dpid_string_csv, "", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_read_back_exactly),
        cmocka_unit_test(floats_read_back_exactly_and_short),
        cmocka_unit_test(numbers_are_written_short),
        cmocka_unit_test(only_whole_texts_are_numbers),
        cmocka_unit_test(a_locale_with_a_comma_changes_nothing),
        cmocka_unit_test(shapes_are_joined_by_x),
        cmocka_unit_test(a_string_grows_and_survives_every_failing_allocation),
        cmocka_unit_test(html_is_safe),
        cmocka_unit_test(json_strings_read_back),
        cmocka_unit_test(csv_fields_are_quoted_where_they_must_be_and_never_formulas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
