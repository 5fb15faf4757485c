/* Columns of a CSV as people have them: which delimiter, which names, what is a label, a target, a category,
   missing. */
#include "support/csv.h"

#include "data/data.h"

#include <math.h>

static void delimiters_and_names_are_found_by_looking(void **state)
{
    (void)state;
    static const csv_case cases[] = {
        {"1;2;0\n3;4;1\n", "", "1 2 [0] 3 4 [1] "},
        {"1\t2\t0\n3\t4\t1\n", "", "1 2 [0] 3 4 [1] "},
        {"1|2|0\n3|4|1\n", "", "1 2 [0] 3 4 [1] "},
        {"1,5;2,25;0\n-3,5e1;4;1\n", "decimal=,", "1.5 2.25 [0] -35 4 [1] "}, /* more cells between commas */
        {"1,5;2,25;0\n", "", "line 1, column 1: '1,5' is not a finite decimal number; decimal=, reads it as 1.5"},
        {"\"1,5\";2;0\n", "decimal=comma delimiter=;", "1.5 2 [0] "},
        {"1.5;2;0\n", "decimal=,", "line 1, column 1: '1.5' is not a finite decimal number"},
        {"1,2,0\n", "decimal=,", "line 1: one column, expected features and a label"}, /* no comma is both */
        {"a;b,c;d\n1;2;0\n", "", "1 2 [0] "},
        {"u,a|b,0\nv,c|d,1\n", "header=no categories=2 label=3", "1 0 1 0 [0] 0 1 0 1 [1] "},
        {" 1   2\t0 \n3 4 1\n", "delimiter=blank", "1 2 [0] 3 4 [1] "},
        {"# said\n1,2,0\n  # more\n3,4,1\n", "comment=#", "1 2 [0] 3 4 [1] "},
        {"150,4,setosa\n1,2,0\n", "header=yes", "1 2 [0] "},
        {"569,30,malignant,benign\n1,2,0\n", "header=yes", "1 2 [0] "}, /* a title of other length */
        {"class,cap\np,x\ne,x\n", "label=class", "1 [p] 1 [e] "},       /* texts alone, with names and without */
        {"p,x\ne,x\np,y\n", "label=1", "1 0 [p] 1 0 [e] 0 1 [p] "},
        {"2001,2002,2003\n1,2,0\n", "header=yes label=2003", "1 2 [0] "},
        {"x,label\n\"a \"\"b\"\", c\",0\n\"two\nlines\",1\n", "", "1 0 [0] 0 1 [1] "},
        {"1,2,3,4,5,6,0\n", "series=3x2", "1 2 3 4 5 6 [0] "},
        {"1,2,3,4,5,6,0\n", "series=3x2 layout=cl", "1 4 2 5 3 6 [0] "},
        {"1,2,0\n", "shape=2 series=2", "csv: give shape or series, not both"},
        {"1,2,0\n", "layout=cl", "csv: layout is of series; give series=LENGTHxCHANNELS"},
        {"1,2,0\n", "delimiter=x", "expected comma, semicolon, tab, bar, blank, or one of , ; |"},
        {"1,2,0\n", "delimiter=, decimal=,", "line 1, column 21: csv: delimiter and decimal are both a comma"},
    };
    read_as_expected(cases, sizeof cases / sizeof *cases);
}

