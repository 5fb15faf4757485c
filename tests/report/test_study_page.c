/* The page of a study, from tables of a generator: what must be there, what must not, in which order; headlines
   follow the numbers. */
#include "support/fake_study.h"
#include "support/support.h"
#include "support/xml.h"

#include "base/base.h"
#include "verdict/verdict.h"

#include <math.h>

static char *page_of(deepid_ctx *ctx, const dpid_material *material)
{
    const char *path = temporary("report.html");
    uint8_t *bytes = NULL;
    int64_t count = 0;
    OK(dpid_study_page_write(ctx, material, path));
    OK(dpid_file_read(ctx, path, &bytes, &count));
    char *page = strdup((const char *)bytes);
    dpid_free(ctx, bytes);
    return page;
}

static void no_words_for_numbers(void *user, const char *element, const char *attribute, const char *value,
                                 size_t length)
{
    static const char *const numeric[] = {"d",  "x",     "y",      "x1",      "y1",          "x2",
                                          "y2", "width", "height", "viewBox", "fill-opacity"};
    (void)user;
    for (size_t i = 0; i < sizeof numeric / sizeof *numeric; i++)
        if (strcmp(attribute, numeric[i]) == 0 && strspn(value, "0123456789.- MLZaHhlvmz") < length)
            fail_msg("%s of %s is '%.*s'", attribute, element, (int)length, value);
}

static void every_page_is_one_sound_file(void **state)
{
    (void)state;
    enum { MOST_BYTES = 400000 };
    deepid_ctx *ctx = new_ctx(1);
    for (int kind = FAKE_WHOLE; kind <= FAKE_NASTY; kind++) {
        static const char *const banned[] = {"<script", "://", ">nan<", ">inf<", "NaN", "undefined", "-0<", "e-05"};
        fake_study fake;
        OK(fake_study_make(ctx, (fake_kind)kind, &fake));
        char *page = page_of(ctx, &fake.material);
        const char *fault = xml_fault(page, no_words_for_numbers, NULL);
        if (fault)
            fail_msg("kind %d is not well-formed at: %.80s", kind, fault);
        for (size_t i = 0; i < sizeof banned / sizeof *banned; i++)
            if (strstr(page, banned[i]))
                fail_msg("kind %d holds '%s': %.80s", kind, banned[i], strstr(page, banned[i]));
        if (strlen(page) > MOST_BYTES)
            fail_msg("kind %d has %zu bytes", kind, strlen(page));
        char *again = page_of(ctx, &fake.material);
        assert_string_equal(page, again);
        free(again);
        free(page);
        fake_study_free(&fake);
    }
    deepid_ctx_destroy(ctx);
}

static void the_page_has_its_parts_in_order(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "<h1>Why do the added layers hurt?</h1>",
        "class=\"subject\"",
        "class=\"answer\"",
        "<b>0.0125</b>",
        "Ruled out: the learning rate, the representation, the optimiser, rounding, overfitting and a bug "
        "in the gradients. Undecided: underflow or overflow.",
        "<h2>Evidence</h2>",
        "The solver does not find it",
        "<span class=\"chip confirmed\" title=\"rule: solver.gap\">confirmed</span>",
        "<small>[0.51, 0.58]</small>",
        "because of the start",
        "<span class=\"chip contributes\"",
        "not applicable",
        "The layers cannot be the identity",
        "To settle it: 4 seeds more",
        "<h2>Figures</h2>",
        "Depth 30 ends at a training loss of",
        "Depth 30 ends at a validation loss of",
        "Training loss goes from",
        "ends 0.53 [0.51, 0.58] above a deep net that exists",
        "the identity skip closes the largest share of the gap",
        "The deep net can hold the shallow one",
        "from each block to the one before (theory: \xc3\x97"
        "1.21)",
        "relative error is",
        "Layers respond alike with the skip and without",
        "The gap between validation and training loss is",
        "The median block changes what passes",
        "can be taken out without loss",
        "A linear classifier reads most",
        "A skip of 0.5 is enough",
        "Similarity is",
        "What this verdict is about, and what not",
        "This verdict is about THIS net, data, solver and budget.",
        "D_start:delta_orthogonal (it is for convolutions)",
        "<h2>To repeat it</h2>",
        "<pre>depth_study --data spirals",
        "deepid 0.1.0",
        "All numbers: results.csv"};
    deepid_ctx *ctx = new_ctx(1);
    fake_study fake;
    OK(fake_study_make(ctx, FAKE_WHOLE, &fake));
    char *page = page_of(ctx, &fake.material);
    const char *at = page;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char *found = strstr(at, parts[i]);
        if (!found)
            fail_msg("%s '%s'", strstr(page, parts[i]) ? "too early:" : "missing:", parts[i]);
        at = found;
    }
    assert_null(strstr(page, "Figures without their input"));
    free(page);
    fake_study_free(&fake);
    deepid_ctx_destroy(ctx);
}

