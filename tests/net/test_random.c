/* Nets by chance (support/random_net.h), each in every plan that the library has. The reference runs step by step
   with every value kept, in one thread.
     the same bits
     for any number of threads, fused or not, with any number of blocks recomputed, forward and back in one or one
     after the other, for buffers larger than the batch, in evaluation with places shared, a
                     second time, for "avx2" and "avx512"; a frozen net for any number of threads
     rounding
     other instruction sets, f32 beside f64, a frozen net beside the net: as far as noise of that size in every value
     of the net moves its output (see `noise`)
     the same bits, with storage   in a format of the seed, as above but for f64 and frozen nets
     differences     the gradient along a random direction (f64)
   Every buffer lies between pages that nobody may touch and is filled with NaN before use.
   test_random [--count N] [--first SEED] | --seed SEED [--batch N] [--text NET] | --hunt [--count N] [--first SEED]
   (hunt: a process each, goes on after a failure) */
#include "support/guard.h"
#include "support/nets.h"
#include "support/random_net.h"

#include "base/random.h"
#include "net/pass.h"
#include "net/plan.h"
#include "tensor/tensor.h"

#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RECOMPUTE_MOST = 4, THREADS_MOST = 3 };

/* ---- a net with its arrays ------------------------------------------------------------------ */

typedef struct {
    const drawn_net *drawn;
    deepid_ctx *ctx;
    deepid_net *net;
    deepid_tensor *x, *y, *dy, *dx;
    void *states; /* as they were at the start */
    char plan[160];
} bench;

