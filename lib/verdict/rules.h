/* What the rules share. A rule reads the evidence through a dpid_judge, compares arms by contrasts, and fills its
   finding: a status, the numbers that decided, a sentence. */
#ifndef DPID_VERDICT_RULES_H
#define DPID_VERDICT_RULES_H

#include "verdict/verdict.h"

enum { DPID_SEEDS_MAX = 100, DPID_ARMS_MAX = 64 };

/* One number a seed. Losses: NaN not run, +infinity diverged. */
typedef struct {
    double at[DPID_SEEDS_MAX];
} dpid_series;

/* a - b, seed by seed, over the seeds that have both. */
typedef struct {
    int64_t n;
    dpid_estimate rank; /* Hodges and Lehmann, exact interval */
    dpid_estimate mean; /* of capped losses, BCa; NaN when it was not asked for */
    double p;           /* sign flips of capped losses, or signed ranks */
} dpid_contrast;

/* An intervention: an arm that differs from D in one thing, and what that changes. */
typedef struct {
    const dpid_arm_evidence *arm; /* NULL: nobody ran it */
    dpid_verdict_status status;
    dpid_contrast effect; /* L_D - L_x */
    dpid_estimate share;  /* of the gap to the reference; NaN where the gap is not sure */
    double median;        /* of L_x */
} dpid_intervention;

typedef enum { DPID_HARM_UNKNOWN, DPID_HARM_NONE, DPID_HARM_UNSURE, DPID_HARM } dpid_harm;

struct dpid_judge {
    deepid_ctx *ctx;
    const dpid_evidence *e;
    dpid_thresholds t;
    deepid_verdict *v;
    const dpid_arm_evidence *s, *d;        /* NULL: not run */
    dpid_series loss_s, loss_d, reference; /* reference: what a deep net can reach, for shares */
    double median_s, median_d;
    double margin, valid_margin;
    bool headroom;
    int64_t least_seeds; /* for an interval */
    dpid_harm harm_state;
    dpid_contrast harm;  /* L_D - L_S */
    dpid_estimate alike; /* the interval of the two one-sided tests */
    int32_t equivalent;  /* it lies inside the margins: "no difference" */
    dpid_contrast gap;   /* L_D - reference */
    bool on_floor;       /* representation was confirmed by a proven floor */
    bool has_penalty;
    bool chaotic;                              /* D and D64 are independent runs */
    dpid_intervention best[DPID_FINDINGS_MAX]; /* by finding: what its arm repairs, or the best of its set */
    dpid_intervention skip;
};

/* ---- evidence.c: by role -------------------------------------------------------------------- */

int32_t dpid_evidence_check(const dpid_judge *j);
const dpid_arm_evidence *dpid_judge_arm(const dpid_judge *j, const char *word);
bool dpid_arm_in_set(const dpid_arm_evidence *arm, const char *set); /* "D_start" holds "D_start:he" */
/* training loss; arm may be NULL: all NaN */
dpid_series dpid_arm_loss(const dpid_judge *j, const dpid_arm_evidence *arm);
/* Any per-seed array of an arm, diverged seeds as infinity; values NULL: all NaN. */
dpid_series dpid_arm_series(const dpid_judge *j, const dpid_arm_evidence *arm, const double *values);
/* where one is NaN the other */
dpid_series dpid_series_min(const dpid_judge *j, const dpid_series *a, const dpid_series *b);
int32_t dpid_series_median(const dpid_judge *j, const dpid_series *a, double *out); /* NaN when nothing was run */
int64_t dpid_arm_diverged(const dpid_judge *j, const dpid_arm_evidence *arm, int64_t *run);
/* The reason word was left out, or NULL when it was not. set: any member. */
const char *dpid_left_out(const dpid_judge *j, const char *word, bool set);
/* A member of the set could have been run and was not. */
bool dpid_untried(const dpid_judge *j, const char *set);

/* ---- contrast.c ------------------------------------------------------------------------------- */

