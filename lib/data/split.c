/* Parts, normalisation, label noise. */
#include "data/data.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- split ----------------------------------------------------------------------------- */

static int64_t class_of(const deepid_dataset *data, int64_t row)
{
    return data->labels ? data->labels[row] : 0;
}

/* The first `first` of a class-balanced shuffle: each class gives its share, largest remainders first; both parts
   keep the shuffle's order. quota: a zero for each class. */
static void choose(const deepid_dataset *data, const int64_t *shuffled, int64_t first, int64_t *quota, bool *chosen)
{
    const int64_t classes = data->labels ? data->classes : 1;
    int64_t taken = 0;
    for (int64_t i = 0; i < data->count; i++)
        quota[class_of(data, i)]++;
    for (int64_t c = 0; c < classes; c++)
        quota[c] = (int64_t)((double)first * (double)quota[c] / (double)data->count);
    for (int64_t i = 0; i < data->count; i++) {
        chosen[shuffled[i]] = quota[class_of(data, shuffled[i])]-- > 0;
        taken += chosen[shuffled[i]];
    }
    for (int64_t i = 0; i < data->count && taken < first; i++) { /* what rounding left */
        taken += !chosen[shuffled[i]];
        chosen[shuffled[i]] = true;
    }
}

static int32_t make_parts(const deepid_dataset *data, int64_t first, uint64_t seed, int64_t *rows, int64_t *shuffled,
                          int64_t *quota, bool *chosen, deepid_dataset **a, deepid_dataset **b)
{
    dpid_random r = dpid_random_make(seed, DPID_STREAM_DATA, 1);
    dpid_random_permutation(&r, data->count, shuffled);
    choose(data, shuffled, first, quota, chosen);
    int64_t in_a = 0;
    int64_t in_b = first;
    for (int64_t i = 0; i < data->count; i++)
        rows[chosen[shuffled[i]] ? in_a++ : in_b++] = shuffled[i];
    DPID_TRY(dpid_dataset_part(data, rows, first, a));
    if (!b)
        return DEEPID_OK;
    const int32_t status = dpid_dataset_part(data, rows + first, data->count - first, b);
    if (status != DEEPID_OK) {
        deepid_dataset_destroy(*a);
        *a = NULL;
    }
    return status;
}

static int32_t split(const deepid_dataset *data, int64_t first, uint64_t seed, deepid_dataset **a, deepid_dataset **b)
{
    deepid_ctx *ctx = data->head.ctx;
    dpid_arena arena = {.ctx = ctx};
    int64_t *rows = NULL;
    int64_t *shuffled = NULL;
    int64_t *quota = NULL;
    bool *chosen = NULL;
    int32_t status = dpid_arena_alloc(&arena, data->count, sizeof *rows, "split", &rows);
    if (status == DEEPID_OK)
        status = dpid_arena_alloc(&arena, data->count, sizeof *shuffled, "split", &shuffled);
    if (status == DEEPID_OK)
        status = dpid_arena_alloc(&arena, data->labels ? data->classes : 1, sizeof *quota, "split", &quota);
    if (status == DEEPID_OK)
        status = dpid_arena_alloc(&arena, data->count, sizeof *chosen, "split", &chosen);
    if (status == DEEPID_OK)
        status = make_parts(data, first, seed, rows, shuffled, quota, chosen, a, b);
    dpid_arena_release(&arena);
    return status;
}

static int32_t checked_split(const deepid_dataset *data, int64_t first, uint64_t seed, deepid_dataset **a,
                             deepid_dataset **b)
{
    if (!a || !b)
        return dpid_fail(data->head.ctx, DEEPID_ERR_ARGUMENT, "split: a and b must not be NULL");
    if (data->count < 2)
        return dpid_fail(data->head.ctx, DEEPID_ERR_ARGUMENT,
                         "split: the data have one sample, expected at least two to make two parts");
    if (first < 1 || first >= data->count)
        return dpid_fail(data->head.ctx, DEEPID_ERR_ARGUMENT, "split: first is %lld, expected 1 to %lld",
                         (long long)first, (long long)data->count - 1);
    return split(data, first, seed, a, b);
}

