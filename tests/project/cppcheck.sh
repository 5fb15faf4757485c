#!/bin/sh
# cppcheck has nothing to say of the library and the examples.   cppcheck.sh ROOT
# A false alarm is silenced at its line, with the reason: /* cppcheck-suppress ID ; why */. Everywhere: buffers of any precision are handed on
# as bytes (invalidPointerCast). In register.h: loops that fill an array stand behind a pragma.
set -eu
cd "$1"
exec cppcheck -q -j "$(nproc)" --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
    --suppress=invalidPointerCast --suppress=uninitvar:lib/ops/conv2d/register.h \
    -DDPID_PRECISION=64 -DDPID_ISA=0 -Iinclude -Ilib lib examples
