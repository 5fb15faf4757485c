/* Normalisation: mean 0 and variance 1 over what its word says, measured on the reference, also on top of another
   one. */
#include "support/support.h"

#include "data/data.h"

#include <math.h>

enum { N = 9, HEIGHT = 2, WIDTH = 3, CHANNELS = 2, FEATURES = HEIGHT * WIDTH * CHANNELS };

static deepid_dataset *pictures(deepid_ctx *ctx, double *x, uint64_t seed)
{
    static const int32_t labels[N] = {0};
    const int64_t extents[4] = {N, HEIGHT, WIDTH, CHANNELS};
    deepid_dataset *data = NULL;
    random_array(seed, N * FEATURES, -1, 3, x);
    for (int i = 0; i < N * FEATURES; i++) /* channels and features of sizes of their own */
        x[i] = x[i] * (1 + i % CHANNELS) + 10 * (i % CHANNELS) + i % FEATURES;
    OK(deepid_dataset_wrap(ctx, DEEPID_F64, x, 4, extents, NULL, labels, 1, &data));
    return data;
}

static bool together(const char *how, int k, int other)
{
    return strcmp(how, "feature") == 0   ? k == other
           : strcmp(how, "channel") == 0 ? k % CHANNELS == other % CHANNELS
                                         : true;
}

/* Of feature k, over all that its group holds. */
static void moments(const deepid_dataset *data, const char *how, int k, double *mean, double *variance)
{
    double count = 0;
    *mean = *variance = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < N; i++)
            for (int other = 0; other < FEATURES; other++) {
                if (!together(how, k, other))
                    continue;
                const double value = dpid_dataset_feature(data, i, other);
                count += pass == 0;
                *(pass ? variance : mean) += pass ? (value - *mean / count) * (value - *mean / count) : value;
            }
    *mean /= count;
    *variance /= count;
}

/* First plainly, then behind a factor of 3, then behind another kind: what was measured on top of a normalisation
   comes out normalised. */
static void groups_have_mean_0_and_variance_1(void **state)
{
    (void)state;
    static const char *const words[] = {"feature", "channel", "global"};
    static const char *const before[] = {NULL, "scale by=3", "feature", "channel"};
    deepid_ctx *ctx = new_ctx(1);
    for (int w = 0; w < 3; w++) {
        for (int b = 0; b < 4; b++) {
            double x[N * FEATURES];
            deepid_dataset *data = pictures(ctx, x, 4);
            if (before[b])
                OK(deepid_dataset_normalize(data, before[b], data));
            OK(deepid_dataset_normalize(data, words[w], data));
            for (int k = 0; k < FEATURES; k++) {
                double mean;
                double variance;
                moments(data, words[w], k, &mean, &variance);
                if (!(fabs(mean) < 1e-12 && fabs(variance - 1) < 1e-12))
                    fail_msg("%s behind %s: the group of feature %d has mean %g and variance %g", words[w],
                             before[b] ? before[b] : "nothing", k, mean, variance);
            }
            deepid_dataset_destroy(data);
        }
    }
    deepid_ctx_destroy(ctx);
}

/* Validation data take the numbers of the training data, not their own. */
static void the_reference_is_what_is_measured(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    double x[N * FEATURES];
    double y[N * FEATURES];
    deepid_dataset *train = pictures(ctx, x, 4);
    deepid_dataset *valid = pictures(ctx, y, 5);
    OK(deepid_dataset_normalize(valid, "channel", train));
    for (int k = 0; k < FEATURES; k++) {
        double mean;
        double variance;
        moments(train, "channel", k, &mean, &variance);
        for (int i = 0; i < N; i++) {
            const double expected = (y[i * FEATURES + k] - mean) / sqrt(variance);
            if (!(fabs(dpid_dataset_feature(valid, i, k) - expected) < 1e-12))
                fail_msg("sample %d, feature %d is %.15g, expected %.15g", i, k, dpid_dataset_feature(valid, i, k),
                         expected);
        }
    }
    deepid_dataset_destroy(valid);
    deepid_dataset_destroy(train);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_have_mean_0_and_variance_1),
        cmocka_unit_test(the_reference_is_what_is_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
