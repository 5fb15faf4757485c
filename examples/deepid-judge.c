/* The verdict on what anybody trained.   deepid-judge FOLDER | FILE.csv --map KEY=COLUMN,... [flags]

   FOLDER has results.csv, a row a run with arm, seed and train_loss, and what else is known (docs/evidence.md). The
   verdict goes to standard output, verdict.json and the page report.html beside the runs. */
#include <deepid/deepid.h>

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DONE = 0, FAILED = 1, USAGE = 2, FACTS_MAX = 64, PATH_BYTES = 8192 };

static const char usage[] = "usage: deepid-judge FOLDER [flags]\n"
                            "       deepid-judge FILE.csv --map KEY=COLUMN,... [flags]\n";

static const char help[] =
    "\n"
    "The verdict on what anybody trained: do the added layers hurt, and why? Judges the runs of a folder by the rules "
    "of\n"
    "depth_study, and says which arm would tell most next.\n"
    "\n"
    "  FOLDER           results.csv (arm, seed, train_loss, ...), and where they are there arms.csv, history.csv,\n"
    "                   tuning.csv, evidence.json: docs/evidence.md\n"
    "  FILE.csv         an export of Weights & Biases, MLflow or anything else: a row a run\n"
    "  --map PAIRS      what its columns are: arm=config.name,seed=config.seed,train_loss=train/loss; what it calls "
    "the\n"
    "                   arms: S=plain-20,D=plain-56; 1-acc and acc% turn accuracies and per cent; epoch=COLUMN where\n"
    "                   rows are points along training\n"
    "  --evidence DIR   also the evidence as a folder, to be completed and judged again\n"
    "  --set WORD=X     a fact, over what evidence.json says: const_loss=2.3026, batch=128, subject=\"...\";\n"
    "                   --set help lists them\n"
    "  --classes K      the loss is the cross-entropy of K equal classes: const_loss is log K, and may not be said to "
    "be\n"
    "                   another\n"
    "  --margin WORD=X  a threshold of the verdict; --margin help lists them\n"
    "  --out FILE       the page (FOLDER/report.html; of a file report.html); its figures go to figures/ beside it\n"
    "  --json FILE      the findings with their numbers (FOLDER/verdict.json; of a file verdict.json)\n"
    "  --quiet, -q      the answer alone on standard output\n"
    "  --help, -h, --version\n"
    "\n"
    "exit codes: 0 done, 1 failed, 2 wrong use\n";

typedef struct {
    const char *word, *value;
} fact;

typedef struct {
    const char *folder, *map, *evidence, *page, *json;
    fact fact[FACTS_MAX];
    int facts;
    double classes; /* 0: not said */
    bool quiet;
} options;

static int wrong(const char *what, const char *word)
{
    fprintf(stderr, "deepid-judge: %s%s\n%s", what, word, usage);
    return USAGE;
}

/* ---- flags -------------------------------------------------------------------------------------- */

static int list(const char *(*word)(int64_t i), const char *(*says)(const char *word))
{
    for (int64_t i = 0; word(i); i++)
        printf("%-22s %s\n", word(i), says(word(i)));
    return DONE;
}

/* WORD=VALUE, cut at the first '='. */
static int add_fact(options *o, const char *flag, char *text)
{
    char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return wrong("expected WORD=VALUE: ", flag);
    if (o->facts == FACTS_MAX)
        return wrong("too many of ", flag);
    *equals = 0;
    o->fact[o->facts++] = (fact){text, equals + 1};
    return -1;
}

/* A threshold, and a number. */
static int add_margin(options *o, char *text)
{
    const int code = add_fact(o, "--margin", text);
    const fact *set = &o->fact[o->facts - 1];
    char *end;
    if (code >= 0)
        return code;
    const char *says = deepid_verdict_threshold_help(set->word);
    if (!says)
        return wrong("--margin: no threshold has this name (--margin help lists them): ", set->word);
    (void)strtod(set->value, &end);
    if (!*end && end != set->value)
        return -1;
    fprintf(stderr, "deepid-judge: --margin: threshold %s is '%s', expected a number: %s\n", set->word, set->value,
            says);
    return USAGE;
}

static int set_classes(options *o, const char *text)
{
    char *end;
    o->classes = strtod(text, &end);
    if (*end || !(o->classes >= 2) || o->classes != floor(o->classes))
        return wrong("--classes: expected a whole number, 2 or more: ", text);
    return -1;
}

/* What follows a flag, as "--out FILE" or "--out=FILE"; NULL: this is another flag, "" where nothing follows. */
static char *value_of(char **argv, int argc, int *at, const char *flag)
{
    static char none[] = "";
    const size_t length = strlen(flag);
    if (strncmp(argv[*at], flag, length) != 0 || (argv[*at][length] && argv[*at][length] != '='))
        return NULL;
    return argv[*at][length] ? argv[*at] + length + 1 : *at + 1 < argc ? argv[++*at] : none;
}

