/* Basin radius: w(t) = (1 - t) w + t r, trained; the largest t that comes back to the loss of w. */
#include "identity/learn/learn.h"

#include "base/numbers.h"
#include "identity/certificate/certificate.h"
#include "net/init.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH, INIT, SEEDS, FIRST_SEED, BISECTIONS, LOOKS };
enum { STRAIGHT, NORM };
static const dpid_option known[] = {
    {"path", DPID_CHOICE, 0, 0, 0, "straight|norm", false, "norm: each weight array keeps (1 - t) |w| + t |r|"},
    {"init", DPID_CHOICE, 0, 0, 0, DPID_INIT_CHOICES, false, "what r is"},
    {"seeds", DPID_INT, 3, 1, 1000, NULL, false, "how many r"},
    {"first_seed", DPID_INT, 1, 0, DPID_SEED_MAX, NULL, false, "of the first r"},
    {"bisections", DPID_INT, 5, 0, 30, NULL, false, "halvings of the interval"},
    {"looks", DPID_INT, 10, 1, 1000, NULL, false, "evaluations of a run"},
    {0},
};

typedef struct {
    deepid_trainer *recipe;
    const dpid_value *option;
    double target;
    int64_t steps;
    uint64_t seed;
    const deepid_net *random; /* r */
} basin_run;

/* ---- the path ------------------------------------------------------------------------------------- */

static double norm_of(const deepid_net *net, int32_t parameter)
{
    double squares = 0;
    for (int64_t k = 0; k < net->parameter[parameter].count; k++) {
        const double value = dpid_fetch(net->precision, dpid_net_parameter_at(net, parameter), k);
        squares += value * value;
    }
    return sqrt(squares);
}

/* (1 - t) w + t r; path=norm: times ((1 - t) |w| + t |r|) / |(1 - t) w + t r| */
static void mix(deepid_net *net, int32_t i, const deepid_net *random, double t, bool keep_norm)
{
    void *w = dpid_net_parameter_at(net, i);
    const void *r = dpid_net_parameter_at(random, i);
    const double norm = (1 - t) * norm_of(net, i) + t * norm_of(random, i);
    for (int64_t k = 0; k < net->parameter[i].count; k++)
        dpid_store(net->precision, w, k,
                   (1 - t) * dpid_fetch(net->precision, w, k) + t * dpid_fetch(net->precision, r, k));
    const double mixed = norm_of(net, i);
    if (!keep_norm || mixed == 0 || t == 0)
        return;
    for (int64_t k = 0; k < net->parameter[i].count; k++)
        dpid_store(net->precision, w, k, dpid_fetch(net->precision, w, k) * (norm / mixed));
}

static int32_t start_at(const basin_run *b, double t, deepid_net **out)
{
    DPID_TRY(dpid_net_clone_as(b->recipe->net, b->recipe->net->precision, out));
    for (int32_t i = 0; i < (*out)->parameters; i++)
        mix(*out, i, b->random, t, b->option[PATH].i == NORM && (*out)->parameter[i].spec.role == DPID_ROLE_WEIGHT);
    return DEEPID_OK;
}

/* ---- one run ------------------------------------------------------------------------------------------ */

static int32_t copy_recipe(const basin_run *b, deepid_trainer *t)
{
    const deepid_trainer *r = b->recipe;
    DPID_TRY(deepid_trainer_set_loss(t, r->loss_text));
    DPID_TRY(deepid_trainer_set_optimizer(t, r->optimizer_text));
    DPID_TRY(deepid_trainer_set_schedule(t, r->schedule_text));
    DPID_TRY(deepid_trainer_set_augmentation(t, r->augment_text));
    if (r->rate > 0)
        DPID_TRY(deepid_trainer_set_learning_rate(t, r->rate));
    DPID_TRY(deepid_trainer_set_batch(t, r->batch));
    DPID_TRY(deepid_trainer_set_keep_last(t, r->keep_last));
    DPID_TRY(deepid_trainer_set_clip(t, r->clip));
    DPID_TRY(deepid_trainer_set_total_steps(t, r->total_steps > 0 ? r->total_steps : b->steps));
    return deepid_trainer_set_seed(t, r->seed + b->seed);
}

