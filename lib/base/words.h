/* Numbers as people read them, in verdicts and reports. */
#ifndef DPID_BASE_WORDS_H
#define DPID_BASE_WORDS_H

#include "base/text.h"

/* Three significant digits, a true minus sign, 2×10⁻⁴ outside 0.001 .. 100000, "0" for zero, "∞" and "not a number".
   UTF-8. */
dpid_number_text dpid_words(double value);
/* The same with so many significant digits, 3 to 12. */
dpid_number_text dpid_words_digits(double value, int32_t digits);
/* For tooltips: nine digits at most. */
dpid_number_text dpid_words_exact(double value);
/* "0.0492 [0.0400, 0.0581]", both ends with the same places; without the brackets when low and high are not numbers. */
dpid_number_text dpid_words_interval(double value, double low, double high);
/* "97 %" of 0.97: whole percents, one digit more between -1 % and 1 %. */
dpid_number_text dpid_words_percent(double share);

#endif
