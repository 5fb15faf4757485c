/* Flags as they were typed, and those of a file: found in the table, told apart, handed to their readers. A flag is
   known by its whole word alone. */
#include "depth_study.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { FLAGS_MAX = 64 };

/* What was given for each flag of the table. line 0: on the command line. */
typedef struct {
    const char *value[FLAGS_MAX];
    int line[FLAGS_MAX];
    const char *path; /* of the file */
} given;

/* Where the value that is being read stands: a line of a file, or NULL. */
static const char *file;
static int line;

int wrong(const char *format, ...)
{
    va_list list;
    fprintf(stderr, "%s: ", program_invocation_short_name);
    if (file)
        fprintf(stderr, "%s, line %d: ", file, line);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fprintf(stderr, "\n");
    return USAGE;
}

/* ---- finding a flag ----------------------------------------------------------------------- */

/* Letters to insert, remove or change (Levenshtein), of words of up to 31. */
static int distance(const char *a, const char *b)
{
    enum { LONGEST = 31 };
    int row[LONGEST + 2];
    const int m = (int)strnlen(a, LONGEST);
    const int n = (int)strnlen(b, LONGEST);
    for (int k = 0; k <= n; k++)
        row[k] = k;
    for (int i = 1; i <= m; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int k = 1; k <= n; k++) {
            const int above = row[k];
            const int changed = diagonal + (a[i - 1] != b[k - 1]);
            const int moved = (above < row[k - 1] ? above : row[k - 1]) + 1;
            row[k] = changed < moved ? changed : moved;
            diagonal = above;
        }
    }
    return row[n];
}

const char *nearest(const char *text, const char *(*words)(int64_t i))
{
    const char *best = NULL;
    int least = (int)strlen(text) / 2 + 1;
    for (int64_t i = 0; words(i); i++) {
        const int d = distance(text, words(i));
        if (d < least) {
            least = d;
            best = words(i);
        }
    }
    return best;
}

static const char *flag_word(int64_t i)
{
    return flag_at((int)i) ? flag_at((int)i)->word : NULL;
}

static int find(const char *word, size_t length)
{
    for (int i = 0; flag_at(i); i++)
        if (strlen(flag_at(i)->word) == length && strncmp(flag_at(i)->word, word, length) == 0)
            return i;
    return -1;
}

static int unknown(const char *dashes, const char *word, size_t length)
{
    char text[64];
    snprintf(text, sizeof text, "%.*s", (int)(length < 63 ? length : 63), word);
    const char *like = nearest(text, flag_word);
    return wrong("unknown flag %s%s%s%s; try %s --help", dashes, text, like ? "; nearest: --" : "", like ? like : "",
                 program_invocation_short_name);
}

/* ---- the command line ------------------------------------------------------------------------- */

/* -h, -q. Returns the flag's number, -1 for none. */
static int find_letter(const char *argument)
{
    for (int i = 0; flag_at(i); i++)
        if (flag_at(i)->letter && argument[1] == flag_at(i)->letter && argument[2] == 0)
            return i;
    return -1;
}

static int take_argument(given *g, int argc, char **argv, int *at)
{
    const char *argument = argv[*at];
    const bool whole = strncmp(argument, "--", 2) == 0 && argument[2];
    if (argument[0] != '-' || argument[1] == 0)
        return wrong("unexpected '%s'; try %s --help", argument, program_invocation_short_name);
    const char *word = argument + (whole ? 2 : 1);
    const size_t length = whole ? strcspn(word, "=") : strlen(word);
    const int i = whole ? find(word, length) : find_letter(argument);
    if (i < 0)
        return unknown(whole ? "--" : "-", word, length);
    const flag *f = flag_at(i);
    const char *value = whole && word[length] ? word + length + 1 : NULL;
    if (f->bare && value)
        return wrong("--%s takes no value, here it is '%s'", f->word, value);
    if (!f->bare && !value) {
        const char *next = *at + 1 < argc ? argv[*at + 1] : "--";
        if (strncmp(next, "--", 2) == 0)
            return wrong("missing value: --%s; try %s --help", f->word, program_invocation_short_name);
        value = next;
        (*at)++;
    }
    g->value[i] = value ? value : "";
    g->line[i] = 0;
    return -1;
}

static int take_command(given *g, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const int code = take_argument(g, argc, argv, &i);
        if (code >= 0)
            return code;
    }
    return -1;
}

/* ---- a file of flags: "word value" or "word = value" a line, '#' begins a comment ------------------ */

