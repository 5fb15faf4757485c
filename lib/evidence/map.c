/* Runs as people have them: one CSV of any tool, whose columns a map gives their meaning.
     arm=config.name,seed=config.seed,train_loss=train/loss     KEY=COLUMN: a column of results.csv
     train_error=1-train/acc%                                   of accuracies, of per cent
     epoch=_step                                                rows are points; the last of a run is its end
     file={arm}_s{seed}-{tag}.csv                               a folder of TensorBoard's files: board.c
     S=plain-20,D=plain-56                                      what an arm is called there; other rows do not count */
#include "evidence/map.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { TOLD = 8 };

/* ---- the map --------------------------------------------------------------------------------------- */

static int key_of(const dpid_mapping *m, const char *key)
{
    for (int i = 0; i < DPID_MAP_COLUMNS; i++)
        if (strcmp(m->column[i].name, key) == 0)
            return i;
    return -1;
}

static int32_t take_key(const dpid_mapping *m, const char *key, const char *value, const char **to)
{
    if (*to)
        return dpid_fail(m->e->head.ctx, DEEPID_ERR_SPEC, "map: %s is said twice, '%.60s' and '%.60s'", key, *to,
                         value);
    *to = value;
    return DEEPID_OK;
}

/* An arm may have several names, a name is of one arm. */
static int32_t take_name(dpid_mapping *m, const char *word, const char *name)
{
    for (int i = 0; i < m->names; i++)
        if (strcmp(m->name[i], name) == 0)
            return dpid_fail(m->e->head.ctx, DEEPID_ERR_SPEC, "map: '%.60s' is said to be arm %s and arm %s", name,
                             m->word[i], word);
    if (m->names == DPID_MAP_NAMES)
        return dpid_fail(m->e->head.ctx, DEEPID_ERR_LIMIT, "map: more than %d names of arms", DPID_MAP_NAMES);
    m->word[m->names] = word;
    m->name[m->names++] = name;
    return DEEPID_OK;
}

static int32_t take_pair(dpid_mapping *m, const char *key, const char *value)
{
    deepid_ctx *ctx = m->e->head.ctx;
    const int k = key_of(m, key);
    if (!*value)
        return dpid_fail(ctx, DEEPID_ERR_SPEC, "map: %s has no column, expected %s=COLUMN", key, key);
    if (k >= 0)
        return take_key(m, key, value, &m->from[k].column);
    if (strcmp(key, "file") == 0)
        return take_key(m, key, value, &m->file);
    if (dpid_arm_words_of(key))
        return take_name(m, key, value);
    const char *words[DPID_MAP_COLUMNS + 2] = {NULL};
    for (int i = 0; i < DPID_MAP_COLUMNS; i++)
        words[i] = m->column[i].name;
    words[DPID_MAP_COLUMNS] = "file";
    return dpid_refuse_word(ctx, "key of a map", key, words);
}

/* "a=b,c=d" cut up in the arena. */
static int32_t read_map(dpid_mapping *m, const char *text)
{
    char *copy = NULL;
    DPID_TRY(dpid_arena_text(&m->e->arena, text, (int64_t)strlen(text), &copy));
    for (char *p = copy; *p;) {
        char *end = p + strcspn(p, ",");
        const bool more = *end != 0;
        *end = 0;
        char *equals = strchr(p, '=');
        if (!equals || equals == p)
            return dpid_fail(m->e->head.ctx, DEEPID_ERR_SPEC, "map: '%.60s', expected KEY=COLUMN", p);
        *equals = 0;
        DPID_TRY(take_pair(m, p, equals + 1));
        p = more ? end + 1 : end;
    }
    for (int i = m->file ? 2 : 0; i < 3; i++) {
        static const int needed[] = {DPID_MAP_ARM, DPID_RUN_SEED, DPID_RUN_TRAIN_LOSS};
        if (!m->from[needed[i]].column)
            return dpid_fail(m->e->head.ctx, DEEPID_ERR_SPEC, "map: it says no column for %s",
                             m->column[needed[i]].name);
    }
    if (m->file && (m->from[DPID_MAP_ARM].column || m->from[DPID_RUN_SEED].column || m->from[DPID_MAP_EPOCH].column))
        return dpid_fail(m->e->head.ctx, DEEPID_ERR_SPEC,
                         "map: arm, seed and epoch have columns; with file= they are in the files' names, and Step");
    return DEEPID_OK;
}

