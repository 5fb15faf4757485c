/* Weights of PyTorch in and out: names that differ, layouts that are turned, sixteen bits; what fits in two ways is
   refused. */
#include "support/random_net.h"

#include <math.h>

/* ---- helpers --------------------------------------------------------------------------------------- */

static deepid_net *make(deepid_ctx *ctx, const char *text, uint64_t seed)
{
    deepid_net *net = NULL;
    OK(deepid_net_create(ctx, text, DEEPID_F32, &net));
    OK(deepid_net_init(net, "he bias=0.1", seed));
    for (int64_t i = 0; i < net->values_reals; i++) /* scales and slopes too */
        ((float *)net->values)[i] += (float)(i % 97) / 256;
    for (int64_t i = 0; i < net->states_reals; i++)
        ((float *)net->states)[i] = 1 + (float)(i % 89) / 64;
    return net;
}

static void equal_nets(const deepid_net *a, const deepid_net *b, const char *what)
{
    if (memcmp(a->values, b->values, 4 * (size_t)a->values_reals) != 0 ||
        memcmp(a->states, b->states, 4 * (size_t)a->states_reals) != 0)
        fail_msg("%s: other numbers came back", what);
}

/* As safetensors.torch.save_file sorts them: by size of the type, then by name. */
static int by_name(const void *a, const void *b)
{
    const dpid_file_tensor *x = a;
    const dpid_file_tensor *y = b;
    return x->dtype != y->dtype ? (x->dtype == DEEPID_I64 ? -1 : 1) : strcmp(x->name, y->name);
}

static void sort_file(deepid_ctx *ctx, const char *path)
{
    dpid_safetensors file;
    OK(dpid_safetensors_read(ctx, path, &file));
    qsort(file.tensor, (size_t)file.count, sizeof *file.tensor, by_name);
    OK(dpid_safetensors_write(ctx, path, file.tensor, file.count, NULL, 0));
    dpid_safetensors_release(&file);
}

/* Outputs of two pictures sin(i) against what PyTorch gave. */
static double largest_difference(deepid_ctx *ctx, deepid_net *net, const double *expected)
{
    int64_t extents[4] = {2, net->value[0].shape.extent[0], net->value[0].shape.extent[1],
                          net->value[0].shape.extent[2]};
    const int64_t out[2] = {2, 3};
    deepid_tensor *x = NULL;
    deepid_tensor *y = NULL;
    double worst = 0;
    OK(deepid_tensor_create(ctx, DEEPID_F32, 4, extents, &x));
    OK(deepid_tensor_create(ctx, DEEPID_F32, 2, out, &y));
    for (int64_t i = 0; i < deepid_tensor_count(x); i++)
        ((float *)deepid_tensor_data(x))[i] = sinf((float)i);
    OK(deepid_net_forward(net, x, y));
    for (int i = 0; i < 6; i++)
        worst = fmax(worst, fabs(((float *)deepid_tensor_data(y))[i] - expected[i]));
    deepid_tensor_destroy(x);
    deepid_tensor_destroy(y);
    return worst;
}

/* ---- files that PyTorch wrote: files/torch_weights.py ------------------------------------------------------ */

#define RESNET(first)                                                                                                  \
    "input 20x16x2; conv2d out=3 kernel=7 stride=2" first " bias=0; batchnorm; relu; maxpool kernel=3 padding=1; "     \
    "2 * identity out=3; identity out=4 stride=2 shortcut=B; identity out=4; global_avgpool; dense out=3"
#define VGG                                                                                                            \
    "input 8x6x2; conv2d out=3 kernel=3; relu; maxpool kernel=2; flatten; dense out=5; relu; dropout; dense out=3"
static const double resnet_outputs[] = {0.287774882, -0.366993348, 0.426815466, 0.288159436, -0.367159944, 0.426072654};
static const double vgg_outputs[] = {-0.223154765, -0.352034654, 0.0129355052,
                                     -0.121385644, -0.343544978, -0.119920481};