int32_t deepid_dataset_split(const deepid_dataset *data, int64_t first, uint64_t seed, deepid_dataset **a,
                             deepid_dataset **b)
{
    DPID_TRY(dpid_enter(data, DPID_MAGIC_DATASET));
    return dpid_leave(data->head.ctx, checked_split(data, first, seed, a, b));
}

static int32_t sample(const deepid_dataset *data, int64_t count, uint64_t seed, deepid_dataset **out)
{
    if (!out)
        return dpid_fail(data->head.ctx, DEEPID_ERR_ARGUMENT, "sample: out is NULL");
    if (count < 1)
        return dpid_fail(data->head.ctx, DEEPID_ERR_ARGUMENT, "sample: count is %lld, expected 1 or more",
                         (long long)count);
    return split(data, count < data->count ? count : data->count, seed, out, NULL);
}

int32_t deepid_dataset_sample(const deepid_dataset *data, int64_t count, uint64_t seed, deepid_dataset **out)
{
    DPID_TRY(dpid_enter(data, DPID_MAGIC_DATASET));
    return dpid_leave(data->head.ctx, sample(data, count, seed, out));
}

/* ---- normalisation: value = (x - shift) scale, measured on reference, two passes in double ----------- */

enum { PER_FEATURE, PER_CHANNEL, GLOBAL, NOTHING, BY_FACTOR, TARGETS };

static int64_t group_of(const dpid_shape *sample, int how, int64_t k)
{
    return how == PER_FEATURE ? k : how == PER_CHANNEL ? k % sample->extent[sample->rank - 1] : 0;
}

typedef double (*value_of)(const deepid_dataset *data, int64_t i, int64_t k);

/* The standard deviation of the values k = first, first + step, ... below count. In units of a power of 2 near
   the largest distance from the mean, since squares of 1e200 overflow and those of 1e-200 are zero. */
static double deviation_in_units(const deepid_dataset *data, value_of at, int64_t first, int64_t step, int64_t count,
                                 double mean, double values)
{
    double largest = 0;
    double variance = 0;
    int exponent;
    for (int64_t i = 0; i < data->count; i++)
        for (int64_t k = first; k < count; k += step)
            largest = fmax(largest, fabs(at(data, i, k) - mean));
    frexp(largest, &exponent);
    for (int64_t i = 0; i < data->count && largest > 0; i++) {
        for (int64_t k = first; k < count; k += step) {
            const double d = ldexp(at(data, i, k) - mean, -exponent);
            variance += d * d / values;
        }
    }
    return ldexp(sqrt(variance), exponent);
}

/* To variance 1. What is constant, up to the rounding of its mean, becomes 0: one value is taken off. */
static void settle(double *shift, double *scale, double deviation, double values, double first)
{
    const bool varies = deviation > values * DBL_EPSILON * fabs(*shift);
    *shift = varies ? *shift : first;
    *scale = varies ? fmin(1 / deviation, DBL_MAX) : 1;
}

static bool is_ordinary(double variance)
{
    const double least = 1e-200; /* below it squares are lost that count */
    return variance > least && isfinite(variance);
}

static void measure(const deepid_dataset *reference, int how, double *shift, double *scale)
{
    const int64_t features = dpid_shape_count(&reference->sample);
    const int64_t groups = how == PER_FEATURE   ? features
                           : how == PER_CHANNEL ? reference->sample.extent[reference->sample.rank - 1]
                                                : 1;
    const double values = (double)reference->count * (double)(features / groups);
    for (int64_t i = 0; i < reference->count; i++)
        for (int64_t k = 0; k < features; k++)
            shift[group_of(&reference->sample, how, k)] += dpid_dataset_feature(reference, i, k) / values;
    for (int64_t i = 0; i < reference->count; i++) {
        for (int64_t k = 0; k < features; k++) {
            const int64_t g = group_of(&reference->sample, how, k);
            const double d = dpid_dataset_feature(reference, i, k) - shift[g];
            scale[g] += d * d / values;
        }
    }
    for (int64_t g = 0; g < groups; g++) {
        const double deviation = is_ordinary(scale[g]) ? sqrt(scale[g])
                                                       : deviation_in_units(reference, dpid_dataset_feature, g, groups,
                                                                            features, shift[g], values);
        settle(&shift[g], &scale[g], deviation, values, dpid_dataset_feature(reference, 0, g));
    }
    for (int64_t k = features - 1; k >= 0 && how != PER_FEATURE; k--) {
        shift[k] = shift[group_of(&reference->sample, how, k)];
        scale[k] = scale[group_of(&reference->sample, how, k)];
    }
}

