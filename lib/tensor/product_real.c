/* Small products: tiles of c in registers, the whole of k in one go.   What for: product.h */
#include "tensor/product.h"

#include "tensor/simd.h"

#include <string.h>

#if defined(__AVX512F__)
enum { ROWS = 8 };
#elif defined(__AVX__)
enum { ROWS = 6 };
#else
enum { ROWS = 4 };
#endif
enum { VECTORS = 2 }; /* a tile is at most ROWS x VECTORS vectors */

typedef struct {
    int64_t m, n, k;
    const real *a;
    int64_t lda;
    const real *b;
    int64_t ldb;
    const dpid_product_end *end; /* nn */
    bool add;                    /* tn */
    real *c;
    int64_t ldc;
} product;

/* ---- one tile -------------------------------------------------------------------------- */

static vec load_part(const real *p, int64_t count)
{
    real all[VL] = {0};
    memcpy(all, p, (size_t)count * sizeof *p);
    return vec_load(all);
}

DPID_INLINE vec load_some(const real *p, int64_t count)
{
    return count == VL ? vec_load(p) : load_part(p, count);
}

/* A sum's way out, for `width` numbers from c[i,j] on. */
DPID_INLINE void put(const bool tn, const product *p, vec sum, int64_t i, int64_t j, int64_t width)
{
    real *c = p->c + i * p->ldc + j;
    if (tn && p->add)
        sum = sum + load_some(c, width);
    if (!tn && p->end->bias)
        sum = sum + load_some((const real *)p->end->bias + j, width);
    if (!tn && p->end->rectify)
        sum = vec_kink(sum, (vec){0});
    if (!tn && p->end->of)
        sum = sum * vec_slope(load_some((const real *)p->end->of + i * p->ldc + j, width), vec_all(1), (vec){0});
    if (width == VL)
        vec_store(c, sum);
    else
        memcpy(c, &sum, (size_t)width * sizeof *c);
}

/* columns: those of the tile; fewer than vectors * VL when the last vector hangs over. Over the end of a row stands the next one; `safe` rows of b have one. */
DPID_INLINE void multiply(const int rows, const int vectors, const bool tn, const product *p, int64_t i, int64_t j, int64_t columns, int64_t safe)
{
    vec acc[ROWS * VECTORS];
    vec w[VECTORS];
    const int64_t a_row = tn ? 1 : p->lda;
    const int64_t a_k = tn ? p->lda : 1;
    const real *a = p->a + i * a_row;
    const real *b = p->b + j;
    DPID_UNROLL for (int t = 0; t < rows * vectors; t++)
        acc[t] = (vec){0};
    for (int64_t k = 0; k < safe; k++) {
        DPID_UNROLL for (int v = 0; v < vectors; v++)
            w[v] = vec_load(b + k * p->ldb + v * VL);
        DPID_UNROLL for (int r = 0; r < rows; r++)
            DPID_UNROLL for (int v = 0; v < vectors; v++)
                acc[r * vectors + v] += a[r * a_row + k * a_k] * w[v];
    }
    for (int64_t k = safe; k < p->k; k++) {
        DPID_UNROLL for (int v = 0; v < vectors; v++)
            w[v] = v < vectors - 1 ? vec_load(b + k * p->ldb + v * VL) : load_part(b + k * p->ldb + v * VL, columns - v * VL);
        DPID_UNROLL for (int r = 0; r < rows; r++)
            DPID_UNROLL for (int v = 0; v < vectors; v++)
                acc[r * vectors + v] += a[r * a_row + k * a_k] * w[v];
    }
    DPID_UNROLL for (int r = 0; r < rows; r++) {
        DPID_UNROLL for (int v = 0; v < vectors; v++) {
            const int64_t left = columns - v * VL;
            const int64_t width = v < vectors - 1 || left >= VL ? VL : left;
            put(tn, p, acc[r * vectors + v], i + r, j + v * VL, width);
        }
    }
}

/* ---- all tiles: down the rows, so that the columns of b stay in the cache ------------------- */

