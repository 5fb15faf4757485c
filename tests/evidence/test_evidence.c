/* Evidence as an object and as a folder: what goes out comes back and is judged the same, to the byte; what cannot be
   is refused with its place. */
#include "support/support.h"

#include "base/base.h"
#include "evidence/evidence.h"

#include "folders.h"

#include <math.h>

/* ---- folders ---------------------------------------------------------------------------------- */

static void same_files(const char *a, const char *b)
{
    size_t n = 0;
    size_t m = 0;
    char *x = read_bytes(a, &n);
    char *y = read_bytes(b, &m);
    if (n != m || memcmp(x, y, n) != 0)
        fail_msg("'%s' and '%s' differ", a, b);
    free(x);
    free(y);
}

/* ---- a study goes out and comes back ------------------------------------------------------------- */

/* net: "" or a layer that makes a difference to what is recorded. */
static void goes_round(const char *layer, const char *data, const char *loss, const char *optimizer)
{
    deepid_ctx *ctx = new_ctx(1);
    study_run r = {.ctx = ctx};
    char shallow[200];
    char deep[200];
    const bool targets = strcmp(loss, "squared_error") == 0;
    snprintf(shallow, sizeof shallow, "input 2; dense out=8; relu; %sdense out=%d", layer, targets ? 1 : 2);
    snprintf(deep, sizeof deep, "input 2; dense out=8; relu; 3 * plain { dense out=8; relu }; %sdense out=%d", layer,
             targets ? 1 : 2);
    OK(deepid_dataset_generate(ctx, data, 77, &r.train));
    OK(deepid_dataset_generate(ctx, data, 78, &r.valid));
    OK(deepid_study_create(ctx, shallow, deep, r.train, &r.study));
    OK(deepid_study_set_validation(r.study, r.valid));
    OK(deepid_study_set_seeds(r.study, 6));
    OK(deepid_study_set_number(r.study, "steps", 20));
    OK(deepid_study_set_number(r.study, "tuning_seeds", 1));
    OK(deepid_study_set_number(r.study, "probe_seeds", 1));
    OK(deepid_study_set_number(r.study, "share", 0.4));
    OK(deepid_study_set_text(r.study, "loss", loss));
    OK(deepid_study_set_text(r.study, "optimizer", optimizer));
    OK(deepid_study_set_text(r.study, "subject", "moons, \"quoted\" & <marked>"));
    OK(deepid_study_run(r.study, NULL, NULL));
    const char *folder = folder_of("round");
    deepid_verdict *direct = NULL;
    deepid_verdict *read = NULL;
    deepid_evidence *out = NULL;
    deepid_evidence *back = NULL;
    OK(deepid_study_judge(r.study, &direct));
    OK(deepid_verdict_write_json(direct, in(folder, "direct.json")));
    OK(deepid_report_write(r.study, direct, in(folder, "direct.html")));
    OK(deepid_study_evidence(r.study, &out));
    OK(deepid_evidence_write(out, folder));
    OK(deepid_evidence_read(ctx, folder, &back));
    OK(deepid_evidence_judge(back, &read));
    OK(deepid_verdict_write_json(read, in(folder, "read.json")));
    OK(deepid_report_write_evidence(back, read, in(folder, "read.html")));
    same_files(in(folder, "direct.json"), in(folder, "read.json"));
    same_files(in(folder, "direct.html"), in(folder, "read.html"));
    assert_string_equal(deepid_verdict_text(direct, 0), deepid_verdict_text(read, 0));
    char again[300];
    snprintf(again, sizeof again, "%s", temporary("again"));
    OK(deepid_evidence_write(back, again)); /* makes the folder */
    const char *names[] = {"arms.csv", "results.csv", "history.csv", "tuning.csv", "evidence.json"};
    for (int i = 0; i < 5; i++)
        same_files(in(folder, names[i]), in(again, names[i]));
    deepid_evidence_destroy(back);
    deepid_evidence_destroy(out);
    deepid_verdict_destroy(read);
    deepid_verdict_destroy(direct);
    close_study(&r);
}

static void a_study_goes_round(void **state)
{
    (void)state;
    goes_round("", "spirals n=64 noise=0.06", "cross_entropy", "sgd momentum=0.9");
}

