/* Right singular vectors: x = U S V^T.
   First R of x = Q R by modified Gram-Schmidt (its R is backward stable, Bjorck 1967), then one-sided Jacobi rotations
   of R's columns
   (Hestenes 1958) until they are orthogonal: R V = U S. */
#include "identity/witness/chain.h"

#include <math.h>
#include <string.h>

static double dot(const double *a, const double *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* column [cols][rows] -> r [cols][cols], r[j][i] = R(i, j): R's columns lie in memory one after the other */
static void triangle(int64_t rows, int64_t cols, double *column, double *r)
{
    memset(r, 0, (size_t)(cols * cols) * sizeof *r);
    for (int64_t j = 0; j < cols; j++) {
        double *q = column + j * rows;
        const double length = sqrt(dot(q, q, rows));
        r[j * cols + j] = length;
        for (int64_t i = 0; i < rows; i++)
            q[i] = length > 0 ? q[i] / length : 0;
        for (int64_t k = j + 1; k < cols; k++) {
            double *other = column + k * rows;
            const double projection = dot(q, other, rows);
            r[k * cols + j] = projection;
            for (int64_t i = 0; i < rows; i++)
                other[i] -= projection * q[i];
        }
    }
}

static void rotate(double *a, double *b, int64_t n, double c, double s)
{
    for (int64_t i = 0; i < n; i++) {
        const double x = a[i];
        a[i] = c * x - s * b[i];
        b[i] = s * x + c * b[i];
    }
}

/* Makes columns p and q orthogonal; false when they were. */
static bool make_orthogonal(int64_t n, double *p, double *q, double *vp, double *vq)
{
    const double pp = dot(p, p, n);
    const double qq = dot(q, q, n);
    const double pq = dot(p, q, n);
    if (fabs(pq) <= 0x1p-50 * sqrt(pp * qq) || pq == 0)
        return false;
    const double zeta = (qq - pp) / (2 * pq);
    const double t = (zeta >= 0 ? 1 : -1) / (fabs(zeta) + sqrt(1 + zeta * zeta));
    const double c = 1 / sqrt(1 + t * t);
    rotate(p, q, n, c, c * t);
    rotate(vp, vq, n, c, c * t);
    return true;
}

static void sweep_all(int64_t n, double *r, double *v)
{
    enum { SWEEPS = 40 };
    bool moved = true;
    for (int sweep = 0; moved && sweep < SWEEPS; sweep++) {
        moved = false;
        for (int64_t p = 0; p < n; p++)
            for (int64_t q = p + 1; q < n; q++)
                moved |= make_orthogonal(n, r + p * n, r + q * n, v + p * n, v + q * n);
    }
}

static void swap_rows(double *a, double *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const double kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

static void sort_falling(int64_t n, double *sigma, double *v)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t largest = i;
        for (int64_t j = i + 1; j < n; j++)
            largest = sigma[j] > sigma[largest] ? j : largest;
        swap_rows(&sigma[i], &sigma[largest], 1);
        if (largest != i)
            swap_rows(v + i * n, v + largest * n, n);
    }
}

int32_t dpid_right_singular(deepid_ctx *ctx, int64_t rows, int64_t cols, double *x, double *sigma, double *v)
{
    double *work = NULL;
    DPID_TRY(dpid_alloc(ctx, cols * (rows + cols), sizeof *work, "singular vectors", &work));
    double *r = work + cols * rows;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++)
            work[j * rows + i] = x[i * cols + j];
    triangle(rows, cols, work, r);
    memset(v, 0, (size_t)(cols * cols) * sizeof *v);
    for (int64_t j = 0; j < cols; j++)
        v[j * cols + j] = 1;
    sweep_all(cols, r, v);
    for (int64_t j = 0; j < cols; j++)
        sigma[j] = sqrt(dot(r + j * cols, r + j * cols, cols));
    sort_falling(cols, sigma, v);
    dpid_free(ctx, work);
    return DEEPID_OK;
}

int64_t dpid_rank(int64_t cols, const double *sigma)
{
    const double noise = 1e-6; /* data that came through f32 nets carry about 1e-7 */
    int64_t rank = 0;
    while (rank < cols && sigma[rank] > noise * sigma[0])
        rank++;
    return rank;
}
