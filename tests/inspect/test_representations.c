/* Linear probes and CKA against answers that are known. */
#include "support/support.h"

#include "inspect/cka.h"
#include "inspect/classifier.h"
#include "net/init.h"

#include <math.h>

static double cell(const deepid_table *table, int64_t row, const char *column)
{
    const int64_t c = deepid_table_find_column(table, column);
    if (c < 0 || row < 0 || row >= deepid_table_rows(table))
        fail_msg("there is no row %lld with a column %s", (long long)row, column);
    return deepid_table_get(table, row, c);
}

static void near(const char *what, double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance) && !(isnan(got) && isnan(expected)))
        fail_msg("%s is %.17g, expected %.17g within %g", what, got, expected, tolerance);
}

static deepid_net *net_of(deepid_ctx *ctx, const char *text, const char *init)
{
    deepid_net *net = NULL;
    OK(deepid_net_create(ctx, text, DEEPID_F32, &net));
    OK(deepid_net_init(net, init, 3));
    return net;
}

/* ---- data: three clouds in a row, 4 apart, or one ------------------------------------------------ */

enum { SAMPLES = 300 };

typedef struct {
    float x[2 * SAMPLES];
    int32_t labels[SAMPLES];
} clouds;

/* Least squares on one-hot labels never puts the middle one of three clouds in a row on top; a logistic regression
   does. */
static deepid_dataset *clouds_of(deepid_ctx *ctx, int32_t classes, int64_t n, clouds *c)
{
    deepid_dataset *data = NULL;
    const int64_t extents[] = {n, 2};
    dpid_random r = dpid_random_make(5, 1000, 1);
    for (int64_t i = 0; i < n; i++) {
        c->labels[i] = (int32_t)(i % classes);
        c->x[2 * i] = (float)(4 * c->labels[i] + 2 * dpid_random_uniform(&r));
        c->x[2 * i + 1] = (float)dpid_random_normal(&r);
    }
    OK(deepid_dataset_wrap(ctx, DEEPID_F32, c->x, 2, extents, NULL, c->labels, classes, &data));
    return data;
}

/* ---- the classifier --------------------------------------------------------------------------------- */

/* At the minimum the gradient, summed here in plain loops, is 0. L-BFGS ends where it is 1e-3 of the solution's
 * length, in coordinates scaled to the data: so for the large feature 100 times that. */
static void the_classifier_ends_where_the_gradient_is_zero(void **state)
{
    (void)state;
    enum { N = 60, D = 4, CLASSES = 3 };
    double x[N * (D + 1)];
    int32_t labels[N];
    double theta[(D + 1) * CLASSES] = {0};
    const double lambda = 0.01;
    deepid_ctx *ctx = new_ctx(1);
    dpid_arena arena = {.ctx = ctx};
    dpid_classifier c;
    random_array(9, N * (D + 1), -1, 1, x);
    for (int i = 0; i < N; i++) {
        x[i * (D + 1)] *= 100; /* of another size than the rest */
        x[i * (D + 1) + D] = 1;
        labels[i] = (x[i * (D + 1)] + 60 * x[i * (D + 1) + 1] > 10) + (i % 7 == 0 && x[i * (D + 1)] > 0);
    }
    const dpid_sheet sheet = {N, D, CLASSES, x, labels};
    OK(dpid_classifier_make(&sheet, &arena, &c));
    dpid_classifier_set_lambda(&c, lambda);
    OK(dpid_classifier_fit(&c, theta));
    double length = 0;
    for (int k = 0; k < (D + 1) * CLASSES; k++)
        length += theta[k] * theta[k];
    for (int k = 0; k <= D; k++) {
        for (int o = 0; o < CLASSES; o++) {
            double g = k < D ? lambda * theta[k * CLASSES + o] : 0;
            for (int i = 0; i < N; i++) {
                double z[CLASSES] = {0};
                double sum = 0;
                for (int u = 0; u < CLASSES; u++) {
                    for (int j = 0; j <= D; j++)
                        z[u] += x[i * (D + 1) + j] * theta[j * CLASSES + u];
                    sum += exp(z[u]);
                }
                g += (exp(z[o]) / sum - (labels[i] == o)) * x[i * (D + 1) + k] / N;
            }
            if (!(fabs(g) < 1e-3 * (k == 0 ? 100 : 1) * fmax(1, sqrt(length))))
                fail_msg("the gradient by theta %d of class %d is %g, expected 0", k, o, g);
        }
    }
    dpid_arena_release(&arena);
    deepid_ctx_destroy(ctx);
}

