/* `word key=value ...`: one grammar, one parser, errors that say where and what is allowed. */
#include "base/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- where ------------------------------------------------------------------ */

int32_t dpid_fail_at(deepid_ctx *ctx, dpid_span where, const char *format, ...)
{
    int64_t line = 1;
    int64_t column = 1;
    for (const char *p = where.whole; p < where.text; p++) {
        column = *p == '\n' ? 1 : column + ((*p & 0xc0) != 0x80); /* characters, not bytes */
        line += *p == '\n';
    }
    char sentence[DPID_ERROR_MAX];
    va_list list;
    va_start(list, format);
    vsnprintf(sentence, sizeof sentence, format, list);
    va_end(list);
    return dpid_fail(ctx, DEEPID_ERR_SPEC, "line %lld, column %lld: %s", (long long)line, (long long)column, sentence);
}

/* Levenshtein distance, capped lengths: words are short. */
static int32_t distance(const char *a, int64_t a_length, const char *b)
{
    enum { LONGEST = 32 };
    const int64_t b_length = (int64_t)strlen(b);
    if (a_length > LONGEST || b_length > LONGEST)
        return LONGEST;
    int32_t row[LONGEST + 1];
    for (int64_t j = 0; j <= b_length; j++)
        row[j] = (int32_t)j;
    for (int64_t i = 1; i <= a_length; i++) {
        int32_t diagonal = row[0];
        row[0] = (int32_t)i;
        for (int64_t j = 1; j <= b_length; j++) {
            const int32_t change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            const int32_t shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];
            row[j] = change < shorter + 1 ? change : shorter + 1;
        }
    }
    return row[b_length];
}

typedef struct {
    char list[360];
    const char *nearest;
} known_words;

/* What does not fit ends in "...". */
static void add_known(known_words *known, dpid_span found, const char *word, int32_t *best)
{
    const size_t used = strlen(known->list);
    const size_t end = sizeof ", ...";
    const bool fits = used + strlen(word) + end < sizeof known->list - end;
    if (fits || (used > 0 && known->list[used - 1] != '.'))
        snprintf(known->list + used, sizeof known->list - used, "%s%s", used ? ", " : "", fits ? word : "...");
    const int32_t d = distance(found.text, found.length, word);
    if (d < *best) {
        *best = d;
        known->nearest = word;
    }
}

/* How much of a found text a sentence quotes: the sentence must have room for what was expected. */
static int shown(dpid_span found)
{
    enum { QUOTED = 40 };
    return (int)(found.length < QUOTED ? found.length : QUOTED);
}

static int32_t fail_known(deepid_ctx *ctx, const char *what, dpid_span found, const known_words *known)
{
    return dpid_fail_at(ctx, found, "unknown %s '%.*s'; known: %s%s%s%s", what, shown(found), found.text, known->list,
                        known->nearest ? " (nearest: " : "", known->nearest ? known->nearest : "",
                        known->nearest ? ")" : "");
}

/* A word is near when fewer letters than these, and than it has, must change. */
static int32_t far(dpid_span found)
{
    enum { FAR = 4 };
    return found.length < FAR ? (int32_t)found.length : FAR;
}

int32_t dpid_fail_word(deepid_ctx *ctx, const char *what, dpid_span found, const char *const *words)
{
    known_words known = {"", NULL};
    int32_t best = far(found);
    for (; *words; words++)
        add_known(&known, found, *words, &best);
    return fail_known(ctx, what, found, &known);
}

/* ---- pieces ----------------------------------------------------------------- */

static dpid_span skip_blanks(dpid_span s)
{
    while (s.length > 0 && dpid_is_blank(*s.text)) {
        s.text++;
        s.length--;
    }
    return s;
}

dpid_span dpid_span_of(const char *text)
{
    const char *t = text ? text : "";
    return (dpid_span){t, (int64_t)strlen(t), t};
}

dpid_span dpid_first_word(dpid_span span, dpid_span *rest)
{
    dpid_span word = skip_blanks(span);
    const int64_t available = word.length;
    int64_t length = 0;
    while (length < available && !dpid_is_blank(word.text[length]))
        length++;
    word.length = length;
    *rest = skip_blanks((dpid_span){word.text + length, available - length, span.whole});
    return word;
}

bool dpid_span_is(dpid_span span, const char *word)
{
    return (int64_t)strlen(word) == span.length && memcmp(span.text, word, (size_t)span.length) == 0;
}

/* ---- values ------------------------------------------------------------------ */

static int32_t check_range(deepid_ctx *ctx, const char *what, dpid_span at, const dpid_option *o, double value)
{
    if (value >= o->min && value <= o->max)
        return DEEPID_OK;
    return dpid_fail_at(ctx, at, "%s: %s is %.*s, expected %s to %s", what, o->key, shown(at), at.text,
                        dpid_number(o->min).text, dpid_number(o->max).text);
}

