/* One net on many machines: a residual net for pictures, data-parallel by OpenMPI (or any MPI-3).

       mpicc -O2 -I .. train_mpi.c ../common/flags.c $(pkg-config --cflags --libs deepid) -o train_mpi
       mpirun -n 4 train_mpi --data idx:FOLDER --steps 1000 --checkpoint resnet.ckpt --out resnet.safetensors

   Any number of ranks gives the same file, byte for byte. What a rank that dies does to the others: they wait for
   --limit seconds, write the checkpoint, say so and end with 1; the same command goes on from it, on as many ranks as
   are left. Called with SIGTERM (as Slurm does before the end of a job's time), all end after the same step, with a
   checkpoint. Guide: docs/distributed.md */
#include "common/flags.h"

#include <deepid/deepid.h>

#include <limits.h>
#include <mpi.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    const char *data, *checkpoint, *out, *batchnorm;
    int64_t depth, batch, shard, steps, seed, threads, limit, every;
} options;

static const flag flags[] = {
    {"data", "SPEC", "what depth_study takes: idx:FOLDER, cifar10:FOLDER ... (generated pictures)",
     .place = offsetof(options, data)},
    {"depth", "N", "layers, 6n + 2 (56)", .place = offsetof(options, depth), .least = 8, .most = 2000},
    {"batch", "N", "samples a step (128)", .place = offsetof(options, batch), .least = 1, .most = 1 << 20},
    {"shard", "N", "samples that a rank runs at once (32)", .place = offsetof(options, shard), .least = 1,
     .most = 1 << 20},
    {"batchnorm", "WORD", "over each shard, or over the whole batch: shard, batch (shard)",
     .place = offsetof(options, batchnorm)},
    {"steps", "N", "steps in all (100)", .place = offsetof(options, steps), .least = 1, .most = 1 << 30},
    {"every", "N", "steps between two checkpoints (100)", .place = offsetof(options, every), .least = 1,
     .most = 1 << 30},
    {"seed", "N", "of the start, the order and the crops (1)", .place = offsetof(options, seed), .least = 0,
     .most = INT_MAX},
    {"threads", "N", "of each rank (1)", .place = offsetof(options, threads), .least = 1, .most = 256},
    {"limit", "SECONDS", "how long a rank waits for the others (60)", .place = offsetof(options, limit), .least = 1,
     .most = 86400},
    {"checkpoint", "FILE",
     "written on the way; where it is there already, training goes on from it, with its batch, shard, "
     "batchnorm and seed",
     .place = offsetof(options, checkpoint)},
    {"out", "FILE", "the trained net", .place = offsetof(options, out)},
    {NULL},
};

static const program self = {
    .usage = "[flags]",
    .about = "Trains a residual net for pictures (He et al. 2015, section 4.2) on the ranks of an MPI job.",
    .ends = "0 done, 1 failed, 2 wrong use",
    .flags = flags,
};

/* ---- the exchange ------------------------------------------------------------------------------ */

typedef struct {
    double limit; /* seconds */
    char why[128 + MPI_MAX_ERROR_STRING];
} link_to_others;

static int32_t fail_mpi(link_to_others *link, int code, const char **why)
{
    int length = 0;
    MPI_Error_string(code, link->why, &length);
    *why = link->why;
    return code;
}

/* Looks often while an answer can come any moment, then seldom: a core that waits for long is somebody else's. */
static void wait_a_little(double waited)
{
    const double soon = 0.002;
    if (waited < soon)
        sched_yield();
    else
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
}

static int32_t wait_for(link_to_others *link, MPI_Request *request, const char **why)
{
    const double start = MPI_Wtime();
    for (int done = 0; !done;) {
        const int code = MPI_Test(request, &done, MPI_STATUS_IGNORE);
        if (code != MPI_SUCCESS)
            return fail_mpi(link, code, why);
        const double waited = MPI_Wtime() - start;
        if (!done && waited > link->limit) {
            snprintf(link->why, sizeof link->why, "no answer from the other ranks within %.0f seconds", link->limit);
            *why = link->why;
            return -1;
        }
        if (!done)
            wait_a_little(waited);
    }
    return 0;
}

