/* Two studies side by side: what differs, medians with exact intervals, statuses; and the text of it. */
#include "report/compare.h"

#include "base/words.h"
#include "statistics/statistics.h"

#include <deepid/statistics.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double level = 0.95;

/* ---- pairs: what A has, in its order, then what B alone has -------------------------------------------- */

typedef const char *word_of(const dpid_told_study *study, int64_t i);

static const char *key_of(const dpid_told_study *study, int64_t i)
{
    return study->setting[i].key;
}

static const char *arm_word(const dpid_told_study *study, int64_t i)
{
    return study->arm[i].word;
}

static const char *hypothesis_of(const dpid_told_study *study, int64_t i)
{
    return study->finding[i].hypothesis;
}

static int64_t find(const dpid_told_study *study, int64_t count, word_of *word, const char *sought)
{
    for (int64_t i = 0; i < count; i++)
        if (strcmp(word(study, i), sought) == 0)
            return i;
    return -1;
}

static int32_t pair_up(deepid_comparison *c, word_of *word, int64_t in_a, int64_t in_b, dpid_both **out, int64_t *count)
{
    const dpid_told_study *a = &c->study[0];
    const dpid_told_study *b = &c->study[1];
    DPID_TRY(dpid_arena_alloc(&c->arena, in_a + in_b, sizeof **out, "comparison", out));
    for (int64_t i = 0; i < in_a; i++)
        (*out)[(*count)++] = (dpid_both){{i, find(b, in_b, word, word(a, i))}};
    for (int64_t i = 0; i < in_b; i++)
        if (find(a, in_a, word, word(b, i)) < 0)
            (*out)[(*count)++] = (dpid_both){{-1, i}};
    return DEEPID_OK;
}

static const char *word_in(const deepid_comparison *c, dpid_both pair, word_of *word)
{
    return pair.of[0] >= 0 ? word(&c->study[0], pair.of[0]) : word(&c->study[1], pair.of[1]);
}

const char *dpid_compared_key(const deepid_comparison *c, int64_t i)
{
    return word_in(c, c->setting[i], key_of);
}

/* Data are told apart by their hashes. */
const char *dpid_compared_name(const deepid_comparison *c, int64_t i)
{
    const char *key = dpid_compared_key(c, i);
    return strcmp(key, "train") == 0 ? "training data" : strcmp(key, "valid") == 0 ? "validation data" : key;
}

const char *dpid_compared_arm(const deepid_comparison *c, int64_t i)
{
    return word_in(c, c->arm[i], arm_word);
}

const char *dpid_compared_hypothesis(const deepid_comparison *c, int64_t i)
{
    return word_in(c, c->finding[i], hypothesis_of);
}

const char *dpid_compared_setting(const deepid_comparison *c, int64_t i, int k)
{
    const int64_t at = c->setting[i].of[k];
    const char *value = at >= 0 ? c->study[k].setting[at].value : "-";
    return *value ? value : "(default)";
}

dpid_number_text dpid_compared_status(const deepid_comparison *c, int64_t i, int k)
{
    const int64_t at = c->finding[i].of[k];
    dpid_number_text out = {"-"};
    if (at < 0)
        return out;
    const dpid_told_finding *f = &c->study[k].finding[at];
    snprintf(out.text, sizeof out.text, isnan(f->share) ? "%.40s" : "%.40s, %.40s", f->status,
             dpid_words_percent(f->share).text);
    for (char *p = out.text; *p; p++)
        *p = *p == '_' ? ' ' : *p;
    return out;
}

/* Only those that differ stay. */
static void keep_different(deepid_comparison *c)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < c->settings; i++)
        if (strcmp(dpid_compared_setting(c, i, 0), dpid_compared_setting(c, i, 1)) != 0)
            c->setting[kept++] = c->setting[i];
    c->settings = kept;
}

/* Losses of other data or of another kind measure other things. */
static void be_cautious(deepid_comparison *c)
{
    if (c->other_kinds)
        c->caution =
            "One is a study, the other evidence: their settings have other names and are not set beside each other. "
            "Compare losses only if data and kind of loss are the same.";
    for (int64_t i = 0; i < c->settings; i++) {
        const char *key = dpid_compared_key(c, i);
        if (strcmp(key, "train") == 0)
            c->caution = "The training data differ, so losses and shares are not of the same task.";
        else if (!c->caution && strcmp(key, "valid") == 0)
            c->caution = "The validation data differ: compare the training alone.";
        else if (strcmp(key, "const_loss") == 0 && !c->caution)
            c->caution = "The losses of the best constant predictor differ, so losses are not of the same task.";
        else if (strcmp(key, "loss") == 0 && !c->caution)
            c->caution = "The losses are of different kinds: compare accuracies and shares.";
    }
}

/* ---- numbers ------------------------------------------------------------------------------------------------ */

