/* What a budget buys, and in which order. Every task has a price: what tasks like it took, or else by the pace of S
   and D. At first only S and D are bought; then, as long as the clock has room, six seeds of them, the other arms by
   priority, rates and probes among them, and more seeds at the end. While it runs all is priced again ten times a
   second, and what was bought last is given up first. An arm is whole or out, and each choice has its reason. */
#include "study/study.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { USEFUL_SEEDS = 6, FEWEST_SEEDS = 1 }; /* below 6 an exact test cannot reach 0.05 */

/* ---- the clock --------------------------------------------------------------------------------- */

double dpid_budget_left(const deepid_study *study, double elapsed)
{
    const double telling = 0.02; /* of the budget: judging, writing, the report */
    return (1 - telling) * study->number[DPID_NUMBER_BUDGET] - study->choice.spent - elapsed;
}

double dpid_budget_work_done(const deepid_study *study)
{
    double seconds = 0;
    for (int64_t i = 0; i < study->tasks; i++)
        if (study->task[i].state == DPID_TASK_DONE)
            seconds += study->task[i].outcome.seconds;
    return seconds;
}

/* ---- reasons ------------------------------------------------------------------------------------ */

static dpid_number_text about(double seconds)
{
    return dpid_number(seconds < 10 ? ceil(10 * seconds) / 10 : ceil(seconds));
}

__attribute__((format(printf, 3, 4))) static int32_t say(deepid_study *study, const char **out, const char *format, ...)
{
    char text[256];
    char *kept = NULL;
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    DPID_TRY(dpid_arena_text(&study->choice.arena, text, (int64_t)strlen(text), &kept));
    *out = kept;
    return DEEPID_OK;
}

static int32_t not_bought(dpid_market *m, dpid_bill without, dpid_bill with, const char **out)
{
    const double more = fmax(with.clock - without.clock, (with.work - without.work) / (double)m->workers);
    return say(m->study, out, "the budget of %s s does not pay for it (about %s s more)",
               dpid_number(m->study->number[DPID_NUMBER_BUDGET]).text, about(more).text);
}

static int32_t given_up(dpid_market *m, const char **out)
{
    return say(m->study, out, "given up after %s s, for the budget of %s s",
               about(m->study->choice.spent + m->now).text, dpid_number(m->study->number[DPID_NUMBER_BUDGET]).text);
}

/* ---- buying --------------------------------------------------------------------------------------- */

static bool affordable(const dpid_market *m)
{
    return dpid_market_price(m).clock <= m->left;
}

/* What is done already costs nothing, and is bought in any case. */
static bool may_buy(const dpid_market *m, dpid_bill without, dpid_bill with)
{
    return with.work <= without.work || (with.clock <= m->left && !m->undecided);
}

/* What an arm stands on has to be there: its parent, the arm whose rate it takes. */
static bool stands(const dpid_market *m, int32_t i)
{
    const dpid_study_arm *arm = &m->study->arm[i];
    const bool rate = arm->rate_of < 0 || arm->rate_of == i || !m->choice->left_out[arm->rate_of];
    return rate && (arm->parent < 0 || !m->choice->left_out[arm->parent]);
}

static int32_t buy_arms(dpid_market *m, int32_t priority)
{
    dpid_choice *c = m->choice;
    for (int32_t i = 0; i < m->study->arms; i++) {
        if (m->study->arm[i].row->priority != priority || !c->left_out[i] || m->study->arm[i].reason)
            continue;
        const char *before = c->left_out[i];
        const dpid_bill without = dpid_market_price(m);
        c->left_out[i] = NULL;
        const dpid_bill with = dpid_market_price(m);
        /* an added net takes the rate of what there is */
        if ((stands(m, i) || m->study->arm[i].row->net == DPID_ARM_ADDED) && may_buy(m, without, with))
            continue;
        m->undecided = m->undecided || priority <= DPID_PRIORITY_DECISION;
        c->left_out[i] = before;
        if (!*before)
            DPID_TRY(not_bought(m, without, with, &c->left_out[i]));
    }
    return DEEPID_OK;
}

/* Rates or probes: as many seeds as asked for, or none. */
static int32_t buy_seeds_of(dpid_market *m, int64_t *seeds, dpid_study_number asked, const char **reason)
{
    const int64_t wished = dpid_study_int(m->study, asked);
    if (*seeds == wished)
        return DEEPID_OK;
    const dpid_bill without = dpid_market_price(m);
    *seeds = wished;
    const dpid_bill with = dpid_market_price(m);
    if (may_buy(m, without, with)) {
        *reason = NULL;
        return DEEPID_OK;
    }
    *seeds = 0;
    return *reason ? DEEPID_OK : not_bought(m, without, with, reason);
}

