/* Softmax cross-entropy: L = sum_i -sum_k w_k t_ik log softmax(z_i)_k / sum_i w_label,  t = (1 - smoothing) onehot +
   smoothing / classes; all w_k are 1 unless weights says otherwise.
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
    int64_t first, rows;   /* of the block */
    int64_t begin, end;    /* columns that e holds */
    const double *weights; /* of the classes; NULL: all are 1 */
    wide smoothing, mean;  /* mean of the weights */
    double total;
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

static wide weight_of(const block *b, int64_t k)
{
    return b->weights ? (wide)b->weights[k] : 1;
}

/* sum_k w_k t_k */
static wide row_weight(const block *b, int64_t i)
{
    return b->weights ? (1 - b->smoothing) * weight_of(b, b->pass->labels[b->first + i]) + b->smoothing * b->mean : 1;
}

/* -sum_k w_k t_k log p_k,  -log p_k = log(1 + rest) + (top - z_k): neither term adds a small number to a large one */
static wide row_loss(const block *b, int64_t i)
{
    const wide smoothing = b->smoothing;
    const int64_t width = b->pass->width;
    const int32_t label = b->pass->labels[b->first + i];
    const real *z = (const real *)b->pass->z + (b->first + i) * width;
    const wide log_sum = log1p(b->rest[i]);
    wide loss = (1 - smoothing) * weight_of(b, label) * (log_sum + (b->top[i] - (wide)z[label]));
    for (int64_t k = 0; smoothing > 0 && k < width; k++)
        loss += smoothing / (wide)width * weight_of(b, k) * (log_sum + (b->top[i] - (wide)z[k]));
    return loss;
}

/* p - 1 for the label. Where the label has the largest z, p is near 1, so p - 1 is computed from the other terms. */
static wide less_than_one(const block *b, int64_t i, int64_t label, wide p)
{
    return b->best[i] == label ? -b->rest[i] / b->sum[i] : p - 1;
}

/* dz = (softmax(z) sum_j w_j t_j - w t) / total */
static void find_gradients(const block *b)
{
    const dpid_loss_pass *pass = b->pass;
    const int64_t width = b->end - b->begin;
    const wide each = 1 / (wide)b->total;
    const wide share = b->smoothing / (wide)pass->width;
    for (int64_t i = 0; i < b->rows; i++) {
        real *dz = (real *)pass->dz + (b->first + i) * pass->width + b->begin;
        const wide *e = b->e + i * width;
        const int64_t label = pass->labels[b->first + i] - b->begin;
        const wide own = row_weight(b, i);
        const wide inverse = 1 / b->sum[i];
        const wide scale = own * inverse;
        for (int64_t k = 0; k < width && !(b->weights && share > 0); k++)
            dz[k] = (real)((e[k] * scale - share) * each);
        for (int64_t k = 0; k < width && b->weights && share > 0; k++)
            dz[k] = (real)((e[k] * scale - share * weight_of(b, b->begin + k)) * each);
        if (label >= 0 && label < width)
            dz[label] = (real)((own * less_than_one(b, i, pass->labels[b->first + i], e[label] * inverse) +
                                b->smoothing * b->mean - share * weight_of(b, b->begin + label)) *
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

static wide block_loss(const block *b)
{
    const dpid_loss_pass *pass = b->pass;
    wide loss = 0;
    for (int64_t i = 0; i < b->rows; i++) {
        const wide row = row_loss(b, i);
        if (pass->each)
            pass->each[b->first + i] = (double)row;
        loss += row;
    }
    return loss;
}

/* Options: smoothing, weights. */
static void begin(block *b, dpid_loss_pass *pass)
{
    b->pass = pass;
    b->smoothing = (wide)pass->option[0].r;
    b->weights = pass->option[1].reals;
    b->mean = b->weights ? 0 : 1;
    for (int64_t k = 0; b->weights && k < pass->width; k++)
        b->mean += (wide)b->weights[k] / (wide)pass->width;
    b->total = pass->total > 0 ? pass->total : dpid_loss_sum(b->weights, pass->labels, pass->n);
}

void DPID_T(dpid_cross_entropy)(dpid_loss_pass *pass);
void DPID_T(dpid_cross_entropy)(dpid_loss_pass *pass)
{
    block b;
    const int64_t most = pass->width < BLOCK ? BLOCK / pass->width : 1;
    wide loss = 0;
    begin(&b, pass);
    pass->wrong = 0;
    for (int64_t first = 0; first < pass->n; first += b.rows) {
        b.first = first;
        b.rows = pass->n - first < most ? pass->n - first : most;
        find_sums(&b);
        loss += block_loss(&b);
        for (int64_t begin = 0; pass->dz && begin < pass->width; begin += BLOCK) {
            if (begin != b.begin)
                find_exponentials(&b, begin);
            find_gradients(&b);
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
    {"weights", DPID_TEXT, .help = "of the classes: balanced, or numbers joined by commas"},
    {0},
};

/* The gradient of a row in the logits has l1 norm at most 2 sum_k w_k t_k, which is 2 without weights; with them the
   mean is over rows of weight w_label. */
static double bound(const dpid_value *option, double loss, double d)
{
    const double *weights = option[1].reals;
    double mean = 0;
    double least = weights ? weights[0] : 1;
    (void)loss;
    for (int64_t k = 0; weights && k < option[1].count; k++) {
        mean += weights[k] / (double)option[1].count;
        least = weights[k] < least ? weights[k] : least;
    }
    return weights ? 2 * d * (1 - option[0].r + option[0].r * mean / least) : 2 * d;
}

const dpid_loss dpid_loss_cross_entropy = {
    .word = "cross_entropy",
    .help = "mean of -log softmax(z)[label], in nats; options: smoothing=0, weights=balanced or a list by class",
    .options = known,
    .takes_labels = true,
    .weights = 2,
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