static void labels_are_numbers_texts_or_columns(void **state)
{
    (void)state;
    static const csv_case cases[] = {
        {"a,c\n1,1\n2,3\n3,2\n", "", "1 [1] 2 [3] 3 [2] "},
        {"a,c\n1,-1\n2,1\n3,+1\n", "", "1 [-1] 2 [1] 3 [1] "},
        {"a,c\n1,1.0\n2,1\n3,0\n", "", "1 [1] 2 [1] 3 [0] "},
        {"a,c\n1,10\n2,9\n", "", "1 [10] 2 [9] "},
        {"a,c\n1,True\n2,False\n", "", "1 [True] 2 [False] "},
        {"a,c\n1,true\n2,False\n3,True\n4,FALSE\n", "", "1 [True] 2 [FALSE] 3 [True] 4 [FALSE] "},
        {"a,c\n1,true\n2,False\n3,True\n", "categories=c", "1 [true] 2 [False] 3 [True] "},
        {"a,c\n1,true\n2,unknown\n3,True\n", "", "1 [true] 2 [unknown] 3 [True] "},
        {"a,c\n1,<=50K\n2,>50K\n", "", "1 [<=50K] 2 [>50K] "},
        {"a,c\n1,9007199254740991\n2,-9007199254740991\n", "", "1 [9007199254740991] 2 [-9007199254740991] "},
        {"a,c\n1,0\n2,9007199254740993\n", "",
         "line 3, column 2 (c): the label is 9007199254740993, expected a whole number below 2^53, since larger ones "
         "are "
         "not kept apart; categories=c takes the column as text"},
        {"a,c\n1,-9007199254740992\n", "", "line 2, column 2 (c): the label is -9007199254740992, expected"},
        {"a,c\n1,9223372036854775807\n2,9223372036854775808\n3,9223372036854775806\n", "categories=c",
         "1 [9223372036854775807] 2 [9223372036854775808] 3 [9223372036854775806] "},
        {"first name,c\nx,1\ny,2\n", "label=\"first name\"", "1 [x] 2 [y] "},
        {"c,a\nx,1\ny,2\n", "label=first", "1 [x] 2 [y] "},
        {"c,a\nx,1\ny,2\n", "label=1", "1 [x] 2 [y] "},
        {"a,c,d\n1,x,7\n", "drop=d", "1 [x] "}, /* the last that is left */
        {"a,c,d\n1,x,7\n", "keep=a label=c", "1 [x] "},
        {"a,u,v\n1,1,0\n2,0,1\n", "label=u,v", "1 [u] 2 [v] "},
        {"a,u,v\n1,1,0\n2,0,1\n", "label=v,u", "1 [u] 2 [v] "},
        {"1,1,0\n2,0,1\n", "label=2,3", "1 [2] 2 [3] "},
        {"a,u,v\n1,1,0\n2,1,1\n", "label=u,v", "line 3: 2 of the 2 columns of classes are 1, expected one"},
        {"a,u,v\n1,1,0\n2,2,1\n", "label=u,v", "line 3, column 2 (u): 2, expected 0 or 1"},
        {"a,p,q\n1,2.5,-3\n", "targets=q,p", "1 {-3} {2.5} "},
        {"a,p\n1,2.5\n", "",
         "line 2, column 2 (p): the label is 2.5, expected a whole number or a text; to predict a "
         "number say targets=p"},
        {"a,p\n1,x\n", "targets=p", "line 2, column 2 (p): 'x' is not a finite decimal number"},
        {"a,p\n1,2\n", "targets=p label=p", "line 1, column 9: csv: give label or targets, not both"},
        {"a,p\n1,2\n", "label=c", "line 1, column 7: unknown column for label 'c'; known: a, p"},
        {"a,p\n1,2\n", "label=3", "line 1, column 7: unknown column for label '3'; known: a, p"},
        {"1,2\n", "label=3", "expected a column from 1 to 2"},
        {"a,a\n1,2\n", "label=a", "line 1, column 7: csv: 2 columns of"},
        {"a,p\n1,2\n", "drop=a", "csv: no column of"},
    };
    read_as_expected(cases, sizeof cases / sizeof *cases);
}

static void texts_become_categories_in_sorted_order(void **state)
{
    (void)state;
    static const csv_case cases[] = {
        {"colour,c\nred,0\nblue,1\nred,1\n", "", "0 1 [0] 1 0 [1] 0 1 [1] "},
        {"smoker,c\nTRUE,0\nfalse,1\n", "", "1 [0] 0 [1] "},
        {"code,c\n10,0\n9,1\n10,0\n", "categories=code", "0 1 [0] 1 0 [1] 0 1 [0] "}, /* numbers by their size */
        {"doors,c\n2,0\n5more,1\n", "categories=1", "1 0 [0] 0 1 [1] "},
        {"doors,c\n2,0\n5more,1\n", "",
         "line 3, column 1 (doors): '5more' is not a finite decimal number; categories=doors takes the column as text, "
         "drop=doors leaves it out"},
        {"age,c\n20-29,0\n", "", "line 2, column 1 (age): '20-29' is not a finite decimal number; categories=age"},
        {"x,c\nabc,0\n1,1\n", "", "line 2, column 1 (x): 'abc' is not a finite decimal number"},
    };
    read_as_expected(cases, sizeof cases / sizeof *cases);
    deepid_ctx *ctx = new_ctx(1);
    char text[4000] = "x,c\n";
    for (int i = 0; i < 257; i++)
        sprintf(text + strlen(text), "w%d,0\n", i);
    assert_non_null(strstr(read_csv(ctx, text, ""), "line 258, column 1 (x): more than 256 different texts"));
    deepid_ctx_destroy(ctx);
}

