/* One net on several ranks, beside one: a step of a residual net, in turn on one rank of one thread, by the whole
   batch and by shards, and on ranks that are threads with a context each and exchange in memory. Prints one line of
   key=value: ms of a step (medians over the rounds); speedup, the median of the rounds' ratios, and its quartiles;
   by_core_time, the ratio of the seconds that the cores worked, for a machine that others use too; exchange, the share
   of a step that is spent there, waiting included; same_bits, whether the nets are the same in the end.
   bench_ranks [--depth N] [--batch N] [--shard N] [--norm shard|batch] [--ranks N] [--rounds N] [--steps N] */
#include "timing.h"

#include <deepid/deepid.h>

#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RANKS_MOST = 64, ROUNDS_MOST = 1000 };

typedef struct {
    long depth, batch, shard, ranks, rounds, steps; /* steps: of a round */
    const char *norm;
} options;

typedef struct team team;

typedef struct {
    team *team;
    int32_t number;
    int64_t *numbers;       /* what it exchanges now */
    double exchanging, cpu; /* seconds: in the exchange; that its core worked */
    deepid_ctx *ctx;
    deepid_net *net;
    deepid_dataset *data;
    deepid_trainer *trainer;
    pthread_t thread;
} rank;

struct team {
    const options *options;
    int32_t ranks;
    pthread_barrier_t begin, meet, end;
    int over;
    rank rank[RANKS_MOST];
};

static int read_options(options *o, int argc, char **argv)
{
    static const struct option flags[] = {
        {"depth", 1, 0, 'd'}, {"batch", 1, 0, 'b'},  {"shard", 1, 0, 's'}, {"norm", 1, 0, 'm'},
        {"ranks", 1, 0, 'r'}, {"rounds", 1, 0, 'n'}, {"steps", 1, 0, 't'}, {0}};
    *o = (options){56, 128, 32, 2, 11, 1, "shard"};
    for (int flag; (flag = getopt_long(argc, argv, "", flags, NULL)) != -1;) {
        long *place = flag == 'd'   ? &o->depth
                      : flag == 'b' ? &o->batch
                      : flag == 's' ? &o->shard
                      : flag == 'r' ? &o->ranks
                      : flag == 'n' ? &o->rounds
                      : flag == 't' ? &o->steps
                                    : NULL;
        if (flag == 'm')
            o->norm = optarg;
        else if (place)
            *place = atol(optarg);
        else
            return 0;
    }
    return optind == argc && o->batch > 0 && o->shard > 0 && o->steps > 0 && o->ranks > 0 && o->ranks <= RANKS_MOST &&
           o->rounds > 0 && o->rounds <= ROUNDS_MOST;
}

static void must(const rank *r, int32_t status)
{
    if (status == DEEPID_OK)
        return;
    fprintf(stderr, "bench_ranks: %s\n", deepid_ctx_error(r->ctx));
    exit(1);
}

/* ---- the exchange: each rank works out its part for all ------------------------------------------------ */

static void reduce_part(const team *t, int32_t number, int32_t how, int64_t count)
{
    for (int64_t i = number * count / t->ranks; i < (number + 1) * count / t->ranks; i++) {
        int64_t result = t->rank[0].numbers[i];
        for (int32_t k = 1; k < t->ranks; k++) {
            const int64_t other = t->rank[k].numbers[i];
            result = how == DEEPID_ALLREDUCE_SUM ? result + other : other > result ? other : result;
        }
        for (int32_t k = 0; k < t->ranks; k++)
            t->rank[k].numbers[i] = result;
    }
}

static int32_t exchange(void *user, int32_t how, int64_t *numbers, int64_t count, const char **why)
{
    rank *r = user;
    const double start = seconds_now();
    (void)why;
    r->numbers = numbers;
    pthread_barrier_wait(&r->team->meet);
    reduce_part(r->team, r->number, how, count);
    pthread_barrier_wait(&r->team->meet);
    r->exchanging += seconds_now() - start;
    return 0;
}

/* ---- ranks ------------------------------------------------------------------------------------------------ */

static void make_rank(rank *r, const options *o, long shard, int32_t ranks)
{
    char spec[96];
    snprintf(spec, sizeof spec, "gratings n=%ld size=32 channels=3 classes=10", o->batch);
    must(r, deepid_ctx_create(&r->ctx));
    must(r, deepid_ctx_set_threads(r->ctx, 1));
    must(r, deepid_resnet_cifar(r->ctx, o->depth, "identity", DEEPID_F32, &r->net));
    must(r, deepid_net_init(r->net, "he", 1));
    must(r, deepid_dataset_generate(r->ctx, spec, 1, &r->data));
    must(r, deepid_trainer_create(r->net, r->data, &r->trainer));
    must(r, deepid_trainer_set_optimizer(r->trainer, "sgd momentum=0.9 weight_decay=1e-4"));
    must(r, deepid_trainer_set_learning_rate(r->trainer, 0.01));
    must(r, deepid_trainer_set_batch(r->trainer, 0));
    must(r, deepid_trainer_set_total_steps(r->trainer, 1000000));
    if (shard)
        must(r, deepid_trainer_set_shards(r->trainer, shard));
    must(r, deepid_trainer_set_batchnorm(r->trainer, o->norm));
    if (shard)
        must(r, deepid_trainer_set_allreduce(r->trainer, exchange, r, r->number, ranks));
}

