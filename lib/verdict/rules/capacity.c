/* capacity: do the two nets differ in more than added layers? A deep net that is narrower somewhere than the shallow
   one, or of other layers, is named before depth is blamed. That it can be as good is shown by a net of its shape that
   is: one built from the shallow net, or one that another training found. */
#include "verdict/rules.h"

#include "base/words.h"

static bool narrower(const dpid_evidence *e)
{
    return e->deep_narrowest > 0 && e->shallow_narrowest > 0 && e->deep_narrowest < e->shallow_narrowest;
}

static bool differs(const dpid_judge *j)
{
    return narrower(j->e) || j->e->other_layers;
}

/* "The deep net is narrower than the shallow one (64 against 128, at dense1) and does not hold its layers" */
static void say_difference(const dpid_judge *j, dpid_string *s)
{
    const dpid_evidence *e = j->e;
    dpid_string_add(s, "The deep net ");
    if (narrower(e))
        dpid_string_format(s, "is narrower than the shallow one (%lld against %lld%s%s)", (long long)e->deep_narrowest,
                           (long long)e->shallow_narrowest, e->deep_narrowest_layer ? ", at " : "",
                           e->deep_narrowest_layer ? e->deep_narrowest_layer : "");
    if (e->other_layers)
        dpid_string_format(s, "%sdoes not hold the layers of the shallow one", narrower(e) ? " and " : "");
}

static int32_t does_not_apply(dpid_judge *j, dpid_finding *f)
{
    f->status = DPID_NOT_APPLICABLE;
    f->rule = "capacity.same";
    return dpid_set_text(j, &f->sentence,
                         "Does not apply: the deep net is nowhere narrower than the shallow one, and "
                         "no layer of that is missing in it.");
}

static int32_t is_not_said(dpid_judge *j, dpid_finding *f)
{
    f->status = DPID_NOT_APPLICABLE;
    f->rule = "capacity.unknown";
    return dpid_set_text(j, &f->sentence,
                         "Not asked: how wide the two nets are, and whether the deep one has the layers of the shallow "
                         "one, is not said.");
}

int32_t dpid_rule_capacity(dpid_judge *j, dpid_finding *f)
{
    dpid_string s = {.ctx = j->ctx};
    bool decided;
    if (!differs(j))
        return j->e->nets_unknown ? is_not_said(j, f) : does_not_apply(j, f);
    dpid_set_number(f, "narrowest_shallow", (double)j->e->shallow_narrowest);
    dpid_set_number(f, "narrowest_deep", (double)j->e->deep_narrowest);
    DPID_TRY(dpid_rule_harm(j, f, &decided));
    say_difference(j, &s);
    if (decided) {
        dpid_string_format(&s, ". %s", f->sentence);
        return dpid_keep(j, &s, &f->sentence);
    }
    f->status = DPID_UNDECIDED;
    f->rule = "capacity.open";
    DPID_TRY(dpid_set_text(j, &f->to_settle,
                           "A deep net that holds the layers of the shallow one and is nowhere narrower."));
    dpid_string_add(&s, ": whether depth or that makes it worse is not decided.");
    return dpid_keep(j, &s, &f->sentence);
}

/* When it is known what the net can represent. */
int32_t dpid_rule_capacity_again(dpid_judge *j, dpid_finding *f)
{
    const dpid_finding *can = &j->v->finding[DPID_REPRESENTATION];
    const bool known = can->status == DPID_REFUTED || can->status == DPID_CONFIRMED;
    dpid_string s = {.ctx = j->ctx};
    if (f->status != DPID_UNDECIDED || j->harm_state != DPID_HARM || !known)
        return DEEPID_OK;
    f->status = can->status;
    f->rule = can->status == DPID_REFUTED ? "capacity.suffices" : "capacity.floor";
    f->to_settle = NULL;
    f->effect = can->effect;
    f->scale = can->scale;
    if (can->arm)
        DPID_TRY(dpid_set_text(j, &f->arm, "%s", can->arm));
    say_difference(j, &s);
    dpid_string_format(&s, ", %s: %s",
                       can->status == DPID_REFUTED ? "but that does not keep it from being as good"
                                                   : "and cannot be as good",
                       can->sentence);
    return dpid_keep(j, &s, &f->sentence);
}

/* Before depth is blamed; ends with a space. */
void dpid_say_capacity(const dpid_judge *j, dpid_string *s)
{
    if (!differs(j))
        return;
    dpid_string_add(s, "The two nets differ in more than added layers: ");
    const int64_t at = s->length;
    say_difference(j, s);
    if (s->status == DEEPID_OK)
        s->text[at] = 't'; /* "the deep net" */
    dpid_string_add(s, ". ");
}
