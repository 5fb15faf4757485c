/* Nets as a command line names them. */
#ifndef OPEN_H
#define OPEN_H

#include <deepid/deepid.h>

/* A file, NAME.onnx or NAME.safetensors, with its numbers; else the text of a net, which gets the start "he". */
int32_t open_net(deepid_ctx *ctx, const char *name, deepid_net **out);
/* To such a file: ONNX by its ending, else safetensors. */
int32_t save_net(const deepid_net *net, const char *path);

#endif
