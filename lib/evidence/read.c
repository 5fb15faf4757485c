/* A folder of evidence, read: evidence.json, arms.csv, results.csv, history.csv, tuning.csv and the probes that are
   named. Only results.csv has to be there. */
#include "evidence/sheet.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    deepid_evidence *e;
    const char *folder;
    dpid_sheet sheet;
    int64_t *line, room; /* of tuning runs, in the file */
    const char *word;    /* of the point before, whose run there is */
    double seed;
} reading;

/* Reads NAME of the folder row by row, if it is there. */
typedef int32_t take_row(reading *r);
static int32_t read_sheet(reading *r, const char *name, const dpid_column *column, int columns, take_row *take)
{
    deepid_ctx *ctx = r->e->head.ctx;
    dpid_string path = {.ctx = ctx};
    bool more = true;
    dpid_string_format(&path, "%s/%s", r->folder, name);
    int32_t status = path.status;
    if (status == DEEPID_OK && dpid_file_exists(path.text)) {
        status = dpid_sheet_open(ctx, path.text, column, columns, NULL, true, &r->sheet);
        while (status == DEEPID_OK && (status = dpid_sheet_next(&r->sheet, &more)) == DEEPID_OK && more)
            status = take(r);
        dpid_sheet_release(&r->sheet);
        if (status == DEEPID_OK)
            status = dpid_evidence_note_file(r->e, name);
    }
    dpid_string_release(&path);
    return status;
}

/* ---- cells of a row ------------------------------------------------------------------------------ */

/* Numbers of `columns` columns from `first` on, each in its range. */
static int32_t take_numbers(reading *r, int first, int columns, double *out)
{
    for (int i = 0; i < columns; i++) {
        DPID_TRY(dpid_sheet_number(&r->sheet, first + i, &out[i]));
        const char *expected = dpid_column_refuses(&r->sheet.column[first + i], out[i]);
        if (expected)
            return dpid_sheet_refuse(&r->sheet, first + i, "it is %s, expected %s", dpid_number(out[i]).text, expected);
    }
    return DEEPID_OK;
}

/* The word of the row's arm, refused where no rule and no page knows it. */
static int32_t take_word(reading *r, int column, const char **word)
{
    char sentence[DPID_ERROR_MAX];
    DPID_TRY(dpid_sheet_text(&r->sheet, column, &r->e->arena, word));
    if (!**word)
        return dpid_sheet_refuse(&r->sheet, column, "expected the word of an arm, such as D");
    if (dpid_arm_words_of(*word))
        return DEEPID_OK;
    const int32_t status = dpid_arm_refuse(r->sheet.ctx, *word);
    snprintf(sentence, sizeof sentence, "%s", deepid_ctx_error(r->sheet.ctx));
    const char *from = strstr(sentence, "unknown ");
    return status == DEEPID_ERR_SPEC && from ? dpid_sheet_refuse(&r->sheet, column, "%s", from) : status;
}

static int32_t take_text(reading *r, int column, const char **to)
{
    const char *text;
    DPID_TRY(dpid_sheet_text(&r->sheet, column, &r->e->arena, &text));
    if (*text)
        *to = text;
    return DEEPID_OK;
}

/* ---- arms.csv ---------------------------------------------------------------------------------------- */

enum { ARM_WORD = DPID_ARM_NUMBERS + DPID_ARM_TEXTS, ARM_COLUMNS };

static int32_t check_left_out(reading *r, const char *word)
{
    static const char *const words[] = {"possible", "impossible", "no_question"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!word || strcmp(word, words[i]) == 0)
            return DEEPID_OK;
    return dpid_sheet_refuse(&r->sheet, DPID_ARM_NUMBERS + DPID_ARM_LEFT_OUT,
                             "it is '%.40s', expected possible, impossible or no_question", word);
}

