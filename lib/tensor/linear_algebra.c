/* Dense linear algebra: vectors, orthogonal columns, Jacobi rotations, triangles. */
#include "tensor/linear_algebra.h"

#include "base/memory.h"
#include "tensor/vector.h"

#include <math.h>
#include <string.h>

/* ---- vectors ---------------------------------------------------------------------------------------------------- */

double dpid_dot(int64_t n, const double *a, const double *b)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

double dpid_length(int64_t n, const double *a)
{
    return sqrt(dpid_dot(n, a, a));
}

double dpid_take_away(int64_t n, const double *q, double *a)
{
    const double along = dpid_dot(n, a, q);
    for (int64_t i = 0; i < n; i++)
        a[i] -= along * q[i];
    return along;
}

/* to += a from */
static void add_row(int64_t cols, double a, const double *from, double *to)
{
    for (int64_t c = 0; c < cols; c++)
        to[c] += a * from[c];
}

static void swap_rows(int64_t cols, double *a, double *b)
{
    for (int64_t c = 0; c < cols; c++) {
        const double kept = a[c];
        a[c] = b[c];
        b[c] = kept;
    }
}

/* ---- orthogonal columns ------------------------------------------------------------------------------------------ */

int64_t dpid_orthonormalise(int64_t n, int64_t columns, double *x)
{
    const double small = 1e-10;
    int64_t kept = 0;
    for (int64_t j = 0; j < columns; j++) {
        double *to = x + kept * n;
        memmove(to, x + j * n, (size_t)n * sizeof *to);
        const double before = dpid_length(n, to);
        for (int pass = 0; pass < 2; pass++)
            for (int64_t k = 0; k < kept; k++)
                dpid_take_away(n, x + k * n, to);
        const double length = dpid_length(n, to);
        if (!(length > small * before))
            continue;
        for (int64_t i = 0; i < n; i++)
            to[i] /= length;
        kept++;
    }
    return kept;
}

/* ---- Jacobi rotations -------------------------------------------------------------------------------------------- */

/* The rotation by which the symmetric matrix (pp pq; pq qq) becomes diagonal. */
typedef struct {
    double c, s;
} rotation;

static rotation rotation_of(double pp, double qq, double pq)
{
    const double zeta = (qq - pp) / (2 * pq);
    const double tangent = (zeta >= 0 ? 1 : -1) / (fabs(zeta) + sqrt(1 + zeta * zeta));
    const double c = 1 / sqrt(1 + tangent * tangent);
    return (rotation){c, c * tangent};
}

/* (a, b) := (c a - s b, s a + c b), numbers `stride` apart */
static void rotate(int64_t n, int64_t stride, rotation r, double *a, double *b)
{
    for (int64_t i = 0; i < n * stride; i += stride) {
        const double x = a[i];
        a[i] = r.c * x - r.s * b[i];
        b[i] = r.s * x + r.c * b[i];
    }
}

/* R of column [cols][rows] = Q R by modified Gram-Schmidt, backward stable (Bjorck 1967): r[j][i] = R(i, j), so that
   R's columns lie in memory one after the other. */
static void triangle(int64_t rows, int64_t cols, double *column, double *r)
{
    memset(r, 0, (size_t)(cols * cols) * sizeof *r);
    for (int64_t j = 0; j < cols; j++) {
        double *q = column + j * rows;
        const double length = dpid_length(rows, q);
        r[j * cols + j] = length;
        for (int64_t i = 0; i < rows; i++)
            q[i] = length > 0 ? q[i] / length : 0;
        for (int64_t k = j + 1; k < cols; k++)
            r[k * cols + j] = dpid_take_away(rows, q, column + k * rows);
    }
}

/* Makes columns p and q orthogonal; false when they were. */
static bool make_orthogonal(int64_t n, double *p, double *q, double *vp, double *vq)
{
    const double pp = dpid_dot(n, p, p);
    const double qq = dpid_dot(n, q, q);
    const double pq = dpid_dot(n, p, q);
    if (fabs(pq) <= 0x1p-50 * sqrt(pp * qq) || pq == 0)
        return false;
    const rotation r = rotation_of(pp, qq, pq);
    rotate(n, 1, r, p, q);
    rotate(n, 1, r, vp, vq);
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

static void sort_falling(int64_t n, double *sigma, double *v)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t largest = i;
        for (int64_t j = i + 1; j < n; j++)
            largest = sigma[j] > sigma[largest] ? j : largest;
        swap_rows(1, &sigma[i], &sigma[largest]);
        if (largest != i)
            swap_rows(n, v + i * n, v + largest * n);
    }
}

