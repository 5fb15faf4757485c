/* The generators, one line each. */
#include "data/generator.h"

#include <string.h>

static const dpid_generator *const generators[] = {
    &dpid_generator_spirals, &dpid_generator_rings,  &dpid_generator_parity,  &dpid_generator_gratings,
    &dpid_generator_teacher, &dpid_generator_linear, &dpid_generator_identity};
enum { COUNT = sizeof generators / sizeof *generators };

static const dpid_generator *find(dpid_span word)
{
    for (int i = 0; i < COUNT; i++)
        if (dpid_span_is(word, generators[i]->word))
            return generators[i];
    return NULL;
}

bool dpid_generator_known(dpid_span word)
{
    return find(word) != NULL;
}

int32_t dpid_generate(deepid_ctx *ctx, const char *spec, uint64_t seed, uint32_t substream, int64_t count,
                      deepid_dataset **out)
{
    const char *words[COUNT + 1] = {NULL};
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    dpid_span rest;
    const dpid_span word = dpid_first_word(dpid_span_of(spec), &rest);
    const dpid_generator *generator = find(word);
    for (int i = 0; i < COUNT; i++)
        words[i] = generators[i]->word;
    if (!out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "dataset: out is NULL");
    if (!generator)
        return dpid_fail_word(ctx, "generator", word, words);
    DPID_TRY(dpid_options_parse(ctx, generator->word, rest, generator->options, values));
    dpid_generator_run run = {.ctx = ctx,
                              .option = values,
                              .random = dpid_random_make(seed, DPID_STREAM_DATA, 16 + substream),
                              .task = dpid_random_make(seed, DPID_STREAM_DATA, 8),
                              .count = count ? count : values[0].i};
    DPID_TRY(generator->make(&run));
    *out = run.out;
    return DEEPID_OK;
}

int32_t deepid_dataset_generate(deepid_ctx *ctx, const char *spec, uint64_t seed, deepid_dataset **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, dpid_generate(ctx, spec, seed, 0, 0, out));
}

const char *deepid_generator_word(int64_t i)
{
    return i >= 0 && i < COUNT ? generators[i]->word : NULL;
}

const char *deepid_generator_help(const char *word)
{
    const dpid_generator *generator = word ? find(dpid_span_of(word)) : NULL;
    return generator ? generator->help : NULL;
}
