/**
 * @defgroup identity Identities
 * Can added layers be the identity map, with which weights, how exactly, at what price? Theorems and tables:
 * docs/identity.md
 * @{
 */
#ifndef DEEPID_IDENTITY_H
#define DEEPID_IDENTITY_H

#include <deepid/data.h>
#include <deepid/net.h>
#include <deepid/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Statuses of an answer; numbers never change. */
enum {
    DEEPID_IDENTITY_E_BIT = 1, /**< what comes out has the bits of what goes in (a zero may lose its sign) */
    DEEPID_IDENTITY_E = 2,     /**< exact in real arithmetic; rounding is bounded */
    DEEPID_IDENTITY_A = 3,     /**< as near as wanted, by a scale eps or a shift */
    DEEPID_IDENTITY_F = 4,     /**< near, but not nearer than a floor that rounding or the data gives */
    DEEPID_IDENTITY_N = 5      /**< no weights; the reason says why */
};

/** Why not; numbers never change. */
enum {
    DEEPID_REASON_NONE = 0,   /**< there is a witness */
    DEEPID_REASON_SHAPE = 1,  /**< what comes out has another shape, or no tap of a kernel stands on the pixel itself */
    DEEPID_REASON_RANK = 2,   /**< too narrow inside (T0) */
    DEEPID_REASON_KINK = 3,   /**< a kink inside the domain that nothing cancels (T1, T3) */
    DEEPID_REASON_CURVED = 4, /**< an activation that would have to be a line where it is none (T6) */
    DEEPID_REASON_BOUNDED = 5,    /**< a bounded activation, an unbounded domain (T6) */
    DEEPID_REASON_RANGE = 6,      /**< the last activation does not give such values (T6) */
    DEEPID_REASON_INVARIANCE = 7, /**< a normalisation gives the same for different inputs (T7) */
    DEEPID_REASON_NOISE = 8,      /**< dropout in training */
    DEEPID_REASON_UNKNOWN = 9     /**< no construction of ours fits; not a proof */
};

/** An answer: status, weights, errors, price. It does not change any more. */
typedef struct deepid_identity deepid_identity;

/* ---- asking ----------------------------------------------------------------------------------------------------- */

/**
 * Can a block B behind block `where` of a net return what enters it, B(x) = x? Asked for the values that the data has
 * there, with the default options of deepid_identity_examine_with. No is an answer, not an error: DEEPID_OK and the
 * status DEEPID_IDENTITY_N.
 *
 * @param[in]  net    any; not changed
 * @param[in]  where  0 to deepid_net_block_count. k: behind block k; 0: in front of block 1, or, in a net without
 *                    blocks, of its last layer with parameters
 * @param[in]  block  layers or a block, "dense out=16; tanh; dense out=16" or "plain { dense out=16; batchnorm; relu
 *                    }"; or a variant's word alone, "bottleneck": its usual body in the width found there
 * @param[in]  data   samples of the net's input; the first 256 are looked at. Labels or targets, where they fit the
 *                    net's output, give the loss for the price
 * @param[out] out    yours; destroy it with deepid_identity_destroy
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  block, data or out is NULL; where is out of range; or the net has neither a block nor a
 *                              layer with parameters
 * @retval DEEPID_ERR_SPEC      the block's text does not parse: line and column count in it
 * @retval DEEPID_ERR_SHAPE     data or block does not fit the net
 * @retval DEEPID_ERR_NUMERIC   a weight of the net, or a value at the place, is NaN or infinite: names it
 * @retval DEEPID_ERR_STATE     the net is frozen, and the data would have to run through it
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   a forward of 256 samples; a problem of singular values of the channels there; for the sharpness about 100
 * forwards and 40 backwards of the block and what stands behind it.
 * @thread One thread at a time for each context.
 * @see    docs/identity.md: statuses, theorems, price.
 */
DEEPID_API int32_t deepid_identity_examine(const deepid_net *net, int64_t where, const char *block,
                                           const deepid_dataset *data, deepid_identity **out);

