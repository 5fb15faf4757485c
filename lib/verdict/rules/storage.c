/* rounding and range where the recipe stores its numbers in a format: an arm that differs in one of the two alone
   separates them, without counters.
     one range, more bits of precision    what it repairs is rounding
     one precision, a wider range         what it repairs is range
   So for f16 tf32 tells of range, and float32 beyond tf32 of rounding; for bf16 float32 tells of rounding. Where no
   such arm was run, one that is worse in the other of the two can confirm, not refute: bf16 for f16. So can one that
   keeps the format and helps in one way: loss scaling, master weights, stochastic rounding.
   Arms of other formats have none of the options of the recipe's storage. So where it has some, such an arm tells of
   one cause only if they are of that cause too, or if the recipe's own format without them surely repairs nothing. */
#include "verdict/rules.h"

#include <math.h>
#include <string.h>

/* ---- helps: arms that keep the format ---------------------------------------------------------------- */

/* Of the recipe's loss scale. Scaling mends underflow. But a dynamic scale falls and skips steps as well, so beside one
   that may be too large, or where runs without it diverge, what it mends may be overflow. */
typedef enum { ANY, UNSCALED, UNSCALED_DIVERGES, SCALED } scaling;

typedef struct {
    const char *arm, *format;
    const char *options; /* of the recipe's storage, all of them; NULL: any */
    scaling scaling;
    int32_t hypothesis;
    const char *alone;  /* why what it repairs is that */
    const char *answer; /* and in the answer */
} help;

#define MASTER                                                                                                         \
    DPID_ROUNDING, "It changes nothing but the copy that updates are added to: they are lost in rounding.",            \
        "Updates are lost in rounding: master weights repair it."

static const help helps[] = {
    {"D_f16:scaled", "f16", NULL, UNSCALED, DPID_RANGE,
     "It changes nothing but where gradients lie in the range: they underflow.",
     "Gradients underflow: loss scaling repairs it."},
    {"D_f16:scaled", "f16", NULL, UNSCALED_DIVERGES, DPID_RANGE,
     "It changes nothing but where gradients lie in the range, and skips steps where they leave it: they underflow or "
     "overflow.",
     "Gradients leave the range of float16 (underflow or overflow): loss scaling repairs it."},
    {"D_f16:scaled", "f16", NULL, SCALED, DPID_RANGE,
     "It changes nothing but the loss scale: gradients leave the range of float16 (underflow, or overflow where the "
     "scale is too large).",
     "Gradients leave the range of float16 (underflow, or overflow where the scale is too large): a dynamic loss scale "
     "repairs it."},
    {"D_f16", "f16", "", SCALED, DPID_RANGE,
     "It changes nothing but the loss scale, which it does without: with the scale gradients leave the range of "
     "float16.",
     "The loss scale does it: with it gradients leave the range of float16."},
    {"D_f16", "f16", "weights=format", UNSCALED, MASTER},
    {"D_f16", "f16", "weights=format", UNSCALED_DIVERGES, MASTER},
    {"D_bf16", "bf16", "weights=format", ANY, MASTER},
    {"D_tf32", "tf32", "weights=format", ANY, MASTER},
    {"D_bf16:stochastic", "bf16", NULL, ANY, DPID_ROUNDING,
     "It changes nothing but how numbers are rounded: what is lost to the nearest, chance keeps in the mean.",
     "Small changes are lost in rounding: stochastic rounding repairs it."},
};
enum { HELPS = sizeof helps / sizeof *helps };

/* "weights=format norms=format" of "bf16 weights=format norms=format" */
static const char *options_of(const dpid_judge *j)
{
    const char *space = strchr(j->e->storage, ' ');
    return space ? space + 1 : "";
}

static bool is_scaled_so(const dpid_judge *j, scaling wanted)
{
    int64_t run;
    const bool diverges = j->d && dpid_arm_diverged(j, j->d, &run) > 0;
    return wanted == ANY || wanted == (j->e->loss_scale ? SCALED : diverges ? UNSCALED_DIVERGES : UNSCALED);
}

