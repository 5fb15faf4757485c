/* The elements of a picture, and how wide a text can get. */
#include "report/svg.h"

#include "base/utf8.h"

#include <math.h>
#include <string.h>

/* ---- widths ------------------------------------------------------------------------------ */

/* Advance widths of DejaVu Sans Bold, the widest font of our list, in hundredths of the type size, rounded up; ' '
   to '~'. */
static const uint8_t advances[] = {35, 46,  53, 84, 70, 101, 88, 31,  46, 46, 53, 84, 38, 42,  38, 37, 70, 70,  70,
                                   70, 70,  70, 70, 70, 70,  70, 40,  40, 84, 84, 84, 59, 100, 78, 77, 74, 84,  69,
                                   69, 83,  84, 38, 38, 78,  64, 100, 84, 86, 74, 86, 78, 73,  69, 82, 78, 111, 78,
                                   73, 73,  46, 37, 46, 84,  50, 50,  68, 72, 60, 72, 68, 44,  72, 72, 35, 35,  67,
                                   35, 105, 72, 69, 72, 72,  50, 60,  48, 72, 66, 93, 65, 66,  59, 72, 37, 72,  84};

/* Superscripts and the multiplication sign are narrow; letters of other scripts are at most square, pictures a
   little wider. */
static double advance(const char *p, int32_t length)
{
    const unsigned char first = (unsigned char)*p;
    if (length <= 1)
        return first >= ' ' && first <= '~' ? advances[first - ' '] / 100.0 : 1.05;
    if (strncmp(p, "\xe2\x81", 2) == 0 || strncmp(p, "\xc2\xb2", 2) == 0 || strncmp(p, "\xc2\xb3", 2) == 0 ||
        strncmp(p, "\xc2\xb9", 2) == 0)
        return 0.6; /* ⁰ ⁴ .. ⁹ ⁻ ² ³ ¹ */
    return length == 4 ? 1.4 : length == 2 ? 1.1 : 1.05;
}

enum { TYPE_SIZE = 125, TEN = 10 }; /* tenths of a unit */

double dpid_text_width(const char *text)
{
    double width = 0;
    while (*text) {
        const int32_t length = dpid_utf8_length(text);
        width += advance(text, length);
        text += length > 0 ? length : 1;
    }
    return width * TYPE_SIZE / TEN;
}

/* Bytes of text that fit into room together with an ellipsis. */
static int64_t fitting(const char *text, double room)
{
    const char *p = text;
    double used = dpid_text_width("\xe2\x80\xa6");
    while (*p) {
        const int32_t length = dpid_utf8_length(p);
        used += advance(p, length) * TYPE_SIZE / TEN;
        if (used > room)
            break;
        p += length > 0 ? length : 1;
    }
    return p - text;
}

/* ---- elements ---------------------------------------------------------------------------------- */

void dpid_svg_number(dpid_string *s, double value)
{
    dpid_string_number(s, round(value * TEN) / TEN);
}

static void attribute(dpid_string *s, const char *name, double value)
{
    dpid_string_format(s, " %s=\"", name);
    dpid_svg_number(s, value);
    dpid_string_add(s, "\"");
}

void dpid_svg_open(dpid_string *s, double width, double height, const char *label)
{
    dpid_string_add(s, "<svg viewBox=\"0 0 ");
    dpid_svg_number(s, width);
    dpid_string_add(s, " ");
    dpid_svg_number(s, height);
    dpid_string_add(s, "\" role=\"img\" aria-label=\"");
    dpid_string_html(s, label);
    dpid_string_add(s, "\">\n");
}

void dpid_svg_close(dpid_string *s)
{
    dpid_string_add(s, "</svg>\n");
}

void dpid_svg_title(dpid_string *s, const char *text)
{
    if (!text || !*text)
        return;
    dpid_string_add(s, "<title>");
    dpid_string_html(s, text);
    dpid_string_add(s, "</title>");
}

static void open_element(dpid_string *s, const char *element, const char *css, const char *css2)
{
    dpid_string_format(s, "<%s class=\"%s%s%s\"", element, css, css2 ? " " : "", css2 ? css2 : "");
}

