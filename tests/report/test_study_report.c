/* The report of a real, small study in one call: from arms, tables and probes to one sound file, the same bytes each
   time. */
#include "support/support.h"
#include "support/xml.h"

#include "base/base.h"

static const char shallow[] = "input 2; dense out=8; relu; dense out=2";
static const char deep[] = "input 2; dense out=8; relu; 3 * plain { dense out=8; relu }; dense out=2";

static const char added[] = "input 2; dense out=8; relu; 1 * plain { dense out=8; relu }; dense out=2";

static deepid_study *small_study(deepid_ctx *ctx, const deepid_dataset *train, const deepid_dataset *valid)
{
    deepid_study *study = NULL;
    OK(deepid_study_create(ctx, shallow, deep, train, &study));
    OK(deepid_study_set_validation(study, valid));
    OK(deepid_study_set_seeds(study, 2));
    OK(deepid_study_set_number(study, "steps", 12));
    OK(deepid_study_set_number(study, "tuning_seeds", 0));
    OK(deepid_study_set_number(study, "probe_seeds", 1));
    OK(deepid_study_add_net(study, "plain", 1, added));
    OK(deepid_study_set_text(study, "arms", "S,D,W0,D_res,depth"));
    OK(deepid_study_set_text(study, "subject", "spirals & <moons>"));
    return study;
}

static char *written(deepid_ctx *ctx, deepid_study *study)
{
    const char *path = temporary("study.html");
    uint8_t *bytes = NULL;
    int64_t count = 0;
    OK(deepid_report_write(study, NULL, path));
    OK(dpid_file_read(ctx, path, &bytes, &count));
    char *page = strdup((const char *)bytes);
    dpid_free(ctx, bytes);
    return page;
}

static void a_study_becomes_a_page(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *train = NULL;
    deepid_dataset *valid = NULL;
    OK(deepid_dataset_generate(ctx, "spirals n=64 noise=0.06", 77, &train));
    OK(deepid_dataset_generate(ctx, "spirals n=64 noise=0.06", 78, &valid));
    deepid_study *study = small_study(ctx, train, valid);
    OK(deepid_study_run(study, NULL, NULL));
    char *page = written(ctx, study);
    const char *fault = xml_fault(page, NULL, NULL);
    if (fault)
        fail_msg("not well-formed at: %.80s", fault);
    page_holds(page, "spirals &amp; &lt;moons&gt;");
    page_holds(page, "2 seeds");
    page_holds(page, "<th scope=\"row\">plain, depth 1</th>"); /* an added net keeps its block's word */
    page_holds(page, "ends at a training loss of");
    page_holds(page, "ends at a validation loss of");
    page_holds(page, "The deep net can hold the shallow one");
    page_holds(page, "shares of the gap (");
    page_holds(page, "Norm of the loss gradient at the output of each weight layer");
    page_holds(page, "Relative error of the gradient in the run&#39;s precision");
    page_holds(page, "can be taken out without loss beyond the margin");
    page_holds(page, "A linear classifier reads most");
    page_holds(page, "D_3T");          /* left out, by name */
    assert_null(strstr(page, ".csv")); /* without a folder there are no files to name */
    char *again = written(ctx, study);
    assert_string_equal(page, again);
    deepid_study *second = small_study(ctx, train, valid);
    OK(deepid_study_set_number(second, "threads", 2));
    OK(deepid_study_run(second, NULL, NULL));
    char *other = written(ctx, second);
    assert_string_equal(page, other); /* nothing of clocks or threads is on it */
    free(other);
    free(again);
    free(page);
    deepid_study_destroy(second);
    deepid_study_destroy(study);
    deepid_dataset_destroy(valid);
    deepid_dataset_destroy(train);
    deepid_ctx_destroy(ctx);
}

static void a_study_that_did_not_run_says_so(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *train = NULL;
    OK(deepid_dataset_generate(ctx, "spirals n=64 noise=0.06", 77, &train));
    deepid_study *study = small_study(ctx, train, NULL);
    char *page = written(ctx, study);
    page_holds(page, "Figures without their input: training curves");
    assert_null(strstr(page, "<svg"));
    REFUSED(deepid_report_write(study, NULL, NULL), DEEPID_ERR_ARGUMENT, "path is NULL");
    REFUSED(deepid_report_write(study, (const deepid_verdict *)study, "x.html"), DEEPID_ERR_ARGUMENT,
            "verdict is no verdict");
    REFUSED(deepid_report_write(study, NULL, "/proc/nowhere/x.html"), DEEPID_ERR_IO, "/proc/nowhere");
    assert_int_equal(deepid_report_write(NULL, NULL, "x.html"), DEEPID_ERR_ARGUMENT);
    free(page);
    deepid_study_destroy(study);
    deepid_dataset_destroy(train);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_study_becomes_a_page),
        cmocka_unit_test(a_study_that_did_not_run_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
