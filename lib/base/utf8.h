/* UTF-8, as far as sentences need it. */
#ifndef DPID_BASE_UTF8_H
#define DPID_BASE_UTF8_H

#include <stdint.h>

/* Bytes of the UTF-8 character at p; 0 when it is not one, or a control character or a direction override, which
   have no place in a sentence. */
int32_t dpid_utf8_length(const char *p);

#endif
