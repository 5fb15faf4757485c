/* The report of a study: its tables, arms and probes are gathered and laid before the page. */
#include <deepid/report.h>

#include "report/study_page.h"

#include <math.h>
#include <string.h>

enum { PROBED_ARMS = 2 };

typedef struct {
    deepid_ctx *ctx;
    deepid_study *study;
    dpid_arena arena;
    dpid_material material;
    dpid_page_arm *arm;
    dpid_page_probe *probe;
    deepid_table **table; /* of the probes */
    deepid_table *results, *history;
} gathered;

/* ---- words on the study ---------------------------------------------------------------------------- */

static const char *text_of(const gathered *g, const char *key)
{
    const char *text = deepid_study_text(g->study, key);
    return text ? text : "";
}

static int32_t keep(gathered *g, dpid_string *s, const char **out)
{
    char *copy = NULL;
    int32_t status = s->status;
    if (status == DEEPID_OK)
        status = dpid_arena_text(&g->arena, s->text ? s->text : "", s->length, &copy);
    *out = copy;
    dpid_string_release(s);
    return status;
}

static int64_t depth_of(gathered *g, const char *word)
{
    int64_t arm = 0;
    while (arm < deepid_study_arm_count(g->study) && strcmp(deepid_study_arm_word(g->study, arm), word) != 0)
        arm++;
    return deepid_study_arm_depth(g->study, arm);
}

/* "spirals, 256 samples · own nets, depth 2 against 30 · 10 seeds · sgd momentum=0.9, rate 0.03, 400 steps ·
   float32" */
static int32_t make_subject(gathered *g)
{
    dpid_string s = {.ctx = g->ctx};
    const char *data = text_of(g, "subject");
    const char *family = text_of(g, "family");
    const double seeds = deepid_study_number(g->study, "seeds");
    if (*data)
        dpid_string_add(&s, data);
    else
        dpid_string_format(&s, "%s training samples", dpid_number(deepid_study_number(g->study, "train_samples")).text);
    dpid_string_format(&s, " \xc2\xb7 %s%sdepth %lld against %lld", family, *family ? " nets, " : "",
                       (long long)depth_of(g, "S"), (long long)depth_of(g, "D"));
    dpid_string_format(&s, " \xc2\xb7 %s seed%s \xc2\xb7 %s, rate %s, %s steps \xc2\xb7 start %s",
                       dpid_number(seeds).text, seeds == 1 ? "" : "s", text_of(g, "optimizer"),
                       dpid_number(deepid_study_number(g->study, "learning_rate")).text,
                       dpid_number(deepid_study_number(g->study, "steps")).text, text_of(g, "init"));
    dpid_string_add(&s,
                    deepid_study_number(g->study, "dtype") == DEEPID_F64 ? " \xc2\xb7 float64" : " \xc2\xb7 float32");
    return keep(g, &s, &g->material.subject);
}

static int32_t make_machine(gathered *g)
{
    dpid_string s = {.ctx = g->ctx};
    dpid_string_format(&s, "deepid %s. Configuration, build and machine: study.json.", deepid_version());
    return keep(g, &s, &g->material.machine);
}

/* ---- arms and probes ----------------------------------------------------------------------------------- */

static int32_t gather_arms(gathered *g)
{
    const int64_t count = deepid_study_arm_count(g->study);
    if (count < 0)
        return DEEPID_ERR_STATE; /* the sentence is the study's */
    DPID_TRY(dpid_arena_alloc(&g->arena, count, sizeof *g->arm, "report", &g->arm));
    for (int64_t i = 0; i < count; i++)
        g->arm[i] = (dpid_page_arm){deepid_study_arm_word(g->study, i), deepid_study_arm_block(g->study, i),
                                    deepid_study_arm_reason(g->study, i), deepid_study_arm_depth(g->study, i),
                                    deepid_study_arm_rate(g->study, i)};
    g->material.arm = g->arm;
    g->material.arms = count;
    return DEEPID_OK;
}

/* A probe that was not made is no failure: the page says that its figure is left out. */
static int32_t gather_probes(gathered *g)
{
    static const char *const arms[PROBED_ARMS] = {"D", "D_res"};
    int64_t words = 0;
    while (dpid_probe_at(words))
        words++;
    DPID_TRY(dpid_arena_alloc(&g->arena, PROBED_ARMS * words, sizeof *g->probe, "report", &g->probe));
    DPID_TRY(dpid_arena_alloc(&g->arena, PROBED_ARMS * words, sizeof *g->table, "report", &g->table));
    g->material.probe = g->probe;
    for (int a = 0; a < PROBED_ARMS; a++)
        for (int64_t w = 0; w < words; w++) {
            const char *word = dpid_probe_at(w)->word;
            deepid_table *table = NULL;
            const int32_t status = deepid_study_probe(g->study, arms[a], word, &table);
            if (status == DEEPID_ERR_MEMORY || status == DEEPID_ERR_IO || status == DEEPID_ERR_FORMAT)
                return status;
            if (status != DEEPID_OK)
                continue;
            g->table[g->material.probes] = table;
            g->probe[g->material.probes++] = (dpid_page_probe){arms[a], word, table};
        }
    return DEEPID_OK;
}

/* ---- together ---------------------------------------------------------------------------------------------- */

static int32_t gather(gathered *g, const deepid_verdict *verdict)
{
    const char *folder = text_of(g, "folder");
    g->material.question = "Do the added layers hurt, and why?";
    g->material.command = text_of(g, "replay");
    g->material.files = *folder ? "results.csv, history.csv, tuning.csv, probes/, plan.json, study.json, verdict.json; "
                                  "figures/ has each figure as a picture"
                                : "";
    g->material.deep_text = text_of(g, "deep");
    g->material.budget = text_of(g, "budget");
    g->material.data = text_of(g, "data");
    g->material.const_loss = deepid_study_number(g->study, "const_loss");
    g->material.margin = verdict ? verdict->margin : (double)NAN;
    g->material.thresholds = dpid_study_thresholds(g->study);
    g->material.verdict = verdict;
    DPID_TRY(make_subject(g));
    DPID_TRY(make_machine(g));
    DPID_TRY(gather_arms(g));
    DPID_TRY(deepid_study_results(g->study, &g->results));
    g->material.results = g->results;
    DPID_TRY(deepid_study_history(g->study, &g->history));
    g->material.history = g->history;
    return gather_probes(g);
}

static int32_t report_write(deepid_study *study, const deepid_verdict *verdict, const char *path)
{
    deepid_ctx *ctx = ((const dpid_head *)study)->ctx;
    gathered g = {.ctx = ctx, .study = study, .arena = {.ctx = ctx}};
    if (!path || (verdict && !dpid_is(verdict, DPID_MAGIC_VERDICT)))
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "report: %s", !path ? "path is NULL" : "verdict is no verdict");
    int32_t status = gather(&g, verdict);
    if (status == DEEPID_OK)
        status = dpid_study_page_write(ctx, &g.material, path);
    for (int64_t i = 0; i < g.material.probes; i++)
        deepid_table_destroy(g.table[i]);
    deepid_table_destroy(g.history);
    deepid_table_destroy(g.results);
    dpid_arena_release(&g.arena);
    return status;
}

int32_t deepid_report_write(deepid_study *study, const deepid_verdict *verdict, const char *path)
{
    DPID_TRY(dpid_enter(study, DPID_MAGIC_STUDY));
    deepid_ctx *ctx = ((const dpid_head *)study)->ctx;
    return dpid_leave(ctx, report_write(study, verdict, path));
}