static const dpid_arm_evidence *run(const dpid_judge *j, const char *word)
{
    const dpid_arm_evidence *arm = word ? dpid_judge_arm(j, word) : NULL;
    return arm && dpid_arm_shared(j, arm) > 0 ? arm : NULL;
}

/* The arm of a help for this recipe; NULL: not run, or it is none. */
static const dpid_arm_evidence *helper(const dpid_judge *j, int i, int32_t hypothesis)
{
    const dpid_number_format *recipe = dpid_recipe_format(j);
    if (!recipe || helps[i].hypothesis != hypothesis || strcmp(recipe->word, helps[i].format) != 0 ||
        (helps[i].options && strcmp(options_of(j), helps[i].options) != 0) || !is_scaled_so(j, helps[i].scaling))
        return NULL;
    return run(j, helps[i].arm);
}

/* ---- formats beside each other ----------------------------------------------------------------------- */

/* b has more of what the hypothesis asks for, and as much of the other. */
static bool differs_alone(int32_t hypothesis, const dpid_number_format *a, const dpid_number_format *b)
{
    return hypothesis == DPID_ROUNDING ? b->range == a->range && b->bits > a->bits
                                       : b->bits == a->bits && b->range > a->range;
}

/* ... and less of the other. */
static bool differs_against(int32_t hypothesis, const dpid_number_format *a, const dpid_number_format *b)
{
    return hypothesis == DPID_ROUNDING ? b->range < a->range && b->bits > a->bits
                                       : b->bits < a->bits && b->range > a->range;
}

static int32_t other_of(int32_t hypothesis)
{
    return hypothesis == DPID_ROUNDING ? DPID_RANGE : DPID_ROUNDING;
}

/* All of them: of rounding are how updates are kept, and how numbers are rounded. */
static bool options_are_of(const dpid_judge *j, int32_t hypothesis)
{
    static const char *const rounding[] = {"", "weights=format", "rounding=stochastic",
                                           "rounding=stochastic weights=format"};
    const size_t known = hypothesis == DPID_ROUNDING ? sizeof rounding / sizeof *rounding : 1;
    for (size_t i = 0; i < known; i++)
        if (strcmp(options_of(j), rounding[i]) == 0)
            return true;
    return false;
}

/* The recipe's format without its options, and nothing else changed: D_f16 has no loss scale either. NULL: not run. */
static const dpid_arm_evidence *without_options(const dpid_judge *j)
{
    const dpid_number_format *recipe = dpid_recipe_format(j);
    return j->e->loss_scale && strcmp(recipe->word, "f16") == 0 ? NULL : run(j, recipe->arm);
}

/* Unless it is sure that they do not. */
static int32_t ask_options(dpid_judge *j)
{
    dpid_intervention x;
    j->options_may_repair = dpid_recipe_format(j) && *options_of(j);
    if (!j->options_may_repair || !without_options(j))
        return DEEPID_OK;
    DPID_TRY(dpid_intervene_briefly(j, without_options(j), &x));
    j->options_may_repair = x.status != DPID_REFUTED;
    return DEEPID_OK;
}

static bool tells_against(const dpid_judge *j, int32_t hypothesis, const dpid_number_format *to, bool options)
{
    return (!options || options_are_of(j, hypothesis)) && differs_against(hypothesis, dpid_recipe_format(j), to) &&
           run(j, to->arm);
}

/* Of the formats that differ from one in what is asked alone, the farthest that was run. */
static const dpid_number_format *farthest(const dpid_judge *j, int32_t hypothesis, const dpid_number_format *from)
{
    const dpid_number_format *best = NULL;
    for (int64_t i = 0; dpid_number_format_at(i); i++) {
        const dpid_number_format *to = dpid_number_format_at(i);
        if (differs_alone(hypothesis, from, to) && run(j, to->arm) &&
            (!best || to->bits > best->bits || to->range > best->range))
            best = to;
    }
    return best;
}

typedef struct {
    const dpid_number_format *from, *to; /* to NULL: there is none */
} step;

