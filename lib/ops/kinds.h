/* The layer kinds, one line each, in the order in which they are listed. A line here and the folder lib/ops/<kind>/ are
   all that the library needs of a kind; docs/CONTRIBUTING.md says what its manual needs. */
#ifndef DPID_OPS_KINDS_H
#define DPID_OPS_KINDS_H

#define DPID_KINDS(X)                                                                                                  \
    X(dense)                                                                                                           \
    X(conv2d)                                                                                                          \
    X(conv1d)                                                                                                          \
    X(batchnorm)                                                                                                       \
    X(layernorm)                                                                                                       \
    X(groupnorm)                                                                                                       \
    X(instancenorm)                                                                                                    \
    X(rmsnorm)                                                                                                         \
    X(scale)                                                                                                           \
    X(relu)                                                                                                            \
    X(leaky_relu)                                                                                                      \
    X(prelu)                                                                                                           \
    X(elu)                                                                                                             \
    X(selu)                                                                                                            \
    X(celu)                                                                                                            \
    X(tanh)                                                                                                            \
    X(sigmoid)                                                                                                         \
    X(gelu)                                                                                                            \
    X(silu)                                                                                                            \
    X(mish)                                                                                                            \
    X(softplus)                                                                                                        \
    X(hardtanh)                                                                                                        \
    X(hardswish)                                                                                                       \
    X(hardsigmoid)                                                                                                     \
    X(softsign)                                                                                                        \
    X(maxpool)                                                                                                         \
    X(avgpool)                                                                                                         \
    X(global_avgpool)                                                                                                  \
    X(flatten)                                                                                                         \
    X(dropout)                                                                                                         \
    X(stochastic_depth)                                                                                                \
    X(channel_pad)                                                                                                     \
    X(gradient_cast)

#endif
