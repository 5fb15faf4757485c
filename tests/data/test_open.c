/* A source by its word: folders, files, generators; what is no source. */
#include "support/support.h"

#include <math.h>

/* 64 features are an 8 x 8 picture; a generator gives four validation samples for each training sample. */
static void a_source_gives_training_and_validation_data(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    char text[65 * 2 + 1] = "";
    char source[320];
    deepid_dataset *train = NULL;
    deepid_dataset *valid = NULL;
    for (int i = 0; i < 64; i++)
        strcat(text, "1,");
    strcat(text, "0");
    write_text(temporary("digits.tra"), text);
    snprintf(source, sizeof source, "csv:%s", temporary(""));
    REFUSED(deepid_dataset_open(ctx, source, 1, &train, &valid), DEEPID_ERR_IO, "no file *.tes in the folder");
    assert_null(train);
    write_text(temporary("digits.tes"), text);
    OK(deepid_dataset_open(ctx, source, 1, &train, &valid));
    assert_int_equal(deepid_dataset_rank(train), 3);
    assert_int_equal(deepid_dataset_extent(valid, 0), 8);
    deepid_dataset_destroy(valid);
    deepid_dataset_destroy(train);
    OK(deepid_dataset_open(ctx, "rings n=6", 1, &train, &valid));
    assert_int_equal(deepid_dataset_count(train), 6);
    assert_int_equal(deepid_dataset_count(valid), 24);
    deepid_dataset_destroy(valid);
    deepid_dataset_destroy(train);
    deepid_ctx_destroy(ctx);
}

/* One file gives training data alone. */
static void a_file_gives_no_validation_data(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    char source[320];
    deepid_dataset *train = NULL;
    deepid_dataset *valid = NULL;
    write_text(temporary("semicolons.csv"), "1;2;0\n3;4;1\n");
    snprintf(source, sizeof source, "csv:%s delimiter=semicolon", temporary("semicolons.csv"));
    OK(deepid_dataset_open(ctx, source, 1, &train, &valid));
    assert_int_equal(deepid_dataset_count(train), 2);
    assert_null(valid);
    deepid_dataset_destroy(train);
    deepid_ctx_destroy(ctx);
}

static void what_is_no_source_is_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *train = NULL;
    deepid_dataset *valid = NULL;
    REFUSED(deepid_dataset_open(ctx, "mnist:here", 1, &train, &valid), DEEPID_ERR_SPEC, "unknown data 'mnist:here'");
    REFUSED(deepid_dataset_open(ctx, "npy:x.npy", 1, &train, &valid), DEEPID_ERR_SPEC, "two files joined by a comma");
    REFUSED(deepid_dataset_open(ctx, "npy:/none/x.npy,/none/y.npy", 1, &train, &valid), DEEPID_ERR_IO, "/none/x.npy");
    REFUSED(deepid_dataset_open(ctx, "csv:/none.csv", 1, &train, &valid), DEEPID_ERR_IO, "/none.csv");
    REFUSED(deepid_dataset_open(ctx, NULL, 1, &train, &valid), DEEPID_ERR_ARGUMENT, "must not be NULL");
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

static void fashion_mnist_and_optdigits_are_complete(void **state)
{
    (void)state;
#ifdef DEEPID_SHARED_DATA
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *train = NULL;
    deepid_dataset *test = NULL;
    OK(deepid_dataset_open(ctx, "idx:" DEEPID_SHARED_DATA "/fashion-mnist", 1, &train, &test));
    assert_int_equal(deepid_dataset_count(train), 60000);
    assert_int_equal(deepid_dataset_count(test), 10000);
    int64_t members[10] = {0};
    for (int64_t i = 0; i < 60000; i++)
        members[deepid_dataset_labels(train)[i]]++;
    for (int c = 0; c < 10; c++)
        assert_int_equal(members[c], 6000);
    deepid_dataset_destroy(test);
    deepid_dataset_destroy(train);
    OK(deepid_dataset_open(ctx, "csv:" DEEPID_SHARED_DATA "/optdigits", 1, &train, &test));
    assert_int_equal(deepid_dataset_count(train), 3823);
    assert_int_equal(deepid_dataset_count(test), 1797);
    assert_int_equal(deepid_dataset_rank(train), 3);
    deepid_dataset_destroy(test);
    deepid_dataset_destroy(train);
    deepid_ctx_destroy(ctx);
#else
    print_message("the real data are not beside the project\n");
    skip();
#endif
}

static int32_t load_all(deepid_ctx *ctx, void *arg)
{
    deepid_dataset *a = NULL;
    deepid_dataset *b = NULL;
    (void)arg;
    int32_t status = deepid_dataset_open(ctx, "teacher n=10", 1, &a, &b);
    deepid_dataset_destroy(a);
    deepid_dataset_destroy(b);
    a = NULL;
    if (status == DEEPID_OK)
        status = deepid_dataset_generate(ctx, "linear n=10", 1, &a);
    deepid_dataset_destroy(a);
    a = NULL;
    if (status == DEEPID_OK)
        status = deepid_dataset_load_csv(ctx, temporary("oom.csv"), "", &a);
    deepid_dataset_destroy(a);
    return status;
}

static void every_failing_allocation_is_survived(void **state)
{
    (void)state;
    write_text(temporary("oom.csv"), "1,2,0\n3,4,1\n");
    survives_every_failing_allocation("opening data", load_all, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_gives_training_and_validation_data),
        cmocka_unit_test(a_file_gives_no_validation_data),
        cmocka_unit_test(what_is_no_source_is_refused),
        cmocka_unit_test(fashion_mnist_and_optdigits_are_complete),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
