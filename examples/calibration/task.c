/* Task files. A line is a key and its value; what begins with # is a comment. */
#include "calibration.h"
#include "common/flags.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- keys ------------------------------------------------------------------------------------------------- */

typedef struct {
    const char *word;
    size_t place;
    bool needed, number;
    double low, high, standard;
} key;

#define TEXT(k) .word = #k, .place = offsetof(task, k)
#define NUMBER(k, l, h, s) .word = #k, .place = offsetof(task, k), .number = true, .low = l, .high = h, .standard = s
static const key keys[] = {
    {TEXT(what), .needed = true},
    {TEXT(planted), .needed = true},
    {TEXT(data), .needed = true},
    {TEXT(normalise)},
    {TEXT(shallow), .needed = true},
    {TEXT(deep), .needed = true},
    {TEXT(init)},
    {TEXT(optimizer)},
    {TEXT(schedule)},
    {TEXT(loss)},
    {TEXT(arms)},
    {TEXT(must)},
    {TEXT(may)},
    {TEXT(says)},
    {TEXT(tells)},
    {TEXT(never)},
    {TEXT(set), .needed = true},
    {NUMBER(rate, 1e-300, 1e300, NAN), .needed = true},
    {NUMBER(steps, 1, 1e12, NAN), .needed = true},
    {NUMBER(batch, 0, 1e9, 64)},
    {NUMBER(clip, 0, 1e300, 0)},
    {NUMBER(noise, 0, 1, 0)},
    {NUMBER(samples, 0, 1e9, 0)},
    {NUMBER(valid, 0, 1e9, 0)},
    {NUMBER(tuning, 0, 16, 3)},
};
enum { KEYS = sizeof keys / sizeof *keys };

static char **text_at(task *t, const key *k)
{
    return (char **)((char *)t + k->place);
}

static double *number_at(task *t, const key *k)
{
    return (double *)((char *)t + k->place);
}

/* ---- words -------------------------------------------------------------------------------------------------- */

bool in_list(const char *list, const char *word, char between)
{
    const size_t length = strlen(word);
    for (const char *at = list; at && (at = strstr(at, word)); at += length)
        if ((at == list || at[-1] == between) && (at[length] == 0 || at[length] == between || at[length] == '='))
            return true;
    return false;
}

static bool told(const task *t, int line, const char *format, const char *what)
{
    fprintf(stderr, "%s: %s:%d: ", program_invocation_short_name, t->path, line);
    fprintf(stderr, format, what);
    fprintf(stderr, "\n");
    return false;
}

/* "hypothesis=status|status ..."; the hypotheses themselves are task_known's affair. */
static bool good_must(const task *t, int line, const char *text)
{
    static const char statuses[] = "confirmed|contributes|minor|refuted|undecided|not_applicable";
    for (const char *at = text; *at; at += strspn(at, " ")) {
        const size_t length = strcspn(at, " ");
        const size_t equals = strcspn(at, "=");
        char status[32];
        if (equals == 0 || equals >= length)
            return told(t, line, "must: '%s', expected hypothesis=status", at);
        for (const char *s = at + equals; s < at + length; s += strlen(status) + 1) {
            snprintf(status, sizeof status, "%.*s", (int)strcspn(s + 1, "| "), s + 1);
            if (!status[0] || !in_list(statuses, status, '|'))
                return told(t, line,
                            "must: no status is called '%s'; known: confirmed, contributes, minor, refuted, "
                            "undecided, not_applicable",
                            status);
        }
        at += length;
    }
    return true;
}

static bool is_hypothesis(const char *word)
{
    return deepid_hypothesis_help(word) != NULL;
}

bool task_known(const task *t)
{
    const char *const lists[] = {t->must, t->may};
    for (int i = 0; i < 2; i++)
        for (const char *at = lists[i] ? lists[i] : ""; *at; at += strspn(at, " ")) {
            char word[64];
            snprintf(word, sizeof word, "%.*s", (int)strcspn(at, "= "), at);
            if (!is_hypothesis(word)) {
                fprintf(stderr, "%s: %s: no hypothesis is called '%s'; known:", program_invocation_short_name, t->path,
                        word);
                for (int64_t h = 0; deepid_hypothesis_word(h); h++)
                    fprintf(stderr, " %s", deepid_hypothesis_word(h));
                fprintf(stderr, "\n");
                return false;
            }
            at += strcspn(at, " ");
        }
    return true;
}

