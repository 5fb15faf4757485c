/* Ranks that differ, fail, stop or see what is not finite: all of them say so, alike, and nothing is lost. */
#include "support/ranks.h"
#include "support/training.h"

#include "train/trainer.h"

#include <pthread.h>

static const recipe small = {.net = "input 2; dense out=8; batchnorm; relu; dense out=8; relu; dense out=3",
                             .data = "spirals n=96 classes=3",
                             .batch = 32,
                             .shard = 8,
                             .steps = 6,
                             .optimizer = "sgd momentum=0.9"};

/* Trains on three ranks, where `change` does something to one of them first; r stays open. */
static void train_three(rank_run *r, hall *h, const recipe *c, void (*change)(void *, int32_t, deepid_trainer *),
                        void *arg)
{
    open_ranks(r, h, 3, c);
    for (int i = 0; i < 3; i++) {
        r[i].change = change;
        r[i].arg = arg;
    }
    fit_ranks(r, 3);
}

/* ---- what has to be alike ------------------------------------------------------------------------- */

static void other_net(void *arg, int32_t rank, deepid_trainer *t)
{
    (void)arg;
    if (rank == 1)
        t->net->text[0] ^= 1;
}

static void other_rate(void *arg, int32_t rank, deepid_trainer *t)
{
    (void)arg;
    if (rank == 1)
        deepid_trainer_set_learning_rate(t, 0.2);
}

static void other_seed(void *arg, int32_t rank, deepid_trainer *t)
{
    (void)arg;
    if (rank == 1)
        deepid_trainer_set_seed(t, 2);
}

static void other_loss(void *arg, int32_t rank, deepid_trainer *t)
{
    (void)arg;
    if (rank == 2)
        deepid_trainer_set_loss(t, "cross_entropy smoothing=0.1");
}

static void other_start(void *arg, int32_t rank, deepid_trainer *t)
{
    (void)arg;
    if (rank == 0)
        ((float *)t->net->values)[3] += 1e-6F;
}

static void other_instructions(void *arg, int32_t rank, deepid_trainer *t)
{
    (void)arg;
    if (rank == 1)
        deepid_ctx_set_isa(t->head.ctx, "baseline");
}

static void other_states(void *arg, int32_t rank, deepid_trainer *t)
{
    (void)arg;
    if (rank == 2)
        ((float *)t->net->states)[0] = 1;
}

static void other_label(void *arg, int32_t rank, deepid_trainer *t)
{
    (void)arg;
    if (rank == 1)
        t->data->labels[95] = (t->data->labels[95] + 1) % 3;
}

static void other_feature(void *arg, int32_t rank, deepid_trainer *t)
{
    (void)arg;
    if (rank == 1)
        ((float *)t->data->owned_x)[17] += 1;
}

static void other_place(void *arg, int32_t rank, deepid_trainer *t)
{
    (void)arg;
    if (rank == 2)
        t->step = t->epoch = 1;
}

static void other_ranks(void *arg, int32_t rank, deepid_trainer *t)
{
    if (rank == 1)
        deepid_trainer_set_allreduce(t, exchange_in_hall, arg, 1, 4);
}

