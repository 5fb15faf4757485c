/* Does the gradient get numerically worse with depth, and by which law?   Usage: 07_precision_law [SEEDS [STEPS]]

   Four nets, each with and without the identity skip, in each number format: the probe "formats" gives the relative
   error of every layer's gradient against f64, at the start and after STEPS steps of training in f32. Two lines go
   through ln(error) of the layers with weights: over the distance from the loss (slope: error = a exp(slope d)), and
   over its logarithm (exponent: error = a d^exponent). Rounding alone gives an exponent: 1/2 where the errors of the
   layers are of one size and independent (Higham and Mary 2019), 1 in the worst case; errors that each layer
   multiplies give a slope. One net gives one number; intervals are over the seeds, since the layers of a net are not
   independent. Results: precision_law.csv; docs/precision.md tells what they say. */
#include <deepid/deepid.h>

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        const int32_t status_ = (call);                                                                                \
        if (status_ != DEEPID_OK)                                                                                      \
            return status_;                                                                                            \
    } while (0)

static const struct {
    const char *name, *data, *text; /* text: with the variant of the block left open */
} nets[] = {
    {"dense, relu", "spirals n=256 noise=0.06",
     "input 2; dense out=32; relu; 40 * %s { dense out=32; relu }; dense out=2"},
    {"dense, layer norm before", "spirals n=256 noise=0.06",
     "input 2; dense out=32; 20 * %s { layernorm; dense out=32; relu; dense out=32 }; layernorm; dense out=2"},
    {"convolution, batch-norm", "gratings n=128",
     "input 8x8x1; conv2d out=8 kernel=3 bias=0; batchnorm; relu; 40 * %s { conv2d out=8 kernel=3 bias=0; batchnorm; "
     "relu }; global_avgpool; dense out=4"},
    {"ResNet-20", "gratings n=128 size=16", NULL},
};
static const char *const variants[] = {"plain", "identity"};
static const char *const formats[] = {"f32", "tf32", "bf16", "bf16 weights=format", "f16", "f8e4m3", "f8e5m2"};
static const int fractions[] = {23, 10, 7, 7, 10, 3, 2};
enum { NETS = 4, VARIANTS = 2, FORMATS = 7, MOMENTS = 2, SEEDS_MOST = 100, LAYERS_MOST = 200 };

/* ---- a net and its training ---------------------------------------------------------------------- */

static int32_t make_net(deepid_ctx *ctx, int which, const char *variant, uint64_t seed, deepid_net **out)
{
    char text[256];
    if (nets[which].text) {
        snprintf(text, sizeof text, nets[which].text, variant);
        TRY(deepid_net_create(ctx, text, DEEPID_F32, out));
    } else {
        enum { DEPTH = 20, SIDE = 16, WIDTH = 16, CLASSES = 4 };
        TRY(deepid_resnet_pictures(ctx, DEPTH, variant, SIDE, SIDE, 1, WIDTH, CLASSES, DEEPID_F32, out));
    }
    return deepid_net_init(*out, "he", seed);
}

static int32_t train(deepid_net *net, const deepid_dataset *data, int64_t steps, uint64_t seed)
{
    deepid_trainer *trainer = NULL;
    TRY(deepid_trainer_create(net, data, &trainer));
    int32_t status = deepid_trainer_set_optimizer(trainer, "adam");
    if (status == DEEPID_OK)
        status = deepid_trainer_set_seed(trainer, seed);
    if (status == DEEPID_OK)
        status = deepid_trainer_fit(trainer, steps, NULL, NULL);
    deepid_trainer_destroy(trainer);
    return status;
}

/* ---- one format of one net: a line ---------------------------------------------------------------- */

typedef struct {
    double slope, exponent;
    double straight;       /* 1: the first of the two lines leaves less of ln(error), 0: the second does */
    double nearest, first; /* error of the layer that is nearest to the loss, and farthest from it */
    double depth, terms;   /* the distance of the latter; products in the longest sum of the net */
    double lost, nonfinite, update_lost; /* shares of the whole net */
} law;