static char *read_file(const char *path)
{
    enum { MOST = 1 << 20 };
    FILE *in = fopen(path, "rb");
    char *text = in ? malloc(MOST + 1) : NULL;
    const size_t size = text ? fread(text, 1, MOST + 1, in) : 0;
    const bool bad = !text || ferror(in) || size > MOST;
    if (bad)
        wrong("--config: cannot read '%s': %s", path,
              size > MOST ? "it has more than a megabyte"
              : errno     ? strerror(errno)
                          : "no memory");
    else
        text[size] = 0;
    if (in)
        fclose(in);
    if (!bad && strlen(text) == size)
        return text;
    if (!bad)
        wrong("--config: '%s' is no text: it holds a zero byte", path);
    free(text);
    return NULL;
}

/* Without blanks around, the comment behind, and a pair of quotes. */
static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    for (char *p = text; *p; p++)
        if (*p == '#' && (p == text || p[-1] == ' ' || p[-1] == '\t'))
            *p = 0;
    size_t length = strlen(text);
    while (length && strchr(" \t\r", text[length - 1]))
        text[--length] = 0;
    const bool quoted = length > 1 && (*text == '"' || *text == '\'') && text[length - 1] == *text;
    text[length - quoted] = 0;
    return text + quoted;
}

static int take_line(given *g, char *text)
{
    char *word = trim(text);
    if (!*word)
        return -1;
    word += strncmp(word, "--", 2) == 0 ? 2 : 0;
    const size_t length = strcspn(word, " \t=");
    const int i = find(word, length);
    if (i < 0)
        return unknown("", word, length);
    if (flag_at(i)->alone)
        return wrong("'%s' is for the command line", flag_at(i)->word);
    char *value = word + length + strspn(word + length, " \t");
    value = trim(*value == '=' ? value + 1 : value);
    if (flag_at(i)->bare && *value)
        return wrong("'%s' takes no value, here it is '%s'", flag_at(i)->word, value);
    if (!flag_at(i)->bare && !*value)
        return wrong("'%s' has no value", flag_at(i)->word);
    g->value[i] = value;
    g->line[i] = line;
    return -1;
}

static int take_file(given *g, const char *path, char *text)
{
    int code = -1;
    file = path;
    line = 0;
    for (char *next = text; next && code < 0;) {
        char *at = strsep(&next, "\n");
        line++;
        code = take_line(g, at);
    }
    file = NULL;
    return code;
}

/* ---- flags that exclude each other: the command line wins over the file -------------------------------- */

static const char *const rivals[][3] = {
    {"epochs", "steps", "give --epochs or --steps, not both"},
    {"valid", "holdout", "give --valid or --holdout, not both"},
    {"quiet", "verbose", "give --quiet or --verbose, not both"},
    {"shallow", "net", "give --shallow and --deep, or --net, --depths and --blocks"},
    {"shallow", "depths", "give --shallow and --deep, or --net, --depths and --blocks"},
    {"shallow", "blocks", "give --shallow and --deep, or --net, --depths and --blocks"},
    {"deep", "net", "give --shallow and --deep, or --net, --depths and --blocks"},
    {"deep", "depths", "give --shallow and --deep, or --net, --depths and --blocks"},
    {"deep", "blocks", "give --shallow and --deep, or --net, --depths and --blocks"},
};

static int settle_rivals(given *g)
{
    for (size_t k = 0; k < sizeof rivals / sizeof *rivals; k++) {
        const int a = find(rivals[k][0], strlen(rivals[k][0]));
        const int b = find(rivals[k][1], strlen(rivals[k][1]));
        if (!g->value[a] || !g->value[b])
            continue;
        if (!g->line[a] == !g->line[b])
            return wrong("%s", rivals[k][2]);
        g->value[g->line[a] ? a : b] = NULL;
    }
    return -1;
}

/* ---- the command that repeats the study: what was given, in the table's order ------------------------------ */

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

static char *command_of(const given *g, const char *program)
{
    enum { QUOTED = 4, AROUND = 40 };
    const char *name = strrchr(program, '/') ? strrchr(program, '/') + 1 : program;
    size_t size = QUOTED * strlen(name) + AROUND;
    for (int i = 0; flag_at(i); i++)
        size += g->value[i] ? QUOTED * strlen(g->value[i]) + AROUND : 0;
    char *text = malloc(size);
    size_t used = text ? add_word(text, name) : 0;
    for (int i = 0; text && flag_at(i); i++) {
        const flag *f = flag_at(i);
        if (!g->value[i] || f->idle)
            continue;
        used += (size_t)sprintf(text + used, " --%s", f->word);
        if (!f->bare) {
            used += (size_t)sprintf(text + used, "%s", strncmp(g->value[i], "--", 2) == 0 ? "=" : " ");
            used += add_word(text + used, g->value[i]);
        }
    }
    return text;
}