/* As mpirun does: rank i on core i, where there are as many. */
static void stay_on_core(int32_t number)
{
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET((size_t)number, &cores);
    pthread_setaffinity_np(pthread_self(), sizeof cores, &cores);
}

/* Of this thread: what others took from its core is not in it. */
static double core_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void *work(void *arg)
{
    rank *r = arg;
    stay_on_core(r->number);
    for (;;) {
        pthread_barrier_wait(&r->team->begin);
        if (r->team->over)
            return NULL;
        const double start = core_seconds();
        must(r, deepid_trainer_fit(r->trainer, r->team->options->steps, NULL, NULL));
        r->cpu += core_seconds() - start;
        pthread_barrier_wait(&r->team->end);
    }
}

static team *make_team(const options *o, long shard, int32_t ranks)
{
    team *t = calloc(1, sizeof *t);
    t->options = o;
    t->ranks = ranks;
    pthread_barrier_init(&t->begin, NULL, (unsigned)ranks + 1);
    pthread_barrier_init(&t->meet, NULL, (unsigned)ranks);
    pthread_barrier_init(&t->end, NULL, (unsigned)ranks + 1);
    for (int32_t i = 0; i < ranks; i++) {
        t->rank[i].team = t;
        t->rank[i].number = i;
        make_rank(&t->rank[i], o, shard, ranks);
        pthread_create(&t->rank[i].thread, NULL, work, &t->rank[i]);
    }
    return t;
}

/* Seconds of a step. */
static double run_round(team *t)
{
    const double start = seconds_now();
    pthread_barrier_wait(&t->begin);
    pthread_barrier_wait(&t->end);
    return (seconds_now() - start) / (double)t->options->steps;
}

static void end_team(team *t)
{
    t->over = 1;
    pthread_barrier_wait(&t->begin);
    for (int32_t i = 0; i < t->ranks; i++) {
        rank *r = &t->rank[i];
        pthread_join(r->thread, NULL);
        deepid_trainer_destroy(r->trainer);
        deepid_dataset_destroy(r->data);
        deepid_net_destroy(r->net);
        deepid_ctx_destroy(r->ctx);
    }
    free(t);
}

/* Of the rank that worked longest. */
static double most_core_seconds(const team *t)
{
    double most = 0;
    for (int32_t i = 0; i < t->ranks; i++)
        most = t->rank[i].cpu > most ? t->rank[i].cpu : most;
    return most;
}

static int same_bits(const team *a, const team *b)
{
    const deepid_net *net = a->rank[0].net;
    return memcmp(deepid_net_trained_data(a->rank[0].net), deepid_net_trained_data(b->rank[b->ranks - 1].net),
                  sizeof(float) * (size_t)deepid_net_trained_count(net)) == 0;
}

int main(int argc, char **argv)
{
    enum { WHOLE, ONE, MANY, TEAMS };
    static double seconds[TEAMS][ROUNDS_MOST];
    static double ratio[ROUNDS_MOST];
    static double ratio_whole[ROUNDS_MOST];
    options o;
    if (!read_options(&o, argc, argv)) {
        fprintf(stderr, "usage: bench_ranks [--depth N] [--batch N] [--shard N] [--norm shard|batch] [--ranks N] "
                        "[--rounds N] [--steps N]\n");
        return 2;
    }
    team *const teams[TEAMS] = {make_team(&o, 0, 1), make_team(&o, o.shard, 1),
                                make_team(&o, o.shard, (int32_t)o.ranks)};
    for (int k = 0; k < TEAMS; k++)
        run_round(teams[k]); /* buffers, caches */
    teams[MANY]->rank[0].exchanging = 0;
    for (long i = 0; i < o.rounds; i++) {
        for (int k = 0; k < TEAMS; k++)
            seconds[k][i] = run_round(teams[k]);
        ratio[i] = seconds[ONE][i] / seconds[MANY][i];
        ratio_whole[i] = seconds[WHOLE][i] / seconds[MANY][i];
    }
    double total = 0;
    for (long i = 0; i < o.rounds; i++)
        total += seconds[MANY][i] * (double)o.steps;
    printf("depth=%ld batch=%ld shard=%ld ranks=%ld rounds=%ld whole_ms=%.1f one_ms=%.1f ranks_ms=%.1f speedup=%.3f "
           "lower=%.3f upper=%.3f over_whole=%.3f by_core_time=%.3f exchange=%.3f same_bits=%d\n",
           o.depth, o.batch, o.shard, o.ranks, o.rounds, 1e3 * quantile(seconds[WHOLE], o.rounds, 0.5),
           1e3 * quantile(seconds[ONE], o.rounds, 0.5), 1e3 * quantile(seconds[MANY], o.rounds, 0.5),
           quantile(ratio, o.rounds, 0.5), quantile(ratio, o.rounds, 0.25), quantile(ratio, o.rounds, 0.75),
           quantile(ratio_whole, o.rounds, 0.5), most_core_seconds(teams[ONE]) / most_core_seconds(teams[MANY]),
           teams[MANY]->rank[0].exchanging / total, same_bits(teams[ONE], teams[MANY]));
    for (int k = 0; k < TEAMS; k++)
        end_team(teams[k]);
    return 0;
}
