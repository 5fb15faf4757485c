/* One training step (forward, loss, backward, SGD with momentum; the batch gathered from memory) or one forward pass
   in evaluation mode, timed. Prints one line of key=value. */
#include "timing.h"

#include <deepid/deepid.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const char usage[] =
    "usage: bench_step --mode train|infer --net "
    "resnet20|resnet56|resnet110|resnet1202|resnet<6n+2>|imagenet18|imagenet50|...|mlp --depth N "
    "--width N --batch N --act WORD --skip 0|1 --exact 0|1\n"
    "                  --recompute N --frozen 0|1 --isa WORD --threads N --dtype f32|f64 --rounds N\n"
    "                  --storage TEXT\n"
    "recompute: 0, or blocks of a segment whose values are computed again on the way back; frozen: of --mode infer; "
    "depth, width and act are the mlp's; a round is at least 20 ms;\n"
    "storage: as deepid_net_set_storage takes it; "
    "ms is the median over rounds\n";

typedef struct {
    const char *mode, *net, *act, *dtype, *storage, *isa; /* isa NULL: the best that runs */
    long depth, width, batch, skip, exact, recompute, frozen, threads, rounds;
} options;

typedef struct {
    deepid_ctx *ctx;
    deepid_net *net;
    deepid_dataset *data;
    deepid_trainer *trainer;
    deepid_tensor *x, *y;
} bench;

/* ---- options ------------------------------------------------------------------------------------ */

static long *number_of(options *o, int flag)
{
    return flag == 'd'   ? &o->depth
           : flag == 'w' ? &o->width
           : flag == 'b' ? &o->batch
           : flag == 's' ? &o->skip
           : flag == 'e' ? &o->exact
           : flag == 'c' ? &o->recompute
           : flag == 'f' ? &o->frozen
           : flag == 't' ? &o->threads
           : flag == 'r' ? &o->rounds
                         : NULL;
}

static const char **word_of(options *o, int flag)
{
    return flag == 'm'   ? &o->mode
           : flag == 'n' ? &o->net
           : flag == 'a' ? &o->act
           : flag == 'y' ? &o->dtype
           : flag == 'i' ? &o->isa
           : flag == 'o' ? &o->storage
                         : NULL;
}

static int one_of(const char *word, const char *a, const char *b)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

static int read_options(options *o, int argc, char **argv)
{
    static const struct option flags[] = {
        {"mode", 1, 0, 'm'},      {"net", 1, 0, 'n'},    {"depth", 1, 0, 'd'},   {"width", 1, 0, 'w'},
        {"batch", 1, 0, 'b'},     {"act", 1, 0, 'a'},    {"skip", 1, 0, 's'},    {"exact", 1, 0, 'e'},
        {"recompute", 1, 0, 'c'}, {"frozen", 1, 0, 'f'}, {"isa", 1, 0, 'i'},     {"threads", 1, 0, 't'},
        {"dtype", 1, 0, 'y'},     {"rounds", 1, 0, 'r'}, {"storage", 1, 0, 'o'}, {0}};
    *o = (options){"train", "resnet20", "relu", "f32", "f32", NULL, 50, 64, 128, 1, 0, 0, 0, 0, 7};
    for (int flag; (flag = getopt_long(argc, argv, "", flags, NULL)) != -1;) {
        if (number_of(o, flag))
            *number_of(o, flag) = atol(optarg);
        else if (word_of(o, flag))
            *word_of(o, flag) = optarg;
        else
            return 0;
    }
    return optind == argc && o->batch > 0 && o->rounds > 0 && one_of(o->mode, "train", "infer") &&
           one_of(o->dtype, "f32", "f64");
}

/* ---- the net and what it works on ------------------------------------------------------------------ */

static void must(const bench *b, int32_t status)
{
    if (status == DEEPID_OK)
        return;
    fprintf(stderr, "bench_step: %s\n", deepid_ctx_error(b->ctx));
    exit(1);
}

static int is_imagenet(const options *o)
{
    return strncmp(o->net, "imagenet", 8) == 0;
}

static int is_resnet(const options *o)
{
    return strncmp(o->net, "resnet", 6) == 0 || is_imagenet(o);
}

static int32_t dtype_of(const options *o)
{
    return strcmp(o->dtype, "f64") == 0 ? DEEPID_F64 : DEEPID_F32;
}

/* depth layers of width x width and a head: x + act(W x + b), or act(W x + b) without the skip. */
static void make_mlp(bench *b, const options *o)
{
    char spec[256];
    snprintf(spec, sizeof spec, "input %ld; %ld * %s { dense out=%ld; %s } after=none; dense out=10", o->width,
             o->depth, o->skip ? "identity" : "plain", o->width, o->act);
    must(b, deepid_net_create(b->ctx, spec, dtype_of(o), &b->net));
}