static void missing_cells_are_refused_left_out_or_filled(void **state)
{
    (void)state;
    static const csv_case cases[] = {
        {"a,b,c\n1,,0\n", "",
         "line 2, column 2 (b): the cell is empty; missing=drop leaves such rows out, missing=mean "
         "takes the column's mean, drop=b leaves the column out"},
        {"a,b,c\n1,2,0\n?,3,1\n5,4,1\n", "missing=drop", "1 2 [0] 5 4 [1] "},
        {"a,b,c\n1,2,0\nNA,3,1\n5,4,1\n", "missing=mean", "1 2 [0] 3 3 [1] 5 4 [1] "},
        {"a,b,c\n1,x,0\n1,null,1\n1,y,1\n1,y,1\n1,y,1\n", "missing=mean",
         "1 1 0 [0] 1 0.25 0.75 [1] 1 0 1 [1] 1 0 1 [1] 1 0 1 [1] "},
        {"a,c\n1,0\n2,\n", "missing=mean",
         "line 3, column 2 (c): the cell is empty; missing=drop leaves such rows out, "
         "and a label or target cannot be filled in"},
        {"a,b,c\n1,u,0\n,v,9\n2,u,1\n", "missing=drop", "1 1 [0] 2 1 [1] "}, /* nor their classes and categories */
        {"a,b,c\n1,,0\n2,,1\n", "missing=mean", "column 2 (b): every cell is missing"},
        {"a,b,c\n1,,0\n2,,1\n", "missing=drop", "read_csv"},
        {"a,b,c\n1,,0\n2,,1\n", "drop=b", "1 [0] 2 [1] "},
    };
    read_as_expected(cases, 7);
    read_as_expected(cases + 8, 1);
    deepid_ctx *ctx = new_ctx(1);
    assert_non_null(strstr(read_csv(ctx, cases[7].text, "missing=drop"), "every row of 2 has a missing cell"));
    deepid_ctx_destroy(ctx);
}

