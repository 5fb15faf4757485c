/**
 * @defgroup evidence Evidence
 * What training showed, whoever trained: losses by arm and seed, and what else is known. An object that a caller fills,
 * a folder of plain files that any language writes, and the verdict on it. Format of the folder: docs/evidence.md
 *
 * Arms have words that say what was trained: "S" the shallow net, "D" the deep one, "W0" the deep net that holds the
 * trained shallow one, "D_start:he" D from another start, and so on (docs/verdict.md). Only S and D have to be there.
 * @{
 */
#ifndef DEEPID_EVIDENCE_H
#define DEEPID_EVIDENCE_H

#include <deepid/study.h>
#include <deepid/verdict.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Evidence. It keeps copies of all that it is given. */
typedef struct deepid_evidence deepid_evidence;

/* ---- make, read, write ------------------------------------------------------------------------------------------ */

/**
 * Make evidence without a run.
 *
 * @param[in,out] ctx  lent for the evidence's life
 * @param[out]    out  the evidence; destroy it with deepid_evidence_destroy
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  out is NULL
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   a few kilobytes.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_evidence_create(deepid_ctx *ctx, deepid_evidence **out);

/**
 * Destroy evidence. Verdicts made of it stay.
 *
 * @param[in] evidence  NULL is fine
 *
 * @cost   none.
 * @thread Safe as long as no other thread uses the evidence.
 */
DEEPID_API void deepid_evidence_destroy(deepid_evidence *evidence);

/**
 * Read a folder of evidence: results.csv, and where they are there arms.csv, history.csv, tuning.csv, evidence.json.
 * The files of a study with the same names are valid. What cannot be is refused by file, line and column.
 *
 * @param[in,out] ctx     lent for the evidence's life
 * @param[in]     folder  its path
 * @param[out]    out     the evidence; destroy it with deepid_evidence_destroy
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  folder or out is NULL
 * @retval DEEPID_ERR_IO        there is no results.csv, or a file cannot be read: names it
 * @retval DEEPID_ERR_FORMAT    a file is not what docs/evidence.md says: names file, line and column, what stands there
 *                              and what was expected
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   each file once, in memory while it is read.
 * @thread One thread at a time for each context.
 * @see    docs/evidence.md
 */
DEEPID_API int32_t deepid_evidence_read(deepid_ctx *ctx, const char *folder, deepid_evidence **out);

/**
 * Read the runs of one CSV file of any tool, such as an export of Weights & Biases or MLflow: a row a run.
 *
 * A row whose training loss is NaN or infinite is a run that diverged; one without a training loss is passed over, and
 * the fact "data" says so.
 *
 * @param[in,out] ctx   lent for the evidence's life
 * @param[in]     path  the file, names of columns in its first row; with file= in the map a folder
 * @param[in]     map   KEY=COLUMN pairs joined by commas, "arm=config.name,seed=config.seed,train_loss=train/loss".
 *                      Keys: the columns of results.csv; "epoch", where rows are points along training: those of a run
 *                      and epoch are one point, and a run ends with the last known value of each column; words of
 *                      arms with what the file calls them, "S=plain-20,D=plain-56", where other rows are not looked
 *                      at. A train_error or valid_error that is not there by its name is taken without "1-" in front
 *                      (of 1 - x) and "%" behind (of x / 100): "train_error=1-acc%". arm, seed and train_loss are
 *                      needed. "file=run-{arm}_s{seed}-tag-{tag}.csv": path is a folder of files as TensorBoard exports
 *                      them, one a run and curve with the columns Step and Value; arm, seed and tag stand in their
 *                      names, below the folder, and train_loss=TAG and so on say which tag is what
 * @param[out]    out   the evidence; destroy it with deepid_evidence_destroy
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  an argument is NULL
 * @retval DEEPID_ERR_SPEC      the map has another key, one twice, or lacks a pair: says which
 * @retval DEEPID_ERR_IO        the file cannot be read
 * @retval DEEPID_ERR_FORMAT    a column is not there, or a cell cannot be: names file, line and column
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the file once, in memory while it is read.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_evidence_read_csv(deepid_ctx *ctx, const char *path, const char *map, deepid_evidence **out);

/**
 * Write a folder that deepid_evidence_read reads: what it gives is judged the same, to the bit.
 *
 * @param[in] evidence  the evidence
 * @param[in] folder    its path; made when it is not there. Each file is replaced as a whole or not at all
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  folder is NULL
 * @retval DEEPID_ERR_IO        a file or folder cannot be written: names it
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the tables as text, and two disk flushes a file.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_evidence_write(const deepid_evidence *evidence, const char *folder);

/**
 * The evidence of a study: all that its verdict looks at and its report shows. deepid_study_judge judges this evidence.
 *
 * @param[in,out] study  has run
 * @param[out]    out    the evidence; destroy it with deepid_evidence_destroy
 *
 * @return As deepid_study_judge, which has the same causes of failure.
 *
 * @cost   the study's tables in memory, and one embedding of a shallow net in the deep one.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_study_evidence(deepid_study *study, deepid_evidence **out);

/* ---- fill ------------------------------------------------------------------------------------------------------- */

