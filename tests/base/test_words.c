/* Numbers as people read them, at the places where the way of writing changes. */
#include "support/support.h"

#include "base/words.h"

#include <math.h>

#define MINUS "\xe2\x88\x92"
#define TIMES "\xc3\x97"
#define UP_MINUS "\xe2\x81\xbb"

static void reads(const char *what, const char *got, const char *expected)
{
    if (strcmp(got, expected) != 0)
        fail_msg("%s is '%s', expected '%s'", what, got, expected);
}

static void numbers_have_three_digits_and_powers_where_they_need_them(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0, "0"},
        {-0.0, "0"},
        {0.5, "0.5"},
        {-0.5, MINUS "0.5"},
        {0.12345, "0.123"},
        {1234.5, "1235"}, /* whole, from as many places as there are digits on */
        {99999, "99999"},
        {1e5, "1" TIMES "10\xe2\x81\xb5"},
        {123456, "1.23" TIMES "10\xe2\x81\xb5"},
        {999999, "1" TIMES "10\xe2\x81\xb6"}, /* a mantissa that rounds to ten is one of the next power */
        {0.001, "0.001"},
        {0.000995, "0.000995"},
        {0.00099, "9.9" TIMES "10" UP_MINUS "\xe2\x81\xb4"},
        {9.999e-5, "1" TIMES "10" UP_MINUS "\xe2\x81\xb4"},
        {5e-324, "4.94" TIMES "10" UP_MINUS "\xc2\xb3\xc2\xb2\xe2\x81\xb4"},
        {1e300, "1" TIMES "10\xc2\xb3\xe2\x81\xb0\xe2\x81\xb0"},
        {INFINITY, "\xe2\x88\x9e"},
        {-INFINITY, MINUS "\xe2\x88\x9e"},
        {NAN, "not a number"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char what[32];
        snprintf(what, sizeof what, "%.17g", rows[i].value);
        reads(what, dpid_words(rows[i].value).text, rows[i].text);
    }
    reads("nine digits", dpid_words_exact(0.123456789012).text, "0.123456789");
}

/* Whole percents, tenths below one. */
static void percents_have_tenths_below_one(void **state)
{
    (void)state;
    static const struct {
        double share;
        const char *text;
    } rows[] = {
        {0, "0 %"},      {0.0049, "0.5 %"}, {0.00999, "1 %"},      {0.0144, "1 %"},          {0.0152, "2 %"},
        {0.555, "56 %"}, {1, "100 %"},      {-0.082, MINUS "8 %"}, {-0.0042, MINUS "0.4 %"}, {12.344, "1234 %"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        reads("share", dpid_words_percent(rows[i].share).text, rows[i].text);
}

static void intervals_are_written_when_there_is_one(void **state)
{
    (void)state;
    reads("interval", dpid_words_interval(0.53, 0.51, 0.58).text, "0.53 [0.51, 0.58]");
    reads("ends alike", dpid_words_interval(0.0492, 0.04, 0.0581).text, "0.0492 [0.0400, 0.0581]");
    reads("ends alike, signs", dpid_words_interval(0.5, -0.25, 1.5).text, "0.5 [" MINUS "0.25, 1.50]");
    reads("a small end", dpid_words_interval(0.2, 0.00123, 0.458).text, "0.2 [0.001, 0.458]");
    reads("whole ends", dpid_words_interval(200, 120, 2345).text, "200 [120, 2345]");
    reads("far apart", dpid_words_interval(3, 0.004, 12.5).text, "3 [0.004, 12.500]");
    reads("no places", dpid_words_interval(0.5, 0, 0.625).text, "0.5 [0, 0.625]");
    reads("a power of ten", dpid_words_interval(0.5, 2e-6, 0.625).text,
          "0.5 [2\xc3\x97"
          "10\xe2\x81\xbb\xe2\x81\xb6, 0.625]");
    reads("open interval", dpid_words_interval(0.5, -INFINITY, INFINITY).text,
          "0.5 [" MINUS "\xe2\x88\x9e, \xe2\x88\x9e]");
    reads("no interval", dpid_words_interval(0.53, NAN, 0.58).text, "0.53");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_three_digits_and_powers_where_they_need_them),
        cmocka_unit_test(percents_have_tenths_below_one),
        cmocka_unit_test(intervals_are_written_when_there_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
