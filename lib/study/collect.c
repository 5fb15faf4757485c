/* From a study to the facts that the rules look at: what is known of the added layers, floor, what probes counted, the
   recipe. Runs and arms: tell.c */
#include "study/study.h"

#include "base/words.h"
#include "identity/embed.h"
#include "identity/floor.h"
#include "net/spec.h"
#include "evidence/evidence.h"

#include <math.h>
#include <string.h>

typedef struct {
    deepid_study *study;
    deepid_evidence *evidence;
    dpid_evidence *e; /* its facts; texts are the study's until dpid_facts_keep */
    dpid_arena arena; /* ... or this one's */
} collection;

/* ---- identity, floor --------------------------------------------------------------------------- */

/* What construction says of the added layers, looked at with the first S that was trained. */
static int32_t examine(collection *c)
{
    deepid_study *study = c->study;
    const dpid_study_arm *shallow = &study->arm[dpid_arm_stand_in(study, dpid_arm_find(study, "S"))];
    deepid_net *net = NULL;
    deepid_net *deep = NULL;
    dpid_embedding found = {.status = 0};
    char *sentence = NULL;
    int64_t i = 0;
    while (i < c->study->seeds && (study->task[shallow->first_task + i].state != DPID_TASK_DONE ||
                                   study->task[shallow->first_task + i].diverged))
        i++;
    if (i == c->study->seeds)
        return DEEPID_OK;
    DPID_TRY(dpid_task_net(study->head.ctx, study, &study->task[shallow->first_task + i], &net));
    int32_t status = dpid_embed(net, study->deep, study->train, DPID_EMBED_EVALUATION, &found, &deep);
    if (status == DEEPID_OK)
        status = dpid_arena_text(&c->arena, found.sentence, (int64_t)strlen(found.sentence), &sentence);
    c->e->identity_status = found.status;
    c->e->identity_reason = found.reason;
    c->e->identity_sentence = sentence;
    c->e->other_layers = status == DEEPID_OK && !found.nested;
    deepid_net_destroy(deep);
    deepid_net_destroy(net);
    return status;
}

static int32_t is_by_squares(const collection *c, bool *out)
{
    dpid_arena arena = {.ctx = c->study->head.ctx};
    dpid_value option[DPID_OPTIONS_MAX] = {{0}};
    const dpid_loss *loss = NULL;
    const int32_t status = dpid_study_loss(c->study, &arena, &loss, option);
    *out = loss == &dpid_loss_squared_error;
    dpid_arena_release(&arena);
    return status;
}

static int32_t find_floor(collection *c)
{
    dpid_floor floor;
    bool squares;
    DPID_TRY(is_by_squares(c, &squares));
    if (!squares) /* whose floor it is */
        return DEEPID_OK;
    DPID_TRY(dpid_affine_floor(c->study->head.ctx, c->study->deep, c->study->train, &floor));
    if (!floor.proven)
        return DEEPID_OK;
    c->e->floor = floor.loss;
    c->e->floor_theorem = "reduced-rank regression";
    return DEEPID_OK;
}

/* ---- probes --------------------------------------------------------------------------------------- */

static const deepid_table *table_of(const deepid_study *study, const char *arm, const char *word, int64_t *next)
{
    for (int64_t i = *next; i < study->tasks; i++) {
        const dpid_task *task = &study->task[i];
        if (task->kind != DPID_TASK_PROBE || !task->table || strcmp(study->arm[task->arm].word, arm) != 0 ||
            strcmp(dpid_probe_at(task->probe)->word, word) != 0)
            continue;
        *next = i + 1;
        return task->table;
    }
    return NULL;
}

static int64_t row_of(const deepid_table *table, const char *name)
{
    for (int64_t i = 0; i < deepid_table_rows(table); i++)
        if (strcmp(deepid_table_row_name(table, i), name) == 0)
            return i;
    return -1;
}

static double get(const deepid_table *table, int64_t row, const char *column)
{
    return deepid_table_get(table, row, deepid_table_find_column(table, column));
}

/* Failed: two ways to look found the same. Unresolved: a layer where no look sees, or one alone found something. */
static void add_check(dpid_evidence *e, const deepid_table *t)
{
    const double right = 1e-6; /* what the probe calls a bug is above it */
    for (int64_t i = 0; i < deepid_table_rows(t); i++) {
        const double error = get(t, i, "error");
        const double second = get(t, i, "second");
        const bool blind = isnan(error) || (error > right && !(second > right));
        const bool worst = error > e->gradient_check_error;
        if (blind && e->gradient_check == DPID_PASSED) {
            e->gradient_check = DPID_UNRESOLVED;
            e->gradient_check_layer = deepid_table_row_name(t, i);
        }
        if (blind || !worst || (e->gradient_check != DPID_PASSED && !(error > right)))
            continue;
        e->gradient_check = error > right ? DPID_FAILED : e->gradient_check;
        e->gradient_check_error = error;
        e->gradient_check_second = error > right ? second : (double)NAN;
        e->gradient_check_layer = deepid_table_row_name(t, i);
    }
}

