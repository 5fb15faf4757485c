/* How arms are called: the rows. A member of a set that has no row of its own is called by the set's, with its name for
   the star: "D_start:zero_last" is "another start (zero-last)". */
#include "verdict/arms.h"

#include <string.h>

enum { CURVE = DPID_SHOW_CURVE, LOSS = DPID_SHOW_LOSS, SHARE = DPID_SHOW_SHARE };
static const dpid_arm_words rows[] = {
    {"S", "the shallow net", "shallow", "shallow", CURVE | LOSS},
    {"D", "the deep net", "deep", "plain", CURVE | LOSS},
    {"S_rate", "the shallow net at its tuned rate", "shallow, tuned rate", "shallow", LOSS},
    {"D_rate", "another learning rate", "\xe2\x80\xa6 at its tuned rate", "plain", LOSS | SHARE},
    {"S_fine", NULL, "shallow, trained on", "shallow", LOSS},
    {"W0", "the deep net built from the shallow one", "witness, untrained", "witness", LOSS},
    {"WT", "the deep net built from the shallow one and trained on", "witness, trained on", "witness", LOSS},
    {"D64", "float64", "\xe2\x80\xa6 in float64", "plain", LOSS | SHARE},
    {"D_bf16", "bfloat16", "\xe2\x80\xa6 in bfloat16", "plain", LOSS | SHARE},
    {"D_f16", "float16", "\xe2\x80\xa6 in float16", "plain", LOSS | SHARE},
    {"D_f32", "float32", "\xe2\x80\xa6 in float32", "plain", LOSS | SHARE},
    {"D_tf32", "tf32", "\xe2\x80\xa6 in tf32", "plain", LOSS | SHARE},
    {"D_bf16:stochastic", "bfloat16 with stochastic rounding", "\xe2\x80\xa6 in bfloat16, stochastic", "plain",
     LOSS | SHARE},
    {"D_bf16:weights", "bfloat16 without master weights", "\xe2\x80\xa6 in bfloat16, weights too", "plain",
     LOSS | SHARE},
    {"D_f16:scaled", "float16 with loss scaling", "\xe2\x80\xa6 in float16, scaled", "plain", LOSS | SHARE},
    {"D_f8", "8-bit formats", "\xe2\x80\xa6 in 8 bits", "plain", LOSS | SHARE},
    {"S_bf16", "the shallow net in bfloat16", "shallow in bfloat16", "shallow", LOSS},
    {"S_f16", "the shallow net in float16", "shallow in float16", "shallow", LOSS},
    {"S_f32", "the shallow net in float32", "shallow in float32", "shallow", LOSS},
    {"S_tf32", "the shallow net in tf32", "shallow in tf32", "shallow", LOSS},
    {"S_bf16:stochastic", "the shallow net in bfloat16 with stochastic rounding", "shallow in bfloat16, stochastic",
     "shallow", LOSS},
    {"S_bf16:weights", "the shallow net in bfloat16 without master weights", "shallow in bfloat16, weights too",
     "shallow", LOSS},
    {"S_f16:scaled", "the shallow net in float16 with loss scaling", "shallow in float16, scaled", "shallow", LOSS},
    {"S_f8", "the shallow net in 8-bit formats", "shallow in 8 bits", "shallow", LOSS},
    {"D_opt:adam", "another optimiser (adam)", "\xe2\x80\xa6 by Adam", "plain", LOSS | SHARE},
    {"D_opt:sgd", "another optimiser (sgd)", "\xe2\x80\xa6 by SGD", "plain", LOSS | SHARE},
    {"D_opt:rmsprop", "another optimiser (rmsprop)", "\xe2\x80\xa6 by RMSprop", "plain", LOSS | SHARE},
    {"D_opt:lbfgs", "another optimiser (lbfgs)", "\xe2\x80\xa6 by L-BFGS", "plain", LOSS | SHARE},
    {"D_2T", "training for twice the updates", "\xe2\x80\xa6 twice the steps", "plain", LOSS | SHARE},
    {"D_3T", "training for three times the updates", "\xe2\x80\xa6 three times the steps", "plain", LOSS | SHARE},
    {"D_free:decay", "training without weight decay", "\xe2\x80\xa6 without weight decay", "plain", LOSS | SHARE},
    {"D_free:smoothing", "training without label smoothing", "\xe2\x80\xa6 without smoothing", "plain", LOSS | SHARE},
    {"D_norm:batch8", "training with batches eight times as large for as many updates",
     "\xe2\x80\xa6 with 8 \xc3\x97 the batch", "plain", LOSS | SHARE},
    {"D_res", "an identity skip", "identity skip", "identity", CURVE | LOSS | SHARE},
    {"depth", NULL, "", "plain", CURVE},
    {"WT:*", NULL, "witness, at rate \xc3\x97 *", "witness", LOSS},
    {"D_start:*", "another start (*)", "\xe2\x80\xa6 * start", "plain", LOSS | SHARE},
    {"D_opt:*", "another optimiser (*)", "\xe2\x80\xa6 by *", "plain", LOSS | SHARE},
    {"D_free:*", "training without *", "\xe2\x80\xa6 without *", "plain", LOSS | SHARE},
    {"D_norm:*", "other batches for batch-norm (*)", "\xe2\x80\xa6 with batches *", "plain", LOSS | SHARE},
    {"D_f16:*", "float16 (*)", "\xe2\x80\xa6 in float16 (*)", "plain", LOSS | SHARE},
    {"S_f16:*", "the shallow net in float16 (*)", "shallow in float16 (*)", "shallow", LOSS},
    {"D_schedule:*", "another schedule of the rate (*)", "\xe2\x80\xa6 with the schedule *", "plain", LOSS | SHARE},
    {"D_order:*", "another order of layers (*)", "\xe2\x80\xa6 in the order *", "identity", LOSS | SHARE},
    {"dial:*", "a skip of *", "skip \xc3\x97 *", "identity", 0},
    {"depth:*", NULL, "", "plain", CURVE},
};
enum { ROWS = sizeof rows / sizeof *rows };