/* ---- whose fault it is ------------------------------------------------------------------------------------------ */

static given all;         /* what is in force */
static const char *fault; /* the flag that the library's sentence is about; NULL: none is known */

int32_t blame(const char *flag, int32_t status)
{
    fault = status != DEEPID_OK && !fault ? flag : fault;
    return status;
}

/* "study: init: ..." and "study: batch is ...": the setting that the library names, as a flag; -1: none. rest: what is
   said of it. */
static int flag_named(const char *sentence, const char **rest)
{
    static const char *const others[][2] = {
        {"learning_rate", "lr"}, {"tuning_seeds", "tuning"}, {"probe_seeds", "probes"}, {"loss_scale", "loss-scale"}};
    static const char begin[] = "study: ";
    const bool of_study = strncmp(sentence, begin, strlen(begin)) == 0;
    const char *key = sentence + (of_study ? strlen(begin) : 0);
    const size_t length = strcspn(key, ": ");
    *rest = key;
    if (!of_study || (key[length] != ':' && strncmp(key + length, " is ", strlen(" is ")) != 0))
        return -1;
    *rest += key[length] == ':' ? length + strlen(": ") : 0;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strlen(others[i][0]) == length && strncmp(key, others[i][0], length) == 0)
            return find(others[i][1], strlen(others[i][1]));
    return find(key, length);
}

/* A net that was made of --net, or of --width and --depths, is the fault of those. */
static int flag_at_fault(const char *sentence, const char **rest)
{
    const int named = flag_named(sentence, rest);
    if (named < 0)
        return fault ? find(fault, strlen(fault)) : -1;
    const bool text = strcmp(flag_at(named)->word, "shallow") == 0 || strcmp(flag_at(named)->word, "deep") == 0;
    return text && !all.value[named] ? find("net", strlen("net")) : named;
}

/* Most flags are one line: which one it is goes without saying. */
void tell_failure(const char *sentence)
{
    static const char first[] = "line 1, ";
    static const char floor[] = "verdict: "; /* the margins are its */
    const char *rest;
    const int i = flag_at_fault(sentence, &rest);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    if (i < 0) {
        fprintf(stderr, "%s", sentence);
        return;
    }
    if (all.value[i] && all.line[i])
        fprintf(stderr, "%s, line %d: ", all.path, all.line[i]);
    if (strncmp(rest, first, strlen(first)) == 0 && !(all.value[i] && strchr(all.value[i], '\n')))
        rest += strlen(first);
    rest += strncmp(rest, floor, strlen(floor)) == 0 ? strlen(floor) : 0;
    fprintf(stderr, "--%s: %s", flag_at(i)->word, rest);
}

/* ---- all of it ------------------------------------------------------------------------------------------------ */

/* first: --help and its like, whatever else is there. */
static int hand_out(options *o, const given *g, const char *path, bool first)
{
    for (int i = 0; flag_at(i); i++) {
        if (!g->value[i] || flag_at(i)->alone != first)
            continue;
        file = g->line[i] ? path : NULL;
        line = g->line[i];
        const int code = flag_at(i)->read(flag_at(i), o, g->value[i]);
        file = NULL;
        if (code >= 0)
            return code;
    }
    return -1;
}

int words_read(options *o, int argc, char **argv)
{
    given typed = {.path = NULL};
    const int config = find("config", strlen("config"));
    int code = take_command(&typed, argc, argv);
    const char *path = code < 0 ? typed.value[config] : NULL;
    if (path) {
        o->text = read_file(path);
        code = o->text ? take_file(&all, path, o->text) : USAGE;
    }
    if (code >= 0)
        return code;
    all.path = path;
    for (int i = 0; flag_at(i); i++) {
        all.line[i] = typed.value[i] ? 0 : all.line[i];
        all.value[i] = typed.value[i] ? typed.value[i] : all.value[i];
    }
    code = settle_rivals(&all);
    if (code >= 0)
        return code;
    o->command = command_of(&all, argv[0]);
    code = hand_out(o, &all, path, true);
    return code >= 0 ? code : hand_out(o, &all, path, false);
}
