/* The task: data opened, sampled and normalised; the texts of the nets. */
#include "depth_study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DATA_SEED = 77 }; /* of generators and of --noise */

/* ---- data -------------------------------------------------------------------------------- */

static bool from_files(const char *source)
{
    return strncmp(source, "idx:", 4) == 0 || strncmp(source, "cifar10:", 8) == 0 ||
           strncmp(source, "cifar100:", 9) == 0 || strncmp(source, "csv:", 4) == 0 || strncmp(source, "npy:", 4) == 0 ||
           strncmp(source, "npz:", 4) == 0 || strncmp(source, "pictures:", 9) == 0;
}

/* A part of what is there; the whole is let go (its memory lives with the part). */
static int32_t take(deepid_dataset **data, int64_t count, uint64_t seed)
{
    deepid_dataset *part = NULL;
    const int32_t status = blame("samples", deepid_dataset_sample(*data, count, seed, &part));
    if (status != DEEPID_OK)
        return status;
    deepid_dataset_destroy(*data);
    *data = part;
    return DEEPID_OK;
}

/* The last part of the samples, for validation. */
static int32_t split_off(task_data *d, double share)
{
    deepid_dataset *whole = d->train;
    const int64_t count = deepid_dataset_count(whole);
    const int64_t kept = (int64_t)((double)count * share) > 0 ? (int64_t)((double)count * share) : 1;
    const int32_t status = blame("holdout", deepid_dataset_split(whole, count - kept, 1, &d->train, &d->valid));
    if (status == DEEPID_OK)
        deepid_dataset_destroy(whole);
    else
        d->train = whole;
    return status;
}

/* --valid: other data, classes and categories numbered as in the training data; of a source in two parts its second. */
static int32_t open_valid(deepid_ctx *ctx, const char *source, task_data *d)
{
    deepid_dataset *first = NULL;
    deepid_dataset *second = NULL;
    const int32_t status = blame("valid", deepid_dataset_open_like(ctx, source, DATA_SEED, d->train, &first, &second));
    if (status != DEEPID_OK)
        return status;
    deepid_dataset_destroy(d->valid);
    d->valid = second ? second : first;
    if (second)
        deepid_dataset_destroy(first);
    return DEEPID_OK;
}

/* What is validated on: --valid, a share of the training samples, nothing; or the source's second part, or else a
   quarter. */
static int32_t choose_valid(deepid_ctx *ctx, const options *o, task_data *d)
{
    const double quarter = 0.25;
    if (o->valid)
        return open_valid(ctx, o->valid, d);
    if (isnan(o->holdout))
        return d->valid ? DEEPID_OK : split_off(d, quarter);
    deepid_dataset_destroy(d->valid);
    d->valid = NULL;
    return o->holdout > 0 ? split_off(d, o->holdout) : DEEPID_OK;
}

static int32_t take_samples(const options *o, task_data *d)
{
    enum { PICTURES = 2000, QUICKER = 8 };
    const bool files = from_files(o->data);
    const int64_t usual = files && d->pictures ? PICTURES / (o->quick ? QUICKER : 1) : 0;
    const int64_t samples = o->samples ? o->samples : usual;
    int32_t status = samples ? take(&d->train, samples, 1) : DEEPID_OK;
    if (status == DEEPID_OK && samples && files && d->valid && !o->valid)
        status = take(&d->valid, samples / 2, 2);
    return status;
}

/* The study refuses other validation samples, with both shapes. */
static bool same_shape(const task_data *d)
{
    bool same = d->valid && deepid_dataset_rank(d->valid) == deepid_dataset_rank(d->train);
    for (int32_t i = 0; same && i < deepid_dataset_rank(d->train); i++)
        same = deepid_dataset_extent(d->valid, i) == deepid_dataset_extent(d->train, i);
    return same;
}

