/* The command line: one table of flags, one clear sentence for what is wrong. */
#include "depth_study.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- values ----------------------------------------------------------------------------- */

static void *place_of(const flag *f, options *o)
{
    return (char *)o + f->place;
}

static int list_words(const flag *f)
{
    for (int64_t i = 0; f->known(i); i++)
        printf("%-24s %s\n", f->known(i), f->says(f->known(i)));
    return DONE;
}

static int read_text(const flag *f, options *o, const char *text)
{
    if (f->known && strcmp(text, "help") == 0)
        return list_words(f);
    *(const char **)place_of(f, o) = text;
    return (double)strlen(text) < f->low ? wrong("--%s is empty", f->word) : -1;
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
    return wrong("--%s is '%s', expected a whole number from %.0f to %.0f", f->word, text, f->low, f->high);
}

static int read_number(const flag *f, options *o, const char *text)
{
    char *end;
    const double value = strtod(text, &end);
    const bool low_enough = f->high <= f->low || value <= f->high;
    if (end != text && !*end && isfinite(value) && value >= f->low && low_enough) {
        *(double *)place_of(f, o) = value;
        return -1;
    }
    return wrong("--%s is '%s', expected %s", f->word, text, f->expected);
}

static int read_dtype(const flag *f, options *o, const char *text)
{
    (void)f;
    o->dtype = strcmp(text, "f64") == 0 ? DEEPID_F64 : strcmp(text, "f32") == 0 ? DEEPID_F32 : 0;
    return o->dtype ? -1 : wrong("--dtype is '%s', expected f32 or f64", text);
}

static int read_bare(const flag *f, options *o, const char *text)
{
    (void)text;
    *(bool *)place_of(f, o) = true;
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
            return wrong("--depths is '%s', expected at most 16 whole numbers from 0 joined by commas, such as 2,10,30",
                         list);
        if (o->depth_count > 0 && o->depths[o->depth_count] <= o->depths[o->depth_count - 1])
            return wrong("--depths is '%s', expected numbers that grow", list);
        o->depth_count++;
        p += length + (p[length] == ',');
    }
    return o->depth_count ? -1 : wrong("--depths is empty");
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
                         "bottleneck_plain, highway, highway_plain",
                         word);
        o->block_count++;
        p += length + (p[length] == ',');
    }
    return o->block_count ? -1 : wrong("--blocks is empty");
}

static int read_shard(const flag *f, options *o, const char *text)
{
    (void)f;
    const char *slash = strchr(text, '/');
    char first[24] = "";
    snprintf(first, sizeof first, "%.*s", slash ? (int)(slash - text) : 0, text);
    if (!slash || !whole(slash + 1, 1, 1000000, &o->shards) || !whole(first, 0, o->shards - 1, &o->shard))
        return wrong("--shard is '%s', expected I/N with 0 <= I < N", text);
    return -1;
}

/* ---- margins: WORD=X,WORD=X, or a number alone for the training loss ---------------------------- */

static int add_margin(options *o, const char *word, const char *number)
{
    char *end;
    const double value = strtod(number, &end);
    if (!deepid_verdict_threshold_help(word)) {
        const char *like = nearest(word, deepid_verdict_threshold_word);
        return wrong("--margin: there is no '%s'%s%s; --margin help lists the words", word, like ? "; nearest: " : "",
                     like ? like : "");
    }
    if (end == number || *end || !isfinite(value))
        return wrong("--margin: %s is '%s', expected a number", word, number);
    if (o->margin_count == MARGINS_MAX)
        return wrong("--margin: more than %d words", MARGINS_MAX);
    margin *m = &o->margins[o->margin_count++];
    snprintf(m->word, sizeof m->word, "%.31s", word);
    m->value = value;
    return -1;
}

static int read_margin(const flag *f, options *o, const char *list)
{
    if (strcmp(list, "help") == 0)
        return list_words(f);
    for (const char *p = list; *p;) {
        char item[96];
        const size_t length = strcspn(p, ",");
        snprintf(item, sizeof item, "%.*s", (int)(length < 95 ? length : 95), p);
        char *equals = strchr(item, '=');
        if (!equals && strcmp(item, list) != 0)
            return wrong("--margin: '%s' is not WORD=X; --margin help lists the words", item);
        if (equals)
            *equals = 0;
        const int code = add_margin(o, equals ? item : "margin_share", equals ? equals + 1 : item);
        if (code >= 0)
            return code;
        p += length + (p[length] == ',');
    }
    return o->margin_count ? -1 : wrong("--margin is empty");
}

static int show_version(const flag *f, options *o, const char *text)
{
    (void)f, (void)o, (void)text;
    printf("%s, deepid %s\n", program_invocation_short_name, deepid_version());
    return DONE;
}

