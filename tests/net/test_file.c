/* Nets and weights in files: the same bits come back; damaged, cut and lying files are refused; every allocation may
   fail. */
#include "support/support.h"

#include "net/net.h"

/* ---- helpers --------------------------------------------------------------------------------- */

static size_t get(const char *path, char *out, size_t most)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t bytes = fread(out, 1, most, file);
    fclose(file);
    return bytes;
}

/* length of the header, header, data bytes of zeros */
static const char *put_safetensors(const char *header, size_t data)
{
    const size_t length = strlen(header);
    char *bytes = calloc(8 + length + data, 1);
    assert_non_null(bytes);
    for (int i = 0; i < 8; i++)
        bytes[i] = (char)(length >> (8 * i));
    memcpy(bytes + 8, header, length);
    const char *path = put_file("made.safetensors", bytes, 8 + length + data);
    free(bytes);
    return path;
}

static const char small[] = "input 4x4x2; conv2d out=3 kernel=3; batchnorm; flatten; dense out=2";

static deepid_net *make(deepid_ctx *ctx, const char *text, int32_t dtype)
{
    deepid_net *net = NULL;
    OK(deepid_net_create(ctx, text, dtype, &net));
    OK(deepid_net_init(net, "he", 3));
    return net;
}

/* ---- round trips -------------------------------------------------------------------------------- */

