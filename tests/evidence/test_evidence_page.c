/* The page and the advice of evidence that no depth_study wrote: what nobody measured or said is not told. */
#include "support/support.h"

#include "base/base.h"
#include "evidence/evidence.h"

#include <deepid/report.h>

#include <math.h>
#include <sys/stat.h>

static void never_holds(const char *page, const char *part)
{
    if (strstr(page, part))
        fail_msg("'%s' is told", part);
}

/* ---- a folder ---------------------------------------------------------------------------------- */

typedef struct {
    deepid_ctx *ctx;
    deepid_evidence *e;
    deepid_verdict *v;
    char *page;
    const char *advice;
} told;

static void put(const char *folder, const char *name, const char *text)
{
    char path[700];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (text)
        write_text(path, text);
}

/* From the evidence that t has to its page. */
static void tell(told *t)
{
    char path[600];
    size_t bytes;
    deepid_ctx *ctx = t->ctx;
    snprintf(path, sizeof path, "%s", temporary("page.html"));
    OK(deepid_evidence_judge(t->e, &t->v));
    OK(deepid_report_write_evidence(t->e, t->v, path));
    t->page = read_bytes(path, &bytes);
    t->advice = deepid_evidence_advice(t->e, t->v);
}

static told read_folder(const char *name, const char *results, const char *history, const char *facts)
{
    deepid_ctx *ctx = new_ctx(1);
    told t = {.ctx = ctx};
    char folder[600];
    snprintf(folder, sizeof folder, "%s", temporary(name));
    mkdir(folder, 0777);
    put(folder, "results.csv", results);
    put(folder, "history.csv", history);
    put(folder, "evidence.json", facts);
    OK(deepid_evidence_read(ctx, folder, &t.e));
    tell(&t);
    return t;
}

static void forget(told *t)
{
    free(t->page);
    deepid_verdict_destroy(t->v);
    deepid_evidence_destroy(t->e);
    deepid_ctx_destroy(t->ctx);
}

/* Rows of an arm at seeds from .. to, around a middle; its tail stands behind the loss. */
static void add_rows(char *text, const char *arm, int from, int to, double middle, const char *tail)
{
    for (int seed = from; seed <= to; seed++)
        sprintf(text + strlen(text), "%s,%d,%.17g%s\n", arm, seed, middle * (1 + 0.02 * ((seed * 7) % 5 - 2)), tail);
}

/* ---- depth -------------------------------------------------------------------------------------------- */

static void a_depth_that_is_not_known_is_not_told(void **state)
{
    (void)state;
    char rows[2000] = "arm,seed,train_loss\n";
    add_rows(rows, "S", 1, 8, 0.1, "");
    add_rows(rows, "D", 1, 8, 0.6, "");
    told t = read_folder("unknown", rows, NULL, "{\"classes\": 2}");
    never_holds(t.page, "at depth");
    never_holds(t.page, "depth 0");
    never_holds(t.page, "without a skip");
    page_holds(t.page, "loss against depth (fewer than two depths were trained, or are known)");
    forget(&t);
}

/* S and D get theirs from the facts, nets of the curve from the runs, and arms.csv says all of them. */
static void depths_follow_from_the_facts(void **state)
{
    (void)state;
    char rows[3000] = "arm,seed,train_loss,depth\n";
    char folder[600];
    deepid_evidence *back = NULL;
    add_rows(rows, "S", 1, 8, 0.1, ",");
    add_rows(rows, "D", 1, 8, 0.6, ",");
    add_rows(rows, "depth:8", 1, 8, 0.2, ",8");
    told t = read_folder("facts", rows, NULL, "{\"classes\": 2, \"shallow_depth\": 4, \"deep_depth\": 32}");
    deepid_ctx *ctx = t.ctx;
    page_holds(t.page, "at depth 4 to 0.6 at depth 32");
    page_holds(t.page, "depth 4 against 32");
    never_holds(t.page, ", depth 8");
    snprintf(folder, sizeof folder, "%s", temporary("facts-out"));
    OK(deepid_evidence_write(t.e, folder));
    OK(deepid_evidence_read(ctx, folder, &back));
    near_at("S", dpid_evidence_find(back, "S")->number[DPID_ARM_DEPTH], 4, 0);
    near_at("D", dpid_evidence_find(back, "D")->number[DPID_ARM_DEPTH], 32, 0);
    near_at("depth:8", dpid_evidence_find(back, "depth:8")->number[DPID_ARM_DEPTH], 8, 0);
    deepid_evidence_destroy(back);
    forget(&t);
}

