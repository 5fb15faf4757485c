/* The precision ladder on evidence made by hand: where harm begins, what is range, what few seeds cannot tell, and what
   it says. */
#include "verdict/plant.h"

#include "tensor/format.h"
#include "verdict/ladder.h"

#include <jansson.h>

static plant p;

static const double constant = 0.693; /* with S at 0.01 the margin is 0.034 */

static deepid_verdict *judged(deepid_ctx *ctx)
{
    deepid_verdict *v = NULL;
    OK(dpid_verdict_judge(ctx, &p.e, NULL, &v));
    if (getenv("SHOW") && v->ladder)
        printf("%s\n  %s\n", v->ladder->sentence, v->ladder->more);
    return v;
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

/* S and D of depth 2 and 30 in float32, both as good as each other. */
static void start(int64_t seeds)
{
    plant_start(&p, 1, seeds, constant);
    p.e.shallow_depth = 2;
    p.e.deep_depth = 30;
    plant_arm(&p, "S", 0.01, 0.002);
    plant_arm(&p, "D", 0.012, 0.002);
}

/* Words are lent for as long as the judge looks. */
static const char *word(const char *text)
{
    static char kept[PLANT_ARMS][32];
    static int at;
    at = (at + 1) % PLANT_ARMS;
    snprintf(kept[at], sizeof kept[at], "%s", text);
    return kept[at];
}

static void add(const char *words, double middle)
{
    char copy[256];
    snprintf(copy, sizeof copy, "%s", words);
    for (char *rest = copy, *arm; (arm = strtok_r(rest, " ", &rest));)
        plant_arm(&p, word(arm), middle, 0.002);
}

static const dpid_rung *rung_of(const deepid_verdict *v, const char *arm)
{
    for (int deep = 0; deep < 2; deep++)
        for (int32_t i = 0; i < v->ladder->side[deep].rungs; i++)
            if (strcmp(v->ladder->side[deep].rung[i].arm, arm) == 0)
                return &v->ladder->side[deep].rung[i];
    fail_msg("%s is no rung", arm);
    return NULL;
}

static void state_is(const deepid_verdict *v, const char *arm, dpid_harm expected)
{
    const dpid_rung *rung = rung_of(v, arm);
    if (rung->state != expected)
        fail_msg("%s: state %d, expected %d: %g [%g, %g], p %g, by Holm %g, margin %g", arm, (int)rung->state,
                 (int)expected, rung->above.value, rung->above.low, rung->above.high, rung->p, rung->p_holm,
                 v->ladder->margin);
}

/* ---- bits ---------------------------------------------------------------------------------------------- */

static void harm_begins_where_it_was_planted(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    start(10);
    add("S_tf32 S_bf16", 0.01);
    add("D_tf32", 0.012);
    add("D_bf16", 0.3);
    deepid_verdict *v = judged(ctx);
    const dpid_ladder_side *deep = &v->ladder->side[DPID_LADDER_DEEP];
    state_is(v, "D_bf16", DPID_HARM);
    state_is(v, "D_tf32", DPID_HARM_NONE);
    state_is(v, "S_bf16", DPID_HARM_NONE);
    assert_int_equal(deep->rung[deep->begins].format->bits, 8);
    assert_true(rung_of(v, "D")->own && deep->reference == 0);
    assert_int_equal(v->ladder->steps, 4);
    says(v->ladder->sentence, "Fewer bits, more loss: harm begins at 8 bits of precision at depth 30 (bfloat16 against "
                              "float32: 0.28");
    says(v->ladder->sentence, "; at depth 2 not, down to 8 bits.");
    says(v->ladder->more, "Bfloat16 against float32: "); /* one interval a headline */
    says(v->ladder->more, "] at depth 2. ");
    says(v->ladder->more, "In bfloat16 the deep net loses more than the shallow one, by 0.2");
    deepid_verdict_destroy(v);
    plant_fill(&p, 4, 0, 0.3, 0.002); /* D_tf32 too: harm begins there */
    v = judged(ctx);
    says(v->ladder->sentence,
         "Fewer bits, more loss: harm begins at 11 bits of precision at depth 30 (tf32 against float32: 0.28");
    deepid_verdict_destroy(v);
    plant_fill(&p, 5, 0, 0.012, 0.002); /* and D_bf16 not: no matter of bits */
    v = judged(ctx);
    says(v->ladder->sentence, "Harm at 11 bits of precision at depth 30 (");
    says(v->ladder->sentence, "; at 8 bits there is none: harm does not follow the bits)");
    is_silent_about(v->ladder->sentence, "ewer bits, more loss");
    deepid_verdict_destroy(v);
    plant_fill(&p, 5, 0, 0.3, 0.002);
    plant_fill(&p, 3, 0, 0.3, 0.002); /* and S_bf16 */
    v = judged(ctx);
    says(v->ladder->sentence, "; harm begins at 8 bits of precision at depth 2.");
    says(v->ladder->more, "Bfloat16 against float32: 0.29");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

static void a_sure_difference_below_the_margin_is_no_harm(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    start(10);
    add("D_tf32", 0.012);
    add("D_bf16", 0.024);
    add("S_tf32 S_bf16", 0.01);
    deepid_verdict *v = judged(ctx);
    assert_true(rung_of(v, "D_bf16")->above.low > 0);
    state_is(v, "D_bf16", DPID_HARM_NONE);
    says(v->ladder->sentence, "No harm down to 8 bits of precision at depth 30 (bfloat16 against float32: 0.01");
    says(v->ladder->sentence, "; nor at depth 2.");
    says(v->ladder->more, "Harm: surely above the margin, 0.034");
    is_silent_about(v->ladder->more, "loses more");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* Six seeds: p = 1/64 of "not above the margin" is the least there is. Two comparisons: 2/64 < 0.05, four: 4/64. */
static void every_step_is_counted(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    start(6);
    add("D_bf16", 0.3);
    add("D_f16", 0.012);
    deepid_verdict *v = judged(ctx);
    assert_true(rung_of(v, "D_bf16")->p == 1.0 / 64);
    assert_true(rung_of(v, "D_bf16")->p_holm == 2.0 / 64);
    state_is(v, "D_bf16", DPID_HARM);
    says(v->ladder->more, "by Holm over 2 comparisons.");
    deepid_verdict_destroy(v);
    add("D_bf16:stochastic D_bf16:weights", 0.3); /* variants are shown, and are no steps */
    v = judged(ctx);
    assert_int_equal(v->ladder->steps, 2);
    assert_false(rung_of(v, "D_bf16:weights")->step);
    state_is(v, "D_bf16:weights", DPID_HARM_UNKNOWN);
    state_is(v, "D_bf16", DPID_HARM);
    deepid_verdict_destroy(v);
    add("D_tf32 D_f8", 0.012);
    v = judged(ctx);
    assert_true(rung_of(v, "D_bf16")->p_holm == 4.0 / 64);
    state_is(v, "D_bf16", DPID_HARM_UNSURE);
    says(v->ladder->sentence, "6 seeds do not tell whether fewer bits harm at depth 30 (bfloat16 against float32: ");
    says(v->ladder->sentence, "for 4 comparisons 7 seeds are needed");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* Four of ten seeds are below the margin: p = 43/1024, which the last step of Holm's leaves as it is. But the interval,
   which has two ends, holds the margin. */
static void harm_needs_the_interval_too(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    start(10);
    add("D_bf16 D_tf32", 0.3);
    for (int64_t s = 0; s < 8; s += 2)
        p.column[3][0][s] = 0.012;
    deepid_verdict *v = judged(ctx);
    assert_true(rung_of(v, "D_tf32")->p_holm == 43.0 / 1024);
    assert_true(rung_of(v, "D_tf32")->above.low > 0);
    state_is(v, "D_bf16", DPID_HARM);
    state_is(v, "D_tf32", DPID_HARM_UNSURE);
    says(v->ladder->sentence, "; at 11 bits it is not told)");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

static void two_diverged_runs_are_as_bad_as_each_other(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    start(10);
    add("D_bf16 D_tf32 S_bf16", 0.012);
    for (int64_t arm = 1; arm < 4; arm++)
        plant_diverge(&p, arm, 3);
    deepid_verdict *v = judged(ctx);
    assert_int_equal(rung_of(v, "D_bf16")->seeds, 10);
    state_is(v, "D_bf16", DPID_HARM_NONE);
    assert_true(isfinite(v->ladder->deeper.low) && isfinite(v->ladder->deeper.high));
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* Three of ten seeds are below the margin, by less than the others are above: 14 of 1024 patterns of signs have no more
   of them. By Holm that is 8 * 14 / 1024. */
static void what_is_sure_by_itself_alone_is_said_so(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    start(10);
    add("S_tf32 S_f16 S_f8 S_bf16 D_tf32 D_f16 D_f8", 0.012);
    add("D_bf16", 0.3);
    const int64_t bf16 = p.e.arms - 1;
    p.column[bf16][0][3] = p.column[bf16][0][6] = p.column[bf16][0][8] = 0.012;
    deepid_verdict *v = judged(ctx);
    assert_true(rung_of(v, "D_bf16")->above.low > v->ladder->margin);
    assert_true(rung_of(v, "D_bf16")->p == 14.0 / 1024 && rung_of(v, "D_bf16")->p_holm == 8 * 14.0 / 1024);
    state_is(v, "D_bf16", DPID_HARM_UNSURE);
    says(v->ladder->sentence, "]; sure by itself, not among 8 comparisons)");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

static void few_seeds_do_not_tell(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int64_t seeds = 1; seeds < 6; seeds++) {
        char expected[64];
        start(seeds);
        add("D_tf32 S_tf32 S_bf16", 0.011);
        add("D_bf16", 0.6);
        deepid_verdict *v = judged(ctx);
        snprintf(expected, sizeof expected, seeds == 1 ? "1 seed does not tell" : "%d seeds do not tell", (int)seeds);
        says(v->ladder->sentence, expected);
        state_is(v, "D_bf16", DPID_HARM_UNSURE);
        deepid_verdict_destroy(v);
    }
    deepid_ctx_destroy(ctx);
}

/* D_bf16 above D_f32 by the margin exactly, and three steps that are alike: harm is said of at most 5 % of such
   studies. 300 of them: 15 and three standard errors. */
static void harm_is_rarely_said_of_a_difference_of_the_margin(void **state)
{
    (void)state;
    enum { STUDIES = 300, MOST = 26 };
    deepid_ctx *ctx = new_ctx(1);
    int said = 0;
    for (uint64_t seed = 1; seed <= STUDIES; seed++) {
        plant_start(&p, seed, 8, constant);
        p.e.margin = 0.03;
        plant_arm(&p, "S", 0.1, 0.02);
        plant_arm(&p, "D", 0.1, 0.02);
        plant_arm(&p, "D_tf32", 0.1 + p.e.margin, 0.02);
        plant_arm(&p, "D_bf16", 0.1 + p.e.margin, 0.02);
        plant_arm(&p, "S_bf16", 0.1 + p.e.margin, 0.02);
        deepid_verdict *v = judged(ctx);
        said += v->ladder->side[0].state == DPID_HARM || v->ladder->side[1].state == DPID_HARM;
        deepid_verdict_destroy(v);
    }
    if (said > MOST)
        fail_msg("harm is said of %d of %d studies without any", said, STUDIES);
    deepid_ctx_destroy(ctx);
}

/* ---- range ------------------------------------------------------------------------------------------------ */

static void float16_beside_tf32_tells_range_from_bits(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    start(10);
    add("D_bf16 D_tf32 S_f16", 0.012);
    add("D_f16", 0.3);
    deepid_verdict *v = judged(ctx);
    says(v->ladder->sentence, "No harm down to 8 bits");
    says(v->ladder->sentence, " Float16 harms at depth 30: its range, since tf32 has as many bits and does no harm; at "
                              "depth 2 not.");
    says(v->ladder->more, "Float16 against float32: 0.28");
    deepid_verdict_destroy(v);
    plant_fill(&p, 3, 0, 0.3, 0.002); /* D_tf32 */
    v = judged(ctx);
    says(v->ladder->sentence, ": tf32 has as many bits and harms too;");
    deepid_verdict_destroy(v);
    p.arm[3].word = "D_opt:adam"; /* no tf32 */
    plant_diverge(&p, 5, 10);
    v = judged(ctx);
    says(v->ladder->sentence,
         " Float16 diverges at 10 of 10 seeds at depth 30: by its range or its bits, which tf32 would tell");
    deepid_verdict_destroy(v);
    p.arm[5].word = "D_f8";
    v = judged(ctx);
    says(v->ladder->more, "8-bit formats diverges at 10 of 10 seeds at depth 30: by fewer bits or a smaller range");
    is_silent_about(v->ladder->sentence, "8-bit");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* tf32 loses 0.28, float16 0.58 or diverges. */
static void what_float16_loses_beyond_tf32_is_range(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    start(10);
    add("D_bf16 D_tf32", 0.3);
    add("D_f16", 0.6);
    deepid_verdict *v = judged(ctx);
    says(v->ladder->sentence, "tf32 has as many bits and harms too, and beyond tf32 by 0.3");
    says(v->ladder->sentence, "]: its range.");
    deepid_verdict_destroy(v);
    plant_diverge(&p, 4, 10);
    v = judged(ctx);
    says(v->ladder->sentence, "harms too, and beyond tf32 it diverges: its range.");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

static void float16_at_depth_2_alone_is_said(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    start(8);
    add("D_bf16 D_tf32 D_f16", 0.012);
    add("S_bf16 S_tf32 S_f16", 0.01);
    plant_diverge(&p, 7, 8);
    deepid_verdict *v = judged(ctx);
    state_is(v, "S_f16", DPID_HARM);
    says(v->ladder->sentence, "No harm down to 8 bits");
    says(v->ladder->sentence,
         " Float16 diverges at 8 of 8 seeds at depth 2: its range, since tf32 has as many bits and "
         "does no harm; at depth 30 not.");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

static void float16_that_is_not_told_is_said(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    start(10);
    add("D_bf16 D_tf32 D_f16", 0.012);
    plant_diverge(&p, 4, 5);
    deepid_verdict *v = judged(ctx);
    state_is(v, "D_f16", DPID_HARM_UNSURE);
    says(v->ladder->sentence, " Float16: not told at depth 30, diverges at 5 of 10 seeds.");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* float16 has the range of E5M2 and more bits. */
static void float16_tells_bits_of_e5m2(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    start(10);
    add("D_f32 D_f16 D_bf16", 0.012);
    plant_fill(&p, 1, 0, 0.3, 0.002);
    p.e.storage = "f8e5m2";
    deepid_verdict *v = judged(ctx);
    says(v->ladder->sentence,
         " E5M2 harms at depth 30: its bits, since float16 has as small a range and does no harm.");
    deepid_verdict_destroy(v);
    plant_fill(&p, 3, 0, 0.2, 0.002); /* D_f16 */
    v = judged(ctx);
    says(v->ladder->sentence, ": float16 has as small a range and harms too, and beyond float16 by 0.0");
    says(v->ladder->sentence, "]: its bits");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* ---- depth ------------------------------------------------------------------------------------------------ */

/* The margin is 0.034. */
static void more_with_depth_is_by_the_margin(void **state)
{
    (void)state;
    static const struct {
        double deep, shallow, spread;
        const char *says;
    } rows[] = {
        {0.3, 0.01, 0.002, "In bfloat16 the deep net loses more than the shallow one, by 0.28"},
        {0.3, 0.28, 0.002,
         "In bfloat16 the deep net loses no more than the shallow one, or by less than the margin: 0.01"},
        {0.3, 0.27, 0.02,
         "Whether the deep net loses more in bfloat16 than the shallow one, by the margin, is not sure: "},
        {0.72, 0.71, 0.002, "In bfloat16 neither net learns anything. "},
    };
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        start(10);
        add("D_tf32", 0.012);
        plant_arm(&p, "D_bf16", rows[i].deep, rows[i].spread);
        plant_arm(&p, "S_bf16", rows[i].shallow, rows[i].spread);
        deepid_verdict *v = judged(ctx);
        says(v->ladder->more, rows[i].says);
        deepid_verdict_destroy(v);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- who stands on it --------------------------------------------------------------------------------------- */

static void the_recipes_own_format_is_a_rung(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    start(10);
    add("D64 D_f32 D_bf16 S_f32 S_bf16", 0.012);
    plant_fill(&p, 1, 0, 0.3, 0.002); /* D, in float16 */
    p.e.storage = "f16";
    deepid_verdict *v = judged(ctx);
    const dpid_ladder_side *deep = &v->ladder->side[DPID_LADDER_DEEP];
    assert_string_equal(deep->rung[deep->reference].arm, "D64");
    assert_string_equal(v->ladder->side[0].rung[v->ladder->side[0].reference].arm, "S_f32");
    assert_string_equal(rung_of(v, "D")->format->word, "f16");
    state_is(v, "D", DPID_HARM);
    state_is(v, "D_f32", DPID_HARM_NONE);
    assert_string_equal(v->ladder->deeper_in->word, "f16"); /* against float32 at both depths */
    deepid_verdict_destroy(v);
    p.e.loss_scale = "dynamic"; /* there is no float16 without it, so that is what float16 does */
    v = judged(ctx);
    state_is(v, "D", DPID_HARM);
    deepid_verdict_destroy(v);
    add("D_f16", 0.3); /* now there is, and a variant decides nothing */
    v = judged(ctx);
    state_is(v, "D_f16", DPID_HARM);
    state_is(v, "D", DPID_HARM_UNKNOWN);
    assert_string_equal(rung_of(v, "D")->variant, "dynamic");
    deepid_verdict_destroy(v);
    p.e.storage = "f16 norms=format";
    v = judged(ctx);
    assert_string_equal(rung_of(v, "D")->variant, "norms=format");
    says(v->ladder->sentence, " The recipe's own, float16 with norms=format, ends 0.28");
    says(v->ladder->sentence, "] above float64 at depth 30.");
    deepid_verdict_destroy(v);
    plant_fill(&p, 1, 0, 0.012, 0.002); /* no harm, no word */
    v = judged(ctx);
    is_silent_about(v->ladder->sentence, "The recipe's own");
    deepid_verdict_destroy(v);
    p.e.storage = NULL; /* nobody said what D is; D_f32 is another arm, so it is not that */
    v = judged(ctx);
    for (int32_t i = 0; i < v->ladder->side[1].rungs; i++)
        assert_string_not_equal(v->ladder->side[1].rung[i].arm, "D");
    deepid_verdict_destroy(v);
    start(10);
    add("D_bf16 D_tf32", 0.012);
    plant_arm(&p, "D_rate", 0.011, 0.002); /* the others are at its rate */
    v = judged(ctx);
    assert_true(rung_of(v, "D_rate")->own);
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* A variant is no step, but what the recipe itself does is not passed over. */
static void the_recipes_own_divergence_is_said(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    start(8);
    add("D_f32 D_bf16 D_f16 S_f32 S_bf16 S_f16", 0.012);
    p.e.storage = "f16";
    p.e.loss_scale = "static";
    plant_diverge(&p, 1, 8);
    deepid_verdict *v = judged(ctx);
    says(v->ladder->sentence, "No harm down to 8 bits");
    says(v->ladder->sentence, ". The recipe's own, float16 with a static scale, diverges at 8 of 8 seeds at depth 30.");
    deepid_verdict_destroy(v);
    plant_diverge(&p, 0, 3);
    v = judged(ctx);
    says(v->ladder->sentence, " at depth 30; it diverges at 3 of 8 seeds at depth 2.");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

static void without_two_formats_there_is_no_ladder(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *path = temporary("verdict.json");
    start(10);
    add("D_bf16 D_bf16:weights S_bf16", 0.012);
    deepid_verdict *v = judged(ctx);
    assert_null(v->ladder);
    OK(deepid_verdict_write_json(v, path));
    size_t bytes;
    char *json = read_bytes(path, &bytes);
    is_silent_about(json, "ladder");
    free(json);
    deepid_verdict_destroy(v);
    add("D64", 0.012);
    v = judged(ctx);
    assert_non_null(v->ladder);
    deepid_verdict_destroy(v);
    p.e.gradient_check = DPID_FAILED; /* wrong gradients show nothing */
    p.e.gradient_check_error = p.e.gradient_check_second = 1;
    v = judged(ctx);
    assert_null(v->ladder);
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

static void what_there_is_nothing_to_compare_with_is_said(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    start(10);
    add("S_bf16 S_tf32", 0.01);
    deepid_verdict *v = judged(ctx);
    says(v->ladder->sentence, "No harm down to 8 bits of precision at depth 2 (");
    is_silent_about(v->ladder->sentence, "depth 30");
    deepid_verdict_destroy(v);
    add("D_bf16", 0.69);
    plant_fill(&p, 1, 0, 0.69, 0.002); /* D does not train */
    v = judged(ctx);
    says(v->ladder->sentence, "At depth 30 nothing is learned in float32 either, so that no format can harm it; no "
                              "harm down to 8 bits of precision at depth 2 (");
    deepid_verdict_destroy(v);
    start(10);
    p.e.storage = "f16";
    p.e.deep_depth = p.e.shallow_depth = 0;
    add("D_tf32 D_bf16", 0.012);
    v = judged(ctx);
    says(v->ladder->sentence, "Neither float32 nor float64 was run to compare with in the deep net.");
    deepid_verdict_destroy(v);
    start(10);
    add("D_f16 D_f8", 0.012);
    v = judged(ctx);
    says(v->ladder->sentence, "No coarser format with float32's range was run at depth 30.");
    says(v->ladder->more, ", by Holm over 2 comparisons.");
    deepid_verdict_destroy(v);
    p.e.storage = "bf16";
    v = judged(ctx);
    is_silent_about(v->ladder->more, "Holm"); /* nothing is compared */
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* The judge sees no net, so its table of formats is its own: that of the library, and float64. */
static void formats_are_those_of_storage(void **state)
{
    (void)state;
    enum { F32_LEAST = -126, F32_MOST = 127 };
    for (int64_t i = 0; dpid_format_at(i); i++) {
        const dpid_format *format = dpid_format_at(i);
        char arm[32];
        snprintf(arm, sizeof arm, "S_%s", format->word);
        const dpid_number_format *known = dpid_ladder_word_of(arm).format;
        assert_non_null(known);
        assert_string_equal(known->word, format->word);
        assert_int_equal(known->bits, format->fraction + 1);
        assert_int_equal(dpid_format_is_wide(known), format->least == F32_LEAST && format->most == F32_MOST);
    }
    assert_string_equal(dpid_ladder_word_of("D_bf16:weights").variant, "weights");
    assert_false(dpid_ladder_word_of("S_f8").deep);
    static const char *const others[] = {"D", "S", "D_opt:adam", "D_res", "D_f", "D_f64x", "W0", "", "D_", "dial:0.5"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (dpid_ladder_word_of(others[i]).format)
            fail_msg("'%s' is no arm of the ladder", others[i]);
}

/* ---- whatever is measured ----------------------------------------------------------------------------------- */

/* A verdict is read when its evidence is gone. */
static void names_outlive_the_evidence(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *path = temporary("outlives.json");
    char words[2][16] = {"D_bf16", "D_tf32"};
    start(10);
    plant_fill(&p, 1, 0, 0.3, 0.002);
    for (int i = 0; i < 2; i++)
        plant_arm(&p, words[i], 0.5, 0.002);
    deepid_verdict *v = judged(ctx);
    memset(words, '#', sizeof words - 1);
    OK(deepid_verdict_write_json(v, path));
    size_t bytes;
    char *json = read_bytes(path, &bytes);
    says(json, "\"arm\": \"D_bf16\"");
    is_silent_about(json, "##");
    free(json);
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

static void draw(uint64_t seed, int64_t n, double *x)
{
    random_array(seed * 7919, n, 0, 1, x);
}

static void plant_random(uint64_t seed)
{
    enum { WORDS = 22, EACH = 6 };
    static const char *const words[WORDS] = {"S",
                                             "D",
                                             "D64",
                                             "D_f32",
                                             "D_tf32",
                                             "D_bf16",
                                             "D_f16",
                                             "D_f8",
                                             "S_f32",
                                             "S_f16",
                                             "S_tf32",
                                             "S_bf16",
                                             "S_f8",
                                             "D_bf16:stochastic",
                                             "D_bf16:weights",
                                             "D_f16:scaled",
                                             "S_rate",
                                             "D_rate",
                                             "S_f16:scaled",
                                             "D_f8e5m2",
                                             "S64",
                                             "S_bf16:weights"};
    static const double constants[] = {1e-12, 0.693, 4.6, 1e12};
    static const char *const storages[] = {
        NULL, "f32", "bf16", "f16", "f8e4m3", "bf16 weights=format", "f8e5m2 norms=format"};
    double x[8 + WORDS * EACH];
    draw(seed, 8 + WORDS * EACH, x);
    plant_start(&p, seed, 1 + (int64_t)(x[0] * x[0] * PLANT_SEEDS * 0.999), constants[(int)(x[1] * 4)]);
    p.e.storage = storages[(int)(x[2] * 7)];
    p.e.is_f64 = x[3] < 0.1;
    p.e.loss_scale = x[5] < 0.3 ? "dynamic" : NULL;
    p.e.shallow_depth = x[4] < 0.2 ? 0 : 2;
    p.e.deep_depth = x[4] < 0.3 ? 0 : 30;
    for (int i = 0; i < WORDS; i++) {
        const double *own = x + 8 + i * EACH;
        if (own[0] < 0.3 && i > 0)
            continue;
        const double middle = own[1] < 0.15 ? p.e.const_loss : p.e.const_loss * pow(10, -4 * own[1]);
        const int64_t arm = plant_arm(&p, word(words[i]), middle, own[2] < 0.2 ? 0 : middle * own[2]);
        if (own[3] < 0.25)
            plant_diverge(&p, arm, (int64_t)(own[4] * (double)p.e.seeds + 0.99));
        for (int64_t s = 0; s < p.e.seeds && own[5] < 0.2; s += 2)
            p.column[arm][0][s] = (double)NAN;
        if (own[5] > 0.9) /* validation alone is known */
            for (int64_t s = 0; s < p.e.seeds; s++)
                p.column[arm][0][s] = (double)NAN;
    }
}

static void check_text(uint64_t seed, const char *text)
{
    static const char *const holes[] = {"nan", "inf", "(null)", "()", "  ", "[]", " ."};
    int depth = 0;
    for (const char *c = text; *c; c++)
        depth += (*c == '(') - (*c == ')');
    for (size_t i = 0; i < sizeof holes / sizeof *holes; i++)
        if (strstr(text, holes[i]))
            fail_msg("evidence %d: '%s' in: %s", (int)seed, holes[i], text);
    if (depth != 0 || !*text || text[strlen(text) - 1] != '.' || (text[0] >= 'a' && text[0] <= 'z'))
        fail_msg("evidence %d: no sentence: %s", (int)seed, text);
}

static void check_side(uint64_t seed, const dpid_ladder *l, const dpid_ladder_side *side)
{
    bool harm = false;
    for (int32_t i = 0; i < side->rungs; i++) {
        const dpid_rung *r = &side->rung[i];
        const bool sure = r->above.low > l->margin && r->p_holm <= 0.05;
        if (i > 0 && dpid_format_order(side->rung[i - 1].format, r->format) > 0)
            fail_msg("evidence %d: %s stands behind a coarser format", (int)seed, r->arm);
        if (r->step && (r->p < 0 || r->p > 1 || r->p_holm < r->p || r->p_holm > 1))
            fail_msg("evidence %d: %s has p %g, by Holm %g", (int)seed, r->arm, r->p, r->p_holm);
        if ((r->state == DPID_HARM) != (r->step && sure) || (r->state == DPID_HARM && r->above.low <= 0))
            fail_msg("evidence %d: %s has state %d", (int)seed, r->arm, (int)r->state);
        harm = harm || (r->state == DPID_HARM && dpid_format_is_wide(r->format));
    }
    if (harm != (side->state == DPID_HARM) || harm != (side->begins >= 0))
        fail_msg("evidence %d: a side has state %d and begins at %d", (int)seed, (int)side->state, (int)side->begins);
}

static void check_json(deepid_ctx *ctx, uint64_t seed, const deepid_verdict *v)
{
    const char *path = temporary("random.json");
    json_error_t error;
    OK(deepid_verdict_write_json(v, path));
    json_t *root = json_load_file(path, 0, &error);
    if (!root)
        fail_msg("evidence %d: verdict.json: %s", (int)seed, error.text);
    assert_int_equal(json_object_get(root, "ladder") != NULL, v->ladder != NULL);
    json_decref(root);
}

static void every_ladder_is_sound(void **state)
{
    (void)state;
    enum { STUDIES = 300 };
    deepid_ctx *ctx = new_ctx(1);
    int ladders = 0;
    for (uint64_t seed = 1; seed <= STUDIES; seed++) {
        plant_random(seed);
        deepid_verdict *v = judged(ctx);
        if (seed % 10 == 0)
            check_json(ctx, seed, v);
        if (v->ladder) {
            ladders++;
            check_text(seed, v->ladder->sentence);
            check_text(seed, v->ladder->more);
            for (int deep = 0; deep < 2; deep++)
                check_side(seed, v->ladder, &v->ladder->side[deep]);
        }
        deepid_verdict_destroy(v);
    }
    assert_true(ladders > STUDIES / 2);
    deepid_ctx_destroy(ctx);
}

static int32_t judge_planted(deepid_ctx *ctx, void *arg)
{
    deepid_verdict *v = NULL;
    (void)arg;
    const int32_t status = dpid_verdict_judge(ctx, &p.e, NULL, &v);
    deepid_verdict_destroy(v);
    return status;
}

static void memory_that_runs_out_is_an_error(void **state)
{
    (void)state;
    start(3);
    add("D_bf16 D_f16 S_bf16", 0.012);
    survives_every_failing_allocation("a ladder", judge_planted, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(harm_begins_where_it_was_planted),
        cmocka_unit_test(a_sure_difference_below_the_margin_is_no_harm),
        cmocka_unit_test(every_step_is_counted),
        cmocka_unit_test(harm_needs_the_interval_too),
        cmocka_unit_test(two_diverged_runs_are_as_bad_as_each_other),
        cmocka_unit_test(what_is_sure_by_itself_alone_is_said_so),
        cmocka_unit_test(few_seeds_do_not_tell),
        cmocka_unit_test(harm_is_rarely_said_of_a_difference_of_the_margin),
        cmocka_unit_test(float16_beside_tf32_tells_range_from_bits),
        cmocka_unit_test(what_float16_loses_beyond_tf32_is_range),
        cmocka_unit_test(float16_at_depth_2_alone_is_said),
        cmocka_unit_test(float16_that_is_not_told_is_said),
        cmocka_unit_test(float16_tells_bits_of_e5m2),
        cmocka_unit_test(more_with_depth_is_by_the_margin),
        cmocka_unit_test(the_recipes_own_format_is_a_rung),
        cmocka_unit_test(the_recipes_own_divergence_is_said),
        cmocka_unit_test(without_two_formats_there_is_no_ladder),
        cmocka_unit_test(what_there_is_nothing_to_compare_with_is_said),
        cmocka_unit_test(formats_are_those_of_storage),
        cmocka_unit_test(names_outlive_the_evidence),
        cmocka_unit_test(every_ladder_is_sound),
        cmocka_unit_test(memory_that_runs_out_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
