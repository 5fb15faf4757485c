/* Random numbers: the published known answers, and that streams, ranges and permutations are what they say. */
#include "support/support.h"

#include "base/random.h"

#include <math.h>

/* ---- Philox 4x32-10 a second time, as the paper's figure says it ---------------------------- */

static void plain_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t k[2] = {key[0], key[1]};
    memcpy(out, counter, 16);
    for (int round = 0; round < 10; round++) {
        const uint64_t p0 = (uint64_t)0xD2511F53u * out[0];
        const uint64_t p1 = (uint64_t)0xCD9E8D57u * out[2];
        const uint32_t next[4] = {(uint32_t)(p1 >> 32) ^ out[1] ^ k[0], (uint32_t)p1,
                                  (uint32_t)(p0 >> 32) ^ out[3] ^ k[1], (uint32_t)p0};
        memcpy(out, next, 16);
        k[0] += 0x9E3779B9u;
        k[1] += 0xBB67AE85u;
    }
}

/* Random123's table of known answers, philox4x32 with 10 rounds */
static void the_plain_philox_gives_the_published_answers(void **state)
{
    (void)state;
    static const uint32_t table[3][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d, 0x41c83b0e, 0xa20bc7c6,
         0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb, 0x5001e420,
         0x24126ea1},
    };
    for (int i = 0; i < 3; i++) {
        uint32_t out[4];
        plain_philox(table[i], table[i] + 4, out);
        for (int j = 0; j < 4; j++)
            if (out[j] != table[i][6 + j])
                fail_msg("vector %d, word %d: %08x, expected %08x", i, j, out[j], table[i][6 + j]);
    }
}

static void number_i_of_a_stream_is_philox_of_its_place(void **state)
{
    (void)state;
    const uint64_t seeds[] = {0, 1, 77, UINT64_MAX, 0x299f31d0a4093822u};
    const uint64_t counters[] = {
        0, 1, 2, 3, 1000001, ((uint64_t)1 << 33) - 1, (uint64_t)1 << 33, UINT64_MAX - 1, UINT64_MAX};
    for (size_t s = 0; s < sizeof seeds / sizeof *seeds; s++) {
        for (size_t c = 0; c < sizeof counters / sizeof *counters; c++) {
            const uint64_t block = counters[c] / 2;
            const uint32_t at[4] = {(uint32_t)block, (uint32_t)(block >> 32), DPID_STREAM_NOISE, 0xdeadbeef};
            uint32_t out[4];
            plain_philox(at, (const uint32_t[]){(uint32_t)seeds[s], (uint32_t)(seeds[s] >> 32)}, out);
            const int half = counters[c] % 2 ? 2 : 0;
            const uint64_t expected = (uint64_t)out[half + 1] << 32 | out[half];
            const uint64_t got = dpid_random_at(seeds[s], DPID_STREAM_NOISE, 0xdeadbeef, counters[c]);
            if (got != expected)
                fail_msg("seed %llu, counter %llu: %016llx, expected %016llx", (unsigned long long)seeds[s],
                         (unsigned long long)counters[c], (unsigned long long)got, (unsigned long long)expected);
        }
    }
    assert_true(dpid_random_at(0, 0, 0, 0) == 0xe169c58d6627e8d5u); /* the published answer, through our door */
}

static void the_state_is_the_counter(void **state)
{
    (void)state;
    dpid_random r = dpid_random_make(5, DPID_STREAM_INIT, 9);
    uint64_t first[10];
    for (int i = 0; i < 10; i++)
        first[i] = dpid_random_bits(&r);
    assert_int_equal(r.counter, 10);
    r.counter = 4;
    for (int i = 4; i < 10; i++)
        assert_true(dpid_random_bits(&r) == first[i]);
    (void)dpid_random_normal(&r);
    assert_int_equal(r.counter, 12); /* two a number: nothing is kept between calls */
}

static void streams_seeds_and_substreams_differ(void **state)
{
    (void)state;
    uint64_t seen[4 * 4 * 4];
    int count = 0;
    for (uint64_t seed = 0; seed < 4; seed++)
        for (uint32_t stream = 1; stream <= 4; stream++)
            for (uint32_t sub = 0; sub < 4; sub++)
                seen[count++] = dpid_random_at(seed, stream, sub, 0);
    for (int i = 0; i < count; i++)
        for (int j = 0; j < i; j++)
            assert_true(seen[i] != seen[j]);
}

/* ---- distributions ---------------------------------------------------------------------------- */

enum { N = 200000 };

