/* OUT/plan.json: what a budget bought and gave up, with its reasons, and for what wishes. A folder with the plan of the
   same wishes goes on by it; other wishes buy anew, and what is done costs nothing. */
#include "study/study.h"

#include <math.h>
#include <string.h>

enum { FORMAT = 3 };
static const dpid_sealed_kind sealed = {"plan", "remove it to have the budget spent anew", FORMAT};

/* ---- out ------------------------------------------------------------------------------------ */

static void add_text(dpid_string *s, const char *key, const char *text)
{
    dpid_string_format(s, "\"%s\": ", key);
    if (text)
        dpid_string_json(s, text);
    else
        dpid_string_add(s, "null");
}

static void add_seconds(dpid_string *s, const char *key, double seconds)
{
    dpid_string_format(s, "\"%s\": %s", key, seconds > 0 ? dpid_number(seconds).text : "null");
}

static const dpid_study_number wished[] = {DPID_NUMBER_BUDGET, DPID_NUMBER_SEEDS, DPID_NUMBER_TUNING_SEEDS,
                                           DPID_NUMBER_PROBE_SEEDS};
static const char *const wished_keys[] = {"budget", "seeds", "tuning_seeds", "probe_seeds"};
enum { WISHED = sizeof wished / sizeof *wished };

static void write_wishes(const deepid_study *study, dpid_string *s)
{
    dpid_string_add(s, "\"asked\": {");
    for (int i = 0; i < WISHED; i++)
        dpid_string_format(s, "\"%s\": %s, ", wished_keys[i], dpid_number(study->number[wished[i]]).text);
    add_text(s, "arms", study->text[DPID_TEXT_ARMS]);
    dpid_string_add(s, ", ");
    add_text(s, "probes", study->text[DPID_TEXT_PROBES]);
    dpid_string_add(s, "},\n");
}

static void write_budget(const dpid_choice *c, dpid_string *s)
{
    const double numbers[] = {c->seconds,      c->used,      c->before,   c->shallow.step,
                              c->shallow.look, c->deep.step, c->deep.look};
    static const char *const keys[] = {"seconds",      "used",      "before",   "shallow_step",
                                       "shallow_look", "deep_step", "deep_look"};
    dpid_string_format(s, "\"finished\": %s", c->finished ? "true" : "false");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        dpid_string_add(s, ", ");
        add_seconds(s, keys[i], numbers[i]);
    }
    dpid_string_add(s, ",\n");
    add_text(s, "fewer_seeds", c->fewer_seeds);
    dpid_string_add(s, ", ");
    add_text(s, "no_tuning", c->no_tuning);
    dpid_string_add(s, ", ");
    add_text(s, "no_probes", c->no_probes);
    dpid_string_add(s, ",\n");
}

/* The arms as they are in the plan, or, when the choice has moved on while it runs, as they will be. */
static const char *reason_of(const deepid_study *study, int32_t i)
{
    const dpid_choice *c = &study->choice;
    return study->arm[i].reason || !c->made ? study->arm[i].reason : c->left_out[i];
}

void dpid_plan_write(const deepid_study *study, dpid_string *s)
{
    const dpid_choice *c = &study->choice;
    dpid_string_format(s, "{\"format\": %d,\n", FORMAT);
    write_wishes(study, s);
    dpid_string_format(s, "\"seeds\": %lld, \"tuning_seeds\": %lld, \"probe_seeds\": %lld,\n",
                       (long long)(c->made ? c->seeds : study->seeds),
                       (long long)(c->made ? c->tuning_seeds : study->tuning_seeds),
                       (long long)(c->made ? c->probe_seeds : study->probe_seeds));
    write_budget(c, s);
    dpid_string_add(s, "\"arms\": [");
    for (int32_t i = 0; i < study->arms; i++) {
        dpid_string_add(s, i ? ",\n  {" : "\n  {");
        add_text(s, "arm", study->arm[i].word);
        dpid_string_add(s, ", ");
        add_text(s, "left_out", reason_of(study, i));
        dpid_string_add(s, "}");
    }
    dpid_string_add(s, "]");
    dpid_string_seal(s);
}

/* ---- in --------------------------------------------------------------------------------------- */

