/* An arm's learning rate: half-decades around the recipe's, judged by the training loss at seeds of their own. The
   recipe's rate stays unless another one is better at every tuning seed and by more than the margin; a diverged run
   is worst. The margin is the verdict's share of what S learns: dpid_margin_share. */
#include "study/study.h"

#include <math.h>

enum { OWN = DPID_RATES / 2 }; /* the rate in the middle is the recipe's */

/* r 10^(-1, -1/2, 0, 1/2, 1) */
double dpid_tuning_rate(const dpid_study_arm *arm, int32_t rate)
{
    static const double factors[DPID_RATES] = {0.1, 0.31622776601683794, 1, 3.1622776601683795, 10};
    return arm->base_rate * factors[rate];
}

static int64_t seeds_of(const deepid_study *study)
{
    return study->tuning_seeds;
}

static bool runs_done(const deepid_study *study, const dpid_study_arm *arm)
{
    for (int64_t i = 0; i < DPID_RATES * seeds_of(study); i++)
        if (study->task[arm->first_tuning + i].state != DPID_TASK_DONE)
            return false;
    return true;
}

/* A diverged net, and one above the constant predictor, is worth no more than that. */
static double loss_at(const deepid_study *study, const dpid_study_arm *arm, int32_t rate, int64_t seed, double constant)
{
    const dpid_task *task = &study->task[arm->first_tuning + rate * seeds_of(study) + seed];
    return task->diverged || !(task->outcome.train_loss < constant) ? constant : task->outcome.train_loss;
}

static double mean_loss(const deepid_study *study, const dpid_study_arm *arm, int32_t rate, double constant)
{
    double mean = 0;
    for (int64_t i = 0; i < seeds_of(study); i++)
        mean += loss_at(study, arm, rate, i, constant) / (double)seeds_of(study);
    return mean;
}

static double best_mean(const deepid_study *study, const dpid_study_arm *arm, double constant)
{
    double best = constant;
    for (int32_t rate = 0; rate < DPID_RATES; rate++)
        best = fmin(best, mean_loss(study, arm, rate, constant));
    return best;
}

static bool better_everywhere(const deepid_study *study, const dpid_study_arm *arm, int32_t rate, double constant)
{
    for (int64_t i = 0; i < seeds_of(study); i++)
        if (!(loss_at(study, arm, rate, i, constant) < loss_at(study, arm, OWN, i, constant)))
            return false;
    return true;
}

static int32_t choose(const deepid_study *study, const dpid_study_arm *arm, double constant, double margin)
{
    int32_t best = OWN;
    const double own = mean_loss(study, arm, OWN, constant);
    for (int32_t rate = 0; rate < DPID_RATES; rate++) {
        const double mean = mean_loss(study, arm, rate, constant);
        if (better_everywhere(study, arm, rate, constant) && mean < own - margin &&
            mean < mean_loss(study, arm, best, constant))
            best = rate;
    }
    return best;
}

void dpid_tuning_settle(deepid_study *study)
{
    const double constant = deepid_dataset_constant_loss(study->train);
    const dpid_study_arm *shallow = &study->arm[dpid_arm_find(study, "S")];
    if (shallow->tuned && !runs_done(study, shallow))
        return;
    const double margin =
        shallow->tuned ? dpid_margin_share(&study->thresholds, constant, best_mean(study, shallow, constant)) : 0;
    for (int32_t i = 0; i < study->arms; i++) {
        dpid_study_arm *arm = &study->arm[i];
        if (arm->settled || !arm->tuned || !runs_done(study, arm))
            continue;
        arm->rate = dpid_tuning_rate(arm, choose(study, arm, constant, margin));
        arm->noise = best_mean(study, arm, constant) >= constant - margin;
        arm->settled = true;
    }
}
