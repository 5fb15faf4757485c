/* Arms: the rows of the registry, and which words of a list choose which. */
#include "study/study.h"

#include <stdio.h>
#include <string.h>

/* ---- the registry --------------------------------------------------------------------------- */

enum { CURVE = DPID_SHOW_CURVE, LOSS = DPID_SHOW_LOSS, SHARE = DPID_SHOW_SHARE };
#define THE(w, h) .word = w, .help = h
#define SHOWN(s, l, r, w) .said = s, .label = l, .role = r, .shows = w
/* arm_free.c */
extern dpid_arm_change dpid_arm_free_dropout, dpid_arm_free_decay, dpid_arm_free_smoothing, dpid_arm_free_augmentation;
static const dpid_arm_row rows[] = {
    {THE("S", "the shallow net by the recipe: what depth is measured against"),
     SHOWN("the shallow net", "shallow", "shallow", CURVE | LOSS), .priority = 1, .net = DPID_ARM_SHALLOW, .steps = 1,
     .rate = 1, .fixed = true},
    {THE("D", "the deep net by the recipe: is there harm at all, and in training?"),
     SHOWN("the deep net", "deep", "plain", CURVE | LOSS), .priority = 2, .net = DPID_ARM_DEEP, .steps = 1, .rate = 1,
     .fixed = true},
    {THE("S_rate", "S at the rate that tuning found; only where that is better than the recipe's"),
     SHOWN("the shallow net at its tuned rate", "shallow, tuned rate", "shallow", LOSS),
     .priority = DPID_PRIORITY_TUNING, .net = DPID_ARM_SHALLOW, .steps = 1, .rate = 1, .tunes = "S"},
    {THE("D_rate", "D at the rate that tuning found; only where that is better than the recipe's"),
     SHOWN("another learning rate", "\xe2\x80\xa6 at its tuned rate", "plain", LOSS | SHARE),
     .priority = DPID_PRIORITY_TUNING, .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .tunes = "D"},
    {THE("S_fine", "the trained shallow net trained on, for WT's extra steps: the control of WT"),
     SHOWN(NULL, "shallow, trained on", "shallow", LOSS), .priority = 10, .net = DPID_ARM_SHALLOW, .steps = 1,
     .rate = 0.1, .parent = "S", .rate_of = "S"},
    {THE("W0", "the deep net made of the trained shallow one and identity layers: does a solution exist?"),
     SHOWN("the deep net built from the shallow one", "witness, untrained", "witness", LOSS), .priority = 3,
     .net = DPID_ARM_DEEP, .parent = "S", .embeds = true, .rate_of = "S"},
    {THE("WT", "W0 trained on at a tenth of S's rate: does the solver stay on the solution?"),
     SHOWN("the deep net built from the shallow one and trained on", "witness, trained on", "witness", LOSS),
     .priority = 9, .net = DPID_ARM_DEEP, .steps = 1, .rate = 0.1, .parent = "S", .embeds = true, .rate_of = "S"},
    {THE("WT:1", "W0 trained on at S's rate"), SHOWN(NULL, "witness, at rate \xc3\x97 1", "witness", LOSS),
     .priority = 9, .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .parent = "S", .embeds = true, .rate_of = "S"},
    {THE("WT:0.3", "W0 trained on at 0.3 of S's rate"), SHOWN(NULL, "witness, at rate \xc3\x97 0.3", "witness", LOSS),
     .priority = 9, .net = DPID_ARM_DEEP, .steps = 1, .rate = 0.3, .parent = "S", .embeds = true, .rate_of = "S"},
    {THE("WT:0.01", "W0 trained on at a hundredth of S's rate"),
     SHOWN(NULL, "witness, at rate \xc3\x97 0.01", "witness", LOSS), .priority = 9, .net = DPID_ARM_DEEP, .steps = 1,
     .rate = 0.01, .parent = "S", .embeds = true, .rate_of = "S"},
    {THE("D64", "D in float64 from the same values: rounding, range"),
     SHOWN("float64", "\xe2\x80\xa6 in float64", "plain", LOSS | SHARE), .priority = 6, .net = DPID_ARM_DEEP,
     .steps = 1, .rate = 1, .dtype = DEEPID_F64, .rate_of = "D"},
    {THE("D_start:looks_linear", "D from a start that makes a relu net linear: conditioning"),
     SHOWN("another start (looks-linear)", "\xe2\x80\xa6 looks-linear start", "plain", LOSS | SHARE), .priority = 5,
     .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .init = "looks_linear"},
    {THE("D_start:orthogonal", "D from critical orthogonal weights: conditioning"),
     SHOWN("another start (orthogonal)", "\xe2\x80\xa6 orthogonal start", "plain", LOSS | SHARE), .priority = 12,
     .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .init = "orthogonal"},
    {THE("D_start:delta_orthogonal", "D from orthogonal centres of its kernels: conditioning of convolutions"),
     SHOWN("another start (delta-orthogonal)", "\xe2\x80\xa6 delta-orthogonal start", "plain", LOSS | SHARE),
     .priority = 12, .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .init = "delta_orthogonal"},
    {THE("D_start:he", "D from He's start: conditioning"),
     SHOWN("another start (he)", "\xe2\x80\xa6 he start", "plain", LOSS | SHARE), .priority = 12, .net = DPID_ARM_DEEP,
     .steps = 1, .rate = 1, .init = "he"},
    {THE("D_start:glorot", "D from Glorot's start: conditioning"),
     SHOWN("another start (glorot)", "\xe2\x80\xa6 glorot start", "plain", LOSS | SHARE), .priority = 12,
     .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .init = "glorot"},
    {THE("D_start:gain",
         "D from weights with the gain that keeps the gradient's norm, biases that centre: conditioning"),
     SHOWN("another start (gain)", "\xe2\x80\xa6 gain start", "plain", LOSS | SHARE), .priority = 5,
     .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .init = "gain"},
    {THE("D_start:lsuv", "D from weights scaled until each layer has variance 1 on the data: conditioning"),
     SHOWN("another start (lsuv)", "\xe2\x80\xa6 lsuv start", "plain", LOSS | SHARE), .priority = 12,
     .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .init = "lsuv"},
    {THE("D_start:zero_last", "D with the end of each branch beside a skip at 0: conditioning of residual nets"),
     SHOWN("another start (zero-last)", "\xe2\x80\xa6 zero-last start", "plain", LOSS | SHARE), .priority = 12,
     .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .init = "zero_last"},
    {THE("D_start:fixup",
         "D with branches scaled by their number: conditioning of residual nets without normalisation"),
     SHOWN("another start (fixup)", "\xe2\x80\xa6 fixup start", "plain", LOSS | SHARE), .priority = 12,
     .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .init = "fixup"},
    {THE("D_opt:adam", "D by Adam: the kind of solver"),
     SHOWN("another optimiser (adam)", "\xe2\x80\xa6 by Adam", "plain", LOSS | SHARE), .priority = 7,
     .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .optimizer = "adam"},
    {THE("D_opt:sgd", "D by SGD with momentum: the kind of solver"),
     SHOWN("another optimiser (sgd)", "\xe2\x80\xa6 by SGD", "plain", LOSS | SHARE), .priority = 7,
     .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .optimizer = "sgd momentum=0.9"},
    {THE("D_opt:rmsprop", "D by RMSprop: the kind of solver"),
     SHOWN("another optimiser (rmsprop)", "\xe2\x80\xa6 by RMSprop", "plain", LOSS | SHARE), .priority = 7,
     .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .optimizer = "rmsprop"},
    {THE("D_opt:lbfgs", "D by L-BFGS on all samples, as many passes over the data: the kind of solver"),
     SHOWN("another optimiser (lbfgs)", "\xe2\x80\xa6 by L-BFGS", "plain", LOSS | SHARE), .priority = 7,
     .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .optimizer = "lbfgs", .tried = true},
    {THE("D_2T", "D with twice the steps, as many as S and WT together: what WT is compared with"),
     SHOWN("training for twice the updates", "\xe2\x80\xa6 twice the steps", "plain", LOSS | SHARE), .priority = 9,
     .net = DPID_ARM_DEEP, .steps = 2, .rate = 1, .rate_of = "D"},
    {THE("D_3T", "D with three times the steps: slower, or worse?"),
     SHOWN("training for three times the updates", "\xe2\x80\xa6 three times the steps", "plain", LOSS | SHARE),
     .priority = 8, .net = DPID_ARM_DEEP, .steps = 3, .rate = 1, .rate_of = "D"},
    {THE("D_free:dropout", "D without its dropout: what that costs"),
     SHOWN("training without dropout", "\xe2\x80\xa6 without dropout", "plain", LOSS | SHARE), .priority = 8,
     .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .rate_of = "D", .tried = true, .change = dpid_arm_free_dropout},
    {THE("D_free:decay", "D without weight decay: what that costs"),
     SHOWN("training without weight decay", "\xe2\x80\xa6 without weight decay", "plain", LOSS | SHARE), .priority = 8,
     .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .rate_of = "D", .tried = true, .change = dpid_arm_free_decay},
    {THE("D_free:smoothing", "D without label smoothing: what that costs"),
     SHOWN("training without label smoothing", "\xe2\x80\xa6 without smoothing", "plain", LOSS | SHARE), .priority = 8,
     .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .rate_of = "D", .tried = true, .change = dpid_arm_free_smoothing},
    {THE("D_free:augmentation", "D on samples as they stand: what augmentation costs"),
     SHOWN("training without augmentation", "\xe2\x80\xa6 without augmentation", "plain", LOSS | SHARE), .priority = 8,
     .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .rate_of = "D", .tried = true, .change = dpid_arm_free_augmentation},
    {THE("D_norm:batch8", "D with batches eight times as large, as many steps: batch-norm over few samples"),
     SHOWN("training with batches eight times as large for as many updates", "\xe2\x80\xa6 with 8 \xc3\x97 the batch",
           "plain", LOSS | SHARE),
     .priority = 8, .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .rate_of = "D", .batch = 8},
    {THE("D_res", "the deep net with an identity skip around every block, same parameters: the remedy"),
     SHOWN("an identity skip", "identity skip", "identity", CURVE | LOSS | SHARE), .priority = 4, .net = DPID_ARM_TWIN,
     .skip = 1, .steps = 1, .rate = 1},
    {THE("dial:0.25", "a quarter of the skip"), SHOWN("a skip of 0.25", "skip \xc3\x97 0.25", "identity", 0),
     .priority = 15, .net = DPID_ARM_TWIN, .skip = 0.25, .steps = 1, .rate = 1, .rate_of = "D_res"},
    {THE("dial:0.5", "half of the skip"), SHOWN("a skip of 0.5", "skip \xc3\x97 0.5", "identity", 0), .priority = 15,
     .net = DPID_ARM_TWIN, .skip = 0.5, .steps = 1, .rate = 1, .rate_of = "D_res"},
    {THE("dial:0.75", "three quarters of the skip"), SHOWN("a skip of 0.75", "skip \xc3\x97 0.75", "identity", 0),
     .priority = 15, .net = DPID_ARM_TWIN, .skip = 0.75, .steps = 1, .rate = 1, .rate_of = "D_res"},
    {THE("depth", "the added nets, for the curve over depth"), SHOWN(NULL, "", "plain", CURVE), .priority = 14,
     .net = DPID_ARM_ADDED, .steps = 1, .rate = 1},
};
enum { ROWS = sizeof rows / sizeof *rows };