/* ---- lines --------------------------------------------------------------------------------------------------- */

static bool read_number(task *t, int line, const key *k, const char *value)
{
    char *end;
    const bool all = strcmp(k->word, "batch") == 0 && strcmp(value, "all") == 0;
    const double number = all ? 0 : strtod(value, &end);
    if (!all && (end == value || *end || !(number >= k->low && number <= k->high))) {
        wrong("%s:%d: %s is '%s', expected a number from %g to %g", t->path, line, k->word, value, k->low, k->high);
        return false;
    }
    *number_at(t, k) = number;
    return true;
}

static const key *find_key(const char *word)
{
    for (int i = 0; i < KEYS; i++)
        if (strcmp(keys[i].word, word) == 0)
            return &keys[i];
    return NULL;
}

/* A line without its ends; seen: which keys were there. */
static bool read_line(task *t, int line, char *text, bool *seen)
{
    const size_t length = strcspn(text, " \t");
    char *value = text + length + strspn(text + length, " \t");
    text[length] = 0;
    const key *k = find_key(text);
    if (!k)
        return told(t, line, "unknown key '%s'; tasks/README.md has them", text);
    if (seen[k - keys])
        return told(t, line, "'%s' stands here a second time", text);
    if (!*value)
        return told(t, line, "'%s' has no value", text);
    seen[k - keys] = true;
    if (k->number)
        return read_number(t, line, k, value);
    *text_at(t, k) = strdup(value);
    if (strcmp(k->word, "set") == 0 && !in_list("fast slow real long", value, ' '))
        return told(t, line, "no set is called '%s'; known: fast, slow, real, long", value);
    return strcmp(k->word, "must") != 0 || good_must(t, line, value);
}

static char *trimmed(char *text)
{
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        text[--length] = 0;
    return text + strspn(text, " \t");
}

static bool read_lines(task *t, FILE *file)
{
    char *buffer = NULL;
    size_t size = 0;
    bool seen[KEYS] = {false};
    bool good = true;
    int line = 0;
    while (good && getline(&buffer, &size, file) >= 0) {
        char *text = trimmed(buffer);
        line++;
        good = !*text || *text == '#' || read_line(t, line, text, seen);
    }
    for (int i = 0; good && i < KEYS; i++)
        if (keys[i].needed && !seen[i])
            good = told(t, line, "the file ends, and has no '%s'", keys[i].word);
    free(buffer);
    return good;
}

/* ---- files --------------------------------------------------------------------------------------------------- */

static bool read_task(const char *folder, const char *name, task *t)
{
    *t = (task){.id = strndup(name, strlen(name) - strlen(".txt"))};
    for (int i = 0; i < KEYS; i++)
        if (keys[i].number)
            *number_at(t, &keys[i]) = keys[i].standard;
    if (asprintf(&t->path, "%s/%s", folder, name) < 0)
        t->path = NULL;
    FILE *file = t->path ? fopen(t->path, "r") : NULL;
    if (!file) {
        wrong("%s: %s", t->path ? t->path : name, strerror(errno));
        return false;
    }
    const bool good = read_lines(t, file);
    fclose(file);
    return good;
}

static int is_task(const struct dirent *entry)
{
    const size_t length = strlen(entry->d_name);
    return length > 4 && strcmp(entry->d_name + length - 4, ".txt") == 0;
}

bool tasks_read(const char *folder, task_list *out)
{
    struct dirent **names;
    const int count = scandir(folder, &names, is_task, versionsort);
    bool good = count >= 0;
    *out = (task_list){0};
    if (!good) {
        wrong("%s: %s; --tasks FOLDER names another", folder, strerror(errno));
        return false;
    }
    out->at = calloc((size_t)count + 1, sizeof *out->at);
    for (int i = 0; i < count; i++) {
        good = good && out->at && read_task(folder, names[i]->d_name, &out->at[out->count++]);
        free(names[i]);
    }
    free(names);
    return good;
}

void tasks_free(task_list *list)
{
    for (int i = 0; i < list->count; i++) {
        for (int k = 0; k < KEYS; k++)
            if (!keys[k].number)
                free(*text_at(&list->at[i], &keys[k]));
        free(list->at[i].id);
        free(list->at[i].path);
    }
    free(list->at);
}
