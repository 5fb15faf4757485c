/**
 * @file identity.h  Can added layers be the identity map, with which weights, how exactly, at what price? Theorems
 * and tables: docs/identity.md
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
    DEEPID_IDENTITY_F = 4,     /**< near, down to a floor that rounding or the data set */
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

/** An answer: status, weights, errors, price. */
typedef struct deepid_identity deepid_identity;

/* ---- asking ------------------------------------------------------------------------------------ */

/**
 * Can a block behind block `where` of a net return what enters it? On the values that the data have there, with
 * default options. No is an answer, not an error: DEEPID_OK and the status DEEPID_IDENTITY_N.
 *
 * @param[in]  net    any; not changed
 * @param[in]  where  0: in front of block 1, or, in a net without blocks, of its last layer with parameters; k:
 * behind block k
 * @param[in]  block  "plain { dense out=16; batchnorm; relu }", "dense out=16; tanh; dense out=16", or a variant's
 * word, "bottleneck": its usual body in the width found there
 * @param[in]  data   samples of the net's input
 * @param[out] out    yours; destroy with deepid_identity_destroy
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL, or where is not 0 to deepid_net_block_count
 * @retval DEEPID_ERR_SPEC      the block's text does not parse: line and column count in it
 * @retval DEEPID_ERR_SHAPE     data or block do not fit the net
 * @retval DEEPID_ERR_NUMERIC   a weight of the net, or a value there, is NaN or infinite
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   a forward of 256 samples, a singular value problem of the channels there, about 100 forwards and 40
 * backwards of block and rest of the net for the sharpness
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_identity_examine(const deepid_net *net, int64_t where, const char *block,
                                           const deepid_dataset *data, deepid_identity **out);

/**
 * The same with options: "domain=box low=-1 high=1 dtype=f64". Defaults in brackets:
 * domain data|real|orthant|box [data]; low, high of the box [-1, 1]; dtype f32|f64 [the net's]: whose rounding
 * decides; mode eval|train [eval]: in which batchnorm and dropout are to be the identity; tolerance [1e-5]: real
 * error that approximations may have, relative to max(1, |x|); eps [0: chosen]: scale of the small-scale
 * construction; statistics fixed|data [fixed]: batch-norm bit-exact in evaluation, or with the data's statistics,
 * near the identity in training too; construction [any]: a word of deepid_construction_word; samples [256]; rate
 * [0.1] and momentum [0]: for the stability ratio; decay [1e-4]: weight decay; seed [1].
 *
 * @param[in]  net      any; not changed
 * @param[in]  where    as above
 * @param[in]  block    as above
 * @param[in]  data     NULL: only with domain real, orthant or box, errors are then measured on drawn values
 * @param[in]  options  NULL or "": defaults
 * @param[out] out      yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_SPEC  an unknown option; else as deepid_identity_examine
 *
 * @cost   as deepid_identity_examine
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_identity_examine_with(const deepid_net *net, int64_t where, const char *block,
                                                const deepid_dataset *data, const char *options, deepid_identity **out);

/** Destroy an answer and what was borrowed from it. NULL is fine. */
DEEPID_API void deepid_identity_destroy(deepid_identity *answer);

/* ---- the answer -------------------------------------------------------------------------------------- */

/** DEEPID_IDENTITY_E_BIT to DEEPID_IDENTITY_N; 0 for NULL. */
DEEPID_API int32_t deepid_identity_status(const deepid_identity *answer);
/** DEEPID_REASON_NONE to DEEPID_REASON_UNKNOWN; -1 for NULL. */
DEEPID_API int32_t deepid_identity_reason(const deepid_identity *answer);
/** 1: a theorem stands behind the refusal; 0: none does, or there is a witness. */
DEEPID_API int32_t deepid_identity_proved(const deepid_identity *answer);
/** One sentence: status, domain, weights or reason, error. Borrowed; "" for NULL. */
DEEPID_API const char *deepid_identity_sentence(const deepid_identity *answer);
/** Word of the construction, "direct", "zero_branch", ...; "" where there is none. */
DEEPID_API const char *deepid_identity_construction(const deepid_identity *answer);
/** Name of the theorem that decides, "T0" to "T7", "blocks" or "none": docs/identity.md. */
DEEPID_API const char *deepid_identity_theorem(const deepid_identity *answer);
/**
 * Largest |B(x) - x| measured in the asked dtype, relative to max(1, |x|) on unbounded domains; NaN without a
 * witness.
 */
