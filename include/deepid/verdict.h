/**
 * @defgroup verdict Verdicts
 * The verdict of a study: findings, one a hypothesis, each with its numbers; remedies; the answer in words. How it
 * is reached: docs/verdict.md
 * @{
 */
#ifndef DEEPID_VERDICT_H
#define DEEPID_VERDICT_H

#include <deepid/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A verdict, made by deepid_study_judge. It keeps nothing of the study and does not change any more; all it returns is
 * borrowed from it.
 *
 * Findings are counted from 0 and stand in the order of deepid_hypothesis_word, each once. Reads of a handle that is no
 * verdict, or of a finding, number or remedy that is not there, give "", 0 or NaN.
 */
typedef struct deepid_verdict deepid_verdict;

/**
 * Destroy a verdict.
 *
 * @param[in] verdict  NULL is fine
 *
 * @cost   none.
 * @thread Safe as long as no other thread uses the verdict or what was borrowed from it.
 */
DEEPID_API void deepid_verdict_destroy(deepid_verdict *verdict);

/**
 * The answer in two or three sentences, computed from the numbers.
 *
 * @param[in] verdict  the verdict
 *
 * @return Borrowed from the verdict; "" for NULL.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API const char *deepid_verdict_answer(const deepid_verdict *verdict);

/**
 * What the verdict does not cover, in a sentence or more: the net, data, solver and budget it is about, and what was
 * left out.
 *
 * @param[in] verdict  the verdict
 *
 * @return Borrowed from the verdict; "" for NULL.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API const char *deepid_verdict_scope(const deepid_verdict *verdict);

/* ---- hypotheses ------------------------------------------------------------------------------------------------- */

/**
 * The words of the hypotheses that a verdict may judge, such as "bug" and "solver", in the order of its findings.
 *
 * @param[in] i  from 0
 *
 * @return A constant; NULL past the end.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_hypothesis_word(int64_t i);

/**
 * What a hypothesis asks, such as "does another start repair it?".
 *
 * @param[in] word  of deepid_hypothesis_word
 *
 * @return One line, a constant; NULL for NULL or when there is no such word.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_hypothesis_help(const char *word);

/* ---- findings --------------------------------------------------------------------------------------------------- */