static void measure_targets(const deepid_dataset *reference, double *shift, double *scale)
{
    const double values = (double)reference->count;
    const int64_t width = reference->target_width;
    for (int64_t k = 0; k < width; k++) {
        for (int64_t i = 0; i < reference->count; i++)
            shift[k] += dpid_dataset_target(reference, i, k) / values;
        const double deviation = deviation_in_units(reference, dpid_dataset_target, k, width, width, shift[k], values);
        settle(&shift[k], &scale[k], deviation, values, dpid_dataset_target(reference, 0, k));
    }
}

/* On top of an old one: ((x - s0) c0 - s) c = (x - (s0 + s / c0)) c0 c. */
static void compose(int64_t count, double *shift, double *scale, const double *old_shift, const double *old_scale)
{
    for (int64_t k = 0; old_shift && k < count; k++) {
        shift[k] = old_shift[k] + shift[k] / old_scale[k];
        scale[k] *= old_scale[k];
    }
}

static void install(deepid_ctx *ctx, double *shift, double *scale, double **old_shift, double **old_scale)
{
    dpid_free(ctx, *old_shift);
    dpid_free(ctx, *old_scale);
    *old_shift = shift;
    *old_scale = scale;
}

/* "; targets normalised, losses are of z: price = 152 + 77.1 z" */
static int32_t tell_units(const deepid_dataset *data, const double *shift, const double *scale, char **about)
{
    enum { LISTED = 4, DIGITS = 4 };
    const dpid_legend *legend = dpid_dataset_legend(data);
    dpid_string s = {.ctx = data->head.ctx};
    dpid_string_format(&s, "%s%stargets normalised, losses are of z: ", legend ? legend->about : "",
                       legend && *legend->about ? "; " : "");
    for (int64_t k = 0; k < data->target_width && k < LISTED; k++) {
        const bool named = legend && k < legend->answers && *legend->answer_name[k];
        const dpid_number_text number = dpid_number((double)k + 1);
        dpid_string_format(&s, "%s%s%s = %s + %s z", k ? ", " : "", named ? "" : "target ",
                           named ? legend->answer_name[k] : number.text, dpid_number_rounded(shift[k], DIGITS).text,
                           dpid_number_rounded(1 / scale[k], DIGITS).text);
    }
    dpid_string_add(&s, data->target_width > LISTED ? ", ..." : "");
    const int32_t status = s.status;
    if (status == DEEPID_OK)
        *about = s.text;
    else
        dpid_string_release(&s);
    return status;
}

/* The words tell of what the targets had, too. */
static int32_t install_targets(deepid_dataset *data, double *shift, double *scale)
{
    deepid_ctx *ctx = data->head.ctx;
    char *about = NULL;
    compose(data->target_width, shift, scale, data->target_shift, data->target_scale);
    const int32_t status = tell_units(data, shift, scale, &about);
    if (status != DEEPID_OK) {
        dpid_free(ctx, shift);
        dpid_free(ctx, scale);
        return status;
    }
    dpid_free(ctx, data->about);
    data->about = about;
    install(ctx, shift, scale, &data->target_shift, &data->target_scale);
    return DEEPID_OK;
}

static int32_t normalize_by(deepid_dataset *data, int how, double factor, const deepid_dataset *reference)
{
    deepid_ctx *ctx = data->head.ctx;
    const int64_t count = how == TARGETS ? data->target_width : dpid_shape_count(&data->sample);
    double *shift = NULL;
    double *scale = NULL;
    DPID_TRY(dpid_alloc(ctx, count, sizeof *shift, "normalisation", &shift));
    const int32_t status = dpid_alloc(ctx, count, sizeof *scale, "normalisation", &scale);
    if (status != DEEPID_OK) {
        dpid_free(ctx, shift);
        return status;
    }
    for (int64_t k = 0; how == BY_FACTOR && k < count; k++)
        scale[k] = factor;
    if (how == TARGETS)
        measure_targets(reference, shift, scale);
    else if (how != BY_FACTOR)
        measure(reference, how, shift, scale);
    if (how == TARGETS)
        return install_targets(data, shift, scale);
    compose(count, shift, scale, data->shift, data->scale);
    install(ctx, shift, scale, &data->shift, &data->scale);
    return DEEPID_OK;
}

