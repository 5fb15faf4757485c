#include "support/support.h"

#include "base/random.h"
#include "base/sealed.h"

#include <ftw.h>
#include <math.h>
#include <unistd.h>

/* ---- failing allocator ------------------------------------------------------- */

void *failing_alloc_take(void *user, uint64_t bytes, uint64_t alignment)
{
    failing_alloc *f = user;
    f->calls++;
    if (f->fail_at && (f->sticky ? f->calls >= f->fail_at : f->calls == f->fail_at))
        return NULL;
    f->live++;
    return aligned_alloc(alignment, bytes);
}

void failing_alloc_give(void *user, void *memory, uint64_t bytes)
{
    failing_alloc *f = user;
    (void)bytes;
    f->live--;
    free(memory);
}

static int32_t one_try(failing_alloc *f, int64_t fail_at, bool sticky, int32_t (*work)(deepid_ctx *, void *), void *arg)
{
    deepid_ctx *ctx = NULL;
    *f = (failing_alloc){0};
    assert_int_equal(deepid_ctx_create_with_allocator(failing_alloc_take, failing_alloc_give, f, &ctx), DEEPID_OK);
    OK(deepid_ctx_set_threads(ctx, 1));
    f->calls = 0;
    f->fail_at = fail_at;
    f->sticky = sticky;
    const int32_t status = work(ctx, arg);
    f->fail_at = 0;
    if (f->live != 1)
        fail_msg("%lld blocks are left after allocation %lld failed (%s)", (long long)f->live - 1, (long long)fail_at,
                 sticky ? "and all later" : "alone");
    deepid_ctx_destroy(ctx);
    return status;
}

void survives_every_failing_allocation(const char *what, int32_t (*work)(deepid_ctx *ctx, void *arg), void *arg)
{
    failing_alloc f;
    assert_int_equal(one_try(&f, 0, false, work, arg), DEEPID_OK);
    const int64_t calls = f.calls;
    for (int sticky = 0; sticky < 2; sticky++) {
        for (int64_t k = 1; k <= calls; k++) {
            const int32_t status = one_try(&f, k, sticky, work, arg);
            if (status != DEEPID_ERR_MEMORY)
                fail_msg("%s: allocation %lld of %lld failed, status is %s, expected DEEPID_ERR_MEMORY", what,
                         (long long)k, (long long)calls, deepid_status_name(status));
        }
    }
}

/* ---- contexts ------------------------------------------------------------------- */

deepid_ctx *new_ctx(int32_t threads)
{
    deepid_ctx *ctx = NULL;
    assert_int_equal(deepid_ctx_create(&ctx), DEEPID_OK);
    OK(deepid_ctx_set_threads(ctx, threads));
    return ctx;
}

void ok_at(deepid_ctx *ctx, int32_t status, const char *call, const char *file, int line)
{
    if (status == DEEPID_OK)
        return;
    print_error("%s:%d: %s\n  %s: %s\n", file, line, call, deepid_status_name(status), deepid_ctx_error(ctx));
    fail();
}

void refused_at(deepid_ctx *ctx, int32_t status, int32_t expected, const char *part, const char *file, int line)
{
    const char *sentence = deepid_ctx_error(ctx);
    if (status == expected && strstr(sentence, part))
        return;
    print_error("%s:%d: got %s \"%s\",\n  expected %s with \"%s\"\n", file, line, deepid_status_name(status), sentence,
                deepid_status_name(expected), part);
    fail();
}

/* ---- numbers ----------------------------------------------------------------------- */

void random_array(uint64_t seed, int64_t n, double low, double high, double *out)
{
    dpid_random r = dpid_random_make(seed, 1000, 0);
    for (int64_t i = 0; i < n; i++)
        out[i] = low + (high - low) * dpid_random_uniform(&r);
}

uint64_t bits(const void *data, int64_t bytes)
{
    return dpid_hash64(data, bytes, 0);
}

/* ---- files ---------------------------------------------------------------------------- */

