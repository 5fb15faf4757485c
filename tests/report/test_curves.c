/* What is drawn is what was given: places of points against the axes' own ticks, spikes among many points, edges of
   bands, medians, counts of what has no place. */
#include "support/support.h"

#include "report/chart.h"
#include "report/svg.h"

#include <math.h>

enum { POINTS_MAX = 4096 };

typedef struct {
    int count;
    double x[POINTS_MAX], y[POINTS_MAX];
} path;

/* The vertices of the first path of this class: "M1 2L3 4..." */
static void vertices(const char *svg, const char *css, path *out)
{
    char start[64];
    out->count = 0;
    snprintf(start, sizeof start, "<path class=\"%s", css);
    const char *p = strstr(svg, start);
    assert_non_null(p);
    for (p = strstr(p, " d=\"") + 4; *p == 'M' || *p == 'L';) {
        char *end;
        assert_true(out->count < POINTS_MAX);
        out->x[out->count] = strtod(p + 1, &end);
        out->y[out->count++] = strtod(end, &end);
        p = end;
    }
}

/* value = a + b place, by the two outermost ticks of an axis; the value is a logarithm on a log axis. Returns how
   many ticks there are. */
typedef struct {
    double a, b;
} scale;

static int scale_of(const char *svg, bool vertical, bool log, scale *out)
{
    double place[64];
    double value[64];
    int n = 0;
    for (const char *p = svg; (p = strstr(p, "<text class=\"tick\"")); p++) {
        const bool is_vertical = strncmp(strstr(p, "anchor=\"") + 8, "end", 3) == 0;
        const char *words = strchr(p, '>') + 1;
        if (is_vertical != vertical || strstr(words, "not ") == words + strcspn(words, " ") + 1)
            continue;
        value[n] = atof(words);
        value[n] = log ? log10(value[n]) : value[n];
        /* the text's base line lies 4 below its tick */
        place[n++] = atof(strstr(p, vertical ? " y=\"" : " x=\"") + 4) - (vertical ? 4 : 0);
    }
    assert_true(n >= 2);
    out->b = (value[n - 1] - value[0]) / (place[n - 1] - place[0]);
    out->a = value[0] - out->b * place[0];
    return n;
}

/* Places are written to a tenth, so a value is known to a twentieth of a unit and what the ticks' own rounding makes
   of it. */
static void lies_at(const char *what, int i, const scale *s, double place, double value)
{
    const double off = fabs((value - s->a) / s->b - place);
    if (!(off <= 0.16))
        fail_msg("%s, point %d is drawn at %g: that is %g, expected %g", what, i, place, s->a + s->b * place, value);
}

static deepid_chart *chart_of(deepid_ctx *ctx, const char *axes)
{
    deepid_chart *chart = NULL;
    OK(deepid_chart_create(ctx, "step", "loss", axes, &chart));
    return chart;
}

static void a_curve_goes_through_its_points(void **state)
{
    (void)state;
    enum { N = 60 };
    deepid_ctx *ctx = new_ctx(1);
    for (int log = 0; log < 2; log++) {
        static path p;
        scale across;
        scale up;
        double x[N];
        double y[N];
        for (int i = 0; i < N; i++) {
            x[i] = 10 * i;
            y[i] = log ? pow(10, 2 * cos(0.3 * i) - 1) : 3 + 2 * cos(0.3 * i);
        }
        y[0] = log ? 10 : 5;
        deepid_chart *chart = chart_of(ctx, log ? "y=log" : "");
        OK(deepid_chart_line(chart, "role=plain", NULL, "curve", N, x, y));
        const char *svg = deepid_chart_svg(chart, "");
        vertices(svg, "line", &p);
        scale_of(svg, false, false, &across);
        scale_of(svg, true, log, &up);
        assert_int_equal(p.count, N); /* about seven units apart: none may be left out */
        for (int i = 0; i < N; i++) {
            lies_at(log ? "x beside a log axis" : "x", i, &across, p.x[i], x[i]);
            lies_at(log ? "y on a log axis" : "y", i, &up, p.y[i], log ? log10(y[i]) : y[i]);
        }
        /* the curve fills the picture: from the axis to its end, and as much air above as below */
        double top = 1e9;
        double bottom = 0;
        for (int i = 0; i < N; i++) {
            top = fmin(top, p.y[i]);
            bottom = fmax(bottom, p.y[i]);
        }
        const char *axis = strstr(svg, "<line class=\"axis\"");
        assert_true(fabs(atof(strstr(axis, " x1=\"") + 5) - p.x[0]) <= 0.1 &&
                    fabs(atof(strstr(axis, " x2=\"") + 5) - p.x[N - 1]) <= 0.1);
        const double floor_ = atof(strstr(axis, " y1=\"") + 5);
        const double ceiling = DPID_CHART_TOP + 5;
        if (!(fabs((floor_ - bottom) - (top - ceiling)) <= 0.2))
            fail_msg("there is %g of air below the curve, %g above", floor_ - bottom, top - ceiling);
        deepid_chart_destroy(chart);
    }
    deepid_ctx_destroy(ctx);
}

/* A thousand points on a line a few hundred units wide are thinned, but each point of the curve stays within a unit
   of what is drawn: a spike of one point, too, and the last value. */
