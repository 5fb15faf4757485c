/* Every stream of random numbers, pinned: a study of today is a study of next year. The numbers below were written
   down once; one that changes is told with what came, and changing it is a decision that the changelog tells. What
   is a whole number, or comes from exact operations, is asked for exactly; where a logarithm, a cosine or a sum in
   another order stands between, to so many parts of the number. Bits, uniform and normal numbers, permutations
   themselves: base/test_random.c. */
#include "support/support.h"

#include "data/data.h"
#include "identity/deepen.h"
#include "inspect/difference.h"
#include "net/init.h"

#include <math.h>

enum { MOST = 24 };
#define FLOAT 0x1p-22 /* numbers rounded to float: two units of the last place */
#define DOUBLE 1e-12  /* a few hundred operations in double */
#define COUNT(array) ((int64_t)(sizeof(array) / sizeof *(array)))

/* tolerance: of the expected number, of 0.01 where it is smaller; 0: exactly. A failure prints all that came, as it
   would be written here. */
static void pinned(const char *what, double tolerance, int64_t n, const double *got, const double *expected)
{
    bool same = true;
    for (int64_t i = 0; i < n; i++)
        same &= fabs(got[i] - expected[i]) <= tolerance * fmax(fabs(expected[i]), 0.01);
    if (same)
        return;
    print_error("%s:", what);
    for (int64_t i = 0; i < n; i++)
        print_error("%s %.17g", i ? "," : "", got[i]);
    print_error("\n  expected:");
    for (int64_t i = 0; i < n; i++)
        print_error("%s %.17g", i ? "," : "", expected[i]);
    print_error("\n");
    fail();
}

/* ---- training: order, augmentation, dropout ------------------------------------------------------- */

static void the_order_of_an_epoch(void **state)
{
    (void)state;
    static const double expected[3][10] = {
        {3, 7, 4, 1, 9, 2, 8, 6, 0, 5}, {0, 3, 7, 4, 1, 9, 2, 8, 6, 5}, {7, 1, 5, 6, 8, 0, 3, 9, 2, 4}};
    const uint64_t seeds[] = {1, 1, 12345678901234567890u};
    const uint64_t epochs[] = {0, 1, 70000};
    for (int k = 0; k < 3; k++) {
        int64_t order[10];
        double got[10];
        dpid_epoch_order(seeds[k], epochs[k], 10, order);
        for (int i = 0; i < 10; i++)
            got[i] = (double)order[i];
        pinned("order", 0, 10, got, expected[k]);
    }
}

