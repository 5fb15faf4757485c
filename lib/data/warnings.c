/* What is wrong with data before anybody trains on it, one sentence a line: values that are not finite, labels or
   targets that are all the same, inputs of scales that no one rate suits. */
#include "data/data.h"

#include <math.h>
#include <stdio.h>

static long long row_of(const deepid_dataset *data, int64_t i)
{
    return (long long)(data->index ? data->index[i] : i);
}

/* value: of sample i, number k; after the normalisation that hides it or makes it */
static void warn_not_finite(const deepid_dataset *data, const char *kind, int64_t width,
                            double (*value)(const deepid_dataset *, int64_t, int64_t), dpid_string *out)
{
    int64_t found = 0;
    int64_t first = 0;
    for (int64_t at = 0; at < data->count * width; at++) {
        if (isfinite(value(data, at / width, at % width)))
            continue;
        first = found++ == 0 ? at : first;
    }
    if (found > 0)
        dpid_string_format(out, "%lld of %lld %s values are not finite, the first is %s %lld of row %lld: %s.\n",
                           (long long)found, (long long)(data->count * width), kind, kind, (long long)(first % width),
                           row_of(data, first / width), dpid_number(value(data, first / width, first % width)).text);
}

static bool constant_labels(const deepid_dataset *data)
{
    for (int64_t i = 1; data->labels && i < data->count; i++)
        if (data->labels[i] != data->labels[0])
            return false;
    return data->labels;
}

/* "label 0", "label 0 (cat)" */
static dpid_number_text first_label(const deepid_dataset *data)
{
    dpid_number_text out;
    const char *name = deepid_dataset_class_name(data, data->labels[0]);
    const int room = 40;
    snprintf(out.text, sizeof out.text, "label %d%s%.*s%s", data->labels[0], name ? " (" : "", room, name ? name : "",
             name ? ")" : "");
    return out;
}

static void warn_constant_labels(const deepid_dataset *data, dpid_string *out)
{
    if (constant_labels(data))
        dpid_string_format(out, "All %lld samples have %s: there is nothing to tell apart.\n", (long long)data->count,
                           first_label(data).text);
}

static bool constant_targets(const deepid_dataset *data)
{
    for (int64_t i = 1; i < data->count; i++)
        for (int64_t k = 0; k < data->target_width; k++)
            if (dpid_dataset_target(data, i, k) != dpid_dataset_target(data, 0, k))
                return false;
    return data->target_width > 0;
}

static void warn_constant_targets(const deepid_dataset *data, dpid_string *out)
{
    if (constant_targets(data))
        dpid_string_format(out, "All %lld samples have the same target: there is nothing to learn.\n",
                           (long long)data->count);
}

int32_t dpid_dataset_check_varied(deepid_ctx *ctx, const deepid_dataset *data, const char *what)
{
    const dpid_legend *legend = dpid_dataset_legend(data);
    if (constant_labels(data))
        return dpid_fail(ctx, DEEPID_ERR_LABEL, "%s: all %lld samples have %s: there is nothing to tell apart%s", what,
                         (long long)data->count, first_label(data).text,
                         legend && legend->answers > 0 ? "; label=... names another column" : "");
    return constant_targets(data) ? dpid_fail(ctx, DEEPID_ERR_LABEL,
                                              "%s: all %lld samples have the same target: there is nothing to learn",
                                              what, (long long)data->count)
                                  : DEEPID_OK;
}

/* The largest finite magnitude of feature k; 0: it is nothing but zeros. */
static double scale_of(const deepid_dataset *data, int64_t k)
{
    double largest = 0;
    for (int64_t i = 0; i < data->count; i++) {
        const double x = fabs(dpid_dataset_feature(data, i, k));
        largest = isfinite(x) ? fmax(largest, x) : largest;
    }
    return largest;
}

static void warn_scales(const deepid_dataset *data, dpid_string *out)
{
    const double too_far = 1e6;
    int64_t small = 0;
    int64_t large = 0;
    double least = (double)INFINITY;
    double most = 0;
    for (int64_t k = 0; k < dpid_shape_count(&data->sample); k++) {
        const double scale = scale_of(data, k);
        if (scale > most) {
            most = scale;
            large = k;
        }
        if (scale > 0 && scale < least) {
            least = scale;
            small = k;
        }
    }
    if (most > 0 && most / least >= too_far)
        dpid_string_format(out,
                           "The scales of the inputs differ by a factor of %s: feature %lld goes up to %s, feature "
                           "%lld to %s; normalise each feature, or no one learning rate suits them.\n",
                           dpid_number_rounded(most / least, 3).text, (long long)large,
                           dpid_number_rounded(most, 3).text, (long long)small, dpid_number_rounded(least, 3).text);
}

void dpid_dataset_warn(const deepid_dataset *data, dpid_string *out)
{
    dpid_string_add(out, "");
    warn_not_finite(data, "input", dpid_shape_count(&data->sample), dpid_dataset_feature, out);
    if (data->target_width > 0) {
        warn_not_finite(data, "target", data->target_width, dpid_dataset_target, out);
        warn_constant_targets(data, out);
    }
    if (data->labels)
        warn_constant_labels(data, out);
    warn_scales(data, out);
    const dpid_legend *legend = dpid_dataset_legend(data);
    dpid_string_add(out, legend ? legend->warnings : "");
}

const char *deepid_dataset_warnings(deepid_dataset *data)
{
    if (dpid_enter(data, DPID_MAGIC_DATASET) != DEEPID_OK)
        return NULL;
    dpid_string text = {.ctx = data->head.ctx};
    dpid_dataset_warn(data, &text);
    if (text.status == DEEPID_OK) {
        dpid_free(data->head.ctx, data->warnings);
        data->warnings = text.text;
    } else {
        dpid_string_release(&text);
    }
    return dpid_leave(data->head.ctx, text.status) == DEEPID_OK ? data->warnings : NULL;
}
