/* The arm D_free: the deep net without dropout, by the recipe without weight decay. What it repairs is the price of
   the regularisation. */
#include "study/study.h"

#include "net/spec.h"
#include "train/optimizer.h"

/* A block of which nothing is left goes too. Returns how many dropouts there were. */
static int32_t drop_noise(dpid_item **items)
{
    int32_t found = 0;
    for (dpid_item **at = items; *at;) {
        dpid_item *item = *at;
        const bool block = !item->kind;
        const bool noise = item->kind && (item->kind->flags & DPID_KIND_NOISE) != 0;
        found += noise ? 1 : drop_noise(&item->body);
        if (noise || (block && !item->body))
            *at = item->next;
        else
            at = &item->next;
    }
    return found;
}

static int32_t free_net(deepid_study *study, dpid_study_arm *arm, bool *differs)
{
    dpid_spec spec = {.items = NULL};
    dpid_string s = {.ctx = study->head.ctx};
    char *text = NULL;
    DPID_TRY(dpid_spec_parse(&study->plan, study->deep, &spec));
    *differs = drop_noise(&spec.items) > 0;
    dpid_spec_print(&s, &spec);
    int32_t status = s.status;
    if (status == DEEPID_OK)
        status = dpid_arena_text(&study->plan, s.text, s.length, &text);
    dpid_string_release(&s);
    arm->text = text;
    return status;
}

/* The recipe's words with weight_decay=0. */
static int32_t free_optimizer(deepid_study *study, dpid_study_arm *arm, bool *differs)
{
    const char *recipe = study->text[DPID_TEXT_OPTIMIZER];
    dpid_value option[DPID_OPTIONS_MAX] = {{0}};
    dpid_string s = {.ctx = study->head.ctx};
    const dpid_optimizer *o;
    char *text = NULL;
    DPID_TRY(dpid_set_read(study->head.ctx, &dpid_optimizers, dpid_span_of(recipe), &o, option));
    *differs = o->decay_key >= 0 && option[o->decay_key].r > 0;
    if (!*differs)
        return DEEPID_OK;
    option[o->decay_key].r = 0;
    dpid_string_add(&s, o->word);
    dpid_options_print(&s, o->options, option);
    int32_t status = s.status;
    if (status == DEEPID_OK)
        status = dpid_arena_text(&study->plan, s.text, s.length, &text);
    dpid_string_release(&s);
    arm->optimizer = text;
    return status;
}

int32_t dpid_arm_free(deepid_study *study, dpid_study_arm *arm, const char **reason)
{
    bool net;
    bool optimizer;
    DPID_TRY(free_net(study, arm, &net));
    DPID_TRY(free_optimizer(study, arm, &optimizer));
    if (!net && !optimizer)
        *reason = "the recipe has neither dropout nor weight decay";
    return DEEPID_OK;
}
