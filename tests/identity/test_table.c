/* The table of layer kinds and block variants: it covers the registries, and each of its claims is measured on its
   own numbers in f32 and f64. */
#include "support/support.h"

#include "base/random.h"

#include <float.h>
#include <math.h>

static const char *const domains[] = {"real", "orthant", "box"};
static const char *const dtypes[] = {"f32", "f64"};
enum { REAL, ORTHANT, BOX, SEED = 20240611 };

/* ---- the table covers the registries --------------------------------------------------- */

static bool table_has(const char *kind, const char *variant)
{
    for (int64_t i = 0; i < deepid_identity_entry_count(); i++) {
        const size_t length = variant ? strlen(variant) : 0;
        const char *found = deepid_identity_entry_variant(i);
        const bool same =
            !variant || (strncmp(found, variant, length) == 0 && (found[length] == 0 || found[length] == ','));
        if (strcmp(deepid_identity_entry_kind(i), kind) == 0 && same)
            return true;
    }
    return false;
}

static void every_layer_kind_has_an_entry(void **state)
{
    (void)state;
    for (int64_t i = 0; deepid_layer_word(i); i++)
        if (!table_has(deepid_layer_word(i), NULL))
            fail_msg("the layer kind %s has no entry in the identity table", deepid_layer_word(i));
}

static void every_block_variant_has_an_entry(void **state)
{
    (void)state;
    for (int64_t i = 0; deepid_block_word(i); i++)
        if (!table_has("block", deepid_block_word(i)))
            fail_msg("the block variant %s has no entry in the identity table", deepid_block_word(i));
    assert_false(table_has("block", "residual"));
}

static void every_entry_names_a_kind_or_a_variant_and_has_six_claims(void **state)
{
    (void)state;
    for (int64_t i = 0; i < deepid_identity_entry_count(); i++) {
        const char *kind = deepid_identity_entry_kind(i);
        assert_true(strcmp(kind, "block") == 0 || deepid_layer_help(kind) != NULL);
        for (int d = 0; d < 3; d++) {
            const int32_t status = deepid_identity_entry_status(i, domains[d]);
            assert_non_null(deepid_identity_status_word(status));
            assert_int_equal(status == DEEPID_IDENTITY_N,
                             deepid_identity_entry_reason(i, domains[d]) != DEEPID_REASON_NONE);
        }
        assert_int_equal(deepid_identity_entry_status(i, "sphere"), 0);
    }
    assert_null(deepid_identity_entry_kind(deepid_identity_entry_count()));
    assert_null(deepid_identity_entry_kind(-1));
}

/* Largest number tried: copying takes FLT_MAX; what multiplies needs room, and so do the free weights of a closed
   branch, since 0 x inf is NaN. */
#define LARGE 1e30

/* ---- numbers of the test's own: 10 000 a case ------------------------------------------------ */

static double wild(dpid_random *r, int domain, double largest)
{
    const double odd[] = {0x1p-149, 0x1p-148, 0x1.fp-130, 0x1p-126, 1e20, largest, largest / 3};
    const double sign = domain == REAL && dpid_random_below(r, 2) ? -1 : 1;
    if (dpid_random_below(r, 50) == 0)
        return sign * odd[dpid_random_below(r, sizeof odd / sizeof *odd)];
    return sign * ldexp(1 + dpid_random_uniform(r), (int)dpid_random_below(r, 80) - 40);
}

/* -0, ends, subnormal numbers in all domains. */
static double draw(dpid_random *r, int domain, double largest)
{
    static const double border[] = {-1, 1, 0x1p-149, -0x1p-149, 0x1.8p-140, -0x1p-126, 0x1.fffffep-1, -0x1p-30};
    const int64_t dice = dpid_random_below(r, 40);
    if (dice == 0)
        return -0.0;
    if (dice == 1)
        return 0;
    if (dice < 4 && domain == BOX)
        return border[dpid_random_below(r, sizeof border / sizeof *border)];
    return domain == BOX ? 2 * dpid_random_uniform(r) - 1 : wild(r, domain, largest);
}

typedef struct {
    double error;      /* absolute, or relative to max(1, |x|) on unbounded domains */
    int64_t different; /* values that are not the same number */
    int64_t signs;     /* zeros that lost their sign */
    int64_t values;
    double worst_x, worst_y;
} outcome;

