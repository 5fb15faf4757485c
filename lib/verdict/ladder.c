/* The precision ladder: who stands on it, what each format costs, where harm begins.   What: ladder.h */
#include "verdict/ladder.h"

#include <deepid/statistics.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- formats ------------------------------------------------------------------------------------ */

/* D_f8: values in E4M3, gradients in E5M2. */
static const dpid_number_format both_f8 = {"f8", "8-bit formats", "D_f8", 4, 4};

static bool is(const dpid_number_format *format, const char *word)
{
    return strcmp(format->word, word) == 0;
}

bool dpid_format_is_wide(const dpid_number_format *format)
{
    return format->range >= dpid_number_format_of("f32")->range;
}

int dpid_format_order(const dpid_number_format *a, const dpid_number_format *b)
{
    return a->bits != b->bits     ? b->bits - a->bits
           : a->range != b->range ? b->range - a->range
                                  : strcmp(a->word, b->word);
}

dpid_ladder_word dpid_ladder_word_of(const char *arm)
{
    dpid_ladder_word out = {NULL, "", arm[0] == 'D'};
    char word[16];
    const bool net = arm[0] == 'S' || arm[0] == 'D';
    if (net && strcmp(arm + 1, "64") == 0)
        out.format = dpid_number_format_of("f64");
    if (!net || arm[1] != '_')
        return out;
    const size_t length = strcspn(arm + 2, ":");
    snprintf(word, sizeof word, "%.*s", (int)length, arm + 2);
    out.format = is(&both_f8, word) ? &both_f8 : dpid_number_format_of(word);
    out.variant = arm[2 + length] ? arm + 2 + length + 1 : "";
    return out;
}

/* ---- who stands on it ---------------------------------------------------------------------------- */

static bool was_run(const dpid_judge *j, const dpid_arm_evidence *arm)
{
    int64_t runs = 0;
    if (arm)
        dpid_arm_diverged(j, arm, &runs);
    return runs > 0;
}

/* From the finest; of one format the plain one first. */
static int32_t add_rung(dpid_judge *j, dpid_ladder_side *side, const dpid_arm_evidence *arm,
                        const dpid_number_format *format, const char *variant, bool own)
{
    const dpid_estimate unknown = {(double)NAN, (double)NAN, (double)NAN};
    dpid_rung rung = {
        .format = format, .own = own, .above = unknown, .beyond = unknown, .p = (double)NAN, .p_holm = (double)NAN};
    int32_t k = side->rungs;
    if (!format || k == DPID_RUNGS_MAX || !was_run(j, arm))
        return DEEPID_OK;
    rung.diverged = dpid_arm_diverged(j, arm, &rung.runs);
    DPID_TRY(dpid_set_text(j, &rung.arm, "%s", arm->word));
    DPID_TRY(dpid_set_text(j, &rung.variant, "%s", variant));
    for (; k > 0; k--) {
        const int order = dpid_format_order(side->rung[k - 1].format, format);
        if (order < 0 || (order == 0 && (*variant || !*side->rung[k - 1].variant)))
            break;
        side->rung[k] = side->rung[k - 1];
    }
    side->rung[k] = rung;
    side->rungs++;
    return DEEPID_OK;
}

/* A net in this format, as it is: "D_f16". */
static bool has_plain(const dpid_judge *j, bool deep, const dpid_number_format *format)
{
    char word[32];
    snprintf(word, sizeof word, "%c_%s", deep ? 'D' : 'S', format->word);
    return was_run(j, dpid_judge_arm(j, word));
}

/* The recipe's: by what was said of its storage, else float32 where no other arm is that. Options make it a variant;
   so does a scaled loss beside an arm without. */
static int32_t add_own(dpid_judge *j, dpid_ladder_side *side, bool deep)
{
    const char *storage = j->e->is_f64 ? "f64" : j->e->storage ? j->e->storage : "f32";
    const char *options = strchr(storage, ' ');
    const dpid_number_format *format = dpid_number_format_of(storage);
    const bool beside = format && has_plain(j, deep, format);
    if (beside && !j->e->storage && !j->e->is_f64)
        return DEEPID_OK;
    return add_rung(j, side, dpid_arm_at_tuned_rate(j, deep ? "D" : "S"), format,
                    options                      ? options + 1
                    : beside && j->e->loss_scale ? j->e->loss_scale
                                                 : "",
                    true);
}

