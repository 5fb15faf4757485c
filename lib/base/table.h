/* Tables from inside the library. */
#ifndef DPID_BASE_TABLE_H
#define DPID_BASE_TABLE_H

#include <deepid/table.h>

#include "base/context.h"
#include "base/text.h"

/* The CSV text of a table: what deepid_table_write_csv writes. */
void dpid_table_csv(const deepid_table *table, dpid_string *out);

#endif