const char *dpid_told_name(int column)
{
    static const char *const names[DPID_TOLD] = {"training loss", "training accuracy, %", "validation loss",
                                                 "validation accuracy, %"};
    return names[column];
}

/* The largest k for which the k-th and (n+1-k)-th value hold the median with the level: twice the chance of fewer than
   k heads in n throws is at most 1 - level. 0: none does. */
static int64_t order_of(int64_t n)
{
    const double half = log(0.5);
    double term = (double)n * half; /* log of the chance of exactly k heads */
    double below = 0;
    for (int64_t k = 0; k < n; k++) {
        below += exp(term);
        if (2 * below > 1 - level)
            return k;
        term += log((double)(n - k) / (double)(k + 1));
    }
    return 0;
}

static void measure(double *sorted, int64_t n, double *median, double *low, double *high)
{
    const int64_t k = order_of(n);
    dpid_sort(n, sorted); /* NaN is the worst */
    const double below = sorted[(n - 1) / 2];
    const double above = sorted[n / 2];
    *median = below == above ? below : below / 2 + above / 2;
    *low = k > 0 ? sorted[k - 1] : (double)NAN;
    *high = k > 0 ? sorted[n - k] : (double)NAN;
}

/* By how much B lies above A, where both were measured at every seed. */
static int32_t shift(deepid_comparison *c, const dpid_told_arm *a, const dpid_told_arm *b, int column, dpid_beside *out)
{
    enum { MOST = 200 }; /* of deepid_statistics_shift */
    if (!a || !b || a->n + b->n > MOST)
        return DEEPID_OK;
    for (int64_t i = 0; i < a->n; i++)
        if (isnan(a->value[column][i]))
            return DEEPID_OK;
    for (int64_t i = 0; i < b->n; i++)
        if (isnan(b->value[column][i]))
            return DEEPID_OK;
    return deepid_statistics_shift(c->head.ctx, b->n, b->value[column], a->n, a->value[column], level, &out->shift,
                                   &out->shift_low, &out->shift_high);
}

static int32_t set_beside(deepid_comparison *c, int64_t i, int column, dpid_beside *out, bool *measured)
{
    const double none = (double)NAN;
    const dpid_told_arm *arm[2] = {NULL, NULL};
    *out = (dpid_beside){{none, none}, {none, none}, {none, none}, none, none, none};
    for (int k = 0; k < 2; k++)
        if (c->arm[i].of[k] >= 0)
            arm[k] = &c->study[k].arm[c->arm[i].of[k]];
    DPID_TRY(shift(c, arm[0], arm[1], column, out)); /* before the values are sorted, which changes nothing of it */
    for (int k = 0; k < 2; k++) {
        if (!arm[k])
            continue;
        measure(arm[k]->value[column], arm[k]->n, &out->median[k], &out->low[k], &out->high[k]);
        *measured = *measured || !isnan(out->median[k]);
    }
    return DEEPID_OK;
}

static int32_t set_all_beside(deepid_comparison *c)
{
    for (int column = 0; column < DPID_TOLD; column++) {
        dpid_beside *table = NULL;
        bool measured = false;
        DPID_TRY(dpid_arena_alloc(&c->arena, c->arms, sizeof *table, "comparison", &table));
        for (int64_t i = 0; i < c->arms; i++)
            DPID_TRY(set_beside(c, i, column, &table[i], &measured));
        c->beside[column] = measured ? table : NULL;
    }
    return DEEPID_OK;
}

/* ---- as text ------------------------------------------------------------------------------------------------ */

/* Columns that a terminal needs: bytes that begin a character. */
static int columns_of(const char *text)
{
    int count = 0;
    for (const char *p = text; *p; p++)
        count += ((unsigned char)*p & 0xC0) != 0x80;
    return count;
}

static void add_cell(dpid_string *s, const char *text, int width)
{
    dpid_string_add(s, text);
    for (int k = columns_of(text); k < width; k++)
        dpid_string_add(s, " ");
    dpid_string_add(s, "  ");
}

static void end_line(dpid_string *s)
{
    while (s->status == DEEPID_OK && s->length > 0 && s->text[s->length - 1] == ' ')
        s->text[--s->length] = 0;
    dpid_string_add(s, "\n");
}

static void say_settings(const deepid_comparison *c, dpid_string *s)
{
    enum { NAME = 16, VALUE = 38 };
    dpid_string_add(s, c->settings      ? "\nSettings that differ\n"
                       : c->other_kinds ? "\n"
                                        : "\nThe settings are the same.\n");
    for (int64_t i = 0; i < c->settings; i++) {
        dpid_string_add(s, "  ");
        add_cell(s, dpid_compared_name(c, i), NAME);
        add_cell(s, dpid_compared_setting(c, i, 0), VALUE);
        add_cell(s, dpid_compared_setting(c, i, 1), 0);
        end_line(s);
    }
}