static void fail_in(const bench *b, const char *format, ...)
{
    char what[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    print_error("seed %llu, batch %lld, %s, %s, %s: %s\n  %s\n", (unsigned long long)b->drawn->seed,
                (long long)b->drawn->batch, b->net->precision == DPID_P32 ? "f32" : "f64", deepid_ctx_isa(b->ctx),
                b->plan, what, b->drawn->text);
    fail();
}

/* What runs now, for messages and for crashes. */
static void enter_plan(bench *b, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(b->plan, sizeof b->plan, format, arguments);
    va_end(arguments);
    snprintf(guard_where, sizeof guard_where, "seed %llu, batch %lld, %s, %s, %s\n  %s",
             (unsigned long long)b->drawn->seed, (long long)b->drawn->batch,
             b->net && b->net->precision == DPID_P64 ? "f64" : "f32", deepid_ctx_isa(b->ctx), b->plan, b->drawn->text);
}

static int64_t size_of(const bench *b)
{
    return dpid_precision_bytes(b->net->precision);
}

static bench open_bench(deepid_ctx *ctx, const drawn_net *drawn, int32_t dtype)
{
    bench b = {.drawn = drawn, .ctx = ctx, .net = random_net(ctx, drawn->text, dtype, drawn->seed)};
    const int64_t n = drawn->batch;
    b.x = batch_of(ctx, b.net, false, n);
    b.dx = batch_of(ctx, b.net, false, n);
    b.y = batch_of(ctx, b.net, true, n);
    b.dy = batch_of(ctx, b.net, true, n);
    fill_random(b.x, drawn->seed + 1);
    fill_random(b.dy, drawn->seed + 2);
    b.states = malloc((size_t)(b.net->states_reals * size_of(&b)) + 1);
    memcpy(b.states, b.net->states, (size_t)(b.net->states_reals * size_of(&b)));
    return b;
}

static void close_bench(bench *b)
{
    free(b->states);
    deepid_tensor_destroy(b->dx);
    deepid_tensor_destroy(b->dy);
    deepid_tensor_destroy(b->y);
    deepid_tensor_destroy(b->x);
    deepid_net_destroy(b->net);
}

/* ---- one run ------------------------------------------------------------------------------------ */

enum { QUANTITIES = 4 };
static const char *const quantity[QUANTITIES] = {"y", "states", "dx", "gradient"};

typedef struct {
    void *data[QUANTITIES];
    int64_t count[QUANTITIES];
} outcome;

static void drop(outcome *o)
{
    for (int q = 0; q < QUANTITIES; q++)
        free(o->data[q]);
    *o = (outcome){{NULL}, {0}};
}

static void keep(const bench *b, outcome *o, int q, const void *data, int64_t count)
{
    o->count[q] = count;
    o->data[q] = malloc((size_t)(count * size_of(b)) + 1);
    memcpy(o->data[q], data, (size_t)(count * size_of(b)));
}

/* What the plan's buffers hold is nobody's. A frozen net's scratch has margins of zeros. */
static void poison_plan(const bench *b)
{
    const dpid_plan *plan = b->net->plan;
    poison(plan->memory, plan->bytes);
    if (!b->net->frozen)
        poison(plan->scratch, plan->scratch_reals * size_of(b));
}

static void forward(const bench *b, dpid_mode mode, outcome *o)
{
    deepid_ctx *ctx = b->ctx;
    memcpy(b->net->states, b->states, (size_t)(b->net->states_reals * size_of(b)));
    poison_plan(b);
    poison(b->y->data, b->y->count * size_of(b));
    OK(deepid_net_set_mode(b->net, mode == DPID_TRAIN ? DEEPID_TRAIN : DEEPID_EVAL));
    OK(deepid_net_forward(b->net, b->x, b->y));
    keep(b, o, 0, b->y->data, b->y->count);
    keep(b, o, 1, b->net->states, b->net->states_reals);
}

static void backward(const bench *b, outcome *o)
{
    deepid_ctx *ctx = b->ctx;
    poison(b->dx->data, b->dx->count * size_of(b));
    OK(deepid_net_zero_gradients(b->net));
    OK(deepid_net_backward(b->net, b->dy, b->dx));
    keep(b, o, 2, b->dx->data, b->dx->count);
    keep(b, o, 3, b->net->gradients, b->net->values_reals);
}

static outcome both_ways(const bench *b, dpid_mode mode)
{
    outcome o = {{NULL}, {0}};
    forward(b, mode, &o);
    backward(b, &o);
    return o;
}

static double number_at(const bench *b, const void *data, int64_t i)
{
    return dpid_fetch(b->net->precision, data, i);
}

/* Quantities first .. end - 1, bit by bit. NaN has many forms, and which of two comes out of a sum is not promised. */
static void same_bits(const bench *b, const outcome *got, const outcome *expected, int first, int end)
{
    for (int q = first; q < end; q++) {
        if (memcmp(got->data[q], expected->data[q], (size_t)(expected->count[q] * size_of(b))) == 0)
            continue;
        for (int64_t i = 0; i < expected->count[q]; i++) {
            const double x = number_at(b, got->data[q], i);
            const double e = number_at(b, expected->data[q], i);
            if (memcmp((const char *)got->data[q] + i * size_of(b), (const char *)expected->data[q] + i * size_of(b),
                       (size_t)size_of(b)) != 0 &&
                !(isnan(x) && isnan(e)))
                fail_in(b, "%s[%lld] of %lld is %.17g, expected the bits of %.17g", quantity[q], (long long)i,
                        (long long)expected->count[q], x, e);
        }
    }
}

static void compare(const bench *b, outcome got, const outcome *expected, int first, int end)
{
    same_bits(b, &got, expected, first, end);
    drop(&got);
}

/* ---- forward and back in one ---------------------------------------------------------------------- */

static void give_gradient(void *arg, int64_t first, int64_t n)
{
    const bench *b = arg;
    const int64_t row = b->dy->count / b->drawn->batch * size_of(b);
    memcpy((char *)dpid_net_output_gradient(b->net) + first * row, (const char *)b->dy->data + first * row,
           (size_t)(n * row));
}

static double squares_of(const bench *b)
{
    double sum = 0;
    for (int64_t i = 0; i < b->net->values_reals; i++)
        sum += number_at(b, b->net->gradients, i) * number_at(b, b->net->gradients, i);
    return sum;
}

/* Gradients are written, whatever stands there; they are the same sums, in blocks of another size where squares are
   added up. */
static void turn(const bench *b, dpid_mode mode, const outcome *expected)
{
    deepid_ctx *ctx = b->ctx;
    outcome o = {{NULL}, {0}};
    memcpy(b->net->states, b->states, (size_t)(b->net->states_reals * size_of(b)));
    poison_plan(b);
    poison(b->net->gradients, b->net->values_reals * size_of(b));
    memcpy(dpid_net_input(b->net), b->x->data, (size_t)(b->x->count * size_of(b)));
    OK(dpid_net_run_through_loss(b->net, mode, b->drawn->batch, &(dpid_net_loss){give_gradient, (void *)b}));
    keep(b, &o, 3, b->net->gradients, b->net->values_reals);
    same_bits(b, &o, expected, 3, 4);
    const double sum = squares_of(b);
    const double told = dpid_net_gradient_squares(b->net);
    if (!(fabs(told - sum) <= 1e-12 * sum) && !(!isfinite(sum) && !isfinite(told)))
        fail_in(b, "the squares of the gradient are %.17g, expected %.17g", told, sum);
    if (mode == DPID_TRAIN) {
        dpid_net_commit(b->net);
        keep(b, &o, 1, b->net->states, b->net->states_reals);
        same_bits(b, &o, expected, 1, 2);
    }
    drop(&o);
}

/* ---- plans ---------------------------------------------------------------------------------------------- */

typedef struct {
    outcome train, eval;
} reference;

static void drop_reference(reference *r)
{
    drop(&r->train);
    drop(&r->eval);
}

static reference refer(bench *b)
{
    deepid_ctx *ctx = b->ctx;
    reference r = {{{NULL}, {0}}, {{NULL}, {0}}};
    OK(deepid_ctx_set_threads(ctx, 1));
    OK(dpid_net_keep_all(b->net, true));
    enter_plan(b, "step by step");
    OK(deepid_net_prepare(b->net, b->drawn->batch, 1));
    if (b->drawn->trains)
        r.train = both_ways(b, DPID_TRAIN);
    enter_plan(b, "step by step, evaluation");
    r.eval = both_ways(b, DPID_EVAL);
    return r;
}

/* A plan for training: both modes, one after the other and in one, and once more over what they left. */
static void try_training(bench *b, int64_t recompute, int32_t threads, int64_t room, const reference *r)
{
    static const char *const modes[] = {"evaluation", "training"};
    deepid_ctx *ctx = b->ctx;
    OK(deepid_ctx_set_threads(ctx, threads));
    OK(deepid_net_set_recompute(b->net, recompute));
    OK(deepid_net_prepare(b->net, b->drawn->batch + room, 1));
    for (int mode = b->drawn->trains ? DPID_TRAIN : DPID_EVAL; mode >= DPID_EVAL; mode--) {
        const outcome *expected = mode == DPID_TRAIN ? &r->train : &r->eval;
        enter_plan(b, "recompute=%lld, threads %d, prepared for %lld, %s", (long long)recompute, threads,
                   (long long)(b->drawn->batch + room), modes[mode]);
        compare(b, both_ways(b, (dpid_mode)mode), expected, 0, QUANTITIES);
        enter_plan(b, "recompute=%lld, threads %d, prepared for %lld, %s, backward again", (long long)recompute,
                   threads, (long long)(b->drawn->batch + room), modes[mode]);
        outcome again = {{NULL}, {0}};
        backward(b, &again);
        compare(b, again, expected, 2, QUANTITIES);
        enter_plan(b, "recompute=%lld, threads %d, prepared for %lld, %s, in one", (long long)recompute, threads,
                   (long long)(b->drawn->batch + room), modes[mode]);
        turn(b, (dpid_mode)mode, expected);
    }
}

static void try_evaluation(bench *b, int32_t threads, const reference *r)
{
    deepid_ctx *ctx = b->ctx;
    outcome o = {{NULL}, {0}};
    OK(deepid_ctx_set_threads(ctx, threads));
    OK(deepid_net_set_recompute(b->net, 2)); /* a plan for evaluation has no segments */
    OK(deepid_net_prepare(b->net, b->drawn->batch, 0));
    enter_plan(b, "shared places, threads %d", threads);
    forward(b, DPID_EVAL, &o);
    compare(b, o, &r->eval, 0, 1);
}

static void try_plans(bench *b, dpid_random *random, const reference *r)
{
    deepid_ctx *ctx = b->ctx;
    const int32_t shift = (int32_t)dpid_random_below(random, THREADS_MOST);
    OK(dpid_net_keep_all(b->net, false));
    for (int64_t recompute = 0; recompute <= RECOMPUTE_MOST; recompute++)
        try_training(b, recompute, 1 + (int32_t)(recompute + shift) % THREADS_MOST,
                     recompute % 2 ? dpid_random_below(random, 9) : 0, r);
    for (int32_t threads = 1; threads <= THREADS_MOST; threads++)
        try_evaluation(b, threads, r);
}

/* ---- how far rounding may go ------------------------------------------------------------------------------ */

/* Noise of this share of a value's root mean square, in every element. */
static void add_noise(const bench *b, int32_t v, double share, dpid_random *random)
{
    const int64_t count = dpid_value_reals(b->net, v, b->drawn->batch);
    double *x = dpid_value_at(b->net, v);
    double squares = 0;
    for (int64_t i = 0; i < count; i++)
        squares += x[i] * x[i];
    const double size = share * sqrt(squares / (double)count);
    for (int64_t i = 0; i < count; i++)
        x[i] += size * (2 * dpid_random_uniform(random) - 1);
}

static double farthest(const double *a, const double *b, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        most = a[i] == b[i] ? most : !(fabs(a[i] - b[i]) <= most) ? fabs(a[i] - b[i]) : most;
    return isnan(most) ? (double)INFINITY : most;
}

/* How far the output moves when every value of the net, one after the other, gets noise: what a kernel's rounding
   does to it, whatever the net does to rounding. In a net of f64 that keeps all. */
static double noise(const bench *b, dpid_mode mode, const double *y, double share)
{
    enum { STREAM = 1002 };
    deepid_ctx *ctx = b->ctx;
    outcome o = {{NULL}, {0}};
    dpid_random random = dpid_random_make(b->drawn->seed, STREAM, 0);
    forward(b, mode, &o);
    drop(&o);
    for (int32_t t = 0; t <= b->net->steps; t++) {
        add_noise(b, t == 0 ? 0 : b->net->step[t - 1].out, share, &random);
        if (t < b->net->steps)
            dpid_net_run_from(b->net, t, mode, b->drawn->batch);
    }
    (void)ctx;
    return farthest(dpid_net_output(b->net), y, b->y->count);
}

/* What one layer rounds: a few units of the last place; Winograd's error is said in compute.h. */
static double rounding_of(const bench *b, bool wide)
{
    const double f32 = b->drawn->winograd ? 3e-5 : 1e-6;
    return wide ? f32 * 0x1p-29 : f32;
}

static double *wide_of(const bench *b, const void *data, int64_t count)
{
    double *out = malloc((size_t)count * sizeof *out + 1);
    for (int64_t i = 0; i < count; i++)
        out[i] = number_at(b, data, i);
    return out;
}

typedef struct {
    bool there;
    double *y[2];       /* of f64: evaluation, training */
    double moves[2][2]; /* by f32's rounding, by f64's */
    int64_t count;
} truth;

enum { SLACK = 30 }; /* rounding is not as random as noise, and two runs of each are few */

static void find_truth(const bench *b, const reference *r, truth *t)
{
    t->there = true;
    t->count = b->y->count;
    for (int mode = 0; mode <= (b->drawn->trains ? 1 : 0); mode++) {
        t->y[mode] = wide_of(b, (mode ? &r->train : &r->eval)->data[0], t->count);
        for (int wide = 0; wide < 2; wide++)
            t->moves[mode][wide] = noise(b, (dpid_mode)mode, t->y[mode], rounding_of(b, wide));
    }
}

static void near_truth(const bench *b, dpid_mode mode, const void *y, const truth *t)
{
    double *x = wide_of(b, y, t->count);
    const bool wide = b->net->precision == DPID_P64;
    const double far = farthest(x, t->y[mode], t->count);
    double moves = t->moves[mode][wide];
    for (int64_t i = 0; i < t->count; i++)
        moves = fmax(moves, fabs(t->y[mode][i]) * rounding_of(b, wide));
    if (!(far <= SLACK * moves))
        fail_in(b, "%s: y is %.3g from that of f64, expected at most %d x %.3g (what noise does)",
                mode ? "training" : "evaluation", far, SLACK, moves);
    free(x);
}

/* ---- frozen --------------------------------------------------------------------------------------------------- */

static void try_frozen(const bench *b, const truth *t)
{
    deepid_ctx *ctx = b->ctx;
    deepid_net *frozen = NULL;
    outcome first = {{NULL}, {0}};
    const int32_t status = deepid_net_freeze(b->net, &frozen);
    if (status == DEEPID_ERR_UNSUPPORTED)
        return;
    OK(status);
    bench f = *b;
    f.net = frozen;
    f.states = malloc((size_t)(frozen->states_reals * size_of(b)) + 1);
    memcpy(f.states, frozen->states, (size_t)(frozen->states_reals * size_of(b)));
    for (int32_t threads = 1; threads <= THREADS_MOST; threads++) {
        outcome o = {{NULL}, {0}};
        OK(deepid_ctx_set_threads(ctx, threads));
        enter_plan(&f, "frozen, threads %d", threads);
        OK(deepid_net_prepare(frozen, b->drawn->batch + threads - 1, 0));
        forward(&f, DPID_EVAL, &o);
        if (threads == 1) {
            near_truth(&f, DPID_EVAL, o.data[0], t);
            first = o;
        } else {
            compare(&f, o, &first, 0, 1);
        }
    }
    drop(&first);
    free(f.states);
    deepid_net_destroy(frozen);
}

/* ---- differences ------------------------------------------------------------------------------------------------- */

typedef struct {
    double *x, *w, *along_x, *along_w; /* where we stand, and the direction */
} line;

static void stand_at(const bench *b, const line *l, double h)
{
    double *x = b->x->data;
    double *w = b->net->values;
    for (int64_t i = 0; i < b->x->count; i++)
        x[i] = l->x[i] + h * l->along_x[i];
    for (int64_t i = 0; i < b->net->values_reals; i++)
        w[i] = l->w[i] + h * l->along_w[i];
}

/* sum dy y at +h less at -h */
static double difference(const bench *b, const line *l, dpid_mode mode, double h)
{
    double sum = 0;
    const double *dy = b->dy->data;
    outcome up = {{NULL}, {0}};
    outcome down = {{NULL}, {0}};
    stand_at(b, l, h);
    forward(b, mode, &up);
    stand_at(b, l, -h);
    forward(b, mode, &down);
    for (int64_t i = 0; i < b->y->count; i++)
        sum += dy[i] * (((const double *)up.data[0])[i] - ((const double *)down.data[0])[i]);
    stand_at(b, l, 0);
    drop(&up);
    drop(&down);
    return sum / (2 * h);
}

/* sum g d, and the size that such a sum of random signs has. */
static void add_products(const double *g, const double *d, int64_t n, double *sum, double *squares)
{
    for (int64_t i = 0; i < n; i++) {
        *sum += g[i] * d[i];
        *squares += g[i] * d[i] * g[i] * d[i];
    }
}

/* How far the derivative along the line moves when the place moves by the last bits: behind batch-norms of constants
   it may be all rounding, where the sums that would cancel are 1e16 times as large. */
static double unsteadiness(const bench *b, const line *l, dpid_mode mode, double sum)
{
    double most = 0;
    for (int k = 1; k <= 3; k++) {
        double moved = 0;
        double squares = 0;
        stand_at(b, l, k * 1e-16);
        outcome o = both_ways(b, mode);
        stand_at(b, l, 0);
        add_products(o.data[2], l->along_x, b->x->count, &moved, &squares);
        add_products(o.data[3], l->along_w, b->net->values_reals, &moved, &squares);
        most = fmax(most, fabs(moved - sum));
        drop(&o);
    }
    return most;
}

/* At one of the steps the difference has to be the gradient's. A right gradient has such a step: between the two
   ends there is no kink when they are near enough, and rounding is small when they are not too near. A wrong one has
   none, but by a chance of about the tolerance. Steps at which rounding could hide a fault do not count, and where
   no near one does, nothing is said; nor where the gradient itself is no steadier than what it is off by. */
static void check_differences(const bench *b, dpid_mode mode, const outcome *o, double rounding)
{
    enum { MOST_HIDDEN = 30 };
    const double near = 1.5e-7;
    static const double steps[] = {1e-5, 1e-6, 1e-4, 1e-7, 1e-8, 1e-9, 1e-3};
    const double tolerance = 1e-5;
    double sum = 0;
    double squares = 0;
    double nearest = 0;
    double finest = 1;
    line l = {wide_of(b, b->x->data, b->x->count), wide_of(b, b->net->values, b->net->values_reals),
              malloc((size_t)b->x->count * sizeof(double)), malloc((size_t)b->net->values_reals * sizeof(double) + 1)};
    random_array(b->drawn->seed + 3, b->x->count, -1, 1, l.along_x);
    random_array(b->drawn->seed + 4, b->net->values_reals, -1, 1, l.along_w);
    add_products(o->data[2], l.along_x, b->x->count, &sum, &squares);
    add_products(o->data[3], l.along_w, b->net->values_reals, &sum, &squares);
    const double scale = fabs(sum) + sqrt(squares);
    bool found = false;
    for (size_t i = 0; i < sizeof steps / sizeof *steps && !found && isfinite(scale); i++) {
        if (rounding / steps[i] > MOST_HIDDEN * tolerance * scale)
            continue;
        const double d = difference(b, &l, mode, steps[i]);
        nearest = finest == 1 || fabs(d - sum) < fabs(nearest - sum) ? d : nearest;
        found = fabs(d - sum) <= tolerance * scale + rounding / steps[i];
        finest = fmin(finest, steps[i]);
    }
    if (finest < near && !found && unsteadiness(b, &l, mode, sum) < 0.1 * fabs(nearest - sum))
        fail_in(b, "the derivative along a direction is %.9g (%.3g), by differences %.9g", sum, sqrt(squares), nearest);
    free(l.x);
    free(l.w);
    free(l.along_x);
    free(l.along_w);
}

static void try_differences(bench *b, const reference *r, const truth *t)
{
    for (int mode = 0; mode <= (b->drawn->trains ? 1 : 0) && !b->drawn->has_planted; mode++) {
        enter_plan(b, "differences, %s", mode ? "training" : "evaluation");
        check_differences(b, (dpid_mode)mode, mode ? &r->train : &r->eval, t->moves[mode][1] * sqrt((double)t->count));
    }
}

static const char *given_text; /* instead of what the seed draws */
static int64_t given_batch;

/* ---- a net in everything --------------------------------------------------------------------------------------------
 */

static void try_isas(deepid_ctx *ctx, const drawn_net *drawn, int32_t dtype, truth *t)
{
    dpid_random random = dpid_random_make(drawn->seed, 1003, 0);
    reference fused = {{{NULL}, {0}}, {{NULL}, {0}}}; /* of an instruction set that multiplies and adds in one */
    for (int isa = DPID_ISAS - 1; isa >= 0; isa--) {
        if (!dpid_isa_runs((dpid_isa)isa))
            continue;
        OK(deepid_ctx_set_isa(ctx, dpid_isa_word((dpid_isa)isa)));
        bench b = open_bench(ctx, drawn, dtype);
        reference r = refer(&b);
        if (!t->there) {
            find_truth(&b, &r, t);
            try_differences(&b, &r, t);
        }
        enter_plan(&b, "step by step");
        for (int mode = 0; mode <= (drawn->trains ? 1 : 0); mode++)
            near_truth(&b, (dpid_mode)mode, (mode ? &r.train : &r.eval)->data[0], t);
        if (isa != DPID_ISA_BASELINE && fused.eval.data[0]) {
            same_bits(&b, &r.eval, &fused.eval, 0, QUANTITIES);
            if (drawn->trains)
                same_bits(&b, &r.train, &fused.train, 0, QUANTITIES);
        }
        try_plans(&b, &random, &r);
        try_frozen(&b, t);
        close_bench(&b);
        if (isa != DPID_ISA_BASELINE && !fused.eval.data[0])
            fused = r;
        else
            drop_reference(&r);
    }
    drop_reference(&fused);
}

/* ---- storage ------------------------------------------------------------------------------------------------- */

static const char *word_of(dpid_random *random, const char *const *words, int64_t count)
{
    return words[dpid_random_below(random, count)];
}

/* "f16 rounding=stochastic weights=f32", of the seed. */
static void draw_storage(uint64_t seed, char *text, size_t bytes)
{
    static const char *const formats[] = {"bf16", "f16", "tf32", "f8e4m3", "f8e5m2"};
    static const char *const choices[][3] = {{"", " rounding=stochastic", " rounding=stochastic"},
                                             {"", "", " subnormals=flush"},
                                             {"", "", " overflow=saturate"},
                                             {"", " weights=f32", " weights=format"},
                                             {"", " gradients=f32", " gradients=f8e5m2"},
                                             {"", "", " weight_gradients=f32"},
                                             {"", "", " norms=format"},
                                             {"", "", " input=format"},
                                             {"", "", " output=f32"}};
    dpid_random random = dpid_random_make(seed, 1004, 0);
    snprintf(text, bytes, "%s", word_of(&random, formats, 5));
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        const size_t used = strlen(text);
        snprintf(text + used, bytes - used, "%s", word_of(&random, choices[i], 3));
    }
}

