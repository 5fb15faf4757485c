/* What stands around the table of a CSV, and bytes that are no UTF-8: read and told, or refused with the way out. */
#include "support/csv.h"

#include "data/data.h"

#include <string.h>

static void empty_columns_at_the_end_are_left_out(void **state)
{
    (void)state;
    static const csv_case cases[] = {
        {"a,b,y,\n1,2,u,\n3,4,v,\n", "", "1 2 [u] 3 4 [v] "},
        {"a,b,y,,\n1,2,u,,\n3,4,v,,\n", "", "1 2 [u] 3 4 [v] "},
        {"1,2,0,\n3,4,1,\n", "", "1 2 [0] 3 4 [1] "},
        {"a,b,y\n1,2,u,\n3,4,v,\n", "", "1 2 [u] 3 4 [v] "}, /* in the rows alone, in the names alone */
        {"a,b,y,\n1,2,u\n3,4,v\n", "", "1 2 [u] 3 4 [v] "},
        {"a,b,y,\n1,2,u,\n3,4,v,\n", "header=yes keep=a", "1 [u] 3 [v] "},
        {"a;b;y;\n1;2;u;\n3;4;v;\n", "label=first", "2 1 0 [1] 4 0 1 [3] "},
        {"a,b,y,\n1,2,u,\n3,4,v,x\n", "", "line 2, column 4: the cell is empty"}, /* one is not empty */
        {"a,b,y,z\n1,2,u,\n3,4,v,\n", "", "line 2, column 4 (z): the cell is empty"},
        {"a,b,y,\n1,2,u,\n3,4,v\n", "", "line 3: 3 cells, expected 4"},
        {"a,b,y,\n1,2,u,\n", "drop=4", "line 1, column 6: unknown column for drop '4'"},
    };
    read_as_expected(cases, sizeof cases / sizeof *cases);
}

static void lines_above_the_table_are_skipped_or_named(void **state)
{
    (void)state;
    static const csv_case cases[] = {
        {"sep=;\na;b;y\n1;2;0\n3;4;1\n", "", "1 2 [0] 3 4 [1] "},
        {"\xef\xbb\xbf\"sep=|\"\r\n1|2|0\r\n3|4|1\r\n", "", "1 2 [0] 3 4 [1] "},
        {"SEP=\t\n1\t2\t0\n3\t4\t1\n", "", "1 2 [0] 3 4 [1] "},
        {"sep=:\n1,2,0\n3,4,1\n5,6,1\n", "", "line 1: 1 cell, line 2 and most others have 3: skip=1 leaves out"},
        {"Of May\na,b,y\n1,2,0\n3,4,1\n", "", "line 1: 1 cell, line 2 and most others have 3: skip=1 leaves out"},
        {"Of May\n\nin cm, g\na,b,y\n1,2,0\n3,4,1\n5,6,1\n", "",
         "line 1: 1 cell, line 4 and most others have 3: skip=3 leaves out"},
        {"Of May\n\nin cm, g\na,b,y\n1,2,0\n3,4,1\n", "skip=3", "1 2 [0] 3 4 [1] "},
        {"Of May\r\rin cm, g\ra,b,y\r1,2,y\r3,4,x 1\r", "skip=3", "1 2 [y] 3 4 [x 1] "},
        {"Of May\na,b,y\n1,x,0\n3,4,1\n", "skip=1", "line 3, column 2 (b): 'x' is not a finite decimal number"},
        {"a,b,y\nr,1,2,0\ns,3,4,1\n", "",
         "line 1: 3 cells, line 2 and most others have 4: skip=1 leaves out what stands above the table; where each "
         "row "
         "begins with its own name, as R writes them, skip=1 header=no drop=1"},
        {"a,b,y\nr,1,2,0\ns,3,4,1\n", "skip=1 header=no drop=1", "1 2 [0] 3 4 [1] "},
        {"Of May,,\na,b,y\n1,2,0\n", "",
         "line 2, column 1 (Of May): 'a' is not a finite decimal number; skip=1 where line 2 has the names; drop="},
        {"1,2,0\n", "skip=-1", "line 1, column 6: csv: skip is -1, expected 0 to 1048576"},
        {"a b y\n1 2 0\n", "",
         "line 1: one column, expected features and a label; delimiter=blank names what is between"},
    };
    read_as_expected(cases, sizeof cases / sizeof *cases);
}

