/* JSON texts, read by jansson in the context's memory. json.c is the only file that includes jansson.h, and it links a
   jansson of the library's own (lib/packaging/library.cmake). */
#ifndef DPID_BASE_JSON_H
#define DPID_BASE_JSON_H

#include "base/memory.h"

typedef struct json_t dpid_json; /* a value; functions take NULL for one that is not there */

enum { DPID_JSON_WHY = 256 };
typedef struct {
    dpid_arena arena;        /* all of it */
    const dpid_json *root;   /* NULL: the text is not JSON, */
    char why[DPID_JSON_WHY]; /* and this says why: "not JSON, line 3: ..." */
} dpid_json_text;

/* DEEPID_OK whether text is JSON or not (out->root tells); else DEEPID_ERR_MEMORY or DEEPID_ERR_LIMIT. A text with the
   same key twice in an object counts as no JSON, and why names the key. The values live until release, which is fine
   after any outcome. */
int32_t dpid_json_read(deepid_ctx *ctx, const char *text, int64_t bytes, dpid_json_text *out);
void dpid_json_release(dpid_json_text *text);

const dpid_json *dpid_json_get(const dpid_json *object, const char *key);
const dpid_json *dpid_json_at(const dpid_json *array, int64_t i);
/* A walk over members: returns the one that follows *key (the first when *key is NULL) and puts its key into *key; NULL
   past the last. */
const dpid_json *dpid_json_next(const dpid_json *object, const char **key);
int64_t dpid_json_count(const dpid_json *value); /* members or elements; 0 for what has none */
bool dpid_json_is_object(const dpid_json *value);
bool dpid_json_is_array(const dpid_json *value);
bool dpid_json_is_null(const dpid_json *value);
bool dpid_json_is_true(const dpid_json *value);
bool dpid_json_bool(const dpid_json *value, bool *out);     /* false when it is neither true nor false */
const char *dpid_json_string(const dpid_json *value);       /* NULL when it is none */
bool dpid_json_int(const dpid_json *value, int64_t *out);   /* false, and 0, when it is no integer */
bool dpid_json_number(const dpid_json *value, double *out); /* false, and 0, when it is no number */

#endif