static void regularised_and_normalised_ones_too(void **state)
{
    (void)state;
    goes_round("dropout p=0.2; batchnorm; ", "spirals n=64 noise=0.06", "cross_entropy smoothing=0.1",
               "sgd momentum=0.9 weight_decay=0.001");
    goes_round("identity survive=0.7 { dense out=8; relu }; ", "spirals n=64 noise=0.06", "cross_entropy weights=1,3",
               "sgd momentum=0.9");
}

/* ---- by hand ----------------------------------------------------------------------------------------- */

/* Losses that differ a little by seed, around a middle. */
static void fill(deepid_ctx *ctx, deepid_evidence *e, const char *arm, int seeds, double middle)
{
    for (int i = 0; i < seeds; i++)
        OK(deepid_evidence_add(e, arm, i + 1, middle * (1 + 0.02 * ((i * 7) % 5 - 2)), (double)NAN));
}

/* S 0.1, D 0.6, another start 0.12: harm, and the start repairs it. What nobody tried is said so. */
static void what_was_not_tried_is_said(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_evidence *e = NULL;
    deepid_verdict *v = NULL;
    OK(deepid_evidence_create(ctx, &e));
    OK(deepid_evidence_set_number(e, "const_loss", log(2)));
    fill(ctx, e, "S", 8, 0.1);
    fill(ctx, e, "D", 8, 0.6);
    fill(ctx, e, "D_start:mup", 8, 0.12);
    OK(deepid_evidence_judge(e, &v));
    const int64_t start = deepid_verdict_find(v, "conditioning");
    assert_string_equal(deepid_verdict_status(v, start), "confirmed");
    page_holds(deepid_verdict_sentence(v, start), "nother start (mup)"); /* no study here has it */
    page_holds(deepid_verdict_scope(v), "Not run: W0, D_res");
    page_holds(deepid_verdict_scope(v), "D64");
    page_holds(deepid_verdict_scope(v), "(not tried)");
    page_holds(deepid_verdict_sentence(v, deepid_verdict_find(v, "capacity")), "is not said");
    assert_null(strstr(deepid_verdict_scope(v), "D_free")); /* nobody said that there is anything to free D of */
    deepid_verdict_destroy(v);
    OK(deepid_evidence_leave_out(e, "D64", "no time"));
    OK(deepid_evidence_judge(e, &v));
    page_holds(deepid_verdict_scope(v), "Not run: D64 (no time)");
    deepid_verdict_destroy(v);
    deepid_evidence_destroy(e);
    deepid_ctx_destroy(ctx);
}

/* At three seeds nothing is decided; at eight the harm is, and W0 would settle solver and representation; with it the
   start is open, and so on; what cannot be run is not asked for. */
static void the_arm_that_settles_most_is_named(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_evidence *e = NULL;
    deepid_verdict *v = NULL;
    OK(deepid_evidence_create(ctx, &e));
    OK(deepid_evidence_set_number(e, "const_loss", log(2)));
    fill(ctx, e, "S", 3, 0.1);
    fill(ctx, e, "D", 3, 0.6);
    OK(deepid_evidence_judge(e, &v));
    page_holds(deepid_evidence_advice(e, v), "Next: S and D at 3 more seeds, 6 runs");
    deepid_verdict_destroy(v);
    deepid_evidence_destroy(e);
    OK(deepid_evidence_create(ctx, &e));
    OK(deepid_evidence_set_number(e, "const_loss", log(2)));
    fill(ctx, e, "S", 8, 0.1);
    fill(ctx, e, "D", 8, 0.6);
    OK(deepid_evidence_judge(e, &v));
    page_holds(deepid_evidence_advice(e, v), "Next: W0, ");
    page_holds(deepid_evidence_advice(e, v),
               "8 runs at these 8 seeds. It would settle the representation and the solver");
    deepid_verdict_destroy(v);
    fill(ctx, e, "W0", 8, 0.1);
    OK(deepid_evidence_judge(e, &v));
    page_holds(deepid_evidence_advice(e, v), "Next: D64, "); /* rounding and range: two */
    deepid_verdict_destroy(v);
    OK(deepid_evidence_leave_out(e, "D64", "no such unit"));
    dpid_evidence_find(e, "D64")->text[DPID_ARM_LEFT_OUT] = "impossible";
    OK(deepid_evidence_judge(e, &v));
    page_holds(deepid_evidence_advice(e, v), "Next: D_start, D from another start, such as D_start:orthogonal: 8 runs");
    assert_string_equal(deepid_evidence_advice(e, NULL), "");
    deepid_verdict_destroy(v);
    deepid_evidence_destroy(e);
    deepid_ctx_destroy(ctx);
}

