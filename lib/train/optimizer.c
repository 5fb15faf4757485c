/* The optimisers and schedules, one row each. */
#include "train/optimizer.h"

#include <deepid/train.h>

#include "train/update.h"

#include <math.h>

/* ---- optimisers -------------------------------------------------------------------------- */

#define DECAY_OPTIONS                                                                                                  \
    {"weight_decay",                                                                                                   \
     DPID_REAL,                                                                                                        \
     0,                                                                                                                \
     0,                                                                                                                \
     1e6,                                                                                                              \
     NULL,                                                                                                             \
     false,                                                                                                            \
     "lambda of lambda/2 |w|^2 (adamw: share of w taken a step, times the rate)"},                                     \
    {                                                                                                                  \
        "decay", DPID_CHOICE, 0, 0, 0, "weights|all", false,                                                           \
            "what it acts on: matrices and kernels, or biases and scales too"                                          \
    }

static const dpid_option sgd_options[] = {
    {"momentum", DPID_REAL, 0, 0, 0.9999, NULL, false, "v = momentum v + g"},
    {"nesterov", DPID_INT, 0, 0, 1, NULL, false, "1: step along g + momentum v"},
    DECAY_OPTIONS,
    {0},
};
static const dpid_option adam_options[] = {
    {"beta1", DPID_REAL, 0.9, 0, 0.9999, NULL, false, "decay of the mean"},
    {"beta2", DPID_REAL, 0.999, 0, 0.999999, NULL, false, "decay of the square"},
    {"eps", DPID_REAL, 1e-8, 0, 1, NULL, false, "added to the root"},
    DECAY_OPTIONS,
    {0},
};
static const dpid_option rmsprop_options[] = {
    {"alpha", DPID_REAL, 0.99, 0, 0.999999, NULL, false, "decay of the square"},
    {"eps", DPID_REAL, 1e-8, 0, 1, NULL, false, "added to the root"},
    {"momentum", DPID_REAL, 0, 0, 0.9999, NULL, false, "of the scaled gradients"},
    DECAY_OPTIONS,
    {0},
};
static const dpid_option lbfgs_options[] = {
    {"memory", DPID_INT, 10, 1, 1000, NULL, false, "pairs of steps and gradient differences kept"},
    {0},
};

static const dpid_optimizer sgd = {
    .word = "sgd",
    .help = "v = momentum v + g; w -= rate v; options: momentum=0, nesterov=0, weight_decay=0, decay=weights|all",
    .options = sgd_options,
    .states = 1,
    .default_rate = 0.1,
    .decay_key = DPID_SGD_DECAY,
    .decay_all_key = DPID_SGD_DECAY_ALL,
    .update = DPID_ISA_TABLE(dpid_update_sgd)};
static const dpid_optimizer adam = {
    .word = "adam",
    .help = "Kingma and Ba 2015; options: beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0, decay=weights|all",
    .options = adam_options,
    .states = 2,
    .default_rate = 0.001,
    .decay_key = DPID_ADAM_DECAY,
    .decay_all_key = DPID_ADAM_DECAY_ALL,
    .update = DPID_ISA_TABLE(dpid_update_adam)};
static const dpid_optimizer adamw = {
    .word = "adamw",
    .help = "adam with decoupled weight decay (Loshchilov and Hutter 2019); options as adam",
    .options = adam_options,
    .states = 2,
    .default_rate = 0.001,
    .decay_key = DPID_ADAM_DECAY,
    .decay_all_key = DPID_ADAM_DECAY_ALL,
    .update = DPID_ISA_TABLE(dpid_update_adamw)};
static const dpid_optimizer rmsprop = {
    .word = "rmsprop",
    .help = "v = alpha v + (1-alpha) g^2; w -= rate g / (sqrt(v) + eps) (Tieleman and Hinton 2012); options: "
            "alpha=0.99, eps=1e-8, momentum=0, weight_decay=0, decay=weights|all",
    .options = rmsprop_options,
    .states = 2,
    .default_rate = 0.001,
    .decay_key = DPID_RMSPROP_DECAY,
    .decay_all_key = DPID_RMSPROP_DECAY_ALL,
    .update = DPID_ISA_TABLE(dpid_update_rmsprop)};
static const dpid_optimizer lbfgs = {
    .word = "lbfgs",
    .help = "limited-memory BFGS on all samples, a step an iteration (liblbfgs); options: memory=10",
    .options = lbfgs_options,
    .default_rate = 1,
    .decay_key = -1,
    .decay_all_key = -1,
    .whole = true};

static const void *const optimizers[] = {&sgd, &adam, &adamw, &rmsprop, &lbfgs};
const dpid_set dpid_optimizers = DPID_SET("optimizer", optimizers);

const char *deepid_optimizer_word(int64_t i)
{
    return dpid_set_word(&dpid_optimizers, i);
}

const char *deepid_optimizer_help(const char *word)
{
    return dpid_set_help(&dpid_optimizers, word);
}

/* ---- schedules ------------------------------------------------------------------------------ */

#define WARMUP                                                                                                         \
    {                                                                                                                  \
        "warmup", DPID_INT, 0, 0, 1 << 30, NULL, false, "steps of linear increase from 0"                              \
    }

static const dpid_option constant_options[] = {WARMUP, {0}};

static double constant_factor(const dpid_value *option, double share)
{
    (void)option;
    (void)share;
    return 1;
}

static const dpid_option step_options[] = {
    WARMUP,
    {"at", DPID_REAL, 0.75, 0, 1, NULL, false, "share of the steps after which the rate drops"},
    {"at2", DPID_REAL, 2, 0, 2, NULL, false, "and a second time; 2: never"},
    {"factor", DPID_REAL, 0.1, 0, 1, NULL, false, "factor of each drop"},
    {0},
};

static double step_factor(const dpid_value *option, double share)
{
    return (share >= option[1].r ? option[3].r : 1) * (share >= option[2].r ? option[3].r : 1);
}

static const dpid_option cosine_options[] = {
    WARMUP, {"floor", DPID_REAL, 0, 0, 1, NULL, false, "factor at the end"}, {0}};

/* Loshchilov and Hutter 2017, eq. 5 */
static double cosine_factor(const dpid_value *option, double share)
{
    const double pi = 3.14159265358979323846;
    const double s = share < 1 ? share : 1;
    return option[1].r + (1 - option[1].r) * (1 + cos(pi * s)) / 2;
}

static const dpid_schedule constant = {"constant", "the rate stays; options: warmup=0", constant_options,
                                       constant_factor};
static const dpid_schedule step = {
    "step", "the rate drops after shares of the steps; options: at=0.75, at2=2 (never), factor=0.1, warmup=0",
    step_options, step_factor};
static const dpid_schedule cosine = {"cosine", "the rate falls along half a cosine; options: floor=0, warmup=0",
                                     cosine_options, cosine_factor};

static const void *const schedules[] = {&constant, &step, &cosine};
const dpid_set dpid_schedules = DPID_SET("schedule", schedules);

const char *deepid_schedule_word(int64_t i)
{
    return dpid_set_word(&dpid_schedules, i);
}

const char *deepid_schedule_help(const char *word)
{
    return dpid_set_help(&dpid_schedules, word);
}
