/* Studies: the same numbers for any number of workers, resumed or not, in shards or not; stops; divergence; what an
   arm stands on; refusals. */
#include "support/support.h"

#include "study/study.h"

#include <math.h>
#include <stdlib.h>

#define SHALLOW "input 2; dense out=8; relu; plain { dense out=8; relu }; dense out=2"
#define DEEP "input 2; dense out=8; relu; 5 * plain { dense out=8; relu }; dense out=2"

static void open_study(study_run *r, const char *folder, double threads)
{
    deepid_ctx *ctx = r->ctx = new_ctx(2);
    OK(deepid_dataset_open(ctx, "spirals n=64", 7, &r->train, &r->valid));
    OK(deepid_study_create(ctx, SHALLOW, DEEP, r->train, &r->study));
    OK(deepid_study_set_validation(r->study, r->valid));
    OK(deepid_study_add_net(r->study, "plain", 3,
                            "input 2; dense out=8; relu; 3 * plain { dense out=8; relu }; dense out=2"));
    OK(deepid_study_set_number(r->study, "first_seed", 3));
    OK(deepid_study_set_seeds(r->study, 2));
    OK(deepid_study_set_number(r->study, "tuning_seeds", 1));
    OK(deepid_study_set_number(r->study, "probe_seeds", 1));
    OK(deepid_study_set_text(r->study, "arms",
                             "S_fine,W0,WT,D64,D_start:looks_linear,D_opt:lbfgs,D_3T,D_res,dial:0.5,depth"));
    OK(deepid_study_set_text(r->study, "probes", "signal,response"));
    OK(deepid_study_set_number(r->study, "steps", 20));
    OK(deepid_study_set_number(r->study, "history_points", 5));
    OK(deepid_study_set_number(r->study, "batch", 16));
    OK(deepid_study_set_number(r->study, "threads", threads));
    OK(deepid_study_set_folder(r->study, folder));
}

/* Bits of every column but the seconds. */
static uint64_t table_bits(const deepid_table *table)
{
    uint64_t hash = (uint64_t)deepid_table_rows(table);
    for (int64_t k = 0; k < deepid_table_columns(table); k++)
        if (k != deepid_table_find_column(table, "seconds"))
            hash = hash * 31 + bits(deepid_table_column(table, k), 8 * deepid_table_rows(table));
    return hash;
}

static uint64_t bits_of(study_run *r)
{
    deepid_ctx *ctx = r->ctx;
    deepid_table *table[5] = {NULL};
    uint64_t hash = 0;
    OK(deepid_study_results(r->study, &table[0]));
    OK(deepid_study_history(r->study, &table[1]));
    OK(deepid_study_tuning(r->study, &table[2]));
    OK(deepid_study_probe(r->study, "D", "signal", &table[3]));
    OK(deepid_study_probe(r->study, "D_res", "response", &table[4]));
    for (int i = 0; i < 5; i++) {
        hash = hash * 31 + table_bits(table[i]);
        deepid_table_destroy(table[i]);
    }
    return hash;
}

static void done_is_all(study_run *r)
{
    assert_true(deepid_study_task_count(r->study) > 0);
    assert_int_equal(deepid_study_tasks_done(r->study), deepid_study_task_count(r->study));
}

static int32_t stop_after_three(void *user, const deepid_study_event *event)
{
    if (deepid_study_event_tasks_done(event) >= 3)
        deepid_study_request_stop(user);
    assert_true(deepid_study_event_share(event) >= 0 && deepid_study_event_share(event) <= 1);
    return 0;
}

/* ---- the same bits --------------------------------------------------------------------------------- */

