/* Random evidence: whatever is measured, every finding has its sentence, no number in it is none, what is open says
   what would settle it, no two sentences contradict each other, and the same evidence gives the same bytes.
   A failure prints its seed: verdict_test_verdict_random --seed N judges that evidence alone and shows the text;
   --count N looks at more of it. */
#include "verdict/plant.h"

#include "verdict/verdict.h"

static plant p;

static double draw(uint64_t seed, int64_t place)
{
    double x[1];
    random_array(seed * 100003 + (uint64_t)place, 1, 0, 1, x);
    return x[0];
}

static const char *const words[] = {"S",
                                    "D",
                                    "S_rate",
                                    "D_rate",
                                    "S_fine",
                                    "W0",
                                    "WT",
                                    "WT:1",
                                    "WT:0.01",
                                    "D64",
                                    "D_start:he",
                                    "D_opt:adam",
                                    "D_start:lsuv",
                                    "D_opt:adam2",
                                    "D_2T",
                                    "D_3T",
                                    "D_res",
                                    "dial:0.5",
                                    "D_free:dropout",
                                    "D_free:decay",
                                    "D_norm:batch8",
                                    "D_bf16",
                                    "S_bf16",
                                    "D_f16",
                                    "S_f16",
                                    "D_f16:scaled",
                                    "D_tf32",
                                    "S_tf32",
                                    "D_f32",
                                    "D_bf16:stochastic",
                                    "D_bf16:weights",
                                    "D_f8",
                                    "S_f8"};
enum { WORDS = sizeof words / sizeof *words };

enum { FIRST_FORMAT = 21 }; /* among the words; those before it are drawn as ever */
static const char *const storages[] = {"f16", "bf16", "bf16 weights=format", "tf32", "f8e4m3", "f8e5m2", "f32"};
enum { STORAGES = sizeof storages / sizeof *storages };

static double scattered(uint64_t seed, int64_t place)
{
    return p.e.const_loss * pow(10, -4 * draw(seed, place)) * (draw(seed, place + 1) < 0.2 ? 1.2 : 1);
}

/* Curves that fall or not, end early or not; validation by chance. */
static void plant_random_curve(uint64_t seed, int64_t i)
{
    static double curve[PLANT_ARMS][3][PLANT_SEEDS * PLANT_POINTS];
    for (int64_t s = 0; s < p.e.seeds; s++) {
        const int64_t points = (int64_t)(draw(seed, 3) * (PLANT_POINTS + 1));
        for (int64_t k = 0; k < PLANT_POINTS; k++)
            for (int c = 0; c < 3; c++) {
                const double x = draw(seed, 10 + 100 * s + 10 * k + c);
                curve[i][c][s * PLANT_POINTS + k] = k >= points ? (double)NAN : x < 0.05 ? 0 : pow(x, 1 + (double)k);
            }
    }
    p.arm[i].points = PLANT_POINTS;
    p.arm[i].curve_train = curve[i][0];
    p.arm[i].curve_valid = draw(seed, 1) < 0.8 ? curve[i][1] : NULL;
    p.arm[i].curve_valid_error = draw(seed, 2) < 0.8 ? curve[i][2] : NULL;
}

/* What is minimised, and the losses by the statistics of batch-norm. */
static void plant_random_modes(uint64_t seed, int64_t i, double middle)
{
    const double **const to[] = {&p.arm[i].objective, &p.arm[i].batch_loss, &p.arm[i].batch8_loss,
                                 &p.arm[i].moving_loss};
    for (int k = 0; k < 4; k++)
        if (draw(seed, k) < 0.6)
            *to[k] = plant_fill(&p, i, 8 + k, middle * (0.5 + 2 * draw(seed, 10 + k)), middle * draw(seed, 20 + k));
}

