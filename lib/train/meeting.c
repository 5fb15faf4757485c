/* Ranks meet before each step.   What for: meeting.h */
#include "train/meeting.h"

#include <stdio.h>
#include <string.h>

/* ---- the caller's function ------------------------------------------------------------------------ */

int32_t dpid_exchange(deepid_trainer *t, int32_t how, int64_t *numbers, int64_t count, const char *what)
{
    const dpid_ranks *o = &t->others;
    const char *why = NULL;
    if (!o->fn || count == 0) /* a net may have no parameters */
        return DEEPID_OK;
    const int32_t code = o->fn(o->user, how, numbers, count, &why);
    if (code == 0)
        return DEEPID_OK;
    t->head.ctx->callback_code = code;
    return dpid_fail(t->head.ctx, DEEPID_ERR_CALLBACK,
                     "step %lld: the allreduce of %s returned %d on rank %d of %d%s%s; nothing was changed",
                     (long long)t->step + 1, what, code, o->rank, o->ranks, why ? ": " : "", why ? why : "");
}

/* ---- statuses ------------------------------------------------------------------------------------- */

enum { RANK_BITS = 32 };

int64_t dpid_status_written(const deepid_trainer *t, int32_t status)
{
    return status == DEEPID_OK ? 0 : ((int64_t)status << RANK_BITS) + t->others.rank;
}

int32_t dpid_status_read(deepid_trainer *t, int32_t own, int64_t written)
{
    if (own != DEEPID_OK || written == 0)
        return own;
    const int64_t told = written >> RANK_BITS;
    const int32_t status = told > 0 && told <= DEEPID_ERR_UNSUPPORTED ? (int32_t)told : DEEPID_ERR_STATE;
    return dpid_fail(t->head.ctx, status, "step %lld: rank %d of %d failed with %s; nothing was changed",
                     (long long)t->step + 1, (int32_t)(written & INT32_MAX), t->others.ranks,
                     deepid_status_name(status));
}

/* ---- what has to be alike: checksums h, of which the largest of all h and of all ~h are each other's ~  */

enum { LIBRARY, ISA, RANKS, NET, SETTINGS, DATA, PLACE, VALUES, OPTIMIZER, THINGS };
enum { STATUS, STOP, CHECKS, NUMBERS = CHECKS + 2 * THINGS }; /* of a meeting */

static const char *const things[THINGS] = {
    "version of the library", "instruction set",   "number of ranks",       "net", "settings", "data",
    "place in training",      "values of the net", "state of the optimiser"};

static uint64_t text_bits(const char *text)
{
    return dpid_checksum_bits(&(dpid_piece){text, (int64_t)strlen(text)}, 1);
}

static uint64_t numbers_bits(const double *numbers, int64_t count)
{
    return dpid_checksum_bits(&(dpid_piece){numbers, count * (int64_t)sizeof *numbers}, 1);
}

static uint64_t settings_bits(const deepid_trainer *t)
{
    const double numbers[] = {t->rate,          t->clip,      (double)t->batch, (double)t->total_steps,
                              (double)t->shard, t->keep_last, t->record,        t->whole_norm};
    const char *const texts[] = {t->loss_text, t->optimizer_text, t->schedule_text, t->augment_text,
                                 t->loss_scale_text};
    enum { TEXTS = sizeof texts / sizeof *texts };
    dpid_piece pieces[TEXTS + 2] = {{numbers, sizeof numbers}, {&t->seed, sizeof t->seed}};
    for (int i = 0; i < TEXTS; i++)
        pieces[2 + i] = (dpid_piece){texts[i], (int64_t)strlen(texts[i]) + 1};
    return dpid_checksum_bits(pieces, TEXTS + 2);
}

static uint64_t place_bits(const deepid_trainer *t)
{
    const double place[] = {(double)t->step,      (double)t->epoch,    (double)t->position,         (double)t->since,
                            (double)t->nonfinite, t->loss_scale.scale, (double)t->loss_scale.finite};
    return numbers_bits(place, sizeof place / sizeof *place);
}

static uint64_t values_bits(const deepid_net *net)
{
    const int64_t bytes = dpid_precision_bytes(net->precision);
    return dpid_checksum_bits(
        (dpid_piece[]){{net->values, net->values_reals * bytes}, {net->states, net->states_reals * bytes}}, 2);
}

