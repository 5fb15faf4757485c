/* A folder of evidence, written: the files that read.c reads, each replaced as a whole. */
#include "evidence/evidence.h"

#include <math.h>
#include <string.h>

typedef struct {
    const deepid_evidence *e;
    deepid_ctx *ctx;
    const char *folder;
} writing;

/* Releases the text. */
static int32_t write_text(const writing *w, const char *name, dpid_string *text)
{
    dpid_string path = {.ctx = w->ctx};
    dpid_string_format(&path, "%s/%s", w->folder, name);
    int32_t status = text->status != DEEPID_OK ? text->status : path.status;
    if (status == DEEPID_OK)
        status = dpid_file_replace(w->ctx, path.text, text->text, text->length);
    dpid_string_release(&path);
    dpid_string_release(text);
    return status;
}

static int32_t write_table(const writing *w, const char *name, const deepid_table *table)
{
    dpid_string text = {.ctx = w->ctx};
    dpid_table_csv(table, &text);
    return write_text(w, name, &text);
}

/* ---- arms.csv -------------------------------------------------------------------------------------- */

static void add_arm(dpid_string *s, const deepid_evidence *e, const dpid_filed_arm *arm)
{
    dpid_string_csv(s, arm->word);
    for (int i = 0; i < DPID_ARM_NUMBERS; i++) {
        dpid_string_add(s, ",");
        dpid_string_number(s, dpid_filed_number(e, arm, i));
    }
    for (int i = 0; i < DPID_ARM_TEXTS; i++) {
        dpid_string_add(s, ",");
        dpid_string_csv(s, arm->text[i] ? arm->text[i] : "");
    }
    dpid_string_add(s, "\n");
}

static int32_t write_arms(const writing *w)
{
    dpid_string s = {.ctx = w->ctx};
    dpid_string_add(&s, "arm");
    for (int i = 0; i < DPID_ARM_NUMBERS + DPID_ARM_TEXTS; i++)
        dpid_string_format(&s, ",%s", dpid_arm_columns[i].name);
    dpid_string_add(&s, "\n");
    for (int64_t i = 0; i < w->e->arms; i++)
        add_arm(&s, w->e, w->e->arm[i]);
    return write_text(w, "arms.csv", &s);
}

/* ---- evidence.json ------------------------------------------------------------------------------------ */

static void add_number(dpid_string *s, double value)
{
    if (isinf(value))
        dpid_string_add(s, value > 0 ? "\"inf\"" : "\"-inf\"");
    else
        dpid_string_add_json(s, value);
}

static void add_fact(dpid_string *s, const deepid_evidence *e, const dpid_fact *fact)
{
    const bool flag = fact->type == DPID_FACT_FLAG;
    if (!dpid_fact_known(e, fact) && !(flag && dpid_fact_said(e, fact->word)))
        return;
    dpid_string_format(s, ",\n\"%s\": ", fact->word);
    if (fact->type == DPID_FACT_TEXT)
        dpid_string_json(s, dpid_fact_text(e, fact));
    else if (flag)
        dpid_string_add(s, dpid_fact_known(e, fact) ? "true" : "false");
    else
        add_number(s, dpid_fact_number(e, fact));
}

/* Those that are not at their default. */
static void add_thresholds(dpid_string *s, const deepid_evidence *e)
{
    const dpid_thresholds usual = dpid_thresholds_default();
    bool first = true;
    for (int64_t i = 0; deepid_verdict_threshold_word(i); i++) {
        const char *word = deepid_verdict_threshold_word(i);
        const double value = dpid_thresholds_get(&e->thresholds, word);
        if (value == dpid_thresholds_get(&usual, word))
            continue;
        dpid_string_format(s, "%s\"%s\": ", first ? ",\n\"thresholds\": {" : ", ", word);
        add_number(s, value);
        first = false;
    }
    dpid_string_add(s, first ? "" : "}");
}

static void add_explanations(dpid_string *s, const deepid_evidence *e)
{
    for (int64_t i = 0; i < e->explanations; i++) {
        dpid_string_add(s, i == 0 ? ",\n\"explanations\": [{\"name\": " : ",\n  {\"name\": ");
        dpid_string_json(s, e->explanation[i].name);
        dpid_string_add(s, ", \"before\": ");
        add_number(s, e->explanation[i].before);
        dpid_string_add(s, ", \"after\": ");
        add_number(s, e->explanation[i].after);
        dpid_string_add(s, i + 1 == e->explanations ? "}]" : "}");
    }
}

static void add_probes(dpid_string *s, const deepid_evidence *e)
{
    for (int64_t i = 0; i < e->probes; i++) {
        dpid_string_add(s, i == 0 ? ",\n\"probes\": [{\"arm\": " : ",\n  {\"arm\": ");
        dpid_string_json(s, e->probe[i].arm);
        dpid_string_add(s, ", \"probe\": ");
        dpid_string_json(s, e->probe[i].word);
        dpid_string_add(s, i + 1 == e->probes ? "}]" : "}");
    }
}

static int32_t write_facts(const writing *w)
{
    dpid_string s = {.ctx = w->ctx};
    dpid_string_add(&s, "{\"format\": 1");
    for (int64_t i = 0; dpid_fact_at(i); i++)
        add_fact(&s, w->e, dpid_fact_at(i));
    add_thresholds(&s, w->e);
    add_explanations(&s, w->e);
    add_probes(&s, w->e);
    dpid_string_add(&s, "}\n");
    return write_text(w, "evidence.json", &s);
}

/* ---- probes ---------------------------------------------------------------------------------------------- */

static int32_t write_probe(const writing *w, const dpid_filed_probe *probe)
{
    dpid_string path = {.ctx = w->ctx};
    dpid_probe_path(&path, w->folder, probe->arm, probe->word);
    int32_t status = path.status;
    if (status == DEEPID_OK)
        status = deepid_table_write_csv(probe->table, path.text);
    dpid_string_release(&path);
    return status;
}

static int32_t make_folder(const writing *w, const char *name)
{
    dpid_string path = {.ctx = w->ctx};
    dpid_string_format(&path, "%s%s", w->folder, name);
    const int32_t status = path.status == DEEPID_OK ? dpid_folder_make(w->ctx, path.text) : path.status;
    dpid_string_release(&path);
    return status;
}

/* ---- all of it: evidence.json last, since it says what else there is ---------------------------------------- */

static int32_t evidence_write(const deepid_evidence *e, const char *folder)
{
    const writing w = {.e = e, .ctx = e->head.ctx, .folder = folder};
    if (!folder)
        return dpid_fail(w.ctx, DEEPID_ERR_ARGUMENT, "evidence: folder is NULL");
    DPID_TRY(make_folder(&w, ""));
    if (e->probes > 0)
        DPID_TRY(make_folder(&w, "/probes"));
    DPID_TRY(write_arms(&w));
    DPID_TRY(write_table(&w, "results.csv", e->runs));
    DPID_TRY(write_table(&w, "history.csv", e->points));
    DPID_TRY(write_table(&w, "tuning.csv", e->tries));
    for (int64_t i = 0; i < e->probes; i++)
        DPID_TRY(write_probe(&w, &e->probe[i]));
    return write_facts(&w);
}

int32_t deepid_evidence_write(const deepid_evidence *evidence, const char *folder)
{
    DPID_TRY(dpid_enter(evidence, DPID_MAGIC_EVIDENCE));
    return dpid_leave(evidence->head.ctx, evidence_write(evidence, folder));
}