/* One argument, or two. -1: go on; else the exit code. */
static int take(options *o, char **argv, int argc, int *at)
{
    static const char *const flags[] = {"--set", "--margin", "--classes", "--out", "--json", "--map", "--evidence"};
    const char **const texts[] = {&o->page, &o->json, &o->map, &o->evidence};
    const char *word = argv[*at];
    if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
        return printf("%s%s", usage, help) < 0 ? FAILED : DONE;
    if (strcmp(word, "--version") == 0)
        return printf("deepid-judge, deepid %s\n", deepid_version()) < 0 ? FAILED : DONE;
    if (strcmp(word, "-q") == 0 || strcmp(word, "--quiet") == 0) {
        o->quiet = true;
        return -1;
    }
    for (int i = 0; i < 7; i++) {
        char *value = value_of(argv, argc, at, flags[i]);
        if (value && !*value)
            return wrong("missing value: ", flags[i]);
        if (value && i < 2 && strcmp(value, "help") == 0)
            return i == 0 ? list(deepid_evidence_fact_word, deepid_evidence_fact_help)
                          : list(deepid_verdict_threshold_word, deepid_verdict_threshold_help);
        if (value && i < 2)
            return i == 0 ? add_fact(o, flags[i], value) : add_margin(o, value);
        if (value && i == 2)
            return set_classes(o, value);
        if (value) {
            *texts[i - 3] = value;
            return -1;
        }
    }
    if (word[0] == '-' && word[1])
        return wrong("unknown flag ", word);
    if (o->folder)
        return wrong("a second folder: ", word);
    o->folder = word;
    return -1;
}

/* ---- what was asked ------------------------------------------------------------------------------- */

/* A number where the value is one and the fact is no text; classes last, which have to agree with const_loss. */
static int32_t set_facts(deepid_evidence *evidence, const options *o)
{
    int32_t status = DEEPID_OK;
    for (int i = 0; i < o->facts && status == DEEPID_OK; i++) {
        char *end;
        const double value = strtod(o->fact[i].value, &end);
        status = *end || end == o->fact[i].value ? deepid_evidence_set_text(evidence, o->fact[i].word, o->fact[i].value)
                                                 : deepid_evidence_set_number(evidence, o->fact[i].word, value);
    }
    return status == DEEPID_OK && o->classes > 0 ? deepid_evidence_set_number(evidence, "classes", o->classes) : status;
}

static bool wants_colour(void)
{
    const char *no = getenv("NO_COLOR"); /* https://no-color.org: set and not empty */
    return isatty(fileno(stdout)) && !(no && *no);
}

static void tell(const options *o, deepid_evidence *evidence, const deepid_verdict *verdict, const char *page)
{
    const char *next = deepid_evidence_advice(evidence, verdict);
    printf("%s\n", o->quiet ? deepid_verdict_answer(verdict) : deepid_verdict_text(verdict, wants_colour()));
    if (*next)
        printf("%s\n", next);
    printf("report: %s\n", page);
}

/* Where a file goes: where it was asked for, else into the folder of the runs; of a single file here. */
static void place(char *path, const char *asked, const options *o, const char *name)
{
    snprintf(path, PATH_BYTES, "%s%s%s", asked || o->map ? "" : o->folder, asked || o->map ? "" : "/",
             asked ? asked : name);
}

static int32_t judge(deepid_ctx *ctx, const options *o)
{
    char page[PATH_BYTES];
    char json[PATH_BYTES];
    deepid_evidence *evidence = NULL;
    deepid_verdict *verdict = NULL;
    place(page, o->page, o, "report.html");
    place(json, o->json, o, "verdict.json");
    int32_t status = o->map ? deepid_evidence_read_csv(ctx, o->folder, o->map, &evidence)
                            : deepid_evidence_read(ctx, o->folder, &evidence);
    if (status == DEEPID_OK)
        status = set_facts(evidence, o);
    if (status == DEEPID_OK && o->evidence)
        status = deepid_evidence_write(evidence, o->evidence);
    if (status == DEEPID_OK)
        status = deepid_evidence_judge(evidence, &verdict);
    if (status == DEEPID_OK)
        status = deepid_verdict_write_json(verdict, json);
    if (status == DEEPID_OK)
        status = deepid_report_write_evidence(evidence, verdict, page);
    if (status == DEEPID_OK)
        tell(o, evidence, verdict, page);
    deepid_verdict_destroy(verdict);
    deepid_evidence_destroy(evidence);
    return status;
}

/* What was printed is there: a full disk or a closed pipe is told. */
static int printed(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    fprintf(stderr, "deepid-judge: cannot write to the standard output: %s\n", strerror(errno));
    return FAILED;
}

int main(int argc, char **argv)
{
    options o = {.folder = NULL};
    deepid_ctx *ctx = NULL;
    for (int i = 1; i < argc; i++) {
        const int code = take(&o, argv, argc, &i);
        if (code >= 0)
            return printed(code);
    }
    if (!o.folder)
        return wrong("a folder is needed", "");
    if (deepid_ctx_create(&ctx) != DEEPID_OK) {
        fprintf(stderr, "deepid-judge: no memory\n");
        return FAILED;
    }
    const int32_t status = judge(ctx, &o);
    if (status != DEEPID_OK)
        fprintf(stderr, "deepid-judge: %s\n", deepid_ctx_error(ctx));
    deepid_ctx_destroy(ctx);
    return printed(status == DEEPID_OK ? DONE : FAILED);
}
