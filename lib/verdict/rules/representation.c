/* representation: a proven floor above L_S + m confirms it; a witness net that is as good as S refutes it by showing
   the solution. */
#include "verdict/rules.h"

#include "base/words.h"

#include <deepid/identity.h>

#include <math.h>

static const char *theorem(const dpid_judge *j)
{
    return j->e->floor_theorem ? j->e->floor_theorem : "a proven floor";
}

/* floor - L_S: every seed against one proven number */
static int32_t by_floor(dpid_judge *j, dpid_finding *f, bool *decided)
{
    const dpid_series floor = dpid_series_make(j);
    dpid_contrast above;
    *decided = false;
    if (isnan(j->e->floor) || !j->s)
        return DEEPID_OK;
    for (int64_t s = 0; s < j->e->seeds; s++)
        floor.at[s] = j->e->floor;
    DPID_TRY(dpid_contrast_of(j, &floor, &j->loss_s, DPID_CAPPED, &above));
    dpid_set_number(f, "floor", j->e->floor);
    if (!(above.rank.low > j->margin))
        return DEEPID_OK;
    *decided = true;
    j->on_floor = true;
    f->status = DPID_CONFIRMED;
    f->rule = "representation.floor";
    DPID_TRY(dpid_set_contrast(j, f, &above));
    DPID_TRY(dpid_set_text(j, &f->arm, "S"));
    for (int64_t s = 0; s < j->e->seeds; s++)
        j->reference.at[s] = j->e->floor; /* from here on the solver is judged against the floor */
    DPID_TRY(dpid_contrast_of(j, &j->loss_d, &j->reference, DPID_CAPPED, &j->gap));
    return dpid_set_text(j, &f->sentence,
                         "The added layers cannot be the identity: by %s no weights bring the training loss below %s, "
                         "where the shallow net reaches %s; the difference is %s, margin %s.",
                         theorem(j), dpid_words(j->e->floor).text, dpid_words(j->median_s).text,
                         dpid_interval_words(&above.rank).text, dpid_words(j->margin).text);
}

/* The largest difference of an output of W0, as a share of the largest output of S; NaN: nobody measured it.
   known: of so many seeds; far: at so many of them W0 is another net than S. */
static double outputs_apart(const dpid_judge *j, int64_t *known, int64_t *far)
{
    double largest = (double)NAN;
    *known = *far = 0;
    for (int64_t i = 0; j->e->witness_outputs && i < j->e->seeds; i++) {
        const double apart = j->e->witness_outputs[i];
        largest = fmax(largest, apart);
        *known += !isnan(apart);
        *far += apart > j->t.output_difference;
    }
    return largest;
}

static void say_outputs(const dpid_judge *j, dpid_finding *f, dpid_string *s)
{
    int64_t known;
    int64_t far;
    const double largest = outputs_apart(j, &known, &far);
    if (known == 0)
        return;
    dpid_set_number(f, "witness_output_difference", largest);
    if (far > 0)
        dpid_string_format(s,
                           "; at %s its outputs are not the shallow net's (they differ by up to %s of the largest): "
                           "there it is another net of that loss, no copy",
                           dpid_seeds_words(far, known).text, dpid_words(largest).text);
    else if (largest > 0)
        dpid_string_format(s, "; its outputs differ from the shallow net's by at most %s of the largest",
                           dpid_words(largest).text);
    else
        dpid_string_add(s, "; its outputs are the shallow net's");
}

/* The largest d_w, how many seeds are equal to the bit, how far the outputs are apart. */
static int32_t say_certificates(dpid_judge *j, dpid_finding *f, dpid_string *s)
{
    double largest = (double)NAN;
    int64_t equal = 0;
    for (int64_t i = 0; i < j->e->seeds; i++) {
        if (j->e->witness_difference)
            largest = fmax(largest, j->e->witness_difference[i]);
        equal += j->e->witness_equal && j->e->witness_equal[i];
    }
    if (!isnan(largest)) {
        dpid_set_number(f, "witness_difference", largest);
        if (largest > 0)
            dpid_string_format(s, "; certified difference of the losses at most %s", dpid_words(largest).text);
    }
    if (j->e->witness_equal) {
        dpid_set_number(f, "witness_equal_seeds", (double)equal);
        if (equal > 0)
            dpid_string_format(s, "%s equal to the bit at %s", largest > 0 ? "," : "; every logit",
                               dpid_seeds_words(equal, j->e->seeds).text);
    }
    say_outputs(j, f, s);
    return s->status;
}

/* What was built stands there; an interval over so few seeds does not. */
static int32_t of_few_seeds(dpid_judge *j, dpid_finding *f, double median, const dpid_contrast *above)
{
    dpid_string s = {.ctx = j->ctx};
    dpid_string_format(&s,
                       "Not decided by so few seeds: the deep net built from the shallow one has the training loss %s, "
                       "the shallow one %s (difference %s, margin %s)",
                       dpid_words(median).text, dpid_words(j->median_s).text,
                       dpid_scale_words(j->on, &above->rank).text, dpid_scale_margin_words(j->on, j->on_margin).text);
    say_certificates(j, f, &s);
    dpid_string_add(&s, ".");
    return dpid_keep(j, &s, &f->sentence);
}

/* W0 is surely worse than S: its outputs are others, or the two were measured in two ways. */
static int32_t settle_apart(dpid_judge *j, dpid_finding *f)
{
    int64_t known;
    int64_t far;
    const double largest = outputs_apart(j, &known, &far);
    if (known > 0)
        dpid_set_number(f, "witness_output_difference", largest);
    if (known > 0 && far == 0)
        return dpid_set_text(j, &f->to_settle,
                             "The losses of W0 and S taken in one way: the outputs differ by at most %s of the "
                             "largest, the losses by more than the margin.",
                             dpid_words(largest).text);
    return dpid_set_text(j, &f->to_settle,
                         "A construction that keeps the shallow net's outputs: untrained, W0 has the loss of S.");
}

