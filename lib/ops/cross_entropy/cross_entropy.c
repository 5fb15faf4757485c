/* Softmax cross-entropy: L = mean over i of -sum_k t_ik log softmax(z_i)_k,  t = (1 - smoothing) onehot + smoothing /
   classes.
   Derivation: cross_entropy.md      Reference: cross_entropy_ref.c */
#include "ops/loss.h"
#include "tensor/elementary.h"
#include "tensor/real.h"

#if DPID_PRECISION == 80
typedef long double wide;
#else
typedef double wide;
#endif

/* exponentials at a time: some rows, or a part of one. Few, because the thread of a host may have a small stack. */
enum { BLOCK = 256 };

typedef struct {
    dpid_loss_pass *pass;
    int64_t first, rows; /* of the block */
    int64_t begin, end;  /* columns that e holds */
    wide e[BLOCK];       /* e^(z - top), row by row */
    int64_t best[BLOCK]; /* of each row: where its largest stands */
    /* the largest, the sum of all e^(z - top), and of all but that of the largest, which is 1 */
    wide top[BLOCK], sum[BLOCK], rest[BLOCK];
} block;

/* The largest of each row, and its first place; -1 with a NaN in the row */
static int64_t find_top(const real *z, int64_t width, wide *top)
{
    int64_t best = 0;
    bool nan = z[0] != z[0];
    for (int64_t k = 1; k < width; k++) {
        nan |= z[k] != z[k];
        if (z[k] > z[best])
            best = k;
    }
    *top = (wide)z[best];
    return nan ? -1 : best;
}

static void find_exponentials(block *b, int64_t begin)
{
    b->begin = begin;
    b->end = b->pass->width - begin > BLOCK ? begin + BLOCK : b->pass->width;
    const int64_t width = b->end - b->begin;
    for (int64_t i = 0; i < b->rows; i++) {
        const real *z = (const real *)b->pass->z + (b->first + i) * b->pass->width + b->begin;
        for (int64_t k = 0; k < width; k++)
            b->e[i * width + k] = (wide)z[k] - b->top[i];
    }
    for (int64_t i = 0; i < b->rows * width; i++)
        b->e[i] = DPID_EXP(b->e[i]);
}

static void add_exponentials(block *b)
{
    const int64_t width = b->end - b->begin;
    for (int64_t i = 0; i < b->rows; i++) {
        for (int64_t k = 0; k < width; k++) {
            b->sum[i] += b->e[i * width + k];
            b->rest[i] += b->begin + k == b->best[i] ? 0 : b->e[i * width + k];
        }
    }
}

/* -sum_k t_k log p_k,  -log p_k = log(1 + rest) + (top - z_k): neither term adds a small number to a large one */
static wide row_loss(const block *b, int64_t i, wide smoothing)
{
    const int64_t width = b->pass->width;
    const real *z = (const real *)b->pass->z + (b->first + i) * width;
    const wide log_sum = log1p(b->rest[i]);
    wide loss = (1 - smoothing) * (log_sum + (b->top[i] - (wide)z[b->pass->labels[b->first + i]]));
    for (int64_t k = 0; smoothing > 0 && k < width; k++)
        loss += smoothing / (wide)width * (log_sum + (b->top[i] - (wide)z[k]));
    return loss;
}

/* p - 1 for the label. Where the label has the largest z, p is near 1, so p - 1 is computed from the other terms. */
static wide less_than_one(const block *b, int64_t i, int64_t label, wide p)
{
    return b->best[i] == label ? -b->rest[i] / b->sum[i] : p - 1;
}

/* dz = (softmax(z) - t) / n */
static void find_gradients(const block *b, wide smoothing)
{
    const dpid_loss_pass *pass = b->pass;
    const int64_t width = b->end - b->begin;
    const wide each = 1 / (wide)(pass->batch > 0 ? pass->batch : pass->n);
    for (int64_t i = 0; i < b->rows; i++) {
        real *dz = (real *)pass->dz + (b->first + i) * pass->width + b->begin;
        const int64_t label = pass->labels[b->first + i] - b->begin;
        const wide scale = 1 / b->sum[i];
        for (int64_t k = 0; k < width; k++)
            dz[k] = (real)((b->e[i * width + k] * scale - smoothing / (wide)pass->width) * each);
        if (label >= 0 && label < width)
            dz[label] = (real)((less_than_one(b, i, pass->labels[b->first + i], b->e[i * width + label] * scale) +
                                smoothing - smoothing / (wide)pass->width) *
                               each);
    }
}

