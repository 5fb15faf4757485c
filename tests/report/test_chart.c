/* Charts: whatever the data, the picture is well-formed, its numbers are numbers, its labels keep apart and inside. */
#include "support/support.h"
#include "support/xml.h"

#include "base/base.h"
#include "report/chart.h"
#include "report/svg.h"

#include <math.h>

/* ---- looking at a picture -------------------------------------------------------------------- */

enum { BOXES_MAX = 700, TEXT_MAX = 400 };

typedef struct {
    double left, right, top, bottom;
    char text[TEXT_MAX];
} box;

static double number_of(const char *element, const char *attribute)
{
    const char *at = strstr(element, attribute);
    assert_non_null(at);
    return atof(at + strlen(attribute));
}

/* What stands between tags, unescaped. */
static void unescape(const char *from, const char *end, char *to)
{
    static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    size_t n = 0;
    while (from < end && n + 1 < TEXT_MAX) {
        size_t known = 0;
        for (size_t i = 0; i < 5 && !known; i++)
            if (strncmp(from, names[i], strlen(names[i])) == 0) {
                to[n++] = "&<>\"'"[i];
                known = strlen(names[i]);
            }
        if (!known)
            to[n++] = *from;
        from += known ? known : 1;
    }
    to[n] = 0;
}

/* Every text of the picture with the box that it takes at most. */
static int boxes_of(const char *svg, box *boxes)
{
    int count = 0;
    for (const char *p = svg; (p = strstr(p, "<text ")); p++) {
        const char *open = strchr(p, '>');
        box *b = &boxes[count++];
        assert_true(count < BOXES_MAX);
        unescape(open + 1, strchr(open, '<'), b->text);
        const double width = dpid_text_width(b->text);
        const double x = number_of(p, " x=\"");
        const char *anchor = strstr(p, "text-anchor=\"") + strlen("text-anchor=\"");
        b->left = x - (*anchor == 'e' ? width : *anchor == 'm' ? width / 2 : 0);
        b->right = b->left + width;
        b->top = number_of(p, " y=\"") - DPID_TEXT_UP;
        b->bottom = b->top + DPID_TEXT_UP + DPID_TEXT_DOWN;
    }
    return count;
}

static void numbers_only(void *user, const char *element, const char *attribute, const char *value, size_t length)
{
    static const char *const numeric[] = {"d",  "x",     "y",      "x1",      "y1",          "x2",
                                          "y2", "width", "height", "viewBox", "fill-opacity"};
    for (size_t i = 0; i < sizeof numeric / sizeof *numeric; i++)
        if (strcmp(attribute, numeric[i]) == 0 && (length == 0 || strspn(value, "0123456789.- MLZaHhlvmz") < length))
            fail_msg("seed %llu: %s of %s is '%.*s'", *(unsigned long long *)user, attribute, element, (int)length,
                     value);
}

/* All that is promised of every picture. */
static void check_picture(deepid_ctx *ctx, deepid_chart *chart, uint64_t seed)
{
    enum { ROUNDING = 1 }; /* tenths: places are written to a tenth of a unit */
    static box boxes[BOXES_MAX];
    char *svg = strdup(deepid_chart_svg(chart, "a <picture> & its \"label\""));
    unsigned long long number = seed;
    if (!*svg)
        fail_msg("seed %llu: %s", number, deepid_ctx_error(ctx));
    const char *fault = xml_fault(svg, numbers_only, &number);
    if (fault)
        fail_msg("seed %llu: not well-formed at: %.60s", number, fault);
    const double slack = ROUNDING / 10.0;
    const double height = atof(strstr(svg, "viewBox=\"0 0 460 ") + strlen("viewBox=\"0 0 460 "));
    const int count = boxes_of(svg, boxes);
    for (int i = 0; i < count; i++) {
        const box *a = &boxes[i];
        if (a->left < -slack || a->right > DPID_CHART_WIDTH + slack || a->top < -slack || a->bottom > height + slack)
            fail_msg("seed %llu: '%s' leaves the picture: %g..%g, %g..%g of %g", number, a->text, a->left, a->right,
                     a->top, a->bottom, height);
        for (int k = 0; k < i; k++) {
            const box *b = &boxes[k];
            if (a->left < b->right - 2 * slack && b->left < a->right - 2 * slack && a->top < b->bottom - 2 * slack &&
                b->top < a->bottom - 2 * slack)
                fail_msg("seed %llu: '%s' (%g..%g, %g..%g) lies over '%s' (%g..%g, %g..%g)", number, a->text, a->left,
                         a->right, a->top, a->bottom, b->text, b->left, b->right, b->top, b->bottom);
        }
    }
    assert_string_equal(svg, deepid_chart_svg(chart, "a <picture> & its \"label\"")); /* drawing changes nothing */
    free(svg);
}

