/* The figure of the precision ladder, from evidence made by hand: what is drawn for which arms, where it is left out,
   and that it is sound whatever was measured. */
#include "support/support.h"
#include "support/xml.h"
#include "verdict/plant.h"

#include "base/base.h"
#include "report/study_page.h"
#include "verdict/ladder.h"

#include <math.h>

static plant p;

/* The page of what was planted, judged. */
typedef struct {
    deepid_ctx *ctx;
    deepid_verdict *verdict;
    deepid_table *results;
    dpid_page_arm arm[PLANT_ARMS];
    dpid_material material;
} page;

static void fill_results(page *g)
{
    deepid_ctx *ctx = g->ctx;
    OK(deepid_table_create(ctx, "arm", "seed,train_loss,valid_loss,diverged", &g->results));
    for (int64_t i = 0; i < p.e.arms; i++)
        for (int64_t s = 0; s < p.e.seeds; s++) {
            const double row[] = {(double)(s + 1), p.arm[i].train_loss[s],
                                  p.arm[i].valid_loss ? p.arm[i].valid_loss[s] : (double)NAN, p.diverged[i][s]};
            OK(deepid_table_append(g->results, p.arm[i].word, row));
        }
}

static void open_page(page *g)
{
    deepid_ctx *ctx = new_ctx(1);
    *g = (page){.ctx = ctx};
    OK(dpid_verdict_judge(ctx, &p.e, NULL, &g->verdict));
    fill_results(g);
    for (int64_t i = 0; i < p.e.arms; i++)
        g->arm[i] = (dpid_page_arm){p.arm[i].word, "plain", NULL, p.arm[i].word[0] == 'D' ? 30 : 2, 0.01};
    g->material = (dpid_material){.question = "Why?",
                                  .subject = "planted",
                                  .command = "",
                                  .machine = "",
                                  .files = "",
                                  .deep_text = "",
                                  .const_loss = p.e.const_loss,
                                  .margin = (double)NAN,
                                  .results = g->results,
                                  .arm = g->arm,
                                  .arms = p.e.arms,
                                  .verdict = g->verdict};
}

static void close_page(page *g)
{
    deepid_table_destroy(g->results);
    deepid_verdict_destroy(g->verdict);
    deepid_ctx_destroy(g->ctx);
}

/* The whole page; free() it. */
static char *write_page(page *g)
{
    const char *path = temporary("ladder.html");
    deepid_ctx *ctx = g->ctx;
    size_t bytes;
    OK(dpid_study_page_write(ctx, &g->material, path));
    return read_bytes(path, &bytes);
}

/* The ladder's figure alone; free() it. NULL: the page has none. */
static char *figure_of(page *g)
{
    char *whole = write_page(g);
    char *out = NULL;
    const char *at = g->verdict->ladder ? strstr(whole, "its bits of precision below") : NULL;
    if (at) {
        const char *begin = at;
        while (strncmp(begin, "<figure", 7) != 0)
            begin--;
        out = strndup(begin, (size_t)(strstr(begin, "</figure>") - begin));
    }
    free(whole);
    return out;
}

static int count_of(const char *text, const char *part)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, part)); at++)
        count++;
    return count;
}

static void counts(const char *figure, const char *part, int expected)
{
    if (count_of(figure, part) != expected)
        fail_msg("'%s' stands there %d times, expected %d", part, count_of(figure, part), expected);
}

static void start(int64_t seeds)
{
    plant_start(&p, 1, seeds, 0.693);
    p.e.shallow_depth = 2;
    p.e.deep_depth = 30;
    plant_arm(&p, "S", 0.01, 0.002);
    plant_arm(&p, "D", 0.012, 0.002);
}

/* x of the first mark whose title begins so. */
static double place_of(const char *figure, const char *title)
{
    char part[128];
    snprintf(part, sizeof part, "<title>%s", title);
    const char *at = strstr(figure, part);
    if (!at)
        fail_msg("nothing is called '%s'", title);
    while (strncmp(at, " d=\"M", 5) != 0)
        at--;
    return atof(at + 5);
}

/* ---- what is drawn -------------------------------------------------------------------------------------- */

