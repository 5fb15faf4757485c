/* What a library built with -DDEEPID_ONNX=OFF says of ONNX. */
#include "net/net.h"

#include <deepid/onnx.h>

static int32_t refuse(deepid_ctx *ctx)
{
    return dpid_fail(
        ctx, DEEPID_ERR_UNSUPPORTED,
        "this deepid was built without ONNX: install libprotobuf-c-dev, protobuf-c-compiler and libonnx-dev, and "
        "build it with -DDEEPID_ONNX=ON");
}

int32_t deepid_net_load_onnx(deepid_ctx *ctx, const char *path, deepid_net **out)
{
    (void)path;
    (void)out;
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, refuse(ctx));
}

int32_t deepid_net_save_onnx(const deepid_net *net, const char *path)
{
    (void)path;
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, refuse(net->head.ctx));
}
