/* One training step, timed:   bench_step --net resnet20|resnet32|resnet56|resnet110|mlp --depth N --width N --batch N --act WORD --skip 0|1 --threads N --dtype f32|f64 --rounds N
   Prints one line of key=value: the median over rounds of forward, loss, backward and SGD-momentum update, batch gathered from memory. */
#include <deepid/deepid.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define TRY(call)                                                \
    if ((call) != DEEPID_OK) {                                   \
        fprintf(stderr, "bench_step: %s\n", deepid_ctx_error(ctx)); \
        return 1;                                                \
    }

typedef struct {
    const char *net, *act, *dtype;
    long depth, width, batch, skip, threads, rounds;
} options;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    const double d = *(const double *)a - *(const double *)b;
    return (d > 0) - (d < 0);
}

static int read_options(options *o, int argc, char **argv)
{
    static const struct option flags[] = {{"net", 1, 0, 'n'},  {"depth", 1, 0, 'd'},   {"width", 1, 0, 'w'}, {"batch", 1, 0, 'b'},  {"act", 1, 0, 'a'},
                                          {"skip", 1, 0, 's'}, {"threads", 1, 0, 't'}, {"dtype", 1, 0, 'y'}, {"rounds", 1, 0, 'r'}, {0}};
    *o = (options){"resnet20", "relu", "f32", 50, 64, 128, 1, 0, 7};
    for (int flag; (flag = getopt_long(argc, argv, "", flags, NULL)) != -1;) {
        long *const number = flag == 'd' ? &o->depth : flag == 'w' ? &o->width : flag == 'b' ? &o->batch : flag == 's' ? &o->skip : flag == 't' ? &o->threads : flag == 'r' ? &o->rounds : NULL;
        if (number)
            *number = atol(optarg);
        else if (flag == 'n')
            o->net = optarg;
        else if (flag == 'a')
            o->act = optarg;
        else if (flag == 'y')
            o->dtype = optarg;
        else
            return 0;
    }
    return o->batch > 0 && o->rounds > 0;
}

int main(int argc, char **argv)
{
    options o;
    deepid_ctx *ctx = NULL;
    deepid_net *net = NULL;
    deepid_dataset *data = NULL;
    deepid_trainer *trainer = NULL;
    if (!read_options(&o, argc, argv)) {
        fprintf(stderr, "usage: bench_step --net resnet20|resnet56|resnet110|mlp --depth N --width N --batch N --act WORD --skip 0|1 --threads N --dtype f32|f64 --rounds N\n");
        return 2;
    }
    if (deepid_ctx_create(&ctx) != DEEPID_OK)
        return 1;
    TRY(deepid_ctx_set_threads(ctx, (int32_t)o.threads));
    const int32_t dtype = strcmp(o.dtype, "f64") == 0 ? DEEPID_F64 : DEEPID_F32;
    const char *block = o.skip ? "identity" : "plain";
    char spec[96];
    if (strncmp(o.net, "resnet", 6) == 0) {
        TRY(deepid_resnet_cifar(ctx, atol(o.net + 6), block, dtype, &net));
        snprintf(spec, sizeof spec, "gratings n=%ld size=32 channels=3 classes=10", o.batch);
    } else {
        TRY(deepid_resnet_mlp(ctx, o.width, o.width, o.depth, 10, block, o.act, dtype, &net));
        snprintf(spec, sizeof spec, "teacher n=%ld in=%ld classes=10", o.batch, o.width);
    }
    TRY(deepid_net_init(net, o.skip ? "zero_last" : "he", 1)); /* signals stay finite at any depth */
    TRY(deepid_dataset_generate(ctx, spec, 1, &data));
    TRY(deepid_trainer_create(net, data, &trainer));
    TRY(deepid_trainer_set_optimizer(trainer, "sgd momentum=0.9 weight_decay=1e-4"));
    TRY(deepid_trainer_set_learning_rate(trainer, 1e-6));
    TRY(deepid_trainer_set_batch(trainer, o.batch));
    double *seconds = malloc(sizeof *seconds * (size_t)o.rounds);
    TRY(deepid_trainer_step(trainer));
    const double first = now();
    TRY(deepid_trainer_step(trainer));
    const double estimate = now() - first;
    const long steps = estimate < 0.02 ? (long)(0.02 / estimate) + 1 : 1; /* a round is at least 20 ms */
    for (long round = 0; round < o.rounds; round++) {
        const double start = now();
        for (long i = 0; i < steps; i++)
            TRY(deepid_trainer_step(trainer));
        seconds[round] = (now() - start) / (double)steps;
    }
    qsort(seconds, (size_t)o.rounds, sizeof *seconds, ascending);
    const double median = (seconds[(o.rounds - 1) / 2] + seconds[o.rounds / 2]) / 2;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("net=%s depth=%ld width=%ld batch=%ld act=%s skip=%ld threads=%d dtype=%s rounds=%ld ms=%.4g images_per_s=%.4g rss_mib=%.1f\n", o.net, o.depth, o.width, o.batch, o.act, o.skip,
           deepid_ctx_threads(ctx), o.dtype, o.rounds, 1e3 * median, (double)o.batch / median, (double)usage.ru_maxrss / 1024);
    free(seconds);
    deepid_trainer_destroy(trainer);
    deepid_dataset_destroy(data);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
    return 0;
}