/* ---- random charts ------------------------------------------------------------------------------ */

typedef struct {
    uint64_t seed, at;
} dice;

static double roll(dice *d)
{
    double value;
    random_array(d->seed * 1000003 + d->at++, 1, 0, 1, &value);
    return value;
}

static int64_t roll_int(dice *d, int64_t below)
{
    return (int64_t)(roll(d) * (double)below);
}

/* Ordinary numbers of a scale of their own, now and then one that is none of those. */
static void roll_numbers(dice *d, int64_t n, double *out)
{
    const double odd[] = {
        (double)NAN, (double)INFINITY, -(double)INFINITY, 0, -0.0, 1e308, -1e308, 1.7e308, 5e-324, -3, 1e-300, 1};
    const int kind = (int)roll_int(d, 6);
    const double scale = pow(10, 600 * (roll(d) - 0.5) * (kind == 0) + 8 * (roll(d) - 0.5));
    for (int64_t i = 0; i < n; i++) {
        const double u = roll(d);
        out[i] = kind == 1   ? scale
                 : kind == 2 ? scale * (1 + 1e-14 * u)
                 : kind == 3 ? pow(10, 20 * u - 10)
                             : scale * (u - (kind == 4) * 0.5);
        if (roll(d) < 0.1 * (double)(kind > 2))
            out[i] = odd[roll_int(d, sizeof odd / sizeof *odd)];
    }
}

static const char *roll_text(dice *d)
{
    static const char *const texts[] = {
        "plain",
        "a",
        "<b>&\"'",
        "identity skip, 30 layers, with a name that goes on and on and on, further than any picture is wide",
        "W",
        "\xe6\xb7\xb1\xe3\x81\x84\xe7\xb6\xb2",
        "2\xc3\x97"
        "10\xe2\x81\xbb\xe2\x81\xb4",
        "WWWWWWWWWWWWWWWWWWWWWWW",
        "iiiiiiiiiiiiiiii",
        "bad \xff bytes \x01",
        "\xf0\x9f\x98\x80 smile"};
    return texts[roll_int(d, sizeof texts / sizeof *texts)];
}

static const char *roll_style(dice *d)
{
    static const char *const styles[] = {"",
                                         "role=identity weight=thick",
                                         "role=witness dash=1 mark=diamond",
                                         "role=shallow mark=tick",
                                         "role=depth1",
                                         "role=depth2 weight=thick mark=tick",
                                         "role=depth3"};
    return styles[roll_int(d, sizeof styles / sizeof *styles)];
}

enum { POINTS_MAX = 40 };

