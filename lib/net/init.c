/* The initialisation words. */
#include "net/init.h"

#include <math.h>
#include <string.h>

#define ROW(word) &dpid_init_##word,
static const void *const table[] = {DPID_INITS(ROW)};
static const dpid_set inits = DPID_SET("initialisation", table);

/* ---- all or nothing: a start that fails midway leaves the net as it was ---------------------- */

static int32_t apply_whole(const dpid_init *init, dpid_init_run *run)
{
    deepid_net *net = run->net;
    const int64_t size = dpid_precision_bytes(net->precision);
    char *kept = NULL;
    DPID_TRY(dpid_alloc(net->head.ctx, net->values_reals + net->states_reals, size, "parameters", &kept));
    char *kept_states = kept + net->values_reals * size;
    memcpy(kept, net->values, (size_t)(net->values_reals * size));
    memcpy(kept_states, net->states, (size_t)(net->states_reals * size));
    const int32_t status = init->apply(run);
    if (status != DEEPID_OK) {
        memcpy(net->values, kept, (size_t)(net->values_reals * size));
        memcpy(net->states, kept_states, (size_t)(net->states_reals * size));
    }
    dpid_free(net->head.ctx, kept);
    return status;
}

bool dpid_init_looks_at_data(const char *text)
{
    dpid_span rest;
    const dpid_init *init = dpid_set_find(&inits, dpid_first_word(dpid_span_of(text), &rest));
    return init && init->looks_at_data;
}

/* Gates start as open as the net's text says. */
static void start_gates(const dpid_init_run *run)
{
    const deepid_net *net = run->net;
    for (int32_t i = 0; i < net->trained; i++)
        if (net->layer[net->parameter[i].layer].gate && net->parameter[i].spec.role == DPID_ROLE_BIAS)
            dpid_init_fill(run, i, net->parameter[i].spec.start);
}

/* ---- public ---------------------------------------------------------------------------- */

int32_t dpid_net_init_by(deepid_net *net, const char *text, uint64_t seed, const double *batch, int64_t samples)
{
    const dpid_init *init;
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    if (!text)
        return dpid_fail(net->head.ctx, DEEPID_ERR_ARGUMENT, "net: init is NULL");
    DPID_TRY(dpid_set_read(net->head.ctx, &inits, dpid_span_of(text), &init, values));
    if (init->looks_at_data && !batch)
        return dpid_fail(net->head.ctx, DEEPID_ERR_UNSUPPORTED,
                         "%s: this start looks at data; deepid_net_init_data takes them", init->word);
    dpid_init_run run = {net, values, seed, batch, samples};
    net->packed = false;
    DPID_TRY(apply_whole(init, &run));
    start_gates(&run);
    return DEEPID_OK;
}

int32_t deepid_net_init(deepid_net *net, const char *init, uint64_t seed)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, dpid_net_init_by(net, init, seed, NULL, 0));
}

const char *deepid_init_word(int64_t i)
{
    return dpid_set_word(&inits, i);
}

const char *deepid_init_help(const char *word)
{
    return dpid_set_help(&inits, word);
}