/* A word stands for itself and for all of its set: "WT" for "WT" and "WT:1". */
static bool stands_for(dpid_span word, const char *arm)
{
    return strncmp(arm, word.text, (size_t)word.length) == 0 && (arm[word.length] == 0 || arm[word.length] == ':');
}

const dpid_arm_row *dpid_arm_at(int64_t i)
{
    return i >= 0 && i < ROWS ? &rows[i] : NULL;
}

const dpid_arm_row *dpid_arm_row_of(const char *word)
{
    for (int i = 0; i < ROWS; i++)
        if (strcmp(rows[i].word, word) == 0 ||
            (rows[i].net == DPID_ARM_ADDED && stands_for(dpid_span_of(rows[i].word), word)))
            return &rows[i];
    return NULL;
}

const char *deepid_arm_word(int64_t i)
{
    return i >= 0 && i < ROWS ? rows[i].word : NULL;
}

const char *deepid_arm_help(const char *word)
{
    for (int i = 0; word && i < ROWS; i++)
        if (strcmp(rows[i].word, word) == 0)
            return rows[i].help;
    return NULL;
}

/* ---- words ------------------------------------------------------------------------------------ */

bool dpid_list_next(const char **list, dpid_span *word)
{
    const char *p = *list;
    p += strspn(p, ", ");
    *word = (dpid_span){p, (int64_t)strcspn(p, ", "), word->whole};
    *list = p + word->length;
    return word->length > 0;
}

bool dpid_arm_chosen(const char *list, const char *arm)
{
    dpid_span word = dpid_span_of(list);
    for (const char *p = list; dpid_list_next(&p, &word);)
        if (stands_for(word, arm))
            return true;
    return false;
}

/* Each row's word, a set's once. */
static int32_t refuse(deepid_study *study, dpid_span word)
{
    char text[ROWS][32];
    const char *words[ROWS + 1] = {NULL};
    int count = 0;
    for (int i = 0; i < ROWS; i++) {
        snprintf(text[count], sizeof text[count], "%.*s", (int)strcspn(rows[i].word, ":"), rows[i].word);
        words[count] = text[count];
        count += count == 0 || strcmp(text[count], text[count - 1]) != 0;
    }
    words[count] = NULL;
    return dpid_fail_word(study->head.ctx, "arm", word, words);
}

int32_t dpid_arms_check(deepid_study *study, const char *list)
{
    dpid_span word = dpid_span_of(list);
    for (const char *p = list; dpid_list_next(&p, &word);) {
        bool known = false;
        for (int i = 0; i < ROWS; i++)
            known = known || stands_for(word, rows[i].word);
        if (!known)
            return refuse(study, word);
    }
    return DEEPID_OK;
}
