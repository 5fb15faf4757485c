/* A generator at work. */
#include "data/generator.h"

#define ROW(word) &dpid_generator_##word,
static const void *const rows[] = {DPID_GENERATORS(ROW)};
const dpid_set dpid_generators = DPID_SET("generator", rows);

int32_t dpid_generate(deepid_ctx *ctx, const char *spec, uint64_t seed, uint32_t substream, int64_t count,
                      deepid_dataset **out)
{
    const dpid_generator *generator;
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    if (!out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "dataset: out is NULL");
    DPID_TRY(dpid_set_read(ctx, &dpid_generators, dpid_span_of(spec), &generator, values));
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
    return dpid_set_word(&dpid_generators, i);
}

const char *deepid_generator_help(const char *word)
{
    return dpid_set_help(&dpid_generators, word);
}
