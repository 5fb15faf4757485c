/* Makers, readers and chains of a net.   What for: graph.h */
#include "net/graph.h"

/* ---- makers and readers ------------------------------------------------------------- */

static void add_reader(dpid_value_info *value, int32_t t)
{
    value->first_reader = value->readers == 0 ? t : value->first_reader;
    value->last_reader = t;
    value->readers++;
}

void dpid_graph_find(deepid_net *net)
{
    for (int32_t v = 0; v < net->values_count; v++) {
        net->value[v].maker = net->value[v].last_reader = -1;
        net->value[v].first_reader = net->steps;
    }
    for (int32_t t = 0; t < net->steps; t++) {
        const dpid_step *step = &net->step[t];
        net->value[step->out].maker = t;
        add_reader(&net->value[step->in], t);
        if (step->skip >= 0)
            add_reader(&net->value[step->skip], t);
    }
    net->value[dpid_graph_output(net)].last_reader = net->steps;
}

int32_t dpid_graph_output(const deepid_net *net)
{
    return net->step[net->steps - 1].out;
}

int32_t dpid_graph_only_reader(const deepid_net *net, int32_t v)
{
    const dpid_value_info *value = &net->value[v];
    return value->readers == 1 && value->last_reader < net->steps ? value->first_reader : -1;
}

bool dpid_graph_reads_last(const deepid_net *net, int32_t t)
{
    const dpid_step *step = &net->step[t];
    return net->value[step->type == DPID_STEP_JOIN ? step->skip : step->in].last_reader == t;
}

/* ---- kinds of steps ------------------------------------------------------------------ */

const dpid_op *dpid_step_op(const deepid_net *net, int32_t t)
{
    return net->step[t].type == DPID_STEP_LAYER ? &net->layer[net->step[t].layer].op : NULL;
}

static bool is_kind(const deepid_net *net, int32_t t, const dpid_kind *kind)
{
    return dpid_step_op(net, t) && dpid_step_op(net, t)->kind == kind;
}

bool dpid_step_is_join(const deepid_net *net, int32_t t)
{
    return net->step[t].type == DPID_STEP_JOIN;
}

bool dpid_step_is_conv(const deepid_net *net, int32_t t)
{
    return dpid_step_op(net, t) && (dpid_step_op(net, t)->kind->flags & DPID_KIND_CONVOLUTION);
}

bool dpid_step_is_norm(const deepid_net *net, int32_t t)
{
    return is_kind(net, t, &dpid_kind_batchnorm);
}

bool dpid_step_is_dense(const deepid_net *net, int32_t t)
{
    return is_kind(net, t, &dpid_kind_dense);
}

bool dpid_step_is_pad(const deepid_net *net, int32_t t)
{
    return is_kind(net, t, &dpid_kind_channel_pad);
}

bool dpid_step_is_relu(const deepid_net *net, int32_t t)
{
    return is_kind(net, t, &dpid_kind_relu);
}

bool dpid_step_is_kink(const deepid_net *net, int32_t t)
{
    return dpid_step_is_relu(net, t) || is_kind(net, t, &dpid_kind_leaky_relu);
}

dpid_kink dpid_step_kink(const deepid_net *net, int32_t t)
{
    return (dpid_kink){true, dpid_step_is_relu(net, t) ? 0 : dpid_step_op(net, t)->option[0].r};
}

/* ---- chains ----------------------------------------------------------------------------- */

/* The step that may follow step t in a chain; -1: none. */
static int32_t next_of(const deepid_net *net, const dpid_pattern *pattern, int32_t t, int32_t limit)
{
    const int32_t v = net->step[t].out;
    const int32_t next = dpid_graph_only_reader(net, v);
    return next < limit && (!pattern->adjacent || next == t + 1) && next >= 0 && net->step[next].in == v ? next : -1;
}

bool dpid_chain_find(const deepid_net *net, const dpid_pattern *pattern, int32_t t, int32_t limit, dpid_chain *out)
{
    *out = (dpid_chain){.step = {-1, -1, -1, -1}, .last = -1};
    for (int k = 0; k < DPID_LINKS_MAX && pattern->link[k].is; k++) {
        if (t >= 0 && pattern->link[k].is(net, t)) {
            out->step[k] = out->last = t;
            t = next_of(net, pattern, t, limit);
        } else if (!pattern->link[k].optional) {
            return false;
        }
    }
    return out->last >= 0;
}
