/* Your own arrays and your own training loop: nothing is copied, every parameter is a pointer.

   Pictures of 8 x 8 bytes, a bright bar that lies or stands; a small residual net; plain gradient descent written
   out here. Ends with a checksum of the trained weights, so that the same program in another language can be
   compared. */
#include <deepid/deepid.h>

#include <stdio.h>
#include <string.h>

#define TRY(call)                                                                                                      \
    if ((call) != DEEPID_OK) {                                                                                         \
        fprintf(stderr, "%s\n", ctx ? deepid_ctx_error(ctx) : "no context");                                           \
        return 1;                                                                                                      \
    }

enum { SAMPLES = 64, SIDE = 8, CLASSES = 2, STEPS = 30 };

static const char net_text[] = "input 8x8x1; conv2d out=4 kernel=3 bias=0; batchnorm; relu;"
                               "2 * identity { conv2d out=4 kernel=3 bias=0; batchnorm; relu; conv2d out=4 kernel=3 "
                               "bias=0; batchnorm } after=relu;"
                               "global_avgpool; dense out=2";

static void draw_bars(uint8_t *pixels, int32_t *labels)
{
    memset(pixels, 0, SAMPLES * SIDE * SIDE);
    for (int i = 0; i < SAMPLES; i++) {
        labels[i] = i % CLASSES;
        for (int k = 0; k < SIDE; k++) {
            const int where = (i / CLASSES) % SIDE;
            pixels[i * SIDE * SIDE + (labels[i] == 0 ? where * SIDE + k : k * SIDE + where)] = 255;
        }
    }
}

/* FNV-1a over the bytes of the weights */
static uint32_t checksum(const void *data, size_t bytes)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ ((const uint8_t *)data)[i]) * 16777619u;
    return hash;
}

int main(void)
{
    deepid_ctx *ctx = NULL;
    deepid_dataset *data = NULL;
    deepid_net *net = NULL;
    deepid_tensor *x = NULL;
    deepid_tensor *y = NULL;
    deepid_tensor *dy = NULL;
    static uint8_t pixels[SAMPLES * SIDE * SIDE];
    static int32_t labels[SAMPLES];
    draw_bars(pixels, labels);

    TRY(deepid_ctx_create(&ctx));
    const int64_t extents[] = {SAMPLES, SIDE, SIDE, 1};
    const int64_t strides[] = {SIDE * SIDE, SIDE, 1, 1}; /* in elements; the caller's memory, not copied */
    TRY(deepid_dataset_wrap(ctx, DEEPID_U8, pixels, 4, extents, strides, labels, CLASSES, &data));
    TRY(deepid_dataset_normalize(data, "global", data));

    TRY(deepid_net_create(ctx, net_text, DEEPID_F32, &net));
    TRY(deepid_net_init(net, "he mode=fan_out", 1));
    TRY(deepid_net_prepare(net, SAMPLES, 1));
    TRY(deepid_net_set_mode(net, DEEPID_TRAIN));

    const int64_t y_extents[] = {SAMPLES, CLASSES};
    TRY(deepid_tensor_create(ctx, DEEPID_F32, 4, extents, &x));
    TRY(deepid_tensor_create(ctx, DEEPID_F32, 2, y_extents, &y));
    TRY(deepid_tensor_create(ctx, DEEPID_F32, 2, y_extents, &dy));
    TRY(deepid_dataset_copy(data, 0, SAMPLES, x));

    float *w = deepid_net_trained_data(net); /* borrowed: all parameters as one array */
    const int64_t count = deepid_net_trained_count(net);
    for (int step = 0; step < STEPS; step++) {
        double loss = 0;
        TRY(deepid_net_forward(net, x, y));
        TRY(deepid_cross_entropy_forward("", y, labels, &loss));
        TRY(deepid_cross_entropy_backward("", y, labels, dy));
        TRY(deepid_net_zero_gradients(net));
        TRY(deepid_net_backward(net, dy, NULL));
        const float *dw = deepid_net_trained_gradient(net);
        for (int64_t i = 0; i < count; i++)
            w[i] -= 0.1f * dw[i];
        if (step % 10 == 0 || step == STEPS - 1)
            printf("step %2d  loss %.6f\n", step, loss);
    }

    const float *kernel = deepid_net_parameter_data(net, "block2.conv2d1.weight");
    printf("block2.conv2d1.weight[0] = %.6f\nchecksum %08x\n", kernel[0], checksum(w, (size_t)count * sizeof *w));

    deepid_tensor_destroy(dy);
    deepid_tensor_destroy(y);
    deepid_tensor_destroy(x);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
    return 0;
}

/* step  0  loss 0.708630
   step 10  loss 0.444879
   step 20  loss 0.244646
   step 29  loss 0.148232
   block2.conv2d1.weight[0] = 0.213491
   checksum 0890787d              (of one processor; examples/ffi prints the same on the same machine) */
