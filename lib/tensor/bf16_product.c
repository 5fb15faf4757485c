/* Products of bf16 numbers in registers.   Promises: bf16_product.h
   Both operands are packed first: a word is a pair of bf16 numbers, of k and k + 1. Of B in panels of 32 columns,
   [panel][pair][32], with zeros behind the last column; of A by rows [row][pair], or [pair][row]. A task is some rows
   of the result, and all of its columns. */
#include "tensor/bf16_product.h"

#include "base/memory.h"

#include <assert.h>

enum { LANES = 16, PANEL = 2 * LANES, ROWS = 12, FEW_ROWS = 4, TASK_ROWS = 4 * ROWS, ALIGN = 64 };

static int64_t pairs_of(int64_t k)
{
    return (k + 1) / 2;
}

static int64_t panels_of(int64_t n)
{
    return (n + PANEL - 1) / PANEL;
}

/* A, B in panels, and B's rows before they are turned. */
bool dpid_bf16_product_bytes(int64_t m, int64_t n, int64_t k, int64_t *bytes)
{
    int64_t rows;
    int64_t words;
    return dpid_mul(2, panels_of(n) * PANEL, &rows) && dpid_add(rows, m, &rows) &&
           dpid_mul(rows, pairs_of(k), &words) && dpid_mul(words, (int64_t)sizeof(uint32_t), &words) &&
           dpid_add(words, ALIGN, bytes);
}

#ifdef DPID_X86_ISAS
#include "tensor/product.h"

#include <immintrin.h>
#include <string.h>

typedef struct {
    const dpid_bf16_job *job;
    int64_t pairs;
    uint32_t *a, *b, *rows; /* rows: B's, before they are turned */
    int64_t a_row, a_pair;  /* words from row to row of A, from pair to pair */
} product;

/* ---- packing: the upper half of a float is the bf16 number ---------------------------------------- */

/* y[p] = x[2p], x[2p + 1] */
static void pack_row(int64_t k, const float *x, uint32_t *y)
{
    int64_t i = 0;
    for (; i + LANES <= k; i += LANES) {
        const __m512i upper = _mm512_srli_epi32(_mm512_castps_si512(_mm512_loadu_ps(x + i)), 16);
        _mm256_storeu_si256((__m256i *)(void *)(y + i / 2), _mm512_cvtepi32_epi16(upper));
    }
    for (; i < k; i += 2) {
        uint32_t pair[2] = {0, 0};
        memcpy(pair, x + i, (size_t)(k - i < 2 ? 1 : 2) * sizeof *x);
        y[i / 2] = pair[0] >> 16 | (pair[1] & 0xffff0000);
    }
}

/* y[j] = x[0,j], x[1,j]; x[1] NULL: 0. Zeros up to y[padded - 1]. */
static void pack_pair(int64_t n, int64_t padded, const float *const x[2], uint32_t *y)
{
    for (int64_t j = 0; j < padded; j += LANES) {
        const int64_t left = n - j < LANES ? (n > j ? n - j : 0) : LANES;
        const __mmask16 there = (__mmask16)((1U << left) - 1);
        const __mmask16 write = (__mmask16)(padded - j < LANES ? (1U << (padded - j)) - 1 : 0xffff);
        const __m512i low = _mm512_srli_epi32(_mm512_castps_si512(_mm512_maskz_loadu_ps(there, x[0] + j)), 16);
        const __m512i high =
            x[1] ? _mm512_castps_si512(_mm512_maskz_loadu_ps(there, x[1] + j)) : _mm512_setzero_si512();
        const __m512i kept = _mm512_and_si512(high, _mm512_set1_epi32((int32_t)0xffff0000));
        _mm512_mask_storeu_epi32(y + j, write, _mm512_or_si512(low, kept));
    }
}

/* A[k,m]: pair p of all rows */
static void pack_a_pair(void *arg, int64_t p, int32_t worker)
{
    const product *t = arg;
    const dpid_bf16_job *j = t->job;
    (void)worker;
    const float *const x[2] = {j->a + 2 * p * j->lda, 2 * p + 1 < j->k ? j->a + (2 * p + 1) * j->lda : NULL};
    pack_pair(j->m, j->m, x, t->a + p * t->a_pair);
}

static void pack_a_rows(void *arg, int64_t task, int32_t worker)
{
    const product *t = arg;
    const dpid_bf16_job *j = t->job;
    (void)worker;
    for (int64_t i = task * TASK_ROWS; i < (task + 1) * TASK_ROWS && i < j->m; i++)
        pack_row(j->k, j->a + i * j->lda, t->a + i * t->a_row);
}

/* B[k,n]: one panel */
static void pack_b_panel(void *arg, int64_t panel, int32_t worker)
{
    const product *t = arg;
    const dpid_bf16_job *j = t->job;
    (void)worker;
    const int64_t first = panel * PANEL;
    for (int64_t p = 0; p < t->pairs; p++) {
        const float *const x[2] = {j->b + 2 * p * j->ldb + first,
                                   2 * p + 1 < j->k ? j->b + (2 * p + 1) * j->ldb + first : NULL};
        pack_pair(j->n - first, PANEL, x, t->b + (panel * t->pairs + p) * PANEL);
    }
}

/* B[n,k]: one panel; words are turned as floats are, which moves them and no more */
static void turn_b_panel(void *arg, int64_t panel, int32_t worker)
{
    const product *t = arg;
    const dpid_bf16_job *j = t->job;
    (void)worker;
    const int64_t first = panel * PANEL;
    uint32_t *rows = t->rows + first * t->pairs;
    for (int64_t i = 0; i < PANEL; i++) {
        if (first + i < j->n)
            pack_row(j->k, j->b + (first + i) * j->ldb, rows + i * t->pairs);
        else
            memset(rows + i * t->pairs, 0, (size_t)t->pairs * sizeof *rows);
    }
    dpid_transpose_f32_avx512(PANEL, t->pairs, (const float *)(const void *)rows, t->pairs,
                              (float *)(void *)(t->b + first * t->pairs), PANEL);
}

