/* The files of a folder of pictures: which folders are parts, which are classes, which files are pictures. A picture is
   what begins as one, whatever it is called; a file that is called one and is none is refused. */
#include "data/pictures.h"

#include "data/lexicon.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 8 }; /* folders within a class; a link that leads back has no end */

/* ---- a folder's entries, sorted ------------------------------------------------------------------------ */

typedef struct {
    const char **name;
    int64_t count, room;
} listing;

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int32_t add_name(dpid_arena *arena, listing *list, const char *name)
{
    enum { FIRST = 64 };
    char *copy = NULL;
    if (list->count == list->room) {
        const char **grown = NULL;
        list->room = list->room ? 2 * list->room : FIRST;
        DPID_TRY(dpid_arena_alloc(arena, list->room, sizeof *grown, "files", &grown));
        if (list->count > 0)
            memcpy(grown, list->name, sizeof *grown * (size_t)list->count);
        list->name = grown;
    }
    DPID_TRY(dpid_arena_text(arena, name, (int64_t)strlen(name), &copy));
    list->name[list->count++] = copy;
    return DEEPID_OK;
}

/* Without those that are hidden: .DS_Store, ._cat.jpg, .ipynb_checkpoints. */
static int32_t list_folder(dpid_arena *arena, const char *folder, listing *out)
{
    int32_t status = DEEPID_OK;
    *out = (listing){NULL, 0, 0};
    DIR *dir = opendir(folder);
    if (!dir)
        return dpid_fail_errno(arena->ctx, "open the folder", folder, errno);
    for (struct dirent *e = readdir(dir); e && status == DEEPID_OK; e = readdir(dir))
        if (e->d_name[0] != '.')
            status = add_name(arena, out, e->d_name);
    closedir(dir);
    if (status == DEEPID_OK && out->count > 0)
        qsort(out->name, (size_t)out->count, sizeof *out->name, compare);
    return status;
}

