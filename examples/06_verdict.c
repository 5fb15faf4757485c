/* Why do the added layers hurt?   Usage: 06_verdict [SEEDS [STEPS]]

   A shallow and a deep net, the embedded spirals, every arm that applies; the verdict, finding by finding, and the
   report. The same with options, other data and other nets: depth_study. */
#include <deepid/deepid.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define TRY(call)                                                                                                      \
    if ((call) != DEEPID_OK) {                                                                                         \
        fprintf(stderr, "%s\n", ctx ? deepid_ctx_error(ctx) : "no context");                                           \
        return 1;                                                                                                      \
    }

static int32_t show_progress(void *user, const deepid_study_event *event)
{
    (void)user;
    fprintf(stderr, "\r%3.0f %%  %-40.40s", 100 * deepid_study_event_share(event), deepid_study_event_text(event));
    return 0;
}

/* A whole number of 1 to a billion, or 0. */
static int64_t count_of(const char *text)
{
    enum { MOST = 1000000000 };
    char *end;
    const long long n = strtoll(text, &end, 10);
    return end != text && *end == 0 && n >= 1 && n <= MOST ? n : 0;
}

int main(int argc, char **argv)
{
    const int64_t seeds = argc > 1 ? count_of(argv[1]) : 10;
    const int64_t steps = argc > 2 ? count_of(argv[2]) : 400;
    deepid_ctx *ctx = NULL;
    deepid_dataset *train = NULL;
    deepid_dataset *valid = NULL;
    deepid_study *study = NULL;
    deepid_verdict *verdict = NULL;

    if (argc > 3 || seeds == 0 || steps == 0) {
        fprintf(stderr, "usage: 06_verdict [SEEDS [STEPS]]\n");
        return 2;
    }
    signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is an error of writing, with a sentence */
    TRY(deepid_ctx_create(&ctx));
    TRY(deepid_dataset_open(ctx, "spirals n=256 noise=0.06", 77, &train, &valid));
    TRY(deepid_study_create(
        ctx, "input 2; dense out=16; batchnorm; relu;  2 * plain { dense out=16; batchnorm; relu }; dense out=2",
        "input 2; dense out=16; batchnorm; relu; 30 * plain { dense out=16; batchnorm; relu }; dense out=2", train,
        &study));
    TRY(deepid_study_set_validation(study, valid));
    TRY(deepid_study_set_seeds(study, seeds));
    TRY(deepid_study_set_number(study, "steps", (double)steps));
    TRY(deepid_study_set_number(study, "clip", 5));
    TRY(deepid_study_set_folder(study, "verdict")); /* resumes what is there */
    TRY(deepid_study_run(study, show_progress, NULL));
    TRY(deepid_study_judge(study, &verdict));
    fprintf(stderr, "\n");

    puts(deepid_verdict_answer(verdict));
    for (int64_t i = 0; i < deepid_verdict_count(verdict); i++)
        printf("%-16s %-14s %s\n", deepid_verdict_hypothesis(verdict, i), deepid_verdict_status(verdict, i),
               deepid_verdict_sentence(verdict, i));
    TRY(deepid_report_write(study, verdict, "verdict/report.html"));

    deepid_verdict_destroy(verdict);
    deepid_study_destroy(study);
    deepid_dataset_destroy(valid);
    deepid_dataset_destroy(train);
    deepid_ctx_destroy(ctx);
    return 0;
}
