/* Evidence: what training showed, as plain numbers, and all that a verdict looks at. It knows no study, net or file:
   a study fills it (study/collect.c), a test fills it by hand, and so can anybody else. Everything is lent.
   The protocol behind it: docs/verdict.md */
#ifndef DPID_VERDICT_EVIDENCE_H
#define DPID_VERDICT_EVIDENCE_H

#include <deepid/verdict.h>

#include "base/base.h"

/* One arm: one net, trained in one way, at every seed. Arrays have one number a seed; NULL: not known for this arm.
   The rules know these words:
     S, D                 the shallow and the deep net, both by the recipe, at its rate
     S_rate, D_rate       the same at the rate that tuning found; not there where that is the recipe's
     S_fine               S trained on, for as many updates as WT has more than S: the control of WT
     W0                   the deep net built from the trained S and identity layers, untrained
     WT                   W0 trained on at a tenth of the rate; WT:1, WT:0.01: at that multiple of it
     D64                  D in f64 from the same initial values
     D_f32, D_tf32, D_bf16, D_f16, D_f8
                          D stored in that format; :stochastic, :weights, :scaled change one thing of it
     S_f32 and so on      S stored so
     D_start:<start>      D from another start, "D_start:looks_linear"
     D_opt:<optimiser>    D by another optimiser
     D_2T, D_3T           D with two (as many as S and WT together) and with three times the updates
     D_free:<what>        D without its dropout, decay, smoothing or augmentation, "D_free:dropout"
     D_norm:batch8        D with batches eight times as large, as many updates
     D_schedule:<what>    D with another schedule of the rate, "D_schedule:warmup"
     D_res                D with an identity skip around every block
     dial:<s>             the same with s times the skip, s in [0,1]
     D_order:<order>      D with the layers of its blocks in another order, "D_order:pre"
   and those of the registry of hypotheses. All but S and D stand on the tuned rate where there is one: D64 and D_3T are
   run at the rate of D_rate, W0 holds the net of S_rate. */
typedef struct {
    const char *word;
    const char *said;          /* in a sentence, where it is not dpid_arm_said; NULL: it is */
    const double *train_loss;  /* needed; NaN: this seed was not run; a diverged run may hold anything */
    const double *train_error; /* shares of wrong classes, 0..1 */
    const double *valid_loss;
    const double *valid_error;
    const double *best_valid_loss; /* the least along training (early stopping) */
    const double *penalty;         /* lambda/2 ||theta||^2 at the end: J = train_loss + penalty; NULL or 0: no decay */
    /* 1: the run met a loss or gradient that is not finite, its losses count as +infinity */
    const uint8_t *diverged;
    double learning_rate; /* NaN: not known */
    double updates;

    /* What is minimised: the loss in training mode (noise, batch statistics, smoothing, augmentation; mean over passes)
       and the penalty. */
    const double *objective;
    /* Of nets with batch-norm, where train_loss is taken with the statistics of all samples: the loss with those of
       batches as training has them (no other noise), of batches eight times as large, and with the moving averages. */
    const double *batch_loss, *batch8_loss, *moving_loss;

    /* Along training: points a seed, [seed * points + k], NaN past the end of a run. */
    int64_t points;
    const double *curve_train, *curve_valid, *curve_valid_error;

    /* Tuning, at seeds apart from the study's: the mean loss at the rate that was taken, losses above const_loss and
       diverged runs as const_loss; NaN: not tuned. By it the best of a set is chosen. */
    double tuning_loss;
    int64_t rates_tried, rates_diverged; /* how many rates, and at how many of them every run diverged */
    double lowest_rate, highest_rate;    /* of those tried */
    double other_rate, other_gain;       /* the best one but the recipe's, and how far its mean is below that */
    bool other_everywhere;               /* that one is better at every tuning seed, and nobody ran it */
    bool own_untried;                    /* rates were tried, but not the one that its runs are at */
    bool noise;                          /* no rate surely leaves the constant predictor: the choice is one of noise */
} dpid_arm_evidence;