/* 3 x 3 pictures of 1 .. 9, shifted by up to 2 into zeros and mirrored */
static void shifts_and_mirrors_of_pictures(void **state)
{
    (void)state;
    static const double expected[4][9] = {{0, 0, 0, 0, 0, 0, 2, 1, 0},
                                          {2, 3, 0, 5, 6, 0, 8, 9, 0},
                                          {5, 4, 0, 8, 7, 0, 0, 0, 0},
                                          {0, 0, 0, 0, 0, 0, 1, 2, 3}};
    deepid_ctx *ctx = new_ctx(1);
    float x[36];
    const int32_t labels[4] = {0};
    const int64_t extents[4] = {4, 3, 3, 1};
    const int64_t order[2] = {1, 3};
    deepid_dataset *data = NULL;
    for (int i = 0; i < 36; i++)
        x[i] = (float)(1 + i % 9);
    OK(deepid_dataset_wrap(ctx, DEEPID_F32, x, 4, extents, NULL, labels, 1, &data));
    for (uint64_t epoch = 0; epoch < 2; epoch++) {
        float out[18];
        double got[9];
        dpid_dataset_gather(NULL, data,
                            &(dpid_gathered){.order = order,
                                             .n = 2,
                                             .augment = &(dpid_augment){2, true, 5},
                                             .epoch = epoch,
                                             .precision = DPID_P32,
                                             .x = out});
        for (int sample = 0; sample < 2; sample++) {
            for (int i = 0; i < 9; i++)
                got[i] = (double)out[9 * sample + i];
            pinned("picture", 0, 9, got, expected[2 * epoch + (uint64_t)sample]);
        }
    }
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* Ones through two layers of dropout with p = 0.5, which differ by their names: 1 where both let it pass. By seed,
   step and layer. */
static void masks_of_dropout(void **state)
{
    (void)state;
    static const double expected[3][MOST] = {{0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 0, 0},
                                             {0, 0, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 0, 1, 1, 0, 1, 1},
                                             {0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 1}};
    const uint64_t seeds[] = {1, 1, 9};
    const uint64_t steps[] = {0, 1, 1000};
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    OK(deepid_net_create(ctx, "input 12; dropout p=0.5; dropout p=0.25", DEEPID_F32, &net));
    OK(dpid_net_prepare(net, 2, true));
    for (int k = 0; k < 3; k++) {
        double got[MOST];
        net->noise_seed = seeds[k];
        net->noise_step = steps[k];
        for (int i = 0; i < MOST; i++)
            ((float *)dpid_net_input(net))[i] = 0.375f;
        OK(dpid_net_run_forward(net, DPID_TRAIN, 2));
        for (int i = 0; i < MOST; i++)
            got[i] = round(1000 * (double)((const float *)dpid_net_output(net))[i]) / 1000;
        pinned("dropout", 0, MOST, got, expected[k]);
    }
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* 1 + 2^-8, half way between two numbers of bf16: 1 where it goes up. By seed, step and the value's name. */
static void stochastic_rounding(void **state)
{
    (void)state;
    static const double expected[3][MOST] = {{1, 0, 0, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0},
                                             {1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 0, 1, 1, 1, 0, 1},
                                             {0, 0, 0, 1, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 1, 0, 1, 0}};
    const uint64_t seeds[] = {1, 1, 9};
    const uint64_t steps[] = {0, 1, 1000};
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    OK(deepid_net_create(ctx, "input 12 storage=bf16 rounding=stochastic input=format; relu", DEEPID_F32, &net));
    OK(dpid_net_prepare(net, 2, true));
    for (int k = 0; k < 3; k++) {
        double got[MOST];
        net->noise_seed = seeds[k];
        net->noise_step = steps[k];
        for (int i = 0; i < MOST; i++)
            ((float *)dpid_net_input(net))[i] = 0x1.01p0F;
        OK(dpid_net_run_forward(net, DPID_TRAIN, 2));
        for (int i = 0; i < MOST; i++)
            got[i] = (double)((const float *)dpid_net_output(net))[i] > 1.002;
        pinned("stochastic rounding", 0, MOST, got, expected[k]);
    }
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* Ones through two layers with p = 0.5 and 0.25, twelve samples: by seed, step and layer, and apart from dropout. */
static void masks_of_stochastic_depth(void **state)
{
    (void)state;
    enum { SAMPLES = 12 };
    static const double expected[3][SAMPLES] = {{1, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1},
                                                {1, 0, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0},
                                                {1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1}};
    const uint64_t seeds[] = {1, 1, 9};
    const uint64_t steps[] = {0, 1, 1000};
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    OK(deepid_net_create(ctx, "input 1; stochastic_depth p=0.5; stochastic_depth p=0.25", DEEPID_F32, &net));
    OK(dpid_net_prepare(net, SAMPLES, true));
    for (int k = 0; k < 3; k++) {
        double got[SAMPLES];
        net->noise_seed = seeds[k];
        net->noise_step = steps[k];
        for (int i = 0; i < SAMPLES; i++)
            ((float *)dpid_net_input(net))[i] = 0.375f;
        OK(dpid_net_run_forward(net, DPID_TRAIN, SAMPLES));
        for (int i = 0; i < SAMPLES; i++)
            got[i] = round(1000 * (double)((const float *)dpid_net_output(net))[i]) / 1000;
        pinned("stochastic depth", 0, SAMPLES, got, expected[k]);
    }
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* ---- starts ------------------------------------------------------------------------------------------- */

static const struct {
    const char *init;
    double expected[7];
} starts[] = {
    {"he",
     {0.26054063439369202, -0.38718718290328979, 0.23411376774311066, 0.17451079189777374, -0.13418865203857422,
      -0.15223805606365204, 0}},
    {"he mode=fan_out dist=uniform",
     {0.14408162236213684, 0.16235053539276123, -0.014904430136084557, 0.26639547944068909, 1.6199797391891479,
      -0.34304681420326233, 0}},
    {"glorot",
     {0.11764214932918549, 0.13255865871906281, -0.010539023205637932, 0.18837004899978638, 0.93529576063156128,
      -0.19805817306041718, 0}},
    {"lecun",
     {0.18423004448413849, -0.27378270030021667, 0.16554343700408936, 0.12339776754379272, -0.094885699450969696,
      -0.10764855891466141, 0}},
    {"normal",
     {0.0078162187710404396, -0.011615615338087082, 0.0099326055496931076, 0.007403865922242403, -0.001897713984362781,
      -0.0021529712248593569, 0}},
    {"uniform",
     {0.017646322026848793, 0.019883798435330391, -0.001825412386097014, 0.032626647502183914, 0.046764787286520004,
      -0.0099029084667563438, 0}},
    {"gain",
     {0.24993462860584259, -0.15133075416088104, 0.19368204474449158, 0.14355146884918213, -0.19577598571777344,
      0.40303558111190796, 0}},
    {"pytorch_default",
     {0.083185561001300812, 0.093733124434947968, -0.0060847080312669277, 0.10875549912452698, 0.46764788031578064,
      -0.099029086530208588, -0.057521272450685501}},
    {"orthogonal",
     {0.24993462860584259, -0.15133075416088104, 0.13695389032363892, 0.10150621831417084, -0.19577598571777344,
      0.40303558111190796, 0}},
    {"delta_orthogonal", {0, 0, -0.18971367180347443, 0, -0.19577598571777344, 0.40303558111190796, 0}},
    {"identity", {0, 0, 1, 0, 1, 0, 0}},
    {"looks_linear",
     {0.18423004448413849, 0.12792590260505676, -0.25788635015487671, 0, -0.13418865203857422, 0.21172100305557251, 0}},
    {"zero_last",
     {0.26054063439369202, -0.38718718290328979, 0.23411376774311066, 0, -0.13418865203857422, -0.15223805606365204,
      0}},
    {"fixup", {0.26054063439369202, -0.38718718290328979, 0.23411376774311066, 0, 0, 0, 0}},
};

/* Of each parameter another place; the names of parameters choose the numbers, so a net with more layers starts with
   the same ones. */
static void starts_of_a_net(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t place;
    } looks[7] = {{"conv2d.weight", 0},
                  {"conv2d.weight", 71},
                  {"block1.conv2d1.weight", 16},
                  {"block1.conv2d2.weight", 143},
                  {"dense.weight", 0},
                  {"dense.weight", 7},
                  {"dense.bias", 1}};
    deepid_ctx *ctx = new_ctx(1);
    for (int64_t k = 0; deepid_init_word(k); k++) {
        bool listed = dpid_init_looks_at_data(deepid_init_word(k)); /* lsuv scales the numbers of orthogonal */
        for (int64_t i = 0; i < COUNT(starts); i++)
            listed |= strncmp(starts[i].init, deepid_init_word(k), strlen(deepid_init_word(k))) == 0;
        if (!listed)
            fail_msg("the start %s has no numbers here", deepid_init_word(k));
    }
    for (int64_t i = 0; i < COUNT(starts); i++) {
        double got[7];
        deepid_net *net = NULL;
        OK(deepid_net_create(ctx,
                             "input 4x4x2; conv2d out=4 kernel=3; relu; identity { conv2d out=4 kernel=3; relu; conv2d "
                             "out=4 kernel=3 }; global_avgpool; dense out=2",
                             DEEPID_F64, &net));
        OK(deepid_net_init(net, starts[i].init, 7));
        for (int p = 0; p < 7; p++)
            got[p] = ((const double *)deepid_net_parameter_data(net, looks[p].name))[looks[p].place];
        pinned(starts[i].init, FLOAT, 7, got, starts[i].expected);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- data ------------------------------------------------------------------------------------------------ */

static const struct {
    const char *text;
    double expected[4]; /* the first two features, the last one, and all labels or the last target */
} tasks[] = {
    {"spirals n=12 classes=3", {1.0310314893722534, -0.55920004844665527, -0.18398118019104004, 13782132}},
    {"rings n=12", {-0.66549903154373169, 0.67065435647964478, -0.58436334133148193, 10172526}},
    {"parity n=12 bits=6", {-1, -1, 1, 9768755}},
    {"gratings n=6 size=4", {0.3235008716583252, -0.17859494686126709, -0.66489779949188232, 951}},
    {"teacher n=12", {-0.4915681779384613, -0.66110587120056152, 1.4532790184020996, 49079025}},
    {"linear n=12", {-0.4915681779384613, -0.66110587120056152, -0.24872587621212006, 0.45197910070419312}},
    {"linear n=12 target=gaussian noise=0.5",
     {-0.4915681779384613, -0.66110587120056152, -0.0058556986041367054, -1.6555083990097046}},
    {"identity n=12", {-0.4915681779384613, -0.66110587120056152, 1.4532790184020996, 1.4532790184020996}},
    {"identity n=12 dist=uniform",
     {-0.25122812390327454, 0.38595089316368103, 0.42717128992080688, 0.42717128992080688}},
};

static void numbers_of(const deepid_dataset *data, double *out)
{
    const int64_t features = dpid_shape_count(&data->sample);
    out[0] = dpid_dataset_feature(data, 0, 0);
    out[1] = dpid_dataset_feature(data, 0, 1);
    out[2] = dpid_dataset_feature(data, data->count - 1, features - 1);
    out[3] = data->labels ? 0 : dpid_dataset_target(data, data->count - 1, data->target_width - 1);
    for (int64_t i = 0; data->labels && i < data->count; i++)
        out[3] = out[3] * 5 + data->labels[i];
}

static void generated_tasks(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int64_t k = 0; deepid_generator_word(k); k++) {
        bool listed = false;
        for (int64_t i = 0; i < COUNT(tasks); i++)
            listed |= strncmp(tasks[i].text, deepid_generator_word(k), strlen(deepid_generator_word(k))) == 0;
        if (!listed)
            fail_msg("the generator %s has no numbers here", deepid_generator_word(k));
    }
    for (int64_t i = 0; i < COUNT(tasks); i++) {
        double got[4];
        deepid_dataset *data = generated(ctx, tasks[i].text, 7);
        numbers_of(data, got);
        pinned(tasks[i].text, FLOAT, 4, got, tasks[i].expected);
        deepid_dataset_destroy(data);
    }
    deepid_ctx_destroy(ctx);
}

/* The validation data of a task are of the same task and of a stream of their own. */
static void validation_of_a_task(void **state)
{
    (void)state;
    static const double expected[2][4] = {
        {1.2071448564529419, -1.4427821636199951, -0.91663497686386108, 1.106027364730835}, {-1, 1, 1, 58675630}};
    static const char *const texts[] = {"linear n=3", "parity n=3 bits=6"};
    deepid_ctx *ctx = new_ctx(1);
    for (int k = 0; k < 2; k++) {
        deepid_dataset *train = NULL;
        deepid_dataset *valid = NULL;
        double got[4];
        OK(deepid_dataset_open(ctx, texts[k], 7, &train, &valid));
        numbers_of(valid, got);
        pinned(texts[k], FLOAT, 4, got, expected[k]);
        deepid_dataset_destroy(valid);
        deepid_dataset_destroy(train);
    }
    deepid_ctx_destroy(ctx);
}

/* Sample i is the number i; classes 0, 1, 2 in turn, class 2 twice as often. */
static deepid_dataset *numbered(deepid_ctx *ctx)
{
    enum { N = 20 };
    static float x[N];
    int32_t labels[N];
    const int64_t extents[2] = {N, 1};
    deepid_dataset *data = NULL;
    for (int i = 0; i < N; i++) {
        x[i] = (float)i;
        labels[i] = i % 4 < 2 ? i % 4 : 2;
    }
    OK(deepid_dataset_wrap(ctx, DEEPID_F32, x, 2, extents, NULL, labels, 3, &data));
    return data;
}

static void rows_of(const deepid_dataset *data, double *out)
{
    for (int64_t i = 0; i < data->count; i++)
        out[i] = dpid_dataset_feature(data, i, 0);
}

static void parts_of_data(void **state)
{
    (void)state;
    static const double first[7] = {6, 3, 9, 8, 1, 15, 11};
    static const double rest[13] = {0, 5, 18, 10, 2, 14, 7, 17, 4, 16, 19, 12, 13};
    static const double drawn[5] = {14, 9, 6, 2, 0};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = numbered(ctx);
    deepid_dataset *part[3] = {NULL};
    double got[20];
    OK(deepid_dataset_split(data, 7, 3, &part[0], &part[1]));
    OK(deepid_dataset_sample(data, 5, 4, &part[2]));
    rows_of(part[0], got);
    pinned("first part", 0, 7, got, first);
    rows_of(part[1], got);
    pinned("rest", 0, 13, got, rest);
    rows_of(part[2], got);
    pinned("sample", 0, 5, got, drawn);
    for (int i = 0; i < 3; i++)
        deepid_dataset_destroy(part[i]);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* A share of 0.375 of 20 labels is 7.5: eight are changed, each to another class. */
static void noise_of_labels(void **state)
{
    (void)state;
    static const double expected[20] = {0, 0, 0, 2, 1, 0, 2, 1, 0, 1, 2, 2, 0, 1, 1, 2, 1, 1, 1, 2};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = numbered(ctx);
    double got[20];
    int changed = 0;
    OK(deepid_dataset_add_label_noise(data, 0.375, 6));
    for (int i = 0; i < 20; i++) {
        got[i] = data->labels[i];
        changed += data->labels[i] != (i % 4 < 2 ? i % 4 : 2);
    }
    assert_int_equal(changed, 8);
    pinned("labels", 0, 20, got, expected);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- statistics ---------------------------------------------------------------------------------------------- */

static void draws_of_statistics(void **state)
{
    (void)state;
    static const double expected[5] = {0.011, 0.367, 1.9289998808707967, 7.0578172162127846, 1.2887154050798346};
    deepid_ctx *ctx = new_ctx(1);
    double x[30];
    double got[5];
    double estimate;
    for (int i = 0; i < 30; i++)
        x[i] = (i * 7 % 30) - 10;
    OK(deepid_statistics_sign_flip(ctx, 30, x, 999, 5, &got[0]));
    OK(deepid_statistics_permutation(ctx, 15, x, 15, x + 15, 999, 5, &got[1]));
    OK(deepid_statistics_bootstrap_mean(ctx, 30, x, 0.9, 199, 5, &estimate, &got[2], &got[3]));
    OK(deepid_statistics_bootstrap_mean(ctx, 30, x, 0.9, 199, 6, &estimate, &got[4], &estimate));
    pinned("p by signs, p by permutations, ends of a bootstrap, the lower end by another seed", DOUBLE, 5, got,
           expected);
    deepid_ctx_destroy(ctx);
}

/* ---- probes ----------------------------------------------------------------------------------------------------- */

static const struct {
    const char *probe, *row, *column;
    double tolerance, expected;
} probes[] = {
    /* the gradient at the output */
    {"shattering samples=8 seed=1", "dense1", "correlation", 1e-9, 0.11257095827545872},
    {"shattering samples=8 seed=2", "dense1", "correlation", 1e-9, 0.16257215415259996},
    /* v^T H v of the first vector, by differences */
    {"curvature samples=8 iterations=1 seed=1", "net", "lambda_max", 1e-5, 0.057910353790415939},
    {"curvature samples=8 iterations=1 seed=2", "net", "lambda_max", 1e-5, 0.007564153854845569},
    {"linear_probe samples=40 seed=1", "input", "chance", 0, 0.5}, /* which samples validate */
    {"linear_probe samples=40 seed=1 features=1", "input", "train_accuracy", DOUBLE, 19 / 30.0}, /* the projection */
    /* the shuffled labels */
    {"linear_probe samples=40 seed=1", "input", "control_train_accuracy", DOUBLE, 13 / 30.0},
    {"linear_probe samples=40 seed=1", "input", "control_accuracy", DOUBLE, 0.3},
    {"linear_probe samples=40 seed=2", "input", "control_accuracy", DOUBLE, 0.3},
    {"linear_probe samples=40 seed=1", "input", "lambda", 0, 0.1}, /* the folds */
};

static void draws_of_probes(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    deepid_dataset *data = generated(ctx, "teacher n=60 in=3 classes=3", 7);
    OK(deepid_net_create(ctx, "input 3; dense out=8; relu; dense out=8; relu; dense out=3", DEEPID_F64, &net));
    OK(deepid_net_init(net, "he", 7));
    for (int64_t i = 0; i < COUNT(probes); i++) {
        deepid_table *table = NULL;
        double got = (double)NAN;
        OK(deepid_net_inspect(net, data, probes[i].probe, &table));
        for (int64_t row = 0; row < deepid_table_rows(table); row++)
            if (strcmp(deepid_table_row_name(table, row), probes[i].row) == 0)
                got = deepid_table_get(table, row, deepid_table_find_column(table, probes[i].column));
        char what[128];
        snprintf(what, sizeof what, "%s: %s of %s", probes[i].probe, probes[i].column, probes[i].row);
        pinned(what, probes[i].tolerance, 1, &got, &probes[i].expected);
        deepid_table_destroy(table);
    }
    deepid_dataset_destroy(data);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* The gradient check moves a parameter along directions of its own: here the second one of the first layer's
   weights, by their root mean square. */
static void directions_of_the_gradient_check(void **state)
{
    (void)state;
    static const double expected[4] = {-1.0407922386658717, -0.18034234923719841, -1.1923845564331281,
                                       -0.36103150771182396};
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    deepid_dataset *data = generated(ctx, "teacher n=8 in=3 classes=3", 7);
    dpid_batch batch;
    dpid_difference d;
    OK(deepid_net_create(ctx, "input 3; dense out=2; tanh; dense out=3", DEEPID_F64, &net));
    for (int64_t i = 0; i < deepid_net_trained_count(net); i++)
        ((double *)deepid_net_trained_data(net))[i] = i % 2 ? 1 : -1;
    OK(dpid_batch_open(net, data, DPID_P64, DPID_TRAIN, 8, true, &batch));
    OK(dpid_batch_run(&batch));
    OK(dpid_difference_open(&batch, 2, 1, &d));
    (void)dpid_difference_check(&d, 0, 0, dpid_parameter_gradient_at(batch.net, 0));
    pinned("direction", DOUBLE, 4, d.direction, expected);
    dpid_difference_close(&d);
    dpid_batch_close(&batch);
    deepid_dataset_destroy(data);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* ---- identity -------------------------------------------------------------------------------------------------------
 */

static void draws_of_the_identity_layer(void **state)
{
    (void)state;
    static const double box[8] = {-0,
                                  -0.98498996790531446,
                                  0.78750859437059684,
                                  0.60074531814807686,
                                  0.0026404648986846357,
                                  -0.70656831659758201,
                                  0.29470023172107651,
                                  0};
    static const double real[8] = {-0,
                                   -1.7636961277437383e-09,
                                   -1.1467158417012091,
                                   -88200.981603794033,
                                   659.78899151144651,
                                   8.1580695898140169e-09,
                                   456410266.23938644,
                                   0};
    static const double flow_of[8] = {
        0,  0.4464343786239624,  -3.2848947048187256, -0.46025708317756653, -2.3653683662414551,
        -0, -4.1598191261291504, 0.83296370506286621};
    static const double price_of[2] = {2.7120720290738509, 8.850000651922576};
    deepid_ctx *ctx = new_ctx(1);
    double got[16];
    const dpid_domain unit = dpid_domain_box(-1, 1);
    const dpid_domain all = dpid_domain_real();
    dpid_domain_draw(&unit, 3, 8, got);
    pinned("numbers of a box", 0, 8, got, box);
    dpid_domain_draw(&all, 3, 8, got);
    pinned("numbers of all sizes", 0, 8, got, real);
    deepid_net *net = NULL;
    dpid_flow flow;
    dpid_arena arena = {.ctx = ctx};
    OK(deepid_net_create(ctx, "input 4; dense out=4; tanh; dense out=4", DEEPID_F64, &net));
    OK(deepid_net_init(net, "identity", 1));
    OK(dpid_flow_at(net, NULL, 0, &arena, &flow));
    pinned("numbers that could flow", FLOAT, 8, flow.x, flow_of);
    dpid_price price;
    deepid_table *parameters = NULL;
    const dpid_price_task task = {.samples = 4, .x = flow.x};
    OK(dpid_identity_price(net, &task, &price, &parameters));
    got[0] = price.escape_gradient; /* by a random direction of the output */
    got[1] = price.sharpness;       /* by iterations that stop once they are near: where they start is seen */
    pinned("price", 1e-6, 2, got, price_of);
    deepid_table_destroy(parameters);
    dpid_arena_release(&arena);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* ---- studies
   ---------------------------------------------------------------------------------------------------------- */

/* The runs of an arm have the seeds first_seed, first_seed + 1, ..; its tuning runs 1000001, 1000002, ..: at each of
   the five rates the same. */
static void seeds_of_a_study(void **state)
{
    (void)state;
    static const double expected[2] = {1000001, 1000002};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *train = generated(ctx, "spirals n=16", 7);
    deepid_study *study = NULL;
    deepid_table *table = NULL;
    OK(deepid_study_create(ctx, "input 2; dense out=2", "input 2; dense out=2; tanh; dense out=2", train, &study));
    OK(deepid_study_set_text(study, "arms", "S"));
    OK(deepid_study_set_text(study, "probes", "signal"));
    OK(deepid_study_set_number(study, "probe_seeds", 0));
    OK(deepid_study_set_number(study, "steps", 2));
    OK(deepid_study_set_number(study, "tuning_seeds", 2));
    OK(deepid_study_set_number(study, "first_seed", 41));
    OK(deepid_study_set_seeds(study, 3));
    OK(deepid_study_run(study, NULL, NULL));
    OK(deepid_study_tuning(study, &table));
    assert_int_equal(deepid_table_rows(table), 28); /* two arms, 7 rates each: both grids widen by a decade */
    for (int64_t i = 0; i < deepid_table_rows(table); i += 2)
        pinned("tuning seeds", 0, 2, deepid_table_column(table, deepid_table_find_column(table, "seed")) + i, expected);
    deepid_table_destroy(table);
    OK(deepid_study_results(study, &table));
    for (int64_t i = 0; i < deepid_table_rows(table); i++)
        assert_true(deepid_table_get(table, i, deepid_table_find_column(table, "seed")) == (double)(41 + i % 3));
    deepid_table_destroy(table);
    deepid_study_destroy(study);
    deepid_dataset_destroy(train);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_of_an_epoch),
        cmocka_unit_test(shifts_and_mirrors_of_pictures),
        cmocka_unit_test(masks_of_dropout),
        cmocka_unit_test(masks_of_stochastic_depth),
        cmocka_unit_test(stochastic_rounding),
        cmocka_unit_test(starts_of_a_net),
        cmocka_unit_test(generated_tasks),
        cmocka_unit_test(validation_of_a_task),
        cmocka_unit_test(parts_of_data),
        cmocka_unit_test(noise_of_labels),
        cmocka_unit_test(draws_of_statistics),
        cmocka_unit_test(draws_of_probes),
        cmocka_unit_test(directions_of_the_gradient_check),
        cmocka_unit_test(draws_of_the_identity_layer),
        cmocka_unit_test(seeds_of_a_study),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
