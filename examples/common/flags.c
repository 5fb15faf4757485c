/* One table of flags: read, shown, and told of. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* program_invocation_short_name, for who compiles by hand */
#endif
#include "common/flags.h"

#include <deepid/deepid.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int wrong(const char *format, ...)
{
    va_list list;
    fprintf(stderr, "%s: ", program_invocation_short_name);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fprintf(stderr, "\n");
    return USAGE;
}

int printed(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    wrong("cannot write to the standard output: %s", strerror(errno));
    return code == DONE ? FAILED : code;
}

/* ---- --help --------------------------------------------------------------------------------- */

static int show_help(const program *p)
{
    const char *name = program_invocation_short_name;
    printf("usage: ");
    for (const char *at = p->usage; *at; at += strcspn(at, "\n"), at += *at == '\n')
        printf("%s%s %.*s\n", at == p->usage ? "" : "       ", name, (int)strcspn(at, "\n"), at);
    printf("\n%s\n\n%s", p->about, p->names ? p->names : "");
    for (const flag *f = p->flags; f->word; f++) {
        char head[64];
        const char letter[] = {',', ' ', '-', f->letter, 0};
        snprintf(head, sizeof head, "%s%s%s%s", f->word, f->letter ? letter : "", f->value ? " " : "",
                 f->value ? f->value : "");
        printf("  --%-18s %s%s%s%s\n", head, f->help, f->known ? "; --" : "", f->known ? f->word : "",
               f->known ? " help lists them" : "");
    }
    printf("  --help, -h, --version\n\nexit codes: %s\n", p->ends);
    return printed(DONE);
}

static int list_words(const flag *f)
{
    for (int64_t i = 0; f->known(i); i++)
        printf(f->says ? "%-20s %s\n" : "%s\n", f->known(i), f->says ? f->says(f->known(i)) : NULL);
    return printed(DONE);
}

/* ---- reading ---------------------------------------------------------------------------------- */

static int read_value(const flag *f, void *options, const char *text)
{
    void *place = (char *)options + f->place;
    char *end;
    if (!f->value) {
        *(bool *)place = true;
        return -1;
    }
    if (f->known && strcmp(text, "help") == 0)
        return list_words(f);
    if (f->least == f->most) {
        *(const char **)place = text;
        return *text ? -1 : wrong("--%s is empty, expected %s", f->word, f->value);
    }
    errno = 0;
    const long long n = strtoll(text, &end, 10);
    if (errno || end == text || *end || n < f->least || n > f->most)
        return wrong("--%s is '%s', expected a whole number from %lld to %lld", f->word, text, (long long)f->least,
                     (long long)f->most);
    *(int64_t *)place = n;
    return -1;
}

static const flag *find(const program *p, const char *argument, size_t length)
{
    const bool whole = argument[1] == '-';
    for (const flag *f = p->flags; f->word; f++)
        if (whole ? strlen(f->word) == length - 2 && strncmp(f->word, argument + 2, length - 2) == 0
                  : f->letter && length == 2 && argument[1] == f->letter)
            return f;
    return NULL;
}

/* --word VALUE and --word=VALUE */
static int read_flag(const program *p, int argc, char **argv, int *at, void *options)
{
    const char *argument = argv[*at];
    const size_t length = argument[1] == '-' ? strcspn(argument, "=") : strlen(argument);
    const flag *f = find(p, argument, length);
    if (!f)
        return wrong("unknown flag %.*s; try %s --help", (int)length, argument, program_invocation_short_name);
    const char *value = argument[length] ? argument + length + 1 : NULL;
    if (!f->value && value)
        return wrong("--%s takes no value, here it is '%s'", f->word, value);
    if (f->value && !value && *at + 1 < argc && strncmp(argv[*at + 1], "--", 2) != 0)
        value = argv[++*at];
    if (f->value && !value)
        return wrong("missing value: --%s %s", f->word, f->value);
    return read_value(f, options, value);
}

int flags_read(const program *p, int argc, char **argv, void *options)
{
    int names = 0;
    for (int i = 1; i < argc; i++) {
        const char *argument = argv[i];
        int code = -1;
        if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0)
            return show_help(p);
        if (strcmp(argument, "--version") == 0) {
            printf("%s, deepid %s\n", program_invocation_short_name, deepid_version());
            return printed(DONE);
        }
        if (argument[0] == '-' && argument[1])
            code = read_flag(p, argc, argv, &i, options);
        else if (names < p->most)
            ((const char **)(void *)((char *)options + p->place))[names++] = argument;
        else
            code = wrong("unexpected '%s'; try %s --help", argument, program_invocation_short_name);
        if (code >= 0)
            return code;
    }
    return -1;
}
