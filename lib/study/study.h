/* The inside of a study: its settings, its arms, and the graph of tasks that follows from them.
   settings.c sets, recipe.c reads what was set, rehearsal.c tries it · arm.c lists the arms, arms.c makes those of one
   study · plan.c numbers the tasks and knows what each stands on · pace.c, market.c, budget.c and plan_file.c buy less
   of them · run.c hands them to workers · worker.c trains, measure.c measures what is minimised, probe_task.c probes ·
   tuning.c chooses rates · task_file.c, listing.c, claim.c, heart.c and folder.c keep the folder · tables.c and write.c
   tell what came out, collect.c tells it to the verdict */
#ifndef DPID_STUDY_STUDY_H
#define DPID_STUDY_STUDY_H

#include <deepid/study.h>

#include "base/base.h"
#include "data/data.h"
#include "net/net.h"
#include "study/budget.h"
#include "study/registry.h"
#include "verdict/evidence.h"

/* ---- settings ---------------------------------------------------------------------------- */

typedef enum {
    DPID_TEXT_INIT,
    DPID_TEXT_OPTIMIZER,
    DPID_TEXT_SCHEDULE,
    DPID_TEXT_LOSS,
    DPID_TEXT_AUGMENTATION,
    DPID_TEXT_STORAGE,
    DPID_TEXT_LOSS_SCALE,
    DPID_TEXT_ARMS,
    DPID_TEXT_PROBES,
    DPID_TEXT_FAMILY,
    DPID_TEXT_BLOCK,
    DPID_TEXT_SUBJECT,
    DPID_TEXT_REPLAY,
    DPID_TEXTS
} dpid_study_text;

typedef enum {
    DPID_NUMBER_RATE,
    DPID_NUMBER_CLIP,
    DPID_NUMBER_BATCH,
    DPID_NUMBER_STEPS,
    DPID_NUMBER_EPOCHS,
    DPID_NUMBER_POINTS,
    DPID_NUMBER_DTYPE,
    DPID_NUMBER_FIRST_SEED,
    DPID_NUMBER_SEEDS,
    DPID_NUMBER_TUNING_SEEDS,
    DPID_NUMBER_PROBE_SEEDS,
    DPID_NUMBER_SHALLOW_DEPTH,
    DPID_NUMBER_DEEP_DEPTH,
    DPID_NUMBER_BUDGET,
    DPID_NUMBER_THREADS,
    DPID_NUMBER_SHARD,
    DPID_NUMBER_SHARDS,
    DPID_NUMBER_TASK,
    DPID_NUMBER_TAKEOVER,
    DPID_NUMBERS
} dpid_study_number;

/* A net for the curve over depth. */
typedef struct {
    const char *word, *block, *text; /* "depth:plain:10"; text: canonical */
    int64_t depth;
} dpid_added_net;

/* ---- arms ----------------------------------------------------------------------------------- */

typedef struct dpid_study_arm {
    const dpid_arm_row *row;
    const char *word, *text, *block;
    const char *init, *optimizer, *start; /* start: for people */
    const char *loss, *augmentation, *loss_scale;
    const char *said;   /* in a sentence, where the row's words do not do */
    const char *reason; /* why it is left out; NULL: it is in */
    /* left out because it makes no sense for this net and recipe; then a verdict misses nothing */
    bool alien;
    bool impossible; /* left out because it cannot be made, though it would make sense */
    int64_t depth, steps, batch;
    int32_t dtype, parent, rate_of; /* arms; parent -1: none; rate_of: itself when tuned */
    int32_t better;                 /* of S and D: S_rate and D_rate where tuning looks for a rate; -1: it does not */
    bool skips;                     /* some block has a skip */
    bool tuned;                     /* tuning runs look for its rate */
    bool tried;                     /* has tuning runs at its one rate */
    bool settled, noise;            /* its rate is chosen; no rate left the constant predictor */
    int32_t low, high;              /* the rates that tuning has looked at so far, of DPID_RATES_MOST */
    double base_rate, rate;
    /* in multiply-adds, for the order of tasks and the time left: never for results */
    double step_cost, look_cost;
    int64_t first_task, first_tuning; /* numbers; -1: none */
} dpid_study_arm;

/* ---- tasks ------------------------------------------------------------------------------------ */