/* x = 1 has class 1 three times of four, x = -1 class 0. By symmetry W = (-w, w), b = 0, and df/dw = 2 lambda w - 2
   (3/4 - 1 / (1 + exp(-2 w))) = 0, which bisection solves. */
static void the_classifier_finds_a_known_minimum(void **state)
{
    (void)state;
    static const double x[] = {1, 1, 1, 1, 1, 1, 1, 1, -1, 1, -1, 1, -1, 1, -1, 1};
    static const int32_t labels[] = {1, 1, 1, 0, 0, 0, 0, 1};
    static const double lambdas[] = {1, 0.1, 1e-3};
    for (int l = 0; l < 3; l++) {
        deepid_ctx *ctx = new_ctx(1);
        dpid_arena arena = {.ctx = ctx};
        dpid_classifier c;
        double theta[4] = {0};
        double low = 0;
        double high = 1;
        const dpid_sheet sheet = {8, 1, 2, x, labels};
        for (int i = 0; i < 60; i++) {
            const double w = (low + high) / 2;
            *(lambdas[l] * w > 0.75 - 1 / (1 + exp(-2 * w)) ? &high : &low) = w;
        }
        OK(dpid_classifier_make(&sheet, &arena, &c));
        dpid_classifier_set_lambda(&c, lambdas[l]);
        OK(dpid_classifier_fit(&c, theta));
        /* L-BFGS stops at 1e-3 of a gradient whose slope is at least about 1/2 */
        near("W of class 0", theta[0], -low, 3e-3);
        near("W of class 1", theta[1], low, 3e-3);
        near("b", theta[2] - theta[3], 0, 3e-3);
        dpid_arena_release(&arena);
        deepid_ctx_destroy(ctx);
    }
}

/* ---- linear probes -------------------------------------------------------------------------------------- */

static void separable_classes_are_read_and_shuffled_labels_are_not(void **state)
{
    (void)state;
    enum { SEEDS = 8 };
    for (int32_t classes = 2; classes <= 3; classes++) {
        deepid_ctx *ctx = new_ctx(2);
        clouds c;
        deepid_dataset *data = clouds_of(ctx, classes, SAMPLES, &c);
        deepid_net *net = net_of(ctx, "input 2; 2 * plain { dense out=2 }; dense out=3", "orthogonal");
        double control = 0;
        for (int seed = 1; seed <= SEEDS; seed++) {
            char text[60];
            deepid_table *table = NULL;
            snprintf(text, sizeof text, "linear_probe seed=%d", seed);
            OK(deepid_net_inspect(net, data, text, &table));
            assert_int_equal(deepid_table_rows(table), 4); /* input, block1, block2, output */
            for (int64_t i = 0; i < 4; i++) {
                near("accuracy", cell(table, i, "accuracy"), 1, 0);
                near("train_accuracy", cell(table, i, "train_accuracy"), 1, 0);
                /* 75 samples of equal shares: half a sample off at most */
                near("chance", cell(table, i, "chance"), 1.0 / classes, 0.5 / 75);
            }
            near("features", cell(table, 0, "features"), 2, 0);
            control += cell(table, 0, "control_accuracy") / SEEDS;
            deepid_table_destroy(table);
        }
        const double chance = 1.0 / classes;
        /* four deviations of a binomial share */
        near("mean control", control, chance, 4 * sqrt(chance * (1 - chance) / (SEEDS * SAMPLES / 4)));
        deepid_net_destroy(net);
        deepid_dataset_destroy(data);
        deepid_ctx_destroy(ctx);
    }
}

