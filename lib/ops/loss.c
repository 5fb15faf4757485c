/* The losses, one line each, and their public primitives' checks. */
#include "ops/loss.h"

#include <deepid/losses.h>

#include <string.h>

#define ROW(word) &dpid_loss_##word,
static const void *const rows[] = {DPID_LOSSES(ROW)};
const dpid_set dpid_losses = DPID_SET("loss", rows);

enum { TWO = 2 };

bool dpid_loss_fits(int64_t classes, int64_t targets, int64_t outputs)
{
    return classes > 0 ? outputs >= classes || (outputs == 1 && classes == TWO) : outputs == targets;
}

static const char *usual(int64_t classes, int64_t outputs)
{
    return classes == 0 ? "squared_error" : classes == TWO && outputs == 1 ? "binary_cross_entropy" : "cross_entropy";
}

static int32_t check_outputs(deepid_ctx *ctx, const dpid_loss *loss, int64_t classes, int64_t outputs)
{
    if (loss->one_logit && classes > TWO)
        return dpid_fail(ctx, DEEPID_ERR_UNSUPPORTED, "loss %s is one of two classes, the data has %lld", loss->word,
                         (long long)classes);
    if (loss->one_logit && outputs != 1)
        return dpid_fail(ctx, DEEPID_ERR_UNSUPPORTED, "loss %s needs a net with one output, this one gives %lld",
                         loss->word, (long long)outputs);
    if (loss->takes_labels && !loss->one_logit && outputs < classes)
        return dpid_fail(ctx, DEEPID_ERR_UNSUPPORTED,
                         "loss %s needs an output for each of the %lld classes, the net gives %lld", loss->word,
                         (long long)classes, (long long)outputs);
    return DEEPID_OK;
}

/* ---- weights of classes --------------------------------------------------------------------------- */

/* n / (k n_c), with k classes that have samples; 1 where a class has none */
static int32_t balance(dpid_arena *arena, const dpid_loss_labels *of, double *weight)
{
    int64_t *members = NULL;
    int64_t present = 0;
    DPID_TRY(dpid_arena_alloc(arena, of->classes, sizeof *members, "weights", &members));
    for (int64_t i = 0; i < of->n; i++)
        members[of->labels[i]]++;
    for (int64_t c = 0; c < of->classes; c++)
        present += members[c] > 0;
    for (int64_t c = 0; c < of->classes; c++)
        weight[c] = members[c] > 0 ? (double)of->n / ((double)present * (double)members[c]) : 1;
    return DEEPID_OK;
}

/* "1,2.5,4": one for each class */
static int32_t read_list(deepid_ctx *ctx, const char *word, dpid_span text, int64_t classes, double *weight)
{
    const double least = 1e-6;
    const double most = 1e6;
    const char *end = text.text + text.length;
    int64_t count = 0;
    for (const char *p = text.text; p <= end; count++) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        const dpid_span one = {p, (comma ? comma : end) - p, text.whole};
        double value;
        if (!dpid_parse_double(one.text, one.length, &value) || !(value >= least && value <= most))
            return dpid_fail_at(ctx, one,
                                "%s: a weight is '%.*s', expected balanced, or numbers from 1e-6 to 1e6 "
                                "joined by commas",
                                word, (int)(one.length < 40 ? one.length : 40), one.text);
        if (count < classes)
            weight[count] = value;
        p = one.text + one.length + 1;
    }
    return count == classes ? DEEPID_OK
                            : dpid_fail_at(ctx, text, "%s: %lld weight%s, expected one for each of the %lld classes",
                                           word, (long long)count, count == 1 ? "" : "s", (long long)classes);
}

/* The numbers, as they are read again. */
static int32_t print_weights(dpid_arena *arena, const double *weight, int64_t classes, dpid_value *v)
{
    char *text = NULL;
    dpid_string list = {.ctx = arena->ctx};
    for (int64_t c = 0; c < classes; c++)
        dpid_string_format(&list, "%s%s", c ? "," : "", dpid_number(weight[c]).text);
    const int32_t status =
        list.status == DEEPID_OK ? dpid_arena_text(arena, list.text, list.length, &text) : list.status;
    dpid_string_release(&list);
    v->text = dpid_span_of(text);
    return status;
}

/* Outputs that no class has weigh 1: smoothing spreads over them too. */
static int32_t read_weights(dpid_arena *arena, const dpid_loss *loss, const dpid_loss_labels *of, int64_t outputs,
                            dpid_value *v)
{
    double *weight = NULL;
    const dpid_loss_labels two = {of->labels, of->n, TWO};
    const dpid_loss_labels *by = loss->one_logit ? &two : of;
    const int64_t count = by->classes > outputs ? by->classes : outputs;
    DPID_TRY(dpid_arena_alloc(arena, count, sizeof *weight, "weights", &weight));
    for (int64_t k = 0; k < count; k++)
        weight[k] = 1;
    if (dpid_span_is(v->text, "balanced"))
        DPID_TRY(balance(arena, by, weight));
    else
        DPID_TRY(read_list(arena->ctx, loss->word, v->text, by->classes, weight));
    v->reals = weight;
    v->count = (int32_t)count;
    return print_weights(arena, weight, by->classes, v);
}