/* From the recipe's format, else from one that has only the other cause removed. options: they may repair as well. */
static step find_step(const dpid_judge *j, int32_t hypothesis, bool options)
{
    const dpid_number_format *recipe = dpid_recipe_format(j);
    const bool direct = recipe && (!options || options_are_of(j, hypothesis));
    step out = {recipe, direct ? farthest(j, hypothesis, recipe) : NULL};
    for (int64_t i = 0; recipe && !options && !out.to && dpid_number_format_at(i); i++) {
        const dpid_number_format *from = dpid_number_format_at(i);
        if (differs_alone(other_of(hypothesis), recipe, from) && run(j, from->arm))
            out = (step){from, farthest(j, hypothesis, from)};
    }
    return out;
}

const char *dpid_separating_arm(const dpid_judge *j)
{
    const dpid_number_format *recipe = dpid_recipe_format(j);
    if (j->options_may_repair)
        return recipe->arm && !dpid_judge_arm(j, recipe->arm) ? recipe->arm : NULL;
    for (int64_t i = 0; recipe && dpid_number_format_at(i); i++) {
        const dpid_number_format *to = dpid_number_format_at(i);
        const bool separates = differs_alone(DPID_RANGE, recipe, to) || differs_alone(DPID_ROUNDING, recipe, to);
        if (separates && to->arm && !dpid_judge_arm(j, to->arm))
            return to->arm;
    }
    return NULL;
}

/* ---- what separates ------------------------------------------------------------------------------------- */

static int32_t take_step(dpid_judge *j, int32_t hypothesis, const step *at, dpid_separation *out)
{
    const bool rounding = hypothesis == DPID_ROUNDING;
    const dpid_arm_evidence *to = dpid_judge_arm(j, at->to->arm);
    const bool direct = at->from == dpid_recipe_format(j);
    DPID_TRY(direct ? dpid_intervene(j, to, j->chaotic, &out->x)
                    : dpid_intervene_on(j, dpid_judge_arm(j, at->from->arm), to, &out->x));
    if (rounding)
        DPID_TRY(dpid_set_text(j, &out->why, "It has the range of %s and more bits of precision (%d instead of %d).",
                               at->from->said, (int)at->to->bits, (int)at->from->bits));
    else
        DPID_TRY(dpid_set_text(j, &out->why, "It has the bits of %s (%d) and a wider range.", at->from->said,
                               (int)at->from->bits));
    return dpid_set_text(j, &out->answer, "What %s repairs%s%s is %s: it has the %s of %s and %s.", at->to->said,
                         direct ? "" : " beyond ", direct ? "" : at->from->said, rounding ? "rounding" : "range",
                         rounding ? "range" : "bits", at->from->said, rounding ? "more bits" : "a wider range");
}

static int32_t take_against(dpid_judge *j, int32_t hypothesis, const dpid_number_format *to, int64_t room,
                            dpid_separation *out)
{
    const dpid_number_format *recipe = dpid_recipe_format(j);
    const bool rounding = hypothesis == DPID_ROUNDING;
    DPID_TRY(dpid_intervene_among(j, dpid_judge_arm(j, to->arm), room, &out->x));
    DPID_TRY(dpid_set_text(j, &out->why, "It has %s than %s and %s.", rounding ? "a narrower range" : "fewer bits",
                           recipe->said, rounding ? "more bits" : "a wider range"));
    return dpid_set_text(j, &out->answer, "What %s repairs is %s: it has %s than %s.", to->said,
                         rounding ? "rounding" : "range", rounding ? "a narrower range" : "fewer bits", recipe->said);
}

static int32_t take_help(dpid_judge *j, int i, int64_t room, dpid_separation *out)
{
    DPID_TRY(dpid_intervene_among(j, dpid_judge_arm(j, helps[i].arm), room, &out->x));
    DPID_TRY(dpid_set_text(j, &out->why, "%s", helps[i].alone));
    out->help = helps[i].arm;
    return dpid_set_text(j, &out->answer, "%s", helps[i].answer);
}

