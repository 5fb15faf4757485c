/* The rule for an arm's rate, on tuning runs whose losses are written by hand. Two classes: the constant predictor
   has ln 2 = 0.693; S ends at 0.093, so the margin is 0.05 x 0.6 = 0.03. Rates are numbered by half-decades from the
   recipe's, -8 to 4: 0.1 x 10^(k / 2). */
#include "support/support.h"

#include "study/study.h"

#include <math.h>

enum { SEEDS = 3, LOW = -DPID_RATE_OWN, HIGH = DPID_RATES_MOST - 1 - DPID_RATE_OWN };

static void open_study(study_run *f)
{
    deepid_ctx *ctx = new_ctx(1);
    *f = (study_run){.ctx = ctx};
    OK(deepid_dataset_generate(ctx, "spirals n=64", 7, &f->train));
    OK(deepid_study_create(ctx, "input 2; dense out=2", "input 2; dense out=4; relu; dense out=2", f->train,
                           &f->study));
    OK(deepid_study_set_text(f->study, "arms", "S,D"));
    OK(deepid_study_set_number(f->study, "learning_rate", 0.1));
    OK(dpid_study_plan(f->study));
}

static dpid_study_arm *arm_of(study_run *f, const char *word)
{
    return &f->study->arm[dpid_arm_find(f->study, word)];
}

static dpid_task *run_of(study_run *f, const char *word, int32_t k, int64_t seed)
{
    return &f->study->task[arm_of(f, word)->first_tuning + (DPID_RATE_OWN + k) * SEEDS + seed];
}

/* Losses at half-decade `first` and on; infinity: it diverged. */
typedef struct {
    int32_t first, count;
    double loss[DPID_RATES_MOST][SEEDS];
} grid;

static void write_losses(study_run *f, const char *word, const grid *g)
{
    for (int32_t i = 0; i < g->count * SEEDS; i++) {
        dpid_task *task = run_of(f, word, g->first + i / SEEDS, i % SEEDS);
        task->state = DPID_TASK_DONE;
        task->outcome.train_loss = g->loss[i / SEEDS][i % SEEDS];
        task->diverged = isinf(task->outcome.train_loss);
    }
}

#define ALL(x)                                                                                                         \
    {                                                                                                                  \
        x, x, x                                                                                                        \
    }
static const grid shallow = {-2, 5, {ALL(0.5), ALL(0.2), ALL(0.093), ALL(0.3), ALL(INFINITY)}};

static double rate_at(int32_t k)
{
    return 0.1 * pow(10, k / 2.0);
}

static bool is_rate(double rate, int32_t k)
{
    return fabs(rate / rate_at(k) - 1) < 1e-12;
}

static void settle(study_run *f, const grid *deep)
{
    open_study(f);
    write_losses(f, "D_rate", deep);
    dpid_tuning_settle(f->study);
    assert_false(arm_of(f, "D_rate")->settled); /* the margin waits for S */
    write_losses(f, "S_rate", &shallow);
    dpid_tuning_settle(f->study);
    assert_true(arm_of(f, "S_rate")->settled && arm_of(f, "S_rate")->rate == 0.1);
}

/* ---- the choice ------------------------------------------------------------------------------------------ */

