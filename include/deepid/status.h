/**
 * @defgroup status Statuses
 * What every call returns: an int32_t whose numbers never change.
 * @{
 */
#ifndef DEEPID_STATUS_H
#define DEEPID_STATUS_H

#include <deepid/export.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Statuses. 0 is success; a number keeps its meaning for ever, new ones get new numbers. The sentence that goes with
 * a failure: deepid_ctx_error.
 */
enum {
    DEEPID_OK = 0,              /**< done */
    DEEPID_ERR_ARGUMENT = 1,    /**< a NULL, a number outside its range, a handle of the wrong kind */
    DEEPID_ERR_SHAPE = 2,       /**< an extent that does not fit */
    DEEPID_ERR_DTYPE = 3,       /**< an element type that does not fit */
    DEEPID_ERR_MEMORY = 4,      /**< the allocator refused */
    DEEPID_ERR_IO = 5,          /**< the operating system refused a file */
    DEEPID_ERR_FORMAT = 6,      /**< a file that is damaged, truncated or not what it says */
    DEEPID_ERR_LIMIT = 7,       /**< beyond a limit of the context */
    DEEPID_ERR_SPEC = 8,        /**< a text (net, optimiser, generator ...) that does not parse */
    DEEPID_ERR_NUMERIC = 9,     /**< a NaN or infinity where a finite number is needed */
    DEEPID_ERR_LABEL = 10,      /**< a class label outside 0 .. classes - 1 */
    DEEPID_ERR_BUSY = 11,       /**< another thread is using this context */
    DEEPID_ERR_FORKED = 12,     /**< the context was made before a fork, by the parent */
    DEEPID_ERR_STATE = 13,      /**< not now: something else has to come first */
    DEEPID_ERR_CALLBACK = 14,   /**< a callback returned non-zero; see deepid_ctx_callback_code */
    DEEPID_STOPPED = 15,        /**< asked to stop: what is done is kept, the next call goes on */
    DEEPID_ERR_THREAD = 16,     /**< no thread could be started */
    DEEPID_ERR_UNSUPPORTED = 17 /**< valid, but this build or this object cannot do it */
};

/**
 * The name of a status, such as "DEEPID_ERR_SHAPE".
 *
 * @param[in] status  what a call returned; any number is allowed
 *
 * @return The name; "unknown status" for a number that is none. Never NULL; a constant.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_status_name(int32_t status);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
