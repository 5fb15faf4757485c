/* Which pixels a shortcut takes: every stride-th of the branch's stride, also where a smaller stride would give the
   same shape. */
#include "support/nets.h"

enum { SIDE_MOST = 12, STRIDE_MOST = 7 };

/* A branch of zeros: the block gives its shortcut. A projection of one channel has the weight 1. */
static void check_pixels(deepid_ctx *ctx, const char *text, int64_t height, int64_t width, int64_t stride)
{
    deepid_net *net = NULL;
    OK(deepid_net_create(ctx, text, DEEPID_F64, &net));
    for (int32_t i = 0; i < net->trained; i++)
        for (int64_t k = 0; k < net->parameter[i].count; k++)
            dpid_store(net->precision, dpid_net_parameter_at(net, i), k,
                       strstr(net->parameter[i].name, "shortcut") != NULL);
    deepid_tensor *x = batch_of(ctx, net, false, 1);
    deepid_tensor *y = batch_of(ctx, net, true, 1);
    for (int64_t i = 0; i < height * width; i++)
        ((double *)deepid_tensor_data(x))[i] = (double)(i + 1);
    OK(deepid_net_forward(net, x, y));
    const double *got = deepid_tensor_data(y);
    for (int64_t i = 0; i * stride < height; i++)
        for (int64_t j = 0; j * stride < width; j++, got++)
            if (*got != (double)(i * stride * width + j * stride + 1))
                fail_msg("%s\n  pixel %lld, %lld is %g, expected %lld, every %lldth", text, (long long)i, (long long)j,
                         *got, (long long)(i * stride * width + j * stride + 1), (long long)stride);
    deepid_tensor_destroy(y);
    deepid_tensor_destroy(x);
    deepid_net_destroy(net);
}

static void shortcuts_take_every_stride_th_pixel(void **state)
{
    static const struct {
        const char *body;
        int64_t stride; /* 0: of the format */
    } blocks[] = {
        {"identity out=1 stride=%d shortcut=A after=none", 0},
        {"identity { conv2d out=1 kernel=3 stride=%d padding=1 bias=0 } shortcut=A after=none", 0},
        {"identity { conv2d out=1 kernel=3 stride=%d padding=1 bias=0 } shortcut=B after=none", 0},
        {"identity { conv2d out=1 kernel=3 stride=%d padding=1 bias=0 } shortcut=C after=none", 0},
        {"identity { conv2d out=1 kernel=3 stride=2 padding=1 bias=0; conv2d out=1 kernel=3 stride=2 padding=1 bias=0 "
         "} shortcut=A after=none",
         4},
        {"identity { channel_pad out=1 stride=3; conv2d out=1 kernel=3 stride=2 padding=1 bias=0 } shortcut=B "
         "after=none",
         6},
    };
    deepid_ctx *ctx = new_ctx(1);
    (void)state;
    for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) {
        for (int64_t height = 1; height <= SIDE_MOST; height++) {
            for (int64_t width = height; width <= SIDE_MOST; width += 4) {
                for (int stride = 1; stride <= (blocks[b].stride ? 1 : STRIDE_MOST); stride++) {
                    char text[256];
                    const int64_t step = blocks[b].stride ? blocks[b].stride : stride;
                    const int length = snprintf(text, sizeof text, "input %dx%dx1; ", (int)height, (int)width);
                    snprintf(text + length, sizeof text - (size_t)length, blocks[b].body, stride);
                    if (height == 1 && width == 1)
                        continue; /* no projection: the branch has the picture's shape */
                    check_pixels(ctx, text, height, width, step);
                }
            }
        }
    }
    deepid_ctx_destroy(ctx);
}

/* A branch without padding gives 8x8 as 3x3: no pixel of stride 2 does, the smallest stride that does is 3. */
static void a_branch_of_another_shape_gets_the_smallest_stride_that_fits(void **state)
{
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    (void)state;
    check_pixels(ctx,
                 "input 8x8x1; identity { conv2d out=1 kernel=3 stride=2 padding=valid bias=0 } shortcut=A after=none",
                 8, 8, 3);
    REFUSED(deepid_net_create(ctx, "input 8x9x1; identity { conv2d out=1 kernel=3 stride=1x2 padding=1 } shortcut=A",
                              DEEPID_F32, &net),
            DEEPID_ERR_SHAPE, "no stride turns 8x9x1 into 8x5x1");
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shortcuts_take_every_stride_th_pixel),
        cmocka_unit_test(a_branch_of_another_shape_gets_the_smallest_stride_that_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
