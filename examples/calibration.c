/* Calibration: what the verdict says where the cause is known.   calibration --help

   Whole studies of tasks whose cause was planted, of controls without one and of real data whose answer another
   program found; each is a text file (calibration/tasks). And simulated studies: how often a cause is named where there
   is none, how often an interval holds the truth. What came out is in docs/calibration.md. */
#include "calibration/calibration.h"

#include <getopt.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: calibration [--task ID] [--set WORDS] [--fast] [--seeds N] [--data FOLDER] [--tasks FOLDER] [--out "
    "FOLDER]\n"
    "                   [--threads N] [--csv] [--verbose] [--list] | --null N | --coverage N\n"
    "  --task ID       this task alone, or several: --task C3,N1\n"
    "  --set WORDS     the tasks of these sets: fast, slow, real, long (fast,slow)\n"
    "  --fast          --set fast: the tasks of the default tests\n"
    "  --seeds N       of each study, 2 to 100 (10)\n"
    "  --data FOLDER   where real data lie (optdigits, fashion-mnist); without it their tasks are skipped\n"
    "  --tasks FOLDER  task files of your own; their README.md says what is in one\n"
    "  --out FOLDER    for the studies' files; the same command goes on with what is there\n"
    "  --threads N     nets at a time (0: one per core)\n"
    "  --csv           task,planted,found,result,seeds,seconds on standard output\n"
    "  --verbose       each answer, and why a task is not right\n"
    "  --list          what the tasks are\n"
    "  --null N        N simulated studies a row in which no cause can be found: how often one is named\n"
    "  --coverage N    N simulated studies a row of a known share: how often its interval holds it\n"
    "  --help          this\n"
    "exit codes: 0 none is wrong, 1 one is, or a study failed, 2 wrong use\n";

typedef struct {
    settings settings;
    const char *only, *set, *tasks;
    int64_t null, coverage;
    bool fast, list, verbose, csv;
} options;

/* ---- the command line --------------------------------------------------------------------------------------- */

static bool good_set(const char *list)
{
    for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',') {
        char word[16];
        snprintf(word, sizeof word, "%.*s", (int)strcspn(at, ","), at);
        if (!word[0] || !in_list("fast slow real long", word, ' ')) {
            fprintf(stderr, "calibration: no set is called '%s'; known: fast, slow, real, long\n", word);
            return false;
        }
    }
    return *list != 0;
}

typedef struct {
    const char *word;
    enum { TEXT, COUNT, YES } kind;
    size_t place; /* in options */
    int64_t least, most;
} flag;

static const flag known[] = {{.word = "task", TEXT, offsetof(options, only)},
                             {.word = "set", TEXT, offsetof(options, set)},
                             {.word = "data", TEXT, offsetof(options, settings.data)},
                             {.word = "out", TEXT, offsetof(options, settings.out)},
                             {.word = "tasks", TEXT, offsetof(options, tasks)},
                             {.word = "seeds", COUNT, offsetof(options, settings.seeds), 2, 100},
                             {.word = "threads", COUNT, offsetof(options, settings.threads), 0, 1024},
                             {.word = "null", COUNT, offsetof(options, null), 1, 1000000},
                             {.word = "coverage", COUNT, offsetof(options, coverage), 1, 1000000},
                             {.word = "csv", YES, offsetof(options, csv)},
                             {.word = "fast", YES, offsetof(options, fast)},
                             {.word = "list", YES, offsetof(options, list)},
                             {.word = "verbose", YES, offsetof(options, verbose)}};
enum { FLAGS = sizeof known / sizeof *known };

static bool read_flag(const flag *f, options *o, const char *value)
{
    void *place = (char *)o + f->place;
    if (f->kind == TEXT)
        *(const char **)place = value;
    if (f->kind == YES)
        *(bool *)place = true;
    if (f->kind != COUNT)
        return true;
    char *end;
    const long long n = strtoll(value, &end, 10);
    if (end == value || *end || n < f->least || n > f->most) {
        fprintf(stderr, "calibration: --%s is '%s', expected a whole number from %lld to %lld\n", f->word, value,
                (long long)f->least, (long long)f->most);
        return false;
    }
    *(int64_t *)place = n;
    return true;
}

static bool read_options(int argc, char **argv, options *o)
{
    enum { SEEDS = 10 };
    struct option words[FLAGS + 1] = {0};
    for (int i = 0; i < FLAGS; i++)
        words[i] = (struct option){known[i].word, known[i].kind != YES, NULL, i};
    *o = (options){.settings = {.seeds = SEEDS}, .set = "fast,slow"};
    for (int i; (i = getopt_long(argc, argv, "", words, NULL)) != -1;)
        if (i == '?' || !read_flag(&known[i], o, optarg))
            return false;
    if (o->fast)
        o->set = "fast";
    return optind == argc && good_set(o->set);
}

/* ---- which tasks ------------------------------------------------------------------------------------------------ */

