/* JSON by jansson, which takes its memory from an arena of the context: it is counted and limited, and one release
   frees all of it. After some failed allocations jansson goes on as if nothing were missing. So the first failure is
   noted here, and then no value leaves this file. */
#include "base/json.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

extern FILE *const dpid_json_stdin;
FILE *const dpid_json_stdin = NULL; /* instead of stdin: lib/packaging/library.cmake */

/* ---- memory: jansson's hooks know no context, so each thread says whose text it reads ---------- */

typedef struct {
    dpid_arena *arena;
    int32_t status;
} memory;

static _Thread_local memory *current;
static pthread_once_t hooks_once = PTHREAD_ONCE_INIT;

static void *take(size_t bytes)
{
    void *out = NULL;
    if (!current || current->status != DEEPID_OK)
        return NULL;
    current->status = dpid_arena_alloc(current->arena, (int64_t)bytes, 1, "JSON", &out);
    return out;
}

/* The arena frees all at once. */
static void give(void *block)
{
    (void)block;
}

static void set_hooks(void)
{
    json_set_alloc_funcs(take, give);
}

/* ---- reading ------------------------------------------------------------------------------------ */

/* The key that ends before text[end], its quotes left out. */
static void say_twice(const char *text, int end, dpid_json_text *out, int line)
{
    int begin = end - 1;
    while (begin > 0 && (text[begin - 1] != '"' || (begin > 1 && text[begin - 2] == '\\')))
        begin--;
    snprintf(out->why, sizeof out->why, "the key '%.*s' comes twice, in line %d", end - 1 - begin, text + begin, line);
}

static void say_why(const char *text, const json_error_t *error, dpid_json_text *out)
{
    if (json_error_code(error) == json_error_duplicate_key && error->position > 1)
        say_twice(text, error->position, out, error->line);
    else
        snprintf(out->why, sizeof out->why, "not JSON, line %d: %s", error->line, error->text);
}

int32_t dpid_json_read(deepid_ctx *ctx, const char *text, int64_t bytes, dpid_json_text *out)
{
    json_error_t error;
    *out = (dpid_json_text){.arena = {.ctx = ctx}};
    memory mine = {&out->arena, DEEPID_OK};
    pthread_once(&hooks_once, set_hooks);
    current = &mine;
    const json_t *root = json_loadb(text, (size_t)bytes, JSON_REJECT_DUPLICATES, &error);
    current = NULL;
    if (mine.status != DEEPID_OK)
        dpid_json_release(out);
    else if (root)
        out->root = root;
    else
        say_why(text, &error, out);
    return mine.status;
}

void dpid_json_release(dpid_json_text *text)
{
    dpid_arena_release(&text->arena);
    text->root = NULL;
}

/* ---- values --------------------------------------------------------------------------------------- */

const dpid_json *dpid_json_get(const dpid_json *object, const char *key)
{
    return json_object_get(object, key);
}

const dpid_json *dpid_json_at(const dpid_json *array, int64_t i)
{
    return json_array_get(array, (size_t)i);
}

const dpid_json *dpid_json_next(const dpid_json *object, const char **key)
{
    json_t *const o = (json_t *)object; /* jansson's iterators could change it; we do not */
    void *at = *key ? json_object_iter_next(o, json_object_key_to_iter(*key)) : json_object_iter(o);
    *key = at ? json_object_iter_key(at) : NULL;
    return json_object_iter_value(at);
}

int64_t dpid_json_count(const dpid_json *value)
{
    return (int64_t)(json_is_object(value) ? json_object_size(value) : json_array_size(value));
}

bool dpid_json_is_object(const dpid_json *value)
{
    return json_is_object(value);
}

bool dpid_json_is_array(const dpid_json *value)
{
    return json_is_array(value);
}

bool dpid_json_is_null(const dpid_json *value)
{
    return json_is_null(value);
}

bool dpid_json_is_true(const dpid_json *value)
{
    return json_is_true(value);
}

bool dpid_json_bool(const dpid_json *value, bool *out)
{
    *out = json_is_true(value);
    return json_is_boolean(value);
}

const char *dpid_json_string(const dpid_json *value)
{
    return json_string_value(value);
}

bool dpid_json_int(const dpid_json *value, int64_t *out)
{
    *out = json_integer_value(value);
    return json_is_integer(value);
}

bool dpid_json_number(const dpid_json *value, double *out)
{
    *out = json_number_value(value);
    return json_is_number(value);
}
