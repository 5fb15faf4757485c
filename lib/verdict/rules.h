/* What the rules share. A rule reads the evidence through a dpid_judge, compares arms by contrasts, and fills its
   finding: a status, the numbers that decided, a sentence. */
#ifndef DPID_VERDICT_RULES_H
#define DPID_VERDICT_RULES_H

#include "verdict/arms.h"
#include "verdict/verdict.h"

enum { DPID_SEEDS_MAX = 100000, DPID_ARMS_MAX = 64, DPID_HELPS_MAX = 8 };

/* One number a seed. Losses: NaN not run, +infinity diverged. A copy is the same numbers. */
typedef struct {
    double *at;
} dpid_series;

/* Where series lie until the verdict is there. */
typedef struct {
    dpid_arena arena;
    double *spare;  /* what one gets where there is no memory for a new one */
    int32_t status; /* and why there is none; the verdict then fails */
} dpid_series_room;

/* a - b, seed by seed, over the seeds that have both. */
typedef struct {
    int64_t n;
    dpid_estimate rank; /* Hodges and Lehmann, exact interval */
    dpid_estimate mean; /* of capped losses, BCa; NaN when it was not asked for */
    double p;           /* sign flips of capped losses, or signed ranks */
} dpid_contrast;

/* An intervention: an arm that differs from D in one thing, and what that changes. */
typedef struct {
    const dpid_arm_evidence *arm;  /* NULL: nobody ran it */
    const dpid_arm_evidence *from; /* what it is compared with, where that is not D; NULL: D */
    dpid_verdict_status status;
    dpid_contrast effect;      /* of D less that of x, on the scale where harm was found */
    double sure_low;           /* the effect's lower end when every cause that is asked counts */
    dpid_estimate share;       /* of the gap to the reference; NaN where the gap is not sure */
    dpid_estimate valid_share; /* of the gap in validation; NaN where that is not sure */
    double median;             /* of its training losses */
    int64_t best_of;           /* it was chosen among so many by the study's own losses; 1: it was not */
    int64_t least_seeds;       /* for sure_low */
    bool all_diverged;         /* not one of its runs ended */
} dpid_intervention;

/* Two nets on one scale. */
typedef struct {
    dpid_series s, d;
    double median_s, median_d; /* losses, or shares that are wrong */
    double margin;
    dpid_harm state;
    dpid_contrast harm; /* D - S */
} dpid_view;

/* Two nets on all scales. */
typedef struct {
    const dpid_arm_evidence *s, *d; /* NULL: not run */
    dpid_view view[DPID_SCALES];
    dpid_harm state; /* in training: on any scale */
    dpid_scale on;   /* where it was found, else the loss */
    dpid_harm valid; /* in validation, by error or loss */
    dpid_scale valid_on;
} dpid_pair;

struct dpid_judge {
    deepid_ctx *ctx;
    const dpid_evidence *e;
    dpid_thresholds t;
    deepid_verdict *v;
    dpid_series_room *room;
    dpid_pair recipe; /* S and D */
    dpid_pair base;   /* S_rate and D_rate where they are: whom every cause but the rate is asked of */
    bool tuned;       /* the two differ */
    const dpid_arm_evidence *kept_rate; /* D_rate where it is no better, and D is judged instead; NULL */

    /* base, in short */
    const dpid_arm_evidence *s, *d; /* NULL: not run */
    dpid_series loss_s, loss_d;     /* training losses */
    double median_s, median_d;
    double margin, valid_margin; /* of losses */
    dpid_contrast harm;          /* L_D - L_S */
    dpid_harm harm_state;        /* in training, on any scale */

    dpid_scale on;         /* the scale on which causes are judged */
    double on_margin;      /* its margin */
    dpid_series reference; /* on that scale: what a deep net can reach, for shares */