static bool chosen(const options *o, const task *t)
{
    return o->only ? in_list(o->only, t->id, ',') : in_list(o->set, t->set, ',');
}

/* Every name of --task is one of a task. */
static bool all_there(const options *o, const task_list *tasks)
{
    for (const char *at = o->only ? o->only : ""; *at; at += strcspn(at, ","), at += *at == ',') {
        char name[64];
        bool found = false;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at, ","), at);
        for (int i = 0; i < tasks->count; i++)
            found = found || strcmp(tasks->at[i].id, name) == 0;
        if (!found) {
            fprintf(stderr, "calibration: no task is called '%s'; calibration --list shows them\n", name);
            return false;
        }
    }
    return true;
}

/* Beside the program, where it is built and where it is installed: ../share/deepid/calibration. */
static bool tasks_beside(char *out, size_t size)
{
    char program[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length < 0)
        return false;
    program[length] = 0;
    for (int up = 0; up < 2; up++)
        if (strrchr(program, '/'))
            *strrchr(program, '/') = 0;
    return snprintf(out, size, "%s/share/deepid/calibration", program) < (int)size;
}

/* ---- out -------------------------------------------------------------------------------------------------------- */

static void print_csv_text(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if (*text == '"')
            putchar('"');
        putchar(*text);
    }
    putchar('"');
}

static void print_row(const options *o, const task *t, const judgement *j)
{
    if (o->csv) {
        printf("%s,%s,", t->id, t->planted);
        print_csv_text(j->found);
        printf(",%s,%lld,%.1f\n", outcome_words[j->result], (long long)o->settings.seeds, j->seconds);
    } else {
        printf("%-4s %-15s %-9s %6.1f  %s\n", t->id, t->planted, outcome_words[j->result], j->seconds, j->found);
    }
    if (o->verbose)
        fprintf(stderr, "     %s\n     %s\n%s%s%s", j->losses, j->answer, j->why[0] ? "     not right: " : "", j->why,
                j->why[0] ? "\n" : "");
    fflush(stdout);
}

static int print_list(const options *o, const task_list *tasks)
{
    for (int i = 0; i < tasks->count; i++) {
        const task *t = &tasks->at[i];
        if (o->only ? chosen(o, t) : true)
            printf("%-4s %-15s %-5s %s\n     shallow  %s\n     deep     %s\n", t->id, t->planted, t->set, t->what,
                   t->shallow, t->deep);
    }
    return 0;
}

static void print_head(const options *o)
{
    if (o->csv)
        printf("task,planted,found,result,seeds,seconds\n");
    else
        printf("%-4s %-15s %-9s %6s  %s\n", "task", "planted", "result", "s",
               "found: share of the gap repaired, or effect, with its 95 % interval");
}

static int run_all(const options *o, const task_list *tasks)
{
    int count[4] = {0};
    int alarms = 0;
    for (int i = 0; i < tasks->count; i++)
        if (chosen(o, &tasks->at[i]) && !task_known(&tasks->at[i]))
            return 2;
    print_head(o);
    for (int i = 0; i < tasks->count; i++) {
        const task *t = &tasks->at[i];
        judgement j;
        if (!chosen(o, t))
            continue;
        if (!run_task(t, &o->settings, &j))
            return 1;
        count[j.result]++;
        alarms += j.result == WRONG && strcmp(t->planted, "none") == 0;
        if (j.result == SKIPPED)
            fprintf(stderr, "calibration: %s is skipped: its data, %s, are not here; --data FOLDER says where\n", t->id,
                    t->data);
        else
            print_row(o, t, &j);
    }
    if (!o->csv)
        printf("%d right, %d undecided, %d wrong, %d skipped (false alarms on controls: %d)\n", count[RIGHT],
               count[UNDECIDED], count[WRONG], count[SKIPPED], alarms);
    return count[WRONG] > 0;
}

static int with_tasks(const options *o)
{
    char beside[PATH_MAX + 64] = "";
    task_list tasks = {0};
    int code = 2;
    if (!o->tasks && !tasks_beside(beside, sizeof beside))
        fprintf(stderr, "calibration: it is not known where the program lies; --tasks FOLDER names its tasks\n");
    else if (tasks_read(o->tasks ? o->tasks : beside, &tasks) && all_there(o, &tasks))
        code = o->list ? print_list(o, &tasks) : run_all(o, &tasks);
    tasks_free(&tasks);
    return code;
}

int main(int argc, char **argv)
{
    options o;
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(usage, stdout);
        return 0;
    }
    if (!read_options(argc, argv, &o)) {
        fputs("calibration --help shows the flags\n", stderr);
        return 2;
    }
    if (!o.null && !o.coverage)
        return with_tasks(&o);
    const int alarms = o.null ? simulate_null(o.null) : 0;
    const int misses = o.coverage ? simulate_coverage(o.coverage) : 0;
    return alarms | misses;
}