static int32_t normalise(const options *o, task_data *d)
{
    const char *usual = deepid_dataset_rank(d->train) > 1 ? "channel" : "feature";
    const char *asked = o->normalise ? o->normalise : from_files(o->data) ? "yes" : "no";
    const char *how = strcmp(asked, "yes") == 0 ? usual : strcmp(asked, "no") == 0 ? "none" : asked;
    const bool targets = strcmp(how, "none") != 0 && !o->raw_targets && deepid_dataset_target_width(d->train) > 0;
    int32_t status = same_shape(d) ? deepid_dataset_normalize(d->valid, how, d->train) : DEEPID_OK;
    if (status == DEEPID_OK && targets && d->valid &&
        deepid_dataset_target_width(d->valid) == deepid_dataset_target_width(d->train))
        status = deepid_dataset_normalize(d->valid, "targets", d->train);
    if (status == DEEPID_OK && targets)
        status = deepid_dataset_normalize(d->train, "targets", d->train);
    snprintf(d->scaled, sizeof d->scaled, "%s%.40s",
             strcmp(how, "none") == 0 ? "" : "normalised: ", strcmp(how, "none") == 0 ? "as they are" : how);
    return status == DEEPID_OK ? deepid_dataset_normalize(d->train, how, d->train) : status;
}

static int32_t prepare(deepid_ctx *ctx, const options *o, task_data *d)
{
    int32_t status = choose_valid(ctx, o, d);
    if (status == DEEPID_OK)
        status = take_samples(o, d);
    if (status == DEEPID_OK)
        status = blame("normalise", normalise(o, d));
    if (status == DEEPID_OK && o->noise > 0)
        status = blame("noise", deepid_dataset_add_label_noise(d->train, o->noise, DATA_SEED));
    return status;
}

/* One line for the terminal and for the report. */
static void describe(const options *o, task_data *d)
{
    int used = snprintf(d->words, sizeof d->words, "%.120s: %lld training ", o->data,
                        (long long)deepid_dataset_count(d->train));
    if (d->valid)
        used += snprintf(d->words + used, sizeof d->words - (size_t)used, "and %lld validation samples",
                         (long long)deepid_dataset_count(d->valid));
    else
        used += snprintf(d->words + used, sizeof d->words - (size_t)used, "samples, none for validation");
    if (o->valid)
        used += snprintf(d->words + used, sizeof d->words - (size_t)used, " (%.120s)", o->valid);
    if (o->noise > 0)
        snprintf(d->words + used, sizeof d->words - (size_t)used,
                 "; %g %% of the training labels were changed to another class, drawn at random", 100 * o->noise);
}

int32_t data_open(deepid_ctx *ctx, const options *o, task_data *out)
{
    *out = (task_data){0};
    int32_t status = blame("data", deepid_dataset_open(ctx, o->data, DATA_SEED, &out->train, &out->valid));
    if (status != DEEPID_OK)
        return status;
    out->pictures = deepid_dataset_rank(out->train) == 3;
    status = prepare(ctx, o, out);
    if (status == DEEPID_OK)
        describe(o, out);
    return status;
}

void data_close(task_data *data)
{
    deepid_dataset_destroy(data->valid);
    deepid_dataset_destroy(data->train);
}

/* ---- nets ---------------------------------------------------------------------------------- */

const char *net_family(const options *o, const task_data *data)
{
    static const char *const by_rank[] = {NULL, "mlp", "series", "pictures"};
    if (!o->net)
        return by_rank[deepid_dataset_rank(data->train)];
    for (int i = 1; i < 4; i++)
        if (strcmp(o->net, by_rank[i]) == 0)
            return o->net;
    return "own";
}

/* {block} and {depth} in the user's own text. */
static char *fill_own(const char *text, const char *block, int64_t depth)
{
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)depth);
    char *out = malloc(strlen(text) * 8 + 64);
    char *to = out;
    for (const char *p = text; out && *p;) {
        const bool is_block = strncmp(p, "{block}", 7) == 0;
        const bool is_depth = strncmp(p, "{depth}", 7) == 0;
        if (is_block || is_depth)
            to += sprintf(to, "%.40s", is_block ? block : number);
        else
            *to++ = *p;
        p += is_block || is_depth ? 7 : 1;
    }
    if (out)
        *to = 0;
    return out;
}

