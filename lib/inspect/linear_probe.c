/* Linear probes (Alain and Bengio 2016): how well a linear classifier reads the classes off the input, off what
   enters and leaves each block, and off the output. The classifier is a multinomial logistic regression with a ridge
   (classifier.c); lambda by cross-validation on the training part, accuracy on the validation part; beside it a
   control with the same features and lambda and labels that were shuffled (Hewitt and Liang 2019): what the
   classifier can learn by heart. Evaluation mode, population statistics. */
#include "inspect/classifier.h"
#include "inspect/probe.h"

#include "tensor/gemm.h"

#include <math.h>
#include <string.h>

enum { PROJECT, POOL };
enum { SAMPLES, HOLDOUT, FEATURES, REDUCE, SEED };
static const dpid_option options[] = {
    {"samples", DPID_INT, 1024, 0, 1 << 24, NULL, false,
     "samples looked at, drawn with the shares of the classes; 0: all"},
    {"holdout", DPID_REAL, 0.25, 0, 1, NULL, false, "share of them that validates"},
    {"features", DPID_INT, 256, 1, 1 << 12, NULL, false, "most features of a classifier"},
    {"reduce", DPID_CHOICE, 0, 0, 0, "project|pool", false, "pictures: as they are, or the mean of each channel"},
    {"seed", DPID_INT, 1, 0, (double)(1LL << 53), NULL, false, "of parts, folds, projections and shuffled labels"},
    {0},
};
enum { DRAW_LABELS = 1, DRAW_FOLDS, DRAW_SIGNS };

/* ---- features: at most so many of each point --------------------------------------------------- */

/* All that enters is flattened or pooled; where that is still too much, a random projection with signs /
   sqrt(features) keeps lengths and angles (Achlioptas 2003). */
typedef struct {
    int32_t value;
    int64_t count, width, d; /* reals of the value, after pooling, after projection */
    double *signs;           /* [width, d], or NULL */
    double *x;               /* [samples, d + 1] */
} point;

typedef struct {
    deepid_net *net;
    const dpid_value *option;
    dpid_arena arena;
    point *point;
    int32_t points;
    int64_t train, valid;     /* samples of the parts; in each x first the training part */
    int32_t *labels;          /* of both parts */
    int32_t *shuffled, *fold; /* shuffled: each part's in another order; fold: of the training part */
    int64_t classes, offset;  /* offset: of the part that is collected */
    double *chunk;            /* values on their way */
    deepid_table *table;
} probe;

static int32_t draw_signs(probe *p, point *a)
{
    dpid_random r = dpid_random_make((uint64_t)p->option[SEED].i, DPID_STREAM_STATISTICS, DRAW_SIGNS);
    DPID_TRY(dpid_arena_alloc(&p->arena, a->width * a->d, sizeof *a->signs, "linear probe: projection", &a->signs));
    for (int64_t i = 0; i < a->width * a->d; i++)
        a->signs[i] = (dpid_random_bits(&r) & 1 ? 1 : -1) / sqrt((double)a->d);
    return DEEPID_OK;
}

/* The signs of points of one width are the same ones. */
static int32_t set_point(probe *p, int32_t k, int32_t value)
{
    const dpid_shape *shape = &p->net->value[value].shape;
    const int64_t most = p->option[FEATURES].i;
    point *a = &p->point[k];
    a->value = value;
    a->count = dpid_shape_count(shape);
    a->width = p->option[REDUCE].i == POOL ? shape->extent[shape->rank - 1] : a->count;
    a->d = a->width < most ? a->width : most;
    for (int32_t before = 0; a->width > a->d && !a->signs && before < k; before++)
        if (p->point[before].width == a->width)
            a->signs = p->point[before].signs;
    if (a->width > a->d && !a->signs)
        DPID_TRY(draw_signs(p, a));
    return dpid_arena_alloc(&p->arena, (p->train + p->valid) * (a->d + 1), sizeof *a->x, "linear probe: features",
                            &a->x);
}

/* chunk [count, width]: the value's numbers, or their means over the places of a picture */
static void fetch(const probe *p, const point *a, int64_t count)
{
    const void *values = dpid_net_value(p->net, a->value);
    const int64_t places = a->count / a->width;
    memset(p->chunk, 0, (size_t)(count * a->width) * sizeof *p->chunk);
    for (int64_t i = 0; i < count; i++)
        for (int64_t k = 0; k < a->count; k++)
            p->chunk[i * a->width + k % a->width] +=
                dpid_fetch(p->net->precision, values, i * a->count + k) / (double)places;
}

