/* The one grammar of all our words: `word key=value key=value`. A registry gives the allowed keys; the error names
   what was found and what is allowed. */
#ifndef DPID_BASE_OPTIONS_H
#define DPID_BASE_OPTIONS_H

#include "base/context.h"
#include "base/text.h"

enum { DPID_OPTIONS_MAX = 16, DPID_VALUE_LIST_MAX = 4 };

/* Words of DPID_PADDING (lib/ops/window.h says what each pads): v.i, negative */
enum { DPID_PADDING_SYMMETRIC = -1, DPID_PADDING_SAME_UPPER = -2, DPID_PADDING_SAME = -3, DPID_PADDING_VALID = -4 };

/* A piece of the caller's text, and where it is, for error messages. */
typedef struct {
    const char *text;
    int64_t length;
    const char *whole; /* start of the whole text (line and column are counted from here); may equal text */
} dpid_span;

typedef enum {
    DPID_INT = 1, /* v.i */
    DPID_REAL,    /* v.r */
    DPID_CHOICE,  /* v.i = index into choices ("relu|tanh|none") */
    DPID_EXTENTS, /* 1 to 4 integers, "3", "3x1", "1x1x0x2": v.list, v.count */
    DPID_PADDING, /* a word (v.i = DPID_PADDING_SYMMETRIC, ...) or extents (v.i = 0): N, HxW, or TxBxLxR */
    DPID_TEXT     /* v.text, as it stands; blanks stand in it between double quotes */
} dpid_option_type;

typedef struct {
    const char *key; /* NULL ends a list */
    dpid_option_type type;
    /* what holds when the key is not given; of DPID_EXTENTS the one extent; of DPID_PADDING v.i when negative */
    double fallback;
    double min, max;     /* inclusive, for numbers and each extent */
    const char *choices; /* DPID_CHOICE */
    bool required;
    const char *help; /* "number of outputs" */
} dpid_option;

typedef struct {
    bool given;
    int64_t i;
    double r;
    int32_t count;
    int64_t list[DPID_VALUE_LIST_MAX];
    const double *reals; /* [count], where whoever asked made numbers of the text; else NULL */
    dpid_span text;      /* a part of what was parsed, and alive no longer than that */
} dpid_value;

/* The whole of a text; NULL counts as "". */
dpid_span dpid_span_of(const char *text);
/* First word of span ("sgd" of "sgd momentum=0.9"); what is behind it goes to rest. */
dpid_span dpid_first_word(dpid_span span, dpid_span *rest);
bool dpid_span_is(dpid_span span, const char *word);
static inline bool dpid_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Parses `key=value ...` into values, one for each of options, in their order. Fails with DEEPID_ERR_SPEC, and a
   sentence that begins with `what`, such as "dense". */
int32_t dpid_options_parse(deepid_ctx *ctx, const char *what, dpid_span span, const dpid_option *options,
                           dpid_value *values);
/* Appends " key=value" for each value that differs from its fallback, in the order of options: how a net's text is
   printed. */
void dpid_options_print(dpid_string *s, const dpid_option *options, const dpid_value *values);
/* DEEPID_ERR_SPEC: "line 1, column 9: unknown layer 'dens'; known: dense, conv2d, ... (nearest: dense)". words:
   NULL-terminated list. */
int32_t dpid_fail_word(deepid_ctx *ctx, const char *what, dpid_span found, const char *const *words);
/* DEEPID_ERR_SPEC with "line L, column C: " in front. */
int32_t dpid_fail_at(deepid_ctx *ctx, dpid_span where, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
