/** @file resnet.h  Ready families of nets, plain and residual. Each is only text: deepid_net_describe shows what could be typed instead. */
#ifndef DEEPID_RESNET_H
#define DEEPID_RESNET_H

#include <deepid/net.h>

#ifdef __cplusplus
extern "C" {
#endif

/** input in; dense width; layer; blocks * block { dense width; [batchnorm;] relu }; dense classes. block: "plain", "identity", ... with options. layer: what stands behind each dense, "batchnorm; relu". */
DEEPID_API int32_t deepid_resnet_mlp(deepid_ctx *ctx, int64_t in, int64_t width, int64_t blocks, int64_t classes, const char *block, const char *layer, int32_t dtype, deepid_net **out);
/** He et al. 2015, section 4.2: depth = 6n+2, 32x32x3, widths 16, 32, 64, 10 classes. block: "identity shortcut=A", "plain", "preact", ... */
DEEPID_API int32_t deepid_resnet_cifar(deepid_ctx *ctx, int64_t depth, const char *block, int32_t dtype, deepid_net **out);
/** The same family on h x w x c pictures, base width (doubled at each stage), any number of classes. */
DEEPID_API int32_t deepid_resnet_pictures(deepid_ctx *ctx, int64_t depth, const char *block, int64_t h, int64_t w, int64_t c, int64_t width, int64_t classes, int32_t dtype, deepid_net **out);
/** He et al. 2015, table 1: depth 18, 34, 50, 101, 152 on 224x224x3, 1000 classes; 50 and deeper use bottleneck blocks. block: "identity", "plain" or "preact" with options (default shortcut=B). */
DEEPID_API int32_t deepid_resnet_imagenet(deepid_ctx *ctx, int64_t depth, const char *block, int32_t dtype, deepid_net **out);
#ifdef __cplusplus
}
#endif
#endif