static int32_t gather(dpid_judge *j, dpid_ladder *l)
{
    for (int deep = 0; deep < 2; deep++) {
        l->side[deep].depth = deep ? j->e->deep_depth : j->e->shallow_depth;
        DPID_TRY(add_own(j, &l->side[deep], deep != 0));
    }
    for (int64_t i = 0; i < j->e->arms; i++) {
        const dpid_ladder_word word = dpid_ladder_word_of(j->e->arm[i].word);
        DPID_TRY(add_rung(j, &l->side[word.deep], &j->e->arm[i], word.format, word.variant, false));
    }
    return DEEPID_OK;
}

static bool has_own(const dpid_ladder *l, const dpid_number_format *format)
{
    for (int deep = 0; deep < 2; deep++)
        for (int32_t i = 0; i < l->side[deep].rungs; i++)
            if (l->side[deep].rung[i].own && l->side[deep].rung[i].format == format)
                return true;
    return false;
}

/* Beside the recipe's own there are two or more. */
static bool has_two_formats(const dpid_ladder *l)
{
    const dpid_number_format *first = NULL;
    for (int deep = 0; deep < 2; deep++)
        for (int32_t i = 0; i < l->side[deep].rungs; i++) {
            const dpid_number_format *format = l->side[deep].rung[i].format;
            if (has_own(l, format) || format == first)
                continue;
            if (first)
                return true;
            first = format;
        }
    return false;
}

/* ---- against the reference --------------------------------------------------------------------------- */

/* The finest of float64 and float32. */
static int32_t find_reference(dpid_judge *j, dpid_ladder_side *side)
{
    side->reference = side->begins = -1;
    for (int32_t i = side->rungs - 1; i >= 0; i--)
        if ((is(side->rung[i].format, "f64") || is(side->rung[i].format, "f32")) && !*side->rung[i].variant)
            side->reference = i;
    if (side->reference < 0)
        return DEEPID_OK;
    return dpid_arm_learned_nothing(j, dpid_judge_arm(j, side->rung[side->reference].arm), &side->idle);
}

/* a - b at every seed; two diverged runs are as bad as each other */
static dpid_series difference(const dpid_judge *j, const char *a, const char *b)
{
    const dpid_series x = dpid_arm_on(j, j->on, dpid_judge_arm(j, a));
    const dpid_series y = dpid_arm_on(j, j->on, dpid_judge_arm(j, b));
    const dpid_series out = dpid_series_make(j);
    for (int64_t s = 0; s < j->e->seeds; s++)
        out.at[s] = x.at[s] == y.at[s] ? 0 : x.at[s] - y.at[s];
    return out;
}

/* Of "above by the margin at most" against more: the upper tail of the signed ranks of d - margin. Where the estimate
   is no more than the margin, 1 stands for it. */
static int32_t test_above(const dpid_judge *j, const dpid_series *d, double margin, dpid_rung *rung)
{
    const dpid_series beyond = dpid_series_make(j);
    double ranks;
    double both = 1;
    int64_t n = 0;
    for (int64_t s = 0; s < j->e->seeds; s++)
        if (!isnan(d->at[s]))
            beyond.at[n++] = d->at[s] - margin;
    DPID_TRY(deepid_statistics_signed_rank(j->ctx, n, beyond.at, &ranks, &both));
    rung->p = rung->above.value > margin ? both / 2 : 1;
    return DEEPID_OK;
}

