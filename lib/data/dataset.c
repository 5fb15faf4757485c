/* Datasets: wrapped memory or owned memory, seen through an index and a normalisation. Parts of a dataset share its
   memory and keep it alive. */
#include "data/data.h"

#include <math.h>
#include <string.h>

/* ---- make, destroy ------------------------------------------------------------------ */

int32_t dpid_dataset_new(deepid_ctx *ctx, int64_t count, const dpid_shape *sample, deepid_dataset **out)
{
    deepid_dataset *data = NULL;
    DPID_TRY(dpid_alloc(ctx, 1, sizeof *data, "dataset", &data));
    data->head = (dpid_head){DPID_MAGIC_DATASET, ctx};
    data->count = count;
    data->sample = *sample;
    data->references = 1;
    int64_t step = 1;
    for (int32_t i = sample->rank - 1; i >= 0; i--) {
        data->stride[i + 1] = step;
        step *= sample->extent[i];
    }
    data->stride[0] = step;
    *out = data;
    return DEEPID_OK;
}

int32_t dpid_dataset_owned(deepid_ctx *ctx, int32_t dtype, int64_t count, const dpid_shape *sample, int64_t classes,
                           int64_t target_width, deepid_dataset **out)
{
    deepid_dataset *data = NULL;
    int64_t elements = 0;
    DPID_TRY(dpid_dataset_new(ctx, count, sample, &data));
    data->dtype = dtype;
    data->classes = classes;
    data->target_width = target_width;
    data->target_dtype = DEEPID_F32;
    int32_t status =
        dpid_mul(count, dpid_shape_count(sample), &elements)
            ? DEEPID_OK
            : dpid_fail(ctx, DEEPID_ERR_LIMIT, "dataset: %lld samples are more than can be counted", (long long)count);
    if (status == DEEPID_OK)
        status = dpid_alloc(ctx, elements, dpid_dtype_bytes(dtype), "dataset", &data->owned_x);
    if (status == DEEPID_OK && classes > 0)
        status = dpid_alloc(ctx, count, sizeof *data->labels, "labels", &data->labels);
    if (status == DEEPID_OK && target_width > 0)
        status = dpid_alloc(ctx, count * target_width, sizeof(float), "targets", &data->owned_targets);
    if (status != DEEPID_OK) {
        deepid_dataset_destroy(data);
        return status;
    }
    data->x = data->owned_x;
    data->targets = data->owned_targets;
    *out = data;
    return DEEPID_OK;
}

void deepid_dataset_destroy(deepid_dataset *data)
{
    if (!dpid_is(data, DPID_MAGIC_DATASET) || --data->references > 0)
        return;
    deepid_ctx *ctx = data->head.ctx;
    deepid_dataset_destroy(data->owner);
    dpid_free(ctx, data->owned_x);
    dpid_free(ctx, data->owned_targets);
    dpid_free(ctx, data->labels);
    dpid_free(ctx, data->index);
    dpid_free(ctx, data->shift);
    dpid_free(ctx, data->scale);
    dpid_free(ctx, data->target_shift);
    dpid_free(ctx, data->target_scale);
    dpid_free(ctx, data->about);
    dpid_free(ctx, data->warnings);
    dpid_legend_destroy(data->legend);
    data->head.magic = 0;
    dpid_free(ctx, data);
}

/* ---- wrap ---------------------------------------------------------------------------- */

static int32_t check_wrap(deepid_ctx *ctx, int32_t dtype, const void *data, int32_t rank, const int64_t *extents)
{
    if (!data || !extents)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "dataset: %s is NULL", data ? "extents" : "data");
    if (dpid_dtype_bytes(dtype) == 0)
        return dpid_fail(ctx, DEEPID_ERR_DTYPE, "dataset: dtype is %d, expected DEEPID_F32 (1) to DEEPID_I64 (8)",
                         dtype);
    if (rank < 2 || rank > 4)
        return dpid_fail(
            ctx, DEEPID_ERR_SHAPE,
            "dataset: rank is %d, expected 2 [samples, features], 3 [samples, h, w] or 4 [samples, h, w, channels]",
            rank);
    for (int32_t i = 0; i < rank; i++)
        if (extents[i] < 1 || extents[i] > INT32_MAX)
            return dpid_fail(ctx, DEEPID_ERR_SHAPE, "dataset: extent %d is %lld, expected 1 to %d", i,
                             (long long)extents[i], INT32_MAX);
    return DEEPID_OK;
}