static void what_was_read_is_said(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    const char *path = temporary("iris.csv");
    write_text(path, "id;length;colour;wild;species\n1;1,5;red;true;b\n2;2,5;;false;a\n3;3,5;blue;true;b\n");
    OK(deepid_dataset_load_csv(ctx, path, "decimal=, missing=drop", &data));
    assert_string_equal(
        deepid_dataset_about(data),
        "3 rows of 5 columns between semicolons, names in the first row, decimal commas; label species: "
        "b = 0; colour in 2 features: blue, red; wild: false = 0, true = 1; the same in every row: wild; 1 row left "
        "out for missing "
        "cells");
    assert_non_null(strstr(deepid_dataset_warnings(data), "('id') has the name of an index"));
    deepid_dataset_destroy(data);
    OK(deepid_dataset_load_csv(ctx, path, "decimal=, missing=mean drop=wild", &data));
    assert_true(dpid_dataset_largest_class(data) == 2.0 / 3);
    assert_true(isnan(dpid_dataset_largest_class(NULL)));
    assert_string_equal(
        deepid_dataset_about(data),
        "3 rows of 5 columns between semicolons, names in the first row, decimal commas; label species: "
        "a = 0, b = 1; dropped: wild; colour in 2 features: blue, red; 1 missing cell filled with the "
        "mean of the column");
    assert_non_null(strstr(deepid_dataset_warnings(data), "('id') counts the rows"));
    deepid_dataset_destroy(data);
    write_text(path, "0,1,2,3\n5,6,7,0\n");
    OK(deepid_dataset_load_csv(ctx, path, "", &data));
    assert_non_null(strstr(deepid_dataset_warnings(data), "header=yes takes it as names"));
    deepid_dataset_destroy(data);
    char text[2000] = "age,price\n";
    for (int i = 0; i < 30; i++)
        sprintf(text + strlen(text), "%d,%d\n", i % 7, 100 + 3 * i);
    write_text(path, text);
    OK(deepid_dataset_load_csv(ctx, path, "", &data));
    assert_non_null(strstr(deepid_dataset_warnings(data), "say targets=price"));
    assert_null(strstr(deepid_dataset_warnings(data), "differ in nearly every row"));
    deepid_dataset_destroy(data);
    OK(deepid_dataset_load_csv(ctx, path, "categories=price label=age", &data));
    assert_non_null(
        strstr(deepid_dataset_warnings(data), "The texts of price differ in nearly every row (30 in 30 rows): drop=2"));
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* Other data have their classes and categories by the numbers of the training data. */
static void data_are_read_like_others(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *train = NULL;
    deepid_dataset *data = NULL;
    deepid_dataset *none = NULL;
    char source[400];
    write_text(temporary("train.csv"), "a,colour,c\n1,red,x\n2,blue,y\n6,red,z\n");
    snprintf(source, sizeof source, "csv:\"%s\" missing=mean", temporary("train.csv"));
    OK(deepid_dataset_open(ctx, source, 1, &train, &none));
    snprintf(source, sizeof source, "csv:%s missing=mean", temporary("valid.csv"));
    write_text(temporary("valid.csv"), "a,colour,c\n,red,z\n8,red,y\n");
    OK(deepid_dataset_open_like(ctx, source, 1, train, &data, &none));
    assert_int_equal(deepid_dataset_classes(data), 3);
    assert_int_equal(deepid_dataset_labels(data)[0], 2);
    assert_int_equal(deepid_dataset_labels(data)[1], 1);
    assert_int_equal(deepid_dataset_extent(data, 0), 3);
    assert_true(dpid_dataset_feature(data, 0, 0) == 3 && dpid_dataset_feature(data, 0, 1) == 0 &&
                dpid_dataset_feature(data, 0, 2) == 1);
    deepid_dataset_destroy(data);
    data = NULL;
    write_text(temporary("valid.csv"), "a,colour,c\n1,red,w\n");
    REFUSED(deepid_dataset_open_like(ctx, source, 1, train, &data, &none), DEEPID_ERR_LABEL, "has no class 'w'");
    write_text(temporary("valid.csv"), "a,colour,c\n1,green,x\n");
    REFUSED(deepid_dataset_open_like(ctx, source, 1, train, &data, &none), DEEPID_ERR_FORMAT, "no category 'green'");
    write_text(temporary("valid.csv"), "a,shade,c\n1,red,x\n");
    REFUSED(deepid_dataset_open_like(ctx, source, 1, train, &data, &none), DEEPID_ERR_FORMAT, "column 2 is 'shade'");
    write_text(temporary("valid.csv"), "a,colour,c\n1,5,x\n");
    REFUSED(deepid_dataset_open_like(ctx, source, 1, train, &data, &none), DEEPID_ERR_FORMAT,
            "has numbers, that of the training data texts");
    write_text(temporary("valid.csv"), "a,c\n1,x\n");
    REFUSED(deepid_dataset_open_like(ctx, source, 1, train, &data, &none), DEEPID_ERR_FORMAT, "1 columns of features");
    assert_null(data);
    deepid_dataset_destroy(train);
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

/* Opens valid.csv with options like train.csv with its own. */
static int32_t open_pair(deepid_ctx *ctx, const char *train, const char *train_options, const char *valid,
                         const char *options, deepid_dataset **out)
{
    char source[400];
    deepid_dataset *first = NULL;
    deepid_dataset *none = NULL;
    *out = NULL;
    write_text(temporary("train.csv"), train);
    snprintf(source, sizeof source, "csv:\"%s\" %s", temporary("train.csv"), train_options);
    OK(deepid_dataset_open(ctx, source, 1, &first, &none));
    write_text(temporary("valid.csv"), valid);
    snprintf(source, sizeof source, "csv:\"%s\" %s", temporary("valid.csv"), options);
    const int32_t status = deepid_dataset_open_like(ctx, source, 1, first, out, &none);
    deepid_dataset_destroy(first);
    return status;
}

/* Labels and targets of other data are those columns that have their names. */
static void labels_and_targets_are_found_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *train, *train_options, *valid, *options, *refusal; /* NULL: labels or targets 1, 0 */
    } cases[] = {
        {"a,b,y\n1,2,0\n3,4,1\n", "", "a,b,y\n1,2,1\n3,4,0\n", "", NULL},
        {"a,b,y\n1,2,0\n3,4,1\n", "", "y,a,b\n1,1,2\n0,3,4\n", "", NULL},
        {"a,b,y\n1,2,0\n3,4,1\n", "", "1,2,1\n3,4,0\n", "", NULL},
        {"a,y\n1,True\n2,False\n", "", "a,y\n1,true\n2,FALSE\n", "", NULL},
        {"1,2,0\n3,4,1\n", "", "a,b,z\n1,2,1\n3,4,0\n", "", NULL},
        {"a,b,y\n1,2,0\n3,4,1\n", "", "a,b,z\n1,2,1\n3,4,0\n", "", "no column 'y', which is the label"},
        {"a,b,y\n1,2,0\n3,4,1\n", "", "a,b,z\n1,2,1\n", "label=z",
         "the label is column 'z', that of the training data"},
        {"a,b,y\n1,2,0\n3,4,1\n", "", "a,b,z\n1,2,1\n", "label=last", "the label is column 'z'"},
        {"a,b,y\n1,2,0\n3,4,1\n", "", "a,y,y\n1,2,1\n", "", "more than one column 'y'"},
        {"a,p,q\n1,0.5,0\n", "targets=q", "q,a,p\n1,2,3\n0,2,3\n", "", NULL},
        {"a,p,q\n1,0.5,0\n", "targets=q", "a,p,r\n1,2,3\n", "targets=r", "the target is column 'r'"},
        {"a,p,q\n1,0.5,0\n", "targets=p,q", "a,p,q\n1,2,3\n", "targets=q,p", "the target is column 'q', that of"},
        {"a,p,q\n1,0.5,0\n", "targets=q", "a,p,r\n1,2,3\n", "", "no column 'q', which is the target"},
        {"a,u,v\n1,1,0\n2,0,1\n", "label=u,v", "v,u,a\n1,0,1\n0,1,2\n", "", NULL},
        {"a,u,v\n1,1,0\n2,0,1\n", "label=u,v", "a,v,u\n1,1,0\n2,0,1\n", "label=v,u", NULL},
    };
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        deepid_dataset *data;
        const int32_t status =
            open_pair(ctx, cases[i].train, cases[i].train_options, cases[i].valid, cases[i].options, &data);
        if (cases[i].refusal) {
            REFUSED(status, DEEPID_ERR_FORMAT, cases[i].refusal);
            assert_null(data);
            continue;
        }
        OK(status);
        const int32_t *labels = deepid_dataset_labels(data);
        for (int64_t k = 0; k < 2; k++)
            assert_true((labels ? labels[k] : (int)dpid_dataset_target(data, k, 0)) == 1 - k);
        deepid_dataset_destroy(data);
    }
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