static int32_t take_arm(reading *r)
{
    double number[DPID_ARM_NUMBERS];
    const char *word = NULL;
    dpid_filed_arm *arm = NULL;
    DPID_TRY(take_word(r, ARM_WORD, &word));
    if (dpid_evidence_find(r->e, word))
        return dpid_sheet_refuse(&r->sheet, ARM_WORD, "arm %s stands in a row above", word);
    DPID_TRY(take_numbers(r, 0, DPID_ARM_NUMBERS, number));
    DPID_TRY(dpid_evidence_arm(r->e, word, &arm));
    for (int i = 0; i < DPID_ARM_NUMBERS; i++)
        if (r->sheet.at[i] >= 0)
            dpid_arm_take(arm, i, number[i]);
    for (int i = 0; i < DPID_ARM_TEXTS; i++)
        DPID_TRY(take_text(r, DPID_ARM_NUMBERS + i, &arm->text[i]));
    return check_left_out(r, arm->text[DPID_ARM_LEFT_OUT]);
}

static int32_t read_arms(reading *r)
{
    dpid_column column[ARM_COLUMNS];
    memcpy(column, dpid_arm_columns, sizeof dpid_arm_columns);
    column[ARM_WORD] = (dpid_column){.name = "arm", .type = DPID_CELL_TEXT, .expected = "a word"};
    return read_sheet(r, "arms.csv", column, ARM_COLUMNS, take_arm);
}

/* ---- results.csv: a study's too ------------------------------------------------------------------------ */

enum { RUN_ARM = DPID_RUN_COLUMNS, RUN_DEPTH, RUN_BLOCK, RUN_TASK, RUN_FAMILY, RUN_DTYPE, RUN_COLUMNS };

/* What arms.csv did not say of the arm. */
static int32_t take_net(reading *r, dpid_filed_arm *arm)
{
    double depth;
    DPID_TRY(take_numbers(r, RUN_DEPTH, 1, &depth));
    if (!arm->given[DPID_ARM_DEPTH] && !isnan(depth))
        dpid_arm_take(arm, DPID_ARM_DEPTH, depth);
    return arm->text[DPID_ARM_BLOCK] ? DEEPID_OK : take_text(r, RUN_BLOCK, &arm->text[DPID_ARM_BLOCK]);
}

static int32_t take_run(reading *r)
{
    double row[DPID_RUN_COLUMNS];
    char why[DPID_JSON_WHY];
    int column;
    const char *word = NULL;
    dpid_filed_arm *arm = NULL;
    DPID_TRY(take_word(r, RUN_ARM, &word));
    for (int i = 0; i < DPID_RUN_COLUMNS; i++)
        DPID_TRY(dpid_sheet_number(&r->sheet, i, &row[i]));
    row[DPID_RUN_DIVERGED] = isnan(row[DPID_RUN_DIVERGED]) ? 0 : row[DPID_RUN_DIVERGED];
    DPID_TRY(dpid_evidence_arm(r->e, word, &arm));
    if (!dpid_evidence_fits(r->e, arm, row, &column, why))
        return dpid_sheet_refuse(&r->sheet, column, "%s", why);
    DPID_TRY(take_net(r, arm));
    return dpid_evidence_add_run(r->e, arm, row, r->sheet.text.line);
}

/* A folder without runs is none. */
static int32_t have_results(const reading *r)
{
    dpid_string path = {.ctx = r->e->head.ctx};
    dpid_string_format(&path, "%s/results.csv", r->folder);
    const bool there = path.status == DEEPID_OK && dpid_file_exists(path.text);
    const int32_t status = path.status;
    dpid_string_release(&path);
    DPID_TRY(status);
    return there ? DEEPID_OK
                 : dpid_fail(r->e->head.ctx, DEEPID_ERR_IO,
                             "'%s' is no folder of evidence: %sit has no results.csv, a row a run with the columns "
                             "arm, seed and "
                             "train_loss. A table of another tool is read with a map of its columns (--map)",
                             r->folder, dpid_file_exists(r->folder) ? "" : "it is not there, so ");
}

