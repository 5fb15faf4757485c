/* Neither trains: S and D both stay near the constant predictor, and some other way to train the deep net does not.
   Then there is no depth to compare, and that way is the answer. */
#include "verdict/rules.h"

#include <math.h>
#include <string.h>

bool dpid_learned_nothing(const dpid_judge *j, double median)
{
    return !(j->e->const_loss - median >= j->t.stuck * dpid_learnable(j->e));
}

int32_t dpid_arm_learned_nothing(const dpid_judge *j, const dpid_arm_evidence *arm, bool *out)
{
    const dpid_series loss = dpid_arm_loss(j, arm);
    double median;
    DPID_TRY(dpid_series_median(j, &loss, &median));
    *out = dpid_learned_nothing(j, median);
    return DEEPID_OK;
}

bool dpid_worse_than_constant(const dpid_judge *j, double median)
{
    return j->e->const_loss > 0 && isfinite(j->e->const_loss) && isfinite(median) &&
           median > (1 + j->t.stuck) * j->e->const_loss;
}

/* It learns something, and ends surely below D. */
static int32_t trains(const dpid_judge *j, const dpid_arm_evidence *arm, double *median, bool *out)
{
    const dpid_series loss = dpid_arm_loss(j, arm);
    dpid_contrast below;
    DPID_TRY(dpid_series_median(j, &loss, median));
    DPID_TRY(dpid_contrast_of(j, &j->loss_d, &loss, DPID_RANKS_ONLY, &below));
    *out = below.rank.low > j->margin && !dpid_learned_nothing(j, *median);
    return DEEPID_OK;
}

int32_t dpid_find_way_out(dpid_judge *j)
{
    double best = HUGE_VAL;
    if (!j->s || !j->d || isnan(j->median_s) || isnan(j->median_d) || !dpid_learned_nothing(j, j->median_s) ||
        !dpid_learned_nothing(j, j->median_d))
        return DEEPID_OK;
    for (int64_t i = 0; i < j->e->arms; i++) {
        const dpid_arm_evidence *arm = &j->e->arm[i];
        double median;
        bool found = false;
        if (dpid_arm_changes_deep(j, arm))
            DPID_TRY(trains(j, arm, &median, &found));
        if (found && (median < best || (median == best && strcmp(arm->word, j->way_out->word) < 0))) {
            best = median;
            j->way_out = arm;
        }
    }
    return DEEPID_OK;
}

/* " The deep net trains with an identity skip", "... for three times the updates" */
int32_t dpid_say_way_out(const dpid_judge *j, dpid_string *s)
{
    static const char doing[] = "training ";
    const dpid_arm_evidence *arm = j->way_out;
    const dpid_arm_text usual = dpid_arm_said(arm->word);
    const char *said = arm->said ? arm->said : usual.text;
    const size_t length = sizeof doing - 1;
    if (!strncmp(said, doing, length)) {
        dpid_string_format(s, " The deep net trains %s", said + length);
        return s->status;
    }
    dpid_string_add(s, " The deep net trains with ");
    return dpid_say_arm(s, arm, false);
}

/* The flag that makes the arm the recipe; NULL: none does. */
static const char *flag_of(const char *word)
{
    static const struct {
        const char *arm, *flag;
    } rows[] = {{"D_res", "--blocks identity"}, {"D_start:", "--init"}, {"D_opt:", "--optimizer"},
                {"D_norm:", "--batch"},         {"D_3T", "--steps"},    {"D_2T", "--steps"},
                {"D64", "--dtype f64"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strncmp(word, rows[i].arm, strlen(rows[i].arm)))
            return rows[i].flag;
    return NULL;
}

int32_t dpid_settle_way_out(dpid_judge *j, dpid_finding *f)
{
    const char *flag = j->e->by_others ? j->way_out->word : flag_of(j->way_out->word);
    return dpid_set_text(j, &f->to_settle, "A recipe by which the shallow net trains%s%s%s.",
                         flag ? ", for a start that of the arm that does (" : "", flag ? flag : "", flag ? ")" : "");
}
