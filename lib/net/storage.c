/* The words of a net's storage.   What: storage.h */
#include "net/storage.h"

#include <deepid/precision.h>

#include <string.h>

#define KEPT "f32|format"
#define ROUNDED "format|f32"
const dpid_option dpid_storage_options[DPID_STORAGE_OPTIONS + 1] = {
    {"storage", DPID_CHOICE, 0, 0, 0, DPID_FORMAT_CHOICES, false, "format of values, gradients, weights; sums are f32"},
    {"rounding", DPID_CHOICE, 0, 0, 0, "nearest|stochastic", false, "ties to even, or up by chance"},
    {"subnormals", DPID_CHOICE, 0, 0, 0, "keep|flush", false, "flush: they become 0"},
    {"overflow", DPID_CHOICE, 0, 0, 0, "usual|nonfinite|saturate", false, "beyond the largest: as PyTorch's casts"},
    {"weights", DPID_CHOICE, 0, 0, 0, "master|format|f32", false, "f32 and a rounded copy, the format alone, or f32"},
    {"gradients", DPID_CHOICE, 0, 0, 0, "format|" DPID_FORMAT_CHOICES, false, "format of gradients of values"},
    {"weight_gradients", DPID_CHOICE, 0, 0, 0, ROUNDED, false, "as gradients, or f32"},
    {"norms", DPID_CHOICE, 0, 0, 0, KEPT, false, "what layernorm, groupnorm, rmsnorm, scale, softplus give"},
    {"input", DPID_CHOICE, 0, 0, 0, KEPT, false, "the net's input, where no product reads it"},
    {"output", DPID_CHOICE, 0, 0, 0, ROUNDED, false, "the net's output"},
    {"products", DPID_CHOICE, 0, 0, 0, "f32|native", false, "native: of bf16 by the CPU's instruction, if it has one"},
    {0},
};

/* What follows from what was said. */
static void derive(dpid_storage *s)
{
    const int8_t *said = s->said;
    s->on = said[DPID_STORAGE_FORMAT] != DPID_FORMAT_F32;
    s->values = (dpid_rounding){.format = dpid_format_at(said[DPID_STORAGE_FORMAT]),
                                .stochastic = said[DPID_STORAGE_ROUNDING] == 1,
                                .flush = said[DPID_STORAGE_SUBNORMALS] == 1,
                                .overflow = (dpid_overflow)said[DPID_STORAGE_OVERFLOW]};
    s->gradients = s->values;
    if (said[DPID_STORAGE_GRADIENTS] > 0)
        s->gradients.format = dpid_format_at(said[DPID_STORAGE_GRADIENTS] - 1);
    s->weights = (dpid_storage_weights)said[DPID_STORAGE_WEIGHTS];
    s->weight_gradients = said[DPID_STORAGE_WEIGHT_GRADIENTS] == 0;
    s->norms = said[DPID_STORAGE_NORMS] == 1;
    s->input = said[DPID_STORAGE_INPUT] == 1;
    s->output = said[DPID_STORAGE_OUTPUT] == 0;
    s->native = said[DPID_STORAGE_PRODUCTS] == 1;
}

int32_t dpid_storage_take(deepid_ctx *ctx, dpid_span where, const dpid_value *values, dpid_storage *out)
{
    for (int i = 0; i < DPID_STORAGE_OPTIONS; i++) {
        out->said[i] = (int8_t)values[i].i;
        if (values[i].given && values[DPID_STORAGE_FORMAT].i == DPID_FORMAT_F32 && i != DPID_STORAGE_FORMAT)
            return dpid_fail_at(ctx, where,
                                "%s= says how numbers are stored, and storage is f32; add storage=bf16 "
                                "or another format",
                                dpid_storage_options[i].key);
    }
    derive(out);
    return DEEPID_OK;
}

int32_t dpid_storage_parse(deepid_ctx *ctx, const char *text, dpid_storage *out)
{
    dpid_span rest;
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    const char *words[DPID_OPTIONS_MAX] = {NULL};
    const dpid_span word = dpid_first_word(dpid_span_of(text), &rest);
    int64_t format = word.length == 0 ? DPID_FORMAT_F32 : 0;
    for (int i = 0; dpid_format_at(i); i++)
        words[i] = dpid_format_at(i)->word;
    while (word.length > 0 && words[format] && !dpid_span_is(word, words[format]))
        format++;
    if (!dpid_format_at(format))
        return dpid_fail_word(ctx, "storage", word, words);
    DPID_TRY(dpid_options_parse(ctx, "storage", rest, dpid_storage_options + 1, values + 1));
    values[DPID_STORAGE_FORMAT].i = format;
    return dpid_storage_take(ctx, rest, values, out);
}

void dpid_storage_inherit(dpid_storage *storage, const dpid_storage *from)
{
    for (int i = 0; i < DPID_STORAGE_OPTIONS; i++)
        if (storage->said[i] == 0)
            storage->said[i] = from->said[i];
    derive(storage);
}

void dpid_storage_print(dpid_string *s, const dpid_storage *storage)
{
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    for (int i = 0; i < DPID_STORAGE_OPTIONS; i++)
        values[i].i = storage->said[i];
    dpid_string_add(s, dpid_format_at(storage->said[DPID_STORAGE_FORMAT])->word);
    dpid_options_print(s, dpid_storage_options + 1, values + 1);
}

/* ---- public ----------------------------------------------------------------------------------- */

const char *deepid_storage_word(int64_t i)
{
    return dpid_format_at(i) ? dpid_format_at(i)->word : NULL;
}

const char *deepid_storage_help(const char *word)
{
    for (int64_t i = 0; word && dpid_format_at(i); i++)
        if (strcmp(dpid_format_at(i)->word, word) == 0)
            return dpid_format_at(i)->help;
    return NULL;
}