/* ---- columns of the file ------------------------------------------------------------------------------ */

static int64_t find(const dpid_sheet *s, const char *name, size_t length)
{
    for (int64_t i = 0; i < s->width; i++)
        if (s->name[i].length == (int64_t)length && memcmp(s->name[i].text, name, length) == 0)
            return i;
    return -1;
}

static int32_t no_column(const dpid_mapping *m, const char *name)
{
    dpid_string s = {.ctx = m->e->head.ctx};
    for (int64_t i = 0; i < m->sheet.width && s.length < 200; i++) {
        dpid_string_add(&s, i ? ", " : "");
        dpid_string_add_span(&s, m->sheet.name[i].text, m->sheet.name[i].length);
    }
    const int32_t status =
        s.status != DEEPID_OK
            ? s.status
            : dpid_fail(m->e->head.ctx, DEEPID_ERR_FORMAT, "'%s', line 1: there is no column '%.60s'; its columns: %s",
                        m->path, name, s.text ? s.text : "");
    dpid_string_release(&s);
    return status;
}

int32_t dpid_map_turns(const dpid_mapping *m, int column)
{
    const dpid_map_source *from = &m->from[column];
    if (!(from->complement || from->percent) || column == DPID_RUN_TRAIN_ERROR || column == DPID_RUN_VALID_ERROR)
        return DEEPID_OK;
    return dpid_fail(m->e->head.ctx, DEEPID_ERR_SPEC,
                     "map: %s=%.60s: '1-' and '%%' are for train_error and valid_error, which are shares; expected the "
                     "name of a column",
                     m->column[column].name, from->column);
}

/* By its whole name; else without "1-" in front and "%" behind. */
static int32_t find_column(dpid_mapping *m, int k)
{
    dpid_map_source *from = &m->from[k];
    const char *name = from->column;
    size_t length = strlen(name);
    m->sheet.at[k] = find(&m->sheet, name, length);
    if (m->sheet.at[k] >= 0)
        return DEEPID_OK;
    from->complement = strncmp(name, "1-", 2) == 0;
    from->percent = name[length - 1] == '%';
    name += from->complement ? 2 : 0;
    length = strlen(name) - from->percent;
    m->sheet.at[k] = find(&m->sheet, name, length);
    return m->sheet.at[k] >= 0 ? dpid_map_turns(m, k) : no_column(m, from->column);
}

/* ---- rows ------------------------------------------------------------------------------------------------ */

static bool cell_is(const dpid_mapping *m, int k, const char *text)
{
    const dpid_span cell = m->sheet.cell[m->sheet.at[k]].text;
    return cell.length == (int64_t)strlen(text) && strncasecmp(cell.text, text, (size_t)cell.length) == 0;
}

const char *dpid_map_word(dpid_mapping *m, const char *text)
{
    const char *word = NULL;
    for (int i = 0; i < m->names; i++)
        if (strcmp(m->name[i], text) == 0) {
            word = m->word[i];
            m->used[i] = true;
        }
    return m->names == 0 && dpid_arm_words_of(text) ? text : word;
}

/* *word NULL: the row is of no arm that was named. */
static int32_t take_word(dpid_mapping *m, const char **word)
{
    const char *text;
    DPID_TRY(dpid_sheet_text(&m->sheet, DPID_MAP_ARM, &m->e->arena, &text));
    *word = dpid_map_word(m, text);
    if (*word || m->names > 0)
        return DEEPID_OK;
    return dpid_sheet_refuse(&m->sheet, DPID_MAP_ARM, "'%.40s' is no word of an arm; say which it is, such as S=%.40s",
                             text, text);
}

double dpid_map_turn(const dpid_map_source *from, double value)
{
    value = from->percent ? value / 100 : value;
    return from->complement ? 1 - value : value;
}

