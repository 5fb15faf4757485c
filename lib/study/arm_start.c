/* Which other starts make sense for a net: the rest are no way, and a set that misses them misses nothing. */
#include "study/study.h"

#include <string.h>

static bool has_layer(const deepid_net *net, uint32_t flag)
{
    for (int32_t i = 0; i < net->layers; i++)
        if (net->layer[i].op.kind->flags & flag)
            return true;
    return false;
}

static bool has_skip(const deepid_net *net)
{
    for (int32_t i = 0; i < net->blocks; i++)
        if (net->block[i].s > 0)
            return true;
    return false;
}

/* A rectifier at the end of a branch: behind weights of 0 it gives 0 and sends nothing back, for good. */
static bool ends_in_rectifier(const deepid_net *net, const dpid_block_info *block)
{
    for (int32_t v = block->branch; v != block->in;) {
        const dpid_step *step = &net->step[net->value[v].maker];
        if (step->type != DPID_STEP_LAYER)
            return false;
        const uint32_t flags = net->layer[step->layer].op.kind->flags;
        if (flags & (DPID_KIND_RECTIFIER | DPID_KIND_WEIGHT | DPID_KIND_NORM | DPID_KIND_SCALE))
            return flags & DPID_KIND_RECTIFIER;
        v = step->in;
    }
    return false;
}

static bool has_silent_end(const deepid_net *net)
{
    for (int32_t i = 0; i < net->blocks; i++)
        if (net->block[i].s > 0 && ends_in_rectifier(net, &net->block[i]))
            return true;
    return false;
}

/* An activation that is no rectifier: the gain of relu is not its gain. */
static bool has_curve(const deepid_net *net)
{
    for (int32_t i = 0; i < net->layers; i++)
        if (net->layer[i].op.kind->activation && !(net->layer[i].op.kind->flags & DPID_KIND_RECTIFIER))
            return true;
    return false;
}

static bool is_normalised(const deepid_net *net, int32_t value)
{
    for (int32_t t = 0; t < net->steps; t++)
        if (net->step[t].type == DPID_STEP_LAYER && net->step[t].in == value &&
            (net->layer[net->step[t].layer].op.kind->flags & DPID_KIND_NORM))
            return true;
    return false;
}

/* A normalisation behind every layer but the last undoes whatever scale the weights have. */
static bool is_scale_free(const deepid_net *net)
{
    bool free_ = false; /* one so far, and none otherwise */
    bool last = true;
    for (int32_t t = net->steps - 1; t >= 0; t--) {
        const dpid_step *step = &net->step[t];
        if (step->type != DPID_STEP_LAYER || !(net->layer[step->layer].op.kind->flags & DPID_KIND_WEIGHT))
            continue;
        if (!last && !is_normalised(net, step->out))
            return false;
        free_ = free_ || !last;
        last = false;
    }
    return free_;
}

static bool has_convolution(const deepid_net *net)
{
    for (int32_t i = 0; i < net->layers; i++)
        if (net->layer[i].op.kind->flags & DPID_KIND_CONVOLUTION)
            return true;
    return false;
}

const char *dpid_start_no_way(const char *start, const deepid_net *net)
{
    const struct {
        const char *start;
        bool no_way;
        const char *reason;
    } rows[] = {
        {"looks_linear", !has_layer(net, DPID_KIND_RECTIFIER),
         "looks_linear makes relu nets linear, and the deep net has no relu"},
        {"delta_orthogonal", !has_convolution(net), "delta_orthogonal is for convolutions, and the deep net has none"},
        {"lsuv", is_scale_free(net), "lsuv sets the scale of each layer, and a normalisation behind each undoes that"},
        {"gain", is_scale_free(net),
         "a gain sets the scale of each layer, and a normalisation behind each undoes that"},
        {"gain", !has_curve(net), "the deep net has rectifiers only, and the start orthogonal has their gain"},
        {"zero_last", !has_skip(net), "zero_last silences branches beside skips, and the deep net has none"},
        {"zero_last", has_silent_end(net), "a branch ends in a rectifier, and behind weights of 0 it never learns"},
        {"fixup", has_silent_end(net), "a branch ends in a rectifier, and behind weights of 0 it never learns"},
        {"fixup", !has_skip(net), "fixup scales branches beside skips, and the deep net has none"},
        {"fixup", has_layer(net, DPID_KIND_NORM), "fixup replaces normalisations, and the deep net has one"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].start, start) == 0 && rows[i].no_way)
            return rows[i].reason;
    return NULL;
}
