/* The search walks along the chain. At each activation it takes the first construction that fits, and writes the
   weights of the run in front. */
#include "identity/witness/search.h"

#include "net/init.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DIRECT = 0 };

/* ---- what runs can do ------------------------------------------------------------------- */

static int32_t run_end(const dpid_chain *chain, int32_t first)
{
    while (first < chain->parts && chain->part[first].type != DPID_PART_ACTIVATION)
        first++;
    return first;
}

/* By one number, or one a channel. */
static bool multiplies(const dpid_part *part)
{
    return part->type == DPID_PART_NORM || part->type == DPID_PART_SCALE;
}

static dpid_ability ability_of(const dpid_chain *chain, int32_t first, int32_t end)
{
    dpid_ability can = {0};
    for (int32_t i = first; i < end; i++) {
        const dpid_part *part = &chain->part[i];
        can.linear |= part->type == DPID_PART_LINEAR;
        can.scale |= part->type == DPID_PART_LINEAR || multiplies(part);
        can.shift |= dpid_part_has_bias(part);
        if (part->type == DPID_PART_LINEAR)
            can.width = dpid_channels(&part->layer->op.out);
    }
    return can;
}

static const dpid_activation *activation_at(const dpid_chain *chain, int32_t i)
{
    return i < chain->parts ? &chain->part[i].activation : NULL;
}

/* A kernel that reaches beyond its own pixel. */
static bool has_borders(const deepid_net *net)
{
    for (int32_t i = 0; i < net->trained; i++)
        if (dpid_init_taps(&net->parameter[i].spec) > 1)
            return true;
    return false;
}

int32_t dpid_search_curved(const dpid_chain *chain)
{
    int32_t count = 0;
    for (int32_t i = 0; i < chain->parts; i++)
        count += chain->part[i].type == DPID_PART_ACTIVATION &&
                 chain->part[i].activation.line.low > chain->part[i].activation.line.high;
    return count > 0 ? count : 1;
}

/* The first or last linear part; -1: none. */
int32_t dpid_search_linear(const dpid_chain *chain, bool first)
{
    int32_t found = -1;
    for (int32_t i = 0; i < chain->parts; i++)
        if (chain->part[i].type == DPID_PART_LINEAR && (!first || found < 0))
            found = i;
    return found;
}

static bool in_place(const dpid_code *code, int64_t channels)
{
    for (int64_t i = 0; i < code->carriers; i++)
        if (code->plus[i] != i)
            return false;
    return code->carriers == channels && code->form == DPID_CODE_PLAIN;
}

/* ---- one run ------------------------------------------------------------------------------- */

typedef struct {
    int32_t first, end;
    dpid_code_form form; /* what is to come out: PLAIN or PAIR */
    double scale, shift; /* h = scale x + shift */
} run;

/* The last part of the run that can carry a constant; -1: none. */
static int32_t shift_part(const dpid_search *s, const run *r)
{
    int32_t found = -1;
    for (int32_t i = r->first; i < r->end; i++)
        if (dpid_part_has_bias(&s->chain->part[i]))
            found = i;
    return found;
}

/* The first linear layer, else the first normalisation or scale; -1: none. */
static int32_t scale_part(const dpid_search *s, const run *r)
{
    int32_t found = -1;
    for (int32_t i = r->end - 1; i >= r->first; i--)
        if (multiplies(&s->chain->part[i]) && (found < 0 || multiplies(&s->chain->part[found])))
            found = i;
        else if (s->chain->part[i].type == DPID_PART_LINEAR)
            found = i;
    return found;
}

static int32_t last_linear_of(const dpid_search *s, const run *r)
{
    int32_t found = -1;
    for (int32_t i = r->first; i < r->end; i++)
        if (s->chain->part[i].type == DPID_PART_LINEAR)
            found = i;
    return found;
}

/* From here on the codes are coordinates in the basis; and back. */
static void enter_basis(const dpid_search *s, dpid_code *code)
{
    const dpid_basis *b = s->writing.basis;
    code->carriers = b->dimensions;
    code->mean = b->code_mean;
    code->variance = b->code_variance;
    code->low = INFINITY;
    code->high = -INFINITY;
    for (int64_t k = 0; k < b->dimensions; k++) {
        code->low = fmin(code->low, b->low[k]);
        code->high = fmax(code->high, b->high[k]);
    }
}

