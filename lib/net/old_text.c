/* Nets' texts of older files in today's words. Up to deepid.format 2 a convolution that says no padding=, and
   whatever said padding=same, had what is padding=same_upper now. */
#include "net/old_text.h"

#include "net/spec.h"

#include <string.h>

static const dpid_option *find_option(const dpid_kind *kind, const char *key, int32_t *at)
{
    for (*at = 0; kind->options && kind->options[*at].key; ++*at)
        if (strcmp(kind->options[*at].key, key) == 0)
            return &kind->options[*at];
    return NULL;
}

/* Without a stride the default is what it was. */
static bool means_same_upper(const dpid_option *padding, const dpid_value *value, const dpid_value *stride)
{
    if (padding->type != DPID_PADDING || value->i == DPID_PADDING_SAME)
        return padding->type == DPID_PADDING;
    const bool strided = stride->list[0] != 1 || (stride->count > 1 && stride->list[1] != 1);
    return !value->given && padding->fallback == DPID_PADDING_SYMMETRIC && strided;
}

static int32_t renew_layer(dpid_arena *arena, dpid_item *item, bool *changed)
{
    dpid_value values[DPID_OPTIONS_MAX];
    int32_t at;
    int32_t stride;
    char *text = NULL;
    const dpid_option *padding = find_option(item->kind, "padding", &at);
    if (!padding || !find_option(item->kind, "stride", &stride))
        return DEEPID_OK;
    DPID_TRY(dpid_options_parse(arena->ctx, item->kind->word, item->options, item->kind->options, values));
    if (!means_same_upper(padding, &values[at], &values[stride]))
        return DEEPID_OK;
    dpid_string s = {.ctx = arena->ctx};
    values[at].i = DPID_PADDING_SAME_UPPER;
    dpid_options_print(&s, item->kind->options, values);
    const int32_t status = s.status == DEEPID_OK ? dpid_arena_text(arena, s.text, s.length, &text) : s.status;
    dpid_string_release(&s);
    item->options = dpid_span_of(text);
    *changed = true;
    return status;
}

static int32_t renew_items(dpid_arena *arena, dpid_item *item, bool *changed)
{
    for (; item; item = item->next)
        DPID_TRY(item->kind ? renew_layer(arena, item, changed) : renew_items(arena, item->body, changed));
    return DEEPID_OK;
}

int32_t dpid_net_renew_text(dpid_arena *arena, const char *text, const char **out)
{
    dpid_spec spec = {.items = NULL};
    dpid_string s = {.ctx = arena->ctx};
    char *renewed = NULL;
    bool changed = false;
    *out = text;
    DPID_TRY(dpid_spec_parse(arena, text, &spec));
    DPID_TRY(renew_items(arena, spec.items, &changed));
    if (!changed)
        return DEEPID_OK;
    dpid_spec_print(&s, &spec);
    const int32_t status = s.status == DEEPID_OK ? dpid_arena_text(arena, s.text, s.length, &renewed) : s.status;
    dpid_string_release(&s);
    *out = renewed;
    return status;
}
