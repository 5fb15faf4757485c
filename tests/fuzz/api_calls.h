/* What the calls of api_calls.py draw their arguments from, and what they look at afterwards. */
#include <deepid/deepid.h>

#include <float.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static int32_t make(int kind, void **at);
static void destroy(int kind, void *handle);

enum { SLOTS = 8, ROOM = 1 << 16, NOTE = 4096, LONG = 20000, MEMORY = 64 << 20 };

static void *made[KINDS];
#define MINE ((deepid_ctx *)made[0])
static struct {
    int kind;
    void *handle;
} slots[SLOTS];
static int slots_used;
static char *last; /* shared with the parent: the call at work, or what is wrong with it */
static uint64_t state;

/* ---- draws ------------------------------------------------------------------------------------ */

static uint64_t next(void) /* splitmix64 */
{
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int chance(uint64_t n)
{
    return next() % n == 0;
}

/* Mostly the right kind; a function that destroys gets no object that is still needed. */
static void *handle(int kind, int destroys)
{
    if (chance(8))
        return NULL;
    if (destroys || chance(5)) {
        const int other = (int)(next() % KINDS);
        return other == kind ? NULL : made[other];
    }
    return made[kind];
}

static void *slot(int kind)
{
    if (chance(10) || slots_used == SLOTS)
        return NULL;
    slots[slots_used].kind = kind;
    slots[slots_used].handle = NULL;
    return &slots[slots_used++].handle;
}

static const char *text(void)
{
    static char nested[LONG + 1], plain[LONG + 1];
    memset(nested, '{', LONG);
    memset(plain, 'a', LONG);
    switch (next() % 12) {
    case 0:
        return NULL;
    case 1:
        return nested;
    case 2:
        return plain;
    default:
        return texts[next() % (sizeof texts / sizeof *texts - 1)];
    }
}

/* As many as the largest count that an array is given with. */
static const char *const *many_texts(void)
{
    static const char *many[64];
    for (int i = 0; i < 64; i++)
        many[i] = texts[i % (int)(sizeof texts / sizeof *texts - 1)];
    return many;
}

/* No count between what the arrays hold and what nobody has memory for. */
static int64_t whole(void)
{
    static const int64_t edges[] = {INT64_MIN,        INT64_MIN + 1, -1,       0, 1, 2, 3, 4, 7, 8, 40, 64,
                                    (int64_t)1 << 40, INT64_MAX - 1, INT64_MAX};
    return chance(3) ? (int64_t)(next() % 9) : edges[next() % (sizeof edges / sizeof *edges)];
}

static int32_t whole32(void)
{
    static const int32_t edges[] = {INT32_MIN, -1, 0, 1, 2, 3, 8, 9, INT32_MAX};
    return edges[next() % (sizeof edges / sizeof *edges)];
}

static double real(void)
{
    static const double edges[] = {0,
                                   -0.0,
                                   1,
                                   -1,
                                   .5,
                                   .95,
                                   2,
                                   1e-300,
                                   5e-324,
                                   DBL_MAX,
                                   -DBL_MAX,
                                   1e18,
                                   9.3e18,
                                   -9.3e18,
                                   (double)NAN,
                                   (double)INFINITY,
                                   -(double)INFINITY};
    return edges[next() % (sizeof edges / sizeof *edges)];
}

typedef enum { WHOLE, LABELS, REAL, FLOATS, BYTES } content;

static void *array(content of)
{
    static union {
        int64_t whole[ROOM];
        int32_t labels[2 * ROOM];
        double real[ROOM];
        float floats[2 * ROOM];
        char bytes[8 * ROOM];
    } memory[8];
    const int which = (int)(next() % 8);
    const int64_t one = (const int64_t[]){0, 1, 2, 4, -1, INT64_MAX, INT64_MIN}[next() % 7];
    if (chance(6))
        return NULL;
    for (int i = 0; i < 64; i++)
        switch (of) {
        case WHOLE:
            memory[which].whole[i] = chance(2) ? one : (int64_t)(next() % 5);
            break;
        case LABELS:
            memory[which].labels[i] = chance(20) ? whole32() : (int32_t)(next() % 2);
            break;
        case REAL:
            memory[which].real[i] = chance(20) ? real() : (double)i;
            break;
        case FLOATS:
            memory[which].floats[i] = chance(20) ? (float)real() : (float)i;
            break;
        case BYTES:
            memory[which].bytes[i] = (char)next();
            break;
        }
    return &memory[which];
}

/* Memory must exist wherever strides lead. */
static const int64_t *strides(void)
{
    static const int64_t still[8] = {0}, near[8] = {2, 1, 1, 1, 1, 1, 1, 1};
    return chance(2) ? NULL : chance(2) ? still : near;
}

/* ---- callbacks ---------------------------------------------------------------------------------- */

static void *give(void *user, uint64_t bytes, uint64_t alignment)
{
    (void)user;
    return aligned_alloc(alignment, bytes);
}

static void take(void *user, void *memory, uint64_t bytes)
{
    (void)user;
    (void)bytes;
    free(memory);
}

static void hear(void *user, int32_t level, const char *line)
{
    (void)user;
    (void)level;
    (void)line;
}

static int32_t progress(void *user, const deepid_event *event)
{
    (void)user;
    return deepid_event_step(event) < 0 || chance(4);
}

/* Once in a while it leaves anything behind. */
static int32_t exchange(void *user, int32_t how, int64_t *numbers, int64_t count, const char **why)
{
    (void)user;
    (void)how;
    for (int64_t i = 0; chance(20) && i < count; i++)
        numbers[i] = whole();
    *why = chance(2) ? NULL : text();
    return chance(8) ? whole32() : 0;
}

static int32_t study_progress(void *user, const deepid_study_event *event)
{
    (void)user;
    return deepid_study_event_tasks(event) < 0 || chance(4);
}

/* ---- what is looked at ---------------------------------------------------------------------------- */

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(last, NOTE, format, list);
    va_end(list);
}