static void every_format_has_its_marks(void **state)
{
    (void)state;
    page g;
    start(8);
    plant_arm(&p, "D_tf32", 0.012, 0.002);
    plant_arm(&p, "D_bf16", 0.3, 0.02);
    plant_arm(&p, "D_f16", 0.012, 0.002);
    plant_arm(&p, "S_bf16", 0.01, 0.002);
    plant_arm(&p, "D_bf16:stochastic", 0.02, 0.002);
    plant_diverge(&p, 4, 8);
    open_page(&g);
    char *figure = figure_of(&g);
    assert_non_null(figure);
    page_holds(figure, g.verdict->ladder->sentence);
    page_holds(figure, "Harm: surely above the margin");
    page_holds(figure, "Ring: the recipe&#39;s own, float32.");
    page_holds(figure, "variants, medians alone, from the middle outwards: bfloat16 stochastic.");
    counts(figure, "<title>bfloat16, depth 30: seed ", 8);
    counts(figure, "<title>bfloat16, depth 2: seed ", 8);
    counts(figure, "<title>bfloat16, depth 30: median ", 1);
    counts(figure, "<title>bfloat16, stochastic, depth 30: ", 1); /* the median alone */
    counts(figure, "<title>float16, depth 30: ", 0);              /* all diverged: */
    page_holds(figure, "8 of 8 values are not finite");
    counts(figure, ": the recipe&#39;s own format", 2);
    counts(figure, ": interval of the median", 5); /* S, D, D_tf32, D_bf16, S_bf16 */
    counts(figure, "medians of formats with the range of float32", 3);
    counts(figure, "<text class=\"label", 2);
    page_holds(figure, ">24 bits</text>");
    page_holds(figure, "<th scope=\"row\">D_bf16:stochastic</th>\n<td>8</td>");
    /* from the finest to the coarsest, the shallow net to the left of the deep one */
    const double f32 = place_of(figure, "float32, depth 30: median");
    const double tf32 = place_of(figure, "tf32, depth 30: median");
    const double bf16 = place_of(figure, "bfloat16, depth 30: median");
    assert_true(f32 < tf32 && tf32 < bf16);
    assert_true(fabs(tf32 - f32 - (bf16 - tf32) / 2) < 0.2); /* float16's column stands between */
    assert_true(place_of(figure, "bfloat16, depth 2: median") < bf16);
    assert_true(place_of(figure, "bfloat16, stochastic, depth 30: median") > bf16);
    free(figure);
    close_page(&g);
}