static int32_t take(void *user, int64_t first, int64_t count)
{
    const probe *p = user;
    for (int32_t k = 0; k < p->points; k++) {
        const point *a = &p->point[k];
        double *x = a->x + (p->offset + first) * (a->d + 1);
        fetch(p, a, count);
        if (a->signs)
            dpid_gemm_nn_f64(dpid_ctx_pool(p->arena.ctx), count, a->d, a->width, p->chunk, a->width, a->signs, a->d,
                             false, x, a->d + 1);
        for (int64_t i = 0; i < count; i++) {
            if (!a->signs)
                memcpy(x + i * (a->d + 1), p->chunk + i * a->width, (size_t)a->d * sizeof *x);
            x[i * (a->d + 1) + a->d] = 1;
        }
    }
    return DEEPID_OK;
}

/* By the training part: mean 0 for each feature, mean square 1 over all. One scale, so that the ridge does not lift
   what is only rounding. False: not finite. */
static bool standardise(const probe *p, const point *a)
{
    const int64_t ld = a->d + 1;
    double squares = 0;
    for (int64_t k = 0; k < a->d; k++) {
        double mean = 0;
        for (int64_t i = 0; i < p->train; i++)
            mean += a->x[i * ld + k] / (double)p->train;
        for (int64_t i = 0; i < p->train + p->valid; i++)
            a->x[i * ld + k] -= mean;
        for (int64_t i = 0; i < p->train; i++)
            squares += a->x[i * ld + k] * a->x[i * ld + k];
    }
    const double scale = squares > 0 ? 1 / sqrt(squares / (double)(p->train * a->d)) : 1;
    bool finite = true;
    for (int64_t i = 0; i < p->train + p->valid; i++) {
        for (int64_t k = 0; k < a->d; k++) {
            a->x[i * ld + k] *= scale;
            finite &= isfinite(a->x[i * ld + k]) != 0;
        }
    }
    return finite;
}

/* ---- labels and folds ------------------------------------------------------------------------------ */

enum { FOLDS = 5 };

static int32_t draw(probe *p)
{
    const int64_t all = p->train + p->valid;
    int64_t *order = NULL;
    int64_t *seen = NULL;
    DPID_TRY(dpid_arena_alloc(&p->arena, all, sizeof *order, "linear probe", &order));
    DPID_TRY(dpid_arena_alloc(&p->arena, p->classes, sizeof *seen, "linear probe", &seen));
    DPID_TRY(dpid_arena_alloc(&p->arena, all, sizeof *p->shuffled, "linear probe", &p->shuffled));
    DPID_TRY(dpid_arena_alloc(&p->arena, p->train, sizeof *p->fold, "linear probe", &p->fold));
    dpid_random r = dpid_random_make((uint64_t)p->option[SEED].i, DPID_STREAM_STATISTICS, DRAW_LABELS);
    dpid_random_permutation(&r, p->train, order);
    dpid_random_permutation(&r, p->valid, order + p->train);
    for (int64_t i = 0; i < all; i++)
        p->shuffled[i] = i < p->train ? p->labels[order[i]] : p->labels[p->train + order[i]];
    r = dpid_random_make((uint64_t)p->option[SEED].i, DPID_STREAM_STATISTICS, DRAW_FOLDS);
    dpid_random_permutation(&r, p->train, order);
    for (int64_t i = 0; i < p->train; i++) /* each class in turn over the folds */
        p->fold[order[i]] = (int32_t)(seen[p->labels[order[i]]]++ % FOLDS);
    return DEEPID_OK;
}

/* ---- one point --------------------------------------------------------------------------------------- */

/* Cross-entropy of all samples, each by a classifier that has not seen it. theta: the folds' classifiers, which
   start where the lambda before left them. */
