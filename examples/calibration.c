/* Calibration: what the verdict says where the cause is known.   calibration --help

   Whole studies of tasks whose cause was planted, of controls without one and of real data whose answer another
   program found; each is a text file (calibration/tasks). And simulated studies: how often a cause is named where there
   is none, how often an interval holds the truth. What came out is in docs/calibration.md. */
#include "calibration/calibration.h"
#include "common/flags.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
            wrong("no set is called '%s'; known: fast, slow, real, long", word);
            return false;
        }
    }
    return *list != 0;
}

#define AT(member) .place = offsetof(options, member)

static const flag flags[] = {
    {"task", "ID", "this task alone, or several: --task C3,N1", AT(only)},
    {"set", "WORDS", "the tasks of these sets: fast, slow, real, long (fast,slow)", AT(set)},
    {"fast", NULL, "--set fast: the tasks of the default tests", AT(fast)},
    {"seeds", "N", "of each study, 2 to 100 (10)", AT(settings.seeds), 2, 100},
    {"data", "FOLDER", "where real data lie (optdigits, fashion-mnist); without it their tasks are skipped",
     AT(settings.data)},
    {"tasks", "FOLDER", "task files of your own; their README.md says what is in one", AT(tasks)},
    {"out", "FOLDER", "for the studies' files; the same command goes on with what is there", AT(settings.out)},
    {"threads", "N", "nets at a time (0: one per core)", AT(settings.threads), 0, 1024},
    {"csv", NULL, "task,planted,found,result,seeds,seconds on standard output", AT(csv)},
    {"verbose", NULL, "each answer, and why a task is not right", AT(verbose)},
    {"list", NULL, "what the tasks are", AT(list)},
    {"null", "N", "N simulated studies a row in which no cause can be found: how often one is named", AT(null), 1,
     1000000},
    {"coverage", "N", "N simulated studies a row of a known share: how often its interval holds it", AT(coverage), 1,
     1000000},
    {NULL},
};

static const program self = {
    .usage = "[flags]\n--null N\n--coverage N",
    .about = "What the verdict says where the cause is known: whole studies of planted causes, of controls and of real "
             "data; simulated studies.",
    .ends = "0 none is wrong, 1 one is, or a study failed, 2 wrong use",
    .flags = flags,
};

/* -1: go on; else the exit code */
static int read_options(int argc, char **argv, options *o)
{
    enum { SEEDS = 10 };
    *o = (options){.settings = {.seeds = SEEDS}, .set = "fast,slow"};
    const int code = flags_read(&self, argc, argv, o);
    if (o->fast)
        o->set = "fast";
    return code >= 0 ? code : good_set(o->set) ? -1 : USAGE;
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
            wrong("no task is called '%s'; calibration --list shows them", name);
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
            wrong("%s is skipped: its data, %s, are not here; --data FOLDER says where", t->id, t->data);
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
        wrong("it is not known where the program lies; --tasks FOLDER names its tasks");
    else if (tasks_read(o->tasks ? o->tasks : beside, &tasks) && all_there(o, &tasks))
        code = o->list ? print_list(o, &tasks) : run_all(o, &tasks);
    tasks_free(&tasks);
    return code;
}

int main(int argc, char **argv)
{
    options o;
    const int code = read_options(argc, argv, &o);
    if (code >= 0)
        return code;
    if (!o.null && !o.coverage)
        return with_tasks(&o);
    const int alarms = o.null ? simulate_null(o.null) : 0;
    const int misses = o.coverage ? simulate_coverage(o.coverage) : 0;
    return alarms | misses;
}