static const dpid_option scale_options[] = {{"by", DPID_REAL, 1, -1e30, 1e30, NULL, true, "factor of every value"},
                                            {0}};

typedef struct {
    const char *word, *help;
    const dpid_option *options;
    int how;
} normalisation;
static const normalisation feature = {"feature", "each feature: mean 0, variance 1", NULL, PER_FEATURE};
static const normalisation channel = {"channel", "each channel: mean 0, variance 1", NULL, PER_CHANNEL};
static const normalisation global = {"global", "all values: mean 0, variance 1", NULL, GLOBAL};
static const normalisation none = {"none", "values as they are", NULL, NOTHING};
static const normalisation by_factor = {"scale", "every value times by", scale_options, BY_FACTOR};
static const normalisation targets = {"targets", "each target: mean 0, variance 1", NULL, TARGETS};
static const void *const rows[] = {&feature, &channel, &global, &none, &by_factor, &targets};
static const dpid_set normalisations = DPID_SET("normalisation", rows);

static int32_t normalize(deepid_dataset *data, const char *text, const deepid_dataset *reference)
{
    deepid_ctx *ctx = data->head.ctx;
    const normalisation *found;
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    DPID_TRY(dpid_set_read(ctx, &normalisations, dpid_span_of(text), &found, values));
    if (found->how == NOTHING)
        return DEEPID_OK;
    if (found->how != BY_FACTOR &&
        (!dpid_is(reference, DPID_MAGIC_DATASET) || !dpid_shape_equal(&reference->sample, &data->sample)))
        return dpid_fail(ctx, reference ? DEEPID_ERR_SHAPE : DEEPID_ERR_ARGUMENT,
                         "normalize: reference is not a dataset with samples of %s",
                         dpid_shape_text(data->sample.rank, data->sample.extent).text);
    if (found->how == TARGETS && (data->target_width == 0 || reference->target_width != data->target_width))
        return dpid_fail(ctx, DEEPID_ERR_UNSUPPORTED, "normalize: the data has %lld targets, the reference %lld%s",
                         (long long)data->target_width, (long long)reference->target_width,
                         data->target_width == 0 ? ": labels are not normalised" : "");
    return normalize_by(data, found->how, values[0].r, reference);
}

int32_t deepid_dataset_normalize(deepid_dataset *data, const char *how, const deepid_dataset *reference)
{
    DPID_TRY(dpid_enter(data, DPID_MAGIC_DATASET));
    return dpid_leave(data->head.ctx, normalize(data, how, reference));
}

/* ---- label noise --------------------------------------------------------------------------------- */

static int32_t add_noise(deepid_dataset *data, double share, uint64_t seed)
{
    deepid_ctx *ctx = data->head.ctx;
    int64_t *order = NULL;
    if (!data->labels || data->classes < 2)
        return dpid_fail(ctx, DEEPID_ERR_UNSUPPORTED, "label noise: the dataset has %s",
                         data->labels ? "one class" : "no labels");
    if (!(share >= 0 && share <= 1))
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "label noise: share is %s, expected 0 to 1",
                         dpid_number(share).text);
    DPID_TRY(dpid_alloc(ctx, data->count, sizeof *order, "label noise", &order));
    dpid_random r = dpid_random_make(seed, DPID_STREAM_DATA, 2);
    dpid_random_permutation(&r, data->count, order);
    const int64_t changed = (int64_t)llround(share * (double)data->count);
    for (int64_t i = 0; i < changed; i++) {
        const int64_t step = 1 + dpid_random_below(&r, data->classes - 1);
        data->labels[order[i]] = (int32_t)((data->labels[order[i]] + step) % data->classes);
    }
    dpid_free(ctx, order);
    return DEEPID_OK;
}

int32_t deepid_dataset_add_label_noise(deepid_dataset *data, double share, uint64_t seed)
{
    DPID_TRY(dpid_enter(data, DPID_MAGIC_DATASET));
    return dpid_leave(data->head.ctx, add_noise(data, share, seed));
}
