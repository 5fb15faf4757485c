/* The layer kinds as a set: listed, parsed, tested and documented from here. */
#include "ops/op.h"

#include <deepid/ops.h>

#define ROW(word) &dpid_kind_##word,
static const void *const rows[] = {DPID_KINDS(ROW)};
const dpid_set dpid_kinds = DPID_SET("layer", rows);

const dpid_kind *dpid_kind_at(int64_t i)
{
    return dpid_set_at(&dpid_kinds, i);
}

const dpid_kind *dpid_kind_find(dpid_span word)
{
    return dpid_set_find(&dpid_kinds, word);
}

/* ---- public ------------------------------------------------------------------ */

const char *deepid_layer_word(int64_t i)
{
    return dpid_set_word(&dpid_kinds, i);
}

const char *deepid_layer_help(const char *word)
{
    return dpid_set_help(&dpid_kinds, word);
}
