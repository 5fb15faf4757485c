/* The gradient check on nets by chance (support/random_net.h), distorted: weights from 1e-9 to 1e9 times a start's,
   units dead on all samples, units saturated. None is accused, and the check sees most of them.
   test_gradient_check_random [--count N] [--first SEED] */
#include "support/nets.h"
#include "support/random_net.h"

#include "base/random.h"

#include <deepid/inspect.h>

#include <math.h>
#include <stdlib.h>

static int64_t first_seed = 1;
static int64_t count = 60;

/* Each parameter of its own size; every third bias so low or so high that its units are dead or saturated. */
static void distort(deepid_net *net, uint64_t seed)
{
    enum { STREAM = 1003, DECADES = 9 };
    dpid_random r = dpid_random_make(seed, STREAM, 0);
    const double reach = dpid_random_uniform(&r) * DECADES;
    for (int32_t i = 0; i < net->trained; i++) {
        const double factor = pow(10, reach * (2 * dpid_random_uniform(&r) - 1));
        const double push = dpid_random_uniform(&r) < 0.3 ? 50 * factor : 0;
        for (int64_t k = 0; k < net->parameter[i].count; k++) {
            const double value = dpid_fetch(net->precision, dpid_net_parameter_at(net, i), k);
            const bool pushed = net->parameter[i].spec.role == DPID_ROLE_BIAS && k % 2;
            dpid_store(net->precision, dpid_net_parameter_at(net, i), k,
                       factor * value + (pushed ? (k % 4 == 1 ? -push : push) : 0));
        }
    }
}

/* ---- one net ----------------------------------------------------------------------------------- */

typedef struct {
    int64_t rows, blind, refused, nets;
} tally;

static void read_table(const drawn_net *drawn, const char *mode, deepid_table *t, tally *sum)
{
    const int64_t error = deepid_table_find_column(t, "error");
    for (int64_t i = 0; i < deepid_table_rows(t); i++) {
        sum->rows++;
        sum->blind += isnan(deepid_table_get(t, i, error));
        if (deepid_table_get(t, i, error) > 1e-6)
            fail_msg("seed %llu, batch %lld, mode %s: %s is accused, error %g, second %g, resolution %g\n%s",
                     (unsigned long long)drawn->seed, (long long)drawn->batch, mode, deepid_table_row_name(t, i),
                     deepid_table_get(t, i, error), deepid_table_get(t, i, deepid_table_find_column(t, "second")),
                     deepid_table_get(t, i, deepid_table_find_column(t, "resolution")), drawn->text);
    }
}

static void check_seed(deepid_ctx *ctx, uint64_t seed, tally *sum)
{
    static const char *const modes[] = {"eval", "train"};
    drawn_net drawn;
    draw_classifier(ctx, seed, &drawn);
    if (drawn.has_planted)
        return;
    deepid_net *net = random_net(ctx, drawn.text, seed % 2 ? DEEPID_F32 : DEEPID_F64, seed);
    deepid_dataset *data = NULL;
    double *x = NULL;
    distort(net, seed);
    random_classes(ctx, &drawn, net, &x, &data);
    sum->nets++;
    for (int m = 0; m <= drawn.trains; m++) {
        char word[64];
        deepid_table *t = NULL;
        snprintf(word, sizeof word, "gradient_check mode=%s directions=1", modes[m]);
        const int32_t status = deepid_net_inspect(net, data, word, &t);
        if (status == DEEPID_OK)
            read_table(&drawn, modes[m], t, sum);
        else if (status != DEEPID_ERR_NUMERIC) /* too large even for f64: refused, naming the layer */
            fail_msg("seed %llu: %s\n%s", (unsigned long long)seed, deepid_ctx_error(ctx), drawn.text);
        sum->refused += status != DEEPID_OK;
        deepid_table_destroy(t);
    }
    deepid_dataset_destroy(data);
    free(x);
    deepid_net_destroy(net);
}

static void distorted_nets_are_not_accused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(2);
    tally sum = {0};
    for (int64_t i = 0; i < count; i++)
        check_seed(ctx, (uint64_t)(first_seed + i), &sum);
    print_message("%lld nets, %lld rows, %lld blind, %lld refused\n", (long long)sum.nets, (long long)sum.rows,
                  (long long)sum.blind, (long long)sum.refused);
    assert_true(sum.blind * 20 <= sum.rows);
    deepid_ctx_destroy(ctx);
}

int main(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--count") == 0)
            count = atoll(argv[i + 1]);
        if (strcmp(argv[i], "--first") == 0)
            first_seed = atoll(argv[i + 1]);
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(distorted_nets_are_not_accused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
