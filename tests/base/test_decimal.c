/* Decimal numbers read fast: the bits of strtod, and the same end. */
#include "support/support.h"

#include "base/random.h"
#include "base/text.h"

#include <math.h>

static void same_as_strtod(const char *text, uint64_t seed)
{
    double got = 0;
    const double expected = strtod(text, NULL);
    const char *end = text + strlen(text);
    const char *stop = dpid_read_decimal(text, end, '.', &got);
    if (stop != end || memcmp(&got, &expected, sizeof got) != 0)
        fail_msg("seed %llu: '%s' is read as %.17g, %td bytes of %zu, expected %.17g", (unsigned long long)seed, text,
                 got, stop ? stop - text : -1, strlen(text), expected);
}

/* Doubles of every size by their bits, with as many digits as people print; digits at random, which may lie half way
   between two doubles. */
static void random_numbers_have_the_bits_of_strtod(void **state)
{
    (void)state;
    enum { NUMBERS = 120000 };
    const uint64_t seed = 11;
    dpid_random r = dpid_random_make(seed, 0, 0);
    for (int i = 0; i < NUMBERS; i++) {
        char text[96];
        const uint64_t bits_of = dpid_random_bits(&r);
        const unsigned long long digits = bits_of >> dpid_random_below(&r, 64);
        const int exponent = (int)dpid_random_below(&r, 60) - 30;
        const int printed = (int)dpid_random_below(&r, 20) + 1;
        double value;
        memcpy(&value, &bits_of, sizeof value);
        if (i % 3 == 0)
            snprintf(text, sizeof text, "%s%llue%d", i % 2 ? "-" : "", digits, exponent);
        else if (i % 3 == 1)
            snprintf(text, sizeof text, i % 2 ? "%.*g" : "%.*e", printed, value);
        else
            snprintf(text, sizeof text, "%llu.%llue%d", digits, (unsigned long long)dpid_random_bits(&r), exponent);
        if (isfinite(strtod(text, NULL)))
            same_as_strtod(text, seed);
    }
}

/* Half way between two doubles, and one digit beside; long zeros; the ends of the range. */
static void edges_have_the_bits_of_strtod(void **state)
{
    (void)state;
    static const char *const texts[] = {"0",
                                        "-0",
                                        "+.5",
                                        "1.",
                                        "9007199254740992",
                                        "9007199254740993",
                                        "9007199254740993.0000000000000000000001",
                                        "9007199254740994.9999999999999999999999",
                                        "18446744073709551615",
                                        "18446744073709551616",
                                        "1152921504606847104.5",
                                        "0.1000000000000000055511151231257827021181583404541015625",
                                        "1.00000000000000011102230246251565404236316680908203125",
                                        "1.00000000000000011102230246251565404236316680908203124",
                                        "1.00000000000000011102230246251565404236316680908203126",
                                        "4.9e-324",
                                        "2.4703282292062327e-324",
                                        "2.2250738585072011e-308",
                                        "1.7976931348623157e308",
                                        "0e999999",
                                        "1e-99999",
                                        "0000000000000000000000000000000001e3",
                                        "0.00000000000000000000000000000000000000000000001",
                                        "123456789012345678901234567890",
                                        "1e23",
                                        "8.5e22"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        same_as_strtod(texts[i], 0);
}

static void what_is_no_number_is_left(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        char point;
        int read; /* bytes; -1: none */
    } cases[] = {{"", '.', -1},    {"-", '.', -1},    {".", '.', -1},     {"e5", '.', -1},     {"nan", '.', -1},
                 {"inf", '.', -1}, {" 1", '.', -1},   {"1e400", '.', -1}, {"-1e999", '.', -1}, {"0x10", '.', 1},
                 {"1e", '.', 1},   {"1e+", '.', 1},   {"1.5.2", '.', 3},  {"1,5", '.', 1},     {"1,5", ',', 3},
                 {"1.5", ',', 1},  {"1_000", '.', 1}, {"--1", '.', -1},   {"5 kg", '.', 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double value;
        const char *text = cases[i].text;
        const char *stop = dpid_read_decimal(text, text + strlen(text), cases[i].point, &value);
        if ((stop ? stop - text : -1) != cases[i].read)
            fail_msg("'%s': %td bytes, expected %d", text, stop ? stop - text : -1, cases[i].read);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_numbers_have_the_bits_of_strtod),
        cmocka_unit_test(edges_have_the_bits_of_strtod),
        cmocka_unit_test(what_is_no_number_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
