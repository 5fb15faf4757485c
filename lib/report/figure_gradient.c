/* Gradients by layer at the start: their norm with its factor from layer to layer beside the theory's, and how far the run's precision is right. */
#include "report/study_page.h"

#include "base/words.h"

#include <math.h>
#include <string.h>

/* ---- norm ------------------------------------------------------------------------------------------ */

/* Batch-norm and a rectifier: gradients grow by sqrt(pi / (pi - 1)) = 1.2112 for each layer toward the input (Yang et al. 2019, for wide nets). */
static double theory_of(const dpid_study_page *p)
{
    const double pi = 3.14159265358979323846;
    const char *text = p->m->deep_text ? p->m->deep_text : "";
    return strstr(text, "batchnorm") && strstr(text, "relu") && !strstr(text, "identity") ? sqrt(pi / (pi - 1)) : (double)NAN;
}

static void draw_theory(dpid_study_page *p, deepid_chart *chart, const dpid_layers *d, double factor)
{
    const double end = d->median[d->n - 1];
    const double x[] = {d->x[0], d->x[d->n - 1]};
    const double y[] = {end * pow(factor, x[1] - x[0]), end};
    if (isfinite(end) && end > 0)
        dpid_note(p, deepid_chart_line(chart, "role=shallow dash=1", NULL, dpid_say(p, "theory for wide batch-norm rectifier nets: \xc3\x97%s a layer", dpid_words(factor).text), 2, x, y));
}

static const char *way(dpid_study_page *p, const dpid_layers *layers)
{
    const double factor = 1 / dpid_factor_of(layers); /* toward the input */
    return isnan(factor) ? "" : dpid_say(p, "%s \xc3\x97%s", factor >= 1 ? "grow" : "shrink", dpid_words(factor).text);
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
    deepid_chart *chart = dpid_new_chart(p, "layer", "norm of the loss gradient", "y=log");
    dpid_draw_layers(p, chart, "role=plain", dpid_arm_name(p, "D"), &deep);
    dpid_draw_layers(p, chart, "role=identity", "identity skip", &skip);
    const double theory = theory_of(p);
    if (isfinite(theory) && p->status == DEEPID_OK)
        draw_theory(p, chart, &deep, theory);
    if (p->status == DEEPID_OK)
        dpid_count_ticks(p, chart, deep.n);
    const char *said = isfinite(theory) ? dpid_say(p, " (theory: \xc3\x97%s)", dpid_words(theory).text) : "";
    const char *headline =
        *way(p, &deep) ? dpid_say(p, "Gradients %s from each layer to the one before%s%s%s.", way(p, &deep), said, skip.n > 2 ? "; with the skip they " : "", skip.n > 2 ? way(p, &skip) : "")
                       : "Norm of the gradients by layer; too few are above zero for a slope.";
    dpid_add_figure(p, headline,
                    dpid_say(p, "Norm of the loss gradient at the output of each weight layer, at the start, on a log axis. Thick: median. Thin: seeds.%s",
                             isfinite(theory) ? " Dashed grey: theory." : ""),
                    chart, dpid_layers_table(p, skip.n ? "without a skip,identity skip" : "without a skip", skip.n ? 2 : 1, both), "probes/D.gradient_norm.csv");
}

/* ---- accuracy ------------------------------------------------------------------------------------------ */

static double largest(const dpid_layers *layers)
{
    double most = (double)NAN;
    for (int64_t i = 0; i < layers->n; i++)
        most = layers->median[i] <= most ? most : layers->median[i];
    return most;
}

void dpid_figure_gradient_accuracy(dpid_study_page *p)
{
    const dpid_layers deep = dpid_layers_of(p, "D", "gradient_accuracy", "relative_error", false);
    const dpid_layers skip = dpid_layers_of(p, "D_res", "gradient_accuracy", "relative_error", false);
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
    const char *with = skip.n > 1 ? dpid_say(p, ", %s with the skip", dpid_words(largest(&skip)).text) : "";
    dpid_add_figure(p, dpid_say(p, "The gradients' relative error is %s at the worst layer%s.", dpid_words(largest(&deep)).text, with),
                    "Relative error of the gradient in the run's precision against a higher one, by layer, at the start, on a log axis. Thick: median. Thin: seeds.", chart,
                    dpid_layers_table(p, skip.n ? "without a skip,identity skip" : "without a skip", skip.n ? 2 : 1, both), "probes/D.gradient_accuracy.csv");
}

/* ---- responses: how much each layer changes what passes --------------------------------------------------- */

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
    const double plain = dpid_median_of(p, deep.n, deep.median);
    const double with = dpid_median_of(p, skip.n, skip.median);
    const char *headline = skip.n > 1 && with < plain ? dpid_say(p, "With the skip layers respond less (%s against %s at the median layer): they stay nearer the identity.",
                                                                 dpid_words(with).text, dpid_words(plain).text)
                           : skip.n > 1               ? dpid_say(p, "Layers respond no less with the skip: %s against %s at the median layer.", dpid_words(with).text, dpid_words(plain).text)
                                                      : dpid_say(p, "The median layer responds with a standard deviation of %s.", dpid_words(plain).text);
    dpid_add_figure(p, headline,
                    "Standard deviation of what each weight layer gives, after its normalisation, before nonlinearity and addition, of the trained nets. Thick: median. Thin: seeds.", chart,
                    dpid_layers_table(p, skip.n ? "without a skip,identity skip" : "without a skip", skip.n ? 2 : 1, both), "probes/D.response.csv");
}