typedef enum { DPID_TASK_TRAIN, DPID_TASK_WITNESS, DPID_TASK_TUNE, DPID_TASK_PROBE } dpid_task_kind;
typedef enum { DPID_TASK_WAITING, DPID_TASK_RUNNING, DPID_TASK_DONE } dpid_task_state;
enum { DPID_HISTORY_COLUMNS = 6, DPID_TUNING_SEEDS_MAX = 16 };
/* Half-decades around the recipe's rate, which is number DPID_RATE_OWN: tuning begins with DPID_RATES of them, and can
   widen to all DPID_RATES_MOST. */
enum { DPID_RATES = 5, DPID_RATES_MOST = 13, DPID_RATE_OWN = 8 };

typedef struct {
    double epoch, train_loss, train_error, valid_loss, valid_error, rate;
} dpid_history;

typedef struct {
    /* equal: a witness, 1: every output has the bits of S's */
    double epochs, updates, rate, train_loss, train_error, valid_loss, valid_error, best_valid_loss, penalty, equal,
        seconds;
    /* measure.c; NaN: not asked of this recipe or net */
    double objective, batch_loss, batch8_loss, moving_loss;
} dpid_outcome;

/* Of a claim that this process holds: what its heart writes into it. */
typedef struct {
    char name[17]; /* the task's */
    uint64_t token;
    int64_t beats;
} dpid_beat;

/* Of a claim that another process holds, as it was looked at last. */
typedef struct {
    uint64_t seen;         /* a hash of it */
    double looked, silent; /* by the clock of this process; how long it was the same */
} dpid_watch;

typedef struct dpid_task {
    int64_t task;
    dpid_task_kind kind;
    int32_t arm;
    uint64_t seed;
    int32_t rate;   /* of a tuning run: which of the DPID_RATES_MOST */
    int32_t probe;  /* which of the probe table */
    int64_t parent; /* the task that must be done first; -1: none */
    bool wanted;    /* by this shard, and by the budget as it stands */
    bool held;      /* another process has it, as was found a moment ago */
    dpid_beat beat;
    dpid_watch watch;
    double cost;
    int64_t turn;          /* the lowest is done first, and of one turn the dearest */
    char *config;          /* all that decides the result, one "key=value" a line; NULL until the parents are done */
    char name[17];         /* its hash in hexadecimal: the result file's name */
    dpid_task_state state; /* while a run is on, under its lock */
    /* the result */
    bool diverged;
    char *reason; /* there is no result, and why; NULL: there is one */
    bool spared;  /* tuning showed that it is not needed: done, without a result or a file */
    dpid_outcome outcome;
    int64_t points, room;
    dpid_history *history;
    deepid_table *table;   /* of a probe, in the study's context or in ctx */
    deepid_ctx *ctx;       /* of what a worker of this process made, alive until the study goes */
    deepid_net *trained;   /* in memory when there is no folder */
    _Atomic double share;  /* of its work */
    double began;          /* while it runs: seconds since the run began */
    atomic_bool dropped;   /* the budget has given it up: it ends at its next step */
    atomic_bool elsewhere; /* another process has published it: it ends as well, and that result is read */
} dpid_task;

/* What makes the minimised quantity differ from the loss, whether D has a batch-norm, and what depth counts. dropout:
   of S, of D, whatever draws: of units, or of branches. */
typedef struct {
    const char *noise; /* what draws in the two, in a sentence: "dropout", "stochastic depth" */
    bool dropout[2], decay, smoothing, augmentation, batchnorm;
    bool by_blocks; /* depth counts blocks: both nets have some, and D more; else it counts layers */
} dpid_recipe;

/* ---- the study ----------------------------------------------------------------------------------- */

struct deepid_study {
    dpid_head head;
    dpid_arena arena;                    /* settings */
    const deepid_dataset *train, *valid; /* lent; valid may be NULL */
    char *text[DPID_TEXTS];
    double number[DPID_NUMBERS];
    dpid_thresholds thresholds;
    const char *shallow, *deep; /* canonical texts */
    int64_t outputs;            /* of the shallow net */
    dpid_added_net *added;
    int64_t added_count, added_room;
    char *folder;
    /* what follows from the settings: made by dpid_study_plan, dropped by any set */
    dpid_arena plan;
    int64_t seeds, tuning_seeds, probe_seeds; /* as asked for, or as many as the budget buys */
    dpid_choice choice;                       /* what it buys; lives until a setting changes */
    dpid_study_arm *arm;
    int32_t arms;
    dpid_task *task;
    int64_t tasks;
    dpid_recipe recipe;    /* what it has */
    const char *loss;      /* the recipe's; weights of classes are numbers, those of the training data */
    const char *told_loss; /* what losses are told in: the recipe's without smoothing */
    char data[64];         /* hashes of the data, as a configuration names them */
    int64_t nets;          /* tasks 0 .. nets-1 are trainings and witnesses, in the order of arms and seeds */
    bool at_work;          /* inside deepid_study_run: its callback may look, and change nothing */
    atomic_int stop;
};

