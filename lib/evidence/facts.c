/* The facts of evidence.json: words, where each lies, what may stand there. */
#include "evidence/evidence.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define AT(field) offsetof(struct deepid_evidence, field)
#define ANY (-HUGE_VAL), HUGE_VAL
#define UP 0, HUGE_VAL
#define NUMBER(w, field, range, h)                                                                                     \
    {                                                                                                                  \
        w, h, DPID_FACT_NUMBER, AT(field), range                                                                       \
    }
#define COUNT(w, field, h)                                                                                             \
    {                                                                                                                  \
        w, h, DPID_FACT_COUNT, AT(field), 0, 9007199254740992.0                                                        \
    }
#define CODE(w, field, most, h)                                                                                        \
    {                                                                                                                  \
        w, h, DPID_FACT_CODE, AT(field), 0, most                                                                       \
    }
#define FLAG(w, field, h)                                                                                              \
    {                                                                                                                  \
        w, h, DPID_FACT_FLAG, AT(field), 0, 1                                                                          \
    }
#define TEXT(w, field, h)                                                                                              \
    {                                                                                                                  \
        w, h, DPID_FACT_TEXT, AT(field), 0, 0                                                                          \
    }
static const dpid_fact rows[] = {
    TEXT("question", page.question, "the headline of the page"),
    TEXT("subject", page.subject, "a line on what was studied"),
    TEXT("command", page.command, "how to repeat it"),
    TEXT("machine", page.machine, "versions and machine, in a line"),
    TEXT("files", page.files, "where all numbers are, in a line"),
    TEXT("data", page.data, "what was read of a table, in a line"),
    TEXT("budget", page.budget, "what a budget bought and took, a sentence"),
    TEXT("deep", page.deep, "the deep net"),
    NUMBER("const_loss", fact.const_loss, UP, "training loss of the best constant predictor: log K of K equal classes"),
    NUMBER("least_loss", fact.least_loss, UP,
           "training loss of the best predictor there is: of a language its entropy; 0"),
    NUMBER("margin", fact.margin, UP, "differences of training losses below it count as none"),
    NUMBER("valid_const_loss", fact.valid_const_loss, UP, "the same of the validation set"),
    NUMBER("valid_margin", fact.valid_margin, UP, "differences of validation losses below it count as none"),
    {"largest_class", "share of the largest class, where classes are unequal", DPID_FACT_NUMBER, AT(fact.largest_class),
     0, 1},
    {"valid_largest_class", "the same of the validation set", DPID_FACT_NUMBER, AT(fact.valid_largest_class), 0, 1},
    TEXT("class_weights", fact.class_weights, "what losses are weighed by: no 0.54, yes 6.9"),
    FLAG("targets", fact.targets, "the loss is of squares of targets, not of classes"),
    NUMBER("recipe_rate", fact.recipe_rate, UP, "learning rate of the recipe"),
    COUNT("batch", fact.batch, "samples a step"),
    COUNT("updates", fact.updates, "updates of S and D"),
    COUNT("shallow_depth", fact.shallow_depth, "layers or blocks of S"),
    COUNT("deep_depth", fact.deep_depth, "layers or blocks of D"),
    TEXT("block", fact.block_word, "what D is deep in: plain"),
    TEXT("init", fact.init_word, "the start of the recipe"),
    FLAG("default_init", fact.default_init, "that start is the framework's default"),
    FLAG("is_f64", fact.is_f64, "the recipe itself trains in float64"),
    TEXT("storage", fact.storage,
         "what the recipe stores its numbers in, where it is not float32: bf16 weights=format"),
    TEXT("loss_scale", fact.loss_scale, "how the recipe scales its loss, where it does: dynamic"),
    TEXT("noise", fact.noise, "what draws numbers in training, where it is not dropout alone: stochastic depth"),
    FLAG("dropout_shallow", fact.dropout[0], "S has dropout"),
    FLAG("dropout_deep", fact.dropout[1], "D has dropout"),
    FLAG("decay", fact.decay, "the recipe has weight decay"),
    FLAG("smoothing", fact.smoothing, "... label smoothing"),
    FLAG("augmentation", fact.augmentation, "... augmentation"),
    FLAG("batchnorm", fact.batchnorm, "D has batch-norm"),
    COUNT("shallow_narrowest", fact.shallow_narrowest, "units or channels of the narrowest layer inside S"),
    COUNT("deep_narrowest", fact.deep_narrowest, "... inside D"),
    TEXT("deep_narrowest_layer", fact.deep_narrowest_layer, "which layer that is"),
    FLAG("depth_study", depth_study, "depth_study trained: sentences name its flags"),
    FLAG("other_layers", fact.other_layers, "S and D differ in more than added layers"),
    CODE("identity_status", fact.identity_status, 16, "what is known of the added block as an identity (identity.h)"),
    CODE("identity_reason", fact.identity_reason, 64, "why it cannot be one"),
    TEXT("identity_sentence", fact.identity_sentence, "the same in words"),
    NUMBER("floor", fact.floor, UP, "a proven floor of the deep net's training loss"),
    TEXT("floor_theorem", fact.floor_theorem, "what proves it"),
    CODE("gradient_check", fact.gradient_check, DPID_UNRESOLVED, "0 not checked, 1 passed, 2 failed, 3 cannot tell"),
    NUMBER("gradient_check_error", fact.gradient_check_error, UP, "the largest relative error"),
    TEXT("gradient_check_layer", fact.gradient_check_layer, "where"),
    NUMBER("gradient_check_second", fact.gradient_check_second, UP, "the error that a second way finds there"),
    FLAG("counted", fact.counted, "range counters were taken"),
    NUMBER("zeros", fact.zeros, UP, "gradient entries that are 0 in the run's precision alone"),
    NUMBER("subnormals", fact.subnormals, UP, "... subnormal"),
    NUMBER("infinities", fact.infinities, UP, "... not finite"),
    FLAG("compared", fact.compared, "the accuracy of gradients was measured"),
    NUMBER("min_cosine", fact.min_cosine, ANY, "least cosine of a layer's gradient to that of higher precision"),
    NUMBER("max_relative_error", fact.max_relative_error, UP, "largest relative error of a layer's gradient"),
    NUMBER("mask_flips", fact.mask_flips, UP, "largest share of rectifiers that switch"),
    FLAG("twins_differ", fact.twins_differ, "runs that begin one ulp apart end differently"),
};
enum { ROWS = sizeof rows / sizeof *rows };
_Static_assert(ROWS <= 64, "deepid_evidence.said has a bit for each");

