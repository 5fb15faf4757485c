/* Nets from ONNX files: what both exporters of PyTorch write gives what ONNX Runtime gives (files/, made by
   make_files.py); what else a graph may hold becomes this text, or is refused with this sentence. */
#include "graph_text.h"

#include "net/net.h"

#include <unistd.h>

#define RESNET                                                                                                         \
    "input 17x17x3; conv2d out=4 kernel=3 stride=2 padding=1 bias=0; batchnorm; relu; maxpool kernel=3 padding=1; "    \
    "2 * identity { conv2d out=4 kernel=3 bias=0; batchnorm; relu; conv2d out=4 kernel=3 bias=0; batchnorm } "         \
    "after=relu; identity shortcut=B { conv2d out=6 kernel=3 stride=2 padding=1 bias=0; batchnorm; relu; conv2d "      \
    "out=6 "                                                                                                           \
    "kernel=3 bias=0; batchnorm } after=relu; identity shortcut=A { conv2d out=8 kernel=3 stride=2 padding=1 bias=0; " \
    "batchnorm; relu; conv2d out=8 kernel=3 bias=0; batchnorm } after=relu; global_avgpool; dense out=5"
#define FLAT                                                                                                           \
    "input 6x6x2; conv2d out=3 kernel=3 stride=2 padding=0x1x0x1; hardswish; flatten; batchnorm; prelu; dense out=4"
#define MLP "input 6; dense out=8; silu; 2 * identity { layernorm; dense out=8; gelu; dense out=8 }; dense out=3"

static const char *kept(const char *name, const char *ending)
{
    static char path[2][512];
    static int next;
    char *out = path[next++ % 2];
    snprintf(out, sizeof path[0], DEEPID_TESTS "/onnx/files/%s%s", name, ending);
    return out;
}

/* ---- what exporters write -------------------------------------------------------------------- */

static const struct {
    const char *name, *text;
    bool softmax; /* the file ends with one */
} files[] = {
    {"resnet_dynamo", RESNET, false},
    {"resnet_script", RESNET, false},
    {"flat_dynamo", FLAT, false},
    {"flat_script", FLAT, false},
    {"mlp_dynamo", MLP, true},
    {"mlp_script", MLP, true},
    {"sixteen", "input 6; dense out=8; hardtanh min=0 max=6; dense out=5 bias=0; tanh; dense out=4 bias=0", false}};
enum { FILES = sizeof files / sizeof *files, SAMPLES = 3 };

static void take_softmax(double *y, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += exp(y[i]);
    for (int64_t i = 0; i < n; i++)
        y[i] = exp(y[i]) / sum;
}

/* As far as float sums in another order go: 1e-5 of the largest. */
static void gives_what_the_file_says(deepid_net *net, const char *name, bool softmax)
{
    size_t bytes;
    char *xy = read_bytes(kept(name, ".xy"), &bytes);
    const int64_t in = SAMPLES * dpid_shape_count(&net->value[0].shape);
    const int64_t out = (int64_t)(bytes / sizeof(float)) - in;
    const float *expected = (const float *)xy + in;
    double most = 0;
    deepid_ctx *ctx = net->head.ctx;
    OK(dpid_net_prepare(net, SAMPLES, false));
    memcpy(dpid_net_input(net), xy, (size_t)in * sizeof(float));
    OK(dpid_net_run_forward(net, DPID_EVAL, SAMPLES));
    double *y = calloc((size_t)out, sizeof *y);
    for (int64_t i = 0; i < out; i++) {
        y[i] = (double)((const float *)dpid_net_output(net))[i];
        most = fmax(most, fabs((double)expected[i]));
    }
    for (int i = 0; softmax && i < SAMPLES; i++)
        take_softmax(y + i * out / SAMPLES, out / SAMPLES);
    for (int64_t i = 0; i < out; i++)
        if (!(fabs(y[i] - (double)expected[i]) <= 1e-5 * most))
            fail_msg("%s: output %lld is %g, ONNX Runtime gives %g", name, (long long)i, y[i], (double)expected[i]);
    free(y);
    free(xy);
}

