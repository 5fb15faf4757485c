/* Rules of single hypotheses on evidence made by hand: overfitting, bug, precision, what is minimised, normalisation,
   capacity. */
#include "verdict/plant.h"

static plant p;

enum { TRAIN_ERROR = 6, VALID_ERROR, OBJECTIVE, BATCH, BATCH8, MOVING };

static deepid_verdict *judged(deepid_ctx *ctx)
{
    deepid_verdict *v = NULL;
    OK(dpid_verdict_judge(ctx, &p.e, NULL, &v));
    if (getenv("SHOW"))
        printf("%s\n", deepid_verdict_text(v, 0));
    return v;
}

static const char *sentence_of(const deepid_verdict *v, const char *hypothesis)
{
    return deepid_verdict_sentence(v, deepid_verdict_find(v, hypothesis));
}

static const char *rule_of(const deepid_verdict *v, const char *hypothesis)
{
    return deepid_verdict_rule(v, deepid_verdict_find(v, hypothesis));
}

static void says(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("expected '%s' in: %s", part, text);
}

static void is_silent_about(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("expected no '%s' in: %s", part, text);
}

/* S and D with validation loss and shares of wrong classes in training and validation */
static int64_t plant_fit(const char *word, double train, double valid, double train_error, double valid_error)
{
    const int64_t i = plant_arm(&p, word, train, train / 10);
    plant_valid(&p, i, valid, valid / 20, valid);
    p.arm[i].train_error = plant_fill(&p, i, TRAIN_ERROR, train_error, train_error / 10);
    p.arm[i].valid_error = plant_fill(&p, i, VALID_ERROR, valid_error, 0.002);
    return i;
}

/* ---- how good is that? --------------------------------------------------------------------------------- */

/* 90 % right is nothing where 90 % of the samples have one label; targets have no right answers, but R^2. */
static void answers_are_told_beside_what_is_right_by_itself(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 1, 10, 0.325);
    plant_fit("S", 0.1, 0.2, 0.05, 0.06);
    plant_fit("D", 0.32, 0.33, 0.1, 0.1);
    plant_witness(&p);
    deepid_verdict *v = judged(ctx);
    is_silent_about(deepid_verdict_answer(v), "largest class");
    deepid_verdict_destroy(v);
    p.e.largest_class = 0.9;
    p.e.valid_largest_class = 0.875;
    v = judged(ctx);
    says(deepid_verdict_answer(v), "The largest class alone is 90 % of the training samples, 87.5 % of those for "
                                   "validation.");
    is_silent_about(deepid_verdict_answer(v), "weights");
    deepid_verdict_destroy(v);
    p.e.class_weights = "no 0.54, yes 6.9";
    v = judged(ctx);
    says(deepid_verdict_answer(v), "Losses are means by the weights of the classes (no 0.54, yes 6.9); right answers "
                                   "are counted without them");
    deepid_verdict_destroy(v);
    plant_start(&p, 1, 10, 4);
    const int64_t shallow = plant_arm(&p, "S", 1, 0);
    const int64_t deep = plant_arm(&p, "D", 3, 0);
    plant_valid(&p, shallow, 2, 0, 2);
    plant_valid(&p, deep, 6, 0, 6);
    plant_witness(&p);
    p.e.targets = true;
    p.e.valid_const_loss = 8;
    v = judged(ctx);
    says(deepid_verdict_answer(v), "R\xc2\xb2: 0.25 deep, 0.75 shallow in training; 0.25 deep, 0.75 shallow in "
                                   "validation.");
    is_silent_about(deepid_verdict_answer(v), "Right answers");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* ---- coarser precisions --------------------------------------------------------------------------------- */

