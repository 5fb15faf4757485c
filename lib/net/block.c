/* The block variants and the orders of their layers, a row each.   y = after(norm(F(x) + s shortcut(x)))
   With a gate T(x) = sigmoid(W x + b), b at the start `gate`:          y = after(norm(T(x) F(x) + s (1 - T(x)) x)) */
#include "net/net.h"

/* The layers with weights of a usual branch; {before} and {behind} are what the order says. */
#define BASIC                                                                                                          \
    "{before}{conv} out={out} kernel=3{stride} bias=0; batchnorm; relu; {conv} out={out} kernel=3 bias=0{behind}"
#define BOTTLENECK                                                                                                     \
    "{before}{conv} out={out} kernel=1 bias=0; batchnorm; relu; {conv} out={out} kernel=3{stride} bias=0; batchnorm; " \
    "relu; {conv} out={wide} kernel=1 bias=0{behind}"

/* He et al. 2016 (arXiv:1603.05027), figure 4 (a) to (e) and table 2. */
const dpid_order dpid_orders[DPID_ORDERS] = {
    {"original", "", "; batchnorm", "none", "relu"},          {"norm_after", "", "", "batchnorm", "relu"},
    {"relu_before", "", "; batchnorm; relu", "none", "none"}, {"relu_preact", "relu; ", "; batchnorm", "none", "none"},
    {"preact", "batchnorm; relu; ", "", "none", "none"},
};

#define ROW static const dpid_variant
ROW plain = {"plain", "y = after(F(x))", 0, DPID_ORDER_ORIGINAL, BASIC, 2, false, "identity", 0};
ROW identity = {"identity", "y = after(F(x) + s x): He et al. 2015", 1, DPID_ORDER_ORIGINAL, BASIC, 2, false, "plain",
                0};
ROW preact = {"preact", "y = F(x) + s x, F begins with batchnorm; relu: He et al. 2016",
              1,        DPID_ORDER_PREACT,
              BASIC,    2,
              false,    "preact_plain",
              0};
ROW preact_plain = {"preact_plain", "the plain twin of preact", 0, DPID_ORDER_PREACT, BASIC, 2, false, "preact", 0};
ROW bottleneck = {"bottleneck",
                  "y = after(F(x) + s x), F narrows to a quarter: He et al. 2015, figure 5",
                  1,
                  DPID_ORDER_ORIGINAL,
                  BOTTLENECK,
                  3,
                  true,
                  "bottleneck_plain",
                  0};
ROW bottleneck_plain = {
    "bottleneck_plain", "the plain twin of bottleneck", 0, DPID_ORDER_ORIGINAL, BOTTLENECK, 3, true, "bottleneck", 0};
ROW highway = {"highway", "y = T(x) F(x) + s (1 - T(x)) x, T = sigmoid(W x + b): Srivastava et al. 2015",
               1,         DPID_ORDER_PREACT,
               BASIC,     2,
               false,     "highway_plain",
               -2};
ROW highway_plain = {"highway_plain",
                     "the plain twin of highway: y = T(x) F(x), its gate starts open",
                     0,
                     DPID_ORDER_PREACT,
                     BASIC,
                     2,
                     false,
                     "highway",
                     2};

static const void *const rows[] = {&plain,      &identity,         &preact,  &preact_plain,
                                   &bottleneck, &bottleneck_plain, &highway, &highway_plain};
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
