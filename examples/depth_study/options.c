/* The command line: one table of flags, one clear sentence for what is wrong. */
#include "depth_study.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int wrong(const char *format, const char *a, const char *b)
{
    fprintf(stderr, "depth_study: ");
    fprintf(stderr, format, a, b);
    fprintf(stderr, "\n");
    return USAGE;
}

/* ---- values ----------------------------------------------------------------------------- */

/* A row of the table of flags below. */
typedef struct flag {
    const char *word;
    const char *help; /* its line of --help, after the dashes; NULL where the line above tells of this one too */
    int (*read)(const struct flag *f, options *o, const char *value); /* -1: go on; else the exit code */
    size_t place;                                                     /* in options, where the value goes */
    double low, high;                                                 /* what a number may be, how long a text */
    const char *expected;
    bool bare; /* no value follows */
} flag;

static void *place_of(const flag *f, options *o)
{
    return (char *)o + f->place;
}

static int read_text(const flag *f, options *o, const char *text)
{
    *(const char **)place_of(f, o) = text;
    return (double)strlen(text) < f->low ? wrong("--%s is empty%s", f->word, "") : -1;
}

static bool whole(const char *text, int64_t low, int64_t high, int64_t *out)
{
    char *end;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < low || value > high)
        return false;
    *out = value;
    return true;
}

static int read_whole(const flag *f, options *o, const char *text)
{
    if (whole(text, (int64_t)f->low, (int64_t)f->high, place_of(f, o)))
        return -1;
    fprintf(stderr, "depth_study: --%s is '%s', expected a whole number from %.0f to %.0f\n", f->word, text, f->low,
            f->high);
    return USAGE;
}

static int read_number(const flag *f, options *o, const char *text)
{
    char *end;
    const double value = strtod(text, &end);
    if (end != text && !*end && isfinite(value) && value >= f->low) {
        *(double *)place_of(f, o) = value;
        return -1;
    }
    fprintf(stderr, "depth_study: --%s is '%s', expected %s\n", f->word, text, f->expected);
    return USAGE;
}

static int read_dtype(const flag *f, options *o, const char *text)
{
    (void)f;
    o->dtype = strcmp(text, "f64") == 0 ? DEEPID_F64 : strcmp(text, "f32") == 0 ? DEEPID_F32 : 0;
    return o->dtype ? -1 : wrong("--dtype is '%s', expected f32 or f64%s", text, "");
}

static int read_quick(const flag *f, options *o, const char *text)
{
    (void)f, (void)text;
    o->quick = true;
    return -1;
}

static int read_depths(const flag *f, options *o, const char *list)
{
    (void)f;
    for (const char *p = list; *p;) {
        char item[24] = "";
        const size_t length = strcspn(p, ",");
        snprintf(item, sizeof item, "%.*s", (int)(length < 23 ? length : 23), p);
        if (o->depth_count == DEPTHS_MAX || !whole(item, 0, 100000, &o->depths[o->depth_count]))
            return wrong(
                "--depths is '%s', expected at most 16 whole numbers from 0 joined by commas, such as 2,10,30%s", list,
                "");
        if (o->depth_count > 0 && o->depths[o->depth_count] <= o->depths[o->depth_count - 1])
            return wrong("--depths is '%s', expected numbers that grow%s", list, "");
        o->depth_count++;
        p += length + (p[length] == ',');
    }
    return o->depth_count ? -1 : wrong("--depths is empty%s%s", "", "");
}

static int read_blocks(const flag *f, options *o, const char *list)
{
    (void)f;
    for (const char *p = list; *p;) {
        const size_t length = strcspn(p, ",");
        char *word = o->blocks[o->block_count < BLOCKS_MAX ? o->block_count : BLOCKS_MAX - 1];
        snprintf(word, sizeof o->blocks[0], "%.*s", (int)(length < 31 ? length : 31), p);
        if (o->block_count == BLOCKS_MAX || !deepid_block_help(word))
            return wrong("--blocks: '%s' is no block; known: plain, identity, preact, preact_plain, bottleneck, "
                         "bottleneck_plain%s",
                         word, "");
        o->block_count++;
        p += length + (p[length] == ',');
    }
    return o->block_count ? -1 : wrong("--blocks is empty%s%s", "", "");
}

