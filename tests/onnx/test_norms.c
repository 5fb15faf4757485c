/* Normalisations that an ONNX file writes as means, squares and a root: known by what they compute, with numbers that
   are right to the last; those that are none are refused. Also what stands on a net's input, and outputs of rank 1. */
#include "graph_text.h"

#include "net/net.h"

enum { WIDTH = 5, SAMPLES = 3 };
#define FEATURES "in x n 5; v last -1; f eps 0.25; f two 2; w c 5; w d 5 5; "
#define CENTRED "ReduceMean a x > m axes=-1,; Sub b x m > z; "
#define VARIANCE "Mul c z z > q; ReduceMean e q > v axes=-1,; Add f v eps > t; Sqrt g t > r; "
#define MEAN_SQUARE "Mul c x x > q; ReduceMean e q > v axes=-1,; Add f v eps > t; Sqrt g t > r; "
#define PICTURE "in x n 5 2 3; f eps 0.25; f two 2; "

static const struct {
    const char *graph, *text;
} become[] = {
    {FEATURES CENTRED VARIANCE "Div h z r > y; out y", "input 5; layernorm eps=0.25"},
    {FEATURES CENTRED VARIANCE "Div h z r > u; Mul i u c > w; Add j c w > y; out y", "input 5; layernorm eps=0.25"},
    {FEATURES CENTRED VARIANCE "Mul i c z > u; Div h u r > w; Add j c w > y; out y", "input 5; layernorm eps=0.25"},
    {FEATURES CENTRED VARIANCE "Reciprocal k r > s; Mul h s z > y; out y", "input 5; layernorm eps=0.25"},
    {FEATURES MEAN_SQUARE "Div h x r > y; out y", "input 5; rmsnorm eps=0.25"},
    {FEATURES MEAN_SQUARE "Mul i x c > u; Div h u r > y; out y", "input 5; rmsnorm eps=0.25"},
    {"in x n 1; f eps 0.25; Mul c x x > q; ReduceMean e q > v axes=1,; Add f v eps > t; Sqrt g t > r; Div h x r > y; "
     "out y",
     "input 1; rmsnorm eps=0.25"},
    {FEATURES "ReduceL2 a x last > l; Div b x l > y; opset 18; out y", "input 5; rmsnorm eps=0"},
    /* one number a sample without an axis, which it gets again */
    {FEATURES CENTRED "Mul c z z > q; ReduceMean e q > v axes=-1, keepdims=0; v ax 1; Unsqueeze k v ax > p; Add f p "
                      "eps > t; Sqrt g t > r; "
                      "Div h z r > y; out y",
     "input 5; layernorm eps=0.25"},
    {FEATURES CENTRED "Mul c z z > q; ReduceMean e q > v axes=-1, keepdims=0; Shape s v > k; v one 1; Concat n k one > "
                      "o axis=0; Reshape p "
                      "v o > w; Add f w eps > t; Sqrt g t > r; Div h z r > y; out y",
     "input 5; layernorm eps=0.25"},
    /* over the channels of each pixel; before a skip, beside one */
    {PICTURE "ReduceMean a x > m axes=1,; Sub b x m > z; " VARIANCE "Div h z r > y; out y",
     NULL}, /* its second mean is over the last axis */
    {PICTURE
     "ReduceMean a x > m axes=1,; Sub b x m > z; Pow c z two > q; ReduceMean e q > v axes=-3,; Add f v eps > t; "
     "Sqrt g t > r; Div h z r > y; out y",
     "input 2x3x5; layernorm eps=0.25"},
    {FEATURES CENTRED VARIANCE "Div h z r > u; Gemm l u d > w; Add j x w > y; out y",
     "input 5; identity { layernorm eps=0.25; dense out=5 bias=0 }"},
    {FEATURES "Gemm l x d > w; Add j x w > s; ReduceMean a s > m axes=-1,; Sub b s m > z; " VARIANCE
              "Div h z r > y; out y",
     "input 5; identity { dense out=5 bias=0 }; layernorm eps=0.25"},
    /* none */
    {FEATURES CENTRED "Mul c z z > q; ReduceMean e q > v axes=-1,; Sqrt g v > r; Add f r eps > t; Div h z t > y; out y",
     NULL},
    {FEATURES CENTRED VARIANCE "Div h x r > y; out y", NULL},
    {FEATURES CENTRED "Mul c z z > q; ReduceSum e q last > v; Add f v eps > t; Div h z t > y; out y", NULL},
    {FEATURES MEAN_SQUARE "Div h x r > u; Add j u c > y; out y", "adds known numbers behind an rmsnorm"},
    /* numbers on the input, and outputs of one axis */
    {FEATURES "Sub a x c > t; Div b t c > u; Gemm l u d > y; out y", "input 5; batchnorm; dense out=5 bias=0"},
    {FEATURES "Gemm l x d > t; Relu r t > u; Add a u c > y; out y", "behind the activation relu"},
    {FEATURES "w e 5 1; Gemm l x e > t; v ax 1; Squeeze s t ax > u; Sigmoid g u > y; out y",
     "input 5; dense out=1 bias=0; sigmoid"},
    {FEATURES "w e 5 1; Gemm l x e > t; v all -1; Reshape s t all > y; out y", "input 5; dense out=1 bias=0"},
    {FEATURES "Gemm l x d > t; v all -1; Reshape s t all > y; out y", "does not keep the samples of 5 apart"},
    {FEATURES "v zero 0; Gather g x zero > y axis=1; out y", "takes parts of a value by their place"},
    /* two scales that began alike: one initializer, and an Identity */
    {FEATURES
     "f alpha 0.5; Identity e alpha > beta; Gemm g x d > t; Mul m t alpha > u; Add a x u > v; Gemm h v d > w; Mul "
     "n w beta > z; Add b v z > y; out y",
     "input 5; 2 * identity { dense out=5 bias=0; scale }"},
    /* height and width one after the other */
    {PICTURE "ReduceMean a x > m axes=3, keepdims=0; ReduceMean b m > y axes=2, keepdims=0; out y",
     "input 2x3x5; global_avgpool"},
    {PICTURE "ReduceMean a x > m axes=-2,; ReduceMean b m > y axes=-1,; out y", "input 2x3x5; global_avgpool"},
    {PICTURE "ReduceMean a x > m axes=3,; ReduceMean b m > y axes=3,; out y", "the mean over other axes"},
};