/* Every plan gives the bits of the one that keeps all; so do both instruction sets that multiply and add in one. */
static void try_storage(deepid_ctx *ctx, const drawn_net *drawn)
{
    char storage[256];
    reference fused = {{{NULL}, {0}}, {{NULL}, {0}}};
    dpid_random random = dpid_random_make(drawn->seed, 1005, 0);
    draw_storage(drawn->seed, storage, sizeof storage);
    for (int isa = DPID_ISAS - 1; isa >= 0; isa--) {
        if (!dpid_isa_runs((dpid_isa)isa))
            continue;
        OK(deepid_ctx_set_isa(ctx, dpid_isa_word((dpid_isa)isa)));
        bench b = open_bench(ctx, drawn, DEEPID_F32);
        OK(deepid_net_set_storage(b.net, storage));
        b.net->noise_seed = drawn->seed;
        enter_plan(&b, "storage %s", storage);
        reference r = refer(&b);
        if (isa != DPID_ISA_BASELINE && fused.eval.data[0]) {
            same_bits(&b, &r.eval, &fused.eval, 0, QUANTITIES);
            if (drawn->trains)
                same_bits(&b, &r.train, &fused.train, 0, QUANTITIES);
        }
        try_plans(&b, &random, &r);
        close_bench(&b);
        if (isa != DPID_ISA_BASELINE && !fused.eval.data[0])
            fused = r;
        else
            drop_reference(&r);
    }
    drop_reference(&fused);
}

