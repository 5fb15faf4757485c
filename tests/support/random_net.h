/* Nets by chance: every layer kind and block variant of the registries with whatever options they have, in odd
   shapes. The same seed gives the same net. For tests, fuzzers, whoever wants nets that nobody thought of. */
#ifndef DPID_TESTS_RANDOM_NET_H
#define DPID_TESTS_RANDOM_NET_H

#include "support/support.h"

#include "net/net.h"

enum { RANDOM_NET_TEXT = 4096 };

typedef struct {
    uint64_t seed;
    char text[RANDOM_NET_TEXT];
    int64_t batch;    /* 1, 2, 3, 7, 33 or 129: the larger, the smaller the net is */
    bool trains;      /* on a batch of this size (batch-norm wants two values a channel) */
    bool has_planted; /* its backward is not the gradient of its forward, and is not meant to be */
    bool kinked;      /* forward has no derivative somewhere */
    bool winograd;    /* some convolution goes through Winograd's transform */
} drawn_net;

/* Fails the test when a drawn piece is refused otherwise than for its shapes and options. */
void draw_net(deepid_ctx *ctx, uint64_t seed, drawn_net *out);
/* A net that somebody wrote, looked at in the same way: its numbers come from the seed. */
void take_net(deepid_ctx *ctx, const char *text, int64_t batch, uint64_t seed, drawn_net *out);
/* A net by chance with three classes, and a batch of data for it; free *x after the data. */
void draw_classifier(deepid_ctx *ctx, uint64_t seed, drawn_net *out);
void random_classes(deepid_ctx *ctx, const drawn_net *drawn, const deepid_net *net, double **x, deepid_dataset **out);

#endif