static void workers_interruptions_and_shards_change_nothing(void **state)
{
    (void)state;
    study_run r;
    open_study(&r, NULL, 1);
    deepid_ctx *ctx = r.ctx;
    OK(deepid_study_run(r.study, NULL, NULL));
    done_is_all(&r);
    const uint64_t expected = bits_of(&r);
    close_study(&r);

    open_study(&r, NULL, 3);
    ctx = r.ctx;
    OK(deepid_study_run(r.study, NULL, NULL));
    assert_int_equal(bits_of(&r), expected);
    deepid_net *net = NULL;
    double loss;
    double again;
    OK(deepid_study_net(r.study, "D", 4, &net));
    OK(deepid_net_evaluate(net, r.train, NULL, &loss, NULL));
    /* the net handed out is the net that was measured */
    assert_true(loss == study_result(r.ctx, r.study, "D", 4, "train_loss"));
    deepid_net_destroy(net);
    close_study(&r);

    const char *folder = temporary("stopped");
    open_study(&r, folder, 2);
    ctx = r.ctx;
    assert_int_equal(deepid_study_run(r.study, stop_after_three, r.study), DEEPID_STOPPED);
    close_study(&r);
    open_study(&r, folder, 2);
    ctx = r.ctx;
    OK(deepid_study_run(r.study, NULL, NULL));
    done_is_all(&r);
    assert_int_equal(bits_of(&r), expected);
    OK(deepid_study_net(r.study, "D", 4, &net)); /* from the folder */
    OK(deepid_net_evaluate(net, r.train, NULL, &again, NULL));
    assert_true(loss == again);
    deepid_net_destroy(net);
    OK(deepid_study_write(r.study, "replay me"));
    close_study(&r);
    open_study(&r, folder, 2); /* all from files */
    ctx = r.ctx;
    done_is_all(&r);
    assert_int_equal(bits_of(&r), expected);
    close_study(&r);
}

/* each shard makes what its tasks stand on; the last one finds everything */
static void shards_in_one_folder_make_one_study(void **state)
{
    (void)state;
    study_run r;
    open_study(&r, NULL, 2);
    deepid_ctx *ctx = r.ctx;
    OK(deepid_study_run(r.study, NULL, NULL));
    const uint64_t expected = bits_of(&r);
    close_study(&r);
    const char *folder = temporary("shards");
    for (int shard = 0; shard < 3; shard++) {
        open_study(&r, folder, 1);
        ctx = r.ctx;
        OK(deepid_study_set_number(r.study, "shards", 3));
        OK(deepid_study_set_number(r.study, "shard", shard));
        OK(deepid_study_run(r.study, NULL, NULL));
        if (shard < 2)
            assert_true(deepid_study_tasks_done(r.study) < deepid_study_task_count(r.study));
        else
            assert_int_equal(bits_of(&r), expected);
        close_study(&r);
    }
}

/* D stands on nothing: it runs at the recipe's rate. D64 needs D's tuned rate, and that S's tuning too: of each 5
   rates x 1 seed and what is spared. */
static int64_t results_of(const study_run *r, dpid_task_kind kind)
{
    int64_t results = 0;
    for (int64_t i = 0; i < r->study->tasks; i++)
        results += r->study->task[i].kind == kind && dpid_task_has_result(&r->study->task[i]);
    return results;
}

static void one_task_takes_along_what_it_stands_on(void **state)
{
    (void)state;
    study_run r;
    const char *folder = temporary("one");
    open_study(&r, folder, 1);
    deepid_ctx *ctx = r.ctx;
    const int64_t arm = deepid_study_arm_find(r.study, "D");
    assert_true(arm > 0);
    const int64_t twin = deepid_study_arm_find(r.study, "D64");
    assert_true(deepid_study_arm_rate(r.study, arm) == 0.03);
    OK(deepid_study_set_number(r.study, "task", 2)); /* S has tasks 0 and 1, D 2 and 3 */
    OK(deepid_study_run(r.study, NULL, NULL));
    assert_int_equal(deepid_study_tasks_done(r.study), 1);
    assert_true(isfinite(study_result(r.ctx, r.study, "D", 3, "train_loss")));
    OK(deepid_study_set_number(r.study, "task", (double)r.study->arm[twin].first_task));
    OK(deepid_study_run(r.study, NULL, NULL));
    assert_true(isfinite(study_result(r.ctx, r.study, "D64", 3, "train_loss")));
    assert_true(isfinite(deepid_study_arm_rate(r.study, twin)));
    assert_int_equal(results_of(&r, DPID_TASK_TRAIN), 2);
    assert_true(results_of(&r, DPID_TASK_TUNE) >= 10);
    REFUSED(deepid_study_set_number(r.study, "task", -2), DEEPID_ERR_ARGUMENT, "task is -2");
    OK(deepid_study_set_number(r.study, "task", 1e6));
    REFUSED(deepid_study_run(r.study, NULL, NULL), DEEPID_ERR_ARGUMENT, "task is 1000000");
    close_study(&r);
}

/* ---- arms ---------------------------------------------------------------------------------------------- */

static const char *tuned(study_run *r, const char *word, const char *better)
{
    return deepid_study_arm_reason(r->study, deepid_study_arm_find(r->study, better)) ? word : better;
}

