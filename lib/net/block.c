/* The block variants, a row each.   y = after(F(x) + s shortcut(x)) */
#include "net/net.h"

#define BASIC "{conv} out={out} kernel=3{stride} bias=0; batchnorm; relu; {conv} out={out} kernel=3 bias=0; batchnorm"
#define PREACT                                                                                                         \
    "batchnorm; relu; {conv} out={out} kernel=3{stride} bias=0; batchnorm; relu; {conv} out={out} kernel=3 bias=0"
#define BOTTLENECK                                                                                                     \
    "{conv} out={out} kernel=1 bias=0; batchnorm; relu; {conv} out={out} kernel=3{stride} bias=0; batchnorm; relu; "   \
    "{conv} out={wide} kernel=1 bias=0; batchnorm"

#define ROW static const dpid_variant
ROW plain = {"plain", "y = after(F(x))", 0, "relu", BASIC, 2, false, "identity"};
ROW identity = {"identity", "y = after(F(x) + s x): He et al. 2015", 1, "relu", BASIC, 2, false, "plain"};
ROW preact = {
    "preact",      "y = F(x) + s x, F begins with batchnorm; relu: He et al. 2016", 1, "none", PREACT, 2, false,
    "preact_plain"};
ROW preact_plain = {"preact_plain", "the plain twin of preact", 0, "none", PREACT, 2, false, "preact"};
ROW bottleneck = {"bottleneck",
                  "y = after(F(x) + s x), F narrows to a quarter: He et al. 2015, figure 5",
                  1,
                  "relu",
                  BOTTLENECK,
                  3,
                  true,
                  "bottleneck_plain"};
ROW bottleneck_plain = {"bottleneck_plain", "the plain twin of bottleneck", 0, "relu", BOTTLENECK, 3, true,
                        "bottleneck"};

static const void *const rows[] = {&plain, &identity, &preact, &preact_plain, &bottleneck, &bottleneck_plain};
const dpid_set dpid_variants = DPID_SET("block", rows);

const dpid_variant *dpid_variant_at(int64_t i)
{
    return dpid_set_at(&dpid_variants, i);
}

const char *deepid_block_word(int64_t i)
{
    return dpid_set_word(&dpid_variants, i);
}

const char *deepid_block_help(const char *word)
{
    return dpid_set_help(&dpid_variants, word);
}
