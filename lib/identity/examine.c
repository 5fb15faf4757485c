/* Examine: the values at a place of a trained net, the block that would stand there, its witness, measured and
   priced. */
#include "identity/answer.h"
#include "identity/certificate/certificate.h"
#include "identity/witness/chain.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DOMAIN, LOW, HIGH, DTYPE, MODE, TOLERANCE, EPS, STATISTICS, CONSTRUCTION, SAMPLES, RATE, MOMENTUM, DECAY, SEED };
enum { DATA, REAL, ORTHANT, BOX };

static const dpid_option known[] = {
    {"domain", DPID_CHOICE, DATA, 0, 0, "data|real|orthant|box", false, "where B(x) = x is asked for"},
    {"low", DPID_REAL, -1, -1e30, 1e30, NULL, false, "of the box"},
    {"high", DPID_REAL, 1, -1e30, 1e30, NULL, false, "of the box"},
    {"dtype", DPID_CHOICE, 0, 0, 0, "net|f32|f64", false, "whose rounding decides"},
    {"mode", DPID_CHOICE, 0, 0, 0, "eval|train", false, "of batchnorm and dropout"},
    {"tolerance", DPID_REAL, 1e-5, 1e-300, 1e30, NULL, false, "real error of approximations, relative to max(1, |x|)"},
    {"eps", DPID_REAL, 0, 0, 1e30, NULL, false, "scale of the small-scale construction; 0: chosen"},
    {"statistics", DPID_CHOICE, 0, 0, 0, "fixed|data", false, "of batchnorm"},
    {"construction", DPID_CHOICE, 0, 0, 0, "any" DPID_CONSTRUCTIONS(DPID_CONSTRUCTION_CHOICE), false,
     "the only one to try"},
    {"samples", DPID_INT, 256, 1, 1 << 20, NULL, false, "of the data that are looked at"},
    {"rate", DPID_REAL, 0.1, 1e-300, 1e30, NULL, false, "learning rate"},
    {"momentum", DPID_REAL, 0, 0, 1, NULL, false, "of the optimiser"},
    {"decay", DPID_REAL, 1e-4, 0, 1e30, NULL, false, "weight decay"},
    {"seed", DPID_INT, 1, 0, 9e15, NULL, false, "of drawn values and of weights that are free"},
    {0},
};

typedef struct {
    const deepid_net *net;
    int64_t where;
    const char *text;
    const deepid_dataset *data;
    dpid_value option[DPID_OPTIONS_MAX];
    deepid_net *head, *block;
    int32_t value;          /* number of the value at the place */
    int64_t samples, count; /* of x; values a sample */
    double *x;              /* what stands there, or drawn values */
    double *probes;         /* [samples, count]: borders of the dtype */
    int32_t *labels;
    double *targets;
    dpid_domain domain;
    deepid_identity *answer;
} examination;

static deepid_ctx *ctx_of(const examination *e)
{
    return e->net->head.ctx;
}

/* ---- what is asked ----------------------------------------------------------------------- */

static int32_t check_weights(const deepid_net *net)
{
    for (int32_t i = 0; i < net->parameters; i++)
        for (int64_t k = 0; k < net->parameter[i].count; k++) {
            const double w = dpid_fetch(net->precision, dpid_net_parameter_at(net, i), k);
            if (!isfinite(w))
                return dpid_fail(net->head.ctx, DEEPID_ERR_NUMERIC,
                                 "identity: %s[%lld] of the net is %s, expected a finite number",
                                 net->parameter[i].name, (long long)k, dpid_number(w).text);
        }
    return DEEPID_OK;
}

static int32_t check_data(const examination *e)
{
    const dpid_shape *input = &e->net->value[0].shape;
    if (!e->data && e->option[DOMAIN].i == DATA)
        return dpid_fail(ctx_of(e), DEEPID_ERR_ARGUMENT,
                         "identity: data is NULL, expected a dataset (or domain=real, orthant or box)");
    if (e->data && !dpid_is(e->data, DPID_MAGIC_DATASET))
        return dpid_fail(ctx_of(e), DEEPID_ERR_ARGUMENT, "identity: data is not a dataset");
    if (e->data && !dpid_shape_equal(&e->data->sample, input))
        return dpid_fail(ctx_of(e), DEEPID_ERR_SHAPE, "identity: a sample of data is %s, expected the net's input %s",
                         dpid_shape_text(e->data->sample.rank, e->data->sample.extent).text,
                         dpid_shape_text(input->rank, input->extent).text);
    if (e->option[DOMAIN].i == BOX && !(e->option[LOW].r < e->option[HIGH].r))
        return dpid_fail(ctx_of(e), DEEPID_ERR_SPEC, "identity: the box goes from %s to %s, expected low below high",
                         dpid_number(e->option[LOW].r).text, dpid_number(e->option[HIGH].r).text);
    return DEEPID_OK;
}

