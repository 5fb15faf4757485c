/* TensorBoard's files, one a run and curve: Wall time, Step, Value. A pattern says where their names have arm, seed and
   tag, the map which tag is which column. join.c makes runs of them. */
#include "evidence/map.h"

#include <dirent.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

enum { ARM, SEED, TAG, FIELDS, DEPTH_MAX = 8, SEED_DIGITS = 15 };

typedef struct {
    dpid_mapping *m;
    dpid_arena arena; /* names of files */
    int64_t files;
    const char *seen; /* a file that does not fit */
} board;

/* ---- names of files ------------------------------------------------------------------------------- */

/* Which field begins here; FIELDS: none. */
static int field_at(const char *pattern, size_t *length)
{
    static const char *const words[FIELDS] = {"{arm}", "{seed}", "{tag}"};
    for (int i = 0; i < FIELDS; i++) {
        *length = strlen(words[i]);
        if (strncmp(pattern, words[i], *length) == 0)
            return i;
    }
    return FIELDS;
}

/* The longest piece first; a seed is digits alone. */
static bool fits(const char *pattern, const char *name, dpid_span *piece)
{
    size_t length;
    const int field = field_at(pattern, &length);
    if (field == FIELDS)
        return *pattern == *name && (!*pattern || fits(pattern + 1, name + 1, piece));
    size_t most = field == SEED ? strspn(name, "0123456789") : strlen(name);
    most = field == SEED && most > SEED_DIGITS ? SEED_DIGITS : most;
    for (size_t n = most; n > 0; n--) {
        piece[field] = (dpid_span){name, (int64_t)n, name};
        if (fits(pattern + length, name + n, piece))
            return true;
    }
    return false;
}

static int32_t check_pattern(const dpid_mapping *m)
{
    static const char *const words[FIELDS] = {"{arm}", "{seed}", "{tag}"};
    for (int i = 0; i < FIELDS; i++)
        if (!strstr(m->file, words[i]))
            return dpid_fail(m->e->head.ctx, DEEPID_ERR_SPEC, "map: file=%.80s has no %s; expected as in %s", m->file,
                             words[i], "run-{arm}_s{seed}-tag-{tag}.csv");
    return DEEPID_OK;
}

/* TensorBoard writes '_' for what a file's name cannot have. */
static bool same_tag(dpid_span tag, const char *name, size_t length)
{
    bool same = tag.length == (int64_t)length;
    for (size_t i = 0; same && i < length; i++)
        same = tag.text[i] == name[i] || (tag.text[i] == '_' && strchr("/ :\\", name[i]));
    return same;
}

/* The column of the map that this tag is: by its whole name, else without "1-" in front and "%" behind; -1: none. */
static int column_of(dpid_mapping *m, dpid_span tag)
{
    for (int k = 0; k < DPID_MAP_COLUMNS; k++) {
        dpid_map_source *from = &m->from[k];
        const char *name = from->column;
        if (!name)
            continue;
        if (same_tag(tag, name, strlen(name))) {
            from->complement = from->percent = false;
            return k;
        }
        const bool complement = strncmp(name, "1-", 2) == 0;
        const bool percent = name[strlen(name) - 1] == '%';
        name += complement ? 2 : 0;
        if ((complement || percent) && same_tag(tag, name, strlen(name) - percent)) {
            from->complement = complement;
            from->percent = percent;
            return k;
        }
    }
    return -1;
}

/* ---- one file --------------------------------------------------------------------------------------- */

/* What is no number is a value of a run that diverged. */
static int32_t take_rows(board *b, dpid_sheet *sheet, dpid_sample of)
{
    bool more = true;
    while (true) {
        DPID_TRY(dpid_sheet_next(sheet, &more));
        if (!more)
            return DEEPID_OK;
        DPID_TRY(dpid_sheet_number(sheet, 0, &of.step));
        DPID_TRY(dpid_sheet_number(sheet, 1, &of.value));
        if (isnan(of.step))
            return dpid_sheet_refuse(sheet, 0, "it is missing; expected a step, 0 or more");
        of.value = isfinite(of.value) ? dpid_map_turn(&b->m->from[of.column], of.value) : (double)NAN;
        const char *expected = dpid_column_refuses(&b->m->column[of.column], of.value);
        if (expected)
            return dpid_sheet_refuse(sheet, 1, "%s would be %s, expected %s", b->m->column[of.column].name,
                                     dpid_number(of.value).text, expected);
        DPID_TRY(dpid_map_keep(b->m, of));
    }
}

