/* verdict.json: its format is a contract, docs/verdict.md. */
#include "verdict/ladder.h"

#include <math.h>

#define FORMAT 2

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

/* ", \"name\": 0.3" */
static void add_number(dpid_string *s, const char *name, double value)
{
    dpid_string_format(s, ", \"%s\": ", name);
    dpid_string_add_json(s, value);
}

static void add_valid_share(dpid_string *s, const dpid_estimate *share)
{
    dpid_string_add(s, "\"valid_share\": ");
    dpid_string_add_json(s, share->value);
    dpid_string_add(s, ", \"valid_share_interval\": [");
    dpid_string_add_json(s, share->low);
    dpid_string_add(s, ", ");
    dpid_string_add_json(s, share->high);
    dpid_string_add(s, "]");
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
    dpid_string_add(s, ", ");
    add_text(s, "scale", dpid_scale_word(f->scale));
    dpid_string_add(s, ", \"share\": ");
    dpid_string_add_json(s, f->share.value);
    dpid_string_add(s, ", ");
    add_valid_share(s, &f->valid_share);
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
    dpid_string_add(s, ", ");
    add_valid_share(s, &v->remedy[i].valid_share);
    dpid_string_add(s, "}");
}

static const char *const states[] = {
    [DPID_HARM_UNKNOWN] = "unknown", [DPID_HARM_NONE] = "none", [DPID_HARM_UNSURE] = "undecided", [DPID_HARM] = "harm"};

static void add_harm(dpid_string *s, const char *name, const dpid_harm_on *harm)
{
    dpid_string_format(s, ",\n\"%s\": [", name);
    for (int scale = 0; scale < DPID_SCALES; scale++) {
        dpid_string_add(s, scale ? ",\n {" : "\n {");
        add_text(s, "scale", dpid_scale_word((dpid_scale)scale));
        add_number(s, "shallow", harm[scale].shallow);
        add_number(s, "deep", harm[scale].deep);
        add_number(s, "difference", harm[scale].difference.value);
        dpid_string_add(s, ", ");
        add_interval(s, &harm[scale].difference);
        add_number(s, "margin", harm[scale].margin);
        dpid_string_add(s, ", ");
        add_text(s, "state", states[harm[scale].state]);
        dpid_string_add(s, "}");
    }
    dpid_string_add(s, "]");
}

static void add_runs(dpid_string *s, const deepid_verdict *v)
{
    dpid_string_add(s, ",\n\"arms\": [");
    for (int64_t i = 0; i < v->runs; i++) {
        const dpid_arm_run *run = &v->run[i];
        dpid_string_add(s, i ? ",\n {" : "\n {");
        add_text(s, "arm", run->word);
        add_number(s, "learning_rate", run->rate);
        add_number(s, "updates", run->updates);
        add_number(s, "train_loss", run->median);
        add_number(s, "runs", (double)run->runs);
        add_number(s, "diverged", (double)run->diverged);
        add_number(s, "rates_tried", (double)run->rates_tried);
        add_number(s, "rates_diverged", (double)run->rates_diverged);
        add_number(s, "lowest_rate", run->lowest_rate);
        add_number(s, "highest_rate", run->highest_rate);
        dpid_string_add(s, "}");
    }
    dpid_string_add(s, "]");
}

/* ---- the precision ladder ------------------------------------------------------------------------------ */

static void add_rung(dpid_string *s, const dpid_rung *rung)
{
    dpid_string_add(s, "\n   {");
    add_text(s, "arm", rung->arm);
    dpid_string_add(s, ", ");
    add_text(s, "format", rung->format->word);
    add_number(s, "bits", rung->format->bits);
    dpid_string_format(s, ", \"wide\": %s, \"own\": %s, \"step\": %s",
                       dpid_format_is_wide(rung->format) ? "true" : "false", rung->own ? "true" : "false",
                       rung->step ? "true" : "false");
    add_number(s, "runs", (double)rung->runs);
    add_number(s, "diverged", (double)rung->diverged);
    add_number(s, "seeds", (double)rung->seeds);
    add_number(s, "difference", rung->above.value);
    dpid_string_add(s, ", ");
    add_interval(s, &rung->above);
    add_number(s, "p", rung->p);
    add_number(s, "p_holm", rung->p_holm);
    dpid_string_add(s, ", ");
    add_text(s, "state", states[rung->state]);
    dpid_string_add(s, "}");
}

static void add_side(dpid_string *s, const char *name, const dpid_ladder_side *side)
{
    dpid_string_format(s, ",\n \"%s\": {", name);
    add_text(s, "reference", side->reference < 0 ? "" : side->rung[side->reference].arm);
    dpid_string_add(s, ", ");
    add_text(s, "state", states[side->state]);
    add_number(s, "begins", side->begins < 0 ? (double)NAN : side->rung[side->begins].format->bits);
    dpid_string_add(s, ", \"formats\": [");
    for (int32_t i = 0; i < side->rungs; i++) {
        dpid_string_add(s, i ? "," : "");
        add_rung(s, &side->rung[i]);
    }
    dpid_string_add(s, "]}");
}

static void add_ladder(dpid_string *s, const dpid_ladder *l)
{
    dpid_string_add(s, ",\n\"ladder\": {");
    add_text(s, "sentence", l->sentence);
    dpid_string_add(s, ", ");
    add_text(s, "more", l->more);
    dpid_string_add(s, ", ");
    add_text(s, "scale", dpid_scale_word(l->scale));
    add_number(s, "margin", l->margin);
    add_number(s, "steps", l->steps);
    dpid_string_add(s, ",\n \"deeper\": {");
    add_text(s, "format", l->deeper_in ? l->deeper_in->word : "");
    add_number(s, "difference", l->deeper.value);
    dpid_string_add(s, ", ");
    add_interval(s, &l->deeper);
    dpid_string_add(s, "}");
    add_side(s, "shallow", &l->side[DPID_LADDER_SHALLOW]);
    add_side(s, "deep", &l->side[DPID_LADDER_DEEP]);
    dpid_string_add(s, "}");
}

static int32_t write_json(const deepid_verdict *v, const char *path)
{
    dpid_string s = {.ctx = v->head.ctx};
    if (!path)
        return dpid_fail(v->head.ctx, DEEPID_ERR_ARGUMENT, "verdict: path is NULL");
    dpid_string_format(&s, "{\"format\": %d,\n", FORMAT);
    add_text(&s, "answer", deepid_verdict_answer(v));
    dpid_string_add(&s, ",\n");
    add_text(&s, "scale", dpid_scale_word(v->scale));
    dpid_string_format(&s, ", \"tuned\": %s", v->tuned ? "true" : "false");
    add_harm(&s, "harm", v->harm);
    add_harm(&s, "recipe_harm", v->recipe_harm);
    add_runs(&s, v);
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
    dpid_string_add(&s, "]");
    if (v->ladder)
        add_ladder(&s, v->ladder);
    dpid_string_add(&s, "}\n");
    const int32_t status = s.status == DEEPID_OK ? dpid_file_replace(v->head.ctx, path, s.text, s.length) : s.status;
    dpid_string_release(&s);
    return status;
}

int32_t deepid_verdict_write_json(const deepid_verdict *verdict, const char *path)
{
    DPID_TRY(dpid_enter(verdict, DPID_MAGIC_VERDICT));
    return dpid_leave(verdict->head.ctx, write_json(verdict, path));
}
