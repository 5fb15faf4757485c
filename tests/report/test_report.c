/* Reports: words, ticks, labels that keep apart, escaping, what is not finite. */
#include "support/support.h"
#include "support/xml.h"

#include "base/base.h"
#include "report/axis.h"
#include "base/words.h"

#include <math.h>

static void numbers_are_written_for_people(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *words;
    } rows[] = {{0, "0"},
                {-0.0, "0"},
                {0.5556, "0.556"},
                {-2, "\xe2\x88\x92"
                     "2"},
                {1234.4, "1234"},
                {99999, "99999"},
                {0.0002, "2\xc3\x97"
                         "10\xe2\x81\xbb\xe2\x81\xb4"},
                {-1.5e12, "\xe2\x88\x92"
                          "1.5\xc3\x97"
                          "10\xc2\xb9\xc2\xb2"},
                {1e-5, "1\xc3\x97"
                       "10\xe2\x81\xbb\xe2\x81\xb5"},
                {0.001, "0.001"},
                {(double)INFINITY, "\xe2\x88\x9e"},
                {9.9996e-5, "1\xc3\x97"
                            "10\xe2\x81\xbb\xe2\x81\xb4"},
                {5e-324, "4.94\xc3\x97"
                         "10\xe2\x81\xbb\xc2\xb3\xc2\xb2\xe2\x81\xb4"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(dpid_words(rows[i].value).text, rows[i].words);
    assert_string_equal(dpid_words_interval(0.519, 0.458, -0.566).text, "0.519 [0.458, \xe2\x88\x92"
                                                                        "0.566]");
    assert_string_equal(dpid_words_interval(0.519, (double)NAN, 1).text, "0.519");
    assert_string_equal(dpid_words_percent(0.967).text, "97 %");
    assert_string_equal(dpid_words_percent(-0.0049).text, "\xe2\x88\x92"
                                                          "0.5 %");
    assert_string_equal(dpid_words_percent(12.5).text, "1250 %");
    char text[40];
    assert_int_equal(deepid_format_number(0.25, text, 40), DEEPID_OK);
    assert_string_equal(text, "0.25");
    assert_int_equal(deepid_format_number(0.25, text, 39), DEEPID_ERR_ARGUMENT);
}

static void ticks_are_round_few_and_inside(void **state)
{
    (void)state;
    static const double ranges[][2] = {{0, 1},      {0, 100}, {-3, 17}, {0.013, 0.0131},
                                       {1e-7, 3e9}, {5, 5},   {0, 400}, {2, 30}};
    for (int log = 0; log < 2; log++) {
        for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
            dpid_axis axis = {.log = log, .low = 1, .high = 0, .start = 0, .end = 100, .air = 0.04};
            dpid_axis_include(&axis, ranges[i][0]);
            dpid_axis_include(&axis, ranges[i][1]);
            dpid_axis_include(&axis, (double)NAN);
            dpid_axis_finish(&axis);
            if (axis.ticks < 1 || axis.ticks > 9)
                fail_msg("%g to %g, log %d: %d ticks", ranges[i][0], ranges[i][1], log, axis.ticks);
            for (int t = 0; t < axis.ticks; t++) {
                const double place = dpid_axis_place(&axis, axis.tick[t]);
                assert_true(place >= -0.01 && place <= 100.01);
            }
        }
    }
}

/* the y of every end label, from the picture */
static int label_places(const char *svg, double *y)
{
    int count = 0;
    for (const char *p = svg; (p = strstr(p, "<text class=\"label")); p++) {
        const char *at = strstr(p, " y=\"");
        assert_non_null(at);
        y[count++] = atof(at + 4);
    }
    return count;
}

static void end_labels_keep_apart_and_inside(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_chart *chart = NULL;
    OK(deepid_chart_create(ctx, "epoch", "loss", "y=log", &chart));
    const double x[] = {0, 1};
    for (int i = 0; i < 12; i++) {
        const double y[] = {1, i % 2 ? 0.01 : 0.010001};
        OK(deepid_chart_line(chart, i % 2 ? "role=plain weight=thick" : "role=identity dash=1", "a net", "title", 2, x,
                             y));
    }
    char *svg = strdup(deepid_chart_svg(chart, "losses"));
    double places[64];
    const int count = label_places(svg, places);
    assert_int_equal(count, 12);
    for (int i = 0; i < count; i++) {
        assert_true(places[i] > 0 && places[i] < 280);
        for (int k = 0; k < i; k++)
            if (fabs(places[i] - places[k]) < 13.9)
                fail_msg("labels %d and %d lie at %g and %g", k, i, places[k], places[i]);
    }
    assert_string_equal(svg, deepid_chart_svg(chart, "losses")); /* drawing changes nothing */
    free(svg);
    deepid_chart_destroy(chart);
    deepid_ctx_destroy(ctx);
}

