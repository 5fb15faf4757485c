/* A program of somebody else. */
#include <deepid/deepid.h>

#include <stdio.h>

int main(void)
{
    deepid_ctx *ctx = NULL;
    deepid_net *net = NULL;
    if (deepid_ctx_create(&ctx) != DEEPID_OK ||
        deepid_resnet_cifar(ctx, 20, "identity", DEEPID_F32, &net) != DEEPID_OK) {
        fprintf(stderr, "%s\n", deepid_ctx_error(ctx));
        return 1;
    }
    printf("deepid %s: %lld parameters\n", deepid_version(), (long long)deepid_net_trained_count(net));
    const int good = deepid_net_trained_count(net) == 269722;
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
    return good ? 0 : 1;
}
