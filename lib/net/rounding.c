/* The ends of steps of a net with storage.   What: rounding.h */
#include "net/rounding.h"

#include "base/numbers.h"
#include "net/graph.h"
#include "net/pass.h"
#include "net/plan.h"
#include "ops/dense/dense.h"

#include <string.h>

/* What is rounded: each has random numbers of its own. */
typedef enum { VALUE, READ, GRADIENT, PART, WEIGHT, WEIGHT_GRADIENT, KEPT, KINDS } purpose;

static void round_array(const deepid_net *net, const dpid_rounding *rounding, const char *name, purpose what, int64_t n,
                        const void *x, void *y)
{
    const uint32_t apart = 0x9E3779B9; /* hashes of names plus multiples of it do not meet; nor do those of shards */
    const int64_t first = what == WEIGHT || what == KEPT ? 0 : net->noise_first;
    const uint32_t which = (uint32_t)what + KINDS * (uint32_t)first;
    const dpid_rounding_key key = {.seed = net->noise_seed,
                                   .substream = dpid_hash32(name, (int64_t)strlen(name)) + which * apart,
                                   .step = net->noise_step};
    dpid_round[net->head.ctx->isa](dpid_ctx_pool(net->head.ctx), rounding, &key, n, x, y);
}

static void *real_at(const deepid_net *net, void *array, int64_t i)
{
    return (char *)array + i * dpid_precision_bytes(net->precision);
}

/* ---- what is what ---------------------------------------------------------------------------- */

/* Of a product: rounded where it is read. */
static bool is_read_rounded(const dpid_parameter_spec *spec)
{
    return spec->role == DPID_ROLE_WEIGHT || spec->role == DPID_ROLE_BIAS || spec->role == DPID_ROLE_SLOPE;
}

bool dpid_is_product(const deepid_net *net, const dpid_layer *layer)
{
    return net->storage.on && layer->op.parameters > 0 && is_read_rounded(&layer->op.parameter[0]);
}

static bool makes_wide(const deepid_net *net, const dpid_step *step)
{
    const dpid_layer *layer = step->type == DPID_STEP_LAYER ? &net->layer[step->layer] : NULL;
    if (layer && dpid_is_product(net, layer))
        return false;
    if (layer && layer->op.kind->flags & DPID_KIND_WIDE && !net->storage.norms)
        return true;
    return net->wide[step->in] || (step->skip >= 0 && net->wide[step->skip]);
}

int32_t dpid_rounding_find_wide(deepid_net *net)
{
    if (!net->wide)
        DPID_TRY(dpid_arena_alloc(&net->arena, net->values_count, sizeof *net->wide, "net", &net->wide));
    net->wide[0] = !net->storage.input;
    for (int32_t t = 0; t < net->steps; t++)
        net->wide[net->step[t].out] = makes_wide(net, &net->step[t]);
    net->wide[dpid_graph_output(net)] |= !net->storage.output;
    return DEEPID_OK;
}

/* A value as a product reads it is a copy. */
static bool reads_copy(const deepid_net *net, const dpid_step *step)
{
    return step->type == DPID_STEP_LAYER && dpid_is_product(net, &net->layer[step->layer]) && net->wide[step->in];
}

int64_t dpid_rounding_copied(const deepid_net *net, int64_t batch)
{
    int64_t most = 0;
    for (int32_t t = 0; t < net->steps; t++)
        if (reads_copy(net, &net->step[t]))
            most = dpid_larger(most, dpid_value_reals(net, net->step[t].in, batch));
    return most;
}

static int64_t trained_reals(const deepid_net *net, const dpid_layer *layer)
{
    int64_t sum = 0;
    for (int32_t k = 0; k < layer->op.parameters; k++)
        if (layer->op.parameter[k].trained)
            sum += net->parameter[layer->parameter[k]].count;
    return sum;
}

int64_t dpid_rounding_own(const deepid_net *net)
{
    int64_t most = 0;
    for (int32_t i = 0; i < net->layers; i++)
        if (dpid_rounds_weight_gradients(net, &net->layer[i]))
            most = dpid_larger(most, trained_reals(net, &net->layer[i]));
    return most;
}

/* ---- forward --------------------------------------------------------------------------------- */

void dpid_round_weights(const deepid_net *net)
{
    if (!net->rounded)
        return;
    for (int32_t i = 0; i < net->trained; i++) {
        const dpid_parameter *p = &net->parameter[i];
        const void *values = real_at(net, net->values, p->offset);
        void *copy = real_at(net, net->rounded, p->offset);
        if (is_read_rounded(&p->spec))
            round_array(net, &net->storage.values, p->name, WEIGHT, p->count, values, copy);
        else
            memcpy(copy, values, (size_t)(p->count * dpid_precision_bytes(net->precision)));
    }
}

const void *dpid_round_read(const deepid_net *net, const dpid_step *step, int64_t n)
{
    void *value = dpid_value_at(net, step->in);
    if (!net->storage.on || !reads_copy(net, step))
        return value;
    void *copy = net->plan->memory + net->plan->copied;
    round_array(net, &net->storage.values, net->layer[step->layer].name, READ, dpid_value_reals(net, step->in, n),
                value, copy);
    return copy;
}

bool dpid_keeps_format(const deepid_net *net, const dpid_step *step)
{
    const dpid_kind *kind = step->type == DPID_STEP_LAYER ? net->layer[step->layer].op.kind : NULL;
    const bool rounded = net->storage.on && !net->wide[step->in] && !net->wide[step->out];
    return rounded && (kind == &dpid_kind_relu || kind == &dpid_kind_flatten);
}