static double get(const deepid_table *t, int64_t row, const char *column)
{
    return deepid_table_get(t, row, deepid_table_find_column(t, column));
}

/* A line, and the squares that it leaves. */
static int32_t draw_line(deepid_ctx *ctx, int64_t n, const double *x, const double *y, double *slope, double *left)
{
    double intercept;
    TRY(deepid_statistics_line(ctx, n, x, y, slope, &intercept));
    *left = 0;
    for (int64_t i = 0; i < n; i++)
        *left += pow(y[i] - intercept - *slope * x[i], 2);
    return DEEPID_OK;
}

typedef struct {
    int64_t n;
    double x[LAYERS_MOST], log_x[LAYERS_MOST], y[LAYERS_MOST];
} points;

static int32_t draw_both(deepid_ctx *ctx, const points *p, law *out)
{
    enum { FEWEST = 5 };
    double left[2];
    if (p->n < FEWEST)
        return DEEPID_OK;
    TRY(draw_line(ctx, p->n, p->x, p->y, &out->slope, &left[0]));
    TRY(draw_line(ctx, p->n, p->log_x, p->y, &out->exponent, &left[1]));
    out->straight = left[0] < left[1];
    return DEEPID_OK;
}

/* A layer with weights. One whose error is above a half has nothing left to lose and is no part of the lines. */
static void take_layer(const deepid_table *t, int64_t row, law *out, points *p)
{
    const double most = 0.5;
    const double distance = get(t, row, "distance");
    const double error = get(t, row, "relative");
    out->terms = fmax(out->terms, get(t, row, "terms"));
    if (distance == 1)
        out->nearest = error;
    if (distance > out->depth) {
        out->depth = distance;
        out->first = error;
    }
    if (p->n == LAYERS_MOST || !(error > 0 && error < most))
        return;
    p->x[p->n] = distance;
    p->log_x[p->n] = log(distance);
    p->y[p->n++] = log(error);
}

static int32_t fit(deepid_ctx *ctx, const deepid_table *t, int format, law *out)
{
    points p = {.n = 0};
    const double unknown = (double)NAN;
    *out = (law){.slope = unknown, .exponent = unknown, .straight = unknown, .nearest = unknown, .first = unknown};
    for (int64_t i = 0; i < deepid_table_rows(t); i++) {
        if (get(t, i, "format") != format)
            continue;
        if (!isnan(get(t, i, "terms")) && !strstr(deepid_table_row_name(t, i), "shortcut"))
            take_layer(t, i, out, &p);
        if (isnan(get(t, i, "distance"))) { /* the row of the net */
            out->lost = get(t, i, "lost");
            out->nonfinite = get(t, i, "nonfinite");
            out->update_lost = get(t, i, "update_lost");
        }
    }
    return draw_both(ctx, &p, out);
}

/* The start, and after training; all formats of the same weights. */
static int32_t measure(deepid_ctx *ctx, deepid_net *net, const deepid_dataset *data, int64_t steps, uint64_t seed,
                       law (*out)[FORMATS])
{
    char probe[256] = "formats optimizer=adam storage=\"";
    for (int k = 0; k < FORMATS; k++)
        snprintf(probe + strlen(probe), sizeof probe - strlen(probe), "%s%s", formats[k], k < FORMATS - 1 ? ";" : "\"");
    for (int moment = 0; moment < MOMENTS; moment++) {
        deepid_table *t = NULL;
        if (moment > 0)
            TRY(train(net, data, steps, seed));
        TRY(deepid_net_inspect(net, data, probe, &t));
        int32_t status = DEEPID_OK;
        for (int k = 0; k < FORMATS && status == DEEPID_OK; k++)
            status = fit(ctx, t, k, &out[moment][k]);
        deepid_table_destroy(t);
        TRY(status);
    }
    return DEEPID_OK;
}

