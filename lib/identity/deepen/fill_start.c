/* Added blocks from a start word: random, which changes what the net computes; zero_branch, which does not. */
#include "identity/deepen.h"
#include "net/init.h"

#include <string.h>

enum { PLACE, INIT, SEED };
#define INIT_OPTION                                                                                                    \
    {                                                                                                                  \
        "init", DPID_CHOICE, 0, 0, 0, DPID_INIT_CHOICES, false, "start of the added blocks"                            \
    }
#define SEED_OPTION                                                                                                    \
    {                                                                                                                  \
        "seed", DPID_INT, 1, 0, DPID_SEED_MAX, NULL, false, "of the start, with the names of the new net"              \
    }

/* ---- random --------------------------------------------------------------------------------------- */

static const dpid_option random_options[] = {DPID_PLACE_OPTION, INIT_OPTION, SEED_OPTION, {0}};

static int32_t fill_random(dpid_deepen *d)
{
    return dpid_deepen_splice(d, deepid_init_word(d->option[INIT].i), (uint64_t)d->option[SEED].i);
}

const dpid_filling dpid_filling_random = {
    "random", "the added blocks get a start: the net computes something else; options: place, init=he, seed=1",
    random_options, fill_random};

/* ---- zero_branch: F(x) = 0, so y = after(0 + x) ------------------------------------------------------ */

static const dpid_option zero_options[] = {DPID_PLACE_OPTION, INIT_OPTION, SEED_OPTION, {0}};

/* The last layer of the branch that has trained parameters: all of them 0. */
static int32_t zero_block(deepid_net *net, int32_t block)
{
    int32_t last = -1;
    for (int32_t i = 0; i < net->trained; i++) {
        const dpid_layer *layer = &net->layer[net->parameter[i].layer];
        if (layer->block == block && !layer->shortcut && !layer->behind)
            last = net->parameter[i].layer;
    }
    for (int32_t i = 0; i < net->trained; i++)
        if (net->parameter[i].layer == last)
            memset(dpid_net_parameter_at(net, i), 0,
                   (size_t)(net->parameter[i].count * dpid_precision_bytes(net->precision)));
    return last;
}

/* What a zero branch leaves of the values at this place: they have to come out bit for bit. */
static int32_t check_place(dpid_deepen *d, int64_t place)
{
    dpid_flow flow = {0};
    double error;
    bool equal;
    DPID_TRY(dpid_flow_at(d->net, d->data, dpid_place_value(d->net, place), &d->arena, &flow));
    DPID_TRY(dpid_block_error(d->unit, d->net->precision, &flow, &error, &equal));
    if (equal)
        return DEEPID_OK;
    return dpid_fail(d->net->head.ctx, DEEPID_ERR_UNSUPPORTED,
                     "deepen: with a zero branch '%s' still changes values in %s to %s, by up to %s: %s", d->block,
                     dpid_number_rounded(flow.low, 4).text, dpid_number_rounded(flow.high, 4).text,
                     dpid_number_rounded(error, 4).text,
                     "expected a branch that ends in a layer with parameters, a skip of s=1 without projection, and an "
                     "`after` that leaves these values alone");
}

static int32_t fill_zero_branch(dpid_deepen *d)
{
    if (d->unit->block[0].s == 0)
        return dpid_fail(d->net->head.ctx, DEEPID_ERR_UNSUPPORTED,
                         "deepen: '%s' has no skip, a zero branch would give zeros; expected identity, preact or "
                         "another block with s=1",
                         d->block);
    DPID_TRY(deepid_net_init(d->unit, deepid_init_word(d->option[INIT].i), (uint64_t)d->option[SEED].i));
    if (zero_block(d->unit, 1) < 0)
        return dpid_fail(d->net->head.ctx, DEEPID_ERR_UNSUPPORTED,
                         "deepen: the branch of '%s' has no parameters that could be 0", d->block);
    for (int64_t place = 0; place <= d->net->blocks; place++)
        if (d->places[place] > 0)
            DPID_TRY(check_place(d, place));
    DPID_TRY(dpid_deepen_splice(d, deepid_init_word(d->option[INIT].i), (uint64_t)d->option[SEED].i));
    for (int32_t block = 1; block <= d->longer->blocks; block++)
        if (d->added[block - 1])
            (void)zero_block(d->longer, block);
    return DEEPID_OK;
}

const dpid_filling dpid_filling_zero_branch = {
    "zero_branch",
    "blocks with a skip: all parameters of the branch's last trained layer 0, the others a start; nothing changes; "
    "options: place, init=he, seed=1",
    zero_options, fill_zero_branch};
