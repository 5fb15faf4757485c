/* The precision ladder in words: "Fewer bits, more loss: harm begins at 8 bits of precision at depth 30 (bfloat16
   against float32: 0.21 [0.15, 0.3]); at depth 2 not, down to 8 bits (...)." Then what float16 tells of range; the
   rest, 8-bit formats and the difference of the differences, is said apart. */
#include "verdict/ladder.h"

#include "base/words.h"

#include <math.h>
#include <string.h>

/* ---- parts of sentences --------------------------------------------------------------------------- */

/* A sentence begins there. */
static void begin(dpid_string *s, int64_t at)
{
    if (s->status == DEEPID_OK && s->text[at] >= 'a' && s->text[at] <= 'z')
        s->text[at] = (char)(s->text[at] - 'a' + 'A');
}

/* "at depth 30" */
static void say_where(dpid_string *s, const dpid_ladder_side *side, bool deep)
{
    if (side->depth > 0)
        dpid_string_format(s, "at depth %lld", (long long)side->depth);
    else
        dpid_string_add(s, deep ? "in the deep net" : "in the shallow net");
}

/* "bfloat16 against float32: 0.21 [0.15, 0.3]"; "float16 diverges at 8 of 8 seeds". said: what was compared is known */
static void say_rung(dpid_string *s, const dpid_ladder *l, const dpid_ladder_side *side, const dpid_rung *rung,
                     bool said)
{
    if (isfinite(rung->above.value) || rung->diverged == 0)
        dpid_string_format(s, "%s%s%s%s%s", said ? "" : rung->format->said, said ? "" : " against ",
                           said ? "" : side->rung[side->reference].format->said, said ? "" : ": ",
                           dpid_scale_words(l->scale, &rung->above).text);
    else
        dpid_string_format(s, "%s diverges at %s", rung->format->said,
                           dpid_seeds_words(rung->diverged, rung->runs).text);
}

static bool counts(const dpid_rung *rung)
{
    return rung->step && dpid_format_is_wide(rung->format);
}

/* The coarsest of the steps with float32's range: of this state, or of any. */
static const dpid_rung *coarsest(const dpid_ladder_side *side, dpid_harm state)
{
    const dpid_rung *out = NULL;
    for (int32_t i = 0; i < side->rungs; i++)
        if (counts(&side->rung[i]) && (state == DPID_HARM_UNKNOWN || side->rung[i].state == state))
            out = &side->rung[i];
    return out;
}

/* ---- bits --------------------------------------------------------------------------------------------- */

/* The step that a side is told by. */
static const dpid_rung *shown(const dpid_ladder_side *side)
{
    return side->state == DPID_HARM          ? &side->rung[side->begins]
           : side->state == DPID_HARM_UNSURE ? coarsest(side, DPID_HARM_UNSURE)
                                             : coarsest(side, DPID_HARM_UNKNOWN);
}

/* Behind the deep net's the shallow net's needs no names where they are the same. */
static bool said_before(const dpid_ladder *l, const dpid_ladder_side *side, bool second)
{
    const dpid_ladder_side *deep = &l->side[DPID_LADDER_DEEP];
    return second && deep->state != DPID_HARM_UNKNOWN && shown(deep)->format == shown(side)->format &&
           deep->rung[deep->reference].format == side->rung[side->reference].format;
}

static void say_harm(dpid_string *s, const dpid_ladder *l, const dpid_ladder_side *side, bool deep, bool second)
{
    const dpid_rung *begins = shown(side);
    dpid_string_format(s, "harm begins at %d bits of precision ", (int)begins->format->bits);
    say_where(s, side, deep);
    dpid_string_add(s, " (");
    say_rung(s, l, side, begins, said_before(l, side, second));
    for (int32_t i = 0; i < side->rungs; i++)
        if (counts(&side->rung[i]) && side->rung[i].state != DPID_HARM &&
            (i > side->begins || side->rung[i].state == DPID_HARM_UNSURE))
            dpid_string_format(s, "; at %d bits %s", (int)side->rung[i].format->bits,
                               side->rung[i].state == DPID_HARM_NONE ? "there is none" : "it is not told");
    dpid_string_add(s, ")");
}