/**
 * How many findings there are: one a hypothesis.
 *
 * @param[in] verdict  the verdict
 *
 * @return The number; 0 for NULL.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API int64_t deepid_verdict_count(const deepid_verdict *verdict);

/**
 * The finding of a hypothesis.
 *
 * @param[in] verdict     the verdict
 * @param[in] hypothesis  its word, such as "solver"; NULL is fine
 *
 * @return 0 or more; -1 when there is none of that word.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API int64_t deepid_verdict_find(const deepid_verdict *verdict, const char *hypothesis);

/**
 * The word of a finding's hypothesis.
 *
 * @param[in] verdict  the verdict
 * @param[in] finding  0 to deepid_verdict_count - 1
 *
 * @return A constant, such as "solver"; "" when there is no such finding.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API const char *deepid_verdict_hypothesis(const deepid_verdict *verdict, int64_t finding);

/**
 * What was found of the hypothesis: "confirmed" (it explains surely more than half), "contributes" (surely more than
 * the margin), "minor" (surely less than half, and maybe more than the margin), "refuted" (surely less than the
 * margin), "undecided" (seeds or arms do not suffice) or "not_applicable" (the question does not arise). The rules:
 * docs/verdict.md.
 *
 * @param[in] verdict  the verdict
 * @param[in] finding  0 to deepid_verdict_count - 1
 *
 * @return One of these words, a constant; "" when there is no such finding.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API const char *deepid_verdict_status(const deepid_verdict *verdict, int64_t finding);

/**
 * Why, with the numbers.
 *
 * @param[in] verdict  the verdict
 * @param[in] finding  0 to deepid_verdict_count - 1
 *
 * @return Borrowed from the verdict; "" when there is no such finding.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API const char *deepid_verdict_sentence(const deepid_verdict *verdict, int64_t finding);

/**
 * What would settle it: more seeds, or an arm that was left out.
 *
 * @param[in] verdict  the verdict
 * @param[in] finding  0 to deepid_verdict_count - 1
 *
 * @return Borrowed from the verdict; "" when nothing is open, or when there is no such finding.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API const char *deepid_verdict_to_settle(const deepid_verdict *verdict, int64_t finding);

/**
 * The id of the rule that decided. docs/verdict.md lists them.
 *
 * @param[in] verdict  the verdict
 * @param[in] finding  0 to deepid_verdict_count - 1
 *
 * @return A constant, such as "solver.gap"; "" when there is no such finding.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API const char *deepid_verdict_rule(const deepid_verdict *verdict, int64_t finding);

/**
 * The arm that decided.
 *
 * @param[in] verdict  the verdict
 * @param[in] finding  0 to deepid_verdict_count - 1
 *
 * @return Borrowed from the verdict, such as "D_start:looks_linear"; "" when none did, or when there is no such
 * finding.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API const char *deepid_verdict_arm(const deepid_verdict *verdict, int64_t finding);

/**
 * The effect that decided, in units of the loss (of "bug" the relative error of gradients): Hodges and Lehmann's
 * estimate over seeds.
 *
 * @param[in] verdict  the verdict
 * @param[in] finding  0 to deepid_verdict_count - 1
 *
 * @return The effect; NaN when there is none, or no such finding.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API double deepid_verdict_effect(const deepid_verdict *verdict, int64_t finding);

/**
 * Lower end of the effect's interval, at the threshold "level".
 *
 * @param[in] verdict  the verdict
 * @param[in] finding  0 to deepid_verdict_count - 1
 *
 * @return In units of the effect, maybe -infinity; NaN when there is none, or no such finding.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API double deepid_verdict_low(const deepid_verdict *verdict, int64_t finding);

/**
 * Upper end of the effect's interval, at the threshold "level".
 *
 * @param[in] verdict  the verdict
 * @param[in] finding  0 to deepid_verdict_count - 1
 *
 * @return In units of the effect, maybe infinity; NaN when there is none, or no such finding.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API double deepid_verdict_high(const deepid_verdict *verdict, int64_t finding);

/**
 * The share of the gap that the arm repairs, Gamma = (mean L_D - mean L_x) / (mean L_D - mean L_ref).
 *
 * @param[in] verdict  the verdict
 * @param[in] finding  0 to deepid_verdict_count - 1
 *
 * @return The share, 1 = all of it; NaN where it has no meaning, or no such finding.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API double deepid_verdict_share(const deepid_verdict *verdict, int64_t finding);

/**
 * Lower end of the share's interval, at the threshold "level".
 *
 * @param[in] verdict  the verdict
 * @param[in] finding  0 to deepid_verdict_count - 1
 *
 * @return The end; NaN when there is none, or no such finding.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API double deepid_verdict_share_low(const deepid_verdict *verdict, int64_t finding);

/**
 * Upper end of the share's interval, at the threshold "level".
 *
 * @param[in] verdict  the verdict
 * @param[in] finding  0 to deepid_verdict_count - 1
 *
 * @return The end; NaN when there is none, or no such finding.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API double deepid_verdict_share_high(const deepid_verdict *verdict, int64_t finding);

/**
 * How many numbers made the finding.
 *
 * @param[in] verdict  the verdict
 * @param[in] finding  0 to deepid_verdict_count - 1
 *
 * @return The number; 0 when there is no such finding.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API int64_t deepid_verdict_number_count(const deepid_verdict *verdict, int64_t finding);

/**
 * The name of one of a finding's numbers. docs/verdict.md lists them.
 *
 * @param[in] verdict  the verdict
 * @param[in] finding  0 to deepid_verdict_count - 1
 * @param[in] k        0 to deepid_verdict_number_count - 1
 *
 * @return Borrowed from the verdict, such as "p"; "" when there is no such number.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API const char *deepid_verdict_number_name(const deepid_verdict *verdict, int64_t finding, int64_t k);

/**
 * One of a finding's numbers, by its place.
 *
 * @param[in] verdict  the verdict
 * @param[in] finding  0 to deepid_verdict_count - 1
 * @param[in] k        0 to deepid_verdict_number_count - 1
 *
 * @return The number; NaN when there is no such number.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API double deepid_verdict_number(const deepid_verdict *verdict, int64_t finding, int64_t k);

/**
 * One of a finding's numbers, by its name.
 *
 * @param[in] verdict  the verdict
 * @param[in] finding  0 to deepid_verdict_count - 1
 * @param[in] name     such as "p_holm"; NULL is fine
 *
 * @return The number; NaN when there is none of that name.
 *
 * @cost   one comparison a number of the finding.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API double deepid_verdict_number_named(const deepid_verdict *verdict, int64_t finding, const char *name);

/* ---- remedies: other nets, with a skip or with their layers in another order ------------------------------------- */

