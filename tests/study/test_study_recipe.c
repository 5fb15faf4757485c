/* What a study tells the verdict of its recipe and of the sizes of its nets: what makes the minimised quantity another
   than the loss, batch-norm, and which net is narrower or lacks layers of the other. Nothing is trained for the recipe;
   for the sizes two steps at one seed. */
#include "support/support.h"

#include "study/study.h"

#define SHALLOW "input 2; dense out=8; relu; dense out=2"
#define DEEP "input 2; dense out=8; relu; dense out=8; relu; dense out=2"

/* ---- the recipe ---------------------------------------------------------------------------------------- */

static const char *facts_of(const dpid_recipe *r)
{
    static char text[128];
    const char *noise = r->noise && strcmp(r->noise, "dropout") != 0 ? r->noise : "dropout";
    char in_d[64];
    snprintf(in_d, sizeof in_d, "%s in D ", noise);
    snprintf(text, sizeof text, "%s%s%s%s%s%s%s", r->dropout[0] ? "dropout in S " : "", r->dropout[1] ? in_d : "",
             r->decay ? "decay " : "", r->smoothing ? "smoothing " : "", r->augmentation ? "augmentation " : "",
             r->batchnorm ? "batchnorm " : "", r->by_blocks ? "blocks " : "");
    return text;
}

static void what_a_recipe_has_is_read_from_its_words(void **state)
{
    (void)state;
    static const struct {
        const char *shallow, *deep, *key, *words, *facts;
    } rows[] = {
        {SHALLOW, DEEP, "init", "he", ""},
        {SHALLOW, "input 2; dense out=8; relu; dropout p=0.5; dense out=8; relu; dense out=2", "init", "he",
         "dropout in D "},
        {"input 2; dense out=8; dropout p=0.1; relu; dense out=2", DEEP, "init", "he", "dropout in S "},
        {SHALLOW, "input 2; dense out=8; relu; identity survive=0.9 { dense out=8; relu }; dense out=2", "init", "he",
         "stochastic depth in D "},
        {SHALLOW, "input 2; dense out=8; dropout; identity survive=0.9 { dense out=8; relu }; dense out=2", "init",
         "he", "dropout (of units and of branches) in D "},
        {SHALLOW, "input 2; dense out=8; layernorm; relu; dense out=8; relu; dense out=2", "init", "he", ""},
        {"input 2; dense out=8; batchnorm; relu; dense out=2", DEEP, "init", "he", ""}, /* of D it is asked */
        {SHALLOW, "input 2; dense out=8; batchnorm; relu; dense out=8; relu; dense out=2", "init", "he", "batchnorm "},
        {SHALLOW, DEEP, "optimizer", "sgd weight_decay=1e-4", "decay "},
        {SHALLOW, DEEP, "optimizer", "adamw weight_decay=0", ""},
        {SHALLOW, DEEP, "optimizer", "rmsprop weight_decay=0.1 decay=all", "decay "},
        {SHALLOW, DEEP, "optimizer", "lbfgs", ""},
        {SHALLOW, DEEP, "loss", "cross_entropy", ""},
        {SHALLOW, DEEP, "loss", "cross_entropy smoothing=0", ""},
        {SHALLOW, DEEP, "loss", "cross_entropy smoothing=0.1", "smoothing "},
        {"input 2; dense out=8; 1 * plain { dense out=8; relu }; dense out=2",
         "input 2; dense out=8; 2 * identity { dense out=8; relu }; dense out=2", "init", "he", "blocks "},
        {SHALLOW, "input 2; dense out=8; 2 * identity { dense out=8; relu }; dense out=2", "init", "he", ""},
    };
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *train = NULL;
    OK(deepid_dataset_generate(ctx, "spirals n=64", 7, &train));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        deepid_study *study = NULL;
        OK(deepid_study_create(ctx, rows[i].shallow, rows[i].deep, train, &study));
        OK(deepid_study_set_text(study, rows[i].key, rows[i].words));
        OK(dpid_study_plan(study));
        if (strcmp(facts_of(&study->recipe), rows[i].facts) != 0)
            fail_msg("%s '%s', %s: %s, expected %s", rows[i].key, rows[i].words, rows[i].deep, facts_of(&study->recipe),
                     rows[i].facts);
        /* batch-norm and blocks change nothing of what is minimised */
        assert_int_equal(dpid_recipe_minimises_more(&study->recipe), *rows[i].facts &&
                                                                         strcmp(rows[i].facts, "batchnorm ") != 0 &&
                                                                         strcmp(rows[i].facts, "blocks ") != 0);
        deepid_study_destroy(study);
    }
    deepid_dataset_destroy(train);
    deepid_ctx_destroy(ctx);
}

