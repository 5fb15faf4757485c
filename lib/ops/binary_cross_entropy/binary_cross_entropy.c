/* Cross-entropy of two classes by one logit: L = mean over i of max(z, 0) - z y + log(1 + e^-|z|), y = label 0 or 1;
   with weights the mean by the weight of the label.
   Derivation: binary_cross_entropy.md      Reference: binary_cross_entropy_ref.c */
#include "ops/loss.h"
#include "tensor/elementary.h"
#include "tensor/real.h"

#if DPID_PRECISION == 80
typedef long double wide;
#else
typedef double wide;
#endif

enum { BLOCK = 64 }; /* samples whose exponentials are worked out together, by vectors */

/* m, z towards the label: L = log(1 + e^-|m|) + max(-m, 0), and slope = sigmoid(-m), which is dz away from the label */
typedef struct {
    wide m[BLOCK], loss[BLOCK], slope[BLOCK];
} block;

static void find_losses(block *b)
{
    for (int64_t i = 0; i < BLOCK; i++) {
        const wide m = b->m[i];
        const wide e = DPID_EXP(m < 0 ? m : -m);
        b->loss[i] = DPID_LOG1P(e) + (m < 0 ? -m : 0);
        b->slope[i] = (m < 0 ? 1 : e) / (1 + e);
    }
}

/* Samples first .. first + n - 1; their losses are added to the sum one after the other. */
static void run_block(dpid_loss_pass *pass, int64_t first, int64_t n, wide total, wide *sum)
{
    const real *z = (const real *)pass->z + first;
    const int32_t *labels = pass->labels + first;
    const double *weights = pass->option[0].reals;
    block b = {.m = {0}};
    for (int64_t i = 0; i < n; i++)
        b.m[i] = labels[i] == 1 ? (wide)z[i] : -(wide)z[i];
    find_losses(&b);
    for (int64_t i = 0; i < n; i++) {
        const bool one = labels[i] == 1;
        const wide weight = weights ? (wide)weights[labels[i]] : 1;
        const wide row = weight * b.loss[i];
        if (pass->dz)
            ((real *)pass->dz)[first + i] = (real)(weight * (b.slope[i] * (one ? -1 : 1)) / total);
        if (pass->each)
            pass->each[first + i] = (double)row;
        pass->wrong += z[i] != z[i] || (z[i] > 0) != one;
        *sum += row;
    }
}

void DPID_T(dpid_binary_cross_entropy)(dpid_loss_pass *pass);
void DPID_T(dpid_binary_cross_entropy)(dpid_loss_pass *pass)
{
    wide sum = 0;
    pass->wrong = 0;
    const wide total =
        (wide)(pass->total > 0 ? pass->total : dpid_loss_sum(pass->option[0].reals, pass->labels, pass->n));
    for (int64_t first = 0; first < pass->n; first += BLOCK)
        run_block(pass, first, dpid_smaller(BLOCK, pass->n - first), total, &sum);
    pass->loss_sum = (double)sum;
}

/* ---- the loss ---------------------------------------------------------------- */

#if DPID_ONCE
#include <deepid/losses.h>

#define DECLARE(suffix, real) void dpid_binary_cross_entropy_##suffix(dpid_loss_pass *pass);
DPID_ISA_EACH(DECLARE)

static const dpid_option known[] = {
    {"weights", DPID_TEXT, .help = "of the two classes: balanced, or two numbers joined by a comma"},
    {0},
};

/* |sigmoid(z) - y| is at most 1, also in a mean by weights */
static double bound(const dpid_value *option, double loss, double d)
{
    (void)option;
    (void)loss;
    return d;
}

const dpid_loss dpid_loss_binary_cross_entropy = {
    .word = "binary_cross_entropy",
    .help = "of two classes, by a net of one output z: mean of log(1 + e^-z) for label 1, of log(1 + e^z) for label 0, "
            "in nats; the answer is 1 where z is above 0; options: weights=balanced or two numbers",
    .options = known,
    .takes_labels = true,
    .one_logit = true,
    .weights = 1,
    .bound = bound,
    .run = DPID_ISA_TABLE(dpid_binary_cross_entropy),
};

int32_t deepid_binary_cross_entropy_forward(const deepid_tensor *z, const int32_t *labels, double *loss)
{
    DPID_TRY(dpid_enter(z, DPID_MAGIC_TENSOR));
    return dpid_leave(z->head.ctx,
                      dpid_loss_primitive(&dpid_loss_binary_cross_entropy, NULL, z, labels, NULL, NULL, loss));
}

int32_t deepid_binary_cross_entropy_backward(const deepid_tensor *z, const int32_t *labels, deepid_tensor *dz)
{
    DPID_TRY(dpid_enter(z, DPID_MAGIC_TENSOR));
    return dpid_leave(z->head.ctx,
                      dpid_loss_primitive(&dpid_loss_binary_cross_entropy, NULL, z, labels, NULL, dz, NULL));
}
#endif
