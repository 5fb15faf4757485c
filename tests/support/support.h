/* What the tests share: an allocator that fails on request, random arrays, comparisons that say where. */
#ifndef DPID_TESTS_SUPPORT_H
#define DPID_TESTS_SUPPORT_H

#include <deepid/deepid.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- an allocator that counts, and fails the k-th call (and all later ones when sticky) ---- */

typedef struct {
    int64_t calls, live, fail_at; /* fail_at 0: never */
    bool sticky;
} failing_alloc;
void *failing_alloc_take(void *user, uint64_t bytes, uint64_t alignment);
void failing_alloc_give(void *user, void *memory, uint64_t bytes);

/* Call work(ctx, arg) with every allocation failing in turn, single and sticky: each failure is DEEPID_ERR_MEMORY,
   leaves no live block, and the call without failures is DEEPID_OK. work frees what it made. */
void survives_every_failing_allocation(const char *what, int32_t (*work)(deepid_ctx *ctx, void *arg), void *arg);

/* ---- contexts ---- */

/* A context with this many threads; fails the test when it cannot be made. */
deepid_ctx *new_ctx(int32_t threads);
/* Fails with the sentence of ctx when status is not DEEPID_OK. */
void ok_at(deepid_ctx *ctx, int32_t status, const char *call, const char *file, int line);
#define OK(call) ok_at(ctx, (call), #call, __FILE__, __LINE__)
/* status is expected and the sentence contains `part`. */
void refused_at(deepid_ctx *ctx, int32_t status, int32_t expected, const char *part, const char *file, int line);
#define REFUSED(call, expected, part) refused_at(ctx, (call), (expected), (part), __FILE__, __LINE__)

/* ---- numbers ---- */

/* Uniform in (low, high), by seed and place. */
void random_array(uint64_t seed, int64_t n, double low, double high, double *out);
/* Fails the test where got is further than tolerance from expected. */
void near_at(const char *what, double got, double expected, double tolerance);
/* Fails the test where the page lacks this part. */
void page_holds(const char *page, const char *part);
/* Hash of bytes, for "the same bits". */
uint64_t bits(const void *data, int64_t bytes);
/* A file's path in a fresh temporary folder that is removed at exit. Borrowed until the 16th next call. */
const char *temporary(const char *name);

/* ---- what the library holds ---- */

/* Data of a generator's text; n samples of `in` features with `out` targets each, in f32. */
deepid_dataset *generated(deepid_ctx *ctx, const char *text, uint64_t seed);
deepid_dataset *wrapped_targets(deepid_ctx *ctx, int64_t n, int64_t in, const float *x, int64_t out,
                                const float *targets);
/* The first n numbers of a parameter of a net in f32. */
void set_parameter(deepid_net *net, const char *name, const float *values, int n);
/* What stands in a row, in a column; a number of a finding. */
double table_number(const deepid_table *t, const char *row, const char *name);
double finding_number(const deepid_verdict *v, const char *hypothesis, const char *name);

/* A study and what it stands on; close_study destroys all of it. */
typedef struct {
    deepid_ctx *ctx;
    deepid_dataset *train, *valid;
    deepid_study *study;
} study_run;
void close_study(study_run *r);
/* What a study's results say of an arm's net of this seed; NaN: there is none. */
double study_result(deepid_ctx *ctx, deepid_study *study, const char *arm, uint64_t seed, const char *column);

/* ---- files ---- */

/* The bytes of a file, free() them; and a file of these bytes. */
char *read_bytes(const char *path, size_t *bytes);
void write_bytes(const char *path, const void *data, size_t bytes);
void write_text(const char *path, const char *text);
/* A temporary file of these bytes. */
const char *put_file(const char *name, const void *data, size_t bytes);
/* Writes the checksum of a sealed JSON file again, after a change to it. */
void seal_again(const char *path);
/* Turns bits first, first + stride, .. of a file, one at a time, and asks work(arg) to refuse each with
   DEEPID_ERR_FORMAT and a sentence that holds `part`. In the end the file is as it was. */
void every_turned_bit_is_refused(deepid_ctx *ctx, const char *path, size_t stride, const char *part,
                                 int32_t (*work)(void *arg), void *arg);

#endif
