#!/bin/sh
# The tests from nothing: installs what is missing, builds, runs ctest. Flags go to ctest.
set -eu
cd "$(dirname "$0")/.."
. examples/need.sh
need_packages "to build and test deepid" $library_packages libcmocka-dev pkg-config python3
build build -DCMAKE_BUILD_TYPE=Release -DDEEPID_BUILD_EXAMPLES=ON -DDEEPID_BUILD_TESTS=ON
[ -d ../shared/data ] || say "../shared/data is not here: tests on real data skip"
cd build
exec ctest --output-on-failure --no-tests=error -j "$(nproc 2>/dev/null || echo 2)" "$@"