/* ---- over the seeds ---------------------------------------------------------------------------------- */

static double field(const law *l, size_t place)
{
    return *(const double *)((const char *)l + place);
}

/* The known values of a field; returns how many. */
static int64_t take(const law *laws, int64_t seeds, size_t place, double *x)
{
    int64_t n = 0;
    for (int64_t s = 0; s < seeds; s++)
        if (!isnan(field(&laws[s], place)))
            x[n++] = field(&laws[s], place);
    return n;
}

static double median(deepid_ctx *ctx, const law *laws, int64_t seeds, size_t place)
{
    double x[SEEDS_MOST];
    double out = (double)NAN;
    const int64_t n = take(laws, seeds, place, x);
    return n > 0 && deepid_statistics_median(ctx, n, x, &out) == DEEPID_OK ? out : (double)NAN;
}

/* Estimate, low, high. */
static int32_t bracket(deepid_ctx *ctx, const law *laws, int64_t seeds, size_t place, double *out)
{
    const double level = 0.95;
    double x[SEEDS_MOST];
    const int64_t n = take(laws, seeds, place, x);
    out[0] = out[1] = out[2] = (double)NAN;
    return n > 0 ? deepid_statistics_hodges_lehmann(ctx, n, x, level, &out[0], &out[1], &out[2]) : DEEPID_OK;
}

/* Beside what was measured: u, and how far off a sum of so many rounded terms is, and a chain of so many roundings (a
   value and a gradient a layer): with the root as they go, without it in the worst case. */
static int32_t append(deepid_ctx *ctx, deepid_table *t, const char *name, int format, const law *laws, int64_t seeds)
{
    static const size_t medians[] = {offsetof(law, straight), offsetof(law, nearest),   offsetof(law, first),
                                     offsetof(law, lost),     offsetof(law, nonfinite), offsetof(law, update_lost)};
    enum { SLOPE = 0, EXPONENT = 3, FITTED = 6, MEDIANS = 7, BOUNDS = 13, COLUMNS = 17 };
    double row[COLUMNS];
    double x[SEEDS_MOST];
    const double u = ldexp(1, -fractions[format] - 1);
    const double bounds[] = {sqrt(2 * laws->depth) * u, 2 * laws->depth * u, sqrt(laws->terms) * u, laws->terms * u};
    TRY(bracket(ctx, laws, seeds, offsetof(law, slope), &row[SLOPE]));
    TRY(bracket(ctx, laws, seeds, offsetof(law, exponent), &row[EXPONENT]));
    row[FITTED] = (double)take(laws, seeds, offsetof(law, slope), x);
    for (int k = MEDIANS; k < BOUNDS; k++)
        row[k] = median(ctx, laws, seeds, medians[k - MEDIANS]);
    memcpy(&row[BOUNDS], bounds, sizeof bounds);
    return deepid_table_append(t, name, row);
}

static int32_t append_all(deepid_ctx *ctx, deepid_table *t, int which, const char *block,
                          law (*laws)[FORMATS][SEEDS_MOST], int64_t seeds)
{
    for (int k = 0; k < MOMENTS * FORMATS; k++) {
        char name[128];
        snprintf(name, sizeof name, "%s; %s; %s; %s", nets[which].name, block, k < FORMATS ? "start" : "trained",
                 formats[k % FORMATS]);
        TRY(append(ctx, t, name, k % FORMATS, laws[k / FORMATS][k % FORMATS], seeds));
    }
    return DEEPID_OK;
}

/* ---- one net -------------------------------------------------------------------------------------------- */

