/* Invented losses: every arm has a typical loss and a spread; histories fall to it; probes follow powers of the
   layer. */
#include "support/fake_study.h"

#include "support/support.h"

#include "verdict/verdict.h"

#include <math.h>

#define DOTS "\xe2\x80\xa6"

static const struct {
    const char *word, *block;
    int depth;
    double loss, spread; /* of the logarithm */
} kinds[FAKE_ARMS] = {
    {"S", "plain", 2, 0.0125, 0.4},
    {"D", "plain", 30, 0.54, 0.3},
    {"S_fine", "plain", 2, 0.010, 0.4},
    {"W0", "plain", 30, 0.0125, 0.4},
    {"WT", "plain", 30, 0.007, 0.4},
    {"D64", "plain", 30, 0.52, 0.3},
    {"D_start:looks_linear", "plain", 30, 0.024, 0.5},
    {"D_start:orthogonal", "plain", 30, 0.526, 0.3},
    {"D_opt:adam", "plain", 30, 0.495, 0.3},
    {"D_3T", "plain", 30, 0.425, 0.6},
    {"D_res", "identity", 30, 0.0085, 0.5},
    {"dial:0.25", "identity", 30, 0.2, 0.5},
    {"dial:0.5", "identity", 30, 0.012, 0.5},
    {"dial:0.75", "identity", 30, 0.009, 0.5},
    {"depth:plain:10", "plain", 10, 0.016, 0.5},
    {"depth:identity:2", "identity", 2, 0.013, 0.4},
    {"depth:identity:10", "identity", 10, 0.006, 0.5},
    {"D_start:delta_orthogonal", "plain", 30, 0, 0},
};

static double rolled(uint64_t seed)
{
    double value;
    random_array(seed, 1, -1, 1, &value);
    return value;
}

static bool has_arm(fake_kind kind, int i)
{
    return kinds[i].loss > 0 && (kind != FAKE_SPARSE || i < 2);
}

static double loss_of(fake_kind kind, int arm, int seed)
{
    const double loss = kinds[arm].loss * exp(kinds[arm].spread * rolled((uint64_t)(100 * arm + seed)));
    if (kind == FAKE_NASTY && (arm + seed) % 7 == 0)
        return seed % 2 ? (double)INFINITY : 1e300;
    return kind == FAKE_NASTY && (arm + seed) % 11 == 0 ? 0 : loss;
}

/* ---- tables ---------------------------------------------------------------------------------------- */

static deepid_table *keep(deepid_ctx *ctx, fake_study *f, const char *heading, const char *columns, int32_t *status)
{
    deepid_table *table = NULL;
    if (*status == DEEPID_OK)
        *status = deepid_table_create(ctx, heading, columns, &table);
    if (table)
        f->tables[f->tables_made++] = table;
    return table;
}

static int32_t fill_results(fake_kind kind, int seeds, deepid_table *table)
{
    int32_t status = DEEPID_OK;
    for (int arm = 0; arm < FAKE_ARMS; arm++)
        for (int seed = 0; seed < seeds && has_arm(kind, arm) && status == DEEPID_OK; seed++) {
            const double loss = loss_of(kind, arm, seed);
            const double valid =
                kind == FAKE_SPARSE ? (double)NAN : loss * (1.1 + 0.2 * rolled((uint64_t)(5000 + 100 * arm + seed)));
            const double row[] = {
                arm * seeds + seed, arm, kinds[arm].depth, seed + 1, 100, 400, 0.03, loss, 0.1, valid, 0.1, valid, 0,
                isinf(loss),        1};
            status = deepid_table_append(table, kinds[arm].word, row);
        }
    return status;
}

static int32_t fill_history(fake_kind kind, int seeds, deepid_table *table)
{
    enum { POINTS = 41 };
    int32_t status = DEEPID_OK;
    for (int arm = 0; arm < FAKE_ARMS; arm++)
        for (int seed = 0; seed < seeds && has_arm(kind, arm); seed++)
            for (int i = 0; i < POINTS && status == DEEPID_OK; i++) {
                const double end = loss_of(kind, arm, seed);
                const double at = i / (POINTS - 1.0);
                const double loss = isinf(end) && i > 20
                                        ? end
                                        : 0.7 * pow(fmax(fmin(end, 2), 1e-4) / 0.7, at) *
                                              exp(0.25 * rolled((uint64_t)(9000000 + 100000 * arm + 100 * seed + i)));
                const double row[] = {
                    arm * seeds + seed, arm, kinds[arm].depth, seed + 1, 2.5 * i, loss, 0.1, 1.1 * loss, 0.1, 0.03};
                status = deepid_table_append(table, kinds[arm].word, row);
            }
    return status;
}