static void arms_are_what_they_say(void **state)
{
    (void)state;
    study_run r;
    open_study(&r, NULL, 2);
    deepid_ctx *ctx = r.ctx;
    OK(deepid_study_run(r.study, NULL, NULL));
    /* what others stand on: at the tuned rate where there is one */
    const char *shallow = tuned(&r, "S", "S_rate");
    const char *deep = tuned(&r, "D", "D_rate");
    for (uint64_t seed = 3; seed < 5; seed++) {
        assert_true(study_result(r.ctx, r.study, "S", seed, "rate") == 0.03);
        assert_true(study_result(r.ctx, r.study, "D", seed, "rate") == 0.03);
        /* relu layers behind a relu have an exact witness: the deep net made of S has S's loss, no step and no
           penalty */
        assert_true(fabs(study_result(r.ctx, r.study, "W0", seed, "train_loss") -
                         study_result(r.ctx, r.study, shallow, seed, "train_loss")) < 1e-6);
        assert_true(study_result(r.ctx, r.study, "W0", seed, "updates") == 0);
        assert_true(study_result(r.ctx, r.study, "W0", seed, "penalty") == 0);
        assert_true(study_result(r.ctx, r.study, "D_3T", seed, "updates") == 60);
        assert_true(study_result(r.ctx, r.study, "D_3T", seed, "rate") ==
                    study_result(r.ctx, r.study, deep, seed, "rate"));
        /* 20 steps of 16 of 64 samples are 5 passes */
        assert_true(study_result(r.ctx, r.study, "D_opt:lbfgs", seed, "updates") <= 5);
        assert_true(isnan(study_result(r.ctx, r.study, "D_opt:lbfgs", seed, "rate")));
        assert_true(study_result(r.ctx, r.study, "S_fine", seed, "rate") ==
                    0.1 * study_result(r.ctx, r.study, shallow, seed, "rate"));
        assert_true(study_result(r.ctx, r.study, "WT", seed, "rate") ==
                    0.1 * study_result(r.ctx, r.study, shallow, seed, "rate"));
        assert_true(study_result(r.ctx, r.study, "D64", seed, "rate") ==
                    study_result(r.ctx, r.study, deep, seed, "rate"));
        assert_true(study_result(r.ctx, r.study, "dial:0.5", seed, "rate") ==
                    study_result(r.ctx, r.study, "D_res", seed, "rate"));
        assert_true(study_result(r.ctx, r.study, "depth:plain:3", seed, "rate") ==
                    study_result(r.ctx, r.study, shallow, seed, "rate"));
        assert_true(study_result(r.ctx, r.study, "D", seed, "best_valid_loss") <=
                    study_result(r.ctx, r.study, "D", seed, "valid_loss"));
    }
    deepid_net *net = NULL;
    OK(deepid_study_net(r.study, "D64", 3, &net));
    assert_int_equal(deepid_net_dtype(net), DEEPID_F64);
    deepid_net_destroy(net);
    assert_string_equal(deepid_study_arm_text(r.study, deepid_study_arm_find(r.study, "D_res")),
                        "input 2; dense out=8; relu; 5 * identity { dense out=8; relu }; dense out=2");
    assert_string_equal(deepid_study_arm_block(r.study, deepid_study_arm_find(r.study, "D_res")), "identity");
    assert_string_equal(deepid_study_arm_start(r.study, deepid_study_arm_find(r.study, "S_fine")), "trained S");
    assert_int_equal(deepid_study_arm_depth(r.study, deepid_study_arm_find(r.study, "D")), 5);
    assert_null(deepid_study_arm_reason(r.study, deepid_study_arm_find(r.study, "D")));
    close_study(&r);
}

