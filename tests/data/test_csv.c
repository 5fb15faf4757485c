/* CSV as people and spreadsheets write it: what is read, what is refused and where. */
#include "support/support.h"

#include "data/data.h"
#include "support/csv.h"

static void tables_are_read_and_damage_is_found(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    const char *csv = temporary("table.csv");
    write_text(csv, "a,b,class\r\n1,2,0\r\n\r\n3, 4.5e0 ,2\n");
    OK(deepid_dataset_load_csv(ctx, csv, "", &data));
    assert_int_equal(deepid_dataset_count(data), 2);
    assert_int_equal(deepid_dataset_classes(data), 2);
    assert_string_equal(deepid_dataset_class_name(data, 1), "2");
    assert_true(dpid_dataset_feature(data, 1, 1) == 4.5);
    deepid_dataset_destroy(data);
    data = NULL;
    write_text(csv, "1,2,0\n1,2\n");
    REFUSED(deepid_dataset_load_csv(ctx, csv, "", &data), DEEPID_ERR_FORMAT, "line 2: 2 cells, expected 3");
    write_text(csv, "1,x,0\n1,2,0\n");
    REFUSED(deepid_dataset_load_csv(ctx, csv, "", &data), DEEPID_ERR_FORMAT,
            "line 1, column 2: 'x' is not a finite decimal number; header=yes takes the first row as names");
    write_text(csv, "1,2,0.5\n");
    REFUSED(deepid_dataset_load_csv(ctx, csv, "", &data), DEEPID_ERR_LABEL,
            "the label is 0.5, expected a whole number or a text; to predict a number say targets=3");
    write_text(csv, "");
    REFUSED(deepid_dataset_load_csv(ctx, csv, "", &data), DEEPID_ERR_FORMAT, "no rows");
    write_text(csv, "1,2,0\n");
    REFUSED(deepid_dataset_load_csv(ctx, csv, "shape=3x3", &data), DEEPID_ERR_SHAPE, "has 2 features, expected 9");
    REFUSED(deepid_dataset_load_csv(ctx, csv, "sep=tab", &data), DEEPID_ERR_SPEC, "unknown option of csv 'sep'");
    assert_null(data);
    deepid_ctx_destroy(ctx);
}

static void lines_and_cells_are_what_people_write(void **state)
{
    (void)state;
    static const csv_case cases[] = {
        {"\xef\xbb\xbf"
         "1,2,0\n3,4,1\n",
         "", "1 2 [0] 3 4 [1] "}, /* a byte order mark, with and without names */
        {"\xef\xbb\xbf"
         "a,b,c\n3,4,1\n",
         "", "3 4 [1] "},
        {"1,2,0\r\n3,4,1\r\n", "", "1 2 [0] 3 4 [1] "}, /* ends of lines */
        {"1,2,0\r3,4,1", "", "1 2 [0] 3 4 [1] "},
        {"\n \n1,2,0\n\r\n\t\n3,4,1\n\n", "", "1 2 [0] 3 4 [1] "},            /* empty lines */
        {"\"5.1\",\" 2 \",\"0\"\n 3 , \"4\" ,1\n", "", "5.1 2 [0] 3 4 [1] "}, /* quotes, blanks */
        {"\"a, b\",\"of \"\"two\"\" lines\",c\n3,4,1\n5,x,1\n", "",
         "line 3, column 2 (of \"two\" lines): 'x' is not a finite decimal number"},
        {",a,b\n1,2,0\n", "", "1 2 [0] "},                          /* a nameless column of names */
        {"+1.,.5,0\n-3e2,4E-400,1\n", "", "1 0.5 [0] -300 0 [1] "}, /* underflow is 0 */
        {"4.9e-324,1e-310,0\n", "", "4.94065645841247e-324 9.99999999999997e-311 [0] "},
        {"1;2;0\n", "delimiter=semicolon", "1 2 [0] "},
        {"1\t2\t0\n", "delimiter=tab", "1 2 [0] "},
        {"\t2\t0\n", "delimiter=tab", "line 1, column 1: the cell is empty; missing=drop"},
        {"1,2,0\n", "label=first", "2 0 [1] "},
        {"title of the table\n1,2,0\n", "header=yes", "1 2 [0] "},
        {"1,2,0\n3,4,1\n", "header=yes", "3 4 [1] "},
    };
    read_as_expected(cases, sizeof cases / sizeof *cases);
}