static int32_t by_witness(dpid_judge *j, dpid_finding *f, bool *decided)
{
    const dpid_arm_evidence *w0 = dpid_judge_arm(j, "W0");
    const dpid_series loss = dpid_arm_loss(j, w0);
    const dpid_series on = dpid_arm_on(j, j->on, w0);
    dpid_string s = {.ctx = j->ctx};
    dpid_contrast above;
    double median;
    *decided = false;
    DPID_TRY(dpid_contrast_on(j, j->on, &on, &j->base.view[j->on].s, &above));
    DPID_TRY(dpid_series_median(j, &loss, &median));
    if (above.n == 0)
        return DEEPID_OK;
    DPID_TRY(dpid_set_contrast(j, f, &above));
    DPID_TRY(dpid_set_text(j, &f->arm, "W0"));
    f->rule = "representation.witness";
    f->scale = j->on;
    dpid_set_number(f, "margin", j->on_margin);
    if (above.rank.low >= j->on_margin) /* surely: no number of seeds makes it a witness */
        return settle_apart(j, f);
    if (!(above.rank.high < j->on_margin)) {
        DPID_TRY(dpid_settle_seeds(j, f, &above, j->on_margin));
        return above.n < j->least_seeds ? of_few_seeds(j, f, median, &above) : DEEPID_OK;
    }
    *decided = true;
    f->status = DPID_REFUTED;
    dpid_string_format(
        &s, "A deep net with the shallow net's loss exists and was built: %s against %s (difference %s, margin %s)",
        dpid_words(median).text, dpid_words(j->median_s).text, dpid_scale_words(j->on, &above.rank).text,
        dpid_scale_margin_words(j->on, j->on_margin).text);
    say_certificates(j, f, &s);
    dpid_string_add(&s, ".");
    return dpid_keep(j, &s, &f->sentence);
}

static int32_t undecided(dpid_judge *j, dpid_finding *f)
{
    dpid_string s = {.ctx = j->ctx};
    const bool refused = j->e->identity_status == DEEPID_IDENTITY_N;
    f->status = DPID_UNDECIDED;
    if (!f->to_settle && (refused || !dpid_could_run(j, "W0")))
        DPID_TRY(dpid_set_text(j, &f->to_settle,
                               "A construction that makes the added layers the identity, a proven floor, or a way of "
                               "training that ends as low as the shallow net."));
    if (!f->to_settle)
        DPID_TRY(dpid_settle_missing(j, f, "W0", false));
    if (f->effect.high >= j->on_margin) /* W0 was built */
        dpid_string_format(&s,
                           "Neither shown nor excluded: the deep net built from the shallow one is above it by %s, "
                           "margin %s, and no floor is proven.",
                           dpid_scale_words(j->on, &f->effect).text, dpid_scale_margin_words(j->on, j->on_margin).text);
    else
        dpid_string_add(&s, "Neither shown nor excluded: no deep net was built from the shallow one, and no floor "
                            "above its loss is proven.");
    if (refused && j->e->identity_sentence)
        dpid_string_format(&s, " On the added block: %s.", j->e->identity_sentence);
    return dpid_keep(j, &s, &f->sentence);
}

int32_t dpid_rule_representation(dpid_judge *j, dpid_finding *f)
{
    bool decided;
    dpid_set_number(f, "margin", j->margin);
    if (j->e->identity_status)
        dpid_set_number(f, "identity_status", j->e->identity_status);
    DPID_TRY(by_floor(j, f, &decided));
    if (decided)
        return DEEPID_OK;
    DPID_TRY(by_witness(j, f, &decided)); /* a solution that stands there needs no harm to be one */
    if (decided)
        return DEEPID_OK;
    if (j->harm_state == DPID_HARM_NONE)
        return dpid_rule_harm(j, f, &decided);
    f->rule = f->rule ? f->rule : "representation.missing";
    if (f->sentence) {
        f->status = DPID_UNDECIDED;
        return DEEPID_OK;
    }
    return undecided(j, f);
}

/* Nobody built one, but training in another way found a deep net that is as good: that refutes as well. */
int32_t dpid_rule_representation_found(dpid_judge *j, dpid_finding *f)
{
    const dpid_arm_evidence *arm;
    dpid_string name = {.ctx = j->ctx};
    dpid_contrast above;
    double median;
    if (f->status != DPID_UNDECIDED)
        return DEEPID_OK;
    DPID_TRY(dpid_reaches_shallow(j, NULL, &arm, &above));
    if (!arm)
        return DEEPID_OK;
    const dpid_series loss = dpid_arm_loss(j, arm);
    f->status = DPID_REFUTED;
    f->rule = "representation.found_otherwise";
    f->to_settle = NULL;
    f->scale = j->on;
    DPID_TRY(dpid_series_median(j, &loss, &median));
    DPID_TRY(dpid_set_contrast(j, f, &above));
    DPID_TRY(dpid_set_text(j, &f->arm, "%s", arm->word));
    int32_t status = dpid_say_arm(&name, arm, false);
    if (status == DEEPID_OK)
        status =
            dpid_set_text(j, &f->sentence,
                          "A deep net as good as the shallow one was found: with %s the same net ends at %s "
                          "against %s (difference %s, margin %s).",
                          name.text, dpid_words(median).text, dpid_words(j->median_s).text,
                          dpid_scale_words(j->on, &above.rank).text, dpid_scale_margin_words(j->on, j->on_margin).text);
    dpid_string_release(&name);
    return status;
}
