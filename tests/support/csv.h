/* CSV files in a line: what comes of a text. */
#ifndef DPID_TESTS_CSV_H
#define DPID_TESTS_CSV_H

#include "support/support.h"

typedef struct {
    const char *text, *options, *expected;
} csv_case;

/* Features, [classes] and {targets} of each row, or the refusal behind the file's name. */
const char *read_csv(deepid_ctx *ctx, const char *text, const char *options);
/* Each case begins with what is expected. */
void read_as_expected(const csv_case *cases, size_t count);

#endif
