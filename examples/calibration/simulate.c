/* Simulated studies, whose truth is known by construction, judged by the library's own rules.
     shallow  S  = min(.045 exp(.5 u), L),  L = ln 2
     deep     D  by a shape: tame  L sigmoid(mu + .7 z), the spread of trained batch-norm nets (docs/calibration.md)
                             near  the same, nearer to S: a harm that is hardly larger than the margin
                             wild  the same, but three in ten runs stay at L, and one in twenty diverges
                             none  as S: depth does no harm;  wide: D and S both tame: no harm, much noise
     arms     a run of the deep net again, D*, with a correlation of .1 to D at the same seed; where the arm repairs the
              share g of the gap to S: (1 - g) D* + g S
     WT       another run of S. Shares are of the gap to min(S, WT), seed by seed, on the scale on which harm was found:
              what they are in truth is found from many draws */
#include "calibration.h"
#include "common/flags.h"

#include "base/random.h"
#include "verdict/verdict.h"

#include <deepid/statistics.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SEEDS_MOST = 40, ARMS_MOST = 24, TUNING_SEEDS = 3, RESAMPLES = 999 };
#define LOSS_MOST 0.69314718055994531

typedef enum { TAME, NEAR, WILD, NONE, WIDE } shape;
static const char *const shape_words[] = {"tame", "near", "wild", "none", "wide"};

/* ---- losses -------------------------------------------------------------------------------------------------- */

/* What runs of one seed share. */
typedef struct {
    double shallow, deep;
} luck;

static double shallow_loss(double u)
{
    return fmin(0.045 * exp(0.5 * u), LOSS_MOST);
}

/* z: standard normal; heap: uniform */
static double deep_loss(shape s, double z, double heap)
{
    const double mu = s == NEAR ? -1.9 : -0.88;
    if (s == NONE)
        return shallow_loss(z);
    if (s == WILD && heap < 0.35)
        return heap < 0.05 ? (double)INFINITY : LOSS_MOST;
    return LOSS_MOST / (1 + exp(-mu - 0.7 * z));
}

#define ERROR_MOST 0.5
static double error_of(double loss)
{
    return ERROR_MOST * fmin(loss, LOSS_MOST) / LOSS_MOST;
}

static luck draw_luck(dpid_random *r)
{
    const double same = 0.12;
    const double u = dpid_random_normal(r);
    return (luck){u, same * u + sqrt(1 - same * same) * dpid_random_normal(r)};
}

/* Another run at this seed. */
static double run_again(dpid_random *r, shape s, double z)
{
    const double same = 0.1;
    return deep_loss(s, same * z + sqrt(1 - same * same) * dpid_random_normal(r), dpid_random_uniform(r));
}

/* That run with the share g repaired. */
static double repaired(double again, double g, double shallow)
{
    return g == 0 ? again : (1 - g) * fmin(again, LOSS_MOST) + g * shallow;
}

/* ---- evidence ------------------------------------------------------------------------------------------------ */

typedef struct {
    dpid_arm_evidence arm[ARMS_MOST];
    double train_loss[ARMS_MOST][SEEDS_MOST], train_error[ARMS_MOST][SEEDS_MOST];
    double valid_loss[ARMS_MOST][SEEDS_MOST], valid_error[ARMS_MOST][SEEDS_MOST];
    uint8_t diverged[ARMS_MOST][SEEDS_MOST];
    double difference[SEEDS_MOST];
    uint8_t equal[SEEDS_MOST];
    luck seed[SEEDS_MOST];
    dpid_evidence e;
} drawn;

/* Every net validates worse than it trains, by the same law: no arm overfits more than another. */
static void fill_seed(dpid_random *r, drawn *d, int64_t a, int64_t s, double loss)
{
    const double finite = fmin(loss, LOSS_MOST);
    d->train_loss[a][s] = loss;
    d->diverged[a][s] = !isfinite(loss);
    d->train_error[a][s] = error_of(loss);
    d->valid_loss[a][s] = finite + 0.1 * exp(0.3 * dpid_random_normal(r));
    d->valid_error[a][s] = fmin(d->train_error[a][s] + 0.03 * exp(0.3 * dpid_random_normal(r)), ERROR_MOST);
}

