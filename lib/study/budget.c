/* A budget of seconds: a few steps of S and D are timed, every arm is priced, and the most telling evidence is
   bought first; what is left out has its reason. The choice is made once and kept in OUT/plan.json, so that clocks
   decide nothing when the study goes on. */
#include "study/study.h"

#include "base/numbers.h"
#include "train/trainer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Of one step and one look over all data, and what a net that costs as much as another takes. */
typedef struct {
    double step, look;
} pace;

typedef struct {
    deepid_study *study;
    pace shallow, deep;
    int64_t seeds;
    bool *in; /* of each arm */
    bool tuning, probes;
} purchase;

enum { USEFUL_SEEDS = 6, FEWEST_SEEDS = 2 }; /* below 6 an exact test cannot reach 0.05 */

/* ---- timing ------------------------------------------------------------------------------------ */

/* The first step takes memory and is not counted. */
static int32_t time_steps(const deepid_study *study, deepid_trainer *trainer, pace *out)
{
    enum { STEPS = 12 };
    const double enough = 1; /* seconds */
    int steps = 0;
    DPID_TRY(deepid_trainer_set_nonfinite(trainer, "record"));
    DPID_TRY(deepid_trainer_set_batch(trainer, dpid_study_int(study, DPID_NUMBER_BATCH)));
    DPID_TRY(deepid_trainer_step(trainer));
    const double begin = dpid_seconds_now();
    do {
        DPID_TRY(deepid_trainer_step(trainer));
        steps++;
    } while (steps < STEPS && dpid_seconds_now() - begin < enough);
    out->step = (dpid_seconds_now() - begin) / steps;
    return DEEPID_OK;
}

static int32_t time_look(const deepid_study *study, deepid_net *net, const deepid_dataset *train, pace *out)
{
    const double begin = dpid_seconds_now();
    DPID_TRY(deepid_net_evaluate(net, train, NULL, NULL, NULL));
    const double samples = (double)study->train->count + (study->valid ? (double)study->valid->count : 0);
    out->look = (dpid_seconds_now() - begin) * samples / (double)study->train->count;
    return DEEPID_OK;
}

static int32_t time_in(deepid_ctx *ctx, const deepid_study *study, const char *text, pace *out)
{
    deepid_dataset *train = NULL;
    deepid_net *net = NULL;
    deepid_trainer *trainer = NULL;
    DPID_TRY(deepid_ctx_set_threads(ctx, 1));
    int32_t status = dpid_dataset_view(ctx, study->train, &train);
    if (status == DEEPID_OK)
        status = deepid_net_create(ctx, text, (int32_t)study->number[DPID_NUMBER_DTYPE], &net);
    if (status == DEEPID_OK)
        status = deepid_net_init(net, study->text[DPID_TEXT_INIT], 1);
    if (status == DEEPID_OK)
        status = deepid_trainer_create(net, train, &trainer);
    if (status == DEEPID_OK)
        status = time_steps(study, trainer, out);
    if (status == DEEPID_OK)
        status = time_look(study, net, train, out);
    deepid_trainer_destroy(trainer);
    deepid_net_destroy(net);
    deepid_dataset_destroy(train);
    return status;
}

static int32_t time_net(deepid_study *study, const char *text, pace *out)
{
    deepid_ctx *ctx = NULL;
    if (dpid_ctx_create_for(study->head.ctx, &ctx) != DEEPID_OK)
        return dpid_fail(study->head.ctx, DEEPID_ERR_MEMORY, "study: no memory for a context");
    int32_t status = time_in(ctx, study, text, out);
    if (status != DEEPID_OK)
        status = dpid_fail(study->head.ctx, status, "%s", deepid_ctx_error(ctx));
    deepid_ctx_destroy(ctx);
    return status;
}

/* ---- prices: seconds of one core ------------------------------------------------------------------ */

static pace pace_of(const purchase *p, const dpid_study_arm *arm)
{
    const bool shallow = arm->row->net == DPID_ARM_SHALLOW;
    const pace known = shallow ? p->shallow : p->deep;
    const dpid_study_arm *like = &p->study->arm[dpid_arm_find(p->study, shallow ? "S" : "D")];
    return (pace){known.step * arm->step_cost / like->step_cost, known.look * arm->look_cost / like->look_cost};
}

/* An L-BFGS step looks at all samples, and a little more than once. */
static double training_seconds(const purchase *p, const dpid_study_arm *arm, int64_t looks)
{
    const double trials = 1.3;
    const pace a = pace_of(p, arm);
    const double step =
        dpid_steps_alone(arm->optimizer) ? a.step * trials * (double)dpid_study_steps_per_epoch(p->study) : a.step;
    return (double)arm->steps * step + (double)looks * a.look;
}