/* NaN and infinity are what a log has of a run that diverged. */
static int32_t take_numbers(dpid_mapping *m, double *row, double *epoch)
{
    *epoch = (double)NAN;
    for (int k = 0; k < DPID_MAP_COLUMNS; k++) {
        double value = (double)NAN;
        if (k == DPID_MAP_ARM)
            continue;
        if (m->sheet.at[k] >= 0 && !cell_is(m, k, "infinity"))
            DPID_TRY(dpid_sheet_number(&m->sheet, k, &value));
        value = dpid_map_turn(&m->from[k], value);
        *(k == DPID_MAP_EPOCH ? epoch : &row[k]) = value;
    }
    const bool nan = cell_is(m, DPID_RUN_TRAIN_LOSS, "nan") || cell_is(m, DPID_RUN_TRAIN_LOSS, "infinity");
    if (nan || isinf(row[DPID_RUN_TRAIN_LOSS]))
        row[DPID_RUN_DIVERGED] = 1;
    return DEEPID_OK;
}

static void pass_over(dpid_mapping *m)
{
    if (m->passed++ < TOLD)
        dpid_string_format(&m->lines, "%s%lld", m->passed > 1 ? ", " : "", (long long)m->sheet.text.line);
}

/* A row that is a run. */
static int32_t take_run(dpid_mapping *m, const char *word, double *row)
{
    char why[DPID_JSON_WHY];
    int column;
    dpid_filed_arm *arm = NULL;
    if (isnan(row[DPID_RUN_TRAIN_LOSS]) && row[DPID_RUN_DIVERGED] != 1) {
        pass_over(m);
        return DEEPID_OK;
    }
    row[DPID_RUN_DIVERGED] = row[DPID_RUN_DIVERGED] == 1;
    DPID_TRY(dpid_evidence_arm(m->e, word, &arm));
    if (!dpid_evidence_fits(m->e, arm, row, &column, why))
        return dpid_sheet_refuse(&m->sheet, column, "%s", why);
    m->runs++;
    return dpid_evidence_add_run(m->e, arm, row, m->sheet.text.line);
}

static int32_t number_fits(const dpid_mapping *m, int k, double value, bool needed)
{
    const char *expected = dpid_column_refuses(&m->column[k], value);
    if (needed && isnan(value))
        return dpid_sheet_refuse(&m->sheet, k, "it is missing; expected %s", m->column[k].expected);
    return expected ? dpid_sheet_refuse(&m->sheet, k, "it is %s, expected %s", dpid_number(value).text, expected)
                    : DEEPID_OK;
}

/* A row along training: what it says of a run is kept number by number, be it validation alone. */
static int32_t take_point(dpid_mapping *m, const char *word, const double *row, double epoch)
{
    const bool broke = row[DPID_RUN_DIVERGED] == 1;
    int known = 0;
    for (int k = DPID_RUN_SEED + 1; k < DPID_RUN_COLUMNS; k++)
        known += !isnan(row[k]) && (k != DPID_RUN_DIVERGED || broke);
    if (known == 0) {
        pass_over(m);
        return DEEPID_OK;
    }
    DPID_TRY(number_fits(m, DPID_RUN_SEED, row[DPID_RUN_SEED], true));
    DPID_TRY(number_fits(m, DPID_MAP_EPOCH, epoch, true));
    for (int k = DPID_RUN_SEED + 1; k < DPID_RUN_COLUMNS; k++) {
        const bool lost = k == DPID_RUN_TRAIN_LOSS && broke && !isfinite(row[k]);
        if (!broke)
            DPID_TRY(number_fits(m, k, row[k], false));
        const bool said = !isnan(row[k]) && (k != DPID_RUN_DIVERGED || m->from[k].column);
        if (lost || said)
            DPID_TRY(
                dpid_map_keep(m, (dpid_sample){word, row[DPID_RUN_SEED], epoch, lost ? (double)NAN : row[k], 0, k}));
    }
    return DEEPID_OK;
}

static int32_t take_row(dpid_mapping *m)
{
    double row[DPID_RUN_COLUMNS];
    double epoch;
    const char *word;
    DPID_TRY(take_word(m, &word));
    if (!word)
        return DEEPID_OK;
    DPID_TRY(take_numbers(m, row, &epoch));
    return m->from[DPID_MAP_EPOCH].column ? take_point(m, word, row, epoch) : take_run(m, word, row);
}

/* ---- all of it --------------------------------------------------------------------------------------------- */

