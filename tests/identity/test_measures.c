/* What is measured of a block, against numbers that can be worked out: units of the last place, kinks, sharpness,
   decay, ranges at a join, taps of kernels that are not square, what stands behind. */
#include "support/nets.h"

#include "identity/deepen.h"

#include <math.h>

static deepid_net *net_of(deepid_ctx *ctx, const char *text)
{
    deepid_net *net = NULL;
    OK(deepid_net_create(ctx, text, DEEPID_F64, &net));
    return net;
}

/* 1 + k 2^-23 is k units from 1; bins end at 0, 1, 2, 4, 8, 16, 256. */
static void units_of_the_last_place_are_counted_by_their_bins(void **state)
{
    (void)state;
    static const struct {
        int units, bin;
    } rows[] = {{0, 0}, {1, 1}, {2, 2}, {3, 3}, {4, 3}, {5, 4}, {8, 4}, {9, 5}, {16, 5}, {17, 6}, {256, 6}, {257, 7}};
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = net_of(ctx, "input 1; dense out=1");
    const double x[3] = {1, 1, 1};
    ((double *)deepid_net_parameter_data(net, "dense.weight"))[0] = 1;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        dpid_measurement m;
        ((double *)deepid_net_parameter_data(net, "dense.bias"))[0] = rows[i].units * 0x1p-23;
        OK(dpid_identity_measure(net, DEEPID_F32, DPID_EVAL, 3, x, &m));
        if (m.ulps[rows[i].bin] != 3 || m.ulp_max != rows[i].units || m.bitwise != (rows[i].units == 0))
            fail_msg("%d units: %lld of 3 in bin %d, largest %g", rows[i].units, (long long)m.ulps[rows[i].bin],
                     rows[i].bin, m.ulp_max);
    }
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* Both bends of hardtanh count, and relu's one. */
static void every_kink_counts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double mass;
    } rows[] = {{"input 4; hardtanh; dense out=4", 3 / 8.0},
                {"input 4; relu; dense out=4", 1 / 8.0},
                {"input 4; tanh; dense out=4", 0},
                {"input 4; hardswish; dense out=4", 2 / 8.0}};
    static const double x[8] = {-1, 1, 0.5, 0, 3, -3, 1, 0.25};
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        deepid_net *net = net_of(ctx, rows[i].text);
        dpid_price price;
        deepid_table *table = NULL;
        OK(deepid_net_init(net, "identity", 1));
        OK(dpid_identity_price(net, &(dpid_price_task){.samples = 2, .x = x}, &price, &table));
        near_at(rows[i].text, price.kink_mass, rows[i].mass, 0);
        deepid_table_destroy(table);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* y = W x with W = 2 I, x = (1,0,0), (0,2,0). Targets 0: L = mean of squares = (4 + 16) / 6, its matrix 2/6 sum x
   x^T for each output: eigenvalue 2/6 4; without targets 1/2 mean |.|^2: 1/2 4. Decay 0.1: 0.05 x 12. */
