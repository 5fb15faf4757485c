/* Plain loops over arrays. Sums go in fixed blocks and a fixed tree, in double or better, so their bits depend on nothing but the array. */
#include "tensor/vector.h"

#include "tensor/real.h"

#if DPID_PRECISION == 80
typedef long double wide;
#else
typedef double wide;
#endif

enum { BLOCK = 128, LANES = 8 };

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

static wide block_sum(const real *x, int64_t n, bool squares)
{
    wide lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int64_t j = 0; j < LANES; j++)
            lane[j] += squares ? (wide)x[i + j] * (wide)x[i + j] : (wide)x[i + j];
    for (int64_t j = 0; i < n; i++, j++)
        lane[j] += squares ? (wide)x[i] * (wide)x[i] : (wide)x[i];
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

static wide pairwise(const real *x, int64_t n, bool squares)
{
    if (n <= BLOCK)
        return block_sum(x, n, squares);
    const int64_t half = (n / 2 + BLOCK - 1) / BLOCK * BLOCK;
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

/* sums[j] += sum over i of x[i,j], rows in order, in double or better */
void DPID_T(dpid_column_sums)(int64_t rows, int64_t cols, const real *x, int64_t ld, real *sums)
{
    enum { COLUMNS = 64 };
    wide part[COLUMNS];
    for (int64_t first = 0; first < cols; first += COLUMNS) {
        const int64_t width = cols - first < COLUMNS ? cols - first : COLUMNS;
        for (int64_t j = 0; j < width; j++)
            part[j] = 0;
        for (int64_t i = 0; i < rows; i++)
            for (int64_t j = 0; j < width; j++)
                part[j] += (wide)x[i * ld + first + j];
        for (int64_t j = 0; j < width; j++)
            sums[first + j] = (real)((wide)sums[first + j] + part[j]);
    }
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
    real lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int64_t j = 0; j < LANES; j++)
            lane[j] += x[i + j] - x[i + j];
    for (; i < n; i++)
        lane[0] += x[i] - x[i];
    real all = 0;
    for (int64_t j = 0; j < LANES; j++)
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
