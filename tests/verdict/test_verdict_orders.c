/* Words that trainers of transformers need: another schedule of the deep net is a cause, another order of its layers is
   another net. Evidence made by hand. */
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

static void says(const char *text, const char *part, bool does)
{
    if (!strstr(text, part) == does)
        fail_msg("%s '%s' in: %s", does ? "expected" : "did not expect", part, text);
}

/* Post-norm that does not train, 3.1 of ln 23. */
static void plant_post_norm(uint64_t seed)
{
    plant_start(&p, seed, 8, 3.1);
    plant_arm(&p, "S", 2.2, 0.01);
    plant_arm(&p, "D", 3.08, 0.01);
}

static void a_schedule_that_repairs_it_is_a_cause(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_post_norm(1);
    plant_arm(&p, "D_schedule:warmup", 2.21, 0.01);
    plant_arm(&p, "D_schedule:cosine", 3.07, 0.01);
    deepid_verdict *v = judged(ctx);
    const int64_t i = deepid_verdict_find(v, "schedule");
    assert_string_equal(deepid_verdict_status(v, i), "confirmed");
    assert_string_equal(deepid_verdict_arm(v, i), "D_schedule:warmup");
    assert_string_equal(deepid_verdict_rule(v, i), "schedule.other");
    says(deepid_verdict_sentence(v, i), "Another schedule of the rate (warmup) repairs ", true);
    says(deepid_verdict_sentence(v, i), "Of the others tried: cosine ", true);
    says(deepid_verdict_answer(v), "Another schedule of the rate (warmup) repairs ", true);
    says(deepid_verdict_text(v, 0), "Remedies", false);
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

static void without_such_an_arm_nobody_asks_for_a_schedule(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_post_norm(2);
    deepid_verdict *v = judged(ctx);
    assert_true(deepid_verdict_find(v, "schedule") < 0);
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

/* A net of another order that trains says nothing of what D could represent, or of why D does not train. */
static void another_order_is_a_remedy_and_no_cause(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    plant_post_norm(3);
    plant_arm(&p, "D_order:pre", 2.15, 0.01);
    plant_arm(&p, "D_order:sandwich", 2.6, 0.01);
    deepid_verdict *v = judged(ctx);
    assert_int_equal(deepid_verdict_remedy_count(v), 2);
    assert_string_equal(deepid_verdict_remedy_arm(v, 0), "D_order:pre");
    assert_true(deepid_verdict_remedy_low(v, 0) > 1 && deepid_verdict_remedy_high(v, 1) < 1);
    says(deepid_verdict_answer(v), "Another order of layers (pre) repairs ", true);
    for (int64_t i = 0; i < deepid_verdict_count(v); i++)
        assert_string_not_equal(deepid_verdict_arm(v, i), "D_order:pre");
    assert_string_equal(deepid_verdict_status(v, deepid_verdict_find(v, "representation")), "undecided");
    deepid_verdict_destroy(v);
    p.arm[2].word = "D_start:pre"; /* the same numbers from the same net */
    v = judged(ctx);
    assert_string_equal(deepid_verdict_status(v, deepid_verdict_find(v, "representation")), "refuted");
    deepid_verdict_destroy(v);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_schedule_that_repairs_it_is_a_cause),
        cmocka_unit_test(without_such_an_arm_nobody_asks_for_a_schedule),
        cmocka_unit_test(another_order_is_a_remedy_and_no_cause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
