/* The short words in which a kind's folder writes its claims (facts.h). For the end of a .c file. */
#include "ops/facts.h"

/* clang-format off */
#define BIT        {DEEPID_IDENTITY_E_BIT, DEEPID_REASON_NONE} /* every bit comes back */
#define EXACT      {DEEPID_IDENTITY_E, DEEPID_REASON_NONE}     /* up to rounding */
#define NEAR       {DEEPID_IDENTITY_A, DEEPID_REASON_NONE}     /* as near as wanted */
#define FLOOR      {DEEPID_IDENTITY_F, DEEPID_REASON_NONE}     /* down to a floor of rounding */
#define NO(reason) {DEEPID_IDENTITY_N, DEEPID_REASON_##reason}
#define ALWAYS(x)  {x, x, x}
/* clang-format on */

#define FEATURES "input 8"
#define PICTURE "input 6x6x4"
/* An activation behind a dense layer, between two, twice between three, between a wide one and one. */
#define ALONE(phi) FEATURES, "dense out=8; " phi, ""
#define SANDWICH(phi) FEATURES, "dense out=8; " phi "; dense out=8", ""
#define TWICE(phi) FEATURES, "dense out=8; " phi "; dense out=8; " phi "; dense out=8", ""
#define WIDE(phi) FEATURES, "dense out=16; " phi "; dense out=8", ""
