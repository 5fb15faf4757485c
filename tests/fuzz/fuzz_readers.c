/* Fuzz targets for everything that reads what a stranger wrote. The first byte chooses the reader and its options,
   the rest is its file or text; files of data come plain, and packed in two parts.

   Coverage-guided:   sh tests/fuzz/run.sh SECONDS [READER [RUNS]]      (needs clang and its libclang-rt)
   Replay of files:   fuzz_readers FILE...                 (any compiler: the main below) */
#include <deepid/deepid.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes under a name in memory's file system. */
static const char *as_file(const char *name, const uint8_t *data, size_t size)
{
    static char path[64];
    snprintf(path, sizeof path, "/dev/shm/deepid-fuzz-%ld-%s", (long)getpid(), name);
    FILE *file = fopen(path, "wb");
    if (!file)
        abort();
    fwrite(data, 1, size, file);
    fclose(file);
    return path;
}

/* The same bytes as a .gz of two members. */
static const char *as_gz(const uint8_t *data, size_t size)
{
    static char path[64];
    snprintf(path, sizeof path, "/dev/shm/deepid-fuzz-%ld-packed", (long)getpid());
    for (int part = 0; part < 2; part++) {
        gzFile file = gzopen(path, part == 0 ? "wb1" : "ab1");
        const size_t half = part == 0 ? size / 2 : size - size / 2;
        if (!file || (half > 0 && gzwrite(file, data + (part == 0 ? 0 : size / 2), (unsigned)half) != (int)half) ||
            gzclose(file) != Z_OK)
            abort();
    }
    return path;
}

/* Writes the checks of a PNG's chunks anew, or nothing that was changed would come past them. */
static void check_again(uint8_t *png, size_t size)
{
    enum { SIGNATURE = 8, AROUND = 12 };
    for (size_t at = SIGNATURE; at + AROUND <= size && png[0] == 0x89;) {
        const size_t length =
            (size_t)png[at] << 24 | (size_t)png[at + 1] << 16 | (size_t)png[at + 2] << 8 | png[at + 3];
        if (length > size - at - AROUND)
            return;
        const uLong check = crc32(0, png + at + 4, (uInt)length + 4);
        for (int i = 0; i < 4; i++)
            png[at + 8 + length + (size_t)i] = (uint8_t)(check >> (24 - 8 * i));
        at += length + AROUND;
    }
}

/* The bytes as the one picture of a folder. */
static void read_pictures(deepid_ctx *ctx, int choice, const uint8_t *data, size_t size)
{
    enum { MEMORY = 4 << 20, OPTIONS = 8 };
    static const char *const options[OPTIONS] = {
        "",           "channels=1",          "channels=4 size=5x3", "size=7 fit=crop",
        "channels=3", "size=1x9 channels=1", "size=2 fit=crop",     "size=40x30 fit=crop channels=4",
    };
    static char folder[64];
    deepid_dataset *train = NULL;
    deepid_dataset *valid = NULL;
    if (!*folder) {
        char class[80];
        snprintf(folder, sizeof folder, "/dev/shm/deepid-fuzz-%ld-pictures", (long)getpid());
        snprintf(class, sizeof class, "%s/class", folder);
        if (mkdir(folder, 0777) != 0 || mkdir(class, 0777) != 0)
            abort();
    }
    uint8_t *copy = malloc(size + 1);
    if (!copy)
        abort();
    memcpy(copy, data, size);
    if (choice % 2)
        check_again(copy, size);
    as_file("pictures/class/one.png", copy, size);
    free(copy);
    deepid_ctx_set_limit(ctx, "memory_bytes", MEMORY);
    deepid_dataset_load_pictures(ctx, folder, options[choice % OPTIONS], &train, &valid);
    if (valid || (train && deepid_dataset_count(train) != 1))
        abort();
    deepid_dataset_destroy(train);
}

static const uint8_t one_label[] = {0, 0, 8, 1, 0, 0, 0, 1, 0};

/* What a reader of decimal numbers takes is finite. */
static void check_finite(deepid_ctx *ctx, const deepid_dataset *data)
{
    deepid_tensor *x = NULL;
    int64_t extents[4] = {1, 1, 1, 1};
    const int32_t rank = deepid_dataset_rank(data);
    for (int32_t i = 0; i < rank; i++)
        extents[i + 1] = deepid_dataset_extent(data, i);
    for (int64_t i = 0;
         i < deepid_dataset_count(data) && deepid_tensor_create(ctx, DEEPID_F64, rank + 1, extents, &x) == DEEPID_OK;
         i++) {
        if (deepid_dataset_copy(data, i, 1, x) == DEEPID_OK)
            for (int64_t k = 0; k < deepid_tensor_count(x); k++)
                if (!isfinite(((const double *)deepid_tensor_data(x))[k]))
                    abort();
        deepid_tensor_destroy(x);
    }
}

