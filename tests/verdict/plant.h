/* Evidence made by hand: losses scattered around medians, by seed; for the tests of the rules. */
#ifndef DPID_TESTS_PLANT_H
#define DPID_TESTS_PLANT_H

#include "support/support.h"

#include "verdict/evidence.h"

#include <math.h>

enum { PLANT_ARMS = 40, PLANT_SEEDS = 40, PLANT_COLUMNS = 12, PLANT_POINTS = 8 };

typedef struct {
    dpid_evidence e;
    dpid_arm_evidence arm[PLANT_ARMS];
    double column[PLANT_ARMS][PLANT_COLUMNS][PLANT_SEEDS];
    uint8_t diverged[PLANT_ARMS][PLANT_SEEDS];
    double difference[PLANT_SEEDS];
    uint8_t equal[PLANT_SEEDS];
    uint64_t seed; /* of the scatter */
} plant;

static inline void plant_start(plant *p, uint64_t seed, int64_t seeds, double const_loss)
{
    memset(p, 0, sizeof *p);
    p->e = dpid_evidence_none(seeds, const_loss);
    p->e.arm = p->arm;
    p->e.gradient_check = DPID_PASSED;
    p->e.gradient_check_error = 1e-9;
    p->seed = seed;
}

/* middle + spread u, u uniform in (-1, 1); never below 0 */
static inline double *plant_fill(plant *p, int64_t arm, int column, double middle, double spread)
{
    double *x = p->column[arm][column];
    random_array(p->seed * 1000 + (uint64_t)arm * 10 + (uint64_t)column, p->e.seeds, middle - spread, middle + spread,
                 x);
    for (int64_t s = 0; s < p->e.seeds; s++)
        x[s] = fmax(x[s], 0);
    return x;
}

static inline int64_t plant_arm(plant *p, const char *word, double middle, double spread)
{
    const int64_t i = p->e.arms++;
    p->arm[i] = dpid_arm_evidence_none(word);
    p->arm[i].train_loss = plant_fill(p, i, 0, middle, spread);
    p->arm[i].diverged = p->diverged[i];
    return i;
}

static inline void plant_valid(plant *p, int64_t arm, double middle, double spread, double best)
{
    p->arm[arm].valid_loss = plant_fill(p, arm, 1, middle, spread);
    p->arm[arm].best_valid_loss = plant_fill(p, arm, 2, best, best < middle ? spread / 2 : spread);
}

/* shares of the training and of the validation set that are wrong */
static inline void plant_errors(plant *p, int64_t arm, double train, double valid, double spread)
{
    p->arm[arm].train_error = plant_fill(p, arm, 4, train, spread);
    p->arm[arm].valid_error = plant_fill(p, arm, 5, valid, spread);
}

/* what tuning tried of an arm, and the rate that it runs at */
static inline void plant_rate(plant *p, int64_t arm, double rate, int64_t tried, int64_t diverged)
{
    dpid_arm_evidence *a = &p->arm[arm];
    a->learning_rate = rate;
    a->rates_tried = tried;
    a->rates_diverged = diverged;
    a->lowest_rate = tried > 0 ? 0.003 : (double)NAN;
    a->highest_rate = tried > 0 ? 3 : (double)NAN;
}

static inline void plant_penalty(plant *p, int64_t arm, double middle, double spread)
{
    p->arm[arm].penalty = plant_fill(p, arm, 3, middle, spread);
}

/* W0: the losses of arm 0 (S) with a small certified difference. */
static inline void plant_witness(plant *p)
{
    const int64_t i = plant_arm(p, "W0", 0, 0);
    for (int64_t s = 0; s < p->e.seeds; s++) {
        p->difference[s] = s % 2 ? 3e-8 : 0;
        p->equal[s] = s % 2 == 0;
        p->column[i][0][s] = p->column[0][0][s] + p->difference[s];
    }
    p->e.witness_difference = p->difference;
    p->e.witness_equal = p->equal;
}

static inline void plant_diverge(plant *p, int64_t arm, int64_t count)
{
    for (int64_t s = 0; s < count; s++) {
        p->diverged[arm][s] = 1;
        p->column[arm][0][s] = (double)NAN;
    }
}

/* expected: "solver=confirmed budget=refuted|undecided ..."; what is not named may be anything. */
static inline void expect_findings(const char *what, uint64_t seed, const deepid_verdict *v, const char *expected)
{
    char copy[1024];
    snprintf(copy, sizeof copy, "%s", expected);
    for (char *rest = copy, *pair; (pair = strtok_r(rest, " ", &rest));) {
        char *allowed = strchr(pair, '=');
        *allowed++ = 0;
        const int64_t i = deepid_verdict_find(v, pair);
        if (i < 0)
            fail_msg("no hypothesis '%s'", pair);
        bool fits = false;
        for (char *more = allowed, *word; (word = strtok_r(more, "|", &more));)
            fits = fits || !strcmp(word, deepid_verdict_status(v, i));
        if (!fits)
            fail_msg("%s, scatter %d: %s is %s (%s): %s", what, (int)seed, pair, deepid_verdict_status(v, i),
                     deepid_verdict_rule(v, i), deepid_verdict_sentence(v, i));
    }
}

#endif
