/* Exports of other tools, read by a map of what they call things. */
#include "support/support.h"

#include "base/base.h"
#include "evidence/evidence.h"

#include "folders.h"

#include <math.h>

static deepid_evidence *mapped(deepid_ctx *ctx, const char *text, const char *map)
{
    deepid_evidence *e = NULL;
    OK(deepid_evidence_read_csv(ctx, put_file("export.csv", text, strlen(text)), map, &e));
    return e;
}

/* Names of its own, per cent of right answers, a crashed run, one that diverged, other runs of the project. */
static void an_export_is_read_by_a_map(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_evidence *e = mapped(ctx,
                                "\"Name\",\"State\",\"config.seed\",\"train/loss\",\"train/acc\"\n"
                                "\"plain-20\",\"finished\",\"1\",\"0.25\",\"97.5\"\n"
                                "\"plain-56\",\"finished\",\"1\",\"NaN\",\"\"\n"
                                "\"plain-56\",\"crashed\",\"2\",\"\",\"\"\n"
                                "\"D_opt:lion\",\"finished\",\"2\",\"0.5\",\"80\"\n"
                                "\"a test\",\"failed\",\"x\",\"y\",\"\"\n",
                                "arm=Name,seed=config.seed,train_loss=train/loss,train_error=1-train/acc%,"
                                "S=plain-20,D=plain-56");
    assert_int_equal(deepid_table_rows(e->runs), 2); /* D_opt:lion is no name that the map says */
    near_at("error", deepid_table_get(e->runs, 0, DPID_RUN_TRAIN_ERROR), 0.025, 1e-15);
    near_at("diverged", deepid_table_get(e->runs, 1, DPID_RUN_DIVERGED), 1, 0);
    assert_string_equal(strchr(e->page.data, ' '),
                        " runs of export.csv; passed over for want of a training loss: 1 (line 4)");
    deepid_evidence_destroy(e);
    deepid_ctx_destroy(ctx);
}

/* The row of a run; -1: there is none. */
static int64_t run_of(const deepid_evidence *e, const char *word, double seed)
{
    for (int64_t i = 0; i < deepid_table_rows(e->runs); i++)
        if (strcmp(deepid_table_row_name(e->runs, i), word) == 0 && deepid_table_get(e->runs, i, DPID_RUN_SEED) == seed)
            return i;
    return -1;
}

static void ends_at(const deepid_evidence *e, const char *word, double train, double valid)
{
    const int64_t i = run_of(e, word, 1);
    assert_true(i >= 0);
    near_at(word, deepid_table_get(e->runs, i, DPID_RUN_TRAIN_LOSS), train, 0);
    near_at(word, deepid_table_get(e->runs, i, DPID_RUN_VALID_LOSS), valid, 0);
}

/* Points along training: the last is the end, and what it does not say stays. */
static void rows_may_be_points(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_evidence *e = mapped(ctx, "run,s,step,loss,val\nS,1,0,2,3\nS,1,1,1,1.5\nD,1,0,2,2\nS,1,2,0.5,\n",
                                "arm=run,seed=s,epoch=step,train_loss=loss,valid_loss=val");
    assert_int_equal(deepid_table_rows(e->runs), 2);
    assert_int_equal(deepid_table_rows(e->points), 4);
    ends_at(e, "S", 0.5, 1.5);
    ends_at(e, "D", 2, 2);
    deepid_evidence_destroy(e);
    deepid_ctx_destroy(ctx);
}

/* Training and validation in rows of their own, at one step or at the next, in any order: one point, one end. */
static void numbers_of_a_run_may_stand_in_rows_apart(void **state)
{
    (void)state;
    static const char *const map = "arm=run,seed=s,epoch=step,train_loss=loss,valid_loss=val,valid_error=1-acc";
    deepid_ctx *ctx = new_ctx(1);
    deepid_evidence *e =
        mapped(ctx,
               "run,s,step,loss,val,acc\nS,1,1,,3,\nS,1,1,2,,\nD,1,1,2.5,,\nS,1,1,,,0.25\n"
               "S,1,2,1,,\nD,1,2,,2.25,\nS,1,2,,,\nS,1,3,,1.5,0.75\nD_res,1,1,,1,\nD,1,2,nan,,\nS,1,1,nan,,\n",
               map);
    assert_int_equal(deepid_table_rows(e->runs), 2);
    assert_int_equal(deepid_table_rows(e->points), 5);
    ends_at(e, "S", 1, 1.5);
    near_at("error", deepid_table_get(e->runs, run_of(e, "S", 1), DPID_RUN_VALID_ERROR), 0.25, 0);
    near_at("diverged", deepid_table_get(e->runs, run_of(e, "D", 1), DPID_RUN_DIVERGED), 1, 0);
    near_at("diverged", deepid_table_get(e->runs, run_of(e, "S", 1), DPID_RUN_DIVERGED), 0, 0);
    for (int64_t i = 0; i < 5; i++)
        if (strcmp(deepid_table_row_name(e->points, i), "S") == 0 &&
            deepid_table_get(e->points, i, DPID_POINT_EPOCH) == 1) {
            near_at("train", deepid_table_get(e->points, i, DPID_POINT_TRAIN_LOSS), 2, 0);
            near_at("valid", deepid_table_get(e->points, i, DPID_POINT_VALID_LOSS), 3, 0);
            near_at("error", deepid_table_get(e->points, i, DPID_POINT_VALID_ERROR), 0.75, 0);
        }
    page_holds(e->page.data, "2 runs of export.csv; runs passed over for want of a training loss: 1; rows passed over "
                             "that have no number: 1 (line 8)");
    deepid_evidence_destroy(e);
    static const char lost[] = "run,s,step,loss,val,acc\nS,1,,1,,\n";
    REFUSED(deepid_evidence_read_csv(ctx, put_file("export.csv", lost, strlen(lost)), map, &e), DEEPID_ERR_FORMAT,
            "line 2, column 3 (step): it is missing; expected passes");
    deepid_ctx_destroy(ctx);
}

