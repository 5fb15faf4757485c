/* Nets' texts of older files. */
#ifndef DPID_NET_OLD_TEXT_H
#define DPID_NET_OLD_TEXT_H

#include "base/base.h"

/* What a text of deepid.format 1 or 2 is today: itself, or another one in the arena. DEEPID_ERR_SPEC where it does not
   parse. */
int32_t dpid_net_renew_text(dpid_arena *arena, const char *text, const char **out);

#endif