/* The representation's sentence, or what would settle it, where W0 has this loss and at seed 1 outputs this far off. */
static void witness_says(double loss, double apart, bool settle, const char *part)
{
    deepid_ctx *ctx = new_ctx(1);
    deepid_evidence *e = NULL;
    deepid_verdict *v = NULL;
    OK(deepid_evidence_create(ctx, &e));
    OK(deepid_evidence_set_number(e, "const_loss", log(2)));
    fill(ctx, e, "S", 8, 0.1);
    fill(ctx, e, "D", 8, 0.6);
    fill(ctx, e, "W0", 8, loss);
    for (int seed = 1; seed <= 8; seed++)
        OK(deepid_evidence_set_run(e, "W0", seed, "difference", seed == 1 ? apart : fmin(apart, 1e-7)));
    OK(deepid_evidence_judge(e, &v));
    const int64_t i = deepid_verdict_find(v, "representation");
    page_holds(settle ? deepid_verdict_to_settle(v, i) : deepid_verdict_sentence(v, i), part);
    assert_string_equal(deepid_verdict_status(v, i), settle ? "undecided" : "refuted");
    near_at("witness_output_difference", deepid_verdict_number_named(v, i, "witness_output_difference"), apart, 0);
    deepid_verdict_destroy(v);
    deepid_evidence_destroy(e);
    deepid_ctx_destroy(ctx);
}

/* Up to the threshold 0.01 it is a copy; above, another net of that loss; a copy of another loss was measured in two
   ways. */
static void a_certificate_is_what_was_measured(void **state)
{
    (void)state;
    witness_says(0.1, 0, false, "margin 0.0297); its outputs are the shallow net's.");
    witness_says(0.1, 3e-7, false,
                 "; its outputs differ from the shallow net's by at most 3\xc3\x97"
                 "10\xe2\x81\xbb\xe2\x81\xb7 of the largest.");
    witness_says(
        0.1, 0.0101, false,
        "; at 1 of 8 seeds its outputs are not the shallow net's (they differ by up to 0.0101 of the largest): "
        "there it is another net of that loss, no copy.");
    witness_says(0.3, 0.0099, true, "The losses of W0 and S taken in one way: the outputs differ by at most 0.0099");
    witness_says(0.3, 0.0101, true, "A construction that keeps the shallow net's outputs");
}

/* Beside float64, by what they end at. D ends at 0.6, the margin is 0.03. */
static void coarser_precisions_are_told(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_evidence *e = NULL;
    deepid_verdict *v = NULL;
    OK(deepid_evidence_create(ctx, &e));
    OK(deepid_evidence_set_number(e, "const_loss", log(2)));
    fill(ctx, e, "S", 8, 0.1);
    fill(ctx, e, "D", 8, 0.6);
    fill(ctx, e, "D_bf16", 8, 0.66);
    for (int i = 0; i < 8; i++)
        OK(deepid_evidence_add(e, "D_f16", i + 1, HUGE_VAL, (double)NAN));
    OK(deepid_evidence_judge(e, &v));
    const int64_t i = deepid_verdict_find(v, "rounding");
    page_holds(deepid_verdict_sentence(v, i), "arm D64 was not run (not tried). In bfloat16 the deep net ends at a "
                                              "training loss of 0.66: surely worse (difference to D 0.06");
    page_holds(deepid_verdict_sentence(v, i), " In float16 the deep net diverges at 8 of 8 seeds: surely worse.");
    near_at("D_bf16", deepid_verdict_number_named(v, i, "D_bf16"), 0.06, 1e-12);
    deepid_verdict_destroy(v);
    deepid_evidence_destroy(e);
    deepid_ctx_destroy(ctx);
}

