/* The ladder of precision: what formats tell of rounding and range, of a recipe that stores in one, and what they tell
   with depth of one that does not. Evidence made by hand: S ends at 0.1, D at 0.6, the margin is 0.03. */
#include "verdict/plant.h"

#include "verdict/verdict.h"

static plant p;

static deepid_verdict *judged(deepid_ctx *ctx)
{
    deepid_verdict *v = NULL;
    OK(dpid_verdict_judge(ctx, &p.e, NULL, &v));
    if (getenv("SHOW"))
        printf("%s\n", deepid_verdict_text(v, 0));
    return v;
}

static void plant_recipe(uint64_t seed, int64_t seeds, const char *storage)
{
    plant_start(&p, seed, seeds, 0.693);
    plant_arm(&p, "S", 0.1, 0.01);
    plant_arm(&p, "D", 0.6, 0.01);
    p.e.storage = storage;
}

static void says(const deepid_verdict *v, const char *hypothesis, const char *part, bool does)
{
    const char *text = deepid_verdict_sentence(v, deepid_verdict_find(v, hypothesis));
    if (!strstr(text, part) == does)
        fail_msg("scatter %d: %s '%s' in %s: %s", (int)p.seed, does ? "expected" : "did not expect", part, hypothesis,
                 text);
}

static double number(const deepid_verdict *v, const char *name)
{
    return deepid_verdict_number_named(v, deepid_verdict_find(v, "rounding"), name);
}

/* ---- a recipe that stores in a format: which of the two -------------------------------------------- */

/* The arms, each with its loss, and what is found. */
typedef struct {
    const char *storage;
    struct {
        const char *word;
        double loss;
    } arm[5];
    const char *found, *answer; /* answer: stands there; NULL: anything */
} separated;

static void expect_separated(deepid_ctx *ctx, const separated *x)
{
    for (uint64_t seed = 1; seed <= 5; seed++) {
        plant_recipe(seed, 8, x->storage);
        for (int i = 0; i < 5 && x->arm[i].word; i++)
            plant_arm(&p, x->arm[i].word, x->arm[i].loss, 0.01);
        deepid_verdict *v = judged(ctx);
        expect_findings(x->arm[0].word, seed, v, x->found);
        if (x->answer && !strstr(deepid_verdict_answer(v), x->answer))
            fail_msg("scatter %d: expected '%s' in: %s", (int)seed, x->answer, deepid_verdict_answer(v));
        deepid_verdict_destroy(v);
    }
}