static void nets_come_back_bit_for_bit(void **state)
{
    (void)state;
    static const int32_t dtypes[] = {DEEPID_F32, DEEPID_F64};
    /* NaNs with payload, one signalling; -0; subnormal; inf; -max */
    static const uint32_t odd32[] = {0x7fa00001, 0xffc12345, 0x80000000, 0x00000001, 0x7f800000, 0xff7fffff};
    static const uint64_t odd64[] = {0x7ff4000000000001, 0xfff8123456789abc, 0x8000000000000000, 1,
                                     0x7ff0000000000000, 0xffefffffffffffff};
    deepid_ctx *ctx = new_ctx(1);
    for (int d = 0; d < 2; d++) {
        const int64_t size = d ? 8 : 4;
        deepid_net *net = make(ctx, small, dtypes[d]);
        deepid_net *again = NULL;
        deepid_net *weights = make(ctx, small, dtypes[d]);
        const char *path = temporary("net.safetensors");
        memcpy(deepid_net_trained_data(net), d ? (const void *)odd64 : (const void *)odd32, 6 * (size_t)size);
        memcpy(deepid_net_parameter_data(net, "batchnorm.running_mean"), d ? (const void *)odd64 : (const void *)odd32,
               3 * (size_t)size);
        OK(deepid_net_save(net, path));
        OK(deepid_net_load(ctx, path, 0, &again));
        OK(deepid_net_load_weights(weights, path, "deepid"));
        deepid_net *copy = NULL;
        int64_t copied = 0;
        OK(deepid_net_clone(net, 0, &copy));
        assert_memory_equal(copy->values, net->values, (size_t)(size * net->values_reals));
        OK(deepid_net_init(copy, "lecun", 1));
        OK(deepid_net_copy_parameters(copy, net, &copied));
        assert_int_equal(copied, deepid_net_parameter_count(net));
        assert_memory_equal(copy->values, net->values, (size_t)(size * net->values_reals));
        deepid_net_destroy(copy);
        assert_int_equal(deepid_net_dtype(again), dtypes[d]);
        assert_string_equal(deepid_net_describe(again), deepid_net_describe(net));
        assert_memory_equal(deepid_net_trained_data(again), deepid_net_trained_data(net),
                            (size_t)(size * deepid_net_trained_count(net)));
        assert_memory_equal(again->states, net->states, (size_t)(size * net->states_reals));
        assert_memory_equal(weights->values, net->values, (size_t)(size * net->values_reals));
        deepid_net_destroy(weights);
        deepid_net_destroy(again);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

static void a_file_can_be_loaded_in_the_other_type(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *path = temporary("net.safetensors");
    deepid_net *net = make(ctx, small, DEEPID_F32);
    deepid_net *wide = NULL;
    deepid_net *back = NULL;
    OK(deepid_net_save(net, path));
    OK(deepid_net_load(ctx, path, DEEPID_F64, &wide));
    for (int64_t i = 0; i < deepid_net_trained_count(net); i++)
        assert_true(((double *)deepid_net_trained_data(wide))[i] == (double)((float *)deepid_net_trained_data(net))[i]);
    OK(deepid_net_save(wide, path));
    OK(deepid_net_load(ctx, path, DEEPID_F32, &back));
    assert_memory_equal(back->values, net->values, 4 * (size_t)net->values_reals);
    deepid_net_destroy(back);
    deepid_net_destroy(wide);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

static void long_residual_nets_come_back_too(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *path = temporary("net.safetensors");
    deepid_net *net = NULL;
    deepid_net *again = NULL;
    OK(deepid_resnet_cifar(ctx, 110, "identity shortcut=B", DEEPID_F32, &net));
    OK(deepid_net_init(net, "he", 3));
    OK(deepid_net_save(net, path));
    OK(deepid_net_load(ctx, path, 0, &again));
    assert_string_equal(deepid_net_describe(again), deepid_net_describe(net));
    assert_memory_equal(again->values, net->values, 4 * (size_t)net->values_reals);
    deepid_net_destroy(again);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* PyTorch's convolutions are [out, in, kh, kw]; ours [out, kh, kw, in]. */
static void pytorch_convolutions_are_turned(void **state)
{
    (void)state;
    enum { OUT = 2, IN = 3, H = 2, W = 5 };
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = make(ctx, "input 6x6x3; conv2d out=2 kernel=2x5; flatten; dense out=1 bias=0", DEEPID_F64);
    float conv[OUT * IN * H * W];
    static float dense[72];
    const float bias[OUT] = {-1, -2};
    for (int i = 0; i < OUT * IN * H * W; i++)
        conv[i] = (float)i;
    dense[71] = 5;
    const dpid_file_tensor tensors[] = {
        {.name = "conv2d.weight", .dtype = DEEPID_F32, .rank = 4, .extents = {OUT, IN, H, W}, .data = conv},
        {.name = "conv2d.bias", .dtype = DEEPID_F32, .rank = 1, .extents = {OUT}, .data = bias},
        {.name = "dense.weight", .dtype = DEEPID_F32, .rank = 2, .extents = {1, 72}, .data = dense}};
    const char *path = temporary("torch.safetensors");
    OK(dpid_safetensors_write(ctx, path, tensors, 3, NULL, 0));
    REFUSED(deepid_net_load_weights(net, path, "deepid"), DEEPID_ERR_SHAPE,
            "conv2d.weight is 2x3x2x5, expected 2x2x5x3");
    OK(deepid_net_load_weights(net, path, "pytorch"));
    const double *w = deepid_net_parameter_data(net, "conv2d.weight");
    for (int o = 0; o < OUT; o++)
        for (int h = 0; h < H; h++)
            for (int x = 0; x < W; x++)
                for (int c = 0; c < IN; c++)
                    assert_true(w[((o * H + h) * W + x) * IN + c] == ((o * IN + c) * H + h) * W + x);
    assert_true(((double *)deepid_net_parameter_data(net, "conv2d.bias"))[1] == -2);
    assert_true(((double *)deepid_net_parameter_data(net, "dense.weight"))[71] == 5);
    deepid_net *none = NULL;
    REFUSED(deepid_net_load(ctx, path, 0, &none), DEEPID_ERR_FORMAT, "its metadata lacks deepid.net");
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* ---- damage -------------------------------------------------------------------------------------------- */

static void every_cut_and_every_addition_is_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static char bytes[1 << 16];
    deepid_net *net = make(ctx, small, DEEPID_F64);
    deepid_net *none = NULL;
    OK(deepid_net_save(net, temporary("net.safetensors")));
    const size_t length = get(temporary("net.safetensors"), bytes, sizeof bytes - 1);
    for (size_t cut = 0; cut < length; cut++) {
        if (deepid_net_load(ctx, put_file("cut.safetensors", bytes, cut), 0, &none) != DEEPID_ERR_FORMAT)
            fail_msg("cut after %zu of %zu bytes was taken: %s", cut, length, deepid_ctx_error(ctx));
    }
    bytes[length] = 'x';
    REFUSED(
        deepid_net_load(ctx, put_file("long.safetensors", bytes, length + 1), 0, &none), DEEPID_ERR_FORMAT,
        "long.safetensors' is damaged, or changed by a program that kept its metadata: its content has the checksum");
    assert_null(none);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

static int32_t load_twice(void *arg)
{
    deepid_net *net = arg;
    deepid_net *loaded = NULL;
    const char *path = temporary("net.safetensors");
    const int32_t status = deepid_net_load(net->head.ctx, path, 0, &loaded);
    assert_true((loaded != NULL) == (status == DEEPID_OK));
    deepid_net_destroy(loaded);
    assert_int_equal(deepid_net_load_weights(net, path, "deepid"), status);
    return status;
}

/* All bits of a small file; of a larger one every 997th, a prime, so that each place in a byte and in a number
   comes. */
static void every_turned_bit_is_found(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static const char *const texts[] = {"input 2; dense out=3; batchnorm",
                                        "input 2; dense out=128; relu; dense out=128"};
    for (int i = 0; i < 2; i++) {
        deepid_net *net = make(ctx, texts[i], DEEPID_F32);
        OK(deepid_net_init(net, "he", 5));
        OK(deepid_net_save(net, temporary("net.safetensors")));
        const uint64_t before = bits(net->values, 4 * net->values_reals);
        every_turned_bit_is_refused(ctx, temporary("net.safetensors"), i == 0 ? 1 : 997, "net.safetensors'", load_twice,
                                    net);
        assert_int_equal(bits(net->values, 4 * net->values_reals), before);
        OK(load_twice(net));
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* What other programs do to a file of ours: they leave the checksum out, or keep it over other content. */
static void a_file_of_ours_without_its_checksum_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *metadata;
        int32_t status;
        const char *part;
    } rows[] = {
        {"\"deepid.format\":\"1\"", DEEPID_OK, ""},
        {"\"deepid.format\":\"3\"", DEEPID_OK, ""},
        {"\"deepid.format\":\"4\"", DEEPID_ERR_FORMAT,
         "is damaged: a file of deepid.format 4 has a deepid.checksum in front, and this has none"},
        {"\"deepid.format\":\"2\"", DEEPID_ERR_FORMAT,
         "is damaged: a file of deepid.format 2 has a deepid.checksum in front, and this has none"},
        {"\"deepid.checksum\":\"xxh3:0123456789abcdef\",\"deepid.format\":\"2\"", DEEPID_ERR_FORMAT,
         "its content has the checksum xxh3:"},
        {"\"deepid.checksum\":\"xxh3:0123456789abcdef\",\"deepid.format\":\"1\"", DEEPID_ERR_FORMAT,
         "its content has the checksum xxh3:"},
        {"\"deepid.format\":\"1\",\"deepid.checksum\":\"xxh3:0123456789abcdef\"", DEEPID_ERR_FORMAT,
         "was written anew by another program"},
        {"\"deepid.format\":\"1\",\"deepid.checksum\":\"\"", DEEPID_ERR_FORMAT, "was written anew by another program"},
    };
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char header[512];
        deepid_net *net = NULL;
        snprintf(header, sizeof header,
                 "{\"__metadata__\":{%s,\"deepid.net\":\"input 2; dense out=3 "
                 "bias=0\"},\"dense.weight\":{\"dtype\":\"F32\",\"shape\":[3,2],\"data_offsets\":[0,24]}}",
                 rows[i].metadata);
        const int32_t status = deepid_net_load(ctx, put_safetensors(header, 24), 0, &net);
        if (status != rows[i].status || !strstr(status ? deepid_ctx_error(ctx) : "", rows[i].part))
            fail_msg("%s\n  %s \"%s\", expected \"%s\"", header, deepid_status_name(status), deepid_ctx_error(ctx),
                     rows[i].part);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* Formats 1 and 2 are of a time when a strided convolution without padding= had same_upper: their nets keep that, and
   what never differed keeps its text. */
static void nets_of_older_files_keep_their_padding(void **state)
{
    (void)state;
    static const struct {
        const char *format, *text, *today; /* NULL: as text */
    } rows[] = {
        {"1", "input 8x8x1; conv2d out=1 kernel=3 stride=2",
         "input 8x8x1; conv2d out=1 kernel=3 stride=2 padding=same_upper"},
        {"3", "input 8x8x1; conv2d out=1 kernel=3 stride=2", NULL},
        {"1", "input 8x8x1; conv2d out=1 kernel=3; 2 * identity { relu; conv2d out=1 kernel=2 }", NULL},
        {"1", "input 8x8x1; conv2d out=1 kernel=3 stride=1x2 padding=1; maxpool kernel=3", NULL},
        {"1",
         "input 8x8x1; 2 * plain { conv2d out=1 kernel=1x3 stride=1x2 bias=0; relu }; maxpool kernel=3 padding=same",
         "input 8x8x1; 2 * plain { conv2d out=1 kernel=1x3 stride=1x2 padding=same_upper bias=0; relu }; maxpool "
         "kernel=3 padding=same_upper"},
    };
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char header[1024];
        deepid_net *net = NULL;
        deepid_net *made = NULL;
        OK(deepid_net_create(ctx, rows[i].today ? rows[i].today : rows[i].text, DEEPID_F32, &made));
        dpid_string tensors = {.ctx = ctx};
        int64_t at = 0;
        for (int32_t k = 0; k < made->parameters; k++) {
            const dpid_parameter *p = &made->parameter[k];
            dpid_string_format(&tensors, ",\"%s\":{\"dtype\":\"F32\",\"shape\":[%s", p->name,
                               p->spec.rank == 1 ? "1]" : "");
            for (int32_t a = 0; p->spec.rank > 1 && a < p->spec.rank; a++)
                dpid_string_format(&tensors, "%lld%s", (long long)p->spec.extents[a], a + 1 < p->spec.rank ? "," : "]");
            dpid_string_format(&tensors, ",\"data_offsets\":[%lld,%lld]}", (long long)at,
                               (long long)(at + 4 * p->count));
            at += 4 * p->count;
        }
        snprintf(header, sizeof header, "{\"__metadata__\":{\"deepid.format\":\"%s\",\"deepid.net\":\"%s\"}%s}",
                 rows[i].format, rows[i].text, tensors.text);
        OK(deepid_net_load(ctx, put_safetensors(header, (size_t)at), 0, &net));
        assert_string_equal(deepid_net_describe(net), rows[i].today ? rows[i].today : rows[i].text);
        dpid_string_release(&tensors);
        deepid_net_destroy(made);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- what others write --------------------------------------------------------------------------------- */

/* Beside the weights lies a tensor of each dtype of the format, of one that nobody knows, and of nine axes. */
static void unused_tensors_of_any_dtype_are_left_aside(void **state)
{
    (void)state;
    static const struct {
        const char *word, *shape;
        int bytes;
    } rows[] = {
        {"BOOL", "[2]", 2},      {"U8", "[2]", 2},     {"I8", "[2]", 2},      {"F8_E5M2", "[2]", 2},
        {"F8_E4M3", "[2]", 2},   {"U16", "[2]", 4},    {"I16", "[2]", 4},     {"F16", "[2]", 4},
        {"BF16", "[2]", 4},      {"U32", "[2]", 8},    {"I32", "[2]", 8},     {"F32", "[2]", 8},
        {"U64", "[2]", 16},      {"I64", "[2]", 16},   {"F64", "[2]", 16},    {"C64", "[2]", 16},
        {"F8_E8M0", "[2]", 2},   {"F4", "[4]", 2},     {"F6_E2M3", "[4]", 3}, {"F6_E3M2", "[4]", 3},
        {"TOMORROW", "[99]", 5}, {"BF16", "[0,7]", 0}, {"BOOL", "[]", 1},     {"F32", "[1,1,1,1,1,1,1,1,3]", 12}};
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = make(ctx, "input 2; dense out=3 bias=0", DEEPID_F32);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char header[512];
        const int bytes = rows[i].bytes;
        snprintf(header, sizeof header,
                 "{\"aside\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[0,%d]},\"dense.weight\":{\"dtype\":"
                 "\"F32\",\"shape\":[3,2],\"data_offsets\":[%d,%d]}}",
                 rows[i].word, rows[i].shape, bytes, bytes, bytes + 24);
        OK(deepid_net_load_weights(net, put_safetensors(header, (size_t)bytes + 24), "deepid"));
    }
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

static void needed_tensors_of_another_dtype_are_named(void **state)
{
    (void)state;
    static const char *const words[] = {"BOOL", "I8", "I64", "U32", "U16", "F8_E4M3"};
    static const int sizes[] = {1, 1, 8, 4, 2, 1};
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = make(ctx, "input 2; dense out=3 bias=0", DEEPID_F32);
    deepid_net *none = NULL;
    for (int i = 0; i < 6; i++) {
        char header[512];
        char sentence[64];
        snprintf(header, sizeof header,
                 "{\"__metadata__\":{\"deepid.format\":\"1\",\"deepid.net\":\"input 2; dense out=3 "
                 "bias=0\"},\"dense.weight\":{\"dtype\":\"%s\",\"shape\":[3,2],\"data_offsets\":[0,%d]}}",
                 words[i], 6 * sizes[i]);
        snprintf(sentence, sizeof sentence, "dense.weight is %s, expected F64, F32, F16 or BF16", words[i]);
        const char *path = put_safetensors(header, (size_t)(6 * sizes[i]));
        REFUSED(deepid_net_load_weights(net, path, "deepid"), DEEPID_ERR_DTYPE, sentence);
        REFUSED(deepid_net_load(ctx, path, 0, &none), DEEPID_ERR_DTYPE, sentence);
    }
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* ---- small files that ask for much --------------------------------------------------------------------- */

static void repeated_layers_are_refused_before_they_are_built(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } rows[] = {{"9999 * plain { dense out=2 }", "asks for more numbers than its file has, which are 0"},
                {"99999 * relu", "asks for 99999 layers, its file has 0 numbers"},
                {"4000 * plain { relu; tanh } after=relu", "asks for 12000 layers, its file has 0 numbers"}};
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    OK(deepid_ctx_set_limit(ctx, "memory_bytes", 32 << 20));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char header[512];
        snprintf(header, sizeof header, "{\"__metadata__\":{\"deepid.format\":\"1\",\"deepid.net\":\"input 2; %s\"}}",
                 rows[i].text);
        REFUSED(deepid_net_load(ctx, put_safetensors(header, 0), 0, &net), DEEPID_ERR_FORMAT, rows[i].part);
    }
    REFUSED(deepid_net_create(ctx, "input 2; 99999 * plain { dense out=2 }", DEEPID_F32, &net), DEEPID_ERR_LIMIT,
            "would exceed the limit memory_bytes 33554432");
    OK(deepid_ctx_set_limit(ctx, "memory_bytes", INT64_MAX / 4));
    OK(deepid_net_create(ctx, "input 2; 10001 * relu", DEEPID_F32, &net));
    REFUSED(deepid_net_save(net, temporary("many.safetensors")), DEEPID_ERR_LIMIT,
            "a net of 10001 layers and 0 numbers is not saved");
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* A header of 3 MB that is all brackets. */
static void what_json_takes_is_limited(void **state)
{
    (void)state;
    enum { PAIRS = 1000000 };
    static char header[3 * PAIRS + 64];
    char *end = header + sprintf(header, "{\"__metadata__\":{\"a\":\"b\"},\"x\":[");
    for (int i = 0; i < PAIRS; i++, end += 3)
        memcpy(end, "[],", 3);
    strcpy(end, "[]]}");
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    OK(deepid_ctx_set_limit(ctx, "memory_bytes", 16 << 20));
    REFUSED(deepid_net_load(ctx, put_safetensors(header, 0), 0, &net), DEEPID_ERR_LIMIT, "JSON: ");
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

#define NET "\"deepid.format\":\"1\",\"deepid.net\":\"input 2; dense out=3 bias=0\""
#define TENSOR(name, dtype, shape, offsets)                                                                            \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

typedef struct {
    const char *header;
    size_t data;
    int32_t status;
    const char *part;
} header_case;

static void headers_give(const header_case *rows, size_t count)
{
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < count; i++) {
        deepid_net *net = NULL;
        const int32_t status = deepid_net_load(ctx, put_safetensors(rows[i].header, rows[i].data), 0, &net);
        if (status != rows[i].status || !strstr(deepid_ctx_error(ctx), rows[i].part) ||
            (net != NULL) != (status == DEEPID_OK))
            fail_msg("%s\n  %s \"%s\", expected \"%s\"", rows[i].header, deepid_status_name(status),
                     deepid_ctx_error(ctx), rows[i].part);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

static void lying_metadata_are_refused(void **state)
{
    (void)state;
    static const header_case rows[] = {
        {"{\"__metadata__\":{" NET "}," TENSOR("dense.weight", "F32", "[3,2]", "[0,24]") "}", 24, DEEPID_OK, ""},
        {"", 0, DEEPID_ERR_FORMAT, "not JSON"},
        {"{", 0, DEEPID_ERR_FORMAT, "not JSON"},
        {"[]", 0, DEEPID_ERR_FORMAT, "not an object"},
        {"{} {}", 0, DEEPID_ERR_FORMAT, "not JSON"},
        {"{}", 8, DEEPID_ERR_FORMAT, "left behind the last tensor"},
        {"{}", 0, DEEPID_ERR_FORMAT, "lacks deepid.net"},
        {"{\"__metadata__\":[]}", 0, DEEPID_ERR_FORMAT, "__metadata__ is not an object"},
        {"{\"__metadata__\":{\"deepid.format\":1}}", 0, DEEPID_ERR_FORMAT, "is not a text"},
        {"{\"__metadata__\":{\"deepid.net\":\"input 2; relu\"}}", 0, DEEPID_ERR_FORMAT, "lacks deepid.format"},
        {"{\"__metadata__\":{\"deepid.format\":\"2\",\"deepid.net\":\"input 2; relu\"}}", 0, DEEPID_ERR_FORMAT,
         "is damaged: a file of deepid.format 2 has a deepid.checksum in front"},
        {"{\"__metadata__\":{\"deepid.format\":\"5\",\"deepid.net\":\"input 2; relu\"}}", 0, DEEPID_ERR_FORMAT,
         "has format '5', expected 1 to 4"},
        {"{\"__metadata__\":{\"deepid.format\":\"1\",\"deepid.format\":\"1\",\"deepid.net\":\"input 2; relu\"}}", 0,
         DEEPID_ERR_FORMAT, "the key 'deepid.format' comes twice"},
        {"{\"__metadata__\":{\"deepid.format\":\"1\",\"deepid.net\":\"input 2; rely\"}}", 0, DEEPID_ERR_SPEC,
         "nearest: relu"},
        {"{\"__metadata__\":{\"deepid.format\":\"1\",\"deepid.net\":\"input 2\\u0000; relu\"}}", 0, DEEPID_ERR_FORMAT,
         "not JSON"},
        {"{\"__metadata__\":{\"deepid.format\":\"1\",\"deepid.net\":\"input 65536; dense out=65536\"}}", 0,
         DEEPID_ERR_FORMAT, "asks for more numbers than its file has, which are 0"},
        {"{\"__metadata__\":{" NET "}}", 0, DEEPID_ERR_FORMAT, "asks for more numbers than its file has, which are 0"},
        {"{\"__metadata__\":{" NET "}," TENSOR("dense.bias", "F32", "[6]", "[0,24]") "}", 24, DEEPID_ERR_FORMAT,
         "has no tensor 'dense.weight'"},
    };
    headers_give(rows, sizeof rows / sizeof *rows);
}

static void lying_tensors_are_refused(void **state)
{
    (void)state;
    static const header_case rows[] = {
        {"{\"__metadata__\":{" NET "}," TENSOR("dense.weight", "F32", "[2,3]", "[0,24]") "}", 24, DEEPID_ERR_SHAPE,
         "dense.weight is 2x3, expected 3x2"},
        {"{\"__metadata__\":{" NET "}," TENSOR("dense.weight", "I32", "[3,2]", "[0,24]") "}", 24, DEEPID_ERR_DTYPE,
         "dense.weight is I32, expected F64, F32, F16 or BF16"},
        {"{" TENSOR("a", "F32", "[2]", "[0,8]") "," TENSOR("a", "F32", "[2]", "[8,16]") "}", 16, DEEPID_ERR_FORMAT,
         "the header: the key 'a' comes twice, in line 1"},
        {"{" TENSOR("a", "F32", "[2]", "[0,8]") "," TENSOR("b", "F32", "[2]", "[4,12]") "}", 12, DEEPID_ERR_FORMAT,
         "overlap or leave a hole"},
        {"{" TENSOR("a", "F32", "[2]", "[0,8]") "," TENSOR("b", "F32", "[2]", "[0,8]") "}", 8, DEEPID_ERR_FORMAT,
         "overlap or leave a hole"},
        {"{" TENSOR("a", "F32", "[2]", "[4,12]") "}", 12, DEEPID_ERR_FORMAT, "overlap or leave a hole"},
        {"{" TENSOR("a", "F32", "[2]", "[0,4]") "}", 8, DEEPID_ERR_FORMAT, "do not fit the shape"},
        {"{" TENSOR("a", "F32", "[2]", "[8,0]") "}", 8, DEEPID_ERR_FORMAT, "do not fit the shape"},
        {"{" TENSOR("a", "F32", "[2]", "[-8,0]") "}", 8, DEEPID_ERR_FORMAT, "do not fit the shape"},
        {"{" TENSOR("a", "F32", "[2]", "[0,8]") "}", 4, DEEPID_ERR_FORMAT, "do not fit the shape"},
        {"{" TENSOR("a", "F32", "[2]", "[0,8,8]") "}", 8, DEEPID_ERR_FORMAT, "not a pair"},
        {"{" TENSOR("a", "F32", "[2]", "[0,8.0]") "}", 8, DEEPID_ERR_FORMAT, "not a pair"},
        {"{" TENSOR("a", "F32", "[-2]", "[0,8]") "}", 8, DEEPID_ERR_FORMAT, "an extent is not"},
        {"{" TENSOR("a", "F32", "[\"2\"]", "[0,8]") "}", 8, DEEPID_ERR_FORMAT, "an extent is not"},
        {"{" TENSOR("a", "F32", "2", "[0,8]") "}", 8, DEEPID_ERR_FORMAT, "a shape is not"},
        {"{\"__metadata__\":{" NET "}," TENSOR("dense.weight", "F32", "[1,1,1,1,1,1,1,3,2]", "[0,24]") "}", 24,
         DEEPID_ERR_SHAPE, "dense.weight has 9 axes, expected 3x2"},
        {"{" TENSOR("a", "F32", "[4611686018427387904,2]", "[0,0]") "}", 0, DEEPID_ERR_FORMAT, "do not fit the shape"},
        {"{" TENSOR("a", "F32", "[4294967296,4294967296]", "[0,0]") "}", 0, DEEPID_ERR_FORMAT, "do not fit the shape"},
        {"{" TENSOR("a", "F32", "[99999999999999999999]", "[0,8]") "}", 8, DEEPID_ERR_FORMAT, "not JSON"},
        {"{" TENSOR("a", "BF16", "[2]", "[0,8]") "}", 8, DEEPID_ERR_FORMAT, "do not fit the shape"},
        {"{" TENSOR("a", "F4", "[3]", "[0,2]") "}", 2, DEEPID_ERR_FORMAT, "do not fit the shape"},
        {"{\"a\":{\"dtype\":4,\"shape\":[2],\"data_offsets\":[0,8]}}", 8, DEEPID_ERR_FORMAT, "a dtype is not a text"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 0, DEEPID_ERR_FORMAT, "an entry is not"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"more\":1}}", 8, DEEPID_ERR_FORMAT,
         "an entry is not"},
        {"{\"a\":7}", 0, DEEPID_ERR_FORMAT, "an entry is not"},
    };
    headers_give(rows, sizeof rows / sizeof *rows);
}

static void headers_without_end_are_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    static char header[1 << 17];
    memset(header, '[', sizeof header - 1); /* nested as deep as the file is long */
    REFUSED(deepid_net_load(ctx, put_safetensors(header, 0), 0, &net), DEEPID_ERR_FORMAT, "not JSON");
    memset(header, ' ', sizeof header - 1);
    memcpy(header, "{\"", 2);
    memset(header + 2, 'n', 1025); /* a name of 1025 bytes */
    memcpy(header + 2 + 1025, "\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}", 53 - 1);
    REFUSED(deepid_net_load(ctx, put_safetensors(header, 0), 0, &net), DEEPID_ERR_FORMAT, "an entry is not");
    unsigned char lengths[16];
    memset(lengths, 0xff, sizeof lengths); /* 2^64 - 1 bytes of header */
    REFUSED(deepid_net_load(ctx, put_file("length", lengths, sizeof lengths), 0, &net), DEEPID_ERR_FORMAT,
            "longer than the file");
    OK(deepid_ctx_set_limit(ctx, "header_bytes", 1000));
    REFUSED(deepid_net_load(ctx, put_safetensors(header, 0), 0, &net), DEEPID_ERR_LIMIT,
            "the limit header_bytes is 1000");
    OK(deepid_ctx_set_limit(ctx, "file_bytes", 1000));
    REFUSED(deepid_net_load(ctx, put_safetensors(header, 0), 0, &net), DEEPID_ERR_LIMIT, "file_bytes");
    REFUSED(deepid_net_load(ctx, temporary("absent"), 0, &net), DEEPID_ERR_IO, "absent");
    assert_null(net);
    deepid_ctx_destroy(ctx);
}

static void refused_weights_change_nothing(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *path = temporary("net.safetensors");
    deepid_net *net = make(ctx, "input 4; dense out=5; dense out=2", DEEPID_F32);
    deepid_net *other = make(ctx, "input 4; dense out=5; dense out=3", DEEPID_F32); /* the first layer would fit */
    OK(deepid_net_init(other, "lecun", 8));
    OK(deepid_net_save(net, path));
    const uint64_t before = bits(other->values, 4 * other->values_reals);
    REFUSED(deepid_net_load_weights(other, path, "deepid"), DEEPID_ERR_SHAPE, "dense2.weight is 2x5, expected 3x5");
    REFUSED(deepid_net_copy_parameters(other, net, NULL), DEEPID_ERR_SHAPE,
            "dense2.weight is 2x5 in the other net, expected 3x5");
    assert_int_equal(bits(other->values, 4 * other->values_reals), before);
    REFUSED(deepid_net_load_weights(other, path, "keras"), DEEPID_ERR_SPEC,
            "layout is 'keras', expected deepid or pytorch");
    REFUSED(deepid_net_save(net, "/"), DEEPID_ERR_IO, "/");
    REFUSED(deepid_net_save(net, temporary("no/such/folder.safetensors")), DEEPID_ERR_IO, "no/such");
    deepid_net_destroy(other);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* ---- failing allocations ---------------------------------------------------------------------------------- */

static int32_t whole_life(deepid_net *net)
{
    deepid_net *copy = NULL;
    deepid_table *table = NULL;
    int32_t status = deepid_net_init(net, "orthogonal", 2);
    status = status ? status : deepid_net_init(net, "zero_last base=delta_orthogonal", 2);
    status = status ? status : deepid_net_prepare(net, 3, 1);
    status = status ? status : deepid_net_prepare(net, 5, 1);
    status = status ? status : deepid_net_summary(net, &table);
    status = status ? status : deepid_net_clone(net, DEEPID_F64, &copy);
    deepid_table_destroy(table);
    deepid_net_destroy(copy);
    return status;
}

static int32_t create_and_use(deepid_ctx *ctx, void *text)
{
    deepid_net *net = NULL;
    const int32_t status = deepid_net_create(ctx, text, DEEPID_F32, &net);
    if ((status == DEEPID_OK) != (net != NULL))
        return DEEPID_ERR_ARGUMENT;
    if (status != DEEPID_OK)
        return status;
    const int32_t used = whole_life(net);
    deepid_net_destroy(net);
    return used;
}

static int32_t make_family(deepid_ctx *ctx, void *unused)
{
    (void)unused;
    deepid_net *net = NULL;
    const int32_t status = deepid_resnet_pictures(ctx, 8, "identity shortcut=B", 8, 8, 3, 2, 10, DEEPID_F32, &net);
    deepid_net_destroy(net);
    return status;
}

static int32_t build(deepid_ctx *ctx, void *unused)
{
    (void)unused;
    const int64_t extents[] = {2};
    deepid_builder *b = NULL;
    deepid_net *net = NULL;
    int32_t status = deepid_builder_create(ctx, 1, extents, &b);
    status = status ? status : deepid_builder_block_begin(b, 3, "identity", NULL);
    status = status ? status : deepid_builder_layer(b, "dense out=2");
    status = status ? status : deepid_builder_block_end(b);
    status = status ? status : deepid_builder_net(b, DEEPID_F32, &net);
    deepid_net_destroy(net);
    deepid_builder_destroy(b);
    return status;
}

static int32_t save(deepid_ctx *ctx, void *path)
{
    deepid_net *net = NULL;
    int32_t status = deepid_net_create(ctx, small, DEEPID_F64, &net);
    status = status ? status : deepid_net_save(net, path);
    deepid_net_destroy(net);
    return status;
}

static int32_t load(deepid_ctx *ctx, void *path)
{
    deepid_net *net = NULL;
    int32_t status = deepid_net_load(ctx, path, 0, &net);
    status = status ? status : deepid_net_load_weights(net, path, "deepid");
    deepid_net_destroy(net);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    char path[256];
    snprintf(path, sizeof path, "%s", temporary("kept.safetensors"));
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = make(ctx, small, DEEPID_F64);
    OK(deepid_net_save(net, path));
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
    survives_every_failing_allocation(
        "create, init, prepare, summary, clone", create_and_use,
        "input 6x6x2; conv2d out=4 kernel=3; 2 * identity { batchnorm; relu; conv2d out=4 kernel=3 }; identity "
        "shortcut=C { conv2d out=6 kernel=3 stride=2 padding=1 };"
        "preact out=6; flatten; dense out=2");
    survives_every_failing_allocation("family", make_family, NULL);
    survives_every_failing_allocation("builder", build, NULL);
    survives_every_failing_allocation("load", load, path);
    survives_every_failing_allocation("save", save, path);
    ctx = new_ctx(1);
    net = NULL;
    OK(deepid_net_load(ctx, path, 0, &net)); /* the saves that failed left the file whole */
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nets_come_back_bit_for_bit),
        cmocka_unit_test(a_file_can_be_loaded_in_the_other_type),
        cmocka_unit_test(long_residual_nets_come_back_too),
        cmocka_unit_test(pytorch_convolutions_are_turned),
        cmocka_unit_test(every_cut_and_every_addition_is_refused),
        cmocka_unit_test(every_turned_bit_is_found),
        cmocka_unit_test(lying_metadata_are_refused),
        cmocka_unit_test(lying_tensors_are_refused),
        cmocka_unit_test(headers_without_end_are_refused),
        cmocka_unit_test(refused_weights_change_nothing),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_file_of_ours_without_its_checksum_is_refused),
        cmocka_unit_test(nets_of_older_files_keep_their_padding),
        cmocka_unit_test(unused_tensors_of_any_dtype_are_left_aside),
        cmocka_unit_test(needed_tensors_of_another_dtype_are_named),
        cmocka_unit_test(repeated_layers_are_refused_before_they_are_built),
        cmocka_unit_test(what_json_takes_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
