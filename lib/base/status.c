/* Status numbers and their names. */
#include <deepid/status.h>

static const char *const names[] = {
    [DEEPID_OK] = "DEEPID_OK",
    [DEEPID_ERR_ARGUMENT] = "DEEPID_ERR_ARGUMENT",
    [DEEPID_ERR_SHAPE] = "DEEPID_ERR_SHAPE",
    [DEEPID_ERR_DTYPE] = "DEEPID_ERR_DTYPE",
    [DEEPID_ERR_MEMORY] = "DEEPID_ERR_MEMORY",
    [DEEPID_ERR_IO] = "DEEPID_ERR_IO",
    [DEEPID_ERR_FORMAT] = "DEEPID_ERR_FORMAT",
    [DEEPID_ERR_LIMIT] = "DEEPID_ERR_LIMIT",
    [DEEPID_ERR_SPEC] = "DEEPID_ERR_SPEC",
    [DEEPID_ERR_NUMERIC] = "DEEPID_ERR_NUMERIC",
    [DEEPID_ERR_LABEL] = "DEEPID_ERR_LABEL",
    [DEEPID_ERR_BUSY] = "DEEPID_ERR_BUSY",
    [DEEPID_ERR_FORKED] = "DEEPID_ERR_FORKED",
    [DEEPID_ERR_STATE] = "DEEPID_ERR_STATE",
    [DEEPID_ERR_CALLBACK] = "DEEPID_ERR_CALLBACK",
    [DEEPID_STOPPED] = "DEEPID_STOPPED",
    [DEEPID_ERR_THREAD] = "DEEPID_ERR_THREAD",
    [DEEPID_ERR_UNSUPPORTED] = "DEEPID_ERR_UNSUPPORTED",
};

const char *deepid_status_name(int32_t status)
{
    const int32_t count = (int32_t)(sizeof names / sizeof *names);
    return status >= 0 && status < count ? names[status] : "unknown status";
}
