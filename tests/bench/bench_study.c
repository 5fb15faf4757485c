/* One net per core: a study of 16 nets - 8 seeds of two depths that differ by one - with one worker and with more,
   in turn. What more workers give is a round's ratio; it is the number of workers at best. Prints a line of
   key=value for each round and one with the medians. */
#include "timing.h"

#include <deepid/deepid.h>

#include <ftw.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char usage[] = "usage: bench_study --depth N --width N --samples N --steps N --batch N --points N "
                            "--folder 0|1 --threads N --rounds N\n"
                            "depth: dense layers of the deeper nets, 4 or more; points: looks at the losses while "
                            "training; folder: 1 keeps results in a folder in TMPDIR, as studies usually do;\n"
                            "threads: the workers that one worker is compared with\n";

enum { SEEDS = 8, ARMS = 2 };

typedef struct {
    long depth, width, samples, steps, batch, points, folder, threads, rounds;
} options;

typedef struct {
    deepid_ctx *ctx;
    deepid_dataset *data;
    deepid_study *study;
    const options *options;
} bench;

/* ---- options ------------------------------------------------------------------------------------ */

static long *number_of(options *o, int flag)
{
    return flag == 'd'   ? &o->depth
           : flag == 'w' ? &o->width
           : flag == 'n' ? &o->samples
           : flag == 's' ? &o->steps
           : flag == 'b' ? &o->batch
           : flag == 'p' ? &o->points
           : flag == 'f' ? &o->folder
           : flag == 't' ? &o->threads
           : flag == 'r' ? &o->rounds
                         : NULL;
}

static int read_options(options *o, int argc, char **argv)
{
    static const struct option flags[] = {{"depth", 1, 0, 'd'},   {"width", 1, 0, 'w'},
                                          {"samples", 1, 0, 'n'}, {"steps", 1, 0, 's'},
                                          {"batch", 1, 0, 'b'},   {"points", 1, 0, 'p'},
                                          {"folder", 1, 0, 'f'},  {"threads", 1, 0, 't'},
                                          {"rounds", 1, 0, 'r'},  {0}};
    *o = (options){10, 32, 1000, 2000, 64, 20, 0, 2, 7};
    for (int flag; (flag = getopt_long(argc, argv, "", flags, NULL)) != -1;) {
        if (!number_of(o, flag))
            return 0;
        *number_of(o, flag) = atol(optarg);
    }
    return optind == argc && o->depth > 3 && o->width > 0 && o->samples > 0 && o->steps > 0 && o->batch > 0 &&
           o->points >= 0 && o->threads > 0 && o->rounds > 0;
}

/* ---- the study ------------------------------------------------------------------------------------ */

static void must(const bench *b, int32_t status)
{
    if (status == DEEPID_OK)
        return;
    fprintf(stderr, "bench_study: %s\n", deepid_ctx_error(b->ctx));
    exit(1);
}

static void make_data(bench *b)
{
    char spec[96];
    snprintf(spec, sizeof spec, "spirals n=%ld", b->options->samples);
    must(b, deepid_dataset_generate(b->ctx, spec, 1, &b->data));
}