    bool headroom;
    int64_t least_seeds;              /* for an interval */
    double level;                     /* of the intervals being made */
    int64_t asked;                    /* causes that an arm was run for */
    dpid_estimate alike;              /* the interval of the two one-sided tests */
    int32_t equivalent;               /* it lies inside the margins: "no difference" */
    dpid_contrast gap;                /* D - reference, on the scale */
    const dpid_arm_evidence *way_out; /* neither S nor D trains, this arm does; NULL */
    dpid_estimate shallow_gain;       /* S less S_fine: what more updates give it */
    bool too_short;                   /* training: too few updates to blame the solver */
    bool on_floor;                    /* representation was confirmed by a proven floor */
    bool has_penalty;
    bool chaotic;                              /* D and D64 are independent runs */
    dpid_intervention best[DPID_FINDINGS_MAX]; /* by finding: what its arm repairs, or the best of its set */
    dpid_intervention skip, order;             /* remedies: D_res, the best of D_order */
    char *how[DPID_HELPS_MAX];                 /* how storage hurts, sentences of the answer; NULL */
    int32_t hows;
    bool options_may_repair; /* those of the recipe's storage, which arms of other formats do without; by storage.c */
};

/* ---- evidence.c: by role -------------------------------------------------------------------- */

int32_t dpid_evidence_check(const dpid_judge *j);
const dpid_arm_evidence *dpid_judge_arm(const dpid_judge *j, const char *word);
bool dpid_arm_in_set(const dpid_arm_evidence *arm, const char *set); /* "D_start" holds "D_start:he" */
dpid_series dpid_series_make(const dpid_judge *j);                   /* all 0 */
/* training loss; arm may be NULL: all NaN */
dpid_series dpid_arm_loss(const dpid_judge *j, const dpid_arm_evidence *arm);
/* Any per-seed array of an arm, diverged seeds as infinity; values NULL: all NaN. */
dpid_series dpid_arm_series(const dpid_judge *j, const dpid_arm_evidence *arm, const double *values);
/* at how many seeds both the arm and D have a number on the scale that causes are judged on */
int64_t dpid_arm_shared(const dpid_judge *j, const dpid_arm_evidence *arm);
/* another way to train the deep net than D and D_rate */
bool dpid_arm_changes_deep(const dpid_judge *j, const dpid_arm_evidence *arm);
bool dpid_arm_all_diverged(const dpid_judge *j, const dpid_arm_evidence *arm);
/* where one is NaN the other */
dpid_series dpid_series_min(const dpid_judge *j, const dpid_series *a, const dpid_series *b);
int32_t dpid_series_median(const dpid_judge *j, const dpid_series *a, double *out); /* NaN when nothing was run */
int64_t dpid_arm_diverged(const dpid_judge *j, const dpid_arm_evidence *arm, int64_t *run);
/* The reason word was left out, or NULL when it was not. set: any member. */
const char *dpid_left_out(const dpid_judge *j, const char *word, bool set);
/* It was left out though it can be run, or not left out at all. */
bool dpid_could_run(const dpid_judge *j, const char *word);
/* A member of the set could have been run and was not. */
bool dpid_untried(const dpid_judge *j, const char *set);

/* ---- scale.c: what harm is measured by --------------------------------------------------------- */

/* Of an arm, diverged seeds as infinity; NULL: all NaN. plain: losses and shares; on: what differences are taken of. */
dpid_series dpid_arm_plain(const dpid_judge *j, dpid_scale scale, const dpid_arm_evidence *arm);
dpid_series dpid_arm_on(const dpid_judge *j, dpid_scale scale, const dpid_arm_evidence *arm);
double dpid_scale_cap(const dpid_judge *j, dpid_scale scale);

/* ---- formats.c: number formats --------------------------------------------------------------- */

typedef struct {
    const char *word, *said;
    const char *arm;     /* that stores in it and changes nothing else; NULL: there is none */
    int32_t bits, range; /* of the fraction with its leading one, of the exponent */
} dpid_number_format;
const dpid_number_format *dpid_number_format_at(int64_t i);           /* NULL past the end */
const dpid_number_format *dpid_number_format_of(const char *storage); /* "bf16 weights=format"; NULL: unknown */
const dpid_number_format *dpid_recipe_format(const dpid_judge *j);    /* NULL: it computes in what it stores in */

/* ---- contrast.c ------------------------------------------------------------------------------- */

typedef enum { DPID_INTERVAL_ONLY, DPID_RANKS_ONLY, DPID_CAPPED } dpid_means;
/* a - b. DPID_CAPPED: training losses, whose means count at most const_loss. DPID_INTERVAL_ONLY: rank, without p. */
int32_t dpid_contrast_of(const dpid_judge *j, const dpid_series *a, const dpid_series *b, dpid_means means,
                         dpid_contrast *out);
