/* What is asked for of a CSV:  delimiter=; decimal=, label=species drop=id,"first name" ... */
#include "data/csv.h"

#include <string.h>

enum {
    HEADER,
    DELIMITER,
    DECIMAL,
    COMMENT,
    LABEL,
    TARGETS,
    DROP,
    KEEP,
    CATEGORIES,
    MISSING,
    SHAPE,
    SKIP,
    SERIES,
    LAYOUT
};
static const dpid_option options[] = {
    [HEADER] = {"header", DPID_CHOICE, 0, 0, 0, "auto|yes|no", false, "whether the first row is names"},
    [DELIMITER] = {"delimiter", DPID_TEXT, .help = "between cells"},
    [DECIMAL] = {"decimal", DPID_TEXT, .help = "between units and tenths"},
    [COMMENT] = {"comment", DPID_TEXT, .help = "begins lines that are passed over"},
    [LABEL] = {"label", DPID_TEXT, .help = "column of the classes, or one column a class"},
    [TARGETS] = {"targets", DPID_TEXT, .help = "columns of numbers to be predicted"},
    [DROP] = {"drop", DPID_TEXT, .help = "columns to leave out"},
    [KEEP] = {"keep", DPID_TEXT, .help = "columns that are features, and no others"},
    [CATEGORIES] = {"categories", DPID_TEXT, .help = "columns to take as text"},
    [MISSING] = {"missing", DPID_CHOICE, 0, 0, 0, "refuse|drop|mean", false, "what becomes of missing cells"},
    [SHAPE] = {"shape", DPID_EXTENTS, 0, 1, 1 << 16, NULL, false, "height x width x channels of a picture"},
    [SKIP] = {"skip", DPID_INT, 0, 0, 1 << 20, NULL, false, "lines above the table"},
    [SERIES] = {"series", DPID_EXTENTS, 0, 1, 1 << 24, NULL, false, "length or length x channels of a series"},
    [LAYOUT] = {"layout", DPID_CHOICE, 0, 0, 0, "lc|cl", false,
                "of series: the columns of a step stand together, or those of a channel"},
    {0},
};

typedef struct {
    const char *word;
    char is;
} character;
static const character delimiters[] = {{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"bar", '|'}, {"blank", ' '}};
static const character points[] = {{"point", '.'}, {"comma", ','}};

/* One of the words, or the character itself, which is one of theirs. */
static int32_t read_character(deepid_ctx *ctx, const dpid_value *v, const char *key, const character *known,
                              size_t count, char *out)
{
    for (size_t i = 0; v->given && i < count; i++)
        if (dpid_span_is(v->text, known[i].word) || (v->text.length == 1 && *v->text.text == known[i].is)) {
            *out = known[i].is;
            return DEEPID_OK;
        }
    return v->given
               ? dpid_fail_at(ctx, v->text, "csv: %s is '%.*s', expected %s", key, (int)v->text.length, v->text.text,
                              known == points ? "point or comma" : "comma, semicolon, tab, bar, blank, or one of , ; |")
               : DEEPID_OK;
}

static int32_t read_comment(deepid_ctx *ctx, const dpid_value *v, char *out)
{
    if (!v->given)
        return DEEPID_OK;
    *out = *v->text.text;
    return v->text.length == 1 && (unsigned char)*out < 0x80
               ? DEEPID_OK
               : dpid_fail_at(ctx, v->text, "csv: comment is '%.*s', expected one character such as #",
                              (int)v->text.length, v->text.text);
}

static int32_t check_together(deepid_ctx *ctx, const dpid_value *v, const dpid_csv_options *o)
{
    if (v[LABEL].given && v[TARGETS].given)
        return dpid_fail_at(ctx, v[TARGETS].text, "csv: give label or targets, not both");
    if (v[DROP].given && v[KEEP].given)
        return dpid_fail_at(ctx, v[KEEP].text, "csv: give drop or keep, not both");
    if (v[SHAPE].given && v[SERIES].given)
        return dpid_fail(ctx, DEEPID_ERR_SPEC, "csv: give shape or series, not both");
    if (v[SERIES].given && v[SERIES].count > 2)
        return dpid_fail(ctx, DEEPID_ERR_SPEC, "csv: series has %d numbers, expected length or length x channels",
                         v[SERIES].count);
    if (v[LAYOUT].given && !v[SERIES].given)
        return dpid_fail(ctx, DEEPID_ERR_SPEC, "csv: layout is of series; give series=LENGTHxCHANNELS");
    if (o->delimiter == ',' && o->point == ',')
        return dpid_fail_at(ctx, v[DECIMAL].text, "csv: delimiter and decimal are both a comma");
    return DEEPID_OK;
}

int32_t dpid_csv_options_read(deepid_ctx *ctx, const char *text, dpid_csv_options *out)
{
    dpid_value v[DPID_OPTIONS_MAX] = {{0}};
    *out = (dpid_csv_options){.point = '.'};
    DPID_TRY(dpid_options_parse(ctx, "csv", dpid_span_of(text), options, v));
    DPID_TRY(read_character(ctx, &v[DELIMITER], "delimiter", delimiters, sizeof delimiters / sizeof *delimiters,
                            &out->delimiter));
    DPID_TRY(read_character(ctx, &v[DECIMAL], "decimal", points, sizeof points / sizeof *points, &out->point));
    DPID_TRY(read_comment(ctx, &v[COMMENT], &out->comment));
    out->skip = v[SKIP].i;
    out->header = v[HEADER].i;
    out->missing = v[MISSING].i;
    out->label = v[LABEL].text;
    out->targets = v[TARGETS].text;
    out->drop = v[DROP].text;
    out->keep = v[KEEP].text;
    out->categories = v[CATEGORIES].text;
    out->shape = v[SHAPE];
    out->series = v[SERIES];
    out->channels_first = v[LAYOUT].i == 1;
    return check_together(ctx, v, out);
}

bool dpid_csv_list_next(dpid_span *rest, dpid_span *name)
{
    if (rest->length <= 0)
        return false;
    const char *p = rest->text;
    const char *end = p + rest->length;
    const bool quoted = *p == '"';
    const char *stop = quoted ? memchr(p + 1, '"', (size_t)(end - p - 1)) : memchr(p, ',', (size_t)(end - p));
    stop = stop ? stop : end;
    *name = (dpid_span){p + quoted, stop - p - quoted, rest->whole};
    stop += quoted && stop < end;
    stop += stop < end && *stop == ',';
    *rest = (dpid_span){stop, end - stop, rest->whole};
    return true;
}
