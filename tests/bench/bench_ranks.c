/* One net on several ranks, beside one: a step of a residual net, in turn on one rank of one thread, by the whole
   batch and by shards, and on ranks that are threads with a context each and exchange in memory. A round is quiet when
   other programs had less than a tenth of a core during each of the three. Prints one line of key=value: same_bits,
   whether the nets are the same in the end; of the quiet rounds ms of a step (medians), speedup, the median of their
   ratios, and its quartiles, over_whole, the ratio to one rank without shards, and exchange, the share of a step that
   is spent there, waiting included.
   bench_ranks [--depth N] [--batch N] [--shard N] [--norm shard|batch] [--ranks N] [--rounds N] [--steps N] */
#include "timing.h"

#include <deepid/deepid.h>

#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
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
    int64_t *numbers;      /* what it exchanges now */
    double exchanging;     /* seconds in the exchange, */
    double exchanging_cpu; /* that it worked there */
    double taken;          /* of this round, outside of the exchange: that others had its core */
    deepid_ctx *ctx;
    deepid_net *net;
    deepid_dataset *data;
    deepid_trainer *trainer;
    pthread_t thread;
} rank;

struct team {
    const options *options;
    int32_t ranks;
    pthread_barrier_t begin, end;
    atomic_int there; /* ranks that came to meetings, ever */
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

/* Of this thread: what others took from its core is not in it. */
static double core_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- the exchange: each rank works out its part for all ------------------------------------------------ */

/* Looks without a pause, as MPI does: to be woken takes longer than most waits. */
static void meet(team *t)
{
    const int number = atomic_fetch_add(&t->there, 1);
    const int all = (number / t->ranks + 1) * t->ranks;
    while (atomic_load_explicit(&t->there, memory_order_acquire) < all)
        atomic_thread_fence(memory_order_seq_cst);
}

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
    const double cpu = core_seconds();
    (void)why;
    r->numbers = numbers;
    meet(r->team);
    reduce_part(r->team, r->number, how, count);
    meet(r->team);
    r->exchanging += seconds_now() - start;
    r->exchanging_cpu += core_seconds() - cpu;
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

static void *work(void *arg)
{
    rank *r = arg;
    stay_on_core(r->number);
    for (;;) {
        pthread_barrier_wait(&r->team->begin);
        if (r->team->over)
            return NULL;
        const double cpu = core_seconds() - r->exchanging_cpu;
        const double start = seconds_now() - r->exchanging;
        must(r, deepid_trainer_fit(r->trainer, r->team->options->steps, NULL, NULL));
        r->taken = seconds_now() - r->exchanging - start - (core_seconds() - r->exchanging_cpu - cpu);
        pthread_barrier_wait(&r->team->end);
    }
}

static team *make_team(const options *o, long shard, int32_t ranks)
{
    team *t = calloc(1, sizeof *t);
    t->options = o;
    t->ranks = ranks;
    pthread_barrier_init(&t->begin, NULL, (unsigned)ranks + 1);
    pthread_barrier_init(&t->end, NULL, (unsigned)ranks + 1);
    for (int32_t i = 0; i < ranks; i++) {
        t->rank[i].team = t;
        t->rank[i].number = i;
        make_rank(&t->rank[i], o, shard, ranks);
        pthread_create(&t->rank[i].thread, NULL, work, &t->rank[i]);
    }
    return t;
}

/* Seconds of a step. *quiet becomes 0 when other programs had more than a tenth of a core meanwhile. */
static double run_round(team *t, int *quiet)
{
    const double tenth = 0.1;
    const double start = seconds_now();
    double taken = 0;
    pthread_barrier_wait(&t->begin);
    pthread_barrier_wait(&t->end);
    const double seconds = seconds_now() - start;
    for (int32_t i = 0; i < t->ranks; i++)
        taken += t->rank[i].taken;
    if (taken > tenth * seconds)
        *quiet = 0;
    return seconds / (double)t->options->steps;
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
    int quiet;
    for (int k = 0; k < TEAMS; k++)
        run_round(teams[k], &quiet); /* buffers, caches */
    long n = 0;
    double exchanging = 0;
    double total = 0;
    for (long i = 0; i < o.rounds; i++) {
        const double before = teams[MANY]->rank[0].exchanging;
        quiet = 1;
        for (int k = 0; k < TEAMS; k++)
            seconds[k][n] = run_round(teams[k], &quiet);
        if (!quiet)
            continue;
        ratio[n] = seconds[ONE][n] / seconds[MANY][n];
        ratio_whole[n] = seconds[WHOLE][n] / seconds[MANY][n];
        exchanging += teams[MANY]->rank[0].exchanging - before;
        total += seconds[MANY][n++] * (double)o.steps;
    }
    printf("depth=%ld batch=%ld shard=%ld norm=%s ranks=%ld rounds=%ld quiet=%ld same_bits=%d", o.depth, o.batch,
           o.shard, o.norm, o.ranks, o.rounds, n, same_bits(teams[ONE], teams[MANY]));
    if (n > 0)
        printf(
            " whole_ms=%.1f one_ms=%.1f ranks_ms=%.1f speedup=%.3f lower=%.3f upper=%.3f over_whole=%.3f exchange=%.3f",
            1e3 * quantile(seconds[WHOLE], n, 0.5), 1e3 * quantile(seconds[ONE], n, 0.5),
            1e3 * quantile(seconds[MANY], n, 0.5), quantile(ratio, n, 0.5), quantile(ratio, n, 0.25),
            quantile(ratio, n, 0.75), quantile(ratio_whole, n, 0.5), exchanging / total);
    printf("\n");
    for (int k = 0; k < TEAMS; k++)
        end_team(teams[k]);
    return 0;
}