static void what_is_missing_is_said(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    fake_study fake;
    OK(fake_study_make(ctx, FAKE_SPARSE, &fake));
    char *page = page_of(ctx, &fake.material);
    page_holds(page, "Figures without their input: training curves (no history with these losses)");
    page_holds(page, "identity certificate (it is for convolutions)");
    page_holds(page, "gradient norm by layer (not probed)");
    /* one reason is said once */
    page_holds(page, "depth:identity:10, D_start:delta_orthogonal (it is for convolutions).");
    page_holds(page, "Dots and diamonds: 1 seed.");
    page_holds(page, "skip dial (no net with part of the skip was trained)");
    page_holds(page, "Training loss goes from"); /* two depths, one seed: that much can be drawn */
    assert_null(strstr(page, "class=\"answer\""));
    assert_null(strstr(page, "Evidence"));
    free(page);
    fake_study_free(&fake);
    deepid_ctx_destroy(ctx);
}

/* What is known in the same words stands once, for all rows that it is about. */
static void the_same_words_are_said_once(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    fake_study fake;
    OK(fake_study_make(ctx, FAKE_WHOLE, &fake));
    for (int32_t i = 0; i < fake.verdict->findings; i++) {
        fake.verdict->finding[i].sentence = "Not decided: two seeds.";
        fake.verdict->finding[i].to_settle = "Six seeds.";
    }
    char *page = page_of(ctx, &fake.material);
    const char *first = strstr(page, "Not decided: two seeds.");
    assert_non_null(first);
    assert_null(strstr(first + 1, "Not decided: two seeds."));
    page_holds(page, "rowspan=");
    assert_null(xml_fault(page, no_words_for_numbers, NULL));
    free(page);
    fake_study_free(&fake);
    deepid_ctx_destroy(ctx);
}

static void rates_stand_with_the_arms_where_they_differ(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    fake_study fake;
    OK(fake_study_make(ctx, FAKE_WHOLE, &fake));
    char *page = page_of(ctx, &fake.material);
    page_holds(page, "<th>learning rate</th>");
    page_holds(page, "<td>0.003</td>");
    page_holds(page, "The budget of 60 s bought");
    free(page);
    for (int i = 0; i < FAKE_ARMS; i++)
        fake.arm[i].rate = 0.03;
    page = page_of(ctx, &fake.material);
    assert_null(strstr(page, "<th>learning rate</th>"));
    free(page);
    fake_study_free(&fake);
    deepid_ctx_destroy(ctx);
}

