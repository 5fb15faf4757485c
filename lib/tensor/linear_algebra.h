/* Dense linear algebra in double precision, each algorithm once. Matrices are small, and row-major unless a comment
   says columns.

   LAPACK is inside the OpenBLAS that is linked, and is not used: its bits depend on the processor's kernels, while
   witnesses, floors and probes are the same on all machines; and nothing in BLAS may allocate or lock
   (base/blas_memory.h). */
#ifndef DPID_TENSOR_LINEAR_ALGEBRA_H
#define DPID_TENSOR_LINEAR_ALGEBRA_H

#include "base/context.h"

#include <stdint.h>

/* ---- vectors ---- */

double dpid_dot(int64_t n, const double *a, const double *b);
double dpid_length(int64_t n, const double *a);
/* a -= (a . q) q, q of length 1; returns a . q */
double dpid_take_away(int64_t n, const double *q, double *a);

/* ---- orthogonal columns ---- */

/* Columns x [columns][n] become orthonormal; those that the others give are left out. Gram-Schmidt, twice, so that
   rounding does not bring them back (Kahan, Parlett). Returns how many stay, at the front. */
int64_t dpid_orthonormalise(int64_t n, int64_t columns, double *x);

/* ---- singular values, eigenvalues: Jacobi rotations ---- */

/* x [rows][cols] = U S V^T: sigma [cols] falling, v [cols][cols] a right singular vector a row. */
int32_t dpid_right_singular(deepid_ctx *ctx, int64_t rows, int64_t cols, const double *x, double *sigma, double *v);
/* How many of sigma are more than the noise of data that came through f32 nets. */
int64_t dpid_rank(int64_t cols, const double *sigma);
/* t [n][n], symmetric, becomes diagonal: its eigenvalues; s [n][n], the unit matrix at first: a vector a column. */
void dpid_eigen(int64_t n, double *t, double *s);

/* ---- triangles ---- */

/* a [n][n] := upper U with U^T U = a, by Cholesky; what is below the diagonal is not looked at. */
void dpid_cholesky(int64_t n, double *a);
/* v [rows][cols] := U^-T v,  U^-1 v,  U v */
void dpid_upper_solve_transposed(int64_t rows, int64_t cols, const double *u, double *v);
void dpid_upper_solve(int64_t rows, int64_t cols, const double *u, double *v);
void dpid_upper_multiply(int64_t rows, int64_t cols, const double *u, double *v);
/* Column `rank` of a Cholesky factor [rows][c] of S [rows][c], whose columns before it are there, with column `pivot`
   of S: l(i) = (S(i, pivot) - sum_k factor(i, k) factor(pivot, k)) / sqrt(left(pivot))      left(i) -= l(i)^2 */
void dpid_cholesky_column(int64_t rows, int64_t c, const double *s, int64_t pivot, int64_t rank, double *factor,
                          double *left);
/* Sign of the determinant of a [n][n] by elimination; a is written over. */
double dpid_determinant_sign(int64_t n, double *a);

#endif
