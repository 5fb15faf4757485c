/* verdict.json: its format is a contract, docs/verdict.md. */
#include "verdict/verdict.h"

#include <math.h>

#define FORMAT 1

static void add_interval(dpid_string *s, const dpid_estimate *e)
{
    dpid_string_add(s, "\"interval\": [");
    dpid_string_add_json(s, e->low);
    dpid_string_add(s, ", ");
    dpid_string_add_json(s, e->high);
    dpid_string_add(s, "]");
}

static void add_text(dpid_string *s, const char *name, const char *text)
{
    dpid_string_format(s, "\"%s\": ", name);
    dpid_string_json(s, text);
}

static void add_numbers(dpid_string *s, const dpid_finding *f)
{
    dpid_string_add(s, "\"numbers\": {");
    for (int32_t k = 0; k < f->numbers; k++) {
        dpid_string_add(s, k ? ", " : "");
        dpid_string_json(s, f->number[k].name);
        dpid_string_add(s, ": ");
        dpid_string_add_json(s, f->number[k].value);
    }
    dpid_string_add(s, "}");
}

static void add_finding(dpid_string *s, const deepid_verdict *v, int64_t i)
{
    const dpid_finding *f = &v->finding[i];
    dpid_string_add(s, "{");
    add_text(s, "hypothesis", deepid_verdict_hypothesis(v, i));
    dpid_string_add(s, ", ");
    add_text(s, "status", deepid_verdict_status(v, i));
    dpid_string_add(s, ", \"effect\": ");
    dpid_string_add_json(s, f->effect.value);
    dpid_string_add(s, ", ");
    add_interval(s, &f->effect);
    dpid_string_add(s, ", \"share\": ");
    dpid_string_add_json(s, f->share.value);
    dpid_string_add(s, ", ");
    add_text(s, "arm", deepid_verdict_arm(v, i));
    dpid_string_add(s, ", ");
    add_text(s, "rule", deepid_verdict_rule(v, i));
    dpid_string_add(s, ",\n  ");
    add_numbers(s, f);
    dpid_string_add(s, ",\n  ");
    add_text(s, "sentence", deepid_verdict_sentence(v, i));
    dpid_string_add(s, ", ");
    add_text(s, "to_settle", deepid_verdict_to_settle(v, i));
    dpid_string_add(s, "}");
}

static void add_remedy(dpid_string *s, const deepid_verdict *v, int64_t i)
{
    dpid_string_add(s, "{");
    add_text(s, "arm", deepid_verdict_remedy_arm(v, i));
    dpid_string_add(s, ", \"share\": ");
    dpid_string_add_json(s, v->remedy[i].share.value);
    dpid_string_add(s, ", ");
    add_interval(s, &v->remedy[i].share);
    dpid_string_add(s, "}");
}

static int32_t write_json(const deepid_verdict *v, const char *path)
{
    dpid_string s = {.ctx = v->head.ctx};
    if (!path)
        return dpid_fail(v->head.ctx, DEEPID_ERR_ARGUMENT, "verdict: path is NULL");
    dpid_string_format(&s, "{\"format\": %d,\n", FORMAT);
    add_text(&s, "answer", deepid_verdict_answer(v));
    dpid_string_add(&s, ",\n\"findings\": [\n");
    for (int64_t i = 0; i < v->findings; i++) {
        dpid_string_add(&s, i ? ",\n " : " ");
        add_finding(&s, v, i);
    }
    dpid_string_add(&s, "],\n\"remedies\": [");
    for (int64_t i = 0; i < v->remedies; i++) {
        dpid_string_add(&s, i ? ",\n " : "\n ");
        add_remedy(&s, v, i);
    }
    dpid_string_add(&s, "]}\n");
    const int32_t status = s.status == DEEPID_OK ? dpid_file_replace(v->head.ctx, path, s.text, s.length) : s.status;
    dpid_string_release(&s);
    return status;
}

int32_t deepid_verdict_write_json(const deepid_verdict *verdict, const char *path)
{
    DPID_TRY(dpid_enter(verdict, DPID_MAGIC_VERDICT));
    return dpid_leave(verdict->head.ctx, write_json(verdict, path));
}