/**
 * Examine with options, such as "domain=box low=-1 high=1 dtype=f64"; else as deepid_identity_examine. The words:
 *
 * | option         | default       | what it is |
 * | -------------- | ------------- | --- |
 * | domain         | data          | where B(x) = x is asked for: data (its values), real, orthant (x >= 0), box |
 * | low, high      | -1, 1         | ends of the box |
 * | dtype          | the net's     | f32 or f64: whose rounding decides |
 * | mode           | eval          | eval or train: in which batch-norm and dropout are to be the identity |
 * | tolerance      | 1e-5          | above 0: real error that approximations may have, relative to max(1, abs x) |
 * | eps            | 0 = chosen    | scale of the small-scale construction |
 * | statistics     | fixed         | of batch-norm: fixed (exact to the bit in evaluation) or data (those there) |
 * | construction   | any           | the only one to try, a word of deepid_construction_word |
 * | samples        | 256; 64 drawn | how many are looked at |
 * | rate, momentum | 0.1, 0        | learning rate and momentum of the stability ratio |
 * | decay          | 1e-4          | weight decay of the price |
 * | seed           | 1             | of drawn values and of weights that are free |
 *
 * With statistics=data, batch-norm is near the identity in training mode too.
 *
 * @param[in]  net      any; not changed
 * @param[in]  where    as in deepid_identity_examine
 * @param[in]  block    as in deepid_identity_examine
 * @param[in]  data     samples of the net's input; NULL only with domain=real, orthant or box: errors are then measured
 *                      on drawn values
 * @param[in]  options  NULL or "": the defaults
 * @param[out] out      yours; destroy it with deepid_identity_destroy
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  block or out is NULL, or data is NULL with domain=data; where is out of range; or the
 *                              net has neither a block nor a layer with parameters
 * @retval DEEPID_ERR_SPEC      an option or the block's text does not parse (line and column count in it), or low is
 *                              not below high
 * @retval DEEPID_ERR_SHAPE     data or block does not fit the net
 * @retval DEEPID_ERR_NUMERIC   a weight of the net, or a value at the place, is NaN or infinite: names it
 * @retval DEEPID_ERR_STATE     the net is frozen, and the data would have to run through it
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   as deepid_identity_examine, with the samples asked for.
 * @thread One thread at a time for each context.
 * @see    docs/identity.md
 */
DEEPID_API int32_t deepid_identity_examine_with(const deepid_net *net, int64_t where, const char *block,
                                                const deepid_dataset *data, const char *options, deepid_identity **out);

/**
 * Destroy an answer and what was borrowed from it.
 *
 * @param[in] answer  NULL is fine
 *
 * @cost   none.
 * @thread Safe as long as no other thread uses the answer or what was borrowed from it.
 */
DEEPID_API void deepid_identity_destroy(deepid_identity *answer);

/* ---- the answer ------------------------------------------------------------------------------------------------- */

/**
 * How good the answer is: DEEPID_IDENTITY_E_BIT to DEEPID_IDENTITY_N.
 *
 * @param[in] answer  the answer
 *
 * @return The status; 0 for NULL.
 *
 * @cost   none.
 * @thread Safe from any thread while the answer lives.
 */
DEEPID_API int32_t deepid_identity_status(const deepid_identity *answer);

/**
 * Why there is no witness.
 *
 * @param[in] answer  the answer
 *
 * @return DEEPID_REASON_NONE to DEEPID_REASON_UNKNOWN; -1 for NULL.
 *
 * @cost   none.
 * @thread Safe from any thread while the answer lives.
 */
DEEPID_API int32_t deepid_identity_reason(const deepid_identity *answer);

/**
 * Whether a theorem stands behind a refusal. Without one, no construction of ours fits, which proves nothing.
 *
 * @param[in] answer  the answer
 *
 * @return 1 when a theorem does; else 0, also with a witness and for NULL.
 *
 * @cost   none.
 * @thread Safe from any thread while the answer lives.
 */
DEEPID_API int32_t deepid_identity_proved(const deepid_identity *answer);

/**
 * The answer in one sentence: status, domain, weights or reason, error, such as "E_BIT: on x >= 0 W = I is exact: max
 * error 0, 0 ulp".
 *
 * @param[in] answer  the answer
 *
 * @return Borrowed from the answer; "" for NULL.
 *
 * @cost   none.
 * @thread Safe from any thread while the answer lives.
 */
