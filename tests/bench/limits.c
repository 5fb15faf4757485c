#include "limits.h"

#include "timing.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* ---- loops: GCC's vectors, one set for each instruction set ------------------------------------------- */

typedef struct {
    float *x, *y, *z; /* of one thread */
    int64_t count;    /* of each array, a multiple of STRIDE */
    int64_t repeats;
    float sink; /* so that no result is unused */
} part;

typedef void (*loop_fn)(part *p);
typedef struct {
    loop_fn fma_f32, fma_f64, traffic[TRAFFICS];
} loops;

/* 12 chains hide two starts a cycle of four cycles each, and fit into 16 registers with the two factors */
enum { CHAINS = 12, STEPS = 16, SUMS = 8, STRIDE = 128 };

/* acc = acc m + a, in chains that do not wait for each other */
#define MULTIPLY_ADDS(name, attributes, real, vector)                                                                  \
    attributes static void name(part *p)                                                                               \
    {                                                                                                                  \
        const vector m = (vector){0} + (real)0.999;                                                                    \
        const vector a = (vector){0} + (real)0.001;                                                                    \
        vector acc[CHAINS];                                                                                            \
        for (int i = 0; i < CHAINS; i++)                                                                               \
            acc[i] = a * (real)i;                                                                                      \
        for (int64_t n = 0; n < p->repeats; n++)                                                                       \
            _Pragma("GCC unroll 16") for (int step = 0; step < STEPS; step++)                                          \
                _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) acc[i] = acc[i] * m + a;                     \
        for (int i = 1; i < CHAINS; i++)                                                                               \
            acc[0] += acc[i];                                                                                          \
        p->sink = (float)acc[0][0];                                                                                    \
    }

/* The empty statement tells the compiler that memory was read and written: each repetition has to do its work. */
#define TRAFFIC_LOOPS(suffix, attributes, vector)                                                                      \
    attributes static void read_##suffix(part *p)                                                                      \
    {                                                                                                                  \
        vector sum[SUMS] = {{0}};                                                                                      \
        const vector *x = (const vector *)p->x;                                                                        \
        const int64_t n = p->count / (int64_t)(sizeof *x / sizeof *p->x);                                              \
        for (int64_t k = 0; k < p->repeats; k++) {                                                                     \
            for (int64_t i = 0; i < n; i += SUMS)                                                                      \
                _Pragma("GCC unroll 8") for (int j = 0; j < SUMS; j++) sum[j] += x[i + j];                             \
            __asm__ volatile("" ::: "memory");                                                                         \
        }                                                                                                              \
        for (int j = 1; j < SUMS; j++)                                                                                 \
            sum[0] += sum[j];                                                                                          \
        p->sink = sum[0][0];                                                                                           \
    }                                                                                                                  \
    attributes static void copy_##suffix(part *p)                                                                      \
    {                                                                                                                  \
        const vector *restrict x = (const vector *)p->x;                                                               \
        vector *restrict y = (vector *)p->y;                                                                           \
        const vector s = (vector){0} + 0.999f;                                                                         \
        const int64_t n = p->count / (int64_t)(sizeof *x / sizeof *p->x);                                              \
        for (int64_t k = 0; k < p->repeats; k++) {                                                                     \
            _Pragma("GCC unroll 8") for (int64_t i = 0; i < n; i++) y[i] = s * x[i];                                   \
            __asm__ volatile("" ::: "memory");                                                                         \
        }                                                                                                              \
    }                                                                                                                  \
    attributes static void triad_##suffix(part *p)                                                                     \
    {                                                                                                                  \
        const vector *restrict x = (const vector *)p->x;                                                               \
        const vector *restrict y = (const vector *)p->y;                                                               \
        vector *restrict z = (vector *)p->z;                                                                           \
        const vector s = (vector){0} + 0.999f;                                                                         \
        const int64_t n = p->count / (int64_t)(sizeof *x / sizeof *p->x);                                              \
        for (int64_t k = 0; k < p->repeats; k++) {                                                                     \
            _Pragma("GCC unroll 8") for (int64_t i = 0; i < n; i++) z[i] = x[i] + s * y[i];                            \
            __asm__ volatile("" ::: "memory");                                                                         \
        }                                                                                                              \
    }

