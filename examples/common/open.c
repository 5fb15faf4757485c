/* Nets as a command line names them. */
#include "common/open.h"

#include <stdbool.h>
#include <string.h>

static bool ends_in(const char *text, const char *end)
{
    return strlen(text) > strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

int32_t open_net(deepid_ctx *ctx, const char *name, deepid_net **out)
{
    if (ends_in(name, ".onnx"))
        return deepid_net_load_onnx(ctx, name, out);
    if (ends_in(name, ".safetensors"))
        return deepid_net_load(ctx, name, 0, out);
    const int32_t status = deepid_net_create(ctx, name, DEEPID_F32, out);
    return status == DEEPID_OK ? deepid_net_init(*out, "he", 1) : status;
}

int32_t save_net(const deepid_net *net, const char *path)
{
    return ends_in(path, ".onnx") ? deepid_net_save_onnx(net, path) : deepid_net_save(net, path);
}
