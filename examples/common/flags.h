/* The command line of the smaller programs. One table of flags says what is read, what --help shows and what is said of
   a wrong one; shells complete from --help (lib/packaging/completion). */
#ifndef FLAGS_H
#define FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DONE = 0, FAILED = 1, USAGE = 2 };

typedef struct {
    const char *word;    /* without dashes; NULL ends the table */
    const char *value;   /* what follows, as --help calls it: "N"; NULL: nothing does, and the place is a bool */
    const char *help;    /* one line */
    size_t place;        /* in the program's options: of a text or, with a range, of an int64_t */
    int64_t least, most; /* the range of a whole number; 0 and 0: a text that is not empty */
    const char *(*known)(int64_t i); /* the words that the value begins with: "help" lists them; NULL: no list */
    const char *(*says)(const char *word);
    char letter; /* -q; 0: none */
} flag;

typedef struct {
    const char *usage; /* behind the program's name, one line a form */
    const char *about; /* what it does */
    const char *names; /* lines of --help for what is not a flag, NULL: nothing is */
    const char *ends;  /* the exit codes */
    const flag *flags;
    size_t place; /* in the options: an array of const char *, for what is not a flag */
    int most;     /* its length */
} program;

/* Fills options. --help and --version are flags of every program. -1: go on; else the exit code. */
int flags_read(const program *p, int argc, char **argv, void *options);
/* "NAME: sentence" on standard error, NAME as the program was called. Returns USAGE. */
int wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What was printed is there: a full disk or a closed pipe is told. Returns the exit code. */
int printed(int code);

#endif