static int32_t compare(dpid_judge *j, const dpid_ladder *l, dpid_ladder_side *side)
{
    const dpid_series zero = dpid_series_make(j);
    for (int32_t i = 0; i < side->rungs && side->reference >= 0; i++) {
        dpid_rung *rung = &side->rung[i];
        dpid_contrast above;
        if (i == side->reference)
            continue;
        const dpid_series d = difference(j, rung->arm, side->rung[side->reference].arm);
        DPID_TRY(dpid_contrast_of(j, &d, &zero, DPID_INTERVAL_ONLY, &above));
        rung->seeds = above.n;
        rung->above = above.rank;
        rung->step = above.n > 0 && !side->idle && !*rung->variant;
        if (rung->step)
            DPID_TRY(test_above(j, &d, l->margin, rung));
    }
    return DEEPID_OK;
}

/* Of as many bits with float32's range, else of the same range with more bits. */
static const dpid_rung *find_beside(const dpid_ladder_side *side, const dpid_number_format *format)
{
    const dpid_rung *out = NULL;
    for (int32_t i = 0; i < side->rungs; i++) {
        const dpid_rung *rung = &side->rung[i];
        const bool wide = dpid_format_is_wide(rung->format);
        if (rung->step && wide && rung->format->bits == format->bits)
            return rung;
        if (rung->step && !wide && rung->format->range == format->range && rung->format->bits > format->bits)
            out = rung;
    }
    return out;
}

static int32_t compare_beside(dpid_judge *j, dpid_ladder_side *side)
{
    const dpid_series zero = dpid_series_make(j);
    for (int32_t i = 0; i < side->rungs; i++) {
        dpid_rung *rung = &side->rung[i];
        dpid_contrast beyond;
        if (!rung->step || dpid_format_is_wide(rung->format))
            continue;
        rung->beside = find_beside(side, rung->format);
        if (!rung->beside)
            continue;
        const dpid_series d = difference(j, rung->arm, rung->beside->arm);
        DPID_TRY(dpid_contrast_of(j, &d, &zero, DPID_INTERVAL_ONLY, &beyond));
        rung->beyond = beyond.rank;
    }
    return DEEPID_OK;
}

/* ---- what that says ------------------------------------------------------------------------------------ */

/* Holm over the steps of both depths. */
static int32_t adjust(dpid_judge *j, dpid_ladder *l)
{
    dpid_rung *step[2 * DPID_RUNGS_MAX];
    double p[2 * DPID_RUNGS_MAX];
    for (int deep = 0; deep < 2; deep++)
        for (int32_t i = 0; i < l->side[deep].rungs; i++)
            if (l->side[deep].rung[i].step) {
                step[l->steps] = &l->side[deep].rung[i];
                p[l->steps++] = l->side[deep].rung[i].p;
            }
    if (l->steps == 0)
        return DEEPID_OK;
    const double alone = 2 * (1 - j->t.level) / l->steps; /* one-sided, for the smallest of so many */
    l->least_seeds = dpid_seeds_of_level(fmax(1 - alone, j->t.level));
    DPID_TRY(deepid_statistics_holm(j->ctx, l->steps, p, p));
    for (int32_t i = 0; i < l->steps; i++)
        step[i]->p_holm = p[i];
    return DEEPID_OK;
}

/* By the interval, as the judge has it for two nets; harm also when all steps are looked at together. */
static dpid_harm state_of(const dpid_judge *j, const dpid_ladder *l, const dpid_rung *rung)
{
    return !rung->step                                                     ? DPID_HARM_UNKNOWN
           : rung->above.low > l->margin && rung->p_holm <= 1 - j->t.level ? DPID_HARM
           : rung->above.high < l->margin                                  ? DPID_HARM_NONE
                                                                           : DPID_HARM_UNSURE;
}

static void sum_up(const dpid_judge *j, const dpid_ladder *l, dpid_ladder_side *side)
{
    bool all = true;
    int32_t steps = 0;
    for (int32_t i = 0; i < side->rungs; i++) {
        dpid_rung *rung = &side->rung[i];
        rung->state = state_of(j, l, rung);
        if (!rung->step || !dpid_format_is_wide(rung->format))
            continue;
        steps++;
        all = all && rung->state == DPID_HARM_NONE;
        if (rung->state == DPID_HARM && side->begins < 0)
            side->begins = i;
    }
    side->state = steps == 0          ? DPID_HARM_UNKNOWN
                  : side->begins >= 0 ? DPID_HARM
                  : all               ? DPID_HARM_NONE
                                      : DPID_HARM_UNSURE;
}