/* ---- validation, headings, files -------------------------------------------------------------------- */

/* D diverges, nothing was validated, the block is not known: the one panel has no heading. */
static void what_was_not_measured_is_not_drawn(void **state)
{
    (void)state;
    char rows[3000] = "arm,seed,train_loss,diverged\n";
    char points[3000] = "arm,seed,epoch,train_loss\n";
    add_rows(rows, "S", 1, 8, 0.1, ",0");
    for (int seed = 1; seed <= 8; seed++)
        sprintf(rows + strlen(rows), "D,%d,,1\n", seed);
    add_rows(points, "S", 1, 8, 0.1, ",0.7");
    for (int seed = 1; seed <= 8; seed++)
        sprintf(points + strlen(points), "S,%d,9,0.1\nD,%d,0,0.7\n", seed, seed);
    told t = read_folder("diverged", rows, points, "{\"classes\": 2, \"shallow_depth\": 4, \"deep_depth\": 32}");
    never_holds(t.page, "Validation loss");
    never_holds(t.page, "Dashed: validation");
    never_holds(t.page, "<th>validation loss");
    never_holds(t.page, "without a skip");
    never_holds(t.page, "as given</h3>");
    page_holds(t.page, "history.csv");
    page_holds(t.page, "All numbers: evidence.json, results.csv, history.csv.");
    forget(&t);
}

static void files_that_are_not_there_are_not_named(void **state)
{
    (void)state;
    char rows[2000] = "arm,seed,train_loss\n";
    add_rows(rows, "S", 1, 8, 0.1, "");
    add_rows(rows, "D", 1, 8, 0.6, "");
    told t = read_folder("lone", rows, NULL, "{\"classes\": 2}");
    page_holds(t.page, "All numbers: evidence.json, results.csv.");
    never_holds(t.page, "history.csv");
    never_holds(t.page, "arms.csv");
    forget(&t);
    deepid_ctx *ctx = new_ctx(1);
    t = (told){.ctx = ctx};
    OK(deepid_evidence_read_csv(ctx, put_file("mine.csv", rows, strlen(rows)),
                                "arm=arm,seed=seed,train_loss=train_loss", &t.e));
    OK(deepid_evidence_set_number(t.e, "const_loss", log(2)));
    tell(&t);
    page_holds(t.page, "mine.csv.");
    never_holds(t.page, "results.csv");
    forget(&t);
}

static void a_list_names_whole_names(void **state)
{
    (void)state;
    assert_true(dpid_files_name("arms.csv, results.csv", "results.csv"));
    assert_true(dpid_files_name("arms.csv, results.csv", "arms.csv"));
    assert_false(dpid_files_name("my_results.csv", "results.csv"));
    assert_false(dpid_files_name("results.csv.gz, x", "results.csv"));
    assert_false(dpid_files_name(NULL, "results.csv"));
}

/* ---- words ------------------------------------------------------------------------------------------- */

static void a_shallow_net_that_diverges_is_told_in_words(void **state)
{
    (void)state;
    char rows[2000] = "arm,seed,train_loss,diverged\n";
    for (int seed = 1; seed <= 8; seed++)
        sprintf(rows + strlen(rows), "S,%d,,1\n", seed);
    add_rows(rows, "D", 1, 8, 0.6, ",0");
    told t = read_folder("nowhere-to-lose", rows, NULL, "{\"classes\": 2}");
    page_holds(deepid_verdict_answer(t.v), "Not decided: the shallow net itself diverges.");
    never_holds(deepid_verdict_answer(t.v), "headroom");
    never_holds(deepid_verdict_answer(t.v), "\xe2\x88\x9e");
    forget(&t);
}

