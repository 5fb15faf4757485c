/* Random numbers many at once: the same as one at a time. */
#include "support/support.h"

#include "base/random.h"
#include "tensor/philox.h"

static void numbers_are_those_of_the_counter(void **state)
{
    (void)state;
    enum { BLOCKS = 37 };
    const uint64_t first[] = {0, 5, 0xffffffff - 11, (uint64_t)3 << 39}; /* the third carries into the upper half */
    uint32_t v[4][BLOCKS];
    for (size_t k = 0; k < sizeof first / sizeof *first; k++) {
        dpid_philox(0x123456789abcdef0, 4, 77, first[k], BLOCKS, v[0], v[1], v[2], v[3]);
        for (uint64_t i = 0; i < 2 * BLOCKS; i++) {
            const uint64_t got = v[i % 2 * 2][i / 2] | (uint64_t)v[i % 2 * 2 + 1][i / 2] << 32;
            if (got != dpid_random_at(0x123456789abcdef0, 4, 77, 2 * first[k] + i))
                fail_msg("number %llu is %llx", (unsigned long long)(2 * first[k] + i), (unsigned long long)got);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_the_counter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