/* Every picture of the page is a file too: well-formed, with its own rules; what a page lacks is taken away. */
static void every_figure_is_a_file_too(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *const names[] = {"curves", "curves-2", "curves-3", "curves-4", "depth",
                                 "arms",   "shares",   "cka",      "cka-2"};
    fake_study fake;
    char folder[300];
    char path[400];
    snprintf(folder, sizeof folder, "%s", temporary("with_figures"));
    OK(dpid_folder_make(ctx, folder));
    snprintf(path, sizeof path, "%s/report.html", folder);
    OK(fake_study_make(ctx, FAKE_WHOLE, &fake));
    OK(dpid_study_page_write(ctx, &fake.material, path));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t bytes;
        snprintf(path, sizeof path, "%s/figures/%s.svg", folder, names[i]);
        char *svg = read_bytes(path, &bytes);
        page_holds(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\"");
        page_holds(svg, ":root{--page:#fff");
        if (xml_fault(svg, no_words_for_numbers, NULL))
            fail_msg("%s is not well-formed at: %.80s", path, xml_fault(svg, no_words_for_numbers, NULL));
        free(svg);
    }
    fake_study_free(&fake);
    OK(fake_study_make(ctx, FAKE_SPARSE, &fake));
    snprintf(path, sizeof path, "%s/report.html", folder);
    OK(dpid_study_page_write(ctx, &fake.material, path));
    snprintf(path, sizeof path, "%s/figures/shares.svg", folder);
    assert_false(dpid_file_exists(path));
    fake_study_free(&fake);
    deepid_ctx_destroy(ctx);
}

static void names_and_values_from_outside_cannot_hurt(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    fake_study fake;
    OK(fake_study_make(ctx, FAKE_NASTY, &fake));
    char *page = page_of(ctx, &fake.material);
    page_holds(page, "&lt;script&gt;alert(1)&lt;/script&gt;");
    page_holds(page, "&lt;b&gt;counted&lt;/b&gt; &amp; &quot;not&quot; compared");
    page_holds(page, "not finite");  /* diverged runs are marks at the edge, with their number */
    page_holds(page, "not above 0"); /* and so are losses of 0 on a logarithmic axis */
    page_holds(page, "\xe2\x88\x9e");
    free(page);
    fake_study_free(&fake);
    deepid_ctx_destroy(ctx);
}

/* The same tables with the deep net as good as the shallow one: no headline may go on saying otherwise. */
static void headlines_follow_the_numbers(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    fake_study fake;
    OK(fake_study_make(ctx, FAKE_WHOLE, &fake));
    deepid_table *results = fake.tables[0];
    const int64_t loss = deepid_table_find_column(results, "train_loss");
    for (int64_t row = 0; row < deepid_table_rows(results); row++)
        if (strcmp(deepid_table_row_name(results, row), "D") == 0)
            OK(deepid_table_set(results, row, loss, 0.0078125));
    fake.material.verdict = NULL;
    char *page = page_of(ctx, &fake.material);
    page_holds(page, "Depth 30 ends at a training loss of 0.00781");
    page_holds(page, "lower in 10 of 10 seeds");
    page_holds(page, "shares of the gap (there is no verdict)");
    page_holds(page, "The full skip makes no difference beyond the margin: 0.00781 without");
    free(page);
    fake_study_free(&fake);
    deepid_ctx_destroy(ctx);
}

