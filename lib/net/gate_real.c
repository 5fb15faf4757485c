/* The product at the end of a highway block's gate (Srivastava, Greff, Schmidhuber 2015, arXiv:1505.00387):
     y = T H + (1 - T) x = x + T (H - x)
   in three steps: a join with s = -1 gives H - x, this product T (H - x), a join the sum. Where T is 0, or H is x, the
   product is 0 and the join returns x bit for bit. */
#include "net/gate.h"

#include "tensor/real.h"

#define DECLARE(suffix, real)                                                                                          \
    void dpid_gate_forward_##suffix(dpid_pool *pool, int64_t n, const void *t, const void *h, void *out);              \
    void dpid_gate_backward_##suffix(dpid_pool *pool, int64_t n, const void *dout, const void *t, const void *h,       \
                                     void *dt, void *dh);
DPID_ISA_EACH(DECLARE)

enum { CHUNK = 16384 };

typedef struct {
    int64_t n;
    const real *t, *h, *dout;
    real *out, *dt, *dh;
} gate;

static int64_t chunk_end(const gate *g, int64_t chunk)
{
    return (chunk + 1) * CHUNK < g->n ? (chunk + 1) * CHUNK : g->n;
}

static void forward_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const gate *g = arg;
    (void)worker;
    for (int64_t i = chunk * CHUNK; i < chunk_end(g, chunk); i++)
        g->out[i] = g->t[i] * g->h[i];
}

void DPID_T(dpid_gate_forward)(dpid_pool *pool, int64_t n, const void *t, const void *h, void *out)
{
    gate g = {.n = n, .t = t, .h = h, .out = out};
    dpid_pool_run(pool, (n + CHUNK - 1) / CHUNK, forward_chunk, &g);
}

/* dt = dout h      dh = dout t */
static void backward_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const gate *g = arg;
    (void)worker;
    for (int64_t i = chunk * CHUNK; i < chunk_end(g, chunk); i++) {
        g->dt[i] = g->dout[i] * g->h[i];
        g->dh[i] = g->dout[i] * g->t[i];
    }
}

void DPID_T(dpid_gate_backward)(dpid_pool *pool, int64_t n, const void *dout, const void *t, const void *h, void *dt,
                                void *dh)
{
    gate g = {.n = n, .dout = dout, .t = t, .h = h, .dt = dt, .dh = dh};
    dpid_pool_run(pool, (n + CHUNK - 1) / CHUNK, backward_chunk, &g);
}

#if DPID_ONCE
const dpid_gate_forward_fn dpid_gate_forward[DPID_ISAS][DPID_PRECISIONS] = DPID_ISA_TABLE(dpid_gate_forward);
const dpid_gate_backward_fn dpid_gate_backward[DPID_ISAS][DPID_PRECISIONS] = DPID_ISA_TABLE(dpid_gate_backward);
#endif
