/* What figures share: texts, charts and tables that are made and destroyed here, arms as the registry has them. */
#include "report/study_page.h"

#include "base/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- texts and room ------------------------------------------------------------------------ */

void dpid_note(dpid_study_page *p, int32_t status)
{
    if (p->status == DEEPID_OK)
        p->status = status;
}

const char *dpid_say(dpid_study_page *p, const char *format, ...)
{
    va_list list;
    char *text = NULL;
    va_start(list, format);
    const int length = vsnprintf(NULL, 0, format, list);
    va_end(list);
    if (length < 0 || p->status != DEEPID_OK)
        return "";
    const int32_t status = dpid_arena_alloc(&p->arena, length + 1, 1, "report", &text);
    if (status != DEEPID_OK) {
        dpid_note(p, status);
        return "";
    }
    va_start(list, format);
    vsnprintf(text, (size_t)length + 1, format, list);
    va_end(list);
    return text;
}

const char *dpid_counted(dpid_study_page *p, int64_t n, const char *thing)
{
    return dpid_say(p, "%lld %s%s", (long long)n, thing, n == 1 ? "" : "s");
}

double *dpid_room(dpid_study_page *p, int64_t count)
{
    double *room = NULL;
    if (p->status == DEEPID_OK)
        dpid_note(p, dpid_arena_alloc(&p->arena, count, sizeof *room, "report", &room));
    return room;
}

void dpid_leave_out(dpid_study_page *p, const char *figure, const char *why)
{
    dpid_string_format(&p->left_out, "%s%s (%s)", p->left_out.length ? "; " : "", figure, why);
}

/* ---- charts and tables ------------------------------------------- */

deepid_chart *dpid_new_chart(dpid_study_page *p, const char *x_name, const char *y_name, const char *axes)
{
    deepid_chart *chart = NULL;
    if (p->status == DEEPID_OK)
        dpid_note(p, deepid_chart_create(p->ctx, x_name, y_name, axes, &chart));
    return chart;
}

deepid_table *dpid_new_table(dpid_study_page *p, const char *heading, const char *columns)
{
    deepid_table *table = NULL;
    if (p->status == DEEPID_OK)
        dpid_note(p, deepid_table_create(p->ctx, heading, columns, &table));
    return table;
}

/* ---- arms ----------------------------------------------------------------------------------------- */

const dpid_page_arm *dpid_find_arm(const dpid_study_page *p, const char *word)
{
    for (int64_t i = 0; i < p->m->arms; i++)
        if (strcmp(p->m->arm[i].word, word) == 0)
            return &p->m->arm[i];
    return NULL;
}

bool dpid_arm_is_twin(const char *word)
{
    const dpid_arm_words *words = dpid_arm_words_of(word);
    return words && strcmp(words->role, "identity") == 0;
}

bool dpid_arm_is_plain(const dpid_study_page *p, const dpid_page_arm *arm)
{
    const dpid_arm_words *words = dpid_arm_words_of(arm->word);
    const dpid_page_arm *deep = dpid_find_arm(p, "D");
    if (words && !*words->label)
        return !deep || strcmp(arm->block, deep->block) == 0;
    return !dpid_arm_is_twin(arm->word);
}

bool dpid_arm_shows(const char *word, int32_t where)
{
    const dpid_arm_words *words = dpid_arm_words_of(word);
    return words ? (words->shows & where) != 0 : where == DPID_SHOW_LOSS;
}

const char *dpid_arm_name(dpid_study_page *p, const char *word)
{
    const dpid_page_arm *arm = dpid_find_arm(p, word);
    const dpid_arm_text label = dpid_arm_label(word);
    if (!dpid_arm_words_of(word) || !dpid_arm_shows(word, DPID_SHOW_CURVE) || (arm && arm->depth == 0 && *label.text))
        return dpid_say(p, "%s", label.text);
    const char *block = !dpid_arm_is_twin(word) && arm && arm->block ? arm->block : "";
    const char *name = *block ? block : label.text;
    const int64_t depth = arm ? (int64_t)arm->depth : 0;
    if (!*name && depth == 0)
        return word;
    return dpid_say(p, "%s%sdepth %lld", name, *name ? ", " : "", (long long)depth);
}

const char *dpid_asked_of(dpid_study_page *p, const char *word)
{
    const char *tuned = dpid_say(p, "%s_rate", word);
    return dpid_arm_values(&p->sum, tuned, "train_loss") ? tuned : word;
}

const char *dpid_tuned_words(dpid_study_page *p)
{
    const bool shallow = strcmp(dpid_asked_of(p, "S"), "S") != 0;
    const bool deep = strcmp(dpid_asked_of(p, "D"), "D") != 0;
    return shallow && deep ? " Both nets are those at their tuned rates."
           : deep          ? " The deep net is the one at its tuned rate."
           : shallow       ? " The shallow net is the one at its tuned rate."
                           : "";
}

const char *dpid_median_words(dpid_study_page *p, const char *word)
{
    const double *values = dpid_arm_values(&p->sum, word, "train_loss");
    return dpid_say(p, "%s", dpid_words(dpid_median_of(&p->sum, p->sum.seeds, values)).text);
}

const char *dpid_arm_style(dpid_study_page *p, const char *word)
{
    const dpid_arm_words *words = dpid_arm_words_of(word);
    const char *role = words ? words->role : "plain";
    return dpid_say(p, "role=%s mark=%s", role, strcmp(role, "plain") == 0 ? "dot" : "diamond");
}
