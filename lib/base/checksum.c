/* Checksums by xxHash, compiled in, so that nothing is linked. */
#include "base/checksum.h"

#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t dpid_checksum_bits(const dpid_piece *parts, int64_t count)
{
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    for (int64_t i = 0; i < count; i++)
        XXH3_64bits_update(&state, parts[i].data, (size_t)parts[i].bytes);
    return XXH3_64bits_digest(&state);
}

dpid_checksum dpid_checksum_of(const dpid_piece *parts, int64_t count)
{
    dpid_checksum out;
    snprintf(out.text, sizeof out.text, "xxh3:%016llx", (unsigned long long)dpid_checksum_bits(parts, count));
    return out;
}
