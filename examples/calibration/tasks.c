/* The planted causes. Recipes follow a prototype that judged each of them three times with ten seeds; sources stand beside the tasks. */
#include "calibration.h"

#include <stddef.h>

#define SPIRALS "spirals n=256 noise=0.06"
#define BN(k) "input 2; dense out=16; batchnorm; relu; " #k " * plain { dense out=16; batchnorm; relu }; dense out=2"
#define RELU(k) "input 2; dense out=16; relu; " #k " * plain { dense out=16; relu }; dense out=2"
#define TANH(k) "input 2; dense out=16; tanh; " #k " * plain { dense out=16; tanh }; dense out=2"
#define PAIRS(k) "input 2; dense out=16; relu; " #k " * identity { dense out=16; relu; dense out=16 }; dense out=2"
#define RESIDUAL(k) "input 2; dense out=16; batchnorm; relu; " #k " * identity { dense out=16; batchnorm; relu }; dense out=2"
#define CNN(k) "input 8x8x1; conv2d out=8 kernel=3 bias=0; batchnorm; relu; " #k " * plain { conv2d out=8 kernel=3 bias=0; batchnorm; relu }; global_avgpool; dense out=4"
#define LINEAR(k) "input 4; " #k " * plain { dense out=4 }; dense out=4"
#define SCALAR(k) "input 1; " #k " * plain { dense out=1 bias=0 }; dense out=1 bias=0"
#define CAST "gradient_cast format=f16 scale=2e-5"
#define HALF(k) "input 2; dense out=16; tanh; " CAST "; " #k " * plain { dense out=16; tanh; " CAST "; dense out=16; " CAST " }; dense out=2"
#define WRONG_BN(k)                                                                                                                                                                          \
    "input 2; dense out=16; batchnorm; relu; " #k " * plain { dense out=16; batchnorm eps=1e-6 backward_eps=1e-2; relu }; dense out=2"

#define SGD "sgd momentum=0.9"
#define REASONS "budget conditioning optimiser"