static void what_differs_is_refused_by_name_on_all_ranks(void **state)
{
    (void)state;
    static const struct {
        void (*change)(void *, int32_t, deepid_trainer *);
        const char *part;
    } cases[] = {{other_net, "differ in the net"},
                 {other_rate, "differ in the settings"},
                 {other_seed, "differ in the settings"},
                 {other_loss, "differ in the settings"},
                 {other_start, "differ in the values of the net"},
                 {other_states, "differ in the values of the net"},
                 {other_instructions, "differ in the instruction set"},
                 {other_label, "differ in the data"},
                 {other_feature, "differ in the data"},
                 {other_place, "differ in the place in training"},
                 {other_ranks, "differ in the number of ranks"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (cases[i].change == other_instructions && !dpid_isa_runs(DPID_ISA_AVX2))
            continue; /* a CPU of one instruction set */
        rank_run r[3];
        hall *h = open_hall(3);
        train_three(r, h, &small, cases[i].change, h);
        all_ended(r, 3, DEEPID_ERR_STATE, cases[i].part);
        for (int k = 0; k < 3; k++)
            if (r[k].done != (cases[i].change == other_place && k == 2))
                fail_msg("%s: rank %d has done %lld steps", cases[i].part, k, (long long)r[k].done);
        assert_non_null(strstr(r[1].sentence, "rank 1 of"));
        if (cases[i].change == other_net)
            r[1].net->text[0] ^= 1;
        close_ranks(r, 3);
        close_hall(h);
    }
}

/* Two of a number, and one number that lacks: its shards were computed by nobody. */
static void twice_the_same_rank(void *arg, int32_t rank, deepid_trainer *t)
{
    if (rank == 1)
        deepid_trainer_set_allreduce(t, exchange_in_hall, arg, 0, 3);
}

static void a_rank_that_lacks_is_found(void **state)
{
    (void)state;
    rank_run r[3];
    hall *h = open_hall(3);
    train_three(r, h, &small, twice_the_same_rank, h);
    all_ended(r, 3, DEEPID_ERR_STATE, "of the batch: the 3 ranks have to have the numbers 0 to 2, each once");
    close_ranks(r, 3);
    close_hall(h);
}

/* ---- failures ------------------------------------------------------------------------------------- */

static void no_memory(void *arg, int32_t rank, deepid_trainer *t)
{
    (void)arg;
    if (rank == 2)
        deepid_ctx_set_limit(t->head.ctx, "memory_bytes", deepid_ctx_memory(t->head.ctx) + 1000);
}

static void a_rank_that_fails_is_named_by_the_others(void **state)
{
    (void)state;
    rank_run r[3];
    hall *h = open_hall(3);
    train_three(r, h, &small, no_memory, NULL);
    all_ended(r, 2, DEEPID_ERR_LIMIT, "step 1: rank 2 of 3 failed with DEEPID_ERR_LIMIT; nothing was changed");
    assert_int_equal(r[2].status, DEEPID_ERR_LIMIT);
    assert_non_null(strstr(r[2].sentence, "memory"));
    close_ranks(r, 3);
    close_hall(h);
}

/* A net that cannot train on one sample: two shards of two are fine, two of one are not. */
static void a_shard_that_is_too_small_is_refused_on_all_ranks(void **state)
{
    (void)state;
    rank_run r[3];
    hall *h = open_hall(3);
    recipe c = small;
    c.shard = 1;
    train_three(r, h, &c, NULL, NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal(r[i].status, DEEPID_ERR_SHAPE);
    close_ranks(r, 3);
    close_hall(h);
}

/* Rank 1 leaves after three steps. */
static int32_t leave(void *user, const deepid_event *event)
{
    rank_run *r = user;
    if (r->rank != 1 || deepid_event_step(event) < 3)
        return 0;
    break_hall(r->hall);
    return 9;
}

static void *fit_and_leave(void *arg)
{
    rank_run *r = arg;
    r->status = deepid_trainer_fit(r->trainer, r->steps, leave, r);
    snprintf(r->sentence, sizeof r->sentence, "%s", deepid_ctx_error(r->ctx));
    return NULL;
}

static void a_callback_that_fails_ends_the_fit_and_loses_nothing(void **state)
{
    (void)state;
    rank_run r[3];
    pthread_t thread[3];
    hall *h = open_hall(3);
    open_ranks(r, h, 3, &small);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, fit_and_leave, &r[i]), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    all_ended(r + 1, 1, DEEPID_ERR_CALLBACK, "the callback returned 9");
    for (int i = 0; i < 3; i += 2) {
        all_ended(r + i, 1, DEEPID_ERR_CALLBACK, "the allreduce of checksums returned 5 on rank");
        assert_non_null(strstr(r[i].sentence, "step 4: "));
        assert_non_null(strstr(r[i].sentence, "of 3: a rank has left; nothing was changed"));
        assert_int_equal(deepid_ctx_callback_code(r[i].ctx), 5);
        assert_int_equal(deepid_trainer_steps_done(r[i].trainer), 3);
    }
    assert_int_equal(bits_of_ranks(r, 3), bits_of_ranks(r, 3)); /* of three steps, on all */
    /* those that are left go on, two of two */
    hall *two = open_hall(2);
    for (int i = 0; i < 2; i++) {
        deepid_ctx *ctx = r[2 * i].ctx;
        OK(deepid_trainer_set_allreduce(r[2 * i].trainer, exchange_in_hall, two, i, 2));
        r[2 * i].steps = 3;
    }
    rank_run left[2] = {r[0], r[2]};
    fit_ranks(left, 2);
    all_ended(left, 2, DEEPID_OK, "");
    rank_run one;
    open_ranks(&one, NULL, 1, &small);
    fit_ranks(&one, 1);
    const run a = {.net = left[0].net};
    const run b = {.net = one.net};
    assert_true(bits_of(&a) == bits_of(&b));
    close_ranks(&one, 1);
    close_ranks(r, 3);
    close_hall(h);
    close_hall(two);
}

/* ---- exchanges that fail, each in turn ------------------------------------------------------------ */

typedef struct {
    int64_t calls, fail_at;
} counted;

static int32_t fail_once(void *user, int32_t how, int64_t *numbers, int64_t count, const char **why)
{
    counted *c = user;
    (void)how;
    if (++c->calls != c->fail_at)
        return 0;
    for (int64_t i = 0; i < count; i++)
        numbers[i] = 77; /* half done */
    *why = c->calls % 2 ? "the cable was pulled" : NULL;
    return -3;
}

static uint64_t steps_with_a_failure(const char *optimizer, const char *norm, int64_t fail_at, int64_t *calls)
{
    counted c = {.fail_at = fail_at};
    rank_run r;
    recipe of = small;
    of.optimizer = optimizer;
    of.norm = norm;
    open_ranks(&r, NULL, 1, &of);
    deepid_ctx *ctx = r.ctx;
    int failures = 0;
    OK(deepid_trainer_set_allreduce(r.trainer, fail_once, &c, 0, 1));
    while (deepid_trainer_steps_done(r.trainer) < 3) {
        const int32_t status = deepid_trainer_step(r.trainer);
        failures += status != DEEPID_OK;
        if (status != DEEPID_OK &&
            (status != DEEPID_ERR_CALLBACK || !strstr(deepid_ctx_error(ctx), "returned -3 on rank 0 of 1")))
            fail_msg("call %lld: %d, '%s'", (long long)fail_at, status, deepid_ctx_error(ctx));
    }
    assert_int_equal(failures, fail_at > 0 && fail_at <= c.calls);
    const run end = {.net = r.net};
    const uint64_t bits = bits_of(&end);
    *calls = c.calls;
    close_ranks(&r, 1);
    return bits;
}

static void a_step_after_a_failed_exchange_gives_the_bits_of_one_without(void **state)
{
    (void)state;
    static const char *const norms[] = {"shard", "batch"};
    for (int i = 0; i < 2; i++) {
        int64_t calls;
        int64_t with;
        const uint64_t expected = steps_with_a_failure("adam", norms[i], 0, &calls);
        assert_int_equal(calls, i == 0 ? 9 : 15); /* three steps; two more for the one batch-norm */
        for (int64_t k = 1; k <= calls; k++)
            if (steps_with_a_failure("adam", norms[i], k, &with) != expected)
                fail_msg("by %s, exchange %lld failed once: other bits", norms[i], (long long)k);
    }
}

/* L-BFGS cannot be told to stop in a line search: it must not ask the others again. */
static void a_failure_ends_lbfgs_at_once(void **state)
{
    (void)state;
    int64_t calls;
    steps_with_a_failure("lbfgs", "shard", 0, &calls);
    for (int64_t k = 1; k <= calls; k++) {
        counted c = {.fail_at = k};
        rank_run r;
        recipe of = small;
        of.optimizer = "lbfgs";
        open_ranks(&r, NULL, 1, &of);
        deepid_ctx *ctx = r.ctx;
        OK(deepid_trainer_set_allreduce(r.trainer, fail_once, &c, 0, 1));
        REFUSED(deepid_trainer_fit(r.trainer, 1000, NULL, NULL), DEEPID_ERR_CALLBACK, "returned -3 on rank 0 of 1");
        assert_int_equal(c.calls, k);
        close_ranks(&r, 1);
    }
}

/* ---- not finite ----------------------------------------------------------------------------------- */

/* Sample 0 is in the middle of some batch, so in a shard of one rank; every rank names the same layer. */
static void a_wild_weight(void *arg, int32_t rank, deepid_trainer *t)
{
    (void)rank;
    ((float *)t->net->values)[*(const int *)arg] = 3e38F;
}

static void what_is_not_finite_is_named_alike(void **state)
{
    (void)state;
    static const int weights[] = {0, 40, 60};
    for (int k = 0; k < 3; k++) {
        rank_run r[3];
        hall *h = open_hall(3);
        recipe c = small;
        c.net = "input 2; dense out=8; dense out=8; dense out=8; dense out=3";
        int at = weights[k];
        train_three(r, h, &c, a_wild_weight, &at);
        assert_int_equal(r[0].status, DEEPID_ERR_NUMERIC);
        all_ended(r, 3, DEEPID_ERR_NUMERIC, r[0].sentence);
        assert_non_null(strstr(r[0].sentence, "dense"));
        bits_of_ranks(r, 3);
        char said[sizeof r->sentence];
        memcpy(said, r->sentence, sizeof said);
        close_ranks(r, 3);
        /* one batch says the same */
        c.shard = 0;
        open_ranks(r, NULL, 1, &c);
        r->change = a_wild_weight;
        r->arg = &at;
        fit_ranks(r, 1);
        all_ended(r, 1, DEEPID_ERR_NUMERIC, said);
        close_ranks(r, 1);
        close_hall(h);
    }
}

/* A rate that throws the net out: skipped steps are counted alike, and the bits stay those of one rank. */
static void skipped_steps_are_the_same_on_any_number_of_ranks(void **state)
{
    (void)state;
    recipe c = small;
    c.net = "input 2; 8 * plain { dense out=9 }; dense out=3";
    c.rate = 1e12;
    c.steps = 20;
    c.nonfinite = "record";
    c.optimizer = "sgd";
    rank_run r;
    open_ranks(&r, NULL, 1, &c);
    fit_ranks(&r, 1);
    all_ended(&r, 1, DEEPID_OK, "");
    assert_true(deepid_trainer_nonfinite_steps(r.trainer) > 0);
    const uint64_t one = bits_of_ranks(&r, 1);
    close_ranks(&r, 1);
    for (int32_t ranks = 2; ranks <= 4; ranks++)
        assert_true(train_on_ranks(&c, ranks) == one);
}

/* ---- stops, settings ------------------------------------------------------------------------------ */

static void ask_one_to_stop(void *arg, int32_t rank, deepid_trainer *t)
{
    (void)arg;
    if (rank == 2)
        deepid_trainer_request_stop(t);
}

static void a_stop_of_one_rank_ends_all_after_the_same_step(void **state)
{
    (void)state;
    rank_run r[3];
    hall *h = open_hall(3);
    train_three(r, h, &small, ask_one_to_stop, NULL);
    all_ended(r, 3, DEEPID_STOPPED, "asked to stop after step 1");
    for (int i = 0; i < 3; i++) {
        r[i].change = NULL;
        r[i].steps = 5;
    }
    fit_ranks(r, 3);
    all_ended(r, 3, DEEPID_OK, "");
    const uint64_t bits = bits_of_ranks(r, 3);
    assert_true(bits == train_on_ranks(&small, 1));
    close_ranks(r, 3);
    close_hall(h);
}

static void a_step_exchanges_what_the_manual_says(void **state)
{
    (void)state;
    rank_run r[2];
    hall *h = open_hall(2);
    recipe c = small;
    c.steps = 1;
    open_ranks(r, h, 2, &c);
    fit_ranks(r, 2);
    all_ended(r, 2, DEEPID_OK, "");
    const deepid_net *net = r[0].net;
    assert_int_equal(hall_calls(h), 3);
    assert_int_equal(hall_numbers(h), 20 + (1 + net->parameters + 32) + net->values_reals + net->states_reals);
    close_ranks(r, 2);
    close_hall(h);
}

static void bad_settings_are_refused(void **state)
{
    (void)state;
    rank_run r;
    counted c = {0};
    open_ranks(&r, NULL, 1, &small);
    deepid_ctx *ctx = r.ctx;
    REFUSED(deepid_trainer_set_shards(r.trainer, -1), DEEPID_ERR_ARGUMENT, "shards is -1 samples, expected 1 or more");
    REFUSED(deepid_trainer_set_allreduce(r.trainer, fail_once, &c, 2, 2), DEEPID_ERR_ARGUMENT, "rank 2 of 2");
    REFUSED(deepid_trainer_set_allreduce(r.trainer, fail_once, &c, -1, 2), DEEPID_ERR_ARGUMENT, "rank -1 of 2");
    REFUSED(deepid_trainer_set_allreduce(r.trainer, fail_once, &c, 0, 0), DEEPID_ERR_ARGUMENT, "rank 0 of 0");
    REFUSED(deepid_trainer_set_allreduce(r.trainer, NULL, NULL, 0, 2), DEEPID_ERR_ARGUMENT, "the function is NULL");
    assert_int_equal(deepid_trainer_set_shards(NULL, 1), DEEPID_ERR_ARGUMENT);
    assert_int_equal(deepid_trainer_set_allreduce(NULL, fail_once, &c, 0, 1), DEEPID_ERR_ARGUMENT);
    REFUSED(deepid_trainer_set_batchnorm(r.trainer, "layer"), DEEPID_ERR_SPEC, "over 'layer', expected shard or batch");
    REFUSED(deepid_trainer_set_batchnorm(r.trainer, NULL), DEEPID_ERR_SPEC, "over 'NULL', expected");
    OK(deepid_trainer_set_batchnorm(r.trainer, "batch"));
    OK(deepid_net_set_recompute(r.net, 1));
    REFUSED(deepid_trainer_step(r.trainer), DEEPID_ERR_UNSUPPORTED, "the net has recompute=1, expected 0");
    OK(deepid_net_set_recompute(r.net, 0));
    OK(deepid_trainer_step(r.trainer));
    OK(deepid_trainer_set_shards(r.trainer, INT64_MAX)); /* one shard */
    OK(deepid_trainer_step(r.trainer));
    OK(deepid_trainer_set_shards(r.trainer, 0));
    OK(deepid_trainer_set_allreduce(r.trainer, fail_once, &c, 0, 1));
    assert_int_equal(r.trainer->shard, 32);
    REFUSED(deepid_trainer_set_shards(r.trainer, 0), DEEPID_ERR_ARGUMENT, "because the trainer has an allreduce");
    OK(deepid_trainer_step(r.trainer));
    OK(deepid_trainer_set_allreduce(r.trainer, NULL, NULL, 0, 1));
    const int64_t calls = c.calls;
    OK(deepid_trainer_step(r.trainer));
    assert_int_equal(c.calls, calls);
    close_ranks(&r, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_differs_is_refused_by_name_on_all_ranks),
        cmocka_unit_test(a_rank_that_lacks_is_found),
        cmocka_unit_test(a_rank_that_fails_is_named_by_the_others),
        cmocka_unit_test(a_shard_that_is_too_small_is_refused_on_all_ranks),
        cmocka_unit_test(a_callback_that_fails_ends_the_fit_and_loses_nothing),
        cmocka_unit_test(a_step_after_a_failed_exchange_gives_the_bits_of_one_without),
        cmocka_unit_test(a_failure_ends_lbfgs_at_once),
        cmocka_unit_test(what_is_not_finite_is_named_alike),
        cmocka_unit_test(skipped_steps_are_the_same_on_any_number_of_ranks),
        cmocka_unit_test(a_stop_of_one_rank_ends_all_after_the_same_step),
        cmocka_unit_test(a_step_exchanges_what_the_manual_says),
        cmocka_unit_test(bad_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
