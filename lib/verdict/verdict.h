/* A verdict's inside: the registry of hypotheses, and one finding for each that was judged. */
#ifndef DPID_VERDICT_VERDICT_H
#define DPID_VERDICT_VERDICT_H

#include "verdict/evidence.h"

/* From weakest to strongest, so that the best member of a set is the largest. */
typedef enum {
    DPID_NOT_APPLICABLE,
    DPID_REFUTED,
    DPID_MINOR, /* surely less than half, and maybe more than the margin */
    DPID_UNDECIDED,
    DPID_CONTRIBUTES,
    DPID_CONFIRMED
} dpid_verdict_status;

enum { DPID_FINDINGS_MAX = 24, DPID_NUMBERS_MAX = 128, DPID_REMEDIES_MAX = 32 };

typedef struct dpid_judge dpid_judge;
typedef struct dpid_hypothesis dpid_hypothesis;
typedef struct dpid_ladder dpid_ladder;

typedef struct {
    const char *name; /* in the verdict's arena, or a constant */
    double value;
} dpid_named_number;

/* An estimate with its interval. */
typedef struct {
    double value, low, high;
} dpid_estimate;

/* ---- scales: what "hurts" is measured by, scale.c ------------------------------------------------- */

typedef enum {
    DPID_BY_LOSS,        /* training loss */
    DPID_BY_RATIO,       /* ratio of training losses, as logarithms */
    DPID_BY_ERROR,       /* share of the training set that is wrong */
    DPID_BY_VALID_ERROR, /* share of the validation set that is wrong */
    DPID_BY_VALID_LOSS,  /* validation loss */
    DPID_SCALES
} dpid_scale;
enum { DPID_TRAINING_SCALES = DPID_BY_VALID_ERROR };

typedef struct {
    char text[128];
} dpid_words_text;
const char *dpid_scale_word(dpid_scale scale); /* "ratio" */
const char *dpid_scale_name(dpid_scale scale); /* "ratio of training losses" */
const char *dpid_scale_gap(dpid_scale scale);  /* "the gap in training error" */
/* A difference: "0.034 [0.03, 0.04]", "a factor of 26 [20, 31]", "1.7 points [1.2, 2.1]"; its margin; a median:
   "0.034", "1.7 %". */
dpid_words_text dpid_scale_words(dpid_scale scale, const dpid_estimate *e);
dpid_words_text dpid_scale_margin_words(dpid_scale scale, double margin);
dpid_words_text dpid_scale_median_words(dpid_scale scale, double median);

typedef enum { DPID_HARM_UNKNOWN, DPID_HARM_NONE, DPID_HARM_UNSURE, DPID_HARM } dpid_harm;

/* The harm on one scale. */
typedef struct {
    double shallow, deep; /* medians, losses or shares that are wrong */
    dpid_estimate difference;
    double margin; /* as differences on this scale */
    dpid_harm state;
} dpid_harm_on;

/* One arm as it was run, for the page. */
typedef struct {
    char *word;
    double rate, updates, median; /* of training losses */
    int64_t runs, diverged;
    int64_t rates_tried, rates_diverged;
    double lowest_rate, highest_rate;
} dpid_arm_run;

typedef struct {
    const dpid_hypothesis *hypothesis;
    dpid_verdict_status status;
    const char *rule;                 /* a constant */
    char *arm, *sentence, *to_settle; /* in the arena; NULL: "" */
    char *beyond;                     /* the arm from which the deciding one's share is counted; NULL: D */
    dpid_estimate effect, share;
    dpid_scale scale;          /* of the effect */
    dpid_estimate valid_share; /* of the gap in validation; NaN: none is sure */
    dpid_named_number number[DPID_NUMBERS_MAX];
    int32_t numbers;
} dpid_finding;

/* A row of the registry, hypotheses.c. To add a hypothesis is to add a row. */
struct dpid_hypothesis {
    const char *word, *help; /* help: what it asks */
    /* How it is judged. judge NULL: by the row before it that shares its evidence. again: a second look, when the
       reasons are known; NULL: none. */
    int32_t (*judge)(dpid_judge *j, dpid_finding *f);
    int32_t (*again)(dpid_judge *j, dpid_finding *f);
    const char *arm, *rule; /* of dpid_rule_reason: the arm that changes one thing, or a set of them */
    bool set;
    bool finds; /* the arm has the recipe's aim: a lower loss that it finds is one that the recipe missed */
    /* How a page shows it. */
    const char *name;       /* in the table of evidence */
    const char *said;       /* in a list of what was ruled out */
    int32_t place, said_at; /* its place in that table, its place in that list */
    bool reason;            /* of the cause above it */
    bool loss;              /* its effect is in units of its finding's scale */
    const char *role;       /* its colour */
};

/* Those that every verdict has, by the names that rules use for each other, in the order of verdict.json. Rows of
   the registry behind them are judged where their arm was run. */
enum {
    DPID_BUG,
    DPID_RATE,
    DPID_REPRESENTATION,
    DPID_CAPACITY,
    DPID_SOLVER,
    DPID_BUDGET,
    DPID_CONDITIONING,
    DPID_OPTIMISER,
    DPID_OBJECTIVE,
    DPID_REGULARISATION,
    DPID_NORMALISATION,
    DPID_ROUNDING,
    DPID_RANGE,
    DPID_OVERFITTING,
    DPID_HYPOTHESES
};
const dpid_hypothesis *dpid_hypothesis_at(int64_t i); /* NULL past the end */

typedef struct {
    char *arm;
    dpid_estimate share, valid_share;
} dpid_remedy;

struct deepid_verdict {
    dpid_head head;
    dpid_arena arena;
    dpid_finding finding[DPID_FINDINGS_MAX]; /* the first DPID_HYPOTHESES by their enum */
    int32_t findings;
    double margin; /* what counted as no difference of training losses */
    dpid_harm_on harm[DPID_SCALES],
        recipe_harm[DPID_SCALES]; /* at the rates that causes are asked at; at the recipe's */
    dpid_scale scale;             /* on which causes of harm in training were judged */
    bool tuned;                   /* the two differ */
    dpid_arm_run *run;
    int64_t runs;
    dpid_remedy remedy[DPID_REMEDIES_MAX];
    int32_t remedies;
    dpid_ladder *ladder; /* ladder.h; NULL: fewer than two number formats were tried */
    char *answer, *scope;
    char *text[2]; /* plain, coloured */
};

/* Those of the enum, undecided, without a number. */
int32_t dpid_verdict_make(deepid_ctx *ctx, deepid_verdict **out);
void dpid_verdict_add(deepid_verdict *verdict, const dpid_hypothesis *hypothesis);

#endif