static void arms_that_cannot_be_are_left_out_with_the_reason(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *train = NULL;
    deepid_study *study = NULL;
    OK(deepid_dataset_generate(ctx, "spirals n=64", 7, &train));
    OK(deepid_study_create(ctx, "input 2; dense out=7; tanh; dense out=2",
                           "input 2; dense out=7; tanh; dense out=7; tanh; dense out=2", train, &study));
    OK(deepid_study_set_number(study, "dtype", DEEPID_F64));
    OK(deepid_study_set_text(study, "init", "glorot"));
    OK(deepid_study_set_text(study, "optimizer", "adam"));
    const struct {
        const char *arm, *reason;
    } expected[] = {{"D64", "float64 already"},
                    {"D_start:looks_linear", "no relu"},
                    {"D_start:delta_orthogonal", "convolutions"},
                    {"D_start:glorot", "recipe's own start"},
                    {"D_opt:adam", "recipe's own optimiser"}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const char *reason = deepid_study_arm_reason(study, deepid_study_arm_find(study, expected[i].arm));
        assert_non_null(reason);
        if (!strstr(reason, expected[i].reason))
            fail_msg("%s is left out because '%s', expected '%s'", expected[i].arm, reason, expected[i].reason);
    }
    assert_null(deepid_study_arm_reason(study, deepid_study_arm_find(study, "D_start:he")));
    assert_null(deepid_study_arm_reason(study, deepid_study_arm_find(study, "D_opt:sgd")));
    assert_string_equal(deepid_study_arm_text(study, deepid_study_arm_find(study, "D_res")),
                        "input 2; dense out=7; tanh; identity { dense out=7; tanh }; dense out=2");
    OK(deepid_study_set_text(study, "arms", "WT"));
    assert_non_null(strstr(deepid_study_arm_reason(study, deepid_study_arm_find(study, "D_3T")), "not asked for"));
    assert_null(deepid_study_arm_reason(study, deepid_study_arm_find(study, "WT:0.3"))); /* a word stands for its set */
    assert_null(deepid_study_arm_reason(study, deepid_study_arm_find(study, "D")));
    for (int64_t i = 0; deepid_arm_word(i); i++)
        assert_non_null(deepid_arm_help(deepid_arm_word(i)));
    assert_null(deepid_arm_help("D_star"));
    deepid_study_destroy(study);
    deepid_dataset_destroy(train);
    deepid_ctx_destroy(ctx);
}

/* Other starts are there where they make sense. */
static void starts_are_chosen_by_the_net(void **state)
{
    (void)state;
    static const struct {
        const char *deep, *init, *there; /* of gain, lsuv, zero_last, fixup, orthogonal */
    } rows[] = {
        {"input 2; dense out=8; relu; dense out=8; relu; dense out=2", "he", "01001"},
        {"input 2; dense out=8; relu; dense out=8; relu; dense out=2", "orthogonal gain=30", "01001"},
        {"input 2; dense out=8; sigmoid; dense out=8; sigmoid; dense out=2", "he bias=-1", "11001"},
        {"input 2; dense out=8; sigmoid; dense out=8; sigmoid; dense out=2", "orthogonal", "11000"},
        {"input 2; dense out=8; sigmoid; dense out=8; sigmoid; dense out=2", "lsuv", "10001"},
        {"input 2; dense out=8; batchnorm; relu; dense out=8; batchnorm; relu; dense out=2", "he", "00001"},
        {"input 2; dense out=8; batchnorm; tanh; dense out=8; tanh; dense out=2", "he", "11001"},
        {"input 2; dense out=8; relu; 2 * identity { dense out=8; relu; dense out=8 }; dense out=2", "he", "01111"},
        {"input 2; dense out=8; relu; 2 * identity { dense out=8; relu; dense out=8; relu }; dense out=2", "he",
         "01001"},
        {"input 2; dense out=8; relu; 2 * identity { dense out=8; batchnorm; relu; dense out=8 }; dense out=2", "he",
         "01101"}};
    static const char *const arms[] = {"D_start:gain", "D_start:lsuv", "D_start:zero_last", "D_start:fixup",
                                       "D_start:orthogonal"};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *train = NULL;
    OK(deepid_dataset_generate(ctx, "spirals n=64", 7, &train));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        deepid_study *study = NULL;
        OK(deepid_study_create(ctx, "input 2; dense out=8; relu; dense out=2", rows[i].deep, train, &study));
        OK(deepid_study_set_text(study, "init", rows[i].init));
        for (int k = 0; k < 5; k++) {
            const char *reason = deepid_study_arm_reason(study, deepid_study_arm_find(study, arms[k]));
            if ((reason == NULL) != (rows[i].there[k] == '1'))
                fail_msg("%s of %s from %s: %s", arms[k], rows[i].deep, rows[i].init, reason ? reason : "it is there");
        }
        deepid_study_destroy(study);
    }
    deepid_dataset_destroy(train);
    deepid_ctx_destroy(ctx);
}

