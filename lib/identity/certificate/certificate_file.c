/* A certificate as a folder: certificate.json, shallow.safetensors, deep.safetensors. Replaying it needs these, the
   data, and nothing else. */
#include "identity/certificate/certificate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define FORMAT 2
#define JSON_FILE "certificate.json"
enum { HASH_TEXT = 17 };

static const dpid_sealed_kind sealed = {"certificate", "write it again", FORMAT};

static const char *const net_words[DPID_PAIR] = {"shallow", "deep"};
static const char *const precision_words[DPID_CERTIFIED] = {"f32", "f64"};
static const char *const mode_words[DPID_MODES] = {"eval", "train"};

static int32_t path_of(deepid_ctx *ctx, const char *folder, const char *name, const char *ending, dpid_string *out)
{
    *out = (dpid_string){.ctx = ctx};
    dpid_string_format(out, "%s/%s%s", folder, name, ending);
    return out->status;
}

static void hash_text(uint64_t hash, char *out)
{
    snprintf(out, HASH_TEXT, "%016llx", (unsigned long long)hash);
}

/* ---- out: a number that is not finite is null ---------------------------------------------------- */

static void add_net(dpid_string *s, const deepid_net *net, const char *word)
{
    char hash[HASH_TEXT];
    hash_text(dpid_net_hash(net), hash);
    dpid_string_format(s,
                       ",\n\"%s\": {\"file\": \"%s.safetensors\", \"dtype\": \"%s\", \"blocks\": %d, \"layers\": %d, "
                       "\"hash\": \"%s\", \"net\": ",
                       word, word, precision_words[net->precision], net->blocks, net->layers, hash);
    dpid_string_json(s, net->text);
    dpid_string_add(s, "}");
}

static void add_comparison(dpid_string *s, dpid_comparison *c, const char *word)
{
    const char *name;
    double *value;
    dpid_string_format(s, "\"%s\": {", word);
    for (int32_t i = 0; (value = dpid_comparison_number(c, i, &name)); i++) {
        dpid_string_format(s, "%s\"%s\": ", i ? ", " : "", name);
        dpid_string_add_json(s, *value);
    }
    dpid_string_add(s, "}");
}

static void write_json(dpid_string *s, const deepid_certificate *c)
{
    char hash[HASH_TEXT];
    hash_text(c->data_hash, hash);
    dpid_string_format(s, "{\"format\": %d,\n\"sentence\": ", FORMAT);
    dpid_string_json(s, c->sentence);
    dpid_string_format(s, ",\n\"build\": %s,\n\"data\": {\"samples\": %lld, \"classes\": %lld, \"hash\": \"%s\"}",
                       deepid_build_info(), (long long)c->samples, (long long)c->classes, hash);
    for (int i = 0; i < DPID_PAIR; i++)
        add_net(s, c->net[i], net_words[i]);
    for (int p = 0; p < DPID_CERTIFIED; p++) {
        dpid_string_format(s, ",\n\"%s\": {", precision_words[p]);
        for (int m = 0; m < DPID_MODES; m++) {
            dpid_comparison copy = c->number[p][m];
            dpid_string_add(s, m ? ", " : "");
            add_comparison(s, &copy, mode_words[m]);
        }
        dpid_string_add(s, "}");
    }
    dpid_string_seal(s);
}

static int32_t save_net(const deepid_net *net, const char *folder, const char *word)
{
    dpid_string path;
    int32_t status = path_of(net->head.ctx, folder, word, ".safetensors", &path);
    if (status == DEEPID_OK)
        status = deepid_net_save(net, path.text);
    dpid_string_release(&path);
    return status;
}

/* The text last: a folder that is cut short has nets that its text does not know. */
static int32_t write_folder(const deepid_certificate *c, const char *folder)
{
    deepid_ctx *ctx = c->head.ctx;
    dpid_string path;
    dpid_string text = {.ctx = ctx};
    if (!folder)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "certificate: folder is NULL");
    DPID_TRY(dpid_folder_make(ctx, folder));
    for (int i = 0; i < DPID_PAIR; i++)
        DPID_TRY(save_net(c->net[i], folder, net_words[i]));
    write_json(&text, c);
    int32_t status = path_of(ctx, folder, JSON_FILE, "", &path);
    if (status == DEEPID_OK)
        status = text.status;
    if (status == DEEPID_OK)
        status = dpid_file_replace(ctx, path.text, text.text, text.length);
    dpid_string_release(&text);
    dpid_string_release(&path);
    return status;
}

int32_t deepid_certificate_write(const deepid_certificate *certificate, const char *folder)
{
    DPID_TRY(dpid_enter(certificate, DPID_MAGIC_CERTIFICATE));
    return dpid_leave(certificate->head.ctx, write_folder(certificate, folder));
}

/* ---- in ----------------------------------------------------------------------------------------------- */

typedef struct {
    deepid_ctx *ctx;
    const char *folder;
    const deepid_dataset *data;
    dpid_json_text text;
    deepid_net *net[DPID_PAIR];
    deepid_certificate *again;
    deepid_table *table;
} replay;

