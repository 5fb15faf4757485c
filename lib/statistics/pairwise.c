/* Order statistics of all averages (x_i + x_j) / 2, i <= j, or of all sums x_i + y_j, without making them: both arrays
   are sorted, so one pass counts how many values lie at or below a number, and the number is found by halving the
   doubles between the least value and the largest. */
#include "statistics/statistics.h"

#include <math.h>
#include <string.h>

typedef struct {
    int64_t n, m;
    const double *x, *y; /* the finite ones, ascending; y NULL: averages of x */
    /* Values that are -infinity, finite, +infinity; marks: sums of opposite infinities, which nobody knows. */
    int64_t minus, finite, plus, marks;
} pairs;

/* ---- the doubles in a row ------------------------------------------------------------------------- */

#define SIGN (UINT64_C(1) << 63)

/* Whole numbers in the order of the doubles. */
static uint64_t key_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & SIGN ? ~bits : bits | SIGN;
}

static double value_of(uint64_t key)
{
    const uint64_t bits = key & SIGN ? key & ~SIGN : ~key;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* ---- finite values ---------------------------------------------------------------------------------- */

static double value_at(const pairs *p, int64_t i, int64_t k)
{
    return p->y ? p->x[i] + p->y[k] : p->x[i] / 2 + p->x[k] / 2;
}

/* How many are at most so much. As i grows, those of row i end earlier. */
static int64_t count_to(const pairs *p, double most)
{
    int64_t count = 0;
    int64_t end = p->y ? p->m : p->n;
    for (int64_t i = 0; i < p->n; i++) {
        const int64_t first = p->y ? 0 : i;
        while (end > first && !(value_at(p, i, end - 1) <= most))
            end--;
        if (end <= first)
            break;
        count += end - first;
    }
    return count;
}

/* The one with so many below it: the least double with more at or below it. */
static double select_finite(const pairs *p, int64_t place)
{
    uint64_t low = key_of(value_at(p, 0, 0));
    uint64_t high = key_of(value_at(p, p->n - 1, (p->y ? p->m : p->n) - 1));
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (count_to(p, value_of(middle)) > place)
            high = middle;
        else
            low = middle + 1;
    }
    return value_of(low) + 0; /* no -0 */
}

/* ---- all of them -------------------------------------------------------------------------------------- */

/* Of what is known, in order. */
static double known_at(const pairs *p, int64_t place)
{
    if (place < p->minus)
        return -HUGE_VAL;
    return place < p->minus + p->finite ? select_finite(p, place - p->minus) : HUGE_VAL;
}

/* With every mark as 0. */
static double any_at(const pairs *p, int64_t place)
{
    const int64_t below = p->marks > 0 ? p->minus + (p->finite > 0 ? count_to(p, -5e-324) : 0) : place + 1;
    if (place < below)
        return known_at(p, place);
    return place < below + p->marks ? 0 : known_at(p, place - p->marks);
}

static double middle_of(const pairs *p, int64_t count)
{
    const double middle[2] = {any_at(p, (count - 1) / 2), count % 2 ? 0 : any_at(p, count / 2)};
    const double half = 0.5;
    return dpid_sorted_quantile(count % 2 ? 1 : 2, middle, half);
}

/* Sorts x; skips what is infinite. */
static const double *finite_part(int64_t *n, double *x, int64_t *minus, int64_t *plus)
{
    dpid_sort(*n, x);
    *minus = *plus = 0;
    while (*minus < *n && isinf(x[*minus]) && x[*minus] < 0)
        ++*minus;
    while (*plus < *n - *minus && isinf(x[*n - 1 - *plus]))
        ++*plus;
    *n -= *minus + *plus;
    return x + *minus;
}

static pairs averages_of(int64_t n, double *x)
{
    int64_t minus;
    int64_t plus;
    pairs p = {.n = n};
    p.x = finite_part(&p.n, x, &minus, &plus);
    p.minus = minus * (minus + 1) / 2 + minus * p.n;
    p.plus = plus * (plus + 1) / 2 + plus * p.n;
    p.finite = p.n * (p.n + 1) / 2;
    p.marks = minus * plus;
    return p;
}

static pairs sums_of(int64_t n, double *x, int64_t m, double *y)
{
    int64_t minus[2];
    int64_t plus[2];
    pairs p = {.n = n, .m = m};
    p.x = finite_part(&p.n, x, &minus[0], &plus[0]);
    p.y = finite_part(&p.m, y, &minus[1], &plus[1]);
    p.minus = minus[0] * (m - plus[1]) + p.n * minus[1];
    p.plus = plus[0] * (m - minus[1]) + p.n * plus[1];
    p.finite = p.n * p.m;
    p.marks = minus[0] * plus[1] + plus[0] * minus[1];
    return p;
}

void dpid_pairs_interval(int64_t n, double *x, int64_t m, double *y, int64_t k, double *estimate, double *low,
                         double *high)
{
    const pairs p = y ? sums_of(n, x, m, y) : averages_of(n, x);
    const int64_t known = p.minus + p.finite + p.plus;
    *low = k <= p.marks ? -HUGE_VAL : known_at(&p, k - 1 - p.marks); /* the marks as -infinity */
    *high = k <= p.marks ? HUGE_VAL : known_at(&p, known + p.marks - k);
    *estimate = middle_of(&p, known + p.marks);
}
