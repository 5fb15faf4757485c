/* The precision ladder: training loss by number format, from the finest to the coarsest, shallow and deep beside each
   other. Formats with the range of float32 are joined by lines, so that others stand out. */
#include "report/study_page.h"

#include "base/words.h"
#include "report/chart.h"
#include "verdict/ladder.h"

#include <math.h>
#include <string.h>

enum { COLUMNS_MAX = 16, WORDED = 5 }; /* of more columns the first alone has room for the word bits */

/* Shares of a column: medians beside its middle, seeds beside them, variants outermost. */
static const double median_at = 0.1;
static const double seeds_at = 0.2;
static const double variant_at = 0.31;
static const double variant_step = 0.09;

typedef struct {
    dpid_study_page *p;
    const dpid_ladder *l;
    deepid_chart *chart;
    deepid_table *table;
    const dpid_number_format *column[COLUMNS_MAX];
    int64_t columns;
} drawing;

/* Of one side, while it is drawn from the finest format on. */
typedef struct {
    const dpid_ladder_side *of;
    const char *role, *label; /* "depth 30", at its last median */
    double sign;              /* the shallow net left of a column's middle, the deep one right */
    double last_x, last_y;    /* of the last median that is joined; NaN: it was not finite, or none was there */
    int32_t last, variants;   /* the rung that has the label; of this column so far */
} side;

/* ---- columns ---------------------------------------------------------------------------------------- */

static double column_of(const drawing *d, const dpid_number_format *format)
{
    int64_t i = 0;
    while (i < d->columns && d->column[i] != format)
        i++;
    return (double)i;
}

/* In its place, from the finest. */
static void add_column(drawing *d, const dpid_number_format *format)
{
    int64_t k = d->columns;
    if (column_of(d, format) < (double)d->columns || d->columns == COLUMNS_MAX)
        return;
    for (; k > 0 && dpid_format_order(d->column[k - 1], format) > 0; k--)
        d->column[k] = d->column[k - 1];
    d->column[k] = format;
    d->columns++;
}

static void set_columns(drawing *d)
{
    const char *words[COLUMNS_MAX];
    const char *notes[COLUMNS_MAX];
    for (int deep = 0; deep < 2; deep++)
        for (int32_t i = 0; i < d->l->side[deep].rungs; i++)
            add_column(d, d->l->side[deep].rung[i].format);
    for (int64_t i = 0; i < d->columns; i++) {
        words[i] = d->column[i]->word;
        notes[i] = dpid_say(d->p, "%d%s", (int)d->column[i]->bits, i > 0 && d->columns > WORDED ? "" : " bits");
    }
    if (d->p->status == DEEPID_OK)
        dpid_note(d->p, dpid_chart_set_columns(d->chart, d->columns, words, notes));
}

/* ---- marks -------------------------------------------------------------------------------------------- */

/* "bfloat16, stochastic, depth 30" */
static const char *name_of(drawing *d, const side *s, const dpid_rung *rung)
{
    return dpid_say(d->p, "%s%s%s, %s", rung->format->said, *rung->variant ? ", " : "", rung->variant, s->label);
}

/* "float16, static: 8 of 8 diverge", of the recipe's own where no run of it ended; NULL. */
static const char *diverged_label(drawing *d, const dpid_rung *rung)
{
    if (!rung->own || rung->runs == 0 || rung->diverged < rung->runs)
        return NULL;
    return dpid_say(d->p, "%s%s%s: %lld of %lld diverge", rung->format->said, *rung->variant ? ", " : "", rung->variant,
                    (long long)rung->diverged, (long long)rung->runs);
}

/* Its runs at x, NaN: nowhere; those that did not end at the edge of the picture. */
static void draw_seeds(drawing *d, const side *s, const dpid_rung *rung, const double *values, double x, double edge)
{
    dpid_study_page *p = d->p;
    double *at = dpid_room(p, 2 * p->sum.seeds);
    const char **titles = NULL;
    int64_t n = 0;
    if (p->status == DEEPID_OK)
        dpid_note(p, dpid_arena_alloc(&p->arena, p->sum.seeds, sizeof *titles, "report", &titles));
    for (int64_t i = 0; i < p->sum.seeds && p->status == DEEPID_OK; i++) {
        at[n] = isfinite(values[i]) ? x : edge;
        if (isnan(values[i]) || isnan(at[n]))
            continue;
        at[p->sum.seeds + n] = values[i];
        titles[n++] = dpid_say(p, "%s: seed %s ends at %s", name_of(d, s, rung), dpid_words(p->sum.seed[i]).text,
                               dpid_words_exact(values[i]).text);
    }
    if (n > 0 && p->status == DEEPID_OK)
        dpid_note(p, deepid_chart_points(d->chart, dpid_say(p, "role=%s mark=bead", s->role), diverged_label(d, rung),
                                         titles, n, at, at + p->sum.seeds));
}

