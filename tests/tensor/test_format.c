/* Rounding to formats: PyTorch's casts bit for bit, a table of all numbers of a format as the oracle, the plain way and
   the fast one, bits for any number of threads, and the mean of stochastic rounding. */
#include "support/support.h"

#include "base/random.h"
#include "tensor/format.h"
#include "tensor/half.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 20261130, FORMATS = 6 };

static float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return isnan(x) ? 0x7fc00000 : bits;
}

static void round_by(dpid_isa isa, const dpid_rounding *rounding, int64_t n, const float *x, float *y)
{
    dpid_round[isa](NULL, rounding, &(dpid_rounding_key){SEED, 7, 3}, n, x, y);
}

/* ---- PyTorch ---------------------------------------------------------------------------------- */

/* files/torch_formats.py says what the sets are and wrote the checksums (PyTorch 2.13.0) */
enum { SETS = 3, CHANCE = 1000000, LOWER = 6, ENDINGS = 4 };
static const struct {
    const char *word;
    uint64_t sum[SETS];
} torch_casts[] = {
    {"bf16", {0x9c8eb4f41810bfc4, 0x1da0cfb03c7b5ba5, 0x5264c6fcb0a96ca5}},
    {"f16", {0xf4b7736fa976f0d2, 0xd0dcdfa9e11e7fc5, 0x3a58434710316d45}},
    {"f8e4m3", {0x96466d6181ee9d03, 0xea55d3e243b827a5, 0xd0bd46d2a11b1ba5}},
    {"f8e5m2", {0x2f62405275db32cc, 0xd893f28996d609a5, 0x49097ce3e6d9aba5}},
};

static uint64_t splitmix64(uint64_t i)
{
    uint64_t z = (i + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static int64_t make_set(int set, float **out)
{
    static const uint32_t lower[LOWER] = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};
    static const uint32_t endings[ENDINGS] = {0, 0x0fff, 0x1000, 0x1001};
    const int64_t n = set == 0 ? CHANCE : set == 1 ? (int64_t)LOWER << 16 : (int64_t)ENDINGS << 19;
    float *x = malloc((size_t)n * sizeof *x);
    for (int64_t i = 0; i < n; i++)
        x[i] = float_of(set == 0   ? (uint32_t)(splitmix64((uint64_t)i) >> 32)
                        : set == 1 ? (uint32_t)(i / LOWER) << 16 | lower[i % LOWER]
                                   : (uint32_t)(i / ENDINGS) << 13 | endings[i % ENDINGS]);
    *out = x;
    return n;
}

static const dpid_format *format_of(const char *word)
{
    for (int64_t i = 0; dpid_format_at(i); i++)
        if (strcmp(dpid_format_at(i)->word, word) == 0)
            return dpid_format_at(i);
    fail_msg("no format %s", word);
    return NULL;
}

static uint64_t checksum(int64_t n, const float *x)
{
    uint64_t sum = 0;
    for (int64_t i = 0; i < n; i++) {
        const uint32_t bits = bits_of(x[i]);
        const uint8_t bytes[] = {(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16), (uint8_t)(bits >> 24)};
        sum = dpid_hash64(bytes, sizeof bytes, sum);
    }
    return sum;
}

static void casts_are_those_of_pytorch(void **state)
{
    (void)state;
    for (int set = 0; set < SETS; set++) {
        float *x;
        const int64_t n = make_set(set, &x);
        float *y = malloc((size_t)n * sizeof *y);
        for (size_t f = 0; f < sizeof torch_casts / sizeof *torch_casts; f++) {
            const dpid_rounding rounding = {.format = format_of(torch_casts[f].word)};
            for (int64_t i = 0; i < n; i++)
                y[i] = dpid_round_one(&rounding, x[i], 0);
            if (checksum(n, y) != torch_casts[f].sum[set])
                fail_msg("%s, set %d, plainly: the checksum is 0x%016llx", torch_casts[f].word, set,
                         (unsigned long long)checksum(n, y));
            for (int isa = 0; isa < DPID_ISAS; isa++) {
                if (!dpid_isa_runs((dpid_isa)isa))
                    continue;
                round_by((dpid_isa)isa, &rounding, n, x, y);
                if (checksum(n, y) != torch_casts[f].sum[set])
                    fail_msg("%s, set %d, %s: the checksum is 0x%016llx", torch_casts[f].word, set,
                             dpid_isa_word((dpid_isa)isa), (unsigned long long)checksum(n, y));
            }
        }
        free(x);
        free(y);
    }
}

/* ---- the table of all numbers ----------------------------------------------------------------- */

/* The numbers of a format from 0 up, in their order: subnormal ones, then 2^fraction for each exponent. */
static double number_at(const dpid_format *f, int64_t code)
{
    const int64_t each = (int64_t)1 << f->fraction;
    return code < each ? ldexp((double)code, f->least - f->fraction)
                       : ldexp((double)(each + code % each), f->least + (int)(code / each) - 1 - f->fraction);
}

static int64_t codes_of(const dpid_format *f)
{
    const int64_t all = (int64_t)(f->most - f->least + 2) << f->fraction;
    return number_at(f, all - 1) > (double)f->largest ? all - 1 : all;
}

/* By the table alone: the code below, and the nearer one of that and the next; of two as near the even code. What is
   as near to the number behind the largest, or nearer, is beyond. */
static float nearest_in_table(const dpid_format *f, float x)
{
    const double size = fabs((double)x);
    int64_t low = 0;
    int64_t high = codes_of(f);
    if (isnan(x))
        return x;
    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        if (number_at(f, middle) <= size)
            low = middle;
        else
            high = middle;
    }
    const double below = size - number_at(f, low);
    const double above = number_at(f, low + 1) - size;
    if (above < below || (above == below && low % 2 == 1))
        low++;
    if (low < codes_of(f))
        return copysignf((float)number_at(f, low), x);
    return f->overflow == DPID_OVERFLOW_SATURATE ? copysignf(f->largest, x) : copysignf(INFINITY, x);
}