static void other_bytes_are_read_as_windows_1252(void **state)
{
    (void)state;
    static const csv_case cases[] = {
        {"gr\xf6\xdf,y\n1,f\xfcnf\n2,\x80 5\n", "", "1 [f\xc3\xbcnf] 2 [\xe2\x82\xac 5] "},
        {"gr\xf6\xdf,y\n1,u\n2,v\n", "label=gr\xc3\xb6\xc3\x9f categories=1", "1 0 [1] 0 1 [2] "},
        {"a,y\n1,\x81\n2,\xc3\xbc\n", "", "1 [\xef\xbf\xbd] 2 [\xc3\x83\xc2\xbc] "}, /* one bad byte: no UTF-8 at all */
        {"a,y\n1,\xe4\xb8\xad\n2,\xf0\x9f\x8c\xb8\n", "", "1 [\xe4\xb8\xad] 2 [\xf0\x9f\x8c\xb8] "},
        {"a,y\n1,\xc0\xaf\n", "", "1 [\xc3\x80\xc2\xaf] "}, /* overlong, cut off */
        {"a,y\n1,\xe2\x82", "", "1 [\xc3\xa2\xe2\x80\x9a] "},
    };
    read_as_expected(cases, sizeof cases / sizeof *cases);
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    const char *path = temporary("latin.csv");
    write_text(path, "a,y\n1,f\xfcnf\n2,zw\xf6lf\n");
    OK(deepid_dataset_load_csv(ctx, path, "", &data));
    assert_non_null(strstr(deepid_dataset_about(data), "names in the first row; not UTF-8, read as Windows-1252; "));
    deepid_dataset_destroy(data);
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

static void wide_texts_are_refused_with_the_line_that_converts_them(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *encoding;
        size_t count;
    } cases[] = {
        {"\xff\xfe"
         "a\0,\0b\0\n\0",
         "UTF-16", 10},
        {"\xfe\xff"
         "\0a\0,\0b\0\n",
         "UTF-16", 10},
        {"a\0,\0b\0\n\0", "UTF-16LE", 8},
        {"\0a\0,\0b\0\n", "UTF-16BE", 8},
        {"\xff\xfe\0\0"
         "a\0\0\0",
         "UTF-32", 8},
        {"\0\0\xfe\xff"
         "\0\0\0a",
         "UTF-32", 8},
    };
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    const char *path = temporary("wide.csv");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[64];
        snprintf(line, sizeof line, "; iconv -f %s -t UTF-8 '", cases[i].encoding);
        write_bytes(path, cases[i].bytes, cases[i].count);
        REFUSED(deepid_dataset_load_csv(ctx, path, "", &data), DEEPID_ERR_FORMAT, line);
    }
    deepid_ctx_destroy(ctx);
}

static void what_is_meant_as_a_number_is_refused_by_its_name(void **state)
{
    (void)state;
    static const csv_case cases[] = {
        {"a,b,y\n\"1,234,567\",2,0\n", "",
         "line 2, column 1 (a): '1,234,567' is not a finite decimal number; leave separators of thousands"},
        {"a;y\n1.234,5;0\n", "decimal=,",
         "line 2, column 1 (a): '1.234,5' is not a finite decimal number; leave separators of thousands"},
        {"a;y\n1 234;0\n", "",
         "line 2, column 1 (a): '1 234' is not a finite decimal number; leave separators of thousands"},
        {"a;y\n-1\xe2\x80\xaf"
         "234;0\n",
         "",
         "line 2, column 1 (a): '-1\xe2\x80\xaf"
         "234' is not a finite decimal number; leave separators of thousands out"},
        {"a;y\n\"1,234\";0\n", "",
         "line 2, column 1 (a): '1,234' is not a finite decimal number; decimal=, reads it as 1.234; where the comma "
         "separates thousands, leave it out"},
        {"a;y\n1,5;0\n", "", "line 2, column 1 (a): '1,5' is not a finite decimal number; decimal=, reads it as 1.5"},
        {"a;y\n1 23;0\n", "", "line 2, column 1 (a): '1 23' is not a finite decimal number; categories=a"},
        {"a;y\n1234 567;0\n", "", "line 2, column 1 (a): '1234 567' is not a finite decimal number; categories=a"},
        {"t,y\n2024-05-01,0\n", "",
         "line 2, column 1 (t): '2024-05-01' is not a finite decimal number; a date is no number: write one instead, "
         "such as days since the first, or drop=t"},
        {"t,y\n1/5/2024,0\n", "",
         "line 2, column 1 (t): '1/5/2024' is not a finite decimal number; a date is no number"},
        {"t,y\n2024-05-01T10:00:00,0\n", "",
         "line 2, column 1 (t): '2024-05-01T10:00:00' is not a finite decimal number; a date is no number"},
        {"t,y\n10-20,0\n", "", "line 2, column 1 (t): '10-20' is not a finite decimal number; categories=t"},
        {"a,y\n'0.5',0\n", "", "line 2, column 1 (a): ''0.5'' is not a finite decimal number"},
        {"a,y\n'x',0\n'x',1\n", "", "1 [0] 1 [1] "},
    };
    read_as_expected(cases, sizeof cases / sizeof *cases);
}

