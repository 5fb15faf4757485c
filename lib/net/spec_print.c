/* A net's tree back to text: the one line that parses to the same net again, options only where they differ from
   what is usual. */
#include "net/spec.h"

#include <string.h>

static void print_layer(dpid_string *s, const dpid_item *item)
{
    dpid_value values[DPID_OPTIONS_MAX];
    if (item->count != 1)
        dpid_string_format(s, "%lld * ", (long long)item->count);
    dpid_string_add(s, item->kind->word);
    if (dpid_options_parse(s->ctx, item->kind->word, item->options, item->kind->options, values) == DEEPID_OK)
        dpid_options_print(s, item->kind->options, values);
}

int32_t dpid_item_set(dpid_arena *arena, dpid_item *item, const char *key, double number)
{
    const dpid_option *options = item->kind->options;
    dpid_value values[DPID_OPTIONS_MAX];
    dpid_string s = {.ctx = arena->ctx};
    char *text = NULL;
    DPID_TRY(dpid_options_parse(arena->ctx, item->kind->word, item->options, options, values));
    for (int32_t i = 0; options[i].key; i++)
        if (strcmp(options[i].key, key) == 0) {
            values[i].i = (int64_t)number;
            values[i].r = number;
        }
    dpid_options_print(&s, options, values);
    const int32_t status =
        s.status == DEEPID_OK ? dpid_arena_text(arena, s.text ? s.text : "", s.length, &text) : s.status;
    dpid_string_release(&s);
    DPID_TRY(status);
    item->options = dpid_span_of(text);
    return DEEPID_OK;
}

static void print_items(dpid_string *s, const dpid_item *items);

/* Without its count. */
static void print_block(dpid_string *s, const dpid_item *item)
{
    static const char *const shortcuts[] = {"", " shortcut=A", " shortcut=B", " shortcut=C"};
    static const char *const projections[] = {"", " projection=bare", " projection=bias", " projection=batchnorm"};
    const dpid_variant *row = dpid_variant_at(item->variant);
    dpid_string_add(s, row->word);
    if (item->s != row->s)
        dpid_string_format(s, " s=%s", dpid_number(item->s).text);
    if (item->gate != row->gate)
        dpid_string_format(s, " gate=%s", dpid_number(item->gate).text);
    dpid_string_format(s, "%s%s { ", shortcuts[item->shortcut], projections[item->projection]);
    print_items(s, item->body);
    dpid_string_add(s, " }");
    if (item->norm)
        dpid_string_format(s, " norm=%s", item->norm);
    if (item->after)
        dpid_string_format(s, " after=%s", item->after);
}

/* Equal blocks that follow each other become one with a count. Returns the last of them. */
static const dpid_item *print_blocks(dpid_string *s, const dpid_item *item)
{
    dpid_string one = {.ctx = s->ctx};
    dpid_string other = {.ctx = s->ctx};
    int64_t count = item->count;
    print_block(&one, item);
    for (; item->next && !item->next->kind && one.status == DEEPID_OK && other.status == DEEPID_OK; item = item->next) {
        other.length = 0;
        print_block(&other, item->next);
        if (other.length != one.length || memcmp(one.text, other.text, (size_t)one.length) != 0)
            break;
        count += item->next->count;
    }
    if (s->status == DEEPID_OK)
        s->status = one.status != DEEPID_OK ? one.status : other.status;
    if (count != 1)
        dpid_string_format(s, "%lld * ", (long long)count);
    if (s->status == DEEPID_OK)
        dpid_string_add_span(s, one.text, one.length);
    dpid_string_release(&other);
    dpid_string_release(&one);
    return item;
}

static void print_items(dpid_string *s, const dpid_item *items)
{
    for (const dpid_item *item = items; item && s->status == DEEPID_OK; item = item->next) {
        if (item->kind)
            print_layer(s, item);
        else
            item = print_blocks(s, item);
        if (item->next)
            dpid_string_add(s, "; ");
    }
}

void dpid_spec_print(dpid_string *s, const dpid_spec *spec)
{
    dpid_string_format(s, "input %s%s", dpid_shape_text(spec->input.rank, spec->input.extent).text,
                       spec->exact ? " exact=1" : "");
    if (spec->recompute > 0)
        dpid_string_format(s, " recompute=%lld", (long long)spec->recompute);
    if (spec->frozen)
        dpid_string_add(s, " frozen=1");
    if (spec->storage.on) {
        dpid_string_add(s, " storage=");
        dpid_storage_print(s, &spec->storage);
    }
    if (spec->items)
        dpid_string_add(s, "; ");
    print_items(s, spec->items);
}
