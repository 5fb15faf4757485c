/* The table of layer kinds and block variants: what the theorems say of each on R^n, on x >= 0 and on the box [-1,
   1]. Kinds bring their claims along (lib/ops/<kind>); those of blocks stand here. */
#include "identity/identity.h"

#include "ops/claims.h"

#include <stdio.h>
#include <string.h>

static const char *const domains[DPID_CLAIM_DOMAINS] = {"real", "orthant", "box"};

static const dpid_identity_claim blocks[] = {
    {"plain", PICTURE, "plain out=4", "", {NO(RANGE), BIT, NO(RANGE)}},
    {"plain, train", PICTURE, "plain out=4", "mode=train", ALWAYS(NO(INVARIANCE))},
    {"plain, dense", FEATURES, "plain { dense out=8; batchnorm; relu }", "", {NO(RANGE), BIT, NO(RANGE)}},
    {"plain, layernorm", FEATURES, "plain { dense out=8; layernorm; relu }", "", ALWAYS(NO(INVARIANCE))},
    {"plain, tanh", FEATURES, "plain { dense out=8; tanh; dense out=8 }", "", {NO(BOUNDED), NO(BOUNDED), NEAR}},
    {"identity", PICTURE, "identity out=4", "", {NO(RANGE), BIT, NO(RANGE)}},
    {"identity, train", PICTURE, "identity out=4", "mode=train", {NO(RANGE), BIT, NO(RANGE)}},
    {"identity, shortcut C", PICTURE, "identity out=4 shortcut=C", "", {NO(RANGE), BIT, NO(RANGE)}},
    {"identity, linear sum", FEATURES, "identity { dense out=8; relu; dense out=8 }", "", ALWAYS(BIT)},
    {"identity, s=0.5", FEATURES, "identity s=0.5 { dense out=8; relu; dense out=8 }", "", {NO(UNKNOWN), EXACT, EXACT}},
    {"identity, scale", FEATURES, "identity { dense out=8; relu; dense out=8; scale init=0 }", "", ALWAYS(BIT)},
    {"identity, scale, after",
     PICTURE,
     "identity { conv2d out=4 kernel=3; scale per=channel } after=relu",
     "",
     {NO(RANGE), BIT, NO(RANGE)}},
    {"identity, survive, train", FEATURES, "identity survive=0.8 { dense out=8; relu; dense out=8 }", "mode=train",
     ALWAYS(BIT)},
    {"norm_after", PICTURE, "identity out=4 order=norm_after", "", {NO(RANGE), BIT, NO(RANGE)}},
    {"norm_after, train", PICTURE, "identity out=4 order=norm_after", "mode=train", ALWAYS(NO(INVARIANCE))},
    {"relu_before", PICTURE, "identity out=4 order=relu_before", "", ALWAYS(BIT)},
    {"relu_before, train", PICTURE, "identity out=4 order=relu_before", "mode=train", ALWAYS(BIT)},
    {"relu_preact", PICTURE, "identity out=4 order=relu_preact", "", ALWAYS(BIT)},
    {"relu_preact, train", PICTURE, "identity out=4 order=relu_preact", "mode=train", ALWAYS(BIT)},
    {"preact", PICTURE, "preact out=4", "", ALWAYS(BIT)},
    {"preact, train", PICTURE, "preact out=4", "mode=train", ALWAYS(BIT)},
    {"preact_plain", PICTURE, "preact_plain out=4", "", {NO(KINK), BIT, NO(RANGE)}},
    {"bottleneck", PICTURE, "bottleneck out=1", "", {NO(RANGE), BIT, NO(RANGE)}},
    {"bottleneck, linear sum", FEATURES, "bottleneck { dense out=2; relu; dense out=8 }", "", ALWAYS(BIT)},
    {"bottleneck_plain", PICTURE, "bottleneck_plain out=1", "", ALWAYS(NO(RANK))},
    {"highway", PICTURE, "highway out=4", "", ALWAYS(BIT)},
    {"highway, train", PICTURE, "highway out=4", "mode=train", ALWAYS(BIT)},
    {"highway, dense", FEATURES, "highway { dense out=8; relu }", "", ALWAYS(BIT)},
    {"highway, after", FEATURES, "highway { dense out=8; tanh } after=relu", "", {NO(RANGE), BIT, NO(RANGE)}},
    {"highway, s=0.5", FEATURES, "highway s=0.5 { dense out=8; relu }", "", ALWAYS(NO(UNKNOWN))},
    {"highway_plain", FEATURES, "highway_plain { dense out=8; relu }", "", ALWAYS(NO(UNKNOWN))},
    {0},
};

