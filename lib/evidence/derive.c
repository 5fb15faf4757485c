/* What nobody said and the tables tell: an arm's rate and updates from its runs, what tuning found from its runs. */
#include "evidence/evidence.h"

#include <math.h>
#include <string.h>

/* ---- from the runs ------------------------------------------------------------------------------ */

/* What all runs of the arm have in a column; NaN: they differ, or none has it. */
static double common(const deepid_evidence *e, const dpid_filed_arm *arm, int column)
{
    double all = (double)NAN;
    for (int64_t i = 0; i < arm->runs; i++) {
        const double value = deepid_table_get(e->runs, arm->row[i], column);
        if (i > 0 && !(value == all))
            return (double)NAN;
        all = value;
    }
    return all;
}

/* ---- from the tuning runs: mean losses by rate ------------------------------------------------------ */

typedef struct {
    double rate, mean;
    int64_t runs, diverged;
    bool chosen;
} tried;

enum { RATES_MAX = 64 };

typedef struct {
    tried at[RATES_MAX];
    int64_t rates;
} tuning;

/* Losses above the constant predictor, and diverged runs, count as that. */
static double capped(const deepid_evidence *e, int64_t row)
{
    const double loss = deepid_table_get(e->tries, row, DPID_TRY_TRAIN_LOSS);
    const bool diverged = deepid_table_get(e->tries, row, DPID_TRY_DIVERGED) == 1;
    return diverged || !(loss < e->fact.const_loss) ? e->fact.const_loss : loss;
}

/* Of an optimiser without a rate NaN stands for it. */
static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void gather(const deepid_evidence *e, const char *word, tuning *out)
{
    out->rates = 0;
    for (int64_t row = 0; row < deepid_table_rows(e->tries); row++) {
        const double rate = deepid_table_get(e->tries, row, DPID_TRY_RATE);
        int64_t k = 0;
        if (strcmp(deepid_table_row_name(e->tries, row), word) != 0)
            continue;
        while (k < out->rates && !same(out->at[k].rate, rate))
            k++;
        if (k == RATES_MAX)
            continue;
        if (k == out->rates)
            out->at[out->rates++] = (tried){.rate = rate};
        tried *t = &out->at[k];
        t->runs++;
        t->mean += (capped(e, row) - t->mean) / (double)t->runs;
        t->diverged += deepid_table_get(e->tries, row, DPID_TRY_DIVERGED) == 1;
        t->chosen |= deepid_table_get(e->tries, row, DPID_TRY_CHOSEN) == 1;
    }
}

/* What was tried at the arm's own rate; where that is not known, the one rate there is, or the one that was chosen. */
static const tried *at_rate(const tuning *t, double rate)
{
    for (int64_t i = 0; i < t->rates; i++)
        if (same(t->at[i].rate, rate))
            return &t->at[i];
    for (int64_t i = 0; i < t->rates && isnan(rate); i++)
        if (t->rates == 1 || t->at[i].chosen)
            return &t->at[i];
    return NULL;
}

/* The best rate but the arm's own. */
static const tried *best_other(const tuning *t, const tried *own)
{
    const tried *best = NULL;
    for (int64_t i = 0; i < t->rates; i++)
        if (&t->at[i] != own && (!best || t->at[i].mean < best->mean))
            best = &t->at[i];
    return best;
}

static double of_tuning(const tuning *t, double rate, int number)
{
    const tried *own = at_rate(t, rate);
    const tried *other = own ? best_other(t, own) : NULL;
    double lowest = (double)NAN;
    double highest = (double)NAN;
    int64_t diverged = 0;
    for (int64_t i = 0; i < t->rates; i++) {
        lowest = fmin(lowest, t->at[i].rate);
        highest = fmax(highest, t->at[i].rate);
        diverged += t->at[i].diverged == t->at[i].runs;
    }
    switch (number) {
    case DPID_ARM_TUNING_LOSS:
        return own ? own->mean : (double)NAN;
    case DPID_ARM_RATES_TRIED:
        return (double)t->rates;
    case DPID_ARM_RATES_DIVERGED:
        return (double)diverged;
    case DPID_ARM_LOWEST_RATE:
        return lowest;
    case DPID_ARM_HIGHEST_RATE:
        return highest;
    case DPID_ARM_OTHER_RATE:
        return other ? other->rate : (double)NAN;
    case DPID_ARM_OTHER_GAIN:
        return other ? own->mean - other->mean : (double)NAN;
    default:
        return (double)NAN;
    }
}

