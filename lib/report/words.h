/* Numbers as people read them in a report. */
#ifndef DPID_REPORT_WORDS_H
#define DPID_REPORT_WORDS_H

#include "base/base.h"

/* Three significant digits, a true minus sign, 2×10⁻⁴ outside 0.001 .. 100000, "0" for zero, "∞" and "not a number". UTF-8. */
dpid_number_text dpid_words(double value);

#endif