static bool same_wishes(const deepid_study *study, const dpid_json *root)
{
    const dpid_json *asked = dpid_json_get(root, "asked");
    const char *arms = dpid_json_string(dpid_json_get(asked, "arms"));
    const char *probes = dpid_json_string(dpid_json_get(asked, "probes"));
    bool same = arms && probes && strcmp(arms, study->text[DPID_TEXT_ARMS]) == 0 &&
                strcmp(probes, study->text[DPID_TEXT_PROBES]) == 0;
    for (int i = 0; i < WISHED; i++) {
        double value;
        same =
            same && dpid_json_number(dpid_json_get(asked, wished_keys[i]), &value) && value == study->number[wished[i]];
    }
    const dpid_json *rows = dpid_json_get(root, "arms");
    same = same && dpid_json_count(rows) == study->arms;
    for (int32_t i = 0; same && i < study->arms; i++) {
        const char *word = dpid_json_string(dpid_json_get(dpid_json_at(rows, i), "arm"));
        same = word && strcmp(word, study->arm[i].word) == 0;
    }
    return same;
}

static bool get_count(const dpid_json *root, const char *key, int64_t low, double high, int64_t *out)
{
    return dpid_json_int(dpid_json_get(root, key), out) && *out >= low && (double)*out <= high;
}

static int32_t keep_text(dpid_choice *c, const dpid_json *value, const char **out)
{
    const char *text = dpid_json_string(value);
    char *kept = NULL;
    if (text)
        DPID_TRY(dpid_arena_text(&c->arena, text, (int64_t)strlen(text), &kept));
    *out = kept;
    return DEEPID_OK;
}

/* null: 0 */
static void take_seconds(dpid_choice *c, const dpid_json *root)
{
    (void)dpid_json_number(dpid_json_get(root, "seconds"), &c->seconds);
    (void)dpid_json_number(dpid_json_get(root, "used"), &c->used);
    (void)dpid_json_number(dpid_json_get(root, "before"), &c->before);
    (void)dpid_json_number(dpid_json_get(root, "shallow_step"), &c->shallow.step);
    (void)dpid_json_number(dpid_json_get(root, "shallow_look"), &c->shallow.look);
    (void)dpid_json_number(dpid_json_get(root, "deep_step"), &c->deep.step);
    (void)dpid_json_number(dpid_json_get(root, "deep_look"), &c->deep.look);
}

static int32_t take_plan(deepid_study *study, const dpid_json *root, const char *path)
{
    dpid_choice *c = &study->choice;
    const double *asked = study->number;
    if (!get_count(root, "seeds", 1, asked[DPID_NUMBER_SEEDS], &c->seeds) ||
        !get_count(root, "tuning_seeds", 0, asked[DPID_NUMBER_TUNING_SEEDS], &c->tuning_seeds) ||
        !get_count(root, "probe_seeds", 0, asked[DPID_NUMBER_PROBE_SEEDS], &c->probe_seeds))
        return dpid_sealed_damaged(study->head.ctx, path, &sealed, "its seeds are not those of this study");
    take_seconds(c, root);
    c->finished = dpid_json_is_true(dpid_json_get(root, "finished"));
    DPID_TRY(keep_text(c, dpid_json_get(root, "fewer_seeds"), &c->fewer_seeds));
    DPID_TRY(keep_text(c, dpid_json_get(root, "no_tuning"), &c->no_tuning));
    DPID_TRY(keep_text(c, dpid_json_get(root, "no_probes"), &c->no_probes));
    c->arms = study->arms;
    DPID_TRY(dpid_arena_alloc(&c->arena, c->arms, sizeof *c->left_out, "budget", &c->left_out));
    for (int32_t i = 0; i < c->arms; i++)
        DPID_TRY(
            keep_text(c, dpid_json_get(dpid_json_at(dpid_json_get(root, "arms"), i), "left_out"), &c->left_out[i]));
    c->made = true;
    return DEEPID_OK;
}

static int32_t path_of(const deepid_study *study, dpid_string *path)
{
    *path = (dpid_string){.ctx = study->head.ctx};
    dpid_string_format(path, "%s/plan.json", study->folder);
    return path->status;
}

