/* The losses, one line each, and their public primitives' checks. */
#include "ops/loss.h"

#include <deepid/losses.h>

extern const dpid_loss dpid_loss_cross_entropy, dpid_loss_squared_error;
static const dpid_loss *const losses[] = {&dpid_loss_cross_entropy, &dpid_loss_squared_error};
static const char *const words[] = {"cross_entropy", "squared_error", NULL};

const dpid_loss *dpid_loss_at(int64_t i)
{
    return i >= 0 && i < (int64_t)(sizeof losses / sizeof *losses) ? losses[i] : NULL;
}

const dpid_loss *dpid_loss_find(dpid_span word)
{
    for (int64_t i = 0; dpid_loss_at(i); i++)
        if (dpid_span_is(word, losses[i]->word))
            return losses[i];
    return NULL;
}

const char *const *dpid_loss_words(void)
{
    return words;
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
    const dpid_loss *loss = dpid_loss_at(i);
    return loss ? loss->word : NULL;
}

const char *deepid_loss_help(const char *word)
{
    const dpid_loss *loss = word ? dpid_loss_find(dpid_span_of(word)) : NULL;
    return loss ? loss->help : NULL;
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
    if (loss->takes_labels)
        DPID_TRY(dpid_labels_check(ctx, loss->word, labels, z->extents[0], z->extents[1]));
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
