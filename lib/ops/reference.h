/* The plain references: the formula in double with the loops that it suggests. For tests; never shipped, never
   tuned. */
#ifndef DPID_OPS_REFERENCE_H
#define DPID_OPS_REFERENCE_H

#include "ops/op.h"

/* y of n samples; parameters in the op's order. dropout's reference is its eval form. */
typedef void (*dpid_reference)(const dpid_op *op, dpid_mode mode, int64_t n, const double *x,
                               const double *const *parameter, double *y);

#define DPID_REFERENCE(word)                                                                                           \
    void dpid_reference_##word(const dpid_op *op, dpid_mode mode, int64_t n, const double *x,                          \
                               const double *const *parameter, double *y)

/* A loss: the mean over samples of z [n, width], by labels or targets. */
typedef double (*dpid_reference_of_loss)(const dpid_value *option, int64_t n, int64_t width, const double *z,
                                         const int32_t *labels, const double *targets);

#define DPID_REFERENCE_LOSS(word)                                                                                      \
    double dpid_reference_##word(const dpid_value *option, int64_t n, int64_t width, const double *z,                  \
                                 const int32_t *labels, const double *targets)

/* Options worth trying in the contract test, beside the defaults; the last is NULL. */
#define DPID_CASES(word, ...)                                                                                          \
    extern const char *const dpid_cases_##word[];                                                                      \
    const char *const dpid_cases_##word[] = {__VA_ARGS__};

/* The reference of an activation is one expression of v, an element of x. */
#define DPID_REFERENCE_ELEMENTWISE(word, expression)                                                                   \
    DPID_REFERENCE(word);                                                                                              \
    DPID_REFERENCE(word)                                                                                               \
    {                                                                                                                  \
        (void)mode;                                                                                                    \
        (void)parameter;                                                                                               \
        const dpid_value *option = op->option;                                                                         \
        (void)option;                                                                                                  \
        for (int64_t i = 0; i < n * dpid_shape_count(&op->in); i++) {                                                  \
            const double v = x[i];                                                                                     \
            y[i] = (expression);                                                                                       \
        }                                                                                                              \
    }

#endif
