/* What each column of a CSV is for: its name, and whether it is a feature, a class, a target or dropped. A column is
   named by its name, or by its place from 1. */
#include "data/csv.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

dpid_number_text dpid_csv_place(const dpid_csv *csv, int64_t line, int64_t column)
{
    dpid_number_text out;
    const char *name = csv->column[column].name;
    const int room = 40;
    if (*name)
        snprintf(out.text, sizeof out.text, "line %lld, column %lld (%.*s)", (long long)line, (long long)column + 1,
                 room, name);
    else
        snprintf(out.text, sizeof out.text, "line %lld, column %lld", (long long)line, (long long)column + 1);
    return out;
}

dpid_number_text dpid_csv_called(const dpid_csv *csv, int64_t k)
{
    dpid_number_text out;
    const char *name = csv->column[k].name;
    const char *quote = strpbrk(name, " ,") ? "\"" : "";
    if (*name && strlen(name) < sizeof out.text - 2)
        snprintf(out.text, sizeof out.text, "%s%s%s", quote, name, quote);
    else
        snprintf(out.text, sizeof out.text, "%lld", (long long)k + 1);
    return out;
}

/* ---- names -------------------------------------------------------------------------------------- */

/* With a quote for each that is doubled, and blanks for control characters. */
static int32_t keep_name(dpid_csv *csv, const dpid_csv_cell *cell, const char **out)
{
    char *copy = NULL;
    DPID_TRY(dpid_arena_text(&csv->arena, cell->text.text, cell->text.length, &copy));
    char *to = copy;
    for (const char *from = copy; *from; from++) {
        *to++ = dpid_csv_control(*from) ? ' ' : *from;
        from += cell->doubled && from[0] == '"' && from[1] == '"';
    }
    *to = 0;
    *out = copy;
    return DEEPID_OK;
}

static int32_t read_names(dpid_csv *csv, dpid_csv_text t)
{
    dpid_csv_cell cell = {.last = false};
    DPID_TRY(dpid_arena_alloc(&csv->arena, csv->columns, sizeof *csv->column, "columns", &csv->column));
    for (int64_t k = 0; k < csv->columns; k++) {
        csv->column[k] = (dpid_csv_column){.name = "", .role = DPID_CSV_FEATURE, .texts = {.arena = &csv->arena}};
        if (csv->names && !cell.last) {
            dpid_csv_next(&t, &cell);
            if (cell.broken)
                return dpid_fail(csv->arena.ctx, DEEPID_ERR_FORMAT,
                                 "'%s', line %lld, column %lld: the quotes around the name do not end it", csv->path,
                                 (long long)csv->first_line, (long long)k + 1);
            DPID_TRY(keep_name(csv, &cell, &csv->column[k].name));
        }
    }
    return DEEPID_OK;
}

/* ---- lists of columns --------------------------------------------------------------------------------- */

static int32_t fail_column(deepid_ctx *ctx, const dpid_csv *csv, const char *key, dpid_span name)
{
    enum { LISTED = 32 };
    const char *known[LISTED + 1] = {NULL};
    int64_t count = 0;
    char what[64];
    for (int64_t k = 0; k < csv->columns && count < LISTED; k++)
        if (*csv->column[k].name)
            known[count++] = csv->column[k].name;
    snprintf(what, sizeof what, "column for %s", key);
    if (count > 0)
        return dpid_fail_word(ctx, what, name, known);
    return dpid_fail_at(ctx, name, "csv: %s is '%.*s', expected a column from 1 to %lld: '%s' has no names", key,
                        (int)(name.length < LISTED ? name.length : LISTED), name.text, (long long)csv->columns,
                        csv->path);
}