/* The files in the order in which they call: each only those above it. */

/* task.c: a task in memory */
bool dpid_task_has_result(const dpid_task *task);
int32_t dpid_task_add_point(deepid_ctx *ctx, dpid_task *task, dpid_history point);
/* What a result of this process or of a file left in memory. */
void dpid_task_forget(deepid_study *study, dpid_task *task);
void dpid_tasks_forget(deepid_study *study); /* the tasks and their arena; the study's fields stay */
void dpid_study_forget(deepid_study *study); /* the plan and the budget's choice: any setting may change them */

/* arm.c */
int32_t dpid_arms_check(deepid_study *study, const char *words); /* words of the registry? */
bool dpid_arm_chosen(const char *list, const char *arm);
/* The list has it, or of S_bf16 and the like D_bf16: what a format costs a deep net is read beside a shallow one. */
bool dpid_arm_asked(const char *list, const char *arm);
bool dpid_list_next(const char **list, dpid_span *word); /* the next word of "a,b,c"; *word: dpid_span_of the list */

/* probes.c */
/* Appends it with its options, as deepid_net_inspect takes it. */
void dpid_probe_print(dpid_string *s, const deepid_study *study, const dpid_probe_row *probe,
                      const dpid_study_arm *arm);
/* Is there such a probe in this build, is it asked for, and is it about this arm? */
bool dpid_probe_applies(const deepid_study *study, const dpid_probe_row *probe, const dpid_study_arm *arm);
int32_t dpid_probes_check(deepid_study *study, const char *words);

/* settings.c */
/* Puts "study: KEY: " before the sentence of a failure; returns its status. */
int32_t dpid_study_blame(deepid_ctx *ctx, const char *key, int32_t status);
int32_t dpid_study_enter_to_change(deepid_study *study); /* dpid_enter; refused while it runs */
int64_t dpid_study_int(const deepid_study *study, dpid_study_number key);
int64_t dpid_study_steps(const deepid_study *study);
int64_t dpid_study_steps_per_epoch(const deepid_study *study);
/* key=value lines of all that decides the results. */
void dpid_study_config(const deepid_study *study, dpid_string *out);
int32_t dpid_settings_start(deepid_study *study);
/* Of a key of such a line: may a folder go on with another value? Then it says which tasks there are (arms, probes,
   seeds, added nets), never what one of them does. */
bool dpid_study_setting_grows(const char *key);

/* rehearsal.c: the net of a text with its start and a trainer by the recipe, in a context of its own, on one thread.
   use may be NULL; the study's context has the sentence. */
typedef int32_t dpid_recipe_use(const deepid_study *study, deepid_trainer *trainer, deepid_net *net,
                                const deepid_dataset *train, void *user);
int32_t dpid_recipe_build(const deepid_study *study, const char *text, dpid_recipe_use *use, void *user, char *error,
                          int64_t error_bytes);
int32_t dpid_recipe_check(const deepid_study *study); /* of S and of D */

/* recipe.c */
/* The loss of the recipe, with its smoothing and weights. */
int32_t dpid_study_loss(const deepid_study *study, dpid_arena *arena, const dpid_loss **loss, dpid_value *option);
/* Of the best constant predictor, in what losses are told in; NaN for NULL, and for a loss that the data do not fit. */
double dpid_study_constant_loss(const deepid_study *study, const deepid_dataset *data);
int32_t dpid_recipe_read(deepid_study *study);                                  /* into study->recipe */
bool dpid_recipe_minimises_more(const dpid_recipe *recipe);                     /* than the loss that is told */
int32_t dpid_study_keep(deepid_study *study, dpid_string *s, const char **out); /* in the plan's memory; releases s */
typedef struct {
    double lambda;
    bool all; /* of biases and scales too */
} dpid_decay;
int32_t dpid_recipe_decay(deepid_study *study, dpid_decay *out);
/* *out NULL: the optimiser has no weight decay. */
int32_t dpid_optimizer_with_decay(deepid_study *study, const char *optimizer, dpid_decay decay, const char **out);
/* The text of the recipe's loss, weights of classes as numbers; plain: without smoothing. */
int32_t dpid_recipe_loss(deepid_study *study, bool plain, const char **out);
int32_t dpid_recipe_augments(deepid_study *study, bool *augments);
bool dpid_net_has(const deepid_net *net, uint32_t flags); /* a layer with all of these DPID_KIND_... */

