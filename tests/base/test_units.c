/* How many multiply-adds a cycle: what is known of a processor is what is measured. */
#include "support/support.h"

#include "base/isa.h"
#include "base/units.h"

static void the_number_is_that_of_the_processor(void **state)
{
    (void)state;
    const int32_t units = dpid_units();
    assert_in_range(units, 1, 2);
    assert_int_equal(dpid_units(), units);
#ifdef DPID_X86_ISAS
    __builtin_cpu_init();
    if (!dpid_isa_runs(DPID_ISA_AVX512))
        assert_int_equal(units, 2);
    else if (__builtin_cpu_is("amdfam19h")) /* Zen 4 runs 512 bits as two halves */
        assert_int_equal(units, 1);
#endif
}

static void a_test_can_force_it(void **state)
{
    (void)state;
    const int32_t units = dpid_units();
    dpid_units_force(3 - units);
    assert_int_equal(dpid_units(), 3 - units);
    dpid_units_force(0);
    assert_int_equal(dpid_units(), units);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_number_is_that_of_the_processor),
        cmocka_unit_test(a_test_can_force_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