static dpid_arm_evidence *add_arm(drawn *d, const char *word)
{
    const int64_t a = d->e.arms++;
    d->arm[a] = dpid_arm_evidence_none(word);
    d->arm[a].train_loss = d->train_loss[a];
    d->arm[a].train_error = d->train_error[a];
    d->arm[a].valid_loss = d->valid_loss[a];
    d->arm[a].valid_error = d->valid_error[a];
    d->arm[a].best_valid_loss = d->valid_loss[a];
    d->arm[a].diverged = d->diverged[a];
    d->arm[a].learning_rate = d->e.recipe_rate;
    d->arm[a].updates = (double)d->e.updates;
    return &d->arm[a];
}

/* S, D, and W0, which has the losses of S. */
static void draw_base(dpid_random *r, drawn *d, shape s, int64_t seeds)
{
    d->e = dpid_evidence_none(seeds, LOSS_MOST);
    d->e.arm = d->arm;
    d->e.recipe_rate = 0.03;
    d->e.updates = 400;
    d->e.batch = 64;
    d->e.gradient_check = DPID_PASSED;
    d->e.gradient_check_error = 1e-9;
    d->e.counted = d->e.compared = true;
    d->e.zeros = d->e.subnormals = d->e.infinities = d->e.mask_flips = 0;
    d->e.min_cosine = 1;
    d->e.max_relative_error = 1e-6;
    d->e.identity_status = DEEPID_IDENTITY_E_BIT;
    d->e.witness_difference = d->difference;
    d->e.witness_equal = d->equal;
    for (int a = 0; a < 3; a++)
        add_arm(d, ((const char *const[]){"S", "D", "W0"})[a]);
    for (int64_t i = 0; i < seeds; i++) {
        d->seed[i] = draw_luck(r);
        const double u = d->seed[i].shallow;
        fill_seed(r, d, 0, i, s == WIDE ? deep_loss(s, u, 1) : shallow_loss(u));
        fill_seed(r, d, 1, i, deep_loss(s, d->seed[i].deep, dpid_random_uniform(r)));
        fill_seed(r, d, 2, i, d->train_loss[0][i]);
        d->valid_loss[2][i] = d->valid_loss[0][i];
        d->valid_error[2][i] = d->valid_error[0][i];
        d->difference[i] = 0;
        d->equal[i] = 1;
    }
}

/* An arm that repairs the share g; it was tuned at seeds of its own. */
static void draw_arm(dpid_random *r, drawn *d, shape s, const char *word, double g)
{
    const int64_t a = d->e.arms;
    dpid_arm_evidence *arm = add_arm(d, word);
    for (int64_t i = 0; i < d->e.seeds; i++) {
        fill_seed(r, d, a, i, repaired(run_again(r, s, d->seed[i].deep), g, d->train_loss[0][i]));
    }
    arm->tuning_loss = 0;
    arm->rates_tried = 3;
    arm->rates_diverged = 0;
    arm->lowest_rate = 0.01;
    arm->highest_rate = 0.1;
    for (int i = 0; i < TUNING_SEEDS; i++)
        arm->tuning_loss += ((1 - g) * fmin(run_again(r, s, dpid_random_normal(r)), LOSS_MOST) +
                             g * shallow_loss(dpid_random_normal(r))) /
                            TUNING_SEEDS;
}

/* An arm that trains as well as S: the solution trained on, and S's control. */
static void draw_good(dpid_random *r, drawn *d, shape s, const char *word)
{
    const int64_t a = d->e.arms;
    add_arm(d, word)->updates = 2 * (double)d->e.updates;
    for (int64_t i = 0; i < d->e.seeds; i++)
        fill_seed(r, d, a, i, s == WIDE ? deep_loss(s, dpid_random_normal(r), 1) : shallow_loss(dpid_random_normal(r)));
}

/* ---- judging ------------------------------------------------------------------------------------------------- */

