/* The gradient check: silent on every layer kind, block and depth that is right, loud on planted faults and on the
   right row. */
#include "support/support.h"

#include "inspect/difference.h"

#include <math.h>

/* Over all that is below, a right gradient agreed with differences to 2e-8 (the search over step sizes ends at
   1e-8); a fault above 1e-6 is told. */
#define RIGHT 1e-7
#define WRONG 1e-6
enum { SEED = 77 };

static double column(const deepid_table *t, const char *row, const char *name)
{
    for (int64_t i = 0; i < deepid_table_rows(t); i++)
        if (strcmp(deepid_table_row_name(t, i), row) == 0)
            return deepid_table_get(t, i, deepid_table_find_column(t, name));
    fail_msg("there is no row %s", row);
    return 0;
}

static double worst(const deepid_table *t, const char **where)
{
    const int64_t error = deepid_table_find_column(t, "error");
    double most = -1;
    for (int64_t i = 0; i < deepid_table_rows(t); i++) {
        if (!(deepid_table_get(t, i, error) > most))
            continue;
        most = deepid_table_get(t, i, error);
        *where = deepid_table_row_name(t, i);
    }
    return most;
}

/* Fails unless every row of the net is right; mode eval and train. */
static void is_right(deepid_ctx *ctx, deepid_net *net, const deepid_dataset *data, const char *what,
                     const char *options)
{
    static const char *const modes[] = {"train", "eval"};
    for (int m = 0; m < 2; m++) {
        char word[128];
        const char *where = NULL;
        deepid_table *t = NULL;
        snprintf(word, sizeof word, "gradient_check mode=%s %s", modes[m], options);
        OK(deepid_net_inspect(net, data, word, &t));
        const double error = worst(t, &where);
        if (!(error <= RIGHT))
            fail_msg("%s, %s, seed %d: the error of %s is %g\n%s", what, word, SEED, where, error,
                     deepid_table_text(t));
        deepid_table_destroy(t);
    }
}

static void text_is_right(deepid_ctx *ctx, const char *text, const deepid_dataset *data, const char *init,
                          int64_t steps)
{
    deepid_net *net = NULL;
    deepid_trainer *trainer = NULL;
    OK(deepid_net_create(ctx, text, DEEPID_F32, &net));
    OK(deepid_net_init(net, init, SEED));
    OK(deepid_trainer_create(net, data, &trainer));
    OK(deepid_trainer_set_optimizer(trainer, "adam"));
    for (int64_t i = 0; i < steps; i++)
        OK(deepid_trainer_step(trainer));
    deepid_trainer_destroy(trainer);
    is_right(ctx, net, data, text, "samples=24");
    deepid_net_destroy(net);
}

static deepid_dataset *vectors(deepid_ctx *ctx)
{
    deepid_dataset *data = NULL;
    OK(deepid_dataset_generate(ctx, "spirals n=80 noise=0.06", SEED, &data));
    return data;
}

static deepid_dataset *pictures(deepid_ctx *ctx)
{
    deepid_dataset *data = NULL;
    OK(deepid_dataset_generate(ctx, "gratings n=40", SEED, &data));
    return data;
}

/* ---- what is right ------------------------------------------------------------------------- */

static void every_layer_kind_passes(void **state)
{
    (void)state;
    static const char *const options[] = {"",      "out=6",   "out=6 kernel=3", "kernel=3 stride=1 padding=1",
                                          "p=0.3", "groups=2"};
    static const char *const frames[] = {"input 2; dense out=6; %s %s; dense out=2",
                                         "input 8x8x1; conv2d out=4 kernel=3; %s %s; flatten; dense out=4",
                                         "input 8x8; conv1d out=4 kernel=3; %s %s; flatten; dense out=4"};
    enum { FRAMES = 3, OPTIONS = 6 };
    deepid_ctx *ctx = new_ctx(2);
    deepid_dataset *data[FRAMES] = {vectors(ctx), pictures(ctx), pictures(ctx)};
    OK(deepid_dataset_set_series(data[2]));
    for (int64_t k = 0; deepid_layer_word(k); k++) {
        int64_t ran = 0;
        for (int i = 0; i < OPTIONS * FRAMES; i++) {
            char text[256];
            deepid_net *net = NULL;
            snprintf(text, sizeof text, frames[i % FRAMES], deepid_layer_word(k), options[i / FRAMES]);
            if (deepid_net_create(ctx, text, DEEPID_F32, &net) != DEEPID_OK)
                continue; /* this kind does not take these options or shapes */
            deepid_net_destroy(net);
            text_is_right(ctx, text, data[i % FRAMES], "he", 0);
            text_is_right(ctx, text, data[i % FRAMES], "glorot", 20);
            ran++;
        }
        if (ran == 0)
            fail_msg("%s: no net with it was checked", deepid_layer_word(k));
    }
    for (int i = 0; i < FRAMES; i++)
        deepid_dataset_destroy(data[i]);
    deepid_ctx_destroy(ctx);
}

