/* The layer kinds, one line each. What stands here is listed, parsed, tested and documented. */
#include "ops/op.h"

#include <deepid/ops.h>

/* clang-format off */
#define KINDS(X)                                                                                                  \
    X(dense) X(conv2d) X(batchnorm) X(layernorm) X(relu) X(leaky_relu) X(prelu) X(elu) X(selu) X(tanh) X(sigmoid) \
    X(gelu) X(silu) X(softplus) X(hardtanh) X(hardswish) X(maxpool) X(avgpool) X(global_avgpool) X(flatten)       \
    X(dropout) X(channel_pad) X(gradient_cast)
/* clang-format on */

#define DECLARE(kind) extern const dpid_kind dpid_kind_##kind;
KINDS(DECLARE)

#define POINTER(kind) &dpid_kind_##kind,
static const dpid_kind *const kinds[] = {KINDS(POINTER) NULL};

#define WORD(kind) #kind,
static const char *const words[] = {KINDS(WORD) NULL};

const dpid_kind *dpid_kind_at(int64_t i)
{
    const int64_t count = (int64_t)(sizeof kinds / sizeof *kinds) - 1;
    return i >= 0 && i < count ? kinds[i] : NULL;
}

const dpid_kind *dpid_kind_find(dpid_span word)
{
    for (const dpid_kind *const *kind = kinds; *kind; kind++)
        if (dpid_span_is(word, (*kind)->word))
            return *kind;
    return NULL;
}

const char *const *dpid_kind_words(void)
{
    return words;
}

/* ---- public ------------------------------------------------------------------ */

const char *deepid_layer_word(int64_t i)
{
    const dpid_kind *kind = dpid_kind_at(i);
    return kind ? kind->word : NULL;
}

const char *deepid_layer_help(const char *word)
{
    const dpid_kind *kind = word ? dpid_kind_find(dpid_span_of(word)) : NULL;
    return kind ? kind->help : NULL;
}
