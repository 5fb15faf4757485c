/* Arms: the rows of the registry, and which words of a list choose which. */
#include "study/study.h"

#include <stdio.h>
#include <string.h>

/* ---- the registry --------------------------------------------------------------------------- */

#define THE(w, h) .word = w, .help = h
/* arm_free.c */
extern dpid_arm_change dpid_arm_free_dropout, dpid_arm_free_decay, dpid_arm_free_smoothing, dpid_arm_free_augmentation;
static const char eight_bits[] = "f8e4m3 gradients=f8e5m2 weight_gradients=f32";
static const dpid_arm_row rows[] = {
    {THE("S", "the shallow net by the recipe: what depth is measured against"), .priority = 1, .net = DPID_ARM_SHALLOW,
     .steps = 1, .rate = 1, .fixed = true},
    {THE("D", "the deep net by the recipe: is there harm at all, and in training?"), .priority = 2,
     .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .fixed = true},
    {THE("S_rate", "S at the rate that tuning found; only where that is better than the recipe's"),
     .priority = DPID_PRIORITY_TUNING, .net = DPID_ARM_SHALLOW, .steps = 1, .rate = 1, .tunes = "S"},
    {THE("D_rate", "D at the rate that tuning found; only where that is better than the recipe's"),
     .priority = DPID_PRIORITY_TUNING, .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .tunes = "D"},
    {THE("S_fine", "the trained shallow net trained on, for WT's extra steps: the control of WT"), .priority = 10,
     .net = DPID_ARM_SHALLOW, .steps = 1, .rate = 0.1, .parent = "S", .rate_of = "S"},
    {THE("W0", "the deep net made of the trained shallow one and identity layers: does a solution exist?"),
     .priority = 3, .net = DPID_ARM_DEEP, .parent = "S", .embeds = true, .rate_of = "S"},
    {THE("WT", "W0 trained on at a tenth of S's rate: does the solver stay on the solution?"), .priority = 9,
     .net = DPID_ARM_DEEP, .steps = 1, .rate = 0.1, .parent = "S", .embeds = true, .rate_of = "S"},
    {THE("WT:1", "W0 trained on at S's rate"), .priority = 9, .net = DPID_ARM_DEEP, .steps = 1, .rate = 1,
     .parent = "S", .embeds = true, .rate_of = "S"},
    {THE("WT:0.3", "W0 trained on at 0.3 of S's rate"), .priority = 9, .net = DPID_ARM_DEEP, .steps = 1, .rate = 0.3,
     .parent = "S", .embeds = true, .rate_of = "S"},
    {THE("WT:0.01", "W0 trained on at a hundredth of S's rate"), .priority = 9, .net = DPID_ARM_DEEP, .steps = 1,
     .rate = 0.01, .parent = "S", .embeds = true, .rate_of = "S"},
    {THE("D64", "D in float64 from the same values: rounding, range"), .priority = 6, .net = DPID_ARM_DEEP, .steps = 1,
     .rate = 1, .dtype = DEEPID_F64, .rate_of = "D"},
    {THE("D_f32", "D stored in float32, where the recipe stores in another format: what that format costs"),
     .priority = 6, .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .storage = "f32", .loss_scale = "none", .rate_of = "D",
     .extra = true},
    {THE("D_tf32", "D stored in tf32, which has the range of float32 and the fraction of float16: rounding"),
     .priority = 6, .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .storage = "tf32", .rate_of = "D", .extra = true},
    {THE("D_bf16", "D stored in bfloat16, master weights in float32: rounding"), .priority = 6, .net = DPID_ARM_DEEP,
     .steps = 1, .rate = 1, .storage = "bf16", .rate_of = "D", .extra = true},
    {THE("D_bf16:stochastic", "D_bf16 with stochastic rounding"), .priority = 6, .net = DPID_ARM_DEEP, .steps = 1,
     .rate = 1, .storage = "bf16 rounding=stochastic", .rate_of = "D", .extra = true},
    {THE("D_bf16:weights", "D_bf16 without master weights: they are rounded after each update"), .priority = 6,
     .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .storage = "bf16 weights=format", .rate_of = "D", .extra = true},
    {THE("D_f16", "D stored in float16, which ends at 65504 and 6e-8: range"), .priority = 6, .net = DPID_ARM_DEEP,
     .steps = 1, .rate = 1, .storage = "f16", .loss_scale = "none", .rate_of = "D", .extra = true},
    {THE("D_f16:scaled", "D_f16 with dynamic loss scaling"), .priority = 6, .net = DPID_ARM_DEEP, .steps = 1, .rate = 1,
     .storage = "f16", .loss_scale = "dynamic", .rate_of = "D", .extra = true},
    {THE("D_f8", "D stored in E4M3, gradients in E5M2, dynamic loss scaling: 3 and 2 bits of fraction"), .priority = 6,
     .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .storage = eight_bits, .loss_scale = "dynamic", .rate_of = "D",
     .extra = true},
    {THE("S_f32", "S stored in float32, where the recipe stores in another format: is D_f32 worse with depth?"),
     .priority = 6, .net = DPID_ARM_SHALLOW, .steps = 1, .rate = 1, .storage = "f32", .loss_scale = "none",
     .rate_of = "S", .extra = true},
    {THE("S_tf32", "S stored in tf32: is D_tf32 worse with depth?"), .priority = 6, .net = DPID_ARM_SHALLOW, .steps = 1,
     .rate = 1, .storage = "tf32", .rate_of = "S", .extra = true},
    {THE("S_bf16", "S stored in bfloat16, master weights in float32: is D_bf16 worse with depth?"), .priority = 6,
     .net = DPID_ARM_SHALLOW, .steps = 1, .rate = 1, .storage = "bf16", .rate_of = "S", .extra = true},
    {THE("S_bf16:stochastic", "S stored in bfloat16 with stochastic rounding: is D_bf16:stochastic worse with depth?"),
     .priority = 6, .net = DPID_ARM_SHALLOW, .steps = 1, .rate = 1, .storage = "bf16 rounding=stochastic",
     .rate_of = "S", .extra = true},
    {THE("S_bf16:weights", "S stored in bfloat16 without master weights: is D_bf16:weights worse with depth?"),
     .priority = 6, .net = DPID_ARM_SHALLOW, .steps = 1, .rate = 1, .storage = "bf16 weights=format", .rate_of = "S",
     .extra = true},
    {THE("S_f16", "S stored in float16: is D_f16 worse with depth?"), .priority = 6, .net = DPID_ARM_SHALLOW,
     .steps = 1, .rate = 1, .storage = "f16", .loss_scale = "none", .rate_of = "S", .extra = true},
    {THE("S_f16:scaled", "S stored in float16 with dynamic loss scaling: is D_f16:scaled worse with depth?"),
     .priority = 6, .net = DPID_ARM_SHALLOW, .steps = 1, .rate = 1, .storage = "f16", .loss_scale = "dynamic",
     .rate_of = "S", .extra = true},
    {THE("S_f8", "S stored in 8 bits as D_f8 is: is D_f8 worse with depth?"), .priority = 6, .net = DPID_ARM_SHALLOW,
     .steps = 1, .rate = 1, .storage = eight_bits, .loss_scale = "dynamic", .rate_of = "S", .extra = true},
    {THE("D_start:looks_linear", "D from a start that makes a relu net linear: conditioning"), .priority = 5,
     .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .init = "looks_linear"},
    {THE("D_start:orthogonal", "D from critical orthogonal weights: conditioning"), .priority = 12,
     .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .init = "orthogonal"},
    {THE("D_start:delta_orthogonal", "D from orthogonal centres of its kernels: conditioning of convolutions"),
     .priority = 12, .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .init = "delta_orthogonal"},
    {THE("D_start:he", "D from He's start: conditioning"), .priority = 12, .net = DPID_ARM_DEEP, .steps = 1, .rate = 1,
     .init = "he"},
    {THE("D_start:glorot", "D from Glorot's start: conditioning"), .priority = 12, .net = DPID_ARM_DEEP, .steps = 1,
     .rate = 1, .init = "glorot"},
    {THE("D_start:gain",
         "D from weights with the gain that keeps the gradient's norm, biases that centre: conditioning"),
     .priority = 5, .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .init = "gain"},
    {THE("D_start:lsuv", "D from weights scaled until each layer has variance 1 on the data: conditioning"),
     .priority = 12, .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .init = "lsuv"},
    {THE("D_start:zero_last", "D with the end of each branch beside a skip at 0: conditioning of residual nets"),
     .priority = 12, .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .init = "zero_last"},
    {THE("D_start:fixup",
         "D with branches scaled by their number: conditioning of residual nets without normalisation"),
     .priority = 12, .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .init = "fixup"},
    {THE("D_opt:adam", "D by Adam: the kind of solver"), .priority = 7, .net = DPID_ARM_DEEP, .steps = 1, .rate = 1,
     .optimizer = "adam"},
    {THE("D_opt:sgd", "D by SGD with momentum: the kind of solver"), .priority = 7, .net = DPID_ARM_DEEP, .steps = 1,
     .rate = 1, .optimizer = "sgd momentum=0.9"},
    {THE("D_opt:rmsprop", "D by RMSprop: the kind of solver"), .priority = 7, .net = DPID_ARM_DEEP, .steps = 1,
     .rate = 1, .optimizer = "rmsprop"},
    {THE("D_opt:lbfgs", "D by L-BFGS on all samples, as many passes over the data: the kind of solver"), .priority = 7,
     .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .optimizer = "lbfgs", .tried = true},
    {THE("D_2T", "D with twice the steps, as many as S and WT together: what WT is compared with"), .priority = 9,
     .net = DPID_ARM_DEEP, .steps = 2, .rate = 1, .rate_of = "D"},
    {THE("D_3T", "D with three times the steps: slower, or worse?"), .priority = 8, .net = DPID_ARM_DEEP, .steps = 3,
     .rate = 1, .rate_of = "D"},
    {THE("D_free:dropout", "D without its dropout: what that costs"), .priority = 8, .net = DPID_ARM_DEEP, .steps = 1,
     .rate = 1, .rate_of = "D", .tried = true, .change = dpid_arm_free_dropout},
    {THE("D_free:decay", "D without weight decay: what that costs"), .priority = 8, .net = DPID_ARM_DEEP, .steps = 1,
     .rate = 1, .rate_of = "D", .tried = true, .change = dpid_arm_free_decay},
    {THE("D_free:smoothing", "D without label smoothing: what that costs"), .priority = 8, .net = DPID_ARM_DEEP,
     .steps = 1, .rate = 1, .rate_of = "D", .tried = true, .change = dpid_arm_free_smoothing},
    {THE("D_free:augmentation", "D on samples as they stand: what augmentation costs"), .priority = 8,
     .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .rate_of = "D", .tried = true, .change = dpid_arm_free_augmentation},
    {THE("D_norm:batch8", "D with batches eight times as large, as many steps: batch-norm over few samples"),
     .priority = 8, .net = DPID_ARM_DEEP, .steps = 1, .rate = 1, .rate_of = "D", .batch = 8},
    {THE("D_res", "the deep net with an identity skip around every block, same parameters: the remedy"), .priority = 4,
     .net = DPID_ARM_TWIN, .skip = 1, .steps = 1, .rate = 1},
    {THE("dial:0.25", "a quarter of the skip"), .priority = 15, .net = DPID_ARM_TWIN, .skip = 0.25, .steps = 1,
     .rate = 1, .rate_of = "D_res"},
    {THE("dial:0.5", "half of the skip"), .priority = 15, .net = DPID_ARM_TWIN, .skip = 0.5, .steps = 1, .rate = 1,
     .rate_of = "D_res"},
    {THE("dial:0.75", "three quarters of the skip"), .priority = 15, .net = DPID_ARM_TWIN, .skip = 0.75, .steps = 1,
     .rate = 1, .rate_of = "D_res"},
    {THE("depth", "the added nets, for the curve over depth"), .priority = 14, .net = DPID_ARM_ADDED, .steps = 1,
     .rate = 1},
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

bool dpid_arm_asked(const char *list, const char *arm)
{
    char deep[64];
    snprintf(deep, sizeof deep, "D%s", arm + 1);
    return dpid_arm_chosen(list, arm) || (strncmp(arm, "S_", 2) == 0 && dpid_arm_chosen(list, deep));
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
