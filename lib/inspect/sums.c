/* Sums that lose a term.   What: sums.h */
#include "inspect/sums.h"

#include "base/numbers.h"
#include "net/graph.h"
#include "net/pass.h"
#include "net/run.h"

#include <math.h>
#include <string.h>

typedef struct {
    const dpid_batch *batch;
    float *kept, *a, *b; /* as long as the largest value */
} sums;

static void count(dpid_sum_count *c, int64_t n, const float *a, const float *b, const float *sum)
{
    for (int64_t i = 0; i < n; i++)
        if (a[i] != 0 && b[i] != 0 && isfinite(a[i]) && isfinite(b[i])) {
            c->sums++;
            c->swallowed += sum[i] == (fabsf(a[i]) >= fabsf(b[i]) ? a[i] : b[i]);
        }
}

static void copy(float *to, const float *from, int64_t n)
{
    memcpy(to, from, (size_t)n * sizeof *to);
}

/* ---- forward: out = in + s skip --------------------------------------------------------------- */

/* What join t gives with 0 in the place of value v. */
static void run_without(const sums *s, int32_t t, int32_t v, float *out)
{
    const dpid_batch *batch = s->batch;
    const int64_t n = dpid_value_count(batch, v);
    float *value = dpid_value_at(batch->net, v);
    copy(s->kept, value, n);
    memset(value, 0, (size_t)n * sizeof *value);
    dpid_run_forward_stage(batch->net, t, batch->mode, batch->n);
    copy(value, s->kept, n);
    copy(out, dpid_value_at(batch->net, batch->net->step[t].out), n);
}

static void count_join(const sums *s, int32_t t, dpid_sum_count *c)
{
    const dpid_batch *batch = s->batch;
    const dpid_step *step = &batch->net->step[t];
    run_without(s, t, step->in, s->a);
    run_without(s, t, step->skip, s->b);
    dpid_run_forward_stage(batch->net, t, batch->mode, batch->n);
    count(c, dpid_value_count(batch, step->out), s->a, s->b, dpid_value_at(batch->net, step->out));
}

/* ---- backward: the sum over the readers of a value ---------------------------------------------- */

static void run_back(const sums *s, int32_t t)
{
    const dpid_batch *batch = s->batch;
    dpid_run_backward_stage(
        &(dpid_stage_call){.net = batch->net, .mode = batch->mode, .n = batch->n, .want_input = true}, t);
}

/* Step t adds to the gradient of value v: first to 0, which leaves its own term, then to what is there. */
static void count_added(const sums *s, int32_t t, int32_t v, dpid_sum_count *c)
{
    const int64_t n = dpid_value_count(s->batch, v);
    float *gradient = dpid_gradient_at(s->batch->net, v);
    copy(s->a, gradient, n);
    memset(gradient, 0, (size_t)n * sizeof *gradient);
    run_back(s, t);
    copy(s->b, gradient, n);
    copy(gradient, s->a, n);
    run_back(s, t);
    count(c, n, s->a, s->b, gradient);
}

/* The last reader writes, the others add. */
static void count_readers(const sums *s, int32_t v, dpid_sum_count *backward)
{
    const deepid_net *net = s->batch->net;
    const dpid_value_info *value = &net->value[v];
    if (value->readers < 2 || v == dpid_graph_output(net))
        return;
    run_back(s, value->last_reader);
    for (int32_t t = value->last_reader - 1; t >= value->first_reader; t--)
        if (net->step[t].in == v || net->step[t].skip == v)
            count_added(s, t, v, &backward[t]);
}

/* ---- the net ------------------------------------------------------------------------------------------- */

int32_t dpid_sums_count(const dpid_batch *batch, dpid_sum_count *forward, dpid_sum_count *backward)
{
    const deepid_net *net = batch->net;
    dpid_arena arena = {.ctx = net->head.ctx};
    sums s = {.batch = batch};
    float **const room[] = {&s.kept, &s.a, &s.b};
    int64_t most = 1;
    int32_t status = DEEPID_OK;
    for (int32_t v = 0; v < net->values_count; v++)
        most = dpid_larger(most, dpid_value_count(batch, v));
    for (size_t i = 0; i < sizeof room / sizeof *room && status == DEEPID_OK; i++)
        status = dpid_arena_alloc(&arena, most, sizeof(float), "probe", room[i]);
    for (int32_t t = 0; t < net->steps && status == DEEPID_OK; t++)
        if (net->step[t].type == DPID_STEP_JOIN)
            count_join(&s, t, &forward[t]);
    for (int32_t v = 0; v < net->values_count && status == DEEPID_OK; v++)
        count_readers(&s, v, backward);
    dpid_arena_release(&arena);
    return status;
}