/**
 * Add a run: an arm, trained with a seed.
 *
 * @param[in,out] evidence    the evidence
 * @param[in]     arm         its word, such as "S" or "D_start:he"; copied
 * @param[in]     seed        0 or more; runs of two arms with the same seed are a pair
 * @param[in]     train_loss  mean training loss at the end, 0 or more, in the same unit for all runs; infinity: the run
 *                            diverged
 * @param[in]     valid_loss  mean validation loss at the end, 0 or more; NaN: not known
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  the arm has that seed already, or too many of them; a loss is negative or NaN; arm is
 *                              NULL
 * @retval DEEPID_ERR_SPEC      arm is no word of an arm: names those there are
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   a comparison with each seed of the arm.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_evidence_add(deepid_evidence *evidence, const char *arm, int64_t seed, double train_loss,
                                       double valid_loss);

/**
 * Say one more number of a run that was added.
 *
 * @param[in,out] evidence  the evidence
 * @param[in]     arm       its word
 * @param[in]     seed      its seed
 * @param[in]     column    a column of results.csv: "train_error", "valid_error" (shares from 0 to 1),
 *                          "best_valid_loss", "penalty", "objective", "equal", "updates", ... (docs/evidence.md)
 * @param[in]     value     in the range of that column; NaN: not known
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  there is no such run, value is outside the column's range, or a text is NULL
 * @retval DEEPID_ERR_SPEC      there is no such column: names those there are
 *
 * @cost   a comparison with each seed of the arm.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_evidence_set_run(deepid_evidence *evidence, const char *arm, int64_t seed, const char *column,
                                           double value);

/**
 * Add a point of a run along training.
 *
 * @param[in,out] evidence    the evidence
 * @param[in]     arm         its word; copied
 * @param[in]     seed        its seed
 * @param[in]     epoch       passes over the data so far, 0 or more; points of a run are given in its order
 * @param[in]     train_loss  0 or more; NaN: not known
 * @param[in]     valid_loss  0 or more; NaN: not known
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a number is outside its range, or arm is NULL
 * @retval DEEPID_ERR_SPEC      arm is no word of an arm
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   constant on average.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_evidence_add_point(deepid_evidence *evidence, const char *arm, int64_t seed, double epoch,
                                             double train_loss, double valid_loss);

/**
 * Add a run that looked for a learning rate, at a seed apart from those of the runs that are judged.
 *
 * @param[in,out] evidence    the evidence
 * @param[in]     arm         the arm that takes the rate: "D_start:he", "D_rate", where "D" counts as that; copied
 * @param[in]     rate        its learning rate, 0 or more
 * @param[in]     seed        0 or more
 * @param[in]     train_loss  at the end; infinity or NaN: the run diverged
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a number is outside its range, the arm has that rate and seed already, or arm is NULL
 * @retval DEEPID_ERR_SPEC      arm is no word of an arm
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the tuning runs that there are, once.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_evidence_add_tuning(deepid_evidence *evidence, const char *arm, double rate, int64_t seed,
                                              double train_loss);

/**
 * Say a number of an arm: a column of arms.csv, such as "depth", "learning_rate", "updates".
 *
 * @param[in,out] evidence  the evidence
 * @param[in]     arm       its word; made when it is new; copied
 * @param[in]     column    the column (docs/evidence.md)
 * @param[in]     value     in the range of that column; NaN: not known
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  value is outside the column's range, or a text is NULL
 * @retval DEEPID_ERR_SPEC      there is no such arm or column: names those there are
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   none.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_evidence_set_arm(deepid_evidence *evidence, const char *arm, const char *column,
                                           double value);

/**
 * Say that an arm was not run, and why. Without a call of this, what is missing is "not tried".
 *
 * @param[in,out] evidence  the evidence
 * @param[in]     arm       its word; copied
 * @param[in]     reason    a few words, such as "no time"; copied
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a text is NULL
 * @retval DEEPID_ERR_SPEC      arm is no word of an arm
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   none.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_evidence_leave_out(deepid_evidence *evidence, const char *arm, const char *reason);

/**
 * Say a fact that is a number: a member of evidence.json, such as "const_loss", "batch", "decay" (0 or 1). A word of
 * deepid_verdict_threshold_word sets that threshold. Only const_loss has to be known; "classes" says it of so
 * many equal classes, and has to agree with one that is known.
 *
 * @param[in,out] evidence  the evidence
 * @param[in]     key       a word of deepid_evidence_fact_word or deepid_verdict_threshold_word
 * @param[in]     value     in the range of that fact
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  value is outside the range, the fact is a text, or key is NULL
 * @retval DEEPID_ERR_SPEC      there is no such fact: names those there are
 *
 * @cost   none.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_evidence_set_number(deepid_evidence *evidence, const char *key, double value);

/**
 * Say a fact that is a text, such as "subject", the line on what was studied.
 *
 * @param[in,out] evidence  the evidence
 * @param[in]     key       a word of deepid_evidence_fact_word
 * @param[in]     text      copied
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  the fact is a number, or a text is NULL
 * @retval DEEPID_ERR_SPEC      there is no such fact: names those there are
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the text.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_evidence_set_text(deepid_evidence *evidence, const char *key, const char *text);

/**
 * Say a number that explains what another start repairs, such as the slope of the gradient's norm over layers. It is
 * quoted and decides nothing.
 *
 * @param[in,out] evidence  the evidence
 * @param[in]     name      what it is; copied
 * @param[in]     before    of the recipe's start
 * @param[in]     after     of the other start; NaN: not known
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  name is NULL
 * @retval DEEPID_ERR_LIMIT     there are 16 already
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the name.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_evidence_explain(deepid_evidence *evidence, const char *name, double before, double after);

/* ---- judge ------------------------------------------------------------------------------------------------------ */