static double at(const deepid_tensor *t, int64_t i)
{
    return deepid_tensor_dtype(t) == DEEPID_F32 ? (double)((const float *)deepid_tensor_data((deepid_tensor *)t))[i]
                                                : ((const double *)deepid_tensor_data((deepid_tensor *)t))[i];
}

static void set(deepid_tensor *t, int64_t i, double value)
{
    if (deepid_tensor_dtype(t) == DEEPID_F32)
        ((float *)deepid_tensor_data(t))[i] = (float)value;
    else
        ((double *)deepid_tensor_data(t))[i] = value;
}

static outcome compare(const deepid_tensor *x, const deepid_tensor *y, bool relative)
{
    outcome o = {.values = deepid_tensor_count(x)};
    for (int64_t i = 0; i < o.values; i++) {
        const double from = at(x, i);
        const double to = at(y, i);
        const double away = fabs(to - from) / (relative ? fmax(1, fabs(from)) : 1);
        o.different += !(from == to);
        o.signs += from == 0 && signbit(from) != signbit(to);
        if (!(away <= o.error)) {
            o.error = away;
            o.worst_x = from;
            o.worst_y = to;
        }
    }
    return o;
}

/* Runs the witness in a dtype through the public door on at least 10 000 values. */
static outcome run_witness(deepid_ctx *ctx, deepid_net *block, int domain, int32_t dtype, double largest, uint64_t seed)
{
    enum { VALUES = 10000, FEATURES = 8, PICTURE = 144 };
    deepid_net *net = NULL;
    deepid_tensor *x = NULL;
    deepid_tensor *y = NULL;
    dpid_random r = dpid_random_make(seed, 1000, (uint32_t)domain);
    const int32_t rank = deepid_net_input_rank(block) + 1;
    const int64_t count = rank == 2 ? FEATURES : PICTURE;
    const int64_t extents[] = {(VALUES + count - 1) / count, deepid_net_input_extent(block, 0),
                               deepid_net_input_extent(block, 1), deepid_net_input_extent(block, 2)};
    OK(deepid_net_clone(block, dtype, &net));
    OK(deepid_tensor_create(ctx, dtype, rank, extents, &x));
    OK(deepid_tensor_create(ctx, dtype, rank, extents, &y));
    for (int64_t i = 0; i < deepid_tensor_count(x); i++)
        set(x, i, draw(&r, domain, largest));
    for (int64_t i = 0; i < deepid_tensor_count(y); i++)
        set(y, i, NAN);
    OK(deepid_net_forward(net, x, y));
    const outcome o = compare(x, y, domain != BOX);
    deepid_tensor_destroy(x);
    deepid_tensor_destroy(y);
    deepid_net_destroy(net);
    return o;
}

/* ---- claims ------------------------------------------------------------------------------------- */

static void check_witness(deepid_ctx *ctx, int64_t i, int domain, int dtype, deepid_identity *answer, const char *where)
{
    const double largest = deepid_identity_status(answer) == DEEPID_IDENTITY_E_BIT &&
                                   strcmp(deepid_identity_construction(answer), "zero_branch") != 0
                               ? (double)FLT_MAX
                               : LARGE;
    const outcome o = run_witness(ctx, deepid_identity_block(answer), domain, dtype == 0 ? DEEPID_F32 : DEEPID_F64,
                                  largest, SEED + (uint64_t)i);
    const double bound = deepid_identity_number(answer, dtype == 0 ? "bound_f32" : "bound_f64");
    const double floor = deepid_identity_number(answer, "floor");
    const int32_t status = deepid_identity_status(answer);
    if (o.values < 10000)
        fail_msg("%s: only %lld values were tried", where, (long long)o.values);
    if (status == DEEPID_IDENTITY_E_BIT && (o.different > 0 || bound != 0))
        fail_msg("%s: %lld values are not what they were, such as %a -> %a; the bound is %g; seed %d", where,
                 (long long)o.different, o.worst_x, o.worst_y, bound, SEED);
    if (!(o.error <= bound))
        fail_msg("%s: error %g at %a -> %a, the bound is %g; seed %d", where, o.error, o.worst_x, o.worst_y, bound,
                 SEED);
    if (deepid_identity_number(answer, "sign_of_zero") == 1 && o.signs > 0)
        fail_msg("%s: %lld zeros lost their sign", where, (long long)o.signs);
    if (status == DEEPID_IDENTITY_F && !(o.error >= floor / 2 && o.error <= 2 * floor))
        fail_msg("%s: error %g, expected within twice of the floor %g; seed %d", where, o.error, floor, SEED);
    if (!(deepid_identity_error(answer) <= bound))
        fail_msg("%s: the library measured %g, beyond its bound %g", where, deepid_identity_error(answer), bound);
}