static void normalisations_are_known_by_their_values(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof become / sizeof *become; i++) {
        const bool loads = become[i].text && strncmp(become[i].text, "input", 5) == 0;
        deepid_net *net = NULL;
        const int32_t status = deepid_net_load_onnx(ctx, graph_file(become[i].graph), &net);
        const char *is = status == DEEPID_OK ? deepid_net_describe(net) : deepid_ctx_error(ctx);
        if (loads ? strcmp(is, become[i].text) != 0 : status != DEEPID_ERR_UNSUPPORTED)
            fail_msg("%s\n  gives \"%s\"", become[i].graph, is);
        if (!loads && !strstr(is, become[i].text ? become[i].text : "together normalise ("))
            fail_msg("%s\n  gives \"%s\", expected \"%s\"", become[i].graph, is, become[i].text);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static double c_at(int i)
{
    return (double)(float)fabs(sin(0.7 * i + 0.3));
}

static double x_at(int i)
{
    return (double)(float)(3 * sin(1.3 * i + 1));
}

static void run_graph(const char *graph, double y[SAMPLES][WIDTH])
{
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    OK(deepid_net_load_onnx(ctx, graph_file(graph), &net));
    OK(dpid_net_prepare(net, SAMPLES, false));
    for (int i = 0; i < SAMPLES * WIDTH; i++)
        ((float *)dpid_net_input(net))[i] = (float)x_at(i);
    OK(dpid_net_run_forward(net, DPID_EVAL, SAMPLES));
    for (int i = 0; i < SAMPLES * WIDTH; i++)
        y[i / WIDTH][i % WIDTH] = (double)((const float *)dpid_net_output(net))[i];
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* c (x - mean) / sqrt(var + 1/4) + c, by hand */
static void factors_inside_go_to_their_channels(void **state)
{
    (void)state;
    double y[SAMPLES][WIDTH];
    run_graph(FEATURES CENTRED VARIANCE "Mul i c z > u; Div h u r > w; Add j c w > y; out y", y);
    for (int row = 0; row < SAMPLES; row++) {
        double mean = 0;
        double variance = 0;
        for (int i = 0; i < WIDTH; i++)
            mean += x_at(row * WIDTH + i) / WIDTH;
        for (int i = 0; i < WIDTH; i++)
            variance += (x_at(row * WIDTH + i) - mean) * (x_at(row * WIDTH + i) - mean) / WIDTH;
        for (int i = 0; i < WIDTH; i++)
            near_at("output", y[row][i], c_at(i) * (x_at(row * WIDTH + i) - mean) / sqrt(variance + 0.25) + c_at(i),
                    2e-6);
    }
}

/* (x - c) / c */
static void what_is_done_to_the_input_is_the_same(void **state)
{
    (void)state;
    double y[SAMPLES][WIDTH];
    run_graph(FEATURES "Sub a x c > t; Div b t c > y; out y", y);
    for (int row = 0; row < SAMPLES; row++)
        for (int i = 0; i < WIDTH; i++)
            near_at("output", y[row][i], (x_at(row * WIDTH + i) - c_at(i)) / c_at(i), 5e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normalisations_are_known_by_their_values),
        cmocka_unit_test(factors_inside_go_to_their_channels),
        cmocka_unit_test(what_is_done_to_the_input_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
