/* Calibration: studies whose cause was planted, and what the verdict says.
   Usage: calibration [--csv] [--task C3] [--seeds N] [--fast] [--out FOLDER] [--threads N] [--list] [--verbose]

   15 tasks with a cause, 5 controls without one. A verdict is right when it names what was planted and nothing that
   was not, wrong when it refutes what was planted or confirms what was not, and undecided otherwise. The tasks are
   in calibration/tasks.c; what came out is in docs/calibration.md. */
#include "calibration/calibration.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: calibration [--csv] [--task ID] [--fast] [--seeds N] [--threads N] [--out FOLDER] [--list] [--verbose]\n"
    "  --csv      task,planted,found,result,seeds,seconds on standard output\n"
    "  --task ID  this task alone, or several: --task C3,N1\n"
    "  --fast     the tasks of the default tests\n"
    "  --seeds N  of each study, 2 to 100 (10)\n"
    "  --threads  nets at a time (0: one per core)\n"
    "  --out      a folder for the studies' files; the same command goes on with what is there\n"
    "  --list     what the tasks are\n"
    "  --verbose  each answer, and why a task is not right\n";

typedef struct {
    settings settings;
    const char *only;
    bool fast, list, verbose;
} options;

/* -1: no whole number. */
static int64_t number_of(const char *text)
{
    char *end;
    const long long n = strtoll(text, &end, 10);
    return end != text && *end == 0 ? n : -1;
}

static bool read_options(int argc, char **argv, options *o)
{
    enum { SEEDS = 10, MOST_SEEDS = 100, MOST_THREADS = 1024 };
    static const struct option flags[] = {{"csv", 0, 0, 'c'},   {"task", 1, 0, 't'},    {"fast", 0, 0, 'f'},
                                          {"seeds", 1, 0, 's'}, {"threads", 1, 0, 'j'}, {"out", 1, 0, 'o'},
                                          {"list", 0, 0, 'l'},  {"verbose", 0, 0, 'v'}, {0}};
    *o = (options){.settings = {.seeds = SEEDS}};
    for (int flag; (flag = getopt_long(argc, argv, "", flags, NULL)) != -1;) {
        switch (flag) {
        case 'c':
            o->settings.csv = true;
            break;
        case 't':
            o->only = optarg;
            break;
        case 'f':
            o->fast = true;
            break;
        case 's':
            o->settings.seeds = number_of(optarg);
            break;
        case 'j':
            o->settings.threads = number_of(optarg);
            break;
        case 'o':
            o->settings.out = optarg;
            break;
        case 'l':
            o->list = true;
            break;
        case 'v':
            o->verbose = true;
            break;
        default:
            return false;
        }
    }
    return optind == argc && o->settings.seeds >= 2 && o->settings.seeds <= MOST_SEEDS && o->settings.threads >= 0 &&
           o->settings.threads <= MOST_THREADS;
}

/* ---- which tasks ------------------------------------------------------------------------------------ */

static bool named(const char *list, const char *id)
{
    const size_t length = strlen(id);
    for (const char *at = list; at && (at = strstr(at, id)); at += length)
        if ((at == list || at[-1] == ',') && (at[length] == 0 || at[length] == ','))
            return true;
    return false;
}

static bool chosen(const options *o, const task *t)
{
    return o->only ? named(o->only, t->id) : !o->fast || t->fast;
}

static int count_chosen(const options *o)
{
    int count = 0;
    for (int i = 0; i < task_count; i++)
        count += chosen(o, &tasks[i]);
    return count;
}

/* ---- out -------------------------------------------------------------------------------------------------- */

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
    if (o->settings.csv) {
        printf("%s,%s,", t->id, t->planted);
        print_csv_text(j->found);
        printf(",%s,%lld,%.1f\n", outcome_words[j->result], (long long)o->settings.seeds, j->seconds);
    } else {
        printf("%-4s %-15s %-9s %6.1f  %s\n", t->id, t->planted, outcome_words[j->result], j->seconds, j->found);
    }
    if (o->verbose)
        fprintf(stderr, "     %s\n%s%s%s", j->answer, j->why[0] ? "     not right: " : "", j->why,
                j->why[0] ? "\n" : "");
    fflush(stdout);
}

static void print_list(const options *o)
{
    for (int i = 0; i < task_count; i++)
        if (chosen(o, &tasks[i]))
            printf("%-4s %-15s %s\n     shallow  %s\n     deep     %s\n", tasks[i].id, tasks[i].planted, tasks[i].what,
                   tasks[i].shallow, tasks[i].deep);
}

static int run_all(const options *o)
{
    int count[3] = {0};
    int alarms = 0;
    if (o->settings.csv)
        printf("task,planted,found,result,seeds,seconds\n");
    else
        printf("%-4s %-15s %-9s %6s  %s\n", "task", "planted", "result", "s",
               "found: share of the gap repaired, or effect, with its 95 % interval");
    for (int i = 0; i < task_count; i++) {
        judgement j;
        if (!chosen(o, &tasks[i]))
            continue;
        if (!run_task(&tasks[i], &o->settings, &j))
            return 1;
        print_row(o, &tasks[i], &j);
        count[j.result]++;
        alarms += j.result == WRONG && strcmp(tasks[i].planted, "none") == 0;
    }
    if (!o->settings.csv)
        printf("%d right, %d undecided, %d wrong (false alarms on controls: %d)\n", count[RIGHT], count[UNDECIDED],
               count[WRONG], alarms);
    return count[WRONG] > 0;
}

int main(int argc, char **argv)
{
    options o;
    if (!read_options(argc, argv, &o)) {
        fputs(usage, stderr);
        return 2;
    }
    if (count_chosen(&o) == 0) {
        fprintf(stderr, "calibration: no task is called '%s'; calibration --list shows them\n", o.only);
        return 2;
    }
    if (o.list) {
        print_list(&o);
        return 0;
    }
    return run_all(&o);
}
