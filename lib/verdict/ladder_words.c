/* The precision ladder in words: "Fewer bits, more loss: harm begins at 8 bits of precision at depth 30 (bfloat16
   against float32: 0.21 [0.15, 0.3]); at depth 2 not, down to 8 bits." Then what the recipe's own format does where the
   bits do not tell it, and what float16 tells of range. The rest is said apart: 8-bit formats, intervals, the
   difference of the differences. */
#include "verdict/ladder.h"

#include "base/words.h"

#include <math.h>
#include <string.h>

/* ---- parts of sentences --------------------------------------------------------------------------- */

/* Between sentences. */
static void part(dpid_string *s)
{
    dpid_string_add(s, s->length > 0 ? " " : "");
}

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

/* "bfloat16 against float32: 0.21 [0.15, 0.3]"; "float16 diverges at 8 of 8 seeds" */
static void say_rung(dpid_string *s, const dpid_ladder *l, const dpid_ladder_side *side, const dpid_rung *rung)
{
    if (isfinite(rung->above.value) || rung->diverged == 0)
        dpid_string_format(s, "%s against %s: %s", rung->format->said, side->rung[side->reference].format->said,
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

/* One interval a headline: of the second side nothing. Returns what joins more to it. */
static const char *say_details(dpid_string *s, const dpid_ladder *l, const dpid_ladder_side *side, bool second)
{
    if (second)
        return " (";
    dpid_string_add(s, " (");
    say_rung(s, l, side, shown(side));
    return "; ";
}

static bool is_none_beyond(const dpid_ladder_side *side, int32_t i)
{
    return i > side->begins && counts(&side->rung[i]) && side->rung[i].state == DPID_HARM_NONE;
}

/* Coarser than where it harms there is surely none. */
static bool strays(const dpid_ladder_side *side)
{
    bool out = false;
    for (int32_t i = 0; i < side->rungs && side->begins >= 0; i++)
        out = out || is_none_beyond(side, i);
    return out;
}

static void say_harm(dpid_string *s, const dpid_ladder *l, const dpid_ladder_side *side, bool deep, bool second)
{
    dpid_string_format(s, "harm %s %d bits of precision ", strays(side) ? "at" : "begins at",
                       (int)shown(side)->format->bits);
    say_where(s, side, deep);
    const char *join = say_details(s, l, side, second);
    bool open = !second;
    for (int32_t i = 0; i < side->rungs; i++) {
        const bool unsure = counts(&side->rung[i]) && side->rung[i].state == DPID_HARM_UNSURE;
        if (!unsure && !is_none_beyond(side, i))
            continue;
        dpid_string_format(s, "%sat %d bits %s", join, (int)side->rung[i].format->bits,
                           unsure ? "it is not told" : "there is none: harm does not follow the bits");
        join = "; ";
        open = true;
    }
    dpid_string_add(s, open ? ")" : "");
}

static void say_none(dpid_string *s, const dpid_ladder *l, const dpid_ladder_side *side, bool deep, bool second)
{
    const dpid_ladder_side *first = &l->side[DPID_LADDER_DEEP];
    const int bits = (int)shown(side)->format->bits;
    const dpid_harm before = second ? first->state : DPID_HARM_UNKNOWN;
    if (before == DPID_HARM_NONE && shown(first)->format == shown(side)->format)
        dpid_string_add(s, "nor ");
    else if (before == DPID_HARM_NONE)
        dpid_string_format(s, "nor down to %d bits ", bits);
    else if (before != DPID_HARM)
        dpid_string_format(s, "no harm down to %d bits of precision ", bits);
    say_where(s, side, deep);
    if (before == DPID_HARM)
        dpid_string_format(s, " not, down to %d bits", bits);
    say_details(s, l, side, second);
    dpid_string_add(s, second ? "" : ")");
}

static void say_unsure(dpid_string *s, const dpid_ladder *l, const dpid_ladder_side *side, bool deep, bool second)
{
    const dpid_rung *open = shown(side);
    const bool alone = open->above.low > l->margin && open->seeds >= l->least_seeds;
    dpid_string_format(s, "%lld seed%s not tell whether fewer bits harm ", (long long)open->seeds,
                       open->seeds == 1 ? " does" : "s do");
    say_where(s, side, deep);
    const char *join = say_details(s, l, side, second);
    if (alone)
        dpid_string_format(s, "%ssure by itself, not among %d comparisons", join, (int)l->steps);
    else if (open->seeds < l->least_seeds && !second)
        dpid_string_format(s, "%sfor %d comparisons %lld seeds are needed", join, (int)l->steps,
                           (long long)l->least_seeds);
    dpid_string_add(s, alone || !second ? ")" : "");
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

/* ---- the recipe's own ---------------------------------------------------------------------------------- */

/* It is no step, so that the bits do not tell of it, and it harms or diverges. */
static bool is_untold(const dpid_ladder *l, const dpid_ladder_side *side, const dpid_rung *rung)
{
    const int64_t before = side->reference < 0 ? 0 : side->rung[side->reference].diverged;
    return rung->own && !rung->step && !side->idle && rung - side->rung != side->reference &&
           (rung->above.low > l->margin || rung->diverged > before);
}

/* "float16 with a static scale", "bfloat16 with weights=format" */
static void say_own_format(dpid_string *s, const dpid_rung *rung)
{
    dpid_string_add(s, rung->format->said);
    if (*rung->variant && strchr(rung->variant, '='))
        dpid_string_format(s, " with %s", rung->variant);
    else if (*rung->variant)
        dpid_string_format(s, " with a %s scale", rung->variant);
}

static void say_own_end(dpid_string *s, const dpid_ladder *l, const dpid_ladder_side *side, const dpid_rung *rung)
{
    if (rung->diverged > 0)
        dpid_string_format(s, " diverges at %s ", dpid_seeds_words(rung->diverged, rung->runs).text);
    else
        dpid_string_format(s, " ends %s above %s ", dpid_scale_words(l->scale, &rung->above).text,
                           side->rung[side->reference].format->said);
}

/* " The recipe's own, float16 with a static scale, diverges at 8 of 8 seeds at depth 16; it ends ... at depth 2." */
static void say_own(dpid_string *s, const dpid_ladder *l)
{
    bool said = false;
    for (int deep = 1; deep >= 0; deep--)
        for (int32_t i = 0; i < l->side[deep].rungs; i++) {
            const dpid_rung *rung = &l->side[deep].rung[i];
            if (!is_untold(l, &l->side[deep], rung))
                continue;
            dpid_string_add(s, said ? "; it" : " The recipe's own, ");
            if (!said) {
                say_own_format(s, rung);
                dpid_string_add(s, ",");
            }
            say_own_end(s, l, &l->side[deep], rung);
            say_where(s, &l->side[deep], deep != 0);
            said = true;
        }
    dpid_string_add(s, said ? "." : "");
}

/* ---- range ---------------------------------------------------------------------------------------------- */

/* float16, which has a twin: a format of as many bits with float32's range. */
static bool has_twin(const dpid_number_format *format)
{
    for (int64_t i = 0; dpid_number_format_at(i); i++)
        if (dpid_format_is_wide(dpid_number_format_at(i)) && dpid_number_format_at(i)->bits == format->bits)
            return true;
    return false;
}

/* What it loses more than the step that tells its range from its bits. */
static void say_beyond(dpid_string *s, const dpid_ladder *l, const dpid_rung *rung, const char *cause)
{
    if (!(rung->beyond.low > l->margin))
        return;
    dpid_string_format(s, ", and beyond %s ", rung->beside->format->said);
    if (isfinite(rung->beyond.value))
        dpid_string_format(s, "by %s: its %s", dpid_scale_words(l->scale, &rung->beyond).text, cause);
    else
        dpid_string_format(s, "it diverges: its %s", cause);
}

static void say_cause(dpid_string *s, const dpid_ladder *l, const dpid_rung *rung)
{
    const dpid_rung *beside = rung->beside;
    const bool wide = beside && dpid_format_is_wide(beside->format);
    const char *cause = wide ? "range" : "bits";
    const char *common = wide ? "as many bits" : "as small a range";
    if (beside && beside->state == DPID_HARM_NONE)
        dpid_string_format(s, ": its %s, since %s has %s and does no harm", cause, beside->format->said, common);
    else if (beside && beside->state == DPID_HARM) {
        dpid_string_format(s, ": %s has %s and harms too", beside->format->said, common);
        say_beyond(s, l, rung, cause);
    } else
        dpid_string_add(s, has_twin(rung->format) ? ": by its range or its bits, which tf32 would tell"
                                                  : ": by fewer bits or a smaller range, which nothing tells apart");
}

/* The net that a format's sentence is about: that it harms, else that it may harm; the deep one first. */
static bool is_about(const dpid_ladder *l, const dpid_number_format *format, bool deep)
{
    static const dpid_harm states[] = {DPID_HARM, DPID_HARM_UNSURE};
    for (int k = 0; k < 2; k++)
        for (int side = 1; side >= 0; side--) {
            const dpid_rung *rung = dpid_ladder_find(&l->side[side], format);
            if (rung && rung->step && rung->state == states[k])
                return deep == (side != 0);
        }
    return false;
}

/* "Float16 diverges at 8 of 8 seeds at depth 30: its range, since tf32 has as many bits and does no harm; at depth 2
   not". Where it is not told: "Float16: not told at depth 30, diverges at 5 of 10 seeds". */
static void say_narrow(dpid_string *s, const dpid_ladder *l, const dpid_rung *rung, bool deep)
{
    const bool harms = rung->state == DPID_HARM;
    const dpid_rung *other = dpid_ladder_find(&l->side[!deep], rung->format);
    const dpid_words_text seeds = dpid_seeds_words(rung->diverged, rung->runs);
    dpid_string_add(s, rung->format->said);
    if (!harms)
        dpid_string_add(s, ": not told ");
    else if (isfinite(rung->above.value) || rung->diverged == 0)
        dpid_string_add(s, " harms ");
    else
        dpid_string_format(s, " diverges at %s ", seeds.text);
    say_where(s, &l->side[deep], deep);
    if (harms)
        say_cause(s, l, rung);
    else if (rung->diverged > 0)
        dpid_string_format(s, ", diverges at %s", seeds.text);
    if (harms && other && other->step) {
        dpid_string_add(s, "; ");
        say_where(s, &l->side[!deep], !deep);
        dpid_string_add(s, other->state == DPID_HARM        ? " too"
                           : other->state == DPID_HARM_NONE ? " not"
                                                            : " that is not told");
    }
}

/* What has a twin, or is the recipe's own, stands in the headline. */
static void say_range(dpid_string *s, const dpid_ladder *l, bool headline)
{
    for (int deep = 1; deep >= 0; deep--)
        for (int32_t i = 0; i < l->side[deep].rungs; i++) {
            const dpid_rung *rung = &l->side[deep].rung[i];
            const int64_t at = s->length + (s->length > 0);
            if (!rung->step || dpid_format_is_wide(rung->format) || !is_about(l, rung->format, deep != 0) ||
                (has_twin(rung->format) || rung->own) != headline)
                continue;
            part(s);
            say_narrow(s, l, rung, deep != 0);
            begin(s, at);
            dpid_string_add(s, ".");
        }
}

/* ---- intervals that a headline has no room for --------------------------------------------------------- */

static void say_interval(dpid_string *s, const dpid_ladder *l, const dpid_rung *rung, bool deep)
{
    const int64_t at = s->length + (s->length > 0);
    if (!isfinite(rung->above.value))
        return;
    part(s);
    say_rung(s, l, &l->side[deep], rung);
    begin(s, at);
    dpid_string_add(s, " ");
    say_where(s, &l->side[deep], deep);
    dpid_string_add(s, ".");
}

static void say_intervals(dpid_string *s, const dpid_ladder *l, bool second)
{
    if (second && l->side[DPID_LADDER_SHALLOW].state != DPID_HARM_UNKNOWN)
        say_interval(s, l, shown(&l->side[DPID_LADDER_SHALLOW]), false);
    for (int deep = 1; deep >= 0; deep--)
        for (int32_t i = 0; i < l->side[deep].rungs; i++) {
            const dpid_rung *rung = &l->side[deep].rung[i];
            if (rung->step && !dpid_format_is_wide(rung->format) && is_about(l, rung->format, deep != 0))
                say_interval(s, l, rung, deep != 0);
        }
}

/* ---- depth ------------------------------------------------------------------------------------------------ */

static void say_deeper(dpid_string *s, const dpid_ladder *l)
{
    const dpid_words_text words = dpid_scale_words(l->scale, &l->deeper);
    if (!l->deeper_in || dpid_ladder_find(&l->side[DPID_LADDER_DEEP], l->deeper_in)->state != DPID_HARM ||
        (!l->deeper_idle && !isfinite(l->deeper.value)))
        return;
    part(s);
    if (l->deeper_idle)
        dpid_string_format(s, "In %s neither net learns anything.", l->deeper_in->said);
    else if (l->deeper.low > l->margin)
        dpid_string_format(s, "In %s the deep net loses more than the shallow one, by %s.", l->deeper_in->said,
                           words.text);
    else if (l->deeper.high < l->margin)
        dpid_string_format(s, "In %s the deep net loses no more than the shallow one, or by less than the margin: %s.",
                           l->deeper_in->said, words.text);
    else
        dpid_string_format(s,
                           "Whether the deep net loses more in %s than the shallow one, by the margin, is not sure: "
                           "%s.",
                           l->deeper_in->said, words.text);
}

/* Of a side that ran in no other format than the recipe's there is nothing to say. */
static bool has_formats(const dpid_ladder_side *side)
{
    int32_t others = 0;
    for (int32_t i = 0; i < side->rungs; i++)
        others += !side->rung[i].own;
    return others > 0;
}

static void say_margin(dpid_string *s, const dpid_ladder *l)
{
    part(s);
    dpid_string_format(s, "Harm: surely above the margin, %s", dpid_scale_margin_words(l->scale, l->margin).text);
    if (l->steps > 0)
        dpid_string_format(s, ", by Holm over %d comparison%s", (int)l->steps, l->steps == 1 ? "" : "s");
    dpid_string_add(s, ".");
}

int32_t dpid_ladder_say(dpid_judge *j, dpid_ladder *l)
{
    const bool deep = has_formats(&l->side[DPID_LADDER_DEEP]);
    const bool both = deep && has_formats(&l->side[DPID_LADDER_SHALLOW]);
    const bool second = both && l->side[DPID_LADDER_DEEP].state != DPID_HARM_UNKNOWN;
    dpid_string s = {.ctx = j->ctx};
    dpid_string more = {.ctx = j->ctx};
    if (l->side[deep].state == DPID_HARM && !strays(&l->side[deep]))
        dpid_string_add(&s, "fewer bits, more loss: ");
    say_side(&s, l, deep, false);
    if (both) {
        dpid_string_add(&s, "; ");
        say_side(&s, l, false, second);
    }
    dpid_string_add(&s, ".");
    begin(&s, 0);
    say_own(&s, l);
    say_range(&s, l, true);
    say_range(&more, l, false);
    say_intervals(&more, l, second);
    say_deeper(&more, l);
    say_margin(&more, l);
    const int32_t status = dpid_keep(j, &s, &l->sentence);
    const int32_t other = dpid_keep(j, &more, &l->more);
    return status == DEEPID_OK ? other : status;
}