static dpid_shape sample_of(int32_t rank, const int64_t *extents)
{
    if (rank == 2)
        return (dpid_shape){1, {extents[1]}};
    return (dpid_shape){3, {extents[1], extents[2], rank == 4 ? extents[3] : 1}};
}

static int32_t wrap(deepid_ctx *ctx, int32_t dtype, const void *x, int32_t rank, const int64_t *extents,
                    const int64_t *strides, deepid_dataset **out)
{
    DPID_TRY(check_wrap(ctx, dtype, x, rank, extents));
    const dpid_shape sample = sample_of(rank, extents);
    DPID_TRY(dpid_dataset_new(ctx, extents[0], &sample, out));
    (*out)->dtype = dtype;
    (*out)->x = x;
    for (int32_t i = 0; strides && i < rank; i++)
        (*out)->stride[i] = strides[i];
    return DEEPID_OK;
}

static int32_t wrap_labels(deepid_ctx *ctx, int32_t dtype, const void *x, int32_t rank, const int64_t *extents,
                           const int64_t *strides, const int32_t *labels, int64_t classes, deepid_dataset **out)
{
    deepid_dataset *data = NULL;
    if (!labels || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "dataset: %s is NULL", labels ? "out" : "labels");
    if (classes < 1 || classes > INT32_MAX)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "dataset: classes is %lld, expected 1 to %d", (long long)classes,
                         INT32_MAX);
    DPID_TRY(check_wrap(ctx, dtype, x, rank, extents));
    DPID_TRY(dpid_labels_check(ctx, "dataset", labels, extents[0], classes));
    DPID_TRY(wrap(ctx, dtype, x, rank, extents, strides, &data));
    data->classes = classes;
    const int32_t status = dpid_alloc(ctx, data->count, sizeof *labels, "labels", &data->labels);
    if (status != DEEPID_OK) {
        deepid_dataset_destroy(data);
        return status;
    }
    memcpy(data->labels, labels, sizeof *labels * (size_t)data->count);
    *out = data;
    return DEEPID_OK;
}

int32_t deepid_dataset_wrap(deepid_ctx *ctx, int32_t dtype, const void *data, int32_t rank, const int64_t *extents,
                            const int64_t *strides, const int32_t *labels, int64_t classes, deepid_dataset **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, wrap_labels(ctx, dtype, data, rank, extents, strides, labels, classes, out));
}

static int32_t wrap_targets(deepid_ctx *ctx, int32_t dtype, const void *x, int32_t rank, const int64_t *extents,
                            const int64_t *strides, int32_t target_dtype, const void *targets, int64_t width,
                            deepid_dataset **out)
{
    if (!targets || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "dataset: %s is NULL", targets ? "out" : "targets");
    if (dpid_dtype_bytes(target_dtype) == 0)
        return dpid_fail(ctx, DEEPID_ERR_DTYPE,
                         "dataset: target_dtype is %d, expected DEEPID_F32 (1) to DEEPID_I64 (8)", target_dtype);
    if (width < 1 || width > INT32_MAX)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "dataset: width is %lld, expected 1 to %d", (long long)width,
                         INT32_MAX);
    DPID_TRY(wrap(ctx, dtype, x, rank, extents, strides, out));
    (*out)->target_dtype = target_dtype;
    (*out)->targets = targets;
    (*out)->target_width = width;
    return DEEPID_OK;
}

int32_t deepid_dataset_wrap_targets(deepid_ctx *ctx, int32_t dtype, const void *data, int32_t rank,
                                    const int64_t *extents, const int64_t *strides, int32_t target_dtype,
                                    const void *targets, int64_t width, deepid_dataset **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, wrap_targets(ctx, dtype, data, rank, extents, strides, target_dtype, targets, width, out));
}

/* ---- parts: samples rows[0..count-1] of data ------------------------------------------- */

/* Numbers of the other dataset, where it has them. */
static int32_t copy_reals(deepid_ctx *ctx, const double *from, int64_t count, double **to)
{
    if (!from)
        return DEEPID_OK;
    DPID_TRY(dpid_alloc(ctx, count, sizeof **to, "dataset", to));
    memcpy(*to, from, sizeof **to * (size_t)count);
    return DEEPID_OK;
}