static void an_object_refuses_what_cannot_be(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_evidence *e = NULL;
    deepid_verdict *v = NULL;
    const double none = (double)NAN;
    OK(deepid_evidence_create(ctx, &e));
    REFUSED(deepid_evidence_judge(e, &v), DEEPID_ERR_NUMERIC, "const_loss is not known");
    OK(deepid_evidence_set_number(e, "const_loss", 2.3));
    OK(deepid_evidence_add(e, "S", 1, 0.5, none));
    REFUSED(deepid_evidence_add(e, "S", 1, 0.5, none), DEEPID_ERR_ARGUMENT, "arm S has seed 1 already");
    REFUSED(deepid_evidence_add(e, "S", 2, -0.5, none), DEEPID_ERR_ARGUMENT, "it is -0.5, expected a loss, 0 or more");
    REFUSED(deepid_evidence_add(e, "S", 2, none, none), DEEPID_ERR_ARGUMENT, "missing or no number");
    REFUSED(deepid_evidence_add(e, "S", -1, 1, none), DEEPID_ERR_ARGUMENT, "seed");
    REFUSED(deepid_evidence_add(e, "T", 1, 0.5, none), DEEPID_ERR_SPEC, "unknown arm 'T'");
    REFUSED(deepid_evidence_add(e, "D_star:he", 1, 0.5, none), DEEPID_ERR_SPEC, "unknown arm");
    REFUSED(deepid_evidence_add(e, NULL, 1, 0.5, none), DEEPID_ERR_ARGUMENT, "NULL");
    REFUSED(deepid_evidence_set_run(e, "S", 1, "train_error", 27.9), DEEPID_ERR_ARGUMENT, "0.279 for 27.9 %");
    REFUSED(deepid_evidence_set_run(e, "S", 2, "train_error", 0.2), DEEPID_ERR_ARGUMENT, "no seed 2");
    REFUSED(deepid_evidence_set_run(e, "S", 1, "train_eror", 0.2), DEEPID_ERR_SPEC, "nearest: train_error");
    REFUSED(deepid_evidence_set_run(e, "S", 1, "difference", 0), DEEPID_ERR_ARGUMENT,
            "difference of arm S, seed 1: it is given, expected nothing: it is of W0 alone");
    OK(deepid_evidence_set_run(e, "S", 1, "difference", none));
    REFUSED(deepid_evidence_set_number(e, "cons_loss", 1), DEEPID_ERR_SPEC, "nearest: const_loss");
    REFUSED(deepid_evidence_set_number(e, "batch", 1.5), DEEPID_ERR_ARGUMENT, "expected a whole number");
    REFUSED(deepid_evidence_set_number(e, "level", 1.5), DEEPID_ERR_ARGUMENT, "level is 1.5");
    REFUSED(deepid_evidence_set_text(e, "batch", "many"), DEEPID_ERR_ARGUMENT, "batch is 'many', expected a number");
    REFUSED(deepid_evidence_set_text(e, "level", "abc"), DEEPID_ERR_ARGUMENT,
            "threshold level is 'abc', expected a number: ");
    REFUSED(deepid_evidence_set_number(e, "classes", 10), DEEPID_ERR_ARGUMENT,
            "classes: const_loss is 2.3, expected 2.302585");
    OK(deepid_evidence_add_tuning(e, "D", 0.1, 101, 0.5));
    REFUSED(deepid_evidence_add_tuning(e, "D_rate", 0.1, 101, 0.6), DEEPID_ERR_ARGUMENT,
            "arm D_rate has rate 0.1 and seed 101 of tuning already");
    REFUSED(deepid_evidence_set_arm(e, "D", "depth", -1), DEEPID_ERR_ARGUMENT, "depth of arm D is -1");
    OK(deepid_evidence_add(e, "S", 2, HUGE_VAL, none)); /* diverged */
    OK(deepid_evidence_judge(e, &v));                   /* without D: nothing to compare, and no error */
    deepid_verdict_destroy(v);
    deepid_evidence_destroy(e);
    deepid_ctx_destroy(ctx);
}

/* ---- files that cannot be -------------------------------------------------------------------------------- */

static const char good[] = "arm,seed,train_loss,train_error,diverged\nS,1,0.1,0.01,0\nS,2,0.2,0.02,0\nD,1,0.5,0.2,0\n";

/* name holds text, beside a results.csv that is right unless it is the one. */
static void file_refused(const char *name, const char *text, int32_t code, const char *part)
{
    deepid_ctx *ctx = new_ctx(1);
    deepid_evidence *e = NULL;
    const char *folder = folder_of("wrong");
    write_text(in(folder, "results.csv"), good);
    write_text(in(folder, name), text);
    REFUSED(deepid_evidence_read(ctx, folder, &e), code, part);
    remove(in(folder, name));
    deepid_ctx_destroy(ctx);
}

