/* The probe of formats: nets whose gradients, sums and updates are known in each format, and nets by chance. */
#include "support/nets.h"
#include "support/random_net.h"

#include "inspect/batch.h"

#include <math.h>

enum { SEED = 77 };

static deepid_table *look(deepid_ctx *ctx, deepid_net *net, const deepid_dataset *data, const char *word)
{
    deepid_table *t = NULL;
    OK(deepid_net_inspect(net, data, word, &t));
    return t;
}

static void holds(const deepid_table *t, const char *row, const char *column, double expected)
{
    const double got = table_number(t, row, column);
    if (got != expected && !(isnan(got) && isnan(expected)))
        fail_msg("%s of %s is %.17g, expected %.17g", column, row, got, expected);
}

/* ---- range ---------------------------------------------------------------------------------------- */

/* x = 1, w1 = 1, w2 = 2^-13, t = 2^-14: dL/dz = 2 (z - t) = 2^-13, dL/dh = dL/dw1 = 2^-26, which f16 with its least
   number 2^-24 rounds to 0. A loss scale of 2^10 makes it 2^-16, subnormal, and 2^14 2^-12, normal: exact both times,
   but where subnormal numbers are flushed. */
static deepid_net *make_small(deepid_ctx *ctx, deepid_dataset **data)
{
    static const float x[] = {1};
    static const float target[] = {0x1p-14F};
    static const float w1[] = {1};
    static const float w2[] = {0x1p-13F};
    deepid_net *net = NULL;
    *data = wrapped_targets(ctx, 1, 1, x, 1, target);
    OK(deepid_net_create(ctx, "input 1; dense out=1 bias=0; dense out=1 bias=0", DEEPID_F32, &net));
    set_parameter(net, "dense1.weight", w1, 1);
    set_parameter(net, "dense2.weight", w2, 1);
    return net;
}

