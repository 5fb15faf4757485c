/* IDX: two files, or a folder with published names. */
#ifndef DPID_DATA_IDX_H
#define DPID_DATA_IDX_H

#include "data/data.h"

/* Classes are numbered as in `like` unless it is NULL. */
int32_t dpid_idx_load(deepid_ctx *ctx, const char *images_path, const char *labels_path, const deepid_dataset *like,
                      deepid_dataset **out);
/* options: "set=emnist-letters" */
int32_t dpid_idx_load_folder(deepid_ctx *ctx, const char *folder, const char *options, const deepid_dataset *like,
                             deepid_dataset **train, deepid_dataset **test);

#endif