/* Entry i: the kinds in their order, then the blocks; *kind: the kind's word, or "block". NULL past the ends. */
static const dpid_identity_claim *entry_at(int64_t i, const char **kind)
{
    for (int64_t k = 0; i >= 0 && k <= dpid_kinds.count; k++) {
        const dpid_identity_claim *claim = k < dpid_kinds.count ? dpid_kind_at(k)->claims : blocks;
        *kind = k < dpid_kinds.count ? dpid_kind_at(k)->word : "block";
        for (; claim->variant; claim++, i--)
            if (i == 0)
                return claim;
    }
    return NULL;
}

static const dpid_identity_claim *at(int64_t i)
{
    const char *kind;
    return entry_at(i, &kind);
}

/* -1: none of the three */
static int domain_of(const char *word)
{
    for (int d = 0; word && d < DPID_CLAIM_DOMAINS; d++)
        if (strcmp(word, domains[d]) == 0)
            return d;
    return -1;
}

int64_t deepid_identity_entry_count(void)
{
    int64_t count = 0;
    while (at(count))
        count++;
    return count;
}

const char *deepid_identity_entry_kind(int64_t i)
{
    const char *kind;
    return entry_at(i, &kind) ? kind : NULL;
}

const char *deepid_identity_entry_variant(int64_t i)
{
    return at(i) ? at(i)->variant : NULL;
}

const char *deepid_identity_entry_input(int64_t i)
{
    return at(i) ? at(i)->input : NULL;
}

const char *deepid_identity_entry_block(int64_t i)
{
    return at(i) ? at(i)->block : NULL;
}

const char *deepid_identity_entry_options(int64_t i)
{
    return at(i) ? at(i)->options : NULL;
}

int32_t deepid_identity_entry_status(int64_t i, const char *domain)
{
    return at(i) && domain_of(domain) >= 0 ? at(i)->on[domain_of(domain)].status : 0;
}

int32_t deepid_identity_entry_reason(int64_t i, const char *domain)
{
    return at(i) && domain_of(domain) >= 0 ? at(i)->on[domain_of(domain)].reason : -1;
}

/* ---- examined ----------------------------------------------------------------------------- */

static int32_t entry_examine(deepid_ctx *ctx, int64_t i, const char *options, deepid_identity **out)
{
    deepid_net *net = NULL;
    dpid_string text = {.ctx = ctx};
    dpid_string all = {.ctx = ctx};
    if (!at(i) || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "identity: %s",
                         out ? "there is no such entry in the table" : "out is NULL");
    /* a net needs a layer; the block stands in front of it */
    const char *input = at(i)->input;
    dpid_string_format(&text, "%s; %s", input,
                       strchr(input, 'x') != strrchr(input, 'x') ? "conv2d out=4 kernel=1"
                       : strchr(input, 'x')                      ? "conv1d out=4 kernel=1"
                                                                 : "dense out=8");
    dpid_string_format(&all, "%s %s", at(i)->options, options ? options : "");
    int32_t status = text.status != DEEPID_OK ? text.status : all.status;
    if (status == DEEPID_OK)
        status = deepid_net_create(ctx, text.text, DEEPID_F32, &net);
    if (status == DEEPID_OK)
        status = deepid_identity_examine_with(net, 0, at(i)->block, NULL, all.text, out);
    deepid_net_destroy(net);
    dpid_string_release(&text);
    dpid_string_release(&all);
    return status;
}

int32_t deepid_identity_entry_examine(deepid_ctx *ctx, int64_t i, const char *options, deepid_identity **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, entry_examine(ctx, i, options, out));
}