static int32_t cross_validate(const probe *p, dpid_classifier *c, double *theta, double *scores, double *loss)
{
    const int64_t size = (c->sheet->d + 1) * p->classes;
    *loss = 0;
    c->fold = p->fold;
    for (c->held = 0; c->held < FOLDS; c->held++) {
        double of_fold;
        int64_t right;
        int64_t members = 0;
        for (int64_t i = 0; i < p->train; i++)
            members += p->fold[i] == c->held;
        if (members == 0 || members == p->train) /* too few samples for so many folds */
            continue;
        DPID_TRY(dpid_classifier_fit(c, theta + c->held * size));
        dpid_classifier_score(c, theta + c->held * size, p->train, c->sheet->x, c->sheet->labels, p->fold, scores,
                              &of_fold, &right);
        *loss += of_fold;
    }
    c->fold = NULL;
    return DEEPID_OK;
}

/* The lambda of least cross-entropy; of equal ones the largest. From the largest down, until it has got worse twice:
   from there on the classifiers only learn by heart, and slowly. */
static int32_t choose_lambda(const probe *p, dpid_classifier *c, dpid_arena *arena, double *scores, double *lambda)
{
    static const double grid[] = {1e2, 1e1, 1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6};
    enum { PATIENCE = 2 };
    int worse = 0;
    double least = (double)INFINITY;
    double *theta = NULL;
    *lambda = grid[0];
    DPID_TRY(dpid_arena_alloc(arena, FOLDS * (c->sheet->d + 1) * p->classes, sizeof *theta, "linear probe", &theta));
    for (size_t k = 0; k < sizeof grid / sizeof *grid && worse < PATIENCE; k++) {
        double loss;
        dpid_classifier_set_lambda(c, grid[k]);
        DPID_TRY(cross_validate(p, c, theta, scores, &loss));
        worse = loss < least ? 0 : worse + 1;
        if (worse > 0)
            continue;
        least = loss;
        *lambda = grid[k];
    }
    return DEEPID_OK;
}

/* Shares of right answers on the training and the validation part. */
static int32_t fit_and_score(const probe *p, const point *a, dpid_classifier *c, dpid_arena *arena, double *scores,
                             double *train, double *valid)
{
    double *theta = NULL;
    double loss;
    int64_t right;
    const int32_t *labels = c->sheet->labels;
    DPID_TRY(dpid_arena_alloc(arena, (a->d + 1) * p->classes, sizeof *theta, "linear probe", &theta));
    DPID_TRY(dpid_classifier_fit(c, theta));
    dpid_classifier_score(c, theta, p->train, a->x, labels, NULL, scores, &loss, &right);
    *train = (double)right / (double)p->train;
    dpid_classifier_score(c, theta, p->valid, a->x + p->train * (a->d + 1), labels + p->train, NULL, scores, &loss,
                          &right);
    *valid = (double)right / (double)p->valid;
    return DEEPID_OK;
}

enum { ACCURACY, TRAIN_ACCURACY, CONTROL_ACCURACY, CONTROL_TRAIN_ACCURACY, CHANCE, LAMBDA, WIDTH, COLUMNS };

static int32_t measure_point(const probe *p, const point *a, dpid_arena *arena, double *row)
{
    dpid_sheet sheet = {p->train, a->d, p->classes, a->x, p->labels};
    dpid_classifier c;
    double control;
    double *scores = NULL;
    if (!standardise(p, a))
        return DEEPID_OK;
    DPID_TRY(dpid_arena_alloc(arena, (p->train + p->valid) * p->classes, sizeof *scores, "linear probe", &scores));
    DPID_TRY(dpid_classifier_make(&sheet, arena, &c));
    DPID_TRY(choose_lambda(p, &c, arena, scores, &row[LAMBDA]));
    dpid_classifier_set_lambda(&c, row[LAMBDA]);
    DPID_TRY(fit_and_score(p, a, &c, arena, scores, &row[TRAIN_ACCURACY], &row[ACCURACY]));
    sheet.labels = p->shuffled;
    DPID_TRY(fit_and_score(p, a, &c, arena, scores, &row[CONTROL_TRAIN_ACCURACY], &control));
    row[CONTROL_ACCURACY] = control;
    return DEEPID_OK;
}

/* Always the class that is most frequent in training: its share of the validation part. */
static double chance(const probe *p)
{
    int64_t most = -1;
    int64_t share = 0;
    for (int32_t c = 0; c < p->classes; c++) {
        int64_t trained = 0;
        int64_t valid = 0;
        for (int64_t i = 0; i < p->train + p->valid; i++)
            *(i < p->train ? &trained : &valid) += p->labels[i] == c;
        if (trained <= most)
            continue;
        most = trained;
        share = valid;
    }
    return (double)share / (double)p->valid;
}