void dpid_round_value(const deepid_net *net, int32_t v, int64_t n)
{
    void *value = dpid_value_at(net, v);
    if (net->storage.on && !net->wide[v])
        round_array(net, &net->storage.values, net->value[v].name, VALUE, dpid_value_reals(net, v, n), value, value);
}

/* ---- backward -------------------------------------------------------------------------------- */

void dpid_round_gradient(const deepid_net *net, int32_t v, int64_t n)
{
    void *gradient = dpid_gradient_at(net, v);
    if (net->storage.on && !net->wide[v])
        round_array(net, &net->storage.gradients, net->value[v].name, GRADIENT, dpid_value_reals(net, v, n), gradient,
                    gradient);
}

void dpid_round_part(const deepid_net *net, const dpid_step *step, int64_t n, void *dx)
{
    const dpid_layer *layer = &net->layer[step->layer];
    if (net->storage.on && !dpid_keeps_format(net, step) && (!net->wide[step->in] || dpid_is_product(net, layer)))
        round_array(net, &net->storage.gradients, layer->name, PART, dpid_value_reals(net, step->in, n), dx, dx);
}

bool dpid_rounds_weight_gradients(const deepid_net *net, const dpid_layer *layer)
{
    return dpid_is_product(net, layer) && net->storage.weight_gradients &&
           net->storage.gradients.format != dpid_format_at(DPID_FORMAT_F32);
}

void dpid_lend_gradients(const deepid_net *net, const dpid_layer *layer, dpid_pass *pass)
{
    char *own = net->plan->memory + net->plan->own;
    memset(own, 0, (size_t)(trained_reals(net, layer) * dpid_precision_bytes(net->precision)));
    for (int32_t k = 0; k < layer->op.parameters; k++)
        if (layer->op.parameter[k].trained) {
            pass->dparameter[k] = own;
            own += net->parameter[layer->parameter[k]].count * dpid_precision_bytes(net->precision);
        }
}

void dpid_add_gradients(const deepid_net *net, const dpid_layer *layer, const dpid_pass *pass)
{
    for (int32_t k = 0; k < layer->op.parameters; k++) {
        const dpid_parameter *p = &net->parameter[layer->parameter[k]];
        void *own = pass->dparameter[k];
        if (!p->spec.trained)
            continue;
        round_array(net, &net->storage.gradients, p->name, WEIGHT_GRADIENT, p->count, own, own);
        dpid_add_values(net, real_at(net, net->gradients, p->offset), own, p->count);
    }
}

/* ---- inside of fusions ------------------------------------------------------------------------- */

const dpid_rounding *dpid_rounding_of_value(const deepid_net *net, int32_t v)
{
    return net->storage.on && !net->wide[v] ? &net->storage.values : NULL;
}

const dpid_rounding *dpid_rounding_of_part(const deepid_net *net)
{
    const bool rounds = net->storage.on && net->storage.gradients.format != dpid_format_at(DPID_FORMAT_F32);
    return rounds ? &net->storage.gradients : NULL;
}

const dpid_rounding *dpid_rounding_of_gradient(const deepid_net *net, int32_t v)
{
    return net->storage.on && !net->wide[v] ? dpid_rounding_of_part(net) : NULL;
}

bool dpid_rounds_inside(const deepid_net *net)
{
    return net->storage.on && !net->storage.values.stochastic;
}

/* ---- products by the CPU's own instructions ------------------------------------------------------ */

static bool is_bf16(const dpid_rounding *rounding)
{
    return strcmp(rounding->format->word, "bf16") == 0;
}

static bool can_be_native(const dpid_kind *kind)
{
    return kind == &dpid_kind_dense || kind->flags & DPID_KIND_CONVOLUTION;
}

static bool may_be_native(const deepid_net *net, const dpid_step *step)
{
    const dpid_storage *s = &net->storage;
    return s->on && s->native && is_bf16(&s->values) && is_bf16(&s->gradients) && s->weights != DPID_WEIGHTS_F32 &&
           step->type == DPID_STEP_LAYER && can_be_native(net->layer[step->layer].op.kind) && !net->wide[step->out];
}

bool dpid_has_native_product(const deepid_net *net, const dpid_step *step)
{
    return may_be_native(net, step) && net->head.ctx->isa == DPID_ISA_AVX512 && dpid_isa_has_bf16();
}

void *dpid_native_memory(const deepid_net *net, const dpid_step *step)
{
    return dpid_has_native_product(net, step) ? net->plan->memory + net->plan->native : NULL;
}

bool dpid_native_bytes(const deepid_net *net, int64_t batch, int64_t *bytes)
{
    *bytes = 0;
    for (int32_t t = 0; t < net->steps; t++) {
        int64_t of_step;
        if (!may_be_native(net, &net->step[t]) || net->layer[net->step[t].layer].op.kind != &dpid_kind_dense)
            continue;
        if (!dpid_dense_native_bytes(&net->layer[net->step[t].layer].op, batch, &of_step))
            return false;
        *bytes = dpid_larger(*bytes, of_step);
    }
    return true;
}

/* ---- between steps --------------------------------------------------------------------------- */

void dpid_round_kept(const deepid_net *net)
{
    if (!net->storage.on || net->storage.weights != DPID_WEIGHTS_FORMAT)
        return;
    for (int32_t i = 0; i < net->trained; i++) {
        const dpid_parameter *p = &net->parameter[i];
        void *values = real_at(net, net->values, p->offset);
        if (is_read_rounded(&p->spec))
            round_array(net, &net->storage.values, p->name, KEPT, p->count, values, values);
    }
}