/* As many as fit, by bisection. */
static int32_t buy_seeds(dpid_market *m, int64_t most)
{
    dpid_choice *c = m->choice;
    const int64_t wished = dpid_study_int(m->study, DPID_NUMBER_SEEDS);
    int64_t fits = c->seeds;
    int64_t beyond = (wished < most ? wished : most) + 1;
    const dpid_bill without = dpid_market_price(m);
    while (beyond - fits > 1) {
        c->seeds = fits + (beyond - fits) / 2;
        *(may_buy(m, without, dpid_market_price(m)) ? &fits : &beyond) = c->seeds;
    }
    c->seeds = fits;
    if (c->seeds == wished)
        c->fewer_seeds = NULL;
    else if (!c->fewer_seeds)
        DPID_TRY(say(m->study, &c->fewer_seeds, "the budget of %s s does not pay for more",
                     dpid_number(m->study->number[DPID_NUMBER_BUDGET]).text));
    return DEEPID_OK;
}

/* What is bought already stays. */
static int32_t buy(dpid_market *m)
{
    dpid_choice *c = m->choice;
    DPID_TRY(buy_seeds(m, USEFUL_SEEDS));
    m->undecided = c->seeds < USEFUL_SEEDS && c->fewer_seeds;
    for (int32_t priority = 1; priority <= DPID_PRIORITIES; priority++) {
        if (priority == DPID_PRIORITY_TUNING && !c->made)
            DPID_TRY(buy_seeds_of(m, &c->tuning_seeds, DPID_NUMBER_TUNING_SEEDS, &c->no_tuning));
        else if (priority == DPID_PRIORITY_PROBES)
            DPID_TRY(buy_seeds_of(m, &c->probe_seeds, DPID_NUMBER_PROBE_SEEDS, &c->no_probes));
        else
            DPID_TRY(buy_arms(m, priority));
    }
    return buy_seeds(m, INT64_MAX);
}

/* S and D in any case. */
static int32_t begin(deepid_study *study)
{
    dpid_choice *c = &study->choice;
    c->arms = study->arms;
    c->seeds = FEWEST_SEEDS;
    DPID_TRY(dpid_arena_alloc(&c->arena, c->arms, sizeof *c->left_out, "budget", &c->left_out));
    for (int32_t i = 0; i < c->arms;
         i++) { /* "": not priced yet; what is out anyway, or comes with rates, is not bought */
        const bool rates = study->arm[i].row->priority == DPID_PRIORITY_TUNING;
        c->left_out[i] = study->arm[i].reason || rates ? NULL : "";
    }
    c->left_out[dpid_arm_find(study, "S")] = c->left_out[dpid_arm_find(study, "D")] = NULL;
    return DEEPID_OK;
}

int32_t dpid_budget_buy(deepid_study *study, double left)
{
    dpid_market m;
    const bool first = !study->choice.made;
    if (first)
        DPID_TRY(begin(study));
    for (int64_t i = 0; i < study->tasks; i++)
        study->task[i].wanted = true;
    dpid_budget_order(study);
    DPID_TRY(dpid_market_make(study, 0, left, &m));
    const int32_t status = buy(&m);
    if (first) {
        study->choice.seconds = dpid_market_price(&m).clock;
        study->choice.before = dpid_budget_work_done(study);
    }
    dpid_market_close(&m);
    return status;
}

void dpid_budget_apply(deepid_study *study)
{
    const dpid_choice *c = &study->choice;
    study->seeds = dpid_study_int(study, DPID_NUMBER_SEEDS);
    study->tuning_seeds = dpid_study_int(study, DPID_NUMBER_TUNING_SEEDS);
    study->probe_seeds = dpid_study_int(study, DPID_NUMBER_PROBE_SEEDS);
    if (!c->made)
        return;
    study->tuning_seeds = c->tuning_seeds;
    if (c->anew)
        return;
    study->seeds = c->seeds;
    study->probe_seeds = c->probe_seeds;
    for (int32_t i = 0; i < study->arms; i++)
        if (!study->arm[i].reason)
            study->arm[i].reason = c->left_out[i];
}

/* ---- the order: a decision first -------------------------------------------------------------------- */

/* S and D seed by seed, so that whole pairs are there; then the rates, for other arms stand on them; then arms and
   probes by priority; then further seeds, all arms of each. */
void dpid_budget_order(deepid_study *study)
{
    enum { TUNING = USEFUL_SEEDS, ARMS, SEEDS = ARMS + DPID_PRIORITIES + 1 };
    for (int64_t i = 0; i < study->tasks; i++) {
        dpid_task *task = &study->task[i];
        const int32_t priority = study->arm[task->arm].row->priority;
        const int64_t place = dpid_task_place(study, task);
        if (study->number[DPID_NUMBER_BUDGET] == 0)
            task->turn = 0;
        else if (task->kind == DPID_TASK_TUNE)
            task->turn = TUNING;
        else if (task->kind == DPID_TASK_PROBE)
            task->turn = ARMS + DPID_PRIORITY_PROBES;
        else if (place >= USEFUL_SEEDS)
            task->turn = SEEDS + place;
        else if (priority == DPID_PRIORITY_TUNING)
            task->turn = ARMS; /* others stand on it */
        else
            task->turn = priority <= DPID_PRIORITY_QUESTION ? place : ARMS + priority;
    }
}