/* Only the two arms that every study has, at the recipe's rate: nothing but trainings. */
static void make_study(bench *b, const char *folder, long threads)
{
    const options *o = b->options;
    char text[2][128];
    for (int i = 0; i < ARMS; i++)
        snprintf(text[i], sizeof text[i],
                 "input 2; dense out=%ld; relu; %ld * plain { dense out=%ld; relu }; dense out=2", o->width,
                 o->depth - 3 + i, o->width);
    must(b, deepid_study_create(b->ctx, text[0], text[1], b->data, &b->study));
    must(b, deepid_study_set_seeds(b->study, SEEDS));
    must(b, deepid_study_set_text(b->study, "arms", "S,D"));
    must(b, deepid_study_set_text(b->study, "probes", "none"));
    must(b, deepid_study_set_number(b->study, "tuning_seeds", 0));
    must(b, deepid_study_set_number(b->study, "steps", (double)o->steps));
    must(b, deepid_study_set_number(b->study, "batch", (double)o->batch));
    must(b, deepid_study_set_number(b->study, "history_points", (double)o->points));
    must(b, deepid_study_set_number(b->study, "threads", (double)threads));
    must(b, deepid_study_set_folder(b->study, folder));
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Seconds of one run of a new study, which is asked for the number of nets that it trained; *busy: processor seconds
   of all its threads. */
static double seconds_of_study(bench *b, long threads, double *busy)
{
    enum { OPEN = 8 };
    const char *place = getenv("TMPDIR");
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/bench_study.XXXXXX", place ? place : "/tmp");
    if (b->options->folder && !mkdtemp(folder)) {
        perror(folder);
        exit(1);
    }
    make_study(b, b->options->folder ? folder : NULL, threads);
    const double busy_before = processor_seconds();
    const double start = seconds_now();
    must(b, deepid_study_run(b->study, NULL, NULL));
    *busy = processor_seconds() - busy_before;
    const double seconds = seconds_now() - start;
    if (deepid_study_tasks_done(b->study) != SEEDS * ARMS) {
        fprintf(stderr, "bench_study: %lld tasks are done, expected %d\n", (long long)deepid_study_tasks_done(b->study),
                SEEDS * ARMS);
        exit(1);
    }
    deepid_study_destroy(b->study);
    if (b->options->folder)
        nftw(folder, remove_one, OPEN, FTW_DEPTH | FTW_PHYS);
    return seconds;
}

/* ---- other programs ------------------------------------------------------------------------------------ */

/* Seconds that all processors were at work or were taken by another guest; 0 where the system does not tell. */
static double busy_seconds(void)
{
    double user = 0;
    double nice = 0;
    double system = 0;
    double irq = 0;
    double softirq = 0;
    double steal = 0;
    FILE *file = fopen("/proc/stat", "r");
    const int got =
        file ? fscanf(file, "cpu %lf %lf %lf %*f %*f %lf %lf %lf", &user, &nice, &system, &irq, &softirq, &steal) : 0;
    if (file)
        fclose(file);
    return got == 6 ? (user + nice + system + irq + softirq + steal) / (double)sysconf(_SC_CLK_TCK) : 0;
}

/* ---- rounds: every other one begins with the many, so that a machine that slows down favours neither ------ */

typedef struct {
    double *one, *many, *ratio, *one_busy, *many_busy;
} rounds;

static void run_both(bench *b, const rounds *r, long round)
{
    const long threads = b->options->threads;
    if (round % 2 == 1)
        r->many[round] = seconds_of_study(b, threads, &r->many_busy[round]);
    r->one[round] = seconds_of_study(b, 1, &r->one_busy[round]);
    if (round % 2 == 0)
        r->many[round] = seconds_of_study(b, threads, &r->many_busy[round]);
    r->ratio[round] = r->one[round] / r->many[round];
}

static void run_round(bench *b, const rounds *r, long round)
{
    enum { TRIES = 4 };
    const double disturbed = 0.1;
    double foreign = 1;
    for (int i = 0; i < TRIES && foreign > disturbed; i++) {
        const double busy = busy_seconds();
        const double own = processor_seconds();
        const double start = seconds_now();
        run_both(b, r, round);
        foreign = (busy_seconds() - busy - (processor_seconds() - own)) / (seconds_now() - start);
        printf("round=%ld one_s=%.4g many_s=%.4g ratio=%.3f one_busy_s=%.4g many_busy_s=%.4g foreign_cores=%.3f\n",
               round, r->one[round], r->many[round], r->ratio[round], r->one_busy[round], r->many_busy[round], foreign);
        fflush(stdout);
    }
}

static void print_medians(const options *o, const rounds *r)
{
    const double one = quantile(r->one, o->rounds, 0.5);
    const double many = quantile(r->many, o->rounds, 0.5);
    const double ratio = quantile(r->ratio, o->rounds, 0.5);
    printf("nets=%d depth=%ld width=%ld samples=%ld steps=%ld batch=%ld points=%ld folder=%ld rounds=%ld threads=%ld "
           "one_s=%.4g many_s=%.4g one_nets_per_s=%.4g many_nets_per_s=%.4g ratio=%.3f "
           "ratio_min=%.3f ratio_max=%.3f one_busy_s=%.4g many_busy_s=%.4g\n",
           SEEDS * ARMS, o->depth, o->width, o->samples, o->steps, o->batch, o->points, o->folder, o->rounds,
           o->threads, one, many, SEEDS * ARMS / one, SEEDS * ARMS / many, ratio, r->ratio[0], r->ratio[o->rounds - 1],
           quantile(r->one_busy, o->rounds, 0.5), quantile(r->many_busy, o->rounds, 0.5));
}

int main(int argc, char **argv)
{
    options o;
    bench b = {.options = &o};
    if (!read_options(&o, argc, argv)) {
        fputs(usage, stderr);
        return 2;
    }
    double *seconds = malloc(sizeof *seconds * 5 * (size_t)o.rounds);
    if (!seconds || deepid_ctx_create(&b.ctx) != DEEPID_OK)
        return 1;
    const rounds r = {seconds, seconds + o.rounds, seconds + 2 * o.rounds, seconds + 3 * o.rounds,
                      seconds + 4 * o.rounds};
    make_data(&b);
    for (long round = 0; round < o.rounds; round++)
        run_round(&b, &r, round);
    print_medians(&o, &r);
    free(seconds);
    deepid_dataset_destroy(b.data);
    deepid_ctx_destroy(b.ctx);
    return 0;
}
