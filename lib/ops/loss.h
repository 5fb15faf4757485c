/* Losses: a word, its options, and kernels that give the value and the gradient at once. Some take labels,
   others targets. */
#ifndef DPID_OPS_LOSS_H
#define DPID_OPS_LOSS_H

#include "base/base.h"
#include "base/isa.h"
#include "tensor/tensor.h"

typedef struct {
    const dpid_value *option; /* of the loss kind */
    int64_t n, width;         /* z is [n, width] */
    const void *z;
    const int32_t *labels; /* [n], or NULL; already checked to be 0..width-1; with one_logit 0 or 1 */
    const void *targets;   /* [n, width] of the kernels' real, or NULL */
    double total;          /* weights of the samples that the mean is over, as dpid_loss_total; 0: of these */
    void *dz;              /* [n, width], overwritten with d(mean loss)/dz; NULL: value only */
    double *each;          /* [n], the loss of each sample, times its weight; NULL: not wanted */
    /* out: sum of them, in double or better; divide by dpid_loss_total for the mean. NaN/inf comes out as is */
    double loss_sum;
    /* out: samples whose arg max (first maximum; of one logit z: of 0, z) is not the label; 0 for targets. A row with a
       NaN is wrong */
    int64_t wrong;
} dpid_loss_pass;

typedef struct {
    const char *word, *help;
    const dpid_option *options;
    bool takes_labels;
    bool one_logit;  /* of two classes: width is 1, labels 0 or 1 */
    int32_t weights; /* place of its option weights among the options, from 1; 0: it has none */
    /* Of targets: the slope of an output's loss, `away` from its target, up to a factor; it grows with away. NULL: of
       labels, or the mean of the targets is the best constant. */
    double (*slope)(const dpid_value *option, double away);
    /* By how much the mean loss, which is `loss`, changes at most when no output moves by more than d. */
    double (*bound)(const dpid_value *option, double loss, double d);
    void (*run[DPID_ISAS][DPID_PRECISIONS])(dpid_loss_pass *pass);
} dpid_loss;

/* The losses, one line each; each is dpid_loss_<word>. */
#define DPID_LOSSES(X)                                                                                                 \
    X(cross_entropy)                                                                                                   \
    X(squared_error)                                                                                                   \
    X(huber)                                                                                                           \
    X(binary_cross_entropy)
#define DPID_LOSS_DECLARE(word) extern const dpid_loss dpid_loss_##word;
DPID_LOSSES(DPID_LOSS_DECLARE)
extern const dpid_set dpid_losses;

/* Labels of so many classes, for balanced weights; classes is 0 where there are targets. */
typedef struct {
    const int32_t *labels;
    int64_t n, classes;
} dpid_loss_labels;

/* The loss of a text and its options, for these labels and so many outputs, which it has to take. NULL: the usual one.
   Weights of classes go to the arena; their text becomes the list of their numbers. */
int32_t dpid_loss_read(dpid_arena *arena, const char *text, const dpid_loss_labels *of, int64_t outputs,
                       const dpid_loss **loss, dpid_value *option);
/* Weights of the classes, by label; NULL: all are 1. */
static inline const double *dpid_loss_weights(const dpid_loss *loss, const dpid_value *option)
{
    return loss->weights > 0 ? option[loss->weights - 1].reals : NULL;
}
/* What a mean is divided by: the sum of the weights of these samples; n where weights is NULL. */
static inline double dpid_loss_sum(const double *weights, const int32_t *labels, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; weights && i < n; i++)
        sum += weights[labels[i]];
    return weights ? sum : (double)n;
}
static inline double dpid_loss_total(const dpid_loss *loss, const dpid_value *option, const int32_t *labels, int64_t n)
{
    return dpid_loss_sum(dpid_loss_weights(loss, option), labels, n);
}
/* Some loss takes them. Of labels: an output for each class, or more; or one for two. Of targets: classes is 0 */
bool dpid_loss_fits(int64_t classes, int64_t targets, int64_t outputs);
/* DEEPID_ERR_LABEL naming the first bad row. */
int32_t dpid_labels_check(deepid_ctx *ctx, const char *what, const int32_t *labels, int64_t n, int64_t classes);

/* One public call, inside an entered context. dz and mean may be NULL. */
int32_t dpid_loss_primitive(const dpid_loss *loss, const char *options, const deepid_tensor *z, const int32_t *labels,
                            const deepid_tensor *targets, deepid_tensor *dz, double *mean);

#endif
