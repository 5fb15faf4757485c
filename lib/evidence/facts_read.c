/* evidence.json, read: facts, thresholds, explanations, and the probes whose tables lie in probes/. */
#include "evidence/evidence.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FORMAT = 1 };

typedef struct {
    deepid_evidence *e;
    const char *folder;
    double classes;
} reading;

static int32_t refuse(const reading *r, const char *key, const char *why)
{
    return dpid_fail(r->e->head.ctx, DEEPID_ERR_FORMAT, "'%s/evidence.json', %s: %s", r->folder, key, why);
}

static bool truth(const dpid_json *value, double *out)
{
    bool flag;
    if (!dpid_json_bool(value, &flag))
        return false;
    *out = flag;
    return true;
}

/* A number, "inf" or "-inf", null for one that is not known, true and false for 1 and 0. */
static bool number_of(const dpid_json *value, double *out)
{
    const char *text = dpid_json_string(value);
    *out = (double)NAN;
    if (text && (strcmp(text, "inf") == 0 || strcmp(text, "-inf") == 0)) {
        *out = *text == '-' ? -HUGE_VAL : HUGE_VAL;
        return true;
    }
    return dpid_json_is_null(value) || truth(value, out) || dpid_json_number(value, out);
}

static int32_t take_fact(reading *r, const dpid_fact *fact, const dpid_json *value)
{
    char why[DPID_JSON_WHY] = "expected a number";
    double number;
    if (fact->type == DPID_FACT_TEXT)
        return dpid_json_is_null(value)   ? DEEPID_OK
               : !dpid_json_string(value) ? refuse(r, fact->word, "expected a text in quotes")
                                          : dpid_fact_take_text(r->e, fact, dpid_json_string(value));
    if (dpid_json_is_null(value) && fact->type != DPID_FACT_NUMBER)
        return DEEPID_OK;
    return number_of(value, &number) && dpid_fact_take(r->e, fact, number, why) ? DEEPID_OK
                                                                                : refuse(r, fact->word, why);
}

static int32_t take_thresholds(reading *r, const dpid_json *object)
{
    const char *key = NULL;
    double value;
    if (!dpid_json_is_object(object))
        return refuse(r, "thresholds", "expected an object");
    for (const dpid_json *member; (member = dpid_json_next(object, &key));) {
        const int32_t status = !dpid_json_number(member, &value)
                                   ? refuse(r, key, "expected a number")
                                   : dpid_thresholds_set(r->e->head.ctx, &r->e->thresholds, key, value);
        if (status == DEEPID_ERR_ARGUMENT)
            return refuse(r, "thresholds", deepid_ctx_error(r->e->head.ctx));
        DPID_TRY(status);
    }
    return DEEPID_OK;
}

static int32_t take_explanations(reading *r, const dpid_json *array)
{
    for (int64_t i = 0; i < dpid_json_count(array); i++) {
        const dpid_json *one = dpid_json_at(array, i);
        const char *name = dpid_json_string(dpid_json_get(one, "name"));
        double before;
        double after;
        if (!name || !number_of(dpid_json_get(one, "before"), &before))
            return refuse(r, "explanations", "expected objects with name, before and after");
        if (!number_of(dpid_json_get(one, "after"), &after))
            after = (double)NAN;
        DPID_TRY(deepid_evidence_explain(r->e, name, before, after));
    }
    return dpid_json_is_array(array) ? DEEPID_OK : refuse(r, "explanations", "expected a list");
}

static int32_t take_probes(reading *r, const dpid_json *array)
{
    for (int64_t i = 0; i < dpid_json_count(array); i++) {
        const char *arm = dpid_json_string(dpid_json_get(dpid_json_at(array, i), "arm"));
        const char *word = dpid_json_string(dpid_json_get(dpid_json_at(array, i), "probe"));
        if (!arm || !word || strchr(arm, '/') || strchr(word, '/'))
            return refuse(r, "probes", "expected objects with arm and probe");
        DPID_TRY(dpid_probe_read(r->e, r->folder, arm, word));
    }
    return dpid_json_is_array(array) ? DEEPID_OK : refuse(r, "probes", "expected a list");
}

/* ---- members ------------------------------------------------------------------------------------- */

static int32_t take_format(reading *r, const dpid_json *value)
{
    int64_t format;
    return dpid_json_int(value, &format) && format == FORMAT ? DEEPID_OK
                                                             : refuse(r, "format", "expected 1, the one there is");
}

static int32_t take_classes(reading *r, const dpid_json *value)
{
    return dpid_json_number(value, &r->classes)
               ? DEEPID_OK
               : refuse(r, "classes", "expected how many classes there are, 2 or more");
}

static int32_t take_unknown(reading *r, const char *key)
{
    char sentence[DPID_ERROR_MAX];
    const int32_t status = deepid_evidence_set_number(r->e, key, 0); /* whose refusal names what there is */
    snprintf(sentence, sizeof sentence, "%s", deepid_ctx_error(r->e->head.ctx));
    const char *from = strstr(sentence, "unknown ");
    return status == DEEPID_ERR_SPEC && from ? refuse(r, key, from) : refuse(r, key, "there is no such fact");
}

static int32_t take_member(reading *r, const char *key, const dpid_json *value)
{
    static const struct {
        const char *key;
        int32_t (*take)(reading *r, const dpid_json *value);
    } others[] = {{"format", take_format},
                  {"classes", take_classes},
                  {"thresholds", take_thresholds},
                  {"explanations", take_explanations},
                  {"probes", take_probes}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(key, others[i].key) == 0)
            return others[i].take(r, value);
    const dpid_fact *fact = dpid_fact_of(key);
    return fact ? take_fact(r, fact, value) : take_unknown(r, key);
}

static int32_t take_all(reading *r, const dpid_json *root)
{
    char why[DPID_JSON_WHY];
    const char *key = NULL;
    if (!dpid_json_is_object(root))
        return refuse(r, "line 1", "expected an object, {\"format\": 1, ...}");
    for (const dpid_json *value; (value = dpid_json_next(root, &key));)
        DPID_TRY(take_member(r, key, value));
    return isnan(r->classes) || dpid_classes_take(r->e, r->classes, why) ? DEEPID_OK : refuse(r, "classes", why);
}

static int32_t read_file(reading *r, const char *path)
{
    uint8_t *text = NULL;
    int64_t bytes;
    dpid_json_text json;
    DPID_TRY(dpid_file_read(r->e->head.ctx, path, &text, &bytes));
    int32_t status = dpid_json_read(r->e->head.ctx, (const char *)text, bytes, &json);
    if (status == DEEPID_OK)
        status = json.root ? take_all(r, json.root)
                           : dpid_fail(r->e->head.ctx, DEEPID_ERR_FORMAT, "'%s': %s", path, json.why);
    dpid_json_release(&json);
    dpid_free(r->e->head.ctx, text);
    return status;
}

int32_t dpid_facts_read(deepid_evidence *e, const char *folder)
{
    reading r = {.e = e, .folder = folder, .classes = (double)NAN};
    dpid_string path = {.ctx = e->head.ctx};
    dpid_string_format(&path, "%s/evidence.json", folder);
    int32_t status = path.status;
    if (status == DEEPID_OK && dpid_file_exists(path.text))
        status = read_file(&r, path.text);
    if (status == DEEPID_OK && dpid_file_exists(path.text))
        status = dpid_evidence_note_file(e, "evidence.json");
    dpid_string_release(&path);
    return status;
}
