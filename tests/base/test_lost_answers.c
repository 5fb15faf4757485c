/* A rename whose answer got lost, as a server's can: done or not, what the writer says is what happened. */
#include "support/support.h"

#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the server ------------------------------------------------------------------------------ */

static enum { ANSWERED, LOST, LOST_AND_REPLACED, SWEPT, FOLDER_GONE } server;

/* In place of the C library's, for this program. */
int rename(const char *from, const char *to)
{
    char other[500];
    if (server == SWEPT || server == FOLDER_GONE) {
        assert_return_code(unlink(from), errno);
        if (server == FOLDER_GONE)
            unlink(to);
        errno = ENOENT;
        return -1;
    }
    const int code = renameat(AT_FDCWD, from, AT_FDCWD, to);
    if (server == ANSWERED || code != 0)
        return code;
    if (server == LOST_AND_REPLACED) {
        snprintf(other, sizeof other, "%s.other", to);
        FILE *file = fopen(other, "w");
        assert_non_null(file);
        fputs("the other's", file);
        fclose(file);
        assert_int_equal(renameat(AT_FDCWD, other, AT_FDCWD, to), 0);
    }
    errno = ENOENT;
    return -1;
}

static const char *content(const char *path)
{
    static char text[64];
    FILE *file = fopen(path, "r");
    if (!file)
        return "none";
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    return text;
}

/* old NULL: there was no file. */
static void expect(int what, const char *old, int32_t status, const char *after)
{
    deepid_ctx *ctx = new_ctx(1);
    const char *path = temporary("target");
    unlink(path);
    server = ANSWERED;
    if (old)
        OK(dpid_file_replace(ctx, path, old, (int64_t)strlen(old)));
    server = what;
    assert_int_equal(dpid_file_replace(ctx, path, "ours", 4), status);
    assert_string_equal(content(path), after);
    if (status != DEEPID_OK)
        assert_non_null(strstr(deepid_ctx_error(ctx), "cannot replace"));
    deepid_ctx_destroy(ctx);
}

/* ---- tests ------------------------------------------------------------------------------------- */

static void a_lost_answer_is_no_failure(void **state)
{
    (void)state;
    expect(LOST, NULL, DEEPID_OK, "ours");
    expect(LOST, "old", DEEPID_OK, "ours");
}

static void a_file_that_another_replaced_since_was_written(void **state)
{
    (void)state;
    expect(LOST_AND_REPLACED, NULL, DEEPID_OK, "the other's");
    expect(LOST_AND_REPLACED, "old", DEEPID_OK, "the other's");
}

static void a_temporary_that_somebody_took_is_a_failure(void **state)
{
    (void)state;
    expect(SWEPT, NULL, DEEPID_ERR_IO, "none");
    expect(SWEPT, "old", DEEPID_ERR_IO, "old");
    expect(FOLDER_GONE, "old", DEEPID_ERR_IO, "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_answer_is_no_failure),
        cmocka_unit_test(a_file_that_another_replaced_since_was_written),
        cmocka_unit_test(a_temporary_that_somebody_took_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
