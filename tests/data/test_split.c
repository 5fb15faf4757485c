/* Parts, normalisation and noise of labels. Normalisation: mean 0 and variance 1 over what its word says, measured on
   the reference, also on top of another one. */
#include "support/support.h"

#include "data/data.h"

#include <math.h>

static void parts_are_disjoint_balanced_and_outlive_the_whole(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *whole = NULL;
    deepid_dataset *a = NULL;
    deepid_dataset *b = NULL;
    OK(deepid_dataset_generate(ctx, "gratings n=120 classes=3", 1, &whole));
    OK(deepid_dataset_split(whole, 90, 5, &a, &b));
    deepid_dataset_destroy(whole);
    int64_t seen[120] = {0};
    int64_t members[3] = {0};
    for (int i = 0; i < 120; i++)
        seen[i < 90 ? a->index[i] : b->index[i - 90]]++;
    for (int i = 0; i < 90; i++)
        members[deepid_dataset_labels(a)[i]]++;
    for (int i = 0; i < 120; i++)
        assert_int_equal(seen[i], 1);
    for (int c = 0; c < 3; c++)
        assert_int_equal(members[c], 30);
    OK(deepid_dataset_normalize(b, "feature", a));
    OK(deepid_dataset_normalize(a, "feature", a));
    double mean = 0;
    double squares = 0;
    for (int i = 0; i < 90; i++) {
        mean += dpid_dataset_feature(a, i, 7) / 90;
        squares += pow(dpid_dataset_feature(a, i, 7), 2) / 90;
    }
    assert_true(fabs(mean) < 1e-12 && fabs(squares - 1) < 1e-12);
    REFUSED(deepid_dataset_normalize(a, "pixel", a), DEEPID_ERR_SPEC, "unknown normalisation 'pixel'");
    const uint64_t before = deepid_dataset_hash(a);
    int32_t old[90];
    memcpy(old, deepid_dataset_labels(a), sizeof old);
    OK(deepid_dataset_add_label_noise(a, 0.2, 3));
    int64_t changed = 0;
    for (int i = 0; i < 90; i++)
        changed += old[i] != deepid_dataset_labels(a)[i];
    assert_int_equal(changed, 18);
    assert_true(before != deepid_dataset_hash(a));
    REFUSED(deepid_dataset_add_label_noise(a, 1.5, 3), DEEPID_ERR_ARGUMENT, "share is 1.5");
    deepid_dataset *none = NULL;
    REFUSED(deepid_dataset_split(a, 90, 1, &none, &none), DEEPID_ERR_ARGUMENT, "expected 1 to 89");
    deepid_dataset *one = NULL;
    OK(deepid_dataset_sample(a, 1, 1, &one));
    REFUSED(deepid_dataset_split(one, 1, 1, &none, &none), DEEPID_ERR_ARGUMENT, "the data have one sample, expected");
    deepid_dataset_destroy(one);
    deepid_dataset_destroy(b);
    deepid_dataset_destroy(a);
    deepid_ctx_destroy(ctx);
}

/* ---- normalisation ---------------------------------------------------------------------------------------------- */

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

/* Squares of 2^700 overflow and those of 2^-700 are zero; the normalised values have the same bits all the same. */
static void units_do_not_matter(void **state)
{
    (void)state;
    static const char *const words[] = {"feature", "channel", "global", "targets"};
    static const int exponents[] = {700, -700, 1000, -1000};
    const int64_t extents[4] = {N, HEIGHT, WIDTH, CHANNELS};
    deepid_ctx *ctx = new_ctx(1);
    double x[N * FEATURES];
    double y[N * FEATURES];
    deepid_dataset_destroy(pictures(ctx, x, 6));
    for (int w = 0; w < 4; w++) {
        deepid_dataset *plain = NULL;
        OK(deepid_dataset_wrap_targets(ctx, DEEPID_F64, x, 4, extents, NULL, DEEPID_F64, x, 1, &plain));
        OK(deepid_dataset_normalize(plain, words[w], plain));
        for (int e = 0; e < 4; e++) {
            deepid_dataset *far = NULL;
            for (int i = 0; i < N * FEATURES; i++)
                y[i] = ldexp(x[i], exponents[e]);
            OK(deepid_dataset_wrap_targets(ctx, DEEPID_F64, y, 4, extents, NULL, DEEPID_F64, y, 1, &far));
            OK(deepid_dataset_normalize(far, words[w], far));
            for (int i = 0; i < N; i++) {
                for (int k = 0; k < FEATURES && w < 3; k++)
                    assert_true(dpid_dataset_feature(far, i, k) == dpid_dataset_feature(plain, i, k));
                if (w == 3)
                    assert_true(dpid_dataset_target(far, i, 0) == dpid_dataset_target(plain, i, 0));
            }
            deepid_dataset_destroy(far);
        }
        deepid_dataset_destroy(plain);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- labels ------------------------------------------------------------------------------------------------------ */

static void label_noise_changes_the_share_it_says(void **state)
{
    (void)state;
    static const double shares[] = {0, 0.2, 0.5, 1};
    for (int k = 0; k < 4; k++) {
        deepid_ctx *ctx = new_ctx(1);
        deepid_dataset *clean = generated(ctx, "spirals n=256", 7);
        deepid_dataset *noisy = generated(ctx, "spirals n=256", 7);
        int64_t changed = 0;
        OK(deepid_dataset_add_label_noise(noisy, shares[k], 9));
        for (int64_t i = 0; i < 256; i++)
            changed += clean->labels[i] != noisy->labels[i];
        assert_int_equal(changed, llround(256 * shares[k])); /* two classes: 0.5 leaves labels that say nothing */
        deepid_dataset_destroy(noisy);
        deepid_dataset_destroy(clean);
        deepid_ctx_destroy(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_disjoint_balanced_and_outlive_the_whole),
        cmocka_unit_test(groups_have_mean_0_and_variance_1),
        cmocka_unit_test(the_reference_is_what_is_measured),
        cmocka_unit_test(units_do_not_matter),
        cmocka_unit_test(label_noise_changes_the_share_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