/* Above so many samples a batch is not small for batch-norm, and D_norm:batch8 is not run. */
enum { DPID_SMALL_BATCH = 16 };

/* A number that explains, never decides: "gradient slope per layer" of the recipe's start and of the best other
   start. */
typedef struct {
    const char *name;
    double before, after; /* after: NaN when no other start was looked at */
} dpid_explanation;

/* UNRESOLVED: the loss is so steep or so flat that differences cannot tell. */
typedef enum { DPID_NOT_CHECKED = 0, DPID_PASSED, DPID_FAILED, DPID_UNRESOLVED } dpid_check;

typedef struct {
    int64_t seeds; /* length of every array */
    int64_t arms;
    const dpid_arm_evidence *arm;
    double const_loss;   /* training loss of the best constant predictor */
    double least_loss;   /* of the best predictor there is; NaN: not known, counts as 0 */
    double margin;       /* m: differences below it count as none; NaN: dpid_margin_of */
    double valid_margin; /* the same for validation losses; NaN: by the same rule */
    /* Of labels: the share of the largest class where classes are unequal. Of targets: the validation loss of the best
       constant predictor. NaN: not known, or not asked. */
    double largest_class, valid_largest_class, valid_const_loss;
    const char *class_weights; /* "no 0.54, yes 6.9", which losses are weighed by; NULL: they are not */
    bool targets;

    /* certificates: |loss of W0 - loss of S| for each seed, the largest difference of their outputs as a share of the
       largest output of S, and 1 where every logit has the same bits; NULL: not known */
    const double *witness_difference, *witness_outputs;
    const uint8_t *witness_equal;

    /* representation: what deepid_identity_examine said of the added block, and, where one was proven, a floor below
       which the deep net's training loss cannot go */
    int32_t identity_status;       /* DEEPID_IDENTITY_E_BIT ..; 0: not examined */
    int32_t identity_reason;       /* DEEPID_REASON_... */
    const char *identity_sentence; /* may be NULL */
    double floor;                  /* NaN: none proven */
    const char *floor_theorem;     /* "T0 (rank)"; may be NULL */

    /* gradient check of the deep net in f64 */
    dpid_check gradient_check;
    double gradient_check_error;      /* the largest relative error */
    const char *gradient_check_layer; /* where; may be NULL */
    double gradient_check_second;     /* FAILED: the error of the second way (docs/probes.md); NaN: none */

    /* gradients of the run's precision against a higher one */
    bool counted;                         /* range counters were taken */
    double zeros, subnormals, infinities; /* entries that are so in the run's precision and not in the reference */
    bool compared;                        /* accuracy was measured */
    double min_cosine, max_relative_error, mask_flips; /* over layers; mask_flips: share, NaN unknown */
    bool twins_differ;                                 /* runs that differ by one ulp at the start end differently */
    bool is_f64;                                       /* the recipe itself trains in f64: D64 has no question */

    /* the recipe */
    /* What it stores its numbers in, a format and options (docs/precision.md): "f16", "bf16 weights=format"; NULL: f32,
       or f64. Whether its loss is scaled: "dynamic"; NULL: it is not. */
    const char *storage, *loss_scale;
    bool default_init;                 /* the start is the framework default (a word for people is init_word) */
    const char *init_word;             /* "pytorch" */
    const char *block_word;            /* "plain"; may be NULL */
    int64_t shallow_depth, deep_depth; /* layers or blocks, the same for both, for the sentences; 0 unknown */
    double recipe_rate;                /* NaN: not known */
    int64_t batch, updates;            /* samples a step; updates of S and D; 0 unknown */
    /* What makes the minimised quantity differ from the loss. */
    const char *noise;                               /* what draws, in a sentence; NULL: "dropout" */
    bool dropout[2], decay, smoothing, augmentation; /* dropout: of S, of D */
    bool batchnorm;                                  /* D has one */
    /* Capacity: the narrowest of the layers between input and output (units or channels), and whether the deep net has
       every layer of the shallow one. narrowest 0: unknown. */
    int64_t shallow_narrowest, deep_narrowest;
    const char *deep_narrowest_layer;             /* may be NULL */
    bool other_layers;                            /* it has not: the two differ in more than added layers */
    bool nets_unknown;                            /* nobody said either */
    bool regularisers_unknown, batchnorm_unknown; /* nobody said of each whether the recipe, whether D has it */
    bool by_others;                               /* no depth_study trained: sentences do not name its flags */

    const dpid_explanation *explanation; /* for conditioning */
    int64_t explanations;

    /* arms by word that were not run, each with a reason ("budget") */
    const char *const *left_out;
    const char *const *left_out_reason; /* NULL or one a word */
    /* 1: the arm is possible and was only not run (no budget, not asked for). A hypothesis about its set is then not
       refuted: the arm might have been the one that repairs. NULL: 1 for all */
    const uint8_t *left_out_possible;
    int64_t left_outs;
} dpid_evidence;