static int32_t fill_probe(deepid_table *table, bool skip, const char *layer, int layers, double first, double factor)
{
    int32_t status = DEEPID_OK;
    for (int seed = 0; seed < 3; seed++)
        for (int i = 0; i < layers && status == DEEPID_OK; i++) {
            char name[64];
            double row[8] = {seed + 1};
            snprintf(name, sizeof name, "block%d.%s", i + 1, layer);
            for (int k = 1; k < 8; k++)
                row[k] = first * pow(skip ? sqrt(factor) : factor, i) *
                         exp(0.15 * rolled((uint64_t)(seed * 1000 + i * 10 + k + 77)));
            /* gradient_norm: factor, theory */
            row[4] = strcmp(layer, "dense") == 0 ? 1 / (skip ? sqrt(factor) : factor) : row[4];
            row[5] = strcmp(layer, "dense") == 0 ? 1.2112 : row[5];
            status = deepid_table_append(table, name, row);
        }
    return status;
}

static int32_t fill_cka(deepid_table *table, bool skip)
{
    enum { SIDE = 31 };
    int32_t status = DEEPID_OK;
    for (int seed = 0; seed < 3; seed++)
        for (int i = 0; i < SIDE; i++)
            for (int j = 0; j < SIDE && status == DEEPID_OK; j++) {
                const double row[] = {seed + 1, i, j, exp(-(skip ? 0.003 : 0.02) * (i - j) * (i - j)), 0};
                status = deepid_table_append(table, "pair", row);
            }
    return status;
}

static int32_t make_probes(deepid_ctx *ctx, fake_study *f)
{
    static const struct {
        const char *word, *columns, *layer;
        double first, factor;
    } probes[] = {{"gradient_norm", "seed,activation,parameters,weight_scaled,factor,theory", "dense", 12, 1 / 1.21},
                  {"gradient_accuracy", "seed,relative,cosine,ulp_median", "dense", 1.4e-4, 0.94},
                  {"response", "seed,std,channel_std", "dense", 0.7, 1.01},
                  {"learned_identity", "seed,relative_change,affine_r2,input_rank", "block", 0.9, 0.99},
                  {"lesion", "seed,loss_change,error_change,loss,error", "block", 0.2, 0.9},
                  {"linear_probe",
                   "seed,accuracy,train_accuracy,control_accuracy,control_train_accuracy,chance,lambda,features",
                   "block", 0.8, 0.985},
                  {"cka", "seed,i,j,cka,cka_unbiased", NULL, 0, 0}};
    int32_t status = DEEPID_OK;
    for (int k = 0; k < FAKE_PROBES; k++) {
        const bool skip = k % 2 == 1;
        deepid_table *table = keep(ctx, f, "layer", probes[k / 2].columns, &status);
        if (status == DEEPID_OK)
            status = probes[k / 2].layer
                         ? fill_probe(table, skip, probes[k / 2].layer, 30, probes[k / 2].first, probes[k / 2].factor)
                         : fill_cka(table, skip);
        f->probe[k] = (dpid_page_probe){skip ? "D_res" : "D", probes[k / 2].word, table};
    }
    f->material.probes = status == DEEPID_OK ? FAKE_PROBES : 0;
    return status;
}

/* ---- a verdict -------------------------------------------------------------------------------------------- */

static int32_t set_finding(deepid_verdict *v, int32_t hypothesis, dpid_verdict_status status, const char *rule,
                           double effect, double low, double high, const char *sentence, const char *settle)
{
    dpid_finding *f = &v->finding[hypothesis];
    f->status = status;
    f->rule = rule;
    f->effect = (dpid_estimate){effect, low, high};
    f->share = (dpid_estimate){(double)NAN, (double)NAN, (double)NAN};
    const int32_t made = dpid_arena_text(&v->arena, sentence, (int64_t)strlen(sentence), &f->sentence);
    return made == DEEPID_OK && settle ? dpid_arena_text(&v->arena, settle, (int64_t)strlen(settle), &f->to_settle)
                                       : made;
}

