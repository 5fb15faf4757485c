/* The page of a study, in the order in which a person asks: what was found, how we know, what it is about, how to
   repeat it. */
#include "report/study_page.h"

#include "base/words.h"
#include "verdict/verdict.h"

#include <string.h>

/* ---- parts ---------------------------------------------------------------------------------------------- */

/* "the representation, rounding and overfitting" of the hypotheses with this status; "" for none. */
static const char *list_of(dpid_study_page *p, dpid_verdict_status status)
{
    const deepid_verdict *v = p->m->verdict;
    const dpid_finding *of[DPID_FINDINGS_MAX];
    int32_t count = 0;
    const char *text = "";
    for (int32_t i = 0; v && i < v->findings; i++) {
        if (v->finding[i].status != status)
            continue;
        int32_t k = count++;
        for (; k > 0 && of[k - 1]->hypothesis->said_at > v->finding[i].hypothesis->said_at; k--)
            of[k] = of[k - 1];
        of[k] = &v->finding[i];
    }
    for (int32_t i = 0; i < count; i++)
        text = dpid_say(p, "%s%s%s", text, i == 0 ? "" : i == count - 1 ? " and " : ", ", of[i]->hypothesis->said);
    return text;
}

static void add_answer(dpid_study_page *p)
{
    const char *refuted = list_of(p, DPID_REFUTED);
    const char *minor = list_of(p, DPID_MINOR);
    const char *undecided = list_of(p, DPID_UNDECIDED);
    const char *out = *refuted ? dpid_say(p, "Ruled out: %s.", refuted) : "";
    const char *less = *minor ? dpid_say(p, "%sNot the main cause: %s.", *out ? " " : "", minor) : "";
    const char *open = *undecided ? dpid_say(p, "%sUndecided: %s.", *out || *less ? " " : "", undecided) : "";
    if (p->m->verdict && p->status == DEEPID_OK)
        dpid_note(p, deepid_page_answer(p->page, deepid_verdict_answer(p->m->verdict),
                                        dpid_say(p, "%s%s%s", out, less, open)));
}

static void paragraph(dpid_study_page *p, const char *text)
{
    if (*text && p->status == DEEPID_OK)
        dpid_note(p, deepid_page_paragraph(p->page, text));
}

/* "W0, WT (no witness); D64 (budget)": arms of one reason together. */
static const char *left_out_arms(dpid_study_page *p)
{
    const char *text = "";
    for (int64_t i = 0; i < p->m->arms; i++) {
        const char *reason = p->m->arm[i].reason;
        bool said = !reason;
        for (int64_t k = 0; k < i && !said; k++)
            said = p->m->arm[k].reason && strcmp(p->m->arm[k].reason, reason) == 0;
        if (said)
            continue;
        const char *words = p->m->arm[i].word;
        for (int64_t k = i + 1; k < p->m->arms; k++)
            if (p->m->arm[k].reason && strcmp(p->m->arm[k].reason, reason) == 0)
                words = dpid_say(p, "%s, %s", words, p->m->arm[k].word);
        text = dpid_say(p, "%s%s%s (%s)", text, *text ? "; " : "", words, reason);
    }
    return text;
}

static void add_scope(dpid_study_page *p)
{
    static const char honesty[] = "This verdict is about THIS net, data, solver and budget.";
    const char *scope = deepid_verdict_scope(p->m->verdict);
    const char *arms = left_out_arms(p);
    if (p->status == DEEPID_OK)
        dpid_note(p, deepid_page_heading(p->page, p->m->verdict ? "What this verdict is about, and what not"
                                                                : "What this is about, and what not"));
    if (p->m->verdict && !strstr(scope, "This verdict is about")) /* a verdict read from elsewhere may not say it */
        paragraph(p, honesty);
    const char *again = *arms ? strstr(scope, " Not run: ") : NULL; /* the list below has them too */
    paragraph(p, again ? dpid_say(p, "%.*s", (int)(again - scope), scope) : scope);
    if (p->m->data && *p->m->data)
        paragraph(p, dpid_say(p, "The data: %s.", p->m->data));
    if (p->m->budget)
        paragraph(p, p->m->budget);
    if (*arms)
        paragraph(p, dpid_say(p, "Arms that were left out: %s.", arms));
    if (p->left_out.length > 0)
        paragraph(p, dpid_say(p, "Figures without their input: %s.", p->left_out.text));
}

static void add_end(dpid_study_page *p)
{
    if (p->status == DEEPID_OK)
        dpid_note(p, deepid_page_heading(p->page, "To repeat it"));
    if (*p->m->command && p->status == DEEPID_OK)
        dpid_note(p, deepid_page_code(p->page, p->m->command));
    paragraph(p, p->m->machine);
    if (*p->m->files)
        paragraph(p, dpid_say(p, "All numbers: %s.", p->m->files));
}

static void add_all(dpid_study_page *p)
{
#define FIGURE(word) {#word, dpid_figure_##word},
    static const struct {
        const char *word;
        void (*add)(dpid_study_page *);
    } figures[] = {DPID_FIGURES(FIGURE)};
    dpid_note(p, dpid_summary_make(p->ctx, p->m->results, p->m->const_loss, p->m->margin, p->m->thresholds, &p->sum));
    add_answer(p);
    dpid_add_evidence(p);
    if (p->status == DEEPID_OK)
        dpid_note(p, deepid_page_heading(p->page, "Figures"));
    for (size_t i = 0; i < sizeof figures / sizeof *figures && p->status == DEEPID_OK; i++) {
        p->figure = figures[i].word;
        p->figure_charts = 0;
        figures[i].add(p);
        dpid_clear_pictures(p);
    }
    add_scope(p);
    add_end(p);
    dpid_note(p, p->sum.status);
    dpid_note(p, p->left_out.status);
}

/* "figures" in the folder of the page. */
static const char *pictures_of(dpid_study_page *p, const char *path)
{
    const char *slash = strrchr(path, '/');
    return dpid_say(p, "%.*sfigures", slash ? (int)(slash + 1 - path) : 0, path);
}

int32_t dpid_study_page_write(deepid_ctx *ctx, const dpid_material *material, const char *path)
{
    dpid_study_page p = {.m = material, .ctx = ctx, .arena = {.ctx = ctx}, .left_out = {.ctx = ctx}, .figure = ""};
    p.pictures = pictures_of(&p, path);
    dpid_note(&p, deepid_page_create(ctx, material->question, material->subject, &p.page));
    if (p.status == DEEPID_OK)
        add_all(&p);
    if (p.status == DEEPID_OK)
        dpid_note(&p, deepid_page_write(p.page, path));
    deepid_page_destroy(p.page);
    dpid_summary_release(&p.sum);
    dpid_string_release(&p.left_out);
    dpid_arena_release(&p.arena);
    return p.status;
}
