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

static bool has_seed(const deepid_evidence *e, const dpid_filed_arm *arm, double seed)
{
    for (int64_t i = 0; arm && i < arm->runs; i++)
        if (deepid_table_get(e->runs, arm->row[i], DPID_RUN_SEED) == seed)
            return true;
    return false;
}

/* Seeds of an arm at which S and D were both run too; they are counted up to most. */
static int64_t seeds_of(const deepid_evidence *e, const dpid_filed_arm *arm, int64_t most)
{
    const dpid_filed_arm *s = dpid_evidence_find(e, "S");
    const dpid_filed_arm *d = dpid_evidence_find(e, "D");
    int64_t all = 0;
    for (int64_t i = 0; arm && i < arm->runs && all < most; i++) {
        const double seed = deepid_table_get(e->runs, arm->row[i], DPID_RUN_SEED);
        all += (arm == s || has_seed(e, s, seed)) && (arm == d || has_seed(e, d, seed));
    }
    return all;
}

/* ---- which arm ------------------------------------------------------------------------------------- */

typedef struct {
    bool tried;                  /* at seeds enough for an interval, or it cannot be */
    const dpid_filed_arm *begun; /* else the arm that is there at fewer seeds; NULL: none */
    int64_t seeds;               /* of that arm */
} progress;

static bool is_of_row(const char *word, int row)
{
    const size_t length = strlen(rows[row].arm);
    return strncmp(word, rows[row].arm, length) == 0 && (word[length] == 0 || (rows[row].set && word[length] == ':'));
}

static progress progress_of(const deepid_evidence *e, int row)
{
    const int64_t least = dpid_seeds_of_level(e->thresholds.level);
    progress out = {false, NULL, 0};
    for (int64_t i = 0; i < e->arms; i++) {
        const dpid_filed_arm *arm = e->arm[i];
        const char *left_out = arm->text[DPID_ARM_LEFT_OUT];
        if (!is_of_row(arm->word, row))
            continue;
        const int64_t seeds = seeds_of(e, arm, least);
        out.tried = out.tried || seeds >= least || (arm->runs == 0 && left_out && strcmp(left_out, "possible") != 0);
        if (arm->runs > 0 && (!out.begun || seeds > out.seeds)) {
            out.begun = arm;
            out.seeds = seeds;
        }
    }
    return out;
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

/* One that was begun first, then one that settles most. -1: no arm that was not tried would settle anything. */
static int best_row(const deepid_evidence *e, const deepid_verdict *v, progress *of)
{
    int best = -1;
    for (int i = 0; i < ROWS; i++) {
        const progress p = progress_of(e, i);
        const int rank = best < 0 ? 0 : of->begun ? ROWS : open_of(v, best);
        if (p.tried || open_of(v, i) == 0 || (p.begun ? ROWS : open_of(v, i)) <= rank)
            continue;
        best = i;
        *of = p;
    }
    return best;
}

/* ---- in words --------------------------------------------------------------------------------------- */

/* "1 seed", "3 more seeds" */
static void add_count(dpid_string *s, int64_t n, const char *thing)
{
    dpid_string_format(s, "%lld %s%s", (long long)n, thing, n == 1 ? "" : "s");
}

/* "Next: W0, the deep net built from ...: 8 runs at these 8 seeds." */
static void say_untried(int row, int64_t seeds, dpid_string *s)
{
    const int64_t runs = (int64_t)(rows[row].runs * (double)seeds + rows[row].more);
    dpid_string_format(s, "Next: %s, %s: ", rows[row].arm, rows[row].what);
    add_count(s, runs, "run");
    dpid_string_add(s, " at these ");
    add_count(s, seeds, "seed");
}

/* "Next: W0 at 6 more of the 7 seeds of S and D, 6 runs: it has 1 of them." */
static void say_begun(const progress *of, int64_t seeds, dpid_string *s)
{
    dpid_string_format(s, "Next: %s at %lld more of the %lld seeds that S and D have, ", of->begun->word,
                       (long long)(seeds - of->seeds), (long long)seeds);
    add_count(s, seeds - of->seeds, "run");
    dpid_string_format(s, ": it has %lld of them", (long long)of->seeds);
}

static void say_row(const deepid_verdict *v, int row, const progress *of, int64_t seeds, dpid_string *s)
{
    const int open = open_of(v, row);
    int said = 0;
    if (of->begun)
        say_begun(of, seeds, s);
    else
        say_untried(row, seeds, s);
    dpid_string_add(s, ". It would settle ");
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

static int64_t take(int64_t *more, int64_t there)
{
    const int64_t taken = *more < there ? *more : there;
    *more -= taken;
    return taken;
}

static int64_t runs_of(const deepid_evidence *e, const char *word)
{
    const dpid_filed_arm *arm = dpid_evidence_find(e, word);
    return arm ? arm->runs : 0;
}

/* Seeds that one of both has come first: there one run makes a pair. */
static void say_seeds(const deepid_evidence *e, int64_t seeds, double wanted, dpid_string *s)
{
    int64_t more = (int64_t)wanted - seeds;
    const int64_t shallow = take(&more, runs_of(e, "D") - seeds);
    const int64_t deep = take(&more, runs_of(e, "S") - seeds);
    const struct {
        int64_t seeds;
        const char *arms, *thing, *tail;
    } parts[] = {
        {shallow, "S", "seed", " that D has"}, {deep, "D", "seed", " that S has"}, {more, "S and D", "more seed", ""}};
    bool first = true;
    dpid_string_add(s, "Next: ");
    for (int i = 0; i < 3; i++) {
        if (parts[i].seeds == 0)
            continue;
        dpid_string_format(s, "%s%s at ", first ? "" : ", ", parts[i].arms);
        add_count(s, parts[i].seeds, parts[i].thing);
        dpid_string_add(s, parts[i].tail);
        first = false;
    }
    dpid_string_add(s, ", ");
    add_count(s, shallow + deep + 2 * more, "run");
    dpid_string_format(s, ": with %lld%s the harm is not decided.", (long long)seeds,
                       shallow + deep > 0 ? " that both have" : "");
}

static void advise(const deepid_evidence *e, const deepid_verdict *v, dpid_string *s)
{
    const int64_t seeds = seeds_of(e, dpid_evidence_find(e, "S"), INT64_MAX);
    const double least = (double)dpid_seeds_of_level(e->thresholds.level);
    const double asked = fmax(seeds_asked(v), least);
    const bool harm = v->harm[v->scale].state == DPID_HARM;
    progress of = {false, NULL, 0};
    const int row = harm ? best_row(e, v, &of) : -1;
    if ((double)seeds < least || (v->harm[v->scale].state == DPID_HARM_UNSURE && asked > (double)seeds))
        say_seeds(e, seeds, asked, s);
    else if (row >= 0)
        say_row(v, row, &of, seeds, s);
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