/* ---- products ------------------------------------------------------------------------------------- */

static inline __mmask16 lanes_from(int64_t left)
{
    return (__mmask16)(left >= LANES ? 0xffff : left <= 0 ? 0 : (1U << left) - 1);
}

/* c[i .. i + rows - 1, columns of the panel] */
static inline __attribute__((always_inline)) void multiply_tile(const int rows, const product *t, int64_t i,
                                                                int64_t panel)
{
    const dpid_bf16_job *j = t->job;
    const uint32_t *a = t->a + i * t->a_row;
    const uint32_t *b = t->b + panel * t->pairs * PANEL;
    __m512 sum[ROWS][2];
    for (int r = 0; r < rows; r++)
        sum[r][0] = sum[r][1] = _mm512_setzero_ps();
    for (int64_t p = 0; p < t->pairs; p++, b += PANEL, a += t->a_pair) {
        const __m512bh low = (__m512bh)_mm512_loadu_si512(b);
        const __m512bh high = (__m512bh)_mm512_loadu_si512(b + LANES);
#pragma GCC unroll 16
        for (int r = 0; r < rows; r++) {
            const __m512bh x = (__m512bh)_mm512_set1_epi32((int32_t)a[r * t->a_row]);
            sum[r][0] = _mm512_dpbf16_ps(sum[r][0], x, low);
            sum[r][1] = _mm512_dpbf16_ps(sum[r][1], x, high);
        }
    }
    for (int r = 0; r < rows; r++)
        for (int half = 0; half < 2; half++) {
            const int64_t column = panel * PANEL + half * LANES;
            const __mmask16 there = lanes_from(j->n - column);
            float *c = j->c + (i + r) * j->ldc + column;
            if (j->bias)
                sum[r][half] = _mm512_add_ps(sum[r][half], _mm512_maskz_loadu_ps(there, j->bias + column));
            if (j->add)
                sum[r][half] = _mm512_add_ps(sum[r][half], _mm512_maskz_loadu_ps(there, c));
            _mm512_mask_storeu_ps(c, there, sum[r][half]);
        }
}

static void multiply_task(void *arg, int64_t task, int32_t worker)
{
    const product *t = arg;
    (void)worker;
    const int64_t end = (task + 1) * TASK_ROWS < t->job->m ? (task + 1) * TASK_ROWS : t->job->m;
    for (int64_t panel = 0; panel < panels_of(t->job->n); panel++) {
        int64_t i = task * TASK_ROWS;
        for (; i + ROWS <= end; i += ROWS)
            multiply_tile(ROWS, t, i, panel);
        for (; i + FEW_ROWS <= end; i += FEW_ROWS)
            multiply_tile(FEW_ROWS, t, i, panel);
        for (; i < end; i++)
            multiply_tile(1, t, i, panel);
    }
}

/* ---- the three forms ---------------------------------------------------------------------------------- */

static product product_of(const dpid_bf16_job *job, bool a_turned)
{
    product t = {.job = job, .pairs = pairs_of(job->k)};
    t.b = (uint32_t *)(((uintptr_t)job->memory + ALIGN - 1) / ALIGN * ALIGN);
    t.rows = t.b + panels_of(job->n) * PANEL * t.pairs;
    t.a = t.rows + panels_of(job->n) * PANEL * t.pairs;
    t.a_row = a_turned ? 1 : t.pairs;
    t.a_pair = a_turned ? job->m : 1;
    return t;
}

static int64_t tasks_of(int64_t m)
{
    return (m + TASK_ROWS - 1) / TASK_ROWS;
}

void dpid_bf16_product_nt(dpid_pool *pool, const dpid_bf16_job *job)
{
    product t = product_of(job, false);
    dpid_pool_run(pool, tasks_of(job->m), pack_a_rows, &t);
    dpid_pool_run(pool, panels_of(job->n), turn_b_panel, &t);
    dpid_pool_run(pool, tasks_of(job->m), multiply_task, &t);
}

void dpid_bf16_product_nn(dpid_pool *pool, const dpid_bf16_job *job)
{
    product t = product_of(job, false);
    dpid_pool_run(pool, tasks_of(job->m), pack_a_rows, &t);
    dpid_pool_run(pool, panels_of(job->n), pack_b_panel, &t);
    dpid_pool_run(pool, tasks_of(job->m), multiply_task, &t);
}

void dpid_bf16_product_tn(dpid_pool *pool, const dpid_bf16_job *job)
{
    product t = product_of(job, true);
    dpid_pool_run(pool, t.pairs, pack_a_pair, &t);
    dpid_pool_run(pool, panels_of(job->n), pack_b_panel, &t);
    dpid_pool_run(pool, tasks_of(job->m), multiply_task, &t);
}
#else
void dpid_bf16_product_nt(dpid_pool *pool, const dpid_bf16_job *job)
{
    (void)pool;
    (void)job;
    assert(false); /* dpid_isa_has_bf16() is */
}

void dpid_bf16_product_nn(dpid_pool *pool, const dpid_bf16_job *job)
{
    dpid_bf16_product_nt(pool, job);
}

void dpid_bf16_product_tn(dpid_pool *pool, const dpid_bf16_job *job)
{
    dpid_bf16_product_nt(pool, job);
}
#endif
