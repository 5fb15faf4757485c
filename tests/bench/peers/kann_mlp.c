/* A training step of a deep narrow MLP in KANN (github.com/attractivechaos/kann): depth layers of width x width,
   each act(W x + b) or x + act(W x + b), and a head of 10 classes; forward, cross entropy, backward, RMSprop, its
   only optimiser. Prints one line of key=value.
   cc -O3 -march=native -DHAVE_CBLAS -DHAVE_PTHREAD -I KANN kann_mlp.c ../timing.c KANN/kann.c KANN/kautodiff.c
   -lopenblas -lm -pthread */
#include "../timing.h"

#include <kann.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES = 10 };

typedef struct {
    kann_t *net;
    float *running; /* RMSprop's mean of squares */
} peer;

static kad_node_t *layer(kad_node_t *x, int width, const char *act, int skip)
{
    kad_node_t *y = kann_layer_dense(x, width);
    y = strcmp(act, "tanh") == 0 ? kad_tanh(y) : kad_relu(y);
    return skip ? kad_add(x, y) : y;
}

static kann_t *make_net(int depth, int width, const char *act, int skip)
{
    kad_node_t *t = kann_layer_input(width);
    for (int i = 0; i < depth; i++)
        t = layer(t, width, act, skip);
    return kann_new(kann_layer_cost(t, CLASSES, KANN_C_CEM), 0);
}

static float *make_inputs(int batch, int width)
{
    float *x = malloc(sizeof *x * (size_t)(batch * width));
    for (int i = 0; x && i < batch * width; i++)
        x[i] = (float)rand() / (float)RAND_MAX - 0.5f;
    return x;
}

static float *make_targets(int batch)
{
    float *y = calloc((size_t)(batch * CLASSES), sizeof *y);
    for (int i = 0; y && i < batch; i++)
        y[i * CLASSES + i % CLASSES] = 1;
    return y;
}

static void step(void *arg)
{
    peer *p = arg;
    kann_cost(p->net, 0, 1);
    kann_RMSprop(kann_size_var(p->net), 1e-6f, 0, 0.9f, p->net->g, p->net->x, p->running);
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fputs("usage: kann_mlp DEPTH WIDTH BATCH relu|tanh SKIP THREADS\n", stderr);
        return 2;
    }
    const int depth = atoi(argv[1]), width = atoi(argv[2]), batch = atoi(argv[3]), skip = atoi(argv[5]),
              threads = atoi(argv[6]);
    peer p = {.net = make_net(depth, width, argv[4], skip)};
    float *x = make_inputs(batch, width), *y = make_targets(batch);
    p.running = calloc((size_t)kann_size_var(p.net), sizeof *p.running);
    if (!x || !y || !p.running)
        return 1;
    kann_set_batch_size(p.net, batch);
    if (threads > 1)
        kann_mt(p.net, threads, batch);
    kann_switch(p.net, 1);
    kann_feed_bind(p.net, KANN_F_IN, 0, &x);
    kann_feed_bind(p.net, KANN_F_TRUTH, 0, &y);
    const double seconds = seconds_of(step, &p, 9, 0.02);
    printf("peer=kann depth=%d width=%d batch=%d act=%s skip=%d threads=%d ms=%.4g\n", depth, width, batch, argv[4],
           skip, threads, 1e3 * seconds);
    kann_delete(p.net);
    free(p.running);
    free(x);
    free(y);
    return 0;
}
