/* What this library is and how it was built. */
#include "tensor/gemm.h"

#include <deepid/context.h>

#include <pthread.h>
#include <stdio.h>

const char *deepid_version(void)
{
    return DEEPID_VERSION_TEXT;
}

/* Written once; the BLAS tells its core type only at run time. */
static char info[512];
static pthread_once_t info_once = PTHREAD_ONCE_INIT;

static void write_info(void)
{
    snprintf(info, sizeof info,
             "{\"version\": \"%s\", \"compiler\": \"%s\", \"flags\": \"%s\", \"blas\": \"%s\", \"blas_link\": \"%s\"}",
             DEEPID_VERSION_TEXT, __VERSION__, DEEPID_FLAGS_TEXT, dpid_blas_name(), DEEPID_BLAS_TEXT);
}

const char *deepid_build_info(void)
{
    pthread_once(&info_once, write_info);
    return info;
}