static void leave_basis(const dpid_search *s, dpid_code *code)
{
    code->carriers = s->domain->channels;
    code->mean = s->domain->mean;
    code->variance = s->domain->variance;
    code->low = s->domain->low;
    code->high = s->domain->high;
}

static void change_basis(const dpid_search *s, int32_t first, int32_t end, dpid_code *code)
{
    if (s->writing.basis && s->first_linear >= first && s->first_linear < end)
        enter_basis(s, code);
    if (s->writing.basis && s->last_linear >= first && s->last_linear < end)
        leave_basis(s, code);
}

static bool write_linear(dpid_search *s, const run *r, int32_t i, double factor)
{
    const bool basis = s->writing.basis != NULL;
    const dpid_task task = {.factor = factor,
                            .expand = r->form == DPID_CODE_PAIR && i == last_linear_of(s, r),
                            .enter = basis && i == s->first_linear,
                            .leave = basis && i == s->last_linear,
                            .whole = i == s->last_linear};
    return dpid_write_linear(&s->writing, &s->chain->part[i], task, &s->code);
}

/* channel_pad puts half of its zeros in front: all carriers move by as many channels. */
static void pass_padding(dpid_search *s, const dpid_part *part)
{
    const int64_t in_front = (dpid_channels(&part->layer->op.out) - dpid_channels(&part->layer->op.in)) / 2;
    for (int64_t i = 0; i < s->code.carriers; i++)
        s->code.plus[i] += in_front;
}

/* The branch alone, as a chain of its own that gives (1 - s) h. */
static bool solve_branch(dpid_search *s, const dpid_step *join)
{
    dpid_chain branch;
    int32_t reason;
    dpid_search inner = *s;
    *s->writing.status =
        dpid_chain_make(s->arena, s->chain->net, join->skip, join->in, s->options->mode, &branch, &reason);
    if (*s->writing.status != DEEPID_OK || reason != DEEPID_REASON_NONE)
        return false;
    inner.chain = &branch;
    inner.gain = 1 - join->s;
    inner.code.low = fmin(s->code.a * s->code.low, s->code.a * s->code.high) + s->code.c;
    inner.code.high = fmax(s->code.a * s->code.low, s->code.a * s->code.high) + s->code.c;
    inner.code.a = 1;
    inner.code.c = 0;
    inner.code.mean = inner.code.variance = NULL;
    inner.writing.basis = NULL;
    inner.first_linear = -1;
    inner.last_linear = dpid_search_linear(&branch, false);
    inner.curved = dpid_search_curved(&branch);
    s->witness->bitwise = false;
    s->witness->rounding += 4 * (dpid_magnitude(&s->code) + fabs(s->code.c / s->code.a));
    if (!dpid_search_solve(&inner))
        return false;
    s->worst = inner.worst;
    return true;
}

/* y = F(x) + s x with F = (1 - s) x, zero where s = 1. */
static bool write_join(dpid_search *s, const dpid_part *part)
{
    s->joins |= part->join->s == 1;
    if (part->join->s == 1)
        return dpid_write_zero_branch(s->writing.net, part->join);
    return in_place(&s->code, dpid_channels(&s->chain->net->value[part->join->skip].shape)) &&
           solve_branch(s, part->join);
}

static bool write_norm(dpid_search *s, const dpid_part *part, double factor)
{
    const bool exact = dpid_write_norm(&s->writing, part, &s->code, factor);
    s->code.a *= factor;
    s->code.c *= factor;
    s->witness->train_exact = false;
    if (exact)
        return true;
    s->witness->bitwise = false;
    s->witness->rounding += 5 * (dpid_magnitude(&s->code) + 2 * fabs(s->code.c / s->code.a));
    return true;
}

static bool write_scale(dpid_search *s, const dpid_part *part, double factor)
{
    dpid_write_slope(&s->writing, part, factor);
    s->code.a *= factor;
    s->code.c *= factor;
    if (fabs(factor) == dpid_power_below(fabs(factor)))
        return true;
    s->witness->bitwise = false;
    s->witness->rounding += 2 * (dpid_magnitude(&s->code) + fabs(s->code.c / s->code.a));
    return true;
}

