/* What was found against what was planted. */
#include "calibration.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *const outcome_words[] = {"right", "undecided", "wrong", "skipped"};

/* ---- what was found ----------------------------------------------------------------------------------------- */

static void add(char *text, size_t size, const char *more)
{
    const size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%s", used ? "; " : "", more);
}

static bool is(const char *status, const char *word)
{
    return strcmp(status, word) == 0;
}

/* "conditioning 0.98 [0.97, 0.98]": the share where there is one, else the effect. */
static void note_found(judgement *out, const deepid_verdict *v, int64_t i)
{
    char line[160];
    const char *status = deepid_verdict_status(v, i);
    const char *part = is(status, "contributes") ? " (part)" : is(status, "minor") ? " (minor)" : "";
    const bool shared = !isnan(deepid_verdict_share(v, i));
    const double value = shared ? deepid_verdict_share(v, i) : deepid_verdict_effect(v, i);
    const double low = shared ? deepid_verdict_share_low(v, i) : deepid_verdict_low(v, i);
    const double high = shared ? deepid_verdict_share_high(v, i) : deepid_verdict_high(v, i);
    int used = snprintf(line, sizeof line, "%s%s", deepid_verdict_hypothesis(v, i), part);
    if (!isnan(value)) /* what is left for the other of two causes has no effect of its own */
        used += snprintf(line + used, sizeof line - (size_t)used, " %.3g", value);
    if (!isnan(low))
        snprintf(line + used, sizeof line - (size_t)used, " [%.3g, %.3g]", low, high);
    add(out->found, sizeof out->found, line);
}

static void note_losses(judgement *out, const deepid_verdict *v)
{
    static const char *const names[][2] = {
        {"S", "median_shallow"}, {"D", "median_deep"}, {"best known", "median_known"}};
    const int64_t solver = deepid_verdict_find(v, "solver");
    for (int i = 0; solver >= 0 && i < 3; i++) {
        char line[64];
        snprintf(line, sizeof line, "%s %.3g", names[i][0], deepid_verdict_number_named(v, solver, names[i][1]));
        add(out->losses, sizeof out->losses, line);
    }
}

/* ---- right, undecided, wrong -------------------------------------------------------------------------------- */

/* "solver=confirmed conditioning=confirmed|contributes": what is asked of a hypothesis; "" when nothing is. */
static void asked(const char *must, const char *hypothesis, char *out, size_t size)
{
    const size_t length = strlen(hypothesis);
    out[0] = 0;
    for (const char *at = must ? must : ""; *at; at += strcspn(at, " "), at += strspn(at, " "))
        if (strncmp(at, hypothesis, length) == 0 && at[length] == '=')
            snprintf(out, size, "%.*s", (int)strcspn(at + length + 1, " "), at + length + 1);
}

/* Of a finding that is not what was asked: wrong where it says the opposite, undecided where it says less. */
static outcome miss(const char *wanted, const char *status)
{
    const bool cause = is(status, "confirmed") || is(status, "contributes");
    if (is(status, "undecided"))
        return UNDECIDED;
    if (strstr(wanted, "confirmed") || strstr(wanted, "contributes"))
        return cause || (is(status, "minor") && strstr(wanted, "contributes")) ? UNDECIDED : WRONG;
    return cause ? WRONG : UNDECIDED;
}

/* Of a finding of which nothing was asked: a cause that the task does not allow. */
static outcome alarm(const task *t, const char *hypothesis, const char *status)
{
    const bool control = is(t->planted, "none");
    if (in_list(t->may, hypothesis, ' '))
        return RIGHT;
    if (is(status, "confirmed") || (control && is(status, "contributes")))
        return WRONG;
    return is(status, "contributes") || (control && (is(status, "undecided") || is(status, "minor"))) ? UNDECIDED
                                                                                                      : RIGHT;
}

static outcome judge_finding(const task *t, const deepid_verdict *v, int64_t i, judgement *out)
{
    char wanted[64];
    const char *hypothesis = deepid_verdict_hypothesis(v, i);
    const char *status = deepid_verdict_status(v, i);
    asked(t->must, hypothesis, wanted, sizeof wanted);
    if (is(status, "confirmed") || is(status, "contributes") || is(status, "minor"))
        note_found(out, v, i);
    const outcome result = !wanted[0]                     ? alarm(t, hypothesis, status)
                           : in_list(wanted, status, '|') ? RIGHT
                                                          : miss(wanted, status);
    if (result != RIGHT) {
        char line[640];
        snprintf(line, sizeof line, "%s is %s: %.500s", hypothesis, status, deepid_verdict_sentence(v, i));
        add(out->why, sizeof out->why, line);
    }
    return result;
}

/* Every hypothesis that is asked for has a finding: its arm was run. */
static outcome judge_absent(const task *t, const deepid_verdict *v, judgement *out)
{
    outcome result = RIGHT;
    for (const char *at = t->must ? t->must : ""; *at; at += strcspn(at, " "), at += strspn(at, " ")) {
        char word[64];
        char line[128];
        snprintf(word, sizeof word, "%.*s", (int)strcspn(at, "="), at);
        if (deepid_verdict_find(v, word) >= 0)
            continue;
        snprintf(line, sizeof line, "%s is not judged", word);
        add(out->why, sizeof out->why, line);
        result = UNDECIDED;
    }
    return result;
}

/* "dropout|noise": one of these words stands in the answer. */
static outcome judge_words(const task *t, judgement *out)
{
    for (const char *at = t->says; at && *at; at += strcspn(at, "|"), at += *at == '|') {
        char word[128];
        snprintf(word, sizeof word, "%.*s", (int)strcspn(at, "|"), at);
        if (strcasestr(out->answer, word))
            return RIGHT;
    }
    if (!t->says)
        return RIGHT;
    add(out->why, sizeof out->why, "the answer does not say ");
    add(out->why, sizeof out->why, t->says);
    return UNDECIDED;
}

static bool in_a_sentence(const deepid_verdict *v, const char *word)
{
    for (int64_t i = 0; i < deepid_verdict_count(v); i++)
        if (strcasestr(deepid_verdict_sentence(v, i), word))
            return true;
    return false;
}

/* "surely worse with depth|...": each stands in the sentence of some finding, or none does. */
static outcome judge_sentences(const char *list, bool stands, const deepid_verdict *v, judgement *out)
{
    for (const char *at = list; at && *at; at += strcspn(at, "|"), at += *at == '|') {
        char word[128];
        snprintf(word, sizeof word, "%.*s", (int)strcspn(at, "|"), at);
        if (in_a_sentence(v, word) == stands)
            continue;
        add(out->why, sizeof out->why, stands ? "no sentence tells " : "a sentence tells ");
        add(out->why, sizeof out->why, word);
        return stands ? UNDECIDED : WRONG;
    }
    return RIGHT;
}

static outcome worse(outcome a, outcome b)
{
    return a > b ? a : b;
}

void judge_task(const task *t, const deepid_verdict *v, judgement *out)
{
    snprintf(out->answer, sizeof out->answer, "%s", deepid_verdict_answer(v));
    note_losses(out, v);
    for (int64_t i = 0; i < deepid_verdict_count(v); i++)
        out->result = worse(out->result, judge_finding(t, v, i, out));
    out->result = worse(out->result, worse(judge_absent(t, v, out), judge_words(t, out)));
    out->result = worse(out->result, judge_sentences(t->tells, true, v, out));
    out->result = worse(out->result, judge_sentences(t->never, false, v, out));
    if (!out->found[0])
        add(out->found, sizeof out->found, "none");
}
