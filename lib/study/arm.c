/* Arms: the rows of the registry, and which words of a list choose which. */
#include "study/study.h"

#include <string.h>

/* ---- the registry --------------------------------------------------------------------------- */

#define THE(w, h, n) .word = w, .help = h, .net = n
static const dpid_arm_row rows[] = {
    {THE("S", "the shallow net by the recipe: what depth is measured against", DPID_ARM_SHALLOW), .steps = 1,
     .rate = 1},
    {THE("D", "the deep net by the recipe: is there harm at all, and in training?", DPID_ARM_DEEP), .steps = 1,
     .rate = 1},
    {THE("S_fine", "the trained shallow net trained on, for WT's extra steps: the control of WT", DPID_ARM_SHALLOW),
     .steps = 1, .rate = 0.1, .parent = "S", .rate_of = "S"},
    {THE("W0", "the deep net made of the trained shallow one and identity layers: does a solution exist?",
         DPID_ARM_DEEP),
     .parent = "S", .embeds = true, .rate_of = "S"},
    {THE("WT", "W0 trained on at a tenth of S's rate: does the solver stay on the solution?", DPID_ARM_DEEP),
     .steps = 1, .rate = 0.1, .parent = "S", .embeds = true, .rate_of = "S"},
    {THE("WT:1", "W0 trained on at S's rate", DPID_ARM_DEEP), .steps = 1, .rate = 1, .parent = "S", .embeds = true,
     .rate_of = "S"},
    {THE("WT:0.3", "W0 trained on at 0.3 of S's rate", DPID_ARM_DEEP), .steps = 1, .rate = 0.3, .parent = "S",
     .embeds = true, .rate_of = "S"},
    {THE("WT:0.01", "W0 trained on at a hundredth of S's rate", DPID_ARM_DEEP), .steps = 1, .rate = 0.01, .parent = "S",
     .embeds = true, .rate_of = "S"},
    {THE("D64", "D in float64 from the same values: rounding, range", DPID_ARM_DEEP), .steps = 1, .rate = 1,
     .dtype = DEEPID_F64, .rate_of = "D"},
    {THE("D_start:looks_linear", "D from a start that makes a relu net linear: conditioning", DPID_ARM_DEEP),
     .steps = 1, .rate = 1, .init = "looks_linear"},
    {THE("D_start:orthogonal", "D from critical orthogonal weights: conditioning", DPID_ARM_DEEP), .steps = 1,
     .rate = 1, .init = "orthogonal"},
    {THE("D_start:delta_orthogonal", "D from orthogonal centres of its kernels: conditioning of convolutions",
         DPID_ARM_DEEP),
     .steps = 1, .rate = 1, .init = "delta_orthogonal"},
    {THE("D_start:he", "D from He's start: conditioning", DPID_ARM_DEEP), .steps = 1, .rate = 1, .init = "he"},
    {THE("D_start:glorot", "D from Glorot's start: conditioning", DPID_ARM_DEEP), .steps = 1, .rate = 1,
     .init = "glorot"},
    {THE("D_opt:adam", "D by Adam: the kind of solver", DPID_ARM_DEEP), .steps = 1, .rate = 1, .optimizer = "adam"},
    {THE("D_opt:sgd", "D by SGD with momentum: the kind of solver", DPID_ARM_DEEP), .steps = 1, .rate = 1,
     .optimizer = "sgd momentum=0.9"},
    {THE("D_opt:lbfgs", "D by L-BFGS on all samples, as many passes over the data: the kind of solver", DPID_ARM_DEEP),
     .steps = 1, .rate = 1, .optimizer = "lbfgs"},
    {THE("D_3T", "D with three times the steps: slower, or worse?", DPID_ARM_DEEP), .steps = 3, .rate = 1,
     .rate_of = "D"},
    {THE("D_res", "the deep net with an identity skip around every block, same parameters: the remedy", DPID_ARM_TWIN),
     .skip = 1, .steps = 1, .rate = 1},
    {THE("dial:0.25", "a quarter of the skip", DPID_ARM_TWIN), .skip = 0.25, .steps = 1, .rate = 1, .rate_of = "D_res"},
    {THE("dial:0.5", "half of the skip", DPID_ARM_TWIN), .skip = 0.5, .steps = 1, .rate = 1, .rate_of = "D_res"},
    {THE("dial:0.75", "three quarters of the skip", DPID_ARM_TWIN), .skip = 0.75, .steps = 1, .rate = 1,
     .rate_of = "D_res"},
    {THE("depth", "the added nets, for the curve over depth", DPID_ARM_ADDED), .steps = 1, .rate = 1},
};
enum { ROWS = sizeof rows / sizeof *rows };

const dpid_arm_row *dpid_arm_at(int64_t i)
{
    return i >= 0 && i < ROWS ? &rows[i] : NULL;
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

/* A word stands for itself and for all of its set: "WT" for "WT" and "WT:1". */
static bool stands_for(dpid_span word, const char *arm)
{
    return strncmp(arm, word.text, (size_t)word.length) == 0 && (arm[word.length] == 0 || arm[word.length] == ':');
}

bool dpid_list_next(const char **list, dpid_span *word)
{
    const char *p = *list;
    p += strspn(p, ", ");
    *word = (dpid_span){p, (int64_t)strcspn(p, ", "), *list};
    *list = p + word->length;
    return word->length > 0;
}

bool dpid_arm_chosen(const char *list, const char *arm)
{
    dpid_span word;
    for (const char *p = list; dpid_list_next(&p, &word);)
        if (stands_for(word, arm))
            return true;
    return false;
}

int32_t dpid_arms_check(deepid_study *study, const char *list)
{
    static const char *const words[] = {"S",     "D",    "S_fine", "W0",   "WT",    "D64", "D_start",
                                        "D_opt", "D_3T", "D_res",  "dial", "depth", NULL};
    dpid_span word;
    for (const char *p = list; dpid_list_next(&p, &word);) {
        bool known = false;
        for (int i = 0; i < ROWS; i++)
            known = known || stands_for(word, rows[i].word);
        if (!known)
            return dpid_fail_word(study->head.ctx, "arm", word, words);
    }
    return DEEPID_OK;
}