/* The shares are the verdict's own: of its gap, on its scale; the tuned rate's is of another gap. */
static void shares_follow_the_verdict(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    fake_study fake;
    OK(fake_study_make(ctx, FAKE_WHOLE, &fake));
    fake.verdict->scale = DPID_BY_RATIO;
    char *page = page_of(ctx, &fake.material);
    page_holds(page, "closes of the gap between logarithms of the training losses");
    page_holds(page, "orthogonal start closes: \xe2\x88\x92"
                     "0.01 [");
    free(page);
    for (int i = 0; i < fake.verdict->findings; i++)
        if (!isnan(fake.verdict->finding[i].share.value))
            fake.verdict->finding[i].beyond = "D_tf32";
    page = page_of(ctx, &fake.material);
    page_holds(page, " beyond tf32"); /* such a share is not of all the gap */
    free(page);
    for (int i = 0; i < fake.verdict->findings; i++)
        fake.verdict->finding[i].beyond = NULL;
    for (int i = 0; i < FAKE_ARMS; i++)
        if (strcmp(fake.arm[i].word, "D64") == 0)
            fake.arm[i].word = "D_rate";
    fake.verdict->finding[DPID_RATE].arm = "D_rate";
    fake.verdict->finding[DPID_RATE].share = (dpid_estimate){0.9, 0.83, 0.94};
    page = page_of(ctx, &fake.material);
    page_holds(page, "The tuned rate closes 90 % of the gap at the recipe&#39;s rate. Of what was tried, the identity "
                     "skip closes the largest share of the remaining gap: 100 %.");
    free(page);
    fake.verdict->remedies = 0;
    for (int i = 0; i < fake.verdict->findings; i++)
        if (i != DPID_RATE) {
            fake.verdict->finding[i].share.value = (double)NAN;
            fake.verdict->finding[i].numbers = 0;
        }
    page = page_of(ctx, &fake.material);
    page_holds(page, "closes of the gap at the recipe&#39;s rate, from");
    assert_null(strstr(page, "Of what was tried"));
    free(page);
    fake.verdict->finding[DPID_RATE].share.value = (double)NAN;
    page = page_of(ctx, &fake.material);
    page_holds(page, "shares of the gap (no gap in training is sure)");
    free(page);
    fake_study_free(&fake);
    deepid_ctx_destroy(ctx);
}

/* ---- numbers in headlines --------------------------------------------------------------------------- */

static deepid_table *probe_of(fake_study *fake, const char *arm, const char *word)
{
    for (int k = 0; k < FAKE_PROBES; k++)
        if (strcmp(fake->probe[k].arm, arm) == 0 && strcmp(fake->probe[k].word, word) == 0)
            return fake->tables[k + 2]; /* results and history come first */
    fail_msg("no probe %s of %s", word, arm);
    return NULL;
}

/* Row `block` from 1 of every seed. */
static void set_block(deepid_ctx *ctx, deepid_table *table, const char *column, int block, double value)
{
    char name[32];
    snprintf(name, sizeof name, "block%d.block", block);
    for (int64_t row = 0; row < deepid_table_rows(table); row++)
        if (strcmp(deepid_table_row_name(table, row), name) == 0)
            OK(deepid_table_set(table, row, deepid_table_find_column(table, column), value));
}

static void set_column(deepid_ctx *ctx, deepid_table *table, const char *arm, const char *column, double value)
{
    for (int64_t row = 0; row < deepid_table_rows(table); row++)
        if (!arm || strcmp(deepid_table_row_name(table, row), arm) == 0)
            OK(deepid_table_set(table, row, deepid_table_find_column(table, column), value));
}

/* What does not change is not said to grow, nor are none of many blocks counted as "0 of 30". Over 30 blocks a factor
   of 1.02 makes 1.8, one of 1.03 makes 2.4. */
static void a_headline_says_when_nothing_changes(void **state)
{
    (void)state;
    static const struct {
        const char *arm, *probe, *column;
        double value;
        const char *headline;
    } rows[] = {
        {"D", "gradient_norm", "factor", 1,
         "Gradients keep their size (\xc3\x97"
         "1) from each block"},
        {"D", "gradient_norm", "factor", 1.02,
         "Gradients keep their size (\xc3\x97"
         "1.02) from each block"},
        {"D", "gradient_norm", "factor", 1.03,
         "Gradients grow \xc3\x97"
         "1.03 from each block"},
        {"D", "gradient_norm", "factor", 0.98,
         "Gradients keep their size (\xc3\x97"
         "0.98) from each block"},
        {"D", "gradient_norm", "factor", 0.97,
         "Gradients shrink \xc3\x97"
         "0.97 from each block"},
        {"D", "lesion", "loss_change", 0.5, "None of 30 blocks can be taken out without loss beyond the margin; with"},
        {"D", "lesion", "loss_change", 0, "All 30 blocks can be taken out without loss beyond the margin; with"},
        {"D_res", "lesion", "loss_change", 0, "beyond the margin; with the skip all 30 blocks."},
        {"D", NULL, "train_loss", 0.69, "Without a skip the net has learned nothing that a block could lose; with"},
    };
    deepid_ctx *ctx = new_ctx(1);
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        fake_study fake;
        OK(fake_study_make(ctx, FAKE_WHOLE, &fake));
        if (rows[k].probe)
            set_column(ctx, probe_of(&fake, rows[k].arm, rows[k].probe), NULL, rows[k].column, rows[k].value);
        else
            set_column(ctx, fake.tables[0], rows[k].arm, rows[k].column,
                       rows[k].value); /* the constant predictor: 0.693 */
        char *page = page_of(ctx, &fake.material);
        page_holds(page, rows[k].headline);
        free(page);
        fake_study_free(&fake);
    }
    deepid_ctx_destroy(ctx);
}

