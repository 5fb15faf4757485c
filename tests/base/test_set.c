/* Open sets: everything that is said of a set comes from its table. */
#include "support/support.h"

#include "base/set.h"

typedef struct {
    const char *word, *help;
    const dpid_option *options;
    int legs;
} animal;

static const dpid_option dog_options[] = {{"age", DPID_INT, 3, 0, 30, NULL, false, "in years"}, {0}};
static const animal dog = {"dog", "barks; options: age=3", dog_options, 4};
static const animal hen = {"hen", "lays eggs", NULL, 2};
static const void *const rows[] = {&dog, &hen};
static const dpid_set animals = DPID_SET("animal", rows);

static void words_and_helps_come_from_the_table(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    dpid_string s = {.ctx = ctx};
    assert_int_equal(animals.count, 2);
    assert_string_equal(dpid_set_word(&animals, 1), "hen");
    assert_null(dpid_set_word(&animals, 2));
    assert_null(dpid_set_at(&animals, -1));
    assert_string_equal(dpid_set_help(&animals, "hen"), "lays eggs");
    assert_null(dpid_set_help(&animals, "he"));
    assert_null(dpid_set_help(&animals, NULL));
    assert_ptr_equal(dpid_set_find(&animals, dpid_span_of("dog")), &dog);
    dpid_set_print(&s, &animals);
    assert_string_equal(s.text, "dog, hen");
    dpid_string_release(&s);
    deepid_ctx_destroy(ctx);
}

static void a_text_names_a_row_and_its_options(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const animal *found = NULL;
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    OK(dpid_set_read(ctx, &animals, dpid_span_of(" dog age=7"), &found, values));
    assert_int_equal(found->legs, 4);
    assert_int_equal(values[0].i, 7);
    OK(dpid_set_take(ctx, &animals, dpid_span_of("hen"), &found));
    assert_int_equal(found->legs, 2);
    REFUSED(dpid_set_read(ctx, &animals, dpid_span_of("hens"), &found, values), DEEPID_ERR_SPEC,
            "line 1, column 1: unknown animal 'hens'; known: dog, hen (nearest: hen)");
    REFUSED(dpid_set_read(ctx, &animals, dpid_span_of("hen age=1"), &found, values), DEEPID_ERR_SPEC,
            "hen takes no options");
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_helps_come_from_the_table),
        cmocka_unit_test(a_text_names_a_row_and_its_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