/* Helps first, then formats: the one that surely repairs most, at a level that leaves room for all that were run. */
static int32_t confirm(dpid_judge *j, int32_t hypothesis, int64_t room, int64_t *found, dpid_separation *out)
{
    *found = 0;
    for (int64_t i = 0; i < HELPS || dpid_number_format_at(i - HELPS); i++) {
        const dpid_number_format *to = i < HELPS ? NULL : dpid_number_format_at(i - HELPS);
        dpid_separation one = {.x = {.arm = NULL}};
        if (to ? !tells_against(j, hypothesis, to, j->options_may_repair) : !helper(j, (int)i, hypothesis))
            continue;
        ++*found;
        if (room == 0)
            continue;
        DPID_TRY(to ? take_against(j, hypothesis, to, room, &one) : take_help(j, (int)i, room, &one));
        if (one.x.status >= DPID_CONTRIBUTES && (!out->x.arm || one.x.status > out->x.status))
            *out = one;
    }
    return DEEPID_OK;
}

int32_t dpid_separate(dpid_judge *j, int32_t hypothesis, dpid_separation *out)
{
    int64_t room;
    *out = (dpid_separation){.x = {.arm = NULL}};
    DPID_TRY(ask_options(j));
    const step at = find_step(j, hypothesis, j->options_may_repair);
    if (at.to)
        return take_step(j, hypothesis, &at, out);
    if (!dpid_recipe_format(j))
        return DEEPID_OK;
    DPID_TRY(confirm(j, hypothesis, 0, &room, out));
    return room > 0 ? confirm(j, hypothesis, room, &room, out) : DEEPID_OK;
}

bool dpid_can_separate(const dpid_judge *j, int32_t hypothesis)
{
    const dpid_number_format *recipe = dpid_recipe_format(j);
    const bool options = recipe && *options_of(j) && !without_options(j);
    bool can = find_step(j, hypothesis, options).to != NULL;
    for (int i = 0; recipe && i < HELPS; i++)
        can = can || helper(j, i, hypothesis);
    for (int64_t i = 0; recipe && dpid_number_format_at(i); i++)
        can = can || tells_against(j, hypothesis, dpid_number_format_at(i), options);
    return can;
}

/* ---- how it hurts: the helps that did not decide ---------------------------------------------------------- */

/* " Float16 with loss scaling repairs 99 % [98, 100] of the gap. It changes nothing but ..." */
static int32_t say_help(dpid_judge *j, dpid_finding *f, int i, dpid_string *s)
{
    const dpid_arm_evidence *arm = dpid_judge_arm(j, helps[i].arm);
    dpid_intervention x;
    char *name;
    DPID_TRY(dpid_intervene_briefly(j, arm, &x));
    const bool share = !isnan(x.share.value);
    DPID_TRY(dpid_set_text(j, &name, "%s:%s", share ? "share" : "effect", arm->word));
    DPID_TRY(dpid_set_estimate(j, f, name, share ? &x.share : &x.effect.rank));
    dpid_string_add(s, " ");
    dpid_say_arm(s, arm, true);
    if (x.all_diverged) {
        dpid_string_add(s, " ");
        dpid_say_end(j, s, arm);
    } else if (share) {
        dpid_string_format(s, " repairs %s of %s", dpid_percent_words(&x.share).text, dpid_scale_gap(j->on));
    } else {
        dpid_string_format(s, " lowers it by %s", dpid_scale_words(j->on, &x.effect.rank).text);
    }
    dpid_string_format(s, ".%s%s", x.status >= DPID_CONTRIBUTES ? " " : "",
                       x.status >= DPID_CONTRIBUTES ? helps[i].alone : "");
    if (x.status >= DPID_CONTRIBUTES)
        DPID_TRY(dpid_set_text(j, &j->how[j->hows++], "%s", helps[i].answer));
    return s->status;
}

int32_t dpid_say_helps(dpid_judge *j, int32_t hypothesis, const dpid_separation *told, dpid_string *s)
{
    for (int i = 0; i < HELPS && s->status == DEEPID_OK; i++)
        if (helper(j, i, hypothesis) && (!told->help || strcmp(told->help, helps[i].arm) != 0))
            s->status = say_help(j, &j->v->finding[hypothesis], i, s);
    return s->status;
}
