/* The page of a study: plain tables in, figures out. Each figure is a file figure_<name>.c that looks up what it
   needs; what is missing is said at the end of the page. */
#ifndef DPID_REPORT_STUDY_PAGE_H
#define DPID_REPORT_STUDY_PAGE_H

#include <deepid/table.h>
#include <deepid/verdict.h>

#include "base/base.h"
#include "evidence/evidence.h"
#include "report/page.h"
#include "study/registry.h"
#include "verdict/arms.h"
#include "verdict/summary.h"

/* ---- what a page is made of; all lent ------------------------------------------------------------ */

typedef struct {
    const char *word, *block; /* "D_start:looks_linear", "plain" */
    const char *reason;       /* why it was left out; NULL: it is in the study */
    int64_t depth;
    double rate; /* that it ran at; NaN or 0: not known */
} dpid_page_arm;

typedef struct {
    const char *arm, *word;
    const deepid_table *table; /* rows by layer, the column seed in front */
} dpid_page_probe;

typedef struct {
    const char *question, *subject; /* the headline; one line on what was studied */
    const char *command, *machine;  /* to repeat it; versions and machine in a line; may be "" */
    const char *files;              /* "results.csv, history.csv, ..."; may be "" */
    const char *deep_text;          /* of the deep net; may be "" */
    /* of the best constant predictor; what counts as no difference; NaN: from the losses */
    double const_loss, margin;
    const deepid_table *results; /* rows by arm: depth, seed, train_loss, valid_loss, diverged, ... */
    const deepid_table *history; /* rows by arm: seed, epoch, train_loss, valid_loss, ... */
    const dpid_page_arm *arm;
    int64_t arms;
    const dpid_page_probe *probe;
    int64_t probes;
    const deepid_verdict *verdict;     /* NULL: no answer, no evidence */
    const dpid_thresholds *thresholds; /* NULL: default */
    const char *data;                  /* what was read of a table; NULL or "": nothing is said */
    const char *budget;                /* what a budget bought and took, a sentence; NULL or "": none */
    const char *there;                 /* the files that a figure may name; NULL: every one */
} dpid_material;

/* ---- the page while it is written -------------------------------------------------------------------- */

typedef struct {
    const dpid_material *m;
    deepid_ctx *ctx;
    deepid_page *page;
    dpid_arena arena;
    int32_t status;        /* the first failure; later looks and texts are empty */
    dpid_summary sum;      /* seeds, margin, numbers by arm */
    dpid_string left_out;  /* figures without their input, and why */
    const char *pictures;  /* the folder of the figures' files; "": none are written */
    const char *figure;    /* the figure that is made */
    int32_t figure_charts; /* of it, so far */
} dpid_study_page;

/* A text made like printf, kept by the page; never NULL. */
const char *dpid_say(dpid_study_page *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "1 seed", "10 seeds". */
const char *dpid_counted(dpid_study_page *p, int64_t n, const char *thing);
/* count doubles kept by the page; NULL only when status says why. */
double *dpid_room(dpid_study_page *p, int64_t count);
void dpid_leave_out(dpid_study_page *p, const char *figure, const char *why);
/* Remember a failure. */
void dpid_note(dpid_study_page *p, int32_t status);

/* ---- arms ---------------------------------------------------------------------------------------------- */

const dpid_page_arm *dpid_find_arm(const dpid_study_page *p, const char *word);
/* "plain, depth 30", "... Adam": as a row of a figure. */
const char *dpid_arm_name(dpid_study_page *p, const char *word);
/* The pair that causes are asked of: word is "S" or "D", at its tuned rate where it has one ("D_rate"). */
const char *dpid_asked_of(dpid_study_page *p, const char *word);
/* " Both nets are those at their tuned rates." where causes are asked of them; else "". */
const char *dpid_tuned_words(dpid_study_page *p);
/* The median of an arm's training losses, in words. */
const char *dpid_median_words(dpid_study_page *p, const char *word);
/* "role=plain mark=dot": an arm keeps its colour in the whole report. */
const char *dpid_arm_style(dpid_study_page *p, const char *word);
bool dpid_arm_is_twin(const char *word); /* of the deep net, with a skip */
/* Is it shown there? where: DPID_SHOW_... */
bool dpid_arm_shows(const char *word, int32_t where);
/* Plain and skip nets apart: does this arm belong to the family of D? */
bool dpid_arm_is_plain(const dpid_study_page *p, const dpid_page_arm *arm);

/* ---- layers: one line a seed and the median ---------------------------------------------------------------- */

typedef struct {
    int64_t n, seeds; /* n 0: nothing */
    double *x;        /* 1 .. n, or the column asked for */
    double *value;    /* seeds rows of n */
    double *median;
    const char **name;
} dpid_layers;

/* A column of a probe; only rows of layers with weights when weights is true. */
dpid_layers dpid_layers_of(dpid_study_page *p, const char *arm, const char *word, const char *column, bool weights);
/* Thin lines for seeds, a thick one for the median. */
void dpid_draw_layers(dpid_study_page *p, deepid_chart *chart, const char *style, const char *label,
                      const dpid_layers *layers);
/* Ticks at 1, 5, 10 ... of n. */
void dpid_count_ticks(dpid_study_page *p, deepid_chart *chart, int64_t n);
/* The medians of up to four series as a table, a row a layer. */
deepid_table *dpid_layers_table(dpid_study_page *p, const char *columns, int64_t count,
                                const dpid_layers *const *series);

/* ---- parts of the page ---------------------------------------------------------------------------------------- */

/* A finished figure; chart and table are destroyed here. */
void dpid_add_figure(dpid_study_page *p, const char *headline, const char *explanation, deepid_chart *chart,
                     deepid_table *numbers, const char *file);
void dpid_add_figure_pair(dpid_study_page *p, const char *headline, const char *explanation, deepid_chart *first,
                          const char *first_caption, deepid_chart *second, const char *second_caption,
                          deepid_table *numbers, const char *file);
deepid_chart *dpid_new_chart(dpid_study_page *p, const char *x_name, const char *y_name, const char *axes);
deepid_table *dpid_new_table(dpid_study_page *p, const char *heading, const char *columns);

/* After a figure: away with the files that only an earlier page had. */
void dpid_clear_pictures(dpid_study_page *p);

void dpid_add_evidence(dpid_study_page *p);

/* The figures, in the order of the page; dpid_figure_<word> stands in a figure_*.c. */
#define DPID_FIGURES(X)                                                                                                \
    X(curves)                                                                                                          \
    X(depth)                                                                                                           \
    X(arms)                                                                                                            \
    X(shares)                                                                                                          \
    X(ladder)                                                                                                          \
    X(certificate)                                                                                                     \
    X(gradient_norm)                                                                                                   \
    X(gradient_accuracy)                                                                                               \
    X(response)                                                                                                        \
    X(overfitting)                                                                                                     \
    X(learned_identity)                                                                                                \
    X(lesion)                                                                                                          \
    X(linear_probe)                                                                                                    \
    X(dial)                                                                                                            \
    X(cka)
#define DPID_FIGURE(word) void dpid_figure_##word(dpid_study_page *p);
DPID_FIGURES(DPID_FIGURE)
#undef DPID_FIGURE

/* The whole page into a file, and its figures into the folder figures/ beside it. */
int32_t dpid_study_page_write(deepid_ctx *ctx, const dpid_material *material, const char *path);

#endif