static int32_t parse_int(deepid_ctx *ctx, const char *what, dpid_span at, const dpid_option *o, int64_t *out)
{
    if (!dpid_parse_int(at.text, at.length, out))
        return dpid_fail_at(ctx, at, "%s: %s is '%.*s', expected a whole number", what, o->key, shown(at), at.text);
    return check_range(ctx, what, at, o, (double)*out);
}

static int32_t parse_extents(deepid_ctx *ctx, const char *what, dpid_span at, const dpid_option *o, dpid_value *v)
{
    const char *end = at.text + at.length;
    v->count = 0;
    for (const char *p = at.text; p <= end && v->count <= DPID_VALUE_LIST_MAX;) {
        const char *stop = p;
        while (stop < end && *stop != 'x')
            stop++;
        if (v->count == DPID_VALUE_LIST_MAX)
            return dpid_fail_at(ctx, at, "%s: %s is '%.*s', expected at most %d numbers joined by x", what, o->key,
                                shown(at), at.text, DPID_VALUE_LIST_MAX);
        DPID_TRY(parse_int(ctx, what, (dpid_span){p, stop - p, at.whole}, o, &v->list[v->count++]));
        p = stop + 1;
        if (stop == end)
            break;
    }
    v->i = v->list[0];
    return DEEPID_OK;
}

static int32_t parse_choice(deepid_ctx *ctx, const char *what, dpid_span at, const dpid_option *o, int64_t *out)
{
    const char *p = o->choices;
    for (int64_t index = 0;; index++) {
        const char *stop = strchrnul(p, '|');
        if (stop - p == at.length && memcmp(p, at.text, (size_t)at.length) == 0) {
            *out = index;
            return DEEPID_OK;
        }
        if (!*stop)
            break;
        p = stop + 1;
    }
    return dpid_fail_at(ctx, at, "%s: %s is '%.*s', expected one of %s", what, o->key, shown(at), at.text, o->choices);
}

static const struct {
    const char *word;
    int64_t mode;
} paddings[] = {{"symmetric", DPID_PADDING_SYMMETRIC},
                {"same_upper", DPID_PADDING_SAME_UPPER},
                {"same", DPID_PADDING_SAME},
                {"valid", DPID_PADDING_VALID}};
enum { PADDINGS = sizeof paddings / sizeof *paddings };

static int32_t parse_padding(deepid_ctx *ctx, const char *what, dpid_span at, const dpid_option *o, dpid_value *v)
{
    for (int32_t k = 0; k < PADDINGS; k++) {
        if (!dpid_span_is(at, paddings[k].word))
            continue;
        v->i = paddings[k].mode;
        return DEEPID_OK;
    }
    DPID_TRY(parse_extents(ctx, what, at, o, v));
    v->i = 0;
    return DEEPID_OK;
}

static int32_t parse_value(deepid_ctx *ctx, const char *what, dpid_span at, const dpid_option *o, dpid_value *v)
{
    v->given = true;
    switch (o->type) {
    case DPID_INT:
        return parse_int(ctx, what, at, o, &v->i);
    case DPID_REAL:
        if (!dpid_parse_double(at.text, at.length, &v->r))
            return dpid_fail_at(ctx, at, "%s: %s is '%.*s', expected a number", what, o->key, shown(at), at.text);
        return check_range(ctx, what, at, o, v->r);
    case DPID_CHOICE:
        return parse_choice(ctx, what, at, o, &v->i);
    case DPID_EXTENTS:
        return parse_extents(ctx, what, at, o, v);
    case DPID_PADDING:
        return parse_padding(ctx, what, at, o, v);
    case DPID_TEXT:
        v->text = at;
        return DEEPID_OK;
    }
    return DEEPID_OK;
}

static void set_fallback(const dpid_option *o, dpid_value *v)
{
    *v = (dpid_value){.i = (int64_t)o->fallback, .r = o->fallback, .count = 1, .list = {(int64_t)o->fallback}};
    if (o->type == DPID_PADDING && o->fallback >= 0)
        v->i = 0;
}

/* ---- lists of key=value -------------------------------------------------------- */

static int32_t fail_key(deepid_ctx *ctx, const char *what, dpid_span key, const dpid_option *options)
{
    known_words known = {"", NULL};
    int32_t best = far(key);
    for (const dpid_option *o = options; o && o->key; o++)
        add_known(&known, key, o->key, &best);
    char kind[64];
    snprintf(kind, sizeof kind, "option of %s", what);
    if (!known.list[0])
        return dpid_fail_at(ctx, key, "%s takes no options, found '%.*s'", what, shown(key), key.text);
    return fail_known(ctx, kind, key, &known);
}

