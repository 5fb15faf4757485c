/* Gradients by layer at the start: their norm with its factor from layer to layer beside the theory's, and how far
   the run's precision is right. */
#include "report/study_page.h"

#include "base/words.h"

#include <math.h>
#include <string.h>

/* ---- norm ------------------------------------------------------------------------------------------ */

/* The probe's own factor of one block on the way back, or its theory: one number a net. */
static double factor_of(dpid_study_page *p, const char *arm, const char *column)
{
    const dpid_layers factors = dpid_layers_of(p, arm, "gradient_norm", column, true);
    return dpid_median_of(&p->sum, factors.n, factors.median);
}

/* Blocks, and the weight layers in them, by names such as "block3.dense". */
static double blocks_of(const dpid_layers *layers, double *inside)
{
    double blocks = 0;
    const char *last = "";
    for (int64_t i = 0; i < layers->n; i++) {
        const char *point = strchr(layers->name[i], '.');
        const size_t length = point ? (size_t)(point - layers->name[i]) + 1 : 0;
        if (!point)
            continue;
        *inside += 1;
        blocks += strncmp(layers->name[i], last, length) != 0;
        last = layers->name[i];
    }
    return blocks;
}

static double layers_per_block(const dpid_layers *layers)
{
    double inside = 0;
    const double blocks = blocks_of(layers, &inside);
    return blocks > 0 ? inside / blocks : 1;
}

static void draw_theory(dpid_study_page *p, deepid_chart *chart, const dpid_layers *d, double factor)
{
    const double end = d->median[d->n - 1];
    const double x[] = {d->x[0], d->x[d->n - 1]};
    const double y[] = {end * pow(factor, (x[1] - x[0]) / layers_per_block(d)), end};
    if (isfinite(end) && end > 0)
        dpid_note(p, deepid_chart_line(chart, "role=shallow dash=1", NULL,
                                       dpid_say(p, "theory: \xc3\x97%s a block", dpid_words(factor).text), 2, x, y));
}

/* "grow ×1.24"; less than a factor of two over all blocks is no change to speak of. */
static const char *way(dpid_study_page *p, double factor, const dpid_layers *layers)
{
    double inside = 0;
    const double blocks = fmax(blocks_of(layers, &inside), 2);
    if (!isfinite(factor) || !(factor > 0))
        return "";
    if (fabs(log(factor)) * (blocks - 1) < log(2))
        return dpid_say(p, "keep their size (\xc3\x97%s)", dpid_words(factor).text);
    return dpid_say(p, "%s \xc3\x97%s", factor >= 1 ? "grow" : "shrink", dpid_words(factor).text);
}

static const char *norm_headline(dpid_study_page *p, double theory, const dpid_layers *deep, const dpid_layers *twin)
{
    const char *plain = way(p, factor_of(p, "D", "factor"), deep);
    const char *skip = twin->n > 0 ? way(p, factor_of(p, "D_res", "factor"), twin) : "";
    if (!*plain)
        return "Norm of the gradients by layer: no slope can be told.";
    return dpid_say(p, "Gradients %s from each block to the one before%s%s%s.", plain,
                    isfinite(theory) ? dpid_say(p, " (theory: \xc3\x97%s)", dpid_words(theory).text) : "",
                    *skip ? "; with the skip they " : "", skip);
}

void dpid_figure_gradient_norm(dpid_study_page *p)
{
    const dpid_layers deep = dpid_layers_of(p, "D", "gradient_norm", "activation", true);
    const dpid_layers skip = dpid_layers_of(p, "D_res", "gradient_norm", "activation", true);
    const dpid_layers *both[] = {&deep, &skip};
    if (deep.n < 2) {
        dpid_leave_out(p, "gradient norm by layer", "not probed");
        return;
    }
    const double theory = factor_of(p, "D", "theory");
    deepid_chart *chart = dpid_new_chart(p, "layer", "norm of the loss gradient", "y=log");
    dpid_draw_layers(p, chart, "role=plain", dpid_arm_name(p, "D"), &deep);
    dpid_draw_layers(p, chart, "role=identity", "identity skip", &skip);
    if (isfinite(theory) && p->status == DEEPID_OK)
        draw_theory(p, chart, &deep, theory);
    if (p->status == DEEPID_OK)
        dpid_count_ticks(p, chart, deep.n);
    const char *headline = norm_headline(p, theory, &deep, &skip);
    dpid_add_figure(
        p, headline,
        dpid_say(p,
                 "Norm of the loss gradient at the output of each weight layer, at the start, on a log axis. Thick: "
                 "median. Thin: seeds.%s%s",
                 strstr(headline, "keep their size")
                     ? " They keep their size: less than a factor of two over all blocks."
                     : "",
                 isfinite(theory) ? " Dashed grey: theory." : ""),
        chart, dpid_layers_table(p, skip.n ? "without a skip,identity skip" : "without a skip", skip.n ? 2 : 1, both),
        "probes/D.gradient_norm.csv");
}

