/* The answer: what was found, in numbers and in one sentence. */
#include "identity/answer.h"

#include "identity/witness/chain.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- the conclusion --------------------------------------------------------------------- */

static const dpid_measurement *measured(const deepid_identity *a)
{
    return a->dtype == DEEPID_F32 ? &a->f32 : &a->f64;
}

static double error_of(const deepid_identity *a, const dpid_measurement *m)
{
    return a->status == DEEPID_IDENTITY_N ? (double)NAN : a->witness.relative ? m->relative : m->error;
}

const char *dpid_domain_word(dpid_domain_type type)
{
    static const char *const words[] = {"", "real", "orthant", "box", "data"};
    return words[type];
}

enum { SAYING = 256 };

static void say_domain(const deepid_identity *a, int64_t values, char text[static SAYING])
{
    const dpid_number_text low = dpid_number_rounded(a->domain.low, 3);
    const dpid_number_text high = dpid_number_rounded(a->domain.high, 3);
    const long long samples = (long long)a->domain.samples;
    if (a->domain.type == DPID_DOMAIN_DATA)
        snprintf(text, SAYING, "on the %lld x %lld values seen here (%s to %s)", samples, (long long)values / samples,
                 low.text, high.text);
    else if (a->domain.type == DPID_DOMAIN_BOX)
        snprintf(text, SAYING, "on the box %s to %s", low.text, high.text);
    else
        snprintf(text, SAYING, "%s", a->domain.type == DPID_DOMAIN_REAL ? "on all of R^n" : "on x >= 0");
}

static void say_construction(const dpid_witness *w, char text[static SAYING])
{
    const dpid_number_text eps = dpid_number_rounded(w->eps, 3);
    if (strcmp(w->construction, "zero_branch") == 0)
        snprintf(text, SAYING, "a zero branch");
    else if (strcmp(w->construction, "direct") == 0)
        snprintf(text, SAYING, "W = I");
    else if (w->basis > 0)
        snprintf(text, SAYING, "a basis of %lld directions", (long long)w->basis);
    else if (w->eps > 0)
        snprintf(text, SAYING, "%s with eps = %s", w->construction, eps.text);
    else
        snprintf(text, SAYING, "%s", w->construction);
}

/* Equality of bits is claimed only if theory and every measurement agree on it. */
void dpid_answer_conclude(deepid_identity *a, const dpid_measurement *probes, int64_t values)
{
    static const char *const how[] = {
        "", "is exact", "is exact but for rounding", "comes as near as wanted", "comes near, not nearer", ""};
    char domain[SAYING];
    char construction[SAYING];
    const dpid_measurement *m = measured(a);
    a->status = a->witness.status;
    if (a->status == DEEPID_IDENTITY_E && a->witness.bitwise && m->bitwise && probes->bitwise)
        a->status = DEEPID_IDENTITY_E_BIT;
    if (a->status == DEEPID_IDENTITY_N) {
        snprintf(a->sentence, sizeof a->sentence, "N: %s", a->witness.sentence);
        return;
    }
    say_domain(a, values, domain);
    say_construction(&a->witness, construction);
    const dpid_number_text error = dpid_number_rounded(error_of(a, m), 3);
    const dpid_number_text ulp = dpid_number_rounded(m->ulp_max, 3);
    snprintf(a->sentence, sizeof a->sentence, "%s: %s %s %s: max error %s%s, %s ulp",
             deepid_identity_status_word(a->status), domain, construction, how[a->status], error.text,
             a->witness.relative ? " of max(1, |x|)" : "", ulp.text);
}

/* ---- reads -------------------------------------------------------------------------------- */

void deepid_identity_destroy(deepid_identity *answer)
{
    if (!dpid_is(answer, DPID_MAGIC_IDENTITY))
        return;
    deepid_ctx *ctx = answer->head.ctx;
    deepid_net_destroy(answer->block);
    deepid_table_destroy(answer->ulps);
    deepid_table_destroy(answer->parameters);
    answer->head.magic = 0;
    dpid_free(ctx, answer);
}

int32_t deepid_identity_status(const deepid_identity *answer)
{
    return dpid_is(answer, DPID_MAGIC_IDENTITY) ? answer->status : 0;
}

int32_t deepid_identity_reason(const deepid_identity *answer)
{
    return dpid_is(answer, DPID_MAGIC_IDENTITY) ? answer->witness.reason : -1;
}

int32_t deepid_identity_proved(const deepid_identity *answer)
{
    return dpid_is(answer, DPID_MAGIC_IDENTITY) && answer->witness.proved;
}

const char *deepid_identity_sentence(const deepid_identity *answer)
{
    return dpid_is(answer, DPID_MAGIC_IDENTITY) ? answer->sentence : "";
}

const char *deepid_identity_construction(const deepid_identity *answer)
{
    return dpid_is(answer, DPID_MAGIC_IDENTITY) && answer->witness.construction ? answer->witness.construction : "";
}

const char *deepid_identity_theorem(const deepid_identity *answer)
{
    return dpid_is(answer, DPID_MAGIC_IDENTITY) ? answer->witness.theorem : "";
}

double deepid_identity_error(const deepid_identity *answer)
{
    return dpid_is(answer, DPID_MAGIC_IDENTITY) ? error_of(answer, measured(answer)) : (double)NAN;
}

deepid_table *deepid_identity_ulps(deepid_identity *answer)
{
    return dpid_is(answer, DPID_MAGIC_IDENTITY) ? answer->ulps : NULL;
}