static bool trying; /* a failed assertion leaves in the middle */

static void try_seed(uint64_t seed)
{
    bool at_start = seed % 2 == 0;
    trying = true;
    deepid_ctx *ctx = NULL;
    drawn_net drawn;
    truth t = {.there = false};
    snprintf(guard_where, sizeof guard_where, "seed %llu, drawing the net", (unsigned long long)seed);
    guard_watch_crashes();
    assert_int_equal(deepid_ctx_create_with_allocator(guard_take, guard_give, &at_start, &ctx), DEEPID_OK);
    draw_net(ctx, seed, &drawn);
    if (given_text || given_batch)
        take_net(ctx, given_text ? given_text : drawn.text, given_batch ? given_batch : drawn.batch, seed, &drawn);
    try_isas(ctx, &drawn, DEEPID_F64, &t);
    try_isas(ctx, &drawn, DEEPID_F32, &t);
    try_storage(ctx, &drawn);
    assert_true(deepid_ctx_memory(ctx) >= 0);
    free(t.y[0]);
    free(t.y[1]);
    deepid_ctx_destroy(ctx);
    trying = false;
}

static int tell_seed(void **state)
{
    (void)state;
    if (trying)
        print_error("failed in %s\n", guard_where);
    trying = false;
    return 0;
}