static int32_t exchange(void *user, int32_t how, int64_t *numbers, int64_t count, const char **why)
{
    link_to_others *link = user;
    for (int64_t at = 0; at < count; at += INT_MAX) {
        MPI_Request request;
        const int n = count - at < INT_MAX ? (int)(count - at) : INT_MAX;
        const int code = MPI_Iallreduce(MPI_IN_PLACE, numbers + at, n, MPI_INT64_T,
                                        how == DEEPID_ALLREDUCE_SUM ? MPI_SUM : MPI_MAX, MPI_COMM_WORLD, &request);
        if (code != MPI_SUCCESS)
            return fail_mpi(link, code, why);
        const int32_t status = wait_for(link, &request, why);
        if (status != 0)
            return status;
    }
    return 0;
}

/* ---- training ------------------------------------------------------------------------------------ */

typedef struct {
    const options *options;
    int rank, ranks;
    link_to_others link;
    deepid_ctx *ctx;
    deepid_dataset *train, *valid;
    deepid_net *net;
    deepid_trainer *trainer;
} job;

#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        const int32_t status_ = (call);                                                                                \
        if (status_ != DEEPID_OK)                                                                                      \
            return status_;                                                                                            \
    } while (0)

static deepid_trainer *volatile stopped_by_signal;

static void stop(int number)
{
    (void)number;
    deepid_trainer_request_stop(stopped_by_signal);
}

static int32_t make_net(job *j)
{
    const deepid_dataset *d = j->train;
    TRY(deepid_resnet_pictures(j->ctx, j->options->depth, "identity", deepid_dataset_extent(d, 0),
                               deepid_dataset_extent(d, 1), deepid_dataset_extent(d, 2), 16, deepid_dataset_classes(d),
                               DEEPID_F32, &j->net));
    return deepid_net_init(j->net, "he mode=fan_out head=pytorch", (uint64_t)j->options->seed);
}

static int32_t make_trainer(job *j)
{
    const options *o = j->options;
    const int64_t samples = deepid_dataset_count(j->train);
    TRY(deepid_trainer_create(j->net, j->train, &j->trainer));
    TRY(deepid_trainer_set_optimizer(j->trainer, "sgd momentum=0.9 weight_decay=1e-4"));
    TRY(deepid_trainer_set_learning_rate(j->trainer, 0.1));
    TRY(deepid_trainer_set_schedule(j->trainer, "cosine warmup=20"));
    TRY(deepid_trainer_set_total_steps(j->trainer, o->steps));
    TRY(deepid_trainer_set_augmentation(j->trainer, "crop pad=4 flip=1"));
    TRY(deepid_trainer_set_batch(j->trainer, o->batch < samples ? o->batch : samples));
    TRY(deepid_trainer_set_seed(j->trainer, (uint64_t)o->seed));
    TRY(deepid_trainer_set_shards(j->trainer, o->shard));
    TRY(deepid_trainer_set_batchnorm(j->trainer, o->batchnorm));
    TRY(deepid_trainer_set_allreduce(j->trainer, exchange, &j->link, j->rank, j->ranks));
    stopped_by_signal = j->trainer;
    signal(SIGTERM, stop);
    if (!o->checkpoint || access(o->checkpoint, F_OK) != 0)
        return DEEPID_OK;
    TRY(deepid_trainer_load(j->trainer, o->checkpoint));
    return deepid_trainer_set_total_steps(j->trainer, o->steps); /* the schedule of a longer run, not the file's */
}

static int32_t open_job(job *j)
{
    TRY(deepid_ctx_set_threads(j->ctx, (int32_t)j->options->threads));
    TRY(deepid_dataset_open(j->ctx, j->options->data, (uint64_t)j->options->seed, &j->train, &j->valid));
    if (j->valid)
        TRY(deepid_dataset_normalize(j->valid, "channel", j->train));
    TRY(deepid_dataset_normalize(j->train, "channel", j->train));
    TRY(make_net(j));
    return make_trainer(j);
}

