/* Every op at the shapes of ResNet-20 (batch 128) and of the grid of dense nets, beside what the machine can do at
   most. Prints a line of key=value for each limit and for each op, pass and shape.

   The limits are measured first, in the same run (limits.h), and once more at the end, which tells whether the
   machine stayed as it was. The floor of an op is the larger of its operations by the rate of multiply-adds in
   registers, two operations each, and its bytes by the bandwidth for arrays of that size; percent is floor / time,
   and the rate that is printed, gflops or gb_per_s, says which of the two the floor is. For a convolution direct
   sums are counted, with the taps that meet the picture: with exact=0 Winograd's transform needs a quarter of the
   products, and percent may exceed 100. A memory-bound op may exceed 100 too, where its arrays are of a size between
   those measured or where a neighbour of the machine was at work while the limit was measured. Ops run as nets run
   them, by the kernels of the registry; a kind that needs no options is measured by being listed there. */
#include "limits.h"
#include "op_case.h"
#include "timing.h"

#include "net/join.h"
#include "ops/conv2d/conv2d.h"
#include "ops/loss.h"

#include <deepid/deepid.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: bench_ops --op WORD --isa WORD --threads N --dtype f32|f64 --rounds N\n"
                            "op: a layer or loss kind, join, or limit (the limits alone); a round is at least 10 ms; "
                            "us is the median over rounds\n";

typedef struct {
    const char *op, *isa, *dtype; /* op, isa NULL: all, the best that runs */
    long threads, rounds;
} options;

typedef struct {
    deepid_ctx *ctx;
    const options *options;
    dpid_precision precision;
    limits limits;
} bench;

/* ---- options ------------------------------------------------------------------------------------ */

static int read_options(options *o, int argc, char **argv)
{
    static const struct option flags[] = {{"op", 1, 0, 'o'},    {"isa", 1, 0, 'i'},    {"threads", 1, 0, 't'},
                                          {"dtype", 1, 0, 'y'}, {"rounds", 1, 0, 'r'}, {0}};
    *o = (options){.dtype = "f32", .threads = 1, .rounds = 5};
    for (int flag; (flag = getopt_long(argc, argv, "", flags, NULL)) != -1;) {
        if (flag == 't' || flag == 'r')
            *(flag == 't' ? &o->threads : &o->rounds) = atol(optarg);
        else if (flag == 'o' || flag == 'i' || flag == 'y')
            *(flag == 'o' ? &o->op : flag == 'i' ? &o->isa : &o->dtype) = optarg;
        else
            return 0;
    }
    return optind == argc && o->threads > 0 && o->rounds > 0 &&
           (strcmp(o->dtype, "f32") == 0 || strcmp(o->dtype, "f64") == 0);
}

static bool wanted(const bench *b, const char *word)
{
    return !b->options->op || strcmp(b->options->op, word) == 0;
}

static void must(const bench *b, int32_t status)
{
    if (status == DEEPID_OK)
        return;
    fprintf(stderr, "bench_ops: %s\n", deepid_ctx_error(b->ctx));
    exit(1);
}

/* A word that names nothing would measure nothing. */
static void check_op(const bench *b)
{
    const char *op = b->options->op;
    const dpid_span span = dpid_span_of(op);
    if (!op || dpid_kind_find(span) || dpid_set_find(&dpid_losses, span) || strcmp(op, "join") == 0 ||
        strcmp(op, "limit") == 0)
        return;
    fprintf(stderr, "bench_ops: op is '%s', expected a layer kind, a loss, join or limit\n", op);
    exit(2);
}

/* ---- limits ----------------------------------------------------------------------------------------- */

static void print_limits(const bench *b, const limits *l, const char *when)
{
    static const char *const words[TRAFFICS] = {"read", "copy", "triad"};
    const char *isa = deepid_ctx_isa(b->ctx);
    printf("op=limit what=multiply_add isa=%s dtype=f32 threads=%d when=%s gflops=%.4g\n", isa, l->threads, when,
           1e-9 * l->flops_f32);
    printf("op=limit what=multiply_add isa=%s dtype=f64 threads=%d when=%s gflops=%.4g\n", isa, l->threads, when,
           1e-9 * l->flops_f64);
    for (int i = 0; i < LIMIT_SIZES; i++)
        for (int kind = 0; kind < TRAFFICS; kind++)
            printf("op=limit what=%s isa=%s kib=%.0f threads=%d when=%s gb_per_s=%.4g\n", words[kind], isa,
                   l->size[i] / 1024, l->threads, when, 1e-9 * l->bytes[kind][i]);
}

