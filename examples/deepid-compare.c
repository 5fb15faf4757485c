/* Two studies on one page.   deepid-compare A B [--out FILE]

   A and B are folders of depth_study that are done, or of runs that deepid-judge judged. The comparison goes to
   standard output, and as a page that opens offline to compare.html. */
#include "common/flags.h"

#include <deepid/deepid.h>

#include <stdio.h>

typedef struct {
    const char *folder[2], *page;
    bool quiet;
} options;

static const flag flags[] = {
    {"out", "FILE", "the page (compare.html)", .place = offsetof(options, page)},
    {"quiet", NULL, "the page alone, nothing on standard output", .place = offsetof(options, quiet), .letter = 'q'},
    {NULL},
};

static const program self = {
    .usage = "A B [--out FILE] [-q]",
    .about = "Two studies on one page: the settings that differ, what each arm came to, what each verdict says.",
    .names = "  A, B                 folders of depth studies, or of runs that were judged\n",
    .ends = "0 done, 1 failed, 2 wrong use",
    .flags = flags,
    .place = offsetof(options, folder),
    .most = 2,
};

static int32_t compare(deepid_ctx *ctx, const options *o)
{
    deepid_comparison *c = NULL;
    int32_t status = deepid_comparison_create(ctx, o->folder[0], o->folder[1], &c);
    if (status == DEEPID_OK)
        status = deepid_comparison_write(c, o->page);
    if (status == DEEPID_OK && !o->quiet)
        printf("%s\npage: %s\n", deepid_comparison_text(c), o->page);
    deepid_comparison_destroy(c);
    return status;
}

int main(int argc, char **argv)
{
    options o = {.page = "compare.html"};
    deepid_ctx *ctx = NULL;
    const int code = flags_read(&self, argc, argv, &o);
    if (code >= 0)
        return code;
    if (!o.folder[1])
        return wrong("two folders are needed; try deepid-compare --help");
    if (deepid_ctx_create(&ctx) != DEEPID_OK) {
        wrong("no memory");
        return FAILED;
    }
    const int32_t status = compare(ctx, &o);
    if (status != DEEPID_OK)
        wrong("%s", deepid_ctx_error(ctx));
    deepid_ctx_destroy(ctx);
    return printed(status == DEEPID_OK ? DONE : FAILED);
}