/* rates tried: low to high; chosen: half-decades from the recipe's */
static const struct {
    const char *name;
    grid losses;
    int32_t chosen, low, high;
    bool noise;
} cases[] = {
    {"better at every seed and by more than the margin",
     {-2, 5, {ALL(0.6), {0.2, 0.25, 0.1}, {0.3, 0.3, 0.2}, ALL(0.5), ALL(0.6)}},
     -1,
     -2,
     2,
     false},
    {"better at two of three seeds is a noisy tie",
     {-2, 5, {ALL(0.6), {0.1, 0.1, 0.21}, {0.3, 0.3, 0.2}, ALL(0.5), ALL(0.6)}},
     0,
     -2,
     2,
     false},
    {"better by less than the margin",
     {-2, 5, {ALL(0.6), {0.28, 0.28, 0.18}, {0.3, 0.3, 0.2}, ALL(0.5), ALL(0.6)}},
     0,
     -2,
     2,
     false},
    {"the best of two that are better", {-2, 5, {ALL(0.3), ALL(0.1), ALL(0.6), ALL(0.2), ALL(0.6)}}, -1, -2, 2, false},
    {"diverged is worst, and one run at 1e9 counts as the constant predictor",
     {-2, 5, {ALL(0.6), ALL(0.6), {INFINITY, 1e9, INFINITY}, ALL(0.5), ALL(INFINITY)}},
     1,
     -2,
     2,
     false},
    {"a rate that trains at more seeds beats one that diverges at more, and a lower loss at the others",
     {-2, 5, {ALL(0.6), {0.3, 0.3, 0.3}, {0.1, 0.1, INFINITY}, ALL(0.5), ALL(INFINITY)}},
     -1,
     -2,
     2,
     false},
    {"a rate that diverges nowhere and trains nowhere beats none",
     {-4, 7, {ALL(0.69), ALL(0.69), ALL(0.69), ALL(0.69), {0.3, 0.3, INFINITY}, ALL(INFINITY), ALL(INFINITY)}},
     0,
     -2,
     2,
     false},
    {"the grid goes down until the best lies inside",
     {-4, 7, {ALL(0.3), ALL(0.1), ALL(0.2), ALL(0.5), ALL(0.6), ALL(0.6), ALL(0.6)}},
     -3,
     -4,
     2,
     false},
    {"and up, by one decade",
     {-2, 7, {ALL(0.6), ALL(0.6), ALL(0.6), ALL(0.5), ALL(0.4), ALL(0.3), ALL(0.2)}},
     4,
     -2,
     4,
     false},
    {"down by three decades where all diverge",
     {-8,
      11,
      {ALL(0.2), ALL(0.3), ALL(INFINITY), ALL(INFINITY), ALL(INFINITY), ALL(INFINITY), ALL(INFINITY), ALL(INFINITY),
       ALL(INFINITY), ALL(INFINITY), ALL(INFINITY)}},
     -8,
     -8,
     2,
     false},
    {"and where the lowest blows up without a loss that is not finite",
     {-8,
      11,
      {ALL(0.2), ALL(0.3), ALL(1e12), ALL(1e24), ALL(1e12), ALL(INFINITY), ALL(INFINITY), ALL(INFINITY), ALL(INFINITY),
       ALL(INFINITY), ALL(INFINITY)}},
     -8,
     -8,
     2,
     false},
    {"all rates diverge: the recipe's stays",
     {-8,
      11,
      {ALL(INFINITY), ALL(INFINITY), ALL(INFINITY), ALL(INFINITY), ALL(INFINITY), ALL(INFINITY), ALL(INFINITY),
       ALL(INFINITY), ALL(INFINITY), ALL(INFINITY), ALL(INFINITY)}},
     0,
     -8,
     2,
     true},
    {"no rate leaves the constant predictor: a decade each way",
     {-4, 9, {ALL(0.7), ALL(0.69), ALL(0.7), ALL(0.69), ALL(0.7), ALL(0.69), ALL(0.7), ALL(0.8), ALL(0.7)}},
     0,
     -4,
     4,
     true},
    {"and one of those may train",
     {-4, 9, {ALL(0.7), ALL(0.3), ALL(0.7), ALL(0.69), ALL(0.7), ALL(0.69), ALL(0.7), ALL(0.8), ALL(0.7)}},
     -3,
     -4,
     4,
     false},
};

static void a_rate_is_taken_that_lies_inside_the_grid(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        study_run f;
        settle(&f, &cases[i].losses);
        const dpid_study_arm *deep = arm_of(&f, "D_rate");
        if (!deep->settled || !is_rate(deep->rate, cases[i].chosen) || deep->noise != cases[i].noise)
            fail_msg("%s: settled %d, rate %.17g, noise %d; expected %.17g, %d", cases[i].name, deep->settled,
                     deep->rate, deep->noise, rate_at(cases[i].chosen), cases[i].noise);
        if (deep->low != DPID_RATE_OWN + cases[i].low || deep->high != DPID_RATE_OWN + cases[i].high)
            fail_msg("%s: rates %d to %d, expected %d to %d", cases[i].name, deep->low - DPID_RATE_OWN,
                     deep->high - DPID_RATE_OWN, cases[i].low, cases[i].high);
        close_study(&f);
    }
}

/* The third case above gains 0.02: less than 0.05 x 0.6, more than 0.01 x 0.6. */
static void the_margin_is_the_users(void **state)
{
    (void)state;
    study_run f;
    open_study(&f);
    deepid_ctx *ctx = f.ctx;
    OK(deepid_study_set_number(f.study, "margin_share", 0.01));
    OK(dpid_study_plan(f.study));
    write_losses(&f, "S_rate", &shallow);
    write_losses(&f, "D_rate", &cases[2].losses);
    dpid_tuning_settle(f.study);
    assert_true(is_rate(arm_of(&f, "D_rate")->rate, -1));
    close_study(&f);
}