static void columns_to_look_at_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *options, *about, *warning; /* NULL: any */
    } cases[] = {
        {"a,b,c,y\n1,3,x,u\n2,3,x,v\n", "", "; the same in every row: b, c", NULL},
        {"a,b,y,\n1,3,u,\n2,4,v,\n", "", ", names in the first row; 1 empty column at the end of every row left out;",
         NULL},
        {"a,b,y\n1,,u\n2,,v\n3,4,v\n", "missing=drop", "; 2 rows left out for missing cells, 2 of them in b", NULL},
        {"class,a,b\nu,1,2\nv,2,1\n", "", NULL,
         "The label is the last column, b; column 1 has the name of one: label=class takes it."},
        {"class,a,b\nu,1,2\nv,2,1\n", "label=b", NULL, ""},
        {"class,a,y\nu,1,2\nv,2,1\n", "", NULL, ""},
        {"a,a,y\n1,2,u\n2,4,v\n", "", NULL, "Columns 1 and 2 are both called a."},
        {"a,PassengerId,y\n1,7,u\n2,8,v\n", "", NULL,
         "A column ('PassengerId') has the name of an index: it is taken as a feature; drop=2 leaves it out."},
        {"a,store_id,y\n1,7,u\n2,7,v\n", "", NULL, ""},
        {"acid,y\n1,u\n2,v\n", "", NULL, ""},
        {"a,y\n1,cat\n2,cat\n", "", NULL, "All 2 samples have label 0 (cat): there is nothing to tell apart."},
    };
    deepid_ctx *ctx = new_ctx(1);
    const char *path = temporary("named.csv");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        deepid_dataset *data = NULL;
        write_text(path, cases[i].text);
        OK(deepid_dataset_load_csv(ctx, path, cases[i].options, &data));
        if (cases[i].about && !strstr(deepid_dataset_about(data), cases[i].about))
            fail_msg("case %zu: %s", i, deepid_dataset_about(data));
        const char *warnings = deepid_dataset_warnings(data);
        if (cases[i].warning && (*cases[i].warning ? !strstr(warnings, cases[i].warning) : *warnings))
            fail_msg("case %zu: %s", i, warnings);
        deepid_dataset_destroy(data);
    }
    deepid_dataset *data = NULL;
    write_text(path, "a,cabin,y\n1,,u\n2,,v\n?,,v\n");
    REFUSED(deepid_dataset_load_csv(ctx, path, "missing=drop", &data), DEEPID_ERR_FORMAT,
            "every row of 3 has a missing cell, 3 of them in column cabin; drop=cabin leaves that column out");
    write_text(path, "1,2,0\n");
    REFUSED(deepid_dataset_load_csv(ctx, path, "skip=9", &data), DEEPID_ERR_FORMAT,
            "has no rows behind the 9 lines that skip leaves out");
    write_text(path, "species,a,b\nu,1,2.5\n");
    REFUSED(deepid_dataset_load_csv(ctx, path, "", &data), DEEPID_ERR_LABEL,
            "to predict a number say targets=b, or label=species");
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

static int32_t load(deepid_ctx *ctx, void *arg)
{
    deepid_dataset *data = NULL;
    const int32_t status = deepid_dataset_load_csv(ctx, arg, "", &data);
    deepid_dataset_destroy(data);
    return status;
}

static void every_failing_allocation_is_survived(void **state)
{
    (void)state;
    write_text(temporary("oom.csv"), "a,\xe4,y,\n1,u,x,\n2,v,y,\n");
    survives_every_failing_allocation("a table of other bytes", load, (void *)temporary("oom.csv"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_columns_at_the_end_are_left_out),
        cmocka_unit_test(lines_above_the_table_are_skipped_or_named),
        cmocka_unit_test(other_bytes_are_read_as_windows_1252),
        cmocka_unit_test(wide_texts_are_refused_with_the_line_that_converts_them),
        cmocka_unit_test(what_is_meant_as_a_number_is_refused_by_its_name),
        cmocka_unit_test(columns_to_look_at_are_named),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