/* ---- accuracy ------------------------------------------------------------------------------------------ */

/* "0.02 at the worst layer", or that there is none where gradients overflow: "not finite at 3 of 10 layers" */
static const char *worst(dpid_study_page *p, const dpid_layers *layers)
{
    double most = 0;
    int64_t lost = 0;
    for (int64_t i = 0; i < layers->n; i++) {
        lost += !isfinite(layers->median[i]);
        most = fmax(most, layers->median[i]);
    }
    if (lost > 0)
        return dpid_say(p, "not finite at %lld of %lld layers", (long long)lost, (long long)layers->n);
    return dpid_say(p, "%s at the worst layer", dpid_words(most).text);
}

void dpid_figure_gradient_accuracy(dpid_study_page *p)
{
    const dpid_layers deep = dpid_layers_of(p, "D", "gradient_accuracy", "relative", true);
    const dpid_layers skip = dpid_layers_of(p, "D_res", "gradient_accuracy", "relative", true);
    const dpid_layers *both[] = {&deep, &skip};
    if (deep.n < 2) {
        dpid_leave_out(p, "gradient accuracy by layer", "not probed");
        return;
    }
    deepid_chart *chart = dpid_new_chart(p, "layer", "relative error", "y=log");
    dpid_draw_layers(p, chart, "role=plain", dpid_arm_name(p, "D"), &deep);
    dpid_draw_layers(p, chart, "role=identity", "identity skip", &skip);
    if (p->status == DEEPID_OK)
        dpid_count_ticks(p, chart, deep.n);
    const char *with = skip.n > 1 ? dpid_say(p, "; %s with the skip", worst(p, &skip)) : "";
    dpid_add_figure(
        p, dpid_say(p, "The gradients' relative error is %s%s.", worst(p, &deep), with),
        "Relative error of the gradient in the run's precision against a higher one, at the output of each weight "
        "layer, at the start, on a log axis. Thick: median. Thin: seeds.",
        chart, dpid_layers_table(p, skip.n ? "without a skip,identity skip" : "without a skip", skip.n ? 2 : 1, both),
        "probes/D.gradient_accuracy.csv");
}

/* ---- responses: how much each layer changes what passes --------------------------------------------------- */

/* Below a tenth nothing stands out. */
static const char *response_headline(dpid_study_page *p, double plain, double with)
{
    const double alike = 0.1;
    const char *a = dpid_say(p, "%s", dpid_words(with).text);
    const char *b = dpid_say(p, "%s", dpid_words(plain).text);
    if (isnan(with))
        return dpid_say(p, "The median layer responds with a standard deviation of %s.", b);
    if (fabs(with - plain) < alike * plain)
        return dpid_say(p, "Layers respond alike with the skip and without: %s and %s at the median layer.", a, b);
    return dpid_say(p, "With the skip layers respond %s: %s against %s at the median layer.",
                    with < plain ? "less" : "more", a, b);
}

void dpid_figure_response(dpid_study_page *p)
{
    const dpid_layers deep = dpid_layers_of(p, "D", "response", "std", false);
    const dpid_layers skip = dpid_layers_of(p, "D_res", "response", "std", false);
    const dpid_layers *both[] = {&deep, &skip};
    if (deep.n < 2) {
        dpid_leave_out(p, "layer responses", "not probed");
        return;
    }
    deepid_chart *chart = dpid_new_chart(p, "layer", "standard deviation", "y=log");
    dpid_draw_layers(p, chart, "role=plain", dpid_arm_name(p, "D"), &deep);
    dpid_draw_layers(p, chart, "role=identity", "identity skip", &skip);
    if (p->status == DEEPID_OK)
        dpid_count_ticks(p, chart, deep.n);
    const double plain = dpid_median_of(&p->sum, deep.n, deep.median);
    const double with = dpid_median_of(&p->sum, skip.n, skip.median);
    dpid_add_figure(
        p, response_headline(p, plain, with),
        "Standard deviation of what each weight layer gives, after its normalisation, before nonlinearity and "
        "addition, of the trained nets. Thick: median. Thin: seeds.",
        chart, dpid_layers_table(p, skip.n ? "without a skip,identity skip" : "without a skip", skip.n ? 2 : 1, both),
        "probes/D.response.csv");
}