/* The set's name with its colon and star: "D_start:*". */
static bool stands_for(const char *row, const char *word)
{
    const size_t length = strlen(row);
    return length > 1 && row[length - 1] == '*' && strncmp(row, word, length - 1) == 0 && word[length - 1];
}

const dpid_arm_words *dpid_arm_words_of(const char *word)
{
    for (int i = 0; i < ROWS; i++)
        if (strcmp(rows[i].word, word) == 0)
            return &rows[i];
    for (int i = 0; i < ROWS; i++)
        if (stands_for(rows[i].word, word))
            return &rows[i];
    return NULL;
}

const char *dpid_arm_words_at(int64_t i)
{
    return i >= 0 && i < ROWS ? rows[i].word : NULL;
}

/* What stands in the row, with the member's name for the star. */
static dpid_arm_text fill(const char *pattern, const char *word)
{
    dpid_arm_text out = {""};
    size_t used = 0;
    const char *name = strchr(word, ':');
    for (; pattern && *pattern && used + 1 < sizeof out.text; pattern++)
        if (*pattern != '*')
            out.text[used++] = *pattern;
        else
            for (const char *p = name ? name + 1 : ""; *p && used + 1 < sizeof out.text; p++)
                out.text[used++] = *p == '_' ? '-' : *p;
    return out;
}

dpid_arm_text dpid_arm_said(const char *word)
{
    const dpid_arm_words *row = dpid_arm_words_of(word);
    return fill(row ? row->said : "", word);
}

dpid_arm_text dpid_arm_label(const char *word)
{
    const dpid_arm_words *row = dpid_arm_words_of(word);
    return fill(row ? row->label : word, word);
}
