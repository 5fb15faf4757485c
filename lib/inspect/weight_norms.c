/* Weight norms, a row a trained parameter: |W|_F, the largest factor |W|_2 by which W stretches a vector, how many
   directions that is spread over, and how large one batch's gradient is beside it. A weight is the matrix
   [out, everything else]; other parameters are one row. */
#include "inspect/probe.h"

#include <math.h>
#include <string.h>

static const dpid_option options[] = {DPID_PROBE_SAMPLES, {0}};

enum { FROBENIUS, SPECTRAL, STABLE_RANK, GRADIENT, GRADIENT_OVER_WEIGHT, COLUMNS };

typedef struct {
    int64_t rows, columns;
    double *w, *u, *v; /* [rows, columns], [rows], [columns] */
} matrix;

static double length(const double *x, int64_t n)
{
    double squares = 0;
    for (int64_t i = 0; i < n; i++)
        squares += x[i] * x[i];
    return sqrt(squares);
}

/* ---- the largest singular value: power iteration ------------------------------------------- */

/* The longest row, which no direction that stretches most is likely to miss. */
static void start(const matrix *m)
{
    int64_t longest = 0;
    for (int64_t i = 1; i < m->rows; i++)
        if (length(m->w + i * m->columns, m->columns) > length(m->w + longest * m->columns, m->columns))
            longest = i;
    memcpy(m->v, m->w + longest * m->columns, (size_t)m->columns * sizeof *m->v);
}

/* u = W v / |v|, v = W^T u; returns |u| */
static double stretch(const matrix *m)
{
    const double before = length(m->v, m->columns);
    for (int64_t i = 0; i < m->rows; i++) {
        m->u[i] = 0;
        for (int64_t j = 0; j < m->columns; j++)
            m->u[i] += m->w[i * m->columns + j] * (m->v[j] / before);
    }
    memset(m->v, 0, (size_t)m->columns * sizeof *m->v);
    for (int64_t i = 0; i < m->rows; i++)
        for (int64_t j = 0; j < m->columns; j++)
            m->v[j] += m->w[i * m->columns + j] * m->u[i];
    return length(m->u, m->rows);
}

/* |u| rises to |W|_2 from below. */
static double spectral(const matrix *m)
{
    enum { ITERATIONS = 500 };
    const double settled = 1e-12;
    double most = 0;
    start(m);
    for (int k = 0; k < ITERATIONS && length(m->v, m->columns) > 0; k++) {
        const double now = stretch(m);
        if (now <= most * (1 + settled))
            return fmax(now, most);
        most = now;
    }
    return most;
}

/* ---- rows ---------------------------------------------------------------------------------- */

static void measure(const deepid_net *net, const dpid_parameter *p, const matrix *m, double *row)
{
    const int64_t bytes = dpid_precision_bytes(net->precision);
    double squares = 0;
    for (int64_t i = 0; i < p->count; i++) {
        const double g = dpid_fetch(net->precision, (const char *)net->gradients + p->offset * bytes, i);
        m->w[i] = dpid_fetch(net->precision, (const char *)net->values + p->offset * bytes, i);
        squares += g * g;
    }
    row[FROBENIUS] = length(m->w, p->count);
    row[SPECTRAL] = spectral(m);
    row[STABLE_RANK] = pow(row[FROBENIUS] / row[SPECTRAL], 2);
    row[GRADIENT] = sqrt(squares);
    row[GRADIENT_OVER_WEIGHT] = row[GRADIENT] / row[FROBENIUS];
}

static int32_t add_row(dpid_probe_run *run, dpid_arena *arena, const dpid_parameter *p)
{
    matrix m = {.rows = p->spec.role == DPID_ROLE_WEIGHT ? p->spec.extents[0] : 1};
    double row[COLUMNS];
    m.columns = p->count / m.rows;
    DPID_TRY(dpid_arena_alloc(arena, p->count, sizeof *m.w, "probe", &m.w));
    DPID_TRY(dpid_arena_alloc(arena, m.rows, sizeof *m.u, "probe", &m.u));
    DPID_TRY(dpid_arena_alloc(arena, m.columns, sizeof *m.v, "probe", &m.v));
    measure(run->net, p, &m, row);
    return deepid_table_append(run->table, p->name, row);
}

static int32_t fill_weight_norms(dpid_probe_run *run)
{
    int32_t status = DEEPID_OK;
    for (int32_t i = 0; i < run->net->trained && status == DEEPID_OK; i++) {
        dpid_arena arena = {.ctx = run->net->head.ctx};
        status = add_row(run, &arena, &run->net->parameter[i]);
        dpid_arena_release(&arena);
    }
    return status;
}

const dpid_probe dpid_probe_weight_norms = {
    .word = "weight_norms",
    .help = "norms of each trained parameter: Frobenius, spectral (the largest singular value), the stable rank "
            "between them, and the gradient of one batch beside it; options: samples=256",
    .options = options,
    .heading = "parameter",
    .columns = "frobenius,spectral,stable_rank,gradient,gradient_over_weight",
    .fill = fill_weight_norms,
};
