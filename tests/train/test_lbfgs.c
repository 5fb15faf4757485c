/* L-BFGS: a linear map has a closed form, and it is reached. */
#include "support/training.h"

static void lbfgs_finds_a_linear_map(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    run r;
    double loss;
    open_run(ctx, &r, "input 4; dense out=4", "linear n=64", DEEPID_F64, 3);
    OK(deepid_trainer_set_optimizer(r.trainer, "lbfgs"));
    OK(deepid_trainer_fit(r.trainer, 100, NULL, NULL));
    OK(deepid_net_evaluate(r.net, r.data, NULL, &loss, NULL));
    if (!(loss < 1e-9))
        fail_msg("loss %g, expected below 1e-9", loss);
    REFUSED(deepid_trainer_save(r.trainer, temporary("lbfgs")), DEEPID_ERR_UNSUPPORTED, "lbfgs");
    close_run(&r);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lbfgs_finds_a_linear_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