/* ---- flags --------------------------------------------------------------------------------- */

static int show_help(const flag *f, options *o, const char *text);

#define AT(member) offsetof(options, member)

static const flag flags[] = {
    {"data",
     "data SPEC        spirals | gratings | any generator with options (\"spirals n=512 noise=0.1\"; default spirals) "
     "|\n"
     "                     idx:FOLDER | cifar10:FOLDER | \"cifar100:FOLDER labels=coarse\" | \"npy:X,Y layout=nchw\" | "
     "\"npz:FILE x=NAME y=NAME "
     "layout=nchw|ncl\" |\n"
     "                     \"pictures:FOLDER size=HxW|N fit=stretch|crop channels=1|3|4 damaged=drop\", a folder a "
     "class |\n"
     "                     \"csv:FILE label=C targets=C,C drop=C keep=C categories=C missing=drop|mean\n"
     "                     delimiter=; decimal=, header=yes|no comment=# shape=HxWxC series=LxC\", C: a column's name\n"
     "                     or number",
     .read = read_text, AT(data)},
    {"valid", "valid SPEC       other data to validate on, all of them (of a source in two parts its second)",
     .read = read_text, AT(valid)},
    {"holdout",
     "holdout X        share of the data kept for validation, 0 = none (the source's own second part, or a quarter)",
     .read = read_number, AT(holdout), 0, 0.9, "a share from 0 (none) to 0.9"},
    {"samples",
     "samples N        training samples to take (pictures from files: 2000, and half as many for validation)",
     .read = read_whole, AT(samples), 2, 1 << 30},
    {"normalise",
     "normalise HOW    yes (of files: pictures and series by channel, others by feature), no, or feature | channel | "
     "global | "
     "\"scale by=X\"",
     .read = read_text, AT(normalise), 1},
    {"raw-targets", "raw-targets      targets as they are (where values are normalised, targets are too)",
     .read = read_bare, AT(raw_targets), .bare = true},
    {"noise", "noise X          share of the training labels changed to another class, drawn by seed (0)",
     .read = read_number, AT(noise), 0, 1, "a share from 0 to 1"},
    {"net",
     "net NET          mlp | series | pictures | a net's text with {block} and {depth} in it (default by the data)",
     .read = read_text, AT(net)},
    {"shallow", "shallow NET --deep NET   two nets of your own instead: texts, or ONNX files (NAME.onnx)",
     .read = read_text, AT(shallow)},
    {"deep", NULL, .read = read_text, AT(deep)},
    {"width", "width N          width of the mlp and of series (16), of the first stage of pictures (8)",
     .read = read_whole, AT(width), 1, 65536},
    {"depths",
     "depths LIST      blocks of an mlp or of series (2,10,30), layers of the 6n+2 family for pictures (8,20,32); the "
     "first and the "
     "last are judged",
     .read = read_depths},
    {"blocks",
     "blocks LIST      plain,identity (the default), preact, preact_plain, bottleneck, bottleneck_plain, "
     "highway, highway_plain; the first is judged",
     .read = read_blocks},
    {"arms", "arms LIST        what is tried, such as S,D,W0,D_start (default: all that apply; see --arms help)",
     .read = read_text, AT(arms), .known = deepid_arm_word, .says = deepid_arm_help},
    {"seeds", "seeds N          seeds 1..N (10; pictures 6)", .read = read_whole, AT(seeds), 1, 100000},
    {"tuning",
     "tuning N         seeds, apart from those, at which every arm's learning rate is tried (3), 0 = the recipe's rate "
     "for all",
     .read = read_whole, AT(tuning), 0, 16},
    {"probes", "probes N         seeds whose nets are probed (3), 0 = none", .read = read_whole, AT(probes), 0, 100000},
    {"epochs", "epochs N         passes over the data (100; pictures 6)      --steps N   updates instead",
     .read = read_whole, AT(epochs), 1, 1000000000},
    {"steps", NULL, .read = read_whole, AT(steps), 1, 1000000000000},
    {"batch", "batch N          samples a step (64, or all where there are fewer), 0 = all", .read = read_whole,
     AT(batch), 0, 1 << 30},
    {"optimizer",
     "optimizer WORDS  \"sgd momentum=0.9\" (pictures: with weight_decay=1e-4), \"adam\", ...; see --optimizer help",
     .read = read_text, AT(optimizer), 1, .known = deepid_optimizer_word, .says = deepid_optimizer_help},
    {"lr", "lr X             learning rate (0.03; pictures 0.05); other rates are tried around it", .read = read_number,
     AT(rate), 1e-300, .expected = "a number above 0"},
    {"schedule",
     "schedule WORDS   how the rate changes: \"step at=0.75 factor=0.1\" (the default), \"constant\", ...; see "
     "--schedule help",
     .read = read_text, AT(schedule), 1, .known = deepid_schedule_word, .says = deepid_schedule_help},
    {"loss",
     "loss WORDS       \"cross_entropy smoothing=0.1 weights=balanced\" of classes, \"binary_cross_entropy\" of two by "
     "one output, "
     "\"squared_error\" or \"huber delta=1\" of targets "
     "(by the data)",
     .read = read_text, AT(loss), 1, .known = deepid_loss_word, .says = deepid_loss_help},
    {"augmentation", "augmentation WORDS   of pictures: \"crop pad=4 flip=1\" (none)", .read = read_text,
     AT(augmentation), 1},
    {"clip", "clip X           largest norm of the gradient, 0 = off (5; pictures 0)", .read = read_number, AT(clip),
     .expected = "0 (off) or more"},
    {"init",
     "init WORDS       \"he\" (pictures: \"he mode=fan_out head=pytorch\"), \"orthogonal\", ...; see --init help",
     .read = read_text, AT(init), 1, .known = deepid_init_word, .says = deepid_init_help},
    {"dtype", "dtype f32|f64    numbers to train in (f32)", .read = read_dtype},
    {"storage",
     "storage WORDS    what numbers are stored in, sums stay f32: \"bf16\", \"f16 rounding=stochastic\", ... (f32); "
     "see "
     "--storage help",
     .read = read_text, AT(storage), 1, .known = deepid_storage_word, .says = deepid_storage_help},
    {"loss-scale",
     "loss-scale WORDS   \"dynamic\", \"static scale=1024\", for storage=f16 and f8 (none); see --loss-scale help",
     .read = read_text, AT(loss_scale), 1, .known = deepid_loss_scale_word, .says = deepid_loss_scale_help},
    {"margin",
     "margin X         what counts as no difference: a number for the training loss (0.05), or WORD=X,WORD=X; see "
     "--margin help",
     .read = read_margin, .known = deepid_verdict_threshold_word, .says = deepid_verdict_threshold_help},
    {"budget", "budget SECONDS   as much evidence as this time buys; says what was left out", .read = read_number,
     AT(budget), 1, .expected = "at least 1 second"},
    {"threads", "threads N        nets at a time, 0 = one per core (0); results do not depend on it",
     .read = read_whole, AT(threads), 0, 1024, .idle = true},
    {"shard",
     "shard I/N        do every N-th task, starting with I (0-based), and what it stands on; shards may share a folder",
     .read = read_shard, .idle = true},
    {"task", "task N           do one task and what it stands on", .read = read_whole, AT(task), 0, 1 << 30,
     .idle = true},
    {"takeover",
     "takeover SECONDS after which a task is taken over from a process on another machine that gives no sign of life "
     "(60)",
     .read = read_whole, AT(takeover), 1, 1000000000, .idle = true},
    {"out",
     "out FOLDER       results.csv, history.csv, study.json, verdict.json, report.html (depth-study); the same command "
     "goes on where it stopped",
     .read = read_text, AT(out), 1},
    {"evidence",
     "evidence FOLDER  also what the verdict looks at, as plain files that deepid-judge and others read "
     "(docs/evidence.md)",
     .read = read_text, AT(evidence), 1, .idle = true},
    {"quick", "quick            a small study that can decide: 6 seeds of few arms, fewer steps", .read = read_bare,
     AT(quick), .bare = true},
    {"config",
     "config FILE      these flags from a file, one \"word value\" or \"word = value\" a line, # for comments; the "
     "command line wins",
     .read = read_text, AT(config), 1, .idle = true, .alone = true},
    {"json", "json             verdict.json on standard output, everything else on standard error", .read = read_bare,
     AT(json), .bare = true, .idle = true},
    {"quiet", "quiet, -q        the answer alone, no progress      --verbose   the arms, a line a task",
     .read = read_bare, AT(quiet), .bare = true, .idle = true, .letter = 'q'},
    {"verbose", NULL, .read = read_bare, AT(verbose), .bare = true, .idle = true},
    {"help", "help, -h, --version", .read = show_help, .bare = true, .alone = true, .letter = 'h'},
    {"version", NULL, .read = show_version, .bare = true, .alone = true},
};
enum { FLAG_COUNT = sizeof flags / sizeof *flags };

