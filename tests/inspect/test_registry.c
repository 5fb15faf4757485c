/* What every probe promises, over the list of probes: the same bits for any number of threads, a net that is left
   alone, memory that runs out, data that do not fit. */
#include "support/support.h"

#include <math.h>

typedef struct {
    const char *net, *data;
} task;

static const task tasks[] = {
    {"input 2; dense out=6; batchnorm; relu; 2 * plain { dense out=6; batchnorm; relu }; 2 * identity { dense out=6; "
     "relu; dense out=6 }; dense out=2",
     "spirals n=90"},
    {"input 8x8x1; conv2d out=4 kernel=3; batchnorm; relu; identity out=4; plain out=4; global_avgpool; dense out=4",
     "gratings n=70"},
};
enum { TASKS = sizeof tasks / sizeof *tasks };

static int32_t make(deepid_ctx *ctx, const task *t, deepid_net **net, deepid_dataset **data)
{
    int32_t status = deepid_dataset_generate(ctx, t->data, 7, data);
    if (status == DEEPID_OK)
        status = deepid_net_create(ctx, t->net, DEEPID_F32, net);
    if (status == DEEPID_OK)
        status = deepid_net_init(*net, "he", 3);
    return status;
}

/* ---- bits ------------------------------------------------------------------------------ */

static uint64_t table_bits(const char *word, int32_t threads, const task *t)
{
    deepid_ctx *ctx = new_ctx(threads);
    deepid_net *net = NULL;
    deepid_dataset *data = NULL;
    deepid_table *table = NULL;
    OK(make(ctx, t, &net, &data));
    const uint64_t before = bits(deepid_net_trained_data(net), deepid_net_trained_count(net) * (int64_t)sizeof(float));
    OK(deepid_net_inspect(net, data, word, &table));
    if (bits(deepid_net_trained_data(net), deepid_net_trained_count(net) * (int64_t)sizeof(float)) != before)
        fail_msg("%s: the net is not what it was", word);
    if (deepid_table_rows(table) < 1)
        fail_msg("%s: no rows for %s", word, t->net);
    const char *text = deepid_table_text(table);
    uint64_t hash = bits(text, (int64_t)strlen(text));
    for (int64_t c = 0; c < deepid_table_columns(table); c++)
        hash = hash * 31 + bits(deepid_table_column(table, c), deepid_table_rows(table) * (int64_t)sizeof(double));
    deepid_table_destroy(table);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
    return hash;
}

static void every_probe_has_the_same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    for (int64_t i = 0; deepid_probe_word(i); i++)
        for (int t = 0; t < TASKS; t++) {
            const uint64_t one = table_bits(deepid_probe_word(i), 1, &tasks[t]);
            for (int32_t threads = 2; threads <= 5; threads += 3)
                if (table_bits(deepid_probe_word(i), threads, &tasks[t]) != one)
                    fail_msg("%s of %s: other numbers with %d threads than with 1", deepid_probe_word(i), tasks[t].net,
                             threads);
        }
}

/* ---- failures ----------------------------------------------------------------------------- */

static int32_t inspect_once(deepid_ctx *ctx, void *arg)
{
    deepid_net *net = NULL;
    deepid_dataset *data = NULL;
    deepid_table *table = NULL;
    int32_t status = make(ctx, &tasks[1], &net, &data);
    if (status == DEEPID_OK)
        status = deepid_net_inspect(net, data, arg, &table);
    deepid_table_destroy(table);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    return status;
}

static void every_probe_survives_memory_that_runs_out(void **state)
{
    (void)state;
    for (int64_t i = 0; deepid_probe_word(i); i++) {
        char text[80];
        snprintf(text, sizeof text, "%s samples=20", deepid_probe_word(i));
        survives_every_failing_allocation(text, inspect_once, text);
    }
}

static void every_probe_refuses_what_does_not_fit(void **state)
{
    (void)state;
    for (int64_t i = 0; deepid_probe_word(i); i++) {
        deepid_ctx *ctx = new_ctx(1);
        deepid_ctx *other = new_ctx(1);
        deepid_net *net = NULL;
        deepid_dataset *data = NULL;
        deepid_dataset *pictures = NULL;
        deepid_dataset *foreign = NULL;
        deepid_table *table = NULL;
        char text[80];
        OK(make(ctx, &tasks[0], &net, &data));
        OK(deepid_dataset_generate(ctx, "gratings n=20", 1, &pictures));
        assert_int_equal(deepid_dataset_generate(other, "spirals n=20", 1, &foreign), DEEPID_OK);
        snprintf(text, sizeof text, "%s nonsense=1", deepid_probe_word(i));
        REFUSED(deepid_net_inspect(net, data, text, &table), DEEPID_ERR_SPEC, "nonsense");
        REFUSED(deepid_net_inspect(net, pictures, deepid_probe_word(i), &table), DEEPID_ERR_SHAPE, "8x8x1");
        REFUSED(deepid_net_inspect(net, foreign, deepid_probe_word(i), &table), DEEPID_ERR_ARGUMENT, "contexts");
        REFUSED(deepid_net_inspect(net, NULL, deepid_probe_word(i), &table), DEEPID_ERR_ARGUMENT, "data");
        REFUSED(deepid_net_inspect(net, data, deepid_probe_word(i), NULL), DEEPID_ERR_ARGUMENT, "out");
        assert_null(table);
        assert_non_null(strstr(deepid_probe_help(deepid_probe_word(i)), "samples"));
        deepid_dataset_destroy(foreign);
        deepid_dataset_destroy(pictures);
        deepid_dataset_destroy(data);
        deepid_net_destroy(net);
        deepid_ctx_destroy(other);
        deepid_ctx_destroy(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_probe_has_the_same_bits_for_any_number_of_threads),
        cmocka_unit_test(every_probe_survives_memory_that_runs_out),
        cmocka_unit_test(every_probe_refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
