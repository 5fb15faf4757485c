/* Statuses: numbers are pinned, because programs in other languages write them down. */
#include "support/support.h"

static const struct {
    int32_t number;
    const char *name;
} pinned[] = {
    {0, "DEEPID_OK"},          {1, "DEEPID_ERR_ARGUMENT"},     {2, "DEEPID_ERR_SHAPE"},     {3, "DEEPID_ERR_DTYPE"},
    {4, "DEEPID_ERR_MEMORY"},  {5, "DEEPID_ERR_IO"},           {6, "DEEPID_ERR_FORMAT"},    {7, "DEEPID_ERR_LIMIT"},
    {8, "DEEPID_ERR_SPEC"},    {9, "DEEPID_ERR_NUMERIC"},      {10, "DEEPID_ERR_LABEL"},    {11, "DEEPID_ERR_BUSY"},
    {12, "DEEPID_ERR_FORKED"}, {13, "DEEPID_ERR_STATE"},       {14, "DEEPID_ERR_CALLBACK"}, {15, "DEEPID_STOPPED"},
    {16, "DEEPID_ERR_THREAD"}, {17, "DEEPID_ERR_UNSUPPORTED"},
};
enum { COUNT = sizeof pinned / sizeof *pinned };

static void every_number_keeps_its_name(void **state)
{
    (void)state;
    for (int32_t i = 0; i < COUNT; i++) {
        assert_int_equal(pinned[i].number, i);
        assert_string_equal(deepid_status_name(i), pinned[i].name);
    }
}

static void the_header_agrees_with_the_pinned_numbers(void **state)
{
    (void)state;
    const int32_t header[] = {DEEPID_OK,         DEEPID_ERR_ARGUMENT,   DEEPID_ERR_SHAPE,    DEEPID_ERR_DTYPE,
                              DEEPID_ERR_MEMORY, DEEPID_ERR_IO,         DEEPID_ERR_FORMAT,   DEEPID_ERR_LIMIT,
                              DEEPID_ERR_SPEC,   DEEPID_ERR_NUMERIC,    DEEPID_ERR_LABEL,    DEEPID_ERR_BUSY,
                              DEEPID_ERR_FORKED, DEEPID_ERR_STATE,      DEEPID_ERR_CALLBACK, DEEPID_STOPPED,
                              DEEPID_ERR_THREAD, DEEPID_ERR_UNSUPPORTED};
    assert_int_equal(sizeof header / sizeof *header, COUNT);
    for (int32_t i = 0; i < COUNT; i++)
        assert_int_equal(header[i], i);
}

static void any_other_number_has_a_name_too(void **state)
{
    (void)state;
    const int32_t strange[] = {-1, COUNT, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
        assert_string_equal(deepid_status_name(strange[i]), "unknown status");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_keeps_its_name),
        cmocka_unit_test(the_header_agrees_with_the_pinned_numbers),
        cmocka_unit_test(any_other_number_has_a_name_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
