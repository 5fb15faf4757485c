/* The table of layer kinds and block variants: what the theorems say of each on R^n, on x >= 0 and on the box [-1,
   1]. Claims, written down here and measured by the tests and the tour. */
#include "identity/identity.h"

#include <stdio.h>
#include <string.h>

enum { REAL, ORTHANT, BOX, DOMAINS };
static const char *const domains[DOMAINS] = {"real", "orthant", "box"};

typedef struct {
    const char *kind, *variant, *input, *block, *options;
    struct {
        int32_t status, reason;
    } claim[DOMAINS];
} entry;

#define BIT                                                                                                            \
    {                                                                                                                  \
        DEEPID_IDENTITY_E_BIT, DEEPID_REASON_NONE                                                                      \
    }
#define E                                                                                                              \
    {                                                                                                                  \
        DEEPID_IDENTITY_E, DEEPID_REASON_NONE                                                                          \
    }
#define A                                                                                                              \
    {                                                                                                                  \
        DEEPID_IDENTITY_A, DEEPID_REASON_NONE                                                                          \
    }
#define F                                                                                                              \
    {                                                                                                                  \
        DEEPID_IDENTITY_F, DEEPID_REASON_NONE                                                                          \
    }
#define NO(reason)                                                                                                     \
    {                                                                                                                  \
        DEEPID_IDENTITY_N, DEEPID_REASON_##reason                                                                      \
    }
#define ALL(x)                                                                                                         \
    {                                                                                                                  \
        x, x, x                                                                                                        \
    }

#define FEATURES "input 8"
#define PICTURE "input 6x6x4"
#define ALONE(phi) FEATURES, "dense out=8; " phi, ""
#define SANDWICH(phi) FEATURES, "dense out=8; " phi "; dense out=8", ""
#define TWICE(phi) FEATURES, "dense out=8; " phi "; dense out=8; " phi "; dense out=8", ""
#define WIDE(phi) FEATURES, "dense out=16; " phi "; dense out=8", ""

