/* The words of statuses, reasons and constructions. */
#include "identity/witness/chain.h"

static const char *const statuses[] = {NULL, "E_BIT", "E", "A", "F", "N"};

static const struct {
    const char *word, *help;
} reasons[] = {
    {"none", "there is a witness"},
    {"shape", "what comes out has another shape, or no tap of a kernel stands on the pixel itself"},
    {"rank", "T0: a place inside holds fewer numbers than come in"},
    {"kink", "T1, T3: a kink inside the domain that nothing cancels"},
    {"curved", "T6: an activation would have to be a line where it is none"},
    {"bounded", "T6: a bounded activation cannot return an unbounded domain"},
    {"range", "T6: the last activation does not give such values"},
    {"invariance", "T7: a normalisation gives the same for different inputs"},
    {"noise", "dropout or stochastic depth in training loses entries"},
    {"unknown", "no construction of ours fits; not a proof"},
};

const char *deepid_identity_status_word(int32_t status)
{
    return status >= DEEPID_IDENTITY_E_BIT && status <= DEEPID_IDENTITY_N ? statuses[status] : NULL;
}

const char *deepid_identity_reason_word(int32_t reason)
{
    return reason >= 0 && reason < (int32_t)(sizeof reasons / sizeof *reasons) ? reasons[reason].word : NULL;
}

const char *deepid_identity_reason_help(int32_t reason)
{
    return reason >= 0 && reason < (int32_t)(sizeof reasons / sizeof *reasons) ? reasons[reason].help : NULL;
}

const char *deepid_construction_word(int64_t i)
{
    return dpid_set_word(&dpid_constructions, i);
}

const char *deepid_construction_help(const char *word)
{
    return dpid_set_help(&dpid_constructions, word);
}
