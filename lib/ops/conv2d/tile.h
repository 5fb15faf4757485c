/* Winograd's transforms of one tile: five one-dimensional ones, each applied to the columns and then to the rows.
   The formulas: winograd.h
   A transform has 72 addresses and as many vectors, more than there are registers. It is written so that few of them
   live at a time (docs/design/0003-convolution.md says what that gains). */
#ifndef DPID_OPS_CONV2D_TILE_H
#define DPID_OPS_CONV2D_TILE_H

#include "ops/conv2d/winograd.h"
#include "tensor/simd.h"

/* ---- one-dimensional transforms: i with stride s to o with stride t -------------------- */

/* B^T d */
DPID_INLINE void input_line(const vec *i, int s, vec *o, int t)
{
    const vec d0 = i[0], d1 = i[s], d2 = i[2 * s], d3 = i[3 * s], d4 = i[4 * s], d5 = i[5 * s];
    const vec p = d4 - 4 * d2, q = d3 - 4 * d1, u = d4 - d2, v = 2 * (d3 - d1);
    o[0] = 4 * d0 + (d4 - 5 * d2);
    o[t] = p + q;
    o[2 * t] = p - q;
    o[3 * t] = u + v;
    o[4 * t] = u - v;
    o[5 * t] = 4 * d1 + (d5 - 5 * d3);
}

/* A^T m */
DPID_INLINE void output_line(const vec *i, int s, vec *o, int t)
{
    const vec a = i[s] + i[2 * s], b = i[s] - i[2 * s], c = i[3 * s] + i[4 * s], e = i[3 * s] - i[4 * s];
    const vec m0 = i[0], m5 = i[5 * s];
    o[0] = m0 + (a + c);
    o[t] = b + 2 * e;
    o[2 * t] = a + 4 * c;
    o[3 * t] = (b + 8 * e) + m5;
}

/* A d */
DPID_INLINE void gradient_line(const vec *i, int s, vec *o, int t)
{
    const vec d0 = i[0], d1 = i[s], d2 = i[2 * s], d3 = i[3 * s];
    const vec a = d0 + d2, b = d1 + d3, c = d0 + 4 * d2, e = 2 * d1 + 8 * d3;
    o[0] = d0;
    o[t] = a + b;
    o[2 * t] = a - b;
    o[3 * t] = c + e;
    o[4 * t] = c - e;
    o[5 * t] = d3;
}

/* G g */
DPID_INLINE void weight_line(const vec *i, int s, vec *o, int t)
{
    const real sixth = (real)1 / 6;
    const vec g0 = i[0], g1 = i[s], g2 = i[2 * s];
    const vec a = (g0 + g2) * -sixth, b = g1 * sixth, c = g0 * (sixth / 4) + g2 * sixth, e = g1 * (sixth / 2);
    o[0] = (real)0.25 * g0;
    o[t] = a - b;
    o[2 * t] = a + b;
    o[3 * t] = c + e;
    o[4 * t] = c - e;
    o[5 * t] = g2;
}

/* G^T u */
DPID_INLINE void weight_gradient_line(const vec *i, int s, vec *o, int t)
{
    const real sixth = (real)1 / 6;
    const vec u0 = i[0], u5 = i[5 * s];
    const vec a = i[s] + i[2 * s], b = i[2 * s] - i[s], c = i[3 * s] + i[4 * s], e = i[3 * s] - i[4 * s];
    o[0] = (real)0.25 * u0 - a * sixth + c * (sixth / 4);
    o[t] = b * sixth + e * (sixth / 2);
    o[2 * t] = (c - a) * sixth + u5;
}

/* ---- a tile: n x n vectors to m x m ------------------------------------------------------ */

typedef void (*line)(const vec *, int, vec *, int);

/* Multiples of a distance, in bytes. An x86 address is one register plus 1, 2, 4 or 8 times another; 3 and 5 times
   the distance need registers of their own. */
typedef struct {
    int64_t one, three, five;
} steps;

DPID_INLINE steps steps_of(int64_t reals)
{
    steps s = {.one = reals * (int64_t)sizeof(real)};
    s.three = 3 * s.one;
    s.five = 5 * s.one;
    DPID_HIDE(s.one);
    DPID_HIDE(s.three);
    DPID_HIDE(s.five);
    return s;
}

DPID_INLINE real *at_step(const real *p, const steps *s, const int i)
{
    return (real *)((char *)p + (i == 3 ? s->three : i == 5 ? s->five : i * s->one));
}

/* A tile as it is read (its columns lie `column` reals apart) and as it is written. */
typedef struct {
    steps row;
    int64_t column;
} tile_in;

typedef struct {
    steps row, column;
} tile_out;

DPID_INLINE void store_row(line f, const int m, const vec *x, real *y, const steps *column, const vec *start)
{
    vec out[6];
    f(x, 1, out, 1);
    DPID_HIDE(y);
    DPID_UNROLL for (int j = 0; j < m; j++) vec_store(at_step(y, column, j), start ? out[j] + *start : out[j]);
}

/* f on the columns, of whose results only rows a and b are kept (the compiler drops the rest). Rows a and b share most
   of their terms. */
DPID_INLINE void two_columns(line f, const int n, const int a, const int b, const real *x, const tile_in *from,
                             vec *first, vec *second)
{
    DPID_UNROLL for (int j = 0; j < n; j++, x += from->column)
    {
        vec in[6], out[6];
        DPID_HIDE(x);
        DPID_UNROLL for (int i = 0; i < n; i++) in[i] = vec_load(at_step(x, &from->row, i));
        f(in, 1, out, 1);
        first[j] = out[a];
        second[j] = out[b];
    }
}

/* Rows a and b of the result; a == b: one row. Their 12 vectors fit into the registers; all 36 would not. */
DPID_INLINE void two_rows(line f, const int n, const int m, const int a, const int b, const real *x,
                          const tile_in *from, real *y, const tile_out *to, const vec *start)
{
    vec first[6], second[6];
    two_columns(f, n, a, b, x, from, first, second);
    store_row(f, m, first, at_step(y, &to->row, a), &to->column, start);
    if (a != b)
        store_row(f, m, second, at_step(y, &to->row, b), &to->column, start);
}

/* f on the columns of the n x n vectors at x, then on the rows: m x m at y; start NULL, or what is added to each */
DPID_INLINE void transform(line f, const int n, const int m, const real *x, const tile_in *from, real *y,
                           const tile_out *to, const vec *start)
{
    if (m == 6) {
        two_rows(f, n, m, 0, 0, x, from, y, to, start);
        two_rows(f, n, m, 1, 2, x, from, y, to, start);
        two_rows(f, n, m, 3, 4, x, from, y, to, start);
        two_rows(f, n, m, 5, 5, x, from, y, to, start);
    } else {
        two_rows(f, n, m, 0, 2, x, from, y, to, start);
        two_rows(f, n, m, 1, m == 4 ? 3 : 1, x, from, y, to, start);
    }
}

#endif
