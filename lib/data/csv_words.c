/* What was read of a CSV, in words: one line for whoever looks at it before training, and what looks wrong. */
#include "data/csv.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* ---- one line ------------------------------------------------------------------------------------ */

static void print_column(const dpid_csv *csv, int64_t k, dpid_string *s)
{
    if (*csv->column[k].name)
        dpid_string_add(s, csv->column[k].name);
    else
        dpid_string_format(s, "column %lld", (long long)k + 1);
}

static void print_role(const dpid_csv *csv, dpid_csv_role role, const char *words, dpid_string *s)
{
    enum { LISTED = 12 };
    int64_t count = 0;
    for (int64_t k = 0; k < csv->columns; k++) {
        if (csv->column[k].role != role)
            continue;
        if (count < LISTED)
            dpid_string_add(s, count ? ", " : words);
        if (count++ < LISTED)
            print_column(csv, k, s);
    }
    if (count > LISTED)
        dpid_string_format(s, " and %lld more", (long long)(count - LISTED));
}

static void print_targets(const dpid_csv *csv, dpid_string *s)
{
    for (int64_t i = 0; i < csv->targets; i++) {
        dpid_string_add(s, i ? ", " : "; targets ");
        print_column(csv, csv->target_column[i], s);
    }
}

static void print_classes(const dpid_csv *csv, const dpid_legend *legend, dpid_string *s)
{
    if (csv->class_columns == 0)
        return;
    dpid_string_add(s, csv->class_columns > 1 ? "; labels one-hot" : "; label ");
    if (csv->class_columns == 1)
        print_column(csv, csv->class_column[0], s);
    if (!legend->mapped)
        return;
    dpid_string_add(s, ": ");
    dpid_legend_print_classes(legend, s);
}

/* "; sex in 2 features: female, male; smoker: false = 0, true = 1" */
static void print_categories(const dpid_csv *csv, const dpid_legend *legend, dpid_string *s)
{
    enum { LISTED = 6, COLUMNS = 8 };
    int64_t shown = 0;
    const dpid_legend_column *c = legend->column;
    for (int64_t k = 0; k < csv->columns; k++) {
        if (csv->column[k].role != DPID_CSV_FEATURE)
            continue;
        if (c->kind != DPID_LEGEND_NUMBER && ++shown <= COLUMNS) {
            dpid_string_add(s, "; ");
            print_column(csv, k, s);
            if (c->kind == DPID_LEGEND_TRUTH)
                dpid_string_add(s, ": false = 0, true = 1");
            else
                dpid_string_format(s, " in %lld feature%s: ", (long long)c->categories, c->categories == 1 ? "" : "s");
            for (int64_t i = 0; i < c->categories && i <= LISTED; i++)
                dpid_string_format(s, "%s%s", i ? ", " : "", i < LISTED ? c->category[i] : "...");
        }
        c++;
    }
    if (shown > COLUMNS)
        dpid_string_format(s, "; %lld more columns of texts", (long long)(shown - COLUMNS));
}

/* The column that most rows were left out for. */
static void print_gaps(const dpid_csv *csv, dpid_string *s)
{
    int64_t worst = 0;
    for (int64_t k = 1; k < csv->columns; k++)
        worst = csv->column[k].gaps > csv->column[worst].gaps ? k : worst;
    dpid_string_format(s, ", %lld of them in ", (long long)csv->column[worst].gaps);
    print_column(csv, worst, s);
}

/* Columns of numbers that are the same in every row. */
static void print_constant(const dpid_csv *csv, dpid_string *s)
{
    enum { LISTED = 8 };
    int64_t found = 0;
    for (int64_t k = 0; k < csv->columns && csv->rows > 1 && !csv->asked.shape.given; k++) {
        const int64_t slot = csv->column[k].slot;
        bool same = csv->column[k].role == DPID_CSV_FEATURE;
        for (int64_t i = 1; i < csv->rows && same; i++)
            same = csv->table[i * csv->used + slot] == csv->table[slot];
        if (same && found < LISTED) {
            dpid_string_add(s, found ? ", " : "; the same in every row: ");
            print_column(csv, k, s);
        }
        found += same;
    }
    if (found > LISTED)
        dpid_string_format(s, " and %lld more", (long long)(found - LISTED));
}