/* Each only where the recipe has that thing; else no study misses it. */
static void d_free_is_d_without_one_thing_of_the_recipe(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *train = NULL;
    deepid_study *study = NULL;
    OK(deepid_dataset_generate(ctx, "spirals n=64", 7, &train));
    OK(deepid_study_create(ctx, "input 2; dense out=8; relu; dense out=2",
                           "input 2; dense out=8; relu; 2 * plain { dense out=8; dropout p=0.5; relu }; dropout p=0.1; "
                           "dense out=2",
                           train, &study));
    OK(deepid_study_set_text(study, "optimizer", "sgd momentum=0.9 weight_decay=0.01 nesterov=1"));
    OK(deepid_study_set_text(study, "loss", "cross_entropy smoothing=0.1"));
    const int64_t dropout = deepid_study_arm_find(study, "D_free:dropout");
    const int64_t decay = deepid_study_arm_find(study, "D_free:decay");
    const int64_t smoothing = deepid_study_arm_find(study, "D_free:smoothing");
    const int64_t augmentation = deepid_study_arm_find(study, "D_free:augmentation");
    assert_null(deepid_study_arm_reason(study, dropout));
    assert_null(deepid_study_arm_reason(study, decay));
    assert_null(deepid_study_arm_reason(study, smoothing));
    assert_string_equal(deepid_study_arm_reason(study, augmentation), "the recipe does not augment samples");
    assert_true(study->arm[augmentation].alien);
    assert_string_equal(deepid_study_arm_text(study, dropout),
                        "input 2; dense out=8; relu; 2 * plain { dense out=8; relu }; dense out=2");
    assert_string_equal(deepid_study_arm_text(study, decay), deepid_study_text(study, "deep"));
    assert_string_equal(study->arm[smoothing].loss, "cross_entropy");
    assert_string_equal(study->arm[dropout].loss, "cross_entropy smoothing=0.1");
    static const char *const recipes[][2] = {
        {"sgd momentum=0.9 weight_decay=0.01 nesterov=1", "sgd momentum=0.9 nesterov=1"},
        {"sgd weight_decay=0.01\tmomentum=0.9", "sgd momentum=0.9"},
        {"adamw weight_decay=0.1 beta1=0.8", "adamw beta1=0.8"}};
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) {
        OK(deepid_study_set_text(study, "optimizer", recipes[i][0]));
        assert_string_equal(deepid_study_arm_optimizer(study, deepid_study_arm_find(study, "D_free:decay")),
                            recipes[i][1]);
    }
    OK(deepid_study_set_text(study, "optimizer", "adam beta1=0.8"));
    assert_string_equal(deepid_study_arm_reason(study, decay), "the recipe has no weight decay");
    OK(deepid_study_set_text(study, "arms", "D_free")); /* the word stands for the set */
    assert_null(deepid_study_arm_reason(study, deepid_study_arm_find(study, "D_free:dropout")));
    deepid_study_destroy(study);
    OK(deepid_study_create(ctx, SHALLOW, DEEP, train, &study));
    assert_string_equal(deepid_study_arm_reason(study, deepid_study_arm_find(study, "D_free:dropout")),
                        "the deep net has no dropout");
    deepid_study_destroy(study);
    deepid_dataset_destroy(train);
    deepid_ctx_destroy(ctx);
}

/* L-BFGS has none, and its words say so. */
static void other_optimisers_keep_the_weight_decay(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *train = NULL;
    deepid_study *study = NULL;
    OK(deepid_dataset_generate(ctx, "spirals n=64", 7, &train));
    OK(deepid_study_create(ctx, SHALLOW, DEEP, train, &study));
    OK(deepid_study_set_text(study, "optimizer", "sgd momentum=0.9 weight_decay=0.01 decay=all"));
    assert_string_equal(deepid_study_arm_optimizer(study, deepid_study_arm_find(study, "D_opt:adam")),
                        "adam weight_decay=0.01 decay=all");
    const int64_t lbfgs = deepid_study_arm_find(study, "D_opt:lbfgs");
    assert_string_equal(deepid_study_arm_optimizer(study, lbfgs), "lbfgs");
    assert_string_equal(study->arm[lbfgs].said, "another optimiser (lbfgs, which has no weight decay)");
    OK(deepid_study_set_text(study, "optimizer", "sgd momentum=0.9"));
    assert_string_equal(deepid_study_arm_optimizer(study, deepid_study_arm_find(study, "D_opt:adam")), "adam");
    deepid_study_destroy(study);
    deepid_dataset_destroy(train);
    deepid_ctx_destroy(ctx);
}

