/* Storage in a study: which text, scale and dtype each arm has, what is left out and why, and that it is run. */
#include "support/support.h"

#include "study/study.h"

#include "evidence/evidence.h"

#include <math.h>

#define SHALLOW "input 2; dense out=4; relu; dense out=2"
#define DEEP "input 2; dense out=4; relu; plain { dense out=4; relu }; dense out=2"

static void open_study(study_run *r, const char *deep, const char *storage, const char *arms)
{
    deepid_ctx *ctx = r->ctx = new_ctx(1);
    r->train = generated(ctx, "spirals n=40", 1);
    r->valid = NULL;
    OK(deepid_study_create(ctx, SHALLOW, deep, r->train, &r->study));
    OK(deepid_study_set_number(r->study, "steps", 6));
    OK(deepid_study_set_number(r->study, "seeds", 2));
    OK(deepid_study_set_number(r->study, "tuning_seeds", 0));
    OK(deepid_study_set_number(r->study, "probe_seeds", 0));
    OK(deepid_study_set_number(r->study, "threads", 1));
    OK(deepid_study_set_text(r->study, "storage", storage));
    OK(deepid_study_set_text(r->study, "arms", arms));
}

static const dpid_study_arm *arm_of(const study_run *r, const char *word)
{
    assert_true(deepid_study_task_count(r->study) > 0);
    const int32_t i = dpid_arm_find(r->study, word);
    if (i < 0)
        fail_msg("there is no arm %s", word);
    return &r->study->arm[i];
}

/* The arm's input item. */
static void stores(const study_run *r, const char *word, const char *input, const char *scale)
{
    const dpid_study_arm *arm = arm_of(r, word);
    if (arm->reason)
        fail_msg("%s is left out: %s", word, arm->reason);
    if (strncmp(arm->text, input, strlen(input)) != 0 || arm->text[strlen(input)] != ';')
        fail_msg("%s is %s, expected '%s; ...'", word, arm->text, input);
    assert_string_equal(arm->loss_scale, scale);
}

static void left_out(const study_run *r, const char *word, const char *part)
{
    const dpid_study_arm *arm = arm_of(r, word);
    assert_non_null(arm->reason);
    page_holds(arm->reason, part);
}

#define ALL "D64,D_f32,D_tf32,D_bf16,D_f16,D_f8"

static void arms_store_what_their_rows_say(void **state)
{
    (void)state;
    study_run r;
    open_study(&r, DEEP, "", ALL);
    stores(&r, "S", "input 2", "none");
    stores(&r, "D", "input 2", "none");
    stores(&r, "D64", "input 2", "none");
    stores(&r, "D_tf32", "input 2 storage=tf32", "none");
    stores(&r, "D_bf16", "input 2 storage=bf16", "none");
    stores(&r, "D_bf16:stochastic", "input 2 storage=bf16 rounding=stochastic", "none");
    stores(&r, "D_bf16:weights", "input 2 storage=bf16 weights=format", "none");
    stores(&r, "D_f16", "input 2 storage=f16", "none");
    stores(&r, "D_f16:scaled", "input 2 storage=f16", "dynamic");
    stores(&r, "D_f8", "input 2 storage=f8e4m3 gradients=f8e5m2 weight_gradients=f32", "dynamic");
    left_out(&r, "D_f32", "the recipe stores in float32 already");
    close_study(&r);
}

static void a_recipe_in_a_format_has_it_everywhere(void **state)
{
    (void)state;
    study_run r;
    open_study(&r, DEEP, "f16", ALL ",D_res,W0");
    deepid_ctx *ctx = r.ctx;
    OK(deepid_study_set_text(r.study, "loss_scale", "static scale=1024"));
    stores(&r, "S", "input 2 storage=f16", "static scale=1024");
    stores(&r, "W0", "input 2 storage=f16", "static scale=1024");
    stores(&r, "D_res", "input 2 storage=f16", "static scale=1024");
    stores(&r, "D64", "input 2", "static scale=1024");
    stores(&r, "D_f32", "input 2", "none");
    stores(&r, "D_bf16", "input 2 storage=bf16", "static scale=1024");
    stores(&r, "D_f16", "input 2 storage=f16", "none"); /* the recipe's format, without its scale */
    assert_string_equal(arm_of(&r, "D_f16")->said, "float16 without loss scaling");
    OK(deepid_study_set_text(r.study, "loss_scale", "none"));
    left_out(&r, "D_f16", "it is the recipe's own storage");
    stores(&r, "D_f16:scaled", "input 2 storage=f16", "dynamic");
    OK(deepid_study_set_text(r.study, "optimizer", "lbfgs"));
    left_out(&r, "D_f16:scaled", "cannot skip steps");
    close_study(&r);
}

