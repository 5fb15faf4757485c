/* The certificate: a deep net and the shallow one that it should contain, on the same samples, in f32 and f64, in
   evaluation and in training mode. */
#include "identity/certificate/certificate.h"

#include <math.h>
#include <string.h>

/* ---- checks --------------------------------------------------------------------------------- */

static int32_t check_width(const deepid_net *net, const deepid_dataset *data)
{
    const dpid_shape *out = dpid_net_output_shape(net);
    const int64_t width = data->labels ? data->classes : data->target_width;
    if (dpid_dataset_fits(data, out))
        return DEEPID_OK;
    return dpid_fail(net->head.ctx, DEEPID_ERR_SHAPE, "certificate: the nets give %s, the data has %lld %s",
                     dpid_shape_text(out->rank, out->extent).text, (long long)width,
                     data->labels ? "classes" : "targets");
}

static int32_t check_same(const deepid_net *shallow, const deepid_net *deep, bool output)
{
    const dpid_shape *a = output ? dpid_net_output_shape(shallow) : &shallow->value[0].shape;
    const dpid_shape *b = output ? dpid_net_output_shape(deep) : &deep->value[0].shape;
    if (dpid_shape_equal(a, b))
        return DEEPID_OK;
    return dpid_fail(shallow->head.ctx, DEEPID_ERR_SHAPE, "certificate: the shallow net %s %s, the deep one %s",
                     output ? "gives" : "takes", dpid_shape_text(a->rank, a->extent).text,
                     dpid_shape_text(b->rank, b->extent).text);
}

static int32_t check(const deepid_net *shallow, const deepid_net *deep, const deepid_dataset *data)
{
    deepid_ctx *ctx = shallow->head.ctx;
    if (!dpid_is(deep, DPID_MAGIC_NET))
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "certificate: deep is %s, expected a net",
                         deep ? "not a net" : "NULL");
    if (deep->head.ctx != ctx)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "certificate: the two nets belong to different contexts");
    DPID_TRY(check_same(shallow, deep, false));
    DPID_TRY(check_same(shallow, deep, true));
    DPID_TRY(dpid_check_samples(shallow, data, "certificate"));
    DPID_TRY(check_width(shallow, data));
    DPID_TRY(dpid_check_weights(shallow, "certificate: the shallow net"));
    return dpid_check_weights(deep, "certificate: the deep net");
}

/* ---- numbers ------------------------------------------------------------------------------------ */

int32_t dpid_net_exact_clone(const deepid_net *net, dpid_precision precision, deepid_net **out)
{
    DPID_TRY(dpid_net_clone_as(net, precision, out));
    (*out)->exact = true;
    return DEEPID_OK;
}

static int32_t compare_in(deepid_certificate *c, const deepid_dataset *data, dpid_precision precision)
{
    deepid_net *pair[DPID_PAIR] = {NULL};
    int32_t status = DEEPID_OK;
    for (int i = 0; i < DPID_PAIR && status == DEEPID_OK; i++)
        status = dpid_net_exact_clone(c->net[i], precision, &pair[i]);
    if (status == DEEPID_OK)
        status = dpid_compare(pair, data, NULL, DPID_EVAL, &c->number[precision][DPID_EVAL]);
    if (status == DEEPID_OK && c->trains)
        status = dpid_compare(pair, data, NULL, DPID_TRAIN, &c->number[precision][DPID_TRAIN]);
    else
        c->number[precision][DPID_TRAIN] = c->number[precision][DPID_EVAL];
    deepid_net_destroy(pair[DPID_DEEP]);
    deepid_net_destroy(pair[DPID_SHALLOW]);
    return status;
}

/* ---- the sentence ----------------------------------------------------------------------------------- */

static const char *short_number(double value, dpid_number_text *room)
{
    enum { DIGITS = 4 };
    *room = dpid_number_rounded(value, DIGITS);
    return room->text;
}