static void print_missing(const dpid_csv *csv, dpid_string *s)
{
    int64_t filled = 0;
    for (int64_t i = 0; i < csv->rows * csv->used && csv->asked.missing == DPID_CSV_MEAN; i++)
        filled += isnan(csv->table[i]);
    if (csv->left_out > 0)
        dpid_string_format(s, "; %lld row%s left out for missing cells", (long long)csv->left_out,
                           csv->left_out == 1 ? "" : "s");
    if (csv->left_out > 1)
        print_gaps(csv, s);
    if (filled > 0)
        dpid_string_format(s, "; %lld missing cell%s filled with the mean of the column", (long long)filled,
                           filled == 1 ? "" : "s");
}

static void print_about(const dpid_csv *csv, const dpid_legend *legend, dpid_string *s)
{
    const char *between = csv->delimiter == ','    ? "commas"
                          : csv->delimiter == ';'  ? "semicolons"
                          : csv->delimiter == '\t' ? "tabs"
                          : csv->delimiter == '|'  ? "bars"
                                                   : "blanks";
    dpid_string_format(s, "%lld row%s of %lld columns between %s%s%s", (long long)(csv->rows + csv->left_out),
                       csv->rows + csv->left_out == 1 ? "" : "s", (long long)csv->columns, between,
                       csv->names ? ", names in the first row" : ", no names",
                       csv->asked.point == ',' ? ", decimal commas" : "");
    if (csv->converted)
        dpid_string_add(s, "; not UTF-8, read as Windows-1252");
    if (csv->spare > 0)
        dpid_string_format(s, "; %lld empty column%s at the end of every row left out", (long long)csv->spare,
                           csv->spare == 1 ? "" : "s");
    print_classes(csv, legend, s);
    print_targets(csv, s);
    print_role(csv, DPID_CSV_DROPPED, "; dropped: ", s);
    print_categories(csv, legend, s);
    print_constant(csv, s);
    print_missing(csv, s);
}

/* ---- what looks wrong ---------------------------------------------------------------------------------- */

/* Of a column that only counts rows nothing can be learned, and a net learns it by heart. */
static bool counts_rows(const dpid_csv *csv, int64_t k)
{
    const int64_t slot = csv->column[k].slot;
    const double first = csv->table[slot];
    bool counts = csv->column[k].texts.count == 0 && (first == 0 || first == 1);
    for (int64_t i = 0; i < csv->rows && counts; i++)
        counts = csv->table[i * csv->used + slot] == first + (double)i;
    return counts;
}

/* "PassengerId", "sample_id": an end that also other columns have, "store_id"; so its numbers must rise too. */
static bool ends_as_index(const dpid_csv *csv, int64_t k)
{
    static const char *const ends[] = {"_id", " id", "Id", "ID"};
    const dpid_csv_column *c = &csv->column[k];
    const size_t length = strlen(c->name);
    bool ends_so = false;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        ends_so |= length >= strlen(ends[i]) && strcmp(c->name + length - strlen(ends[i]), ends[i]) == 0;
    for (int64_t i = 1; i < csv->rows && ends_so; i++)
        ends_so = csv->table[i * csv->used + c->slot] > csv->table[(i - 1) * csv->used + c->slot];
    return ends_so;
}

static bool named_as_index(const dpid_csv *csv, int64_t k)
{
    static const char *const names[] = {"id", "index", "unnamed: 0"};
    const char *name = csv->column[k].name;
    bool named = csv->names && k == 0 && !*name;
    for (size_t i = 0; i < sizeof names / sizeof *names && csv->names; i++)
        named |= strcasecmp(name, names[i]) == 0;
    return named || ends_as_index(csv, k);
}

static void warn_index(const dpid_csv *csv, int64_t k, dpid_string *s)
{
    enum { ENOUGH = 10 }; /* rows: fewer may count by chance */
    const dpid_csv_column *c = &csv->column[k];
    if (c->role != DPID_CSV_FEATURE || c->as_text || c->texts.count > 0)
        return;
    const bool named = named_as_index(csv, k);
    const bool counts = (k == 0 || named) && counts_rows(csv, k) && (named ? csv->rows > 2 : csv->rows >= ENOUGH);
    if (!counts && !named)
        return;
    dpid_string_add(s, k == 0 ? "The first column" : "A column");
    dpid_string_format(s, "%s%s%s %s: it is taken as a feature; drop=%lld leaves it out.\n", *c->name ? " ('" : "",
                       c->name, *c->name ? "')" : "", counts ? "counts the rows" : "has the name of an index",
                       (long long)k + 1);
}