static void gradients_below_the_format_are_lost_and_scaling_saves_them(void **state)
{
    (void)state;
    static const struct {
        const char *storage, *scale;
        double lost, subnormal, relative;
    } rows[] = {{"f16", "none", 1, 0, 1},
                {"f16", "static scale=1024", 0, 1, 0},
                {"f16 subnormals=flush", "static scale=1024", 1, 0, 1},
                {"f16", "static scale=16384", 0, 0, 0},
                {"f16", "dynamic init=16384", 0, 0, 0},
                {"f16 weight_gradients=f32 gradients=bf16", "none", 0, 0, 0},
                {"f8e5m2 gradients=bf16", "none", 0, 0, 0},
                {"bf16", "none", 0, 0, 0},
                {"f32", "none", 0, 0, 0}};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    deepid_net *net = make_small(ctx, &data);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char word[160];
        snprintf(word, sizeof word, "formats loss_scale=\"%s\" storage=\"%s\"", rows[i].scale, rows[i].storage);
        OK(deepid_net_set_storage(net, rows[i].storage));
        deepid_table *listed = look(ctx, net, data, word);
        *strstr(word, " storage") = 0;
        deepid_table *own = look(ctx, net, data, word);
        print_message("%s, %s\n", rows[i].storage, rows[i].scale);
        holds(own, "dense1", "lost", rows[i].lost);
        holds(own, "dense1", "subnormal", rows[i].subnormal);
        holds(own, "dense1", "relative", rows[i].relative);
        holds(own, "dense1", "cosine", rows[i].lost > 0 ? (double)NAN : 1);
        holds(own, "dense1", "nonfinite", 0);
        holds(own, "dense2", "lost", 0);
        holds(own, "dense2", "relative", 0);
        holds(own, "net", "lost", rows[i].lost / 2);
        holds(own, "net", "entries", 2);
        for (int64_t c = 0; c < deepid_table_columns(own); c++) /* the list gives the same rows, with a longer name */
            assert_true(bits(deepid_table_column(own, c), deepid_table_rows(own) * 8) ==
                        bits(deepid_table_column(listed, c), deepid_table_rows(own) * 8));
        deepid_table_destroy(own);
        deepid_table_destroy(listed);
    }
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* A scale of 2^40 takes 2^-13 to 2^27, beyond f16: every gradient is infinite, and no step is made. */
static void gradients_beyond_the_format_are_not_finite_and_no_step_is_made(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    deepid_net *net = make_small(ctx, &data);
    deepid_table *t = look(ctx, net, data,
                           "formats loss_scale=\"static scale=1099511627776\" storage=\"f16; bf16; f16 "
                           "overflow=saturate\"");
    holds(t, "f16:dense2", "nonfinite", 1);
    holds(t, "f16:net", "nonfinite", 1);
    holds(t, "f16:net", "update_lost", (double)NAN);
    holds(t, "bf16:net", "nonfinite", 0);
    holds(t, "bf16:dense2", "update_lost", 0);
    holds(t, "bf16:dense1", "update_lost", 1); /* 0.1 2^-26 beside 1 */
    holds(t, "f16 overflow=saturate:net", "nonfinite", 0);
    holds(t, "f16 overflow=saturate:dense2", "cosine", 1);
    assert_true(table_number(t, "f16 overflow=saturate:dense2", "relative") > 0.9);
    deepid_table_destroy(t);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- fraction ----------------------------------------------------------------------------------------- */

/* w2 = 1 + 2^-9 is read as 1 by bf16: with x = w1 = 1 and t = 0, dL/dw1 = 2 w2^2, there 2. Off by 1 - 1 / w2^2. */
static void a_weight_that_is_read_rounded_gives_its_error(void **state)
{
    (void)state;
    static const float one[] = {1};
    static const float zero[] = {0};
    static const float w2[] = {1 + 0x1p-9F};
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    deepid_dataset *data = wrapped_targets(ctx, 1, 1, one, 1, zero);
    OK(deepid_net_create(ctx, "input 1; dense out=1 bias=0; dense out=1 bias=0", DEEPID_F32, &net));
    set_parameter(net, "dense1.weight", one, 1);
    set_parameter(net, "dense2.weight", w2, 1);
    deepid_table *t = look(ctx, net, data, "formats storage=\"bf16; bf16 weights=format; tf32\"");
    const double expected = 1 - 1 / ((1 + 0x1p-9) * (1 + 0x1p-9));
    near_at("bf16", table_number(t, "bf16:dense1", "relative"), expected, 1e-12);
    near_at("bf16 weights", table_number(t, "bf16 weights=format:dense1", "relative"), expected, 1e-12);
    holds(t, "bf16:dense1", "cosine", 1);
    assert_true(table_number(t, "tf32:dense1", "relative") < 0x1p-11);
    deepid_table_destroy(t);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* Small whole numbers: nothing rounds in formats of 8 bits and more. An f64 net is looked at through its f32 copy. */
static void exact_arithmetic_has_no_error_in_any_format(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    deepid_net *f64 = NULL;
    deepid_dataset *data = NULL;
    open_exact(ctx, &net, &data);
    OK(deepid_net_clone(net, DEEPID_F64, &f64));
    deepid_table *t = look(ctx, net, data, "formats storage=\"f32; bf16; f16; tf32\"");
    for (int64_t i = 0; i < deepid_table_rows(t); i++) {
        const char *row = deepid_table_row_name(t, i);
        holds(t, row, "relative", 0);
        holds(t, row, "cosine", 1);
        holds(t, row, "lost", 0);
        holds(t, row, "swallowed_backward", (double)NAN); /* no two gradients meet */
    }
    assert_int_equal(deepid_table_rows(t), 4 * 3);
    deepid_table_destroy(t);
    t = look(ctx, f64, data, "formats");
    holds(t, "net", "relative", 0);
    assert_int_equal(deepid_table_rows(t), 3);
    deepid_table_destroy(t);
    deepid_net_destroy(f64);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- sums ----------------------------------------------------------------------------------------------- */

/* 256 + 256 2^-9 = 256.5: half a unit of bf16's is 1, of f16's 1/8. The gradients g and g 2^-9 that meet at the block's
   input likewise. To look at them steps run again, and what that adds to gradients is no part of an update: of the
   weight 2^-9, g = 2 256 256 = 2^17, so at a rate of 2^-36 the step 2^-19 is lost in bf16, whose next number below is
   2^-17 away; three of them are not. */
static void a_term_below_half_a_unit_is_swallowed(void **state)
{
    (void)state;
    static const float ones[] = {1, 1};
    static const float targets[] = {0, 0};
    static const float w[] = {256, 0x1p-9F, 1};
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    deepid_dataset *data = wrapped_targets(ctx, 2, 1, ones, 1, targets);
    OK(deepid_net_create(ctx, "input 1; dense out=1 bias=0; 1 * identity { dense out=1 bias=0 }; dense out=1 bias=0",
                         DEEPID_F32, &net));
    set_parameter(net, "dense1.weight", &w[0], 1);
    set_parameter(net, "block1.dense.weight", &w[1], 1);
    set_parameter(net, "dense2.weight", &w[2], 1);
    deepid_table *t = look(ctx, net, data, "formats storage=\"f32; bf16; f16\"");
    for (int i = 0; i < 3; i++) {
        static const char *const words[] = {"f32", "bf16", "f16"};
        char row[32];
        const double swallowed = i == 1;
        snprintf(row, sizeof row, "%s:block1", words[i]);
        holds(t, row, "swallowed_forward", swallowed);
        holds(t, row, "swallowed_backward", (double)NAN); /* the join reads last, and writes */
        holds(t, row, "relative", (double)NAN);
        holds(t, row, "entries", 0);
        snprintf(row, sizeof row, "%s:block1.dense", words[i]);
        holds(t, row, "swallowed_backward", swallowed);
        holds(t, row, "swallowed_forward", (double)NAN);
        snprintf(row, sizeof row, "%s:net", words[i]);
        holds(t, row, "swallowed_forward", swallowed);
        holds(t, row, "swallowed_backward", swallowed);
    }
    holds(t, "f32:dense1", "distance", 3);
    holds(t, "f32:block1.dense", "distance", 2);
    holds(t, "f32:block1", "distance", 1);
    holds(t, "f32:dense2", "distance", 1);
    holds(t, "bf16:dense2", "format", 1);
    deepid_table_destroy(t);
    t = look(ctx, net, data, "formats rate=1.4551915228366852e-11 storage=\"bf16 weights=format; bf16\"");
    holds(t, "bf16 weights=format:block1.dense", "update_lost", 1);
    holds(t, "bf16:block1.dense", "update_lost", 0);
    deepid_table_destroy(t);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* A sum of a convolution has kernel x kernel x in products, one of a dense layer `in`. */
static void terms_are_those_of_one_output(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = generated(ctx, "gratings n=8", SEED);
    deepid_net *net = random_net(ctx,
                                 "input 8x8x1; conv2d out=4 kernel=3; batchnorm; conv2d out=2 kernel=3 stride=2; "
                                 "flatten; dense out=4",
                                 DEEPID_F32, SEED);
    deepid_table *t = look(ctx, net, data, "formats");
    holds(t, "conv2d1", "terms", 9);
    holds(t, "conv2d2", "terms", 36);
    holds(t, "dense", "terms", 32);
    holds(t, "batchnorm", "terms", (double)NAN);
    holds(t, "batchnorm", "distance", 2);
    holds(t, "net", "distance", (double)NAN);
    deepid_table_destroy(t);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- updates ----------------------------------------------------------------------------------------------- */

enum { WEIGHTS = 4096, ASLEEP = WEIGHTS / 4 };

/* All weights 1; inputs 1, a quarter of them 0; t = z + 1/2: dL/dz = -1, so g = -1, or 0 at those of no input. */
static deepid_net *make_steps(deepid_ctx *ctx, deepid_dataset **data)
{
    static float x[WEIGHTS];
    static float w[WEIGHTS];
    static const float target[] = {WEIGHTS - ASLEEP + 0.5F};
    deepid_net *net = NULL;
    for (int i = 0; i < WEIGHTS; i++) {
        x[i] = i >= ASLEEP;
        w[i] = 1;
    }
    *data = wrapped_targets(ctx, 1, WEIGHTS, x, 1, target);
    OK(deepid_net_create(ctx, "input 4096; dense out=1 bias=0", DEEPID_F32, &net));
    set_parameter(net, "dense.weight", w, WEIGHTS);
    return net;
}

/* A step of 2^-10 is an eighth of bf16's unit 2^-7 at 1, and 2^13 units of f32: lost always to nearest, with
   probability 7/8 at random (3072 of them: a deviation of 0.006), never where f32 weights are kept. A decay of 1e-6
   alone moves 1e-9, below half a unit of f32, at the quarter without a gradient. A norm of sqrt(3072) that is clipped
   to 1e-3 leaves steps of 2e-8. L-BFGS has steps of its own. */
static void updates_below_half_a_unit_of_what_is_kept_are_lost(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        double lost, within;
    } rows[] = {{"storage=\"bf16 weights=format\"", 1, 0},
                {"storage=\"bf16 weights=format\" optimizer=adam", 1, 0},
                {"storage=\"bf16 weights=format rounding=stochastic\"", 0.875, 0.025},
                {"storage=\"bf16\"", 0, 0},
                {"storage=\"bf16 weights=f32\"", 0, 0},
                {"storage=\"f32\"", 0, 0},
                {"storage=\"f16 weights=format\"", 0, 0},
                {"storage=\"f32\" optimizer=\"sgd weight_decay=1e-6\"", 0.25, 0},
                {"storage=\"f32\" clip=1e-3", 1, 0},
                {"storage=\"f32\" clip=1e3", 0, 0},
                {"storage=\"f32\" optimizer=lbfgs", (double)NAN, 0}};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    deepid_net *net = make_steps(ctx, &data);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char word[160];
        snprintf(word, sizeof word, "formats rate=0.0009765625 %s", rows[i].word);
        deepid_table *t = look(ctx, net, data, word);
        for (int64_t r = 0; r < 2; r++) { /* the layer, the net */
            const double got = deepid_table_get(t, r, deepid_table_find_column(t, "update_lost"));
            if (!(fabs(got - rows[i].lost) <= rows[i].within) && !(isnan(got) && isnan(rows[i].lost)))
                fail_msg("%s: %g of the updates are lost, expected %g", rows[i].word, got, rows[i].lost);
        }
        deepid_table_destroy(t);
    }
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- nets by chance ------------------------------------------------------------------------------------------- */

static const char *const storages[] = {"f32",
                                       "bf16",
                                       "bf16 weights=format rounding=stochastic",
                                       "f16 norms=format",
                                       "tf32",
                                       "f8e4m3 gradients=f8e5m2",
                                       "f8e5m2 overflow=saturate"};
enum { STORAGES = sizeof storages / sizeof *storages };

/* The whole gradient's error, from two nets that are run here. */
static double error_of(deepid_ctx *ctx, const deepid_net *net, const deepid_dataset *data, const char *storage,
                       int64_t n)
{
    dpid_batch low;
    dpid_batch high;
    deepid_net *copy = NULL;
    long double away = 0;
    long double size = 0;
    OK(dpid_net_clone_as(net, DPID_P32, &copy));
    OK(deepid_net_set_storage(copy, storage));
    OK(dpid_batch_open(copy, data, DPID_P32, DPID_TRAIN, n, true, &low));
    OK(dpid_batch_open(net, data, DPID_P64, DPID_TRAIN, n, true, &high));
    OK(dpid_batch_run(&low));
    OK(dpid_batch_run(&high));
    for (int32_t i = 0; i < net->trained; i++)
        for (int64_t k = 0; k < net->parameter[i].count; k++) {
            const double a = dpid_fetch(DPID_P32, dpid_parameter_gradient_at(low.net, i), k);
            const double b = dpid_fetch(DPID_P64, dpid_parameter_gradient_at(high.net, i), k);
            away += ((long double)a - b) * ((long double)a - b);
            size += (long double)b * b;
        }
    dpid_batch_close(&high);
    dpid_batch_close(&low);
    deepid_net_destroy(copy);
    return away == 0 ? 0 : (double)sqrtl(away / size);
}

static void fail_drawn(const drawn_net *drawn, const deepid_table *t, int64_t row, const char *what)
{
    fail_msg("seed %llu, batch %lld, %s: %s\n%s", (unsigned long long)drawn->seed, (long long)drawn->batch,
             deepid_table_row_name(t, row), what, drawn->text);
}

/* Shares are shares; entries that are not finite are told where the error is not; the net's row is the sum. */
static void check_rows(const drawn_net *drawn, const deepid_table *t, int64_t first, int64_t last)
{
    static const char *const shares[] = {"lost",        "subnormal",         "nonfinite",
                                         "update_lost", "swallowed_forward", "swallowed_backward"};
    const int64_t entries = deepid_table_find_column(t, "entries");
    const int64_t nonfinite = deepid_table_find_column(t, "nonfinite");
    const int64_t relative = deepid_table_find_column(t, "relative");
    double all = 0;
    double bad = 0;
    for (int64_t i = first; i <= last; i++) {
        for (size_t k = 0; k < sizeof shares / sizeof *shares; k++) {
            const double share = deepid_table_get(t, i, deepid_table_find_column(t, shares[k]));
            if (!isnan(share) && !(share >= 0 && share <= 1))
                fail_drawn(drawn, t, i, shares[k]);
        }
        const double n = deepid_table_get(t, i, entries);
        const double out = n > 0 ? n * deepid_table_get(t, i, nonfinite) : 0;
        const double error = n > 0 ? deepid_table_get(t, i, relative) : 0;
        if (out > 0 ? isfinite(error) : isnan(error)) /* infinite alone: f64 has a gradient of 0 */
            fail_drawn(drawn, t, i, "the error is a number where entries are not, or is not where they are");
        all += i < last ? n : -n;
        bad += i < last ? out : -out;
    }
    if (all != 0 || fabs(bad) > 1e-6)
        fail_drawn(drawn, t, last, "not the sum of the layers");
}

static void check_net(deepid_ctx *ctx, const drawn_net *drawn, deepid_net *net, const deepid_dataset *data)
{
    static const int32_t threads[] = {1, 2, 3, 7};
    for (int s = 0; s < STORAGES; s++) {
        uint64_t first = 0;
        char word[160];
        snprintf(word, sizeof word, "formats samples=%lld storage=\"%s\"", (long long)drawn->batch, storages[s]);
        for (int i = 0; i < 4; i++) {
            OK(deepid_ctx_set_threads(ctx, threads[i]));
            deepid_table *t = look(ctx, net, data, word);
            const int64_t last = deepid_table_rows(t) - 1;
            uint64_t here = 0;
            for (int64_t c = 0; c < deepid_table_columns(t); c++)
                here = 31 * here + bits(deepid_table_column(t, c), 8 * (last + 1));
            first = i == 0 ? here : first;
            if (here != first)
                fail_drawn(drawn, t, last, "other numbers with more threads");
            check_rows(drawn, t, 0, last);
            const double whole = deepid_table_get(t, last, deepid_table_find_column(t, "relative"));
            const double expected = i == 0 && !strstr(storages[s], "weights=") /* those were rounded for good */
                                        ? error_of(ctx, net, data, storages[s], drawn->batch)
                                        : whole;
            if (!(fabs(whole - expected) <= 1e-12 * expected) && isfinite(expected))
                fail_msg("seed %llu, %s: the net's error is %.17g, expected %.17g\n%s", (unsigned long long)drawn->seed,
                         word, whole, expected, drawn->text);
            deepid_table_destroy(t);
        }
    }
}

static void nets_by_chance_have_sums_shares_and_bits(void **state)
{
    (void)state;
    enum { NETS = 40 };
    int looked_at = 0;
    deepid_ctx *ctx = new_ctx(1);
    for (uint64_t seed = 1; seed <= NETS; seed++) {
        drawn_net drawn;
        deepid_dataset *data = NULL;
        double *x = NULL;
        draw_classifier(ctx, seed, &drawn);
        if (!drawn.trains)
            continue;
        deepid_net *net = random_net(ctx, drawn.text, DEEPID_F32, seed);
        random_classes(ctx, &drawn, net, &x, &data);
        check_net(ctx, &drawn, net, data);
        looked_at++;
        deepid_dataset_destroy(data);
        free(x);
        deepid_net_destroy(net);
    }
    print_message("%d nets\n", looked_at);
    assert_true(looked_at > NETS / 2);
    deepid_ctx_destroy(ctx);
}

/* ---- edges ------------------------------------------------------------------------------------------------------ */

static void wrong_words_are_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    deepid_table *t = NULL;
    deepid_net *net = make_small(ctx, &data);
    REFUSED(deepid_net_inspect(net, data, "formats storage=\"bf16; f17\"", &t), DEEPID_ERR_SPEC, "f17");
    REFUSED(deepid_net_inspect(net, data, "formats storage=\"\"", &t), DEEPID_ERR_SPEC, "names no format");
    REFUSED(deepid_net_inspect(net, data, "formats storage=\";\"", &t), DEEPID_ERR_SPEC, "item 1 of");
    REFUSED(deepid_net_inspect(net, data, "formats storage=\"bf16; ;f16\"", &t), DEEPID_ERR_SPEC, "item 2 of");
    REFUSED(deepid_net_inspect(net, data, "formats optimizer=adom", &t), DEEPID_ERR_SPEC, "adom");
    REFUSED(deepid_net_inspect(net, data, "formats loss_scale=huge", &t), DEEPID_ERR_SPEC, "huge");
    REFUSED(deepid_net_inspect(net, data, "formats rate=-1", &t), DEEPID_ERR_SPEC, "rate is -1");
    ((float *)deepid_net_parameter_data(net, deepid_net_parameter_name(net, 0)))[0] = NAN;
    REFUSED(deepid_net_inspect(net, data, "formats", &t), DEEPID_ERR_NUMERIC, "is not finite");
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

static void memory_that_runs_out_is_told(void **state)
{
    (void)state;
    const char *net = "input 2; dense out=3; 1 * identity { dense out=3; batchnorm }; dense out=2";
    probe_survives_every_failing_allocation(net, "formats storage=\"bf16; f16 weights=format\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_below_the_format_are_lost_and_scaling_saves_them),
        cmocka_unit_test(gradients_beyond_the_format_are_not_finite_and_no_step_is_made),
        cmocka_unit_test(a_weight_that_is_read_rounded_gives_its_error),
        cmocka_unit_test(exact_arithmetic_has_no_error_in_any_format),
        cmocka_unit_test(a_term_below_half_a_unit_is_swallowed),
        cmocka_unit_test(terms_are_those_of_one_output),
        cmocka_unit_test(updates_below_half_a_unit_of_what_is_kept_are_lost),
        cmocka_unit_test(nets_by_chance_have_sums_shares_and_bits),
        cmocka_unit_test(wrong_words_are_refused),
        cmocka_unit_test(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