static void wrong(const char *what)
{
    const size_t length = strlen(last);
    snprintf(last + length, NOTE - length, ": %s", what);
    _exit(1);
}

static void check_text(const char *words)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    for (const unsigned char *p = (const unsigned char *)words; p && *p;) {
        const int more = *p < 0x80 ? 0 : *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : *p >= 0xc0 ? 1 : -1;
        uint32_t code = more < 0 ? 0 : *p & (0x7fu >> (more ? more + 1 : 0));
        for (int i = 1; i <= more; i++)
            code = (p[i] & 0xc0) == 0x80 ? code << 6 | (p[i] & 0x3f) : 0;
        if (more < 0 || code < least[more])
            wrong("a text is not UTF-8");
        p += more + 1;
    }
}

static void check_status(int32_t status)
{
    const char *sentence = deepid_ctx_error(MINE);
    if (strcmp(deepid_status_name(status), "unknown status") == 0)
        wrong("no status");
    check_text(sentence);
    if (status != DEEPID_OK && status != DEEPID_ERR_ARGUMENT && *sentence == 0)
        wrong("failed without a sentence");
    if (strchr(sentence, '\n') || strlen(sentence) >= 512)
        wrong("the sentence is not one line");
}

/* A second thread's calls while the first is inside one. The context's own readers of a sentence are said to be
   free. */
static int refused_setters(const char *const *name, const int32_t *status, size_t stride, size_t count)
{
    int bad = 0;
    for (size_t i = 0; i < count; i++) {
        const char *const *n = (const char *const *)((const char *)name + i * stride);
        const int32_t *s = (const int32_t *)((const char *)status + i * stride);
        if (*s != DEEPID_ERR_BUSY && ++bad)
            printf("%s: %s from a second thread, expected DEEPID_ERR_BUSY\n", *n, deepid_status_name(*s));
    }
    printf("%zu setters asked from a second thread\n", count);
    return bad != 0;
}