const dpid_rung *dpid_ladder_find(const dpid_ladder_side *side, const dpid_number_format *format)
{
    for (int32_t i = 0; i < side->rungs; i++)
        if (side->rung[i].format == format && !*side->rung[i].variant)
            return &side->rung[i];
    return NULL;
}

/* ---- worse with depth? (D - its reference) - (S - its reference) ------------------------------------------ */

/* Where harm begins in the deep net; else the coarsest format that harms it; else the coarsest one. Of those of both
   depths. */
static const dpid_rung *choose_deeper(const dpid_ladder *l)
{
    const dpid_ladder_side *deep = &l->side[DPID_LADDER_DEEP];
    const dpid_rung *out = NULL;
    for (int32_t i = 0; i < deep->rungs; i++) {
        const dpid_rung *rung = &deep->rung[i];
        const dpid_rung *shallow = dpid_ladder_find(&l->side[DPID_LADDER_SHALLOW], rung->format);
        if (!rung->step || !shallow || !shallow->step)
            continue;
        if (i == deep->begins)
            return rung;
        if (!out || rung->state == DPID_HARM || out->state != DPID_HARM)
            out = rung;
    }
    return out;
}

static int32_t learn_nothing(const dpid_judge *j, const dpid_rung *a, const dpid_rung *b, bool *out)
{
    bool other;
    DPID_TRY(dpid_arm_learned_nothing(j, dpid_judge_arm(j, a->arm), out));
    DPID_TRY(dpid_arm_learned_nothing(j, dpid_judge_arm(j, b->arm), &other));
    *out = *out && other;
    return DEEPID_OK;
}

static int32_t compare_depths(dpid_judge *j, dpid_ladder *l)
{
    const dpid_ladder_side *shallow = &l->side[DPID_LADDER_SHALLOW];
    const dpid_ladder_side *deep = &l->side[DPID_LADDER_DEEP];
    const dpid_rung *rung = choose_deeper(l);
    dpid_contrast deeper;
    if (!rung || shallow->reference < 0)
        return DEEPID_OK;
    const dpid_rung *reference = &shallow->rung[shallow->reference];
    const dpid_rung *like = dpid_ladder_find(deep, reference->format);
    if (!like || like == rung)
        return DEEPID_OK;
    const dpid_series d = difference(j, rung->arm, like->arm);
    const dpid_series s = difference(j, dpid_ladder_find(shallow, rung->format)->arm, reference->arm);
    DPID_TRY(dpid_contrast_of(j, &d, &s, DPID_INTERVAL_ONLY, &deeper));
    l->deeper_in = rung->format;
    l->deeper = deeper.rank;
    return learn_nothing(j, rung, dpid_ladder_find(shallow, rung->format), &l->deeper_idle);
}

int32_t dpid_judge_ladder(dpid_judge *j)
{
    const double unknown = (double)NAN;
    dpid_ladder *l = NULL;
    DPID_TRY(dpid_arena_alloc(&j->v->arena, 1, sizeof *l, "verdict", &l));
    *l = (dpid_ladder){.scale = j->on, .margin = j->on_margin, .deeper = {unknown, unknown, unknown}};
    DPID_TRY(gather(j, l));
    if (!has_two_formats(l))
        return DEEPID_OK;
    for (int deep = 0; deep < 2; deep++) {
        DPID_TRY(find_reference(j, &l->side[deep]));
        DPID_TRY(compare(j, l, &l->side[deep]));
        DPID_TRY(compare_beside(j, &l->side[deep]));
    }
    DPID_TRY(adjust(j, l));
    for (int deep = 0; deep < 2; deep++)
        sum_up(j, l, &l->side[deep]);
    DPID_TRY(compare_depths(j, l));
    DPID_TRY(dpid_ladder_say(j, l));
    j->v->ladder = l;
    return DEEPID_OK;
}
