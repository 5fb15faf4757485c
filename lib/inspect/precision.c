/* Two precisions side by side.   What: precision.h */
#include "inspect/precision.h"

#include <float.h>
#include <math.h>

long double dpid_least_normal(dpid_precision p)
{
    return p == DPID_P32 ? (long double)FLT_MIN : p == DPID_P64 ? (long double)DBL_MIN : LDBL_MIN;
}

double dpid_ulp(dpid_precision p, double x)
{
    const int digits = p == DPID_P32 ? FLT_MANT_DIG : DBL_MANT_DIG;
    return ldexp(1, ilogb(fmax(fabs(x), (double)dpid_least_normal(p))) - digits + 1);
}

bool dpid_has_mask(const dpid_op *op)
{
    return op->kind->flags & DPID_KIND_GATE;
}

bool dpid_is_flipped(const dpid_batch *low, const dpid_batch *high, int32_t value, int64_t i)
{
    const long double a = dpid_fetch_wide(low->net->precision, dpid_net_value(low->net, value), i);
    const long double b = dpid_fetch_wide(high->net->precision, dpid_net_value(high->net, value), i);
    return (a > 0) != (b > 0);
}

int32_t dpid_pair_open(const deepid_net *net, const deepid_dataset *data, int64_t n, dpid_batch *low, dpid_batch *high)
{
    *low = *high = (dpid_batch){.net = NULL};
    int32_t status = dpid_batch_open(net, data, net->precision, DPID_TRAIN, n, true, low);
    if (status == DEEPID_OK)
        status =
            dpid_batch_open(net, data, net->precision == DPID_P32 ? DPID_P64 : DPID_P80, DPID_TRAIN, n, true, high);
    if (status == DEEPID_OK)
        status = dpid_batch_run(low);
    if (status == DEEPID_OK)
        status = dpid_batch_run(high);
    return status;
}