static bool write_part(dpid_search *s, const run *r, int32_t i, double factor)
{
    const dpid_part *part = &s->chain->part[i];
    switch (part->type) {
    case DPID_PART_LINEAR:
        return write_linear(s, r, i, factor);
    case DPID_PART_NORM:
        return write_norm(s, part, factor);
    case DPID_PART_SCALE:
        return write_scale(s, part, factor);
    case DPID_PART_JOIN:
        return write_join(s, part);
    case DPID_PART_KEEP:
        pass_padding(s, part);
        return true;
    default:
        return false;
    }
}

/* At the entrance of the basis: - basis mean. */
static bool write_entrance(dpid_search *s, int32_t i, double factor)
{
    const dpid_basis *b = s->writing.basis;
    double *vector = NULL;
    *s->writing.status = dpid_alloc(s->writing.net->head.ctx, b->channels, sizeof *vector, "identity basis", &vector);
    if (*s->writing.status != DEEPID_OK)
        return false;
    for (int64_t k = 0; k < b->dimensions; k++)
        for (int64_t c = 0; c < b->channels; c++)
            vector[k] -= factor * b->vector[k * b->channels + c] * b->mean[c];
    dpid_write_constant(&s->writing, &s->chain->part[i], &s->code, 0, vector);
    dpid_free(s->writing.net->head.ctx, vector);
    return true;
}

/* At the exit of the basis: + mean, and - the constant of the codes, which the basis has spread over the channels. */
static bool write_exit(dpid_search *s, int32_t i, double factor, double coded)
{
    const dpid_basis *b = s->writing.basis;
    double *vector = NULL;
    *s->writing.status = dpid_alloc(s->writing.net->head.ctx, b->channels, sizeof *vector, "identity basis", &vector);
    if (*s->writing.status != DEEPID_OK)
        return false;
    for (int64_t c = 0; c < b->channels; c++) {
        vector[c] = factor * b->mean[c];
        for (int64_t k = 0; k < b->dimensions; k++)
            vector[c] -= coded * b->vector[k * b->channels + c];
    }
    dpid_write_constant(&s->writing, &s->chain->part[i], &s->code, 0, vector);
    dpid_free(s->writing.net->head.ctx, vector);
    return true;
}

static bool in_run(const run *r, int32_t part)
{
    return part >= r->first && part < r->end;
}

static bool carries_mean(const dpid_search *s)
{
    double largest = 0;
    for (int64_t c = 0; s->writing.basis && c < s->writing.basis->channels; c++)
        largest = fmax(largest, fabs(s->writing.basis->mean[c]));
    return largest > 0;
}

static bool write_run(dpid_search *s, const run *r)
{
    const double factor = r->scale / s->code.a;
    const double coded = factor * s->code.c; /* what the codes' constant has become */
    const double constant = r->shift - coded;
    const int32_t scaler = factor == 1 && s->code.form == DPID_CODE_PLAIN ? -1 : scale_part(s, r);
    const int32_t shifter = shift_part(s, r);
    if ((factor != 1 && scaler < 0) || (constant != 0 && shifter < 0))
        return false;
    const double early = shifter < scaler ? 1 / factor : 1; /* the constant is added before the scale */
    for (int32_t i = r->first; i < r->end; i++) {
        if (!write_part(s, r, i, i == scaler ? factor : 1))
            return false;
        change_basis(s, i, i + 1, &s->code);
        if (i != shifter)
            continue;
        const bool leaving = s->writing.basis && in_run(r, s->last_linear);
        const double plain = leaving ? r->shift : constant;
        if (plain != 0)
            dpid_write_constant(&s->writing, &s->chain->part[i], &s->code, plain * early, NULL);
        if (carries_mean(s) && in_run(r, s->first_linear) && !write_entrance(s, i, r->scale * early))
            return false;
        if (leaving && (carries_mean(s) || coded != 0) && !write_exit(s, i, r->scale * early, coded * early))
            return false;
    }
    s->code.a = r->scale;
    s->code.c = r->shift;
    return true;
}

/* ---- one activation --------------------------------------------------------------------------- */