static int32_t find_column(deepid_ctx *ctx, const dpid_csv *csv, const char *key, dpid_span name, int64_t *column)
{
    int64_t found = 0;
    for (int64_t k = 0; k < csv->columns; k++)
        if (name.length > 0 && dpid_span_is(name, csv->column[k].name)) {
            *column = k;
            found++;
        }
    if (found > 1)
        return dpid_fail_at(ctx, name, "csv: %lld columns of '%s' are called '%.*s'; name it by its number",
                            (long long)found, csv->path, (int)name.length, name.text);
    if (found == 1)
        return DEEPID_OK;
    if (!dpid_parse_int(name.text, name.length, column) || *column < 1 || *column > csv->columns)
        return fail_column(ctx, csv, key, name);
    (*column)--;
    return DEEPID_OK;
}

/* The columns of a list; none twice. */
static int32_t find_columns(deepid_ctx *ctx, dpid_csv *csv, const char *key, dpid_span list, int64_t **columns,
                            int64_t *count)
{
    dpid_span name;
    *count = 0;
    DPID_TRY(dpid_arena_alloc(&csv->arena, csv->columns, sizeof **columns, "columns", columns));
    while (dpid_csv_list_next(&list, &name)) {
        int64_t column;
        DPID_TRY(find_column(ctx, csv, key, name, &column));
        for (int64_t i = 0; i < *count; i++)
            if ((*columns)[i] == column)
                return dpid_fail_at(ctx, name, "csv: %s names column '%.*s' twice", key, (int)name.length, name.text);
        (*columns)[(*count)++] = column;
    }
    return DEEPID_OK;
}

/* ---- roles ------------------------------------------------------------------------------------------------ */

static int32_t take_out(deepid_ctx *ctx, dpid_csv *csv)
{
    int64_t *columns;
    int64_t count;
    const bool keep = csv->asked.keep.length > 0;
    DPID_TRY(
        find_columns(ctx, csv, keep ? "keep" : "drop", keep ? csv->asked.keep : csv->asked.drop, &columns, &count));
    for (int64_t k = 0; keep && k < csv->columns; k++)
        csv->column[k].role = DPID_CSV_DROPPED;
    for (int64_t i = 0; i < count; i++)
        csv->column[columns[i]].role = keep ? DPID_CSV_FEATURE : DPID_CSV_DROPPED;
    DPID_TRY(find_columns(ctx, csv, "categories", csv->asked.categories, &columns, &count));
    for (int64_t i = 0; i < count; i++)
        csv->column[columns[i]].as_text = true;
    return DEEPID_OK;
}

/* A column with the name of a label, when the last one, which is taken unasked, has none. */
static int64_t likely_label(const dpid_csv *csv, int64_t taken)
{
    static const char *const names[] = {"class",   "target",  "label", "labels",   "species",
                                        "quality", "outcome", "y",     "diagnosis"};
    int64_t found = -1;
    for (int64_t k = 0; k < csv->columns; k++)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (csv->column[k].role != DPID_CSV_DROPPED && strcasecmp(csv->column[k].name, names[i]) == 0)
                found = k == taken || found < 0 ? k : found;
    return found == taken ? -1 : found;
}

/* Places among the columns that are not dropped; keep names features, and leaves classes where they are. */
static int64_t first_or_last(const dpid_csv *csv, bool last)
{
    int64_t found = -1;
    for (int64_t i = 0; i < csv->columns && found < 0; i++) {
        const int64_t k = last ? csv->columns - 1 - i : i;
        found = csv->asked.keep.length > 0 || csv->column[k].role != DPID_CSV_DROPPED ? k : -1;
    }
    return found;
}

static int32_t find_classes(deepid_ctx *ctx, dpid_csv *csv)
{
    const dpid_span label = csv->asked.label;
    const bool last = label.length == 0 || dpid_span_is(label, "last");
    if (dpid_span_is(label, "none"))
        return dpid_fail_at(ctx, label,
                            "csv: label=none leaves nothing to learn; expected last|first, a column, or "
                            "targets=... for numbers to be predicted");
    if (!last && !dpid_span_is(label, "first"))
        return find_columns(ctx, csv, "label", label, &csv->class_column, &csv->class_columns);
    DPID_TRY(dpid_arena_alloc(&csv->arena, 1, sizeof *csv->class_column, "columns", &csv->class_column));
    csv->class_column[0] = first_or_last(csv, last);
    csv->class_columns = csv->class_column[0] >= 0;
    csv->likely = label.length == 0 ? likely_label(csv, csv->class_column[0]) : -1;
    return DEEPID_OK;
}

