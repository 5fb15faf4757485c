/* Statuses, sizes, contexts, text, files, tables. */
#include "support/support.h"

#include "base/base.h"

#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <math.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- statuses ---------------------------------------------------------------------------- */

static void statuses_keep_their_numbers(void **state)
{
    (void)state;
    static const char *const names[] = {"DEEPID_OK", "DEEPID_ERR_ARGUMENT", "DEEPID_ERR_SHAPE", "DEEPID_ERR_DTYPE", "DEEPID_ERR_MEMORY", "DEEPID_ERR_IO", "DEEPID_ERR_FORMAT", "DEEPID_ERR_LIMIT",
                                        "DEEPID_ERR_SPEC", "DEEPID_ERR_NUMERIC", "DEEPID_ERR_LABEL", "DEEPID_ERR_BUSY", "DEEPID_ERR_FORKED", "DEEPID_ERR_STATE", "DEEPID_ERR_CALLBACK",
                                        "DEEPID_STOPPED", "DEEPID_ERR_THREAD", "DEEPID_ERR_UNSUPPORTED"};
    for (int32_t i = 0; i < 18; i++)
        assert_string_equal(deepid_status_name(i), names[i]);
    assert_string_equal(deepid_status_name(18), "unknown status");
    assert_string_equal(deepid_status_name(-1), "unknown status");
}

/* ---- sizes and memory ------------------------------------------------------------------------ */

static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    int64_t out = 5;
    assert_false(dpid_mul(INT64_C(1) << 62, 2, &out));
    assert_false(dpid_mul(-1, 2, &out));
    assert_false(dpid_add(INT64_MAX, 1, &out));
    assert_false(dpid_round_up(INT64_MAX, 64, &out));
    const int64_t extents[] = {INT64_C(1) << 32, INT64_C(1) << 32};
    assert_false(dpid_product(2, extents, &out));
    assert_int_equal(out, 5);
    assert_true(dpid_round_up(65, 64, &out) && out == 128);
    deepid_ctx *ctx = new_ctx(1);
    void *memory = NULL;
    REFUSED(dpid_alloc(ctx, INT64_C(1) << 61, 8, "a matrix", &memory), DEEPID_ERR_LIMIT, "a matrix");
    OK(deepid_ctx_set_limit(ctx, "memory_bytes", 1000));
    REFUSED(dpid_alloc(ctx, 2000, 1, "a matrix", &memory), DEEPID_ERR_LIMIT, "limit memory_bytes 1000");
    assert_null(memory);
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

static int32_t tables_and_tensors(deepid_ctx *ctx, void *arg)
{
    deepid_table *table = NULL;
    deepid_tensor *tensor = NULL;
    deepid_tensor *copy = NULL;
    const int64_t extents[] = {3, 4};
    const double row[] = {1, 2};
    (void)arg;
    int32_t status = deepid_table_create(ctx, "row", "a,b", &table);
    for (int i = 0; i < 40 && status == DEEPID_OK; i++)
        status = deepid_table_append(table, "name", row);
    if (status == DEEPID_OK && !*deepid_table_text(table))
        status = DEEPID_ERR_MEMORY;
    if (status == DEEPID_OK)
        status = deepid_tensor_create(ctx, DEEPID_F32, 2, extents, &tensor);
    if (status == DEEPID_OK)
        status = deepid_tensor_clone(tensor, &copy);
    deepid_tensor_destroy(copy);
    deepid_tensor_destroy(tensor);
    deepid_table_destroy(table);
    return status;
}

static void every_failing_allocation_is_survived(void **state)
{
    (void)state;
    survives_every_failing_allocation("tables and tensors", tables_and_tensors, NULL);
}

/* ---- contexts ------------------------------------------------------------------------------------ */

static void *use_from_a_second_thread(void *arg)
{
    deepid_ctx *ctx = arg;
    deepid_table *table = NULL;
    return (void *)(intptr_t)deepid_table_create(ctx, "row", "a", &table);
}

static void a_second_thread_is_told_that_the_context_is_busy(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    pthread_t thread;
    void *status;
    OK(dpid_enter(ctx, DPID_MAGIC_CTX));
    assert_int_equal(pthread_create(&thread, NULL, use_from_a_second_thread, ctx), 0);
    pthread_join(thread, &status);
    assert_int_equal((intptr_t)status, DEEPID_ERR_BUSY);
    OK(dpid_leave(ctx, DEEPID_OK));
    deepid_ctx_destroy(ctx);
}

static void a_forked_child_is_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(2);
    (void)dpid_ctx_pool(ctx);
    const pid_t child = fork();
    if (child == 0) {
        deepid_table *table = NULL;
        _exit(deepid_table_create(ctx, "row", "a", &table) == DEEPID_ERR_FORKED ? 0 : 1);
    }
    int status = 1;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    deepid_ctx_destroy(ctx);
}