DEEPID_API double deepid_identity_error(const deepid_identity *answer);

/**
 * One number of the answer.
 *
 * @param[in] answer  any
 * @param[in] word    of deepid_identity_number_word: "error_f32", "bound_f64", "sharpness", "kink_mass", ...
 *
 * @return The number; NaN where there is none, or for an unknown word.
 */
DEEPID_API double deepid_identity_number(const deepid_identity *answer, const char *word);
/** The words of deepid_identity_number, one after the other; NULL past the end. */
DEEPID_API const char *deepid_identity_number_word(int64_t i);
/** What a number says, in one line; NULL when there is no such word. */
DEEPID_API const char *deepid_identity_number_help(const char *word);

/**
 * How many values differ by how many units in the last place: rows "0", "1", "2", "4", "8", "16", "256", "more",
 * columns f32, f64. Borrowed; NULL without a witness.
 */
DEEPID_API deepid_table *deepid_identity_ulps(deepid_identity *answer);
/**
 * The block's trained parameters: norm at the witness, and of the gradient there (what moves first). Borrowed; NULL
 * without a witness.
 */
DEEPID_API deepid_table *deepid_identity_parameters(deepid_identity *answer);

/**
 * The block with the witness's weights as a net that can be run: input and output have the shape at that place, f64.
 *
 * @param[in] answer  any
 *
 * @return Borrowed from the answer; NULL without a witness.
 */
DEEPID_API deepid_net *deepid_identity_block(deepid_identity *answer);

/* ---- words ----------------------------------------------------------------------------------------------- */

/** "E_BIT", "E", "A", "F", "N"; NULL for another number. */
DEEPID_API const char *deepid_identity_status_word(int32_t status);
/** "none", "shape", "rank", ...; NULL for another number. */
DEEPID_API const char *deepid_identity_reason_word(int32_t reason);
/** One line on a reason; NULL for another number. */
DEEPID_API const char *deepid_identity_reason_help(int32_t reason);
/** The words of constructions in the order in which they are tried; NULL past the end. */
DEEPID_API const char *deepid_construction_word(int64_t i);
/** What a construction does, with its formula; NULL when unknown. */
DEEPID_API const char *deepid_construction_help(const char *word);

/* ---- the table: every layer kind and block variant -------------------------------------------------------- */

/**
 * Entries of the table: layer kinds in typical forms, then block variants. What an entry claims comes from the
 * theorems; examples/03_identity_tour.c measures it.
 */
DEEPID_API int64_t deepid_identity_entry_count(void);
/** "relu", or "block" for block variants; NULL past the end. */
DEEPID_API const char *deepid_identity_entry_kind(int64_t i);
/**
 * Of a kind its form ("alone", "sandwich", ...), of "block" the variant and its form ("plain", "plain/dense", ...);
 * NULL past the end.
 */
DEEPID_API const char *deepid_identity_entry_variant(int64_t i);
/** The text of the net in front: "input 8"; NULL past the end. */
DEEPID_API const char *deepid_identity_entry_input(int64_t i);
/** The block's text; NULL past the end. */
DEEPID_API const char *deepid_identity_entry_block(int64_t i);
/** Options that the entry needs beyond domain and dtype, such as "mode=train"; NULL past the end. */
DEEPID_API const char *deepid_identity_entry_options(int64_t i);
/**
 * The status by theory on "real", "orthant" or "box" ([-1, 1]); E_BIT is claimed where every step copies or scales
 * by powers of two. 0 when unknown.
 */
DEEPID_API int32_t deepid_identity_entry_status(int64_t i, const char *domain);
/** The reason by theory; -1 when unknown. */
DEEPID_API int32_t deepid_identity_entry_reason(int64_t i, const char *domain);
/** Examine an entry: "domain=real dtype=f32". As deepid_identity_examine_with. */
DEEPID_API int32_t deepid_identity_entry_examine(deepid_ctx *ctx, int64_t i, const char *options,
                                                 deepid_identity **out);

#ifdef __cplusplus
}
#endif
#endif
