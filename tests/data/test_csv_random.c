/* Tables drawn at random, written in a way drawn at random, and read back: numbers to the bit, classes and categories
   by their names. */
#include "support/csv.h"

#include "base/random.h"
#include "data/data.h"

#include <math.h>

enum { ROWS = 20, COLUMNS = 8, WORDS = 5, TEXT = 1 << 15, OPTIONS = 300 };
typedef enum { NUMBER, WORD, TRUTH } kind;

/* What is in the table, and how it is written. */
typedef struct {
    dpid_random r;
    int rows, columns, label;
    kind is[COLUMNS];
    bool dropped[COLUMNS];
    double cell[ROWS][COLUMNS]; /* a number; of a word its place in words; NaN: missing */
    char delimiter, point;
    bool names, comments, trailing; /* trailing: a delimiter at the end of each row */
    int above;                      /* lines above the table */
    const char *newline, *missing;
    char text[TEXT];
    size_t used;
} table;

static const char *const words[WORDS] = {"Zn", "a b", "say \"x\"", "u,v;w", "\xc3\xa9t\xc3\xa9"}; /* sorted by bytes */

static int64_t below(table *t, int64_t n)
{
    return dpid_random_below(&t->r, n);
}

/* ---- draw ---------------------------------------------------------------------------------------- */

static double draw_number(table *t)
{
    const double size = pow(10, (double)below(t, 20) - 10);
    const double value = (dpid_random_uniform(&t->r) - 0.5) * size;
    return below(t, 3) ? value : (double)below(t, 100);
}

static void draw_cells(table *t)
{
    for (int k = 0; k < t->columns; k++) {
        t->is[k] = k == t->label ? (below(t, 2) ? NUMBER : WORD) : (kind)below(t, 3);
        t->dropped[k] = k != t->label && k != (t->label ? 0 : 1) && below(t, 5) == 0;
        for (int i = 0; i < t->rows; i++)
            t->cell[i][k] = t->is[k] == WORD    ? (double)below(t, WORDS)
                            : t->is[k] == TRUTH ? (double)below(t, 2)
                            : k == t->label     ? (double)below(t, 4) - 1
                                                : draw_number(t);
        if (t->is[k] != WORD && t->is[k] != TRUTH && k != t->label && below(t, 3) == 0)
            t->cell[below(t, t->rows)][k] = (double)NAN;
    }
}

static void draw_table(table *t, uint64_t seed)
{
    static const char delimiters[] = {',', ';', '\t', '|'};
    static const char *const newlines[] = {"\n", "\r\n", "\r"};
    static const char *const missing[] = {"", "NA", "?", "nan"};
    memset(t, 0, sizeof *t);
    t->r = dpid_random_make(seed, 0, 0);
    t->rows = 4 + (int)below(t, ROWS - 3);
    t->columns = 2 + (int)below(t, COLUMNS - 1);
    t->label = (int)below(t, t->columns);
    t->delimiter = delimiters[below(t, 4)];
    t->point = t->delimiter != ',' && below(t, 2) ? ',' : '.';
    t->names = below(t, 3) > 0;
    t->comments = below(t, 2);
    t->trailing = below(t, 3) == 0;
    t->above = below(t, 3) ? 0 : (int)below(t, 4);
    t->newline = newlines[below(t, 3)];
    t->missing = missing[below(t, 4)];
    draw_cells(t);
}

/* ---- write ------------------------------------------------------------------------------------------- */

static void put(table *t, const char *text)
{
    const size_t length = strlen(text);
    assert_true(t->used + length < TEXT);
    memcpy(t->text + t->used, text, length + 1);
    t->used += length;
}

/* In quotes where it must be or by chance, and with blanks around. */
static void put_cell(table *t, const char *text)
{
    const char special[] = {t->delimiter, '"', ',', 0};
    const bool quoted = strpbrk(text, special) || below(t, 4) == 0;
    put(t, below(t, 4) ? "" : " ");
    put(t, quoted ? "\"" : "");
    for (const char *p = text; *p; p++) {
        const char one[] = {*p, 0};
        put(t, one);
        put(t, *p == '"' ? "\"" : "");
    }
    put(t, quoted ? "\"" : "");
    put(t, below(t, 4) ? "" : "  ");
}

static void put_value(table *t, int i, int k)
{
    char number[64];
    const double value = t->cell[i][k];
    if (isnan(value)) {
        put_cell(t, t->missing);
        return;
    }
    snprintf(number, sizeof number, below(t, 2) ? "%.17g" : "%.17e", value);
    for (char *p = number; *p; p++)
        *p = *p == '.' ? t->point : *p;
    put_cell(t, t->is[k] == WORD    ? words[(int)value]
                : t->is[k] == TRUTH ? (value != 0 ? (below(t, 2) ? "True" : "TRUE") : "false")
                                    : number);
}

static void put_row(table *t, int i)
{
    const char delimiter[] = {t->delimiter, 0};
    for (int k = 0; k < t->columns; k++) {
        char name[16];
        snprintf(name, sizeof name, "c %d", k);
        put(t, k ? delimiter : "");
        if (i < 0)
            put_cell(t, name);
        else
            put_value(t, i, k);
    }
    put(t, t->trailing ? delimiter : "");
    put(t, t->newline);
}