/* Two digits that are not less than value. */
static const char *at_most(double value, dpid_number_text *room)
{
    enum { DIGITS = 2 };
    const double half_step = 0.05; /* of the second digit, relative to a first digit of 1 */
    *room = dpid_number_rounded(value, DIGITS);
    double shown = 0;
    (void)dpid_parse_double(room->text, (int64_t)strlen(room->text), &shown);
    if (shown < value)
        *room = dpid_number_rounded(value * (1 + half_step), DIGITS);
    return room->text;
}

static void say_size(dpid_string *s, const deepid_net *net)
{
    dpid_string_format(s, "the net of %d block%s (%d layers)", net->blocks, net->blocks == 1 ? "" : "s", net->layers);
}

static void say_evaluation(dpid_string *s, const deepid_certificate *c, const dpid_comparison *n)
{
    dpid_number_text room[DPID_PAIR];
    say_size(s, c->net[DPID_DEEP]);
    if (n->equal == 1) {
        dpid_string_add(s, " gives every logit of ");
        say_size(s, c->net[DPID_SHALLOW]);
        dpid_string_format(s, " bit for bit on these %lld samples: the loss is %s in both", (long long)c->samples,
                           short_number(n->loss[DPID_SHALLOW], &room[0]));
        return;
    }
    dpid_string_format(s, " has the loss %s of ", short_number(n->loss[DPID_SHALLOW], &room[0]));
    say_size(s, c->net[DPID_SHALLOW]);
    dpid_string_format(s, " within %s on these %lld samples", at_most(n->bound, &room[0]), (long long)c->samples);
    dpid_string_format(s, " (measured difference %s; logits differ by at most %s)",
                       at_most(fabs(n->loss[DPID_DEEP] - n->loss[DPID_SHALLOW]), &room[0]),
                       at_most(n->difference, &room[1]));
}

static void say_training(dpid_string *s, const deepid_certificate *c, const dpid_comparison *n)
{
    dpid_number_text room[DPID_PAIR];
    if (!c->trains || isnan(n->loss[DPID_DEEP]))
        return;
    dpid_string_format(s, "; in training mode, with the statistics of each batch, the losses are %s and %s",
                       short_number(n->loss[DPID_SHALLOW], &room[0]), short_number(n->loss[DPID_DEEP], &room[1]));
}

/* The sentence is right for any two nets: the deep one's parameters exist, so a solver could find them. */
static int32_t make_sentence(deepid_certificate *c)
{
    const dpid_comparison *n = c->number[c->net[DPID_SHALLOW]->precision];
    dpid_number_text room;
    dpid_string s = {.ctx = c->head.ctx};
    say_evaluation(&s, c, &n[DPID_EVAL]);
    say_training(&s, c, &n[DPID_TRAIN]);
    dpid_string_format(&s, ". Training that leaves such a deep net above %s has missed a solution that exists.",
                       short_number(n[DPID_EVAL].loss[DPID_DEEP], &room));
    if (s.status == DEEPID_OK && s.text[0] == 't')
        s.text[0] = 'T';
    const int32_t status = s.status == DEEPID_OK ? dpid_copy_text(c->head.ctx, s.text, &c->sentence) : s.status;
    dpid_string_release(&s);
    return status;
}

/* ---- create, destroy -------------------------------------------------------------------------------------- */

static int32_t fill_certificate(deepid_certificate *c, const deepid_net *shallow, const deepid_net *deep,
                                const deepid_dataset *data)
{
    DPID_TRY(dpid_net_clone_as(shallow, shallow->precision, &c->net[DPID_SHALLOW]));
    DPID_TRY(dpid_net_clone_as(deep, deep->precision, &c->net[DPID_DEEP]));
    c->samples = data->count;
    c->classes = data->labels ? data->classes : 0;
    c->data_hash = deepid_dataset_hash(data);
    c->trains = dpid_net_has_modes(shallow) || dpid_net_has_modes(deep);
    DPID_TRY(compare_in(c, data, DPID_P32));
    DPID_TRY(compare_in(c, data, DPID_P64));
    return make_sentence(c);
}

