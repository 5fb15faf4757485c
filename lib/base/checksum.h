/* Checksums: what the library writes and reads again carries one, so that damage is found and not read. */
#ifndef DPID_BASE_CHECKSUM_H
#define DPID_BASE_CHECKSUM_H

#include <stdint.h>

/* XXH3 of 64 bits as "xxh3:" and 16 hexadecimal digits, those that `xxhsum -H3` prints. */
enum { DPID_CHECKSUM_BYTES = 21 };
typedef struct {
    char text[DPID_CHECKSUM_BYTES + 1];
} dpid_checksum;
typedef struct {
    const void *data;
    int64_t bytes;
} dpid_piece;

/* The checksum of all parts as one text: their bytes, one part behind the other. */
dpid_checksum dpid_checksum_of(const dpid_piece *parts, int64_t count);
uint64_t dpid_checksum_bits(const dpid_piece *parts, int64_t count); /* the number that it writes */

#endif