/* The code in front of the activation, if the run before it does all that it can to simplify it. */
static dpid_code code_at(const dpid_search *s, const dpid_ability *here, int32_t first, int32_t end)
{
    dpid_code code = s->code;
    if (code.form == DPID_CODE_PAIR_PHI && here->linear)
        code.form = DPID_CODE_PLAIN; /* the run takes the difference */
    change_basis(s, first, end, &code);
    return code;
}

static bool allowed(const dpid_search *s, int32_t i)
{
    const char *word = s->options->construction;
    const bool forced =
        word && strcmp(word, "zero_branch") != 0 && strcmp(word, "data_basis") != 0 && strcmp(word, "direct") != 0;
    if (i == DIRECT)
        return true;
    if (word && !forced && strcmp(word, "data_basis") != 0)
        return false;
    return forced ? strcmp(dpid_construction_at(i)->word, word) == 0 : i >= s->first_move;
}

static void take_move(dpid_search *s, const dpid_move *move, int32_t which)
{
    dpid_witness *w = s->witness;
    s->worst = which > s->worst ? which : s->worst;
    w->bitwise &= move->bitwise;
    w->zero_preserving &= move->zero_preserving;
    w->real_error += move->real_error;
    w->rounding += move->rounding;
    w->eps = move->approximate || move->eps < w->eps || w->eps == 0 ? (move->eps != 0 ? move->eps : w->eps) : w->eps;
    w->shift = fmax(w->shift, fabs(move->shift));
    w->floor += move->floor;
    if (move->approximate && w->status != DEEPID_IDENTITY_F)
        w->status = move->floor > 0 ? DEEPID_IDENTITY_F : DEEPID_IDENTITY_A;
}

static bool pass_activation(dpid_search *s, int32_t first, int32_t at)
{
    const dpid_chain *chain = s->chain;
    const int32_t next = run_end(chain, at + 1);
    dpid_place place = {.activation = activation_at(chain, at),
                        .next = activation_at(chain, next),
                        .here = ability_of(chain, first, at),
                        .between = ability_of(chain, at + 1, next),
                        .later = ability_of(chain, at + 1, chain->parts),
                        .borders = has_borders(chain->net),
                        .curved = s->curved,
                        .options = s->options};
    const dpid_code code = code_at(s, &place.here, first, at);
    place.code = &code;
    dpid_move move;
    for (int32_t i = 0; dpid_construction_at(i); i++) {
        if (!allowed(s, i) || !dpid_construction_at(i)->fits(&place, &move))
            continue;
        const run r = {first, at, move.form == DPID_CODE_PAIR ? DPID_CODE_PAIR : DPID_CODE_PLAIN, move.scale,
                       move.shift};
        if (!write_run(s, &r))
            return false;
        if (place.activation->trained)
            dpid_write_slope(&s->writing, &chain->part[at], 1);
        s->code.form = move.after_form;
        s->code.a = move.after_a;
        s->code.c = move.after_c;
        take_move(s, &move, i);
        return true;
    }
    return false;
}

/* ---- the whole chain ----------------------------------------------------------------------------- */

/* True when the chain gives gain x. */
bool dpid_search_solve(dpid_search *s)
{
    const dpid_chain *chain = s->chain;
    int32_t first = 0;
    for (int32_t at = run_end(chain, 0); at < chain->parts; at = run_end(chain, first)) {
        if (!pass_activation(s, first, at))
            return false;
        first = at + 1;
    }
    const run last = {first, chain->parts, DPID_CODE_PLAIN, s->gain, 0};
    const bool power = s->gain / s->code.a == dpid_power_below(fabs(s->gain / s->code.a));
    if (s->code.form == DPID_CODE_HALF || !write_run(s, &last) ||
        !in_place(&s->code, dpid_channels(&chain->net->value[chain->out].shape)))
        return false;
    s->witness->rounding += power ? 0 : 2 * dpid_magnitude(&s->code);
    return true;
}

bool dpid_search_centred(const dpid_search *s)
{
    const run all = {.first = 0, .end = run_end(s->chain, s->first_linear)};
    const int32_t last_start = s->last_linear;
    const run tail = {.first = last_start, .end = s->chain->parts};
    return all.end <= s->last_linear && shift_part(s, &all) >= s->first_linear && shift_part(s, &tail) >= 0;
}