static double arm_seconds(const purchase *p, int32_t i)
{
    enum { TUNING_LOOKS = 2 };
    const dpid_study_arm *arm = &p->study->arm[i];
    double seconds = (double)p->seeds * training_seconds(p, arm, dpid_study_int(p->study, DPID_NUMBER_POINTS) + 1);
    if (p->tuning && arm->rate_of == i && arm->row->net != DPID_ARM_ADDED && !dpid_steps_alone(arm->optimizer))
        seconds += DPID_RATES * p->study->number[DPID_NUMBER_TUNING_SEEDS] * training_seconds(p, arm, TUNING_LOOKS);
    for (int32_t probe = 0; p->probes && dpid_probe_at(probe); probe++)
        if (dpid_probe_applies(p->study, dpid_probe_at(probe), arm))
            seconds += fmin((double)p->seeds, p->study->number[DPID_NUMBER_PROBE_SEEDS]) * DPID_PROBE_STEPS *
                       pace_of(p, arm).step;
    return seconds;
}

/* Of the wall: one net a core, and a tenth for what is not seen here. */
static double price(const purchase *p)
{
    const double unseen = 1.1;
    const double wished = p->study->number[DPID_NUMBER_THREADS];
    double seconds = 0;
    for (int32_t i = 0; i < p->study->arms; i++)
        if (p->in[i])
            seconds += arm_seconds(p, i);
    return unseen * seconds / (wished > 0 ? wished : dpid_cpu_count());
}

/* ---- buying --------------------------------------------------------------------------------------------- */

static int32_t leave_out(deepid_study *study, dpid_study_arm *arm, double more)
{
    char reason[256];
    char *kept = NULL;
    snprintf(reason, sizeof reason, "the budget of %s s does not pay for it (about %s s more)",
             dpid_number(study->number[DPID_NUMBER_BUDGET]).text,
             dpid_number(more < 10 ? ceil(10 * more) / 10 : ceil(more)).text);
    DPID_TRY(dpid_arena_text(&study->plan, reason, (int64_t)strlen(reason), &kept));
    arm->reason = kept;
    return DEEPID_OK;
}

static bool affordable(const purchase *p)
{
    return price(p) <= p->study->number[DPID_NUMBER_BUDGET];
}

/* S and D in any case, with as many seeds as tell something, or fewer. */
static void buy_question(purchase *p)
{
    const int64_t wished = dpid_study_int(p->study, DPID_NUMBER_SEEDS);
    p->seeds = wished < USEFUL_SEEDS ? wished : USEFUL_SEEDS;
    p->in[dpid_arm_find(p->study, "S")] = p->in[dpid_arm_find(p->study, "D")] = true;
    while (p->seeds > FEWEST_SEEDS && !affordable(p))
        p->seeds--;
}

static void try(purchase *p, bool *what)
{
    const bool had = *what;
    *what = true;
    *what = had || affordable(p);
}

static int32_t buy_arms(purchase *p, int32_t priority)
{
    for (int32_t i = 0; i < p->study->arms; i++) {
        dpid_study_arm *arm = &p->study->arm[i];
        const bool stands = arm->row->net == DPID_ARM_ADDED || !arm->row->rate_of || p->in[arm->rate_of];
        if (arm->reason || p->in[i] || arm->row->priority != priority)
            continue;
        if (stands)
            try(p, &p->in[i]);
        if (p->in[i])
            continue;
        const double before = price(p);
        p->in[i] = true;
        const double more = price(p) - before;
        p->in[i] = false;
        DPID_TRY(leave_out(p->study, arm, more));
    }
    return DEEPID_OK;
}

/* By priority; seeds come last. */
static int32_t buy(purchase *p)
{
    buy_question(p);
    for (int32_t priority = 1; priority <= DPID_PRIORITIES; priority++) {
        if (priority == DPID_PRIORITY_TUNING)
            try(p, &p->tuning);
        else if (priority == DPID_PRIORITY_PROBES)
            try(p, &p->probes);
        else
            DPID_TRY(buy_arms(p, priority));
    }
    for (; p->seeds < dpid_study_int(p->study, DPID_NUMBER_SEEDS); p->seeds++) {
        purchase more = *p;
        more.seeds++;
        if (!affordable(&more))
            break;
    }
    p->study->seeds = p->seeds;
    p->study->tuning_seeds = p->tuning ? dpid_study_int(p->study, DPID_NUMBER_TUNING_SEEDS) : 0;
    p->study->probe_seeds = p->probes ? dpid_study_int(p->study, DPID_NUMBER_PROBE_SEEDS) : 0;
    p->study->seconds = price(p);
    return DEEPID_OK;
}

static int32_t choose(deepid_study *study)
{
    purchase p = {.study = study};
    DPID_TRY(dpid_arena_alloc(&study->plan, study->arms, sizeof *p.in, "budget", &p.in));
    DPID_TRY(time_net(study, study->shallow, &p.shallow));
    DPID_TRY(time_net(study, study->deep, &p.deep));
    return buy(&p);
}

/* ---- plan.json ----------------------------------------------------------------------------------------------- */

enum { PLAN_FORMAT = 2 };
static const dpid_sealed_kind sealed = {"plan", "remove it to have the budget spent anew", PLAN_FORMAT};