static void plant_random_arm(uint64_t seed, int64_t word)
{
    const int64_t at = 1000 * (word + 1);
    const double middle = scattered(seed, at);
    const int64_t i = plant_arm(&p, words[word], middle, middle * draw(seed, at + 2));
    const double wrong = draw(seed, at + 3);
    if (draw(seed, at + 4) < 0.7)
        plant_valid(&p, i, middle * (1 + draw(seed, at + 5)), middle * draw(seed, at + 6), middle);
    if (draw(seed, at + 7) < 0.7)
        plant_errors(&p, i, 0.5 * wrong * wrong, 0.5 * wrong, 0.1 * wrong);
    if (draw(seed, at + 8) < 0.2)
        plant_penalty(&p, i, 0.1, 0.05);
    if (draw(seed, at + 9) < 0.2)
        plant_diverge(&p, i, 1 + (int64_t)(draw(seed, at + 10) * (double)p.e.seeds));
    if (draw(seed, at + 11) < 0.1)
        for (int64_t s = 0; s < p.e.seeds; s += 2)
            p.column[i][0][s] = (double)NAN;
    if (draw(seed, at + 12) < 0.8)
        plant_rate(&p, i, pow(10, -3 * draw(seed, at + 13)), draw(seed, at + 14) < 0.5 ? 5 : 0,
                   draw(seed, at + 15) < 0.2 ? 5 : 2);
    p.arm[i].noise = draw(seed, at + 16) < 0.1;
    if (draw(seed, at + 17) < 0.5)
        p.arm[i].tuning_loss = scattered(seed, at + 18);
    if (draw(seed, at + 21) < 0.6)
        plant_random_curve(seed + 7919 * (uint64_t)(word + 1), i);
    plant_random_modes(seed + 104729 * (uint64_t)(word + 1), i, middle);
    p.arm[i].updates = draw(seed, at + 20) < 0.5 ? 100 : (double)NAN;
}

/* 0, or a small number */
static int64_t few(uint64_t seed, int64_t place, int64_t most)
{
    return draw(seed, place) < 0.3 ? 0 : 1 + (int64_t)(draw(seed, place + 1) * (double)most);
}

static void plant_random_recipe(uint64_t seed)
{
    const double check = draw(seed, 40);
    p.e.gradient_check = check < 0.1   ? DPID_NOT_CHECKED
                         : check < 0.2 ? DPID_FAILED
                         : check < 0.3 ? DPID_UNRESOLVED
                                       : DPID_PASSED;
    p.e.gradient_check_error = check < 0.1 ? (double)NAN : draw(seed, 60);
    p.e.gradient_check_second = draw(seed, 61) < 0.5 ? (double)NAN : draw(seed, 62) * 1e-3;
    p.e.dropout[0] = draw(seed, 63) < 0.3;
    p.e.dropout[1] = draw(seed, 64) < 0.3;
    p.e.decay = draw(seed, 65) < 0.2;
    p.e.smoothing = draw(seed, 66) < 0.1;
    p.e.augmentation = draw(seed, 67) < 0.1;
    p.e.batchnorm = draw(seed, 68) < 0.5;
    p.e.batch = few(seed, 69, 8);
    p.e.shallow_narrowest = few(seed, 71, 3);
    p.e.deep_narrowest = few(seed, 73, 3);
    p.e.other_layers = draw(seed, 75) < 0.2;
}

static void plant_random(uint64_t seed)
{
    static const char *const left_out[] = {"D_start:delta_orthogonal", "D_free:dropout"};
    static const char *const reasons[] = {"budget", ""};
    plant_start(&p, seed, 1 + (int64_t)(12 * draw(seed, 1)), draw(seed, 2) < 0.5 ? 0.693 : 2.302);
    for (int64_t word = 0; word < WORDS; word++)
        if (draw(seed, (word < FIRST_FORMAT ? 10 : 600) + word) < (word < 2 ? 0.97 : 0.5))
            plant_random_arm(seed, word);
    if (p.e.arms == 0)
        plant_random_arm(seed, 0);
    plant_random_recipe(seed);
    p.e.storage = draw(seed, 50) < 0.6 ? NULL : storages[(int)(draw(seed, 51) * STORAGES)];
    p.e.counted = draw(seed, 41) < 0.5;
    p.e.zeros = draw(seed, 42) < 0.3 ? 12 : 0;
    p.e.subnormals = p.e.infinities = 0;
    p.e.compared = draw(seed, 43) < 0.5;
    p.e.min_cosine = draw(seed, 44) < 0.5 ? 0.9 : 1;
    p.e.max_relative_error = draw(seed, 45);
    p.e.mask_flips = 0;
    p.e.default_init = draw(seed, 46) < 0.2;
    p.e.floor = draw(seed, 47) < 0.1 ? 0.3 : (double)NAN;
    p.e.updates = draw(seed, 48) < 0.5 ? 100 : 0;
    p.e.left_out = left_out;
    p.e.left_out_reason = reasons;
    p.e.left_outs = draw(seed, 49) < 0.3 ? 2 : 0;
}

