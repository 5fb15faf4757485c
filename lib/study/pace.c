/* How fast S and D go here: a few steps of the recipe and one look over the data, on one thread, while the others that
   the run will have are at work too. */
#include "study/study.h"

#include "base/numbers.h"
#include "train/trainer.h"

#include <stdatomic.h>
#include <time.h>

/* The first step takes memory and is not counted. */
static int32_t prepare(const deepid_study *study, deepid_trainer *trainer)
{
    if (dpid_steps_alone(study->text[DPID_TEXT_OPTIMIZER])) /* its steps are priced as looks of a plain one */
        DPID_TRY(deepid_trainer_set_optimizer(trainer, "sgd"));
    DPID_TRY(deepid_trainer_set_nonfinite(trainer, "record"));
    return deepid_trainer_step(trainer);
}

static int32_t time_steps(const deepid_study *study, deepid_trainer *trainer, dpid_pace *out)
{
    enum { STEPS = 12 };
    const double enough = 1; /* seconds */
    int steps = 0;
    DPID_TRY(prepare(study, trainer));
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

/* ---- neighbours: cores share caches and memory, so as many nets train beside the timed one as will in the run ---- */

typedef struct {
    const deepid_study *study;
    const char *text;
    atomic_int ready; /* at their steps, or failed: then there is less load, and nothing else */
    atomic_bool end;
} neighbours;

static int32_t keep_busy(const deepid_study *study, deepid_trainer *trainer, deepid_net *net,
                         const deepid_dataset *train, void *user)
{
    neighbours *n = user;
    (void)net;
    (void)train;
    int32_t status = prepare(study, trainer);
    atomic_fetch_add(&n->ready, 1);
    while (status == DEEPID_OK && !atomic_load(&n->end))
        status = deepid_trainer_step(trainer);
    return DEEPID_OK;
}

static void *neighbour(void *arg)
{
    neighbours *n = arg;
    char error[DPID_ERROR_MAX];
    if (dpid_recipe_build(n->study, n->text, keep_busy, n, error, sizeof error) != DEEPID_OK)
        atomic_fetch_add(&n->ready, 1);
    return NULL;
}

static int32_t measure(deepid_study *study, const char *text, dpid_pace *out)
{
    enum { MILLISECOND = 1000000 };
    const struct timespec moment = {0, MILLISECOND};
    const int64_t wished = dpid_budget_workers(study) - 1;
    neighbours n = {.study = study, .text = text};
    pthread_t *threads = NULL;
    char error[DPID_ERROR_MAX];
    int started = 0;
    if (wished > 0)
        DPID_TRY(dpid_alloc(study->head.ctx, wished, sizeof *threads, "study", &threads));
    while (started < wished && pthread_create(&threads[started], NULL, neighbour, &n) == 0)
        started++;
    while (atomic_load(&n.ready) < started)
        nanosleep(&moment, NULL);
    const int32_t status = dpid_recipe_build(study, text, time_all, out, error, sizeof error);
    atomic_store(&n.end, true);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    dpid_free(study->head.ctx, threads);
    return status == DEEPID_OK ? DEEPID_OK : dpid_fail(study->head.ctx, status, "%s", error);
}

int32_t dpid_pace_measure(deepid_study *study)
{
    DPID_TRY(measure(study, study->shallow, &study->choice.shallow));
    return measure(study, study->deep, &study->choice.deep);
}
