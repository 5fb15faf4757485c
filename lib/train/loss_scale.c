/* The ways to scale a loss, one row each.   What: loss_scale.h */
#include "train/loss_scale.h"

#include <deepid/precision.h>

#include <math.h>

/* 2^16, 2, 1/2, 2000: the defaults of torch.amp.GradScaler */
#define START 65536
static const dpid_option none_options[] = {{0}};
static const dpid_option static_options[] = {
    {"scale", DPID_REAL, START, 0x1p-60, 0x1p60, NULL, false, "of every step"},
    {0},
};
static const dpid_option dynamic_options[] = {
    {"init", DPID_REAL, START, 0x1p-60, 0x1p60, NULL, false, "of the first step"},
    {"growth", DPID_REAL, 2, 1, 1024, NULL, false, "factor after `interval` finite steps in a row"},
    {"backoff", DPID_REAL, 0.5, 0.001, 0.999, NULL, false, "factor after a step that was not finite"},
    {"interval", DPID_INT, 2000, 1, 1 << 30, NULL, false, "steps"},
    {0},
};

static const dpid_loss_scaling none = {"none", "the gradient as it is", none_options, false};
static const dpid_loss_scaling constant = {"static", "one scale; options: scale=65536", static_options, false};
static const dpid_loss_scaling dynamic = {"dynamic",
                                          "as torch.amp.GradScaler: a step whose gradient is not finite is skipped and "
                                          "the scale falls, and after many finite "
                                          "ones it grows; options: init=65536, growth=2, backoff=0.5, interval=2000",
                                          dynamic_options, true};

static const void *const rows[] = {&none, &constant, &dynamic};
const dpid_set dpid_loss_scalings = DPID_SET("loss scale", rows);

const char *deepid_loss_scale_word(int64_t i)
{
    return dpid_set_word(&dpid_loss_scalings, i);
}

const char *deepid_loss_scale_help(const char *word)
{
    return dpid_set_help(&dpid_loss_scalings, word);
}

int32_t dpid_loss_scale_read(deepid_ctx *ctx, const char *text, dpid_loss_scale *out)
{
    dpid_loss_scale s = {.scale = 1};
    DPID_TRY(dpid_set_read(ctx, &dpid_loss_scalings, dpid_span_of(text), &s.how, s.option));
    if (s.how != &none)
        s.scale = s.option[DPID_SCALE_START].r;
    *out = s;
    return DEEPID_OK;
}

bool dpid_loss_scale_adapt(dpid_loss_scale *s, bool finite)
{
    const double least = 0x1p-126; /* PyTorch's scale is a float and goes on to 0, from which nothing comes back */
    s->finite = finite ? s->finite + 1 : 0;
    if (!finite) {
        s->skipped++;
        s->scale *= s->option[DPID_SCALE_BACKOFF].r;
    } else if (s->finite == s->option[DPID_SCALE_INTERVAL].i) {
        const double grown = s->scale * s->option[DPID_SCALE_GROWTH].r;
        s->scale = grown <= 0x1p126 ? grown : s->scale;
        s->finite = 0;
    }
    return s->scale >= least;
}