static int show_help(const flag *f, options *o, const char *text)
{
    (void)f, (void)o, (void)text;
    printf("%s: why do added layers hurt on this task?\n", program_invocation_short_name);
    puts("\n"
         "Trains a shallow and a deep net, and the deep one in other ways that each ask one question: another start, "
         "another optimiser, float64, more\n"
         "steps, an identity skip, the trained shallow net with identity layers put in. One net per core. Then it "
         "judges, with intervals over seeds.\n");
    printf("usage: %s [flags]\n", program_invocation_short_name);
    for (int i = 0; i < FLAG_COUNT; i++)
        if (flags[i].help)
            printf("  --%s\n", flags[i].help);
    puts("\nexit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted (the same command resumes)");
    return DONE;
}

const flag *flag_at(int i)
{
    return i < FLAG_COUNT ? &flags[i] : NULL;
}

int options_read(options *o, int argc, char **argv)
{
    *o = (options){.data = "spirals",
                   .out = "depth-study",
                   .dtype = DEEPID_F32,
                   .shards = 1,
                   .task = -1,
                   .takeover = 60,
                   .batch = -1,
                   .tuning = -1,
                   .probes = -1,
                   .rate = NAN,
                   .clip = NAN,
                   .holdout = NAN,
                   .arms = "",
                   .probe_words = ""};
    const int code = words_read(o, argc, argv);
    if (code >= 0)
        return code;
    if (!o->shallow != !o->deep)
        return wrong("give --shallow and --deep together");
    if (!o->shallow && o->depth_count == 1)
        return wrong("--depths has one number, expected at least two: a shallow net and a deep one");
    return -1;
}

