/* CSV files in a line: what comes of a text. */
#include "support/csv.h"

#include "data/data.h"

const char *read_csv(deepid_ctx *ctx, const char *text, const char *options)
{
    static char out[2000];
    const char *path = temporary("cells.csv");
    deepid_dataset *data = NULL;
    write_text(path, text);
    if (deepid_dataset_load_csv(ctx, path, options, &data) != DEEPID_OK) {
        snprintf(out, sizeof out, "%s",
                 strstr(deepid_ctx_error(ctx), "',") ? strstr(deepid_ctx_error(ctx), "',") + 3 : deepid_ctx_error(ctx));
        return out;
    }
    size_t used = 0;
    for (int64_t i = 0; i < data->count; i++) {
        for (int64_t k = 0; k < dpid_shape_count(&data->sample); k++)
            used += (size_t)snprintf(out + used, sizeof out - used, "%s ",
                                     dpid_number(dpid_dataset_feature(data, i, k)).text);
        const char *name = deepid_dataset_class_name(data, data->labels ? data->labels[i] : -1);
        if (data->labels)
            used += (size_t)snprintf(out + used, sizeof out - used, name ? "[%s] " : "[%.0s%d] ", name ? name : "",
                                     data->labels[i]);
        for (int64_t k = 0; k < data->target_width; k++)
            used += (size_t)snprintf(out + used, sizeof out - used, "{%s} ",
                                     dpid_number(dpid_dataset_target(data, i, k)).text);
    }
    deepid_dataset_destroy(data);
    return out;
}

void read_as_expected(const csv_case *cases, size_t count)
{
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < count; i++) {
        const char *got = read_csv(ctx, cases[i].text, cases[i].options);
        if (strncmp(got, cases[i].expected, strlen(cases[i].expected)) != 0 || !*cases[i].expected)
            fail_msg("case %zu, '%s': '%s', expected '%s'", i, cases[i].text, got, cases[i].expected);
    }
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}