/* No arms, every unknown number NaN. */
dpid_evidence dpid_evidence_none(int64_t seeds, double const_loss);
double dpid_learnable(const dpid_evidence *e); /* how far a loss can fall below const_loss */
dpid_arm_evidence dpid_arm_evidence_none(const char *word);

/* ---- thresholds ------------------------------------------------------------------------------------------ */

typedef struct {
    double level;              /* of the intervals: 0.95 */
    double margin_share;       /* m = this (const_loss - loss of S): 0.05 */
    double margin_ratio;       /* the deep net's loss is surely more than this times the shallow one's: 2 */
    double ratio_floor;        /* ... losses below this const_loss counted as that: 0.002 */
    double margin_error;       /* shares of the training set that are wrong: 0.005 */
    double margin_valid_error; /* ... of the validation set: 0.005 */
    double headroom;           /* "no headroom" when m is below this const_loss: 0.02 */
    double stuck;              /* a net that learned less than this share of const_loss does not train: 0.1 */
    double few_updates;        /* fewer updates convict nobody without an arm of more: 100 */
    double share;              /* an intervention that repairs more is confirmed: 0.5 */
    double symptom_share;      /* a large gradient error that repairs less is a symptom: 0.2 */
    double cosine;             /* f32 gradients less parallel than this to the reference make runs chaotic: 0.99 */
    double gradient_error;     /* relative errors above this are called large: 0.05 */
    double output_difference;  /* W0 is no copy of S when outputs differ by more than this share: 0.01 */
    double resamples;          /* of the bootstrap of means: 9999 */
    double seed;               /* of the bootstrap of means: 1 */
} dpid_thresholds;

dpid_thresholds dpid_thresholds_default(void);
/* What counts as no difference: a share of what the shallow net learns, m = margin_share (const_loss - shallow). */
double dpid_margin_share(const dpid_thresholds *thresholds, double const_loss, double shallow);
/* The same, but at least headroom learnable, where the shallow net learns little or its loss is not known. */
double dpid_margin_of(const dpid_thresholds *thresholds, double const_loss, double learnable, double shallow);
/* key: a word of deepid_verdict_threshold_word. DEEPID_ERR_ARGUMENT: unknown, or outside its range. */
double dpid_thresholds_get(const dpid_thresholds *thresholds, const char *key); /* NaN: unknown */
int32_t dpid_thresholds_set(deepid_ctx *ctx, dpid_thresholds *thresholds, const char *key, double value);

/* ---- judging ---------------------------------------------------------------------------------------------- */

/* thresholds: NULL = default. The verdict copies what it says. Missing arms make findings undecided, never an error.
   DEEPID_ERR_ARGUMENT: no seeds, no arms, a NULL loss array, two arms of one word; DEEPID_ERR_NUMERIC: const_loss is
   not finite, a -infinite loss; DEEPID_ERR_SPEC: storage names no format. */
int32_t dpid_verdict_judge(deepid_ctx *ctx, const dpid_evidence *evidence, const dpid_thresholds *thresholds,
                           deepid_verdict **out);

#endif
