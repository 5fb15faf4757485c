/* The sum at the end of a residual block: out = branch + s skip.
   Where the branch is 0 the result is s skip itself: x + 0 would turn -0 into +0, and a zero branch must return x
   bit for bit. */
#include "net/join.h"

#include "tensor/real.h"

#define DECLARE(suffix, real)                                                                                          \
    void dpid_join_forward_##suffix(dpid_pool *pool, int64_t n, const void *branch, const void *skip, double s,        \
                                    void *out);                                                                        \
    void dpid_join_backward_##suffix(dpid_pool *pool, int64_t n, const void *dout, double s, bool add, void *dbranch,  \
                                     void *dskip);
DPID_ISA_EACH(DECLARE)

enum { CHUNK = 16384 };

typedef struct {
    int64_t n;
    const real *branch, *skip, *dout;
    real *out, *dbranch, *dskip;
    real s;
    bool add;
} join;

static int64_t chunk_end(const join *j, int64_t chunk)
{
    return (chunk + 1) * CHUNK < j->n ? (chunk + 1) * CHUNK : j->n;
}

static void forward_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const join *j = arg;
    (void)worker;
    for (int64_t i = chunk * CHUNK; i < chunk_end(j, chunk); i++) {
        const real skip = j->s * j->skip[i];
        const real sum = j->branch[i] + skip;
        j->out[i] = j->branch[i] == 0 ? skip : sum;
    }
}

void DPID_T(dpid_join_forward)(dpid_pool *pool, int64_t n, const void *branch, const void *skip, double s, void *out)
{
    join j = {.n = n, .branch = branch, .skip = skip, .out = out, .s = (real)s};
    dpid_pool_run(pool, (n + CHUNK - 1) / CHUNK, forward_chunk, &j);
}

/* dbranch = dout      dskip (+)= s dout */
static void backward_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const join *j = arg;
    (void)worker;
    for (int64_t i = chunk * CHUNK; i < chunk_end(j, chunk); i++) {
        if (j->dbranch)
            j->dbranch[i] = j->dout[i];
        j->dskip[i] = j->add ? j->dskip[i] + j->s * j->dout[i] : j->s * j->dout[i];
    }
}

void DPID_T(dpid_join_backward)(dpid_pool *pool, int64_t n, const void *dout, double s, bool add, void *dbranch,
                                void *dskip)
{
    join j = {.n = n, .dout = dout, .dbranch = dbranch, .dskip = dskip, .s = (real)s, .add = add};
    dpid_pool_run(pool, (n + CHUNK - 1) / CHUNK, backward_chunk, &j);
}

#if DPID_ONCE
const dpid_join_forward_fn dpid_join_forward[DPID_ISAS][DPID_PRECISIONS] = DPID_ISA_TABLE(dpid_join_forward);
const dpid_join_backward_fn dpid_join_backward[DPID_ISAS][DPID_PRECISIONS] = DPID_ISA_TABLE(dpid_join_backward);
#endif
