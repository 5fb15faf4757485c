/* Linear CKA between the values at points of nets (Kornblith et al. 2019, section 3): with K = Xc Xc^T and L = Yc
   Yc^T, columns centred,

       CKA(X, Y) = <K, L> / (|K| |L|)  =  |Yc^T Xc|^2 / (|Xc^T Xc| |Yc^T Yc|)
       unbiased: with HSIC_1(K, L) for <K, L>

       n (n - 3) HSIC_1(K, L) = <K~, L~> + (1^T K~ 1)(1^T L~ 1) / ((n - 1)(n - 2)) - 2 (K~ 1)^T (L~ 1) / (n - 2)
       K~: K with a diagonal of zeros (Song et al. 2012, eq. 5)

   1 for equal representations, whatever orthogonal map or factor lies between them. The first estimate is not 0 for
   independent ones: about sqrt(p q / ((n + p)(n + q))). */
#include "inspect/cka.h"

#include "tensor/gemm.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- K ---------------------------------------------------------------------------------- */

static void fetch_centred(dpid_precision precision, const void *x, int64_t n, int64_t p, double *out)
{
    for (int64_t k = 0; k < p; k++) {
        double mean = 0;
        for (int64_t i = 0; i < n; i++)
            mean += dpid_fetch(precision, x, i * p + k) / (double)n;
        for (int64_t i = 0; i < n; i++)
            out[i * p + k] = dpid_fetch(precision, x, i * p + k) - mean;
    }
}

int32_t dpid_gram_make(dpid_arena *arena, dpid_precision precision, const void *x, int64_t n, int64_t p, dpid_gram *out)
{
    double *centred = NULL;
    *out = (dpid_gram){.n = n};
    DPID_TRY(dpid_arena_alloc(arena, n, sizeof *out->rows, "cka", &out->rows));
    DPID_TRY(dpid_arena_alloc(arena, n * n, sizeof *out->k, "cka", &out->k));
    DPID_TRY(dpid_alloc(arena->ctx, n * p, sizeof *centred, "cka", &centred));
    fetch_centred(precision, x, n, p, centred);
    dpid_gemm_nt_f64(dpid_ctx_pool(arena->ctx), n, n, p, centred, p, centred, p, false, out->k, n);
    dpid_free(arena->ctx, centred);
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++)
            out->rows[i] += j == i ? 0 : out->k[i * n + j];
        out->total += out->rows[i];
    }
    return DEEPID_OK;
}

/* ---- two of them ------------------------------------------------------------------------ */

/* <K, L>, and of it what stands beside the diagonals. */
static void products(const dpid_gram *a, const dpid_gram *b, double *all, double *beside)
{
    *all = *beside = 0;
    for (int64_t i = 0; i < a->n; i++) {
        double row = 0;
        for (int64_t j = 0; j < a->n; j++)
            row += a->k[i * a->n + j] * b->k[i * a->n + j];
        *all += row;
        *beside += row - a->k[i * (a->n + 1)] * b->k[i * (a->n + 1)];
    }
}

/* n (n - 3) HSIC_1 */
static double unbiased_product(const dpid_gram *a, const dpid_gram *b, double beside)
{
    const double n = (double)a->n;
    double rows = 0;
    for (int64_t i = 0; i < a->n; i++)
        rows += a->rows[i] * b->rows[i];
    return beside + a->total * b->total / ((n - 1) * (n - 2)) - 2 * rows / (n - 2);
}

void dpid_gram_compare(const dpid_gram *a, const dpid_gram *b, double *cka, double *unbiased)
{
    enum { SMALLEST = 4 };
    double all[3];
    double beside[3];
    products(a, b, &all[0], &beside[0]);
    products(a, a, &all[1], &beside[1]);
    products(b, b, &all[2], &beside[2]);
    *cka = all[0] / sqrt(all[1] * all[2]);
    *unbiased = a->n < SMALLEST ? (double)NAN
                                : unbiased_product(a, b, beside[0]) /
                                      sqrt(unbiased_product(a, a, beside[1]) * unbiased_product(b, b, beside[2]));
}

/* ---- two nets ----------------------------------------------------------------------------- */

typedef struct {
    deepid_net *net;
    int32_t *points, count;
    dpid_gram *gram;
} side;

static int32_t make_side(deepid_net *net, const deepid_dataset *data, int64_t n, dpid_arena *arena, side *out)
{
    dpid_arena values = {.ctx = net->head.ctx};
    void **x = NULL;
    out->net = net;
    DPID_TRY(dpid_points_find(net, arena, &out->points, &out->count));
    DPID_TRY(dpid_arena_alloc(arena, out->count, sizeof *out->gram, "cka", &out->gram));
    int32_t status = dpid_points_collect(net, data, n, out->points, out->count, &values, &x);
    for (int32_t k = 0; status == DEEPID_OK && k < out->count; k++)
        status = dpid_gram_make(arena, net->precision, x[k], n, dpid_shape_count(&net->value[out->points[k]].shape),
                                &out->gram[k]);
    dpid_arena_release(&values);
    return status;
}

static int32_t append_pair(const side *a, const side *b, int32_t i, int32_t j, deepid_table *table)
{
    dpid_string name = {.ctx = a->net->head.ctx};
    double row[] = {i, j, 0, 0};
    dpid_gram_compare(&a->gram[i], &b->gram[j], &row[2], &row[3]);
    dpid_string_format(&name, "%s:%s", dpid_point_name(a->net, a->points[i]), dpid_point_name(b->net, b->points[j]));
    const int32_t status = name.status == DEEPID_OK ? deepid_table_append(table, name.text, row) : name.status;
    dpid_string_release(&name);
    return status;
}

int32_t dpid_cka(deepid_net *a, deepid_net *b, const deepid_dataset *data, int64_t n, deepid_table *table)
{
    dpid_arena arena = {.ctx = a->head.ctx};
    side first = {0};
    side second = {0};
    int32_t status = make_side(a, data, n, &arena, &first);
    if (status == DEEPID_OK && b != a)
        status = make_side(b, data, n, &arena, &second);
    const side *other = b == a ? &first : &second;
    for (int32_t i = 0; status == DEEPID_OK && i < first.count; i++)
        for (int32_t j = 0; status == DEEPID_OK && j < other->count; j++)
            status = append_pair(&first, other, i, j, table);
    dpid_arena_release(&arena);
    return status;
}

/* ---- the probe ------------------------------------------------------------------------------ */

static const dpid_option options[] = {
    {"samples", DPID_INT, 256, 1, 1 << 13, NULL, false, "samples looked at: each point takes its square of doubles"},
    {0}};

static int32_t fill_cka(dpid_probe_run *run)
{
    return dpid_cka(run->net, run->net, run->data, run->n, run->table);
}

const dpid_probe dpid_probe_cka = {
    .word = "cka",
    .help = "linear CKA of every pair of the input, what enters and leaves blocks, and the output: a row a pair, i and "
            "j count them from 0; options: samples=256",
    .heading = "pair",
    .columns = "i,j,cka,cka_unbiased",
    .options = options,
    .fill = fill_cka,
    .evaluates = true,
};
