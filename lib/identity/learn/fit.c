/* Training towards the identity: the target is the sample. */
#include "identity/learn/learn.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LOOKS = 64, BATCH = 64 };

/* ---- each sample its own target ----------------------------------------------------------------- */

static int32_t dataset_identity(const deepid_dataset *data, deepid_dataset **out)
{
    const int64_t width = dpid_shape_count(&data->sample);
    deepid_dataset *copy = NULL;
    if (!out)
        return dpid_fail(data->head.ctx, DEEPID_ERR_ARGUMENT, "dataset: out is NULL");
    DPID_TRY(dpid_dataset_owned(data->head.ctx, DEEPID_F32, data->count, &data->sample, 0, width, &copy));
    for (int64_t i = 0; i < data->count; i++)
        for (int64_t k = 0; k < width; k++)
            ((float *)copy->owned_x)[i * width + k] = ((float *)copy->owned_targets)[i * width + k] =
                (float)dpid_dataset_feature(data, i, k);
    *out = copy;
    return DEEPID_OK;
}

int32_t deepid_dataset_identity(const deepid_dataset *data, deepid_dataset **out)
{
    DPID_TRY(dpid_enter(data, DPID_MAGIC_DATASET));
    return dpid_leave(data->head.ctx, dataset_identity(data, out));
}

static int32_t check_targets(const deepid_dataset *data)
{
    const int64_t width = dpid_shape_count(&data->sample);
    deepid_ctx *ctx = data->head.ctx;
    if (data->target_width != width)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT,
                         "identity_fit: samples have %lld values and %lld targets, expected targets equal to the "
                         "samples, as deepid_dataset_identity makes them",
                         (long long)width, (long long)data->target_width);
    for (int64_t i = 0; i < data->count; i++)
        for (int64_t k = 0; k < width; k++)
            if (dpid_dataset_feature(data, i, k) != dpid_dataset_target(data, i, k))
                return dpid_fail(ctx, DEEPID_ERR_ARGUMENT,
                                 "identity_fit: value %lld of sample %lld is %s, its target %s, expected equal ones",
                                 (long long)k, (long long)i, dpid_number(dpid_dataset_feature(data, i, k)).text,
                                 dpid_number(dpid_dataset_target(data, i, k)).text);
    return DEEPID_OK;
}

/* ---- looks ------------------------------------------------------------------------------------------ */

int32_t dpid_net_settled(const deepid_net *net, const deepid_dataset *data, deepid_net **out)
{
    deepid_net *copy = NULL;
    DPID_TRY(dpid_net_clone_as(net, net->precision, &copy));
    const int32_t status = deepid_net_measure_statistics(copy, data);
    if (status == DEEPID_OK)
        *out = copy;
    else
        deepid_net_destroy(copy);
    return status;
}

/* y - x over all samples; the targets are the samples */
static int32_t measure(deepid_net *net, const deepid_dataset *data, double *squares, double *max)
{
    int64_t order[BATCH];
    const int64_t width = data->target_width;
    DPID_TRY(dpid_net_prepare(net, BATCH, false));
    for (int64_t first = 0; first < data->count; first += BATCH) {
        const int64_t n = data->count - first < BATCH ? data->count - first : BATCH;
        for (int64_t i = 0; i < n; i++)
            order[i] = first + i;
        dpid_dataset_gather(
            dpid_ctx_pool(net->head.ctx), data,
            &(dpid_gathered){.order = order, .n = n, .precision = net->precision, .x = dpid_net_input(net)});
        DPID_TRY(dpid_net_run_forward(net, DPID_EVAL, n));
        for (int64_t i = 0; i < n * width; i++) {
            const double d = dpid_fetch(net->precision, dpid_net_output(net), i) -
                             dpid_dataset_target(data, first + i / width, i % width);
            *squares += d * d;
            *max = fabs(d) > *max || isnan(d) ? fabs(d) : *max;
        }
    }
    return DEEPID_OK;
}

static int32_t look(deepid_fit *f, const deepid_trainer *t)
{
    deepid_net *copy = NULL;
    double squares = 0;
    double max = 0;
    char name[32];
    DPID_TRY(dpid_net_settled(t->net, t->data, &copy));
    const int32_t status = measure(copy, t->data, &squares, &max);
    deepid_net_destroy(copy);
    DPID_TRY(status);
    const double loss = squares / ((double)t->data->count * (double)t->data->target_width);
    f->rms = sqrt(loss);
    f->max = max;
    if (f->reached < 0 && max <= f->tolerance)
        f->reached = f->steps;
    snprintf(name, sizeof name, "%lld", (long long)f->steps);
    return deepid_table_append(f->curve, name, (double[]){(double)f->steps, loss, f->rms, max});
}