static void the_callers_rounding_mode_is_given_back_and_not_used(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    fesetround(FE_UPWARD);
    OK(dpid_enter(ctx, DPID_MAGIC_CTX));
    assert_int_equal(fegetround(), FE_TONEAREST);
    OK(dpid_leave(ctx, DEEPID_OK));
    assert_int_equal(fegetround(), FE_UPWARD);
    fesetround(FE_TONEAREST);
    deepid_ctx_destroy(ctx);
}

static void wrong_handles_are_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_table *table = NULL;
    OK(deepid_table_create(ctx, "row", "a", &table));
    assert_int_equal(deepid_tensor_fill((deepid_tensor *)table, 1), DEEPID_ERR_ARGUMENT);
    assert_int_equal(deepid_ctx_create(NULL), DEEPID_ERR_ARGUMENT);
    assert_int_equal(deepid_table_create(NULL, "row", "a", &table), DEEPID_ERR_ARGUMENT);
    REFUSED(deepid_ctx_set_threads(ctx, 1025), DEEPID_ERR_ARGUMENT, "threads is 1025, expected 0 to 1024");
    REFUSED(deepid_ctx_set_limit(ctx, "speed", 1), DEEPID_ERR_ARGUMENT, "unknown limit 'speed'");
    REFUSED(deepid_table_append(table, NULL, NULL), DEEPID_ERR_ARGUMENT, "must not be NULL");
    assert_string_equal(deepid_ctx_error(NULL), "");
    assert_true(isnan(deepid_table_get(table, 0, 0)));
    deepid_table_destroy(table);
    deepid_ctx_destroy(NULL);
    deepid_ctx_destroy(ctx);
}

static void long_sentences_stay_inside_and_whole(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    char text[2000];
    for (int i = 0; i + 2 < 2000; i += 2)
        memcpy(text + i, "\xc3\xa9", 3);
    dpid_fail(ctx, DEEPID_ERR_SPEC, "%s", text);
    const size_t length = strlen(deepid_ctx_error(ctx));
    assert_true(length < 512 && length % 2 == 0);
    deepid_ctx_destroy(ctx);
}

/* ---- text ------------------------------------------------------------------------------------------ */

static void numbers_read_back_exactly(void **state)
{
    (void)state;
    static const double values[] = {0, -0.0, 0.1, 1.0 / 3, 1e-308, 5e-324, 1.7976931348623157e308, -123456789.123, 2e-300, 9007199254740993};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        double back = 0;
        const dpid_number_text text = dpid_number(values[i]);
        assert_true(dpid_parse_double(text.text, (int64_t)strlen(text.text), &back));
        assert_memory_equal(&back, &values[i], 8);
    }
    assert_string_equal(dpid_number(0.1).text, "0.1");
    assert_string_equal(dpid_number((double)NAN).text, "nan");
    assert_string_equal(dpid_number(-(double)INFINITY).text, "-inf");
    assert_string_equal(dpid_number_f32(0.1f).text, "0.1");
    double value;
    assert_false(dpid_parse_double("1.5x", 4, &value));
    assert_false(dpid_parse_double("", 0, &value));
    assert_false(dpid_parse_double("0x1p3 ", 6, &value));
    int64_t whole;
    assert_false(dpid_parse_int("9223372036854775808", 19, &whole));
    assert_true(dpid_parse_int("-9223372036854775808", 20, &whole) && whole == INT64_MIN);
}

static void the_hosts_locale_does_not_matter(void **state)
{
    (void)state;
    static const char *const locales[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "ru_RU.UTF-8"};
    const char *set = NULL;
    for (int i = 0; i < 4 && !set; i++)
        set = setlocale(LC_NUMERIC, locales[i]);
    if (!set) {
        print_message("no locale with a decimal comma is installed\n");
        skip();
    }
    double value = 0;
    assert_string_equal(dpid_number(0.5).text, "0.5");
    assert_true(dpid_parse_double("0.5", 3, &value) && value == 0.5);
    setlocale(LC_NUMERIC, "C");
}