/* ---- the command
   -------------------------------------------------------------------------------------------------------- */

static uint64_t first_seed = 1;
static int64_t seeds = 200;

/* What chance has found, in few words. */
static void what_was_found_stays_right(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t batch;
    } found[] = {
        {"input 100; plain { relu }; identity { relu }", 129},
        {"input 40; dense out=16; plain { dense out=16; batchnorm; relu }; preact { batchnorm; relu; dense out=16 }; "
         "dense out=2",
         129},
        {"input 8x8x3; identity out=8 shortcut=B; conv2d out=16 kernel=3; identity out=8 shortcut=B; global_avgpool; "
         "dense out=10",
         3},
        {"input 5x5x3; conv2d out=4 kernel=3; 3 * preact_plain out=4; batchnorm; relu; global_avgpool", 3},
        {"input 5x1x8; identity s=0.3 { conv2d out=8 kernel=1; batchnorm } after=leaky_relu; conv2d out=5 kernel=1 "
         "stride=3; flatten",
         2},
        {"input 6x6x8; identity { conv2d out=8 kernel=1; batchnorm } after=relu; identity { conv2d out=8 kernel=1 "
         "stride=4; conv2d out=8 kernel=5 padding=4 }; flatten",
         3},
        /* gradients below the smallest number */
        {"input 40; dense out=130 bias=0; sigmoid; 12 * plain { dense out=33; silu; gelu }", 2},
        {"input 12x1x3; conv2d out=5 kernel=2; conv2d out=48 kernel=3x1 stride=2; batchnorm", 7},
    };
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        given_text = found[i].text;
        given_batch = found[i].batch;
        try_seed(i);
    }
    given_text = NULL;
    given_batch = 0;
}