/* What the arm that decided repairs of the gap. */
static int32_t set_share(deepid_verdict *v, int32_t hypothesis, const char *arm, double share, double low, double high)
{
    v->finding[hypothesis].share = (dpid_estimate){share, low, high};
    return dpid_arena_text(&v->arena, arm, (int64_t)strlen(arm), &v->finding[hypothesis].arm);
}

static int32_t set_remedy(deepid_verdict *v, const char *arm, double share, double low, double high)
{
    dpid_remedy *r = &v->remedy[v->remedies++];
    r->share = (dpid_estimate){share, low, high};
    r->valid_share = (dpid_estimate){(double)NAN, (double)NAN, (double)NAN};
    return dpid_arena_text(&v->arena, arm, (int64_t)strlen(arm), &r->arm);
}

static int32_t set_shares(deepid_verdict *v)
{
    dpid_finding *start = &v->finding[DPID_CONDITIONING];
    start->number[start->numbers++] = (dpid_named_number){"share:orthogonal", -0.01};
    start->number[start->numbers++] = (dpid_named_number){"share:orthogonal_low", -0.2};
    start->number[start->numbers++] = (dpid_named_number){"share:orthogonal_high", 0.15};
    DPID_TRY(set_share(v, DPID_CONDITIONING, "D_start:looks_linear", 0.96, 0.94, 0.98));
    DPID_TRY(set_share(v, DPID_OPTIMISER, "D_opt:adam", 0.11, -0.06, 0.26));
    DPID_TRY(set_share(v, DPID_BUDGET, "D_3T", 0.22, 0.08, 0.43));
    DPID_TRY(set_remedy(v, "dial:0.25", 0.62, 0.4, 0.7));
    return set_remedy(v, "skip", 1, 0.98, 1.01);
}

static int32_t make_verdict(deepid_ctx *ctx, fake_kind kind, deepid_verdict **out)
{
    static const char answer[] = "The solver does not find it, and the start is why. A net of depth 30 with training "
                                 "loss 0.0125 exists; training from scratch ends at 0.54, above it in 10 of 10 seeds. "
                                 "A looks-linear start repairs 96 %, an identity skip 100 %.";
    const double none = (double)NAN;
    const double far = (double)INFINITY;
    deepid_verdict *v = NULL;
    DPID_TRY(dpid_verdict_make(ctx, &v));
    *out = v;
    DPID_TRY(dpid_arena_text(&v->arena, answer, sizeof answer - 1, &v->answer));
    for (int32_t h = 0; h < v->findings; h++)
        DPID_TRY(set_finding(v, h, DPID_NOT_APPLICABLE, "none", none, none, none, "Does not apply.", NULL));
    DPID_TRY(set_finding(
        v, DPID_SOLVER, DPID_CONFIRMED, "solver.gap", 0.53, 0.51, 0.58,
        "Loss from scratch minus the best loss known to exist in the same net: 0.53, in 10 of 10 seeds above 0.",
        NULL));
    DPID_TRY(set_finding(v, DPID_CONDITIONING, DPID_CONFIRMED, "conditioning.share", 0.51, 0.47, 0.55,
                         "A looks-linear start repairs 96 % of the harm, an orthogonal one \xe2\x88\x92"
                         "1 %.",
                         NULL));
    DPID_TRY(
        set_finding(v, DPID_OPTIMISER, DPID_REFUTED, "optimiser.share", 0.06, -0.03, 0.14, "Adam repairs 11 %.", NULL));
    DPID_TRY(set_finding(v, DPID_BUDGET, DPID_CONTRIBUTES, "budget.effect", 0.11, 0.04, 0.23,
                         "Three times the steps repair 22 %.", NULL));
    DPID_TRY(set_finding(v, DPID_RATE, DPID_REFUTED, "rate.recipe", none, none, none,
                         "Of 5 rates tried none was better than the recipe's.", NULL));
    DPID_TRY(set_finding(v, DPID_OBJECTIVE, DPID_NOT_APPLICABLE, "objective.none", none, none, none, "No weight decay.",
                         NULL));
    DPID_TRY(set_finding(v, DPID_REPRESENTATION, DPID_REFUTED, "representation.witness", 0, 0, 0,
                         "Weights written out: largest logit difference 1\xc3\x97"
                         "10\xe2\x81\xbb\xe2\x81\xb5.",
                         NULL));
    DPID_TRY(set_finding(v, DPID_ROUNDING, DPID_REFUTED, "rounding.share", -0.013, -0.108, 0.033,
                         "The same training in float64 repairs 1 %.", NULL));
    DPID_TRY(set_finding(v, DPID_RANGE, DPID_UNDECIDED, "range.counts", 0.02, -far, far,
                         kind == FAKE_NASTY ? "<b>counted</b> & \"not\" compared" : "Two seeds do not tell.",
                         "4 seeds more"));
    DPID_TRY(set_finding(v, DPID_OVERFITTING, DPID_REFUTED, "overfitting.gap", 0.01, -0.005, 0.021,
                         "Training itself is worse; validation loss exceeds it by only this much.", NULL));
    DPID_TRY(set_shares(v));
    return set_finding(v, DPID_BUG, DPID_REFUTED, "bug.check", 3e-9, none, none,
                       "Backward and forward agree to 3\xc3\x97"
                       "10\xe2\x81\xbb\xe2\x81\xb9.",
                       NULL);
}