static void d_norm_asks_about_batch_norm_over_few_samples(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *train = NULL;
    deepid_study *study = NULL;
    OK(deepid_dataset_generate(ctx, "spirals n=64", 7, &train));
    OK(deepid_study_create(ctx, "input 2; dense out=8; relu; dense out=2",
                           "input 2; dense out=8; relu; dense out=8; batchnorm; relu; dense out=2", train, &study));
    const struct {
        double batch;
        int64_t large; /* -1: left out */
    } expected[] = {{2, 16}, {16, 64}, {17, -1}, {0, -1}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        OK(deepid_study_set_number(study, "batch", expected[i].batch));
        OK(deepid_study_set_number(study, "steps", 10));
        const int64_t arm = deepid_study_arm_find(study, "D_norm:batch8");
        assert_int_equal(study->arm[arm].alien, expected[i].large < 0);
        if (expected[i].large > 0)
            assert_int_equal(study->arm[arm].batch, expected[i].large);
        assert_int_equal(study->arm[arm].steps, 10); /* as many updates */
    }
    deepid_study_destroy(study);
    OK(deepid_study_create(ctx, SHALLOW, DEEP, train, &study));
    OK(deepid_study_set_number(study, "batch", 2));
    assert_string_equal(deepid_study_arm_reason(study, deepid_study_arm_find(study, "D_norm:batch8")),
                        "the deep net has no batch-norm");
    deepid_study_destroy(study);
    deepid_dataset_destroy(train);
    deepid_ctx_destroy(ctx);
}

/* Blocks where both nets have some and the deep one more, else layers: never blocks of one and layers of the other. */
static void depth_counts_the_same_for_both_nets(void **state)
{
    (void)state;
    static const struct {
        const char *shallow, *deep;
        int64_t depths[2];
    } expected[] = {
        {SHALLOW, DEEP, {1, 5}},
        {"input 2; dense out=10; sigmoid; dense out=2",
         "input 2; dense out=10; sigmoid; 1 * plain { dense out=10; sigmoid }; dense out=2",
         {2, 3}},
        {"input 2; dense out=8; 3 * plain { dense out=8; relu }; dense out=2",
         "input 2; dense out=8; 2 * plain { dense out=8; relu; dense out=8; relu; dense out=8; relu }; dense out=2",
         {5, 8}},
    };
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *train = NULL;
    OK(deepid_dataset_generate(ctx, "spirals n=64", 7, &train));
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        deepid_study *study = NULL;
        OK(deepid_study_create(ctx, expected[i].shallow, expected[i].deep, train, &study));
        assert_int_equal(deepid_study_arm_depth(study, deepid_study_arm_find(study, "S")), expected[i].depths[0]);
        assert_int_equal(deepid_study_arm_depth(study, deepid_study_arm_find(study, "D")), expected[i].depths[1]);
        deepid_study_destroy(study);
    }
    deepid_dataset_destroy(train);
    deepid_ctx_destroy(ctx);
}

/* the layers of one seed start equal in S, D and D_res where they have one name and shape */
static void shared_layers_share_their_start(void **state)
{
    (void)state;
    study_run r;
    open_study(&r, NULL, 2);
    deepid_ctx *ctx = r.ctx;
    OK(deepid_study_set_number(r.study, "learning_rate", 1e-300)); /* a step changes no bit */
    OK(deepid_study_set_number(r.study, "tuning_seeds", 0));
    OK(deepid_study_run(r.study, NULL, NULL));
    deepid_net *net[3] = {NULL};
    OK(deepid_study_net(r.study, "S", 3, &net[0]));
    OK(deepid_study_net(r.study, "D", 3, &net[1]));
    OK(deepid_study_net(r.study, "D_res", 3, &net[2]));
    for (int i = 1; i < 3; i++) {
        assert_memory_equal(deepid_net_parameter_data(net[0], "dense1.weight"),
                            deepid_net_parameter_data(net[i], "dense1.weight"), 4 * 16);
        assert_memory_equal(deepid_net_parameter_data(net[0], "block1.dense.weight"),
                            deepid_net_parameter_data(net[i], "block1.dense.weight"), 4 * 64);
    }
    for (int i = 0; i < 3; i++)
        deepid_net_destroy(net[i]);
    close_study(&r);
}

/* ---- refusals ------------------------------------------------------------------------------------------- */

static int32_t refuse(void *user, const deepid_study_event *event)
{
    (void)user;
    (void)event;
    return 9;
}

