/* Formats: what a number format makes of each layer's gradient, of sums and of the optimiser's update, beside the same
   net in f64.
   Formulas: docs/probes.md */
#include "inspect/probe.h"
#include "inspect/sums.h"
#include "inspect/updates.h"
#include "net/rounding.h"
#include "tensor/vector.h"

#include <math.h>
#include <string.h>

enum { SAMPLES, STORAGE, LOSS_SCALE, OPTIMIZER, RATE, CLIP };
static const dpid_option options[] = {
    DPID_PROBE_SAMPLES_OF(64),
    {"storage", DPID_TEXT, 0, 0, 0, NULL, false, "formats as storage takes them, with ';' between: \"bf16; f16\""},
    {"loss_scale", DPID_TEXT, 0, 0, 0, NULL, false, "as training takes it: \"static scale=1024\"; its first scale"},
    {"optimizer", DPID_TEXT, 0, 0, 0, NULL, false, "as training takes it: \"adam beta1=0.8\"; none: sgd"},
    {"rate", DPID_REAL, 0, 0, 1e30, NULL, false, "learning rate; 0: the optimiser's own"},
    {"clip", DPID_REAL, 0, 0, 1e30, NULL, false, "most of the gradient's norm; 0: any"},
    {0},
};

/* Of a layer, a join, or the net. */
typedef struct {
    long double away, low, high, both; /* sums of (a - b)^2, a^2, b^2, a b */
    int64_t entries, wanted, lost, subnormal, nonfinite;
    dpid_update_count update;
    dpid_sum_count forward, backward;
} counts;

typedef struct {
    dpid_probe_run *run;
    const char *storage, *loss_scale;
    dpid_update_recipe recipe;
    dpid_batch high, low; /* f64; f32 in the storage of now */
    double scale;         /* of the loss */
    dpid_arena arena;
    int32_t *behind;                    /* of each value: weight layers on the longest way to the loss */
    counts *step;                       /* of each */
    dpid_update_count *update;          /* of each parameter */
    dpid_sum_count *forward, *backward; /* of each step */
} formats;

/* ---- one entry, one layer ----------------------------------------------------------------------- */

/* low is the gradient as it is stored, times the loss's scale. */
static void count_entry(counts *c, long double low, long double high, long double noise, long double least)
{
    const bool wanted = fabsl(high) > noise;
    c->away += (low - high) * (low - high);
    c->low += low * low;
    c->high += high * high;
    c->both += low * high;
    c->entries++;
    c->wanted += wanted;
    c->lost += wanted && low == 0;
    c->subnormal += wanted && low != 0 && fabsl(low) < least;
    c->nonfinite += !isfinite(low) && isfinite(high);
}

/* What rounding in f64 leaves of a sum that is 0, such as the gradient of a bias before a batch-norm: so small a share
   of the sum of |dL/dy| over samples and units. */
static long double noise_of(const formats *f, int32_t t)
{
    const long double share = 1e-12L;
    const int32_t v = f->high.net->step[t].out;
    const double *gradient = dpid_net_value_gradient(f->high.net, v);
    long double sum = 0;
    for (int64_t i = 0; i < dpid_value_count(&f->high, v); i++)
        sum += (long double)fabs(gradient[i]);
    return share * sum * (long double)f->scale;
}

/* The least normal number of the format that gradients of the layer's parameters have. */
static long double least_of(const deepid_net *net, const dpid_layer *layer)
{
    const dpid_format *format =
        dpid_rounds_weight_gradients(net, layer) ? net->storage.gradients.format : dpid_format_at(DPID_FORMAT_F32);
    return ldexpl(1, format->least);
}

static void count_layer(const formats *f, int32_t t, counts *c)
{
    const deepid_net *net = f->low.net;
    const dpid_layer *layer = &net->layer[net->step[t].layer];
    const long double noise = noise_of(f, t);
    const long double least = least_of(net, layer);
    for (int32_t k = 0; k < layer->op.parameters; k++) {
        const int32_t i = layer->parameter[k];
        const float *low = dpid_parameter_gradient_at(net, i);
        const double *high = dpid_parameter_gradient_at(f->high.net, i);
        for (int64_t e = 0; layer->op.parameter[k].trained && e < net->parameter[i].count; e++)
            count_entry(c, low[e], (long double)high[e] * (long double)f->scale, noise, least);
    }
}