static void a_bad_file_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *part;
    } cases[] = {
        {"results.csv", "arm,seed,train_loss\nS,1,0.1\nD,1,0.2\nS,1,0.3\n",
         "results.csv', line 4, column 2 (seed): arm S has seed 1 twice; the first stands in line 2"},
        {"results.csv", "arm,seed,train_loss\nS,1,0.1\n", "no row is of D, the deep net"},
        {"results.csv", "arm,seed,train_loss\nD,1,0.1\n", "no row is of S, the shallow net"},
        {"results.csv", "arm,seed,train_loss\nS,1,low\n", "line 2, column 3 (train_loss): 'low' is no number"},
        {"results.csv", "arm,seed,train_loss\nS,1,-0.1\n", "column 3 (train_loss): it is -0.1, expected a loss, 0 or"},
        {"results.csv", "arm,seed,train_loss\nS,1,nan\n", "column 3 (train_loss): it is missing or no number; a run"},
        {"results.csv", "arm,seed,train_loss,diverged\nS,1,inf,0\n", "(train_loss): it is infinite"},
        {"results.csv", "arm,seed,train_loss,train_error\nS,1,0.1,0.2\nD,1,0.1,27.9\n",
         "line 3, column 4 (train_error): it is 27.9, expected a share"},
        {"results.csv", "arm,seed,valid_loss\nS,1,0.1\n", "line 2, train_loss (there is no such column)"},
        {"results.csv", "arm,seed,trian_loss\nS,1,0.1\n",
         "line 1, column 3 (trian_loss): unknown column 'trian_loss'; known: seed, train_loss"},
        {"results.csv", "arm,seed,train_loss\nD_star,1,0.1\n", "line 2, column 1 (arm): unknown arm 'D_star'"},
        {"results.csv", "arm,seed,train_loss\n,1,0.1\n", "expected the word of an arm"},
        {"results.csv", "arm,seed,train_loss\nS,1\n", "line 2 has 2 cells, expected 3 as in line 1"},
        {"results.csv", "arm,seed,train_loss\nS,1,0.1,5\n", "line 2 has 4 cells"},
        {"results.csv", "arm,seed,train_loss,seed\nS,1,0.1,5\n", "column 4 (seed): two columns have this name"},
        {"results.csv", "arm,seed,train_loss,difference\nS,1,0.1,\nD,1,0.1,0.5\n",
         "line 3, column 4 (difference): it is given, expected nothing: it is of W0 alone"},
        {"results.csv", "arm,seed,train_loss,difference\nW0,1,0.1,-0.5\n",
         "(difference): it is -0.5, expected a share of the largest output, 0 or more"},
        {"results.csv", "arm,train_loss\nS,0.1\n", "seed (there is no such column): it is missing"},
        {"results.csv", "arm,seed,train_loss\nS,1.5,0.1\n", "(seed): it is 1.5, expected a whole number"},
        {"results.csv", "arm,seed,train_loss,diverged\nS,1,0.1,2\n", "(diverged): it is 2, expected 0 or 1"},
        {"results.csv", "arm,seed,train_loss\nS,1,\"0.1\n",
         "line 2, column 3 (train_loss): the quote that opens here does not end"},
        {"results.csv", "arm,seed,train_loss\n\"S,1,0.1\nD,1,0.2\n",
         "line 2, column 1 (arm): the quote that opens here"},
        {"results.csv", "arm,seed,train_loss\nS,1,\"0.1\"x\n", "something follows the quote that ends here"},
        {"results.csv", "arm,seed,train_loss\nS\n", "line 2 has 1 cell, expected 3"},
        {"results.csv", "arm,seed,train_loss,\nS,1,0.1,\n", "line 1, column 4 (): it has no name"},
        {"results.csv", "arm;seed;train_loss\nS;1;1.234,5\n", "'1.234,5' has a decimal comma, expected a decimal"},
        {"results.csv", "arm;seed;train_loss\nS;1;0,1,2\n", "'0,1,2' is no number"},
        {"results.csv", "", "is empty, expected names"},
        {"arms.csv", "arm,depth\nS,2\nS,3\n", "arms.csv', line 3, column 1 (arm): arm S stands in a row above"},
        {"arms.csv", "arm,left_out\nW0,never\n", "it is 'never', expected possible, impossible or no_question"},
        {"history.csv", "arm,seed,epoch,train_loss\nS,1,0,-1\n",
         "history.csv', line 2, column 4 (train_loss): it is -1"},
        {"tuning.csv", "arm,seed,train_loss\nS,1,1\n", "rate (there is no such column)"},
        {"tuning.csv", "arm,rate,seed,train_loss\nD_rate,0.1,101,1\nD_rate,0.2,101,1\nD,0.1,101,2\n",
         "tuning.csv', line 4, column 3 (seed): arm D_rate has rate 0.1 and seed 101 twice; the first stands in line "
         "2"},
        {"tuning.csv", "arm,rate,seed,train_loss\nS_rate,0.1,2,1\n",
         "line 2, column 3 (seed): results.csv has seed 2 of arm S too; expected seeds of tuning apart"},
        {"history.csv", "arm,seed,epoch,train_loss\nS,1,0,1\nD,1,0,1\nD,2,0,1\n",
         "history.csv', line 4, column 2 (seed): results.csv has no run of arm D and seed 2"},
        {"evidence.json", "{\"const_loss\": 2.30259, \"classes\": 10}",
         "evidence.json', classes: const_loss is 2.30259, expected 2.302585"},
        {"evidence.json", "{\"const_loss\": 2.4, \"classes\": 10, \"largest_class\": 0.2}", "or less"},
        {"evidence.json", "{\"const_loss\": \"two\"}", "evidence.json', const_loss: expected a number"},
        {"evidence.json", "{\"const_loss\": -1}", "const_loss: expected a number, 0 or more"},
        {"evidence.json", "{\"const_los\": 1}", "const_los: unknown fact 'const_los'; known:"},
        {"evidence.json", "{\"format\": 2}", "format: expected 1"},
        {"evidence.json", "{\"const_loss\": 1,", "not JSON, line 1"},
        {"evidence.json", "[1]", "expected an object"},
        {"evidence.json", "{\"thresholds\": {\"levle\": 0.9}}", "unknown threshold 'levle'"},
        {"evidence.json", "{\"dropout_deep\": 2}", "expected true or false"},
        {"evidence.json", "{\"classes\": 1}", "classes: expected how many"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        file_refused(cases[i].name, cases[i].text, DEEPID_ERR_FORMAT, cases[i].part);
}

/* Unequal classes may have a loss below log K; depth_study knows its own seeds; pandas counts rows; S tunes S_rate. */
static void what_looks_wrong_may_be_right(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_evidence *e = NULL;
    const char *folder = folder_of("right");
    write_text(in(folder, "results.csv"), ",arm,seed,train_loss\n0,S,1,0.1\n1,D,1,0.5\n");
    write_text(in(folder, "history.csv"), "arm,seed,epoch,train_loss\nS,1,0,2\nD,1,0,2\nS,1,1,0.1\n");
    write_text(in(folder, "tuning.csv"), "arm,rate,seed,train_loss\nS,0.1,1,0.3\nS,0.2,1,0.3\nS,0.1,2,0.3\n");
    write_text(in(folder, "evidence.json"),
               "{\"classes\": 10, \"largest_class\": 0.5, \"const_loss\": 1.9, \"depth_study\": true}");
    OK(deepid_evidence_read(ctx, folder, &e));
    near_at("const_loss", e->fact.const_loss, 1.9, 0);
    assert_int_equal(deepid_table_rows(e->tries), 3);
    assert_string_equal(deepid_table_row_name(e->tries, 0), "S_rate");
    deepid_evidence_destroy(e);
    write_text(in(folder, "evidence.json"), "{\"classes\": 10, \"const_loss\": 2.302585, \"depth_study\": true}");
    OK(deepid_evidence_read(ctx, folder, &e));
    deepid_evidence_destroy(e);
    deepid_ctx_destroy(ctx);
}

static void a_folder_without_runs_is_none(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_evidence *e = NULL;
    REFUSED(deepid_evidence_read(ctx, temporary("nowhere"), &e), DEEPID_ERR_IO, "it has no results.csv");
    deepid_ctx_destroy(ctx);
}

/* As people write it: semicolons, a mark of the byte order, CR LF, blanks, True. */
static void files_are_read_as_people_write_them(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_evidence *e = NULL;
    const char *folder = folder_of("people");
    write_text(in(folder, "results.csv"), "\xef\xbb\xbf"
                                          "arm;seed;train_loss;diverged\r\nS; 1;0.1;False\r\n\r\n\"D\";1;;True\r\n");
    write_text(in(folder, "evidence.json"),
               "{\"classes\": 10, \"decay\": true, \"batchnorm\": false, \"margin\": null}");
    OK(deepid_evidence_read(ctx, folder, &e));
    near_at("const_loss", e->fact.const_loss, log(10), 0);
    assert_true(e->fact.decay && !e->fact.batchnorm && isnan(e->fact.margin));
    assert_int_equal(deepid_table_rows(e->runs), 2);
    near_at("diverged", deepid_table_get(e->runs, 1, DPID_RUN_DIVERGED), 1, 0);
    deepid_evidence_destroy(e);
    deepid_ctx_destroy(ctx);
}

/* ---- what follows from the tables -------------------------------------------------------------------------- */

/* Rates 0.1 and 0.01 of D_start:he at two seeds: means 0.3 and (0.5 + const 1) / 2 = 0.75, the second with one run that
   diverged; its runs are at 0.1. */
static void rates_follow_from_the_runs(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_evidence *e = NULL;
    dpid_arena arena = {.ctx = ctx};
    dpid_evidence lent;
    OK(deepid_evidence_create(ctx, &e));
    OK(deepid_evidence_set_number(e, "const_loss", 1));
    OK(deepid_evidence_add(e, "D_start:he", 1, 0.2, (double)NAN));
    OK(deepid_evidence_set_run(e, "D_start:he", 1, "rate", 0.1));
    OK(deepid_evidence_set_run(e, "D_start:he", 1, "updates", 50));
    OK(deepid_evidence_add_tuning(e, "D_start:he", 0.1, 101, 0.2));
    OK(deepid_evidence_add_tuning(e, "D_start:he", 0.1, 102, 0.4));
    OK(deepid_evidence_add_tuning(e, "D_start:he", 0.01, 101, 0.5));
    OK(deepid_evidence_add_tuning(e, "D_start:he", 0.01, 102, HUGE_VAL));
    OK(dpid_evidence_lend(e, &arena, &lent));
    const dpid_arm_evidence *a = &lent.arm[0];
    near_at("rate", a->learning_rate, 0.1, 0);
    near_at("updates", a->updates, 50, 0);
    near_at("tuning loss", a->tuning_loss, 0.3, 1e-15);
    near_at("other rate", a->other_rate, 0.01, 0);
    near_at("other gain", a->other_gain, 0.3 - 0.75, 1e-15);
    assert_int_equal(a->rates_tried, 2);
    assert_int_equal(a->rates_diverged, 0);
    near_at("lowest", a->lowest_rate, 0.01, 0);
    near_at("highest", a->highest_rate, 0.1, 0);
    dpid_arena_release(&arena);
    deepid_evidence_destroy(e);
    deepid_ctx_destroy(ctx);
}

/* Tuning of D at 0.01 and 0.001, the runs at 0.1, where D is far above S: whether a rate helps is not known. Where the
   runs' rate is not said, the chosen one counts as theirs. */
static void a_rate_that_was_not_tried_is_not_the_best(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int known = 0; known < 2; known++) {
        char folder[300];
        char text[2048] = "arm,seed,train_loss,rate\n";
        deepid_evidence *e = NULL;
        deepid_verdict *v = NULL;
        snprintf(folder, sizeof folder, "%s", folder_of(known ? "untried" : "chosen"));
        for (int i = 1; i <= 8; i++)
            sprintf(text + strlen(text), known ? "S,%d,0.1%d,0.1\nD,%d,0.6%d,0.1\n" : "S,%d,0.1%d,\nD,%d,0.6%d,\n", i,
                    i, i, i);
        write_text(in(folder, "results.csv"), text);
        write_text(in(folder, "tuning.csv"), "arm,rate,seed,train_loss,chosen\nD,0.01,101,0.5,1\nD,0.01,102,0.5,1\n"
                                             "D,0.001,101,0.55,0\nD,0.001,102,0.55,0\n");
        write_text(in(folder, "evidence.json"), "{\"const_loss\": 0.7}");
        OK(deepid_evidence_read(ctx, folder, &e));
        OK(deepid_evidence_judge(e, &v));
        const int64_t rate = deepid_verdict_find(v, "rate");
        assert_string_equal(deepid_verdict_rule(v, rate), known ? "rate.own_untried" : "rate.recipe");
        assert_string_equal(deepid_verdict_status(v, rate), known ? "undecided" : "refuted");
        deepid_verdict_destroy(v);
        deepid_evidence_destroy(e);
    }
    deepid_ctx_destroy(ctx);
}