static bool judge(deepid_ctx *ctx, const drawn *d, deepid_verdict **out)
{
    dpid_thresholds thresholds = dpid_thresholds_default();
    thresholds.resamples = RESAMPLES; /* of means; shares need none */
    if (dpid_verdict_judge(ctx, &d->e, &thresholds, out) == DEEPID_OK)
        return true;
    wrong("%s", deepid_ctx_error(ctx));
    return false;
}

static bool is_cause(const char *status)
{
    return strcmp(status, "confirmed") == 0 || strcmp(status, "contributes") == 0;
}

typedef struct {
    double share, low, high;
} part;

/* k of n, with Clopper and Pearson's interval. */
static part part_of(deepid_ctx *ctx, int64_t k, int64_t n)
{
    part p = {n ? (double)k / (double)n : (double)NAN, 0, 1};
    if (n)
        (void)deepid_statistics_clopper_pearson(ctx, k, n, 0.95, &p.low, &p.high);
    return p;
}

/* ---- no cause: how often one is named ------------------------------------------------------------------------ */

static const char *const null_arms[] = {"D64",
                                        "D_start:looks_linear",
                                        "D_start:orthogonal",
                                        "D_start:glorot",
                                        "D_start:lsuv",
                                        "D_opt:adam",
                                        "D_opt:rmsprop",
                                        "D_2T",
                                        "D_3T",
                                        "D_res",
                                        "dial:0.5"};
enum { NULL_ARMS = sizeof null_arms / sizeof *null_arms };

/* Where there is harm, W0 is better than D by construction: the solver is a true cause, and no false alarm. */
static bool named_falsely(const deepid_verdict *v, shape s, int64_t *by)
{
    bool any = false;
    for (int64_t i = 0; i < deepid_verdict_count(v); i++) {
        const bool solver = strcmp(deepid_verdict_hypothesis(v, i), "solver") == 0;
        const bool named = is_cause(deepid_verdict_status(v, i)) && (!solver || s == NONE || s == WIDE);
        by[i] += named;
        any |= named;
    }
    return any;
}

static bool null_row(deepid_ctx *ctx, int64_t studies, shape s, int64_t seeds, bool *broken)
{
    enum { HYPOTHESES_MOST = 64 };
    static drawn d;
    int64_t by[HYPOTHESES_MOST] = {0};
    int64_t alarms = 0;
    dpid_random r = dpid_random_make((uint64_t)(1000 * seeds + s), DPID_STREAM_DATA, dpid_hash32("null", 4));
    for (int64_t k = 0; k < studies; k++) {
        deepid_verdict *v;
        draw_base(&r, &d, s, seeds);
        for (int i = 0; i < NULL_ARMS; i++)
            draw_arm(&r, &d, s, null_arms[i], 0);
        draw_good(&r, &d, s, "WT");
        draw_good(&r, &d, s, "S_fine");
        if (!judge(ctx, &d, &v))
            return false;
        alarms += named_falsely(v, s, by);
        deepid_verdict_destroy(v);
    }
    const part p = part_of(ctx, alarms, studies);
    printf("%-5s  %5lld  %5.1f %% [%.1f, %.1f] ", shape_words[s], (long long)seeds, 100 * p.share, 100 * p.low,
           100 * p.high);
    for (int64_t i = 0; i < HYPOTHESES_MOST && deepid_hypothesis_word(i); i++)
        if (by[i])
            printf(" %s %.1f", deepid_hypothesis_word(i), 100 * (double)by[i] / (double)studies);
    printf("\n");
    fflush(stdout);
    *broken |= p.low > 0.05;
    return true;
}

