/* Nets that the tests of freezing share. */
#ifndef DPID_TESTS_NET_FROZEN_EXAMPLES_H
#define DPID_TESTS_NET_FROZEN_EXAMPLES_H

#include "support/nets.h"

typedef struct {
    const char *text, *frozen; /* frozen: what describe says; NULL: not looked at */
} example;

#define BODY "conv2d out=16 kernel=3 bias=0; batchnorm; relu; conv2d out=16 kernel=3 bias=0; batchnorm"
static const example examples[] = {
    {"input 8x8x16; " BODY, "input 8x8x16 frozen=1; conv2d out=16 kernel=3; relu; conv2d out=16 kernel=3"},
    {"input 9x7x3; conv2d out=16 kernel=3 bias=0; batchnorm; 2 * identity { " BODY
     " } after=relu; global_avgpool; dropout p=0.5; dense out=5; batchnorm",
     "input 9x7x3 frozen=1; conv2d out=16 kernel=3; 2 * identity { conv2d out=16 kernel=3; relu; conv2d out=16 "
     "kernel=3 } after=relu; global_avgpool; dense out=5"},
    {"input 12x12x4; 2 * conv2d out=5 kernel=3; 2 * batchnorm; 2 * identity s=0.5 shortcut=B { conv2d out=7 kernel=3 "
     "stride=2 padding=1; dropout; batchnorm; leaky_relu slope=0.1 }; "
     "global_avgpool",
     NULL},
    {"input 12x12x4; identity shortcut=A { conv2d out=24 kernel=3 stride=2 padding=1; batchnorm } after=tanh; identity "
     "shortcut=C { conv2d out=24 kernel=1; batchnorm; relu }; maxpool "
     "kernel=2; flatten; dense out=3",
     NULL},
    {"input 33x17x16; identity { batchnorm; relu; conv2d out=16 kernel=3 bias=0; batchnorm; relu; conv2d out=16 "
     "kernel=3 bias=0 }; batchnorm; relu; avgpool kernel=3",
     NULL},
    {"input 13x11x6; conv2d out=12 kernel=5x3 dilation=2 groups=3; batchnorm; relu; conv2d out=40 kernel=3 "
     "padding=valid; batchnorm; identity { conv2d out=40 kernel=3; batchnorm } "
     "after=relu",
     NULL},
    {"input 16x16x48; plain { conv2d out=48 kernel=3; batchnorm; gelu; conv2d out=33 kernel=3; batchnorm } after=relu; "
     "layernorm; conv2d out=17 kernel=3; prelu",
     NULL},
    {"input 20x40x16; 2 * identity { conv2d out=16 kernel=3; batchnorm } after=relu; 2 * identity { conv2d out=16 "
     "kernel=5; batchnorm }; plain { conv2d out=16 kernel=3; batchnorm } after=relu; global_avgpool",
     NULL},
    {"input 7; dense out=19; batchnorm; relu; 3 * identity { dense out=19; batchnorm; relu; dense out=19; batchnorm } "
     "after=relu; dense out=4",
     NULL},
    {"input 5; batchnorm; dense out=19 bias=0; dropout; batchnorm; tanh; 2 * identity shortcut=C { dense out=19; "
     "batchnorm; silu }; layernorm; dense out=4",
     NULL},
    {"input 6; dense out=6 bias=0; scale per=channel init=0.5; 2 * scale init=-3; identity { dense out=6; relu; dense "
     "out=6; batchnorm; scale init=0 } after=relu; scale",
     "input 6 frozen=1; dense out=6; identity { dense out=6; relu; dense out=6 } after=relu; scale"},
    {"input 7x9x5; 2 * conv2d out=8 kernel=3 bias=0; scale per=channel init=0.125; identity { scale init=2; conv2d "
     "out=8 "
     "kernel=3; relu; scale per=channel } after=relu; global_avgpool",
     "input 7x9x5 frozen=1; conv2d out=8 kernel=3 bias=0; conv2d out=8 kernel=3; identity { scale init=2; conv2d out=8 "
     "kernel=3; relu; scale per=channel } after=relu; global_avgpool"},
    {"input 6; identity survive=0.5 { dense out=6; batchnorm } after=relu; identity survive=0.9 { relu; dense out=6 }",
     "input 6 frozen=1; identity { dense out=6 } after=relu; identity { relu; dense out=6 }"},
    {"input 6; 2 * identity { dense out=6; batchnorm } norm=batchnorm after=relu; identity { dense out=6 } "
     "norm=layernorm",
     "input 6 frozen=1; 2 * identity { dense out=6 } norm=batchnorm after=relu; identity { dense out=6 } "
     "norm=layernorm"},
    {"input 6; dropout", "input 6 frozen=1; dropout"},
};
enum { EXAMPLES = sizeof examples / sizeof *examples };

#endif