static int32_t tell(dpid_mapping *m)
{
    dpid_string s = {.ctx = m->e->head.ctx};
    const char *slash = strrchr(m->path, '/');
    dpid_string_format(&s, "%lld run%s of %s", (long long)m->runs, m->runs == 1 ? "" : "s",
                       slash ? slash + 1 : m->path);
    if (m->untrained > 0)
        dpid_string_format(&s, "; runs passed over for want of a training loss: %lld", (long long)m->untrained);
    if (m->passed > 0)
        dpid_string_format(&s, "; %s: %lld",
                           m->from[DPID_MAP_EPOCH].column ? "rows passed over that have no number"
                                                          : "passed over for want of a training loss",
                           (long long)m->passed);
    if (m->lines.text)
        dpid_string_format(&s, " (line %s%s)", m->lines.text, m->passed > TOLD ? ", ..." : "");
    const int32_t status = s.status == DEEPID_OK ? dpid_evidence_keep(m->e, s.text, &m->e->page.data) : s.status;
    dpid_string_release(&s);
    return status == DEEPID_OK ? dpid_evidence_note_file(m->e, slash ? slash + 1 : m->path) : status;
}

/* A name that no row has is misspelt: its arm would be missing in silence. */
static int32_t names_are_used(const dpid_mapping *m)
{
    for (int i = 0; i < m->names; i++)
        if (!m->used[i])
            return m->file ? dpid_fail(m->e->head.ctx, DEEPID_ERR_FORMAT,
                                       "'%s': no file is of '%.60s', which the map says is arm %s", m->path, m->name[i],
                                       m->word[i])
                           : dpid_fail(m->e->head.ctx, DEEPID_ERR_FORMAT,
                                       "'%s': no row has '%.60s' in column '%.60s', which the map says is arm %s",
                                       m->path, m->name[i], m->from[DPID_MAP_ARM].column, m->word[i]);
    return DEEPID_OK;
}

static int32_t read_rows(dpid_mapping *m)
{
    bool more = true;
    DPID_TRY(dpid_sheet_open(m->e->head.ctx, m->path, m->column, 0, NULL, false, &m->sheet));
    m->sheet.columns = DPID_MAP_COLUMNS;
    for (int k = 0; k < DPID_MAP_COLUMNS; k++) {
        m->sheet.at[k] = -1;
        if (m->from[k].column)
            DPID_TRY(find_column(m, k));
    }
    while (true) {
        DPID_TRY(dpid_sheet_next(&m->sheet, &more));
        if (!more)
            return m->from[DPID_MAP_EPOCH].column ? dpid_map_join(m) : DEEPID_OK;
        DPID_TRY(take_row(m));
    }
}

static int32_t read_csv(deepid_ctx *ctx, const char *path, const char *map, deepid_evidence **out)
{
    dpid_mapping m = {.path = path, .sheet = {.ctx = ctx}, .lines = {.ctx = ctx}};
    if (!path || !map || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "evidence: %s is NULL", !path ? "path" : !map ? "map" : "out");
    memcpy(m.column, dpid_run_columns, sizeof dpid_run_columns);
    m.column[DPID_MAP_ARM] = (dpid_column){.name = "arm", .type = DPID_CELL_TEXT, .expected = "a word"};
    m.column[DPID_MAP_EPOCH] = dpid_point_columns[DPID_POINT_EPOCH];
    DPID_TRY(deepid_evidence_create(ctx, &m.e));
    int32_t status = read_map(&m, map);
    if (status == DEEPID_OK)
        status = m.file ? dpid_map_board(&m) : read_rows(&m);
    if (status == DEEPID_OK)
        status = names_are_used(&m);
    if (status == DEEPID_OK)
        status = tell(&m);
    if (status == DEEPID_OK)
        status = m.lines.status;
    dpid_sheet_release(&m.sheet);
    dpid_string_release(&m.lines);
    dpid_free(ctx, m.sample);
    if (status == DEEPID_OK)
        *out = m.e;
    else
        deepid_evidence_destroy(m.e);
    return status;
}

int32_t deepid_evidence_read_csv(deepid_ctx *ctx, const char *path, const char *map, deepid_evidence **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, read_csv(ctx, path, map, out));
}