static void every_block_variant_passes(void **state)
{
    (void)state;
    static const char *const more[] = {
        "out=4", "out=4 s=0.3",     "out=8 stride=2 shortcut=A", "out=8 stride=2 shortcut=B", "out=4 shortcut=C",
        "out=2", "out=4 after=tanh"};
    deepid_ctx *ctx = new_ctx(2);
    deepid_dataset *data = pictures(ctx);
    for (int64_t k = 0; deepid_block_word(k); k++) {
        int64_t ran = 0;
        for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
            char text[256];
            deepid_net *net = NULL;
            snprintf(
                text, sizeof text,
                "input 8x8x1; conv2d out=4 kernel=3 bias=0; batchnorm; relu; 2 * %s %s; global_avgpool; dense out=4",
                deepid_block_word(k), more[i]);
            if (deepid_net_create(ctx, text, DEEPID_F32, &net) != DEEPID_OK)
                continue; /* shapes that this variant's skip does not bridge */
            deepid_net_destroy(net);
            text_is_right(ctx, text, data, "he", 10);
            ran++;
        }
        if (ran < 2)
            fail_msg("%s: %lld nets with it were checked", deepid_block_word(k), (long long)ran);
    }
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* Where differences of the whole net say nothing: gradients that grow by e^19 or vanish to 1e-20, chaos, dead units
   and zero branches; and after training to a small loss. */
static void deep_and_broken_nets_are_no_bugs(void **state)
{
    (void)state;
    static const struct {
        const char *text, *init;
        int64_t steps;
    } rows[] = {
        {"input 2; dense out=16; batchnorm; relu; 100 * plain { dense out=16; batchnorm; relu }; dense out=2", "he", 0},
        {"input 2; dense out=16; tanh; 80 * plain { dense out=16; tanh }; dense out=2", "pytorch_default", 0},
        {"input 2; dense out=16; tanh; 60 * plain { dense out=16; tanh }; dense out=2", "he", 3},
        {"input 2; dense out=16; relu; 40 * plain { dense out=16; relu }; dense out=2", "he", 50},
        {"input 2; dense out=16; relu; 40 * plain { dense out=16; relu }; dense out=2", "identity", 5},
        {"input 2; dense out=16; relu; 12 * identity { dense out=16; relu; dense out=16 }; dense out=2", "zero_last",
         0},
        {"input 2; dense out=16; relu; 12 * identity { dense out=16; relu; dense out=16 }; dense out=2", "zero_last",
         1500},
        {"input 2; dense out=16; relu; relu; 4 * plain { dense out=16; relu; relu; leaky_relu }; dense out=2",
         "looks_linear", 0},
        {"input 2; dense out=12; batchnorm; selu; 3 * plain { dense out=12; batchnorm momentum=1; hardswish; hardtanh; "
         "elu; sigmoid; softplus }; dense out=2",
         "lecun", 20},
        {"input 2; dense out=16; batchnorm eps=1e-12; relu; 6 * plain { dense out=16; batchnorm eps=1e-12; relu }; "
         "dense out=2",
         "he", 100}};
    deepid_ctx *ctx = new_ctx(2);
    deepid_dataset *data = vectors(ctx);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        text_is_right(ctx, rows[i].text, data, rows[i].init, rows[i].steps);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* Weights of 1 to 1e8 times a start's: values up to 1e150, bends one wide among them, saturated softmax. Nobody is
   accused, and every layer is resolved. */
static void nets_that_diverged_are_not_accused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "input 2; dense out=8; batchnorm; gelu; 6 * identity { dense out=8; layernorm; softplus; dense out=8 }; dense "
        "out=2",
        "input 2; dense out=8; leaky_relu; 6 * plain { dense out=8; gelu; dense out=8; relu }; dense out=2"};
    static const double factors[] = {1, 1e2, 1e4, 1e8};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = vectors(ctx);
    for (int i = 0; i < 8; i++) {
        deepid_net *net = NULL;
        deepid_table *t = NULL;
        OK(deepid_net_create(ctx, texts[i / 4], DEEPID_F64, &net));
        OK(deepid_net_init(net, "he", SEED));
        double *w = deepid_net_trained_data(net);
        for (int64_t k = 0; k < deepid_net_trained_count(net); k++)
            w[k] *= factors[i % 4];
        is_right(ctx, net, data, texts[i / 4], "samples=24");
        OK(deepid_net_inspect(net, data, "gradient_check", &t));
        double resolution = 0;
        for (int64_t row = 0; row < deepid_table_rows(t); row++)
            resolution = fmax(resolution, deepid_table_get(t, row, deepid_table_find_column(t, "resolution")));
        assert_true(resolution < (i % 4 == 0 ? 1e-7 : 1e-3)); /* all is known, also where nets have diverged */
        deepid_table_destroy(t);
        deepid_net_destroy(net);
    }
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* Behind weights of the usual size the planted eps is a fault of 1e-5 (eps / 2 var): above 1e-6, and above what
   rounding leaves (1e-9). */
