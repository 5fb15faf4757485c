/* Measuring how near a block is to the identity: the numbers to try, and the error of each result. */
#include "identity/identity.h"
#include "identity/certificate/certificate.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- numbers to try --------------------------------------------------------------------- */

static const double borders[] = {-0.0,      0.0,  0x1p-149, -0x1p-149,     0x1p-140,       -0x1.8p-130,  0x1p-126,
                                 -0x1p-126, 1,    -1,       0x1.fffffep-1, -0x1.fffffep-1, 0x1.000002p0, 1e-7,
                                 -1e-7,     1e30, -1e30,    1e37,          -1e37};

static bool inside(const dpid_domain *domain, double x)
{
    return x >= domain->low && x <= domain->high && !(domain->low == 0 && signbit(x) && x != 0);
}

/* On unbounded domains of all sizes, else uniform. */
static double drawn(const dpid_domain *domain, dpid_random *r)
{
    enum { EXPONENTS = 60 };
    if (!isinf(domain->high))
        return domain->low + (domain->high - domain->low) * dpid_random_uniform(r);
    const double size = ldexp(1 + dpid_random_uniform(r), (int)dpid_random_below(r, EXPONENTS) - EXPONENTS / 2);
    return isinf(domain->low) && dpid_random_below(r, 2) ? -size
           : domain->low == 0 || isinf(domain->low)      ? size
                                                         : domain->low + size;
}

/* Every seventh value is one of the borders, in turn: 7 has no common factor with most sizes, so each place meets each
   border. */
void dpid_domain_draw(const dpid_domain *domain, uint64_t seed, int64_t values, double *x)
{
    enum { EVERY = 7, COUNT = sizeof borders / sizeof *borders };
    dpid_random r = dpid_random_make(seed, DPID_STREAM_DATA, 0);
    for (int64_t i = 0; i < values; i++) {
        const int64_t which = i / EVERY % (COUNT + 2);
        const double end = which == COUNT ? domain->low : domain->high;
        const double border = which < COUNT ? borders[which] : isinf(end) ? 0 : end;
        x[i] = i % EVERY == 0 && inside(domain, border) ? border : drawn(domain, &r);
    }
}

/* ---- one number --------------------------------------------------------------------------- */

static double ulp_of(double x, int32_t dtype)
{
    if (dtype == DEEPID_F32) {
        const float size = fmaxf(fabsf((float)x), FLT_MIN);
        return (double)(nextafterf(size, INFINITY) - size);
    }
    const double size = fmax(fabs(x), DBL_MIN);
    return nextafter(size, INFINITY) - size;
}

static int bin_of(double ulps)
{
    static const double most[DPID_ULP_BINS - 1] = {0, 1, 2, 4, 8, 16, 256};
    int bin = 0;
    while (bin < DPID_ULP_BINS - 1 && ulps > most[bin])
        bin++;
    return bin;
}

static double larger(double a, double b) /* keeps a NaN */
{
    return isnan(a) || a > b ? a : b;
}

static void count(double x, double y, int32_t dtype, dpid_measurement *m)
{
    const double away = fabs(y - x);
    const double ulps = away / ulp_of(x, dtype);
    m->values++;
    m->error = larger(m->error, larger(away, m->error));
    m->relative = larger(m->relative, larger(away / fmax(1, fabs(x)), m->relative));
    m->ulp_max = larger(m->ulp_max, larger(ulps, m->ulp_max));
    m->ulps[bin_of(ulps)]++;
    m->bitwise &= y == x;
    m->keeps_sign_of_zero &= x != 0 || signbit(x) == signbit(y);
}

/* ---- the block on samples ------------------------------------------------------------------- */

static int32_t run_part(deepid_net *net, dpid_mode mode, int64_t n, const double *x, dpid_measurement *m)
{
    const int64_t values = n * dpid_shape_count(&net->value[0].shape);
    const double *last = x + values;
    void *in = dpid_net_input(net);
    for (int64_t i = 0; i < values; i++)
        dpid_store(net->precision, in, i, x[i]);
    DPID_TRY(dpid_net_run_forward(net, mode, n));
    const void *out = dpid_net_output(net);
    for (int64_t i = 0; x < last; i++, x++) {
        const double rounded = net->precision == DPID_P32 ? (double)(float)*x : *x;
        count(rounded, dpid_fetch(net->precision, out, i), net->dtype, m);
    }
    return DEEPID_OK;
}

static int32_t measure(deepid_net *net, dpid_mode mode, int64_t samples, const double *x, dpid_measurement *m)
{
    enum { BATCH = 256 };
    const int64_t batch = mode == DPID_TRAIN || samples < BATCH ? samples : BATCH;
    DPID_TRY(dpid_net_prepare(net, batch, false));
    for (int64_t first = 0; first < samples; first += batch)
        DPID_TRY(run_part(net, mode, samples - first < batch ? samples - first : batch,
                          x + first * dpid_shape_count(&net->value[0].shape), m));
    return DEEPID_OK;
}

int32_t dpid_identity_measure(const deepid_net *block, int32_t dtype, dpid_mode mode, int64_t samples, const double *x,
                              dpid_measurement *out)
{
    deepid_net *net = NULL;
    DPID_TRY(dpid_net_exact_clone(block, dpid_dtype_precision(dtype), &net));
    *out = (dpid_measurement){.bitwise = true, .keeps_sign_of_zero = true};
    const int32_t status = measure(net, mode, samples, x, out);
    deepid_net_destroy(net);
    return status;
}