/* What a format costs with depth is a difference of two differences, so S comes with D; a word brings its set. */
static void the_shallow_net_comes_with_the_deep_one(void **state)
{
    (void)state;
    static const char *const formats[] = {"bf16", "bf16:stochastic", "bf16:weights", "f16", "f16:scaled", "tf32", "f8"};
    study_run r;
    open_study(&r, DEEP, "", "D_bf16,D_f16,D_tf32,D_f8,D_f32");
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        char word[2][32];
        snprintf(word[0], sizeof word[0], "S_%s", formats[i]);
        snprintf(word[1], sizeof word[1], "D_%s", formats[i]);
        const dpid_study_arm *s = arm_of(&r, word[0]);
        const dpid_study_arm *d = arm_of(&r, word[1]);
        assert_null(s->reason);
        const size_t input = strcspn(d->text, ";");
        if (strncmp(s->text, d->text, input + 1) != 0 || strcmp(s->loss_scale, d->loss_scale) != 0)
            fail_msg("%s is %s, expected the storage of %s", word[0], s->text, d->text);
        assert_int_equal(s->depth, arm_of(&r, "S")->depth);
        assert_string_equal(r.study->arm[s->rate_of].word, "S");
    }
    left_out(&r, "S_f32", "the recipe stores in float32 already");
    close_study(&r);
}

static void a_deep_arm_brings_its_own_shallow_one_alone(void **state)
{
    (void)state;
    study_run r;
    open_study(&r, DEEP, "bf16", "D_f16:scaled,S_f8,D_f32");
    stores(&r, "S_f16:scaled", "input 2 storage=f16", "dynamic");
    stores(&r, "S_f32", "input 2", "none");
    stores(&r, "S_f8", "input 2 storage=f8e4m3 gradients=f8e5m2 weight_gradients=f32", "dynamic");
    assert_int_equal(dpid_arm_find(r.study, "S_f16"), -1);
    assert_int_equal(dpid_arm_find(r.study, "D_f8"), -1);
    close_study(&r);
}

/* ":stochastic" and the others change one thing of a recipe in that format; D_bf16 is D with master weights. */
static void a_set_follows_the_recipe(void **state)
{
    (void)state;
    study_run r;
    open_study(&r, DEEP, "bf16 weights=format norms=format", "D_bf16,D_f16");
    stores(&r, "D", "input 2 storage=bf16 weights=format norms=format", "none");
    stores(&r, "D_bf16:stochastic", "input 2 storage=bf16 rounding=stochastic weights=format norms=format", "none");
    stores(&r, "D_bf16", "input 2 storage=bf16", "none");
    assert_string_equal(arm_of(&r, "D_bf16")->said, "bfloat16 with master weights");
    left_out(&r, "D_bf16:weights", "it is the recipe's own storage");
    left_out(&r, "S_bf16:weights", "it is the recipe's own storage");
    stores(&r, "D_f16:scaled", "input 2 storage=f16", "dynamic");
    assert_null(arm_of(&r, "D_f16")->said);
    close_study(&r);
    open_study(&r, DEEP, "f16 weights=format", "D_f16");
    assert_string_equal(arm_of(&r, "D_f16")->said, "float16 with master weights");
    assert_string_equal(arm_of(&r, "S_f16")->said, "the shallow net in float16 with master weights");
    close_study(&r);
}

/* What the rules know of it. */
static void the_verdict_knows_the_storage(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"", "none", NULL}, {"f16", "dynamic", "f16"}, {"bf16 weights=format", "none", "bf16 weights=format"}};
    for (int i = 0; i < 3; i++) {
        study_run r;
        deepid_evidence *e = NULL;
        open_study(&r, DEEP, rows[i][0], "D_f32");
        deepid_ctx *ctx = r.ctx;
        OK(deepid_study_set_text(r.study, "loss_scale", rows[i][1]));
        OK(deepid_study_run(r.study, NULL, NULL));
        OK(deepid_study_evidence(r.study, &e));
        if (rows[i][2])
            assert_string_equal(e->fact.storage, rows[i][2]);
        else
            assert_null(e->fact.storage);
        const char *told = strstr(e->page.subject, "float32");
        assert_non_null(told);
        assert_string_equal(told, i == 0   ? "float32"
                                  : i == 1 ? "float32, stored in f16"
                                           : "float32, stored in bf16 weights=format");
        if (strcmp(rows[i][1], "dynamic") == 0)
            assert_string_equal(e->fact.loss_scale, "dynamic");
        else
            assert_null(e->fact.loss_scale);
        deepid_evidence_destroy(e);
        close_study(&r);
    }
}