static void a_fault_of_one_in_a_hundred_thousand_is_told(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = vectors(ctx);
    deepid_net *net = NULL;
    deepid_table *t = NULL;
    OK(deepid_net_create(ctx,
                         "input 2; dense out=16; batchnorm; relu; 3 * plain { dense out=16; batchnorm eps=1e-12 "
                         "backward_eps=1e-5; relu }; dense out=2",
                         DEEPID_F32, &net));
    OK(deepid_net_init(net, "he", SEED));
    OK(deepid_net_inspect(net, data, "gradient_check", &t));
    for (int64_t row = 0; row < deepid_table_rows(t); row++) {
        const char *name = deepid_table_row_name(t, row);
        const bool planted = strstr(name, "block") && strstr(name, "batchnorm");
        const double error = deepid_table_get(t, row, deepid_table_find_column(t, "error"));
        const double again = deepid_table_get(t, row, deepid_table_find_column(t, "second"));
        if (planted ? !(again > WRONG && again < 1e-3) : !isnan(again))
            fail_msg("%s: the second way says %g\n%s", name, again, deepid_table_text(t));
        if (planted ? !(error > WRONG && error < 1e-3) : !(error <= RIGHT))
            fail_msg("%s: the error is %g\n%s", name, error, deepid_table_text(t));
    }
    deepid_table_destroy(t);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* A cast of f32 gradients is a fault of range, and its f64 gradient is right. Other losses are checked with their
   own row. */
static void a_gradient_cast_is_no_bug_and_other_losses_pass(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = vectors(ctx);
    deepid_dataset *targets = NULL;
    text_is_right(ctx,
                  "input 2; dense out=8; tanh; 4 * plain { dense out=8; tanh; gradient_cast scale=1e-6 }; dense out=2",
                  data, "he", 5);
    OK(deepid_dataset_generate(ctx, "linear n=50", SEED, &targets));
    char text[128];
    snprintf(text, sizeof text, "input %lld; dense out=9; gelu; dense out=%lld",
             (long long)deepid_dataset_extent(targets, 0), (long long)deepid_dataset_target_width(targets));
    text_is_right(ctx, text, targets, "he", 5);
    deepid_dataset_destroy(targets);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- what is wrong ---------------------------------------------------------------------------- */

/* Inputs of deviation near sqrt(1e-5) in front of a batch-norm with eps 1e-12 and backward_eps 1e-5: the gradient is
 * 1.41 times too small. Told at that layer, in both modes, and nowhere else. */
static void another_eps_on_the_way_back_is_told_at_its_layer(void **state)
{
    (void)state;
    static const char *const nets[] = {
        "input 2; dense out=8 bias=0; batchnorm eps=1e-12 backward_eps=1e-5; relu; dense out=2",
        "input 8x8x1; conv2d out=8 kernel=3 bias=0; batchnorm eps=1e-12 backward_eps=1e-5; relu; conv2d out=4 "
        "kernel=3; global_avgpool; dense out=4"};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data[] = {vectors(ctx), pictures(ctx)};
    for (int i = 0; i < 4; i++) {
        deepid_net *net = NULL;
        deepid_table *t = NULL;
        OK(deepid_net_create(ctx, nets[i / 2], DEEPID_F32, &net));
        OK(deepid_net_init(net, "he", SEED));
        float *w = deepid_net_parameter_data(net, i / 2 ? "conv2d1.weight" : "dense1.weight");
        for (int k = 0; k < (i / 2 ? 72 : 16); k++)
            w[k] *= 0.003F;
        float *var = deepid_net_parameter_data(net, "batchnorm.running_var");
        for (int k = 0; k < 8; k++)
            var[k] = 1e-5F;
        OK(deepid_net_inspect(net, data[i / 2], i % 2 ? "gradient_check mode=eval" : "gradient_check", &t));
        for (int64_t row = 0; row < deepid_table_rows(t); row++) {
            const bool planted = strcmp(deepid_table_row_name(t, row), "batchnorm") == 0;
            const double error = deepid_table_get(t, row, deepid_table_find_column(t, "error"));
            const double again = deepid_table_get(t, row, deepid_table_find_column(t, "second"));
            if ((planted ? !(error > 0.1) : !(error <= RIGHT)) || (planted ? !(again > 0.1) : !isnan(again)))
                fail_msg("net %d, %s: the error is %g\n%s", i, deepid_table_row_name(t, row), error,
                         deepid_table_text(t));
        }
        assert_true(column(t, "batchnorm", "parameters") <= RIGHT); /* gamma and beta do not see it */
        deepid_table_destroy(t);
        deepid_net_destroy(net);
    }
    deepid_dataset_destroy(data[0]);
    deepid_dataset_destroy(data[1]);
    deepid_ctx_destroy(ctx);
}

/* The check itself on gradients that are off: one entry of many by 1e-4 of the gradient's size, a sign, a zero, a
   missing skip. */
static void a_gradient_that_is_a_little_off_is_told(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = vectors(ctx);
    deepid_net *net = NULL;
    dpid_batch batch;
    dpid_difference d;
    OK(deepid_net_create(ctx, "input 2; dense out=8; relu; identity { dense out=8; batchnorm; tanh }; dense out=2",
                         DEEPID_F32, &net));
    OK(deepid_net_init(net, "he", SEED));
    OK(dpid_batch_open(net, data, DPID_P64, DPID_TRAIN, 60, true, &batch));
    OK(dpid_batch_run(&batch));
    OK(dpid_difference_open(&batch, 3, SEED, &d));
    double *g = dpid_parameter_gradient_at(batch.net, batch.net->layer[0].parameter[0]);
    double size = 0;
    for (int i = 0; i < 16; i++)
        size += g[i] * g[i];
    assert_true(dpid_difference_check(&d, 0, 0, g).error < RIGHT);
    g[3] += 1e-4 * sqrt(size);
    assert_true(dpid_difference_check(&d, 0, 0, g).error > 1e-5);
    g[3] -= 1e-4 * sqrt(size);
    for (int32_t t = 0; t < batch.net->steps; t++) {
        dpid_difference_backward(&d, t, DPID_MOVE_INPUT);
        assert_true(dpid_difference_check(&d, t, DPID_MOVE_INPUT, d.dx).error < RIGHT);
        const double *dx = d.dx;
        double *wrong = calloc((size_t)dpid_value_count(&batch, batch.net->step[t].in), sizeof *wrong);
        if (!(dpid_difference_check(&d, t, DPID_MOVE_INPUT, wrong).error > WRONG))
            fail_msg("step %d: a gradient of zeros passes", t);
        for (int64_t i = 0; i < dpid_value_count(&batch, batch.net->step[t].in); i++)
            wrong[i] = i % 7 == 0 ? 1.001 * dx[i] : dx[i];
        if (!(dpid_difference_check(&d, t, DPID_MOVE_INPUT, wrong).error > WRONG))
            fail_msg("step %d: a seventh of the gradient is wrong by 0.1 %% and passes", t);
        free(wrong);
    }
    dpid_difference_close(&d);
    dpid_batch_close(&batch);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* Sixteen relu layers of gain 30 before a batch-norm: live units are 1e24 large and their gradient 1e-26, dead ones
   are 0 and have an eps of 1e-5 for all their variance, and a gradient of 3. Both are seen, each on its own scale; and
   so is a fault that is planted there. */
static void dead_units_beside_huge_ones_are_checked(void **state)
{
    (void)state;
    static const char *const norms[] = {"batchnorm", "layernorm", "batchnorm eps=1e-12 backward_eps=1e-5"};
    static const char *const gains[] = {"orthogonal gain=30", "orthogonal gain=200", "orthogonal gain=1e-3"};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = vectors(ctx);
    for (int i = 0; i < 9; i++) {
        char text[160];
        deepid_net *net = NULL;
        deepid_table *t = NULL;
        snprintf(text, sizeof text, "input 2; dense out=16; relu; 16 * plain { dense out=16; relu }; %s; dense out=2",
                 norms[i / 3]);
        OK(deepid_net_create(ctx, text, DEEPID_F64, &net));
        OK(deepid_net_init(net, gains[i % 3], SEED));
        OK(deepid_net_inspect(net, data, "gradient_check", &t));
        for (int64_t row = 0; row < deepid_table_rows(t); row++) {
            const bool planted = i / 3 == 2 && strcmp(deepid_table_row_name(t, row), "batchnorm") == 0;
            const double error = deepid_table_get(t, row, deepid_table_find_column(t, "error"));
            const double again = deepid_table_get(t, row, deepid_table_find_column(t, "second"));
            if (planted ? !(error > 0.1 && again > 0.1) : !(error <= RIGHT))
                fail_msg("%s, %s, seed %d, %s: the error is %g, the second %g\n%s", text, gains[i % 3], SEED,
                         deepid_table_row_name(t, row), error, again, deepid_table_text(t));
        }
        deepid_table_destroy(t);
        deepid_net_destroy(net);
    }
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- edges --------------------------------------------------------------------------------------- */

static void one_sample_nan_and_threads(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = vectors(ctx);
    deepid_net *net = NULL;
    deepid_table *t = NULL;
    const char *where = NULL;
    OK(deepid_net_create(ctx, "input 2; dense out=4; tanh; dense out=2", DEEPID_F64, &net));
    OK(deepid_net_init(net, "he", SEED));
    OK(deepid_net_inspect(net, data, "gradient_check samples=1", &t));
    assert_true(worst(t, &where) <= RIGHT);
    assert_int_equal(deepid_table_rows(t), 6); /* input, three layers, loss, net */
    const uint64_t first = bits(deepid_table_column(t, 3), 6 * 8);
    deepid_table_destroy(t);
    OK(deepid_ctx_set_threads(ctx, 3));
    OK(deepid_net_inspect(net, data, "gradient_check samples=1", &t));
    assert_int_equal(bits(deepid_table_column(t, 3), 6 * 8), first);
    deepid_table_destroy(t);
    ((double *)deepid_net_parameter_data(net, "dense1.weight"))[2] = NAN;
    REFUSED(deepid_net_inspect(net, data, "gradient_check", &t), DEEPID_ERR_NUMERIC,
            "gradient_check: the output of dense1 is not finite");
    deepid_net_destroy(net);
    OK(deepid_net_create(ctx, "input 2; dense out=4; batchnorm; dense out=2", DEEPID_F32, &net));
    REFUSED(deepid_net_inspect(net, data, "gradient_check samples=1", &t), DEEPID_ERR_SHAPE, "1 value a channel");
    REFUSED(deepid_net_inspect(net, data, "gradient_check directions=0", &t), DEEPID_ERR_SPEC, "directions");
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

static int32_t check_once(deepid_ctx *ctx, void *arg)
{
    deepid_dataset *data = NULL;
    deepid_net *net = NULL;
    deepid_table *t = NULL;
    (void)arg;
    int32_t status = deepid_dataset_generate(ctx, "spirals n=8", SEED, &data);
    if (status == DEEPID_OK)
        status = deepid_net_create(ctx, "input 2; dense out=3; batchnorm; relu; dense out=2", DEEPID_F32, &net);
    if (status == DEEPID_OK)
        status = deepid_net_inspect(net, data, "gradient_check", &t);
    deepid_table_destroy(t);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    return status;
}

/* Zeros stand exactly at the bend of leaky_relu, also where it bends by a tenth or a hundredth only: they are left
   out, and all else stays as sharp as it is. Left in, the difference would lie between both slopes. Smooth layers
   have no bend, however curved: nothing of theirs is left out. */
static void outputs_at_a_slight_bend_are_left_out(void **state)
{
    (void)state;
    enum { N = 16, WIDTH = 4 };
    static const struct {
        const char *layer;
        double excluded;
    } rows[] = {{"relu", 0.25},
                {"leaky_relu slope=0.5", 0.25},
                {"leaky_relu slope=0.9", 0.25},
                {"leaky_relu slope=0.99", 0.25},
                {"tanh", 0},
                {"gelu", 0}};
    deepid_ctx *ctx = new_ctx(1);
    double x[N * WIDTH];
    int32_t labels[N];
    const int64_t extents[2] = {N, WIDTH};
    deepid_dataset *data = NULL;
    random_array(SEED, N * WIDTH, 0.5, 1, x);
    for (int i = 0; i < N * WIDTH; i++)
        x[i] = i % 4 == 0 ? 0 : i % 3 == 0 ? -x[i] : x[i];
    for (int i = 0; i < N; i++)
        labels[i] = i % 2;
    OK(deepid_dataset_wrap(ctx, DEEPID_F64, x, 2, extents, NULL, labels, 2, &data));
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        char text[100];
        char name[32];
        deepid_net *net = NULL;
        deepid_table *t = NULL;
        snprintf(text, sizeof text, "input 4; %s; dense out=2", rows[k].layer);
        snprintf(name, sizeof name, "%.*s", (int)strcspn(rows[k].layer, " "), rows[k].layer);
        OK(deepid_net_create(ctx, text, DEEPID_F64, &net));
        OK(deepid_net_init(net, "he", SEED));
        OK(deepid_net_inspect(net, data, "gradient_check", &t));
        if (column(t, name, "excluded") != rows[k].excluded || !(column(t, name, "error") <= RIGHT) ||
            !(column(t, name, "resolution") <= RIGHT))
            fail_msg("%s: a share of %g is left out, expected %g; error %g, resolution %g", text,
                     column(t, name, "excluded"), rows[k].excluded, column(t, name, "error"),
                     column(t, name, "resolution"));
        deepid_table_destroy(t);
        deepid_net_destroy(net);
    }
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

static void memory_that_runs_out_is_told(void **state)
{
    (void)state;
    survives_every_failing_allocation("gradient_check", check_once, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layer_kind_passes),
        cmocka_unit_test(every_block_variant_passes),
        cmocka_unit_test(deep_and_broken_nets_are_no_bugs),
        cmocka_unit_test(nets_that_diverged_are_not_accused),
        cmocka_unit_test(a_fault_of_one_in_a_hundred_thousand_is_told),
        cmocka_unit_test(a_gradient_cast_is_no_bug_and_other_losses_pass),
        cmocka_unit_test(another_eps_on_the_way_back_is_told_at_its_layer),
        cmocka_unit_test(a_gradient_that_is_a_little_off_is_told),
        cmocka_unit_test(dead_units_beside_huge_ones_are_checked),
        cmocka_unit_test(one_sample_nan_and_threads),
        cmocka_unit_test(outputs_at_a_slight_bend_are_left_out),
        cmocka_unit_test(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