/* No median to draw: the ring and a label at the upper edge. */
static void the_recipes_own_divergence_is_marked(void **state)
{
    (void)state;
    static const struct {
        const char *with, *title, *label;
    } rows[] = {
        {"D_f16", "<title>float16, static, depth 30: the recipe&#39;s own", ">float16, static: 8 of 8 diverge<"},
        {"D_tf32", "<title>float16, depth 30: the recipe&#39;s own format", ">float16: 8 of 8 diverge<"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        page g;
        start(8);
        plant_arm(&p, "D_f32", 0.012, 0.002);
        plant_arm(&p, "D_bf16", 0.012, 0.002);
        plant_arm(&p, rows[i].with, 0.012, 0.002);
        p.e.storage = "f16";
        p.e.loss_scale = "static";
        plant_diverge(&p, 1, 8);
        open_page(&g);
        char *figure = figure_of(&g);
        counts(figure, rows[i].title, 1);
        counts(figure, rows[i].label, 1);
        counts(figure, "8 of 8 values are not finite", 1); /* the ring is no value */
        free(figure);
        close_page(&g);
    }
}

static void it_is_left_out_where_there_is_none(void **state)
{
    (void)state;
    page g;
    start(8);
    plant_arm(&p, "D64", 0.012, 0.002);
    open_page(&g);
    char *whole = write_page(&g);
    assert_null(strstr(whole, "precision ladder")); /* nobody asked */
    free(whole);
    close_page(&g);
    p.e.arms--;
    plant_arm(&p, "D_bf16", 0.012, 0.002);
    open_page(&g);
    whole = write_page(&g);
    page_holds(whole, "precision ladder (fewer than two number formats beside the recipe&#39;s own were trained)");
    free(whole);
    g.material.verdict = NULL;
    whole = write_page(&g);
    page_holds(whole, "precision ladder (there is no verdict)");
    free(whole);
    close_page(&g);
}

/* ---- whatever is measured ---------------------------------------------------------------------------------- */

static void no_words_for_numbers(void *user, const char *element, const char *attribute, const char *value,
                                 size_t length)
{
    static const char *const numeric[] = {"d", "x", "y", "x1", "y1", "x2", "y2", "width", "height", "viewBox"};
    (void)user;
    for (size_t i = 0; i < sizeof numeric / sizeof *numeric; i++)
        if (strcmp(attribute, numeric[i]) == 0 && strspn(value, "0123456789.- MLZaHhlvmz") < length)
            fail_msg("%s of %s is '%.*s'", attribute, element, (int)length, value);
}

static void check(const char *what, uint64_t seed)
{
    static const char *const banned[] = {">nan<", ">inf<", "NaN", "nan ", "(null)", "-0<", "e-05"};
    page g;
    open_page(&g);
    char *figure = figure_of(&g);
    char *whole = write_page(&g);
    if (!figure != !g.verdict->ladder)
        fail_msg("%s, scatter %d: the figure is %s", what, (int)seed, figure ? "there" : "not there");
    if (xml_fault(whole, no_words_for_numbers, NULL))
        fail_msg("%s, scatter %d: not well-formed at: %.80s", what, (int)seed,
                 xml_fault(whole, no_words_for_numbers, NULL));
    for (size_t i = 0; figure && i < sizeof banned / sizeof *banned; i++)
        if (strstr(figure, banned[i]))
            fail_msg("%s, scatter %d: '%s': %.80s", what, (int)seed, banned[i], strstr(figure, banned[i]));
    free(whole);
    free(figure);
    close_page(&g);
}

static void edges_are_drawn(void **state)
{
    (void)state;
    static const char *const words[] = {"D_tf32", "D_bf16", "D_f16", "D_f8", "S_tf32", "S_f16", "S_bf16:weights"};
    enum { WORDS = sizeof words / sizeof *words };
    static const double constants[] = {0.693, 1e-12, 1e12};
    for (int64_t seeds = 1; seeds <= PLANT_SEEDS; seeds = seeds < 8 ? seeds + 1 : PLANT_SEEDS + (seeds == PLANT_SEEDS))
        for (int k = 0; k < 3; k++) {
            plant_start(&p, (uint64_t)seeds, seeds, constants[k]);
            plant_arm(&p, "S", 0.01 * constants[k], 0.001 * constants[k]);
            plant_arm(&p, "D", 0.01 * constants[k], 0.001 * constants[k]);
            for (int i = 0; i < WORDS; i++)
                plant_arm(&p, words[i], (i == 1 ? 0.5 : 0.01) * constants[k], 0.001 * constants[k]);
            check("regular", (uint64_t)seeds);
            for (int64_t i = 0; i < p.e.arms; i++)
                memset(p.column[i][0], 0, sizeof p.column[i][0]);
            check("all losses 0", (uint64_t)seeds);
            for (int64_t i = 0; i < p.e.arms; i++)
                for (int64_t s = 0; s < seeds; s++)
                    p.column[i][0][s] = 0.1 * constants[k];
            check("equal losses", (uint64_t)seeds);
            p.arm[1].word = "D_res"; /* the shallow net's formats alone */
            p.arm[2].word = "D_opt:a", p.arm[3].word = "D_opt:b", p.arm[4].word = "D_opt:c", p.arm[5].word = "D_opt:d";
            check("S alone", (uint64_t)seeds);
            for (int64_t i = 0; i < p.e.arms; i++)
                plant_diverge(&p, i, seeds);
            check("all diverged", (uint64_t)seeds);
        }
}

static void validation_alone_draws_nothing(void **state)
{
    (void)state;
    start(8);
    plant_arm(&p, "D_bf16", 0.1, 0.01);
    plant_arm(&p, "D_f16", 0.1, 0.01);
    for (int64_t i = 0; i < p.e.arms; i++) {
        plant_valid(&p, i, 0.2, 0.01, 0.2);
        for (int64_t s = 0; s < p.e.seeds; s++)
            p.column[i][0][s] = (double)NAN;
    }
    check("validation alone", 1);
    page g;
    open_page(&g);
    assert_null(g.verdict->ladder);
    close_page(&g);
}

static int32_t write_planted(deepid_ctx *ctx, void *path)
{
    deepid_verdict *verdict = NULL;
    deepid_table *results = NULL;
    dpid_page_arm arm[PLANT_ARMS];
    int32_t status = dpid_verdict_judge(ctx, &p.e, NULL, &verdict);
    if (status == DEEPID_OK)
        status = deepid_table_create(ctx, "arm", "seed,train_loss,diverged", &results);
    for (int64_t i = 0; i < p.e.arms && status == DEEPID_OK; i++) {
        const double row[] = {1, p.arm[i].train_loss[0], 0};
        arm[i] = (dpid_page_arm){p.arm[i].word, "plain", NULL, 2, 0.01};
        status = deepid_table_append(results, p.arm[i].word, row);
    }
    const dpid_material material = {.question = "Why?",
                                    .subject = "",
                                    .command = "",
                                    .machine = "",
                                    .files = "",
                                    .deep_text = "",
                                    .const_loss = p.e.const_loss,
                                    .margin = (double)NAN,
                                    .results = results,
                                    .arm = arm,
                                    .arms = p.e.arms,
                                    .verdict = verdict};
    if (status == DEEPID_OK)
        status = dpid_study_page_write(ctx, &material, path);
    deepid_table_destroy(results);
    deepid_verdict_destroy(verdict);
    return status;
}

static void memory_that_runs_out_is_an_error(void **state)
{
    (void)state;
    start(1);
    plant_arm(&p, "D_bf16", 0.1, 0.01);
    plant_arm(&p, "S_f16", 0.1, 0.01);
    survives_every_failing_allocation("a page with a ladder", write_planted, (void *)temporary("memory.html"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_has_its_marks),         cmocka_unit_test(the_recipes_own_divergence_is_marked),
        cmocka_unit_test(it_is_left_out_where_there_is_none), cmocka_unit_test(edges_are_drawn),
        cmocka_unit_test(validation_alone_draws_nothing),     cmocka_unit_test(memory_that_runs_out_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
