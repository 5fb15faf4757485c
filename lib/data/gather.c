/* Batches: samples in a given order, converted, normalised, augmented, in one pass. */
#include "data/data.h"

#include <string.h>

/* ---- one element -------------------------------------------------------------------- */

static double element(int32_t dtype, const void *array, int64_t i)
{
    switch (dtype) {
    case DEEPID_F32:
        return (double)((const float *)array)[i];
    case DEEPID_F64:
        return ((const double *)array)[i];
    case DEEPID_U8:
        return ((const uint8_t *)array)[i];
    case DEEPID_I8:
        return ((const int8_t *)array)[i];
    case DEEPID_U16:
        return ((const uint16_t *)array)[i];
    case DEEPID_I16:
        return ((const int16_t *)array)[i];
    case DEEPID_I32:
        return ((const int32_t *)array)[i];
    default:
        return (double)((const int64_t *)array)[i];
    }
}

static int64_t row_of(const deepid_dataset *data, int64_t i)
{
    return data->index ? data->index[i] : i;
}

/* Place of feature k, counted channels-last, from the start of its sample. */
static int64_t place_of(const deepid_dataset *data, int64_t k)
{
    if (data->sample.rank == 1)
        return k * data->stride[1];
    if (data->sample.rank == 2)
        return k / data->sample.extent[1] * data->stride[1] + k % data->sample.extent[1] * data->stride[2];
    const int64_t w = data->sample.extent[1];
    const int64_t c = data->sample.extent[2];
    return k / (w * c) * data->stride[1] + k / c % w * data->stride[2] + k % c * data->stride[3];
}

static double normalised(const deepid_dataset *data, double value, int64_t k)
{
    return data->shift ? (value - data->shift[k]) * data->scale[k] : value;
}

double dpid_dataset_feature(const deepid_dataset *data, int64_t i, int64_t k)
{
    return normalised(data, element(data->dtype, data->x, row_of(data, i) * data->stride[0] + place_of(data, k)), k);
}

double dpid_dataset_target(const deepid_dataset *data, int64_t i, int64_t k)
{
    const double value = element(data->target_dtype, data->targets, row_of(data, i) * data->target_width + k);
    return data->target_shift ? (value - data->target_shift[k]) * data->target_scale[k] : value;
}

/* ---- one sample ------------------------------------------------------------------------ */

static void copy_sample(const deepid_dataset *data, int64_t i, dpid_precision p, void *x, int64_t at)
{
    const int64_t features = dpid_shape_count(&data->sample);
    const int64_t start = row_of(data, i) * data->stride[0];
    for (int64_t k = 0; k < features; k++)
        dpid_store(p, x, at + k, normalised(data, element(data->dtype, data->x, start + place_of(data, k)), k));
}

static bool is_dense(const deepid_dataset *data)
{
    bool dense = true;
    int64_t step = 1;
    for (int32_t i = data->sample.rank - 1; i >= 0; i--) {
        dense &= data->stride[i + 1] == step;
        step *= data->sample.extent[i];
    }
    return dense;
}

/* Those that matter: dense bytes or floats into floats. The same numbers as above: double arithmetic, one rounding. */
static bool copy_sample_fast(const deepid_dataset *data, int64_t i, dpid_precision p, void *x, int64_t at)
{
    const int64_t features = dpid_shape_count(&data->sample);
    const bool dense = is_dense(data);
    if (p != DPID_P32 || !dense || (data->dtype != DEEPID_U8 && data->dtype != DEEPID_F32) ||
        (!data->shift && data->dtype == DEEPID_U8))
        return false;
    const int64_t start = row_of(data, i) * data->stride[0];
    if (!data->shift) {
        memcpy((float *)x + at, (const float *)data->x + start, (size_t)features * sizeof(float));
        return true;
    }
    float *restrict to = (float *)x + at;
    const double *restrict shift = data->shift;
    const double *restrict scale = data->scale;
    if (data->dtype == DEEPID_U8) {
        const uint8_t *restrict from = (const uint8_t *)data->x + start;
        for (int64_t k = 0; k < features; k++)
            to[k] = (float)(((double)from[k] - shift[k]) * scale[k]);
    } else {
        const float *restrict from = (const float *)data->x + start;
        for (int64_t k = 0; k < features; k++)
            to[k] = (float)(((double)from[k] - shift[k]) * scale[k]);
    }
    return true;
}