static void augmentation_counts_where_it_does_something(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        bool augments;
    } rows[] = {{"none", false}, {"crop pad=2", true}, {"crop pad=0", false}, {"crop pad=0 flip=1", true}};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *train = NULL;
    deepid_study *study = NULL;
    OK(deepid_dataset_generate(ctx, "gratings n=16", 7, &train));
    OK(deepid_study_create(ctx, "input 8x8x1; conv2d out=4 kernel=3; relu; global_avgpool; dense out=4",
                           "input 8x8x1; conv2d out=4 kernel=3; relu; conv2d out=4 kernel=3; relu; global_avgpool; "
                           "dense out=4",
                           train, &study));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        OK(deepid_study_set_text(study, "augmentation", rows[i].words));
        OK(dpid_study_plan(study));
        if (study->recipe.augmentation != rows[i].augments)
            fail_msg("augmentation '%s': %d", rows[i].words, study->recipe.augmentation);
    }
    deepid_study_destroy(study);
    deepid_dataset_destroy(train);
    deepid_ctx_destroy(ctx);
}

/* ---- sizes --------------------------------------------------------------------------------------------- */

/* The output layer is as wide as the task: it is none of the layers between. Nor is a projection beside a block. */
static void the_narrowest_layer_of_each_net_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *shallow, *deep;
        double narrowest[2];
        const char *rule, *said;
    } rows[] = {
        {SHALLOW, DEEP, {8, 8}, "capacity.same", "nowhere narrower"},
        {SHALLOW, "input 2; dense out=8; relu; dense out=3; relu; dense out=2", {8, 3}, "", "3 against 8, at dense2"},
        {"input 2; dense out=2", SHALLOW, {0, 8}, "", "does not hold the layers"},
        {"input 2; dense out=4; relu; dense out=2", DEEP, {4, 8}, "", "does not hold the layers"},
        {"input 2; dense out=16; relu; dense out=8; relu; dense out=2",
         "input 2; dense out=16; relu; dense out=8; relu; 2 * plain { dense out=8; relu }; dense out=2",
         {8, 8},
         "capacity.same",
         ""},
        {"input 2; dense out=8; relu; identity shortcut=B { dense out=16; relu; dense out=16 }; dense out=2",
         "input 2; dense out=8; relu; identity shortcut=B { dense out=16; relu; dense out=6; relu; dense out=16 "
         "}; dense out=2",
         {8, 6},
         "",
         "6 against 8, at block1.dense2"},
    };
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *train = NULL;
    OK(deepid_dataset_generate(ctx, "spirals n=64", 7, &train));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        deepid_study *study = NULL;
        deepid_verdict *v = NULL;
        OK(deepid_study_create(ctx, rows[i].shallow, rows[i].deep, train, &study));
        OK(deepid_study_set_text(study, "arms", "S,D"));
        OK(deepid_study_set_text(study, "probes", "none"));
        OK(deepid_study_set_number(study, "tuning_seeds", 0));
        OK(deepid_study_set_number(study, "steps", 2));
        OK(deepid_study_set_seeds(study, 1));
        OK(deepid_study_run(study, NULL, NULL));
        OK(deepid_study_judge(study, &v));
        const int64_t capacity = deepid_verdict_find(v, "capacity");
        const bool same = strcmp(rows[i].rule, "capacity.same") == 0;
        if (same != (strcmp(deepid_verdict_rule(v, capacity), "capacity.same") == 0) ||
            !strstr(deepid_verdict_sentence(v, capacity), rows[i].said))
            fail_msg("%s: %s, %s", rows[i].deep, deepid_verdict_rule(v, capacity),
                     deepid_verdict_sentence(v, capacity));
        if (!same) {
            assert_true(deepid_verdict_number_named(v, capacity, "narrowest_shallow") == rows[i].narrowest[0]);
            assert_true(deepid_verdict_number_named(v, capacity, "narrowest_deep") == rows[i].narrowest[1]);
        }
        deepid_verdict_destroy(v);
        deepid_study_destroy(study);
    }
    deepid_dataset_destroy(train);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_recipe_has_is_read_from_its_words),
        cmocka_unit_test(augmentation_counts_where_it_does_something),
        cmocka_unit_test(the_narrowest_layer_of_each_net_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
