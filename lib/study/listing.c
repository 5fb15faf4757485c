/* Which results a folder has, by one look at tasks/: asking for each of 10 000 names is what many processes that begin
   at once cost a file server. A result that comes later is found when its task is taken. */
#include "study/study.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 16, FIRST = 1024 };

static int by_number(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* HASH.json, the hash in lower case as dpid_task_configure writes it. */
static bool is_result(const char *file)
{
    return strspn(file, "0123456789abcdef") == DIGITS && strcmp(file + DIGITS, ".json") == 0;
}

static int32_t add(deepid_ctx *ctx, dpid_listing *listing, const char *file)
{
    if (listing->count == listing->room) {
        const int64_t room = listing->room ? 2 * listing->room : FIRST;
        DPID_TRY(dpid_grow(ctx, &listing->hash, listing->count, room, sizeof *listing->hash, "study"));
        listing->room = room;
    }
    listing->hash[listing->count++] = strtoull(file, NULL, DIGITS);
    return DEEPID_OK;
}

int32_t dpid_listing_read(const deepid_study *study, dpid_listing *out)
{
    deepid_ctx *ctx = study->head.ctx;
    dpid_string path = {.ctx = ctx};
    *out = (dpid_listing){0};
    dpid_string_format(&path, "%s/tasks", study->folder ? study->folder : "");
    int32_t status = path.status;
    DIR *folder = study->folder && status == DEEPID_OK ? opendir(path.text) : NULL;
    for (struct dirent *entry; folder && status == DEEPID_OK && (entry = readdir(folder)) != NULL;)
        if (is_result(entry->d_name))
            status = add(ctx, out, entry->d_name);
    if (folder)
        closedir(folder);
    if (out->count > 0)
        qsort(out->hash, (size_t)out->count, sizeof *out->hash, by_number);
    dpid_string_release(&path);
    return status;
}

bool dpid_listing_has(const dpid_listing *listing, const dpid_task *task)
{
    const uint64_t hash = strtoull(task->name, NULL, DIGITS);
    return listing->count > 0 && bsearch(&hash, listing->hash, (size_t)listing->count, sizeof hash, by_number) != NULL;
}

void dpid_listing_release(const deepid_study *study, dpid_listing *listing)
{
    dpid_free(study->head.ctx, listing->hash);
    *listing = (dpid_listing){0};
}