/* Numbers are named after arms, whose words are lent for as long as the judge looks. */
static void numbers_keep_their_names(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    char word[] = "D_bf16";
    plant_start(&p, 1, 10, 0.693);
    plant_arm(&p, "S", 0.01, 0.002);
    plant_arm(&p, "D", 0.5, 0.02);
    plant_arm(&p, "D64", 0.5, 0.02);
    plant_arm(&p, word, 0.6, 0.02);
    deepid_verdict *v = judged(ctx);
    memset(word, 'x', sizeof word - 1);
    const int64_t rounding = deepid_verdict_find(v, "rounding");
    near_at("difference of bfloat16", deepid_verdict_number_named(v, rounding, "D_bf16"), 0.1, 0.03);
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* ---- overfitting: by loss and by error ---------------------------------------------------------------- */

/* 60 noisy points: the log loss doubles, the share of right answers stays. */
static void a_log_loss_that_rises_with_equal_answers_is_over_confidence(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 1, 10, 0.693);
    plant_fit("S", 0.01, 2.4, 0.001, 0.254);
    plant_fit("D", 0.001, 5.66, 0, 0.247);
    plant_witness(&p);
    deepid_verdict *v = judged(ctx);
    expect_findings("equal answers", 1, v, "overfitting=confirmed");
    says(deepid_verdict_answer(v), "over-confident");
    is_silent_about(deepid_verdict_answer(v), "They overfit");
    says(sentence_of(v, "overfitting"), "surely not worse");
    says(sentence_of(v, "overfitting"), "over-confident");
    says(deepid_verdict_answer(v), "Right answers");
    deepid_verdict_destroy(v);
    for (int64_t s = 0; s < 10; s++) /* by half of the seeds the answers are worse, by half they are better */
        p.column[1][VALID_ERROR][s] = 0.254 + (s % 2 ? 0.05 : -0.05);
    v = judged(ctx);
    says(deepid_verdict_answer(v), "over-confident");
    says(sentence_of(v, "overfitting"), "not surely worse");
    deepid_verdict_destroy(v);
    plant_fill(&p, 1, VALID_ERROR, 0.3, 0.002);
    v = judged(ctx);
    says(deepid_verdict_answer(v), "They overfit");
    says(sentence_of(v, "overfitting"), "surely worse");
    is_silent_about(sentence_of(v, "overfitting"), "over-confident");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* The loss is no worse, the answers are: 5 points more are wrong. */
static void worse_answers_alone_are_overfitting_too(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 2, 10, 2.3);
    plant_fit("S", 0.01, 0.4, 0.001, 0.10);
    plant_fit("D", 0.008, 0.4, 0.001, 0.15);
    deepid_verdict *v = judged(ctx);
    expect_findings("by error", 2, v, "overfitting=confirmed");
    says(sentence_of(v, "overfitting"), "surely worse");
    deepid_verdict_destroy(v);
    plant_fill(&p, 1, VALID_ERROR, 0.1, 0.002);
    v = judged(ctx);
    expect_findings("by neither", 2, v, "overfitting=refuted");
    says(sentence_of(v, "overfitting"), "accuracy");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* Digits: D fits worse within the margin and validates worse; WT, the same net, fits better and validates better. */
static void the_same_net_that_fits_and_validates_better_acquits_overfitting(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 3, 10, 2.3);
    plant_fit("S", 0.0014, 0.14, 0.0001, 0.035);
    plant_fit("D", 0.036, 0.40, 0.008, 0.081);
    p.e.margin = 0.115;
    const int64_t wt = plant_fit("WT", 0.0005, 0.16, 0.0001, 0.042);
    deepid_verdict *v = judged(ctx);
    expect_findings("trained otherwise", 3, v, "overfitting=refuted");
    is_silent_about(deepid_verdict_answer(v), "They overfit");
    if (!strcmp(rule_of(v, "overfitting"), "overfitting.trained_otherwise"))
        assert_string_equal(deepid_verdict_arm(v, deepid_verdict_find(v, "overfitting")), "WT");
    deepid_verdict_destroy(v);
    /* the same where training is not harmed on any scale */
    plant_fill(&p, 1, 0, 0.0014, 0.0002);
    plant_fill(&p, 1, TRAIN_ERROR, 0.0001, 0);
    v = judged(ctx);
    assert_string_equal(rule_of(v, "overfitting"), "overfitting.trained_otherwise");
    says(sentence_of(v, "overfitting"), "fits at least as well");
    deepid_verdict_destroy(v);
    /* surely better by less than half of the harm: a part of it is the training */
    plant_valid(&p, wt, 0.33, 0.005, 0.33);
    plant_fill(&p, wt, VALID_ERROR, 0.065, 0.001);
    v = judged(ctx);
    expect_findings("a part", 3, v, "overfitting=contributes");
    says(sentence_of(v, "overfitting"), "A part of it is the training");
    deepid_verdict_destroy(v);
    /* a net with a skip is another net, and W0 is the shallow one */
    p.arm[wt].word = "D_res";
    plant_valid(&p, wt, 0.14, 0.01, 0.14);
    v = judged(ctx);
    expect_findings("a skip", 3, v, "overfitting=confirmed");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* An arm that validates better because it fits less is early stopping: .3 is no fit of .25's kind where losses differ
   by more than twice. */
static void a_worse_fit_acquits_nothing(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 4, 10, 2.3);
    plant_fit("S", 0.05, 0.4, 0.01, 0.10);
    plant_fit("D", 0.005, 1.2, 0.001, 0.15);
    plant_fit("D_opt:sgd", 0.06, 0.4, 0.01, 0.10); /* within the margin of .11, twelve times the loss */
    deepid_verdict *v = judged(ctx);
    expect_findings("a worse fit", 4, v, "overfitting=confirmed");
    deepid_verdict_destroy(v);
    plant_fill(&p, 2, 0, 0.005, 0.0005);
    v = judged(ctx);
    expect_findings("as good a fit", 4, v, "overfitting=refuted");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* ---- overfitting: at the same fit ---------------------------------------------------------------- */

/* A seed's curve of losses that fall by a factor from point to point, from 1 to last; validation is train + excess, and
   the last two points are not there. */
static void plant_curve(int64_t arm, double last, double excess)
{
    static double train[2][PLANT_SEEDS * PLANT_POINTS];
    static double valid[2][PLANT_SEEDS * PLANT_POINTS];
    enum { THERE = PLANT_POINTS - 2 };
    for (int64_t s = 0; s < p.e.seeds; s++) {
        for (int64_t k = 0; k < PLANT_POINTS; k++) {
            const int64_t at = s * PLANT_POINTS + k;
            train[arm][at] = k < THERE ? pow(last, (double)k / (THERE - 1)) : (double)NAN;
            valid[arm][at] = train[arm][at] + excess * (1 + 0.01 * (double)s);
        }
    }
    p.arm[arm].points = PLANT_POINTS;
    p.arm[arm].curve_train = train[arm];
    p.arm[arm].curve_valid = valid[arm];
}

/* Training is harmed. Where S had D's loss of .5 it validated .51; D validates .52 there: the same. With .9 at the same
   fit, most of the harm in validation is not for the worse fit. */
static void under_harm_in_training_the_same_fit_decides(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 5, 10, 2.3);
    plant_valid(&p, plant_arm(&p, "S", 0.01, 0.001), 0.05, 0.005, 0.05);
    plant_valid(&p, plant_arm(&p, "D", 0.5, 0.02), 0.52, 0.01, 0.52);
    plant_curve(0, 0.01, 0.01);
    plant_curve(1, 0.5, 0.02);
    deepid_verdict *v = judged(ctx);
    expect_findings("the same at the same fit", 5, v, "overfitting=refuted");
    assert_string_equal(rule_of(v, "overfitting"), "overfitting.harm_in_training");
    assert_true(fabs(finding_number(v, "overfitting", "matched_training_loss") - 0.5) < 1e-12);
    /* (.02 - .01) (1 + .01 s), s to 9: about .01045; S between two points, linear in the logarithm, adds a little */
    const double matched = finding_number(v, "overfitting", "matched_difference");
    if (!(fabs(matched) < 0.12))
        fail_msg("matched difference %g", matched);
    deepid_verdict_destroy(v);
    plant_valid(&p, 1, 1.4, 0.01, 1.4);
    plant_curve(1, 0.5, 0.9);
    v = judged(ctx);
    expect_findings("worse at the same fit", 5, v, "overfitting=contributes");
    says(sentence_of(v, "overfitting"), "At the same training loss");
    deepid_verdict_destroy(v);
    plant_curve(1, 0.5, 0.3); /* less than half of 1.35 */
    v = judged(ctx);
    expect_findings("a part at the same fit", 5, v, "overfitting=minor");
    deepid_verdict_destroy(v);
    plant_curve(0, 0.01, 0.9); /* where S fitted as D does, it validated as D does */
    plant_curve(1, 0.5, 0.9);
    v = judged(ctx);
    expect_findings("a gap of gaps that is of the fit", 5, v, "overfitting=refuted");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* S passes .5 between 1 and .1 at log way .301: valid there is .2 + .301 (.6 - .2). */
static void the_fit_is_matched_linearly_in_the_logarithm(void **state)
{
    (void)state;
    static double train_s[6 * 3];
    static double valid_s[6 * 3];
    static double train_d[6 * 3];
    static double valid_d[6 * 3];
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 6, 6, 2.3);
    plant_valid(&p, plant_arm(&p, "S", 0.1, 0), 0.6, 0, 0.6);
    plant_valid(&p, plant_arm(&p, "D", 0.5, 0), 2, 0, 2);
    for (int64_t s = 0; s < 6; s++) {
        memcpy(train_s + 3 * s, (double[]){1, 0.1, (double)NAN}, sizeof(double[3]));
        memcpy(valid_s + 3 * s, (double[]){0.2, 0.6, (double)NAN}, sizeof(double[3]));
        memcpy(train_d + 3 * s, (double[]){1, 0.7, 0.5}, sizeof(double[3]));
        memcpy(valid_d + 3 * s, (double[]){1, 1.5, 2}, sizeof(double[3]));
    }
    p.arm[0].points = p.arm[1].points = 3;
    p.arm[0].curve_train = train_s;
    p.arm[0].curve_valid = valid_s;
    p.arm[1].curve_train = train_d;
    p.arm[1].curve_valid = valid_d;
    deepid_verdict *v = judged(ctx);
    const double expected = 2 - (0.2 + log10(2) * 0.4);
    if (fabs(finding_number(v, "overfitting", "matched_difference") - expected) > 1e-12)
        fail_msg("%.15g, expected %.15g", finding_number(v, "overfitting", "matched_difference"), expected);
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* ---- bug ---------------------------------------------------------------- */

static void plant_failed_check(uint64_t seed, dpid_check check, double error, double second)
{
    plant_start(&p, seed, 10, 0.693);
    plant_arm(&p, "S", 0.010, 0.003);
    plant_arm(&p, "D", 0.69, 0.003);
    plant_witness(&p);
    p.e.gradient_check = check;
    p.e.gradient_check_error = error;
    p.e.gradient_check_second = second;
    p.e.gradient_check_layer = "batchnorm";
}

static void a_bug_needs_a_second_way_that_agrees(void **state)
{
    (void)state;
    static const struct {
        dpid_check check;
        double error, second;
        const char *expected;
    } rows[] = {{DPID_FAILED, 0.41, 0.3, "bug=confirmed solver=not_applicable"},
                {DPID_FAILED, 3e-6, 2.9e-6, "bug=confirmed"},
                {DPID_FAILED, 2.61, 3e-9, "bug=undecided solver=confirmed"},
                {DPID_FAILED, 2.61, 0.004, "bug=confirmed"},
                {DPID_FAILED, 2.61, (double)NAN, "bug=undecided"},
                {DPID_UNRESOLVED, 2.61, (double)NAN, "bug=undecided solver=confirmed"},
                {DPID_PASSED, 1e-9, (double)NAN, "bug=refuted"}};
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        plant_failed_check(7, rows[i].check, rows[i].error, rows[i].second);
        deepid_verdict *v = judged(ctx);
        expect_findings("check", i, v, rows[i].expected);
        if (rows[i].check != DPID_PASSED)
            says(sentence_of(v, "bug"), "batchnorm");
        deepid_verdict_destroy(v);
    }
    deepid_ctx_destroy(ctx);
}