/* Mean and variance within 5 standard errors: of the mean sqrt(var/n), of the variance sqrt((mu4 - var^2)/n). */
static void moments_are(const char *what, double (*draw)(dpid_random *), double mean, double variance, double fourth)
{
    dpid_random r = dpid_random_make(2024, DPID_STREAM_DATA, 0);
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < N; i++) {
        const double x = draw(&r) - mean;
        sum += x;
        squares += x * x;
    }
    if (fabs(sum / N) > 5 * sqrt(variance / N))
        fail_msg("%s: the mean is off by %g, expected at most %g (seed 2024)", what, sum / N, 5 * sqrt(variance / N));
    if (fabs(squares / N - variance) > 5 * sqrt((fourth - variance * variance) / N))
        fail_msg("%s: the variance is %g, expected %g (seed 2024)", what, squares / N, variance);
}

static void uniform_and_normal_have_their_moments(void **state)
{
    (void)state;
    moments_are("uniform", dpid_random_uniform, 0.5, 1.0 / 12, 1.0 / 80);
    moments_are("normal", dpid_random_normal, 0, 1, 3);
}

static void uniform_is_inside_and_fills_all_bins(void **state)
{
    (void)state;
    enum { BINS = 100 };
    int64_t bins[BINS] = {0};
    dpid_random r = dpid_random_make(3, DPID_STREAM_DATA, 1);
    for (int i = 0; i < N; i++) {
        const double u = dpid_random_uniform(&r);
        assert_true(u > 0 && u < 1);
        bins[(int)(u * BINS)]++;
    }
    double chi2 = 0;
    for (int i = 0; i < BINS; i++)
        chi2 += pow((double)bins[i] - N / BINS, 2) / (N / BINS);
    if (chi2 < 50 || chi2 > 160) /* 99 degrees of freedom: both tails are below 1e-4 */
        fail_msg("chi-squared of %d bins is %g, expected 50 to 160 (seed 3)", BINS, chi2);
}

static void below_is_unbiased_and_inside(void **state)
{
    (void)state;
    const int64_t bounds[] = {1, 2, 3, 7, 10, ((int64_t)1 << 62) + 1, INT64_MAX};
    for (size_t b = 0; b < sizeof bounds / sizeof *bounds; b++) {
        const int64_t n = bounds[b];
        int64_t thirds[3] = {0};
        dpid_random r = dpid_random_make(11, DPID_STREAM_ORDER, (uint32_t)b);
        for (int i = 0; i < 30000; i++) {
            const int64_t v = dpid_random_below(&r, n);
            if (v < 0 || v >= n)
                fail_msg("below %lld gave %lld", (long long)n, (long long)v);
            thirds[v >= n - n / 3 ? 2 : v >= n / 3 ? 1 : 0]++;
        }
        if (n % 3 == 0 || n > 1000)
            for (int i = 0; i < 3; i++) /* standard deviation 82 */
                if (thirds[i] < 10000 - 450 || thirds[i] > 10000 + 450)
                    fail_msg("below %lld: third %d got %lld of 30000 (seed 11)", (long long)n, i, (long long)thirds[i]);
    }
}

/* Without rejection, 2^64 numbers onto 3 2^61 values would give the remainders 0, 1, 2 three, three and two times of
   eight. */
static void below_is_unbiased_where_bias_would_be_largest(void **state)
{
    (void)state;
    int64_t remainders[3] = {0};
    dpid_random r = dpid_random_make(12, DPID_STREAM_ORDER, 0);
    for (int i = 0; i < 30000; i++)
        remainders[dpid_random_below(&r, (int64_t)3 << 61) % 3]++;
    for (int i = 0; i < 3; i++) /* 10000 expected, standard deviation 82 */
        if (remainders[i] < 10000 - 450 || remainders[i] > 10000 + 450)
            fail_msg("remainder %d came %lld times of 30000 (seed 12)", i, (long long)remainders[i]);
}