void options_end(options *o)
{
    free(o->command);
    free(o->text);
}

/* ---- what was not said -------------------------------------------------------------------------- */

/* The quick form: enough seeds for an interval, and the arms that decide first. Of pictures, which are dear, no more
   than these, at the recipe's rate, and the probe that finds bugs. */
static void fill_quick(options *o, bool pictures)
{
    enum { SEEDS = 6, STEPS = 150, PICTURE_STEPS = 60 };
    o->seeds = o->seeds ? o->seeds : SEEDS;
    o->steps = o->steps || o->epochs ? o->steps : pictures ? PICTURE_STEPS : STEPS;
    o->tuning = o->tuning >= 0 ? o->tuning : !pictures;
    o->probe_words = o->probes < 0 && pictures ? "gradient_check" : "";
    o->probes = o->probes >= 0 ? o->probes : 1;
    o->arms = *o->arms ? o->arms : pictures ? "S,D,W0,D_res" : "S,D,W0,D64,D_start:looks_linear,D_res";
}

static void fill_nets(options *o, bool pictures)
{
    static const int64_t depths[2][3] = {{2, 10, 30}, {8, 20, 32}};
    static const int64_t quick[2][2] = {{2, 30}, {8, 20}};
    const int count = o->quick || o->shallow ? 2 : 3;
    for (int i = 0; o->depth_count < count && (i || !o->depth_count); i++)
        o->depths[o->depth_count++] = count == 2 ? quick[pictures][i] : depths[pictures][i];
    if (o->block_count == 0) {
        strcpy(o->blocks[0], "plain");
        strcpy(o->blocks[1], "identity");
        o->block_count = 2;
    }
    o->width = o->width ? o->width : pictures ? 8 : 16;
}

static const char *or_default(const char *given, const char *usual)
{
    return given ? given : usual;
}

void options_fill(options *o, bool pictures, int64_t samples)
{
    enum { BATCH = 64, QUICK_PICTURES = 32 };
    const int64_t usual = o->quick && pictures ? QUICK_PICTURES : BATCH;
    const int64_t batch = samples < usual ? samples : usual;
    fill_nets(o, pictures);
    if (o->quick)
        fill_quick(o, pictures);
    o->seeds = o->seeds ? o->seeds : pictures ? 6 : 10;
    o->epochs = o->epochs || o->steps ? o->epochs : pictures ? 6 : 100;
    o->tuning = o->tuning >= 0 ? o->tuning : 3;
    o->probes = o->probes >= 0 ? o->probes : 3;
    o->batch = o->batch >= 0 ? o->batch : batch;
    o->optimizer = or_default(o->optimizer, pictures ? "sgd momentum=0.9 weight_decay=1e-4" : "sgd momentum=0.9");
    o->init = or_default(o->init, pictures ? "he mode=fan_out head=pytorch" : "he");
    o->schedule = or_default(o->schedule, "step at=0.75 factor=0.1");
    o->augmentation = or_default(o->augmentation, "none");
    o->loss = or_default(o->loss, "");
    o->storage = or_default(o->storage, "");
    o->loss_scale = or_default(o->loss_scale, "none");
    o->rate = isnan(o->rate) ? (pictures ? 0.05 : 0.03) : o->rate;
    o->clip = isnan(o->clip) ? (pictures ? 0 : 5) : o->clip;
}