/* A net's own text, where the study says nothing. */
static void a_text_may_say_it_too(void **state)
{
    (void)state;
    study_run r;
    open_study(&r, "input 2 storage=bf16; dense out=4; relu; plain { dense out=4; relu }; dense out=2", "", ALL);
    deepid_ctx *ctx = r.ctx;
    stores(&r, "D", "input 2 storage=bf16", "none");
    stores(&r, "D_f32", "input 2", "none");
    stores(&r, "D64", "input 2", "none");
    left_out(&r, "D_bf16", "it is the recipe's own storage");
    OK(deepid_study_set_text(r.study, "storage", "f32"));
    stores(&r, "D", "input 2", "none");
    close_study(&r);
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    study_run r;
    open_study(&r, DEEP, "", ALL);
    deepid_ctx *ctx = r.ctx;
    REFUSED(deepid_study_set_text(r.study, "storage", "bf17"), DEEPID_ERR_SPEC, "study: storage: ");
    REFUSED(deepid_study_set_text(r.study, "loss_scale", "static scale=0"), DEEPID_ERR_SPEC, "study: loss_scale: ");
    OK(deepid_study_set_number(r.study, "dtype", DEEPID_F64));
    left_out(&r, "D_bf16", "storage is for float32 nets");
    OK(deepid_study_set_text(r.study, "storage", "bf16"));
    assert_int_equal(deepid_study_task_count(r.study), -1);
    page_holds(deepid_ctx_error(ctx), "the net computes in f64");
    close_study(&r);
}

/* Studies of today have the configurations, and so the folders and the results, of before. */
static void a_study_without_storage_is_what_it_was(void **state)
{
    (void)state;
    study_run r;
    open_study(&r, DEEP, "", "");
    dpid_string config = {.ctx = r.ctx};
    assert_true(deepid_study_task_count(r.study) > 0);
    dpid_study_config(r.study, &config);
    assert_null(strstr(config.text, "storage"));
    assert_null(strstr(config.text, "loss_scale"));
    assert_int_equal(dpid_arm_find(r.study, "D_bf16"), -1);
    dpid_string_release(&config);
    close_study(&r);
}

static void arms_in_formats_are_trained(void **state)
{
    (void)state;
    study_run r;
    open_study(&r, DEEP, "", "D_bf16,D_f16");
    deepid_ctx *ctx = r.ctx;
    OK(deepid_study_run(r.study, NULL, NULL));
    const double f32 = study_result(ctx, r.study, "D", 1, "train_loss");
    const double shallow = study_result(ctx, r.study, "S", 1, "train_loss");
    const char *const words[] = {"D_bf16", "D_bf16:stochastic", "D_bf16:weights", "D_f16", "D_f16:scaled",
                                 "S_bf16", "S_bf16:stochastic", "S_bf16:weights", "S_f16", "S_f16:scaled"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const double loss = study_result(ctx, r.study, words[i], 1, "train_loss");
        const double wide = words[i][0] == 'S' ? shallow : f32;
        if (!(isfinite(loss) && loss != wide && fabs(loss - wide) < 0.1 * wide))
            fail_msg("%s: %g, in f32 %g", words[i], loss, wide);
    }
    close_study(&r);
}

/* The probe gets what the recipe trains with, and looks at the net in the recipe's storage: bf16 is off by some
   thousandths, f32 by 1e-7. */
static void the_probe_of_formats_has_the_recipe(void **state)
{
    (void)state;
    study_run r;
    deepid_table *t = NULL;
    open_study(&r, DEEP, "bf16", "D");
    deepid_ctx *ctx = r.ctx;
    OK(deepid_study_set_text(r.study, "optimizer", "adam beta1=0.8"));
    OK(deepid_study_set_text(r.study, "loss_scale", "static scale=1024"));
    OK(deepid_study_set_text(r.study, "probes", "formats"));
    OK(deepid_study_set_number(r.study, "probe_seeds", 1));
    OK(deepid_study_set_number(r.study, "learning_rate", 0.25));
    OK(deepid_study_set_number(r.study, "clip", 2));
    const dpid_study_arm *arm = arm_of(&r, "D");
    int64_t probe = 0;
    while (strcmp(dpid_probe_at(probe)->word, "formats") != 0)
        probe++;
    dpid_string text = {.ctx = ctx};
    dpid_probe_print(&text, r.study, dpid_probe_at(probe), arm);
    assert_string_equal(text.text, "formats rate=0.25 optimizer=\"adam beta1=0.8\" loss_scale=\"static scale=1024\" "
                                   "clip=2");
    dpid_string_release(&text);
    OK(deepid_study_run(r.study, NULL, NULL));
    OK(deepid_study_probe(r.study, "D", "formats", &t));
    assert_true(table_number(t, "net", "relative") > 1e-4 && table_number(t, "net", "relative") < 0.5);
    assert_true(table_number(t, "net", "seed") == 1);
    deepid_table_destroy(t);
    close_study(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arms_store_what_their_rows_say),
        cmocka_unit_test(a_recipe_in_a_format_has_it_everywhere),
        cmocka_unit_test(the_shallow_net_comes_with_the_deep_one),
        cmocka_unit_test(a_deep_arm_brings_its_own_shallow_one_alone),
        cmocka_unit_test(a_set_follows_the_recipe),
        cmocka_unit_test(the_verdict_knows_the_storage),
        cmocka_unit_test(a_text_may_say_it_too),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(a_study_without_storage_is_what_it_was),
        cmocka_unit_test(arms_in_formats_are_trained),
        cmocka_unit_test(the_probe_of_formats_has_the_recipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
