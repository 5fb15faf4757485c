/* Tables: what is put in comes out, for people and for programs. */
#include "support/support.h"

#include "base/base.h"

#include <math.h>

static deepid_table *new_table(deepid_ctx *ctx, const char *columns)
{
    deepid_table *table = NULL;
    OK(deepid_table_create(ctx, "layer", columns, &table));
    return table;
}

static void what_is_put_in_comes_out(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_table *table = new_table(ctx, "mean,variance");
    assert_int_equal(deepid_table_columns(table), 2);
    assert_int_equal(deepid_table_rows(table), 0);
    for (int i = 0; i < 100; i++) {
        char name[20];
        snprintf(name, sizeof name, "block%d", i);
        OK(deepid_table_append(table, name, (const double[]){i, 0.5 * i}));
        name[0] = 'X'; /* names are copied */
    }
    assert_int_equal(deepid_table_rows(table), 100);
    assert_string_equal(deepid_table_row_name(table, 99), "block99");
    assert_string_equal(deepid_table_row_heading(table), "layer");
    assert_string_equal(deepid_table_column_name(table, 1), "variance");
    assert_int_equal(deepid_table_find_column(table, "variance"), 1);
    for (int i = 0; i < 100; i++)
        assert_true(deepid_table_get(table, i, 1) == 0.5 * i && deepid_table_column(table, 0)[i] == i);
    OK(deepid_table_set(table, 7, 1, -3));
    assert_true(deepid_table_get(table, 7, 1) == -3);
    deepid_table_destroy(table);
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

static void out_of_range_is_an_answer_and_not_a_crash(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_table *table = new_table(ctx, "a,b");
    OK(deepid_table_append(table, "row", (const double[]){1, 2}));
    const int64_t outside[] = {-1, 2, INT64_MAX, INT64_MIN};
    for (int i = 0; i < 4; i++) {
        assert_null(deepid_table_column_name(table, outside[i]));
        assert_null(deepid_table_row_name(table, outside[i]));
        assert_null(deepid_table_column(table, outside[i]));
        assert_true(isnan(deepid_table_get(table, outside[i], 0)));
        assert_true(isnan(deepid_table_get(table, 0, outside[i])));
    }
    assert_int_equal(deepid_table_find_column(table, "c"), -1);
    assert_int_equal(deepid_table_find_column(table, NULL), -1);
    REFUSED(deepid_table_set(table, 1, 0, 0), DEEPID_ERR_ARGUMENT, "table: row 1, column 0 is outside 1 x 2");
    REFUSED(deepid_table_append(table, NULL, (const double[]){1, 2}), DEEPID_ERR_ARGUMENT, "must not be NULL");
    REFUSED(deepid_table_append(table, "row", NULL), DEEPID_ERR_ARGUMENT, "must not be NULL");
    REFUSED(deepid_table_write_csv(table, NULL), DEEPID_ERR_ARGUMENT, "path must not be NULL");
    assert_int_equal(deepid_table_rows(table), 1);
    deepid_table *none = NULL;
    REFUSED(deepid_table_create(ctx, NULL, "a", &none), DEEPID_ERR_ARGUMENT, "must not be NULL");
    REFUSED(deepid_table_create(ctx, "row", NULL, &none), DEEPID_ERR_ARGUMENT, "must not be NULL");
    REFUSED(deepid_table_create(ctx, "row", "a", NULL), DEEPID_ERR_ARGUMENT, "must not be NULL");
    assert_null(none);
    deepid_table_destroy(table);
    deepid_ctx_destroy(ctx);
}

static void null_and_wrong_handles_are_refused_by_every_function(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_table *const wrong[] = {NULL, (deepid_table *)(void *)ctx};
    const double value = 1;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(deepid_table_append(wrong[i], "row", &value), DEEPID_ERR_ARGUMENT);
        assert_int_equal(deepid_table_set(wrong[i], 0, 0, 1), DEEPID_ERR_ARGUMENT);
        assert_int_equal(deepid_table_write_csv(wrong[i], temporary("x.csv")), DEEPID_ERR_ARGUMENT);
        assert_int_equal(deepid_table_rows(wrong[i]), 0);
        assert_int_equal(deepid_table_columns(wrong[i]), 0);
        assert_null(deepid_table_row_heading(wrong[i]));
        assert_null(deepid_table_column(wrong[i], 0));
        assert_true(isnan(deepid_table_get(wrong[i], 0, 0)));
        assert_string_equal(deepid_table_text(wrong[i]), "");
        deepid_table_destroy(wrong[i]);
    }
    deepid_ctx_destroy(ctx);
}