/* The classifier reads 98 % behind block 3. What is lost behind it is told from more than two points on: 60, 95 and
   95.9 % at the end are, 96.1 % is not. */
static void what_is_lost_behind_the_best_block_is_told(void **state)
{
    (void)state;
    static const struct {
        double end;
        const char *headline;
    } rows[] = {{0.6, "reads most, 98 % after block3.block, 60 % at the end"},
                {0.95, "reads most, 98 % after block3.block, 95 % at the end"},
                {0.959, "reads most, 98 % after block3.block, 96 % at the end"},
                {0.961, "reads most, 98 % after block3.block; with"}};
    deepid_ctx *ctx = new_ctx(1);
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        fake_study fake;
        OK(fake_study_make(ctx, FAKE_WHOLE, &fake));
        deepid_table *probe = probe_of(&fake, "D", "linear_probe");
        for (int block = 1; block <= 30; block++)
            set_block(ctx, probe, "accuracy", block, block == 3 ? 0.98 : rows[k].end);
        char *page = page_of(ctx, &fake.material);
        page_holds(page, rows[k].headline);
        free(page);
        fake_study_free(&fake);
    }
    deepid_ctx_destroy(ctx);
}

/* Seven of 30 blocks cost no more than the margin, 0.05: one of them exactly that. */
static void blocks_that_cost_less_than_the_margin_are_counted(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    fake_study fake;
    OK(fake_study_make(ctx, FAKE_WHOLE, &fake));
    fake.material.margin = 0.05;
    deepid_table *probe = probe_of(&fake, "D", "lesion");
    for (int block = 1; block <= 30; block++)
        set_block(ctx, probe, "loss_change", block, block <= 2 ? -0.01 : block <= 6 ? 0.04 : block == 7 ? 0.05 : 0.051);
    char *page = page_of(ctx, &fake.material);
    page_holds(page, "7 of 30 blocks can be taken out");
    free(page);
    fake_study_free(&fake);
    deepid_ctx_destroy(ctx);
}

/* ---- the table of evidence ----------------------------------------------------------------------------- */

/* Where the effect of a hypothesis is drawn. */
static double drawn_at(const char *page, const char *name)
{
    const char *row = strstr(page, name);
    assert_non_null(row);
    const char *mark = strstr(row, "<path class=\"point thick");
    assert_non_null(mark);
    return atof(strstr(mark, " d=\"M") + 5);
}

/* All rows share one scale: 0.53, 0.51 and 0.06 lie as far apart as they are, the larger to the right. */
static void effects_share_one_scale(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    fake_study fake;
    OK(fake_study_make(ctx, FAKE_WHOLE, &fake));
    char *page = page_of(ctx, &fake.material);
    const char *evidence = strstr(page, "<h2>Evidence");
    const double solver = drawn_at(evidence, "The solver does not find it");
    const double start = drawn_at(evidence, "because of the start");
    const double optimiser = drawn_at(evidence, "because of the optimiser");
    assert_true(solver > start && start > optimiser);
    /* places have tenths of about a hundred units */
    if (!(fabs((start - optimiser) / (solver - optimiser) - 0.45 / 0.47) < 0.01))
        fail_msg("0.53, 0.51 and 0.06 are drawn at %g, %g and %g", solver, start, optimiser);
    free(page);
    fake_study_free(&fake);
    deepid_ctx_destroy(ctx);
}