static int32_t run_seed(deepid_ctx *ctx, int which, const char *variant, const deepid_dataset *data, int64_t steps,
                        int64_t seed, law (*laws)[FORMATS][SEEDS_MOST])
{
    law here[MOMENTS][FORMATS] = {{{0}}};
    deepid_net *net = NULL;
    int32_t status = make_net(ctx, which, variant, (uint64_t)seed + 1, &net);
    if (status == DEEPID_OK)
        status = measure(ctx, net, data, steps, (uint64_t)seed + 1, here);
    for (int k = 0; k < MOMENTS * FORMATS; k++)
        laws[k / FORMATS][k % FORMATS][seed] = here[k / FORMATS][k % FORMATS];
    deepid_net_destroy(net);
    return status;
}

/* What the missing skip adds, seed by seed: both nets start from the same weights. Where one has no line, there is
   none. */
static law subtract(const law *plain, const law *skip)
{
    const double none = (double)NAN;
    return (law){
        plain->slope - skip->slope, plain->exponent - skip->exponent, none, none, none, none, none, none, none, none};
}

static int32_t study_net(deepid_ctx *ctx, deepid_table *t, int which, int64_t seeds, int64_t steps)
{
    static law laws[VARIANTS + 1][MOMENTS][FORMATS][SEEDS_MOST];
    deepid_dataset *data = NULL;
    int32_t status = deepid_dataset_generate(ctx, nets[which].data, 77, &data);
    for (int v = 0; v < VARIANTS && status == DEEPID_OK; v++) {
        for (int64_t s = 0; s < seeds && status == DEEPID_OK; s++)
            status = run_seed(ctx, which, variants[v], data, steps, s, laws[v]);
        if (status == DEEPID_OK)
            status = append_all(ctx, t, which, variants[v], laws[v], seeds);
    }
    for (int64_t i = 0; i < MOMENTS * FORMATS * SEEDS_MOST; i++)
        (&laws[VARIANTS][0][0][0])[i] = subtract(&(&laws[0][0][0][0])[i], &(&laws[1][0][0][0])[i]);
    if (status == DEEPID_OK)
        status = append_all(ctx, t, which, "plain less identity", laws[VARIANTS], seeds);
    deepid_dataset_destroy(data);
    return status;
}

/* ---- the program ---------------------------------------------------------------------------------------- */

/* A whole number of 1 to most, or 0. */
static int64_t count_of(const char *text, int64_t most)
{
    char *end;
    const long long n = strtoll(text, &end, 10);
    return end != text && *end == 0 && n >= 1 && n <= most ? n : 0;
}

static int32_t work(deepid_ctx *ctx, int64_t seeds, int64_t steps)
{
    deepid_table *t = NULL;
    TRY(deepid_table_create(ctx, "net; block; when; format",
                            "slope,slope_low,slope_high,exponent,exponent_low,exponent_high,fitted,straight,"
                            "error_nearest,error_first,lost,nonfinite,update_lost,root_of_roundings,roundings,"
                            "root_of_terms,terms",
                            &t));
    int32_t status = DEEPID_OK;
    for (int i = 0; i < NETS && status == DEEPID_OK; i++)
        status = study_net(ctx, t, i, seeds, steps);
    if (status == DEEPID_OK)
        status = deepid_table_write_csv(t, "precision_law.csv");
    if (status == DEEPID_OK)
        puts(deepid_table_text(t));
    deepid_table_destroy(t);
    return status;
}

int main(int argc, char **argv)
{
    const int64_t seeds = argc > 1 ? count_of(argv[1], SEEDS_MOST) : 8;
    const int64_t steps = argc > 2 ? count_of(argv[2], 1000000) : 200;
    deepid_ctx *ctx = NULL;
    if (argc > 3 || seeds == 0 || steps == 0) {
        fprintf(stderr, "usage: 07_precision_law [SEEDS [STEPS]]\n");
        return 2;
    }
    int32_t status = deepid_ctx_create(&ctx);
    if (status == DEEPID_OK)
        status = work(ctx, seeds, steps);
    if (status != DEEPID_OK)
        fprintf(stderr, "%s\n", ctx ? deepid_ctx_error(ctx) : "no context");
    deepid_ctx_destroy(ctx);
    return status != DEEPID_OK;
}