static int32_t look(const basin_run *b, const deepid_net *net, double *lowest)
{
    deepid_net *copy = NULL;
    double loss;
    DPID_TRY(dpid_net_settled(net, b->recipe->data, &copy));
    const int32_t status = deepid_net_evaluate(copy, b->recipe->data, b->recipe->loss_text, &loss, NULL);
    deepid_net_destroy(copy);
    if (loss < *lowest)
        *lowest = loss;
    return status;
}

/* Ends when it has come back, or at a number that is not finite. */
static int32_t train(const basin_run *b, deepid_net *net, deepid_trainer *t, double *lowest)
{
    const int64_t looks = b->option[LOOKS].i < b->steps ? b->option[LOOKS].i : b->steps;
    DPID_TRY(copy_recipe(b, t));
    DPID_TRY(look(b, net, lowest));
    for (int64_t k = 1; k <= looks && *lowest > b->target; k++) {
        const int32_t status = deepid_trainer_fit(t, b->steps * k / looks - b->steps * (k - 1) / looks, NULL, NULL);
        if (atomic_exchange(&b->recipe->stop, 0))
            return dpid_fail(net->head.ctx, DEEPID_STOPPED, "basin: asked to stop");
        if (status == DEEPID_ERR_NUMERIC)
            return DEEPID_OK;
        DPID_TRY(status);
        DPID_TRY(look(b, net, lowest));
    }
    return DEEPID_OK;
}

static int32_t try_at(const basin_run *b, double at, double *lowest)
{
    deepid_net *net = NULL;
    deepid_trainer *t = NULL;
    *lowest = (double)INFINITY;
    int32_t status = start_at(b, at, &net);
    if (status == DEEPID_OK)
        status = deepid_trainer_create(net, b->recipe->data, &t);
    if (status == DEEPID_OK)
        status = train(b, net, t, lowest);
    deepid_trainer_destroy(t);
    deepid_net_destroy(net);
    return status;
}

/* ---- one seed ------------------------------------------------------------------------------------------- */

enum { BACK, LOST, LOSS_BACK, LOSS_LOST, RUNS, COLUMNS };

/* Takes the outcome of a run at t into the row. */
static int32_t probe(const basin_run *b, double t, double *row)
{
    double lowest;
    DPID_TRY(try_at(b, t, &lowest));
    const bool back = lowest <= b->target;
    row[back ? BACK : LOST] = t;
    row[back ? LOSS_BACK : LOSS_LOST] = lowest;
    row[RUNS]++;
    return DEEPID_OK;
}

static int32_t bisect(const basin_run *b, double *row)
{
    row[BACK] = row[LOST] = row[LOSS_BACK] = row[LOSS_LOST] = (double)NAN;
    row[RUNS] = 0;
    DPID_TRY(probe(b, 0, row));
    if (isnan(row[BACK]))
        return DEEPID_OK;
    DPID_TRY(probe(b, 1, row));
    for (int64_t i = 0; i < b->option[BISECTIONS].i && !isnan(row[LOST]); i++)
        DPID_TRY(probe(b, (row[BACK] + row[LOST]) / 2, row));
    return DEEPID_OK;
}

static int32_t run_seed(basin_run *b, deepid_table *table, double *radius)
{
    deepid_net *random = NULL;
    double row[COLUMNS];
    char name[32];
    DPID_TRY(dpid_net_clone_as(b->recipe->net, b->recipe->net->precision, &random));
    int32_t status = deepid_net_init(random, deepid_init_word(b->option[INIT].i), b->seed);
    b->random = random;
    if (status == DEEPID_OK)
        status = bisect(b, row);
    deepid_net_destroy(random);
    DPID_TRY(status);
    /* cppcheck-suppress legacyUninitvar ; bisect has filled it */
    *radius = isnan(row[BACK]) ? 0 : row[BACK];
    snprintf(name, sizeof name, "%llu", (unsigned long long)b->seed);
    return deepid_table_append(table, name, row);
}

/* ---- all seeds --------------------------------------------------------------------------------------------- */

static void summarise(deepid_basin *out, double *radius, int64_t n)
{
    qsort(radius, (size_t)n, sizeof *radius, dpid_compare_doubles);
    out->low = radius[0];
    out->high = radius[n - 1];
    out->radius = (radius[(n - 1) / 2] + radius[n / 2]) / 2;
}

