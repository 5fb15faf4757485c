/* The generators by their words: balanced, repeatable, refused with a sentence. */
#include "support/support.h"

static void every_generator_makes_balanced_repeatable_data(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int64_t i = 0; deepid_generator_word(i); i++) {
        deepid_dataset *a = NULL;
        deepid_dataset *b = NULL;
        deepid_dataset *c = NULL;
        OK(deepid_dataset_generate(ctx, deepid_generator_word(i), 1, &a));
        OK(deepid_dataset_generate(ctx, deepid_generator_word(i), 1, &b));
        OK(deepid_dataset_generate(ctx, deepid_generator_word(i), 2, &c));
        assert_int_equal(deepid_dataset_count(a), 256);
        assert_int_equal(deepid_dataset_hash(a), deepid_dataset_hash(b));
        const bool whole = strcmp(deepid_generator_word(i), "parity") == 0; /* every vector once: no draw */
        assert_true((deepid_dataset_hash(a) == deepid_dataset_hash(c)) == whole);
        const double constant = deepid_dataset_constant_loss(a);
        assert_true(constant > 0.1 && constant < 3);
        assert_non_null(deepid_generator_help(deepid_generator_word(i)));
        deepid_dataset_destroy(c);
        deepid_dataset_destroy(b);
        deepid_dataset_destroy(a);
    }
    deepid_dataset *none = NULL;
    REFUSED(deepid_dataset_generate(ctx, "spiral", 1, &none), DEEPID_ERR_SPEC, "nearest: spirals");
    REFUSED(deepid_dataset_generate(ctx, "spirals n=0", 1, &none), DEEPID_ERR_SPEC, "n is 0");
    REFUSED(deepid_dataset_generate(ctx, "linear in=3 out=4", 1, &none), DEEPID_ERR_SPEC, "expected equal");
    REFUSED(deepid_dataset_generate(ctx, NULL, 1, &none), DEEPID_ERR_SPEC, "unknown generator ''");
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_generator_makes_balanced_repeatable_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