/* A flag that nobody said is not false: the verdict says so, and a flag that is false goes round the files. */
static void what_is_not_said_is_not_known(void **state)
{
    (void)state;
    static const char *const asked[] = {"objective", "regularisation", "normalisation"};
    deepid_ctx *ctx = new_ctx(1);
    for (int said = 0; said < 2; said++) {
        char folder[300];
        deepid_evidence *e = NULL;
        deepid_verdict *v = NULL;
        snprintf(folder, sizeof folder, "%s", folder_of(said ? "said" : "unsaid"));
        write_text(in(folder, "results.csv"), good);
        write_text(in(folder, "evidence.json"),
                   said ? "{\"classes\": 2, \"decay\": false, \"smoothing\": false, \"augmentation\": false, "
                          "\"dropout_deep\": false, \"batchnorm\": false}"
                        : "{\"classes\": 2}");
        OK(deepid_evidence_read(ctx, folder, &e));
        OK(deepid_evidence_write(e, folder));
        deepid_evidence_destroy(e);
        OK(deepid_evidence_read(ctx, folder, &e));
        OK(deepid_evidence_judge(e, &v));
        for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
            if ((strstr(deepid_verdict_sentence(v, deepid_verdict_find(v, asked[i])), "is not said") == NULL) != said)
                fail_msg("%s, said %d: %s", asked[i], said,
                         deepid_verdict_sentence(v, deepid_verdict_find(v, asked[i])));
        deepid_verdict_destroy(v);
        deepid_evidence_destroy(e);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- memory -------------------------------------------------------------------------------------------------- */

static int32_t read_and_judge(deepid_ctx *ctx, void *folder)
{
    deepid_evidence *e = NULL;
    deepid_verdict *v = NULL;
    int32_t status = deepid_evidence_read(ctx, folder, &e);
    if (status == DEEPID_OK)
        status = deepid_evidence_judge(e, &v);
    if (status == DEEPID_OK)
        status = deepid_evidence_write(e, folder);
    deepid_verdict_destroy(v);
    deepid_evidence_destroy(e);
    return status;
}

static void every_failing_allocation_is_survived(void **state)
{
    (void)state;
    char folder[300];
    snprintf(folder, sizeof folder, "%s", folder_of("memory"));
    write_text(in(folder, "results.csv"), good);
    write_text(in(folder, "history.csv"), "arm,seed,epoch,train_loss\nS,1,0,0.7\nS,1,1,0.1\n");
    write_text(in(folder, "evidence.json"),
               "{\"const_loss\": 0.7, \"subject\": \"x\", \"explanations\": [{\"name\": \"n\", \"before\": 1}]}");
    survives_every_failing_allocation("evidence", read_and_judge, folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_study_goes_round),
        cmocka_unit_test(regularised_and_normalised_ones_too),
        cmocka_unit_test(what_was_not_tried_is_said),
        cmocka_unit_test(the_arm_that_settles_most_is_named),
        cmocka_unit_test(a_certificate_is_what_was_measured),
        cmocka_unit_test(coarser_precisions_are_told),
        cmocka_unit_test(an_object_refuses_what_cannot_be),
        cmocka_unit_test(a_bad_file_is_refused_with_its_place),
        cmocka_unit_test(what_looks_wrong_may_be_right),
        cmocka_unit_test(a_folder_without_runs_is_none),
        cmocka_unit_test(files_are_read_as_people_write_them),
        cmocka_unit_test(rates_follow_from_the_runs),
        cmocka_unit_test(a_rate_that_was_not_tried_is_not_the_best),
        cmocka_unit_test(what_is_not_said_is_not_known),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