/* ---- what follows ------------------------------------------------------------------------------------------ */

/* S keeps the recipe's rate, so there is no S_rate; D does not. What is outside the grids is done, at no cost. */
static void what_is_not_needed_is_spared(void **state)
{
    (void)state;
    study_run f;
    settle(&f, &cases[0].losses);
    for (int32_t k = LOW; k <= HIGH; k++) {
        const bool inside = k >= -2 && k <= 2;
        assert_int_equal(run_of(&f, "D_rate", k, 0)->spared, !inside);
        assert_int_equal(run_of(&f, "D_rate", k, 0)->state, DPID_TASK_DONE);
        assert_int_equal(dpid_task_has_result(run_of(&f, "D_rate", k, 0)), inside);
    }
    assert_true(f.study->task[arm_of(&f, "S_rate")->first_task].spared);
    assert_false(f.study->task[arm_of(&f, "D_rate")->first_task].spared);
    assert_string_equal(deepid_study_arm_reason(f.study, dpid_arm_find(f.study, "S_rate")),
                        "tuning found no better rate than the recipe's");
    assert_null(deepid_study_arm_reason(f.study, dpid_arm_find(f.study, "D_rate")));
    assert_true(deepid_study_arm_rate(f.study, dpid_arm_find(f.study, "D")) == 0.1); /* the recipe's, always */
    close_study(&f);
}

/* The wider rates of a grid wait until the narrower ones are known. */
static void a_wider_grid_waits_for_the_narrower_one(void **state)
{
    (void)state;
    study_run f;
    open_study(&f);
    assert_true(dpid_task_ready(f.study, run_of(&f, "D_rate", -2, 0)));
    assert_false(dpid_task_ready(f.study, run_of(&f, "D_rate", -3, 0)));
    const grid part = {-2, 5, {ALL(0.2), ALL(0.3), ALL(0.6), ALL(0.6), ALL(0.6)}};
    write_losses(&f, "S_rate", &shallow);
    write_losses(&f, "D_rate", &part);
    dpid_tuning_settle(f.study);
    assert_false(arm_of(&f, "D_rate")->settled);
    assert_true(dpid_task_ready(f.study, run_of(&f, "D_rate", -3, 0)));
    assert_false(dpid_task_ready(f.study, run_of(&f, "D_rate", -5, 0)));
    close_study(&f);
}

/* Five rates, one of them diverged at all seeds; the recipe's rate was taken. */
static void the_evidence_is_told_what_tuning_found(void **state)
{
    (void)state;
    study_run f;
    settle(&f, &cases[4].losses);
    const dpid_tuning_summary own = dpid_tuning_sum_up(f.study, arm_of(&f, "D_rate"), 0.1);
    const dpid_tuning_summary taken = dpid_tuning_sum_up(f.study, arm_of(&f, "D_rate"), arm_of(&f, "D_rate")->rate);
    assert_int_equal(own.rates, 5);
    assert_int_equal(own.diverged, 1); /* at the recipe's rate one run ended, far above */
    assert_true(is_rate(own.lowest, -2) && is_rate(own.highest, 2));
    assert_true(fabs(own.loss - log(2)) < 1e-12 && fabs(taken.loss - 0.5) < 1e-12);
    close_study(&f);
}

/* 2 arms x 5 rates x 3 seeds, one chosen rate each, seeds apart from the study's */
static void the_table_shows_every_run_and_the_choice(void **state)
{
    (void)state;
    study_run f;
    deepid_table *table = NULL;
    settle(&f, &cases[0].losses);
    deepid_ctx *ctx = f.ctx;
    OK(deepid_study_tuning(f.study, &table));
    assert_int_equal(deepid_table_rows(table), 30);
    double chosen = 0;
    for (int64_t i = 0; i < 30; i++) {
        chosen += deepid_table_get(table, i, deepid_table_find_column(table, "chosen"));
        assert_true(deepid_table_get(table, i, deepid_table_find_column(table, "seed")) >= 1000001);
    }
    assert_true(chosen == 2 * SEEDS);
    deepid_table_destroy(table);
    close_study(&f);
}

/* ---- studies that widen their grids: the same bits for any way to run them ------------------------------------- */