static int32_t parse_pair(deepid_ctx *ctx, const char *what, dpid_span pair, const dpid_option *options,
                          dpid_value *values)
{
    const char *equals = memchr(pair.text, '=', (size_t)pair.length);
    const dpid_span key = {pair.text, equals ? equals - pair.text : pair.length, pair.whole};
    for (int32_t i = 0; options && options[i].key; i++) {
        if (!dpid_span_is(key, options[i].key))
            continue;
        if (!equals || equals + 1 == pair.text + pair.length)
            return dpid_fail_at(ctx, key, "%s: %s needs a value: %s=...", what, options[i].key, options[i].key);
        if (values[i].given)
            return dpid_fail_at(ctx, key, "%s: %s is given twice", what, options[i].key);
        return parse_value(ctx, what, (dpid_span){equals + 1, pair.text + pair.length - equals - 1, pair.whole},
                           &options[i], &values[i]);
    }
    return fail_key(ctx, what, key, options);
}

/* As dpid_first_word, but blanks between double quotes are no end. */
static dpid_span first_pair(dpid_span span, dpid_span *rest)
{
    dpid_span pair = skip_blanks(span);
    const int64_t available = pair.length;
    bool quoted = false;
    int64_t length = 0;
    for (; length < available && (quoted || !dpid_is_blank(pair.text[length])); length++)
        quoted ^= pair.text[length] == '"';
    pair.length = length;
    *rest = skip_blanks((dpid_span){pair.text + length, available - length, span.whole});
    return pair;
}

int32_t dpid_options_parse(deepid_ctx *ctx, const char *what, dpid_span span, const dpid_option *options,
                           dpid_value *values)
{
    for (int32_t i = 0; options && options[i].key; i++)
        set_fallback(&options[i], &values[i]);
    dpid_span rest = span;
    for (;;) {
        const dpid_span pair = first_pair(rest, &rest);
        if (pair.length == 0)
            break;
        DPID_TRY(parse_pair(ctx, what, pair, options, values));
    }
    for (int32_t i = 0; options && options[i].key; i++)
        if (options[i].required && !values[i].given)
            return dpid_fail_at(ctx, (dpid_span){span.text, 0, span.whole}, "%s needs %s=... (%s)", what,
                                options[i].key, options[i].help);
    return DEEPID_OK;
}

/* ---- back to text ---------------------------------------------------------------- */

static bool same_extents(const dpid_value *a, const dpid_value *b)
{
    return a->count == b->count && memcmp(a->list, b->list, sizeof *a->list * (size_t)a->count) == 0;
}

static bool is_fallback(const dpid_option *o, const dpid_value *v)
{
    dpid_value fallback;
    set_fallback(o, &fallback);
    switch (o->type) {
    case DPID_REAL:
        return v->r == fallback.r;
    case DPID_INT:
    case DPID_CHOICE:
        return v->i == fallback.i;
    case DPID_EXTENTS:
        return same_extents(v, &fallback);
    case DPID_PADDING:
        return v->i == fallback.i && (v->i != 0 || same_extents(v, &fallback));
    case DPID_TEXT:
        return !v->given;
    }
    return false;
}

static void print_padding(dpid_string *s, const dpid_value *v)
{
    for (int32_t k = 0; k < PADDINGS; k++)
        if (paddings[k].mode == v->i)
            dpid_string_add(s, paddings[k].word);
    if (v->i == 0)
        dpid_string_add(s, dpid_shape_text(v->count, v->list).text);
}

static void print_choice(dpid_string *s, const char *choices, int64_t index)
{
    const char *p = choices;
    for (; index > 0; index--)
        p = strchrnul(p, '|') + 1;
    dpid_string_add_span(s, p, strchrnul(p, '|') - p);
}

void dpid_options_print(dpid_string *s, const dpid_option *options, const dpid_value *values)
{
    for (int32_t i = 0; options && options[i].key; i++) {
        const dpid_option *o = &options[i];
        const dpid_value *v = &values[i];
        if (!o->required && is_fallback(o, v))
            continue;
        dpid_string_format(s, " %s=", o->key);
        if (o->type == DPID_REAL)
            dpid_string_number(s, v->r);
        else if (o->type == DPID_INT)
            dpid_string_format(s, "%lld", (long long)v->i);
        else if (o->type == DPID_CHOICE)
            print_choice(s, o->choices, v->i);
        else if (o->type == DPID_PADDING)
            print_padding(s, v);
        else if (o->type == DPID_TEXT)
            dpid_string_add_span(s, v->text.text, v->text.length);
        else
            dpid_string_add(s, dpid_shape_text(v->count, v->list).text);
    }
}
