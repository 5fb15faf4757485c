/* Activations: the loops over arrays. The file that includes this defines value(x) and slope(x, y) = dy/dx.
   At its end, under DPID_ONCE, stand facts and claims for the identity (facts.h), then DPID_ACTIVATION(word, help,
   flags, options).

   A kind that is constant on parts of the line defines DPID_FLAT_PARTS first, and is_flat(x): no gradient goes back
   from there, not even an infinite one. value and slope compute both sides and then select one, because a loop with
   branches around work is not vectorised. Large arrays are cut into fixed chunks for the pool. */
#ifndef DPID_OPS_ELEMENTWISE_H
#define DPID_OPS_ELEMENTWISE_H

#include "base/pool.h"
#include "ops/op.h"
#include "tensor/real.h"

static inline real value(real x, const dpid_value *option);
static inline real slope(real x, real y, const dpid_value *option);
#ifdef DPID_FLAT_PARTS
static inline bool is_flat(real x, const dpid_value *option);
#else
static inline bool is_flat(real x, const dpid_value *option)
{
    (void)x;
    (void)option;
    return false;
}
#endif

/* A kind that has numbers to work out of its options before a loop defines DPID_CONSTANTS first, and constants, which
   writes them: value and slope get them as their option. A condition on an option inside of a loop would be a loop of
   its own for each of its answers, and none of them by vectors. */
#ifdef DPID_CONSTANTS
static inline void constants(const dpid_value *option, dpid_value *constant);
#define OPTION_OF(pass)                                                                                                \
    dpid_value option[DPID_OPTIONS_MAX];                                                                               \
    constants((pass)->op->option, option)
#else
#define OPTION_OF(pass) const dpid_value *option = (pass)->op->option
#endif

enum { ELEMENTWISE_CHUNK = 16384 };

typedef struct {
    const dpid_pass *pass;
    int64_t count;
} elementwise_run;

static inline __attribute__((always_inline)) void forward_array(int64_t n, const real *restrict x, real *restrict y,
                                                                const dpid_value *option)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = value(x[i], option);
}

/* dx = dy slope(x), and 0 where the slope is 0: infinity times 0 would be NaN */
static inline __attribute__((always_inline)) void backward_array(int64_t n, const real *restrict x,
                                                                 const real *restrict y, const real *restrict dy,
                                                                 real *restrict dx, const dpid_value *option)
{
    for (int64_t i = 0; i < n; i++) {
        const real d = dy[i] * slope(x[i], y[i], option);
        dx[i] = is_flat(x[i], option) ? 0 : d;
    }
}

/* A kind whose option 0 is a choice of two forms defines DPID_TWO_FORMS first: each form gets a loop of its own. */
#ifdef DPID_TWO_FORMS
static const dpid_value forms[] = {{.i = 0}, {.i = 1}};
#define EACH_FORM(loop, ...) (option[0].i == 0 ? loop(__VA_ARGS__, &forms[0]) : loop(__VA_ARGS__, &forms[1]))
#else
#define EACH_FORM(loop, ...) loop(__VA_ARGS__, option)
#endif

static void forward_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const elementwise_run *run = arg;
    (void)worker;
    const int64_t first = chunk * ELEMENTWISE_CHUNK;
    const int64_t n = run->count - first < ELEMENTWISE_CHUNK ? run->count - first : ELEMENTWISE_CHUNK;
    const real *restrict x = (const real *)run->pass->x + first;
    real *restrict y = (real *)run->pass->y + first;
    OPTION_OF(run->pass);
    EACH_FORM(forward_array, n, x, y);
}

static void backward_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const elementwise_run *run = arg;
    (void)worker;
    const int64_t first = chunk * ELEMENTWISE_CHUNK;
    const int64_t n = run->count - first < ELEMENTWISE_CHUNK ? run->count - first : ELEMENTWISE_CHUNK;
    const real *restrict x = (const real *)run->pass->x + first;
    const real *restrict y = (const real *)run->pass->y + first;
    const real *restrict dy = (const real *)run->pass->dy + first;
    real *restrict dx = (real *)run->pass->dx + first;
    OPTION_OF(run->pass);
    EACH_FORM(backward_array, n, x, y, dy, dx);
}

static void elementwise_chunks(const dpid_pass *pass, dpid_task_fn fn)
{
    elementwise_run run = {pass, pass->n * dpid_shape_count(&pass->op->in)};
    dpid_pool_run(pass->pool, (run.count + ELEMENTWISE_CHUNK - 1) / ELEMENTWISE_CHUNK, fn, &run);
}

static void elementwise_forward(const dpid_pass *pass)
{
    elementwise_chunks(pass, forward_chunk);
}

static void elementwise_backward(const dpid_pass *pass)
{
    if (pass->dx)
        elementwise_chunks(pass, backward_chunk);
}

#define DPID_ACTIVATION_KERNELS(word)                                                                                  \
    DPID_KERNELS_DECLARE(word);                                                                                        \
    const dpid_kernels DPID_T(dpid_kernels_##word) = {elementwise_forward, elementwise_backward, NULL};

/* A kind whose options have to fit together defines DPID_ACTIVATION_INFER first. */
#ifndef DPID_ACTIVATION_INFER
#define DPID_ACTIVATION_INFER dpid_infer_same
#endif

/* Mean square of the slope around 0, where theory has used it. */
#ifndef DPID_ACTIVATION_GAIN
#define DPID_ACTIVATION_GAIN 0
#endif

#if DPID_ONCE
#include "ops/claims.h"
#include <deepid/activations.h>
#define DPID_ACTIVATION(word_, help_, flags_, options_)                                                                \
    DPID_ACTIVATION_KERNELS(word_)                                                                                     \
    const dpid_kind dpid_kind_##word_ = {.word = #word_,                                                               \
                                         .help = help_,                                                                \
                                         .flags = DPID_KIND_ELEMENTWISE | (flags_),                                    \
                                         .gain = DPID_ACTIVATION_GAIN,                                                 \
                                         .activation = facts,                                                          \
                                         .claims = claims,                                                             \
                                         .options = options_,                                                          \
                                         .infer = DPID_ACTIVATION_INFER,                                               \
                                         .kernels = DPID_KERNELS(word_)};                                              \
    int32_t deepid_##word_##_forward(const char *options, const deepid_tensor *x, deepid_tensor *y)                    \
    {                                                                                                                  \
        return dpid_primitive_forward(&dpid_kind_##word_, options, DPID_EVAL, x, NULL, y);                             \
    }                                                                                                                  \
    int32_t deepid_##word_##_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,            \
                                      deepid_tensor *dx)                                                               \
    {                                                                                                                  \
        return dpid_primitive_backward(&dpid_kind_##word_, options, DPID_EVAL, x, NULL, dy, dx, NULL);                 \
    }
#else
#define DPID_ACTIVATION(word_, help_, flags_, options_) DPID_ACTIVATION_KERNELS(word_)
#endif

#endif
