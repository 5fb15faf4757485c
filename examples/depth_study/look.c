/* What was read, in a few lines, and what is wrong with it, before anything is trained. */
#include "depth_study.h"

#include <stdlib.h>
#include <string.h>

/* ---- classes and their shares: "2 classes (0: 50 %, 1: 50 %)" ------------------------------- */

static void tell_class(const deepid_dataset *data, int64_t k)
{
    const char *name = deepid_dataset_class_name(data, k);
    if (name)
        fprintf(stderr, "%s", name);
    else
        fprintf(stderr, "%lld", (long long)k);
}

static void tell_shares(const deepid_dataset *data, const int64_t *count)
{
    enum { LISTED = 10 };
    const int64_t classes = deepid_dataset_classes(data);
    const int64_t samples = deepid_dataset_count(data);
    int64_t least = samples;
    int64_t most = 0;
    for (int64_t k = 0; k < classes; k++) {
        least = count[k] < least ? count[k] : least;
        most = count[k] > most ? count[k] : most;
    }
    const double percent = 100.0 / (double)samples;
    if (classes > LISTED || least == most) {
        fprintf(stderr, ", %lld classes of %.3g", (long long)classes, (double)least * percent);
        fprintf(stderr, least == most ? " %% each" : " to %.3g %%", (double)most * percent);
        return;
    }
    fprintf(stderr, ", %lld classes (", (long long)classes);
    for (int64_t k = 0; k < classes; k++) {
        fprintf(stderr, "%s", k ? ", " : "");
        tell_class(data, k);
        fprintf(stderr, ": %.3g %%", (double)count[k] * percent);
    }
    fprintf(stderr, ")");
}

static void tell_classes(const deepid_dataset *data)
{
    const int32_t *labels = deepid_dataset_labels(data);
    const int64_t samples = deepid_dataset_count(data);
    int64_t *count = labels ? calloc((size_t)deepid_dataset_classes(data), sizeof *count) : NULL;
    if (!labels)
        fprintf(stderr, ", %lld target%s each", (long long)deepid_dataset_target_width(data),
                deepid_dataset_target_width(data) == 1 ? "" : "s");
    for (int64_t i = 0; count && i < samples; i++)
        count[labels[i]]++;
    if (count)
        tell_shares(data, count);
    free(count);
}

/* ---- two lines; of a table one more, on what was read ------------------------------------------- */

static void tell_shape(const deepid_dataset *data)
{
    if (deepid_dataset_rank(data) == 3)
        fprintf(stderr, "pictures of %lld x %lld x %lld", (long long)deepid_dataset_extent(data, 0),
                (long long)deepid_dataset_extent(data, 1), (long long)deepid_dataset_extent(data, 2));
    else if (deepid_dataset_rank(data) == 2)
        fprintf(stderr, "series of length %lld with %lld channel%s", (long long)deepid_dataset_extent(data, 0),
                (long long)deepid_dataset_extent(data, 1), deepid_dataset_extent(data, 1) == 1 ? "" : "s");
    else
        fprintf(stderr, "samples of %lld feature%s", (long long)deepid_dataset_extent(data, 0),
                deepid_dataset_extent(data, 0) == 1 ? "" : "s");
}

static void tell_training(const options *o, const task_data *data)
{
    const char *about = deepid_dataset_about(data->train);
    fprintf(stderr, "%s: %s%s%lld training ", o->data, about, *about ? "\n" : "",
            (long long)deepid_dataset_count(data->train));
    tell_shape(data->train);
    tell_classes(data->train);
    if (o->noise > 0)
        fprintf(stderr, ", %g %% of the labels changed", 100 * o->noise);
    fprintf(stderr, "; values %s\n", data->scaled);
}

static void tell_validation(const options *o, const task_data *data)
{
    const char *about = o->valid && data->valid ? deepid_dataset_about(data->valid) : "";
    if (!data->valid) {
        fprintf(stderr, "no validation samples: whether depth overfits is not asked\n");
        return;
    }
    fprintf(stderr, "%s%s%s%s%lld validation samples", o->valid ? o->valid : "", o->valid ? ": " : "", about,
            *about ? "\n" : "", (long long)deepid_dataset_count(data->valid));
    tell_classes(data->valid);
    fprintf(stderr, "\n");
}

/* ---- what is wrong with it, a sentence a line; told with --quiet too ----------------------------- */

/* One that was told of the training data, such as of the whole file, is not told again. */
static void warn_of(const char *what, deepid_dataset *data, const char *told)
{
    const char *text = data ? deepid_dataset_warnings(data) : NULL;
    while (text && *text) {
        const size_t length = strcspn(text, "\n");
        char line[400];
        snprintf(line, sizeof line, "%.*s", (int)length, text);
        if (!told || !strstr(told, line))
            fprintf(stderr, "warning: %s: %s\n", what, line);
        text += length + (text[length] == '\n');
    }
}

void data_tell(const options *o, const task_data *data)
{
    if (!o->quiet) {
        tell_training(o, data);
        tell_validation(o, data);
    }
    warn_of("training data", data->train, NULL);
    warn_of("validation data", data->valid, deepid_dataset_warnings(data->train));
}