static int32_t take_file(board *b, const char *path, dpid_sample of)
{
    static const dpid_column columns[] = {{"Step", DPID_CELL_NUMBER, 0, HUGE_VAL, false, "a step, 0 or more"},
                                          {"Value", DPID_CELL_NUMBER, -HUGE_VAL, HUGE_VAL, false, "a number"}};
    dpid_sheet sheet;
    int32_t status = dpid_sheet_open(b->m->e->head.ctx, path, columns, 2, NULL, false, &sheet);
    for (int k = 0; k < 2 && status == DEEPID_OK; k++)
        if (sheet.at[k] < 0)
            status = dpid_fail(b->m->e->head.ctx, DEEPID_ERR_FORMAT,
                               "'%s', line 1: there is no column '%s'; TensorBoard writes Wall time, Step, Value", path,
                               columns[k].name);
    if (status == DEEPID_OK)
        status = take_rows(b, &sheet, of);
    dpid_sheet_release(&sheet);
    b->files++;
    return status;
}

/* Of an arm that is named, and of a tag that is asked for. */
static int32_t look_at(board *b, const char *path, const char *name)
{
    dpid_span piece[FIELDS];
    char *arm = NULL;
    if (!fits(b->m->file, name, piece)) {
        char *seen = NULL;
        DPID_TRY(dpid_arena_text(&b->arena, name, (int64_t)strlen(name), &seen));
        b->seen = seen;
        return DEEPID_OK;
    }
    DPID_TRY(dpid_arena_text(&b->m->e->arena, piece[ARM].text, piece[ARM].length, &arm));
    int64_t seed = 0;
    (void)dpid_parse_int(piece[SEED].text, piece[SEED].length, &seed); /* digits alone: fits */
    const dpid_sample of = {
        .word = dpid_map_word(b->m, arm), .seed = (double)seed, .column = column_of(b->m, piece[TAG])};
    if (!of.word || of.column < 0)
        return DEEPID_OK;
    DPID_TRY(dpid_map_turns(b->m, of.column));
    return take_file(b, path, of);
}

/* ---- the folder ----------------------------------------------------------------------------------------- */

static int32_t walk(board *b, const char *folder, size_t root, int depth);

static int32_t visit(board *b, const char *path, size_t root, int depth)
{
    struct stat about;
    if (stat(path, &about) != 0)
        return DEEPID_OK;
    if (S_ISDIR(about.st_mode))
        return depth < DEPTH_MAX ? walk(b, path, root, depth + 1) : DEEPID_OK;
    return S_ISREG(about.st_mode) ? look_at(b, path, path + root) : DEEPID_OK;
}

static int32_t walk(board *b, const char *folder, size_t root, int depth)
{
    deepid_ctx *ctx = b->m->e->head.ctx;
    DIR *dir = opendir(folder);
    int32_t status = DEEPID_OK;
    if (!dir)
        return dpid_fail(ctx, DEEPID_ERR_IO, "'%s' cannot be read as a folder", folder);
    for (const struct dirent *entry; status == DEEPID_OK && (entry = readdir(dir));) { /* NOLINT: one thread a folder */
        dpid_string path = {.ctx = ctx};
        if (entry->d_name[0] == '.')
            continue;
        dpid_string_format(&path, "%s/%s", folder, entry->d_name);
        status = path.status == DEEPID_OK ? visit(b, path.text, root, depth) : path.status;
        dpid_string_release(&path);
    }
    closedir(dir);
    return status;
}

int32_t dpid_map_board(dpid_mapping *m)
{
    board b = {.m = m, .arena = {.ctx = m->e->head.ctx}};
    int32_t status = check_pattern(m);
    if (status == DEEPID_OK)
        status = walk(&b, m->path, strlen(m->path) + 1, 0);
    if (status == DEEPID_OK && b.files == 0)
        status =
            dpid_fail(m->e->head.ctx, DEEPID_ERR_FORMAT, "'%s': no file fits file=%.80s with a known arm and tag%s%s",
                      m->path, m->file, b.seen ? "; there is " : "", b.seen ? b.seen : "");
    if (status == DEEPID_OK)
        status = dpid_map_join(m);
    dpid_arena_release(&b.arena);
    return status;
}
