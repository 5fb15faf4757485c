/* bug (before all others): forward and backward of the deep net do not agree in the gradient check of f64. One way of
   differences may fail by itself, so a second has to agree before it is said. Where the loss is too steep or too flat
   for differences, the same net speaks that another training brings to the shallow net's loss. */
#include "verdict/rules.h"

#include "base/words.h"

#include <math.h>

#define RIGHT 1e-6 /* a relative error up to this is none (docs/probes.md) */

static const char *where(const dpid_evidence *e)
{
    return e->gradient_check_layer ? e->gradient_check_layer : "a layer without a name";
}

static int32_t not_checked(dpid_judge *j, dpid_finding *f)
{
    f->status = DPID_UNDECIDED;
    DPID_TRY(
        dpid_set_text(j, &f->to_settle, "Run the gradient check of the deep net in f64: %s.",
                      dpid_either(j, "probes (--probes 3)", "derivatives beside differences (fact gradient_check)")));
    return dpid_set_text(j, &f->sentence,
                         "The gradient check was not run: whether backward is the derivative of forward is not known.");
}

static int32_t passed(dpid_judge *j, dpid_finding *f)
{
    f->status = DPID_REFUTED;
    return dpid_set_text(
        j, &f->sentence,
        "Backward is the derivative of forward: the gradient check in f64 has a largest relative error of %s.",
        dpid_words(j->e->gradient_check_error).text);
}

static int32_t confirmed(dpid_judge *j, dpid_finding *f)
{
    const dpid_evidence *e = j->e;
    f->status = DPID_CONFIRMED;
    return dpid_set_text(j, &f->sentence,
                         "Backward is not the derivative of forward: at %s the gradient check in f64 has a relative "
                         "error of %s, and %s in a second way. No other finding counts before this is repaired.",
                         where(e), dpid_words(e->gradient_check_error).text, dpid_words(e->gradient_check_second).text);
}

/* The check says nothing sure. Gradients by which the same net trains as well as the shallow one are right enough. */
static int32_t unresolved(dpid_judge *j, dpid_finding *f, const char *why)
{
    const dpid_arm_evidence *arm;
    dpid_contrast above;
    dpid_string s = {.ctx = j->ctx};
    DPID_TRY(dpid_reaches_shallow(j, "D64", &arm, &above));
    if (!(j->median_s + j->margin < j->e->const_loss)) /* the shallow net learned nothing that others could reach */
        arm = NULL;
    f->status = arm ? DPID_REFUTED : DPID_UNDECIDED;
    f->rule = arm ? "bug.trains" : "bug.unresolved";
    DPID_TRY(
        arm ? dpid_set_text(j, &f->arm, "%s", arm->word)
            : dpid_set_text(j, &f->to_settle,
                            "A gradient check where the loss is less steep: at another start, or after training."));
    dpid_string_format(&s, "The gradient check cannot tell: at %s %s.", where(j->e), why);
    if (arm) {
        dpid_string_add(&s, " But with ");
        dpid_say_arm(&s, arm, false);
        dpid_string_format(&s,
                           " the same net, by the same backward, ends as low as the shallow one (difference %s, margin "
                           "%s): its gradients are no bug.",
                           dpid_interval_words(&above.rank).text, dpid_words(j->margin).text);
    }
    return dpid_keep(j, &s, &f->sentence);
}

static int32_t failed(dpid_judge *j, dpid_finding *f)
{
    const double error = j->e->gradient_check_error;
    const double second = j->e->gradient_check_second;
    char *why;
    if (second > RIGHT)
        return confirmed(j, f);
    if (isnan(second))
        DPID_TRY(dpid_set_text(j, &why, "differences and backward are apart by %s, and no second way was tried",
                               dpid_words(error).text));
    else
        DPID_TRY(dpid_set_text(j, &why,
                               "one way of differences is apart from backward by %s, a second by %s: they do not agree",
                               dpid_words(error).text, dpid_words(second).text));
    return unresolved(j, f, why);
}

int32_t dpid_rule_bug(dpid_judge *j, dpid_finding *f)
{
    const dpid_evidence *e = j->e;
    f->rule = "bug.gradient_check";
    if (e->gradient_check == DPID_NOT_CHECKED)
        return not_checked(j, f);
    dpid_set_number(f, "max_relative_error", e->gradient_check_error);
    if (!isnan(e->gradient_check_second))
        dpid_set_number(f, "second_relative_error", e->gradient_check_second);
    f->effect.value = e->gradient_check_error;
    if (e->gradient_check == DPID_PASSED)
        return passed(j, f);
    if (e->gradient_check == DPID_FAILED)
        return failed(j, f);
    return unresolved(j, f, "the loss is too steep or too flat for differences");
}