static void fill_plane(deepid_ctx *ctx, deepid_chart *chart, dice *d)
{
    double x[POINTS_MAX];
    double y[POINTS_MAX];
    double y2[POINTS_MAX];
    const int64_t marks = roll(d) < 0.1 ? 100 : roll_int(d, 8);
    for (int64_t k = 0; k < marks; k++) {
        const int64_t n = roll(d) < 0.2 ? roll_int(d, 2) : roll_int(d, POINTS_MAX);
        const int64_t type = roll_int(d, 5);
        const char *label = roll(d) < 0.7 ? roll_text(d) : NULL;
        roll_numbers(d, n, x);
        roll_numbers(d, n, y);
        roll_numbers(d, n, y2);
        if (type == 0)
            OK(deepid_chart_points(chart, roll_style(d), label, NULL, n, x, y));
        else if (type == 1)
            OK(deepid_chart_band(chart, roll_style(d), label, "band", n, x, y, y2));
        else if (type == 2 && n > 0)
            OK(deepid_chart_rule(chart, roll_style(d), label, y[0]));
        else if (type == 3 && n > 0 && y[0] <= y2[0])
            OK(deepid_chart_zone(chart, roll_style(d), label, y[0], y2[0]));
        else
            OK(deepid_chart_line(chart, roll_style(d), label, NULL, n, x, y));
    }
    if (roll(d) < 0.2)
        OK(deepid_chart_set_x_ticks(chart, roll_int(d, 24), x));
}

static void fill_rows(deepid_ctx *ctx, deepid_chart *chart, dice *d)
{
    double values[POINTS_MAX];
    double of[3];
    const int64_t rows = roll(d) < 0.1 ? 100 : roll_int(d, 9);
    for (int64_t k = 0; k <= rows; k++) {
        const int64_t n = roll_int(d, POINTS_MAX);
        roll_numbers(d, n, values);
        roll_numbers(d, 3, of);
        if (roll(d) < 0.5)
            OK(deepid_chart_row(chart, roll_style(d), roll_text(d), NULL, of[0], of[1], of[2], n, values));
        else
            OK(deepid_chart_strip(chart, roll_style(d), roll_text(d), "t", n, values));
        if (roll(d) < 0.2)
            OK(deepid_chart_rule(chart, roll_style(d), roll_text(d), of[0]));
        if (roll(d) < 0.2 && of[0] <= of[1])
            OK(deepid_chart_zone(chart, roll_style(d), roll_text(d), of[0], of[1]));
    }
}

static void fill_heatmap(deepid_ctx *ctx, deepid_chart *chart, dice *d)
{
    enum { SIDE = 24 };
    double values[SIDE * SIDE];
    const char *names[2 * SIDE];
    const int64_t rows = 1 + roll_int(d, SIDE);
    const int64_t columns = 1 + roll_int(d, SIDE);
    roll_numbers(d, rows * columns, values);
    for (int64_t i = 0; i < 2 * SIDE; i++)
        names[i] = roll_text(d);
    OK(deepid_chart_heatmap(chart, roll(d) < 0.5 ? "scale=log" : "role=plain", rows, columns, values,
                            roll(d) < 0.5 ? names : NULL, roll(d) < 0.5 ? names + SIDE : NULL));
}