void dpid_budget_write(const deepid_study *study, dpid_string *s)
{
    dpid_string_format(s,
                       "{\"format\": %d, \"budget\": %s, \"seconds\": %s, \"seeds\": %lld, \"tuning_seeds\": %lld, "
                       "\"probe_seeds\": %lld,\n\"arms\": [",
                       PLAN_FORMAT,
                       study->number[DPID_NUMBER_BUDGET] > 0 ? dpid_number(study->number[DPID_NUMBER_BUDGET]).text
                                                             : "null",
                       study->seconds > 0 ? dpid_number(study->seconds).text : "null", (long long)study->seeds,
                       (long long)study->tuning_seeds, (long long)study->probe_seeds);
    for (int32_t i = 0; i < study->arms; i++) {
        dpid_string_add(s, i ? ",\n  {\"arm\": " : "\n  {\"arm\": ");
        dpid_string_json(s, study->arm[i].word);
        dpid_string_add(s, ", \"left_out\": ");
        if (study->arm[i].reason)
            dpid_string_json(s, study->arm[i].reason);
        else
            dpid_string_add(s, "null");
        dpid_string_add(s, "}");
    }
    dpid_string_add(s, "]");
    dpid_string_seal(s);
}

static bool get_count(const dpid_json *root, const char *key, int64_t low, int64_t high, int64_t *out)
{
    return dpid_json_int(dpid_json_get(root, key), out) && *out >= low && *out <= high;
}

static int32_t take_plan(deepid_study *study, const dpid_json *root, const char *path)
{
    deepid_ctx *ctx = study->head.ctx;
    const dpid_json *arms = dpid_json_get(root, "arms");
    const bool counts =
        get_count(root, "seeds", 1, dpid_study_int(study, DPID_NUMBER_SEEDS), &study->seeds) &&
        get_count(root, "tuning_seeds", 0, dpid_study_int(study, DPID_NUMBER_TUNING_SEEDS), &study->tuning_seeds) &&
        get_count(root, "probe_seeds", 0, dpid_study_int(study, DPID_NUMBER_PROBE_SEEDS), &study->probe_seeds);
    if (!counts || dpid_json_count(arms) != study->arms)
        return dpid_sealed_damaged(ctx, path, &sealed, "its seeds or arms are not those of this study");
    (void)dpid_json_number(dpid_json_get(root, "seconds"), &study->seconds); /* null: 0 */
    for (int32_t i = 0; i < study->arms; i++) {
        const dpid_json *row = dpid_json_at(arms, i);
        const char *word = dpid_json_string(dpid_json_get(row, "arm"));
        const char *reason = dpid_json_string(dpid_json_get(row, "left_out"));
        char *kept = NULL;
        if (!word || strcmp(word, study->arm[i].word) != 0)
            return dpid_sealed_damaged(ctx, path, &sealed, "its arms are not those of this study");
        if (reason)
            DPID_TRY(dpid_arena_text(&study->plan, reason, (int64_t)strlen(reason), &kept));
        study->arm[i].reason = kept;
    }
    return DEEPID_OK;
}

static int32_t read_plan(deepid_study *study, const char *path)
{
    dpid_json_text text;
    DPID_TRY(dpid_sealed_read(study->head.ctx, path, &sealed, &text));
    const int32_t status = take_plan(study, text.root, path);
    dpid_json_release(&text);
    return status;
}

/* Of processes that choose at once one wins, and the others take its choice. */
static int32_t keep_plan(deepid_study *study, const char *path)
{
    bool taken = false;
    dpid_string text = {.ctx = study->head.ctx};
    dpid_budget_write(study, &text);
    int32_t status = text.status;
    if (status == DEEPID_OK)
        status = dpid_folder_make(study->head.ctx, study->folder);
    if (status == DEEPID_OK)
        status = dpid_file_create(study->head.ctx, path, text.text, text.length, &taken);
    dpid_string_release(&text);
    return taken ? read_plan(study, path) : status;
}

int32_t dpid_budget_apply(deepid_study *study)
{
    dpid_string path = {.ctx = study->head.ctx};
    int32_t status = DEEPID_OK;
    study->seeds = dpid_study_int(study, DPID_NUMBER_SEEDS);
    study->tuning_seeds = dpid_study_int(study, DPID_NUMBER_TUNING_SEEDS);
    study->probe_seeds = dpid_study_int(study, DPID_NUMBER_PROBE_SEEDS);
    study->seconds = 0;
    if (study->number[DPID_NUMBER_BUDGET] == 0)
        return DEEPID_OK;
    dpid_string_format(&path, "%s/plan.json", study->folder ? study->folder : ".");
    if (path.status != DEEPID_OK)
        status = path.status;
    else if (study->folder && dpid_file_exists(path.text))
        status = read_plan(study, path.text);
    else {
        status = choose(study);
        if (status == DEEPID_OK && study->folder)
            status = keep_plan(study, path.text);
    }
    dpid_string_release(&path);
    return status;
}