static int read_shard(const flag *f, options *o, const char *text)
{
    (void)f;
    const char *slash = strchr(text, '/');
    char first[24] = "";
    snprintf(first, sizeof first, "%.*s", slash ? (int)(slash - text) : 0, text);
    if (!slash || !whole(slash + 1, 1, 1000000, &o->shards) || !whole(first, 0, o->shards - 1, &o->shard))
        return wrong("--shard is '%s', expected I/N with 0 <= I < N%s", text, "");
    return -1;
}

static int read_arms(const flag *f, options *o, const char *text)
{
    read_text(f, o, text);
    if (strcmp(text, "help") != 0)
        return -1;
    for (int64_t i = 0; deepid_arm_word(i); i++)
        printf("%-24s %s\n", deepid_arm_word(i), deepid_arm_help(deepid_arm_word(i)));
    return DONE;
}

static int show_version(const flag *f, options *o, const char *text)
{
    (void)f, (void)o, (void)text;
    printf("depth_study, deepid %s\n", deepid_version());
    return DONE;
}

/* ---- flags --------------------------------------------------------------------------------- */

static int show_help(const flag *f, options *o, const char *text);

#define AT(member) offsetof(options, member)

static const flag flags[] = {
    {"data",
     "data SPEC        spirals | gratings | any generator with options (\"spirals n=512 noise=0.1\") |\n"
     "                     idx:FOLDER | cifar10:FOLDER | csv:FILE | npy:X,Y            (default spirals)",
     .read = read_text, AT(data)},
    {"samples",
     "samples N        training samples to take (pictures from files: 2000, and half as many for validation)",
     .read = read_whole, AT(samples), 2, 1 << 30},
    {"net", "net NET          mlp | pictures | a net's text with {block} and {depth} in it (default by the data)",
     .read = read_text, AT(net)},
    {"shallow", "shallow TEXT --deep TEXT   two nets of your own instead", .read = read_text, AT(shallow)},
    {"deep", NULL, .read = read_text, AT(deep)},
    {"width", "width N          width of the mlp (16), of the first stage of pictures (8)", .read = read_whole,
     AT(width), 1, 65536},
    {"depths",
     "depths LIST      blocks of an mlp (2,10,30), layers of the 6n+2 family for pictures (8,20,32); the first and the "
     "last are judged",
     .read = read_depths},
    {"blocks",
     "blocks LIST      plain,identity (the default), preact, preact_plain, bottleneck, bottleneck_plain; the first is "
     "judged",
     .read = read_blocks},
    {"arms",
     "arms LIST        what is tried: S,D,S_fine,W0,WT,D64,D_start,D_opt,D_3T,D_res,dial,depth (default: all that "
     "apply; see --arms help)",
     .read = read_arms, AT(arms)},
    {"seeds", "seeds N          seeds 1..N (10; pictures 6)", .read = read_whole, AT(seeds), 1, 100000},
    {"tuning",
     "tuning N         seeds, apart from those, at which every arm's learning rate is tried (3), 0 = the recipe's rate "
     "for all",
     .read = read_whole, AT(tuning), 0, 16},
    {"probes", "probes N         seeds whose nets are probed (3), 0 = none", .read = read_whole, AT(probes), 0, 100000},
    {"epochs", "epochs N         passes over the data (100; pictures 6)      --steps N   updates instead",
     .read = read_whole, AT(epochs), 1, 1000000000},
    {"steps", NULL, .read = read_whole, AT(steps), 1, 1000000000000},
    {"batch", "batch N          samples a step (64), 0 = all", .read = read_whole, AT(batch), 0, 1 << 30},
    {"optimizer",
     "optimizer WORDS  \"sgd momentum=0.9\" (pictures: with weight_decay=1e-4), \"adam\", \"adamw\", \"lbfgs\"",
     .read = read_text, AT(optimizer)},
    {"lr",
     "lr X             learning rate (0.03; pictures 0.05), divided by 10 after 75 % of the steps; other rates are "
     "tried around it",
     .read = read_number, AT(rate), 1e-300, .expected = "a number above 0"},
    {"clip", "clip X           largest norm of the gradient, 0 = off (5; pictures 0)", .read = read_number, AT(clip),
     .expected = "0 (off) or more"},
    {"init",
     "init WORDS       \"he\" (pictures: \"he mode=fan_out head=pytorch\"), \"orthogonal\", \"looks_linear\", ...",
     .read = read_text, AT(init)},
    {"dtype", "dtype f32|f64    numbers to train in (f32)", .read = read_dtype},
    {"budget", "budget SECONDS   as much evidence as this time buys; says what was left out", .read = read_number,
     AT(budget), 1, .expected = "at least 1 second"},
    {"threads", "threads N        nets at a time, 0 = one per core (0); results do not depend on it",
     .read = read_whole, AT(threads), 0, 1024},
    {"shard",
     "shard I/N        do every N-th task, starting with I (0-based), and what it stands on; shards may share a folder",
     .read = read_shard},
    {"task", "task N           do one task and what it stands on", .read = read_whole, AT(task), 0, 1 << 30},
    {"out",
     "out FOLDER       results.csv, history.csv, study.json, verdict.json, report.html (depth-study); the same command "
     "goes on where it stopped",
     .read = read_text, AT(out), 1},
    {"quick", "quick            a small study for a first look: 2 seeds, fewer steps and arms", .read = read_quick,
     .bare = true},
    {"help", "help, --version", .read = show_help, .bare = true},
    {"version", NULL, .read = show_version, .bare = true},
};
enum { FLAG_COUNT = sizeof flags / sizeof *flags };

