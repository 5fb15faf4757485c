/* Small products: a tile of c stays in registers while the sum runs over all of k.   Promises: product.h */
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
/* rows of a transposed tile on their way out at a time */
enum { PUT = (int)VL < (int)DPID_MASK_ROWS ? (int)VL : (int)DPID_MASK_ROWS };

typedef struct {
    int64_t m, n, k;
    const real *a;
    int64_t lda;
    const real *b;
    int64_t ldb;
    const dpid_product_epilogue *epilogue; /* nn */
    bool add;                              /* tn */
    real *c;
    int64_t ldc;
} product;

/* ---- parts of vectors ----------------------------------------------------------------------- */

/* The first `count` numbers of a vector, by halves: a length that the compiler knows is one instruction. */
DPID_INLINE vec load_part(const real *p, int64_t count)
{
    real all[VL] = {0};
    real *to = all;
    DPID_UNROLL for (int piece = VL / 2; piece > 0; piece /= 2)
    {
        if (count & piece) {
            memcpy(to, p, (size_t)piece * sizeof *p);
            to += piece;
            p += piece;
        }
    }
    return vec_load(all);
}

DPID_INLINE void store_part(real *p, vec x, int64_t count)
{
    real all[VL];
    const real *from = all;
    vec_store(all, x);
    DPID_UNROLL for (int piece = VL / 2; piece > 0; piece /= 2)
    {
        if (count & piece) {
            memcpy(p, from, (size_t)piece * sizeof *p);
            from += piece;
            p += piece;
        }
    }
}

DPID_INLINE vec load_some(const real *p, int64_t count)
{
    return count == VL ? vec_load(p) : load_part(p, count);
}

DPID_INLINE void store_some(real *p, vec x, int64_t count)
{
    if (count == VL)
        vec_store(p, x);
    else
        store_part(p, x, count);
}

/* ---- words of a mask: two bits a row ------------------------------------------------------------ */

#if DPID_PRECISION == 80
typedef int64_t word;
typedef int64_t words;
#else
typedef __typeof__(((vec_bits){0})[0]) word;
typedef vec_bits words;
#endif

DPID_INLINE words words_load(const word *p)
{
#if DPID_PRECISION == 80
    return *p;
#else
    return (words)vec_load((const real *)p);
#endif
}

DPID_INLINE void words_store(word *p, words w)
{
#if DPID_PRECISION == 80
    *p = w;
#else
    vec_store((real *)p, (vec)w);
#endif
}

/* The bits of a row: what vec_gate(x, ...) asks. */
DPID_INLINE words words_of(vec x, int row)
{
    const words above = (words){0} + ((word)1 << (2 * row));
#if DPID_PRECISION == 80
    return x > 0 ? above : x != x ? 2 * above : 0;
#else
    return ((x > (vec){0}) & above) | ((x != x) & (above + above));
#endif
}

DPID_INLINE vec let_through(words w, int row, vec d)
{
    const words above = (words){0} + ((word)1 << (2 * row));
#if DPID_PRECISION == 80
    return w & above ? d : w & (2 * above) ? __builtin_nanl("") : 0;
#else
    const words positive = (w & above) != 0;
    const words unknown = (w & (above + above)) != 0;
    return (vec)((positive & (words)d) | unknown); /* all bits: not a number */
#endif
}

/* ---- the way out of a tile's sums: one decision for all of them ------------------------------ */

#define EACH(r, v) DPID_UNROLL for (int r = 0; r < rows; r++) DPID_UNROLL for (int v = 0; v < vectors; v++)

/* A tile in a matrix of c's rows: its sums, and the numbers that the last vector of a row has there. */
typedef struct {
    int64_t at, row, last;
} corner;

/* The address of sum r, v, and how many of its lanes are stored. */
#define AT(x, r, v) ((x) + c->at + (r)*c->row + (v)*VL)
#define WIDTH(v) ((v) < vectors - 1 ? VL : c->last)

DPID_INLINE void put_joined(const int rows, const int vectors, const dpid_product_epilogue *epilogue, const vec *sum,
                            const corner *c)
{
    const real *skip = epilogue->skip;
    real *joined = epilogue->joined;
    EACH(r, v)
    {
        const vec branch = sum[r * vectors + v];
        const vec scaled = vec_all((real)epilogue->s) * load_some(AT(skip, r, v), WIDTH(v));
        store_some(AT(joined, r, v), vec_where_zero(branch, scaled, branch + scaled), WIDTH(v));
    }
}

/* The words of row i, from column j on. */
DPID_INLINE int64_t word_at(const product *p, int64_t i, int64_t j)
{
    return i / DPID_MASK_ROWS * dpid_product_pad(p->n) + j;
}