static void the_first_row_is_a_sample_as_soon_as_one_cell_is_a_number(void **state)
{
    (void)state;
    static const csv_case cases[] = {
        {",3.5,0\n1,2,0\n", "", "line 1, column 1: the cell is empty; missing=drop"},
        {"?,3.5,0\n1,2,0\n", "", "line 1, column 1: the cell is missing ('?'); missing=drop leaves such rows out"},
        {"NA,3.5,0\n1,2,0\n", "", "line 1, column 1: the cell is missing ('NA')"},
        {"5 1,3.5,0\n1,2,0\n", "", "line 1, column 1: '5 1' is not a finite decimal number"},
        {"\xe2\x88\x92"
         "5,3.5,0\n1,2,0\n",
         "",
         "line 1, column 1: '\xe2\x88\x92"
         "5' is not a finite decimal number"},
        {"a,b,1\n1,2,0\n", "", "line 1, column 1: 'a' is not a finite decimal number"},
        {"a,nan,b\n1,2,0\n", "", "line 1, column 2: the cell is missing ('nan')"},
        {"?,NA,\n1,2,0\n", "", "line 1, column 1: the cell is missing ('?')"}, /* nor names */
        /* of Fortran, of old C, of spreadsheets, of R */
        {"1.5D+00,2D+00,0D+00\n1,2,0\n", "", "line 1, column 1: '1.5D+00' is not a finite decimal number"},
        {"1.#INF,-1.#IND,1.#QNAN\n1,2,0\n", "", "line 1, column 1: '1.#INF' is not a finite decimal number"},
        {"\"1,5e3\",\"2,5e3\",\"0e0\"\n1,2,0\n", "",
         "line 1, column 1: '1,5e3' is not a finite decimal number; decimal=, reads it as 1500"},
        {"#DIV/0!,#VALUE!,x\n1,2,0\n", "header=no", "line 1, column 1: '#DIV/0!' is not a finite decimal number"},
        {"<NA>,NaT,\\N\n1,2,0\n", "", "line 1, column 1: the cell is missing ('<NA>')"},
        {"True,FALSE,true\n1,2,0\n", "", "line 1, column 1: 'True' is not a finite decimal number"},
        {"\xe2\x88\x92"
         "1e5,5kg,0e\n1,2,0\n",
         "",
         "line 1, column 1: '\xe2\x88\x92"
         "1e5' is not a finite decimal number"},
        {"'a',2nd,#\n1,2,0\n", "", "1 2 [0] "}, /* one name is enough */
        {"1st,_b,2nd\n1,2,0\n", "", "1 2 [0] "},
        {"\xc3\xa4,1x1,1x2\n1,2,0\n", "", "1 2 [0] "},
        {"a,b,c\n1,2,0\n", "header=no", "line 1, column 1: 'a' is not a finite decimal number"},
    };
    read_as_expected(cases, sizeof cases / sizeof *cases);
}

static void every_cell_is_a_finite_decimal_number(void **state)
{
    (void)state;
    static const csv_case cases[] = {
        {"1,2,0\nnan,4,1\n", "", "line 2, column 1: the cell is missing ('nan')"},
        {"1,2,0\n3,-Infinity,1\n", "", "line 2, column 2: '-Infinity' is not a finite decimal number"},
        {"1,2,0\n3,4,inf\n", "", "line 2, column 3: 'inf' is not a finite decimal number"},
        {"1,2,0\n0x10,4,1\n", "", "line 2, column 1: '0x10' is not a finite decimal number"},
        {"1,2,0\n0x1p3,4,1\n", "", "line 2, column 1: '0x1p3' is not a finite decimal number"},
        {"1,2,0\n1e400,4,1\n", "", "line 2, column 1: '1e400' is not a finite decimal number"},
        {"1,2,0\n1_000,4,1\n", "", "line 2, column 1: '1_000' is not a finite decimal number"},
        {"1,2,0\n1d5,4,1\n", "", "line 2, column 1: '1d5' is not a finite decimal number"},
        {"1,2,0\n3 kg,4,1\n", "", "line 2, column 1: '3 kg' is not a finite decimal number"},
        {"1,2,0\n-,4,1\n", "", "line 2, column 1: '-' is not a finite decimal number"},
        {"1,2,0\n\"3\"4,4,1\n", "", "line 2, column 1: the quotes around the cell do not end it"},
        {"1,2,0\n\"3,4,1\n", "", "line 2, column 1: the quotes around the cell do not end it"},
        {"1,2,0,\n3,4,1,\n", "", "1 2 [0] 3 4 [1] "}, /* a separator too many */
        {"1,2,0\n3,4,1,\n", "", "line 2: 4 cells, expected 3 as in the lines before"},
        {"a,b\n1,2,0\n", "", "line 2: 3 cells, expected 2 as in the lines before"},
        {"1\n2\n", "", "line 1: one column, expected features and a label; delimiter=... names what is between cells"},
        {"1;2;0\n", "delimiter=,", "line 1: one column, expected features and a label"},
    };
    read_as_expected(cases, sizeof cases / sizeof *cases);
}

static void other_encodings_are_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *wide = temporary("wide.csv");
    deepid_dataset *data = NULL;
    write_bytes(wide,
                "\xff\xfe"
                "1\0,\0",
                6);
    REFUSED(deepid_dataset_load_csv(ctx, wide, "", &data), DEEPID_ERR_FORMAT,
            "wide.csv' is no CSV of UTF-8 but of UTF-16");
    write_bytes(wide, "1,2\0,0\n", 8);
    REFUSED(deepid_dataset_load_csv(ctx, wide, "", &data), DEEPID_ERR_FORMAT, "it has a byte 0");
    write_text(wide, "PK\003\004zz\n");
    REFUSED(deepid_dataset_load_csv(ctx, wide, "", &data), DEEPID_ERR_FORMAT, ".xlsx, .ods): save it as CSV");
    write_text(wide, "1,2,0\n");
    REFUSED(deepid_dataset_load_csv(ctx, wide, "label=none", &data), DEEPID_ERR_SPEC, "last|first");
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_read_and_damage_is_found),
        cmocka_unit_test(lines_and_cells_are_what_people_write),
        cmocka_unit_test(the_first_row_is_a_sample_as_soon_as_one_cell_is_a_number),
        cmocka_unit_test(every_cell_is_a_finite_decimal_number),
        cmocka_unit_test(other_encodings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
