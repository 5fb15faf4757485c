/* The losses, one line each, and their public primitives' checks. */
#include "ops/loss.h"

#include <deepid/losses.h>

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

int32_t dpid_loss_read(deepid_ctx *ctx, const char *text, int64_t classes, int64_t outputs, const dpid_loss **loss,
                       dpid_value *option)
{
    const bool labels = classes > 0;
    const dpid_loss *found;
    DPID_TRY(dpid_set_read(ctx, &dpid_losses, dpid_span_of(text ? text : usual(classes, outputs)), &found, option));
    if (found->takes_labels != labels)
        return dpid_fail(ctx, DEEPID_ERR_UNSUPPORTED, "loss %s needs %s, the data has %s", found->word,
                         found->takes_labels ? "labels" : "targets", labels ? "labels" : "targets");
    DPID_TRY(check_outputs(ctx, found, classes, outputs));
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

int32_t dpid_loss_primitive(const dpid_loss *loss, const char *options, const deepid_tensor *z, const int32_t *labels,
                            const deepid_tensor *targets, deepid_tensor *dz, double *mean)
{
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    deepid_ctx *ctx = z->head.ctx;
    if (z->rank != 2 || z->count == 0)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE, "%s: z is %s, expected [n, outputs], n and outputs at least 1",
                         loss->word, dpid_shape_text(z->rank, z->extents).text);
    DPID_TRY(dpid_options_parse(ctx, loss->word, dpid_span_of(options), loss->options, values));
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
    dpid_loss_pass pass = {.option = values,
                           .n = z->extents[0],
                           .width = z->extents[1],
                           .z = z->data,
                           .labels = labels,
                           .targets = targets ? targets->data : NULL,
                           .dz = dz ? dz->data : NULL};
    loss->run[ctx->isa][dpid_dtype_precision(z->dtype)](&pass);
    if (mean)
        *mean = pass.loss_sum / (double)pass.n;
    return DEEPID_OK;
}
