/* Added blocks from a construction: weights that make the block the identity where it stands. */
#include "identity/deepen.h"
#include "identity/identity.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { PLACE, MODE, STATISTICS, TOLERANCE };
enum { AUTO, UNIT, DATA };
static const dpid_option known[] = {
    DPID_PLACE_OPTION,
    {"mode", DPID_CHOICE, 0, 0, 0, "eval|train", false,
     "train: in training mode too, batch by batch: no batch-norm on the way of the values"},
    {"statistics", DPID_CHOICE, 0, 0, 0, "auto|unit|data", false,
     "of the added batch-norms. unit: mean 0, variance + eps = 1; data: those of the samples; auto: data where there "
     "are samples"},
    {"tolerance", DPID_REAL, 1e-5, 1e-300, 1, NULL, false,
     "real error of all added blocks together, relative to max(1, |x|)"},
    {0},
};

/* ---- where it has to hold --------------------------------------------------------------------------- */

dpid_domain dpid_flow_domain(const dpid_flow *flow)
{
    if (isfinite(flow->low) && isfinite(flow->high))
        return dpid_domain_box(flow->low, flow->high);
    return flow->low >= 0 ? dpid_domain_orthant() : dpid_domain_real();
}

int32_t dpid_flow_domain_by_data(deepid_ctx *ctx, const dpid_flow *flow, const dpid_shape *shape, dpid_domain *out)
{
    DPID_TRY(dpid_domain_measure(ctx, flow->n, shape, flow->x, out));
    out->low = fmin(out->low, flow->low);
    out->high = fmax(out->high, flow->high);
    return DEEPID_OK;
}

/* ---- one place --------------------------------------------------------------------------------------------- */

static dpid_identity_options options_of(const dpid_deepen *d)
{
    dpid_identity_options o = dpid_identity_defaults();
    o.dtype = d->net->dtype;
    o.mode = d->option[MODE].i == 1 ? DPID_TRAIN : DPID_EVAL;
    /* errors of a stack add up: each block is the identity on the box of the one before, a little wider */
    o.tolerance = d->option[TOLERANCE].r / (double)d->count;
    o.data_statistics = d->data && d->option[STATISTICS].i != UNIT;
    return o;
}

static int32_t fail_none(const dpid_deepen *d, int64_t place, const dpid_witness *w)
{
    const dpid_value_info *value = &d->net->value[dpid_place_value(d->net, place)];
    return dpid_fail(
        d->net->head.ctx, DEEPID_ERR_UNSUPPORTED, "deepen: no witness for '%s' behind %s%s: %s", d->block, value->name,
        d->data ? " on these samples" : ", on all that can come from there (deepid_net_deepen_on takes samples)",
        w->sentence);
}

/* What the construction promises is looked at before it is used: on the samples, or on numbers drawn from the range. */
static int32_t check_promise(const deepid_net *unit, const char *text, const dpid_flow *flow, int32_t dtype,
                             const dpid_witness *w)
{
    double error;
    bool equal;
    double size = 1;
    DPID_TRY(dpid_block_error(unit, dpid_dtype_precision(dtype), flow, &error, &equal));
    for (int64_t i = 0; w->relative && i < flow->n * flow->count; i++)
        size = fmax(size, fabs(flow->x[i]));
    const double bound = dpid_witness_bound(w, dtype) * size;
    if (error <= bound)
        return DEEPID_OK;
    return dpid_fail(unit->head.ctx, DEEPID_ERR_NUMERIC,
                     "deepen: the witness '%s' of '%s' misses values by %s, its bound is %s", w->construction, text,
                     dpid_number_rounded(error, 4).text, dpid_number_rounded(bound, 4).text);
}

int32_t dpid_witness_make(deepid_net *unit, const char *text, const dpid_flow *flow, const dpid_domain *domain,
                          const dpid_identity_options *options, dpid_witness *out)
{
    DPID_TRY(dpid_identity_construct(unit, domain, options, out));
    return out->status == DEEPID_IDENTITY_N ? DEEPID_OK : check_promise(unit, text, flow, options->dtype, out);
}

static int32_t construct(dpid_deepen *d, int64_t place, const dpid_flow *flow, const dpid_domain *domain)
{
    const dpid_identity_options options = options_of(d);
    dpid_witness w;
    DPID_TRY(dpid_witness_make(d->unit, d->block, flow, domain, &options, &w));
    if (w.status == DEEPID_IDENTITY_N)
        return fail_none(d, place, &w);
    dpid_deepen_install(d, place);
    return DEEPID_OK;
}

static int32_t fill_place(dpid_deepen *d, int64_t place)
{
    dpid_flow flow = {0};
    DPID_TRY(dpid_flow_at(d->net, d->data, dpid_place_value(d->net, place), &d->arena, &flow));
    dpid_domain domain = dpid_flow_domain(&flow);
    if (d->data)
        DPID_TRY(dpid_flow_domain_by_data(d->net->head.ctx, &flow, &d->unit->value[0].shape, &domain));
    const int32_t status = construct(d, place, &flow, &domain);
    if (d->data)
        dpid_domain_release(d->net->head.ctx, &domain);
    return status;
}

static int32_t fill_witness(dpid_deepen *d)
{
    if (d->option[STATISTICS].i == DATA && !d->data)
        return dpid_fail(d->net->head.ctx, DEEPID_ERR_UNSUPPORTED,
                         "deepen: statistics=data needs samples: deepid_net_deepen_on");
    DPID_TRY(dpid_deepen_splice(d, NULL, 0));
    for (int64_t place = 0; place <= d->net->blocks; place++)
        if (d->places[place] > 0)
            DPID_TRY(fill_place(d, place));
    return DEEPID_OK;
}

const dpid_filling dpid_filling_witness = {"witness",
                                           "weights made for the block that return what enters it; options: place, "
                                           "mode=eval|train, statistics=auto|unit|data, tolerance=1e-5",
                                           known, fill_witness};
