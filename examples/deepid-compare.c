/* Two studies on one page.   deepid-compare A B [--out FILE]

   A and B are folders of depth_study that are done. The comparison goes to standard output, and as a page that opens
   offline to compare.html. */
#include <deepid/deepid.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { DONE = 0, FAILED = 1, USAGE = 2 };

static const char usage[] = "usage: deepid-compare A B [--out FILE] [-q]\n";

static const char help[] =
    "\n"
    "Two studies on one page: the settings that differ, what each arm came to, what each verdict says.\n"
    "\n"
    "  A, B             folders of depth_study that are done\n"
    "  --out FILE       the page (compare.html)\n"
    "  --quiet, -q      the page alone, nothing on standard output\n"
    "  --help, -h, --version\n"
    "\n"
    "exit codes: 0 done, 1 failed, 2 wrong use\n";

typedef struct {
    const char *folder[2], *page;
    int folders;
    bool quiet;
} options;

static int wrong(const char *what, const char *word)
{
    fprintf(stderr, "deepid-compare: %s%s\n%s", what, word, usage);
    return USAGE;
}

/* One argument, or two. -1: go on; else the exit code. */
static int take(options *o, char **argv, int argc, int *at)
{
    const char *word = argv[*at];
    if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
        return printf("%s%s", usage, help) < 0 ? FAILED : DONE;
    if (strcmp(word, "--version") == 0)
        return printf("deepid-compare, deepid %s\n", deepid_version()) < 0 ? FAILED : DONE;
    if (strcmp(word, "-q") == 0 || strcmp(word, "--quiet") == 0) {
        o->quiet = true;
        return -1;
    }
    if (strncmp(word, "--out=", 6) == 0 || strcmp(word, "--out") == 0) {
        o->page = word[5] ? word + 6 : *at + 1 < argc ? argv[++*at] : "";
        return *o->page ? -1 : wrong("missing value: ", "--out");
    }
    if (word[0] == '-')
        return wrong("unknown flag ", word);
    if (o->folders == 2)
        return wrong("a third folder: ", word);
    o->folder[o->folders++] = word;
    return -1;
}

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

/* What was printed is there: a full disk or a closed pipe is told. */
static int printed(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    fprintf(stderr, "deepid-compare: cannot write to the standard output: %s\n", strerror(errno));
    return FAILED;
}

int main(int argc, char **argv)
{
    options o = {.page = "compare.html"};
    deepid_ctx *ctx = NULL;
    for (int i = 1; i < argc; i++) {
        const int code = take(&o, argv, argc, &i);
        if (code >= 0)
            return printed(code);
    }
    if (o.folders < 2)
        return wrong("two folders are needed", "");
    if (deepid_ctx_create(&ctx) != DEEPID_OK) {
        fprintf(stderr, "deepid-compare: no memory\n");
        return FAILED;
    }
    const int32_t status = compare(ctx, &o);
    if (status != DEEPID_OK)
        fprintf(stderr, "deepid-compare: %s\n", deepid_ctx_error(ctx));
    deepid_ctx_destroy(ctx);
    return printed(status == DEEPID_OK ? DONE : FAILED);
}