/* Rounding of float32 in some thousand sums is below 1e-5; another padding, or features in another order, is not. */
static void files_of_pytorch_give_its_outputs(void **state)
{
    (void)state;
    static const struct {
        const char *text, *file;
        const double *outputs;
        bool same;
    } rows[] = {
        {RESNET(""), DEEPID_TESTS "/net/files/torch_resnet.safetensors", resnet_outputs, true},
        {RESNET(" padding=same_upper"), DEEPID_TESTS "/net/files/torch_resnet.safetensors", resnet_outputs, false},
        {VGG, DEEPID_TESTS "/net/files/torch_vgg.safetensors", vgg_outputs, true},
    };
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        deepid_net *net = make(ctx, rows[i].text, 1);
        OK(deepid_net_load_weights(net, rows[i].file, "pytorch match=order"));
        const double worst = largest_difference(ctx, net, rows[i].outputs);
        if (rows[i].same ? !(worst < 1e-5) : !(worst > 1e-4))
            fail_msg("%s: outputs differ by %g", rows[i].text, worst);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* The number behind each name; names only has what the log said. */
static void count_line(void *user, int32_t level, const char *line)
{
    char *log = user;
    assert_int_equal(level, 1);
    if (strlen(log) + strlen(line) + 2 < 4096)
        strcat(strcat(log, line), "\n");
}

static void the_log_says_what_is_what(void **state)
{
    (void)state;
    char log[4096] = "";
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = make(ctx, RESNET(""), 1);
    OK(deepid_ctx_set_log(ctx, count_line, log));
    OK(deepid_net_load_weights(net, DEEPID_TESTS "/net/files/torch_resnet.safetensors", "pytorch match=order"));
    static const char *const parts[] = {"21 modules matched, num_batches_tracked left aside\n",
                                        "conv2d <- conv1 [weight 3x2x7x7]\n",
                                        "block3.shortcut.conv2d <- layer2.0.downsample.0 [weight 4x3x1x1]\n",
                                        "block4.batchnorm2 <- layer2.1.bn2 [bias 4, running_mean 4, "};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(log, parts[i]))
            fail_msg("the log lacks '%s':\n%s", parts[i], log);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

static void keep_line(void *user, int32_t level, const char *line)
{
    if (level == 2)
        snprintf(user, 512, "%s", line);
}

/* As they are, from both kinds of file; whoever reads the log knows. */
static void weights_that_are_no_numbers_are_warned_of(void **state)
{
    (void)state;
    char line[512] = "";
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = make(ctx, "input 3; dense out=2", DEEPID_F32);
    deepid_net *back = NULL;
    const char *path = temporary("bad.safetensors");
    OK(deepid_ctx_set_log(ctx, keep_line, line));
    OK(deepid_net_save_weights(net, path, "pytorch", NULL));
    OK(deepid_net_load_weights(net, path, "pytorch match=order"));
    assert_string_equal(line, "");
    float *weight = deepid_net_parameter_data(net, "dense.weight");
    weight[1] = NAN;
    weight[4] = -INFINITY;
    OK(deepid_net_save_weights(net, path, "pytorch", NULL));
    OK(deepid_net_load_weights(net, path, "pytorch match=order"));
    assert_non_null(strstr(line, "2 of 6 numbers of 'dense.weight' are infinite or no number"));
    line[0] = 0;
    OK(deepid_net_save(net, path));
    OK(deepid_net_load(ctx, path, 0, &back));
    assert_non_null(strstr(line, "2 of 6 numbers of 'dense.weight' are infinite or no number"));
    deepid_net_destroy(back);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

static void files_of_torch_save_are_refused_with_the_way_out(void **state)
{
    (void)state;
    static const char zip[] = "PK\3\4 and what else a zip has in front of its first file";
    static const char pickle[] = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46 and what else a pickle has";
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = make(ctx, "input 3; dense out=2", DEEPID_F32);
    deepid_net *other = NULL;
    REFUSED(deepid_net_load_weights(net, put_file("a.pt", zip, sizeof zip), "pytorch match=order"), DEEPID_ERR_FORMAT,
            "safetensors.torch.save_file(module.state_dict(), ");
    REFUSED(deepid_net_load(ctx, put_file("a.pth", pickle, sizeof pickle), 0, &other), DEEPID_ERR_FORMAT,
            "is a file of torch.save");
    REFUSED(deepid_net_load_weights(net, put_file("b.pt", zip, 2), "pytorch"), DEEPID_ERR_FORMAT, "longer than");
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* ---- orders ------------------------------------------------------------------------------------------------- */

#define BASIC(b) b ".conv1\n" b ".bn1\n" b ".conv2\n" b ".bn2\n"
#define NARROW(b) b ".conv1\n" b ".bn1\n" b ".conv2\n" b ".bn2\n" b ".conv3\n" b ".bn3\n"
#define DOWN(b) b ".downsample.0\n" b ".downsample.1\n"
#define PICTURE "input 6x6x3; conv2d out=8 kernel=3 bias=0; batchnorm; relu; "
#define ELEVEN(f) f("0") f("1") f("2") f("3") f("4") f("5") f("6") f("7") f("8") f("9") f("10")
#define PAIR(i) "convs." i "\nnorms." i "\n"
#define PREACT(i) "blocks." i ".norm1\nblocks." i ".conv1\nblocks." i ".norm2\nblocks." i ".conv2\n"
#define LAYER(i) "fc" i "\n"

/* Modules in the order of the net's layers. */
static const struct {
    const char *text, *names;
    const char *refusal; /* NULL: found */
} orders[] = {
    {PICTURE "2 * identity out=8; identity out=16 stride=2 shortcut=B; identity out=16; global_avgpool; dense out=5",
     "conv1\nbn1\n" BASIC("layer1.0") BASIC("layer1.1") BASIC("layer2.0") DOWN("layer2.0") BASIC("layer2.1") "fc\n",
     NULL},
    {"input 6x6x3; conv2d out=2 kernel=3 bias=0; batchnorm; relu; bottleneck out=2 shortcut=B; bottleneck out=2; "
     "bottleneck out=4 stride=2 shortcut=B; global_avgpool; "
     "dense out=8; dense out=8",
     "conv1\nbn1\n" NARROW("layer1.0") DOWN("layer1.0") NARROW("layer1.1") NARROW("layer2.0")
         DOWN("layer2.0") "fc1\nfc2\n",
     NULL},
    {"input 4; 11 * dense out=4", ELEVEN(LAYER), NULL},
    {"input 4; dense out=4; relu; 10 * plain { batchnorm; dense out=4 }",
     "0\n2\n3\n4\n5\n8\n9\n10\n11\n100\n101\n102\n103\n104\n105\n106\n107\n108\n109\n110\n111\n", NULL},
    {"input 6x6x3; 11 * plain { conv2d out=3 kernel=3; batchnorm; relu }", ELEVEN(PAIR), NULL},
    {PICTURE "11 * preact out=8; batchnorm; relu; global_avgpool; dense out=5",
     "stem.conv\nstem.norm\n" ELEVEN(PREACT) "head.norm\nhead.fc\n", NULL},
    {"input 6x6x2; conv2d out=2 kernel=3; conv2d out=3 kernel=3; flatten; dense out=5; dense out=5; dense out=2",
     "features.0\nfeatures.3\nclassifier.0\nclassifier.3\nclassifier.6\n", NULL},
    {"input 6x6x2; identity { conv2d out=2 kernel=3; relu; conv2d out=2 kernel=3 } shortcut=C; global_avgpool; dense "
     "out=2",
     "module.body.0.conv1\nmodule.body.0.conv2\nmodule.body.0.conv3\nmodule.fc\n", NULL},
    {"input 4; dense out=4", "model.net.fc\n", NULL},
    {"input 4; 4 * dense out=4", "2\n2.1\n2.2.a\n2.10\n", "two orders fit equally"}, /* a module with children */
    {"input 4; dense out=3; dense out=4; dense out=5", "2\n2.1\n2..a\n", NULL},
    {"input 4; 3 * dense out=4", "a.01\na.2.b\na.03\n", NULL},
    {"input 4; dense out=3", "weight\nbias\n", NULL},
    {"input 4; 2 * dense out=4; dense out=2", "first\nsecond\nlast\n",
     "two orders fit equally: dense1 may be 'second' or 'first'"},
    {"input 4; dense out=4; batchnorm; relu; dense out=4; batchnorm; dense out=2", "a.fc\na.bn\nb.fc\nb.bn\nc\n",
     "two orders fit equally"},
    {"input 4; 2 * plain { dense out=4; batchnorm; relu }; dense out=2", "a.fc\na.bn\nb.fc\nb.bn\nc\n",
     "two orders fit equally"},
    {"input 4; 3 * dense out=4", "2\n1\n0\n", "other numbers"},
    {"input 4; dense out=4; dense out=5; dense out=4; dense out=5", "fc2\nfc1\nfc4\nfc3\n",
     "no one order of its modules fits the net"},
};

/* The file's modules have other names than the net's layers, and lie as torch sorts them. */
static void orders_are_found_again_or_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        const char *path = temporary("order.safetensors");
        deepid_net *net = make(ctx, orders[i].text, 3);
        deepid_net *back = make(ctx, orders[i].text, 4);
        int32_t status = deepid_net_save_weights(net, path, "pytorch", orders[i].names);
        if (status == DEEPID_OK) {
            sort_file(ctx, path);
            OK(deepid_net_load_weights_named(back, path, "pytorch", orders[i].names));
            equal_nets(net, back, orders[i].names);
            OK(deepid_net_init(back, "he", 9));
            status = deepid_net_load_weights(back, path, "pytorch match=order");
        }
        const char *said = status ? deepid_ctx_error(ctx) : "";
        if (status == DEEPID_OK && orders[i].refusal)
            said = memcmp(net->values, back->values, 4 * (size_t)net->values_reals) ? "other numbers" : "";
        if (orders[i].refusal ? !strstr(said, orders[i].refusal) : status != DEEPID_OK)
            fail_msg("%s as\n%s: '%s', expected '%s'", orders[i].text, orders[i].names, said,
                     orders[i].refusal ? orders[i].refusal : "");
        if (!orders[i].refusal)
            equal_nets(net, back, orders[i].text);
        deepid_net_destroy(back);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* A parameter beside modules, as ReZero's alpha: one in a module's place, by order and by its name. */
static void a_parameter_of_its_own_is_a_scale(void **state)
{
    (void)state;
    static const char text[] = "input 3; dense out=4; 2 * identity { dense out=4; relu; dense out=4; scale init=0 }; "
                               "identity { dense out=4; scale per=channel }; dense out=2";
    static const char names[] = "0.weight\n0.bias\n1.fc1.weight\n1.fc1.bias\n1.fc2.weight\n1.fc2.bias\n1.alpha\n"
                                "2.fc1.weight\n2.fc1.bias\n2.fc2.weight\n2.fc2.bias\n2.alpha\n"
                                "3.fc.weight\n3.fc.bias\n3.ls.gamma\n4.weight\n4.bias\n";
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = make(ctx, text, 3);
    deepid_net *back = make(ctx, text, 4);
    dpid_safetensors file;
    const char *path = temporary("alpha.safetensors");
    for (int k = 0; k < 2; k++)
        *(float *)deepid_net_parameter_data(net, k ? "block2.scale.weight" : "block1.scale.weight") = 0.5F + (float)k;
    OK(deepid_net_save_weights(net, path, "pytorch", names));
    sort_file(ctx, path);
    OK(deepid_net_load_weights_named(back, path, "pytorch", names));
    equal_nets(net, back, "by name");
    OK(deepid_net_init(back, "he", 9));
    OK(deepid_net_load_weights(back, path, "pytorch match=order"));
    equal_nets(net, back, "by order");
    OK(dpid_safetensors_read(ctx, path, &file));
    assert_non_null(dpid_safetensors_find(&file, "2.alpha"));
    assert_null(dpid_safetensors_find(&file, "2.alpha.weight"));
    /* as torch writes torch.tensor(0.) and torch.ones(4, 1, 1) */
    for (int64_t i = 0; i < file.count; i++) {
        dpid_file_tensor *t = &file.tensor[i];
        if (strstr(t->name, "alpha"))
            t->rank = 0;
        if (strstr(t->name, "gamma")) {
            t->rank = 3;
            t->extents[1] = t->extents[2] = 1;
        }
    }
    const char *other = temporary("shapes.safetensors");
    OK(dpid_safetensors_write(ctx, other, file.tensor, file.count, NULL, 0));
    dpid_safetensors_release(&file);
    OK(deepid_net_init(back, "he", 9));
    OK(deepid_net_load_weights(back, other, "pytorch match=order"));
    equal_nets(net, back, "shapes");
    deepid_net_destroy(back);
    back = make(ctx, "input 3; dense out=4; dense out=2", 4);
    REFUSED(deepid_net_load_weights(back, other, "pytorch match=order"), DEEPID_ERR_SHAPE,
            "10 modules for 2 layers with parameters");
    deepid_net_destroy(back);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* Whatever net, under the names of the rule: its own bits come back, or two orders fit. */
static void random_nets_come_back(void **state)
{
    (void)state;
    enum { NETS = 60 };
    deepid_ctx *ctx = new_ctx(1);
    int found = 0;
    for (uint64_t seed = 1; seed <= NETS; seed++) {
        drawn_net drawn;
        char where[64];
        const char *path = temporary("random.safetensors");
        draw_net(ctx, seed, &drawn);
        snprintf(where, sizeof where, "seed %llu", (unsigned long long)seed);
        deepid_net *net = make(ctx, drawn.text, seed);
        deepid_net *back = make(ctx, drawn.text, seed + 1);
        int32_t status = deepid_net_save_weights(net, path, "pytorch", NULL);
        if (status == DEEPID_OK) {
            sort_file(ctx, path);
            status = deepid_net_load_weights(back, path, "pytorch match=order");
        }
        if (status == DEEPID_OK)
            equal_nets(net, back, where);
        else if (!strstr(deepid_ctx_error(ctx), "two orders fit equally") && status != DEEPID_ERR_UNSUPPORTED)
            fail_msg("%s: %s\n%s", where, deepid_ctx_error(ctx), drawn.text);
        found += status == DEEPID_OK;
        deepid_net_destroy(back);
        deepid_net_destroy(net);
    }
    assert_true(found > NETS / 2);
    deepid_ctx_destroy(ctx);
}

/* Names that nobody would give: components that are empty, modules inside of modules. With all shapes equal an order
   is found or refused; taken by name, the numbers are those of the names. */
static void whatever_names_are_read(void **state)
{
    (void)state;
    enum { FILES = 200, MOST = 30, STREAM = 15 };
    static const char *const words[] = {"a", "b", "", "0", "1", "2", "10", "x1", "x2", "01"};
    deepid_ctx *ctx = new_ctx(1);
    for (uint64_t seed = 1; seed <= FILES; seed++) {
        dpid_random random = dpid_random_make(seed, STREAM, 0);
        const int layers = 1 + (int)dpid_random_below(&random, MOST);
        char text[64];
        char names[MOST * 48] = "";
        snprintf(text, sizeof text, "input 4; %d * dense out=4", layers);
        for (int i = 0; i < layers; i++) {
            const int depth = 1 + (int)dpid_random_below(&random, 4);
            for (int k = 0; k < depth; k++)
                strcat(strcat(names, words[dpid_random_below(&random, 10)]), ".");
            snprintf(names + strlen(names), 16, "m%d\n", (int)dpid_random_below(&random, 4));
        }
        deepid_net *net = make(ctx, text, seed);
        deepid_net *back = make(ctx, text, seed + 1);
        const char *path = temporary("names.safetensors");
        if (deepid_net_save_weights(net, path, "pytorch", names) == DEEPID_OK) { /* no name comes twice */
            sort_file(ctx, path);
            OK(deepid_net_load_weights_named(back, path, "pytorch", names));
            equal_nets(net, back, names);
            const int32_t status = deepid_net_load_weights(back, path, "pytorch match=order");
            if (status != DEEPID_OK && status != DEEPID_ERR_SHAPE)
                fail_msg("seed %llu: %s\n%s", (unsigned long long)seed, deepid_ctx_error(ctx), names);
        }
        deepid_net_destroy(back);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

/* An item each of an nn.Sequential; a block with a skip is one with two lists. */
static void names_by_rule_are_those_of_a_sequential(void **state)
{
    (void)state;
    static const char *const expected[] = {"3.shortcut.1.num_batches_tracked",
                                           "8.num_batches_tracked",
                                           "0.weight",
                                           "0.bias",
                                           "3.branch.0.weight",
                                           "3.branch.2.bias",
                                           "3.shortcut.0.weight",
                                           "3.shortcut.1.running_var",
                                           "4.weight",
                                           "6.branch.0.weight",
                                           "8.running_mean",
                                           "10.bias"};
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net =
        make(ctx,
             "input 4; dense out=5; relu; dropout; identity { dense out=6 bias=0; batchnorm; dense out=6 } "
             "shortcut=B after=relu; plain { dense out=6; tanh } after=none; identity { dense out=6 } "
             "after=none; relu; batchnorm; relu; dense out=2",
             1);
    const char *path = temporary("rule.safetensors");
    dpid_safetensors file;
    OK(deepid_net_save_weights(net, path, "pytorch", NULL));
    OK(dpid_safetensors_read(ctx, path, &file));
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (!dpid_safetensors_find(&file, expected[i]))
            fail_msg("no tensor '%s'", expected[i]);
    assert_int_equal(file.count, 27);
    dpid_safetensors_release(&file);
    REFUSED(deepid_net_load(ctx, path, 0, &net), DEEPID_ERR_FORMAT, "lacks deepid.net");
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

static void bad_names_and_words_are_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *path = temporary("names.safetensors");
    deepid_net *net = make(ctx, "input 4; dense out=4; batchnorm; dense out=2", 1);
    REFUSED(deepid_net_save_weights(net, path, "pytorch", "a\nb"), DEEPID_ERR_SPEC,
            "names has 2 modules, the net 3 layers with parameters");
    REFUSED(deepid_net_save_weights(net, path, "pytorch", "a.weight\nb\nc"), DEEPID_ERR_SPEC,
            "names: 'a' has 1 tensors, of which not all are those of dense1 [bias 4, weight 4x4]");
    REFUSED(deepid_net_save_weights(net, path, "pytorch", "a.weight\na.running_var\nb\nc"), DEEPID_ERR_SPEC,
            "names: 'a' has 2 tensors");
    REFUSED(deepid_net_save_weights(net, path, "pytorch match=order", NULL), DEEPID_ERR_SPEC,
            "match=order is for loading");
    REFUSED(deepid_net_save_weights(net, path, "caffe", NULL), DEEPID_ERR_SPEC, "layout is 'caffe'");
    REFUSED(deepid_net_save_weights(net, NULL, "pytorch", NULL), DEEPID_ERR_ARGUMENT, "path is NULL");
    OK(deepid_net_save_weights(net, path, "pytorch", " a \n\n b\r\nc\n"));
    REFUSED(deepid_net_load_weights_named(net, path, "pytorch", "a\nb\nd"), DEEPID_ERR_FORMAT, "has no tensor of 'd'");
    REFUSED(deepid_net_load_weights_named(net, path, "pytorch", "a\nb"), DEEPID_ERR_SHAPE, "names has 2 modules");
    REFUSED(deepid_net_load_weights_named(net, path, "pytorch", "a\nc\nb"), DEEPID_ERR_SHAPE,
            "'c' is [bias 2, weight 2x4], expected [bias 4, running_mean 4");
    REFUSED(deepid_net_load_weights_named(net, path, "pytorch", NULL), DEEPID_ERR_ARGUMENT, "names is NULL");
    REFUSED(deepid_net_load_weights(net, path, "pytorch match=luck"), DEEPID_ERR_SPEC, "expected one of name|order");
    OK(deepid_net_load_weights_named(net, path, "pytorch", "a.bias\na.weight\nb\nb.num_batches_tracked\nc.weight"));
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* ---- layouts ----------------------------------------------------------------------------------------------------- */

/* A picture of 2x3 pixels and 2 channels: feature f of ours is channel f % 2 of pixel f / 2, of PyTorch channel f / 6
   of pixel f % 6. The batch-norm before the dense layer is of the same features; its bias and the dense one's, which
   is as long, are told apart. */
static void what_stands_behind_a_flatten_is_turned(void **state)
{
    (void)state;
    enum { FEATURES = 12 };
    static const char *const vectors[] = {"batchnorm.weight", "batchnorm.bias", "batchnorm.running_mean",
                                          "batchnorm.running_var"};
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = make(ctx, "input 2x3x2; flatten; batchnorm; dense out=12; relu; dense out=12", 1);
    deepid_net *back = make(ctx, "input 2x3x2; flatten; batchnorm; dense out=12; relu; dense out=12", 2);
    float theirs[FEATURES * FEATURES];
    float vector[FEATURES];
    for (int i = 0; i < FEATURES * FEATURES; i++)
        theirs[i] = (float)i;
    for (int i = 0; i < FEATURES; i++)
        vector[i] = (float)i;
    dpid_file_tensor list[8];
    for (int i = 0; i < 4; i++)
        list[i] = (dpid_file_tensor){
            .name = vectors[i], .dtype = DEEPID_F32, .rank = 1, .extents = {FEATURES}, .data = vector};
    for (int i = 4; i < 8; i++)
        list[i] = (dpid_file_tensor){
            .name = (const char *[]){"dense1.bias", "dense1.weight", "dense2.bias", "dense2.weight"}[i - 4],
            .dtype = DEEPID_F32,
            .rank = 1 + i % 2,
            .extents = {FEATURES, FEATURES},
            .data = i % 2 ? theirs : vector};
    const char *path = temporary("flat.safetensors");
    OK(dpid_safetensors_write(ctx, path, list, 8, NULL, 0));
    OK(deepid_net_load_weights(net, path, "pytorch"));
    for (int f = 0; f < FEATURES; f++) {
        const int place = f % 2 * 6 + f / 2;
        for (int k = 0; k < 4; k++)
            near_at(vectors[k], ((float *)deepid_net_parameter_data(net, vectors[k]))[f], place, 0);
        near_at("dense1.bias", ((float *)deepid_net_parameter_data(net, "dense1.bias"))[f], f, 0);
        for (int row = 0; row < FEATURES; row++) {
            const int i = row * FEATURES;
            near_at("dense1", ((float *)deepid_net_parameter_data(net, "dense1.weight"))[i + f], i + place, 0);
            near_at("dense2", ((float *)deepid_net_parameter_data(net, "dense2.weight"))[i + f], i + f, 0);
        }
    }
    OK(deepid_net_save_weights(net, path, "pytorch", "batchnorm\ndense1\ndense2"));
    OK(deepid_net_load_weights(back, path, "pytorch"));
    equal_nets(net, back, "flatten");
    deepid_net_destroy(back);
    deepid_net_destroy(net);
    net = make(ctx, "input 2x3x2; flatten; identity { dense out=12 } after=relu; dense out=2", 1);
    REFUSED(deepid_net_load_weights(net, path, "pytorch"), DEEPID_ERR_UNSUPPORTED,
            "block1.join adds a flattened picture to what a dense layer gives");
    deepid_net_destroy(net);
    net = make(ctx, "input 2x3x2; flatten; groupnorm groups=2; dense out=2", 1);
    REFUSED(deepid_net_load_weights(net, path, "pytorch"), DEEPID_ERR_UNSUPPORTED,
            "groupnorm has groups of a flattened picture's features");
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* 1.5, -0.25 and the least subnormal of each, 0 for the rest. */
static void sixteen_bits_are_read(void **state)
{
    (void)state;
    static const uint16_t f16[6] = {0x3e00, 0xb400, 0x0001, 0x7bff};
    static const uint16_t bf16[6] = {0x3fc0, 0xbe80, 0x0001, 0x7f7f};
    static const double expected[2][4] = {{1.5, -0.25, 0x1p-24, 65504}, {1.5, -0.25, 0x1p-133, 0x1.fep127}};
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = make(ctx, "input 2; dense out=3 bias=0", 1);
    for (int k = 0; k < 2; k++) {
        unsigned char bytes[256];
        char header[128];
        const int length = snprintf(header, sizeof header,
                                    "{\"dense.weight\":{\"dtype\":\"%s\",\"shape\":[3,2],\"data_offsets\":[0,12]}}",
                                    k ? "BF16" : "F16");
        memset(bytes, 0, 8);
        bytes[0] = (unsigned char)length;
        memcpy(bytes + 8, header, (size_t)length);
        memcpy(bytes + 8 + length, k ? bf16 : f16, 12);
        const char *path = put_file("half", bytes, 8 + (size_t)length + 12);
        OK(deepid_net_load_weights(net, path, "pytorch"));
        for (int i = 0; i < 4; i++)
            near_at(k ? "bf16" : "f16", ((float *)deepid_net_parameter_data(net, "dense.weight"))[i], expected[k][i],
                    0);
        REFUSED(deepid_net_load_weights(net, path, "deepid"), DEEPID_ERR_DTYPE,
                k ? "is BF16" : "is F16"); /* not ours */
    }
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* nn.PReLU() has one slope, swa_utils.AveragedModel a count. */
static void one_slope_goes_to_all_channels(void **state)
{
    (void)state;
    float weight[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    float slope = 0.375F;
    int64_t count = 3;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = make(ctx, "input 2; dense out=3 bias=0; prelu; dense out=4 bias=0", 1);
    dpid_file_tensor list[] = {
        {.name = "0.weight", .dtype = DEEPID_F32, .rank = 2, .extents = {3, 2}, .data = weight},
        {.name = "1.weight", .dtype = DEEPID_F32, .rank = 1, .extents = {1}, .data = &slope},
        {.name = "2.weight", .dtype = DEEPID_F32, .rank = 2, .extents = {4, 3}, .data = weight},
        {.name = "n_averaged", .dtype = DEEPID_I64, .rank = 0, .data = &count},
    };
    const char *path = temporary("slope.safetensors");
    OK(dpid_safetensors_write(ctx, path, list, 4, NULL, 0));
    OK(deepid_net_load_weights(net, path, "pytorch match=order"));
    for (int i = 0; i < 3; i++)
        near_at("slope", ((float *)deepid_net_parameter_data(net, "prelu.weight"))[i], 0.375, 0);
    list[1].name = "prelu.weight";
    list[0].name = "dense1.weight";
    list[2].name = "dense2.weight";
    OK(dpid_safetensors_write(ctx, path, list, 3, NULL, 0));
    OK(deepid_net_load_weights(net, path, "pytorch"));
    REFUSED(deepid_net_load_weights(net, path, "deepid"), DEEPID_ERR_SHAPE, "prelu.weight is 1, expected 3");
    list[1].extents[0] = 2;
    list[1].data = weight;
    OK(dpid_safetensors_write(ctx, path, list, 3, NULL, 0));
    REFUSED(deepid_net_load_weights(net, path, "pytorch match=order"), DEEPID_ERR_SHAPE,
            "and not one for each like prelu [weight 1]");
    list[1] = (dpid_file_tensor){.name = "head.weight", .dtype = DEEPID_F32, .rank = 1, .extents = {5}, .data = weight};
    deepid_net_destroy(net);
    net = make(ctx, "input 2; dense out=3 bias=0; relu; dense out=4 bias=0", 1);
    OK(dpid_safetensors_write(ctx, path, list, 3, NULL, 0));
    REFUSED(deepid_net_load_weights(net, path, "pytorch match=order"), DEEPID_ERR_SHAPE,
            "3 modules for 2 layers with parameters, and none of them like head [weight 5]");
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* ---- failing allocations ----------------------------------------------------------------------------------------- */

static int32_t load_and_save(deepid_ctx *ctx, void *path)
{
    deepid_net *net = NULL;
    int32_t status = deepid_net_create(ctx, VGG, DEEPID_F32, &net);
    if (status == DEEPID_OK)
        status = deepid_net_load_weights(net, DEEPID_TESTS "/net/files/torch_vgg.safetensors", "pytorch match=order");
    if (status == DEEPID_OK)
        status = deepid_net_save_weights(net, path, "pytorch", "a.weight\na.bias\nb\nc");
    if (status == DEEPID_OK)
        status = deepid_net_load_weights_named(net, path, "pytorch", "a\nb\nc");
    deepid_net_destroy(net);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    survives_every_failing_allocation("weights", load_and_save, (void *)temporary("failing.safetensors"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_pytorch_give_its_outputs),
        cmocka_unit_test(the_log_says_what_is_what),
        cmocka_unit_test(weights_that_are_no_numbers_are_warned_of),
        cmocka_unit_test(files_of_torch_save_are_refused_with_the_way_out),
        cmocka_unit_test(orders_are_found_again_or_refused),
        cmocka_unit_test(a_parameter_of_its_own_is_a_scale),
        cmocka_unit_test(random_nets_come_back),
        cmocka_unit_test(whatever_names_are_read),
        cmocka_unit_test(names_by_rule_are_those_of_a_sequential),
        cmocka_unit_test(bad_names_and_words_are_refused),
        cmocka_unit_test(what_stands_behind_a_flatten_is_turned),
        cmocka_unit_test(sixteen_bits_are_read),
        cmocka_unit_test(one_slope_goes_to_all_channels),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