static void every_plan_gives_the_same_numbers(void **state)
{
    (void)state;
    for (int64_t i = 0; i < seeds; i++)
        try_seed(first_seed + (uint64_t)i);
    print_message("%lld nets, seeds %llu to %llu\n", (long long)seeds, (unsigned long long)first_seed,
                  (unsigned long long)(first_seed + (uint64_t)seeds - 1));
}

/* A process for each net: a crash ends one of them. */
static int hunt(void)
{
    int64_t found = 0;
    for (int64_t i = 0; i < seeds; i++) {
        fflush(NULL);
        const pid_t child = fork();
        if (child == 0) {
            const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(every_plan_gives_the_same_numbers, tell_seed)};
            first_seed += (uint64_t)i;
            seeds = 1;
            cmocka_set_message_output(CM_OUTPUT_SUBUNIT);
            if (!freopen("/dev/null", "w", stdout))
                _exit(2);
            _exit(cmocka_run_group_tests(tests, NULL, NULL) != 0);
        }
        int status = 0;
        waitpid(child, &status, 0);
        found += status != 0;
    }
    fprintf(stderr, "%lld nets, seeds %llu to %llu: %lld found something\n", (long long)seeds,
            (unsigned long long)first_seed, (unsigned long long)(first_seed + (uint64_t)seeds - 1), (long long)found);
    return found != 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(what_was_found_stays_right, tell_seed),
                                       cmocka_unit_test_teardown(every_plan_gives_the_same_numbers, tell_seed)};
    const struct CMUnitTest one[] = {cmocka_unit_test_teardown(every_plan_gives_the_same_numbers, tell_seed)};
    bool hunting = false;
    for (int i = 1; i < argc; i++) {
        const bool more = i + 1 < argc;
        if (strcmp(argv[i], "--hunt") == 0) {
            hunting = true;
        } else if (more && strcmp(argv[i], "--seed") == 0) {
            first_seed = strtoull(argv[++i], NULL, 10);
            seeds = 1;
        } else if (more && strcmp(argv[i], "--text") == 0) {
            given_text = argv[++i];
        } else if (more && strcmp(argv[i], "--batch") == 0) {
            given_batch = strtoll(argv[++i], NULL, 10);
        } else if (more && strcmp(argv[i], "--count") == 0) {
            seeds = strtoll(argv[++i], NULL, 10);
        } else if (more && strcmp(argv[i], "--first") == 0) {
            first_seed = strtoull(argv[++i], NULL, 10);
        } else {
            fprintf(stderr, "usage: test_random [--count N] [--first SEED] | --seed SEED [--batch N] [--text NET] | "
                            "--hunt [--count N] [--first SEED]\n");
            return 2;
        }
    }
    if (hunting)
        return hunt();
    return given_text || given_batch || seeds == 1 ? cmocka_run_group_tests_name("one seed", one, NULL, NULL)
                                                   : cmocka_run_group_tests(tests, NULL, NULL);
}