/* Confirmed causes stand first, and reasons stay below their cause whatever their own verdict. */
static void reasons_stay_with_their_cause(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    fake_study fake;
    OK(fake_study_make(ctx, FAKE_WHOLE, &fake));
    /* its reason, the start, is confirmed in the fake study */
    fake.verdict->finding[DPID_SOLVER].status = DPID_UNDECIDED;
    fake.verdict->finding[DPID_REPRESENTATION].status = DPID_CONFIRMED;
    char *page = page_of(ctx, &fake.material);
    const char *evidence = strstr(page, "<h2>Evidence");
    const char *representation = strstr(evidence, "The layers cannot be the identity");
    const char *solver = strstr(evidence, "The solver does not find it");
    assert_true(representation < solver && solver < strstr(evidence, "because of the start"));
    free(page);
    fake_study_free(&fake);
    deepid_ctx_destroy(ctx);
}

static int32_t write_sparse(deepid_ctx *ctx, void *path)
{
    fake_study fake;
    int32_t status = fake_study_make(ctx, FAKE_SPARSE, &fake);
    if (status == DEEPID_OK)
        status = dpid_study_page_write(ctx, &fake.material, path);
    fake_study_free(&fake);
    return status;
}

static void memory_that_runs_out_is_an_error(void **state)
{
    (void)state;
    survives_every_failing_allocation("a page with little in it", write_sparse, (void *)temporary("sparse.html"));
}

/* The whole page has tens of thousands of allocations: every 997th fails in turn. */
static void memory_that_runs_out_late_is_an_error(void **state)
{
    (void)state;
    enum { STEP = 997 };
    const char *path = temporary("whole.html");
    for (int64_t at = 1;; at += STEP) {
        failing_alloc counter = {.fail_at = 0};
        deepid_ctx *ctx = NULL;
        fake_study fake;
        assert_int_equal(deepid_ctx_create_with_allocator(failing_alloc_take, failing_alloc_give, &counter, &ctx),
                         DEEPID_OK);
        OK(fake_study_make(ctx, FAKE_WHOLE, &fake));
        counter.calls = 0;
        counter.fail_at = at;
        const int32_t status = dpid_study_page_write(ctx, &fake.material, path);
        const bool over = counter.calls < at;
        counter.fail_at = 0;
        fake_study_free(&fake);
        deepid_ctx_destroy(ctx);
        assert_int_equal(counter.live, 0);
        assert_int_equal(status, over ? DEEPID_OK : DEEPID_ERR_MEMORY);
        if (over)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_page_is_one_sound_file),
        cmocka_unit_test(the_page_has_its_parts_in_order),
        cmocka_unit_test(what_is_missing_is_said),
        cmocka_unit_test(the_same_words_are_said_once),
        cmocka_unit_test(rates_stand_with_the_arms_where_they_differ),
        cmocka_unit_test(every_figure_is_a_file_too),
        cmocka_unit_test(names_and_values_from_outside_cannot_hurt),
        cmocka_unit_test(headlines_follow_the_numbers),
        cmocka_unit_test(shares_follow_the_verdict),
        cmocka_unit_test(a_headline_says_when_nothing_changes),
        cmocka_unit_test(what_is_lost_behind_the_best_block_is_told),
        cmocka_unit_test(blocks_that_cost_less_than_the_margin_are_counted),
        cmocka_unit_test(effects_share_one_scale),
        cmocka_unit_test(reasons_stay_with_their_cause),
        cmocka_unit_test(memory_that_runs_out_is_an_error),
        cmocka_unit_test(memory_that_runs_out_late_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
