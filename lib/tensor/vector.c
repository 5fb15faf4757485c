/* Plain loops over arrays. Sums go in fixed blocks and a fixed tree, in double or better, so their bits depend on
   nothing but the array. */
#include "tensor/vector.h"

#include "tensor/simd.h"

#if DPID_PRECISION == 80
typedef long double wide;
#else
typedef double wide;
#endif

enum { BLOCK = 128, LANES = 16 };

void DPID_T(dpid_fill)(real *x, int64_t n, double value)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = (real)value;
}

/* y += x */
void DPID_T(dpid_add_to)(real *y, const real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] += x[i];
}

/* x *= a */
void DPID_T(dpid_scale)(real *x, int64_t n, double a)
{
    for (int64_t i = 0; i < n; i++)
        x[i] *= (real)a;
}

/* ---- sums: blocks of BLOCK in LANES partial sums, then pairwise --------------------- */

/* Lane j and lane j + 8, then j + 4, j + 2, j + 1. */
static inline __attribute__((always_inline)) wide fold(const wide *lane)
{
    wide part[LANES / 2];
    for (int64_t j = 0; j < LANES / 2; j++)
        part[j] = lane[j] + lane[j + LANES / 2];
    return ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
}

/* squares is a constant where it is called. */
static inline __attribute__((always_inline)) wide block_sum(const real *x, int64_t n, const bool squares)
{
    wide lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int64_t j = 0; j < LANES; j++)
            lane[j] += squares ? (wide)x[i + j] * (wide)x[i + j] : (wide)x[i + j];
    for (int64_t j = 0; i < n; i++, j++)
        lane[j] += squares ? (wide)x[i] * (wide)x[i] : (wide)x[i];
    return fold(lane);
}

/* Up to four blocks at a time, because the additions of a single one would wait for each other; then their tree. */
#if DPID_PRECISION != 80
typedef real numbers __attribute__((vector_size(LANES * sizeof(real)), aligned(sizeof(real)), may_alias));
typedef wide lanes __attribute__((vector_size(LANES * sizeof(wide))));

/* blocks is a constant where it is called. sum[b]: of block b. */
static inline __attribute__((always_inline)) void block_squares(const int blocks, const real *x, wide *sum)
{
    lanes a[4] = {{0}};
    for (int64_t i = 0; i < BLOCK; i += LANES) {
        DPID_UNROLL for (int b = 0; b < blocks; b++)
        {
            const lanes v = __builtin_convertvector(*(const numbers *)(x + b * BLOCK + i), lanes);
            a[b] += v * v;
        }
    }
    for (int b = 0; b < blocks; b++)
        sum[b] = fold((const wide *)&a[b]);
}

/* n is at most four blocks. */
static wide few_squares(const real *x, int64_t n)
{
    wide sum[4] = {0};
    const int64_t whole = n / BLOCK;
    if (whole == 4)
        block_squares(4, x, sum);
    else if (whole == 3)
        block_squares(3, x, sum);
    else if (whole == 2)
        block_squares(2, x, sum);
    else if (whole == 1)
        block_squares(1, x, sum);
    if (whole < 4)
        sum[whole] = block_sum(x + whole * BLOCK, n - whole * BLOCK, true);
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}
#endif

static int64_t half_of(int64_t n)
{
    return (n / 2 + BLOCK - 1) / BLOCK * BLOCK;
}

static wide pairwise(const real *x, int64_t n, bool squares)
{
#if DPID_PRECISION != 80
    if (squares && n <= 4 * BLOCK)
        return few_squares(x, n);
#endif
    if (n <= BLOCK)
        return squares ? block_sum(x, n, true) : block_sum(x, n, false);
    const int64_t half = half_of(n);
    return pairwise(x, half, squares) + pairwise(x + half, n - half, squares);
}

double DPID_T(dpid_sum)(const real *x, int64_t n)
{
    return (double)pairwise(x, n, false);
}

double DPID_T(dpid_sum_squares)(const real *x, int64_t n)
{
    return (double)pairwise(x, n, true);
}

/* ---- the same tree by a pool: its lower parts are the tasks -------------------------- */

enum { PARTS = 256, PART = 16384 }; /* parts at most; numbers of one, at least half of it */