static void collect_check(collection *c)
{
    int64_t next = c->study->nets;
    for (const deepid_table *t; (t = table_of(c->study, "D", "gradient_check", &next)) != NULL;) {
        if (c->e->gradient_check == DPID_NOT_CHECKED) {
            c->e->gradient_check = DPID_PASSED;
            c->e->gradient_check_error = 0;
        }
        add_check(c->e, t);
    }
}

static void collect_range(collection *c)
{
    int64_t next = c->study->nets;
    for (const deepid_table *t; (t = table_of(c->study, "D", "range", &next)) != NULL;) {
        const int64_t all = row_of(t, "net");
        if (!c->e->counted)
            c->e->zeros = c->e->subnormals = c->e->infinities = 0;
        c->e->counted = true;
        c->e->zeros += get(t, all, "zero") + get(t, all, "weight_zero");
        c->e->subnormals += get(t, all, "subnormal") + get(t, all, "weight_subnormal");
        c->e->infinities +=
            get(t, all, "infinite") + get(t, all, "weight_infinite") + get(t, all, "nan") + get(t, all, "weight_nan");
    }
}

static void collect_accuracy(collection *c)
{
    int64_t next = c->study->nets;
    for (const deepid_table *t; (t = table_of(c->study, "D", "gradient_accuracy", &next)) != NULL;) {
        if (!c->e->compared) {
            c->e->min_cosine = 1;
            c->e->max_relative_error = c->e->mask_flips = 0;
        }
        c->e->compared = true;
        for (int64_t i = 0; i < deepid_table_rows(t); i++) { /* fmin and fmax pass NaN by: a layer without gradient */
            c->e->min_cosine = fmin(c->e->min_cosine, get(t, i, "cosine"));
            c->e->max_relative_error = fmax(c->e->max_relative_error, get(t, i, "relative"));
            c->e->mask_flips = fmax(c->e->mask_flips, get(t, i, "flips"));
        }
    }
}

/* ---- explanations: of the recipe's start, and of the other start that ended best ---------------------- */

/* Losses above the constant predictor's count as that. */
static double mean_loss(const collection *c, const dpid_study_arm *arm)
{
    double mean = 0;
    for (int64_t i = 0; i < c->study->seeds; i++) {
        const double loss = c->study->task[arm->first_task + i].outcome.train_loss;
        mean += (loss < c->e->const_loss ? loss : c->e->const_loss) / (double)c->study->seeds;
    }
    return mean;
}

static const char *best_start(const collection *c)
{
    const dpid_study_arm *best = NULL;
    for (int32_t i = 0; i < c->study->arms; i++) {
        const dpid_study_arm *arm = &c->study->arm[i];
        if (arm->row->init && !arm->reason && (!best || mean_loss(c, arm) < mean_loss(c, best)))
            best = arm;
    }
    return best ? best->word : "";
}

typedef struct {
    const char *name, *probe, *column;
    bool inner; /* behind layers with weights: what the data or weights of 0 (a skip's start) leave at 0 is not dead */
} quantity;

static const quantity quantities[] = {
    {"factor of the gradient's norm a layer, on the way back", "gradient_norm", "factor", false},
    {"largest share of a layer's units that are dead at birth", "signal", "dead_share", true},
};
enum { QUANTITIES = sizeof quantities / sizeof *quantities };

/* "block3.dense2" is of the kind dense. */
static bool has_weights(const char *row)
{
    const char *dot = strrchr(row, '.');
    const char *layer = dot ? dot + 1 : row;
    for (int64_t i = 0; dpid_kind_at(i); i++)
        if ((dpid_kind_at(i)->flags & DPID_KIND_WEIGHT) &&
            strncmp(layer, dpid_kind_at(i)->word, strlen(dpid_kind_at(i)->word)) == 0)
            return true;
    return false;
}

/* The largest over layers, mean over the probed seeds; NaN when no layer has one. */
static double value_of(const collection *c, const char *arm, const quantity *q)
{
    int64_t next = c->study->nets;
    double sum = 0;
    int64_t count = 0;
    for (const deepid_table *t; (t = table_of(c->study, arm, q->probe, &next)) != NULL;) {
        double largest = (double)NAN;
        bool inside = !q->inner;
        for (int64_t i = 0; i < deepid_table_rows(t); i++) {
            const bool weights = q->inner && has_weights(deepid_table_row_name(t, i));
            inside = inside || weights;
            largest = inside && !weights ? fmax(largest, get(t, i, q->column)) : largest;
        }
        sum += isnan(largest) ? 0 : largest;
        count += !isnan(largest);
    }
    return count > 0 ? sum / (double)count : (double)NAN;
}