/* a - b on a scale, means capped as the scale says. */
int32_t dpid_contrast_on(const dpid_judge *j, dpid_scale scale, const dpid_series *a, const dpid_series *b,
                         dpid_contrast *out);
/* (mean from - mean by) / (mean from - mean to) on a scale; NaN: too few seeds. independent: by is not paired. */
int32_t dpid_share_on(const dpid_judge *j, dpid_scale scale, const dpid_series *from, const dpid_series *by,
                      const dpid_series *to, bool independent, dpid_estimate *out);
double dpid_margin_of_gap(const dpid_judge *j); /* the margin as a share of the gap */
/* What arm changes of D, on the scale where harm was found. */
int32_t dpid_intervene(dpid_judge *j, const dpid_arm_evidence *arm, bool independent, dpid_intervention *out);
/* The same for one who asks for nothing of the effect but its rank interval. */
int32_t dpid_intervene_briefly(dpid_judge *j, const dpid_arm_evidence *arm, dpid_intervention *out);
/* The same at a level that leaves room for so many arms, one of which is taken. */
int32_t dpid_intervene_among(dpid_judge *j, const dpid_arm_evidence *arm, int64_t room, dpid_intervention *out);
/* What arm changes of another arm than D, as a share of the gap below D. */
int32_t dpid_intervene_on(dpid_judge *j, const dpid_arm_evidence *from, const dpid_arm_evidence *arm,
                          dpid_intervention *out);
/* The arm that repairs most of the gap in validation, surely more than half, with intervals for as many as were tried;
   out->arm NULL: none. */
int32_t dpid_best_in_validation(dpid_judge *j, dpid_intervention *out);
/* The best of a set, or the arm itself: by the tuning losses where all have one, else by the study's own, with
   intervals for as many. tried: how many there were. */
int32_t dpid_intervene_best(dpid_judge *j, const char *word, bool set, dpid_intervention *out, int64_t *tried);

/* ---- harm.c ------------------------------------------------------------------------------------ */

/* The harm of one net against another, on all scales. */
int32_t dpid_pair_of(dpid_judge *j, const dpid_arm_evidence *s, const dpid_arm_evidence *d, dpid_pair *out);
/* S or D at the rate that arms without one of their own run at: S_rate where it was run, else S. */
const dpid_arm_evidence *dpid_arm_at_tuned_rate(const dpid_judge *j, const char *word);
/* Roles, margins, the harm. */
int32_t dpid_judge_prepare(dpid_judge *j);
/* Its arm, or one of its set, was run. */
bool dpid_was_asked(const dpid_judge *j, const dpid_hypothesis *row);
/* The same judge, asked of another pair: recipe or base. */
int32_t dpid_judge_at(dpid_judge *j, const dpid_pair *pair);
/* A training scale other than the loss on which it is not sure that there is no harm; DPID_SCALES: none. */
dpid_scale dpid_open_scale(const dpid_judge *j);
void dpid_say_open_scale(const dpid_judge *j, dpid_string *s);
void dpid_say_tuned_rates(const dpid_judge *j, dpid_string *s); /* "at the tuned rates (shallow 0.3, deep 0.03)" */
/* Where no harm is sure: "lower", "higher, by less than the margin", "not higher by the margin" */
const char *dpid_higher_words(const dpid_estimate *difference);
/* rules/rate.c: the arm that knows what tuning tried of the deep net. */
const dpid_arm_evidence *dpid_tuned_deep(const dpid_judge *j);
dpid_words_text dpid_recipe_rate_words(const dpid_judge *j);      /* "the recipe's rate (0.3)" */
dpid_words_text dpid_at_rate_words(const dpid_arm_evidence *arm); /* "at 0.003" */
void dpid_say_both_fail(const dpid_judge *j,
                        dpid_string *s); /* "The recipe's rate (0.3) fails for the shallow net too: it ... */
/* The recipe's rate takes even the shallow net nowhere, another one does. */
bool dpid_rate_fails_both(const dpid_judge *j);
/* How many seeds an exact interval of this level needs. */
int64_t dpid_seeds_of_level(double level);
/* stuck.c: a median so near the constant predictor that nothing was learned; the arm that trains where neither S nor D
   does. */