typedef enum { DPID_RANKS_ONLY, DPID_CAPPED } dpid_means;
/* a - b. DPID_CAPPED: training losses, whose means count at most const_loss. */
int32_t dpid_contrast_of(const dpid_judge *j, const dpid_series *a, const dpid_series *b, dpid_means means,
                         dpid_contrast *out);
int32_t dpid_intervene(dpid_judge *j, const dpid_arm_evidence *arm, bool independent, dpid_intervention *out);
/* The best of a set, or the arm itself. tried: how many there were. */
int32_t dpid_intervene_best(dpid_judge *j, const char *word, bool set, dpid_intervention *out, int64_t *tried);

/* ---- harm.c ------------------------------------------------------------------------------------ */

/* Roles, margins, the harm. */
int32_t dpid_judge_prepare(dpid_judge *j);
/* True when the harm itself decides a cause of harm: none, or not known. */
int32_t dpid_rule_harm(dpid_judge *j, dpid_finding *f, bool *decided);

/* ---- say.c: findings in words ------------------------------------------------------------------- */

void dpid_set_number(dpid_finding *f, const char *name, double value);
/* name_low, name_high as well */
int32_t dpid_set_estimate(dpid_judge *j, dpid_finding *f, const char *name, const dpid_estimate *e);
int32_t dpid_set_contrast(dpid_judge *j, dpid_finding *f, const dpid_contrast *c); /* effect, and n, p, mean */
/* Takes the text: sentence, arm or to_settle of a finding. */
int32_t dpid_keep(dpid_judge *j, dpid_string *s, char **out);
int32_t dpid_set_text(dpid_judge *j, char **out, const char *format, ...) __attribute__((format(printf, 3, 4)));

typedef struct {
    char text[128];
} dpid_words_text;
/* "0.53 [0.51, 0.58]"; "96 % [95, 97]" */
dpid_number_text dpid_interval_words(const dpid_estimate *e);
dpid_words_text dpid_percent_words(const dpid_estimate *e);
/* "another start (looks-linear)"; begin: with a capital */
int32_t dpid_say_arm(dpid_string *s, const dpid_arm_evidence *arm, bool begin);
/* to_settle of an undecided finding: how many seeds would bring the whole interval to one side of the threshold, in
   words. */
int32_t dpid_settle_seeds(dpid_judge *j, dpid_finding *f, const dpid_contrast *c, double threshold);
int32_t dpid_settle_missing(dpid_judge *j, dpid_finding *f, const char *word, bool set);
/* Seeds that bring the threshold outside e's interval, when intervals shrink as 1 / sqrt(n); infinity when none
   does. */
double dpid_seeds_needed(int64_t n, const dpid_estimate *e, double threshold);

/* rules/reasons.c: writes an intervention into a finding, effect, share, numbers, what would settle it, and begins its
   sentence in s. */
int32_t dpid_set_intervention(dpid_judge *j, dpid_finding *f, const dpid_intervention *x, dpid_string *s);
int32_t dpid_settle_intervention(dpid_judge *j, dpid_finding *f, const dpid_intervention *x);

/* ---- rules: how a row of the registry is judged ------------------------------------------------------ */

int32_t dpid_rule_bug(dpid_judge *j, dpid_finding *f);
int32_t dpid_rule_representation(dpid_judge *j, dpid_finding *f);
int32_t dpid_rule_representation_found(dpid_judge *j, dpid_finding *f);
int32_t dpid_rule_solver(dpid_judge *j, dpid_finding *f); /* and objective */
int32_t dpid_rule_solver_found(dpid_judge *j, dpid_finding *f);
int32_t dpid_rule_reason(dpid_judge *j, dpid_finding *f);   /* by what the row's arm repairs */
int32_t dpid_rule_rounding(dpid_judge *j, dpid_finding *f); /* and range */
int32_t dpid_rule_overfitting(dpid_judge *j, dpid_finding *f);

/* ---- after the rules ------------------------------------------------------------------------------ */

int32_t dpid_find_remedies(dpid_judge *j);
int32_t dpid_write_answer(dpid_judge *j);
int32_t dpid_write_text(dpid_judge *j);

#endif
