/* The incomplete beta function I_x(a, b), and what is computed by it: quantiles of beta and of Student's t. */
#include "statistics/statistics.h"

#include <float.h>
#include <math.h>

/* Continued fraction of I_x(a, b), by Lentz's method (Press et al., Numerical Recipes, 6.4); converges fast for x <
   (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
    enum { TERMS = 100000 }; /* about sqrt(max(a, b)) are needed */
    const double tiny = DBL_MIN;
    double c = 1;
    double d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double h = d;
    for (int i = 1; i <= TERMS; i++) {
        const double step[2] = {i * (b - i) * x / ((a + 2 * i - 1) * (a + 2 * i)),
                                -(a + i) * (a + b + i) * x / ((a + 2 * i) * (a + 2 * i + 1))};
        double change = 1;
        for (int half = 0; half < 2; half++) {
            d = 1 + step[half] * d;
            c = 1 + step[half] / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            change = d * c;
            h *= change;
        }
        if (fabs(change - 1) < DBL_EPSILON)
            break;
    }
    return h;
}

static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

/* I_x(a, b) */
static double incomplete_beta(double a, double b, double x)
{
    if (x <= 0 || x >= 1)
        return x <= 0 ? 0 : 1;
    const double front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x));
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double dpid_beta_quantile(double a, double b, double p)
{
    enum { HALVINGS = 100 };
    double low = 0;
    double high = 1;
    for (int i = 0; i < HALVINGS; i++) {
        const double middle = (low + high) / 2;
        *(incomplete_beta(a, b, middle) < p ? &low : &high) = middle;
    }
    return (low + high) / 2;
}

/* ---- Student's t: P(|T| <= t) = I_y(1/2, freedom / 2),  y = t^2 / (freedom + t^2) ----------------------- */

double dpid_student_inside(double t, double freedom)
{
    const double half = 0.5;
    return isinf(t) ? 1 : incomplete_beta(half, freedom / 2, t * t / (freedom + t * t));
}

double dpid_student_quantile(double level, double freedom)
{
    const double half = 0.5;
    const double y = dpid_beta_quantile(half, freedom / 2, level);
    return sqrt(freedom * y / (1 - y));
}