static void add_counts(counts *sum, const counts *c)
{
    sum->away += c->away;
    sum->low += c->low;
    sum->high += c->high;
    sum->both += c->both;
    sum->entries += c->entries;
    sum->wanted += c->wanted;
    sum->lost += c->lost;
    sum->subnormal += c->subnormal;
    sum->nonfinite += c->nonfinite;
    sum->update.updates += c->update.updates;
    sum->update.lost += c->update.lost;
    sum->forward.sums += c->forward.sums;
    sum->forward.swallowed += c->forward.swallowed;
    sum->backward.sums += c->backward.sums;
    sum->backward.swallowed += c->backward.swallowed;
}

/* ---- one format ------------------------------------------------------------------------------------- */

static int32_t open_low(formats *f, const char *storage)
{
    deepid_net *net = NULL;
    int32_t status = dpid_net_clone_as(f->run->net, DPID_P32, &net);
    if (status == DEEPID_OK && storage)
        status = deepid_net_set_storage(net, storage);
    if (status == DEEPID_OK)
        status = dpid_batch_open(net, f->run->data, DPID_P32, DPID_TRAIN, f->run->n, true, &f->low);
    deepid_net_destroy(net);
    return status;
}

static int32_t run_low(formats *f)
{
    dpid_batch *low = &f->low;
    DPID_TRY(deepid_trainer_set_loss_scale(low->trainer, f->loss_scale));
    f->scale = low->trainer->loss_scale.scale;
    dpid_round_kept(low->net);
    DPID_TRY(dpid_batch_forward(low));
    dpid_scale_f32(dpid_net_output_gradient(low->net), low->n * dpid_net_outputs(low->net), f->scale);
    dpid_net_clear_gradients(low->net);
    dpid_net_run_backward(low->net, low->mode, low->n, low->dx);
    return DEEPID_OK;
}

/* The sums run steps again, which adds to the gradients of parameters; the update changes weights. */
static int32_t count_sums_and_updates(formats *f)
{
    deepid_net *net = f->low.net;
    float *gradients = NULL;
    DPID_TRY(dpid_arena_alloc(&f->arena, net->values_reals, sizeof *gradients, "probe", &gradients));
    memcpy(gradients, net->gradients, (size_t)net->values_reals * sizeof *gradients);
    DPID_TRY(dpid_sums_count(&f->low, f->forward, f->backward));
    memcpy(net->gradients, gradients, (size_t)net->values_reals * sizeof *gradients);
    dpid_scale_f32(net->gradients, net->values_reals, 1 / f->scale);
    return dpid_updates_count(&f->low, &f->recipe, f->update);
}

static int32_t make_room(formats *f)
{
    const deepid_net *net = f->run->net;
    DPID_TRY(dpid_arena_alloc(&f->arena, net->steps, sizeof *f->step, "probe", &f->step));
    DPID_TRY(dpid_arena_alloc(&f->arena, net->parameters + 1, sizeof *f->update, "probe", &f->update));
    DPID_TRY(dpid_arena_alloc(&f->arena, net->steps, sizeof *f->forward, "probe", &f->forward));
    return dpid_arena_alloc(&f->arena, net->steps, sizeof *f->backward, "probe", &f->backward);
}

static int32_t count_all(formats *f, const char *storage)
{
    DPID_TRY(make_room(f));
    DPID_TRY(open_low(f, storage));
    DPID_TRY(run_low(f));
    const deepid_net *net = f->low.net;
    for (int32_t t = 0; t < net->steps; t++)
        if (net->step[t].type == DPID_STEP_LAYER)
            count_layer(f, t, &f->step[t]);
    DPID_TRY(count_sums_and_updates(f));
    for (int32_t t = 0; t < net->steps; t++) {
        const dpid_layer *layer = net->step[t].type == DPID_STEP_LAYER ? &net->layer[net->step[t].layer] : NULL;
        f->step[t].forward = f->forward[t];
        f->step[t].backward = f->backward[t];
        for (int32_t k = 0; layer && k < layer->op.parameters; k++) {
            f->step[t].update.updates += f->update[layer->parameter[k]].updates;
            f->step[t].update.lost += f->update[layer->parameter[k]].lost;
        }
    }
    return DEEPID_OK;
}

