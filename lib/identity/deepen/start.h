/* A start word as an option: init=he. The choices are the words of deepid_init_word, which a test compares. */
#ifndef DPID_IDENTITY_START_H
#define DPID_IDENTITY_START_H

#include "base/base.h"

#define DPID_START_CHOICES                                                                                             \
    "he|glorot|lecun|pytorch_default|orthogonal|delta_orthogonal|identity|looks_linear|zero_last|fixup"
#define DPID_SEED_MAX 9007199254740992.0 /* 2^53: options are doubles on their way */

/* The word of a choice. */
static inline const char *dpid_start_word(const dpid_value *chosen)
{
    static const char *const words[] = {
        "he",           "glorot",    "lecun", "pytorch_default", "orthogonal", "delta_orthogonal", "identity",
        "looks_linear", "zero_last", "fixup"};
    return words[chosen->i];
}

#endif