/* ---- together --------------------------------------------------------------------------------------------------- */

static int32_t make(deepid_ctx *ctx, fake_kind kind, fake_study *f)
{
    const int seeds = kind == FAKE_SPARSE ? 1 : 10;
    int32_t status = DEEPID_OK;
    for (int i = 0; i < FAKE_ARMS; i++)
        f->arm[i] = (dpid_page_arm){kinds[i].word, kind == FAKE_NASTY ? "<script>alert(1)</script>" : kinds[i].block,
                                    has_arm(kind, i) ? NULL : "it is for convolutions", kinds[i].depth,
                                    strcmp(kinds[i].word, "WT") == 0 ? 0.003 : 0.03};
    deepid_table *results = keep(ctx, f, "arm",
                                 "task,arm,depth,seed,epochs,updates,rate,train_loss,train_error,valid_loss,valid_"
                                 "error,best_valid_loss,penalty,diverged,seconds",
                                 &status);
    if (status == DEEPID_OK)
        status = fill_results(kind, seeds, results);
    deepid_table *history =
        kind == FAKE_SPARSE
            ? NULL
            : keep(ctx, f, "arm", "task,arm,depth,seed,epoch,train_loss,train_error,valid_loss,valid_error,lr",
                   &status);
    if (status == DEEPID_OK && history)
        status = fill_history(kind, seeds, history);
    f->material = (dpid_material){
        "Why do the added layers hurt?",
        "spirals, 256 samples \xc2\xb7 dense, batch-norm, ReLU, width 16 \xc2\xb7 depth 2 against 30 \xc2\xb7 10 seeds "
        "\xc2\xb7 SGD, 400 steps",
        "depth_study --data spirals --depths 2,10,30 --blocks plain,identity --seeds 10 --steps 400",
        "deepid 0.1.0 on a machine with 2 cores",
        "results.csv, history.csv, tuning.csv, study.json, verdict.json",
        "input 2; dense out=16; batchnorm; relu; 30 * plain { dense out=16; batchnorm; relu }; dense out=2",
        0.693147,
        (double)NAN,
        results,
        history,
        f->arm,
        FAKE_ARMS,
        f->probe,
        0,
        NULL,
        NULL,
        "300 rows of 3 columns; label y: no = 0, yes = 1",
        "The budget of 60 s bought 17 of 18 arms and 10 of 10 seeds.",
        NULL};
    if (kind != FAKE_SPARSE && status == DEEPID_OK)
        status = make_probes(ctx, f);
    if (kind != FAKE_SPARSE && status == DEEPID_OK)
        status = make_verdict(ctx, kind, &f->verdict);
    f->material.verdict = f->verdict;
    return status;
}

int32_t fake_study_make(deepid_ctx *ctx, fake_kind kind, fake_study *out)
{
    *out = (fake_study){0};
    return make(ctx, kind, out);
}

void fake_study_free(fake_study *f)
{
    deepid_verdict_destroy(f->verdict);
    while (f->tables_made > 0)
        deepid_table_destroy(f->tables[--f->tables_made]);
}