static int32_t train(deepid_fit *f, deepid_trainer *t, int64_t steps)
{
    const int64_t pieces = steps < LOOKS ? steps : LOOKS;
    DPID_TRY(look(f, t));
    for (int64_t p = 1; p <= pieces; p++) {
        const int64_t piece = steps * p / pieces - steps * (p - 1) / pieces;
        const int32_t status = deepid_trainer_fit(t, piece, NULL, NULL);
        f->diverged = status == DEEPID_ERR_NUMERIC;
        if (f->diverged)
            return DEEPID_OK;
        DPID_TRY(status);
        f->steps += piece;
        DPID_TRY(look(f, t));
    }
    return DEEPID_OK;
}

/* ---- the result ----------------------------------------------------------------------------------------- */

static int32_t make_sentence(deepid_fit *f)
{
    enum { DIGITS = 3 };
    dpid_string s = {.ctx = f->head.ctx};
    dpid_string_format(&s, "After %lld steps the output differs from the input by at most %s", (long long)f->steps,
                       dpid_number_rounded(f->max, DIGITS).text);
    dpid_string_format(&s, " (rms %s); ", dpid_number_rounded(f->rms, DIGITS).text);
    if (f->reached >= 0)
        dpid_string_format(&s, "%s is first reached at step %lld", dpid_number_rounded(f->tolerance, DIGITS).text,
                           (long long)f->reached);
    else
        dpid_string_format(&s, "%s is never reached", dpid_number_rounded(f->tolerance, DIGITS).text);
    dpid_string_add(&s, f->diverged ? "; the next steps met a number that is not finite." : ".");
    const int32_t status = s.status == DEEPID_OK ? dpid_copy_text(f->head.ctx, s.text, &f->sentence) : s.status;
    dpid_string_release(&s);
    return status;
}

static int32_t run(deepid_fit *f, deepid_trainer *t, int64_t steps)
{
    DPID_TRY(deepid_table_create(f->head.ctx, "look", "step,loss,rms,max", &f->curve));
    if (t->total_steps == 0)
        DPID_TRY(deepid_trainer_set_total_steps(t, t->step + steps));
    DPID_TRY(train(f, t, steps));
    return make_sentence(f);
}

static int32_t identity_fit(deepid_trainer *t, int64_t steps, double tolerance, deepid_fit **out)
{
    deepid_ctx *ctx = t->head.ctx;
    deepid_fit *f = NULL;
    if (!out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "identity_fit: out is NULL");
    if (steps < 1)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "identity_fit: steps is %lld, expected 1 or more", (long long)steps);
    if (!(tolerance > 0) || !isfinite(tolerance))
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "identity_fit: tolerance is %s, expected a number above 0",
                         dpid_number(tolerance).text);
    DPID_TRY(check_targets(t->data));
    DPID_TRY(dpid_alloc(ctx, 1, sizeof *f, "identity_fit", &f));
    f->head = (dpid_head){DPID_MAGIC_FIT, ctx};
    f->tolerance = tolerance;
    f->reached = -1;
    const int32_t status = run(f, t, steps);
    if (status == DEEPID_OK)
        *out = f;
    else
        deepid_fit_destroy(f);
    return status;
}

int32_t deepid_identity_fit(deepid_trainer *trainer, int64_t steps, double tolerance, deepid_fit **out)
{
    DPID_TRY(dpid_enter(trainer, DPID_MAGIC_TRAINER));
    return dpid_leave(trainer->head.ctx, identity_fit(trainer, steps, tolerance, out));
}

void deepid_fit_destroy(deepid_fit *fit)
{
    if (!dpid_is(fit, DPID_MAGIC_FIT))
        return;
    deepid_ctx *ctx = fit->head.ctx;
    deepid_table_destroy(fit->curve);
    dpid_free(ctx, fit->sentence);
    fit->head.magic = 0;
    dpid_free(ctx, fit);
}

deepid_table *deepid_fit_curve(deepid_fit *fit)
{
    return dpid_is(fit, DPID_MAGIC_FIT) ? fit->curve : NULL;
}

double deepid_fit_rms(const deepid_fit *fit)
{
    return dpid_is(fit, DPID_MAGIC_FIT) ? fit->rms : (double)NAN;
}

double deepid_fit_max(const deepid_fit *fit)
{
    return dpid_is(fit, DPID_MAGIC_FIT) ? fit->max : (double)NAN;
}

int64_t deepid_fit_reached(const deepid_fit *fit)
{
    return dpid_is(fit, DPID_MAGIC_FIT) ? fit->reached : -1;
}

int32_t deepid_fit_diverged(const deepid_fit *fit)
{
    return dpid_is(fit, DPID_MAGIC_FIT) && fit->diverged;
}

const char *deepid_fit_sentence(const deepid_fit *fit)
{
    return dpid_is(fit, DPID_MAGIC_FIT) ? fit->sentence : "";
}