const dpid_fact *dpid_fact_at(int64_t i)
{
    return i >= 0 && i < ROWS ? &rows[i] : NULL;
}

const dpid_fact *dpid_fact_of(const char *word)
{
    for (int i = 0; word && i < ROWS; i++)
        if (strcmp(rows[i].word, word) == 0)
            return &rows[i];
    return NULL;
}

static void *place_of(const deepid_evidence *e, const dpid_fact *fact)
{
    return (char *)(uintptr_t)e + fact->place;
}

double dpid_fact_number(const deepid_evidence *e, const dpid_fact *fact)
{
    const void *at = place_of(e, fact);
    switch (fact->type) {
    case DPID_FACT_NUMBER:
        return *(const double *)at;
    case DPID_FACT_COUNT:
        return (double)*(const int64_t *)at;
    case DPID_FACT_CODE:
        return *(const int32_t *)at;
    case DPID_FACT_FLAG:
        return *(const bool *)at;
    default:
        return (double)NAN;
    }
}

const char *dpid_fact_text(const deepid_evidence *e, const dpid_fact *fact)
{
    return fact->type == DPID_FACT_TEXT ? *(const char **)place_of(e, fact) : NULL;
}

bool dpid_fact_known(const deepid_evidence *e, const dpid_fact *fact)
{
    const double value = dpid_fact_number(e, fact);
    return fact->type == DPID_FACT_TEXT     ? dpid_fact_text(e, fact) != NULL
           : fact->type == DPID_FACT_NUMBER ? !isnan(value)
                                            : value != 0;
}

/* "a whole number from 0 to 3" */
static void say_expected(const dpid_fact *fact, char *why)
{
    const dpid_number_text min = dpid_number(fact->min);
    const dpid_number_text max = dpid_number(fact->max);
    const char *what = fact->type == DPID_FACT_NUMBER ? "a number" : "a whole number";
    if (fact->type == DPID_FACT_TEXT)
        snprintf(why, DPID_JSON_WHY, "expected a text in quotes");
    else if (fact->type == DPID_FACT_FLAG)
        snprintf(why, DPID_JSON_WHY, "expected true or false");
    else if (isinf(fact->max))
        snprintf(why, DPID_JSON_WHY, "expected %s%s", what, isinf(fact->min) ? "" : ", 0 or more");
    else
        snprintf(why, DPID_JSON_WHY, "expected %s from %s to %s", what, min.text, max.text);
}

bool dpid_fact_take(deepid_evidence *e, const dpid_fact *fact, double value, char *why)
{
    void *at = place_of(e, fact);
    const bool number = fact->type == DPID_FACT_NUMBER;
    const bool fits = value >= fact->min && value <= fact->max && (number || value == floor(value));
    if (fact->type == DPID_FACT_TEXT || !(fits || (number && isnan(value)))) {
        say_expected(fact, why);
        return false;
    }
    if (number)
        *(double *)at = value;
    else if (fact->type == DPID_FACT_COUNT)
        *(int64_t *)at = (int64_t)value;
    else if (fact->type == DPID_FACT_CODE)
        *(int32_t *)at = (int32_t)value;
    else
        *(bool *)at = value != 0;
    e->said |= (uint64_t)1 << (fact - rows);
    return true;
}

bool dpid_fact_said(const deepid_evidence *e, const char *word)
{
    const dpid_fact *fact = dpid_fact_of(word);
    return fact && (e->said >> (fact - rows) & 1);
}

int32_t dpid_facts_keep(deepid_evidence *e)
{
    for (int i = 0; i < ROWS; i++)
        if (rows[i].type == DPID_FACT_TEXT)
            DPID_TRY(dpid_fact_take_text(e, &rows[i], dpid_fact_text(e, &rows[i])));
    return DEEPID_OK;
}

int32_t dpid_fact_take_text(deepid_evidence *e, const dpid_fact *fact, const char *text)
{
    return dpid_evidence_keep(e, text, place_of(e, fact));
}

/* Classes that are unequal, or weighed, have a loss below log K. */
bool dpid_classes_take(deepid_evidence *e, double classes, char *why)
{
    const double near = 1e-6;
    const double loss = log(classes);
    const double said = e->fact.const_loss;
    const bool unequal = !isnan(e->fact.largest_class) || e->fact.class_weights;
    if (!(classes >= 2) || classes != floor(classes) || isinf(classes)) {
        snprintf(why, DPID_JSON_WHY, "expected how many classes there are, 2 or more");
        return false;
    }
    if (said > loss + near || (said < loss - near && !unequal)) {
        snprintf(why, DPID_JSON_WHY, "const_loss is %.30s, expected %.30s, log %.30s%s", dpid_number(said).text,
                 dpid_number(loss).text, dpid_number(classes).text,
                 said < loss ? "; of unequal classes say largest_class too" : ", or less");
        return false;
    }
    e->fact.const_loss = isnan(said) ? loss : said;
    return true;
}