static void any_data_make_a_sound_picture(void **state)
{
    (void)state;
    enum { CHARTS = 600 };
    static const char *const axes[] = {"", "y=log", "x=log", "x=log y=log"};
    deepid_ctx *ctx = new_ctx(1);
    for (uint64_t seed = 1; seed <= CHARTS; seed++) {
        dice d = {seed, 0};
        deepid_chart *chart = NULL;
        OK(deepid_chart_create(ctx, roll_text(&d), roll_text(&d), axes[roll_int(&d, 4)], &chart));
        (seed % 3 == 0 ? fill_rows : seed % 3 == 1 ? fill_plane : fill_heatmap)(ctx, chart, &d);
        check_picture(ctx, chart, seed);
        deepid_chart_destroy(chart);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- particular promises ----------------------------------------------------------------------------- */

static int times(const char *text, const char *part)
{
    int count = 0;
    for (const char *p = text; (p = strstr(p, part)); p++)
        count++;
    return count;
}

/* Marks are <path>, <line class="interval ...">, <rect>: each says in a title what it is. */
static void every_mark_has_a_title(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_chart *rows = NULL;
    deepid_chart *heat = NULL;
    const double seeds[] = {0.5, 0.75, (double)INFINITY};
    OK(deepid_chart_create(ctx, "loss", "", "", &rows));
    /* before the first row: it lies along x all the same */
    OK(deepid_chart_zone(rows, "role=witness", "as good as the shallow net", 0, 0.0625));
    OK(deepid_chart_row(rows, "role=plain", "plain, 30 layers", "", 0.5, 0.25, 0.75, 3, seeds));
    OK(deepid_chart_strip(rows, "role=identity", "skip", "", 3, seeds));
    const char *svg = deepid_chart_svg(rows, "rows");
    assert_non_null(strstr(svg, "<title>plain, 30 layers: 0.5 [0.25, 0.75]</title>"));
    assert_non_null(strstr(svg, "<title>skip: median 0.75</title>"));
    assert_non_null(strstr(svg, "<title>as good as the shallow net: 0 to 0.0625</title>"));
    assert_non_null(strstr(svg, ">2 not finite</text>")); /* one a row */
    assert_int_equal(times(svg, "<path "), times(svg, "</title></path>"));
    assert_int_equal(times(svg, "<rect "), times(svg, "</title></rect>"));
    const double values[] = {1, 0.5, (double)NAN, 0.25, -1, 0};
    const char *names[] = {"block 1", "block 2"};
    OK(deepid_chart_create(ctx, "block", "similarity", "", &heat));
    OK(deepid_chart_heatmap(heat, "", 2, 3, values, names, NULL));
    svg = deepid_chart_svg(heat, "heat");
    assert_non_null(strstr(svg, "<title>block 1, 2: 0.5</title>"));
    assert_non_null(strstr(svg, "<title>block 1, 3: not a number</title>"));
    assert_non_null(strstr(svg, "<g class=\"cell plain\">\n<rect x")); /* below 0: the other colour */
    assert_int_equal(times(svg, "<rect "), times(svg, "</title></rect>"));
    deepid_chart_destroy(heat);
    deepid_chart_destroy(rows);
    deepid_ctx_destroy(ctx);
}

/* Four labels want the same place, 100: least squares puts them at 100 -21 -7 +7 +21. */
static void labels_move_as_little_as_possible(void **state)
{
    (void)state;
    double four[] = {100, 100, 100, 100};
    dpid_push_apart(four, 4, 14, 0, 300);
    const double expected[] = {79, 93, 107, 121};
    for (int i = 0; i < 4; i++)
        assert_true(fabs(four[i] - expected[i]) < 1e-9);
    double edge[] = {2, 3, 250};
    dpid_push_apart(edge, 3, 14, 4, 240);
    assert_true(edge[0] == 4 && edge[1] == 18 && edge[2] == 240);
    double free_ones[] = {10, 50, 90};
    dpid_push_apart(free_ones, 3, 14, 0, 300);
    assert_true(free_ones[0] == 10 && free_ones[1] == 50 && free_ones[2] == 90);
}

static void ticks_can_be_the_callers_and_tell_apart(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_chart *chart = NULL;
    const double depths[] = {2, 10, 30};
    const double narrow[] = {1000, 1000.2, 1000.4};
    OK(deepid_chart_create(ctx, "layers", "loss", "x=log", &chart));
    OK(deepid_chart_line(chart, "", "", "", 3, depths, narrow));
    OK(deepid_chart_set_x_ticks(chart, 3, depths));
    const char *svg = deepid_chart_svg(chart, "");
    assert_non_null(strstr(svg, ">2</text>"));
    assert_non_null(strstr(svg, ">30</text>"));
    assert_non_null(strstr(svg, ">1000.1</text>")); /* more digits where three would not tell */
    assert_non_null(strstr(svg, "aria-label=\"loss\""));
    REFUSED(deepid_chart_set_x_ticks(chart, 25, depths), DEEPID_ERR_ARGUMENT, "25 ticks");
    deepid_chart_destroy(chart);
    deepid_ctx_destroy(ctx);
}

static void a_chart_is_of_one_kind(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_chart *chart = NULL;
    deepid_table *table = NULL;
    const double one[] = {1, 2};
    OK(deepid_chart_create(ctx, "x", "y", "", &chart));
    REFUSED(deepid_chart_row(chart, "", "", "", 1, 1, 1, 0, NULL), DEEPID_ERR_ARGUMENT, "a row needs a label");
    REFUSED(deepid_chart_heatmap(chart, "", 129, 1, one, NULL, NULL), DEEPID_ERR_ARGUMENT,
            "129 x 1 values, expected 1 to 128");
    REFUSED(deepid_chart_zone(chart, "", "", 2, 1), DEEPID_ERR_ARGUMENT, "from 2 to 1");
    REFUSED(deepid_chart_row(chart, "role=none", "a", "", 1, 1, 1, 0, NULL), DEEPID_ERR_SPEC, "none"); /* still empty */
    OK(deepid_chart_line(chart, "", "", "", 2, one, one));
    REFUSED(deepid_chart_row(chart, "", "a", "", 1, 1, 1, 0, NULL), DEEPID_ERR_STATE,
            "holds lines and points, so rows cannot join");
    REFUSED(deepid_chart_heatmap(chart, "", 1, 1, one, NULL, NULL), DEEPID_ERR_STATE, "stands alone");
    deepid_chart_destroy(chart);
    OK(deepid_chart_create(ctx, "x", "y", "", &chart));
    OK(deepid_table_create(ctx, "block", "a,b", &table));
    OK(deepid_table_append(table, "first", one));
    OK(deepid_chart_heatmap_table(chart, "scale=log", table));
    assert_non_null(strstr(deepid_chart_svg(chart, ""), "<title>first, b: 2</title>"));
    REFUSED(deepid_chart_rule(chart, "", "", 1), DEEPID_ERR_STATE, "holds a heatmap");
    deepid_table_destroy(table);
    deepid_chart_destroy(chart);
    deepid_ctx_destroy(ctx);
}

static int32_t draw_all_kinds(deepid_ctx *ctx, void *arg)
{
    const double x[] = {1, 2, 3};
    const double y[] = {0.5, (double)NAN, -1};
    int32_t status = DEEPID_OK;
    (void)arg;
    for (int kind = 0; kind < 3 && status == DEEPID_OK; kind++) {
        deepid_chart *chart = NULL;
        status = deepid_chart_create(
            ctx, "x", "a name that is longer than the picture is wide, so that it has to be cut somewhere", "y=log",
            &chart);
        if (status == DEEPID_OK && kind == 0)
            status = deepid_chart_line(chart, "", "end", "t", 3, x, y);
        if (status == DEEPID_OK && kind == 0)
            status = deepid_chart_points(chart, "", NULL, NULL, 3, x, y);
        if (status == DEEPID_OK && kind == 0)
            status = deepid_chart_zone(chart, "", "zone", 1, 2);
        if (status == DEEPID_OK && kind == 1)
            status = deepid_chart_row(chart, "", "row", "t", 0.5, 0, (double)INFINITY, 3, y);
        if (status == DEEPID_OK && kind == 1)
            status = deepid_chart_strip(chart, "", "strip", "t", 3, y);
        if (status == DEEPID_OK && kind == 2)
            status = deepid_chart_heatmap(chart, "", 1, 3, y, NULL, NULL);
        if (status == DEEPID_OK && !*deepid_chart_svg(chart, "label"))
            status = DEEPID_ERR_MEMORY;
        deepid_chart_destroy(chart);
    }
    return status;
}

static void memory_that_runs_out_is_an_error(void **state)
{
    (void)state;
    survives_every_failing_allocation("charts of all kinds", draw_all_kinds, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_data_make_a_sound_picture),
        cmocka_unit_test(every_mark_has_a_title),
        cmocka_unit_test(labels_move_as_little_as_possible),
        cmocka_unit_test(ticks_can_be_the_callers_and_tell_apart),
        cmocka_unit_test(a_chart_is_of_one_kind),
        cmocka_unit_test(memory_that_runs_out_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
