/* Parameters: where they lie, and reads by number or name. */
#include "net/net.h"

#include <string.h>

/* Where parameter i lies. */
void *dpid_net_parameter_at(const deepid_net *net, int32_t i)
{
    const dpid_parameter *p = &net->parameter[i];
    return (char *)(p->spec.trained ? net->values : net->states) + p->offset * dpid_precision_bytes(net->precision);
}

void dpid_net_start_values(deepid_net *net)
{
    for (int32_t i = 0; i < net->parameters; i++)
        for (int64_t k = 0; k < net->parameter[i].count; k++)
            dpid_store(net->precision, dpid_net_parameter_at(net, i), k, net->parameter[i].spec.start);
}

/* ---- parameters ------------------------------------------------------------------------------- */

int64_t deepid_net_parameter_count(const deepid_net *net)
{
    return dpid_is(net, DPID_MAGIC_NET) ? net->parameters : -1;
}

static const dpid_parameter *parameter_of(const deepid_net *net, int64_t i)
{
    return i >= 0 && i < deepid_net_parameter_count(net) ? &net->parameter[i] : NULL;
}

const char *deepid_net_parameter_name(const deepid_net *net, int64_t i)
{
    const dpid_parameter *p = parameter_of(net, i);
    return p ? p->name : NULL;
}

int64_t deepid_net_parameter_find(const deepid_net *net, const char *name)
{
    for (int64_t i = 0; name && i < deepid_net_parameter_count(net); i++)
        if (strcmp(net->parameter[i].name, name) == 0)
            return i;
    return -1;
}

int32_t deepid_net_parameter_trained(const deepid_net *net, int64_t i)
{
    const dpid_parameter *p = parameter_of(net, i);
    return p && p->spec.trained;
}

int32_t deepid_net_parameter_rank(const deepid_net *net, int64_t i)
{
    const dpid_parameter *p = parameter_of(net, i);
    return p ? p->spec.rank : -1;
}

int64_t deepid_net_parameter_extent(const deepid_net *net, int64_t i, int32_t axis)
{
    const dpid_parameter *p = parameter_of(net, i);
    return p && axis >= 0 && axis < p->spec.rank ? p->spec.extents[axis] : -1;
}

void *deepid_net_parameter_data(deepid_net *net, const char *name)
{
    const int64_t i = deepid_net_parameter_find(net, name);
    return i < 0 ? NULL : dpid_net_parameter_at(net, (int32_t)i);
}

void *deepid_net_parameter_gradient(deepid_net *net, const char *name)
{
    const int64_t i = deepid_net_parameter_find(net, name);
    if (i < 0 || !net->parameter[i].spec.trained || !net->gradients)
        return NULL;
    return (char *)net->gradients + net->parameter[i].offset * dpid_precision_bytes(net->precision);
}

int64_t deepid_net_trained_count(const deepid_net *net)
{
    return dpid_is(net, DPID_MAGIC_NET) ? net->values_reals : -1;
}

void *deepid_net_trained_data(deepid_net *net)
{
    return dpid_is(net, DPID_MAGIC_NET) ? net->values : NULL;
}

void *deepid_net_trained_gradient(deepid_net *net)
{
    return dpid_is(net, DPID_MAGIC_NET) ? net->gradients : NULL;
}