/* Those of one thread are printed too: what a row of more threads is compared with is its own. */
static void find_limits(bench *b)
{
    const int32_t threads = deepid_ctx_threads(b->ctx);
    if (threads > 1) {
        limits one;
        limits_measure(deepid_ctx_isa(b->ctx), 1, b->options->rounds, &one);
        print_limits(b, &one, "before");
    }
    limits_measure(deepid_ctx_isa(b->ctx), threads, b->options->rounds, &b->limits);
    print_limits(b, &b->limits, "before");
}

/* Did the machine stay as it was? */
static void repeat_limits(const bench *b)
{
    limits again;
    if (b->options->op && strcmp(b->options->op, "limit") == 0)
        return;
    limits_measure(deepid_ctx_isa(b->ctx), b->limits.threads, b->options->rounds, &again);
    print_limits(b, &again, "after");
}

/* ---- a row --------------------------------------------------------------------------------------------- */

static void measure(const bench *b, const char *word, const char *pass, const char *shape, void (*run)(void *arg),
                    void *arg, op_work work)
{
    const double round_seconds = 0.01;
    const double compute = work.flops / (b->precision == DPID_P32 ? b->limits.flops_f32 : b->limits.flops_f64);
    const double memory = limits_traffic_seconds(&b->limits, work.reads, work.writes, work.size);
    const double floor = compute > memory ? compute : memory;
    const double seconds = seconds_of(run, arg, b->options->rounds, round_seconds);
    const double rate = 1e-9 * (compute > memory ? work.flops : work.reads + work.writes) / seconds;
    printf("op=%s pass=%s %s isa=%s threads=%d dtype=%s us=%.4g %s=%.4g floor_us=%.4g percent=%.1f\n", word, pass,
           shape, deepid_ctx_isa(b->ctx), deepid_ctx_threads(b->ctx), b->options->dtype, 1e6 * seconds,
           compute > memory ? "gflops" : "gb_per_s", rate, 1e6 * floor, 100 * floor / seconds);
    fflush(stdout);
}

typedef struct {
    const char *word, *options;
    int64_t n;
    dpid_shape in;
    bool exact, first; /* first: layer of a net, whose backward gives no gradient of its input */
} row;

static void measure_layer(const bench *b, const row *r)
{
    op_case c;
    char shape[256];
    if (!wanted(b, r->word))
        return;
    must(b, op_case_open(b->ctx, r->word, r->options, r->n, &r->in, b->precision, r->exact, !r->first, &c));
    snprintf(shape, sizeof shape, "batch=%lld in=%s%s%s%s%s", (long long)r->n,
             dpid_shape_text(r->in.rank, r->in.extent).text, *r->options ? " " : "", r->options,
             strcmp(r->word, "conv2d") != 0                 ? ""
             : r->exact || !dpid_conv2d_has_winograd(&c.op) ? " exact=1"
                                                            : " exact=0",
             r->first ? " first=1" : "");
    measure(b, r->word, "forward", shape, op_case_forward, &c, op_case_work(&c, false));
    measure(b, r->word, "backward", shape, op_case_backward, &c, op_case_work(&c, true));
    op_case_close(&c);
}

/* ---- layers: pictures of ResNet-20, widths around them, dense nets ------------------------------------------- */

enum { BATCH = 128 };
#define PICTURE(size, channels)                                                                                        \
    {                                                                                                                  \
        3,                                                                                                             \
        {                                                                                                              \
            size, size, channels                                                                                       \
        }                                                                                                              \
    }