static int32_t append_point(const probe *p, const point *a)
{
    double row[COLUMNS];
    dpid_arena arena = {.ctx = p->arena.ctx};
    for (int k = 0; k < COLUMNS; k++)
        row[k] = (double)NAN;
    int32_t status = measure_point(p, a, &arena, row);
    dpid_arena_release(&arena);
    row[CHANCE] = chance(p);
    row[WIDTH] = (double)a->d;
    return status == DEEPID_OK ? deepid_table_append(p->table, dpid_point_name(p->net, a->value), row) : status;
}

/* ---- all of them --------------------------------------------------------------------------------------- */

static int32_t find_points(probe *p)
{
    int32_t *values = NULL;
    int64_t widest = 0;
    DPID_TRY(dpid_points_find(p->net, &p->arena, &values, &p->points));
    DPID_TRY(dpid_arena_alloc(&p->arena, p->points, sizeof *p->point, "linear probe", &p->point));
    for (int32_t k = 0; k < p->points; k++) {
        DPID_TRY(set_point(p, k, values[k]));
        widest = p->point[k].width > widest ? p->point[k].width : widest;
    }
    return dpid_arena_alloc(&p->arena, dpid_probe_chunk(p->net) * widest, sizeof *p->chunk, "linear probe", &p->chunk);
}

static int32_t collect(probe *p, const deepid_dataset *train, const deepid_dataset *valid)
{
    p->train = train->count;
    p->valid = valid->count;
    p->classes = train->classes;
    DPID_TRY(dpid_arena_alloc(&p->arena, p->train + p->valid, sizeof *p->labels, "linear probe", &p->labels));
    memcpy(p->labels, train->labels, (size_t)p->train * sizeof *p->labels);
    memcpy(p->labels + p->train, valid->labels, (size_t)p->valid * sizeof *p->labels);
    DPID_TRY(draw(p));
    DPID_TRY(find_points(p));
    DPID_TRY(dpid_probe_chunks(p->net, train, p->train, NULL, NULL, take, p));
    p->offset = p->train;
    return dpid_probe_chunks(p->net, valid, p->valid, NULL, NULL, take, p);
}

static int32_t measure(dpid_probe_run *run, const deepid_dataset *train, const deepid_dataset *valid)
{
    probe p = {.net = run->net, .option = run->option, .arena = {.ctx = run->net->head.ctx}, .table = run->table};
    int32_t status = collect(&p, train, valid);
    for (int32_t k = 0; status == DEEPID_OK && k < p.points; k++)
        status = append_point(&p, &p.point[k]);
    dpid_arena_release(&p.arena);
    return status;
}

static int32_t fill_linear_probe(dpid_probe_run *run)
{
    deepid_ctx *ctx = run->net->head.ctx;
    deepid_dataset *train = NULL;
    deepid_dataset *rest = NULL;
    deepid_dataset *valid = NULL;
    const uint64_t seed = (uint64_t)run->option[SEED].i;
    int64_t held = llround(run->option[HOLDOUT].r * (double)run->n);
    if (!run->data->labels)
        return dpid_fail(ctx, DEEPID_ERR_UNSUPPORTED, "linear_probe: the data has targets, expected labels");
    if (run->n < 2)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT,
                         "linear_probe: there is 1 sample, expected 2 or more: one part trains, one validates");
    held = held < 1 ? 1 : held >= run->n ? run->n - 1 : held;
    int32_t status = deepid_dataset_split(run->data, run->n - held, seed, &train, &rest);
    if (status == DEEPID_OK)
        status = deepid_dataset_sample(rest, held, seed, &valid);
    if (status == DEEPID_OK)
        status = measure(run, train, valid);
    deepid_dataset_destroy(valid);
    deepid_dataset_destroy(rest);
    deepid_dataset_destroy(train);
    return status;
}

const dpid_probe dpid_probe_linear_probe = {
    .word = "linear_probe",
    .help = "accuracy of a linear classifier on the input, what enters and leaves blocks, and the output, validated, "
            "beside a control with shuffled labels; options: samples=1024, holdout=0.25, "
            "features=256, reduce=project|pool, seed=1",
    .heading = "layer",
    .columns = "accuracy,train_accuracy,control_accuracy,control_train_accuracy,chance,lambda,features",
    .options = options,
    .fill = fill_linear_probe,
    .evaluates = true,
};