static const entry entries[] = {
    {"dense", "alone", FEATURES, "dense out=8", "", ALL(BIT)},
    {"dense", "wide", FEATURES, "dense out=16; dense out=8", "", ALL(BIT)},
    {"dense", "narrow", FEATURES, "dense out=4; dense out=8", "", ALL(NO(RANK))},
    {"conv2d", "kernel 3", PICTURE, "conv2d out=4 kernel=3", "", ALL(BIT)},
    {"conv2d", "kernel 2, padded at the end", PICTURE, "conv2d out=4 kernel=2", "", ALL(BIT)},
    {"conv2d", "kernel 4, padded evenly", PICTURE, "conv2d out=4 kernel=4 padding=1", "", ALL(NO(SHAPE))},
    {"conv2d", "valid", PICTURE, "conv2d out=4 kernel=3 padding=valid", "", ALL(NO(SHAPE))},
    {"conv2d", "stride 2", PICTURE, "conv2d out=4 kernel=3 stride=2", "", ALL(NO(SHAPE))},
    {"conv2d", "pointwise", PICTURE, "conv2d out=4 kernel=1", "", ALL(BIT)},
    {"conv2d", "dilated", PICTURE, "conv2d out=4 kernel=3 dilation=2", "", ALL(BIT)},
    {"conv2d", "grouped", PICTURE, "conv2d out=4 kernel=3 groups=2", "", ALL(BIT)},
    {"conv2d", "depthwise", PICTURE, "conv2d out=4 kernel=3 groups=4", "", ALL(BIT)},
    {"conv2d", "narrow", PICTURE, "conv2d out=2 kernel=3; conv2d out=4 kernel=3", "", ALL(NO(RANK))},
    {"batchnorm", "eval", FEATURES, "batchnorm", "", ALL(BIT)},
    {"batchnorm", "train", FEATURES, "batchnorm", "mode=train", ALL(NO(INVARIANCE))},
    {"layernorm", "alone", FEATURES, "layernorm", "", ALL(NO(INVARIANCE))},
    {"relu", "alone", ALONE("relu"), {NO(RANGE), BIT, NO(RANGE)}},
    {"relu", "sandwich", SANDWICH("relu"), {NO(KINK), BIT, E}},
    {"relu", "wide", WIDE("relu"), ALL(BIT)},
    {"leaky_relu", "alone", ALONE("leaky_relu"), {NO(KINK), BIT, NO(KINK)}},
    {"leaky_relu", "sandwich", SANDWICH("leaky_relu"), {NO(KINK), BIT, E}},
    {"leaky_relu", "twice", TWICE("leaky_relu"), {E, BIT, E}},
    {"leaky_relu", "wide", WIDE("leaky_relu"), {E, BIT, E}},
    {"prelu", "alone", ALONE("prelu"), ALL(BIT)},
    {"elu", "alone", ALONE("elu"), {NO(RANGE), BIT, NO(CURVED)}},
    {"elu", "sandwich", SANDWICH("elu"), {NO(CURVED), BIT, E}},
    {"elu", "wide", WIDE("elu"), {NO(UNKNOWN), BIT, E}},
    {"selu", "alone", ALONE("selu"), {NO(RANGE), E, NO(KINK)}},
    {"selu", "sandwich", SANDWICH("selu"), {NO(KINK), E, E}},
    {"tanh", "alone", ALONE("tanh"), {NO(BOUNDED), NO(BOUNDED), NO(CURVED)}},
    {"tanh", "sandwich", SANDWICH("tanh"), {NO(BOUNDED), NO(BOUNDED), A}},
    {"tanh", "twice", TWICE("tanh"), {NO(BOUNDED), NO(BOUNDED), A}},
    {"sigmoid", "alone", ALONE("sigmoid"), {NO(BOUNDED), NO(BOUNDED), NO(RANGE)}},
    {"sigmoid", "sandwich", SANDWICH("sigmoid"), {NO(BOUNDED), NO(BOUNDED), F}},
    {"gelu", "alone", ALONE("gelu"), {NO(RANGE), NO(CURVED), NO(RANGE)}},
    {"gelu", "sandwich", SANDWICH("gelu"), {NO(CURVED), A, A}},
    {"gelu", "wide", WIDE("gelu"), ALL(E)},
    {"gelu", "wide, form=tanh", WIDE("gelu form=tanh"), ALL(E)},
    {"silu", "alone", ALONE("silu"), {NO(RANGE), NO(CURVED), NO(RANGE)}},
    {"silu", "sandwich", SANDWICH("silu"), {NO(CURVED), A, A}},
    {"silu", "wide", WIDE("silu"), ALL(E)},
    {"softplus", "alone", ALONE("softplus"), {NO(RANGE), NO(CURVED), NO(RANGE)}},
    {"softplus", "sandwich", SANDWICH("softplus"), {NO(CURVED), A, A}},
    {"softplus", "wide", WIDE("softplus"), ALL(E)},
    {"hardtanh", "alone", ALONE("hardtanh"), {NO(BOUNDED), NO(BOUNDED), BIT}},
    {"hardtanh", "sandwich", SANDWICH("hardtanh"), {NO(BOUNDED), NO(BOUNDED), BIT}},
    {"hardtanh", "relu6 sandwich", SANDWICH("hardtanh min=0 max=6"), {NO(BOUNDED), NO(BOUNDED), E}},
    {"hardswish", "alone", ALONE("hardswish"), {NO(RANGE), NO(KINK), NO(RANGE)}},
    {"hardswish", "sandwich", SANDWICH("hardswish"), {NO(KINK), E, E}},
    {"hardswish", "wide", WIDE("hardswish"), ALL(E)},
    {"maxpool", "window 2", PICTURE, "maxpool kernel=2", "", ALL(NO(SHAPE))},
    {"maxpool", "window 3, stride 1", PICTURE, "maxpool kernel=3 stride=1 padding=1", "", ALL(NO(RANK))},
    {"avgpool", "window 2", PICTURE, "avgpool kernel=2", "", ALL(NO(SHAPE))},
    {"avgpool", "window 1", PICTURE, "avgpool kernel=1 stride=1", "", ALL(BIT)},
    {"global_avgpool", "alone", PICTURE, "global_avgpool", "", ALL(NO(SHAPE))},
    {"flatten", "alone", PICTURE, "flatten", "", ALL(NO(SHAPE))},
    {"dropout", "eval", FEATURES, "dropout", "", ALL(BIT)},
    {"dropout", "train", FEATURES, "dropout", "mode=train", ALL(NO(NOISE))},
    {"channel_pad", "same", FEATURES, "channel_pad out=8", "", ALL(BIT)},
    {"channel_pad", "wider", FEATURES, "channel_pad out=12", "", ALL(NO(SHAPE))},
    {"gradient_cast", "alone", FEATURES, "gradient_cast", "", ALL(BIT)},
    {"block", "plain", PICTURE, "plain out=4", "", {NO(RANGE), BIT, NO(RANGE)}},
    {"block", "plain, train", PICTURE, "plain out=4", "mode=train", ALL(NO(INVARIANCE))},
    {"block", "plain, dense", FEATURES, "plain { dense out=8; batchnorm; relu }", "", {NO(RANGE), BIT, NO(RANGE)}},
    {"block", "plain, layernorm", FEATURES, "plain { dense out=8; layernorm; relu }", "", ALL(NO(INVARIANCE))},
    {"block", "plain, tanh", FEATURES, "plain { dense out=8; tanh; dense out=8 }", "", {NO(BOUNDED), NO(BOUNDED), A}},
    {"block", "identity", PICTURE, "identity out=4", "", {NO(RANGE), BIT, NO(RANGE)}},
    {"block", "identity, train", PICTURE, "identity out=4", "mode=train", {NO(RANGE), BIT, NO(RANGE)}},
    {"block", "identity, shortcut C", PICTURE, "identity out=4 shortcut=C", "", {NO(RANGE), BIT, NO(RANGE)}},
    {"block", "identity, linear sum", FEATURES, "identity { dense out=8; relu; dense out=8 }", "", ALL(BIT)},
    {"block",
     "identity, s=0.5",
     FEATURES,
     "identity s=0.5 { dense out=8; relu; dense out=8 }",
     "",
     {NO(UNKNOWN), E, E}},
    {"block", "preact", PICTURE, "preact out=4", "", ALL(BIT)},
    {"block", "preact, train", PICTURE, "preact out=4", "mode=train", ALL(BIT)},
    {"block", "preact_plain", PICTURE, "preact_plain out=4", "", {NO(KINK), BIT, NO(RANGE)}},
    {"block", "bottleneck", PICTURE, "bottleneck out=1", "", {NO(RANGE), BIT, NO(RANGE)}},
    {"block", "bottleneck, linear sum", FEATURES, "bottleneck { dense out=2; relu; dense out=8 }", "", ALL(BIT)},
    {"block", "bottleneck_plain", PICTURE, "bottleneck_plain out=1", "", ALL(NO(RANK))},
};
enum { ENTRIES = sizeof entries / sizeof *entries };

static const entry *at(int64_t i)
{
    return i >= 0 && i < ENTRIES ? &entries[i] : NULL;
}

/* -1: none of the three */
static int domain_of(const char *word)
{
    for (int d = 0; word && d < DOMAINS; d++)
        if (strcmp(word, domains[d]) == 0)
            return d;
    return -1;
}

int64_t deepid_identity_entry_count(void)
{
    return ENTRIES;
}

const char *deepid_identity_entry_kind(int64_t i)
{
    return at(i) ? at(i)->kind : NULL;
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
    return at(i) && domain_of(domain) >= 0 ? at(i)->claim[domain_of(domain)].status : 0;
}

int32_t deepid_identity_entry_reason(int64_t i, const char *domain)
{
    return at(i) && domain_of(domain) >= 0 ? at(i)->claim[domain_of(domain)].reason : -1;
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
    dpid_string_format(&text, "%s; %s", at(i)->input,
                       strchr(at(i)->input, 'x') ? "conv2d out=4 kernel=1" : "dense out=8");
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
