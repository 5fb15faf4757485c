/* regularisation: what dropout, weight decay, label smoothing and augmentation cost the deep net. Each is asked by the
   arm that does without it, D_free:dropout and so on; the best of them decides. Always told: which the recipe has, and
   whether dropout is in one net only. */
#include "verdict/rules.h"

#include <string.h>

static const char *where_dropout_is(const dpid_evidence *e)
{
    return e->dropout[0] && e->dropout[1] ? "in both nets"
           : e->dropout[0]                ? "in the shallow net only"
                                          : "in the deep net only";
}

static bool was_run(const dpid_judge *j)
{
    for (int64_t i = 0; i < j->e->arms; i++)
        if (dpid_arm_in_set(&j->e->arm[i], "D_free"))
            return true;
    return false;
}

/* "D_free:dropout, D_free:decay" */
static void say_arms(const dpid_judge *j, dpid_string *s)
{
    const struct {
        bool has;
        const char *word;
    } all[] = {{j->e->dropout[1], "D_free:dropout"},
               {j->e->decay || j->has_penalty, "D_free:decay"},
               {j->e->smoothing, "D_free:smoothing"},
               {j->e->augmentation, "D_free:augmentation"}};
    bool first = true;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (!all[i].has)
            continue;
        dpid_string_format(s, "%s%s", first ? "" : ", ", all[i].word);
        first = false;
    }
}

static int32_t does_not_apply(dpid_judge *j, dpid_finding *f)
{
    f->status = DPID_NOT_APPLICABLE;
    f->rule = "regularisation.none";
    const char *noise = j->e->dropout[0] ? dpid_say_noise(j->e) : "";
    return dpid_set_text(j, &f->sentence,
                         "Does not apply: the deep net is trained without dropout, weight decay, label smoothing and "
                         "augmentation%s%s%s.",
                         *noise ? "; " : "", noise, *noise ? " is in the shallow net only" : "");
}

static int32_t is_not_said(dpid_judge *j, dpid_finding *f)
{
    f->status = DPID_NOT_APPLICABLE;
    f->rule = "regularisation.unknown";
    return dpid_set_text(j, &f->sentence,
                         "Not asked: whether the deep net is trained with dropout, weight decay, label smoothing or "
                         "augmentation is not said.");
}

/* "The deep net is trained with dropout (in the deep net only), weight decay." */
static void say_recipe(const dpid_judge *j, dpid_string *s)
{
    dpid_string_add(s, "The deep net is trained with ");
    dpid_say_regularisers(j, s);
    if (j->e->dropout[0] || j->e->dropout[1])
        dpid_string_format(s, "; %s is %s", dpid_say_noise(j->e), where_dropout_is(j->e));
    dpid_string_add(s, ". ");
}

int32_t dpid_rule_regularisation(dpid_judge *j, dpid_finding *f)
{
    const bool run = was_run(j);
    const bool has = dpid_is_regularised(j);
    dpid_string s = {.ctx = j->ctx};
    if (!has && !run)
        return j->e->regularisers_unknown ? is_not_said(j, f) : does_not_apply(j, f);
    DPID_TRY(dpid_rule_reason(j, f));
    if (!has)
        return DEEPID_OK;
    say_recipe(j, &s);
    dpid_string_add(&s, f->sentence);
    int32_t status = dpid_keep(j, &s, &f->sentence);
    if (status != DEEPID_OK || run || f->status != DPID_UNDECIDED || strcmp(f->rule, "arm.missing") != 0)
        return status;
    dpid_string_add(&s, "Run ");
    say_arms(j, &s);
    dpid_string_add(&s, dpid_either(j, " (--arms).", "."));
    return dpid_keep(j, &s, &f->to_settle);
}

/* Where it was not asked and training is, or may be, harmed. */
void dpid_say_regularisation(const dpid_judge *j, dpid_string *s)
{
    const dpid_finding *f = &j->v->finding[DPID_REGULARISATION];
    const bool open = f->rule && !strcmp(f->rule, "arm.missing");
    if (!open || !dpid_is_regularised(j))
        return;
    dpid_string_add(s, " What is minimised is not the loss alone: the deep net is trained with ");
    dpid_say_regularisers(j, s);
    if (j->e->dropout[1] && !j->e->dropout[0])
        dpid_string_format(s, ", the shallow one without %s", dpid_say_noise(j->e));
    dpid_string_add(s, "; what that costs is not known (");
    say_arms(j, s);
    dpid_string_add(s, " would tell).");
}