/* ---- from a text ---------------------------------------------------------------------------------- */

int32_t dpid_loss_read(dpid_arena *arena, const char *text, const dpid_loss_labels *of, int64_t outputs,
                       const dpid_loss **loss, dpid_value *option)
{
    deepid_ctx *ctx = arena->ctx;
    const bool labels = of->classes > 0;
    const dpid_loss *found;
    DPID_TRY(dpid_set_read(ctx, &dpid_losses, dpid_span_of(text ? text : usual(of->classes, outputs)), &found, option));
    if (found->takes_labels != labels)
        return dpid_fail(ctx, DEEPID_ERR_UNSUPPORTED, "loss %s needs %s, the data has %s", found->word,
                         found->takes_labels ? "labels" : "targets", labels ? "labels" : "targets");
    DPID_TRY(check_outputs(ctx, found, of->classes, outputs));
    if (found->weights > 0 && option[found->weights - 1].given)
        DPID_TRY(read_weights(arena, found, of, outputs, &option[found->weights - 1]));
    *loss = found;
    return DEEPID_OK;
}

int32_t dpid_labels_check(deepid_ctx *ctx, const char *what, const int32_t *labels, int64_t n, int64_t classes)
{
    for (int64_t i = 0; i < n; i++)
        if (labels[i] < 0 || labels[i] >= classes)
            return dpid_fail(ctx, DEEPID_ERR_LABEL, "%s: label of row %lld is %d, expected 0 to %lld", what,
                             (long long)i, labels[i], (long long)classes - 1);
    return DEEPID_OK;
}

/* ---- public ------------------------------------------------------------------ */

const char *deepid_loss_word(int64_t i)
{
    return dpid_set_word(&dpid_losses, i);
}

const char *deepid_loss_help(const char *word)
{
    return dpid_set_help(&dpid_losses, word);
}

static int32_t run_primitive(const dpid_loss *loss, const char *options, const deepid_tensor *z, const int32_t *labels,
                             const deepid_tensor *targets, deepid_tensor *dz, double *mean)
{
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    deepid_ctx *ctx = z->head.ctx;
    dpid_arena arena = {.ctx = ctx};
    const int64_t n = z->extents[0];
    const int64_t width = z->extents[1];
    int32_t status = dpid_options_parse(ctx, loss->word, dpid_span_of(options), loss->options, values);
    if (status == DEEPID_OK && loss->weights > 0 && values[loss->weights - 1].given)
        status = read_weights(&arena, loss, &(dpid_loss_labels){labels, n, width}, width, &values[loss->weights - 1]);
    dpid_loss_pass pass = {.option = values,
                           .n = n,
                           .width = width,
                           .z = z->data,
                           .labels = labels,
                           .targets = targets ? targets->data : NULL,
                           .dz = dz ? dz->data : NULL};
    if (status == DEEPID_OK)
        loss->run[ctx->isa][dpid_dtype_precision(z->dtype)](&pass);
    if (status == DEEPID_OK && mean)
        *mean = pass.loss_sum / dpid_loss_total(loss, values, labels, n);
    dpid_arena_release(&arena);
    return status;
}

int32_t dpid_loss_primitive(const dpid_loss *loss, const char *options, const deepid_tensor *z, const int32_t *labels,
                            const deepid_tensor *targets, deepid_tensor *dz, double *mean)
{
    deepid_ctx *ctx = z->head.ctx;
    if (z->rank != 2 || z->count == 0)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE, "%s: z is %s, expected [n, outputs], n and outputs at least 1",
                         loss->word, dpid_shape_text(z->rank, z->extents).text);
    if (loss->takes_labels && !labels)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "%s: labels is NULL", loss->word);
    if (loss->one_logit && z->extents[1] != 1)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE, "%s: z is %s, expected [n, 1]", loss->word,
                         dpid_shape_text(z->rank, z->extents).text);
    if (loss->takes_labels)
        DPID_TRY(dpid_labels_check(ctx, loss->word, labels, z->extents[0], loss->one_logit ? TWO : z->extents[1]));
    else
        DPID_TRY(dpid_tensor_check(ctx, loss->word, "targets", targets, z->dtype, 2, z->extents));
    if (dz)
        DPID_TRY(dpid_tensor_check(ctx, loss->word, "dz", dz, z->dtype, 2, z->extents));
    return run_primitive(loss, options, z, labels, targets, dz, mean);
}