/* Crop from a frame of zeros `pad` wide, then perhaps mirror: drawn by (seed, epoch, sample). */
static void copy_sample_augmented(const deepid_dataset *data, int64_t i, const dpid_augment *augment, uint64_t epoch,
                                  dpid_precision p, void *x, int64_t at)
{
    dpid_random r = dpid_random_make(augment->seed, DPID_STREAM_AUGMENT, (uint32_t)epoch);
    enum { DRAWS = 8 };
    r.counter = (uint64_t)i * DRAWS;
    const int64_t down = dpid_random_below(&r, 2 * augment->pad + 1) - augment->pad;
    const int64_t across = dpid_random_below(&r, 2 * augment->pad + 1) - augment->pad;
    const bool mirror = augment->flip && dpid_random_below(&r, 2) == 1;
    const int64_t h = data->sample.extent[0];
    const int64_t w = data->sample.extent[1];
    const int64_t c = data->sample.extent[2];
    for (int64_t row = 0; row < h; row++) {
        for (int64_t column = 0; column < w; column++) {
            const int64_t from_row = row + down;
            const int64_t from_column = (mirror ? w - 1 - column : column) + across;
            const bool inside = from_row >= 0 && from_row < h && from_column >= 0 && from_column < w;
            for (int64_t k = 0; k < c; k++)
                dpid_store(p, x, at + (row * w + column) * c + k,
                           inside ? dpid_dataset_feature(data, i, (from_row * w + from_column) * c + k) : 0);
        }
    }
}

/* ---- a batch ------------------------------------------------------------------------------- */

typedef struct {
    const deepid_dataset *data;
    const dpid_gathered *to;
    int64_t samples; /* of a task */
} gather;

static void gather_sample(const deepid_dataset *data, const dpid_gathered *to, int64_t i)
{
    const int64_t features = dpid_shape_count(&data->sample);
    const bool change = to->augment && data->sample.rank == 3 && (to->augment->pad > 0 || to->augment->flip);
    const int64_t from = to->order[i];
    if (change)
        copy_sample_augmented(data, from, to->augment, to->epoch, to->precision, to->x, i * features);
    else if (!copy_sample_fast(data, from, to->precision, to->x, i * features))
        copy_sample(data, from, to->precision, to->x, i * features);
    if (to->labels && data->labels)
        to->labels[i] = data->labels[from];
    for (int64_t k = 0; to->targets && k < data->target_width; k++)
        dpid_store(to->precision, to->targets, i * data->target_width + k, dpid_dataset_target(data, from, k));
}

static void gather_task(void *arg, int64_t task, int32_t worker)
{
    const gather *g = arg;
    (void)worker;
    const int64_t first = task * g->samples;
    const int64_t last = first + g->samples < g->to->n ? first + g->samples : g->to->n;
    for (int64_t i = first; i < last; i++)
        gather_sample(g->data, g->to, i);
}

void dpid_dataset_gather(dpid_pool *pool, const deepid_dataset *data, const dpid_gathered *to)
{
    enum { WORTH = 4096 }; /* numbers of a task at least: a region costs less than to copy them */
    const int64_t features = dpid_shape_count(&data->sample);
    const gather g = {data, to, features < WORTH ? (WORTH + features - 1) / features : 1};
    dpid_pool_run(pool, (to->n + g.samples - 1) / g.samples, gather_task, (void *)&g);
}

void dpid_epoch_order(uint64_t seed, uint64_t epoch, int64_t count, int64_t *order)
{
    dpid_random r = dpid_random_make(seed, DPID_STREAM_ORDER, (uint32_t)epoch);
    dpid_random_permutation(&r, count, order);
}