static int32_t damaged(const replay *r, const char *what)
{
    return dpid_fail(r->ctx, DEEPID_ERR_FORMAT, "'%s/" JSON_FILE "' is no complete certificate: %s", r->folder, what);
}

static int32_t read_json(replay *r)
{
    dpid_string path;
    int32_t status = path_of(r->ctx, r->folder, JSON_FILE, "", &path);
    if (status == DEEPID_OK)
        status = dpid_sealed_read(r->ctx, path.text, &sealed, &r->text);
    dpid_string_release(&path);
    return status;
}

/* The text behind keys outer and inner; NULL when it is not there. */
static const char *text_at(const replay *r, const char *outer, const char *inner)
{
    return dpid_json_string(dpid_json_get(dpid_json_get(r->text.root, outer), inner));
}

static int32_t check_data(const replay *r)
{
    char hash[HASH_TEXT];
    const char *written = text_at(r, "data", "hash");
    if (!written)
        return damaged(r, "it has no hash of the data");
    hash_text(deepid_dataset_hash(r->data), hash);
    if (strcmp(hash, written) != 0)
        return dpid_fail(r->ctx, DEEPID_ERR_ARGUMENT,
                         "certificate: the data has hash %s, it was made on data with hash %.*s", hash, HASH_TEXT,
                         written);
    return DEEPID_OK;
}

static int32_t load_net(replay *r, int i)
{
    char hash[HASH_TEXT];
    dpid_string path;
    const char *written = text_at(r, net_words[i], "hash");
    if (!written)
        return damaged(r, i == DPID_SHALLOW ? "it has no hash of the shallow net" : "it has no hash of the deep net");
    int32_t status = path_of(r->ctx, r->folder, net_words[i], ".safetensors", &path);
    if (status == DEEPID_OK)
        status = deepid_net_load(r->ctx, path.text, 0, &r->net[i]);
    if (status == DEEPID_OK)
        hash_text(dpid_net_hash(r->net[i]), hash);
    if (status == DEEPID_OK && strcmp(hash, written) != 0)
        status = dpid_fail(r->ctx, DEEPID_ERR_FORMAT,
                           "'%s' holds a net with hash %s, the certificate is about one with hash %.*s", path.text,
                           hash, HASH_TEXT, written);
    dpid_string_release(&path);
    return status;
}

/* ---- what differs ------------------------------------------------------------------------------------------ */

static int32_t read_number(const replay *r, const dpid_json *value, double *out)
{
    if (dpid_json_number(value, out))
        return DEEPID_OK;
    *out = (double)NAN;
    return dpid_json_is_null(value) ? DEEPID_OK : damaged(r, "a number is missing");
}

static int32_t compare_numbers(replay *r, int p, int m)
{
    const dpid_json *written = dpid_json_get(dpid_json_get(r->text.root, precision_words[p]), mode_words[m]);
    const char *name;
    const double *value;
    for (int32_t i = 0; (value = dpid_comparison_number(&r->again->number[p][m], i, &name)); i++) {
        char row[64];
        double both[2] = {0, *value};
        DPID_TRY(read_number(r, dpid_json_get(written, name), &both[0]));
        snprintf(row, sizeof row, "%s.%s.%s", precision_words[p], mode_words[m], name);
        if (both[0] != both[1] && !(isnan(both[0]) && isnan(both[1])))
            DPID_TRY(deepid_table_append(r->table, row, both));
    }
    return DEEPID_OK;
}

static int32_t run_replay(replay *r)
{
    DPID_TRY(read_json(r));
    DPID_TRY(check_data(r));
    for (int i = 0; i < DPID_PAIR; i++)
        DPID_TRY(load_net(r, i));
    DPID_TRY(deepid_certificate_create(r->net[DPID_SHALLOW], r->net[DPID_DEEP], r->data, &r->again));
    DPID_TRY(deepid_table_create(r->ctx, "number", "written,replayed", &r->table));
    for (int p = 0; p < DPID_CERTIFIED; p++)
        for (int m = 0; m < DPID_MODES; m++)
            DPID_TRY(compare_numbers(r, p, m));
    return DEEPID_OK;
}

static int32_t verify(deepid_ctx *ctx, const char *folder, const deepid_dataset *data, deepid_table **out)
{
    replay r = {.ctx = ctx, .folder = folder, .data = data, .text = {.arena = {.ctx = ctx}}};
    if (!folder || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "certificate: %s is NULL", folder ? "out" : "folder");
    if (!dpid_is(data, DPID_MAGIC_DATASET) || data->head.ctx != ctx)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "certificate: data is %s, expected a dataset of this context",
                         data ? "not one of this context" : "NULL");
    const int32_t status = run_replay(&r);
    if (status == DEEPID_OK)
        *out = r.table;
    else
        deepid_table_destroy(r.table);
    deepid_certificate_destroy(r.again);
    deepid_net_destroy(r.net[DPID_DEEP]);
    deepid_net_destroy(r.net[DPID_SHALLOW]);
    dpid_json_release(&r.text);
    return status;
}

int32_t deepid_certificate_verify(deepid_ctx *ctx, const char *folder, const deepid_dataset *data, deepid_table **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, verify(ctx, folder, data, out));
}