int simulate_null(int64_t studies)
{
    static const int64_t seeds[] = {6, 10, 14};
    deepid_ctx *ctx = NULL;
    bool broken = false;
    bool good = deepid_ctx_create(&ctx) == DEEPID_OK;
    printf("Nothing that the arms change repairs anything: %lld studies a row, each with %d arms that are runs of the "
           "deep net again.\nshape  seeds  studies that name a cause; by hypothesis, %%\n",
           (long long)studies, (int)NULL_ARMS);
    for (int s = TAME; good && s <= WIDE; s++)
        for (int n = 0; good && n < 3; n++)
            good = null_row(ctx, studies, (shape)s, seeds[n], &broken);
    if (good)
        printf("%s\n", broken ? "a row is surely above 5 %" : "no row is surely above 5 %");
    deepid_ctx_destroy(ctx);
    return !good || broken;
}

/* ---- a known share: how often its interval holds it ----------------------------------------------------------- */

static const char *const status_words[] = {"refuted", "minor", "undecided", "contributes", "confirmed"};
enum { STATUSES = sizeof status_words / sizeof *status_words };
#define SHARE 0.28

/* A loss as the judge counts it where it takes a mean on a scale. */
static double on_scale(int scale, double loss)
{
    const double floor = dpid_thresholds_default().ratio_floor * LOSS_MOST;
    if (scale == DPID_BY_ERROR)
        return isfinite(loss) ? error_of(loss) : 1;
    return scale == DPID_BY_LOSS ? fmin(loss, LOSS_MOST) : log(fmax(fmin(loss, LOSS_MOST), floor));
}

/* What a share of the gap to min(S, WT) is in truth, on each training scale. */
static void find_truth(shape s, double truth[DPID_TRAINING_SCALES])
{
    enum { DRAWS = 200000 };
    double from[DPID_TRAINING_SCALES] = {0};
    double by[DPID_TRAINING_SCALES] = {0};
    double to[DPID_TRAINING_SCALES] = {0};
    dpid_random r = dpid_random_make((uint64_t)s, DPID_STREAM_DATA, dpid_hash32("truth", 5));
    for (int k = 0; k < DRAWS; k++) {
        const luck one = draw_luck(&r);
        const double shallow = shallow_loss(one.shallow);
        const double deep = deep_loss(s, one.deep, dpid_random_uniform(&r));
        const double arm = repaired(run_again(&r, s, one.deep), SHARE, shallow);
        const double reference = fmin(shallow, shallow_loss(dpid_random_normal(&r)));
        for (int scale = 0; scale < (int)DPID_TRAINING_SCALES; scale++) {
            from[scale] += on_scale(scale, deep);
            by[scale] += on_scale(scale, arm);
            to[scale] += on_scale(scale, reference);
        }
    }
    for (int scale = 0; scale < (int)DPID_TRAINING_SCALES; scale++)
        truth[scale] = (from[scale] - by[scale]) / (from[scale] - to[scale]);
}

typedef struct {
    int64_t shown, inside, below, above, status[STATUSES], any;
    double sum;
} tally;

static void count_finding(const deepid_verdict *v, const char *hypothesis, const double *truth, tally *t)
{
    const int64_t i = deepid_verdict_find(v, hypothesis);
    const double low = deepid_verdict_share_low(v, i);
    const double high = deepid_verdict_share_high(v, i);
    const double share = truth[v->scale];
    t->any++;
    for (int k = 0; k < STATUSES; k++)
        t->status[k] += strcmp(deepid_verdict_status(v, i), status_words[k]) == 0;
    if (isnan(deepid_verdict_share(v, i)))
        return;
    t->shown++;
    t->sum += deepid_verdict_share(v, i);
    t->below += high < share;
    t->above += low > share;
    t->inside += low <= share && share <= high;
}

/* Of an interval that says 95 %, .94 to .96 is asked. */
#define LEVEL_LEAST 0.94

static void print_tally(deepid_ctx *ctx, const tally *t, shape s, int64_t seeds, bool best, bool *broken)
{
    const part p = part_of(ctx, t->inside, t->shown);
    printf("%-5s  %5lld  %-8s %.3f [%.3f, %.3f]  %.3f  %.3f  %.3f  ", shape_words[s], (long long)seeds,
           best ? "best of 4" : "one", p.share, p.low, p.high, (double)t->below / (double)t->shown,
           (double)t->above / (double)t->shown, t->sum / (double)t->shown);
    for (int k = 0; k < STATUSES; k++)
        printf(" %11.1f", 100 * (double)t->status[k] / (double)t->any);
    printf("  %8.1f\n", 100 * (double)(t->any - t->shown) / (double)t->any);
    fflush(stdout);
    *broken |= p.high < LEVEL_LEAST;
}

