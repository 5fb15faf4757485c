/* Starts that are built, not drawn: identity, looks-linear, zero_last, fixup. */
#include "net/init.h"

#include <math.h>
#include <string.h>

/* ---- identity: W = I (rectangular: as far as it goes); convolutions a delta in the centre ------------ */

static void set_identity(dpid_init_run *run, int32_t i)
{
    const dpid_parameter_spec *spec = &run->net->parameter[i].spec;
    const int64_t in = spec->extents[spec->rank - 1];
    const int64_t taps = dpid_init_taps(spec);
    const int64_t group = spec->fan_out / taps; /* outputs of one group */
    dpid_init_fill(run, i, 0);
    for (int64_t o = 0; o < spec->extents[0]; o++)
        if (o % group < in)
            dpid_init_set(run, i, (o * taps + dpid_init_centre(spec)) * in + o % group, 1);
}

static int32_t apply_identity(dpid_init_run *run)
{
    dpid_net_start_values(run->net);
    for (int32_t i = 0; i < run->net->trained; i++)
        if (dpid_init_is_weight(run->net, i))
            set_identity(run, i);
    return DEEPID_OK;
}

const dpid_init dpid_init_identity = {"identity", "W = I, kernels a delta in the centre (dirac), the rest zero", NULL,
                                      apply_identity, false};

/* ---- looks_linear: mirrored pairs make a ReLU net linear at the start (Balduzzi et al. 2017, section 4) --
   first [A; -A], hidden [[Q, -Q], [-Q, Q]], head [C, -C]: relu(z) - relu(-z) = z. --------------------------- */

typedef struct {
    int64_t rows, cols, taps; /* of the small matrix */
    /* inputs come in runs of so many, each run mirrored; more than one run behind a flatten */
    int64_t channels;
    bool mirror_rows, mirror_cols;
} mirror;

/* Input c of the layer: which column of the small matrix, and its sign. */
static int64_t small_column(const mirror *m, int64_t c, double *sign)
{
    *sign = 1;
    if (!m->mirror_cols)
        return c;
    const int64_t half = m->channels / 2;
    const int64_t channel = c % m->channels;
    *sign = channel >= half ? -1 : 1;
    return c / m->channels * half + channel % half;
}

/* Channels of what layer reads: pictures keep theirs through a flatten and activations. */
static int64_t channels_into(const deepid_net *net, int32_t layer)
{
    const dpid_op *op = &net->layer[layer].op;
    for (int32_t i = layer - 1; i >= 0 && op->in.rank == 1; i--) {
        const dpid_op *before = &net->layer[i].op;
        if (before->kind == &dpid_kind_flatten)
            return before->in.extent[before->in.rank - 1];
        if (!(before->kind->flags & DPID_KIND_ELEMENTWISE))
            break;
    }
    return op->in.extent[op->in.rank - 1];
}

static void set_mirrored(dpid_init_run *run, int32_t i, const mirror *m, const double *q)
{
    const dpid_parameter_spec *spec = &run->net->parameter[i].spec;
    const int64_t in = spec->extents[spec->rank - 1];
    const int64_t taps = dpid_init_taps(spec);
    const int64_t first = m->taps == 1 ? dpid_init_centre(spec) : 0;
    dpid_init_fill(run, i, 0);
    for (int64_t o = 0; o < spec->extents[0]; o++) {
        for (int64_t tap = 0; tap < m->taps; tap++) {
            for (int64_t c = 0; c < in; c++) {
                double sign;
                const int64_t column = small_column(m, c, &sign);
                const double flip = o >= m->rows ? -sign : sign;
                dpid_init_set(run, i, (o * taps + first + tap) * in + c,
                              flip * q[((o % m->rows) * m->taps + tap) * m->cols + column]);
            }
        }
    }
}

