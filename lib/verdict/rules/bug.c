/* bug (before all others): forward and backward of the deep net do not agree in the gradient check of f64. */
#include "verdict/rules.h"

#include "base/words.h"

int32_t dpid_rule_bug(dpid_judge *j, dpid_finding *f)
{
    const dpid_evidence *e = j->e;
    const char *where = e->gradient_check_layer ? e->gradient_check_layer : "a layer without a name";
    f->rule = "bug.gradient_check";
    f->status = e->gradient_check == DPID_FAILED   ? DPID_CONFIRMED
                : e->gradient_check == DPID_PASSED ? DPID_REFUTED
                                                   : DPID_UNDECIDED;
    if (f->status == DPID_UNDECIDED) {
        DPID_TRY(dpid_set_text(j, &f->to_settle, "Run the gradient check of the deep net in f64."));
        return dpid_set_text(
            j, &f->sentence,
            "The gradient check was not run: whether backward is the derivative of forward is not known.");
    }
    dpid_set_number(f, "max_relative_error", e->gradient_check_error);
    f->effect.value = e->gradient_check_error;
    if (f->status == DPID_REFUTED)
        return dpid_set_text(
            j, &f->sentence,
            "Backward is the derivative of forward: the gradient check in f64 has a largest relative error of %s.",
            dpid_words(e->gradient_check_error).text);
    return dpid_set_text(j, &f->sentence,
                         "Backward is not the derivative of forward: at %s the gradient check in f64 has a relative "
                         "error of %s. No other finding counts before this is repaired.",
                         where, dpid_words(e->gradient_check_error).text);
}