static int32_t load_all(deepid_ctx *ctx, void *arg)
{
    deepid_dataset *train = NULL;
    deepid_dataset *valid = NULL;
    deepid_dataset *none = NULL;
    (void)arg;
    int32_t status = deepid_dataset_open(ctx, arg, 1, &train, &none);
    if (status == DEEPID_OK)
        status = deepid_dataset_open_like(ctx, arg, 1, train, &valid, &none);
    deepid_dataset_destroy(valid);
    deepid_dataset_destroy(train);
    return status;
}

static void every_failing_allocation_is_survived(void **state)
{
    (void)state;
    char source[400];
    write_text(temporary("oom.csv"), "a,\"co\"\"l\",c\n1,\"r\"\"ed\",x\n?,blue,y\n6,red,z\n");
    snprintf(source, sizeof source, "csv:%s missing=mean", temporary("oom.csv"));
    survives_every_failing_allocation("a table with texts", load_all, source);
    snprintf(source, sizeof source, "csv:%s missing=drop label=2", temporary("oom.csv"));
    write_text(temporary("oom.csv"), "1,4,x\n?,5,y\n6,4,z\n");
    survives_every_failing_allocation("a table with numbers", load_all, source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delimiters_and_names_are_found_by_looking),
        cmocka_unit_test(labels_are_numbers_texts_or_columns),
        cmocka_unit_test(texts_become_categories_in_sorted_order),
        cmocka_unit_test(missing_cells_are_refused_left_out_or_filled),
        cmocka_unit_test(what_was_read_is_said),
        cmocka_unit_test(data_are_read_like_others),
        cmocka_unit_test(labels_and_targets_are_found_by_name),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
