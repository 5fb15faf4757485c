/* Augmentations: what is done to a training picture on its way into a batch. */
#include "data/data.h"

static const dpid_option crop_options[] = {
    {"pad", DPID_INT, 4, 0, 64, NULL, false, "width of the frame of zeros"},
    {"flip", DPID_INT, 0, 0, 1, NULL, false, "1: mirror half of the pictures"},
    {0},
};

static dpid_augment augment_crop(const dpid_value *option)
{
    return (dpid_augment){.pad = (int32_t)option[0].i, .flip = option[1].i == 1};
}

static dpid_augment augment_none(const dpid_value *option)
{
    (void)option;
    return (dpid_augment){0};
}

typedef struct {
    const char *word, *help;
    const dpid_option *options;
    dpid_augment (*make)(const dpid_value *option);
} augmentation;
static const augmentation none = {"none", "pictures as they are", NULL, augment_none};
static const augmentation crop = {"crop", "a random piece of the padded picture; options: pad=4, flip=0", crop_options,
                                  augment_crop};
static const void *const rows[] = {&none, &crop};
static const dpid_set augmentations = DPID_SET("augmentation", rows);

int32_t dpid_augment_parse(deepid_ctx *ctx, const char *text, dpid_augment *out)
{
    const augmentation *found;
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    dpid_span rest;
    *out = (dpid_augment){0};
    if (dpid_first_word(dpid_span_of(text), &rest).length == 0)
        return DEEPID_OK;
    DPID_TRY(dpid_set_read(ctx, &augmentations, dpid_span_of(text), &found, values));
    *out = found->make(values);
    return DEEPID_OK;
}
