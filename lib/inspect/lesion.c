/* Lesion: dL(k) = L(net with block k replaced by the identity) - L
   (Veit et al. 2016, section 4.1), where the block's shapes allow it; evaluation mode, population statistics. */
#include "inspect/probe.h"

#include "train/trainer.h"

#include <math.h>
#include <string.h>

static const dpid_option options[] = {{"samples", DPID_INT, 0, 0, 1 << 24, NULL, false, "samples looked at; 0: all"},
                                      {0}};

typedef struct {
    double loss, wrong; /* sums over samples */
} score;

typedef struct {
    deepid_net *net;
    const deepid_trainer *trainer; /* lends the loss of these data */
    int32_t *labels;
    void *targets;
    score *score;    /* [0] as it stands, [k] without block k */
    int32_t *behind; /* [k - 1]: the step behind block k */
} lesions;

static bool keeps_shape(const deepid_net *net, const dpid_block_info *block)
{
    return dpid_shape_equal(&net->value[block->in].shape, &net->value[block->out].shape);
}

static void add_score(const lesions *l, int64_t n, score *s)
{
    deepid_net *net = l->net;
    const int64_t width = dpid_shape_count(&net->value[net->step[net->steps - 1].out].shape);
    dpid_loss_pass pass = {.option = l->trainer->loss_option,
                           .n = n,
                           .width = width,
                           .z = dpid_net_output(net),
                           .labels = l->labels,
                           .targets = l->targets};
    l->trainer->loss->run[net->head.ctx->isa][net->precision](&pass);
    s->loss += pass.loss_sum;
    s->wrong += (double)pass.wrong;
}

/* From the last block to the first: what enters block k is still the whole net's when the blocks behind it have been
   replaced in turn. */
static int32_t take(void *user, int64_t first, int64_t n)
{
    const lesions *l = user;
    deepid_net *net = l->net;
    (void)first;
    add_score(l, n, &l->score[0]);
    for (int32_t k = net->blocks; k >= 1; k--) {
        const dpid_block_info *block = &net->block[k - 1];
        const int64_t bytes = n * dpid_shape_count(&net->value[block->in].shape) * dpid_precision_bytes(net->precision);
        if (!keeps_shape(net, block))
            continue;
        memcpy((void *)dpid_net_value(net, block->out), dpid_net_value(net, block->in), (size_t)bytes); /* B(x) = x */
        dpid_net_run_from(net, l->behind[k - 1], DPID_EVAL, n);
        add_score(l, n, &l->score[k]);
    }
    return DEEPID_OK;
}

static int32_t append_rows(const dpid_probe_run *run, const score *sum)
{
    const deepid_net *net = run->net;
    const double n = (double)run->n;
    const double unknown = run->data->labels ? 0 : (double)NAN;
    for (int32_t k = 1; k <= net->blocks; k++) {
        const double gone = keeps_shape(net, &net->block[k - 1]) ? 0 : (double)NAN;
        const double loss = sum[k].loss / n + gone;
        const double error = sum[k].wrong / n + gone + unknown;
        const double row[] = {loss - sum[0].loss / n, error - sum[0].wrong / n, loss, error};
        DPID_TRY(deepid_table_append(run->table, net->block[k - 1].name, row));
    }
    return DEEPID_OK;
}

static int32_t measure(const dpid_probe_run *run, dpid_arena *arena, const deepid_trainer *trainer)
{
    deepid_net *net = run->net;
    const int64_t chunk = dpid_probe_chunk(net);
    lesions l = {.net = net, .trainer = trainer};
    DPID_TRY(dpid_arena_alloc(arena, net->blocks + 1, sizeof *l.score, "lesion", &l.score));
    DPID_TRY(dpid_arena_alloc(arena, net->blocks + 1, sizeof *l.behind, "lesion", &l.behind));
    for (int32_t t = 0; t < net->steps; t++)
        for (int32_t b = 0; b < net->blocks; b++)
            if (net->step[t].out == net->block[b].out)
                l.behind[b] = t + 1;
    if (run->data->labels)
        DPID_TRY(dpid_arena_alloc(arena, chunk, sizeof *l.labels, "lesion", &l.labels));
    if (run->data->target_width > 0)
        DPID_TRY(dpid_arena_alloc(arena, chunk * run->data->target_width, dpid_precision_bytes(net->precision),
                                  "lesion", &l.targets));
    DPID_TRY(dpid_probe_chunks(net, run->data, run->n, l.labels, l.targets, take, &l));
    return append_rows(run, l.score);
}

static int32_t fill_lesion(dpid_probe_run *run)
{
    dpid_arena arena = {.ctx = run->net->head.ctx};
    deepid_trainer *trainer = NULL;
    DPID_TRY(deepid_trainer_create(run->net, run->data, &trainer)); /* refuses data that the output does not fit */
    const int32_t status = measure(run, &arena, trainer);
    deepid_trainer_destroy(trainer);
    dpid_arena_release(&arena);
    return status;
}

const dpid_probe dpid_probe_lesion = {
    .word = "lesion",
    .help = "loss and error with each block replaced by the identity, and how much that changes them; NaN where the "
            "block changes the shape; options: samples=0 (all)",
    .heading = "block",
    .columns = "loss_change,error_change,loss,error",
    .options = options,
    .fill = fill_lesion,
    .evaluates = true,
};