static uint64_t optimizer_bits(const deepid_trainer *t)
{
    dpid_piece pieces[DPID_OPTIMIZER_STATES] = {{.data = NULL}};
    for (int32_t i = 0; i < t->optimizer->states; i++)
        pieces[i] =
            (dpid_piece){t->state[i], t->state[i] ? t->net->values_reals * dpid_precision_bytes(t->net->precision) : 0};
    return dpid_checksum_bits(pieces, t->optimizer->states);
}

static void write_checks(const deepid_trainer *t, int64_t *numbers)
{
    const uint64_t bits[THINGS] = {[LIBRARY] = text_bits(deepid_version()),
                                   [ISA] = (uint64_t)t->head.ctx->isa,
                                   [RANKS] = (uint64_t)t->others.ranks,
                                   [NET] = text_bits(t->net->text) ^ (uint64_t)t->net->precision,
                                   [SETTINGS] = settings_bits(t),
                                   [DATA] = t->others.data,
                                   [PLACE] = place_bits(t),
                                   [VALUES] = values_bits(t->net),
                                   [OPTIMIZER] = optimizer_bits(t)};
    for (int i = 0; i < THINGS; i++) {
        numbers[CHECKS + 2 * i] = (int64_t)bits[i];
        numbers[CHECKS + 2 * i + 1] = ~(int64_t)bits[i];
    }
}

/* What this rank has, for the sentence. */
static void say_own(const deepid_trainer *t, int thing, char *out, size_t size)
{
    const char *isa = deepid_ctx_isa(t->head.ctx);
    switch (thing) {
    case LIBRARY:
        snprintf(out, size, " %s", deepid_version());
        break;
    case ISA:
        snprintf(out, size, " %s", isa);
        break;
    case RANKS:
        snprintf(out, size, " %d", t->others.ranks);
        break;
    case NET:
        snprintf(out, size, " '%.60s...', %zu characters in all, checksum %016llx", t->net->text, strlen(t->net->text),
                 (unsigned long long)text_bits(t->net->text));
        break;
    case SETTINGS:
        snprintf(out, size, " %.40s, batch %lld, shards of %lld, seed %llu", t->optimizer_text, (long long)t->batch,
                 (long long)t->shard, (unsigned long long)t->seed);
        break;
    case PLACE:
        snprintf(out, size, " %lld steps done", (long long)t->step);
        break;
    default:
        snprintf(out, size, " checksum %016llx",
                 (unsigned long long)(thing == DATA     ? t->others.data
                                      : thing == VALUES ? values_bits(t->net)
                                                        : optimizer_bits(t)));
    }
}

static int32_t read_checks(const deepid_trainer *t, const int64_t *numbers)
{
    for (int i = 0; i < THINGS; i++) {
        char own[160];
        if (numbers[CHECKS + 2 * i] == ~numbers[CHECKS + 2 * i + 1])
            continue;
        say_own(t, i, own, sizeof own);
        return dpid_fail(t->head.ctx, DEEPID_ERR_STATE,
                         "step %lld: the ranks differ in the %s, expected the same on all; rank %d of %d has%s; "
                         "nothing was changed",
                         (long long)t->step + 1, things[i], t->others.rank, t->others.ranks, own);
    }
    return DEEPID_OK;
}

/* ---- the meeting ---------------------------------------------------------------------------------- */

int32_t dpid_meet(deepid_trainer *t, int32_t status)
{
    int64_t numbers[NUMBERS];
    if (!t->others.fn)
        return status;
    if (!t->others.data_known)
        t->others.data = deepid_dataset_hash(t->data);
    t->others.data_known = true;
    numbers[STATUS] = dpid_status_written(t, status);
    numbers[STOP] = atomic_exchange(&t->stop, 0);
    write_checks(t, numbers);
    DPID_TRY(dpid_exchange(t, DEEPID_ALLREDUCE_MAX, numbers, NUMBERS, "checksums"));
    t->others.stop |= numbers[STOP] != 0;
    DPID_TRY(dpid_status_read(t, status, numbers[STATUS]));
    return read_checks(t, numbers);
}

int32_t dpid_tell(deepid_trainer *t, int32_t status)
{
    if (status == DEEPID_OK || !t->others.fn)
        return status;
    char sentence[DPID_ERROR_MAX];
    memcpy(sentence, t->head.ctx->error, sizeof sentence);
    dpid_meet(t, status);
    return dpid_fail(t->head.ctx, status, "%s", sentence);
}