static int32_t copy_normalisation(const deepid_dataset *data, deepid_dataset *to)
{
    deepid_ctx *ctx = to->head.ctx;
    const int64_t features = dpid_shape_count(&data->sample);
    DPID_TRY(copy_reals(ctx, data->shift, features, &to->shift));
    DPID_TRY(copy_reals(ctx, data->scale, features, &to->scale));
    if (data->about)
        DPID_TRY(dpid_copy_text(ctx, data->about, &to->about));
    DPID_TRY(copy_reals(ctx, data->target_shift, data->target_width, &to->target_shift));
    return copy_reals(ctx, data->target_scale, data->target_width, &to->target_scale);
}

static int32_t fill_part(const deepid_dataset *data, const int64_t *rows, deepid_dataset *part)
{
    deepid_ctx *ctx = part->head.ctx;
    DPID_TRY(dpid_alloc(ctx, part->count, sizeof *part->index, "dataset", &part->index));
    for (int64_t i = 0; i < part->count; i++)
        part->index[i] = data->index ? data->index[rows[i]] : rows[i];
    if (data->labels) {
        DPID_TRY(dpid_alloc(ctx, part->count, sizeof *part->labels, "labels", &part->labels));
        for (int64_t i = 0; i < part->count; i++)
            part->labels[i] = data->labels[rows[i]];
    }
    return copy_normalisation(data, part);
}

int32_t dpid_dataset_part(const deepid_dataset *data, const int64_t *rows, int64_t count, deepid_dataset **out)
{
    deepid_dataset *part = NULL;
    DPID_TRY(dpid_dataset_new(data->head.ctx, count, &data->sample, &part));
    part->classes = data->classes;
    part->target_width = data->target_width;
    part->dtype = data->dtype;
    part->x = data->x;
    memcpy(part->stride, data->stride, sizeof part->stride);
    part->target_dtype = data->target_dtype;
    part->targets = data->targets;
    const int32_t status = fill_part(data, rows, part);
    if (status != DEEPID_OK) {
        deepid_dataset_destroy(part);
        return status;
    }
    part->owner = data->owner ? data->owner : (deepid_dataset *)data;
    part->owner->references++;
    *out = part;
    return DEEPID_OK;
}

/* ---- reads ----------------------------------------------------------------------------------- */

int64_t deepid_dataset_count(const deepid_dataset *data)
{
    return dpid_is(data, DPID_MAGIC_DATASET) ? data->count : -1;
}

int32_t deepid_dataset_rank(const deepid_dataset *data)
{
    return dpid_is(data, DPID_MAGIC_DATASET) ? data->sample.rank : -1;
}

/* The numbers stay where they lie. */
static int32_t set_series(deepid_dataset *data)
{
    dpid_shape *s = &data->sample;
    if (s->rank == 3 && s->extent[2] != 1)
        return dpid_fail(data->head.ctx, DEEPID_ERR_SHAPE,
                         "dataset: a sample is %s, expected features, or height x width x 1 to be length x channels",
                         dpid_shape_text(s->rank, s->extent).text);
    if (s->rank == 1) {
        s->extent[1] = 1;
        data->stride[2] = 1;
    }
    s->rank = 2;
    return DEEPID_OK;
}

int32_t deepid_dataset_set_series(deepid_dataset *data)
{
    DPID_TRY(dpid_enter(data, DPID_MAGIC_DATASET));
    return dpid_leave(data->head.ctx, set_series(data));
}

int64_t deepid_dataset_extent(const deepid_dataset *data, int32_t axis)
{
    return axis >= 0 && axis < deepid_dataset_rank(data) ? data->sample.extent[axis] : -1;
}

int64_t deepid_dataset_classes(const deepid_dataset *data)
{
    return dpid_is(data, DPID_MAGIC_DATASET) ? data->classes : -1;
}

int64_t deepid_dataset_target_width(const deepid_dataset *data)
{
    return dpid_is(data, DPID_MAGIC_DATASET) ? data->target_width : -1;
}

const int32_t *deepid_dataset_labels(const deepid_dataset *data)
{
    return dpid_is(data, DPID_MAGIC_DATASET) ? data->labels : NULL;
}

/* ---- names ----------------------------------------------------------------------------------- */

const dpid_legend *dpid_dataset_legend(const deepid_dataset *data)
{
    return !data ? NULL : data->owner ? data->owner->legend : data->legend;
}

const char *deepid_dataset_about(const deepid_dataset *data)
{
    if (!dpid_is(data, DPID_MAGIC_DATASET))
        return NULL;
    const dpid_legend *legend = dpid_dataset_legend(data);
    return data->about ? data->about : legend ? legend->about : "";
}