static int32_t make_sentence(deepid_basin *out, const basin_run *b)
{
    enum { DIGITS = 3 };
    dpid_string s = {.ctx = out->head.ctx};
    dpid_string_format(&s, "Training came back to a loss of %s or less from t = %s",
                       dpid_number_rounded(b->target, DIGITS).text, dpid_number_rounded(out->radius, DIGITS).text);
    dpid_string_format(&s, " of the %s path to a random start (median of %lld seeds, ",
                       b->option[PATH].i == NORM ? "norm-preserving" : "straight", (long long)b->option[SEEDS].i);
    dpid_string_format(&s, "%s to %s, each to within %s).", dpid_number_rounded(out->low, DIGITS).text,
                       dpid_number_rounded(out->high, DIGITS).text,
                       dpid_number_rounded(ldexp(1, -(int)b->option[BISECTIONS].i), DIGITS).text);
    const int32_t status = s.status == DEEPID_OK ? dpid_copy_text(out->head.ctx, s.text, &out->sentence) : s.status;
    dpid_string_release(&s);
    return status;
}

static int32_t run_all(basin_run *b, deepid_basin *out)
{
    const int64_t n = b->option[SEEDS].i;
    double *radius = NULL;
    DPID_TRY(deepid_table_create(out->head.ctx, "seed", "back,lost,loss_back,loss_lost,runs", &out->table));
    DPID_TRY(dpid_alloc(out->head.ctx, n, sizeof *radius, "basin", &radius));
    int32_t status = DEEPID_OK;
    for (int64_t i = 0; i < n && status == DEEPID_OK; i++) {
        b->seed = (uint64_t)(b->option[FIRST_SEED].i + i);
        status = run_seed(b, out->table, &radius[i]);
    }
    if (status == DEEPID_OK)
        summarise(out, radius, n);
    dpid_free(out->head.ctx, radius);
    return status == DEEPID_OK ? make_sentence(out, b) : status;
}

static int32_t measure(deepid_trainer *recipe, double target_loss, int64_t steps, const char *options,
                       deepid_basin **out)
{
    deepid_ctx *ctx = recipe->head.ctx;
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    deepid_basin *basin = NULL;
    if (!out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "basin: out is NULL");
    if (steps < 1)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "basin: steps is %lld, expected 1 or more", (long long)steps);
    if (!isfinite(target_loss))
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "basin: target_loss is %s, expected a finite number",
                         dpid_number(target_loss).text);
    DPID_TRY(dpid_options_parse(ctx, "basin", dpid_span_of(options), known, values));
    DPID_TRY(dpid_check_weights(recipe->net, "basin: the net"));
    DPID_TRY(dpid_alloc(ctx, 1, sizeof *basin, "basin", &basin));
    basin->head = (dpid_head){DPID_MAGIC_BASIN, ctx};
    basin_run b = {.recipe = recipe, .option = values, .target = target_loss, .steps = steps};
    const int32_t status = run_all(&b, basin);
    if (status == DEEPID_OK)
        *out = basin;
    else
        deepid_basin_destroy(basin);
    return status;
}

int32_t deepid_basin_measure(deepid_trainer *recipe, double target_loss, int64_t steps, const char *options,
                             deepid_basin **out)
{
    DPID_TRY(dpid_enter(recipe, DPID_MAGIC_TRAINER));
    return dpid_leave(recipe->head.ctx, measure(recipe, target_loss, steps, options, out));
}

void deepid_basin_destroy(deepid_basin *basin)
{
    if (!dpid_is(basin, DPID_MAGIC_BASIN))
        return;
    deepid_ctx *ctx = basin->head.ctx;
    deepid_table_destroy(basin->table);
    dpid_free(ctx, basin->sentence);
    basin->head.magic = 0;
    dpid_free(ctx, basin);
}

double deepid_basin_radius(const deepid_basin *basin)
{
    return dpid_is(basin, DPID_MAGIC_BASIN) ? basin->radius : (double)NAN;
}

double deepid_basin_low(const deepid_basin *basin)
{
    return dpid_is(basin, DPID_MAGIC_BASIN) ? basin->low : (double)NAN;
}

double deepid_basin_high(const deepid_basin *basin)
{
    return dpid_is(basin, DPID_MAGIC_BASIN) ? basin->high : (double)NAN;
}

deepid_table *deepid_basin_table(deepid_basin *basin)
{
    return dpid_is(basin, DPID_MAGIC_BASIN) ? basin->table : NULL;
}

const char *deepid_basin_sentence(const deepid_basin *basin)
{
    return dpid_is(basin, DPID_MAGIC_BASIN) ? basin->sentence : "";
}
