/* What to run next: the one arm that would settle most of what is open, with its price in runs. */
#include "evidence/evidence.h"

#include <math.h>
#include <string.h>

/* In the order in which they are taken where two would settle as much. */
static const struct {
    const char *arm;
    bool set;
    int32_t hypothesis[3]; /* that it would settle; -1: none */
    const char *what;
    double runs; /* for each seed */
    double more; /* beside those */
} rows[] = {
    {"W0",
     false,
     {DPID_REPRESENTATION, DPID_SOLVER, DPID_OBJECTIVE},
     "the deep net built from the trained S and identity layers (nothing is trained)",
     1,
     0},
    {"D_start", true, {DPID_CONDITIONING, -1, -1}, "D from another start, such as D_start:orthogonal", 1, 0},
    {"D_rate",
     false,
     {DPID_RATE, -1, -1},
     "S and D at four other learning rates, three seeds each, into tuning.csv, and then D at the best",
     1,
     24},
    {"D64", false, {DPID_ROUNDING, DPID_RANGE, -1}, "D in float64 from the same values", 1, 0},
    {"D_opt", true, {DPID_OPTIMISER, -1, -1}, "D by another optimiser, such as D_opt:adam", 1, 0},
    {"D_3T", false, {DPID_BUDGET, -1, -1}, "D with three times the updates (each run costs three)", 1, 0},
    {"D_free", true, {DPID_REGULARISATION, -1, -1}, "D without its regularisation, such as D_free:decay", 1, 0},
    {"D_norm", true, {DPID_NORMALISATION, -1, -1}, "D with batches eight times as large, D_norm:batch8", 1, 0},
};
enum { ROWS = sizeof rows / sizeof *rows };

/* Seeds at which S and D were both run. */
static int64_t seeds_of(const deepid_evidence *e)
{
    const dpid_filed_arm *s = dpid_evidence_find(e, "S");
    const dpid_filed_arm *d = dpid_evidence_find(e, "D");
    const double *seed = deepid_table_column(e->runs, DPID_RUN_SEED);
    int64_t both = 0;
    for (int64_t i = 0; s && d && i < s->runs; i++)
        for (int64_t k = 0; k < d->runs; k++)
            both += seed[s->row[i]] == seed[d->row[k]];
    return both;
}

static bool is_tried(const deepid_evidence *e, int row)
{
    const size_t length = strlen(rows[row].arm);
    for (int64_t i = 0; i < e->arms; i++) {
        const dpid_filed_arm *arm = e->arm[i];
        const char *left_out = arm->text[DPID_ARM_LEFT_OUT];
        const bool is = strncmp(arm->word, rows[row].arm, length) == 0 &&
                        (arm->word[length] == 0 || (rows[row].set && arm->word[length] == ':'));
        if (is && (arm->runs > 0 || (left_out && strcmp(left_out, "possible") != 0)))
            return true;
    }
    return false;
}

static bool is_open(const deepid_verdict *v, int32_t hypothesis)
{
    return hypothesis >= 0 && v->finding[hypothesis].status == DPID_UNDECIDED;
}

static int open_of(const deepid_verdict *v, int row)
{
    int open = 0;
    for (int i = 0; i < 3; i++)
        open += is_open(v, rows[row].hypothesis[i]);
    return open;
}

/* -1: no arm that was not tried would settle anything. */
static int best_row(const deepid_evidence *e, const deepid_verdict *v)
{
    int best = -1;
    for (int i = 0; i < ROWS; i++)
        if (!is_tried(e, i) && open_of(v, i) > (best < 0 ? 0 : open_of(v, best)))
            best = i;
    return best;
}

static void say_row(const deepid_verdict *v, int row, int64_t seeds, dpid_string *s)
{
    const int open = open_of(v, row);
    int said = 0;
    dpid_string_format(s, "Next: %s, %s: %s runs at these %lld seeds. It would settle ", rows[row].arm, rows[row].what,
                       dpid_number(rows[row].runs * (double)seeds + rows[row].more).text, (long long)seeds);
    for (int i = 0; i < 3; i++)
        if (is_open(v, rows[row].hypothesis[i])) {
            dpid_string_add(s, said == 0 ? "" : said + 1 == open ? " and " : ", ");
            dpid_string_add(s, dpid_hypothesis_at(rows[row].hypothesis[i])->said);
            said++;
        }
    dpid_string_add(s, ".");
}

/* The most seeds that a finding which is open asks for, as long as a verdict takes them; 0: none does. */
static double seeds_asked(const deepid_verdict *v)
{
    enum { AFFORDABLE = 100 }; /* seeds that a verdict asks for */
    double most = 0;
    for (int32_t i = 0; i < v->findings; i++) {
        const double asked = deepid_verdict_number_named(v, i, "seeds_to_settle");
        if (v->finding[i].status == DPID_UNDECIDED && asked <= AFFORDABLE && asked > most)
            most = asked;
    }
    return most;
}

static void say_seeds(int64_t seeds, double wanted, dpid_string *s)
{
    const int64_t more = (int64_t)wanted - seeds;
    dpid_string_format(s, "Next: S and D at %lld more seeds, %lld runs: with %lld the harm is not decided.",
                       (long long)more, (long long)(2 * more), (long long)seeds);
}

static void advise(const deepid_evidence *e, const deepid_verdict *v, dpid_string *s)
{
    const int64_t seeds = seeds_of(e);
    const double least = (double)dpid_seeds_of_level(e->thresholds.level);
    const double asked = fmax(seeds_asked(v), least);
    const bool harm = v->harm[v->scale].state == DPID_HARM;
    const int row = harm ? best_row(e, v) : -1;
    if ((double)seeds < least || (v->harm[v->scale].state == DPID_HARM_UNSURE && asked > (double)seeds))
        say_seeds(seeds, asked, s);
    else if (row >= 0)
        say_row(v, row, seeds, s);
}

const char *deepid_evidence_advice(deepid_evidence *evidence, const deepid_verdict *verdict)
{
    if (!dpid_is(verdict, DPID_MAGIC_VERDICT) || dpid_enter(evidence, DPID_MAGIC_EVIDENCE) != DEEPID_OK)
        return "";
    dpid_string_release(&evidence->advice);
    evidence->advice = (dpid_string){.ctx = evidence->head.ctx};
    advise(evidence, verdict, &evidence->advice);
    dpid_leave(evidence->head.ctx, evidence->advice.status);
    return evidence->advice.status == DEEPID_OK && evidence->advice.text ? evidence->advice.text : "";
}