static int show_help(const flag *f, options *o, const char *text)
{
    (void)f, (void)o, (void)text;
    puts("depth_study: why do added layers hurt on this task?\n"
         "\n"
         "Trains a shallow and a deep net, and the deep one in other ways that each ask one question: another start, "
         "another optimiser, float64, more\n"
         "steps, an identity skip, the trained shallow net with identity layers put in. One net per core. Then it "
         "judges, with intervals over seeds.\n"
         "\n"
         "usage: depth_study [flags]");
    for (int i = 0; i < FLAG_COUNT; i++)
        if (flags[i].help)
            printf("  --%s\n", flags[i].help);
    puts("\nexit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted (the same command resumes)");
    return DONE;
}

static int read_flags(options *o, int argc, char **argv)
{
    struct option words[FLAG_COUNT + 1] = {0};
    for (int i = 0; i < FLAG_COUNT; i++)
        words[i] = (struct option){flags[i].word, !flags[i].bare, NULL, i};
    opterr = 0;
    for (int i; (i = getopt_long(argc, argv, "", words, NULL)) != -1;) {
        if (i == '?')
            return wrong("unknown flag or missing value: %s; try depth_study --help%s", argv[optind - 1], "");
        const int code = flags[i].read(&flags[i], o, optarg);
        if (code >= 0)
            return code;
    }
    return optind < argc ? wrong("unexpected '%s'; try depth_study --help%s", argv[optind], "") : -1;
}

/* One word, quoted for a shell where it must be. */
static size_t add_word(char *to, const char *word)
{
    const bool plain =
        word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=.,:/+")] == 0 && *word;
    size_t used = (size_t)sprintf(to, "%s", plain ? word : "'");
    for (const char *p = word; !plain && *p; p++)
        used += (size_t)sprintf(to + used, *p == '\'' ? "'\\''" : "%c", *p);
    return used + (size_t)sprintf(to + used, "%s", plain ? "" : "'");
}