/* arm_storage.c: into the arm's text; its loss's scale. *reason: why it tells nothing here; NULL: it does. */
int32_t dpid_arm_store(deepid_study *study, dpid_study_arm *arm, const char **reason);

/* arms.c: fill study->arm */
int64_t dpid_study_layers(const deepid_net *net); /* layers with weights */
int32_t dpid_arms_make(deepid_study *study);      /* which there are, and which are asked for */
void dpid_arms_link(deepid_study *study);         /* whose rate each takes; after the budget */
bool dpid_steps_alone(const char *optimizer);     /* L-BFGS: no rate, all samples a step */
/* S_rate for S, D_rate for D, where tuning found a better rate: what others stand on. Else, and before tuning knows,
   the arm itself. */
int32_t dpid_arm_stand_in(const deepid_study *study, int32_t arm);
bool dpid_arm_is_spared(const dpid_study_arm *arm); /* S_rate, D_rate: tuning keeps the recipe's rate */
extern const char dpid_arm_spared_words[];
/* That its nets train at; NaN when it is not trained, has none, or is not settled. */
double dpid_arm_rate(const deepid_study *study, const dpid_study_arm *arm);
int32_t dpid_arm_find(const deepid_study *study, const char *word); /* -1: none */
/* Why another start, a word of D_start, makes no sense for this net; NULL: it does (arm_start.c). */
const char *dpid_start_no_way(const char *start, const deepid_net *net);

/* tuning.c: choose what can be chosen, and spare what is not needed then; after each tuning run. */
void dpid_tuning_settle(deepid_study *study);
double dpid_tuning_rate(const dpid_study_arm *arm, int32_t rate);
int64_t dpid_tuning_runs(const deepid_study *study, const dpid_study_arm *arm); /* tasks from first_tuning on */
/* Is it known that the task will run? Not of what only a wider grid or a better rate would need. */
bool dpid_task_is_needed(const deepid_study *study, const dpid_task *task);
/* What tuning says of an arm; tuning_loss NaN when its runs are not all done. */
typedef struct {
    double loss; /* mean at the rate, capped at the constant predictor's */
    int64_t rates, diverged;
    double lowest, highest;
    double other, gain; /* the best rate but the recipe's, and how far its mean is below that of the recipe's */
} dpid_tuning_summary;
dpid_tuning_summary dpid_tuning_sum_up(const deepid_study *study, const dpid_study_arm *arm, double rate);

/* task_file.c: one result file. ctx: whose errors and memory. */
int32_t dpid_task_publish(deepid_ctx *ctx, const deepid_study *study, const dpid_task *task);
bool dpid_result_exists(const deepid_study *study, const char *name); /* of a task; in any thread */
void dpid_study_ask_anew(const deepid_study *study); /* else NFS may say for a minute that there is none yet */
/* task->state tells whether there was one. */
int32_t dpid_task_read(deepid_ctx *ctx, const deepid_study *study, dpid_task *task);

/* listing.c: the results that a folder has, all asked for at once; none where there is no folder yet. */
typedef struct {
    uint64_t *hash; /* ascending */
    int64_t count, room;
} dpid_listing;
int32_t dpid_listing_read(const deepid_study *study, dpid_listing *out); /* released in every case */
bool dpid_listing_has(const dpid_listing *listing, const dpid_task *task);
void dpid_listing_release(const deepid_study *study, dpid_listing *listing);

/* folder.c: OUT/study.json says whose it is. */
int32_t dpid_study_check_folder(deepid_study *study);
int32_t dpid_study_make_folders(const deepid_study *study); /* and clears them of what killed runs left half written */
int32_t dpid_study_write_json(deepid_study *study, const char *replay);
/* Releases the text. */
int32_t dpid_study_write_text(const deepid_study *study, const char *name, dpid_string *text);

