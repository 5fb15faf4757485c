/* The rules at their edges: divergence, no headroom, missing arms, one seed, chaos, wrong gradients; thresholds;
   verdict.json; what is refused. */
#include "verdict/plant.h"

#include "verdict/verdict.h"

#include <jansson.h>

static plant p;
static const double unknown = (double)NAN;

static deepid_verdict *judged(deepid_ctx *ctx, const dpid_thresholds *t)
{
    deepid_verdict *v = NULL;
    OK(dpid_verdict_judge(ctx, &p.e, t, &v));
    if (getenv("SHOW"))
        printf("%s\n", deepid_verdict_text(v, 0));
    return v;
}

static const char *sentence_of(const deepid_verdict *v, const char *hypothesis)
{
    return deepid_verdict_sentence(v, deepid_verdict_find(v, hypothesis));
}

static void says(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("expected '%s' in: %s", part, text);
}

/* S .01, D .5, W0 = S: harm, and a solution that exists */
static void plant_harm(uint64_t seed, int64_t seeds)
{
    plant_start(&p, seed, seeds, 0.693);
    plant_arm(&p, "S", 0.010, 0.003);
    plant_arm(&p, "D", 0.5, 0.05);
    plant_witness(&p);
}

/* ---- divergence ------------------------------------------------------------------------------------ */