static int32_t explain(collection *c)
{
    const char *other = best_start(c);
    for (int i = 0; i < QUANTITIES; i++) {
        const double before = value_of(c, "D", &quantities[i]);
        if (!isnan(before))
            DPID_TRY(
                deepid_evidence_explain(c->evidence, quantities[i].name, before, value_of(c, other, &quantities[i])));
    }
    return DEEPID_OK;
}

/* ---- all ------------------------------------------------------------------------------------------------ */

/* A layer with a weight, and no projection beside a block. */
static bool is_hidden(const deepid_net *net, int32_t i)
{
    return (net->layer[i].op.kind->flags & DPID_KIND_WEIGHT) != 0 && !net->layer[i].shortcut;
}

static int64_t width_of(const deepid_net *net, int32_t i)
{
    const dpid_shape *out = &net->layer[i].op.out;
    return out->extent[out->rank - 1];
}

/* The narrowest of the layers between input and output: its units or channels. name NULL: not asked. */
static int32_t find_narrowest(collection *c, const char *text, int64_t *narrowest, const char **name)
{
    deepid_net *net = NULL;
    int32_t last = -1;
    int32_t found = -1;
    char *kept = NULL;
    DPID_TRY(deepid_net_create(c->study->head.ctx, text, DEEPID_F32, &net));
    for (int32_t i = 0; i < net->layers; i++)
        last = is_hidden(net, i) ? i : last;
    for (int32_t i = 0; i < last; i++)
        if (is_hidden(net, i) && (found < 0 || width_of(net, i) < width_of(net, found)))
            found = i;
    *narrowest = found < 0 ? 0 : width_of(net, found);
    const char *word = found < 0 ? "" : net->layer[found].name;
    const int32_t status =
        name && found >= 0 ? dpid_arena_text(&c->arena, word, (int64_t)strlen(word), &kept) : DEEPID_OK;
    if (name)
        *name = kept;
    deepid_net_destroy(net);
    return status;
}

static void collect_regularisation(collection *c)
{
    const dpid_recipe *r = &c->study->recipe;
    c->e->noise = r->noise;
    c->e->dropout[0] = r->dropout[0];
    c->e->dropout[1] = r->dropout[1];
    c->e->decay = r->decay;
    c->e->smoothing = r->smoothing;
    c->e->augmentation = r->augmentation;
    c->e->batchnorm = r->batchnorm;
}

/* "no 0.54, yes 6.9" */
static void print_weights(const deepid_dataset *data, const double *weights, dpid_string *s)
{
    enum { LISTED = 10 };
    for (int64_t k = 0; k < data->classes && k < LISTED; k++) {
        const char *name = deepid_dataset_class_name(data, k);
        const dpid_number_text number = dpid_number((double)k);
        dpid_string_format(s, "%s%s %s", k ? ", " : "", name ? name : number.text, dpid_words(weights[k]).text);
    }
    if (data->classes > LISTED)
        dpid_string_add(s, ", ...");
}

static int32_t collect_weights(collection *c)
{
    dpid_value option[DPID_OPTIONS_MAX] = {{0}};
    dpid_string s = {.ctx = c->arena.ctx};
    const dpid_loss *loss;
    char *text = NULL;
    DPID_TRY(dpid_study_loss(c->study, &c->arena, &loss, option));
    const double *weights = dpid_loss_weights(loss, option);
    if (weights)
        print_weights(c->study->train, weights, &s);
    int32_t status = s.status;
    if (status == DEEPID_OK && weights)
        status = dpid_arena_text(&c->arena, s.text, s.length, &text);
    dpid_string_release(&s);
    c->e->class_weights = text;
    return status;
}

/* What a net gets right, or explains, that knows nothing of the inputs. */
static int32_t collect_classes(collection *c)
{
    const double unequal = 1.2; /* the largest class against one of equal classes */
    const deepid_dataset *train = c->study->train;
    const double share = dpid_dataset_largest_class(train);
    DPID_TRY(is_by_squares(c, &c->e->targets)); /* R^2 is of squares */
    DPID_TRY(collect_weights(c));
    c->e->valid_const_loss = dpid_study_constant_loss(c->study, c->study->valid);
    if (share * (double)train->classes > unequal) {
        c->e->largest_class = share;
        c->e->valid_largest_class = dpid_dataset_largest_class(c->study->valid);
    }
    return DEEPID_OK;
}

int32_t dpid_study_say_storage(const deepid_study *study, dpid_string *s)
{
    dpid_spec spec = {.items = NULL};
    dpid_arena arena = {.ctx = study->head.ctx};
    const int32_t status = dpid_spec_parse(&arena, study->arm[dpid_arm_find(study, "D")].text, &spec);
    if (status == DEEPID_OK && spec.storage.on)
        dpid_storage_print(s, &spec.storage);
    dpid_arena_release(&arena);
    return status == DEEPID_OK ? s->status : status;
}