/* The check cannot tell, but in f64 the same net trains as low as the shallow one: no bug, and what f64 repairs is
   range. */
static void gradients_that_train_the_net_are_no_bug(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int i = 0; i < 2; i++) {
        plant_failed_check(8, i ? DPID_UNRESOLVED : DPID_FAILED, 2.61, (double)NAN);
        plant_arm(&p, "D_opt:adam", 0.001, 0.0003); /* lower, but D64 has the start that was checked */
        plant_arm(&p, "D64", 0.009, 0.003);
        p.e.counted = true;
        p.e.zeros = 85472;
        p.e.subnormals = p.e.infinities = 0;
        deepid_verdict *v = judged(ctx);
        expect_findings("D64 trains", 8, v, "bug=refuted range=confirmed rounding=refuted");
        says(sentence_of(v, "bug"), "by the same backward");
        says(sentence_of(v, "bug"), i ? "too steep" : "no second way was tried");
        assert_string_equal(deepid_verdict_arm(v, deepid_verdict_find(v, "bug")), "D64");
        deepid_verdict_destroy(v);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- precision ---------------------------------------------------------------- */

static void f64_runs_that_all_diverge_refute_nothing(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int64_t diverged = 9; diverged <= 10; diverged++) {
        plant_failed_check(9, DPID_PASSED, 1e-9, (double)NAN);
        plant_diverge(&p, plant_arm(&p, "D64", 0.69, 0.001), diverged);
        p.e.counted = true;
        p.e.zeros = p.e.subnormals = p.e.infinities = 0;
        deepid_verdict *v = judged(ctx);
        expect_findings("D64 diverges", (uint64_t)diverged, v,
                        diverged == 10 ? "rounding=undecided range=undecided" : "rounding=refuted range=refuted");
        if (diverged == 10)
            says(sentence_of(v, "rounding"), "Runs that do not end show nothing");
        deepid_verdict_destroy(v);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- what is minimised ---------------------------------------------------------------- */

/* Dropout in both nets: by the loss alone W0 is better, by what is minimised D is (.47 against 1.55). */
static void what_is_minimised_under_dropout_acquits_the_solver(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 10, 10, 0.693);
    plant_arm(&p, "S", 0.010, 0.003);
    plant_arm(&p, "D", 0.3, 0.02);
    plant_witness(&p);
    p.e.dropout[0] = p.e.dropout[1] = true;
    deepid_verdict *v = judged(ctx); /* not measured */
    expect_findings("not measured", 10, v, "objective=undecided solver=undecided regularisation=undecided");
    says(sentence_of(v, "objective"), "dropout");
    says(sentence_of(v, "regularisation"), "in both nets");
    says(deepid_verdict_to_settle(v, deepid_verdict_find(v, "regularisation")), "D_free:dropout");
    says(deepid_verdict_answer(v), "dropout");
    deepid_verdict_destroy(v);
    p.arm[1].objective = plant_fill(&p, 1, OBJECTIVE, 0.470, 0.02);
    p.arm[2].objective = plant_fill(&p, 2, OBJECTIVE, 1.546, 0.05);
    v = judged(ctx);
    expect_findings("measured", 10, v,
                    "objective=confirmed solver=refuted budget=not_applicable regularisation=undecided");
    says(sentence_of(v, "objective"), "the objective pays");
    assert_true(fabs(finding_number(v, "objective", "median_minimised") - 0.47) < 0.02);
    deepid_verdict_destroy(v);
    plant_fill(&p, 2, OBJECTIVE, 0.05, 0.01); /* by both the witness is better */
    v = judged(ctx);
    expect_findings("the solver's", 10, v, "objective=refuted solver=confirmed");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* Harm of .03, below the margin of .115 but a ratio of 20. With weight decay the witness is better by .02 in what is
   minimised: a margin of .115 would acquit the solver of whatever it misses. */
static void small_harm_is_no_excuse_by_a_large_margin(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 18, 10, 2.3);
    plant_arm(&p, "S", 0.0014, 0.0001);
    plant_arm(&p, "D", 0.036, 0.002);
    plant_witness(&p);
    p.e.decay = true;
    p.arm[1].objective = plant_fill(&p, 1, OBJECTIVE, 0.136, 0.002);
    p.arm[2].objective = plant_fill(&p, 2, OBJECTIVE, 0.116, 0.002);
    deepid_verdict *v = judged(ctx);
    expect_findings("lower by what is minimised too", 18, v, "objective=refuted solver=confirmed");
    deepid_verdict_destroy(v);
    plant_fill(&p, 2, OBJECTIVE, 0.156, 0.002);
    v = judged(ctx);
    expect_findings("higher by what is minimised", 18, v, "objective=confirmed solver=refuted");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

static void the_loss_is_what_is_minimised_only_without_regularisation(void **state)
{
    (void)state;
    static const char *const words[] = {"dropout", "weight decay", "label smoothing", "augmentation"};
    static const char *const arms[] = {"D_free:dropout", "D_free:decay", "D_free:smoothing", "D_free:augmentation"};
    deepid_ctx *ctx = new_ctx(1);
    for (int i = 0; i < 5; i++) {
        plant_failed_check(11, DPID_PASSED, 1e-9, (double)NAN);
        p.e.dropout[1] = i == 0;
        p.e.decay = i == 1;
        p.e.smoothing = i == 2;
        p.e.augmentation = i == 3;
        deepid_verdict *v = judged(ctx);
        if (i == 4) {
            expect_findings("none", 11, v, "objective=not_applicable regularisation=not_applicable solver=confirmed");
            says(sentence_of(v, "objective"), "the loss is what is minimised");
        } else {
            expect_findings(words[i], 11, v, "objective=undecided regularisation=undecided");
            is_silent_about(deepid_verdict_text(v, 0), "loss is what is minimised");
            says(sentence_of(v, "regularisation"), words[i]);
            says(deepid_verdict_to_settle(v, deepid_verdict_find(v, "regularisation")), arms[i]);
            says(deepid_verdict_answer(v), words[i]);
        }
        deepid_verdict_destroy(v);
    }
    deepid_ctx_destroy(ctx);
}

/* Nets of other widths, so no witness; dropout in the deep one only, and nobody ran it without. */
static void dropout_in_one_net_is_named_without_any_arm(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 12, 6, 0.693);
    plant_arm(&p, "S", 0.003, 0.001);
    plant_arm(&p, "D", 0.68, 0.01);
    plant_arm(&p, "D_3T", 0.6, 0.01);
    plant_arm(&p, "D_start:he", 0.68, 0.01);
    p.e.dropout[1] = true;
    deepid_verdict *v = judged(ctx);
    expect_findings("deep only", 12, v, "regularisation=undecided objective=undecided");
    says(sentence_of(v, "regularisation"), "in the deep net only");
    says(deepid_verdict_answer(v), "the shallow one without dropout");
    deepid_verdict_destroy(v);
    p.e.noise = "stochastic depth"; /* it is called by its name */
    v = judged(ctx);
    says(sentence_of(v, "regularisation"),
         "is trained with stochastic depth; stochastic depth is in the deep net only");
    says(deepid_verdict_answer(v), "the shallow one without stochastic depth");
    deepid_verdict_destroy(v);
    p.e.noise = NULL;
    plant_arm(&p, "D_free:dropout", 0.003, 0.001);
    p.arm[p.e.arms - 1].said = "training without dropout";
    v = judged(ctx);
    expect_findings("asked", 12, v, "regularisation=confirmed representation=refuted");
    says(deepid_verdict_answer(v), "raining without dropout repairs");
    is_silent_about(deepid_verdict_answer(v), "would tell");
    deepid_verdict_destroy(v);
    p.e.arms--;
    p.e.dropout[0] = true;
    p.e.dropout[1] = false;
    v = judged(ctx);
    expect_findings("shallow only", 12, v, "regularisation=not_applicable objective=not_applicable");
    says(sentence_of(v, "regularisation"), "in the shallow net only");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* ---- normalisation ---------------------------------------------------------------- */

static void batch_norm_over_two_samples_is_named_with_and_without_harm(void **state)
{
    (void)state;
    static const double deep[] = {0.69, 0.010, 0.04}; /* harm, none, not sure */
    deepid_ctx *ctx = new_ctx(1);
    for (int i = 0; i < 3; i++) {
        plant_start(&p, 13, 10, 0.693);
        plant_arm(&p, "S", 0.010, 0.003);
        plant_arm(&p, "D", deep[i], i == 2 ? 0.04 : 0.003);
        p.e.batchnorm = true;
        p.e.batch = 2;
        deepid_verdict *v = judged(ctx);
        says(deepid_verdict_answer(v), "Batch-norm over 2 samples");
        says(sentence_of(v, "normalisation"), "Batch-norm over 2 samples");
        deepid_verdict_destroy(v);
        p.e.batch = 32;
        v = judged(ctx);
        is_silent_about(deepid_verdict_answer(v), "atch-norm");
        deepid_verdict_destroy(v);
        p.e.batch = 2;
        p.e.batchnorm = false;
        v = judged(ctx);
        expect_findings("no batch-norm", 13, v, "normalisation=not_applicable");
        is_silent_about(deepid_verdict_answer(v), "atch-norm");
        deepid_verdict_destroy(v);
    }
    deepid_ctx_destroy(ctx);
}

static void larger_batches_that_repair_convict_the_normalisation(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_failed_check(14, DPID_PASSED, 1e-9, (double)NAN);
    p.e.batchnorm = true;
    p.e.batch = 8;
    deepid_verdict *v = judged(ctx);
    expect_findings("not asked", 14, v, "normalisation=undecided");
    says(deepid_verdict_to_settle(v, deepid_verdict_find(v, "normalisation")), "D_norm");
    deepid_verdict_destroy(v);
    p.e.batch = 64; /* the arm is for small ones */
    v = judged(ctx);
    expect_findings("not small", 14, v, "normalisation=undecided");
    says(deepid_verdict_to_settle(v, deepid_verdict_find(v, "normalisation")), "--batch");
    is_silent_about(deepid_verdict_to_settle(v, deepid_verdict_find(v, "normalisation")), "D_norm");
    deepid_verdict_destroy(v);
    p.e.batch = 2;
    v = judged(ctx);
    says(sentence_of(v, "normalisation"), "Larger batches or another normalisation would tell");
    deepid_verdict_destroy(v);
    const int64_t eight = plant_arm(&p, "D_norm:batch8", 0.02, 0.005);
    v = judged(ctx);
    is_silent_about(deepid_verdict_text(v, 0), "would tell"); /* it has told */
    deepid_verdict_destroy(v);
    p.e.batch = 8;
    v = judged(ctx);
    expect_findings("repairs", 14, v, "normalisation=confirmed");
    assert_string_equal(rule_of(v, "normalisation"), "normalisation.batch8");
    deepid_verdict_destroy(v);
    plant_fill(&p, eight, 0, 0.68, 0.01);
    v = judged(ctx);
    expect_findings("repairs nothing", 14, v, "normalisation=refuted");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

static void statistics_that_make_another_function_are_told(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 15, 10, 0.693);
    plant_arm(&p, "S", 0.010, 0.003);
    plant_arm(&p, "D", 0.010, 0.003);
    p.e.batchnorm = true;
    p.e.batch = 16;
    p.arm[1].batch_loss = plant_fill(&p, 1, BATCH, 0.012, 0.003);
    p.arm[1].batch8_loss = plant_fill(&p, 1, BATCH8, 0.011, 0.003);
    p.arm[1].moving_loss = plant_fill(&p, 1, MOVING, 0.011, 0.003);
    deepid_verdict *v = judged(ctx);
    is_silent_about(deepid_verdict_answer(v), "atch-norm");
    assert_true(fabs(finding_number(v, "normalisation", "batch_difference")) < 0.01);
    deepid_verdict_destroy(v);
    plant_fill(&p, 1, BATCH, 0.2, 0.01);
    v = judged(ctx);
    says(deepid_verdict_answer(v), "another function");
    deepid_verdict_destroy(v);
    plant_fill(&p, 1, BATCH, 0.012, 0.003);
    plant_fill(&p, 1, MOVING, 0.3, 0.01);
    v = judged(ctx);
    says(deepid_verdict_answer(v), "moving averages");
    is_silent_about(deepid_verdict_answer(v), "another function");
    deepid_verdict_destroy(v);
    plant_fill(&p, 0, 0, 0.35, 0.01); /* training with batches fits better than all samples do: another function too */
    plant_fill(&p, 1, 0, 0.35, 0.01);
    v = judged(ctx);
    says(deepid_verdict_answer(v), "another function");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* ---- capacity ---------------------------------------------------------------- */

static void a_narrower_net_is_named_before_depth_is_blamed(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 16, 10, 0.693);
    plant_arm(&p, "S", 0.010, 0.003);
    plant_arm(&p, "D", 0.5, 0.05);
    plant_arm(&p, "D_3T", 0.3, 0.05);
    p.e.shallow_narrowest = 128;
    p.e.deep_narrowest = 64;
    p.e.deep_narrowest_layer = "dense1";
    deepid_verdict *v = judged(ctx);
    expect_findings("narrower", 16, v, "capacity=undecided representation=undecided");
    says(sentence_of(v, "capacity"), "64 against 128, at dense1");
    says(deepid_verdict_answer(v), "the deep net is narrower than the shallow one");
    says(strstr(deepid_verdict_answer(v), "narrower"), "The added layers hurt training");
    deepid_verdict_destroy(v);
    plant_arm(&p, "D_opt:adam", 0.008, 0.003); /* another training finds a net of its shape that is as good */
    v = judged(ctx);
    expect_findings("found", 16, v, "capacity=refuted representation=refuted");
    assert_string_equal(deepid_verdict_arm(v, deepid_verdict_find(v, "capacity")), "D_opt:adam");
    deepid_verdict_destroy(v);
    p.e.arms--;
    p.e.floor = 0.3;
    v = judged(ctx);
    expect_findings("a floor", 16, v, "capacity=confirmed representation=confirmed");
    deepid_verdict_destroy(v);
    p.e.floor = (double)NAN;
    p.e.deep_narrowest = 128;
    v = judged(ctx);
    expect_findings("as wide", 16, v, "capacity=not_applicable");
    is_silent_about(deepid_verdict_answer(v), "in more than added layers");
    deepid_verdict_destroy(v);
    p.e.other_layers = true;
    v = judged(ctx);
    expect_findings("other layers", 16, v, "capacity=undecided representation=undecided");
    says(deepid_verdict_answer(v), "does not hold the layers");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* ---- what is said once ------------------------------------------------------------ */

/* Rounding and range have one arm: the finding that it speaks for tells what it repairs, the other one in short. An arm
   that ends below the shallow net repairs more than the gap, and the answer says how that can be. */
static void float64_is_told_once_and_more_than_all_is_explained(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int range = 0; range < 2; range++) {
        plant_start(&p, 18, 10, 0.693);
        plant_arm(&p, "S", 0.10, 0.003);
        plant_arm(&p, "D", 0.5, 0.02);
        plant_arm(&p, "D64", 0.03, 0.005);
        p.e.counted = true;
        p.e.zeros = range ? 12 : 0;
        p.e.subnormals = p.e.infinities = 0;
        deepid_verdict *v = judged(ctx);
        const char *whole = range ? "range" : "rounding";
        const char *other = range ? "rounding" : "range";
        expect_findings("one arm", range, v,
                        range ? "range=confirmed rounding=refuted" : "rounding=confirmed range=refuted");
        says(sentence_of(v, whole), "surely more than half");
        is_silent_about(sentence_of(v, other), "surely more than half");
        says(sentence_of(v, other), range ? "of the gap, is range, not rounding" : "of the gap, is not range");
        says(deepid_verdict_answer(v), "of the gap (it ends below the shallow net)");
        deepid_verdict_destroy(v);
    }
    plant_fill(&p, 2, 0, 0.5, 0.02); /* it repairs nothing */
    deepid_verdict *v = judged(ctx);
    expect_findings("nothing", 18, v, "range=refuted rounding=refuted");
    says(sentence_of(v, "range"), "is surely less than the margin");
    says(sentence_of(v, "range"), "12, 0, 0");
    is_silent_about(sentence_of(v, "range"), "median training loss");
    is_silent_about(deepid_verdict_answer(v), "below the shallow net");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* ---- all at once ---------------------------------------------------------------- */

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
    plant_start(&p, 17, 6, 0.693);
    plant_fit("S", 0.01, 0.1, 0.001, 0.02);
    plant_fit("D", 0.4, 1.2, 0.1, 0.2);
    plant_witness(&p);
    plant_curve(0, 0.01, 0.01);
    plant_curve(1, 0.4, 0.8);
    plant_fit("D_opt:adam", 0.4, 0.2, 0.001, 0.02);
    plant_arm(&p, "D_free:dropout", 0.02, 0.005);
    plant_arm(&p, "D_norm:batch8", 0.02, 0.005);
    p.e.dropout[1] = p.e.batchnorm = p.e.other_layers = true;
    p.e.batch = 2;
    p.e.gradient_check = DPID_UNRESOLVED;
    survives_every_failing_allocation("verdict", judge_again, &t);
}

/* W0 that is surely above S was built wrongly: more seeds would not make it a witness. */
static void a_construction_that_loses_the_outputs_is_to_be_mended(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_start(&p, 8, 10, 2.3);
    plant_arm(&p, "S", 0.05, 0.01);
    plant_arm(&p, "D", 0.5, 0.05);
    const int64_t w0 = plant_arm(&p, "W0", 0.4, 0.03);
    deepid_verdict *v = judged(ctx);
    expect_findings("surely above", 8, v, "representation=undecided");
    says(deepid_verdict_to_settle(v, deepid_verdict_find(v, "representation")), "W0 has the loss of S");
    deepid_verdict_destroy(v);
    plant_fill(&p, w0, 0, 0.16, 0.1); /* about the margin */
    v = judged(ctx);
    says(deepid_verdict_to_settle(v, deepid_verdict_find(v, "representation")), "seeds");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_keep_their_names),
        cmocka_unit_test(answers_are_told_beside_what_is_right_by_itself),
        cmocka_unit_test(a_log_loss_that_rises_with_equal_answers_is_over_confidence),
        cmocka_unit_test(worse_answers_alone_are_overfitting_too),
        cmocka_unit_test(the_same_net_that_fits_and_validates_better_acquits_overfitting),
        cmocka_unit_test(a_worse_fit_acquits_nothing),
        cmocka_unit_test(under_harm_in_training_the_same_fit_decides),
        cmocka_unit_test(the_fit_is_matched_linearly_in_the_logarithm),
        cmocka_unit_test(a_bug_needs_a_second_way_that_agrees),
        cmocka_unit_test(gradients_that_train_the_net_are_no_bug),
        cmocka_unit_test(f64_runs_that_all_diverge_refute_nothing),
        cmocka_unit_test(what_is_minimised_under_dropout_acquits_the_solver),
        cmocka_unit_test(small_harm_is_no_excuse_by_a_large_margin),
        cmocka_unit_test(the_loss_is_what_is_minimised_only_without_regularisation),
        cmocka_unit_test(dropout_in_one_net_is_named_without_any_arm),
        cmocka_unit_test(batch_norm_over_two_samples_is_named_with_and_without_harm),
        cmocka_unit_test(larger_batches_that_repair_convict_the_normalisation),
        cmocka_unit_test(statistics_that_make_another_function_are_told),
        cmocka_unit_test(a_narrower_net_is_named_before_depth_is_blamed),
        cmocka_unit_test(float64_is_told_once_and_more_than_all_is_explained),
        cmocka_unit_test(a_construction_that_loses_the_outputs_is_to_be_mended),
        cmocka_unit_test(no_memory_is_told_and_nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