const char *deepid_dataset_class_name(const deepid_dataset *data, int64_t k)
{
    const dpid_legend *legend = dpid_is(data, DPID_MAGIC_DATASET) ? dpid_dataset_legend(data) : NULL;
    return legend && legend->mapped && k >= 0 && k < legend->classes ? legend->class_name[k] : NULL;
}

/* ---- samples --------------------------------------------------------------------------------- */

static int32_t copy(const deepid_dataset *data, int64_t first, int64_t count, deepid_tensor *x)
{
    deepid_ctx *ctx = data->head.ctx;
    int64_t extents[DPID_RANK_MAX] = {count};
    if (first < 0 || count < 1 || first > data->count - count)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "dataset: %lld samples from %lld on are asked for, there are %lld",
                         (long long)count, (long long)first, (long long)data->count);
    memcpy(extents + 1, data->sample.extent, sizeof *extents * (size_t)data->sample.rank);
    DPID_TRY(dpid_tensor_check(ctx, "dataset", "x", x, 0, data->sample.rank + 1, extents));
    int64_t *order = NULL;
    DPID_TRY(dpid_alloc(ctx, count, sizeof *order, "dataset", &order));
    for (int64_t i = 0; i < count; i++)
        order[i] = first + i;
    dpid_dataset_gather(
        NULL, data,
        &(dpid_gathered){.order = order, .n = count, .precision = dpid_dtype_precision(x->dtype), .x = x->data});
    dpid_free(ctx, order);
    return DEEPID_OK;
}

int32_t deepid_dataset_copy(const deepid_dataset *data, int64_t first, int64_t count, deepid_tensor *x)
{
    DPID_TRY(dpid_enter(data, DPID_MAGIC_DATASET));
    return dpid_leave(data->head.ctx, copy(data, first, count, x));
}

/* ---- contents in numbers ------------------------------------------------------------------------ */

uint64_t deepid_dataset_hash(const deepid_dataset *data)
{
    if (!dpid_is(data, DPID_MAGIC_DATASET))
        return 0;
    const int64_t features = dpid_shape_count(&data->sample);
    uint64_t hash = dpid_hash64(data->sample.extent, (int64_t)sizeof *data->sample.extent * data->sample.rank, 0);
    hash = dpid_hash64(&data->classes, sizeof data->classes, hash);
    for (int64_t i = 0; i < data->count; i++) {
        for (int64_t k = 0; k < features; k++) {
            const double value = dpid_dataset_feature(data, i, k);
            hash = dpid_hash64(&value, sizeof value, hash);
        }
        for (int64_t k = 0; k < data->target_width; k++) {
            const double value = dpid_dataset_target(data, i, k);
            hash = dpid_hash64(&value, sizeof value, hash);
        }
    }
    return data->labels ? dpid_hash64(data->labels, data->count * (int64_t)sizeof *data->labels, hash) : hash;
}

/* Members of the classes first .. first + SPAN - 1; *next: the smallest label behind them, or -1. */
enum { SPAN = 256 };
static void count_span(const deepid_dataset *data, int64_t first, int64_t *members, int64_t *next)
{
    *next = -1;
    for (int64_t i = 0; i < data->count; i++) {
        const int64_t label = data->labels[i];
        if (label >= first && label < first + SPAN)
            members[label - first]++;
        else if (label >= first && (*next < 0 || label < *next))
            *next = label;
    }
}

/* What these classes add to the entropy; total: of the weights of all samples. */
static double entropy_of_span(const deepid_dataset *data, const double *weights, double total, int64_t first,
                              int64_t *next)
{
    int64_t members[SPAN] = {0};
    double entropy = 0;
    count_span(data, first, members, next);
    for (int64_t c = 0; c < SPAN; c++) {
        const double p = members[c] > 0 ? (double)members[c] * (weights ? weights[first + c] : 1) / total : 0;
        entropy -= p > 0 ? p * log(p) : 0;
    }
    return entropy;
}

/* A pass over the labels for every SPAN classes, so that no memory is needed that could be missing. */
double dpid_dataset_label_entropy(const deepid_dataset *data, const double *weights)
{
    double entropy = 0;
    double total = weights ? 0 : (double)data->count;
    for (int64_t i = 0; weights && i < data->count; i++)
        total += weights[data->labels[i]];
    for (int64_t first = 0; first >= 0;)
        entropy += entropy_of_span(data, weights, total, first, &first);
    return entropy;
}