static void measure_resnet(const bench *b)
{
    static const row rows[] = {
        {"conv2d", "out=16 kernel=3", BATCH, PICTURE(32, 3), true, true},
        {"conv2d", "out=16 kernel=3", BATCH, PICTURE(32, 16), false, false},
        {"conv2d", "out=32 kernel=3", BATCH, PICTURE(16, 32), false, false},
        {"conv2d", "out=64 kernel=3", BATCH, PICTURE(8, 64), false, false},
        {"conv2d", "out=16 kernel=3", BATCH, PICTURE(32, 16), true, false},
        {"conv2d", "out=32 kernel=3", BATCH, PICTURE(16, 32), true, false},
        {"conv2d", "out=64 kernel=3", BATCH, PICTURE(8, 64), true, false},
        {"conv2d", "out=32 kernel=3 stride=2", BATCH, PICTURE(32, 16), true, false},
        {"conv2d", "out=64 kernel=3 stride=2", BATCH, PICTURE(16, 32), true, false},
        {"conv2d", "out=32 kernel=1 stride=2", BATCH, PICTURE(32, 16), true, false},
        {"conv2d", "out=64 kernel=1 stride=2", BATCH, PICTURE(16, 32), true, false},
        {"conv2d", "out=64 kernel=1", BATCH, PICTURE(8, 64), true, false},
        {"batchnorm", "", BATCH, PICTURE(16, 32), false, false},
        {"batchnorm", "", BATCH, PICTURE(8, 64), false, false},
        {"groupnorm", "groups=8", BATCH, PICTURE(32, 16), true, false},
        {"channel_pad", "out=32 stride=2", BATCH, PICTURE(32, 16), false, false},
        {"channel_pad", "out=64 stride=2", BATCH, PICTURE(16, 32), false, false},
        {"avgpool", "kernel=2", BATCH, PICTURE(32, 16), false, false},
        {"maxpool", "kernel=2", BATCH, PICTURE(32, 16), false, false},
        {"global_avgpool", "", BATCH, PICTURE(8, 64), false, false},
        {"dense", "out=10", BATCH, {1, {64}}, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        measure_layer(b, &rows[i]);
}

/* No cliff beside the multiples of a vector: as many channels out as in. */
static void measure_odd_widths(const bench *b)
{
    static const int64_t widths[] = {3, 10, 17, 33, 100};
    enum { PIXELS = 16 };
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        char text[32];
        row r = {"conv2d", text, BATCH, PICTURE(PIXELS, widths[i]), true, false};
        snprintf(text, sizeof text, "out=%lld kernel=3", (long long)widths[i]);
        measure_layer(b, &r);
        r.exact = false;
        op_case c;
        must(b, op_case_open(b->ctx, r.word, r.options, 1, &r.in, b->precision, false, false, &c));
        const bool other = dpid_conv2d_has_winograd(&c.op);
        op_case_close(&c);
        if (other)
            measure_layer(b, &r);
    }
}

static void measure_dense(const bench *b)
{
    static const int64_t widths[] = {16, 32, 64, 100, 128, 256};
    enum { LEAST = 32, MOST = 256 };
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        for (int64_t n = LEAST; n <= MOST; n *= 2) {
            char text[32];
            snprintf(text, sizeof text, "out=%lld", (long long)widths[i]);
            measure_layer(b, &(row){"dense", text, n, {1, {widths[i]}}, false, false});
        }
    }
}

/* Every kind that takes this shape as it is: activations, normalisations, those that only move numbers. */
static void measure_listed(const bench *b, int64_t n, dpid_shape in)
{
    for (int64_t i = 0; deepid_layer_word(i); i++) {
        dpid_op op;
        if (dpid_op_create(b->ctx, dpid_kind_at(i), dpid_span_of(""), &in, &op) == DEEPID_OK)
            measure_layer(b, &(row){deepid_layer_word(i), "", n, in, false, false});
    }
}

/* ---- the join of a residual block ----------------------------------------------------------------------------------
 */

typedef struct {
    deepid_ctx *ctx;
    dpid_precision precision;
    int64_t count;
    void *a, *b, *c;
} join_case;

static void join_forward(void *arg)
{
    const join_case *j = arg;
    dpid_join_forward[j->ctx->isa][j->precision](dpid_ctx_pool(j->ctx), j->count, j->a, j->b, 1, j->c);
}

static void join_backward(void *arg)
{
    const join_case *j = arg;
    dpid_join_backward[j->ctx->isa][j->precision](dpid_ctx_pool(j->ctx), j->count, j->c, 1, false, j->a, j->b);
}