deepid_table *deepid_identity_parameters(deepid_identity *answer)
{
    return dpid_is(answer, DPID_MAGIC_IDENTITY) ? answer->parameters : NULL;
}

deepid_net *deepid_identity_block(deepid_identity *answer)
{
    return dpid_is(answer, DPID_MAGIC_IDENTITY) ? answer->block : NULL;
}

/* ---- numbers by word ------------------------------------------------------------------------- */

typedef double (*number)(const deepid_identity *a);
#define NUMBER(name, expression)                                                                                       \
    static double name(const deepid_identity *a)                                                                       \
    {                                                                                                                  \
        return expression;                                                                                             \
    }
NUMBER(error_f32, error_of(a, &a->f32))
NUMBER(error_f64, error_of(a, &a->f64))
NUMBER(ulp_f32, a->f32.ulp_max)
NUMBER(ulp_f64, a->f64.ulp_max)
NUMBER(bound_f32, dpid_witness_bound(&a->witness, DEEPID_F32))
NUMBER(bound_f64, dpid_witness_bound(&a->witness, DEEPID_F64))
NUMBER(real_error, a->witness.real_error)
NUMBER(floor_, a->witness.floor)
NUMBER(eps, a->witness.eps)
NUMBER(shift, a->witness.shift)
NUMBER(basis, (double)a->witness.basis)
NUMBER(low, a->domain.low)
NUMBER(high, a->domain.high)
NUMBER(zero_share, a->domain.type == DPID_DOMAIN_DATA ? a->domain.zero_share : (double)NAN)
NUMBER(rank, a->domain.type == DPID_DOMAIN_DATA ? (double)a->domain.rank : (double)NAN)
NUMBER(sharpness, a->price.sharpness)
NUMBER(stability, a->stability)
NUMBER(kink_mass, a->price.kink_mass)
NUMBER(escape_gradient, a->price.escape_gradient)
NUMBER(dead_saddle, a->price.dead_saddle)
NUMBER(decay_cost, a->price.decay_cost)
NUMBER(loss, a->price.loss)
NUMBER(train_error, a->train.error)
NUMBER(train_exact, a->witness.train_exact)
NUMBER(border_safe, a->witness.zero_preserving)
NUMBER(sign_of_zero, measured(a)->keeps_sign_of_zero)
NUMBER(extra_width, a->price.extra_width)

static const struct {
    const char *word, *help;
    number of;
    bool always; /* also where there is no witness */
} numbers[] = {
    {"error_f32", "largest |B(x) - x| in f32; relative to max(1, |x|) on unbounded domains", error_f32, false},
    {"error_f64", "the same in f64", error_f64, false},
    {"ulp_f32", "the same in units of the last place of x", ulp_f32, false},
    {"ulp_f64", "the same in f64", ulp_f64, false},
    {"bound_f32", "what theory allows in f32: real_error and rounding", bound_f32, false},
    {"bound_f64", "the same in f64", bound_f64, false},
    {"real_error", "bound in exact arithmetic", real_error, false},
    {"floor", "smallest bound that any eps reaches in the asked dtype; 0: no floor", floor_, false},
    {"eps", "scale of the weights; 0: not used", eps, false},
    {"shift", "largest constant added inside", shift, false},
    {"basis", "directions kept by a data-restricted witness; 0: all", basis, false},
    {"low", "smallest value of the domain", low, true},
    {"high", "largest value of the domain", high, true},
    {"zero_share", "share of zeros in the data there", zero_share, true},
    {"rank", "affine rank of the data there, over channels", rank, true},
    {"sharpness", "largest eigenvalue of the loss's Gauss-Newton matrix in the block's parameters", sharpness, false},
    {"stability",
     "sharpness over what the learning rate can hold, 2 (1 + momentum) / rate; above 1 training leaves the witness",
     stability, false},
    {"kink_mass", "share of (unit, sample) exactly at a kink", kink_mass, false},
    {"escape_gradient", "norm of the loss gradient in the block's parameters", escape_gradient, false},
    {"dead_saddle", "1: that gradient is 0 though the loss asks for change", dead_saddle, false},
    {"decay_cost", "decay / 2 times the squared weights", decay_cost, false},
    {"loss", "of the net with the block, in evaluation mode", loss, false},
    {"train_error", "largest |B(x) - x| on these samples as one batch in training mode", train_error, false},
    {"train_exact", "1: the same witness in training mode, whatever the batch", train_exact, false},
    {"border_safe", "1: 0 stays 0 inside, so zero padding is right", border_safe, false},
    {"sign_of_zero", "1: -0 comes out as -0", sign_of_zero, false},
    {"extra_width", "widest value inside over the block's input, minus 1", extra_width, false},
};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

static int find_number(const char *word)
{
    int i = 0;
    while (i < NUMBERS && (!word || strcmp(word, numbers[i].word) != 0))
        i++;
    return i;
}

double deepid_identity_number(const deepid_identity *answer, const char *word)
{
    const int i = find_number(word);
    if (!dpid_is(answer, DPID_MAGIC_IDENTITY) || i == NUMBERS ||
        (answer->status == DEEPID_IDENTITY_N && !numbers[i].always))
        return (double)NAN;
    return numbers[i].of(answer);
}

const char *deepid_identity_number_word(int64_t i)
{
    return i >= 0 && i < NUMBERS ? numbers[i].word : NULL;
}

const char *deepid_identity_number_help(const char *word)
{
    const int i = find_number(word);
    return i < NUMBERS ? numbers[i].help : NULL;
}
