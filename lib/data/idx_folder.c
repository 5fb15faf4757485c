/* A folder of IDX files by the names under which they are published: MNIST and what is called like it, QMNIST, the six
   sets of EMNIST. */
#include "data/idx.h"

typedef struct {
    const char *prefix, *train, *test, *images, *labels;
} published;
static const published sets[] = {
    {"", "train", "t10k", "-images-idx3-ubyte", "-labels-idx1-ubyte"}, /* MNIST, Fashion-MNIST, KMNIST */
    {"", "train", "t10k", "-images.idx3-ubyte", "-labels.idx1-ubyte"}, /* as some unpack them */
    {"qmnist-", "train", "test", "-images-idx3-ubyte", "-labels-idx2-int"},
    {"emnist-byclass-", "train", "test", "-images-idx3-ubyte", "-labels-idx1-ubyte"},
    {"emnist-bymerge-", "train", "test", "-images-idx3-ubyte", "-labels-idx1-ubyte"},
    {"emnist-balanced-", "train", "test", "-images-idx3-ubyte", "-labels-idx1-ubyte"},
    {"emnist-letters-", "train", "test", "-images-idx3-ubyte", "-labels-idx1-ubyte"},
    {"emnist-digits-", "train", "test", "-images-idx3-ubyte", "-labels-idx1-ubyte"},
    {"emnist-mnist-", "train", "test", "-images-idx3-ubyte", "-labels-idx1-ubyte"},
};
enum { SETS = sizeof sets / sizeof *sets };
static const dpid_option options[] = {
    {"set", DPID_CHOICE, 0, 0, 0,
     "mnist|unpacked|qmnist|emnist-byclass|emnist-bymerge|emnist-balanced|emnist-letters|emnist-digits|emnist-mnist",
     false, "which of several"},
    {0},
};

/* With .gz behind where it is only there so. *there: one of the two is. */
static int32_t path_of(deepid_ctx *ctx, const char *folder, const published *set, bool test, bool labels,
                       dpid_string *out, bool *there)
{
    *out = (dpid_string){.ctx = ctx};
    dpid_string_format(out, "%s/%s%s%s", folder, set->prefix, test ? set->test : set->train,
                       labels ? set->labels : set->images);
    *there = out->status == DEEPID_OK && dpid_file_exists(out->text);
    if (out->status == DEEPID_OK && !*there) {
        dpid_string_add(out, ".gz");
        *there = out->status == DEEPID_OK && dpid_file_exists(out->text);
    }
    return out->status;
}

/* The set whose training pictures are there; MNIST where none is, whose files are then named. */
static int32_t find_set(deepid_ctx *ctx, const char *folder, const dpid_value *asked, const published **out)
{
    int32_t found = 0;
    *out = &sets[asked->given ? asked->i : 0];
    for (int32_t i = 0; i < SETS && !asked->given; i++) {
        dpid_string path;
        bool there = false;
        const int32_t status = path_of(ctx, folder, &sets[i], false, false, &path, &there);
        dpid_string_release(&path);
        DPID_TRY(status);
        if (there && found++ == 0)
            *out = &sets[i];
    }
    return found < 2 ? DEEPID_OK
                     : dpid_fail(ctx, DEEPID_ERR_SPEC, "idx: '%s' holds %d sets of pictures; say set=%s", folder, found,
                                 options[0].choices);
}

static int32_t load_part(deepid_ctx *ctx, const char *folder, const published *set, bool test,
                         const deepid_dataset *like, deepid_dataset **out)
{
    dpid_string images;
    dpid_string labels = {.ctx = ctx};
    bool there;
    int32_t status = path_of(ctx, folder, set, test, false, &images, &there);
    if (status == DEEPID_OK)
        status = path_of(ctx, folder, set, test, true, &labels, &there);
    if (status == DEEPID_OK)
        status = dpid_idx_load(ctx, images.text, labels.text, like, out);
    dpid_string_release(&labels);
    dpid_string_release(&images);
    return status;
}

int32_t dpid_idx_load_folder(deepid_ctx *ctx, const char *folder, const char *text, const deepid_dataset *like,
                             deepid_dataset **train, deepid_dataset **test)
{
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    const published *set;
    deepid_dataset *first = NULL;
    if (!folder || !train || !test)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "idx: folder, train and test must not be NULL");
    DPID_TRY(dpid_options_parse(ctx, "idx", dpid_span_of(text), options, values));
    DPID_TRY(find_set(ctx, folder, &values[0], &set));
    DPID_TRY(load_part(ctx, folder, set, false, like, &first));
    const int32_t status = load_part(ctx, folder, set, true, like ? like : first, test);
    if (status == DEEPID_OK)
        *train = first;
    else
        deepid_dataset_destroy(first);
    return status;
}

int32_t deepid_dataset_load_idx_folder(deepid_ctx *ctx, const char *folder, deepid_dataset **train,
                                       deepid_dataset **test)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, dpid_idx_load_folder(ctx, folder, NULL, NULL, train, test));
}