/* First R of x = Q R, then one-sided rotations of R's columns (Hestenes 1958) until they are orthogonal: R V = U S. */
int32_t dpid_right_singular(deepid_ctx *ctx, int64_t rows, int64_t cols, const double *x, double *sigma, double *v)
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
        sigma[j] = dpid_length(cols, r + j * cols);
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

/* Two-sided: columns p and q of t and s, then rows p and q of t. */
static bool make_zero(int64_t n, int64_t p, int64_t q, double *t, double *s)
{
    const double size = fabs(t[p * n + p]) + fabs(t[q * n + q]);
    if (!(fabs(t[p * n + q]) > 0x1p-52 * size))
        return false;
    const rotation r = rotation_of(t[p * n + p], t[q * n + q], t[p * n + q]);
    rotate(n, n, r, t + p, t + q);
    rotate(n, n, r, s + p, s + q);
    rotate(n, 1, r, t + p * n, t + q * n);
    return true;
}

void dpid_eigen(int64_t n, double *t, double *s)
{
    enum { SWEEPS = 50 };
    bool moved = true;
    for (int sweep = 0; moved && sweep < SWEEPS; sweep++) {
        moved = false;
        for (int64_t p = 0; p < n; p++)
            for (int64_t q = p + 1; q < n; q++)
                moved |= make_zero(n, p, q, t, s);
    }
}

/* ---- triangles --------------------------------------------------------------------------------------------------- */

void dpid_cholesky(int64_t n, double *a)
{
    for (int64_t k = 0; k < n; k++) {
        dpid_scale_f64(a + k * n + k, n - k, 1 / sqrt(a[k * n + k]));
        for (int64_t i = k + 1; i < n; i++)
            add_row(n - i, -a[k * n + i], a + k * n + i, a + i * n + i);
    }
}

void dpid_upper_solve_transposed(int64_t rows, int64_t cols, const double *u, double *v)
{
    for (int64_t i = 0; i < rows; i++) {
        dpid_scale_f64(v + i * cols, cols, 1 / u[i * rows + i]);
        for (int64_t k = i + 1; k < rows; k++)
            add_row(cols, -u[i * rows + k], v + i * cols, v + k * cols);
    }
}

void dpid_upper_solve(int64_t rows, int64_t cols, const double *u, double *v)
{
    for (int64_t i = rows - 1; i >= 0; i--) {
        for (int64_t k = i + 1; k < rows; k++)
            add_row(cols, -u[i * rows + k], v + k * cols, v + i * cols);
        dpid_scale_f64(v + i * cols, cols, 1 / u[i * rows + i]);
    }
}

void dpid_upper_multiply(int64_t rows, int64_t cols, const double *u, double *v)
{
    for (int64_t i = 0; i < rows; i++) {
        dpid_scale_f64(v + i * cols, cols, u[i * rows + i]);
        for (int64_t k = i + 1; k < rows; k++)
            add_row(cols, u[i * rows + k], v + k * cols, v + i * cols);
    }
}

void dpid_cholesky_column(int64_t rows, int64_t c, const double *s, int64_t pivot, int64_t rank, double *factor,
                          double *left)
{
    const double root = sqrt(left[pivot]);
    const double *own = factor + pivot * c;
    for (int64_t i = 0; i < rows; i++) {
        double *row = factor + i * c;
        double value = s[i * c + pivot];
        for (int64_t k = 0; k < rank; k++)
            value -= row[k] * own[k];
        row[rank] = value / root;
    }
    for (int64_t i = 0; i < rows; i++)
        left[i] -= factor[i * c + rank] * factor[i * c + rank];
    left[pivot] = 0;
}

double dpid_determinant_sign(int64_t n, double *a)
{
    double sign = 1;
    for (int64_t j = 0; j < n; j++) {
        int64_t pivot = j;
        for (int64_t i = j + 1; i < n; i++)
            pivot = fabs(a[i * n + j]) > fabs(a[pivot * n + j]) ? i : pivot;
        if (pivot != j)
            swap_rows(n, a + j * n, a + pivot * n);
        sign *= (pivot != j ? -1 : 1) * (a[j * n + j] < 0 ? -1 : 1);
        for (int64_t i = j + 1; i < n; i++)
            for (int64_t k = n - 1; k >= j; k--)
                a[i * n + k] -= a[i * n + j] / a[j * n + j] * a[j * n + k];
    }
    return sign;
}