static void write_table(table *t)
{
    put(t, below(t, 3) ? "" : "\xef\xbb\xbf");
    for (int i = 0; i < t->above; i++) {
        put(t, i % 2 ? "of May, \"2024;" : "");
        put(t, t->newline);
    }
    if (t->names)
        put_row(t, -1);
    for (int i = 0; i < t->rows; i++) {
        if (t->comments && below(t, 5) == 0) {
            put(t, "  # \"a comment, with; much\tin|it");
            put(t, t->newline);
        }
        put(t, below(t, 8) ? "" : t->newline);
        put_row(t, i);
    }
}

static void write_options(table *t, char *out)
{
    const char *key = " drop=";
    int used = snprintf(out, OPTIONS, "missing=mean header=%s skip=%d", t->names ? "yes" : "no", t->above);
    used += snprintf(out + used, OPTIONS - (size_t)used, "%s%s%s", t->point == ',' ? " decimal=," : "",
                     t->comments ? " comment=#" : "", t->delimiter == ',' ? " delimiter=," : "");
    used += snprintf(out + used, OPTIONS - (size_t)used, t->names ? " label=\"c %d\"" : " label=%d",
                     t->names ? t->label : t->label + 1);
    if (t->delimiter != ',')
        used += snprintf(out + used, OPTIONS - (size_t)used, " delimiter=%s",
                         t->delimiter == ';'   ? ";"
                         : t->delimiter == '|' ? "bar"
                                               : "tab");
    for (int k = 0; k < t->columns; k++) {
        if (!t->dropped[k])
            continue;
        used +=
            snprintf(out + used, OPTIONS - (size_t)used, t->names ? "%s\"c %d\"" : "%s%d", key, t->names ? k : k + 1);
        key = ",";
    }
}

/* ---- compare --------------------------------------------------------------------------------------------- */

static double mean_of(const table *t, int k)
{
    double mean = 0;
    int count = 0;
    for (int i = 0; i < t->rows; i++)
        if (!isnan(t->cell[i][k]))
            mean += (t->cell[i][k] - mean) / ++count;
    return mean;
}

static bool column_has(const table *t, int k, int word)
{
    for (int i = 0; i < t->rows; i++)
        if (t->cell[i][k] == word)
            return true;
    return false;
}

static void same_at(const table *t, uint64_t seed, const deepid_dataset *data, int i, int64_t f, double expected)
{
    const double got = f < deepid_dataset_extent(data, 0) ? dpid_dataset_feature(data, i, f) : (double)NAN;
    if (got != expected)
        fail_msg("seed %llu: row %d, feature %lld is %.17g, expected %.17g in\n%s", (unsigned long long)seed, i,
                 (long long)f, got, expected, t->text);
}

static void compare_row(const table *t, uint64_t seed, const deepid_dataset *data, int i)
{
    int64_t f = 0;
    for (int k = 0; k < t->columns; k++) {
        const double value = t->cell[i][k];
        if (k == t->label || t->dropped[k])
            continue;
        for (int w = 0; w < WORDS && t->is[k] == WORD; w++)
            if (column_has(t, k, w))
                same_at(t, seed, data, i, f++, value == w);
        if (t->is[k] != WORD)
            same_at(t, seed, data, i, f++, isnan(value) ? mean_of(t, k) : value);
    }
    assert_int_equal(f, deepid_dataset_extent(data, 0));
    char number[32];
    const int32_t label = deepid_dataset_labels(data)[i];
    const char *name = deepid_dataset_class_name(data, label);
    snprintf(number, sizeof number, "%g", t->cell[i][t->label]);
    const char *expected = t->is[t->label] == WORD ? words[(int)t->cell[i][t->label]] : number;
    if (name ? strcmp(name, expected) != 0 : label != (int)t->cell[i][t->label])
        fail_msg("seed %llu: row %d has class %d, '%s', expected '%s' in\n%s", (unsigned long long)seed, i, label,
                 name ? name : "by its number", expected, t->text);
}

static void tables_come_back_as_they_were(void **state)
{
    (void)state;
    enum { TABLES = 250 };
    static table t;
    deepid_ctx *ctx = new_ctx(1);
    const char *path = temporary("random.csv");
    for (uint64_t seed = 1; seed <= TABLES; seed++) {
        char options[OPTIONS];
        deepid_dataset *data = NULL;
        draw_table(&t, seed);
        write_table(&t);
        write_options(&t, options);
        write_bytes(path, t.text, t.used);
        if (deepid_dataset_load_csv(ctx, path, options, &data) != DEEPID_OK)
            fail_msg("seed %llu, %s: %s\n%s", (unsigned long long)seed, options, deepid_ctx_error(ctx), t.text);
        assert_int_equal(deepid_dataset_count(data), t.rows);
        for (int i = 0; i < t.rows; i++)
            compare_row(&t, seed, data, i);
        deepid_dataset_destroy(data);
    }
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_come_back_as_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