static void a_long_name_keeps_its_distance(void **state)
{
    (void)state;
    char rows[3000] = "arm,seed,train_loss\n";
    add_rows(rows, "S", 1, 8, 0.1, "");
    add_rows(rows, "D", 1, 8, 0.6, "");
    add_rows(rows, "D_order:pre-norm-and-more", 1, 8, 0.1, "");
    add_rows(rows, "D_order:pre", 1, 8, 0.1, "");
    told t = read_folder("long", rows, NULL, "{\"classes\": 2}");
    page_holds(deepid_verdict_text(t.v, 0), "\n  D_order:pre-norm-and-more  repairs ");
    page_holds(deepid_verdict_text(t.v, 0), "\n  D_order:pre                repairs ");
    forget(&t);
}

/* S at seeds 1 .. 8, D at 2 .. 8 and 9, 10; W0 at 1 .. 3, two of which count. */
static void seeds_that_both_nets_have_are_counted(void **state)
{
    (void)state;
    char rows[3000] = "arm,seed,train_loss\n";
    add_rows(rows, "S", 1, 8, 0.1, "");
    add_rows(rows, "D", 2, 10, 0.6, "");
    add_rows(rows, "W0", 1, 3, 0.1, "");
    told t = read_folder("unequal", rows, NULL, "{\"classes\": 2}");
    page_holds(deepid_verdict_scope(t.v), "this budget: 7 seeds that both nets have, of 10, intervals");
    page_holds(deepid_verdict_to_settle(t.v, deepid_verdict_find(t.v, "rounding")), "Run D64 at 7 seeds");
    assert_string_equal(t.advice, "Next: W0 at 5 more of the 7 seeds that S and D have, 5 runs: it has 2 of them. It "
                                  "would settle the representation and the solver.");
    forget(&t);
}

/* Seeds of S 1 .. s, of D first .. last. */
static void seeds_advise(int s, int first, int last, const char *advice)
{
    char rows[3000] = "arm,seed,train_loss\n";
    add_rows(rows, "S", 1, s, 0.1, "");
    add_rows(rows, "D", first, last, 0.6, "");
    told t = read_folder("seeds", rows, NULL, "{\"classes\": 2}");
    assert_string_equal(t.advice, advice);
    if (first > s)
        page_holds(deepid_verdict_answer(t.v), "run S and D at the same seeds, 6 or more.");
    forget(&t);
}

static void more_seeds_are_asked_for_where_they_cost_least(void **state)
{
    (void)state;
    seeds_advise(5, 1, 5, "Next: S and D at 1 more seed, 2 runs: with 5 the harm is not decided.");
    seeds_advise(4, 1, 4, "Next: S and D at 2 more seeds, 4 runs: with 4 the harm is not decided.");
    seeds_advise(5, 1, 9, "Next: S at 1 seed that D has, 1 run: with 5 that both have the harm is not decided.");
    seeds_advise(8, 9, 16, "Next: S at 6 seeds that D has, 6 runs: with 0 that both have the harm is not decided.");
    seeds_advise(2, 3, 5,
                 "Next: S at 3 seeds that D has, D at 2 seeds that S has, S and D at 1 more seed, 7 runs: with 0 that "
                 "both have the harm is not decided.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_depth_that_is_not_known_is_not_told),
        cmocka_unit_test(depths_follow_from_the_facts),
        cmocka_unit_test(what_was_not_measured_is_not_drawn),
        cmocka_unit_test(files_that_are_not_there_are_not_named),
        cmocka_unit_test(a_list_names_whole_names),
        cmocka_unit_test(a_shallow_net_that_diverges_is_told_in_words),
        cmocka_unit_test(a_long_name_keeps_its_distance),
        cmocka_unit_test(seeds_that_both_nets_have_are_counted),
        cmocka_unit_test(more_seeds_are_asked_for_where_they_cost_least),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