static int32_t looks_linear_weight(dpid_init_run *run, int32_t i, bool first, bool head)
{
    const dpid_parameter *p = &run->net->parameter[i];
    deepid_ctx *ctx = run->net->head.ctx;
    const int64_t out = p->spec.extents[0];
    const int64_t in = p->spec.extents[p->spec.rank - 1];
    const int64_t taps = first ? dpid_init_taps(&p->spec) : 1;
    const int64_t channels = channels_into(run->net, p->layer);
    const mirror m = {.rows = head ? out : out / 2,
                      .cols = first ? in : in / 2,
                      .taps = taps,
                      .channels = channels,
                      .mirror_rows = !head,
                      .mirror_cols = !first};
    if ((m.mirror_rows && out % 2) || (m.mirror_cols && channels % 2))
        return dpid_fail(ctx, DEEPID_ERR_SHAPE,
                         "looks_linear: %s is %lld x %lld, expected even widths for the mirrored pairs", p->name,
                         (long long)out, (long long)in);
    double *q = NULL;
    DPID_TRY(dpid_alloc(ctx, m.rows * m.taps * m.cols, sizeof *q, "looks_linear", &q));
    dpid_random r = dpid_init_stream(run, p);
    int32_t status = DEEPID_OK;
    if (first || head) /* A and C: variance 1 / inputs */
        for (int64_t k = 0; k < m.rows * m.taps * m.cols; k++)
            q[k] = dpid_random_normal(&r) / sqrt((double)(m.taps * m.cols));
    else
        status = dpid_random_orthogonal(ctx, &r, m.rows, m.cols, 1, q);
    if (status == DEEPID_OK)
        set_mirrored(run, i, &m, q);
    dpid_free(ctx, q);
    return status;
}

static int32_t apply_looks_linear(dpid_init_run *run)
{
    const deepid_net *net = run->net;
    int32_t first = -1;
    int32_t last = -1;
    for (int32_t i = 0; i < net->trained; i++) {
        if (!dpid_init_is_weight(net, i))
            continue;
        first = first < 0 ? i : first;
        last = i;
    }
    if (first == last)
        return dpid_fail(net->head.ctx, DEEPID_ERR_UNSUPPORTED,
                         "looks_linear: the net has fewer than two weight layers");
    for (int32_t i = 0; i < net->trained; i++)
        if (dpid_init_is_weight(net, i) && net->parameter[i].spec.rank > 2 &&
            net->parameter[i].spec.fan_out !=
                net->parameter[i].count / net->parameter[i].spec.extents[net->parameter[i].spec.rank - 1])
            return dpid_fail(net->head.ctx, DEEPID_ERR_UNSUPPORTED, "looks_linear: %s has groups",
                             net->parameter[i].name);
    dpid_net_start_values(run->net);
    for (int32_t i = 0; i < net->trained; i++)
        if (dpid_init_is_weight(net, i))
            DPID_TRY(looks_linear_weight(run, i, i == first, i == last));
    return DEEPID_OK;
}

const dpid_init dpid_init_looks_linear = {
    "looks_linear", "mirrored pairs: a relu net starts linear (Balduzzi et al. 2017); even widths", NULL,
    apply_looks_linear, false};

/* ---- zero_last: every residual block starts as the identity ------------------------------------------------ */

/* The last parameter of block's branch with this role; -1: none. */
static int32_t last_of_branch(const deepid_net *net, int32_t block, dpid_role role)
{
    int32_t found = -1;
    for (int32_t i = 0; i < net->trained; i++) {
        const dpid_layer *layer = &net->layer[net->parameter[i].layer];
        if (layer->block == block && !layer->shortcut && !layer->behind && net->parameter[i].spec.role == role)
            found = i;
    }
    return found;
}

static void zero_branch(dpid_init_run *run, int32_t block)
{
    const int32_t weight = last_of_branch(run->net, block, DPID_ROLE_WEIGHT);
    const int32_t scale = last_of_branch(run->net, block, DPID_ROLE_SCALE);
    const bool scale_is_last =
        scale >= 0 && (weight < 0 || run->net->parameter[scale].layer > run->net->parameter[weight].layer);
    if (scale_is_last)
        dpid_init_fill(run, scale, 0);
    else if (weight >= 0)
        dpid_init_fill(run, weight, 0);
}

static const dpid_option zero_last_options[] = {
    {"base", DPID_CHOICE, 0, 0, 0, "he|glorot|lecun|orthogonal|delta_orthogonal|pytorch_default", false,
     "start of all the rest"},
    {"mode", DPID_CHOICE, 0, 0, 0, "fan_in|fan_out", false, "of base=he"},
    {"head", DPID_CHOICE, 0, 0, 0, "he|pytorch|zero", false, "of base=he"},
    {0},
};

