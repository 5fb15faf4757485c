/* The tests of one folder, a file each: the name that the program is called by says which runs.   CMakeLists.txt */
#include <stdio.h>
#include <string.h>

/* the main functions of the files; most take no arguments, which no more matters here than where the C library calls */
#define TEST(name) int name(int argc, char **argv);
#include DPID_TESTS
#undef TEST

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} tests[] = {
#define TEST(name) {#name, name},
#include DPID_TESTS
};

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');
    const char *name = slash ? slash + 1 : argv[0];
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        if (strcmp(tests[i].name, name) == 0)
            return tests[i].run(argc, argv);
    fprintf(stderr, "%s is no test; call this program by the name of one:\n", name);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        fprintf(stderr, "  %s\n", tests[i].name);
    return 2;
}