/* A tile that has all rows of a word makes the word in registers. Smaller tiles add their bits one after the other. */
DPID_INLINE void put_mask(const int rows, const int vectors, const product *p, const vec *sum, int64_t i, int64_t j)
{
    word *mask = p->epilogue->mask;
    if (rows == DPID_MASK_ROWS) {
        DPID_UNROLL for (int v = 0; v < vectors; v++)
        {
            words w = words_of(sum[v], 0);
            DPID_UNROLL for (int r = 1; r < rows; r++) w |= words_of(sum[r * vectors + v], r);
            words_store(mask + word_at(p, i, j) + v * VL, w);
        }
        return;
    }
    EACH(r, v)
    {
        const int row = (int)((i + r) % DPID_MASK_ROWS);
        word *at = mask + word_at(p, i + r, j) + v * VL;
        const words w = words_of(sum[r * vectors + v], row);
        words_store(at, row > 0 ? words_load(at) | w : w);
    }
}

DPID_INLINE void put_back(const int rows, const int vectors, const product *p, const vec *sum, const corner *c,
                          int64_t i, int64_t j)
{
    const word *mask = p->epilogue->through;
    real *back = p->epilogue->back;
    EACH(r, v)
    {
        const int row = rows == DPID_MASK_ROWS ? r : (int)((i + r) % DPID_MASK_ROWS);
        const words w = words_load(mask + word_at(p, i + r, j) + v * VL);
        store_some(AT(back, r, v), let_through(w, row, sum[r * vectors + v]), WIDTH(v));
    }
}

DPID_INLINE void put_nn(const int rows, const int vectors, const product *p, vec *sum, const corner *c, int64_t i,
                        int64_t j)
{
    const dpid_product_epilogue *epilogue = p->epilogue;
    if (epilogue->bias)
        EACH(r, v)
    sum[r * vectors + v] += load_some((const real *)epilogue->bias + j + v * VL, WIDTH(v));
    if (epilogue->rectify)
        EACH(r, v)
    sum[r * vectors + v] = vec_kink(sum[r * vectors + v], (vec){0});
    if (epilogue->of)
        EACH(r, v)
    sum[r * vectors + v] = vec_gate(load_some(AT((const real *)epilogue->of, r, v), WIDTH(v)), sum[r * vectors + v]);
    if (epilogue->plus)
        EACH(r, v)
    sum[r * vectors + v] += load_some(AT((const real *)epilogue->plus, r, v), WIDTH(v));
    if (!epilogue->dropped)
        EACH(r, v)
    store_some(AT(p->c, r, v), sum[r * vectors + v], WIDTH(v));
    if (epilogue->joined)
        put_joined(rows, vectors, epilogue, sum, c);
    if (epilogue->mask)
        put_mask(rows, vectors, p, sum, i, j);
    if (epilogue->back)
        put_back(rows, vectors, p, sum, c, i, j);
}

DPID_INLINE void put_tn(const int rows, const int vectors, const product *p, vec *sum, const corner *c)
{
    if (p->add)
        EACH(r, v)
    sum[r * vectors + v] += load_some(AT(p->c, r, v), WIDTH(v));
    else EACH(r, v) sum[r * vectors + v] +=
        (vec){0}; /* as to a cleared c: a product below the smallest number may be -0 */
    EACH(r, v)
    store_some(AT(p->c, r, v), sum[r * vectors + v], WIDTH(v));
}

/* ---- one tile ---------------------------------------------------------------------------------- */

/* columns: of the tile; fewer than vectors * VL when the last vector reaches beyond them. Beyond the end of a row lies
   the next row, which may be read; `safe` rows of b have a next one. */
