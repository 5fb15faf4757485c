/* An arm's learning rate: half-decades around the recipe's, judged by the training loss at seeds of their own. The
   recipe's rate stays unless another one diverges at fewer seeds and trains at more, or is better at every tuning seed
   and by more than the margin; a diverged run is worst. The margin is the verdict's share of what S learns:
   dpid_margin_share.
   The grid is a decade to each side at first. It is widened, a decade at a time, until the rate that is taken lies
   inside: at most three decades down and one up. What a wider grid would need is in the plan, and spared when it is
   known that it is not needed. All this follows from the losses alone, so who ran what, and when, changes nothing. */
#include "study/study.h"

#include <math.h>

enum { OWN = DPID_RATE_OWN, DECADE = 2 };

/* r 10^(-4, -3.5, .. 2) */
double dpid_tuning_rate(const dpid_study_arm *arm, int32_t rate)
{
    static const double factors[DPID_RATES_MOST] = {
        1e-4, 3.1622776601683794e-4, 1e-3, 3.1622776601683795e-3, 1e-2, 3.1622776601683795e-2, 0.1, 0.31622776601683794,
        1,    3.1622776601683795,    10,   31.622776601683793,    100};
    return arm->base_rate * factors[rate];
}

int64_t dpid_tuning_runs(const deepid_study *study, const dpid_study_arm *arm)
{
    return (arm->tuned ? DPID_RATES_MOST : arm->tried ? 1 : 0) * study->tuning_seeds;
}

/* ---- the runs at one rate ------------------------------------------------------------------------ */

typedef struct {
    const deepid_study *study;
    const dpid_study_arm *arm;
    double constant, margin;
    int64_t seeds;
} tuning;

static dpid_task *run_at(const tuning *t, int32_t rate, int64_t seed)
{
    const int32_t place = t->arm->tuned ? rate : 0;
    return &t->study->task[t->arm->first_tuning + place * t->seeds + seed];
}

static bool runs_done(const tuning *t)
{
    for (int32_t rate = t->arm->low; rate <= t->arm->high; rate++)
        for (int64_t i = 0; i < t->seeds; i++)
            if (run_at(t, rate, i)->state != DPID_TASK_DONE)
                return false;
    return true;
}

/* A diverged net, and one above the constant predictor, is worth no more than that. */
static double loss_at(const tuning *t, int32_t rate, int64_t seed)
{
    const dpid_task *task = run_at(t, rate, seed);
    return task->diverged || !(task->outcome.train_loss < t->constant) ? t->constant : task->outcome.train_loss;
}

static double mean_loss(const tuning *t, int32_t rate)
{
    double mean = 0;
    for (int64_t i = 0; i < t->seeds; i++)
        mean += loss_at(t, rate, i) / (double)t->seeds;
    return mean;
}

static double best_mean(const tuning *t)
{
    double best = t->constant;
    for (int32_t rate = t->arm->low; rate <= t->arm->high; rate++)
        best = fmin(best, mean_loss(t, rate));
    return best;
}

static int64_t diverged_at(const tuning *t, int32_t rate)
{
    int64_t diverged = 0;
    for (int64_t i = 0; i < t->seeds; i++)
        diverged += run_at(t, rate, i)->diverged;
    return diverged;
}

/* Every run diverged, or ended far above the constant predictor. */
static bool blows_up(const tuning *t, int32_t rate)
{
    for (int64_t i = 0; i < t->seeds; i++) {
        const dpid_task *task = run_at(t, rate, i);
        if (!task->diverged && task->outcome.train_loss <= 2 * t->constant)
            return false;
    }
    return true;
}

/* At how many seeds it leaves the constant predictor. */
static int64_t trained_at(const tuning *t, int32_t rate)
{
    int64_t trained = 0;
    for (int64_t i = 0; i < t->seeds; i++)
        trained += loss_at(t, rate, i) < t->constant - t->margin;
    return trained;
}

/* ---- the choice ------------------------------------------------------------------------------------ */

static bool better_everywhere(const tuning *t, int32_t rate)
{
    for (int64_t i = 0; i < t->seeds; i++)
        if (!(loss_at(t, rate, i) < loss_at(t, OWN, i)))
            return false;
    return mean_loss(t, rate) < mean_loss(t, OWN) - t->margin;
}

static bool beats_own(const tuning *t, int32_t rate)
{
    const int64_t less = diverged_at(t, OWN) - diverged_at(t, rate);
    return (less > 0 && trained_at(t, rate) > trained_at(t, OWN)) || (less >= 0 && better_everywhere(t, rate));
}

/* Of two that beat the recipe's. */
static bool beats(const tuning *t, int32_t rate, int32_t best)
{
    const int64_t less = diverged_at(t, best) - diverged_at(t, rate);
    return less > 0 || (less == 0 && mean_loss(t, rate) < mean_loss(t, best));
}

static int32_t choose(const tuning *t)
{
    int32_t best = OWN;
    for (int32_t rate = t->arm->low; rate <= t->arm->high; rate++)
        if (rate != OWN && beats_own(t, rate) && (best == OWN || beats(t, rate, best)))
            best = rate;
    return best;
}

/* ---- the grid ------------------------------------------------------------------------------------------ */