/* What reading a file changed, such as a softmax that was left out. */
static void hear(void *user, int32_t level, const char *line)
{
    enum { WARNING = 2 };
    const options *o = user;
    if (level >= WARNING)
        fprintf(stderr, "warning: %s\n", line);
    else if (!o->quiet)
        fprintf(stderr, "%s\n", line);
}

char *own_text(deepid_ctx *ctx, const options *o, const char *text)
{
    static const char ending[] = ".onnx";
    const size_t length = strlen(text);
    deepid_net *net = NULL;
    if (length < sizeof ending || strcmp(text + length - (sizeof ending - 1), ending) != 0)
        return strdup(text);
    deepid_ctx_set_log(ctx, hear, (void *)(uintptr_t)o);
    const int32_t status = deepid_net_load_onnx(ctx, text, &net);
    deepid_ctx_set_log(ctx, NULL, NULL);
    if (status != DEEPID_OK)
        return NULL;
    if (!o->quiet)
        fprintf(stderr, "%s: %s\n", text, deepid_net_describe(net));
    char *out = strdup(deepid_net_describe(net));
    deepid_net_destroy(net);
    return out;
}

/* What the loss asks of a net that is made here. */
static int64_t outputs_of(const options *o, const deepid_dataset *data)
{
    static const char one[] = "binary_cross_entropy";
    if (strncmp(o->loss + strspn(o->loss, " "), one, sizeof one - 1) == 0)
        return 1;
    return deepid_dataset_classes(data) ? deepid_dataset_classes(data) : deepid_dataset_target_width(data);
}

/* A convolution of width 7 before blocks that keep the length; those of a bottleneck give four times their `out`. */
static char *fill_series(const options *o, const deepid_dataset *data, const char *block, int64_t depth)
{
    char text[512];
    const bool narrow = strncmp(block, "bottleneck", 10) == 0;
    const bool before = strncmp(block, "preact", 6) == 0 || strncmp(block, "highway", 7) == 0;
    const int64_t out = narrow ? (o->width + 3) / 4 : o->width;
    snprintf(text, sizeof text,
             "input %lldx%lld; conv1d out=%lld kernel=7 bias=0; batchnorm; relu; %lld * %s out=%lld; %s"
             "global_avgpool; dense out=%lld",
             (long long)deepid_dataset_extent(data, 0), (long long)deepid_dataset_extent(data, 1),
             (long long)(narrow ? 4 * out : out), (long long)depth, block, (long long)out,
             before ? "batchnorm; relu; " : "", (long long)outputs_of(o, data));
    return strdup(text);
}

char *net_text(deepid_ctx *ctx, const options *o, const task_data *data, const char *block, int64_t depth)
{
    const char *family = net_family(o, data);
    deepid_net *net = NULL;
    const int64_t outputs = outputs_of(o, data->train);
    int32_t status;
    if (strcmp(family, "own") == 0)
        return fill_own(o->net, block, depth);
    if (strcmp(family, "series") == 0)
        return fill_series(o, data->train, block, depth);
    if (strcmp(family, "mlp") == 0)
        status = deepid_resnet_mlp(ctx, deepid_dataset_extent(data->train, 0), o->width, depth, outputs, block,
                                   "batchnorm; relu", o->dtype, &net);
    else
        status = deepid_resnet_pictures(ctx, depth, block, deepid_dataset_extent(data->train, 0),
                                        deepid_dataset_extent(data->train, 1), deepid_dataset_extent(data->train, 2),
                                        o->width, outputs, o->dtype, &net);
    char *text = blame("depths", status) == DEEPID_OK ? strdup(deepid_net_describe(net)) : NULL;
    deepid_net_destroy(net);
    return text;
}
