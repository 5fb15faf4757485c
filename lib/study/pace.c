/* How fast S and D go here: a few steps of the recipe and one look over the data, on one thread. */
#include "study/study.h"

#include "base/numbers.h"
#include "train/trainer.h"

/* The first step takes memory and is not counted. */
static int32_t time_steps(const deepid_study *study, deepid_trainer *trainer, dpid_pace *out)
{
    enum { STEPS = 12 };
    const double enough = 1; /* seconds */
    int steps = 0;
    if (dpid_steps_alone(study->text[DPID_TEXT_OPTIMIZER])) /* its steps are priced as looks of a plain one */
        DPID_TRY(deepid_trainer_set_optimizer(trainer, "sgd"));
    DPID_TRY(deepid_trainer_set_nonfinite(trainer, "record"));
    DPID_TRY(deepid_trainer_step(trainer));
    const double begin = dpid_seconds_now();
    do {
        DPID_TRY(deepid_trainer_step(trainer));
        steps++;
    } while (steps < STEPS && dpid_seconds_now() - begin < enough);
    out->step = (dpid_seconds_now() - begin) / steps;
    return DEEPID_OK;
}

static int32_t time_all(const deepid_study *study, deepid_trainer *trainer, deepid_net *net,
                        const deepid_dataset *train, void *user)
{
    dpid_pace *out = user;
    DPID_TRY(time_steps(study, trainer, out));
    const double begin = dpid_seconds_now();
    DPID_TRY(deepid_net_evaluate(net, train, NULL, NULL, NULL));
    const double samples = (double)study->train->count + (study->valid ? (double)study->valid->count : 0);
    out->look = (dpid_seconds_now() - begin) * samples / (double)study->train->count;
    return DEEPID_OK;
}

int32_t dpid_pace_measure(deepid_study *study)
{
    DPID_TRY(dpid_recipe_build(study, study->shallow, time_all, &study->choice.shallow));
    return dpid_recipe_build(study, study->deep, time_all, &study->choice.deep);
}