static int32_t read_plan(deepid_study *study, const char *path)
{
    dpid_json_text text;
    if (!dpid_file_exists(path))
        return DEEPID_OK;
    DPID_TRY(dpid_sealed_read(study->head.ctx, path, &sealed, &text));
    const int32_t status = same_wishes(study, text.root) ? take_plan(study, text.root, path) : DEEPID_OK;
    dpid_json_release(&text);
    return status;
}

int32_t dpid_plan_read(deepid_study *study)
{
    dpid_string path;
    if (!study->folder)
        return DEEPID_OK;
    int32_t status = path_of(study, &path);
    if (status == DEEPID_OK)
        status = read_plan(study, path.text);
    dpid_string_release(&path);
    return status;
}

/* ---- keep ---------------------------------------------------------------------------------------- */

static int32_t keep_plan(deepid_study *study, const char *path, bool first)
{
    bool taken = false;
    dpid_string text = {.ctx = study->head.ctx};
    dpid_plan_write(study, &text);
    int32_t status = text.status;
    if (status == DEEPID_OK)
        status = dpid_folder_make(study->head.ctx, study->folder);
    if (status == DEEPID_OK)
        status = first ? dpid_file_create(study->head.ctx, path, text.text, text.length, &taken)
                       : dpid_file_replace(study->head.ctx, path, text.text, text.length);
    dpid_string_release(&text);
    return taken ? read_plan(study, path) : status;
}

int32_t dpid_plan_keep(deepid_study *study, bool first)
{
    dpid_string path;
    if (!study->folder)
        return DEEPID_OK;
    int32_t status = path_of(study, &path);
    if (status == DEEPID_OK)
        status = keep_plan(study, path.text, first && !dpid_file_exists(path.text));
    dpid_string_release(&path);
    return status;
}

void dpid_choice_forget(deepid_study *study)
{
    dpid_arena_release(&study->choice.arena);
    study->choice = (dpid_choice){.arena = {.ctx = study->head.ctx}};
}

/* ---- said ----------------------------------------------------------------------------------------- */

static void say_fewer(dpid_string *s, const char *what, const char *reason)
{
    if (reason)
        dpid_string_format(s, ", %s (%s)", what, reason);
}

/* "The budget of 60 s bought 9 of 22 arms and 6 of 10 seeds (...), no rates (...). It took 64 s, 4 s beyond it: ..." */
static void say(const deepid_study *study, dpid_string *s)
{
    const dpid_choice *c = &study->choice;
    const double budget = study->number[DPID_NUMBER_BUDGET];
    long long in = 0;
    long long asked = 0;
    for (int32_t i = 0; i < study->arms; i++) {
        in += !study->arm[i].reason;
        asked += !study->arm[i].reason || study->arm[i].reason == c->left_out[i];
    }
    dpid_string_format(s, "The budget of %s s bought %lld of %lld arms and %lld of %s seeds", dpid_number(budget).text,
                       in, asked, (long long)c->seeds, dpid_number(study->number[DPID_NUMBER_SEEDS]).text);
    if (c->fewer_seeds)
        dpid_string_format(s, " (%s)", c->fewer_seeds);
    say_fewer(s, "no search for rates", c->no_tuning);
    say_fewer(s, "no probes", c->no_probes);
    dpid_string_add(s, ".");
    if (!c->finished)
        return;
    dpid_string_format(s, " It took %s s", dpid_number(ceil(c->used)).text);
    if (c->used > budget)
        dpid_string_format(s, ", %s s beyond it: what is needed for any answer is run whatever it takes",
                           dpid_number(ceil(c->used - budget)).text);
    dpid_string_add(s, ".");
}

int32_t dpid_plan_say(deepid_study *study)
{
    dpid_choice *c = &study->choice;
    char *kept = NULL;
    dpid_string s = {.ctx = study->head.ctx};
    if (!c->made)
        return DEEPID_OK;
    say(study, &s);
    const int32_t status = s.status == DEEPID_OK ? dpid_arena_text(&c->arena, s.text, s.length, &kept) : s.status;
    c->said = kept;
    dpid_string_release(&s);
    return status;
}
