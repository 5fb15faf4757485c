/* A number as a report writes it, for callers. */
#include <deepid/report.h>

#include "base/words.h"

#include <string.h>

int32_t deepid_format_number(double value, char *buffer, int64_t size)
{
    enum { LEAST = 40 };
    if (!buffer || size < LEAST)
        return DEEPID_ERR_ARGUMENT;
    const dpid_number_text words = dpid_words(value); /* far shorter than LEAST */
    memcpy(buffer, words.text, strlen(words.text) + 1);
    return DEEPID_OK;
}