static void draw_point(drawing *d, const char *style, const char *label, const char *title, double x, double y)
{
    if (d->p->status == DEEPID_OK)
        dpid_note(d->p, deepid_chart_points(d->chart, style, label, &title, 1, &x, &y));
}

static void draw_segment(drawing *d, const char *role, const char *title, const double *x, const double *y)
{
    if (d->p->status == DEEPID_OK)
        dpid_note(d->p,
                  deepid_chart_line(d->chart, dpid_say(d->p, "role=%s weight=thick", role), NULL, title, 2, x, y));
}

/* Round its median, or where its runs left the picture. */
static void draw_ring(drawing *d, const side *s, const dpid_rung *rung, double x, double y)
{
    if (rung->own && (isfinite(y) || diverged_label(d, rung)))
        draw_point(d, dpid_say(d->p, "role=%s weight=thick mark=ring", s->role), NULL,
                   dpid_say(d->p, "%s: the recipe's own%s", name_of(d, s, rung), *rung->variant ? "" : " format"), x,
                   isfinite(y) ? y : (double)INFINITY);
}

/* A line from the median before, where both are finite. */
static void join(drawing *d, side *s, double x, double y)
{
    const double xs[2] = {s->last_x, x};
    const double ys[2] = {s->last_y, y};
    if (isfinite(s->last_y) && isfinite(y))
        draw_segment(d, s->role, dpid_say(d->p, "%s: medians of formats with the range of float32", s->label), xs, ys);
    s->last_x = x;
    s->last_y = y;
}

typedef struct {
    double median, low, high;
} middle;

static middle middle_of(drawing *d, const double *values)
{
    middle out = {dpid_median_of(&d->p->sum, d->p->sum.seeds, values), (double)NAN, (double)NAN};
    dpid_interval_of(&d->p->sum, d->p->sum.seeds, values, &out.low, &out.high);
    return out;
}

static void draw_format(drawing *d, side *s, int32_t i, const double *values, double column)
{
    const dpid_rung *rung = &s->of->rung[i];
    const middle m = middle_of(d, values);
    const double x = column + s->sign * median_at;
    const double xs[2] = {x, x};
    const double ys[2] = {m.low, m.high};
    const char *name = name_of(d, s, rung);
    draw_seeds(d, s, rung, values, column + s->sign * seeds_at, x);
    if (dpid_format_is_wide(rung->format))
        join(d, s, x, m.median);
    if (isfinite(m.low) && isfinite(m.high))
        draw_segment(d, s->role,
                     dpid_say(d->p, "%s: interval of the median %s to %s", name, dpid_words(m.low).text,
                              dpid_words(m.high).text),
                     xs, ys);
    if (isfinite(m.median))
        draw_point(d,
                   dpid_say(d->p, "role=%s weight=thick mark=%s", s->role,
                            dpid_format_is_wide(rung->format) ? "dot" : "diamond"),
                   i == s->last ? s->label : NULL, dpid_say(d->p, "%s: median %s", name, dpid_words(m.median).text), x,
                   m.median);
    draw_ring(d, s, rung, x, m.median);
}

/* Its median alone, and the runs that did not end. */
static void draw_variant(drawing *d, side *s, const dpid_rung *rung, const double *values, double column)
{
    const double x = column + s->sign * (variant_at + variant_step * s->variants++);
    const middle m = middle_of(d, values);
    draw_seeds(d, s, rung, values, (double)NAN, x);
    if (isfinite(m.median))
        draw_point(d, dpid_say(d->p, "role=%s weight=thick mark=bead", s->role), NULL,
                   dpid_say(d->p, "%s: median %s", name_of(d, s, rung), dpid_words(m.median).text), x, m.median);
    draw_ring(d, s, rung, x, m.median);
}

/* ---- a side ----------------------------------------------------------------------------------------------- */

static void add_numbers(drawing *d, const dpid_rung *rung, const double *values)
{
    const middle m = middle_of(d, values);
    const dpid_spread spread = dpid_spread_of(d->p->sum.seeds, values);
    const double row[] = {
        rung->format->bits,  m.median,          m.low,           m.high,           (double)spread.finite,
        (double)spread.runs, rung->above.value, rung->above.low, rung->above.high, rung->p_holm};
    if (d->p->status == DEEPID_OK)
        dpid_note(d->p, deepid_table_append(d->table, rung->arm, row));
}

