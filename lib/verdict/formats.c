/* Number formats as the rules see them: how fine, how wide. A fraction has so many bits, the leading one among them; a
   range is as wide as its exponent has bits. Two that have one of these in common separate the causes: tf32 and f16
   have one fraction, tf32 and bf16 one range. */
#include "verdict/rules.h"

#include <string.h>

static const dpid_number_format rows[] = {
    {"f8e4m3", "E4M3", NULL, 4, 4},       {"f8e5m2", "E5M2", NULL, 3, 5},    {"f16", "float16", "D_f16", 11, 5},
    {"bf16", "bfloat16", "D_bf16", 8, 8}, {"tf32", "tf32", "D_tf32", 11, 8}, {"f32", "float32", "D_f32", 24, 8},
    {"f64", "float64", "D64", 53, 11},
};
enum { ROWS = sizeof rows / sizeof *rows };

const dpid_number_format *dpid_number_format_at(int64_t i)
{
    return i >= 0 && i < ROWS ? &rows[i] : NULL;
}

const dpid_number_format *dpid_number_format_of(const char *storage)
{
    const size_t length = strcspn(storage, " ");
    for (int i = 0; i < ROWS; i++)
        if (strlen(rows[i].word) == length && strncmp(rows[i].word, storage, length) == 0)
            return &rows[i];
    return NULL;
}

const dpid_number_format *dpid_recipe_format(const dpid_judge *j)
{
    const dpid_number_format *format = j->e->storage && !j->e->is_f64 ? dpid_number_format_of(j->e->storage) : NULL;
    return format && strcmp(format->word, "f32") != 0 ? format : NULL;
}