/* 512 values become 100 features, of which 48 training samples leave a choice: the ridge makes it. */
static void more_features_than_samples_are_fine(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    deepid_table *table = NULL;
    OK(deepid_dataset_generate(ctx, "spirals n=64", 7, &data));
    deepid_net *net = net_of(ctx, "input 2; dense out=512; relu; plain { dense out=512; relu }; dense out=2", "he");
    OK(deepid_net_inspect(net, data, "linear_probe features=100", &table));
    assert_string_equal(deepid_table_row_name(table, 1), "relu");
    near("features", cell(table, 1, "features"), 100, 0);
    assert_true(cell(table, 1, "accuracy") >= 0 && cell(table, 1, "accuracy") <= 1);
    assert_true(cell(table, 1, "train_accuracy") >= 0.5 && cell(table, 1, "train_accuracy") <= 1);
    deepid_table_destroy(table);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* Spirals cannot be read off the plane; off the last block of a net that learned them they can. */
static void a_trained_net_makes_its_classes_separable(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    deepid_trainer *trainer = NULL;
    deepid_table *table = NULL;
    OK(deepid_dataset_generate(ctx, "spirals n=400", 7, &data));
    deepid_net *net = net_of(
        ctx, "input 2; dense out=16; batchnorm; relu; 2 * plain { dense out=16; batchnorm; relu }; dense out=2", "he");
    OK(deepid_trainer_create(net, data, &trainer));
    OK(deepid_trainer_set_optimizer(trainer, "adam"));
    OK(deepid_trainer_set_learning_rate(trainer, 0.01));
    OK(deepid_trainer_fit(trainer, 600, NULL, NULL));
    OK(deepid_net_measure_statistics(net, data));
    OK(deepid_net_inspect(net, data, "linear_probe", &table));
    assert_int_equal(deepid_table_rows(table), 5); /* input, relu, block1, block2, dense */
    assert_true(cell(table, 0, "accuracy") < 0.8);
    assert_true(cell(table, 3, "accuracy") > 0.97);
    assert_true(cell(table, 4, "accuracy") > 0.97);
    deepid_table_destroy(table);
    deepid_trainer_destroy(trainer);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

static void pictures_are_projected_or_pooled(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(2);
    deepid_dataset *data = NULL;
    deepid_table *table = NULL;
    OK(deepid_dataset_generate(ctx, "gratings n=160 noise=0.3", 7, &data));
    deepid_net *net =
        net_of(ctx, "input 8x8x1; plain { conv2d out=6 kernel=3; relu }; global_avgpool; dense out=4", "he");
    OK(deepid_net_inspect(net, data, "linear_probe", &table));
    near("features", cell(table, 0, "features"), 64, 0);
    near("features", cell(table, 1, "features"), 256, 0); /* of 384 */
    deepid_table_destroy(table);
    OK(deepid_net_inspect(net, data, "linear_probe reduce=pool", &table));
    near("features", cell(table, 0, "features"), 1, 0);
    near("features", cell(table, 1, "features"), 6, 0);
    deepid_table_destroy(table);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

static void edges_of_linear_probes(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    clouds c;
    deepid_table *table = NULL;
    deepid_dataset *targets = NULL;
    deepid_dataset *data = clouds_of(ctx, 1, 12, &c); /* one class */
    deepid_net *net = net_of(ctx, "input 2; plain { dense out=2 }; plain { dense out=2 }; dense out=3", "orthogonal");
    deepid_net *bare = net_of(ctx, "input 2; dense out=3", "he");
    OK(deepid_net_inspect(net, data, "linear_probe", &table));
    near("accuracy of one class", cell(table, 0, "accuracy"), 1, 0);
    near("control of one class", cell(table, 0, "control_accuracy"), 1, 0);
    deepid_table_destroy(table);
    table = NULL;
    REFUSED(deepid_net_inspect(net, data, "linear_probe samples=1", &table), DEEPID_ERR_ARGUMENT, "2 or more");
    deepid_dataset_destroy(data);
    data = clouds_of(ctx, 2, 2, &c);
    OK(deepid_net_inspect(net, data, "linear_probe", &table)); /* one trains, one validates */
    assert_true(cell(table, 0, "train_accuracy") == 1);
    deepid_table_destroy(table);
    deepid_dataset_destroy(data);
    data = clouds_of(ctx, 3, SAMPLES, &c);
    OK(deepid_net_inspect(bare, data, "linear_probe", &table)); /* no blocks: input and output */
    assert_int_equal(deepid_table_rows(table), 2);
    near("accuracy", cell(table, 0, "accuracy"), 1, 0);
    deepid_table_destroy(table);
    ((float *)deepid_net_parameter_data(net, "block2.dense.bias"))[0] = NAN;
    OK(deepid_net_inspect(net, data, "linear_probe", &table));
    near("accuracy before the NaN", cell(table, 1, "accuracy"), 1, 0);
    near("accuracy behind the NaN", cell(table, 2, "accuracy"), (double)NAN, 0);
    near("accuracy behind the NaN", cell(table, 3, "control_accuracy"), (double)NAN, 0);
    deepid_table_destroy(table);
    OK(deepid_net_inspect(net, data, "cka samples=50", &table));
    near("cka before the NaN", cell(table, 1, "cka"), 1, 1e-5); /* input:block1, an orthogonal map in f32 */
    near("cka behind the NaN", cell(table, 2, "cka"), (double)NAN, 0);
    deepid_table_destroy(table);
    table = NULL;
    OK(deepid_dataset_generate(ctx, "linear in=2 out=2", 1, &targets));
    REFUSED(deepid_net_inspect(net, targets, "linear_probe", &table), DEEPID_ERR_UNSUPPORTED, "labels");
    deepid_dataset_destroy(targets);
    deepid_dataset_destroy(data);
    deepid_net_destroy(bare);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* ---- CKA ---------------------------------------------------------------------------------------------------- */

static void normals(uint64_t seed, int64_t n, double *x)
{
    dpid_random r = dpid_random_make(seed, 1000, 2);
    for (int64_t i = 0; i < n; i++)
        x[i] = dpid_random_normal(&r);
}

static void compare(deepid_ctx *ctx, int64_t n, int64_t p, const double *x, int64_t q, const double *y, double *cka,
                    double *unbiased)
{
    dpid_arena arena = {.ctx = ctx};
    dpid_gram a;
    dpid_gram b;
    OK(dpid_gram_make(&arena, DPID_P64, x, n, p, &a));
    OK(dpid_gram_make(&arena, DPID_P64, y, n, q, &b));
    dpid_gram_compare(&a, &b, cka, unbiased);
    dpid_arena_release(&arena);
}

/* y = shift + scale x A, A [p, p] */
static void mapped(int64_t n, int64_t p, const double *x, const double *a, double scale, double shift, double *y)
{
    for (int64_t i = 0; i < n; i++) {
        for (int64_t k = 0; k < p; k++) {
            double sum = 0;
            for (int64_t j = 0; j < p; j++)
                sum += x[i * p + j] * a[j * p + k];
            y[i * p + k] = shift + scale * sum;
        }
    }
}

enum { N = 40, P = 12 };

static void cka_sees_no_rotation_and_no_scale(void **state)
{
    (void)state;
    double x[N * P];
    double y[N * P];
    double q[P * P];
    double cka;
    double unbiased;
    deepid_ctx *ctx = new_ctx(2);
    dpid_random r = dpid_random_make(3, 1000, 3);
    normals(1, N * P, x);
    for (int i = 0; i < N * P; i++)
        x[i] *= 1 + i % P; /* directions of different lengths */
    OK(dpid_random_orthogonal(ctx, &r, P, P, 1, q));
    compare(ctx, N, P, x, P, x, &cka, &unbiased);
    near("cka(x, x)", cka, 1, 1e-14);
    near("unbiased cka(x, x)", unbiased, 1, 1e-14);
    mapped(N, P, x, q, -7, 100, y);
    compare(ctx, N, P, x, P, y, &cka, &unbiased);
    near("cka(x, 100 - 7 x Q)", cka, 1, 1e-12); /* sums of 40 x 40 products in double; the shift costs two digits */
    near("unbiased cka(x, 100 - 7 x Q)", unbiased, 1, 1e-12);
    for (int k = 0; k < P; k++)
        q[k * P + k] += 3; /* no longer orthogonal */
    mapped(N, P, x, q, 1, 0, y);
    compare(ctx, N, P, x, P, y, &cka, &unbiased);
    assert_true(cka < 0.999 && unbiased < 0.999);
    deepid_ctx_destroy(ctx);
}

/* The same by |Yc^T Xc|^2 / (|Xc^T Xc| |Yc^T Yc|), and HSIC_1 by what it estimates: the mean of k_ij l_ij + k_ij
   l_qr - 2 k_ij l_iq over all i, j, q, r that are four different samples. */
static double feature_product(int64_t n, int64_t p, const double *x, int64_t q, const double *y)
{
    double total = 0;
    for (int64_t a = 0; a < p; a++) {
        for (int64_t b = 0; b < q; b++) {
            double mx = 0;
            double my = 0;
            double sum = 0;
            for (int64_t i = 0; i < n; i++) {
                mx += x[i * p + a] / (double)n;
                my += y[i * q + b] / (double)n;
            }
            for (int64_t i = 0; i < n; i++)
                sum += (x[i * p + a] - mx) * (y[i * q + b] - my);
            total += sum * sum;
        }
    }
    return total;
}

static double inner(int64_t p, const double *x, int64_t i, int64_t j)
{
    double sum = 0;
    for (int64_t k = 0; k < p; k++)
        sum += x[i * p + k] * x[j * p + k];
    return sum;
}

static double quadruples(int64_t n, int64_t p, const double *x, int64_t c, const double *y)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            for (int64_t q = 0; q < n; q++)
                for (int64_t r = 0; r < n; r++)
                    if (i != j && i != q && i != r && j != q && j != r && q != r)
                        sum += inner(p, x, i, j) * (inner(c, y, i, j) + inner(c, y, q, r) - 2 * inner(c, y, i, q));
    return sum;
}

static void cka_follows_its_formulas(void **state)
{
    (void)state;
    enum { FEW = 8, A = 3, B = 5 };
    double x[FEW * A];
    double y[FEW * B];
    double cka;
    double unbiased;
    deepid_ctx *ctx = new_ctx(1);
    normals(4, FEW * A, x);
    normals(5, FEW * B, y);
    for (int i = 0; i < FEW; i++)
        y[i * B] = x[i * A] + 3; /* something in common */
    compare(ctx, FEW, A, x, B, y, &cka, &unbiased);
    near("cka", cka,
         feature_product(FEW, A, x, B, y) / sqrt(feature_product(FEW, A, x, A, x) * feature_product(FEW, B, y, B, y)),
         1e-13);
    near("unbiased cka", unbiased,
         quadruples(FEW, A, x, B, y) / sqrt(quadruples(FEW, A, x, A, x) * quadruples(FEW, B, y, B, y)), 1e-12);
    compare(ctx, 3, A, x, B, y, &cka, &unbiased);
    near("unbiased cka of 3 samples", unbiased, (double)NAN, 0);
    for (int i = 0; i < FEW * B; i++)
        y[i] = 2;
    compare(ctx, FEW, A, x, B, y, &cka, &unbiased);
    near("cka with what does not vary", cka, (double)NAN, 0);
    deepid_ctx_destroy(ctx);
}

/* Independent normals, n samples, p features each: <K, L> is about p^2 n and |K|^2 about p n (n + p), so CKA is
 * about p / (n + p); its deviation about sqrt(2) / (n + p); the unbiased one is about 0. */
static void independent_features_are_at_their_expectation(void **state)
{
    (void)state;
    enum { MANY = 200, WIDE = 50 };
    static double x[MANY * WIDE];
    static double y[MANY * WIDE];
    double cka;
    double unbiased;
    deepid_ctx *ctx = new_ctx(2);
    for (uint64_t seed = 1; seed <= 5; seed++) {
        normals(10 + seed, MANY * WIDE, x);
        normals(20 + seed, MANY * WIDE, y);
        compare(ctx, MANY, WIDE, x, WIDE, y, &cka, &unbiased);
        near("cka of independent features", cka, WIDE / (double)(MANY + WIDE), 5 * sqrt(2) / (MANY + WIDE));
        near("unbiased cka of independent features", unbiased, 0, 5 * sqrt(2) / MANY);
    }
    deepid_ctx_destroy(ctx);
}

/* A witness in front of the last layer repeats what enters it: 1 between its two ends, and between each point of the
   shallow net and the same place of the deeper one. */
static void cka_of_a_net_and_its_deeper_twin(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    deepid_net *deeper = NULL;
    deepid_table *table = NULL;
    OK(deepid_dataset_generate(ctx, "spirals n=70", 7, &data));
    deepid_net *net = net_of(ctx, "input 2; 2 * plain { dense out=8; relu }; dense out=2", "he");
    OK(deepid_net_deepen(net, 2, "plain { dense out=8; relu }", 2, "witness", &deeper));
    OK(dpid_probe_prepare(net, data));
    OK(dpid_probe_prepare(deeper, data));
    OK(deepid_table_create(ctx, "pair", "i,j,cka,cka_unbiased", &table));
    OK(dpid_cka(net, deeper, data, 70, table));
    /* input, block1, block2, dense by input, block1 .. block4, dense */
    assert_int_equal(deepid_table_rows(table), 4 * 6);
    static const int64_t same[][2] = {{0, 0}, {1, 1}, {2, 2}, {2, 3}, {2, 4}, {3, 5}};
    for (int k = 0; k < 6; k++)
        near(deepid_table_row_name(table, same[k][0] * 6 + same[k][1]), cell(table, same[k][0] * 6 + same[k][1], "cka"),
             1, 1e-13);
    assert_string_equal(deepid_table_row_name(table, 2 * 6 + 4), "block2:block4");
    near("i", cell(table, 2 * 6 + 4, "i"), 2, 0);
    near("j", cell(table, 2 * 6 + 4, "j"), 4, 0);
    assert_true(cell(table, 1 * 6 + 5, "cka") < 0.999);
    deepid_table_destroy(table);
    table = NULL;
    OK(deepid_net_inspect(net, data, "cka", &table)); /* of one net: symmetric, ones on the diagonal */
    assert_int_equal(deepid_table_rows(table), 16);
    for (int64_t i = 0; i < 4; i++)
        for (int64_t j = 0; j < 4; j++)
            near("transposed", cell(table, i * 4 + j, "cka"), i == j ? 1 : cell(table, j * 4 + i, "cka"), 1e-14);
    deepid_table_destroy(table);
    deepid_net_destroy(deeper);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* Where nothing can be read all lambdas give the same loss, and the largest is taken. */
static void of_equal_lambdas_the_largest_is_taken(void **state)
{
    (void)state;
    enum { N = 40 };
    deepid_ctx *ctx = new_ctx(1);
    static const float x[N] = {0};
    int32_t labels[N];
    const int64_t extents[2] = {N, 1};
    deepid_dataset *data = NULL;
    deepid_net *net = NULL;
    deepid_table *t = NULL;
    for (int i = 0; i < N; i++)
        labels[i] = i % 2;
    OK(deepid_dataset_wrap(ctx, DEEPID_F32, x, 2, extents, NULL, labels, 2, &data));
    OK(deepid_net_create(ctx, "input 1; dense out=2", DEEPID_F32, &net));
    OK(deepid_net_inspect(net, data, "linear_probe", &t));
    const double lambda = deepid_table_get(t, 0, deepid_table_find_column(t, "lambda"));
    if (lambda != 100)
        fail_msg("lambda is %g, expected 100", lambda);
    deepid_table_destroy(t);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_equal_lambdas_the_largest_is_taken),
        cmocka_unit_test(the_classifier_ends_where_the_gradient_is_zero),
        cmocka_unit_test(the_classifier_finds_a_known_minimum),
        cmocka_unit_test(separable_classes_are_read_and_shuffled_labels_are_not),
        cmocka_unit_test(more_features_than_samples_are_fine),
        cmocka_unit_test(a_trained_net_makes_its_classes_separable),
        cmocka_unit_test(pictures_are_projected_or_pooled),
        cmocka_unit_test(edges_of_linear_probes),
        cmocka_unit_test(cka_sees_no_rotation_and_no_scale),
        cmocka_unit_test(cka_follows_its_formulas),
        cmocka_unit_test(independent_features_are_at_their_expectation),
        cmocka_unit_test(cka_of_a_net_and_its_deeper_twin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