/* ---- rows --------------------------------------------------------------------------------------------- */

static bool has_weight(const deepid_net *net, const dpid_step *step)
{
    const dpid_op *op = step->type == DPID_STEP_LAYER ? &net->layer[step->layer].op : NULL;
    return op && op->parameters > 0 && op->parameter[0].role == DPID_ROLE_WEIGHT;
}

static void find_distances(const deepid_net *net, int32_t *behind)
{
    for (int32_t t = net->steps - 1; t >= 0; t--) {
        const dpid_step *step = &net->step[t];
        const int32_t here = behind[step->out] + has_weight(net, step);
        behind[step->in] = here > behind[step->in] ? here : behind[step->in];
        if (step->skip >= 0)
            behind[step->skip] = here > behind[step->skip] ? here : behind[step->skip];
    }
}

/* Products that one of the layer's outputs adds up. */
static double terms_of(const deepid_net *net, const dpid_step *step)
{
    if (!has_weight(net, step))
        return (double)NAN;
    const dpid_op *op = &net->layer[step->layer].op;
    return (double)op->macs / (double)dpid_shape_count(&op->out);
}

static double share(int64_t part, int64_t all)
{
    return all > 0 ? (double)part / (double)all : (double)NAN;
}

enum {
    FORMAT,
    DISTANCE,
    TERMS,
    RELATIVE,
    COSINE,
    ENTRIES,
    LOST,
    SUBNORMAL,
    NONFINITE,
    SWALLOWED_FORWARD,
    SWALLOWED_BACKWARD,
    UPDATE_LOST,
    COLUMNS
};

static int32_t append(const formats *f, int64_t format, const char *name, const double *place, const counts *c)
{
    double row[COLUMNS];
    dpid_string title = {.ctx = f->run->net->head.ctx};
    row[FORMAT] = (double)format;
    row[DISTANCE] = place[0];
    row[TERMS] = place[1];
    row[RELATIVE] = c->entries == 0 ? (double)NAN : c->away == 0 ? 0 : (double)sqrtl(c->away / c->high);
    row[COSINE] = c->entries == 0 ? (double)NAN : (double)(c->both / sqrtl(c->low) / sqrtl(c->high));
    row[ENTRIES] = (double)c->entries;
    row[LOST] = share(c->lost, c->wanted);
    row[SUBNORMAL] = share(c->subnormal, c->wanted);
    row[NONFINITE] = share(c->nonfinite, c->entries);
    row[SWALLOWED_FORWARD] = share(c->forward.swallowed, c->forward.sums);
    row[SWALLOWED_BACKWARD] = share(c->backward.swallowed, c->backward.sums);
    row[UPDATE_LOST] = share(c->update.lost, c->update.updates);
    if (f->storage)
        dpid_string_format(&title, "%s:", deepid_net_storage(f->low.net));
    dpid_string_add(&title, name);
    const int32_t status =
        title.status == DEEPID_OK ? deepid_table_append(f->run->table, title.text, row) : title.status;
    dpid_string_release(&title);
    return status;
}

static int32_t append_all(const formats *f, int64_t format)
{
    const deepid_net *net = f->low.net;
    counts sum = {.entries = 0};
    for (int32_t t = 0; t < net->steps; t++) {
        const dpid_step *step = &net->step[t];
        const counts *c = &f->step[t];
        const double place[] = {f->behind[step->out] + has_weight(net, step), terms_of(net, step)};
        add_counts(&sum, c);
        if (c->entries > 0 || c->forward.sums > 0 || c->backward.sums > 0)
            DPID_TRY(append(f, format, net->value[step->out].name, place, c));
    }
    return append(f, format, "net", (double[]){(double)NAN, (double)NAN}, &sum);
}