#define LOOPS(isa, attributes, vector_bytes)                                                                           \
    typedef float floats_##isa __attribute__((vector_size(vector_bytes)));                                             \
    typedef double doubles_##isa __attribute__((vector_size(vector_bytes)));                                           \
    MULTIPLY_ADDS(fma_f32_##isa, attributes, float, floats_##isa)                                                      \
    MULTIPLY_ADDS(fma_f64_##isa, attributes, double, doubles_##isa)                                                    \
    TRAFFIC_LOOPS(isa, attributes, floats_##isa)                                                                       \
    static const loops loops_##isa = {fma_f32_##isa, fma_f64_##isa, {read_##isa, copy_##isa, triad_##isa}};

enum { BASELINE_BYTES = 16, AVX2_BYTES = 32, AVX512_BYTES = 64 };

LOOPS(baseline, , 16)
#ifdef DPID_X86_ISAS
LOOPS(avx2, __attribute__((target("avx2,fma"))), 32)
LOOPS(avx512, __attribute__((target("avx2,fma,avx512f,prefer-vector-width=512"))), 64)
#endif

static int32_t vector_bytes_of(const char *isa)
{
    return strcmp(isa, "avx512") == 0 ? AVX512_BYTES : strcmp(isa, "avx2") == 0 ? AVX2_BYTES : BASELINE_BYTES;
}

static const loops *loops_of(const char *isa)
{
#ifdef DPID_X86_ISAS
    if (strcmp(isa, "avx512") == 0)
        return &loops_avx512;
    if (strcmp(isa, "avx2") == 0)
        return &loops_avx2;
#endif
    (void)isa;
    return &loops_baseline;
}

/* ---- rounds: all threads run the same loop over their parts, between two meetings -------------------------- */

typedef struct {
    _Atomic int64_t arrived; /* at all meetings so far */
    int32_t threads;
    cpu_set_t processors; /* that the program may use */
    loop_fn loop;
    int64_t rounds;
    double *seconds; /* of each round */
} crew;

typedef struct {
    crew *crew;
    int32_t number;
    part part;
    pthread_t thread;
} member;

static void meet(crew *c)
{
    const int64_t goal = (atomic_fetch_add(&c->arrived, 1) / c->threads + 1) * c->threads;
    while (atomic_load(&c->arrived) < goal)
        sched_yield();
}

/* Keep this thread on the i-th of these processors, in turn: left alone, two threads that meet often may stay on
   one. */
static void stay_on(const cpu_set_t *processors, int32_t i)
{
    cpu_set_t one;
    int32_t left = i % CPU_COUNT(processors);
    size_t cpu = 0;
    while (!CPU_ISSET(cpu, processors) || left-- > 0)
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    (void)sched_setaffinity(0, sizeof one, &one);
}

static void run_rounds(crew *c, part *p, double *seconds)
{
    c->loop(p); /* pages, caches, clock */
    for (int64_t round = 0; round < c->rounds; round++) {
        meet(c);
        const double start = seconds_now();
        c->loop(p);
        meet(c);
        if (seconds)
            seconds[round] = seconds_now() - start;
    }
}

static void *work(void *arg)
{
    member *m = arg;
    stay_on(&m->crew->processors, m->number);
    run_rounds(m->crew, &m->part, NULL);
    return NULL;
}

static void *must_have(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

/* Least seconds of a round in which each thread runs the loop over a part of its own. parts: one for each thread. */
static double seconds_of_loop(loop_fn loop, const part *parts, int32_t threads, int64_t rounds)
{
    crew c = {.threads = threads,
              .loop = loop,
              .rounds = rounds,
              .seconds = must_have(malloc(sizeof(double) * (size_t)rounds))};
    member *members = must_have(calloc((size_t)threads, sizeof *members));
    if (sched_getaffinity(0, sizeof c.processors, &c.processors) != 0)
        abort();
    for (int32_t i = 0; i < threads; i++)
        members[i] = (member){.crew = &c, .number = i, .part = parts[i]};
    for (int32_t i = 1; i < threads; i++)
        if (pthread_create(&members[i].thread, NULL, work, &members[i]) != 0)
            abort();
    stay_on(&c.processors, 0);
    run_rounds(&c, &members[0].part, c.seconds);
    (void)sched_setaffinity(0, sizeof c.processors, &c.processors);
    for (int32_t i = 1; i < threads; i++)
        pthread_join(members[i].thread, NULL);
    const double least = quantile(c.seconds, rounds, 0);
    free(members);
    free(c.seconds);
    return least;
}

/* ---- the limits ------------------------------------------------------------------------------------------------ */

static double flops_of(loop_fn loop, int32_t lanes, int32_t threads, int64_t rounds)
{
    enum { REPEATS = 200000, MORE_ROUNDS = 4 }; /* about 10 ms */
    part *parts = must_have(calloc((size_t)threads, sizeof *parts));
    for (int32_t i = 0; i < threads; i++)
        parts[i].repeats = REPEATS;
    const double seconds = seconds_of_loop(loop, parts, threads, MORE_ROUNDS * rounds);
    free(parts);
    return 2.0 * lanes * CHAINS * STEPS * REPEATS * threads / seconds;
}

static void add_flops(const loops *all, int32_t lanes, int64_t rounds, limits *out)
{
    out->flops_f32 = fmax(out->flops_f32, flops_of(all->fma_f32, lanes, out->threads, rounds));
    out->flops_f64 = fmax(out->flops_f64, flops_of(all->fma_f64, lanes / 2, out->threads, rounds));
}

static const int32_t arrays_of[TRAFFICS] = {[TRAFFIC_READ] = 1, [TRAFFIC_COPY] = 2, [TRAFFIC_TRIAD] = 3};

/* The arrays of one kind of traffic, size bytes in all, cut into a part for each thread. */
static double bytes_of(const loops *all, traffic kind, char *memory, double size, int32_t threads, int64_t rounds)
{
    const double round_bytes = 1e9; /* of a thread: 5 ms in the nearest cache */
    const int32_t arrays = arrays_of[kind];
    const int64_t count = (int64_t)(size / (arrays * threads) / sizeof(float)) / STRIDE * STRIDE;
    const double bytes = (double)(count * arrays) * sizeof(float);
    part *parts = must_have(calloc((size_t)threads, sizeof *parts));
    for (int32_t i = 0; i < threads; i++) {
        float *first = (float *)memory + i * arrays * count;
        parts[i] = (part){.x = first,
                          .y = first + (arrays > 1) * count,
                          .z = first + (arrays > 2) * 2 * count,
                          .count = count,
                          .repeats = (int64_t)(round_bytes / bytes) + 1};
    }
    const double seconds = seconds_of_loop(all->traffic[kind], parts, threads, rounds);
    const double rate = bytes * (double)parts[0].repeats * threads / seconds;
    free(parts);
    return rate;
}

void limits_measure(const char *isa, int32_t threads, int64_t rounds, limits *out)
{
    enum { KIB = 1024, MIB = 1024 * KIB, PAGE = 2 * MIB };
    const loops *all = loops_of(isa);
    const double sizes[LIMIT_SIZES] = {
        24.0 * KIB * threads, 512.0 * KIB * threads, 4.0 * MIB, 12.0 * MIB, 24.0 * MIB, 64.0 * MIB, 256.0 * MIB};
    char *memory = must_have(aligned_alloc(PAGE, (size_t)sizes[LIMIT_SIZES - 1]));
    const int32_t lanes = vector_bytes_of(isa) / (int32_t)sizeof(float);
    memset(memory, 0, (size_t)sizes[LIMIT_SIZES - 1]);
    *out = (limits){.threads = threads};
    add_flops(all, lanes, rounds, out);
    for (int i = 0; i < LIMIT_SIZES; i++) {
        out->size[i] = sizes[i];
        for (int kind = 0; kind < TRAFFICS; kind++)
            out->bytes[kind][i] = bytes_of(all, (traffic)kind, memory, sizes[i], threads, rounds);
    }
    add_flops(all, lanes, rounds, out); /* a second later, in case others were at work */
    free(memory);
}

/* ---- floors ------------------------------------------------------------------------------------------------------ */

double limits_bandwidth(const limits *l, traffic kind, double size)
{
    int i = 0;
    while (i < LIMIT_SIZES && l->size[i] < size)
        i++;
    if (i == 0)
        return l->bytes[kind][0];
    if (i == LIMIT_SIZES)
        return l->bytes[kind][LIMIT_SIZES - 1];
    const double place = log(size / l->size[i - 1]) / log(l->size[i] / l->size[i - 1]);
    return l->bytes[kind][i - 1] + place * (l->bytes[kind][i] - l->bytes[kind][i - 1]);
}

/* What is written goes along with one or two reads as far as there are any; what is left is read alone, or written
   at the rate of a copy. */
double limits_traffic_seconds(const limits *l, double reads, double writes, double size)
{
    const double triads = fmin(writes, fmax(reads - writes, 0)); /* written bytes of each kind */
    const double copies = writes - triads;
    const double alone = fmax(reads - copies - 2 * triads, 0);
    const double copied = copies + fmin(copies, reads);
    return 3 * triads / limits_bandwidth(l, TRAFFIC_TRIAD, size) + copied / limits_bandwidth(l, TRAFFIC_COPY, size) +
           alone / limits_bandwidth(l, TRAFFIC_READ, size);
}