static int32_t create(const deepid_net *shallow, const deepid_net *deep, const deepid_dataset *data,
                      deepid_certificate **out)
{
    deepid_ctx *ctx = shallow->head.ctx;
    deepid_certificate *c = NULL;
    if (!out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "certificate: out is NULL");
    DPID_TRY(check(shallow, deep, data));
    DPID_TRY(dpid_alloc(ctx, 1, sizeof *c, "certificate", &c));
    c->head = (dpid_head){DPID_MAGIC_CERTIFICATE, ctx};
    const int32_t status = fill_certificate(c, shallow, deep, data);
    if (status == DEEPID_OK)
        *out = c;
    else
        deepid_certificate_destroy(c);
    return status;
}

int32_t deepid_certificate_create(const deepid_net *shallow, const deepid_net *deep, const deepid_dataset *data,
                                  deepid_certificate **out)
{
    DPID_TRY(dpid_enter(shallow, DPID_MAGIC_NET));
    return dpid_leave(shallow->head.ctx, create(shallow, deep, data, out));
}

void deepid_certificate_destroy(deepid_certificate *certificate)
{
    if (!dpid_is(certificate, DPID_MAGIC_CERTIFICATE))
        return;
    deepid_ctx *ctx = certificate->head.ctx;
    deepid_net_destroy(certificate->net[DPID_DEEP]);
    deepid_net_destroy(certificate->net[DPID_SHALLOW]);
    dpid_free(ctx, certificate->sentence);
    certificate->head.magic = 0;
    dpid_free(ctx, certificate);
}

/* ---- reads -------------------------------------------------------------------------------------------------- */

static const dpid_comparison *numbers_of(const deepid_certificate *c, int32_t dtype, int32_t mode)
{
    static const dpid_comparison none = {
        (double)NAN, (double)NAN, (double)NAN, {(double)NAN, (double)NAN}, (double)NAN};
    if (!dpid_is(c, DPID_MAGIC_CERTIFICATE) || !dpid_dtype_is_real(dtype) || mode < 0 || mode >= DPID_MODES)
        return &none;
    return &c->number[dpid_dtype_precision(dtype)][mode];
}

const char *deepid_certificate_sentence(const deepid_certificate *certificate)
{
    return dpid_is(certificate, DPID_MAGIC_CERTIFICATE) ? certificate->sentence : "";
}

double deepid_certificate_difference(const deepid_certificate *certificate, int32_t dtype, int32_t mode)
{
    return numbers_of(certificate, dtype, mode)->difference;
}

double deepid_certificate_difference_rms(const deepid_certificate *certificate, int32_t dtype, int32_t mode)
{
    return numbers_of(certificate, dtype, mode)->difference_rms;
}

double deepid_certificate_bound(const deepid_certificate *certificate, int32_t dtype, int32_t mode)
{
    return numbers_of(certificate, dtype, mode)->bound;
}

double deepid_certificate_loss_shallow(const deepid_certificate *certificate, int32_t dtype, int32_t mode)
{
    return numbers_of(certificate, dtype, mode)->loss[DPID_SHALLOW];
}

double deepid_certificate_loss_deep(const deepid_certificate *certificate, int32_t dtype, int32_t mode)
{
    return numbers_of(certificate, dtype, mode)->loss[DPID_DEEP];
}

int32_t deepid_certificate_equal(const deepid_certificate *certificate, int32_t dtype, int32_t mode)
{
    return numbers_of(certificate, dtype, mode)->equal == 1;
}

int32_t deepid_certificate_trains(const deepid_certificate *certificate)
{
    return dpid_is(certificate, DPID_MAGIC_CERTIFICATE) && certificate->trains;
}