static void read_dataset(deepid_ctx *ctx, int which, int choice, const uint8_t *data, size_t size)
{
    static const char *const csv_options[] = {
        "",
        "label=first delimiter=;",
        "header=no delimiter=tab",
        "header=yes shape=2x1x1",
        "missing=mean decimal=, comment=#",
        "missing=drop delimiter=blank categories=1",
        "targets=1,2 keep=a,\"b c\",3",
        "label=1,2 drop=a",
        "skip=1 missing=drop",
        "header=yes skip=2 label=first categories=1",
    };
    enum { OPTIONS = sizeof csv_options / sizeof *csv_options };
    deepid_dataset *out = NULL;
    char labels[64];
    if (which == 1 && choice / 2 % 2) {
        read_pictures(ctx, choice / 4, data, size);
        return;
    }
    if (which == 0)
        strcpy(labels, as_file("labels", one_label, sizeof one_label));
    const char *path = choice % 2 ? as_gz(data, size) : as_file("data", data, size);
    if (which == 0)
        deepid_dataset_load_idx(ctx, path, labels, &out);
    else if (which == 1)
        deepid_dataset_load_cifar10(ctx, path, &out);
    else if (which == 2 && choice / 2 % 2)
        deepid_dataset_load_npz(ctx, path, choice / 4 % 2 ? "x=x y=x" : "layout=nchw", &out);
    else if (which == 2)
        deepid_dataset_load_npy(ctx, path, path, &out);
    else
        deepid_dataset_load_csv(ctx, path, csv_options[choice / 2 % OPTIONS], &out);
    if (which >= 2 && out)
        check_finite(ctx, out);
    deepid_dataset_destroy(out);
}

/* A file of another program's weights, matched by order and by names that a stranger wrote, too. */
static void read_weights(deepid_ctx *ctx, const char *path, const char *names)
{
    static const char text[] =
        "input 8x6x2; conv2d out=3 kernel=3; relu; maxpool kernel=2; flatten; dense out=5; relu; "
        "dense out=3";
    deepid_net *net = NULL;
    if (deepid_net_create(ctx, text, DEEPID_F32, &net) == DEEPID_OK) {
        deepid_net_load_weights(net, path, "pytorch match=order");
        deepid_net_load_weights_named(net, path, "pytorch", "features.0\nclassifier.0\nclassifier.3");
        deepid_net_load_weights_named(net, path, "deepid", names);
    }
    deepid_net_destroy(net);
}

static void read_net(deepid_ctx *ctx, int which, const uint8_t *data, size_t size)
{
    deepid_net *net = NULL;
    char *text = calloc(size + 1, 1);
    memcpy(text, data, size);
    if (which == 4) {
        const char *path = as_file("net", data, size);
        deepid_net_load(ctx, path, 0, &net);
        read_weights(ctx, path, text);
    } else if (which == 7) {
        const char *path = as_file("net", data, size);
        if (deepid_net_load_onnx(ctx, path, &net) == DEEPID_OK) {
            deepid_net_save_onnx(net, path);
            deepid_net_destroy(net);
            net = NULL;
            if (deepid_net_load_onnx(ctx, path, &net) != DEEPID_OK && !strstr(deepid_ctx_error(ctx), "no layer"))
                abort(); /* what we wrote we read */
        }
    } else if (which == 5) {
        deepid_net *again = NULL;
        if (deepid_net_create(ctx, text, DEEPID_F32, &net) == DEEPID_OK) {
            if (deepid_net_create(ctx, deepid_net_describe(net), DEEPID_F32, &again) != DEEPID_OK ||
                strcmp(deepid_net_describe(net), deepid_net_describe(again)) != 0)
                abort(); /* describe(create(text)) is stable */
            deepid_net_init(net, "he", 1);
        }
        deepid_net_destroy(again);
    } else {
        deepid_dataset *out = NULL;
        deepid_dataset_generate(ctx, text, 1, &out);
        deepid_dataset_destroy(out);
    }
    deepid_net_destroy(net);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { READERS = 8, MEMORY = 64 << 20 };
    deepid_ctx *ctx = NULL;
    if (size < 1 || deepid_ctx_create(&ctx) != DEEPID_OK)
        return 0;
    deepid_ctx_set_threads(ctx, 1);
    deepid_ctx_set_limit(ctx, "memory_bytes", MEMORY);
    deepid_ctx_set_limit(ctx, "layers", 200);
    deepid_ctx_set_limit(ctx, "tensor_elements", 1 << 16);
#ifdef DEEPID_FUZZ_READER /* one reader alone; the first byte still has its options */
    const int first = data[0] / 32 * 32 + DEEPID_FUZZ_READER;
#else
    const int first = data[0];
#endif
    const int which = first % READERS;
    if (which < 4)
        read_dataset(ctx, which, first / READERS, data + 1, size - 1);
    else
        read_net(ctx, which, data + 1, size - 1);
    if (deepid_ctx_memory(ctx) != 0)
        abort(); /* something was left behind */
    deepid_ctx_destroy(ctx);
    return 0;
}

#ifndef DEEPID_LIBFUZZER
int main(int argc, char **argv)
{
    static uint8_t bytes[1 << 20];
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (!file)
            return 1;
        LLVMFuzzerTestOneInput(bytes, fread(bytes, 1, sizeof bytes, file));
        fclose(file);
    }
    printf("%d inputs\n", argc - 1);
    return 0;
}
#endif
