/* The verdict as a terminal shows it: wrapped lines, colour only when asked. */
#include "verdict/rules.h"

#include "base/words.h"

#include <math.h>
#include <string.h>

enum { COLUMNS = 100, INDENT = 4, NAME = 16 };

#define BOLD "\x1b[1m"
#define DIM "\x1b[2m"
#define PLAIN "\x1b[0m"

static const char *const colours[] = {
    [DPID_NOT_APPLICABLE] = DIM,   [DPID_REFUTED] = "\x1b[32m",     [DPID_MINOR] = "\x1b[33m",
    [DPID_UNDECIDED] = "\x1b[33m", [DPID_CONTRIBUTES] = "\x1b[31m", [DPID_CONFIRMED] = "\x1b[1;31m"};

typedef struct {
    dpid_string *s;
    bool coloured;
} page;

static void style(page *p, const char *code)
{
    if (p->coloured)
        dpid_string_add(p->s, code);
}

static void spaces(page *p, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        dpid_string_add(p->s, " ");
}

/* Characters, not bytes: continuation bytes take no column. */
static int64_t columns_of(const char *text, int64_t bytes)
{
    int64_t columns = 0;
    for (int64_t i = 0; i < bytes; i++)
        columns += ((unsigned char)text[i] & 0xc0) != 0x80;
    return columns;
}

/* Bytes to the next place where a line may end: not in front of a percent sign. */
static int64_t piece(const char *text)
{
    size_t bytes = strcspn(text, " ");
    while (text[bytes] == ' ' && text[bytes + 1] == '%')
        bytes += 1 + strcspn(text + bytes + 1, " ");
    return (int64_t)bytes;
}

/* Words, broken at spaces, each line behind indent spaces. */
static void wrap(page *p, const char *text, int64_t indent)
{
    int64_t column = 0;
    for (const char *word = text; *word;) {
        const int64_t bytes = piece(word);
        const int64_t columns = columns_of(word, bytes);
        if (column > 0 && column + 1 + columns > COLUMNS) {
            dpid_string_add(p->s, "\n");
            column = 0;
        }
        if (column == 0)
            spaces(p, indent);
        else
            dpid_string_add(p->s, " ");
        column = column == 0 ? indent + columns : column + 1 + columns;
        dpid_string_add_span(p->s, word, bytes);
        word += bytes + (word[bytes] == ' ');
    }
    dpid_string_add(p->s, "\n");
}

/* What several findings in a row have in common is said behind the last of them. */
static bool same_as_next(const deepid_verdict *v, int64_t i)
{
    return i + 1 < v->findings && !strcmp(deepid_verdict_sentence(v, i), deepid_verdict_sentence(v, i + 1)) &&
           !strcmp(deepid_verdict_to_settle(v, i), deepid_verdict_to_settle(v, i + 1));
}

static void add_finding(page *p, const deepid_verdict *v, int64_t i)
{
    const dpid_finding *f = &v->finding[i];
    const char *name = deepid_verdict_hypothesis(v, i);
    const char *status = f->status == DPID_NOT_APPLICABLE ? "not applicable" : deepid_verdict_status(v, i);
    dpid_string_add(p->s, "  ");
    dpid_string_add(p->s, name);
    spaces(p, NAME - (int64_t)strlen(name));
    style(p, colours[f->status]);
    dpid_string_add(p->s, status);
    style(p, PLAIN);
    if (!isnan(f->share.value)) {
        spaces(p, NAME - (int64_t)strlen(status));
        dpid_string_add(p->s, dpid_percent_words(&f->share).text);
    }
    dpid_string_add(p->s, "\n");
    if (same_as_next(v, i))
        return;
    wrap(p, deepid_verdict_sentence(v, i), INDENT);
    if (f->to_settle) {
        dpid_string to_settle = {.ctx = p->s->ctx};
        dpid_string_format(&to_settle, "To settle it: %s", f->to_settle);
        if (to_settle.status == DEEPID_OK)
            wrap(p, to_settle.text, INDENT);
        else
            p->s->status = to_settle.status;
        dpid_string_release(&to_settle);
    }
}

/* "  training loss     0.036 against 0.001: 0.033 [0.018, 0.048], margin 0.115: no harm" */
static void add_scales(page *p, const deepid_verdict *v)
{
    static const char *const states[] = {
        [DPID_HARM_NONE] = "no harm", [DPID_HARM_UNSURE] = "not sure", [DPID_HARM] = "harm"};
    const int64_t room = 18;
    dpid_string_format(p->s, "Harm, deep against shallow%s\n", v->tuned ? ", at the tuned rates" : "");
    for (int i = 0; i < DPID_SCALES; i++) {
        const dpid_scale scale = (dpid_scale)i;
        const dpid_harm_on *h = &v->harm[i];
        const char *name = scale == DPID_BY_RATIO ? "their ratio" : dpid_scale_name(scale);
        if (h->state == DPID_HARM_UNKNOWN)
            continue;
        dpid_string_format(p->s, "  %s", name);
        spaces(p, room - (int64_t)strlen(name));
        if (scale != DPID_BY_RATIO)
            dpid_string_format(p->s, "%s against %s: ", dpid_scale_median_words(scale, h->deep).text,
                               dpid_scale_median_words(scale, h->shallow).text);
        if (isfinite(h->difference.value))
            dpid_string_format(p->s, "%s, margin %s: ", dpid_scale_words(scale, &h->difference).text,
                               dpid_scale_margin_words(scale, h->margin).text);
        else if (scale == DPID_BY_RATIO)
            dpid_string_add(p->s, "divergence: ");
        dpid_string_format(p->s, "%s\n", states[h->state]);
    }
    dpid_string_add(p->s, "\n");
}

static void add_remedies(page *p, const deepid_verdict *v)
{
    bool first = true;
    int64_t room = NAME;
    for (int64_t i = 0; i < v->remedies; i++) {
        const int64_t columns = columns_of(v->remedy[i].arm, (int64_t)strlen(v->remedy[i].arm)) + 2;
        room = columns > room ? columns : room;
    }
    for (int64_t i = 0; i < v->remedies; i++) {
        const char *name = v->remedy[i].arm;
        if (isnan(v->remedy[i].share.value)) /* no gap is sure */
            continue;
        dpid_string_format(p->s, "%s  %s", first ? "\nRemedies\n" : "", name);
        spaces(p, room - columns_of(name, (int64_t)strlen(name)));
        dpid_string_format(p->s, "repairs %s\n", dpid_percent_words(&v->remedy[i].share).text);
        first = false;
    }
}

static int32_t write_page(dpid_judge *j, bool coloured, char **out)
{
    dpid_string s = {.ctx = j->ctx};
    page p = {&s, coloured};
    style(&p, BOLD);
    wrap(&p, j->v->answer, 0);
    style(&p, PLAIN);
    dpid_string_add(&s, "\n");
    if (j->harm_state != DPID_HARM_UNKNOWN)
        add_scales(&p, j->v);
    for (int64_t i = 0; i < j->v->findings; i++)
        add_finding(&p, j->v, i);
    add_remedies(&p, j->v);
    dpid_string_add(&s, "\n");
    style(&p, DIM);
    wrap(&p, j->v->scope, 0);
    style(&p, PLAIN);
    return dpid_keep(j, &s, out);
}

int32_t dpid_write_text(dpid_judge *j)
{
    for (int coloured = 0; coloured < 2; coloured++)
        DPID_TRY(write_page(j, coloured != 0, &j->v->text[coloured]));
    return DEEPID_OK;
}
