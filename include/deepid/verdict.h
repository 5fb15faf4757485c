/**
 * @file verdict.h  The verdict of a study: ten findings, one a hypothesis, each with its numbers; remedies; the
 * answer in words. How it is reached: docs/verdict.md
 */
#ifndef DEEPID_VERDICT_H
#define DEEPID_VERDICT_H

#include <deepid/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A verdict, made by deepid_study_judge. It keeps nothing of the study; all it returns is borrowed from it.
 *
 * Findings are counted from 0 and stand in this order, each once: "bug", "representation", "solver", "budget",
 * "conditioning", "optimiser", "objective", "rounding", "range", "overfitting". Reads of a handle that is no
 * verdict, or of a finding, number or remedy that is not there, give "", 0 or NaN.
 */
typedef struct deepid_verdict deepid_verdict;

/**
 * Destroy a verdict.
 *
 * @param[in] verdict  NULL is fine
 */
DEEPID_API void deepid_verdict_destroy(deepid_verdict *verdict);

/** The answer in two or three sentences, computed from the numbers. Borrowed. */
DEEPID_API const char *deepid_verdict_answer(const deepid_verdict *verdict);
/**
 * What the verdict does not cover, in a sentence or more: the net, data, solver and budget it is about, and what was
 * left out. Borrowed.
 */
DEEPID_API const char *deepid_verdict_scope(const deepid_verdict *verdict);

/* ---- findings ---------------------------------------------------------------------------------- */

/** Findings: 10. */
DEEPID_API int64_t deepid_verdict_count(const deepid_verdict *verdict);
/** The finding of a hypothesis' word; -1 when there is none. */
DEEPID_API int64_t deepid_verdict_find(const deepid_verdict *verdict, const char *hypothesis);
/** "solver". */
DEEPID_API const char *deepid_verdict_hypothesis(const deepid_verdict *verdict, int64_t finding);
/** "confirmed", "contributes", "refuted", "undecided" or "not_applicable". */
DEEPID_API const char *deepid_verdict_status(const deepid_verdict *verdict, int64_t finding);
/** Why, with the numbers. */
DEEPID_API const char *deepid_verdict_sentence(const deepid_verdict *verdict, int64_t finding);
/** What would settle it, when undecided; else "". */
DEEPID_API const char *deepid_verdict_to_settle(const deepid_verdict *verdict, int64_t finding);
/** The rule that decided: "solver.gap". */
DEEPID_API const char *deepid_verdict_rule(const deepid_verdict *verdict, int64_t finding);
/** The arm that decided: "D_start:looks-linear"; "" when none did. */
DEEPID_API const char *deepid_verdict_arm(const deepid_verdict *verdict, int64_t finding);
/**
 * The effect that decided, in units of the loss (for "bug" the relative error): Hodges and Lehmann's estimate over
 * seeds; NaN when there is none.
 */
DEEPID_API double deepid_verdict_effect(const deepid_verdict *verdict, int64_t finding);
/** Lower end of the effect's interval; may be -infinity. */
DEEPID_API double deepid_verdict_low(const deepid_verdict *verdict, int64_t finding);
/** Upper end of the effect's interval; may be infinity. */
DEEPID_API double deepid_verdict_high(const deepid_verdict *verdict, int64_t finding);
/** The share of the gap that the arm repairs (1: all); NaN when it has no meaning. */
DEEPID_API double deepid_verdict_share(const deepid_verdict *verdict, int64_t finding);
/** Lower end of the share's interval. */
DEEPID_API double deepid_verdict_share_low(const deepid_verdict *verdict, int64_t finding);
/** Upper end of the share's interval. */
DEEPID_API double deepid_verdict_share_high(const deepid_verdict *verdict, int64_t finding);
/** How many numbers made the finding. */
DEEPID_API int64_t deepid_verdict_number_count(const deepid_verdict *verdict, int64_t finding);
/** The name of the k-th: "p". */
DEEPID_API const char *deepid_verdict_number_name(const deepid_verdict *verdict, int64_t finding, int64_t k);
/** The k-th number. */
DEEPID_API double deepid_verdict_number(const deepid_verdict *verdict, int64_t finding, int64_t k);
/** The number of a name; NaN when there is none. */
DEEPID_API double deepid_verdict_number_named(const deepid_verdict *verdict, int64_t finding, const char *name);

/* ---- remedies: nets with a skip -------------------------------------------------------------------- */

/** How many remedies were tried. */
DEEPID_API int64_t deepid_verdict_remedy_count(const deepid_verdict *verdict);
/** "skip", or "dial:0.5" for a weaker one. */
DEEPID_API const char *deepid_verdict_remedy_arm(const deepid_verdict *verdict, int64_t remedy);
/** The share of the gap that it repairs; NaN when there is no gap. */
DEEPID_API double deepid_verdict_remedy_share(const deepid_verdict *verdict, int64_t remedy);
/** Lower end of its interval. */
DEEPID_API double deepid_verdict_remedy_low(const deepid_verdict *verdict, int64_t remedy);
/** Upper end of its interval. */
DEEPID_API double deepid_verdict_remedy_high(const deepid_verdict *verdict, int64_t remedy);

/* ---- as text -------------------------------------------------------------------------------------------- */

/**
 * The verdict as a terminal shows it: the answer, findings with numbers, remedies, scope; lines of at most 100
 * columns, UTF-8.
 *
 * @param[in] verdict  any
 * @param[in] colour   0: plain; else with ANSI colours. The caller decides: only for a terminal, and not when
 * NO_COLOR is set
 *
 * @return Borrowed; "" for NULL.
 */
DEEPID_API const char *deepid_verdict_text(const deepid_verdict *verdict, int32_t colour);

/**
 * Write verdict.json, in the format of docs/verdict.md. Numbers read back exactly; those that are not finite are
 * null. The file is replaced as a whole.
 *
 * @param[in] verdict  any
 * @param[in] path     the file
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  path is NULL
 * @retval DEEPID_ERR_IO        the file cannot be written: names it
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_verdict_write_json(const deepid_verdict *verdict, const char *path);

/* ---- thresholds: defaults that calibration chose, no constants of nature ---------------------------------------- */

/**
 * The i-th threshold's word: "level", "margin_share", "headroom", "share", "symptom_share", "cosine",
 * "gradient_error", "resamples", "seed"; NULL past the end.
 */
DEEPID_API const char *deepid_verdict_threshold_word(int64_t i);
/** What it means, its range and its default, in a line; NULL when unknown. */
DEEPID_API const char *deepid_verdict_threshold_help(const char *word);
/** Its default; NaN when unknown. */
DEEPID_API double deepid_verdict_threshold_default(const char *word);

#ifdef __cplusplus
}
#endif
#endif