static char folder[64];

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *ftw)
{
    (void)info;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *temporary(const char *name)
{
    enum { KEPT = 16, LONGEST = 256 };
    static char paths[KEPT][LONGEST];
    static int next;
    if (!folder[0]) {
        strcpy(folder, "/tmp/deepid-test-XXXXXX");
        if (!mkdtemp(folder))
            fail_msg("no temporary folder");
        atexit(remove_folder);
    }
    char *path = paths[next++ % KEPT];
    snprintf(path, LONGEST, "%s/%s", folder, name);
    return path;
}

/* ---- files ---------------------------------------------------------------------------- */

double study_result(deepid_ctx *ctx, deepid_study *study, const char *arm, uint64_t seed, const char *column)
{
    deepid_table *results = NULL;
    double value = (double)NAN;
    OK(deepid_study_results(study, &results));
    for (int64_t i = 0; i < deepid_table_rows(results); i++)
        if (strcmp(deepid_table_row_name(results, i), arm) == 0 &&
            deepid_table_get(results, i, deepid_table_find_column(results, "seed")) == (double)seed)
            value = deepid_table_get(results, i, deepid_table_find_column(results, column));
    deepid_table_destroy(results);
    return value;
}

char *read_bytes(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    const long length = ftell(file);
    rewind(file);
    char *data = calloc(1, (size_t)length + 1);
    assert_non_null(data);
    *bytes = fread(data, 1, (size_t)length, file);
    assert_int_equal(*bytes, length);
    fclose(file);
    return data;
}

void write_bytes(const char *path, const void *data, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

void write_text(const char *path, const char *text)
{
    write_bytes(path, text, strlen(text));
}

const char *put_file(const char *name, const void *data, size_t bytes)
{
    const char *path = temporary(name);
    write_bytes(path, data, bytes);
    return path;
}

deepid_dataset *generated(deepid_ctx *ctx, const char *text, uint64_t seed)
{
    deepid_dataset *data = NULL;
    OK(deepid_dataset_generate(ctx, text, seed, &data));
    return data;
}

deepid_dataset *wrapped_targets(deepid_ctx *ctx, int64_t n, int64_t in, const float *x, int64_t out,
                                const float *targets)
{
    deepid_dataset *data = NULL;
    const int64_t extents[] = {n, in};
    OK(deepid_dataset_wrap_targets(ctx, DEEPID_F32, x, 2, extents, NULL, DEEPID_F32, targets, out, &data));
    return data;
}

void set_parameter(deepid_net *net, const char *name, const float *values, int n)
{
    memcpy(deepid_net_parameter_data(net, name), values, sizeof *values * (size_t)n);
}

double table_number(const deepid_table *t, const char *row, const char *name)
{
    const int64_t column = deepid_table_find_column(t, name);
    assert_true(column >= 0);
    for (int64_t i = 0; i < deepid_table_rows(t); i++)
        if (strcmp(deepid_table_row_name(t, i), row) == 0)
            return deepid_table_get(t, i, column);
    fail_msg("there is no row %s in\n%s", row, deepid_table_text((deepid_table *)t));
    return 0;
}

void close_study(study_run *r)
{
    deepid_study_destroy(r->study);
    deepid_dataset_destroy(r->valid);
    deepid_dataset_destroy(r->train);
    deepid_ctx_destroy(r->ctx);
}

void page_holds(const char *page, const char *part)
{
    if (!strstr(page, part))
        fail_msg("the page has no '%s'", part);
}

double finding_number(const deepid_verdict *v, const char *hypothesis, const char *name)
{
    return deepid_verdict_number_named(v, deepid_verdict_find(v, hypothesis), name);
}

void near_at(const char *what, double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance))
        fail_msg("%s is %.17g, expected %.17g within %g", what, got, expected, tolerance);
}

void seal_again(const char *path)
{
    size_t bytes;
    char *text = read_bytes(path, &bytes);
    char *seal = strstr(text, ",\n\"checksum\": ");
    assert_non_null(seal);
    *seal = 0;
    deepid_ctx *ctx = new_ctx(1);
    dpid_string s = {.ctx = ctx};
    dpid_string_add(&s, text);
    dpid_string_seal(&s);
    OK(s.status);
    write_bytes(path, s.text, (size_t)s.length);
    dpid_string_release(&s);
    deepid_ctx_destroy(ctx);
    free(text);
}

void every_turned_bit_is_refused(deepid_ctx *ctx, const char *path, size_t stride, const char *part,
                                 int32_t (*work)(void *arg), void *arg)
{
    size_t bytes;
    char *data = read_bytes(path, &bytes);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    for (size_t bit = 0; bit < 8 * bytes; bit += stride) {
        const char turned = (char)(data[bit / 8] ^ 1 << bit % 8);
        assert_int_equal(pwrite(fileno(file), &turned, 1, (off_t)(bit / 8)), 1);
        const int32_t status = work(arg);
        if (status != DEEPID_ERR_FORMAT || !strstr(deepid_ctx_error(ctx), part))
            fail_msg("%s, bit %zu of %zu: %s \"%s\", expected \"%s\"", path, bit, 8 * bytes, deepid_status_name(status),
                     deepid_ctx_error(ctx), part);
        assert_int_equal(pwrite(fileno(file), &data[bit / 8], 1, (off_t)(bit / 8)), 1);
    }
    fclose(file);
    free(data);
}