static int32_t join(dpid_arena *arena, const char *folder, const char *name, const char **out)
{
    char *path = NULL;
    dpid_string s = {.ctx = arena->ctx};
    const size_t length = strlen(folder);
    dpid_string_format(&s, "%s%s%s", folder, length > 0 && folder[length - 1] == '/' ? "" : "/", name);
    int32_t status = s.status;
    if (status == DEEPID_OK)
        status = dpid_arena_text(arena, s.text, s.length, &path);
    dpid_string_release(&s);
    *out = path;
    return status;
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* ---- parts: train and test ------------------------------------------------------------------------------- */

static int32_t holds_folders(dpid_arena *arena, const char *folder, bool *out)
{
    listing list;
    *out = false;
    DPID_TRY(list_folder(arena, folder, &list));
    for (int64_t i = 0; i < list.count && !*out; i++) {
        const char *path;
        DPID_TRY(join(arena, folder, list.name[i], &path));
        *out = is_folder(path);
    }
    return DEEPID_OK;
}

/* The first of these words that is the name of a folder of folders. */
static int32_t find_part(dpid_arena *arena, const char *folder, const listing *list, const char *const *words,
                         const char **out)
{
    *out = NULL;
    for (; *words; words++)
        for (int64_t i = 0; i < list->count; i++) {
            const char *path;
            bool holds;
            if (strcasecmp(list->name[i], *words) != 0)
                continue;
            DPID_TRY(join(arena, folder, list->name[i], &path));
            if (!is_folder(path))
                continue;
            DPID_TRY(holds_folders(arena, path, &holds));
            *out = holds ? path : NULL;
            if (holds)
                return DEEPID_OK;
        }
    return DEEPID_OK;
}

/* Folders beside the parts. */
static int32_t print_unread(dpid_picture_parts *parts, const char *folder, const listing *list)
{
    char *copy = NULL;
    dpid_string s = {.ctx = parts->arena.ctx};
    for (int64_t i = 0; i < list->count && s.status == DEEPID_OK; i++) {
        const char *path = NULL;
        const int32_t status = join(&parts->arena, folder, list->name[i], &path);
        s.status = status;
        if (status == DEEPID_OK && strcmp(path, parts->train) != 0 &&
            (!parts->valid || strcmp(path, parts->valid) != 0) && is_folder(path))
            dpid_string_format(&s, "%s%s", s.length ? ", " : "", list->name[i]);
    }
    int32_t status = s.status;
    if (status == DEEPID_OK && s.length > 0)
        status = dpid_arena_text(&parts->arena, s.text, s.length, &copy);
    dpid_string_release(&s);
    parts->unread = copy;
    return status;
}

int32_t dpid_pictures_find_parts(const char *folder, dpid_picture_parts *parts)
{
    static const char *const trains[] = {"train", "training", NULL};
    static const char *const valids[] = {"valid", "val", "validation", "test", "testing", NULL};
    listing list;
    DPID_TRY(list_folder(&parts->arena, folder, &list));
    DPID_TRY(find_part(&parts->arena, folder, &list, trains, &parts->train));
    if (!parts->train) {
        parts->train = folder;
        return DEEPID_OK;
    }
    DPID_TRY(find_part(&parts->arena, folder, &list, valids, &parts->valid));
    return print_unread(parts, folder, &list);
}

/* ---- files of a class ---------------------------------------------------------------------------------- */

static bool is_called_picture(const char *name)
{
    static const char *const endings[] = {".png", ".jpg",  ".jpeg", ".jpe",  ".jfif", ".gif", ".bmp",
                                          ".tif", ".tiff", ".webp", ".heic", ".avif", NULL};
    const char *dot = strrchr(name, '.');
    for (const char *const *e = endings; dot && *e; e++)
        if (strcasecmp(dot, *e) == 0)
            return true;
    return false;
}

static int32_t keep(dpid_pictures *p, const char *path, int64_t label, const dpid_picture *look)
{
    enum { FIRST = 256 };
    if (p->count == p->room) {
        const int64_t room = p->room ? 2 * p->room : FIRST;
        DPID_TRY(dpid_grow(p->arena.ctx, &p->file, p->count, room, sizeof *p->file, "files"));
        p->room = room;
    }
    p->file[p->count++] = (dpid_picture_file){path, label, *look};
    return DEEPID_OK;
}

static int32_t first_bytes(deepid_ctx *ctx, const char *path, uint8_t *first, int64_t *got)
{
    int fd;
    int64_t bytes;
    DPID_TRY(dpid_file_open(ctx, path, &fd, &bytes));
    const int32_t status = dpid_file_read_some(ctx, path, fd, first, DPID_PICTURE_FIRST, got);
    close(fd);
    return status;
}

int32_t dpid_pictures_drop(dpid_pictures *pictures, int32_t status)
{
    const char *sentence = pictures->arena.ctx->error;
    char *copy = NULL;
    if (status != DEEPID_ERR_FORMAT || !pictures->drop)
        return status;
    if (pictures->dropped++ == 0)
        DPID_TRY(dpid_arena_text(&pictures->arena, sentence, (int64_t)strlen(sentence), &copy));
    pictures->damaged = copy ? copy : pictures->damaged;
    return DEEPID_OK;
}

static int32_t take_file(dpid_pictures *p, const char *path, const char *name, int64_t label)
{
    deepid_ctx *ctx = p->arena.ctx;
    uint8_t first[DPID_PICTURE_FIRST];
    uint8_t *bytes = NULL;
    int64_t count = 0;
    dpid_picture look;
    DPID_TRY(first_bytes(ctx, path, first, &count));
    if (dpid_picture_format_of(first, count) == DPID_PICTURE_NONE) {
        p->passed += !is_called_picture(name);
        return is_called_picture(name)
                   ? dpid_pictures_drop(p, dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' is %s, expected a PNG or a JPEG",
                                                     path, dpid_picture_other(first, count)))
                   : DEEPID_OK;
    }
    DPID_TRY(dpid_file_read(ctx, path, &bytes, &count));
    const int32_t status = dpid_picture_look(ctx, path, bytes, count, &look);
    dpid_free(ctx, bytes);
    return status == DEEPID_OK ? keep(p, path, label, &look) : dpid_pictures_drop(p, status);
}

