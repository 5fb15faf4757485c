/* Open sets: found, listed and read from their tables.   What: set.h */
#include "base/set.h"

#include <string.h>

static const dpid_row_head *head(const dpid_set *set, int64_t i)
{
    return dpid_set_at(set, i);
}

const void *dpid_set_at(const dpid_set *set, int64_t i)
{
    return i >= 0 && i < set->count ? set->row[i] : NULL;
}

const void *dpid_set_find(const dpid_set *set, dpid_span word)
{
    for (int64_t i = 0; i < set->count; i++)
        if (dpid_span_is(word, head(set, i)->word))
            return set->row[i];
    return NULL;
}

const char *dpid_set_word(const dpid_set *set, int64_t i)
{
    return head(set, i) ? head(set, i)->word : NULL;
}

const char *dpid_set_help(const dpid_set *set, const char *word)
{
    const dpid_row_head *found = word ? dpid_set_find(set, dpid_span_of(word)) : NULL;
    return found ? found->help : NULL;
}

void dpid_set_print(dpid_string *s, const dpid_set *set)
{
    for (int64_t i = 0; i < set->count; i++)
        dpid_string_format(s, "%s%s", i > 0 ? ", " : "", head(set, i)->word);
}

/* ---- reading ----------------------------------------------------------------- */

int32_t dpid_set_take(deepid_ctx *ctx, const dpid_set *set, dpid_span word, void *row)
{
    enum { MOST = 64 };
    const char *words[MOST + 1] = {NULL};
    const void *found = dpid_set_find(set, word);
    memcpy(row, &found, sizeof found);
    if (found)
        return DEEPID_OK;
    for (int64_t i = 0; i < set->count && i < MOST; i++)
        words[i] = head(set, i)->word;
    return dpid_fail_word(ctx, set->what, word, words);
}

int32_t dpid_set_read(deepid_ctx *ctx, const dpid_set *set, dpid_span text, void *row, dpid_value *values)
{
    dpid_span rest;
    const dpid_span word = dpid_first_word(text, &rest);
    const dpid_row_head *found = NULL;
    DPID_TRY(dpid_set_take(ctx, set, word, &found));
    memcpy(row, &found, sizeof found);
    return dpid_options_parse(ctx, found->word, rest, found->options, values);
}
