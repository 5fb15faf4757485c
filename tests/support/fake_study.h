/* A study's tables and verdict made by a generator, for tests of the page alone: shaped like C1 (solver and start at
   fault), numbers invented. */
#ifndef DPID_TESTS_FAKE_STUDY_H
#define DPID_TESTS_FAKE_STUDY_H

#include "report/study_page.h"

typedef enum {
    FAKE_WHOLE,  /* all arms, ten seeds, all probes */
    FAKE_SPARSE, /* S and D, one seed, no history, no probe, no verdict */
    FAKE_NASTY   /* diverged runs, losses of 0 and 1e300, names that look like markup */
} fake_kind;

enum { FAKE_ARMS = 18, FAKE_PROBES = 14 };

typedef struct {
    dpid_material material;
    dpid_page_arm arm[FAKE_ARMS];
    dpid_page_probe probe[FAKE_PROBES];
    deepid_table *tables[FAKE_PROBES + 2];
    int64_t tables_made;
    deepid_verdict *verdict;
} fake_study;

/* A failed make leaves what fake_study_free frees. */
int32_t fake_study_make(deepid_ctx *ctx, fake_kind kind, fake_study *out);
void fake_study_free(fake_study *fake);

#endif