/**
 * How many remedies were tried.
 *
 * @param[in] verdict  the verdict
 *
 * @return 0 or more; 0 for NULL.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API int64_t deepid_verdict_remedy_count(const deepid_verdict *verdict);

/**
 * The word of a remedy: "skip", "dial:0.5" for half of one, or "D_order:pre" for another order of layers.
 *
 * @param[in] verdict  the verdict
 * @param[in] remedy   0 to deepid_verdict_remedy_count - 1
 *
 * @return Borrowed from the verdict; "" when there is no such remedy.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API const char *deepid_verdict_remedy_arm(const deepid_verdict *verdict, int64_t remedy);

/**
 * The share of the gap that the remedy repairs, made as deepid_verdict_share.
 *
 * @param[in] verdict  the verdict
 * @param[in] remedy   0 to deepid_verdict_remedy_count - 1
 *
 * @return The share, 1 = all of it; NaN when there is no gap, or no such remedy.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API double deepid_verdict_remedy_share(const deepid_verdict *verdict, int64_t remedy);

/**
 * Lower end of the share's interval, at the threshold "level".
 *
 * @param[in] verdict  the verdict
 * @param[in] remedy   0 to deepid_verdict_remedy_count - 1
 *
 * @return The end; NaN when there is none, or no such remedy.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API double deepid_verdict_remedy_low(const deepid_verdict *verdict, int64_t remedy);

/**
 * Upper end of the share's interval, at the threshold "level".
 *
 * @param[in] verdict  the verdict
 * @param[in] remedy   0 to deepid_verdict_remedy_count - 1
 *
 * @return The end; NaN when there is none, or no such remedy.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API double deepid_verdict_remedy_high(const deepid_verdict *verdict, int64_t remedy);

/* ---- as text ---------------------------------------------------------------------------------------------------- */

/**
 * The verdict as a terminal shows it: the answer, findings with numbers, remedies, scope; lines of at most 100 columns,
 * UTF-8.
 *
 * @param[in] verdict  the verdict
 * @param[in] colour   0: plain; else with ANSI colours. The caller decides: only for a terminal, and not when NO_COLOR
 *                     is set
 *
 * @return Borrowed from the verdict; "" for NULL.
 *
 * @cost   none.
 * @thread Safe from any thread while the verdict lives.
 */
DEEPID_API const char *deepid_verdict_text(const deepid_verdict *verdict, int32_t colour);

/**
 * Write verdict.json, in the format of docs/verdict.md. Numbers read back exactly; those that are not finite are null.
 *
 * @param[in] verdict  the verdict
 * @param[in] path     the file; replaced as a whole or not at all
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  path is NULL
 * @retval DEEPID_ERR_IO        the file cannot be written: names it
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the verdict as text, a few kilobytes, and two disk flushes.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_verdict_write_json(const deepid_verdict *verdict, const char *path);

/* ---- thresholds: defaults that calibration chose, no constants of nature ---------------------------------------- */

/**
 * The words of the thresholds, one after the other: "level", "margin_share", "margin_ratio", "ratio_floor",
 * "margin_error", "margin_valid_error", "headroom", "stuck", "few_updates", "share", "symptom_share", "cosine",
 * "gradient_error", "output_difference", "resamples", "seed". deepid_study_set_number sets them.
 *
 * @param[in] i  from 0
 *
 * @return A constant; NULL past the end.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_verdict_threshold_word(int64_t i);

/**
 * What a threshold means, its range and its default.
 *
 * @param[in] word  of deepid_verdict_threshold_word
 *
 * @return One line, a constant; NULL for NULL or when there is no such word.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_verdict_threshold_help(const char *word);

/**
 * A threshold's default.
 *
 * @param[in] word  of deepid_verdict_threshold_word
 *
 * @return The default; NaN for NULL or when there is no such word.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API double deepid_verdict_threshold_default(const char *word);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
