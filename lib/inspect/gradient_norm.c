/* Gradient norms: |dL/dh| of what a layer gives, |dL/dW| of its parameters, and |W| |dL/dW|, which batch-norm's
 * scale invariance leaves alone. Where layers repeat: the factor from one to the one before it. */
#include "inspect/probe.h"
#include "inspect/slope.h"

#include <math.h>

static const dpid_option options[] = {DPID_PROBE_SAMPLES, {0}};

enum { ACTIVATION, PARAMETERS, WEIGHT_SCALED, FITTED, FACTOR, WEIGHT_FACTOR, THEORY, COLUMNS };

typedef struct {
    const dpid_probe_run *run;
    int32_t *group, *place, groups;
    double *row;   /* [layers][COLUMNS] */
    double *x, *y; /* [layers] */
} norms;

/* ---- norms ------------------------------------------------------------------------------- */

static double norm(const deepid_net *net, const void *x, int64_t n)
{
    double squares = 0;
    for (int64_t i = 0; i < n; i++) {
        const double value = dpid_fetch(net->precision, x, i);
        squares += value * value;
    }
    return sqrt(squares);
}

static void measure(const dpid_probe_run *run, const dpid_step *step, double *row)
{
    const deepid_net *net = run->net;
    const int64_t bytes = dpid_precision_bytes(net->precision);
    const dpid_layer *layer = &net->layer[step->layer];
    double squares = 0;
    double scaled = 0;
    for (int32_t k = 0; k < layer->op.parameters; k++) {
        const dpid_parameter *p = &net->parameter[layer->parameter[k]];
        if (!p->spec.trained)
            continue;
        const double g = norm(net, (const char *)net->gradients + p->offset * bytes, p->count);
        squares += g * g;
        if (p->spec.role == DPID_ROLE_WEIGHT)
            scaled = g * norm(net, (const char *)net->values + p->offset * bytes, p->count);
    }
    row[ACTIVATION] =
        norm(net, dpid_net_value_gradient(net, step->out), run->n * dpid_shape_count(&net->value[step->out].shape));
    row[PARAMETERS] = sqrt(squares);
    row[WEIGHT_SCALED] = scaled;
    row[FITTED] = row[FACTOR] = row[WEIGHT_FACTOR] = row[THEORY] = (double)NAN;
}

/* ---- lines -------------------------------------------------------------------------------- */

/* ln of a column on the place, over the group's members whose number is positive and finite. */
static dpid_fit_line fit_column(const norms *m, int32_t group, int column)
{
    int32_t n = 0;
    for (int32_t l = 0; l < m->run->net->layers; l++) {
        const double value = m->row[l * COLUMNS + column];
        if (m->group[l] != group || !(value > 0 && isfinite(value)))
            continue;
        m->x[n] = m->place[l];
        m->y[n++] = log(value);
    }
    return dpid_fit(m->x, m->y, n);
}

/* Geometric mean of what is expected from each member to the next, for one place. */
static double expected_factor(const norms *m, int32_t group)
{
    int32_t first = -1;
    int32_t last = -1;
    for (int32_t l = 0; l < m->run->net->layers; l++) {
        if (m->group[l] != group)
            continue;
        first = first < 0 ? l : first;
        last = l;
    }
    return pow(dpid_expected_growth(m->run->net, first, last), 1.0 / (m->place[last] - m->place[first]));
}

/* |dL/dh| ~ exp(slope place): on the way back the factor of one place is exp(-slope). */
static void fit_group(const norms *m, int32_t group)
{
    const dpid_fit_line line = fit_column(m, group, ACTIVATION);
    const dpid_fit_line weight = fit_column(m, group, WEIGHT_SCALED);
    if (isnan(line.slope))
        return;
    const double theory = expected_factor(m, group);
    for (int32_t l = 0; l < m->run->net->layers; l++) {
        if (m->group[l] != group)
            continue;
        double *row = m->row + l * COLUMNS;
        row[FITTED] = exp(line.intercept + line.slope * m->place[l]);
        row[FACTOR] = exp(-line.slope);
        row[WEIGHT_FACTOR] = exp(-weight.slope);
        row[THEORY] = theory;
    }
}

/* ---- the table ---------------------------------------------------------------------------------- */

static int32_t fill_rows(dpid_probe_run *run, norms *m, dpid_arena *arena)
{
    const deepid_net *net = run->net;
    DPID_TRY(dpid_layer_groups(net, arena, &m->group, &m->place, &m->groups));
    DPID_TRY(dpid_arena_alloc(arena, net->layers, COLUMNS * sizeof(double), "probe", &m->row));
    DPID_TRY(dpid_arena_alloc(arena, net->layers, sizeof(double), "probe", &m->x));
    DPID_TRY(dpid_arena_alloc(arena, net->layers, sizeof(double), "probe", &m->y));
    for (int32_t t = 0; t < net->steps; t++)
        if (net->step[t].type == DPID_STEP_LAYER)
            measure(run, &net->step[t], m->row + net->step[t].layer * COLUMNS);
    for (int32_t group = 0; group < m->groups; group++)
        fit_group(m, group);
    for (int32_t t = 0; t < net->steps; t++)
        if (net->step[t].type == DPID_STEP_LAYER)
            DPID_TRY(deepid_table_append(run->table, net->layer[net->step[t].layer].name,
                                         m->row + net->step[t].layer * COLUMNS));
    return DEEPID_OK;
}

static int32_t fill_gradient_norm(dpid_probe_run *run)
{
    norms m = {.run = run};
    dpid_arena arena = {.ctx = run->net->head.ctx};
    const int32_t status = fill_rows(run, &m, &arena);
    dpid_arena_release(&arena);
    return status;
}

const dpid_probe dpid_probe_gradient_norm = {
    .word = "gradient_norm",
    .help = "norms of dL/d(output), dL/d(parameters) and |W| |dL/dW| of every layer; where layers repeat, the factor "
            "of one on the way back and what theory expects; options: samples=256",
    .heading = "layer",
    .columns = "activation,parameters,weight_scaled,fitted,factor,weight_factor,theory",
    .options = options,
    .fill = fill_gradient_norm,
};
