/* The precision ladder: dose and response. The dose is how few bits of precision a number format has, the response what
   S and D lose in it against the finest of float64 and float32 that they were trained in.
   Formats with the range of float32 (float64, float32, tf32, bfloat16) differ in their bits alone; float16 and the
   8-bit formats have a smaller range too. So harm in tf32 or bfloat16 is one of bits, and harm in float16 that tf32, of
   as many bits, does not have is one of range. docs/verdict.md */
#ifndef DPID_VERDICT_LADDER_H
#define DPID_VERDICT_LADDER_H

#include "verdict/rules.h"

/* It differs from float32 by its bits alone: it has float32's range. */
bool dpid_format_is_wide(const dpid_number_format *format);
/* Below 0: a is finer. Of as many bits the wider one comes first. */
int dpid_format_order(const dpid_number_format *a, const dpid_number_format *b);

/* "D_bf16:stochastic": what the word says. NULL format: it is no arm of the ladder. */
typedef struct {
    const dpid_number_format *format;
    const char *variant; /* "stochastic"; "": the format as it is */
    bool deep;
} dpid_ladder_word;
dpid_ladder_word dpid_ladder_word_of(const char *arm);

/* A net in a format. */
typedef struct dpid_rung {
    const dpid_number_format *format;
    char *arm, *variant; /* variant "": the format as it is */
    bool own;            /* the recipe's: S or D, or that at its tuned rate */
    bool step;           /* it is judged: as it is, and not the reference */
    int64_t runs, diverged;
    int64_t seeds;                  /* that it shares with the reference */
    dpid_estimate above;            /* the reference, on the ladder's scale */
    const struct dpid_rung *beside; /* of a smaller range: a step that tells its range from its bits; NULL: none */
    dpid_estimate beyond;           /* ... that one */
    double p, p_holm;               /* of steps: "not above it by the margin", one-sided; for all steps together */
    dpid_harm state;
} dpid_rung;

enum { DPID_RUNGS_MAX = 24 };
typedef struct {
    dpid_rung rung[DPID_RUNGS_MAX]; /* from the finest */
    int32_t rungs;
    int64_t depth;     /* 0: not known */
    int32_t reference; /* -1: neither float64 nor float32 was run */
    bool idle;         /* the reference does not train, and no format can harm it */
    int32_t begins;    /* the finest of the steps with float32's range that harm; -1: none */
    dpid_harm state;   /* by those steps: harm when one harms, none when none does for sure */
} dpid_ladder_side;

enum { DPID_LADDER_SHALLOW, DPID_LADDER_DEEP };
struct dpid_ladder {
    dpid_ladder_side side[2];
    dpid_scale scale; /* that causes of harm are judged on */
    double margin;    /* on it */
    int32_t steps;    /* of both sides: so many are looked at */
    int64_t least_seeds;
    const dpid_number_format *deeper_in; /* in this format ...; NULL: none ran at both depths */
    dpid_estimate deeper;                /* ... what D loses less what S loses, both against one format */
    bool deeper_idle;                    /* ... neither of the two learns anything */
    char *sentence, *more; /* what it shows; 8-bit formats, more intervals, the difference of the depths, the margin */
};

/* The step or reference of this format; NULL: none. */
const dpid_rung *dpid_ladder_find(const dpid_ladder_side *side, const dpid_number_format *format);
/* Into j->v->ladder; it stays NULL where fewer than two formats were run beside the recipe's own. */
int32_t dpid_judge_ladder(dpid_judge *j);
/* ladder_words.c: its sentences. */
int32_t dpid_ladder_say(dpid_judge *j, dpid_ladder *ladder);

#endif