static void check_claim(deepid_ctx *ctx, int64_t i, int domain, int dtype)
{
    char options[64];
    char where[256];
    deepid_identity *answer = NULL;
    snprintf(options, sizeof options, "domain=%s dtype=%s samples=32", domains[domain], dtypes[dtype]);
    snprintf(where, sizeof where, "%s (%s: %s) %s", deepid_identity_entry_kind(i), deepid_identity_entry_variant(i),
             deepid_identity_entry_block(i), options);
    OK(deepid_identity_entry_examine(ctx, i, options, &answer));
    const int32_t claimed = deepid_identity_entry_status(i, domains[domain]);
    if (deepid_identity_status(answer) != claimed ||
        deepid_identity_reason(answer) != deepid_identity_entry_reason(i, domains[domain]))
        fail_msg("%s: found %s, claimed %s %s", where, deepid_identity_sentence(answer),
                 deepid_identity_status_word(claimed),
                 deepid_identity_reason_word(deepid_identity_entry_reason(i, domains[domain])));
    if (claimed == DEEPID_IDENTITY_N)
        assert_null(deepid_identity_block(answer));
    else
        check_witness(ctx, i, domain, dtype, answer, where);
    deepid_identity_destroy(answer);
}

static void every_claim_of_the_table_holds(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int64_t i = 0; i < deepid_identity_entry_count(); i++)
        for (int k = 0; k < 6; k++)
            check_claim(ctx, i, k / 2, k % 2);
    deepid_ctx_destroy(ctx);
}

/* x + 0 would turn -0 into +0: a residual block with a linear sum keeps the bit. */
static void a_zero_branch_keeps_the_sign_of_zero(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int64_t i = 0; i < deepid_identity_entry_count(); i++) {
        deepid_identity *answer = NULL;
        if (strcmp(deepid_identity_entry_kind(i), "block") != 0 ||
            !strstr(deepid_identity_entry_variant(i), "linear sum"))
            continue;
        OK(deepid_identity_entry_examine(ctx, i, "domain=real", &answer));
        assert_true(deepid_identity_number(answer, "sign_of_zero") == 1);
        assert_int_equal(run_witness(ctx, deepid_identity_block(answer), REAL, DEEPID_F32, LARGE, 3).signs, 0);
        deepid_identity_destroy(answer);
    }
    deepid_ctx_destroy(ctx);
}

/* The fault to fear: a check that cannot fail. One weight off by an ulp is found. */
static void a_weight_off_by_one_ulp_is_not_bit_exact(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int64_t i = 0; i < deepid_identity_entry_count(); i++) {
        deepid_identity *answer = NULL;
        if (strcmp(deepid_identity_entry_block(i), "dense out=8; relu") != 0)
            continue;
        OK(deepid_identity_entry_examine(ctx, i, "domain=orthant", &answer));
        assert_int_equal(deepid_identity_status(answer), DEEPID_IDENTITY_E_BIT);
        double *w = deepid_net_parameter_data(deepid_identity_block(answer), "dense.weight");
        w[0] = (double)nextafterf(1, 2);
        assert_true(run_witness(ctx, deepid_identity_block(answer), ORTHANT, DEEPID_F32, LARGE, 3).different > 100);
        deepid_identity_destroy(answer);
    }
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layer_kind_has_an_entry),
        cmocka_unit_test(every_block_variant_has_an_entry),
        cmocka_unit_test(every_entry_names_a_kind_or_a_variant_and_has_six_claims),
        cmocka_unit_test(every_claim_of_the_table_holds),
        cmocka_unit_test(a_zero_branch_keeps_the_sign_of_zero),
        cmocka_unit_test(a_weight_off_by_one_ulp_is_not_bit_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
