/* C = op(A) op(B) (+ C): a fixed grid of tiles of C, one single-threaded BLAS call a tile; k is never split, so
   every sum has one order. */
#include "tensor/gemm.h"

#include "base/blas_memory.h"
#include "base/numbers.h"
#include "tensor/real.h"

#include <assert.h>

#if DPID_PRECISION != 80
#include <cblas.h>
#endif

typedef enum { NN, NT, TN } form;

typedef struct {
    form form;
    int64_t m, n, k, lda, ldb, ldc;
    const real *a, *b;
    real *c;
    bool add;
    int64_t tile_rows, tile_columns, tiles_across;
} product;

/* ---- one tile ---------------------------------------------------------------- */

#if DPID_PRECISION == 80

static void multiply(form f, int64_t m, int64_t n, int64_t k, const real *a, int64_t lda, const real *b, int64_t ldb,
                     bool add, real *c, int64_t ldc)
{
    for (int64_t i = 0; i < m; i++) {
        real *row = c + i * ldc;
        for (int64_t j = 0; j < n && !add; j++)
            row[j] = 0;
        if (f == NT) {
            for (int64_t j = 0; j < n; j++)
                for (int64_t p = 0; p < k; p++)
                    row[j] += a[i * lda + p] * b[j * ldb + p];
            continue;
        }
        for (int64_t p = 0; p < k; p++) {
            const real factor = f == TN ? a[p * lda + i] : a[i * lda + p];
            for (int64_t j = 0; j < n; j++)
                row[j] += factor * b[p * ldb + j];
        }
    }
}

#else

#if DPID_PRECISION == 32
#define GEMM cblas_sgemm
#else
#define GEMM cblas_dgemm
#endif

/* The only place where extents become BLAS integers; a tile's extents and a tensor's strides are far below 2^31. */
static void multiply(form f, int64_t m, int64_t n, int64_t k, const real *a, int64_t lda, const real *b, int64_t ldb,
                     bool add, real *c, int64_t ldc)
{
    assert(m <= INT32_MAX && n <= INT32_MAX && k <= INT32_MAX && lda <= INT32_MAX && ldb <= INT32_MAX &&
           ldc <= INT32_MAX);
    dpid_blas_enter();
    GEMM(CblasRowMajor, f == TN ? CblasTrans : CblasNoTrans, f == NT ? CblasTrans : CblasNoTrans, (blasint)m,
         (blasint)n, (blasint)k, 1, a, (blasint)lda, b, (blasint)ldb, add ? 1 : 0, c, (blasint)ldc);
    dpid_blas_leave();
}

#endif

static void multiply_tile(void *arg, int64_t tile, int32_t worker)
{
    const product *p = arg;
    (void)worker;
    const int64_t i = tile / p->tiles_across * p->tile_rows;
    const int64_t j = tile % p->tiles_across * p->tile_columns;
    const int64_t m = dpid_smaller(p->tile_rows, p->m - i);
    const int64_t n = dpid_smaller(p->tile_columns, p->n - j);
    const real *a = p->a + (p->form == TN ? i : i * p->lda);
    const real *b = p->b + (p->form == NT ? j * p->ldb : j);
    multiply(p->form, m, n, p->k, a, p->lda, b, p->ldb, p->add, p->c + i * p->ldc + j, p->ldc);
}

/* ---- the grid ------------------------------------------------------------------ */

/* The tiles depend on the product's extents alone. A product of fewer than SMALL multiply-adds is one tile, because
   waking threads would cost more than it saves. */
static void choose_tiles(product *p)
{
    enum { SMALL = 1 << 19, TILE = 256, COLUMNS = 64, DEPTH = 1024 };
    static_assert(SMALL / COLUMNS * sizeof(double) <= DPID_BLAS_SIDE && TILE * DEPTH * sizeof(float) <= DPID_BLAS_SIDE,
                  "base/blas_memory.h counts on these tiles");
    const bool small = p->m * p->n <= SMALL && p->m * p->n * p->k <= SMALL;
    p->tile_rows = small ? p->m : dpid_smaller(p->m, p->n >= TILE ? TILE : TILE / 2);
    p->tile_columns = small ? p->n : dpid_smaller(p->n, 2 * TILE);
    if (!small && p->m <= TILE / 4) /* flat: cut across */
        p->tile_columns = dpid_smaller(p->n, TILE / 2);
    p->tiles_across = (p->n + p->tile_columns - 1) / p->tile_columns;
}

static void clear(product *p)
{
    for (int64_t i = 0; i < p->m && !p->add; i++)
        for (int64_t j = 0; j < p->n; j++)
            p->c[i * p->ldc + j] = 0;
}

static void run(dpid_pool *pool, product *p)
{
    if (p->m <= 0 || p->n <= 0)
        return;
    if (p->k <= 0) {
        clear(p);
        return;
    }
    choose_tiles(p);
    const int64_t tiles = p->tiles_across * ((p->m + p->tile_rows - 1) / p->tile_rows);
    dpid_pool_run(pool, tiles, multiply_tile, p);
}

#define DEFINE(word, FORM)                                                                                             \
    void DPID_P(dpid_gemm_##word)(dpid_pool * pool, int64_t m, int64_t n, int64_t k, const real *a, int64_t lda,       \
                                  const real *b, int64_t ldb, bool add, real *c, int64_t ldc)                          \
    {                                                                                                                  \
        product p = {.form = FORM,                                                                                     \
                     .m = m,                                                                                           \
                     .n = n,                                                                                           \
                     .k = k,                                                                                           \
                     .lda = lda,                                                                                       \
                     .ldb = ldb,                                                                                       \
                     .ldc = ldc,                                                                                       \
                     .a = a,                                                                                           \
                     .b = b,                                                                                           \
                     .c = c,                                                                                           \
                     .add = add};                                                                                      \
        run(pool, &p);                                                                                                 \
    }
DEFINE(nn, NN)
DEFINE(nt, NT)
DEFINE(tn, TN)

/* ---- once ------------------------------------------------------------------------ */

#if DPID_ONCE
const char *dpid_blas_name(void)
{
#ifdef OPENBLAS_VERSION
    return openblas_get_config(); /* "OpenBLAS 0.3.21 DYNAMIC_ARCH NO_AFFINITY Haswell SINGLE_THREADED" */
#else
    return "BLAS";
#endif
}
#endif