static void say_none(dpid_string *s, const dpid_ladder *l, const dpid_ladder_side *side, bool deep, bool second)
{
    const dpid_rung *last = shown(side);
    const dpid_harm before = second ? l->side[DPID_LADDER_DEEP].state : DPID_HARM_UNKNOWN;
    if (before == DPID_HARM_NONE)
        dpid_string_add(s, "nor ");
    else if (before != DPID_HARM)
        dpid_string_format(s, "no harm down to %d bits of precision ", (int)last->format->bits);
    say_where(s, side, deep);
    if (before == DPID_HARM)
        dpid_string_format(s, " not, down to %d bits", (int)last->format->bits);
    dpid_string_add(s, " (");
    say_rung(s, l, side, last, said_before(l, side, second));
    dpid_string_add(s, ")");
}

static void say_unsure(dpid_string *s, const dpid_ladder *l, const dpid_ladder_side *side, bool deep, bool second)
{
    const dpid_rung *open = shown(side);
    dpid_string_format(s, "%lld seed%s not tell whether fewer bits harm ", (long long)open->seeds,
                       open->seeds == 1 ? " does" : "s do");
    say_where(s, side, deep);
    dpid_string_add(s, " (");
    say_rung(s, l, side, open, said_before(l, side, second));
    if (open->above.low > l->margin && open->seeds >= l->least_seeds)
        dpid_string_format(s, "; sure by itself, not among %d comparisons", (int)l->steps);
    else if (open->seeds < l->least_seeds && !second)
        dpid_string_format(s, "; for %d comparisons %lld seeds are needed", (int)l->steps, (long long)l->least_seeds);
    dpid_string_add(s, ")");
}

/* Nothing to compare, or with. */
static void say_unknown(dpid_string *s, const dpid_ladder_side *side, bool deep)
{
    if (side->idle) {
        say_where(s, side, deep);
        dpid_string_format(s, " nothing is learned in %s either, so that no format can harm it",
                           side->rung[side->reference].format->said);
        return;
    }
    dpid_string_add(s, side->reference < 0 ? "neither float32 nor float64 was run to compare with "
                                           : "no coarser format with float32's range was run ");
    say_where(s, side, deep);
}

static void say_side(dpid_string *s, const dpid_ladder *l, bool deep, bool second)
{
    const dpid_ladder_side *side = &l->side[deep];
    if (side->state == DPID_HARM)
        say_harm(s, l, side, deep, second);
    else if (side->state == DPID_HARM_NONE)
        say_none(s, l, side, deep, second);
    else if (side->state == DPID_HARM_UNSURE)
        say_unsure(s, l, side, deep, second);
    else
        say_unknown(s, side, deep);
}

/* ---- range ---------------------------------------------------------------------------------------------- */

/* What tells range from bits: the step with float32's range and as many bits. */
static const dpid_rung *twin_of(const dpid_ladder_side *side, const dpid_rung *rung)
{
    for (int32_t i = 0; i < side->rungs; i++)
        if (counts(&side->rung[i]) && side->rung[i].format->bits == rung->format->bits)
            return &side->rung[i];
    return NULL;
}

/* float16, which has a twin. */
static bool has_twin(const dpid_number_format *format)
{
    for (int64_t i = 0; dpid_number_format_at(i); i++)
        if (dpid_format_is_wide(dpid_number_format_at(i)) && dpid_number_format_at(i)->bits == format->bits)
            return true;
    return false;
}