static int32_t read_results(reading *r)
{
    dpid_column column[RUN_COLUMNS];
    DPID_TRY(have_results(r));
    memcpy(column, dpid_run_columns, sizeof dpid_run_columns);
    column[RUN_ARM] = (dpid_column){.name = "arm", .type = DPID_CELL_TEXT, .expected = "a word"};
    column[RUN_DEPTH] = dpid_arm_columns[DPID_ARM_DEPTH];
    column[RUN_BLOCK] = dpid_arm_columns[DPID_ARM_NUMBERS + DPID_ARM_BLOCK];
    column[RUN_TASK] = (dpid_column){.name = "task", .type = DPID_CELL_IGNORED};
    column[RUN_FAMILY] = (dpid_column){.name = "family", .type = DPID_CELL_IGNORED};
    column[RUN_DTYPE] = (dpid_column){.name = "dtype", .type = DPID_CELL_IGNORED};
    return read_sheet(r, "results.csv", column, RUN_COLUMNS, take_run);
}

/* ---- history.csv, tuning.csv ------------------------------------------------------------------------------ */

enum { POINT_ARM = DPID_POINT_COLUMNS, POINT_TASK, POINT_COLUMNS, TRY_ARM = DPID_TRY_COLUMNS, TRY_COLUMNS };

/* A point is of a run. Those of one run mostly follow each other: only the first of them looks for it. */
static int32_t check_run(reading *r, const char *word, double seed)
{
    if (r->word && strcmp(r->word, word) == 0 && r->seed == seed)
        return DEEPID_OK;
    if (!dpid_evidence_has_run(r->e, word, seed))
        return dpid_sheet_refuse(&r->sheet, DPID_POINT_SEED, "results.csv has no run of arm %s and seed %s", word,
                                 dpid_number(seed).text);
    r->word = word;
    r->seed = seed;
    return DEEPID_OK;
}

/* Losses along a run that diverges may be anything. */
static int32_t take_point(reading *r)
{
    double row[DPID_POINT_COLUMNS];
    const char *word = NULL;
    DPID_TRY(take_word(r, POINT_ARM, &word));
    DPID_TRY(take_numbers(r, 0, DPID_POINT_COLUMNS, row));
    if (isnan(row[DPID_POINT_SEED]))
        return dpid_sheet_refuse(&r->sheet, DPID_POINT_SEED, "it is missing; expected %s",
                                 dpid_point_columns[DPID_POINT_SEED].expected);
    DPID_TRY(check_run(r, word, row[DPID_POINT_SEED]));
    return deepid_table_append(r->e->points, word, row);
}

/* Whoever takes the best of several rates by the seeds that are judged has chosen by the outcome. */
static int32_t check_seed(const reading *r, const char *word, double seed)
{
    const char *recipe = strcmp(word, "S_rate") == 0 ? "S" : strcmp(word, "D_rate") == 0 ? "D" : word;
    const bool own = dpid_evidence_has_run(r->e, word, seed);
    if (r->e->depth_study || !(own || dpid_evidence_has_run(r->e, recipe, seed)))
        return DEEPID_OK;
    return dpid_sheet_refuse(&r->sheet, DPID_TRY_SEED,
                             "results.csv has seed %s of arm %s too; expected seeds of tuning apart from the others",
                             dpid_number(seed).text, own ? word : recipe);
}

static int32_t add_try(reading *r, const char *word, const double *row)
{
    enum { FIRST = 64 };
    const int64_t rows = deepid_table_rows(r->e->tries);
    const int64_t room = r->room ? 2 * r->room : FIRST;
    if (rows == r->room) {
        DPID_TRY(dpid_grow(r->e->head.ctx, &r->line, rows, room, sizeof *r->line, "evidence"));
        r->room = room;
    }
    r->line[rows] = r->sheet.text.line;
    return deepid_table_append(r->e->tries, word, row);
}