double dpid_dataset_largest_class(const deepid_dataset *data)
{
    int64_t largest = 0;
    for (int64_t first = 0; data && data->labels && first >= 0;) {
        int64_t members[SPAN] = {0};
        count_span(data, first, members, &first);
        for (int64_t c = 0; c < SPAN; c++)
            largest = members[c] > largest ? members[c] : largest;
    }
    return largest > 0 ? (double)largest / (double)data->count : (double)NAN;
}

static double target_variance(const deepid_dataset *data)
{
    double variance = 0;
    for (int64_t k = 0; k < data->target_width; k++) {
        double mean = 0;
        for (int64_t i = 0; i < data->count; i++)
            mean += dpid_dataset_target(data, i, k) / (double)data->count;
        for (int64_t i = 0; i < data->count; i++) {
            const double d = dpid_dataset_target(data, i, k) - mean;
            variance += d * d / ((double)data->count * (double)data->target_width);
        }
    }
    return variance;
}

double deepid_dataset_constant_loss(const deepid_dataset *data)
{
    if (!dpid_is(data, DPID_MAGIC_DATASET))
        return (double)NAN;
    return data->labels ? dpid_dataset_label_entropy(data, NULL) : target_variance(data);
}

/* ---- what is not finite ------------------------------------------------------------------------------ */

static bool finite_in(dpid_precision precision, double value)
{
    return isfinite(precision == DPID_P32 ? (double)(float)value : value);
}

static int32_t fail_at(deepid_ctx *ctx, const deepid_dataset *data, const char *what, const char *kind, int64_t k,
                       int64_t i, double value)
{
    return dpid_fail(ctx, DEEPID_ERR_NUMERIC,
                     "%s: %s %lld of row %lld is %s%s, expected a finite number (both are counted from 0)", what, kind,
                     (long long)k, (long long)(data->index ? data->index[i] : i), dpid_number(value).text,
                     data->shift ? " after normalisation" : "");
}

int32_t dpid_dataset_check_finite(deepid_ctx *ctx, const deepid_dataset *data, const char *what,
                                  dpid_precision precision)
{
    const bool whole = data->dtype != DEEPID_F32 && data->dtype != DEEPID_F64 && !data->shift;
    const int64_t features = whole ? 0 : dpid_shape_count(&data->sample);
    for (int64_t i = 0; i < data->count; i++) {
        for (int64_t k = 0; k < features; k++)
            if (!finite_in(precision, dpid_dataset_feature(data, i, k)))
                return fail_at(ctx, data, what, "feature", k, i, dpid_dataset_feature(data, i, k));
        for (int64_t k = 0; k < data->target_width; k++)
            if (!finite_in(precision, dpid_dataset_target(data, i, k)))
                return fail_at(ctx, data, what, "target", k, i, dpid_dataset_target(data, i, k));
    }
    return DEEPID_OK;
}

/* ---- a view for another context --------------------------------------------------------------------- */

static int32_t fill_view(deepid_ctx *ctx, const deepid_dataset *data, deepid_dataset *view)
{
    if (data->index) {
        DPID_TRY(dpid_alloc(ctx, data->count, sizeof *data->index, "dataset", &view->index));
        memcpy(view->index, data->index, sizeof *data->index * (size_t)data->count);
    }
    if (data->labels) {
        DPID_TRY(dpid_alloc(ctx, data->count, sizeof *data->labels, "dataset", &view->labels));
        memcpy(view->labels, data->labels, sizeof *data->labels * (size_t)data->count);
    }
    return copy_normalisation(data, view);
}

int32_t dpid_dataset_view(deepid_ctx *ctx, const deepid_dataset *data, deepid_dataset **out)
{
    deepid_dataset *view = NULL;
    DPID_TRY(dpid_dataset_new(ctx, data->count, &data->sample, &view));
    view->classes = data->classes;
    view->target_width = data->target_width;
    view->dtype = data->dtype;
    view->x = data->x;
    memcpy(view->stride, data->stride, sizeof view->stride);
    view->target_dtype = data->target_dtype;
    view->targets = data->targets;
    const int32_t status = fill_view(ctx, data, view);
    if (status == DEEPID_OK)
        *out = view;
    else
        deepid_dataset_destroy(view);
    return status;
}