static void find_sums(block *b)
{
    dpid_loss_pass *pass = b->pass;
    for (int64_t i = 0; i < b->rows; i++) {
        b->best[i] = find_top((const real *)pass->z + (b->first + i) * pass->width, pass->width, &b->top[i]);
        pass->wrong += b->best[i] != pass->labels[b->first + i];
        b->sum[i] = b->rest[i] = 0;
    }
    for (int64_t begin = 0; begin < pass->width; begin += BLOCK) {
        find_exponentials(b, begin);
        add_exponentials(b);
    }
}

static wide block_loss(const block *b, wide smoothing)
{
    const dpid_loss_pass *pass = b->pass;
    wide loss = 0;
    for (int64_t i = 0; i < b->rows; i++) {
        const wide row = row_loss(b, i, smoothing);
        if (pass->each)
            pass->each[b->first + i] = (double)row;
        loss += row;
    }
    return loss;
}

void DPID_T(dpid_cross_entropy)(dpid_loss_pass *pass);
void DPID_T(dpid_cross_entropy)(dpid_loss_pass *pass)
{
    block b;
    const int64_t most = pass->width < BLOCK ? BLOCK / pass->width : 1;
    const wide smoothing = (wide)pass->option[0].r;
    wide loss = 0;
    b.pass = pass;
    pass->wrong = 0;
    for (int64_t first = 0; first < pass->n; first += b.rows) {
        b.first = first;
        b.rows = pass->n - first < most ? pass->n - first : most;
        find_sums(&b);
        loss += block_loss(&b, smoothing);
        for (int64_t begin = 0; pass->dz && begin < pass->width; begin += BLOCK) {
            if (begin != b.begin)
                find_exponentials(&b, begin);
            find_gradients(&b, smoothing);
        }
    }
    pass->loss_sum = (double)loss;
}

/* ---- the loss ------------------------------------------------------------------- */

#if DPID_ONCE
#include <deepid/losses.h>

#define DECLARE(suffix, real) void dpid_cross_entropy_##suffix(dpid_loss_pass *pass);
DPID_ISA_EACH(DECLARE)

static const dpid_option known[] = {
    {"smoothing", DPID_REAL, 0, 0, 1, NULL, false, "share of the target spread evenly over the classes"},
    {0},
};

/* The gradient in the logits has l1 norm at most 2. */
static double bound(const dpid_value *option, double loss, double d)
{
    (void)option;
    (void)loss;
    return 2 * d;
}

const dpid_loss dpid_loss_cross_entropy = {
    .word = "cross_entropy",
    .help = "mean of -log softmax(z)[label], in nats; options: smoothing=0",
    .options = known,
    .takes_labels = true,
    .bound = bound,
    .run = DPID_ISA_TABLE(dpid_cross_entropy),
};

int32_t deepid_cross_entropy_forward(const char *options, const deepid_tensor *z, const int32_t *labels, double *loss)
{
    DPID_TRY(dpid_enter(z, DPID_MAGIC_TENSOR));
    return dpid_leave(z->head.ctx, dpid_loss_primitive(&dpid_loss_cross_entropy, options, z, labels, NULL, NULL, loss));
}

int32_t deepid_cross_entropy_backward(const char *options, const deepid_tensor *z, const int32_t *labels,
                                      deepid_tensor *dz)
{
    DPID_TRY(dpid_enter(z, DPID_MAGIC_TENSOR));
    return dpid_leave(z->head.ctx, dpid_loss_primitive(&dpid_loss_cross_entropy, options, z, labels, NULL, dz, NULL));
}
#endif
