/* Train a net, make it deeper by 1, 10 and 100 blocks that are the identity, certify each.
   Usage: 04_deepen [FOLDER of optdigits]

   The deep nets have the shallow one's loss, so a deep net that trains to a worse one was not short of a solution. */
#include <deepid/deepid.h>

#include <signal.h>
#include <stdio.h>

#define TRY(call)                                                                                                      \
    if ((call) != DEEPID_OK) {                                                                                         \
        fprintf(stderr, "%s\n", ctx ? deepid_ctx_error(ctx) : "no context");                                           \
        return 1;                                                                                                      \
    }

#define BLOCK "plain { conv2d out=8 kernel=3 bias=0; batchnorm; relu }"

/* 8 x 8 digits when they are there, else stripes of the same size from a generator. */
static int32_t open_data(deepid_ctx *ctx, const char *folder, deepid_dataset **out)
{
    deepid_dataset *all = NULL;
    deepid_dataset *test = NULL;
    char source[1024];
    snprintf(source, sizeof source, "csv:%s", folder ? folder : "../shared/data/optdigits");
    int32_t status = deepid_dataset_open(ctx, source, 1, &all, &test);
    deepid_dataset_destroy(test);
    if (status != DEEPID_OK && !folder) {
        puts("No optdigits at ../shared/data/optdigits: stripes from the generator gratings instead.\n");
        return deepid_dataset_generate(ctx, "gratings n=1000", 1, out);
    }
    if (status == DEEPID_OK)
        status = deepid_dataset_normalize(all, "scale by=0.0625", all); /* 0 to 16 becomes 0 to 1 */
    if (status == DEEPID_OK)
        status = deepid_dataset_sample(all, 1000, 1, out);
    deepid_dataset_destroy(all);
    return status;
}

/* Certify, write the certificate to a folder, replay it from there. */
static int certify(deepid_ctx *ctx, const deepid_net *net, const deepid_net *deeper, const deepid_dataset *data)
{
    deepid_certificate *cert = NULL;
    deepid_table *differences = NULL;
    TRY(deepid_certificate_create(net, deeper, data, &cert));
    printf("%s\n", deepid_certificate_sentence(cert));
    TRY(deepid_certificate_write(cert, "certificate"));
    TRY(deepid_certificate_verify(ctx, "certificate", data, &differences));
    printf("Replayed from certificate/: %lld numbers differ.\n\n", (long long)deepid_table_rows(differences));
    deepid_table_destroy(differences);
    deepid_certificate_destroy(cert);
    return 0;
}

int main(int argc, char **argv)
{
    static const int64_t counts[] = {1, 10, 100};
    deepid_ctx *ctx = NULL;
    deepid_dataset *data = NULL;
    deepid_net *net = NULL;
    deepid_trainer *trainer = NULL;
    deepid_net *deeper = NULL;
    char text[256];

    signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is an error of writing, with a sentence */
    TRY(deepid_ctx_create(&ctx));
    TRY(open_data(ctx, argc > 1 ? argv[1] : NULL, &data));
    snprintf(text, sizeof text,
             "input 8x8x1; conv2d out=8 kernel=3 bias=0; batchnorm; relu; 2 * " BLOCK "; flatten; dense out=%lld",
             (long long)deepid_dataset_classes(data));
    TRY(deepid_net_create(ctx, text, DEEPID_F32, &net));
    TRY(deepid_net_init(net, "he", 1));
    TRY(deepid_trainer_create(net, data, &trainer));
    TRY(deepid_trainer_set_optimizer(trainer, "sgd momentum=0.9"));
    TRY(deepid_trainer_set_learning_rate(trainer, 0.02));
    TRY(deepid_trainer_fit(trainer, 300, NULL, NULL));
    TRY(deepid_net_measure_statistics(net, data));

    for (int i = 0; i < 3; i++) {
        printf("Blocks added: %lld, the identity on everything a relu can give.\n", (long long)counts[i]);
        TRY(deepid_net_deepen(net, 2, BLOCK, counts[i], "witness", &deeper));
        if (certify(ctx, net, deeper, data) != 0)
            return 1;
        deepid_net_destroy(deeper);
        printf("Blocks added: %lld, with the statistics of these samples.\n", (long long)counts[i]);
        TRY(deepid_net_deepen_on(net, data, 2, BLOCK, counts[i], "witness", &deeper));
        if (certify(ctx, net, deeper, data) != 0)
            return 1;
        deepid_net_destroy(deeper);
    }

    /* A block that cannot be the identity: the call says why, and makes nothing. */
    if (deepid_net_deepen(net, 2, "plain { conv2d out=2 kernel=1; relu; conv2d out=8 kernel=1; relu }", 1, "witness",
                          &deeper) != DEEPID_OK)
        printf("Refused. %s\n", deepid_ctx_error(ctx));

    deepid_trainer_destroy(trainer);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
    return 0;
}

/* With optdigits (the last digits depend on the processor):

   Blocks added: 100, the identity on everything a relu can give.
   The net of 102 blocks (311 layers) gives every logit of the net of 2 blocks (11 layers) bit for bit on these 1000
   samples: the loss is 0.004929 in both; in training mode, with the statistics of each batch, the losses are
   0.005156 and 1.008. Training that leaves such a deep net above 0.004929 has missed a solution that exists.
   Replayed from certificate/: 0 numbers differ.

   Blocks added: 100, with the statistics of these samples.
   The net of 102 blocks (311 layers) has the loss 0.004929 of the net of 2 blocks (11 layers) within 0.00012 on
   these 1000 samples (measured difference 5.3e-08; logits differ by at most 6.2e-05); in training mode, with the
   statistics of each batch, the losses are 0.005156 and 0.005148. Training that leaves such a deep net above
   0.004929 has missed a solution that exists. Replayed from certificate/: 0 numbers differ.

   Refused. deepen: no witness for 'plain { conv2d out=2 kernel=1; relu; conv2d out=8 kernel=1; relu }' behind
   block2.relu, on all that can come from there (deepid_net_deepen_on takes samples): rank: a 8-2-8 bottleneck cannot
   return 8 independent values */
