/* The block variants, a row each.   y = after(F(x) + s shortcut(x)) */
#include "net/net.h"

#define BASIC "conv2d out={out} kernel=3{stride} bias=0; batchnorm; relu; conv2d out={out} kernel=3 bias=0; batchnorm"
#define PREACT                                                                                                         \
    "batchnorm; relu; conv2d out={out} kernel=3{stride} bias=0; batchnorm; relu; conv2d out={out} kernel=3 bias=0"
#define BOTTLENECK                                                                                                     \
    "conv2d out={out} kernel=1 bias=0; batchnorm; relu; conv2d out={out} kernel=3{stride} bias=0; batchnorm; relu; "   \
    "conv2d out={wide} kernel=1 bias=0; batchnorm"

static const dpid_variant variants[] = {
    {"plain", "y = after(F(x))", 0, "relu", BASIC},
    {"identity", "y = after(F(x) + s x): He et al. 2015", 1, "relu", BASIC},
    {"preact", "y = F(x) + s x, F begins with batchnorm; relu: He et al. 2016", 1, "none", PREACT},
    {"preact_plain", "the plain twin of preact", 0, "none", PREACT},
    {"bottleneck", "y = after(F(x) + s x), F narrows to a quarter: He et al. 2015, figure 5", 1, "relu", BOTTLENECK},
    {"bottleneck_plain", "the plain twin of bottleneck", 0, "relu", BOTTLENECK},
};

const dpid_variant *dpid_variant_at(int64_t i)
{
    return i >= 0 && i < (int64_t)(sizeof variants / sizeof *variants) ? &variants[i] : NULL;
}

const char *deepid_block_word(int64_t i)
{
    return dpid_variant_at(i) ? variants[i].word : NULL;
}

const char *deepid_block_help(const char *word)
{
    for (int64_t i = 0; word && dpid_variant_at(i); i++)
        if (dpid_span_is(dpid_span_of(word), variants[i].word))
            return variants[i].help;
    return NULL;
}