/* tf32 has the bits of f16 and the range of f32. */
static void three_formats_separate_bits_and_range(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static const separated all[] = {
        {"f16",
         {{"D_tf32", 0.11}, {"D_f32", 0.1}},
         "range=confirmed rounding=refuted|minor",
         "What tf32 repairs is range: it has the bits of float16 and a wider range."},
        {"f16",
         {{"D_tf32", 0.6}, {"D_f32", 0.1}},
         "range=refuted rounding=confirmed",
         "What float32 repairs beyond tf32 is rounding: it has the range of tf32 and more bits."},
        {"f16", {{"D_tf32", 0.4}, {"D_f32", 0.1}}, "range=contributes rounding=confirmed", NULL},
        {"f16", {{"D_tf32", 0.6}, {"D_f32", 0.6}}, "range=refuted rounding=refuted", NULL},
        {"bf16",
         {{"D_f32", 0.1}},
         "rounding=confirmed range=refuted|minor",
         "What float32 repairs is rounding: it has the range of bfloat16 and more bits."},
        {"bf16 rounding=stochastic", {{"D_tf32", 0.1}}, "rounding=confirmed range=refuted|minor", "What tf32 repairs"},
        {"bf16", {{"D_f32", 0.6}}, "rounding=refuted range=undecided", NULL},
        {"tf32", {{"D_f32", 0.1}}, "rounding=confirmed range=refuted|minor", NULL},
        {"f8e5m2", {{"D_f16", 0.4}, {"D_tf32", 0.1}}, "rounding=contributes range=confirmed", NULL},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        expect_separated(ctx, &all[i]);
    deepid_ctx_destroy(ctx);
}

/* A format that is worse in the other of the two confirms, and refutes nothing. */
static void a_worse_format_can_only_confirm(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static const separated all[] = {
        {"f16",
         {{"D_bf16", 0.1}},
         "range=confirmed rounding=refuted|minor",
         "What bfloat16 repairs is range: it has fewer bits than float16."},
        {"f16", {{"D_bf16", 0.6}}, "range=undecided rounding=undecided", NULL},
        {"bf16",
         {{"D_f16", 0.1}},
         "rounding=confirmed range=refuted|minor",
         "What float16 repairs is rounding: it has a narrower range than bfloat16."},
        {"bf16", {{"D_f16", 0.6}}, "range=undecided rounding=undecided", NULL},
        {"f16", {{"D_bf16", 0.6}, {"D_tf32", 0.1}}, "range=confirmed rounding=refuted|minor", "What tf32 repairs"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        expect_separated(ctx, &all[i]);
    deepid_ctx_destroy(ctx);
}

/* Arms that keep the format and help in one way. D_bf16 has master weights, where the recipe has none. */
static void what_helps_says_how_it_hurts(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static const separated all[] = {
        {"f16",
         {{"D_f16:scaled", 0.1}},
         "range=confirmed rounding=refuted|minor",
         "Gradients underflow: loss scaling repairs it."},
        {"f16",
         {{"D_f16:scaled", 0.1}, {"D_tf32", 0.1}, {"D_f32", 0.1}},
         "range=confirmed rounding=refuted|minor",
         "Gradients underflow: loss scaling repairs it."},
        {"bf16 weights=format",
         {{"D_bf16", 0.1}},
         "rounding=confirmed range=refuted|minor",
         "Updates are lost in rounding: master weights repair it."},
        {"bf16 weights=format",
         {{"D_f32", 0.1}, {"D_bf16", 0.1}, {"D_bf16:stochastic", 0.11}},
         "rounding=confirmed range=refuted|minor",
         "Updates are lost in rounding: master weights repair it. Small changes are lost in rounding: stochastic "
         "rounding repairs it."},
        {"f16", {{"D_f16:scaled", 0.6}}, "range=undecided rounding=undecided", NULL},
        {"f16", {{"D_f16:scaled", 0.6}, {"D_tf32", 0.1}}, "range=confirmed rounding=refuted|minor", NULL},
        {"bf16", {{"D_f16:scaled", 0.1}}, "range=undecided rounding=undecided", NULL},
        {"bf16", {{"D_bf16", 0.1}}, "range=undecided rounding=undecided", NULL},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        expect_separated(ctx, &all[i]);
    deepid_ctx_destroy(ctx);
}

/* Loss scaling mends underflow, or overflow by a scale that is too large: which, is not said where both may be. */
static void a_loss_scale_is_named_where_it_is_the_cause(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static const struct {
        const char *scale, *arm, *answer, *never;
        int64_t diverged; /* seeds of D */
    } all[] = {
        {NULL, "D_f16:scaled", "Gradients underflow: loss scaling repairs it.", "overflow", 0},
        {NULL, "D_f16:scaled", "Gradients leave the range of float16 (underflow or overflow)", "Gradients underflow",
         3},
        {"static scale=65536", "D_f16:scaled",
         "Gradients leave the range of float16 (underflow, or overflow where the scale is too large)",
         "Gradients underflow", 0},
        {"static scale=65536", "D_f16", "The loss scale does it: with it gradients leave the range of float16.",
         "underflow", 0},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (uint64_t seed = 1; seed <= 5; seed++) {
            plant_recipe(seed, 8, "f16");
            p.e.loss_scale = all[i].scale;
            plant_diverge(&p, 1, all[i].diverged);
            plant_arm(&p, all[i].arm, 0.1, 0.01);
            deepid_verdict *v = judged(ctx);
            expect_findings(all[i].arm, seed, v, "range=confirmed rounding=refuted|minor");
            page_holds(deepid_verdict_answer(v), all[i].answer);
            assert_null(strstr(deepid_verdict_answer(v), all[i].never));
            deepid_verdict_destroy(v);
        }
    deepid_ctx_destroy(ctx);
}

/* Arms of other formats have none of the recipe's options, so they differ in those as well. */
static void options_of_the_recipe_are_no_range(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static const separated all[] = {
        {"f16 weights=format", {{"D_tf32", 0.1}, {"D_f32", 0.1}}, "range=undecided rounding=undecided", NULL},
        {"f16 weights=format", {{"D_bf16", 0.1}}, "range=undecided rounding=undecided", NULL},
        {"f16 weights=format",
         {{"D_f16", 0.1}, {"D_tf32", 0.1}, {"D_f32", 0.1}},
         "rounding=confirmed range=refuted|minor",
         "Updates are lost in rounding: master weights repair it."},
        {"f16 weights=format",
         {{"D_f16", 0.6}, {"D_tf32", 0.1}, {"D_f32", 0.1}},
         "range=confirmed rounding=refuted|minor",
         "What tf32 repairs is range"},
        {"f16 norms=format", {{"D_f16", 0.1}, {"D_tf32", 0.1}}, "range=undecided rounding=undecided", NULL},
        {"bf16 norms=format", {{"D_f32", 0.1}}, "range=undecided rounding=undecided", NULL},
        {"bf16 rounding=stochastic weights=format", {{"D_bf16", 0.1}}, "range=undecided rounding=undecided", NULL},
        {"bf16 weights=format", {{"D_f32", 0.1}}, "rounding=confirmed range=refuted|minor", "What float32 repairs"},
        {"tf32 weights=format", {{"D_tf32", 0.1}}, "rounding=confirmed", "Updates are lost in rounding"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        expect_separated(ctx, &all[i]);
    plant_recipe(1, 8, "f16 weights=format");
    plant_arm(&p, "D_f32", 0.1, 0.01);
    deepid_verdict *v = judged(ctx);
    page_holds(deepid_verdict_to_settle(v, deepid_verdict_find(v, "range")), "D_f16");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* One arm of more bits and a wider range: counters tell, or nothing does, and what would is named. */
static void without_a_separating_arm_counters_decide(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static const char *const both[] = {"D64", "D_f32"};
    for (int i = 0; i < 2; i++)
        for (int counted = 0; counted < 3; counted++) {
            plant_recipe(7, 8, "f16");
            plant_arm(&p, both[i], 0.1, 0.01);
            p.e.counted = counted > 0;
            p.e.zeros = counted == 2 ? 12 : 0;
            p.e.subnormals = p.e.infinities = 0;
            deepid_verdict *v = judged(ctx);
            expect_findings(both[i], 7, v,
                            counted == 0   ? "rounding=undecided range=undecided"
                            : counted == 1 ? "rounding=confirmed range=refuted"
                                           : "rounding=refuted range=confirmed");
            says(v, "range", "Whether by rounding or by range is not known", counted == 0);
            if (counted == 0)
                page_holds(deepid_verdict_to_settle(v, deepid_verdict_find(v, "range")), "D_tf32");
            deepid_verdict_destroy(v);
        }
    deepid_ctx_destroy(ctx);
}

/* Bits are confirmed by float32, and float64 repairs all as well: nothing is known of range but that it is the rest. */
static void the_rest_is_left_for_the_other(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int little = 0; little < 2; little++) {
        plant_recipe(3, 8, "bf16");
        plant_arm(&p, "D_f32", little ? 0.1 : 0.2, 0.001);
        plant_arm(&p, "D64", 0.1, 0.01);
        deepid_verdict *v = judged(ctx);
        expect_findings("rest", 3, v, little ? "rounding=confirmed range=refuted" : "rounding=confirmed range=minor");
        assert_string_equal(deepid_verdict_rule(v, deepid_verdict_find(v, "range")), "range.rest");
        says(v, "range", little ? "surely less than the margin" : "surely less than half", true);
        deepid_verdict_destroy(v);
    }
    deepid_ctx_destroy(ctx);
}

static void few_seeds_and_runs_that_diverge_confirm_nothing(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int64_t seeds = 1; seeds < 6; seeds++) {
        plant_recipe(5, seeds, "f16");
        plant_arm(&p, "D_tf32", 0.1, 0.001);
        plant_arm(&p, "D_f16:scaled", 0.1, 0.001);
        deepid_verdict *v = judged(ctx);
        expect_findings("few seeds", 5, v, "range=undecided rounding=undecided");
        deepid_verdict_destroy(v);
    }
    plant_recipe(5, 8, "f16");
    plant_diverge(&p, plant_arm(&p, "D_tf32", 0.1, 0.001), 8);
    deepid_verdict *v = judged(ctx);
    expect_findings("all diverge", 5, v, "range=undecided");
    deepid_verdict_destroy(v);
    p.e.storage = "bfloat16";
    v = NULL;
    REFUSED(dpid_verdict_judge(ctx, &p.e, NULL, &v), DEEPID_ERR_SPEC, "unknown verdict: storage 'bfloat16'");
    deepid_ctx_destroy(ctx);
}

/* Shares of the two steps add up to what float32 repairs: 0.5 of 0.5 - 0.1, and the rest. */
static void shares_of_the_two_are_of_one_gap(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_recipe(11, 20, "f16");
    plant_arm(&p, "D_tf32", 0.35, 0.001);
    plant_arm(&p, "D_f32", 0.1, 0.001);
    deepid_verdict *v = judged(ctx);
    const double bits = deepid_verdict_share(v, deepid_verdict_find(v, "rounding"));
    const double range = deepid_verdict_share(v, deepid_verdict_find(v, "range"));
    near_at("rounding", bits, 0.5, 0.02);
    near_at("both", bits + range, 1, 0.02);
    says(v, "rounding", "of the gap beyond tf32: median training loss ", true);
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* ---- a recipe in float32: what a format would do -------------------------------------------------------- */

/* D ends at 0.12, nothing to explain. */
static void plant_wide(uint64_t seed, int64_t seeds)
{
    plant_start(&p, seed, seeds, 0.693);
    plant_arm(&p, "S", 0.1, 0.01);
    plant_arm(&p, "D", 0.11, 0.01);
}

/* The arm is its recipe's and so much more, with a scatter of its own. */
static void plant_beside(int64_t of, const char *word, double more)
{
    const int64_t i = plant_arm(&p, word, more, 0.005);
    for (int64_t s = 0; s < p.e.seeds; s++)
        p.column[i][0][s] += p.column[of][0][s];
}

static void expect_depth(deepid_ctx *ctx, uint64_t seed, const char *words)
{
    deepid_verdict *v = judged(ctx);
    const bool sure = !strcmp(words, "surely worse with depth");
    says(v, "rounding", words, true);
    says(v, "rounding", "surely worse with depth", sure);
    expect_findings(words, seed, v, "rounding=refuted range=refuted");
    deepid_verdict_destroy(v);
}

static void worse_with_depth_is_a_difference_of_differences(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (uint64_t seed = 1; seed <= 5; seed++) {
        plant_wide(seed, 8);
        plant_beside(1, "D_bf16", 0.2);
        plant_beside(0, "S_bf16", 0.01);
        deepid_verdict *v = judged(ctx);
        near_at("D", number(v, "D_bf16"), 0.2, 0.01);
        near_at("S", number(v, "S_bf16"), 0.01, 0.01);
        near_at("depth", number(v, "depth:bf16"), 0.19, 0.01);
        assert_true(number(v, "depth:bf16_low") > 0.17 && number(v, "depth:bf16_high") < 0.21);
        deepid_verdict_destroy(v);
        expect_depth(ctx, seed, "surely worse with depth");
        plant_wide(seed, 8);
        plant_beside(1, "D_bf16", 0.2);
        plant_beside(0, "S_bf16", 0.2); /* as bad, not worse with depth */
        expect_depth(ctx, seed, "not worse with depth by the margin");
        plant_wide(seed, 5);
        plant_beside(1, "D_bf16", 0.2);
        plant_beside(0, "S_bf16", 0.01);
        expect_findings("five seeds", seed, v = judged(ctx), "rounding=undecided");
        says(v, "rounding", "whether it is worse with depth is not sure", true);
        deepid_verdict_destroy(v);
    }
    deepid_ctx_destroy(ctx);
}

/* Divergence is the worst there is, of both nets no difference. */
static void diverged_runs_count_as_worst_with_depth_too(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int64_t shallow = 0; shallow <= 8; shallow += 8) {
        plant_wide(1, 8);
        plant_diverge(&p, plant_arm(&p, "D_f16", 0.1, 0.01), 8);
        plant_diverge(&p, plant_arm(&p, "S_f16", 0.1, 0.01), shallow);
        expect_depth(ctx, 1, shallow ? "depth is not known: both diverge" : "surely worse with depth");
    }
    deepid_ctx_destroy(ctx);
}

/* D diverges in float32 as well, or learns nothing: the format has nothing to take from it. */
static void where_nothing_is_left_to_lose_nothing_is_known(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int64_t diverged = 0; diverged <= 8; diverged += 8) {
        plant_start(&p, 1, 8, 0.693);
        plant_arm(&p, "S", 0.1, 0.01);
        plant_diverge(&p, plant_arm(&p, "D", 0.693, 0.0005), diverged);
        plant_diverge(&p, plant_arm(&p, "D_f16", 0.693, 0.0005), diverged);
        plant_beside(0, "S_f16", 0.2);
        deepid_verdict *v = judged(ctx);
        says(v, "rounding", "depth is not known: the deep net learns nothing without it either", true);
        says(v, "rounding", "not compared, D diverges where it does", diverged > 0);
        says(v, "rounding", "not worse with depth", false);
        assert_true(isnan(number(v, "depth:f16")));
        deepid_verdict_destroy(v);
    }
    deepid_ctx_destroy(ctx);
}

/* Both at the constant predictor's 0.693 or above: how far above is no matter of depth. */
static void where_both_lose_all_nothing_is_known(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_wide(1, 8);
    plant_arm(&p, "D_f8", 7.18, 0.1);
    plant_arm(&p, "S_f8", 0.713, 0.01);
    expect_depth(ctx, 1, "depth is not known: both nets learn nothing in it");
    plant_wide(1, 8);
    plant_arm(&p, "D_f8", 7.18, 0.1);
    plant_arm(&p, "S_f8", 0.2, 0.01);
    expect_depth(ctx, 1, "surely worse with depth");
    plant_wide(1, 8); /* of both at three seeds, five are left */
    plant_diverge(&p, plant_arm(&p, "D_f16", 0.2, 0.01), 3);
    plant_diverge(&p, plant_arm(&p, "S_f16", 0.1, 0.01), 3);
    plant_diverge(&p, 0, 3);
    deepid_verdict *v = judged(ctx);
    says(v, "rounding", "depth is not known: both diverge, or do without it as well, at too many seeds", true);
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* The interval is above 0 and holds the margin: worse it is. */
static void worse_by_less_than_the_margin_is_worse(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_wide(1, 8);
    const int64_t deep = plant_arm(&p, "D_bf16", 0, 0);
    const int64_t shallow = plant_arm(&p, "S_bf16", 0, 0);
    for (int64_t s = 0; s < 8; s++) {
        p.column[deep][0][s] = p.column[1][0][s] + 0.005 + 0.01 * (double)s;
        p.column[shallow][0][s] = p.column[0][0][s];
    }
    deepid_verdict *v = judged(ctx);
    says(v, "rounding", ": worse, by the margin or not is not sure (difference to D", true);
    says(v, "rounding", ": worse with depth, by the margin or not is not sure", true);
    deepid_verdict_destroy(v);
    plant_wide(1, 8);
    plant_diverge(&p, plant_arm(&p, "D_f16", 0.11, 0.01), 8);
    says(v = judged(ctx), "rounding", "diverges at 8 of 8 seeds: surely worse", true);
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* A dynamic scale skips what overflows as well. */
static void scaling_mends_more_than_underflow(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int64_t diverged = 0; diverged <= 8; diverged += 8) {
        plant_wide(2, 8);
        plant_beside(1, "D_f16", 0.2);
        plant_diverge(&p, 2, diverged);
        plant_beside(1, "D_f16:scaled", 0);
        deepid_verdict *v = judged(ctx);
        says(v, "rounding", "gradients underflow", diverged == 0);
        says(v, "rounding", "gradients leave the range (underflow or overflow)", diverged > 0);
        deepid_verdict_destroy(v);
    }
    deepid_ctx_destroy(ctx);
}

static void what_mends_a_format_is_told(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"D_f16", "D_f16:scaled", "Loss scaling mends that, by "},
        {"D_bf16", "D_bf16:stochastic", "Stochastic rounding mends that, by "},
        {"D_bf16:weights", "D_bf16", "Master weights mend that, by "},
    };
    deepid_ctx *ctx = new_ctx(1);
    for (int i = 0; i < 3; i++)
        for (int mends = 0; mends < 2; mends++) {
            plant_wide(2, 8);
            plant_beside(1, rows[i][0], 0.2);
            plant_beside(1, rows[i][1], mends ? 0 : 0.19);
            deepid_verdict *v = judged(ctx);
            says(v, "rounding", rows[i][2], mends);
            deepid_verdict_destroy(v);
        }
    deepid_ctx_destroy(ctx);
}

/* Formats that nobody stores in: no finding changes, and of rounding only what is told behind. */
static void other_formats_change_no_answer(void **state)
{
    (void)state;
    static const char *const words[] = {"D_bf16", "S_bf16", "D_f16", "D_f16:scaled", "S_f16:scaled", "D_tf32", "S_f8"};
    deepid_ctx *ctx = new_ctx(1);
    for (uint64_t seed = 1; seed <= 10; seed++) {
        plant_recipe(seed, 8, NULL);
        plant_arm(&p, "D64", 0.3, 0.2);
        plant_arm(&p, "D_opt:adam", 0.2, 0.1);
        deepid_verdict *v[2];
        v[0] = judged(ctx);
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            plant_arm(&p, words[i], 0.05 * (double)(seed + i), 0.05);
        v[1] = judged(ctx);
        assert_string_equal(deepid_verdict_answer(v[0]), deepid_verdict_answer(v[1]));
        for (int64_t i = 0; i < deepid_verdict_count(v[0]); i++) {
            const char *before = deepid_verdict_sentence(v[0], i);
            assert_string_equal(deepid_verdict_status(v[0], i), deepid_verdict_status(v[1], i));
            if (strncmp(before, deepid_verdict_sentence(v[1], i), strlen(before)) != 0)
                fail_msg("scatter %d: %s was: %s", (int)seed, deepid_verdict_sentence(v[1], i), before);
        }
        deepid_verdict_destroy(v[0]);
        deepid_verdict_destroy(v[1]);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- chance ------------------------------------------------------------------------------------------------ */

/* Every arm is D again, by another draw. At most 5 % of studies may name rounding or range; of 200 that is 10, and more
   than 22 come once in some thousand such tests. */
static void chance_names_few_causes(void **state)
{
    (void)state;
    enum { STUDIES = 200, MOST = 22 };
    static const char *const storages[] = {"f16", "bf16 weights=format"};
    static const char *const arms[] = {"D64", "D_f32", "D_tf32", "D_bf16", "D_f16:scaled", "D_bf16:stochastic"};
    deepid_ctx *ctx = new_ctx(1);
    dpid_thresholds t = dpid_thresholds_default();
    t.resamples = 199;
    for (int k = 0; k < 2; k++) {
        int named = 0;
        for (uint64_t seed = 1; seed <= STUDIES; seed++) {
            deepid_verdict *v = NULL;
            plant_start(&p, seed, 8, 0.693);
            plant_arm(&p, "S", 0.1, 0.05);
            plant_arm(&p, "D", 0.4, 0.2);
            for (int i = 0; i < 6; i++)
                plant_arm(&p, arms[i], 0.4, 0.2);
            p.e.storage = storages[k];
            OK(dpid_verdict_judge(ctx, &p.e, &t, &v));
            bool cause = false;
            for (int h = DPID_ROUNDING; h <= DPID_RANGE; h++)
                cause = cause || !strcmp(deepid_verdict_status(v, h), "confirmed") ||
                        !strcmp(deepid_verdict_status(v, h), "contributes");
            named += cause;
            deepid_verdict_destroy(v);
        }
        if (getenv("SHOW"))
            printf("%s: %d of %d name a cause\n", storages[k], named, STUDIES);
        if (named > MOST)
            fail_msg("%s: %d of %d studies name a cause where there is none", storages[k], named, STUDIES);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- order ------------------------------------------------------------------------------------------------ */

static void swap_seeds(int64_t a, int64_t b)
{
    for (int64_t i = 0; i < p.e.arms; i++) {
        const double x = p.column[i][0][a];
        p.column[i][0][a] = p.column[i][0][b];
        p.column[i][0][b] = x;
    }
}

static void the_order_of_seeds_and_arms_does_not_matter(void **state)
{
    (void)state;
    static const char *const words[] = {"D_f16:scaled", "D_bf16", "S_bf16", "D_tf32", "S_tf32", "D_f32"};
    deepid_ctx *ctx = new_ctx(1);
    for (uint64_t seed = 1; seed <= 10; seed++) {
        plant_recipe(seed, 9, "f16");
        for (size_t i = 0; i < 6; i++)
            plant_arm(&p, words[i], 0.3, 0.3);
        deepid_verdict *v[3];
        v[0] = judged(ctx);
        for (int64_t s = 0; s < 4; s++)
            swap_seeds(s, 8 - s);
        v[1] = judged(ctx);
        const dpid_arm_evidence first = p.arm[2];
        p.arm[2] = p.arm[7];
        p.arm[7] = first;
        v[2] = judged(ctx);
        assert_string_equal(deepid_verdict_text(v[0], 0), deepid_verdict_text(v[1], 0));
        for (int64_t i = 0; i < deepid_verdict_count(v[0]); i++) {
            assert_string_equal(deepid_verdict_status(v[0], i), deepid_verdict_status(v[2], i));
            assert_string_equal(deepid_verdict_arm(v[0], i), deepid_verdict_arm(v[2], i));
        }
        for (int i = 0; i < 3; i++)
            deepid_verdict_destroy(v[i]);
    }
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_formats_separate_bits_and_range),
        cmocka_unit_test(a_worse_format_can_only_confirm),
        cmocka_unit_test(what_helps_says_how_it_hurts),
        cmocka_unit_test(a_loss_scale_is_named_where_it_is_the_cause),
        cmocka_unit_test(options_of_the_recipe_are_no_range),
        cmocka_unit_test(without_a_separating_arm_counters_decide),
        cmocka_unit_test(the_rest_is_left_for_the_other),
        cmocka_unit_test(few_seeds_and_runs_that_diverge_confirm_nothing),
        cmocka_unit_test(shares_of_the_two_are_of_one_gap),
        cmocka_unit_test(worse_with_depth_is_a_difference_of_differences),
        cmocka_unit_test(diverged_runs_count_as_worst_with_depth_too),
        cmocka_unit_test(where_nothing_is_left_to_lose_nothing_is_known),
        cmocka_unit_test(where_both_lose_all_nothing_is_known),
        cmocka_unit_test(worse_by_less_than_the_margin_is_worse),
        cmocka_unit_test(scaling_mends_more_than_underflow),
        cmocka_unit_test(what_mends_a_format_is_told),
        cmocka_unit_test(chance_names_few_causes),
        cmocka_unit_test(other_formats_change_no_answer),
        cmocka_unit_test(the_order_of_seeds_and_arms_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
