/* Comparisons: folders written by hand, with numbers whose medians and intervals are known. */
#include "support/support.h"

#include "base/file.h"

#include <deepid/compare.h>

#include <sys/stat.h>

static const char *in(const char *folder, const char *name)
{
    static char paths[4][600];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void put(const char *folder, const char *name, const char *text)
{
    FILE *f = fopen(in(folder, name), "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* One arm, D, whose training losses are first, first + 1, ...; the last one diverged where asked. */
static void make_folder(char *folder, const char *name, const char *rate, int seeds, int first, bool diverged)
{
    char text[2048];
    int used = sprintf(text, "arm,seed,train_loss,train_error,valid_loss,valid_error,diverged\n");
    snprintf(folder, 300, "%s", temporary(name));
    mkdir(folder, 0777);
    for (int i = 0; i < seeds; i++)
        used += i + 1 == seeds && diverged ? sprintf(text + used, "D,%d,inf,nan,nan,nan,1\n", i)
                                           : sprintf(text + used, "D,%d,%d,0.25,nan,nan,0\n", i, first + i);
    put(folder, "results.csv", text);
    snprintf(text, sizeof text,
             "{\"configuration\": {\"learning_rate\": \"%s\", \"train\": \"%s0\", \"init\": \"he\"}, "
             "\"replay\": \"x\"}",
             rate, rate);
    put(folder, "study.json", text);
    put(folder, "verdict.json",
        "{\"format\": 2, \"answer\": \"So.\", \"findings\": [{\"hypothesis\": \"solver\", \"status\": \"confirmed\", "
        "\"share\": null}, {\"hypothesis\": \"budget\", \"status\": \"not_applicable\", \"share\": 0.5}]}");
}

static void holds(const deepid_comparison *c, const char *part)
{
    if (!strstr(deepid_comparison_text(c), part))
        fail_msg("no '%s' in:\n%s", part, deepid_comparison_text(c));
}

/* 10 values 1 .. 10: median 5.5, and the second to the ninth hold it (twice P(fewer than 2 heads of 10) = 0.021; of
   fewer than 3 it is 0.109). 6 values 101 .. 106: median 103.5, and only the whole range does (2 / 64). 5 have none.
   Shifts of the 60 pairs 101 .. 106 against 1 .. 10: symmetric around 98. */
static void medians_have_their_exact_intervals(void **state)
{
    (void)state;
    char a[300];
    char b[300];
    char few[300];
    deepid_ctx *ctx = new_ctx(1);
    deepid_comparison *c = NULL;
    make_folder(a, "ten", "0.1", 10, 1, false);
    make_folder(b, "six", "0.2", 6, 101, false);
    make_folder(few, "five", "0.2", 5, 1, false);
    OK(deepid_comparison_create(ctx, a, b, &c));
    holds(c, "  D                         5.5 [2, 9]                      104 [101, 106]                  98 [");
    holds(c, "  learning_rate     0.1                                     0.2\n");
    holds(c, "  training data     0.10                                    0.20\n");
    holds(c, "The training data differ");
    holds(c, "  solver                    confirmed                       confirmed\n");
    holds(c, "  budget                    not applicable, 50 %            not applicable, 50 %\n");
    assert_null(strstr(deepid_comparison_text(c), "  init"));
    assert_null(strstr(deepid_comparison_text(c), "validation loss"));
    deepid_comparison_destroy(c);
    OK(deepid_comparison_create(ctx, few, few, &c));
    holds(c, "  D                         3                               3                               0 [");
    holds(c, "The settings are the same.");
    deepid_comparison_destroy(c);
    deepid_ctx_destroy(ctx);
}

static void a_diverged_seed_counts_as_the_worst(void **state)
{
    (void)state;
    char a[300];
    deepid_ctx *ctx = new_ctx(1);
    deepid_comparison *c = NULL;
    make_folder(a, "diverged", "0.1", 6, 1, true);
    OK(deepid_comparison_create(ctx, a, a, &c));
    holds(c, "3.5 [1, \xe2\x88\x9e]");
    OK(deepid_comparison_write(c, in(a, "page.html")));
    assert_true(dpid_file_exists(in(a, "page.html")));
    deepid_comparison_destroy(c);
    deepid_ctx_destroy(ctx);
}

/* Settings of two folders of evidence are their facts; those of a study and of evidence have other names. */
static void runs_of_others_are_compared(void **state)
{
    (void)state;
    char a[300];
    char b[300];
    char study[300];
    deepid_ctx *ctx = new_ctx(1);
    deepid_comparison *c = NULL;
    make_folder(study, "study", "0.1", 6, 1, false);
    make_folder(a, "post", "0.1", 6, 1, false);
    make_folder(b, "pre", "0.1", 6, 11, false);
    assert_int_equal(remove(in(a, "study.json")), 0);
    REFUSED(deepid_comparison_create(ctx, a, "nowhere", &c), DEEPID_ERR_IO, "'nowhere' is no folder");
    assert_int_equal(remove(in(b, "study.json")), 0);
    put(a, "evidence.json", "{\"format\": 1, \"classes\": 10, \"batch\": 32, \"batchnorm\": true}");
    put(b, "evidence.json", "{\"format\": 1, \"classes\": 7, \"batch\": 32}");
    OK(deepid_comparison_create(ctx, a, b, &c));
    holds(c, "  const_loss        2.30258");
    holds(c, "  batchnorm         yes                                     -\n");
    holds(c, "  D                         3.5 [1, 6]                      13.5 [11, 16]                   10 [");
    holds(c, "best constant predictor differ");
    assert_null(strstr(deepid_comparison_text(c), "  batch "));
    deepid_comparison_destroy(c);
    OK(deepid_comparison_create(ctx, a, study, &c));
    holds(c, "One is a study, the other evidence");
    assert_null(strstr(deepid_comparison_text(c), "learning_rate"));
    assert_null(strstr(deepid_comparison_text(c), "settings are the same"));
    OK(deepid_comparison_write(c, in(a, "page.html")));
    deepid_comparison_destroy(c);
    assert_int_equal(remove(in(b, "verdict.json")), 0);
    REFUSED(deepid_comparison_create(ctx, a, b, &c), DEEPID_ERR_IO, "was not judged");
    deepid_ctx_destroy(ctx);
}

static void what_is_no_study_gets_a_sentence(void **state)
{
    (void)state;
    char a[300];
    deepid_ctx *ctx = new_ctx(1);
    deepid_comparison *c = NULL;
    make_folder(a, "damaged", "0.1", 6, 1, false);
    REFUSED(deepid_comparison_create(ctx, a, NULL, &c), DEEPID_ERR_ARGUMENT, "must not be NULL");
    REFUSED(deepid_comparison_create(ctx, a, "nowhere", &c), DEEPID_ERR_IO, "is no folder of a study nor of evidence");
    put(a, "results.csv", "arm,seed,train_loss\nD,1,0\n\"D,2,0\n");
    REFUSED(deepid_comparison_create(ctx, a, a, &c), DEEPID_ERR_FORMAT, "line 3");
    put(a, "results.csv", "task,arm\nx,D\n");
    REFUSED(deepid_comparison_create(ctx, a, a, &c), DEEPID_ERR_FORMAT, "seed");
    put(a, "verdict.json", "{\"answer\": 3}");
    REFUSED(deepid_comparison_create(ctx, a, a, &c), DEEPID_ERR_FORMAT, "it has no answer or no findings");
    put(a, "study.json", "[]");
    REFUSED(deepid_comparison_create(ctx, a, a, &c), DEEPID_ERR_FORMAT, "it has no configuration");
    assert_null(c);
    assert_string_equal(deepid_comparison_text(NULL), "");
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(medians_have_their_exact_intervals),
        cmocka_unit_test(a_diverged_seed_counts_as_the_worst),
        cmocka_unit_test(runs_of_others_are_compared),
        cmocka_unit_test(what_is_no_study_gets_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