/* At such a rate most of the first grid diverges. */
static void open_wild(study_run *f, const char *folder, double threads)
{
    deepid_ctx *ctx = new_ctx(1);
    *f = (study_run){.ctx = ctx};
    OK(deepid_dataset_generate(ctx, "spirals n=64", 7, &f->train));
    OK(deepid_study_create(ctx, "input 2; dense out=8; relu; identity { dense out=8; relu; dense out=8 }; dense out=2",
                           "input 2; dense out=8; relu; 8 * identity { dense out=8; relu; dense out=8 }; dense out=2",
                           f->train, &f->study));
    OK(deepid_study_set_text(f->study, "arms", "S,D,W0,WT,D64"));
    OK(deepid_study_set_text(f->study, "probes", "none"));
    OK(deepid_study_set_number(f->study, "learning_rate", 3));
    OK(deepid_study_set_number(f->study, "tuning_seeds", 2));
    OK(deepid_study_set_number(f->study, "steps", 30));
    OK(deepid_study_set_number(f->study, "threads", threads));
    OK(deepid_study_set_seeds(f->study, 2));
    OK(deepid_study_set_folder(f->study, folder));
}

static uint64_t bits_of_table(study_run *f, int32_t (*get)(deepid_study *, deepid_table **), uint64_t hash)
{
    deepid_ctx *ctx = f->ctx;
    deepid_table *table = NULL;
    OK(get(f->study, &table));
    for (int64_t k = 0; k < deepid_table_columns(table); k++)
        if (k != deepid_table_find_column(table, "seconds"))
            hash = hash * 31 + bits(deepid_table_column(table, k), 8 * deepid_table_rows(table));
    deepid_table_destroy(table);
    return hash;
}

static uint64_t bits_of_study(study_run *f)
{
    return bits_of_table(f, deepid_study_tuning, bits_of_table(f, deepid_study_results, 1));
}

static int32_t stop_soon(void *user, const deepid_study_event *event)
{
    if (deepid_study_event_tasks_done(event) >= 5)
        deepid_study_request_stop(user);
    assert_true(deepid_study_event_tasks_done(event) <= deepid_study_event_tasks(event));
    return 0;
}

static void wider_grids_are_the_same_resumed_sharded_and_threaded(void **state)
{
    (void)state;
    study_run f;
    open_wild(&f, NULL, 1);
    deepid_ctx *ctx = f.ctx;
    OK(deepid_study_run(f.study, NULL, NULL));
    const uint64_t expected = bits_of_study(&f);
    const dpid_study_arm *deep = arm_of(&f, "D_rate");
    if (!(deep->settled && deep->low < DPID_RATE_OWN - 2 && deep->rate < 3))
        fail_msg("settled %d, rates %d to %d, rate %g, noise %d", deep->settled, deep->low, deep->high, deep->rate,
                 deep->noise);
    assert_int_equal(deepid_study_tasks_done(f.study), deepid_study_task_count(f.study));
    close_study(&f);

    open_wild(&f, NULL, 3);
    ctx = f.ctx;
    OK(deepid_study_run(f.study, NULL, NULL));
    assert_int_equal(bits_of_study(&f), expected);
    close_study(&f);

    const char *folder = temporary("wild_stopped");
    open_wild(&f, folder, 2);
    ctx = f.ctx;
    (void)deepid_study_run(f.study, stop_soon, f.study);
    close_study(&f);
    open_wild(&f, folder, 2);
    ctx = f.ctx;
    OK(deepid_study_run(f.study, NULL, NULL));
    assert_int_equal(bits_of_study(&f), expected);
    close_study(&f);

    folder = temporary("wild_shards");
    for (int shard = 0; shard < 3; shard++) {
        open_wild(&f, folder, 1);
        ctx = f.ctx;
        OK(deepid_study_set_number(f.study, "shards", 3));
        OK(deepid_study_set_number(f.study, "shard", shard));
        OK(deepid_study_run(f.study, NULL, NULL));
        if (shard == 2)
            assert_int_equal(bits_of_study(&f), expected);
        close_study(&f);
    }
    open_wild(&f, folder, 1); /* all from files */
    assert_int_equal(bits_of_study(&f), expected);
    assert_int_equal(deepid_study_tasks_done(f.study), deepid_study_task_count(f.study));
    close_study(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_is_taken_that_lies_inside_the_grid),
        cmocka_unit_test(the_margin_is_the_users),
        cmocka_unit_test(what_is_not_needed_is_spared),
        cmocka_unit_test(a_wider_grid_waits_for_the_narrower_one),
        cmocka_unit_test(the_evidence_is_told_what_tuning_found),
        cmocka_unit_test(the_table_shows_every_run_and_the_choice),
        cmocka_unit_test(wider_grids_are_the_same_resumed_sharded_and_threaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
