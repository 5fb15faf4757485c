/* The registry of probes that a study knows: at which arms each looks, and when. */
#include "study/study.h"

#include <deepid/inspect.h>

#include <string.h>

static const dpid_probe_row rows[] = {
    {.word = "gradient_check", .arms = "S,D,D_res"},
    {.word = "signal", .arms = "S,D,D_res,D_start"},
    {.word = "gradient_norm", .arms = "S,D,D_res,D_start"},
    {.word = "gradient_accuracy", .arms = "S,D,D_res"},
    {.word = "formats", .arms = "S,D,D_res", .rated = true, .recipe = true},
    {.word = "range", .arms = "S,D,D_res", .rated = true},
    {.word = "shattering", .arms = "S,D,D_res"},
    {.word = "response", .arms = "D,D_res", .trained = true},
    {.word = "learned_identity", .arms = "D,D_res", .trained = true},
    {.word = "lesion", .arms = "D,D_res", .trained = true},
    {.word = "linear_probe", .arms = "D,D_res", .trained = true},
    {.word = "cka", .arms = "D,D_res", .trained = true},
    {.word = "validity_radius", .arms = "D,D_res", .trained = true, .rated = true},
};
enum { ROWS = sizeof rows / sizeof *rows };

const dpid_probe_row *dpid_probe_at(int64_t i)
{
    return i >= 0 && i < ROWS ? &rows[i] : NULL;
}

bool dpid_probe_applies(const deepid_study *study, const dpid_probe_row *probe, const dpid_study_arm *arm)
{
    const char *list = study->text[DPID_TEXT_PROBES];
    return deepid_probe_help(probe->word) && (!*list || dpid_arm_chosen(list, probe->word)) &&
           dpid_arm_chosen(probe->arms, arm->word);
}

int32_t dpid_probes_check(deepid_study *study, const char *list)
{
    const char *words[ROWS + 2] = {"none"};
    dpid_span word = dpid_span_of(list);
    for (int i = 0; i < ROWS; i++)
        words[i + 1] = rows[i].word;
    for (const char *p = list; dpid_list_next(&p, &word);) {
        bool known = false;
        for (int i = 0; i <= ROWS; i++)
            known = known || dpid_span_is(word, words[i]);
        if (!known)
            return dpid_fail_word(study->head.ctx, "probe", word, words);
    }
    return DEEPID_OK;
}

void dpid_probe_print(dpid_string *s, const deepid_study *study, const dpid_probe_row *probe, const dpid_study_arm *arm)
{
    dpid_string_add(s, probe->word);
    if (probe->rated)
        dpid_string_format(s, " rate=%s", dpid_number(arm->base_rate).text);
    if (probe->recipe)
        dpid_string_format(s, " optimizer=\"%s\" loss_scale=\"%s\" clip=%s", arm->optimizer, arm->loss_scale,
                           dpid_number(study->number[DPID_NUMBER_CLIP]).text);
}