static void a_deep_net_that_always_diverges_is_worst_and_its_means_are_capped(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_harm(1, 8);
    plant_diverge(&p, 1, 8);
    plant_arm(&p, "D_start:orthogonal", 0.02, 0.01);
    plant_diverge(&p, plant_arm(&p, "D_3T", 0.5, 0), 8);
    deepid_verdict *v = judged(ctx, NULL);
    expect_findings(
        "diverged", 1, v,
        "solver=confirmed conditioning=confirmed budget=undecided representation=refuted overfitting=refuted");
    const int64_t start = deepid_verdict_find(v, "conditioning");
    assert_true(isinf(deepid_verdict_effect(v, start)) && isinf(deepid_verdict_low(v, start)));
    assert_true(deepid_verdict_share(v, start) > 0.95 && deepid_verdict_share(v, start) < 1.05); /* of 0.693 - S */
    /* as bad as each other */
    assert_true(deepid_verdict_effect(v, deepid_verdict_find(v, "budget")) == 0);
    assert_true(finding_number(v, "solver", "diverged_share") == 1);
    says(deepid_verdict_scope(v), "D 8 of 8, D_3T 8 of 8");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* One run of the deep net at 1e9: without the cap any arm that merely stays finite there would repair 100 %. */
static void one_huge_loss_does_not_decide_a_mean(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_harm(2, 10);
    p.column[1][0][3] = 1e9;
    const int64_t longer = plant_arm(&p, "D_3T", 0.5, 0);
    for (int64_t s = 0; s < 10; s++)
        p.column[longer][0][s] = s == 3 ? 0.5 : p.column[1][0][s];
    deepid_verdict *v = judged(ctx, NULL);
    /* the effect's upper end is half of 1e9, the share's 14 %, the margin 7 % of the gap */
    expect_findings("1e9", 2, v, "solver=confirmed budget=minor");
    assert_true(deepid_verdict_share(v, deepid_verdict_find(v, "budget")) < 0.1);
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

static void where_the_shallow_net_diverges_too_there_is_nothing_to_compare(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 3, 10, 0.693);
    plant_diverge(&p, plant_arm(&p, "S", 0.1, 0), 10);
    plant_diverge(&p, plant_arm(&p, "D", 0.1, 0), 10);
    plant_diverge(&p, plant_arm(&p, "D_start:he", 0.1, 0), 10);
    deepid_verdict *v = judged(ctx, NULL);
    expect_findings("all diverged", 3, v,
                    "representation=undecided solver=undecided budget=undecided conditioning=undecided "
                    "optimiser=undecided rounding=undecided range=undecided overfitting=undecided");
    says(deepid_verdict_answer(v), "the shallow net itself diverges");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* ---- margins ------------------------------------------------------------------------------------------ */

static void no_headroom_is_said_first_and_the_margin_does_not_vanish(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 4, 10, 0.693);
    plant_arm(&p, "S", 0.693, 0.0001); /* 0.05 (L_const - L_S) would be about 0 */
    plant_arm(&p, "D", 0.695, 0.0001);
    plant_witness(&p);
    deepid_verdict *v = judged(ctx, NULL);
    assert_true(strncmp(deepid_verdict_answer(v), "No headroom", 11) == 0);
    expect_findings("no headroom", 4, v, "solver=refuted conditioning=refuted");
    assert_true(finding_number(v, "solver", "margin") == 0.02 * 0.693);
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

static void equal_losses_are_no_harm_and_equal_within_the_margin(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 5, 10, 0.693);
    plant_arm(&p, "S", 0.1, 0);
    plant_arm(&p, "D", 0.1, 0);
    plant_arm(&p, "D_res", 0.1, 0);
    deepid_verdict *v = judged(ctx, NULL);
    expect_findings(
        "equal", 5, v,
        "representation=refuted solver=refuted budget=refuted rounding=refuted range=refuted overfitting=undecided");
    says(deepid_verdict_answer(v), "the same within the margin");
    assert_true(isnan(deepid_verdict_remedy_share(v, 0))); /* no gap to close */
    deepid_verdict_destroy(v);
    p.e.margin = 0; /* the user may ask for any: then nothing is sure */
    v = judged(ctx, NULL);
    expect_findings("equal, margin 0", 5, v, "solver=undecided");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* ---- too little evidence ---------------------------------------------------------------------------------- */

static void missing_arms_leave_findings_open_and_say_which(void **state)
{
    (void)state;
    static const char *const left_out[] = {"W0", "D_start:looks_linear", "D_3T"};
    static const char *const reasons[] = {"budget", "budget", "budget"};
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 6, 10, 0.693);
    plant_arm(&p, "S", 0.010, 0.003);
    plant_arm(&p, "D", 0.5, 0.05);
    p.e.left_out = left_out;
    p.e.left_out_reason = reasons;
    p.e.left_outs = 3;
    p.e.gradient_check = DPID_NOT_CHECKED;
    deepid_verdict *v = judged(ctx, NULL);
    expect_findings("S and D", 6, v,
                    "bug=undecided representation=undecided solver=undecided budget=undecided conditioning=undecided "
                    "optimiser=undecided rounding=undecided range=undecided overfitting=refuted");
    says(deepid_verdict_to_settle(v, deepid_verdict_find(v, "representation")), "Run arm W0 (left out: budget)");
    says(deepid_verdict_to_settle(v, deepid_verdict_find(v, "budget")), "Run arm D_3T (left out: budget)");
    says(deepid_verdict_scope(v), "Not run: W0, D_start:looks_linear, D_3T (budget).");
    says(deepid_verdict_answer(v), "The added layers hurt training");
    deepid_verdict_destroy(v);
    for (int only = 0; only < 2; only++) {
        plant_start(&p, 6, 10, 0.693);
        plant_arm(&p, only ? "S" : "D", 0.1, 0.01);
        v = judged(ctx, NULL);
        expect_findings("one arm", 6, v,
                        "representation=undecided solver=undecided rounding=undecided overfitting=undecided");
        says(deepid_verdict_answer(v), only ? "the deep net was not trained" : "the shallow net was not trained");
        deepid_verdict_destroy(v);
    }
    plant_harm(6, 10); /* arms that exist, but were not run at any seed */
    for (int64_t s = 0; s < 10; s++)
        p.column[2][0][s] = p.column[1][0][s] = unknown;
    v = judged(ctx, NULL);
    expect_findings("NaN", 6, v, "representation=undecided solver=undecided");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* One member of a set that fails proves nothing about the others. */
static void an_untried_member_keeps_its_set_open(void **state)
{
    (void)state;
    static const char *const left_out[] = {"D_start:looks_linear"};
    deepid_ctx *ctx = new_ctx(1);
    plant_harm(7, 10);
    plant_arm(&p, "D_start:orthogonal", 0.5, 0.05);
    deepid_verdict *v = judged(ctx, NULL);
    expect_findings("all tried", 7, v, "conditioning=minor");
    deepid_verdict_destroy(v);
    p.e.left_out = left_out;
    p.e.left_outs = 1;
    v = judged(ctx, NULL);
    expect_findings("one not tried", 7, v, "conditioning=undecided");
    says(sentence_of(v, "conditioning"), "another member of the set was not tried");
    deepid_verdict_destroy(v);
    p.e.left_out_possible = (const uint8_t[]){0}; /* it makes no sense here */
    v = judged(ctx, NULL);
    expect_findings("one that cannot be", 7, v, "conditioning=minor");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

static void few_seeds_decide_nothing_and_say_how_many_would(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int64_t seeds = 1; seeds <= 6; seeds++) {
        plant_harm(8, seeds);
        plant_arm(&p, "D_start:he", 0.02, 0.01);
        plant_arm(&p, "D_3T", 0.5, 0.05);
        plant_arm(&p, "D64", 0.5, 0.05);
        deepid_verdict *v = judged(ctx, NULL);
        expect_findings("few seeds", (uint64_t)seeds, v,
                        seeds < 6 ? "representation=undecided solver=undecided budget=undecided conditioning=undecided "
                                    "rounding=undecided overfitting=undecided"
                                  : "representation=refuted solver=confirmed conditioning=confirmed");
        if (seeds == 1)
            assert_null(strstr(deepid_verdict_text(v, 0), "1 seeds"));
        if (seeds < 6) {
            says(deepid_verdict_answer(v), "there is no interval");
            says(deepid_verdict_to_settle(v, deepid_verdict_find(v, "solver")), "At least 6 seeds");
            assert_true(finding_number(v, "solver", "seeds_to_settle") == 6);
        }
        deepid_verdict_destroy(v);
    }
    plant_harm(8, 5); /* at a level of 0.9 five seeds are enough */
    dpid_thresholds t = dpid_thresholds_default();
    OK(dpid_thresholds_set(ctx, &t, "level", 0.9));
    deepid_verdict *v = judged(ctx, &t);
    expect_findings("level 0.9", 5, v, "representation=refuted solver=confirmed");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* A shallow net that ends far above the constant predictor: whatever the deep one does, it is no harm of depth. */
static void a_shallow_net_worse_than_a_constant_is_nothing_to_compare_with(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 9, 10, 0.693);
    plant_arm(&p, "S", 10, 0.1);
    plant_arm(&p, "D", 90, 0.1);
    plant_witness(&p);
    deepid_verdict *v = judged(ctx, NULL);
    expect_findings("worse than a constant", 9, v, "solver=undecided budget=undecided range=undecided");
    says(deepid_verdict_answer(v), "the shallow net itself does not train");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* Validation is surely worse, but the deep net has learned nothing that it could fit too well. */
static void what_has_no_fit_has_no_overfit(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int fits = 0; fits < 2; fits++) {
        plant_start(&p, 9, 10, 0.693);
        const int64_t s = plant_arm(&p, "S", fits ? 0.1 : 0.66, 0.001);
        const int64_t d = plant_arm(&p, "D", fits ? 0.1 : 0.66, 0.001);
        plant_valid(&p, s, fits ? 0.2 : 0.68, 0.001, fits ? 0.2 : 0.68);
        plant_valid(&p, d, 1.2, 0.001, 1.2);
        deepid_verdict *v = judged(ctx, NULL);
        expect_findings("no fit", 9, v, fits ? "overfitting=confirmed" : "overfitting=not_applicable");
        deepid_verdict_destroy(v);
    }
    deepid_ctx_destroy(ctx);
}

/* Found by the error alone: the answer speaks of errors. */
static void overfitting_by_error_is_told_by_error(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 9, 10, 0.693);
    const int64_t s = plant_arm(&p, "S", 0.1, 0.001);
    const int64_t d = plant_arm(&p, "D", 0.1, 0.001);
    plant_valid(&p, s, 0.2, 0.001, 0.2);
    plant_valid(&p, d, 0.2, 0.001, 0.2);
    plant_errors(&p, s, 0.01, 0.05, 0.001);
    plant_errors(&p, d, 0.01, 0.15, 0.001);
    deepid_verdict *v = judged(ctx, NULL);
    const int64_t finding = deepid_verdict_find(v, "overfitting");
    expect_findings("by error", 9, v, "overfitting=confirmed");
    says(deepid_verdict_answer(v), "They overfit: 15");
    says(deepid_verdict_answer(v), "of the answers of validation are wrong");
    assert_null(strstr(deepid_verdict_sentence(v, finding), "early stopping"));
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* Harm by the error, below the margin of the loss: a rate that halves the loss may be all of it. */
static void a_rate_is_not_refuted_by_losses_where_errors_hurt(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int by_error = 0; by_error < 2; by_error++) {
        plant_start(&p, 9, 10, 0.693);
        plant_errors(&p, plant_arm(&p, "S", by_error ? 0.05 : 0.001, 0.001), 0.01, 0.01, 0.001);
        const int64_t d = plant_arm(&p, "D", by_error ? 0.07 : 0.3, 0.001);
        plant_errors(&p, d, 0.04, 0.04, 0.001);
        plant_rate(&p, d, 0.03, 5, 0);
        p.arm[d].other_rate = 0.3;
        p.arm[d].other_gain = 0.03;
        deepid_verdict *v = judged(ctx, NULL);
        expect_findings("rate by another scale", 9, v, by_error ? "rate=undecided" : "rate=refuted");
        deepid_verdict_destroy(v);
    }
    deepid_ctx_destroy(ctx);
}

/* The loss would take many seeds; the training error is nearly sure, so that is what a few more seeds would settle. */
static void the_scale_that_is_nearest_to_a_decision_says_how_many_seeds(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 9, 10, 0.693);
    plant_errors(&p, plant_arm(&p, "S", 0.1, 0), 0.1, 0.1, 0);
    plant_errors(&p, plant_arm(&p, "D", 0.13, 0.12), 0.15, 0.15, 0.01);
    for (int64_t s = 0; s < 5; s++) /* D's error is that of S, no more */
        p.column[1][4][s] = 0.1;
    deepid_verdict *v = judged(ctx, NULL);
    const int64_t solver = deepid_verdict_find(v, "solver");
    const double few = finding_number(v, "solver", "seeds_to_settle");
    if (!(few > 10 && few <= 20))
        fail_msg("%g seeds instead of 10, expected 11 to 20: %s", few, deepid_verdict_text(v, 0));
    says(deepid_verdict_sentence(v, solver), "the training loss differs by");
    says(deepid_verdict_sentence(v, solver), "the training error differs by");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* Ten seeds, half width h, estimate e beyond the margin by d: about 10 (h / d)^2 seeds. */
static void an_undecided_harm_says_how_many_seeds_would_settle_it(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 9, 10, 0.693);
    plant_arm(&p, "S", 0.1, 0);
    plant_arm(&p, "D", 0.15, 0.12);
    deepid_verdict *v = judged(ctx, NULL);
    const int64_t solver = deepid_verdict_find(v, "solver");
    expect_findings("unsure", 9, v, "solver=undecided budget=undecided range=undecided");
    const double e = deepid_verdict_effect(v, solver);
    const double m = finding_number(v, "solver", "margin");
    const double half = e > m ? e - deepid_verdict_low(v, solver) : deepid_verdict_high(v, solver) - e;
    const double expected = fmax(11, ceil(10 * pow(half / (e - m), 2)));
    if (expected <= 1000)
        assert_true(finding_number(v, "solver", "seeds_to_settle") == expected);
    else
        says(deepid_verdict_to_settle(v, solver), "No affordable number of seeds");
    says(deepid_verdict_answer(v), "To settle it:");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* e < m, but not surely: no harm is not shown. */
static void an_estimate_below_the_margin_is_not_yet_no_harm(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 23, 10, 0.693);
    plant_arm(&p, "S", 0.1, 0);
    const int64_t d = plant_arm(&p, "D", 0.11, 0);
    for (int64_t s = 0; s < 10; s++)
        p.column[d][0][s] += s % 2 ? 0.05 : -0.05;
    deepid_verdict *v = judged(ctx, NULL);
    const int64_t solver = deepid_verdict_find(v, "solver");
    assert_true(deepid_verdict_effect(v, solver) < finding_number(v, "solver", "margin"));
    expect_findings("below", 23, v, "solver=undecided budget=undecided");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* The truth is a difference of exactly m, the worst case: with ten seeds the exact test calls it harm in 25 of 1024
   cases. */
static void a_difference_of_the_margin_is_rarely_called_harm(void **state)
{
    (void)state;
    enum { STUDIES = 600 };
    deepid_ctx *ctx = new_ctx(1);
    dpid_thresholds t = dpid_thresholds_default();
    t.resamples = 199;
    int harm = 0;
    int none = 0;
    for (uint64_t seed = 1; seed <= STUDIES; seed++) {
        plant_start(&p, seed, 10, 0.693);
        plant_arm(&p, "S", 0.1, 0);
        plant_arm(&p, "D", 0.1 + 0.05 * 0.593, 0.05);
        deepid_verdict *v = NULL;
        OK(dpid_verdict_judge(ctx, &p.e, &t, &v));
        const char *rule = deepid_verdict_rule(v, deepid_verdict_find(v, "solver"));
        harm += strcmp(rule, "solver.missing") == 0;
        none += strcmp(rule, "harm.none") == 0;
        deepid_verdict_destroy(v);
    }
    /* 600 x 0.0244 = 14.6, standard deviation 3.8: four of them */
    if (harm > 30 || none > 30 || harm == 0 || none == 0)
        fail_msg("of %d studies %d say harm, %d say none, expected about 15 each", STUDIES, harm, none);
    deepid_ctx_destroy(ctx);
}

/* ---- interventions at their thresholds ------------------------------------------------------------------- */

/* D .5, S .01: the gap is .49, half of it ends at .255 */
static void a_share_around_one_half_contributes_and_is_not_confirmed(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_harm(24, 10);
    const int64_t longer = plant_arm(&p, "D_3T", 0, 0);
    for (int64_t s = 0; s < 10; s++)
        p.column[longer][0][s] = s % 2 ? 0.1 : 0.4;
    deepid_verdict *v = judged(ctx, NULL);
    const int64_t budget = deepid_verdict_find(v, "budget");
    assert_true(deepid_verdict_share_low(v, budget) < 0.5 && deepid_verdict_share_high(v, budget) > 0.5);
    expect_findings("around half", 24, v, "budget=contributes");
    deepid_verdict_destroy(v);
    for (int64_t s = 0; s < 10; s++) /* six gain, four lose: neither half nor the margin is sure */
        p.column[longer][0][s] = s < 6 ? 0.05 : 0.693;
    v = judged(ctx, NULL);
    assert_true(deepid_verdict_share(v, budget) < 0.5 && deepid_verdict_share_high(v, budget) > 0.5);
    assert_true(deepid_verdict_low(v, budget) < finding_number(v, "budget", "margin"));
    expect_findings("not sure", 24, v, "budget=undecided");
    const double effect = deepid_verdict_effect(v, budget);
    const double m = finding_number(v, "budget", "margin");
    const double half = effect > m ? effect - deepid_verdict_low(v, budget) : deepid_verdict_high(v, budget) - effect;
    const double by_effect = fmax(11, ceil(10 * pow(half / (effect - m), 2)));
    const double by_share =
        fmax(11, ceil(10 * pow((deepid_verdict_share_high(v, budget) - deepid_verdict_share(v, budget)) /
                                   (deepid_verdict_share(v, budget) - 0.5),
                               2)));
    assert_true(finding_number(v, "budget", "seeds_to_settle") == fmin(by_effect, by_share)); /* the cheaper question */
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

static void the_best_member_of_a_set_is_the_one_that_repairs_most(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_harm(25, 10);
    plant_arm(&p, "D_start:he", 0.1, 0.01);
    plant_arm(&p, "D_start:looks_linear", 0.02, 0.01);
    plant_arm(&p, "D_start:glorot", 0.15, 0.01);
    deepid_verdict *v = judged(ctx, NULL);
    assert_string_equal(deepid_verdict_arm(v, deepid_verdict_find(v, "conditioning")), "D_start:looks_linear");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* WT ends far below S: that is what a deep net can reach. D .5, x .27: (.5 - .27) / (.5 - .01) = .47, not .23 / .4 =
   .575 */
static void shares_are_of_the_gap_to_the_best_that_is_known(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 26, 10, 0.693);
    plant_arm(&p, "S", 0.1, 0);
    plant_arm(&p, "D", 0.5, 0);
    plant_arm(&p, "WT", 0.01, 0);
    plant_arm(&p, "D_3T", 0.27, 0);
    deepid_verdict *v = judged(ctx, NULL);
    assert_true(fabs(deepid_verdict_share(v, deepid_verdict_find(v, "budget")) - 0.23 / 0.49) < 1e-12);
    expect_findings("WT", 26, v, "budget=contributes");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* An arm that was run at three seeds only: no interval, so nothing is decided, and no share is shown. */
static void an_arm_with_few_seeds_is_not_judged(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_harm(27, 10);
    const int64_t longer = plant_arm(&p, "D_3T", 0.01, 0.001);
    for (int64_t s = 3; s < 10; s++)
        p.column[longer][0][s] = unknown;
    deepid_verdict *v = judged(ctx, NULL);
    expect_findings("three seeds", 27, v, "budget=undecided solver=confirmed");
    assert_true(isnan(deepid_verdict_share(v, deepid_verdict_find(v, "budget"))));
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* ---- precision -------------------------------------------------------------------------------------------- */

/* D64 is D less .06 at each seed: a sure difference when pairs mean something, none when they do not. */
static void chaotic_runs_are_not_paired_by_seed(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int chaos = 0; chaos < 3; chaos++) {
        plant_harm(10, 10);
        plant_fill(&p, 1, 0, 0.45, 0.2);
        const int64_t f64 = plant_arm(&p, "D64", 0, 0);
        for (int64_t s = 0; s < 10; s++)
            p.column[f64][0][s] = p.column[1][0][s] - 0.06;
        p.e.counted = p.e.compared = true;
        p.e.zeros = p.e.subnormals = p.e.infinities = 0;
        p.e.min_cosine = chaos == 1 ? 0.98 : 0.9999;
        p.e.max_relative_error = 1e-6;
        p.e.twins_differ = chaos == 2;
        deepid_verdict *v = judged(ctx, NULL);
        expect_findings(chaos ? "chaotic" : "paired", 10, v,
                        chaos ? "rounding=minor range=refuted" : "rounding=contributes range=refuted");
        assert_true(finding_number(v, "rounding", "independent") == (chaos > 0));
        if (chaos)
            says(sentence_of(v, "rounding"), "judged as independent");
        deepid_verdict_destroy(v);
    }
    deepid_ctx_destroy(ctx);
}

static void large_gradient_errors_that_f64_does_not_repair_are_a_symptom(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_harm(11, 10);
    plant_arm(&p, "D64", 0.5, 0.05);
    p.e.compared = true;
    p.e.min_cosine = 0.995;
    p.e.max_relative_error = 0.3;
    deepid_verdict *v = judged(ctx, NULL);
    expect_findings("symptom", 11, v, "rounding=minor range=minor");
    says(sentence_of(v, "rounding"), "a symptom, not the cause");
    deepid_verdict_destroy(v);
    p.column[p.e.arms - 1][0][0] = 0; /* now f64 repairs, but nobody counted */
    plant_fill(&p, p.e.arms - 1, 0, 0.01, 0.005);
    v = judged(ctx, NULL);
    expect_findings("not counted", 11, v, "rounding=undecided range=undecided");
    says(deepid_verdict_to_settle(v, deepid_verdict_find(v, "range")), "Count the gradient entries");
    deepid_verdict_destroy(v);
    p.e.is_f64 = true;
    v = judged(ctx, NULL);
    expect_findings("f64", 11, v, "rounding=not_applicable range=not_applicable");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* ---- other rules ---------------------------------------------------------------------------------------------- */

static void wrong_gradients_come_before_everything(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_harm(12, 10);
    p.e.gradient_check = DPID_FAILED;
    p.e.gradient_check_error = 0.41;
    p.e.gradient_check_second = 0.3;
    p.e.gradient_check_layer = "block3.batchnorm";
    deepid_verdict *v = judged(ctx, NULL);
    expect_findings("bug", 12, v,
                    "bug=confirmed representation=not_applicable solver=not_applicable budget=not_applicable "
                    "conditioning=not_applicable optimiser=not_applicable objective=not_applicable "
                    "rounding=not_applicable range=not_applicable overfitting=not_applicable");
    says(deepid_verdict_answer(v), "block3.batchnorm");
    says(deepid_verdict_answer(v), "0.41");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* Without a witness, a way to train the same net that ends lower shows that the recipe misses something. */
static void another_way_to_train_the_same_net_certifies_the_solver(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 13, 10, 0.693);
    plant_arm(&p, "S", 0.010, 0.003);
    plant_arm(&p, "D", 0.5, 0.05);
    plant_arm(&p, "D_start:looks_linear", 0.02, 0.01);
    deepid_verdict *v = judged(ctx, NULL);
    expect_findings("no witness", 13, v, "representation=refuted solver=confirmed conditioning=confirmed");
    assert_string_equal(deepid_verdict_rule(v, deepid_verdict_find(v, "representation")),
                        "representation.found_otherwise");
    assert_string_equal(deepid_verdict_rule(v, deepid_verdict_find(v, "solver")), "solver.found_otherwise");
    assert_string_equal(deepid_verdict_arm(v, deepid_verdict_find(v, "solver")), "D_start:looks_linear");
    deepid_verdict_destroy(v);
    plant_fill(&p, 2, 0, 0.1, 0.01); /* it ends lower than D, not as low as S */
    p.e.identity_status = 5;
    p.e.identity_sentence = "curved: tanh is no line";
    v = judged(ctx, NULL);
    expect_findings("lower", 13, v, "representation=undecided solver=confirmed conditioning=confirmed");
    says(sentence_of(v, "representation"), "curved: tanh is no line");
    says(deepid_verdict_to_settle(v, deepid_verdict_find(v, "representation")), "A construction");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

static void small_penalties_do_not_excuse_the_solver_and_unknown_ones_leave_it_open(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_harm(14, 10);
    plant_penalty(&p, 1, 0.02, 0.001);
    deepid_verdict *v = judged(ctx, NULL);
    expect_findings("unknown penalty", 14, v, "objective=undecided solver=undecided");
    deepid_verdict_destroy(v);
    plant_penalty(&p, 2, 0.03, 0.001);
    v = judged(ctx, NULL);
    expect_findings("small penalty", 14, v, "objective=refuted solver=confirmed");
    assert_true(finding_number(v, "solver", "objective_gap") > 0.4);
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

static void a_solution_that_a_rate_cannot_stay_on_is_told(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_harm(15, 10);
    plant_arm(&p, "WT:1", 0.4, 0.05);
    plant_arm(&p, "WT:0.01", 0.009, 0.002);
    plant_arm(&p, "S_fine", 0.010, 0.003);
    deepid_verdict *v = judged(ctx, NULL);
    says(sentence_of(v, "solver"), "this rate cannot stay on it");
    assert_true(finding_number(v, "solver", "drift_full_rate_low") > 0.3);
    assert_null(strstr(sentence_of(v, "solver"), "not trained to its end"));
    deepid_verdict_destroy(v);
    plant_fill(&p, 3, 0, 0.010, 0.003); /* it stays at the full rate too */
    v = judged(ctx, NULL);
    assert_null(strstr(sentence_of(v, "solver"), "cannot stay on it"));
    deepid_verdict_destroy(v);
    plant_harm(15, 10);
    plant_fill(&p, 0, 0, 0.2, 0.01);
    plant_arm(&p, "S_fine", 0.05, 0.01);
    v = judged(ctx, NULL);
    says(sentence_of(v, "solver"), "not trained to its end");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* Validation losses beyond that of the constant predictor count as they are: capped, both would be 0.693. */
static void validation_losses_are_never_capped(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 16, 10, 0.693);
    plant_valid(&p, plant_arm(&p, "S", 0.1, 0.01), 0.9, 0.1, 0.6);
    plant_valid(&p, plant_arm(&p, "D", 0.05, 0.01), 2.0, 0.3, 0.9);
    deepid_verdict *v = judged(ctx, NULL);
    expect_findings("uncapped", 16, v, "overfitting=confirmed");
    says(sentence_of(v, "overfitting"), "survives early stopping");
    deepid_verdict_destroy(v);
    /* validation is worse by .04, training by .02, which is less than m: the gap is wider by .02 only */
    plant_start(&p, 16, 10, 0.693);
    plant_valid(&p, plant_arm(&p, "S", 0.1, 0), 0.2, 0, 0.2);
    plant_valid(&p, plant_arm(&p, "D", 0.12, 0), 0.24, 0, 0.24);
    v = judged(ctx, NULL);
    expect_findings("with training", 16, v, "overfitting=refuted");
    deepid_verdict_destroy(v);
    plant_start(&p, 16, 10, 0.693); /* a wider gap that costs nothing */
    plant_valid(&p, plant_arm(&p, "S", 0.3, 0), 0.35, 0, 0.35);
    plant_valid(&p, plant_arm(&p, "D", 0.1, 0), 0.35, 0, 0.35);
    v = judged(ctx, NULL);
    expect_findings("free", 16, v, "overfitting=refuted");
    deepid_verdict_destroy(v);
    plant_start(&p, 16, 10, 0.693); /* validation is worse, but no more than training is better: no larger gap */
    plant_valid(&p, plant_arm(&p, "S", 0.1, 0.01), 0.3, 0.02, 0.3);
    plant_valid(&p, plant_arm(&p, "D", 0.05, 0.01), 0.255, 0.01, 0.25);
    v = judged(ctx, NULL);
    expect_findings("same gap", 16, v, "overfitting=refuted");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* Validation has a margin of its own, 0.05 (const - valid S): .0172 where the margin of training is .0297. A harm of
   .02 in validation lies between them. */
static void validation_is_judged_by_its_own_margin(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 31, 10, 0.693);
    plant_valid(&p, plant_arm(&p, "S", 0.1, 0), 0.35, 0, 0.35);
    plant_valid(&p, plant_arm(&p, "D", 0.1, 0), 0.37, 0, 0.37);
    deepid_verdict *v = judged(ctx, NULL);
    expect_findings("own margin", 31, v, "overfitting=confirmed");
    assert_true(fabs(finding_number(v, "overfitting", "valid_margin") - 0.05 * (0.693 - 0.35)) < 1e-15);
    deepid_verdict_destroy(v);
    p.e.valid_margin = 0.03;
    v = judged(ctx, NULL);
    expect_findings("a given margin", 31, v, "overfitting=refuted");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* Loss and penalty together: half of the seeds above the witness by far, half below by far. Whether the penalty pays
   is not decided, and so the solver is not. */
static void a_penalty_that_pays_at_some_seeds_decides_nothing(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_harm(32, 10);
    plant_penalty(&p, 1, 0.1, 0);
    plant_penalty(&p, 2, 0.1, 0);
    for (int64_t s = 0; s < 10; s++)
        p.column[2][3][s] = s % 2 ? 0.1 : 1.5;
    deepid_verdict *v = judged(ctx, NULL);
    expect_findings("split", 32, v, "objective=undecided solver=undecided");
    assert_true(finding_number(v, "solver", "objective_gap_low") < finding_number(v, "solver", "margin") &&
                finding_number(v, "solver", "objective_gap_high") > finding_number(v, "solver", "margin"));
    deepid_verdict_destroy(v);
    for (int64_t s = 0; s < 10; s++) /* it pays everywhere */
        p.column[2][3][s] = 1.5;
    v = judged(ctx, NULL);
    expect_findings("everywhere", 32, v, "objective=confirmed solver=refuted");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* Each of the three counters alone makes it range. */
static void any_counter_makes_it_range(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int which = 0; which < 4; which++) {
        plant_harm(33, 10);
        plant_arm(&p, "D64", 0.01, 0.005);
        p.e.counted = p.e.compared = true;
        p.e.min_cosine = 1;
        p.e.max_relative_error = 1e-6;
        p.e.zeros = which == 0;
        p.e.subnormals = which == 1;
        p.e.infinities = which == 2;
        deepid_verdict *v = judged(ctx, NULL);
        expect_findings("counter", (uint64_t)which, v,
                        which < 3 ? "range=confirmed rounding=refuted" : "range=refuted rounding=confirmed");
        deepid_verdict_destroy(v);
    }
    deepid_ctx_destroy(ctx);
}

/* A floor that S stands on too proves nothing about the added layers. */
static void a_floor_has_to_lie_above_the_shallow_net(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_harm(17, 10);
    p.e.floor = 0.02; /* less than m above S */
    deepid_verdict *v = judged(ctx, NULL);
    expect_findings("low floor", 17, v, "representation=refuted solver=confirmed");
    deepid_verdict_destroy(v);
    p.e.floor = 0.3; /* above S, and D well above it, with no net known that is nearer */
    p.e.arms = 2;
    v = judged(ctx, NULL);
    expect_findings("above the floor", 17, v, "representation=confirmed solver=undecided");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* ---- thresholds ------------------------------------------------------------------------------------------------- */

static void thresholds_are_words_with_defaults_and_change_the_verdict(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    dpid_thresholds t = dpid_thresholds_default();
    assert_true(t.level == 0.95 && t.margin_share == 0.05 && t.headroom == 0.02 && t.share == 0.5 &&
                t.resamples == 9999);
    int64_t words = 0;
    for (const char *word; (word = deepid_verdict_threshold_word(words)); words++) {
        assert_non_null(deepid_verdict_threshold_help(word));
        OK(dpid_thresholds_set(ctx, &t, word, deepid_verdict_threshold_default(word)));
    }
    assert_int_equal(words, sizeof t / sizeof(double));
    REFUSED(dpid_thresholds_set(ctx, &t, "speed", 1), DEEPID_ERR_ARGUMENT, "unknown threshold 'speed'");
    REFUSED(dpid_thresholds_set(ctx, &t, "level", 1), DEEPID_ERR_ARGUMENT, "level is 1, expected 0.6 to 0.9999");
    REFUSED(dpid_thresholds_set(ctx, &t, "share", unknown), DEEPID_ERR_ARGUMENT, "share is nan");
    assert_true(isnan(deepid_verdict_threshold_default("speed")) && !deepid_verdict_threshold_help("speed"));

    plant_harm(18, 10);
    plant_arm(&p, "D_3T", 0.15, 0.02);
    deepid_verdict *v = judged(ctx, &t);
    expect_findings("share 0.5", 18, v, "budget=confirmed");
    deepid_verdict_destroy(v);
    OK(dpid_thresholds_set(ctx, &t, "share", 0.9));
    v = judged(ctx, &t);
    expect_findings("share 0.9", 18, v, "budget=contributes");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* ---- verdict.json --------------------------------------------------------------------------------------------------
 */

static void same_number(const char *what, const json_t *json, double value)
{
    if (isfinite(value) ? !json_is_number(json) || json_number_value(json) != value : !json_is_null(json))
        fail_msg("%s is not %.17g in the file", what, value);
}

static void same_text(const json_t *object, const char *key, const char *text)
{
    assert_string_equal(json_string_value(json_object_get(object, key)), text);
}

static void same_finding(const json_t *f, const deepid_verdict *v, int64_t i)
{
    const json_t *interval = json_object_get(f, "interval");
    const json_t *numbers = json_object_get(f, "numbers");
    assert_int_equal(json_object_size(f), 13);
    same_text(f, "status", deepid_verdict_status(v, i));
    same_text(f, "arm", deepid_verdict_arm(v, i));
    same_text(f, "rule", deepid_verdict_rule(v, i));
    same_text(f, "sentence", deepid_verdict_sentence(v, i));
    same_text(f, "to_settle", deepid_verdict_to_settle(v, i));
    same_number("effect", json_object_get(f, "effect"), deepid_verdict_effect(v, i));
    same_number("low", json_array_get(interval, 0), deepid_verdict_low(v, i));
    same_number("high", json_array_get(interval, 1), deepid_verdict_high(v, i));
    same_number("share", json_object_get(f, "share"), deepid_verdict_share(v, i));
    assert_int_equal(json_object_size(numbers), deepid_verdict_number_count(v, i));
    for (int64_t k = 0; k < deepid_verdict_number_count(v, i); k++)
        same_number(deepid_verdict_number_name(v, i, k), json_object_get(numbers, deepid_verdict_number_name(v, i, k)),
                    deepid_verdict_number(v, i, k));
    assert_true(deepid_verdict_rule(v, i)[0] && deepid_verdict_sentence(v, i)[0]);
    /* open findings say what would settle them, others do not */
    assert_true((strcmp(deepid_verdict_status(v, i), "undecided") == 0) == (deepid_verdict_to_settle(v, i)[0] != 0));
}

static void the_file_holds_every_finding_once_and_numbers_read_back(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *path = temporary("verdict.json");
    plant_harm(19, 10);
    plant_diverge(&p, 1, 3); /* an infinite end */
    plant_arm(&p, "D_start:looks_linear", 0.02, 0.01);
    plant_arm(&p, "D_res", 0.01, 0.005);
    plant_arm(&p, "dial:0.5", 0.1, 0.05);
    deepid_verdict *v = judged(ctx, NULL);
    OK(deepid_verdict_write_json(v, path));
    json_error_t error;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!root)
        fail_msg("line %d: %s", error.line, error.text);
    assert_int_equal(json_object_size(root), 9);
    assert_int_equal(json_integer_value(json_object_get(root, "format")), 2);
    same_text(root, "answer", deepid_verdict_answer(v));
    same_text(root, "scale", "loss");
    const json_t *harm = json_object_get(root, "harm");
    assert_int_equal(json_array_size(harm), DPID_SCALES);
    assert_int_equal(json_array_size(json_object_get(root, "recipe_harm")), DPID_SCALES);
    same_text(json_array_get(harm, DPID_BY_LOSS), "state", "harm");
    same_text(json_array_get(harm, DPID_BY_VALID_ERROR), "state", "unknown"); /* no validation here */
    same_number("harm", json_object_get(json_array_get(harm, DPID_BY_LOSS), "difference"),
                v->harm[DPID_BY_LOSS].difference.value);
    const json_t *arms = json_object_get(root, "arms");
    assert_int_equal(json_array_size(arms), p.e.arms);
    same_text(json_array_get(arms, 1), "arm", "D");
    assert_int_equal(json_number_value(json_object_get(json_array_get(arms, 1), "diverged")), 3);
    const json_t *findings = json_object_get(root, "findings");
    assert_int_equal(json_array_size(findings), DPID_HYPOTHESES);
    assert_int_equal(deepid_verdict_count(v), DPID_HYPOTHESES);
    bool infinite = false;
    for (int64_t i = 0; i < DPID_HYPOTHESES; i++) {
        same_text(json_array_get(findings, (size_t)i), "hypothesis", deepid_hypothesis_word(i));
        same_finding(json_array_get(findings, (size_t)i), v, i);
        infinite = infinite || isinf(deepid_verdict_high(v, i));
    }
    assert_true(infinite);
    const json_t *remedies = json_object_get(root, "remedies");
    assert_int_equal(json_array_size(remedies), 2);
    same_text(json_array_get(remedies, 0), "arm", "skip");
    same_text(json_array_get(remedies, 1), "arm", "dial:0.5");
    same_number("remedy", json_object_get(json_array_get(remedies, 1), "share"), deepid_verdict_remedy_share(v, 1));
    json_decref(root);
    REFUSED(deepid_verdict_write_json(v, NULL), DEEPID_ERR_ARGUMENT, "path is NULL");
    REFUSED(deepid_verdict_write_json(v, "/no/such/folder/verdict.json"), DEEPID_ERR_IO,
            "/no/such/folder/verdict.json");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* ---- the order of the arms is nothing
   -------------------------------------------------------------------------------- */

static void the_order_of_the_arms_changes_no_finding(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_harm(20, 10);
    plant_arm(&p, "WT", 0.008, 0.003);
    plant_arm(&p, "D_start:he", 0.49, 0.05);
    plant_arm(&p, "D_start:looks_linear", 0.02, 0.01);
    plant_arm(&p, "D_3T", 0.3, 0.05);
    deepid_verdict *forward = judged(ctx, NULL);
    for (int64_t i = 0, k = p.e.arms - 1; i < k; i++, k--) {
        const dpid_arm_evidence kept = p.arm[i];
        p.arm[i] = p.arm[k];
        p.arm[k] = kept;
    }
    deepid_verdict *backward = judged(ctx, NULL);
    assert_string_equal(deepid_verdict_answer(forward), deepid_verdict_answer(backward));
    for (int64_t i = 0; i < DPID_HYPOTHESES; i++) {
        assert_string_equal(deepid_verdict_status(forward, i), deepid_verdict_status(backward, i));
        assert_string_equal(deepid_verdict_sentence(forward, i), deepid_verdict_sentence(backward, i));
    }
    deepid_verdict_destroy(backward);
    deepid_verdict_destroy(forward);
    deepid_ctx_destroy(ctx);
}

/* ---- refusals
   --------------------------------------------------------------------------------------------------------- */

static void evidence_that_is_none_is_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_verdict *v = NULL;
    plant_harm(21, 10);
    REFUSED(dpid_verdict_judge(ctx, NULL, NULL, &v), DEEPID_ERR_ARGUMENT, "must not be NULL");
    REFUSED(dpid_verdict_judge(ctx, &p.e, NULL, NULL), DEEPID_ERR_ARGUMENT, "must not be NULL");
    p.e.seeds = 0;
    REFUSED(dpid_verdict_judge(ctx, &p.e, NULL, &v), DEEPID_ERR_ARGUMENT, "there are 0 seeds, expected 1 to 100");
    p.e.seeds = 10;
    p.e.const_loss = unknown;
    REFUSED(dpid_verdict_judge(ctx, &p.e, NULL, &v), DEEPID_ERR_NUMERIC, "const_loss is nan");
    p.e.const_loss = 0.693;
    p.arm[2].word = "S";
    REFUSED(dpid_verdict_judge(ctx, &p.e, NULL, &v), DEEPID_ERR_ARGUMENT, "there are two arms 'S'");
    p.arm[2].word = "W0";
    p.column[2][0][4] = -HUGE_VAL;
    REFUSED(dpid_verdict_judge(ctx, &p.e, NULL, &v), DEEPID_ERR_NUMERIC, "arm 'W0', seed 4, is -inf");
    p.arm[2].train_loss = NULL;
    REFUSED(dpid_verdict_judge(ctx, &p.e, NULL, &v), DEEPID_ERR_ARGUMENT, "arm 2 has no training losses");
    assert_null(v);
    assert_string_equal(deepid_verdict_answer(NULL), "");
    assert_int_equal(deepid_verdict_count(NULL), 0);
    assert_true(isnan(deepid_verdict_effect(NULL, 0)));
    deepid_verdict_destroy(NULL);
    deepid_ctx_destroy(ctx);
}

static int32_t judge_again(deepid_ctx *ctx, void *arg)
{
    deepid_verdict *v = NULL;
    const int32_t status = dpid_verdict_judge(ctx, &p.e, arg, &v);
    deepid_verdict_destroy(v);
    return status;
}

static void no_memory_is_told_and_nothing_leaks(void **state)
{
    (void)state;
    dpid_thresholds t = dpid_thresholds_default();
    t.resamples = 199;
    plant_harm(22, 6);
    plant_arm(&p, "D_start:he", 0.49, 0.05);
    plant_arm(&p, "D_start:looks_linear", 0.02, 0.01);
    plant_arm(&p, "D64", 0.5, 0.05);
    plant_arm(&p, "D_res", 0.01, 0.005);
    survives_every_failing_allocation("verdict", judge_again, &t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deep_net_that_always_diverges_is_worst_and_its_means_are_capped),
        cmocka_unit_test(one_huge_loss_does_not_decide_a_mean),
        cmocka_unit_test(where_the_shallow_net_diverges_too_there_is_nothing_to_compare),
        cmocka_unit_test(no_headroom_is_said_first_and_the_margin_does_not_vanish),
        cmocka_unit_test(equal_losses_are_no_harm_and_equal_within_the_margin),
        cmocka_unit_test(missing_arms_leave_findings_open_and_say_which),
        cmocka_unit_test(an_untried_member_keeps_its_set_open),
        cmocka_unit_test(few_seeds_decide_nothing_and_say_how_many_would),
        cmocka_unit_test(an_undecided_harm_says_how_many_seeds_would_settle_it),
        cmocka_unit_test(the_scale_that_is_nearest_to_a_decision_says_how_many_seeds),
        cmocka_unit_test(a_shallow_net_worse_than_a_constant_is_nothing_to_compare_with),
        cmocka_unit_test(what_has_no_fit_has_no_overfit),
        cmocka_unit_test(overfitting_by_error_is_told_by_error),
        cmocka_unit_test(a_rate_is_not_refuted_by_losses_where_errors_hurt),
        cmocka_unit_test(an_estimate_below_the_margin_is_not_yet_no_harm),
        cmocka_unit_test(a_difference_of_the_margin_is_rarely_called_harm),
        cmocka_unit_test(a_share_around_one_half_contributes_and_is_not_confirmed),
        cmocka_unit_test(the_best_member_of_a_set_is_the_one_that_repairs_most),
        cmocka_unit_test(shares_are_of_the_gap_to_the_best_that_is_known),
        cmocka_unit_test(an_arm_with_few_seeds_is_not_judged),
        cmocka_unit_test(chaotic_runs_are_not_paired_by_seed),
        cmocka_unit_test(large_gradient_errors_that_f64_does_not_repair_are_a_symptom),
        cmocka_unit_test(wrong_gradients_come_before_everything),
        cmocka_unit_test(another_way_to_train_the_same_net_certifies_the_solver),
        cmocka_unit_test(small_penalties_do_not_excuse_the_solver_and_unknown_ones_leave_it_open),
        cmocka_unit_test(a_solution_that_a_rate_cannot_stay_on_is_told),
        cmocka_unit_test(validation_losses_are_never_capped),
        cmocka_unit_test(validation_is_judged_by_its_own_margin),
        cmocka_unit_test(a_penalty_that_pays_at_some_seeds_decides_nothing),
        cmocka_unit_test(any_counter_makes_it_range),
        cmocka_unit_test(a_floor_has_to_lie_above_the_shallow_net),
        cmocka_unit_test(thresholds_are_words_with_defaults_and_change_the_verdict),
        cmocka_unit_test(the_file_holds_every_finding_once_and_numbers_read_back),
        cmocka_unit_test(the_order_of_the_arms_changes_no_finding),
        cmocka_unit_test(evidence_that_is_none_is_refused),
        cmocka_unit_test(no_memory_is_told_and_nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