static void thinning_keeps_spikes_and_ends(void **state)
{
    (void)state;
    enum { N = 1000, SPIKE = 617 };
    static path p;
    double x[N];
    double y[N];
    scale across;
    scale up;
    deepid_ctx *ctx = new_ctx(1);
    deepid_chart *chart = chart_of(ctx, "");
    for (int i = 0; i < N; i++) {
        x[i] = i;
        y[i] = i == SPIKE ? 1 : i > 900 ? 0.5 : 0.1 * (i % 2);
    }
    OK(deepid_chart_line(chart, "role=plain", NULL, "curve", N, x, y));
    const char *svg = deepid_chart_svg(chart, "");
    vertices(svg, "line", &p);
    scale_of(svg, false, false, &across);
    scale_of(svg, true, false, &up);
    for (int i = 0; i < N; i++) {
        double nearest = 1e9;
        for (int k = 0; k < p.count; k++)
            nearest =
                fmin(nearest, fmax(fabs((x[i] - across.a) / across.b - p.x[k]), fabs((y[i] - up.a) / up.b - p.y[k])));
        if (nearest > 1.4) /* one unit, and what places are rounded by */
            fail_msg("point %d lies %g units from what is drawn", i, nearest);
    }
    lies_at("the end", N - 1, &across, p.x[p.count - 1], N - 1);
    deepid_chart_destroy(chart);
    deepid_ctx_destroy(ctx);
}

static void a_band_runs_along_one_edge_and_back_along_the_other(void **state)
{
    (void)state;
    enum { N = 5 };
    static path p;
    static const double x[N] = {1, 2, 3, 4, 6};
    static const double low[N] = {0, 1, 0.5, 2, 1};
    static const double high[N] = {3, 4, 2.5, 5, 4.5};
    scale across;
    scale up;
    deepid_ctx *ctx = new_ctx(1);
    deepid_chart *chart = chart_of(ctx, "");
    OK(deepid_chart_band(chart, "role=plain", NULL, "band", N, x, low, high));
    const char *svg = deepid_chart_svg(chart, "");
    vertices(svg, "band", &p);
    scale_of(svg, false, false, &across);
    scale_of(svg, true, false, &up);
    assert_int_equal(p.count, 2 * N);
    for (int i = 0; i < N; i++) {
        lies_at("forth, x", i, &across, p.x[i], x[i]);
        lies_at("forth", i, &up, p.y[i], high[i]);
        lies_at("back, x", i, &across, p.x[2 * N - 1 - i], x[i]);
        lies_at("back", i, &up, p.y[2 * N - 1 - i], low[i]);
    }
    deepid_chart_destroy(chart);
    deepid_ctx_destroy(ctx);
}

/* Steps of 1, 2 or 5 times a power of ten. */
static void ticks_are_round(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int k = 1; k <= 60; k++) {
        scale s;
        const double x[2] = {0, 1};
        const double y[2] = {0, 0.1 * k};
        deepid_chart *chart = chart_of(ctx, "");
        OK(deepid_chart_line(chart, "", NULL, "", 2, x, y));
        const char *svg = deepid_chart_svg(chart, "");
        const int n = scale_of(svg, true, false, &s);
        const char *first = strstr(svg, "text-anchor=\"end\"");
        const char *second = strstr(first + 1, "text-anchor=\"end\"");
        const double step = fabs(atof(strchr(second, '>') + 1) - atof(strchr(first, '>') + 1));
        const double mantissa = step / pow(10, floor(log10(step) + 1e-9));
        if (n > 8 || (fabs(mantissa - 1) > 1e-6 && fabs(mantissa - 2) > 1e-6 && fabs(mantissa - 5) > 1e-6))
            fail_msg("0 to %g has %d ticks, %g apart", y[1], n, step);
        deepid_chart_destroy(chart);
    }
    deepid_ctx_destroy(ctx);
}

static void places_are_rounded_to_the_nearest_tenth(void **state)
{
    (void)state;
    static const struct {
        double place;
        const char *text;
    } rows[] = {{1.26, "1.3"}, {1.24, "1.2"}, {-1.26, "-1.3"}, {99.96, "100"}, {0.04, "0"}, {7, "7"}};
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        dpid_string s = {.ctx = ctx};
        dpid_svg_number(&s, rows[i].place);
        assert_string_equal(s.text, rows[i].text);
        dpid_string_release(&s);
    }
    deepid_ctx_destroy(ctx);
}

/* The median of an even number of seeds is the mean of the middle two; what has no place is counted by its kind. */
static void medians_and_counts_are_right(void **state)
{
    (void)state;
    static const double seeds[4] = {10, 1, 3, 2};
    static const double x[6] = {1, 2, 3, 4, 5, 6};
    static const double y[6] = {1, 0, -1, INFINITY, NAN, 2};
    deepid_ctx *ctx = new_ctx(1);
    deepid_chart *chart = chart_of(ctx, "");
    OK(deepid_chart_strip(chart, "role=plain", "strip", "strip", 4, seeds));
    assert_non_null(strstr(deepid_chart_svg(chart, ""), "<title>strip: median 2.5</title>"));
    deepid_chart_destroy(chart);
    chart = chart_of(ctx, "y=log");
    OK(deepid_chart_line(chart, "role=plain", NULL, "line", 6, x, y));
    assert_non_null(strstr(deepid_chart_svg(chart, ""), ">2 not finite, 2 not above 0</text>"));
    deepid_chart_destroy(chart);
    chart = chart_of(ctx, "");
    OK(deepid_chart_line(chart, "role=plain", NULL, "line", 6, x, y));
    assert_non_null(strstr(deepid_chart_svg(chart, ""), ">2 not finite</text>")); /* 0 and -1 have a place here */
    deepid_chart_destroy(chart);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_curve_goes_through_its_points),
        cmocka_unit_test(thinning_keeps_spikes_and_ends),
        cmocka_unit_test(a_band_runs_along_one_edge_and_back_along_the_other),
        cmocka_unit_test(places_are_rounded_to_the_nearest_tenth),
        cmocka_unit_test(ticks_are_round),
        cmocka_unit_test(medians_and_counts_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
