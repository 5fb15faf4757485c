/* Data and losses: which fit, and the best constant predictor of targets by losses for which it is not the mean. */
#include "data/data.h"

#include <math.h>

/* ---- which fit --------------------------------------------------------------------------------- */

static int64_t classes_of(const deepid_dataset *data)
{
    return data->labels ? data->classes : 0;
}

int32_t dpid_dataset_loss(dpid_arena *arena, const deepid_dataset *data, const char *text, int64_t outputs,
                          const dpid_loss **loss, dpid_value *option)
{
    const dpid_loss_labels labels = {data->labels, data->count, classes_of(data)};
    return dpid_loss_read(arena, text, &labels, outputs, loss, option);
}

bool dpid_dataset_fits(const deepid_dataset *data, const dpid_shape *out)
{
    return out->rank == 1 && dpid_loss_fits(classes_of(data), data->target_width, out->extent[0]);
}

/* ---- the best constant ------------------------------------------------------------------------- */

typedef struct {
    const deepid_dataset *data;
    const dpid_loss *loss;
    const dpid_value *option;
    int64_t k; /* of the outputs */
} column;

static double slope_at(const column *c, double constant)
{
    double sum = 0;
    for (int64_t i = 0; i < c->data->count; i++)
        sum += c->loss->slope(c->option, constant - dpid_dataset_target(c->data, i, c->k));
    return sum;
}

enum { HALVINGS = 60 }; /* down to the rounding of the first interval */

/* The slope grows with the constant: it is 0 between the least target and the largest. */
static double best_constant(const column *c)
{
    double low = dpid_dataset_target(c->data, 0, c->k);
    double high = low;
    for (int64_t i = 1; i < c->data->count; i++) {
        low = fmin(low, dpid_dataset_target(c->data, i, c->k));
        high = fmax(high, dpid_dataset_target(c->data, i, c->k));
    }
    for (int i = 0; i < HALVINGS && high > low; i++) {
        const double middle = low + (high - low) / 2;
        *(slope_at(c, middle) > 0 ? &high : &low) = middle;
    }
    return high;
}

static double loss_of(const column *c, double constant)
{
    double sum = 0;
    for (int64_t i = 0; i < c->data->count; i++) {
        const double target = dpid_dataset_target(c->data, i, c->k);
        dpid_loss_pass pass = {.option = c->option, .n = 1, .width = 1, .z = &constant, .targets = &target};
        c->loss->run[DPID_ISA_BASELINE][DPID_P64](&pass);
        sum += pass.loss_sum;
    }
    return sum / (double)c->data->count;
}

double dpid_dataset_constant_loss(const deepid_dataset *data, const dpid_loss *loss, const dpid_value *option)
{
    double sum = 0;
    if (data && data->labels)
        return dpid_dataset_label_entropy(data, dpid_loss_weights(loss, option));
    if (!data || !loss->slope)
        return deepid_dataset_constant_loss(data);
    for (int64_t k = 0; k < data->target_width; k++) {
        const column c = {data, loss, option, k};
        sum += loss_of(&c, best_constant(&c)) / (double)data->target_width;
    }
    return sum;
}