/* storage NULL: the net's own. */
static int32_t take_format(formats *f, const char *storage, int64_t format)
{
    f->arena = (dpid_arena){.ctx = f->run->net->head.ctx};
    int32_t status = count_all(f, storage);
    if (status == DEEPID_OK)
        status = append_all(f, format);
    dpid_batch_close(&f->low);
    dpid_arena_release(&f->arena);
    return status;
}

/* ---- the list ------------------------------------------------------------------------------------------ */

static int32_t take_list(formats *f)
{
    int64_t format = 0;
    if (!*f->storage)
        return dpid_fail(f->run->net->head.ctx, DEEPID_ERR_SPEC, "formats: storage= names no format");
    for (const char *at = f->storage; *at; format++) {
        const char *end = strchrnul(at, ';');
        char *one = NULL;
        if (at + strspn(at, " ") == end)
            return dpid_fail(f->run->net->head.ctx, DEEPID_ERR_SPEC, "formats: item %lld of storage=\"%s\" is empty",
                             (long long)format + 1, f->storage);
        dpid_arena word = {.ctx = f->run->net->head.ctx};
        int32_t status = dpid_arena_text(&word, at, end - at, &one);
        if (status == DEEPID_OK)
            status = take_format(f, one, format);
        dpid_arena_release(&word);
        DPID_TRY(status);
        at = *end ? end + 1 : end;
    }
    return DEEPID_OK;
}

/* A text option without its quotes. */
static int32_t text_of(dpid_arena *arena, const dpid_value *value, const char *otherwise, const char **out)
{
    dpid_span s = value->text;
    char *copy = NULL;
    *out = otherwise;
    if (!value->given)
        return DEEPID_OK;
    if (s.length > 1 && s.text[0] == '"' && s.text[s.length - 1] == '"')
        s = (dpid_span){s.text + 1, s.length - 2, s.whole};
    DPID_TRY(dpid_arena_text(arena, s.text, s.length, &copy));
    *out = copy;
    return DEEPID_OK;
}

static int32_t read_options(formats *f, dpid_arena *arena)
{
    const dpid_value *option = f->run->option;
    DPID_TRY(text_of(arena, &option[STORAGE], NULL, &f->storage));
    DPID_TRY(text_of(arena, &option[LOSS_SCALE], "none", &f->loss_scale));
    DPID_TRY(text_of(arena, &option[OPTIMIZER], "sgd", &f->recipe.optimizer));
    f->recipe.rate = option[RATE].r;
    f->recipe.clip = option[CLIP].r;
    DPID_TRY(dpid_arena_alloc(arena, f->run->net->values_count, sizeof *f->behind, "probe", &f->behind));
    find_distances(f->run->net, f->behind);
    return DEEPID_OK;
}

static int32_t fill_formats(dpid_probe_run *run)
{
    formats f = {.run = run};
    dpid_arena arena = {.ctx = run->net->head.ctx};
    int32_t status = read_options(&f, &arena);
    if (status == DEEPID_OK)
        status = dpid_batch_open(run->net, run->data, DPID_P64, DPID_TRAIN, run->n, true, &f.high);
    if (status == DEEPID_OK)
        status = dpid_batch_run(&f.high);
    if (status == DEEPID_OK)
        status = dpid_batch_check_finite(&f.high, "formats");
    if (status == DEEPID_OK)
        status = f.storage ? take_list(&f) : take_format(&f, NULL, 0);
    dpid_batch_close(&f.high);
    dpid_arena_release(&arena);
    return status;
}

const dpid_probe dpid_probe_formats = {
    .word = "formats",
    .help = "what number formats make of the gradient of each layer's parameters, beside f64: relative error, cosine, "
            "entries lost, subnormal and not finite; sums that lose a term; updates that change no weight; options: "
            "samples=64, storage=\"bf16; f16\" (else the net's own), loss_scale=none, optimizer=sgd, rate=0 (the "
            "optimiser's), clip=0",
    .heading = "layer",
    .columns = "format,distance,terms,relative,cosine,entries,lost,subnormal,nonfinite,swallowed_forward,"
               "swallowed_backward,update_lost",
    .options = options,
    .fill = fill_formats,
    .own = true,
};