DEEPID_API const char *deepid_identity_sentence(const deepid_identity *answer);

/**
 * Which construction made the weights: "direct", "zero_branch", ... Where several were needed, the last of them in the
 * order of deepid_construction_word.
 *
 * @param[in] answer  the answer
 *
 * @return A constant; "" without a witness and for NULL.
 *
 * @cost   none.
 * @thread Safe from any thread while the answer lives.
 */
DEEPID_API const char *deepid_identity_construction(const deepid_identity *answer);

/**
 * The theorem that decides: "T0" to "T7", "blocks" or "none". They stand in docs/identity.md.
 *
 * @param[in] answer  the answer
 *
 * @return A constant; "" for NULL.
 *
 * @cost   none.
 * @thread Safe from any thread while the answer lives.
 */
DEEPID_API const char *deepid_identity_theorem(const deepid_identity *answer);

/**
 * Largest |B(x) - x| as measured in the asked dtype; relative to max(1, |x|) on unbounded domains.
 *
 * @param[in] answer  the answer
 *
 * @return 0 or more; NaN without a witness and for NULL.
 *
 * @cost   none.
 * @thread Safe from any thread while the answer lives.
 */
DEEPID_API double deepid_identity_error(const deepid_identity *answer);

/**
 * One number of the answer, by its word.
 *
 * @param[in] answer  the answer
 * @param[in] word    of deepid_identity_number_word: "error_f32", "bound_f64", "sharpness", "kink_mass", ...
 *
 * @return The number; NaN where there is none, for an unknown word and for NULL.
 *
 * @cost   none.
 * @thread Safe from any thread while the answer lives.
 * @see    deepid_identity_number_help
 */
DEEPID_API double deepid_identity_number(const deepid_identity *answer, const char *word);

/**
 * The words of deepid_identity_number, one after the other.
 *
 * @param[in] i  from 0
 *
 * @return A constant; NULL past the end.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_identity_number_word(int64_t i);

/**
 * What a number says, with its unit.
 *
 * @param[in] word  of deepid_identity_number_word
 *
 * @return One line, a constant; NULL for NULL or when there is no such word.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_identity_number_help(const char *word);

/**
 * How many values of B(x) differ from x by how many units in the last place of x: rows "0", "1", "2", "4", "8", "16",
 * "256" (up to so many) and "more", columns f32 and f64 (counts of values).
 *
 * @param[in] answer  the answer
 *
 * @return The table, borrowed from the answer; NULL without a witness and for NULL.
 *
 * @cost   none.
 * @thread Safe from any thread while the answer lives.
 */
DEEPID_API deepid_table *deepid_identity_ulps(deepid_identity *answer);

/**
 * The block's trained parameters: a row each, with the norm at the witness and that of the loss gradient there, which
 * says what would move first.
 *
 * @param[in] answer  the answer
 *
 * @return The table, borrowed from the answer; NULL without a witness and for NULL.
 *
 * @cost   none.
 * @thread Safe from any thread while the answer lives.
 */
DEEPID_API deepid_table *deepid_identity_parameters(deepid_identity *answer);

/**
 * The block with the witness's weights, as a net that can be run: input and output have the shape at that place, in
 * f64.
 *
 * @param[in] answer  the answer
 *
 * @return The net, borrowed from the answer; NULL without a witness and for NULL.
 *
 * @cost   none.
 * @thread Safe from any thread while the answer lives; the net itself is used by one thread at a time.
 */
DEEPID_API deepid_net *deepid_identity_block(deepid_identity *answer);

/* ---- words ------------------------------------------------------------------------------------------------------ */