static void text_is_aligned_with_four_digits_and_whole_numbers_whole(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_table *table = new_table(ctx, "mean,parameters");
    assert_string_equal(deepid_table_text(table), "layer  mean  parameters\n");
    OK(deepid_table_append(table, "input", (const double[]){1.0 / 3, 0}));
    OK(deepid_table_append(table,
                           "gr\xc3\xb6\xc3\x9f"
                           "e",
                           (const double[]){-1e-9 / 7, 19421274}));
    OK(deepid_table_append(table, "x", (const double[]){(double)NAN, -(double)INFINITY}));
    assert_string_equal(deepid_table_text(table), "layer        mean  parameters\n"
                                                  "input      0.3333           0\n"
                                                  "gr\xc3\xb6\xc3\x9f"
                                                  "e  -1.429e-10    19421274\n"
                                                  "x             nan        -inf\n");
    deepid_table_destroy(table);
    deepid_ctx_destroy(ctx);
}

static void csv_reads_back_exactly(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_table *table = new_table(ctx, "a,b");
    OK(deepid_table_append(table, "one, two", (const double[]){0.1, 1.0 / 3}));
    OK(deepid_table_append(table, "=x", (const double[]){(double)NAN, -(double)INFINITY}));
    const char *path = temporary("table.csv");
    OK(deepid_table_write_csv(table, path));
    uint8_t *text = NULL;
    int64_t bytes = 0;
    OK(dpid_file_read(ctx, path, &text, &bytes));
    assert_string_equal((const char *)text, "layer,a,b\n\"one, two\",0.1,0.3333333333333333\n\"'=x\",nan,-inf\n");
    dpid_free(ctx, text);
    REFUSED(deepid_table_write_csv(table, temporary("no/table.csv")), DEEPID_ERR_IO, "no/table.csv");
    deepid_table_destroy(table);
    deepid_ctx_destroy(ctx);
}

static void a_table_may_have_no_columns(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_table *table = new_table(ctx, "");
    assert_int_equal(deepid_table_columns(table), 0);
    OK(deepid_table_append(table, "only", NULL));
    assert_string_equal(deepid_table_text(table), "layer\nonly \n");
    deepid_table_destroy(table);
    deepid_ctx_destroy(ctx);
}

static int32_t fill_table(deepid_ctx *ctx, void *arg)
{
    deepid_table *table = NULL;
    int32_t status = deepid_table_create(ctx, "layer", "mean,variance,norm", &table);
    for (int i = 0; status == DEEPID_OK && i < 40; i++) {
        const int64_t before = deepid_table_rows(table);
        status = deepid_table_append(table, "row", (const double[]){1, 2, 3});
        if (status != DEEPID_OK)
            assert_int_equal(deepid_table_rows(table), before); /* a failed call changes nothing */
    }
    if (status == DEEPID_OK && deepid_table_text(table)[0] == 0)
        status = DEEPID_ERR_MEMORY;
    if (status == DEEPID_OK)
        status = deepid_table_write_csv(table, arg);
    deepid_table_destroy(table);
    return status;
}

static void a_table_survives_every_failing_allocation(void **state)
{
    (void)state;
    survives_every_failing_allocation("table", fill_table, (void *)temporary("failing.csv"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_in_comes_out),
        cmocka_unit_test(out_of_range_is_an_answer_and_not_a_crash),
        cmocka_unit_test(null_and_wrong_handles_are_refused_by_every_function),
        cmocka_unit_test(text_is_aligned_with_four_digits_and_whole_numbers_whole),
        cmocka_unit_test(csv_reads_back_exactly),
        cmocka_unit_test(a_table_may_have_no_columns),
        cmocka_unit_test(a_table_survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