/* The base start with its usual options; he's mode and head are passed on. */
static int32_t apply_base(const dpid_init_run *run)
{
    enum { BASE, MODE, HEAD, HE_MODE = 0, HE_HEAD = 3 };
    static const dpid_init *const bases[] = {
        &dpid_init_he,         &dpid_init_glorot,           &dpid_init_lecun,
        &dpid_init_orthogonal, &dpid_init_delta_orthogonal, &dpid_init_pytorch_default};
    const dpid_init *init = bases[run->option[BASE].i];
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    DPID_TRY(dpid_options_parse(run->net->head.ctx, init->word, dpid_span_of(""), init->options, values));
    if (init == &dpid_init_he) {
        values[HE_MODE] = run->option[MODE];
        values[HE_HEAD] = run->option[HEAD];
    } else if (run->option[MODE].given || run->option[HEAD].given) {
        return dpid_fail(run->net->head.ctx, DEEPID_ERR_SPEC,
                         "zero_last: mode and head belong to base=he, the base is %s", init->word);
    }
    dpid_init_run base = {.net = run->net, .option = values, .seed = run->seed};
    return init->apply(&base);
}

/* F = 0 behind a gate gives (1 - T) x. */
static int32_t refuse_gates(const deepid_net *net, const char *word)
{
    for (int32_t i = 0; i < net->layers; i++)
        if (net->layer[i].gate)
            return dpid_fail(net->head.ctx, DEEPID_ERR_UNSUPPORTED,
                             "%s: %s is part of a gate, and a branch of zeros behind one is not the identity; gates "
                             "start near it with gate=-2 or less",
                             word, net->layer[i].name);
    return DEEPID_OK;
}

static int32_t apply_zero_last(dpid_init_run *run)
{
    DPID_TRY(refuse_gates(run->net, "zero_last"));
    DPID_TRY(apply_base(run));
    for (int32_t block = 1; block <= run->net->blocks; block++)
        if (run->net->block[block - 1].s > 0)
            zero_branch(run, block);
    return DEEPID_OK;
}

const dpid_init dpid_init_zero_last = {
    "zero_last",
    "the last scale or weight of each residual branch 0: blocks start as the identity (Goyal et al. 2017, section "
    "5.1); options: base=he, mode and head of he",
    zero_last_options, apply_zero_last, false};

/* ---- fixup: no batchnorm; branch weights he L^(-1/(2m-2)), the last of a branch and the head 0 (Zhang et al. 2019)
   ---- */

static int32_t branch_weights(const deepid_net *net, int32_t block)
{
    int32_t count = 0;
    for (int32_t i = 0; i < net->trained; i++) {
        const dpid_layer *layer = &net->layer[net->parameter[i].layer];
        count += layer->block == block && !layer->shortcut && dpid_init_is_weight(net, i);
    }
    return count;
}

static void scale_branch(dpid_init_run *run, int32_t block, int32_t residual_blocks)
{
    const deepid_net *net = run->net;
    const int32_t m = branch_weights(net, block);
    const double scale = m > 1 ? pow(residual_blocks, -1.0 / (2 * m - 2)) : 1;
    for (int32_t i = 0; i < net->trained; i++) {
        const dpid_layer *layer = &net->layer[net->parameter[i].layer];
        if (layer->block == block && !layer->shortcut && dpid_init_is_weight(net, i))
            dpid_init_draw_normal(run, i, scale * sqrt(2.0 / (double)net->parameter[i].spec.fan_in));
    }
    zero_branch(run, block);
}

static int32_t apply_fixup(dpid_init_run *run)
{
    static const dpid_value he[DPID_OPTIONS_MAX] = {{0}};
    const deepid_net *net = run->net;
    dpid_init_run base = {.net = run->net, .option = he, .seed = run->seed};
    int32_t residual = 0;
    for (int32_t i = 0; i < net->trained; i++)
        if (net->layer[net->parameter[i].layer].op.kind->flags & DPID_KIND_NORM)
            return dpid_fail(net->head.ctx, DEEPID_ERR_UNSUPPORTED,
                             "fixup: the net has a normalisation (%s); fixup replaces it", net->parameter[i].name);
    for (int32_t block = 0; block < net->blocks; block++)
        residual += net->block[block].s > 0;
    DPID_TRY(refuse_gates(net, "fixup"));
    DPID_TRY(dpid_init_he.apply(&base));
    for (int32_t block = 1; block <= net->blocks; block++)
        if (net->block[block - 1].s > 0)
            scale_branch(run, block, residual);
    for (int32_t i = net->trained - 1; i >= 0; i--)
        if (dpid_init_is_weight(net, i)) {
            dpid_init_fill(run, i, 0);
            break;
        }
    return DEEPID_OK;
}

const dpid_init dpid_init_fixup = {"fixup",
                                   "branch weights scaled by blocks^(-1/(2m-2)), the last of each branch and the head "
                                   "0 (Zhang, Dauphin, Ma 2019); without batchnorm",
                                   NULL, apply_fixup, false};
