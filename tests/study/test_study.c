/* Studies: the same numbers for any number of workers, resumed or not; stops; divergence; refusals. */
#include "support/support.h"

#include "study/study.h"

#include <math.h>

typedef struct {
    deepid_ctx *ctx;
    deepid_dataset *train, *valid;
    deepid_study *study;
} run;

static void open_study(run *r, const char *folder, double threads)
{
    deepid_ctx *ctx = r->ctx = new_ctx(2);
    OK(deepid_dataset_open(ctx, "spirals n=64", 7, &r->train, &r->valid));
    OK(deepid_study_create(ctx, r->train, r->valid, &r->study));
    OK(deepid_study_add(r->study, "S", "mlp", "plain", 1, "input 2; dense out=8; batchnorm; relu; 1 * plain { dense out=8; relu }; dense out=2"));
    OK(deepid_study_add(r->study, "D", "mlp", "plain", 5, "input 2; dense out=8; batchnorm; relu; 5 * plain { dense out=8; relu }; dense out=2"));
    OK(deepid_study_set_seeds(r->study, 3, 4));
    OK(deepid_study_set_number(r->study, "steps", 30));
    OK(deepid_study_set_number(r->study, "history_points", 5));
    OK(deepid_study_set_number(r->study, "batch", 16));
    OK(deepid_study_set_number(r->study, "threads", threads));
    OK(deepid_study_set_folder(r->study, folder));
}

static void close_study(run *r)
{
    deepid_study_destroy(r->study);
    deepid_dataset_destroy(r->valid);
    deepid_dataset_destroy(r->train);
    deepid_ctx_destroy(r->ctx);
}

/* Bits of everything but the seconds. */
static uint64_t bits_of(run *r)
{
    deepid_ctx *ctx = r->ctx;
    deepid_table *results = NULL;
    deepid_table *history = NULL;
    uint64_t hash = 0;
    OK(deepid_study_results(r->study, &results));
    OK(deepid_study_history(r->study, &history));
    assert_int_equal(deepid_table_rows(results), 8);
    assert_int_equal(deepid_table_rows(history), 48);
    for (int64_t k = 0; k < deepid_table_columns(results); k++)
        if (k != deepid_table_find_column(results, "seconds"))
            hash = hash * 31 + bits(deepid_table_column(results, k), 8 * 8);
    for (int64_t k = 0; k < deepid_table_columns(history); k++)
        hash = hash * 31 + bits(deepid_table_column(history, k), 8 * 48);
    deepid_table_destroy(history);
    deepid_table_destroy(results);
    return hash;
}

static int32_t stop_after_three(void *user, const deepid_study_event *event)
{
    if (deepid_study_event_tasks_done(event) >= 3)
        deepid_study_request_stop(user);
    assert_int_equal(deepid_study_event_tasks(event), 8);
    assert_true(deepid_study_event_share(event) >= 0 && deepid_study_event_share(event) <= 1);
    return 0;
}

static void workers_interruptions_and_shards_change_nothing(void **state)
{
    (void)state;
    run r;
    open_study(&r, NULL, 1);
    deepid_ctx *ctx = r.ctx;
    OK(deepid_study_run(r.study, NULL, NULL));
    const uint64_t expected = bits_of(&r);
    close_study(&r);

    open_study(&r, NULL, 3);
    ctx = r.ctx;
    OK(deepid_study_run(r.study, NULL, NULL));
    assert_int_equal(bits_of(&r), expected);
    deepid_net *net = NULL;
    double loss;
    double again;
    OK(deepid_study_net(r.study, 5, &net));
    OK(deepid_net_evaluate(net, r.train, NULL, &loss, NULL));
    deepid_table *results = NULL;
    OK(deepid_study_results(r.study, &results));
    again = deepid_table_get(results, 5, deepid_table_find_column(results, "train_loss"));
    assert_true(loss == again); /* the net handed out is the net that was measured */
    deepid_table_destroy(results);
    deepid_net_destroy(net);
    close_study(&r);

    const char *folder = temporary("stopped");
    open_study(&r, folder, 2);
    ctx = r.ctx;
    const int32_t status = deepid_study_run(r.study, stop_after_three, r.study);
    assert_true(status == DEEPID_STOPPED || status == DEEPID_OK);
    close_study(&r);
    open_study(&r, folder, 2);
    ctx = r.ctx;
    OK(deepid_study_run(r.study, NULL, NULL));
    assert_int_equal(bits_of(&r), expected);
    OK(deepid_study_net(r.study, 5, &net)); /* from the folder or from memory */
    OK(deepid_net_evaluate(net, r.train, NULL, &again, NULL));
    assert_true(loss == again);
    deepid_net_destroy(net);
    OK(deepid_study_write(r.study, "replay me"));
    close_study(&r);

    folder = temporary("shards");
    for (int shard = 0; shard < 2; shard++) {
        open_study(&r, folder, 1);
        ctx = r.ctx;
        OK(deepid_study_set_number(r.study, "shards", 2));
        OK(deepid_study_set_number(r.study, "shard", shard));
        OK(deepid_study_run(r.study, NULL, NULL));
        assert_int_equal(deepid_study_tasks_done(r.study), shard ? 8 : 4);
        if (shard)
            assert_int_equal(bits_of(&r), expected);
        close_study(&r);
    }
}