/* S and D are run at the recipe's rate; what was found for them stands under S_rate and D_rate. Returns the word there,
   and the arm's own rate. */
static const char *tuning_of(const deepid_evidence *e, const dpid_filed_arm *arm, tuning *t, double *rate)
{
    const bool deep = strcmp(arm->word, "D") == 0;
    const bool recipe = deep || strcmp(arm->word, "S") == 0;
    *rate = dpid_filed_number(e, arm, DPID_ARM_RATE);
    if (isnan(*rate) && recipe)
        *rate = e->fact.recipe_rate;
    gather(e, arm->word, t);
    if (t->rates > 0 || !recipe)
        return arm->word;
    gather(e, deep ? "D_rate" : "S_rate", t);
    return deep ? "D_rate" : "S_rate";
}

static double from_tuning(const deepid_evidence *e, const dpid_filed_arm *arm, int number)
{
    tuning t;
    double rate;
    (void)tuning_of(e, arm, &t, &rate);
    return t.rates == 0 ? (double)NAN : of_tuning(&t, rate, number);
}

/* The loss of one run; NaN: there is none. */
static double loss_at(const deepid_evidence *e, const char *word, double rate, double seed)
{
    for (int64_t row = 0; row < deepid_table_rows(e->tries); row++)
        if (strcmp(deepid_table_row_name(e->tries, row), word) == 0 &&
            same(deepid_table_get(e->tries, row, DPID_TRY_RATE), rate) &&
            deepid_table_get(e->tries, row, DPID_TRY_SEED) == seed)
            return capped(e, row);
    return (double)NAN;
}

bool dpid_other_rate_everywhere(const deepid_evidence *e, const dpid_filed_arm *arm)
{
    tuning t;
    double rate;
    const char *word = tuning_of(e, arm, &t, &rate);
    const tried *own = at_rate(&t, rate);
    const tried *other = own ? best_other(&t, own) : NULL;
    for (int64_t row = 0; other && row < deepid_table_rows(e->tries); row++)
        if (strcmp(deepid_table_row_name(e->tries, row), word) == 0 &&
            same(deepid_table_get(e->tries, row, DPID_TRY_RATE), own->rate) &&
            !(loss_at(e, word, other->rate, deepid_table_get(e->tries, row, DPID_TRY_SEED)) < capped(e, row)))
            return false;
    return other != NULL;
}

/* An arm has the net of S or of D, as its word says; depth:NAME has one of its own. */
static double depth_of(const deepid_evidence *e, const dpid_filed_arm *arm)
{
    const bool shallow = arm->word[0] == 'S';
    const bool deep = arm->word[0] == 'D' || arm->word[0] == 'W' || strncmp(arm->word, "dial:", 5) == 0;
    const dpid_filed_arm *of = shallow || deep ? dpid_evidence_find(e, shallow ? "S" : "D") : NULL;
    const int64_t said = shallow ? e->fact.shallow_depth : deep ? e->fact.deep_depth : 0;
    if (!isnan(arm->number[DPID_ARM_DEPTH]))
        return arm->number[DPID_ARM_DEPTH];
    if (of && !isnan(of->number[DPID_ARM_DEPTH]))
        return of->number[DPID_ARM_DEPTH];
    return said > 0 ? (double)said : (double)NAN;
}

double dpid_filed_number(const deepid_evidence *e, const dpid_filed_arm *arm, int number)
{
    if (number == DPID_ARM_DEPTH)
        return depth_of(e, arm);
    if (arm->given[number])
        return arm->number[number];
    if (number == DPID_ARM_RATE)
        return common(e, arm, DPID_RUN_RATE);
    if (number == DPID_ARM_UPDATES)
        return common(e, arm, DPID_RUN_UPDATES);
    return from_tuning(e, arm, number);
}