/* The one whose median has the label: the last that is joined, else the last. */
static int32_t labelled(drawing *d, const dpid_ladder_side *of)
{
    int32_t out = -1;
    for (int32_t i = 0; i < of->rungs; i++) {
        const double *values = dpid_arm_values(&d->p->sum, of->rung[i].arm, "train_loss");
        const bool drawn = !*of->rung[i].variant && isfinite(dpid_median_of(&d->p->sum, d->p->sum.seeds, values));
        if (drawn && (out < 0 || dpid_format_is_wide(of->rung[i].format) || !dpid_format_is_wide(of->rung[out].format)))
            out = i;
    }
    return out;
}

static void draw_side(drawing *d, bool deep)
{
    const dpid_ladder_side *of = &d->l->side[deep];
    const dpid_arm_words *words = dpid_arm_words_of(deep ? "D" : "S");
    side s = {.of = of,
              .role = words->role,
              .label = of->depth > 0 ? dpid_say(d->p, "depth %lld", (long long)of->depth) : words->said,
              .sign = deep ? 1 : -1,
              .last_y = (double)NAN,
              .last = labelled(d, of)};
    for (int32_t i = 0; i < of->rungs && d->p->status == DEEPID_OK; i++) {
        const dpid_rung *rung = &of->rung[i];
        const double *values = dpid_arm_values(&d->p->sum, rung->arm, "train_loss");
        const double column = column_of(d, rung->format);
        s.variants = i > 0 && of->rung[i - 1].format == rung->format ? s.variants : 0;
        if (!values)
            continue;
        if (*rung->variant)
            draw_variant(d, &s, rung, values, column);
        else
            draw_format(d, &s, i, values, column);
        add_numbers(d, rung, values);
    }
}

/* ---- the figure --------------------------------------------------------------------------------------------- */

/* Somebody trained in a number format; float64 alone is no ladder. */
static bool was_asked(const dpid_study_page *p)
{
    for (int64_t i = 0; i < p->m->arms; i++) {
        const dpid_ladder_word word = dpid_ladder_word_of(p->m->arm[i].word);
        if (word.format && strcmp(word.format->word, "f64") != 0 && !p->m->arm[i].reason)
            return true;
    }
    return false;
}

static bool has(const dpid_ladder_side *of, const dpid_rung *rung)
{
    for (int32_t i = 0; i < of->rungs; i++)
        if (of->rung[i].format == rung->format && strcmp(of->rung[i].variant, rung->variant) == 0)
            return true;
    return false;
}

/* "bfloat16 stochastic, bfloat16 weights", of both sides each once */
static const char *variants_of(dpid_study_page *p, const dpid_ladder *l)
{
    const char *out = "";
    for (int deep = 0; deep < 2; deep++)
        for (int32_t i = 0; i < l->side[deep].rungs; i++) {
            const dpid_rung *rung = &l->side[deep].rung[i];
            if (*rung->variant && (!deep || !has(&l->side[0], rung)))
                out = dpid_say(p, "%s%s%s %s", out, *out ? ", " : "", rung->format->said, rung->variant);
        }
    return out;
}

static const char *explanation_of(dpid_study_page *p, const dpid_ladder *l)
{
    const char *variants = variants_of(p, l);
    bool narrow = false;
    const char *own = "";
    for (int deep = 0; deep < 2; deep++)
        for (int32_t i = 0; i < l->side[deep].rungs; i++) {
            const dpid_rung *rung = &l->side[deep].rung[i];
            narrow = narrow || (!dpid_format_is_wide(rung->format) && !*rung->variant);
            own = rung->own ? dpid_say(p, " Ring: the recipe's own, %s.", rung->format->said) : own;
        }
    return dpid_say(
        p,
        "%s Final training loss (log axis) by number format, its bits of precision below. Small dots: "
        "seeds. Marks and bars: medians and intervals that hold them with 95 %% confidence (none below "
        "six seeds). Lines: formats with the range of float32%s.%s%s",
        l->more, narrow ? "; diamonds: a smaller one" : "",
        *variants ? dpid_say(p, " Dots at the rim: variants, medians alone, from the middle outwards: %s.", variants)
                  : "",
        own);
}

void dpid_figure_ladder(dpid_study_page *p)
{
    drawing d = {.p = p, .l = p->m->verdict ? p->m->verdict->ladder : NULL};
    if (!d.l) {
        if (was_asked(p))
            dpid_leave_out(p, "precision ladder",
                           p->m->verdict ? "fewer than two number formats beside the recipe's own were trained"
                                         : "there is no verdict");
        return;
    }
    d.chart = dpid_new_chart(p, "", "training loss", "y=log");
    d.table = dpid_new_table(p, "arm", "bits,median,low,high,finite seeds,seeds,less the reference,from,to,p by Holm");
    if (p->status == DEEPID_OK) {
        set_columns(&d);
        for (int deep = 0; deep < 2; deep++)
            draw_side(&d, deep != 0);
    }
    dpid_add_figure(p, d.l->sentence, explanation_of(p, d.l), d.chart, d.table, "results.csv");
}