static void names_are_escaped_for_html_json_and_csv(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    dpid_string s = {.ctx = ctx};
    dpid_string_html(&s, "<b a=\"1\">&'\x01\xff\xe2\x80\xae");
    assert_string_equal(s.text, "&lt;b a=&quot;1&quot;&gt;&amp;&#39;\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    dpid_string_release(&s);
    dpid_string_json(&s, "a\"\\\n\x02");
    assert_string_equal(s.text, "\"a\\\"\\\\\\n\xef\xbf\xbd\"");
    dpid_string_release(&s);
    dpid_string_csv(&s, "=cmd(),\"x\"");
    assert_string_equal(s.text, "\"'=cmd(),\"\"x\"\"\"");
    dpid_string_release(&s);
    dpid_string_csv(&s, "-1.5");
    assert_string_equal(s.text, "-1.5");
    dpid_string_release(&s);
    deepid_ctx_destroy(ctx);
}

/* ---- files ------------------------------------------------------------------------------------------ */

static void replacing_a_file_is_all_or_nothing(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *path = temporary("file");
    uint8_t *bytes = NULL;
    int64_t count = 0;
    OK(dpid_file_replace(ctx, path, "old", 3));
    dpid_writer writer;
    OK(dpid_writer_open(ctx, path, &writer));
    OK(dpid_writer_write(&writer, "half of the new", 15));
    OK(dpid_file_read(ctx, path, &bytes, &count));
    assert_int_equal(count, 3);
    assert_string_equal((char *)bytes, "old");
    dpid_free(ctx, bytes);
    dpid_writer_discard(&writer);
    OK(dpid_writer_open(ctx, path, &writer));
    OK(dpid_writer_write(&writer, "new", 3));
    writer.written = 4; /* as if a byte had not arrived */
    REFUSED(dpid_writer_commit(&writer), DEEPID_ERR_IO, "3 bytes arrived of 4");
    OK(dpid_file_read(ctx, path, &bytes, &count));
    assert_string_equal((char *)bytes, "old");
    dpid_free(ctx, bytes);
    REFUSED(dpid_file_replace(ctx, "/nowhere/file", "x", 1), DEEPID_ERR_IO, "cannot write '/nowhere/file': No such file");
    REFUSED(dpid_file_replace(ctx, temporary(""), "x", 1), DEEPID_ERR_IO, "cannot ");
    deepid_ctx_destroy(ctx);
}

static void odd_files_are_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    uint8_t *bytes = NULL;
    int64_t count = 0;
    const char *fifo = temporary("fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    REFUSED(dpid_file_read(ctx, fifo, &bytes, &count), DEEPID_ERR_IO, "not a regular file");
    REFUSED(dpid_file_read(ctx, "/dev/zero", &bytes, &count), DEEPID_ERR_IO, "not a regular file");
    REFUSED(dpid_file_read(ctx, temporary("none"), &bytes, &count), DEEPID_ERR_IO, "cannot open");
    OK(dpid_file_replace(ctx, temporary("large"), "0123456789", 10));
    OK(deepid_ctx_set_limit(ctx, "file_bytes", 9));
    REFUSED(dpid_file_read(ctx, temporary("large"), &bytes, &count), DEEPID_ERR_LIMIT, "10 bytes, the limit file_bytes is 9");
    deepid_ctx_destroy(ctx);
}

/* ---- tables -------------------------------------------------------------------------------------------- */

static void tables_print_and_write(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_table *table = NULL;
    const double rows[][2] = {{1, 0.123456789}, {1000000, (double)INFINITY}};
    OK(deepid_table_create(ctx, "layer", "count,loss", &table));
    OK(deepid_table_append(table, "first", rows[0]));
    OK(deepid_table_append(table, "=second", rows[1]));
    assert_string_equal(deepid_table_text(table), "layer      count    loss\nfirst          1  0.1235\n=second  1000000     inf\n");
    const char *path = temporary("table.csv");
    OK(deepid_table_write_csv(table, path));
    uint8_t *bytes = NULL;
    int64_t count = 0;
    OK(dpid_file_read(ctx, path, &bytes, &count));
    assert_string_equal((char *)bytes, "layer,count,loss\nfirst,1,0.123456789\n\"'=second\",1000000,inf\n");
    dpid_free(ctx, bytes);
    assert_int_equal(deepid_table_find_column(table, "loss"), 1);
    assert_int_equal(deepid_table_find_column(table, "gain"), -1);
    deepid_table_destroy(table);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_keep_their_numbers),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(every_failing_allocation_is_survived),
        cmocka_unit_test(a_second_thread_is_told_that_the_context_is_busy),
        cmocka_unit_test(a_forked_child_is_refused),
        cmocka_unit_test(the_callers_rounding_mode_is_given_back_and_not_used),
        cmocka_unit_test(wrong_handles_are_refused),
        cmocka_unit_test(long_sentences_stay_inside_and_whole),
        cmocka_unit_test(numbers_read_back_exactly),
        cmocka_unit_test(the_hosts_locale_does_not_matter),
        cmocka_unit_test(names_are_escaped_for_html_json_and_csv),
        cmocka_unit_test(replacing_a_file_is_all_or_nothing),
        cmocka_unit_test(odd_files_are_refused),
        cmocka_unit_test(tables_print_and_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