/* plan.c */
int32_t dpid_study_plan(deepid_study *study); /* arms, tasks, and what the folder holds; fine when it is done */
/* The plan anew after the budget's choice; what is done stays. */
int32_t dpid_study_plan_again(deepid_study *study);
/* Time is left: buys more of what was asked for. *more: there is something to do. */
int32_t dpid_study_buy_more(deepid_study *study, double elapsed, bool *more);
bool dpid_task_ready(const deepid_study *study, const dpid_task *task);
/* The task whose net it starts from; -1: none. What stands on S stands on S_rate where there is one. */
int64_t dpid_task_parent(const deepid_study *study, const dpid_task *task);
/* Config and name, once its parents are done. ctx: whose memory it takes for a moment; under the run's lock. */
int32_t dpid_task_configure(deepid_study *study, dpid_task *task);
void dpid_study_want(deepid_study *study);
const dpid_task *dpid_study_find_net(const deepid_study *study, int32_t arm, uint64_t seed);

/* One task in a context of its own. */
typedef struct {
    deepid_study *study;
    dpid_task *task;
    const dpid_study_arm *arm;
    deepid_ctx *ctx;
    deepid_dataset *train, *valid, *reference; /* views; reference: what batch-norm's statistics are measured on */
    deepid_net *net;
} dpid_job;

/* probe_task.c */
int32_t dpid_probe_run_task(dpid_job *job);
/* All seeds of one arm, the column seed in front; DEEPID_ERR_STATE when there is none. */
int32_t dpid_probe_table(deepid_study *study, int32_t arm, int32_t probe, deepid_table **out);

/* measure.c */
int32_t dpid_measure_penalty(const dpid_job *job, const deepid_net *net, double *penalty);
/* Left as it is where the loss is all that is minimised. */
int32_t dpid_measure_objective(const dpid_job *job, deepid_net *net, double *objective);
/* Of the job's net, when it has batch-norm. moving: its states with the moving averages. */
int32_t dpid_measure_batches(const dpid_job *job, void *moving, dpid_outcome *out);

/* worker.c */
/* DEEPID_STOPPED when the study was asked to stop. */
int32_t dpid_task_run(deepid_study *study, dpid_task *task, char *error, int64_t error_bytes);
/* The net of a training or a witness that is done, in any context; dtype 0: its own. */
int32_t dpid_task_net(deepid_ctx *ctx, const deepid_study *study, const dpid_task *task, deepid_net **out);

/* run.c makes it, event.c tells of it. */
struct deepid_study_event {
    dpid_head head;
    int64_t tasks, done;
    double share, seconds, seconds_left;
    char text[160];
};

/* claim.c */
/* STUCK: the name is no living claim's, and cannot be removed: a folder. FAILED: no claim could be written; the
   result will say why. */
typedef enum { DPID_CLAIM_MINE, DPID_CLAIM_HELD, DPID_CLAIM_STUCK, DPID_CLAIM_FAILED } dpid_claim;
/* A claim of a process that is gone, or has been silent for the takeover time, is taken over. */
dpid_claim dpid_task_claim(const deepid_study *study, dpid_task *task);
void dpid_task_watch(const deepid_study *study, dpid_task *task); /* looks at the claim of another process */
void dpid_claim_beat(const deepid_study *study, const dpid_beat *beat);
double dpid_beat_seconds(const deepid_study *study); /* from one to the next */
/* Of a task that is published: its process was killed before it let go. */
void dpid_task_clear_claim(const deepid_study *study, const dpid_task *task);
void dpid_task_unclaim(const deepid_study *study, const dpid_task *task); /* unless it was taken over */

/* heart.c */
typedef struct {
    deepid_study *study;
    pthread_mutex_t *mutex; /* of the run: over the tasks, and over end */
    pthread_cond_t news;
    pthread_t thread;
    bool beats, end;
} dpid_heart;
/* Nothing without a folder. Where no thread can be started others may take over, and both do the task. */
void dpid_heart_start(dpid_heart *heart, deepid_study *study, pthread_mutex_t *mutex);
void dpid_heart_stop(dpid_heart *heart);
/* Conditions by a clock that only runs forward: the other one may be set back an hour. */
void dpid_cond_init(pthread_cond_t *cond);
void dpid_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, double seconds);

#endif
