/* Certificates: what they measure, their bound, their files, what they refuse. */
#include "support/support.h"

#include <math.h>

static deepid_dataset *spirals(deepid_ctx *ctx, int64_t n)
{
    char spec[64];
    deepid_dataset *data = NULL;
    snprintf(spec, sizeof spec, "spirals n=%lld noise=0.1", (long long)n);
    OK(deepid_dataset_generate(ctx, spec, 5, &data));
    return data;
}

static deepid_net *start(deepid_ctx *ctx, const char *text, int32_t dtype, uint64_t seed)
{
    deepid_net *net = NULL;
    OK(deepid_net_create(ctx, text, dtype, &net));
    OK(deepid_net_init(net, "he", seed));
    return net;
}

static const int32_t dtypes[] = {DEEPID_F32, DEEPID_F64};
static const char small[] = "input 2; dense out=8; relu; dense out=2";
static const char normed[] = "input 2; dense out=8; batchnorm; relu; dense out=2";

/* ---- numbers -------------------------------------------------------------------------------------- */

static void a_net_and_its_copy_are_equal_bit_for_bit(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = spirals(ctx, 130);
    for (int d = 0; d < 2; d++) {
        deepid_net *net = start(ctx, normed, dtypes[d], 1);
        deepid_certificate *cert = NULL;
        double loss;
        OK(deepid_certificate_create(net, net, data, &cert));
        OK(deepid_net_evaluate(net, data, NULL, &loss, NULL));
        for (int i = 0; i < 2; i++)
            for (int32_t mode = DEEPID_EVAL; mode <= DEEPID_TRAIN; mode++) {
                assert_int_equal(deepid_certificate_equal(cert, dtypes[i], mode), 1);
                assert_true(deepid_certificate_difference(cert, dtypes[i], mode) == 0);
                assert_true(deepid_certificate_difference_rms(cert, dtypes[i], mode) == 0);
                assert_true(deepid_certificate_bound(cert, dtypes[i], mode) == 0);
            }
        /* the same sums as evaluate */
        assert_true(deepid_certificate_loss_shallow(cert, dtypes[d], DEEPID_EVAL) == loss);
        assert_true(deepid_certificate_loss_shallow(cert, dtypes[d], DEEPID_TRAIN) != loss);
        assert_int_equal(deepid_certificate_trains(cert), 1);
        assert_non_null(strstr(deepid_certificate_sentence(cert), "bit for bit"));
        deepid_certificate_destroy(cert);
        deepid_net_destroy(net);
    }
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* The last bias moved by (a, b): dz = (a, b) at every sample, so max = |b|, rms = sqrt((a^2 + b^2) / 2), bound = 2
   |b|. */
static void a_moved_bias_is_seen_as_what_it_is(void **state)
{
    (void)state;
    const double a = 0.125;
    const double b = -0.5;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = spirals(ctx, 100);
    deepid_net *net = start(ctx, small, DEEPID_F64, 1);
    deepid_net *moved = NULL;
    deepid_certificate *cert = NULL;
    OK(deepid_net_clone(net, 0, &moved));
    double *bias = deepid_net_parameter_data(moved, "dense2.bias");
    bias[0] += a;
    bias[1] += b;
    OK(deepid_certificate_create(net, moved, data, &cert));
    assert_true(fabs(deepid_certificate_difference(cert, DEEPID_F64, DEEPID_EVAL) - 0.5) < 1e-14);
    assert_true(fabs(deepid_certificate_difference_rms(cert, DEEPID_F64, DEEPID_EVAL) - sqrt((a * a + b * b) / 2)) <
                1e-14);
    assert_true(fabs(deepid_certificate_bound(cert, DEEPID_F64, DEEPID_EVAL) - 1) < 1e-12);
    assert_true(fabs(deepid_certificate_difference(cert, DEEPID_F32, DEEPID_EVAL) - 0.5) < 1e-6);
    assert_int_equal(deepid_certificate_equal(cert, DEEPID_F32, DEEPID_EVAL), 0);
    assert_int_equal(deepid_certificate_trains(cert), 0);
    assert_true(deepid_certificate_loss_deep(cert, DEEPID_F64, DEEPID_TRAIN) ==
                deepid_certificate_loss_deep(cert, DEEPID_F64, DEEPID_EVAL));
    assert_non_null(strstr(deepid_certificate_sentence(cert), "logits differ by at most 0.5"));
    deepid_certificate_destroy(cert);
    deepid_net_destroy(moved);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* y = w x with x = 1 and target 0: w = 1 has L = 1, w = 1.5 has 2.25; the bound D (2 sqrt(L) + D) = 0.5 (2 + 0.5) is
   met exactly. */
static void the_bound_for_targets_can_be_met(void **state)
{
    (void)state;
    static const double one[] = {1};
    static const double zero[] = {0};
    static const int64_t extents[] = {1, 1};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    deepid_certificate *cert = NULL;
    deepid_net *net[2];
    OK(deepid_dataset_wrap_targets(ctx, DEEPID_F64, one, 2, extents, NULL, DEEPID_F64, zero, 1, &data));
    for (int k = 0; k < 2; k++) {
        net[k] = start(ctx, "input 1; dense out=1 bias=0", DEEPID_F64, 1);
        *(double *)deepid_net_parameter_data(net[k], "dense.weight") = 1 + 0.5 * k;
    }
    OK(deepid_certificate_create(net[0], net[1], data, &cert));
    assert_true(deepid_certificate_loss_shallow(cert, DEEPID_F32, DEEPID_EVAL) == 1);
    assert_true(deepid_certificate_loss_deep(cert, DEEPID_F32, DEEPID_EVAL) == 2.25);
    assert_true(fabs(deepid_certificate_bound(cert, DEEPID_F32, DEEPID_EVAL) - 1.25) < 1e-12);
    deepid_certificate_destroy(cert);
    deepid_net_destroy(net[0]);
    deepid_net_destroy(net[1]);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* Weights disturbed by 2^-k, random signs: the measured difference of the losses never exceeds the bound, for labels
   and for targets. */
static void the_bound_holds_for_any_disturbance(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data[2] = {spirals(ctx, 70), NULL};
    OK(deepid_dataset_generate(ctx, "identity n=70 in=2", 3, &data[1]));
    double closest = 0;
    for (uint64_t seed = 1; seed <= 6; seed++)
        for (int k = -2; k < 50; k += 3)
            for (int t = 0; t < 2; t++) {
                deepid_net *net = start(ctx, small, DEEPID_F64, seed);
                deepid_net *other = NULL;
                deepid_certificate *cert = NULL;
                double noise[64];
                OK(deepid_net_clone(net, 0, &other));
                random_array(seed, 64, -ldexp(1, -k), ldexp(1, -k), noise);
                double *w = deepid_net_trained_data(other);
                for (int64_t i = 0; i < deepid_net_trained_count(other) && i < 64; i++)
                    w[i] += noise[i];
                OK(deepid_certificate_create(net, other, data[t], &cert));
                for (int p = 0; p < 2; p++) {
                    const double change = fabs(deepid_certificate_loss_deep(cert, dtypes[p], DEEPID_EVAL) -
                                               deepid_certificate_loss_shallow(cert, dtypes[p], DEEPID_EVAL));
                    const double bound = deepid_certificate_bound(cert, dtypes[p], DEEPID_EVAL);
                    closest = fmax(closest, bound > 0 ? change / bound : 0);
                    if (!(change <= bound))
                        fail_msg("seed %d, 2^-%d, %s, %s: the loss changes by %g, the bound is %g", (int)seed, k,
                                 t ? "targets" : "labels", p ? "f64" : "f32", change, bound);
                }
                deepid_certificate_destroy(cert);
                deepid_net_destroy(other);
                deepid_net_destroy(net);
            }
    assert_true(closest > 0.1); /* and it is no empty bound */
    deepid_dataset_destroy(data[0]);
    deepid_dataset_destroy(data[1]);
    deepid_ctx_destroy(ctx);
}

/* Logits (w, 0) with w around 2^-54, where e^-w rounds to 1 or to 1 - 2^-53: dz is 1e-20, the losses as computed
   differ by 1e-16. */
static void the_bound_counts_the_rounding_of_the_losses(void **state)
{
    (void)state;
    static const double one[] = {1};
    static const int64_t extents[] = {1, 1};
    static const int32_t label[] = {1};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    deepid_net *net[2] = {start(ctx, "input 1; dense out=2", DEEPID_F64, 1),
                          start(ctx, "input 1; dense out=2", DEEPID_F64, 1)};
    deepid_certificate *cert = NULL;
    double change = 0;
    OK(deepid_dataset_wrap(ctx, DEEPID_F64, one, 2, extents, NULL, label, 2, &data));
    for (int i = -20; i <= 20; i++) {
        for (int k = 0; k < 2; k++) {
            double *w = deepid_net_parameter_data(net[k], "dense.weight");
            w[0] = ldexp(1 + ldexp(k + i, -12), -54);
            w[1] = 0;
        }
        OK(deepid_certificate_create(net[0], net[1], data, &cert));
        const double here = fabs(deepid_certificate_loss_deep(cert, DEEPID_F64, DEEPID_EVAL) -
                                 deepid_certificate_loss_shallow(cert, DEEPID_F64, DEEPID_EVAL));
        assert_true(deepid_certificate_difference(cert, DEEPID_F64, DEEPID_EVAL) < 1e-19);
        assert_true(here <= deepid_certificate_bound(cert, DEEPID_F64, DEEPID_EVAL));
        change = fmax(change, here);
        deepid_certificate_destroy(cert);
    }
    assert_true(change > 1e-17); /* the jump was among them */
    deepid_net_destroy(net[0]);
    deepid_net_destroy(net[1]);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

static void threads_do_not_change_a_number(void **state)
{
    (void)state;
    double loss[2], difference[2];
    for (int t = 0; t < 2; t++) {
        deepid_ctx *ctx = new_ctx(t ? 2 : 1);
        deepid_dataset *data = spirals(ctx, 200);
        deepid_net *a = start(ctx, normed, DEEPID_F32, 1);
        deepid_net *b = start(ctx, normed, DEEPID_F32, 2);
        deepid_certificate *cert = NULL;
        OK(deepid_certificate_create(a, b, data, &cert));
        loss[t] = deepid_certificate_loss_deep(cert, DEEPID_F32, DEEPID_TRAIN);
        difference[t] = deepid_certificate_difference_rms(cert, DEEPID_F64, DEEPID_TRAIN);
        deepid_certificate_destroy(cert);
        deepid_net_destroy(a);
        deepid_net_destroy(b);
        deepid_dataset_destroy(data);
        deepid_ctx_destroy(ctx);
    }
    assert_true(loss[0] == loss[1] && difference[0] == difference[1]);
}

/* Batch statistics of one sample do not exist: training numbers are NaN, the rest stands. */
static void a_single_sample_has_no_training_numbers(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = spirals(ctx, 100);
    deepid_dataset *one = NULL;
    deepid_net *net = start(ctx, normed, DEEPID_F32, 1);
    deepid_certificate *cert = NULL;
    OK(deepid_dataset_sample(data, 1, 1, &one));
    OK(deepid_certificate_create(net, net, one, &cert));
    assert_true(isnan(deepid_certificate_loss_deep(cert, DEEPID_F32, DEEPID_TRAIN)));
    assert_int_equal(deepid_certificate_equal(cert, DEEPID_F32, DEEPID_EVAL), 1);
    assert_int_equal(deepid_certificate_equal(cert, DEEPID_F32, DEEPID_TRAIN), 0);
    deepid_certificate_destroy(cert);
    deepid_net_destroy(net);
    deepid_dataset_destroy(one);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- refusals ---------------------------------------------------------------------------------------- */

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_ctx *other_ctx = new_ctx(1);
    deepid_dataset *data = spirals(ctx, 50);
    deepid_dataset *wide = NULL;
    deepid_dataset *many = generated(ctx, "spirals n=30 classes=3", 1);
    deepid_dataset *foreign = spirals(other_ctx, 50);
    deepid_net *net = start(ctx, small, DEEPID_F32, 1);
    deepid_net *three = start(ctx, "input 3; dense out=2", DEEPID_F32, 1);
    deepid_net *narrow = start(ctx, "input 2; dense out=1", DEEPID_F32, 1);
    deepid_net *fresh = NULL;
    deepid_certificate *cert = NULL;
    OK(deepid_dataset_generate(ctx, "teacher n=20", 1, &wide));
    OK(deepid_net_create(ctx, small, DEEPID_F32, &fresh));
    REFUSED(deepid_certificate_create(net, NULL, data, &cert), DEEPID_ERR_ARGUMENT, "deep is NULL");
    REFUSED(deepid_certificate_create(net, net, NULL, &cert), DEEPID_ERR_ARGUMENT, "data is NULL");
    REFUSED(deepid_certificate_create(net, net, data, NULL), DEEPID_ERR_ARGUMENT, "out is NULL");
    REFUSED(deepid_certificate_create(net, net, foreign, &cert), DEEPID_ERR_ARGUMENT, "different contexts");
    REFUSED(deepid_certificate_create(net, three, data, &cert), DEEPID_ERR_SHAPE,
            "shallow net takes 2, the deep one 3");
    REFUSED(deepid_certificate_create(net, narrow, data, &cert), DEEPID_ERR_SHAPE,
            "shallow net gives 2, the deep one 1");
    REFUSED(deepid_certificate_create(net, net, many, &cert), DEEPID_ERR_SHAPE,
            "the nets give 2, the data has 3 classes");
    REFUSED(deepid_certificate_create(net, net, wide, &cert), DEEPID_ERR_SHAPE,
            "the net takes 2, the data has samples of 8");
    REFUSED(deepid_certificate_create(net, fresh, data, &cert), DEEPID_ERR_STATE, "the deep net: all weights are 0");
    ((float *)deepid_net_parameter_data(net, "dense2.weight"))[5] = NAN;
    REFUSED(deepid_certificate_create(three, net, data, &cert), DEEPID_ERR_SHAPE, "takes");
    REFUSED(deepid_certificate_create(net, net, data, &cert), DEEPID_ERR_NUMERIC,
            "the shallow net: dense2.weight holds nan at place 5");
    OK(deepid_net_init(net, "he", 1));
    for (int64_t i = 0; i < 16; i++)
        ((float *)deepid_net_parameter_data(net, "dense1.weight"))[i] =
            ((float *)deepid_net_parameter_data(net, "dense2.weight"))[i] = 3e38f;
    REFUSED(deepid_certificate_create(net, net, data, &cert), DEEPID_ERR_NUMERIC, "in f32 at sample");
    assert_null(cert);
    assert_true(isnan(deepid_certificate_bound(NULL, DEEPID_F32, DEEPID_EVAL)));
    assert_string_equal(deepid_certificate_sentence(NULL), "");
    deepid_certificate_destroy(NULL);
    deepid_net_destroy(fresh);
    deepid_net_destroy(narrow);
    deepid_net_destroy(three);
    deepid_net_destroy(net);
    deepid_dataset_destroy(foreign);
    deepid_dataset_destroy(wide);
    deepid_dataset_destroy(many);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(other_ctx);
    deepid_ctx_destroy(ctx);
}

/* ---- files ---------------------------------------------------------------------------------------------- */

typedef struct {
    deepid_ctx *ctx;
    deepid_dataset *data;
    const char *folder;
    char json[512], shallow[512], deep[512];
} written;

static written write_one(void)
{
    deepid_ctx *ctx = new_ctx(1);
    written w = {.ctx = ctx, .data = spirals(ctx, 90), .folder = temporary("certificate")};
    deepid_net *a = start(ctx, normed, DEEPID_F32, 1);
    deepid_net *b =
        start(ctx, "input 2; dense out=8; batchnorm; relu; plain { dense out=8; relu }; dense out=2", DEEPID_F32, 2);
    deepid_certificate *cert = NULL;
    OK(deepid_certificate_create(a, b, w.data, &cert));
    OK(deepid_certificate_write(cert, w.folder));
    deepid_certificate_destroy(cert);
    deepid_net_destroy(b);
    deepid_net_destroy(a);
    snprintf(w.json, sizeof w.json, "%s/certificate.json", w.folder);
    snprintf(w.shallow, sizeof w.shallow, "%s/shallow.safetensors", w.folder);
    snprintf(w.deep, sizeof w.deep, "%s/deep.safetensors", w.folder);
    return w;
}

static void end(written *w)
{
    deepid_dataset_destroy(w->data);
    deepid_ctx_destroy(w->ctx);
}

static void a_written_certificate_replays_to_the_same_bits(void **state)
{
    (void)state;
    written w = write_one();
    deepid_ctx *ctx = w.ctx;
    deepid_table *table = NULL;
    OK(deepid_certificate_verify(ctx, w.folder, w.data, &table));
    assert_int_equal(deepid_table_rows(table), 0);
    deepid_table_destroy(table);
    end(&w);
}

static void a_changed_number_is_named(void **state)
{
    (void)state;
    written w = write_one();
    deepid_ctx *ctx = w.ctx;
    deepid_table *table = NULL;
    size_t bytes;
    char *text = read_bytes(w.json, &bytes);
    char *place = strstr(strstr(text, "\"f64\""), "\"loss_deep\": ") + strlen("\"loss_deep\": ");
    *place = *place == '9' ? '8' : '9'; /* its first digit */
    write_bytes(w.json, text, bytes);
    REFUSED(deepid_certificate_verify(ctx, w.folder, w.data, &table), DEEPID_ERR_FORMAT,
            "certificate.json' is a damaged certificate (its content has the checksum xxh3:");
    seal_again(w.json); /* somebody means it */
    OK(deepid_certificate_verify(ctx, w.folder, w.data, &table));
    assert_int_equal(deepid_table_rows(table), 1);
    assert_string_equal(deepid_table_row_name(table, 0), "f64.eval.loss_deep");
    assert_true(deepid_table_get(table, 0, 0) != deepid_table_get(table, 0, 1));
    deepid_table_destroy(table);
    free(text);
    end(&w);
}

static void other_data_and_other_nets_are_refused(void **state)
{
    (void)state;
    written w = write_one();
    deepid_ctx *ctx = w.ctx;
    deepid_dataset *other = spirals(ctx, 91);
    deepid_table *table = NULL;
    deepid_net *net = start(ctx, normed, DEEPID_F32, 9);
    REFUSED(deepid_certificate_verify(ctx, w.folder, other, &table), DEEPID_ERR_ARGUMENT,
            "it was made on data with hash");
    REFUSED(deepid_certificate_verify(ctx, w.folder, NULL, &table), DEEPID_ERR_ARGUMENT, "data is NULL");
    REFUSED(deepid_certificate_verify(ctx, NULL, w.data, &table), DEEPID_ERR_ARGUMENT, "folder is NULL");
    REFUSED(deepid_certificate_verify(ctx, "/nowhere/at/all", w.data, &table), DEEPID_ERR_IO,
            "/nowhere/at/all/certificate.json");
    OK(deepid_net_save(net, w.shallow));
    REFUSED(deepid_certificate_verify(ctx, w.folder, w.data, &table), DEEPID_ERR_FORMAT,
            "the certificate is about one with hash");
    assert_int_equal(remove(w.deep), 0);
    OK(deepid_net_save(net, w.shallow));
    assert_null(table);
    deepid_net_destroy(net);
    deepid_dataset_destroy(other);
    end(&w);
}

/* Every length of every file, and turned bits: one sentence, which names the file. */
static int32_t verify(void *arg)
{
    written *w = arg;
    deepid_table *table = NULL;
    const int32_t status = deepid_certificate_verify(w->ctx, w->folder, w->data, &table);
    assert_true((table != NULL) == (status == DEEPID_OK));
    deepid_table_destroy(table);
    return status;
}

static void damage(written *w, const char *path, size_t stride)
{
    deepid_ctx *ctx = w->ctx;
    size_t bytes;
    char *text = read_bytes(path, &bytes);
    for (size_t i = 0; i < bytes; i += 1 + bytes / 200) {
        write_bytes(path, text, i);
        REFUSED(verify(w), DEEPID_ERR_FORMAT, path);
    }
    write_bytes(path, text, bytes);
    free(text);
    every_turned_bit_is_refused(ctx, path, stride, path, verify, w);
}

static void write_words(const char *path, const char *words)
{
    write_bytes(path, words, strlen(words));
}

static void damaged_files_give_one_sentence(void **state)
{
    (void)state;
    written w = write_one();
    damage(&w, w.json, 5);
    damage(&w, w.shallow, 5);
    damage(&w, w.deep, 11);
    deepid_ctx *ctx = w.ctx;
    OK(verify(&w));
    write_words(w.json, "{\"format\": 1}");
    REFUSED(verify(&w), DEEPID_ERR_FORMAT, "its last line is no checksum");
    write_words(w.json, "{\"format\": 1,\n\"checksum\": ");
    seal_again(w.json);
    REFUSED(verify(&w), DEEPID_ERR_FORMAT, "is a certificate of format 1, expected 2");
    write_words(w.json, "[],\n\"checksum\": ");
    seal_again(w.json);
    REFUSED(verify(&w), DEEPID_ERR_FORMAT, "not JSON");
    end(&w);
}

/* ---- memory ------------------------------------------------------------------------------------------------ */

static int32_t make_write_verify(deepid_ctx *ctx, void *folder)
{
    deepid_dataset *data = NULL;
    deepid_net *net = NULL;
    deepid_certificate *cert = NULL;
    deepid_table *table = NULL;
    int32_t status = deepid_dataset_generate(ctx, "spirals n=10", 1, &data);
    if (status == DEEPID_OK)
        status = deepid_net_create(ctx, normed, DEEPID_F32, &net);
    if (status == DEEPID_OK)
        status = deepid_net_init(net, "he", 1);
    if (status == DEEPID_OK)
        status = deepid_certificate_create(net, net, data, &cert);
    if (status == DEEPID_OK)
        status = deepid_certificate_write(cert, folder);
    if (status == DEEPID_OK)
        status = deepid_certificate_verify(ctx, folder, data, &table);
    deepid_table_destroy(table);
    deepid_certificate_destroy(cert);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    return status;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    survives_every_failing_allocation("certificate", make_write_verify, (void *)temporary("failing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_net_and_its_copy_are_equal_bit_for_bit),
        cmocka_unit_test(a_moved_bias_is_seen_as_what_it_is),
        cmocka_unit_test(the_bound_for_targets_can_be_met),
        cmocka_unit_test(the_bound_holds_for_any_disturbance),
        cmocka_unit_test(the_bound_counts_the_rounding_of_the_losses),
        cmocka_unit_test(threads_do_not_change_a_number),
        cmocka_unit_test(a_single_sample_has_no_training_numbers),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(a_written_certificate_replays_to_the_same_bits),
        cmocka_unit_test(a_changed_number_is_named),
        cmocka_unit_test(other_data_and_other_nets_are_refused),
        cmocka_unit_test(damaged_files_give_one_sentence),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