static void a_permutation_holds_everything_once_and_all_orders_come(void **state)
{
    (void)state;
    int64_t order[1009];
    bool seen[1009] = {false};
    dpid_random r = dpid_random_make(1, DPID_STREAM_ORDER, 0);
    dpid_random_permutation(&r, 0, order);
    dpid_random_permutation(&r, 1009, order);
    for (int i = 0; i < 1009; i++) {
        assert_true(order[i] >= 0 && order[i] < 1009 && !seen[order[i]]);
        seen[order[i]] = true;
    }
    int64_t orders[27] = {0};
    for (int i = 0; i < 6000; i++) {
        dpid_random_permutation(&r, 3, order);
        orders[order[0] * 9 + order[1] * 3 + order[2]]++;
    }
    int kinds = 0;
    for (int i = 0; i < 27; i++) {
        kinds += orders[i] > 0;
        if (orders[i] > 0 && (orders[i] < 850 || orders[i] > 1150)) /* 1000 expected, standard deviation 29 */
            fail_msg("order %d came %lld times of 6000, expected about 1000 (seed 1)", i, (long long)orders[i]);
    }
    assert_int_equal(kinds, 6);
}

/* The answers of the authors' test suite */
static void the_hashes_are_fnv_1a(void **state)
{
    (void)state;
    assert_true(dpid_hash32("", 0) == 0x811c9dc5u);
    assert_true(dpid_hash32("a", 1) == 0xe40c292cu);
    assert_true(dpid_hash32("foobar", 6) == 0xbf9cf968u);
    assert_true(dpid_hash64("a", 1, 0) == 0xaf63dc4c8601ec8cu);
    assert_true(dpid_hash64("foobar", 6, 0) == 0x85944171f73967e8u);
    assert_true(dpid_hash64("bar", 3, dpid_hash64("foo", 3, 0)) == 0x85944171f73967e8u);
}

/* ---- the numbers themselves: another way to the same distribution would change every study ------------ */

static void the_numbers_of_a_stream_are_these(void **state)
{
    (void)state;
    static const uint64_t words[4] = {0xdcbd5a1232f329ecu, 0xf6949f942626d231u, 0x5b1c9cd9e7305746u,
                                      0xe2dda688b92fd294u};
    static const double uniform[4] = {0x1.b97ab42465e65p-1, 0x1.ed293f284c4dbp-1, 0x1.6c7273679cc16p-2,
                                      0x1.c5bb4d11725fbp-1};
    static const double normal[4] = {0.52993010920392414, 1.0853305268840114, 0.56186826658207434, 0.6462215261214016};
    static const int64_t bounds[6] = {2, 10, 1000000007, (int64_t)3 << 61, (int64_t)3 << 61, (int64_t)3 << 61};
    static const int64_t below[6] = {1, 8, 927960685, 6096438035682783362, 6173699373502790718, 5061510238014747429};
    static const int64_t permuted[12] = {0, 6, 5, 10, 2, 9, 7, 1, 4, 8, 3, 11};
    int64_t order[12];
    dpid_random r = dpid_random_make(2024, DPID_STREAM_NOISE, 7);
    for (int i = 0; i < 4; i++)
        assert_true(dpid_random_bits(&r) == words[i]);
    r.counter = 0;
    for (int i = 0; i < 4; i++)
        assert_true(dpid_random_uniform(&r) == uniform[i]);
    r.counter = 0;
    for (int i = 0; i < 4; i++) {
        const double got = dpid_random_normal(&r);
        /* logarithm and cosine may differ by a unit of the last place from machine to machine */
        if (!(fabs(got - normal[i]) <= 1e-15))
            fail_msg("normal number %d is %.17g, expected %.17g", i, got, normal[i]);
    }
    for (int i = 0; i < 6; i++) {
        const int64_t got = dpid_random_below(&r, bounds[i]);
        if (got != below[i])
            fail_msg("number %d, below %lld, is %lld, expected %lld", i, (long long)bounds[i], (long long)got,
                     (long long)below[i]);
    }
    assert_int_equal(r.counter, 15); /* one for each number, one more for each that was rejected */
    r.counter = 1;                   /* the second number of a block first */
    dpid_random_permutation(&r, 12, order);
    assert_memory_equal(order, permuted, sizeof order);
    assert_int_equal(r.counter, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plain_philox_gives_the_published_answers),
        cmocka_unit_test(number_i_of_a_stream_is_philox_of_its_place),
        cmocka_unit_test(the_state_is_the_counter),
        cmocka_unit_test(streams_seeds_and_substreams_differ),
        cmocka_unit_test(uniform_and_normal_have_their_moments),
        cmocka_unit_test(uniform_is_inside_and_fills_all_bins),
        cmocka_unit_test(below_is_unbiased_and_inside),
        cmocka_unit_test(below_is_unbiased_where_bias_would_be_largest),
        cmocka_unit_test(a_permutation_holds_everything_once_and_all_orders_come),
        cmocka_unit_test(the_hashes_are_fnv_1a),
        cmocka_unit_test(the_numbers_of_a_stream_are_these),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