static int32_t tell(void *user, const deepid_event *event)
{
    const job *j = user;
    const int64_t step = deepid_event_step(event);
    const int64_t batch = j->options->batch;
    if (j->rank == 0 && (step % 10 == 0 || step == j->options->steps))
        fprintf(stderr, "step %lld, epoch %.2f, loss %.4f, %.0f pictures/s\n", (long long)step,
                deepid_event_epoch(event), deepid_event_loss(event),
                (double)((step - 1) % j->options->every + 1) * (double)batch / deepid_event_seconds(event));
    return 0;
}

/* All ranks hold the same; one of them writes. */
static int32_t save(const job *j, bool here)
{
    return here && j->options->checkpoint ? deepid_trainer_save(j->trainer, j->options->checkpoint) : DEEPID_OK;
}

static int32_t train(job *j)
{
    const options *o = j->options;
    int32_t status = DEEPID_OK;
    while (status == DEEPID_OK && deepid_trainer_steps_done(j->trainer) < o->steps) {
        const int64_t done = deepid_trainer_steps_done(j->trainer);
        const int64_t until = (done / o->every + 1) * o->every;
        status = deepid_trainer_fit(j->trainer, (until < o->steps ? until : o->steps) - done, tell, j);
        if (status == DEEPID_OK || status == DEEPID_STOPPED) {
            const int32_t saved = save(j, j->rank == 0);
            status = saved == DEEPID_OK ? status : saved;
        }
    }
    return status;
}

static int32_t finish(const job *j)
{
    double loss;
    double error;
    if (j->rank != 0)
        return DEEPID_OK;
    if (j->options->out)
        TRY(deepid_net_save(j->net, j->options->out));
    if (j->valid) {
        TRY(deepid_net_evaluate(j->net, j->valid, NULL, &loss, &error));
        printf("validation: loss %.6f, %.2f %% wrong\n", loss, 100 * error);
    }
    return DEEPID_OK;
}

/* The others may never answer again: what is done is kept by whoever is left (all would write the same bytes), and the
   job ends without them. */
static void give_up(const job *j, int32_t status)
{
    fprintf(stderr, "train_mpi: rank %d: %s\n", j->rank, deepid_ctx_error(j->ctx));
    if (status == DEEPID_ERR_CALLBACK && save(j, true) == DEEPID_OK && j->options->checkpoint)
        fprintf(stderr, "train_mpi: rank %d: %lld steps are kept in %s\n", j->rank,
                (long long)deepid_trainer_steps_done(j->trainer), j->options->checkpoint);
    fflush(NULL);
    MPI_Abort(MPI_COMM_WORLD, FAILED);
}

static void close_job(job *j)
{
    stopped_by_signal = NULL;
    deepid_trainer_destroy(j->trainer);
    deepid_net_destroy(j->net);
    deepid_dataset_destroy(j->train);
    deepid_dataset_destroy(j->valid);
    deepid_ctx_destroy(j->ctx);
}

int main(int argc, char **argv)
{
    options o = {.data = "gratings n=512 size=32 channels=3 classes=10",
                 .batchnorm = "shard",
                 .depth = 56,
                 .batch = 128,
                 .shard = 32,
                 .steps = 100,
                 .every = 100,
                 .seed = 1,
                 .threads = 1,
                 .limit = 60};
    const int code = flags_read(&self, argc, argv, &o);
    if (code >= 0)
        return code;
    job j = {.options = &o, .link = {.limit = (double)o.limit}};
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &j.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &j.ranks);
    int32_t status = deepid_ctx_create(&j.ctx);
    if (status == DEEPID_OK)
        status = open_job(&j);
    if (status == DEEPID_OK)
        status = train(&j);
    if (status == DEEPID_OK)
        status = finish(&j);
    if (status != DEEPID_OK && status != DEEPID_STOPPED)
        give_up(&j, status);
    if (status == DEEPID_STOPPED && j.rank == 0)
        fprintf(stderr, "train_mpi: %s\n", deepid_ctx_error(j.ctx));
    close_job(&j);
    MPI_Finalize();
    return printed(DONE);
}