bool dpid_learned_nothing(const dpid_judge *j, double median);
/* The median of its runs. */
int32_t dpid_arm_learned_nothing(const dpid_judge *j, const dpid_arm_evidence *arm, bool *out);
bool dpid_worse_than_constant(const dpid_judge *j, double median); /* by more than the threshold stuck */
int32_t dpid_find_way_out(dpid_judge *j);
int32_t dpid_say_way_out(const dpid_judge *j, dpid_string *s); /* " The deep net trains with an identity skip" */
int32_t dpid_settle_way_out(dpid_judge *j, dpid_finding *f);
/* True when the harm itself decides a cause of harm: none, or not known. */
int32_t dpid_rule_harm(dpid_judge *j, dpid_finding *f, bool *decided);

/* ---- say.c: findings in words ------------------------------------------------------------------- */

/* Words for one who has the flags of depth_study, and for one who trained in another way. */
const char *dpid_either(const dpid_judge *j, const char *study, const char *others);
void dpid_set_number(dpid_finding *f, const char *name, double value);
/* name_low, name_high as well */
int32_t dpid_set_estimate(dpid_judge *j, dpid_finding *f, const char *name, const dpid_estimate *e);
int32_t dpid_set_contrast(dpid_judge *j, dpid_finding *f, const dpid_contrast *c); /* effect, and n, p, mean */
/* Takes the text: sentence, arm or to_settle of a finding. */
int32_t dpid_keep(dpid_judge *j, dpid_string *s, char **out);
int32_t dpid_set_text(dpid_judge *j, char **out, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* "0.53 [0.51, 0.58]"; "96 % [95, 97]" */
dpid_number_text dpid_interval_words(const dpid_estimate *e);
dpid_words_text dpid_percent_words(const dpid_estimate *e);
/* "3 of 8 seeds", of one that it is so for "the one seed" */
dpid_words_text dpid_seeds_words(int64_t some, int64_t all);
/* A median for a sentence: NaN, and the failure is the sentence's. */
double dpid_median_said(const dpid_judge *j, dpid_string *s, const dpid_series *values);
/* "another start (looks-linear)"; begin: with a capital */
int32_t dpid_say_arm(dpid_string *s, const dpid_arm_evidence *arm, bool begin);
/* "diverges at 8 of 8 seeds"; "ends at a training loss of 0.69" */
void dpid_say_end(const dpid_judge *j, dpid_string *s, const dpid_arm_evidence *arm);
/* to_settle of an undecided finding: how many seeds would bring the whole interval to one side of the threshold, in
   words. */
int32_t dpid_settle_seeds(dpid_judge *j, dpid_finding *f, const dpid_contrast *c, double threshold);
/* "About 33 seeds instead of 10 (--seeds 33)", or that so many are no way */
int32_t dpid_settle_count(dpid_judge *j, dpid_finding *f, int64_t n, double needed);
int64_t dpid_seeds_of_both(const dpid_judge *j); /* that S and D share; where one of them was not run all seeds */
int32_t dpid_settle_missing(dpid_judge *j, dpid_finding *f, const char *word, bool set);
/* Seeds that bring the threshold outside e's interval, when intervals shrink as 1 / sqrt(n); infinity when none
   does. */
double dpid_seeds_needed(int64_t n, const dpid_estimate *e, double threshold);

/* rules/reasons.c: writes an intervention into a finding, effect, share, numbers, what would settle it, and begins its
   sentence in s. */
int32_t dpid_set_intervention(dpid_judge *j, dpid_finding *f, const dpid_intervention *x, dpid_string *s);
int32_t dpid_settle_intervention(dpid_judge *j, dpid_finding *f, const dpid_intervention *x);

/* rules/same_net.c: an arm that trains the deep net in another way than the one that is judged */
bool dpid_arm_is_retrained(const dpid_judge *j, const dpid_arm_evidence *arm);
bool dpid_arm_is_coarser(const dpid_arm_evidence *arm); /* precision.c: D_bf16, D_f16:scaled, ... */
/* rules/storage.c: an arm that differs from the recipe in bits alone (rounding) or in range alone (range), and what it
   repairs. x.arm NULL: none was run that can tell. */
typedef struct {
    dpid_intervention x;
    char *why, *answer; /* sentences: why that is so; in the answer, where it is a cause */
    const char *help;   /* the arm keeps the format; NULL: it has another */
} dpid_separation;
int32_t dpid_separate(dpid_judge *j, int32_t hypothesis, dpid_separation *out);
bool dpid_can_separate(const dpid_judge *j, int32_t hypothesis); /* such an arm was run, whatever it says */
const char *dpid_separating_arm(const dpid_judge *j);            /* that would tell, and was not run; NULL: none */
/* What loss scaling, master weights, stochastic rounding repair, but for what was told. */
int32_t dpid_say_helps(dpid_judge *j, int32_t hypothesis, const dpid_separation *told, dpid_string *s);
/* rules/ladder.c: what each format changes of D, of S, with depth: sentences behind a space, and numbers */
int32_t dpid_say_ladder(dpid_judge *j, dpid_finding *f, dpid_string *s);
/* The one of them that ends lowest of those that are surely less than the margin above S, on the scale where harm was
   found; NULL: none. first: the word of the one that is taken before all others where it does; may be NULL. */
int32_t dpid_reaches_shallow(const dpid_judge *j, const char *first, const dpid_arm_evidence **out,
                             dpid_contrast *above);

/* rules/solver.c: how many D had (NaN: not known); fewer than the threshold few_updates */
double dpid_updates(const dpid_judge *j);
bool dpid_few_updates(const dpid_judge *j);

/* say.c: "dropout", "stochastic depth" */
const char *dpid_say_noise(const dpid_evidence *e);
/* rules/objective.c: what is minimised is not the loss alone; "dropout, weight decay" of D; D less the better of W0 and
   WT by it */
bool dpid_is_regularised(const dpid_judge *j);
void dpid_say_regularisers(const dpid_judge *j, dpid_string *s);
int32_t dpid_objective_gap(const dpid_judge *j, dpid_contrast *out);

/* ---- rules: how a row of the registry is judged ------------------------------------------------------ */

int32_t dpid_rule_bug(dpid_judge *j, dpid_finding *f);
int32_t dpid_rule_rate(dpid_judge *j, dpid_finding *f);
int32_t dpid_rule_representation(dpid_judge *j, dpid_finding *f);
int32_t dpid_rule_representation_found(dpid_judge *j, dpid_finding *f);
int32_t dpid_rule_solver(dpid_judge *j, dpid_finding *f); /* and objective */
int32_t dpid_rule_solver_found(dpid_judge *j, dpid_finding *f);
int32_t dpid_rule_reason(dpid_judge *j, dpid_finding *f);   /* by what the row's arm repairs */
int32_t dpid_rule_rounding(dpid_judge *j, dpid_finding *f); /* and range */
int32_t dpid_rule_overfitting(dpid_judge *j, dpid_finding *f);

int32_t dpid_rule_objective(dpid_judge *j, dpid_finding *f); /* the solver's calls it */
int32_t dpid_rule_regularisation(dpid_judge *j, dpid_finding *f);
int32_t dpid_rule_normalisation(dpid_judge *j, dpid_finding *f);
int32_t dpid_rule_capacity(dpid_judge *j, dpid_finding *f);
int32_t dpid_rule_capacity_again(dpid_judge *j, dpid_finding *f);

/* What the answer says of them, or nothing: sentences behind a space; of capacity before one. */
void dpid_say_rate(const dpid_judge *j, dpid_string *s);     /* answer_rate.c; ends with a space */
void dpid_say_accuracy(const dpid_judge *j, dpid_string *s); /* answer_accuracy.c */
void dpid_say_overfitting(const dpid_judge *j, dpid_string *s);
void dpid_say_regularisation(const dpid_judge *j, dpid_string *s);
void dpid_say_normalisation(const dpid_judge *j, dpid_string *s);
void dpid_say_capacity(const dpid_judge *j, dpid_string *s);

/* ---- after the rules ------------------------------------------------------------------------------ */

int32_t dpid_find_remedies(dpid_judge *j);
int32_t dpid_write_answer(dpid_judge *j);
int32_t dpid_write_scope(dpid_judge *j);
int32_t dpid_write_text(dpid_judge *j);

#endif