/* What a callback may not do; 3: all was refused, by its sentence. */
static int32_t change(void *user, const deepid_study_event *event)
{
    study_run *r = user;
    deepid_ctx *ctx = r->ctx;
    (void)event;
    REFUSED(deepid_study_set_seeds(r->study, 9), DEEPID_ERR_STATE, "its callback can stop it, but not change it");
    REFUSED(deepid_study_set_text(r->study, "init", "he"), DEEPID_ERR_STATE, "study: it runs");
    REFUSED(deepid_study_set_folder(r->study, NULL), DEEPID_ERR_STATE, "study: it runs");
    REFUSED(deepid_study_set_validation(r->study, NULL), DEEPID_ERR_STATE, "study: it runs");
    REFUSED(deepid_study_add_net(r->study, "plain", 4, DEEP), DEEPID_ERR_STATE, "study: it runs");
    REFUSED(deepid_study_run(r->study, NULL, NULL), DEEPID_ERR_STATE, "study: it runs");
    return 3;
}

static void a_callback_changes_nothing(void **state)
{
    (void)state;
    study_run r;
    open_study(&r, NULL, 2);
    deepid_ctx *ctx = r.ctx;
    REFUSED(deepid_study_run(r.study, change, &r), DEEPID_ERR_CALLBACK, "returned 3");
    OK(deepid_study_set_seeds(r.study, 1));
    close_study(&r);
}

static void another_configuration_and_wrong_use_are_refused(void **state)
{
    (void)state;
    study_run r;
    const char *folder = temporary("other");
    open_study(&r, folder, 1);
    deepid_ctx *ctx = r.ctx;
    OK(deepid_study_run(r.study, NULL, NULL));
    OK(deepid_study_set_number(r.study, "learning_rate", 0.5));
    REFUSED(deepid_study_run(r.study, NULL, NULL), DEEPID_ERR_STATE, "its learning_rate is '0.03', here it is '0.5'");
    REFUSED(deepid_study_set_number(r.study, "learning_rate", -1), DEEPID_ERR_ARGUMENT,
            "learning_rate is -1, expected a finite number above 0");
    REFUSED(deepid_study_set_number(r.study, "batch", 65), DEEPID_ERR_ARGUMENT,
            "batch is 65, expected a whole number from 0 to 64");
    REFUSED(deepid_study_set_number(r.study, "speed", 1), DEEPID_ERR_ARGUMENT, "unknown number 'speed'");
    REFUSED(deepid_study_set_text(r.study, "font", "x"), DEEPID_ERR_ARGUMENT, "unknown text 'font'");
    REFUSED(deepid_study_set_text(r.study, "init", "he\nhe"), DEEPID_ERR_ARGUMENT, "one line");
    REFUSED(deepid_study_set_text(r.study, "arms", "S,D_star"), DEEPID_ERR_SPEC, "nearest: D_start");
    REFUSED(deepid_study_set_text(r.study, "probes", "signals"), DEEPID_ERR_SPEC, "nearest: signal");
    REFUSED(deepid_study_set_seeds(r.study, 0), DEEPID_ERR_ARGUMENT, "seeds is 0");
    REFUSED(deepid_study_add_net(r.study, "plain", 1, "input 3; dense out=2"), DEEPID_ERR_SHAPE,
            "the net takes 3, the data has samples of 2");
    REFUSED(deepid_study_add_net(r.study, "plain", 1, "input 2; dens out=2"), DEEPID_ERR_SPEC, "nearest: dense");
    REFUSED(deepid_study_add_net(r.study, "plain", 3, DEEP), DEEPID_ERR_ARGUMENT, "depth:plain:3 already");
    OK(deepid_study_set_folder(r.study, NULL));
    OK(deepid_study_set_text(r.study, "optimizer", "sgdd"));
    REFUSED(deepid_study_run(r.study, NULL, NULL), DEEPID_ERR_SPEC, "unknown optimizer 'sgdd'");
    OK(deepid_study_set_text(r.study, "optimizer", "sgd"));
    REFUSED(deepid_study_run(r.study, refuse, NULL), DEEPID_ERR_CALLBACK, "returned 9");
    REFUSED(deepid_study_write(r.study, NULL), DEEPID_ERR_STATE, "no folder");
    deepid_net *net = NULL;
    deepid_table *table = NULL;
    REFUSED(deepid_study_net(r.study, "E", 3, &net), DEEPID_ERR_ARGUMENT, "no arm 'E'");
    REFUSED(deepid_study_net(r.study, "D", 9, &net), DEEPID_ERR_ARGUMENT, "seed is 9, expected 3 to 4");
    REFUSED(deepid_study_probe(r.study, "D", "colour", &table), DEEPID_ERR_ARGUMENT, "no probe of a study 'colour'");
    close_study(&r);
}