/* The labels or targets of the training data, by their names. */
static int32_t find_answers(deepid_ctx *ctx, dpid_csv *csv)
{
    const dpid_legend *like = csv->like;
    const bool classes = like->classes > 0;
    int64_t *column = NULL;
    DPID_TRY(dpid_arena_alloc(&csv->arena, like->answers, sizeof *column, "columns", &column));
    for (int64_t i = 0; i < like->answers; i++) {
        int64_t found = 0;
        for (int64_t k = 0; k < csv->columns; k++)
            if (strcmp(csv->column[k].name, like->answer_name[i]) == 0) {
                column[i] = k;
                found++;
            }
        if (found != 1)
            return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' has %s column '%.60s', which is the %s of the training data",
                             csv->path, found ? "more than one" : "no", like->answer_name[i],
                             classes ? "label" : "target");
    }
    *(classes ? &csv->class_column : &csv->target_column) = column;
    *(classes ? &csv->class_columns : &csv->targets) = like->answers;
    return DEEPID_OK;
}

/* Nothing was said of them here, and both tables have names. */
static bool like_names(const dpid_csv *csv)
{
    bool names = csv->names && csv->like && csv->like->answers > 0;
    for (int64_t i = 0; names && i < csv->like->answers; i++)
        names = *csv->like->answer_name[i] != 0;
    return names && csv->asked.label.length == 0 && csv->asked.targets.length == 0;
}

static int32_t fail_features(deepid_ctx *ctx, const dpid_csv *csv, dpid_csv_text t)
{
    bool blanks = false;
    for (const char *p = t.at; p < t.end && *p != '\n' && *p != '\r'; p++)
        blanks |= *p == ' ';
    return csv->columns > 1
               ? dpid_fail(ctx, DEEPID_ERR_SPEC, "csv: no column of '%s' is left to be a feature", csv->path)
               : dpid_fail(ctx, DEEPID_ERR_FORMAT,
                           "'%s', line %lld: one column, expected features and a label; delimiter=%s names what is "
                           "between cells",
                           csv->path, (long long)csv->first_line, blanks ? "blank" : "...");
}

static int32_t set_roles(deepid_ctx *ctx, dpid_csv *csv, int64_t *features)
{
    DPID_TRY(take_out(ctx, csv));
    if (like_names(csv))
        DPID_TRY(find_answers(ctx, csv));
    else if (csv->asked.targets.length > 0)
        DPID_TRY(find_columns(ctx, csv, "targets", csv->asked.targets, &csv->target_column, &csv->targets));
    else
        DPID_TRY(find_classes(ctx, csv));
    for (int64_t i = 0; i < csv->class_columns; i++)
        csv->column[csv->class_column[i]].role = DPID_CSV_CLASS;
    for (int64_t i = 0; i < csv->targets; i++)
        csv->column[csv->target_column[i]].role = DPID_CSV_TARGET;
    *features = 0;
    for (int64_t k = 0; k < csv->columns; k++) {
        *features += csv->column[k].role == DPID_CSV_FEATURE;
        csv->column[k].slot = csv->column[k].role == DPID_CSV_DROPPED ? -1 : csv->used++;
    }
    return DEEPID_OK;
}

int32_t dpid_csv_roles(deepid_ctx *ctx, dpid_csv *csv, dpid_csv_text t)
{
    int64_t features;
    DPID_TRY(read_names(csv, t));
    DPID_TRY(set_roles(ctx, csv, &features));
    return features > 0 ? DEEPID_OK : fail_features(ctx, csv, t);
}