static void say_arms(const deepid_comparison *c, int column, dpid_string *s)
{
    enum { NAME = 24, VALUE = 30 };
    const dpid_beside *table = c->beside[column];
    char heading[64];
    snprintf(heading, sizeof heading, "%s", dpid_told_name(column));
    dpid_string_add(s, "\n");
    add_cell(s, heading, NAME + 2);
    add_cell(s, "A", VALUE);
    add_cell(s, "B", VALUE);
    dpid_string_add(s, "B \xe2\x88\x92 A\n");
    for (int64_t i = 0; i < c->arms; i++) {
        dpid_string_add(s, "  ");
        add_cell(s, dpid_compared_arm(c, i), NAME);
        for (int k = 0; k < 2; k++)
            add_cell(s,
                     isnan(table[i].median[k])
                         ? "-"
                         : dpid_words_interval(table[i].median[k], table[i].low[k], table[i].high[k]).text,
                     VALUE);
        add_cell(s,
                 isnan(table[i].shift)
                     ? "-"
                     : dpid_words_interval(table[i].shift, table[i].shift_low, table[i].shift_high).text,
                 0);
        end_line(s);
    }
}

static void say_findings(const deepid_comparison *c, dpid_string *s)
{
    enum { NAME = 24, VALUE = 30 };
    dpid_string_add(s, "\n");
    add_cell(s, "verdict, share of the gap", NAME + 2);
    add_cell(s, "A", VALUE);
    dpid_string_add(s, "B\n");
    for (int64_t i = 0; i < c->findings; i++) {
        dpid_string_add(s, "  ");
        add_cell(s, dpid_compared_hypothesis(c, i), NAME);
        add_cell(s, dpid_compared_status(c, i, 0).text, VALUE);
        add_cell(s, dpid_compared_status(c, i, 1).text, 0);
        end_line(s);
    }
}

static int32_t say(deepid_comparison *c)
{
    dpid_string *s = &c->text;
    for (int k = 0; k < 2; k++)
        dpid_string_format(s, "%s: %s\n%s%s%s   %s\n", k ? "B" : "A", c->study[k].folder,
                           *c->study[k].command ? "   " : "", c->study[k].command, *c->study[k].command ? "\n" : "",
                           c->study[k].answer);
    say_settings(c, s);
    if (c->caution)
        dpid_string_format(s, "%s\n", c->caution);
    dpid_string_add(s,
                    "\nMedians over seeds with their 95 % intervals; B \xe2\x88\x92 A: the shift between the two, with "
                    "its 95 % interval.\n");
    for (int column = 0; column < DPID_TOLD; column++)
        if (c->beside[column])
            say_arms(c, column, s);
    say_findings(c, s);
    return s->status;
}

/* ---- create, destroy ------------------------------------------------------------------------------------------ */

static int32_t compare(deepid_comparison *c, const char *a, const char *b)
{
    const dpid_told_study *const study = c->study;
    DPID_TRY(dpid_told_read(&c->arena, a, &c->study[0]));
    DPID_TRY(dpid_told_read(&c->arena, b, &c->study[1]));
    c->other_kinds = study[0].study != study[1].study;
    if (!c->other_kinds)
        DPID_TRY(pair_up(c, key_of, study[0].settings, study[1].settings, &c->setting, &c->settings));
    DPID_TRY(pair_up(c, hypothesis_of, study[0].findings, study[1].findings, &c->finding, &c->findings));
    DPID_TRY(pair_up(c, arm_word, study[0].arms, study[1].arms, &c->arm, &c->arms));
    keep_different(c);
    be_cautious(c);
    DPID_TRY(set_all_beside(c));
    return say(c);
}

static int32_t create(deepid_ctx *ctx, const char *a, const char *b, deepid_comparison **out)
{
    deepid_comparison *c = NULL;
    if (!a || !b || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "comparison: a, b and out must not be NULL");
    DPID_TRY(dpid_alloc(ctx, 1, sizeof *c, "comparison", &c));
    c->head = (dpid_head){DPID_MAGIC_COMPARISON, ctx};
    c->arena.ctx = c->text.ctx = ctx;
    const int32_t status = compare(c, a, b);
    if (status == DEEPID_OK)
        *out = c;
    else
        deepid_comparison_destroy(c);
    return status;
}

int32_t deepid_comparison_create(deepid_ctx *ctx, const char *a, const char *b, deepid_comparison **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, create(ctx, a, b, out));
}

void deepid_comparison_destroy(deepid_comparison *c)
{
    if (!dpid_is(c, DPID_MAGIC_COMPARISON))
        return;
    dpid_string_release(&c->text);
    dpid_arena_release(&c->arena);
    c->head.magic = 0;
    dpid_free(c->head.ctx, c);
}

const char *deepid_comparison_text(const deepid_comparison *c)
{
    return dpid_is(c, DPID_MAGIC_COMPARISON) && c->text.text ? c->text.text : "";
}