static void say_cause(dpid_string *s, const dpid_ladder_side *side, const dpid_rung *rung)
{
    const dpid_rung *twin = twin_of(side, rung);
    if (twin && twin->state == DPID_HARM_NONE)
        dpid_string_format(s, ": its range, since %s has as many bits and does no harm", twin->format->said);
    else if (twin && twin->state == DPID_HARM)
        dpid_string_format(s, ": %s has as many bits and harms too", twin->format->said);
    else
        dpid_string_add(s, has_twin(rung->format) ? ": by its range or its bits, which tf32 would tell"
                                                  : ": by fewer bits or a smaller range, which nothing tells apart");
}

/* " Float16 diverges at 8 of 8 seeds: its range, since tf32 has as many bits and does no harm; at depth 2 not." */
static void say_range(dpid_string *s, const dpid_ladder *l, bool deep, bool twins)
{
    const dpid_ladder_side *side = &l->side[deep];
    for (int32_t i = 0; i < side->rungs; i++) {
        const dpid_rung *rung = &side->rung[i];
        const dpid_rung *other = dpid_ladder_find(&l->side[!deep], rung->format);
        const int64_t at = s->length + 1;
        if (!rung->step || dpid_format_is_wide(rung->format) || rung->state != DPID_HARM ||
            has_twin(rung->format) != twins)
            continue;
        dpid_string_add(s, " ");
        say_rung(s, l, side, rung, false);
        begin(s, at);
        say_cause(s, side, rung);
        if (other && other->step) {
            dpid_string_add(s, "; ");
            say_where(s, &l->side[!deep], !deep);
            dpid_string_add(s, other->state == DPID_HARM        ? " too"
                               : other->state == DPID_HARM_NONE ? " not"
                                                                : " that is not told");
        }
        dpid_string_add(s, ".");
    }
}

/* ---- depth ------------------------------------------------------------------------------------------------ */

static void say_deeper(dpid_string *s, const dpid_ladder *l)
{
    const dpid_ladder_side *deep = &l->side[DPID_LADDER_DEEP];
    if (!l->deeper_in || !isfinite(l->deeper.value))
        return;
    const dpid_rung *rung = dpid_ladder_find(deep, l->deeper_in);
    if (rung->state != DPID_HARM)
        return;
    const dpid_words_text words = dpid_scale_words(l->scale, &l->deeper);
    dpid_string_format(s,
                       l->deeper.low > 0
                           ? " In %s the deep net loses more than the shallow one, by %s."
                           : " Whether the deep net loses more in %s than the shallow one is not sure: %s.",
                       rung->format->said, words.text);
}

/* Of a side that ran in no other format than the recipe's there is nothing to say. */
static bool has_formats(const dpid_ladder_side *side)
{
    int32_t others = 0;
    for (int32_t i = 0; i < side->rungs; i++)
        others += !side->rung[i].own;
    return others > 0;
}

int32_t dpid_ladder_say(dpid_judge *j, dpid_ladder *l)
{
    const bool deep = has_formats(&l->side[DPID_LADDER_DEEP]);
    const bool both = deep && has_formats(&l->side[DPID_LADDER_SHALLOW]);
    dpid_string s = {.ctx = j->ctx};
    dpid_string more = {.ctx = j->ctx};
    if (l->side[deep].state == DPID_HARM)
        dpid_string_add(&s, "fewer bits, more loss: ");
    say_side(&s, l, deep, false);
    if (both) {
        dpid_string_add(&s, "; ");
        say_side(&s, l, false, true);
    }
    dpid_string_add(&s, ".");
    begin(&s, 0);
    say_range(&s, l, deep, true);
    say_range(&more, l, deep, false);
    say_deeper(&more, l);
    dpid_string_format(&more, "%sHarm: surely above the margin, %s, by Holm over %d comparison%s.",
                       more.length ? " " : "", dpid_scale_margin_words(l->scale, l->margin).text, (int)l->steps,
                       l->steps == 1 ? "" : "s");
    const int32_t status = dpid_keep(j, &s, &l->sentence);
    const int32_t other = dpid_keep(j, &more, &l->more);
    return status == DEEPID_OK ? other : status;
}
