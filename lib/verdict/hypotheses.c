/* The registry of hypotheses: what each asks, how it is judged, how it is shown. Rows stand in the order of
   verdict.json and are judged in it. */
#include "verdict/rules.h"

#include <string.h>

#define REASON "\xe2\x80\xa6 because of "
#define ASKS(w, h) .word = w, .help = h
#define SHOWN(n, s, p, t) .name = n, .said = s, .place = p, .said_at = t
static const dpid_hypothesis rows[] = {
    [DPID_BUG] = {ASKS("bug", "is backward the derivative of forward?"), .judge = dpid_rule_bug,
                  SHOWN("A bug in the gradients", "a bug in the gradients", 10, 10)},
    [DPID_RATE] = {ASKS("rate", "does another learning rate repair it?"), .judge = dpid_rule_rate, .arm = "D_rate",
                   .rule = "rate.tuned", SHOWN("The learning rate", "the learning rate", 0, 0), .loss = true},
    [DPID_REPRESENTATION] = {ASKS("representation", "can a deep net be as good as the shallow one at all?"),
                             .judge = dpid_rule_representation, .again = dpid_rule_representation_found,
                             SHOWN("The layers cannot be the identity", "the representation", 6, 1), .loss = true,
                             .role = "witness"},
    [DPID_CAPACITY] = {ASKS("capacity", "is the deep net narrower, or of other layers?"), .judge = dpid_rule_capacity,
                       .again = dpid_rule_capacity_again, SHOWN("The deep net is narrower", "the capacity", 6, 1),
                       .loss = true},
    [DPID_SOLVER] = {ASKS("solver", "is there a better deep net than the one that training finds?"),
                     .judge = dpid_rule_solver, .again = dpid_rule_solver_found,
                     SHOWN("The solver does not find it", "the solver", 1, 2), .loss = true},
    [DPID_BUDGET] = {ASKS("budget", "do more steps repair it?"), .judge = dpid_rule_reason, .arm = "D_3T",
                     .rule = "budget.longer", .finds = true, SHOWN(REASON "the budget", "the budget", 4, 4),
                     .reason = true, .loss = true},
    [DPID_CONDITIONING] = {ASKS("conditioning", "does another start repair it?"), .judge = dpid_rule_reason,
                           .arm = "D_start", .set = true, .rule = "conditioning.start", .finds = true,
                           SHOWN(REASON "the start", "the start", 2, 3), .reason = true, .loss = true},
    [DPID_OPTIMISER] = {ASKS("optimiser", "does another optimiser repair it?"), .judge = dpid_rule_reason,
                        .arm = "D_opt", .set = true, .rule = "optimiser.other", .finds = true,
                        SHOWN(REASON "the optimiser", "the optimiser", 3, 5), .reason = true, .loss = true},
    [DPID_OBJECTIVE] = {ASKS("objective", "is the better net worse by what is minimised?"), /* by the solver's */
                        SHOWN(REASON "the objective", "the objective", 5, 6), .reason = true, .loss = true},
    [DPID_REGULARISATION] =
        {ASKS("regularisation", "do dropout, weight decay, smoothing or augmentation cost the fit?"),
         .judge = dpid_rule_regularisation, .arm = "D_free", .set = true, .rule = "regularisation.free",
         SHOWN(REASON "the regularisation", "the regularisation", 5, 6), .reason = true, .loss = true},
    [DPID_NORMALISATION] = {ASKS("normalisation", "do batch-norm's statistics hurt?"), .judge = dpid_rule_normalisation,
                            .arm = "D_norm", .set = true, .rule = "normalisation.batch8",
                            SHOWN(REASON "the normalisation", "the normalisation", 5, 6), .reason = true, .loss = true},
    [DPID_ROUNDING] = {ASKS("rounding", "does float64 repair it, though every gradient is in range?"),
                       .judge = dpid_rule_rounding, .arm = "D64", SHOWN("Rounding in the chain rule", "rounding", 7, 7),
                       .loss = true},
    [DPID_RANGE] = {ASKS("range", "does float64 repair it, since gradients underflow or overflow?"), /* by rounding's */
                    SHOWN("Underflow or overflow", "underflow or overflow", 8, 8), .loss = true},
    [DPID_OVERFITTING] = {ASKS("overfitting", "does the deep net fit the sample and validate worse?"),
                          .judge = dpid_rule_overfitting, SHOWN("Overfitting", "overfitting", 9, 9), .loss = true},
    {ASKS("schedule", "does another schedule of the learning rate repair it?"), .judge = dpid_rule_reason,
     .arm = "D_schedule", .set = true, .rule = "schedule.other", .finds = true,
     SHOWN(REASON "the schedule", "the schedule", 3, 5), .reason = true, .loss = true},
};
enum { ROWS = sizeof rows / sizeof *rows };
_Static_assert(ROWS <= (int)DPID_FINDINGS_MAX, "a verdict has room for every hypothesis");

const dpid_hypothesis *dpid_hypothesis_at(int64_t i)
{
    return i >= 0 && i < ROWS ? &rows[i] : NULL;
}

const char *deepid_hypothesis_word(int64_t i)
{
    return i >= 0 && i < ROWS ? rows[i].word : NULL;
}

const char *deepid_hypothesis_help(const char *word)
{
    for (int i = 0; word && i < ROWS; i++)
        if (!strcmp(rows[i].word, word))
            return rows[i].help;
    return NULL;
}