/* Words of the command that no result depends on: 0, 1 or 2 with the value. */
static int idle_words(const char *word)
{
    static const char *const idle[] = {"--threads", "--shard", "--task"};
    for (int i = 0; i < 3; i++) {
        const size_t length = strlen(idle[i]);
        if (strncmp(word, idle[i], length) == 0 && (word[length] == 0 || word[length] == '='))
            return word[length] == 0 ? 2 : 1;
    }
    return 0;
}

static char *command_of(int argc, char **argv)
{
    size_t size = 32;
    for (int i = 0; i < argc; i++)
        size += 4 * strlen(argv[i]) + 4;
    char *text = malloc(size);
    size_t used = text ? add_word(text, strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0]) : 0;
    for (int i = 1; text && i < argc; i++) {
        const int idle = idle_words(argv[i]);
        if (idle) {
            i += idle - 1;
            continue;
        }
        text[used++] = ' ';
        used += add_word(text + used, argv[i]);
    }
    return text;
}

int options_read(options *o, int argc, char **argv)
{
    *o = (options){.data = "spirals",
                   .out = "depth-study",
                   .dtype = DEEPID_F32,
                   .shards = 1,
                   .task = -1,
                   .batch = -1,
                   .tuning = -1,
                   .probes = -1,
                   .rate = NAN,
                   .clip = NAN,
                   .arms = "",
                   .command = command_of(argc, argv)};
    const int code = read_flags(o, argc, argv);
    if (code >= 0)
        return code;
    if (o->epochs && o->steps)
        return wrong("give --epochs or --steps, not both%s%s", "", "");
    if (!o->shallow != !o->deep)
        return wrong("give --shallow and --deep together%s%s", "", "");
    if (o->shallow && (o->net || o->depth_count || o->block_count))
        return wrong("give --shallow and --deep, or --net, --depths and --blocks%s%s", "", "");
    if (!o->shallow && o->depth_count == 1)
        return wrong("--depths has one number, expected at least two: a shallow net and a deep one%s%s", "", "");
    return -1;
}

/* ---- what was not said -------------------------------------------------------------------------- */

void options_fill(options *o, bool pictures)
{
    static const int64_t depths[2][3] = {{2, 10, 30}, {8, 20, 32}};
    const int64_t quick_depths = 2;
    if (o->depth_count == 0)
        for (; o->depth_count < (o->quick || o->shallow ? quick_depths : 3); o->depth_count++)
            o->depths[o->depth_count] = depths[pictures][o->depth_count];
    if (o->block_count == 0) {
        strcpy(o->blocks[0], "plain");
        strcpy(o->blocks[1], "identity");
        o->block_count = 2;
    }
    o->seeds = o->seeds ? o->seeds : o->quick ? 2 : pictures ? 6 : 10;
    if (!o->steps && !o->epochs) {
        o->epochs = pictures ? 6 : 100;
        o->steps = o->quick ? 60 : 0;
    }
    o->tuning = o->tuning >= 0 ? o->tuning : o->quick ? 1 : 3;
    o->probes = o->probes >= 0 ? o->probes : o->quick ? 1 : 3;
    o->batch = o->batch >= 0 ? o->batch : 64;
    o->width = o->width ? o->width : pictures ? 8 : 16;
    o->optimizer = o->optimizer ? o->optimizer : pictures ? "sgd momentum=0.9 weight_decay=1e-4" : "sgd momentum=0.9";
    o->init = o->init ? o->init : pictures ? "he mode=fan_out head=pytorch" : "he";
    o->rate = isnan(o->rate) ? (pictures ? 0.05 : 0.03) : o->rate;
    o->clip = isnan(o->clip) ? (pictures ? 0 : 5) : o->clip;
    if (o->quick && !*o->arms)
        o->arms = "S,D,W0,D64,D_start:looks_linear,D_res,depth";
}