static void numbers_go_to_the_nearest_of_the_table(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    for (int k = 1; k < FORMATS; k++) {
        const dpid_format *f = dpid_format_at(k);
        const dpid_rounding rounding = {.format = f};
        for (int64_t i = 0; i < COUNT; i++) {
            /* any bits, and middles of two neighbours */
            const int64_t code = (int64_t)(splitmix64((uint64_t)i) % (uint64_t)codes_of(f));
            const float middle = (float)((number_at(f, code) + number_at(f, code + 1)) / 2);
            const float any = float_of((uint32_t)splitmix64((uint64_t)(SEED + i)));
            const float x = i % 2 ? any : i % 4 ? nextafterf(middle, 0) : middle;
            if (bits_of(dpid_round_one(&rounding, x, 0)) != bits_of(nearest_in_table(f, x)))
                fail_msg("%s: %a becomes %a, expected %a", f->word, (double)x, (double)dpid_round_one(&rounding, x, 0),
                         (double)nearest_in_table(f, x));
        }
    }
}

static const dpid_overflow overflows[] = {DPID_OVERFLOW_USUAL, DPID_OVERFLOW_NONFINITE, DPID_OVERFLOW_SATURATE};

static void numbers_of_the_format_never_move(void **state)
{
    (void)state;
    for (int k = 1; k < FORMATS; k++) {
        const dpid_format *f = dpid_format_at(k);
        const dpid_rounding rounding = {.format = f, .stochastic = true};
        for (int64_t code = 0; code < codes_of(f); code++) {
            const float x = (float)number_at(f, code);
            const float y = dpid_round_one(&rounding, -x, UINT32_MAX);
            if (bits_of(y) != bits_of(-x))
                fail_msg("%s: %a becomes %a", f->word, -(double)x, (double)y);
        }
        assert_true((float)number_at(f, codes_of(f) - 1) == f->largest);
    }
    for (int h = 0; h < 65536; h++) { /* the two that have functions of their bits */
        const float f16 = dpid_f16_value((uint16_t)h);
        const float bf16 = dpid_bf16_value((uint16_t)h);
        assert_int_equal(bits_of(dpid_round_one(&(dpid_rounding){.format = format_of("f16")}, f16, 0)), bits_of(f16));
        assert_int_equal(bits_of(dpid_round_one(&(dpid_rounding){.format = format_of("bf16")}, bf16, 0)),
                         bits_of(bf16));
    }
}

