/* Evidence that no study wrote: what its verdict must not say. */
#include "support/support.h"

#include <deepid/evidence.h>

#include <math.h>

enum { SEEDS = 8 };

/* Losses of an arm, a little apart from seed to seed. */
static void put(deepid_ctx *ctx, deepid_evidence *e, const char *arm, double loss)
{
    for (int s = 1; s <= SEEDS; s++)
        OK(deepid_evidence_add(e, arm, s, loss * (1 + 0.01 * (s * 5 % 8)), (double)NAN));
}

/* S and D of ten classes, at the rate 0.1. */
static deepid_evidence *two_nets(deepid_ctx *ctx, double shallow, double deep)
{
    deepid_evidence *e = NULL;
    OK(deepid_evidence_create(ctx, &e));
    OK(deepid_evidence_set_number(e, "const_loss", 2.302585));
    OK(deepid_evidence_set_number(e, "recipe_rate", 0.1));
    OK(deepid_evidence_set_number(e, "updates", 5000));
    put(ctx, e, "S", shallow);
    put(ctx, e, "D", deep);
    return e;
}

static void expect(deepid_ctx *ctx, const char *what, deepid_evidence *e, const char *hypothesis, const char *status,
                   const char *rule, const char *part)
{
    deepid_verdict *v = NULL;
    OK(deepid_evidence_judge(e, &v));
    const int64_t at = deepid_verdict_find(v, hypothesis);
    if (strcmp(deepid_verdict_status(v, at), status) != 0 || strcmp(deepid_verdict_rule(v, at), rule) != 0 ||
        !strstr(deepid_verdict_sentence(v, at), part))
        fail_msg("%s: %s is %s by %s, expected %s by %s and '%s':\n%s", what, hypothesis, deepid_verdict_status(v, at),
                 deepid_verdict_rule(v, at), status, rule, part, deepid_verdict_sentence(v, at));
    deepid_verdict_destroy(v);
}

/* A "W0" that is worse than D refutes no solver: it does not do what S does. One that is as good as S convicts it. */
static void what_is_called_w0_has_to_be_a_copy(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int copy = 0; copy < 2; copy++) {
        deepid_evidence *e = two_nets(ctx, 0.02, 0.5);
        put(ctx, e, "W0", copy ? 0.02 : 0.87);
        expect(ctx, "W0", e, "solver", copy ? "confirmed" : "undecided", copy ? "solver.gap" : "solver.no_copy",
               copy ? "exists" : "no copy");
        deepid_evidence_destroy(e);
    }
    deepid_ctx_destroy(ctx);
}

/* A net of coarser numbers is told beside float64, whatever its name, and shows nothing of what D represents. */
static void coarser_numbers_are_told_and_decide_nothing(void **state)
{
    (void)state;
    static const char *const arms[] = {"D_bf16", "D_f16", "D_f16:scaled"};
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof arms / sizeof *arms; i++) {
        deepid_evidence *e = two_nets(ctx, 0.02, 0.5);
        put(ctx, e, arms[i], 0.02);
        expect(ctx, arms[i], e, "rounding", "undecided", "arm.missing", "surely better");
        expect(ctx, arms[i], e, "representation", "undecided", "representation.missing", "Neither shown nor excluded");
        deepid_evidence_destroy(e);
    }
    deepid_ctx_destroy(ctx);
}

/* Tuning found 0.01 better than the recipe's 0.1, at each of three seeds or at two of them, and nobody ran D at it. */
static void a_better_rate_that_was_not_run_is_told_as_it_is(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int each = 0; each < 2; each++) {
        deepid_evidence *e = two_nets(ctx, 0.02, 0.5);
        for (int s = 101; s <= 103; s++) {
            OK(deepid_evidence_add_tuning(e, "D_rate", 0.1, s, 0.5));
            OK(deepid_evidence_add_tuning(e, "D_rate", 0.01, s, s == 103 && !each ? 0.6 : 0.03));
        }
        expect(ctx, "rate", e, "rate", "undecided", "rate.recipe",
               each ? "one was better than the recipe's rate (0.1) at every tuning seed"
                    : "none was better than the recipe's rate (0.1) at every tuning seed");
        deepid_evidence_destroy(e);
    }
    deepid_ctx_destroy(ctx);
}

/* Validation told as shares of wrong answers alone. */
static void errors_of_validation_without_losses_are_told(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_verdict *v = NULL;
    deepid_evidence *e = two_nets(ctx, 0.3, 0.3);
    for (int s = 1; s <= SEEDS; s++) {
        OK(deepid_evidence_set_run(e, "S", s, "valid_error", 0.25 + 0.001 * s));
        OK(deepid_evidence_set_run(e, "D", s, "valid_error", 0.30 + 0.001 * (s * 3 % 8)));
    }
    expect(ctx, "errors", e, "overfitting", "undecided", "overfitting.missing",
           "of the answers of validation are wrong");
    OK(deepid_evidence_judge(e, &v));
    assert_non_null(strstr(deepid_verdict_answer(v), "Validation is worse"));
    deepid_verdict_destroy(v);
    deepid_evidence_destroy(e);
    deepid_ctx_destroy(ctx);
}

/* Whoever trains elsewhere may have given the two nets other rates. */
static void nets_that_were_not_trained_alike_are_told(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int unlike = 0; unlike < 2; unlike++) {
        deepid_verdict *v = NULL;
        deepid_evidence *e = two_nets(ctx, 0.02, 0.5);
        for (int s = 1; s <= SEEDS; s++) {
            OK(deepid_evidence_set_run(e, "S", s, "rate", 0.1));
            OK(deepid_evidence_set_run(e, "D", s, "rate", unlike ? 0.01 : 0.1));
        }
        OK(deepid_evidence_judge(e, &v));
        const char *at = strstr(deepid_verdict_answer(v), "not trained alike (learning rate 0.01 deep, 0.1 shallow)");
        if ((at != NULL) != unlike)
            fail_msg("unlike %d: %s", unlike, deepid_verdict_answer(v));
        deepid_verdict_destroy(v);
        deepid_evidence_destroy(e);
    }
    deepid_ctx_destroy(ctx);
}

/* Of a language most of the constant predictor's loss is entropy: 1.9 of 2.3 here. A net at 1.95 has learned nearly all
   there is, and is not stuck near the constant. */
static void what_nobody_can_learn_is_no_headroom(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int known = 0; known < 2; known++) {
        deepid_verdict *v = NULL;
        deepid_evidence *e = two_nets(ctx, 1.95, 1.96);
        if (known)
            OK(deepid_evidence_set_number(e, "least_loss", 1.9));
        OK(deepid_evidence_judge(e, &v));
        if ((strstr(deepid_verdict_answer(v), "No headroom") != NULL) == known)
            fail_msg("known %d: %s", known, deepid_verdict_answer(v));
        deepid_verdict_destroy(v);
        deepid_evidence_destroy(e);
    }
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_called_w0_has_to_be_a_copy),
        cmocka_unit_test(coarser_numbers_are_told_and_decide_nothing),
        cmocka_unit_test(a_better_rate_that_was_not_run_is_told_as_it_is),
        cmocka_unit_test(errors_of_validation_without_losses_are_told),
        cmocka_unit_test(nets_that_were_not_trained_alike_are_told),
        cmocka_unit_test(what_nobody_can_learn_is_no_headroom),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
