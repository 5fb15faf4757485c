/* Build a plain net of 30 blocks, train it, look inside.   Usage: 01_build_train_inspect [STEPS]

   The net is a text; "plain" becomes "identity" by changing one word. */
#include <deepid/deepid.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define TRY(call)                                                                                                      \
    if ((call) != DEEPID_OK) {                                                                                         \
        fprintf(stderr, "%s\n", ctx ? deepid_ctx_error(ctx) : "no context");                                           \
        return 1;                                                                                                      \
    }

static int32_t show_progress(void *user, const deepid_event *event)
{
    (void)user;
    const int64_t step = deepid_event_step(event);
    if (step % 100 == 0)
        printf("step %3lld  loss %.4f\n", (long long)step, deepid_event_loss(event));
    return 0;
}

/* A whole number of 1 to a billion, or 0. */
static int64_t count_of(const char *text)
{
    enum { MOST = 1000000000 };
    char *end;
    const long long n = strtoll(text, &end, 10);
    return end != text && *end == 0 && n >= 1 && n <= MOST ? n : 0;
}

int main(int argc, char **argv)
{
    const int64_t steps = argc > 1 ? count_of(argv[1]) : 400;
    deepid_ctx *ctx = NULL;
    deepid_dataset *data = NULL;
    deepid_net *net = NULL;
    deepid_trainer *trainer = NULL;
    deepid_table *layers = NULL;

    if (argc > 2 || steps == 0) {
        fprintf(stderr, "usage: 01_build_train_inspect [STEPS]\n");
        return 2;
    }
    signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is an error of writing, with a sentence */
    TRY(deepid_ctx_create(&ctx));
    TRY(deepid_dataset_generate(ctx, "spirals n=256 noise=0.06", 77, &data));
    TRY(deepid_net_create(ctx,
                          "input 2; dense out=16; batchnorm; relu;"
                          "30 * plain { dense out=16; batchnorm; relu };"
                          "dense out=2",
                          DEEPID_F32, &net));
    TRY(deepid_net_init(net, "he", 1));

    TRY(deepid_trainer_create(net, data, &trainer));
    TRY(deepid_trainer_set_optimizer(trainer, "sgd momentum=0.9"));
    TRY(deepid_trainer_set_learning_rate(trainer, 0.03));
    TRY(deepid_trainer_set_batch(trainer, 64));
    TRY(deepid_trainer_fit(trainer, steps, show_progress, NULL));

    double loss = 0, error = 0;
    TRY(deepid_net_evaluate(net, data, NULL, &loss, &error));
    printf("training loss %.4f, wrong %.1f %%\n\n", loss, 100 * error);

    TRY(deepid_net_inspect(net, data, "gradient_norm", &layers));
    puts(deepid_table_text(layers));
    TRY(deepid_table_write_csv(layers, "layers.csv"));

    deepid_table_destroy(layers);
    deepid_trainer_destroy(trainer);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
    return 0;
}

/* step 100  loss 0.5652 step 200  loss 0.5631 step 300  loss 0.5376 step 400  loss 0.5085 training loss 0.7872,
   wrong 34.4 %

   layer              activation  parameters  weight_scaled   fitted  factor  weight_factor  theory
   dense1                 0.1394      0.1164          2.998      nan     nan            nan     nan
   batchnorm              0.0965     0.04413              0      nan     nan            nan     nan
   relu                   0.1271           0              0      nan     nan            nan     nan
   block1.dense         0.003992     0.02067          1.545  0.02355  0.9447          1.041   1.211
   ...      (rounding differs between processors, and a net as deep as this one makes another run of it) */