/* What D stores its numbers in, and how its loss is scaled. */
static int32_t collect_storage(collection *c, const dpid_study_arm *deep)
{
    char *kept = NULL;
    dpid_string s = {.ctx = c->study->head.ctx};
    int32_t status = dpid_study_say_storage(c->study, &s);
    if (status == DEEPID_OK && s.length > 0)
        status = dpid_arena_text(&c->arena, s.text, s.length, &kept);
    dpid_string_release(&s);
    c->e->storage = kept;
    c->e->loss_scale = *deep->loss_scale && strcmp(deep->loss_scale, "none") != 0 ? deep->loss_scale : NULL;
    return status;
}

static int32_t collect_recipe(collection *c)
{
    const deepid_study *study = c->study;
    dpid_evidence *e = c->e;
    const char *init = study->text[DPID_TEXT_INIT];
    const dpid_study_arm *deep = &study->arm[dpid_arm_find(study, "D")];
    e->is_f64 = (int32_t)study->number[DPID_NUMBER_DTYPE] == DEEPID_F64;
    e->default_init = strncmp(init, "pytorch_default", strlen("pytorch_default")) == 0;
    e->init_word = e->default_init ? "pytorch" : init;
    e->block_word = deep->block;
    e->shallow_depth = study->arm[dpid_arm_find(study, "S")].depth;
    e->deep_depth = deep->depth;
    e->recipe_rate = dpid_arm_rate(study, deep);
    e->batch = dpid_study_int(study, DPID_NUMBER_BATCH);
    e->batch = e->batch > 0 ? e->batch : study->train->count;
    e->updates = deep->steps;
    collect_regularisation(c);
    DPID_TRY(collect_storage(c, deep));
    DPID_TRY(find_narrowest(c, study->shallow, &e->shallow_narrowest, NULL));
    return find_narrowest(c, study->deep, &e->deep_narrowest, &e->deep_narrowest_layer);
}

static int32_t collect(collection *c)
{
    DPID_TRY(examine(c));
    DPID_TRY(find_floor(c));
    DPID_TRY(collect_classes(c));
    collect_check(c);
    collect_range(c);
    collect_accuracy(c);
    DPID_TRY(explain(c));
    DPID_TRY(collect_recipe(c));
    return dpid_facts_keep(c->evidence);
}

/* ---- the doors ------------------------------------------------------------------------------------------ */

static int32_t is_done(deepid_study *study)
{
    DPID_TRY(dpid_study_plan(study));
    for (int64_t i = 0; i < study->tasks; i++)
        if (study->task[i].kind != DPID_TASK_PROBE && study->task[i].state != DPID_TASK_DONE)
            return dpid_fail(study->head.ctx, DEEPID_ERR_STATE,
                             "study: task %lld (%s, seed %llu) has not run yet; a verdict needs them all", (long long)i,
                             study->arm[study->task[i].arm].word, (unsigned long long)study->task[i].seed);
    return DEEPID_OK;
}

static int32_t study_evidence(deepid_study *study, deepid_evidence **out)
{
    deepid_evidence *e = NULL;
    if (!out)
        return dpid_fail(study->head.ctx, DEEPID_ERR_ARGUMENT, "study: out is NULL");
    DPID_TRY(is_done(study));
    DPID_TRY(deepid_evidence_create(study->head.ctx, &e));
    collection c = {.study = study, .evidence = e, .e = &e->fact, .arena = {.ctx = study->head.ctx}};
    int32_t status = dpid_study_tell(study, e);
    if (status == DEEPID_OK)
        status = collect(&c);
    dpid_arena_release(&c.arena);
    if (status == DEEPID_OK)
        *out = e;
    else
        deepid_evidence_destroy(e);
    return status;
}

int32_t deepid_study_evidence(deepid_study *study, deepid_evidence **out)
{
    DPID_TRY(dpid_enter(study, DPID_MAGIC_STUDY));
    return dpid_leave(study->head.ctx, study_evidence(study, out));
}

static int32_t study_judge(deepid_study *study, deepid_verdict **out)
{
    deepid_evidence *e = NULL;
    if (!out)
        return dpid_fail(study->head.ctx, DEEPID_ERR_ARGUMENT, "study: out is NULL");
    DPID_TRY(study_evidence(study, &e));
    const int32_t status = deepid_evidence_judge(e, out);
    deepid_evidence_destroy(e);
    return status;
}

int32_t deepid_study_judge(deepid_study *study, deepid_verdict **out)
{
    DPID_TRY(dpid_enter(study, DPID_MAGIC_STUDY));
    return dpid_leave(study->head.ctx, study_judge(study, out));
}
