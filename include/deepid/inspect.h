/** @file inspect.h  Probes: one word in, one table out. */
#ifndef DEEPID_INSPECT_H
#define DEEPID_INSPECT_H

#include <deepid/data.h>
#include <deepid/net.h>
#include <deepid/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/** probe: "signal", "gradient_norm", ... with options ("gradient_norm samples=256"). The net is not changed. */
DEEPID_API int32_t deepid_net_inspect(deepid_net *net, const deepid_dataset *data, const char *probe, deepid_table **out);
/** The i-th probe's word; NULL past the end. */
DEEPID_API const char *deepid_probe_word(int64_t i);
/** One line on a probe, its columns and options; NULL when unknown. */
DEEPID_API const char *deepid_probe_help(const char *word);

#ifdef __cplusplus
}
#endif
#endif