static void values_that_are_not_finite_are_marked_and_never_written(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_chart *chart = NULL;
    const double x[] = {0, 1, 2, 3};
    const double y[] = {1, (double)INFINITY, (double)NAN, 2};
    const double none[] = {(double)NAN, (double)NAN, (double)NAN, (double)NAN};
    OK(deepid_chart_create(ctx, "x", "y", "", &chart));
    OK(deepid_chart_line(chart, "", "line", "t", 4, x, y));
    OK(deepid_chart_points(chart, "role=witness mark=diamond", "points", NULL, 4, x, y));
    OK(deepid_chart_band(chart, "role=shallow", "", "b", 4, x, y, y));
    OK(deepid_chart_rule(chart, "role=shallow", "rule", 1.5));
    OK(deepid_chart_line(chart, "role=depth3", "nothing", "t", 4, x, none));
    const char *svg = deepid_chart_svg(chart, "a");
    assert_non_null(strstr(svg, ">10 not finite</text>")); /* 2 + 2 + 2 + 4 */
    assert_non_null(strstr(svg, "<title>t: 2 of 4 values are not finite</title>"));
    assert_null(strstr(svg, "nan"));
    assert_null(strstr(svg, "inf"));
    REFUSED(deepid_chart_line(chart, "role=red", "", "", 4, x, y), DEEPID_ERR_SPEC, "role is 'red'");
    REFUSED(deepid_chart_line(chart, "", "", "", 4, NULL, y), DEEPID_ERR_ARGUMENT, "x or y is NULL");
    REFUSED(deepid_chart_set_y_range(chart, 2, 1), DEEPID_ERR_ARGUMENT, "2 to 1");
    deepid_chart *other = NULL;
    REFUSED(deepid_chart_create(ctx, "x", "y", "z=log", &other), DEEPID_ERR_SPEC, "unknown option of chart 'z'");
    deepid_chart_destroy(chart);
    deepid_ctx_destroy(ctx);
}

#define MINUS "\xe2\x88\x92"
#define TIMES_TEN                                                                                                      \
    "\xc3\x97"                                                                                                         \
    "10\xe2\x81\xbb\xe2\x81\xb4"

static int32_t write_page(deepid_ctx *ctx, void *arg)
{
    deepid_page *page = NULL;
    deepid_chart *chart = NULL;
    deepid_table *table = NULL;
    const double x[] = {1, 2};
    int32_t status = deepid_page_create(ctx, "<script>alert(1)</script>?", "a & b", &page);
    if (status == DEEPID_OK)
        status =
            deepid_page_answer(page, "\"yes\" <u> 0.25, 3 (0.125 [" MINUS "0.5, 3.94" TIMES_TEN "]) 71.3 %", "<i>");
    if (status == DEEPID_OK)
        status = deepid_chart_create(ctx, "x<", "y>", "", &chart);
    if (status == DEEPID_OK)
        status = deepid_chart_line(chart, "", "l<i>", "t<i>", 2, x, x);
    if (status == DEEPID_OK)
        status = deepid_table_create(ctx, "row<", "a<,b", &table);
    if (status == DEEPID_OK)
        status = deepid_table_append(table, "<img src=x>", x);
    if (status == DEEPID_OK)
        status = deepid_page_table(page, "t", table, "b");
    if (status == DEEPID_OK)
        status = deepid_page_figure(page, "h<", "e<", chart, "c<", NULL, NULL, table, "f<");
    if (status == DEEPID_OK)
        status = deepid_page_code(page, "cmd --x '<'");
    if (status == DEEPID_OK)
        status = deepid_page_write(page, arg);
    deepid_table_destroy(table);
    deepid_chart_destroy(chart);
    deepid_page_destroy(page);
    return status;
}

static void names_cannot_become_elements(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *path = temporary("page.html");
    uint8_t *bytes = NULL;
    int64_t count = 0;
    OK(write_page(ctx, (void *)path));
    OK(dpid_file_read(ctx, path, &bytes, &count));
    const char *page = (const char *)bytes;
    assert_non_null(strstr(page,
                           "<b>0.25</b>, 3 (<b>0.125</b> [<b>" MINUS "0.5</b>, <b>3.94" TIMES_TEN "</b>]) 71.3\xc2\xa0"
                           "%</p>")); /* of percentages only some have a point */
    assert_null(xml_fault(page, NULL, NULL));
    assert_null(strstr(page, "<script"));
    assert_null(strstr(page, "<img"));
    assert_null(strstr(page, "<i>"));
    assert_null(strstr(page, "://"));
    assert_non_null(strstr(page, "Content-Security-Policy"));
    assert_non_null(strstr(page, "&lt;img src=x&gt;"));
    dpid_free(ctx, bytes);
    deepid_ctx_destroy(ctx);
    survives_every_failing_allocation("a page", write_page, (void *)path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_written_for_people),
        cmocka_unit_test(ticks_are_round_few_and_inside),
        cmocka_unit_test(end_labels_keep_apart_and_inside),
        cmocka_unit_test(values_that_are_not_finite_are_marked_and_never_written),
        cmocka_unit_test(names_cannot_become_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
