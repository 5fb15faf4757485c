/* Initialisations: a word, its options, and what it does to a net. One number of a parameter is a function of (seed,
   parameter's name, place). */
#ifndef DPID_NET_INIT_H
#define DPID_NET_INIT_H

#include "net/net.h"

typedef struct {
    deepid_net *net;
    const dpid_value *option;
    uint64_t seed;
    const double *batch; /* samples samples for a start that looks at data; NULL: there are none */
    int64_t samples;
} dpid_init_run;

typedef struct {
    const char *word, *help;
    const dpid_option *options;
    int32_t (*apply)(dpid_init_run *run);
    bool looks_at_data; /* it needs a batch */
} dpid_init;

/* The initialisations, one line each; each is dpid_init_<word>. */
#define DPID_INITS(X)                                                                                                  \
    X(he)                                                                                                              \
    X(glorot)                                                                                                          \
    X(lecun)                                                                                                           \
    X(normal)                                                                                                          \
    X(uniform)                                                                                                         \
    X(pytorch_default)                                                                                                 \
    X(orthogonal)                                                                                                      \
    X(delta_orthogonal)                                                                                                \
    X(identity)                                                                                                        \
    X(looks_linear)                                                                                                    \
    X(zero_last)                                                                                                       \
    X(fixup)                                                                                                           \
    X(gain)                                                                                                            \
    X(lsuv)
#define DPID_INIT_DECLARE(word) extern const dpid_init dpid_init_##word;
DPID_INITS(DPID_INIT_DECLARE)
/* As the choices of an option: "he|glorot|...", in the order of deepid_init_word. */
#define DPID_INIT_CHOICE(word) "|" #word
#define DPID_SEED_MAX 9007199254740992.0 /* 2^53: options are doubles on their way */
#define DPID_INIT_CHOICES (&(DPID_INITS(DPID_INIT_CHOICE))[1])

/* deepid_net_init inside an entered context; batch: samples samples of the net's input, or NULL. */
int32_t dpid_net_init_by(deepid_net *net, const char *text, uint64_t seed, const double *batch, int64_t samples);
/* Does the start of this text look at data? false: it does not, or there is no such start. */
bool dpid_init_looks_at_data(const char *text);

/* The option that sets every bias, the last of a start that has it; and what it does. */
#define DPID_INIT_BIAS_OPTION                                                                                          \
    {                                                                                                                  \
        "bias", DPID_REAL, 0, -1e6, 1e6, NULL, false, "every bias"                                                     \
    }
void dpid_init_biases(const dpid_init_run *run, double value);
/* An orthogonal weight, all taps flattened, times gain. */
int32_t dpid_init_orthogonal_weight(dpid_init_run *run, int32_t parameter, double gain);

/* The stream of one parameter. */
dpid_random dpid_init_stream(const dpid_init_run *run, const dpid_parameter *p);
/* Store rounded to f32, in every precision: f32 and f64 nets start from the same numbers. */
void dpid_init_set(const dpid_init_run *run, int32_t parameter, int64_t i, double value);
void dpid_init_fill(const dpid_init_run *run, int32_t parameter, double value);
/* Normal with this standard deviation, or uniform in (-bound, bound). */
void dpid_init_draw_normal(const dpid_init_run *run, int32_t parameter, double std);
void dpid_init_draw_uniform(const dpid_init_run *run, int32_t parameter, double bound);
/* A random matrix [rows, cols] with orthonormal rows or columns, whichever are fewer, times gain. */
int32_t dpid_random_orthogonal(deepid_ctx *ctx, dpid_random *r, int64_t rows, int64_t cols, double gain, double *out);
bool dpid_init_is_weight(const deepid_net *net, int32_t parameter);
/* Taps of a weight [out, taps.., in]: 1 of a dense one. And the index of the centre tap, in [kh, kw] or [k]. */
int64_t dpid_init_taps(const dpid_parameter_spec *spec);
int64_t dpid_init_centre(const dpid_parameter_spec *spec);

#endif