/* Batch-norm keeps the signals of a residual net of pictures finite at any depth; the net without it starts as the
   identity. */
static void make_net(bench *b, const options *o)
{
    const char *const block = o->skip ? "identity" : "plain";
    if (is_imagenet(o))
        must(b, deepid_resnet_imagenet(b->ctx, atol(o->net + 8), block, dtype_of(o), &b->net));
    else if (is_resnet(o))
        must(b, deepid_resnet_cifar(b->ctx, atol(o->net + 6), block, dtype_of(o), &b->net));
    else
        make_mlp(b, o);
    must(b, deepid_net_init(b->net, is_resnet(o) || !o->skip ? "he" : "zero_last", 1));
    must(b, deepid_net_set_storage(b->net, o->storage));
    must(b, deepid_net_set_exact(b->net, (int32_t)o->exact));
    must(b, deepid_net_set_recompute(b->net, o->recompute));
}

static void make_trainer(bench *b, const options *o)
{
    char spec[96];
    if (is_resnet(o))
        snprintf(spec, sizeof spec, "gratings n=%ld size=%d channels=3 classes=10", o->batch,
                 is_imagenet(o) ? 224 : 32);
    else
        snprintf(spec, sizeof spec, "teacher n=%ld in=%ld classes=10", o->batch, o->width);
    must(b, deepid_dataset_generate(b->ctx, spec, 1, &b->data));
    must(b, deepid_trainer_create(b->net, b->data, &b->trainer));
    must(b, deepid_trainer_set_optimizer(b->trainer, "sgd momentum=0.9 weight_decay=1e-4"));
    must(b, deepid_trainer_set_learning_rate(b->trainer, 1e-6));
    must(b, deepid_trainer_set_batch(b->trainer, o->batch));
}

static void make_tensors(bench *b, const options *o)
{
    const int64_t in[] = {o->batch, is_resnet(o) ? 32 : o->width, 32, 3};
    const int64_t out[] = {o->batch, 10};
    must(b, deepid_tensor_create(b->ctx, dtype_of(o), is_resnet(o) ? 4 : 2, in, &b->x));
    must(b, deepid_tensor_create(b->ctx, dtype_of(o), 2, out, &b->y));
    must(b, deepid_tensor_fill(b->x, 0.5));
    if (o->frozen) {
        deepid_net *frozen = NULL;
        must(b, deepid_net_freeze(b->net, &frozen));
        deepid_net_destroy(b->net);
        b->net = frozen;
    }
    must(b, deepid_net_prepare(b->net, o->batch, 0));
}

static void train_step(void *arg)
{
    const bench *b = arg;
    must(b, deepid_trainer_step(b->trainer));
}

static void infer_step(void *arg)
{
    const bench *b = arg;
    must(b, deepid_net_forward(b->net, b->x, b->y));
}

static void destroy(bench *b)
{
    deepid_tensor_destroy(b->x);
    deepid_tensor_destroy(b->y);
    deepid_trainer_destroy(b->trainer);
    deepid_dataset_destroy(b->data);
    deepid_net_destroy(b->net);
    deepid_ctx_destroy(b->ctx);
}

int main(int argc, char **argv)
{
    options o;
    bench b = {0};
    if (!read_options(&o, argc, argv)) {
        fputs(usage, stderr);
        return 2;
    }
    const int train = strcmp(o.mode, "train") == 0;
    if (deepid_ctx_create(&b.ctx) != DEEPID_OK)
        return 1;
    must(&b, deepid_ctx_set_threads(b.ctx, (int32_t)o.threads));
    if (o.isa)
        must(&b, deepid_ctx_set_isa(b.ctx, o.isa));
    make_net(&b, &o);
    (train ? make_trainer : make_tensors)(&b, &o);
    const double seconds = seconds_of(train ? train_step : infer_step, &b, o.rounds, 0.02);
    struct rusage usage_now;
    getrusage(RUSAGE_SELF, &usage_now);
    printf("mode=%s net=%s depth=%ld width=%ld batch=%ld act=%s skip=%ld exact=%ld recompute=%ld frozen=%ld isa=%s "
           "threads=%d dtype=%s storage=\"%s\" rounds=%ld ms=%.4g images_per_s=%.4g rss_mib=%.1f\n",
           o.mode, o.net, o.depth, o.width, o.batch, o.act, o.skip, o.exact, o.recompute, o.frozen,
           deepid_ctx_isa(b.ctx), deepid_ctx_threads(b.ctx), o.dtype, o.storage, o.rounds, 1e3 * seconds,
           (double)o.batch / seconds, (double)usage_now.ru_maxrss / 1024);
    destroy(&b);
    return 0;
}