static void warn_indices(const dpid_csv *csv, dpid_string *s)
{
    for (int64_t k = 0; k < csv->columns; k++)
        warn_index(csv, k, s);
}

/* The last column is the label unless another is named; one that has the name of a label may be meant. */
static void warn_label(const dpid_csv *csv, dpid_string *s)
{
    if (csv->likely < 0)
        return;
    dpid_string_add(s, "The label is the last column, ");
    print_column(csv, csv->class_column[0], s);
    dpid_string_format(s, "; column %lld has the name of one: label=%s takes it.\n", (long long)csv->likely + 1,
                       dpid_csv_called(csv, csv->likely).text);
}

/* The first that comes twice. */
static void warn_twice(const dpid_csv *csv, dpid_string *s)
{
    enum { MOST = 1024 }; /* columns that are compared */
    for (int64_t k = 1; k < csv->columns && k < MOST; k++)
        for (int64_t i = 0; i < k; i++)
            if (*csv->column[k].name && strcmp(csv->column[i].name, csv->column[k].name) == 0) {
                dpid_string_format(s, "Columns %lld and %lld are both called %s.\n", (long long)i + 1, (long long)k + 1,
                                   csv->column[k].name);
                return;
            }
}

/* 0,1,2,3,... of a table that pandas wrote without names. */
static void warn_names(const dpid_csv *csv, dpid_string *s)
{
    enum { ENOUGH = 4 };
    bool counts = !csv->names && csv->columns >= ENOUGH && csv->used == csv->columns;
    for (int64_t k = 0; k < csv->columns && counts; k++)
        counts = csv->column[k].role != DPID_CSV_FEATURE || csv->table[csv->column[k].slot] == (double)k;
    if (counts)
        dpid_string_add(s, "The first row counts 0, 1, 2, ... and is taken as a sample; header=yes takes it as "
                           "names.\n");
}

/* Texts that nearly every row has for itself, such as people's names: a net learns the rows by heart. */
static void warn_texts(const dpid_csv *csv, const dpid_legend *legend, dpid_string *s)
{
    enum { MANY = 10 };
    const dpid_legend_column *c = legend->column;
    for (int64_t k = 0; k < csv->columns; k++) {
        if (csv->column[k].role != DPID_CSV_FEATURE)
            continue;
        if (c->categories > MANY && 2 * c->categories > csv->rows) {
            dpid_string_add(s, "The texts of ");
            print_column(csv, k, s);
            dpid_string_format(s, " differ in nearly every row (%lld in %lld rows): drop=%lld leaves the column out.\n",
                               (long long)c->categories, (long long)csv->rows, (long long)k + 1);
        }
        c++;
    }
}

/* Labels that are numbers to be predicted: a price, an age. */
static void warn_classes(const dpid_csv *csv, const dpid_legend *legend, dpid_string *s)
{
    enum { MANY = 20, MEMBERS = 10 };
    if (csv->class_columns != 1 || csv->column[csv->class_column[0]].texts.count > 0)
        return;
    if (legend->classes > MANY && csv->rows < MEMBERS * legend->classes) {
        dpid_string_format(s,
                           "The label has %lld different values in %lld rows: if it is a number to be predicted, "
                           "say targets=",
                           (long long)legend->classes, (long long)csv->rows);
        if (*csv->column[csv->class_column[0]].name)
            dpid_string_add(s, csv->column[csv->class_column[0]].name);
        else
            dpid_string_format(s, "%lld", (long long)csv->class_column[0] + 1);
        dpid_string_format(s, "%s.\n", legend->classes == csv->rows ? "; if it numbers the rows, drop it" : "");
    }
}

int32_t dpid_csv_words(const dpid_csv *csv, dpid_legend *legend)
{
    dpid_string about = {.ctx = legend->arena.ctx};
    dpid_string warnings = {.ctx = legend->arena.ctx};
    print_about(csv, legend, &about);
    DPID_TRY(dpid_legend_keep(legend, &about, &legend->about));
    warn_label(csv, &warnings);
    warn_twice(csv, &warnings);
    warn_indices(csv, &warnings);
    warn_names(csv, &warnings);
    warn_texts(csv, legend, &warnings);
    warn_classes(csv, legend, &warnings);
    return dpid_legend_keep(legend, &warnings, &legend->warnings);
}