static void sharpness_and_decay_are_their_formulas(void **state)
{
    (void)state;
    static const double x[6] = {1, 0, 0, 0, 2, 0};
    static const double zeros[6] = {0};
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = net_of(ctx, "input 3; dense out=3 bias=0");
    for (int i = 0; i < 3; i++)
        ((double *)deepid_net_parameter_data(net, "dense.weight"))[4 * i] = 2;
    for (int targets = 0; targets < 2; targets++) {
        dpid_price price;
        deepid_table *table = NULL;
        OK(dpid_identity_price(
            net, &(dpid_price_task){.samples = 2, .x = x, .targets = targets ? zeros : NULL, .decay = 0.1}, &price,
            &table));
        /* iterations end when the value settles to 1e-4 */
        near_at("sharpness", price.sharpness, targets ? 4 / 3.0 : 2, 1e-3);
        near_at("decay", price.decay_cost, 0.6, 1e-15);
        if (targets)
            near_at("loss", price.loss, 20 / 6.0, 1e-14);
        else
            assert_true(isnan(price.loss));
        deepid_table_destroy(table);
    }
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* sigmoid in (0, 1) and half of tanh in (-1, 1): from -1/2 to 3/2. */
static void ranges_at_a_join_take_the_skips_weight(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double low, high;
    } rows[] = {{"input 2; tanh; identity s=0.5 { dense out=2; sigmoid } after=none", -0.5, 1.5},
                {"input 2; tanh; identity { dense out=2; sigmoid } after=none", -1, 2},
                {"input 2; sigmoid; identity s=0.25 { dense out=2; tanh } after=none", -1, 1.25}};
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        deepid_net *net = net_of(ctx, rows[i].text);
        double low;
        double high;
        OK(dpid_value_range(net, net->step[net->steps - 1].out, &low, &high));
        near_at("low", low, rows[i].low, 0);
        near_at("high", high, rows[i].high, 0);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* The delta stands in the tap that sees its own pixel, whatever the kernel's shape. */
static void kernels_that_are_not_square_are_identities_too(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "input 4x5x2; plain { conv2d out=2 kernel=3x5 padding=1x2 } after=none",
        "input 4x5x2; plain { conv2d out=2 kernel=5x3 padding=2x1 } after=none",
        "input 4x5x2; plain { conv2d out=2 kernel=1x3 padding=0x0x2x0 } after=none",
        "input 6x6x2; plain { conv2d out=2 kernel=3x2 dilation=1x2 padding=1x1x2x0 } after=none",
        "input 4x5x2; plain { conv2d out=4 kernel=2x3 padding=1x0x1x1; conv2d out=2 kernel=3x1 padding=2x0x0x0 } "
        "after=none"};
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        deepid_net *net = net_of(ctx, texts[i]);
        const int64_t values = 3 * dpid_shape_count(&net->value[0].shape);
        const dpid_domain real = dpid_domain_real();
        const dpid_identity_options options = dpid_identity_defaults();
        dpid_witness witness;
        dpid_measurement m;
        double *x = calloc((size_t)values, sizeof *x);
        random_array(6, values, -1, 1, x);
        OK(dpid_identity_construct(net, &real, &options, &witness));
        if (witness.status != DEEPID_IDENTITY_E)
            fail_msg("%s: %s", texts[i], witness.sentence);
        OK(dpid_identity_measure(net, DEEPID_F64, DPID_EVAL, 3, x, &m));
        if (!m.bitwise)
            fail_msg("%s is off by %g", texts[i], m.error);
        free(x);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* The rest of a net as a net of its own gives, from what stands there, what the net gives. */
static void what_stands_behind_a_block_is_the_rest_of_the_net(void **state)
{
    (void)state;
    enum { N = 5 };
    static const struct {
        const char *text;
        int64_t places;
    } nets[] = {{"input 4; dense out=3; batchnorm; tanh; plain { dense out=3; batchnorm; tanh }; 2 * identity { dense "
                 "out=3; batchnorm; tanh }; dense out=3; batchnorm; dense out=2",
                 4},
                {"input 4; dense out=3; tanh; dense out=3; tanh; dense out=2", 1},
                {"input 4x4x2; conv2d out=2 kernel=3; batchnorm; 2 * plain { conv2d out=2 kernel=3; batchnorm; relu }; "
                 "global_avgpool; dense out=2",
                 3}};
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        deepid_net *net = random_net(ctx, nets[i].text, DEEPID_F64, 8);
        OK(dpid_net_prepare(net, N, true));
        OK(dpid_net_keep_all(net, true));
        random_array(9, N * dpid_shape_count(&net->value[0].shape), -1, 1, dpid_net_input(net));
        OK(dpid_net_run_forward(net, DPID_EVAL, N));
        for (int64_t where = 0; where < nets[i].places; where++) {
            deepid_net *head = NULL;
            int32_t value;
            OK(dpid_identity_head(net, where, &value, &head));
            assert_non_null(head);
            OK(dpid_net_prepare(head, N, false));
            memcpy(dpid_net_input(head), dpid_net_value(net, value),
                   sizeof(double) * (size_t)(N * dpid_shape_count(&net->value[value].shape)));
            OK(dpid_net_run_forward(head, DPID_EVAL, N));
            for (int k = 0; k < N * 2; k++) {
                const double got = ((const double *)dpid_net_output(head))[k];
                const double expected = ((const double *)dpid_net_output(net))[k];
                if (!(fabs(got - expected) <= 1e-12))
                    fail_msg("%s behind %lld blocks: output %d is %.15g, expected %.15g", nets[i].text,
                             (long long)where, k, got, expected);
            }
            deepid_net_destroy(head);
        }
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_of_the_last_place_are_counted_by_their_bins),
        cmocka_unit_test(every_kink_counts),
        cmocka_unit_test(sharpness_and_decay_are_their_formulas),
        cmocka_unit_test(ranges_at_a_join_take_the_skips_weight),
        cmocka_unit_test(kernels_that_are_not_square_are_identities_too),
        cmocka_unit_test(what_stands_behind_a_block_is_the_rest_of_the_net),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