/**
 * The word of a status: "E_BIT", "E", "A", "F" or "N".
 *
 * @param[in] status  DEEPID_IDENTITY_E_BIT to DEEPID_IDENTITY_N; any number is allowed
 *
 * @return A constant; NULL for another number.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_identity_status_word(int32_t status);

/**
 * The word of a reason: "none", "shape", "rank", ...
 *
 * @param[in] reason  DEEPID_REASON_NONE to DEEPID_REASON_UNKNOWN; any number is allowed
 *
 * @return A constant; NULL for another number.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_identity_reason_word(int32_t reason);

/**
 * What a reason means, with its theorem.
 *
 * @param[in] reason  DEEPID_REASON_NONE to DEEPID_REASON_UNKNOWN; any number is allowed
 *
 * @return One line, a constant; NULL for another number.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_identity_reason_help(int32_t reason);

/**
 * The words of the constructions, in the order in which they are tried.
 *
 * @param[in] i  from 0
 *
 * @return A constant; NULL past the end.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_construction_word(int64_t i);

/**
 * What a construction does, with its formula.
 *
 * @param[in] word  of deepid_construction_word
 *
 * @return One line, a constant; NULL for NULL or when there is no such word.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_construction_help(const char *word);

/* ---- the table: every layer kind and block variant -------------------------------------------------------------- */

/**
 * How many entries the table has: layer kinds in typical forms, then block variants. What an entry claims comes from
 * the theorems; examples/03_identity_tour.c measures it.
 *
 * @return Above 0.
 *
 * @cost   none.
 * @thread Safe from any thread.
 * @see    docs/identity.md prints the table.
 */
DEEPID_API int64_t deepid_identity_entry_count(void);

/**
 * What an entry is about: a layer kind, "relu", or "block" for a block variant.
 *
 * @param[in] i  0 to deepid_identity_entry_count - 1
 *
 * @return A constant; NULL when there is no such entry.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_identity_entry_kind(int64_t i);

/**
 * The form: of a layer kind "alone", "sandwich", ...; of "block" the variant and its form, "plain" or "plain, dense".
 *
 * @param[in] i  0 to deepid_identity_entry_count - 1
 *
 * @return A constant; NULL when there is no such entry.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_identity_entry_variant(int64_t i);

/**
 * The text of the net in front of the entry's block, such as "input 8".
 *
 * @param[in] i  0 to deepid_identity_entry_count - 1
 *
 * @return A constant; NULL when there is no such entry.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_identity_entry_input(int64_t i);

/**
 * The text of the entry's block.
 *
 * @param[in] i  0 to deepid_identity_entry_count - 1
 *
 * @return A constant; NULL when there is no such entry.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_identity_entry_block(int64_t i);

/**
 * Options that the entry needs beyond domain and dtype, such as "mode=train"; often "".
 *
 * @param[in] i  0 to deepid_identity_entry_count - 1
 *
 * @return A constant; NULL when there is no such entry.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_identity_entry_options(int64_t i);

/**
 * The status that theory claims on a domain. E_BIT is claimed where every step copies or scales by powers of two.
 *
 * @param[in] i       0 to deepid_identity_entry_count - 1
 * @param[in] domain  "real", "orthant" (x >= 0) or "box" (-1 to 1)
 *
 * @return DEEPID_IDENTITY_E_BIT to DEEPID_IDENTITY_N; 0 when entry or domain is unknown.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API int32_t deepid_identity_entry_status(int64_t i, const char *domain);

/**
 * The reason that theory gives on a domain.
 *
 * @param[in] i       0 to deepid_identity_entry_count - 1
 * @param[in] domain  "real", "orthant" (x >= 0) or "box" (-1 to 1)
 *
 * @return DEEPID_REASON_NONE to DEEPID_REASON_UNKNOWN; -1 when entry or domain is unknown.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API int32_t deepid_identity_entry_reason(int64_t i, const char *domain);

/**
 * Examine an entry by deepid_identity_examine_with, without data.
 *
 * @param[in]  ctx      makes the net and the answer
 * @param[in]  i        0 to deepid_identity_entry_count - 1
 * @param[in]  options  "domain=real dtype=f32"; a domain is needed, not data; the entry's own options are added
 * @param[out] out      yours; destroy it with deepid_identity_destroy
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  there is no such entry, out is NULL, or the domain is data, the default
 * @retval DEEPID_ERR_SPEC      an option is unknown or out of range, or given by the entry too
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   as deepid_identity_examine, on 64 drawn samples.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_identity_entry_examine(deepid_ctx *ctx, int64_t i, const char *options,
                                                 deepid_identity **out);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