/* ---- the block's text --------------------------------------------------------------------- */

/* For a block variant's word alone: its usual body on pictures and series, on features dense layers in the same
   pattern. */
static void usual_body(dpid_string *s, const char *word, const dpid_shape *shape)
{
    const long long c = dpid_channels(shape);
    const bool narrow = strncmp(word, "bottleneck", 10) == 0;
    const bool before = strncmp(word, "preact", 6) == 0 || strncmp(word, "highway", 7) == 0;
    const long long inside = narrow ? (c + 3) / 4 : c;
    if (shape->rank > 1)
        dpid_string_format(s, "%s out=%lld", word, inside);
    else if (before)
        dpid_string_format(s, "%s { batchnorm; relu; dense out=%lld bias=0; batchnorm; relu; dense out=%lld bias=0 }",
                           word, c, c);
    else
        dpid_string_format(
            s, "%s { dense out=%lld bias=0; batchnorm; relu; %s%.0lld%sdense out=%lld bias=0; batchnorm } after=relu",
            word, inside, narrow ? "dense out=" : "", narrow ? inside : 0, narrow ? " bias=0; batchnorm; relu; " : "",
            c);
}

/* "line 2, column 5: ..." of the whole text becomes "line 1, ..." of the block's. */
static int32_t refer_to_block(deepid_ctx *ctx, int32_t status)
{
    char sentence[DPID_ERROR_MAX];
    const char *comma = strchr(ctx->error, ',');
    int64_t line;
    snprintf(sentence, sizeof sentence, "%s", ctx->error);
    if (strncmp(ctx->error, "line ", 5) != 0 || !comma ||
        !dpid_parse_int(ctx->error + 5, comma - ctx->error - 5, &line))
        return dpid_fail(ctx, status, "identity: block: %s", sentence);
    return dpid_fail(ctx, status, "identity: block: line %lld%s", (long long)line - 1, sentence + (comma - ctx->error));
}

static int32_t make_block(examination *e)
{
    const dpid_shape *shape = &e->net->value[e->value].shape;
    dpid_string s = {.ctx = ctx_of(e)};
    dpid_string_format(&s, "input %s;\n", dpid_shape_text(shape->rank, shape->extent).text);
    if (deepid_block_help(e->text))
        usual_body(&s, e->text, shape);
    else
        dpid_string_add(&s, e->text);
    int32_t status = s.status;
    if (status == DEEPID_OK)
        status = dpid_net_create_within(ctx_of(e), s.text, DEEPID_F64, -1, &e->block);
    dpid_string_release(&s);
    return status == DEEPID_OK || status == DEEPID_ERR_MEMORY ? status : refer_to_block(ctx_of(e), status);
}

/* ---- the values at the place ----------------------------------------------------------------- */

static int32_t run_data(examination *e, deepid_net *net)
{
    DPID_TRY(dpid_net_prepare(net, e->samples, true));
    DPID_TRY(dpid_net_keep_all(net, true));
    int64_t *order = NULL;
    DPID_TRY(dpid_alloc(ctx_of(e), e->samples, sizeof *order, "identity samples", &order));
    for (int64_t i = 0; i < e->samples; i++)
        order[i] = i;
    dpid_dataset_gather(
        dpid_ctx_pool(net->head.ctx), e->data,
        &(dpid_gathered){.order = order, .n = e->samples, .precision = net->precision, .x = dpid_net_input(net)});
    dpid_free(ctx_of(e), order);
    DPID_TRY(dpid_net_run_forward(net, DPID_EVAL, e->samples));
    const void *values = dpid_net_value(net, e->value);
    for (int64_t i = 0; i < e->samples * e->count; i++)
        e->x[i] = dpid_fetch(net->precision, values, i);
    return DEEPID_OK;
}

