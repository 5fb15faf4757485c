/* The task: data opened, sampled and normalised; the texts of the nets. */
#include "depth_study.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- data -------------------------------------------------------------------------------- */

static bool from_files(const char *source)
{
    return strncmp(source, "idx:", 4) == 0 || strncmp(source, "cifar10:", 8) == 0 || strncmp(source, "csv:", 4) == 0 ||
           strncmp(source, "npy:", 4) == 0;
}

/* A part of what is there; the whole is let go (its memory lives with the part). */
static int32_t take(deepid_dataset **data, int64_t count, uint64_t seed)
{
    deepid_dataset *part = NULL;
    const int32_t status = deepid_dataset_sample(*data, count, seed, &part);
    if (status != DEEPID_OK)
        return status;
    deepid_dataset_destroy(*data);
    *data = part;
    return DEEPID_OK;
}

static int32_t split_off(task_data *d)
{
    deepid_dataset *whole = d->train;
    const int64_t count = deepid_dataset_count(whole);
    const int32_t status = deepid_dataset_split(whole, count - count / 4, 1, &d->train, &d->valid);
    if (status == DEEPID_OK)
        deepid_dataset_destroy(whole);
    else
        d->train = whole;
    return status;
}

static int32_t prepare(const options *o, task_data *d)
{
    enum { PICTURES = 2000 };
    int32_t status = d->valid ? DEEPID_OK : split_off(d);
    const bool files = from_files(o->data);
    const int64_t samples = o->samples ? o->samples : files && d->pictures ? PICTURES : 0;
    if (status == DEEPID_OK && samples)
        status = take(&d->train, o->quick && !o->samples ? samples / 8 : samples, 1);
    if (status == DEEPID_OK && samples && files)
        status = take(&d->valid, (o->quick && !o->samples ? samples / 8 : samples) / 2, 2);
    if (status != DEEPID_OK || !files)
        return status;
    const char *how = d->pictures ? "channel" : "feature";
    status = deepid_dataset_normalize(d->valid, how, d->train);
    return status == DEEPID_OK ? deepid_dataset_normalize(d->train, how, d->train) : status;
}

int32_t data_open(deepid_ctx *ctx, const options *o, task_data *out)
{
    enum { SEED = 77 };
    *out = (task_data){0};
    int32_t status = deepid_dataset_open(ctx, o->data, SEED, &out->train, &out->valid);
    if (status != DEEPID_OK)
        return status;
    out->pictures = deepid_dataset_rank(out->train) == 3;
    status = prepare(o, out);
    snprintf(out->words, sizeof out->words, "%.120s: %lld training and %lld validation samples", o->data,
             (long long)deepid_dataset_count(out->train), (long long)deepid_dataset_count(out->valid));
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
    return !o->net                                                         ? (data->pictures ? "pictures" : "mlp")
           : strcmp(o->net, "mlp") == 0 || strcmp(o->net, "pictures") == 0 ? o->net
                                                                           : "own";
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

char *net_text(deepid_ctx *ctx, const options *o, const task_data *data, const char *block, int64_t depth)
{
    const char *family = net_family(o, data);
    deepid_net *net = NULL;
    const int64_t outputs = deepid_dataset_classes(data->train) ? deepid_dataset_classes(data->train)
                                                                : deepid_dataset_target_width(data->train);
    int32_t status;
    if (strcmp(family, "own") == 0)
        return fill_own(o->net, block, depth);
    if (strcmp(family, "mlp") == 0)
        status = deepid_resnet_mlp(ctx, deepid_dataset_extent(data->train, 0), o->width, depth, outputs, block,
                                   "batchnorm; relu", o->dtype, &net);
    else
        status = deepid_resnet_pictures(ctx, depth, block, deepid_dataset_extent(data->train, 0),
                                        deepid_dataset_extent(data->train, 1), deepid_dataset_extent(data->train, 2),
                                        o->width, outputs, o->dtype, &net);
    char *text = status == DEEPID_OK ? strdup(deepid_net_describe(net)) : NULL;
    deepid_net_destroy(net);
    return text;
}