/* Micikevicius et al. 2022, table 1; IEEE 754; OCP E4M3 has S.1111.111 as its only NaN */
static void the_ends_are_those_of_the_standards(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        float x, usual, nonfinite, saturate;
    } ends[] = {
        {"f16", 65519.996F, 65504, 65504, 65504},
        {"f16", 65520, INFINITY, INFINITY, 65504},
        {"f8e4m3", 464, 448, 448, 448},
        {"f8e4m3", 465, 448, NAN, 448},
        {"f8e4m3", -INFINITY, -448, NAN, -448},
        {"f8e5m2", 61439.996F, 57344, 57344, 57344},
        {"f8e5m2", 61440, INFINITY, INFINITY, 57344},
        {"bf16", 0x1.ffp127F, INFINITY, INFINITY, 0x1.fep127F},
        {"tf32", 0x1.ffdp127F, 0x1.ffcp127F, 0x1.ffcp127F, 0x1.ffcp127F},
        {"f8e4m3", 0x1p-10F, 0, 0, 0},
        {"f8e4m3", 0x1.8p-10F, 0x1p-9F, 0x1p-9F, 0x1p-9F},
        {"f16", 0x1p-25F, 0, 0, 0},
        {"f16", 0x1.000002p-25F, 0x1p-24F, 0x1p-24F, 0x1p-24F},
    };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const float expected[] = {ends[i].usual, ends[i].nonfinite, ends[i].saturate};
        for (int o = 0; o < 3; o++) {
            const dpid_rounding rounding = {.format = format_of(ends[i].word), .overflow = overflows[o]};
            assert_int_equal(bits_of(dpid_round_one(&rounding, ends[i].x, 0)), bits_of(expected[o]));
        }
    }
    const dpid_rounding flush = {.format = format_of("f16"), .flush = true};
    assert_int_equal(bits_of(dpid_round_one(&flush, -0x1.ff8p-15F, 0)), bits_of(-0.0F)); /* the largest subnormal */
    assert_true(dpid_round_one(&flush, 0x1.ffep-15F, 0) == 0x1p-14F); /* rounds up to the least normal number */
}

/* ---- fast beside plain ------------------------------------------------------------------------ */

static void compare_ways(dpid_isa isa, const dpid_rounding *rounding, int64_t n, const float *x, float *y)
{
    const dpid_rounding_key key = {SEED, 7, 3};
    round_by(isa, rounding, n, x, y);
    for (int64_t i = 0; i < n; i++) {
        const float plain = dpid_round_one(rounding, x[i], dpid_rounding_random(&key, i));
        if (bits_of(y[i]) != bits_of(plain))
            fail_msg("%s, %s, %s%s, overflow %d: [%lld] %a becomes %a, plainly %a", rounding->format->word,
                     dpid_isa_word(isa), rounding->stochastic ? "stochastic" : "nearest",
                     rounding->flush ? ", flushed" : "", (int)rounding->overflow, (long long)i, (double)x[i],
                     (double)y[i], (double)plain);
    }
}

