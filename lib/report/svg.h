/* The elements of a picture. Texts never leave the room that they are given: what is longer is cut with an ellipsis
   and whole in its title. */
#ifndef DPID_REPORT_SVG_H
#define DPID_REPORT_SVG_H

#include "base/base.h"

/* a text's box above and below its base line, and the step from line to line */
enum { DPID_TEXT_UP = 10, DPID_TEXT_DOWN = 4, DPID_TEXT_LINE = 14 };
typedef enum {
    DPID_SHAPE_DOT,
    DPID_SHAPE_DIAMOND,
    DPID_SHAPE_TICK,
    DPID_SHAPE_BEAD, /* on a line */
    DPID_SHAPE_RING, /* around another mark */
    DPID_SHAPE_UP,
    DPID_SHAPE_DOWN,
    DPID_SHAPE_RIGHT,
    DPID_SHAPE_LEFT,
    DPID_SHAPE_BAR
} dpid_shape;

/* Units that text takes at most, in the largest and boldest type of the style sheet and the widest common font. */
double dpid_text_width(const char *text);

void dpid_svg_open(dpid_string *s, double width, double height, const char *label);
void dpid_svg_close(dpid_string *s);
void dpid_svg_number(dpid_string *s, double value);    /* to a tenth of a unit */
void dpid_svg_title(dpid_string *s, const char *text); /* nothing for NULL or "" */
/* anchor: "start", "middle" or "end" at x; room: units that it may take. */
void dpid_svg_text(dpid_string *s, const char *css, const char *css2, const char *anchor, double x, double y,
                   double room, const char *text);
void dpid_svg_line(dpid_string *s, const char *css, const char *css2, double x1, double y1, double x2, double y2,
                   const char *title);
/* css NULL: the group's. */
void dpid_svg_rect(dpid_string *s, const char *css, const char *css2, double x, double y, double width, double height,
                   double opacity, const char *title);
/* A small closed mark around (x, y). */
void dpid_svg_mark(dpid_string *s, const char *css, dpid_shape shape, double x, double y, const char *title);

#endif