/**
 * The verdict on evidence: a finding for each hypothesis, by the rules that judge a study. What was not tried leaves
 * findings undecided, never an error.
 *
 * @param[in]  evidence  has runs of S and D, and const_loss
 * @param[out] out       the verdict, yours; destroy it with deepid_verdict_destroy
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  out is NULL, or there are more than 100 seeds or 64 arms
 * @retval DEEPID_ERR_NUMERIC   const_loss is not known
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   bootstraps over seeds: a part of a second.
 * @thread One thread at a time for each context.
 * @see    docs/verdict.md
 */
DEEPID_API int32_t deepid_evidence_judge(const deepid_evidence *evidence, deepid_verdict **out);

/**
 * What to run next: the one arm that would settle most of what is open, or more seeds, with the price in runs.
 *
 * @param[in,out] evidence  the evidence, which keeps the text
 * @param[in]     verdict   of this evidence
 *
 * @return A sentence or two, such as "Next: W0, ...: 10 runs at these 10 seeds. It would settle ..."; "" where nothing
 *         that was not tried would settle anything. Borrowed until the next call for this evidence.
 *
 * @cost   none.
 * @thread One thread at a time for each context.
 */
DEEPID_API const char *deepid_evidence_advice(deepid_evidence *evidence, const deepid_verdict *verdict);

/* ---- words ------------------------------------------------------------------------------------------------------ */

/**
 * The words of the facts, one after the other: the members of evidence.json.
 *
 * @param[in] i  from 0
 *
 * @return A constant, such as "const_loss"; NULL past the end.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_evidence_fact_word(int64_t i);

/**
 * What a fact says.
 *
 * @param[in] word  of deepid_evidence_fact_word
 *
 * @return One line, a constant; NULL for NULL or when there is no such word.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_evidence_fact_help(const char *word);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