/* All rows together: what the interval's level is. */
static void print_level(deepid_ctx *ctx, const tally *t, const char *which, bool *broken)
{
    const part p = part_of(ctx, t->inside, t->shown);
    printf("%s: held in %lld of %lld, %.3f [%.3f, %.3f]\n", which, (long long)t->inside, (long long)t->shown, p.share,
           p.low, p.high);
    *broken |= p.high < LEVEL_LEAST;
}

static void add_tally(tally *to, const tally *t)
{
    to->inside += t->inside;
    to->shown += t->shown;
}

/* One arm that repairs the share, and four of which the best is told. */
static bool coverage_row(deepid_ctx *ctx, int64_t studies, shape s, int64_t seeds, const double *truth, tally all[2],
                         bool *broken)
{
    static drawn d;
    static const char *const starts[] = {"D_start:looks_linear", "D_start:orthogonal", "D_start:glorot",
                                         "D_start:lsuv"};
    tally told[2] = {{0}, {0}};
    dpid_random r = dpid_random_make((uint64_t)(1000 * seeds + s), DPID_STREAM_DATA, dpid_hash32("coverage", 8));
    for (int64_t k = 0; k < studies; k++) {
        deepid_verdict *v;
        draw_base(&r, &d, s, seeds);
        draw_good(&r, &d, s, "WT");
        draw_arm(&r, &d, s, "D_3T", SHARE);
        for (int i = 0; i < 4; i++)
            draw_arm(&r, &d, s, starts[i], SHARE);
        if (!judge(ctx, &d, &v))
            return false;
        count_finding(v, "budget", truth, &told[0]);
        count_finding(v, "conditioning", truth, &told[1]);
        deepid_verdict_destroy(v);
    }
    for (int i = 0; i < 2; i++) {
        print_tally(ctx, &told[i], s, seeds, i == 1, broken);
        add_tally(&all[i], &told[i]);
    }
    return true;
}

/* The rows of one shape. */
static bool coverage_of(deepid_ctx *ctx, int64_t studies, shape s, tally all[2], bool *broken)
{
    static const int64_t seeds[] = {8, 10, 20, 40};
    double truth[DPID_TRAINING_SCALES];
    bool good = true;
    find_truth(s, truth);
    printf("%-5s  in truth %.3f by the loss, %.3f by its logarithm, %.3f by the error\n", shape_words[s],
           truth[DPID_BY_LOSS], truth[DPID_BY_RATIO], truth[DPID_BY_ERROR]);
    for (int n = 0; good && n < 4; n++)
        good = coverage_row(ctx, studies, s, seeds[n], truth, all, broken);
    return good;
}

int simulate_coverage(int64_t studies)
{
    deepid_ctx *ctx = NULL;
    tally all[2] = {{0}, {0}};
    bool broken = false;
    bool good = deepid_ctx_create(&ctx) == DEEPID_OK;
    printf("An arm that repairs %.2f of the gap to S; shares are of the gap to min(S, WT): %lld studies a row.\n"
           "shape  seeds  arms     interval holds it     below  above  mean  ",
           SHARE, (long long)studies);
    for (int k = 0; k < STATUSES; k++)
        printf(" %11s", status_words[k]);
    printf("  no share\n");
    good = good && coverage_of(ctx, studies, TAME, all, &broken) && coverage_of(ctx, studies, WILD, all, &broken);
    if (good) {
        print_level(ctx, &all[0], "one arm, all rows", &broken);
        print_level(ctx, &all[1], "best of 4, all rows", &broken);
        printf("%s less than %.0f %%\n", broken ? "surely held in" : "no row is surely held in", 100 * LEVEL_LEAST);
    }
    deepid_ctx_destroy(ctx);
    return !good || broken;
}
