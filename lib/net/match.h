/* Which module of a file is which layer of a net, when names differ. */
#ifndef DPID_NET_MATCH_H
#define DPID_NET_MATCH_H

#include "net/modules.h"

/* place[i]: the module of the file for layer i of the net; place has room for all of the net. DEEPID_ERR_SHAPE with
   both lists where none fits, or two do. path is for the sentence. */
int32_t dpid_match_by_order(dpid_arena *arena, const char *path, const dpid_modules *net, const dpid_modules *file,
                            int32_t *place);
/* The modules of `names` in their order. */
int32_t dpid_match_by_names(dpid_arena *arena, const char *path, const dpid_modules *net, const dpid_modules *file,
                            const dpid_modules *names, int32_t *place);

#endif