/* A folder of TensorBoard's files, some below another folder; map: behind "file=". */
static void write_board(const char *folder)
{
    static const char *const losses[] = {"0.1", "0.5", "NaN"};
    char name[200];
    char text[200];
    mkdir(in(folder, "more"), 0777);
    for (int seed = 1; seed <= 3; seed++)
        for (int net = 0; net < 2; net++) {
            snprintf(name, sizeof name, "%srun-plain-%d_s%d-tag-loss_train.csv", net ? "more/" : "", net ? 56 : 20,
                     seed);
            snprintf(text, sizeof text, "Wall time,Step,Value\n1.5,0,2.3\n2.5,10,%s\n",
                     losses[net && seed == 3 ? 2 : net]);
            write_text(in(folder, name), text);
            snprintf(name, sizeof name, "%srun-plain-%d_s%d-tag-acc.csv", net ? "more/" : "", net ? 56 : 20, seed);
            write_text(in(folder, name), "Wall time,Step,Value\n2.5,5,50\n1.5,10,97.5\n");
        }
    write_text(in(folder, "notes.txt"), "mine");
}

static void curves_of_tensorboard_are_joined(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_evidence *e = NULL;
    const char *folder = folder_of("board");
    write_board(folder);
    OK(deepid_evidence_read_csv(ctx, folder,
                                "file=more/run-{arm}_s{seed}-tag-{tag}.csv,train_loss=loss/train,train_error=1-acc%,"
                                "D=plain-56",
                                &e));
    assert_int_equal(deepid_table_rows(e->runs), 3); /* those of the folder more */
    near_at("loss", deepid_table_get(e->runs, 1, DPID_RUN_TRAIN_LOSS), 0.5, 0);
    near_at("error", deepid_table_get(e->runs, 1, DPID_RUN_TRAIN_ERROR), 0.025, 1e-15);
    near_at("diverged", deepid_table_get(e->runs, 1, DPID_RUN_DIVERGED), 0, 0);
    near_at("diverged", deepid_table_get(e->runs, 2, DPID_RUN_DIVERGED), 1, 0);
    assert_int_equal(deepid_table_rows(e->points), 9); /* steps 0, 5 and 10 of each run */
    near_at("step", deepid_table_get(e->points, 1, DPID_POINT_EPOCH), 5, 0);
    near_at("error there", deepid_table_get(e->points, 1, DPID_POINT_TRAIN_ERROR), 0.5, 0);
    assert_true(isnan(deepid_table_get(e->points, 1, DPID_POINT_TRAIN_LOSS)));
    deepid_evidence_destroy(e);
    OK(deepid_evidence_read_csv(ctx, folder, "file=run-{arm}_s{seed}-tag-{tag}.csv,train_loss=loss/train,S=plain-20",
                                &e));
    assert_int_equal(deepid_table_rows(e->runs), 3);
    page_holds(e->page.data, "3 runs of ");
    deepid_evidence_destroy(e);
    const struct {
        const char *map, *part;
        int32_t code;
    } cases[] = {
        {"file=run-{arm}-tag-{tag}.csv,train_loss=l", "has no {seed}", DEEPID_ERR_SPEC},
        {"file={arm}{seed}{tag},train_loss=l,seed=s", "with file= they are in the files' names", DEEPID_ERR_SPEC},
        {"file={arm}_s{seed}-tag-{tag}.csv,S=run-plain-20", "says no column for train_loss", DEEPID_ERR_SPEC},
        {"file={arm}_s{seed}-tag-{tag}.csv,train_loss=l,S=run-plain-20", "no file fits", DEEPID_ERR_FORMAT},
        {"file={arm}_s{seed}-tag-{tag}.csv,train_loss=loss/train,S=run-plain-20,D=plain-65",
         "no file is of 'plain-65', which the map says is arm D", DEEPID_ERR_FORMAT},
        {"file={arm}_s{seed}-tag-{tag}.csv,train_loss=loss/train,train_error=acc,S=run-plain-20",
         "line 2, column 3 (Value): train_error would be 50, expected a share", DEEPID_ERR_FORMAT},
        {"file={arm}_s{seed}-tag-{tag}.csv,train_loss=loss/train%,S=run-plain-20",
         "train_loss=loss/train%: '1-' and '%' are for train_error", DEEPID_ERR_SPEC},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        REFUSED(deepid_evidence_read_csv(ctx, folder, cases[i].map, &e), cases[i].code, cases[i].part);
    write_text(in(folder, "run-plain-20_s4-tag-loss_train.csv"), "Wall time,Step,Loss\n1,1,1\n");
    REFUSED(deepid_evidence_read_csv(ctx, folder,
                                     "file=run-{arm}_s{seed}-tag-{tag}.csv,train_loss=loss/train,S=plain-20", &e),
            DEEPID_ERR_FORMAT, "s4-tag-loss_train.csv', line 1: there is no column 'Value'");
    deepid_ctx_destroy(ctx);
}

/* Once a name is said only those are taken; an arm may have several. */
static void names_of_arms_are_all_that_is_looked_at(void **state)
{
    (void)state;
    static const char text[] = "n,s,loss\nS,1,0.5\nD,1,0.6\nplain,2,0.4\nx,-1,y\n";
    deepid_ctx *ctx = new_ctx(1);
    deepid_evidence *e = mapped(ctx, text, "arm=n,seed=s,train_loss=loss,S=S");
    assert_int_equal(deepid_table_rows(e->runs), 1);
    page_holds(e->page.data, "1 run of export.csv");
    deepid_evidence_destroy(e);
    e = mapped(ctx, text, "arm=n,seed=s,train_loss=loss,S=S,S=plain");
    assert_int_equal(deepid_table_rows(e->runs), 2);
    deepid_evidence_destroy(e);
    deepid_ctx_destroy(ctx);
}

static void a_bad_map_is_refused(void **state)
{
    (void)state;
    static const char text[] = "n,s,loss\nS,1,0.5\nplain,1,0.5\nS,1,0.4\n";
    static const struct {
        const char *map, *part;
        int32_t code;
    } cases[] = {
        {"arm=n,seed=s", "it says no column for train_loss", DEEPID_ERR_SPEC},
        {"arm=n,seed=s,train_loss", "'train_loss', expected KEY=COLUMN", DEEPID_ERR_SPEC},
        {"arm=n,seed=s,train_loss=", "train_loss has no column", DEEPID_ERR_SPEC},
        {"arm=n,sed=s,train_loss=loss", "unknown key of a map 'sed'", DEEPID_ERR_SPEC},
        {"arm=n,seed=s,train_loss=los", "line 1: there is no column 'los'; its columns: n, s, loss", DEEPID_ERR_FORMAT},
        {"arm=n,seed=s,train_loss=loss", "line 3, column 1 (n): 'plain' is no word of an arm", DEEPID_ERR_FORMAT},
        {"arm=n,seed=s,train_loss=loss,S=S", "line 4, column 2 (s): arm S has seed 1 twice", DEEPID_ERR_FORMAT},
        {"arm=n,seed=s,train_loss=loss,seed=n", "seed is said twice, 's' and 'n'", DEEPID_ERR_SPEC},
        {"arm=n,file=a,file=b", "file is said twice", DEEPID_ERR_SPEC},
        {"arm=n,seed=s,train_loss=loss,S=plain,D=plain", "'plain' is said to be arm S and arm D", DEEPID_ERR_SPEC},
        {"arm=n,seed=s,train_loss=1-loss", "train_loss=1-loss: '1-' and '%' are for train_error", DEEPID_ERR_SPEC},
        {"arm=n,seed=s,train_loss=loss,valid_loss=loss%", "valid_loss=loss%: '1-' and", DEEPID_ERR_SPEC},
        {"arm=n,seed=s%,train_loss=loss", "seed=s%: '1-' and", DEEPID_ERR_SPEC},
        {"arm=loss,seed=s,train_loss=loss,D=0.4,D_res=.1", "no row has '.1' in column 'loss'", DEEPID_ERR_FORMAT},
        {"arm=n,seed=s,train_loss=loss,train_error=1-n%", "'S' is no number", DEEPID_ERR_FORMAT},
    };
    deepid_ctx *ctx = new_ctx(1);
    const char *path = put_file("export.csv", text, strlen(text));
    deepid_evidence *e = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        REFUSED(deepid_evidence_read_csv(ctx, path, cases[i].map, &e), cases[i].code, cases[i].part);
    REFUSED(deepid_evidence_read_csv(ctx, path, NULL, &e), DEEPID_ERR_ARGUMENT, "map is NULL");
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_export_is_read_by_a_map),
        cmocka_unit_test(rows_may_be_points),
        cmocka_unit_test(numbers_of_a_run_may_stand_in_rows_apart),
        cmocka_unit_test(curves_of_tensorboard_are_joined),
        cmocka_unit_test(names_of_arms_are_all_that_is_looked_at),
        cmocka_unit_test(a_bad_map_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