/* A decade more where the choice stands at an end. Where no rate leaves the constant predictor nobody knows which way,
   so one decade each, and further down while all runs at the lowest rate blow up. */
static bool widen(const tuning *t, dpid_study_arm *arm, int32_t choice, bool noise)
{
    const bool low_diverges = blows_up(t, arm->low);
    const bool high_diverges = diverged_at(t, arm->high) == t->seeds;
    const int32_t low = arm->low;
    const int32_t high = arm->high;
    if (choice == low || (noise && (low_diverges || low == OWN - DPID_RATES / 2)))
        arm->low -= low > 0 ? DECADE : 0;
    if (choice == high || (noise && !high_diverges))
        arm->high += high < DPID_RATES_MOST - 1 ? DECADE : 0;
    return arm->low != low || arm->high != high;
}

/* The margin for S is of what S learns itself. */
static void settle(deepid_study *study, dpid_study_arm *arm, double constant, double margin)
{
    tuning t = {.study = study, .arm = arm, .constant = constant, .margin = margin, .seeds = study->tuning_seeds};
    while (runs_done(&t)) {
        if (arm->row->net == DPID_ARM_SHALLOW)
            t.margin = dpid_margin_share(&study->thresholds, constant, best_mean(&t));
        const int32_t choice = choose(&t);
        const bool noise = best_mean(&t) >= constant - t.margin;
        if (widen(&t, arm, choice, noise))
            continue;
        arm->rate = dpid_tuning_rate(arm, choice);
        arm->noise = noise;
        arm->settled = true;
        return;
    }
}

/* ---- what is not needed ------------------------------------------------------------------------------- */

bool dpid_task_is_needed(const deepid_study *study, const dpid_task *task)
{
    const dpid_study_arm *arm = &study->arm[task->arm];
    if (task->kind == DPID_TASK_TUNE)
        return !task->spared && (!arm->tuned || (task->rate >= arm->low && task->rate <= arm->high));
    return !task->spared && !(arm->row->tunes && !arm->settled);
}

static void spare_task(dpid_task *task)
{
    task->spared = true;
    task->state = DPID_TASK_DONE;
    atomic_store(&task->share, 1);
}

static void spare(deepid_study *study, const dpid_study_arm *arm)
{
    for (int64_t i = 0; i < dpid_tuning_runs(study, arm); i++) {
        dpid_task *task = &study->task[arm->first_tuning + i];
        if (!dpid_task_is_needed(study, task))
            spare_task(task);
    }
    for (int64_t i = 0; dpid_arm_is_spared(arm) && i < study->seeds; i++)
        spare_task(&study->task[arm->first_task + i]);
}

/* ---- all arms ------------------------------------------------------------------------------------------- */

/* False: S's tuning, which the margin follows from, is not done. */
static bool find_margin(deepid_study *study, double constant, double *margin)
{
    const dpid_study_arm *shallow = &study->arm[dpid_arm_find(study, "S_rate")];
    const tuning t = {.study = study, .arm = shallow, .constant = constant, .seeds = study->tuning_seeds};
    *margin = 0;
    if (shallow->tuned && shallow->settled)
        *margin = dpid_margin_share(&study->thresholds, constant, best_mean(&t));
    return !shallow->tuned || shallow->settled;
}

static void settle_arm(deepid_study *study, dpid_study_arm *arm, double constant, double margin)
{
    if (arm->settled || !arm->tuned)
        return;
    settle(study, arm, constant, margin);
    if (arm->settled)
        spare(study, arm);
}

void dpid_tuning_settle(deepid_study *study)
{
    const double constant = dpid_study_constant_loss(study, study->train);
    double margin;
    settle_arm(study, &study->arm[dpid_arm_find(study, "S_rate")], constant, 0);
    if (!find_margin(study, constant, &margin))
        return;
    for (int32_t i = 0; i < study->arms; i++)
        settle_arm(study, &study->arm[i], constant, margin);
}

dpid_tuning_summary dpid_tuning_sum_up(const deepid_study *study, const dpid_study_arm *arm, double rate)
{
    const tuning t = {.study = study,
                      .arm = arm,
                      .constant = dpid_study_constant_loss(study, study->train),
                      .seeds = study->tuning_seeds};
    dpid_tuning_summary sum = {
        .loss = (double)NAN, .lowest = (double)NAN, .highest = (double)NAN, .other = (double)NAN, .gain = (double)NAN};
    if ((!arm->tuned && !arm->tried) || !runs_done(&t))
        return sum;
    for (int32_t i = arm->low; i <= arm->high; i++) {
        const double gain = mean_loss(&t, arm->tuned ? OWN : i) - mean_loss(&t, i);
        if (arm->tuned && i != OWN && !(gain <= sum.gain)) {
            sum.gain = gain;
            sum.other = dpid_tuning_rate(arm, i);
        }
        sum.rates++;
        sum.diverged += diverged_at(&t, i) == t.seeds;
        if (!arm->tuned || dpid_tuning_rate(arm, i) == rate)
            sum.loss = mean_loss(&t, i);
    }
    sum.lowest = arm->tuned ? dpid_tuning_rate(arm, arm->low) : rate;
    sum.highest = arm->tuned ? dpid_tuning_rate(arm, arm->high) : rate;
    return sum;
}