static int32_t take_try(reading *r)
{
    double row[DPID_TRY_COLUMNS];
    const char *word = NULL;
    DPID_TRY(take_word(r, TRY_ARM, &word));
    DPID_TRY(take_numbers(r, 0, DPID_TRY_COLUMNS, row));
    if (r->sheet.at[DPID_TRY_RATE] < 0) /* L-BFGS has none, and its cells are empty */
        return dpid_sheet_refuse(&r->sheet, DPID_TRY_RATE, "it is missing; expected %s",
                                 dpid_try_columns[DPID_TRY_RATE].expected);
    word = dpid_try_word(word);
    const int64_t twin = dpid_try_find(r->e, word, row);
    if (twin >= 0)
        return dpid_sheet_refuse(
            &r->sheet, DPID_TRY_SEED, "arm %s has rate %s and seed %s twice; the first stands in line %lld", word,
            dpid_number(row[DPID_TRY_RATE]).text, dpid_number(row[DPID_TRY_SEED]).text, (long long)r->line[twin]);
    DPID_TRY(check_seed(r, word, row[DPID_TRY_SEED]));
    return add_try(r, word, row);
}

static int32_t read_tables(reading *r)
{
    dpid_column point[POINT_COLUMNS];
    dpid_column tuning[TRY_COLUMNS];
    memcpy(point, dpid_point_columns, sizeof dpid_point_columns);
    point[POINT_ARM] = (dpid_column){.name = "arm", .type = DPID_CELL_TEXT, .expected = "a word"};
    point[POINT_TASK] = (dpid_column){.name = "task", .type = DPID_CELL_IGNORED};
    memcpy(tuning, dpid_try_columns, sizeof dpid_try_columns);
    tuning[TRY_ARM] = (dpid_column){.name = "arm", .type = DPID_CELL_TEXT, .expected = "a word"};
    DPID_TRY(read_sheet(r, "history.csv", point, POINT_COLUMNS, take_point));
    return read_sheet(r, "tuning.csv", tuning, TRY_COLUMNS, take_try);
}

/* ---- the folder ---------------------------------------------------------------------------------------------- */

/* S and D are what a verdict compares; without them the file of the runs is at fault. */
static int32_t check_pair(deepid_evidence *e, const char *folder)
{
    static const char *const words[] = {"S", "D"};
    for (int i = 0; i < 2; i++) {
        const dpid_filed_arm *arm = dpid_evidence_find(e, words[i]);
        if (!arm || arm->runs == 0)
            return dpid_fail(e->head.ctx, DEEPID_ERR_FORMAT,
                             "'%s/results.csv', column arm: no row is of %s, the %s net; a verdict compares S with D",
                             folder, words[i], i == 0 ? "shallow" : "deep");
    }
    return DEEPID_OK;
}

int32_t dpid_evidence_read_files(deepid_evidence *e, const char *folder)
{
    reading r = {.e = e, .folder = folder};
    DPID_TRY(dpid_facts_read(e, folder));
    DPID_TRY(read_arms(&r));
    DPID_TRY(read_results(&r));
    const int32_t status = read_tables(&r);
    dpid_free(e->head.ctx, r.line);
    return status;
}

static int32_t evidence_read(deepid_ctx *ctx, const char *folder, deepid_evidence **out)
{
    deepid_evidence *e = NULL;
    if (!folder || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "evidence: %s is NULL", folder ? "out" : "folder");
    DPID_TRY(deepid_evidence_create(ctx, &e));
    int32_t status = dpid_evidence_read_files(e, folder);
    if (status == DEEPID_OK)
        status = check_pair(e, folder);
    if (status == DEEPID_OK)
        *out = e;
    else
        deepid_evidence_destroy(e);
    return status;
}

int32_t deepid_evidence_read(deepid_ctx *ctx, const char *folder, deepid_evidence **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, evidence_read(ctx, folder, out));
}