static void measure_join(const bench *b, int64_t n, dpid_shape in)
{
    dpid_arena arena = {.ctx = b->ctx};
    join_case j = {.ctx = b->ctx, .precision = b->precision, .count = n * dpid_shape_count(&in)};
    char shape[128];
    if (!wanted(b, "join"))
        return;
    must(b, bench_numbers(&arena, b->precision, j.count, 1, &j.a));
    must(b, bench_numbers(&arena, b->precision, j.count, 1, &j.b));
    must(b, bench_numbers(&arena, b->precision, j.count, 1, &j.c));
    snprintf(shape, sizeof shape, "batch=%lld in=%s", (long long)n, dpid_shape_text(in.rank, in.extent).text);
    const double bytes = (double)(j.count * dpid_precision_bytes(b->precision));
    measure(b, "join", "forward", shape, join_forward, &j,
            (op_work){.reads = 2 * bytes, .writes = bytes, .size = 3 * bytes});
    measure(b, "join", "backward", shape, join_backward, &j,
            (op_work){.reads = bytes, .writes = 2 * bytes, .size = 3 * bytes});
    dpid_arena_release(&arena);
}

/* ---- losses: value alone, and with the gradient
   ----------------------------------------------------------------------- */

typedef struct {
    const bench *bench;
    const dpid_loss *loss;
    dpid_loss_pass pass;
} loss_case;

static void run_loss(void *arg)
{
    loss_case *l = arg;
    l->loss->run[l->bench->ctx->isa][l->bench->precision](&l->pass);
}

static void measure_loss(const bench *b, const dpid_loss *loss, int64_t n, int64_t width)
{
    dpid_arena arena = {.ctx = b->ctx};
    dpid_value option[DPID_OPTIONS_MAX] = {{0}};
    loss_case l = {b, loss, {.option = option, .n = n, .width = width}};
    int32_t *labels = NULL;
    void *dz = NULL;
    char shape[64];
    if (!wanted(b, loss->word))
        return;
    must(b, dpid_options_parse(b->ctx, loss->word, dpid_span_of(""), loss->options, option));
    must(b, bench_numbers(&arena, b->precision, n * width, 1, &l.pass.z));
    must(b, bench_numbers(&arena, b->precision, n * width, 1, &l.pass.targets));
    must(b, bench_numbers(&arena, b->precision, n * width, 0, &dz));
    must(b, dpid_arena_alloc(&arena, n, sizeof *labels, "bench", &labels));
    for (int64_t i = 0; i < n; i++)
        labels[i] = (int32_t)(i % (loss->one_logit ? 2 : width));
    l.pass.labels = labels;
    snprintf(shape, sizeof shape, "batch=%lld in=%lld", (long long)n, (long long)width);
    const double bytes = (double)(n * width * dpid_precision_bytes(b->precision));
    const double given = loss->takes_labels ? (double)n * sizeof *labels : bytes;
    measure(b, loss->word, "forward", shape, run_loss, &l, (op_work){.reads = bytes + given, .size = bytes + given});
    l.pass.dz = dz;
    measure(b, loss->word, "backward", shape, run_loss, &l,
            (op_work){.reads = bytes + given, .writes = bytes, .size = 2 * bytes + given});
    dpid_arena_release(&arena);
}

/* ---- all
   ------------------------------------------------------------------------------------------------------------------ */

static void measure_all(const bench *b)
{
    const dpid_shape picture = PICTURE(32, 16);
    const dpid_shape features = {1, {64}};
    enum { ROWS = 256, CLASSES = 10 };
    measure_resnet(b);
    if (wanted(b, "conv2d"))
        measure_odd_widths(b);
    measure_dense(b);
    measure_listed(b, BATCH, picture);
    measure_listed(b, ROWS, features);
    measure_join(b, BATCH, picture);
    measure_join(b, ROWS, features);
    for (int64_t i = 0; i < dpid_losses.count; i++)
        measure_loss(b, dpid_set_at(&dpid_losses, i), BATCH,
                     ((const dpid_loss *)dpid_set_at(&dpid_losses, i))->one_logit ? 1 : CLASSES);
}

int main(int argc, char **argv)
{
    options o;
    bench b = {.options = &o};
    if (!read_options(&o, argc, argv)) {
        fputs(usage, stderr);
        return 2;
    }
    if (deepid_ctx_create(&b.ctx) != DEEPID_OK)
        return 1;
    must(&b, deepid_ctx_set_threads(b.ctx, (int32_t)o.threads));
    if (o.isa)
        must(&b, deepid_ctx_set_isa(b.ctx, o.isa));
    b.precision = strcmp(o.dtype, "f64") == 0 ? DPID_P64 : DPID_P32;
    check_op(&b);
    find_limits(&b);
    measure_all(&b);
    repeat_limits(&b);
    deepid_ctx_destroy(b.ctx);
    return 0;
}