typedef struct {
    const real *x;
    int64_t start[PARTS + 1];
    wide sum[PARTS];
    int64_t parts, part;
} tree;

static void cut(tree *t, int64_t first, int64_t n)
{
    if (n <= t->part) {
        t->start[t->parts++] = first;
        return;
    }
    cut(t, first, half_of(n));
    cut(t, first + half_of(n), n - half_of(n));
}

static void sum_part(void *arg, int64_t i, int32_t worker)
{
    tree *t = arg;
    (void)worker;
    t->sum[i] = pairwise(t->x + t->start[i], t->start[i + 1] - t->start[i], true);
}

static wide join(const tree *t, int64_t n, int64_t *next)
{
    if (n <= t->part)
        return t->sum[(*next)++];
    const wide left = join(t, half_of(n), next);
    return left + join(t, n - half_of(n), next);
}

double DPID_T(dpid_sum_squares_by)(dpid_pool *pool, const void *x, int64_t n)
{
    const int64_t even = n / (PARTS / 4); /* halves are uneven by a block at each level: far from PARTS of them */
    tree t = {.x = x, .part = even > PART ? even : PART};
    int64_t next = 0;
    cut(&t, 0, n);
    t.start[t.parts] = n;
    dpid_pool_run(pool, t.parts, sum_part, &t);
    return (double)join(&t, n, &next);
}

/* sums[j] += sum over i of x[i,j], rows in order, in double or better */
static inline __attribute__((always_inline)) void add_columns(int64_t rows, const int64_t width, const real *x,
                                                              int64_t ld, real *sums)
{
    enum { COLUMNS = 64 };
    wide part[COLUMNS] = {0};
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < width; j++)
            part[j] += (wide)x[i * ld + j];
    for (int64_t j = 0; j < width; j++)
        sums[j] = (real)((wide)sums[j] + part[j]);
}

void DPID_T(dpid_column_sums)(int64_t rows, int64_t cols, const real *x, int64_t ld, real *sums)
{
    enum { MANY = 64, MORE = 32, SOME = 16 }; /* as many as the registers hold, and fewer */
    int64_t j = 0;
    for (; j + MANY <= cols; j += MANY)
        add_columns(rows, MANY, x + j, ld, sums + j);
    for (; j + MORE <= cols; j += MORE)
        add_columns(rows, MORE, x + j, ld, sums + j);
    for (; j + SOME <= cols; j += SOME)
        add_columns(rows, SOME, x + j, ld, sums + j);
    if (j < cols)
        add_columns(rows, cols - j, x + j, ld, sums + j);
}

/* ---- extremes ------------------------------------------------------------------------- */

double DPID_T(dpid_max_abs)(const real *x, int64_t n)
{
    real largest = 0;
    for (int64_t i = 0; i < n; i++) {
        const real a = fabs(x[i]);
        if (a != a)
            return (double)a;
        largest = a > largest ? a : largest;
    }
    return (double)largest;
}

/* x - x is 0 for a finite x and NaN for the rest; a sum of zeros is 0. */
bool DPID_T(dpid_all_finite)(const real *x, int64_t n)
{
    enum { SIDE_BY_SIDE = 4 * LANES }; /* with fewer, additions would wait for each other */
    real lane[SIDE_BY_SIDE] = {0};
    int64_t i = 0;
    for (; i + SIDE_BY_SIDE <= n; i += SIDE_BY_SIDE)
        for (int64_t j = 0; j < SIDE_BY_SIDE; j++)
            lane[j] += x[i + j] - x[i + j];
    for (; i < n; i++)
        lane[0] += x[i] - x[i];
    real all = 0;
    for (int64_t j = 0; j < SIDE_BY_SIDE; j++)
        all += lane[j];
    return all == 0;
}

/* ---- conversion ------------------------------------------------------------------------ */

void DPID_T(dpid_to_double)(const real *x, int64_t n, double *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = (double)x[i];
}

void DPID_T(dpid_from_double)(const double *x, int64_t n, real *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = (real)x[i];
}

#if DPID_ONCE
double (*const dpid_sum_squares_by[DPID_ISAS][DPID_PRECISIONS])(dpid_pool *pool, const void *x,
                                                                int64_t n) = DPID_ISA_TABLE(dpid_sum_squares_by);
#endif