static int32_t refuse(void *user, const deepid_study_event *event)
{
    (void)user;
    (void)event;
    return 9;
}

static void another_configuration_and_wrong_use_are_refused(void **state)
{
    (void)state;
    run r;
    const char *folder = temporary("other");
    open_study(&r, folder, 1);
    deepid_ctx *ctx = r.ctx;
    OK(deepid_study_run(r.study, NULL, NULL));
    OK(deepid_study_set_number(r.study, "learning_rate", 0.5));
    REFUSED(deepid_study_run(r.study, NULL, NULL), DEEPID_ERR_STATE, "its learning_rate is '0.03', here it is '0.5'");
    REFUSED(deepid_study_set_number(r.study, "learning_rate", -1), DEEPID_ERR_ARGUMENT, "learning_rate is -1");
    REFUSED(deepid_study_set_number(r.study, "batch", 65), DEEPID_ERR_ARGUMENT, "batch is 65");
    REFUSED(deepid_study_set_number(r.study, "speed", 1), DEEPID_ERR_ARGUMENT, "unknown number 'speed'");
    REFUSED(deepid_study_set_text(r.study, "font", "x"), DEEPID_ERR_ARGUMENT, "unknown text 'font'");
    REFUSED(deepid_study_set_seeds(r.study, 1, 0), DEEPID_ERR_ARGUMENT, "0 seeds");
    REFUSED(deepid_study_add(r.study, "D", "mlp", "plain", 1, "input 3; dense out=2"), DEEPID_ERR_SHAPE, "the net takes 3, the data has samples of 2");
    REFUSED(deepid_study_add(r.study, "D", "mlp", "plain", 1, "input 2; dens out=2"), DEEPID_ERR_SPEC, "nearest: dense");
    OK(deepid_study_set_folder(r.study, NULL));
    OK(deepid_study_set_text(r.study, "optimizer", "sgdd"));
    REFUSED(deepid_study_run(r.study, NULL, NULL), DEEPID_ERR_SPEC, "unknown optimizer 'sgdd'");
    OK(deepid_study_set_text(r.study, "optimizer", "sgd"));
    REFUSED(deepid_study_run(r.study, refuse, NULL), DEEPID_ERR_CALLBACK, "returned 9");
    REFUSED(deepid_study_write(r.study, NULL), DEEPID_ERR_STATE, "no folder");
    deepid_net *net = NULL;
    REFUSED(deepid_study_net(r.study, 8, &net), DEEPID_ERR_ARGUMENT, "task is 8");
    deepid_study *none = NULL;
    REFUSED(deepid_study_create(ctx, NULL, NULL, &none), DEEPID_ERR_ARGUMENT, "must be datasets");
    OK(deepid_study_create(ctx, r.train, NULL, &none));
    REFUSED(deepid_study_run(none, NULL, NULL), DEEPID_ERR_STATE, "there is no net");
    deepid_study_destroy(none);
    close_study(&r);
}

/* a rate that is far too large: recorded as diverged with infinite loss, not an error */
static void divergence_is_a_result(void **state)
{
    (void)state;
    run r;
    const char *folder = temporary("diverged");
    for (int again = 0; again < 2; again++) { /* and read back from the files */
        open_study(&r, folder, 2);
        deepid_ctx *ctx = r.ctx;
        OK(deepid_study_set_number(r.study, "learning_rate", 1e30));
        OK(deepid_study_run(r.study, NULL, NULL));
        deepid_table *results = NULL;
        OK(deepid_study_results(r.study, &results));
        for (int64_t i = 0; i < 8; i++) {
            assert_true(deepid_table_get(results, i, deepid_table_find_column(results, "diverged")) == 1);
            assert_true(isinf(deepid_table_get(results, i, deepid_table_find_column(results, "train_loss"))));
        }
        deepid_net *net = NULL;
        if (again)
            REFUSED(deepid_study_net(r.study, 0, &net), DEEPID_ERR_STATE, "diverged");
        deepid_table_destroy(results);
        close_study(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_interruptions_and_shards_change_nothing),
        cmocka_unit_test(another_configuration_and_wrong_use_are_refused),
        cmocka_unit_test(divergence_is_a_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