static void clean(uint64_t seed, const char *what, const char *text)
{
    static const char *const bad[] = {"not a number", "nan", "NaN", "(null)", "%s", "  ", " .", " ,", "..", "inf "};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (strstr(text, bad[i]))
            fail_msg("seed %llu: '%s' in %s: %s", (unsigned long long)seed, bad[i], what, text);
}

/* "Run arm W0 ..." of an arm that was run */
static void asks_for_nothing_that_stands_there(uint64_t seed, const char *settle)
{
    char word[32];
    if (sscanf(settle, "Run arm %31[^ .:]", word) != 1)
        return;
    for (int64_t i = 0; i < p.e.arms; i++)
        if (!strcmp(p.arm[i].word, word))
            fail_msg("seed %llu: asks for %s, which was run: %s", (unsigned long long)seed, word, settle);
}

static void looks_right(uint64_t seed, const deepid_verdict *v)
{
    clean(seed, "the answer", deepid_verdict_answer(v));
    clean(seed, "the scope", deepid_verdict_scope(v));
    for (int64_t i = 0; i < deepid_verdict_count(v); i++) {
        const char *name = deepid_verdict_hypothesis(v, i);
        const char *settle = deepid_verdict_to_settle(v, i);
        const bool open = !strcmp(deepid_verdict_status(v, i), "undecided");
        clean(seed, name, deepid_verdict_sentence(v, i));
        clean(seed, name, settle);
        asks_for_nothing_that_stands_there(seed, settle);
        if (!deepid_verdict_sentence(v, i)[0] || !deepid_verdict_rule(v, i)[0])
            fail_msg("seed %llu: %s has no sentence or rule", (unsigned long long)seed, name);
        if (open != (settle[0] != 0))
            fail_msg("seed %llu: %s is %s and what settles it '%s'", (unsigned long long)seed, name,
                     deepid_verdict_status(v, i), settle);
    }
    if (strstr(deepid_verdict_answer(v), "No headroom") &&
        !strcmp(deepid_verdict_status(v, deepid_verdict_find(v, "solver")), "confirmed"))
        fail_msg("seed %llu: %s", (unsigned long long)seed, deepid_verdict_answer(v));
}

static uint64_t only, count = 600;

static void random_evidence_has_clean_findings(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    dpid_thresholds t = dpid_thresholds_default();
    t.resamples = 199;
    for (uint64_t seed = only ? only : 1; seed <= (only ? only : count); seed++) {
        deepid_verdict *v[2] = {NULL, NULL};
        plant_random(seed);
        for (int i = 0; i < 2; i++)
            OK(dpid_verdict_judge(ctx, &p.e, &t, &v[i]));
        if (only)
            puts(deepid_verdict_text(v[0], 0));
        looks_right(seed, v[0]);
        assert_string_equal(deepid_verdict_text(v[0], 1), deepid_verdict_text(v[1], 1));
        deepid_verdict_destroy(v[1]);
        deepid_verdict_destroy(v[0]);
    }
    deepid_ctx_destroy(ctx);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_evidence_has_clean_findings)};
    if (argc == 3 && !strcmp(argv[1], "--seed"))
        only = strtoull(argv[2], NULL, 10);
    if (argc == 3 && !strcmp(argv[1], "--count"))
        count = strtoull(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