/* ---- giving up ---------------------------------------------------------------------------------------- */

static int64_t open_tasks(const dpid_market *m)
{
    int64_t open = 0;
    for (int64_t i = 0; i < m->study->tasks; i++)
        open += dpid_market_open(m, &m->study->task[i]);
    return open;
}

/* Once a net other than S and D has begun, rates stay as they are. */
static bool rates_taken(const deepid_study *study)
{
    for (int64_t i = 0; i < study->nets; i++) {
        const dpid_task *task = &study->task[i];
        if (!study->arm[task->arm].row->fixed && task->state != DPID_TASK_WAITING && !task->spared)
            return true;
    }
    return false;
}

/* One seed less; undone where it would save nothing. */
static int32_t give_up_seed(dpid_market *m, int64_t least, bool *done)
{
    dpid_choice *c = m->choice;
    const int64_t before = open_tasks(m);
    const int64_t had = c->seeds;
    while (c->seeds > least && open_tasks(m) == before)
        c->seeds--;
    *done = open_tasks(m) < before;
    if (*done)
        return given_up(m, &c->fewer_seeds);
    c->seeds = had;
    return DEEPID_OK;
}

static int32_t give_up_count(dpid_market *m, int64_t *seeds, const char **reason, bool *done)
{
    const int64_t before = open_tasks(m);
    const int64_t had = *seeds;
    *seeds = 0;
    *done = open_tasks(m) < before;
    if (*done)
        return given_up(m, reason);
    *seeds = had;
    return DEEPID_OK;
}

/* With all that stands on it. */
static int32_t give_up_arm(dpid_market *m, int32_t arm)
{
    dpid_choice *c = m->choice;
    DPID_TRY(given_up(m, &c->left_out[arm]));
    for (int32_t i = 0; i < m->study->arms; i++)
        if (!c->left_out[i] && !stands(m, i))
            DPID_TRY(give_up_arm(m, i));
    return DEEPID_OK;
}

static bool has_open_task(const dpid_market *m, int32_t arm)
{
    for (int64_t i = 0; i < m->study->tasks; i++)
        if (m->study->task[i].arm == arm && dpid_market_open(m, &m->study->task[i]))
            return true;
    return false;
}

static int32_t give_up_arms(dpid_market *m, int32_t priority, bool *done)
{
    for (int32_t i = m->study->arms - 1; i >= 0 && !*done; i--) {
        if (m->study->arm[i].row->priority != priority || m->choice->left_out[i] || !has_open_task(m, i))
            continue;
        DPID_TRY(give_up_arm(m, i));
        *done = true;
    }
    return DEEPID_OK;
}

/* What was bought last, of what still costs something. */
static int32_t give_up(dpid_market *m, bool *done, bool *again)
{
    dpid_choice *c = m->choice;
    *done = false;
    DPID_TRY(give_up_seed(m, USEFUL_SEEDS, done));
    for (int32_t priority = DPID_PRIORITIES; priority > DPID_PRIORITY_QUESTION && !*done; priority--) {
        if (priority == DPID_PRIORITY_PROBES)
            DPID_TRY(give_up_count(m, &c->probe_seeds, &c->no_probes, done));
        else if (priority == DPID_PRIORITY_TUNING) {
            if (!rates_taken(m->study))
                DPID_TRY(give_up_count(m, &c->tuning_seeds, &c->no_tuning, done));
            *again = *again || (*done && c->tuning_seeds == 0);
        } else
            DPID_TRY(give_up_arms(m, priority, done));
    }
    return *done ? DEEPID_OK : give_up_seed(m, FEWEST_SEEDS, done);
}

int32_t dpid_budget_keep(deepid_study *study, double elapsed, bool *changed, bool *again)
{
    const double patience = 0.1; /* of the budget: the first tasks tell little */
    dpid_market m;
    int32_t status = DEEPID_OK;
    *changed = *again = false;
    if (study->choice.spent + elapsed < patience * study->number[DPID_NUMBER_BUDGET])
        return DEEPID_OK;
    DPID_TRY(dpid_market_make(study, elapsed, dpid_budget_left(study, elapsed), &m));
    for (bool more = !affordable(&m); more && status == DEEPID_OK && !affordable(&m);) {
        status = give_up(&m, &more, again);
        *changed = *changed || more;
    }
    for (int64_t i = 0; i < study->tasks && *changed; i++)
        if (study->task[i].wanted && !dpid_market_has(&m, &study->task[i])) {
            study->task[i].wanted = false;
            atomic_store(&study->task[i].dropped, true);
        }
    dpid_market_close(&m);
    return status;
}