DPID_INLINE void multiply_columns(const int vectors, const bool tn, const product *p, int64_t j, int64_t columns)
{
    const int64_t over = vectors * VL - columns;
    const int64_t short_rows = (over + p->ldb - 1) / p->ldb;
    const int64_t safe = p->k > short_rows ? p->k - short_rows : 0;
    int64_t i = 0;
    for (; i + ROWS <= p->m; i += ROWS)
        multiply(ROWS, vectors, tn, p, i, j, columns, safe);
    for (; ROWS > 4 && i + 4 <= p->m; i += 4)
        multiply(4, vectors, tn, p, i, j, columns, safe);
    for (; i + 2 <= p->m; i += 2)
        multiply(2, vectors, tn, p, i, j, columns, safe);
    for (; i < p->m; i++)
        multiply(1, vectors, tn, p, i, j, columns, safe);
}

DPID_INLINE void multiply_all(const bool tn, const product *p)
{
    int64_t j = 0;
    for (; j + VECTORS * VL <= p->n; j += VECTORS * VL)
        multiply_columns(VECTORS, tn, p, j, VECTORS * VL);
    if (p->n - j > VL)
        multiply_columns(VECTORS, tn, p, j, p->n - j);
    else if (p->n > j)
        multiply_columns(1, tn, p, j, p->n - j);
}

void DPID_T(dpid_product_nn)(int64_t m, int64_t n, int64_t k, const real *a, int64_t lda, const real *b, int64_t ldb, const dpid_product_end *end, real *c, int64_t ldc)
{
    const product p = {.m = m, .n = n, .k = k, .a = a, .lda = lda, .b = b, .ldb = ldb, .end = end, .c = c, .ldc = ldc};
    multiply_all(false, &p);
}

void DPID_T(dpid_product_tn)(int64_t m, int64_t n, int64_t k, const real *a, int64_t lda, const real *b, int64_t ldb, bool add, real *c, int64_t ldc)
{
    const product p = {.m = m, .n = n, .k = k, .a = a, .lda = lda, .b = b, .ldb = ldb, .add = add, .c = c, .ldc = ldc};
    multiply_all(true, &p);
}

/* ---- transposition: blocks of VL x VL by log2(VL) rounds of interleaving (a perfect shuffle of rows and of elements) ------- */

#if DPID_PRECISION == 80
enum { BLOCKS = 0 };
#elif defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
enum { BLOCKS = 1 };
#define DPID_SHUFFLES
#else
enum { BLOCKS = 0 };
#endif
#else
enum { BLOCKS = 0 };
#endif

#ifdef DPID_SHUFFLES
#define ELEMENTS (DPID_VECTOR_BYTES / (DPID_PRECISION / 8))
#if ELEMENTS == 16
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif ELEMENTS == 8
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#elif ELEMENTS == 4
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#else
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 2)
#define HIGH(a, b) __builtin_shufflevector(a, b, 1, 3)
#endif

static void transpose_block(const real *x, int64_t ldx, real *y, int64_t ldy)
{
    vec row[VL];
    vec next[VL];
    DPID_UNROLL for (int i = 0; i < VL; i++)
        row[i] = vec_load(x + i * ldx);
    DPID_UNROLL for (int round = 1; round < VL; round *= 2) {
        DPID_UNROLL for (int i = 0; i < VL / 2; i++) {
            next[2 * i] = LOW(row[i], row[i + VL / 2]);
            next[2 * i + 1] = HIGH(row[i], row[i + VL / 2]);
        }
        DPID_UNROLL for (int i = 0; i < VL; i++)
            row[i] = next[i];
    }
    DPID_UNROLL for (int i = 0; i < VL; i++)
        vec_store(y + i * ldy, row[i]);
}
#else
static void transpose_block(const real *x, int64_t ldx, real *y, int64_t ldy)
{
    for (int64_t i = 0; i < VL; i++)
        for (int64_t j = 0; j < VL; j++)
            y[j * ldy + i] = x[i * ldx + j];
}
#endif

void DPID_T(dpid_transpose)(int64_t rows, int64_t columns, const real *x, int64_t ldx, real *y, int64_t ldy)
{
    const int64_t blocks = BLOCKS ? rows / VL * VL : 0;
    const int64_t across = BLOCKS ? columns / VL * VL : 0;
    for (int64_t j = 0; j < across; j += VL)
        for (int64_t i = 0; i < blocks; i += VL)
            transpose_block(x + i * ldx + j, ldx, y + j * ldy + i, ldy);
    for (int64_t j = 0; j < columns; j++) {
        for (int64_t i = j < across ? blocks : 0; i < rows; i++)
            y[j * ldy + i] = x[i * ldx + j];
        for (int64_t i = rows; i < dpid_product_pad(rows); i++)
            y[j * ldy + i] = 0;
    }
}