/* Labels or targets where the net's output fits them. */
static int32_t take_answers(examination *e)
{
    const deepid_net *net = e->net;
    const dpid_shape *out = &net->value[net->step[net->steps - 1].out].shape;
    const int64_t width = dpid_net_outputs(net);
    if (e->data->labels && dpid_dataset_fits(e->data, out)) {
        DPID_TRY(dpid_alloc(ctx_of(e), e->samples, sizeof *e->labels, "identity labels", &e->labels));
        for (int64_t i = 0; i < e->samples; i++)
            e->labels[i] = e->data->labels[e->data->index ? e->data->index[i] : i];
    } else if (!e->data->labels && e->data->target_width == width) {
        DPID_TRY(dpid_alloc(ctx_of(e), e->samples * width, sizeof *e->targets, "identity targets", &e->targets));
        for (int64_t i = 0; i < e->samples * width; i++)
            e->targets[i] = dpid_dataset_target(e->data, i / width, i % width);
    }
    return DEEPID_OK;
}

static int32_t look_at_data(examination *e)
{
    deepid_net *copy = NULL;
    DPID_TRY(dpid_net_exact_clone(e->net, e->net->precision, &copy));
    const int32_t status = run_data(e, copy);
    deepid_net_destroy(copy);
    DPID_TRY(status);
    return take_answers(e);
}

static int32_t look(examination *e)
{
    enum { DRAWN = 64 };
    const int64_t asked = e->option[SAMPLES].i;
    const uint64_t seed = (uint64_t)e->option[SEED].i;
    const dpid_shape *shape = &e->net->value[e->value].shape;
    e->samples = !e->data                 ? (e->option[SAMPLES].given ? asked : DRAWN)
                 : asked < e->data->count ? asked
                                          : e->data->count;
    e->count = dpid_shape_count(shape);
    DPID_TRY(dpid_alloc(ctx_of(e), e->samples * e->count, sizeof *e->x, "identity samples", &e->x));
    DPID_TRY(dpid_alloc(ctx_of(e), e->samples * e->count, sizeof *e->probes, "identity samples", &e->probes));
    if (e->data)
        DPID_TRY(look_at_data(e));
    switch (e->option[DOMAIN].i) {
    case REAL:
        e->domain = dpid_domain_real();
        break;
    case ORTHANT:
        e->domain = dpid_domain_orthant();
        break;
    case BOX:
        e->domain = dpid_domain_box(e->option[LOW].r, e->option[HIGH].r);
        break;
    default:
        DPID_TRY(dpid_domain_measure(ctx_of(e), e->samples, shape, e->x, &e->domain));
    }
    dpid_domain_draw(&e->domain, seed, e->samples * e->count, e->probes);
    if (e->option[DOMAIN].i == DATA)
        memcpy(e->probes, e->x, (size_t)(e->samples * e->count) * sizeof *e->x); /* the theorem speaks of these alone */
    return DEEPID_OK;
}

/* ---- the answer ---------------------------------------------------------------------------------- */

static dpid_identity_options options_of(const examination *e)
{
    dpid_identity_options o = dpid_identity_defaults();
    const int64_t which = e->option[CONSTRUCTION].i;
    o.dtype = e->option[DTYPE].i == 0 ? e->net->dtype : e->option[DTYPE].i == 1 ? DEEPID_F32 : DEEPID_F64;
    o.mode = e->option[MODE].i == 1 ? DPID_TRAIN : DPID_EVAL;
    o.tolerance = e->option[TOLERANCE].r;
    o.eps = e->option[EPS].r;
    o.data_statistics = e->option[STATISTICS].i == 1 && e->option[DOMAIN].i == DATA;
    o.construction = which > 0 ? deepid_construction_word(which - 1) : NULL;
    o.seed = (uint64_t)e->option[SEED].i;
    return o;
}

static int32_t fill_ulps(deepid_identity *a)
{
    static const char *const rows[DPID_ULP_BINS] = {"0", "1", "2", "4", "8", "16", "256", "more"};
    DPID_TRY(deepid_table_create(a->head.ctx, "ulp", "f32,f64", &a->ulps));
    for (int i = 0; i < DPID_ULP_BINS; i++) {
        const double row[] = {(double)a->f32.ulps[i], (double)a->f64.ulps[i]};
        DPID_TRY(deepid_table_append(a->ulps, rows[i], row));
    }
    return DEEPID_OK;
}

/* In training mode a layer may refuse a batch, such as a batch-norm that has one value a channel: then NaN. */
static int32_t measure_training(examination *e, deepid_identity *a)
{
    a->train.error = (double)NAN;
    for (int32_t i = 0; i < e->block->layers; i++)
        if (e->block->layer[i].op.kind->train_values > e->samples * dpid_pixels(&e->block->layer[i].op.in))
            return DEEPID_OK;
    return dpid_identity_measure(e->block, a->dtype, DPID_TRAIN, e->samples,
                                 e->option[DOMAIN].i == DATA ? e->x : e->probes, &a->train);
}