const task tasks[] = {
    {.id = "C1", .planted = "conditioning", .what = "batch-norm relu net of 30 blocks: the He start fails, the looks-linear start does not", .fast = true,
     .data = SPIRALS, .shallow = BN(2), .deep = BN(30), .init = "he", .optimizer = SGD, .rate = 0.03, .clip = 5, .batch = 64, .steps = 400,
     .must = "solver=confirmed conditioning=confirmed representation=refuted rounding=refuted range=refuted|not_applicable overfitting=refuted", .may = REASONS},
    {.id = "C2", .planted = "solver", .what = "relu net of 50 blocks without batch-norm: found late or by another optimiser",
     .data = SPIRALS, .shallow = RELU(2), .deep = RELU(50), .init = "he", .optimizer = SGD, .rate = 0.01, .clip = 5, .batch = 64, .steps = 400,
     .must = "solver=confirmed representation=refuted rounding=refuted", .may = REASONS},
    {.id = "C3", .planted = "conditioning", .what = "tanh net of 12 blocks from PyTorch's default start: gradients vanish",
     .data = SPIRALS, .shallow = TANH(2), .deep = TANH(12), .init = "pytorch_default", .optimizer = SGD, .rate = 0.03, .clip = 5, .batch = 64, .steps = 1200,
     .must = "solver=confirmed conditioning=confirmed", .may = REASONS},
    {.id = "C4", .planted = "none", .what = "residual pairs whose second layer starts at zero: depth does not hurt (control)",
     .data = SPIRALS, .shallow = PAIRS(2), .deep = PAIRS(30), .init = "zero_last", .optimizer = SGD, .rate = 0.03, .clip = 5, .batch = 64, .steps = 400,
     .must = "", .may = ""},
    {.id = "C5", .planted = "overfitting", .what = "the same with a fifth of the labels wrong: training gains, validation loses",
     .data = SPIRALS, .label_noise = 0.2, .shallow = PAIRS(2), .deep = PAIRS(30), .init = "zero_last", .optimizer = "adam", .rate = 3e-3, .clip = 5, .batch = 64, .steps = 1500,
     .must = "overfitting=confirmed", .may = ""},
    {.id = "C6", .planted = "solver", .what = "plain convolutions, 25 blocks of 8 channels, pictures of gratings",
     .data = "gratings n=256 size=8 classes=4 noise=0.7", .shallow = CNN(3), .deep = CNN(25), .init = "he", .arms = "W0,WT,D64,D_start,D_opt:adam,D_res", .optimizer = SGD, .rate = 0.05, .clip = 5, .batch = 32, .steps = 120,
     .must = "solver=confirmed representation=refuted", .may = REASONS},
    {.id = "C7", .planted = "conditioning", .what = "linear net of 32 layers from a Gaussian start (Saxe et al. 2014; Shamir 2019)",
     .data = "linear n=256 in=4 out=4 target=rotation", .shallow = LINEAR(2), .deep = LINEAR(32), .init = "lecun", .optimizer = SGD, .rate = 0.01, .batch = 0, .steps = 600,
     .must = "solver=confirmed conditioning=confirmed", .may = REASONS},
    {.id = "C8", .planted = "solver", .what = "a product of 33 numbers that must become one: exponential time (Shamir 2019)",
     .data = "linear n=256 in=1 out=1", .shallow = SCALAR(2), .deep = SCALAR(32), .init = "lecun", .optimizer = SGD, .rate = 0.01, .batch = 0, .steps = 600,
     .must = "solver=confirmed", .may = REASONS},
    {.id = "C9", .planted = "solver", .what = "linear net that starts at the identity, target diag(1, 1, 1, -1): the identity start is the problem (Bartlett et al. 2019)", .fast = true,
     .data = "linear n=256 in=4 out=4 target=reflection", .shallow = LINEAR(1), .deep = LINEAR(16), .init = "identity", .optimizer = SGD, .rate = 0.03, .batch = 0, .steps = 600,
     .must = "solver=confirmed", .may = REASONS},
    {.id = "C10", .planted = "representation", .what = "a bottleneck of 4 behind 8 features: the floor of rank 4 (Eckart and Young 1936)", .fast = true,
     .data = "linear n=256 in=8 out=8 target=rotation", .shallow = "input 8; 2 * plain { dense out=8 }; dense out=8",
     .deep = "input 8; 2 * plain { dense out=8 }; plain { dense out=4; dense out=8 }; dense out=8", .init = "orthogonal", .optimizer = SGD, .rate = 0.1, .batch = 0, .steps = 600,
     .must = "representation=confirmed solver=refuted", .may = ""},
    {.id = "C11", .planted = "range", .what = "gradients of activations stored in 16 bits after scaling by 2e-5: they underflow",
     .data = SPIRALS, .shallow = HALF(2), .deep = HALF(6), .init = "orthogonal", .optimizer = SGD, .rate = 0.03, .clip = 5, .batch = 64, .steps = 1200,
     .must = "range=confirmed rounding=refuted", .may = "solver " REASONS},
    {.id = "C12", .planted = "bug", .what = "batch-norm's backward with another epsilon than its forward (as in darknet)", .fast = true,
     .data = SPIRALS, .shallow = WRONG_BN(2), .deep = WRONG_BN(8), .init = "he", .optimizer = SGD, .rate = 0.03, .clip = 5, .batch = 64, .steps = 400,
     .must = "bug=confirmed", .may = ""},
    {.id = "C13", .planted = "solver", .what = "batch-norm relu net of 75 blocks: gradients in f32 are wrong, but that is a symptom",
     .data = SPIRALS, .shallow = BN(2), .deep = BN(75), .init = "he", .optimizer = SGD, .rate = 0.03, .clip = 5, .batch = 64, .steps = 400,
     .must = "rounding=refuted solver=confirmed", .may = REASONS},
    {.id = "C14", .planted = "budget", .what = "batch-norm relu net of 16 blocks, 120 steps: three times as many are enough",
     .data = SPIRALS, .shallow = BN(2), .deep = BN(16), .init = "he", .optimizer = SGD, .rate = 0.03, .clip = 5, .batch = 64, .steps = 120,
     .must = "solver=confirmed budget=confirmed", .may = "conditioning optimiser"},
    {.id = "C15", .planted = "objective", .what = "linear net under weight decay 0.05: the identity layers cost more penalty than they save",
     .data = "linear n=256 in=4 out=4 target=rotation", .shallow = LINEAR(2), .deep = LINEAR(24), .init = "orthogonal", .optimizer = "sgd momentum=0.9 weight_decay=0.05", .rate = 0.02,
     .batch = 0, .steps = 1500,
     .must = "objective=confirmed solver=refuted", .may = ""},
    {.id = "N1", .planted = "none", .what = "2 to 4 blocks", .fast = true,
     .data = SPIRALS, .shallow = BN(2), .deep = BN(4), .init = "he", .optimizer = SGD, .rate = 0.03, .clip = 5, .batch = 64, .steps = 400, .must = "", .may = ""},
    {.id = "N2", .planted = "none", .what = "residual, 2 to 30 blocks",
     .data = SPIRALS, .shallow = RESIDUAL(2), .deep = RESIDUAL(30), .init = "he", .optimizer = SGD, .rate = 0.03, .clip = 5, .batch = 64, .steps = 400, .must = "", .may = ""},
    {.id = "N3", .planted = "none", .what = "labels by chance: there is nothing to learn, no headroom",
     .data = SPIRALS, .label_noise = 0.5, .shallow = BN(2), .deep = BN(4), .init = "he", .optimizer = SGD, .rate = 0.03, .clip = 5, .batch = 64, .steps = 400, .must = "", .may = "overfitting"},
    {.id = "N4", .planted = "none", .what = "plain, 2 to 10 blocks",
     .data = SPIRALS, .shallow = BN(2), .deep = BN(10), .init = "he", .optimizer = SGD, .rate = 0.03, .clip = 5, .batch = 64, .steps = 400, .must = "", .may = ""},
    {.id = "N5", .planted = "none", .what = "rings instead of spirals, 2 to 6 blocks", .fast = true,
     .data = "rings n=256", .shallow = BN(2), .deep = BN(6), .init = "he", .optimizer = SGD, .rate = 0.03, .clip = 5, .batch = 64, .steps = 400, .must = "", .may = ""},
};
const int task_count = sizeof tasks / sizeof *tasks;