/* Any bits; and sizes from far below the least number to beyond the largest. */
static void fast_is_plain(void **state)
{
    (void)state;
    enum { COUNT = 30011 };
    float *x = malloc(COUNT * sizeof *x);
    float *y = malloc(COUNT * sizeof *y);
    for (int k = 0; k < FORMATS; k++) {
        const dpid_format *f = dpid_format_at(k);
        for (int64_t i = 0; i < COUNT; i++) {
            const uint64_t draw = splitmix64((uint64_t)(SEED + k * COUNT + i));
            const int range = f->most - f->least + f->fraction + 30;
            const int e = f->least - f->fraction - 25 + (int)(draw >> 32) % range;
            x[i] = i % 3 == 0 ? float_of((uint32_t)draw) : ldexpf((float)((int32_t)draw >> 6), e - 25);
        }
        for (int isa = 0; isa < DPID_ISAS; isa++)
            for (int way = 0; way < 12 && dpid_isa_runs((dpid_isa)isa); way++)
                compare_ways((dpid_isa)isa,
                             &(dpid_rounding){f, .stochastic = way % 2, .flush = way / 2 % 2, overflows[way / 4]},
                             COUNT, x, y);
    }
    free(x);
    free(y);
}

static void bits_do_not_depend_on_threads(void **state)
{
    (void)state;
    enum { COUNT = 100003 };
    float *x = malloc(COUNT * sizeof *x);
    float *y[2] = {malloc(COUNT * sizeof *x), malloc(COUNT * sizeof *x)};
    const dpid_rounding rounding = {.format = format_of("bf16"), .stochastic = true};
    const dpid_rounding_key key = {SEED, 1, 2};
    for (int64_t i = 0; i < COUNT; i++)
        x[i] = (float)dpid_random_at(SEED, 1, 0, (uint64_t)i) * 0x1p-64F;
    dpid_round[0](NULL, &rounding, &key, COUNT, x, y[0]);
    for (int32_t threads = 2; threads <= 3; threads++) {
        deepid_ctx *ctx = NULL;
        assert_int_equal(deepid_ctx_create(&ctx), DEEPID_OK);
        OK(deepid_ctx_set_threads(ctx, threads));
        memcpy(y[1], x, COUNT * sizeof *x);
        dpid_round[0](dpid_ctx_pool(ctx), &rounding, &key, COUNT, y[1], y[1]); /* in its place */
        assert_memory_equal(y[0], y[1], COUNT * sizeof *x);
        deepid_ctx_destroy(ctx);
    }
    free(x);
    free(y[0]);
    free(y[1]);
}

/* n numbers x that become a or b = a + unit have the mean x; the standard deviation of one is at most unit / 2, so
   their mean is x but for 5 unit / (2 sqrt n) in all but one of a million runs. Another step draws others. */
static void stochastic_rounding_keeps_the_mean(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    float *x = malloc(COUNT * sizeof *x);
    float *y = malloc(COUNT * sizeof *y);
    for (int k = 1; k < FORMATS; k++) {
        const dpid_format *f = dpid_format_at(k);
        const double units[] = {ldexp(1, -f->fraction), ldexp(1, f->least - f->fraction)}; /* at 1, and subnormal */
        for (int u = 0; u < 2; u++) {
            double sum = 0;
            int64_t ups = 0;
            const double value = (u ? 0 : 1) + 0.3125 * units[u];
            for (int64_t i = 0; i < COUNT; i++)
                x[i] = (float)value;
            round_by(DPID_ISA_BASELINE, &(dpid_rounding){.format = f, .stochastic = true}, COUNT, x, y);
            for (int64_t i = 0; i < COUNT; i++) {
                sum += ((double)y[i] - value) / units[u];
                ups += y[i] > x[i];
            }
            if (!(fabs(sum / COUNT) <= 2.5 / sqrt(COUNT)) || ups == 0 || ups == COUNT)
                fail_msg("%s: the mean is off by %.3g units, %lld went up", f->word, sum / COUNT, (long long)ups);
        }
    }
    free(x);
    free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(casts_are_those_of_pytorch),
        cmocka_unit_test(numbers_go_to_the_nearest_of_the_table),
        cmocka_unit_test(numbers_of_the_format_never_move),
        cmocka_unit_test(the_ends_are_those_of_the_standards),
        cmocka_unit_test(fast_is_plain),
        cmocka_unit_test(bits_do_not_depend_on_threads),
        cmocka_unit_test(stochastic_rounding_keeps_the_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