/* Folders within a class belong to it, as torchvision has them. Pipes and such are no pictures, and not waited for. */
static int32_t walk(dpid_pictures *p, const char *folder, int64_t label, int32_t depth)
{
    listing list;
    if (depth > DEPTH_MAX)
        return dpid_fail(p->arena.ctx, DEEPID_ERR_LIMIT,
                         "'%s': more than %d folders within each other; does a link "
                         "lead back?",
                         folder, DEPTH_MAX);
    DPID_TRY(list_folder(&p->arena, folder, &list));
    for (int64_t i = 0; i < list.count; i++) {
        struct stat info;
        const char *path;
        DPID_TRY(join(&p->arena, folder, list.name[i], &path));
        if (stat(path, &info) != 0)
            return dpid_fail_errno(p->arena.ctx, "look at", path, errno);
        if (S_ISDIR(info.st_mode))
            DPID_TRY(walk(p, path, label, depth + 1));
        else if (S_ISREG(info.st_mode) || is_called_picture(list.name[i]))
            DPID_TRY(take_file(p, path, list.name[i], label));
        else
            p->passed++;
    }
    return DEEPID_OK;
}

/* ---- classes ------------------------------------------------------------------------------------------- */

static int32_t take_class(dpid_pictures *p, const char *path, const char *name)
{
    const int64_t before = p->count;
    DPID_TRY(walk(p, path, p->classes, 1));
    if (p->count > before)
        p->class_name[p->classes++] = name;
    else if (p->empties++ == 0)
        p->empty = name;
    return DEEPID_OK;
}

/* Files beside the folders of classes belong to none of them: a README.txt, a list of labels. */
static int32_t find(dpid_pictures *p)
{
    listing list;
    DPID_TRY(list_folder(&p->arena, p->folder, &list));
    DPID_TRY(dpid_arena_alloc(&p->arena, list.count, sizeof *p->class_name, "classes", &p->class_name));
    if (list.count > 0)
        qsort(list.name, (size_t)list.count, sizeof *list.name, dpid_lexicon_compare);
    for (int64_t i = 0; i < list.count; i++) {
        const char *path;
        DPID_TRY(join(&p->arena, p->folder, list.name[i], &path));
        if (is_folder(path))
            DPID_TRY(take_class(p, path, list.name[i]));
        else
            p->passed++;
    }
    if (p->classes > DPID_CLASSES_MAX)
        return dpid_fail(p->arena.ctx, DEEPID_ERR_LABEL, "'%s' has %lld folders of pictures, expected at most %d",
                         p->folder, (long long)p->classes, DPID_CLASSES_MAX);
    return p->count > 0 ? DEEPID_OK
                        : dpid_fail(p->arena.ctx, DEEPID_ERR_FORMAT,
                                    "'%s' has no pictures in folders: expected a folder for each class, with PNG or "
                                    "JPEG files in it (%lld folders without pictures, %lld files beside them: pictures "
                                    "themselves need a folder that says their class)",
                                    p->folder, (long long)p->empties, (long long)p->passed);
}

int32_t dpid_pictures_find(deepid_ctx *ctx, const char *folder, bool drop, dpid_pictures *out)
{
    *out = (dpid_pictures){.arena = {.ctx = ctx}, .folder = folder, .drop = drop};
    const int32_t status = find(out);
    if (status != DEEPID_OK)
        dpid_pictures_release(out);
    return status;
}

void dpid_pictures_release(dpid_pictures *pictures)
{
    dpid_free(pictures->arena.ctx, pictures->file);
    pictures->file = NULL;
    dpid_arena_release(&pictures->arena);
}