static int32_t measure_and_price(examination *e)
{
    deepid_identity *a = e->answer;
    dpid_measurement probes;
    const bool on_data = e->data && e->option[DOMAIN].i == DATA;
    if (a->witness.status == DEEPID_IDENTITY_N) {
        dpid_answer_conclude(a, &a->f32, e->samples * e->count);
        return DEEPID_OK;
    }
    DPID_TRY(dpid_identity_measure(e->block, DEEPID_F32, DPID_EVAL, e->samples, e->probes, &a->f32));
    DPID_TRY(dpid_identity_measure(e->block, DEEPID_F64, DPID_EVAL, e->samples, e->probes, &a->f64));
    probes = a->dtype == DEEPID_F32 ? a->f32 : a->f64;
    DPID_TRY(measure_training(e, a));
    DPID_TRY(fill_ulps(a));
    if (!e->data) /* for the price moderate values */
        dpid_domain_draw(&(dpid_domain){.low = isinf(e->domain.low) ? -1 : e->domain.low,
                                        .high = isinf(e->domain.high) ? 1 : e->domain.high},
                         (uint64_t)e->option[SEED].i, e->samples * e->count, e->x);
    const dpid_price_task task = {.head = on_data && (e->labels || e->targets) ? e->head : NULL,
                                  .samples = e->samples,
                                  .x = e->x,
                                  .one_logit = on_data && e->labels && e->data->classes > dpid_net_outputs(e->net),
                                  .labels = on_data ? e->labels : NULL,
                                  .targets = on_data ? e->targets : NULL,
                                  .decay = e->option[DECAY].r};
    DPID_TRY(dpid_identity_price(e->block, &task, &a->price, &a->parameters));
    a->stability = a->price.sharpness * e->option[RATE].r / (2 + 2 * e->option[MOMENTUM].r);
    dpid_answer_conclude(a, &probes, e->samples * e->count);
    return DEEPID_OK;
}

static int32_t answer(examination *e)
{
    const dpid_identity_options options = options_of(e);
    DPID_TRY(dpid_alloc(ctx_of(e), 1, sizeof *e->answer, "identity", &e->answer));
    deepid_identity *a = e->answer;
    a->head = (dpid_head){DPID_MAGIC_IDENTITY, ctx_of(e)};
    a->dtype = options.dtype;
    DPID_TRY(dpid_identity_construct(e->block, &e->domain, &options, &a->witness));
    a->domain = e->domain;
    a->domain.x = a->domain.mean = a->domain.variance = NULL;
    DPID_TRY(measure_and_price(e));
    if (a->status != DEEPID_IDENTITY_N) {
        a->block = e->block;
        e->block = NULL;
    }
    return DEEPID_OK;
}

static int32_t examine(examination *e, const char *options)
{
    if (!e->text)
        return dpid_fail(ctx_of(e), DEEPID_ERR_ARGUMENT, "identity: block is NULL");
    DPID_TRY(dpid_options_parse(ctx_of(e), "identity", dpid_span_of(options), known, e->option));
    DPID_TRY(check_data(e));
    DPID_TRY(check_weights(e->net));
    DPID_TRY(dpid_identity_head(e->net, e->where, &e->value, &e->head));
    DPID_TRY(make_block(e));
    DPID_TRY(look(e));
    return answer(e);
}

static int32_t examine_whole(examination *e, const char *options, deepid_identity **out)
{
    if (!out)
        return dpid_fail(ctx_of(e), DEEPID_ERR_ARGUMENT, "identity: out is NULL");
    const int32_t status = examine(e, options);
    if (status == DEEPID_OK)
        *out = e->answer;
    else
        deepid_identity_destroy(e->answer);
    dpid_domain_release(ctx_of(e), &e->domain);
    deepid_net_destroy(e->head);
    deepid_net_destroy(e->block);
    dpid_free(ctx_of(e), e->x);
    dpid_free(ctx_of(e), e->probes);
    dpid_free(ctx_of(e), e->labels);
    dpid_free(ctx_of(e), e->targets);
    return status;
}

int32_t deepid_identity_examine_with(const deepid_net *net, int64_t where, const char *block,
                                     const deepid_dataset *data, const char *options, deepid_identity **out)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    examination e = {.net = net, .where = where, .text = block, .data = data};
    return dpid_leave(net->head.ctx, examine_whole(&e, options, out));
}

int32_t deepid_identity_examine(const deepid_net *net, int64_t where, const char *block, const deepid_dataset *data,
                                deepid_identity **out)
{
    return deepid_identity_examine_with(net, where, block, data, NULL, out);
}
