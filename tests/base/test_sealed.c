/* JSON in the context's memory, beside a host that uses jansson too; checksums; sealed files: a turned bit is found
   and named. */
#include "support/support.h"

#include "base/base.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* ---- checksums ----------------------------------------------------------------------------- */

/* XXH3's own test values: of nothing (xxhsum -H3 /dev/null), and the parts of a text give what the whole gives. */
static void a_checksum_is_xxh3_of_all_parts(void **state)
{
    (void)state;
    char text[1000];
    for (int i = 0; i < 1000; i++)
        text[i] = (char)(i * 7);
    const dpid_piece whole = {text, 1000};
    const dpid_piece parts[] = {{text, 1}, {text + 1, 0}, {text + 1, 600}, {text + 601, 399}};
    assert_string_equal(dpid_checksum_of(&whole, 0).text, "xxh3:2d06800538d394c2");
    assert_string_equal(dpid_checksum_of(&whole, 1).text, dpid_checksum_of(parts, 4).text);
    text[999] ^= 1;
    assert_string_not_equal(dpid_checksum_of(&whole, 1).text, "xxh3:2d06800538d394c2");
}

/* ---- JSON ------------------------------------------------------------------------------------- */

static const char mixed[] = "{\"a\": [1, -2.5, \"x\", null, {\"deep\": true}], \"b\": 0.1, \"c\": {}}";

static int32_t read_mixed(deepid_ctx *ctx, void *unused)
{
    (void)unused;
    dpid_json_text text;
    DPID_TRY(dpid_json_read(ctx, mixed, sizeof mixed - 1, &text));
    double number = 0;
    const bool same =
        dpid_json_number(dpid_json_get(text.root, "b"), &number) && number == 0.1 && dpid_json_count(text.root) == 3;
    dpid_json_release(&text);
    return same ? DEEPID_OK : DEEPID_ERR_FORMAT;
}

static void values_come_out_as_they_went_in(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    dpid_json_text text;
    int64_t whole = -1;
    double number = -1;
    OK(dpid_json_read(ctx, mixed, sizeof mixed - 1, &text));
    const dpid_json *a = dpid_json_get(text.root, "a");
    assert_int_equal(dpid_json_count(a), 5);
    assert_true(dpid_json_is_array(a) && dpid_json_is_object(dpid_json_at(a, 4)) &&
                dpid_json_is_null(dpid_json_at(a, 3)));
    assert_true(dpid_json_int(dpid_json_at(a, 0), &whole) && whole == 1);
    assert_true(dpid_json_number(dpid_json_at(a, 1), &number) && number == -2.5);
    assert_string_equal(dpid_json_string(dpid_json_at(a, 2)), "x");
    assert_false(dpid_json_int(dpid_json_at(a, 1), &whole)); /* no integer, no value, nothing there */
    assert_null(dpid_json_string(a));
    assert_null(dpid_json_get(a, "b"));
    assert_null(dpid_json_at(text.root, 0));
    assert_false(dpid_json_number(NULL, &number) || dpid_json_is_object(NULL) || dpid_json_count(NULL) != 0);
    char keys[8] = "";
    for (const char *key = NULL; dpid_json_next(text.root, &key);)
        strcat(keys, key);
    assert_string_equal(keys, "abc");
    dpid_json_release(&text);
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

static void what_is_no_json_says_why(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } rows[] = {{"", "not JSON, line 1"},
                {"{\n\"a\": }", "not JSON, line 2"},
                {"{\"a\": 1} x", "not JSON, line 1"},
                {"{\"a\": 1e999}", "not JSON, line 1"},
                {"{\"one\": 1,\n \"two\": 2, \"one\": 3}", "the key 'one' comes twice, in line 2"},
                {"{\"a\": {\"a key of more than twenty letters\": 1, \"a key of more than twenty letters\": 1}}",
                 "the key 'a key of more than twenty letters' comes twice, in line 1"},
                {"{\"q\\\"\": 1, \"q\\\"\": 2}", "the key 'q\\\"' comes twice, in line 1"},
                {"{\"\": 1, \"\": 2}", "the key '' comes twice, in line 1"}};
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        dpid_json_text text;
        OK(dpid_json_read(ctx, rows[i].text, (int64_t)strlen(rows[i].text), &text));
        if (text.root || !strstr(text.why, rows[i].why))
            fail_msg("%s: '%s', expected '%s'", rows[i].text, text.why, rows[i].why);
        dpid_json_release(&text);
    }
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

static void no_memory_for_json_is_no_memory(void **state)
{
    (void)state;
    survives_every_failing_allocation("JSON", read_mixed, NULL);
}

/* ---- a host that uses jansson too --------------------------------------------------------------- */

static int64_t host_calls;

static void *host_malloc(size_t bytes)
{
    host_calls++;
    return malloc(bytes);
}

static void host_free(void *memory)
{
    host_calls++;
    free(memory);
}

static void *read_many(void *unused)
{
    (void)unused;
    deepid_ctx *ctx = new_ctx(1);
    for (int i = 0; i < 200; i++)
        OK(read_mixed(ctx, NULL));
    deepid_ctx_destroy(ctx);
    return NULL;
}