static void files_of_both_exporters_give_what_onnx_runtime_gives(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int i = 0; i < FILES; i++) {
        deepid_net *net = NULL;
        OK(deepid_net_load_onnx(ctx, kept(files[i].name, ".onnx"), &net));
        assert_string_equal(deepid_net_describe(net), files[i].text);
        gives_what_the_file_says(net, files[i].name, files[i].softmax);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- what graphs become ---------------------------------------------------------------------- */

#define PICTURE "in x n 4 6 6; w k 4 4 3 3; w p 4 4 1 1; w c 4; w d 5 4; "
#define FEATURES "in x n 4; w d 4 4; w e 5 4; w c 4; "
#define CONV(name, in, out) "Conv " name " " in " k > " out " pads=1,1,1,1; "
#define NORM(name, in, out) "BatchNormalization " name " " in " c c c c > " out "; "

static const struct {
    const char *graph, *text;
} become[] = {
    /* linear maps and what stands behind them */
    {FEATURES "Gemm g x e > y transB=1; out y", "input 4; dense out=5 bias=0"},
    {FEATURES "MatMul m x d > a; Add b a c > y; out y", "input 4; dense out=4"},
    {FEATURES "MatMul m x d > a; Add b c a > t; Mul s t c > y; out y", "input 4; dense out=4"},
    {FEATURES "f half 0.5; MatMul m x d > a; Div b a half > y; out y", "input 4; dense out=4 bias=0"},
    {PICTURE CONV("a", "x", "t") NORM("b", "t", "y") "out y", "input 6x6x4; conv2d out=4 kernel=3 bias=0; batchnorm"},
    {PICTURE "Conv a x k c > y auto_pad='SAME_UPPER strides=2,2; out y",
     "input 6x6x4; conv2d out=4 kernel=3 stride=2 padding=0x1x0x1"},
    {PICTURE "Conv a x k > y auto_pad='SAME_LOWER strides=2,2; out y",
     "input 6x6x4; conv2d out=4 kernel=3 stride=2 padding=1x0x1x0 bias=0"},
    {PICTURE "Conv a x k > y auto_pad='VALID dilations=2,2; out y",
     "input 6x6x4; conv2d out=4 kernel=3 padding=0 dilation=2 bias=0"},
    {"in x n 4 6 6; w k 8 1 3 3; Conv a x k > y group=4 pads=1,1,1,1; out y",
     "input 6x6x4; conv2d out=8 kernel=3 groups=4 bias=0"},
    {PICTURE "GlobalAveragePool g x > t; Conv a t p > u; Flatten f u > y; out y",
     "input 6x6x4; global_avgpool; dense out=4 bias=0"},
    /* axes */
    {PICTURE "v s 0 -1; w m 7 144; Reshape r x s > t; Gemm g t m > y transB=1; out y",
     "input 6x6x4; flatten; dense out=7 bias=0"},
    {PICTURE "Shape s x > sh; v zero 0; v minus -1; Gather n sh zero > b; Concat j b minus > to axis=0; w m 7 144; "
             "Reshape r x to > t; Gemm g t m > y transB=1; out y",
     "input 6x6x4; flatten; dense out=7 bias=0"},
    {PICTURE "v ax 2 3; ReduceMean r x > t axes=-2,-1 keepdims=0; Gemm g t d > y transB=1; out y",
     "input 6x6x4; global_avgpool; dense out=5 bias=0"},
    {"in x n 36; w k 2 1 3 3; v s -1 1 6 6; Reshape r x s > t; Conv a t k > y pads=1,1,1,1; out y",
     "input 6x6x1; conv2d out=2 kernel=3 bias=0"},
    {"in x n 6 6; v ax 1; w k 2 1 3 3; Unsqueeze u x ax > t; Conv a t k > y pads=1,1,1,1; out y",
     "input 6x6x1; conv2d out=2 kernel=3 bias=0"},
    {"in x n 3 9; w k 4 3 3; w b 4; Conv a x k b > t strides=2, pads=2,0 dilations=1,; MaxPool m t > y kernel_shape=2, "
     "strides=1,; out y",
     "input 9x3; conv1d out=4 kernel=3 stride=2 padding=2x0; maxpool kernel=2 stride=1"},
    /* PyTorch's avg_pool1d and adaptive_avg_pool1d: a picture of one row for the pool alone */
    {"in x n 3 16; w k 4 3 3; w d 16 2; v ax -2; v to 2; Conv a x k > t pads=1,1; Unsqueeze u t ax > q; AveragePool m "
     "q > r "
     "kernel_shape=1,4 strides=1,4; Squeeze s r to > p; Flatten f p > o; MatMul g o d > y; "
     "out y",
     "input 16x3; conv1d out=4 kernel=3 bias=0; avgpool kernel=4 stride=4; flatten; dense out=2 bias=0"},
    {"in x n 3 9; w k 4 3 3; w l 2 4 1 3; v ax 2; Conv a x k > t pads=1,1; Unsqueeze u t ax > q; Conv b q l > r "
     "pads=0,1,0,1 strides=1,2; Squeeze s r ax > y; out y",
     "input 9x3; conv1d out=4 kernel=3 bias=0; conv1d out=2 kernel=3 stride=2 padding=1 bias=0"},
    {"in x n 9 3; w k 4 3 3; Transpose p x > u perm=0,2,1; Conv a u k > t auto_pad='SAME_UPPER; GlobalAveragePool g t "
     "> q; Flatten f q > y; out y",
     "input 9x3; conv1d out=4 kernel=3 bias=0; global_avgpool"},
    {"in x n 9; v ax 1; w k 4 1 1; w d 36 2; Unsqueeze u x ax > v; Conv a v k > t; Flatten f t > q; MatMul m q d > y; "
     "out y",
     "input 9x1; conv1d out=4 kernel=1 bias=0; flatten; dense out=2 bias=0"},
    {"in x n 4 6; w s 4; w b 4; BatchNormalization n x s b b s > t; GlobalMaxPool g t > q; Flatten f q > y; out y",
     "input 6x4; batchnorm; maxpool kernel=6 stride=1; flatten"},
    {"in x n 4; Selu s x > y alpha=f1.5 gamma=f2; out y", "input 4; selu alpha=1.5 gamma=2"},
    {"in x n 4; Selu s x > y; out y", "input 4; selu"},
    {"in x n 4; HardSigmoid s x > y; out y", "input 4; hardsigmoid alpha=0.2"},
    {"in x n 4; HardSigmoid s x > y alpha=f0.5 beta=f0.25; out y", "input 4; hardsigmoid alpha=0.5 beta=0.25"},
    {"in x n 4 6; w s 4; w b 4; InstanceNormalization n x s b > y epsilon=f0.5; out y",
     "input 6x4; instancenorm eps=0.5"},
    {"opset 21; in x n 4 6 6; w s 4; w b 4; GroupNormalization n x s b > y num_groups=2; out y",
     "input 6x6x4; groupnorm groups=2"},
    {"opset 18; in x n 4 6 6; w s 2; w b 2; GroupNormalization n x s b > y num_groups=2; out y",
     "input 6x6x4; groupnorm groups=2"},
    {"in x n 4 6 6; v r -1 2 72; v z -1 4 6 6; w s 2; w b 2; w g 4 1 1; w h 4 1 1; Reshape r1 x r > t; "
     "InstanceNormalization n t s b > u; Reshape r2 u z > q; Mul m q g > o; Add a o h > y; out y",
     "input 6x6x4; groupnorm groups=2"},
    /* as PyTorch writes it without folding: the axes are a Range */
    {"in x n 4 6 6; v r -1 2 72; v z -1 4 6 6; w s 2; w b 2; w g 4; v one 1; v four 4; Sub d four one > three; "
     "Range q one three one > axes; Unsqueeze e g axes > gg; Reshape r1 x r > t; InstanceNormalization n t s b > u; "
     "Reshape r2 u z > v; Mul m v gg > y; out y",
     "input 6x6x4; groupnorm groups=2"},
    {"in x n 6; v r -1 2 3; v z -1 6; w s 2; w b 2; w g 6; Reshape r1 x r > t; InstanceNormalization n t s b > u; "
     "Reshape r2 u z > q; Mul m q g > y; out y",
     "input 6; groupnorm groups=2"},
    /* as many groups as channels: of series both Reshapes keep the shape */
    {"in x n 4 6; v r 0 4 -1; v z -1 4 6; w s 4; w b 4; w g 4 1; w h 4 1; Conv c x k > a; Reshape r1 a r > t; "
     "w k 4 4 1; InstanceNormalization n t s b > u; Reshape r2 u z > q; Mul m q g > o; Add p o h > y; out y",
     "input 6x4; conv1d out=4 kernel=1 bias=0; instancenorm"},
    {"in x n 6 6 4; w k 4 4 3 3; Transpose t x > u perm=0,3,1,2; Conv a u k > y pads=1,1,1,1; out y",
     "input 6x6x4; conv2d out=4 kernel=3 bias=0"},
    {"in x n 6 6 4; w c 4; LayerNormalization l x c > y; out y", NULL}, /* [n, c, h, w] unless a Transpose says other */
    {PICTURE "Transpose t x > u perm=0,2,3,1; LayerNormalization l u c c > v axis=-1; w m 4 4; MatMul q v m > o; "
             "Transpose z o > y perm=0,3,1,2; out y",
     "input 6x6x4; layernorm; conv2d out=4 kernel=1 bias=0"},
    /* windows */
    {PICTURE "MaxPool m x > y kernel_shape=3,3 strides=2,2 ceil_mode=1; out y",
     "input 6x6x4; maxpool kernel=3 ceil_mode=1"},
    {PICTURE "MaxPool m x > y kernel_shape=2,2 strides=2,2 dilations=2,2 ceil_mode=1; out y",
     "input 6x6x4; maxpool kernel=2 ceil_mode=1 dilation=2"},
    {PICTURE "AveragePool m x > y kernel_shape=3,3 strides=2,2 pads=1,1,1,1 count_include_pad=1 ceil_mode=1; out y",
     "input 6x6x4; avgpool kernel=3 padding=1 ceil_mode=1 count_include_pad=1"},
    {PICTURE "AveragePool m x > y kernel_shape=2,2 pads=1,0,0,1; out y",
     "input 6x6x4; avgpool kernel=2 stride=1 padding=1x0x0x1"},
    {PICTURE "AveragePool m x > t kernel_shape=1,1 strides=1,1; Relu r t > y; out y", "input 6x6x4; relu"},
    {PICTURE "v pads 0 0 1 0 0 0 2 3; Pad p x pads > t; Conv a t k > y; out y",
     "input 6x6x4; conv2d out=4 kernel=3 padding=1x2x0x3 bias=0"},
    {PICTURE
     "v pads 0 0 1 1 0 0 1 1; Relu r x > z; Pad p z pads > t; MaxPool m t > y kernel_shape=3,3 strides=2,2; out y",
     "input 6x6x4; relu; maxpool kernel=3 padding=1"},
    /* activations, however they are written */
    {FEATURES "Sigmoid s x > t; Mul m x t > y; out y", "input 4; silu"},
    {FEATURES "f two 1.4142135; f one 1; f half 0.5; Div d x two > a; Erf e a > b; Add p b one > q; Mul m x q > r; Mul "
              "h r half > y; out y",
     "input 4; gelu"},
    {FEATURES "Softplus s x > a; Tanh t a > b; Mul m x b > y; out y", "input 4; mish"},
    {FEATURES "f three 3; f six 6; f zero 0; Add a x three > b; Clip q b zero six > u; Mul m x u > v; Div z v six > y; "
              "out y",
     "input 4; hardswish"},
    {FEATURES "f s 0.2; Mul m x s > a; Max b a x > y; out y", "input 4; leaky_relu slope=0.2"},
    {FEATURES "Celu m x > y alpha=f0.3; out y", "input 4; celu alpha=0.3"},
    {FEATURES "LeakyRelu m x > y alpha=f0.3; out y", "input 4; leaky_relu slope=0.3"},
    {FEATURES "LeakyRelu m x > y alpha=f-1.5; out y", "input 4; leaky_relu slope=-1.5"},
    {FEATURES "LeakyRelu m x > y alpha=f1.5; out y", "input 4; leaky_relu slope=1.5"},
    {FEATURES "f one 1; Gemm g x d > t; Mul m t one > y; out y", "input 4; dense out=4 bias=0"},
    {FEATURES "f lo -2; f hi 500; Clip c x lo hi > y; out y", "input 4; hardtanh min=-2 max=500"},
    {FEATURES "f hi 6; f z 0; Clip c x z hi > y; out y", "input 4; hardtanh min=0 max=6"},
    {FEATURES "f hi 100; f z 0; Clip c x z hi > y; out y", "input 4; hardtanh min=0 max=100"},
    {FEATURES "f z 0; Max c x z > y; out y", "input 4; relu"},
    {FEATURES "w slope 1; PRelu p x slope > y; out y", "input 4; prelu"},
    {FEATURES "f r 0.25; Dropout p x r > y mask; out y", "input 4; dropout p=0.25"},
    {"opset 9; " FEATURES "Dropout p x > y ratio=f0.25; out y", "input 4; dropout p=0.25"},
    {FEATURES "Gemm g x d > t; Softmax s t > y; out y", "input 4; dense out=4 bias=0"},
    /* blocks */
    {FEATURES "Gemm g x d > t; Add a x t > y; out y", "input 4; identity { dense out=4 bias=0 }"},
    {FEATURES "Gemm g x d > t; Add a t x > u; Relu r u > v; Gemm h v d > s; Sum b v s > q; Relu z q > y; out y",
     "input 4; 2 * identity { dense out=4 bias=0 } after=relu"},
    {FEATURES "f half 0.5; Mul m x half > z; Gemm g x d > t; Add a t z > y; out y",
     "input 4; identity s=0.5 { dense out=4 bias=0 }"},
    /* a parameter that multiplies what a branch gives is trained; elsewhere a layer takes it; PyTorch's constants do */
    {FEATURES "f half 0.5; Gemm g x d > t; Mul m t half > z; Add a x z > y; out y",
     "input 4; identity { dense out=4 bias=0; scale }"},
    {FEATURES "Gemm g x d > t; Mul m c t > z; Add a x z > y; out y",
     "input 4; identity { dense out=4 bias=0; scale per=channel }"},
    {FEATURES "f two 2; Gemm g x d > t; Relu r t > u; Mul m u two > z; Add a x z > y; out y",
     "input 4; identity { dense out=4 bias=0; relu; scale }"},
    {FEATURES "f two 2; Mul m x two > t; Gemm g t d > z; Add a x z > y; out y",
     "input 4; identity { scale; dense out=4 bias=0 }"},
    {FEATURES "f val_0 0.5; Gemm g x d > t; Mul m t val_0 > z; Add a x z > y; out y",
     "input 4; identity { dense out=4 bias=0 }"},
    {FEATURES "f h 0.5; Gemm g x d > t; Mul m t h > u; Add a x u > v; Gemm k v d > p; Mul n p h > z; Add b v z > y; "
              "out y",
     "input 4; 2 * identity { dense out=4 bias=0 }"},
    {FEATURES "f two 2; Gemm g x d > t; Mul m t two > y; out y", "input 4; dense out=4 bias=0"},
    {FEATURES "f two 2; Relu r x > t; Mul m t two > y; out y", "input 4; relu; scale"},
    {FEATURES "Sigmoid s x > q; Mul m x q > z; Gemm g z d > t; Add a x t > y; out y",
     "input 4; identity { silu; dense out=4 bias=0 }"},
    {FEATURES
     "w wide 5 4; Gemm g x d > t; Relu r t > u; Gemm h u wide > v transB=1; Gemm s x e > z transB=1; Add a v z "
     "> y; out y",
     "input 4; identity shortcut=B { dense out=4 bias=0; relu; dense out=5 bias=0 }"},
    {PICTURE CONV("a", "x", "t") "Relu r t > u; " CONV("b", "u", "v") "Conv s x p c > z; Add j v z > y; out y",
     "input 6x6x4; identity shortcut=C projection=bias { conv2d out=4 kernel=3 bias=0; relu; conv2d out=4 kernel=3 "
     "bias=0 }"},
    {PICTURE CONV("a", "x", "t") NORM("b", "t", "u") "Conv s x p > z; Add j u z > y; out y",
     "input 6x6x4; identity shortcut=C projection=bare { conv2d out=4 kernel=3 bias=0; batchnorm }"},
    {PICTURE CONV("a", "x", "t") "Conv s x p c > z; " NORM("b", "z", "u") "Add j t u > y; out y",
     "input 6x6x4; identity shortcut=C projection=batchnorm { conv2d out=4 kernel=3 bias=0 }"},
    {FEATURES "Gemm g x d > t; Relu r t > u; Gemm s x d c > v; Add k v c > q; Add a u q > y; out y",
     "input 4; identity shortcut=C projection=bias { dense out=4 bias=0; relu }"},
    {PICTURE NORM("n", "x", "t") "Relu r t > u; " CONV("a", "u", "v") "Identity i x > z; Add j v z > y; out y",
     "input 6x6x4; identity { batchnorm; relu; conv2d out=4 kernel=3 bias=0 }"},
    /* known numbers, worked out on the way */
    {FEATURES "MatMul m x d > a; Constant k > two value_float=f2; Mul b a two > y; out y",
     "input 4; dense out=4 bias=0"},
    {FEATURES "MatMul m x d > a; Constant k > two value_int=2; Mul b a two > y; out y", "input 4; dense out=4 bias=0"},
    {PICTURE CONV("a", "x", "t") "v ax 1 2; Unsqueeze u c ax > cc; Add b t cc > y; out y",
     "input 6x6x4; conv2d out=4 kernel=3"},
    {"opset 9; " PICTURE CONV("a", "x", "t") "Unsqueeze u c > cc axes=-1,-2; Add b t cc > y; out y",
     "input 6x6x4; conv2d out=4 kernel=3"},
    {FEATURES "w cc 4 1 1; v ax 1 2; Squeeze s cc ax > u; Gemm g x d u > y; out y", "input 4; dense out=4"},
    {FEATURES "w cc 1 4 1; Squeeze s cc > u; Gemm g x d u > y; out y", "input 4; dense out=4"},
    {FEATURES "Transpose u e > f perm=1,0; MatMul m x f > y; out y", "input 4; dense out=5 bias=0"},
    {FEATURES "w m 20; v s 4 -1; Reshape r m s > n; MatMul q x n > y; out y", "input 4; dense out=5 bias=0"},
    {FEATURES "v s 4 3; ConstantOfShape k s > m; Gemm g x m > y; out y", "input 4; dense out=3 bias=0"},
    {"in x n 4; t d 4 4; i s 0 4; Reshape r x s > u; Gemm g u d > y; out y", "input 4; dense out=4 bias=0"},
    {PICTURE
     "v p0 72; v p1 4; v p2 2; v z 0; Mul m p0 p1 > q; Div i q p2 > r; Add a r z > t; Sub s t z > u; Concat j z u > to "
     "axis=0; w m 144 7; Reshape h x to > v; Gemm g v m > y; out y",
     "input 6x6x4; flatten; dense out=7 bias=0"},
    {PICTURE
     "v z 0; v o 1; v two 2; Expand e z two > zz; Expand f o two > oo; Concat j zz oo zz oo > pads axis=0; Pad q x "
     "pads > t; Conv a t k > y; out y",
     "input 6x6x4; conv2d out=4 kernel=3 bias=0"},
    {"opset 9; " PICTURE
     "w m 144 7; Shape s x > sh; Slice l sh > b starts=0, ends=1,; v minus -1; Concat j b minus > to axis=0; "
     "Reshape h x to > v; Gemm g v m > y; out y",
     "input 6x6x4; flatten; dense out=7 bias=0"},
    /* more axes */
    {FEATURES "w p 4 4 1 1; v ax 2 3; Unsqueeze u x ax > t; Conv a t p > q; Flatten f q > y; out y",
     "input 4; dense out=4 bias=0"},
    {PICTURE "v s 0 0 6 -1; Reshape r x s > t; Relu a t > y; out y", "input 6x6x4; relu"},
    {PICTURE "GlobalAveragePool p0 x > t; v ax -1 -2; Squeeze s t ax > u; Gemm g u d > y transB=1; out y",
     "input 6x6x4; global_avgpool; dense out=5 bias=0"},
    {"in x n 4 6 6; w d 4 4; GlobalMaxPool p x > t; Squeeze s t > u; Gemm g u d > y; out y",
     "input 6x6x4; maxpool kernel=6 stride=1; flatten; dense out=4 bias=0"},
    {PICTURE "v st 0 0; v en 99 99; v ax 2 3; v sp 2 2; Slice s x st en ax sp > t; Conv a t p > y; out y",
     "input 6x6x4; channel_pad out=4 stride=2; conv2d out=4 kernel=1 bias=0"},
    {"in x n 4 6 6; w d 4 4; v ax 2 3; ReduceMax p x ax > t; Flatten q t > u; Gemm g u d > y; out y",
     "input 6x6x4; maxpool kernel=6 stride=1; flatten; dense out=4 bias=0"},
    {PICTURE "ReduceMax p x > t axes=-1,-2 keepdims=0; Gemm g t d > y transB=1; out y",
     "input 6x6x4; maxpool kernel=6 stride=1; flatten; dense out=5 bias=0"},
    {FEATURES "Cast a x > t to=1; Relu r t > y; out y", "input 4; relu"},
    /* factors of 1 around an activation, as exporters write ELU; a scale that is part of one */
    {FEATURES "f one 1; CastLike a one x > o; CastLike b one x > p; Gemm g x d > t; Mul m t o > u; Elu e u > v "
              "alpha=f0.3; Mul n v p > y; out y",
     "input 4; dense out=4 bias=0; elu alpha=0.3"},
    {FEATURES "f one 1; f z 0; Mul m x one > u; Relu e u > v; Add n v z > w; Div q w one > z2; Gemm g z2 d > y; out y",
     "input 4; relu; dense out=4 bias=0"},
    {FEATURES "f g 1.0507009; Elu e x > v alpha=f1.6732632; Mul n v g > y; out y", "input 4; selu"},
    {FEATURES "f one 1; Mul m x one > u; Gemm g u d > y; out y", "input 4; dense out=4 bias=0"},
    {FEATURES "f half 0.5; Relu r x > a; Mul m a half > z; Gemm g a d > t; Add j t z > y; out y",
     "input 4; relu; identity s=0.5 { dense out=4 bias=0 }"},
    /* a rectifier in many words */
    {FEATURES "f half 0.5; Abs a x > b; Add s x b > q; Mul m q half > y; out y", "input 4; relu"},
    {FEATURES "f half 0.5; Mul a x x > b; Sqrt r b > s; Add p s x > q; Mul m q half > y; out y", "input 4; relu"},
    {FEATURES "f z 0; Neg a x > b; Min m b z > u; Neg n u > y; out y", "input 4; relu"},
    {FEATURES "f z 0; Min m x z > u; Sub s x u > y; out y", "input 4; relu"},
    {FEATURES "f z 0; Greater g x z > q; Where o q x z > y; out y", "input 4; relu"},
    {FEATURES "f z 0; Less g x z > q; Where o q z x > y; out y", "input 4; relu"},
    {FEATURES "f z 0; LessOrEqual g x z > q; Where o q z x > y; out y", "input 4; relu"},
    {FEATURES "f z 0; GreaterOrEqual g x z > q; Not n q > r; Where o r z x > y; out y", "input 4; relu"},
    {FEATURES "f z 0; f o 1; Greater g x z > q; Greater h x o > r; Cast a q > u to=9; Cast b r > v to=9; Or k u v > "
              "w; And l w u > w2; Where e w2 x z > y; out y",
     "input 4; relu"},
    {FEATURES "Celu a x > y; out y", "input 4; elu"},
    {FEATURES
     "f o 1; f h 0.5; f three 3; f a 0.044715; f b 0.7978846; Pow p x three > q; Mul m q a > r; Add s r x > t; Mul "
     "n t b > u; Tanh h2 u > v; Add i v o > z; Mul j z x > k; Mul l k h > y; out y",
     "input 4; gelu form=tanh"},
    /* what does not lead to the output is not there */
    {FEATURES "Gemm g x d > y; Concat j x y > z axis=1; out y", "input 4; dense out=4 bias=0"},
};

static void graphs_become_nets(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof become / sizeof *become; i++) {
        deepid_net *net = NULL;
        const int32_t status = deepid_net_load_onnx(ctx, graph_file(become[i].graph), &net);
        if (become[i].text ? !net || strcmp(deepid_net_describe(net), become[i].text) != 0 : net != NULL)
            fail_msg("%s\n  becomes %s \"%s\",\n  expected \"%s\"", become[i].graph, deepid_status_name(status),
                     net ? deepid_net_describe(net) : deepid_ctx_error(ctx), become[i].text);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- numbers ------------------------------------------------------------------------------------ */

/* IEEE 754: the least, the largest below the normal ones, the least of those, 1, the largest, -2, -0, infinity. */
static void sixteen_bits_are_what_they_say(void **state)
{
    (void)state;
    static const float expected[] = {0x1p-24F, 0x3ffp-24F, 0x1p-14F, 1, 65504, -2, -0.0F, INFINITY};
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    OK(deepid_net_load_onnx(
        ctx,
        graph_file(
            "in x n 9; h k 0x0001 0x03ff 0x0400 0x3c00 0x7bff 0xc000 0x8000 0x7c00 0x7e00; Gemm g x k > y; out y"),
        &net));
    const float *w = deepid_net_parameter_data(net, "dense.weight");
    assert_memory_equal(w, expected, sizeof expected);
    assert_true(isnan(w[sizeof expected / sizeof *expected]));
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* c (v - c) / sqrt(c + eps) + c: the four numbers of these batch-norms are the same. */
static double normed(double v, double c, double eps)
{
    return c * (v - c) / sqrt(c + eps) + c;
}

/* A shortcut's batch-norm has an eps of its own in the file, and what it normalises a bias: here it has neither. */
static void what_shortcuts_have_no_word_for_goes_into_their_numbers(void **state)
{
    (void)state;
    enum { WIDTH = 4 };
    static const float x[WIDTH] = {0.3F, -1, 2, 0.7F};
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    OK(deepid_net_load_onnx(
        ctx,
        graph_file("in x n 4; w d 4 4; w c 4; Gemm g x d > t; " NORM(
            "n", "t", "u") "Relu r u > a; Gemm "
                           "h a d > b; Gemm s x d c > v; BatchNormalization m v c c c c > z epsilon=f0.5; "
                           "Add j b z > y; out y"),
        &net));
    assert_string_equal(deepid_net_describe(net),
                        "input 4; identity shortcut=C { dense out=4 bias=0; batchnorm; relu; dense out=4 bias=0 }");
    OK(dpid_net_prepare(net, 1, false));
    memcpy(dpid_net_input(net), x, sizeof x);
    OK(dpid_net_run_forward(net, DPID_EVAL, 1));
    double d[WIDTH * WIDTH];
    double a[WIDTH] = {0};
    for (int i = 0; i < WIDTH * WIDTH; i++)
        d[i] = fabs(sin(0.7 * i + 0.3));
    for (int o = 0; o < WIDTH; o++) {
        for (int i = 0; i < WIDTH; i++)
            a[o] += (double)x[i] * d[i * WIDTH + o];
    }
    for (int o = 0; o < WIDTH; o++) {
        double y = normed(a[o] + d[o], d[o], 0.5); /* c is the first row of d */
        for (int i = 0; i < WIDTH; i++)
            y += fmax(normed(a[i], d[i], 1e-5), 0) * d[i * WIDTH + o];
        near_at("output", (double)((const float *)dpid_net_output(net))[o], y, 1e-5);
    }
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* ---- what is refused ------------------------------------------------------------------------- */

static const struct {
    const char *graph, *part;
} refused[] = {
    {PICTURE CONV("a", "x", "t") "Concat j x t > y axis=1; out y",
     "node 'j' (Concat): joins branches by concatenation; deepid's nets are chains with residual blocks"},
    {PICTURE "LRN l x > y size=5; out y", "node 'l' (LRN): normalises over neighbouring channels"},
    {PICTURE CONV("a", "x", "t") "Sigmoid s x > g; Mul m t g > y; out y", "node 'm' (Mul): multiplies two branches"},
    {FEATURES "my.domain.Thing t x > y; out y", "(my.domain"},
    {FEATURES "Foo t x > y; out y", "node 't' (Foo): no layer of deepid does this"},
    {FEATURES "com.Gemm t x d > y; out y", "node 't' (com.Gemm): no layer of deepid does this"},
    {FEATURES "Add a x x > y; out y", "node 'a' (Add): reads the same value twice"},
    {FEATURES "Gemm g x d > t; Gemm h t d > u; Add a t u > v; Add b x v > y; out y", "blocks do not nest"},
    {FEATURES "Gemm g x d > t; Gemm h x d > u; Relu r t > tr; Relu s u > us; Add a tr us > y; out y",
     "node 'a' (Add): both of its branches are rows of layers"},
    {FEATURES "in z n 4; Gemm g x d > t; Add a t z > y; out y", "the graph has the inputs 'x' and 'z'"},
    {FEATURES "Gemm g x d > y; Gemm h x d > t; out y; out t", "the graph has 2 outputs"},
    {FEATURES "Gemm g x d > y; out nothing", "nothing makes the output 'nothing'"},
    {FEATURES "Gemm g t d > y; Gemm h x d > t; out y", "node 0 reads 't', which nothing before it makes"},
    {FEATURES "Gemm g x d > y; Relu r x > y; out y", "the value 'y' is made twice"},
    {FEATURES "Gemm g c d > y; out y", "the output depends on no input"},
    {FEATURES "Gemm g x e > y; out y", "node 'g' (Gemm): its weights are 4x5 (outputs, inputs), and 4 numbers come in"},
    {FEATURES "w col 4 1; Gemm g x d col > y; out y",
     "its input 2 'col' is 4x1, expected one number, or one an output"},
    {FEATURES "Gemm g x c > y; out y", "node 'g' (Gemm): its weights are 4 (outputs, inputs)"},
    {FEATURES "Gemm g d x > y; out y", "node 'g' (Gemm): its input 1 'x' is worked out from data"},
    {FEATURES "Gemm g x d > y transA=1; out y", "samples lie by columns"},
    {FEATURES "Relu r x > t; Dropout p t > u; Add a u c > y; out y",
     "computes with known numbers behind what is no layer with weights"},
    {FEATURES "Gemm g x d > t; w big 3 4; Add a t big > y; out y", "computes with known numbers of 3x4"},
    {"opset 8; " FEATURES "Gemm g x d > y; out y", "has operator set 8, expected 9 to 22"},
    {"opset 23; " FEATURES "Gemm g x d > y; out y", "has operator set 23, expected 9 to 22"},
    {"in x n 4 6 6; v r -1 2 72; w s 2; w b 2; Reshape r1 x r > t; InstanceNormalization n t s b > u; Relu a u > y; "
     "out y",
     "the output is a picture that was flattened, padded or cut"},
    {"in x n 3 9; w k 4 3 3; Conv a x k > y pads=1,1,1,1; out y", "pads has 4 numbers, expected 2"},
    {"opset 21; in x n 4 6 6; w s 4; w b 4; GroupNormalization n x s b > y num_groups=3; out y",
     "normalises 3 groups of what has no such channels"},
    {"in x n 4 h w; w k 4 4 3 3; Conv a x k > y; out y", "'x' has no fixed extent on axis 2"},
    {"in x 4; Relu r x > y; out y", "the input 'x' has 1 axes"},
    {PICTURE CONV("a", "x", "t") "v s 0 -1; Reshape r t s > y; out y", "the output is a picture that was flattened"},
    {PICTURE "v s 0 6 6 4; Reshape r x s > y; out y", "makes 6x6x4 of samples of 4x6x6"},
    {PICTURE "v s 2 72; Reshape r x s > y; out y", "does not keep the samples of 4x6x6 apart"},
    {PICTURE "Transpose t x > y perm=0,1,3,2; out y", "moves axes otherwise"},
    {PICTURE "Flatten t x > y axis=2; out y", "axis is 2, expected 1"},
    {PICTURE "AveragePool m x > y kernel_shape=3,3 dilations=2,2; out y", "its window is spread"},
    {"in x n 3 9; w k 4 3 3; v ax 2; Conv a x k > t; Unsqueeze u t ax > q; MaxPool m q > y kernel_shape=3,3 "
     "pads=1,1,1,1; out y",
     "its window leaves the one row"},
    {PICTURE "MaxPool m x > y i kernel_shape=3,3; Relu r i > z; out z", "its output 1 is read"},
    {PICTURE "v pads 0 0 1 1 0 0 1 1; Pad p x pads > t; MaxPool m t > y kernel_shape=3,3; out y",
     "zeros are put around"},
    {PICTURE "v pads 0 0 1 1 0 0 1 1; Pad p x pads > t; Relu r t > y; out y", "zeros are put around"},
    {PICTURE "v pads 0 0 1 1 0 0 1 1; Pad p x pads > t mode='reflect; Conv a t k > y; out y",
     "pads by other than zeros"},
    {PICTURE "Conv a x k > y pads=1,1; out y", "pads has 2 numbers, expected 4"},
    {PICTURE "Conv a x k > y kernel_shape=5,5; out y", "that does not go with 4 channels in"},
    {PICTURE "Conv a x k > y group=3; out y", "that does not go with 4 channels in, groups 3"},
    {PICTURE "Conv a x k > y strides=0,1; out y", "strides is 0, expected 1 to 4096"},
    {PICTURE "Conv a x k > y dilations=9,9; out y", "node 'a' (Conv): conv2d: the kernel reaches over 19 rows"},
    {PICTURE "Conv a x c > y; out y", "its weights are 4, expected 4 extents"},
    {PICTURE "w two 2; BatchNormalization b x two two two two > y; out y", "has 2 numbers, expected 4"},
    {PICTURE "w q 4 4 1 1; Conv a x k > t pads=1,1,1,1 strides=2,2; Conv s x q > z; Add j t z > y; out y",
     "adds values of other shapes, 3x3x4 and 6x6x4"},
    {PICTURE "Conv a x k > t pads=1,1,1,1; Softmax s t > u; Relu r u > y; out y", "node 's' (Softmax): is no layer"},
    {FEATURES "Relu r x > x2; Sigmoid s x2 > g; Gemm f x2 d > h; Mul m g h > y; out y", "multiplies two branches"},
    {FEATURES "Cast c x > y to=7; out y", "makes numbers of type 7"},
    {FEATURES "f h 2; Clip c x - h > y; out y", "keeps between -inf and 2"},
    {FEATURES "v s 100000 100000; ConstantOfShape k s > m; Gemm g x m > y; out y",
     "numbers that the file does not hold"},
    {FEATURES "Identity i x > y; out y", "the graph has no layer"},
    {FEATURES "out x", "the graph has no layer"},
    {FEATURES "Add a x d > y; out y", "computes with known numbers of 4x4, expected one, or one a channel"},
    {FEATURES "f one 1; Div a one x > y; out y", "computes with known numbers as no layer of deepid does"},
    {FEATURES "f half 0.5; Mul m x half > z; Add a x z > y; out y", "adds a value to itself"},
    {FEATURES "f two 2; Mul m x two > z; Gemm g x d > t; Add a t z > y; out y", "its skip is multiplied by 2"},
    {FEATURES "f val_1 2; Gemm g x d > t; Relu r t > u; Mul m u val_1 > z; Add a x z > y; out y",
     "a branch is multiplied by a number"},
    {FEATURES NORM("n", "x", "t") "Gemm h t d > w; Gemm s x d c > v; Add k v c > q; " NORM("m", "q",
                                                                                           "z") "Add a w z > y; out y",
     "its shortcut adds several numbers"},
    {FEATURES "w slope 4 4; PRelu p x slope > y; out y", "has 16 numbers, expected 4"},
    {FEATURES "GlobalAveragePool p x > y; out y", "reads no picture of [samples, channels, height, width]"},
    {FEATURES "MaxPool p x > y kernel_shape=2,2; out y", "reads no picture of [samples, channels, height, width]"},
    {FEATURES "w m 20; v s 3 3; Reshape r m s > n; MatMul q x n > y; out y",
     "its input 1 'n' is made by Reshape in a way that is not worked out"},
    {FEATURES "w m 2 2 4; Transpose t m > n; MatMul q x n > y; out y", "its input 1 'n' is made by Transpose in a way"},
    {PICTURE "Gemm g x d > y transB=1; out y", "takes features, and samples are 4x6x6 here"},
    {PICTURE "w slope 4; PRelu p x slope > y; out y", "its slopes are 4, expected one, or one a channel"},
    {PICTURE "MaxPool m x > y; out y", "it has no kernel_shape"},
    {PICTURE "Conv a x k > y strides=2,2,2; out y", "strides has 3 numbers, expected 2"},
    {PICTURE "Conv a x k > y pads=-1,1,1,1; out y", "pads has -1, expected 0 to 4096"},
    {PICTURE "Conv a x k > y pads=1,1,1,1,1,1,1,1,1; out y", "pads has 9 numbers, expected at most 8"},
    {PICTURE "GlobalAveragePool g x > t; Conv a t k > y pads=1,1,1,1; out y",
     "the convolution of a picture of one pixel"},
    {PICTURE "Transpose t x > u perm=0,2,3,1; BatchNormalization b u c c c c > y; out y", "normalises what is no"},
    {PICTURE "LayerNormalization l x c > y; out y", "normalises over other axes than the channels"},
    {PICTURE "v ax 2; Squeeze s x ax > y; out y", "leaves out an axis of 6"},
    {PICTURE "v ax 0; Squeeze s x ax > y; out y", "expected each once, and not the samples'"},
    {PICTURE "v ax 1 2; Unsqueeze s x ax > y; out y", "makes 1x1x4x6x6 of samples of 4x6x6"},
    {PICTURE "ReduceMax m x > y axes=1,2; out y", "takes the largest over other axes than height and width"},
    /* what deepid lacks is named before what only stands around it */
    {"in x n 6 4; Transpose t x > u perm=1,0,2; LSTM l u u u > v hidden_size=5; Transpose b v > y perm=0,2,1,3; out y",
     "node 'l' (LSTM): is recurrent"},
    {PICTURE "v s 0 2 -1; Reshape r x s > t; InstanceNormalization i t c c > u; Shape h x > sh; Reshape q u sh > y; "
             "out y",
     "node 'i' (InstanceNormalization): its input 1 'c' has 4 numbers, expected 2"},
    {FEATURES "f z 0; f h 0.5; Abs a x > b; LessOrEqual l b h > q; Where w q z x > y; out y",
     "node 'w' (Where): ends nodes that together are one activation (Abs, LessOrEqual, Where)"},
    {FEATURES "f z 0; f h 0.5; Greater g x h > a; Neg n h > m; Less l x m > b; Or o a b > q; Where w q x z > y; out y",
     "are one activation (Greater, Less, Or, Where)"},
    {FEATURES "f p 0.75; RandomUniformLike r x > u; Less l u p > q; Cast c q > m to=1; Mul k x m > y; out y",
     "node 'r' (RandomUniformLike): draws numbers otherwise than a Dropout does"},
    {FEATURES "f two 2; f far 20; Mul m x two > b; Softplus s b > u; Div d u two > v; Greater g b far > q; Where w q x "
              "v > y; out y",
     "has none that computes this; its softplus has no beta"},
    {FEATURES "f two 2; Gemm k x d > a; Mul m a two > b; Softplus s b > u; Div d u two > y; out y",
     "behind the activation softplus (deepid's has no beta)"},
    {PICTURE "ReduceMean m x > y axes=1,2; out y", "takes the mean over other axes than height and width"},
    {PICTURE "v pads 1 0 0 0 0 0 0 0; Pad q x pads > y; out y", "pads samples, or channels otherwise"},
    {PICTURE "v pads 1 0 0; Pad q x pads > y; out y", "pads has 3 numbers, expected 8"},
    {PICTURE "v pads 0 0 -1 0 0 0 0 0; Pad q x pads > y; out y", "pads has -1 on axis 2"},
    {"in x n 6 6; v pads 0 0 1 0 0 1; Pad q x pads > y; out y", "pads what is neither"},
    {FEATURES "v st 0; v en 2; v ax 1; Slice s x st en ax > y; out y", "takes a part of what is no picture"},
    {PICTURE "v st 1; v en 6; v ax 2; Slice s x st en ax > y; out y", "takes a part of its input"},
    {PICTURE "v st 0; v en 6 6; v ax 2; Slice s x st en ax > y; out y", "are not equally many"},
    {PICTURE "v st 0; v en 6; v ax 2; v sp 2; Slice s x st en ax sp > t; Relu r t > y; out y",
     "leaves out rows otherwise"},
    {PICTURE "v st 0 0; v en 6 6; v ax 2 3; v sp 2 2; Slice s x st en ax sp > t; Flatten f t > y; out y",
     "behind a Pad or Slice"},
    {PICTURE "w big 144 144; Flatten f x > t; Gemm g t big > u; Add a u t > y; out y",
     "adds a picture that was flattened to features that were not"},
    {PICTURE "Conv a x k > t; Conv b t k > u; Conv s x p > z strides=4,4; Add j u z > y; out y",
     "deepid's beside such a branch is another"},
    {PICTURE "v pads 0 0 1 1 0 0 1 1; Pad q x pads > t; Conv a t k > u; Add j u t > y; out y", "zeros are put around"},
};

static void other_graphs_are_refused_by_name(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        deepid_net *net = NULL;
        const int32_t status = deepid_net_load_onnx(ctx, graph_file(refused[i].graph), &net);
        if (status == DEEPID_OK || net || !strstr(deepid_ctx_error(ctx), refused[i].part) ||
            !strstr(deepid_ctx_error(ctx), "graph.onnx'"))
            fail_msg("%s\n  gives %s \"%s\",\n  expected \"%s\"", refused[i].graph, deepid_status_name(status),
                     net ? deepid_net_describe(net) : deepid_ctx_error(ctx), refused[i].part);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- weights in another file ----------------------------------------------------------------- */

/* The file with another name of its weights, of equal length, so that the lengths in the file still hold. */
static const char *renamed(const char *name)
{
    size_t bytes;
    char *file = read_bytes(kept("sixteen", ".onnx"), &bytes);
    char *at = memmem(file, bytes, "sixteen.bin", 11);
    assert_non_null(at);
    assert_int_equal(strlen(name), 11);
    memcpy(at, name, 11);
    const char *path = put_file("renamed.onnx", file, bytes);
    free(file);
    return path;
}

static void weights_beside_are_read_from_the_same_folder_alone(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    size_t bytes;
    char *weights = read_bytes(kept("sixteen", ".bin"), &bytes);
    REFUSED(deepid_net_load_onnx(ctx, renamed("missing.bin"), &net), DEEPID_ERR_IO, "missing.bin");
    REFUSED(deepid_net_load_onnx(ctx, renamed("/etc/passwd"), &net), DEEPID_ERR_FORMAT, "only such a one is read");
    REFUSED(deepid_net_load_onnx(ctx, renamed("../own.data"), &net), DEEPID_ERR_FORMAT, "only such a one is read");
    put_file("shorter.bin", weights, bytes - 1);
    REFUSED(deepid_net_load_onnx(ctx, renamed("shorter.bin"), &net), DEEPID_ERR_FORMAT,
            "tensor 'last' should be 80 bytes at 4 of 'shorter.bin', which has 83");
    assert_int_equal(symlink(kept("sixteen", ".bin"), temporary("a_link.data")), 0);
    REFUSED(deepid_net_load_onnx(ctx, renamed("a_link.data"), &net), DEEPID_ERR_FORMAT, "is a link");
    put_file("a_file.data", weights, bytes);
    OK(deepid_net_load_onnx(ctx, renamed("a_file.data"), &net));
    gives_what_the_file_says(net, "sixteen", false);
    deepid_net_destroy(net);
    free(weights);
    deepid_ctx_destroy(ctx);
}

/* ---- what is said of a net that is taken --------------------------------------------------------- */

static void keep_line(void *user, int32_t level, const char *line)
{
    (void)level;
    snprintf(user, 512, "%s", line);
}

static void what_the_net_does_otherwise_is_logged(void **state)
{
    (void)state;
    char line[512] = "";
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    OK(deepid_ctx_set_log(ctx, keep_line, line));
    OK(deepid_net_load_onnx(ctx, graph_file(FEATURES "Gemm g x d > t; Softmax s t > y; out y"), &net));
    assert_non_null(strstr(line, "ends with a softmax"));
    deepid_net_destroy(net);
    OK(deepid_net_load_onnx(ctx, graph_file(FEATURES "BatchNormalization b x c c c c > y m v training_mode=1; out y"),
                            &net));
    assert_non_null(strstr(line, "was exported for training"));
    deepid_net_destroy(net);
    OK(deepid_net_load_onnx(ctx, graph_file("in x n 3; h k 0x3c00 0x7c00 0x7e00; Gemm g x k > y; out y"), &net));
    assert_non_null(strstr(line, "2 of 3 numbers of 'dense.weight' are infinite or no number"));
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

static void arguments_are_checked(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    REFUSED(deepid_net_load_onnx(ctx, NULL, &net), DEEPID_ERR_ARGUMENT, "path is NULL");
    REFUSED(deepid_net_load_onnx(ctx, "a", NULL), DEEPID_ERR_ARGUMENT, "out is NULL");
    REFUSED(deepid_net_load_onnx(ctx, temporary("none.onnx"), &net), DEEPID_ERR_IO, "none.onnx");
    assert_int_equal(deepid_net_load_onnx(NULL, "a", &net), DEEPID_ERR_ARGUMENT);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_both_exporters_give_what_onnx_runtime_gives),
        cmocka_unit_test(graphs_become_nets),
        cmocka_unit_test(sixteen_bits_are_what_they_say),
        cmocka_unit_test(what_shortcuts_have_no_word_for_goes_into_their_numbers),
        cmocka_unit_test(other_graphs_are_refused_by_name),
        cmocka_unit_test(weights_beside_are_read_from_the_same_folder_alone),
        cmocka_unit_test(what_the_net_does_otherwise_is_logged),
        cmocka_unit_test(arguments_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