static void close_element(dpid_string *s, const char *element, const char *title)
{
    if (!title || !*title) {
        dpid_string_add(s, "/>\n");
        return;
    }
    dpid_string_add(s, ">");
    dpid_svg_title(s, title);
    dpid_string_format(s, "</%s>\n", element);
}

void dpid_svg_text(dpid_string *s, const char *css, const char *css2, const char *anchor, double x, double y,
                   double room, const char *text)
{
    const double slack = 0.01; /* room is often the text's own width, taken apart and put together */
    const bool whole = dpid_text_width(text) <= room + slack;
    if (!*text)
        return;
    open_element(s, "text", css, css2);
    dpid_string_format(s, " text-anchor=\"%s\"", anchor);
    attribute(s, "x", x);
    attribute(s, "y", y);
    dpid_string_add(s, ">");
    if (whole)
        dpid_string_html(s, text);
    else {
        const int64_t bytes = fitting(text, room);
        dpid_string part = {.ctx = s->ctx};
        dpid_string_add_span(&part, text, bytes);
        dpid_string_add(&part, "\xe2\x80\xa6");
        dpid_string_html(s, part.text ? part.text : "");
        s->status = s->status == DEEPID_OK ? part.status : s->status;
        dpid_string_release(&part);
        dpid_svg_title(s, text);
    }
    dpid_string_add(s, "</text>\n");
}

void dpid_svg_line(dpid_string *s, const char *css, const char *css2, double x1, double y1, double x2, double y2,
                   const char *title)
{
    open_element(s, "line", css, css2);
    attribute(s, "x1", x1);
    attribute(s, "y1", y1);
    attribute(s, "x2", x2);
    attribute(s, "y2", y2);
    close_element(s, "line", title);
}

void dpid_svg_rect(dpid_string *s, const char *css, const char *css2, double x, double y, double width, double height,
                   double opacity, const char *title)
{
    if (css)
        open_element(s, "rect", css, css2);
    else
        dpid_string_add(s, "<rect");
    attribute(s, "x", x);
    attribute(s, "y", y);
    attribute(s, "width", width);
    attribute(s, "height", height);
    if (opacity < 1)
        dpid_string_format(s, " fill-opacity=\"%s\"", dpid_number_rounded(opacity, 2).text);
    close_element(s, "rect", title);
}

void dpid_svg_mark(dpid_string *s, const char *css, dpid_shape shape, double x, double y, const char *title)
{
    static const char *const paths[] = {[DPID_SHAPE_DOT] = "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
                                        [DPID_SHAPE_DIAMOND] = "m0 -5.5l5.5 5.5l-5.5 5.5l-5.5 -5.5z",
                                        [DPID_SHAPE_TICK] = "m-6 -1.2h12v2.4h-12z",
                                        [DPID_SHAPE_BEAD] = "m-2 0a2 2 0 1 0 4 0a2 2 0 1 0 -4 0z",
                                        [DPID_SHAPE_RING] = "m-8 0a8 8 0 1 0 16 0a8 8 0 1 0 -16 0z"
                                                            "m1.4 0a6.6 6.6 0 1 1 13.2 0a6.6 6.6 0 1 1 -13.2 0z",
                                        [DPID_SHAPE_UP] = "m0 -5l5 8h-10z",
                                        [DPID_SHAPE_DOWN] = "m0 5l5 -8h-10z",
                                        [DPID_SHAPE_RIGHT] = "m5 0l-8 5v-10z",
                                        [DPID_SHAPE_LEFT] = "m-5 0l8 5v-10z",
                                        [DPID_SHAPE_BAR] = "m-0.6 -6h1.2v12h-1.2z"};
    open_element(s, "path", "point", css);
    dpid_string_add(s, " d=\"M");
    dpid_svg_number(s, x);
    dpid_string_add(s, " ");
    dpid_svg_number(s, y);
    dpid_string_add(s, paths[shape]);
    dpid_string_add(s, "\"");
    close_element(s, "path", title);
}