static void nets_and_data_that_ask_nothing_are_refused(void **state)
{
    (void)state;
    study_run r;
    open_study(&r, NULL, 1);
    deepid_ctx *ctx = r.ctx;
    deepid_study *none = NULL;
    deepid_dataset *holes = NULL;
    const float x[3] = {0, 1, 2};
    const int32_t labels[3] = {0, 2, 2};
    const int64_t extents[2] = {3, 1};
    REFUSED(deepid_study_create(ctx, SHALLOW, DEEP, NULL, &none), DEEPID_ERR_ARGUMENT, "must be a dataset");
    REFUSED(deepid_study_create(ctx, NULL, DEEP, r.train, &none), DEEPID_ERR_ARGUMENT, "a text is NULL");
    REFUSED(deepid_study_create(ctx, DEEP, SHALLOW, r.train, &none), DEEPID_ERR_ARGUMENT,
            "the shallow net has 7 layers with weights, the deep one 3");
    REFUSED(deepid_study_create(ctx, DEEP, DEEP, r.train, &none), DEEPID_ERR_ARGUMENT, "expected a deep net with more");
    OK(deepid_dataset_wrap(ctx, DEEPID_F32, x, 2, extents, NULL, labels, 3, &holes));
    REFUSED(deepid_study_create(ctx, "input 1; dense out=3", "input 1; dense out=3; dense out=3", holes, &none),
            DEEPID_ERR_LABEL, "class 1 of 0 to 2 has no training sample");
    REFUSED(deepid_study_set_validation(r.study, holes), DEEPID_ERR_SHAPE, "train has samples of 2, valid of 1");
    deepid_dataset_destroy(holes);
    close_study(&r);
}

/* a rate that is far too large: recorded as diverged with infinite loss, not an error; what stands on such a net is
   left out and says why */
static void divergence_is_a_result(void **state)
{
    (void)state;
    study_run r;
    const char *folder = temporary("diverged");
    for (int again = 0; again < 2; again++) { /* and read back from the files */
        open_study(&r, folder, 2);
        deepid_ctx *ctx = r.ctx;
        OK(deepid_study_set_number(r.study, "learning_rate", 1e30));
        OK(deepid_study_set_number(r.study, "tuning_seeds", 0));
        OK(deepid_study_run(r.study, NULL, NULL));
        assert_true(study_result(r.ctx, r.study, "D", 3, "diverged") == 1);
        assert_true(isinf(study_result(r.ctx, r.study, "D", 3, "train_loss")));
        assert_true(isnan(study_result(r.ctx, r.study, "W0", 3, "train_loss"))); /* no row */
        deepid_net *net = NULL;
        deepid_table *table = NULL;
        REFUSED(deepid_study_net(r.study, "D", 3, &net), DEEPID_ERR_STATE, "it diverged");
        REFUSED(deepid_study_net(r.study, "W0", 3, &net), DEEPID_ERR_STATE, "S diverged at seed 3");
        REFUSED(deepid_study_probe(r.study, "D", "response", &table), DEEPID_ERR_STATE, "D diverged at seed 3");
        close_study(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_interruptions_and_shards_change_nothing),
        cmocka_unit_test(shards_in_one_folder_make_one_study),
        cmocka_unit_test(one_task_takes_along_what_it_stands_on),
        cmocka_unit_test(arms_are_what_they_say),
        cmocka_unit_test(starts_are_chosen_by_the_net),
        cmocka_unit_test(arms_that_cannot_be_are_left_out_with_the_reason),
        cmocka_unit_test(d_free_is_d_without_one_thing_of_the_recipe),
        cmocka_unit_test(other_optimisers_keep_the_weight_decay),
        cmocka_unit_test(d_norm_asks_about_batch_norm_over_few_samples),
        cmocka_unit_test(depth_counts_the_same_for_both_nets),
        cmocka_unit_test(shared_layers_share_their_start),
        cmocka_unit_test(a_callback_changes_nothing),
        cmocka_unit_test(another_configuration_and_wrong_use_are_refused),
        cmocka_unit_test(nets_and_data_that_ask_nothing_are_refused),
        cmocka_unit_test(divergence_is_a_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