DPID_INLINE void multiply(const int rows, const int vectors, const bool tn, const product *p, int64_t i, int64_t j,
                          int64_t columns, int64_t safe)
{
    vec acc[ROWS * VECTORS];
    vec w[VECTORS];
    const int64_t a_row = tn ? 1 : p->lda;
    const int64_t a_k = tn ? p->lda : 1;
    const real *a = p->a + i * a_row;
    const real *b = p->b + j;
    DPID_UNROLL for (int t = 0; t < rows * vectors; t++) acc[t] = (vec){0};
    for (int64_t k = 0; k < safe; k++) {
        DPID_UNROLL for (int v = 0; v < vectors; v++) w[v] = vec_load(b + k * p->ldb + v * VL);
        DPID_UNROLL for (int r = 0; r < rows; r++) DPID_UNROLL for (int v = 0; v < vectors; v++) acc[r * vectors + v] +=
            a[r * a_row + k * a_k] * w[v];
    }
    for (int64_t k = safe; k < p->k; k++) {
        DPID_UNROLL for (int v = 0; v < vectors; v++) w[v] =
            v < vectors - 1 ? vec_load(b + k * p->ldb + v * VL) : load_part(b + k * p->ldb + v * VL, columns - v * VL);
        DPID_UNROLL for (int r = 0; r < rows; r++) DPID_UNROLL for (int v = 0; v < vectors; v++) acc[r * vectors + v] +=
            a[r * a_row + k * a_k] * w[v];
    }
    const int64_t left = columns - (vectors - 1) * VL;
    const corner c = {i * p->ldc + j, p->ldc, left < VL ? left : VL};
    if (tn)
        put_tn(rows, vectors, p, acc, &c);
    else
        put_nn(rows, vectors, p, acc, &c, i, j);
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

void DPID_T(dpid_product_nn)(int64_t m, int64_t n, int64_t k, const real *a, int64_t lda, const real *b, int64_t ldb,
                             const dpid_product_epilogue *epilogue, real *c, int64_t ldc)
{
    const product p = {
        .m = m, .n = n, .k = k, .a = a, .lda = lda, .b = b, .ldb = ldb, .epilogue = epilogue, .c = c, .ldc = ldc};
    multiply_all(false, &p);
}

void DPID_T(dpid_product_tn)(int64_t m, int64_t n, int64_t k, const real *a, int64_t lda, const real *b, int64_t ldb,
                             bool add, real *c, int64_t ldc)
{
    const product p = {.m = m, .n = n, .k = k, .a = a, .lda = lda, .b = b, .ldb = ldb, .add = add, .c = c, .ldc = ldc};
    multiply_all(true, &p);
}

/* ---- transposition: blocks of VL x VL by log2(VL) rounds of interleaving (a perfect shuffle of rows and of elements)
   ------- */

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

DPID_INLINE void transpose_tile(vec *row)
{
    vec next[VL];
    DPID_UNROLL for (int round = 1; round < VL; round *= 2)
    {
        DPID_UNROLL for (int i = 0; i < VL / 2; i++)
        {
            next[2 * i] = LOW(row[i], row[i + VL / 2]);
            next[2 * i + 1] = HIGH(row[i], row[i + VL / 2]);
        }
        DPID_UNROLL for (int i = 0; i < VL; i++) row[i] = next[i];
    }
}

static void transpose_block(const real *x, int64_t ldx, real *y, int64_t ldy)
{
    vec row[VL];
    DPID_UNROLL for (int i = 0; i < VL; i++) row[i] = vec_load(x + i * ldx);
    transpose_tile(row);
    DPID_UNROLL for (int i = 0; i < VL; i++) vec_store(y + i * ldy, row[i]);
}
#else
DPID_INLINE void transpose_tile(vec *row)
{
#if DPID_PRECISION != 80
    for (int i = 0; i < VL; i++)
        for (int j = 0; j < i; j++) {
            const real x = row[i][j];
            row[i][j] = row[j][i];
            row[j][i] = x;
        }
#else
    (void)row;
#endif
}

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

/* ---- tt: tiles of VL columns of c, each a row of b, by VL rows of c in the lanes -------------- */

DPID_INLINE void multiply_transposed(const product *p, int64_t i, int64_t j)
{
    vec acc[VL];
    const real *a = p->a + i;
    const real *b = p->b + j * p->ldb;
    DPID_UNROLL for (int t = 0; t < VL; t++) acc[t] = (vec){0};
    for (int64_t k = 0; k < p->k; k++) {
        const vec x = vec_load(a + k * p->lda);
        DPID_UNROLL for (int t = 0; t < VL; t++) acc[t] += b[t * p->ldb + k] * x;
    }
    transpose_tile(acc);
    DPID_UNROLL for (int r = 0; r < VL; r += PUT)
    {
        const corner c = {(i + r) * p->ldc + j, p->ldc, VL};
        put_nn(PUT, 1, p, acc + r, &c, i + r, j);
    }
}

void DPID_T(dpid_product_tt)(int64_t m, int64_t n, int64_t k, const real *a, int64_t lda, const real *b, int64_t ldb,
                             const dpid_product_epilogue *epilogue, real *c, int64_t ldc)
{
    const product p = {
        .m = m, .n = n, .k = k, .a = a, .lda = lda, .b = b, .ldb = ldb, .epilogue = epilogue, .c = c, .ldc = ldc};
    for (int64_t j = 0; j < n; j += VL)
        for (int64_t i = 0; i < m; i += VL)
            multiply_transposed(&p, i, j);
}