/* Two threads read in contexts of their own while the host builds a value: its hooks are asked by it alone, and
   stay. */
static void a_hosts_own_jansson_is_left_alone(void **state)
{
    (void)state;
    pthread_t threads[2];
    json_malloc_t take;
    json_free_t give;
    json_set_alloc_funcs(host_malloc, host_free);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_many, NULL), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(host_calls, 0);
    json_t *list = json_array();
    assert_int_equal(json_array_append_new(list, json_integer(7)), 0);
    read_many(NULL);
    assert_int_equal(json_integer_value(json_array_get(list, 0)), 7);
    json_get_alloc_funcs(&take, &give);
    assert_true(take == host_malloc && give == host_free);
    json_decref(list);
    assert_true(host_calls > 0);
    json_set_alloc_funcs(malloc, free);
}

/* ---- sealed files --------------------------------------------------------------------------------- */

static const dpid_sealed_kind kind = {"list", "make it again", 4};

static void write_list(deepid_ctx *ctx, const char *path)
{
    dpid_string s = {.ctx = ctx};
    dpid_string_add(&s, "{\"format\": 4, \"name\": \"a \\\"list\\\"\",\n\"values\": [1, 2.5, null]");
    dpid_string_seal(&s);
    OK(s.status);
    OK(dpid_file_replace(ctx, path, s.text, s.length));
    dpid_string_release(&s);
}

typedef struct {
    deepid_ctx *ctx;
    const char *path;
} list_file;

static int32_t read_list(void *arg)
{
    const list_file *f = arg;
    dpid_json_text text;
    DPID_TRY(dpid_sealed_read(f->ctx, f->path, &kind, &text));
    assert_int_equal(dpid_json_count(dpid_json_get(text.root, "values")), 3);
    dpid_json_release(&text);
    return DEEPID_OK;
}

static int32_t read_list_in(deepid_ctx *ctx, void *path)
{
    return read_list(&(list_file){ctx, path});
}

static void a_sealed_file_is_json_for_others(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    write_list(ctx, temporary("list.json"));
    json_t *root = json_load_file(temporary("list.json"), JSON_REJECT_DUPLICATES, NULL);
    assert_int_equal(strlen(json_string_value(json_object_get(root, "checksum"))), DPID_CHECKSUM_BYTES);
    json_decref(root);
    deepid_ctx_destroy(ctx);
}

static void every_turned_bit_of_a_sealed_file_is_found(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    list_file f = {ctx, temporary("list.json")};
    write_list(ctx, f.path);
    OK(read_list(&f));
    every_turned_bit_is_refused(ctx, f.path, 1, "list.json' is a damaged list (", read_list, &f);
    OK(read_list(&f));
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

static void other_files_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
        bool seal;
    } rows[] = {
        {"",
         "is a damaged list (its last line is no checksum: cut, changed, or of a version that wrote none); make it "
         "again",
         false},
        {"{\"format\": 4}\n", "its last line is no checksum", false},
        {"{\"format\": 4,\n\"checksum\": \"xxh3:0000000000000000\"}\n",
         "its last line says xxh3:0000000000000000); make it again", false},
        {"{\"format\": 4,\n\"checksum\": \"xxh3:0000000000000000\"}", "its last line is no checksum", false},
        {"{\"format\": 5", "is a list of format 5, expected 4; make it again", true},
        {"{\"shape\": 5", "is a list of format 0, expected 4", true},
        {"{\"format\": 4, \"format\": 4", "(the key 'format' comes twice, in line 1)", true},
        {"[4", "(not JSON, line 2", true},
    };
    deepid_ctx *ctx = new_ctx(1);
    list_file f = {ctx, temporary("list.json")};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        dpid_string s = {.ctx = ctx};
        dpid_string_add(&s, rows[i].text);
        if (rows[i].seal)
            dpid_string_seal(&s);
        OK(dpid_file_replace(ctx, f.path, s.text, s.length));
        REFUSED(read_list(&f), DEEPID_ERR_FORMAT, rows[i].part);
        dpid_string_release(&s);
    }
    deepid_ctx_destroy(ctx);
}

static void no_memory_for_a_sealed_file_is_no_damage(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    char path[256];
    snprintf(path, sizeof path, "%s", temporary("list.json"));
    write_list(ctx, path);
    survives_every_failing_allocation("sealed file", read_list_in, path);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_checksum_is_xxh3_of_all_parts),
        cmocka_unit_test(values_come_out_as_they_went_in),
        cmocka_unit_test(what_is_no_json_says_why),
        cmocka_unit_test(no_memory_for_json_is_no_memory),
        cmocka_unit_test(a_hosts_own_jansson_is_left_alone),
        cmocka_unit_test(a_sealed_file_is_json_for_others),
        cmocka_unit_test(every_turned_bit_of_a_sealed_file_is_found),
        cmocka_unit_test(other_files_are_named),
        cmocka_unit_test(no_memory_for_a_sealed_file_is_no_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
