/* The whole base layer in one include. */
#ifndef DPID_BASE_H
#define DPID_BASE_H
#include "base/checksum.h"
#include "base/context.h"
#include "base/csv.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/numbers.h"
#include "base/options.h"
#include "base/pool.h"
#include "base/random.h"
#include "base/sealed.h"
#include "base/set.h"
#include "base/table.h"
#include "base/text.h"
#endif
